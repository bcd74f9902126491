/* Networks whose images are changed at random in every epoch. */
#include <stdio.h>
#include <string.h>

#include "failing_allocator.h"

enum { SIDE = 12, PIXELS = SIDE * SIDE, SHAPES = 4, COPIES = 16, ROWS = SHAPES * COPIES };

#define SMALL "layers='flatten; dense units=16 activation=relu; dense units=4' batch_size=16 "

/* Strokes of 5 x 5 pixels, which differ in form, not in position. */
static const char *const strokes[SHAPES] = {
    "..#...#.#.#...##...######", /* an A */
    "#####..#....#....#....#..", /* a T */
    "#....#....#....#....#####", /* an L */
    "#...##...##...##...######", /* a U */
};

typedef struct images {
  uint8_t x[ROWS * PIXELS];
  int32_t y[ROWS];
} images;

/* Each form with a little noise, its corner within `reach` of the middle. */
static void draw(images *out, int reach, uint64_t seed) {
  for (int i = 0; i < ROWS; i++) {
    uint8_t *image = out->x + i * PIXELS;
    const int y = 3 + (int)((2 * reach + 1) * random_unit(&seed)) - reach;
    const int x = 3 + (int)((2 * reach + 1) * random_unit(&seed)) - reach;
    out->y[i] = i % SHAPES;
    for (int j = 0; j < PIXELS; j++) {
      image[j] = (uint8_t)(40 * random_unit(&seed));
    }
    for (int j = 0; j < 25; j++) {
      if (strokes[i % SHAPES][j] == '#') {
        image[(y + j / 5) * SIDE + x + j % 5] = (uint8_t)(200 + 50 * random_unit(&seed));
      }
    }
  }
}

static clf_dataset *data_of(clf_context *context, const images *from, int32_t dimensions) {
  const int64_t square[] = {ROWS, SIDE, SIDE}, flat[] = {ROWS, PIXELS};
  clf_tensor *x = NULL, *y = NULL;
  clf_dataset *data = NULL;
  clf_status status;
  TRY(clf_tensor_wrap(&x, context, from->x, CLF_U8, dimensions, dimensions == 3 ? square : flat,
                      NULL));
  TRY(clf_tensor_set_scale(x, 1.0 / 255));
  TRY(clf_tensor_wrap(&y, context, from->y, CLF_I32, 1, square, NULL));
  TRY(clf_dataset_create(&data, context, x, y));
done:
  clf_tensor_free(x);
  clf_tensor_free(y);
  return data;
}

static double accuracy_after(const char *params) {
  images train, test;
  clf_context *context = NULL;
  double accuracy = 0;
  draw(&train, 0, 1);
  draw(&test, 2, 2);
  ck_clf_ok(clf_context_create(&context, NULL, "threads=2 seed=5"));
  clf_dataset *rows = data_of(context, &train, 3), *held_out = data_of(context, &test, 3);
  clf_model *model = fitted(context, "network", params, rows);
  ck_clf_ok(clf_model_score(model, held_out, &accuracy));
  clf_model_free(model);
  clf_dataset_free(rows);
  clf_dataset_free(held_out);
  clf_context_free(context);
  return accuracy;
}

#define WIDE                                                                                       \
  "layers='flatten; dense units=64 activation=relu; dense units=4' batch_size=16 epochs=300 "

/* Trained on forms in the middle, tested on forms up to two pixels off. */
TEST(network__learns_from_moved_images_what_moves) {
  const double plain = accuracy_after(WIDE);
  const double moved = accuracy_after(WIDE "augment='shift=2.5'");
  ck_assert_msg(moved > plain + 0.2, "%g, augmented %g", plain, moved);
}

static void decisions(const char *context_params, const char *params, float *out) {
  images train;
  clf_context *context = NULL;
  draw(&train, 1, 3);
  ck_clf_ok(clf_context_create(&context, NULL, context_params));
  clf_dataset *data = data_of(context, &train, 3);
  clf_model *model = fitted(context, "network", params, data);
  ck_clf_ok(clf_model_decision_function(model, data, out, (int64_t)ROWS * SHAPES));
  clf_model_free(model);
  clf_dataset_free(data);
  clf_context_free(context);
}

TEST(network__augmented_is_told_by_its_seed) {
  static const char params[] = SMALL "epochs=3 augment='shift=1 rotate=10 elastic=1 flip=0.5'";
  float first[ROWS * SHAPES], other[ROWS * SHAPES];
  decisions("threads=1 seed=4", params, first);
  decisions("threads=3 seed=4", params, other);
  ck_assert_mem_eq(first, other, sizeof first);
  decisions("threads=1 seed=5", params, other);
  ck_assert(memcmp(first, other, sizeof first) != 0);
  decisions("threads=1 seed=4", SMALL "epochs=3", other);
  ck_assert(memcmp(first, other, sizeof first) != 0);
  decisions("threads=1 seed=4", SMALL "epochs=3 augment='shift=0 elastic_sigma=2'", first);
  ck_assert_mem_eq(first, other, sizeof first);
}

/* A fit of four epochs that continues from the checkpoint after the second, on another number of
 * threads. */
TEST(network__augmented_goes_on_to_the_same_bits) {
  static const char changes[] = SMALL "augment='shift=2 rotate=9 elastic=1 flip=0.5' ";
  static const char path[] = "test_network_augment.checkpoint";
  float whole[ROWS * SHAPES], parts[ROWS * SHAPES];
  char params[512];
  snprintf(params, sizeof params, "%sepochs=4", changes);
  decisions("threads=1 seed=4", params, whole);
  remove(path);
  snprintf(params, sizeof params, "%scheckpoint=%s epochs=2", changes, path);
  decisions("threads=1 seed=4", params, parts);
  ck_assert(memcmp(whole, parts, sizeof whole) != 0);
  snprintf(params, sizeof params, "%scheckpoint=%s epochs=4", changes, path);
  decisions("threads=2 seed=4", params, parts);
  ck_assert_mem_eq(whole, parts, sizeof whole);
  remove(path);
}

/* Held-out rows are not augmented: their accuracy in the history is that of the model. */
TEST(network__validation_rows_stay_as_they_are) {
  images train;
  clf_model *model = NULL;
  clf_tensor *history = NULL, *own = NULL;
  draw(&train, 1, 3);
  clf_dataset *data = data_of(NULL, &train, 3);
  ck_clf_ok(clf_model_create(&model, NULL, "network", SMALL "epochs=4 augment='shift=6 flip=1'"));
  ck_clf_ok(clf_model_fit(model, data, NULL, data));
  ck_clf_ok(clf_model_tensor(&history, model, "history_validation_accuracy"));
  ck_clf_ok(clf_model_tensor(&own, model, "validation_score"));
  ck_assert_double_eq_tol(((const double *)clf_tensor_data(history))[3],
                          *(const double *)clf_tensor_data(own), 1e-12);
  clf_tensor_free(history);
  clf_tensor_free(own);
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST(network__augments_images_alone) {
  images train;
  float dense[ROWS * PIXELS];
  draw(&train, 1, 3);
  for (int i = 0; i < ROWS * PIXELS; i++) {
    dense[i] = train.x[i] < 40 ? 0 : (float)train.x[i] / 255;
  }
  clf_dataset *flat = data_of(NULL, &train, 2), *square = data_of(NULL, &train, 3);
  clf_dataset *sparse = sparse_of(NULL, dense, ROWS, PIXELS, train.y);
  const struct {
    const clf_dataset *data;
    const char *params;
    clf_status status;
    const char *says;
  } cases[] = {
      {flat, "augment='shift=1'", CLF_ERROR_SHAPE, "not images"},
      {flat, "augment='shift=1' input=12,12", CLF_OK, ""},
      {sparse, "augment='shift=1'", CLF_ERROR_SHAPE, "not images"},
      {sparse, "augment='shift=1' input=12,12,1", CLF_OK, ""},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    clf_model *model = NULL;
    char params[256];
    snprintf(params, sizeof params, SMALL "epochs=1 %s", cases[i].params);
    ck_clf_ok(clf_model_create(&model, NULL, "network", params));
    ck_clf_fails(clf_model_fit(model, cases[i].data, NULL, NULL), cases[i].status);
    if (cases[i].status < 0) {
      ck_clf_says(cases[i].says);
    }
    clf_model_free(model);
  }
  clf_dataset_free(flat);
  clf_dataset_free(square);
  clf_dataset_free(sparse);
}

static clf_status fit_on(clf_context *context, const void *argument) {
  clf_dataset *data = data_of(context, argument, 3);
  clf_model *model = NULL;
  clf_status status = data != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  TRY(status);
  TRY(clf_model_create(&model, context, "network",
                       SMALL "epochs=1 augment='elastic=1 elastic_sigma=2'"));
  TRY(clf_model_fit(model, data, NULL, NULL));
done:
  clf_model_free(model);
  clf_dataset_free(data);
  return status;
}

TEST(network__augmented_survives_refused_allocations) {
  images train;
  draw(&train, 1, 3);
  check_every_allocation("threads=2", fit_on, &train);
}

static int32_t stop_at_fifth(void *user, const clf_progress *progress) {
  (void)progress;
  return ++*(int *)user == 5;
}

TEST(network__augmented_can_be_cancelled) {
  images train;
  clf_context *context = NULL;
  clf_model *model = NULL;
  int calls = 0;
  draw(&train, 1, 3);
  ck_clf_ok(clf_context_create(&context, NULL, "threads=2"));
  ck_clf_ok(clf_context_set_progress(context, stop_at_fifth, &calls));
  clf_dataset *data = data_of(context, &train, 3);
  ck_clf_ok(clf_model_create(&model, context, "network", SMALL "epochs=100 augment='shift=1'"));
  ck_clf_fails(clf_model_fit(model, data, NULL, NULL), CLF_ERROR_CANCELLED);
  ck_assert_int_eq(calls, 5);
  clf_model_free(model);
  clf_dataset_free(data);
  clf_context_free(context);
}

SUITE("network_augment")
