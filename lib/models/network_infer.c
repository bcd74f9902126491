/* Inference: blocks of rows go to the pool, each through all layers in two buffers that stay in
 * cache. A single block runs on the calling thread. */
#include <stdatomic.h>
#include <string.h>

#include "base/pool.h"
#include "models/network.h"
#include "ops/sequence.h"

enum { BLOCK_ELEMENTS = 1 << 16, BLOCK_ROWS = 64 };

struct clf__inference {
  clf__network *network;
  float **weights; /* [weights of the network], the state's */
};

void clf__network_free_prepared(void *prepared) {
  clf__inference *inference = prepared;
  if (inference != NULL) {
    clf__network_free(inference->network);
    clf__free(inference->weights);
    clf__free(inference);
  }
}

clf_status clf__network_prepare(const clf_model *model, void **prepared) {
  clf__inference *inference = clf__alloc_zeroed(model->context, 1, sizeof *inference);
  if (inference == NULL) {
    return CLF_ERROR_MEMORY;
  }
  clf_status status;
  CLF__TRY(clf__network_of_state(&inference->network, model->context, model->state));
  CLF__TRY(clf__network_state_weights(&inference->weights, inference->network, model->state));
  *prepared = inference;
  return CLF_OK;
done:
  clf__network_free_prepared(inference);
  return status;
}

int64_t clf__network_infer_outputs(const clf__inference *inference) {
  return inference->network->outputs;
}

typedef struct block_job {
  const clf__network *network;
  float *const *weights;
  const clf__rows *x;
  float *out;
  float *buffers;   /* [threads, 2, block * widest] */
  clf__span *spans; /* [threads, block] where a layer masks, or NULL */
  int64_t block;
  atomic_int_least64_t failed; /* a block that did not succeed, or -1 */
} block_job;

static void spread_row(const clf__rows *x, int64_t row, float *out) {
  memset(out, 0, (size_t)x->columns * sizeof *out);
  for (int64_t e = x->row_start[row]; e < x->row_start[row + 1]; e++) {
    out[x->column[e]] = x->value[e];
  }
}

void clf__network_gather(const clf__rows *x, const int64_t *rows, int64_t first, int64_t count,
                         float *out) {
  for (int64_t i = 0; i < count; i++, out += x->columns) {
    const int64_t row = rows != NULL ? rows[i] : first + i;
    const float *values = out;
    if (clf__rows_sparse(x)) {
      spread_row(x, row, out);
    } else {
      values = clf__rows_values(x, row, out);
    }
    if (values != out) {
      memcpy(out, values, (size_t)x->columns * sizeof *out);
    }
  }
}

static clf_status run_layers(const block_job *job, int64_t rows, float *from, float *to,
                             clf__span *spans, float *out) {
  const clf__network *network = job->network;
  clf_status status = CLF_OK;
  for (int64_t i = 0; status == CLF_OK && i < network->layer_count; i++) {
    const bool last = i + 1 == network->layer_count;
    const clf__pass pass = {.layer = network->layers[i],
                            .rows = rows,
                            .x = from,
                            .y = last ? out : to,
                            .spans = spans,
                            .weights = job->weights + network->first_weight[i]};
    status = pass.layer->kind->forward(&pass);
    float *other = from;
    from = to;
    to = other;
  }
  return status;
}

static clf_status infer_block(const block_job *job, int64_t index, int32_t worker) {
  const clf__network *network = job->network;
  const int64_t first = index * job->block, left = job->x->rows - first;
  const int64_t rows = left < job->block ? left : job->block, size = job->block * network->widest;
  float *from = job->buffers + 2 * worker * size;
  clf__network_gather(job->x, NULL, first, rows, from);
  return run_layers(job, rows, from, from + size,
                    job->spans != NULL ? job->spans + worker * job->block : NULL,
                    job->out + first * network->outputs);
}

static void infer_task(void *argument, int64_t index, int32_t worker) {
  block_job *job = argument;
  if (infer_block(job, index, worker) < 0) {
    atomic_store(&job->failed, index);
  }
}

/* A failure's message is its thread's, so the block is tried again on the caller's. */
static clf_status infer_blocks(block_job *job, int64_t blocks) {
  atomic_init(&job->failed, -1);
  clf__parallel(job->network->context, blocks, infer_task, job);
  const int64_t failed = atomic_load(&job->failed);
  return failed >= 0 ? infer_block(job, failed, 0) : CLF_OK;
}

clf_status clf__network_infer(const clf__inference *inference, const clf__rows *x, float *out) {
  const clf__network *network = inference->network;
  clf_context *context = network->context;
  block_job job = {.network = network, .weights = inference->weights, .x = x, .out = out};
  int64_t blocks, elements;
  job.block = network->widest < BLOCK_ELEMENTS ? BLOCK_ELEMENTS / network->widest : 1;
  job.block = job.block < BLOCK_ROWS ? job.block : BLOCK_ROWS;
  job.block = job.block < x->rows ? job.block : x->rows;
  blocks = x->rows > 0 ? (x->rows - 1) / job.block + 1 : 0;
  const int64_t workers = blocks > 1 ? clf__context_threads(context) : 1;
  if (!clf__mul_i64(2 * workers * job.block, network->widest, &elements)) {
    elements = -1;
  }
  job.buffers = clf__alloc_array(context, elements, sizeof *job.buffers);
  job.spans =
      network->masks ? clf__alloc_array(context, workers * job.block, sizeof *job.spans) : NULL;
  const bool complete = job.buffers != NULL && (job.spans != NULL || !network->masks);
  clf_status status = complete ? infer_blocks(&job, blocks) : CLF_ERROR_MEMORY;
  clf__free(job.buffers);
  clf__free(job.spans);
  return status;
}
