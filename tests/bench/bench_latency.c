/* The latency of predictions of single rows: percentiles over many calls of clf_model_predict(), by 1
 * and by 8 threads that share a model, without and with a reserve (clf_model_reserve()).
 *
 *   bench_latency ROWS MODEL…    ROWS: as for the format idx; MODEL: files of models
 *
 * It prints a line for each model, number of threads and way: microseconds at 50, 99 and 99.9 %, and
 * the number of allocations per 1,000 calls. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <classify.h>

#include "base/progress.h"

enum { MAX_THREADS = 8, WARM = 200, MAX_CALLS = 20000 };
#define SECONDS 1.5 /* of calls, for each line */

static atomic_int_least64_t allocations;

static void *allocate(void *user, size_t size, size_t alignment) {
  (void)user;
  atomic_fetch_add(&allocations, 1);
  return aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

static void release(void *user, void *pointer) {
  (void)user;
  free(pointer);
}

static void must(clf_status status) {
  if (status < 0) {
    fprintf(stderr, "bench_latency: %s\n", clf_last_error());
    exit(1);
  }
}

/* A thread that classifies rows one by one, from a buffer of its own. */
typedef struct caller {
  clf_context *context;
  const clf_model *model;
  const clf_tensor *rows; /* [rows, features…] f32 */
  int64_t features, first;
  double *taken; /* [MAX_CALLS] seconds */
  int64_t calls;
} caller;

static clf_dataset *dataset_of(clf_context *context, const float *buffer, int64_t features) {
  clf_tensor *x = NULL;
  clf_dataset *made = NULL;
  must(clf_tensor_wrap(&x, context, buffer, CLF_F32, 2, (int64_t[]){1, features}, NULL));
  must(clf_dataset_create(&made, context, x, NULL));
  clf_tensor_free(x);
  return made;
}

static void *call(void *argument) {
  caller *c = argument;
  float *buffer = calloc((size_t)c->features, sizeof *buffer);
  clf_dataset *row = dataset_of(c->context, buffer, c->features);
  const float *rows = clf_tensor_data(c->rows);
  const int64_t count = clf_tensor_extent(c->rows, 0);
  const double began = clf__seconds();
  int32_t label;
  for (int64_t i = 0; c->calls < MAX_CALLS && clf__seconds() - began < SECONDS; i++) {
    memcpy(buffer, rows + (c->first + i) % count * c->features,
           (size_t)c->features * sizeof *buffer);
    const double start = clf__seconds();
    must(clf_model_predict(c->model, row, &label, 1));
    if (i >= WARM) {
      c->taken[c->calls++] = clf__seconds() - start;
    }
  }
  clf_dataset_free(row);
  free(buffer);
  return NULL;
}

static int compare(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void print(const char *name, int threads, const char *way, double *taken, int64_t count,
                  int64_t allocated) {
  qsort(taken, (size_t)count, sizeof *taken, compare);
  printf("%-24s %d %-9s %9.1f %9.1f %9.1f %8.0f\n", name, threads, way, 1e6 * taken[count / 2],
         1e6 * taken[count * 99 / 100], 1e6 * taken[count * 999 / 1000],
         1e3 * (double)allocated / (double)count);
  fflush(stdout);
}

static void measure(const char *name, clf_context *context, const clf_model *model,
                    const clf_tensor *rows, int threads, const char *way) {
  static double taken[MAX_THREADS * MAX_CALLS];
  caller callers[MAX_THREADS];
  pthread_t ids[MAX_THREADS];
  int64_t count = 0;
  const int64_t before = allocations;
  for (int i = 0; i < threads; i++) {
    callers[i] = (caller){
        context, model, rows, clf_model_features(model), 1000 * i, taken + i * MAX_CALLS, 0};
    if (pthread_create(&ids[i], NULL, call, &callers[i]) != 0) {
      exit(1);
    }
  }
  for (int i = 0; i < threads; i++) {
    pthread_join(ids[i], NULL);
    memmove(taken + count, callers[i].taken, (size_t)callers[i].calls * sizeof *taken);
    count += callers[i].calls;
  }
  print(name, threads, way, taken, count, allocations - before);
}

static void measure_model(const char *path, clf_context *context, const clf_tensor *rows) {
  const char *name = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
  clf_model *model = NULL;
  must(clf_model_load(&model, context, path));
  for (int threads = 1; threads <= MAX_THREADS; threads *= MAX_THREADS) {
    measure(name, context, model, rows, threads, "plain");
  }
  float *buffer = calloc((size_t)clf_model_features(model), sizeof *buffer);
  clf_dataset *sample = dataset_of(context, buffer, clf_model_features(model));
  must(clf_model_reserve(model, sample, MAX_THREADS));
  for (int threads = 1; threads <= MAX_THREADS; threads *= MAX_THREADS) {
    measure(name, context, model, rows, threads, "reserved");
  }
  clf_dataset_free(sample);
  free(buffer);
  clf_model_free(model);
}

int main(int argc, char **argv) {
  const clf_allocator counted = {sizeof counted, allocate, release, NULL};
  clf_context *context = NULL;
  clf_dataset *data = NULL;
  clf_tensor *bytes = NULL, *rows = NULL;
  if (argc < 3) {
    fprintf(stderr, "use: bench_latency ROWS MODEL…\n");
    return 2;
  }
  must(clf_context_create(&context, &counted, NULL));
  must(clf_dataset_load(&data, context, "idx", argv[1], NULL));
  must(clf_dataset_tensor(&bytes, data, "x"));
  must(clf_tensor_copy(&rows, bytes, CLF_F32));
  printf("%-24s T way %15s %9s %9s %8s\n", "model", "50 % us", "99 %", "99.9 %", "alloc/1k");
  for (int i = 2; i < argc; i++) {
    measure_model(argv[i], context, rows);
  }
  clf_tensor_free(rows);
  clf_tensor_free(bytes);
  clf_dataset_free(data);
  clf_context_free(context);
  return 0;
}
