/* Rows as text: an entry is written as a blank, its index, a colon and its value. */
#include "data/formats/sparse_text.h"

#include <string.h>

void clf__byte_texts_fill(clf__byte_texts *texts, const clf__rows *x) {
  for (int32_t byte = 0; byte < 256; byte++) {
    texts->of[byte] = clf__number_format_f32((float)((double)x->scale * byte));
  }
}

/* Writes the digits of a number that is not negative, ending at `end`; returns the first. */
static char *write_digits(char *end, uint64_t value) {
  do {
    *--end = (char)('0' + value % 10);
    value /= 10;
  } while (value > 0);
  return end;
}

static void append_index(clf__text *text, int64_t number) {
  char index[24];
  char *end = index + sizeof index;
  *--end = ':';
  char *begin = write_digits(end, (uint64_t)number);
  *--begin = ' ';
  clf__text_append_bytes(text, begin, (size_t)(index + sizeof index - begin));
}

/* Writes the shortest text that reads back as the same f64, or as the same f32 if `single` is
 * set. */
static void append_value(clf__text *text, double value, bool single) {
  const int32_t max = 1 << 20;
  char digits[24], *end = digits + sizeof digits;
  if (value >= 0 && value < max && value == (double)(int32_t)value) {
    const char *begin = write_digits(end, (uint64_t)value);
    clf__text_append_bytes(text, begin, (size_t)(end - begin));
  } else {
    clf__text_append_number(text, value, single);
  }
}

void clf__append_row(clf__text *text, const clf__rows *x, int64_t row, int64_t base,
                     const clf__byte_texts *texts) {
  if (clf__rows_sparse(x)) {
    for (int64_t e = x->row_start[row]; e < x->row_start[row + 1]; e++) {
      append_index(text, x->column[e] + base);
      append_value(text, (double)x->value[e], true);
    }
    return;
  }
  for (int64_t j = 0; j < x->columns; j++) {
    const int64_t at = row * x->stride + j;
    if (x->dtype == CLF_U8) {
      const uint8_t byte = ((const uint8_t *)x->data)[at];
      if (byte != 0) {
        append_index(text, j + base);
        clf__text_append_bytes(text, texts->of[byte].text, strlen(texts->of[byte].text));
      }
      continue;
    }
    const bool single = x->dtype == CLF_F32;
    const double value =
        single ? (double)((const float *)x->data)[at] : ((const double *)x->data)[at];
    if (value != 0) {
      append_index(text, j + base);
      append_value(text, value, single);
    }
  }
}
