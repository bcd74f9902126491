/* Random changes of images: what they may do, how far, and that they depend on the seed alone.
 * An image whose two channels are its coordinates shows where each pixel of the result comes
 * from. */
#include <math.h>
#include <string.h>

#include "base/status.h"
#include "failing_allocator.h"
#include "image/augment.h"

enum { SIDE = 28, PIXELS = SIDE * SIDE, IMAGES = 200 };

static const int64_t shape[] = {SIDE, SIDE, 2};

static clf__augment *augment_of(clf_context *context, const char *text, int32_t dimensions) {
  clf__augment *augment = NULL;
  ck_clf_ok(clf__augment_create(&augment, context, text, dimensions, shape));
  return augment;
}

/* map [SIDE, SIDE, 2]: where image number `row` takes its pixels from. */
static void draw_map(const clf__augment *augment, uint64_t seed, int64_t row, float *map) {
  for (int i = 0; i < PIXELS; i++) {
    map[2 * i] = (float)(i / SIDE);
    map[2 * i + 1] = (float)(i % SIDE);
  }
  clf__augment_row(augment, 0, seed, row, map);
}

/* The map's first derivatives at the middle, where no change below reaches the border. */
typedef struct slopes {
  double middle[2], down[2], right[2];
} slopes;

static slopes slopes_of(const float *map) {
  const float *at = map + 2 * (SIDE / 2 * SIDE + SIDE / 2);
  slopes s;
  for (int axis = 0; axis < 2; axis++) {
    const double here = (double)at[axis];
    s.down[axis] = here - (double)at[axis - 2 * SIDE];
    s.right[axis] = here - (double)at[axis - 2];
    s.middle[axis] = here - (s.down[axis] + s.right[axis]) / 2 - (SIDE - 1) / 2.0;
  }
  return s;
}

/* Draws many maps; `most` receives the largest value of `measure`, `least` the smallest. */
static void range_of(const char *text, double (*measure)(const slopes *), double *least,
                     double *most) {
  clf_context *context = NULL;
  float map[2 * PIXELS];
  ck_clf_ok(clf_context_create(&context, NULL, "threads=1"));
  clf__augment *augment = augment_of(context, text, 3);
  *least = INFINITY;
  *most = -INFINITY;
  for (int64_t row = 0; row < IMAGES; row++) {
    draw_map(augment, 1, row, map);
    const slopes s = slopes_of(map);
    const double value = measure(&s);
    *least = value < *least ? value : *least;
    *most = value > *most ? value : *most;
  }
  clf__augment_free(augment);
  clf_context_free(context);
}

static double moved_down(const slopes *s) {
  return s->middle[0];
}
static double moved_right(const slopes *s) {
  return s->middle[1];
}
static double degrees(const slopes *s) {
  return atan2(s->right[0], s->right[1]) * 180 / 3.141592653589793;
}
static double length_right(const slopes *s) {
  return hypot(s->right[0], s->right[1]);
}
static double length_down(const slopes *s) {
  return hypot(s->down[0], s->down[1]);
}
static double area(const slopes *s) {
  return s->down[0] * s->right[1] - s->down[1] * s->right[0];
}
static double leaning(const slopes *s) {
  return s->down[1];
}

TEST(augment__stays_within_its_bounds_and_uses_them) {
  static const struct {
    const char *text;
    double (*measure)(const slopes *);
    double least, most;
  } cases[] = {
      {"shift=2.5", moved_down, -2.5, 2.5},
      {"shift=2.5", moved_right, -2.5, 2.5},
      {"shift=2.5", degrees, 0, 0},
      {"rotate=20", degrees, -20, 20},
      {"rotate=20", area, 1, 1},
      {"rotate=20", length_down, 1, 1},
      {"rotate=20", moved_down, 0, 0},
      {"scale=0.25", length_right, 0.8, 1.25},
      {"scale=0.25", length_down, 0.8, 1.25},
      {"scale=0.25", degrees, 0, 0},
      {"shear=0.3", leaning, -0.3, 0.3},
      {"shear=0.3", area, 1, 1},
      {"shear=0.3", degrees, 0, 0},
      {"flip=0.5", area, -1, 1},
      {"flip=1", area, -1, -1},
      {"flip=0", area, 1, 1},
      {"rotate=10 shear=0.2", area, 1, 1},
      {"rotate=30 scale=0.21", area, 1 / 1.21 / 1.21, 1.21 * 1.21},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    double least, most;
    range_of(cases[i].text, cases[i].measure, &least, &most);
    const double slack = 1e-4, room = 0.05 * (cases[i].most - cases[i].least) + slack;
    ck_assert_msg(least >= cases[i].least - slack && most <= cases[i].most + slack, "%s: %g … %g",
                  cases[i].text, least, most);
    ck_assert_msg(least <= cases[i].least + room && most >= cases[i].most - room, "%s: %g … %g",
                  cases[i].text, least, most);
  }
}

/* A quarter turn, drawn by asking for turns until one is near enough to it. */
TEST(augment__quarter_turn_is_the_turned_array) {
  clf_context *context = NULL;
  float map[2 * PIXELS];
  ck_clf_ok(clf_context_create(&context, NULL, "threads=1"));
  clf__augment *augment = augment_of(context, "rotate=180 fill=edge", 3);
  double nearest = 180;
  int64_t row = 0;
  for (int64_t i = 0; i < 20000; i++) {
    draw_map(augment, 3, i, map);
    const slopes s = slopes_of(map);
    const double off = fabs(fabs(degrees(&s)) - 90);
    row = off < nearest ? i : row;
    nearest = off < nearest ? off : nearest;
  }
  draw_map(augment, 3, row, map);
  const slopes s = slopes_of(map);
  const bool left = degrees(&s) < 0;
  const double slack = nearest / 57 * SIDE + 1e-4;
  for (int i = 0; i < PIXELS; i++) {
    const int y = i / SIDE, x = i % SIDE;
    ck_assert_double_eq_tol((double)map[2 * i], left ? SIDE - 1 - x : x, slack);
    ck_assert_double_eq_tol((double)map[2 * i + 1], left ? y : SIDE - 1 - y, slack);
  }
  ck_assert_double_lt(slack, 0.05);
  clf__augment_free(augment);
  clf_context_free(context);
}

/* Standard deviation on each axis as asked for, and correlation between pixels `sigma` apart as
 * that of noise smoothed by a Gaussian: exp(-distance^2 / (4 sigma^2)). */
TEST(augment__elastic_distortions_are_smoothed_noise) {
  enum { SIGMA = 4, MARGIN = 7, DRAWS = 2000 };
  clf_context *context = NULL;
  float map[2 * PIXELS];
  ck_clf_ok(clf_context_create(&context, NULL, "threads=1"));
  clf__augment *augment = augment_of(context, "elastic=1.4 elastic_sigma=4 fill=edge", 3);
  double sum = 0, squares = 0, neighbours = 0, across = 0, count = 0;
  for (int64_t row = 0; row < DRAWS; row++) {
    draw_map(augment, 7, row, map);
    for (int y = MARGIN; y < SIDE - MARGIN; y++) {
      for (int x = MARGIN; x < SIDE - MARGIN - SIGMA; x++) {
        const float *at = map + 2 * (y * SIDE + x), *next = at + 2 * (int)SIGMA;
        const double down = (double)at[0] - y, right = (double)at[1] - x;
        sum += down + right;
        squares += down * down + right * right;
        neighbours += down * ((double)next[0] - y) + right * ((double)next[1] - x - SIGMA);
        across += 2 * down * right;
        count += 2;
      }
    }
  }
  ck_assert_double_eq_tol(sum / count, 0, 0.05);
  ck_assert_double_eq_tol(sqrt(squares / count), 1.4, 0.05);
  ck_assert_double_eq_tol(neighbours / squares, exp(-0.25), 0.03);
  ck_assert_double_eq_tol(across / squares, 0, 0.05);
  clf__augment_free(augment);
  clf_context_free(context);
}

/* What is well inside stays whole: its sum over the image is kept on average. */
TEST(augment__keeps_the_mass_of_what_is_inside) {
  static const char *const texts[] = {"shift=2",     "rotate=30",
                                      "shear=0.3",   "flip=0.5",
                                      "elastic=0.7", "shift=1 rotate=10 elastic=1 flip=0.5"};
  clf_context *context = NULL;
  ck_clf_ok(clf_context_create(&context, NULL, "threads=1"));
  for (size_t t = 0; t < sizeof texts / sizeof texts[0]; t++) {
    clf__augment *augment = augment_of(context, texts[t], 2);
    double before = 0, after = 0;
    for (int64_t row = 0; row < IMAGES; row++) {
      float image[PIXELS];
      for (int i = 0; i < PIXELS; i++) {
        const double y = i / SIDE - 13.5, x = i % SIDE - 13.5;
        image[i] = (float)exp(-(y * y + x * x / 3) / 12);
        before += (double)image[i];
      }
      clf__augment_row(augment, 0, 5, row, image);
      for (int i = 0; i < PIXELS; i++) {
        after += (double)image[i];
        ck_assert(image[i] >= 0 && image[i] <= 1);
      }
    }
    ck_assert_msg(fabs(after / before - 1) < 0.02, "%s: %g", texts[t], after / before);
    clf__augment_free(augment);
  }
  clf_context_free(context);
}

TEST(augment__is_told_by_seed_and_row) {
  clf_context *context = NULL;
  float first[2 * PIXELS], other[2 * PIXELS];
  ck_clf_ok(clf_context_create(&context, NULL, "threads=4"));
  clf__augment *augment = augment_of(context, "shift=2 rotate=9 scale=0.1 elastic=1 flip=0.5", 3);
  draw_map(augment, 11, 3, first);
  for (int32_t worker = 0; worker < 4; worker++) {
    draw_map(augment, 11, 4, other);
    ck_assert(memcmp(first, other, sizeof first) != 0);
    draw_map(augment, 12, 3, other);
    ck_assert(memcmp(first, other, sizeof first) != 0);
    for (int i = 0; i < PIXELS; i++) {
      other[2 * i] = (float)(i / SIDE);
      other[2 * i + 1] = (float)(i % SIDE);
    }
    clf__augment_row(augment, worker, 11, 3, other);
    ck_assert_mem_eq(first, other, sizeof first);
  }
  clf__augment_free(augment);
  clf_context_free(context);
}

TEST(augment__names_what_is_wrong) {
  static const struct {
    const char *text;
    int32_t dimensions;
    int64_t shape[4];
    clf_status status;
    const char *says;
  } cases[] = {
      {"shift=-1", 2, {SIDE, SIDE}, CLF_ERROR_ARGUMENT, "shift"},
      {"rotate=181", 2, {SIDE, SIDE}, CLF_ERROR_ARGUMENT, "180"},
      {"flip=2", 2, {SIDE, SIDE}, CLF_ERROR_ARGUMENT, "flip"},
      {"elastic_sigma=0", 2, {SIDE, SIDE}, CLF_ERROR_ARGUMENT, "0.5"},
      {"rotat=3", 2, {SIDE, SIDE}, CLF_ERROR_ARGUMENT, "did you mean 'rotate'"},
      {"fill=wrap", 2, {SIDE, SIDE}, CLF_ERROR_ARGUMENT, "edge"},
      {"shift=1", 1, {PIXELS}, CLF_ERROR_SHAPE, "1 dimension are not images"},
      {"shift=1", 4, {SIDE, SIDE, 2, 2}, CLF_ERROR_SHAPE, "4 dimensions are not images"},
      {"elastic=1", 3, {100000, 100000, 3}, CLF_ERROR_SHAPE, "too large"},
  };
  clf_context *context = NULL;
  ck_clf_ok(clf_context_create(&context, NULL, "threads=1"));
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    clf__augment *augment = NULL;
    ck_clf_fails(
        clf__augment_create(&augment, context, cases[i].text, cases[i].dimensions, cases[i].shape),
        cases[i].status);
    ck_clf_says(cases[i].says);
    ck_assert_ptr_null(augment);
  }
  clf_context_free(context);
}

TEST(augment__empty_text_is_none) {
  clf__augment *augment = NULL;
  ck_clf_ok(clf__augment_create(&augment, NULL, "", 1, shape));
  ck_assert_ptr_null(augment);
  ck_clf_ok(clf__augment_create(&augment, NULL, NULL, 1, shape));
  ck_assert_ptr_null(augment);
  clf__augment_free(augment);
}

static clf_status make_and_free(clf_context *context, const void *unused) {
  clf__augment *augment = NULL;
  clf_status status = clf__augment_create(&augment, context, "shift=1 elastic=1", 3, shape);
  (void)unused;
  clf__augment_free(augment);
  return status < 0 ? clf__fail_within(status, "augment") : status;
}

TEST(augment__every_refused_allocation_is_a_status) {
  check_every_allocation("threads=2", make_and_free, NULL);
}

SUITE("augment")
