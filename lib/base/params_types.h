/* What a type of parameter is: a row of functions on one value. All else in params*.c asks no type. */
#ifndef CLF_BASE_PARAMS_TYPES_H
#define CLF_BASE_PARAMS_TYPES_H

#include "base/params.h"
#include "base/text.h"

/* One value of a struct of values. */
typedef struct clf__field {
  clf_context *context;
  const clf__param_table *table;
  const clf__param *param;
  void *at;
} clf__field;

typedef struct clf__param_type {
  const char *noun; /* in messages: "an integer" */
  const char *form; /* of texts other than the words; NULL where those are all */
  size_t size;      /* of a value */
  bool quoted;      /* a char *, which parameter strings quote, or leave out where it is NULL */
  clf_status (*parse)(const clf__field *field, const char *text);
  void (*print)(clf__text *out, const clf__param *param, const void *at);
  /* NULL for what the type does not take or give. Integers are set as numbers where set_i64 is
   * NULL; a value that is a word now has no number: false. */
  clf_status (*set_f64)(const clf__field *field, double value);
  clf_status (*set_i64)(const clf__field *field, int64_t value);
  bool (*get_f64)(const void *at, double *out);
  bool (*get_i64)(const void *at, int64_t *out);
  /* Of values that own memory; NULL for those that are copied byte by byte. `to` is zeroed. */
  clf_status (*copy)(clf_context *context, void *to, const void *from);
  void (*clear)(void *at);
} clf__param_type;

/* By CLF_PARAM_…. */
extern const clf__param_type clf__param_types[];

static inline const clf__param_type *clf__param_type_of(const clf__param *param) {
  return &clf__param_types[param->type];
}

/* CLF_ERROR_TYPE that says what the parameter is and how to use it. */
clf_status clf__field_fail_type(const clf__field *field, const char *use);

#endif
