/* Tables with texts, dates and missing values: columns of categories, and what is refused. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "data/dataset.h"
#include "data/formats/csv/csv.h"
#include "failing_allocator.h"
#include "log.h"
#include "reader.h"
#include "support.h"

static void open_and_listen(void) {
  open_context();
  clf_context_set_log(context, listen, NULL);
  forget_log();
}

static clf_dataset *read_table(const char *text, const char *params) {
  clf_dataset *rows = NULL;
  ck_clf_ok(clf_dataset_load_memory(&rows, context, "csv", text, strlen(text), params));
  return rows;
}

static double at(const clf_dataset *rows, int64_t row, int64_t column) {
  const clf__rows x = clf__dataset_rows(rows);
  return clf__rows_element(&x, row, column);
}

static const char people[] =
    "age,city,zip,label\n"
    "31,Bern,03011,yes\n"
    ",\"Z\xC3\xBCrich, \"\"West\"\"\",08005,no\n"
    "45,Bern,,yes\n"
    "27,,03011,no\n";

TEST(texts__are_categories_in_order_of_their_appearance) {
  clf_dataset *rows = read_table(people, "missing=keep");
  ck_assert_str_eq(clf_dataset_guesses(rows),
                   "delimiter=comma header=true label=\"label\" categories=\"city\"");
  ck_assert_ptr_nonnull(strstr(informed, "categories=city"));
  ck_assert_int_eq(clf_dataset_category_count(rows, 0), 0);
  ck_assert_int_eq(clf_dataset_category_count(rows, 1), 2);
  ck_assert_int_eq(clf_dataset_category_count(rows, 2), 0); /* numbers, unless they are listed */
  ck_assert_str_eq(clf_dataset_category_name(rows, 1, 1), "Z\xC3\xBCrich, \"West\"");
  const double expected[] = {0, 1, 0, NAN};
  for (int i = 0; i < 4; i++) {
    ck_assert(isnan(expected[i]) ? isnan(at(rows, i, 1)) : at(rows, i, 1) == expected[i]);
  }
  ck_assert(isnan(at(rows, 1, 0)));
  ck_assert_double_eq(at(rows, 1, 2), 8005);
  clf_dataset_free(rows);
}

TEST(categories__may_be_listed) {
  clf_dataset *rows = read_table(people, "missing=keep categories=zip,city");
  ck_assert_str_eq(clf_dataset_category_name(rows, 2, 0), "03011");
  ck_assert_str_eq(clf_dataset_category_name(rows, 2, 1), "08005");
  ck_assert(isnan(at(rows, 2, 2)));
  clf_dataset_free(rows);
  rows = read_table(people, "missing=skip categories=2,3 columns=zip,city");
  ck_assert_int_eq(clf_dataset_rows(rows), 2); /* the age is left out, and so are its rows */
  ck_assert_str_eq(clf_dataset_category_name(rows, 0, 0), "03011"); /* where columns= puts it */
  ck_assert_str_eq(clf_dataset_category_name(rows, 1, 0), "Bern");
  clf_dataset_free(rows);
}

TEST(categories__are_refused_where_they_may_be_a_mistake) {
  static const hostile table[] = {
      {"a,b,c\n1,x,y\n", 0, "categories=none", CLF_ERROR_DATA, "'x' is not a number"},
      {"a,b,c\n1,x,y\n", 0, "categories=d", CLF_ERROR_ARGUMENT, "categories=d: it has no such"},
      {"a,b\n1,x\nn.a.,y\n", 0, NULL, CLF_ERROR_DATA,
       "'n.a.' is not a number; missing_values=n.a. takes it as missing, label=1 takes the column "
       "as labels, categories=1 takes the column as categories"},
      {"a,b\nx,\xE9\n\xE9,y\n", 0, NULL, CLF_ERROR_DATA, "encoding=latin1"},
      {"a,b\n3 500,x\n4 200,y\n", 0, NULL, CLF_ERROR_DATA, "thousands=space"},
      {"a,b\n12%,x\n15%,y\n", 0, NULL, CLF_ERROR_DATA, "'12%' is not a number"},
      {"a,b\nred,x\n,y\n", 0, NULL, CLF_ERROR_DATA,
       "missing=keep keeps it as NaN, which the transform impute replaces"},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    assert_refused(context, &clf__dataset_reader_csv, &table[i]);
  }
}

/* A column that begins with texts, and then is one of numbers: no category of all its numbers. */
TEST(categories__that_are_numbers_for_the_most_part_are_refused) {
  char text[4000] = "a,b\n";
  clf_dataset *rows = NULL;
  for (int i = 0; i < 100; i++) {
    char line[32];
    snprintf(line, sizeof line, i < 20 ? "unknown,x\n" : "%d,y\n", i);
    strcat(text, line);
  }
  ck_clf_fails(clf_dataset_load_memory(&rows, context, "csv", text, strlen(text), NULL),
               CLF_ERROR_DATA);
  ck_clf_says(
      "line 2, column 1 (a): 80 of 100 values are numbers, 'unknown' is not; "
      "missing_values=unknown takes it as missing, categories=1 takes all as categories");
  rows = read_table(text, "missing_values=unknown missing=keep");
  ck_assert_double_eq(at(rows, 20, 0), 20);
  clf_dataset_free(rows);
  rows = read_table(text, "categories=a");
  ck_assert_int_eq(clf_dataset_category_count(rows, 0), 81);
  clf_dataset_free(rows);
}

/* Columns without a value in the first records are what their first value is. */
TEST(columns__that_begin_empty_are_settled_by_their_first_value) {
  char text[1000] = "a,b,c,d\n";
  for (int i = 0; i < 40; i++) {
    strcat(text, i < 30 ? ",,,x\n" : "7,red,,y\n");
  }
  clf_dataset *rows = read_table(text, "missing=keep");
  ck_assert_int_eq(clf_dataset_category_count(rows, 0), 0);
  ck_assert_int_eq(clf_dataset_category_count(rows, 1), 1);
  ck_assert_int_eq(clf_dataset_category_count(rows, 2), 0);
  ck_assert_double_eq(at(rows, 30, 0), 7);
  ck_assert_double_eq(at(rows, 30, 1), 0);
  ck_assert(isnan(at(rows, 29, 1)) && isnan(at(rows, 39, 2)));
  clf_dataset_free(rows);
}

TEST(quoted_texts_of_missing_values__are_categories) {
  clf_dataset *rows = read_table("a,b\nred,x\n\"NA\",y\nNA,x\n\"NA\",x\n", "missing=keep");
  const double expected[] = {0, 1, NAN, 1};
  for (int i = 0; i < 4; i++) {
    ck_assert(isnan(expected[i]) ? isnan(at(rows, i, 0)) : at(rows, i, 0) == expected[i]);
  }
  clf_dataset_free(rows);
}

/* Texts with digits in them, such as bands of ages. */
/* Bytes that are the text of a quoted field may be other fields without quotes. */
TEST(quoted_texts__are_not_found_without_quotes) {
  static const char *const texts[] = {"c,n,y\n\"a,b\",1,q\na,2,q\n", "c,n,y\n\" a\",1,q\n a,2,q\n",
                                      "c,n,y\n\"a \",1,q\na ,2,q\n"};
  for (int i = 0; i < 3; i++) {
    clf_dataset *rows = read_table(texts[i], NULL);
    ck_assert_int_eq(clf_dataset_category_count(rows, 0), 2);
    ck_assert_str_eq(clf_dataset_category_name(rows, 0, 1), "a");
    ck_assert_double_eq(at(rows, 1, 1), 2);
    clf_dataset_free(rows);
  }
  clf_dataset *none = NULL;
  static const char broken[] = "c,n,y\n\"a\nb\",1,q\na\nb,1,q\nlonger,1,q\n";
  ck_clf_fails(clf_dataset_load_memory(&none, context, "csv", broken, strlen(broken), NULL),
               CLF_ERROR_FORMAT);
}

/* Texts of each length, at the end of the file too, where bytes are not read in words. */
TEST(categories__of_any_length_are_found_again) {
  char text[2048] = "c,d,y\n";
  for (int pass = 0; pass < 2; pass++) {
    for (int length = 1; length < 20; length++) {
      snprintf(text + strlen(text), sizeof text - strlen(text), "%.*s,%.*s,q\n", length,
               "abcdefghijklmnopqrstuvw", length % 3, "xy");
    }
  }
  clf_dataset *rows = read_table(text, "missing=keep");
  ck_assert_int_eq(clf_dataset_category_count(rows, 0), 19);
  for (int i = 0; i < 38; i++) {
    const int length = 1 + i % 19;
    ck_assert_double_eq(at(rows, i, 0), length - 1);
    ck_assert(length % 3 == 0 ? isnan(at(rows, i, 1)) : at(rows, i, 1) == length % 3 - 1);
  }
  clf_dataset_free(rows);
}

TEST(texts_with_digits__are_categories) {
  clf_dataset *rows =
      read_table("age,code,month,c\n10-19,e19,2026-11,x\n20-29,7e,2026-12,y\n", NULL);
  for (int j = 0; j < 3; j++) {
    ck_assert_int_eq(clf_dataset_category_count(rows, j), 2);
  }
  clf_dataset_free(rows);
}

/* Found in the second reading, whose features are f64. */
TEST(categories__that_are_no_utf8_are_refused_in_f64_too) {
  static const char text[] = "t,n,city\n1700000001.5,2,NA\n1700000002.25,3,\x82\n";
  clf_dataset *rows = NULL;
  ck_clf_fails(clf_dataset_load_memory(&rows, context, "csv", text, strlen(text),
                                       "label=none missing=keep categories=city"),
               CLF_ERROR_DATA);
  ck_clf_says("UTF-8");
  ck_assert_ptr_null(rows);
}

/* The first text of the column is the first byte of the file. */
TEST(categories__that_are_mostly_numbers_are_refused_from_the_first_field_on) {
  char text[1000] = "";
  clf_dataset *rows = NULL;
  for (int i = 0; i < 60; i++) {
    strcat(text, i < 16 ? "x,1,0\n" : "5,1,0\n");
  }
  ck_clf_fails(clf_dataset_load_memory(&rows, context, "csv", text, strlen(text), NULL),
               CLF_ERROR_DATA);
  ck_clf_says("'x' is not");
}

/* Time with the square of the columns would be minutes. */
TEST(many_columns_of_categories__are_guessed) {
  enum { COLUMNS = 60000, BYTES = 24 };
  static char text[COLUMNS * BYTES];
  size_t length = 0;
  for (int i = 0; i < COLUMNS; i++) {
    length += (size_t)sprintf(text + length, "%sc%d", i > 0 ? "," : "", i == 1 ? 0 : i);
  }
  for (int i = 0; i < COLUMNS; i++) {
    length += (size_t)sprintf(text + length, "%s%c", i > 0 ? "," : "\n", 'x');
  }
  clf_dataset *rows = read_table(text, "label=none header=true delimiter=comma");
  const char *guessed = clf_dataset_guesses(rows);
  ck_assert_int_eq(clf_dataset_category_count(rows, COLUMNS - 1), 1);
  /* Columns 1 and 2 have one name, so that only their numbers select them. */
  ck_assert_msg(strncmp(guessed, "categories=\"1,2,c2,c3,", 22) == 0, "%.60s", guessed);
  clf_dataset_free(rows);
}

TEST(many_categories__are_logged) {
  char text[2000] = "a,b\n";
  for (int i = 0; i < 40; i++) {
    char line[32];
    snprintf(line, sizeof line, "name %d x,%s\n", i, i % 2 ? "x" : "y");
    strcat(text, line);
  }
  clf_dataset_free(read_table(text, NULL));
  ck_assert_ptr_nonnull(strstr(warned, "column 1 has 40 categories in 40 rows; ignore=1"));
}

/* Dates. */

TEST(dates__are_days_since_1970) {
  static const struct {
    const char *text;
    double days;
  } cases[] = {
      {"1970-01-01", 0},
      {"2000-02-29", 11016},
      {"2026-11-30", 20787},
      {"1969-12-31", -1},
      {"0001-01-01", -719162},
      {"9999-12-31", 2932896},
      {"2026/11/30", 20787},
      {"1970-01-02T12:00", 1.5},
      {"1970-01-02 06:00:00Z", 1.25},
      {"1970-01-02T06:00:00.5+06:00", 1 + 0.5 / 86400},
      {"1970-01-01T23:30-01:00", 1 + 0.5 / 24},
      {"1970-01-01T00:00+0530", -5.5 / 24},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char text[100];
    snprintf(text, sizeof text, "when,b\n%s,x\n1970-01-01,y\n", cases[i].text);
    clf_dataset *rows = read_table(text, "dtype=f64");
    ck_assert_double_eq_tol(at(rows, 0, 0), cases[i].days, 1e-9);
    ck_assert_int_eq(clf_dataset_category_count(rows, 0), 0);
    clf_dataset_free(rows);
  }
}

TEST(dates__that_are_none_are_texts) {
  static const char *const texts[] = {"2026-02-29",  "2026-13-01",  "1900-02-29",
                                      "2026-11",     "2026-11-30T", "2026-11-30T25:00",
                                      "2026-11-30x", "26-11-30",    "2026-11/30"};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    const clf__csv_field field = {.begin = texts[i], .end = texts[i] + strlen(texts[i])};
    ck_assert_msg(clf__csv_date_orders(&field) == 0, "%s", texts[i]);
  }
}

TEST(dates__of_two_orders_are_settled_or_refused) {
  clf_dataset *rows = read_table("when,b\n03/04/2026,x\n14/04/2026,y\n", NULL);
  ck_assert_double_eq(at(rows, 0, 0), 20546); /* 3 April */
  ck_assert_ptr_nonnull(strstr(clf_dataset_guesses(rows), "dates=dmy"));
  clf_dataset_free(rows);
  rows = read_table("when,b\n03/04/2026,x\n04/14/2026,y\n", NULL);
  ck_assert_double_eq(at(rows, 0, 0), 20516); /* March 4 */
  clf_dataset_free(rows);
  rows = read_table("when,b\n03.04.2026,x\n", NULL);
  ck_assert_double_eq(at(rows, 0, 0), 20546);
  clf_dataset_free(rows);
  rows = read_table("when,b\n03/04/2026,x\n", "dates=mdy");
  ck_assert_double_eq(at(rows, 0, 0), 20516);
  clf_dataset_free(rows);
  rows = read_table("when,b\n03/04/2026,x\n", "dates=none");
  ck_assert_str_eq(clf_dataset_category_name(rows, 0, 0), "03/04/2026");
  clf_dataset_free(rows);
  static const hostile table[] = {
      {"when,b\n03/04/2026,x\n05/06/2026,y\n", 0, NULL, CLF_ERROR_DATA,
       "the dates in column 1 (when) may have the day or the month first; dates=dmy or dates=mdy"},
      {"when,b\n2026-01-02,x\n2026-01-03,y\n2026-01-04,x\n2026-01-05,x\n2026-01-06,x\n2026-01-07,"
       "x\n"
       "2026-01-08,x\n2026-01-09,x\n2026-01-10,x\n2026-01-11,x\n2026-01-12,x\n2026-01-13,x\n"
       "2026-01-14,x\n2026-01-15,x\n2026-01-16,x\n2026-01-17,x\n2026-01-18,x\nsoon,x\n",
       0, NULL, CLF_ERROR_DATA, "line 19, column 1 (when): 'soon' is not a date"},
  };
  for (size_t i = 0; i < 2; i++) {
    assert_refused(context, &clf__dataset_reader_csv, &table[i]);
  }
}

/* Times lose no digits. */
TEST(dates__with_times_are_f64) {
  clf_dataset *rows = read_table("when,b\n2026-11-30 12:00:00,x\n2026-11-30 12:00:01,y\n", NULL);
  ck_assert_int_eq(rows->x->dtype, CLF_F64);
  ck_assert_double_eq_tol((at(rows, 1, 0) - at(rows, 0, 0)) * 86400, 1, 1e-6);
  clf_dataset_free(rows);
}

/* Writing. */

TEST(tables__are_written_and_read_again) {
  make_folder();
  const char *path = path_of("a.csv");
  clf_dataset *rows = read_table(people, "missing=keep categories=city,zip"), *again = NULL;
  ck_clf_ok(clf_dataset_save(rows, "csv", path, NULL));
  ck_assert_ptr_nonnull(strstr(informed, "missing values are empty fields"));
  ck_clf_ok(clf_dataset_load(&again, context, "csv", path, "missing=keep categories=city,zip"));
  for (int j = 0; j < 3; j++) {
    ck_assert_int_eq(clf_dataset_category_count(again, j), clf_dataset_category_count(rows, j));
    for (int k = 0; k < clf_dataset_category_count(rows, j); k++) {
      ck_assert_str_eq(clf_dataset_category_name(again, j, k),
                       clf_dataset_category_name(rows, j, k));
    }
    for (int i = 0; i < 4; i++) {
      ck_assert(isnan(at(rows, i, j)) ? isnan(at(again, i, j)) : at(again, i, j) == at(rows, i, j));
    }
  }
  ck_clf_fails(clf_dataset_save(rows, "svmlight", path_of("a.svm"), NULL), CLF_ERROR_DATA);
  ck_clf_says("svmlight: column 'city' holds categories");
  clf_dataset_free(again);
  clf_dataset_free(rows);
  remove_folder();
}

static clf_status read_people(clf_context *of, const void *argument) {
  clf_dataset *rows = NULL;
  const clf_status status =
      clf_dataset_load_memory(&rows, of, "csv", people, sizeof people - 1, argument);
  clf_dataset_free(rows);
  return status;
}

TEST(each_allocation__may_be_refused) {
  check_every_allocation("threads=1", read_people, "missing=keep");
  check_every_allocation("threads=1", read_people, "missing=keep categories=city,zip");
}

SUITE("csv_tables", .setup = open_and_listen, .teardown = close_context)
