/* UTF-8 by the table of well-formed sequences (Unicode 3.9, table 3-7). Most text is ASCII, and is
 * checked eight bytes at a time. */
#include "base/utf8.h"

#include <string.h>

size_t clf__utf8_length(const char *at, size_t left) {
  const unsigned char *byte = (const unsigned char *)at;
  if (*byte < 0x80) {
    return 1;
  }
  const size_t length = *byte >= 0xF5   ? 0
                        : *byte >= 0xF0 ? 4
                        : *byte >= 0xE0 ? 3
                        : *byte >= 0xC2 ? 2
                                        : 0;
  if (length > left) {
    return 0;
  }
  /* Returns whether the encoding is as short as possible, not a surrogate, and not beyond
   * U+10FFFF. */
  unsigned char low = *byte == 0xE0 ? 0xA0 : *byte == 0xF0 ? 0x90 : 0x80;
  unsigned char high = *byte == 0xED ? 0x9F : *byte == 0xF4 ? 0x8F : 0xBF;
  for (size_t i = 1; i < length; i++, low = 0x80, high = 0xBF) {
    if (byte[i] < low || byte[i] > high) {
      return 0;
    }
  }
  return length;
}

void clf__utf8_mend(char *text) {
  size_t left = strlen(text);
  while (left > 0) {
    const size_t length = clf__utf8_length(text, left), step = length > 0 ? length : 1;
    *text = length > 0 ? *text : '?';
    text += step;
    left -= step;
  }
}

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

const unsigned char *clf__utf8_skip(const unsigned char *at, const unsigned char *end) {
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
