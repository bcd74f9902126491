#include "table_stages.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "column_facts.h"
#include "input.h"
#include "params.h"
#include "report/text.h"

static bool has_categories(const clf_dataset *rows) {
  for (int64_t j = 0; j < clf_dataset_features(rows); j++) {
    if (clf_dataset_category_count(rows, j) > 0) {
      return true;
    }
  }
  return false;
}

/* Whether numbers of dense rows are missing; one_hot takes missing categories. */
static bool lacks_numbers(const clf_dataset *rows) {
  clf_tensor *x = NULL;
  bool found = false;
  if (clf_dataset_sparse(rows) || clf_dataset_tensor(&x, rows, "x") != CLF_OK) {
    return false;
  }
  const int32_t type = clf_tensor_dtype(x);
  const int64_t features = clf_dataset_features(rows);
  const int64_t count = type == CLF_F32 || type == CLF_F64 ? clf_tensor_count(x) : 0;
  const void *data = clf_tensor_data(x);
  for (int64_t i = 0; i < count && !found; i++) {
    found = isnan(type == CLF_F64 ? ((const double *)data)[i] : (double)((const float *)data)[i]) &&
            clf_dataset_category_count(rows, i % features) == 0;
  }
  clf_tensor_free(x);
  return found;
}

/* Whether a feature of a wide scale hides those of narrow ones from the model: where it takes
 * distances or products of rows. Least squares and discriminants find a weight of any size. */
static bool minds_scales(const recipe *r) {
  static const char *const kinds[] = {"svm", "perceptron", "network"};
  char kind[KIND_BYTES];
  const char *params = params_split(kind, recipe_model(r));
  bool found = params_has(params, "kernel");
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    found = found || strcmp(kind, kinds[i]) == 0;
  }
  return found;
}

/* The features of the narrowest and of the widest scale. */
typedef struct scales {
  int64_t narrow, wide; /* -1: none */
  double min, max;      /* standard deviations */
} scales;

static void add_column(scales *to, int64_t column, double deviation) {
  if (deviation > 0 && (to->narrow < 0 || deviation < to->min)) {
    to->narrow = column;
    to->min = deviation;
  }
  if (deviation > 0 && (to->wide < 0 || deviation > to->max)) {
    to->wide = column;
    to->max = deviation;
  }
}

/* Looks at so many rows that spread over all of them. A category becomes columns of 0 and 1, whose
 * deviations are at most 1/2. Integers up to 255 are pixels, which have one scale. */
static scales find_scales(const clf_dataset *rows) {
  enum { LOOKED = 10000 };
  scales found = {-1, -1, 0, 0};
  clf_tensor *x = NULL;
  if (clf_dataset_sparse(rows) || clf_dataset_tensor(&x, rows, "x") != CLF_OK) {
    return found;
  }
  const int32_t type = clf_tensor_dtype(x);
  const int64_t count = clf_dataset_rows(rows), features = clf_dataset_features(rows);
  const int64_t step = count / LOOKED + 1;
  const void *data = clf_tensor_data(x);
  double max = 0;
  bool bytes = true;
  const bool numbers = (type == CLF_F32 || type == CLF_F64) && clf_tensor_ndim(x) == 2;
  for (int64_t j = 0; numbers && j < features; j++) {
    column_sums sums = {.shift = 0};
    const bool categories = clf_dataset_category_count(rows, j) > 0;
    for (int64_t i = 0; !categories && i < count; i += step) {
      const int64_t at = i * features + j;
      column_sums_add(&sums, type == CLF_F64 ? ((const double *)data)[at]
                                             : (double)((const float *)data)[at]);
    }
    const column_facts facts = column_sums_end(&sums);
    bytes = bytes && facts.whole && facts.min >= 0;
    max = fmax(max, facts.max);
    add_column(&found, j, categories ? 0.5 : facts.deviation);
  }
  if (bytes && max == 255) {
    found.narrow = -1;
  }
  clf_tensor_free(x);
  return found;
}

/* Says which transforms would give all features of a table their share, where one of them is less
 * than a hundredth of another in distances. */
static void advise_scaling(const recipe *r, const clf_dataset *rows) {
  const double much = 10;
  const scales found = find_scales(rows);
  char given[256] = "";
  if (found.narrow < 0 || !(found.max > much * found.min)) {
    return;
  }
  for (size_t i = 0, used = 0; i < r->transforms.count && used < sizeof given; i++) {
    used += (size_t)snprintf(given + used, sizeof given - used, "--transform '%s' ",
                             r->transforms.texts[i]);
  }
  const char *narrow = clf_dataset_column_name(rows, found.narrow);
  const char *wide = clf_dataset_column_name(rows, found.wide);
  complain(
      "the scales of the features differ: standard deviations are %.3g%s%s%s to %.3g%s%s%s, and "
      "the model sees little of the narrow ones; %s--transform standardize gives them one scale",
      found.min, narrow != NULL ? " (" : "", narrow != NULL ? narrow : "",
      narrow != NULL ? ")" : "", found.max, wide != NULL ? " (" : "", wide != NULL ? wide : "",
      wide != NULL ? ")" : "", given);
}

/* Adds a transform to the recipe and to the model that was made by it, if there is one. */
static clf_status add(recipe *r, clf_model *model, const char *text) {
  char kind[KIND_BYTES];
  const char *params = params_split(kind, text);
  r->transforms.texts[r->transforms.count++] = text;
  return model != NULL ? clf_model_add_transform(model, kind, params) : CLF_OK;
}

int table_stages_add(recipe *r, clf_model *model, const tool *t, const clf_dataset *rows) {
  const bool given = r->transforms.count > 0 || rows == NULL;
  const bool categories = !given && has_categories(rows), missing = !given && lacks_numbers(rows);
  const int64_t texts = categories ? input_text_column(rows) : -1;
  clf_status status = CLF_OK;
  if (texts >= 0) {
    complain(
        "column %lld of the features holds texts, most of which differ: text=NAME in --format, "
        "the name or number of a column, reads it as texts, ignore=NAME leaves it out, and "
        "--transform 'one_hot unknown=ignore' takes each as a category",
        (long long)texts + 1);
    return EXIT_FAILURE;
  }
  if (categories) {
    status = add(r, model, "one_hot unknown=ignore");
  }
  if (status == CLF_OK && missing) {
    status = add(r, model, "impute");
  }
  if ((categories || missing) && !t->common.quiet) {
    complain("guessed%s%s", categories ? " --transform 'one_hot unknown=ignore'" : "",
             missing ? " --transform impute" : "");
  }
  if (!given && !t->common.quiet && minds_scales(r)) {
    advise_scaling(r, rows);
  }
  return status == CLF_OK ? -1 : tool_fail(status);
}
