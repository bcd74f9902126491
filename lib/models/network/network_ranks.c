/* A training on the rows of several ranks. All of them know the labels, targets and weights of all
 * rows, and so choose the same batches; each has the features of its own rows, sends those of a
 * batch through the layers, and adds its gradient to that of the others. Everything random about a
 * row is a function of the seed, the epoch and its number or place in the batch. What differs from
 * a training on one process is the order in which products and gradients are added: results agree
 * as far as rounding goes. */
#include <string.h>

#include "base/checksum.h"
#include "base/file.h"
#include "models/network/network_trainer.h"

/* Replaces *values, what this rank has of its rows, by that of all rows. */
static clf_status gather(clf__trainer *t, const char *name, const void **values, size_t row_bytes) {
  if (*values == NULL) {
    return CLF_OK;
  }
  const clf__rows *x = t->training->x;
  char *all = clf__arena_matrix(&t->arena, t->all_rows, (int64_t)row_bytes, 1);
  CLF__CHECK(clf__arena_status(&t->arena));
  memcpy(all + (size_t)t->first_row * row_bytes, *values, (size_t)x->rows * row_bytes);
  CLF__CHECK(clf__comm_spread(t->context, name, all, x->shards->start, row_bytes));
  *values = all;
  return CLF_OK;
}

static clf_status compare_optimizers(const clf__trainer *t) {
  clf__text text = {.context = t->context};
  clf__optimizer_append(&text, t->optimizer);
  const clf_status status = text.failed
                                ? CLF_ERROR_MEMORY
                                : clf__comm_same(t->context, "optimizer",
                                                 clf__comm_hash(0, text.bytes, strlen(text.bytes)));
  clf__text_free(&text);
  return status;
}

clf_status clf__trainer_join(clf__trainer *t) {
  const clf__training *own = t->training;
  const clf__shards *shards = own->x->shards;
  t->all_rows = clf__shards_rows(shards, own->x->rows);
  t->joined = shards != NULL && shards->ranks > 1;
  if (!t->joined) {
    return CLF_OK;
  }
  const void *labels = own->labels, *targets = own->targets, *weights = own->weights;
  const void *row_weights = t->row_weights;
  t->first_row = shards->first;
  CLF__CHECK(compare_optimizers(t));
  CLF__CHECK(gather(t, "labels", &labels, sizeof *own->labels));
  CLF__CHECK(gather(t, "targets", &targets, (size_t)own->outputs * sizeof *own->targets));
  CLF__CHECK(gather(t, "weights", &weights, sizeof *own->weights));
  if (t->row_weights == own->weights) {
    row_weights = weights;
  } else {
    CLF__CHECK(gather(t, "weights of losses", &row_weights, sizeof *t->row_weights));
  }
  t->of_all = *own;
  t->of_all.labels = labels;
  t->of_all.targets = targets;
  t->of_all.weights = weights;
  t->row_weights = row_weights;
  t->training = &t->of_all;
  return CLF_OK;
}

clf_status clf__trainer_join_losses(const clf__trainer *t, clf__loss_sums *sums, int count) {
  return t->joined ? clf__comm_sum(t->context, "losses", (double *)sums,
                                   count * (int64_t)(sizeof *sums / sizeof(double)))
                   : CLF_OK;
}

clf_status clf__trainer_join_gradients(const clf__trainer *t) {
  return t->joined
             ? clf__comm_sum_floats(t->context, "gradient", t->joined_gradients, t->trained_count)
             : CLF_OK;
}

/* The rows are read one after the other, each by the rank that has it, which passes the checksum
 * on after the last of its rows. */
clf_status clf__trainer_checksum_rows(const clf__trainer *t, int64_t step, uint64_t *sum) {
  const clf__rows *x = t->training->x;
  const clf__shards *shards = x->shards;
  int32_t rank = 0;
  for (int64_t i = 0; i < t->all_rows; i += step) {
    const int64_t local = i - t->first_row;
    if (local >= 0 && local < x->rows) {
      clf__network_gather(x, NULL, local, 1, t->y[0]);
      *sum = clf__checksum(*sum, t->y[0], (size_t)x->columns * sizeof **t->y);
    }
    while (t->joined && i >= shards->start[rank + 1]) {
      rank++;
    }
    const int64_t next = i + step;
    if (t->joined && (next >= t->all_rows || next >= shards->start[rank + 1])) {
      CLF__CHECK(clf__comm_broadcast(t->context, "checksum", sum, (int64_t)sizeof *sum, rank));
    }
  }
  return CLF_OK;
}

/* The first rank reads the file, and sends it to the others. */
clf_status clf__trainer_read_file(const clf__trainer *t, const char *path, clf__store **out) {
  const bool reads = clf__comm_rank(t->context) == 0 || !t->joined;
  int64_t size = 0;
  size_t bytes = 0;
  char *data = NULL;
  clf_status status = CLF_OK;
  if (reads && clf__file_exists(path)) {
    CLF__CHECK(clf__store_read_path(out, t->context, path));
  }
  if (!t->joined) {
    return CLF_OK;
  }
  if (*out != NULL) {
    CLF__TRY(clf__store_write_memory(*out, NULL, 0, &bytes));
    size = (int64_t)bytes;
  }
  CLF__TRY(
      clf__comm_broadcast(t->context, "size of the checkpoint", &size, (int64_t)sizeof size, 0));
  if (size == 0) {
    goto done;
  }
  data = clf__alloc_array(t->context, size, 1);
  CLF__TRY(data != NULL ? CLF_OK : CLF_ERROR_MEMORY);
  CLF__TRY(reads ? clf__store_write_memory(*out, data, bytes, &bytes) : CLF_OK);
  CLF__TRY(clf__comm_broadcast(t->context, "checkpoint", data, size, 0));
  status = reads ? CLF_OK : clf__store_read_memory(out, t->context, data, (size_t)size);
done:
  clf__free(data);
  return status;
}
