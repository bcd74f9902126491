/* Learning curves in the HTML report. */
#ifndef REPORT_CURVES_H
#define REPORT_CURVES_H

#include <stdio.h>

#include "history.h"

/* Draws the loss and the share of wrong rows of each epoch, of training rows and of held-out rows;
 * draws nothing if there are no epochs. */
void page_curves(FILE *out, const history *h);

#endif
