/* Finding the lines of texts. */
#include "text/document_lines.h"

#include "base/math.h"

enum { LINES_A_PART = 512 };

void clf__line_source_close(clf__line_source *source) {
  clf__bytes_release(&source->bytes);
  clf__bytes_release(&source->converted);
}

/* A carriage return before the end of a line belongs to the end. */
static clf_status find(clf__document_lines *out, clf_context *context, const clf__lines *lines) {
  clf__lines_watch watch = clf__lines_watch_of(lines, context, "lines");
  for (const char *at = lines->begin; at < lines->end;) {
    CLF__CHECK(clf__lines_step(lines, &watch, at));
    const char *next = clf__line_after(lines, at);
    const char *end = next[-1] == lines->line_end ? next - 1 : next;
    end -= end > at && end[-1] == '\r';
    out->begins[out->count] = at;
    out->sizes[out->count++] = (size_t)(end - at);
    at = next;
  }
  return CLF_OK;
}

clf_status clf__document_lines_find(clf__document_lines *out, clf_context *context,
                                    const clf__line_source *sources, int64_t count) {
  int64_t capacity = 0;
  for (int64_t i = 0; i < count; i++) {
    capacity += clf__lines_count(&sources[i].lines);
  }
  *out = (clf__document_lines){.arena = {.context = context}};
  out->begins = clf__arena_array(&out->arena, capacity, sizeof *out->begins);
  out->sizes = clf__arena_array(&out->arena, capacity, sizeof *out->sizes);
  CLF__CHECK(clf__arena_status(&out->arena));
  for (int64_t i = 0; i < count; i++) {
    CLF__CHECK(find(out, context, &sources[i].lines));
  }
  return CLF_OK;
}

clf_status clf__document_lines_make(clf_documents **out, clf_context *context,
                                    const clf__document_lines *lines, clf__fill_part fill,
                                    void *argument) {
  clf_documents *made = NULL;
  CLF__CHECK(clf__documents_blank(&made, context, lines->count,
                                  clf__ceil_div(lines->count, LINES_A_PART)));
  clf_status status = clf__documents_fill(made, fill, argument);
  if (status < 0) {
    clf_documents_free(made);
    return status;
  }
  *out = made;
  return CLF_OK;
}
