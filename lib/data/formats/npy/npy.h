/* NPY files, and NPY files inside of NPZ archives. */
#ifndef CLF_DATA_FORMATS_NPY_NPY_H
#define CLF_DATA_FORMATS_NPY_NPY_H

#include "base/utf8.h"
#include "data/formats/array.h"
#include "data/formats/lines.h"

enum { CLF__NPY_MAX_CHARACTERS = 1 << 24 }; /* of an element that is a text */

/* A clf__array_header. */
clf_status clf__npy_header(clf__array *out, const unsigned char *bytes, size_t size,
                           const char *name);

bool clf__npz_detect(const unsigned char *bytes, size_t size);

/* The bytes of a member, which are an NPY file; release them. */
typedef struct clf__npz_member {
  clf__bytes bytes;   /* all zero if no name was found */
  clf__excerpt shown; /* the name of the member, for messages */
} clf__npz_member;

/* Finds the first of the names "a|b" that exists; of several members with one name it is the last,
 * as in NumPy. A header that does not meet the requirements is refused before the member is
 * decompressed. `name` is the archive's, for messages. */
clf_status clf__npz_open(clf__npz_member *out, clf_context *context, const clf__bytes *archive,
                         const char *names, const clf__array_wanted *wanted, const char *name);
bool clf__npz_has(const clf__bytes *archive, const char *names);

/* Returns whether the archive has sparse rows, as scipy.sparse.save_npz() writes them, and reads
 * the dataset. `scale` is the factor of u8 values. */
bool clf__npz_is_sparse(const clf__bytes *archive);
clf_status clf__npz_sparse(clf_dataset **out, clf_context *context, const clf__bytes *archive,
                           double scale, const char *name);

/* Sets the categories of the rows of an archive that has them, as npz_write.c writes them. */
clf_status clf__npz_categories(clf_dataset *dataset, const clf__bytes *archive, const char *name);

/* Lists the first names of its members, for a message. */
typedef struct clf__npz_list {
  char text[200];
} clf__npz_list;
clf__npz_list clf__npz_names(const clf__bytes *archive);

#endif
