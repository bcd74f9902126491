/* What a file of the library's own holds. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "inspect.h"
#include "report/text.h"

/* Defines a function that returns what a function of the library writes to a buffer, to be freed;
 * NULL after a failure. */
#define TEXT_FUNCTION(name, of, type)                                                              \
  static char *name(const type *handle) {                                                          \
    size_t size = 0;                                                                               \
    char *text = of(handle, NULL, 0, &size) == CLF_OK ? malloc(size) : NULL;                       \
    if (text != NULL && of(handle, text, size, NULL) < 0) {                                        \
      free(text);                                                                                  \
      text = NULL;                                                                                 \
    }                                                                                              \
    return text;                                                                                   \
  }

TEXT_FUNCTION(model_params, clf_model_params, clf_model)
TEXT_FUNCTION(model_description, clf_model_describe, clf_model)
TEXT_FUNCTION(network_summary, clf_network_summary, clf_model)
TEXT_FUNCTION(optimizer_params, clf_optimizer_params, clf_optimizer)
TEXT_FUNCTION(vocabulary_params, clf_vocabulary_params, clf_vocabulary)
TEXT_FUNCTION(transform_params, clf_transform_params, clf_transform)
TEXT_FUNCTION(detector_params, clf_detector_params, clf_detector)

/* Adds "kind params" and frees the parameters. */
static void add_kind(sheet *out, const char *name, const char *kind, char *params) {
  out->failed = out->failed || params == NULL;
  if (params != NULL) {
    sheet_text(out, name, "%s%s%s", kind, *kind != '\0' && *params != '\0' ? " " : "", params);
  }
  free(params);
}

/* Adds the lines "after standardize mean=true" and "precision int8, on 2048 rows: ..." of the
 * description, which follow the first part, the model's own kind and parameters. */
static void add_description(sheet *out, const clf_model *model) {
  char *params = model_params(model), *description = model_description(model);
  out->failed = out->failed || params == NULL || description == NULL;
  if (params != NULL && description != NULL) {
    const size_t own = strlen(clf_model_kind(model)) + strlen(params);
    char *rest = description + (own < strlen(description) ? own : 0);
    for (char *line = strtok(rest, "\n"); line != NULL; line = strtok(NULL, "\n")) {
      if (strncmp(line, "after ", 6) == 0) {
        sheet_item(out, "transforms", "%s", line + 6);
      } else if (strncmp(line, "precision ", 10) == 0) {
        sheet_text(out, "precision", "%s", line + 10);
      }
    }
  }
  free(params);
  free(description);
}

static void add_vocabulary(sheet *out, const clf_vocabulary *vocabulary) {
  enum { FREQUENT = 20 };
  add_kind(out, "vocabulary", "", vocabulary_params(vocabulary));
  sheet_integer(out, "words", clf_vocabulary_count(vocabulary));
  sheet_integer(out, "documents", clf_vocabulary_document_count(vocabulary));
  for (int64_t i = 0; i < clf_vocabulary_count(vocabulary) && i < FREQUENT; i++) {
    const char *word = clf_vocabulary_word(vocabulary, i);
    sheet_item(out, "first_words", "%s", word != NULL ? word : "");
  }
}

static const char *dtype_name(int32_t dtype) {
  static const char *const names[] = {
      [CLF_F32] = "f32", [CLF_F64] = "f64",   [CLF_U8] = "u8", [CLF_I32] = "i32",
      [CLF_I64] = "i64", [CLF_BF16] = "bf16", [CLF_I8] = "i8"};
  return names[dtype];
}

static int64_t element_bytes(int32_t dtype) {
  static const int64_t bytes[] = {[CLF_F32] = 4, [CLF_F64] = 8,  [CLF_U8] = 1, [CLF_I32] = 4,
                                  [CLF_I64] = 8, [CLF_BF16] = 2, [CLF_I8] = 1};
  return bytes[dtype];
}

static const table_column tensor_columns[] = {
    {"tensor", false, 0}, {"type", false, 0}, {"shape", false, 0}, {"bytes", true, 0}};

static void add_tensors(sheet *out, const clf_model *model) {
  const char *name;
  table *rows = sheet_table_of(out, "tensors", tensor_columns,
                               sizeof tensor_columns / sizeof *tensor_columns);
  for (int64_t i = 0; (name = clf_model_tensor_name(model, i)) != NULL; i++) {
    char shape[256] = "";
    clf_tensor *tensor = NULL;
    if (clf_model_tensor(&tensor, model, name) < 0) {
      out->failed = true;
      return;
    }
    for (int32_t d = 0; d < clf_tensor_ndim(tensor); d++) {
      snprintf(shape + strlen(shape), sizeof shape - strlen(shape), "%s%" PRId64, d > 0 ? "x" : "",
               clf_tensor_extent(tensor, d));
    }
    table_text(rows, name);
    table_text(rows, dtype_name(clf_tensor_dtype(tensor)));
    table_text(rows, shape);
    table_integer(rows, clf_tensor_count(tensor) * element_bytes(clf_tensor_dtype(tensor)));
    clf_tensor_free(tensor);
  }
}

/* The number of iterations, of the machine with most of them. */
static void add_iterations(sheet *out, const clf_model *model) {
  clf_tensor *tensor = NULL;
  bool there = false;
  const char *name;
  for (int64_t i = 0; (name = clf_model_tensor_name(model, i)) != NULL; i++) {
    there = there || strcmp(name, "iterations") == 0;
  }
  if (there && clf_model_tensor(&tensor, model, "iterations") == CLF_OK) {
    const int64_t *counts = clf_tensor_data(tensor);
    int64_t most = 0;
    for (int64_t i = 0; i < clf_tensor_count(tensor); i++) {
      most = counts[i] > most ? counts[i] : most;
    }
    sheet_integer(out, "iterations", most);
  }
  clf_tensor_free(tensor);
}

static void add_classes(sheet *out, const clf_model *model) {
  const char *name;
  if (clf_model_classes(model) == 0) {
    sheet_integer(out, "targets", clf_model_outputs(model));
    return;
  }
  sheet_integer(out, "classes", clf_model_classes(model));
  for (int64_t i = 0; (name = clf_model_class_name(model, i)) != NULL; i++) {
    sheet_item(out, "class_names", "%s", name);
  }
}

static const table_column note_columns[] = {{"key", false, 0}, {"value", false, 0}};

static void add_metadata(sheet *out, const clf_model *model) {
  const char *key = clf_model_metadata_key(model, 0);
  if (key != NULL) {
    table *rows = sheet_table_of(out, "metadata", note_columns, 2);
    for (int64_t i = 0; (key = clf_model_metadata_key(model, i)) != NULL; i++) {
      table_text(rows, key);
      table_text(rows, clf_model_metadata(model, key));
    }
  }
}

/* The layers, their shapes and their numbers of weights. */
static void add_layers(sheet *out, const clf_model *model) {
  char *summary = network_summary(model);
  if (summary != NULL) {
    sheet_text(out, "layers", "%s", summary);
  }
  free(summary);
}

static void add_model(sheet *out, const clf_model *model) {
  const char *name;
  add_kind(out, "model", clf_model_kind(model), model_params(model));
  add_description(out, model);
  if (clf_model_optimizer(model) != NULL) {
    add_kind(out, "optimizer", clf_optimizer_kind(clf_model_optimizer(model)),
             optimizer_params(clf_model_optimizer(model)));
  }
  if (clf_model_vocabulary(model) != NULL) {
    add_vocabulary(out, clf_model_vocabulary(model));
  }
  if (strcmp(clf_model_kind(model), "network") == 0) {
    add_layers(out, model);
  }
  sheet_integer(out, "features", clf_model_features(model));
  for (int64_t i = 0; (name = clf_model_feature_name(model, i)) != NULL; i++) {
    sheet_item(out, "feature_names", "%s", name);
  }
  add_classes(out, model);
  sheet_text(out, "outcome", clf_model_outcome(model) == CLF_OK ? "converged" : "not converged");
  add_iterations(out, model);
  add_metadata(out, model);
  add_tensors(out, model);
}

/* Each of these loads one kind of file and adds what it holds. */
static clf_status load_detector(sheet *out, const tool *t, const char *path) {
  clf_detector *detector = NULL;
  const clf_status status = clf_detector_load(&detector, t->context, path, NULL);
  if (status == CLF_OK) {
    sheet_text(out, "kind", "detector");
    add_kind(out, "detector", "", detector_params(detector));
    add_model(out, clf_detector_model(detector));
  }
  clf_detector_free(detector);
  return status;
}

static clf_status add_and_free(sheet *out, clf_model *model, clf_status status) {
  if (status == CLF_OK) {
    sheet_text(out, "kind", "model");
    add_model(out, model);
  }
  clf_model_free(model);
  return status;
}

static clf_status load_model(sheet *out, const tool *t, const char *path) {
  clf_model *model = NULL;
  const clf_status status = clf_model_load(&model, t->context, path);
  return add_and_free(out, model, status);
}

static clf_status load_transform(sheet *out, const tool *t, const char *path) {
  clf_transform *transform = NULL;
  const clf_status status = clf_transform_load(&transform, t->context, path);
  if (status == CLF_OK) {
    sheet_text(out, "kind", "transform");
    add_kind(out, "transform", clf_transform_kind(transform), transform_params(transform));
  }
  clf_transform_free(transform);
  return status;
}

static clf_status load_vocabulary(sheet *out, const tool *t, const char *path) {
  clf_vocabulary *vocabulary = NULL;
  const clf_status status = clf_vocabulary_load(&vocabulary, t->context, path);
  if (status == CLF_OK) {
    sheet_text(out, "kind", "vocabulary");
    add_vocabulary(out, vocabulary);
  }
  clf_vocabulary_free(vocabulary);
  return status;
}

static void add_file(sheet *out, const char *path) {
  struct stat there;
  char *name = text_of_original(path);
  sheet_text(out, "file", "%s", name != NULL ? name : path);
  free(name);
  if (stat(path, &there) == 0) {
    sheet_integer(out, "bytes", there.st_size);
  }
}

int inspect_foreign(sheet *out, const tool *t, const char *path, const char *format) {
  clf_model *model = NULL;
  clf_status status = clf_model_import(&model, t->context, format, path, NULL);
  if (status == CLF_OK) {
    add_file(out, path);
    sheet_text(out, "format", "%s", format);
  }
  status = add_and_free(out, model, status);
  return status == CLF_OK ? -1 : tool_fail(status);
}

int inspect_model(sheet *out, const tool *t, const char *path) {
  /* A detector's file has the entries of a model, and a model's may have those of a vocabulary. */
  clf_status (*const loads[])(sheet *, const tool *, const char *) = {
      load_detector, load_model, load_transform, load_vocabulary};
  char message[1024] = "";
  add_file(out, path);
  for (size_t i = 0; i < sizeof loads / sizeof *loads; i++) {
    const clf_status status = loads[i](out, t, path);
    if (status != CLF_ERROR_CORRUPT) {
      return status == CLF_OK ? -1 : tool_fail(status);
    }
    if (loads[i] == load_model) {
      snprintf(message, sizeof message, "%s", clf_last_error());
    }
  }
  complain("%s", message);
  return EXIT_FAILURE;
}
