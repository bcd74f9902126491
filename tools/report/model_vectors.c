/* Support vectors as pictures. Of each class those that weigh most: by the sum of alpha over the
 * machines, which is how hard a row pulls at the borders between the classes. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model_parts.h"
#include "page.h"

enum { SHOWN = 6 }; /* of a class */

/* Tensors of a fitted machine. */
typedef struct vectors {
  clf_tensor *images; /* u8 or f32 [count, pixels] */
  clf_tensor *scale;  /* f32 [1], with u8 */
  clf_tensor *row;    /* i64 [count] of the training rows */
  clf_tensor *counts; /* i64 [classes] */
  clf_tensor *alpha;  /* f32 [coefficients, count], signed */
  double *weight;     /* [count] */
} vectors;

static void close_vectors(vectors *v) {
  clf_tensor_free(v->images);
  clf_tensor_free(v->scale);
  clf_tensor_free(v->row);
  clf_tensor_free(v->counts);
  clf_tensor_free(v->alpha);
  free(v->weight);
}

static clf_status open_vectors(vectors *v, const clf_model *model) {
  clf_status status = clf_model_tensor(&v->images, model, "support_vectors");
  if (status == CLF_OK && clf_tensor_dtype(v->images) == CLF_U8) {
    status = clf_model_tensor(&v->scale, model, "support_scale");
  }
  status = status < 0 ? status : clf_model_tensor(&v->row, model, "support");
  status = status < 0 ? status : clf_model_tensor(&v->counts, model, "support_count");
  status = status < 0 ? status : clf_model_tensor(&v->alpha, model, "dual_coef");
  if (status < 0) {
    return status;
  }
  const int64_t count = clf_tensor_extent(v->images, 0);
  const float *alpha = clf_tensor_data(v->alpha);
  v->weight = calloc((size_t)count, sizeof *v->weight);
  for (int64_t i = 0; v->weight != NULL && i < clf_tensor_count(v->alpha); i++) {
    v->weight[i % count] += fabs((double)alpha[i]);
  }
  return v->weight != NULL ? CLF_OK : CLF_ERROR_MEMORY;
}

static void write_vector(FILE *out, const test_view *view, const vectors *v, int64_t index,
                         const char *name) {
  const int64_t pixels = view->height * view->width;
  float values[MAX_PIXELS];
  const float scale = v->scale != NULL ? *(const float *)clf_tensor_data(v->scale) : 1;
  for (int64_t j = 0; j < pixels; j++) {
    const int64_t at = index * pixels + j;
    values[j] = v->scale != NULL ? (float)((const uint8_t *)clf_tensor_data(v->images))[at] * scale
                                 : ((const float *)clf_tensor_data(v->images))[at];
  }
  char text[128];
  snprintf(text, sizeof text, "Support vector, training image %" PRId64 ": a %.20s",
           ((const int64_t *)clf_tensor_data(v->row))[index], name);
  fputs("<li>", out);
  pictures_write(out, view, values, text);
  html_text(out, name);
  fprintf(out, "<small>%.3g</small></li>\n", v->weight[index]);
}

/* The heaviest of first…end - 1, one after the other; a weight that is shown becomes -1. */
static void write_class(FILE *out, const test_view *view, vectors *v, int64_t first, int64_t end,
                        const char *name) {
  for (int shown = 0; shown < SHOWN && shown < end - first; shown++) {
    int64_t heaviest = first;
    for (int64_t i = first; i < end; i++) {
      heaviest = v->weight[i] > v->weight[heaviest] ? i : heaviest;
    }
    write_vector(out, view, v, heaviest, name);
    v->weight[heaviest] = -1;
  }
}

static void write_vectors(FILE *out, const test_view *view, vectors *v) {
  const int64_t *counts = clf_tensor_data(v->counts);
  int64_t first = 0;
  fputs("<h3>Support vectors</h3>\n<p class=\"note\">", out);
  html_count(out, clf_tensor_extent(v->images, 0));
  fputs(
      " training images hold the borders. These are each class's heaviest, with the sum of their "
      "α over the machines.</p>\n",
      out);
  pictures_begin(out, view);
  for (int64_t k = 0; k < view->classes; k++) {
    write_class(out, view, v, first, first + counts[k], view->names[k]);
    first += counts[k];
  }
  fputs("</ul>\n", out);
}

clf_status page_support_vectors(FILE *out, const test_view *view, const clf_model *model) {
  vectors v = {0};
  if (view->images == NULL || strcmp(clf_model_kind(model), "svm") != 0) {
    return CLF_OK;
  }
  const int64_t pixels = view->height * view->width;
  clf_status status = open_vectors(&v, model);
  if (status == CLF_OK && clf_tensor_extent(v.images, 1) == pixels && pixels <= MAX_PIXELS &&
      clf_tensor_count(v.counts) == view->classes) {
    write_vectors(out, view, &v);
  }
  close_vectors(&v);
  return status;
}
