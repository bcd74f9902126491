/* hog: histograms of the directions of the gradient of a gray image, in the cells of a grid (Dalal
 * and Triggs, "Histograms of oriented gradients for human detection", CVPR 2005).
 *
 * The gradient of a pixel (central differences) adds its length to the two nearest directions of
 * the four nearest cells, by linear interpolation. Overlapping blocks of block x block cells, one
 * at every cell, are then normalized: the values v of a block become v / sqrt(|v|^2 + e^2), are
 * clipped at `clip`, and scaled to length 1 again. So illumination, contrast and small shifts have
 * little effect. */
#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/pool.h"
#include "base/progress.h"
#include "transform/transform.h"

typedef struct hog_params {
  clf__transform_params common;
  clf__list input;
  int64_t cell;
  int64_t bins;
  int64_t block;
  double gamma;
  double clip;
  bool signs;
} hog_params;

enum { TASK_PIXELS = 1 << 14 };
static const float pi = 3.14159265F, min_length = 1e-4F;

#define CLF__VALUES hog_params
static const clf__param params[] = {
    CLF__LIST(input, "auto", "auto", 1, 1e6,
              "height and width of the images, as 60,80; auto: the dataset's"),
    CLF__INT(cell, "8", 1, 1e4, "pixels along a side of a cell"),
    CLF__INT(bins, "9", 2, 360, "number of directions of the histogram"),
    CLF__INT(block, "2", 1, 100, "cells along a side of a block, which is normalized"),
    CLF__REAL(gamma, "0.5", CLF__ABOVE(0), 10, "exponent of the pixels before the gradients"),
    CLF__REAL(clip, "0.2", CLF__ABOVE(0), 1, "maximum of a value relative to its block's norm"),
    CLF__BOOL(signs, "false", "whether opposite directions of the gradient differ"),
    CLF__TRANSFORM_PARAMS,
};

/* The layout that follows from the parameters and the size of the images. */
typedef struct grid {
  int64_t height, width;
  int64_t cell, bins, block;
  int64_t down, across;               /* cells */
  int64_t blocks_down, blocks_across; /* and blocks */
  int64_t columns;
} grid;

/* Returns false if the images are smaller than a block, or there are too many columns. */
static bool make_grid(grid *out, const hog_params *values, int64_t height, int64_t width) {
  grid g = {.height = height,
            .width = width,
            .cell = values->cell,
            .bins = values->bins,
            .block = values->block,
            .down = height / values->cell,
            .across = width / values->cell};
  int64_t blocks, each = g.block * g.block * g.bins;
  g.blocks_down = g.down - g.block + 1;
  g.blocks_across = g.across - g.block + 1;
  if (g.blocks_down < 1 || g.blocks_across < 1 ||
      !clf__mul_i64(g.blocks_down, g.blocks_across, &blocks) ||
      !clf__mul_i64(blocks, each, &g.columns) || g.columns > INT32_MAX) {
    return false;
  }
  *out = g;
  return true;
}

static grid fitted_grid(const clf_transform *transform) {
  const int64_t *size = clf__store_tensor(transform->state, "size")->data;
  grid g = {0};
  make_grid(&g, transform->params, size[0], size[1]);
  return g;
}

/* Determines height and width, by the parameter or the dataset. */
static clf_status image_size(const hog_params *values, const clf_dataset *dataset,
                             int64_t size[2]) {
  const clf_tensor *x = dataset->x;
  if (x == NULL) {
    return clf__fail(CLF_ERROR_UNSUPPORTED, "sparse rows are no images");
  }
  if (values->input.word < 0) {
    if (values->input.count != 2) {
      return clf__fail(CLF_ERROR_ARGUMENT, "input must be height and width, such as input=60,80");
    }
    size[0] = (int64_t)values->input.values[0];
    size[1] = (int64_t)values->input.values[1];
  } else if (x->ndim == 3 || (x->ndim == 4 && x->shape[3] == 1)) {
    size[0] = x->shape[1];
    size[1] = x->shape[2];
  } else {
    return clf__fail(CLF_ERROR_SHAPE,
                     "the rows are not gray images [rows, height, width]; set input=HEIGHT,WIDTH");
  }
  if (size[0] * size[1] != dataset->features) {
    return clf__fail(CLF_ERROR_SHAPE, "an image of %lldx%lld has %lld pixels; the rows have %lld",
                     (long long)size[0], (long long)size[1], (long long)(size[0] * size[1]),
                     (long long)dataset->features);
  }
  return CLF_OK;
}

static clf_status fit(const clf_transform *transform, const clf_dataset *dataset,
                      clf__store *state) {
  const hog_params *values = transform->params;
  int64_t size[2];
  grid g;
  clf_tensor *tensor = NULL;
  clf_status status;
  CLF__TRY(image_size(values, dataset, size));
  if (!make_grid(&g, values, size[0], size[1])) {
    status = clf__fail(
        CLF_ERROR_SHAPE,
        "images of %lldx%lld are smaller than a block of %lld cells of %lld pixels, or "
        "give too many columns",
        (long long)size[0], (long long)size[1], (long long)values->block, (long long)values->cell);
    goto done;
  }
  CLF__TRY(clf__tensor_vector(&tensor, transform->context, CLF_I64, 2));
  memcpy(tensor->data, size, sizeof size);
  CLF__TRY(clf__store_add_tensor(state, "size", tensor));
done:
  clf_tensor_free(tensor);
  return status;
}

static int64_t columns(const clf_transform *transform) {
  return fitted_grid(transform).columns;
}

typedef struct hog_job {
  clf__rows x;
  grid g;
  double gamma;
  float clip;
  bool signs;
  float *buffers; /* [threads, scratch] */
  int64_t scratch;
  float *to;
} hog_job;

/* Finds a position among `count`, between `*low` and the next one, whose share is returned. */
static float between(float place, int64_t *low) {
  const float floor_of = floorf(place);
  *low = (int64_t)floor_of;
  return place - floor_of;
}

/* A gradient that is not finite makes its cells NaN, which fits and predictions refuse. */
static void add_gradient(const hog_job *job, float dx, float dy, int64_t row, int64_t column,
                         float *cells) {
  const grid *g = &job->g;
  const float norm = sqrtf(dx * dx + dy * dy), period = job->signs ? 2 * pi : pi;
  const float length = isfinite(norm) ? norm : NAN;
  int64_t top, left, bin;
  float angle = isfinite(norm) ? atan2f(dy, dx) : 0;
  angle += angle < 0 ? 2 * pi : 0;
  angle -= angle >= period ? period : 0;
  const float down = between(((float)row + 0.5F) / (float)g->cell - 0.5F, &top);
  const float right = between(((float)column + 0.5F) / (float)g->cell - 0.5F, &left);
  const float next = between(angle / period * (float)g->bins, &bin);
  const int64_t first = bin % g->bins, second = (bin + 1) % g->bins;
  for (int i = 0; i < 4; i++) {
    const int64_t y = top + i / 2, x = left + i % 2;
    if (y >= 0 && y < g->down && x >= 0 && x < g->across) {
      float *cell = cells + (y * g->across + x) * g->bins;
      const float share = (i / 2 == 1 ? down : 1 - down) * (i % 2 == 1 ? right : 1 - right);
      cell[first] += share * (1 - next) * length;
      cell[second] += share * next * length;
    }
  }
}

static void fill_cells(const hog_job *job, const float *pixels, float *cells) {
  const int64_t height = job->g.height, width = job->g.width;
  memset(cells, 0, (size_t)(job->g.down * job->g.across * job->g.bins) * sizeof *cells);
  for (int64_t i = 0; i < height; i++) {
    const float *above = pixels + (i > 0 ? i - 1 : i) * width;
    const float *below = pixels + (i + 1 < height ? i + 1 : i) * width;
    const float *row = pixels + i * width;
    for (int64_t j = 0; j < width; j++) {
      const float dx = row[j + 1 < width ? j + 1 : j] - row[j > 0 ? j - 1 : j];
      const float dy = below[j] - above[j];
      if (dx != 0 || dy != 0) {
        add_gradient(job, dx, dy, i, j, cells);
      }
    }
  }
}

/* Scales values to length 1, or less if all of them are small. If their squares overflow, they
 * become NaN. */
static void normalize_block(float *values, int64_t count) {
  float sum = min_length * min_length;
  for (int64_t i = 0; i < count; i++) {
    sum += values[i] * values[i];
  }
  const float factor = isfinite(sum) ? 1 / sqrtf(sum) : NAN;
  for (int64_t i = 0; i < count; i++) {
    values[i] *= factor;
  }
}

static void fill_blocks(const hog_job *job, const float *cells, float *to) {
  const grid *g = &job->g;
  const int64_t line = g->block * g->bins, size = g->block * line;
  for (int64_t b = 0; b < g->blocks_down * g->blocks_across; b++, to += size) {
    const int64_t top = b / g->blocks_across, left = b % g->blocks_across;
    for (int64_t i = 0; i < g->block; i++) {
      memcpy(to + i * line, cells + ((top + i) * g->across + left) * g->bins,
             (size_t)line * sizeof *to);
    }
    normalize_block(to, size);
    for (int64_t i = 0; i < size; i++) {
      to[i] = to[i] > job->clip ? job->clip : to[i];
    }
    normalize_block(to, size);
  }
}

static void describe_rows(void *argument, clf__range rows) {
  const hog_job *job = argument;
  const int64_t pixels = job->x.columns;
  float *buffer = job->buffers + rows.worker * job->scratch, *cells = buffer + pixels;
  for (int64_t i = rows.first; i < rows.end; i++) {
    const float *row = clf__rows_values(&job->x, i, buffer);
    for (int64_t j = 0; j < pixels; j++) {
      buffer[j] =
          job->gamma == 1 ? row[j] : copysignf(powf(fabsf(row[j]), (float)job->gamma), row[j]);
    }
    fill_cells(job, buffer, cells);
    fill_blocks(job, cells, job->to + i * job->g.columns);
  }
}

static clf_status apply(clf_dataset **out, const clf_transform *transform,
                        const clf_dataset *dataset) {
  const hog_params *values = transform->params;
  clf_context *context = dataset->context;
  if (dataset->x == NULL) {
    return clf__fail(CLF_ERROR_UNSUPPORTED, "sparse rows are no images");
  }
  hog_job job = {.x = clf__dataset_rows(dataset),
                 .g = fitted_grid(transform),
                 .gamma = values->gamma,
                 .clip = (float)values->clip,
                 .signs = values->signs};
  clf_tensor *x = NULL;
  clf_status status = CLF_OK;
  job.scratch = job.x.columns + job.g.down * job.g.across * job.g.bins;
  job.buffers =
      clf__alloc_matrix(context, clf__context_threads(context), job.scratch, sizeof *job.buffers);
  if (job.buffers == NULL) {
    return CLF_ERROR_MEMORY;
  }
  CLF__TRY(clf__tensor_create_uninitialized(&x, context, CLF_F32, 2,
                                            (int64_t[]){job.x.rows, job.g.columns}));
  job.to = x->data;
  CLF__TRY(clf__progress_rows(
      context, job.x.first_row, job.x.rows, clf__max_i64(TASK_PIXELS / job.x.columns, 1),
      10 * (double)job.x.rows * (double)job.x.columns * CLF__COST_ELEMENT, describe_rows, &job));
  CLF__TRY(clf__dataset_with_x(out, dataset, x));
  x = NULL;
done:
  clf_tensor_free(x);
  clf__free(job.buffers);
  return status;
}

static clf_status check(const clf_transform *transform) {
  const clf_tensor *size = clf__store_tensor(transform->state, "size");
  int64_t pixels = 0;
  grid g;
  const bool sound =
      size != NULL && size->dtype == CLF_I64 && size->ndim == 1 && size->shape[0] == 2 &&
      ((const int64_t *)size->data)[0] > 0 && ((const int64_t *)size->data)[1] > 0 &&
      clf__mul_i64(((const int64_t *)size->data)[0], ((const int64_t *)size->data)[1], &pixels) &&
      pixels == transform->features &&
      make_grid(&g, transform->params, ((const int64_t *)size->data)[0],
                ((const int64_t *)size->data)[1]);
  return sound ? CLF_OK
               : clf__fail(CLF_ERROR_CORRUPT, "damaged: the size of hog's images is not valid");
}

const clf__transform_kind clf__hog_kind = {
    .base = CLF__KIND("hog", "histograms of oriented gradients of gray images", params, hog_params),
    .can = CLF__CONSTANT,
    .fit = fit,
    .apply = apply,
    .columns = columns,
    .check = check,
};
