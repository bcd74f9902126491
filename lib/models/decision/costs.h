/* Decisions by costs: the class of the lowest expected cost, sum_i p_i c_ij (Elkan, "The
 * Foundations of Cost-Sensitive Learning", 2001). */
#ifndef CLF_MODELS_DECISION_COSTS_H
#define CLF_MODELS_DECISION_COSTS_H

#include <stdint.h>

/* The first class of the lowest cost for each row of p [rows, classes]; costs [classes, classes]
 * have a row for each true class and a column for each predicted one. */
void clf__costs_decide(const double *costs, const double *p, int64_t rows, int64_t classes,
                       int32_t *labels);

/* Returns a class that is never predicted, since predicting *other never costs more whatever the
 * true class is, or -1. */
int64_t clf__costs_dominated(const double *costs, int64_t classes, int64_t *other);

#endif
