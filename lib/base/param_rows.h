/* Parameters declared once, in a table. The values are in a struct of the object; each row of the
 * table states the offset of its field: I64 int64_t, F64 double, BOOL bool, CHOICE int32_t (index
 * of the word), TEXT char * (owned), NUMBER and COUNT clf__number, LIST clf__list (owned). */
#ifndef CLF_BASE_PARAM_ROWS_H
#define CLF_BASE_PARAM_ROWS_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <classify/catalog.h>
#include <classify/context.h>

typedef struct clf__number {
  double value;
  int32_t word; /* index of the word, or -1 if it is a number */
} clf__number;

typedef struct clf__list {
  double *values;
  char *keys; /* of a list "key:number,…": the keys, each with a NUL; otherwise NULL */
  int64_t count;
  int32_t word; /* index of the word, or -1 if it is a list */
} clf__list;

typedef struct clf__param {
  const char *member;        /* such as "style.header"; its last part is the parameter's name */
  int32_t type;              /* CLF_PARAM_… */
  size_t offset;             /* of the value in its struct */
  const char *default_value; /* as text; NULL for the null text */
  const char *words;         /* "a|b", or NULL */
  const char *help;
  double maximum, minimum; /* of numbers and list elements; INFINITY, -INFINITY for none */
  bool exclusive;          /* the minimum itself is not allowed */
  bool keyed;              /* a list may also be "key:number,…" */
} clf__param;

typedef struct clf__param_table {
  const char *owner; /* for messages: whose parameters they are, such as "ridge" */
  const clf__param *params;
  int64_t count;
  size_t size; /* of the struct of values */
} clf__param_table;

static inline const char *clf__param_name(const clf__param *param) {
  const char *dot = strrchr(param->member, '.');
  return dot != NULL ? dot + 1 : param->member;
}

#define CLF__PARAM_COUNT(params) ((int64_t)(sizeof(params) / sizeof((params)[0])))

/* A row of a table. The file that uses these macros defines CLF__VALUES as the struct of the
 * values. A row has the member, by whose name users know the parameter, the words, the default as
 * text, the bounds and the help. A member of the wrong type does not compile. CLF__ABOVE(0) is a
 * minimum that is not allowed itself. A row is one line, or two, of which the second is the
 * help. */
#define CLF__INT(member, standard, min, max, help)                                                 \
  CLF__ROW(I64, int64_t, member, NULL, standard, help, max, .minimum = min)
#define CLF__REAL(member, standard, min, max, help)                                                \
  CLF__ROW(F64, double, member, NULL, standard, help, max, .minimum = min)
#define CLF__BOOL(member, standard, help)                                                          \
  CLF__ROW(BOOL, bool, member, NULL, standard, help, CLF__UNBOUNDED)
#define CLF__CHOICE(member, words, standard, help)                                                 \
  CLF__ROW(CHOICE, int32_t, member, words, standard, help, CLF__UNBOUNDED)
#define CLF__TEXT(member, standard, help)                                                          \
  CLF__ROW(TEXT, char *, member, NULL, standard, help, CLF__UNBOUNDED)
#define CLF__INT_OR(member, words, standard, min, max, help)                                       \
  CLF__ROW(COUNT, clf__number, member, words, standard, help, max, .minimum = min)
#define CLF__REAL_OR(member, words, standard, min, max, help)                                      \
  CLF__ROW(NUMBER, clf__number, member, words, standard, help, max, .minimum = min)
#define CLF__LIST(member, words, standard, min, max, help)                                         \
  CLF__ROW(LIST, clf__list, member, words, standard, help, max, .minimum = min)
#define CLF__KEYED_LIST(member, words, standard, min, max, help)                                   \
  CLF__ROW(LIST, clf__list, member, words, standard, help, max, .minimum = min, .keyed = true)
#define CLF__ABOVE(minimum) minimum, true

/* The row of the parameter `precision`: f64 computes what is otherwise computed in f32. */
#define CLF__PRECISION(help) CLF__CHOICE(precision, "f32|f64", "f32", help)
enum { CLF__PRECISION_F32, CLF__PRECISION_F64 };

#define CLF__ROW(type, c_type, member, words, standard, help, ...)                                 \
  { #member, CLF_PARAM_##type, CLF__FIELD(member, c_type), standard, words, help, __VA_ARGS__ }
#define CLF__UNBOUNDED INFINITY, .minimum = -INFINITY
#define CLF__FIELD(member, c_type)                                                                 \
  (offsetof(CLF__VALUES, member) * sizeof(_Generic(((CLF__VALUES *)0)->member, c_type : (char)0)))

#endif
