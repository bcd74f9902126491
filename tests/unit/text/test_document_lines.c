/* Documents that are lines of text: the readers "lines" and "fasttext", from files and memory. */
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "gzip.h"
#include "log.h"
#include "support.h"

static clf_context *context;

static void setup(void) {
  make_folder();
  ck_clf_ok(clf_context_create(&context, NULL, "threads=2"));
  ck_clf_ok(clf_context_set_log(context, listen, NULL));
  forget_log();
}

static void teardown(void) {
  clf_context_free(context);
  remove_folder();
}

/* Texts and labels: "pos=good|neg=bad|", or "good|bad|" without labels. */
static const char *told(clf_documents *documents) {
  static char out[1024];
  clf_vocabulary *vocabulary = NULL;
  clf_dataset *rows = NULL;
  clf_tensor *labels = NULL;
  size_t length = 0;
  ck_clf_ok(clf_vocabulary_create(&vocabulary, NULL, "steps=2"));
  ck_clf_ok(clf_vocabulary_build(vocabulary, documents));
  ck_clf_ok(clf_vocabulary_encode(&rows, vocabulary, documents));
  const bool labeled = clf_dataset_classes(rows) > 0;
  if (labeled) {
    ck_clf_ok(clf_dataset_tensor(&labels, rows, "labels"));
  }
  for (int64_t i = 0; i < clf_documents_count(documents); i++) {
    const int32_t *index = labeled ? (const int32_t *)clf_tensor_data(labels) + i : NULL;
    length += (size_t)snprintf(out + length, sizeof out - length, "%s%s%s|",
                               labeled ? clf_dataset_class_name(rows, *index) : "",
                               labeled ? "=" : "", clf_documents_text(documents, i, NULL));
  }
  clf_tensor_free(labels);
  clf_dataset_free(rows);
  clf_vocabulary_free(vocabulary);
  clf_documents_free(documents);
  return out;
}

static clf_documents *loaded(const char *format, const char *name, const char *params) {
  clf_documents *made = NULL;
  ck_clf_ok(clf_documents_load(&made, context, format, path_of(name), params));
  return made;
}

static clf_documents *read_text(const char *format, const char *text, const char *params) {
  clf_documents *made = NULL;
  ck_clf_ok(clf_documents_load_memory(&made, context, format, text, strlen(text), params));
  return made;
}

static void check_refused(const char *format, const char *name, const char *params,
                          clf_status status, const char *says) {
  clf_documents *made = NULL;
  ck_clf_fails(clf_documents_load(&made, context, format, path_of(name), params), status);
  ck_clf_says(says);
  ck_assert_ptr_null(made);
}

static void check_text_refused(const char *format, const char *text, const char *params,
                               clf_status status, const char *says) {
  clf_documents *made = NULL;
  ck_clf_fails(clf_documents_load_memory(&made, context, format, text, strlen(text), params),
               status);
  ck_clf_says(says);
  ck_assert_ptr_null(made);
}

TEST(lines__are_texts) {
  static const struct {
    const char *text, *params, *expected;
  } cases[] = {
      {"good\nbad", NULL, "good|bad|"},
      {"good\r\nbad\r\n", NULL, "good|bad|"},
      {"good\rbad\r", NULL, "good|bad|"},
      {"good\n\n\nbad\n", NULL, "good|||bad|"},
      {"\xEF\xBB\xBF good, \"it\n\ta\n", NULL, " good, \"it|\ta|"},
      {"a\r\r\n", NULL, "a\r|"},
      {"caf\xE9\nx", "encoding=latin1", "caf\xC3\xA9|x|"},
      {"caf\xE9\nx", NULL, "caf\xEF\xBF\xBD|x|"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    ck_assert_str_eq(told(read_text("lines", cases[i].text, cases[i].params)), cases[i].expected);
    put_text("texts", cases[i].text);
    ck_assert_str_eq(told(loaded("lines", "texts", cases[i].params)), cases[i].expected);
  }
}

TEST(lines__of_a_file_a_label_have_labels) {
  char packed[256];
  put_text("films.pos", "good\nfine\n");
  put_file("films.neg.gz", packed, deflate_bytes(packed, sizeof packed, "bad\n", 4, 1));
  put_text("films", "");
  put_text("filmsx.pos", "not read\n");
  add_folder("films.old");
  unlink(path_of("films"));
  ck_assert_str_eq(told(loaded("lines", "films", NULL)), "neg=bad|pos=good|pos=fine|");
  ck_assert_msg(strstr(heard,
                       "the endings of its 2 files are taken for labels, the first is 'neg'; "
                       "labels=A,B") != NULL,
                "%s", heard);
  forget_log();
  ck_assert_str_eq(told(loaded("lines", "films", "labels=pos,neg")), "pos=good|pos=fine|neg=bad|");
  ck_assert_str_eq(told(loaded("lines", "films", "labels=pos")), "pos=good|pos=fine|");
  ck_assert_str_eq(heard, "");
  ck_assert_str_eq(told(loaded("lines", "films.pos", NULL)), "good|fine|");
}

TEST(lines__of_the_working_folder_are_found) {
  clf_documents *made = NULL;
  char before[1024];
  put_text("t.a", "one\n");
  put_text("t.b", "two\n");
  ck_assert_ptr_nonnull(getcwd(before, sizeof before));
  ck_assert_int_eq(chdir(folder), 0);
  const clf_status status = clf_documents_load(&made, context, "lines", "t", NULL);
  ck_assert_int_eq(chdir(before), 0);
  ck_clf_ok(status);
  ck_assert_str_eq(told(made), "a=one|b=two|");
}

TEST(lines__say_what_is_wrong) {
  put_text("t.a", "one\n");
  put_text("t.b", "");
  check_refused("lines", "u", NULL, CLF_ERROR_IO, "u.pos and ");
  check_refused("lines", "none/u", NULL, CLF_ERROR_IO, "none");
  check_refused("lines", "t", NULL, CLF_ERROR_DATA, "t.b: the file is empty");
  check_refused("lines", "t", "labels=a,c", CLF_ERROR_IO, "t.c");
  check_refused("lines", "t.a", "labels=a", CLF_ERROR_ARGUMENT, "labels=a names files");
  check_text_refused("lines", "x\n", "labels=a", CLF_ERROR_ARGUMENT, "labels=a names files");
  put_text("t.b", "two\n");
  put_text("t.b.gz", "two\n");
  check_refused("lines", "t", NULL, CLF_ERROR_DATA, "texts of one label");
  put_text("v.caf\xE9", "x\n");
  check_refused("lines", "v", NULL, CLF_ERROR_DATA, "is no UTF-8");
  put_file("w", "a\0b", 3);
  check_refused("lines", "w", NULL, CLF_ERROR_FORMAT, "byte 1 is 0");
}

TEST(fasttext__has_labels_in_its_lines) {
  static const struct {
    const char *text, *params, *expected;
  } cases[] = {
      {"__label__pos a good one\n__label__neg bad\n", NULL, "pos=a good one|neg=bad|"},
      {"a\t__label__x b\r\n__label__y\r\n", NULL, "x=a\tb|y=|"},
      {"\n__label__x a\n \t\n__label__y b\n\n", NULL, "x=a|y=b|"},
      {"a b\n\nc\n", NULL, "a b||c|"},
      {"#x a __label__y\n#z b", "prefix=#", "x=a __label__y|z=b|"},
      {"__label__caf\xE9 t\xE9", "encoding=latin1", "caf\xC3\xA9=t\xC3\xA9|"},
      {"__label__1 a\n__label__-1 b", NULL, "1=a|-1=b|"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    ck_assert_str_eq(told(read_text("fasttext", cases[i].text, cases[i].params)),
                     cases[i].expected);
    put_text("texts", cases[i].text);
    ck_assert_str_eq(told(loaded("fasttext", "texts", cases[i].params)), cases[i].expected);
  }
}

TEST(fasttext__logs_what_it_leaves_out) {
  clf_documents_free(read_text("fasttext", "\n__label__x a\n\n", NULL));
  ck_assert_msg(strstr(heard, "2 blank lines are left out") != NULL, "%s", heard);
  forget_log();
  clf_documents_free(read_text("fasttext", "a\n\nb\n", NULL));
  ck_assert_msg(strstr(heard, "no line has a label") != NULL &&
                    strstr(heard, "prefix=TEXT") != NULL,
                "%s", heard);
  forget_log();
  clf_documents_free(read_text("fasttext", "__label__x a\n", NULL));
  ck_assert_str_eq(heard, "");
}

TEST(fasttext__says_which_line_is_wrong) {
  check_text_refused("fasttext", "__label__a x\n\ny\n", NULL, CLF_ERROR_DATA,
                     "data in memory line 3: it has no label");
  check_text_refused("fasttext", "y\n__label__a x\n", "first_line=10", CLF_ERROR_DATA,
                     "data in memory line 10: it has no label");
  check_text_refused("fasttext", "__label__a x __label__b\n", NULL, CLF_ERROR_DATA,
                     "line 1: it has two labels, '__label__a' and '__label__b'");
  check_text_refused("fasttext", "__label__a\n__label__ x\n", NULL, CLF_ERROR_DATA,
                     "line 2: its label '__label__' has no name");
  check_text_refused("fasttext", "__label__a\n__label__caf\xE9 x\n", NULL, CLF_ERROR_DATA,
                     "line 2: 'caf?' is no UTF-8: byte 4 is 0xE9; encoding=latin1");
  check_text_refused("fasttext", "x\n", "prefix=''", CLF_ERROR_ARGUMENT, "prefix");
  check_text_refused("fasttext", "", NULL, CLF_ERROR_DATA, "empty");
}

TEST(folders__are_not_in_memory) {
  check_text_refused("folder", "a", NULL, CLF_ERROR_UNSUPPORTED, "clf_documents_create()");
  check_text_refused("line", "a", NULL, CLF_ERROR_ARGUMENT, "did you mean 'lines'");
}

TEST(csv__is_read_from_memory) {
  ck_assert_str_eq(told(read_text("csv", "text,label\n\"a\nb\",x\nc,y\n", NULL)), "x=a\nb|y=c|");
  check_text_refused("csv", "text,label\na,x\nb\n", "first_line=7", CLF_ERROR_FORMAT,
                     "data in memory line 9");
}

TEST(reading__is_the_same_on_any_threads_and_can_be_cancelled) {
  enum { LINES = 3000 };
  static char text[LINES * 24];
  size_t size = 0;
  clf_documents *one = NULL, *two = NULL, *made = NULL;
  for (int i = 0; i < LINES; i++) {
    size += (size_t)sprintf(text + size, "__label__%d text %d\n", i % 7, i);
  }
  ck_clf_ok(clf_documents_load_memory(&one, NULL, "fasttext", text, size, NULL));
  ck_clf_ok(clf_documents_load_memory(&two, context, "fasttext", text, size, NULL));
  for (int64_t i = 0; i < LINES; i++) {
    char expected[24];
    snprintf(expected, sizeof expected, "text %d", (int)i);
    ck_assert_str_eq(clf_documents_text(one, i, NULL), expected);
    ck_assert_str_eq(clf_documents_text(two, i, NULL), expected);
  }
  clf_documents_free(one);
  clf_documents_free(two);
  ck_clf_ok(clf_context_set_progress(context, cancel_at_once, NULL));
  ck_clf_fails(clf_documents_load_memory(&made, context, "fasttext", text, size, NULL),
               CLF_ERROR_CANCELLED);
  ck_clf_fails(clf_documents_load_memory(&made, context, "lines", text, size, "encoding=latin1"),
               CLF_ERROR_CANCELLED);
  ck_assert_ptr_null(made);
}

SUITE("document_lines", .setup = setup, .teardown = teardown)
