/* Weights as pictures: of a linear model those of each class, of a network the filters of a first layer
 * that is a convolution of the gray image. A linear model's weights are scaled by what their pixel
 * does: where hardly any image has ink, a large weight means nothing. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "model_parts.h"
#include "page.h"
#include "pictures.h"

enum { MAX_FILTERS = 64 };

static int by_size(const void *a, const void *b) {
  float first = fabsf(*(const float *)a), second = fabsf(*(const float *)b);
  return (first > second) - (first < second);
}

/* The size of weight that gets the full color: the 99th percentile, so that a few extreme pixels
 * do not leave the rest pale. */
static float weight_limit(const float *weights, int64_t count) {
  float *sorted = malloc((size_t)count * sizeof *sorted);
  if (sorted == NULL) {
    return 1;
  }
  for (int64_t i = 0; i < count; i++) {
    sorted[i] = weights[i];
  }
  qsort(sorted, (size_t)count, sizeof *sorted, by_size);
  float limit = fabsf(sorted[count * 99 / 100]);
  free(sorted);
  return limit > 0 ? limit : 1;
}

/* Each pixel's standard deviation over some test images, [pixels]; NULL without memory. */
static float *pixel_deviations(const test_view *view) {
  enum { ENOUGH = 2000 };
  int64_t rows = view->rows < ENOUGH ? view->rows : ENOUGH;
  int64_t pixels = view->height * view->width;
  clf_tensor *slice = NULL, *copy = NULL;
  float *deviations = NULL;
  if (clf_tensor_slice(&slice, view->images, 0, 0, rows, 1) < 0 ||
      clf_tensor_copy(&copy, slice, CLF_F32) < 0 ||
      (deviations = malloc((size_t)pixels * sizeof *deviations)) == NULL) {
    goto done;
  }
  const float *values = clf_tensor_data(copy);
  for (int64_t j = 0; j < pixels; j++) {
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < rows; i++) {
      double value = (double)values[i * pixels + j];
      sum += value;
      squares += value * value;
    }
    double mean = sum / (double)rows;
    deviations[j] = (float)sqrt(fmax(0, squares / (double)rows - mean * mean));
  }
done:
  clf_tensor_free(copy);
  clf_tensor_free(slice);
  return deviations;
}

static void write_weight_pictures(FILE *out, const test_view *view, const float *values) {
  int64_t pixels = view->height * view->width;
  float limit = weight_limit(values, view->classes * pixels);
  fputs(
      "<h3>Weights</h3>\n<p class=\"note\">Each weight times its pixel's standard deviation: ink "
      "on blue raises the score of the class, ink on orange lowers it.</p>\n"
      "<ul class=\"pictures large\">\n",
      out);
  for (int64_t k = 0; k < view->classes; k++) {
    char text[64];
    snprintf(text, sizeof text, "The weights of %.20s", view->names[k]);
    fputs("<li>", out);
    picture_signed(out, values + k * pixels, view->height, view->width, limit, text);
    html_text(out, view->names[k]);
    fputs("</li>\n", out);
  }
  fputs("</ul>\n", out);
}

clf_status page_weights(FILE *out, const test_view *view, const clf_model *model) {
  clf_tensor *weights = NULL, *copy = NULL;
  float *deviations = NULL;
  int64_t pixels = view->height * view->width;
  clf_status status = CLF_OK;
  if (view->images == NULL || clf_model_tensor(&weights, model, "weights") < 0 ||
      clf_tensor_count(weights) != view->classes * pixels) {
    goto done;
  }
  deviations = pixel_deviations(view);
  status = deviations != NULL ? clf_tensor_copy(&copy, weights, CLF_F32) : CLF_ERROR_MEMORY;
  if (status < 0) {
    goto done;
  }
  float *values = clf_tensor_data(copy);
  for (int64_t i = 0; i < view->classes * pixels; i++) {
    values[i] *= deviations[i % pixels];
  }
  write_weight_pictures(out, view, values);
done:
  free(deviations);
  clf_tensor_free(copy);
  clf_tensor_free(weights);
  return status;
}

static float largest(const float *values, int64_t count) {
  float most = 0;
  for (int64_t i = 0; i < count; i++) {
    most = fmaxf(most, fabsf(values[i]));
  }
  return most > 0 ? most : 1;
}

/* `weights` is [size, size, 1, filters]; each filter in its own shades. */
static clf_status write_filters(FILE *out, const float *weights, int64_t size, int64_t filters) {
  const int64_t pixels = size * size;
  float *one = malloc((size_t)pixels * sizeof *one);
  if (one == NULL) {
    return CLF_ERROR_MEMORY;
  }
  fprintf(out,
          "<h3>First layer's filters</h3>\n<p class=\"note\">Each of the %" PRId64 " as %" PRId64
          " × %" PRId64
          " weights: blue looks for ink, orange for none.</p>\n"
          "<ul class=\"pictures filters\">\n",
          filters, size, size);
  for (int64_t k = 0; k < filters && k < MAX_FILTERS; k++) {
    char text[64];
    for (int64_t i = 0; i < pixels; i++) {
      one[i] = weights[i * filters + k];
    }
    snprintf(text, sizeof text, "Filter %" PRId64, k + 1);
    fputs("<li>", out);
    picture_signed(out, one, size, size, largest(one, pixels), text);
    fputs("</li>\n", out);
  }
  fputs("</ul>\n", out);
  free(one);
  return CLF_OK;
}

clf_status page_filters(FILE *out, const clf_model *model) {
  clf_tensor *weights = NULL;
  clf_status status = CLF_OK;
  if (clf_model_tensor(&weights, model, "conv2d_1.weight") < 0) {
    return CLF_OK; /* no such layer */
  }
  const int64_t size = clf_tensor_extent(weights, 0), filters = clf_tensor_extent(weights, 3);
  if (clf_tensor_extent(weights, 2) == 1 && size * size <= MAX_PIXELS) {
    status = write_filters(out, clf_tensor_data(weights), size, filters);
  }
  clf_tensor_free(weights);
  return status;
}
