/* Fitting and applying transforms, common to all kinds: the chosen columns are checked and go to
 * the kind, and what it makes of them joins the others. A fit builds a new state, which replaces
 * the old one only when everything has succeeded. */
#include <math.h>
#include <string.h>

#include "base/border.h"
#include "base/progress.h"
#include "data/rank_rows.h"
#include "transform/columns.h"
#include "transform/transform.h"

static const char columns_entry[] = "columns", names_entry[] = "input_names",
                  categories_entry[] = "input_categories";

/* Prefixes the message of a failure with the name of the transform. The message of a cancelled call
 * has it already. */
static clf_status end_call(const clf_transform *transform, clf__call *call, clf_status status) {
  status = clf__call_end(call, status);
  return status < 0 && status != CLF_ERROR_CANCELLED
             ? clf__fail_within(status, "%s", transform->kind->base.name)
             : status;
}

/* Lists the columns with categories. */
static clf_status choose_categories(int64_t **out, int64_t *count, const clf_dataset *dataset) {
  int64_t *columns = clf__alloc_array(dataset->context, dataset->features, sizeof *columns);
  if (columns == NULL) {
    return CLF_ERROR_MEMORY;
  }
  *count = 0;
  for (int64_t j = clf__categories_next(dataset->categories, 0); j >= 0;
       j = clf__categories_next(dataset->categories, j + 1)) {
    columns[(*count)++] = j;
  }
  if (*count == 0) {
    clf__free(columns);
    return clf__fail(CLF_ERROR_DATA,
                     "no column of the rows holds categories; columns= names those whose numbers "
                     "are categories");
  }
  *out = columns;
  return CLF_OK;
}

static bool are_all(const int64_t *columns, int64_t count, int64_t features) {
  for (int64_t k = 0; k < count; k++) {
    if (columns[k] != k) {
      return false;
    }
  }
  return count == features;
}

/* *out, allocated, receives the chosen columns; NULL if these are all columns in their order. */
static clf_status choose_columns(int64_t **out, int64_t *count, const clf_transform *transform,
                                 const clf_dataset *dataset) {
  const char *list = ((const clf__transform_params *)transform->params)->columns;
  *count = dataset->features;
  if (list != NULL) {
    CLF__CHECK(clf__columns_read(out, count, dataset, list));
  } else if ((transform->kind->can & CLF__WANTS_CATEGORIES) != 0) {
    CLF__CHECK(choose_categories(out, count, dataset));
  }
  if (*out != NULL && are_all(*out, *count, dataset->features)) {
    clf__free(*out);
    *out = NULL;
  }
  return CLF_OK;
}

/* Checks the chosen columns of a fit, unless its first pass over them does: rows that are mapped
 * are then read once less. Without weights, which may be 0, that pass reads all rows. */
static clf_status check_values(const clf_transform *transform, const clf_dataset *dataset,
                               bool partial) {
  const clf__rows x = clf__dataset_rows(dataset);
  if (!partial && dataset->weights == NULL && (transform->kind->can & CLF__READS_SUMS) != 0) {
    return CLF_OK;
  }
  return (transform->kind->can & CLF__TAKES_MISSING) != 0
             ? clf__rows_check_infinite(transform->context, &x)
             : clf__rows_check_finite(transform->context, &x);
}

static clf_status check_categories(const clf_transform *transform, const clf_dataset *dataset) {
  return (transform->kind->can & CLF__TAKES_CATEGORIES) != 0
             ? CLF_OK
             : clf__dataset_check_numbers(dataset, transform->kind->base.name);
}

/* Gives the dataset of the chosen columns their names and categories. */
static clf_status name_chosen(clf_dataset *chosen, const clf_dataset *dataset,
                              const int64_t *columns) {
  clf__arena arena = {.context = dataset->context};
  const char **names = clf__arena_array(&arena, chosen->features, sizeof *names);
  clf__names **categories = clf__arena_array(&arena, chosen->features, sizeof *categories);
  clf_status status = clf__arena_status(&arena);
  CLF__TRY(status);
  for (int64_t k = 0; k < chosen->features; k++) {
    names[k] = clf__names_at(dataset->names, columns[k]);
    categories[k] = clf__categories_of(dataset->categories, columns[k]);
  }
  if (dataset->names != NULL) {
    CLF__TRY(clf__names_create(&chosen->names, dataset->context, names, chosen->features));
  }
  CLF__TRY(
      clf__categories_create(&chosen->categories, dataset->context, categories, chosen->features));
done:
  clf__arena_free(&arena);
  return status;
}

static clf_status choose(clf_dataset **out, const clf_dataset *dataset, const int64_t *columns,
                         int64_t count) {
  clf_dataset *chosen = NULL;
  CLF__CHECK(clf_dataset_sparse(dataset)
                 ? clf__columns_choose_sparse(&chosen, dataset, columns, count)
                 : clf__columns_choose_dense(&chosen, dataset, columns, count));
  const clf_status status = name_chosen(chosen, dataset, columns);
  if (status < 0) {
    clf_dataset_free(chosen);
    return status;
  }
  *out = chosen;
  return CLF_OK;
}

static clf_status keep_columns(clf_transform *next, const int64_t *columns, int64_t count) {
  clf_tensor *tensor = NULL;
  CLF__CHECK(clf__tensor_vector(&tensor, next->context, CLF_I64, count));
  memcpy(tensor->data, columns, (size_t)count * sizeof *columns);
  const clf_status status = clf__store_add_tensor(next->state, columns_entry, tensor);
  clf_tensor_free(tensor);
  if (status == CLF_OK) {
    next->chosen = clf__store_tensor(next->state, columns_entry)->data;
  }
  return status;
}

/* Keeps what the fit must know of its rows beside the state of the kind. */
static clf_status keep_inputs(clf_transform *next, const clf_dataset *dataset,
                              const clf_transform *before) {
  next->inputs = dataset->features;
  next->names = clf__names_retain(before != NULL ? before->names : dataset->names);
  next->categories =
      clf__categories_retain(before != NULL ? before->categories : dataset->categories);
  CLF__CHECK(next->names != NULL ? clf__names_save(next->names, next->state, names_entry) : CLF_OK);
  return next->categories != NULL
             ? clf__categories_save(next->categories, next->state, categories_entry)
             : CLF_OK;
}

/* *out, allocated, receives the chosen columns of an earlier fit; NULL for all. */
static clf_status copy_columns(int64_t **out, int64_t *count, const clf_transform *before) {
  const int64_t *columns = clf__transform_chosen(before);
  *count = before->features;
  if (columns == NULL) {
    return CLF_OK;
  }
  *out = clf__alloc_array(before->context, *count, sizeof **out);
  if (*out == NULL) {
    return CLF_ERROR_MEMORY;
  }
  memcpy(*out, columns, (size_t)*count * sizeof **out);
  return CLF_OK;
}

/* What a fit does: FIT, or a partial one that begins, or continues from `before`. */
typedef struct fitting {
  clf_status given; /* what the caller's arguments deserve; with several ranks all learn of it */
  bool partial;
  const clf_transform *before; /* NULL unless it continues */
} fitting;

static clf_status fit_kind(const clf_transform *next, const clf_dataset *data, const fitting *how) {
  return !how->partial
             ? next->kind->fit(next, data, next->state)
             : next->kind->partial_fit(next, data, how->before != NULL ? how->before->state : NULL,
                                       next->state);
}

/* Fits `next`, which has no fitted members yet; *chosen receives the rows that the kind read, NULL
 * for `dataset`. */
static clf_status fit_columns(clf_transform *next, clf_dataset **chosen, const clf_dataset *dataset,
                              const fitting *how) {
  int64_t *columns = NULL, count = 0;
  clf_status status = CLF_OK;
  CLF__TRY(how->before != NULL ? copy_columns(&columns, &count, how->before)
                               : choose_columns(&columns, &count, next, dataset));
  CLF__TRY(clf__store_create(&next->state, next->context));
  if (columns != NULL) {
    CLF__TRY(keep_columns(next, columns, count));
    CLF__TRY(choose(chosen, dataset, columns, count));
    (*chosen)->shards = dataset->shards;
  }
  const clf_dataset *data = *chosen != NULL ? *chosen : dataset;
  CLF__TRY(check_categories(next, data));
  CLF__TRY(check_values(next, data, how->partial));
  CLF__TRY(keep_inputs(next, dataset, how->before));
  next->features = count;
  CLF__TRY(fit_kind(next, data, how));
  status = clf__transform_name_outputs(next);
done:
  clf__free(columns);
  return status;
}

typedef clf_status apply_function(clf_dataset **out, const clf_transform *transform,
                                  const clf_dataset *dataset);

/* Sets the categories of the output: those of columns that pass through, and of those that the kind
 * keeps. */
static clf_status keep_categories(clf_dataset *out, const clf_transform *transform,
                                  const clf_dataset *dataset, const clf__layout *layout) {
  if (dataset->categories == NULL) {
    return CLF_OK;
  }
  const int64_t *chosen = clf__transform_chosen(transform);
  clf__names **found = clf__alloc_array(dataset->context, out->features, sizeof *found);
  if (found == NULL) {
    return CLF_ERROR_MEMORY;
  }
  for (int64_t j = 0; j < out->features; j++) {
    const int64_t place = layout != NULL ? layout->place[j] : transform->inputs + j;
    int64_t column = place;
    if (place >= transform->inputs) {
      column = transform->kind->category != NULL
                   ? transform->kind->category(transform, place - transform->inputs)
                   : -1;
      column = column >= 0 && chosen != NULL ? chosen[column] : column;
    }
    found[j] = clf__categories_of(dataset->categories, column);
  }
  clf__categories_release(out->categories);
  out->categories = NULL;
  const clf_status status =
      clf__categories_create(&out->categories, dataset->context, found, out->features);
  clf__free(found);
  return status;
}

static clf_status finish(clf_dataset *out, const clf_transform *transform,
                         const clf_dataset *dataset, const clf__layout *layout) {
  CLF__CHECK(keep_categories(out, transform, dataset, layout));
  if (transform->outputs != NULL) {
    clf__names_release(out->names);
    out->names = clf__names_retain(transform->outputs);
  }
  return CLF_OK;
}

/* Applies the kind to the chosen rows, NULL for `dataset`. */
static clf_status apply_chosen(clf_dataset **out, const clf_transform *transform,
                               apply_function *apply, const clf_dataset *chosen,
                               const clf_dataset *dataset) {
  const bool alone = chosen == NULL || (transform->kind->can & CLF__LEAVES_OUT) != 0;
  clf__layout layout = {.place = NULL};
  clf_dataset *made = NULL, *joined = NULL;
  clf_status status = CLF_OK;
  CLF__TRY(apply(&made, transform, chosen != NULL ? chosen : dataset));
  if (!alone) {
    CLF__TRY(clf__transform_layout(&layout, transform));
    CLF__TRY(clf_dataset_sparse(dataset) || clf_dataset_sparse(made)
                 ? clf__columns_join_sparse(&joined, dataset, made, &layout)
                 : clf__columns_join_dense(&joined, dataset, made, &layout));
    clf_dataset_free(made);
    made = joined;
  }
  CLF__TRY(finish(made, transform, dataset, alone ? NULL : &layout));
  *out = made;
  made = NULL;
done:
  clf__free(layout.place);
  clf_dataset_free(made);
  return status;
}

static void begin(clf_transform *next, const clf_transform *transform) {
  *next = *transform;
  next->state = NULL;
  next->names = next->outputs = NULL;
  next->categories = NULL;
  next->chosen = NULL;
  next->inputs = next->features = -1;
}

/* With several ranks: all fit the same kind, which sums the rows of all of them. */
static clf_status share_rows(clf__rank_rows *rows, const clf__comm_call *together,
                             const clf_transform *transform, const clf_dataset *dataset) {
  const clf__transform_kind *kind = transform->kind;
  CLF__CHECK(clf__comm_agree(transform->context, &kind->base, transform->params));
  if ((kind->can & (CLF__SUMS_RANKS | CLF__CONSTANT)) == 0) {
    CLF__CHECK(clf__comm_refuse(transform->context, "its fit"));
  }
  return clf__rank_rows_create(rows, together, dataset);
}

/* Fits the transform and, unless `out` is NULL, applies it to the rows of the fit. */
static clf_status fit(clf_dataset **out, clf_transform *transform, const clf_dataset *given,
                      const fitting *how) {
  const clf__transform_kind *kind = transform->kind;
  clf_transform next;
  clf_dataset *chosen = NULL, *made = NULL;
  clf__rank_rows rows = {.shards = NULL};
  const clf_dataset *dataset = &rows.rows;
  clf__call call;
  clf__comm_call together;
  clf_status status = CLF_OK;
  begin(&next, transform);
  clf__call_begin(&call, transform->context, kind->base.name, given != NULL ? given->rows : 0);
  CLF__TRY(clf__comm_begin(&together, transform->context));
  CLF__TRY(how->given);
  CLF__TRY(share_rows(&rows, &together, transform, given));
  CLF__TRY(fit_columns(&next, &chosen, dataset, how));
  if (out != NULL) {
    CLF__TRY(apply_chosen(&made, &next,
                          kind->apply_training != NULL ? kind->apply_training : kind->apply, chosen,
                          dataset));
  }
done:
  clf_dataset_free(chosen);
  clf__rank_rows_free(&rows);
  status = clf__comm_end(&together, end_call(transform, &call, status));
  if (status < 0) {
    clf_dataset_free(made);
    clf__transform_drop_fit(&next);
    return status;
  }
  clf__transform_drop_fit(transform);
  *transform = next;
  if (out != NULL) {
    *out = made;
  }
  return CLF_OK;
}

clf_status clf_transform_fit(clf_transform *transform, const clf_dataset *dataset) {
  CLF__REQUIRE(transform);
  CLF__ENTER(transform->kind->base.name);
  return fit(NULL, transform, dataset, &(fitting){.partial = false});
}

/* Returns the columns of the rows that it was fitted on. */
static clf__fit_columns columns_of(const clf_transform *transform) {
  return (clf__fit_columns){transform->context, transform->kind->base.name, transform->inputs,
                            transform->names, transform->categories};
}

static bool is_partial(const clf__kind *kind) {
  return ((const clf__transform_kind *)(const void *)kind)->partial_fit != NULL;
}

clf_status clf_transform_partial_fit(clf_transform *transform, const clf_dataset *dataset) {
  CLF__REQUIRE(transform);
  CLF__REQUIRE(dataset);
  CLF__ENTER(transform->kind->base.name);
  CLF__CHECK(clf__comm_refuse(transform->context, "a partial fit"));
  const bool goes_on = transform->state != NULL;
  const char *name = transform->kind->base.name;
  if (transform->kind->partial_fit == NULL) {
    return clf__fail(CLF_ERROR_UNSUPPORTED, "%s cannot be fitted in parts, as %s can", name,
                     clf__kinds_with(&clf__transform_kinds, is_partial).text);
  }
  const clf__fit_columns fitted = columns_of(transform);
  const clf_dataset *rows = dataset;
  clf_dataset *matched = NULL;
  CLF__CHECK(goes_on ? clf__dataset_match(&rows, &matched, &fitted, dataset) : CLF_OK);
  const clf_status status =
      fit(NULL, transform, rows, &(fitting){.partial = true, .before = goes_on ? transform : NULL});
  clf_dataset_free(matched);
  return status;
}

clf_status clf_transform_fit_apply(clf_dataset **out, clf_transform *transform,
                                   const clf_dataset *dataset) {
  CLF__REQUIRE(transform);
  CLF__ENTER(transform->kind->base.name);
  clf_status given = CLF__REQUIRED(out);
  given = given == CLF_OK ? CLF__REQUIRED(dataset) : given;
  return fit(out, transform, dataset, &(fitting){.given = given});
}

static clf_status apply_columns(clf_dataset **out, const clf_transform *transform,
                                const clf_dataset *dataset) {
  const int64_t *columns = clf__transform_chosen(transform);
  clf_dataset *chosen = NULL;
  if (columns != NULL) {
    CLF__CHECK(choose(&chosen, dataset, columns, transform->features));
  }
  const clf_status status = apply_chosen(out, transform, transform->kind->apply, chosen, dataset);
  clf_dataset_free(chosen);
  return status;
}

clf_status clf_transform_apply(clf_dataset **out, const clf_transform *transform,
                               const clf_dataset *dataset) {
  CLF__REQUIRE(out);
  CLF__REQUIRE(transform);
  CLF__REQUIRE(dataset);
  CLF__ENTER(transform->kind->base.name);
  CLF__CHECK(clf__transform_require_fit(transform));
  const clf__fit_columns fitted = columns_of(transform);
  const clf_dataset *rows = NULL;
  clf_dataset *matched = NULL, *made = NULL;
  clf__call call;
  clf__call_begin(&call, transform->context, transform->kind->base.name, dataset->rows);
  clf_status status = clf__dataset_match(&rows, &matched, &fitted, dataset);
  const bool matches = status == CLF_OK;
  if (matches) {
    status = apply_columns(&made, transform, rows);
  }
  clf_dataset_free(matched);
  status = matches ? end_call(transform, &call, status) : clf__call_end(&call, status);
  if (status < 0) {
    clf_dataset_free(made);
    return status;
  }
  *out = made;
  return CLF_OK;
}
