/* Detectors' files whose entries are changed one by one, as in fuzz_model_entries.c. A detector
 * that loads is run on images of one channel and of three. */
#include "entries.h"
#include "models.h"

enum { CAPACITY = 1 << 16, FILES = 4, PIXELS = 24 * 20 * 3, MOST_BOXES = 50 };

static clf_context *context_of_files;
static fuzz_entries files[FILES];

/* Images of six pixels on a side in two classes. */
static void make_file(fuzz_entries *out, const char *layers, int64_t channels, const char *params) {
  static uint8_t bytes[CAPACITY];
  static const int32_t labels[] = {0, 1, 0, 1};
  static float pixels[4 * 6 * 6 * 3];
  clf_tensor *x = NULL, *y = NULL;
  clf_dataset *rows = NULL;
  clf_model *model = NULL;
  size_t size = 0;
  for (int i = 0; i < 4 * 6 * 6 * 3; i++) {
    pixels[i] = (float)(i * 7 % 11) / 11;
  }
  FUZZ_CHECK(clf_tensor_wrap(&x, context_of_files, pixels, CLF_F32, 4,
                             (int64_t[]){4, 6, 6, channels}, NULL) == CLF_OK);
  FUZZ_CHECK(clf_tensor_wrap(&y, context_of_files, labels, CLF_I32, 1, (int64_t[]){4}, NULL) ==
             CLF_OK);
  FUZZ_CHECK(clf_dataset_create(&rows, context_of_files, x, y) == CLF_OK);
  FUZZ_CHECK(clf_model_create(&model, context_of_files, "network", "epochs=1") == CLF_OK);
  FUZZ_CHECK(clf_model_set_text(model, "layers", layers) == CLF_OK);
  FUZZ_CHECK(clf_model_fit(model, rows, NULL, NULL) >= CLF_OK);
  FUZZ_CHECK(clf_model_save_memory(model, bytes, CAPACITY, &size) == CLF_OK);
  out->context = context_of_files;
  fuzz_entries_read(out, bytes, size);
  fuzz_entries_add(out, "detector.version", "1", NULL);
  fuzz_entries_add(out, "detector.params", params, NULL);
  clf_model_free(model);
  clf_dataset_free(rows);
  clf_tensor_free(x);
  clf_tensor_free(y);
}

static void make_files(void) {
  if (context_of_files == NULL) {
    context_of_files = fuzz_context();
    make_file(&files[0], "conv2d filters=2 kernel=3; max_pool2d size=2; flatten; dense units=2", 1,
              "scale_step=1.5 stride=1 threshold=0 overlap=1");
    make_file(&files[1],
              "conv2d filters=8 kernel=3 activation=relu; global_max_pool2d; dense "
              "units=2",
              3, "scale_step=2 threshold=0 min_size=6 background=none");
    make_file(&files[2], "average_pool2d size=2; batch_norm; conv2d filters=2 kernel=3; flatten", 1,
              "scale_step=1.2 stride=4 threshold=0.1 across=true max_size=9");
    make_file(&files[3],
              "max_pool2d size=1 stride=6; flatten; dense units=4 activation=tanh; "
              "dropout; dense units=2",
              1, "");
  }
}

static void run(const clf_detector *detector, clf_context *context, int64_t channels) {
  static uint8_t pixels[PIXELS];
  static uint8_t windows[MOST_BOXES * FUZZ_MOST_FEATURES];
  clf_box boxes[MOST_BOXES];
  clf_image *picture = NULL;
  int64_t count = 0;
  for (int i = 0; i < PIXELS; i++) {
    pixels[i] = (uint8_t)(i * 37 % 251);
  }
  FUZZ_CHECK(clf_image_create(&picture, context, 24, 20, channels, pixels,
                              (size_t)(20 * channels)) == CLF_OK);
  if (fuzz_fine(clf_detector_run(detector, picture, boxes, MOST_BOXES, &count))) {
    const int64_t outputs = clf_model_outputs(clf_detector_model(detector));
    for (int64_t i = 0; i < count && i < MOST_BOXES; i++) {
      FUZZ_CHECK(boxes[i].label >= 0 && boxes[i].label < outputs);
      FUZZ_CHECK(boxes[i].top >= 0 && boxes[i].left >= 0);
      FUZZ_CHECK(boxes[i].height > 0 && boxes[i].width > 0);
    }
  }
  if (clf_model_features(clf_detector_model(detector)) <= FUZZ_MOST_FEATURES) {
    fuzz_fine(clf_detector_mine_negatives(detector, picture, NULL, 0.5, windows, boxes, MOST_BOXES,
                                          &count));
  }
  clf_image_free(picture);
}

static void load_and_run(const uint8_t *bytes, size_t size) {
  clf_context *context = fuzz_context();
  clf_detector *detector = NULL;
  const clf_status status = clf_detector_load_memory(&detector, context, bytes, size, NULL);
  if (fuzz_loaded(status, detector != NULL)) {
    run(detector, context, 1);
    run(detector, context, 3);
  }
  clf_detector_free(detector);
  clf_context_free(context);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  make_files();
  return fuzz_entries_run(data, size, files, FILES, load_and_run);
}

size_t fuzz_seed(int index, uint8_t *buffer, size_t capacity) {
  return index < FILES ? dice_seed(buffer, capacity, index, 8) : 0;
}
