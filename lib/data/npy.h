/* NPY files, and NPY files inside NPZ archives. */
#ifndef CLF_DATA_NPY_H
#define CLF_DATA_NPY_H

#include "data/array.h"
#include "data/lines.h"

/* A clf__array_header. */
clf_status clf__npy_header(clf__array *out, const unsigned char *bytes, size_t size,
                           const char *name);

bool clf__npz_detect(const unsigned char *bytes, size_t size);

/* The array that a member of the archive holds: the first of `names` ("a|b") that there is; of
 * several members of one name the last, as NumPy has it. *out stays untouched when there is none of
 * them. `name` is the archive's, for messages. */
clf_status clf__npz_array(clf_tensor **out, clf_context *context, const clf__bytes *archive,
                          const char *names, const clf__array_wanted *wanted, const char *name);

/* The first names of its members, for a message. */
typedef struct clf__npz_list {
  char text[200];
} clf__npz_list;
clf__npz_list clf__npz_names(const clf__bytes *archive);

#endif
