/* UTF-8 by the table of well-formed sequences (Unicode 3.9, table 3-7). Most text is ASCII, and is
 * checked eight bytes at a time. */
#include "base/utf8.h"

#include <string.h>

#include "base/status.h"

clf__excerpt clf__excerpt_of(const char *begin, const char *end) {
  clf__excerpt out = {""};
  const size_t most = sizeof out.text - sizeof "...";
  size_t length = 0;
  while (begin < end) {
    const bool control = (unsigned char)*begin < 0x20 || *begin == 0x7F;
    size_t step = control ? 0 : clf__utf8_length(begin, (size_t)(end - begin));
    size_t shown = step > 0 ? step : 1;
    if (length + shown > most) {
      memcpy(out.text + length, "...", sizeof "...");
      return out;
    }
    memcpy(out.text + length, step > 0 ? begin : "?", shown);
    length += shown;
    begin += shown;
  }
  return out;
}

/* Returns how many bytes follow a first byte, and the bounds of the next byte. The bounds exclude
 * overlong forms, surrogates and values beyond U+10FFFF. */
typedef struct lead {
  int follow;
  unsigned char low, high;
} lead;

static lead lead_of(unsigned char byte) {
  if (byte >= 0xC2 && byte < 0xE0) {
    return (lead){1, 0x80, 0xBF};
  }
  if (byte >= 0xE0 && byte < 0xF0) {
    return (lead){2, byte == 0xE0 ? 0xA0 : 0x80, byte == 0xED ? 0x9F : 0xBF};
  }
  if (byte >= 0xF0 && byte < 0xF5) {
    return (lead){3, byte == 0xF0 ? 0x90 : 0x80, byte == 0xF4 ? 0x8F : 0xBF};
  }
  return (lead){0, 0, 0};
}

uint32_t clf__utf8_next(const unsigned char **at, const unsigned char *end, bool *valid) {
  unsigned char byte = *(*at)++;
  *valid = true;
  if (byte < 0x80) {
    return byte;
  }
  lead rule = lead_of(byte);
  uint32_t character = byte & (0x3Fu >> rule.follow);
  int left = rule.follow;
  for (; left > 0 && *at < end && **at >= rule.low && **at <= rule.high; left--) {
    character = character << 6 | (*(*at)++ & 0x3Fu);
    rule.low = 0x80;
    rule.high = 0xBF;
  }
  *valid = rule.follow > 0 && left == 0;
  return *valid ? character : CLF__REPLACEMENT;
}

size_t clf__utf8_write(unsigned char *to, uint32_t character) {
  size_t follow = character < 0x80 ? 0 : character < 0x800 ? 1 : character < 0x10000 ? 2 : 3;
  static const unsigned char leads[] = {0, 0xC0, 0xE0, 0xF0};
  for (size_t i = follow; i > 0; i--) {
    to[i] = (unsigned char)(0x80 | (character & 0x3F));
    character >>= 6;
  }
  to[0] = (unsigned char)(leads[follow] | character);
  return follow + 1;
}

/* Returns the first byte that is not ASCII; it checks eight bytes at a time. */
static const unsigned char *skip_ascii(const unsigned char *at, const unsigned char *end) {
  uint64_t word;
  for (; (size_t)(end - at) >= sizeof word; at += sizeof word) {
    memcpy(&word, at, sizeof word);
    if ((word & UINT64_C(0x8080808080808080)) != 0) {
      break;
    }
  }
  while (at < end && *at < 0x80) {
    at++;
  }
  return at;
}

/* Returns the first byte that is not UTF-8, or `end`. */
static const unsigned char *skip_valid(const unsigned char *at, const unsigned char *end) {
  for (bool valid = true; (at = skip_ascii(at, end)) < end;) {
    const unsigned char *next = at;
    clf__utf8_next(&next, end, &valid);
    if (!valid) {
      break;
    }
    at = next;
  }
  return at;
}

int64_t clf__utf8_append(clf__text *text, const unsigned char *bytes, size_t size) {
  const unsigned char *end = bytes + size;
  int64_t replaced = 0;
  for (;;) {
    const unsigned char *stop = skip_valid(bytes, end);
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
  const unsigned char *bad = skip_valid(begin, begin + length);
  if (bad == begin + length) {
    return CLF_OK;
  }
  return clf__fail(CLF_ERROR_DATA, "'%s' is no UTF-8: byte %zu is 0x%02X; %s",
                   clf__excerpt_of(text, text + length).text, (size_t)(bad - begin) + 1, *bad,
                   advice != NULL ? advice : "convert it, from Latin-1 by iconv -f latin1 -t utf8");
}

clf_status clf__utf8_check_names(const char *const *names, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    if (names[i] == NULL) {
      return clf__fail(CLF_ERROR_ARGUMENT, "labels: the name of row %lld is NULL", (long long)i);
    }
    clf_status status = clf__utf8_check(names[i], strlen(names[i]), NULL);
    if (status < 0) {
      return clf__fail_within(status, "labels: the name of row %lld", (long long)i);
    }
  }
  return CLF_OK;
}
