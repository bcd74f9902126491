/* Learning curves in the HTML report. */
#ifndef REPORT_CURVES_H
#define REPORT_CURVES_H

#include <stdio.h>

#include "history.h"

/* Loss and share of wrong rows by epoch, on the training rows and on those held out; nothing for a
 * history of no epochs. */
void page_curves(FILE *out, const history *h);

#endif
