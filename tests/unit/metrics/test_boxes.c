/* Boxes: overlap, suppression and average precision, worked out by hand. */
#include <math.h>
#include <string.h>
#include <time.h>

#include "support.h"

static const double TIGHT = 1e-12;

static clf_box box(float top, float left, float side, float score, int32_t label) {
  return (clf_box){top, left, side, side, score, label};
}

TEST(overlap__is_intersection_over_union) {
  const clf_box a = box(0, 0, 10, 0, 0), b = box(5, 0, 10, 0, 0), far = box(10, 0, 10, 0, 0);
  const clf_box within = {2, 3, 4, 5, 0, 1};
  ck_assert_double_eq_tol(clf_box_overlap(&a, &b), 50.0 / 150, TIGHT);
  ck_assert_double_eq_tol(clf_box_overlap(&b, &a), 50.0 / 150, TIGHT);
  ck_assert_double_eq_tol(clf_box_overlap(&a, &within), 20.0 / 100, TIGHT);
  ck_assert_double_eq(clf_box_overlap(&a, &a), 1);
  ck_assert_double_eq(clf_box_overlap(&a, &far), 0); /* they touch */
  ck_assert_double_eq(clf_box_overlap(NULL, &a), 0);
  ck_assert_double_eq(clf_box_overlap(&a, NULL), 0);
}

TEST(suppression__keeps_the_best_of_each_label) {
  clf_box boxes[] = {box(1, 0, 10, 1, 0),   /* overlaps the next by 90 / 110 */
                     box(0, 0, 10, 3, 0),   /* kept */
                     box(0, 0, 10, 2, 1),   /* kept: another label */
                     box(0, 50, 10, -5, 0), /* kept: elsewhere */
                     box(5, 0, 10, 2.5f, 0)} /* overlaps the second by 50 / 150: kept */;
  const float scores[] = {3, 2.5f, 2, -5};
  int64_t kept = -1;
  ck_clf_ok(clf_box_suppress(boxes, 5, 0.34, &kept));
  ck_assert_int_eq(kept, 4);
  for (int64_t i = 0; i < kept; i++) {
    ck_assert_float_eq(boxes[i].score, scores[i]);
  }
}

TEST(suppression__takes_the_overlap_itself_as_allowed) {
  clf_box boxes[] = {box(0, 0, 10, 2, 0), box(0, 0, 10, 1, 0), box(5, 0, 10, 0, 0)};
  int64_t kept = -1;
  ck_clf_ok(clf_box_suppress(boxes, 3, 1, &kept));
  ck_assert_int_eq(kept, 3);
  ck_clf_ok(clf_box_suppress(boxes, 3, 0, &kept));
  ck_assert_int_eq(kept, 1);
  ck_clf_ok(clf_box_suppress(boxes, 0, 0, &kept));
  ck_assert_int_eq(kept, 0);
}

TEST(suppression__is_greedy) {
  /* The middle one falls to the first, and so does not suppress the last. */
  clf_box boxes[] = {box(0, 0, 10, 3, 0), box(4, 0, 10, 2, 0), box(8, 0, 10, 1, 0)};
  int64_t kept = -1;
  ck_clf_ok(clf_box_suppress(boxes, 3, 0.3, &kept));
  ck_assert_int_eq(kept, 2);
  ck_assert_float_eq(boxes[1].score, 1);
}

TEST(suppression__of_equal_scores_keeps_the_earlier) {
  for (int turn = 0; turn < 2; turn++) {
    clf_box boxes[] = {box((float)turn, 0, 10, 1, 0), box((float)(1 - turn), 0, 10, 1, 0)};
    int64_t kept = -1;
    ck_clf_ok(clf_box_suppress(boxes, 2, 0.5, &kept));
    ck_assert_int_eq(kept, 1);
    ck_assert_float_eq(boxes[0].top, (float)turn);
  }
}

TEST(suppression__of_many_boxes_is_quick) {
  enum { MANY = 100000, PLACES = 100 };
  clf_box *boxes = malloc(MANY * sizeof *boxes);
  int64_t kept = -1;
  for (int64_t i = 0; i < MANY; i++) {
    boxes[i] = box((float)(i % PLACES) * 20, (float)(i % 7) * 0.1f, 10, (float)(i % 1000), 0);
  }
  const clock_t began = clock();
  ck_clf_ok(clf_box_suppress(boxes, MANY, 0.3, &kept));
  ck_assert_int_eq(kept, PLACES);
  ck_assert_double_lt((double)(clock() - began) / CLOCKS_PER_SEC, 5); /* takes some 0.05 s */
  free(boxes);
}

TEST(suppression__refuses_what_is_no_box) {
  const clf_box good = box(0, 0, 10, 1, 0);
  clf_box bad[] = {good, good, good, good};
  int64_t kept = 7;
  bad[1].width = 0;
  ck_clf_fails(clf_box_suppress(bad, 4, 0.5, &kept), CLF_ERROR_DATA);
  ck_clf_says("box 1 ");
  bad[1].left = 1.0F / 3;
  bad[1].height = 1234567.5F;
  ck_clf_fails(clf_box_suppress(bad, 4, 0.5, &kept), CLF_ERROR_DATA);
  ck_clf_says("box 1 is at (0, 0.33333334) with sides 1234567.5 x 0;");
  bad[1] = good;
  bad[2].top = NAN;
  ck_clf_fails(clf_box_suppress(bad, 4, 0.5, &kept), CLF_ERROR_DATA);
  bad[2] = good;
  bad[3].score = NAN;
  ck_clf_fails(clf_box_suppress(bad, 4, 0.5, &kept), CLF_ERROR_DATA);
  ck_clf_says("score of box 3 is NaN");
  ck_clf_fails(clf_box_suppress(bad, 3, 1.5, &kept), CLF_ERROR_ARGUMENT);
  ck_clf_says("overlap 1.5;");
  ck_clf_fails(clf_box_suppress(bad, 3, NAN, &kept), CLF_ERROR_ARGUMENT);
  ck_clf_says("overlap nan;");
  ck_clf_fails(clf_box_suppress(bad, -1, 0.5, &kept), CLF_ERROR_ARGUMENT);
  ck_assert_int_eq(kept, 7);
}

/* Two images with 3 objects of label 0 and one of label 1. */
static const clf_box TRUTH[] = {
    {0, 0, 10, 10, 0, 0}, {0, 50, 10, 10, 0, 0}, {0, 0, 10, 10, 0, 0}, {30, 30, 8, 8, 0, 1}};
static const int64_t TRUTH_IMAGE[] = {4, 4, -2, 4};
/* By falling score: right, wrong (found again), right, wrong (nothing there), wrong image. */
static const clf_box FOUND[] = {{0, 0, 10, 10, 9, 0},
                                {1, 0, 10, 10, 8, 0},
                                {2, 0, 10, 10, 7, 0},
                                {90, 0, 10, 10, 6, 0},
                                {0, 50, 10, 10, 5, 0}};
static const int64_t FOUND_IMAGE[] = {4, 4, -2, 4, -2};
static const clf_box_set found = {sizeof found, FOUND, FOUND_IMAGE, 5};
static const clf_box_set truth = {sizeof truth, TRUTH, TRUTH_IMAGE, 4};
static const clf_box_set first_three = {sizeof first_three, TRUTH, TRUTH_IMAGE, 3};

TEST(average_precision__counts_a_second_box_of_an_object_as_wrong) {
  const double precision[] = {1, 1.0 / 2, 2.0 / 3, 2.0 / 4, 2.0 / 5};
  const double recall[] = {1.0 / 3, 1.0 / 3, 2.0 / 3, 2.0 / 3, 2.0 / 3};
  double p[5], r[5], out = -1;
  int64_t points = -1;
  ck_clf_ok(clf_box_average_precision(&found, &truth, 0.5, 0, &out, p, r, &points));
  ck_assert_int_eq(points, 5);
  for (int i = 0; i < 5; i++) {
    ck_assert_double_eq_tol(p[i], precision[i], TIGHT);
    ck_assert_double_eq_tol(r[i], recall[i], TIGHT);
  }
  /* A third at precision 1, a third at 2/3, the last never found. */
  ck_assert_double_eq_tol(out, 1.0 / 3 + 2.0 / 9, TIGHT);
}

TEST(average_precision__makes_the_curve_monotone) {
  /* Wrong, then right: the precision of 1/2 counts for the whole recall. */
  const clf_box boxes[] = {{90, 90, 5, 5, 2, 1}, {30, 30, 8, 8, 1, 1}};
  const clf_box_set late = {sizeof late, boxes, (const int64_t[]){4, 4}, 2};
  double out = -1;
  ck_clf_ok(clf_box_average_precision(&late, &truth, 0.5, 1, &out, NULL, NULL, NULL));
  ck_assert_double_eq_tol(out, 0.5, TIGHT);
}

TEST(average_precision__asks_for_the_overlap) {
  const clf_box box = {5, 0, 10, 10, 1, 0}; /* 1/3 with the first */
  const clf_box_set third = {sizeof third, &box, (const int64_t[]){4}, 1};
  const clf_box_set none = {.struct_size = sizeof none};
  double out = -1;
  ck_clf_ok(clf_box_average_precision(&third, &first_three, 0.33, 0, &out, NULL, NULL, NULL));
  ck_assert_double_eq_tol(out, 1.0 / 3, TIGHT);
  ck_clf_ok(clf_box_average_precision(&third, &first_three, 0.34, 0, &out, NULL, NULL, NULL));
  ck_assert_double_eq(out, 0);
  ck_clf_ok(clf_box_average_precision(&none, &first_three, 0.34, 0, &out, NULL, NULL, NULL));
  ck_assert_double_eq(out, 0);
}

TEST(mean_average_precision__is_over_the_labels_of_truth) {
  double out = -1;
  ck_clf_ok(clf_box_mean_average_precision(&found, &truth, 0.5, &out));
  ck_assert_double_eq_tol(out, (1.0 / 3 + 2.0 / 9 + 0) / 2, TIGHT);
}

TEST(average_precision__refuses) {
  clf_box bad[] = {TRUTH[0], TRUTH[1]};
  clf_box_set set = {sizeof set, bad, TRUTH_IMAGE, 2};
  double out = 7;
  bad[1].height = INFINITY;
  ck_clf_fails(clf_box_average_precision(&found, &set, 0.5, 0, &out, NULL, NULL, NULL),
               CLF_ERROR_DATA);
  ck_clf_says("truth: box 1");
  ck_clf_fails(clf_box_average_precision(&found, &truth, 0.5, 2, &out, NULL, NULL, NULL),
               CLF_ERROR_DATA);
  ck_clf_says("no true box has label 2");
  ck_clf_fails(clf_box_mean_average_precision(&found, &truth, 0, &out), CLF_ERROR_ARGUMENT);
  ck_clf_says("overlap is 0;");
  set = (clf_box_set){.struct_size = sizeof set};
  ck_clf_fails(clf_box_mean_average_precision(&found, &set, 0.5, &out), CLF_ERROR_ARGUMENT);
  ck_clf_says("a true box or more");
  ck_assert_double_eq(out, 7);
}

TEST(box_sets__refuse) {
  const clf_box_set wrong[] = {{sizeof found - 1, FOUND, FOUND_IMAGE, 5},
                               {0, FOUND, FOUND_IMAGE, 5},
                               {sizeof found, FOUND, FOUND_IMAGE, -1},
                               {sizeof found, NULL, FOUND_IMAGE, 5},
                               {sizeof found, FOUND, NULL, 5}};
  const char *const says[] = {"struct_size is ", "struct_size is 0;", "-1 boxes;",
                              "5 boxes at NULL;", "5 boxes without images;"};
  double out = 7;
  for (int i = 0; i < 5; i++) {
    ck_clf_fails(clf_box_mean_average_precision(&wrong[i], &truth, 0.5, &out), CLF_ERROR_ARGUMENT);
    ck_clf_says(says[i]);
    ck_clf_fails(clf_box_mean_average_precision(&found, &wrong[i], 0.5, &out), CLF_ERROR_ARGUMENT);
    ck_clf_says(says[i]);
  }
  ck_assert_double_eq(out, 7);
}

SUITE("boxes")
