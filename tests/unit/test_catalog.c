/* Compares what the catalog lists with what the library accepts. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/context.h"
#include "base/text.h"
#include "data/dataset.h"
#include "image/image.h"
#include "interchange/model_format.h"
#include "layers/layer.h"
#include "models/model.h"
#include "support.h"
#include "text/document_format.h"
#include "transform/transform.h"

static const clf__kind *const contexts[] = {&clf__context_kind, NULL};
static const clf__registry context_kinds = {"context", "context", contexts};
static const clf__registry *const REGISTRIES[] = {
    &context_kinds,      &clf__model_kinds,     &clf__transform_kinds,  &clf__dataset_readers,
    &clf__layer_kinds,   &clf__optimizer_kinds, &clf__document_readers, &clf__model_readers,
    &clf__image_readers, &clf__dataset_writers, &clf__model_writers,    &clf__image_writers,
};
enum { AREA_COUNT = sizeof REGISTRIES / sizeof REGISTRIES[0] };

/* One parameter, seen from outside and from inside. */
typedef struct seen {
  const char *area;
  const char *kind;
  const clf__param_table *table;
  clf_param_info info;
} seen;

/* Runs a check on every parameter that there is. */
static void each_param(void (*check)(const seen *param)) {
  clf_context *context = NULL;
  ck_clf_ok(clf_context_create(&context, NULL, "threads=1"));
  for (int a = 0; a < AREA_COUNT; a++) {
    const char *area = REGISTRIES[a]->area;
    for (int64_t i = 0; i < clf_kind_count(area); i++) {
      seen param = {area,
                    clf_kind_name(area, i),
                    &REGISTRIES[a]->kinds[i]->params,
                    {.struct_size = sizeof(clf_param_info)}};
      for (int64_t p = 0; p < clf_param_count(param.area, param.kind); p++) {
        ck_clf_ok(clf_param_describe(param.area, param.kind, p, &param.info));
        check(&param);
      }
    }
  }
  clf_context_free(context);
}

static bool one_line(const char *text) {
  return text != NULL && text[0] != '\0' && strchr(text, '\n') == NULL && strlen(text) <= 160 &&
         text[strlen(text) - 1] != '.';
}

TEST(kinds__have_names_and_one_line_of_help) {
  for (int a = 0; a < AREA_COUNT; a++) {
    const char *area = REGISTRIES[a]->area;
    int64_t count = clf_kind_count(area);
    ck_assert_int_gt(count, 0);
    for (int64_t i = 0; i < count; i++) {
      const char *name = clf_kind_name(area, i);
      ck_assert_ptr_nonnull(name);
      ck_assert_msg(one_line(clf_kind_help(area, name)), "%s %s", area, name);
      ck_assert_int_eq(clf_param_count(area, name), REGISTRIES[a]->kinds[i]->params.count);
    }
    ck_assert_ptr_null(clf_kind_name(area, count));
    ck_assert_ptr_null(clf_kind_name(area, -1));
    ck_assert_ptr_null(clf_kind_name(area, INT64_MAX));
  }
}

TEST(kinds__are_those_that_can_be_made) {
  for (int64_t i = 0; i < clf_kind_count("model"); i++) {
    clf_model *model = NULL;
    ck_clf_ok(clf_model_create(&model, NULL, clf_kind_name("model", i), NULL));
    ck_assert_str_eq(clf_model_kind(model), clf_kind_name("model", i));
    clf_model_free(model);
  }
  for (int64_t i = 0; i < clf_kind_count("transform"); i++) {
    clf_transform *transform = NULL;
    ck_clf_ok(clf_transform_create(&transform, NULL, clf_kind_name("transform", i), NULL));
    clf_transform_free(transform);
  }
  for (int64_t i = 0; i < clf_kind_count("dataset_reader"); i++) {
    clf_dataset *dataset = NULL;
    ck_clf_fails(clf_dataset_load(&dataset, NULL, clf_kind_name("dataset_reader", i),
                                  "/nonexistent/file", NULL),
                 CLF_ERROR_IO);
  }
}

static void check_text(const seen *param) {
  const clf_param_info *info = &param->info;
  ck_assert_msg(one_line(info->help), "%s %s", param->kind, info->name);
  ck_assert(info->name[0] != '\0' && strpbrk(info->name, " =|'\"") == NULL);
  ck_assert(info->type >= CLF_PARAM_I64 && info->type <= CLF_PARAM_COUNT);
  ck_assert_ptr_nonnull(info->words);
  ck_assert_ptr_nonnull(info->default_value);
  bool needs_words = info->type == CLF_PARAM_CHOICE;
  bool may_have_words = needs_words || info->type >= CLF_PARAM_NUMBER;
  ck_assert_msg(needs_words ? info->words[0] != '\0' : may_have_words || info->words[0] == '\0',
                "%s %s has the words '%s'", param->kind, info->name, info->words);
}

TEST(kinds__are_found_by_name) {
  for (int a = 0; a < AREA_COUNT; a++) {
    const clf__registry *registry = REGISTRIES[a];
    for (int64_t i = 0; registry->kinds[i] != NULL; i++) {
      const clf__kind *kind = registry->kinds[i];
      ck_assert_ptr_eq(clf__kind_find(registry, kind->name), kind);
      ck_assert_str_eq(clf_kind_name(registry->area, i), kind->name);
      ck_assert_str_eq(clf_kind_help(registry->area, kind->name), kind->help);
    }
    ck_assert_ptr_null(clf__kind_named(registry, "none of them"));
    ck_assert_ptr_null(clf_kind_help(registry->area, "none of them"));
  }
  ck_assert_ptr_eq(clf__kind_find(&clf__model_kinds, "ridge"), &clf__ridge_kind);
  ck_assert_ptr_null(clf__kind_find(&clf__document_readers, "foldr"));
  ck_assert_str_eq(clf_last_error(),
                   "there is no format of documents 'foldr'; did you mean 'folder'?");
  ck_assert_ptr_null(clf__kind_find(&clf__optimizer_kinds, "lbfgs"));
  ck_assert_str_eq(clf_last_error(),
                   "there is no optimizer 'lbfgs'; there are sgd, adam, adamw, rmsprop, adagrad");
}

TEST(params__are_described) {
  each_param(check_text);
}

/* Sets one parameter on fresh values. */
static clf_status set(const seen *param, const char *name, const char *value) {
  clf_context *context = clf__context_retain(NULL);
  void *values = NULL;
  ck_clf_ok(clf__params_create(&values, context, param->table, NULL));
  clf_status status = clf__params_set_text(context, param->table, values, name, value);
  clf__params_free(param->table, values);
  clf__context_release(context);
  return status;
}

static void check_default(const seen *param) {
  const clf_param_info *info = &param->info;
  double value;
  ck_clf_ok(set(param, info->name, info->default_value));
  if (clf__parse_f64(info->default_value, &value)) {
    ck_assert_msg(value >= info->minimum && value <= info->maximum &&
                      !(info->exclusive && value == info->minimum),
                  "%s: the default of %s is out of bounds", param->kind, info->name);
  }
}

TEST(params__take_their_default) {
  each_param(check_default);
}

static bool is_numeric(const clf_param_info *info) {
  return info->type == CLF_PARAM_I64 || info->type == CLF_PARAM_F64 ||
         info->type >= CLF_PARAM_NUMBER;
}

static void check_bounds(const seen *param) {
  const clf_param_info *info = &param->info;
  if (!is_numeric(info)) {
    return;
  }
  ck_assert_double_le(info->minimum, info->maximum);
  if (isfinite(info->minimum)) {
    double low = info->exclusive ? info->minimum : info->minimum - 1 - fabs(info->minimum);
    ck_assert_msg(set(param, info->name, clf__number_text(low)) == CLF_ERROR_ARGUMENT,
                  "%s: %s takes %s", param->kind, info->name, clf__number_text(low));
    ck_clf_says(info->name);
    if (!info->exclusive) {
      ck_clf_ok(set(param, info->name, clf__number_text(info->minimum)));
    }
  }
  if (isfinite(info->maximum) && info->maximum < 0x1p53) {
    ck_clf_ok(set(param, info->name, clf__number_text(info->maximum)));
    ck_clf_fails(set(param, info->name, clf__number_text(info->maximum + 1)), CLF_ERROR_ARGUMENT);
  }
  ck_clf_fails(set(param, info->name, "nan"), CLF_ERROR_ARGUMENT);
  ck_clf_fails(set(param, info->name, "1e999"), CLF_ERROR_ARGUMENT);
  ck_clf_fails(set(param, info->name, "-1e999"), CLF_ERROR_ARGUMENT);
  const bool unbounded = info->type != CLF_PARAM_I64 && info->maximum > DBL_MAX;
  ck_assert_msg(set(param, info->name, "inf") == (unbounded ? CLF_OK : CLF_ERROR_ARGUMENT),
                "%s: %s", param->kind, info->name);
  ck_assert(!unbounded || strstr(info->help, "inf") != NULL);
}

TEST(params__keep_to_their_bounds) {
  each_param(check_bounds);
}

static void check_integer(const seen *param) {
  char half[64];
  const bool integer = param->info.type == CLF_PARAM_I64 || param->info.type == CLF_PARAM_COUNT;
  if (integer) {
    snprintf(half, sizeof half, "%.1f", fmax(param->info.minimum, 0) + 0.5);
    ck_clf_fails(set(param, param->info.name, half), CLF_ERROR_ARGUMENT);
    ck_clf_says("it must be an integer");
  }
}

TEST(integers__have_no_fraction) {
  each_param(check_integer);
}

static void check_words(const seen *param) {
  const clf_param_info *info = &param->info;
  char words[512];
  snprintf(words, sizeof words, "%s", info->words);
  for (char *word = strtok(words, "|"); word != NULL; word = strtok(NULL, "|")) {
    ck_clf_ok(set(param, info->name, word));
  }
  if (info->type != CLF_PARAM_TEXT) {
    ck_clf_fails(set(param, info->name, "no such word"), CLF_ERROR_ARGUMENT);
    ck_clf_says(info->name);
    ck_clf_says(info->words);
  }
}

TEST(params__take_their_words_and_no_others) {
  each_param(check_words);
}

static void check_misspelling(const seen *param) {
  char name[64];
  snprintf(name, sizeof name, "%sx", param->info.name);
  ck_clf_fails(set(param, name, "1"), CLF_ERROR_ARGUMENT);
  ck_clf_says(name);
  ck_clf_says(param->info.name);
  ck_clf_says("did you mean");
}

TEST(params__are_suggested_for_a_misspelling) {
  each_param(check_misspelling);
}

/* Set twice in one text, a parameter has no value that is meant. */
static void check_repeated(const seen *param) {
  clf_context *context = clf__context_retain(NULL);
  clf__text text = {.context = context};
  void *values = NULL;
  clf__text_append(&text, "%s='%s'  %s=\"%s\"", param->info.name, param->info.default_value,
                   param->info.name, param->info.default_value);
  ck_assert(!text.failed);
  ck_clf_fails(clf__params_create(&values, context, param->table, text.bytes), CLF_ERROR_ARGUMENT);
  ck_clf_says(param->info.name);
  ck_clf_says("given twice");
  ck_assert_ptr_null(values);
  clf__text_free(&text);
  clf__context_release(context);
}

TEST(params__are_refused_twice_in_one_text) {
  each_param(check_repeated);
}

TEST(unknown__areas_and_kinds_have_nothing) {
  ck_assert_int_eq(clf_kind_count("modal"), 0);
  ck_assert_int_eq(clf_kind_count(NULL), 0);
  ck_assert_ptr_null(clf_kind_name("modal", 0));
  ck_assert_ptr_null(clf_kind_name(NULL, 0));
  ck_assert_ptr_null(clf_kind_help("model", "rigde"));
  ck_assert_ptr_null(clf_kind_help("model", NULL));
  ck_assert_ptr_null(clf_kind_help(NULL, "ridge"));
  ck_assert_int_eq(clf_param_count("model", "rigde"), 0);
  ck_assert_int_eq(clf_param_count(NULL, NULL), 0);
}

TEST(describe__lists_what_there_is) {
  clf_param_info info = {.struct_size = sizeof info, .name = "untouched"};
  ck_clf_fails(clf_param_describe("modal", "ridge", 0, &info), CLF_ERROR_ARGUMENT);
  ck_clf_says("there is no area 'modal'; did you mean 'model'?");
  ck_clf_fails(clf_param_describe("model", "rigde", 0, &info), CLF_ERROR_ARGUMENT);
  ck_clf_says("there is no model 'rigde'; did you mean 'ridge'?");
  ck_clf_fails(clf_param_describe("none of them", "ridge", 0, &info), CLF_ERROR_ARGUMENT);
  for (int a = 0; a < AREA_COUNT; a++) {
    const char *area = REGISTRIES[a]->area;
    ck_clf_says(area);
    ck_clf_fails(clf_param_describe(area, "none of them", 0, &info), CLF_ERROR_ARGUMENT);
    for (int64_t i = 0; i < clf_kind_count(area); i++) {
      ck_clf_says(clf_kind_name(area, i));
    }
    ck_clf_fails(clf_param_describe("none of them", "ridge", 0, &info), CLF_ERROR_ARGUMENT);
  }
  int64_t count = clf_param_count("model", "ridge");
  ck_clf_fails(clf_param_describe("model", "ridge", count, &info), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_param_describe("model", "ridge", -1, &info), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_param_describe(NULL, "ridge", 0, &info), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_param_describe("model", NULL, 0, &info), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_param_describe("model", "ridge", 0, NULL), CLF_ERROR_ARGUMENT);
  ck_assert_str_eq(info.name, "untouched");
}

TEST(areas__are_numbered) {
  ck_assert_int_ge(clf_area_count(), AREA_COUNT);
  for (int64_t i = 0; i < clf_area_count(); i++) {
    ck_assert_int_gt(clf_kind_count(clf_area_name(i)), 0);
    for (int64_t j = 0; j < i; j++) {
      ck_assert_str_ne(clf_area_name(i), clf_area_name(j));
    }
  }
  ck_assert_ptr_null(clf_area_name(-1));
  ck_assert_ptr_null(clf_area_name(clf_area_count()));
}

TEST(constants__are_numbered) {
  clf_constant_info info = {.struct_size = sizeof info};
  ck_assert_int_gt(clf_constant_count(), 30);
  for (int64_t i = 0; i < clf_constant_count(); i++) {
    int64_t value = 99;
    ck_clf_ok(clf_constant_describe(i, &info));
    ck_clf_ok(clf_constant(info.name, &value));
    ck_assert_int_eq(value, info.value);
    if (strcmp(info.group, "status") == 0) {
      ck_assert_str_eq(clf_status_name((clf_status)value), info.name);
    }
  }
  info.name = "untouched";
  ck_clf_fails(clf_constant_describe(-1, &info), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_constant_describe(clf_constant_count(), &info), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_constant_describe(0, NULL), CLF_ERROR_ARGUMENT);
  info.struct_size = 0;
  ck_clf_fails(clf_constant_describe(0, &info), CLF_ERROR_ARGUMENT);
  ck_assert_str_eq(info.name, "untouched");
}

TEST(constants__are_found_by_name) {
  int64_t value = 99;
  ck_clf_ok(clf_constant("CLF_ERROR_DIVERGED", &value));
  ck_assert_int_eq(value, CLF_ERROR_DIVERGED);
  ck_clf_fails(clf_constant("CLF_F23", &value), CLF_ERROR_ARGUMENT);
  ck_clf_says("CLF_F23");
  ck_clf_fails(clf_constant(NULL, &value), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_constant("CLF_F32", NULL), CLF_ERROR_ARGUMENT);
  ck_assert_int_eq(value, CLF_ERROR_DIVERGED);
}

SUITE("catalog")
