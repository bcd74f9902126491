/* Work on parameter tables: finding, setting, reading and copying values of any type. */
#include "base/params.h"

#include <string.h>

#include "base/memory.h"
#include "base/params_types.h"
#include "base/status.h"

static clf__field field_of(clf_context *context, const clf__param_table *table,
                           const clf__param *param, const void *values) {
  return (clf__field){context, table, param, (char *)values + param->offset};
}

static const char *nearest_param(const clf__param_table *table, const char *name) {
  const char *best = NULL;
  for (int64_t i = 0; i < table->count; i++) {
    const char *pair[2] = {clf__param_name(&table->params[i]), best};
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
    clf__fail(CLF_ERROR_ARGUMENT, "%s%s%s", clf__param_name(&table->params[i]),
              rest[0] != '\0' ? ", " : "", rest);
  }
  return clf__fail(CLF_ERROR_ARGUMENT, "%s has no parameter '%s'; it has: %s", table->owner, name,
                   clf_last_error());
}

static const clf__param *named(const clf__param_table *table, const char *name) {
  for (int64_t i = 0; i < table->count; i++) {
    if (strcmp(clf__param_name(&table->params[i]), name) == 0) {
      return &table->params[i];
    }
  }
  return NULL;
}

/* Returns the field of `values` that the named parameter sets. */
static clf_status find(clf__field *out, clf_context *context, const clf__param_table *table,
                       const void *values, const char *name) {
  if (name == NULL) {
    return clf__fail(CLF_ERROR_ARGUMENT, "%s: a parameter's name must not be NULL", table->owner);
  }
  const clf__param *param = named(table, name);
  if (param == NULL) {
    return fail_unknown(table, name);
  }
  *out = field_of(context, table, param, values);
  return CLF_OK;
}

clf_status clf__params_set_text(clf_context *context, const clf__param_table *table, void *values,
                                const char *name, const char *value) {
  clf__field field;
  CLF__CHECK(find(&field, context, table, values, name));
  if (value == NULL) {
    return clf__fail(CLF_ERROR_ARGUMENT, "%s: %s must not be NULL", table->owner, name);
  }
  return clf__param_type_of(field.param)->parse(&field, value);
}

clf_status clf__params_set_f64(clf_context *context, const clf__param_table *table, void *values,
                               const char *name, double value) {
  clf__field field;
  CLF__CHECK(find(&field, context, table, values, name));
  const clf__param_type *type = clf__param_type_of(field.param);
  return type->set_f64 != NULL ? type->set_f64(&field, value)
                               : clf__field_fail_type(&field, "set it as an integer or as text");
}

clf_status clf__params_set_i64(clf_context *context, const clf__param_table *table, void *values,
                               const char *name, int64_t value) {
  clf__field field;
  CLF__CHECK(find(&field, context, table, values, name));
  const clf__param_type *type = clf__param_type_of(field.param);
  return type->set_i64 != NULL   ? type->set_i64(&field, value)
         : type->set_f64 != NULL ? type->set_f64(&field, (double)value)
                                 : clf__field_fail_type(&field, "set it as text");
}

clf_status clf__params_get_f64(const clf__param_table *table, const void *values, const char *name,
                               double *out) {
  clf__field field;
  CLF__CHECK(find(&field, NULL, table, values, name));
  const clf__param_type *type = clf__param_type_of(field.param);
  if (type->get_f64 == NULL) {
    return clf__field_fail_type(&field, "read it as text");
  }
  return type->get_f64(field.at, out)
             ? CLF_OK
             : clf__field_fail_type(&field, "it holds a word now; read it as text");
}

clf_status clf__params_get_i64(const clf__param_table *table, const void *values, const char *name,
                               int64_t *out) {
  clf__field field;
  CLF__CHECK(find(&field, NULL, table, values, name));
  const clf__param_type *type = clf__param_type_of(field.param);
  if (type->get_i64 == NULL) {
    return clf__field_fail_type(&field, "read it as a number or as text");
  }
  return type->get_i64(field.at, out)
             ? CLF_OK
             : clf__field_fail_type(&field, "it holds a word now; read it as text");
}

clf_status clf__params_type(const clf__param_table *table, const char *name, int32_t *type) {
  clf__field field;
  CLF__CHECK(find(&field, NULL, table, NULL, name));
  *type = field.param->type;
  return CLF_OK;
}

clf_status clf__params_get_text(const clf__param_table *table, const void *values, const char *name,
                                clf__text *out) {
  clf__field field;
  CLF__CHECK(find(&field, NULL, table, values, name));
  clf__param_append(out, field.param, values);
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
    const clf__field field = field_of(context, table, &table->params[i], made);
    CLF__TRY(clf__param_type_of(field.param)->parse(&field, field.param->default_value));
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
  void *made = clf__alloc_zeroed(context, 1, table->size);
  if (made == NULL) {
    return CLF_ERROR_MEMORY;
  }
  clf_status status = CLF_OK;
  for (int64_t i = 0; i < table->count; i++) {
    const size_t offset = table->params[i].offset;
    const clf__param_type *type = clf__param_type_of(&table->params[i]);
    void *to = (char *)made + offset;
    const void *from = (const char *)values + offset;
    if (type->copy != NULL) {
      CLF__TRY(type->copy(context, to, from));
    } else {
      memcpy(to, from, type->size);
    }
  }
  *copy = made;
  return CLF_OK;
done:
  clf__params_free(table, made);
  return status;
}

const char *clf__params_text(const clf__param_table *table, const void *values, const char *name) {
  for (int64_t i = 0; i < table->count; i++) {
    const clf__param *param = &table->params[i];
    if (param->type == CLF_PARAM_TEXT && strcmp(clf__param_name(param), name) == 0) {
      return *(char *const *)(const void *)((const char *)values + param->offset);
    }
  }
  return NULL;
}

void clf__params_clear_text(const clf__param_table *table, void *values, const char *name) {
  const clf__param *param = name != NULL ? named(table, name) : NULL;
  if (param != NULL) {
    clf__param_type_of(param)->clear((char *)values + param->offset);
  }
}

void clf__params_free(const clf__param_table *table, void *values) {
  for (int64_t i = 0; values != NULL && i < table->count; i++) {
    const clf__param_type *type = clf__param_type_of(&table->params[i]);
    if (type->clear != NULL) {
      type->clear((char *)values + table->params[i].offset);
    }
  }
  clf__free(values);
}

/* Sets a parameter, and refuses one that the text has set before. `given` is [table->count]. */
static clf_status set_once(clf_context *context, const clf__param_table *table, void *values,
                           bool *given, const char *name, const char *value) {
  clf__field field;
  CLF__CHECK(find(&field, context, table, values, name));
  if (given[field.param - table->params]) {
    return clf__fail(CLF_ERROR_ARGUMENT, "%s: %s is given twice; the second value is '%s'",
                     table->owner, name, value);
  }
  given[field.param - table->params] = true;
  return clf__param_type_of(field.param)->parse(&field, value);
}

/* Parses into a copy that replaces the values at the end, so that an error changes nothing. */
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
  /* The old texts and lists are freed with the copy. */
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
      .name = clf__param_name(param),
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
