/* The wire format of Protocol Buffers (protobuf.dev, "Encoding"), as far as writing needs it. A
 * field is a varint of 8 * number + type, followed by a varint for type 0, by four bytes for type
 * 5, and by a varint of the length and as many bytes for type 2. A varint has 7 bits in each byte,
 * the lowest first. All field numbers here are below 16, so the first varint is one byte.
 *
 * This is shorter than binding a protobuf library to the schema, and needs no such library. */
#include "interchange/onnx/wire.h"

#include <string.h>

#include "store/format.h"
#include "store/store.h"

enum { VARINT = 0, LENGTH = 2, FOUR_BYTES = 5, MAX_VARINT = 10 };

static size_t write_varint(unsigned char *to, uint64_t value) {
  size_t count = 0;
  for (; value >= 128; value >>= 7) {
    to[count++] = (unsigned char)(128 | (value & 127));
  }
  to[count++] = (unsigned char)value;
  return count;
}

static void append(clf__text *to, int field, int type, uint64_t value) {
  unsigned char bytes[1 + MAX_VARINT];
  bytes[0] = (unsigned char)(field << 3 | type);
  clf__text_append_bytes(to, (const char *)bytes, 1 + write_varint(bytes + 1, value));
}

void clf__wire_i64(clf__text *to, int field, int64_t value) {
  append(to, field, VARINT, (uint64_t)value);
}

void clf__wire_f32(clf__text *to, int field, float value) {
  const char head = (char)(field << 3 | FOUR_BYTES);
  clf__text_append_bytes(to, &head, 1);
  clf__wire_numbers(to, &value, 1, sizeof value);
}

void clf__wire_head(clf__text *to, int field, size_t count) {
  append(to, field, LENGTH, count);
}

size_t clf__wire_head_size(size_t count) {
  unsigned char bytes[MAX_VARINT];
  return 1 + write_varint(bytes, count);
}

static void wire_bytes(clf__text *to, int field, const void *bytes, size_t count) {
  clf__wire_head(to, field, count);
  clf__text_append_bytes(to, bytes, count);
}

void clf__wire_text(clf__text *to, int field, const char *text) {
  wire_bytes(to, field, text, strlen(text));
}

void clf__wire_message(clf__text *to, int field, const clf__text *message) {
  to->failed = to->failed || message->failed;
  wire_bytes(to, field, message->length > 0 ? message->bytes : "", message->length);
}

void clf__wire_numbers(clf__text *to, const void *numbers, size_t count, size_t element_bytes) {
  const size_t first = to->length;
  clf__text_append_bytes(to, numbers, count * element_bytes);
  if (!clf__little_endian() && !to->failed) {
    clf__copy_swapped((unsigned char *)to->bytes + first, numbers, count, element_bytes);
  }
}
