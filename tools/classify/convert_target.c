#include "convert_target.h"

#include <classify.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "params.h"
#include "report/text.h"
#include "tool.h"

enum { MAX_FORMATS = 32 };

/* What names of files end in. Without its dot, an ending is also a name for --to. */
typedef struct ending {
  const char *text;
  bool model;
  const char *format, *params;
} ending;

static const ending endings[] = {
    {".csv", false, "csv", ""},
    {".tsv", false, "csv", "delimiter=tab"},
    {".svm", false, "svmlight", ""},
    {".svmlight", false, "svmlight", ""},
    {".libsvm", false, "svmlight", ""},
    {".npy", false, "npy", "archive=false"},
    {".npz", false, "npy", "archive=true"},
    {".rows", false, "rows", ""},
    {".idx", false, "idx", ""},
    {"-ubyte", false, "idx", ""},
    {".clf", true, FORMAT_OWN, ""},
    {".onnx", true, "onnx", ""},
    {".c", true, "c", ""},
    {".libsvm", true, "libsvm", ""},
    {".liblinear", true, "liblinear", ""},
};
enum { ENDINGS = sizeof endings / sizeof *endings };

static const struct {
  const char *format;
  unsigned holds;
} holdings[] = {{"csv", HOLDS_NAMES},
                {"npy", HOLDS_SHAPE},
                {"rows", HOLDS_NAMES | HOLDS_SHAPE},
                {"idx", HOLDS_SHAPE},
                {FORMAT_OWN, HOLDS_NAMES | HOLDS_NOTES | HOLDS_TEXTS},
                {"onnx", HOLDS_NAMES | HOLDS_NOTES},
                {"c", HOLDS_NAMES}};

static const char *area_of(bool model) {
  return model ? "model_writer" : "dataset_writer";
}

static bool is_format(bool model, const char *name) {
  return (model && strcmp(name, FORMAT_OWN) == 0) || clf_kind_help(area_of(model), name) != NULL;
}

static int set_target(target *out, const char *format, const char *params, const char *more) {
  snprintf(out->format, sizeof out->format, "%s", format);
  out->params = params_join(params, more);
  if (out->params == NULL) {
    return tool_fail(CLF_ERROR_MEMORY);
  }
  for (size_t i = 0; i < sizeof holdings / sizeof *holdings; i++) {
    out->holds |= strcmp(holdings[i].format, format) == 0 ? holdings[i].holds : 0;
  }
  return -1;
}

/* Lists the formats, and what else names them; returns their number. */
static size_t list_formats(const char *names[MAX_FORMATS], bool model) {
  size_t count = 0;
  if (model) {
    names[count++] = FORMAT_OWN;
  }
  for (int64_t i = 0; i < clf_kind_count(area_of(model)) && count < MAX_FORMATS; i++) {
    names[count++] = clf_kind_name(area_of(model), i);
  }
  return count;
}

static int find_named(target *out, bool model, const char *text) {
  const char *names[MAX_FORMATS];
  char kind[KIND_BYTES];
  const char *params = params_split(kind, text);
  if (is_format(model, kind)) {
    return set_target(out, kind, "", params);
  }
  for (size_t i = 0; i < ENDINGS; i++) {
    if (endings[i].model == model && strcmp(endings[i].text + 1, kind) == 0) {
      return set_target(out, endings[i].format, endings[i].params, params);
    }
  }
  if (is_format(!model, kind)) {
    complain("--to: '%s' is a format of %s, and the input holds %s", kind,
             model ? "data" : "models", model ? "a model" : "data");
    return EXIT_USAGE;
  }
  return reject_name(model ? "format of models" : "format of data", kind, names,
                     list_formats(names, model), NULL);
}

static bool ends_with(const char *text, const char *with) {
  const size_t length = strlen(text), own = strlen(with);
  return length >= own && strcmp(text + length - own, with) == 0;
}

static int find_by_path(target *out, bool model, const char *path) {
  const char *names[MAX_FORMATS];
  char all[200] = "";
  for (size_t i = 0; i < ENDINGS; i++) {
    if (endings[i].model == model && ends_with(path, endings[i].text)) {
      return set_target(out, endings[i].format, endings[i].params, "");
    }
  }
  const size_t count = list_formats(names, model);
  for (size_t i = 0; i < count; i++) {
    const size_t length = strlen(all);
    snprintf(all + length, sizeof all - length, "%s%s",
             i == 0           ? ""
             : i + 1 == count ? " or "
                              : ", ",
             names[i]);
  }
  if (ends_with(path, ".gz")) {
    complain(
        "'%s': compressed files are not written; write to - with --to FORMAT and pipe it through "
        "gzip",
        path);
  } else {
    complain("the name '%s' does not say in which format to write %s; --to does: %s", path,
             model ? "a model" : "data", all);
  }
  return EXIT_USAGE;
}

int target_find(target *out, bool model, const char *text, const char *path) {
  *out = (target){.params = NULL};
  return text != NULL ? find_named(out, model, text) : find_by_path(out, model, path);
}

/* Whether a value names one column: it is no number, "none", or several columns. */
static bool is_name(const char *value) {
  return value != NULL && strchr(value, ',') == NULL && strcmp(value, "none") != 0 &&
         strspn(value, "-0123456789") < strlen(value);
}

int target_keep(target *self, const char *reading, const char *parameter) {
  char *value = params_value(reading, parameter), *kept = NULL, *params = NULL, among[64];
  const bool keeps = is_name(value) && !params_has(self->params, parameter);
  snprintf(among, sizeof among, "|%s|", parameter);
  if (keeps && (kept = params_among(reading, among, true)) != NULL) {
    params = params_join(self->params, kept);
  }
  if (params != NULL) {
    free(self->params);
    self->params = params;
  }
  free(value);
  free(kept);
  return keeps && params == NULL ? tool_fail(CLF_ERROR_MEMORY) : -1;
}

void target_free(target *self) {
  free(self->params);
  *self = (target){.params = NULL};
}
