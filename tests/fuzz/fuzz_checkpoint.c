/* Checkpoints of a training, whose entries are changed one by one, as in fuzz_model_entries.c. If
 * the checkpoint is accepted, the training continues from it, and the model is used. */
#include "entries.h"
#include "models.h"

enum { FILES = 3 };

static const char *const trainings[FILES][3] = {
    {"epochs=2 batch_size=2 averaging=0.9 patience=3 layers='dense units=2; batch_norm; dense "
     "units=3'",
     "adam", "learning_rate=0.1 schedule=plateau"},
    {"epochs=2 batch_size=4 accumulation=2 layers='embedding vocabulary=6 units=2; lstm units=2; "
     "dense units=3'",
     "sgd", "momentum=0.9 schedule=step"},
    {"epochs=2 max_steps=4 batch_size=2 validation_split=0.3 layers='dense units=3'", "adagrad",
     NULL},
};

static clf_context *context_of_files;
static fuzz_entries files[FILES];
static char path[64];

static void remove_path(void) {
  unlink(path);
}

/* Continues training number `training` for so many epochs, from and to the file at `path`. */
static clf_status train(clf_context *context, int training, int64_t epochs) {
  clf_model *model = NULL;
  clf_optimizer *optimizer = NULL;
  clf_dataset *rows = fuzz_rows(context, FUZZ_FEATURES, false, true);
  FUZZ_CHECK(clf_model_create(&model, context, "network", trainings[training][0]) == CLF_OK);
  FUZZ_CHECK(clf_model_set_text(model, "checkpoint", path) == CLF_OK);
  FUZZ_CHECK(clf_model_set_i64(model, "epochs", epochs) == CLF_OK);
  FUZZ_CHECK(clf_optimizer_create(&optimizer, context, trainings[training][1],
                                  trainings[training][2]) == CLF_OK);
  const clf_status status = clf_model_fit(model, rows, optimizer, NULL);
  if (status >= CLF_OK) {
    fuzz_predict(model, rows);
    fuzz_describe(model, context);
  }
  clf_optimizer_free(optimizer);
  clf_model_free(model);
  clf_dataset_free(rows);
  return status;
}

static void make_files(void) {
  if (context_of_files != NULL) {
    return;
  }
  snprintf(path, sizeof path, "%s/classify-fuzz-%d",
           access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", (int)getpid());
  atexit(remove_path);
  context_of_files = fuzz_context();
  for (int i = 0; i < FILES; i++) {
    clf__store *store = NULL;
    remove_path();
    FUZZ_CHECK(train(context_of_files, i, 1) >= CLF_OK);
    FUZZ_CHECK(clf__store_read_path(&store, context_of_files, path) == CLF_OK);
    files[i].context = context_of_files;
    for (int64_t k = 0; k < clf__store_count(store); k++) {
      const char *name = clf__store_name(store, k);
      fuzz_entries_add(&files[i], name, clf__store_text(store, name),
                       clf__store_tensor(store, name));
    }
    clf__store_free(store);
  }
}

static void go_on(int training, const uint8_t *bytes, size_t size) {
  clf_context *context = fuzz_context();
  FILE *file = fopen(path, "wb");
  FUZZ_CHECK(file != NULL && fwrite(bytes, 1, size, file) == size && fclose(file) == 0);
  const clf_status status = train(context, training, 3);
  FUZZ_CHECK(status >= CLF_OK || status == CLF_ERROR_CORRUPT || status == CLF_ERROR_VERSION ||
             status == CLF_ERROR_ARGUMENT || status == CLF_ERROR_DIVERGED);
  clf_context_free(context);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  make_files();
  dice from = {data, size};
  const int training = (int)roll(&from, FILES);
  const fuzz_entries *others = &files[roll(&from, FILES)];
  size_t written = 0;
  uint8_t *bytes = fuzz_entries_mix(&from, &files[training], others, &written);
  if (bytes != NULL) {
    go_on(training, bytes, written);
  }
  free(bytes);
  return 0;
}

size_t fuzz_seed(int index, uint8_t *buffer, size_t capacity) {
  return index < FILES ? dice_seed(buffer, capacity, index, 8) : 0;
}
