/* The header of a table that a model is to answer, against the names of the model's features. */
#ifndef CLASSIFY_HEADER_H
#define CLASSIFY_HEADER_H

#include "fields.h"
#include "service.h"

/* Whether a header with names of features has all of them; says which are missing, and unless
 * `quiet` which columns are left out, except those that had another role in the training data, as
 * the labels. */
bool header_suits(const service *own, const fields *header, const char *name, bool quiet);

#endif
