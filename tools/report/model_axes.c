/* Test rows along the first two discriminant axes, as a picture in the page: a dot a row, in the
 * color of its class, and each class's name at the mean of its dots. */
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "model_parts.h"
#include "page.h"

enum { MAX_DOTS = 1500, WIDTH = 720, HEIGHT = 480, EDGE = 16, COLORS = 10 };

static const char *const colors[COLORS] = {"#4e79a7", "#f28e2b", "#e15759", "#2fa39b", "#59a14f",
                                           "#d1a900", "#b07aa1", "#ff7f9c", "#9c755f", "#8f8a86"};

/* Rows along the axes. */
typedef struct projection {
  int64_t count, components;
  int64_t *row;  /* [count] of the test set */
  float *values; /* [count, components] */
  double low[2], high[2];
} projection;

static void free_projection(projection *p) {
  free(p->row);
  free(p->values);
}

/* Some rows of the test set, evenly. */
static clf_status project(projection *p, const test_view *view, const clf_model *model,
                          const clf_dataset *test) {
  clf_dataset *some = NULL;
  p->count = view->rows < MAX_DOTS ? view->rows : MAX_DOTS;
  p->row = malloc((size_t)p->count * sizeof *p->row);
  p->values = malloc((size_t)(p->count * p->components) * sizeof *p->values);
  if (p->row == NULL || p->values == NULL) {
    return CLF_ERROR_MEMORY;
  }
  for (int64_t i = 0; i < p->count; i++) {
    p->row[i] = i * view->rows / p->count;
  }
  clf_status status = clf_dataset_subset(&some, test, p->row, p->count);
  if (status == CLF_OK) {
    status = clf_model_project(model, some, p->values, p->count * p->components, NULL);
  }
  clf_dataset_free(some);
  return status;
}

static int by_value(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* The range of the middle 96 % of the rows on each axis and a quarter of it on both sides, so that
 * a few rows far out do not press all others together. False without memory. */
static bool find_range(projection *p) {
  double *sorted = malloc((size_t)p->count * sizeof *sorted);
  for (int axis = 0; sorted != NULL && axis < 2; axis++) {
    for (int64_t i = 0; i < p->count; i++) {
      sorted[i] = (double)p->values[i * p->components + axis];
    }
    qsort(sorted, (size_t)p->count, sizeof *sorted, by_value);
    const double low = sorted[p->count * 2 / 100], high = sorted[(p->count - 1) * 98 / 100];
    p->low[axis] = fmax(sorted[0], low - (high - low) / 4);
    p->high[axis] = fmin(sorted[p->count - 1], high + (high - low) / 4);
  }
  free(sorted);
  return sorted != NULL;
}

/* Where a value stands in the picture: on its edge where it is out of range. */
static double place(const projection *p, int axis, double value) {
  const double width = p->high[axis] - p->low[axis];
  const double share = width > 0 ? fmin(1, fmax(0, (value - p->low[axis]) / width)) : 0.5;
  return axis == 0 ? EDGE + share * (WIDTH - 2 * EDGE)
                   : HEIGHT - EDGE - share * (HEIGHT - 2 * EDGE);
}

static void write_dots(FILE *out, const projection *p, const test_view *view) {
  for (int64_t i = 0; i < p->count; i++) {
    const float *at = p->values + i * p->components;
    fprintf(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"2.6\" fill=\"%s\"/>",
            place(p, 0, (double)at[0]), place(p, 1, (double)at[1]),
            colors[view->labels[p->row[i]] % COLORS]);
  }
}

static void write_names(FILE *out, const projection *p, const test_view *view) {
  for (int64_t k = 0; k < view->classes; k++) {
    double sum[2] = {0, 0};
    int64_t rows = 0;
    for (int64_t i = 0; i < p->count; i++) {
      if (view->labels[p->row[i]] == k) {
        sum[0] += place(p, 0, (double)p->values[i * p->components]);
        sum[1] += place(p, 1, (double)p->values[i * p->components + 1]);
        rows++;
      }
    }
    if (rows > 0) {
      fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" fill=\"%s\">", sum[0] / (double)rows,
              sum[1] / (double)rows, colors[k % COLORS]);
      html_text(out, view->names[k]);
      fputs("</text>", out);
    }
  }
}

clf_status page_axes(FILE *out, const test_view *view, const clf_model *model,
                     const clf_dataset *test) {
  projection p = {0};
  if (strcmp(clf_model_kind(model), "fisher") != 0 ||
      clf_model_project(model, test, NULL, 0, &p.components) < 0 || p.components < 2) {
    return CLF_OK;
  }
  clf_status status = project(&p, view, model, test);
  status = status == CLF_OK && !find_range(&p) ? CLF_ERROR_MEMORY : status;
  if (status == CLF_OK) {
    fprintf(out,
            "<h3>Discriminant axes</h3>\n<p class=\"note\">%" PRId64
            " rows along the first two of %" PRId64
            " axes, each class at the mean of its rows. Those beyond the frame stand on its "
            "edge.</p>\n<svg class=\"axes\" viewBox=\"0 0 "
            "%d %d\" role=\"img\" aria-label=\"Rows along the first two discriminant axes, "
            "colored by class\">\n",
            p.count, p.components, WIDTH, HEIGHT);
    write_dots(out, &p, view);
    write_names(out, &p, view);
    fputs("\n</svg>\n", out);
  }
  free_projection(&p);
  return status;
}
