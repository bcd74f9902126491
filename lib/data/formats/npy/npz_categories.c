/* The categories of an NPZ archive: the names of all columns in one array of texts, and how many
 * each column has, 0 for one of numbers. */
#include <math.h>

#include "base/context.h"
#include "base/text.h"
#include "data/formats/npy/npy.h"
#include "tensor/tensor.h"

/* Reads one of the two arrays. */
static clf_status open_array(clf__npz_member *out, const clf_dataset *dataset,
                             const clf__bytes *archive, const clf__array_wanted *wanted,
                             const char *name) {
  return clf__npz_open(out, dataset->context, archive, wanted->what, wanted, name);
}

static clf_status set_columns(clf_dataset *dataset, const clf_tensor *counts,
                              const char *const *names, int64_t total) {
  int64_t at = 0;
  for (int64_t j = 0; j < dataset->features; j++) {
    const double count = clf__tensor_value(counts, j);
    if (!(count >= 0 && count <= (double)(total - at) && count == floor(count))) {
      return clf__fail(CLF_ERROR_DATA,
                       "category_counts: column %lld has %s; it must be a whole number, and there "
                       "are %lld names in all",
                       (long long)j, clf__number_text(count), (long long)total);
    }
    if (count > 0) {
      CLF__CHECK(clf_dataset_set_categories(dataset, j, names + at, (int64_t)count));
      at += (int64_t)count;
    }
  }
  return at == total ? CLF_OK
                     : clf__fail(CLF_ERROR_DATA, "categories: %lld names; the columns have %lld",
                                 (long long)total, (long long)at);
}

/* Returns whether the archive has both arrays. Counts alone are refused; names alone may be what
 * another program keeps under that name. */
static clf_status find(bool *found, const clf_dataset *dataset, const clf__bytes *archive,
                       const char *name, const char *counts, const char *names) {
  const bool counted = clf__npz_has(archive, counts), named = clf__npz_has(archive, names);
  *found = counted && named;
  if (counted && !named) {
    return clf__fail(CLF_ERROR_DATA, "%s: it has %s without %s", name, counts, names);
  }
  if (named && !counted) {
    clf__log(dataset->context, CLF_LOG_WARNING,
             "%s: the array %s is not read, since %s, which divides it among the columns, is not "
             "there",
             name, names, counts);
  }
  return CLF_OK;
}

clf_status clf__npz_categories(clf_dataset *dataset, const clf__bytes *archive, const char *name) {
  const clf__array_wanted texts = {.header = clf__npy_header,
                                   .what = "categories",
                                   .min_axes = 1,
                                   .max_axes = 1,
                                   .rows = -1,
                                   .text = true};
  const clf__array_wanted numbers = {.header = clf__npy_header,
                                     .what = "category_counts",
                                     .min_axes = 1,
                                     .max_axes = 1,
                                     .rows = dataset->features};
  clf__npz_member first = {.bytes = {0}}, second = {.bytes = {0}};
  clf__arena arena = {.context = dataset->context};
  clf_tensor *counts = NULL;
  const char **names = NULL;
  int64_t total = 0;
  clf_status status = CLF_OK;
  bool found = false;
  CLF__CHECK(find(&found, dataset, archive, name, numbers.what, texts.what));
  if (!found) {
    return CLF_OK;
  }
  CLF__TRY(open_array(&first, dataset, archive, &numbers, name));
  CLF__TRY(open_array(&second, dataset, archive, &texts, name));
  status = clf__array_read(&counts, dataset->context, &first.bytes, &numbers, first.shown.text);
  if (status == CLF_OK) {
    status =
        clf__array_read_texts(&names, &total, &arena, &second.bytes, &texts, second.shown.text);
  }
  if (status == CLF_OK) {
    status = set_columns(dataset, counts, names, total);
  }
  status = status < 0 ? clf__fail_within(status, "%s", name) : CLF_OK;
done:
  clf_tensor_free(counts);
  clf__bytes_release(&first.bytes);
  clf__bytes_release(&second.bytes);
  clf__arena_free(&arena);
  return status;
}
