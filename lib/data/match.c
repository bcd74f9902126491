/* Columns are matched by sorting the names of both sides, so that wide rows take no longer than to
 * sort them. Names that repeat are matched in their order, if they are equally many. A table of new
 * codes is made once for each column of categories; the rows then only look them up. */
#include "data/match.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/math.h"
#include "base/text.h"
#include "base/utf8.h"

typedef struct named {
  const char *name;
  int64_t column;
} named;

static int compare(const void *a, const void *b) {
  const named *one = a, *other = b;
  const int order = strcmp(one->name, other->name);
  return order != 0 ? order : (one->column > other->column) - (one->column < other->column);
}

static named *sorted(clf__arena *arena, const clf__names *names) {
  const int64_t count = clf__names_count(names);
  named *out = clf__arena_array(arena, count, sizeof *out);
  for (int64_t j = 0; out != NULL && j < count; j++) {
    out[j] = (named){clf__names_at(names, j), j};
  }
  if (out != NULL) {
    qsort(out, (size_t)count, sizeof *out, compare);
  }
  return out;
}

/* Names for a message: the first few, and how many more there are. */
typedef struct list {
  clf__excerpt names[3];
  int64_t count;
} list;

static void list_add(list *self, const char *name) {
  if (self->count < 3) {
    self->names[self->count] = clf__excerpt_of(name, name + strlen(name));
  }
  self->count++;
}

typedef struct list_text {
  char text[256];
} list_text;

static list_text list_format(const list *self) {
  list_text out = {""};
  size_t length = 0;
  for (int64_t i = 0; i < self->count && i < 3; i++) {
    length += (size_t)snprintf(out.text + length, sizeof out.text - length, "%s'%s'",
                               i == 0 ? (self->count > 1 ? "s " : " ") : ", ", self->names[i].text);
  }
  if (self->count > 3) {
    snprintf(out.text + length, sizeof out.text - length, " and %lld more",
             (long long)self->count - 3);
  }
  return out;
}

/* Walks through both sorted lists. Equal names form a group on either side. */
static clf_status pair_names(const clf__fit_columns *fitted, const named *wanted,
                             const named *given, int64_t given_count, int64_t *from) {
  list missing = {.count = 0}, left_out = {.count = 0};
  int64_t i = 0, j = 0;
  while (i < fitted->features || j < given_count) {
    const int order = i == fitted->features ? 1
                      : j == given_count    ? -1
                                            : strcmp(wanted[i].name, given[j].name);
    if (order < 0) {
      list_add(&missing, wanted[i++].name);
    } else if (order > 0 && i > 0 && strcmp(wanted[i - 1].name, given[j].name) == 0) {
      return clf__fail(CLF_ERROR_DATA,
                       "%s: more columns of the rows than of the fit are called '%s', so it is "
                       "open which are meant",
                       fitted->owner,
                       clf__excerpt_of(given[j].name, given[j].name + strlen(given[j].name)).text);
    } else if (order > 0) {
      list_add(&left_out, given[j++].name);
    } else {
      from[wanted[i++].column] = given[j++].column;
    }
  }
  if (missing.count > 0) {
    return clf__fail(CLF_ERROR_DATA,
                     "%s: the rows lack the column%s, which it was fitted on; rows without names "
                     "of columns are taken in their order",
                     fitted->owner, list_format(&missing).text);
  }
  if (left_out.count > 0) {
    clf__log(fitted->context, CLF_LOG_INFO, "%s: left out the column%s, which it was not fitted on",
             fitted->owner, list_format(&left_out).text);
  }
  return CLF_OK;
}

static clf_status match_columns(clf__match *match, const clf_dataset *data) {
  const clf__fit_columns *fitted = match->fitted;
  const bool named_both = fitted->names != NULL && data->names != NULL;
  if (!named_both && data->features != fitted->features) {
    return clf__fail(CLF_ERROR_SHAPE, "%s was fitted on %lld features; the rows have %lld",
                     fitted->owner, (long long)fitted->features, (long long)data->features);
  }
  if (!named_both || clf__names_difference(fitted->names, data->names) < 0) {
    return CLF_OK;
  }
  clf__arena arena = {.context = fitted->context};
  int64_t *from = clf__arena_array(&match->arena, fitted->features, sizeof *from);
  named *wanted = sorted(&arena, fitted->names), *given = sorted(&arena, data->names);
  clf_status status = clf__arena_status(&match->arena);
  CLF__TRY(status);
  CLF__TRY(clf__arena_status(&arena));
  CLF__TRY(pair_names(fitted, wanted, given, data->features, from));
  match->from = from;
done:
  clf__arena_free(&arena);
  return status;
}

/* Returns how messages call a column. */
static clf__column_text column_text(const clf__fit_columns *fitted, int64_t column) {
  const clf_dataset like = {.names = fitted->names};
  return clf__dataset_column(&like, column);
}

/* Columns that should have categories may lack all values. */
static clf_status check_missing(const clf__match *match, const clf_dataset *data, int64_t column) {
  const clf__rows x = clf__dataset_rows(data);
  const int64_t source = clf__match_source(match, column);
  bool missing = data->x != NULL && x.dtype != CLF_U8;
  for (int64_t i = 0; missing && i < x.rows; i++) {
    missing = isnan(clf__rows_element(&x, i, source));
  }
  return missing ? CLF_OK
                 : clf__fail(CLF_ERROR_DATA,
                             "%s: %s holds numbers; it held categories when it was fitted, which "
                             "categories=NAME of csv reads, or clf_dataset_set_categories() names",
                             match->fitted->owner, column_text(match->fitted, column).text);
}

/* Extends the categories of the fit by those names of the rows that it lacks. */
static clf_status extend(clf__names **out, const clf__match *match, const clf__names *known,
                         const clf__names *given, const int32_t *codes) {
  const int64_t before = clf__names_count(known);
  int64_t count = before, twice;
  const char **names =
      clf__alloc_array(match->arena.context, before + clf__names_count(given), sizeof *names);
  if (names == NULL) {
    return CLF_ERROR_MEMORY;
  }
  for (int64_t k = 0; k < before; k++) {
    names[k] = clf__names_at(known, k);
  }
  for (int64_t k = 0; k < clf__names_count(given); k++) {
    if (codes[k] >= before) {
      names[count++] = clf__names_at(given, k);
    }
  }
  const clf_status status =
      count > CLF__MAX_CATEGORIES
          ? clf__fail(CLF_ERROR_DATA, "more than %d categories in a column", CLF__MAX_CATEGORIES)
          : clf__categories_column(out, match->arena.context, names, count, &twice);
  clf__free(names);
  return status;
}

/* Finds the new codes of one column; *dictionary becomes a reference to that of the result. */
static clf_status match_category(clf__match *match, int64_t column, clf__names *known,
                                 clf__names *given, clf__names **dictionary) {
  const int64_t count = clf__names_count(given);
  int32_t *codes = clf__arena_array(&match->arena, count, sizeof *codes);
  CLF__CHECK(clf__arena_status(&match->arena));
  int64_t next = clf__names_count(known);
  bool same = true;
  for (int64_t k = 0; k < count; k++) {
    const char *name = clf__names_at(given, k);
    const int64_t code = clf__names_find(known, name);
    codes[k] = (int32_t)(code >= 0 ? code : next++);
    same = same && codes[k] == k;
  }
  match->codes[column] = same ? NULL : codes;
  match->code_count[column] = count;
  if (next == clf__names_count(known)) {
    *dictionary = clf__names_retain(known);
    return CLF_OK;
  }
  if (same && count >= clf__names_count(known)) {
    *dictionary = clf__names_retain(given);
    return CLF_OK;
  }
  return extend(dictionary, match, known, given, codes);
}

static clf_status match_column(clf__match *match, const clf_dataset *data, int64_t column,
                               clf__names **dictionary) {
  clf__names *known = clf__categories_of(match->fitted->categories, column);
  clf__names *given = clf__categories_of(data->categories, clf__match_source(match, column));
  if (known == given) {
    *dictionary = clf__names_retain(known);
    return CLF_OK;
  }
  match->same = false;
  if (given == NULL) {
    *dictionary = clf__names_retain(known);
    return check_missing(match, data, column);
  }
  if (known == NULL) {
    return clf__fail(CLF_ERROR_DATA,
                     "%s: %s holds categories, such as '%s'; it held numbers when it was fitted",
                     match->fitted->owner, column_text(match->fitted, column).text,
                     clf__excerpt_of(clf__names_at(given, 0),
                                     clf__names_at(given, 0) + strlen(clf__names_at(given, 0)))
                         .text);
  }
  return match_category(match, column, known, given, dictionary);
}

static clf_status match_categories(clf__match *match, const clf_dataset *data) {
  const int64_t features = match->fitted->features;
  clf__names **columns = clf__alloc_zeroed(match->arena.context, features, sizeof(clf__names *));
  clf_status status = CLF_OK;
  if (columns == NULL) {
    return CLF_ERROR_MEMORY;
  }
  match->codes = clf__arena_zeroed(&match->arena, features, sizeof *match->codes);
  match->code_count = clf__arena_zeroed(&match->arena, features, sizeof *match->code_count);
  CLF__TRY(clf__arena_status(&match->arena));
  for (int64_t j = 0; j < features; j++) {
    CLF__TRY(match_column(match, data, j, &columns[j]));
  }
  CLF__TRY(clf__categories_create(&match->categories, match->arena.context, columns, features));
done:
  for (int64_t j = 0; j < features; j++) {
    clf__names_release(columns[j]);
  }
  clf__free(columns);
  return status;
}

clf_status clf__match_begin(clf__match *out, const clf__fit_columns *fitted,
                            const clf_dataset *data) {
  *out = (clf__match){.fitted = fitted, .arena.context = fitted->context};
  CLF__CHECK(match_columns(out, data));
  out->same = out->from == NULL;
  if (fitted->categories == data->categories && out->same) {
    return CLF_OK;
  }
  return fitted->categories != NULL || data->categories != NULL ? match_categories(out, data)
                                                                : CLF_OK;
}

void clf__match_end(clf__match *match) {
  clf__categories_release(match->categories);
  clf__arena_free(&match->arena);
}

clf_status clf__dataset_match(const clf_dataset **out, clf_dataset **made,
                              const clf__fit_columns *fitted, const clf_dataset *data) {
  clf__match match;
  clf_status status = clf__match_begin(&match, fitted, data);
  if (status == CLF_OK) {
    status = clf__match_rows(out, made, &match, data);
  }
  clf__match_end(&match);
  return status;
}
