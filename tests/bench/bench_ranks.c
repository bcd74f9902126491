/* A fit by several processes, and what it exchanges: bench_ranks MODEL PARAMS STORAGE ROWS COLUMNS
 * CLASSES, by mpirun. The communicator is MPI's, wrapped to count. It prints one line of JSON. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <classify.h>
#include <classify/mpi.h>

enum { ENTRIES = 80 /* of a sparse row */ };

/* Bytes are those that a rank sends if all pass on what they receive (a ring), and nothing to
 * itself. */
typedef struct counted {
  clf_communicator inner;
  double collectives, bytes, seconds, cpu_seconds;
} counted;

static double clock_of(clockid_t id) {
  struct timespec now;
  clock_gettime(id, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

typedef struct moment {
  double wall, cpu;
} moment;

static moment begin(void) {
  return (moment){clock_of(CLOCK_MONOTONIC), clock_of(CLOCK_THREAD_CPUTIME_ID)};
}

static int32_t end(counted *c, moment began, double bytes, int32_t result) {
  c->collectives++;
  c->bytes += bytes;
  c->seconds += clock_of(CLOCK_MONOTONIC) - began.wall;
  c->cpu_seconds += clock_of(CLOCK_THREAD_CPUTIME_ID) - began.cpu;
  return result;
}

static int32_t gather(void *user, const void *mine, int64_t bytes, void *all) {
  counted *c = user;
  const moment now = begin();
  return end(c, now, (double)bytes * (c->inner.ranks - 1),
             c->inner.all_gather(c->inner.user, mine, bytes, all));
}

static int32_t broadcast(void *user, void *data, int64_t bytes, int32_t root) {
  counted *c = user;
  const moment now = begin();
  return end(c, now, c->inner.ranks > 1 ? (double)bytes : 0,
             c->inner.broadcast(c->inner.user, data, bytes, root));
}

static int32_t all_sum(void *user, double *values, int64_t count) {
  counted *c = user;
  const moment now = begin();
  const double share = 2 * (double)(c->inner.ranks - 1) / c->inner.ranks;
  return end(c, now, share * (double)count * (double)sizeof *values,
             c->inner.all_sum(c->inner.user, values, count));
}

static int32_t exchange(void *user, const void *const *out, const int64_t *out_bytes,
                        void *const *in, const int64_t *in_bytes) {
  counted *c = user;
  const moment now = begin();
  double bytes = 0;
  for (int32_t rank = 0; rank < c->inner.ranks; rank++) {
    bytes += rank != c->inner.rank ? (double)out_bytes[rank] : 0;
  }
  return end(c, now, bytes, c->inner.exchange(c->inner.user, out, out_bytes, in, in_bytes));
}

static void must(clf_status status) {
  if (status < 0) {
    fprintf(stderr, "%s\n", clf_last_error());
    exit(1);
  }
}

/* Row `index` of all: noise about the mean of its class. */
static void make_row(int64_t index, int64_t columns, int64_t classes, int32_t *label,
                     double *values) {
  uint64_t state = (uint64_t)index * 2 + 1;
  state = (state ^ (state >> 12)) * UINT64_C(0x9E3779B97F4A7C15);
  *label = (int32_t)((state >> 33) % (uint64_t)classes);
  for (int64_t j = 0; j < columns; j++) {
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    const double noise = (double)(state >> 40) / 0x1p24;
    values[j] = 0.8 * noise + ((j * 7 + *label) % 11 == 0 ? 0.2 : 0);
  }
}

static clf_tensor *wrap(clf_context *context, const void *data, int32_t dtype, int64_t rows,
                        int64_t columns) {
  const int64_t shape[] = {rows, columns};
  clf_tensor *tensor = NULL;
  must(clf_tensor_wrap(&tensor, context, data, dtype, columns > 0 ? 2 : 1, shape, NULL));
  return tensor;
}

static clf_dataset *dense(clf_context *context, bool bytes, int64_t first, int64_t count,
                          int64_t columns, int64_t classes) {
  clf_dataset *data = NULL;
  double *row = malloc((size_t)columns * sizeof *row);
  int32_t *labels = malloc((size_t)count * sizeof *labels);
  void *x = malloc((size_t)(count * columns) * (bytes ? 1 : sizeof(float)));
  for (int64_t i = 0; i < count; i++) {
    make_row(first + i, columns, classes, &labels[i], row);
    for (int64_t j = 0; j < columns; j++) {
      if (bytes) {
        ((uint8_t *)x)[i * columns + j] = (uint8_t)(255 * row[j]);
      } else {
        ((float *)x)[i * columns + j] = (float)row[j];
      }
    }
  }
  clf_tensor *features = wrap(context, x, bytes ? CLF_U8 : CLF_F32, count, columns);
  clf_tensor *y = wrap(context, labels, CLF_I32, count, 0);
  must(bytes ? clf_tensor_set_scale(features, 1. / 255) : CLF_OK);
  must(clf_dataset_create(&data, context, features, y));
  free(row);
  return data; /* the process ends before its rows do */
}

static clf_dataset *sparse(clf_context *context, int64_t first, int64_t count, int64_t columns,
                           int64_t classes) {
  clf_dataset *data = NULL;
  double row[2 * ENTRIES];
  int32_t *labels = malloc((size_t)count * sizeof *labels);
  int64_t *start = malloc((size_t)(count + 1) * sizeof *start);
  int32_t *column = malloc((size_t)(count * ENTRIES) * sizeof *column);
  float *value = malloc((size_t)(count * ENTRIES) * sizeof *value);
  for (int64_t i = 0; i < count; i++) {
    make_row(first + i, ENTRIES * 2, classes, &labels[i], row);
    start[i] = i * ENTRIES;
    for (int64_t e = 0; e < ENTRIES; e++) {
      const int64_t step = columns / ENTRIES;
      const double place = row[e] < 1 ? row[e] * row[e] : 0.99; /* some columns are frequent */
      column[i * ENTRIES + e] = (int32_t)(e * step + (int64_t)(place * (double)step));
      value[i * ENTRIES + e] = (float)row[ENTRIES + e];
    }
  }
  start[count] = count * ENTRIES;
  clf_tensor *starts = wrap(context, start, CLF_I64, count + 1, 0);
  clf_tensor *at = wrap(context, column, CLF_I32, count * ENTRIES, 0);
  clf_tensor *values = wrap(context, value, CLF_F32, count * ENTRIES, 0);
  clf_tensor *y = wrap(context, labels, CLF_I32, count, 0);
  must(clf_dataset_create_sparse(&data, context, columns, starts, at, values, y));
  return data;
}

int main(int count, char **arguments) {
  clf_context *context = NULL;
  clf_model *model = NULL;
  counted c = {.collectives = 0};
  int64_t first, rows;
  MPI_Init(&count, &arguments);
  if (count != 7) {
    fprintf(stderr, "bench_ranks MODEL PARAMS dense|bytes|sparse ROWS COLUMNS CLASSES\n");
    return 2;
  }
  const char *storage = arguments[3];
  const int64_t all = atoll(arguments[4]), columns = atoll(arguments[5]),
                classes = atoll(arguments[6]);
  must(clf_mpi_communicator(MPI_COMM_WORLD, &c.inner));
  clf_communicator calls = c.inner;
  calls.user = &c;
  calls.all_gather = gather;
  calls.broadcast = broadcast;
  calls.all_sum = all_sum;
  calls.exchange = exchange;
  must(clf_context_create(&context, NULL, "threads=1"));
  must(clf_context_set_communicator(context, &calls));
  must(clf_shard_range(context, all, calls.rank, calls.ranks, &first, &rows));
  clf_dataset *data =
      strcmp(storage, "sparse") == 0
          ? sparse(context, first, rows, columns, classes)
          : dense(context, strcmp(storage, "bytes") == 0, first, rows, columns, classes);
  must(clf_model_create(&model, context, arguments[1], arguments[2]));
  const moment began = begin();
  must(clf_model_fit(model, data, NULL, NULL));
  const double wall = clock_of(CLOCK_MONOTONIC) - began.wall;
  const double work = clock_of(CLOCK_THREAD_CPUTIME_ID) - began.cpu - c.cpu_seconds;
  const double mine[] = {work, c.bytes, wall, c.seconds};
  double most[4], least;
  MPI_Reduce((void *)mine, most, 4, MPI_DOUBLE, MPI_MAX, 0, MPI_COMM_WORLD);
  MPI_Reduce((void *)&work, &least, 1, MPI_DOUBLE, MPI_MIN, 0, MPI_COMM_WORLD);
  if (calls.rank == 0) {
    printf(
        "{\"ranks\": %d, \"rows\": %lld, \"collectives\": %.0f, \"bytes\": %.0f, "
        "\"work_seconds\": %.6f, \"least_work_seconds\": %.6f, \"fit_seconds\": %.6f, "
        "\"exchange_seconds\": %.6f}\n",
        (int)calls.ranks, (long long)all, c.collectives, most[1], most[0], least, most[2], most[3]);
  }
  MPI_Finalize();
  return 0;
}
