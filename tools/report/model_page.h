/* The section of a model on the HTML page. */
#ifndef REPORT_MODEL_PAGE_H
#define REPORT_MODEL_PAGE_H

#include <classify.h>
#include <stdio.h>

#include "results.h"

/* Writes what the model was made of, its confusions, and what page_model_kind() writes. `predicted`
 * is [rows of the test set], which has the classes of the model. */
clf_status page_model(FILE *out, const result *row, const clf_model *model, const clf_dataset *test,
                      const int32_t *predicted);

/* Writes what the model's kind has to show: learning curves and layers, filters, weights,
 * discriminant axes, support vectors; where the rows are gray images also those that it got wrong.
 * `truth` and `predicted` are [rows of the test set]: indices of the model's classes; NULL of a
 * regression. */
clf_status page_model_kind(FILE *out, const clf_model *model, const clf_dataset *test,
                           const int32_t *truth, const int32_t *predicted);

#endif
