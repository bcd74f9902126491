/* Measures that subtract chance, top-k accuracy and the bootstrap, against sums over the whole
 * table of pairs and closed forms. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

enum { ROWS = 300, CLASSES = 5 };

typedef struct sample {
  int32_t truth[ROWS], predicted[ROWS];
  float weights[ROWS], scores[ROWS][CLASSES];
  double pairs[CLASSES + 1][CLASSES + 1], sum; /* the last class holds predictions out of range */
} sample;

static uint32_t draw(uint32_t *state, uint32_t limit) {
  *state = *state * 1664525u + 1013904223u;
  return (*state >> 8) % limit;
}

static void make_sample(sample *s, bool strays) {
  uint32_t state = 5;
  memset(s, 0, sizeof *s);
  for (int i = 0; i < ROWS; i++) {
    s->truth[i] = (int32_t)draw(&state, CLASSES);
    s->predicted[i] = draw(&state, 3) == 0 ? (int32_t)draw(&state, CLASSES) : s->truth[i];
    s->predicted[i] = strays && draw(&state, 10) == 0 ? -1 : s->predicted[i];
    s->weights[i] = (float)draw(&state, 8) / 4;
    for (int k = 0; k < CLASSES; k++) {
      s->scores[i][k] = (float)draw(&state, 6); /* many ties */
    }
    s->pairs[s->truth[i]][s->predicted[i] < 0 ? CLASSES : s->predicted[i]] += (double)s->weights[i];
    s->sum += (double)s->weights[i];
  }
}

/* 1 - sum d o / sum d e over all pairs. */
static double kappa_by_pairs(const sample *s, int power) {
  double truths[CLASSES + 1] = {0}, predictions[CLASSES + 1] = {0}, observed = 0, expected = 0;
  for (int i = 0; i <= CLASSES; i++) {
    for (int j = 0; j <= CLASSES; j++) {
      truths[i] += s->pairs[i][j] / s->sum;
      predictions[j] += s->pairs[i][j] / s->sum;
    }
  }
  for (int i = 0; i <= CLASSES; i++) {
    for (int j = 0; j <= CLASSES; j++) {
      const double d = power == 0 ? (i != j) : pow(fabs((double)i - j), power);
      observed += d * s->pairs[i][j] / s->sum;
      expected += d * truths[i] * predictions[j];
    }
  }
  return 1 - observed / expected;
}

/* The correlation of the indicators of the classes: cov(t, p) / sqrt(cov(t, t) cov(p, p)). */
static double correlation_by_rows(const sample *s) {
  double sums[3] = {0, 0, 0};
  for (int k = -1; k < CLASSES; k++) {
    double t = 0, p = 0, tp = 0;
    for (int i = 0; i < ROWS; i++) {
      const double share = (double)s->weights[i] / s->sum;
      t += share * (s->truth[i] == k);
      p += share * (s->predicted[i] == k);
      tp += share * (s->truth[i] == k && s->predicted[i] == k);
    }
    sums[0] += tp - t * p;
    sums[1] += t - t * t;
    sums[2] += p - p * p;
  }
  return sums[0] / sqrt(sums[1] * sums[2]);
}

TEST(kappa__is_that_of_all_pairs) {
  sample s;
  double kappa = 0;
  for (int strays = 0; strays < 2; strays++) {
    make_sample(&s, strays == 1);
    ck_assert_int_eq(clf_cohen_kappa(s.truth, s.predicted, s.weights, ROWS, CLASSES,
                                     CLF_DISAGREEMENT_EQUAL, &kappa),
                     CLF_OK);
    ck_assert_double_eq_tol(kappa, kappa_by_pairs(&s, 0), 1e-12);
  }
  make_sample(&s, false);
  for (int power = 1; power <= 2; power++) {
    ck_assert_int_eq(
        clf_cohen_kappa(s.truth, s.predicted, s.weights, ROWS, CLASSES, power + 1, &kappa), CLF_OK);
    ck_assert_double_eq_tol(kappa, kappa_by_pairs(&s, power), 1e-12);
  }
}

TEST(kappa__refuses_distances_from_no_class) {
  sample s;
  double kappa = 7;
  make_sample(&s, true);
  ck_assert_int_eq(
      clf_cohen_kappa(s.truth, s.predicted, NULL, ROWS, CLASSES, CLF_DISAGREEMENT_LINEAR, &kappa),
      CLF_ERROR_DATA);
  ck_assert_ptr_nonnull(strstr(clf_last_error(), "is -1; distances need one of 0 to 4"));
  for (int32_t bad = 0; bad < 5; bad += 4) {
    ck_assert_int_eq(clf_cohen_kappa(s.truth, s.truth, NULL, ROWS, CLASSES, bad, &kappa),
                     CLF_ERROR_ARGUMENT);
  }
  ck_assert_double_eq(kappa, 7);
}

TEST(matthews__is_the_correlation_of_indicators) {
  sample s;
  double found = 0;
  for (int strays = 0; strays < 2; strays++) {
    make_sample(&s, strays == 1);
    ck_assert_int_eq(
        clf_matthews_correlation(s.truth, s.predicted, s.weights, ROWS, CLASSES, &found), CLF_OK);
    ck_assert_double_eq_tol(found, correlation_by_rows(&s), 1e-12);
  }
}

TEST(balanced_accuracy__is_the_mean_recall) {
  const int32_t truth[] = {0, 0, 0, 1, 3, 3}, predicted[] = {0, 0, 2, 1, -1, 3};
  double found = 0;
  ck_assert_int_eq(clf_balanced_accuracy(truth, predicted, NULL, 6, 4, &found), CLF_OK);
  ck_assert_double_eq_tol(found, (2.0 / 3 + 1 + 0.5) / 3, 1e-15);
  const float weights[] = {1, 0, 3, 2, 1, 3};
  ck_assert_int_eq(clf_balanced_accuracy(truth, predicted, weights, 6, 4, &found), CLF_OK);
  ck_assert_double_eq_tol(found, (1.0 / 4 + 1 + 3.0 / 4) / 3, 1e-15);
}

/* Chance, perfection, and where a measure is 0/0. */
TEST(agreement__at_its_ends) {
  const int32_t truth[] = {0, 1, 2, 2}, other[] = {1, 2, 0, 0}, same[] = {1, 1, 1, 1};
  double kappa[3], matthews[3];
  const int32_t *pairs[3][2] = {{truth, truth}, {same, same}, {truth, same}};
  for (int i = 0; i < 3; i++) {
    ck_assert_int_eq(clf_matthews_correlation(pairs[i][0], pairs[i][1], NULL, 4, 3, &matthews[i]),
                     CLF_OK);
    for (int32_t d = 1; d <= 3; d++) {
      ck_assert_int_eq(clf_cohen_kappa(pairs[i][0], pairs[i][1], NULL, 4, 3, d, &kappa[i]), CLF_OK);
      ck_assert_double_eq_tol(kappa[i], i == 0 ? 1 : 0, 1e-15);
    }
    ck_assert_double_eq_tol(matthews[i], i == 0 ? 1 : 0, 1e-15);
  }
  ck_assert_int_eq(clf_cohen_kappa(truth, other, NULL, 4, 3, CLF_DISAGREEMENT_EQUAL, kappa),
                   CLF_OK);
  ck_assert_double_lt(kappa[0], 0);
}

TEST(agreement__survives_weights_of_any_size) {
  const int32_t truth[] = {0, 1, 0, 1}, predicted[] = {0, 1, 1, 1};
  const float huge[] = {3e38f, 3e38f, 3e38f, 3e38f}, tiny[] = {1e-45f, 1e-45f, 1e-45f, 1e-45f};
  const float *all[] = {NULL, huge, tiny};
  for (int i = 0; i < 3; i++) {
    double found[2] = {0, 0};
    ck_assert_int_eq(clf_matthews_correlation(truth, predicted, all[i], 4, 2, &found[0]), CLF_OK);
    ck_assert_int_eq(
        clf_cohen_kappa(truth, predicted, all[i], 4, 2, CLF_DISAGREEMENT_EQUAL, &found[1]), CLF_OK);
    ck_assert_double_eq_tol(found[0], 1 / sqrt(3), 1e-14);
    ck_assert_double_eq_tol(found[1], 0.5, 1e-14);
  }
}

TEST(top_k__counts_ranks_with_ties_by_index) {
  sample s;
  make_sample(&s, false);
  for (int64_t k = 1; k <= CLASSES + 1; k++) {
    double found = 0, right = 0;
    for (int i = 0; i < ROWS; i++) {
      int rank = 0;
      for (int j = 0; j < CLASSES; j++) {
        const float other = s.scores[i][j], own = s.scores[i][s.truth[i]];
        rank += other > own || (other == own && j < s.truth[i]);
      }
      right += rank < k ? (double)s.weights[i] : 0;
    }
    ck_assert_int_eq(clf_top_k_accuracy(s.truth, s.scores[0], s.weights, ROWS, CLASSES, k, &found),
                     CLF_OK);
    ck_assert_double_eq_tol(found, right / s.sum, 1e-14);
  }
  double found = 7;
  ck_assert_int_eq(clf_top_k_accuracy(s.truth, s.scores[0], NULL, ROWS, CLASSES, 0, &found),
                   CLF_ERROR_ARGUMENT);
  s.scores[3][2] = NAN;
  ck_assert_int_eq(clf_top_k_accuracy(s.truth, s.scores[0], NULL, ROWS, CLASSES, 1, &found),
                   CLF_ERROR_DATA);
  ck_assert_double_eq(found, 7);
}

TEST(agreement__with_weights_is_that_of_repeated_rows) {
  sample s;
  int32_t truth[2 * ROWS], predicted[2 * ROWS];
  float scores[2 * ROWS][CLASSES], ones[ROWS];
  int64_t rows = 0;
  make_sample(&s, false);
  for (int i = 0; i < ROWS; i++) {
    ones[i] = i % 3 == 0 ? 2 : 1;
    for (int times = 0; times < (i % 3 == 0 ? 2 : 1); times++, rows++) {
      truth[rows] = s.truth[i];
      predicted[rows] = s.predicted[i];
      memcpy(scores[rows], s.scores[i], sizeof s.scores[i]);
    }
  }
  double one[6] = {0}, other[6] = {1, 1, 1, 1, 1, 1}, sums[2][CLASSES * CLASSES];
  const clf_status found[] = {
      clf_balanced_accuracy(s.truth, s.predicted, ones, ROWS, CLASSES, &one[0]),
      clf_matthews_correlation(s.truth, s.predicted, ones, ROWS, CLASSES, &one[1]),
      clf_cohen_kappa(s.truth, s.predicted, ones, ROWS, CLASSES, CLF_DISAGREEMENT_LINEAR, &one[2]),
      clf_average_scores(s.truth, s.predicted, ones, ROWS, CLASSES, CLF_AVERAGE_MACRO, &one[3]),
      clf_balanced_accuracy(truth, predicted, NULL, rows, CLASSES, &other[0]),
      clf_matthews_correlation(truth, predicted, NULL, rows, CLASSES, &other[1]),
      clf_cohen_kappa(truth, predicted, NULL, rows, CLASSES, CLF_DISAGREEMENT_LINEAR, &other[2]),
      clf_average_scores(truth, predicted, NULL, rows, CLASSES, CLF_AVERAGE_MACRO, &other[3]),
      clf_confusion_matrix(s.truth, s.predicted, ones, ROWS, CLASSES, sums[0]),
      clf_confusion_matrix(truth, predicted, NULL, rows, CLASSES, sums[1])};
  for (size_t i = 0; i < sizeof found / sizeof found[0]; i++) {
    ck_assert_int_eq(found[i], CLF_OK);
  }
  ck_assert_mem_eq(one, other, sizeof one);
  ck_assert_mem_eq(sums[0], sums[1], sizeof sums[0]);
}

/* The mean of 0 and 1, whose draws are binomial. */
typedef struct coin {
  int64_t calls, stops_at;
  clf_status with;
} coin;

static clf_status toss(void *argument, const float *weights, double *values) {
  coin *c = argument;
  double sum = 0, ones = 0;
  for (int i = 0; i < 1000; i++) {
    sum += (double)weights[i];
    ones += i % 4 == 0 ? (double)weights[i] : 0;
  }
  values[0] = ones / sum;
  if (c->calls % 4 == 0) {
    values[1] = sum; /* defined in a quarter of the draws */
  }
  return ++c->calls == c->stops_at ? c->with : CLF_OK;
}

TEST(bootstrap__has_the_interval_of_a_binomial) {
  coin c = {0, 0, CLF_OK};
  double found[2][2], again[2][2];
  int64_t draws = 0;
  ck_assert_int_eq(clf_bootstrap(toss, &c, NULL, 1000, 2, found[0], &draws, "draws=2000 seed=3"),
                   CLF_OK);
  ck_assert_int_eq(draws, 2000);
  const double half = 1.96 * sqrt(0.25 * 0.75 / 1000);
  ck_assert_double_eq_tol(found[0][0], 0.25 - half, 0.003); /* of 2000 draws, within 3 deviations */
  ck_assert_double_eq_tol(found[0][1], 0.25 + half, 0.003);
  ck_assert(isnan(found[1][0]) && isnan(found[1][1]));
  c.calls = 0;
  ck_assert_int_eq(clf_bootstrap(toss, &c, NULL, 1000, 2, again[0], NULL, "draws=2000 seed=3"),
                   CLF_OK);
  ck_assert_mem_eq(found[0], again[0], sizeof found[0]);
}

TEST(bootstrap__ends_or_fails_as_its_measure_says) {
  coin c = {0, 30, CLF_NOT_CONVERGED};
  double found[2][2] = {{7, 7}, {7, 7}};
  int64_t draws = 0;
  ck_assert_int_eq(clf_bootstrap(toss, &c, NULL, 1000, 2, found[0], &draws, NULL), CLF_OK);
  ck_assert_int_eq(draws, 29);
  ck_assert(found[0][0] < 0.25 && found[0][1] > 0.25);
  c = (coin){0, 5, CLF_NOT_CONVERGED};
  ck_assert_int_eq(clf_bootstrap(toss, &c, NULL, 1000, 2, found[0], NULL, NULL), CLF_OK);
  ck_assert(isnan(found[0][0]));
  c = (coin){0, 5, CLF_ERROR_CANCELLED};
  found[0][0] = 7;
  draws = 7;
  ck_assert_int_eq(clf_bootstrap(toss, &c, NULL, 1000, 2, found[0], &draws, NULL),
                   CLF_ERROR_CANCELLED);
  ck_assert(found[0][0] == 7 && draws == 7);
  const char *bad[] = {"draws=0", "coverage=0", "coverage=1.5", "seed=-1", "rows=3"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    ck_assert_int_eq(clf_bootstrap(toss, &c, NULL, 1000, 2, found[0], NULL, bad[i]),
                     CLF_ERROR_ARGUMENT);
  }
  ck_assert_int_eq(clf_bootstrap(toss, &c, NULL, 0, 2, found[0], NULL, NULL), CLF_ERROR_ARGUMENT);
}

SUITE("agreement")
