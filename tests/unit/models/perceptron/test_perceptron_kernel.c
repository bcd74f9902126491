/* The kernel perceptron against its definition, replayed a row at a time by a plain loop. Against
 * NumPy on real data: tests/parity/test_perceptron_kernel.py. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>

#include "perceptron_kernel_rows.h"

typedef struct setting {
  const char *params;
  int rows, epochs;
  enum { LINEAR, SQUARE, GAUSS } kernel;
  bool averaged, one_vs_rest, useful;
  int budget; /* 0: none */
} setting;

/* A Gauss kernel's values are rounded: few rows, none of whose scores is close to another. */
static const setting SETTINGS[] = {
    {"kernel=linear", ROWS, 3, LINEAR, true, false, false, 0},
    {"kernel=linear averaged=no", ROWS, 3, LINEAR, false, false, false, 0},
    {"kernel=linear multiclass=one_vs_rest", ROWS, 3, LINEAR, true, true, false, 0},
    {"kernel=polynomial degree=2 gamma=1 coef0=1", ROWS, 4, SQUARE, true, false, false, 0},
    {"kernel=polynomial degree=2 gamma=1 coef0=1 averaged=no multiclass=one_vs_rest", ROWS, 3,
     SQUARE, false, true, false, 0},
    {"kernel=rbf gamma=0.25", 60, 4, GAUSS, true, false, false, 0},
    {"kernel=linear budget=1", ROWS, 2, LINEAR, true, false, false, 1},
    {"kernel=linear budget=40", ROWS, 2, LINEAR, true, false, false, 40},
    {"kernel=rbf gamma=0.25 budget=20", 60, 4, GAUSS, true, false, false, 20},
    {"kernel=rbf gamma=0.25 budget=20 budget_policy=least_useful", 60, 4, GAUSS, true, false, true,
     20},
    {"kernel=linear averaged=no budget=300 budget_policy=least_useful", ROWS, 3, LINEAR, false,
     false, true, 300},
    {"kernel=polynomial degree=2 gamma=1 coef0=1 budget=40 budget_policy=least_useful "
     "multiclass=one_vs_rest",
     ROWS, 2, SQUARE, true, true, true, 40},
};
enum { MOST_EPOCHS = 4, SETTING_COUNT = sizeof SETTINGS / sizeof SETTINGS[0] };

static double kernel_of(const setting *how, int i, int j) {
  double dot = 0, square = 0;
  for (int c = 0; c < COLUMNS; c++) {
    const double a = (double)x[i * COLUMNS + c], b = (double)x[j * COLUMNS + c];
    dot += a * b;
    square += (a - b) * (a - b);
  }
  switch (how->kernel) {
  case LINEAR:
    return dot;
  case SQUARE:
    return (dot + 1) * (dot + 1);
  default:
    return exp(-0.25 * square);
  }
}

/* The definition: c[i] are the coefficients of row i, and u are their sums weighted by the time of
 * the update. */
typedef struct replay {
  double c[ROWS][CLASSES], u[ROWS][CLASSES], b[CLASSES], ub[CLASSES];
  double shares[MOST_EPOCHS];
  int held[ROWS], held_count, epochs;
  double seen;
} replay;

static void scores_of(const replay *r, const setting *how, int row, double *z) {
  memcpy(z, r->b, sizeof r->b);
  for (int i = 0; i < how->rows; i++) {
    const bool none = r->c[i][0] == 0 && r->c[i][1] == 0 && r->c[i][2] == 0;
    const double k = none ? 0 : kernel_of(how, row, i);
    for (int c = 0; c < CLASSES; c++) {
      z[c] += r->c[i][c] * k;
    }
  }
}

/* The update that scores ask for, and how many mistakes they are. */
static int step_by(const setting *how, const double *z, int own, double *step) {
  int mistakes = 0, rival = own == 0 ? 1 : 0;
  memset(step, 0, CLASSES * sizeof *step);
  for (int c = 0; c < CLASSES; c++) {
    rival = c != own && z[c] > z[rival] ? c : rival;
    const double side = c == own ? 1 : -1;
    if (how->one_vs_rest && side * z[c] <= 0) {
      step[c] = side;
      mistakes++;
    }
  }
  if (!how->one_vs_rest && z[own] <= z[rival]) {
    step[own] = 1;
    step[rival] = -1;
    mistakes = 1;
  }
  return mistakes;
}

static int place_to_drop(const replay *r, const setting *how) {
  int place = 0;
  double least = (double)INFINITY;
  for (int i = 0; i < r->held_count && how->useful; i++) {
    const int row = r->held[i];
    const double *c = r->c[row];
    const double length = (c[0] * c[0] + c[1] * c[1] + c[2] * c[2]) * kernel_of(how, row, row);
    place = length < least ? i : place;
    least = fmin(length, least);
  }
  return place;
}

static void hold(replay *r, const setting *how, int row) {
  for (int i = 0; i < r->held_count; i++) {
    if (r->held[i] == row) {
      return;
    }
  }
  if (r->held_count == how->budget) {
    const int place = place_to_drop(r, how), gone = r->held[place];
    for (int c = 0; c < CLASSES; c++) {
      r->u[gone][c] -= r->seen * r->c[gone][c];
      r->c[gone][c] = 0;
    }
    r->held_count--;
    memmove(r->held + place, r->held + place + 1,
            (size_t)(r->held_count - place) * sizeof *r->held);
  }
  r->held[r->held_count++] = row;
}

static int replay_row(replay *r, const setting *how, int row) {
  double z[CLASSES], step[CLASSES];
  scores_of(r, how, row, z);
  const int mistakes = step_by(how, z, y[row], step);
  if (mistakes > 0 && how->budget > 0) {
    hold(r, how, row);
  }
  for (int c = 0; c < CLASSES; c++) {
    r->c[row][c] += step[c];
    r->u[row][c] += r->seen * step[c];
    r->b[c] += step[c];
    r->ub[c] += r->seen * step[c];
  }
  r->seen++;
  return mistakes;
}

static void replay_all(replay *r, const setting *how) {
  memset(r, 0, sizeof *r);
  int mistakes = 1;
  for (; r->epochs < how->epochs && mistakes > 0; r->epochs++) {
    mistakes = 0;
    for (int i = 0; i < how->rows; i++) {
      mistakes += replay_row(r, how, i);
    }
    r->shares[r->epochs] = mistakes / (double)(how->rows * (how->one_vs_rest ? CLASSES : 1));
  }
  r->seen += (double)((how->epochs - r->epochs) * how->rows); /* passes like the last */
  for (int c = 0; c < CLASSES && how->averaged; c++) {
    r->b[c] -= r->ub[c] / r->seen;
    for (int i = 0; i < how->rows; i++) {
      r->c[i][c] -= r->u[i][c] / r->seen;
    }
  }
}

static bool is_held(const replay *r, int row) {
  for (int i = 0; i < r->held_count; i++) {
    if (r->held[i] == row) {
      return true;
    }
  }
  return false;
}

/* Dropped vectors are part of the averages. The function of the model has only the vectors held at
 * the end, and equals the average at these. */
static void check_projection(const clf_model *model, const replay *r, const setting *how) {
  clf_tensor *support = NULL, *coefficients = NULL, *intercept = NULL;
  const int64_t *row = fitted_data(model, "support", &support);
  const float *c = fitted_data(model, "coefficients", &coefficients);
  const float *b = fitted_data(model, "intercept", &intercept);
  const int64_t count = clf_tensor_count(support);
  for (int64_t j = 0; j < count; j++) {
    ck_assert(is_held(r, (int)row[j]));
  }
  for (int k = 0; k < CLASSES; k++) {
    double wrong = 0, dropped = 0, rounding = 0;
    ck_assert_double_eq_tol((double)b[k], r->b[k], 1e-6 * (1 + fabs(r->b[k])));
    for (int h = 0; h < r->held_count; h++) {
      double value = 0, mean = 0, gone = 0;
      for (int64_t j = 0; j < count; j++) {
        const double term = (double)c[k * count + j] * kernel_of(how, r->held[h], (int)row[j]);
        value += term;
        rounding = fmax(rounding, 1e-5 * fabs(term)); /* of coefficients and values in float */
      }
      for (int i = 0; i < how->rows; i++) {
        const double term = r->c[i][k] * kernel_of(how, r->held[h], i);
        mean += term;
        gone += is_held(r, i) ? 0 : term;
      }
      wrong += (value - mean) * (value - mean);
      dropped += gone * gone;
    }
    ck_assert_double_gt(dropped, 0);
    /* The solver ends at a thousandth. */
    ck_assert_double_le(sqrt(wrong), 2e-3 * sqrt(dropped) + rounding);
  }
  clf_tensor_free(support);
  clf_tensor_free(coefficients);
  clf_tensor_free(intercept);
}

static clf_model *fitted_in_turn(clf_context *context, const setting *how,
                                 const clf_dataset *data) {
  char params[160];
  snprintf(params, sizeof params, "shuffle=no epochs=%d %s", how->epochs, how->params);
  return fitted(context, "perceptron", params, data);
}

static void check_coefficients(const clf_model *model, const replay *r, const setting *how) {
  clf_tensor *support = NULL, *coefficients = NULL, *intercept = NULL;
  const int64_t *row = fitted_data(model, "support", &support);
  const float *c = fitted_data(model, "coefficients", &coefficients);
  const float *b = fitted_data(model, "intercept", &intercept);
  const int64_t count = clf_tensor_count(support);
  for (int k = 0; k < CLASSES; k++) {
    ck_assert_double_eq_tol((double)b[k], r->b[k], 1e-6 * (1 + fabs(r->b[k])));
    int64_t at = 0;
    for (int i = 0; i < how->rows; i++) {
      const bool there = at < count && row[at] == i;
      const double found = there ? (double)c[k * count + at++] : 0;
      ck_assert_double_eq_tol(found, r->c[i][k], 1e-6 * (1 + fabs(r->c[i][k])));
    }
    ck_assert_int_eq(at, count);
  }
  clf_tensor_free(support);
  clf_tensor_free(coefficients);
  clf_tensor_free(intercept);
}

TEST_LOOP(perceptron_kernel__learns_rows_strictly_in_turn, 0, SETTING_COUNT) {
  const setting *how = &SETTINGS[_i];
  static replay r;
  fill_rows();
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, how->rows, COLUMNS, y);
  clf_model *model = fitted_in_turn(NULL, how, data);
  replay_all(&r, how);
  clf_tensor *tensor = NULL;
  const double *shares = fitted_data(model, "history_loss", &tensor);
  ck_assert_int_eq(clf_tensor_count(tensor), r.epochs);
  for (int i = 0; i < r.epochs; i++) {
    ck_assert_double_eq_tol(shares[i], r.shares[i], 1e-12);
  }
  if (how->budget > 0 && how->averaged) {
    check_projection(model, &r, how);
  } else {
    check_coefficients(model, &r, how);
  }
  clf_tensor_free(tensor);
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST_LOOP(perceptron_kernel__predicts_the_same_from_a_file, 0, SETTING_COUNT) {
  const setting *how = &SETTINGS[_i];
  static outcome before, after;
  fill_rows();
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, ROWS, COLUMNS, y);
  clf_dataset *train = dataset_of(NULL, x, CLF_F32, how->rows, COLUMNS, y);
  clf_model *model = fitted_in_turn(NULL, how, train), *loaded = NULL;
  note(&before, model, data);
  ck_clf_ok(clf_model_load_memory(&loaded, NULL, before.saved, before.size));
  note(&after, loaded, data);
  ck_assert_mem_eq(&before, &after, sizeof before);
  clf_model_free(model);
  clf_model_free(loaded);
  clf_dataset_free(data);
  clf_dataset_free(train);
}

SUITE("perceptron_kernel")
