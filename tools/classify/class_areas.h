/* The areas under both curves of each column of scores, without sorting the columns. */
#ifndef CLASSIFY_CLASS_AREAS_H
#define CLASSIFY_CLASS_AREAS_H

#include "ranks.h"

/* Computes the areas of each of ranks_columns() as ranks_areas() has them. False where memory runs
 * out. */
bool class_areas(const graded *g, const float *weights, areas *out);

#endif
