#include <math.h>

#define READER clf__dataset_reader_csv
#include "data/formats/decimal.h"
#include "reader.h"

static const char iris[] =
    "sepal_length,petal_length,species\n"
    "5.1,1.4,setosa\n"
    "7.0,4.7,versicolor\n"
    "6.3,6.0,virginica\n"
    "4.9,1.4,setosa\n";

TEST(reads_numbers_and_names) {
  clf_dataset *dataset = read_text(iris, NULL);
  ck_assert_int_eq(clf_dataset_rows(dataset), 4);
  ck_assert_int_eq(clf_dataset_features(dataset), 2);
  ck_values(dataset, "x", 5.1f, 1.4f, 7.0f, 4.7f, 6.3f, 6.0f, 4.9f, 1.4f);
  ck_assert_int_eq(clf_dataset_classes(dataset), 3);
  ck_assert_str_eq(clf_dataset_class_name(dataset, 1), "versicolor");
  ck_values(dataset, "labels", 0, 1, 2, 0);
  clf_dataset_free(dataset);
}

static int32_t dtype_of(const clf_dataset *dataset) {
  return clf__dataset_rows(dataset).dtype;
}

/* f32 has every second integer at 2^24, and steps of 128 at 1.7e9. */
TEST(dtype__is_f64_where_f32_would_not_do) {
  static const struct {
    const char *text, *params;
    int32_t dtype;
  } cases[] = {
      {"5.1,0.123456,1\n-4.9,12.25,2\n", NULL, CLF_F32},
      {"16777216,1\n16777220,2\n", NULL, CLF_F32},         /* far from 0, and exact */
      {"16777216,1\n16777217,2\n0,3\n", NULL, CLF_F64},    /* they merge */
      {"1700000001.5,1\n1700000002.5,2\n", NULL, CLF_F64}, /* they merge, and lie far */
      {"1000.1,1\n1000.2,2\n1000.3,1\n", NULL, CLF_F64},   /* few digits, and far */
      {"1000.1,1\n1000.2,2\n0,1\n", NULL, CLF_F32},        /* few digits, and near */
      {"1990,0.1,1\n2020,0.2,2\n", NULL, CLF_F32},         /* integers far, others rounded */
      {"1990.5,1\n1991.5,2\n", NULL, CLF_F32},             /* far, and exact */
      {"1990,1000.1,1\n2020,1000.2,2\n", NULL, CLF_F64},   /* the second column is far */
      {"1000.1,1\n1000.1,2\n", NULL, CLF_F32},             /* a constant */
      {"1e39,0,1\n2,0.123456789,2\n", "missing=nan", CLF_F64},
      {"8388609.1,1\n-8388609,2\n", NULL, CLF_F32},             /* one digit too many, none merge */
      {"0.12345678,1\n0.5,2\n", NULL, CLF_F32},                 /* many digits, and none merge */
      {"0.123456781,1\n0.123456782,2\n0.9,1\n", NULL, CLF_F64}, /* many, and two merge */
      {"1e39,1\n2,2\n", NULL, CLF_F64},
      {"1.23456e-05,1\n-1.23457E-05,2\n0.5,1\n", NULL, CLF_F32},  /* few digits */
      {"123456781e-9,1\n123456782e-9,2\n0.9,1\n", NULL, CLF_F64}, /* many, and two merge */
      {"1.1e-45,1\n1.2e-45,2\n0.9,1\n", NULL, CLF_F64},           /* few, and two merge */
      {"1,\"1.00000001\",1\n2,\"1\",2\n", NULL, CLF_F64},         /* quoted */
      {"1700000001.5,1\n1700000002.5,2\n", "dtype=f32", CLF_F32},
      {"1,1\n2,2\n", "dtype=f64", CLF_F64},
      {"16777216,1\n?,2\n16777217,1\n", "missing=nan", CLF_F64},
      {"16777216,1\n?,2\n16777217,1\n", "missing=skip", CLF_F64},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    clf_dataset *dataset = read_text(cases[i].text, cases[i].params);
    ck_assert_msg(dtype_of(dataset) == cases[i].dtype, "%s", cases[i].text);
    clf_dataset_free(dataset);
  }
  clf_dataset *dataset = read_text(cases[3].text, NULL);
  ck_values(dataset, "x", 1700000001.5, 1700000002.5);
  clf_dataset_free(dataset);
  dataset = read_text("0.12345678,1\n0.5,2\n", NULL);
  ck_values(dataset, "x", (double)0.12345678f, 0.5);
  clf_dataset_free(dataset);
  dataset = read_text("16777216,1\n?,2\n16777217,1\n", "missing=skip");
  ck_values(dataset, "x", 16777216, 16777217);
  ck_values(dataset, "labels", 0, 0);
  clf_dataset_free(dataset);
}

/* A number with an exponent does not make the reader read all records again as f64. */
TEST(digits__of_numbers_with_exponents_are_counted) {
  static const struct {
    const char *text;
    double value;
    int64_t significand;
  } cases[] = {{"1.5e-3", 1.5e-3, 15},
               {"-12e+7", -12e7, 12},
               {"1e38", 1e38, 1},
               {"4e38", 4e38, INT64_MAX},
               {"1.1e-38", 1.1e-38, INT64_MAX},
               {"1.2e-38", 1.2e-38, 12},
               {"0e5", 0, INT64_MAX},
               {"12345678e-3", 12345.678, 12345678}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const char *end = cases[i].text + strlen(cases[i].text);
    double value = 0;
    int64_t significand = 0;
    ck_assert_ptr_eq(clf__read_digits(cases[i].text, end, &value, &significand), end);
    ck_assert_double_eq(value, cases[i].value);
    ck_assert_int_eq(significand, cases[i].significand);
  }
}

/* Numbers of up to 20 digits, with the point at any place and with either sign, are read to the
 * bit. */
TEST(numbers__are_those_of_the_c_library) {
  uint64_t state = 7;
  for (int digits = 1; digits <= 20; digits++) {
    for (int point = 0; point <= digits + 1; point++) {
      char number[32], text[2 * sizeof number + 8];
      int length = 0;
      const bool negative = (digits + point) % 2 == 0;
      number[length] = '-';
      length += negative;
      for (int i = 0; i < digits; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        number[length] = '.';
        length += i == point;
        number[length++] = (char)('0' + (point == 1 ? 0 : state >> 33) % 10);
      }
      number[length] = '.';
      number[length + (point == digits)] = '\0';
      snprintf(text, sizeof text, "%s,1\n%s,2\n", number, number);
      clf_dataset *dataset = read_text(text, "dtype=f64");
      const clf__rows rows = clf__dataset_rows(dataset);
      const double expected = strtod(number, NULL), *found = rows.data;
      ck_assert_msg(memcmp(&found[0], &expected, sizeof expected) == 0, "%s", number);
      ck_assert_msg(memcmp(&found[1], &expected, sizeof expected) == 0, "%s", number);
      clf_dataset_free(dataset);
    }
  }
}

/* Whatever the labels' digits are, those that differ are different classes. */
TEST(labels__of_many_digits_stay_apart) {
  static const struct {
    const char *text, *names[4];
  } cases[] = {
      {"1,9007199254740993\n2,9007199254740992\n3,9223372036854775807\n4,-9223372036854775808\n",
       {"-9223372036854775808", "9007199254740992", "9007199254740993", "9223372036854775807"}},
      {"1,9007199254740993\n2,9007199254740992\n3,0.5\n4,1\n",
       {"0.5", "1", "9007199254740992", "9007199254740993"}},
      {"1,9223372036854775808\n2,9223372036854775809\n3,1\n4,2\n",
       {"1", "2", "9223372036854775808", "9223372036854775809"}},
      {"1,9007199254740992\n2,0.1\n3,1.0\n4,-2\n", {"-2", "0.1", "1", "9007199254740992"}},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    clf_dataset *dataset = read_text(cases[i].text, NULL);
    ck_assert_int_eq(clf_dataset_classes(dataset), 4);
    for (int k = 0; k < 4; k++) {
      ck_assert_str_eq(clf_dataset_class_name(dataset, k), cases[i].names[k]);
    }
    clf_dataset_free(dataset);
  }
}

TEST(reads_numeric_labels_as_numbers) {
  clf_dataset *dataset = read_text("1,10\n2,9\n3,10\n", NULL);
  ck_assert_int_eq(clf_dataset_classes(dataset), 2);
  ck_assert_str_eq(clf_dataset_class_name(dataset, 0), "9");
  ck_values(dataset, "labels", 1, 0, 1);
  clf_dataset_free(dataset);
}

/* The same two rows, however they are written. */
TEST(reads_every_spelling) {
  static const struct {
    const char *text;
    const char *params;
  } spellings[] = {
      {"1,2,a\n3,4,b\n", NULL},
      {"1,2,a\n3,4,b", NULL},
      {"1,2,a\r\n3,4,b\r\n", NULL},
      {"1,2,a\r3,4,b\r", NULL},
      {"1,2,a\r3,4,b", NULL},
      {"\xEF\xBB\xBF"
       "1,2,a\n3,4,b\n",
       NULL},
      {"\n1,2,a\n\n  \n3,4,b\n\n", NULL},
      {" 1 , 2, a \n3 ,  4 ,b \n", NULL},
      {"1;2;a\n3;4;b\n", NULL},
      {"\n \r\n1;2;a\n3;4;b\n", NULL},
      {"1\t2\ta\n3\t4\tb\n", NULL},
      {"1|2|a\n3|4|b\n", "delimiter=pipe"},
      {"1 2 a\n3 4 b\n", "delimiter=space"},
      {"\"1\",\"2\",\"a\"\n\"3\",\"4\",\"b\"\n", NULL},
      {"\"1\" , 2 , \"a\"\r\n 3,\"4\",\"b\" \r\n", NULL},
      {"x,y,z\n1,2,a\n3,4,b\n", NULL},
      {"0,1,\"na\nme\"\n1,2,a\n3,4,b\n", "header=true"},
      {"z,x,y\na,1,2\nb,3,4\n", "label=z"},
      {"z,x,y\na,1,2\nb,3,4\n", "label=1"},
      {"x,z,y\n1,a,2\n3,b,4\n", "label=-2"},
      {"x,w,y,z\n1,?,2,a\n3,text,4,b\n", "ignore=w"},
      {"x,y,z,u,v\n1,2,a,,\n3,4,b,\"5\n\n6\",7\n", "ignore=u,v"},
      {"x,y,z,\"u,v\"\n1,2,a,8\n3,4,b,9\n", "ignore=\"u,v\""},
      {"1,2,a\n,9,c\n3,4,b\nNaN,1,a\n5,5,\n", "missing=skip"},
      {"1e0,+2.0,a\n300E-2,.4e1,b\n", NULL},
  };
  for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++) {
    clf_dataset *dataset = read_text(spellings[i].text, spellings[i].params);
    ck_assert_msg(clf_dataset_rows(dataset) == 2 && clf_dataset_features(dataset) == 2,
                  "'%s' has %lld rows", spellings[i].text, (long long)clf_dataset_rows(dataset));
    ck_values(dataset, "x", 1, 2, 3, 4);
    ck_values(dataset, "labels", 0, 1);
    ck_assert_str_eq(clf_dataset_class_name(dataset, 0), "a");
    clf_dataset_free(dataset);
  }
}

TEST(unquotes_names) {
  clf_dataset *dataset = read_text("1,\"a \"\"b\"\"\"\n2,\"line\nbreak, and comma\"\n", NULL);
  ck_assert_str_eq(clf_dataset_class_name(dataset, 0), "a \"b\"");
  ck_assert_str_eq(clf_dataset_class_name(dataset, 1), "line\nbreak, and comma");
  clf_dataset_free(dataset);
}

/* A first line of numbers is a header when it has text where the second has a number. */
TEST(finds_the_header) {
  clf_dataset *dataset = read_text("0,1,label\n5,6,1\n7,8,2\n", NULL);
  ck_assert_int_eq(clf_dataset_rows(dataset), 2);
  ck_values(dataset, "x", 5, 6, 7, 8);
  clf_dataset_free(dataset);
  dataset = read_text("1,2\n3,4\n", "header=true");
  ck_assert_int_eq(clf_dataset_rows(dataset), 1);
  clf_dataset_free(dataset);
}

TEST(reads_without_labels) {
  clf_dataset *dataset = read_text("1,2\n3,4\n", "label=none");
  ck_values(dataset, "x", 1, 2, 3, 4);
  ck_assert_int_eq(clf_dataset_classes(dataset), 0);
  clf_dataset_free(dataset);
}

TEST(reads_targets_and_weights) {
  clf_dataset *dataset =
      read_text("a,w,b,c\n1,0.5,10,100\n2,0.25,0.1,200\n", "label=b,c weight=w regression=true");
  ck_assert_int_eq(clf_dataset_outputs(dataset), 2);
  ck_values(dataset, "x", 1, 2);
  ck_values(dataset, "targets", 10, 100, 0.1, 200);
  ck_values(dataset, "weights", 0.5, 0.25);
  clf_dataset_free(dataset);
}

TEST(keeps_missing_values_as_nan) {
  clf_dataset *dataset = read_text("1,,a\nNA,4,b\n?,nan,c\n", "missing=nan");
  ck_values(dataset, "x", 1, NAN, NAN, 4, NAN, NAN);
  clf_dataset_free(dataset);
}

/* Against the C library, to the last bit of the double and of the float, by both ways to read. */
TEST(reads_numbers_exactly) {
  static const char *const numbers[] = {
      "0",    "-0.0",     "1.",      "-.5",   "0.1", "3.141592653589793",     "123456789012345.",
      "1e22", "2.5E+20",  "-1e-30",  "9e-39", "+1",  "0.000000000000001",     "1234567890123456.",
      "007",  "16777217", "0.3e-10", "1e-46", "5e5", "0.3333333432674407959", "999999999999999",
  };
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    char text[128];
    double value = strtod(numbers[i], NULL);
    snprintf(text, sizeof text, "%s,%s,%s\n", numbers[i], numbers[i], numbers[i]);
    clf_dataset *dataset = read_text(text, "header=false regression=true");
    ck_values(dataset, "x", (float)value, (float)value);
    ck_values(dataset, "targets", value);
    clf_dataset_free(dataset);
  }
}

TEST(refuses_hostile_text) {
  static const hostile table[] = {
      {"", 0, NULL, CLF_ERROR_DATA, "file: the file is empty"},
      {"\xEF\xBB\xBF", 0, NULL, CLF_ERROR_DATA, "empty"},
      {"\n \r\n\n", 0, NULL, CLF_ERROR_DATA, "file: it has no rows"},
      {"a,b,c\n", 0, NULL, CLF_ERROR_DATA, "a header and no rows"},
      {"1,2\n", 0, "header=true", CLF_ERROR_DATA, "a header and no rows"},
      {"1,\0", 4, NULL, CLF_ERROR_FORMAT, "not a text file: byte 2 is 0"},
      {"\xFF\xFE"
       "1,2",
       0, NULL, CLF_ERROR_FORMAT, "UTF-16"},
      {"a,petal,c\n1,2,x\n\n3,abc,y\n", 0, NULL, CLF_ERROR_DATA,
       "file line 4, column 2 (petal): 'abc' is not a number; missing_values=abc takes it as "
       "missing, label=2"},
      {"1,x,a\n2,3,b\n", 0, "header=false", CLF_ERROR_DATA,
       "file line 1, column 2: 'x' is not a number; header=true"},
      {"a,\"b\nc\",d\n1,2,3\n4,5 6,7\n", 0, NULL, CLF_ERROR_DATA,
       "file line 4, column 2 (b?c): '5 6' is not a number"},
      {"1,2,3\r4,5,6\r7,x,9", 0, NULL, CLF_ERROR_DATA, "line 3, column 2: 'x'"},
      {"a,b,c\n1,,3\n", 0, NULL, CLF_ERROR_DATA,
       "file line 2, column 2 (b): the value is missing; missing=skip leaves such rows out, "
       "missing=keep"},
      {"a,b,c\n1,NaN,3\n", 0, NULL, CLF_ERROR_DATA, "the value is missing"},
      {"a,b,c\n1,2,\n", 0, "missing=nan", CLF_ERROR_DATA, "line 2, column 3 (c): the value is mis"},
      {"1,2,3\n,1,2\n", 0, "missing=nan regression=true label=1", CLF_ERROR_DATA, "line 2, col"},
      {"a,b\n,1\n?,2\n", 0, "missing=skip", CLF_ERROR_DATA, "every row lacks a value"},
      {"1,inf,3\n", 0, NULL, CLF_ERROR_DATA, "'inf' is not a finite"},
      {"1,-1e39,3\n", 0, "dtype=f32", CLF_ERROR_DATA, "'-1e39' is not a finite 32-bit number"},
      {"1,1e400,3\n", 0, NULL, CLF_ERROR_DATA, "'1e400' is not a finite 64-bit number"},
      {"1,2,3\n4,5\n", 0, NULL, CLF_ERROR_FORMAT, "line 2: it has 2 fields; the first line has 3"},
      {"1,2,3\n4,5,6,\n", 0, NULL, CLF_ERROR_FORMAT, "line 2: it has 4 fields"},
      {"1,2,3\n4\n5\n6", 0, NULL, CLF_ERROR_FORMAT, "line 2: it has 1 fields"},
      {"a,b,c,d,e\n1\n2\n", 0, NULL, CLF_ERROR_FORMAT, "line 2: it has 1 fields"},
      {"1,2,\"a\n3,4,b\n", 0, NULL, CLF_ERROR_FORMAT, "line 1, column 3: the quote that opens"},
      {"1,2,a\n3,\"4\"5,b\n", 0, NULL, CLF_ERROR_FORMAT, "line 2, column 2: text follows"},
      {"1,2,a\n3,4,b\"c\n", 0, NULL, CLF_ERROR_FORMAT, "line 2, column 3: a quote stands inside"},
      {"1\n2\n", 0, NULL, CLF_ERROR_DATA, "no feature is left among its 1 columns; label=none"},
      {"a,b\n1,2\n", 0, "label=c", CLF_ERROR_ARGUMENT, "label=c: it has no such column"},
      {"a,b\n1,2\n", 0, "label=0", CLF_ERROR_ARGUMENT, "1 to 2, or -1"},
      {"a,b\n1,2\n", 0, "label=3", CLF_ERROR_ARGUMENT, "label=3"},
      {"a,b\n1,2\n", 0, "label=-9223372036854775808", CLF_ERROR_ARGUMENT, "no such column"},
      {"a,b\n1,2\n", 0, "label=a,b", CLF_ERROR_ARGUMENT, "label=a,b: it has no such column"},
      {"a,b\n1,2\n", 0, "ignore=a weight=a", CLF_ERROR_ARGUMENT, "already the ignored column"},
      {"a,b\n1,2\n", 0, "ignore=a,", CLF_ERROR_ARGUMENT, "ignore=: it has no such"},
      {"a,b,c\n1,-2,3\n", 0, "weight=b", CLF_ERROR_DATA, "file: "},
      {"a,b\n1,2\n", 0, "delimiter=colon", CLF_ERROR_ARGUMENT, "delimiter is 'colon'"},
      {"a,b\n1,2\n", 0, "labels=a", CLF_ERROR_ARGUMENT, "did you mean 'label'"},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    assert_refused(context, &clf__dataset_reader_csv, &table[i]);
  }
}

TEST(survives_damage) {
  static const char text[] = "a,\"b\",w,\"c\"\r\n1.5,-2,1,\"x \"\"y\"\r\n, 3e2,0,z\n";
  survive_damage(context, &clf__dataset_reader_csv, text, sizeof text - 1, "weight=w missing=nan");
  survive_damage(context, &clf__dataset_reader_csv, text, sizeof text - 1,
                 "missing=skip label=none");
}

TEST(survives_refused_memory) {
  survive_refusals(&clf__dataset_reader_csv, iris, strlen(iris), NULL);
  survive_refusals(&clf__dataset_reader_csv, "1,2,3\n4,,6\n", 11,
                   "missing=skip weight=2 regression=true");
}

/* A long first line does not let a few bytes ask for a large matrix. */
TEST(bounds_the_matrix_by_the_file) {
  enum { COLUMNS = 20000, LINES = 20000 };
  char *text = malloc(2 * (COLUMNS + LINES));
  ck_assert_ptr_nonnull(text);
  for (int i = 0; i < COLUMNS; i++) {
    memcpy(text + 2 * i, i + 1 < COLUMNS ? "1," : "1\n", 2);
  }
  for (int i = 0; i < LINES; i++) {
    memcpy(text + 2 * (COLUMNS + i), "1\n", 2);
  }
  clf_dataset *dataset = NULL;
  uint64_t held = clf_context_memory(context);
  ck_clf_fails(
      read_bytes(&dataset, context, &clf__dataset_reader_csv, text, 2 * (COLUMNS + LINES), NULL),
      CLF_ERROR_FORMAT);
  ck_clf_says("line 2: it has 1 fields; the first line has 20000");
  ck_assert_uint_lt(clf_context_memory_peak(context) - held, 1000000);
  free(text);
}

TEST(loads_files) {
  clf_dataset *dataset = NULL;
  const char *path = put_file("iris.csv", iris, strlen(iris));
  ck_clf_ok(clf_dataset_load(&dataset, context, "csv", path, NULL));
  ck_assert_int_eq(clf_dataset_rows(dataset), 4);
  clf_dataset_free(dataset);
  dataset = NULL;
  ck_clf_fails(clf_dataset_load(&dataset, context, "csv", path, "label=2 categories=none"),
               CLF_ERROR_DATA);
  ck_clf_says(path);
  ck_clf_says("line 2, column 3 (species): 'setosa'");
  ck_clf_fails(clf_dataset_load(&dataset, context, "csv", folder, NULL), CLF_ERROR_IO);
  ck_clf_fails(clf_dataset_load(&dataset, context, "csv", path_of("none"), NULL), CLF_ERROR_IO);
  ck_clf_fails(clf_dataset_load(&dataset, context, "cvs", path, NULL), CLF_ERROR_ARGUMENT);
  ck_clf_says("did you mean 'csv'");
  ck_clf_fails(clf_dataset_load(&dataset, context, "parquet", path, NULL), CLF_ERROR_ARGUMENT);
  ck_clf_says("idx, csv, svmlight");
  ck_clf_fails(clf_dataset_load(NULL, context, "csv", path, NULL), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_dataset_load(&dataset, context, NULL, path, NULL), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_dataset_load(&dataset, context, "csv", NULL, NULL), CLF_ERROR_ARGUMENT);
  ck_assert_ptr_null(dataset);
}

TEST(reports_the_memory_limit) {
  enum { BYTES = 200000 };
  static char text[BYTES];
  for (int i = 0; i < BYTES; i += 4) {
    memcpy(text + i, "1,2\n", 4);
  }
  const char *path = put_file("large.csv", text, sizeof text);
  clf_context *small = NULL;
  clf_dataset *dataset = NULL;
  ck_clf_ok(clf_context_create(&small, NULL, "threads=1 memory_limit=250000"));
  ck_clf_fails(clf_dataset_load(&dataset, small, "csv", path, NULL), CLF_ERROR_MEMORY);
  ck_clf_says("large.csv: memory limit: 200000 more bytes exceed it");
  clf_context_free(small);
  ck_clf_ok(clf_context_create(&small, NULL, "threads=1 memory_limit=150000"));
  ck_clf_fails(clf_dataset_load(&dataset, small, "csv", path, NULL), CLF_ERROR_MEMORY);
  ck_clf_says("large.csv' (200000 bytes): memory limit");
  clf_context_free(small);
}

static int32_t cancel(void *user, const clf_progress *progress) {
  *(int64_t *)user = progress->steps;
  return strcmp(progress->stage, "csv") == 0;
}

TEST(can_be_cancelled) {
  clf_dataset *dataset = NULL;
  int64_t steps = 0;
  const char *path = put_file("iris.csv", iris, strlen(iris));
  ck_clf_ok(clf_context_set_progress(context, cancel, &steps));
  ck_clf_fails(clf_dataset_load(&dataset, context, "csv", path, NULL), CLF_ERROR_CANCELLED);
  ck_assert_int_eq(steps, (int64_t)strlen(iris));
  ck_assert_ptr_null(dataset);
}

SUITE("csv", .setup = open_reader, .teardown = close_reader)
