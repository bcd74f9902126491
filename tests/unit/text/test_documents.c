/* Documents from folders and from CSV text. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "log.h"
#include "support.h"

static clf_documents *loaded(const char *format, const char *path, const char *params) {
  clf_documents *made = NULL;
  ck_clf_ok(clf_documents_load(&made, NULL, format, path, params));
  return made;
}

/* The label of each document, through a dataset: "pos neg …". */
static const char *labels_of(const clf_documents *documents) {
  static char out[1024];
  clf_vocabulary *vocabulary = NULL;
  clf_dataset *rows = NULL;
  clf_tensor *labels = NULL;
  size_t length = 0;
  ck_clf_ok(clf_vocabulary_create(&vocabulary, NULL, "steps=2"));
  ck_clf_ok(clf_vocabulary_build(vocabulary, documents));
  ck_clf_ok(clf_vocabulary_encode(&rows, vocabulary, documents));
  ck_clf_ok(clf_dataset_tensor(&labels, rows, "labels"));
  for (int64_t i = 0; i < clf_documents_count(documents); i++) {
    int32_t label = ((const int32_t *)clf_tensor_data(labels))[i];
    length += (size_t)snprintf(out + length, sizeof out - length, "%s%s", i > 0 ? " " : "",
                               clf_dataset_class_name(rows, label));
  }
  clf_tensor_free(labels);
  clf_dataset_free(rows);
  clf_vocabulary_free(vocabulary);
  return out;
}

static void check_texts(const clf_documents *documents, const char *const *texts, int64_t count) {
  ck_assert_int_eq(clf_documents_count(documents), count);
  for (int64_t i = 0; i < count; i++) {
    ck_assert_str_eq(clf_documents_text(documents, i, NULL), texts[i]);
  }
}

static void check_refused(const char *format, const char *path, const char *params,
                          clf_status status, const char *says) {
  clf_documents *made = NULL;
  ck_clf_fails(clf_documents_load(&made, NULL, format, path, params), status);
  ck_clf_says(says);
  ck_assert_ptr_null(made);
}

static void write_reviews(void) {
  add_folder("pos");
  add_folder("neg");
  put_text("pos/b.txt", "good");
  put_text("pos/a.txt",
           "\xEF\xBB\xBF"
           "fine");
  put_text("neg/a.txt",
           "ba\xFF"
           "d");
  put_text("neg/.hidden", "not read");
  put_text("README", "not read either");
}

TEST(folders__are_labels) {
  write_reviews();
  clf_documents *documents = loaded("folder", folder, NULL);
  check_texts(documents,
              (const char *const[]){"ba\xEF\xBF\xBD"
                                    "d",
                                    "fine", "good"},
              3);
  ck_assert_str_eq(labels_of(documents), "neg pos pos");
  ck_assert_str_eq(clf_documents_name(documents, 1), "pos/a.txt");
  ck_assert_ptr_null(clf_documents_name(documents, 3));
  ck_assert_int_eq(clf_documents_replaced(documents), 1);
  clf_documents_free(documents);
}

TEST(folders__are_told) {
  clf_context *context = NULL;
  write_reviews();
  ck_clf_ok(clf_context_create(&context, NULL, NULL));
  ck_clf_ok(clf_context_set_log(context, listen, NULL));
  for (int chosen = 0; chosen < 2; chosen++) {
    clf_documents *documents = NULL;
    forget_log();
    ck_clf_ok(clf_documents_load(&documents, context, "folder", folder,
                                 chosen == 0 ? NULL : "folders=pos,neg"));
    ck_assert_msg((strstr(heard, "its 2 folders are taken for labels; folders=A,B") != NULL) ==
                          (chosen == 0) &&
                      strstr(heard,
                             "1 files next to the folders of labels are left out, the first "
                             "'README'") != NULL,
                  "%s", heard);
    clf_documents_free(documents);
  }
  clf_context_free(context);
}

TEST(folders__may_be_chosen) {
  write_reviews();
  add_folder("unsup");
  check_refused("folder", folder, NULL, CLF_ERROR_DATA, "unsup' is empty");
  clf_documents *documents = loaded("folder", folder, "folders=pos,neg");
  ck_assert_str_eq(labels_of(documents), "neg pos pos");
  clf_documents_free(documents);
  documents = loaded("folder", folder, "folders=pos");
  ck_assert_str_eq(labels_of(documents), "pos pos");
  clf_documents_free(documents);
  check_refused("folder", folder, "folders=pos,ne", CLF_ERROR_DATA, "no folder 'ne'");
}

TEST(folder__without_folders_has_no_labels) {
  put_text("2", "b");
  put_text("10", "a");
  clf_documents *documents = loaded("folder", folder, NULL);
  check_texts(documents, (const char *const[]){"a", "b"}, 2);
  ck_assert_str_eq(clf_documents_name(documents, 0), "10");
  clf_documents_free(documents);
}

TEST(folder__links_are_followed) {
  write_reviews();
  ck_assert_int_eq(symlink("../README", path_of("neg/link")), 0);
  ck_assert_int_eq(symlink("pos", path_of("zlink")), 0);
  clf_documents *documents = loaded("folder", folder, NULL);
  ck_assert_str_eq(labels_of(documents), "neg neg pos pos zlink zlink");
  clf_documents_free(documents);
}

TEST(folder__says_what_is_wrong) {
  check_refused("folder", folder, NULL, CLF_ERROR_DATA, "is empty");
  check_refused("folder", path_of("none"), NULL, CLF_ERROR_IO, "none");
  put_text("file", "text");
  check_refused("folder", path_of("file"), NULL, CLF_ERROR_IO, "file");
  check_refused("folder", folder, "max_bytes=3", CLF_ERROR_DATA, "max_bytes=3");
  check_refused("folders", folder, NULL, CLF_ERROR_ARGUMENT, "did you mean 'folder'");
  ck_assert_int_eq(mkfifo(path_of("pipe"), 0666), 0);
  check_refused("folder", folder, NULL, CLF_ERROR_IO, "pipe");
  ck_assert_int_eq(unlink(path_of("pipe")), 0);
  ck_assert_int_eq(symlink("nowhere", path_of("dangling")), 0);
  check_refused("folder", folder, NULL, CLF_ERROR_IO, "dangling");
  add_folder("pos");
  add_folder("pos/more");
  check_refused("folder", folder, NULL, CLF_ERROR_DATA, "pos/more");
  ck_assert_int_eq(rmdir(path_of("pos/more")), 0);
  add_folder("caf\xE9");
  put_text("pos/a", "text");
  put_text("caf\xE9/a", "text");
  check_refused("folder", folder, "folders=pos,caf\xE9", CLF_ERROR_DATA,
                "'caf?' is no UTF-8: byte 4 is 0xE9");
}

/* Two files of one label are read; a model that needs two classes says so. */
TEST(folder__of_one_label_is_read_and_not_learnt) {
  add_folder("pos");
  put_text("pos/a", "good");
  put_text("pos/b", "fine");
  clf_documents *documents = loaded("folder", folder, NULL);
  clf_vocabulary *vocabulary = NULL;
  clf_model *model = NULL;
  clf_dataset *rows = NULL;
  ck_clf_ok(clf_vocabulary_create(&vocabulary, NULL, "encoding=count"));
  ck_clf_ok(clf_vocabulary_build(vocabulary, documents));
  ck_clf_ok(clf_vocabulary_encode(&rows, vocabulary, documents));
  ck_clf_ok(clf_model_create(&model, NULL, "logistic", NULL));
  ck_clf_fails(clf_model_fit(model, rows, NULL, NULL), CLF_ERROR_DATA);
  clf_model_free(model);
  clf_dataset_free(rows);
  clf_vocabulary_free(vocabulary);
  clf_documents_free(documents);
}

TEST(folder__order_does_not_depend_on_threads) {
  enum { FILES = 700 };
  char name[32];
  add_folder("a");
  add_folder("b");
  for (int i = 0; i < FILES; i++) {
    snprintf(name, sizeof name, "%s/%d", i % 3 == 0 ? "a" : "b", i);
    put_text(name, name);
  }
  clf_context *context = NULL;
  clf_documents *documents[2] = {NULL};
  ck_clf_ok(clf_context_create(&context, NULL, "threads=4"));
  ck_clf_ok(clf_documents_load(&documents[0], context, "folder", folder, NULL));
  ck_clf_ok(clf_documents_load(&documents[1], NULL, "folder", folder, NULL));
  for (int64_t i = 0; i < FILES; i++) {
    ck_assert_str_eq(clf_documents_text(documents[0], i, NULL),
                     clf_documents_name(documents[0], i));
    ck_assert_str_eq(clf_documents_name(documents[1], i), clf_documents_name(documents[0], i));
  }
  clf_documents_free(documents[0]);
  clf_documents_free(documents[1]);
  clf_context_free(context);
}

TEST(csv__columns_are_texts_and_labels) {
  put_text("reviews.csv", "review,sentiment\n\"It's \"\"good\"\",\nreally\",pos\nbad,neg\n,pos\n");
  clf_documents *documents = loaded("csv", path_of("reviews.csv"), NULL);
  check_texts(documents, (const char *const[]){"It's \"good\",\nreally", "bad", ""}, 3);
  ck_assert_str_eq(labels_of(documents), "pos neg pos");
  clf_documents_free(documents);
  documents = loaded("csv", path_of("reviews.csv"), "text=sentiment label=none header=true");
  check_texts(documents, (const char *const[]){"pos", "neg", "pos"}, 3);
  clf_documents_free(documents);
}

TEST(csv__quotes_may_mean_nothing) {
  put_text("a.tsv", "1\t5 \"apples\"\n0\tan \"open quote\n1\tx\n");
  clf_documents *documents =
      loaded("csv", path_of("a.tsv"), "label=1 text=2 quotes=false header=false");
  check_texts(documents, (const char *const[]){"5 \"apples\"", "an \"open quote", "x"}, 3);
  ck_assert_str_eq(labels_of(documents), "1 0 1");
  clf_documents_free(documents);
  check_refused("csv", path_of("a.tsv"), "label=1", CLF_ERROR_FORMAT, "line 1, column 2");
}

TEST(csv__is_read_in_other_spellings) {
  put_text("a.csv", "text,label,\ncaf\xE9,None,\nb\xE4r,n\xF6,\n");
  clf_documents *documents = loaded("csv", path_of("a.csv"), "encoding=latin1 missing_values=?");
  check_texts(documents, (const char *const[]){"caf\xC3\xA9", "b\xC3\xA4r"}, 2);
  ck_assert_str_eq(labels_of(documents), "None n\xC3\xB6");
  ck_assert_int_eq(clf_documents_replaced(documents), 0);
  clf_documents_free(documents);
  check_refused("csv", path_of("a.csv"), NULL, CLF_ERROR_DATA,
                "line 2, column 2 (label): the label is missing; label=none goes without, "
                "missing_values says");
  check_refused("csv", path_of("a.csv"), "missing_values=?", CLF_ERROR_DATA,
                "line 3, column 2 (label): 'n?' is no UTF-8: byte 2 is 0xF6; encoding=latin1");
}

TEST(csv__says_what_is_wrong) {
  put_text("a.csv", "text,label\na,x\nb\n");
  check_refused("csv", path_of("a.csv"), NULL, CLF_ERROR_FORMAT, "line 3: it has 1 fields");
  check_refused("csv", path_of("a.csv"), "text=review", CLF_ERROR_ARGUMENT, "text=review");
  check_refused("csv", path_of("a.csv"), "text=1 label=text", CLF_ERROR_ARGUMENT,
                "already the text column");
  put_text("a.csv", "text,label\na,x\nb,\n");
  check_refused("csv", path_of("a.csv"), NULL, CLF_ERROR_DATA, "line 3, column 2 (label)");
  put_text("a.csv", "a\nb\n");
  clf_documents *documents = loaded("csv", path_of("a.csv"), "header=false");
  check_texts(documents, (const char *const[]){"a", "b"}, 2);
  clf_documents_free(documents);
  check_refused("csv", path_of("a.csv"), "label=1 header=false", CLF_ERROR_DATA, "no text");
  put_text("a.csv", "");
  check_refused("csv", path_of("a.csv"), NULL, CLF_ERROR_DATA, "empty");
  check_refused("csv", path_of("none.csv"), NULL, CLF_ERROR_IO, "none.csv");
}

TEST(loading__can_be_cancelled) {
  clf_context *context = NULL;
  clf_documents *made = NULL;
  write_reviews();
  put_text("a.csv", "text,label\na,x\n");
  ck_clf_ok(clf_context_create(&context, NULL, "threads=2"));
  ck_clf_ok(clf_context_set_progress(context, cancel_at_once, NULL));
  ck_clf_fails(clf_documents_load(&made, context, "folder", folder, NULL), CLF_ERROR_CANCELLED);
  ck_clf_fails(clf_documents_load(&made, context, "csv", path_of("a.csv"), NULL),
               CLF_ERROR_CANCELLED);
  ck_clf_fails(clf_documents_load(&made, context, "csv", path_of("a.csv"), "encoding=latin1"),
               CLF_ERROR_CANCELLED);
  ck_assert_ptr_null(made);
  clf_context_free(context);
}

SUITE("documents", .setup = make_folder, .teardown = remove_folder)
