/* Batches: the rows in an order that is shuffled for each epoch, by the seed and the number of the
 * epoch. Dense rows are gathered into one buffer that every batch uses. */
#include "base/border.h"
#include "base/math.h"
#include "base/random.h"
#include "data/build.h"
#include "tensor/rows_fetch.h"

struct clf_batches {
  clf_context *context;
  const clf_dataset *dataset;
  clf_dataset *batch; /* the batch returned last; NULL before the first */
  int64_t *order;     /* [rows] */
  clf__rows_fetch fetch;
  int64_t batch_size;
  int64_t position; /* rows of this epoch that were returned */
  uint64_t seed;
  uint64_t epoch;
};

static void shuffle(clf_batches *batches) {
  int64_t rows = batches->dataset->rows;
  for (int64_t i = 0; i < rows; i++) {
    batches->order[i] = i;
  }
  clf__random random = clf__random_seed(batches->seed, batches->epoch);
  clf__random_shuffle(&random, batches->order, rows);
}

static void end_fetch(clf_batches *batches) {
  const clf__rows x = clf__dataset_rows(batches->dataset);
  clf__rows_fetch_end(&batches->fetch, &x);
}

clf_status clf_batches_create(clf_batches **out, const clf_dataset *dataset, int64_t batch_size,
                              uint64_t seed) {
  CLF__REQUIRE(out);
  CLF__REQUIRE(dataset);
  CLF__ENTER("batches");
  if (batch_size < 1) {
    return clf__fail(CLF_ERROR_ARGUMENT, "batches: batch_size is %lld; it must be 1 or more",
                     (long long)batch_size);
  }
  clf_batches *batches = clf__handle_create(dataset->context, sizeof *batches);
  if (batches == NULL) {
    return CLF_ERROR_MEMORY;
  }
  batches->dataset = dataset;
  batches->batch_size = clf__min_i64(batch_size, dataset->rows);
  batches->seed = seed;
  batches->order = clf__alloc_array(batches->context, dataset->rows, sizeof *batches->order);
  if (batches->order == NULL) {
    clf_batches_free(batches);
    return CLF_ERROR_MEMORY;
  }
  shuffle(batches);
  *out = batches;
  return CLF_OK;
}

void clf_batches_free(clf_batches *batches) {
  if (batches == NULL) {
    return;
  }
  end_fetch(batches);
  clf_dataset_free(batches->batch);
  clf__free(batches->order);
  clf__handle_free(batches);
}

/* Copies those rows of `from` to the first `count` rows of a buffer, which is made if there is
 * none. */
static clf_status refill(const clf_batches *batches, clf_tensor **buffer, const clf_tensor *from,
                         int64_t count) {
  if (from == NULL) {
    return CLF_OK;
  }
  if (*buffer == NULL) {
    CLF__CHECK(clf__like_rows(buffer, batches->context, from, batches->batch_size));
  }
  (*buffer)->shape[0] = count;
  clf__gather(*buffer, from, batches->order + batches->position, count);
  return CLF_OK;
}

static clf_status next_dense(clf_batches *batches, int64_t count) {
  const clf_dataset *from = batches->dataset;
  if (batches->batch == NULL) {
    CLF__CHECK(clf__dataset_blank(&batches->batch, batches->context));
    batches->batch->features = from->features;
    batches->batch->classes = clf__classes_retain(from->classes);
    batches->batch->names = clf__names_retain(from->names);
    batches->batch->categories = clf__categories_retain(from->categories);
  }
  clf_dataset *batch = batches->batch;
  batch->rows = count;
  CLF__CHECK(refill(batches, &batch->x, from->x, count));
  CLF__CHECK(refill(batches, &batch->labels, from->labels, count));
  CLF__CHECK(refill(batches, &batch->targets, from->targets, count));
  return refill(batches, &batch->weights, from->weights, count);
}

static clf_status next_sparse(clf_batches *batches, int64_t count) {
  clf_dataset *batch = NULL;
  clf_status status =
      clf_dataset_subset(&batch, batches->dataset, batches->order + batches->position, count);
  if (status == CLF_OK) {
    clf_dataset_free(batches->batch);
    batches->batch = batch;
  }
  return status;
}

clf_status clf_batches_next(clf_batches *batches, const clf_dataset **batch) {
  CLF__REQUIRE(batches);
  CLF__REQUIRE(batch);
  CLF__ENTER("batches");
  int64_t left = batches->dataset->rows - batches->position;
  if (left == 0) {
    end_fetch(batches);
    batches->position = 0;
    batches->epoch++;
    shuffle(batches);
    *batch = NULL;
    return CLF_OK;
  }
  int64_t count = clf__min_i64(left, batches->batch_size);
  const clf__rows x = clf__dataset_rows(batches->dataset);
  clf__rows_fetch_next(&batches->fetch, &x, batches->order, batches->position, x.rows);
  clf_status status = batches->dataset->row_start != NULL ? next_sparse(batches, count)
                                                          : next_dense(batches, count);
  if (status == CLF_OK) {
    batches->position += count;
    *batch = batches->batch;
  }
  return status;
}
