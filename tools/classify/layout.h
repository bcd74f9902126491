/* How a text is laid out whose records a model is to answer: its reader with all parameters, so
 * that every block of it is read in the same way, and its header. */
#ifndef CLASSIFY_LAYOUT_H
#define CLASSIFY_LAYOUT_H

#include "params.h"
#include "service.h"
#include "stream.h"
#include "tool.h"

typedef struct layout {
  bool texts;              /* documents, which the model's vocabulary encodes; otherwise rows */
  char reader[KIND_BYTES]; /* "csv", "svmlight", "lines" or "fasttext" */
  char *params;            /* of the reader, but for first_line */
  bool header;             /* its first record names the columns */
  size_t first;            /* offset of the first record: comments may be in front of it */
  size_t repeated; /* bytes of the first record of a table without a header: later blocks begin with
                    * it, too, since it says how many columns there are; it is answered once */
} layout;

/* Finds the layout by --format, or else as the model's training data were read, and sets style and
 * header of the stream, of which it reads the beginning. Columns are found by the names of the
 * model's features where the text has a header with one of them, and by their order otherwise;
 * labels may be there or not. Returns -1 to go on, or the status to exit with after a message; free
 * it also then. */
int layout_find(layout *out, const tool *t, const service *own, stream *s);
void layout_free(layout *self);

/* Adds what the reader guessed about the first block. False without memory. */
bool layout_fix(layout *self, const char *guesses);

#endif
