/* Updates by single rows, for learners that see one row at a time. */
#ifndef CLF_OPS_ROW_H
#define CLF_OPS_ROW_H

#include "tensor/rows.h"

/* w [columns] += a x and, unless it is NULL, sums [columns] += s x, for the first of the dense rows
 * x. On the calling thread. */
void clf__add_row(clf_context *context, const clf__rows *x, float a, float *w, double s,
                  double *sums);

#endif
