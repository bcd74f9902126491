/* Fields of a Protocol Buffers message, as in a file. */
#ifndef CLF_INTERCHANGE_ONNX_WIRE_H
#define CLF_INTERCHANGE_ONNX_WIRE_H

#include "base/text.h"

void clf__wire_i64(clf__text *to, int field, int64_t value);
void clf__wire_f32(clf__text *to, int field, float value);
void clf__wire_text(clf__text *to, int field, const char *text);
/* Appends another message; if its text has failed, so does this one. */
void clf__wire_message(clf__text *to, int field, const clf__text *message);
/* Appends the head of a field of so many bytes, which the caller appends. */
void clf__wire_head(clf__text *to, int field, size_t count);
/* Returns how many bytes the head takes. */
size_t clf__wire_head_size(size_t count);
/* Appends numbers as little-endian bytes, without a head. */
void clf__wire_numbers(clf__text *to, const void *numbers, size_t count, size_t element_bytes);

#endif
