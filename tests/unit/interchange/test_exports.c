/* What there is can be written in other forms, or says why not: a new layer or model can't be
 * forgotten by an exporter. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "detect/scanner.h"
#include "interchange/csource/csource.h"
#include "interchange/onnx/layers.h"
#include "support.h"

enum { ROWS = 6, SIDE = 8, PIXELS = SIDE * SIDE };

static char path[] = "/tmp/classify-exports-XXXXXX";

static void setup(void) {
  close(mkstemp(path));
}

static void teardown(void) {
  unlink(path);
}

TEST(layers__name_an_operation_that_has_a_rule_or_a_refusal) {
  for (const clf__kind *const *kind = clf__layer_kinds.kinds; *kind != NULL; kind++) {
    const clf__layer_kind *layer = (const clf__layer_kind *)(const void *)*kind;
    const int32_t operation = layer->operation;
    ck_assert_msg(operation > CLF__OPERATION_OWN && operation < CLF__OPERATIONS,
                  "%s names no operation", (*kind)->name);
    ck_assert_msg((operation == CLF__OPERATION_CHANNEL_MAP) == (layer->map != NULL), "%s",
                  (*kind)->name);
  }
  for (int32_t operation = 0; operation < CLF__OPERATIONS; operation++) {
    const clf__scan_rule *scan = &clf__scan_rules[operation];
    const clf__graph_rule *graph = &clf__graph_rules[operation];
    ck_assert_msg((scan->write != NULL) != (scan->refusal != NULL), "detect, %d", operation);
    const clf__csource_rule *source = &clf__csource_rules[operation];
    ck_assert_msg((graph->add != NULL) != (graph->refusal != NULL), "onnx, %d", operation);
    ck_assert_msg((source->add != NULL) != (source->refusal != NULL), "c, %d", operation);
  }
}

/* Rows of zeros and ones, which are pixels as well as ids, of two classes. */
static clf_dataset *binary_rows(void) {
  static float x[ROWS * PIXELS];
  static int32_t y[ROWS];
  for (int i = 0; i < ROWS * PIXELS; i++) {
    x[i] = (float)(i * 7 / 3 % 2);
  }
  for (int i = 0; i < ROWS; i++) {
    y[i] = i % 2;
  }
  return dataset_of(NULL, x, CLF_F32, ROWS, PIXELS, y);
}

/* A network with a layer of the kind between others that give it what it takes. */
static clf_model *network_with(const clf__layer_kind *kind) {
  char params[256];
  const bool sequences = kind->dimensions == 2;
  snprintf(params, sizeof params, "%s epochs=1 layers='%s%s; flatten; dense units=2'",
           sequences || kind->dimensions == 1 ? "" : "input=8,8,1",
           sequences ? "embedding vocabulary=2 units=3 mask=false; " : "", kind->base.name);
  clf_dataset *data = binary_rows();
  clf_model *model = fitted(NULL, "network", params, data);
  clf_dataset_free(data);
  return model;
}

/* Asserts a success, or a refusal whose message names the format. */
static void check_status(clf_status status, const char *who, const char *kind) {
  if (status != CLF_OK) {
    ck_assert_msg(status == CLF_ERROR_UNSUPPORTED && strstr(clf_last_error(), who) != NULL,
                  "%s: %s %s", kind, clf_status_name(status), clf_last_error());
  }
}

TEST(layers__are_written_or_refused_in_words) {
  for (const clf__kind *const *kind = clf__layer_kinds.kinds; *kind != NULL; kind++) {
    clf_model *model = network_with((const clf__layer_kind *)(const void *)*kind);
    check_status(clf_model_export(model, "onnx", path, NULL), "onnx: ", (*kind)->name);
    check_status(clf_model_export(model, "c", path, NULL), "c: ", (*kind)->name);
    clf_model_free(model);
  }
}

TEST(layers_of_images__are_moved_over_larger_ones_or_refused_in_words) {
  for (const clf__kind *const *kind = clf__layer_kinds.kinds; *kind != NULL; kind++) {
    const clf__layer_kind *layer = (const clf__layer_kind *)(const void *)*kind;
    clf_model *model = network_with(layer);
    clf_detector *detector = NULL;
    check_status(clf_detector_create(&detector, model, NULL), "detector: ", (*kind)->name);
    ck_assert_msg((detector != NULL) == (layer->dimensions == 3 || layer->dimensions == 0),
                  "%s: %s", (*kind)->name, clf_last_error());
    clf_detector_free(detector);
    clf_model_free(model);
  }
}

/* Every model in every format is written, and read back if the format is readable, or it is
 * refused. */
TEST(models__are_written_or_refused_in_words) {
  clf_dataset *data = binary_rows();
  for (const clf__kind *const *kind = clf__model_kinds.kinds; *kind != NULL; kind++) {
    const int32_t decision = ((const clf__model_kind *)(const void *)*kind)->decision;
    clf_model *model = fitted(NULL, (*kind)->name, NULL, data);
    ck_assert_msg(decision > CLF__DECISION_OWN && decision < CLF__DECISIONS, "%s", (*kind)->name);
    int written = 0;
    for (const clf__kind *const *at = clf__model_writers.kinds; *at != NULL; at++) {
      const clf_status status = clf_model_export(model, (*at)->name, path, NULL);
      check_status(status, (*at)->name, (*kind)->name);
      written += status == CLF_OK;
      if (status == CLF_OK && clf__kind_named(&clf__model_readers, (*at)->name) != NULL) {
        clf_model *again = NULL;
        ck_clf_ok(clf_model_import(&again, NULL, (*at)->name, path, NULL));
        clf_model_free(again);
      }
    }
    ck_assert_msg(written > 0, "%s is written in no format", (*kind)->name);
    clf_model_free(model);
  }
  clf_dataset_free(data);
}

SUITE("exports", .setup = setup, .teardown = teardown)
