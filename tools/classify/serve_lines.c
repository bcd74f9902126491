/* classify serve on a pipe: a row, a text or the name of a picture is a line of standard input, and
 * its answer a line of JSON, which is written before the next line is read. A line that cannot be
 * answered gets an error, and the next one its own answer. */
#include "serve_lines.h"

#include <stdlib.h>
#include <string.h>

#include "answer_text.h"
#include "report/options.h"
#include "report/progress.h"
#include "report/text.h"

typedef struct line_server {
  const service *service;
  char *bytes; /* [capacity] the header of a table, and the line */
  size_t header, used, capacity;
  size_t limit; /* bytes of a line */
  bool too_long;
  int64_t number; /* of the line, from 1 */
} line_server;

/* Appends a byte; false without memory. */
static bool append(line_server *self, char byte) {
  if (self->used + 1 >= self->capacity) {
    const size_t capacity = self->capacity > 0 ? 2 * self->capacity : 4096;
    char *more = realloc(self->bytes, capacity);
    if (more == NULL) {
      return false;
    }
    self->bytes = more;
    self->capacity = capacity;
  }
  self->bytes[self->used++] = byte;
  self->bytes[self->used] = '\0';
  return true;
}

/* Reads the next line behind the header; false at the end. What is beyond the limit, or beyond the
 * memory, is left out. */
static bool read_line(line_server *self) {
  int byte;
  self->used = self->header;
  self->too_long = false;
  self->number++;
  while ((byte = getc(stdin)) != EOF && byte != '\n') {
    self->too_long =
        self->too_long || self->used - self->header >= self->limit || !append(self, (char)byte);
  }
  if (byte == '\n' && self->used > self->header && self->bytes[self->used - 1] == '\r') {
    self->bytes[--self->used] = '\0';
  }
  return byte != EOF || self->used > self->header;
}

/* The answer of a picture by its name. *nothing receives whether a detector finds nothing in it. */
static clf_status answer_picture(answers *out, const service *s, const char *path, bool *nothing) {
  clf_dataset *row = NULL;
  clf_status status = answers_create(out, s->model, &s->wish, 1);
  status = status == CLF_OK ? service_picture_file(&row, s, path) : status;
  *nothing = status == CLF_OK && row == NULL;
  status = row != NULL ? answers_add(out, row) : status;
  clf_dataset_free(row);
  return status;
}

/* Answers the line. *problem receives what is wrong with it, or stays NULL. */
static void answer(answers *out, line_server *self, const char **problem) {
  const service *s = self->service;
  const char *line = self->bytes + self->header;
  const size_t size = self->used - self->header;
  clf_status status;
  bool nothing = false;
  if (s->reads == READS_TEXTS) {
    status = service_texts(out, s, &line, &size, 1);
  } else if (s->reads == READS_PICTURES) {
    status = answer_picture(out, s, line, &nothing);
  } else if (s->sparse) {
    status = service_sparse(out, s, line, size);
  } else {
    status = service_table(out, s, self->bytes, self->used);
  }
  if (nothing) {
    *problem = "the detector finds nothing in it";
  } else if (status < 0) {
    *problem = status == CLF_ERROR_MEMORY ? "out of memory" : clf_last_error();
  } else if (out->filled != 1) {
    *problem = "it is no row";
  }
}

/* The message without where the line was for the library: alone, in memory. */
static const char *strip_place(const char *message) {
  static const char place[] = "data in memory";
  const size_t length = strlen(place);
  if (strncmp(message, place, length) != 0) {
    return message;
  }
  message += length;
  if (strncmp(message, " line ", 6) == 0) {
    message += 6 + strspn(message + 6, "0123456789");
  }
  return message + strspn(message, ":, ");
}

static void write_line(const answers *a, const char *problem, int64_t number) {
  json_writer json = json_begin_line(stdout);
  if (problem == NULL) {
    answer_object(&json, a, 0, NULL);
  } else {
    json_open(&json, NULL, '{');
    json_text(&json, "error", strip_place(problem));
    json_int64(&json, "line", number);
    json_close(&json, '}');
  }
  putchar('\n');
}

/* Whether the line is the header of a table: it then begins what is read of each line. */
static bool take_header(line_server *self) {
  return self->service->reads == READS_ROWS && !self->service->sparse && self->number == 1 &&
         self->used > 0 && service_has_header(self->service, self->bytes, self->used) &&
         append(self, '\n') && (self->header = self->used) > 0;
}

static void answer_line(line_server *self) {
  const char *problem = self->too_long ? "the line is longer than --max-body allows" : NULL;
  answers a = {.rows = 0};
  if (problem == NULL && self->bytes == NULL && !append(self, '\0')) {
    problem = "out of memory";
  } else if (problem == NULL) {
    answer(&a, self, &problem);
  }
  write_line(&a, problem, self->number);
  answers_free(&a);
}

int serve_lines(const service *s, int64_t limit) {
  line_server self = {.service = s, .limit = (size_t)limit};
  clf_context_set_log(s->context, NULL, NULL); /* what readers note of lines is for nobody */
  while (!progress_interrupted() && !ferror(stdout) && read_line(&self)) {
    if (self.too_long || !take_header(&self)) {
      answer_line(&self);
      fflush(stdout);
    }
  }
  free(self.bytes);
  return progress_interrupted() ? EXIT_INTERRUPTED : EXIT_SUCCESS;
}
