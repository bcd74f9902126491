#include "report_parts.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "class_areas.h"
#include "report/page.h"
#include "report/share_curve.h"

enum { MAX_MATRIX = 64, MAX_CLASS_ROWS = 500 };

static const char *interval_text(const measures *m, const figure *f, char text[64]) {
  snprintf(text, 64, "bootstrap of %" PRId64 " draws", m->resamples);
  return f->interval == INTERVAL_BOOTSTRAP ? text : f->interval == INTERVAL_WILSON ? "Wilson" : "";
}

static void write_measure(FILE *out, const graded *g, const measures *m, int measure) {
  const figure *f = &m->of[measure];
  char text[64];
  fprintf(out, "<tr><th scope=\"row\">%s", measure_kinds[measure].title);
  if (measure == MEASURE_AVERAGE_PRECISION && m->positive >= 0) {
    fputs(" of ", out);
    html_text(out, g->names[m->positive]);
  }
  fprintf(out, "</th><td class=\"main\">%.4f</td>", f->value);
  if (f->interval == INTERVAL_NONE) {
    fputs("<td>–</td><td></td></tr>\n", out);
  } else {
    fprintf(out, "<td>%.4f to %.4f</td><td>%s</td></tr>\n", f->low, f->high,
            interval_text(m, f, text));
  }
}

void report_measures(FILE *out, const graded *g, const measures *m) {
  static const char *const heads[] = {"Measure", "Value", "Interval of 95&nbsp;%", "by"};
  fputs("<section>\n<h2>Measures</h2>\n", out);
  table_begin(out, "measures", NULL, heads, sizeof heads / sizeof *heads);
  for (int i = 0; i < MEASURES; i++) {
    if (!isnan(m->of[i].value)) {
      write_measure(out, g, m, i);
    }
  }
  table_end(out);
  if (g->classes > 0) {
    fprintf(out, "<p class=\"note\">Precision, recall and F1 are means over the classes%s.%s</p>\n",
            g->classes > 2 ? ", as are both areas" : "",
            g->weighted ? " Rows count by their weights; the numbers of rows and the confusion "
                          "matrix count rows."
                        : "");
  }
  if (m->skipped) {
    fputs(
        "<p class=\"note\">The areas and the calibration error have no intervals, since draws of "
        "the "
        "rows would read very many scores each time.</p>\n",
        out);
  }
  if (g->rejected_rows > 0) {
    fputs("<p class=\"note\">", out);
    html_count(out, g->rejected_rows);
    fputs(" rows are none of the classes to the model, and count as wrong.</p>\n", out);
  }
  if (g->unknown_rows > 0) {
    fputs("<p class=\"note\">", out);
    html_count(out, g->unknown_rows);
    fputs(" rows are of classes that the model does not know, and count as wrong:", out);
    for (int64_t k = 0; k < g->unknown_count && k < MAX_MATRIX; k++) {
      fputs(k > 0 ? ", " : " ", out);
      html_text(out, g->unknown[k].name);
      fprintf(out, " (%" PRId64 ")", g->unknown[k].rows);
    }
    fputs(".</p>\n", out);
  }
  fputs("</section>\n", out);
}

/* "98.0 %", with its interval in small print. */
static void write_share(FILE *out, const figure *f) {
  fprintf(out, "<td>%.1f&nbsp;%%", 100 * f->value);
  if (f->interval != INTERVAL_NONE) {
    fprintf(out, "<small>%.1f–%.1f</small>", 100 * f->low, 100 * f->high);
  }
  fputs("</td>", out);
}

static clf_status write_class_table(FILE *out, const graded *g, const measures *m) {
  static const char *const heads[] = {"Class", "Rows", "Recall", "Precision", "F1"};
  int64_t worst[MAX_CLASS_ROWS];
  char caption[128] = "Each class, with intervals of 95&nbsp;%";
  const bool few = g->classes <= MAX_CLASS_ROWS;
  const int64_t shown = few ? g->classes : MAX_CLASS_ROWS;
  if (!few && !graded_worst(g, worst, MAX_CLASS_ROWS)) {
    return CLF_ERROR_MEMORY;
  }
  if (!few) {
    snprintf(caption, sizeof caption,
             "The %d of %" PRId64 " classes with the most wrong rows, with intervals of 95&nbsp;%%",
             MAX_CLASS_ROWS, g->classes);
  }
  table_begin(out, "classes", caption, heads, sizeof heads / sizeof *heads);
  for (int64_t i = 0; i < shown; i++) {
    const int64_t k = few ? i : worst[i];
    fputs("<tr><th scope=\"row\">", out);
    html_text(out, g->names[k]);
    fputs("</th><td>", out);
    html_count(out, m->support[k]);
    fputs("</td>", out);
    write_share(out, &m->of_class[k][CLASS_RECALL]);
    write_share(out, &m->of_class[k][CLASS_PRECISION]);
    write_share(out, &m->of_class[k][CLASS_F1]);
    fputs("</tr>\n", out);
  }
  table_end(out);
  return CLF_OK;
}

clf_status report_classes(FILE *out, const graded *g, const measures *m) {
  int64_t *counts = NULL;
  if (g->classes <= MAX_MATRIX) {
    counts = calloc((size_t)(g->classes * g->classes) + 1, sizeof *counts);
    if (counts == NULL) {
      return CLF_ERROR_MEMORY;
    }
    graded_confusion(g, counts);
  }
  fputs("<section>\n<h2>Classes</h2>\n<div class=\"tables\">\n", out);
  if (counts != NULL) {
    page_confusion(out, counts, g->names, g->classes);
  }
  const clf_status status = write_class_table(out, g, m);
  fputs("</div>\n</section>\n", out);
  free(counts);
  return status;
}

/* Draws the bins that have rows: bins [CALIBRATION_BINS, 3]. */
static void write_reliability(FILE *out, const measures *m, const double *bins) {
  double confidence[CALIBRATION_BINS], right[CALIBRATION_BINS], shares[CALIBRATION_BINS];
  int64_t points = 0;
  for (int i = 0; i < CALIBRATION_BINS; i++) {
    if (bins[3 * i] > 0) {
      shares[points] = bins[3 * i];
      confidence[points] = bins[3 * i + 1];
      right[points++] = bins[3 * i + 2];
    }
  }
  fprintf(
      out,
      "<section>\n<h2>Reliability</h2>\n<p class=\"note\">The share of right rows by the "
      "probability of the predicted class. On the dashed line, both are equal; below it, the "
      "probabilities are too high. Each dot is one of %d bins, and its area is the share of the "
      "rows. The mean distance from the line is the calibration error, %.4f.</p>\n"
      "<div class=\"shares\">\n",
      CALIBRATION_BINS, m->of[MEASURE_CALIBRATION].value);
  page_share_curve(out, &(const share_curve){.title = "Right rows by probability",
                                             .x_axis = "probability of the predicted class",
                                             .y_axis = "right",
                                             .x = confidence,
                                             .y = right,
                                             .points = points,
                                             .sizes = shares,
                                             .diagonal = true});
  fputs("</div>\n</section>\n", out);
}

clf_status report_reliability(FILE *out, const graded *g, const measures *m) {
  if (g->chances == NULL || isnan(m->of[MEASURE_CALIBRATION].value)) {
    return CLF_OK;
  }
  int32_t *truth = malloc((size_t)g->rows * sizeof *truth);
  float *known = malloc((size_t)g->rows * sizeof *known);
  double bins[3 * CALIBRATION_BINS], error;
  clf_status status = CLF_ERROR_MEMORY;
  if (truth != NULL && known != NULL) {
    for (int64_t i = 0; i < g->rows; i++) {
      truth[i] = g->truth[i] < 0 ? 0 : g->truth[i];
      known[i] = g->truth[i] < 0 ? 0 : g->weights[i];
    }
    status = clf_calibration_error(truth, g->chances, known, g->rows, g->classes, CALIBRATION_BINS,
                                   &error, bins);
  }
  if (status == CLF_OK) {
    write_reliability(out, m, bins);
  }
  free(truth);
  free(known);
  return status;
}

/* Two curves of each column, in the order of their areas. */
typedef struct curves {
  const graded *of;
  ranks ranking;
  double *alarms, *hits, *precision; /* [rows + 1] */
  areas *areas;                      /* [ranks_columns()] */
  int64_t *order;                    /* [ranks_columns()] those that are shown */
  int64_t shown;
} curves;

enum { MAX_CURVES = 12 };

static void curves_free(curves *c) {
  ranks_free(&c->ranking);
  free(c->alarms);
  free(c->hits);
  free(c->precision);
  free(c->areas);
  free(c->order);
}

/* Chooses the columns whose areas are defined; of many those with the smallest average
 * precision. */
static void choose_columns(curves *c) {
  const int64_t columns = ranks_columns(c->of);
  for (int64_t k = 0; k < columns; k++) {
    if (isnan(c->areas[k].roc)) {
      continue;
    }
    int64_t place = c->shown;
    c->order[c->shown++] = k;
    while (columns > MAX_CURVES && place > 0 &&
           c->areas[c->order[place - 1]].average_precision > c->areas[k].average_precision) {
      c->order[place] = c->order[place - 1];
      c->order[--place] = k;
    }
  }
  c->shown = c->shown < MAX_CURVES ? c->shown : MAX_CURVES;
}

static bool curves_create(curves *out, const graded *g) {
  *out = (curves){.of = g};
  const size_t points = (size_t)g->rows + 1, columns = (size_t)ranks_columns(g);
  out->alarms = malloc(points * sizeof *out->alarms);
  out->hits = malloc(points * sizeof *out->hits);
  out->precision = malloc(points * sizeof *out->precision);
  out->areas = malloc(columns * sizeof *out->areas);
  out->order = malloc(columns * sizeof *out->order);
  if (out->alarms == NULL || out->hits == NULL || out->precision == NULL || out->areas == NULL ||
      out->order == NULL || !class_areas(g, g->weights, out->areas)) {
    return false;
  }
  choose_columns(out);
  return ranks_create(&out->ranking, g, out->order, out->shown);
}

static void write_curves(FILE *out, curves *c, bool roc) {
  for (int64_t i = 0; i < c->shown; i++) {
    const areas *a = &c->areas[c->order[i]];
    char title[160];
    const int64_t points =
        ranks_curve(&c->ranking, i, c->of->weights, c->alarms, c->hits, c->precision);
    snprintf(title, sizeof title, "%.100s: %s %.4f", c->of->names[ranks_class(&c->ranking, i)],
             roc ? "area" : "average precision", roc ? a->roc : a->average_precision);
    page_share_curve(out, &(const share_curve){.title = title,
                                               .x_axis = roc ? "false positive rate" : "recall",
                                               .y_axis = roc ? "recall" : "precision",
                                               .x = roc ? c->alarms : c->hits,
                                               .y = roc ? c->hits : c->precision,
                                               .points = points,
                                               .diagonal = roc});
  }
}

clf_status report_curves(FILE *out, const graded *g) {
  curves c;
  const bool fits = curves_create(&c, g);
  if (fits && c.shown > 0) {
    const char *which = ranks_columns(g) > MAX_CURVES
                            ? " Shown are the 12 classes with the smallest average precision."
                            : "";
    fprintf(
        out,
        "<section>\n<h2>ROC curves</h2>\n<p class=\"note\">Each class against the others: "
        "recall by false positive rate, for all thresholds of the score of the class. The dashed "
        "line is that of random scores.%s</p>\n<div class=\"shares\">\n",
        which);
    write_curves(out, &c, true);
    fprintf(out,
            "</div>\n</section>\n<section>\n<h2>Precision and recall</h2>\n<p class=\"note\">Each "
            "class against the others: precision by recall, for all thresholds of the score of the "
            "class.%s</p>\n<div class=\"shares\">\n",
            which);
    write_curves(out, &c, false);
    fputs("</div>\n</section>\n", out);
  }
  curves_free(&c);
  return fits ? CLF_OK : CLF_ERROR_MEMORY;
}

enum { SIDE = 400, LEFT = 80, TOP = 12, BOTTOM = 44, MAX_DOTS = 1500, MAX_OUTPUTS = 6 };

/* The axes of targets and predictions of one output, from `low` by round steps. */
typedef struct axis {
  double low, high, step;
} axis;

/* The smallest of 1, 2 and 5 times a power of ten of which at most 6 fill the width. */
static double round_step(double width) {
  const double ten = pow(10, floor(log10(width / 6)));
  const double steps = width / 6 / ten;
  return ten * (steps <= 1 ? 1 : steps <= 2 ? 2 : steps <= 5 ? 5 : 10);
}

static axis find_axis(const graded *g, int64_t output) {
  axis a = {(double)INFINITY, -(double)INFINITY, 1};
  for (int64_t i = 0; i < g->rows; i++) {
    const double target = g->targets[i * g->outputs + output];
    const double value = g->said.values[i * g->outputs + output];
    a.low = fmin(a.low, fmin(target, value));
    a.high = fmax(a.high, fmax(target, value));
  }
  const double width = a.high - a.low, size = fmax(fabs(a.low), fabs(a.high));
  a.step = round_step(fmax(width, fmax(1e-9 * size, 1e-300)));
  a.low = a.step * floor(a.low / a.step);
  a.high = fmax(a.step * ceil(a.high / a.step), a.low + a.step);
  return a;
}

static double place(const axis *a, double value) {
  return SIDE * (value - a->low) / (a->high - a->low);
}

static void write_axes(FILE *out, const axis *a) {
  const int digits = (int)fmax(4, ceil(log10(fmax(fabs(a->low), fabs(a->high)) / a->step)) + 1);
  for (int i = 0; a->low + i * a->step <= a->high + a->step / 2; i++) {
    const double value = fabs(a->low + i * a->step) < a->step / 2 ? 0 : a->low + i * a->step;
    const double x = LEFT + place(a, value), y = TOP + SIDE - place(a, value);
    fprintf(out, "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>", LEFT, LEFT + SIDE, y, y);
    fprintf(out, "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>", x, x, TOP, TOP + SIDE);
    fprintf(out, "<text class=\"end\" x=\"%d\" y=\"%.1f\">%.*g</text>", LEFT - 6, y, digits, value);
    fprintf(out, "<text x=\"%.1f\" y=\"%d\">%.*g</text>\n", x, TOP + SIDE + 14, digits, value);
  }
}

static void write_scatter(FILE *out, const graded *g, int64_t output) {
  const axis a = find_axis(g, output);
  const int64_t dots = g->rows < MAX_DOTS ? g->rows : MAX_DOTS;
  fprintf(
      out,
      "<svg class=\"curve scatter\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"Predicted by "
      "true values\">\n",
      LEFT + SIDE + TOP, TOP + SIDE + BOTTOM);
  write_axes(out, &a);
  fprintf(out,
          "<text x=\"%d\" y=\"%d\">true</text>\n<text transform=\"translate(10 %d) "
          "rotate(-90)\">predicted</text>\n<line class=\"equal\" x1=\"%d\" y1=\"%d\" x2=\"%d\" "
          "y2=\"%d\"/>\n",
          LEFT + SIDE / 2, TOP + SIDE + 32, TOP + SIDE / 2, LEFT, TOP + SIDE, LEFT + SIDE, TOP);
  for (int64_t k = 0; k < dots; k++) {
    const int64_t at = k * g->rows / dots * g->outputs + output;
    fprintf(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"2.5\"/>", LEFT + place(&a, g->targets[at]),
            TOP + SIDE - place(&a, g->said.values[at]));
  }
  fputs("\n</svg>\n", out);
}

void report_scatter(FILE *out, const graded *g) {
  fputs(
      "<section>\n<h2>Predictions</h2>\n<p class=\"note\">Predicted values by true values. On "
      "the dashed line, both are equal.</p>\n",
      out);
  for (int64_t k = 0; k < g->outputs && k < MAX_OUTPUTS; k++) {
    if (g->outputs > 1) {
      fprintf(out, "<h3>Output %" PRId64 "</h3>\n", k + 1);
    }
    write_scatter(out, g, k);
  }
  fputs("</section>\n", out);
}
