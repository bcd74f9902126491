/* What a path holds, by its content. */
#ifndef CLASSIFY_SNIFF_H
#define CLASSIFY_SNIFF_H

#include <stdbool.h>
#include <stddef.h>

typedef enum content {
  CONTENT_ROWS,  /* a dataset */
  CONTENT_TEXTS, /* documents */
  CONTENT_MODEL  /* a model, or another file of the library's own, such as a detector */
} content;

typedef struct sniffed {
  content what;
  const char *reader; /* of clf_dataset_load() or clf_documents_load(); of clf_model_import() for a
                       * model, but NULL for a file of the library's own */
  char params[160];   /* of the reader: columns of texts and labels, where labels come first */
} sniffed;

/* Returns -1 to go on, or EXIT_FAILURE after a message: there is nothing at the path, or nothing
 * that the tool reads. */
int sniff(sniffed *out, const char *path);

/* The same of the first bytes of a file; `count` of them, NUL-terminated. */
sniffed sniff_bytes(const unsigned char *bytes, size_t count);

/* Whether a file begins as a model or another file of the library's own does. */
bool sniff_own(const char *path);

#endif
