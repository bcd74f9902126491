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

void page_share_curve(FILE *out, const share_curve *curve) {
  const double apart = 0.002; /* points that are nearer to the last one drawn are left out */
  int64_t last = -1;
  fputs("<figure>\n<figcaption>", out);
  html_text(out, curve->title);
  fprintf(out,
          "</figcaption>\n<svg class=\"curve\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"",
          LEFT + SIDE + TOP, TOP + SIDE + BOTTOM);
  html_text(out, curve->title);
  fputs("\">\n", out);
  write_grid(out, curve);
  fputs("<polyline class=\"training\" points=\"", out);
  for (int64_t i = 0; i < curve->points; i++) {
    if (last < 0 || i + 1 == curve->points || fabs(curve->x[i] - curve->x[last]) > apart ||
        fabs(curve->y[i] - curve->y[last]) > apart) {
      fprintf(out, "%s%.1f,%.1f", last >= 0 ? " " : "", LEFT + SIDE * curve->x[i],
              TOP + SIDE * (1 - curve->y[i]));
      last = i;
    }
  }
  fputs("\"/>\n</svg>\n</figure>\n", out);
}
