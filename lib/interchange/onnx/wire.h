/* Fields of a Protocol Buffers message, as they lie in a file. */
#ifndef CLF_INTERCHANGE_ONNX_WIRE_H
#define CLF_INTERCHANGE_ONNX_WIRE_H

#include "base/text.h"

void clf__wire_i64(clf__text *to, int field, int64_t value);
void clf__wire_f32(clf__text *to, int field, float value);
void clf__wire_bytes(clf__text *to, int field, const void *bytes, size_t count);
void clf__wire_text(clf__text *to, int field, const char *text);
/* Another message. The failure of its text is the other's too. */
void clf__wire_message(clf__text *to, int field, const clf__text *message);
/* The head of a field of so many bytes, which the caller appends. */
void clf__wire_head(clf__text *to, int field, size_t count);
/* Bytes that the head takes. */
size_t clf__wire_head_size(size_t count);
/* Numbers as little-endian bytes, without a head. */
void clf__wire_numbers(clf__text *to, const void *numbers, size_t count, size_t element_bytes);

#endif
