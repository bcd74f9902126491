/* Parameters are declared once, in a table. The setters, "name=value" strings, the catalog, the
 * model file and every message use it.
 *
 * The values live in a struct of the object; each row of the table gives the offset of its field:
 * I64 int64_t, F64 double, BOOL bool, CHOICE int32_t (index of the word), TEXT char * (owned),
 * NUMBER clf__number, LIST clf__list (owned). */
#ifndef CLF_BASE_PARAMS_H
#define CLF_BASE_PARAMS_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <classify/catalog.h>
#include <classify/context.h>

typedef struct clf__number {
  double value;
  int32_t word; /* index of the word, or -1 if it is a number */
} clf__number;

typedef struct clf__list {
  double *values;
  int64_t count;
  int32_t word; /* index of the word, or -1 if it is a list */
} clf__list;

typedef struct clf__param {
  const char *name;
  int32_t type;              /* CLF_PARAM_… */
  size_t offset;             /* of the value in its struct */
  const char *default_value; /* as text; NULL for the null text */
  const char *words;         /* "a|b", or NULL */
  const char *help;
  double maximum, minimum; /* of numbers and list elements; INFINITY, -INFINITY for none */
  bool exclusive;          /* the minimum itself is not allowed */
} clf__param;

struct clf__text;

typedef struct clf__param_table {
  const char *owner; /* for messages: whose parameters they are, such as "ridge" */
  const clf__param *params;
  int64_t count;
  size_t size; /* of the struct of values */
} clf__param_table;

#define CLF__PARAM_COUNT(params) ((int64_t)(sizeof(params) / sizeof((params)[0])))

/* A row of a table. The file that uses these macros defines CLF__VALUES as the struct of the
 * values. A row has the name, the member, the words, the default as text, the bounds and the help.
 * A member of the wrong type does not compile. CLF__ABOVE(0) is a minimum that is not allowed
 * itself. */
#define CLF__INT(name, member, standard, min, max, help)                                           \
  CLF__ROW(I64, int64_t, name, member, NULL, standard, help, max, .minimum = min)
#define CLF__REAL(name, member, standard, min, max, help)                                          \
  CLF__ROW(F64, double, name, member, NULL, standard, help, max, .minimum = min)
#define CLF__BOOL(name, member, standard, help)                                                    \
  CLF__ROW(BOOL, bool, name, member, NULL, standard, help, CLF__UNBOUNDED)
#define CLF__CHOICE(name, member, words, standard, help)                                           \
  CLF__ROW(CHOICE, int32_t, name, member, words, standard, help, CLF__UNBOUNDED)
#define CLF__TEXT(name, member, standard, help)                                                    \
  CLF__ROW(TEXT, char *, name, member, NULL, standard, help, CLF__UNBOUNDED)
#define CLF__INT_OR(name, member, words, standard, min, max, help)                                 \
  CLF__ROW(COUNT, clf__number, name, member, words, standard, help, max, .minimum = min)
#define CLF__REAL_OR(name, member, words, standard, min, max, help)                                \
  CLF__ROW(NUMBER, clf__number, name, member, words, standard, help, max, .minimum = min)
#define CLF__LIST(name, member, words, standard, min, max, help)                                   \
  CLF__ROW(LIST, clf__list, name, member, words, standard, help, max, .minimum = min)
#define CLF__ABOVE(minimum) minimum, true

#define CLF__ROW(type, c_type, name, member, words, standard, help, ...)                           \
  { name, CLF_PARAM_##type, CLF__FIELD(member, c_type), standard, words, help, __VA_ARGS__ }
#define CLF__UNBOUNDED INFINITY, .minimum = -INFINITY
#define CLF__FIELD(member, c_type)                                                                 \
  (offsetof(CLF__VALUES, member) * sizeof(_Generic(((CLF__VALUES *)0)->member, c_type : (char)0)))

/* Makes a struct of values: the defaults, changed by `text` ("name=value …", NULL for none). Values
 * with spaces are quoted by ' or "; within the value that quote is doubled. Free the struct by
 * clf__params_free, which allows NULL. */
clf_status clf__params_create(void **values, clf_context *context, const clf__param_table *table,
                              const char *text);
clf_status clf__params_copy(void **copy, clf_context *context, const clf__param_table *table,
                            const void *values);
void clf__params_free(const clf__param_table *table, void *values);
/* Sets a text parameter to the null text, which clf__params_format() leaves out. If the name is
 * NULL, it does nothing. */
void clf__params_clear_text(const clf__param_table *table, void *values, const char *name);

/* Sets several parameters, each at most once. After an error none is changed. */
clf_status clf__params_parse(clf_context *context, const clf__param_table *table, void *values,
                             const char *text);
clf_status clf__params_set_text(clf_context *context, const clf__param_table *table, void *values,
                                const char *name, const char *value);
clf_status clf__params_set_f64(clf_context *context, const clf__param_table *table, void *values,
                               const char *name, double value);
clf_status clf__params_set_i64(clf_context *context, const clf__param_table *table, void *values,
                               const char *name, int64_t value);
clf_status clf__params_get_f64(const clf__param_table *table, const void *values, const char *name,
                               double *out);
clf_status clf__params_get_i64(const clf__param_table *table, const void *values, const char *name,
                               int64_t *out);
/* Writes one value as text to `out`, whose `failed` flag is set if memory runs out. */
clf_status clf__params_get_text(const clf__param_table *table, const void *values, const char *name,
                                struct clf__text *out);
void clf__param_append(struct clf__text *out, const clf__param *param, const void *values);
/* Write all values as "name=value …", which clf__params_parse() reads back, and one text as such a
 * value. */
void clf__params_format(const clf__param_table *table, const void *values, struct clf__text *out);
void clf__params_quote(struct clf__text *out, const char *value);
/* The same to a caller's buffer, as clf_model_params() has it. */
clf_status clf__params_copy_text(const clf__param_table *table, const void *values,
                                 clf_context *context, char *buffer, size_t capacity,
                                 size_t *needed);

clf_status clf__params_describe(const clf__param_table *table, int64_t index, clf_param_info *out);

/* Splits "name=value …" at blanks outside quotes. Each call returns the next pair, which the caller
 * frees, and advances *text. *name is NULL at the end. */
clf_status clf__params_next(clf_context *context, const char **text, char **name, char **value);

#endif
