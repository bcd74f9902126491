/* The initial values of weights, drawn from the seed and the index of the weight in the network:
 *
 *   glorot_uniform  uniform in +-sqrt(6 / (fan_in + fan_out)): Glorot and Bengio (2010)
 *   glorot_normal   of variance 2 / (fan_in + fan_out)
 *   he_uniform      uniform in +-sqrt(6 / fan_in): He et al. (2015)
 *   he_normal       of variance 2 / fan_in
 *   orthogonal      the weight as a matrix, its last axis the columns, of orthonormal columns, or
 *                   rows where those are fewer: Saxe et al. (2014)
 *   uniform         in +-0.05
 *   normal          of deviation 0.05
 *   lecun_uniform   uniform in +-sqrt(3 / fan_in): LeCun et al. (1998)
 *   fan_in_uniform  uniform in +-1 / sqrt(fan_in)
 *   zeros, ones
 *   auto            the wider of glorot_uniform and lecun_uniform: Glorot's compromise with the
 *                   gradients makes the sums of few inputs to many outputs so small that tanh and
 *                   relu are nearly linear there, and a layer of one input learns little
 *
 * Orthonormal vectors are made from normal numbers by Cholesky factors of their products: with
 * V V^T + shift = L L^T, the rows of L^-1 V are those of the Gram-Schmidt method. The shift, which
 * is far below the precision of f32, keeps the factorization from failing for vectors that are
 * nearly dependent (Fukaya et al., 2020). It is repeated where a vector lost most of its length.
 * So all rotations are equally likely. */
#include <math.h>

#include "base/math.h"
#include "layers/layer.h"
#include "ops/linalg/factor.h"
#include "ops/linalg/gemm.h"

enum {
  BLOCK = 256, /* vectors whose products with earlier ones are computed at once */
  PASSES = 4
};

static const double relative_shift = 1e-14;
/* If this share of each squared length remains, the condition of the vectors is small. */
static const double kept_share = 0.1;

/* Returns one of the pair of normal numbers of Box and Muller. */
static double normal(clf__random *random) {
  const double two_pi = 6.283185307179586;
  double u = 1 - clf__random_uniform(random);
  return sqrt(-2 * log(u)) * cos(two_pi * clf__random_uniform(random));
}

static double uniform(clf__random *random) {
  return 2 * clf__random_uniform(random) - 1;
}

/* Computes the lower triangle of V V^T, in [count, count]. */
static clf_status multiply_self(clf_context *context, const double *vectors, int64_t count,
                                int64_t length, double *products) {
  for (int64_t first = 0; first < count; first += BLOCK) {
    const int64_t rows = clf__min_i64(count - first, BLOCK), end = first + rows;
    CLF__CHECK(clf__gemm_f64(
        context, 1, clf__f64_matrix(vectors + first * length, rows, length, length),
        clf__f64_transposed(vectors, length, end, length), 0, products + first * count, count));
  }
  return CLF_OK;
}

/* Makes vectors [count, length] orthonormal; `factor` [count, count] and `squares` [count] are
 * scratch. */
static clf_status make_orthonormal(clf_context *context, double *vectors, int64_t count,
                                   int64_t length, double *factor, double *squares) {
  bool dependent = true;
  for (int pass = 0; pass < PASSES && dependent; pass++) {
    CLF__CHECK(multiply_self(context, vectors, count, length, factor));
    for (int64_t i = 0; i < count; i++) {
      double *diagonal = factor + i * (count + 1);
      squares[i] = *diagonal;
      *diagonal += relative_shift * (double)count * *diagonal;
    }
    CLF__CHECK(clf__cholesky(context, factor, count, count, 0, NULL));
    CLF__CHECK(clf__solve_lower(context, factor, count, count, vectors, length, length));
    dependent = false;
    for (int64_t i = 0; i < count; i++) {
      const double root = factor[i * (count + 1)];
      dependent = dependent || root * root < kept_share * squares[i];
    }
  }
  return CLF_OK;
}

static clf_status draw_orthogonal(clf_context *context, const clf__weight_info *info,
                                  clf__random *random, float *values) {
  const int64_t columns = info->shape.size[info->shape.ndim - 1];
  const int64_t size = clf__shape_count(&info->shape), rows = size / columns;
  const bool tall = rows >= columns;
  const int64_t count = tall ? columns : rows, length = tall ? rows : columns;
  clf__arena arena = {.context = context};
  double *vectors = clf__arena_array(&arena, size, sizeof *vectors);
  double *factor = clf__arena_matrix(&arena, count, count, sizeof *factor);
  double *squares = clf__arena_array(&arena, count, sizeof *squares);
  clf_status status = CLF_OK;
  CLF__TRY(clf__arena_status(&arena));
  for (int64_t i = 0; i < size; i++) {
    vectors[i] = normal(random);
  }
  CLF__TRY(make_orthonormal(context, vectors, count, length, factor, squares));
  for (int64_t row = 0; row < rows; row++) {
    for (int64_t column = 0; column < columns; column++) {
      values[row * columns + column] =
          (float)vectors[tall ? column * length + row : row * length + column];
    }
  }
done:
  clf__arena_free(&arena);
  return status;
}

/* Returns the factor of uniform or normal numbers. */
static double scale_of(const clf__weight_info *info) {
  const double in = (double)info->fan_in, out = (double)info->fan_out;
  switch (info->initial) {
  case CLF__INITIAL_GLOROT_UNIFORM:
    return sqrt(6 / (in + out));
  case CLF__INITIAL_GLOROT_NORMAL:
    return sqrt(2 / (in + out));
  case CLF__INITIAL_HE_UNIFORM:
    return sqrt(6 / in);
  case CLF__INITIAL_HE_NORMAL:
    return sqrt(2 / in);
  case CLF__INITIAL_LECUN_UNIFORM:
    return sqrt(3 / in);
  case CLF__INITIAL_AUTO:
    return fmax(sqrt(6 / (in + out)), sqrt(3 / in));
  case CLF__INITIAL_FAN_IN_UNIFORM:
    return 1 / sqrt(in);
  default:
    return 0.05;
  }
}

static double draw(int32_t initial, double scale, clf__random *random) {
  switch (initial) {
  case CLF__INITIAL_ZEROS:
    return 0;
  case CLF__INITIAL_ONES:
    return 1;
  case CLF__INITIAL_GLOROT_NORMAL:
  case CLF__INITIAL_HE_NORMAL:
  case CLF__INITIAL_NORMAL:
    return scale * normal(random);
  default:
    return scale * uniform(random);
  }
}

clf_status clf__weight_initialize(clf_context *context, const clf__weight_info *info, uint64_t seed,
                                  int64_t place, float *values) {
  const int64_t count = clf__shape_count(&info->shape);
  const double scale = scale_of(info);
  clf__random random = clf__random_seed(seed, (uint64_t)place);
  clf_status status = CLF_OK;
  if (info->initial == CLF__INITIAL_ORTHOGONAL) {
    status = draw_orthogonal(context, info, &random, values);
  }
  for (int64_t i = 0; info->initial != CLF__INITIAL_ORTHOGONAL && i < count; i++) {
    values[i] = (float)draw(info->initial, scale, &random);
  }
  for (int64_t i = count / 4; info->forgets && status == CLF_OK && i < count / 2; i++) {
    values[i] += 1;
  }
  return status;
}
