/* The catalog: the registries of kinds and the constants of the headers, as data. It adds nothing
 * of its own, so that what is listed is what the library takes. */
#include <classify.h>
#include <string.h>

#include "base/context.h"
#include "base/status.h"
#include "data/augment.h"
#include "data/dataset.h"
#include "data/document_format.h"
#include "data/image.h"
#include "data/transform.h"
#include "data/vocabulary.h"
#include "detect/detector.h"
#include "layers/layer.h"
#include "models/model.h"
#include "models/model_format.h"
#include "optim/optimizer.h"

/* A kind of any area. */
typedef struct kind {
  const char *name; /* NULL beyond the last kind */
  const char *help;
  const clf__param_table *params;
} kind;

static kind context_kind(int64_t index) {
  return index == 0
             ? (kind){"context", "what calls share: threads, seed, memory limit, CPU kernels",
                      &clf__context_params}
             : (kind){NULL, NULL, NULL};
}

static kind model_kind(int64_t index) {
  const clf__model_kind *model = clf__model_kinds()[index];
  return model != NULL ? (kind){model->name, model->help, &model->params}
                       : (kind){NULL, NULL, NULL};
}

static kind transform_kind(int64_t index) {
  const clf__transform_kind *transform = clf__transform_kinds()[index];
  return transform != NULL ? (kind){transform->name, transform->help, &transform->params}
                           : (kind){NULL, NULL, NULL};
}

static kind format_kind(int64_t index) {
  const clf__format *format = clf__formats()[index];
  return format != NULL ? (kind){format->name, format->help, &format->params}
                        : (kind){NULL, NULL, NULL};
}

static kind model_format_kind(int64_t index) {
  const clf__model_format *format = clf__model_formats()[index];
  return format != NULL ? (kind){format->name, format->help, &format->params}
                        : (kind){NULL, NULL, NULL};
}

static kind layer_kind(int64_t index) {
  const clf__layer_kind *layer = clf__layer_kinds()[index];
  return layer != NULL ? (kind){layer->name, layer->help, &layer->params}
                       : (kind){NULL, NULL, NULL};
}

static kind augment_kind(int64_t index) {
  const clf__augment_kind *augment = &clf__augment_image;
  return index == 0 ? (kind){augment->name, augment->help, &augment->params}
                    : (kind){NULL, NULL, NULL};
}

static kind optimizer_kind(int64_t index) {
  const clf__optimizer_kind *optimizer = clf__optimizer_kinds()[index];
  return optimizer != NULL ? (kind){optimizer->name, optimizer->help, &optimizer->params}
                           : (kind){NULL, NULL, NULL};
}

static kind document_format_kind(int64_t index) {
  const clf__document_format *format = clf__document_formats()[index];
  return format != NULL ? (kind){format->name, format->help, &format->params}
                        : (kind){NULL, NULL, NULL};
}

static kind vocabulary_kind(int64_t index) {
  return index == 0 ? (kind){"vocabulary", "words of documents, and how rows are made of them",
                             &clf__vocabulary_table}
                    : (kind){NULL, NULL, NULL};
}

static kind image_kind(int64_t index) {
  static const kind kinds[] = {
      {"load", "what an image read from a file may be", &clf__image_load_table},
      {"normalize", "light evened out by the chain of Tan and Triggs", &clf__image_normalize_table},
      {NULL, NULL, NULL},
  };
  return kinds[index];
}

static kind detector_kind(int64_t index) {
  return index == 0 ? (kind){"detector", "a network moved over images at several sizes",
                             &clf__detector_table}
                    : (kind){NULL, NULL, NULL};
}

static kind codec_kind(int64_t index) {
  static const clf__param_table none = {"codec", NULL, 0, 0};
  const clf__image_codec *codec = clf__image_codecs()[index];
  return codec != NULL ? (kind){codec->name, codec->help, &none} : (kind){NULL, NULL, NULL};
}

/* Kinds are asked for in order, from 0 until the name is NULL: the registries end so. */
typedef struct area {
  const char *name;
  kind (*kind_at)(int64_t index);
} area;

static const area areas[] = {
    {"context", context_kind},
    {"model", model_kind},
    {"transform", transform_kind},
    {"format", format_kind},
    {"model_format", model_format_kind},
    {"layer", layer_kind},
    {"optimizer", optimizer_kind},
    {"augment", augment_kind},
    {"document_format", document_format_kind},
    {"vocabulary", vocabulary_kind},
    {"image", image_kind},
    {"codec", codec_kind},
    {"detector", detector_kind},
};
enum { AREA_COUNT = sizeof areas / sizeof areas[0] };

static const area *find_area(const char *name) {
  for (int i = 0; name != NULL && i < AREA_COUNT; i++) {
    if (strcmp(areas[i].name, name) == 0) {
      return &areas[i];
    }
  }
  return NULL;
}

/* The kind of that name; all NULL when there is none. */
static kind find_kind(const area *in, const char *name) {
  kind found = {NULL, NULL, NULL};
  if (in == NULL || name == NULL) {
    return found;
  }
  int64_t index = 0;
  do {
    found = in->kind_at(index++);
  } while (found.name != NULL && strcmp(found.name, name) != 0);
  return found;
}

int64_t clf_kind_count(const char *area_name) {
  const area *in = find_area(area_name);
  int64_t count = 0;
  while (in != NULL && in->kind_at(count).name != NULL) {
    count++;
  }
  return count;
}

const char *clf_kind_name(const char *area_name, int64_t index) {
  return index >= 0 && index < clf_kind_count(area_name) ? find_area(area_name)->kind_at(index).name
                                                         : NULL;
}

const char *clf_kind_help(const char *area_name, const char *kind_name) {
  return find_kind(find_area(area_name), kind_name).help;
}

int64_t clf_param_count(const char *area_name, const char *kind_name) {
  const kind found = find_kind(find_area(area_name), kind_name);
  return found.name != NULL ? found.params->count : 0;
}

static clf_status fail_unknown_area(const char *name) {
  return clf__fail(CLF_ERROR_ARGUMENT,
                   "catalog: there is no area '%s'; there are context, model, transform, format, "
                   "model_format, layer, optimizer, augment, document_format, vocabulary, image, "
                   "codec and detector",
                   name);
}

static clf_status fail_unknown_kind(const area *in, const char *name) {
  clf__fail(CLF_ERROR_ARGUMENT, "catalog: there is no %s '%s'; there are", in->name, name);
  for (int64_t i = 0; in->kind_at(i).name != NULL; i++) {
    clf__fail(CLF_ERROR_ARGUMENT, "%s%s %s", clf_last_error(), i > 0 ? "," : "",
              in->kind_at(i).name);
  }
  return CLF_ERROR_ARGUMENT;
}

clf_status clf_param_describe(const char *area_name, const char *kind_name, int64_t index,
                              clf_param_info *out) {
  CLF__REQUIRE(area_name);
  CLF__REQUIRE(kind_name);
  CLF__REQUIRE(out);
  CLF__ENTER("catalog");
  const area *in = find_area(area_name);
  if (in == NULL) {
    return fail_unknown_area(area_name);
  }
  const kind found = find_kind(in, kind_name);
  if (found.name == NULL) {
    return fail_unknown_kind(in, kind_name);
  }
  return clf__params_describe(found.params, index, out);
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
