/* Streams of deflate data (RFC 1951), raw or in gzip members (RFC 1952), by zlib, or by ISA-L where
 * the library was built with it. */
#ifndef CLF_DATA_INFLATE_H
#define CLF_DATA_INFLATE_H

#include <stdbool.h>

#include "base/memory.h"

/* What is left to read and to write. A step moves both on. */
typedef struct clf__inflate_piece {
  const unsigned char *in;
  size_t in_bytes; /* 2^30 at most, as out_bytes */
  unsigned char *out;
  size_t out_bytes;
} clf__inflate_piece;

typedef enum clf__inflate_result {
  CLF__INFLATE_ON,
  CLF__INFLATE_ENDED,   /* the stream or the member; `in` is behind it */
  CLF__INFLATE_EARLY,   /* nothing was read or written: there is too little to read */
  CLF__INFLATE_DAMAGED, /* somewhere before `in` */
  CLF__INFLATE_NO_MEMORY
} clf__inflate_result;

/* A way to inflate. States are made of clf__alloc; NULL means that there is no memory. */
typedef struct clf__inflate_method {
  void *(*create)(clf_context *context, bool gzip);
  clf__inflate_result (*step)(void *state, clf__inflate_piece *piece);
  void (*next)(void *state); /* another member follows */
  void (*free)(void *state);
} clf__inflate_method;

/* Returns the fastest way. What it takes for damaged or incomplete has to be inflated again by
 * zlib, which decides: what other libraries refuse, and where, differs in details. */
const clf__inflate_method *clf__inflate_fastest(bool gzip);
const clf__inflate_method *clf__inflate_zlib(void);

#endif
