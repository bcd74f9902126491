/* Rows in the order of their scores for each class, from which areas under curves are computed for
 * any weights of the rows: clf_roc_auc() and clf_average_precision() sort at each call. */
#ifndef CLASSIFY_RANKS_H
#define CLASSIFY_RANKS_H

#include "graded.h"

typedef struct ranks {
  const graded *of;
  const int64_t *chosen; /* [columns] which of ranks_columns() they are, or NULL for all */
  int64_t columns;
  int64_t rows;   /* of known classes */
  int64_t *order; /* [columns, rows] by descending score */
  bool *last;     /* [columns, rows] whether the next row has a lower score */
} ranks;

/* There is a column for each class; where there are two classes, one for the second. */
int64_t ranks_columns(const graded *g);

/* The score of a row in a column. */
double ranks_score(const graded *g, int64_t row, int64_t column);

/* Ranks the chosen columns, which outlive it, or all of them where `chosen` is NULL. False where
 * memory runs out; free it in any case. */
bool ranks_create(ranks *out, const graded *g, const int64_t *chosen, int64_t columns);
void ranks_free(ranks *r);

/* The class of a column. */
int64_t ranks_class(const ranks *r, int64_t column);

/* Both areas of a column; NaN where they are not defined. */
typedef struct areas {
  double roc, average_precision;
} areas;
areas ranks_areas(const ranks *r, int64_t column, const float *weights);

/* The means over the columns where they are defined. */
areas mean_areas(const areas *of, int64_t columns);
areas ranks_mean_areas(const ranks *r, const float *weights);

/* The points of the curves of a column, each array [rows + 1]: false alarms and hits as shares of
 * the rows of other classes and of the class, and precision. Returns the number of points. */
int64_t ranks_curve(const ranks *r, int64_t column, const float *weights, double *alarms,
                    double *hits, double *precision);

#endif
