/* A training that is saved to a file between epochs. An interrupted training continues from the
 * file and ends with the same bits. The file is a store (docs/model-format.md): texts identify the
 * training (network_identity.c), and tensors hold what changes from epoch to epoch. Everything
 * random is a function of seed and epoch. */
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "base/math.h"
#include "base/output.h"
#include "models/network/network_trainer.h"

static const char *const vector_names[CLF__VECTORS] = {"weights", "best", "averages",
                                                       "optimizer_first", "optimizer_second"};

enum { EPOCH, WITHOUT_IMPROVEMENT, STOPPED, STEPS, OPTIMIZER_WITHOUT_IMPROVEMENT, COUNTERS };
enum { BEST_CRITERION, OPTIMIZER_BEST, REDUCTION, LOSSES };

/* Returns whether weights that are never negative, such as variances, are valid in a vector of
 * weights. */
static bool signs_are_valid(const clf__trainer *t, const float *values) {
  for (int64_t i = 0; i < t->network->layer_count; i++) {
    const clf__layer *layer = t->network->layers[i];
    for (int64_t j = 0; j < layer->weight_count; j++) {
      const clf__weight_info *info = &layer->weights[j];
      const int64_t count = clf__shape_count(&info->shape);
      for (int64_t k = 0; info->not_negative && k < count; k++) {
        if (values[k] < 0) {
          return false;
        }
      }
      values += count;
    }
  }
  return true;
}

static clf_status corrupt(const char *name) {
  return clf__fail(CLF_ERROR_CORRUPT, "'%s' is missing or not valid", name);
}

static bool all_finite(const clf_tensor *tensor, bool not_negative) {
  const int64_t count = clf_tensor_count(tensor);
  for (int64_t i = 0; i < count; i++) {
    const double value = tensor->dtype == CLF_F32 ? (double)((const float *)tensor->data)[i]
                                                  : ((const double *)tensor->data)[i];
    if (!isfinite(value) || (not_negative && value < 0)) {
      return false;
    }
  }
  return true;
}

/* Returns a tensor of these rows and columns (a vector with columns < 0), or NULL if it differs. */
static const clf_tensor *find(const clf__store *file, const char *name, int32_t dtype, int64_t rows,
                              int64_t columns) {
  const clf_tensor *tensor = clf__store_tensor(file, name);
  const bool vector = columns < 0;
  return tensor != NULL && tensor->dtype == dtype && tensor->ndim == (vector ? 1 : 2) &&
                 tensor->shape[0] == rows && (vector || tensor->shape[1] == columns)
             ? tensor
             : NULL;
}

static clf_status read_counters(clf__trainer *t, const clf__store *file) {
  const clf_tensor *counters = find(file, "counters", CLF_I64, COUNTERS, -1);
  const clf_tensor *losses = find(file, "losses", CLF_F64, LOSSES, -1);
  if (counters == NULL || losses == NULL || !all_finite(losses, false)) {
    return corrupt(counters == NULL ? "counters" : "losses");
  }
  const int64_t *c = counters->data;
  const double *l = losses->data;
  if (c[EPOCH] < 1) {
    return corrupt("counters");
  }
  if (c[EPOCH] > t->epochs) {
    return clf__fail(CLF_ERROR_ARGUMENT, "it has %lld epochs already, this training %lld",
                     (long long)c[EPOCH], (long long)t->epochs);
  }
  const int64_t steps = c[EPOCH] * clf__trainer_steps(t);
  if (c[WITHOUT_IMPROVEMENT] < 0 || c[WITHOUT_IMPROVEMENT] > c[EPOCH] ||
      (c[STOPPED] != 0 && c[STOPPED] != 1) || c[STEPS] != clf__min_i64(steps, t->max_steps) ||
      c[OPTIMIZER_WITHOUT_IMPROVEMENT] < 0 || c[OPTIMIZER_WITHOUT_IMPROVEMENT] > c[EPOCH] ||
      l[REDUCTION] < 0 || l[REDUCTION] > 1) {
    return corrupt("counters");
  }
  t->epoch = c[EPOCH];
  t->epochs_without_improvement = c[WITHOUT_IMPROVEMENT];
  t->stopped = c[STOPPED] == 1;
  t->step = c[STEPS];
  t->best_criterion = l[BEST_CRITERION];
  t->optimizer->steps = c[STEPS];
  t->optimizer->epochs_without_improvement = c[OPTIMIZER_WITHOUT_IMPROVEMENT];
  t->optimizer->best = l[OPTIMIZER_BEST];
  t->optimizer->reduction = l[REDUCTION];
  return CLF_OK;
}

static clf_status read_all(clf__trainer *t, const clf__store *file) {
  const clf_tensor *vectors[CLF__VECTORS];
  for (int v = 0; v < CLF__VECTORS; v++) {
    const int64_t count = clf__trainer_move_vector(t, v, NULL, false);
    vectors[v] = count > 0 ? find(file, vector_names[v], CLF_F32, count, -1) : NULL;
    if (count > 0 && (vectors[v] == NULL || !all_finite(vectors[v], v == CLF__VECTOR_SECOND) ||
                      (v <= CLF__VECTOR_BEST && !signs_are_valid(t, vectors[v]->data)))) {
      return corrupt(vector_names[v]);
    }
  }
  CLF__CHECK(read_counters(t, file));
  const clf_tensor *history = find(file, "history", CLF_F64, CLF__RECORDS, t->epoch);
  if (history == NULL || !all_finite(history, false)) {
    return corrupt("history");
  }
  for (int v = 0; v < CLF__VECTORS; v++) {
    clf__trainer_move_vector(t, v, vectors[v] != NULL ? vectors[v]->data : NULL, true);
  }
  for (int i = 0; i < CLF__RECORDS; i++) {
    memcpy(t->records[i], (const double *)history->data + i * t->epoch,
           (size_t)t->epoch * sizeof(double));
  }
  return CLF_OK;
}

/* A partial fit cannot be interrupted between epochs. */
static bool is_kept(const clf__trainer *t) {
  const char *path = t->params->checkpoint;
  return !t->partial && path != NULL && path[0] != '\0';
}

clf_status clf__checkpoint_read(clf__trainer *t) {
  const char *path = t->params->checkpoint;
  clf__store *own = NULL, *file = NULL;
  clf_status status = CLF_OK;
  if (!is_kept(t)) {
    return CLF_OK;
  }
  CLF__TRY(clf__trainer_read_file(t, path, &file));
  if (file == NULL) {
    return CLF_OK;
  }
  CLF__TRY(clf__store_create(&own, t->context));
  CLF__TRY(clf__training_describe(t, own));
  CLF__TRY(clf__training_compare(t->context, own, file));
  CLF__TRY(read_all(t, file));
done:
  clf__store_free(own);
  clf__store_free(file);
  return status < 0 ? clf__fail_within(status, "network: checkpoint %s", path) : status;
}

/* The first rank writes for all. */
static bool writes(const clf__trainer *t) {
  return !t->joined || clf__comm_rank(t->context) == 0;
}

/* Opens the file as the end of an epoch will, and leaves the path unchanged. */
clf_status clf__checkpoint_check(const clf__trainer *t) {
  clf__output output = {0};
  clf_status status = CLF_OK;
  if (is_kept(t) && writes(t) && t->epoch < t->epochs && !t->stopped) {
    status = clf__output_open(&output, t->context, t->params->checkpoint);
    clf__output_close(&output);
  }
  return status < 0 ? clf__fail_within(status, "network: checkpoint") : status;
}

/* Adds a new tensor to the store and returns its memory. */
static clf_status write_tensor(clf__store *store, clf_context *context, const char *name,
                               int32_t dtype, int64_t rows, int64_t columns, void **data) {
  const int64_t shape[] = {rows, columns};
  clf_tensor *tensor = NULL;
  clf_status status = clf_tensor_create(&tensor, context, dtype, columns < 0 ? 1 : 2, shape);
  if (status == CLF_OK) {
    status = clf__store_add_tensor(store, name, tensor);
    *data = tensor->data;
  }
  clf_tensor_free(tensor); /* the store has its own reference */
  return status;
}

static void write_counters(const clf__trainer *t, int64_t *counters, double *losses) {
  counters[EPOCH] = t->epoch;
  counters[WITHOUT_IMPROVEMENT] = t->epochs_without_improvement;
  counters[STOPPED] = t->stopped;
  counters[STEPS] = t->optimizer->steps;
  counters[OPTIMIZER_WITHOUT_IMPROVEMENT] = t->optimizer->epochs_without_improvement;
  losses[BEST_CRITERION] = t->best_criterion;
  losses[OPTIMIZER_BEST] = t->optimizer->best;
  losses[REDUCTION] = t->optimizer->reduction;
}

static clf_status write_all(const clf__trainer *t, clf__store *store) {
  void *values = NULL, *counters = NULL, *losses = NULL;
  for (int v = 0; v < CLF__VECTORS; v++) {
    const int64_t count = clf__trainer_move_vector(t, v, NULL, false);
    if (count > 0) {
      CLF__CHECK(write_tensor(store, t->context, vector_names[v], CLF_F32, count, -1, &values));
      clf__trainer_move_vector(t, v, values, false);
    }
  }
  CLF__CHECK(write_tensor(store, t->context, "counters", CLF_I64, COUNTERS, -1, &counters));
  CLF__CHECK(write_tensor(store, t->context, "losses", CLF_F64, LOSSES, -1, &losses));
  write_counters(t, counters, losses);
  CLF__CHECK(write_tensor(store, t->context, "history", CLF_F64, CLF__RECORDS, t->epoch, &values));
  for (int i = 0; i < CLF__RECORDS; i++) {
    memcpy((double *)values + i * t->epoch, t->records[i], (size_t)t->epoch * sizeof(double));
  }
  return CLF_OK;
}

clf_status clf__checkpoint_write(const clf__trainer *t) {
  const bool last = t->stopped || t->epoch == t->epochs;
  clf__store *store = NULL;
  clf_status status = CLF_OK;
  if (!is_kept(t) || (!last && t->epoch % t->params->checkpoint_interval != 0)) {
    return CLF_OK;
  }
  CLF__TRY(clf__store_create(&store, t->context));
  CLF__TRY(clf__training_describe(t, store));
  if (writes(t)) {
    CLF__TRY(write_all(t, store));
    CLF__TRY(clf__store_write_path(store, t->params->checkpoint));
  }
done:
  clf__store_free(store);
  return status < 0 ? clf__fail_within(status, "network: checkpoint") : status;
}
