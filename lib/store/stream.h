/* Writing a store whose first entry is too large for memory: its data come in pieces, before the
 * rest is known. The head, in front of them, is written at the end. */
#ifndef CLF_STORE_STREAM_H
#define CLF_STORE_STREAM_H

#include "base/output.h"
#include "store/store.h"

typedef struct clf__store_stream {
  clf__output output;
  size_t head; /* bytes of header and table */
  uint32_t checksum;
} clf__store_stream;

/* `plan` has the names and the numbers of axes of all entries, in order; their sizes do not
 * matter. */
clf_status clf__store_stream_open(clf__store_stream *out, clf_context *context, const char *path,
                                  const clf__store *plan);
/* Writes the next `count` bytes of the first entry, which are numbers of `element` bytes. */
clf_status clf__store_stream_write(clf__store_stream *stream, const void *data, size_t count,
                                   size_t element);
/* Writes the other entries and the head, and gives the file its name. Of the first entry of `store`
 * only dtype, scale and shape matter. The stream is then closed. */
clf_status clf__store_stream_commit(clf__store_stream *stream, const clf__store *store);
/* Allowed after a commit, or when all members are zero. */
void clf__store_stream_close(clf__store_stream *stream);

#endif
