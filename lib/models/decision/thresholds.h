/* Decisions by thresholds of probabilities, and the choice of a threshold by a measure of rows
 * whose classes are known. */
#ifndef CLF_MODELS_DECISION_THRESHOLDS_H
#define CLF_MODELS_DECISION_THRESHOLDS_H

#include <stdbool.h>
#include <stdint.h>

#include <classify/context.h>

/* The class of each row of p [rows, classes]. A threshold of 0 stands for none. Of the classes that
 * reach theirs (p >= threshold), the one with the largest ratio of both; if there is none, the most
 * probable of the classes without a threshold; if all have one, that with the largest ratio. */
void clf__thresholds_decide(const double *thresholds, const double *p, int64_t rows,
                            int64_t classes, int32_t *labels);

/* Measures of one class against the others, in the order of the words of the parameter `metric`. */
enum {
  CLF__BINARY_F1,
  CLF__BINARY_ACCURACY,
  CLF__BINARY_BALANCED,
  CLF__BINARY_PRECISION,
  CLF__BINARY_RECALL,
  CLF__BINARY_SPECIFICITY,
  CLF__BINARY_MATTHEWS,
  CLF__BINARY_KAPPA,
  CLF__BINARY_MEASURES
};
#define CLF__BINARY_WORDS                                                                          \
  "f1|accuracy|balanced_accuracy|precision|recall|specificity|matthews_correlation|cohen_kappa"
extern const char *const clf__binary_names[CLF__BINARY_MEASURES];

/* Sums of the weights of rows that are of the class (positive) or not, and predicted so or not. */
typedef struct clf__binary {
  double true_positive, false_positive, false_negative, true_negative;
} clf__binary;

/* A ratio 0/0 is 0. */
double clf__binary_measure(int32_t measure, const clf__binary *counts);

/* A condition: the measure is at least the limit. */
typedef struct clf__threshold_condition {
  int32_t measure;
  double limit;
} clf__threshold_condition;
enum { CLF__MAX_CONDITIONS = CLF__BINARY_MEASURES };

/* The rows, and what is asked of the threshold. */
typedef struct clf__threshold_search {
  const double *p; /* of row i: p[i * stride] */
  int64_t stride, rows;
  const int32_t *labels; /* [rows] */
  const float *weights;  /* [rows], or NULL for 1 */
  int32_t positive;      /* the class */
  int32_t measure;
  clf__threshold_condition conditions[CLF__MAX_CONDITIONS];
  int64_t condition_count;
} clf__threshold_search;

typedef struct clf__threshold_found {
  double threshold;
  int64_t row;  /* the last one that reaches it, or -1: no row does */
  double value; /* of the measure */
} clf__threshold_found;

/* Finds the threshold with the highest measure among those where all conditions hold: the middles
 * between neighboring probabilities of the rows, with 0 below and 1 above them. Of equal ones it is
 * the nearest to 1/2, and of two as near the higher. Rows of probability 0 are never predicted as
 * the class. Returns CLF_OK, CLF_ERROR_MEMORY, or CLF_ERROR_DATA with
 * what can be reached, where the conditions cannot. */
clf_status clf__threshold_find(clf__threshold_found *out, clf_context *context,
                               const clf__threshold_search *search);

/* Reads "recall>=0.95, specificity>=0.5" into the conditions of a search. */
clf_status clf__threshold_read_conditions(clf__threshold_search *out, const char *text);

#endif
