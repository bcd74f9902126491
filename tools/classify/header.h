/* The header of a table that a model is to answer, against the names of the model's features. */
#ifndef CLASSIFY_HEADER_H
#define CLASSIFY_HEADER_H

#include "fields.h"
#include "service.h"

/* Whether one of the fields is the name of a feature. */
bool header_has_names(const service *own, const fields *first);

/* Checks that a header with names of features has all of them. Returns -1 to go on, or the status to
 * exit with after a message which ones are missing. Says unless `quiet` which columns are left out,
 * except those that had another role in the training data, as the labels. */
int header_check(const service *own, const fields *header, const char *name, bool quiet);

#endif
