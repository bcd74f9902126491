/* Each candidate is the best of its kind on some of the public data of tests/bench/auto.py.
 * Values lie apart by factors of 4 to 10, since finer steps change less than the choice of the
 * rows does. */
#include "candidates.h"

#include <stdlib.h>
#include <string.h>

#define WORDS "encoding=tf_idf ngrams=1 sublinear=true"
#define PAIRS "encoding=tf_idf ngrams=1,2 min_count=2 sublinear=true"
#define COUNTS "encoding=binary ngrams=1,2 min_count=2"

#define NETWORK "network batch_size=32 patience=20 validation_split=0.15 averaging=0.99 "
#define NETWORK_OF_PICTURES "network batch_size=64 patience=4 validation_split=0.1 averaging=0.99 "

/* Support vector machines need fewer steps for each further row. */
#define SQUARE 1.7

enum { DENSE = FOR_TABLES | FOR_PICTURES, NUMBERS = DENSE | FOR_SPARSE };

const candidate candidates[] = {
    /* Least squares and discriminants, which are solved in one step. */
    {FOR_TABLES | FOR_TARGETS, "ridge alpha=1", "standardize", NULL, 1, 0},
    {FOR_TABLES | FOR_TARGETS, "ridge alpha=100", "standardize", NULL, 1, 0},
    {FOR_PICTURES | FOR_SPARSE | FOR_TARGETS, "ridge alpha=1", NULL, NULL, 1, 0},
    {FOR_PICTURES | FOR_SPARSE | FOR_TARGETS, "ridge alpha=100", NULL, NULL, 1, 0},
    {DENSE, "fisher", NULL, NULL, 1, 0},
    {DENSE, "fisher shrinkage=auto", NULL, NULL, 1, 0},
    {FOR_TABLES | FOR_TARGETS, "ridge alpha=1", "standardize; polynomial degree=2", NULL, 1, 40},
    {FOR_PICTURES, "ridge alpha=1", "hog cell=4", NULL, 1, 0},
    /* Of pictures, kernels and histograms of gradients are nearly always better than linear
     * models. */
    {FOR_PICTURES, "svm C=10", NULL, NULL, SQUARE, 0},
    {FOR_PICTURES, "svm kernel=linear C=1", "hog cell=4", NULL, SQUARE, 0},
    {FOR_PICTURES, "svm C=10", "hog cell=4", NULL, SQUARE, 0},
    /* Linear models of other losses. */
    {FOR_TABLES, "logistic C=0.03", "standardize", NULL, 1, 0},
    {FOR_TABLES, "logistic C=0.3", "standardize", NULL, 1, 0},
    {FOR_TABLES, "logistic C=3", "standardize", NULL, 1, 0},
    {FOR_TABLES, "logistic C=100", "standardize", NULL, 1, 0},
    {FOR_PICTURES | FOR_SPARSE, "logistic C=0.1", NULL, NULL, 1, 0},
    {FOR_PICTURES | FOR_SPARSE, "logistic C=1", NULL, NULL, 1, 0},
    {FOR_SPARSE, "logistic C=10", NULL, NULL, 1, 0},
    {FOR_TABLES, "svm kernel=linear C=0.1", "standardize", NULL, SQUARE, 0},
    {FOR_TABLES, "svm kernel=linear C=1", "standardize", NULL, SQUARE, 0},
    {FOR_PICTURES | FOR_SPARSE, "svm kernel=linear C=0.1", NULL, NULL, SQUARE, 0},
    {FOR_SPARSE, "svm kernel=linear C=1", NULL, NULL, SQUARE, 0},
    /* Kernels. */
    {FOR_TABLES, "svm C=1 gamma={0.25}", "standardize", NULL, SQUARE, 0},
    {FOR_TABLES, "svm C=1 gamma={1}", "standardize", NULL, SQUARE, 0},
    {FOR_TABLES, "svm C=10 gamma={0.25}", "standardize", NULL, SQUARE, 0},
    {FOR_TABLES, "svm C=10 gamma={1}", "standardize", NULL, SQUARE, 0},
    {FOR_TABLES, "svm C=10 gamma={4}", "standardize", NULL, SQUARE, 0},
    {FOR_TABLES, "svm C=100 gamma={0.1}", "standardize", NULL, SQUARE, 0},
    {FOR_TABLES, "svm C=100 gamma={1}", "standardize", NULL, SQUARE, 0},
    {FOR_TABLES, "svm C=1", "min_max", NULL, SQUARE, 0},
    {FOR_TABLES, "svm C=10", "min_max", NULL, SQUARE, 0},
    {FOR_TABLES, "svm C=100", "min_max", NULL, SQUARE, 0},
    {FOR_PICTURES | FOR_SPARSE, "svm C=1", NULL, NULL, SQUARE, 0},
    {FOR_SPARSE, "svm C=10", NULL, NULL, SQUARE, 0},
    {FOR_TABLES, "fisher kernel=rbf gamma={0.25} alpha=0.1", "standardize", NULL, SQUARE, 0},
    {FOR_TABLES, "fisher kernel=rbf gamma={1} alpha=0.1", "standardize", NULL, SQUARE, 0},
    {FOR_TABLES, "fisher kernel=rbf alpha=0.01", "min_max", NULL, SQUARE, 0},
    /* Networks. */
    {FOR_TABLES,
     NETWORK "epochs=200 layers='dense units=64 activation=relu; dense units={outputs}'",
     "standardize", NULL, 1, 0},
    {FOR_TABLES,
     NETWORK "epochs=200 layers='dense units=256 activation=relu; dropout rate=0.3; "
             "dense units=64 activation=relu; dense units={outputs}'",
     "standardize", NULL, 1, 0},
    {FOR_TABLES | FOR_TARGETS,
     NETWORK "loss=squared_error epochs=200 layers='dense units=64 activation=relu; dense "
             "units={outputs}'",
     "standardize", NULL, 1, 0},
    {FOR_PICTURES,
     NETWORK_OF_PICTURES "epochs=30 layers='flatten; dense units=256 activation=relu; dropout "
                         "rate=0.3; dense units={outputs}'",
     NULL, NULL, 1, 0},
    {FOR_PICTURES,
     NETWORK_OF_PICTURES
     "epochs=15 layers='conv2d filters=16 kernel=5 padding=same activation=relu; max_pool2d "
     "size=2; "
     "conv2d filters=32 kernel=5 padding=same activation=relu; max_pool2d size=2; flatten; dropout "
     "rate=0.4; dense units={outputs}'",
     NULL, NULL, 1, 0},
    /* Texts. */
    {FOR_TEXTS | FOR_TARGETS, "ridge alpha=1", NULL, WORDS, 1, 0},
    {FOR_TEXTS, "logistic C=1", NULL, WORDS, 1, 0},
    {FOR_TEXTS, "logistic C=10", NULL, WORDS, 1, 0},
    {FOR_TEXTS | FOR_TARGETS, "ridge alpha=1", NULL, PAIRS, 1, 0},
    {FOR_TEXTS, "logistic C=10", NULL, PAIRS, 1, 0},
    {FOR_TEXTS, "logistic C=100", NULL, PAIRS, 1, 0},
    {FOR_TEXTS, "logistic C=0.1", "log_count_ratio", COUNTS, 1, 0},
    {FOR_TEXTS, "svm kernel=linear C=0.1", NULL, WORDS, SQUARE, 0},
    {FOR_TEXTS, "svm kernel=linear C=1", NULL, PAIRS, SQUARE, 0},
};
const size_t candidate_count = sizeof candidates / sizeof *candidates;

unsigned candidate_data(const clf_dataset *rows, bool texts) {
  clf_tensor *x = NULL;
  unsigned data = texts ? FOR_TEXTS : clf_dataset_sparse(rows) ? FOR_SPARSE : FOR_TABLES;
  if (data == FOR_TABLES && clf_dataset_tensor(&x, rows, "x") == CLF_OK && clf_tensor_ndim(x) > 2) {
    data = FOR_PICTURES;
  }
  clf_tensor_free(x);
  return data;
}

/* The features, with a column for each category. */
static int64_t columns_of(const clf_dataset *rows) {
  int64_t columns = 0;
  for (int64_t j = 0; j < clf_dataset_features(rows); j++) {
    const int64_t categories = clf_dataset_category_count(rows, j);
    columns += categories > 0 ? categories : 1;
  }
  return columns;
}

bool candidate_suits(const candidate *self, unsigned data, const clf_dataset *rows) {
  const bool targets = (self->suits & FOR_TARGETS) != 0;
  const bool labels = strstr(self->model, "squared_error") == NULL;
  const bool small = self->max_features == 0 || columns_of(rows) <= self->max_features;
  return (self->suits & data) != 0 && small && (clf_dataset_classes(rows) == 0 ? targets : labels);
}

/* Writes a text with numbers in place of what is in braces. */
static void fill_in(char *out, size_t capacity, const char *text, const clf_dataset *rows) {
  const long long classes = clf_dataset_classes(rows), outputs = clf_dataset_outputs(rows);
  enum { NUMBER = 32 };
  size_t used = 0;
  for (const char *at = text; *at != '\0' && used + NUMBER < capacity;) {
    if (*at != '{') {
      out[used++] = *at++;
      continue;
    }
    const double share = strtod(at + 1, NULL) / (double)clf_dataset_features(rows);
    used += (size_t)(strncmp(at, "{outputs}", 9) == 0
                         ? snprintf(out + used, NUMBER, "%lld", classes > 0 ? classes : outputs)
                         : snprintf(out + used, NUMBER, "%.6g", share));
    at = strchr(at, '}') + 1;
  }
  out[used] = '\0';
}

void candidate_make(candidate_recipe *out, const candidate *self, const option_texts *stages,
                    const clf_dataset *rows) {
  *out = (candidate_recipe){.recipe = {.vocabulary = self->vocabulary, .transforms = *stages}};
  fill_in(out->model, sizeof out->model, self->model, rows);
  out->recipe.model = out->model;
  snprintf(out->transforms, sizeof out->transforms, "%s",
           self->transforms != NULL ? self->transforms : "");
  option_texts *transforms = &out->recipe.transforms;
  for (char *at = strtok(out->transforms, ";"); at != NULL; at = strtok(NULL, ";")) {
    transforms->texts[transforms->count++] = at + strspn(at, " ");
  }
  size_t used = 0;
  for (size_t i = 0; i < transforms->count && used < sizeof out->pipeline; i++) {
    used += (size_t)snprintf(out->pipeline + used, sizeof out->pipeline - used, "%s%s",
                             i > 0 ? "; " : "", transforms->texts[i]);
  }
}
