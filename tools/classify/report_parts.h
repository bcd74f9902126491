/* The parts of a report on answers. Each writes a section, or nothing where the answers do not
 * allow it. */
#ifndef CLASSIFY_REPORT_PARTS_H
#define CLASSIFY_REPORT_PARTS_H

#include "measures.h"

/* All measures with their intervals. */
void report_measures(FILE *out, const graded *g, const measures *m);

/* The confusion matrix, and the measures of each class. */
clf_status report_classes(FILE *out, const graded *g, const measures *m);

/* Share of right rows by confidence. */
clf_status report_reliability(FILE *out, const graded *g, const measures *m);

/* ROC curves, and precision by recall. */
clf_status report_curves(FILE *out, const graded *g);

/* Of a regression: values predicted by true ones. */
void report_scatter(FILE *out, const graded *g);

#endif
