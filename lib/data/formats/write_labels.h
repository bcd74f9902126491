/* What the writers of datasets share about labels. */
#ifndef CLF_DATA_FORMATS_WRITE_LABELS_H
#define CLF_DATA_FORMATS_WRITE_LABELS_H

#include "data/dataset.h"

/* What the class names are, in a format that has only numbers: integers of 64 bits, numbers within
 * the range of float, or names that such a format cannot hold. */
typedef enum clf__label_form {
  CLF__LABEL_ABSENT,
  CLF__LABEL_INTEGER,
  CLF__LABEL_REAL,
  CLF__LABEL_NAME
} clf__label_form;
clf__label_form clf__label_form_of(const clf_dataset *dataset);

/* Return the label of a row: the number that its class name is, or the index of its class. */
int64_t clf__label_integer(const clf_dataset *dataset, clf__label_form form, int64_t row);
double clf__label_real(const clf_dataset *dataset, int64_t row);

/* Logs a warning with the index of each class, which the file of this format has in place of its
 * name, if the names are no numbers. */
void clf__label_log_names(const clf_dataset *dataset, const char *format);

/* Returns CLF_ERROR_UNSUPPORTED for a dataset with weights, which the format cannot hold. */
clf_status clf__write_unweighted(const clf_dataset *dataset, const char *format);

#endif
