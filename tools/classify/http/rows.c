/* Rows of JSON: arrays of numbers and texts, or objects by the names or numbers of the features. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/exchange.h"

enum { MAX_NUMBERS = 1 << 24 /* of all rows of a request, with those that are left out */ };

const char *http_json_type(const json_t *value) {
  static const char *const names[] = {"an object", "an array", "a string", "a number",
                                      "a number",  "true",     "false",    "null"};
  return names[json_typeof(value)];
}

/* The rows of a request. */
typedef struct table {
  exchange *e;
  double *values; /* [rows, features] */
  json_t **codes; /* [features] of columns of categories the code of each text; NULL for numbers */
  bool failed;    /* memory ran out */
} table;

/* The code of a text in its column, a new one if it has none. */
static bool read_text(table *t, double *out, size_t feature, const char *text) {
  json_t *codes = t->codes[feature], *code = json_object_get(codes, text);
  if (code == NULL) {
    code = json_integer((json_int_t)json_object_size(codes));
    t->failed = json_object_set_new(codes, text, code) < 0;
  }
  *out = t->failed ? 0 : (double)json_integer_value(code);
  return !t->failed;
}

static bool has_nul(const json_t *text) {
  return strlen(json_string_value(text)) < json_string_length(text);
}

/* A value of a row: a number or, of a column of categories, a text; null is a missing value, and an
 * empty text too, as in a table of CSV. */
static bool read_value(table *t, double *out, size_t feature, const json_t *value, size_t row,
                       const char *column) {
  const bool texts = t->codes[feature] != NULL;
  if (json_is_null(value) || (json_is_number(value) && !texts)) {
    *out = json_is_null(value) ? (double)NAN : json_number_value(value);
    return true;
  }
  if (json_is_string(value) && texts && json_string_length(value) == 0) {
    *out = (double)NAN;
    return true;
  }
  if (json_is_string(value) && texts && has_nul(value)) {
    http_refuse(t->e->reply, MHD_HTTP_BAD_REQUEST,
                "rows[%zu][%s] has the character NUL, which no category has", row, column);
    return false;
  }
  if (json_is_string(value) && texts) {
    return read_text(t, out, feature, json_string_value(value));
  }
  http_refuse(t->e->reply, MHD_HTTP_BAD_REQUEST, "rows[%zu][%s] is %s; it must be a %s, or null",
              row, column, http_json_type(value), texts ? "string" : "number");
  return false;
}

static bool have_texts(const table *t) {
  bool any = false;
  for (int64_t j = 0; j < t->e->service->features; j++) {
    any = any || t->codes[j] != NULL;
  }
  return any;
}

static bool read_array(table *t, double *out, const json_t *row, size_t number) {
  const exchange *e = t->e;
  const size_t count = json_array_size(row), features = (size_t)e->service->features;
  if (count != features) {
    http_refuse(e->reply, MHD_HTTP_BAD_REQUEST, "rows[%zu] has %zu %s; the model reads %zu", number,
                count, have_texts(t) ? "values" : "numbers", features);
    return false;
  }
  for (size_t j = 0; j < count; j++) {
    char column[24];
    snprintf(column, sizeof column, "%zu", j);
    if (!read_value(t, &out[j], j, json_array_get(row, j), number, column)) {
      return false;
    }
  }
  return true;
}

/* The first member of the object that is no feature; the features are removed. */
static const char *find_stranger(const service *s, json_t *row) {
  for (int64_t j = 0; j < s->features; j++) {
    json_object_del(row, clf_model_feature_name(s->model, j));
  }
  return json_object_iter_key(json_object_iter(row));
}

/* A row by the numbers of its features, of which those that are left out are 0, as in svmlight's
 * format. */
static bool read_pairs(table *t, double *out, json_t *row, size_t number) {
  const exchange *e = t->e;
  const service *s = e->service;
  const int64_t first = s->zero_based ? 0 : 1;
  const char *key = NULL;
  json_t *value = NULL;
  json_object_foreach(row, key, value) {
    char *end = NULL;
    const bool digits = *key >= '0' && *key <= '9';
    const int64_t index = digits ? strtoll(key, &end, 10) - first : -1;
    if (index < 0 || *end != '\0' || index >= s->features) {
      http_refuse(e->reply, MHD_HTTP_BAD_REQUEST,
                  "rows[%zu] has '%s'; this model knows its features by numbers from %lld to %lld",
                  number, key, (long long)first, (long long)(s->features - 1 + first));
      return false;
    }
    if (!read_value(t, &out[index], (size_t)index, value, number, key)) {
      return false;
    }
  }
  return true;
}

/* A row by names, in any order. */
static bool read_object(table *t, double *out, json_t *row, size_t number) {
  const exchange *e = t->e;
  const service *s = e->service;
  if (!s->named) {
    http_refuse(
        e->reply, MHD_HTTP_BAD_REQUEST,
        "rows[%zu] is an object, but this model does not know its features by names; send an "
        "array of %lld %s",
        number, (long long)s->features, have_texts(t) ? "values" : "numbers");
    return false;
  }
  for (int64_t j = 0; j < s->features; j++) {
    const char *name = clf_model_feature_name(s->model, j);
    const json_t *value = json_object_get(row, name);
    if (value == NULL) {
      http_refuse(e->reply, MHD_HTTP_BAD_REQUEST, "rows[%zu] lacks '%s'; a missing value is null",
                  number, name);
      return false;
    }
    if (!read_value(t, &out[j], (size_t)j, value, number, name)) {
      return false;
    }
  }
  if (json_object_size(row) > (size_t)s->features) {
    http_refuse(e->reply, MHD_HTTP_BAD_REQUEST,
                "rows[%zu] has '%s', which is no feature of the model", number,
                find_stranger(s, row));
    return false;
  }
  return true;
}

static bool open_table(table *t, size_t rows) {
  const service *s = t->e->service;
  t->values = calloc(rows, (size_t)s->features * sizeof *t->values);
  t->codes = calloc((size_t)s->features, sizeof(json_t *));
  t->failed = t->values == NULL || t->codes == NULL;
  for (int64_t j = 0; j < s->features && !t->failed; j++) {
    if (clf_model_category_count(s->model, j) > 0) {
      t->codes[j] = json_object();
      t->failed = t->codes[j] == NULL;
    }
  }
  return !t->failed;
}

static void close_table(table *t) {
  for (int64_t j = 0; t->codes != NULL && j < t->e->service->features; j++) {
    json_decref(t->codes[j]);
  }
  free(t->codes);
  free(t->values);
}

/* Reads all rows; what is wrong with one is in the reply. */
static bool read_rows(table *t, const json_t *rows) {
  const service *s = t->e->service;
  bool right = true;
  for (size_t i = 0; right && i < json_array_size(rows); i++) {
    json_t *row = json_array_get(rows, i);
    double *out = t->values + i * (size_t)s->features;
    if (json_is_array(row)) {
      right = read_array(t, out, row, i);
    } else if (json_is_object(row)) {
      right = (s->sparse ? read_pairs : read_object)(t, out, row, i);
    } else {
      http_refuse(t->e->reply, MHD_HTTP_BAD_REQUEST,
                  "rows[%zu] is %s; it must be an array or an object", i, http_json_type(row));
      right = false;
    }
  }
  return right;
}

/* Lists the texts of a column by their codes; to be freed. */
static const char **list_texts(json_t *codes) {
  const char **names = calloc(json_object_size(codes), sizeof *names);
  const char *text;
  json_t *code;
  json_object_foreach(codes, text, code) {
    if (names != NULL) {
      names[json_integer_value(code)] = text;
    }
  }
  return names;
}

static clf_status answer_table(table *t, int64_t rows) {
  const service *s = t->e->service;
  clf_dataset *data = NULL;
  clf_status status = service_dataset(&data, s, t->values, rows);
  for (int64_t j = 0; j < s->features && status == CLF_OK; j++) {
    const size_t count = json_object_size(t->codes[j]);
    const char **names = count > 0 ? list_texts(t->codes[j]) : NULL;
    if (count > 0) {
      status = names != NULL ? clf_dataset_set_categories(data, j, names, (int64_t)count)
                             : CLF_ERROR_MEMORY;
    }
    free(names);
  }
  if (status < 0) {
    clf_dataset_free(data);
    return status;
  }
  return service_answer(&t->e->answers, s, data);
}

clf_status http_answer_rows(exchange *e, const json_t *rows) {
  const size_t count = json_array_size(rows), features = (size_t)e->service->features;
  if (count > MAX_NUMBERS / features + 1) {
    http_refuse(e->reply, MHD_HTTP_CONTENT_TOO_LARGE,
                "%zu rows of %zu features in a request; the maximum is %zu", count, features,
                MAX_NUMBERS / features + 1);
    return CLF_OK;
  }
  table t = {.e = e};
  const bool right = open_table(&t, count) && read_rows(&t, rows);
  clf_status status = t.failed ? CLF_ERROR_MEMORY : CLF_OK;
  if (right) {
    status = answer_table(&t, (int64_t)count);
  }
  close_table(&t);
  return status;
}
