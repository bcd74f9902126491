/* Learning curves are two charts, each a picture of its own that wraps on narrow pages. Heights are
 * logarithmic, with lines at 1, 2 and 5 of each decade: late epochs differ by little, and that
 * little is of interest. A value of 0 stands on the lower edge; one that is NaN or infinite, as the
 * loss of a network that diverges, is left out. */
#include "curves.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>

enum { WIDTH = 460, HEIGHT = 260, LEFT = 48, RIGHT = 14, TOP = 12, BOTTOM = 40, LINES = 2 };

static const char *const line_names[LINES] = {"training", "validation"};

typedef struct chart {
  const char *title;
  const double *lines[LINES]; /* [epochs], or NULL */
  double factor, offset;      /* what is drawn: factor * value + offset */
  int64_t epochs;
  int low, high; /* of the steps below, the lowest and the highest line */
} chart;

/* …, 1, 2, 5, 10, 20, … */
static double step(int index) {
  static const double ones[] = {1, 2, 5};
  const int decade = index >= 0 ? index / 3 : (index - 2) / 3;
  return ones[index - 3 * decade] * pow(10, decade);
}

static double value_of(const chart *c, int line, int64_t epoch) {
  return c->factor * c->lines[line][epoch] + c->offset;
}

static void find_range(chart *c) {
  double lowest = (double)INFINITY, highest = 0;
  for (int line = 0; line < LINES; line++) {
    for (int64_t i = 0; c->lines[line] != NULL && i < c->epochs; i++) {
      const double value = value_of(c, line, i);
      if (!isfinite(value)) {
        continue;
      }
      lowest = value > 0 ? fmin(lowest, value) : lowest;
      highest = fmax(highest, value);
    }
  }
  lowest = highest > 0 ? lowest : 1;
  c->low = (int)floor(3 * log10(lowest)) + 1;
  while (step(c->low) > lowest) {
    c->low--;
  }
  c->high = c->low + 1;
  while (step(c->high) < highest) {
    c->high++;
  }
}

static double place_x(const chart *c, int64_t epoch) {
  const double share = c->epochs > 1 ? (double)epoch / (double)(c->epochs - 1) : 0.5;
  return LEFT + share * (WIDTH - LEFT - RIGHT);
}

static double place_y(const chart *c, double value) {
  const double low = log10(step(c->low)), high = log10(step(c->high));
  const double share = value > step(c->low) ? (log10(value) - low) / (high - low) : 0;
  return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);
}

static void write_grid(FILE *out, const chart *c) {
  enum { MAX_LABELS = 8 };
  for (int k = c->low; k <= c->high; k++) {
    const double y = place_y(c, step(k));
    fprintf(out, "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>", LEFT, WIDTH - RIGHT, y, y);
    if (c->high - c->low < MAX_LABELS || k % 3 == 0) {
      fprintf(out, "<text class=\"end\" x=\"%d\" y=\"%.1f\">%g</text>", LEFT - 8, y, step(k));
    }
  }
  int spacing = 0;
  while (step(spacing) * MAX_LABELS < (double)c->epochs) {
    spacing++;
  }
  const int64_t every = (int64_t)step(spacing);
  for (int64_t epoch = every; epoch <= c->epochs; epoch += every) {
    fprintf(out, "<text x=\"%.1f\" y=\"%d\">%" PRId64 "</text>", place_x(c, epoch - 1),
            HEIGHT - BOTTOM + 14, epoch);
  }
  fprintf(out, "<text x=\"%d\" y=\"%d\">epoch</text>\n", (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8);
}

static void write_line(FILE *out, const chart *c, int line) {
  enum { MAX_DOTS = 60 };
  const char *before = "";
  fprintf(out, "<polyline class=\"%s\" points=\"", line_names[line]);
  for (int64_t i = 0; i < c->epochs; i++) {
    if (isfinite(value_of(c, line, i))) {
      fprintf(out, "%s%.1f,%.1f", before, place_x(c, i), place_y(c, value_of(c, line, i)));
      before = " ";
    }
  }
  fputs("\"/>\n", out);
  for (int64_t i = 0; c->epochs <= MAX_DOTS && i < c->epochs; i++) {
    const double value = value_of(c, line, i);
    if (!isfinite(value)) {
      continue;
    }
    fprintf(out,
            "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"2.5\"><title>epoch %" PRId64
            ", %s: %.4g</title></circle>",
            line_names[line], place_x(c, i), place_y(c, value), i + 1, line_names[line], value);
  }
  fputs("\n", out);
}

static void write_chart(FILE *out, chart *c) {
  find_range(c);
  fprintf(out,
          "<figure>\n<figcaption>%s</figcaption>\n<svg class=\"curve\" viewBox=\"0 0 %d %d\" "
          "role=\"img\" aria-label=\"%s by epoch\">\n",
          c->title, WIDTH, HEIGHT, c->title);
  write_grid(out, c);
  for (int line = 0; line < LINES; line++) {
    if (c->lines[line] != NULL) {
      write_line(out, c, line);
    }
  }
  fputs("</svg>\n</figure>\n", out);
}

void page_curves(FILE *out, const history *h) {
  const bool held = h->series[HISTORY_VALIDATION_LOSS] != NULL;
  chart charts[] = {
      {.title = "Loss",
       .lines = {h->series[HISTORY_LOSS], h->series[HISTORY_VALIDATION_LOSS]},
       .factor = 1},
      {.title = "Wrong, %",
       .lines = {h->series[HISTORY_ACCURACY], h->series[HISTORY_VALIDATION_ACCURACY]},
       .factor = -100,
       .offset = 100},
  };
  if (h->epochs == 0) {
    return;
  }
  fprintf(out,
          "<h3>Learning curves</h3>\n<p class=\"note\">Loss and error rate of each epoch. "
          "Training: on the training rows during the epoch, with dropout and random changes of the "
          "input where the network has them.%s The vertical axis is logarithmic; 0 stands on its "
          "lower end.</p>\n<p "
          "class=\"legend\"><span class=\"training\">training</span>%s</p>\n<div "
          "class=\"curves\">\n",
          held ? " Validation: on rows held out of the training, after the epoch." : "",
          held ? "<span class=\"validation\">validation</span>" : "");
  for (size_t i = 0; i < sizeof charts / sizeof *charts; i++) {
    charts[i].epochs = h->epochs;
    if (charts[i].lines[0] != NULL) {
      write_chart(out, &charts[i]);
    }
  }
  fputs("</div>\n", out);
}
