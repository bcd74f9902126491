/* Detectors under failed allocations, and from files that are not what they seem. */
#include <stdio.h>
#include <unistd.h>

#include "failing_allocator.h"
#include "store/store.h"

enum { SIDE = 6, ROWS = 4 };

static const char layers[] = "conv2d filters=2 kernel=3; max_pool2d size=2; flatten; dense units=2";

static clf_status make_network(clf_model **out, clf_context *context) {
  static const uint8_t pixels[ROWS * SIDE * SIDE] = {1, 5, 9, 200};
  static const int32_t labels[ROWS] = {0, 1, 0, 1};
  const int64_t shape[] = {ROWS, SIDE, SIDE, 1};
  clf_tensor *x = NULL, *y = NULL;
  clf_dataset *data = NULL;
  clf_status status;
  TRY(clf_tensor_wrap(&x, context, pixels, CLF_U8, 4, shape, NULL));
  TRY(clf_tensor_wrap(&y, context, labels, CLF_I32, 1, shape, NULL));
  TRY(clf_dataset_create(&data, context, x, y));
  TRY(clf_model_create(out, context, "network", "epochs=0"));
  TRY(clf_model_set_text(*out, "layers", layers));
  TRY(clf_model_fit(*out, data, NULL, NULL));
done:
  clf_tensor_free(x);
  clf_tensor_free(y);
  clf_dataset_free(data);
  return status;
}

static char path[] = "/tmp/classify-detect-limits-XXXXXX";

static clf_status use_detector(clf_context *context, const void *unused) {
  clf_detector *detector = NULL;
  clf_image *picture = NULL, *colours = NULL;
  clf_box boxes[4];
  uint8_t windows[4 * SIDE * SIDE];
  int64_t count;
  clf_status status;
  (void)unused;
  TRY(clf_detector_load(&detector, context, path, "threshold=0"));
  TRY(clf_image_create(&picture, context, 9, 8, 1, NULL, 0));
  TRY(clf_image_create(&colours, context, 7, 6, 3, NULL, 0));
  TRY(clf_detector_run(detector, picture, boxes, 4, &count));
  TRY(clf_detector_mine_negatives(detector, colours, NULL, 0, windows, boxes, 4, &count));
  TRY(clf_detector_save(detector, path));
done:
  clf_image_free(picture);
  clf_image_free(colours);
  clf_detector_free(detector);
  return status;
}

static void save_detector(void) {
  clf_model *model = NULL;
  clf_detector *detector = NULL;
  close(mkstemp(path));
  ck_clf_ok(make_network(&model, NULL));
  ck_clf_ok(clf_detector_create(&detector, model, NULL));
  ck_clf_ok(clf_detector_save(detector, path));
  clf_detector_free(detector);
  clf_model_free(model);
}

static void remove_detector(void) {
  unlink(path);
}

TEST(each_allocation__may_be_refused) {
  check_every_allocation("threads=1", use_detector, NULL);
}

/* The detector's file with one text in place of another. */
static clf_status load_with(const char *entry, const char *text) {
  clf_context *context = NULL;
  clf__store *store = NULL, *changed = NULL;
  clf_detector *detector = NULL;
  ck_clf_ok(clf__store_read_path(&store, NULL, path));
  ck_clf_ok(clf_context_create(&context, NULL, NULL));
  ck_clf_ok(clf__store_create(&changed, context));
  for (int64_t i = 0; i < clf__store_count(store); i++) {
    const char *name = clf__store_name(store, i), *old = clf__store_text(store, name);
    if (strcmp(name, entry) == 0) {
      old = text;
    } else if (old == NULL) {
      ck_clf_ok(clf__store_add_tensor(changed, name, clf__store_tensor(store, name)));
    }
    if (old != NULL) {
      ck_clf_ok(clf__store_add_text(changed, name, old));
    }
  }
  ck_clf_ok(clf__store_write_path(changed, path));
  clf_status status = clf_detector_load(&detector, NULL, path, NULL);
  ck_clf_ok(clf__store_write_path(store, path));
  clf__store_free(store);
  clf__store_free(changed);
  clf_context_free(context);
  clf_detector_free(detector);
  return status;
}

TEST(files__with_other_parameters_are_refused) {
  ck_clf_ok(load_with("detector.params", "stride=2"));
  const char *const bad[] = {"stride=3",       "background=2", "threshold=nan", "scale_step=1",
                             "no_such_name=1", "min_size=",    "overlap='",     "stride=1e300"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    ck_clf_fails(load_with("detector.params", bad[i]), CLF_ERROR_CORRUPT);
  }
  ck_clf_fails(load_with("detector.params", NULL), CLF_ERROR_CORRUPT);
  ck_clf_fails(load_with("detector.version", "2"), CLF_ERROR_VERSION);
  ck_clf_fails(load_with("kind", "ridge"), CLF_ERROR_CORRUPT);
}

TEST(files__that_are_damaged_are_refused) {
  char bytes[1 << 16];
  FILE *file = fopen(path, "rb");
  const size_t size = fread(bytes, 1, sizeof bytes, file);
  fclose(file);
  for (size_t at = 0; at < size; at += 37) {
    clf_detector *detector = NULL;
    bytes[at] ^= 16;
    file = fopen(path, "wb");
    fwrite(bytes, 1, size, file);
    fclose(file);
    bytes[at] ^= 16;
    ck_assert_int_lt(clf_detector_load(&detector, NULL, path, NULL), 0);
    ck_assert_ptr_null(detector);
  }
  clf_detector *detector = NULL;
  file = fopen(path, "wb");
  fwrite(bytes, 1, size / 2, file);
  fclose(file);
  ck_clf_fails(clf_detector_load(&detector, NULL, path, NULL), CLF_ERROR_CORRUPT);
}

TEST(memory__bounds_the_picture) {
  clf_context *context = NULL;
  clf_detector *detector = NULL;
  clf_image *picture = NULL;
  int64_t count = 7;
  ck_clf_ok(clf_context_create(&context, NULL, "threads=1 memory_limit=20000000"));
  ck_clf_ok(clf_detector_load(&detector, context, path, "min_size=1"));
  ck_clf_ok(clf_image_create(&picture, context, 2000, 2000, 1, NULL, 0));
  ck_clf_fails(clf_detector_run(detector, picture, NULL, 0, &count), CLF_ERROR_MEMORY);
  ck_assert_int_eq(count, 7);
  clf_image_free(picture);
  clf_detector_free(detector);
  clf_context_free(context);
}

/* A detector's file of a network that was fitted on images of such a size for no epochs. */
static void save_windows(const char *of_layers, int64_t height, int64_t width, const char *params) {
  clf_model *model = NULL;
  clf_tensor *pixels = NULL, *y = NULL;
  clf_dataset *data = NULL;
  clf__store *store = NULL;
  size_t size = 0;
  static const int32_t labels[] = {0, 1};
  ck_clf_ok(clf_tensor_create(&pixels, NULL, CLF_U8, 4, (int64_t[]){2, height, width, 1}));
  ck_clf_ok(clf_tensor_wrap(&y, NULL, labels, CLF_I32, 1, (int64_t[]){2}, NULL));
  ck_clf_ok(clf_dataset_create(&data, NULL, pixels, y));
  ck_clf_ok(clf_model_create(&model, NULL, "network", "epochs=0"));
  ck_clf_ok(clf_model_set_text(model, "layers", of_layers));
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  ck_clf_ok(clf_model_save_memory(model, NULL, 0, &size));
  unsigned char *bytes = malloc(size);
  ck_clf_ok(clf_model_save_memory(model, bytes, size, &size));
  ck_clf_ok(clf__store_read_memory(&store, NULL, bytes, size));
  ck_clf_ok(clf__store_add_text(store, "detector.version", "1"));
  ck_clf_ok(clf__store_add_text(store, "detector.params", params));
  ck_clf_ok(clf__store_write_path(store, path));
  clf__store_free(store);
  free(bytes);
  clf_model_free(model);
  clf_dataset_free(data);
  clf_tensor_free(pixels);
  clf_tensor_free(y);
}

static int32_t count_calls(void *user, const clf_progress *progress) {
  (void)progress;
  ++*(int *)user;
  return 0;
}

/* Sizes end where the window no longer fits, also for a window that fits in every image. */
TEST(window_of_one_pixel__has_sizes_that_end) {
  static const char *const params[] = {"scale_step=1.01", "scale_step=10", "max_size=1e9"};
  for (size_t i = 0; i < 3; i++) {
    clf_context *context = NULL;
    clf_detector *detector = NULL;
    clf_image *picture = NULL;
    int64_t count = -1;
    int calls = 0;
    save_windows("conv2d filters=2 kernel=1; flatten; dense units=2", 1, 1, params[i]);
    ck_clf_ok(clf_context_create(&context, NULL, "threads=1"));
    ck_clf_ok(clf_context_set_progress(context, count_calls, &calls));
    ck_clf_ok(clf_detector_load(&detector, context, path, "threshold=0 overlap=1"));
    ck_clf_ok(clf_image_create(&picture, context, 9, 7, 1, NULL, 0));
    ck_clf_ok(clf_detector_run(detector, picture, NULL, 0, &count));
    ck_assert_int_ge(count, 0);
    ck_assert_int_le(count, 9 * 7 * 300); /* ln(9 * 2) / ln(1.01) sizes at most */
    ck_assert_int_gt(calls, 0);
    clf_image_free(picture);
    clf_detector_free(detector);
    clf_context_free(context);
  }
}

/* Strides whose product no image needs; some of them are no 64-bit number. */
TEST(windows__further_apart_than_they_are_large_are_refused) {
  static const char *const chains[] = {
      "max_pool2d size=1 stride=2; flatten; dense units=2",
      "max_pool2d size=1 stride=10000; max_pool2d size=1 stride=10000; max_pool2d size=1 "
      "stride=10; flatten; dense units=2",
      "conv2d filters=1 kernel=1 stride=10000; conv2d filters=1 kernel=1 stride=10000; conv2d "
      "filters=1 kernel=1 stride=10000; conv2d filters=1 kernel=1 stride=10000; conv2d filters=1 "
      "kernel=1 stride=900; flatten; dense units=2",
  };
  for (size_t i = 0; i < sizeof chains / sizeof *chains; i++) {
    clf_detector *detector = NULL;
    clf_model *model = NULL;
    save_windows(chains[i], 1, 1, "stride=1 threshold=0 overlap=1 background=none");
    ck_clf_fails(clf_detector_load(&detector, NULL, path, NULL), CLF_ERROR_UNSUPPORTED);
    ck_clf_says("1x1");
    ck_clf_ok(clf_model_load(&model, NULL, path));
    ck_clf_fails(clf_detector_create(&detector, model, NULL), CLF_ERROR_UNSUPPORTED);
    ck_assert_ptr_null(detector);
    clf_model_free(model);
  }
  save_windows("max_pool2d size=2; flatten; dense units=2", 2, 2, "");
  clf_detector *detector = NULL;
  ck_clf_ok(clf_detector_load(&detector, NULL, path, NULL));
  clf_detector_free(detector);
}

TEST(image__enlarged_beyond_2_31_is_refused) {
  clf_detector *detector = NULL;
  clf_image *picture = NULL;
  int64_t count = 7;
  save_windows("max_pool2d size=2000 stride=1; flatten; dense units=2", 2000, 2000, "min_size=1");
  ck_clf_ok(clf_detector_load(&detector, NULL, path, NULL));
  ck_clf_ok(clf_image_create(&picture, NULL, 1, 1 << 21, 1, NULL, 0));
  ck_clf_fails(clf_detector_run(detector, picture, NULL, 0, &count), CLF_ERROR_ARGUMENT);
  ck_clf_says("min_size=1");
  ck_assert_int_eq(count, 7);
  clf_image_free(picture);
  clf_detector_free(detector);
}

SUITE("detect_limits", .setup = save_detector, .teardown = remove_detector)
