/* Steps of sequential minimal optimization; see ops/kernelfn/smo.h. Membership in the up set and in
 * the low set is stored as a number that is added to the gradient, 0 or infinity, so that loops
 * need no branches. With 512 variables everything that a step reads is in L1, except the two rows
 * of K, which are in L2. */
#include "ops/kernelfn/smo.h"

typedef int64_t vector_i64 __attribute__((vector_size(VECTOR_BYTES)));

INLINE vector_f64 choose_f64(vector_i64 mask, vector_f64 a, vector_f64 b) {
  return (vector_f64)((mask & (vector_i64)a) | (~mask & (vector_i64)b));
}

INLINE vector_f64 all_f64(double value) {
  return value - (vector_f64){0};
}

/* The result of a search for the largest value; the first of equal ones. */
typedef struct smo_max {
  double value;
  int64_t at; /* -1 for none */
} smo_max;

INLINE smo_max max_of(vector_f64 values, vector_f64 places) {
  smo_max best = {(double)-INFINITY, -1};
  for (int lane = 0; lane < LANES_F64; lane++) {
    const int64_t at = (int64_t)places[lane];
    if (values[lane] > best.value || (values[lane] == best.value && at < best.at)) {
      best = (smo_max){values[lane], at};
    }
  }
  return best;
}

/* The variables of one sum: the one with the largest gradient in the up set, and by how much that
 * exceeds the smallest in the low set. */
typedef struct smo_sum {
  int64_t first, end;
  smo_max top;
  double gap;
} smo_sum;

/* gradient -= t (K_i - K_j) for the variables of one sum. */
static smo_sum smo_move(const clf__smo *problem, int64_t first, int64_t end, int64_t i, int64_t j,
                        double t) {
  const float *row_i = problem->K + i * problem->count, *row_j = problem->K + j * problem->count;
  vector_f64 best = all_f64((double)-INFINITY), at = {0}, lowest = all_f64((double)INFINITY);
  vector_f64 place;
  for (int lane = 0; lane < LANES_F64; lane++) {
    place[lane] = (double)(first + lane);
  }
  for (int64_t k = first; k < end; k += LANES_F64, place += (double)LANES_F64) {
    const vector_f64 gradient =
        load_f64(problem->gradient + k) - t * (load_wide(row_i + k) - load_wide(row_j + k));
    store_f64(problem->gradient + k, gradient);
    const vector_f64 up = gradient + load_f64(problem->up_set + k);
    const vector_f64 low = gradient + load_f64(problem->low_set + k);
    const vector_i64 more = up > best;
    best = choose_f64(more, up, best);
    at = choose_f64(more, place, at);
    lowest = choose_f64(low < lowest, low, lowest);
  }
  double min_low = (double)INFINITY;
  for (int lane = 0; lane < LANES_F64; lane++) {
    min_low = lowest[lane] < min_low ? lowest[lane] : min_low;
  }
  const smo_max top = max_of(best, at);
  return (smo_sum){first, end, top, top.value - min_low};
}

/* Updates all gradients, and returns the sum that violates the conditions most. */
static smo_sum smo_update(const clf__smo *problem, int64_t i, int64_t j, double t) {
  const smo_sum one = smo_move(problem, 0, problem->split, i, j, t);
  if (problem->split == problem->count) {
    return one;
  }
  const smo_sum other = smo_move(problem, problem->split, problem->count, i, j, t);
  return other.gap > one.gap ? other : one;
}

/* Returns the partner of the sum's top variable i in the low set with the largest d^2 / (K_ii +
 * K_jj - 2 K_ij), where d, the difference of the gradients, must be positive. */
static int64_t smo_partner(const clf__smo *problem, const smo_sum *sum) {
  const int64_t i = sum->top.at;
  const double gradient = sum->top.value, least = problem->min_curvature;
  const float *row = problem->K + i * problem->count;
  const double own = (double)problem->diagonal[i];
  vector_f64 best = all_f64((double)-INFINITY), at = {0}, place;
  for (int lane = 0; lane < LANES_F64; lane++) {
    place[lane] = (double)(sum->first + lane);
  }
  for (int64_t k = sum->first; k < sum->end; k += LANES_F64, place += (double)LANES_F64) {
    const vector_f64 d =
        gradient - (load_f64(problem->gradient + k) + load_f64(problem->low_set + k));
    vector_f64 curve = own + load_wide(problem->diagonal + k) - 2 * load_wide(row + k);
    curve = choose_f64(curve > least, curve, all_f64(least));
    const vector_f64 gain = choose_f64(d > 0, d * d / curve, all_f64((double)-INFINITY));
    const vector_i64 more = gain > best;
    best = choose_f64(more, gain, best);
    at = choose_f64(more, place, at);
  }
  return max_of(best, at).at;
}

INLINE void smo_open(const clf__smo *problem, int64_t k) {
  problem->up_set[k] = problem->b[k] < problem->upper[k] ? 0 : (double)-INFINITY;
  problem->low_set[k] = problem->b[k] > problem->lower[k] ? 0 : (double)INFINITY;
}

/* Increases b_i and decreases b_j by the optimal amount within their bounds, and returns it. */
INLINE double smo_pair(const clf__smo *problem, int64_t i, int64_t j) {
  const double slack_i = problem->upper[i] - problem->b[i];
  const double slack_j = problem->b[j] - problem->lower[j];
  double curve = (double)problem->diagonal[i] + (double)problem->diagonal[j] -
                 2 * (double)problem->K[i * problem->count + j];
  curve = curve > problem->min_curvature ? curve : problem->min_curvature;
  double t = (problem->gradient[i] - problem->gradient[j]) / curve;
  t = t < slack_i ? t : slack_i;
  t = t < slack_j ? t : slack_j;
  problem->b[i] = t == slack_i ? problem->upper[i] : problem->b[i] + t;
  problem->b[j] = t == slack_j ? problem->lower[j] : problem->b[j] - t;
  smo_open(problem, i);
  smo_open(problem, j);
  return t;
}

static int64_t smo_solve(const clf__smo *problem) {
  for (int64_t k = 0; k < problem->count; k++) {
    smo_open(problem, k);
  }
  int64_t steps = 0;
  smo_sum worst = smo_update(problem, 0, 0, 0);
  while (steps < problem->max_steps && worst.gap > problem->tolerance) {
    const int64_t i = worst.top.at, partner = smo_partner(problem, &worst);
    if (partner < 0) {
      break;
    }
    const double t = smo_pair(problem, i, partner);
    worst = smo_update(problem, i, partner, t);
    steps++;
  }
  return steps;
}

const clf__smo_kernels FAMILY(smo_kernels) = {
    .solve = smo_solve,
};
