/* NFC by the algorithms of UAX #15: decompose, sort marks by their combining classes, compose. Case
 * folding is done between the last two steps, since an iota below a Greek letter folds to a
 * separate letter, which no mark may move across. Hangul syllables are computed from their
 * parts. */
#include "text/unicode_normal.h"
#include "base/utf8.h"

#include "text/unicode.h"

typedef struct clf__long_fold {
  uint32_t code, folded[3]; /* followed by zeros */
} clf__long_fold;

typedef struct clf__decomposition {
  uint32_t code, first, second; /* second is 0 if there is one part */
} clf__decomposition;

#include "text/unicode_normal.inc"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

enum { /* Hangul: leading consonants, vowels, trailing consonants; T_BASE means no trailing
        * consonant */
       S_BASE = 0xAC00,
       L_BASE = 0x1100,
       V_BASE = 0x1161,
       T_BASE = 0x11A7,
       L_COUNT = 19,
       V_COUNT = 21,
       T_COUNT = 28,
       S_COUNT = L_COUNT * V_COUNT * T_COUNT
};

int32_t clf__char_combining(uint32_t character) {
  return character < 0x300
             ? 0
             : (int32_t)clf__char_lookup(unicode_combining, COUNT(unicode_combining), 8, character);
}

void clf__normal_begin(clf__normal *normal) {
  normal->count = 0;
  normal->full = false;
}

static void push(clf__normal *normal, uint32_t code) {
  normal->full = normal->full || normal->count == CLF__NORMAL_CODES;
  if (!normal->full) {
    normal->codes[normal->count++] = code;
  }
}

static const clf__decomposition *find_decomposition(uint32_t code) {
  size_t low = 0, high = COUNT(unicode_decompositions);
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (unicode_decompositions[middle].code < code) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  bool found = low < COUNT(unicode_decompositions) && unicode_decompositions[low].code == code;
  return found ? &unicode_decompositions[low] : NULL;
}

static void add_hangul(clf__normal *normal, uint32_t syllable) {
  uint32_t vowel = syllable % (V_COUNT * T_COUNT) / T_COUNT, trailing = syllable % T_COUNT;
  push(normal, L_BASE + syllable / (V_COUNT * T_COUNT));
  push(normal, V_BASE + vowel);
  if (trailing > 0) {
    push(normal, T_BASE + trailing);
  }
}

/* Only the first part may have parts itself. */
void clf__normal_add(clf__normal *normal, uint32_t character) {
  enum { DEEPEST = 4 };
  uint32_t seconds[DEEPEST], code = character;
  int depth = 0;
  if (code - S_BASE < S_COUNT) {
    add_hangul(normal, code - S_BASE);
    return;
  }
  for (const clf__decomposition *parts;
       depth < DEEPEST && code >= 0x80 && (parts = find_decomposition(code)) != NULL;) {
    seconds[depth] = parts->second;
    depth += parts->second != 0;
    code = parts->first;
  }
  push(normal, code);
  while (depth > 0) {
    push(normal, seconds[--depth]);
  }
}

/* Drops the last letter and its marks, some of which may be missing. If it is the only letter,
 * drops the marks only. */
static void drop_last(clf__normal *normal) {
  while (normal->count > 1 && clf__char_combining(normal->codes[normal->count - 1]) > 0) {
    normal->count--;
  }
  normal->count -= normal->count > 1;
}

/* Sorts each run of marks by class, without changing the order of equal ones. */
static void sort_marks(clf__normal *normal) {
  for (int32_t i = 1; i < normal->count; i++) {
    const uint32_t code = normal->codes[i];
    const int32_t class = clf__char_combining(code);
    int32_t at = i;
    for (; class > 0 && at > 0 && clf__char_combining(normal->codes[at - 1]) > class; at--) {
      normal->codes[at] = normal->codes[at - 1];
    }
    normal->codes[at] = code;
  }
}

/* Returns the composition of two characters; 0 if there is none. */
static uint32_t compose(uint32_t first, uint32_t second) {
  if (first - L_BASE < L_COUNT && second - V_BASE < V_COUNT) {
    return S_BASE + ((first - L_BASE) * V_COUNT + (second - V_BASE)) * T_COUNT;
  }
  if (first - S_BASE < S_COUNT && (first - S_BASE) % T_COUNT == 0 &&
      second - (T_BASE + 1) < T_COUNT - 1) {
    return first + (second - T_BASE);
  }
  const uint64_t pair = (uint64_t)first << 32 | second;
  size_t low = 0, high = COUNT(unicode_compositions);
  while (low < high) {
    size_t middle = (low + high) / 2;
    const clf__decomposition *parts = &unicode_decompositions[unicode_compositions[middle]];
    uint64_t there = (uint64_t)parts->first << 32 | parts->second;
    if (there == pair) {
      return parts->code;
    }
    if (there < pair) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return 0;
}

typedef struct composed {
  int32_t count, letter; /* index of the last letter, -1 for none */
  int32_t class;         /* of the last character */
  uint32_t codes[CLF__NORMAL_CODES];
} composed;

/* Appends a character, or composes it with the last letter if no mark between them prevents it. */
static void append(composed *to, uint32_t code) {
  const int32_t class = clf__char_combining(code);
  const bool reaches = to->letter >= 0 && (to->letter == to->count - 1 || to->class < class);
  const uint32_t joined = reaches ? compose(to->codes[to->letter], code) : 0;
  if (joined != 0) {
    to->codes[to->letter] = joined;
  } else if (to->count < CLF__NORMAL_CODES) {
    to->letter = class == 0 ? to->count : to->letter;
    to->class = class;
    to->codes[to->count++] = code;
  }
}

static void append_folded(composed *to, uint32_t code) {
  for (size_t i = 0; code >= 0x80 && i < COUNT(unicode_long_folds); i++) {
    const clf__long_fold *fold = &unicode_long_folds[i];
    if (fold->code == code) {
      for (int k = 0; k < 3 && fold->folded[k] != 0; k++) {
        append(to, fold->folded[k]);
      }
      return;
    }
  }
  const bool capital = code >= 'A' && code <= 'Z';
  append(to, code >= 0x80 ? clf__char_lower(code) : capital ? code + ('a' - 'A') : code);
}

size_t clf__normal_write(clf__normal *normal, bool fold, unsigned char *to, size_t capacity) {
  composed made = {.count = 0, .letter = -1};
  size_t length = 0;
  if (normal->full) {
    drop_last(normal);
  }
  sort_marks(normal);
  for (int32_t i = 0; i < normal->count; i++) {
    if (fold) {
      append_folded(&made, normal->codes[i]);
    } else {
      append(&made, normal->codes[i]);
    }
  }
  for (int32_t i = 0; i < made.count; i++) {
    unsigned char bytes[CLF__MAX_UTF8_BYTES];
    const size_t size = clf__utf8_write(bytes, made.codes[i]);
    if (length + size > capacity) {
      break;
    }
    for (size_t k = 0; k < size; k++) {
      to[length++] = bytes[k];
    }
  }
  return length;
}
