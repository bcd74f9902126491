/* Linear maps of u8 rows in exact integers, for CPUs with tiles, and their gradients.
 *
 * The factor of the rows is rounded to integers that are divided into digits: signed bytes, of
 * base 256. Each output's weights are q 2^-31 of a number that exceeds them all, in DIGITS digits,
 * and each output's residuals in a block of rows are likewise 2^-23. The sums of bytes times digits
 * are exact, and are rounded to f32 once they are added: the error is that of rounding the factor.
 *
 * An output's error is at most 2^-32 max_j |w_j| sum_j |x_j|, where rounding the weights to f32 has
 * up to 2^-25 sum_j |w_j x_j|, and adding f32 has several times as much. */
#ifndef CLF_OPS_LINALG_LINEAR_DIGITS_H
#define CLF_OPS_LINALG_LINEAR_DIGITS_H

#include "tensor/rows.h"

enum {
  CLF__DIGITS = 4,               /* of a weight */
  CLF__DIGIT_UNIT = 64,          /* columns of a tile */
  CLF__DIGIT_OUTPUTS = 16,       /* outputs of a tile */
  CLF__DIGIT_COLUMNS = 32768,    /* with more, sums could exceed 31 bits */
  CLF__DIGIT_SCRATCH = 32 * 1024 /* bytes of a worker */
};

/* Weights W [outputs, columns] as digits, and the intercepts. */
typedef struct clf__digit_map {
  const struct clf__digit_kernels *kernels; /* NULL if the rows have f32 products */
  int64_t outputs, columns;
  const float *b; /* [outputs] */
  /* [outputs / 16, columns / 64, DIGITS, 16, 16, 4], the most significant digits first; two groups
   * of four columns follow each other after 16 outputs. */
  int8_t *digits;
  float *scales;    /* [outputs], the unit of the last digit; 0 beyond the outputs */
  uint8_t *scratch; /* [workers, CLF__DIGIT_SCRATCH] */
} clf__digit_map;

/* Those of CPUs with tiles. */
typedef struct clf__digit_kernels {
  /* out [rows, outputs] = scale x W^T + b. */
  void (*outputs)(const clf__digit_map *map, const clf__rows *x, float *out, int64_t ld,
                  int32_t worker);
  /* sums [outputs, columns] += scale r^T x; does nothing and returns false if r [rows, outputs] is
   * not finite. */
  bool (*gradient)(const clf__digit_map *map, const clf__rows *x, const float *r, float *sums,
                   int32_t worker);
} clf__digit_kernels;

/* Allocates a map, without kernels if the rows are not u8, or are so few or so narrow that f32 is
 * as fast. Free it after a failure, too. */
clf_status clf__digits_create(clf__digit_map *out, clf_context *context, const clf__rows *x,
                              int64_t outputs);
void clf__digits_free(clf__digit_map *map);
/* Sets W and b, which are borrowed. Returns false, and leaves the map without a use, if f32 would
 * be more exact: if weights are not finite, or one is much larger than an output's others. */
bool clf__digits_set(clf__digit_map *map, const float *w, const float *b);

#endif
