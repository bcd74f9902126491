/* Trainings on the rows of several ranks: all ranks have the same bytes, which are those of one
 * process as far as the order of sums goes. */
#include <math.h>
#include <unistd.h>

#include "ranks.h"

SUITE("network_ranks")

enum { ROWS = 150, SIDE = 6, COLUMNS = SIDE * SIDE, CLASSES = 3, IDS = 9 };

static struct rows {
  uint8_t bytes[ROWS * COLUMNS];
  int32_t labels[ROWS];
  double targets[ROWS];
  float weights[ROWS];
} rows;

/* A class has a brighter column of the image, or more of some ids. Classes come in order, so that
 * ranks lack some of them. */
static void fill_rows(int modulus) {
  uint32_t state = 5;
  for (int64_t i = 0; i < ROWS; i++) {
    rows.labels[i] = (int32_t)(i * CLASSES / ROWS);
    rows.targets[i] = 100 + (double)rows.labels[i] * 10 + (double)(i % 4);
    rows.weights[i] = (float)(i % 5) / 2;
    for (int64_t j = 0; j < COLUMNS; j++) {
      state = state * 1664525u + 1013904223u;
      const bool bright = j % CLASSES == rows.labels[i];
      rows.bytes[i * COLUMNS + j] = (uint8_t)((state >> 24) / (bright ? 1 : 2) % (uint32_t)modulus);
    }
  }
}

typedef struct training {
  const char *params, *optimizer;
  bool images, weighted, regression, validated;
  const char *checkpoint; /* or NULL */
} training;

typedef struct trained {
  const training *what;
  clf_status status;
  char message[300];
  size_t size[MAX_RANKS];
  char *bytes[MAX_RANKS];
  float scores[ROWS * CLASSES]; /* of rank 0, for all rows */
  double loss[16], held[16];
  int64_t epochs;
} trained;

static clf_tensor *wrap(clf_context *context, const void *data, int32_t dtype, int64_t count,
                        int64_t columns) {
  const int64_t shape[] = {count, columns};
  clf_tensor *wrapped = NULL;
  ck_clf_ok(clf_tensor_wrap(&wrapped, context, data, dtype, columns > 0 ? 2 : 1, shape, NULL));
  return wrapped;
}

static clf_dataset *rows_of(clf_context *context, const training *what, int64_t first,
                            int64_t count) {
  clf_dataset *data = NULL;
  clf_tensor *x = wrap(context, rows.bytes + first * COLUMNS, CLF_U8, count, COLUMNS);
  clf_tensor *y = what->regression ? wrap(context, rows.targets + first, CLF_F64, count, 1)
                                   : wrap(context, rows.labels + first, CLF_I32, count, 0);
  ck_clf_ok(what->images ? clf_tensor_set_scale(x, 1. / 255) : CLF_OK);
  ck_clf_ok(clf_dataset_create(&data, context, x, NULL));
  ck_clf_ok(what->regression ? clf_dataset_set_targets(data, y) : clf_dataset_set_labels(data, y));
  if (what->weighted) {
    clf_tensor *weights = wrap(context, rows.weights + first, CLF_F32, count, 0);
    ck_clf_ok(clf_dataset_set_weights(data, weights));
    clf_tensor_free(weights);
  }
  clf_tensor_free(x);
  clf_tensor_free(y);
  return data;
}

static int64_t copy_history(const clf_model *model, const char *name, double *out) {
  clf_tensor *tensor = NULL;
  if (clf_model_tensor(&tensor, model, name) != CLF_OK) {
    return 0;
  }
  const int64_t count = clf_tensor_count(tensor);
  memcpy(out, clf_tensor_data(tensor), (size_t)count * sizeof *out);
  clf_tensor_free(tensor);
  return count;
}

static void train_rank(struct rank *rank) {
  trained *t = rank->user;
  const training *what = t->what;
  clf_model *model = NULL;
  clf_optimizer *optimizer = NULL;
  int64_t first, count;
  ck_clf_ok(clf_shard_range(rank->context, ROWS, rank->index, rank->all->count, &first, &count));
  clf_dataset *data = count > 0 ? rows_of(rank->context, what, first, count) : NULL;
  ck_clf_ok(clf_model_create(&model, rank->context, "network", what->params));
  if (what->checkpoint != NULL) {
    ck_clf_ok(clf_model_set_text(model, "checkpoint", what->checkpoint));
  }
  if (what->optimizer != NULL) {
    ck_clf_ok(clf_optimizer_create(&optimizer, rank->context, what->optimizer, NULL));
  }
  ck_clf_ok(
      clf_shard_range(rank->context, ROWS / 2, rank->index, rank->all->count, &first, &count));
  clf_dataset *held_out =
      what->validated && count > 0 ? rows_of(rank->context, what, 2 * first, 2 * count) : NULL;
  const clf_status status = clf_model_fit(model, data, optimizer, held_out);
  if (rank->index == 0) {
    t->status = status;
    snprintf(t->message, sizeof t->message, "%s", clf_last_error());
  }
  if (status >= 0) {
    ck_clf_ok(clf_model_save_memory(model, NULL, 0, &t->size[rank->index]));
    t->bytes[rank->index] = malloc(t->size[rank->index]);
    ck_clf_ok(clf_model_save_memory(model, t->bytes[rank->index], t->size[rank->index],
                                    &t->size[rank->index]));
  }
  if (status >= 0 && rank->index == 0) {
    clf_dataset *all = rows_of(rank->context, what, 0, ROWS);
    ck_clf_ok(clf_model_decision_function(model, all, t->scores, ROWS * CLASSES));
    t->epochs = copy_history(model, "history_loss", t->loss);
    copy_history(model, "history_validation_loss", t->held);
    clf_dataset_free(all);
  }
  clf_optimizer_free(optimizer);
  clf_model_free(model);
  clf_dataset_free(held_out);
  clf_dataset_free(data);
}

/* With no ranks, a context without a communicator. */
static void train(trained *t, int32_t ranks, int threads) {
  char params[40];
  struct ranks all;
  snprintf(params, sizeof params, "threads=%d seed=3 shards=6", threads); /* one of 7 has none */
  open_ranks(&all, ranks > 0 ? ranks : 1, params, ranks == 3);
  if (ranks == 0) {
    ck_clf_ok(clf_context_set_communicator(all.rank[0].context, NULL));
  }
  run_ranks(&all, train_rank, t);
  close_ranks(&all);
  for (int32_t rank = 1; rank < ranks && t->status >= 0; rank++) {
    ck_assert_uint_eq(t->size[rank], t->size[0]);
    ck_assert_mem_eq(t->bytes[rank], t->bytes[0], t->size[0]);
    free(t->bytes[rank]);
  }
}

static const training trainings[] = {
    {.params = "epochs=2 batch_size=40 accumulation=2 validation_split=0.2 averaging=0.9 "
               "layers='dropout rate=0.2; dense units=12 activation=tanh; dense units=3'",
     .images = true,
     .weighted = true},
    {.params = "epochs=2 batch_size=30 input=6,6,1 augment='shift=1 flip=0.5' clip_norm=1 "
               "class_weight=balanced layers='conv2d filters=4 kernel=3; batch_norm; activation "
               "function=relu; "
               "max_pool2d size=2; flatten; dense units=3'",
     .optimizer = "sgd",
     .images = true},
    {.params = "epochs=2 batch_size=16 layers='embedding vocabulary=9 units=5 dropout=0.1; "
               "lstm units=6 dropout=0.2; dense units=3'"},
    {.params = "epochs=2 batch_size=5 layers='embedding vocabulary=9 units=5; batch_norm; "
               "gru units=6 bidirectional=true; dense units=3'"},
    {.params = "epochs=3 batch_size=40 patience=2 validation_split=0.3 loss=squared_error "
               "layers='dense units=8 activation=tanh; dense'",
     .images = true,
     .regression = true},
    {.params = "epochs=3 batch_size=40 patience=1 layers='dense units=8 activation=tanh; dense "
               "units=3'",
     .images = true,
     .weighted = true,
     .validated = true},
};
enum { TRAININGS = sizeof trainings / sizeof *trainings };

TEST_LOOP(trainings_of_ranks__are_those_of_one_process, 0, TRAININGS) {
  const training *what = &trainings[_i];
  trained alone = {.what = what};
  fill_rows(what->images ? 256 : IDS);
  train(&alone, 0, 1);
  ck_assert_msg(alone.status == CLF_OK, "%s", alone.message);
  for (int n = 0; n < RANK_COUNTS; n++) {
    trained now = {.what = what};
    train(&now, rank_counts[n], 1 + n % 2);
    ck_assert_msg(now.status == CLF_OK, "%s", now.message);
    ck_assert_int_eq(now.epochs, alone.epochs);
    for (int64_t i = 0; i < now.epochs; i++) {
      ck_assert_double_eq_tol(now.loss[i], alone.loss[i], 1e-6 * fabs(alone.loss[i]));
      ck_assert_double_eq_tol(now.held[i], alone.held[i], 1e-6 * fabs(alone.held[i]) + 1e-30);
    }
    for (int i = 0; i < ROWS * (what->regression ? 1 : CLASSES); i++) {
      ck_assert_float_eq_tol(now.scores[i], alone.scores[i],
                             1e-5F * fmaxf(1, fabsf(now.scores[i])));
    }
    ck_assert(rank_counts[n] > 1 || memcmp(now.bytes[0], alone.bytes[0], now.size[0]) == 0);
    free(now.bytes[0]);
  }
  free(alone.bytes[0]);
}

#define RESUMED                                                                                    \
  "batch_size=32 checkpoint_interval=2 layers='dense units=6 activation=tanh; dense units=3' "

/* Two epochs on two ranks, whose file three ranks and then one process go on from. */
TEST(checkpoint__is_of_any_number_of_ranks) {
  static const char *const params[] = {RESUMED "epochs=2", RESUMED "epochs=4", RESUMED "epochs=6"};
  static const int32_t ranks[] = {2, 3, 0};
  char path[] = "/tmp/clf_ranks_XXXXXX";
  const int file = mkstemp(path);
  ck_assert_int_ge(file, 0);
  close(file);
  unlink(path);
  fill_rows(256);
  for (int i = 0; i < 3; i++) {
    const training parts = {.params = params[i], .images = true, .checkpoint = path};
    const training whole = {.params = params[i], .images = true};
    trained now = {.what = &parts}, alone = {.what = &whole};
    train(&now, ranks[i], 1);
    train(&alone, 0, 1);
    ck_assert_msg(now.status == CLF_OK, "%s", now.message);
    ck_assert_int_eq(now.epochs, 2 * (i + 1));
    for (int64_t k = 0; k < now.epochs; k++) {
      ck_assert_double_eq_tol(now.loss[k], alone.loss[k], 1e-6 * alone.loss[k]);
    }
    free(now.bytes[0]);
    free(alone.bytes[0]);
  }
  ck_assert_int_eq(unlink(path), 0);
}

static void train_otherwise(struct rank *rank) {
  trained *t = rank->user;
  training own = *t->what;
  own.optimizer = rank->index == 1 ? "sgd" : "adam";
  trained other = {.what = &own};
  const struct rank before = *rank;
  rank->user = &other;
  train_rank(rank);
  rank->user = before.user;
  if (rank->index == 0) {
    t->status = other.status;
    memcpy(t->message, other.message, sizeof t->message);
  }
}

TEST(ranks_with_other_optimizers__are_refused) {
  const training what = {.params = RESUMED};
  trained t = {.what = &what};
  struct ranks all;
  fill_rows(256);
  open_ranks(&all, 2, "threads=1", false);
  run_ranks(&all, train_otherwise, &t);
  close_ranks(&all);
  ck_assert_int_eq(t.status, CLF_ERROR_PEER);
  ck_assert_ptr_nonnull(strstr(t.message, "differ in 'optimizer'"));
}
