#include "texts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/files.h"
#include "report/session.h"
#include "report/text.h"

enum { FOLDER_STEPS = 256, SYNTHETIC_STEPS = 64 };
enum { HELD_OUT = 5 /* every fifth text of a label, for the test */ };
enum { SYNTHETIC_TRAIN = 6000, SYNTHETIC_TEST = 2000, MIN_LABELS = 2 };

/* The labels that two folders have both, and how many only one of them has. */
static int compare_labels(name_list *both, int64_t *left_out, const char *train, const char *test) {
  name_list other = {0};
  int status = folder_list(both, train, FOLDER_FOLDERS);
  status = status < 0 ? folder_list(&other, test, FOLDER_FOLDERS) : status;
  int64_t kept = 0;
  for (int64_t i = 0; i < both->count; i++) {
    if (name_list_has(&other, both->names[i])) {
      both->names[kept++] = both->names[i];
    } else {
      complain("'%s' has a folder '%s' and '%s' has none: it is left out", train, both->names[i],
               test);
      free(both->names[i]);
    }
  }
  *left_out = both->count - kept;
  both->count = kept;
  for (int64_t i = 0; i < other.count; i++) {
    if (!name_list_has(both, other.names[i])) {
      complain("'%s' has a folder '%s' and '%s' has none: it is left out", test, other.names[i],
               train);
      (*left_out)++;
    }
  }
  name_list_free(&other);
  return status;
}

/* The reader's parameter for a list of labels, to be freed; NULL after a message. */
static char *labels_param(const name_list *labels) {
  size_t size = 32;
  for (int64_t i = 0; i < labels->count; i++) {
    size += strlen(labels->names[i]) + 1;
    if (strpbrk(labels->names[i], ",\"") != NULL) {
      complain(
          "the folder '%s' has a comma or a quotation mark in its name; rename it, or give "
          "train and test the same folders",
          labels->names[i]);
      return NULL;
    }
  }
  char *text = malloc(size);
  if (text == NULL) {
    report_failure(CLF_ERROR_MEMORY);
    return NULL;
  }
  size_t length = (size_t)snprintf(text, size, "folders=\"");
  for (int64_t i = 0; i < labels->count; i++) {
    length +=
        (size_t)snprintf(text + length, size - length, "%s%s", i > 0 ? "," : "", labels->names[i]);
  }
  snprintf(text + length, size - length, "\"");
  return text;
}

/* Reads both parts; `chosen` names the labels to read, NULL for all. */
static int load_parts(corpus *out, clf_context *context, const char *train, const char *test,
                      const char *chosen) {
  clf_status status = clf_documents_load(&out->train.documents, context, "folder", train, chosen);
  if (status == CLF_OK) {
    status = clf_documents_load(&out->test.documents, context, "folder", test, chosen);
  }
  return status == CLF_OK ? -1 : report_failure(status);
}

static int read_folder(corpus *out, clf_context *context, const char *folder) {
  char *train = join_path(folder, "train"), *test = join_path(folder, "test"), *chosen = NULL;
  name_list labels = {0};
  int64_t left_out = 0;
  int status = train == NULL || test == NULL ? report_failure(CLF_ERROR_MEMORY) : -1;
  status = status < 0 ? compare_labels(&labels, &left_out, train, test) : status;
  if (status < 0 && labels.count < MIN_LABELS) {
    complain(
        "'%s' and '%s' need at least %d folders each, called the same, one for each label "
        "with its text files; they have %" PRId64,
        train, test, MIN_LABELS, labels.count);
    status = EXIT_FAILURE;
  }
  if (status < 0 && left_out > 0) {
    chosen = labels_param(&labels);
    status = chosen == NULL ? EXIT_FAILURE : -1;
  }
  status = status < 0 ? load_parts(out, context, train, test, chosen) : status;
  name_list_free(&labels);
  free(chosen);
  free(test);
  free(train);
  return status;
}

/* Where a document's label ends in its name, LABEL/FILE; 0 where it has none. */
static size_t label_length(const clf_documents *documents, int64_t index) {
  const char *name = clf_documents_name(documents, index);
  const char *slash = name != NULL ? strrchr(name, '/') : NULL;
  return slash != NULL ? (size_t)(slash - name) : 0;
}

/* Copies the documents of one part: those held out are the second of each label, the seventh and so
 * on. */
static clf_status copy_part(reviews *out, clf_context *context, const clf_documents *all,
                            bool held_out) {
  const int64_t count = clf_documents_count(all);
  const char **texts = calloc((size_t)count, sizeof *texts);
  size_t *sizes = calloc((size_t)count, sizeof *sizes);
  int64_t kept = 0, place = 0;
  out->labels = calloc((size_t)count + 1, sizeof *out->labels);
  clf_status status = texts && sizes && out->labels ? CLF_OK : CLF_ERROR_MEMORY;
  for (int64_t i = 0; status == CLF_OK && i < count; i++) {
    const size_t length = label_length(all, i);
    const bool same =
        i > 0 && length == label_length(all, i - 1) &&
        memcmp(clf_documents_name(all, i), clf_documents_name(all, i - 1), length) == 0;
    place = same ? place + 1 : 1;
    if ((place % HELD_OUT == 2) == held_out) {
      texts[kept] = clf_documents_text(all, i, &sizes[kept]);
      out->labels[kept] = strndup(clf_documents_name(all, i), length);
      status = out->labels[kept++] != NULL ? CLF_OK : CLF_ERROR_MEMORY;
    }
  }
  if (status == CLF_OK) {
    status = clf_documents_create(&out->documents, context, texts, sizes, kept);
  }
  free(texts);
  free(sizes);
  return status;
}

/* Reads a folder that has a folder of texts for each label, and holds out some texts of each label
 * for the test. */
static int split_folder(corpus *out, clf_context *context, const char *folder) {
  clf_documents *all = NULL;
  clf_status status = clf_documents_load(&all, context, "folder", folder, NULL);
  status = status == CLF_OK ? copy_part(&out->train, context, all, false) : status;
  status = status == CLF_OK ? copy_part(&out->test, context, all, true) : status;
  clf_documents_free(all);
  return status == CLF_OK ? -1 : report_failure(status);
}

/* Whether a folder has folders, at least two. */
static bool has_labels(const char *folder) {
  name_list labels = {0};
  const bool some = is_folder(folder) && folder_list(&labels, folder, FOLDER_FOLDERS) < 0 &&
                    labels.count >= MIN_LABELS;
  name_list_free(&labels);
  return some;
}

/* The folder with the parts, or where they are in its folder aclImdb that one. */
static int find_and_read(corpus *out, clf_context *context, const char *folder) {
  char *train = join_path(folder, "train"), *inside = join_path(folder, "aclImdb"),
       *inside_train = join_path(folder, "aclImdb/train");
  int status = EXIT_FAILURE;
  if (train == NULL || inside == NULL || inside_train == NULL) {
    status = report_failure(CLF_ERROR_MEMORY);
  } else if (is_folder(train)) {
    status = read_folder(out, context, folder);
  } else if (is_folder(inside_train)) {
    status = read_folder(out, context, inside);
  } else if (has_labels(folder)) {
    status = split_folder(out, context, folder);
  } else {
    complain(
        "no texts in '%s': it has no folders of text files, one for each label, and neither it nor "
        "its folder aclImdb has the folders train and test with such folders in them; "
        "examples/data/fetch.sh imdb gets film reviews",
        folder);
  }
  free(inside_train);
  free(inside);
  free(train);
  return status;
}

static clf_status generate(corpus *out, clf_context *context, int64_t seed) {
  out->synthetic = true;
  out->steps = SYNTHETIC_STEPS;
  clf_status status = synthetic_reviews(&out->train, context, SYNTHETIC_TRAIN, 2 * seed + 1);
  return status == CLF_OK
             ? synthetic_reviews(&out->test, context, SYNTHETIC_TEST, 2 * seed + 1000002)
             : status;
}

int corpus_open(corpus *out, clf_context *context, const char *folder, int64_t seed) {
  *out = (corpus){.steps = FOLDER_STEPS};
  if (folder != NULL) {
    return find_and_read(out, context, folder);
  }
  const clf_status status = generate(out, context, seed);
  return status == CLF_OK ? -1 : report_failure(status);
}

static void close_reviews(reviews *r) {
  for (int64_t i = 0; r->labels != NULL && r->labels[i] != NULL; i++) {
    free(r->labels[i]);
  }
  clf_documents_free(r->documents);
  free(r->labels);
  *r = (reviews){0};
}

void corpus_close(corpus *c) {
  close_reviews(&c->train);
  close_reviews(&c->test);
}

clf_status corpus_rows(clf_dataset **out, const clf_vocabulary *vocabulary, const reviews *from) {
  clf_dataset *rows = NULL;
  clf_status status = clf_vocabulary_encode(&rows, vocabulary, from->documents);
  if (status == CLF_OK && from->labels != NULL) {
    status = clf_dataset_set_label_names(rows, (const char *const *)from->labels,
                                         clf_documents_count(from->documents));
  }
  if (status < 0) {
    clf_dataset_free(rows);
    return status;
  }
  *out = rows;
  return CLF_OK;
}
