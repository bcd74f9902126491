#include "service.h"

#include <classify.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "columns.h"
#include "crops.h"
#include "notes.h"
#include "params.h"

#define PLAIN_TABLE "label=none delimiter=comma row_numbers=false missing=nan dtype=f64"

/* A small file of a picture may claim many pixels. */
#define SMALL "max_pixels=50000000"

/* Parameters of the training's reader that new pictures and new rows need too. */
#define KEPT_OF_PICTURES "|normalize|scale|background|"
#define KEPT_OF_TABLES "|dates|decimal|thousands|missing_values|"

/* Those of the names; to be freed, NULL without memory. */
static char *kept_params(const clf_model *model, const char *names) {
  const char *params = notes_get(model, NOTE_READER_PARAMS);
  return params_among(params != NULL ? params : "", names, true);
}

/* How pictures are read: in their shape, and as those of the training. NULL without memory. */
static char *picture_params(const service *s) {
  char *kept = kept_params(s->model, KEPT_OF_PICTURES), *out = NULL;
  if (kept == NULL ||
      asprintf(&out, "height=%" PRId64 " width=%" PRId64 " channels=%" PRId64 " " SMALL " %s",
               s->height, s->width, s->channels, kept) < 0) {
    out = NULL;
  }
  free(kept);
  return out;
}

/* The shape of a network's input; false if the model has none of three axes. */
static bool read_network_shape(service *s) {
  clf_tensor *shape = NULL;
  bool found = false;
  if (clf_model_tensor(&shape, s->model, "input_shape") == CLF_OK && clf_tensor_count(shape) == 3) {
    const int64_t *sizes = clf_tensor_data(shape);
    s->height = sizes[0];
    s->width = sizes[1];
    s->channels = sizes[2];
    found = true;
  }
  clf_tensor_free(shape);
  return found;
}

/* Whether the rows are pictures, of which shape. */
static bool find_shape(service *s) {
  const char *shape = notes_get(s->model, NOTE_SHAPE);
  const bool named = shape != NULL && sscanf(shape, "%" SCNd64 "x%" SCNd64 "x%" SCNd64, &s->height,
                                             &s->width, &s->channels) == 3;
  if (!named && !read_network_shape(s)) {
    return false;
  }
  return s->height > 0 && s->width > 0 && (s->channels == 1 || s->channels == 3) &&
         s->height <= s->features && s->width <= s->features / s->height &&
         s->height * s->width * s->channels == s->features;
}

/* Joins parameters of a table, of which it frees `columns`, and those of the training. NULL where
 * there are no columns, or without memory. */
static char *table_params(const clf_model *model, const char *fixed, char *columns) {
  char *kept = kept_params(model, KEPT_OF_TABLES), *text = NULL;
  if (columns == NULL || kept == NULL || asprintf(&text, "%s %s %s", fixed, columns, kept) < 0) {
    text = NULL;
  }
  free(columns);
  free(kept);
  return text;
}

/* The columns of a table with a header; NULL where the features have no names. */
static char *named_columns(const clf_model *model) {
  char *columns = columns_of_model(model), *categories = categories_of_model(model);
  char *both = columns != NULL && categories != NULL ? params_join(columns, categories) : NULL;
  free(columns);
  free(categories);
  return both;
}

void service_end(service *s) {
  clf_detector_free(s->detector);
  free(s->columns);
  free(s->plain);
  free(s->fields);
  free(s->picture);
  name_index_free(&s->names);
  *s = (service){0};
}

static void find_sparse(service *s) {
  const char *reader = notes_get(s->model, NOTE_READER);
  const char *params = notes_get(s->model, NOTE_READER_PARAMS);
  s->sparse = reader != NULL && strcmp(reader, "svmlight") == 0;
  s->zero_based = s->sparse && params != NULL && params_is(params, "zero_based", "true");
}

int service_begin(service *out, const tool *t, const clf_model *model) {
  const char *detector = notes_get(model, NOTE_DETECTOR);
  *out = (service){
      .tool = t,
      .context = t->context,
      .model = model,
      .features = clf_model_features(model),
      .outputs = clf_model_outputs(model),
      .wish = {.kind = model_has_probabilities(model) ? ANSWER_PROBABILITIES : ANSWER_SCORES}};
  out->columns = table_params(model, PLAIN_TABLE " header=true", named_columns(model));
  out->named = out->columns != NULL;
  out->plain = table_params(model, PLAIN_TABLE " header=false", category_numbers_of_model(model));
  out->fields = out->named ? table_params(model, "dtype=f64", categories_of_model(model)) : NULL;
  find_sparse(out);
  if (out->named && !name_index_of_model(&out->names, model)) {
    return tool_fail(CLF_ERROR_MEMORY);
  }
  if (clf_model_vocabulary(model) != NULL) {
    out->reads = READS_TEXTS;
  } else if (find_shape(out)) {
    out->reads = READS_PICTURES;
    out->picture = picture_params(out);
    if (out->picture == NULL) {
      return tool_fail(CLF_ERROR_MEMORY);
    }
  }
  return detector != NULL ? crops_open(&out->detector, t, detector) : -1;
}

clf_status service_answer(answers *out, const service *s, clf_dataset *data) {
  clf_status status = answers_create(out, s->model, &s->wish, clf_dataset_rows(data));
  status = status == CLF_OK ? answers_add(out, data) : status;
  clf_dataset_free(data);
  return status;
}

clf_status service_dataset(clf_dataset **out, const service *s, const double *values,
                           int64_t rows) {
  clf_tensor *x = NULL;
  clf_status status = clf_tensor_wrap(&x, s->context, values, CLF_F64, 2,
                                      (const int64_t[]){rows, s->features}, NULL);
  status = status == CLF_OK ? clf_dataset_create(out, s->context, x, NULL) : status;
  clf_tensor_free(x);
  return status;
}

clf_status service_texts(answers *out, const service *s, const char *const *texts,
                         const size_t *sizes, int64_t count) {
  clf_documents *documents = NULL;
  clf_dataset *data = NULL;
  clf_status status = clf_documents_create(&documents, s->context, texts, sizes, count);
  if (status == CLF_OK) {
    status = clf_vocabulary_encode(&data, clf_model_vocabulary(s->model), documents);
  }
  clf_documents_free(documents);
  return status == CLF_OK ? service_answer(out, s, data) : status;
}

/* Makes a row of what the detector finds in an image, which it frees. */
static clf_status row_of_found(clf_dataset **out, const service *s, clf_image *image) {
  const clf_status status = crops_row(out, s->tool, s->detector, image, s->picture);
  clf_image_free(image);
  return status;
}

clf_status service_picture(clf_dataset **out, const service *s, const void *bytes, size_t size) {
  clf_image *image = NULL;
  if (s->detector == NULL) {
    return clf_dataset_load_memory(out, s->context, "images", bytes, size, s->picture);
  }
  const clf_status status = clf_image_load_memory(&image, s->context, bytes, size, SMALL);
  return status == CLF_OK ? row_of_found(out, s, image) : status;
}

clf_status service_picture_file(clf_dataset **out, const service *s, const char *path) {
  clf_image *image = NULL;
  if (s->detector == NULL) {
    return clf_dataset_load(out, s->context, "images", path, s->picture);
  }
  const clf_status status = clf_image_load(&image, s->context, path, SMALL);
  return status == CLF_OK ? row_of_found(out, s, image) : status;
}

/* Reads the field at `at` of a line: without blanks and quotes around it, and as empty where it is
 * none that a name may be. Returns where the next one is, or the end. */
static const char *read_field(const char **begin, size_t *size, const char *at, const char *end) {
  while (at < end && *at == ' ') {
    at++;
  }
  const bool quoted = at < end && *at == '"';
  *begin = at += quoted;
  while (at < end && *at != (quoted ? '"' : ',')) {
    at++;
  }
  *size = (size_t)(at - *begin);
  while (!quoted && *size > 0 && (*begin)[*size - 1] == ' ') {
    (*size)--;
  }
  for (at += quoted && at < end; at < end && *at != ','; at++) {
    *size = *at == ' ' ? *size : 0; /* text behind a closing quote, as in an object of JSON */
  }
  return at < end ? at + 1 : end;
}

bool service_has_header(const service *s, const char *bytes, size_t size) {
  static const char mark[] = "\xEF\xBB\xBF";
  const char *newline = memchr(bytes, '\n', size), *end = newline != NULL ? newline : bytes + size;
  const char *at = bytes + (size > 3 && memcmp(bytes, mark, 3) == 0 ? 3 : 0), *name;
  bool found = false;
  end -= end > at && end[-1] == '\r';
  while (s->named && !found && at < end) {
    at = read_field(&name, &size, at, end);
    found = name_index_find(&s->names, name, size) >= 0;
  }
  return found;
}

clf_status service_table(answers *out, const service *s, const char *bytes, size_t size) {
  const char *params = service_has_header(s, bytes, size) ? s->columns : s->plain;
  clf_dataset *data = NULL;
  if (params == NULL) {
    return CLF_ERROR_MEMORY;
  }
  const clf_status status = clf_dataset_load_memory(&data, s->context, "csv", bytes, size, params);
  return status == CLF_OK ? service_answer(out, s, data) : status;
}

/* The first word is the label, unless it is a pair of an index and a value: then 0 is. */
clf_status service_sparse(answers *out, const service *s, const char *bytes, size_t size) {
  const size_t blanks = strspn(bytes, " \t");
  const bool labeled = memchr(bytes + blanks, ':', strcspn(bytes + blanks, " \t")) == NULL;
  char params[64], *line = NULL;
  clf_dataset *data = NULL;
  snprintf(params, sizeof params, "features=%" PRId64 " zero_based=%s", s->features,
           s->zero_based ? "true" : "false");
  if (asprintf(&line, "%s%.*s\n", labeled ? "" : "0 ", (int)size, bytes) < 0) {
    return CLF_ERROR_MEMORY;
  }
  const clf_status status =
      clf_dataset_load_memory(&data, s->context, "svmlight", line, strlen(line), params);
  free(line);
  return status == CLF_OK ? service_answer(out, s, data) : status;
}
