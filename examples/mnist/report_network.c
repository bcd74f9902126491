/* Of a network: its learning curves, its layers as a table, and the filters of a first layer that
 * is a convolution of the gray image, as pictures. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "common/curves.h"
#include "common/picture.h"
#include "common/report.h"
#include "report_parts.h"

enum { MAX_FILTERS = 64 };

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

static clf_status report_filters(FILE *out, const clf_model *model) {
  clf_tensor *weights = NULL;
  clf_status status = CLF_OK;
  if (clf_model_tensor(model, "conv2d_1.weight", &weights) < 0) {
    return CLF_OK; /* no such layer */
  }
  const int64_t size = clf_tensor_size(weights, 0), filters = clf_tensor_size(weights, 3);
  if (clf_tensor_size(weights, 2) == 1 && size * size <= MAX_PIXELS) {
    status = write_filters(out, clf_tensor_data(weights), size, filters);
  }
  clf_tensor_free(weights);
  return status;
}

clf_status report_network(FILE *out, const history *h, const clf_model *model) {
  page_curves(out, h);
  clf_status status = page_layers(out, model);
  return status == CLF_OK ? report_filters(out, model) : status;
}
