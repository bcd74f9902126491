#include "data/inflate.h"

#include <zlib.h>

#ifdef CLASSIFY_ISAL
#include <isa-l/igzip_lib.h>
#endif

static voidpf allocate(voidpf context, uInt items, uInt size) {
  return clf__alloc_array(context, items, size);
}

static void release(voidpf context, voidpf block) {
  (void)context;
  clf__free(block);
}

static void *create_zlib(clf_context *context, bool gzip) {
  z_stream *stream = clf__alloc_zeroed(context, 1, sizeof *stream);
  if (stream == NULL) {
    return NULL;
  }
  *stream = (z_stream){.zalloc = allocate, .zfree = release, .opaque = context};
  if (inflateInit2(stream, gzip ? MAX_WBITS + 16 : -MAX_WBITS) != Z_OK) {
    clf__free(stream);
    return NULL;
  }
  return stream;
}

/* zlib allocates its window when it is first needed. */
static clf__inflate_result step_zlib(void *state, clf__inflate_piece *piece) {
  z_stream *stream = state;
  stream->next_in = (z_const Bytef *)(uintptr_t)piece->in;
  stream->avail_in = (uInt)piece->in_bytes;
  stream->next_out = piece->out;
  stream->avail_out = (uInt)piece->out_bytes;
  const int result = inflate(stream, Z_NO_FLUSH);
  *piece =
      (clf__inflate_piece){stream->next_in, stream->avail_in, stream->next_out, stream->avail_out};
  return result == Z_OK           ? CLF__INFLATE_ON
         : result == Z_STREAM_END ? CLF__INFLATE_ENDED
         : result == Z_BUF_ERROR  ? CLF__INFLATE_EARLY
         : result == Z_MEM_ERROR  ? CLF__INFLATE_NO_MEMORY
                                  : CLF__INFLATE_DAMAGED;
}

static void next_zlib(void *state) {
  inflateReset(state);
}

static void free_zlib(void *state) {
  inflateEnd(state);
  clf__free(state);
}

const clf__inflate_method *clf__inflate_zlib(void) {
  static const clf__inflate_method method = {create_zlib, step_zlib, next_zlib, free_zlib};
  return &method;
}

#ifdef CLASSIFY_ISAL

/* At the end of raw data, ISA-L has read up to 7 bytes too many, so it reads gzip members only. It
 * verifies their lengths and checksums, but not that reserved flags are 0, nor that codes are
 * complete: members with a code of which bits are left over are taken if their checksum is
 * right. */
enum { FLAGS = 3, RESERVED = 0xE0 };

typedef struct isal_stream {
  struct inflate_state state;
  bool begun; /* the member */
} isal_stream;

static void next_isal(void *state) {
  isal_stream *stream = state;
  isal_inflate_init(&stream->state);
  stream->state.crc_flag = ISAL_GZIP;
  stream->begun = false;
}

static void *create_isal(clf_context *context, bool gzip) {
  isal_stream *stream = clf__alloc_zeroed(context, 1, sizeof *stream);
  (void)gzip;
  if (stream != NULL) {
    next_isal(stream);
  }
  return stream;
}

static clf__inflate_result step_isal(void *state, clf__inflate_piece *piece) {
  isal_stream *stream = state;
  struct inflate_state *s = &stream->state;
  const clf__inflate_piece before = *piece;
  if (!stream->begun && piece->in_bytes > FLAGS && (piece->in[FLAGS] & RESERVED) != 0) {
    return CLF__INFLATE_DAMAGED;
  }
  stream->begun = true;
  s->next_in = (uint8_t *)(uintptr_t)piece->in;
  s->avail_in = (uint32_t)piece->in_bytes;
  s->next_out = piece->out;
  s->avail_out = (uint32_t)piece->out_bytes;
  const int result = isal_inflate(s);
  *piece = (clf__inflate_piece){s->next_in, s->avail_in, s->next_out, s->avail_out};
  if (result < 0 || result > ISAL_OUT_OVERFLOW) {
    return CLF__INFLATE_DAMAGED;
  }
  return s->block_state == ISAL_BLOCK_FINISH                  ? CLF__INFLATE_ENDED
         : piece->in == before.in && piece->out == before.out ? CLF__INFLATE_EARLY
                                                              : CLF__INFLATE_ON;
}

static void free_isal(void *state) {
  clf__free(state);
}

#endif

const clf__inflate_method *clf__inflate_fastest(bool gzip) {
#ifdef CLASSIFY_ISAL
  static const clf__inflate_method isal = {create_isal, step_isal, next_isal, free_isal};
  if (gzip) {
    return &isal;
  }
#endif
  (void)gzip;
  return clf__inflate_zlib();
}
