#include "examples.h"
#include "answers.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/text.h"

/* Builds a vocabulary of documents, and keeps it with the model. */
static clf_status build_vocabulary(clf_model *model, const tool *t, const recipe *r,
                                   const clf_documents *documents) {
  clf_vocabulary *vocabulary = NULL;
  clf_status status = clf_vocabulary_create(&vocabulary, t->context, recipe_vocabulary(r));
  status = status == CLF_OK ? clf_vocabulary_build(vocabulary, documents) : status;
  status = status == CLF_OK ? clf_model_set_vocabulary(model, vocabulary) : status;
  clf_vocabulary_free(vocabulary);
  return status;
}

int examples_encode(input *in, const tool *t, const recipe *r, clf_model *model) {
  if (in->texts == NULL) {
    return -1;
  }
  const clf_status status = build_vocabulary(model, t, r, in->texts);
  if (status < 0) {
    tool_fail(status);
    return status == CLF_ERROR_ARGUMENT ? EXIT_USAGE : EXIT_FAILURE;
  }
  clf_dataset_free(in->rows);
  in->rows = NULL;
  return input_encode(in, clf_model_vocabulary(model));
}

/* Whether labels are no classes: they differ in most rows, or are more than 20 numbers which have
 * fractions or mostly few rows each. */
static bool are_values(const clf_dataset *rows) {
  const int64_t classes = clf_dataset_classes(rows), count = clf_dataset_rows(rows);
  bool numbers = true, fraction = false;
  for (int64_t i = 0; numbers && i < classes; i++) {
    const char *name = clf_dataset_class_name(rows, i);
    char *end = NULL;
    const double value = name != NULL ? strtod(name, &end) : 0;
    numbers = name != NULL && *name != '\0' && *end == '\0';
    fraction = fraction || value != floor(value);
  }
  return (count >= 10 && 2 * classes > count) ||
         (classes > 20 && numbers && (fraction || 4 * classes > count));
}

static void warn_of_labels(const clf_dataset *rows) {
  if (are_values(rows)) {
    complain("warning: the labels have %" PRId64 " different values in %" PRId64
             " rows, and each becomes a class; regression=true in --format, with --model ridge, "
             "predicts numbers, and label=NAME names another column",
             clf_dataset_classes(rows), clf_dataset_rows(rows));
  }
}

/* Makes rows of what was read, and checks that they have labels. */
static int prepare(input *in, const tool *t, const recipe *r, clf_model *model) {
  if (in->texts == NULL && r->vocabulary != NULL) {
    complain("--vocabulary is for texts, and '%s' has rows of numbers", in->path);
    return EXIT_USAGE;
  }
  const int status = examples_encode(in, t, r, model);
  if (status < 0 && clf_dataset_classes(in->rows) == 0 && clf_dataset_outputs(in->rows) == 0 &&
      !model_learns_one_class(model)) {
    complain("'%s' has no labels to train on", in->path);
    return EXIT_FAILURE;
  }
  if (status < 0) {
    warn_of_labels(in->rows);
  }
  return status;
}

int examples_read(input *out, const tool *t, const recipe *r, const char *path, clf_model *model) {
  const int status = input_read(out, t, path);
  return status < 0 ? prepare(out, t, r, model) : status;
}

int examples_read_files(input *out, const tool *t, const recipe *r, const option_words *paths,
                        clf_model *model) {
  if (paths->count == 1) {
    return examples_read(out, t, r, paths->words[0], model);
  }
  const int status = input_read_lines(out, t, paths);
  return status < 0 ? prepare(out, t, r, model) : status;
}

/* The numbers of the rows, as a dataset with their labels. */
static clf_status number_rows(clf_dataset **out, const tool *t, const clf_dataset *rows) {
  const int64_t shape[] = {clf_dataset_rows(rows), 1};
  clf_tensor *numbers = NULL, *labels = NULL;
  clf_status status = clf_tensor_create(&numbers, t->context, CLF_F64, 2, shape);
  if (status == CLF_OK) {
    double *number = clf_tensor_data(numbers);
    for (int64_t i = 0; i < shape[0]; i++) {
      number[i] = (double)i;
    }
    if (clf_dataset_classes(rows) > 0) {
      status = clf_dataset_tensor(&labels, rows, "labels");
    }
  }
  status = status == CLF_OK ? clf_dataset_create(out, t->context, numbers, labels) : status;
  clf_tensor_free(numbers);
  clf_tensor_free(labels);
  return status;
}

/* The rows that a part of such a dataset names. */
static clf_status row_numbers(int64_t **out, int64_t *count, const clf_dataset *part) {
  clf_tensor *numbers = NULL;
  clf_status status = clf_dataset_tensor(&numbers, part, "x");
  *count = clf_dataset_rows(part);
  if (status == CLF_OK) {
    const double *number = clf_tensor_data(numbers);
    *out = calloc((size_t)*count, sizeof **out);
    status = *out != NULL ? CLF_OK : CLF_ERROR_MEMORY;
    for (int64_t i = 0; status == CLF_OK && i < *count; i++) {
      (*out)[i] = (int64_t)number[i];
    }
  }
  clf_tensor_free(numbers);
  return status;
}

/* Encodes all documents by the vocabulary of some of them. */
static clf_status encode_again(clf_dataset **out, const input *in, const tool *t, const recipe *r,
                               const int64_t *rows, int64_t count, clf_model *model) {
  const char **texts = calloc((size_t)count, sizeof *texts);
  size_t *sizes = calloc((size_t)count, sizeof *sizes);
  clf_documents *some = NULL;
  clf_status status = texts != NULL && sizes != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  for (int64_t i = 0; status == CLF_OK && i < count; i++) {
    texts[i] = clf_documents_text(in->texts, rows[i], &sizes[i]);
  }
  status = status == CLF_OK ? clf_documents_create(&some, t->context, texts, sizes, count) : status;
  status = status == CLF_OK ? build_vocabulary(model, t, r, some) : status;
  status = status == CLF_OK ? clf_vocabulary_encode(out, clf_model_vocabulary(model), in->texts)
                            : status;
  clf_documents_free(some);
  free(texts);
  free(sizes);
  return status;
}

/* How rows become two parts: at random, or as a fold and the others. */
typedef struct division {
  double share; /* of the second part */
  int64_t folds, fold;
  uint64_t seed;
} division;

static clf_status divide_rows(clf_dataset **first, clf_dataset **second, const clf_dataset *rows,
                              const division *by) {
  return by->folds > 0 ? clf_dataset_fold(first, second, rows, by->folds, by->fold, by->seed)
                       : clf_dataset_split(first, second, rows, 1 - by->share, by->seed);
}

/* Divides texts by their numbers, since they are encoded by the vocabulary of the first part. */
static clf_status divide_texts(clf_dataset **train, clf_dataset **test, const input *in,
                               const tool *t, const recipe *r, const division *by,
                               clf_model *model) {
  clf_dataset *all = NULL, *first = NULL, *second = NULL, *rows = NULL;
  int64_t *train_rows = NULL, *test_rows = NULL, train_count = 0, test_count = 0;
  clf_status status = number_rows(&all, t, in->rows);
  status = status == CLF_OK ? divide_rows(&first, &second, all, by) : status;
  status = status == CLF_OK ? row_numbers(&train_rows, &train_count, first) : status;
  status = status == CLF_OK ? row_numbers(&test_rows, &test_count, second) : status;
  status =
      status == CLF_OK ? encode_again(&rows, in, t, r, train_rows, train_count, model) : status;
  status = status == CLF_OK ? clf_dataset_subset(train, rows, train_rows, train_count) : status;
  status = status == CLF_OK ? clf_dataset_subset(test, rows, test_rows, test_count) : status;
  clf_dataset_free(all);
  clf_dataset_free(first);
  clf_dataset_free(second);
  clf_dataset_free(rows);
  free(train_rows);
  free(test_rows);
  return status;
}

static int divide(clf_dataset **train, clf_dataset **test, const input *in, const tool *t,
                  const recipe *r, const division *by, clf_model *model) {
  const clf_status status = in->texts != NULL ? divide_texts(train, test, in, t, r, by, model)
                                              : divide_rows(train, test, in->rows, by);
  return status == CLF_OK ? -1 : tool_fail(status);
}

int examples_split(clf_dataset **train, clf_dataset **test, const input *in, const tool *t,
                   const recipe *r, double share, clf_model *model) {
  const division by = {.share = share, .seed = (uint64_t)t->common.seed};
  return divide(train, test, in, t, r, &by, model);
}

int examples_fold(clf_dataset **train, clf_dataset **test, const input *in, const tool *t,
                  const recipe *r, int64_t folds, int64_t fold, clf_model *model) {
  const division by = {.folds = folds, .fold = fold, .seed = (uint64_t)t->common.seed};
  return divide(train, test, in, t, r, &by, model);
}
