#include <classify.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer_text.h"
#include "http/server.h"
#include "notes.h"
#include "report/json.h"
#include "report/page.h"
#include "serve_page.h"

const char http_page_policy[] =
    "default-src 'none'; script-src '" serve_page_script
    "'; style-src 'unsafe-inline'; img-src blob:; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'";

static const char json_type[] = "application/json";

/* Opens the reply's bytes as a stream; NULL without memory. */
static FILE *begin(http_reply *reply, unsigned status, const char *type) {
  *reply = (http_reply){.status = status, .type = type};
  return open_memstream(&reply->bytes, &reply->size);
}

/* Closes the stream; a reply that is incomplete is none. */
static void end(http_reply *reply, FILE *out) {
  const bool failed = out == NULL || ferror(out);
  if ((out != NULL && fclose(out) != 0) || failed) {
    free(reply->bytes);
    *reply = (http_reply){.status = MHD_HTTP_SERVICE_UNAVAILABLE, .type = json_type};
  }
}

void http_refuse(http_reply *reply, unsigned status, const char *format, ...) {
  char *sentence = NULL;
  va_list arguments;
  va_start(arguments, format);
  sentence = vasprintf(&sentence, format, arguments) >= 0 ? sentence : NULL;
  va_end(arguments);
  FILE *out = begin(reply, status, json_type);
  if (out != NULL && sentence != NULL) {
    json_writer json = json_begin(out);
    json_open(&json, NULL, '{');
    json_text(&json, "error", sentence);
    json_close(&json, '}');
  }
  end(reply, out);
  free(sentence);
}

void http_refuse_status(http_reply *reply, clf_status status) {
  if (status == CLF_ERROR_MEMORY) {
    http_refuse(reply, MHD_HTTP_SERVICE_UNAVAILABLE, "not enough memory for this request now");
  } else if (status == CLF_ERROR_CANCELLED) {
    http_refuse(reply, MHD_HTTP_SERVICE_UNAVAILABLE,
                "the request took longer than this server allows; send fewer rows");
  } else if (status == CLF_ERROR_NUMERIC || status == CLF_ERROR_NOT_FITTED) {
    http_refuse(reply, MHD_HTTP_INTERNAL_SERVER_ERROR, "%s", clf_last_error());
  } else {
    http_refuse(reply, MHD_HTTP_BAD_REQUEST, "%s", clf_last_error());
  }
}

void http_reply_page(http_reply *reply) {
  FILE *out = begin(reply, MHD_HTTP_OK, "text/html; charset=utf-8");
  if (out != NULL) {
    page_begin(out, "Try the model");
    for (size_t i = 0; i < sizeof serve_page / sizeof *serve_page; i++) {
      fputs(serve_page[i], out);
    }
    page_end(out);
  }
  end(reply, out);
}

static void write_classes(json_writer *json, const clf_model *model) {
  json_open(json, "classes", '[');
  for (int64_t k = 0; k < clf_model_classes(model); k++) {
    json_text(json, NULL, clf_model_class_name(model, k));
  }
  json_close(json, ']');
}

static void write_feature_names(json_writer *json, const service *s) {
  if (s->named) {
    json_open(json, "feature_names", '[');
    for (int64_t j = 0; j < s->features; j++) {
      json_text(json, NULL, clf_model_feature_name(s->model, j));
    }
    json_close(json, ']');
  }
}

/* How the model came to be; not from where, since paths and commands are nobody's business. */
static void write_training(json_writer *json, const clf_model *model) {
  static const char *const keys[] = {NOTE_VERSION, NOTE_DATE, NOTE_SEED,
                                     NOTE_READER,  NOTE_ROWS, NOTE_TEST_SCORE};
  json_open(json, "training", '{');
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    const char *value = notes_get(model, keys[i]);
    if (value != NULL) {
      json_text(json, strchr(keys[i], '.') + 1, value);
    }
  }
  json_close(json, '}');
}

/* The parameters of the model as text, to be freed; NULL without memory. */
static char *params_of(const clf_model *model) {
  size_t needed = 0;
  char *text = clf_model_params(model, NULL, 0, &needed) == CLF_OK ? malloc(needed) : NULL;
  if (text != NULL && clf_model_params(model, text, needed, NULL) != CLF_OK) {
    free(text);
    text = NULL;
  }
  return text;
}

static void write_model(json_writer *json, const service *s) {
  static const char *const inputs[] = {"rows", "texts", "images"};
  char *params = params_of(s->model);
  json_open(json, NULL, '{');
  json_text(json, "kind", clf_model_kind(s->model));
  json_text(json, "params", params != NULL ? params : "");
  json_text(json, "input", inputs[s->reads]);
  json_int64(json, "features", s->features);
  write_feature_names(json, s);
  if (s->sparse) {
    json_int64(json, "first_index", s->zero_based ? 0 : 1);
  }
  if (s->reads == READS_PICTURES) {
    json_open(json, "image", '{');
    json_int64(json, "height", s->height);
    json_int64(json, "width", s->width);
    json_int64(json, "channels", s->channels);
    json_close(json, '}');
  }
  json_int64(json, "outputs", s->outputs);
  write_classes(json, s->model);
  json_text(json, "answers",
            clf_model_classes(s->model) == 0       ? "values"
            : s->wish.kind == ANSWER_PROBABILITIES ? "probabilities"
                                                   : "scores");
  write_training(json, s->model);
  json_text(json, "libclassify", clf_version());
  json_close(json, '}');
  free(params);
}

void http_reply_model(http_reply *reply, const service *s) {
  FILE *out = begin(reply, MHD_HTTP_OK, json_type);
  if (out != NULL) {
    json_writer json = json_begin(out);
    write_model(&json, s);
  }
  end(reply, out);
}

void http_reply_health(http_reply *reply, http_server *server) {
  pthread_mutex_lock(&server->lock);
  const int64_t waiting = server->waiting;
  pthread_mutex_unlock(&server->lock);
  const bool stopping = server->stopping;
  FILE *out = begin(reply, stopping ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_OK, json_type);
  if (out != NULL) {
    json_writer json = json_begin(out);
    json_open(&json, NULL, '{');
    json_text(&json, "status", stopping ? "ending" : "ok");
    json_int64(&json, "waiting", waiting);
    json_close(&json, '}');
  }
  end(reply, out);
}

void http_reply_answers(http_reply *reply, const answers *a) {
  FILE *out = begin(reply, MHD_HTTP_OK, json_type);
  if (out != NULL) {
    json_writer json = json_begin(out);
    json_open(&json, NULL, '{');
    json_open(&json, "predictions", '[');
    for (int64_t i = 0; i < a->filled; i++) {
      answer_object(&json, a, i, NULL);
    }
    json_close(&json, ']');
    json_close(&json, '}');
  }
  end(reply, out);
}
