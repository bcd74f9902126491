/* The category columns of datasets: codes in x, and their names. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/border.h"
#include "base/text.h"
#include "base/utf8.h"
#include "base/utf8_text.h"
#include "data/dataset.h"

clf__column_text clf__dataset_column(const clf_dataset *dataset, int64_t column) {
  const char *name = clf__names_at(dataset->names, column);
  clf__column_text out;
  if (name == NULL || name[0] == '\0') {
    snprintf(out.text, sizeof out.text, "column %lld", (long long)column + 1);
  } else {
    snprintf(out.text, sizeof out.text, "column '%s'",
             clf__excerpt_of(name, name + strlen(name)).text);
  }
  return out;
}

clf_status clf__dataset_check_numbers(const clf_dataset *dataset, const char *owner) {
  const int64_t column = clf__categories_next(dataset->categories, 0);
  return column < 0 ? CLF_OK
                    : clf__fail(CLF_ERROR_DATA,
                                "%s: %s holds categories: one_hot, ordinal, target_mean or hash "
                                "make numbers of them",
                                owner, clf__dataset_column(dataset, column).text);
}

static clf_status check_codes(const clf_dataset *dataset, int64_t column, int64_t count) {
  const clf__rows x = clf__dataset_rows(dataset);
  for (int64_t i = 0; i < x.rows; i++) {
    const double code = clf__rows_element(&x, i, column);
    if (!isnan(code) && !(code >= 0 && code < (double)count && code == floor(code))) {
      return clf__fail(
          CLF_ERROR_DATA,
          "categories: %s has %s in row %lld; it must be 0 to %lld, or NaN where it is "
          "missing",
          clf__dataset_column(dataset, column).text, clf__number_text(code), (long long)i,
          (long long)count - 1);
    }
  }
  return CLF_OK;
}

clf_status clf__dataset_check_codes(const clf_dataset *dataset) {
  clf_status status = CLF_OK;
  for (int64_t j = clf__categories_next(dataset->categories, 0); status == CLF_OK && j >= 0;
       j = clf__categories_next(dataset->categories, j + 1)) {
    status = check_codes(dataset, j, clf__names_count(clf__categories_of(dataset->categories, j)));
  }
  return status;
}

static clf_status check_column(const clf_dataset *dataset, int64_t column) {
  if (dataset->x == NULL) {
    return clf__fail(CLF_ERROR_UNSUPPORTED, "categories: sparse rows have none");
  }
  if (dataset->x->dtype == CLF_U8) {
    return clf__fail(CLF_ERROR_TYPE,
                     "categories: the rows are u8, which have no missing values; "
                     "their codes must be f32 or f64");
  }
  if (column < 0 || column >= dataset->features) {
    return clf__fail(CLF_ERROR_ARGUMENT, "categories: column %lld; it must be 0 to %lld",
                     (long long)column, (long long)dataset->features - 1);
  }
  return CLF_OK;
}

static clf_status make_column(clf__names **out, const clf_dataset *dataset, int64_t column,
                              const char *const *names, int64_t count) {
  int64_t twice = -1;
  if (count < 1 || count > CLF__MAX_CATEGORIES) {
    return clf__fail(CLF_ERROR_ARGUMENT, "categories: %lld names; there must be 1 to %d",
                     (long long)count, CLF__MAX_CATEGORIES);
  }
  CLF__CHECK(clf__utf8_check_names(names, count, "categories: the name of code"));
  CLF__CHECK(check_codes(dataset, column, count));
  const clf_status status = clf__categories_column(out, dataset->context, names, count, &twice);
  return twice < 0
             ? status
             : clf__fail(CLF_ERROR_DATA,
                         "categories: '%s', the name of code %lld of %s, occurs twice",
                         clf__excerpt_of(names[twice], names[twice] + strlen(names[twice])).text,
                         (long long)twice, clf__dataset_column(dataset, column).text);
}

/* Gives the dataset a copy of its categories with another dictionary of one column. */
static clf_status copy_with(clf_dataset *dataset, int64_t column, clf__names *names) {
  clf__categories *made = NULL;
  clf__names **columns =
      clf__alloc_array(dataset->context, dataset->features, sizeof(clf__names *));
  if (columns == NULL) {
    return CLF_ERROR_MEMORY;
  }
  for (int64_t j = 0; j < dataset->features; j++) {
    columns[j] = j == column ? names : clf__categories_of(dataset->categories, j);
  }
  const clf_status status =
      clf__categories_create(&made, dataset->context, columns, dataset->features);
  if (status == CLF_OK) {
    clf__categories_release(dataset->categories);
    dataset->categories = made;
  }
  clf__free(columns);
  return status;
}

clf_status clf_dataset_set_categories(clf_dataset *dataset, int64_t column,
                                      const char *const *names, int64_t count) {
  CLF__REQUIRE(dataset);
  CLF__ENTER("dataset");
  CLF__CHECK(check_column(dataset, column));
  clf__names *made = NULL;
  CLF__CHECK(names != NULL ? make_column(&made, dataset, column, names, count) : CLF_OK);
  const bool replaced = made != NULL && clf__categories_replace(dataset->categories, column, made);
  const clf_status status = replaced ? CLF_OK : copy_with(dataset, column, made);
  clf__names_release(made);
  return status;
}

int64_t clf_dataset_category_count(const clf_dataset *dataset, int64_t column) {
  return dataset == NULL || column < 0 || column >= dataset->features
             ? -1
             : clf__names_count(clf__categories_of(dataset->categories, column));
}

const char *clf_dataset_category_name(const clf_dataset *dataset, int64_t column, int64_t index) {
  return dataset != NULL ? clf__names_at(clf__categories_of(dataset->categories, column), index)
                         : NULL;
}
