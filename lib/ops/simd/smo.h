/* Steps of sequential minimal optimization; see ops/kernelfn/smo.h. Membership in the up set and in
 * the low set is stored as a number that is added to the gradient, 0 or infinity, so that loops
 * need no branches. With 512 variables everything that a step reads is in L1, except the two rows
 * of K, which are in L2. */
#include "ops/kernelfn/smo.h"

/* Compilers compute with masks bit by bit where the CPU has registers or blends for them. */
#if defined(__AVX512F__)
typedef __mmask8 smo_mask;

INLINE smo_mask more_f64(vector_f64 a, vector_f64 b) {
  return _mm512_cmp_pd_mask((__m512d)a, (__m512d)b, _CMP_GT_OQ);
}

INLINE vector_f64 choose_f64(smo_mask mask, vector_f64 a, vector_f64 b) {
  return (vector_f64)_mm512_mask_blend_pd(mask, (__m512d)b, (__m512d)a);
}
#elif defined(__AVX2__)
typedef __m256d smo_mask;

INLINE smo_mask more_f64(vector_f64 a, vector_f64 b) {
  return (__m256d)(a > b);
}

INLINE vector_f64 choose_f64(smo_mask mask, vector_f64 a, vector_f64 b) {
  return (vector_f64)_mm256_blendv_pd((__m256d)b, (__m256d)a, mask);
}
#else
typedef int64_t smo_mask __attribute__((vector_size(VECTOR_BYTES)));

INLINE smo_mask more_f64(vector_f64 a, vector_f64 b) {
  return a > b;
}

INLINE vector_f64 choose_f64(smo_mask mask, vector_f64 a, vector_f64 b) {
  return (vector_f64)((mask & (smo_mask)a) | (~mask & (smo_mask)b));
}
#endif

INLINE vector_f64 all_f64(double value) {
  return value - (vector_f64){0};
}

INLINE vector_f64 larger_f64(vector_f64 a, vector_f64 b) {
  return choose_f64(more_f64(a, b), a, b);
}

/* The result of a search for the largest value; the first of equal ones. */
typedef struct smo_max {
  double value;
  int64_t at; /* -1 for none */
} smo_max;

INLINE smo_max max_of(vector_f64 values, vector_f64 places) {
#if defined(__AVX512F__)
  const double value = _mm512_reduce_max_pd((__m512d)values);
  const smo_mask largest = _mm512_cmp_pd_mask((__m512d)values, _mm512_set1_pd(value), _CMP_EQ_OQ);
  return (smo_max){value, (int64_t)_mm512_mask_reduce_min_pd(largest, (__m512d)places)};
#else
  smo_max best = {(double)-INFINITY, -1};
  for (int lane = 0; lane < LANES_F64; lane++) {
    const int64_t at = (int64_t)places[lane];
    if (values[lane] > best.value || (values[lane] == best.value && at < best.at)) {
      best = (smo_max){values[lane], at};
    }
  }
  return best;
#endif
}

/* The variables of one sum: the one with the largest gradient in the up set, and by how much that
 * exceeds the smallest in the low set. */
typedef struct smo_sum {
  int64_t first, end;
  smo_max top;
  double gap;
} smo_sum;

INLINE vector_f64 smo_places(int64_t first) {
  vector_f64 place;
  for (int lane = 0; lane < LANES_F64; lane++) {
    place[lane] = (double)(first + lane);
  }
  return place;
}

/* gradient -= t (K_i - K_j) for the variables of one sum. */
static smo_sum smo_move(const clf__smo *problem, int64_t first, int64_t end, int64_t i, int64_t j,
                        double t) {
  const float *row_i = problem->K + i * problem->count, *row_j = problem->K + j * problem->count;
  double *restrict gradients = problem->gradient;
  const double *restrict up_set = problem->up_set, *restrict low_set = problem->low_set;
  vector_f64 best = all_f64((double)-INFINITY), at = {0}, lowest = all_f64((double)INFINITY);
  vector_f64 place = smo_places(first);
  for (int64_t k = first; k < end; k += LANES_F64, place += (double)LANES_F64) {
    const vector_f64 gradient =
        load_f64(gradients + k) - t * (load_wide(row_i + k) - load_wide(row_j + k));
    store_f64(gradients + k, gradient);
    const vector_f64 up = gradient + load_f64(up_set + k);
    const vector_f64 low = gradient + load_f64(low_set + k);
    const smo_mask more = more_f64(up, best);
    best = choose_f64(more, up, best);
    at = choose_f64(more, place, at);
    lowest = choose_f64(more_f64(lowest, low), low, lowest);
  }
  const smo_max top = max_of(best, at);
  return (smo_sum){first, end, top, top.value + max_of(-lowest, at).value};
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

/* The largest d^2 / curve of each lane, and its place. */
typedef struct smo_best {
  vector_f64 square, curve, place;
} smo_best;

enum { PARTS = 2 }; /* maxima side by side, since each comparison waits for the last */

/* Quotients are compared by products, since a division takes as long as all the rest. */
INLINE void smo_compare(smo_best *best, vector_f64 d, vector_f64 curve, vector_f64 place) {
  const vector_f64 square = d * d;
  const smo_mask more = more_f64(square * best->curve, best->square * curve);
  best->square = choose_f64(more, square, best->square);
  best->curve = choose_f64(more, curve, best->curve);
  best->place = choose_f64(more, place, best->place);
}

/* Returns the partner of the sum's top variable i in the low set with the largest d^2 / (K_ii +
 * K_jj - 2 K_ij), where d, the difference of the gradients, must be positive. */
static int64_t smo_partner(const clf__smo *problem, const smo_sum *sum) {
  const int64_t i = sum->top.at;
  const double gradient = sum->top.value, least = problem->min_curvature;
  const float *row = problem->K + i * problem->count;
  const double own = (double)problem->diagonal[i];
  smo_best best[PARTS];
  for (int p = 0; p < PARTS; p++) {
    best[p] = (smo_best){{0}, all_f64(1), all_f64(-1)};
  }
  vector_f64 place = smo_places(sum->first);
  for (int64_t first = sum->first; first < sum->end; first += PARTS * LANES_F64) {
    UNROLL for (int p = 0; p < PARTS; p++) {
      const int64_t k = first + p * LANES_F64;
      const vector_f64 low = load_f64(problem->gradient + k) + load_f64(problem->low_set + k);
      const vector_f64 curve = own + load_wide(problem->diagonal + k) - 2 * load_wide(row + k);
      smo_compare(&best[p], larger_f64(gradient - low, all_f64(0)),
                  larger_f64(curve, all_f64(least)), place);
      place += (double)LANES_F64;
    }
  }
  const vector_f64 one = best[0].square / best[0].curve, other = best[1].square / best[1].curve;
  const smo_mask more = more_f64(other, one);
  return max_of(choose_f64(more, other, one), choose_f64(more, best[1].place, best[0].place)).at;
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
