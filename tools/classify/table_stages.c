#include "table_stages.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

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
  return status == CLF_OK ? -1 : tool_fail(status);
}
