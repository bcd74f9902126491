/* Tallies of classes, and the measures that are computed from nothing else:
 *   precision = hits / predicted,  recall = hits / true,  F1 = 2 hits / (true + predicted),
 * and with s the sum of all weights, c that of the hits, t_k and p_k the true and predicted ones,
 *   Matthews = (c s - sum t_k p_k) / sqrt((s^2 - sum t_k^2) (s^2 - sum p_k^2)),
 *   kappa = (c s - sum t_k p_k) / (s^2 - sum t_k p_k).
 * A ratio 0/0 is 0. The sums are those of shares of s, which neither overflow nor underflow. */
#include "metrics/tally.h"

#include <math.h>
#include <stdbool.h>

#include "base/context.h"
#include "base/memory.h"

static bool in_range(int32_t class, int64_t classes) {
  return class >= 0 && class < classes;
}

clf_status clf__tallies_create(clf__tallies *out, const char *measure, const int32_t *truth,
                               const int32_t *predicted, const float *weights, int64_t rows,
                               int64_t classes) {
  clf__tallies made = {.classes = classes};
  CLF__CHECK(clf__check_truth(measure, truth, rows, classes));
  CLF__CHECK(clf__check_weights(measure, weights, rows, &made.rows));
  made.context = clf__context_retain(NULL);
  if (made.context == NULL) {
    return CLF_ERROR_MEMORY;
  }
  made.of = clf__alloc_zeroed(made.context, classes, sizeof *made.of);
  if (made.of == NULL) {
    clf__context_release(made.context);
    return CLF_ERROR_MEMORY;
  }
  for (int64_t i = 0; i < rows; i++) {
    const double weight = clf__weight_of(weights, i);
    made.of[truth[i]].truths += weight;
    made.of[truth[i]].hits += truth[i] == predicted[i] ? weight : 0;
    if (in_range(predicted[i], classes)) {
      made.of[predicted[i]].predictions += weight;
    }
  }
  *out = made;
  return CLF_OK;
}

void clf__tallies_free(clf__tallies *tallies) {
  clf__free(tallies->of);
  clf__context_release(tallies->context);
}

static double ratio(double part, double whole) {
  return whole > 0 ? part / whole : 0;
}

double clf__tally_precision(const clf__tally *tally) {
  return ratio(tally->hits, tally->predictions);
}

double clf__tally_recall(const clf__tally *tally) {
  return ratio(tally->hits, tally->truths);
}

double clf__tally_f1(const clf__tally *tally) {
  return ratio(2 * tally->hits, tally->truths + tally->predictions);
}

clf__tally clf__tallies_sum(const clf__tallies *tallies) {
  clf__tally all = {0, 0, 0};
  for (int64_t k = 0; k < tallies->classes; k++) {
    all.hits += tallies->of[k].hits;
    all.truths += tallies->of[k].truths;
    all.predictions += tallies->of[k].predictions;
  }
  return all;
}

double clf__tallies_mean(const clf__tallies *tallies, double (*score)(const clf__tally *)) {
  double sum = 0, occurring = 0;
  for (int64_t k = 0; k < tallies->classes; k++) {
    const clf__tally *tally = &tallies->of[k];
    const double weight = tally->truths + tally->predictions > 0 ? 1 : 0;
    sum += weight * score(tally);
    occurring += weight;
  }
  return sum / occurring;
}

double clf__tallies_balanced(const clf__tallies *tallies) {
  double sum = 0, present = 0;
  for (int64_t k = 0; k < tallies->classes; k++) {
    sum += clf__tally_recall(&tallies->of[k]);
    present += tallies->of[k].truths > 0 ? 1 : 0;
  }
  return ratio(sum, present);
}

/* Sums of products of shares over the classes. */
typedef struct products {
  double hits, truths, predictions, chance; /* c / s, sum t^2, sum p^2 and sum t p over s^2 */
} products;

static products sum_products(const clf__tallies *tallies) {
  products sums = {0, 0, 0, 0};
  double predicted = 0;
  for (int64_t k = 0; k < tallies->classes; k++) {
    const double t = tallies->of[k].truths / tallies->rows;
    const double p = tallies->of[k].predictions / tallies->rows;
    sums.hits += tallies->of[k].hits;
    predicted += tallies->of[k].predictions;
    sums.truths += t * t;
    sums.predictions += p * p;
    sums.chance += t * p;
  }
  const double others = fmax(tallies->rows - predicted, 0) / tallies->rows;
  sums.hits /= tallies->rows;
  sums.predictions += others * others;
  return sums;
}

/* Whether all rows are of one class, which rounding of the sums would hide. */
static bool is_single(const clf__tallies *tallies, bool predicted) {
  int64_t present = 0;
  double sum = 0;
  for (int64_t k = 0; k < tallies->classes; k++) {
    const double part = predicted ? tallies->of[k].predictions : tallies->of[k].truths;
    present += part > 0 ? 1 : 0;
    sum += part;
  }
  return present == 0 || (present == 1 && sum == tallies->rows);
}

double clf__tallies_matthews(const clf__tallies *tallies) {
  if (is_single(tallies, false) || is_single(tallies, true)) {
    return 0;
  }
  const products sums = sum_products(tallies);
  return (sums.hits - sums.chance) / (sqrt(1 - sums.truths) * sqrt(1 - sums.predictions));
}

double clf__tallies_kappa(const clf__tallies *tallies) {
  const clf__tally all = clf__tallies_sum(tallies);
  if (is_single(tallies, false) && all.hits == tallies->rows) {
    return 0;
  }
  const products sums = sum_products(tallies);
  return (sums.hits - sums.chance) / (1 - sums.chance);
}
