/* The elementwise part of recurrent cells, which follows the products of a step: about five
 * exponentials for each unit of an LSTM. ops/nn/recurrent.h has the formulas. */
#include "ops/nn/recurrent.h"

/* 1 / (1 + e^-x), at least 2^-126. */
INLINE vector_f32 gate_sigmoid(vector_f32 x) {
  return reciprocal(at_most(1.0F + exp_vector(-x), 0x1p126F));
}

/* With m = e^2x - 1 = 2^n (e^r - 1) + (2^n - 1), as in exp_vector(): m / (m + 2), to 4 units in the
 * last place for any x. One exponential and no branch, where tanh_vector() has two. */
INLINE vector_f32 gate_tanh(vector_f32 x) {
  const float round = 0x1.8p23F;
  const vector_f32 twice = at_least(at_most(x + x, 40.0F), -40.0F);
  const vector_f32 n = (twice * 0x1.715476p0F + round) - round;
  const vector_f32 r = (twice - n * ln2_high) - n * ln2_low;
  const vector_f32 power = times_power_of_2(all_f32(1), n);
  const vector_f32 m = exp_minus_1(r) * power + (power - 1.0F);
  return m * reciprocal(m + 2.0F);
}

/* The vectors of a row at unit j. */
typedef struct cell_at {
  const clf__cell_step *step;
  float *gates; /* of the row, at the unit */
  int64_t unit;
  int64_t at; /* index of the row's unit in arrays [rows, units] */
  int64_t lanes;
} cell_at;

INLINE vector_f32 gate_of(const cell_at *u, int gate) {
  return load_lanes(u->gates + gate * u->step->units, u->lanes);
}

/* The sum of a gate with its bias. */
INLINE vector_f32 sum_of(const cell_at *u, int gate) {
  return gate_of(u, gate) + load_lanes(u->step->bias + gate * u->step->units + u->unit, u->lanes);
}

INLINE void set_gate(const cell_at *u, int gate, vector_f32 value) {
  store_lanes(u->gates + gate * u->step->units, value, u->lanes);
}

/* A gradient that vanishes over many steps ends as 0. Subnormal numbers would make products take a
 * hundred times as long. */
INLINE vector_f32 load_gradient(const float *from, int64_t lanes) {
  const vector_f32 g = load_lanes(from, lanes);
  return choose((g < 1e-25F) & (g > -1e-25F), all_f32(0), g);
}

INLINE void tanh_unit(const cell_at *u) {
  const vector_f32 h = gate_tanh(sum_of(u, 0));
  set_gate(u, 0, h);
  store_lanes(u->step->h + u->at, h, u->lanes);
}

INLINE void lstm_unit(const cell_at *u) {
  const vector_f32 i = gate_sigmoid(sum_of(u, 0)), f = gate_sigmoid(sum_of(u, 1));
  const vector_f32 g = gate_tanh(sum_of(u, 2)), o = gate_sigmoid(sum_of(u, 3));
  const vector_f32 c = f * load_lanes(u->step->c_before + u->at, u->lanes) + i * g;
  set_gate(u, 0, i);
  set_gate(u, 1, f);
  set_gate(u, 2, g);
  set_gate(u, 3, o);
  store_lanes(u->step->c + u->at, c, u->lanes);
  store_lanes(u->step->h + u->at, o * gate_tanh(c), u->lanes);
}

INLINE void gru_unit(const cell_at *u) {
  const vector_f32 r = gate_sigmoid(sum_of(u, 1)), z = gate_sigmoid(sum_of(u, 2));
  const vector_f32 of_state = sum_of(u, 3), n = gate_tanh(sum_of(u, 0) + r * of_state);
  const vector_f32 before = load_lanes(u->step->h_before + u->at, u->lanes);
  set_gate(u, 0, n);
  set_gate(u, 1, r);
  set_gate(u, 2, z);
  set_gate(u, 3, of_state);
  store_lanes(u->step->h + u->at, n + z * (before - n), u->lanes);
}

INLINE void tanh_unit_back(const cell_at *u) {
  const vector_f32 h = gate_of(u, 0), dh = load_gradient(u->step->dh + u->at, u->lanes);
  set_gate(u, 0, dh * (1.0F - h * h));
  store_lanes(u->step->dh + u->at, all_f32(0), u->lanes);
}

INLINE void lstm_unit_back(const cell_at *u) {
  const vector_f32 i = gate_of(u, 0), f = gate_of(u, 1), g = gate_of(u, 2), o = gate_of(u, 3);
  /* h = o tanh(c), and o is not 0. */
  const vector_f32 t = load_lanes(u->step->h + u->at, u->lanes) * reciprocal(o);
  const vector_f32 before = load_lanes(u->step->c_before + u->at, u->lanes);
  const vector_f32 dh = load_gradient(u->step->dh + u->at, u->lanes);
  const vector_f32 dc = load_gradient(u->step->dc + u->at, u->lanes) + dh * o * (1.0F - t * t);
  set_gate(u, 0, dc * g * i * (1.0F - i));
  set_gate(u, 1, dc * before * f * (1.0F - f));
  set_gate(u, 2, dc * i * (1.0F - g * g));
  set_gate(u, 3, dh * t * o * (1.0F - o));
  store_lanes(u->step->dc + u->at, dc * f, u->lanes);
  store_lanes(u->step->dh + u->at, all_f32(0), u->lanes);
}

INLINE void gru_unit_back(const cell_at *u) {
  const vector_f32 n = gate_of(u, 0), r = gate_of(u, 1), z = gate_of(u, 2), s = gate_of(u, 3);
  const vector_f32 before = load_lanes(u->step->h_before + u->at, u->lanes);
  const vector_f32 dh = load_gradient(u->step->dh + u->at, u->lanes);
  const vector_f32 dn = dh * (1.0F - z) * (1.0F - n * n);
  set_gate(u, 0, dn);
  set_gate(u, 1, dn * s * r * (1.0F - r));
  set_gate(u, 2, dh * (before - n) * z * (1.0F - z));
  set_gate(u, 3, dn * r);
  store_lanes(u->step->dh + u->at, dh * z, u->lanes);
}

#define CELL_LOOP(name, columns)                                                                   \
  static void name##_rows(const clf__cell_step *step) {                                            \
    const int64_t units = step->units, whole = units - units % LANES_F32;                          \
    for (int64_t row = 0; row < step->rows; row++) {                                               \
      float *gates = step->gates + row * (columns)*units;                                          \
      for (int64_t j = 0; j < whole; j += LANES_F32) {                                             \
        name(&(cell_at){step, gates + j, j, row * units + j, LANES_F32});                          \
      }                                                                                            \
      if (whole < units) {                                                                         \
        name(&(cell_at){step, gates + whole, whole, row * units + whole, units - whole});          \
      }                                                                                            \
    }                                                                                              \
  }

CELL_LOOP(tanh_unit, 1)
CELL_LOOP(lstm_unit, 4)
CELL_LOOP(gru_unit, 4)
CELL_LOOP(tanh_unit_back, 1)
CELL_LOOP(lstm_unit_back, 4)
CELL_LOOP(gru_unit_back, 4)

/* In the order of CLF__CELL_…. */
static void cell_forward(const clf__cell_step *step) {
  static void (*const cells[])(const clf__cell_step *) = {tanh_unit_rows, lstm_unit_rows,
                                                          gru_unit_rows};
  cells[step->cell](step);
}

static void cell_backward(const clf__cell_step *step) {
  static void (*const cells[])(const clf__cell_step *) = {tanh_unit_back_rows, lstm_unit_back_rows,
                                                          gru_unit_back_rows};
  cells[step->cell](step);
}

const clf__recurrent_kernels FAMILY(recurrent_kernels) = {
    .forward = cell_forward,
    .backward = cell_backward,
};
