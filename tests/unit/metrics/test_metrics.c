/* Measures against values worked out by hand, and their refusals. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "metrics/determination.h"
#include "support.h"

/* Exact up to the rounding of a handful of operations. */
static const double TIGHT = 1e-14;

/* Class 0: 3 true, 2 hits, 3 predicted; class 1: 2 true, 1 hit, 2 predicted; class 2: 1 true, 0
 * hits, 1 predicted; class 3: neither. */
static const int32_t TRUTH[] = {0, 0, 0, 1, 1, 2};
static const int32_t PREDICTED[] = {0, 0, 1, 1, 2, 0};
enum { ROWS = 6, CLASSES = 4 };

TEST(accuracy__is_the_share_of_right_rows) {
  double accuracy = -1;
  ck_assert_int_eq(clf_accuracy(TRUTH, PREDICTED, NULL, ROWS, &accuracy), CLF_OK);
  ck_assert_double_eq_tol(accuracy, 3.0 / 6, TIGHT);
}

TEST(accuracy__weighs_rows) {
  const float weights[] = {1, 0, 2, 0.5f, 4, 0};
  double accuracy = -1;
  ck_assert_int_eq(clf_accuracy(TRUTH, PREDICTED, weights, ROWS, &accuracy), CLF_OK);
  ck_assert_double_eq_tol(accuracy, 1.5 / 7.5, TIGHT);
}

TEST(accuracy__counts_predictions_out_of_range_as_wrong) {
  const int32_t predicted[] = {-1, 0, INT32_MAX, 1, INT32_MIN, 2};
  double accuracy = -1;
  ck_assert_int_eq(clf_accuracy(TRUTH, predicted, NULL, ROWS, &accuracy), CLF_OK);
  ck_assert_double_eq_tol(accuracy, 0.5, TIGHT);
}

TEST(accuracy__refuses_unusable_weights) {
  const float none[ROWS] = {0};
  const float negative[ROWS] = {1, 1, -1, 1, 1, 1};
  const float nan[ROWS] = {1, NAN, 1, 1, 1, 1};
  const float infinite[ROWS] = {1, 1, 1, 1, 1, INFINITY};
  double accuracy = -1;
  ck_assert_int_eq(clf_accuracy(TRUTH, PREDICTED, none, ROWS, &accuracy), CLF_ERROR_DATA);
  ck_assert_int_eq(clf_accuracy(TRUTH, PREDICTED, negative, ROWS, &accuracy), CLF_ERROR_DATA);
  ck_assert_str_eq(clf_last_error(),
                   "accuracy: weight of row 2 is -1; it must be 0 or more and finite");
  ck_assert_int_eq(clf_accuracy(TRUTH, PREDICTED, nan, ROWS, &accuracy), CLF_ERROR_DATA);
  ck_assert_int_eq(clf_accuracy(TRUTH, PREDICTED, infinite, ROWS, &accuracy), CLF_ERROR_DATA);
  ck_assert_double_eq(accuracy, -1);
}

TEST(confusion__counts_pairs) {
  const double expected[CLASSES][CLASSES] = {{2, 1, 0, 0}, {0, 1, 1, 0}, {1, 0, 0, 0}, {0}};
  double counts[CLASSES][CLASSES];
  ck_assert_int_eq(clf_confusion_matrix(TRUTH, PREDICTED, NULL, ROWS, CLASSES, counts[0]), CLF_OK);
  ck_assert_mem_eq(counts, expected, sizeof counts);
}

TEST(confusion__leaves_out_predictions_out_of_range) {
  const int32_t predicted[] = {0, 4, -1, 1, 1, 2};
  const double expected[CLASSES][CLASSES] = {{1}, {0, 2}, {0, 0, 1}, {0}};
  double counts[CLASSES][CLASSES];
  ck_assert_int_eq(clf_confusion_matrix(TRUTH, predicted, NULL, ROWS, CLASSES, counts[0]), CLF_OK);
  ck_assert_mem_eq(counts, expected, sizeof counts);
}

TEST(confusion__refuses_truth_out_of_range) {
  double counts[4] = {7, 7, 7, 7};
  ck_assert_int_eq(clf_confusion_matrix(TRUTH, PREDICTED, NULL, ROWS, 2, counts), CLF_ERROR_DATA);
  ck_assert_str_eq(clf_last_error(), "confusion matrix: truth of row 5 is 2; it must be 0 to 1");
  const int32_t negative[] = {0, -1};
  ck_assert_int_eq(clf_confusion_matrix(negative, PREDICTED, NULL, 2, 2, counts), CLF_ERROR_DATA);
  for (int i = 0; i < 4; i++) {
    ck_assert_double_eq(counts[i], 7);
  }
}

TEST(confusion__refuses_a_table_that_overflows) {
  double count = 7;
  const int64_t large[] = {(int64_t)1 << 31, (int64_t)1 << 61, INT64_MAX};
  for (int i = 0; i < 3; i++) {
    ck_assert_int_eq(clf_confusion_matrix(TRUTH, PREDICTED, NULL, ROWS, large[i], &count),
                     CLF_ERROR_ARGUMENT);
  }
  ck_assert_double_eq(count, 7);
}

TEST(class_scores__are_ratios_of_counts) {
  const double expected[CLASSES][4] = {
      {2.0 / 3, 2.0 / 3, 4.0 / 6, 3}, {1.0 / 2, 1.0 / 2, 2.0 / 4, 2}, {0, 0, 0, 1}, {0, 0, 0, 0}};
  double scores[CLASSES][4];
  ck_assert_int_eq(clf_class_scores(TRUTH, PREDICTED, NULL, ROWS, CLASSES, scores[0]), CLF_OK);
  for (int i = 0; i < 4 * CLASSES; i++) {
    ck_assert_double_eq_tol(scores[i / 4][i % 4], expected[i / 4][i % 4], TIGHT);
  }
}

TEST(class_scores__refuse_more_classes_than_memory) {
  double scores = -1;
  ck_assert_int_eq(clf_class_scores(TRUTH, PREDICTED, NULL, ROWS, INT64_MAX, &scores),
                   CLF_ERROR_MEMORY);
  ck_assert_double_eq(scores, -1);
}

static void check_average(int32_t average, double precision, double recall, double f1) {
  double found[3] = {-1, -1, -1};
  ck_assert_int_eq(clf_average_scores(TRUTH, PREDICTED, NULL, ROWS, CLASSES, average, found),
                   CLF_OK);
  ck_assert_double_eq_tol(found[0], precision, TIGHT);
  ck_assert_double_eq_tol(found[1], recall, TIGHT);
  ck_assert_double_eq_tol(found[2], f1, TIGHT);
}

TEST(average_scores__macro_leaves_out_classes_that_do_not_occur) {
  double mean = (2.0 / 3 + 1.0 / 2 + 0) / 3;
  check_average(CLF_AVERAGE_MACRO, mean, mean, mean);
}

TEST(average_scores__micro_pools_the_counts) {
  check_average(CLF_AVERAGE_MICRO, 3.0 / 6, 3.0 / 6, 3.0 / 6);
}

TEST(average_scores__weighted_counts_true_rows) {
  double mean = (3 * 2.0 / 3 + 2 * 1.0 / 2 + 0) / 6;
  check_average(CLF_AVERAGE_WEIGHTED, mean, mean, mean);
}

TEST(average_scores__micro_parts_where_predictions_are_out_of_range) {
  const int32_t predicted[] = {0, 0, 9, 1, -1, 0};
  double found[3] = {-1, -1, -1};
  ck_assert_int_eq(
      clf_average_scores(TRUTH, predicted, NULL, ROWS, CLASSES, CLF_AVERAGE_MICRO, found), CLF_OK);
  ck_assert_double_eq_tol(found[0], 3.0 / 4, TIGHT);
  ck_assert_double_eq_tol(found[1], 3.0 / 6, TIGHT);
  ck_assert_double_eq_tol(found[2], 6.0 / 10, TIGHT);
}

TEST(average_scores__refuse_an_unknown_average) {
  double precision = -1;
  for (int32_t average = 0; average <= 4; average += 4) {
    ck_assert_int_eq(clf_average_scores(TRUTH, PREDICTED, NULL, ROWS, CLASSES, average, &precision),
                     CLF_ERROR_ARGUMENT);
  }
  ck_assert_double_eq(precision, -1);
}

static double determination(const double *targets, const float *values, const float *weights,
                            int64_t rows) {
  const clf__determined of = {targets, values, weights, rows, 1, NULL};
  double result = NAN;
  ck_clf_ok(clf__determination(&result, &of));
  return result;
}

/* Against the definition, and the same when everything is scaled, out of the range of squares too.
 */
TEST(determination__has_no_scale) {
  static const double scales[] = {1, 1e-150, 1e-30, 1e30, 0x1p100};
  const float weights[] = {1, 2, 0.5F, 0, 3};
  for (size_t k = 0; k < sizeof scales / sizeof scales[0]; k++) {
    double targets[5] = {1, 3, -2, 99, 4}, mean = 0, residual = 0, spread = 0;
    float values[5] = {1.5F, 2.5F, -1, 7, 4.25F};
    for (int i = 0; i < 5; i++) {
      mean += (double)weights[i] * targets[i] / 6.5;
    }
    for (int i = 0; i < 5; i++) {
      residual +=
          (double)weights[i] * (targets[i] - (double)values[i]) * (targets[i] - (double)values[i]);
      spread += (double)weights[i] * (targets[i] - mean) * (targets[i] - mean);
    }
    const bool held = scales[k] > 1e-100; /* values are floats: of tiny targets they are 0 */
    for (int i = 0; i < 5; i++) {
      targets[i] *= scales[k];
      values[i] = held ? (float)((double)values[i] * scales[k]) : 0;
    }
    const double expected =
        held ? 1 - residual / spread : 1 - (spread + 6.5 * mean * mean) / spread;
    ck_assert_double_eq_tol(determination(targets, values, weights, 5), expected, 1e-6);
  }
}

TEST(determination__of_extreme_targets) {
  const double huge[] = {1.7e308, -1.7e308, 0, 1e300}, same[] = {0.1, 0.1, 0.1, 0.1};
  const float zeros[4] = {0}, met[] = {0.1F, 0.1F, 0.1F, 0.1F}, far[] = {3e38F, 0, 0, 0};
  const double small[] = {1e-300, 2e-300, 0, 0};
  ck_assert_double_eq_tol(determination(huge, zeros, NULL, 4), 0, 1e-7);
  ck_assert_double_eq_tol(
      determination((const double[]){1.7e308, -1.7e308, 1.7e308, -1.7e308}, zeros, NULL, 4), 0,
      1e-7);
  ck_assert_double_eq(determination(same, zeros, NULL, 4), 0);
  ck_assert_double_eq(determination(same, met, NULL, 4), 0);
  ck_assert_double_eq(
      determination((const double[]){0.5, 0.5}, (const float[]){0.5F, 0.5F}, NULL, 2), 1);
  ck_assert_double_eq(determination(small, far, NULL, 4), -INFINITY);
}

TEST(log_loss__is_the_mean_surprise) {
  const int32_t truth[] = {0, 1};
  const float probabilities[] = {0.5f, 0.25f, 0.25f, 0.125f, 0.25f, 0.625f};
  double loss = -1;
  ck_assert_int_eq(clf_log_loss(truth, probabilities, NULL, 2, 3, &loss), CLF_OK);
  ck_assert_double_eq_tol(loss, (log(2) + log(4)) / 2, TIGHT);
}

TEST(log_loss__scales_rows_to_sum_to_one) {
  const int32_t truth[] = {0, 1};
  const float probabilities[] = {2, 2, 1e30f, 3e30f};
  double loss = -1;
  ck_assert_int_eq(clf_log_loss(truth, probabilities, NULL, 2, 2, &loss), CLF_OK);
  ck_assert_double_eq_tol(loss, (log(2) + log(4.0 / 3)) / 2, 1e-7); /* 1e30 is rounded to f32 */
}

TEST(log_loss__clips_certainty) {
  const int32_t truth[] = {0, 1};
  const float probabilities[] = {1, 0, 1, 0};
  double loss = -1;
  ck_assert_int_eq(clf_log_loss(truth, probabilities, NULL, 2, 2, &loss), CLF_OK);
  ck_assert_double_eq_tol(loss, (-log1p(-0x1p-23) + 23 * log(2)) / 2, TIGHT * 23);
}

/* Rows of probabilities with truths that are powers of two, so that the figures are exact. */
static const int32_t FORECAST_TRUTH[] = {0, 1, 2, 1};
static const float FORECAST[] = {0.5f, 0.25f, 0.25f, 0.125f, 0.25f, 0.625f,
                                 0,    0,     1,     0,      0.75f, 0.25f};

TEST(brier_score__sums_squares_over_the_classes) {
  const double rows[] = {0.25 + 0.0625 + 0.0625, 0.015625 + 0.5625 + 0.390625, 0, 0.0625 + 0.0625};
  double score = -1;
  ck_assert_int_eq(clf_brier_score(FORECAST_TRUTH, FORECAST, NULL, 4, 3, &score), CLF_OK);
  ck_assert_double_eq_tol(score, (rows[0] + rows[1] + rows[2] + rows[3]) / 4, TIGHT);
  const float weights[] = {1, 0.5f, 7, 0};
  ck_assert_int_eq(clf_brier_score(FORECAST_TRUTH, FORECAST, weights, 4, 3, &score), CLF_OK);
  ck_assert_double_eq_tol(score, (rows[0] + 0.5 * rows[1]) / 8.5, TIGHT);
}

TEST(brier_score__of_two_classes_is_that_of_one_probability) {
  const int32_t truth[] = {0, 1, 1};
  const float probabilities[] = {0.75f, 0.25f, 0.5f, 0.5f, 6, 2}; /* the last is scaled */
  double score = -1;
  ck_assert_int_eq(clf_brier_score(truth, probabilities, NULL, 3, 2, &score), CLF_OK);
  ck_assert_double_eq_tol(score, (0.0625 + 0.25 + 0.5625) / 3, TIGHT);
  ck_assert_int_eq(clf_brier_score(truth, (const float[]){0, 1, 1, 0, 1, 0}, NULL, 3, 2, &score),
                   CLF_OK);
  ck_assert_double_eq(score, 1);
  ck_assert_int_eq(clf_brier_score((const int32_t[]){0}, (const float[]){3}, NULL, 1, 1, &score),
                   CLF_OK);
  ck_assert_double_eq(score, 0);
}

/* Confidences 0.5 right, 0.625 wrong, 1 right, 0.75 right. */
TEST(calibration_error__is_the_mean_distance_of_confidence_and_accuracy) {
  double error = -1, curve[4][3];
  ck_assert_int_eq(clf_calibration_error(FORECAST_TRUTH, FORECAST, NULL, 4, 3, 1, &error, NULL),
                   CLF_OK);
  ck_assert_double_eq_tol(error, fabs(3 - 2.875) / 4, TIGHT);
  /* (0.25, 0.5] has row 0, (0.5, 0.75] rows 1 and 3, (0.75, 1] row 2. */
  const double expected[4][3] = {{0, 0, 0}, {0.25, 0.5, 1}, {0.5, 0.6875, 0.5}, {0.25, 1, 1}};
  ck_assert_int_eq(clf_calibration_error(FORECAST_TRUTH, FORECAST, NULL, 4, 3, 4, &error, curve[0]),
                   CLF_OK);
  ck_assert_double_eq_tol(error, (0.5 + 0.375 + 0) / 4, TIGHT);
  ck_assert_mem_eq(curve, expected, sizeof expected);
  const float weights[] = {0, 3, 0, 1};
  ck_assert_int_eq(
      clf_calibration_error(FORECAST_TRUTH, FORECAST, weights, 4, 3, 2, &error, curve[0]), CLF_OK);
  ck_assert_double_eq_tol(error, fabs(3 * 0.625 + 0.75 - 1) / 4, TIGHT);
  ck_assert_double_eq(curve[0][0], 0);
  ck_assert_double_eq(curve[1][2], 0.25);
}

TEST(calibration_error__refuses_bins_out_of_range) {
  const int64_t bad[] = {0, -1, INT64_MIN, 1000001, INT64_MAX};
  double error = -1, curve[3] = {-1, -1, -1};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    ck_assert_int_eq(
        clf_calibration_error(FORECAST_TRUTH, FORECAST, NULL, 4, 3, bad[i], &error, curve),
        CLF_ERROR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(clf_last_error(), "it must be 1 to 1000000"));
  }
  ck_assert_double_eq(error, -1);
  ck_assert_double_eq(curve[0], -1);
  ck_assert_int_eq(
      clf_calibration_error(FORECAST_TRUTH, FORECAST, NULL, 4, 3, 1000000, &error, NULL), CLF_OK);
  ck_assert_double_eq_tol(error, (0.5 + 0.625 + 0 + 0.25) / 4, TIGHT); /* a bin for each row */
}

TEST(probabilities__are_refused_where_they_are_none) {
  const int32_t truth[] = {0, 1};
  const float bad[][4] = {{0.5f, 0.5f, NAN, 1},
                          {0.5f, 0.5f, 1, INFINITY},
                          {0.5f, 0.5f, -0.5f, 1.5f},
                          {0.5f, 0.5f, 0, 0}};
  double value = -1;
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    const clf_status found[] = {clf_log_loss(truth, bad[i], NULL, 2, 2, &value),
                                clf_brier_score(truth, bad[i], NULL, 2, 2, &value),
                                clf_calibration_error(truth, bad[i], NULL, 2, 2, 5, &value, NULL)};
    for (size_t k = 0; k < sizeof found / sizeof found[0]; k++) {
      ck_assert_int_eq(found[k], CLF_ERROR_DATA);
    }
    ck_assert_ptr_nonnull(strstr(clf_last_error(), "calibration error: "));
    ck_assert_ptr_nonnull(strstr(clf_last_error(), "row 1"));
  }
  ck_assert_double_eq(value, -1);
}

static double auc(const int32_t *truth, const float *scores, int64_t rows) {
  double area = -1;
  ck_assert_int_eq(clf_roc_auc(truth, scores, NULL, rows, &area), CLF_OK);
  return area;
}

TEST(auc__counts_ordered_pairs) {
  const int32_t truth[] = {0, 0, 1, 1};
  ck_assert_double_eq(auc(truth, (const float[]){0.1f, 0.4f, 0.35f, 0.8f}, 4), 0.75);
  ck_assert_double_eq(auc(truth, (const float[]){1, 2, 3, 4}, 4), 1);
  ck_assert_double_eq(auc(truth, (const float[]){4, 3, 2, 1}, 4), 0);
}

TEST(auc__halves_ties) {
  const int32_t truth[] = {0, 1, 0, 1, 1};
  ck_assert_double_eq(auc(truth, (const float[]){5, 5, 5, 5, 5}, 5), 0.5);
  /* Pairs: (3, 1) won, (3, 3) tied; (1, 1) tied, (1, 3) lost; (2, 1) won, (2, 3) lost. */
  ck_assert_double_eq_tol(auc(truth, (const float[]){1, 3, 3, 1, 2}, 5), 3.0 / 6, TIGHT);
  ck_assert_double_eq(auc(truth, (const float[]){-0.0f, 0.0f, -0.0f, 0.0f, 0.0f}, 5), 0.5);
}

TEST(auc__orders_negative_and_infinite_scores) {
  const int32_t truth[] = {0, 0, 0, 1, 1, 1};
  const float scores[] = {-INFINITY, -2, -1e-40f, 1e-40f, 3, INFINITY};
  ck_assert_double_eq(auc(truth, scores, 6), 1);
}

TEST(auc__agrees_with_counting_all_pairs) {
  enum { MANY = 700 };
  int32_t truth[MANY];
  float scores[MANY];
  uint32_t state = 1;
  for (int i = 0; i < MANY; i++) {
    state = state * 1664525u + 1013904223u;
    truth[i] = (int32_t)(state >> 31);
    scores[i] = ((float)(state >> 20 & 255) - 128) / 16; /* 256 values: many ties */
  }
  double won = 0, pairs = 0;
  for (int i = 0; i < MANY; i++) {
    for (int j = 0; j < MANY; j++) {
      if (truth[i] == 1 && truth[j] == 0) {
        won += scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? 0.5 : 0;
        pairs++;
      }
    }
  }
  ck_assert_double_eq_tol(auc(truth, scores, MANY), won / pairs, TIGHT);
}

TEST(auc__refuses_one_class_and_nan) {
  const int32_t ones[] = {1, 1};
  const int32_t both[] = {0, 1};
  const int32_t three[] = {0, 2};
  double area = -1;
  ck_assert_int_eq(clf_roc_auc(ones, (const float[]){1, 2}, NULL, 2, &area), CLF_ERROR_DATA);
  ck_assert_int_eq(clf_roc_auc(both, (const float[]){1, NAN}, NULL, 2, &area), CLF_ERROR_DATA);
  ck_assert_int_eq(clf_roc_auc(three, (const float[]){1, 2}, NULL, 2, &area), CLF_ERROR_DATA);
  ck_assert_double_eq(area, -1);
}

TEST(auc_classes__averages_one_against_the_rest) {
  const int32_t truth[] = {0, 1, 2, 1};
  const float scores[][4] = {{3, 0, 9, 0}, {2, 1, 0, 0}, {1, 2, 1, 0}, {4, 3, 0, 0}};
  /* Class 0: beats 2 of 3; class 1: row 1 beats 1 of 2, row 3 both; class 2: beats 2 of 3. */
  double area = -1;
  ck_assert_int_eq(clf_roc_auc_classes(truth, scores[0], NULL, 4, 4, &area), CLF_OK);
  ck_assert_double_eq_tol(area, (2.0 / 3 + 3.0 / 4 + 2.0 / 3) / 3, TIGHT);
}

TEST(auc_classes__refuses_one_class_and_overflow) {
  const int32_t truth[] = {1, 1};
  const float scores[] = {1, 2, 3, 4};
  double area = -1;
  ck_assert_int_eq(clf_roc_auc_classes(truth, scores, NULL, 2, 2, &area), CLF_ERROR_DATA);
  ck_assert_int_eq(clf_roc_auc_classes(truth, scores, NULL, 2, INT64_MAX, &area),
                   CLF_ERROR_ARGUMENT);
  ck_assert_double_eq(area, -1);
}

TEST(average_precision__adds_precision_at_each_step_of_recall) {
  const int32_t truth[] = {0, 0, 1, 1};
  double area = -1;
  ck_assert_int_eq(
      clf_average_precision(truth, (const float[]){0.1f, 0.4f, 0.35f, 0.8f}, NULL, 4, &area),
      CLF_OK);
  ck_assert_double_eq_tol(area, (1 + 2.0 / 3) / 2, TIGHT);
  ck_assert_int_eq(clf_average_precision(truth, (const float[]){4, 3, 2, 1}, NULL, 4, &area),
                   CLF_OK);
  ck_assert_double_eq_tol(area, (1.0 / 3 + 2.0 / 4) / 2, TIGHT);
  /* Rows with one score are one step, in any order of the rows. */
  ck_assert_int_eq(clf_average_precision(truth, (const float[]){-0.0f, 0, 0, 7}, NULL, 4, &area),
                   CLF_OK);
  ck_assert_double_eq_tol(area, (1 + 2.0 / 4) / 2, TIGHT);
  ck_assert_int_eq(
      clf_average_precision((const int32_t[]){1, 1}, (const float[]){2, 1}, NULL, 2, &area),
      CLF_OK);
  ck_assert_double_eq(area, 1);
}

TEST(average_precision__needs_a_positive_row) {
  const int32_t truth[] = {0, 1, 0}, none[] = {0, 0, 0};
  const float scores[] = {3, 2, 1}, weights[] = {1, 0, 2};
  double area = -1;
  ck_assert_int_eq(clf_average_precision(none, scores, NULL, 3, &area), CLF_ERROR_DATA);
  ck_assert_str_eq(clf_last_error(), "average precision: truth is 0 in all rows; 1 must occur");
  ck_assert_int_eq(clf_average_precision(truth, scores, weights, 3, &area), CLF_ERROR_DATA);
  ck_assert_int_eq(clf_roc_auc(truth, scores, (const float[]){0, 2, 0}, 3, &area), CLF_ERROR_DATA);
  ck_assert_str_eq(clf_last_error(),
                   "ROC: truth is 1 in all rows of a weight above 0; both 0 and 1 must occur");
  ck_assert_double_eq(area, -1);
}

TEST(average_precision_classes__is_the_mean_over_classes_that_occur) {
  const int32_t truth[] = {0, 1, 2, 1};
  const float scores[][4] = {{3, 0, 9, 0}, {2, 1, 0, 0}, {1, 2, 1, 0}, {4, 3, 0, 0}};
  /* Class 0: second; class 1: first and third; class 2: second. */
  double area = -1;
  ck_assert_int_eq(clf_average_precision_classes(truth, scores[0], NULL, 4, 4, &area), CLF_OK);
  ck_assert_double_eq_tol(area, (1.0 / 2 + (1 + 2.0 / 3) / 2 + 1.0 / 2) / 3, TIGHT);
}

enum { REPEATED = 300, MAX_TIMES = 4 };

/* Rows, how often each counts, and the same rows repeated that often. */
typedef struct repeated {
  int32_t truth[REPEATED], all_truth[REPEATED * MAX_TIMES];
  float values[REPEATED][3], all_values[REPEATED * MAX_TIMES][3], weights[REPEATED];
  int64_t rows;
} repeated;

static void repeat_rows(repeated *r) {
  uint32_t state = 3;
  r->rows = 0;
  for (int i = 0; i < REPEATED; i++) {
    for (int k = 0; k < 3; k++) {
      state = state * 1664525u + 1013904223u;
      r->values[i][k] = (float)(state >> 28 & 15) + 1; /* few values: many ties */
    }
    state = state * 1664525u + 1013904223u;
    r->truth[i] = (int32_t)(state >> 16) % 3;
    const int times = (int)(state >> 10) % (MAX_TIMES + 1);
    r->weights[i] = (float)times;
    for (int j = 0; j < times; j++, r->rows++) {
      r->all_truth[r->rows] = r->truth[i];
      memcpy(r->all_values[r->rows], r->values[i], sizeof r->values[i]);
    }
  }
}

TEST(measures__with_weights_are_those_of_repeated_rows) {
  repeated r;
  repeat_rows(&r);
  ck_assert_int_gt(r.rows, REPEATED);
  double one[5] = {-1, -1, -1, -1, -1}, other[5] = {-2, -2, -2, -2, -2};
  const float *values = r.values[0], *all = r.all_values[0];
  const clf_status found[] = {
      clf_log_loss(r.truth, values, r.weights, REPEATED, 3, &one[0]),
      clf_brier_score(r.truth, values, r.weights, REPEATED, 3, &one[1]),
      clf_calibration_error(r.truth, values, r.weights, REPEATED, 3, 7, &one[2], NULL),
      clf_roc_auc_classes(r.truth, values, r.weights, REPEATED, 3, &one[3]),
      clf_average_precision_classes(r.truth, values, r.weights, REPEATED, 3, &one[4]),
      clf_log_loss(r.all_truth, all, NULL, r.rows, 3, &other[0]),
      clf_brier_score(r.all_truth, all, NULL, r.rows, 3, &other[1]),
      clf_calibration_error(r.all_truth, all, NULL, r.rows, 3, 7, &other[2], NULL),
      clf_roc_auc_classes(r.all_truth, all, NULL, r.rows, 3, &other[3]),
      clf_average_precision_classes(r.all_truth, all, NULL, r.rows, 3, &other[4])};
  for (int i = 0; i < 10; i++) {
    ck_assert_int_eq(found[i], CLF_OK);
  }
  for (int i = 0; i < 5; i++) {
    ck_assert_double_eq_tol(one[i], other[i], 1e-12); /* sums of some hundred rows */
  }
}

TEST(measures__refuse_unusable_weights) {
  const float bad[][2] = {{0, 0}, {1, -1}, {1, NAN}, {INFINITY, 1}};
  const int32_t truth[] = {0, 1};
  const float values[] = {0.5f, 0.5f, 0.25f, 0.75f};
  double value = -1;
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    const clf_status found[] = {clf_log_loss(truth, values, bad[i], 2, 2, &value),
                                clf_brier_score(truth, values, bad[i], 2, 2, &value),
                                clf_calibration_error(truth, values, bad[i], 2, 2, 5, &value, NULL),
                                clf_roc_auc(truth, values, bad[i], 2, &value),
                                clf_roc_auc_classes(truth, values, bad[i], 2, 2, &value),
                                clf_average_precision(truth, values, bad[i], 2, &value),
                                clf_average_precision_classes(truth, values, bad[i], 2, 2, &value)};
    for (size_t k = 0; k < sizeof found / sizeof found[0]; k++) {
      ck_assert_msg(found[k] == CLF_ERROR_DATA, "weights %zu, call %zu", i, k);
    }
    ck_assert_ptr_nonnull(strstr(clf_last_error(), "average precision: "));
  }
  ck_assert_double_eq(value, -1);
}

TEST(measures__survive_weights_of_any_size) {
  const int32_t truth[] = {0, 1, 0, 1};
  const float values[] = {1, 2, 3, 4}, huge[] = {3e38f, 3e38f, 3e38f, 3e38f},
              tiny[] = {1e-45f, 1e-45f, 1e-45f, 1e-45f};
  const float *all[] = {huge, tiny};
  for (int i = 0; i < 2; i++) {
    double area = -1;
    ck_assert_int_eq(clf_roc_auc(truth, values, all[i], 4, &area), CLF_OK);
    ck_assert_double_eq_tol(area, 0.75, TIGHT);
    ck_assert_int_eq(clf_average_precision(truth, values, all[i], 4, &area), CLF_OK);
    ck_assert_double_eq_tol(area, (1 + 2.0 / 3) / 2, TIGHT);
  }
}

TEST(measures__refuse_sizes_below_one) {
  const float scores[ROWS] = {0};
  double value = -1;
  const int64_t sizes[] = {0, -1, INT64_MIN};
  for (int i = 0; i < 3; i++) {
    int64_t n = sizes[i];
    const clf_status refusals[] = {
        clf_accuracy(TRUTH, PREDICTED, NULL, n, &value),
        clf_confusion_matrix(TRUTH, PREDICTED, NULL, n, 3, &value),
        clf_confusion_matrix(TRUTH, PREDICTED, NULL, ROWS, n, &value),
        clf_class_scores(TRUTH, PREDICTED, NULL, n, 3, &value),
        clf_class_scores(TRUTH, PREDICTED, NULL, ROWS, n, &value),
        clf_average_scores(TRUTH, PREDICTED, NULL, n, 3, CLF_AVERAGE_MACRO, &value),
        clf_average_scores(TRUTH, PREDICTED, NULL, ROWS, n, CLF_AVERAGE_MACRO, &value),
        clf_log_loss(TRUTH, scores, NULL, n, 3, &value),
        clf_log_loss(TRUTH, scores, NULL, ROWS, n, &value),
        clf_brier_score(TRUTH, scores, NULL, n, 3, &value),
        clf_brier_score(TRUTH, scores, NULL, ROWS, n, &value),
        clf_calibration_error(TRUTH, scores, NULL, n, 3, 5, &value, NULL),
        clf_calibration_error(TRUTH, scores, NULL, ROWS, n, 5, &value, NULL),
        clf_average_precision(TRUTH, scores, NULL, n, &value),
        clf_average_precision_classes(TRUTH, scores, NULL, n, 3, &value),
        clf_average_precision_classes(TRUTH, scores, NULL, ROWS, n, &value),
        clf_roc_auc(TRUTH, scores, NULL, n, &value),
        clf_roc_auc_classes(TRUTH, scores, NULL, n, 3, &value),
        clf_roc_auc_classes(TRUTH, scores, NULL, ROWS, n, &value),
    };
    for (size_t k = 0; k < sizeof refusals / sizeof refusals[0]; k++) {
      ck_assert_msg(refusals[k] == CLF_ERROR_ARGUMENT, "size %lld, call %zu", (long long)n, k);
    }
  }
  ck_assert_double_eq(value, -1);
}

SUITE("metrics")
