#include "share_curve.h"

#include <math.h>

#include "page.h"

enum { SIDE = 300, LEFT = 56, BOTTOM = 44, TOP = 12 };

/* The grid of a square whose axes go from 0 to 100 %. */
static void write_grid(FILE *out, const share_curve *curve) {
  for (int i = 0; i <= 100; i += 20) {
    const int x = LEFT + SIDE * i / 100, y = TOP + SIDE - SIDE * i / 100;
    fprintf(out, "<line x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>", LEFT, LEFT + SIDE, y, y);
    fprintf(out, "<line x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>", x, x, TOP, TOP + SIDE);
    fprintf(out, "<text class=\"end\" x=\"%d\" y=\"%d\">%d</text>", LEFT - 6, y, i);
    fprintf(out, "<text x=\"%d\" y=\"%d\">%d</text>\n", x, TOP + SIDE + 14, i);
  }
  fprintf(out, "<text x=\"%d\" y=\"%d\">", LEFT + SIDE / 2, TOP + SIDE + 32);
  html_text(out, curve->x_axis);
  fprintf(out, ", %%</text>\n<text transform=\"translate(10 %d) rotate(-90)\">", TOP + SIDE / 2);
  html_text(out, curve->y_axis);
  fputs(", %</text>\n", out);
}

static double place_x(double share) {
  return LEFT + SIDE * share;
}

static double place_y(double share) {
  return TOP + SIDE * (1 - share);
}

static void write_line(FILE *out, const share_curve *curve) {
  const double apart = 0.002; /* points that are nearer to the last one drawn are left out */
  int64_t last = -1;
  fprintf(out, "<polyline class=\"training%s\" points=\"", curve->sizes != NULL ? " faint" : "");
  for (int64_t i = 0; i < curve->points; i++) {
    if (last < 0 || i + 1 == curve->points || fabs(curve->x[i] - curve->x[last]) > apart ||
        fabs(curve->y[i] - curve->y[last]) > apart) {
      fprintf(out, "%s%.1f,%.1f", last >= 0 ? " " : "", place_x(curve->x[i]), place_y(curve->y[i]));
      last = i;
    }
  }
  fputs("\"/>\n", out);
}

/* The largest dot has a radius of 14. */
static void write_dots(FILE *out, const share_curve *curve) {
  double largest = 0;
  for (int64_t i = 0; i < curve->points; i++) {
    largest = fmax(largest, curve->sizes[i]);
  }
  for (int64_t i = 0; i < curve->points; i++) {
    fprintf(out,
            "<circle class=\"training\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"><title>%.3g&#160;%% of "
            "the rows: %s %.1f&#160;%%, %s %.1f&#160;%%</title></circle>\n",
            place_x(curve->x[i]), place_y(curve->y[i]),
            fmax(2.5, 14 * sqrt(curve->sizes[i] / largest)), 100 * curve->sizes[i], curve->x_axis,
            100 * curve->x[i], curve->y_axis, 100 * curve->y[i]);
  }
}

void page_share_curve(FILE *out, const share_curve *curve) {
  fputs("<figure>\n<figcaption>", out);
  html_text(out, curve->title);
  fprintf(out,
          "</figcaption>\n<svg class=\"curve\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"",
          LEFT + SIDE + TOP, TOP + SIDE + BOTTOM);
  html_text(out, curve->title);
  fputs("\">\n", out);
  write_grid(out, curve);
  if (curve->diagonal) {
    fprintf(out, "<line class=\"equal\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n", LEFT,
            TOP + SIDE, LEFT + SIDE, TOP);
  }
  write_line(out, curve);
  if (curve->sizes != NULL) {
    write_dots(out, curve);
  }
  fputs("</svg>\n</figure>\n", out);
}
