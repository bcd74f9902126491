/* Parameter tables at work: finding, bounding, setting, printing. A value set by text, number or
 * default goes through the same check, so that every message reads the same. */
#include "base/params.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"

static void *field_of(const clf__param *param, void *values) {
  return (char *)values + param->offset;
}

static const void *const_field_of(const clf__param *param, const void *values) {
  return (const char *)values + param->offset;
}

static const char *nearest_param(const clf__param_table *table, const char *name) {
  const char *best = NULL;
  for (int64_t i = 0; i < table->count; i++) {
    const char *pair[2] = {table->params[i].name, best};
    const char *near = clf__nearest(name, pair, best != NULL ? 2 : 1);
    best = near != NULL ? near : best;
  }
  return best;
}

static clf_status fail_unknown(const clf__param_table *table, const char *name) {
  const char *near = nearest_param(table, name);
  if (near != NULL) {
    return clf__fail(CLF_ERROR_ARGUMENT, "%s has no parameter '%s'; did you mean '%s'?",
                     table->owner, name, near);
  }
  clf__fail(CLF_ERROR_ARGUMENT, "%s", table->count == 0 ? "it takes none" : "");
  for (int64_t i = table->count - 1; i >= 0; i--) {
    const char *rest = clf_last_error();
    clf__fail(CLF_ERROR_ARGUMENT, "%s%s%s", table->params[i].name, rest[0] != '\0' ? ", " : "",
              rest);
  }
  return clf__fail(CLF_ERROR_ARGUMENT, "%s has no parameter '%s'; it has: %s", table->owner, name,
                   clf_last_error());
}

static clf_status find(const clf__param **out, const clf__param_table *table, const char *name) {
  if (name == NULL) {
    return clf__fail(CLF_ERROR_ARGUMENT, "%s: a parameter's name must not be NULL", table->owner);
  }
  for (int64_t i = 0; i < table->count; i++) {
    if (strcmp(table->params[i].name, name) == 0) {
      *out = &table->params[i];
      return CLF_OK;
    }
  }
  return fail_unknown(table, name);
}

/* Refuses a text, saying what would be right. */
static clf_status fail_value(const clf__param_table *table, const clf__param *param,
                             const char *value) {
  static const char *const wanted[] = {
      [CLF_PARAM_I64] = "an integer",
      [CLF_PARAM_F64] = "a number that a double holds",
      [CLF_PARAM_BOOL] = "true or false",
      [CLF_PARAM_CHOICE] = "",
      [CLF_PARAM_TEXT] = "a text",
      [CLF_PARAM_NUMBER] = "a number that a double holds",
      [CLF_PARAM_LIST] = "numbers separated by commas",
      [CLF_PARAM_COUNT] = "an integer",
  };
  const char *what = wanted[param->type];
  const char *words = param->words != NULL ? param->words : "";
  const char *join = words[0] == '\0' ? "" : what[0] == '\0' ? "one of " : " or one of ";
  return clf__fail(CLF_ERROR_ARGUMENT, "%s: %s is '%s'; it must be %s%s%s", table->owner,
                   param->name, value, what, join, words);
}

static clf_status check_bounds(const clf__param_table *table, const clf__param *param,
                               double value) {
  bool low = param->exclusive ? !(value > param->minimum) : !(value >= param->minimum);
  bool high = !(value <= param->maximum);
  if (!low && !high) {
    return CLF_OK;
  }
  return clf__fail(CLF_ERROR_ARGUMENT, "%s: %s is %s; it must be %s %s", table->owner, param->name,
                   clf__number_text(value),
                   low ? (param->exclusive ? "greater than" : "at least") : "at most",
                   clf__number_text(low ? param->minimum : param->maximum));
}

/* Reads a number; digits that are beyond a double are none. Infinity has a word. */
static const char *read_number(const char *at, const char *end, double *out) {
  const char *after = clf__read_f64(at, end, out);
  const bool word = after != NULL && (after[-1] | 0x20) >= 'a';
  return after != NULL && isinf(*out) && !word ? NULL : after;
}

static bool parse_bool(const char *text, bool *out) {
  int32_t index = clf__word_index("false|true|no|yes|off|on|0|1", text, strlen(text));
  *out = index % 2 == 1;
  return index >= 0;
}

/* Numbers separated by commas, into a block of their own. */
static clf_status parse_list(clf__list *out, clf_context *context, const clf__param_table *table,
                             const clf__param *param, const char *text) {
  int64_t count = 1;
  for (const char *at = text; *at != '\0'; at++) {
    count += *at == ',';
  }
  clf__list list = {clf__alloc_array(context, count, sizeof(double)), count, -1};
  if (list.values == NULL) {
    return CLF_ERROR_MEMORY;
  }
  const char *at = text;
  const char *end = text + strlen(text);
  clf_status status = CLF_OK;
  for (int64_t i = 0; i < count; i++) {
    at = read_number(at, end, &list.values[i]);
    if (at == NULL || (i + 1 < count ? *at != ',' : at != end)) {
      status = fail_value(table, param, text);
      goto done;
    }
    at++;
    CLF__TRY(check_bounds(table, param, list.values[i]));
  }
  clf__free(out->values);
  *out = list;
  return CLF_OK;
done:
  clf__free(list.values);
  return status;
}

static clf_status set_list(clf_context *context, const clf__param_table *table,
                           const clf__param *param, clf__list *list, const char *text) {
  int32_t word = param->words ? clf__word_index(param->words, text, strlen(text)) : -1;
  if (word < 0) {
    return parse_list(list, context, table, param, text);
  }
  clf__free(list->values);
  *list = (clf__list){NULL, 0, word};
  return CLF_OK;
}

static clf_status set_text(clf_context *context, char **field, const char *text) {
  char *copy = NULL;
  if (text != NULL) {
    copy = clf__copy_text(context, text);
    if (copy == NULL) {
      return CLF_ERROR_MEMORY;
    }
  }
  clf__free(*field);
  *field = copy;
  return CLF_OK;
}

/* Whether the field is a clf__number. */
static bool may_be_word(const clf__param *param) {
  return param->type == CLF_PARAM_NUMBER || param->type == CLF_PARAM_COUNT;
}

static clf_status set_number(const clf__param_table *table, const clf__param *param, void *field,
                             double value) {
  CLF__CHECK(check_bounds(table, param, value));
  if (param->type == CLF_PARAM_COUNT && value != floor(value)) {
    return fail_value(table, param, clf__number_text(value));
  }
  if (may_be_word(param)) {
    *(clf__number *)field = (clf__number){value, -1};
  } else {
    *(double *)field = value;
  }
  return CLF_OK;
}

static clf_status set_integer(const clf__param_table *table, const clf__param *param, void *field,
                              int64_t value) {
  clf_status status = check_bounds(table, param, (double)value);
  if (status == CLF_OK) {
    *(int64_t *)field = value;
  }
  return status;
}

/* Sets one field from text; `text` is NULL only for the null default of a text. */
static clf_status set_field(clf_context *context, const clf__param_table *table,
                            const clf__param *param, void *values, const char *text) {
  void *field = field_of(param, values);
  const char *end;
  double number;
  int64_t integer;
  bool truth;
  int32_t word = param->words && text ? clf__word_index(param->words, text, strlen(text)) : -1;
  switch (param->type) {
  case CLF_PARAM_TEXT:
    return set_text(context, field, text);
  case CLF_PARAM_LIST:
    return set_list(context, table, param, field, text);
  case CLF_PARAM_CHOICE:
    if (word < 0) {
      return fail_value(table, param, text);
    }
    *(int32_t *)field = word;
    return CLF_OK;
  case CLF_PARAM_BOOL:
    if (!parse_bool(text, &truth)) {
      return fail_value(table, param, text);
    }
    *(bool *)field = truth;
    return CLF_OK;
  case CLF_PARAM_I64:
    return clf__parse_i64(text, &integer) ? set_integer(table, param, field, integer)
                                          : fail_value(table, param, text);
  default:
    if (may_be_word(param) && word >= 0) {
      *(clf__number *)field = (clf__number){NAN, word};
      return CLF_OK;
    }
    end = text + strlen(text);
    return read_number(text, end, &number) == end ? set_number(table, param, field, number)
                                                  : fail_value(table, param, text);
  }
}

clf_status clf__params_set_text(clf_context *context, const clf__param_table *table, void *values,
                                const char *name, const char *value) {
  const clf__param *param = NULL;
  CLF__CHECK(find(&param, table, name));
  if (value == NULL) {
    return clf__fail(CLF_ERROR_ARGUMENT, "%s: %s must not be NULL", table->owner, name);
  }
  return set_field(context, table, param, values, value);
}

static clf_status fail_type(const clf__param_table *table, const clf__param *param,
                            const char *use) {
  static const char *const types[] = {
      [CLF_PARAM_I64] = "an integer",     [CLF_PARAM_F64] = "a number",
      [CLF_PARAM_BOOL] = "a truth value", [CLF_PARAM_CHOICE] = "a choice",
      [CLF_PARAM_TEXT] = "a text",        [CLF_PARAM_NUMBER] = "a number or a word",
      [CLF_PARAM_LIST] = "a list",        [CLF_PARAM_COUNT] = "an integer or a word",
  };
  return clf__fail(CLF_ERROR_TYPE, "%s: %s is %s; %s", table->owner, param->name,
                   types[param->type], use);
}

clf_status clf__params_set_f64(clf_context *context, const clf__param_table *table, void *values,
                               const char *name, double value) {
  (void)context;
  const clf__param *param = NULL;
  CLF__CHECK(find(&param, table, name));
  if (param->type != CLF_PARAM_F64 && !may_be_word(param)) {
    return fail_type(table, param, "set it as an integer or as text");
  }
  return set_number(table, param, field_of(param, values), value);
}

clf_status clf__params_set_i64(clf_context *context, const clf__param_table *table, void *values,
                               const char *name, int64_t value) {
  (void)context;
  const clf__param *param = NULL;
  CLF__CHECK(find(&param, table, name));
  switch (param->type) {
  case CLF_PARAM_I64:
    return set_integer(table, param, field_of(param, values), value);
  case CLF_PARAM_F64:
  case CLF_PARAM_NUMBER:
  case CLF_PARAM_COUNT:
    return set_number(table, param, field_of(param, values), (double)value);
  case CLF_PARAM_BOOL:
    if (value != 0 && value != 1) {
      return fail_type(table, param, "it must be 0 or 1");
    }
    *(bool *)field_of(param, values) = value == 1;
    return CLF_OK;
  default:
    return fail_type(table, param, "set it as text");
  }
}

clf_status clf__params_get_f64(const clf__param_table *table, const void *values, const char *name,
                               double *out) {
  const clf__param *param = NULL;
  CLF__CHECK(find(&param, table, name));
  const void *field = const_field_of(param, values);
  switch (param->type) {
  case CLF_PARAM_F64:
    *out = *(const double *)field;
    return CLF_OK;
  case CLF_PARAM_I64:
    *out = (double)*(const int64_t *)field;
    return CLF_OK;
  case CLF_PARAM_NUMBER:
  case CLF_PARAM_COUNT:
    if (((const clf__number *)field)->word < 0) {
      *out = ((const clf__number *)field)->value;
      return CLF_OK;
    }
    return fail_type(table, param, "it holds a word now; read it as text");
  default:
    return fail_type(table, param, "read it as text");
  }
}

clf_status clf__params_get_i64(const clf__param_table *table, const void *values, const char *name,
                               int64_t *out) {
  const clf__param *param = NULL;
  CLF__CHECK(find(&param, table, name));
  const void *field = const_field_of(param, values);
  switch (param->type) {
  case CLF_PARAM_I64:
    *out = *(const int64_t *)field;
    return CLF_OK;
  case CLF_PARAM_BOOL:
    *out = *(const bool *)field;
    return CLF_OK;
  case CLF_PARAM_CHOICE:
    *out = *(const int32_t *)field;
    return CLF_OK;
  case CLF_PARAM_COUNT:
    if (((const clf__number *)field)->word < 0) {
      *out = (int64_t)((const clf__number *)field)->value;
      return CLF_OK;
    }
    return fail_type(table, param, "it holds a word now; read it as text");
  default:
    return fail_type(table, param, "read it as a number or as text");
  }
}

clf_status clf__params_get_text(const clf__param_table *table, const void *values, const char *name,
                                clf__text *out) {
  const clf__param *param = NULL;
  CLF__CHECK(find(&param, table, name));
  clf__param_append(out, param, values);
  return out->failed ? CLF_ERROR_MEMORY : CLF_OK;
}

clf_status clf__params_create(void **values, clf_context *context, const clf__param_table *table,
                              const char *text) {
  void *made = clf__alloc_zeroed(context, 1, table->size);
  if (made == NULL) {
    return CLF_ERROR_MEMORY;
  }
  clf_status status = CLF_OK;
  for (int64_t i = 0; i < table->count; i++) {
    const clf__param *param = &table->params[i];
    CLF__TRY(set_field(context, table, param, made, param->default_value));
  }
  CLF__TRY(clf__params_parse(context, table, made, text));
  *values = made;
  return CLF_OK;
done:
  clf__params_free(table, made);
  return status;
}

clf_status clf__params_copy(void **copy, clf_context *context, const clf__param_table *table,
                            const void *values) {
  void *made = clf__alloc(context, table->size);
  if (made == NULL) {
    return CLF_ERROR_MEMORY;
  }
  memcpy(made, values, table->size);
  clf_status status = CLF_OK;
  for (int64_t i = 0; i < table->count; i++) {
    const clf__param *param = &table->params[i];
    void *field = field_of(param, made);
    if (param->type == CLF_PARAM_TEXT) {
      char *text = *(char **)field;
      *(char **)field = NULL;
      status = status < 0 ? status : set_text(context, field, text);
    } else if (param->type == CLF_PARAM_LIST) {
      clf__list *list = field;
      const double *numbers = list->values;
      list->values = NULL;
      if (numbers != NULL && status == CLF_OK) {
        list->values = clf__alloc_array(context, list->count, sizeof(double));
        status = list->values != NULL ? CLF_OK : CLF_ERROR_MEMORY;
      }
      if (list->values != NULL) {
        memcpy(list->values, numbers, (size_t)list->count * sizeof(double));
      }
    }
  }
  if (status < 0) {
    clf__params_free(table, made);
    return status;
  }
  *copy = made;
  return CLF_OK;
}

void clf__params_clear_text(const clf__param_table *table, void *values, const char *name) {
  for (int64_t i = 0; name != NULL && i < table->count; i++) {
    if (strcmp(table->params[i].name, name) == 0) {
      char **text = field_of(&table->params[i], values);
      clf__free(*text);
      *text = NULL;
    }
  }
}

void clf__params_free(const clf__param_table *table, void *values) {
  if (values == NULL) {
    return;
  }
  for (int64_t i = 0; i < table->count; i++) {
    const clf__param *param = &table->params[i];
    if (param->type == CLF_PARAM_TEXT) {
      clf__free(*(char **)field_of(param, values));
    } else if (param->type == CLF_PARAM_LIST) {
      clf__free(((clf__list *)field_of(param, values))->values);
    }
  }
  clf__free(values);
}

/* Sets a parameter that the text has not set before: given [table->count]. */
static clf_status set_once(clf_context *context, const clf__param_table *table, void *values,
                           bool *given, const char *name, const char *value) {
  const clf__param *param = NULL;
  CLF__CHECK(find(&param, table, name));
  if (given[param - table->params]) {
    return clf__fail(CLF_ERROR_ARGUMENT, "%s: %s is given twice; the second value is '%s'",
                     table->owner, name, value);
  }
  given[param - table->params] = true;
  return set_field(context, table, param, values, value);
}

/* Parses into a copy, which then takes the place of the values, so that an error changes nothing.
 */
clf_status clf__params_parse(clf_context *context, const clf__param_table *table, void *values,
                             const char *text) {
  if (text == NULL) {
    return CLF_OK;
  }
  void *copy = NULL;
  char *name = NULL;
  char *value = NULL;
  bool *given = clf__alloc_zeroed(context, table->count, sizeof *given);
  clf_status status = given != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  CLF__TRY(status);
  CLF__TRY(clf__params_copy(&copy, context, table, values));
  for (;;) {
    CLF__TRY(clf__params_next(context, &text, &name, &value));
    if (name == NULL) {
      break;
    }
    status = set_once(context, table, copy, given, name, value);
    clf__free(name);
    clf__free(value);
    name = value = NULL;
    if (status < 0) {
      goto done;
    }
  }
  /* The old texts and lists go with the copy. */
  for (size_t i = 0; i < table->size; i++) {
    char byte = ((char *)values)[i];
    ((char *)values)[i] = ((char *)copy)[i];
    ((char *)copy)[i] = byte;
  }
done:
  clf__free(given);
  clf__params_free(table, copy);
  return status;
}

clf_status clf__params_describe(const clf__param_table *table, int64_t index, clf_param_info *out) {
  if (index < 0 || index >= table->count) {
    return clf__fail(CLF_ERROR_ARGUMENT, "%s has %lld parameters; there is no number %lld",
                     table->owner, (long long)table->count, (long long)index);
  }
  const clf__param *param = &table->params[index];
  *out = (clf_param_info){
      .name = param->name,
      .type = param->type,
      .default_value = param->default_value != NULL ? param->default_value : "",
      .minimum = param->minimum,
      .maximum = param->maximum,
      .exclusive = param->exclusive,
      .words = param->words != NULL ? param->words : "",
      .help = param->help,
  };
  return CLF_OK;
}
