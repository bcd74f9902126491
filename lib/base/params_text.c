/* Parameters as text: printing values, and splitting "name=value …" strings. */
#include "base/params.h"

#include <string.h>

#include "base/memory.h"
#include "base/params_types.h"
#include "base/status.h"

void clf__param_append(clf__text *out, const clf__param *param, const void *values) {
  clf__param_type_of(param)->print(out, param, (const char *)values + param->offset);
}

void clf__params_quote(clf__text *out, const char *value) {
  const char quote = strchr(value, '"') == NULL || strchr(value, '\'') != NULL ? '"' : '\'';
  clf__text_append_bytes(out, &quote, 1);
  for (const char *at = value; *at != '\0'; at++) {
    clf__text_append_bytes(out, at, 1);
    if (*at == quote) {
      clf__text_append_bytes(out, at, 1);
    }
  }
  clf__text_append_bytes(out, &quote, 1);
}

/* Appends a value as parameter strings have it. Texts and keys may hold anything and are quoted. */
static void append_value(clf__text *out, const clf__param *param, const void *values) {
  const void *at = (const char *)values + param->offset;
  const clf__list *list = param->type == CLF_PARAM_LIST ? at : NULL;
  if (clf__param_type_of(param)->quoted) {
    clf__params_quote(out, *(char *const *)at);
  } else if (list != NULL && list->keys != NULL) {
    clf__text_append(out, "\"");
    clf__list_print(out, list, '"');
    clf__text_append(out, "\"");
  } else {
    clf__param_append(out, param, values);
  }
}

static bool is_null(const clf__param *param, const void *values) {
  return clf__param_type_of(param)->quoted &&
         *(char *const *)((const char *)values + param->offset) == NULL;
}

void clf__params_format(const clf__param_table *table, const void *values, clf__text *out) {
  const char *before = "";
  for (int64_t i = 0; i < table->count; i++) {
    const clf__param *param = &table->params[i];
    if (!is_null(param, values)) {
      clf__text_append(out, "%s%s=", before, clf__param_name(param));
      before = " ";
      append_value(out, param, values);
    }
  }
}

clf_status clf__params_copy_text(const clf__param_table *table, const void *values, char *buffer,
                                 size_t capacity, size_t *needed) {
  clf__text counted = {0}, text = {.bytes = buffer, .capacity = capacity};
  clf__params_format(table, values, &counted);
  CLF__CHECK(clf__check_buffer(buffer, capacity, counted.length + 1));
  if (buffer != NULL) {
    buffer[0] = '\0';
    clf__params_format(table, values, &text);
  }
  if (needed != NULL) {
    *needed = counted.length + 1;
  }
  return CLF_OK;
}

static bool is_blank(char byte) {
  return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

/* Returns the end of a value: its closing quote (two quotes stand for one), or a blank. */
static const char *value_end(const char *at, char quote) {
  while (*at != '\0' && (quote == '\0' ? !is_blank(*at) : *at != quote || at[1] == quote)) {
    at += *at == quote ? 2 : 1;
  }
  return at;
}

/* Replaces each doubled quote by one. */
static void join_quotes(char *value, char quote) {
  char *to = value;
  for (const char *from = value; *from != '\0'; from++) {
    from += *from == quote;
    *to++ = *from;
  }
  *to = '\0';
}

clf_status clf__params_next(clf_context *context, const char **text, char **name, char **value) {
  *name = NULL;
  *value = NULL;
  const char *at = *text;
  while (is_blank(*at)) {
    at++;
  }
  if (*at == '\0') {
    *text = at;
    return CLF_OK;
  }
  size_t name_length = strcspn(at, "= \t\r\n");
  if (at[name_length] != '=' || name_length == 0) {
    return clf__fail(CLF_ERROR_ARGUMENT, "'%.*s' is not of the form name=value",
                     (int)strcspn(at, " \t\r\n"), at);
  }
  const char *begin = at + name_length + 1;
  const char quote = *begin == '"' || *begin == '\'' ? *begin : '\0';
  begin += quote != '\0';
  const char *end = value_end(begin, quote);
  if (quote != '\0' && (*end != quote || (end[1] != '\0' && !is_blank(end[1])))) {
    return clf__fail(CLF_ERROR_ARGUMENT, "%.*s: the quoted value must end with %c and a blank",
                     (int)name_length, at, quote);
  }
  *name = clf__copy_bytes(context, at, name_length);
  *value = clf__copy_bytes(context, begin, (size_t)(end - begin));
  if (*name == NULL || *value == NULL) {
    clf__free(*name);
    clf__free(*value);
    *name = *value = NULL;
    return CLF_ERROR_MEMORY;
  }
  if (quote != '\0') {
    join_quotes(*value, quote);
  }
  *text = end + (quote != '\0');
  return CLF_OK;
}
