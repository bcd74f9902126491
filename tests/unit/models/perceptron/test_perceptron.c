/* The perceptron against a plain one written out here, which averages by adding every step's
 * weights up. */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "ops_support.h"

enum { ROWS = 200, COLUMNS = 9, CLASSES = 4, SIZE = COLUMNS + 1 };

typedef struct problem {
  float x[ROWS * COLUMNS];
  float weights[ROWS];
  int32_t labels[ROWS];
} problem;

/* Small integers, so that every sum is exact in single precision and orders of summation agree. */
static problem make_problem(uint64_t seed) {
  problem p;
  for (int i = 0; i < ROWS; i++) {
    p.labels[i] = i % CLASSES;
    p.weights[i] = (float)(int)(3 * random_unit(&seed));
    for (int j = 0; j < COLUMNS; j++) {
      bool present = random_unit(&seed) < 0.6;
      p.x[i * COLUMNS + j] =
          present ? (float)(int)(10 * random_unit(&seed) + (j == p.labels[i] ? 3 : 0)) : 0;
    }
  }
  return p;
}

typedef struct settings {
  int epochs;
  bool averaged, one_vs_rest, intercept;
  double rate;
} settings;

typedef struct reference {
  double w[CLASSES][SIZE]; /* the last place of a row is its intercept */
  double share;            /* of mistakes in the last epoch */
} reference;

static double score(const double *w, const float *x) {
  double z = w[COLUMNS];
  for (int j = 0; j < COLUMNS; j++) {
    z += w[j] * (double)x[j];
  }
  return z;
}

static void add(double *w, double amount, const float *x, bool intercept) {
  for (int j = 0; j < COLUMNS; j++) {
    w[j] += amount * (double)x[j];
  }
  w[COLUMNS] += intercept ? amount : 0;
}

static int learn_row(double w[CLASSES][SIZE], const settings *s, const float *x, int y,
                     double weight) {
  double z[CLASSES];
  int rival = -1, mistakes = 0;
  for (int k = 0; k < CLASSES; k++) {
    z[k] = score(w[k], x);
    rival = k != y && (rival < 0 || z[k] > z[rival]) ? k : rival;
  }
  if (!s->one_vs_rest && z[y] <= z[rival]) {
    add(w[y], s->rate * weight, x, s->intercept);
    add(w[rival], -s->rate * weight, x, s->intercept);
    return 1;
  }
  for (int k = 0; s->one_vs_rest && k < CLASSES; k++) {
    double t = k == y ? 1 : -1;
    if (t * z[k] <= 0) {
      add(w[k], t * s->rate * weight, x, s->intercept);
      mistakes++;
    }
  }
  return mistakes;
}

static reference learn(const problem *p, const float *weights, settings s) {
  reference r;
  double w[CLASSES][SIZE] = {{0}}, sums[CLASSES][SIZE] = {{0}};
  int64_t steps = 0;
  for (int e = 0; e < s.epochs; e++) {
    int64_t mistakes = 0, rows = 0;
    for (int i = 0; i < ROWS; i++) {
      double weight = weights != NULL ? (double)weights[i] : 1;
      if (weight == 0) {
        continue;
      }
      mistakes += learn_row(w, &s, p->x + i * COLUMNS, p->labels[i], weight);
      rows++;
      steps++;
      for (int k = 0; k < CLASSES; k++) {
        for (int j = 0; j < SIZE; j++) {
          sums[k][j] += w[k][j];
        }
      }
    }
    r.share = (double)mistakes / (double)(rows * (s.one_vs_rest ? CLASSES : 1));
  }
  for (int k = 0; k < CLASSES; k++) {
    for (int j = 0; j < SIZE; j++) {
      r.w[k][j] = s.averaged ? sums[k][j] / (double)steps : w[k][j];
    }
  }
  return r;
}

/* A copy of the elements of a tensor of floats. */
static int64_t read_tensor(const clf_model *model, const char *name, void *out, size_t size) {
  clf_tensor *tensor = NULL;
  ck_clf_ok(clf_model_tensor(&tensor, model, name));
  int64_t count = clf_tensor_count(tensor);
  memcpy(out, clf_tensor_data(tensor), size * (size_t)count);
  clf_tensor_free(tensor);
  return count;
}

static void compare(const clf_model *model, const reference *r, double scale) {
  float w[CLASSES * COLUMNS], b[CLASSES];
  double history[100];
  read_tensor(model, "weights", w, sizeof *w);
  read_tensor(model, "intercept", b, sizeof *b);
  for (int k = 0; k < CLASSES; k++) {
    for (int j = 0; j < COLUMNS; j++) {
      double expected = r->w[k][j] * scale;
      ck_assert_double_eq_tol((double)w[k * COLUMNS + j], expected, 1e-6 * (1 + fabs(expected)));
    }
    ck_assert_double_eq_tol((double)b[k], r->w[k][COLUMNS], 1e-6 * (1 + fabs(r->w[k][COLUMNS])));
  }
  int64_t epochs = read_tensor(model, "history_loss", history, sizeof *history);
  ck_assert_double_eq(history[epochs - 1], r->share);
}

static clf_dataset *make_data(const problem *p, bool sparse, bool weighted) {
  clf_dataset *data = sparse ? sparse_of(NULL, p->x, ROWS, COLUMNS, p->labels)
                             : dataset_of(NULL, p->x, CLF_F32, ROWS, COLUMNS, p->labels);
  if (weighted) {
    set_weights(data, p->weights);
  }
  return data;
}

static void check(const char *params, settings s) {
  problem p = make_problem(1);
  for (int variant = 0; variant < 4; variant++) {
    bool weighted = variant >= 2;
    reference r = learn(&p, weighted ? p.weights : NULL, s);
    clf_dataset *data = make_data(&p, variant % 2 == 1, weighted);
    clf_model *model = fitted(NULL, "perceptron", params, data);
    compare(model, &r, 1);
    clf_model_free(model);
    clf_dataset_free(data);
  }
}

TEST(perceptron__takes_the_steps_of_a_plain_one) {
  check("shuffle=no averaged=no epochs=1", (settings){1, false, false, true, 1});
  check("shuffle=no averaged=no epochs=7", (settings){7, false, false, true, 1});
  check("shuffle=no averaged=no epochs=3 learning_rate=0.5",
        (settings){3, false, false, true, 0.5});
  check("shuffle=no averaged=no epochs=3 fit_intercept=no", (settings){3, false, false, false, 1});
}

TEST(perceptron__averages_all_steps) {
  check("shuffle=no epochs=1", (settings){1, true, false, true, 1});
  check("shuffle=no epochs=9", (settings){9, true, false, true, 1});
  check("shuffle=no epochs=2 fit_intercept=no", (settings){2, true, false, false, 1});
}

TEST(perceptron_one_vs_rest__lets_each_class_learn_alone) {
  check("shuffle=no averaged=no epochs=4 multiclass=one_vs_rest",
        (settings){4, false, true, true, 1});
  check("shuffle=no epochs=4 multiclass=one_vs_rest", (settings){4, true, true, true, 1});
}

static void add_all(double to[CLASSES][SIZE], double factor, double w[CLASSES][SIZE]) {
  for (int k = 0; k < CLASSES; k++) {
    for (int j = 0; j < SIZE; j++) {
      to[k][j] += factor * w[k][j];
    }
  }
}

/* Shards of the same number of rows, all of weight 1. */
static reference learn_mixed(const problem *p, settings s, int shards) {
  reference r;
  double start[CLASSES][SIZE] = {{0}}, sums[CLASSES][SIZE] = {{0}};
  for (int e = 0; e < s.epochs; e++) {
    double mean[CLASSES][SIZE] = {{0}};
    int mistakes = 0;
    for (int shard = 0; shard < shards; shard++) {
      double w[CLASSES][SIZE];
      memcpy(w, start, sizeof w);
      for (int i = ROWS * shard / shards; i < ROWS * (shard + 1) / shards; i++) {
        mistakes += learn_row(w, &s, p->x + i * COLUMNS, p->labels[i], 1);
        add_all(sums, 1. / (ROWS * s.epochs), w);
      }
      add_all(mean, 1. / shards, w);
    }
    memcpy(start, mean, sizeof start);
    r.share = (double)mistakes / (ROWS * (s.one_vs_rest ? CLASSES : 1));
  }
  memcpy(r.w, s.averaged ? sums : start, sizeof r.w);
  return r;
}

/* Two shards, and few epochs, so that the means are exact in single precision. */
TEST(perceptron_mixed__is_the_mean_of_what_the_shards_learn) {
  static const char *const params[] = {"mixed=yes shuffle=no averaged=no epochs=3",
                                       "mixed=yes shuffle=no epochs=4",
                                       "mixed=yes shuffle=no epochs=2 multiclass=one_vs_rest"};
  static const settings as[] = {
      {3, false, false, true, 1}, {4, true, false, true, 1}, {2, true, true, true, 1}};
  problem p = make_problem(6);
  clf_context *context = NULL;
  clf_model *refused = NULL;
  ck_clf_ok(clf_context_create(&context, NULL, "shards=2"));
  for (int variant = 0; variant < 6; variant++) {
    reference r = learn_mixed(&p, as[variant / 2], 2);
    clf_dataset *data = make_data(&p, variant % 2 == 1, false);
    clf_model *model = fitted(context, "perceptron", params[variant / 2], data);
    compare(model, &r, 1);
    clf_model_free(model);
    clf_dataset_free(data);
  }
  /* Rows that a partial fit or a fold of a cross-validation has are divided, too. */
  reference r = learn_mixed(&p, (settings){1, false, false, true, 1}, 2);
  clf_dataset *data = make_data(&p, false, false);
  clf_model *model = NULL;
  ck_clf_ok(clf_model_create(&model, context, "perceptron", "mixed=yes shuffle=no averaged=no"));
  ck_clf_ok(clf_model_partial_fit(model, data));
  compare(model, &r, 1);
  clf_model_free(model);
  clf_dataset_free(data);
  ck_clf_fails(clf_model_create(&refused, context, "perceptron", "mixed=yes kernel=rbf"),
               CLF_ERROR_ARGUMENT);
  clf_context_free(context);
}

TEST(perceptron__reads_u8_as_scaled_numbers) {
  problem p = make_problem(2);
  uint8_t pixels[ROWS * COLUMNS];
  for (int i = 0; i < ROWS * COLUMNS; i++) {
    pixels[i] = (uint8_t)p.x[i];
  }
  /* Without intercept, features 255 times smaller make weights 255 times smaller. */
  reference r = learn(&p, NULL, (settings){5, true, false, false, 1});
  clf_dataset *data = dataset_of(NULL, pixels, CLF_U8, ROWS, COLUMNS, p.labels);
  clf_model *model = fitted(NULL, "perceptron", "shuffle=no epochs=5 fit_intercept=no", data);
  compare(model, &r, 1. / 255);
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST(perceptron__class_weights_multiply_row_weights) {
  problem p = make_problem(3);
  for (int i = 0; i < ROWS; i++) {
    p.weights[i] = (float)(p.labels[i] + 1);
  }
  reference r = learn(&p, p.weights, (settings){3, true, false, true, 1});
  clf_dataset *data = make_data(&p, false, false);
  clf_model *model = fitted(NULL, "perceptron", "shuffle=no epochs=3 class_weight=1,2,3,4", data);
  compare(model, &r, 1);
  clf_model_free(model);
  clf_dataset_free(data);
}

/* Rows x of norm at most R with a margin of at least `margin` about a line through 0. */
static void make_separable(float *x, int32_t *labels, double margin) {
  uint64_t seed = 4;
  for (int i = 0; i < ROWS; i++) {
    double u, v;
    do {
      u = 2 * random_unit(&seed) - 1;
      v = 2 * random_unit(&seed) - 1;
    } while (fabs(u + v) / sqrt(2) < margin);
    x[2 * i] = (float)u;
    x[2 * i + 1] = (float)v;
    labels[i] = u + v > 0;
  }
}

TEST(perceptron__makes_no_more_mistakes_than_novikoff_allows) {
  float x[2 * ROWS];
  int32_t labels[ROWS];
  double history[1000], mistakes = 0, score = 0, margin = 0.05;
  make_separable(x, labels, margin);
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, ROWS, 2, labels);
  clf_model *model = fitted(
      NULL, "perceptron", "epochs=1000 averaged=no fit_intercept=no multiclass=one_vs_rest", data);
  int64_t epochs = read_tensor(model, "history_loss", history, sizeof *history);
  for (int64_t e = 0; e < epochs; e++) {
    mistakes += history[e] * ROWS;
  }
  ck_assert_double_le(mistakes, 2 / (margin * margin)); /* (R / margin)^2, R^2 = 2 */
  ck_assert_int_lt(epochs, 1000);
  ck_assert_double_eq(history[epochs - 1], 0);
  ck_clf_ok(clf_model_score(model, data, &score));
  ck_assert_double_eq(score, 1);
  clf_model_free(model);
  clf_dataset_free(data);
}

static void check_partial(const char *params, const char *longer, bool sparse) {
  problem p = make_problem(5);
  clf_dataset *data = make_data(&p, sparse, true);
  clf_model *parts = NULL;
  ck_clf_ok(clf_model_create(&parts, NULL, "perceptron", params));
  clf_model *whole = fitted(NULL, "perceptron", longer, data);
  for (int i = 0; i < 3; i++) {
    ck_clf_ok(clf_model_partial_fit(parts, data));
  }
  float a[CLASSES * COLUMNS], b[CLASSES * COLUMNS];
  double history[2][100];
  read_tensor(parts, "weights", a, sizeof *a);
  read_tensor(whole, "weights", b, sizeof *b);
  ck_assert_mem_eq(a, b, sizeof a);
  ck_assert_int_eq(read_tensor(parts, "history_loss", history[0], sizeof(double)), 3);
  ck_assert_int_eq(read_tensor(whole, "history_loss", history[1], sizeof(double)), 3);
  ck_assert_mem_eq(history[0], history[1], 3 * sizeof(double));
  clf_model_free(parts);
  clf_model_free(whole);
  clf_dataset_free(data);
}

TEST(perceptron__partial_fits_are_the_epochs_of_a_fit) {
  check_partial(NULL, "epochs=3", false);
  check_partial(NULL, "epochs=3", true);
  check_partial("averaged=no", "epochs=3 averaged=no", false);
  check_partial("multiclass=one_vs_rest", "epochs=3 multiclass=one_vs_rest", true);
}

/* More columns than rows, all far from 0: a pass or two find a separation, after steps along the
 * rows' mean that are far longer than what separates them. Passes that are skipped because no
 * mistake is left count in the average, as those of partial fits do. */
TEST(perceptron__averages_over_passes_that_need_not_be_made) {
  enum { FEW = 100, WIDE = 1500, EPOCHS = 100 };
  static float x[FEW * WIDE], a[2 * WIDE], b[2 * WIDE];
  int32_t labels[FEW];
  uint64_t state = 12;
  double history[2 * EPOCHS], score = 0;
  for (int i = 0; i < FEW; i++) {
    labels[i] = i % 2;
    for (int j = 0; j < WIDE; j++) {
      x[i * WIDE + j] = (float)(8 + random_normal(&state) + (j < 100 ? labels[i] : 0));
    }
  }
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, FEW, WIDE, labels);
  clf_model *whole = fitted(NULL, "perceptron", "epochs=100", data), *parts = NULL;
  ck_clf_ok(clf_model_score(whole, data, &score));
  ck_assert_double_eq(score, 1);
  ck_assert_int_lt(read_tensor(whole, "history_loss", history, sizeof(double)), EPOCHS);
  ck_clf_ok(clf_model_create(&parts, NULL, "perceptron", NULL));
  for (int i = 0; i < EPOCHS; i++) {
    ck_clf_ok(clf_model_partial_fit(parts, data));
  }
  read_tensor(whole, "weights", a, sizeof *a);
  read_tensor(parts, "weights", b, sizeof *b);
  ck_assert_mem_eq(a, b, sizeof a);
  clf_model_free(whole);
  clf_model_free(parts);
  clf_dataset_free(data);
}

TEST(perceptron__goes_on_after_being_saved) {
  problem p = make_problem(6);
  clf_dataset *data = make_data(&p, false, false);
  clf_model *model = NULL, *loaded = NULL;
  ck_clf_ok(clf_model_create(&model, NULL, "perceptron", NULL));
  ck_clf_ok(clf_model_partial_fit(model, data));
  size_t size = 0;
  ck_clf_ok(clf_model_save_memory(model, NULL, 0, &size));
  void *bytes = malloc(size);
  ck_clf_ok(clf_model_save_memory(model, bytes, size, &size));
  ck_clf_ok(clf_model_load_memory(&loaded, NULL, bytes, size));
  ck_clf_ok(clf_model_partial_fit(model, data));
  ck_clf_ok(clf_model_partial_fit(loaded, data));
  float a[CLASSES * COLUMNS], b[CLASSES * COLUMNS];
  read_tensor(model, "weights", a, sizeof *a);
  read_tensor(loaded, "weights", b, sizeof *b);
  ck_assert_mem_eq(a, b, sizeof a);
  free(bytes);
  clf_model_free(model);
  clf_model_free(loaded);
  clf_dataset_free(data);
}

TEST(perceptron__refuses_to_go_on_with_another_kind_of_average) {
  problem p = make_problem(7);
  clf_dataset *data = make_data(&p, false, false);
  clf_model *model = NULL;
  ck_clf_ok(clf_model_create(&model, NULL, "perceptron", NULL));
  ck_clf_ok(clf_model_partial_fit(model, data));
  ck_clf_ok(clf_model_set_text(model, "averaged", "no"));
  ck_clf_fails(clf_model_partial_fit(model, data), CLF_ERROR_ARGUMENT);
  ck_clf_says("averaged");
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST(perceptron__order_comes_from_the_seed) {
  static const char *const seeds[] = {"seed=1 threads=1", "seed=1 threads=4", "seed=2"};
  problem p = make_problem(8);
  float w[3][CLASSES * COLUMNS];
  for (int s = 0; s < 3; s++) {
    clf_context *context = NULL;
    ck_clf_ok(clf_context_create(&context, NULL, seeds[s]));
    clf_dataset *data = dataset_of(context, p.x, CLF_F32, ROWS, COLUMNS, p.labels);
    clf_model *model = fitted(context, "perceptron", NULL, data);
    read_tensor(model, "weights", w[s], sizeof *w[s]);
    clf_model_free(model);
    clf_dataset_free(data);
    clf_context_free(context);
  }
  ck_assert_mem_eq(w[0], w[1], sizeof w[0]);
  ck_assert_mem_ne(w[0], w[2], sizeof w[0]);
}

TEST(perceptron__every_level_of_cpu_agrees) {
  problem p = make_problem(9);
  reference r = learn(&p, NULL, (settings){4, true, false, true, 1});
  for (int level = 0; level < cpu_levels(); level++) {
    clf_context *context = context_of(level, 2);
    if (context == NULL) {
      continue;
    }
    clf_dataset *data = dataset_of(context, p.x, CLF_F32, ROWS, COLUMNS, p.labels);
    clf_model *model = fitted(context, "perceptron", "shuffle=no epochs=4", data);
    compare(model, &r, 1);
    clf_model_free(model);
    clf_dataset_free(data);
    clf_context_free(context);
  }
}

TEST(perceptron__ends_whatever_the_features) {
  static const float scales[] = {1e30F, 3e38F, 1e-30F, 0};
  problem p = make_problem(10);
  for (int s = 0; s < 4; s++) {
    float x[ROWS * COLUMNS];
    for (int i = 0; i < ROWS * COLUMNS; i++) {
      x[i] = p.x[i] / 16 * scales[s];
    }
    clf_dataset *data = dataset_of(NULL, x, CLF_F32, ROWS, COLUMNS, p.labels);
    clf_model *model = NULL;
    ck_clf_ok(clf_model_create(&model, NULL, "perceptron", NULL));
    clf_status status = clf_model_fit(model, data, NULL, NULL);
    ck_assert(status == CLF_OK || status == CLF_ERROR_NUMERIC);
    clf_model_free(model);
    clf_dataset_free(data);
  }
}

static void count_short_rows(void *user, int32_t level, const char *message) {
  *(int *)user += level == CLF_LOG_WARNING && strstr(message, "squared lengths") != NULL;
}

/* Once a fit, or once for all partial fits; not where there is no intercept. */
TEST(perceptron__warns_of_rows_that_are_short_beside_its_intercept) {
  static const struct {
    const char *params;
    float unit;
    bool sparse;
    int warnings;
  } cases[] = {{NULL, 1, false, 0},          {NULL, 1e-3F, false, 1},
               {NULL, 1e-30F, false, 1},     {NULL, 1e-3F, true, 1},
               {NULL, 1, true, 0},           {"fit_intercept=false", 1e-3F, false, 0},
               {"epochs=1", 1e-3F, false, 1}};
  problem p = make_problem(12);
  for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
    float x[ROWS * COLUMNS];
    int warnings = 0;
    clf_context *context = NULL;
    clf_model *model = NULL;
    ck_clf_ok(clf_context_create(&context, NULL, NULL));
    ck_clf_ok(clf_context_set_log(context, count_short_rows, &warnings));
    for (int i = 0; i < ROWS * COLUMNS; i++) {
      x[i] = p.x[i] * cases[c].unit;
    }
    clf_dataset *data = cases[c].sparse ? sparse_of(context, x, ROWS, COLUMNS, p.labels)
                                        : dataset_of(context, x, CLF_F32, ROWS, COLUMNS, p.labels);
    ck_clf_ok(clf_model_create(&model, context, "perceptron", cases[c].params));
    ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
    ck_assert_int_eq(warnings, cases[c].warnings);
    ck_clf_ok(clf_model_partial_fit(model, data));
    ck_assert_int_eq(warnings, cases[c].warnings);
    clf_model_free(model);
    clf_dataset_free(data);
    clf_context_free(context);
  }
}

static int32_t cancel_at_2(void *user, const clf_progress *progress) {
  (void)user;
  return progress->step >= 2;
}

TEST(perceptron__can_be_cancelled) {
  problem p = make_problem(11);
  clf_context *context = NULL;
  ck_clf_ok(clf_context_create(&context, NULL, NULL));
  ck_clf_ok(clf_context_set_progress(context, cancel_at_2, NULL));
  clf_dataset *data = dataset_of(context, p.x, CLF_F32, ROWS, COLUMNS, p.labels);
  clf_model *model = NULL;
  ck_clf_ok(clf_model_create(&model, context, "perceptron", NULL));
  ck_clf_fails(clf_model_fit(model, data, NULL, NULL), CLF_ERROR_CANCELLED);
  clf_model_free(model);
  clf_dataset_free(data);
  clf_context_free(context);
}

TEST(perceptron__parameters_have_bounds) {
  static const char *const wrong[] = {"epochs=0", "learning_rate=0", "learning_rate=-1",
                                      "multiclass=ovr", "averaged=2"};
  for (int i = 0; i < 5; i++) {
    clf_model *model = NULL;
    ck_clf_fails(clf_model_create(&model, NULL, "perceptron", wrong[i]), CLF_ERROR_ARGUMENT);
  }
}

/* So many classes that the scores of some rows are computed ahead, and W changes in between. */
TEST(perceptron__of_many_classes_learns_rows_one_after_another) {
  enum { MANY = 600, EACH = 3, D = 5 };
  static float x[MANY * EACH * D];
  static double w[MANY][D + 1];
  static int32_t labels[MANY * EACH];
  uint64_t seed = 31;
  for (int i = 0; i < MANY * EACH; i++) {
    labels[i] = (i % MANY) * 7 % MANY;
    for (int j = 0; j < D; j++) {
      x[i * D + j] = (float)(int)(20 * random_unit(&seed));
    }
  }
  for (int step = 0; step < 2 * MANY * EACH; step++) {
    const float *row = x + step % (MANY * EACH) * D;
    const int y = labels[step % (MANY * EACH)];
    double z[MANY];
    int rival = y == 0;
    for (int k = 0; k < MANY; k++) {
      z[k] = w[k][D];
      for (int j = 0; j < D; j++) {
        z[k] += w[k][j] * (double)row[j];
      }
      rival = k != y && z[k] > z[rival] ? k : rival;
    }
    for (int j = 0; j <= D && z[y] <= z[rival]; j++) {
      w[y][j] += j < D ? (double)row[j] : 1;
      w[rival][j] -= j < D ? (double)row[j] : 1;
    }
  }
  for (int threads = 1; threads <= 2; threads++) {
    clf_context *context = NULL;
    ck_clf_ok(clf_context_create(&context, NULL, threads == 1 ? "threads=1" : "threads=2"));
    clf_dataset *data = dataset_of(context, x, CLF_F32, MANY * EACH, D, labels);
    clf_model *model = fitted(context, "perceptron", "epochs=2 averaged=false shuffle=false", data);
    clf_tensor *weights = NULL, *intercept = NULL;
    const float *found = fitted_data(model, "weights", &weights);
    const float *b = fitted_data(model, "intercept", &intercept);
    for (int k = 0; k < MANY; k++) {
      for (int j = 0; j < D; j++) {
        ck_assert_double_eq((double)found[k * D + j], w[k][j]);
      }
      ck_assert_double_eq((double)b[k], w[k][D]);
    }
    clf_tensor_free(weights);
    clf_tensor_free(intercept);
    clf_model_free(model);
    clf_dataset_free(data);
    clf_context_free(context);
  }
}

SUITE("perceptron")
