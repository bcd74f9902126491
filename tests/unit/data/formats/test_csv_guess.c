/* What the CSV reader guesses, and what it says of that. Cases are files that other programs write
 * or that their users met trouble with. */
#include <math.h>

#define READER clf__dataset_reader_csv
#include "reader.h"
#include "text/document_format.h"

static clf_documents *read_documents(const char *text, const char *params) {
  const clf__document_reader *format = &clf__document_reader_csv;
  const clf__bytes bytes = {(const unsigned char *)text, strlen(text), CLF__BYTES_BORROWED};
  clf_documents *documents = NULL;
  void *values = NULL;
  forget_log();
  ck_clf_ok(clf__params_create(&values, context, &format->base.params, params));
  ck_clf_ok(format->parse(&documents, context, &bytes, "file", values));
  clf__params_free(&format->base.params, values);
  return documents;
}

typedef struct header_case {
  const char *text, *params;
  bool named;
  const char *doubt; /* in a warning; NULL for none */
} header_case;

static int64_t count_lines(const char *text) {
  int64_t lines = 0;
  for (; *text != '\0'; text++) {
    lines += *text == '\n';
  }
  return lines;
}

/* Every line is a row, but for a header. */
TEST(header__is_found_by_what_is_below) {
  static const header_case cases[] = {
      /* names above numbers */
      {"a,b\n1,2\n", NULL, true, NULL},
      {"a,b,c\n1,2,x\n3,4,y\n", NULL, true, NULL},
      {"2019,b,c\n1,2,3\n", NULL, true, NULL}, /* one number counts by one */
      {"date,value,y\n2020-01-01,5,u\n2020-01-02,6,v\n", "ignore=1", true, NULL},
      {"1st,2nd,label\n.5,7,1\n.25,6,2\n", NULL, true, NULL},
      {"1st,2nd,3rd\n.5,7,1\n.25,6,2\n", NULL, true, NULL},
      {"2000,a,2010\n5,6,7\n8,9,7\n", NULL, true, "though it has numbers; header=false"},
      /* numbers alone are rows */
      {"1,2\n3,4\n", NULL, false, NULL},
      {"0,1,2\n3,4,5\n6,7,8\n", NULL, false, NULL}, /* numpy.arange(9): rows count, too */
      {"0,1\n5,3\n", NULL, false, NULL},
      {"1,2,3\n7,9,2\n", NULL, false, NULL},
      {"1,2,3\n", NULL, false, NULL},
      {"0,1,2,3\n", NULL, false, NULL},
      {"0,1,2,3,a\n", NULL, false, NULL},
      /* pandas names columns 0, 1, 2 */
      {"0,1,2,3\n5.1,3.5,1.4,0\n4.9,3,1.4,1\n", NULL, true, "though all of it is numbers"},
      {"0,1,2,species\n5.1,3.5,1.4,setosa\n4.9,3.0,1.4,setosa\n", NULL, true, NULL},
      {"0,1,2,art\n5.1,3.5,1.4,setosa\n4.9,3.0,1.4,setosa\n", NULL, true, NULL},
      {"0,1,art\n5.1,3.5,setosa\n4.9,3.0,setosa\n", NULL, true, "though it has numbers"},
      {"0,species\n5.1,setosa\n4.9,setosa\n", NULL, true, NULL},
      {"0,art\n5.1,setosa\n4.9,setosa\n", NULL, false, "in no other of the first lines"},
      {"2019,2020,2021,land\n5,6,9,a\n7,1,8,a\n", NULL, true, "though it has numbers"},
      {",0,1,2\n0,5.1,3.5,1\n1,4.9,3,2\n", NULL, true, NULL},
      {"label,0,1,2\na,5,6,9\nb,8,2,1\na,5,5,5\n", "label=label", true, NULL},
      {"label,0,1,2\na,5,6,9\nb,8,2,1\na,5,5,5\n", "label=-4", true, NULL},
      /* a class that returns is none */
      {"0,1,2,setosa\n5.1,3.5,1.4,setosa\n4.9,3.0,1.4,virginica\n", NULL, false, NULL},
      {"5.1,3.5,setosa\n4.9,3.0,setosa\n6,2,virginica\n", NULL, false, NULL},
      {"5.1,3.5,label\n4.9,3.0,setosa\n6,2,setosa\n", NULL, true, "though it has numbers"},
      {"5.1,3.5,art\n4.9,3.0,setosa\n6,2,setosa\n", NULL, false, "header=true takes it as names"},
      {"5.1,3.5,a\n4.9,3.0,b\n6,2,c\n", NULL, false, NULL},
      /* quoted numbers above numbers: R */
      {"\"2019\",\"2025\"\n1.5,2.5\n3,4\n", NULL, true, NULL},
      {"\"1\",\"2\"\n\"3\",\"5\"\n", NULL, false, NULL},
      /* what is missing is no name */
      {"?,5,x\n4,6,x\n", "missing=nan", false, NULL},
      {"NA,nan\n4,6\n", "missing=nan label=none", false, NULL},
      {"1,2,a\n", NULL, false, NULL},
      {"1,2\n3,4\n", "header=true", true, NULL},
      {"a,2\n3,4\n", "header=false missing_values=a missing=nan", false, NULL},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const header_case *it = &cases[i];
    clf_dataset *dataset = read_text(it->text, it->params);
    ck_assert_msg(clf_dataset_rows(dataset) == count_lines(it->text) - it->named, "'%s' has %lld",
                  it->text, (long long)clf_dataset_rows(dataset));
    const char *header = it->params != NULL && strstr(it->params, "header") != NULL ? ""
                         : it->named                                                ? "header=true"
                                     : "header=false";
    ck_assert_msg(strstr(informed, header) != NULL, "'%s': %s", it->text, informed);
    ck_assert_msg(it->doubt != NULL ? strstr(warned, it->doubt) != NULL
                                    : strstr(warned, "header=") == NULL,
                  "'%s': %s", it->text, warned);
    clf_dataset_free(dataset);
  }
}

/* Losing a document is worse than reading a header as a document. */
TEST(documents__are_rows_unless_names_are_usual_ones) {
  static const header_case cases[] = {
      {"good film,pos\nbad film,neg\ngood,pos\n", NULL, false, NULL},
      {"good film\nbad film\n", "label=none", false, NULL},
      {"text,label\ngood film,pos\nbad film,neg\n", NULL, true, NULL},
      {"Review,Sentiment\ngood film,pos\nbad film,neg\n", NULL, true, NULL},
      {"Satz,Klasse\ngood,pos\nbad,pos\n", NULL, false, "header=true takes it as names"},
      {"Satz,Klasse\ngood,pos\nbad,pos\n", "header=true", true, NULL},
      {"Satz,Klasse\ngood,1\nbad,0\n", NULL, true, NULL}, /* above numbers */
      {"good film,1\nbad,0\n", NULL, false, NULL},
      {"good film,pos\n1984,neg\nbad,pos\n", NULL, false, NULL},   /* a document may be a number */
      {"good; really,pos\nbad,neg\n", NULL, false, "header=true"}, /* one has a semicolon */
      {"a b c\td\ne f\tg\nh\td\n", NULL, false, NULL},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const header_case *it = &cases[i];
    clf_documents *documents = read_documents(it->text, it->params);
    ck_assert_msg(clf_documents_count(documents) == count_lines(it->text) - it->named,
                  "'%s' has %lld", it->text, (long long)clf_documents_count(documents));
    ck_assert_msg(it->doubt != NULL ? strstr(warned, it->doubt) != NULL : warned[0] == '\0',
                  "'%s': %s", it->text, warned);
    clf_documents_free(documents);
  }
}

/* The same two rows with each delimiter. */
TEST(delimiters__are_guessed) {
  static const struct {
    const char *text, *params, *says;
  } cases[] = {
      {"1,2,a\n3,4,b\n", NULL, "delimiter=comma"},
      {"1;2;a\n3;4;b\n", NULL, "delimiter=semicolon"},
      {"1\t2\ta\n3\t4\tb\n", NULL, "delimiter=tab"},
      {"1|2|a\n3|4|b\n", NULL, "delimiter=pipe"},
      {"1 2 a\n3 4 b\n", NULL, "delimiter=blanks"},
      {"  1   2  a \n  3\t 4 \"b\"\r\n", NULL, "delimiter=blanks"},
      {"x   y label\r\n 1 2   a\r\n3 4 b  ", NULL, "delimiter=blanks"},
      {"1, 2, a\n3, 4, b\n", NULL, "delimiter=comma"},
      {"length (cm),width (cm),kind\n1,2,a\n3,4,b\n", NULL, "delimiter=comma"},
      {"x y,z; u,v w\n1,2,a\n3,4,b\n", NULL, "delimiter=comma"},
      {"x;y,z;kind\n1;2;a\n3;4;b\n", NULL, "delimiter=semicolon"},
      {"sep=;\nx,y;z;kind\n1;2;a\n3;4;b\n", NULL, "delimiter=semicolon"}, /* Excel */
      {"sep=,\r\n1,2,a\r\n3,4,b\r\n", NULL, "delimiter=comma"},
      {"sep=|\n1|2|a\n3|4|b\n", "delimiter=pipe", "header=false"},
      {"1.0 2.0 a\n3.0 4.0 b\n", "delimiter=blanks", "header=false"},
      {"1 2 a\n3 4 b\n", "delimiter=space", "header=false"},
      {"x,y,z,\n1,2,a,\n3,4,b,\n", NULL, "without the empty last column"},
      {"x,y,z\n1,2,a,\n3,4,b,\n", NULL, "without the empty last column"}, /* pandas shifts this */
      {"x,y,z,\n1,2,a\n3,4,b\n", NULL, "label=3 (z)"},
      {"1,2,a,\n3,4,b,\n", "label=-1", "without the empty last column"},
      {"1|2|a|\n3|4|b|\n", NULL, "without the empty last column"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    clf_dataset *dataset = read_text(cases[i].text, cases[i].params);
    ck_assert_msg(clf_dataset_rows(dataset) == 2 && clf_dataset_features(dataset) == 2, "'%s'",
                  cases[i].text);
    ck_values(dataset, "x", 1, 2, 3, 4);
    ck_values(dataset, "labels", 0, 1);
    ck_assert_str_eq(clf_dataset_class_name(dataset, 0), "a");
    ck_assert_msg(strstr(informed, cases[i].says) != NULL, "'%s': %s", cases[i].text, informed);
    ck_assert_str_eq(warned, "");
    clf_dataset_free(dataset);
  }
}

TEST(delimiters__of_other_records_are_refused) {
  static const hostile table[] = {
      {"x,y,z\n1,2,a, \n3,4,b\n", 0, NULL, CLF_ERROR_FORMAT, "line 2: it has 4 fields"},
      {"1,2,3,\n4,5,6,\n7,8,9,1\n", 0, NULL, CLF_ERROR_DATA, "line 1, column 4: the value is mis"},
      {"1,,\n1,,\n1,,\n1,,\n1,,\n1,,\n1,,\n1,,\n1,,\n1,,\n1,,\n1,,\n1,,\n1,,\n1,,\n1,,\n2,,1\n", 0,
       "label=1 missing=nan", CLF_ERROR_FORMAT, "line 17: it has 3 fields"},
      {"1 2 3\n4 5 \n", 0, "delimiter=blanks header=false", CLF_ERROR_FORMAT,
       "line 2: it has 2 fields; the first line has 3"},
      {"1 2 3\n4 5 6 7\n", 0, "delimiter=blanks", CLF_ERROR_FORMAT, "line 2: it has 4 fields"},
      {"1 \"2\"3 4\n", 0, "delimiter=blanks", CLF_ERROR_FORMAT, "text follows its closing quote"},
      {"1,2,3\n4;5;6\n", 0, NULL, CLF_ERROR_FORMAT, "delimiter says what separates them"},
      {"1,2\n3;4,5\n", 0, NULL, CLF_ERROR_DATA, "'3;4' is not a number; delimiter"},
      {"one\n1\n2\n", 0, NULL, CLF_ERROR_DATA, "delimiter says what separates columns"},
      {"1,2,3\n# 4\n", 0, NULL, CLF_ERROR_FORMAT, "comment=hash leaves lines out"},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    assert_refused(context, &clf__dataset_reader_csv, &table[i]);
  }
}

TEST(row_numbers__are_left_out) {
  static const struct {
    const char *text, *params, *says, *warns;
    int64_t features;
    double first; /* of the first row */
  } cases[] = {
      /* pandas' to_csv() */
      {",x,y\n0,5,a\n1,6,b\n", NULL, "row_numbers=true", NULL, 1, 5},
      {",x,y\n1,5,a\n2,6,b\n", NULL, "row_numbers=true", NULL, 1, 5},
      {"\"\",x,y\n0,5,a\n1,6,b\n", NULL, "row_numbers=true", NULL, 1, 5},
      {"Unnamed: 0,x,y\n0,5,a\n1,6,b\n", NULL, "row_numbers=true", NULL, 1, 5},
      {",0,1,y\n0,5,7,a\n1,6,8,b\n", NULL, "row_numbers=true", NULL, 2, 5},
      {";x;y\n0;5;a\n1;6;b\n", NULL, "row_numbers=true", NULL, 1, 5},
      {",x,y\n0,5,a\n1,6,b\n", "row_numbers=false", "label=3 (y)", NULL, 2, 0},
      {",x,y\n0,5,1\n1,6,2\n", "label=1", "header=true", NULL, 2, 5},
      /* R's write.table() and write.csv() */
      {"\"x\",\"y\"\n\"1\",5,\"a\"\n\"2\",6,\"b\"\n", NULL, "label=3 (y)", NULL, 1, 5},
      {"\"x\" \"y\"\n\"Fiat\" 5 \"a\"\n\"Audi\" 6 \"b\"\n", NULL, "row_numbers=true", NULL, 1, 5},
      {"\"\",\"x\",\"y\"\n\"Fiat\",5,\"a\"\n\"Audi\",6,\"b\"\n", NULL, "row_numbers=true", NULL, 1,
       5},
      /* doubtful */
      {",x,y\n17,5,a\n4,6,b\n", NULL, "header=true", "row_numbers=true leaves it out", 2, 17},
      {"Id,x,y\n1,5,a\n2,6,b\n3,5,a\n4,6,b\n5,5,a\n", NULL, "header=true", "counts the rows", 2, 1},
      {"1,5,a\n2,6,b\n3,5,a\n4,6,b\n5,5,a\n", NULL, "header=false", "counts the rows", 2, 1},
      {"Id,x,y\n1,5,a\n2,6,b\n3,5,a\n4,6,b\n5,5,a\n", "row_numbers=true", "label=3", NULL, 1, 5},
      {"Id,x,y\n1,5,a\n2,6,b\n3,5,a\n4,6,b\n5,5,a\n", "row_numbers=false", "label=3", NULL, 2, 1},
      {"Id,x,y\n1,5,a\n2,6,b\n3,5,a\n4,6,b\n5,5,a\n", "ignore=Id", "label=3", NULL, 1, 5},
      {"t,x,y\n1,5,a\n2,6,b\n", NULL, "header=true", NULL, 2, 1},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    clf_dataset *dataset = read_text(cases[i].text, cases[i].params);
    clf_tensor *x = NULL;
    ck_clf_ok(clf_dataset_tensor(&x, dataset, "x"));
    ck_assert_msg(clf_dataset_features(dataset) == cases[i].features &&
                      clf__tensor_value(x, 0) == cases[i].first,
                  "'%s'", cases[i].text);
    ck_assert_msg(strstr(informed, cases[i].says) != NULL, "'%s': %s", cases[i].text, informed);
    ck_assert_msg(cases[i].warns != NULL ? strstr(warned, cases[i].warns) != NULL
                                         : warned[0] == '\0',
                  "'%s': %s", cases[i].text, warned);
    clf_tensor_free(x);
    clf_dataset_free(dataset);
  }
}

TEST(row_numbers__that_are_none_are_refused) {
  static const hostile table[] = {
      {"v1,v2\nv1,b\n", 0, "label=v2", CLF_ERROR_ARGUMENT,
       "label=v2: it has no such column; header=true"},
      {"v1,v2\nv1,b\n", 0, "label=v3", CLF_ERROR_ARGUMENT,
       "no such column; give a name of its header"},
      {"x,y\n5.5,1,a\n6.5,2,b\n", 0, NULL, CLF_ERROR_FORMAT, "row_numbers=true if the first one"},
      {"x,y\na,5,1\nb,6,2\nc,7\n", 0, NULL, CLF_ERROR_FORMAT,
       "line 4: it has 2 fields; line 2 has 3"},
      {"x,y\na,5,1\nb,6,2\n", 0, "row_numbers=false", CLF_ERROR_FORMAT, "line 2: it has 3 fields"},
      {",x\n0,5\n1,6\n", 0, NULL, CLF_ERROR_DATA, "row_numbers=false the first"},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    assert_refused(context, &clf__dataset_reader_csv, &table[i]);
  }
}

TEST(labels__of_the_last_column_are_doubted) {
  static const struct {
    const char *text, *params, *warns;
  } cases[] = {
      {"label,x,y\n1,5,0\n0,6,3\n", NULL, "column 1 is called 'label'; label=1 takes that one"},
      {"x,Species,y\n1,5,0\n0,6,3\n", NULL, "label=3 says that it is the last"},
      {"x,\"class\"\n\"1\",5,a\n\"2\",6,b\n", NULL, NULL},
      {"label,x,y\n1,5,0\n0,6,3\n", "label=3", NULL},
      {"label,x,y\n1,5,0\n0,6,3\n", "label=1", NULL},
      {"label,x,y\n1,5,0\n0,6,3\n", "label=none", NULL},
      {"label,x,y\n1,5,0\n0,6,3\n", "ignore=label", NULL},
      {"label,x,class\n1,5,0\n0,6,3\n", NULL, NULL},
      {"target,x,y\n1,5,0\n0,6,3\n", "regression=true", "label=1 takes that one"},
      {"1,5,0\n0,6,3\n", NULL, NULL},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    clf_dataset_free(read_text(cases[i].text, cases[i].params));
    ck_assert_msg(cases[i].warns != NULL ? strstr(warned, cases[i].warns) != NULL
                                         : warned[0] == '\0',
                  "'%s': %s", cases[i].text, warned);
  }
}

TEST(labels__of_documents_are_doubted) {
  clf_documents_free(read_documents("label,text\na,hello\nb,bye\n", NULL));
  ck_assert_ptr_nonnull(strstr(warned, "column 1 is called 'label'; label=1 takes that one"));
  clf_documents_free(read_documents("text,label\nhello,a\nbye,b\n", NULL));
  ck_assert_str_eq(warned, "");
}

/* A text with commas must be quoted, because its first part is not taken for the name of a row. A
 * first column that counts the rows is left out. */
TEST(texts__with_delimiters_need_quotes) {
  const clf__document_reader *format = &clf__document_reader_csv;
  static const struct {
    const char *text, *says;
  } cases[] = {
      {"text,label\nhello, world,a\nbye, world,b\n",
       "file line 2: it has 3 fields; the first line has 2; a text with delimiters in it needs"},
      {"text,label\nhello,a\nbye,\xE4\n", "file line 3, column 2 (label): '?' is no UTF-8"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const clf__bytes bytes = {(const unsigned char *)cases[i].text, strlen(cases[i].text),
                              CLF__BYTES_BORROWED};
    clf_documents *documents = NULL;
    void *values = NULL;
    ck_clf_ok(clf__params_create(&values, context, &format->base.params, NULL));
    ck_assert_int_lt(format->parse(&documents, context, &bytes, "file", values), 0);
    ck_assert_msg(strncmp(clf_last_error(), cases[i].says, strlen(cases[i].says)) == 0, "%s",
                  clf_last_error());
    clf__params_free(&format->base.params, values);
  }
  clf_documents *documents = read_documents("text,label\n1,hello,a\n2,bye,b\n", NULL);
  ck_assert_str_eq(clf_documents_text(documents, 0, NULL), "hello");
  clf_documents_free(documents);
}

TEST(repeated_names__are_all_ignored_and_no_label) {
  static const char text[] = "id,x,id,y,y\n1,5,2,7,8\n3,6,4,9,10\n";
  clf_dataset *dataset = read_text(text, "ignore=id label=none");
  ck_values(dataset, "x", 5, 7, 8, 6, 9, 10);
  clf_dataset_free(dataset);
  dataset = read_text(text, "ignore=id,4");
  ck_values(dataset, "x", 5, 6);
  ck_values(dataset, "labels", 0, 1);
  clf_dataset_free(dataset);
  static const hostile table[] = {
      {text, 0, "label=y", CLF_ERROR_ARGUMENT,
       "file: label=y: columns 4 and 5 have this name; give a number"},
      {text, 0, "weight=id", CLF_ERROR_ARGUMENT, "weight=id: columns 1 and 3 have this name"},
      {text, 0, "label=x,y regression=true", CLF_ERROR_ARGUMENT, "columns 4 and 5"},
      {text, 0, "ignore=1,id", CLF_ERROR_ARGUMENT, "column 1 is already the ignored column"},
      {text, 0, "ignore=id,3", CLF_ERROR_ARGUMENT, "column 3 is already the ignored column"},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    assert_refused(context, &clf__dataset_reader_csv, &table[i]);
  }
}

/* Numbers that are names, too. */
TEST(names__go_before_numbers) {
  clf_dataset *dataset = read_text("0,1,2,kind\n5,6,9,1\n8,2,1,2\n", "label=kind ignore=1");
  ck_values(dataset, "x", 5, 9, 8, 1);
  ck_assert_ptr_nonnull(strstr(warned, "ignore=1 is taken as the name of column 2, not as col"));
  clf_dataset_free(dataset);
}

TEST(log__tells_every_guess_once) {
  clf_dataset_free(read_text("x;y;art\n1,5;2;a\n3;4,25;b\n", NULL));
  ck_assert_str_eq(informed,
                   "file: guessed delimiter=semicolon header=true decimal=comma label=3 (art)\n");
  ck_assert_str_eq(warned, "");
  clf_dataset_free(read_text("x;y;art\n1,5;2;a\n3;4,25;b\n",
                             "delimiter=semicolon header=true decimal=comma label=art"));
  ck_assert_str_eq(informed, "");
  clf_dataset_free(read_text("1,2\n,4\n5,\n6,7\n", "missing=skip label=none"));
  ck_assert_ptr_nonnull(strstr(informed, "2 of 4 rows lack a value and are left out"));
  clf_documents_free(read_documents("a,b\nc,b\n", NULL));
  ck_assert_str_eq(informed, "file: guessed delimiter=comma header=false text=1 label=2\n");
}

static void ck_guesses(const char *text, const char *params, const char *expected) {
  clf_dataset *dataset = read_text(text, params);
  ck_assert_str_eq(clf_dataset_guesses(dataset), expected);
  clf_dataset_free(dataset);
}

/* The guesses are parameters: read by them, the same text leaves nothing to guess. */
TEST(guesses__are_parameters) {
  const char *text = "x;y;\"what's it\"\n1,5;2;a\n3;4,25;b\n";
  ck_guesses(text, NULL, "delimiter=semicolon header=true decimal=comma label=\"what's it\"");
  ck_guesses(text, "delimiter=semicolon header=true decimal=comma label=\"what's it\"", "");
  ck_guesses(text, "label=3", "delimiter=semicolon header=true decimal=comma");
  ck_guesses("x;y\n1.5;a\n2;b\n", NULL,
             "delimiter=semicolon header=true decimal=point label=\"y\"");
  ck_guesses(",x,y\n7,1,a\n3,2,b\n", NULL,
             "delimiter=comma header=true row_numbers=false label=\"y\"");
  ck_guesses("1 2 a\n1 3 b\n", NULL, "delimiter=blanks header=false label=3");
  ck_guesses("a,a\n1,2\n3,4\n", "header=true", "delimiter=comma label=2");
  ck_guesses("a,7\n1,2\n3,4\n", "header=true", "delimiter=comma label=2");
  ck_guesses("a,none\n1,2\n3,4\n", "header=true", "delimiter=comma label=2");
  ck_guesses("a,\"b,c\"\n1,2\n3,4\n", "header=true", "delimiter=comma label=2");
  ck_guesses("# a,b\n1,2\n3,4\n", "label=none", "delimiter=comma header=comment");
  ck_guesses("# a,b\n1,2\n3,4\n", "label=none delimiter=comma header=comment", "");
  clf_documents *documents = read_documents("id,text,mood\n1,so good,b\n2,too bad,c\n", NULL);
  ck_assert_str_eq(clf_documents_guesses(documents),
                   "delimiter=comma header=true text=\"text\" label=\"mood\"");
  clf_documents_free(documents);
  ck_assert_ptr_null(clf_documents_guesses(NULL));
  ck_assert_ptr_null(clf_dataset_guesses(NULL));
}

/* Names in a comment are not those of the first row, which would be lost. */
TEST(header__is_in_a_comment) {
  const char *text = "# made by hand\n# a,b\n1,2\n3,4\n";
  clf_dataset *dataset = read_text(text, "label=none header=comment");
  ck_assert_int_eq(clf_dataset_rows(dataset), 2);
  ck_assert_str_eq(clf_dataset_column_name(dataset, 1), "b");
  clf_dataset_free(dataset);
  const hostile bare = {"1,2\n3,4\n", 0, "header=comment", CLF_ERROR_DATA,
                        "file: header=comment, but no line that begins with # names its 2 columns"};
  assert_refused(context, &clf__dataset_reader_csv, &bare);
}

/* A label column of many different values is probably a target or an identifier. */
TEST(log__doubts_labels_that_are_all_different) {
  char text[1024] = "";
  for (int i = 0; i < 20; i++) {
    sprintf(text + strlen(text), "%d,%d.5\n", i % 3, i);
  }
  clf_dataset_free(read_text(text, NULL));
  ck_assert_ptr_nonnull(strstr(warned, "20 rows are 20 classes"));
  clf_dataset_free(read_text(text, "regression=true"));
  ck_assert_str_eq(warned, "");
  clf_dataset_free(read_text(text, "label=1"));
  ck_assert_str_eq(warned, "");
}

SUITE("csv_guess", .setup = open_reader, .teardown = close_reader)
