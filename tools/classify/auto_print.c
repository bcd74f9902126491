/* The table of classify auto, its report, and what it says of candidates without a score. */
#include <math.h>
#include <stdlib.h>

#include "auto.h"
#include "report.h"
#include "report/scores.h"
#include "report/text.h"
#include "table.h"

/* Of equal scores, the one that was tried first comes first. */
static int compare_verdicts(const void *a, const void *b) {
  const verdict *first = *(const verdict *const *)a, *second = *(const verdict *const *)b;
  return first->mean < second->mean   ? 1
         : first->mean > second->mean ? -1
                                      : (first->of > second->of) - (first->of < second->of);
}

verdict **verdicts_sorted(const verdicts *all, size_t *count) {
  verdict **sorted = calloc(all->count + 1, sizeof *sorted);
  *count = 0;
  for (size_t i = 0; sorted != NULL && i < all->count; i++) {
    if (all->of[i]->state <= DROPPED) {
      sorted[(*count)++] = all->of[i];
    }
  }
  if (*count > 0) {
    qsort(sorted, *count, sizeof *sorted, compare_verdicts);
  }
  return sorted;
}

bool verdicts_have(const verdicts *all, const candidate *which) {
  for (size_t i = 0; i < all->count; i++) {
    if (all->of[i]->of == which && all->of[i]->state != LEFT_OUT) {
      return true;
    }
  }
  return false;
}

static bool has_score(const verdicts *all, const candidate *which) {
  for (size_t i = 0; i < all->count; i++) {
    if (all->of[i]->of == which && all->of[i]->state <= DROPPED) {
      return true;
    }
  }
  return false;
}

/* All verdicts with a score in the order of the table, to be freed. */
static verdict **rows_of(const search *self, size_t *count) {
  size_t finals, others;
  verdict **first = verdicts_sorted(&self->last, &finals);
  verdict **second = verdicts_sorted(&self->first, &others);
  verdict **rows = calloc(finals + others + 1, sizeof *rows);
  *count = 0;
  for (size_t i = 0; rows != NULL && first != NULL && i < finals; i++) {
    rows[(*count)++] = first[i];
  }
  for (size_t i = 0; rows != NULL && second != NULL && i < others; i++) {
    if (!has_score(&self->last, second[i]->of)) {
      rows[(*count)++] = second[i];
    }
  }
  const bool failed = first == NULL || second == NULL;
  free(first);
  free(second);
  return failed ? (free(rows), NULL) : rows;
}

static void add_row(table *to, const search *self, const verdict *one, bool kept) {
  table_number(to, one->mean);
  table_number(to, one->deviation);
  table_integer(to, one->done);
  table_integer(to, one->train_rows);
  table_number(to, one->seconds);
  table_text(to, kept ? "yes" : "");
  table_text(to, one->as.pipeline);
  if (self->data == FOR_TEXTS) {
    table_text(to, one->of->vocabulary);
  }
  table_text(to, one->as.model);
}

static int print_table(const search *self, const tool *t, verdict *const *rows, size_t used,
                       const verdict *chosen) {
  table_column columns[9] = {
      {clf_dataset_classes(self->in.rows) > 0 ? "accuracy" : "r2", true, 4},
      {"deviation", true, 4},
      {"fits", true, 0},
      {"rows", true, 0},
      {"seconds", true, 3},
      {"kept", false, 0},
      {"transforms", false, 0},
  };
  size_t count = 7;
  if (self->data == FOR_TEXTS) {
    columns[count++] = (table_column){"vocabulary", false, 0};
  }
  columns[count++] = (table_column){"model", false, 0};
  table all = table_of(columns, count);
  for (size_t i = 0; i < used; i++) {
    add_row(&all, self, rows[i], rows[i] == chosen);
  }
  const int status = table_print(&all, t, stdout);
  table_free(&all);
  return status;
}

static void write_scores(report *to, const search *self, verdict *const *rows, size_t used,
                         const verdict *chosen) {
  const bool classes = clf_dataset_classes(self->in.rows) > 0;
  score_row *scores = calloc(used, sizeof *scores);
  size_t best = used;
  for (size_t i = 0; scores != NULL && i < used; i++) {
    scores[i] = (score_row){.name = rows[i]->as.model,
                            .details = rows[i]->as.pipeline,
                            .score = rows[i]->mean,
                            .deviation = rows[i]->deviation,
                            .seconds = rows[i]->seconds};
    best = rows[i] == chosen ? i : best;
  }
  if (scores == NULL) {
    to->status = tool_fail(CLF_ERROR_MEMORY);
  } else {
    page_scores(to->page,
                &(const score_table){.title = "Models",
                                     .note = "All were judged on the same held-out rows; what "
                                             "was clearly worse on some of them, on these only.",
                                     .names = "Model",
                                     .score = classes ? "Accuracy" : "R²",
                                     .percent = classes,
                                     .rows = scores,
                                     .count = used,
                                     .best = best});
  }
  free(scores);
}

static int write_report(const search *self, const tool *t, verdict *const *rows, size_t used,
                        const verdict *chosen) {
  report r;
  char lead[256], title[64];
  snprintf(title, sizeof title, "%s was the best of %zu", clf_model_kind(self->model), used);
  snprintf(lead, sizeof lead,
           "Its %s on rows that were held out was <b>%.4f</b>; it was then fitted to all rows.",
           clf_dataset_classes(self->in.rows) > 0 ? "accuracy" : "R²", chosen->mean);
  const char *transforms = chosen->as.pipeline;
  const fact facts[] = {{"Model", chosen->as.model},
                        {"Transforms", *transforms != '\0' ? transforms : "none"}};
  report_begin(&r, t, title, lead, self->in.path, facts, sizeof facts / sizeof *facts);
  if (r.page != NULL) {
    write_scores(&r, self, rows, used, chosen);
  }
  report_kept(&r, self->in.rows, self->model);
  return report_end(&r, -1);
}

/* Why a candidate has no score: what the library said, or NULL. */
static const char *refusal_of(const search *self, const candidate *which) {
  for (size_t i = 0; i < self->last.count + self->first.count; i++) {
    const verdict *one =
        i < self->last.count ? self->last.of[i] : self->first.of[i - self->last.count];
    if (one->of == which && one->state == REFUSED) {
      return one->message;
    }
  }
  return NULL;
}

/* States which candidates have no score, and why. */
static void explain_missing(const search *self) {
  const char *why = self->interrupted ? "because of Ctrl-C" : "for lack of time";
  for (size_t i = 0; i < candidate_count; i++) {
    const candidate *which = &candidates[i];
    const char *refusal = refusal_of(self, which);
    const bool scored = has_score(&self->last, which) || has_score(&self->first, which);
    candidate_recipe as;
    if (candidate_suits(which, self->data, self->in.rows) && (refusal != NULL || !scored)) {
      candidate_make(&as, which, &self->needed.transforms, self->in.rows);
      complain("left out%s%s: %s%s%s%s%s", refusal != NULL ? "" : " ", refusal != NULL ? "" : why,
               as.model, *as.pipeline != '\0' ? " after " : "", as.pipeline,
               refusal != NULL ? ": " : "", refusal != NULL ? refusal : "");
    }
  }
  for (size_t i = 0; i < self->first.count; i++) {
    const verdict *one = self->first.of[i];
    if (one->final && !verdicts_have(&self->last, one->of)) {
      complain("not judged again %s: %s", why, one->as.model);
    }
  }
}

int search_print(const search *self, const tool *t, const verdict *chosen) {
  size_t used;
  verdict **rows = rows_of(self, &used);
  int status = rows != NULL ? -1 : tool_fail(CLF_ERROR_MEMORY);
  if (status < 0 && !t->common.quiet) {
    explain_missing(self);
  }
  status = status < 0 ? print_table(self, t, rows, used, chosen) : status;
  status = status < 0 ? write_report(self, t, rows, used, chosen) : status;
  free(rows);
  return status;
}
