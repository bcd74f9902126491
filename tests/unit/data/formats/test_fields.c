/* One row of lines name=value: what it says, what is refused, and models that read it by names. */
#include <math.h>

#define READER clf__dataset_reader_fields
#include "reader.h"

static const char plain[] = "age=31\ncity=Bern\nsince=2024-02-03\nincome=\n";

TEST(reads_numbers_texts_dates_and_missing_values) {
  clf_dataset *row = read_text(plain, NULL);
  ck_assert_int_eq(clf_dataset_rows(row), 1);
  ck_values(row, "x", 31, 0, 19756, NAN);
  ck_assert_str_eq(clf_dataset_column_name(row, 2), "since");
  ck_assert_int_eq(clf_dataset_category_count(row, 0), 0);
  ck_assert_str_eq(clf_dataset_category_name(row, 1, 0), "Bern");
  ck_assert_int_eq(clf_dataset_classes(row), 0);
  clf_dataset_free(row);
}

TEST(reads_every_spelling) {
  static const struct {
    const char *text, *params, *name, *category;
    double value;
  } cases[] = {
      {" a = 1.5 ", NULL, "a", NULL, 1.5},
      {"\xEF\xBB\xBF\r\n\r\na=1.5\r\n\r\n", NULL, "a", NULL, 1.5},
      {"\"a\"=\"1.5\"\r", NULL, "a", NULL, 1.5},
      {"\"a=\"\"b\"\"\"=1,5", "decimal=comma", "a=\"b\"", NULL, 1.5},
      {"a=1 000.5", "thousands=space", "a", NULL, 1000.5},
      {"a=1.000,5", "thousands=point", "a", NULL, 1000.5},
      {"a=-99,0", "decimal=comma missing_values=-99", "a", NULL, NAN},
      {"a=x\ty, z", NULL, "a", "x\ty, z", 0},
      {"a=x=y, z", NULL, "a", "x=y, z", 0},
      {"a=\"two\nlines\"", NULL, "a", "two\nlines", 0},
      {"a=NA", NULL, "a", NULL, NAN},
      {"a=\"NA\"", NULL, "a", "NA", 0},
      {"a=NA", "missing_values=-", "a", "NA", 0},
      {"a=03011", "categories=a", "a", "03011", 0},
      {"a=5\" pipe", "quotes=false", "a", "5\" pipe", 0},
      {"\"a\"=\"b\"", "quotes=false", "\"a\"", "\"b\"", 0},
      {"a=caf\xE9", "encoding=latin1", "a", "caf\xC3\xA9", 0},
      {"a=3.4.2026", "dates=dmy", "a", NULL, 20546},
      {"# a=1", NULL, "# a", NULL, 1},
      {"sep=;", NULL, "sep", ";", 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    clf_dataset *row = read_text(cases[i].text, cases[i].params);
    ck_assert_int_eq(clf_dataset_features(row), 1);
    ck_assert_str_eq(clf_dataset_column_name(row, 0), cases[i].name);
    ck_values(row, "x", cases[i].value);
    ck_assert_int_eq(clf_dataset_category_count(row, 0), cases[i].category != NULL);
    if (cases[i].category != NULL) {
      ck_assert_str_eq(clf_dataset_category_name(row, 0, 0), cases[i].category);
    }
    clf_dataset_free(row);
  }
}

/* One row does not show which digits matter. */
TEST(auto_is_f64_where_f32_differs) {
  static const struct {
    const char *text, *params;
    double value;
    int32_t dtype;
  } cases[] = {
      {"a=0.5\nb=x\nc=", NULL, 0.5, CLF_F32},         {"a=0.1", NULL, 0.1, CLF_F64},
      {"a=16777217", NULL, 16777217, CLF_F64},        {"a=1e300", NULL, 1e300, CLF_F64},
      {"a=16777217", "dtype=f32", 16777216, CLF_F32}, {"a=2", "dtype=f64", 2, CLF_F64},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    clf_dataset *row = read_text(cases[i].text, cases[i].params);
    clf_tensor *x = NULL;
    ck_clf_ok(clf_dataset_tensor(&x, row, "x"));
    ck_assert_int_eq(clf_tensor_dtype(x), cases[i].dtype);
    ck_assert_double_eq(clf__tensor_value(x, 0), cases[i].value);
    clf_tensor_free(x);
    clf_dataset_free(row);
  }
}

/* Time with the square of the lines would be minutes. */
TEST(reads_many_lines) {
  enum { LINES = 60000, BYTES = 24 };
  static char text[LINES * BYTES], list[LINES * BYTES];
  size_t length = 0, listed = strlen(strcpy(list, "categories='"));
  for (int i = 0; i < LINES; i++) {
    length += (size_t)sprintf(text + length, "c%d=x%d\n", i, i);
    listed += (size_t)sprintf(list + listed, "%sc%d", i > 0 ? "," : "", LINES - 1 - i);
  }
  strcpy(list + listed, "'");
  for (int i = 0; i < 2; i++) {
    clf_dataset *row = read_text(text, i == 0 ? NULL : list);
    ck_assert_int_eq(clf_dataset_features(row), LINES);
    ck_assert_str_eq(clf_dataset_category_name(row, LINES - 1, 0), "x59999");
    ck_assert_str_eq(informed, ""); /* no guesses: it has no parameter for most of them */
    ck_assert_str_eq(clf_dataset_guesses(row), "");
    clf_dataset_free(row);
  }
}

TEST(refuses_what_is_no_row) {
  static const hostile table[] = {
      {"a=1\nb\n", 0, NULL, CLF_ERROR_FORMAT, "file line 2: 'b' is not name=value"},
      {"a=1\n\n=2\n", 0, NULL, CLF_ERROR_FORMAT, "file line 3: no name is before ="},
      {"a=1\na=2\n", 0, NULL, CLF_ERROR_DATA, "file line 2: 'a' has a value in line 1"},
      {"a=\"1\n", 0, NULL, CLF_ERROR_FORMAT, "never closed"},
      {"a=1\nb=x\n", 0, "categories=none", CLF_ERROR_DATA, "file line 2 (b): 'x' is not a number"},
      {"a=1\nb=2;3\n", 0, "categories=none first_line=7", CLF_ERROR_DATA, "file line 8 (b)"},
      {"a=1\n", 0, "categories=b", CLF_ERROR_ARGUMENT,
       "categories=b: it has no such column; give a name of its lines or a number"},
      {"a=1\nb=2\n", 0, "ignore=a,b", CLF_ERROR_DATA, "ignore leaves none of its lines"},
      {"a=1\nb=\xE9", 0, NULL, CLF_ERROR_DATA, "file line 2 (b)"},
      {"a=1\n\xE9=1", 0, NULL, CLF_ERROR_DATA, "file line 2: "},
      {"a=1e999", 0, NULL, CLF_ERROR_DATA, "file line 1 (a): '1e999' is not a finite"},
      {"\n \n", 0, NULL, CLF_ERROR_DATA, "no line name=value"},
      {"", 1, NULL, CLF_ERROR_FORMAT, "not a text file"},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    assert_refused(context, &clf__dataset_reader_fields, &table[i]);
  }
}

TEST(models_match_a_row_by_names_and_texts) {
  static const char people[] =
      "age,city,income,label\n20,Bern,1,a\n30,Chur,2,b\n25,Bern,1,a\n35,Chur,3,b\n";
  clf_dataset *rows = NULL, *row = read_text("more=1\ncity=Chur\nincome=2\nage=31\n", NULL);
  clf_model *model = NULL;
  int32_t found = -1;
  ck_clf_ok(clf_dataset_load_memory(&rows, context, "csv", people, strlen(people), NULL));
  ck_clf_ok(clf_model_create(&model, context, "ridge", NULL));
  ck_clf_ok(clf_model_add_transform(model, "one_hot", NULL));
  ck_clf_ok(clf_model_fit(model, rows, NULL, NULL));
  ck_clf_ok(clf_model_predict(model, row, &found, 1));
  ck_assert_int_eq(found, 1);
  clf_dataset_free(row);
  row = read_text("city=Genf\nincome=2\nage=31\n", NULL);
  ck_clf_fails(clf_model_predict(model, row, &found, 1), CLF_ERROR_DATA);
  ck_clf_says("'Genf' in column 'city'");
  clf_dataset_free(row);
  row = read_text("city=Bern\nage=31\n", NULL);
  ck_clf_fails(clf_model_predict(model, row, &found, 1), CLF_ERROR_DATA);
  ck_clf_says("income");
  clf_dataset_free(row);
  clf_model_free(model);
  clf_dataset_free(rows);
}

TEST(survives_damage) {
  survive_damage(context, &clf__dataset_reader_fields, plain, strlen(plain), NULL);
}

TEST(survives_refused_memory) {
  survive_refusals(&clf__dataset_reader_fields, plain, strlen(plain), NULL);
  survive_refusals(&clf__dataset_reader_fields, "a=caf\xE9\n", 7, "encoding=latin1");
}

SUITE("fields", .setup = open_reader, .teardown = close_reader)
