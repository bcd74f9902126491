/* Detectors: what the network gives everywhere is what it gives window by window; objects are found
 * wherever and however large they are; what cannot be is refused. */
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "contexts.h"

enum { SIDE = 12, WINDOW = SIDE * SIDE, ROWS = 360, MOST = 20000 };

/* Bright discs on a grey ground with noise, 9 pixels wide in a window of 12. */
static void draw_disc(uint8_t *pixels, int64_t height, int64_t width, double row, double column,
                      double radius) {
  for (int64_t i = 0; i < height; i++) {
    for (int64_t j = 0; j < width; j++) {
      const double far = hypot((double)i + 0.5 - row, (double)j + 0.5 - column) - radius;
      const double share = far < -0.5 ? 1 : far > 0.5 ? 0 : 0.5 - far;
      uint8_t *p = &pixels[i * width + j];
      *p = (uint8_t)(*p + share * (230 - *p));
    }
  }
}

static void fill_noise(uint8_t *pixels, int64_t count, uint64_t *state) {
  for (int64_t i = 0; i < count; i++) {
    pixels[i] = (uint8_t)(90 + 40 * random_unit(state));
  }
}

/* Windows of class 1 with a disc in the middle, about, of class 0 with none, a part of one, or one
 * too large or too small. */
static clf_dataset *make_windows(int64_t *shape, uint8_t *pixels, int32_t *labels) {
  clf_tensor *x = NULL, *y = NULL;
  clf_dataset *data = NULL;
  uint64_t state = 5;
  for (int64_t i = 0; i < ROWS; i++) {
    uint8_t scene[3 * SIDE * 3 * SIDE];
    fill_noise(scene, sizeof scene, &state);
    labels[i] = (int32_t)(i % 2);
    const bool size = i % 2 == 0 && i % 6 > 0; /* the wrong one */
    const double off = labels[i] == 1 ? 1.2
                       : size         ? 4 * random_unit(&state)
                                      : 5 + 9 * random_unit(&state);
    const double angle = 6.28 * random_unit(&state), by = random_unit(&state);
    const double radius = !size || labels[i] == 1 ? 4 + by
                          : i % 6 == 2            ? 1 + 1.5 * by
                                                  : 6.5 + 5 * by;
    if (i % 12 != 0) {
      draw_disc(scene, 3 * SIDE, 3 * SIDE, 18 + off * sin(angle), 18 + off * cos(angle), radius);
    }
    for (int64_t row = 0; row < SIDE; row++) {
      memcpy(pixels + i * WINDOW + row * SIDE, scene + (SIDE + row) * 3 * SIDE + SIDE, SIDE);
    }
  }
  ck_clf_ok(clf_tensor_wrap(&x, context, pixels, CLF_U8, 4, shape, NULL));
  ck_clf_ok(clf_tensor_set_scale(x, 1.0 / 255));
  ck_clf_ok(clf_tensor_wrap(&y, context, labels, CLF_I32, 1, shape, NULL));
  ck_clf_ok(clf_dataset_create(&data, context, x, y));
  clf_tensor_free(x);
  clf_tensor_free(y);
  return data;
}

static clf_model *fit_network(const char *layers, const char *params) {
  static uint8_t pixels[ROWS * WINDOW];
  static int32_t labels[ROWS];
  int64_t shape[] = {ROWS, SIDE, SIDE, 1};
  clf_dataset *data = make_windows(shape, pixels, labels);
  clf_model *model = NULL;
  ck_clf_ok(clf_model_create(&model, context, "network", params));
  ck_clf_ok(clf_model_set_text(model, "layers", layers));
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  clf_dataset_free(data);
  return model;
}

static const char small[] =
    "conv2d filters=6 kernel=3; batch_norm; activation function=relu; "
    "max_pool2d size=2; conv2d filters=8 kernel=2 activation=relu; "
    "flatten; dropout rate=0.1; dense units=2";

static clf_detector *make_detector(const clf_model *model, const char *params) {
  clf_detector *detector = NULL;
  ck_clf_ok(clf_detector_create(&detector, model, params));
  return detector;
}

static clf_image *make_scene(int64_t height, int64_t width, int64_t channels) {
  uint64_t state = 77;
  uint8_t *pixels = malloc((size_t)(height * width * channels));
  clf_image *scene = NULL;
  fill_noise(pixels, height * width * channels, &state);
  ck_clf_ok(clf_image_create(&scene, context, height, width, channels, pixels, 0));
  free(pixels);
  return scene;
}

/* One disc in a scene. */
static clf_image *make_disc(int64_t height, int64_t width, double row, double column,
                            double radius) {
  uint64_t state = 78;
  uint8_t *pixels = malloc((size_t)(height * width));
  clf_image *scene = NULL;
  fill_noise(pixels, height * width, &state);
  draw_disc(pixels, height, width, row, column, radius);
  ck_clf_ok(clf_image_create(&scene, context, height, width, 1, pixels, 0));
  free(pixels);
  return scene;
}

/* The difference of both classes' scores for windows, by the model. */
static float *ask_model(const clf_model *model, const uint8_t *windows, int64_t count) {
  clf_tensor *x = NULL;
  clf_dataset *data = NULL;
  float *scores = malloc((size_t)count * 2 * sizeof *scores);
  ck_clf_ok(
      clf_tensor_wrap(&x, context, windows, CLF_U8, 4, (int64_t[]){count, SIDE, SIDE, 1}, NULL));
  ck_clf_ok(clf_tensor_set_scale(x, 1.0 / 255));
  ck_clf_ok(clf_dataset_create(&data, context, x, NULL));
  ck_clf_ok(clf_model_decision_function(model, data, scores, 2 * count));
  for (int64_t i = 0; i < count; i++) {
    scores[i] = scores[2 * i + 1] - scores[2 * i];
  }
  clf_tensor_free(x);
  clf_dataset_free(data);
  return scores;
}

/* Compares the scores of the detector at all positions of all levels with those of the model for
 * the same windows. */
static void compare_windows(const char *layers, const char *fit, const char *params, int64_t height,
                            int64_t width, int64_t expected) {
  clf_model *model = fit_network(layers, fit);
  clf_detector *detector = make_detector(model, params);
  clf_image *scene = make_scene(height, width, 1);
  uint8_t *windows = malloc((size_t)MOST * WINDOW);
  clf_box *boxes = malloc(MOST * sizeof *boxes);
  int64_t count = -1;
  ck_clf_ok(clf_detector_mine_negatives(detector, scene, NULL, 0, windows, boxes, MOST, &count));
  ck_assert_int_eq(count, expected);
  float *scores = ask_model(model, windows, count);
  const uint8_t *pixels = clf_image_pixels(scene);
  for (int64_t i = 0; i < count; i++) {
    ck_assert_float_eq_tol(boxes[i].score, scores[i], 1e-5f * (1 + fabsf(scores[i])));
    if (boxes[i].height == SIDE) { /* the scene itself: these pixels are of that place */
      const int64_t at = (int64_t)boxes[i].top * width + (int64_t)boxes[i].left;
      for (int64_t row = 0; row < SIDE; row++) {
        ck_assert_mem_eq(windows + i * WINDOW + row * SIDE, pixels + at + row * width, SIDE);
      }
    }
  }
  free(scores);
  free(windows);
  free(boxes);
  clf_image_free(scene);
  clf_detector_free(detector);
  clf_model_free(model);
}

static const char brief[] = "epochs=1 batch_size=16";
static const char all_places[] = "threshold=0 overlap=1 scale_step=1.5 background=0";

/* Places of a window of 12 at that stride on an image's sides. */
static int64_t places(int64_t height, int64_t width, int64_t stride) {
  return ((height - SIDE) / stride + 1) * ((width - SIDE) / stride + 1);
}

TEST(scan__is_window_by_window) {
  /* 100 x 75, then / 1.5: 67 x 50, 44 x 33, 30 x 22, 20 x 15, 13 x 10: the last holds none. */
  const int64_t count = places(100, 75, 2) + places(67, 50, 2) + places(44, 33, 2) +
                        places(30, 22, 2) + places(20, 15, 2);
  compare_windows(small, brief, all_places, 100, 75, count);
}

TEST(scan__of_wide_networks_is_window_by_window) {
  /* Winograd's products on tiles of a wide layer, several tiles. */
  compare_windows(
      "conv2d filters=40 kernel=3 activation=relu; conv2d filters=16 kernel=3; "
      "average_pool2d size=2; conv2d filters=16 kernel=3 activation=tanh; "
      "global_max_pool2d; dense units=2",
      brief, "threshold=0 overlap=1 scale_step=10", 260, 230,
      places(260, 230, 2) + places(26, 23, 2));
}

TEST(scan__takes_odd_pools_hidden_layers_and_one_output) {
  compare_windows(
      "conv2d filters=4 kernel=2 activation=relu; max_pool2d size=2; flatten; "
      "activation function=tanh; dense units=7 activation=relu; dense units=1 bias=false",
      "epochs=1 loss=binary_cross_entropy", all_places, 40, 31,
      places(40, 31, 2) + places(27, 21, 2) + places(18, 14, 2));
}

TEST(scan__at_other_strides) {
  static const char four[] =
      "conv2d filters=4 kernel=4 stride=2; max_pool2d size=2 stride=2; "
      "flatten; dense units=2";
  const int64_t strides[] = {1, 2, 4, 8};
  for (int i = 0; i < 4; i++) {
    char params[80];
    snprintf(params, sizeof params, "threshold=0 overlap=1 scale_step=3 stride=%d",
             (int)strides[i]);
    compare_windows(four, brief, params, 37, 41,
                    places(37, 41, strides[i]) + places(12, 14, strides[i]));
  }
}

/* The surest. */
static clf_box find_best(const clf_detector *detector, const clf_image *scene) {
  clf_box boxes[8];
  int64_t count = -1;
  ck_clf_ok(clf_detector_run(detector, scene, boxes, 8, &count));
  ck_assert_int_ge(count, 1);
  ck_assert_int_eq(boxes[0].label, 1);
  return boxes[0];
}

static void check_disc(const clf_detector *detector, int64_t height, int64_t width, double row,
                       double column, double radius) {
  clf_image *scene = make_disc(height, width, row, column, radius);
  const clf_box found = find_best(detector, scene);
  const float side = (float)(radius / 4.5 * SIDE);
  const clf_box truth = {(float)row - side / 2, (float)column - side / 2, side, side, 0, 1};
  ck_assert_double_gt(clf_box_overlap(&found, &truth), 0.5);
  clf_image_free(scene);
}

static clf_model *fit_discs(void) {
  return fit_network(small, "epochs=24 batch_size=16 augment='shift=1 fill=edge'");
}

TEST(discs__are_found_where_they_are) {
  clf_model *model = fit_discs();
  clf_detector *detector = make_detector(model, "min_size=8 threshold=0.9 overlap=0.1");
  check_disc(detector, 60, 70, 30, 30, 4.5);
  check_disc(detector, 60, 70, 33, 35, 4.5);   /* moved */
  check_disc(detector, 60, 70, 30, 30, 9);     /* twice as large */
  check_disc(detector, 60, 70, 30, 30, 3);     /* smaller than the window: the image grows */
  check_disc(detector, 120, 110, 90, 80, 4.5); /* more around it */
  clf_detector_free(detector);
  clf_model_free(model);
}

TEST(sizes__are_bounded) {
  clf_model *model = fit_network(small, "epochs=0");
  clf_detector *detector = make_detector(model, "threshold=0 overlap=1 min_size=20 max_size=30");
  clf_image *scene = make_scene(60, 70, 1);
  static clf_box boxes[MOST];
  int64_t count = -1;
  ck_clf_ok(clf_detector_run(detector, scene, boxes, MOST, &count));
  ck_assert_int_gt(count, 0);
  for (int64_t i = 0; i < count; i++) {
    ck_assert(boxes[i].height > 19 && boxes[i].height < 31); /* sides are whole pixels */
    ck_assert(boxes[i].top >= 0 && boxes[i].top + boxes[i].height <= 60.001f);
    ck_assert(boxes[i].left >= 0 && boxes[i].left + boxes[i].width <= 70.001f);
  }
  clf_image_free(scene);
  clf_detector_free(detector);
  clf_model_free(model);
}

TEST(boxes__may_suppress_those_of_other_classes) {
  clf_model *model = fit_network(small, "epochs=0");
  clf_image *scene = make_scene(40, 40, 1);
  static clf_box boxes[MOST];
  int64_t counts[2];
  for (int across = 0; across < 2; across++) {
    clf_detector *detector =
        make_detector(model, across == 0 ? "threshold=0 overlap=0 background=none"
                                         : "threshold=0 overlap=0 background=none across=true");
    ck_clf_ok(clf_detector_run(detector, scene, boxes, MOST, &counts[across]));
    for (int64_t i = 0; i < counts[across]; i++) {
      for (int64_t j = 0; j < i; j++) {
        const bool one = across == 1 || boxes[i].label == boxes[j].label;
        ck_assert(!one || clf_box_overlap(&boxes[i], &boxes[j]) == 0);
      }
    }
    clf_detector_free(detector);
  }
  ck_assert_int_ge(counts[0], counts[1]);
  clf_image_free(scene);
  clf_model_free(model);
}

TEST(pictures__of_any_size_and_colour) {
  clf_model *model = fit_discs();
  clf_detector *detector = make_detector(model, "threshold=0");
  const int64_t sides[][2] = {{1, 1}, {11, 400}, {400, 11}, {12, 12}, {12, 40}};
  const int64_t least[] = {0, 0, 0, 1, 1};
  for (int i = 0; i < 5; i++) {
    clf_image *scene = make_scene(sides[i][0], sides[i][1], 3);
    int64_t count = -1;
    ck_clf_ok(clf_detector_run(detector, scene, NULL, 0, &count));
    ck_assert_int_ge(count, least[i]);
    ck_assert(least[i] > 0 || count == 0);
    clf_image_free(scene);
  }
  clf_detector_free(detector);
  detector = make_detector(model, "threshold=0 min_size=1");
  clf_image *pixel = make_scene(1, 1, 1);
  int64_t count = -1;
  ck_clf_ok(clf_detector_run(detector, pixel, NULL, 0, &count));
  ck_assert_int_eq(count, 1);
  clf_image_free(pixel);
  clf_detector_free(detector);
  clf_model_free(model);
}

TEST(mining__leaves_objects_out) {
  clf_model *model = fit_discs();
  clf_detector *detector = make_detector(model, "threshold=0.9 overlap=0.1");
  clf_image *scene = make_disc(60, 70, 30, 30, 4.5);
  const clf_box object = {24, 24, 12, 12, 0, 1};
  clf_box_set objects = {.struct_size = sizeof objects, .boxes = &object, .count = 1};
  uint8_t window[WINDOW];
  int64_t count = -1;
  ck_clf_ok(clf_detector_mine_negatives(detector, scene, NULL, 0.3, window, NULL, 1, &count));
  ck_assert_int_eq(count, 1);
  ck_clf_ok(clf_detector_mine_negatives(detector, scene, &objects, 0.3, NULL, NULL, 0, &count));
  ck_assert_int_eq(count, 0);
  objects.boxes = NULL;
  ck_clf_fails(clf_detector_mine_negatives(detector, scene, &objects, 0.3, NULL, NULL, 0, &count),
               CLF_ERROR_ARGUMENT);
  ck_clf_says("detector, objects: 1 boxes at NULL;");
  ck_assert_int_eq(count, 0);
  clf_image_free(scene);
  clf_detector_free(detector);
  clf_model_free(model);
}

TEST(memory__gives_the_same_detector) {
  static unsigned char bytes[1 << 16];
  clf_model *model = fit_discs();
  clf_detector *detector = make_detector(model, "min_size=8 threshold=0.9 overlap=0.1");
  clf_detector *loaded = NULL;
  clf_image *scene = make_disc(60, 70, 30, 30, 4.5);
  const clf_box before = find_best(detector, scene);
  size_t size = 0, needed = 0;
  ck_clf_ok(clf_detector_save_memory(detector, NULL, 0, &needed));
  ck_assert_uint_le(needed, sizeof bytes);
  ck_clf_fails(clf_detector_save_memory(detector, bytes, needed - 1, &size), CLF_ERROR_ARGUMENT);
  ck_assert_uint_eq(size, 0);
  ck_clf_ok(clf_detector_save_memory(detector, bytes, needed, &size));
  clf_detector_free(detector);
  clf_model_free(model);
  ck_clf_ok(clf_detector_load_memory(&loaded, context, bytes, size, NULL));
  const clf_box after = find_best(loaded, scene);
  ck_assert_mem_eq(&before, &after, sizeof before);
  clf_detector_free(loaded);
  ck_clf_ok(clf_detector_load_memory(&loaded, context, bytes, size, "min_size=40 max_size=50"));
  int64_t count = -1;
  ck_clf_ok(clf_detector_run(loaded, scene, NULL, 0, &count));
  ck_assert_int_eq(count, 0);
  clf_detector_free(loaded);
  loaded = NULL;
  ck_clf_fails(clf_detector_load_memory(&loaded, context, bytes, size, "stride=5"),
               CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_detector_load_memory(&loaded, context, bytes, size - 1, NULL),
               CLF_ERROR_CORRUPT);
  ck_assert_ptr_null(loaded);
  clf_image_free(scene);
}

TEST(files__give_the_same_detector) {
  char path[] = "/tmp/classify-detect-XXXXXX";
  close(mkstemp(path));
  clf_model *model = fit_discs(), *inside = NULL;
  clf_detector *detector = make_detector(model, "min_size=8 threshold=0.9 overlap=0.1");
  clf_detector *loaded = NULL;
  clf_image *scene = make_disc(60, 70, 30, 30, 4.5);
  const clf_box before = find_best(detector, scene);
  ck_clf_ok(clf_detector_save(detector, path));
  clf_detector_free(detector);
  clf_model_free(model);
  ck_clf_ok(clf_detector_load(&loaded, context, path, NULL));
  const clf_box after = find_best(loaded, scene);
  ck_assert_mem_eq(&before, &after, sizeof before);
  ck_assert_int_eq(clf_model_classes(clf_detector_model(loaded)), 2);
  clf_detector_free(loaded);
  ck_clf_ok(clf_detector_load(&loaded, context, path, "min_size=40 max_size=50"));
  int64_t count = -1;
  ck_clf_ok(clf_detector_run(loaded, scene, NULL, 0, &count));
  ck_assert_int_eq(count, 0);
  clf_detector_free(loaded);
  ck_clf_ok(clf_model_load(&inside, context, path));
  loaded = NULL;
  ck_clf_fails(clf_detector_load(&loaded, context, path, "stride=5"), CLF_ERROR_ARGUMENT);
  ck_clf_ok(clf_model_save(inside, path));
  ck_clf_fails(clf_detector_load(&loaded, context, path, NULL), CLF_ERROR_CORRUPT);
  ck_clf_says("no detector in it");
  ck_assert_ptr_null(loaded);
  clf_model_free(inside);
  clf_image_free(scene);
  unlink(path);
}

static void check_refusal(const char *layers, clf_status status, const char *message) {
  clf_model *model = fit_network(layers, "epochs=0");
  clf_detector *detector = NULL;
  ck_clf_fails(clf_detector_create(&detector, model, NULL), status);
  ck_clf_says(message);
  ck_assert_ptr_null(detector);
  clf_model_free(model);
}

TEST(networks__that_look_beyond_the_window_are_refused) {
  check_refusal("conv2d kernel=3 padding=same; flatten; dense units=2", CLF_ERROR_UNSUPPORTED,
                "conv2d 1 has padding=same");
  check_refusal("conv2d kernel=3; max_pool2d size=3 padding=same; flatten; dense units=2",
                CLF_ERROR_UNSUPPORTED, "max_pool2d 1 has padding=same");
  check_refusal("flatten; batch_norm; dense units=2", CLF_ERROR_UNSUPPORTED, "batch_norm 1");
}

TEST(detectors__refuse_other_models_and_parameters) {
  clf_model *model = fit_network(small, "epochs=0"), *other = NULL;
  clf_detector *detector = NULL;
  ck_clf_fails(clf_detector_create(&detector, model, "background=2"), CLF_ERROR_ARGUMENT);
  ck_clf_says("background is 2");
  ck_clf_fails(clf_detector_create(&detector, model, "stride=3"), CLF_ERROR_ARGUMENT);
  ck_clf_says("the network's strides make 2");
  ck_clf_fails(clf_detector_create(&detector, model, "scale_step=1"), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_detector_create(&detector, model, "treshold=1"), CLF_ERROR_ARGUMENT);
  ck_clf_says("threshold");
  ck_clf_ok(clf_model_create(&other, context, "network", NULL));
  ck_clf_fails(clf_detector_create(&detector, other, NULL), CLF_ERROR_NOT_FITTED);
  clf_model_free(other);
  other = fit_network("flatten; dense units=2", "epochs=0 loss=squared_error");
  ck_clf_fails(clf_detector_create(&detector, other, NULL), CLF_ERROR_UNSUPPORTED);
  ck_clf_says("cross_entropy");
  clf_model_free(other);
  ck_assert_ptr_null(detector);
  clf_model_free(model);
}

static int32_t cancel(void *user, const clf_progress *progress) {
  (void)user;
  return strncmp(progress->stage, "detect", 6) == 0;
}

TEST(run__can_be_cancelled) {
  clf_model *model = fit_discs();
  clf_detector *detector = make_detector(model, NULL);
  clf_image *scene = make_scene(300, 300, 1);
  int64_t count = 7;
  ck_clf_ok(clf_context_set_progress(context, cancel, NULL));
  ck_clf_fails(clf_detector_run(detector, scene, NULL, 0, &count), CLF_ERROR_CANCELLED);
  ck_assert_int_eq(count, 7);
  ck_clf_ok(clf_context_set_progress(context, NULL, NULL));
  clf_image_free(scene);
  clf_detector_free(detector);
  clf_model_free(model);
}

typedef struct caller {
  const clf_detector *detector;
  const clf_image *scene;
  clf_box found;
} caller;

static void *run_detector(void *argument) {
  caller *own = argument;
  int64_t count = -1;
  if (clf_detector_run(own->detector, own->scene, &own->found, 1, &count) < 0) {
    own->found.score = NAN;
  }
  return NULL;
}

TEST(detectors__serve_many_threads) {
  enum { THREADS = 64 };
  static caller callers[THREADS];
  pthread_t threads[THREADS];
  clf_model *model = fit_discs();
  clf_detector *detector = make_detector(model, "min_size=8 threshold=0.9 overlap=0.1");
  clf_image *scene = make_disc(60, 70, 30, 30, 4.5);
  const clf_box expected = find_best(detector, scene);
  for (int i = 0; i < THREADS; i++) {
    callers[i] = (caller){detector, scene, {0, 0, 0, 0, 0, 0}};
    ck_assert_int_eq(pthread_create(&threads[i], NULL, run_detector, &callers[i]), 0);
  }
  for (int i = 0; i < THREADS; i++) {
    pthread_join(threads[i], NULL);
    ck_assert_mem_eq(&callers[i].found, &expected, sizeof expected);
  }
  clf_image_free(scene);
  clf_detector_free(detector);
  clf_model_free(model);
}

SUITE("detect", .setup = open_two_threads, .teardown = close_context)
