/* Small work on 1 and 2 threads: fits and predictions of every kind of model on few rows, in turns,
 * and what a loop of the pool costs. A thread that is woken for less than the waking costs shows as
 * a ratio above 1.
 *
 *   bench_small [KIND [ROUNDS]]    KIND: "svm" … or "pool" */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <classify.h>

#include "base/context.h"
#include "base/progress.h"
#include "base/random.h"

enum { THREADS = 2, MAX_ROUNDS = 101 };

static double wall(void) {
  return clf__seconds();
}

static double processor(void) {
  return (double)clock() / CLOCKS_PER_SEC;
}

static const struct {
  const char *kind, *params, *name;
} models[] = {
    {"ridge", "", "ridge"},
    {"fisher", "", "fisher"},
    {"perceptron", "", "perceptron"},
    {"logistic", "", "logistic"},
    {"svm", "kernel=linear", "svm linear"},
    {"svm", "kernel=rbf", "svm rbf"},
    {"fisher", "kernel=rbf", "fisher rbf"},
    {"perceptron", "kernel=rbf", "perceptron rbf"},
    {"network", "epochs=5 layers='dense units=16 activation=relu; dense units=3'", "network"},
};

static void must(clf_status status) {
  if (status < 0) {
    fprintf(stderr, "bench_small: %s\n", clf_last_error());
    exit(1);
  }
}

static clf_dataset *clouds(clf_context *context, int64_t rows, int64_t columns) {
  clf_tensor *x = NULL, *y = NULL;
  clf_dataset *made = NULL;
  clf__random random = clf__random_seed(1, 1);
  must(clf_tensor_create(&x, context, CLF_F32, 2, (int64_t[]){rows, columns}));
  must(clf_tensor_create(&y, context, CLF_I32, 1, &rows));
  float *values = clf_tensor_data(x);
  int32_t *labels = clf_tensor_data(y);
  for (int64_t i = 0; i < rows; i++) {
    labels[i] = (int32_t)(i % 3);
    for (int64_t j = 0; j < columns; j++) {
      values[i * columns + j] =
          (float)(4 * clf__random_uniform(&random) + (j % 3 == labels[i] ? 1.0 : 0.0));
    }
  }
  must(clf_dataset_create(&made, context, x, y));
  clf_tensor_free(x);
  clf_tensor_free(y);
  return made;
}

typedef struct times {
  double wall[MAX_ROUNDS], processor[MAX_ROUNDS];
} times;

static int compare(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(double *values, int rounds) {
  qsort(values, (size_t)rounds, sizeof *values, compare);
  return values[rounds / 2];
}

/* A fit, repeated so that clocks can measure it. */
static void measure(times *to, int round, clf_model *model, const clf_dataset *data,
                    int64_t repeats) {
  const double began = wall(), began_processor = processor();
  for (int64_t i = 0; i < repeats; i++) {
    must(clf_model_fit(model, data, NULL, NULL));
  }
  to->wall[round] = (wall() - began) / (double)repeats;
  to->processor[round] = (processor() - began_processor) / (double)repeats;
}

static void compare_threads(size_t m, int64_t rows, int64_t columns, int rounds) {
  static times found[THREADS];
  clf_context *contexts[THREADS] = {NULL};
  clf_model *fitted[THREADS] = {NULL};
  clf_dataset *data[THREADS] = {NULL};
  for (int t = 0; t < THREADS; t++) {
    must(clf_context_create(&contexts[t], NULL, t == 0 ? "threads=1" : "threads=2"));
    data[t] = clouds(contexts[t], rows, columns);
    must(clf_model_create(&fitted[t], contexts[t], models[m].kind, models[m].params));
    must(clf_model_fit(fitted[t], data[t], NULL, NULL));
  }
  measure(&found[0], 0, fitted[0], data[0], 1);
  const int64_t repeats = 1 + (int64_t)(0.02 / (found[0].wall[0] + 1e-6));
  for (int round = 0; round < rounds; round++) {
    for (int t = 0; t < THREADS; t++) {
      measure(&found[t], round, fitted[t], data[t], repeats);
    }
  }
  const double one = median(found[0].wall, rounds), two = median(found[1].wall, rounds);
  const double p1 = median(found[0].processor, rounds), p2 = median(found[1].processor, rounds);
  printf("%-15s %5lld x %3lld  %9.1f us  %9.1f us  %5.2f   processor %9.1f us  %9.1f us  %5.2f\n",
         models[m].name, (long long)rows, (long long)columns, 1e6 * one, 1e6 * two, two / one,
         1e6 * p1, 1e6 * p2, p2 / p1);
  fflush(stdout);
  for (int t = 0; t < THREADS; t++) {
    clf_model_free(fitted[t]);
    clf_dataset_free(data[t]);
    clf_context_free(contexts[t]);
  }
}

static void busy(void *argument, int64_t index, int32_t worker) {
  const double end = wall() + *(const double *)argument;
  (void)index;
  (void)worker;
  while (wall() < end) {
  }
}

/* The fastest tenth of 500 loops of two tasks. */
static double loop_seconds(clf_context *context, double task, long pause) {
  enum { LOOPS = 500 };
  double took[LOOPS];
  for (int i = 0; i < LOOPS; i++) {
    const struct timespec wait = {0, pause};
    if (pause > 0) {
      nanosleep(&wait, NULL);
    }
    const double began = wall();
    clf__parallel(context, 2, CLF__WORK_LONG, busy, &task);
    took[i] = wall() - began;
  }
  qsort(took, LOOPS, sizeof *took, compare);
  return took[LOOPS / 10];
}

/* Two tasks on one thread, on two threads of which one has to be woken, and on two of which one
 * spins. */
static void compare_waking(void) {
  static const double tasks[] = {0, 2e-6, 5e-6, 10e-6, 20e-6, 50e-6, 100e-6, 200e-6};
  clf_context *one = NULL, *two = NULL;
  must(clf_context_create(&one, NULL, "threads=1"));
  must(clf_context_create(&two, NULL, "threads=2"));
  printf("%-10s %10s %10s %10s us\n", "two tasks", "alone", "woken", "spinning");
  for (size_t i = 0; i < sizeof tasks / sizeof *tasks; i++) {
    printf("%-10.0f %10.1f %10.1f %10.1f\n", 1e6 * tasks[i], 1e6 * loop_seconds(one, tasks[i], 0),
           1e6 * loop_seconds(two, tasks[i], 1000000), 1e6 * loop_seconds(two, tasks[i], 0));
  }
  clf_context_free(one);
  clf_context_free(two);
}

int main(int argc, char **argv) {
  static const int64_t rows[] = {50, 100, 500, 2000}, columns[] = {4, 30, 784};
  const char *kind = argc > 1 ? argv[1] : "";
  const int rounds = argc > 2 ? atoi(argv[2]) : 5;
  if (rounds < 1 || rounds > MAX_ROUNDS) {
    fprintf(stderr, "bench_small: 1 to %d rounds\n", MAX_ROUNDS);
    return 1;
  }
  if (strcmp(kind, "pool") == 0) {
    compare_waking();
    return 0;
  }
  printf("%-15s %-12s  %12s  %12s  %5s\n", "fit", "rows", "1 thread", "2 threads", "ratio");
  for (size_t m = 0; m < sizeof models / sizeof models[0]; m++) {
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
      for (size_t j = 0; j < sizeof columns / sizeof *columns; j++) {
        if (strncmp(models[m].name, kind, strlen(kind)) == 0) {
          compare_threads(m, rows[i], columns[j], rounds);
        }
      }
    }
  }
  return 0;
}
