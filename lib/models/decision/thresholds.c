/* Decisions by thresholds, and measures of one class against the others. */
#include "models/decision/thresholds.h"

#include <math.h>

/* The largest p / threshold of the classes that reach their thresholds, or of all; -1 if there is
 * none. */
static int32_t largest_ratio(const double *thresholds, const double *p, int64_t classes,
                             bool reached) {
  int32_t best = -1;
  double largest = -1;
  for (int64_t k = 0; k < classes; k++) {
    const bool counts = thresholds[k] > 0 && (!reached || p[k] >= thresholds[k]);
    const double ratio = counts ? p[k] / thresholds[k] : -1;
    if (ratio > largest) {
      largest = ratio;
      best = (int32_t)k;
    }
  }
  return best;
}

static int32_t most_probable(const double *thresholds, const double *p, int64_t classes) {
  int32_t best = -1;
  for (int64_t k = 0; k < classes; k++) {
    if (!(thresholds[k] > 0) && (best < 0 || p[k] > p[best])) {
      best = (int32_t)k;
    }
  }
  return best;
}

void clf__thresholds_decide(const double *thresholds, const double *p, int64_t rows,
                            int64_t classes, int32_t *labels) {
  for (int64_t i = 0; i < rows; i++, p += classes) {
    int32_t found = largest_ratio(thresholds, p, classes, true);
    found = found >= 0 ? found : most_probable(thresholds, p, classes);
    labels[i] = found >= 0 ? found : largest_ratio(thresholds, p, classes, false);
  }
}

const char *const clf__binary_names[CLF__BINARY_MEASURES] = {
    [CLF__BINARY_F1] = "f1",
    [CLF__BINARY_ACCURACY] = "accuracy",
    [CLF__BINARY_BALANCED] = "balanced_accuracy",
    [CLF__BINARY_PRECISION] = "precision",
    [CLF__BINARY_RECALL] = "recall",
    [CLF__BINARY_SPECIFICITY] = "specificity",
    [CLF__BINARY_MATTHEWS] = "matthews_correlation",
    [CLF__BINARY_KAPPA] = "cohen_kappa",
};

static double ratio(double part, double whole) {
  return whole > 0 ? part / whole : 0;
}

double clf__binary_measure(int32_t measure, const clf__binary *counts) {
  const double tp = counts->true_positive, fp = counts->false_positive;
  const double fn = counts->false_negative, tn = counts->true_negative;
  const double recall = ratio(tp, tp + fn), specificity = ratio(tn, tn + fp);
  const double classes = (tp + fn > 0) + (tn + fp > 0);
  const double products[] = {tp * tn - fp * fn, (tp + fp) * (fp + tn) + (tp + fn) * (fn + tn)};
  switch (measure) {
  case CLF__BINARY_F1:
    return ratio(2 * tp, 2 * tp + fp + fn);
  case CLF__BINARY_ACCURACY:
    return ratio(tp + tn, tp + fp + fn + tn);
  case CLF__BINARY_BALANCED:
    return ratio(recall + specificity, classes);
  case CLF__BINARY_PRECISION:
    return ratio(tp, tp + fp);
  case CLF__BINARY_RECALL:
    return recall;
  case CLF__BINARY_SPECIFICITY:
    return specificity;
  case CLF__BINARY_MATTHEWS: {
    const double root = sqrt((tp + fp) * (tp + fn)) * sqrt((tn + fp) * (tn + fn));
    return root > 0 ? products[0] / root : 0;
  }
  default:
    return products[1] > 0 ? 2 * products[0] / products[1] : 0;
  }
}
