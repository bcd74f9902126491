/* Measures of predicted classes: accuracy, the confusion matrix, and for each class or averaged
 *   precision = hits / predicted,  recall = hits / true,  F1 = 2 hits / (true + predicted),
 * where hits are the rows of the class that were predicted correctly; a ratio 0/0 is 0. */
#include <stdbool.h>
#include <string.h>

#include "base/border.h"
#include "base/context.h"
#include "base/memory.h"
#include "metrics/check.h"

clf_status clf_accuracy(const int32_t *truth, const int32_t *predicted, const float *weights,
                        int64_t rows, double *out) {
  CLF__REQUIRE(truth);
  CLF__REQUIRE(predicted);
  CLF__REQUIRE(out);
  CLF__ENTER("accuracy");
  double sum, right = 0;
  CLF__CHECK(clf__check_truth("accuracy", truth, rows, (int64_t)INT32_MAX + 1));
  CLF__CHECK(clf__check_weights("accuracy", weights, rows, &sum));
  for (int64_t i = 0; i < rows; i++) {
    if (truth[i] == predicted[i]) {
      right += clf__weight_of(weights, i);
    }
  }
  *out = right / sum;
  return CLF_OK;
}

static bool in_range(int32_t class, int64_t classes) {
  return class >= 0 && class < classes;
}

clf_status clf_confusion_matrix(const int32_t *truth, const int32_t *predicted, int64_t rows,
                                int64_t classes, int64_t *out) {
  CLF__REQUIRE(truth);
  CLF__REQUIRE(predicted);
  CLF__REQUIRE(out);
  CLF__ENTER("confusion_matrix");
  CLF__CHECK(clf__check_truth("confusion matrix", truth, rows, classes));
  CLF__CHECK(clf__check_table("confusion matrix", classes, classes, sizeof *out));
  memset(out, 0, (size_t)(classes * classes) * sizeof *out);
  for (int64_t i = 0; i < rows; i++) {
    if (in_range(predicted[i], classes)) {
      out[truth[i] * classes + predicted[i]]++;
    }
  }
  return CLF_OK;
}

/* The counts from which precision, recall and F1 of one class, or of all classes together, are
 * computed. */
typedef struct tally {
  int64_t hits, truths, predictions;
} tally;

/* Makes one tally for each class, on the default context. */
typedef struct tallies {
  clf_context *context;
  tally *of; /* [classes] */
} tallies;

static void tallies_free(tallies *counts) {
  clf__free(counts->of);
  clf__context_release(counts->context);
}

/* After a failure there is nothing to free. */
static clf_status tallies_create(tallies *counts, const char *measure, const int32_t *truth,
                                 const int32_t *predicted, int64_t rows, int64_t classes) {
  CLF__CHECK(clf__check_truth(measure, truth, rows, classes));
  counts->context = clf__context_retain(NULL);
  if (counts->context == NULL) {
    return CLF_ERROR_MEMORY;
  }
  counts->of = clf__alloc_zeroed(counts->context, classes, sizeof *counts->of);
  if (counts->of == NULL) {
    clf__context_release(counts->context);
    return CLF_ERROR_MEMORY;
  }
  for (int64_t i = 0; i < rows; i++) {
    counts->of[truth[i]].truths++;
    counts->of[truth[i]].hits += truth[i] == predicted[i];
    if (in_range(predicted[i], classes)) {
      counts->of[predicted[i]].predictions++;
    }
  }
  return CLF_OK;
}

static double ratio(int64_t part, int64_t whole) {
  return whole > 0 ? (double)part / (double)whole : 0;
}

static double precision_of(const tally *count) {
  return ratio(count->hits, count->predictions);
}

static double recall_of(const tally *count) {
  return ratio(count->hits, count->truths);
}

static double f1_of(const tally *count) {
  return ratio(2 * count->hits, count->truths + count->predictions);
}

clf_status clf_class_scores(const int32_t *truth, const int32_t *predicted, int64_t rows,
                            int64_t classes, double *precision, double *recall, double *f1,
                            int64_t *support) {
  CLF__REQUIRE(truth);
  CLF__REQUIRE(predicted);
  CLF__ENTER("class_scores");
  tallies counts;
  CLF__CHECK(tallies_create(&counts, "class scores", truth, predicted, rows, classes));
  for (int64_t k = 0; k < classes; k++) {
    const tally *count = &counts.of[k];
    if (precision != NULL) {
      precision[k] = precision_of(count);
    }
    if (recall != NULL) {
      recall[k] = recall_of(count);
    }
    if (f1 != NULL) {
      f1[k] = f1_of(count);
    }
    if (support != NULL) {
      support[k] = count->truths;
    }
  }
  tallies_free(&counts);
  return CLF_OK;
}

static double average_micro(const tally *counts, int64_t classes, double (*score)(const tally *)) {
  tally all = {0, 0, 0};
  for (int64_t k = 0; k < classes; k++) {
    all.hits += counts[k].hits;
    all.truths += counts[k].truths;
    all.predictions += counts[k].predictions;
  }
  return score(&all);
}

/* Weights the classes by their true rows, or all classes that occur equally. */
static double average_classes(const tally *counts, int64_t classes, bool weighted,
                              double (*score)(const tally *)) {
  double sum = 0;
  double weights = 0;
  for (int64_t k = 0; k < classes; k++) {
    bool occurs = counts[k].truths + counts[k].predictions > 0;
    double weight = weighted ? (double)counts[k].truths : occurs ? 1 : 0;
    sum += weight * score(&counts[k]);
    weights += weight;
  }
  return sum / weights;
}

clf_status clf_average_scores(const int32_t *truth, const int32_t *predicted, int64_t rows,
                              int64_t classes, int32_t average, double *precision, double *recall,
                              double *f1) {
  CLF__REQUIRE(truth);
  CLF__REQUIRE(predicted);
  CLF__ENTER("average_scores");
  if (average < CLF_AVERAGE_MACRO || average > CLF_AVERAGE_WEIGHTED) {
    return clf__fail(CLF_ERROR_ARGUMENT,
                     "average scores: average is %d; it must be one of CLF_AVERAGE_MACRO, "
                     "CLF_AVERAGE_MICRO and CLF_AVERAGE_WEIGHTED",
                     average);
  }
  tallies counts;
  CLF__CHECK(tallies_create(&counts, "average scores", truth, predicted, rows, classes));
  double *const outputs[] = {precision, recall, f1};
  double (*const scores[])(const tally *) = {precision_of, recall_of, f1_of};
  for (int i = 0; i < 3; i++) {
    if (outputs[i] != NULL) {
      *outputs[i] =
          average == CLF_AVERAGE_MICRO
              ? average_micro(counts.of, classes, scores[i])
              : average_classes(counts.of, classes, average == CLF_AVERAGE_WEIGHTED, scores[i]);
    }
  }
  tallies_free(&counts);
  return CLF_OK;
}
