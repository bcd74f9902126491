/* The answers of a text: a block of rows at a time, or of texts that become rows. */
#include <inttypes.h>
#include <stdlib.h>

#include "input.h"
#include "layout.h"
#include "notes.h"
#include "predict.h"
#include "report/text.h"

/* Reads a block of rows, or of texts that become rows. */
static clf_status read_block(clf_dataset **out, layout *l, const prediction *self,
                             const stream_block *b, bool first) {
  clf_documents *texts = NULL;
  const char *guesses = "";
  char *params = NULL;
  if (asprintf(&params, "%s first_line=%lld", l->params, (long long)b->first_line) < 0) {
    return CLF_ERROR_MEMORY;
  }
  clf_context *context = self->tool->context;
  clf_status status = CLF_OK;
  if (l->texts) {
    status = clf_documents_load_memory(&texts, context, l->reader, b->bytes, b->size, params);
    guesses = status == CLF_OK ? clf_documents_guesses(texts) : guesses;
    status = status == CLF_OK ? predict_encode(out, self, texts) : status;
  } else {
    status = clf_dataset_load_memory(out, context, l->reader, b->bytes, b->size, params);
    guesses = status == CLF_OK ? clf_dataset_guesses(*out) : guesses;
  }
  if (status == CLF_OK && first && !layout_fix(l, guesses)) {
    status = CLF_ERROR_MEMORY;
  }
  clf_documents_free(texts);
  free(params);
  return status;
}

/* Reports the first row of a block that the model refuses, by its line. */
static int fail_row(const prediction *self, const clf_dataset *rows, const stream *s,
                    const stream_block *b, int64_t skipped, size_t from) {
  const int64_t row = answers_refused(self->model, &self->wish, rows, skipped);
  complain("%s line %" PRId64 ": %s", s->name, stream_line(s, b, row - skipped, from),
           clf_last_error());
  return EXIT_FAILURE;
}

/* Answers a block. */
static int answer_block(prediction *self, layout *l, const stream *s, const stream_block *b,
                        bool first) {
  clf_dataset *rows = NULL;
  clf_status status = read_block(&rows, l, self, b, first);
  const int64_t skipped = first || l->repeated == 0 ? 0 : 1;
  int exit_status = -1;
  if (status < 0) {
    exit_status = input_fail(s->name, status);
    if (status == CLF_ERROR_ARGUMENT && self->tool->common.format != NULL) {
      exit_status = EXIT_USAGE;
    }
  } else if ((status = predict_rows(self, rows, NULL, skipped)) == CLF_ERROR_DATA) {
    exit_status = fail_row(self, rows, s, b, skipped, first ? l->first : 0);
  } else if (status < 0) {
    exit_status = tool_fail(status);
  }
  clf_dataset_free(rows);
  return exit_status;
}

/* What the reader notes is the same of every block, and said once. */
int predict_stream(prediction *self, stream *s) {
  const bool quiet = self->tool->common.quiet;
  const int64_t before = self->rows;
  layout l;
  stream_block b = {.size = 1};
  int status = layout_find(&l, self->tool, &self->service, s);
  self->tool->common.quiet = quiet || notes_get(self->model, NOTE_READER) != NULL;
  for (bool first = true; status < 0 && b.size > 0; first = false) {
    status = stream_next(s, &b);
    if (status < 0 && b.size > 0) {
      status = answer_block(self, &l, s, &b, first);
      self->tool->common.quiet = true;
      if (first && l.repeated > 0) {
        stream_repeat(s, l.repeated);
      }
    }
    if (status < 0 && !predict_written(self, s->pipe)) {
      break; /* the end of the run says why */
    }
  }
  self->tool->common.quiet = quiet;
  if (status < 0 && self->rows == before && !quiet) {
    complain("%s has no rows%s", s->name,
             l.header ? ": its only line is read as the names of the columns; --format 'csv "
                        "header=false' reads it as a row"
                      : "");
  }
  layout_free(&l);
  return status;
}
