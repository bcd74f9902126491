/* CSV text in other spellings: decimal marks, thousands, missing values, comments, encodings. */
#include <math.h>

#define READER clf__dataset_reader_csv
#include "reader.h"
#include "transform/transform.h"

/* Cases of 1.5, -2000.25, 3e-2 and 0 in two rows of labels 1234.5 and 7, however they are written.
 */
TEST(numbers__are_read_by_any_marks) {
  static const struct {
    const char *text, *params;
  } cases[] = {
      {"1.5,-2000.25,1234.5\n3e-2,0,7\n", NULL},
      {"1,5;-2000,25;1234,5\n3e-2;0;7\n", NULL},
      {"1,5\t-2000,25\t1234,5\n3e-2\t0\t7\n", NULL},
      {"1,5 -2000,25 1234,5\n0,03 ,0 7\n", "delimiter=blanks"},
      {"1,5;-2000,25;1234,5\n3e-2;0;7\n", "decimal=comma"},
      {"1,5;-2.000,25;1.234,5\n0,03;0;7\n", "thousands=point"},
      {"1,5;-2.000,25;1.234,5\n0,03;0;7\n", "decimal=comma thousands=point"},
      {"1.5;-2,000.25;1,234.5\n.03;0;7\n", "thousands=comma"},
      {"1.5,\"-2,000.25\",\"1,234.5\"\n.03,0,7\n", "thousands=comma"},
      {"\"1,5\",\"-2000,25\",\"1234,5\"\n\"3e-2\",0,7\n", "decimal=comma"},
      {"1,5;-2 000,25;1 234,5\n0,03;0;7\n", "thousands=space"},
      {"1.5;-2'000.25;1'234.5\n0.03;0;7\n", "thousands=apostrophe"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    for (int dtype = 0; dtype < 2; dtype++) {
      char params[128];
      snprintf(params, sizeof params, "%s header=false dtype=%s",
               cases[i].params != NULL ? cases[i].params : "", dtype == 0 ? "f32" : "f64");
      clf_dataset *dataset = read_text(cases[i].text, params);
      ck_values(dataset, "x", 1.5, -2000.25, dtype == 0 ? (double)0.03f : 0.03, 0);
      ck_assert_str_eq(clf_dataset_class_name(dataset, 0), "7");
      ck_assert_str_eq(clf_dataset_class_name(dataset, 1), "1234.5");
      ck_assert_msg(dtype == 0 || warned[0] == '\0', "'%s': %s", cases[i].text, warned);
      clf_dataset_free(dataset);
    }
  }
}

/* All groups but the first have three digits: others are no numbers, where "1,5" by thousands of
 * commas would become 15. */
TEST(thousands__are_groups_of_three) {
  static const struct {
    const char *number, *mark;
    double value; /* NaN: refused */
  } cases[] = {
      {"1,234", "comma", 1234},
      {"12,345,678", "comma", 12345678},
      {"-123,456.5", "comma", -123456.5},
      {"+1,000e3", "comma", 1e6},
      {"1234", "comma", 1234},
      {"1234.5", "comma", 1234.5},
      {"1,5", "comma", NAN},
      {"1,23", "comma", NAN},
      {"1,2345", "comma", NAN},
      {"1234,567", "comma", NAN},
      {",123", "comma", NAN},
      {"1,,234", "comma", NAN},
      {"1,234,", "comma", NAN},
      {"1.234,567", "comma", NAN},
      {"12,34,567", "comma", NAN},
      {"1,234,56", "comma", NAN},
      {"0,001", "comma", NAN},
      {"1 ,", "comma", NAN},
      {"1.234", "point", 1234},
      {"1.234,5", "point", 1234.5},
      {"1.5", "point", NAN},
      {"1,234.5", "point", NAN},
      {"1,2,3", "point", NAN},
      {"1'000", "apostrophe", 1000},
      {"--1", "comma", NAN},
      {"1 000 000", "space", 1000000},
      {"1 00", "space", NAN},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char text[64], params[64];
    clf_dataset *dataset = NULL;
    snprintf(text, sizeof text, "%s;1\n7;2\n", cases[i].number);
    snprintf(params, sizeof params, "dtype=f64 delimiter=semicolon header=false thousands=%s",
             cases[i].mark);
    if (isnan(cases[i].value)) {
      const hostile bad = {text, 0, params, CLF_ERROR_DATA, "is not a number"};
      assert_refused(context, &clf__dataset_reader_csv, &bad);
    } else {
      dataset = read_text(text, params);
      ck_values(dataset, "x", cases[i].value, 7);
      clf_dataset_free(dataset);
    }
  }
}

/* As pandas writes them, of get_dummies() for one. */
TEST(truth__is_a_number_and_a_name) {
  clf_dataset *dataset =
      read_text("a,b,label\nTrue,false,True\nFalse,TRUE,False\ntrue,0.5,True\n", NULL);
  ck_values(dataset, "x", 1, 0, 0, 1, 1, 0.5);
  ck_assert_str_eq(clf_dataset_class_name(dataset, 1), "True");
  clf_dataset_free(dataset);
  dataset = read_text("True,1\nFalse,2\n", "regression=true label=1");
  ck_values(dataset, "targets", 1, 0);
  clf_dataset_free(dataset);
  const hostile bad = {"1,a\ntrues,b\n", 0, NULL, CLF_ERROR_DATA, "'trues' is not a number"};
  assert_refused(context, &clf__dataset_reader_csv, &bad);
}

TEST(quotes__may_mean_nothing) {
  clf_dataset *dataset = read_text("1,5\" pipe\n2,\"a\n", "quotes=false");
  ck_assert_str_eq(clf_dataset_class_name(dataset, 0), "\"a");
  ck_assert_str_eq(clf_dataset_class_name(dataset, 1), "5\" pipe");
  clf_dataset_free(dataset);
  static const hostile table[] = {
      {"1,5\" pipe\n", 0, NULL, CLF_ERROR_FORMAT, "quotes as they are by quotes=false"},
      {"1,\"a\n", 0, NULL, CLF_ERROR_FORMAT, "never closed; quotes=false"},
      {"1,\"a\"b\n", 0, NULL, CLF_ERROR_FORMAT, "and quotes=false takes"},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    assert_refused(context, &clf__dataset_reader_csv, &table[i]);
  }
}

/* Of the transforms that read missing values, impute alone replaces them. */
static bool reads_missing(const char *name) {
  const clf__transform_kind *kind = clf__kind_named(&clf__transform_kinds, name);
  return (kind->can & CLF__TAKES_MISSING) != 0;
}

/* Whatever learns from rows with NaN refuses them. */
TEST(missing_nan__is_refused_by_every_model_and_transform) {
  clf_dataset *rows = read_text("1,2,a\n?,3,b\n3,5,a\n4,1,b\n", "missing=nan");
  for (int kind = 0; kind < 2; kind++) {
    const char *family = kind == 0 ? "model" : "transform";
    for (int64_t i = 0; i < clf_kind_count(family); i++) {
      const char *name = clf_kind_name(family, i);
      const bool network = strcmp(name, "network") == 0;
      clf_model *model = NULL;
      ck_clf_ok(clf_model_create(&model, context, kind == 0 ? name : "ridge",
                                 network ? "layers='dense units=2'" : NULL));
      if (kind == 1) {
        ck_clf_ok(clf_model_add_transform(model, name, NULL));
      }
      if (kind == 1 && strcmp(name, "impute") == 0) {
        ck_clf_ok(clf_model_fit(model, rows, NULL, NULL));
      } else {
        ck_clf_fails(clf_model_fit(model, rows, NULL, NULL), CLF_ERROR_DATA);
      }
      if (kind == 0 || !reads_missing(name)) {
        ck_clf_says(name);
        ck_clf_says("is NaN; every value must be finite: the transform impute");
      }
      clf_model_free(model);
    }
  }
  clf_dataset_free(rows);
}

TEST(marks__are_doubted_or_refused) {
  clf_dataset *dataset = read_text("1,234;a\n5,678;b\n", NULL);
  ck_values(dataset, "x", (double)1.234f, (double)5.678f);
  ck_assert_ptr_nonnull(strstr(warned, "thousands=comma if they stand between thousands"));
  clf_dataset_free(dataset);
  dataset = read_text("1,234;a\n5,678;b\n", "thousands=comma");
  ck_values(dataset, "x", 1234, 5678);
  ck_assert_str_eq(warned, "");
  clf_dataset_free(dataset);
  static const hostile table[] = {
      {"1;2\n3,5;4\n1.5;2\n", 0, NULL, CLF_ERROR_DATA, "'3,5' is not a number; decimal=comma"},
      {"1.5;2\n3,500;4\n", 0, NULL, CLF_ERROR_DATA, "decimal=comma or thousands=comma reads it"},
      {"1.5;2\n3,500,000;4\n", 0, NULL, CLF_ERROR_DATA, "'3,500,000' is not a number; thousands=c"},
      {"1,5;2\n3.500,25;4\n", 0, NULL, CLF_ERROR_DATA, "decimal=comma thousands=point reads it"},
      {"1.5;2\n3.500,25;4\n", 0, NULL, CLF_ERROR_DATA, "decimal=comma thousands=point reads it"},
      {"1,5;2\n2,5;3\n3.5;4\n", 0, "decimal=comma", CLF_ERROR_DATA, "decimal=point reads it"},
      {"5;2\n3 500;4\n", 0, NULL, CLF_ERROR_DATA, "thousands=space or thousands=apostrophe"},
      {"a,b,c\n1,#5,3\n", 0, "categories=none", CLF_ERROR_DATA, "comment=hash leaves comments out"},
      {"1;2\n", 0, "decimal=comma thousands=comma", CLF_ERROR_ARGUMENT, "not be the same mark"},
      {"1;2\n", 0, "thousands=none decimal=dot", CLF_ERROR_ARGUMENT, "point|comma"},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    assert_refused(context, &clf__dataset_reader_csv, &table[i]);
  }
  char text[800];
  snprintf(text, sizeof text, "%0600d;2\n", 1);
  const hostile bad = {text, 0, "decimal=comma", CLF_ERROR_DATA, "is not a number"};
  assert_refused(context, &clf__dataset_reader_csv, &bad);
}

TEST(missing_values__are_the_usual_ones) {
  static const char *const usual[] = {"",     " ",   "NA",   "N/A",  "n/a",  "NaN",      "nan",
                                      "NAN",  "?",   "-nan", "null", "NULL", "None",     "<NA>",
                                      "#N/A", "#NA", "-NaN", "Null", "\"\"", "#N/A N/A", "\\N"};
  char text[128];
  for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++) {
    snprintf(text, sizeof text, "x,y,label\n1,%s,a\n3,4,b\n", usual[i]);
    clf_dataset *dataset = read_text(text, "missing=nan");
    ck_values(dataset, "x", 1, NAN, 3, 4);
    clf_dataset_free(dataset);
    dataset = read_text(text, "missing=skip");
    ck_values(dataset, "x", 3, 4);
    clf_dataset_free(dataset);
    const hostile bad = {text, 0, NULL, CLF_ERROR_DATA, "(y): the value is missing; missing=skip"};
    assert_refused(context, &clf__dataset_reader_csv, &bad);
    snprintf(text, sizeof text, "x,y,label\n1,2,%s\n3,4,b\n", usual[i]);
    const hostile label = {text, 0, "missing=nan", CLF_ERROR_DATA, "(label): the value is missing"};
    assert_refused(context, &clf__dataset_reader_csv, &label);
  }
}

TEST(missing_values__may_be_chosen) {
  clf_dataset *dataset = read_text("x,y\n-999,a\n-999.0,a\n5,b\nunknown,a\n,b\n",
                                   "missing=nan missing_values=-999,unknown");
  ck_values(dataset, "x", NAN, NAN, 5, NAN, NAN);
  clf_dataset_free(dataset);
  dataset = read_text("1,None\n2,None\n3,\"NA\"\n", "missing_values=?");
  ck_assert_str_eq(clf_dataset_class_name(dataset, 0), "NA");
  ck_assert_str_eq(clf_dataset_class_name(dataset, 1), "None");
  clf_dataset_free(dataset);
  static const hostile table[] = {
      {"1,a\nNA,b\n", 0, "missing=nan missing_values=-999", CLF_ERROR_DATA, "'NA' is not a number"},
      {"1,a\nnan,b\n", 0, "missing=nan missing_values=-999", CLF_ERROR_DATA, "is not a finite"},
      {"1,a\n2,None\n", 0, NULL, CLF_ERROR_DATA, "missing_values says which texts stand for none"},
      {"1,a\n-,b\n", 0, NULL, CLF_ERROR_DATA, "missing_values=- takes it as missing, label=1"},
      {"1,a\nno value,b\n", 0, NULL, CLF_ERROR_DATA, "missing_values='no value' takes it"},
      {"1,a\n\"b, c\",b\n", 0, NULL, CLF_ERROR_DATA, "is not a number; label=1 takes"},
      {"1,a\nit's,b\n", 0, NULL, CLF_ERROR_DATA, "is not a number; label=1 takes"},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    assert_refused(context, &clf__dataset_reader_csv, &table[i]);
  }
}

/* The same two rows. */
TEST(comments__are_left_out) {
  static const struct {
    const char *text, *params;
  } cases[] = {
      {"# by numpy\n1,2,a\n3,4,b\n", NULL},
      {"# x,y,label\n1,2,a\n3,4,b\n", "label=label"}, /* numpy.savetxt(header=…) */
      {"## meta,1\n#x\ty\tlabel\n1\t2\ta\n3\t4\tb\n", "label=label"}, /* VCF */
      {"# of, two\nx,y,label\n1,2,a\n3,4,b\n", "label=label"},
      {"#\n\n # it's 5\" wide\nx,y,label\n1,2,a\n3,4,b\n", NULL},
      {"1,2,a # one\n# \"two\n3,4,b# three\n#", "comment=hash"},
      {"1,2,a # one\n\n#\"\n3,4,\"b\" # th\"ree", "comment=hash"},
      {"% Weka\n1,2,a\n  % \"\n3,4,b\n", "comment=percent"},
      {"# x y label\n1 2 a\n3 4 b\n", "label=label"},
      {"1 2 a #\n3 4 b # c\n", "comment=hash"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    clf_dataset *dataset = read_text(cases[i].text, cases[i].params);
    ck_assert_msg(clf_dataset_rows(dataset) == 2 && clf_dataset_features(dataset) == 2, "'%s'",
                  cases[i].text);
    ck_values(dataset, "x", 1, 2, 3, 4);
    ck_assert_str_eq(clf_dataset_class_name(dataset, 0), "a");
    ck_assert_str_eq(clf_dataset_class_name(dataset, 1), "b");
    clf_dataset_free(dataset);
  }
  static const hostile table[] = {
      {"# a\n1,2,x\n", 0, "comment=none", CLF_ERROR_DATA, "delimiter says"},
      {"1,2\n# a\n", 0, NULL, CLF_ERROR_FORMAT, "comment=hash leaves lines out"},
      {"# a\n", 0, "comment=hash", CLF_ERROR_DATA, "it has no rows"},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    assert_refused(context, &clf__dataset_reader_csv, &table[i]);
  }
}

TEST(encodings__are_refused_or_converted) {
  clf_dataset *dataset = read_text(
      "gr\xF6\xDF"
      "e,\xE4pfel\n1,caf\xE9\n2,5\x80\n",
      "encoding=latin1 label=\xC3\xA4pfel");
  ck_assert_str_eq(clf_dataset_class_name(dataset, 0), "5\xE2\x82\xAC");
  ck_assert_str_eq(clf_dataset_class_name(dataset, 1), "caf\xC3\xA9");
  clf_dataset_free(dataset);
  dataset = read_text("x,y\n1,caf\xC3\xA9\n", NULL);
  ck_assert_str_eq(clf_dataset_class_name(dataset, 0), "caf\xC3\xA9");
  clf_dataset_free(dataset);
  dataset = read_text("x,note,y\n1,caf\xE9,2\n", "ignore=note"); /* of no consequence */
  clf_dataset_free(dataset);
  static const hostile table[] = {
      {"x,y\n1,a\n2,caf\xE9\n", 0, NULL, CLF_ERROR_DATA,
       "file line 3, column 2 (y): 'caf?' is no UTF-8: byte 4 is 0xE9; encoding=latin1 reads it"},
      {"x,gr\xF6\xDF"
       "e\n1,a\n",
       0, NULL, CLF_ERROR_DATA,
       "file line 1, column 2: 'gr??e' is no UTF-8: byte 3 is 0xF6; encoding=latin1"},
      {"\xFF\xFE"
       "1\0,\0",
       6, NULL, CLF_ERROR_FORMAT, "UTF-16"},
      {"\xFE\xFF\0001\0,", 6, NULL, CLF_ERROR_FORMAT, "UTF-16"},
      {"1\0,\0002\0\n\0", 8, NULL, CLF_ERROR_FORMAT, "UTF-16"},
      {"\0001\0,\0002\0\n", 8, NULL, CLF_ERROR_FORMAT, "UTF-16"},
      {"1,2\n3,\0"
       "4\n",
       8, NULL, CLF_ERROR_FORMAT, "it is not a text file: byte 6 is 0"},
      {"PK\3\4\24\0\6\0", 8, NULL, CLF_ERROR_FORMAT, "a ZIP archive"},
      {"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 0, NULL, CLF_ERROR_FORMAT, "a spreadsheet"},
      {"PAR1\25\0", 6, NULL, CLF_ERROR_FORMAT, "Parquet"},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    assert_refused(context, &clf__dataset_reader_csv, &table[i]);
  }
}

TEST(messages__name_the_file_once) {
  static const char *const texts[] = {"1,a\n2,caf\xE9\n", "1,a\nx,b\n", "1,a\n2\n", "x,y\n"};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    clf_dataset *dataset = NULL;
    ck_assert_int_lt(
        read_bytes(&dataset, context, &clf__dataset_reader_csv, texts[i], strlen(texts[i]), NULL),
        0);
    const char *message = clf_last_error();
    ck_assert_msg(strncmp(message, "file", 4) == 0 && strstr(message + 1, "file") == NULL, "%s",
                  message);
  }
}

/* Every byte of Latin-1, against the rule: U+00XX above 0x9F, Windows-1252 below it. */
TEST(latin1__is_converted_as_browsers_do) {
  static const unsigned char windows[][3] = {
      {0x80, 0x20, 0xAC}, {0x85, 0x20, 0x26}, {0x8A, 0x01, 0x60}, {0x93, 0x20, 0x1C},
      {0x99, 0x21, 0x22}, {0x9F, 0x01, 0x78}, {0x81, 0x00, 0x81}};
  for (int i = 0xA0; i < 0x100 + 7; i++) {
    const int byte = i < 0x100 ? i : windows[i - 0x100][0];
    const int character = i < 0x100 ? i : windows[i - 0x100][1] * 256 + windows[i - 0x100][2];
    char text[16], expected[8];
    snprintf(text, sizeof text, "1,a%cb\n2,z\n", byte);
    if (character < 0x800) {
      snprintf(expected, sizeof expected, "a%c%cb", 0xC0 | character >> 6, 0x80 | (character & 63));
    } else {
      snprintf(expected, sizeof expected, "a%c%c%cb", 0xE0 | character >> 12,
               0x80 | (character >> 6 & 63), 0x80 | (character & 63));
    }
    clf_dataset *dataset = read_text(text, "encoding=latin1");
    ck_assert_str_eq(clf_dataset_class_name(dataset, 0), expected);
    clf_dataset_free(dataset);
  }
}

TEST(survives_damage) {
  static const char text[] = "# x y\n;x;x;label;\r\n0;1.234,5; 3 # c\xE9;\"a\";\n1;,5;?;b;\n";
  static const char *const params[] = {
      NULL, "encoding=latin1 comment=hash missing=nan", "thousands=point missing=skip label=none",
      "delimiter=blanks missing_values=?,1 row_numbers=true missing=nan",
      "ignore=x row_numbers=false header=false missing=nan"};
  for (size_t i = 0; i < sizeof params / sizeof params[0]; i++) {
    survive_damage(context, &clf__dataset_reader_csv, text, sizeof text - 1, params[i]);
  }
}

TEST(survives_refused_memory) {
  static const char text[] = ";x;label\n0;1.234,5;caf\xE9\n1;2;b\n";
  survive_refusals(&clf__dataset_reader_csv, text, sizeof text - 1,
                   "thousands=point encoding=latin1");
}

SUITE("csv_marks", .setup = open_reader, .teardown = close_reader)
