#include <math.h>

#define READER clf__dataset_reader_svmlight
#include "reader.h"

static const char plain[] = "1 1:0.5 3:2\n-1 2:-1e3\n1\n";

TEST(reads_sparse_rows) {
  clf_dataset *dataset = read_text(plain, NULL);
  ck_assert_int_eq(clf_dataset_sparse(dataset), 1);
  ck_assert_int_eq(clf_dataset_rows(dataset), 3);
  ck_assert_int_eq(clf_dataset_features(dataset), 3);
  ck_assert_int_eq(clf_dataset_nonzeros(dataset), 3);
  ck_values(dataset, "row_start", 0, 2, 3, 3);
  ck_values(dataset, "column", 0, 2, 1);
  ck_values(dataset, "value", 0.5, 2, -1000);
  ck_values(dataset, "labels", 1, 0, 1);
  ck_assert_str_eq(clf_dataset_class_name(dataset, 0), "-1");
  clf_dataset_free(dataset);
}

TEST(reads_every_spelling) {
  static const char *const spellings[] = {
      "1 1:0.5 3:2\n-1 2:-1e3\n1",
      "+1 1:0.5 3:2\r\n-1 2:-1000\r\n1\r\n",
      "1 1:0.5 3:2\r-1 2:-1000\r1\r",
      "\xEF\xBB\xBF\x31 1:0.5 3:2\n-1 2:-1e3\n1\n",
      "# 5:6 a comment\n\n1.0\t1:.5  3:2. # 7:8\n   \n -1 2:-1e+3 #\n1#x",
      "1 qid:4 1:0.5 3:2\n-1 qid:-5 2:-1e3\n1 qid:6\n",
      "1 3:2 1:0.5\n-1 2:-1e3\n1\n",
      "1 01:5e-1 003:2\n-1 2:-1e3\n1 # qid:x\n",
  };
  for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++) {
    clf_dataset *dataset = read_text(spellings[i], NULL);
    ck_values(dataset, "row_start", 0, 2, 3, 3);
    ck_values(dataset, "column", 0, 2, 1);
    ck_values(dataset, "value", 0.5, 2, -1000);
    ck_values(dataset, "labels", 1, 0, 1);
    clf_dataset_free(dataset);
  }
}

TEST(finds_where_indices_begin) {
  static const struct {
    const char *text, *params;
    int64_t features;
    double column;
  } cases[] = {
      {"1 4:1\n", NULL, 4, 3},
      {"1 4:1 0:1\n", NULL, 5, 0},
      {"1 4:1\n", "zero_based=true", 5, 4},
      {"1 4:1\n", "zero_based=false features=9", 9, 3},
      {"1 4:1\n", "zero_based=true features=9", 9, 4},
      {"1 2147483646:1\n", NULL, 2147483646, 2147483645},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    clf_tensor *column = NULL;
    clf_dataset *dataset = read_text(cases[i].text, cases[i].params);
    ck_assert_int_eq(clf_dataset_features(dataset), cases[i].features);
    ck_clf_ok(clf_dataset_tensor(&column, dataset, "column"));
    ck_assert_double_eq(clf__tensor_value(column, 0), cases[i].column);
    clf_tensor_free(column);
    clf_dataset_free(dataset);
  }
}

TEST(reads_targets) {
  clf_dataset *dataset = read_text("0.1 1:1\n-2.5e10 1:2\n", "regression=true");
  ck_values(dataset, "targets", 0.1, -2.5e10);
  ck_assert_int_eq(clf_dataset_classes(dataset), 0);
  clf_dataset_free(dataset);
}

TEST(labels__of_many_digits_stay_apart) {
  clf_dataset *dataset =
      read_text("9007199254740993 1:1\n9007199254740992 1:2\n9223372036854775807 1:3\n", NULL);
  ck_assert_int_eq(clf_dataset_classes(dataset), 3);
  ck_assert_str_eq(clf_dataset_class_name(dataset, 1), "9007199254740993");
  ck_assert_str_eq(clf_dataset_class_name(dataset, 2), "9223372036854775807");
  clf_dataset_free(dataset);
  dataset = read_text("9007199254740992 1:1\n0.1 1:2\n", NULL);
  ck_assert_str_eq(clf_dataset_class_name(dataset, 0), "0.1");
  clf_dataset_free(dataset);
}

/* What the log says of a text. */
static void check_log(const char *text, const char *params, const char *warning, const char *info) {
  forget_log();
  clf_dataset_free(read_text(text, params));
  ck_assert_msg(strstr(warned, warning) != NULL && (*warned != '\0') == (*warning != '\0'),
                "'%s', not '%s'", warned, warning);
  ck_assert_msg(strstr(informed, info) != NULL && (*informed != '\0') == (*info != '\0'),
                "'%s', not '%s'", informed, info);
}

/* Each guess is logged once, with the parameter that states it. */
TEST(log__tells_what_is_guessed) {
  static const char given[] = "zero_based=false features=3";
  check_log(plain, given, "", "");
  check_log(plain, "features=3", "", "file: indices are taken to begin at 1, as there is no 0");
  check_log("1 0:1 2:1\n2 1:1\n", "features=3", "",
            "file: indices are taken to begin at 0, as there is a 0; zero_based=true");
  check_log(plain, "zero_based=false", "",
            "file: the highest index, 3, is taken for the last feature; features=N");
  check_log("1 qid:1 1:1\n2 1:2\n3 qid:2 1:1\n", given, "file: the qid of 2 rows is left out", "");
  check_log("0.5 1:1\n2 1:2\n", given, "file: labels such as 0.5 are no integers", "");
  check_log("1.0 1:1\n2 1:2\n", given, "", "");
  check_log("0.5 1:1\n2 1:2\n", "zero_based=false features=3 regression=true", "", "");
}

static void ck_guesses(const char *text, const char *params, const char *expected) {
  clf_dataset *dataset = read_text(text, params);
  ck_assert_str_eq(clf_dataset_guesses(dataset), expected);
  clf_dataset_free(dataset);
}

TEST(guesses__are_parameters) {
  ck_guesses(plain, NULL, "precomputed=false zero_based=false features=3");
  ck_guesses(plain, "features=9", "precomputed=false zero_based=false");
  ck_guesses(plain, "precomputed=false zero_based=false features=3", "");
  ck_guesses("1 0:1 2:1\n2 1:1\n", NULL, "precomputed=false zero_based=true features=3");
  ck_guesses("1 0:1 1:4 2:1\n2 0:2 1:1 2:5\n", NULL, "precomputed=true features=2");
}

/* As LIBSVM's svm-train -t 4 takes them. */
TEST(reads_precomputed_kernels) {
  static const char square[] = "1 0:1 1:4 2:0.5 3:1\n-1 0:2 1:0.5 3:2\n1 0:3 1:1 2:2 3:6\n";
  static const char test[] = "1 0:1 1:7 2:8 3:9\n2 0:2 1:6 2:5 3:4.1\n";
  clf_dataset *dataset = read_text(square, NULL);
  ck_assert_int_eq(clf_dataset_sparse(dataset), 0);
  ck_values(dataset, "x", 4, 0.5, 1, 0.5, 0, 2, 1, 2, 6);
  ck_values(dataset, "labels", 1, 0, 1);
  clf_dataset_free(dataset);
  dataset = read_text(test, "precomputed=true");
  ck_values(dataset, "x", 7, 8, 9, 6, 5, 4.1);
  clf_dataset_free(dataset);
  dataset = read_text(test, "precomputed=true features=4");
  ck_values(dataset, "x", 7, 8, 9, 0, 6, 5, 4.1, 0);
  clf_dataset_free(dataset);
  static const char *const as_features[] = {"precomputed=false", "zero_based=true"};
  for (int i = 0; i < 2; i++) {
    dataset = read_text(square, as_features[i]);
    ck_assert_int_eq(clf_dataset_sparse(dataset), 1);
    ck_assert_int_eq(clf_dataset_features(dataset), 4);
    clf_dataset_free(dataset);
  }
  check_log(square, "features=3", "", "file: rows are a precomputed kernel's");
  check_log(test, "features=4", "file: index 0 is each row's number", "");
  check_log(test, "features=4 precomputed=false zero_based=true", "", "");
  dataset = read_text("1 0:1 1:0.5\n", NULL); /* of one row nobody can tell: features */
  ck_assert_int_eq(clf_dataset_sparse(dataset), 1);
  ck_assert_int_eq(clf_dataset_features(dataset), 2);
  clf_dataset_free(dataset);
  check_log("1 0:1 4:0.5\n", "features=5", "", "indices are taken to begin at 0");
}

/* Numbers that differ and are the same as f32, in columns that need not be full. */
TEST(log__says_which_feature_has_merged_values) {
  static const char given[] = "zero_based=false features=9";
  static const struct {
    const char *text, *says;
  } cases[] = {
      {"1 1:1 7:1700000001\n2 1:2\n3 7:1700000002\n",
       "file: f32, as sparse values are, does not distinguish all values of feature 7 (in 1 of 2 "},
      {"1 3:0.12345678901\n2 5:1\n3 3:0.12345678902\n", "feature 3 (in 1 of 2 entries"},
      {"1 3:0.12345678901\n2 5:1\n3 3:0.12345678901\n", ""},
      {"1 3:0.12345678901\n2 5:0.12345678902\n", ""},
      {"1 3:0.1\n2 3:0.2\n3 4:1\n", ""},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    check_log(cases[i].text, given, cases[i].says, "");
  }
}

/* Sparse values are f32: what that loses is said. */
TEST(log__says_which_feature_lies_far_from_0) {
  static const struct {
    const char *text, *says;
  } cases[] = {{"1 1:0.5 2:1700000001.5\n2 2:1700000002.5\n", "feature 2 lies so far from 0"},
               {"1 1:1700000001.5 9:1\n2 1:1700000002.5\n", "feature 1 lies so far from 0"},
               {"1 1:0.5 2:1700000001.5\n2 1:1\n", ""},
               {"1 1:16777216\n2 1:16777218\n", ""},
               {"1 1:0.1 2:1990\n2 2:2020\n", ""}}; /* far integers beside rounded numbers */
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    check_log(cases[i].text, "zero_based=false features=9", cases[i].says, "");
  }
}

TEST(reads_rows_without_entries) {
  clf_dataset *dataset = read_text("1\n2\n", "features=3");
  ck_assert_int_eq(clf_dataset_features(dataset), 3);
  ck_assert_int_eq(clf_dataset_nonzeros(dataset), 0);
  clf_dataset_free(dataset);
}

/* Rows in every order, long enough for the sort to matter. */
TEST(sorts_long_rows) {
  enum { ENTRIES = 1000 };
  char *text = malloc(32 * ENTRIES);
  ck_assert_ptr_nonnull(text);
  static const int steps[] = {1, ENTRIES - 1, 333, 77};
  for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
    int length = sprintf(text, "1");
    for (int j = 0; j < ENTRIES; j++) {
      int index = j * steps[i] % ENTRIES + 1;
      length += sprintf(text + length, " %d:%d", index, index % 50 + 1);
    }
    clf_dataset *dataset = read_text(text, NULL);
    clf__rows rows = clf__dataset_rows(dataset);
    for (int j = 0; j < ENTRIES; j++) {
      ck_assert_int_eq(rows.column[j], j);
      ck_assert_float_eq(rows.value[j], (float)((j + 1) % 50 + 1));
    }
    clf_dataset_free(dataset);
  }
  free(text);
}

TEST(refuses_hostile_text) {
  static const hostile table[] = {
      {"", 0, NULL, CLF_ERROR_DATA, "file: the file is empty"},
      {"# only this\n\n", 0, NULL, CLF_ERROR_DATA, "file: it has no rows"},
      {"1 1:1\0", 6, NULL, CLF_ERROR_FORMAT, "byte 5 is 0"},
      {"1 1:1\nx 1:1\n", 0, NULL, CLF_ERROR_FORMAT, "file line 2, column 1: 'x' is not a label"},
      {"1 1:1\n\n 1:1 2:2\n", 0, NULL, CLF_ERROR_FORMAT,
       "line 3, column 2: '1:1' is not a label, with which each line must begin"},
      {"1,2 1:1\n", 0, NULL, CLF_ERROR_FORMAT, "'1,2' is not one label"},
      {"nan 1:1\n", 0, NULL, CLF_ERROR_DATA, "'nan' is not a finite"},
      {"1 1:nan\n", 0, NULL, CLF_ERROR_DATA, "line 1, column 5: 'nan' is not a finite"},
      {"1 1:-inf\n", 0, NULL, CLF_ERROR_DATA, "'-inf' is not a finite"},
      {"0.5 1:1\n9007199254740993 1:1\n", 0, NULL, CLF_ERROR_DATA, "line 2, column 1: the label"},
      {"9223372036854775808 1:1\n", 0, NULL, CLF_ERROR_DATA, "the label has more digits"},
      {"1 1:1e39\n", 0, NULL, CLF_ERROR_DATA, "'1e39' is not a finite 32-bit"},
      {"1 1:\n", 0, NULL, CLF_ERROR_FORMAT, "column 5: '' is not a number"},
      {"1 1:2x\n", 0, NULL, CLF_ERROR_FORMAT, "'2x' is not a number"},
      {"1 1: 2\n", 0, NULL, CLF_ERROR_FORMAT, "column 5: '' is not a number"},
      {"1 1:1:1\n", 0, NULL, CLF_ERROR_FORMAT, "'1:1' is not a number"},
      {"1 2\n", 0, NULL, CLF_ERROR_FORMAT, "column 3: '2' is not of the form index:value"},
      {"1 :2\n", 0, NULL, CLF_ERROR_FORMAT, "':2' is not of the form"},
      {"1 -1:2\n", 0, NULL, CLF_ERROR_FORMAT, "'-1:2' is not of the form"},
      {"1 a:2\n", 0, NULL, CLF_ERROR_FORMAT, "'a:2' is not of the form"},
      {"1 :::::\n", 0, NULL, CLF_ERROR_FORMAT, "':::::' is not of the form"},
      {"1 2147483647:2\n", 0, NULL, CLF_ERROR_FORMAT, "an index up to 2147483646"},
      {"1 99999999999999999999999999:2\n", 0, NULL, CLF_ERROR_FORMAT, "an index up to"},
      {"1 qid:x 1:1\n", 0, NULL, CLF_ERROR_FORMAT, "'qid:x' is not of the form qid:number"},
      {"1 1:1 qid:1\n", 0, NULL, CLF_ERROR_FORMAT, "'qid:1' is not of the form index:value"},
      {"1 1:1\n1 2:1 2:1\n", 0, NULL, CLF_ERROR_DATA, "file line 2: the index 2 occurs twice"},
      {"1 7:1 2:1 3:1 7:1\n", 0, NULL, CLF_ERROR_DATA, "line 1: the index 7 occurs twice"},
      {"1 1:1 0:2\n", 0, "zero_based=false", CLF_ERROR_DATA, "line 1, column 7: the index is 0"},
      {"1 1:1\n1 4:2\n", 0, "features=3", CLF_ERROR_DATA,
       "file line 2, column 3: the index 4 is beyond features=3 (the first is 1)"},
      {"1 0:1\n1 3:2\n", 0, "features=3", CLF_ERROR_DATA, "(the first is 0)"},
      {"1 0:1 1:1\n1 1:2\n", 0, "precomputed=true", CLF_ERROR_DATA,
       "file: 1 of 2 rows have no index 0, the serial number"},
      {"1 0:1 1:1\n1 0:2 99:2\n", 0, "precomputed=true", CLF_ERROR_DATA,
       "file: 2 values are too few for a precomputed kernel of 2 rows and 99 columns"},
      {"1 0:1 2147483646:1\n", 0, "precomputed=true", CLF_ERROR_DATA, "too few"},
      {"1 0:1 4:1\n", 0, "precomputed=true features=3", CLF_ERROR_DATA, "beyond features=3"},
      {"1 1:1e-60\n2 1:-2e-50\n", 0, NULL, CLF_ERROR_DATA,
       "file: the largest value is 2e-50, too small for f32: scale them up"},
      {"1 0:1\n", 0, "precomputed=true", CLF_ERROR_DATA, "no kernel value"},
      {"caf\xE9 1:1\n", 0, NULL, CLF_ERROR_FORMAT, "'caf?' is not a label"},
      {"1\n2\n", 0, NULL, CLF_ERROR_DATA, "file: no row has an entry"},
      {"1 1:1\n", 0, "features=1.5", CLF_ERROR_ARGUMENT,
       "features is '1.5'; it must be an integer or one of auto"},
      {"1 1:1\n", 0, "features=0", CLF_ERROR_ARGUMENT, "features is 0"},
      {"1 1:1\n", 0, "features=nan", CLF_ERROR_ARGUMENT, "features is nan"},
      {"1 1:1\n", 0, "features=1e300", CLF_ERROR_ARGUMENT, "features is 1e+300"},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    assert_refused(context, &clf__dataset_reader_svmlight, &table[i]);
  }
}

TEST(survives_damage) {
  static const char text[] = "1 qid:3 2:0.5 12:-2e1 # x\r\n-1 5:1 3:7\n";
  survive_damage(context, &clf__dataset_reader_svmlight, text, sizeof text - 1, NULL);
  survive_damage(context, &clf__dataset_reader_svmlight, text, sizeof text - 1, "precomputed=true");
  survive_damage(context, &clf__dataset_reader_svmlight, text, sizeof text - 1,
                 "features=20 zero_based=true regression=true");
}

TEST(survives_refused_memory) {
  survive_refusals(&clf__dataset_reader_svmlight, plain, strlen(plain), NULL);
  survive_refusals(&clf__dataset_reader_svmlight, plain, strlen(plain), "regression=true");
  static const char kernel[] = "1 0:1 1:4 2:5.1\n2 0:2 1:5 2:9\n", rounded[] = "1 1:0.1\n2 3:0.3\n";
  survive_refusals(&clf__dataset_reader_svmlight, kernel, strlen(kernel), NULL);
  survive_refusals(&clf__dataset_reader_svmlight, rounded, strlen(rounded), NULL);
}

TEST(bounds_memory_by_the_file) {
  enum { BYTES = 1000000 };
  char *text = malloc(BYTES);
  clf_dataset *dataset = NULL;
  ck_assert_ptr_nonnull(text);
  for (int i = 0; i < 3; i++) {
    memset(text, ":\n\r"[i], BYTES);
    ck_assert_int_lt(
        read_bytes(&dataset, context, &clf__dataset_reader_svmlight, text, BYTES, NULL), 0);
    ck_assert_uint_lt(clf_context_memory_peak(context), 12 * BYTES);
  }
  free(text);
}

TEST(loads_files) {
  clf_dataset *dataset = NULL;
  const char *path = put_file("plain.svm", plain, strlen(plain));
  ck_clf_ok(clf_dataset_load(&dataset, context, "svmlight", path, NULL));
  ck_assert_int_eq(clf_dataset_rows(dataset), 3);
  clf_dataset_free(dataset);
  ck_clf_fails(clf_dataset_load(&dataset, context, "svmlight", path, "features=2"), CLF_ERROR_DATA);
  ck_clf_says("plain.svm line 1, column 9: the index 3");
}

SUITE("svmlight", .setup = open_reader, .teardown = close_reader)
