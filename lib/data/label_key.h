/* Numbers as 64-bit keys with the same order. Integers are their own keys, so that large ones stay
 * distinct. The key of another double is made from its bits, which are inverted if the number is
 * negative. */
#ifndef CLF_DATA_LABEL_KEY_H
#define CLF_DATA_LABEL_KEY_H

#include "tensor/tensor.h"

typedef enum clf__key_type { CLF__KEY_INTEGER, CLF__KEY_DOUBLE } clf__key_type;

/* Makes keys [rows] from a [rows] tensor, of integers if all labels are; returns CLF_ERROR_DATA for
 * NaN. */
clf_status clf__keys_of_labels(const clf_tensor *labels, int64_t *keys, clf__key_type *type);

/* Logs, for readers of files, that labels are fractions, since they may be targets of a
 * regression. `name` is the name of the file. */
void clf__log_fractions(clf_context *context, const clf_tensor *labels, const char *name);

int64_t clf__key_of_double(double value); /* not of NaN; -0 is 0 */
double clf__double_of_key(int64_t key);
/* Returns whether the text from `begin` to `end`, whose value as a double is given, is an integer
 * that doubles round; such integers would merge. */
bool clf__double_keeps(const char *begin, const char *end, double value);
/* Converts a key of one type into that of the same number in another type; returns false if it has
 * none. */
bool clf__key_convert(int64_t *key, clf__key_type from, clf__key_type to);
/* For qsort and bsearch. */
int clf__key_compare(const void *a, const void *b);

#endif
