/* Latin-1 text as UTF-8. Bytes from 0x80 to 0x9F, which are control characters there, are the
 * letters and marks of Windows-1252, as browsers read them: programs call both Latin-1. */
#include "base/memory.h"
#include "data/lines.h"
#include "data/source.h"
#include "data/unicode.h"

/* The characters of bytes 0x80 to 0x9F; five that Windows-1252 lacks stay as they are. */
static const uint16_t windows[] = {0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                   0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008D, 0x017D, 0x008F,
                                   0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                   0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E, 0x0178};

static uint32_t character_of(unsigned char byte) {
  return byte >= 0x80 && byte < 0xA0 ? windows[byte - 0x80] : byte;
}

clf_status clf__latin1_to_utf8(clf__bytes *out, clf_context *context, const clf__bytes *from) {
  unsigned char bytes[CLF__LONGEST_CHARACTER];
  size_t size = 0;
  for (size_t i = 0; i < from->size; i++) {
    size += clf__utf8_put(bytes, character_of(from->data[i]));
  }
  unsigned char *block = clf__alloc(context, size > 0 ? size : 1);
  if (block == NULL) {
    return CLF_ERROR_MEMORY;
  }
  unsigned char *to = block;
  for (size_t i = 0; i < from->size; i++) {
    to += clf__utf8_put(to, character_of(from->data[i]));
  }
  *out = clf__bytes_of_block(block, size);
  return CLF_OK;
}
