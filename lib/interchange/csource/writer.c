/* Fitted models as C source code: one file of C99 without any library but, where a kernel, an
 * activation or probabilities need exp or log, <math.h>. It has the functions NAME_predict and
 * NAME_decision, and NAME_probabilities for models that have probabilities. A row passes the same
 * transforms, roundings and decisions as in the library; sums are in doubles.
 *
 * Numbers are written with the shortest digits that a compiler reads back as the same float or
 * double, in any locale. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "interchange/csource/csource.h"
#include "models/decision/decision.h"

typedef struct csource_params {
  char *name;
  int32_t input;
} csource_params;

#define CLF__VALUES csource_params
static const clf__param params[] = {
    CLF__TEXT(name, "model", "begins all names in the file: a letter, then letters, digits and _"),
    CLF__CHOICE(input, "f32|f64", "f32", "type of the features: float or double"),
};

enum { MAX_NAME = 40, MAX_LITERAL = 4095 /* bytes, of C99 */ };

static bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static clf_status check_name(const char *name) {
  bool valid = name != NULL && is_letter(name[0]) && strlen(name) <= MAX_NAME;
  for (const char *at = name; valid && *at != '\0'; at++) {
    valid = is_letter(*at) || (*at >= '0' && *at <= '9') || *at == '_';
  }
  return valid ? CLF_OK
               : clf__fail(CLF_ERROR_ARGUMENT,
                           "c: name='%s' cannot begin names in C: take a letter, then up to %d "
                           "letters, digits and _",
                           name != NULL ? name : "", MAX_NAME - 1);
}

/* A literal of any bytes. ?? would begin a trigraph. */
static void append_literal(clf__text *text, const char *bytes) {
  clf__text_append(text, "\"");
  for (const char *at = bytes; *at != '\0'; at++) {
    const unsigned char c = (unsigned char)*at;
    if (c < ' ' || c > '~' || c == '"' || c == '\\' || c == '?') {
      clf__text_append(text, "\\%03o", c);
    } else {
      clf__text_append_bytes(text, at, 1);
    }
  }
  clf__text_append(text, "\"");
}

/* Writes the names of classes, or of features. */
static clf_status write_names(clf__csource *source, const char *what, int64_t count,
                              const char *(*name_of)(const clf_model *model, int64_t index)) {
  clf__text *text = &source->text;
  clf__csource_code(source, text, "\nconst char *const @%s_names[%lld] = {\n", what,
                    (long long)count);
  for (int64_t i = 0; i < count; i++) {
    const char *name = name_of(source->model, i);
    if (strlen(name) > MAX_LITERAL) {
      return clf__fail(CLF_ERROR_UNSUPPORTED,
                       "c: the name of %s %lld has %zu bytes; a literal of C99 has %d at most",
                       what, (long long)i, strlen(name), MAX_LITERAL);
    }
    clf__text_append(text, "    ");
    append_literal(text, name);
    clf__text_append(text, ",\n");
  }
  clf__text_append(text, "};\n");
  return CLF_OK;
}

static const char *input_of(const csource_params *chosen) {
  return chosen->input == 0 ? "float" : "double";
}

/* What the reader of the file needs, and the declarations. */
static clf_status write_head(clf__csource *source, const char *input) {
  const clf_model *model = source->model;
  const bool classes = model->classes != NULL, outliers = clf__model_separates_outliers(model);
  const long long features = model->features, outputs = model->outputs;
  clf__text *text = &source->text;
  clf__text_append(
      text,
      "/* A model of kind %s as C99 source code, written by libclassify %s.\n *\n"
      " * A row x [%lld] has the features that the model was fitted on, in their order "
      "and units;\n * all must be finite. Transforms are included.%s The functions "
      "allocate no memory and change\n * no state, so any number of threads may call "
      "them. */\n",
      model->kind->base.name, clf_version(), features,
      model->vocabulary != NULL ? " Of texts, it has what the vocabulary encodes." : "");
  clf__csource_code(source, text, "\nenum { @FEATURES = %lld, @%s = %lld };\n", features,
                    classes ? "CLASSES" : "OUTPUTS", outputs);
  clf__csource_code(
      source, text,
      classes    ? "\n/* Computes scores [@CLASSES]; the predicted class has the largest. */\n"
      : outliers ? "\n/* Computes the score, positive for rows like those of the fit. */\n"
                 : "\n/* Computes the outputs of the regression, scores [@OUTPUTS]. */\n");
  clf__csource_code(source, text, "void @decision(const %s *x, double *scores);\n", input);
  if (clf__decision_has_probabilities(model)) {
    clf__csource_code(source, text,
                      "\n/* Computes the probabilities p [@CLASSES] of the classes. */\n"
                      "void @probabilities(const %s *x, double *p);\n",
                      input);
  }
  if (classes) {
    clf__csource_code(source, text,
                      "\n/* Returns the class, an index into @class_names. */\n"
                      "int @predict(const %s *x);\n",
                      input);
    CLF__CHECK(write_names(source, "class", outputs, clf_model_class_name));
  } else if (outliers) {
    clf__csource_code(source, text,
                      "\n/* Returns 0 for a row like those of the fit, -1 for another one. */\n"
                      "int @predict(const %s *x);\n",
                      input);
  }
  return clf_model_feature_name(model, 0) != NULL
             ? write_names(source, "feature", features, clf_model_feature_name)
             : CLF_OK;
}

static clf_status write_decision(clf__csource *source, const char *input) {
  static const char *const types[CLF__CSOURCE_LOCALS] = {"float a", "float b", "double c",
                                                         "double d"};
  clf__text *text = &source->text;
  clf__csource_code(source, text, "\nvoid @decision(const %s *x, double *scores) {\n", input);
  for (int i = 0; i < CLF__CSOURCE_LOCALS; i++) {
    if (source->size[i] > 0) {
      clf__csource_code(source, text, "  %s[%lld];\n", types[i], (long long)source->size[i]);
    }
  }
  CLF__CHECK(clf__output_text(source->output, text, 0));
  CLF__CHECK(clf__output_text(source->output, &source->body, 0));
  clf__text_append(text, "}\n");
  return CLF_OK;
}

static void write_outlier(clf__csource *source, const char *input) {
  clf__csource_code(source, &source->text,
                    "\nint @predict(const %s *x) {\n"
                    "  double score;\n"
                    "  @decision(x, &score);\n"
                    "  return score > 0 ? 0 : -1;\n"
                    "}\n",
                    input);
}

static clf_status write_model(clf__csource *source, const char *input) {
  const clf_model *model = source->model;
  static clf_status (*const decisions[CLF__DECISIONS])(clf__csource *) = {
      [CLF__DECISION_LINEAR] = clf__csource_linear,
      [CLF__DECISION_LAYERS] = clf__csource_network,
      [CLF__DECISION_MACHINES] = clf__csource_svm,
  };
  if (decisions[model->kind->decision] == NULL) {
    return clf__fail(CLF_ERROR_UNSUPPORTED, "c: models of kind %s are not written",
                     model->kind->base.name);
  }
  if (model->features > INT32_MAX || model->outputs > INT32_MAX) {
    return clf__fail(CLF_ERROR_UNSUPPORTED, "c: %lld features are more than an int can count",
                     (long long)model->features);
  }
  CLF__CHECK(write_head(source, input));
  CLF__CHECK(clf__csource_transforms(source));
  CLF__CHECK(decisions[model->kind->decision](source));
  CLF__CHECK(write_decision(source, input));
  if (clf__decision_has_probabilities(model)) {
    CLF__CHECK(clf__csource_probabilities(source, input));
  }
  if (model->classes != NULL) {
    clf__csource_predict(source, input);
  } else if (clf__model_separates_outliers(model)) {
    write_outlier(source, input);
  }
  return clf__output_text(source->output, &source->text, 0);
}

static clf_status write(const clf_model *model, clf__output *output, const void *values) {
  const csource_params *chosen = values;
  clf__csource source = {.model = model,
                         .name = chosen->name,
                         .output = output,
                         .text.context = model->context,
                         .body.context = model->context,
                         .values = "x",
                         .columns = model->features,
                         .wide = chosen->input != 0};
  clf_status status = CLF_OK;
  CLF__TRY(check_name(chosen->name));
  status = write_model(&source, input_of(chosen));
  if (source.text.failed || source.body.failed) {
    status = clf__memory_refused(model->context); /* what followed it has set messages too */
  }
done:
  clf__text_free(&source.text);
  clf__text_free(&source.body);
  return status;
}

const clf__model_writer clf__model_writer_c = {
    .base = CLF__KIND("c", "C source code of the decisions, without any library", params,
                      csource_params),
    .write = write,
};
