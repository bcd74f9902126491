#include "judge.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/text.h"

void jury_free(jury *self) {
  for (int64_t i = 0; self->parts != NULL && i < self->count; i++) {
    clf_dataset_free(self->parts[i].train);
    clf_dataset_free(self->parts[i].test);
  }
  free(self->parts);
  self->parts = NULL;
}

void verdict_free(verdict *self) {
  free(self->scores);
  self->scores = NULL;
}

/* Makes part `index`: its texts are encoded by the vocabulary of the part's training rows. */
static int make_part(jury *self, tool *t, const recipe *r, int64_t index) {
  struct part *part = &self->parts[index];
  clf_model *keeper = NULL; /* of the vocabulary */
  const int64_t seed = t->common.seed;
  int status = recipe_make(&keeper, t, r);
  if (status >= 0) {
    return status;
  }
  if (self->folds > 0) {
    t->common.seed += index / self->folds;
    status = examples_fold(&part->train, &part->test, self->in, t, r, self->folds,
                           index % self->folds, keeper);
  } else {
    status = examples_split(&part->train, &part->test, self->in, t, r, self->share, keeper);
  }
  t->common.seed = seed;
  clf_model_free(keeper);
  return status;
}

/* Makes the parts for a vocabulary, unless they are there. */
static int make_parts(jury *self, tool *t, const recipe *r) {
  const char *now = self->vocabulary, *wanted = r->vocabulary;
  if (self->parts != NULL && (now == wanted || strcmp(now, wanted) == 0)) {
    return -1;
  }
  jury_free(self);
  self->vocabulary = wanted;
  self->count = self->folds > 0 ? self->folds * self->repeats : 1;
  const double began = seconds_now();
  self->parts = calloc((size_t)self->count, sizeof *self->parts);
  int status = self->parts != NULL ? -1 : tool_fail(CLF_ERROR_MEMORY);
  for (int64_t i = 0; status < 0 && i < self->count; i++) {
    status = make_part(self, t, r, i);
  }
  self->part_seconds = (seconds_now() - began) / (double)self->count;
  return status;
}

/* Fits to a part, and scores it, unless Ctrl-C or the deadline ended the fit. The only fit of a
 * jury is scored with what it had when the time was over. */
static clf_status score_part(verdict *out, const jury *self, tool *t, clf_model *model,
                             const struct part *part, double deadline) {
  const double began = seconds_now();
  t->progress.deadline = deadline;
  clf_status status = clf_model_fit(model, part->train, NULL, NULL);
  out->fit_seconds = fmax(out->fit_seconds, seconds_now() - began);
  const bool ended = progress_ends(&t->progress);
  const bool counts = !ended || (self->count == 1 && !progress_interrupted());
  t->progress.deadline = 0;
  if (status == CLF_OK) {
    status =
        counts ? clf_model_score(model, part->test, &out->scores[out->done]) : CLF_ERROR_CANCELLED;
  }
  out->ended = ended && status == CLF_OK && clf_model_outcome(model) != CLF_OK;
  out->seconds += seconds_now() - began;
  return status;
}

static void summarize(verdict *out) {
  double sum = 0, squares = 0;
  for (int64_t i = 0; i < out->done; i++) {
    sum += out->scores[i];
  }
  out->mean = sum / (double)out->done;
  for (int64_t i = 0; i < out->done; i++) {
    squares += (out->scores[i] - out->mean) * (out->scores[i] - out->mean);
  }
  out->deviation = sqrt(squares / (double)out->done);
}

/* Whether it is worse than another on the parts so far, by more than chance explains: three
 * standard errors of the mean difference. */
static bool is_worse(const verdict *out, const verdict *best) {
  enum { FEWEST = 3 };
  const double doubt = 3, margin = 0.002;
  const double count = (double)out->done;
  double sum = 0, squares = 0;
  if (best == NULL || out->done < FEWEST || out->done > best->done) {
    return false;
  }
  for (int64_t i = 0; i < out->done; i++) {
    sum += out->scores[i] - best->scores[i];
  }
  for (int64_t i = 0; i < out->done; i++) {
    const double apart = out->scores[i] - best->scores[i] - sum / count;
    squares += apart * apart;
  }
  return sum / count + doubt * sqrt(squares / (count - 1) / count) < -margin;
}

/* Judges on one part after another. */
static clf_status judge_parts(verdict *out, const jury *self, tool *t, const verdict *best,
                              double deadline) {
  clf_status status = CLF_OK;
  while (status == CLF_OK && out->done < self->count && out->state == JUDGED) {
    const struct part *part = &self->parts[out->done];
    clf_model *model = NULL;
    if (recipe_make(&model, t, &out->as.recipe) >= 0) {
      return CLF_ERROR_ARGUMENT;
    }
    status = score_part(out, self, t, model, part, deadline);
    clf_model_free(model);
    out->train_rows = clf_dataset_rows(part->train);
    if (status == CLF_OK) {
      out->done++;
      out->state = out->done < self->count && is_worse(out, best) ? DROPPED : JUDGED;
    }
  }
  return status;
}

int judge(verdict *out, jury *self, tool *t, const candidate *which, const verdict *best,
          double deadline) {
  *out = (verdict){.of = which};
  candidate_make(&out->as, which, self->stages, self->in->rows);
  int status = make_parts(self, t, &out->as.recipe);
  out->scores = calloc((size_t)self->count, sizeof *out->scores);
  if (status >= 0 || out->scores == NULL) {
    return status >= 0 ? status : tool_fail(CLF_ERROR_MEMORY);
  }
  progress_title(&t->progress, out->as.model);
  const clf_status judged = judge_parts(out, self, t, best, deadline);
  progress_clear(&t->progress);
  if (judged != CLF_OK) {
    out->state = judged == CLF_ERROR_CANCELLED ? LEFT_OUT : REFUSED;
    snprintf(out->message, sizeof out->message, "%s", clf_last_error());
  }
  out->fit_seconds += self->part_seconds; /* texts are to be encoded for the fit to all rows, too */
  summarize(out);
  return -1;
}

double verdict_seconds(const verdict *self, int64_t rows) {
  return self->fit_seconds * pow((double)rows / (double)self->train_rows, self->of->growth);
}
