/* NPY files, and NPY files inside NPZ archives. */
#ifndef CLF_DATA_FORMATS_NPY_H
#define CLF_DATA_FORMATS_NPY_H

#include "base/utf8.h"
#include "data/formats/array.h"
#include "data/formats/lines.h"

/* A clf__array_header. */
clf_status clf__npy_header(clf__array *out, const unsigned char *bytes, size_t size,
                           const char *name);

bool clf__npz_detect(const unsigned char *bytes, size_t size);

/* A member's bytes, an NPY file; release them. */
typedef struct clf__npz_member {
  clf__bytes bytes;   /* all zero where there is none of the names */
  clf__excerpt shown; /* the member's name, for messages */
} clf__npz_member;

/* The first of the names "a|b" that there is; of several members of one name the last, as NumPy has
 * it. A header that is not as wanted is refused before the member is unpacked whole. `name` is the
 * archive's, for messages. */
clf_status clf__npz_open(clf__npz_member *out, clf_context *context, const clf__bytes *archive,
                         const char *names, const clf__array_wanted *wanted, const char *name);
bool clf__npz_has(const clf__bytes *archive, const char *names);

/* Sparse rows, as scipy.sparse.save_npz() writes them: whether they are, and the dataset. `scale`
 * is the factor of u8 values. */
bool clf__npz_is_sparse(const clf__bytes *archive);
clf_status clf__npz_sparse(clf_dataset **out, clf_context *context, const clf__bytes *archive,
                           double scale, const char *name);

/* The first names of its members, for a message. */
typedef struct clf__npz_list {
  char text[200];
} clf__npz_list;
clf__npz_list clf__npz_names(const clf__bytes *archive);

#endif
