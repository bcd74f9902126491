/* Rows of JSON: arrays of numbers, or objects by the names or numbers of the features. */
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

/* A number of a row; null is a missing value. */
static bool read_number(exchange *e, double *out, const json_t *value, size_t row,
                        const char *column) {
  if (json_is_number(value) || json_is_null(value)) {
    *out = json_is_null(value) ? (double)NAN : json_number_value(value);
    return true;
  }
  http_refuse(e->reply, MHD_HTTP_BAD_REQUEST, "rows[%zu][%s] is %s; it must be a number, or null",
              row, column, http_json_type(value));
  return false;
}

static bool read_array(exchange *e, double *out, const json_t *row, size_t number) {
  const size_t count = json_array_size(row), features = (size_t)e->service->features;
  if (count != features) {
    http_refuse(e->reply, MHD_HTTP_BAD_REQUEST, "rows[%zu] has %zu numbers; the model reads %zu",
                number, count, features);
    return false;
  }
  for (size_t j = 0; j < count; j++) {
    char column[24];
    snprintf(column, sizeof column, "%zu", j);
    if (!read_number(e, &out[j], json_array_get(row, j), number, column)) {
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
static bool read_pairs(exchange *e, double *out, json_t *row, size_t number) {
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
    if (!read_number(e, &out[index], value, number, key)) {
      return false;
    }
  }
  return true;
}

/* A row by names, in any order. */
static bool read_object(exchange *e, double *out, json_t *row, size_t number) {
  const service *s = e->service;
  if (!s->named) {
    http_refuse(
        e->reply, MHD_HTTP_BAD_REQUEST,
        "rows[%zu] is an object, but this model does not know its features by names; send an "
        "array of %lld numbers",
        number, (long long)s->features);
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
    if (!read_number(e, &out[j], value, number, name)) {
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

clf_status http_answer_rows(exchange *e, const json_t *rows) {
  const size_t count = json_array_size(rows), features = (size_t)e->service->features;
  if (count > MAX_NUMBERS / features + 1) {
    http_refuse(e->reply, MHD_HTTP_CONTENT_TOO_LARGE,
                "%zu rows of %zu features in a request; the maximum is %zu", count, features,
                MAX_NUMBERS / features + 1);
    return CLF_OK;
  }
  double *values = calloc(count, features * sizeof *values);
  bool right = values != NULL;
  for (size_t i = 0; right && i < count; i++) {
    json_t *row = json_array_get(rows, i);
    double *out = values + i * features;
    if (json_is_array(row)) {
      right = read_array(e, out, row, i);
    } else if (json_is_object(row)) {
      right = (e->service->sparse ? read_pairs : read_object)(e, out, row, i);
    } else {
      http_refuse(e->reply, MHD_HTTP_BAD_REQUEST,
                  "rows[%zu] is %s; it must be an array or an object", i, http_json_type(row));
      right = false;
    }
  }
  clf_status status = values == NULL ? CLF_ERROR_MEMORY : CLF_OK;
  if (right) {
    status = service_rows(&e->answers, e->service, values, (int64_t)count);
  }
  free(values);
  return status;
}
