/* Compares classifiers on MNIST, each fitted by several processes together:
 *   mpirun -n 4 distributed [FOLDER [THREADS [MODEL …]]]
 * Each process maps the files in FOLDER (examples/data by default), and uses its share of the rows.
 * What it prints does not depend on the number of processes, except for the times. */
#include <classify.h>
#include <classify/mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/data.h"
#include "report/results.h"

typedef struct entry {
  const char *name, *kind, *params;
} entry;

/* A new model is a line here. */
static const entry models[] = {
    {"ridge", "ridge", "alpha=1"},
    {"fisher", "fisher", "shrinkage=none"},
    {"logistic", "logistic", "C=1"},
    {"svm_linear", "svm", "kernel=linear C=1"},
    {"svm_poly", "svm", "kernel=polynomial degree=4 gamma=0.01 coef0=1 C=1"},
    {"svm_rbf", "svm", "kernel=rbf C=5 gamma=0.02"},
};
enum { MODELS = sizeof models / sizeof *models };

typedef struct process {
  clf_context *context;
  int rank, ranks;
  clf_dataset *train, *test; /* this process's shares */
} process;

/* Ends all processes; the one that found the fault says what it is. */
static void must(clf_status status) {
  if (status < 0) {
    fprintf(stderr, "%s\n", clf_last_error());
    MPI_Abort(MPI_COMM_WORLD, EXIT_FAILURE);
  }
}

static void connect_ranks(process *own, const char *params) {
  clf_communicator ranks = {.struct_size = sizeof ranks};
  must(clf_context_create(&own->context, NULL, params));
  must(clf_mpi_communicator(MPI_COMM_WORLD, &ranks));
  must(clf_context_set_communicator(own->context, &ranks));
  own->rank = ranks.rank;
  own->ranks = ranks.ranks;
}

/* Maps a part of MNIST; compressed files are read. */
static void load(clf_dataset **rows, const process *own, const char *folder, const char *part) {
  char path[4096];
  const char *inside = mnist_place(folder);
  snprintf(path, sizeof path, "%s%s/%s", folder, inside != NULL ? inside : "", part);
  must(clf_dataset_load(rows, own->context, "idx", path, "map=true"));
}

/* Replaces rows by this process's share of them, which stays where it is. */
static void take_share(clf_dataset **rows, const process *own) {
  int64_t first, count;
  clf_dataset *share = NULL;
  must(clf_shard_range(own->context, clf_dataset_rows(*rows), own->rank, own->ranks, &first,
                       &count));
  int64_t *indices = malloc((size_t)count * sizeof *indices);
  for (int64_t i = 0; indices != NULL && i < count; i++) {
    indices[i] = first + i;
  }
  must(clf_dataset_subset(&share, *rows, indices, indices != NULL ? count : 0));
  free(indices);
  clf_dataset_free(*rows);
  *rows = share;
}

/* Returns how many of this process's test rows are right. */
static int64_t count_right(const process *own, const clf_model *model) {
  const int64_t rows = clf_dataset_rows(own->test);
  int64_t right = 0;
  clf_tensor *labels = NULL;
  int32_t *predicted = malloc((size_t)rows * sizeof *predicted);
  must(clf_model_predict(model, own->test, predicted, rows));
  must(clf_dataset_tensor(&labels, own->test, "labels"));
  const int32_t *truth = clf_tensor_data(labels);
  for (int64_t i = 0; i < rows; i++) {
    right += predicted[i] == truth[i];
  }
  clf_tensor_free(labels);
  free(predicted);
  return right;
}

/* All processes fit the model; each predicts its own test rows. */
static void run_model(const process *own, const entry *model, int64_t test_rows) {
  clf_model *fitted = NULL;
  int64_t right;
  result row = {.model = model->name, .params = model->params};
  must(clf_model_create(&fitted, own->context, model->kind, model->params));
  const double began = MPI_Wtime();
  row.outcome = clf_model_fit(fitted, own->train, NULL, NULL);
  row.fit_seconds = MPI_Wtime() - began;
  if (row.outcome == CLF_ERROR_UNSUPPORTED) { /* on all of them */
    if (own->rank == 0) {
      printf("%-18s %s\n", model->name, clf_last_error());
    }
  } else {
    must(row.outcome);
    right = count_right(own, fitted);
    row.predict_seconds = MPI_Wtime() - began - row.fit_seconds;
    MPI_Allreduce(MPI_IN_PLACE, &right, 1, MPI_INT64_T, MPI_SUM, MPI_COMM_WORLD);
    row.test_accuracy = (double)right / (double)test_rows;
    if (own->rank == 0) {
      results_print_row(&row);
    }
  }
  clf_model_free(fitted);
}

/* Returns whether a model is among those that are asked for, or none are. */
static int is_asked(const char *name, int argc, char **argv) {
  int asked = argc <= 3;
  for (int i = 3; i < argc; i++) {
    asked = asked || strcmp(name, argv[i]) == 0;
  }
  return asked;
}

int main(int argc, char **argv) {
  process own = {.context = NULL};
  char params[40];
  MPI_Init(&argc, &argv);
  const char *folder = argc > 1 ? argv[1] : EXAMPLES_DATA;
  snprintf(params, sizeof params, "threads=%d", argc > 2 ? atoi(argv[2]) : 1);
  connect_ranks(&own, params);
  load(&own.train, &own, folder, "train");
  load(&own.test, &own, folder, "t10k");
  const int64_t test_rows = clf_dataset_rows(own.test);
  take_share(&own.train, &own);
  take_share(&own.test, &own);
  if (own.rank == 0) {
    results_print_head();
  }
  for (int i = 0; i < MODELS; i++) {
    if (is_asked(models[i].name, argc, argv)) {
      run_model(&own, &models[i], test_rows);
    }
  }
  clf_dataset_free(own.train);
  clf_dataset_free(own.test);
  clf_context_free(own.context);
  MPI_Finalize();
  return EXIT_SUCCESS;
}
