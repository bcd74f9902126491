/* Features by their names, wherever they are in a table. */
#ifndef CLASSIFY_COLUMNS_H
#define CLASSIFY_COLUMNS_H

#include <classify.h>

/* Return the parameter columns='"a","b c"' of the csv reader for the features of a model or of
 * rows, to be freed. NULL where they have no names by which they can be told apart, or memory runs
 * out. */
char *columns_of_model(const clf_model *model);
char *columns_of_rows(const clf_dataset *rows);

/* Returns the parameter of the csv reader for the features of a model that have categories, such as
 * categories='"city"', or categories=none; to be freed. NULL if memory runs out. */
char *categories_of_model(const clf_model *model);
/* The same for a table whose columns are the features alone: categories=2,5. */
char *category_numbers_of_model(const clf_model *model);

#endif
