/* Parameters declared once, in a table. The values are in a struct of the object; each row of the
 * table states the offset of its field: I64 int64_t, F64 double, BOOL bool, CHOICE int32_t (index of
 * the word), TEXT char * (owned), NUMBER and COUNT clf__number, LIST clf__list (owned). */
#ifndef CLF_BASE_PARAM_ROWS_H
#define CLF_BASE_PARAM_ROWS_H

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

#endif
