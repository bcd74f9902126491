/* A type of parameter: functions on one value. No other code in params*.c depends on the type. */
#ifndef CLF_BASE_PARAMS_TYPES_H
#define CLF_BASE_PARAMS_TYPES_H

#include "base/param_rows.h"
#include "base/text.h"

/* One value in a struct of values. */
typedef struct clf__field {
  clf_context *context;
  const clf__param_table *table;
  const clf__param *param;
  void *at;
} clf__field;

typedef struct clf__param_type {
  const char *noun; /* in messages: "an integer" */
  const char *form; /* how a text that is not a word looks; NULL if only the words are allowed */
  size_t size;      /* of a value */
  bool quoted;      /* a char *, which parameter strings quote, or leave out if it is NULL */
  clf_status (*parse)(const clf__field *field, const char *text);
  void (*print)(clf__text *out, const clf__param *param, const void *at);
  /* NULL if the type cannot be set from, or read as, such a value. If set_i64 is NULL, integers are
   * set as numbers. Reading returns false for a number that is a word now. */
  clf_status (*set_f64)(const clf__field *field, double value);
  clf_status (*set_i64)(const clf__field *field, int64_t value);
  bool (*get_f64)(const void *at, double *out);
  bool (*get_i64)(const void *at, int64_t *out);
  /* For values that own memory; NULL for values that are copied byte by byte. `to` is zeroed. */
  clf_status (*copy)(clf_context *context, void *to, const void *from);
  void (*clear)(void *at);
} clf__param_type;

/* By CLF_PARAM_…. */
extern const clf__param_type clf__param_types[];

static inline const clf__param_type *clf__param_type_of(const clf__param *param) {
  return &clf__param_types[param->type];
}

/* Appends the numbers of a list, with its keys, in which a quote is doubled. */
void clf__list_print(clf__text *out, const clf__list *list, char quote);

/* Returns CLF_ERROR_TYPE; the message says what the parameter is and how to set it. */
clf_status clf__field_fail_type(const clf__field *field, const char *use);

#endif
