/* Transforms that a table needs in front of a model of numbers. */
#ifndef CLASSIFY_TABLE_STAGES_H
#define CLASSIFY_TABLE_STAGES_H

#include "recipe.h"

/* Adds one_hot for columns of categories and impute for missing values to a model that was given no
 * transforms, and says so. Returns -1 to go on, or the status to exit with after a message. */
int table_stages_add(clf_model *model, const tool *t, const recipe *r, const clf_dataset *rows);

#endif
