/* The names of the columns of CSV files, and which of them are the features. */
#include <math.h>

#define READER clf__dataset_reader_csv
#include "reader.h"

static const char text[] =
    "id,width,\"a,b\",\"say \"\"hi\"\"\",height,kind\n"
    "9,1,2,3,4,x\n"
    "7,5,6,7,8,y\n";

static void assert_names(const clf_dataset *dataset, const char *const *names, int64_t count) {
  ck_assert_int_eq(clf_dataset_features(dataset), count);
  for (int64_t i = 0; i < count; i++) {
    ck_assert_str_eq(clf_dataset_column_name(dataset, i), names[i]);
  }
  ck_assert_ptr_null(clf_dataset_column_name(dataset, count));
  ck_assert_ptr_null(clf_dataset_column_name(dataset, -1));
}
#define ck_names(dataset, ...)                                                                     \
  assert_names(dataset, (const char *const[]){__VA_ARGS__},                                        \
               (int64_t)(sizeof(const char *[]){__VA_ARGS__} / sizeof(char *)))

TEST(header__names_the_features) {
  clf_dataset *dataset = read_text(text, NULL);
  ck_names(dataset, "id", "width", "a,b", "say \"hi\"", "height");
  clf_dataset_free(dataset);
  dataset = read_text(text, "label=kind ignore=id,width weight=height");
  ck_names(dataset, "a,b", "say \"hi\"");
  clf_dataset_free(dataset);
  dataset = read_text("1,2,a\n3,4,b\n", NULL);
  ck_assert_ptr_null(clf_dataset_column_name(dataset, 0));
  clf_dataset_free(dataset);
  dataset = read_text("# x y kind\n1 2 a\n3 4 b\n", NULL);
  ck_names(dataset, "x", "y");
  clf_dataset_free(dataset);
}

TEST(row_numbers__have_no_name_among_the_features) {
  clf_dataset *dataset = read_text("x,y,kind\n1,0.5,2,a\n2,1.5,4,b\n", NULL); /* as R writes it */
  ck_names(dataset, "x", "y");
  ck_values(dataset, "x", 0.5, 2, 1.5, 4);
  clf_dataset_free(dataset);
  dataset = read_text("x,y,kind\n1,0.5,2,a\n2,1.5,4,b\n", "columns=y,1");
  ck_names(dataset, "y", "");
  ck_values(dataset, "x", 2, 1, 4, 2);
  clf_dataset_free(dataset);
  dataset = read_text("x,y,\n1,2,\n3,4,\n", "label=none"); /* an empty last column */
  ck_names(dataset, "x", "y");
  clf_dataset_free(dataset);
}

TEST(columns__are_the_features_in_their_order) {
  static const struct {
    const char *params;
    const char *names[3];
    double x[6];
    int count;
  } cases[] = {
      {"columns=height,width", {"height", "width"}, {4, 1, 8, 5}, 2},
      {"columns=width,height", {"width", "height"}, {1, 4, 5, 8}, 2},
      {"columns=5,2", {"height", "width"}, {4, 1, 8, 5}, 2},
      {"columns=-2,id", {"height", "id"}, {4, 9, 8, 7}, 2},
      {"columns='\"a,b\",width'", {"a,b", "width"}, {2, 1, 6, 5}, 2},
      {"columns='\"say \"\"hi\"\"\",\"id\",width'",
       {"say \"hi\"", "id", "width"},
       {3, 9, 1, 7, 7, 5},
       3},
      {"columns='say \"hi\",id'", {"say \"hi\"", "id"}, {3, 9, 7, 7}, 2},
      {"columns=height", {"height"}, {4, 8}, 1},
      {"columns=height,width dtype=f64", {"height", "width"}, {4, 1, 8, 5}, 2},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    clf_dataset *dataset = read_text(text, cases[i].params);
    assert_names(dataset, cases[i].names, cases[i].count);
    assert_values(dataset, "x", cases[i].x, 2 * cases[i].count);
    ck_assert_str_eq(clf_dataset_class_name(dataset, 1), "y");
    clf_dataset_free(dataset);
  }
}

TEST(columns__leave_others_out_and_say_so_once) {
  clf_dataset *dataset = read_text(text, "columns=height,width label=kind");
  const char *said = strstr(heard,
                            "3 of 6 columns are left out, by columns=; the first is column 1 "
                            "(id)");
  ck_assert_msg(said != NULL && strstr(strchr(said, '\n'), "left out") == NULL, "%s", heard);
  clf_dataset_free(dataset);
  dataset = read_text("a,b,kind\n1,2,x\n3,4,y\n", "columns=b,a");
  ck_assert_ptr_null(strstr(heard, "left out"));
  clf_dataset_free(dataset);
}

/* Otherwise the labels are the last column, which is then one of those that are left. */
TEST(labels__may_be_anywhere_else) {
  static const char table[] = "kind,a,weight,b\nx,1,2,3\ny,4,5,6\n";
  clf_dataset *dataset = read_text(table, "columns=b,a label=kind weight=weight");
  ck_values(dataset, "x", 3, 1, 6, 4);
  ck_values(dataset, "weights", 2, 5);
  ck_assert_str_eq(clf_dataset_class_name(dataset, 0), "x");
  clf_dataset_free(dataset);
  dataset = read_text(table, "columns=b,a,weight");
  ck_values(dataset, "x", 3, 1, 2, 6, 4, 5);
  ck_assert_str_eq(clf_dataset_class_name(dataset, 0), "x");
  clf_dataset_free(dataset);
  dataset = read_text("a,b\n1,2\n3,4\n", "columns=b,a");
  ck_values(dataset, "x", 2, 1, 4, 3);
  ck_assert_int_eq(clf_dataset_classes(dataset), 0);
  clf_dataset_free(dataset);
  dataset = read_text("a,b,t,u\n1,2,3,4\n3,4,5,6\n", "columns=b,a label=t,u regression=true");
  ck_values(dataset, "x", 2, 1, 4, 3);
  ck_values(dataset, "targets", 3, 4, 5, 6);
  clf_dataset_free(dataset);
}

TEST(columns__may_have_names_that_are_numbers) {
  clf_dataset *dataset =
      read_text("3,1,2,kind\n10,20,30,x\n40,50,60,y\n", "header=true columns=1,2,3 label=kind");
  ck_names(dataset, "1", "2", "3");
  ck_values(dataset, "x", 20, 30, 10, 50, 60, 40);
  clf_dataset_free(dataset);
}

/* Rows that are read again as f64, quoted numbers, missing values and runs of blanks. */
TEST(columns__in_another_order_are_read_as_in_that_of_the_file) {
  clf_dataset *dataset = read_text("a,b,kind\n1,16777216,x\n2,16777217,y\n3,0,x\n", "columns=b,a");
  ck_values(dataset, "x", 16777216, 1, 16777217, 2, 0, 3);
  clf_dataset_free(dataset);
  dataset = read_text("a,b,kind\n1,,x\n2,\"5\",y\n", "columns=b,a missing=nan");
  ck_values(dataset, "x", NAN, 1, 5, 2);
  clf_dataset_free(dataset);
  dataset = read_text("a,b,kind\n1,,x\n2,\"5\",y\n3,7,x\n", "columns=b,a missing=skip");
  ck_values(dataset, "x", 5, 2, 7, 3);
  clf_dataset_free(dataset);
  dataset = read_text("a  b kind\n1  2 x\n2 5   y\n", "columns=b,a delimiter=blanks");
  ck_values(dataset, "x", 2, 1, 5, 2);
  clf_dataset_free(dataset);
  dataset = read_text("a,note,b,kind\n1,one,2,x\n3,two,4,y\n", "columns=b,a"); /* a text left out */
  ck_values(dataset, "x", 2, 1, 4, 3);
  clf_dataset_free(dataset);
}

TEST(columns__that_cannot_be_are_refused) {
  static const hostile cases[] = {
      {text, 0, "columns=width,depth", CLF_ERROR_ARGUMENT, "columns=depth: it has no such column"},
      {text, 0, "columns=width,7", CLF_ERROR_ARGUMENT, "columns=7: it has no such column"},
      {text, 0, "columns=width,,id", CLF_ERROR_ARGUMENT, "columns=: it has no such column"},
      {text, 0, "columns=a,b", CLF_ERROR_ARGUMENT, "columns=a: it has no such column"},
      {text, 0, "columns=width,2", CLF_ERROR_ARGUMENT, "column 2 is listed twice"},
      {text, 0, "columns=width,kind label=kind", CLF_ERROR_ARGUMENT, "already the label column"},
      {text, 0, "columns=id,width weight=id", CLF_ERROR_ARGUMENT, "already the weight column"},
      {text, 0, "columns=id,width ignore=id", CLF_ERROR_ARGUMENT, "already the ignored column"},
      {"a,a,kind\n1,2,x\n3,4,y\n", 0, "columns=a", CLF_ERROR_ARGUMENT, "columns 1 and 2 have this"},
      {"a,b,kind\n1,2,x\n3,4,y\n", 0, "columns=a header=false", CLF_ERROR_ARGUMENT, "header=true"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    assert_refused(context, &READER, &cases[i]);
  }
}

TEST(unreadable__fields_become_nan_and_are_counted) {
  clf_dataset *dataset =
      read_text("a,b,kind\n1,x,k\n1e999,\"3\",l\n,4,k\n5,6,l\n", "unreadable=nan missing=nan");
  ck_values(dataset, "x", 1, NAN, NAN, 3, NAN, 4, 5, 6);
  ck_assert_ptr_nonnull(strstr(warned,
                               "file: 2 fields are no numbers and became NaN, by "
                               "unreadable=nan; the first is in line 2"));
  clf_dataset_free(dataset);
  dataset = read_text("a,b,kind\n16777217,x,k\n16777216,1,l\n", "unreadable=nan"); /* read twice */
  ck_values(dataset, "x", 16777217, NAN, 16777216, 1);
  ck_assert_ptr_nonnull(strstr(warned, "file: 1 fields are"));
  clf_dataset_free(dataset);
  const hostile cases[] = {
      {"a,b,kind\n1,,k\n2,x,l\n", 0, "unreadable=nan", CLF_ERROR_DATA, "the value is missing"},
      {"a,b\n1,x\n2,3\n", 0, "unreadable=nan regression=true", CLF_ERROR_DATA,
       "'x' is not a number"},
  };
  assert_refused(context, &READER, &cases[0]);
  assert_refused(context, &READER, &cases[1]);
}

TEST(ignored__names_may_be_in_quotes) {
  clf_dataset *dataset = read_text(text, "ignore='id,\"a,b\",\"width\"'");
  ck_names(dataset, "say \"hi\"", "height");
  clf_dataset_free(dataset);
}

/* A list of all names takes a time that grows little faster than the table. */
TEST(columns__of_a_wide_table_are_found_by_bisection) {
  enum { COLUMNS = 60000, DIGITS = 8 };
  const size_t capacity = (size_t)COLUMNS * 4 * DIGITS;
  char *table = malloc(capacity), *params = malloc(capacity);
  char *to = table, *list = params + sprintf(params, "label=none columns=");
  for (int i = 0; i < COLUMNS; i++) {
    to += sprintf(to, "%sc%d", i > 0 ? "," : "", i);
    list += sprintf(list, "%sc%d", i > 0 ? "," : "", COLUMNS - 1 - i);
  }
  for (int i = 0; i < COLUMNS; i++) {
    to += sprintf(to, "%s%d", i > 0 ? "," : "\n", i);
  }
  const double before = seconds_worked();
  clf_dataset *dataset = read_text(table, params);
  ck_assert_double_lt(seconds_worked() - before, CANCEL_SECONDS);
  ck_assert_str_eq(clf_dataset_column_name(dataset, 0), "c59999");
  ck_assert_float_eq(((const float *)clf__dataset_rows(dataset).data)[COLUMNS - 1], 0);
  clf_dataset_free(dataset);
  free(table);
  free(params);
}

TEST(columns__survive_damage_and_refused_memory) {
  survive_damage(context, &READER, text, sizeof text - 1, "columns=height,width label=kind");
  survive_refusals(&READER, text, sizeof text - 1, "columns=height,id,\"a,b\" ignore=width,4");
}

SUITE("csv_select", .setup = open_reader, .teardown = close_reader)
