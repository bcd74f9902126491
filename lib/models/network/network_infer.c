/* Inference. Threads of the pool each send a block of rows through all steps, within the same
 * memory. Steps that are bound by reading their weights process a whole block: dense and recurrent
 * layers, and others whose weights L2 does not hold. The steps between them process as few rows as
 * stay in L2. A single block runs on the calling thread. */
#include "models/network/network_infer.h"

#include <string.h>

#include "base/jobs.h"
#include "base/math.h"
#include "base/progress.h"
#include "ops/nn/sequence.h"

enum {
  BLOCK_ROWS = 64,          /* max rows in a block */
  SEQUENCE_ROWS = 256,      /* if a layer is recurrent, which packs its weights for each block */
  MIN_ROWS = 4,             /* rows that are worth waking a thread for */
  OUTER_ELEMENTS = 1 << 20, /* approximate elements that a block passes from stage to stage */
  INNER_ELEMENTS = 1 << 16  /* approximate elements between the steps of a stage */
};

/* Steps first … end - 1, which process `rows` rows at a time. */
typedef struct stage {
  int64_t first, end, rows;
} stage;

/* How a block runs. Each worker has two arrays between stages, two within one, and scratch memory
 * for steps. */
typedef struct block_job {
  const clf__inference *inference;
  const clf__rows *x;
  bool as_bytes; /* the first step reads the bytes of the rows */
  float *out;
  int64_t block;
  int64_t outer, inner, scratch; /* floats */
  float *memory;                 /* [workers, 2 outer + 2 inner + scratch] */
  clf__span *spans;              /* [workers, block] if a layer has a mask, or NULL */
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

/* Returns the stage that begins at a step, for blocks of so many rows. */
static stage stage_of(const clf__inference *inference, int64_t first, int64_t block) {
  const clf__infer_step *steps = inference->steps;
  stage s = {first, first, block};
  int64_t widest = steps[first].layer->inputs;
  while (s.end < inference->step_count && steps[s.end].by_rows == steps[first].by_rows) {
    widest = clf__max_i64(widest, steps[s.end++].outputs);
  }
  if (!steps[first].by_rows) {
    s.rows = clf__min_i64(block, clf__max_i64(1, INNER_ELEMENTS / widest));
  }
  return s;
}

/* Returns whether the step reads rows of bytes as they are. */
static bool reads_bytes(const clf__infer_step *step, const clf__rows *x) {
  const clf__layer_inference *inference = clf__layer_inference_of(step->layer);
  return x->dtype == CLF_U8 && !clf__rows_sparse(x) && inference != NULL &&
         inference->reads_bytes != NULL && inference->reads_bytes(step->packed, x->scale);
}

clf_status clf__infer_step_run(const clf__infer_step *step, int64_t rows, const float *x,
                               const clf__rows *bytes, float *y, float *scratch, clf__span *spans) {
  const clf__layer_inference *inference = clf__layer_inference_of(step->layer);
  if (inference == NULL) {
    return step->layer->kind->forward(&(clf__pass){.layer = step->layer,
                                                   .rows = rows,
                                                   .x = x,
                                                   .y = y,
                                                   .weights = step->weights,
                                                   .spans = step->layer->masked ? spans : NULL});
  }
  inference->run(&(clf__infer){.layer = step->layer,
                               .rows = rows,
                               .x = x,
                               .bytes = bytes,
                               .packed = step->packed,
                               .bias = step->bias,
                               .activation = step->activation,
                               .pooled = step->pooled,
                               .y = y,
                               .scratch = scratch});
  return CLF_OK;
}

/* Sends some rows of a block through a stage; its steps alternate between the two arrays at
 * `inner`. The first one may read bytes instead of x. */
static clf_status run_stage(const block_job *job, stage s, int64_t rows, const float *x,
                            const clf__rows *bytes, float *y, float *inner, clf__span *spans) {
  float *scratch = inner + 2 * job->inner;
  clf_status status = CLF_OK;
  for (int64_t i = s.first; status == CLF_OK && i < s.end; i++) {
    float *to = i + 1 == s.end ? y : x == inner ? inner + job->inner : inner;
    status = clf__infer_step_run(&job->inference->steps[i], rows, x, i == s.first ? bytes : NULL,
                                 to, scratch, spans);
    x = to;
    status = status == CLF_OK ? clf__progress_check() : status;
  }
  return status;
}

/* Sends rows first … first + rows - 1 of x through a stage. They come from the dataset or from the
 * previous stage, and go to the next stage or to the result. */
static clf_status run_rows(const block_job *job, stage s, int64_t first, int64_t rows,
                           const float *from, float *to, float *inner, clf__span *spans) {
  const clf__infer_step *steps = job->inference->steps;
  const int64_t in = steps[s.first].layer->inputs, out = steps[s.end - 1].outputs;
  clf_status status = CLF_OK;
  for (int64_t row = 0; status == CLF_OK && row < rows; row += s.rows) {
    const int64_t count = clf__min_i64(s.rows, rows - row);
    const float *x = from + row * in;
    const bool as_bytes = s.first == 0 && job->as_bytes;
    const clf__rows bytes = clf__rows_range(job->x, first + row, count);
    if (s.first == 0 && !as_bytes) {
      clf__network_gather(job->x, NULL, first + row, count, inner);
      x = inner;
    }
    status = run_stage(job, s, count, x, as_bytes ? &bytes : NULL, to + row * out, inner,
                       spans != NULL ? spans + row : NULL);
  }
  return status;
}

static int64_t memory_of(const block_job *job) {
  return 2 * job->outer + 2 * job->inner + job->scratch;
}

static clf_status run_block(void *argument, clf__range range) {
  const block_job *job = argument;
  const clf__inference *inference = job->inference;
  const int64_t first = range.first, rows = range.end - range.first;
  float *from = job->memory + range.worker * memory_of(job), *to = from + job->outer;
  float *inner = to + job->outer, *out = job->out + first * inference->outputs;
  clf__span *spans = job->spans != NULL ? job->spans + range.worker * job->block : NULL;
  clf_status status = CLF_OK;
  if (inference->step_count == 0) {
    clf__network_gather(job->x, NULL, first, rows, out);
  }
  for (int64_t step = 0; status == CLF_OK && step < inference->step_count;) {
    const stage s = stage_of(inference, step, job->block);
    step = s.end;
    status =
        run_rows(job, s, first, rows, from, step < inference->step_count ? to : out, inner, spans);
    float *other = from;
    from = to;
    to = other;
  }
  return status;
}

/* Returns the work for a row: the products of each weight at every position, and the values between
 * steps. */
static double row_work(const clf__inference *inference) {
  double work = 0;
  for (int64_t i = 0; i < inference->step_count; i++) {
    const clf__layer *layer = inference->steps[i].layer;
    const clf__shape *out = &layer->out;
    const double places = (double)layer->outputs / (double)out->size[out->ndim - 1];
    work += (double)(layer->inputs + layer->outputs) * CLF__COST_COPY;
    for (int64_t j = 0; j < layer->weight_count; j++) {
      work += places * (double)clf__shape_count(&layer->weights[j].shape) * CLF__COST_PRODUCT;
    }
  }
  return work;
}

static clf_status run_blocks(block_job *job) {
  if (job->block == job->x->rows) {
    return clf__jobs_alone(job->x->rows, run_block, job);
  }
  return clf__jobs_rows(job->inference->network->context, job->x->first_row, job->x->rows,
                        job->block, (double)job->x->rows * row_work(job->inference), run_block,
                        job);
}

/* Returns the number of rows in a block. It gives each thread a block if there are enough rows. */
static int64_t block_rows(const clf__inference *inference, int64_t rows) {
  const int64_t threads = clf__context_threads(inference->network->context);
  int64_t widest = 1, most = BLOCK_ROWS;
  int64_t each = clf__max_i64(MIN_ROWS, clf__ceil_div(rows, threads));
  for (int64_t i = 0; i < inference->step_count; i++) {
    const bool recurs = inference->steps[i].layer->kind->operation == CLF__OPERATION_RECURRENT;
    most = recurs ? SEQUENCE_ROWS : most;
  }
  for (int64_t i = 0; i < inference->step_count;) {
    const stage s = stage_of(inference, i, 1);
    if (i > 0 || most > BLOCK_ROWS) {
      widest = clf__max_i64(widest, inference->steps[i].layer->inputs);
    }
    i = s.end;
  }
  each = clf__min_i64(each, clf__min_i64(most, clf__max_i64(1, OUTER_ELEMENTS / widest)));
  return clf__max_i64(1, clf__min_i64(each, rows));
}

/* Computes the sizes; returns false if they overflow. */
static bool plan(block_job *job, int64_t workers, int64_t *memory) {
  const clf__inference *inference = job->inference;
  int64_t size;
  bool fits = true;
  for (int64_t i = 0; i < inference->step_count;) {
    const stage s = stage_of(inference, i, job->block);
    int64_t inner = i == 0 ? inference->steps[0].layer->inputs : 0;
    fits = fits && clf__mul_i64(job->block, inference->steps[i].layer->inputs, &size);
    job->outer = i > 0 && fits ? clf__max_i64(job->outer, size) : job->outer;
    for (; i < s.end; i++) {
      inner = i + 1 < s.end ? clf__max_i64(inner, inference->steps[i].outputs) : inner;
      job->scratch = clf__max_i64(job->scratch, inference->steps[i].scratch);
    }
    fits = fits && clf__mul_i64(s.rows, inner, &size);
    job->inner = fits ? clf__max_i64(job->inner, size) : job->inner;
  }
  const int64_t max = INT64_MAX / 8; /* so that the sum of the parts does not overflow */
  return fits && job->outer < max && job->inner < max && job->scratch < max &&
         clf__mul_i64(workers, memory_of(job), memory);
}

int64_t clf__network_infer_outputs(const clf__inference *inference) {
  return inference->outputs;
}

/* Returns the steps up to the last one with weights. */
static clf__inference hidden_part(const clf__inference *inference) {
  clf__inference part = *inference;
  for (int64_t i = inference->step_count - 1; i >= 0; i--) {
    if (inference->steps[i].layer->weight_count > 0) {
      part.step_count = i;
      part.outputs = inference->steps[i].layer->inputs;
      break;
    }
  }
  return part;
}

int64_t clf__inference_hidden(const clf__inference *inference) {
  return hidden_part(inference).outputs;
}

clf_status clf__network_infer_hidden(const clf__inference *inference, const clf__rows *x,
                                     float *out) {
  const clf__inference part = hidden_part(inference);
  return clf__network_infer(&part, x, out);
}

clf_status clf__network_infer(const clf__inference *inference, const clf__rows *x, float *out) {
  clf_context *context = inference->network->context;
  block_job job = {.inference = inference, .x = x, .out = out};
  int64_t memory;
  if (x->rows == 0) {
    return CLF_OK;
  }
  job.block = block_rows(inference, x->rows);
  job.as_bytes = inference->step_count > 0 && reads_bytes(&inference->steps[0], x);
  const int64_t workers = job.block < x->rows ? clf__context_threads(context) : 1;
  const bool produces_mask = inference->network->produces_mask;
  clf__arena arena = {.context = context};
  job.memory = clf__arena_array(&arena, plan(&job, workers, &memory) ? memory : -1, sizeof(float));
  job.spans =
      produces_mask ? clf__arena_matrix(&arena, workers, job.block, sizeof *job.spans) : NULL;
  clf_status status = CLF_OK;
  CLF__TRY(clf__arena_status(&arena));
  status = run_blocks(&job);
done:
  clf__arena_free(&arena);
  return status;
}
