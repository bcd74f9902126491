/* Tags of HTML. A tag has the name of an HTML element, followed only by attributes, which have
 * values unless HTML defines them without. Other text, such as "x<y and then z>w", is not a tag.
 * Each search ends at the next '<' outside of quotes, so that all searches together take linear
 * time. */
#include "text/html.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

typedef const unsigned char *place;

typedef struct entity {
  char name[9];
  uint16_t code;
} entity;

#include "text/html_entities.inc"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

enum { MAX_NAME_BYTES = 16 };
enum { COMMENT = 1, SCRIPT = 2, STYLE = 4 }; /* of `unclosed` */

/* Elements of HTML, older ones included, in byte order. */
static const char elements[][MAX_NAME_BYTES] = {
    "a",          "abbr",     "acronym", "address",    "applet",   "area",     "article",
    "aside",      "audio",    "b",       "base",       "basefont", "bdi",      "bdo",
    "bgsound",    "big",      "blink",   "blockquote", "body",     "br",       "button",
    "canvas",     "caption",  "center",  "cite",       "code",     "col",      "colgroup",
    "data",       "datalist", "dd",      "del",        "details",  "dfn",      "dialog",
    "dir",        "div",      "dl",      "dt",         "em",       "embed",    "fieldset",
    "figcaption", "figure",   "font",    "footer",     "form",     "frame",    "frameset",
    "h1",         "h2",       "h3",      "h4",         "h5",       "h6",       "head",
    "header",     "hgroup",   "hr",      "html",       "i",        "iframe",   "image",
    "img",        "input",    "ins",     "isindex",    "kbd",      "label",    "legend",
    "li",         "link",     "listing", "main",       "map",      "mark",     "marquee",
    "menu",       "menuitem", "meta",    "meter",      "nav",      "nobr",     "noembed",
    "noframes",   "noscript", "object",  "ol",         "optgroup", "option",   "output",
    "p",          "param",    "picture", "plaintext",  "pre",      "progress", "q",
    "rb",         "rp",       "rt",      "rtc",        "ruby",     "s",        "samp",
    "script",     "section",  "select",  "slot",       "small",    "source",   "spacer",
    "span",       "strike",   "strong",  "style",      "sub",      "summary",  "sup",
    "svg",        "table",    "tbody",   "td",         "template", "textarea", "tfoot",
    "th",         "thead",    "time",    "title",      "tr",       "track",    "tt",
    "u",          "ul",       "var",     "video",      "wbr",      "xmp",
};

/* Attributes that may have no value, in byte order. */
static const char flags[][MAX_NAME_BYTES] = {
    "allowfullscreen", "async",    "autofocus", "autoplay",   "checked",        "compact",
    "controls",        "default",  "defer",     "disabled",   "formnovalidate", "hidden",
    "inert",           "ismap",    "itemscope", "loop",       "multiple",       "muted",
    "nomodule",        "noresize", "noshade",   "novalidate", "nowrap",         "open",
    "playsinline",     "readonly", "required",  "reversed",   "selected",
};

static bool is_letter(unsigned char byte) {
  return (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
}

static bool is_digit(unsigned char byte) {
  return byte >= '0' && byte <= '9';
}

static bool is_blank(unsigned char byte) {
  return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\f' || byte == '\r';
}

/* Characters in names of elements and attributes; the first one is a letter. */
static bool is_of_name(unsigned char byte) {
  return is_letter(byte) || is_digit(byte) || byte == '-' || byte == '_' || byte == ':' ||
         byte == '.';
}

static place skip_blanks(place at, place end) {
  while (at < end && is_blank(*at)) {
    at++;
  }
  return at;
}

static int compare_names(const void *key, const void *name) {
  return strcmp(key, name);
}

/* Returns whether the bytes, ignoring case, are one of the names. */
static bool is_one_of(const char (*names)[MAX_NAME_BYTES], size_t count, place from, place to) {
  char name[MAX_NAME_BYTES] = {0};
  if (to - from >= MAX_NAME_BYTES) {
    return false;
  }
  for (int i = 0; from < to; i++, from++) {
    name[i] = (char)(is_letter(*from) ? *from | 0x20 : *from);
  }
  return bsearch(name, names, count, sizeof names[0], compare_names) != NULL;
}

static bool starts_with(place at, place end, const char *name) {
  const ptrdiff_t length = (ptrdiff_t)strlen(name);
  bool same = end - at >= length;
  for (ptrdiff_t i = 0; same && i < length; i++) {
    same = (is_letter(at[i]) ? at[i] | 0x20 : at[i]) == name[i];
  }
  return same;
}

/* Returns the position after the value of an attribute; NULL if there is none. */
static place skip_value(place at, place end) {
  if (at == end) {
    return NULL;
  }
  if (*at == '"' || *at == '\'') {
    place quote = memchr(at + 1, *at, (size_t)(end - at - 1));
    return quote != NULL ? quote + 1 : NULL;
  }
  place from = at;
  while (at < end && !is_blank(*at) && strchr("\"'<>`", *at) == NULL) {
    at++;
  }
  return at > from && at < end ? at : NULL;
}

/* Returns the position after an attribute; NULL if there is none. */
static place skip_attribute(place at, place end) {
  place from = at;
  bool hyphen = false;
  if (at == end || !(is_letter(*at) || *at == '_' || *at == ':')) {
    return NULL;
  }
  for (; at < end && is_of_name(*at); at++) {
    hyphen = hyphen || *at == '-';
  }
  place equals = skip_blanks(at, end);
  if (equals < end && *equals == '=') {
    return skip_value(skip_blanks(equals + 1, end), end);
  }
  return hyphen || is_one_of(flags, COUNT(flags), from, at) ? at : NULL;
}

/* Returns the position after the '>' that ends the attributes; NULL if they are malformed, or have
 * no end. */
static place skip_attributes(place at, place end) {
  for (;;) {
    place next = skip_blanks(at, end);
    if (next < end && *next == '/') {
      next = skip_blanks(next + 1, end);
    }
    if (next == end || *next == '>') {
      return next < end ? next + 1 : NULL;
    }
    const bool apart = next > at || at[-1] == '"' || at[-1] == '\'';
    if (!apart || (at = skip_attribute(next, end)) == NULL) {
      return NULL;
    }
  }
}

/* Returns the next occurrence of a text in lower case; if there is none, sets `mark` in
 * *unclosed. */
static place find(place at, place end, const char *text, uint32_t mark, uint32_t *unclosed) {
  if (*unclosed & mark) {
    return NULL;
  }
  while ((at = memchr(at, text[0], (size_t)(end - at))) != NULL) {
    if (starts_with(at, end, text)) {
      return at;
    }
    at++;
  }
  *unclosed |= mark;
  return NULL;
}

/* Returns the end of the text of a script or style, whose tag is from `name` to `at`. */
static place skip_content(place name, place at, place end, uint32_t *unclosed) {
  place stop = NULL;
  if (starts_with(name, at, "script") && !is_of_name(name[6])) {
    stop = find(at, end, "</script", SCRIPT, unclosed);
  } else if (starts_with(name, at, "style") && !is_of_name(name[5])) {
    stop = find(at, end, "</style", STYLE, unclosed);
  }
  return stop != NULL ? stop : at;
}

static place skip_comment(place at, place end, uint32_t *unclosed) {
  place stop = find(at + 2, end, "-->", COMMENT, unclosed);
  return stop != NULL ? stop + 3 : NULL;
}

/* Returns the position after the next '>' without a '<' before it; NULL if there is none. */
static place find_close(place at, place end) {
  for (; at < end && *at != '<'; at++) {
    if (*at == '>') {
      return at + 1;
    }
  }
  return NULL;
}

place clf__html_tag(place at, place end, uint32_t *unclosed) {
  place name = at + 1;
  if (end - name >= 2 && (*name == '!' || *name == '?')) {
    return starts_with(name, end, "!--") ? skip_comment(at, end, unclosed)
           : is_letter(name[1])          ? find_close(name, end)
                                         : NULL;
  }
  const bool closes = name < end && *name == '/';
  name += closes;
  place behind = name;
  while (behind < end && is_of_name(*behind)) {
    behind++;
  }
  if (!is_one_of(elements, COUNT(elements), name, behind)) {
    return NULL;
  }
  place stop = skip_attributes(behind, end);
  return stop == NULL || closes ? stop : skip_content(name, stop, end, unclosed);
}

place clf__html_tag_of_any_name(place at, place end) {
  place next = at + 1;
  bool begins = next < end && *next != '\0' && (is_letter(*next) || strchr("/!?", *next) != NULL);
  return begins ? find_close(next, end) : NULL;
}

static uint32_t character_of_number(uint32_t number) {
  if (number - 0x80 < COUNT(windows_1252)) {
    return windows_1252[number - 0x80];
  }
  return number == 0 || number > 0x10FFFF || number - 0xD800 < 0x800 ? 0xFFFD : number;
}

/* Reads a number after "&#". */
static place read_number(place at, place end, uint32_t *code) {
  const uint32_t beyond = 0x110000; /* stays above the limit, however long the number is */
  const bool hex = at < end && (*at | 0x20) == 'x';
  uint32_t number = 0;
  at += hex;
  place from = at;
  for (; at < end && (is_digit(*at) || (hex && is_letter(*at) && (*at | 0x20) <= 'f')); at++) {
    uint32_t digit = is_digit(*at) ? *at - (uint32_t)'0' : (*at | 0x20u) - 'a' + 10;
    number = number * (hex ? 16 : 10) + digit;
    number = number < beyond ? number : beyond;
  }
  if (at == from || at == end || *at != ';') {
    return NULL;
  }
  *code = character_of_number(number);
  return at + 1;
}

static int compare_entities(const void *key, const void *item) {
  return strcmp(key, ((const entity *)item)->name);
}

place clf__html_reference(place at, place end, uint32_t *code) {
  char name[sizeof entities[0].name] = {0};
  size_t length = 0;
  at++;
  if (at < end && *at == '#') {
    return read_number(at + 1, end, code);
  }
  for (; at < end && (is_letter(*at) || is_digit(*at)) && length + 1 < sizeof name; at++) {
    name[length++] = (char)*at;
  }
  if (at == end || *at != ';') {
    return NULL;
  }
  const entity *found =
      bsearch(name, entities, COUNT(entities), sizeof *entities, compare_entities);
  if (found == NULL) {
    return NULL;
  }
  *code = found->code;
  return at + 1;
}
