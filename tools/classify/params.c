#include "params.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A parameter in a text. */
typedef struct item {
  const char *name, *value, *end; /* the value with its quotes */
  char quote;                     /* or 0 */
} item;

static bool is_blank(char byte) {
  return byte != '\0' && strchr(" \t\r\n", byte) != NULL;
}

/* Reads the parameter at `*at` and advances it; false at the end. */
static bool next_item(item *out, const char **at) {
  const char *from = *at;
  while (is_blank(*from)) {
    from++;
  }
  out->name = from;
  while (*from != '\0' && *from != '=' && !is_blank(*from)) {
    from++;
  }
  out->value = from + (*from == '=');
  out->quote = *out->value == '\'' || *out->value == '"' ? *out->value : '\0';
  from = out->value + (out->quote != '\0');
  while (*from != '\0' &&
         (out->quote == '\0' ? !is_blank(*from) : *from != out->quote || from[1] == out->quote)) {
    from += *from == out->quote ? 2 : 1;
  }
  out->end = from + (*from != '\0' && *from == out->quote);
  *at = out->end;
  return *out->name != '\0';
}

static bool is_among(const item *one, const char *names) {
  const size_t length = strcspn(one->name, "= \t\r\n");
  for (const char *at = names; (at = strchr(at, '|')) != NULL && at[1] != '\0'; at++) {
    if (strncmp(at + 1, one->name, length) == 0 && at[1 + length] == '|') {
      return true;
    }
  }
  return false;
}

char *params_among(const char *params, const char *names, bool among) {
  char *out = calloc(2 * strlen(params) + 1, 1), *to = out; /* a blank may come before each */
  for (item one; out != NULL && next_item(&one, &params);) {
    if (is_among(&one, names) == among) {
      to += sprintf(to, "%s%.*s", to > out ? " " : "", (int)(one.end - one.name), one.name);
    }
  }
  return out;
}

/* Finds the parameter of a name; false if there is none. */
static bool find(item *out, const char *params, const char *name) {
  while (next_item(out, &params)) {
    const size_t length = strcspn(out->name, "= \t\r\n");
    if (length == strlen(name) && strncmp(out->name, name, length) == 0) {
      return true;
    }
  }
  return false;
}

/* Copies a value without its quotes, of which those within it are doubled, and a NUL: at most as
 * many bytes as it has with them, and one. */
static char *copy_value(char *to, const item *one) {
  const bool quoted = one->quote != '\0';
  char *const begin = to;
  for (const char *at = one->value + quoted, *end = one->end - quoted; at < end; at++) {
    *to++ = *at;
    at += quoted && *at == one->quote;
  }
  *to = '\0';
  return begin;
}

char *params_value(const char *params, const char *name) {
  item one;
  char *out = find(&one, params, name) ? malloc((size_t)(one.end - one.value) + 1) : NULL;
  return out != NULL ? copy_value(out, &one) : NULL;
}

bool params_has(const char *params, const char *name) {
  item one;
  return find(&one, params, name);
}

bool params_is(const char *params, const char *name, const char *value) {
  item one;
  if (!find(&one, params, name)) {
    return false;
  }
  const size_t quotes = one.quote != '\0' ? 2 : 0, length = (size_t)(one.end - one.value) - quotes;
  return length == strlen(value) && strncmp(one.value + quotes / 2, value, length) == 0;
}

char *params_with(const char *params, const char *others) {
  char *out = calloc(2 * strlen(params) + strlen(others) + 2, 1), *to = out;
  bool good = out != NULL;
  for (item one; good && next_item(&one, &params);) {
    char *name = strndup(one.name, strcspn(one.name, "= \t\r\n"));
    good = name != NULL;
    if (good && !params_has(others, name)) {
      to += sprintf(to, "%s%.*s", to > out ? " " : "", (int)(one.end - one.name), one.name);
    }
    free(name);
  }
  if (!good) {
    free(out);
    return NULL;
  }
  sprintf(to, "%s%s", to > out && *others != '\0' ? " " : "", others);
  return out;
}

bool params_no(const char *params, const char *name) {
  return params_is(params, name, "false") || params_is(params, name, "no") ||
         params_is(params, name, "off") || params_is(params, name, "0");
}

char *params_join(const char *a, const char *b) {
  char *out = NULL;
  const char *gap = *a != '\0' && *b != '\0' ? " " : "";
  return asprintf(&out, "%s%s%s", a, gap, b) >= 0 ? out : NULL;
}

const char *params_split(char kind[KIND_BYTES], const char *text) {
  static const char blanks[] = " \t\r\n";
  text += strspn(text, blanks);
  const size_t length = strcspn(text, blanks);
  snprintf(kind, KIND_BYTES, "%.*s", (int)length, text);
  return text + length + strspn(text + length, blanks);
}

bool list_has(const char *list, const char *name) {
  const size_t length = strlen(name);
  size_t size = strcspn(list, ",");
  while ((size != length || memcmp(list, name, length) != 0) && list[size] == ',') {
    list += size + 1;
    size = strcspn(list, ",");
  }
  return size == length && memcmp(list, name, length) == 0;
}
