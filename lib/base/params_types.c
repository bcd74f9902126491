/* The types of parameters. Values from texts, numbers and defaults pass the same checks, so that
 * every message reads the same. */
#include "base/params_types.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"

clf_status clf__field_fail_type(const clf__field *field, const char *use) {
  return clf__fail(CLF_ERROR_TYPE, "%s: %s is %s; %s", field->table->owner,
                   clf__param_name(field->param), clf__param_type_of(field->param)->noun, use);
}

/* Refuses a text; the message states what would be right. */
static clf_status fail_value(const clf__field *field, const char *value) {
  const char *form = clf__param_type_of(field->param)->form, *words = field->param->words;
  return clf__fail(CLF_ERROR_ARGUMENT, "%s: %s is '%s'; it must be %s%s%s%s", field->table->owner,
                   clf__param_name(field->param), value, form != NULL ? form : "",
                   form != NULL && words != NULL ? " or " : "", words != NULL ? "one of " : "",
                   words != NULL ? words : "");
}

static clf_status check_bounds(const clf__field *field, double value) {
  const clf__param *param = field->param;
  bool low = param->exclusive ? !(value > param->minimum) : !(value >= param->minimum);
  bool high = !(value <= param->maximum);
  if (!low && !high) {
    return CLF_OK;
  }
  return clf__fail(CLF_ERROR_ARGUMENT, "%s: %s is %s; it must be %s %s", field->table->owner,
                   clf__param_name(param), clf__number_text(value),
                   low ? (param->exclusive ? "greater than" : "at least") : "at most",
                   clf__number_text(low ? param->minimum : param->maximum));
}

/* Returns the index of a text among the parameter's words, or -1. */
static int32_t word_of(const clf__field *field, const char *text) {
  return field->param->words != NULL ? clf__word_index(field->param->words, text, strlen(text))
                                     : -1;
}

static void print_word(clf__text *out, const clf__param *param, int32_t index) {
  size_t length;
  const char *word = clf__word_at(param->words, index, &length);
  clf__text_append(out, "%.*s", (int)length, word);
}

/* Reads a number. Digits beyond the range of a double are refused, because infinity has a word of
 * its own. */
static const char *read_number(const char *at, const char *end, double *out) {
  const char *after = clf__read_f64(at, end, out);
  const bool word = after != NULL && (after[-1] | 0x20) >= 'a';
  return after != NULL && isinf(*out) && !word ? NULL : after;
}

/* CLF_PARAM_I64 */

static clf_status set_integer(const clf__field *field, int64_t value) {
  CLF__CHECK(check_bounds(field, (double)value));
  *(int64_t *)field->at = value;
  return CLF_OK;
}

static clf_status parse_integer(const clf__field *field, const char *text) {
  int64_t value;
  return clf__parse_i64(text, &value) ? set_integer(field, value) : fail_value(field, text);
}

static void print_integer(clf__text *out, const clf__param *param, const void *at) {
  (void)param;
  clf__text_append(out, "%lld", (long long)*(const int64_t *)at);
}

static bool integer_i64(const void *at, int64_t *out) {
  *out = *(const int64_t *)at;
  return true;
}

static bool integer_f64(const void *at, double *out) {
  *out = (double)*(const int64_t *)at;
  return true;
}

/* CLF_PARAM_F64 */

static clf_status set_real(const clf__field *field, double value) {
  CLF__CHECK(check_bounds(field, value));
  *(double *)field->at = value;
  return CLF_OK;
}

/* Sets the number in a text by the type's own set_f64. */
static clf_status parse_real(const clf__field *field, const char *text) {
  const char *end = text + strlen(text);
  double value;
  return read_number(text, end, &value) == end
             ? clf__param_type_of(field->param)->set_f64(field, value)
             : fail_value(field, text);
}

static void print_real(clf__text *out, const clf__param *param, const void *at) {
  (void)param;
  clf__text_append(out, "%s", clf__number_text(*(const double *)at));
}

static bool real_f64(const void *at, double *out) {
  *out = *(const double *)at;
  return true;
}

/* CLF_PARAM_BOOL */

static clf_status parse_bool(const clf__field *field, const char *text) {
  int32_t index = clf__word_index("false|true|no|yes|off|on|0|1", text, strlen(text));
  if (index < 0) {
    return fail_value(field, text);
  }
  *(bool *)field->at = index % 2 == 1;
  return CLF_OK;
}

static clf_status set_bool(const clf__field *field, int64_t value) {
  if (value != 0 && value != 1) {
    return clf__field_fail_type(field, "it must be 0 or 1");
  }
  *(bool *)field->at = value == 1;
  return CLF_OK;
}

static void print_bool(clf__text *out, const clf__param *param, const void *at) {
  (void)param;
  clf__text_append(out, "%s", *(const bool *)at ? "true" : "false");
}

static bool bool_i64(const void *at, int64_t *out) {
  *out = *(const bool *)at;
  return true;
}

/* CLF_PARAM_CHOICE */

static clf_status parse_choice(const clf__field *field, const char *text) {
  const int32_t word = word_of(field, text);
  if (word < 0) {
    return fail_value(field, text);
  }
  *(int32_t *)field->at = word;
  return CLF_OK;
}

static void print_choice(clf__text *out, const clf__param *param, const void *at) {
  print_word(out, param, *(const int32_t *)at);
}

static bool choice_i64(const void *at, int64_t *out) {
  *out = *(const int32_t *)at;
  return true;
}

/* CLF_PARAM_TEXT, whose default may be NULL */

static clf_status copy_text(clf_context *context, void *to, const void *from) {
  const char *text = *(char *const *)from;
  char *copy = text != NULL ? clf__copy_text(context, text) : NULL;
  *(char **)to = copy;
  return text == NULL || copy != NULL ? CLF_OK : CLF_ERROR_MEMORY;
}

static void clear_text(void *at) {
  clf__free(*(char **)at);
  *(char **)at = NULL;
}

/* The empty text is the default if that is none, as it is described. */
static clf_status parse_text(const clf__field *field, const char *text) {
  char *copy = NULL;
  const bool unset = text != NULL && *text == '\0' && field->param->default_value == NULL;
  const char *given = unset ? NULL : text;
  CLF__CHECK(copy_text(field->context, &copy, &given));
  clear_text(field->at);
  *(char **)field->at = copy;
  return CLF_OK;
}

static void print_text(clf__text *out, const clf__param *param, const void *at) {
  (void)param;
  clf__text_append(out, "%s", *(char *const *)at != NULL ? *(char *const *)at : "");
}

/* CLF_PARAM_NUMBER and CLF_PARAM_COUNT */

static clf_status set_number(const clf__field *field, double value) {
  CLF__CHECK(check_bounds(field, value));
  *(clf__number *)field->at = (clf__number){value, -1};
  return CLF_OK;
}

static clf_status set_count(const clf__field *field, double value) {
  CLF__CHECK(check_bounds(field, value));
  return value == floor(value) ? set_number(field, value)
                               : fail_value(field, clf__number_text(value));
}

static clf_status parse_number(const clf__field *field, const char *text) {
  const int32_t word = word_of(field, text);
  if (word < 0) {
    return parse_real(field, text);
  }
  *(clf__number *)field->at = (clf__number){NAN, word};
  return CLF_OK;
}

static void print_number(clf__text *out, const clf__param *param, const void *at) {
  const clf__number *number = at;
  if (number->word >= 0) {
    print_word(out, param, number->word);
  } else {
    clf__text_append(out, "%s", clf__number_text(number->value));
  }
}

static bool number_f64(const void *at, double *out) {
  const clf__number *number = at;
  if (number->word < 0) {
    *out = number->value;
  }
  return number->word < 0;
}

static bool count_i64(const void *at, int64_t *out) {
  double value;
  if (!number_f64(at, &value)) {
    return false;
  }
  *out = (int64_t)value;
  return true;
}

/* CLF_PARAM_LIST */

static int64_t keys_size(const clf__list *list) {
  const char *end = list->keys;
  for (int64_t i = 0; i < list->count; i++) {
    end += strlen(end) + 1;
  }
  return end - list->keys;
}

static void clear_list(void *at) {
  clf__list *list = at;
  clf__free(list->values);
  clf__free(list->keys);
  list->values = NULL;
  list->keys = NULL;
}

static clf_status copy_list(clf_context *context, void *to, const void *from) {
  const clf__list *list = from;
  clf__list copy = *list;
  if (list->values != NULL) {
    const size_t keys = list->keys != NULL ? (size_t)keys_size(list) : 0;
    copy.values = clf__alloc_array(context, list->count, sizeof(double));
    copy.keys = keys > 0 ? clf__alloc_array(context, (int64_t)keys, 1) : NULL;
    if (copy.values == NULL || (keys > 0 && copy.keys == NULL)) {
      clear_list(&copy);
      return CLF_ERROR_MEMORY;
    }
    memcpy(copy.values, list->values, (size_t)list->count * sizeof(double));
    if (keys > 0) {
      memcpy(copy.keys, list->keys, keys);
    }
  }
  *(clf__list *)to = copy;
  return CLF_OK;
}

/* Moves "key:" to the end of the keys; the last colon before the comma ends the key. Returns where
 * the number begins, or NULL. */
static const char *take_key(const char *at, char **keys) {
  const size_t length = strcspn(at, ",");
  const char *colon = NULL;
  for (const char *next = at; next < at + length; next++) {
    colon = *next == ':' ? next : colon;
  }
  if (colon == NULL || colon == at) {
    return NULL;
  }
  memcpy(*keys, at, (size_t)(colon - at));
  *keys += colon - at;
  *(*keys)++ = '\0';
  return colon + 1;
}

/* Reads numbers, or keys with numbers, separated by commas. */
static clf_status read_list(const clf__field *field, const clf__list *list, const char *text) {
  const char *at = text, *end = text + strlen(text);
  char *keys = list->keys;
  for (int64_t i = 0; i < list->count; i++) {
    at = keys != NULL ? take_key(at, &keys) : at;
    at = at != NULL ? read_number(at, end, &list->values[i]) : NULL;
    if (at == NULL || (i + 1 < list->count ? *at != ',' : at != end)) {
      return fail_value(field, text);
    }
    at++;
    CLF__CHECK(check_bounds(field, list->values[i]));
  }
  return CLF_OK;
}

static clf_status make_list(const clf__field *field, clf__list *list, const char *text) {
  list->count = 1;
  for (const char *at = text; *at != '\0'; at++) {
    list->count += *at == ',';
  }
  list->values = clf__alloc_array(field->context, list->count, sizeof(double));
  if (list->values == NULL) {
    return CLF_ERROR_MEMORY;
  }
  if (field->param->keyed && strchr(text, ':') != NULL) {
    list->keys = clf__alloc_array(field->context, (int64_t)strlen(text) + 1, 1);
    if (list->keys == NULL) {
      return CLF_ERROR_MEMORY;
    }
  }
  return read_list(field, list, text);
}

static clf_status parse_list(const clf__field *field, const char *text) {
  clf__list list = {.word = word_of(field, text)};
  const clf_status status = list.word < 0 ? make_list(field, &list, text) : CLF_OK;
  clear_list(status < 0 ? (void *)&list : field->at);
  if (status == CLF_OK) {
    *(clf__list *)field->at = list;
  }
  return status;
}

void clf__list_print(clf__text *out, const clf__list *list, char quote) {
  const char *key = list->keys;
  for (int64_t i = 0; i < list->count; i++) {
    clf__text_append(out, "%s", i > 0 ? "," : "");
    for (; key != NULL && *key != '\0'; key++) {
      clf__text_append_bytes(out, key, 1);
      if (*key == quote) {
        clf__text_append_bytes(out, key, 1);
      }
    }
    clf__text_append(out, "%s%s", key != NULL ? ":" : "", clf__number_text(list->values[i]));
    key = key != NULL ? key + 1 : NULL;
  }
}

static void print_list(clf__text *out, const clf__param *param, const void *at) {
  const clf__list *list = at;
  if (list->word >= 0) {
    print_word(out, param, list->word);
  }
  clf__list_print(out, list, '\0');
}

#define REAL "a number that a double holds"
const clf__param_type clf__param_types[] = {
    [CLF_PARAM_I64] = {.noun = "an integer",
                       .form = "an integer",
                       .size = sizeof(int64_t),
                       .parse = parse_integer,
                       .print = print_integer,
                       .set_i64 = set_integer,
                       .get_f64 = integer_f64,
                       .get_i64 = integer_i64},
    [CLF_PARAM_F64] = {.noun = "a number",
                       .form = REAL,
                       .size = sizeof(double),
                       .parse = parse_real,
                       .print = print_real,
                       .set_f64 = set_real,
                       .get_f64 = real_f64},
    [CLF_PARAM_BOOL] = {.noun = "a truth value",
                        .form = "true or false",
                        .size = sizeof(bool),
                        .parse = parse_bool,
                        .print = print_bool,
                        .set_i64 = set_bool,
                        .get_i64 = bool_i64},
    [CLF_PARAM_CHOICE] = {.noun = "a choice",
                          .size = sizeof(int32_t),
                          .parse = parse_choice,
                          .print = print_choice,
                          .get_i64 = choice_i64},
    [CLF_PARAM_TEXT] = {.noun = "a text",
                        .form = "a text",
                        .size = sizeof(char *),
                        .quoted = true,
                        .parse = parse_text,
                        .print = print_text,
                        .copy = copy_text,
                        .clear = clear_text},
    [CLF_PARAM_NUMBER] = {.noun = "a number or a word",
                          .form = REAL,
                          .size = sizeof(clf__number),
                          .parse = parse_number,
                          .print = print_number,
                          .set_f64 = set_number,
                          .get_f64 = number_f64},
    [CLF_PARAM_COUNT] = {.noun = "an integer or a word",
                         .form = "an integer",
                         .size = sizeof(clf__number),
                         .parse = parse_number,
                         .print = print_number,
                         .set_f64 = set_count,
                         .get_f64 = number_f64,
                         .get_i64 = count_i64},
    [CLF_PARAM_LIST] = {.noun = "a list",
                        .form = "numbers separated by commas",
                        .size = sizeof(clf__list),
                        .parse = parse_list,
                        .print = print_list,
                        .copy = copy_list,
                        .clear = clear_list},
};
