/* Parameters as text: printing values, and splitting "name=value …" strings. */
#include <string.h>

#include "base/memory.h"
#include "base/params.h"
#include "base/status.h"
#include "base/text.h"

static void append_word(clf__text *out, const char *words, int32_t index) {
  size_t length;
  const char *word = clf__word_at(words, index, &length);
  clf__text_append(out, "%.*s", (int)length, word);
}

static void append_list(clf__text *out, const clf__param *param, const clf__list *list) {
  if (list->word >= 0) {
    append_word(out, param->words, list->word);
    return;
  }
  for (int64_t i = 0; i < list->count; i++) {
    clf__text_append(out, "%s%s", i > 0 ? "," : "", clf__number_text(list->values[i]));
  }
}

void clf__param_append(clf__text *out, const clf__param *param, const void *values) {
  const void *field = (const char *)values + param->offset;
  const clf__number *number = field;
  switch (param->type) {
  case CLF_PARAM_I64:
    clf__text_append(out, "%lld", (long long)*(const int64_t *)field);
    break;
  case CLF_PARAM_F64:
    clf__text_append(out, "%s", clf__number_text(*(const double *)field));
    break;
  case CLF_PARAM_BOOL:
    clf__text_append(out, "%s", *(const bool *)field ? "true" : "false");
    break;
  case CLF_PARAM_CHOICE:
    append_word(out, param->words, *(const int32_t *)field);
    break;
  case CLF_PARAM_TEXT:
    clf__text_append(out, "%s", *(char *const *)field != NULL ? *(char *const *)field : "");
    break;
  case CLF_PARAM_NUMBER:
  case CLF_PARAM_COUNT:
    if (number->word >= 0) {
      append_word(out, param->words, number->word);
    } else {
      clf__text_append(out, "%s", clf__number_text(number->value));
    }
    break;
  default:
    append_list(out, param, field);
  }
}

void clf__params_format(const clf__param_table *table, const void *values, clf__text *out) {
  bool any = false;
  for (int64_t i = 0; i < table->count; i++) {
    const clf__param *param = &table->params[i];
    const char *text = param->type == CLF_PARAM_TEXT
                           ? *(char *const *)((const char *)values + param->offset)
                           : NULL;
    if (param->type == CLF_PARAM_TEXT && text == NULL) {
      continue;
    }
    const char *quote = text == NULL ? "" : strchr(text, '"') == NULL ? "\"" : "'";
    clf__text_append(out, "%s%s=%s", any ? " " : "", param->name, quote);
    clf__param_append(out, param, values);
    clf__text_append(out, "%s", quote);
    any = true;
  }
}

static bool is_blank(char byte) {
  return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
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
  char quote = *begin == '"' || *begin == '\'' ? *begin : '\0';
  begin += quote != '\0';
  const char *end = begin;
  while (*end != '\0' && (quote != '\0' ? *end != quote : !is_blank(*end))) {
    end++;
  }
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
  *text = end + (quote != '\0');
  return CLF_OK;
}
