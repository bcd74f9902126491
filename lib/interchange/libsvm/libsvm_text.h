/* The text of LIBSVM's model files, as libsvm_text.c (header) and libsvm_vectors.c read it. */
#ifndef CLF_INTERCHANGE_LIBSVM_LIBSVM_TEXT_H
#define CLF_INTERCHANGE_LIBSVM_LIBSVM_TEXT_H

#include "interchange/header_text.h"
#include "interchange/libsvm/libsvm.h"

typedef struct clf__libsvm_reader {
  clf__header header;
  clf_context *context;
  clf__libsvm *file;
  const clf__libsvm_params *params;
  int64_t entries;
  int32_t highest;
  const char *highest_at, *zero_at; /* entries; NULL before the first */
} clf__libsvm_reader;

/* Reads the vectors, after the header. */
clf_status clf__libsvm_read_vectors(clf__libsvm_reader *self);

#endif
