/* Sums and maps over the channels of x [pixels, channels], without gaps. Loops use the pool. */
#ifndef CLF_OPS_NN_CHANNELS_H
#define CLF_OPS_NN_CHANNELS_H

#include "tensor/rows.h"

typedef struct clf__channels {
  int64_t pixels, channels;
} clf__channels;

/* y = (x - center) factor + shift, each [channels]. */
typedef struct clf__channel_map {
  const float *center, *factor, *shift;
} clf__channel_map;

/* sums [channels] of x and squares of x^2 or, with dy, of dy and of dy (x - center). They are added
 * in f64 over blocks that depend on the shape alone. Fails only if memory runs out. */
clf_status clf__channel_sums(clf_context *context, clf__channels shape, const float *x,
                             double *sums, double *squares);
clf_status clf__channel_products(clf_context *context, clf__channels shape, const float *x,
                                 const float *dy, const float *center, double *sums,
                                 double *products);
void clf__channel_apply(clf_context *context, clf__channels shape, const float *x,
                        const clf__channel_map *map, float *y);
/* dx = share dy + the map of x. */
void clf__channel_gradient(clf_context *context, clf__channels shape, const float *x,
                           const float *dy, const clf__channel_map *map, const float *share,
                           float *dx);

/* The kernels of the functions above, for `count` elements in lines of `period`; the arrays have
 * one element for each of a line. */
typedef struct clf__channel_kernels {
  void (*sums)(const float *x, int64_t count, int64_t period, double *sums, double *squares);
  void (*products)(const float *x, const float *dy, int64_t count, int64_t period,
                   const float *center, double *sums, double *products);
  void (*map)(const float *x, int64_t count, int64_t period, const clf__channel_map *map, float *y);
  void (*gradient)(const float *x, const float *dy, int64_t count, int64_t period,
                   const clf__channel_map *map, const float *share, float *dx);
} clf__channel_kernels;

#endif
