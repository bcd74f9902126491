/* Recurrent layers against the cells' formulas written out in f64, values and, by central
 * differences of those, gradients; embeddings and pooling over time against plain loops. */
#include <math.h>
#include <string.h>

#include "contexts.h"
#include "layers/layer.h"
#include "ops/nn/sequence.h"

enum { MOST_UNITS = 40, MOST_WEIGHTS = 8000, MOST_X = 4000 };

typedef struct probe {
  clf_context *context;
  clf__layer *layer;
  int64_t rows, steps, inputs, units;
  bool sequences, bidirectional, learns;
  clf__span spans[130];
  bool masked;
  float *x, *y, *dy, *dx;
  float *weights[CLF__LAYER_WEIGHTS], *gradients[CLF__LAYER_WEIGHTS];
  void *kept;
} probe;

static float *random_floats(int64_t count, double scale, uint64_t *state) {
  float *values = malloc((size_t)(count + 1) * sizeof *values);
  for (int64_t i = 0; i < count; i++) {
    values[i] = (float)(scale * random_normal(state));
  }
  return values;
}

static probe make(const char *kind, const char *params, int64_t rows, int64_t steps, int64_t inputs,
                  bool masked, const char *threads) {
  probe p = {.rows = rows, .steps = steps, .inputs = inputs, .masked = masked};
  uint64_t state = 11;
  const clf__shape in = {2, {steps, inputs}};
  ck_clf_ok(clf_context_create(&p.context, NULL, threads));
  ck_clf_ok(clf__layer_create(&p.layer, p.context, kind, params));
  p.layer->number = 1;
  ck_clf_ok(clf__layer_infer_shapes(p.layer, &in));
  p.bidirectional = strstr(params, "bidirectional=true") != NULL;
  p.sequences = strstr(params, "return_sequences=true") != NULL;
  p.learns = strstr(params, "initial_state=learned") != NULL;
  p.units = p.layer->out.size[p.sequences ? 1 : 0] / (p.bidirectional ? 2 : 1);
  p.x = random_floats(rows * steps * inputs, 1, &state);
  p.dx = random_floats(rows * steps * inputs, 1, &state);
  p.y = random_floats(rows * p.layer->outputs, 1, &state);
  p.dy = random_floats(rows * p.layer->outputs, 1, &state);
  for (int64_t i = 0; i < p.layer->weight_count; i++) {
    const int64_t count = clf__shape_count(&p.layer->weights[i].shape);
    p.weights[i] = random_floats(count, 0.5, &state);
    p.gradients[i] = random_floats(count, 1, &state);
  }
  p.kept = malloc((size_t)rows * p.layer->kept_bytes);
  for (int64_t i = 0; i < rows; i++) {
    p.spans[i].begin = (int64_t)(random_unit(&state) * (double)steps / 2);
    p.spans[i].end = p.spans[i].begin + (int64_t)(random_unit(&state) * (double)(steps + 1) / 2);
  }
  return p;
}

static void done(probe *p) {
  for (int64_t i = 0; i < p->layer->weight_count; i++) {
    free(p->weights[i]);
    free(p->gradients[i]);
  }
  free(p->x);
  free(p->y);
  free(p->dx);
  free(p->dy);
  free(p->kept);
  clf__layer_free(p->layer);
  clf_context_free(p->context);
}

static clf__pass pass_of(probe *p, bool training) {
  return (clf__pass){.layer = p->layer,
                     .rows = p->rows,
                     .training = training,
                     .seed = 5,
                     .x = p->x,
                     .y = p->y,
                     .weights = p->weights,
                     .kept = training ? p->kept : NULL,
                     .spans = p->masked ? p->spans : NULL,
                     .dy = p->dy,
                     .dx = p->dx,
                     .gradients = p->gradients};
}

static double sigmoid(double x) {
  return 1 / (1 + exp(-x));
}

/* The sum of a gate: of the inputs, of the state and the bias, as asked for. */
static double sum_of(const probe *p, float *const *w, int64_t gate, int64_t bias, const float *x,
                     const double *h, int64_t unit) {
  const int64_t gates = p->layer->weights[0].shape.size[1] / p->units;
  const int64_t column = gate * p->units + unit;
  double sum = bias >= 0 ? (double)w[2][bias * p->units + unit] : 0;
  for (int64_t i = 0; x != NULL && i < p->inputs; i++) {
    sum += (double)x[i] * (double)w[0][i * gates * p->units + column];
  }
  for (int64_t i = 0; h != NULL && i < p->units; i++) {
    sum += h[i] * (double)w[1][i * gates * p->units + column];
  }
  return sum;
}

static void reference_step(const probe *p, float *const *w, const float *x, double *h, double *c) {
  double next[MOST_UNITS];
  for (int64_t j = 0; j < p->units; j++) {
    if (strcmp(p->layer->kind->base.name, "rnn") == 0) {
      next[j] = tanh(sum_of(p, w, 0, 0, x, h, j));
    } else if (strcmp(p->layer->kind->base.name, "lstm") == 0) {
      const double i = sigmoid(sum_of(p, w, 0, 0, x, h, j));
      const double f = sigmoid(sum_of(p, w, 1, 1, x, h, j));
      const double g = tanh(sum_of(p, w, 2, 2, x, h, j));
      const double o = sigmoid(sum_of(p, w, 3, 3, x, h, j));
      c[j] = f * c[j] + i * g;
      next[j] = o * tanh(c[j]);
    } else {
      const double r = sigmoid(sum_of(p, w, 0, 0, x, h, j));
      const double z = sigmoid(sum_of(p, w, 1, 1, x, h, j));
      const double n = tanh(sum_of(p, w, 2, 2, x, NULL, j) + r * sum_of(p, w, 2, 3, NULL, h, j));
      next[j] = (1 - z) * n + z * h[j];
    }
  }
  memcpy(h, next, (size_t)p->units * sizeof *h);
}

/* The state before the first step. */
static void begin_states(const probe *p, float *const *w, double *h, double *c) {
  for (int64_t j = 0; j < p->units; j++) {
    h[j] = p->learns ? (double)w[3][j] : 0;
    c[j] = p->learns && strcmp(p->layer->kind->base.name, "lstm") == 0 ? (double)w[3][p->units + j]
                                                                       : 0;
  }
}

/* y [rows, outputs] of the layer, in f64. */
static void reference(const probe *p, double *y) {
  const int64_t directions = p->bidirectional ? 2 : 1, width = directions * p->units;
  memset(y, 0, (size_t)(p->rows * p->layer->outputs) * sizeof *y);
  for (int64_t row = 0; row < p->rows; row++) {
    const clf__span span = p->masked ? p->spans[row] : (clf__span){0, p->steps};
    for (int64_t d = 0; d < directions; d++) {
      float *const *w = p->weights + d * (p->learns ? 4 : 3);
      double h[MOST_UNITS], c[MOST_UNITS];
      begin_states(p, w, h, c);
      for (int64_t s = 0; s < span.end - span.begin; s++) {
        const int64_t t = d == 0 ? span.begin + s : span.end - 1 - s;
        reference_step(p, w, p->x + (row * p->steps + t) * p->inputs, h, c);
        double *to = y + (p->sequences ? row * p->steps + t : row) * width + d * p->units;
        memcpy(to, h, (size_t)p->units * sizeof *to);
      }
    }
  }
}

static double objective(const probe *p) {
  static double y[MOST_X];
  double sum = 0;
  reference(p, y);
  for (int64_t i = 0; i < p->rows * p->layer->outputs; i++) {
    sum += y[i] * (double)p->dy[i];
  }
  return sum;
}

/* Compares every `stride`-th element of the gradient with differences of the formulas in f64. */
static void compare(const probe *p, float *values, const float *gradient, int64_t count,
                    const char *what) {
  const int64_t stride = count > 50 ? count / 50 : 1;
  for (int64_t i = 0; i < count; i += stride) {
    const float before = values[i], h = 0x1p-14F;
    values[i] = before + h;
    const double high = (double)values[i], above = objective(p);
    values[i] = before - h;
    const double low = (double)values[i], below = objective(p);
    values[i] = before;
    const double slope = (above - below) / (high - low);
    ck_assert_msg(fabs(slope - (double)gradient[i]) < 2e-4 * (1 + fabs(slope)),
                  "%s: %s[%d] is %g, by differences %g", p->layer->kind->base.name, what, (int)i,
                  (double)gradient[i], slope);
  }
}

static void check_layer(const char *kind, const char *params, int64_t rows, int64_t steps,
                        int64_t inputs, bool masked) {
  static double expected[MOST_X];
  probe p = make(kind, params, rows, steps, inputs, masked, "threads=2");
  ck_assert_int_le(p.units, MOST_UNITS);
  ck_assert_int_le(rows * p.layer->outputs, MOST_X);
  reference(&p, expected);
  for (int training = 0; training < 2; training++) {
    clf__pass pass = pass_of(&p, training == 1);
    memset(p.y, 0xff, (size_t)(rows * p.layer->outputs) * sizeof *p.y);
    ck_clf_ok(p.layer->kind->forward(&pass));
    for (int64_t i = 0; i < rows * p.layer->outputs; i++) {
      ck_assert_msg(fabs(expected[i] - (double)p.y[i]) < 1e-5, "%s %s: y[%d] is %g, not %g", kind,
                    params, (int)i, (double)p.y[i], expected[i]);
    }
  }
  const clf__pass pass = pass_of(&p, true);
  ck_clf_ok(p.layer->kind->backward(&pass));
  compare(&p, p.x, p.dx, rows * steps * inputs, "dx");
  for (int64_t i = 0; i < p.layer->weight_count; i++) {
    compare(&p, p.weights[i], p.gradients[i], clf__shape_count(&p.layer->weights[i].shape),
            p.layer->weights[i].name);
  }
  done(&p);
}

static const char *const kinds[] = {"rnn", "lstm", "gru"};

TEST_LOOP(recurrent__is_what_its_formulas_say, 0, 3) {
  const char *kind = kinds[_i];
  check_layer(kind, "units=5", 3, 4, 7, false);
  check_layer(kind, "units=1", 1, 1, 1, false);
  check_layer(kind, "units=16 return_sequences=true", 2, 3, 2, false);
  check_layer(kind, "units=35", 40, 5, 3, false);
  check_layer(kind, "units=3", 40, 9, 2, true);
  check_layer(kind, "units=3", 33, 20, 2, false); /* more than 8 steps of 32 rows */
  check_layer(kind, "units=3", 40, 24, 2, true);
  check_layer(kind, "units=3 return_sequences=true", 20, 9, 2, true);
  check_layer(kind, "units=4 bidirectional=true", 6, 5, 3, true);
  check_layer(kind, "units=4 bidirectional=true return_sequences=true", 6, 5, 3, false);
  check_layer(kind, "units=4 bidirectional=true return_sequences=true", 6, 5, 3, true);
  check_layer(kind, "units=5 initial_state=learned", 40, 4, 3, true);
  check_layer(kind, "units=4 initial_state=learned bidirectional=true return_sequences=true", 6, 5,
              3, true);
}

/* Steps of 33 rows of one input, and of a single unit, are one column in the gradients' products. */
TEST_LOOP(recurrent__has_in_bf16_nearly_the_gradients_of_f32, 0, 3) {
  static const struct {
    const char *params;
    int64_t inputs;
  } shapes[] = {{"units=1", 1}, {"units=1", 5}, {"units=5", 1}, {"units=2", 2}, {"units=17", 3}};
  for (int k = 0; k < 5; k++) {
    probe p = make(kinds[_i], shapes[k].params, 33, 7, shapes[k].inputs, true, "threads=1");
    probe q = make(kinds[_i], shapes[k].params, 33, 7, shapes[k].inputs, true, "threads=2");
    q.layer->precision = CLF__PRODUCT_BF16;
    const clf__pass of_p = pass_of(&p, true), of_q = pass_of(&q, true);
    ck_clf_ok(p.layer->kind->forward(&of_p));
    ck_clf_ok(p.layer->kind->backward(&of_p));
    ck_clf_ok(q.layer->kind->forward(&of_q));
    ck_clf_ok(q.layer->kind->backward(&of_q));
    for (int64_t i = 0; i < p.layer->weight_count; i++) {
      for (int64_t j = 0; j < clf__shape_count(&p.layer->weights[i].shape); j++) {
        const double f32 = (double)p.gradients[i][j], bf16 = (double)q.gradients[i][j];
        ck_assert_msg(fabs(f32 - bf16) < 0.3 + 0.02 * fabs(f32),
                      "%s of %lld inputs: %s[%d] is %g, not %g", shapes[k].params,
                      (long long)shapes[k].inputs, p.layer->weights[i].name, (int)j, bf16, f32);
      }
    }
    done(&p);
    done(&q);
  }
}

/* Gates that are 0 or 1 in all digits, and states that are nearly 0. */
TEST_LOOP(recurrent__computes_inputs_of_any_scale, 0, 3) {
  static const float scales[] = {1e-20F, 1e-3F, 30, 1e7F, 1e30F};
  double expected[9 * 17];
  for (int k = 0; k < 5; k++) {
    probe p = make(kinds[_i], "units=17", 9, 3, 4, false, "threads=1");
    for (int64_t i = 0; i < p.rows * p.steps * p.inputs; i++) {
      p.x[i] *= scales[k];
    }
    for (int64_t i = 0; i < p.layer->weights[2].shape.size[0]; i++) {
      p.weights[2][i] = 0;
    }
    reference(&p, expected);
    clf__pass pass = pass_of(&p, true);
    ck_clf_ok(p.layer->kind->forward(&pass));
    ck_clf_ok(p.layer->kind->backward(&pass));
    for (int64_t i = 0; i < 9 * 17; i++) {
      const double scale = k == 0 ? fabs(expected[i]) + 1e-21 : 1;
      ck_assert_msg(fabs(expected[i] - (double)p.y[i]) < 2e-5 * scale, "y[%d] is %g, not %g",
                    (int)i, (double)p.y[i], expected[i]);
    }
    for (int64_t i = 0; i < p.rows * p.steps * p.inputs; i++) {
      ck_assert(isfinite(p.dx[i]));
    }
    done(&p);
  }
}

/* The output of a row does not depend on its padding, nor on the other rows. */
TEST_LOOP(recurrent__leaves_padding_out, 0, 3) {
  probe p = make(kinds[_i], "units=9", 33, 12, 4, true, "threads=2");
  clf__pass pass = pass_of(&p, false);
  ck_clf_ok(p.layer->kind->forward(&pass));
  for (int64_t row = 0; row < p.rows; row++) {
    const clf__span span = p.spans[row];
    const clf__shape in = {2, {span.end - span.begin, p.inputs}};
    float alone[9] = {0};
    if (in.size[0] == 0) {
      ck_assert_mem_eq(p.y + row * 9, alone, sizeof alone);
      continue;
    }
    clf__layer *shorter = NULL;
    ck_clf_ok(clf__layer_create(&shorter, p.context, kinds[_i], "units=9"));
    ck_clf_ok(clf__layer_infer_shapes(shorter, &in));
    const clf__pass one = {.layer = shorter,
                           .rows = 1,
                           .x = p.x + (row * p.steps + span.begin) * p.inputs,
                           .y = alone,
                           .weights = p.weights};
    ck_clf_ok(shorter->kind->forward(&one));
    ck_assert_mem_eq(p.y + row * 9, alone, sizeof alone);
    clf__layer_free(shorter);
  }
  done(&p);
}

/* Steps one after the other, with the state handed on, are the whole sequence. */
TEST_LOOP(recurrent__streams, 0, 3) {
  probe p = make(kinds[_i], "units=6", 5, 8, 3, false, "threads=1");
  clf__pass whole = pass_of(&p, false);
  ck_clf_ok(p.layer->kind->forward(&whole));
  clf__layer *single = NULL;
  const clf__shape in = {2, {1, p.inputs}};
  ck_clf_ok(clf__layer_create(&single, p.context, kinds[_i], "units=6"));
  ck_clf_ok(clf__layer_infer_shapes(single, &in));
  for (int64_t row = 0; row < p.rows; row++) {
    float state[12] = {0}, y[6];
    ck_assert_int_le(single->state_count, 12);
    for (int64_t t = 0; t < p.steps; t++) {
      const clf__pass one = {.layer = single,
                             .rows = 1,
                             .x = p.x + (row * p.steps + t) * p.inputs,
                             .y = y,
                             .weights = p.weights,
                             .state = state};
      ck_clf_ok(single->kind->forward(&one));
    }
    for (int i = 0; i < 6; i++) {
      ck_assert_float_eq_tol(y[i], p.y[row * 6 + i], 1e-5F);
    }
  }
  clf__layer_free(single);
  done(&p);
}

static double own_objective(probe *p) {
  const clf__pass pass = pass_of(p, true);
  double sum = 0;
  ck_clf_ok(p->layer->kind->forward(&pass));
  for (int64_t i = 0; i < p->rows * p->layer->outputs; i++) {
    sum += (double)p->y[i] * (double)p->dy[i];
  }
  return sum;
}

/* The masks are functions of the seed, so differences of the layer's own forward passes give its
 * gradient. */
TEST_LOOP(recurrent__drops_the_same_in_both_passes, 0, 3) {
  probe p =
      make(kinds[_i], "units=7 dropout=0.4 recurrent_dropout=0.3", 4, 5, 6, true, "threads=2");
  own_objective(&p);
  const clf__pass pass = pass_of(&p, true);
  ck_clf_ok(p.layer->kind->backward(&pass));
  int zeros = 0;
  for (int64_t i = 0; i < p.rows * p.steps * p.inputs; i++) {
    const float before = p.x[i], h = 0x1p-6F;
    p.x[i] = before + h;
    const double above = own_objective(&p);
    p.x[i] = before - h;
    const double below = own_objective(&p);
    p.x[i] = before;
    const double slope = (above - below) / (2 * (double)h);
    zeros += p.dx[i] == 0;
    ck_assert_msg(fabs(slope - (double)p.dx[i]) < 3e-3 * (1 + fabs(slope)),
                  "dx[%d] is %g, by differences %g", (int)i, (double)p.dx[i], slope);
  }
  ck_assert_int_gt(zeros, 20);
  done(&p);
}

/* truncate=1 leaves what each step's own input does to it. */
TEST_LOOP(recurrent__truncates_gradients, 0, 3) {
  probe p = make(kinds[_i], "units=4 truncate=2", 3, 6, 2, false, "threads=1");
  clf__pass pass = pass_of(&p, true);
  ck_clf_ok(p.layer->kind->forward(&pass));
  ck_clf_ok(p.layer->kind->backward(&pass));
  for (int64_t row = 0; row < p.rows; row++) {
    for (int64_t t = 0; t < p.steps; t++) {
      const float *dx = p.dx + (row * p.steps + t) * p.inputs;
      ck_assert_int_eq(dx[0] != 0 && dx[1] != 0, t >= 4);
    }
  }
  done(&p);
}

TEST_LOOP(recurrent__does_not_depend_on_threads, 0, 3) {
  const char *params = "units=12 bidirectional=true return_sequences=true dropout=0.2";
  probe one = make(kinds[_i], params, 64, 7, 5, true, "threads=1");
  probe many = make(kinds[_i], params, 64, 7, 5, true, "threads=3");
  own_objective(&one);
  own_objective(&many);
  clf__pass a = pass_of(&one, true), b = pass_of(&many, true);
  ck_clf_ok(one.layer->kind->backward(&a));
  ck_clf_ok(many.layer->kind->backward(&b));
  ck_assert_mem_eq(one.y, many.y, (size_t)(64 * one.layer->outputs) * sizeof *one.y);
  ck_assert_mem_eq(one.dx, many.dx, (size_t)(64 * one.layer->inputs) * sizeof *one.dx);
  for (int64_t i = 0; i < one.layer->weight_count; i++) {
    ck_assert_mem_eq(one.gradients[i], many.gradients[i],
                     (size_t)clf__shape_count(&one.layer->weights[i].shape) * sizeof(float));
  }
  done(&one);
  done(&many);
}

/* Weights of the states that do not fit into the second-level cache, which 64 rows share, and 128 in
 * predictions in bf16. */
static probe make_large(int kind, int64_t rows, bool bf16, const char *threads) {
  static const char *const units[] = {"units=513", "units=257", "units=296"};
  probe p = make(kinds[kind], units[kind], rows, 4, 3, true, threads);
  p.layer->precision = bf16 ? CLF__PRODUCT_BF16 : CLF__PRODUCT_F32;
  for (int64_t i = 0; i < clf__shape_count(&p.layer->weights[1].shape); i++) {
    p.weights[1][i] *= 0.1F;
  }
  p.spans[0] = (clf__span){2, 2};
  return p;
}

/* Runs both passes of some rows of a problem; the gradients of the weights go to `gradients`. */
static void run_rows(probe *p, int64_t first, int64_t rows, float *const *gradients) {
  clf__pass pass = pass_of(p, true);
  pass.rows = rows;
  pass.x += first * p->layer->inputs;
  pass.dx += first * p->layer->inputs;
  pass.y += first * p->layer->outputs;
  pass.dy += first * p->layer->outputs;
  pass.spans += first;
  pass.gradients = gradients;
  ck_clf_ok(p->layer->kind->forward(&pass));
  ck_clf_ok(p->layer->kind->backward(&pass));
}

/* 65 rows are a block of 64 and one of a single row; the parts are one block each. The last is an
 * lstm in bf16. */
TEST_LOOP(recurrent__of_large_weights_is_the_sum_of_parts_of_the_rows, SLOW ? 3 : 0, 4) {
  enum { ALL = 65, WEIGHTS = 3 };
  static const int64_t parts[] = {0, 1, 64, ALL};
  const int kind = _i == 3 ? 1 : _i;
  probe whole = make_large(kind, ALL, _i == 3, "threads=2");
  probe p = make_large(kind, ALL, _i == 3, "threads=1");
  double *sums[WEIGHTS];
  for (int w = 0; w < WEIGHTS; w++) {
    sums[w] = calloc((size_t)clf__shape_count(&p.layer->weights[w].shape), sizeof *sums[w]);
  }
  run_rows(&whole, 0, ALL, whole.gradients);
  for (int part = 0; part < 3; part++) {
    run_rows(&p, parts[part], parts[part + 1] - parts[part], p.gradients);
    for (int w = 0; w < WEIGHTS; w++) {
      for (int64_t i = 0; i < clf__shape_count(&p.layer->weights[w].shape); i++) {
        sums[w][i] += (double)p.gradients[w][i];
      }
    }
  }
  ck_assert_mem_eq(whole.y, p.y, (size_t)(ALL * p.layer->outputs) * sizeof *p.y);
  ck_assert_mem_eq(whole.dx, p.dx, (size_t)(ALL * p.layer->inputs) * sizeof *p.dx);
  for (int w = 0; w < WEIGHTS; w++) {
    for (int64_t i = 0; i < clf__shape_count(&p.layer->weights[w].shape); i++) {
      const double got = (double)whole.gradients[w][i];
      ck_assert_msg(fabs(got - sums[w][i]) <= 1e-4 * (1 + fabs(got)), "%s[%d] is %g, not %g",
                    p.layer->weights[w].name, (int)i, got, sums[w][i]);
    }
    free(sums[w]);
  }
  done(&whole);
  done(&p);
}

/* Predictions have blocks of other sizes than trainings: of 64 rows in f32, of 128 in bf16. */
TEST_LOOP(recurrent__of_large_weights_predicts_what_it_is_trained_with, 0, 2) {
  enum { ALL = 130 };
  probe p = make_large(1, ALL, _i == 1, "threads=2");
  const size_t size = (size_t)(ALL * p.layer->outputs) * sizeof *p.y;
  clf__pass pass = pass_of(&p, true);
  float *trained = malloc(size);
  ck_clf_ok(p.layer->kind->forward(&pass));
  memcpy(trained, p.y, size);
  memset(p.y, 0xff, size);
  pass = pass_of(&p, false);
  ck_clf_ok(p.layer->kind->forward(&pass));
  ck_assert_mem_eq(trained, p.y, size);
  free(trained);
  done(&p);
}

enum { ROWS = 3, STEPS = 5, WIDTH = 4, WORDS = 6 };
static const float ids[ROWS * STEPS] = {0, 2, 5, 2, 0, 0, 0, 0, 0, 0, 1, 0, 3, 1, 2};

static clf__layer *layer_of(const char *kind, const char *params, clf__shape in) {
  clf__layer *layer = NULL;
  ck_clf_ok(clf__layer_create(&layer, context, kind, params));
  layer->number = 2;
  ck_clf_ok(clf__layer_infer_shapes(layer, &in));
  return layer;
}

TEST(embedding__looks_up_and_masks) {
  clf__layer *layer = layer_of("embedding", "vocabulary=6 units=4", (clf__shape){1, {STEPS}});
  float table[WORDS * WIDTH], y[ROWS * STEPS * WIDTH], sums[WORDS * WIDTH];
  float dy[ROWS * STEPS * WIDTH];
  float *weights = table, *gradients = sums;
  clf__span spans[ROWS];
  uint64_t state = 1;
  for (int i = 0; i < WORDS * WIDTH; i++) {
    table[i] = (float)random_normal(&state);
  }
  for (int i = 0; i < ROWS * STEPS * WIDTH; i++) {
    dy[i] = (float)(i % 7);
  }
  const clf__pass pass = {.layer = layer,
                          .rows = ROWS,
                          .training = true,
                          .x = ids,
                          .y = y,
                          .weights = &weights,
                          .spans = spans,
                          .dy = dy,
                          .gradients = &gradients};
  ck_clf_ok(layer->kind->forward(&pass));
  ck_clf_ok(layer->kind->backward(&pass));
  for (int word = 0; word < WORDS; word++) {
    float expected[WIDTH] = {0};
    for (int i = 0; i < ROWS * STEPS; i++) {
      for (int k = 0; k < WIDTH && (int)ids[i] == word; k++) {
        expected[k] += dy[i * WIDTH + k];
        ck_assert_float_eq(y[i * WIDTH + k], table[word * WIDTH + k]);
      }
    }
    ck_assert_mem_eq(sums + word * WIDTH, expected, sizeof expected);
  }
  ck_assert_int_eq(spans[0].begin, 1);
  ck_assert_int_eq(spans[0].end, 4);
  ck_assert_int_eq(spans[1].begin, spans[1].end);
  ck_assert_int_eq(spans[2].begin, 0);
  ck_assert_int_eq(spans[2].end, 5);
  clf__layer_free(layer);
}

/* With vectors and gradients of 1, what a place gives and what it is given back are the same. */
TEST(embedding__drops_ids_of_a_row) {
  enum { MANY = 500, PLACES = MANY * STEPS };
  clf__layer *layer =
      layer_of("embedding", "vocabulary=6 units=4 dropout=0.4", (clf__shape){1, {STEPS}});
  static float x[PLACES], y[PLACES * WIDTH], dy[PLACES * WIDTH];
  float table[WORDS * WIDTH], sums[WORDS * WIDTH];
  float *weights = table, *gradients = sums;
  double given[WORDS] = {0};
  int dropped = 0;
  for (int i = 0; i < PLACES * WIDTH; i++) {
    x[i / WIDTH] = (float)(i / WIDTH % STEPS % 3 + i / WIDTH / STEPS % 4);
    table[i % (WORDS * WIDTH)] = dy[i] = 1;
  }
  clf__pass pass = {.layer = layer,
                    .rows = MANY,
                    .training = true,
                    .seed = 7,
                    .x = x,
                    .y = y,
                    .weights = &weights,
                    .dy = dy,
                    .gradients = &gradients};
  ck_clf_ok(layer->kind->forward(&pass));
  ck_clf_ok(layer->kind->backward(&pass));
  for (int i = 0; i < PLACES * WIDTH; i++) {
    ck_assert(y[i] == 0 || fabsf(y[i] - 1 / 0.6F) < 1e-6F);
    ck_assert_float_eq(y[i], y[i - i % WIDTH]);
    given[(int)x[i / WIDTH]] += (double)y[i] / WIDTH;
    dropped += y[i] == 0;
  }
  for (int i = 0; i < PLACES; i++) { /* the fourth place of a row has the id of the first */
    ck_assert(i % STEPS < 3 || y[i * WIDTH] == y[(i - 3) * WIDTH]);
  }
  for (int i = 0; i < WORDS * WIDTH; i++) {
    ck_assert_double_eq_tol((double)sums[i], given[i / WIDTH], 1e-2);
  }
  ck_assert_double_eq_tol(dropped / (double)(PLACES * WIDTH), 0.4, 0.05);
  pass.training = false;
  ck_clf_ok(layer->kind->forward(&pass));
  for (int i = 0; i < PLACES * WIDTH; i++) {
    ck_assert_float_eq(y[i], 1);
  }
  clf__layer_free(layer);
}

TEST(embedding__names_ids_it_does_not_have) {
  static const float bad[] = {6, -1, 0.5F, 1e30F};
  clf__layer *layer = layer_of("embedding", "vocabulary=6 units=4", (clf__shape){1, {STEPS}});
  float table[WORDS * WIDTH] = {0}, y[STEPS * WIDTH], x[STEPS] = {0};
  float *weights = table;
  for (int i = 0; i < 4; i++) {
    x[3] = bad[i];
    const clf__pass pass = {.layer = layer, .rows = 1, .x = x, .y = y, .weights = &weights};
    ck_clf_fails(layer->kind->forward(&pass), CLF_ERROR_DATA);
    ck_clf_says("embedding 2: step 4 of a row is");
    ck_clf_says("from 0 to 5");
  }
  clf__layer_free(layer);
}

static void check_pool(const char *kind, const clf__span *spans) {
  clf__layer *layer = layer_of(kind, NULL, (clf__shape){2, {STEPS, WIDTH}});
  float x[ROWS * STEPS * WIDTH], dx[ROWS * STEPS * WIDTH], y[ROWS * WIDTH], dy[ROWS * WIDTH];
  int32_t kept[ROWS * WIDTH];
  const bool average = strstr(kind, "average") != NULL;
  uint64_t state = 4;
  for (int i = 0; i < ROWS * STEPS * WIDTH; i++) {
    x[i] = (float)random_normal(&state);
  }
  for (int i = 0; i < ROWS * WIDTH; i++) {
    dy[i] = (float)(i + 1);
  }
  const clf__pass pass = {.layer = layer,
                          .rows = ROWS,
                          .training = true,
                          .x = x,
                          .y = y,
                          .kept = kept,
                          .spans = (clf__span *)(uintptr_t)spans,
                          .dy = dy,
                          .dx = dx};
  ck_clf_ok(layer->kind->forward(&pass));
  ck_clf_ok(layer->kind->backward(&pass));
  for (int i = 0; i < ROWS * WIDTH; i++) {
    const clf__span span = clf__span_of(spans, i / WIDTH, STEPS);
    double sum = 0, most = -INFINITY, given = 0;
    for (int64_t t = span.begin; t < span.end; t++) {
      const double value = (double)x[(i / WIDTH * STEPS + t) * WIDTH + i % WIDTH];
      sum += value;
      most = value > most ? value : most;
    }
    for (int64_t t = 0; t < STEPS; t++) {
      const int64_t at = (i / WIDTH * STEPS + t) * WIDTH + i % WIDTH;
      const bool inside = t >= span.begin && t < span.end;
      given += (double)dx[at];
      ck_assert(dx[at] == 0 || (inside && (average || (double)x[at] == most)));
    }
    const double count = (double)(span.end - span.begin);
    const double expected = count == 0 ? 0 : average ? sum / count : most;
    ck_assert_double_eq_tol((double)y[i], expected, 1e-6);
    ck_assert_double_eq_tol(given, count == 0 ? 0 : (double)dy[i], 1e-5);
  }
  clf__layer_free(layer);
}

TEST(time_pooling__is_over_the_steps_that_count) {
  static const clf__span spans[ROWS] = {{1, 4}, {2, 2}, {0, 5}};
  check_pool("global_average_pool1d", NULL);
  check_pool("global_average_pool1d", spans);
  check_pool("global_max_pool1d", NULL);
  check_pool("global_max_pool1d", spans);
}

SUITE("recurrent", .setup = open_two_threads, .teardown = close_context)
