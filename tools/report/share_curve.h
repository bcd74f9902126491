/* A curve of one share by another in the HTML report: precision by recall, a ROC curve, a
 * reliability diagram. */
#ifndef REPORT_SHARE_CURVE_H
#define REPORT_SHARE_CURVE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Shares of 0 to 1, drawn in percent. */
typedef struct share_curve {
  const char *title, *x_axis, *y_axis;
  const double *x, *y; /* [points] */
  int64_t points;
  const double *sizes; /* [points] shares, drawn as the areas of dots; NULL for none */
  bool diagonal;       /* a line where both shares are equal */
} share_curve;

/* Writes a <figure>, for an element of the class "shares". */
void page_share_curve(FILE *out, const share_curve *curve);

#endif
