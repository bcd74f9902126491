#include "base/structs.h"

#include <stdint.h>
#include <string.h>

#include "base/math.h"
#include "base/status.h"

/* A larger size than any version's was never set. */
enum { MAX_SIZE = 4096 };

static clf_status read_size(size_t *out, const clf__struct *about, const void *from) {
  uint32_t given;
  memcpy(&given, from, sizeof given);
  *out = given;
  return given >= about->min_size && given <= MAX_SIZE
             ? CLF_OK
             : clf__fail(
                   CLF_ERROR_ARGUMENT,
                   "%s: struct_size is %lu; set it to sizeof(%s), which is %zu in this version",
                   about->name, (unsigned long)given, about->name, about->size);
}

clf_status clf__struct_read(void *to, const clf__struct *about, const void *from) {
  size_t given;
  CLF__CHECK(read_size(&given, about, from));
  for (size_t i = about->size; i < given; i++) {
    if (((const char *)from)[i] != 0) {
      return clf__fail(CLF_ERROR_UNSUPPORTED,
                       "%s: the member at byte %zu is set; this version knows %zu bytes, a later "
                       "one is needed",
                       about->name, i, about->size);
    }
  }
  memset(to, 0, about->size);
  memcpy(to, from, clf__min_size(given, about->size));
  return CLF_OK;
}

clf_status clf__struct_write(void *to, const clf__struct *about, const void *from) {
  const size_t head = sizeof(uint32_t);
  size_t given;
  CLF__CHECK(read_size(&given, about, to));
  memset((char *)to + head, 0, given - head);
  memcpy((char *)to + head, (const char *)from + head, clf__min_size(given, about->size) - head);
  return CLF_OK;
}
