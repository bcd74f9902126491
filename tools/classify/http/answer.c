/* Bodies of POST /predict: JSON with one of the members "rows", "texts" and "images", a CSV file, a
 * text, or a picture. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/exchange.h"
#include "report/progress.h"

/* Numbers in an answer: rows times classes. */
enum { MAX_VALUES = 1 << 21 };

_Thread_local double http_deadline;

int32_t http_progress(void *user, const clf_progress *progress) {
  (void)user;
  (void)progress;
  return seconds_now() > http_deadline;
}

/* Whether an answer to so many rows is within the limits. */
static bool check_rows(exchange *e, size_t rows) {
  const size_t outputs = (size_t)e->service->outputs,
               most = MAX_VALUES / (outputs > 0 ? outputs : 1);
  const size_t limit = (size_t)e->max_rows < most ? (size_t)e->max_rows : most > 0 ? most : 1;
  if (rows == 0) {
    http_refuse(e->reply, MHD_HTTP_BAD_REQUEST, "there are no rows to predict");
  } else if (rows > limit) {
    http_refuse(e->reply, MHD_HTTP_CONTENT_TOO_LARGE, "%zu rows in a request; the maximum is %zu",
                rows, limit);
  }
  return rows > 0 && rows <= limit;
}

/* Whether all elements are strings. */
static bool check_strings(exchange *e, const char *name, const json_t *list) {
  for (size_t i = 0; i < json_array_size(list); i++) {
    const json_t *value = json_array_get(list, i);
    if (!json_is_string(value)) {
      http_refuse(e->reply, MHD_HTTP_BAD_REQUEST, "%s[%zu] is %s; it must be a string", name, i,
                  http_json_type(value));
      return false;
    }
  }
  return true;
}

static clf_status answer_texts(exchange *e, const json_t *list) {
  const size_t count = json_array_size(list);
  const char **texts = calloc(count, sizeof *texts);
  size_t *sizes = calloc(count, sizeof *sizes);
  clf_status status = texts != NULL && sizes != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  if (status == CLF_OK && check_strings(e, "texts", list)) {
    for (size_t i = 0; i < count; i++) {
      texts[i] = json_string_value(json_array_get(list, i));
      sizes[i] = json_string_length(json_array_get(list, i));
    }
    status = service_texts(&e->answers, e->service, texts, sizes, (int64_t)count);
  }
  free(sizes);
  free(texts);
  return status;
}

/* Base64 of RFC 4648, with or without padding and the head of a data: address. Writes to `out`,
 * which has as many bytes as the text; returns how many there are, or 0 where it is damaged. */
static size_t decode_base64(uint8_t *out, const char *text, size_t size) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const char *comma = size > 5 && memcmp(text, "data:", 5) == 0 ? memchr(text, ',', size) : NULL;
  size_t count = 0, filled = 0;
  uint32_t bits = 0;
  size = comma != NULL ? size - (size_t)(comma + 1 - text) : size;
  text = comma != NULL ? comma + 1 : text;
  for (size_t pad = 0; pad < 2 && size > 0 && size % 4 == (4 - pad) % 4 && text[size - 1] == '=';
       pad++) {
    size--;
  }
  for (size_t i = 0; i < size; i++) {
    const char *digit = text[i] != '\0' ? strchr(digits, text[i]) : NULL;
    if (digit == NULL) {
      return 0;
    }
    bits = bits << 6 | (uint32_t)(digit - digits);
    filled += 6;
    if (filled >= 8) {
      filled -= 8;
      out[count++] = (uint8_t)(bits >> filled);
    }
  }
  return size % 4 == 1 ? 0 : count;
}

/* Answers the next picture; `name` is what it is called in a refusal. */
static clf_status answer_picture(exchange *e, const char *name, const void *bytes, size_t size) {
  clf_dataset *row = NULL;
  clf_status status = service_picture(&row, e->service, bytes, size);
  if (status == CLF_OK && row == NULL) {
    http_refuse(e->reply, MHD_HTTP_BAD_REQUEST, "%s: the detector finds nothing in it", name);
  }
  status = row != NULL ? answers_add(&e->answers, row) : status;
  if (status < 0 && status != CLF_ERROR_MEMORY && status != CLF_ERROR_CANCELLED) {
    http_refuse(e->reply, MHD_HTTP_BAD_REQUEST, "%s: %s", name, clf_last_error());
  }
  clf_dataset_free(row);
  return status;
}

static clf_status answer_image(exchange *e, const json_t *text, size_t number) {
  char name[32];
  clf_status status = CLF_OK;
  uint8_t *bytes = malloc(json_string_length(text) + 1);
  if (bytes == NULL) {
    return CLF_ERROR_MEMORY;
  }
  const size_t size = decode_base64(bytes, json_string_value(text), json_string_length(text));
  snprintf(name, sizeof name, "images[%zu]", number);
  if (size == 0) {
    http_refuse(e->reply, MHD_HTTP_BAD_REQUEST, "%s is no base64", name);
  } else {
    status = answer_picture(e, name, bytes, size);
  }
  free(bytes);
  return status;
}

static clf_status answer_images(exchange *e, const json_t *list) {
  const service *s = e->service;
  const size_t count = json_array_size(list);
  clf_status status = answers_create(&e->answers, s->model, &s->wish, (int64_t)count);
  const bool right = status == CLF_OK && check_strings(e, "images", list);
  for (size_t i = 0; right && status == CLF_OK && e->reply->status == 0 && i < count; i++) {
    status = seconds_now() > http_deadline ? CLF_ERROR_CANCELLED
                                           : answer_image(e, json_array_get(list, i), i);
  }
  return status;
}

typedef clf_status (*list_answerer)(exchange *e, const json_t *list);

/* Rows are numbers as the model was fitted on, of pictures too; texts and pictures are for models
 * that were trained on them. */
static const struct {
  const char *name;
  list_answerer answer;
  service_input reads;
} members[] = {{"rows", http_answer_rows, READS_ROWS},
               {"texts", answer_texts, READS_TEXTS},
               {"images", answer_images, READS_PICTURES}};
enum { MEMBERS = sizeof members / sizeof *members };

/* The member of the table that the object has; MEMBERS after a refusal. */
static size_t find_member(exchange *e, json_t *root) {
  const char *key = json_is_object(root) ? json_object_iter_key(json_object_iter(root)) : NULL;
  size_t i = 0;
  while (key != NULL && i < MEMBERS && strcmp(key, members[i].name) != 0) {
    i++;
  }
  if (key == NULL || json_object_size(root) != 1 || i == MEMBERS) {
    http_refuse(e->reply, MHD_HTTP_BAD_REQUEST,
                "the body must be an object with one member: \"rows\", \"texts\" or \"images\"");
    return MEMBERS;
  }
  const service_input reads = members[i].reads;
  if (reads != e->service->reads && !(reads == READS_ROWS && e->service->reads == READS_PICTURES)) {
    http_refuse(e->reply, MHD_HTTP_BAD_REQUEST, "this model reads \"%s\", not \"%s\"",
                members[e->service->reads].name, key);
    return MEMBERS;
  }
  return i;
}

/* Whether the body has no more values than so many rows need. Each costs some 100 bytes when it is
 * parsed, though it may have two in the body. */
static bool check_size(exchange *e, const char *body, size_t size) {
  const int64_t features = e->service->features;
  int64_t brackets = 0, commas = 0;
  bool text = false;
  for (size_t i = 0; i < size; i++) {
    if (text && body[i] == '\\') {
      i++;
    } else if (body[i] == '"') {
      text = !text;
    } else if (!text) {
      brackets += body[i] == '[' || body[i] == '{';
      commas += body[i] == ',';
    }
  }
  if (brackets > e->max_rows + 2 || commas / (features > 0 ? features : 1) > e->max_rows) {
    http_refuse(e->reply, MHD_HTTP_CONTENT_TOO_LARGE,
                "the body has more values than %lld rows, the maximum of a request (--max-rows)",
                (long long)e->max_rows);
    return false;
  }
  return true;
}

/* Whether memory ran out on this thread while JSON was parsed: jansson reports that as damaged
 * JSON, or returns a string without its end. */
static _Thread_local bool json_exhausted;

static void *allocate_json(size_t size) {
  void *memory = malloc(size);
  json_exhausted = json_exhausted || memory == NULL;
  return memory;
}

void http_begin_answers(void) {
  json_object_seed(0); /* at random, before there are threads */
  json_set_alloc_funcs(allocate_json, free);
}

static clf_status answer_json(exchange *e, const char *body, size_t size) {
  json_error_t error;
  clf_status status = CLF_OK;
  if (!check_size(e, body, size)) {
    return CLF_OK;
  }
  json_exhausted = false;
  json_t *root = json_loadb(
      body, size, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL, &error);
  if (json_exhausted) {
    json_decref(root);
    return CLF_ERROR_MEMORY;
  }
  if (root == NULL) {
    http_refuse(e->reply, MHD_HTTP_BAD_REQUEST, "the body is no JSON: line %d, column %d: %s",
                error.line, error.column, error.text);
    return CLF_OK;
  }
  const size_t member = find_member(e, root);
  const json_t *list = member < MEMBERS ? json_object_get(root, members[member].name) : NULL;
  if (list != NULL && !json_is_array(list)) {
    http_refuse(e->reply, MHD_HTTP_BAD_REQUEST, "\"%s\" must be an array, not %s",
                members[member].name, http_json_type(list));
  } else if (list != NULL && check_rows(e, json_array_size(list))) {
    status = members[member].answer(e, list);
  }
  json_decref(root);
  return status;
}

/* A header may be one of the lines. */
static clf_status answer_table(exchange *e, const char *body, size_t size) {
  size_t lines = size > 0 && body[size - 1] != '\n';
  for (size_t i = 0; i < size; i++) {
    lines += body[i] == '\n';
  }
  return lines < 2 || check_rows(e, lines - 1) ? service_table(&e->answers, e->service, body, size)
                                               : CLF_OK;
}

static clf_status answer_one_picture(exchange *e, const char *body, size_t size) {
  const clf_status status = answers_create(&e->answers, e->service->model, &e->service->wish, 1);
  return status == CLF_OK ? answer_picture(e, "the image", body, size) : status;
}

static clf_status answer_body(exchange *e, const http_request *request) {
  const char *body = request->body != NULL ? request->body : "";
  const size_t size = request->size;
  switch (request->kind) {
  case BODY_JSON:
    return answer_json(e, body, size);
  case BODY_CSV:
    return answer_table(e, body, size);
  case BODY_TEXT:
    return service_texts(&e->answers, e->service, &body, &size, 1);
  default:
    return answer_one_picture(e, body, size);
  }
}

void http_answer(http_request *request, const http_server *server) {
  exchange e = {
      .service = server->service, .max_rows = server->options->rows, .reply = &request->reply};
  const clf_status status = answer_body(&e, request);
  if (e.reply->status == 0 && status < 0) {
    http_refuse_status(e.reply, status);
  } else if (e.reply->status == 0) {
    http_reply_answers(e.reply, &e.answers);
  }
  answers_free(&e.answers);
}
