/* Speed of the kernels, in turns with those of OpenBLAS, if it was found and has the same kernel.
 * Run it with OPENBLAS_NUM_THREADS=1 to compare single threads.
 *
 *   bench_ops [PEAK] [PART]    PEAK: GFLOP/s in f32 of one core; PART: only gemm, gram, … */
#ifdef OPENBLAS
#include <cblas.h>
#endif
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <classify.h>

#include "base/context.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/random.h"
#include "image/augment.h"
#include "ops/ops.h"

typedef void (*measured)(void *argument);

static double peak = 115;

/* On one thread the processor's time counts, so that other work on the machine does not. */
static bool one_thread = false;

static double now(void) {
  return one_thread ? (double)clock() / CLOCKS_PER_SEC : clf__seconds();
}

/* Seconds of the fastest of several calls. */
static double seconds_of(measured call, void *argument) {
  double best = INFINITY, total = 0;
  for (int i = 0; i < 200 && (i < 5 || total < 0.5); i++) {
    double began = now();
    call(argument);
    double took = now() - began;
    best = took < best ? took : best;
    total += took;
  }
  return best;
}

static void *filled_f32(clf_context *context, int64_t count) {
  clf__random random = clf__random_seed(1, 1);
  float *values = clf__alloc_array(context, count, sizeof *values);
  for (int64_t i = 0; i < count; i++) {
    values[i] = (float)clf__random_uniform(&random) - 0.5F;
  }
  return values;
}

static void *filled_f64(clf_context *context, int64_t count) {
  clf__random random = clf__random_seed(1, 2);
  double *values = clf__alloc_array(context, count, sizeof *values);
  for (int64_t i = 0; i < count; i++) {
    values[i] = clf__random_uniform(&random) - 0.5;
  }
  return values;
}

typedef struct gemm_case {
  clf_context *context;
  bool ta, tb, f64;
  int64_t m, n, k;
  void *a, *b, *c;
} gemm_case;

static void ours(void *argument) {
  gemm_case *g = argument;
  int64_t lda = g->ta ? g->m : g->k, ldb = g->tb ? g->k : g->n;
  if (g->f64) {
    clf__gemm_f64(g->context, 1, (clf__f64_view){g->a, g->m, g->k, lda, g->ta},
                  (clf__f64_view){g->b, g->k, g->n, ldb, g->tb}, 0, g->c, g->n);
  } else {
    clf__gemm_f32(g->context, 1, (clf__f32_view){g->a, g->m, g->k, lda, g->ta},
                  (clf__f32_view){g->b, g->k, g->n, ldb, g->tb}, 0, g->c, g->n);
  }
}

static void theirs(void *argument) {
#ifdef OPENBLAS
  gemm_case *g = argument;
  int m = (int)g->m, n = (int)g->n, k = (int)g->k, lda = g->ta ? m : k, ldb = g->tb ? k : n;
  CBLAS_TRANSPOSE ta = g->ta ? CblasTrans : CblasNoTrans, tb = g->tb ? CblasTrans : CblasNoTrans;
  if (g->f64) {
    cblas_dgemm(CblasRowMajor, ta, tb, m, n, k, 1, g->a, lda, g->b, ldb, 0, g->c, n);
  } else {
    cblas_sgemm(CblasRowMajor, ta, tb, m, n, k, 1, g->a, lda, g->b, ldb, 0, g->c, n);
  }
#else
  (void)argument;
#endif
}

static void bench_gemm(clf_context *context) {
  static const int64_t sizes[][3] = {
      {100, 1024, 3136},  {100, 3136, 1024},  {3136, 1024, 100}, {1000, 1000, 1000},
      {2000, 2000, 2000}, {1024, 1024, 1024}, {500, 500, 500},   {200, 200, 200},
      {100, 100, 100},    {64, 64, 64},       {32, 32, 32},      {8, 8, 8},
      {256, 10000, 784},  {128, 256, 784},    {10, 784, 6000},   {6000, 10, 784},
      {1, 1000, 1000},    {1000, 1, 1000},    {33, 65, 129},
  };
  int threads = clf__context_threads(context);
  for (int f64 = 0; f64 < 2; f64++) {
    for (int flags = 0; flags < 4; flags++) {
      for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        int64_t m = sizes[i][0], n = sizes[i][1], k = sizes[i][2];
        gemm_case g = {context, (flags & 1) != 0, (flags & 2) != 0, f64, m, n, k, 0, 0, 0};
        g.a = f64 ? filled_f64(context, m * k) : filled_f32(context, m * k);
        g.b = f64 ? filled_f64(context, k * n) : filled_f32(context, k * n);
        g.c = f64 ? filled_f64(context, m * n) : filled_f32(context, m * n);
        double work = 2e-9 * (double)m * (double)n * (double)k;
        double mine = work / seconds_of(ours, &g),
               other = work / seconds_of(theirs, &g); /* inf: none */
        printf("gemm %s %c%c %5d x %5d x %5d  %6.1f GFLOP/s %3.0f%% of peak, OpenBLAS %6.1f\n",
               f64 ? "f64" : "f32", g.ta ? 't' : 'n', g.tb ? 't' : 'n', (int)m, (int)n, (int)k,
               mine, 100 * mine / (peak * threads / (f64 ? 2 : 1)), other);
        fflush(stdout);
        clf__free(g.a);
        clf__free(g.b);
        clf__free(g.c);
      }
    }
  }
}

typedef struct gram_case {
  clf_context *context;
  clf__gram_input input;
} gram_case;

static void gram(void *argument) {
  gram_case *g = argument;
  clf__gram out;
  if (clf__gram_create(&out, g->context, &g->input) == CLF_OK) {
    clf__gram_free(&out);
  }
}

static void bench_gram(clf_context *context) {
  enum { ROWS = 60000, COLUMNS = 784, CLASSES = 10 };
  static const char *const names[] = {"u8", "f32", "u8 weighted", "f32 weighted"};
  float *values = filled_f32(context, ROWS * COLUMNS);
  uint8_t *bytes = clf__alloc_array(context, ROWS * COLUMNS, 1);
  float *weights = filled_f32(context, ROWS);
  int32_t *labels = clf__alloc_array(context, ROWS, sizeof *labels);
  for (int64_t i = 0; i < ROWS * COLUMNS; i++) {
    bytes[i] = (uint8_t)(values[i] * 255 + 127.5F);
  }
  for (int64_t i = 0; i < ROWS; i++) {
    labels[i] = (int32_t)(i % CLASSES);
    weights[i] += 0.5F;
  }
  for (int kind = 0; kind < 4; kind++) {
    const bool u8 = kind % 2 == 0;
    clf__rows x = {.rows = ROWS,
                   .columns = COLUMNS,
                   .dtype = u8 ? CLF_U8 : CLF_F32,
                   .scale = u8 ? 1.0F / 255 : 1,
                   .data = values,
                   .stride = COLUMNS};
    if (u8) {
      x.data = bytes;
    }
    gram_case g = {context,
                   {.x = &x,
                    .weights = kind < 2 ? NULL : weights,
                    .labels = labels,
                    .outputs = CLASSES,
                    .centered = true}};
    double seconds = seconds_of(gram, &g);
    printf("gram %-12s %d x %d, %d classes  %6.1f ms, %6.1f G products/s\n", names[kind], ROWS,
           COLUMNS, CLASSES, 1e3 * seconds, 1e-9 * ROWS * COLUMNS * (COLUMNS + 1) / 2 / seconds);
  }
  clf__free(values);
  clf__free(bytes);
  clf__free(weights);
  clf__free(labels);
}

typedef struct linear_case {
  clf_context *context;
  clf__rows x;
  int64_t outputs;
  float *w, *out;
  clf__linear_gradient gradient;
} linear_case;

static void linear(void *argument) {
  linear_case *l = argument;
  clf__linear(l->context, &l->x, l->w, NULL, l->outputs, l->out, l->outputs);
}

static void gradient(void *argument) {
  linear_case *l = argument;
  for (int64_t row = 0; row < l->x.rows; row += 64) {
    const int64_t left = l->x.rows - row;
    const clf__rows block = clf__rows_range(&l->x, row, left < 64 ? left : 64);
    clf__linear_gradient_block(&l->gradient, &block, l->out + row * l->outputs, l->outputs);
  }
}

static void report_linear(linear_case *l, const char *storage) {
  const double work = (double)clf__rows_entries(&l->x) * (double)l->outputs;
  const double forward = seconds_of(linear, l);
  printf("linear %-6s %6d x %6d x %3d  %9.1f us, %6.1f G products/s", storage, (int)l->x.rows,
         (int)l->x.columns, (int)l->outputs, 1e6 * forward, 1e-9 * work / forward);
  if (clf__linear_gradient_create(&l->gradient, l->context, &l->x, l->outputs) == CLF_OK) {
    const double backward = seconds_of(gradient, l);
    printf("; gradient %9.1f us, %6.1f (one thread)\n", 1e6 * backward, 1e-9 * work / backward);
    clf__linear_gradient_free(&l->gradient);
  }
}

/* 25,000 rows of 150 words out of 20,000. */
static void bench_sparse(clf_context *context) {
  enum { ROWS = 25000, COLUMNS = 20000, WORDS = 150 };
  clf__random random = clf__random_seed(1, 3);
  int64_t *row_start = clf__alloc_array(context, ROWS + 1, sizeof *row_start);
  int32_t *column = clf__alloc_array(context, ROWS * WORDS, sizeof *column);
  float *value = filled_f32(context, ROWS * WORDS);
  for (int64_t i = 0; i <= ROWS; i++) {
    row_start[i] = i * WORDS;
  }
  for (int64_t i = 0; i < ROWS * WORDS; i++) {
    const double u = clf__random_uniform(&random), step = COLUMNS / WORDS;
    column[i] = (int32_t)((double)(i % WORDS) * step + u * u * step);
  }
  for (int64_t outputs = 1; outputs < 50; outputs = outputs * 4 + 1) {
    linear_case l = {.context = context,
                     .x = {.rows = ROWS,
                           .columns = COLUMNS,
                           .dtype = CLF_F32,
                           .scale = 1,
                           .row_start = row_start,
                           .column = column,
                           .value = value},
                     .outputs = outputs,
                     .w = filled_f32(context, outputs * COLUMNS),
                     .out = filled_f32(context, outputs * ROWS)};
    report_linear(&l, "sparse");
    clf__free(l.w);
    clf__free(l.out);
  }
  clf__free(row_start);
  clf__free(column);
  clf__free(value);
}

static void bench_linear(clf_context *context) {
  static const int64_t shapes[][3] = {{10000, 784, 10},  {60000, 784, 10}, {10000, 784, 1},
                                      {1, 784, 10},      {10000, 784, 26}, {10000, 784, 100},
                                      {10000, 784, 256}, {100000, 20, 3}};
  for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
    const int64_t rows = shapes[i][0], columns = shapes[i][1], outputs = shapes[i][2];
    float *values = filled_f32(context, rows * columns);
    uint8_t *bytes = clf__alloc_zeroed(context, rows * columns, 1);
    for (int u8 = 0; u8 < 2; u8++) {
      linear_case l = {context,
                       clf__rows_of_f32(values, rows, columns, columns),
                       outputs,
                       filled_f32(context, outputs * columns),
                       filled_f32(context, outputs * rows),
                       {0}};
      if (u8 == 1) {
        l.x.dtype = CLF_U8;
        l.x.data = bytes;
      }
      report_linear(&l, u8 == 1 ? "u8" : "f32");
      clf__free(l.w);
      clf__free(l.out);
    }
    clf__free(values);
    clf__free(bytes);
  }
  bench_sparse(context);
}

typedef struct math_case {
  clf_context *context;
  float *x, *out;
  int64_t count, columns;
} math_case;

static void run_softmax(void *argument) {
  math_case *m = argument;
  clf__softmax_rows(m->context, m->out, m->count / m->columns, m->columns, m->columns, NULL);
}

static void run_sigmoid(void *argument) {
  math_case *m = argument;
  clf__sigmoid(m->context, m->out, m->count, m->x);
}

static void bench_math(clf_context *context) {
  enum { COUNT = 600000 };
  math_case m = {context, filled_f32(context, COUNT), filled_f32(context, COUNT), COUNT, 10};
  const struct {
    const char *name;
    measured call;
    int64_t columns;
  } cases[] = {{"sigmoid", run_sigmoid, 1},
               {"softmax of 10", run_softmax, 10},
               {"softmax of 100", run_softmax, 100}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    m.columns = cases[i].columns;
    double seconds = seconds_of(cases[i].call, &m);
    printf("%-15s %7.3f ns a value\n", cases[i].name, 1e9 * seconds / COUNT);
  }
  clf__free(m.x);
  clf__free(m.out);
}

typedef struct kernel_case {
  clf_context *context;
  clf__kernel_columns *columns;
  int64_t count; /* of columns */
  clf__kernel_expansion expansion;
  clf__rows x;
  float *out;
} kernel_case;

static void kernel_block(void *argument) {
  kernel_case *k = argument;
  clf__kernel_block(k->columns, 0, k->count, &k->x, NULL, k->x.rows, k->out, k->count);
}

static void kernel_sums(void *argument) {
  kernel_case *k = argument;
  clf__kernel_sums(k->context, &k->expansion, &k->x, k->out);
}

static void report_block(kernel_case *k, const char *storage, const clf__rows *z, int32_t kind) {
  static const char *const names[] = {"linear", "polynomial", "rbf", "sigmoid"};
  static const int64_t sizes[][2] = {{256, 12000}, {16, 12000}, {1, 12000}, {16, 16}, {1, 16}};
  const clf__kernel_function f = {kind, 4, 0.02, 0.5};
  const double depth = (double)clf__rows_entries(z) / (double)z->rows;
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    k->x = clf__rows_range(z, 0, sizes[i][0]);
    k->count = sizes[i][1];
    if (clf__kernel_columns_create(&k->columns, k->context, &f, z, NULL, sizes[i][1], &k->x,
                                   NULL) == CLF_OK) {
      const double seconds = seconds_of(kernel_block, k);
      printf("kernel %-6s %-10s %4d x %5d x %6.0f  %9.2f us, %6.1f GMAC/s\n", storage, names[kind],
             (int)sizes[i][0], (int)sizes[i][1], depth, 1e6 * seconds,
             1e-9 * (double)(sizes[i][0] * sizes[i][1]) * depth / seconds);
      clf__kernel_columns_free(k->columns);
    }
  }
}

/* 10 segments of 12,000 support vectors, 9 outputs. */
static void report_sums(kernel_case *k, const char *storage, const clf__rows *z) {
  enum { SUPPORT = 12000, SEGMENTS = 10, OUTPUTS = 9 };
  static const int64_t sizes[] = {10000, 1000, 100, 48, 10, 1};
  const clf__rows support = clf__rows_range(z, 0, SUPPORT);
  const double depth = (double)clf__rows_entries(z) / (double)z->rows;
  float *c = filled_f32(k->context, OUTPUTS * SUPPORT);
  int64_t start[SEGMENTS + 1];
  for (int64_t s = 0; s <= SEGMENTS; s++) {
    start[s] = s * SUPPORT / SEGMENTS;
  }
  const clf__kernel_function f = {CLF__KERNEL_RBF, 1, 0.02, 0};
  if (clf__kernel_columns_create(&k->columns, k->context, &f, &support, NULL, SUPPORT, &support,
                                 NULL) < 0) {
    clf__free(c);
    return;
  }
  k->expansion = (clf__kernel_expansion){k->columns, start, SEGMENTS, c, OUTPUTS, NULL};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    k->x = clf__rows_range(z, 0, sizes[i]);
    const double seconds = seconds_of(kernel_sums, k);
    printf("kernel sums %-6s %5d x %5d x %6.0f  %9.3f ms, %6.1f GMAC/s\n", storage, (int)sizes[i],
           SUPPORT, depth, 1e3 * seconds, 1e-9 * (double)sizes[i] * SUPPORT * depth / seconds);
  }
  clf__kernel_columns_free(k->columns);
  clf__free(c);
}

static void bench_kernel(clf_context *context) {
  enum { ROWS = 12000, COLUMNS = 784, WORDS = 150, FEATURES = 20000 };
  float *values = filled_f32(context, ROWS * COLUMNS);
  uint8_t *bytes = clf__alloc_array(context, ROWS * COLUMNS, 1);
  int64_t *row_start = clf__alloc_array(context, ROWS + 1, sizeof *row_start);
  int32_t *column = clf__alloc_array(context, ROWS * WORDS, sizeof *column);
  kernel_case k = {.context = context, .out = filled_f32(context, 256 * ROWS)};
  for (int64_t i = 0; i < ROWS * COLUMNS; i++) {
    bytes[i] = (uint8_t)(values[i] * 255 + 127.5F);
  }
  for (int64_t i = 0; i < ROWS * WORDS; i++) {
    const double u = (double)values[i] + 0.5, step = FEATURES / WORDS;
    column[i] = (int32_t)((double)(i % WORDS) * step + u * u * step);
    row_start[i / WORDS + 1] = i + 1;
  }
  row_start[0] = 0;
  const clf__rows stored[] = {{.rows = ROWS,
                               .columns = COLUMNS,
                               .dtype = CLF_U8,
                               .scale = 1.0F / 255,
                               .data = bytes,
                               .stride = COLUMNS},
                              clf__rows_of_f32(values, ROWS, COLUMNS, COLUMNS),
                              {.rows = ROWS,
                               .columns = FEATURES,
                               .dtype = CLF_F32,
                               .scale = 1,
                               .row_start = row_start,
                               .column = column,
                               .value = values}};
  static const char *const names[] = {"u8", "f32", "sparse"};
  for (int i = 0; i < 3; i++) {
    for (int32_t kind = 0; kind < CLF__KERNEL_PRECOMPUTED; kind++) {
      report_block(&k, names[i], &stored[i], kind);
    }
    report_sums(&k, names[i], &stored[i]);
  }
  clf__free(values);
  clf__free(bytes);
  clf__free(row_start);
  clf__free(column);
  clf__free(k.out);
}

typedef struct conv_case {
  clf__conv_pass pass; /* with both gradients */
  float *packed, *scratch;
} conv_case;

enum { CONV_ROWS = 100 };

static void conv_forward(void *argument) {
  clf__conv2d_forward(&((conv_case *)argument)->pass);
}

static void conv_backward(void *argument) {
  clf__conv2d_backward(&((conv_case *)argument)->pass);
}

static void conv_weights(void *argument) {
  clf__conv_pass pass = ((conv_case *)argument)->pass;
  pass.dx = NULL;
  clf__conv2d_backward(&pass);
}

static void conv_infer(void *argument) {
  const conv_case *c = argument;
  clf__conv_pass pass = c->pass;
  pass.rows = 1;
  pass.w = c->packed;
  clf__conv2d_infer(&pass, c->scratch);
}

/* The layers of the network for MNIST, in batches of 100, and a few of other sizes. GFLOP/s count
 * the products of the definition, even if the method needs fewer. */
static void bench_conv(clf_context *context) {
  static const clf__conv2d layers[] = {{28, 28, 1, 32, 5, 5, 1, 1, 2, 2, 28, 28, 0, false},
                                       {14, 14, 32, 64, 5, 5, 1, 1, 2, 2, 14, 14, 0, false},
                                       {28, 28, 3, 32, 3, 3, 1, 1, 1, 1, 28, 28, 0, false},
                                       {14, 14, 64, 64, 3, 3, 1, 1, 1, 1, 14, 14, 0, false},
                                       {14, 14, 16, 16, 3, 3, 1, 1, 1, 1, 14, 14, 0, false},
                                       {7, 7, 128, 128, 3, 3, 1, 1, 1, 1, 7, 7, 0, false},
                                       {7, 7, 128, 128, 3, 3, 1, 1, 1, 1, 7, 7, 0, true},
                                       {28, 28, 128, 128, 3, 3, 1, 1, 1, 1, 28, 28, 0, false},
                                       {14, 14, 128, 128, 3, 3, 1, 1, 1, 1, 14, 14, 0, false},
                                       {14, 14, 256, 256, 3, 3, 1, 1, 1, 1, 14, 14, 0, false}};
  static const struct {
    const char *name;
    measured call;
    double rows; /* times the products of one row */
  } calls[] = {{"forward", conv_forward, CONV_ROWS},
               {"gradient of weights", conv_weights, CONV_ROWS},
               {"both gradients", conv_backward, 2 * CONV_ROWS},
               {"forward, one image", conv_infer, 1}};
  const int threads = clf__context_threads(context);
  for (size_t layer = 0; layer < sizeof layers / sizeof layers[0]; layer++) {
    const clf__conv2d l = layers[layer];
    const int64_t pixels = l.height * l.width;
    const int64_t weights = l.kernel_height * l.kernel_width * l.channels * l.filters;
    float *const x = filled_f32(context, CONV_ROWS * pixels * l.channels);
    float *const w = filled_f32(context, weights);
    float *const bias = filled_f32(context, l.filters);
    float *const y = filled_f32(context, CONV_ROWS * pixels * l.filters);
    float *const dy = filled_f32(context, CONV_ROWS * pixels * l.filters);
    float *const dx = filled_f32(context, CONV_ROWS * pixels * l.channels);
    float *const dw = filled_f32(context, weights);
    conv_case c = {.pass = {.context = context,
                            .conv = &l,
                            .rows = CONV_ROWS,
                            .x = x,
                            .w = w,
                            .bias = bias,
                            .relu = true,
                            .y = y,
                            .out = y,
                            .dy = dy,
                            .dw = dw,
                            .dbias = bias,
                            .dx = dx},
                   .packed = filled_f32(context, clf__conv2d_packed_size(context, &l)),
                   .scratch = filled_f32(context, clf__conv2d_scratch_size(context, &l))};
    clf__conv2d_pack(context, &l, w, c.packed);
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
      const double seconds = seconds_of(calls[i].call, &c);
      const double speed = 2e-9 * calls[i].rows * (double)pixels * (double)weights / seconds;
      printf("conv %dx%d, %3d to %3d of %dx%d%s  %-20s %8.3f ms, %6.1f GFLOP/s, %3.0f%% of peak\n",
             (int)l.kernel_height, (int)l.kernel_width, (int)l.channels, (int)l.filters,
             (int)l.height, (int)l.width, l.bf16 ? ", bf16" : "", calls[i].name, 1e3 * seconds,
             speed, 100 * speed / (peak * threads));
    }
    float *const all[] = {x, w, bias, y, dy, dx, dw, c.packed, c.scratch};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
      clf__free(all[i]);
    }
  }
}

typedef struct augment_case {
  clf__augment *augment;
  int64_t size;
  float *from, *image;
} augment_case;

enum { AUGMENTED = 1000 };

static void augment_images(void *argument) {
  augment_case *a = argument;
  for (int64_t row = 0; row < AUGMENTED; row++) {
    memcpy(a->image, a->from, (size_t)a->size * sizeof *a->image);
    clf__augment_row(a->augment, 0, 1, row, a->image);
  }
}

static void bench_augment(clf_context *context) {
  static const char *const texts[] = {"shift=2", "shift=2 rotate=10 scale=0.1 shear=0.1",
                                      "elastic=1.4 elastic_sigma=4"};
  static const int64_t shapes[][3] = {{28, 28, 1}, {32, 32, 3}, {224, 224, 3}};
  for (size_t shape = 0; shape < sizeof shapes / sizeof shapes[0]; shape++) {
    const int64_t *size = shapes[shape];
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
      const int64_t elements = size[0] * size[1] * size[2];
      augment_case a = {NULL, elements, filled_f32(context, elements),
                        filled_f32(context, elements)};
      if (clf__augment_create(&a.augment, context, texts[i], 3, size) == CLF_OK) {
        const double seconds = seconds_of(augment_images, &a) / AUGMENTED;
        printf("augment %3d x %3d x %d %-38s %8.2f us, %5.2f ns a pixel\n", (int)size[0],
               (int)size[1], (int)size[2], texts[i], 1e6 * seconds,
               1e9 * seconds / (double)(size[0] * size[1]));
      }
      clf__augment_free(a.augment);
      clf__free(a.from);
      clf__free(a.image);
    }
  }
}

typedef struct infer_case {
  clf_model *model;
  clf_dataset *rows;
  float *values;
  int64_t count;
} infer_case;

static void infer(void *argument) {
  infer_case *c = argument;
  clf_model_decision_function(c->model, c->rows, c->values, 10 * c->count);
}

/* The network for MNIST, with first weights, on images of 14 x 14 pixels of ink on nothing. */
static void bench_infer(clf_context *context) {
  enum { ROWS = 1000, SIDE = 28, PIXELS = SIDE * SIDE, INK = 14 };
  static const char params[] =
      "input=28,28,1 epochs=0 layers='conv2d filters=32 kernel=5 padding=same activation=relu; "
      "max_pool2d; conv2d filters=64 kernel=5 padding=same activation=relu; max_pool2d; flatten; "
      "dense units=1024 activation=relu; dropout rate=0.4; dense units=10'";
  static const double mega_products = 13.884; /* of an image */
  float *x = filled_f32(context, ROWS * PIXELS);
  int32_t labels[ROWS];
  for (int64_t i = 0; i < ROWS * PIXELS; i++) {
    const int64_t row = i / SIDE % SIDE - SIDE / 4, column = i % SIDE - SIDE / 4;
    x[i] = row >= 0 && row < INK && column >= 0 && column < INK ? x[i] + 0.5F : 0;
    labels[i / PIXELS] = (int32_t)(i / PIXELS % 10);
  }
  infer_case c = {NULL, NULL, filled_f32(context, ROWS * 10), ROWS};
  clf_tensor *all = NULL, *y = NULL;
  clf_dataset *train = NULL;
  clf_tensor_wrap(&all, context, x, CLF_F32, 2, (int64_t[]){ROWS, PIXELS}, NULL);
  clf_tensor_wrap(&y, context, labels, CLF_I32, 1, (int64_t[]){ROWS}, NULL);
  if (clf_dataset_create(&train, context, all, y) < 0 ||
      clf_model_create(&c.model, context, "network", params) < 0 ||
      clf_model_fit(c.model, train, NULL, NULL) < 0) {
    fprintf(stderr, "%s\n", clf_last_error());
    exit(1);
  }
  for (c.count = 1; c.count <= ROWS; c.count *= ROWS) {
    int64_t picked[ROWS];
    for (int64_t i = 0; i < c.count; i++) {
      picked[i] = i;
    }
    clf_dataset_subset(&c.rows, train, picked, c.count);
    const double each = seconds_of(infer, &c) / (double)c.count;
    printf("infer %4d images at once %7.3f ms an image, %6.1f GFLOP/s\n", (int)c.count, 1e3 * each,
           2e-3 * mega_products / each);
    clf_dataset_free(c.rows);
  }
  clf_model_free(c.model);
  clf_dataset_free(train);
  clf_tensor_free(all);
  clf_tensor_free(y);
  clf__free(c.values);
  clf__free(x);
}

int main(int count, char **arguments) {
  const char *part = count > 2 ? arguments[2] : "";
  clf_context *context = NULL;
  if (count > 1) {
    peak = atof(arguments[1]);
  }
  if (clf_context_create(&context, NULL, getenv("BENCH_CONTEXT")) < 0) {
    fprintf(stderr, "%s\n", clf_last_error());
    return 1;
  }
  one_thread = clf_context_threads(context) == 1;
  if (strstr("gemm", part) != NULL) {
    bench_gemm(context);
  }
  if (strstr("gram", part) != NULL) {
    bench_gram(context);
  }
  if (strstr("math", part) != NULL) {
    bench_math(context);
  }
  if (strstr("linear", part) != NULL) {
    bench_linear(context);
  }
  if (strstr("kernel", part) != NULL) {
    bench_kernel(context);
  }
  if (strstr("conv", part) != NULL) {
    bench_conv(context);
  }
  if (strstr("augment", part) != NULL) {
    bench_augment(context);
  }
  if (strstr("infer", part) != NULL) {
    bench_infer(context);
  }
  clf_context_free(context);
  return 0;
}
