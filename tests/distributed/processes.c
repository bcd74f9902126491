/* A process of several that fit a model together: processes WHAT PATH. `fit` compares the saved
 * bytes with those of one process that has all rows; with `bad-value` the last rank has a NaN, and
 * all must know it; with `dies` it ends during the fit, and with `late` it sleeps there. `timed` is
 * `fit` with ranks that would wait for a minute. With `killed` the first one saves the model again
 * and again, and the others wait for it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <classify.h>
#include <classify/mpi.h>

enum { ROWS = 500, COLUMNS = 40, CLASSES = 4 };

static float x[ROWS * COLUMNS];
static int32_t y[ROWS];

static void fill(void) {
  uint32_t state = 3;
  for (int i = 0; i < ROWS; i++) {
    y[i] = i * CLASSES / ROWS;
    for (int j = 0; j < COLUMNS; j++) {
      state = state * 1664525u + 1013904223u;
      x[i * COLUMNS + j] = (float)(state >> 8) * 0x1p-24f + (float)(y[i] * (j % 3)) / 8;
    }
  }
}

/* Exits after a failure; MPI then ends the other processes. */
static void must(clf_status status, const char *what) {
  if (status < 0) {
    fprintf(stderr, "%s: %s\n", what, clf_last_error());
    exit(1);
  }
}

static int32_t end_process(void *user, const clf_progress *progress) {
  (void)user, (void)progress;
  _exit(9);
}

static int32_t sleep_long(void *user, const clf_progress *progress) {
  (void)user, (void)progress;
  sleep(60);
  return CLF_PROGRESS_GO;
}

static clf_status fit(clf_model **model, clf_context *context, MPI_Comm comm, double timeout,
                      const char *kind) {
  static clf_mpi_timed timed;
  clf_communicator ranks = {.struct_size = sizeof ranks};
  clf_tensor *rows = NULL, *labels = NULL;
  clf_dataset *data = NULL;
  int64_t first, count;
  must(timeout > 0 ? clf_mpi_communicator_timed(comm, timeout, &timed, &ranks)
                   : clf_mpi_communicator(comm, &ranks),
       "clf_mpi_communicator");
  must(clf_context_set_communicator(context, &ranks), "clf_context_set_communicator");
  must(clf_shard_range(context, ROWS, ranks.rank, ranks.ranks, &first, &count), "range");
  const int64_t shape[] = {count, COLUMNS};
  must(clf_tensor_wrap(&rows, context, x + first * COLUMNS, CLF_F32, 2, shape, NULL), "rows");
  must(clf_tensor_wrap(&labels, context, y + first, CLF_I32, 1, shape, NULL), "labels");
  must(clf_dataset_create(&data, context, rows, labels), "dataset");
  must(clf_model_create(model, context, kind, strcmp(kind, "network") == 0 ? "epochs=3" : NULL),
       kind);
  must(clf_model_add_transform(*model, "standardize", NULL), "standardize");
  const clf_status status = clf_model_fit(*model, data, NULL, NULL);
  clf_dataset_free(data);
  clf_tensor_free(labels);
  clf_tensor_free(rows);
  return status;
}

static char *save(const clf_model *model, size_t *size) {
  must(clf_model_save_memory(model, NULL, 0, size), "size");
  char *bytes = malloc(*size);
  must(clf_model_save_memory(model, bytes, *size, size), "save");
  return bytes;
}

/* Returns whether the model of all processes has the bytes of one that has all rows. */
static int compare(const clf_model *model, const char *kind) {
  clf_context *alone = NULL;
  clf_model *one = NULL;
  size_t size, expected;
  must(clf_context_create(&alone, NULL, "threads=1"), "context");
  must(fit(&one, alone, MPI_COMM_SELF, 0, kind), "fit of all rows");
  char *bytes = save(model, &size), *right = save(one, &expected);
  const int same = size == expected && memcmp(bytes, right, size) == 0;
  free(bytes);
  free(right);
  clf_model_free(one);
  clf_context_free(alone);
  return same;
}

/* By iterations, whose sums go back and forth. */
static int compare_logistic(clf_context *context) {
  clf_model *model = NULL;
  must(fit(&model, context, MPI_COMM_WORLD, 0, "logistic"), "logistic");
  const int same = compare(model, "logistic");
  clf_model_free(model);
  return same;
}

/* Whose gradients are added in each step: losses that agree as far as rounding goes. */
static int compare_network(clf_context *context) {
  clf_context *alone = NULL;
  clf_model *model = NULL, *one = NULL;
  clf_tensor *losses = NULL, *expected = NULL;
  int same = 1;
  must(clf_context_create(&alone, NULL, "threads=1"), "context");
  must(fit(&model, context, MPI_COMM_WORLD, 0, "network"), "network");
  must(fit(&one, alone, MPI_COMM_SELF, 0, "network"), "network of all rows");
  must(clf_model_tensor(&losses, model, "history_loss"), "losses");
  must(clf_model_tensor(&expected, one, "history_loss"), "losses");
  for (int64_t i = 0; i < clf_tensor_count(expected); i++) {
    const double loss = ((double *)clf_tensor_data(losses))[i];
    const double right = ((double *)clf_tensor_data(expected))[i];
    same = same && fabs(loss - right) <= 1e-5 * right;
  }
  clf_tensor_free(losses);
  clf_tensor_free(expected);
  clf_model_free(model);
  clf_model_free(one);
  clf_context_free(alone);
  return same;
}

/* Says which process saves, once there is a file, and saves until it is killed. */
static void save_for_ever(const clf_model *model, int rank, const char *path) {
  for (int i = 0; rank == 0; i++) {
    must(clf_model_save(model, path), "save");
    if (i == 0) {
      printf("process %ld saves\n", (long)getpid());
      fflush(stdout);
    }
  }
  MPI_Barrier(MPI_COMM_WORLD);
}

int main(int count, char **arguments) {
  clf_context *context = NULL;
  clf_model *model = NULL;
  int rank, ranks, wrong = 0;
  MPI_Init(&count, &arguments);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  const char *what = arguments[1];
  fill();
  if (strcmp(what, "bad-value") == 0 && rank == ranks - 1) {
    x[ROWS * COLUMNS - 1] = NAN;
  }
  must(clf_context_create(&context, NULL, rank % 2 == 0 ? "threads=1" : "threads=2"), "context");
  if (strcmp(what, "dies") == 0 && rank == ranks - 1) {
    must(clf_context_set_progress(context, end_process, NULL), "progress");
  }
  if (strcmp(what, "late") == 0 && rank == ranks - 1) {
    must(clf_context_set_progress(context, sleep_long, NULL), "progress");
  }
  const double timeout = strcmp(what, "late") == 0 ? 1 : strcmp(what, "timed") == 0 ? 60 : 0;
  const clf_status status = fit(&model, context, MPI_COMM_WORLD, timeout, "ridge");
  if (strcmp(what, "late") == 0) {
    printf("%s\n", status == CLF_ERROR_PEER ? clf_last_error() : "no failure");
    fflush(stdout);
    MPI_Abort(MPI_COMM_WORLD, 9);
  }
  if (strcmp(what, "killed") == 0) {
    must(status, "fit");
    save_for_ever(model, rank, arguments[2]);
  }
  if (strcmp(what, "bad-value") == 0) {
    char expected[20];
    snprintf(expected, sizeof expected, "rank %d: ", ranks - 1);
    wrong = rank == ranks - 1
                ? status != CLF_ERROR_DATA
                : status != CLF_ERROR_PEER || strstr(clf_last_error(), expected) == NULL;
  } else {
    must(status, "fit");
    wrong = !compare(model, "ridge") || !compare_logistic(context) || !compare_network(context);
    if (rank == 0) {
      must(clf_model_save(model, arguments[2]), "save");
    }
  }
  if (wrong) {
    fprintf(stderr, "rank %d: %s\n", rank, clf_last_error());
  }
  clf_model_free(model);
  clf_context_free(context);
  MPI_Finalize();
  return wrong;
}
