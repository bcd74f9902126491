/* Latin-1 text as UTF-8. Bytes from 0x80 to 0x9F, which Latin-1 defines as control characters, are
 * read as the letters and marks of Windows-1252, as browsers do, because programs call both
 * encodings Latin-1. */
#include <math.h>

#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "base/utf8.h"
#include "data/formats/lines.h"
#include "data/source.h"

/* The characters of bytes 0x80 to 0x9F; five that Windows-1252 does not define stay unchanged. */
static const uint16_t windows[] = {0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                   0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008D, 0x017D, 0x008F,
                                   0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                   0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E, 0x0178};

static uint32_t character_of(unsigned char byte) {
  return byte >= 0x80 && byte < 0xA0 ? windows[byte - 0x80] : byte;
}

/* Converts to `to`, or only counts if that is NULL; the host is asked every 16 MiB. */
static clf_status convert(size_t *size, unsigned char *to, const clf__bytes *from,
                          clf__progress *progress) {
  const size_t stretch = (size_t)1 << 24;
  clf_status status = CLF_OK;
  *size = 0;
  for (size_t i = 0; i < from->size && status == CLF_OK;) {
    const size_t stop = from->size - i > stretch ? i + stretch : from->size;
    for (; i < stop; i++) {
      unsigned char bytes[CLF__MAX_UTF8_BYTES];
      *size += clf__utf8_write(to != NULL ? to + *size : bytes, character_of(from->data[i]));
    }
    status = clf__progress_step(progress, (int64_t)i, NAN, NAN);
  }
  return status;
}

clf_status clf__latin1_to_utf8(clf__bytes *out, clf_context *context, const clf__bytes *from) {
  clf__progress progress = clf__progress_begin(context, "latin1", (int64_t)from->size);
  unsigned char *block = NULL;
  size_t size;
  clf_status status;
  CLF__TRY(convert(&size, NULL, from, &progress));
  block = clf__alloc(context, size > 0 ? size : 1);
  if (block == NULL) {
    return CLF_ERROR_MEMORY;
  }
  CLF__TRY(convert(&size, block, from, &progress));
  *out = clf__bytes_of_block(block, size);
  block = NULL;
done:
  clf__free(block);
  return status;
}
