/* The results of a search as a dataset: a row for each combination, and as columns the parameters
 * that it varies and its scores. A parameter is a column of numbers if all its values are numbers,
 * and of categories otherwise. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/border.h"
#include "base/text.h"
#include "data/dataset.h"
#include "selection/search.h"

enum { MEAN, DEVIATION, ROWS, OTHERS };
static const char *const other_names[] = {"mean", "deviation", "rows"};

/* The texts of the combinations, cut into names and values. */
typedef struct result_table {
  const clf_search *search;
  clf__arena arena;
  int64_t axes;        /* parameters that the search varies */
  const char **names;  /* [axes + OTHERS + folds] */
  const char **values; /* [count, axes] */
  char (*folds)[32];   /* [folds] "fold_1" … */
  double *x;           /* [count, axes + OTHERS + folds] */
  int64_t columns;
} result_table;

/* Keeps a text that clf__params_next() made for as long as the table. */
static clf_status keep(result_table *t, const char **out, char *made) {
  const size_t size = strlen(made) + 1;
  char *kept = clf__arena_array(&t->arena, (int64_t)size, 1);
  if (kept != NULL) {
    memcpy(kept, made, size);
    *out = kept;
  }
  clf__free(made);
  return clf__arena_status(&t->arena);
}

/* Cuts one combination; `names` or `values` may be NULL. Returns how many pairs there are. */
static clf_status cut(result_table *t, const char *text, const char **names, const char **values,
                      int64_t *count) {
  clf_context *context = t->search->context;
  for (*count = 0;; ++*count) {
    char *name = NULL, *value = NULL;
    CLF__CHECK(clf__params_next(context, &text, &name, &value));
    if (name == NULL) {
      return CLF_OK;
    }
    const char *unused;
    clf_status status = keep(t, names != NULL ? &names[*count] : &unused, name);
    const clf_status kept = keep(t, values != NULL ? &values[*count] : &unused, value);
    CLF__CHECK(status < 0 ? status : kept);
  }
}

static clf_status read_combinations(result_table *t) {
  const clf_search *search = t->search;
  int64_t count;
  CLF__CHECK(cut(t, search->params[0], NULL, NULL, &t->axes));
  t->columns = t->axes + OTHERS + search->folds;
  t->names = clf__arena_array(&t->arena, t->columns, sizeof *t->names);
  t->values = clf__arena_matrix(&t->arena, search->count, t->axes, sizeof *t->values);
  t->folds = clf__arena_array(&t->arena, search->folds, sizeof *t->folds);
  t->x = clf__arena_matrix(&t->arena, search->count, t->columns, sizeof *t->x);
  CLF__CHECK(clf__arena_status(&t->arena));
  CLF__CHECK(cut(t, search->params[0], t->names, NULL, &count));
  for (int64_t i = 0; i < search->count; i++) {
    CLF__CHECK(cut(t, search->params[i], NULL, t->values + i * t->axes, &count));
  }
  return CLF_OK;
}

static void fill_scores(result_table *t) {
  const clf_search *search = t->search;
  memcpy(t->names + t->axes, other_names, sizeof other_names);
  for (int64_t k = 0; k < search->folds; k++) {
    snprintf(t->folds[k], sizeof t->folds[k], "fold_%lld", (long long)k + 1);
    t->names[t->axes + OTHERS + k] = t->folds[k];
  }
  for (int64_t i = 0; i < search->count; i++) {
    double *to = t->x + i * t->columns + t->axes;
    to[MEAN] = search->mean[i];
    to[DEVIATION] = search->deviation[i];
    to[ROWS] = (double)search->rows[i];
    memcpy(to + OTHERS, search->scores + i * search->folds, (size_t)search->folds * sizeof *to);
  }
}

static bool read_numbers(result_table *t, int64_t axis) {
  for (int64_t i = 0; i < t->search->count; i++) {
    const char *text = t->values[i * t->axes + axis], *end = text + strlen(text);
    if (clf__read_f64(text, end, &t->x[i * t->columns + axis]) != end || text == end) {
      return false;
    }
  }
  return true;
}

/* Numbers the distinct values in order of their appearance; returns how many there are. */
static int64_t number_values(result_table *t, int64_t axis, const char **distinct) {
  int64_t count = 0;
  for (int64_t i = 0; i < t->search->count; i++) {
    const char *text = t->values[i * t->axes + axis];
    int64_t k = 0;
    while (k < count && strcmp(distinct[k], text) != 0) {
      k++;
    }
    if (k == count) {
      distinct[count++] = text;
    }
    t->x[i * t->columns + axis] = (double)k;
  }
  return count;
}

static clf_status make_dataset(clf_dataset **out, result_table *t) {
  clf_context *context = t->search->context;
  const int64_t count = t->search->count;
  const char **distinct = clf__arena_array(&t->arena, count, sizeof *distinct);
  int64_t *kinds = clf__arena_zeroed(&t->arena, t->axes, sizeof *kinds);
  clf_tensor *x = NULL;
  clf_dataset *made = NULL;
  clf_status status = CLF_OK;
  CLF__CHECK(clf__arena_status(&t->arena));
  for (int64_t a = 0; a < t->axes; a++) {
    kinds[a] = read_numbers(t, a) ? 0 : number_values(t, a, distinct);
  }
  CLF__TRY(clf__tensor_matrix(&x, context, CLF_F64, count, t->columns));
  memcpy(x->data, t->x, (size_t)(count * t->columns) * sizeof(double));
  CLF__TRY(clf_dataset_create(&made, context, x, NULL));
  CLF__TRY(clf_dataset_set_column_names(made, t->names, t->columns));
  for (int64_t a = 0; a < t->axes; a++) {
    if (kinds[a] > 0) {
      number_values(t, a, distinct);
      CLF__TRY(clf_dataset_set_categories(made, a, distinct, kinds[a]));
    }
  }
  *out = made;
  made = NULL;
done:
  clf_tensor_free(x);
  clf_dataset_free(made);
  return status;
}

clf_status clf_search_dataset(clf_dataset **out, const clf_search *search) {
  CLF__REQUIRE(out);
  CLF__REQUIRE(search);
  CLF__ENTER("search");
  result_table t = {.search = search, .arena = {.context = search->context}};
  clf_status status = CLF_OK;
  CLF__TRY(read_combinations(&t));
  fill_scores(&t);
  CLF__TRY(make_dataset(out, &t));
done:
  clf__arena_free(&t.arena);
  return status;
}
