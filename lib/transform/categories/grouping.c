/* The fit sorts the values of each column (transform/levels.h) and orders the categories by name,
 * so that their numbers do not depend on the order of the rows. A value is found by bisection. */
#include "transform/categories/grouping.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/math.h"
#include "base/utf8.h"
#include "transform/levels.h"

static const char start_entry[] = "group_start", value_entry[] = "group_value",
                  of_entry[] = "group_of", special_entry[] = "group_special",
                  first_entry[] = "group_first", groups_entry[] = "groups";

enum { TENSORS = 6 };

/* A value of a column of the fit. */
typedef struct level {
  double value;
  double weight;
  const char *name; /* NULL for a number */
  int32_t group;
  bool rare;
} level;

typedef struct column {
  level *levels; /* [count], allocated */
  int64_t count;
  double rows, missing; /* by weight */
  int32_t groups;
  int32_t special[CLF__GROUPS];
} column;

typedef struct fitting {
  clf_context *context;
  const clf_dataset *dataset;
  const clf__grouping_params *params;
  column *columns; /* [features] */
} fitting;

static int compare_names(const void *a, const void *b) {
  const level *one = a, *other = b;
  if (one->name != NULL) {
    return strcmp(one->name, other->name);
  }
  return (one->value > other->value) - (one->value < other->value);
}

/* The most frequent first, and equally frequent ones by name. */
static int compare_weights(const void *a, const void *b) {
  const level *one = a, *other = b;
  return one->weight != other->weight
             ? (one->weight < other->weight) - (one->weight > other->weight)
             : compare_names(a, b);
}

static int compare_values(const void *a, const void *b) {
  const level *one = a, *other = b;
  return (one->value > other->value) - (one->value < other->value);
}

/* Marks the rare categories; returns their number. */
static int64_t mark_rare(column *c, const clf__grouping_params *params) {
  const double share = params->min_frequency;
  const double least = share < 1 ? share * c->rows : share;
  int64_t rare = 0;
  for (int64_t i = 0; i < c->count; i++) {
    c->levels[i].rare = c->levels[i].weight < least;
    rare += c->levels[i].rare;
  }
  const int64_t kept = c->count - rare, max = params->max_categories;
  const int64_t allowed = max == 0 || kept + (rare > 0) <= max ? kept : max - 1;
  if (allowed < kept) {
    qsort(c->levels, (size_t)c->count, sizeof *c->levels, compare_weights);
    for (int64_t i = allowed; i < c->count; i++) {
      c->levels[i].rare = true;
    }
    rare = c->count - allowed;
  }
  return rare;
}

static void number_groups(column *c, const clf__grouping_params *params) {
  const int64_t rare = mark_rare(c, params);
  int32_t next = 0;
  if (c->count > 0) {
    qsort(c->levels, (size_t)c->count, sizeof *c->levels, compare_names);
  }
  for (int64_t i = 0; i < c->count; i++) {
    c->levels[i].group = c->levels[i].rare ? -1 : next++;
  }
  c->special[CLF__GROUP_RARE] = rare > 0 ? next++ : -1;
  c->special[CLF__GROUP_MISSING] =
      params->missing == CLF__MISSING_OWN && c->missing > 0 ? next++ : -1;
  c->special[CLF__GROUP_UNKNOWN] = params->unknown != CLF__UNKNOWN_OWN ? -1
                                   : rare > 0                          ? c->special[CLF__GROUP_RARE]
                                                                       : next++;
  c->groups = next;
  for (int64_t i = 0; i < c->count; i++) {
    level *l = &c->levels[i];
    l->group = l->rare ? c->special[CLF__GROUP_RARE] : l->group;
  }
  if (c->count > 0) {
    qsort(c->levels, (size_t)c->count, sizeof *c->levels, compare_values);
  }
}

static clf_status fit_column(void *argument, int64_t feature, const clf__levels *levels) {
  const fitting *f = argument;
  const clf__names *names = clf__categories_of(f->dataset->categories, feature);
  column *c = &f->columns[feature];
  c->levels = clf__alloc_zeroed(f->context, levels->count, sizeof *c->levels);
  if (c->levels == NULL) {
    return CLF_ERROR_MEMORY;
  }
  c->count = levels->count;
  c->missing = levels->missing;
  c->rows = levels->total + levels->missing;
  for (int64_t i = 0; i < c->count; i++) {
    c->levels[i] = (level){.value = levels->value[i],
                           .weight = levels->weight[i],
                           .name = clf__code_name(names, levels->value[i])};
  }
  number_groups(c, f->params);
  if (f->params->missing == CLF__MISSING_ERROR && c->missing > 0) {
    return clf__fail(CLF_ERROR_DATA,
                     "%s has missing values: the transform impute replaces them, and missing=own "
                     "takes them as a category",
                     clf__dataset_column(f->dataset, feature).text);
  }
  return c->groups > 0 ? CLF_OK
                       : clf__fail(CLF_ERROR_DATA, "%s has no value in any row of the fit",
                                   clf__dataset_column(f->dataset, feature).text);
}

static clf_status keep(const fitting *f, int64_t features, clf__store *state) {
  clf_tensor *parts[TENSORS] = {NULL};
  const char *const entries[TENSORS] = {start_entry,   value_entry,  of_entry,
                                        special_entry, groups_entry, first_entry};
  int64_t total = 0, at = 0, all = 0;
  clf_status status = CLF_OK;
  for (int64_t j = 0; j < features; j++) {
    total += f->columns[j].count;
    all += f->columns[j].groups;
  }
  CLF__TRY(clf__tensor_vector(&parts[0], f->context, CLF_I64, features + 1));
  CLF__TRY(clf__tensor_vector(&parts[1], f->context, CLF_F64, total));
  CLF__TRY(clf__tensor_vector(&parts[2], f->context, CLF_I32, total));
  CLF__TRY(clf__tensor_matrix(&parts[3], f->context, CLF_I32, features, CLF__GROUPS));
  CLF__TRY(clf__tensor_vector(&parts[4], f->context, CLF_I32, features));
  CLF__TRY(clf__tensor_vector(&parts[5], f->context, CLF_F64, all));
  double *first = parts[5]->data;
  for (int64_t j = 0; j < features; j++) {
    const column *c = &f->columns[j];
    for (int64_t i = 0; i < c->count; i++, at++) {
      first[c->levels[i].group] = c->levels[i].rare ? 0 : c->levels[i].value;
      ((double *)parts[1]->data)[at] = c->levels[i].value;
      ((int32_t *)parts[2]->data)[at] = c->levels[i].group;
    }
    ((int64_t *)parts[0]->data)[j + 1] = at;
    memcpy((int32_t *)parts[3]->data + j * CLF__GROUPS, c->special, sizeof c->special);
    ((int32_t *)parts[4]->data)[j] = c->groups;
    first += c->groups;
  }
  for (int i = 0; i < TENSORS; i++) {
    CLF__TRY(clf__store_add_tensor(state, entries[i], parts[i]));
  }
done:
  for (int i = 0; i < TENSORS; i++) {
    clf_tensor_free(parts[i]);
  }
  return status;
}

clf_status clf__grouping_fit(const clf_transform *transform, const clf__grouping_params *params,
                             const clf_dataset *dataset, clf__store *state) {
  const clf__rows x = clf__dataset_rows(dataset);
  fitting f = {transform->context, dataset, params,
               clf__alloc_zeroed(transform->context, x.columns, sizeof *f.columns)};
  clf_status status = f.columns == NULL ? CLF_ERROR_MEMORY : CLF_OK;
  CLF__TRY(status);
  CLF__TRY(clf__levels_find(transform->context, &x, clf__dataset_weights(dataset), fit_column, &f));
  status = keep(&f, x.columns, state);
done:
  for (int64_t j = 0; f.columns != NULL && j < x.columns; j++) {
    clf__free(f.columns[j].levels);
  }
  clf__free(f.columns);
  return status;
}

/* Returns the grouping of a feature, before which there are `before` groups. */
static clf__grouping grouping_at(const clf_transform *transform, int64_t feature, int64_t before) {
  const int64_t *start = clf__store_tensor(transform->state, start_entry)->data;
  const double *value = clf__store_tensor(transform->state, value_entry)->data;
  const int32_t *of = clf__store_tensor(transform->state, of_entry)->data;
  const int32_t *special = clf__store_tensor(transform->state, special_entry)->data;
  const double *first = clf__store_tensor(transform->state, first_entry)->data;
  const int32_t *groups = clf__store_tensor(transform->state, groups_entry)->data;
  return (clf__grouping){
      start[feature + 1] - start[feature], value + start[feature], of + start[feature],
      special + feature * CLF__GROUPS,     first + before,         groups[feature]};
}

clf__grouping clf__grouping_of(const clf_transform *transform, int64_t feature) {
  const int32_t *groups = clf__store_tensor(transform->state, groups_entry)->data;
  int64_t before = 0;
  for (int64_t j = 0; j < feature; j++) {
    before += groups[j];
  }
  return grouping_at(transform, feature, before);
}

void clf__grouping_list(clf__grouping *out, const clf_transform *transform) {
  int64_t before = 0;
  for (int64_t j = 0; j < transform->features; j++) {
    out[j] = grouping_at(transform, j, before);
    before += out[j].groups;
  }
}

static bool is_vector(const clf_tensor *tensor, int32_t dtype, int64_t count) {
  return tensor != NULL && tensor->dtype == dtype && tensor->ndim == 1 && tensor->shape[0] == count;
}

/* The groups of one column: each is in range, and the values ascend; those of categories are codes
 * of the dictionary. */
static bool is_sound(const clf_transform *transform, int64_t feature, int64_t before) {
  const clf__grouping g = grouping_at(transform, feature, before);
  const clf__names *names = clf__transform_categories(transform, feature);
  bool sound = g.groups > 0;
  for (int64_t i = 0; sound && i < g.count; i++) {
    const double value = g.value[i];
    sound = isfinite(value) && (i == 0 || value > g.value[i - 1]) && g.group[i] >= 0 &&
            g.group[i] < g.groups;
    sound = sound && (names == NULL || (value >= 0 && value == floor(value) &&
                                        value < (double)clf__names_count(names)));
  }
  for (int k = 0; sound && k < CLF__GROUPS; k++) {
    sound = g.special[k] >= -1 && g.special[k] < g.groups;
  }
  for (int32_t k = 0; sound && k < g.groups; k++) {
    const double first = g.first[k];
    const bool special = k == g.special[CLF__GROUP_RARE] || k == g.special[CLF__GROUP_MISSING] ||
                         k == g.special[CLF__GROUP_UNKNOWN];
    sound = special ? first == 0 : isfinite(first);
    sound = sound &&
            (special || names == NULL || (first >= 0 && first < (double)clf__names_count(names)));
  }
  /* each frequent group has a value or a purpose, so that a file cannot claim any number */
  return sound && g.groups <= g.count + CLF__GROUPS;
}

clf_status clf__grouping_check(const clf_transform *transform) {
  const clf_tensor *start = clf__store_tensor(transform->state, start_entry);
  const clf_tensor *special = clf__store_tensor(transform->state, special_entry);
  const int64_t features = transform->features;
  bool sound = is_vector(start, CLF_I64, features + 1) &&
               is_vector(clf__store_tensor(transform->state, groups_entry), CLF_I32, features) &&
               special != NULL && special->dtype == CLF_I32 && special->ndim == 2 &&
               special->shape[0] == features && special->shape[1] == CLF__GROUPS;
  const int64_t *at = sound ? start->data : NULL;
  sound = sound && at[0] == 0;
  for (int64_t j = 0; sound && j < features; j++) {
    sound = at[j + 1] >= at[j];
  }
  sound = sound &&
          is_vector(clf__store_tensor(transform->state, value_entry), CLF_F64, at[features]) &&
          is_vector(clf__store_tensor(transform->state, of_entry), CLF_I32, at[features]);
  const int32_t *groups = sound ? clf__store_tensor(transform->state, groups_entry)->data : NULL;
  int64_t all = 0;
  for (int64_t j = 0; sound && j < features; j++) {
    sound = groups[j] > 0;
    all += groups[j];
  }
  sound = sound && is_vector(clf__store_tensor(transform->state, first_entry), CLF_F64, all);
  for (int64_t j = 0, before = 0; sound && j < features; before += groups[j++]) {
    sound = is_sound(transform, j, before);
  }
  return sound ? CLF_OK
               : clf__fail(CLF_ERROR_CORRUPT, "damaged: the categories of %s are not valid",
                           transform->kind->base.name);
}

const char *clf__code_name(const clf__names *names, double code) {
  return names != NULL ? clf__names_at(names, (int64_t)code) : NULL;
}

static clf_status fail_unknown(const clf_dataset *dataset, int64_t feature, double value) {
  const char *name = clf__code_name(clf__categories_of(dataset->categories, feature), value);
  const clf__excerpt shown =
      name != NULL ? clf__excerpt_of(name, name + strlen(name)) : clf__excerpt_of("", "");
  return clf__fail(CLF_ERROR_DATA,
                   "'%s' in %s is a category that the rows of the fit lacked; unknown= says what "
                   "becomes of such",
                   name != NULL ? shown.text : clf__number_text(value),
                   clf__dataset_column(dataset, feature).text);
}

static clf_status fail_missing(const clf__grouping_params *params, const clf_dataset *dataset,
                               int64_t feature) {
  return clf__fail(CLF_ERROR_DATA, "a value of %s is missing%s says what becomes of such",
                   clf__dataset_column(dataset, feature).text,
                   params->missing == CLF__MISSING_ERROR
                       ? "; missing="
                       : ", and the rows of the fit lacked none; unknown=");
}

/* Returns the place of a value of the fit, or -1. */
static int64_t find_value(const clf__grouping *grouping, double value) {
  int64_t low = 0, high = grouping->count;
  if (value >= 0 && value < (double)high && grouping->value[(int64_t)value] == value) {
    return (int64_t)value; /* codes of which the fit lacked none */
  }
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (grouping->value[middle] < value) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < grouping->count && grouping->value[low] == value ? low : -1;
}

int32_t clf__grouping_group(const clf__grouping *grouping, const clf__grouping_params *params,
                            double value) {
  const bool missing = isnan(value);
  const int32_t own = grouping->special[CLF__GROUP_MISSING];
  const int64_t place = missing ? -1 : find_value(grouping, value);
  if (place >= 0) {
    return grouping->group[place];
  }
  if (missing && params->missing == CLF__MISSING_ERROR) {
    return CLF__GROUP_REFUSED;
  }
  if (missing && (params->missing == CLF__MISSING_IGNORE || own >= 0)) {
    return own;
  }
  return params->unknown == CLF__UNKNOWN_ERROR ? CLF__GROUP_REFUSED
                                               : grouping->special[CLF__GROUP_UNKNOWN];
}

clf_status clf__grouping_find(int32_t *group, const clf__grouping *grouping,
                              const clf__grouping_params *params, const clf_dataset *dataset,
                              int64_t feature, double value) {
  *group = clf__grouping_group(grouping, params, value);
  if (*group != CLF__GROUP_REFUSED) {
    return CLF_OK;
  }
  *group = 0;
  return dataset == NULL ? CLF_OK
         : isnan(value)  ? fail_missing(params, dataset, feature)
                         : fail_unknown(dataset, feature, value);
}

void clf__grouping_name(const clf_transform *transform, int64_t feature, int32_t group,
                        clf__text *out) {
  static const char *const purposes[CLF__GROUPS] = {"(rare)", "(missing)", "(unknown)"};
  const clf__grouping g = clf__grouping_of(transform, feature);
  for (int k = 0; k < CLF__GROUPS; k++) {
    if (g.special[k] == group) {
      clf__text_append(out, "%s", purposes[k]);
      return;
    }
  }
  const clf__names *names = clf__transform_categories(transform, feature);
  const double value = g.first[group];
  const char *name = clf__code_name(names, value);
  clf__text_append(out, "%s", name != NULL ? name : clf__number_text(value));
}
