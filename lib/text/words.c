/* Splitting text into words, in one pass over its bytes. ASCII, the bulk of most texts, is looked
 * up in a table of 256 entries; other characters are decoded and classified (unicode.h). The
 * boundaries of words follow UAX #29: marks, joiners and invisible characters do not divide words,
 * and alone they are not words.
 *
 * Words are looked up in NFC, and folded if case does not matter. Most characters stay the same or
 * fold to a single one, so such words need no further work. The others are read once more
 * (unicode_normal.h).
 *
 * The first version of the rules has no normalization: marks, joiners and Thai are ordinary
 * letters, invisible characters divide words, and a tag may have any name. */
#include "text/words.h"
#include "base/utf8.h"

#include <string.h>

#include "text/html.h"
#include "text/unicode_normal.h"

/* Entries of the table for bytes that are not characters of words; SPECIAL bytes are examined
 * further. */
enum { BETWEEN = 0, SPECIAL = 1 };
enum { APOSTROPHE = 0x2019, ZERO_WIDTH_JOINER = 0x200D, KEYCAP = 0x20E3, VIRAMA_CLASS = 9 };

static void set_classes(clf__word_rules *rules) {
  const clf__word_options *options = &rules->options;
  const bool first = options->version == 1;
  for (int class = 0; class < CLF__CHAR_CLASSES; class ++) {
    rules->classes[class] = (unsigned char)class;
  }
  if (first) {
    rules->classes[CLF__CHAR_MARK] = rules->classes[CLF__CHAR_JOINER] = CLF__CHAR_LETTER;
    rules->classes[CLF__CHAR_FORMAT] = CLF__CHAR_OTHER;
  }
  rules->classes[CLF__CHAR_SYLLABLE] =
      first || options->runs ? CLF__CHAR_LETTER : CLF__CHAR_IDEOGRAPH;
  if (options->runs) {
    rules->classes[CLF__CHAR_IDEOGRAPH] = CLF__CHAR_LETTER;
  }
  if (!options->emoji) {
    rules->classes[CLF__CHAR_EMOJI] = CLF__CHAR_OTHER;
  }
}

clf__word_rules clf__word_rules_of(const clf__word_options *options) {
  clf__word_rules rules = {.options = *options};
  for (int byte = 0; byte < 256; byte++) {
    bool capital = byte >= 'A' && byte <= 'Z';
    bool other = (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9');
    bool special =
        byte >= 0x80 || (byte == '<' && options->strip_tags) || (byte == '&' && options->entities);
    int added = special ? SPECIAL : BETWEEN;
    added = capital && options->lowercase ? byte + ('a' - 'A') : capital || other ? byte : added;
    rules.ascii[byte] = (unsigned char)added;
  }
  set_classes(&rules);
  return rules;
}

void clf__words_begin(clf__words *words, const clf__word_rules *rules, const char *text,
                      size_t length) {
  words->rules = rules;
  words->at = (const unsigned char *)text;
  words->end = words->at + length;
  words->unclosed = 0;
}

/* Returns the position after the tag that begins at `at`, or after the '<' if none does. */
static const unsigned char *skip_tag(clf__words *words, const unsigned char *at) {
  const unsigned char *next = words->rules->options.version == 1
                                  ? clf__html_tag_of_any_name(at, words->end)
                                  : clf__html_tag(at, words->end, &words->unclosed);
  return next != NULL ? next : at + 1;
}

/* A character of the text, or the one that a reference names. */
typedef struct character {
  const unsigned char *next; /* behind it */
  uint32_t code;
  unsigned char class;
  bool plain;
} character;

/* Returns the character at `at`, which must be before the end; its class is OTHER if the bytes are
 * invalid. */
static character character_at(const clf__words *words, const unsigned char *at) {
  const clf__word_rules *rules = words->rules;
  character found = {.next = at + 1, .code = *at, .class = CLF__CHAR_OTHER, .plain = true};
  bool valid = true;
  if (*at >= 0x80) {
    found.next = at;
    found.code = clf__utf8_next(&found.next, words->end, &valid);
  } else if (*at == '&' && rules->options.entities) {
    const unsigned char *behind = clf__html_reference(at, words->end, &found.code);
    found.next = behind != NULL ? behind : at + 1;
  }
  if (found.code < 0x80) {
    found.class = rules->ascii[found.code] > SPECIAL ? CLF__CHAR_LETTER : CLF__CHAR_OTHER;
  } else if (valid) {
    const clf__char_traits traits = clf__char_traits_of(found.code);
    found.class = rules->classes[traits.class];
    found.plain = traits.plain;
  }
  return found;
}

static bool is_apostrophe(uint32_t code) {
  return code == '\'' || code == APOSTROPHE;
}

/* Adds a character to the word. */
static void add(clf__words *words, const character *added) {
  const clf__word_rules *rules = words->rules;
  unsigned char bytes[CLF__MAX_UTF8_BYTES];
  uint32_t code = is_apostrophe(added->code) ? '\'' : added->code;
  if (rules->options.lowercase && code != '\'' && added->class != CLF__CHAR_EMOJI) {
    code = code < 0x80 ? rules->ascii[code] : clf__char_lower(code);
  }
  const size_t count = clf__utf8_write(bytes, code);
  words->full = words->full || words->length + count > CLF__MAX_WORD_BYTES;
  if (!words->full) {
    memcpy(words->word + words->length, bytes, count);
    words->length += count;
  }
  words->plain = words->plain && added->plain;
  words->last = added->code;
  words->at = added->next;
}

/* Advances to the next character that begins a word; its class is CLF__CHAR_OTHER at the end. */
static unsigned char find_word(clf__words *words) {
  const unsigned char *at = words->at, *end = words->end;
  const unsigned char *ascii = words->rules->ascii;
  unsigned char found = CLF__CHAR_OTHER;
  while (at < end && found == CLF__CHAR_OTHER) {
    if (ascii[*at] == BETWEEN) {
      at++;
    } else if (ascii[*at] > SPECIAL) {
      found = CLF__CHAR_LETTER;
    } else if (*at == '<') {
      at = skip_tag(words, at);
    } else {
      const character next = character_at(words, at);
      const bool begins = next.class == CLF__CHAR_LETTER || next.class == CLF__CHAR_IDEOGRAPH ||
                          next.class == CLF__CHAR_EMOJI;
      found = begins ? next.class : CLF__CHAR_OTHER;
      at = begins ? at : next.next;
    }
  }
  words->at = at;
  return found;
}

/* Adds ASCII characters up to the first other one, as many as fit. */
static void add_ascii(clf__words *words) {
  const unsigned char *ascii = words->rules->ascii;
  const unsigned char *at = words->at;
  unsigned char *to = words->word + words->length;
  const ptrdiff_t left = words->end - at;
  const ptrdiff_t available = words->full ? 0 : CLF__MAX_WORD_BYTES - (ptrdiff_t)words->length;
  const unsigned char *stop = at + (left < available ? left : available);
  for (; at < stop && ascii[*at] > SPECIAL; at++) {
    *to++ = ascii[*at];
  }
  words->last = at > words->at ? at[-1] : words->last;
  words->at = at;
  words->length = (size_t)(to - words->word);
}

/* Adds the characters of the word up to `stop`, except invisible ones. */
static void add_up_to(clf__words *words, const unsigned char *stop) {
  while (words->at < stop) {
    const character next = character_at(words, words->at);
    if (next.class == CLF__CHAR_FORMAT) {
      words->at = next.next;
    } else {
      add(words, &next);
    }
  }
}

/* Returns where the word continues with another character: a mark, a joiner after a virama or, if
 * `letters` is set, a letter. Returns NULL if the word ends. An apostrophe may precede a letter,
 * and invisible characters may precede any of them. */
static const unsigned char *find_more(const clf__words *words, bool letters, character *found) {
  bool apostrophe = false;
  for (const unsigned char *at = words->at; at < words->end; at = found->next) {
    *found = character_at(words, at);
    if (found->class == CLF__CHAR_LETTER) {
      return letters ? at : NULL;
    }
    if (found->class == CLF__CHAR_MARK && !apostrophe) {
      return at;
    }
    if (found->class == CLF__CHAR_JOINER && at == words->at &&
        clf__char_combining(words->last) == VIRAMA_CLASS) {
      return at;
    }
    if (letters && !apostrophe && is_apostrophe(found->code)) {
      apostrophe = true;
    } else if (found->class != CLF__CHAR_FORMAT && found->class != CLF__CHAR_JOINER &&
               found->class != CLF__CHAR_MARK) {
      return NULL;
    }
  }
  return NULL;
}

/* Returns whether the text ends, or an ASCII character ends the word, which is so for most
 * words. */
static bool ends(const clf__words *words) {
  return words->at == words->end ||
         (words->rules->ascii[*words->at] == BETWEEN && *words->at != '\'');
}

/* Continues the word at words->at to the end of its run or, if `letters` is false, of its marks. */
static void read_on(clf__words *words, bool letters) {
  character more;
  while (!ends(words)) {
    const unsigned char *at = find_more(words, letters, &more);
    if (at == NULL) {
      return;
    }
    add_up_to(words, at);
    add(words, &more);
    if (letters) {
      add_ascii(words);
    }
  }
}

static bool is_between(uint32_t code, uint32_t first, uint32_t last) {
  return code >= first && code <= last;
}

/* Returns whether a character belongs to the emoji before it: a skin color, a tag, a keycap, the
 * second letter of a flag, or an emoji joined to it. */
static bool extends_emoji(const clf__words *words, const character *next, bool half_a_flag) {
  const bool flag = half_a_flag && is_between(next->code, 0x1F1E6, 0x1F1FF);
  const bool drawn = is_between(next->code, 0x1F3FB, 0x1F3FF) || next->code == KEYCAP ||
                     is_between(next->code, 0xE0020, 0xE007F);
  const bool joins = next->code == ZERO_WIDTH_JOINER && next->next < words->end &&
                     character_at(words, next->next).class == CLF__CHAR_EMOJI;
  return flag || drawn || joins ||
         (words->last == ZERO_WIDTH_JOINER && next->class == CLF__CHAR_EMOJI);
}

/* Variation selectors do not belong to the word. */
static void read_emoji(clf__words *words) {
  character next = character_at(words, words->at);
  bool half_a_flag = is_between(next.code, 0x1F1E6, 0x1F1FF);
  add(words, &next);
  while (words->at < words->end) {
    next = character_at(words, words->at);
    if (extends_emoji(words, &next, half_a_flag)) {
      add(words, &next);
      half_a_flag = false;
    } else if (next.class == CLF__CHAR_FORMAT) {
      words->at = next.next;
    } else {
      return;
    }
  }
}

/* Reads the characters from `from` to `at` again, as one normalized word. */
static void normalize(clf__words *words) {
  clf__normal normal;
  clf__normal_begin(&normal);
  for (const unsigned char *at = words->from; at < words->at && !normal.full;) {
    const character next = character_at(words, at);
    if (next.class != CLF__CHAR_FORMAT) {
      clf__normal_add(&normal, is_apostrophe(next.code) ? '\'' : next.code);
    }
    at = next.next;
  }
  words->length =
      clf__normal_write(&normal, words->rules->options.lowercase, words->word, CLF__MAX_WORD_BYTES);
}

bool clf__words_next(clf__words *words) {
  const unsigned char found = find_word(words);
  if (found == CLF__CHAR_OTHER) {
    return false;
  }
  words->from = words->at;
  words->length = 0;
  words->full = false;
  words->plain = true;
  words->last = 0;
  if (found == CLF__CHAR_LETTER) {
    add_ascii(words);
    if (!ends(words)) {
      read_on(words, true);
    }
  } else if (found == CLF__CHAR_EMOJI) {
    read_emoji(words);
  } else {
    const character first = character_at(words, words->at);
    add(words, &first);
    read_on(words, false);
  }
  if (!words->plain && words->rules->options.version > 1) {
    normalize(words);
  }
  words->to = words->at;
  return true;
}
