#include "report.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/model_page.h"
#include "report_parts.h"

enum { MAX_FACTS = 12 };

void report_begin(report *out, const tool *t, const char *title, const char *lead, const char *data,
                  const fact *facts, size_t count) {
  *out = (report){.status = -1};
  if (t->common.report == NULL) {
    return;
  }
  if (!output_begin(&out->file, t->common.report)) {
    out->status = EXIT_FAILURE;
    return;
  }
  const run_facts shared = {.data = data,
                            .cpu = clf_context_cpu(t->context),
                            .threads = clf_context_threads(t->context),
                            .seed = t->common.seed};
  out->page = out->file.file;
  page_begin(out->page, title);
  if (lead != NULL) {
    fprintf(out->page, "<p class=\"lead\">%s</p>\n", lead);
  }
  fact all[MAX_FACTS];
  size_t used = 0;
  for (; used < count && used + 1 < MAX_FACTS; used++) {
    all[used] = facts[used];
  }
  all[used++] = (fact){"Command", t->command};
  page_facts(out->page, &shared, all, used);
}

int report_end(report *r, int status) {
  if (r->page == NULL) {
    return status < 0 ? r->status : status;
  }
  status = status < 0 ? r->status : status;
  page_end(r->page);
  r->page = NULL;
  if (status >= 0) {
    output_discard(&r->file);
    return status;
  }
  return output_commit(&r->file) ? -1 : EXIT_FAILURE;
}

char *report_lead(const graded *g, const measures *m, const char *rows) {
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  if (out == NULL) {
    return NULL;
  }
  const int main = g->classes > 0 ? MEASURE_ACCURACY : MEASURE_R2;
  const figure *f = &m->of[main];
  if (g->classes > 0) {
    fprintf(out, "<b>%.2f&nbsp;%%</b> of ", 100 * f->value);
    html_count(out, g->rows);
    fprintf(out, " %s are predicted right", rows);
  } else {
    fprintf(out, "R² is <b>%.4f</b> on ", f->value);
    html_count(out, g->rows);
    fprintf(out, " %s", rows);
  }
  if (f->interval != INTERVAL_NONE) {
    const double factor = g->classes > 0 ? 100 : 1;
    fprintf(out, ", with 95&nbsp;%% confidence %.*f to %.*f%s", g->classes > 0 ? 1 : 4,
            factor * f->low, g->classes > 0 ? 1 : 4, factor * f->high,
            g->classes > 0 ? "&nbsp;%" : "");
  }
  fputs(".", out);
  return fclose(out) == 0 ? text : (free(text), NULL);
}

void report_answers(report *r, const graded *g, const measures *m) {
  if (r->page == NULL || r->status >= 0) {
    return;
  }
  report_measures(r->page, g, m);
  clf_status status = CLF_OK;
  if (g->classes > 0) {
    status = report_classes(r->page, g, m);
    status = status == CLF_OK ? report_reliability(r->page, g, m) : status;
    status = status == CLF_OK ? report_curves(r->page, g) : status;
  } else {
    report_scatter(r->page, g);
  }
  r->status = status == CLF_OK ? -1 : tool_fail(status);
}

/* The rows of known classes, with their truth and prediction. */
static clf_status known_rows(clf_dataset **out, int32_t **truth, int32_t **predicted,
                             const clf_dataset *rows, const graded *g) {
  const size_t room = (size_t)g->rows + 1;
  int64_t *known = malloc(room * sizeof *known), count = 0;
  *truth = malloc(room * sizeof **truth);
  *predicted = malloc(room * sizeof **predicted);
  clf_status status = CLF_ERROR_MEMORY;
  if (known != NULL && *truth != NULL && *predicted != NULL) {
    for (int64_t i = 0; i < g->rows; i++) {
      if (g->truth[i] >= 0) {
        (*truth)[count] = g->truth[i];
        (*predicted)[count] = g->said.labels[i];
        known[count++] = i;
      }
    }
    status = count > 0 ? clf_dataset_subset(out, rows, known, count) : CLF_OK;
  }
  free(known);
  return status;
}

/* What the model is made of. */
static clf_status write_description(FILE *out, const clf_model *model) {
  size_t needed = 0;
  clf_status status = clf_model_describe(model, NULL, 0, &needed);
  char *text = status == CLF_OK ? malloc(needed) : NULL;
  status = status == CLF_OK && text == NULL ? CLF_ERROR_MEMORY : status;
  status = status == CLF_OK ? clf_model_describe(model, text, needed, NULL) : status;
  if (status == CLF_OK) {
    fputs("<section>\n<h2>Model</h2>\n<pre class=\"text\">", out);
    html_text(out, text);
    fputs("</pre>\n", out);
  }
  free(text);
  return status;
}

static clf_status write_model(report *r, const clf_dataset *rows, const graded *g, bool mistakes) {
  const clf_model *model = g->said.model;
  clf_dataset *known = NULL;
  int32_t *truth = NULL, *predicted = NULL;
  const bool classes = g->classes > 0 && !g->said.one_class;
  clf_status status = write_description(r->page, model);
  if (status == CLF_OK && classes) {
    status = known_rows(&known, &truth, &predicted, rows, g);
  }
  if (status == CLF_OK && known != NULL) {
    status = page_model_kind(r->page, model, known, truth, mistakes ? predicted : truth);
  } else if (status == CLF_OK && !classes) {
    status = page_model_kind(r->page, model, rows, NULL, NULL);
  }
  fputs("</section>\n", r->page);
  clf_dataset_free(known);
  free(truth);
  free(predicted);
  return status;
}

void report_model(report *r, const clf_dataset *rows, const graded *g) {
  if (r->page != NULL && r->status < 0) {
    const clf_status status = write_model(r, rows, g, true);
    r->status = status == CLF_OK ? -1 : tool_fail(status);
  }
}

void report_kept(report *r, const clf_dataset *rows, const clf_model *model) {
  graded g = {0};
  if (r->page == NULL || r->status >= 0) {
    return;
  }
  r->status = graded_create(&g, model, rows, NULL);
  if (r->status < 0) {
    const clf_status status = write_model(r, rows, &g, false);
    r->status = status == CLF_OK ? -1 : tool_fail(status);
  }
  graded_free(&g);
}

int report_write(const tool *t, const model_page *about, const clf_dataset *rows, const graded *g,
                 const measures *m) {
  report r;
  char *lead = report_lead(g, m, about->rows);
  report_begin(&r, t, about->title, lead, about->data, about->facts, about->count);
  report_answers(&r, g, m);
  report_model(&r, rows, g);
  free(lead);
  return report_end(&r, -1);
}
