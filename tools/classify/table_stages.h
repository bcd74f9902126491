/* Transforms that a table needs in front of a model of numbers. */
#ifndef CLASSIFY_TABLE_STAGES_H
#define CLASSIFY_TABLE_STAGES_H

#include "recipe.h"

/* Adds one_hot for columns of categories and impute for missing numbers to a recipe that has no
 * transforms, and to the model that was made by it (or NULL), and says so. Returns -1 to go on, or
 * the status to exit with after a message. */
int table_stages_add(recipe *r, clf_model *model, const tool *t, const clf_dataset *rows);

#endif
