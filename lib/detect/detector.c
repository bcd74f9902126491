/* Detectors: parameters, a copy of the network, files. */
#include "detect/detector.h"

#include <math.h>
#include <string.h>

#include "base/border.h"
#include "base/text.h"

#define CLF__VALUES clf__detector_params
static const clf__param params[] = {
    CLF__REAL(scale_step, "1.2", 1.01, 10, "factor from one size of the image to the next smaller"),
    CLF__INT_OR(stride, "auto", "auto", 1, 1e6,
                "pixels between windows: a divisor or a multiple of the network's stride (auto)"),
    CLF__REAL(threshold, "0.5", 0, 1, "minimum probability of an object's class"),
    CLF__REAL(overlap, "0.3", 0, 1, "intersection over union above which lower scores are dropped"),
    CLF__BOOL(across, "false", "whether a box also suppresses those of other classes"),
    CLF__REAL_OR(min_size, "window", "window", 1, 1e6,
                 "minimum height of objects in pixels; below the window's, the image is enlarged"),
    CLF__REAL_OR(max_size, "image", "image", 1, 1e9, "maximum height of objects in pixels"),
    CLF__INT_OR(background, "none", "0", 0, 1e6, "the class that stands for no object"),
    CLF__REAL(pixel_scale, "0.00392156862745098", CLF__ABOVE(0), 1e6,
              "factor of the pixels of 0 to 255, as in the training: 1 / 255"),
};

const clf__kind clf__detector_kind = CLF__KIND(
    "detector", "a network moved over images at several sizes", params, clf__detector_params);

static clf_status set_stride(clf_detector *made) {
  const int64_t step = made->scanner->step;
  const clf__number *stride = &made->params->stride;
  made->stride = stride->word >= 0 ? step : (int64_t)stride->value;
  if (step % made->stride == 0 || made->stride % step == 0) {
    return CLF_OK;
  }
  return clf__fail(CLF_ERROR_ARGUMENT,
                   "detector: stride is %s; the network's strides make %lld, so it must be that, a "
                   "part of it or a multiple",
                   clf__number_text(stride->value), (long long)step);
}

static clf_status set_background(clf_detector *made) {
  const clf__number *background = &made->params->background;
  made->background = background->word >= 0 ? -1 : (int32_t)background->value;
  if (made->background < made->model->outputs) {
    return CLF_OK;
  }
  return clf__fail(CLF_ERROR_ARGUMENT,
                   "detector: background is %s; it must be one of the classes 0 to %lld, or none",
                   clf__number_text(background->value), (long long)made->model->outputs - 1);
}

/* Scores are differences of the network's scores; for the entropy losses those are logarithms. */
static clf_status check_scores(const clf_model *model) {
  const int32_t loss = *(const int32_t *)clf__state_data(model->state, "loss");
  return (loss == CLF__LOSS_CROSS_ENTROPY && model->outputs >= 2) ||
                 (loss == CLF__LOSS_BINARY_CROSS_ENTROPY && model->outputs == 2)
             ? CLF_OK
             : clf__fail(CLF_ERROR_UNSUPPORTED,
                         "detector: the network must be fitted with two classes or more, by "
                         "loss=cross_entropy, or with two by binary_cross_entropy");
}

/* Returns the largest number of positions in a tile whose widest layer stays in the cache of a
 * core, because each layer reads the floats of the one before. */
static clf_status set_tile(clf_detector *made) {
  enum { ELEMENTS = 1 << 18, BEYOND = 65 };
  int64_t fits = 1, over = BEYOND, widest = 0;
  clf_status status = CLF_OK;
  while (status == CLF_OK && over - fits > 1) {
    const int64_t places = fits + (over - fits) / 2;
    status = clf__scanner_widest(made->scanner, places, &widest);
    if (status == CLF_OK && widest <= ELEMENTS) {
      fits = places;
    } else {
      over = places;
    }
    status = status == CLF_ERROR_SHAPE ? CLF_OK : status; /* too large for one image */
  }
  made->max_places = fits;
  return status;
}

/* Computes what follows from the parameters. */
static clf_status apply_params(clf_detector *made) {
  const double threshold = made->params->threshold;
  clf_status status = set_stride(made);
  made->min_score = (float)(log(threshold) - log1p(-threshold));
  return status == CLF_OK ? set_background(made) : status;
}

/* The network is read from the store. */
static clf_status make(clf_detector **out, clf_context *context, const clf__store *store,
                       const char *text) {
  clf_status status = CLF_ERROR_MEMORY;
  void *values = NULL, *model = NULL;
  clf_detector *made = clf__handle_create(context, sizeof *made);
  if (made == NULL) {
    return status;
  }
  CLF__TRY(clf__params_create(&values, made->context, &clf__detector_kind.params, text));
  made->params = values;
  CLF__TRY(clf__model_object.read(&model, made->context, store));
  made->model = model;
  CLF__TRY(clf__scanner_create(&made->scanner, made->model));
  CLF__TRY(check_scores(made->model));
  CLF__TRY(set_tile(made));
  CLF__TRY(apply_params(made));
  *out = made;
  return CLF_OK;
done:
  clf_detector_free(made);
  return status;
}

clf_status clf_detector_create(clf_detector **out, const clf_model *network, const char *text) {
  CLF__REQUIRE(out);
  CLF__REQUIRE(network);
  CLF__ENTER("detector");
  clf__store *store = NULL;
  clf_status status = clf__model_require_fit(network);
  CLF__TRY(status);
  CLF__TRY(clf__store_create(&store, network->context));
  CLF__TRY(clf__model_object.write(network, store));
  CLF__TRY(make(out, network->context, store, text));
done:
  clf__store_free(store);
  return status;
}

void clf_detector_free(clf_detector *detector) {
  if (detector == NULL) {
    return;
  }
  clf__scanner_free(detector->scanner);
  clf_model_free(detector->model);
  clf__params_free(&clf__detector_kind.params, detector->params);
  clf__handle_free(detector);
}

const clf_model *clf_detector_model(const clf_detector *detector) {
  return detector != NULL ? detector->model : NULL;
}

clf_status clf_detector_params(const clf_detector *detector, char *buffer, size_t capacity,
                               size_t *needed) {
  CLF__REQUIRE(detector);
  CLF__ENTER("detector");
  return clf__params_copy_text(&clf__detector_kind.params, detector->params, buffer, capacity,
                               needed);
}

static const char version[] = "1";

static clf_status write(const void *object, clf__store *store) {
  const clf_detector *detector = object;
  clf__text text = {.context = detector->context};
  clf__params_format(&clf__detector_kind.params, detector->params, &text);
  clf_status status = text.failed ? CLF_ERROR_MEMORY : CLF_OK;
  CLF__TRY(status);
  CLF__TRY(clf__model_object.write(detector->model, store));
  CLF__TRY(clf__store_add_text(store, "detector.version", version));
  CLF__TRY(clf__store_add_text(store, "detector.params", text.bytes));
done:
  clf__text_free(&text);
  return status;
}

static clf_status read(void **out, clf_context *context, const clf__store *store) {
  const char *found = clf__store_text(store, "detector.version");
  const char *params_text = clf__store_text(store, "detector.params");
  clf_detector *made = NULL;
  if (found == NULL || params_text == NULL) {
    return clf__fail(CLF_ERROR_CORRUPT, "there is no detector in it: '%s' is missing",
                     found == NULL ? "detector.version" : "detector.params");
  }
  if (strcmp(found, version) != 0) {
    return clf__fail(CLF_ERROR_VERSION, "its detector is of a version that is not known here");
  }
  clf_status status = make(&made, context, store, params_text);
  if (status == CLF_OK) {
    *out = made;
  }
  return status == CLF_ERROR_ARGUMENT ? clf__fail_within(CLF_ERROR_CORRUPT, "damaged") : status;
}

static const clf__object_kind object_kind = {write, read};

clf_status clf_detector_save(const clf_detector *detector, const char *path) {
  CLF__REQUIRE(detector);
  CLF__REQUIRE(path);
  CLF__ENTER("detector");
  return clf__object_save(&object_kind, detector, detector->context, path);
}

clf_status clf_detector_save_memory(const clf_detector *detector, void *buffer, size_t capacity,
                                    size_t *size) {
  CLF__REQUIRE(detector);
  CLF__REQUIRE(size);
  CLF__ENTER("detector");
  return clf__object_save_memory(&object_kind, detector, detector->context, buffer, capacity, size);
}

/* *out = the loaded detector, with the parameters that the text replaces; freed after a failure. */
static clf_status finish_load(clf_detector **out, clf_detector *loaded, const char *text) {
  clf_status status = CLF_OK;
  if (text != NULL) {
    CLF__TRY(clf__params_parse(loaded->context, &clf__detector_kind.params, loaded->params, text));
    CLF__TRY(apply_params(loaded));
  }
  *out = loaded;
  return CLF_OK;
done:
  clf_detector_free(loaded);
  return status;
}

clf_status clf_detector_load(clf_detector **out, clf_context *context, const char *path,
                             const char *text) {
  CLF__REQUIRE(out);
  CLF__REQUIRE(path);
  CLF__ENTER("detector");
  void *loaded = NULL;
  CLF__CHECK(clf__object_load(&object_kind, &loaded, context, path));
  return finish_load(out, loaded, text);
}

clf_status clf_detector_load_memory(clf_detector **out, clf_context *context, const void *bytes,
                                    size_t size, const char *text) {
  CLF__REQUIRE(out);
  CLF__REQUIRE(bytes);
  CLF__ENTER("detector");
  void *loaded = NULL;
  CLF__CHECK(clf__object_load_memory(&object_kind, &loaded, context, bytes, size));
  return finish_load(out, loaded, text);
}
