#include "corpus.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "common/options.h"

enum { MOST_PATH = 4096, IMDB_STEPS = 256, SYNTHETIC_STEPS = 64 };
enum { SYNTHETIC_TRAIN = 6000, SYNTHETIC_TEST = 2000 };

static bool is_folder(const char *folder, const char *inside) {
  char path[MOST_PATH];
  struct stat found;
  snprintf(path, sizeof path, "%s%s", folder, inside);
  return stat(path, &found) == 0 && S_ISDIR(found.st_mode);
}

static clf_status load(reviews *out, clf_context *context, const char *folder, const char *inside,
                       const char *part) {
  char path[MOST_PATH];
  snprintf(path, sizeof path, "%s%s%s", folder, inside, part);
  return clf_documents_load(&out->documents, context, "folder", path, "folders=neg,pos");
}

static clf_status make_up(corpus *out, clf_context *context, int64_t seed) {
  out->synthetic = true;
  out->steps = SYNTHETIC_STEPS;
  clf_status status = synthetic_reviews(&out->train, context, SYNTHETIC_TRAIN, 2 * seed + 1);
  return status == CLF_OK
             ? synthetic_reviews(&out->test, context, SYNTHETIC_TEST, 2 * seed + 1000002)
             : status;
}

int corpus_open(corpus *out, clf_context *context, const char *folder, int64_t seed) {
  clf_status status;
  *out = (corpus){.steps = IMDB_STEPS};
  if (folder == NULL) {
    status = make_up(out, context, seed);
  } else {
    const char *inside = is_folder(folder, "/train") ? "" : "/aclImdb";
    if (!is_folder(folder, inside[0] == '\0' ? "/train" : "/aclImdb/train")) {
      complain(
          "no reviews in '%s': neither it nor its folder aclImdb has train/neg, train/pos, "
          "test/neg and test/pos; unpack the Large Movie Review Dataset there",
          folder);
      return EXIT_FAILURE;
    }
    status = load(&out->train, context, folder, inside, "/train");
    status = status == CLF_OK ? load(&out->test, context, folder, inside, "/test") : status;
  }
  if (status < 0) {
    complain("%s", clf_last_error());
    return EXIT_FAILURE;
  }
  return -1;
}

static void close_reviews(reviews *r) {
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
    status = clf_dataset_set_label_names(rows, from->labels, clf_documents_count(from->documents));
  }
  if (status < 0) {
    clf_dataset_free(rows);
    return status;
  }
  *out = rows;
  return CLF_OK;
}
