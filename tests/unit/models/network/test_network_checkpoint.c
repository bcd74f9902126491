/* Trainings that are kept in a file: cut off and gone on with, they end with the same bits. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "failing_allocator.h"
#include "models/model.h"
#include "still_clock.h"
#include "store/store.h"

enum { ROWS = 90, COLUMNS = 6, CLASSES = 3, EPOCHS = 7, CAPACITY = 1 << 15 };

static const char network[] =
    "layers='dense units=7 activation=tanh; dropout rate=0.3; batch_norm; dense units=3' "
    "batch_size=16 validation_split=0.2 clip_norm=3 ";

static char path[64];
static float x[ROWS * COLUMNS];
static int32_t y[ROWS];

/* In memory where there is such a folder: a file is on disk before it counts as written. */
static void make_path(void) {
  const char *folder = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
  snprintf(path, sizeof path, "%s/classify-checkpoint-XXXXXX", folder);
  const int file = mkstemp(path);
  ck_assert_int_ge(file, 0);
  close(file);
  unlink(path);
  fill_clouds(x, y, ROWS, COLUMNS, CLASSES);
}

static void remove_path(void) {
  unlink(path);
}

typedef struct bytes {
  unsigned char data[CAPACITY];
  size_t size;
} bytes;

typedef struct setting {
  const char *network;           /* parameters beside the common ones, or instead of them */
  const char *optimizer, *steps; /* kind and parameters */
  const char *context;
} setting;

/* Says stop after so many steps; never with 0. */
typedef struct host {
  int64_t calls, most;
} host;

static int32_t stop_after(void *user, const clf_progress *progress) {
  host *own = user;
  (void)progress;
  return ++own->calls == own->most;
}

/* One fit: with a path, one that keeps checkpoints. */
static clf_status fit(const setting *s, int64_t epochs, bool kept, int64_t steps, bytes *out) {
  clf_context *context = NULL;
  clf_model *model = NULL;
  clf_optimizer *optimizer = NULL;
  host own = {0, steps};
  ck_clf_ok(clf_context_create(&context, NULL, s->context));
  clf_dataset *data = dataset_of(context, x, CLF_F32, ROWS, COLUMNS, y);
  ck_clf_ok(clf_model_create(&model, context, "network", network));
  ck_clf_ok(clf__params_parse(context, &model->kind->base.params, model->params, s->network));
  ck_clf_ok(clf_model_set_i64(model, "epochs", epochs));
  if (kept) {
    ck_clf_ok(clf_model_set_text(model, "checkpoint", path));
  }
  ck_clf_ok(clf_optimizer_create(&optimizer, context, s->optimizer, s->steps));
  ck_clf_ok(clf_context_set_progress(context, stop_after, &own));
  atomic_store(&clock_stands, true); /* it reports its steps, and nothing between them */
  clf_status status = clf_model_fit(model, data, optimizer, NULL);
  atomic_store(&clock_stands, false);
  if (status == CLF_OK && out != NULL) { /* the parameters are in the file too */
    ck_clf_ok(clf_model_set_text(model, "checkpoint", ""));
    ck_clf_ok(clf_model_set_i64(model, "epochs", EPOCHS));
    ck_clf_ok(clf_model_set_i64(model, "checkpoint_interval", 1));
    ck_clf_ok(clf_model_save_memory(model, out->data, CAPACITY, &out->size));
  }
  clf_optimizer_free(optimizer);
  clf_model_free(model);
  clf_dataset_free(data);
  clf_context_free(context);
  return status;
}

static const setting settings[] = {
    {"", "sgd", "learning_rate=0.1", "threads=1 seed=3"},
    {"", "sgd", "learning_rate=0.1 momentum=0.9 nesterov=true weight_decay=0.01", "seed=4"},
    {"averaging=0.98", "adam", "learning_rate=0.01 schedule=step interval=2 factor=0.5", "seed=5"},
    {"averaging=1", "adamw", "learning_rate=0.01 weight_decay=0.1 warmup=9", "threads=2 seed=6"},
    {"accumulation=3", "rmsprop", "learning_rate=0.5 schedule=plateau interval=1 factor=0.5",
     "threads=1 seed=7"},
    {"class_weight=balanced", "adagrad", "learning_rate=0.1 schedule=cosine", "threads=2 seed=8"},
    {"patience=2 averaging=0.5", "sgd", "learning_rate=3 schedule=plateau interval=2", "seed=9"},
    {"input=3,2 layers='lstm units=3 return_sequences=true initial_state=learned; gru units=2 "
     "recurrent_dropout=0.2; dense units=3'",
     "rmsprop", NULL, "threads=2 seed=2"},
    {"shuffle=false patience=50 max_steps=23", "adam", NULL, "threads=2 seed=1"},
};
enum { SETTINGS = sizeof settings / sizeof *settings };

static void check_same(const bytes *found, const bytes *expected, const char *what, int64_t where) {
  ck_assert_msg(found->size == expected->size &&
                    memcmp(found->data, expected->data, expected->size) == 0,
                "%s %lld: other bytes", what, (long long)where);
}

/* Cancelled after each number of steps, before the first checkpoint and at the very end too. */
TEST_LOOP(checkpoint__resumed_is_uninterrupted, 0, SETTINGS) {
  const setting *s = &settings[_i];
  bytes whole, found;
  ck_clf_ok(fit(s, EPOCHS, false, 0, &whole));
  for (int64_t steps = 1; steps < 40; steps += 4) {
    remove_path();
    const clf_status status = fit(s, EPOCHS, true, steps, NULL);
    ck_assert(status == CLF_ERROR_CANCELLED || status == CLF_OK);
    ck_clf_ok(fit(s, EPOCHS, true, 0, &found));
    check_same(&found, &whole, "steps", steps);
  }
  ck_clf_ok(fit(s, EPOCHS, true, 0, &found)); /* of a complete training */
  check_same(&found, &whole, "complete", 0);
}

/* Cut off again and again, on changing numbers of threads. */
TEST(checkpoint__goes_on_in_small_parts) {
  setting s = settings[3];
  bytes whole, found;
  ck_clf_ok(fit(&s, EPOCHS, false, 0, &whole));
  clf_status status = CLF_ERROR_CANCELLED;
  for (int parts = 0; status == CLF_ERROR_CANCELLED; parts++) {
    ck_assert_int_lt(parts, 2 * EPOCHS);
    s.context = parts % 2 == 0 ? "threads=1 seed=6" : "threads=3 seed=6";
    status = fit(&s, EPOCHS, true, 8, &found);
  }
  ck_clf_ok(status);
  check_same(&found, &whole, "parts", 0);
}

TEST(checkpoint__takes_more_epochs) {
  bytes whole, found;
  const setting *s = &settings[0];
  ck_clf_ok(fit(s, EPOCHS, false, 0, &whole));
  ck_clf_ok(fit(s, 3, true, 0, NULL));
  ck_clf_ok(fit(s, EPOCHS, true, 0, &found));
  check_same(&found, &whole, "epochs", 3);
  ck_clf_fails(fit(s, 3, true, 0, NULL), CLF_ERROR_ARGUMENT);
  ck_clf_says("7 epochs already, this training 3");
}

TEST(checkpoint__interval_is_kept) {
  static const char *const every[] = {"checkpoint_interval=1", "checkpoint_interval=3"};
  for (int i = 0; i < 2; i++) {
    const setting s = {every[i], "sgd", NULL, "seed=2"};
    clf__store *store = NULL;
    remove_path();
    ck_clf_fails(fit(&s, EPOCHS, true, 5 * 5 + 1, NULL), CLF_ERROR_CANCELLED);
    ck_clf_ok(clf__store_read_path(&store, NULL, path));
    const int64_t *counters = clf__store_tensor(store, "counters")->data;
    ck_assert_int_eq(counters[0], i == 0 ? 5 : 3);
    clf__store_free(store);
  }
}

TEST(checkpoint__of_another_training_is_refused) {
  static const struct {
    setting setting;
    const char *says;
  } others[] = {
      {{"", "adam", NULL, "seed=1"}, "its optimizer is 'sgd learning_rate=0.01 "},
      {{"", "sgd", "momentum=0.5", "seed=1"}, "its optimizer is 'sgd "},
      {{"", "sgd", NULL, "seed=2"}, "its seed is '1', this one's '2'"},
      {{"averaging=0.9", "sgd", NULL, "seed=1"}, "its averaging is '0', this one's '0.9'"},
      {{"batch_size=8", "sgd", NULL, "seed=1"}, "its batch_size is '16', this one's '8'"},
      {{"patience=3", "sgd", NULL, "seed=1"}, "its patience is"},
      {{"layers='dense units=3'", "sgd", NULL, "seed=1"}, "its layers is 'dense units=7 "},
  };
  const setting first = {"", "sgd", NULL, "seed=1"};
  ck_clf_ok(fit(&first, 2, true, 0, NULL));
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    ck_clf_fails(fit(&others[i].setting, 2, true, 0, NULL), CLF_ERROR_ARGUMENT);
    ck_clf_says(path);
    ck_clf_says(others[i].says);
  }
  x[0] += 1;
  ck_clf_fails(fit(&first, 2, true, 0, NULL), CLF_ERROR_ARGUMENT);
  ck_clf_says("data_checksum");
  x[0] -= 1;
  y[ROWS - 1] = 0;
  ck_clf_fails(fit(&first, 2, true, 0, NULL), CLF_ERROR_ARGUMENT);
  ck_clf_says("data_checksum");
}

TEST(checkpoint__that_is_none_is_refused) {
  const setting s = {"", "sgd", NULL, "seed=1"};
  clf_model *model = NULL;
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, ROWS, COLUMNS, y);
  model = fitted(NULL, "ridge", NULL, data);
  ck_clf_ok(clf_model_save(model, path));
  ck_clf_fails(fit(&s, 2, true, 0, NULL), CLF_ERROR_ARGUMENT);
  ck_clf_says("no checkpoint");
  remove_path();
  ck_clf_ok(fit(&s, 2, true, 0, NULL));
  clf_model_free(model);
  model = NULL;
  ck_clf_fails(clf_model_load(&model, NULL, path), CLF_ERROR_CORRUPT);
  ck_assert_ptr_null(model);
  clf_dataset_free(data);
}

static size_t read_file(unsigned char *data) {
  FILE *file = fopen(path, "rb");
  ck_assert_ptr_nonnull(file);
  const size_t size = fread(data, 1, CAPACITY, file);
  fclose(file);
  ck_assert_uint_lt(size, CAPACITY);
  return size;
}

static void write_file(const unsigned char *data, size_t size) {
  FILE *file = fopen(path, "wb");
  ck_assert_ptr_nonnull(file);
  ck_assert_uint_eq(fwrite(data, 1, size, file), size);
  fclose(file);
}

TEST(checkpoint__damaged_is_refused) {
  const setting s = {"averaging=0.9", "adam", NULL, "threads=1"};
  unsigned char data[CAPACITY];
  ck_clf_ok(fit(&s, 2, true, 0, NULL));
  const size_t size = read_file(data);
  for (size_t at = 0; at < size; at += at < 4096 ? 3 : 41) {
    data[at] ^= 0x10;
    write_file(data, size);
    const clf_status status = fit(&s, 3, true, 0, NULL);
    ck_assert_msg(status == CLF_ERROR_CORRUPT || status == CLF_ERROR_VERSION, "byte %zu: %s: %s",
                  at, clf_status_name(status), clf_last_error());
    data[at] ^= 0x10;
  }
  for (size_t cut = 0; cut < size; cut += 97) {
    write_file(data, cut);
    ck_clf_fails(fit(&s, 3, true, 0, NULL), CLF_ERROR_CORRUPT);
  }
}

/* Entries that a checksum does not tell from good ones: changed, of another shape, or left out. */
static void rewrite(const clf__store *good, int64_t entry, int change) {
  clf__store *store = NULL;
  ck_clf_ok(clf__store_create(&store, NULL));
  for (int64_t i = 0; i < clf__store_count(good); i++) {
    const char *name = clf__store_name(good, i);
    const clf_tensor *tensor = clf__store_tensor(good, name);
    if (tensor == NULL) {
      ck_clf_ok(clf__store_add_text(store, name, clf__store_text(good, name)));
    } else if (i != entry) {
      ck_clf_ok(clf__store_add_tensor(store, name, tensor));
    } else if (change > 0) {
      clf_tensor *other = NULL;
      const int64_t less = tensor->shape[0] - 1;
      ck_clf_ok(change == 1 ? clf_tensor_copy(&other, tensor, tensor->dtype)
                            : clf_tensor_slice(&other, tensor, 0, 0, less, 1));
      if (change == 1 && tensor->dtype == CLF_F32) {
        ((float *)other->data)[less] = NAN;
      } else if (change == 1 && tensor->dtype == CLF_F64) {
        ((double *)other->data)[less] = INFINITY;
      } else if (change == 1) {
        ((int64_t *)other->data)[less] = INT64_MAX;
      }
      ck_clf_ok(clf__store_add_tensor(store, name, other));
      clf_tensor_free(other);
    }
  }
  ck_clf_ok(clf__store_write_path(store, path));
  clf__store_free(store);
}

TEST(checkpoint__hostile_is_refused) {
  const setting s = {"averaging=0.9", "adam", NULL, "threads=1"};
  clf__store *good = NULL;
  int tensors = 0;
  ck_clf_ok(fit(&s, 2, true, 0, NULL));
  ck_clf_ok(clf__store_read_path(&good, NULL, path));
  for (int64_t i = 0; i < clf__store_count(good); i++) {
    if (clf__store_tensor(good, clf__store_name(good, i)) == NULL) {
      continue;
    }
    tensors++;
    for (int change = 0; change < 3; change++) {
      rewrite(good, i, change);
      ck_clf_fails(fit(&s, 3, true, 0, NULL), CLF_ERROR_CORRUPT);
      ck_clf_says(clf__store_name(good, i));
    }
  }
  ck_assert_int_eq(tensors, 8);
  clf__store_free(good);
}

/* The smallest numbers: what is computed of them does not overflow before they are looked at. */
TEST(checkpoint__with_counters_out_of_range_is_refused) {
  const setting s = {"averaging=0.9", "adam", NULL, "threads=1"};
  enum { COUNTERS = 5 };
  static const int64_t numbers[] = {INT64_MIN, -1, 0, INT64_MAX};
  ck_clf_ok(fit(&s, 2, true, 0, NULL));
  clf__store *good = NULL;
  ck_clf_ok(clf__store_read_path(&good, NULL, path));
  const clf_tensor *counters = clf__store_tensor(good, "counters");
  for (int i = 0; i < COUNTERS * 4; i++) {
    int64_t *values = (int64_t *)counters->data + i / 4;
    const int64_t before = *values;
    *values = numbers[i % 4];
    ck_clf_ok(clf__store_write_path(good, path));
    const clf_status status = fit(&s, 3, true, 0, NULL);
    /* A checkpoint may lack the best weights if no epoch was the best yet, or if the fit cannot
     * stop early. */
    ck_assert_msg(status == CLF_ERROR_CORRUPT || numbers[i % 4] == before ||
                      (i / 4 == 0 && status == CLF_ERROR_ARGUMENT) || numbers[i % 4] == 0,
                  "counter %d of %lld: %s", i / 4, (long long)numbers[i % 4],
                  clf_status_name(status));
    *values = before;
  }
  clf__store_free(good);
}

/* A variance below 0 would make a model that predicts NaN and cannot be loaded. */
TEST(checkpoint__with_a_negative_variance_is_refused) {
  static const char *const names[] = {"weights", "best"}; /* averages are of trained ones */
  const setting s = {"averaging=0.9 patience=3", "adam", NULL, "threads=1"};
  clf__store *good = NULL;
  /* Of dense 6 x 7 and its bias, then the normalisation's weight, bias, mean and variance. */
  const int64_t variance = 6 * 7 + 7 + 3 * 7;
  ck_clf_ok(fit(&s, 2, true, 0, NULL));
  ck_clf_ok(clf__store_read_path(&good, NULL, path));
  for (int i = 0; i < 2; i++) {
    const clf_tensor *tensor = clf__store_tensor(good, names[i]);
    ck_assert_ptr_nonnull(tensor);
    float *value = (float *)tensor->data + variance;
    const float before = *value;
    *value = -before;
    ck_assert(before > 0);
    ck_clf_ok(clf__store_write_path(good, path));
    ck_clf_fails(fit(&s, 3, true, 0, NULL), CLF_ERROR_CORRUPT);
    ck_clf_says(names[i]);
    *value = before;
  }
  ck_clf_ok(clf__store_write_path(good, path));
  ck_clf_ok(fit(&s, 3, true, 0, NULL));
  clf__store_free(good);
}

/* The model's file with "checkpoint" among the parameters, as it was once written. */
static size_t file_with_checkpoint(const clf_model *model, unsigned char *data) {
  clf__store *read = NULL, *store = NULL;
  size_t size = 0;
  char params[512];
  ck_clf_ok(clf_model_save_memory(model, data, CAPACITY, &size));
  ck_clf_ok(clf__store_read_memory(&read, NULL, data, size));
  ck_clf_ok(clf__store_create(&store, NULL));
  for (int64_t i = 0; i < clf__store_count(read); i++) {
    const char *name = clf__store_name(read, i), *text = clf__store_text(read, name);
    if (strcmp(name, "params") == 0) {
      ck_assert_ptr_null(strstr(text, path));
      snprintf(params, sizeof params, "%s checkpoint=%s", text, path);
      text = params;
    }
    ck_clf_ok(text != NULL ? clf__store_add_text(store, name, text)
                           : clf__store_add_tensor(store, name, clf__store_tensor(read, name)));
  }
  ck_clf_ok(clf__store_write_memory(store, data, CAPACITY, &size));
  clf__store_free(read);
  clf__store_free(store);
  return size;
}

static void check_no_checkpoint(clf_model *model, const clf_dataset *data) {
  char text[256] = "unset";
  ck_clf_ok(clf_model_get_text(model, "checkpoint", text, sizeof text, NULL));
  ck_assert_str_eq(text, "");
  remove_path();
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  ck_assert_int_ne(access(path, F_OK), 0);
}

TEST(checkpoint__is_of_the_handle_it_is_set_on) {
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, ROWS, COLUMNS, y);
  clf_model *model = NULL, *clone = NULL, *loaded = NULL;
  unsigned char file[CAPACITY];
  ck_clf_ok(clf_model_create(&model, NULL, "network", network));
  ck_clf_ok(clf_model_set_text(model, "checkpoint", path));
  ck_clf_ok(clf_model_set_i64(model, "epochs", 1));
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  ck_assert_int_eq(access(path, F_OK), 0);
  ck_clf_ok(clf_model_clone(&clone, model));
  check_no_checkpoint(clone, data);
  const size_t size = file_with_checkpoint(model, file);
  ck_clf_ok(clf_model_load_memory(&loaded, NULL, file, size));
  check_no_checkpoint(loaded, data);
  clf_model_free(loaded);
  clf_model_free(clone);
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST(checkpoint__is_not_shared_by_folds) {
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, ROWS, COLUMNS, y);
  clf_model *model = NULL, *best = NULL;
  clf_search *search = NULL;
  double scores[3];
  char grid[128];
  ck_clf_ok(clf_model_create(&model, NULL, "network", network));
  ck_clf_ok(clf_model_set_text(model, "checkpoint", path));
  ck_clf_ok(clf_model_set_i64(model, "epochs", 1));
  ck_clf_ok(clf_cross_validate(model, data, 3, 1, scores));
  ck_assert_int_ne(access(path, F_OK), 0);
  ck_clf_ok(clf_search_create(&search, model, data, 3, 1, "epochs=1|2", NULL));
  ck_assert_int_ne(access(path, F_OK), 0);
  ck_clf_ok(clf_search_model(&best, search));
  check_no_checkpoint(best, data);
  clf_search_free(search);
  search = NULL;
  snprintf(grid, sizeof grid, "epochs=1|2 checkpoint=%s", path);
  ck_clf_fails(clf_search_create(&search, model, data, 3, 1, grid, NULL), CLF_ERROR_ARGUMENT);
  ck_clf_says("checkpoint");
  ck_assert_ptr_null(search);
  ck_assert_int_ne(access(path, F_OK), 0);
  clf_model_free(best);
  clf_model_free(model);
  clf_dataset_free(data);
}

static int32_t count_calls(void *user, const clf_progress *progress) {
  (void)progress;
  ++*(int64_t *)user;
  return 0;
}

/* A fit that keeps its training under such a path: refused before its first step. */
static void check_unwritable(const char *where, const char *says) {
  int64_t calls = 0;
  clf_context *context = NULL;
  clf_model *model = NULL;
  ck_clf_ok(clf_context_create(&context, NULL, NULL));
  clf_dataset *data = dataset_of(context, x, CLF_F32, ROWS, COLUMNS, y);
  ck_clf_ok(clf_model_create(&model, context, "network", network));
  ck_clf_ok(clf_model_set_text(model, "checkpoint", where));
  ck_clf_ok(clf_context_set_progress(context, count_calls, &calls));
  ck_clf_fails(clf_model_fit(model, data, NULL, NULL), CLF_ERROR_IO);
  ck_clf_says("checkpoint");
  ck_clf_says(says);
  ck_assert_int_eq(calls, 0);
  ck_assert_int_eq(clf_model_features(model), -1);
  clf_model_free(model);
  clf_dataset_free(data);
  clf_context_free(context);
}

/* For root, too, whom no permissions keep from writing. */
TEST(checkpoint__that_cannot_be_written_is_refused_before_the_first_epoch) {
  char inner[96];
  snprintf(inner, sizeof inner, "%s/a", path);
  check_unwritable(inner, "No such file or directory");
  ck_assert_int_ne(access(path, F_OK), 0);
  ck_assert_int_eq(mkdir(path, 0700), 0);
  check_unwritable(path, "directory");
  ck_assert_int_eq(rmdir(path), 0); /* it is empty: nothing was left in it */
  ck_assert_int_eq(mkfifo(path, 0600), 0);
  check_unwritable(path, "pipe");
  check_unwritable(inner, "Not a directory");
  ck_assert_int_eq(unlink(path), 0);
}

/* What has been trained to its end needs no more writing. */
TEST(checkpoint__that_is_complete_needs_no_writing) {
  const setting s = {"", "adam", NULL, "seed=2"};
  ck_clf_ok(fit(&s, EPOCHS, true, 0, NULL));
  ck_assert_int_eq(chmod(path, 0400), 0);
  ck_clf_ok(fit(&s, EPOCHS, true, 0, NULL));
  if (geteuid() != 0) {
    ck_clf_fails(fit(&s, EPOCHS + 1, true, 0, NULL), CLF_ERROR_IO);
  }
}

static clf_status kept_life(clf_context *context, const void *unused) {
  clf_tensor *rows = NULL, *labels = NULL;
  clf_dataset *data = NULL;
  clf_model *model = NULL;
  clf_optimizer *adam = NULL;
  clf_status status;
  (void)unused;
  remove_path();
  TRY(clf_tensor_wrap(&rows, context, x, CLF_F32, 2, (int64_t[]){ROWS, COLUMNS}, NULL));
  TRY(clf_tensor_wrap(&labels, context, y, CLF_I32, 1, (int64_t[]){ROWS}, NULL));
  TRY(clf_dataset_create(&data, context, rows, labels));
  TRY(clf_model_create(&model, context, "network", network));
  TRY(clf_model_set_text(model, "checkpoint", path));
  TRY(clf_model_set_text(model, "averaging", "0.5"));
  TRY(clf_model_set_text(model, "accumulation", "3"));
  TRY(clf_model_set_i64(model, "patience", 5));
  TRY(clf_optimizer_create(&adam, context, "adam", NULL));
  TRY(clf_model_set_i64(model, "epochs", 1));
  TRY(clf_model_fit(model, data, adam, NULL));
  TRY(clf_model_set_i64(model, "epochs", 2));
  TRY(clf_model_fit(model, data, adam, NULL));
done:
  clf_optimizer_free(adam);
  clf_model_free(model);
  clf_dataset_free(data);
  clf_tensor_free(rows);
  clf_tensor_free(labels);
  return status;
}

TEST(checkpoint__every_allocation_may_fail) {
  check_every_allocation("threads=1", kept_life, NULL);
}

SUITE("network_checkpoint", .setup = make_path, .teardown = remove_path)
