/* Any text as the parameters of any kind that is made by one: it is refused with a message, or what
 * is made says by its own parameters how to make it again. The first byte picks the kind. */
#include <string.h>

#include "base/memory.h"
#include "data/dataset.h"
#include "fuzz.h"

static void make_context(const char *kind, const char *text) {
  clf_context *context = NULL;
  (void)kind;
  clf_status status = clf_context_create(&context, NULL, text);
  FUZZ_CHECK((status == CLF_OK) == (context != NULL));
  clf_context_free(context);
}

/* The parameters, read back one by one, make an equal model. */
static void check_model(const clf_model *model, clf_context *context) {
  const char *kind = clf_model_kind(model);
  clf_model *again = NULL, *clone = NULL;
  FUZZ_CHECK(clf_model_create(&again, context, kind, NULL) == CLF_OK);
  FUZZ_CHECK(clf_model_clone(&clone, model) == CLF_OK);
  for (int64_t i = 0; i < clf_param_count("model", kind); i++) {
    static char value[1 << 12], cloned[1 << 12];
    clf_param_info param = {.struct_size = sizeof param};
    size_t needed = 0;
    FUZZ_CHECK(clf_param_describe("model", kind, i, &param) == CLF_OK);
    FUZZ_CHECK(clf_model_get_text(model, param.name, value, sizeof value, &needed) == CLF_OK);
    FUZZ_CHECK(clf_model_get_text(clone, param.name, cloned, sizeof cloned, NULL) == CLF_OK);
    FUZZ_CHECK(needed <= sizeof value && strcmp(value, cloned) == 0);
    FUZZ_CHECK(value[0] == '\0' || clf_model_set_text(again, param.name, value) == CLF_OK);
  }
  clf_model_free(clone);
  clf_model_free(again);
}

static void make_model(const char *kind, const char *text) {
  clf_context *context = NULL;
  clf_model *model = NULL;
  FUZZ_CHECK(clf_context_create(&context, NULL, "threads=1 memory_limit=64000000") == CLF_OK);
  const uint64_t held = clf_context_memory(context);
  clf_status status = clf_model_create(&model, context, kind, text);
  FUZZ_CHECK((status == CLF_OK) == (model != NULL));
  if (model != NULL) {
    static char summary[1 << 14];
    check_model(model, context);
    clf_network_summary(model, summary, sizeof summary, NULL);
  }
  clf_model_free(model);
  FUZZ_CHECK(clf_context_memory(context) == held);
  clf_context_free(context);
}

static void make_transform(const char *kind, const char *text) {
  clf_transform *transform = NULL;
  clf_status status = clf_transform_create(&transform, NULL, kind, text);
  FUZZ_CHECK((status == CLF_OK) == (transform != NULL));
  clf_transform_free(transform);
}

static void make_optimizer(const char *kind, const char *text) {
  clf_optimizer *optimizer = NULL;
  clf_status status = clf_optimizer_create(&optimizer, NULL, kind, text);
  FUZZ_CHECK((status == CLF_OK) == (optimizer != NULL));
  clf_optimizer_free(optimizer);
}

static void make_vocabulary(const char *kind, const char *text) {
  static const char *const words[] = {"one two two", "two three"};
  clf_vocabulary *vocabulary = NULL;
  clf_documents *documents = NULL;
  (void)kind;
  if (clf_vocabulary_create(&vocabulary, NULL, text) == CLF_OK) {
    FUZZ_CHECK(clf_documents_create(&documents, NULL, words, NULL, 2) == CLF_OK);
    clf_vocabulary_build(vocabulary, documents);
  }
  clf_documents_free(documents);
  clf_vocabulary_free(vocabulary);
}

/* A reader's parameters, and a small text read by them. */
static void make_format(const char *kind, const char *text) {
  static const char file[] = "1,2,a\n3,4,b\n";
  const clf__dataset_reader *format = clf__kind_named(&clf__dataset_readers, kind);
  clf_context *context = NULL;
  clf_dataset *dataset = NULL;
  void *values = NULL;
  FUZZ_CHECK(clf_context_create(&context, NULL, "threads=1 memory_limit=64000000") == CLF_OK);
  clf_status status = clf__params_create(&values, context, &format->base.params, text);
  if (status == CLF_OK && format->parse != NULL) {
    unsigned char *block = clf__alloc(context, sizeof file - 1);
    FUZZ_CHECK(block != NULL);
    memcpy(block, file, sizeof file - 1);
    clf__bytes bytes = {block, sizeof file - 1, false};
    status = format->parse(&dataset, context, &bytes, "file", values);
    FUZZ_CHECK((status == CLF_OK) == (dataset != NULL));
    clf__bytes_release(&bytes);
  }
  clf_dataset_free(dataset);
  clf__params_free(&format->base.params, values);
  clf_context_free(context);
}

static void make_documents(const char *kind, const char *text) {
  clf_documents *documents = NULL;
  FUZZ_CHECK(clf_documents_load(&documents, NULL, kind, "/nowhere", text) < CLF_OK);
}

/* An image read and changed by the parameters. */
static void make_image(const char *kind, const char *text) {
  static const char file[] = "P5 3 2 255\n\1\2\3\4\5\6";
  clf_image *image = NULL, *changed = NULL;
  (void)kind;
  clf_image_load_memory(&image, NULL, file, sizeof file - 1, text);
  clf_image_free(image);
  image = NULL;
  FUZZ_CHECK(clf_image_load_memory(&image, NULL, file, sizeof file - 1, NULL) == CLF_OK);
  if (strlen(text) < 40) { /* a blur of thousands of pixels takes its time */
    clf_image_tan_triggs(&changed, image, text);
  }
  clf_image_free(changed);
  clf_image_free(image);
}

/* Makes a network of one layer with the text as its parameters. */
static void make_layer(const char *kind, const char *text) {
  static char params[1 << 16];
  if (strpbrk(text, "'\"") == NULL) {
    snprintf(params, sizeof params, "input=4,4,1 layers='%s %s'", kind, text);
    make_model("network", params);
  }
}

static const struct {
  const char *area;
  void (*make)(const char *kind, const char *text);
} areas[] = {{"context", make_context},
             {"model", make_model},
             {"transform", make_transform},
             {"optimizer", make_optimizer},
             {"dataset_reader", make_format},
             {"document_reader", make_documents},
             {"layer", make_layer},
             {"vocabulary", make_vocabulary},
             {"image", make_image}};
enum { AREAS = sizeof areas / sizeof areas[0] };

/* Finds area and kind number `index` of all; returns false after the last. */
static bool find_kind(int64_t index, int *area, const char **kind) {
  for (*area = 0; *area < AREAS; ++*area) {
    const int64_t count = clf_kind_count(areas[*area].area);
    if (index < count) {
      *kind = clf_kind_name(areas[*area].area, index);
      return true;
    }
    index -= count;
  }
  return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const char *kind = NULL;
  int area = 0;
  if (size == 0 || !find_kind(data[0], &area, &kind)) {
    return 0;
  }
  char *text = malloc(size);
  FUZZ_CHECK(text != NULL);
  memcpy(text, data + 1, size - 1);
  text[size - 1] = '\0';
  areas[area].make(kind, text);
  free(text);
  return 0;
}

/* Every kind with all of its parameters at their defaults. */
size_t fuzz_seed(int index, uint8_t *buffer, size_t capacity) {
  const char *kind = NULL;
  int area = 0;
  size_t length = 1;
  if (!find_kind(index, &area, &kind)) {
    return 0;
  }
  buffer[0] = (uint8_t)index;
  for (int64_t i = 0; i < clf_param_count(areas[area].area, kind); i++) {
    clf_param_info param = {.struct_size = sizeof param};
    FUZZ_CHECK(clf_param_describe(areas[area].area, kind, i, &param) == CLF_OK);
    if (param.default_value == NULL || param.default_value[0] == '\0') {
      continue;
    }
    int added = snprintf((char *)buffer + length, capacity - length, "%s=%s%s%s ", param.name,
                         strchr(param.default_value, ' ') != NULL ? "'" : "", param.default_value,
                         strchr(param.default_value, ' ') != NULL ? "'" : "");
    FUZZ_CHECK(added > 0 && (size_t)added < capacity - length);
    length += (size_t)added;
  }
  return length;
}
