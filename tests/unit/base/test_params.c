#include <string.h>

#include "base/context.h"
#include "base/memory.h"
#include "base/params.h"
#include "base/text.h"
#include "support.h"

/* A value of each type. */
typedef struct all_values {
  int64_t integer;
  double real;
  bool truth;
  int32_t choice;
  char *text;
  clf__number count, number;
  clf__list list;
} all_values;

#define CLF__VALUES all_values
static const clf__param rows[] = {
    CLF__INT(integer, "3", 1, 9, "an integer"),
    CLF__REAL(real, "0.5", CLF__ABOVE(0), 2, "a number"),
    CLF__BOOL(truth, "true", "a truth value"),
    CLF__CHOICE(choice, "red|green", "green", "a choice"),
    CLF__TEXT(text, NULL, "a text"),
    CLF__INT_OR(count, "auto", "auto", 1, 9, "an integer or a word"),
    CLF__REAL_OR(number, "auto", "2.5", 0, 9, "a number or a word"),
    CLF__LIST(list, "none", "1,2", 0, 9, "a list"),
};
static const clf__param_table table = {"all", rows, CLF__PARAM_COUNT(rows), sizeof(all_values)};

static clf_context *context;
static all_values *values;

static void make(const char *text) {
  void *made = NULL;
  context = clf__context_retain(NULL);
  ck_clf_ok(clf__params_create(&made, context, &table, text));
  values = made;
}

static void drop(void) {
  clf__params_free(&table, values);
  clf__context_release(context);
}

TEST(defaults__are_set_for_every_type) {
  make(NULL);
  ck_assert_int_eq(values->integer, 3);
  ck_assert_double_eq(values->real, 0.5);
  ck_assert(values->truth);
  ck_assert_int_eq(values->choice, 1);
  ck_assert_ptr_null(values->text);
  ck_assert_int_eq(values->count.word, 0);
  ck_assert_double_eq(values->number.value, 2.5);
  ck_assert_int_eq(values->number.word, -1);
  ck_assert_int_eq(values->list.count, 2);
  ck_assert_double_eq(values->list.values[1], 2);
  drop();
}

/* Integers set numbers, too; what a type does not take is refused with what would do. */
TEST(setters__take_what_the_type_holds_or_say_what_would) {
  static const struct {
    const char *name, *real, *integer; /* the messages; NULL where 2 is taken */
  } cases[] = {
      {"integer", "all: integer is an integer; set it as an integer or as text", NULL},
      {"real", NULL, NULL},
      {"truth", "all: truth is a truth value; set it as an integer or as text",
       "all: truth is a truth value; it must be 0 or 1"},
      {"choice", "all: choice is a choice; set it as an integer or as text",
       "all: choice is a choice; set it as text"},
      {"text", "all: text is a text; set it as an integer or as text",
       "all: text is a text; set it as text"},
      {"count", NULL, NULL},
      {"number", NULL, NULL},
      {"list", "all: list is a list; set it as an integer or as text",
       "all: list is a list; set it as text"},
  };
  make(NULL);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const clf_status real = clf__params_set_f64(context, &table, values, cases[i].name, 2);
    ck_assert_int_eq(real, cases[i].real != NULL ? CLF_ERROR_TYPE : CLF_OK);
    ck_assert(cases[i].real == NULL || strcmp(clf_last_error(), cases[i].real) == 0);
    const clf_status integer = clf__params_set_i64(context, &table, values, cases[i].name, 2);
    ck_assert_int_eq(integer, cases[i].integer != NULL ? CLF_ERROR_TYPE : CLF_OK);
    ck_assert(cases[i].integer == NULL || strcmp(clf_last_error(), cases[i].integer) == 0);
  }
  ck_assert_double_eq(values->real, 2);
  ck_assert_int_eq(values->integer, 2);
  ck_assert_double_eq(values->count.value, 2);
  ck_clf_fails(clf__params_set_f64(context, &table, values, "count", 2.5), CLF_ERROR_ARGUMENT);
  ck_assert_str_eq(clf_last_error(), "all: count is '2.5'; it must be an integer or one of auto");
  ck_clf_ok(clf__params_set_i64(context, &table, values, "truth", 0));
  ck_assert(!values->truth);
  drop();
}

TEST(getters__give_what_the_type_holds_or_say_what_would) {
  static const struct {
    const char *name, *real, *integer; /* the ends of the messages; NULL where there is a value */
    double value;
  } cases[] = {
      {"integer", NULL, NULL, 3},
      {"real", NULL, "read it as a number or as text", 0.5},
      {"truth", "read it as text", NULL, 1},
      {"choice", "read it as text", NULL, 1},
      {"text", "read it as text", "read it as a number or as text", 0},
      {"count", "it holds a word now; read it as text", "it holds a word now; read it as text", 0},
      {"number", NULL, "read it as a number or as text", 2.5},
      {"list", "read it as text", "read it as a number or as text", 0},
  };
  make(NULL);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    double real = -1;
    int64_t integer = -1;
    const clf_status by_real = clf__params_get_f64(&table, values, cases[i].name, &real);
    ck_assert_int_eq(by_real, cases[i].real != NULL ? CLF_ERROR_TYPE : CLF_OK);
    ck_assert_double_eq(real, cases[i].real != NULL ? -1 : cases[i].value);
    if (cases[i].real != NULL) {
      ck_clf_says(cases[i].real);
    }
    const clf_status by_integer = clf__params_get_i64(&table, values, cases[i].name, &integer);
    ck_assert_int_eq(by_integer, cases[i].integer != NULL ? CLF_ERROR_TYPE : CLF_OK);
    ck_assert_int_eq(integer, cases[i].integer != NULL ? -1 : (int64_t)cases[i].value);
    if (cases[i].integer != NULL) {
      ck_clf_says(cases[i].integer);
    }
  }
  drop();
}

static char *formatted(void) {
  clf__text text = {.context = context};
  clf__params_format(&table, values, &text);
  ck_assert(!text.failed);
  return text.bytes;
}

TEST(format__is_what_parse_reads) {
  make("text='a b' count=4 number=auto list=none truth=no choice=red");
  char *text = formatted();
  ck_assert_str_eq(text,
                   "integer=3 real=0.5 truth=false choice=red text=\"a b\" count=4 "
                   "number=auto list=none");
  clf__free(text);
  drop();
  make(NULL);
  text = formatted();
  ck_assert_str_eq(text,
                   "integer=3 real=0.5 truth=true choice=green count=auto number=2.5 "
                   "list=1,2");
  clf__free(text);
  drop();
}

/* Every text is read back, even one with quotes of both kinds. */
TEST(texts__come_back_from_a_parameter_string) {
  static const char *const texts[] = {"",      "a b",   "it's",    "say \"x\"",  "\"",
                                      "'",     "''",    "\"'\"'",  "'\"",        "a\"\" ''b",
                                      "\t\n ", "x=1 y", "\"a' b=", "é 'ü' \"ß\""};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    make(NULL);
    ck_clf_ok(clf__params_set_text(context, &table, values, "text", texts[i]));
    char *text = formatted();
    void *again = NULL;
    ck_clf_ok(clf__params_create(&again, context, &table, text));
    if (*texts[i] == '\0') {
      ck_assert_ptr_null(((all_values *)again)->text); /* the default, which is none */
    } else {
      ck_assert_str_eq(((all_values *)again)->text, texts[i]);
    }
    clf__params_free(&table, again);
    clf__free(text);
    drop();
  }
}

TEST(quotes__are_closed_before_a_blank) {
  static const char *const texts[] = {"text='a", "text=\"a\"b", "text='a''",
                                      "text='",  "text=''a",    "text=\"\"\""};
  make(NULL);
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    ck_clf_fails(clf__params_parse(context, &table, values, texts[i]), CLF_ERROR_ARGUMENT);
    ck_clf_says("text: the quoted value must end with");
  }
  ck_assert_ptr_null(values->text);
  drop();
}

/* A copy has memory of its own, and a text that fails changes nothing. */
TEST(copies__share_nothing) {
  void *copy = NULL;
  make("text=one list=3,4");
  ck_clf_ok(clf__params_copy(&copy, context, &table, values));
  ck_clf_fails(clf__params_parse(context, &table, values, "text=two list=5 integer=0"),
               CLF_ERROR_ARGUMENT);
  ck_assert_str_eq(clf_last_error(), "all: integer is 0; it must be at least 1");
  ck_assert_str_eq(values->text, "one");
  ck_clf_ok(clf__params_parse(context, &table, values, "text=two list=5"));
  ck_assert_str_eq(((all_values *)copy)->text, "one");
  ck_assert_int_eq(((all_values *)copy)->list.count, 2);
  ck_assert_double_eq(((all_values *)copy)->list.values[1], 4);
  clf__params_clear_text(&table, copy, "text");
  ck_assert_ptr_null(((all_values *)copy)->text);
  ck_assert_str_eq(values->text, "two");
  clf__params_free(&table, copy);
  drop();
}

SUITE("params")
