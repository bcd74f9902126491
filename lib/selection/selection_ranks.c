/* Cross-validation and searches on several ranks: all have the same rows, and divide the fits. */
#include <string.h>

#include "base/checksum.h"
#include "comm/comm.h"
#include "models/fit_checks.h"
#include "selection/selection.h"

static uint64_t hash_names(uint64_t hash, const clf__names *names) {
  for (int64_t i = 0; i < clf__names_count(names); i++) {
    const char *name = clf__names_at(names, i);
    hash = clf__checksum(hash, name, strlen(name) + 1);
  }
  return hash;
}

/* Adds a whole tensor, if there is one. */
static uint64_t hash_tensor(uint64_t hash, const clf_tensor *tensor) {
  return tensor == NULL
             ? clf__checksum(hash, "", 1)
             : clf__checksum(hash, tensor->data,
                             (size_t)clf_tensor_count(tensor) * clf__dtype_size(tensor->dtype));
}

static uint64_t hash_rows(uint64_t hash, const clf__rows *x) {
  const int64_t traits[] = {x->rows, x->columns, x->dtype};
  hash = clf__checksum(hash, traits, sizeof traits);
  hash = clf__checksum(hash, &x->scale, sizeof x->scale);
  if (!clf__rows_sparse(x)) {
    const size_t size = clf__dtype_size(x->dtype);
    for (int64_t i = 0; i < x->rows; i++) {
      hash = clf__checksum(hash, (const char *)x->data + (size_t)(i * x->stride) * size,
                           (size_t)x->columns * size);
    }
    return hash;
  }
  for (int64_t i = 0; i < x->rows; i++) {
    const int64_t first = x->row_start[i], count = x->row_start[i + 1] - first;
    hash = clf__checksum(hash, &count, sizeof count);
    hash = clf__checksum(hash, x->column + first, (size_t)count * sizeof *x->column);
    hash = clf__checksum(hash, x->value + first, (size_t)count * sizeof *x->value);
  }
  return hash;
}

static uint64_t hash_dataset(uint64_t hash, const clf_dataset *data) {
  const clf__rows x = clf__dataset_rows(data);
  hash = hash_rows(hash, &x);
  hash = hash_tensor(hash, data->labels);
  hash = hash_tensor(hash, data->targets);
  hash = hash_tensor(hash, data->weights);
  for (int64_t k = 0; data->classes != NULL && k < clf__classes_count(data->classes); k++) {
    const char *name = clf__classes_name(data->classes, (int32_t)k);
    hash = clf__checksum(hash, name, strlen(name) + 1);
  }
  hash = hash_names(hash, data->names);
  for (int64_t j = clf__categories_next(data->categories, 0); j >= 0;
       j = clf__categories_next(data->categories, j + 1)) {
    hash = hash_names(hash, clf__categories_of(data->categories, j));
  }
  return hash;
}

clf_status clf__selection_agree(const clf_model *model, const clf_dataset *data, int64_t folds,
                                uint64_t seed, const char *settings) {
  clf_context *context = model->context;
  if (clf__comm_ranks(context) == 1) {
    return CLF_OK;
  }
  uint64_t hash = clf__checksum(CLF__CHECKSUM_FIRST, &folds, sizeof folds);
  hash = clf__checksum(hash, &seed, sizeof seed);
  hash = clf__checksum(hash, settings, strlen(settings));
  CLF__CHECK(clf__comm_hash_kind(&hash, context, &model->kind->base, model->params));
  CLF__CHECK(clf__model_hash_settings(&hash, model, model->optimizer));
  CLF__CHECK(clf__comm_same(context, "settings of a cross-validation", hash));
  return clf__comm_same(context, "rows of a cross-validation",
                        hash_dataset(CLF__CHECKSUM_FIRST, data));
}

/* Returns the number of the task that score i comes from. */
static int64_t task_of(int64_t i, int64_t count, int64_t folds, bool chained) {
  const int64_t fold = i % folds, variant = i / folds;
  return chained ? fold : fold * count + variant;
}

clf_status clf__selection_share(clf_context *context, double *scores, int64_t count, int64_t folds,
                                bool chained) {
  const int32_t ranks = clf__comm_ranks(context);
  if (ranks == 1) {
    return CLF_OK;
  }
  double *all = clf__alloc_matrix(context, ranks, count * folds, sizeof *all);
  clf_status status = all != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  CLF__TRY(status);
  for (int64_t i = 0; i < count * folds; i++) { /* those of other ranks are not set yet */
    scores[i] =
        task_of(i, count, folds, chained) % ranks == clf__comm_rank(context) ? scores[i] : 0;
  }
  CLF__TRY(
      clf__comm_gather(context, "scores", scores, count * folds * (int64_t)sizeof *scores, all));
  for (int64_t i = 0; i < count * folds; i++) {
    scores[i] = all[task_of(i, count, folds, chained) % ranks * count * folds + i];
  }
done:
  clf__free(all);
  return status;
}
