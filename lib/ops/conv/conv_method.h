/* What the ways to compute convolutions share. A way is chosen by the shapes alone, and so is how
 * it cuts its work into tasks: results do not depend on how many threads there are. */
#ifndef CLF_OPS_CONV_CONV_METHOD_H
#define CLF_OPS_CONV_CONV_METHOD_H

#include "base/context.h"
#include "base/memory.h"
#include "base/pool.h"
#include "ops/conv/conv2d.h"
#include "ops/kernels.h"

/* What a pass works on, as in conv2d.h. Forward, w is as the method packs it. */
typedef struct clf__conv_pass {
  clf_context *context;
  const clf__kernels *kernels;
  const clf__conv2d *conv;
  int64_t rows;
  const float *x, *w, *bias;
  bool relu;
  float *y;
  /* Backward: */
  const float *out; /* what y was after relu, or NULL */
  float *dy, *dw, *dbias, *dx;
} clf__conv_pass;

typedef struct clf__conv_method {
  bool (*fits)(const clf__conv2d *conv);
  int64_t (*packed_size)(const clf__conv2d *conv);
  void (*pack)(const clf__kernels *kernels, const clf__conv2d *conv, const float *w, float *packed);
  int64_t (*scratch_size)(const clf__conv2d *conv); /* of one thread */
  /* The tasks of a forward pass, in any order. */
  int64_t (*tasks)(const clf__conv2d *conv, int64_t rows);
  void (*forward)(const clf__conv_pass *pass, int64_t task, float *scratch);
  clf_status (*backward)(const clf__conv_pass *pass);
} clf__conv_method;

extern const clf__conv_method clf__conv_by_patches;
extern const clf__conv_method clf__conv_by_direct_sums;
extern const clf__conv_method clf__conv_by_winograd;
extern const clf__conv_method clf__conv_by_shifts;

/* The weights of a convolution, or -1. */
int64_t clf__conv_weights(const clf__conv2d *conv);
/* For methods that take the weights as they are. */
void clf__conv_pack_as_is(const clf__kernels *kernels, const clf__conv2d *conv, const float *w,
                          float *packed);
/* clf__parallel_ranges() with the work of the pass. */
void clf__conv_run(const clf__conv_pass *pass, int64_t total, int64_t grain, clf__range_task task,
                   void *argument);
/* How many threads clf__conv_run may use. */
int64_t clf__conv_threads(const clf__conv_pass *pass);
/* [threads, each], allocated; NULL too where `each` is -1. */
float *clf__conv_scratch(const clf__conv_pass *pass, int64_t each);

/* Gradients by W and b are summed in shards of rows, and those in order. More of them would serve
 * more threads, but take longer to add. */
enum { CLF__CONV_SHARDS = 8 };
typedef struct clf__conv_shards {
  int64_t count;
  int64_t size;                  /* sums of a shard */
  float *sums[CLF__CONV_SHARDS]; /* [size] each */
  double *dbias;                 /* [count, filters] */
  float *scratch;                /* [threads, scratch_size] */
} clf__conv_shards;

clf_status clf__conv_shards_create(clf__conv_shards *shards, const clf__conv_pass *pass,
                                   int64_t size, int64_t scratch_size);
void clf__conv_shards_free(clf__conv_shards *shards);
/* Runs a task on the rows of each shard. */
void clf__conv_shards_run(const clf__conv_shards *shards, const clf__conv_pass *pass,
                          clf__range_task task, void *argument);
/* out [size] = the sums of all shards; pass->dbias likewise, where it is wanted. */
void clf__conv_shards_reduce(const clf__conv_shards *shards, const clf__conv_pass *pass,
                             float *out);

/* The kernels that several methods use. */
typedef struct clf__conv_kernels {
  /* y [pixels, filters] += bias (NULL for 0), then with `relu` = max(y, 0). */
  void (*finish)(float *y, int64_t pixels, int64_t filters, const float *bias, bool relu);
  /* sums [filters] += the sum over pixels of y [pixels, filters]. */
  void (*add_pixels)(double *sums, const float *y, int64_t pixels, int64_t filters);
  /* out = dy where y is above 0, else 0. */
  void (*mask)(const float *dy, const float *y, int64_t count, float *out);
} clf__conv_kernels;

#endif
