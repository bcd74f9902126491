/* The catalog: the registries of kinds and the constants of the headers, as data. It adds nothing
 * of its own, so it lists exactly what the library accepts. */
#include <classify.h>
#include <string.h>

#include "base/context.h"
#include "base/status.h"
#include "base/structs.h"
#include "data/dataset.h"
#include "detect/detector.h"
#include "image/augment.h"
#include "image/image.h"
#include "interchange/model_format.h"
#include "layers/layer.h"
#include "models/model.h"
#include "optim/optimizer.h"
#include "text/document_format.h"
#include "text/vocabulary.h"
#include "transform/transform.h"

/* Areas whose kinds are never looked up by name. */
#define AREA(area, ...)                                                                            \
  static const clf__kind *const area##_kinds[] = {__VA_ARGS__, NULL};                              \
  static const clf__registry area = {#area, #area, area##_kinds}
AREA(context, &clf__context_kind);
AREA(augment, &clf__augment_image);
AREA(vocabulary, &clf__vocabulary_kind);
AREA(image, &clf__image_normalize_kind);
AREA(detector, &clf__detector_kind);

static const clf__registry *const areas[] = {
    &context,
    &clf__model_kinds,
    &clf__transform_kinds,
    &clf__dataset_readers,
    &clf__dataset_writers,
    &clf__model_readers,
    &clf__model_writers,
    &clf__layer_kinds,
    &clf__optimizer_kinds,
    &augment,
    &clf__document_readers,
    &vocabulary,
    &image,
    &clf__image_readers,
    &clf__image_writers,
    &detector,
};
enum { AREA_COUNT = sizeof areas / sizeof areas[0] };

static const clf__registry *find_area(const char *name) {
  for (int i = 0; name != NULL && i < AREA_COUNT; i++) {
    if (strcmp(areas[i]->area, name) == 0) {
      return areas[i];
    }
  }
  return NULL;
}

/* Returns NULL if there is none, or no such area. */
static const clf__kind *find_kind(const char *area_name, const char *name) {
  const clf__registry *in = find_area(area_name);
  return in != NULL && name != NULL ? clf__kind_named(in, name) : NULL;
}

int64_t clf_kind_count(const char *area_name) {
  const clf__registry *in = find_area(area_name);
  int64_t count = 0;
  while (in != NULL && in->kinds[count] != NULL) {
    count++;
  }
  return count;
}

const char *clf_kind_name(const char *area_name, int64_t index) {
  return index >= 0 && index < clf_kind_count(area_name) ? find_area(area_name)->kinds[index]->name
                                                         : NULL;
}

const char *clf_kind_help(const char *area_name, const char *kind_name) {
  const clf__kind *kind = find_kind(area_name, kind_name);
  return kind != NULL ? kind->help : NULL;
}

int64_t clf_param_count(const char *area_name, const char *kind_name) {
  const clf__kind *kind = find_kind(area_name, kind_name);
  return kind != NULL ? kind->params.count : 0;
}

static clf_status fail_unknown_area(const char *name) {
  return clf__fail(CLF_ERROR_ARGUMENT,
                   "catalog: there is no area '%s'; there are context, model, transform, "
                   "dataset_reader, dataset_writer, model_reader, model_writer, document_reader, "
                   "image_reader, image_writer, layer, optimizer, augment, vocabulary, image and "
                   "detector",
                   name);
}

static clf_status fail_unknown_kind(const clf__registry *in, const char *name) {
  clf__fail(CLF_ERROR_ARGUMENT, "catalog: there is no %s '%s'; there are", in->area, name);
  for (int64_t i = 0; in->kinds[i] != NULL; i++) {
    clf__fail(CLF_ERROR_ARGUMENT, "%s%s %s", clf_last_error(), i > 0 ? "," : "",
              in->kinds[i]->name);
  }
  return CLF_ERROR_ARGUMENT;
}

clf_status clf_param_describe(const char *area_name, const char *kind_name, int64_t index,
                              clf_param_info *out) {
  CLF__REQUIRE(area_name);
  CLF__REQUIRE(kind_name);
  CLF__REQUIRE(out);
  CLF__ENTER("catalog");
  static const clf__struct about = CLF__STRUCT(clf_param_info, help);
  const clf__registry *in = find_area(area_name);
  if (in == NULL) {
    return fail_unknown_area(area_name);
  }
  const clf__kind *kind = clf__kind_named(in, kind_name);
  if (kind == NULL) {
    return fail_unknown_kind(in, kind_name);
  }
  clf_param_info info;
  CLF__CHECK(clf__params_describe(&kind->params, index, &info));
  return clf__struct_write(out, &about, &info);
}

#define CONSTANT(name)                                                                             \
  { #name, name }

static const struct {
  const char *name;
  int64_t value;
} constants[] = {
    CONSTANT(CLF_OK),
    CONSTANT(CLF_NOT_CONVERGED),
    CONSTANT(CLF_ERROR_ARGUMENT),
    CONSTANT(CLF_ERROR_MEMORY),
    CONSTANT(CLF_ERROR_IO),
    CONSTANT(CLF_ERROR_FORMAT),
    CONSTANT(CLF_ERROR_CORRUPT),
    CONSTANT(CLF_ERROR_VERSION),
    CONSTANT(CLF_ERROR_SHAPE),
    CONSTANT(CLF_ERROR_TYPE),
    CONSTANT(CLF_ERROR_DATA),
    CONSTANT(CLF_ERROR_NOT_FITTED),
    CONSTANT(CLF_ERROR_UNSUPPORTED),
    CONSTANT(CLF_ERROR_CANCELLED),
    CONSTANT(CLF_ERROR_NUMERIC),
    CONSTANT(CLF_ERROR_DIVERGED),
    CONSTANT(CLF_LOG_WARNING),
    CONSTANT(CLF_LOG_INFO),
    CONSTANT(CLF_F32),
    CONSTANT(CLF_F64),
    CONSTANT(CLF_U8),
    CONSTANT(CLF_I32),
    CONSTANT(CLF_I64),
    CONSTANT(CLF_MAX_DIMENSIONS),
    CONSTANT(CLF_AVERAGE_MACRO),
    CONSTANT(CLF_AVERAGE_MICRO),
    CONSTANT(CLF_AVERAGE_WEIGHTED),
    CONSTANT(CLF_PARAM_I64),
    CONSTANT(CLF_PARAM_F64),
    CONSTANT(CLF_PARAM_BOOL),
    CONSTANT(CLF_PARAM_CHOICE),
    CONSTANT(CLF_PARAM_TEXT),
    CONSTANT(CLF_PARAM_NUMBER),
    CONSTANT(CLF_PARAM_LIST),
    CONSTANT(CLF_PARAM_COUNT),
};
enum { CONSTANT_COUNT = sizeof constants / sizeof constants[0] };

clf_status clf_constant(const char *name, int64_t *value) {
  CLF__REQUIRE(name);
  CLF__REQUIRE(value);
  CLF__ENTER("constant");
  for (int i = 0; i < CONSTANT_COUNT; i++) {
    if (strcmp(constants[i].name, name) == 0) {
      *value = constants[i].value;
      return CLF_OK;
    }
  }
  return clf__fail(CLF_ERROR_ARGUMENT, "there is no constant '%s'", name);
}
