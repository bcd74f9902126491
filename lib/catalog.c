/* The catalog: the registries of kinds and the constants of the headers, as data. It adds nothing
 * of its own, so it lists exactly what the library accepts. */
#include <classify.h>
#include <string.h>

#include "base/border.h"
#include "base/context.h"
#include "base/status.h"
#include "base/structs.h"
#include "base/text.h"
#include "data/dataset.h"
#include "detect/detector.h"
#include "image/augment.h"
#include "image/image.h"
#include "interchange/model_format.h"
#include "layers/layer.h"
#include "metrics/bootstrap.h"
#include "models/decision/decision.h"
#include "models/model.h"
#include "models/network/network_quantize.h"
#include "optim/optimizer.h"
#include "selection/selection.h"
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
AREA(search, &clf__search_kind);
AREA(decision, &clf__calibrate_kind, &clf__tune_threshold_kind, &clf__conform_kind,
     &clf__reject_kind);
AREA(measure, &clf__bootstrap_kind);
AREA(network, &clf__quantize_kind);

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
    &search,
    &decision,
    &measure,
    &network,
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

int64_t clf_area_count(void) {
  return AREA_COUNT;
}

const char *clf_area_name(int64_t index) {
  return index >= 0 && index < AREA_COUNT ? areas[index]->area : NULL;
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
  const char *names[AREA_COUNT];
  for (int i = 0; i < AREA_COUNT; i++) {
    names[i] = areas[i]->area;
  }
  return clf__fail_name("area", name, names, AREA_COUNT);
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
  const clf__kind *kind = clf__kind_find(in, kind_name);
  if (kind == NULL) {
    return CLF_ERROR_ARGUMENT;
  }
  clf_param_info info;
  CLF__CHECK(clf__params_describe(&kind->params, index, &info));
  return clf__struct_write(out, &about, &info);
}

#define CONSTANT(group, name)                                                                      \
  { #name, #group, name }

static const struct {
  const char *name, *group;
  int64_t value;
} constants[] = {
    CONSTANT(status, CLF_OK),
    CONSTANT(status, CLF_NOT_CONVERGED),
    CONSTANT(status, CLF_ERROR_ARGUMENT),
    CONSTANT(status, CLF_ERROR_MEMORY),
    CONSTANT(status, CLF_ERROR_IO),
    CONSTANT(status, CLF_ERROR_FORMAT),
    CONSTANT(status, CLF_ERROR_CORRUPT),
    CONSTANT(status, CLF_ERROR_VERSION),
    CONSTANT(status, CLF_ERROR_SHAPE),
    CONSTANT(status, CLF_ERROR_TYPE),
    CONSTANT(status, CLF_ERROR_DATA),
    CONSTANT(status, CLF_ERROR_NOT_FITTED),
    CONSTANT(status, CLF_ERROR_UNSUPPORTED),
    CONSTANT(status, CLF_ERROR_CANCELLED),
    CONSTANT(status, CLF_ERROR_NUMERIC),
    CONSTANT(status, CLF_ERROR_DIVERGED),
    CONSTANT(status, CLF_ERROR_PEER),
    CONSTANT(progress, CLF_PROGRESS_GO),
    CONSTANT(progress, CLF_PROGRESS_CANCEL),
    CONSTANT(progress, CLF_PROGRESS_STOP),
    CONSTANT(rank, CLF_RANK_LATE),
    CONSTANT(log, CLF_LOG_WARNING),
    CONSTANT(log, CLF_LOG_INFO),
    CONSTANT(dtype, CLF_F32),
    CONSTANT(dtype, CLF_F64),
    CONSTANT(dtype, CLF_U8),
    CONSTANT(dtype, CLF_I32),
    CONSTANT(dtype, CLF_I64),
    CONSTANT(dtype, CLF_BF16),
    CONSTANT(dtype, CLF_I8),
    CONSTANT(limit, CLF_MAX_DIMENSIONS),
    CONSTANT(average, CLF_AVERAGE_MACRO),
    CONSTANT(average, CLF_AVERAGE_MICRO),
    CONSTANT(average, CLF_AVERAGE_WEIGHTED),
    CONSTANT(disagreement, CLF_DISAGREEMENT_EQUAL),
    CONSTANT(disagreement, CLF_DISAGREEMENT_LINEAR),
    CONSTANT(disagreement, CLF_DISAGREEMENT_QUADRATIC),
    CONSTANT(param, CLF_PARAM_I64),
    CONSTANT(param, CLF_PARAM_F64),
    CONSTANT(param, CLF_PARAM_BOOL),
    CONSTANT(param, CLF_PARAM_CHOICE),
    CONSTANT(param, CLF_PARAM_TEXT),
    CONSTANT(param, CLF_PARAM_NUMBER),
    CONSTANT(param, CLF_PARAM_LIST),
    CONSTANT(param, CLF_PARAM_COUNT),
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

int64_t clf_constant_count(void) {
  return CONSTANT_COUNT;
}

clf_status clf_constant_describe(int64_t index, clf_constant_info *out) {
  CLF__REQUIRE(out);
  CLF__ENTER("constant");
  static const clf__struct about = CLF__STRUCT(clf_constant_info, value);
  if (index < 0 || index >= CONSTANT_COUNT) {
    return clf__fail(CLF_ERROR_ARGUMENT, "there are %d constants; there is no number %lld",
                     CONSTANT_COUNT, (long long)index);
  }
  const clf_constant_info info = {.name = constants[index].name,
                                  .group = constants[index].group,
                                  .value = constants[index].value};
  return clf__struct_write(out, &about, &info);
}
