/* Fisher against closed forms: the two-class direction, the Gaussian posterior, whitened axes. */
#include <math.h>
#include <string.h>

#include "support.h"

enum { ROWS = 300, CLASSES = 3 };

/* Three classes of unequal size around (0,0), (4,1), (1,5), with correlated features. */
static void make_rows(float *x, int32_t *labels) {
  static const double centers[CLASSES][2] = {{0, 0}, {4, 1}, {1, 5}};
  uint64_t seed = 11;
  for (int i = 0; i < ROWS; i++) {
    labels[i] = i % 6 < 3 ? 0 : i % 6 < 5 ? 1 : 2;
    double a = random_normal(&seed);
    double b = random_normal(&seed);
    x[2 * i] = (float)(centers[labels[i]][0] + a);
    x[2 * i + 1] = (float)(centers[labels[i]][1] + 0.6 * a + 0.5 * b);
  }
}

/* Means, priors and the covariance within, with the given divisor. */
typedef struct moments {
  double mean[CLASSES][2], prior[CLASSES], covariance[2][2];
} moments;

static moments measure(const float *x, const int32_t *labels, double divisor) {
  moments m = {{{0}}, {0}, {{0}}};
  for (int i = 0; i < ROWS; i++) {
    m.prior[labels[i]] += 1;
    m.mean[labels[i]][0] += (double)x[2 * i];
    m.mean[labels[i]][1] += (double)x[2 * i + 1];
  }
  for (int k = 0; k < CLASSES; k++) {
    m.mean[k][0] /= m.prior[k];
    m.mean[k][1] /= m.prior[k];
    m.prior[k] /= ROWS;
  }
  for (int i = 0; i < ROWS; i++) {
    for (int a = 0; a < 2; a++) {
      for (int b = 0; b < 2; b++) {
        m.covariance[a][b] += ((double)x[2 * i + a] - m.mean[labels[i]][a]) *
                              ((double)x[2 * i + b] - m.mean[labels[i]][b]) / divisor;
      }
    }
  }
  return m;
}

/* ln p_k - (x - m_k)^T S^-1 (x - m_k) / 2 for a 2 x 2 covariance. */
static double log_posterior(const moments *m, const float *x, int k) {
  double(*s)[2] = (double(*)[2])m->covariance;
  double determinant = s[0][0] * s[1][1] - s[0][1] * s[1][0];
  double a = (double)x[0] - m->mean[k][0];
  double b = (double)x[1] - m->mean[k][1];
  return log(m->prior[k]) -
         (s[1][1] * a * a - 2 * s[0][1] * a * b + s[0][0] * b * b) / (2 * determinant);
}

static void check_posterior(const char *params, const moments *m, const float *x,
                            const clf_dataset *data) {
  clf_model *model = fitted(NULL, "fisher", params, data);
  static float p[ROWS * CLASSES];
  ck_clf_ok(clf_model_predict_proba(model, data, p, ROWS * CLASSES));
  for (int i = 0; i < ROWS; i++) {
    double sum = 0;
    for (int k = 0; k < CLASSES; k++) {
      sum += exp(log_posterior(m, x + 2 * i, k));
    }
    for (int k = 0; k < CLASSES; k++) {
      ck_assert_double_eq_tol((double)p[i * CLASSES + k], exp(log_posterior(m, x + 2 * i, k)) / sum,
                              1e-4);
    }
  }
  clf_model_free(model);
}

TEST(fisher__gives_the_gaussian_posterior) {
  static float x[ROWS * 2];
  int32_t labels[ROWS];
  make_rows(x, labels);
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, ROWS, 2, labels);
  moments m = measure(x, labels, ROWS);
  check_posterior(NULL, &m, x, data);
  clf_dataset *sparse = sparse_of(NULL, x, ROWS, 2, labels);
  check_posterior(NULL, &m, x, sparse);
  for (int k = 0; k < CLASSES; k++) {
    m.prior[k] = 1.0 / CLASSES;
  }
  check_posterior("priors=2,2,2", &m, x, data);
  clf_dataset_free(data);
  clf_dataset_free(sparse);
}

TEST(fisher__divides_by_the_rows_minus_the_classes_where_asked) {
  static float x[ROWS * 2];
  int32_t labels[ROWS];
  float weights[ROWS];
  clf_model *model = NULL;
  make_rows(x, labels);
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, ROWS, 2, labels);
  const moments m = measure(x, labels, ROWS - CLASSES);
  check_posterior("unbiased=true", &m, x, data);
  for (int i = 0; i < ROWS; i++) {
    weights[i] = 0.01F; /* 3 in all */
  }
  set_weights(data, weights);
  ck_clf_ok(clf_model_create(&model, NULL, "fisher", "unbiased=true"));
  ck_clf_fails(clf_model_fit(model, data, NULL, NULL), CLF_ERROR_DATA);
  ck_clf_says("above the number of classes");
  ck_clf_fails(clf_model_set_text(model, "shrinkage", "auto"), CLF_ERROR_ARGUMENT);
  ck_clf_says("unbiased=false");
  clf_model_free(model);
  clf_dataset_free(data);
}

/* The map is in the units of the features, however far from 0 they are. */
TEST_LOOP(fisher__tells_means_and_priors, 0, 2) {
  static float x[ROWS * 2];
  static double far[ROWS * 2];
  int32_t labels[ROWS];
  clf_tensor *tensor = NULL;
  make_rows(x, labels);
  const double shift = _i == 0 ? 0 : 1e9;
  for (int i = 0; i < ROWS * 2; i++) {
    far[i] = (double)x[i] + shift;
  }
  const moments m = measure(x, labels, ROWS);
  clf_dataset *data = dataset_of(NULL, far, CLF_F64, ROWS, 2, labels);
  clf_model *model = fitted(NULL, "fisher", NULL, data);
  const double *means = fitted_data(model, "class_means", &tensor);
  for (int k = 0; k < CLASSES; k++) {
    ck_assert_double_eq_tol(means[2 * k], m.mean[k][0] + shift, 1e-15 * shift + 1e-12);
    ck_assert_double_eq_tol(means[2 * k + 1], m.mean[k][1] + shift, 1e-15 * shift + 1e-12);
  }
  clf_tensor_free(tensor);
  const double *priors = fitted_data(model, "priors", &tensor);
  for (int k = 0; k < CLASSES; k++) {
    ck_assert_double_eq_tol(priors[k], m.prior[k], 1e-15);
  }
  clf_tensor_free(tensor);
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST(fisher__shrinks_towards_the_mean_variance) {
  static float x[ROWS * 2];
  int32_t labels[ROWS];
  make_rows(x, labels);
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, ROWS, 2, labels);
  moments m = measure(x, labels, ROWS);
  double mean = (m.covariance[0][0] + m.covariance[1][1]) / 2;
  for (int a = 0; a < 2; a++) {
    for (int b = 0; b < 2; b++) {
      m.covariance[a][b] = 0.7 * m.covariance[a][b] + (a == b ? 0.3 * mean : 0);
    }
  }
  check_posterior("shrinkage=0.3", &m, x, data);
  clf_dataset_free(data);
}

TEST(fisher__transform_whitens_the_classes) {
  static float x[ROWS * 2], z[ROWS * 2];
  int32_t labels[ROWS];
  make_rows(x, labels);
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, ROWS, 2, labels);
  clf_model *model = fitted(NULL, "fisher", NULL, data);
  int64_t components = 0;
  ck_clf_ok(clf_model_project(model, data, NULL, 0, &components));
  ck_assert_int_eq(components, 2);
  ck_clf_ok(clf_model_project(model, data, z, ROWS * 2, NULL));
  moments m = measure(z, labels, ROWS);
  ck_assert_double_eq_tol(m.covariance[0][0], 1, 1e-3);
  ck_assert_double_eq_tol(m.covariance[1][1], 1, 1e-3);
  ck_assert_double_eq_tol(m.covariance[0][1], 0, 1e-3);
  /* The first axis spreads the means most. */
  double spread[2] = {0, 0};
  for (int k = 0; k < CLASSES; k++) {
    spread[0] += m.prior[k] * m.mean[k][0] * m.mean[k][0];
    spread[1] += m.prior[k] * m.mean[k][1] * m.mean[k][1];
  }
  ck_assert_double_gt(spread[0], spread[1]);
  clf_model_free(model);
  model = fitted(NULL, "fisher", "components=1", data);
  ck_clf_ok(clf_model_project(model, data, NULL, 0, &components));
  ck_assert_int_eq(components, 1);
  clf_model_free(model);
  clf_dataset_free(data);
}

/* The difference of two features separates classes that their sum separates 1e8 times as far. */
TEST(fisher__axes_of_many_classes_include_small_differences) {
  enum { MANY = 201, EACH = 20 };
  static double x[MANY * EACH * 2];
  static int32_t labels[MANY * EACH];
  uint64_t seed = 22;
  double sum = 0, difference = 0;
  for (int i = 0; i < MANY * EACH; i++) {
    sum = i % EACH == 0 ? 1e4 * random_normal(&seed) : sum;
    difference = i % EACH == 0 ? 3e-4 * random_normal(&seed) : difference;
    const double u = sum + random_normal(&seed), v = difference + 1e-4 * random_normal(&seed);
    labels[i] = i / EACH;
    x[2 * i] = u + v;
    x[2 * i + 1] = u - v;
  }
  clf_dataset *data = dataset_of(NULL, x, CLF_F64, MANY * EACH, 2, labels);
  clf_model *model = fitted(NULL, "fisher", "precision=f64", data);
  clf_tensor *tensor = NULL;
  const double *explained = fitted_data(model, "explained_ratio", &tensor);
  ck_assert_int_eq(clf_tensor_count(tensor), 2);
  ck_assert_double_gt(explained[1], 1e-9);
  clf_tensor_free(tensor);
  clf_model_free(model);
  clf_dataset_free(data);
}

/* As many features as many classes: the first axes have a unit variance within the classes, no
 * covariance, and shares of the variance between them that descend. */
TEST(fisher__axes_of_many_features_and_classes_whiten_them) {
  enum { MANY = 200, EACH = 3, D = 205, AXES = 3, ALL = MANY * EACH };
  static float x[ALL * D], z[ALL * AXES];
  static int32_t labels[ALL];
  uint64_t seed = 24;
  for (int i = 0; i < ALL; i++) {
    labels[i] = i / EACH;
    for (int j = 0; j < D; j++) {
      static double mean[D];
      mean[j] = i % EACH == 0 ? random_normal(&seed) * (j < AXES ? 10 - j : 1) : mean[j];
      x[i * D + j] = (float)(mean[j] + random_normal(&seed));
    }
  }
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, ALL, D, labels);
  clf_model *model = fitted(NULL, "fisher", "components=3", data);
  ck_clf_ok(clf_model_project(model, data, z, ALL * AXES, NULL));
  double within[AXES][AXES] = {{0}}, between[AXES][AXES] = {{0}};
  for (int k = 0; k < MANY; k++) {
    for (int a = 0; a < AXES * AXES; a++) {
      double mean[2] = {0, 0};
      for (int i = k * EACH; i < (k + 1) * EACH; i++) {
        mean[0] += (double)z[i * AXES + a / AXES] / EACH;
        mean[1] += (double)z[i * AXES + a % AXES] / EACH;
      }
      between[a / AXES][a % AXES] += mean[0] * mean[1] / MANY;
      for (int i = k * EACH; i < (k + 1) * EACH; i++) {
        within[a / AXES][a % AXES] += ((double)z[i * AXES + a / AXES] - mean[0]) *
                                      ((double)z[i * AXES + a % AXES] - mean[1]) / ALL;
      }
    }
  }
  for (int a = 0; a < AXES * AXES; a++) {
    const bool same = a / AXES == a % AXES;
    ck_assert_double_eq_tol(within[a / AXES][a % AXES], same, 1e-3);
    ck_assert(same || fabs(between[a / AXES][a % AXES]) < 1e-3 * between[0][0]);
  }
  ck_assert(between[0][0] > between[1][1] && between[1][1] > between[2][2]);
  clf_model_free(model);
  clf_dataset_free(data);
}

/* Of two nearly equal features, against S^-1 (m_k - m) by determinants. */
TEST(fisher__directions_of_many_classes_solve_the_equations) {
  enum { MANY = 260, EACH = 5 };
  static double x[MANY * EACH * 2], mean[MANY][2];
  static int32_t labels[MANY * EACH];
  double all[2] = {0}, S[2][2] = {{0}};
  uint64_t seed = 23;
  for (int i = 0; i < MANY * EACH; i++) {
    static double of_class[2];
    for (int j = 0; j < 2; j++) {
      of_class[j] = i % EACH == 0 ? random_normal(&seed) : of_class[j];
      x[2 * i + j] = of_class[j] + random_normal(&seed);
    }
    x[2 * i + 1] = x[2 * i] + 1e-3 * x[2 * i + 1];
    labels[i] = i / EACH;
    for (int j = 0; j < 2; j++) {
      mean[labels[i]][j] += x[2 * i + j] / EACH;
      all[j] += x[2 * i + j] / (MANY * EACH);
    }
  }
  for (int i = 0; i < MANY * EACH; i++) {
    const double u = x[2 * i] - mean[labels[i]][0], v = x[2 * i + 1] - mean[labels[i]][1];
    S[0][0] += u * u / (MANY * EACH);
    S[0][1] += u * v / (MANY * EACH);
    S[1][1] += v * v / (MANY * EACH);
  }
  const double determinant = S[0][0] * S[1][1] - S[0][1] * S[0][1];
  clf_dataset *data = dataset_of(NULL, x, CLF_F64, MANY * EACH, 2, labels);
  clf_model *model = fitted(NULL, "fisher", NULL, data);
  clf_tensor *tensor = NULL;
  const double *weights = fitted_data(model, "weights_f64", &tensor);
  double error = 0, size = 0;
  for (int k = 0; k < MANY; k++) {
    const double u = mean[k][0] - all[0], v = mean[k][1] - all[1];
    const double expected[2] = {(S[1][1] * u - S[0][1] * v) / determinant,
                                (S[0][0] * v - S[0][1] * u) / determinant};
    for (int j = 0; j < 2; j++) {
      error = fmax(error, fabs(weights[2 * k + j] - expected[j]));
      size = fmax(size, fabs(expected[j]));
    }
  }
  ck_assert_double_lt(error, 1e-6 * size); /* the determinants lose 6 digits */
  clf_tensor_free(tensor);
  clf_model_free(model);
  clf_dataset_free(data);
}

/* Features without differences of class means but for one, and one without any variance. */
TEST(fisher__many_classes_may_differ_along_a_line) {
  enum { MANY = 260, EACH = 3, D = 4 };
  static float x[MANY * EACH * D];
  static int32_t labels[MANY * EACH];
  for (int i = 0; i < MANY * EACH; i++) {
    const int k = i / EACH, step = i % EACH - 1;
    labels[i] = k;
    x[i * D] = (float)(k + step * 0.25);
    x[i * D + 1] = 2 * x[i * D];
    x[i * D + 2] = 7;
    x[i * D + 3] = (float)(step * step);
  }
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, MANY * EACH, D, labels);
  clf_model *model = fitted(NULL, "fisher", NULL, data);
  clf_tensor *tensor = NULL;
  const double *explained = fitted_data(model, "explained_ratio", &tensor);
  ck_assert_int_eq(clf_tensor_count(tensor), 1);
  ck_assert_double_eq_tol(explained[0], 1, 1e-12);
  double score = 0;
  ck_clf_ok(clf_model_score(model, data, &score));
  ck_assert_double_eq_tol(score, 1, 1e-12);
  clf_tensor_free(tensor);
  clf_model_free(model);
  clf_dataset_free(data);
}

/* More classes than features, and so many that the axes come from a problem of the features. */
TEST(fisher__axes_of_many_classes_whiten_them) {
  enum { MANY = 300, EACH = 4, D = 3 };
  static float x[MANY * EACH * D], z[MANY * EACH * D];
  static int32_t labels[MANY * EACH];
  double within[D][D] = {{0}}, between[D][D] = {{0}};
  uint64_t seed = 21;
  for (int i = 0; i < MANY * EACH; i++) {
    labels[i] = i / EACH;
    for (int j = 0; j < D; j++) {
      static double mean[D];
      mean[j] = i % EACH == 0 ? random_normal(&seed) * (3 - j) : mean[j];
      x[i * D + j] = (float)((mean[j] + random_normal(&seed)) * (j == 1 ? 1e4 : 1));
    }
  }
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, MANY * EACH, D, labels);
  clf_model *model = fitted(NULL, "fisher", NULL, data);
  ck_clf_ok(clf_model_project(model, data, z, MANY * EACH * D, NULL));
  for (int k = 0; k < MANY; k++) {
    double mean[D] = {0};
    for (int i = k * EACH; i < (k + 1) * EACH; i++) {
      for (int j = 0; j < D; j++) {
        mean[j] += (double)z[i * D + j] / EACH;
      }
    }
    for (int a = 0; a < D * D; a++) {
      between[a / D][a % D] += mean[a / D] * mean[a % D] / MANY;
      for (int i = k * EACH; i < (k + 1) * EACH; i++) {
        within[a / D][a % D] += ((double)z[i * D + a / D] - mean[a / D]) *
                                ((double)z[i * D + a % D] - mean[a % D]) / (MANY * EACH);
      }
    }
  }
  clf_tensor *tensor = NULL;
  const double *explained = fitted_data(model, "explained_ratio", &tensor);
  const double total = between[0][0] + between[1][1] + between[2][2];
  for (int a = 0; a < D * D; a++) {
    ck_assert_double_eq_tol(within[a / D][a % D], a / D == a % D ? 1 : 0, 1e-4);
    ck_assert_double_eq_tol(between[a / D][a % D] / total, a / D == a % D ? explained[a / D] : 0,
                            1e-4);
  }
  ck_assert(explained[0] > explained[1] && explained[1] > explained[2]);
  clf_tensor_free(tensor);
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST(fisher__uses_features_constant_in_every_class) {
  float x[] = {0, 3, 0, 4, 0, 5, 1, 3, 1, 4, 1, 5};
  int32_t labels[] = {0, 0, 0, 1, 1, 1};
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, 6, 2, labels);
  clf_model *model = fitted(NULL, "fisher", NULL, data);
  double score = 0;
  ck_clf_ok(clf_model_score(model, data, &score));
  ck_assert_double_eq(score, 1);
  clf_model_free(model);
  clf_dataset_free(data);
}

/* A row of weight 2 counts as the row twice. Only the ratios of the weights matter, except for
 * shrinkage=auto, which depends on the number of rows. */
TEST_LOOP(fisher__weights_are_repetitions_of_rows, 0, 8) {
  static const char *const params[] = {NULL, "shrinkage=0.3", "shrinkage=auto",
                                       "shrinkage=auto priors=3,1,1"};
  const float scale = _i % 2 == 1 && _i < 4 ? 1e-3F : 1;
  static float x[3 * ROWS * 2], weights[ROWS], expected[ROWS * CLASSES], found[ROWS * CLASSES];
  int32_t labels[3 * ROWS];
  int64_t count = 0;
  make_rows(x, labels);
  clf_dataset *weighted = dataset_of(NULL, x, CLF_F32, ROWS, 2, labels);
  clf_dataset *rows = dataset_of(NULL, x, CLF_F32, ROWS, 2, NULL);
  for (int i = 0; i < ROWS; i++) {
    weights[i] = scale * (float)(i * 7 % 4);
  }
  set_weights(weighted, weights);
  static float repeated_x[3 * ROWS * 2];
  int32_t repeated_labels[3 * ROWS];
  for (int i = 0; i < ROWS; i++) {
    for (int times = 0; times < i * 7 % 4; times++, count++) {
      memcpy(repeated_x + 2 * count, x + 2 * i, 2 * sizeof *x);
      repeated_labels[count] = labels[i];
    }
  }
  clf_dataset *repeated = dataset_of(NULL, repeated_x, CLF_F32, count, 2, repeated_labels);
  clf_model *a = fitted(NULL, "fisher", params[_i / 2], repeated);
  clf_model *b = fitted(NULL, "fisher", params[_i / 2], weighted);
  ck_clf_ok(clf_model_decision_function(a, rows, expected, ROWS * CLASSES));
  ck_clf_ok(clf_model_decision_function(b, rows, found, ROWS * CLASSES));
  for (int i = 0; i < ROWS * CLASSES;
       i++) { /* some units in the last place of decisions up to 30 */
    ck_assert_float_eq_tol(found[i], expected[i], 1e-5F);
  }
  clf_model_free(a);
  clf_model_free(b);
  clf_dataset_free(weighted);
  clf_dataset_free(repeated);
  clf_dataset_free(rows);
}

/* The decision between the classes at 1, from the closed form: (1 - 1/2) / variance, with the
 * variance that auto gives the only feature. */
static void check_lone_feature(const float *x, const int32_t *labels, int64_t rows,
                               double variance) {
  static const float ones[] = {0, 1};
  float values[4];
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, rows, 1, labels);
  clf_dataset *at = dataset_of(NULL, ones, CLF_F32, 2, 1, NULL);
  clf_model *model = fitted(NULL, "fisher", "shrinkage=auto", data);
  ck_clf_ok(clf_model_decision_function(model, at, values, 4));
  ck_assert_double_eq_tol((double)(values[3] - values[2]), 0.5 / variance, 1e-5);
  ck_assert_double_eq_tol((double)(values[1] - values[0]), -0.5 / variance, 1e-5);
  clf_model_free(model);
  clf_dataset_free(data);
  clf_dataset_free(at);
}

TEST(fisher__auto_counts_what_is_constant_within_classes_by_its_total_variance) {
  static const float x[] = {0, 0, 0, 0, 1, 1, 1, 1};
  static const int32_t labels[] = {0, 0, 0, 0, 1, 1, 1, 1};
  check_lone_feature(x, labels, 8, 0.25);
}

/* One row in ten of each class lies 1 from the others, at -1 and 2, so that the class means are
 * -0.1 and 1.1: w = 0.09, mean z^4 = 0.1 0.9 (0.1^3 + 0.9^3), and half a row of the total variance
 * joins the rows that w is worth. */
TEST(fisher__auto_trusts_a_variance_as_far_as_rows_tell_it) {
  enum { COUNT = 40 };
  float x[COUNT];
  int32_t labels[COUNT];
  for (int i = 0; i < COUNT; i++) {
    labels[i] = i % 2;
    x[i] = (float)labels[i] + (i % 20 > 1 ? 0 : i % 2 == 0 ? -1.F : 1.F);
  }
  const double within = 0.09, fourth = 0.09 * (0.001 + 0.729), total = within + 0.6 * 0.6;
  const double worth = COUNT * within * within / (fourth - within * within);
  const double variance = (worth * within + 0.5 * total) / (worth + 0.5);
  /* The means are 1.2 apart, and 1 lies 0.5 from their middle. */
  check_lone_feature(x, labels, COUNT, variance / 1.2);
}

TEST_LOOP(fisher__refuses_one_row_of_each_class, 0, 4) {
  static const char *const params[] = {NULL, "shrinkage=auto", "shrinkage=0.5", "kernel=rbf"};
  static const float x[] = {0, 1, 2, 5, 3, 4, 2, 2}, weights[] = {1, 2, 1, 0};
  static const int32_t labels[] = {0, 1, 2, 0};
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, 4, 2, labels);
  set_weights(data, weights);
  clf_model *model = NULL;
  ck_clf_ok(clf_model_create(&model, NULL, "fisher", params[_i]));
  ck_clf_fails(clf_model_fit(model, data, NULL, NULL), CLF_ERROR_DATA);
  ck_clf_says("3 rows of 3 classes leave nothing that varies within a class");
  clf_model_free(model);
  clf_dataset_free(data);
}

/* Integers about 1.2e7 stay the same in f32, and decide as the same rows stored densely. */
TEST(fisher__keeps_features_of_sparse_rows_far_from_0) {
  static float x[ROWS * 2], sparse[ROWS * CLASSES], dense[ROWS * CLASSES];
  static int32_t labels[ROWS];
  clf_context *context = NULL;
  ck_clf_ok(clf_context_create(&context, NULL, NULL));
  make_rows(x, labels);
  for (int i = 0; i < 2 * ROWS; i++) {
    x[i] = 1.2e7f + rintf(x[i]);
  }
  clf_dataset *rows[] = {sparse_of(context, x, ROWS, 2, labels),
                         dataset_of(context, x, CLF_F32, ROWS, 2, labels)};
  for (int i = 0; i < 2; i++) {
    clf_model *model = NULL;
    ck_clf_ok(clf_model_create(&model, context, "fisher", NULL));
    ck_clf_ok(clf_model_fit(model, rows[i], NULL, NULL));
    ck_clf_ok(clf_model_predict_proba(model, rows[i], i == 0 ? sparse : dense, ROWS * CLASSES));
    clf_model_free(model);
    clf_dataset_free(rows[i]);
  }
  for (int i = 0; i < ROWS * CLASSES; i++) {
    ck_assert_float_eq_tol(sparse[i], dense[i], 1e-4f);
  }
  clf_context_free(context);
}

TEST(fisher__stands_collinear_and_constant_features) {
  static float x[ROWS * 2], wide[ROWS * 5];
  int32_t labels[ROWS];
  make_rows(x, labels);
  for (int i = 0; i < ROWS; i++) {
    x[2 * i] = rintf(4096 * x[2 * i]) / 4096; /* so that their sum is exact */
    x[2 * i + 1] = rintf(4096 * x[2 * i + 1]) / 4096;
    float row[5] = {x[2 * i], 7, x[2 * i + 1], x[2 * i] + x[2 * i + 1], x[2 * i]};
    memcpy(wide + 5 * i, row, sizeof row);
  }
  clf_dataset *narrow = dataset_of(NULL, x, CLF_F32, ROWS, 2, labels);
  clf_dataset *data = dataset_of(NULL, wide, CLF_F32, ROWS, 5, labels);
  clf_model *a = fitted(NULL, "fisher", NULL, narrow);
  clf_model *b = fitted(NULL, "fisher", NULL, data);
  static float p[ROWS * CLASSES], q[ROWS * CLASSES];
  ck_clf_ok(clf_model_predict_proba(a, narrow, p, ROWS * CLASSES));
  ck_clf_ok(clf_model_predict_proba(b, data, q, ROWS * CLASSES));
  for (int i = 0; i < ROWS * CLASSES; i++) {
    ck_assert_float_eq_tol(p[i], q[i], 1e-3F);
  }
  clf_model_free(a);
  clf_model_free(b);
  clf_dataset_free(narrow);
  clf_dataset_free(data);
}

/* Groups of features that differ by 6e-5 of their size, of scales from 1e-9 to 1e9, all of them
 * exact: no one may be left out, and the decisions are those of the features that the groups are
 * made of. */
TEST(fisher__tells_nearly_collinear_features_apart) {
  enum { FEATURES = 24, SIDES = 2 };
  static double made[ROWS * FEATURES], mixed[ROWS * FEATURES];
  int32_t labels[ROWS];
  uint64_t seed = 9;
  for (int i = 0; i < ROWS; i++) {
    labels[i] = i % SIDES;
    for (int j = 0; j < FEATURES; j++) {
      made[i * FEATURES + j] = rint(64 * random_normal(&seed)) / 64 + (j % 5 == 0 ? labels[i] : 0);
    }
    for (int j = 0; j < FEATURES; j++) {
      const double scale = ldexp(1, 10 * (j % 7 - 3));
      const double near = made[i * FEATURES + j / 6 * 6] + ldexp(made[i * FEATURES + j], -14);
      mixed[i * FEATURES + j] = scale * (j % 6 == 0 ? made[i * FEATURES + j] : near);
    }
  }
  clf_dataset *plain = dataset_of(NULL, made, CLF_F64, ROWS, FEATURES, labels);
  clf_dataset *data = dataset_of(NULL, mixed, CLF_F64, ROWS, FEATURES, labels);
  clf_model *a = fitted(NULL, "fisher", NULL, plain);
  clf_model *b = fitted(NULL, "fisher", NULL, data);
  static float p[ROWS * SIDES], q[ROWS * SIDES];
  ck_clf_ok(clf_model_decision_function(a, plain, p, ROWS * SIDES));
  ck_clf_ok(clf_model_decision_function(b, data, q, ROWS * SIDES));
  for (int i = 0; i < ROWS * SIDES; i++) {
    ck_assert_float_eq_tol(p[i], q[i], 1e-4F);
  }
  clf_model_free(a);
  clf_model_free(b);
  clf_dataset_free(plain);
  clf_dataset_free(data);
}

TEST(fisher__shrinks_by_itself_when_rows_are_few) {
  enum { FEW = 30, MANY = 60 };
  static float x[FEW * MANY];
  int32_t labels[FEW];
  uint64_t seed = 5;
  for (int i = 0; i < FEW * MANY; i++) {
    labels[i / MANY] = i / MANY % 2;
    x[i] = (float)(random_normal(&seed) + (i % MANY < 5 ? 2 * labels[i / MANY] : 0));
  }
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, FEW, MANY, labels);
  clf_model *model = NULL;
  double scores[5], plain[5];
  ck_clf_ok(clf_model_create(&model, NULL, "fisher", "shrinkage=auto"));
  ck_clf_ok(clf_cross_validate(model, data, 5, 1, scores));
  ck_clf_ok(clf_model_set_text(model, "shrinkage", "none"));
  ck_clf_ok(clf_cross_validate(model, data, 5, 1, plain));
  double mean = 0;
  double mean_plain = 0;
  for (int i = 0; i < 5; i++) {
    mean += scores[i] / 5;
    mean_plain += plain[i] / 5;
  }
  ck_assert_double_ge(mean, 0.85);
  ck_assert_double_ge(mean, mean_plain - 1e-9);
  clf_model_free(model);
  clf_dataset_free(data);
}

SUITE("fisher")
