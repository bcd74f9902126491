/* Transforms from memory whose entries are changed one by one, as in fuzz_model_entries.c. A
 * transform that is accepted transforms rows, gives its parameters, and is written and read again.
 */
#include "entries.h"
#include "models.h"
#include "transform/transform.h"

enum { CAPACITY = 1 << 14, FILES = 20, SIDE = 4, FEATURES = SIDE * SIDE };

static clf_context *context_of_files;
static fuzz_entries files[FILES];

static void make_file(fuzz_entries *out, const char *kind, const char *params) {
  static uint8_t bytes[CAPACITY];
  clf_transform *transform = NULL;
  clf_dataset *rows = fuzz_rows(context_of_files, FEATURES, false, false);
  size_t size = 0;
  FUZZ_CHECK(clf_transform_create(&transform, context_of_files, kind, params) == CLF_OK);
  FUZZ_CHECK(clf_transform_fit(transform, rows) == CLF_OK);
  FUZZ_CHECK(clf_transform_save_memory(transform, bytes, CAPACITY, &size) == CLF_OK);
  out->context = context_of_files;
  fuzz_entries_read(out, bytes, size);
  clf_transform_free(transform);
  clf_dataset_free(rows);
}

static void make_files(void) {
  if (context_of_files == NULL) {
    context_of_files = fuzz_context();
    make_file(&files[0], "standardize", NULL);
    make_file(&files[1], "standardize", "mean=false");
    make_file(&files[2], "min_max", "low=-1 clip=true");
    make_file(&files[3], "polynomial", "degree=2");
    make_file(&files[4], "log_count_ratio", NULL);
    make_file(&files[5], "pca", "components=3 whiten=true");
    make_file(&files[8], "pca", "components=2 precision=f64");
    make_file(&files[6], "hog", "input=4,4 cell=2 block=1 bins=3");
    make_file(&files[7], "hog", "input=4,4 cell=1 block=2 signs=true");
    make_file(&files[9], "select", "columns=3,1");
    make_file(&files[10], "standardize", "columns='!2'");
    make_file(&files[11], "impute", "indicator=true");
    make_file(&files[12], "robust", NULL);
    make_file(&files[13], "quantile", "output=normal quantiles=3");
    make_file(&files[14], "log", "signs=true");
    make_file(&files[15], "one_hot", "columns=1,2 unknown=own drop=first");
    make_file(&files[16], "one_hot", "columns=1,2 unknown=ignore max_categories=2 sparse=true");
    make_file(&files[17], "ordinal", "columns=1,2 unknown=ignore missing=ignore");
    make_file(&files[18], "target_mean", "columns=1,2");
    make_file(&files[19], "hash", "columns=1,2 size=8");
  }
}

static void use(const clf_transform *transform, clf_context *context) {
  static char text[1 << 13];
  clf_transform *equal = NULL;
  clf_dataset *out = NULL;
  FUZZ_CHECK(clf_transform_params(transform, text, sizeof text, NULL) == CLF_OK);
  FUZZ_CHECK(clf_transform_create(&equal, context, clf_transform_kind(transform), text) == CLF_OK);
  clf_transform_free(equal);
  const int64_t features = transform->inputs;
  if (features <= FUZZ_MOST_FEATURES && clf__transform_columns(transform) <= 1 << 16) {
    clf_dataset *rows = fuzz_rows(context, features, false, false);
    if (fuzz_fine(clf_transform_apply(&out, transform, rows))) {
      FUZZ_CHECK(clf_dataset_features(out) == clf__transform_columns(transform));
      FUZZ_CHECK(clf_dataset_rows(out) == FUZZ_ROWS);
    }
    clf_dataset_free(out);
    clf_dataset_free(rows);
  }
}

static void load_and_use(const uint8_t *bytes, size_t size) {
  clf_context *context = fuzz_context();
  clf_transform *transform = NULL, *again = NULL;
  size_t written = 0;
  const clf_status status = clf_transform_load_memory(&transform, context, bytes, size);
  if (fuzz_loaded(status, transform != NULL)) {
    use(transform, context);
    FUZZ_CHECK(clf_transform_save_memory(transform, NULL, 0, &written) == CLF_OK);
    uint8_t *copy = malloc(written);
    FUZZ_CHECK(copy != NULL);
    FUZZ_CHECK(clf_transform_save_memory(transform, copy, written, &written) == CLF_OK);
    FUZZ_CHECK(clf_transform_load_memory(&again, context, copy, written) == CLF_OK);
    free(copy);
  }
  clf_transform_free(again);
  clf_transform_free(transform);
  clf_context_free(context);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  make_files();
  return fuzz_entries_run(data, size, files, FILES, load_and_use);
}

size_t fuzz_seed(int index, uint8_t *buffer, size_t capacity) {
  return index < FILES ? dice_seed(buffer, capacity, index, 8) : 0;
}
