/* Replaces or refuses what is not UTF-8 in texts from outside. */
#include "base/utf8_text.h"

#include <string.h>

#include "base/status.h"
#include "base/utf8.h"

int64_t clf__utf8_append(clf__text *text, const unsigned char *bytes, size_t size) {
  const unsigned char *end = bytes + size;
  int64_t replaced = 0;
  for (;;) {
    const unsigned char *stop = clf__utf8_skip(bytes, end);
    clf__text_append_bytes(text, (const char *)bytes, (size_t)(stop - bytes));
    if (stop == end) {
      return replaced;
    }
    unsigned char replacement[CLF__MAX_UTF8_BYTES];
    bool valid;
    bytes = stop;
    clf__utf8_next(&bytes, end, &valid);
    clf__text_append_bytes(text, (const char *)replacement,
                           clf__utf8_write(replacement, CLF__REPLACEMENT));
    replaced++;
  }
}

clf_status clf__utf8_check(const char *text, size_t length, const char *advice) {
  const unsigned char *begin = (const unsigned char *)text;
  const unsigned char *bad = clf__utf8_skip(begin, begin + length);
  if (bad == begin + length) {
    return CLF_OK;
  }
  return clf__fail(CLF_ERROR_DATA, "'%s' is no UTF-8: byte %zu is 0x%02X; %s",
                   clf__excerpt_of(text, text + length).text, (size_t)(bad - begin) + 1, *bad,
                   advice != NULL ? advice : "convert it, from Latin-1 by iconv -f latin1 -t utf8");
}

clf_status clf__utf8_check_names(const char *const *names, int64_t count, const char *what) {
  for (int64_t i = 0; i < count; i++) {
    if (names[i] == NULL) {
      return clf__fail(CLF_ERROR_ARGUMENT, "%s %lld is NULL", what, (long long)i);
    }
    clf_status status = clf__utf8_check(names[i], strlen(names[i]), NULL);
    if (status < 0) {
      return clf__fail_within(status, "%s %lld", what, (long long)i);
    }
  }
  return CLF_OK;
}
