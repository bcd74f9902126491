/* The metadata of a model in an ONNX file: the names of its classes, "class_0", "class_1" …,
 * those of its features, "feature_0" …, of their categories, "category_0_0" … for each code, and
 * the caller's texts, "metadata.KEY". */
#include <stdio.h>
#include <string.h>

#include "base/context.h"
#include "base/utf8_text.h"
#include "interchange/onnx/graph.h"
#include "interchange/onnx/onnx.h"
#include "interchange/onnx/wire.h"

static void add(clf__text *to, const char *key, const char *value) {
  clf__text part = {.context = to->context};
  clf__wire_text(&part, CLF__METADATA_KEY, key);
  clf__wire_text(&part, CLF__METADATA_VALUE, value);
  clf__wire_message(to, CLF__MODEL_METADATA, &part);
  clf__text_free(&part);
}

/* In old model files the names of classes need not be UTF-8, which the format requires, so U+FFFD
 * replaces invalid bytes. */
static void add_classes(clf__text *to, const clf_model *model) {
  clf__text name = {.context = model->context};
  int64_t replaced = 0;
  for (int64_t k = 0; model->classes != NULL && k < model->outputs; k++) {
    const char *original = clf__classes_name(model->classes, k);
    char key[32];
    snprintf(key, sizeof key, "class_%lld", (long long)k);
    name.length = 0;
    replaced += clf__utf8_append(&name, (const unsigned char *)original, strlen(original) + 1);
    add(to, key, name.failed ? "" : name.bytes);
  }
  if (replaced > 0) {
    clf__log(model->context, CLF_LOG_WARNING,
             "onnx: names of classes that are no UTF-8: %lld bytes became U+FFFD",
             (long long)replaced);
  }
  to->failed |= name.failed;
  clf__text_free(&name);
}

static void add_features(clf__text *to, const clf_model *model) {
  const char *name;
  for (int64_t i = 0; (name = clf_model_feature_name(model, i)) != NULL; i++) {
    char key[32];
    snprintf(key, sizeof key, "feature_%lld", (long long)i);
    add(to, key, name);
  }
}

static void add_categories(clf__text *to, const clf_model *model) {
  for (int64_t j = clf__categories_next(model->categories, 0); j >= 0;
       j = clf__categories_next(model->categories, j + 1)) {
    for (int64_t k = 0; k < clf_model_category_count(model, j); k++) {
      char key[64];
      snprintf(key, sizeof key, "category_%lld_%lld", (long long)j, (long long)k);
      add(to, key, clf_model_category_name(model, j, k));
    }
  }
}

static void add_texts(clf__text *to, const clf_model *model) {
  const char *key;
  for (int64_t i = 0; (key = clf_model_metadata_key(model, i)) != NULL; i++) {
    char name[256];
    snprintf(name, sizeof name, "metadata.%s", key);
    add(to, name, clf_model_metadata(model, key));
  }
}

void clf__onnx_metadata(clf__text *to, const clf_model *model) {
  add_classes(to, model);
  add_features(to, model);
  add_categories(to, model);
  add_texts(to, model);
}
