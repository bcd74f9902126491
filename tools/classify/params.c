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
  char *out = calloc(strlen(params) + 1, 1), *to = out;
  for (item one; out != NULL && next_item(&one, &params);) {
    if (is_among(&one, names) == among) {
      to += sprintf(to, "%s%.*s", to > out ? " " : "", (int)(one.end - one.name), one.name);
    }
  }
  return out;
}

char *params_value(const char *params, const char *name) {
  for (item one; next_item(&one, &params);) {
    const size_t length = strcspn(one.name, "= \t\r\n");
    if (length == strlen(name) && strncmp(one.name, name, length) == 0) {
      char *out = malloc((size_t)(one.end - one.value) + 1), *to = out;
      const char *end = one.end - (one.quote != '\0');
      for (const char *at = one.value + (one.quote != '\0'); out != NULL && at < end; at++) {
        *to++ = *at;
        at += one.quote != '\0' && *at == one.quote;
      }
      if (out != NULL) {
        *to = '\0';
      }
      return out;
    }
  }
  return NULL;
}
