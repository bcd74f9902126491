/* LIBSVM's model files of models that subtract a center from their rows: an evaluation of the
 * file's text in f64 has the model's values. By its own tools: tests/parity/test_libsvm.py. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "failing_allocator.h"
#include "files.h"

static char path[64];

static void make_path(void) {
  make_folder();
  snprintf(path, sizeof path, "%s/model", folder);
}

enum { FAR_ROWS = 60, FAR_COLUMNS = 3, MOST_CLASSES = 3, MOST_TEXT = 1 << 16 };

/* The file's machines of pairs in f64, at rows: f [rows, pairs]. */
typedef struct machines {
  const double *x;
  int classes;
  double gamma; /* 0: linear */
  double f[FAR_ROWS][MOST_CLASSES];
} machines;

static double kernel_of(const machines *m, const double *x, const double *s) {
  double dot = 0, distance = 0;
  for (int j = 0; j < FAR_COLUMNS; j++) {
    dot += x[j] * s[j];
    distance += (x[j] - s[j]) * (x[j] - s[j]);
  }
  return m->gamma == 0 ? dot : exp(-m->gamma * distance);
}

/* Adds the line of one vector of class `own`. */
static void add_line(machines *m, const char *line, int own) {
  double a[MOST_CLASSES - 1] = {0}, s[FAR_COLUMNS] = {0};
  char *at = NULL;
  for (int k = 0; k < m->classes - 1; k++, line = at) {
    a[k] = strtod(line, &at);
  }
  for (; *line == ' '; line = at) {
    const long index = strtol(line, &at, 10);
    ck_assert_int_eq(*at, ':');
    s[index - 1] = strtod(at + 1, &at);
  }
  for (int row = 0; row < FAR_ROWS; row++) {
    const double value = kernel_of(m, m->x + row * FAR_COLUMNS, s);
    for (int i = 0, pair = 0; i < m->classes; i++) {
      for (int j = i + 1; j < m->classes; j++, pair++) {
        m->f[row][pair] += own == i ? a[j - 1] * value : own == j ? a[i] * value : 0;
      }
    }
  }
}

static const char *after_key(const char *text, const char *key) {
  const char *at = strstr(text, key);
  ck_assert_ptr_nonnull(at);
  return at + strlen(key);
}

static void read_machines(machines *m, const char *text) {
  const char *rho = after_key(text, "\nrho"), *count = after_key(text, "\nnr_sv");
  const char *line = after_key(text, "\nSV\n");
  char *at = NULL;
  m->gamma = strstr(text, "rbf") != NULL ? strtod(after_key(text, "\ngamma"), NULL) : 0;
  for (int pair = 0; pair < m->classes * (m->classes - 1) / 2; pair++, rho = at) {
    const double value = strtod(rho, &at);
    for (int row = 0; row < FAR_ROWS; row++) {
      m->f[row][pair] = -value;
    }
  }
  for (int own = 0; own < m->classes; own++, count = at) {
    for (long left = strtol(count, &at, 10); left > 0; left--) {
      add_line(m, line, own);
      line = after_key(line, "\n");
    }
  }
  ck_assert_int_eq(*line, '\0');
}

/* Votes, and the sums of the values clipped to -1 … 1; for two classes the value itself. */
static double decision_of(const machines *m, int row, int own) {
  double value = 0;
  for (int i = 0, pair = 0; i < m->classes; i++) {
    for (int j = i + 1; j < m->classes; j++, pair++) {
      const double f = m->f[row][pair], sign = own == i ? 1 : own == j ? -1 : 0;
      const double sum = sign * fmax(-1, fmin(1, f)) / (2 * m->classes);
      value += m->classes == 2 ? sign * f : sum + (sign * (f > 0 ? 1 : -1) > 0 ? 1 : 0);
    }
  }
  return value;
}

/* Rows about 1e4 as f32 and about 1e8 as f64, where f32 is in steps of 8; the second column lies
 * about 0. */
static void fill_far(double *wide, float *narrow, int32_t *y, int classes, double far) {
  float x[FAR_ROWS * FAR_COLUMNS];
  fill_clouds(x, y, FAR_ROWS, FAR_COLUMNS, classes);
  for (int i = 0; i < FAR_ROWS * FAR_COLUMNS; i++) {
    narrow[i] = x[i] + (i % FAR_COLUMNS == 0 ? (float)far : i % FAR_COLUMNS == 1 ? 0 : -(float)far);
    wide[i] = (double)x[i] + (i % FAR_COLUMNS == 0 ? far : i % FAR_COLUMNS == 1 ? 0 : -far);
  }
}

/* Features far from 0 are in the file: an f64 evaluation of its text has the model's values. */
TEST_LOOP(export__folds_the_center, 0, 8) {
  static const char *const params[] = {"kernel=rbf gamma=0.5", "kernel=linear"};
  static char text[MOST_TEXT];
  const bool f64 = (_i & 2) != 0;
  double wide[FAR_ROWS * FAR_COLUMNS];
  float narrow[FAR_ROWS * FAR_COLUMNS], found[FAR_ROWS * MOST_CLASSES];
  int32_t y[FAR_ROWS];
  machines m = {.x = wide, .classes = (_i & 4) != 0 ? 3 : 2};
  fill_far(wide, narrow, y, m.classes, f64 ? 1e8 : 1e4);
  for (int i = 0; !f64 && i < FAR_ROWS * FAR_COLUMNS; i++) {
    wide[i] = (double)narrow[i];
  }
  clf_dataset *data = dataset_of(NULL, f64 ? (const void *)wide : narrow, f64 ? CLF_F64 : CLF_F32,
                                 FAR_ROWS, FAR_COLUMNS, y);
  clf_model *model = fitted(NULL, "svm", params[_i & 1], data);
  clf_tensor *center = NULL;
  ck_clf_ok(clf_model_tensor(&center, model, "center"));
  clf_tensor_free(center);
  ck_clf_ok(clf_model_decision_function(model, data, found, (int64_t)FAR_ROWS * m.classes));
  ck_clf_ok(clf_model_export(model, "libsvm", path, NULL));
  read_text_file(text, sizeof text, path);
  read_machines(&m, text);
  for (int row = 0; row < FAR_ROWS; row++) {
    for (int k = 0; k < m.classes; k++) {
      ck_assert_double_eq_tol((double)found[row * m.classes + k], decision_of(&m, row, k), 1e-5);
    }
  }
  clf_dataset_free(data);
  clf_model_free(model);
}

static int said;

static void listen(void *user, int32_t level, const char *message) {
  (void)user;
  ck_assert_int_eq(level, CLF_LOG_WARNING);
  said += strstr(message, "an intercept is -1000") != NULL;
}

static clf_model *import(clf_context *context, const char *text) {
  clf_model *model = NULL;
  FILE *file = fopen(path, "w");
  ck_assert_ptr_nonnull(file);
  fputs(text, file);
  fclose(file);
  ck_clf_ok(clf_model_import(&model, context, "libsvm", path, NULL));
  return model;
}

/* f = exp(-|x - s|^2) - exp(-|x - t|^2) of vectors in steps that f32 has not got. */
TEST(import__centers_vectors_far_from_0) {
  static const double x[] = {1e9 + 0.25, 1e9 + 1.5};
  clf_model *model = import(NULL,
                            "svm_type c_svc\nkernel_type rbf\ngamma 1\nnr_class 2\ntotal_sv 2\n"
                            "rho 0\nlabel 1 2\nnr_sv 1 1\nSV\n1 1:1000000000.25\n"
                            "-1 1:1000000001\n");
  clf_dataset *rows = dataset_of(NULL, x, CLF_F64, 2, 1, NULL);
  float found[4];
  ck_clf_ok(clf_model_decision_function(model, rows, found, 4));
  ck_assert_double_eq_tol((double)found[0], 1 - exp(-0.5625), 1e-6);
  ck_assert_double_eq_tol((double)found[2], exp(-1.5625) - exp(-0.25), 1e-6);
  clf_dataset_free(rows);
  clf_model_free(model);
}

/* f = 0.5 x.(s - t) - rho, with vectors in steps that f32 has not got: about 1e7 for the first
 * class, while the second feature lies about 0. */
TEST_LOOP(import__centers_linear_machines, 0, 2) {
  static const double x[] = {1e7 + 1.25, 0.5, 1e7 - 0.25, -2, 1e7 + 0.0625, 0};
  static const char *const labels[] = {"1 2", "2 1"}; /* in another order, signs change */
  char text[256];
  snprintf(text, sizeof text,
           "svm_type c_svc\nkernel_type linear\nnr_class 2\ntotal_sv 3\nrho 10000000.125\n"
           "label %s\nnr_sv 1 2\nSV\n0.5 1:10000001 2:0.5\n-0.25 1:9999999\n"
           "-0.25 1:9999999 2:-1\n",
           labels[_i]);
  clf_model *model = import(NULL, text);
  clf_dataset *rows = dataset_of(NULL, x, CLF_F64, 3, 2, NULL);
  float found[6];
  double precise[6];
  ck_clf_ok(clf_model_decision_function(model, rows, found, 6));
  ck_clf_ok(clf_model_decision_function_f64(model, rows, precise, 6));
  for (int i = 0; i < 3; i++) {
    const double f = x[2 * i] - 1e7 + 0.5 * x[2 * i + 1] - 0.125, sign = _i == 0 ? 1 : -1;
    ck_assert_double_eq_tol((double)found[2 * i], sign * f, 1e-6);
    ck_assert_double_eq_tol(precise[2 * i], sign * f, 1e-8);
  }
  clf_dataset_free(rows);
  clf_model_free(model);
}

/* Coefficients that f32 rounds decide with all digits of the file; rows, which are exact here, and
 * rbf values are f32. */
TEST_LOOP(import__keeps_f64, 0, 2) {
  static const double x[] = {0.25, -0.75}, s[] = {0.125, 0.5}, t[] = {-0.375, 1};
  const double a = 0.12345678901234567, rho = -0.98765432109876543;
  char text[256];
  double found[2], f = -rho, tolerance = _i == 0 ? 1e-15 : 2e-8;
  snprintf(text, sizeof text,
           "svm_type c_svc\nkernel_type %s\nnr_class 2\ntotal_sv 2\nrho %.17g\nlabel 1 2\n"
           "nr_sv 1 1\nSV\n%.17g 1:0.125 2:0.5\n%.17g 1:-0.375 2:1\n",
           _i == 0 ? "linear" : "rbf\ngamma 0.75", rho, a, -a);
  for (int j = 0; j < 2 && _i == 0; j++) {
    f += a * x[j] * (s[j] - t[j]);
  }
  if (_i == 1) {
    f += a * exp(-0.75 * ((x[0] - s[0]) * (x[0] - s[0]) + (x[1] - s[1]) * (x[1] - s[1]))) -
         a * exp(-0.75 * ((x[0] - t[0]) * (x[0] - t[0]) + (x[1] - t[1]) * (x[1] - t[1])));
  }
  clf_model *model = import(NULL, text);
  clf_dataset *rows = dataset_of(NULL, x, CLF_F64, 1, 2, NULL);
  ck_clf_ok(clf_model_decision_function_f64(model, rows, found, 2));
  ck_assert_double_eq_tol(found[0], f, tolerance);
  clf_dataset_free(rows);
  clf_model_free(model);
}

TEST(import__tells_of_a_large_rho) {
  char text[256];
  clf_context *context = NULL;
  ck_clf_ok(clf_context_create(&context, NULL, NULL));
  ck_clf_ok(clf_context_set_log(context, listen, NULL));
  for (int i = 0; i < 2; i++) {
    snprintf(text, sizeof text,
             "svm_type c_svc\nkernel_type linear\nnr_class 2\ntotal_sv 2\nrho %s\n"
             "label 1 2\nnr_sv 1 1\nSV\n1 1:2\n-1 1:1\n",
             i == 0 ? "10" : "1000");
    clf_model_free(import(context, text));
    ck_assert_int_eq(said, i);
  }
  clf_context_free(context);
}

static clf_status fit_and_write(clf_context *context, const char *params, const double *x,
                                const int32_t *y) {
  static const int64_t shape[] = {FAR_ROWS, FAR_COLUMNS};
  clf_tensor *rows = NULL, *labels = NULL;
  clf_dataset *data = NULL;
  clf_model *model = NULL, *again = NULL;
  clf_status status;
  TRY(clf_tensor_wrap(&rows, context, x, CLF_F64, 2, shape, NULL));
  TRY(clf_tensor_wrap(&labels, context, y, CLF_I32, 1, shape, NULL));
  TRY(clf_dataset_create(&data, context, rows, labels));
  TRY(clf_model_create(&model, context, "svm", params));
  TRY(clf_model_fit(model, data, NULL, NULL));
  TRY(clf_model_export(model, "libsvm", path, NULL));
  TRY(clf_model_import(&again, context, "libsvm", path, NULL));
done:
  clf_tensor_free(rows);
  clf_tensor_free(labels);
  clf_dataset_free(data);
  clf_model_free(model);
  clf_model_free(again);
  return status;
}

TEST_LOOP(each_allocation__may_be_refused, 0, 2) {
  double wide[FAR_ROWS * FAR_COLUMNS];
  float narrow[FAR_ROWS * FAR_COLUMNS];
  int32_t y[FAR_ROWS];
  clf_status status = CLF_ERROR_MEMORY;
  fill_far(wide, narrow, y, 3, 1e8);
  int64_t refuse = 0;
  while (status != CLF_OK) {
    refuse++;
    failing_allocator from = {.refuse = refuse};
    clf_context *context = failing_context("threads=1", &from);
    if (context != NULL) {
      status = fit_and_write(context, _i == 0 ? "kernel=rbf" : "kernel=linear", wide, y);
      const bool met = from.asked >= refuse;
      ck_assert_msg(status == CLF_OK || (met && status == CLF_ERROR_MEMORY), "%s",
                    clf_last_error());
      status = met ? CLF_ERROR_MEMORY : CLF_OK; /* a cache may do with less */
    }
    clf_context_free(context);
    ck_assert_int_eq(from.held, 0);
  }
  ck_assert_int_gt(refuse, 50);
}

SUITE("libsvm_center", .setup = make_path, .teardown = remove_folder)
