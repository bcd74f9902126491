/* Files, plain or compressed, as bytes in memory.
 *
 * Decompression starts with a buffer that fits every header. When it is full, the header tells the
 * size of the whole. For formats without such a header, the buffer begins at the size in gzip's
 * trailer, and doubles. Deflate compresses data by at most 1032 to 1 (RFC 1951: 258 bytes from 2
 * bits), so a size that is impossible for the compressed bytes is refused before memory is
 * allocated. */
#include "data/source.h"

#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/math.h"
#include "base/progress.h"
#include "base/status.h"
#include "data/inflate.h"

enum { HEAD_BYTES = 1 << 16, DEFLATE_RATIO = 1032, STEP_BYTES = 1 << 24 };

typedef struct inflater {
  clf_context *context;
  const clf__inflate_method *method;
  void *stream; /* of the method */
  size_t position;
  const clf__bytes *from;
  bool gzip;
  const clf__head_check *check; /* NULL after it was used, or if there is none */
  size_t promised;              /* bytes of the whole; 0 if unknown */
  const char *name;
  clf__progress progress; /* in compressed bytes */
  int64_t reported;
  unsigned char *data;
  size_t capacity;
  size_t length;
} inflater;

/* At the end of a stream: a gzip file may continue with another one. */
static clf_status next_member(inflater *self, bool *ended) {
  size_t at = self->position;
  const unsigned char *rest = self->from->data + at;
  size_t left = self->from->size - at;
  *ended = left == 0;
  if (left == 0) {
    return CLF_OK;
  }
  if (!self->gzip || left < 2 || rest[0] != 0x1F || rest[1] != 0x8B) {
    return clf__fail(CLF_ERROR_FORMAT, "%s: %zu bytes follow the compressed data, at byte %zu",
                     self->name, left, at);
  }
  self->method->next(self->stream);
  return CLF_OK;
}

static clf_status begin(inflater *self, const clf__inflate_method *method) {
  if (self->stream != NULL) {
    self->method->free(self->stream);
  }
  self->method = method;
  self->position = self->length = 0;
  self->stream = method->create(self->context, self->gzip);
  return self->stream != NULL ? CLF_OK : clf__fail_within(CLF_ERROR_MEMORY, "%s", self->name);
}

static clf__inflate_result step(inflater *self) {
  clf__inflate_piece piece = {
      self->from->data + self->position,
      (size_t)clf__min_i64((int64_t)(self->from->size - self->position), STEP_BYTES),
      self->data + self->length,
      (size_t)clf__min_i64((int64_t)(self->capacity - self->length), STEP_BYTES)};
  const clf__inflate_result result = self->method->step(self->stream, &piece);
  self->position = (size_t)(piece.in - self->from->data);
  self->length = (size_t)(piece.out - self->data);
  return result;
}

static clf_status end_within(inflater *self, clf__inflate_result result) {
  return result == CLF__INFLATE_NO_MEMORY ? clf__fail_within(CLF_ERROR_MEMORY, "%s", self->name)
         : result == CLF__INFLATE_EARLY
             ? clf__fail(CLF_ERROR_FORMAT, "%s: the compressed data end early, at byte %zu",
                         self->name, self->position)
             : clf__fail(CLF_ERROR_FORMAT, "%s: the compressed data are damaged before byte %zu",
                         self->name, self->position);
}

/* Decompresses until the buffer is full or the data end. What another library than zlib refuses is
 * decompressed again, from the start. */
static clf_status fill(inflater *self, bool *ended) {
  while (self->length < self->capacity && !*ended) {
    const clf__inflate_result result = step(self);
    const bool good = result == CLF__INFLATE_ON || result == CLF__INFLATE_ENDED;
    self->reported = clf__max_i64(self->reported, (int64_t)self->position);
    CLF__CHECK(clf__progress_step(&self->progress, self->reported, NAN, NAN));
    if (result == CLF__INFLATE_ENDED) {
      CLF__CHECK(next_member(self, ended));
    } else if (!good && self->method != clf__inflate_zlib()) {
      CLF__CHECK(begin(self, clf__inflate_zlib()));
    } else if (!good) {
      return end_within(self, result);
    }
  }
  return CLF_OK;
}

/* Returns the size that the header states for the whole, or 0 if it is unknown. */
static clf_status ask_header(inflater *self) {
  const clf__head_check *check = self->check;
  self->check = NULL;
  if (check == NULL) {
    return CLF_OK;
  }
  clf_status status =
      check->measure(&self->promised, self->data, self->length, self->name, check->wanted);
  if (status == CLF_OK && self->promised / DEFLATE_RATIO > self->from->size) {
    status = clf__fail(CLF_ERROR_FORMAT,
                       "%s: its header promises %zu bytes; %zu compressed bytes cannot hold them",
                       self->name, self->promised, self->from->size);
  }
  return status;
}

/* gzip ends with the size modulo 2^32, which is usually right, but only a hint. */
static size_t trailer_size(const inflater *self) {
  const clf__bytes *from = self->from;
  if (!self->gzip || from->size < 4) {
    return 0;
  }
  const unsigned char *tail = from->data + from->size - 4;
  size_t size =
      (size_t)tail[0] | (size_t)tail[1] << 8 | (size_t)tail[2] << 16 | (size_t)tail[3] << 24;
  return size / DEFLATE_RATIO > from->size ? 0 : size;
}

static size_t next_capacity(const inflater *self) {
  if (self->promised > 0) {
    return self->promised + 1; /* the last byte stays free, unless there is too much data */
  }
  size_t hint = trailer_size(self) + 1;
  size_t twice = self->capacity <= SIZE_MAX / 2 ? self->capacity * 2 : SIZE_MAX;
  return hint > twice ? hint : twice;
}

static clf_status grow(inflater *self) {
  CLF__CHECK(ask_header(self));
  if (self->promised > 0 && self->length > self->promised) {
    return clf__fail(CLF_ERROR_FORMAT,
                     "%s: it goes on after the %zu bytes that its header promises", self->name,
                     self->promised);
  }
  size_t capacity = next_capacity(self);
  unsigned char *data = NULL;
  if (capacity <= INT64_MAX) {
    data = clf__resize_array(self->context, self->data, (int64_t)capacity, 1);
  }
  if (data == NULL) {
    return clf__fail_within(CLF_ERROR_MEMORY, "%s (%zu bytes unpacked)", self->name, capacity - 1);
  }
  self->data = data;
  self->capacity = capacity;
  return CLF_OK;
}

clf__bytes clf__bytes_of_block(void *block, size_t size) {
  return (clf__bytes){block, size, CLF__BYTES_BLOCK};
}

clf_status clf__bytes_copy(clf__bytes *out, clf_context *context, const clf__bytes *from) {
  unsigned char *copy = clf__alloc(context, from->size);
  if (copy == NULL) {
    return CLF_ERROR_MEMORY;
  }
  memcpy(copy, from->data, from->size);
  *out = clf__bytes_of_block(copy, from->size);
  return CLF_OK;
}

clf_status clf__inflate(clf__bytes *out, clf_context *context, const clf__bytes *from, bool gzip,
                        const clf__head_check *check, const char *name) {
  inflater self = {.context = context, .from = from, .gzip = gzip, .check = check, .name = name};
  clf_status status = CLF_OK;
  bool ended = false;
  self.progress = clf__progress_begin(context, "inflate", (int64_t)from->size);
  CLF__TRY(begin(&self, clf__inflate_fastest(gzip)));
  self.capacity = HEAD_BYTES;
  self.data = clf__alloc(context, self.capacity);
  if (self.data == NULL) {
    status = clf__fail_within(CLF_ERROR_MEMORY, "%s", name);
    goto done;
  }
  CLF__TRY(fill(&self, &ended));
  while (!ended) {
    CLF__TRY(grow(&self));
    CLF__TRY(fill(&self, &ended));
  }
  *out = clf__bytes_of_block(self.data, self.length);
  self.data = NULL;
done:
  if (self.stream != NULL) {
    self.method->free(self.stream);
  }
  clf__free(self.data);
  return status;
}

static bool is_gzip(const clf__bytes *bytes) {
  return bytes->size >= 2 && bytes->data[0] == 0x1F && bytes->data[1] == 0x8B;
}

clf_status clf__source_open(clf__bytes *out, clf_context *context, const char *path, bool map,
                            const clf__head_check *check) {
  clf__bytes bytes = {0};
  clf_status status = CLF_OK;
  CLF__CHECK(map ? clf__file_map(&bytes, path) : clf__file_read(&bytes, context, path));
  if (!is_gzip(&bytes)) {
    *out = bytes;
    return CLF_OK;
  }
  if (bytes.owner == CLF__BYTES_MAPPED) {
    clf__bytes_release(&bytes);
    CLF__TRY(clf__file_read(&bytes, context, path));
  }
  CLF__TRY(clf__inflate(out, context, &bytes, true, check, path));
done:
  clf__bytes_release(&bytes);
  return status;
}

clf_status clf__source_memory(clf__bytes *out, clf_context *context, const void *data, size_t size,
                              const clf__head_check *check) {
  const clf__bytes bytes = {data, size, CLF__BYTES_BORROWED};
  if (size > PTRDIFF_MAX) {
    return clf__fail(CLF_ERROR_ARGUMENT, "the size is %zu; it must be the number of bytes", size);
  }
  if (is_gzip(&bytes)) {
    return clf__inflate(out, context, &bytes, true, check, CLF__SOURCE_MEMORY);
  }
  *out = bytes;
  return CLF_OK;
}
