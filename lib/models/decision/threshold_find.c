/* The search for a threshold: rows are sorted by probability, and from the highest on the middle
 * between each distinct one and the next is tried, with the counts of the rows so far. It takes
 * n log n operations. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "models/decision/thresholds.h"

typedef struct place {
  double p;
  int64_t row;
} place;

/* From the highest probability; rows of the same one in their order. */
static int compare_places(const void *first, const void *second) {
  const place *a = first, *b = second;
  if (a->p != b->p) {
    return a->p > b->p ? -1 : 1;
  }
  return (a->row > b->row) - (a->row < b->row);
}

/* What a pass over the thresholds looks for: the highest `measure`, where the conditions hold but
 * that of index `without`. */
typedef struct pass {
  const clf__threshold_search *search;
  const place *places; /* [count] the rows with a weight */
  int64_t count;
  int32_t measure;
  int64_t without;
  clf__threshold_found best;
  bool found;
} pass;

static bool holds(const pass *p, const clf__binary *counts) {
  const double slack = 1e-12; /* of sums of weights */
  for (int64_t i = 0; i < p->search->condition_count; i++) {
    const clf__threshold_condition *condition = &p->search->conditions[i];
    if (i != p->without &&
        !(clf__binary_measure(condition->measure, counts) >= condition->limit - slack)) {
      return false;
    }
  }
  return true;
}

static void try_threshold(pass *p, double threshold, int64_t row, const clf__binary *counts) {
  const double value = clf__binary_measure(p->measure, counts);
  const double far = fabs(threshold - 0.5), best = fabs(p->best.threshold - 0.5);
  const bool better = !p->found || value > p->best.value || (value == p->best.value && far < best);
  if (better && holds(p, counts)) {
    p->best = (clf__threshold_found){threshold, row, value};
    p->found = true;
  }
}

static void add_row(clf__binary *counts, const clf__threshold_search *s, int64_t row) {
  const double weight = s->weights != NULL ? (double)s->weights[row] : 1;
  if (s->labels[row] == s->positive) {
    counts->true_positive += weight;
    counts->false_negative -= weight;
  } else {
    counts->false_positive += weight;
    counts->true_negative -= weight;
  }
}

/* Between two numbers, and above the lower one. */
static double midpoint(double high, double low) {
  const double middle = high / 2 + low / 2;
  return middle > low && middle < high ? middle : high;
}

static void run(pass *p) {
  const clf__threshold_search *s = p->search;
  clf__binary counts = {0, 0, 0, 0};
  for (int64_t i = 0; i < s->rows; i++) {
    const double weight = s->weights != NULL ? (double)s->weights[i] : 1;
    *(s->labels[i] == s->positive ? &counts.false_negative : &counts.true_negative) += weight;
  }
  p->found = false;
  const double highest = p->places[0].p;
  try_threshold(p, highest < 1 ? midpoint(1, highest) : nextafter(1, 2), -1, &counts);
  for (int64_t i = 0; i < p->count;) {
    const place *first = &p->places[i];
    for (; i < p->count && p->places[i].p == first->p; i++) {
      add_row(&counts, s, p->places[i].row);
    }
    counts.false_negative = i == p->count ? 0 : fmax(counts.false_negative, 0);
    counts.true_negative = i == p->count ? 0 : fmax(counts.true_negative, 0);
    if (first->p > 0) {
      const double next = i < p->count ? p->places[i].p : 0;
      try_threshold(p, midpoint(first->p, next), first->row, &counts);
    }
  }
}

/* Says what can be reached of the first condition that cannot be met, alone or with the others. */
static clf_status fail_conditions(pass *p) {
  const clf__threshold_search *s = p->search;
  clf__threshold_search alone = *s;
  for (int64_t i = 0; i < s->condition_count; i++) {
    const clf__threshold_condition *condition = &s->conditions[i];
    alone.condition_count = 0;
    *p = (pass){&alone, p->places, p->count, condition->measure, -1, {0, 0, 0}, false};
    run(p);
    if (p->best.value < condition->limit - 1e-12) {
      return clf__fail(CLF_ERROR_DATA,
                       "%s>=%s is not reached by these rows: %s is at most %s, "
                       "with a threshold of %s",
                       clf__binary_names[condition->measure], clf__number_text(condition->limit),
                       clf__binary_names[condition->measure], clf__number_text(p->best.value),
                       clf__number_text(p->best.threshold));
    }
  }
  const clf__threshold_condition *last = &s->conditions[s->condition_count - 1];
  *p = (pass){s, p->places, p->count, last->measure, s->condition_count - 1, {0, 0, 0}, false};
  run(p);
  if (!p->found) {
    return clf__fail(CLF_ERROR_DATA, "the conditions are not reached together by these rows");
  }
  return clf__fail(CLF_ERROR_DATA,
                   "%s>=%s is not reached by these rows where the other conditions hold: it is at "
                   "most %s then, with a threshold of %s",
                   clf__binary_names[last->measure], clf__number_text(last->limit),
                   clf__number_text(p->best.value), clf__number_text(p->best.threshold));
}

clf_status clf__threshold_find(clf__threshold_found *out, clf_context *context,
                               const clf__threshold_search *search) {
  place *places = clf__alloc_array(context, search->rows, sizeof *places);
  if (places == NULL) {
    return CLF_ERROR_MEMORY;
  }
  int64_t count = 0;
  for (int64_t i = 0; i < search->rows; i++) {
    if (search->weights == NULL || search->weights[i] > 0) {
      places[count++] = (place){search->p[i * search->stride], i};
    }
  }
  qsort(places, (size_t)count, sizeof *places, compare_places);
  pass p = {search, places, count, search->measure, -1, {0, 0, 0}, false};
  run(&p);
  clf_status status = CLF_OK;
  if (p.found) {
    *out = p.best;
  } else {
    status = fail_conditions(&p);
  }
  clf__free(places);
  return status;
}

static const char *skip_blanks(const char *at) {
  while (isspace((unsigned char)*at)) {
    at++;
  }
  return at;
}

static clf_status refuse_condition(const char *text, size_t length) {
  return clf__fail(
      CLF_ERROR_ARGUMENT,
      "require: '%.*s' is not a condition, which is a measure, >= and a number, such as "
      "recall>=0.95; measures are " CLF__BINARY_WORDS,
      (int)(length < 64 ? length : 64), text);
}

static clf_status read_condition(clf__threshold_condition *out, const char *text, size_t length) {
  char copy[64], *relation;
  const char *start = skip_blanks(text);
  size_t own = length - (size_t)(start - text);
  while (own > 0 && isspace((unsigned char)start[own - 1])) {
    own--;
  }
  if (own >= sizeof copy) {
    return refuse_condition(start, own);
  }
  memcpy(copy, start, own);
  copy[own] = '\0';
  relation = strstr(copy, ">=");
  if (relation == NULL) {
    return refuse_condition(start, own);
  }
  char *end = relation;
  while (end > copy && isspace((unsigned char)end[-1])) {
    end--;
  }
  *end = '\0';
  out->measure = 0;
  while (out->measure < CLF__BINARY_MEASURES &&
         strcmp(copy, clf__binary_names[out->measure]) != 0) {
    out->measure++;
  }
  if (out->measure == CLF__BINARY_MEASURES ||
      !clf__parse_f64(skip_blanks(relation + 2), &out->limit) || !isfinite(out->limit)) {
    return refuse_condition(start, own);
  }
  return CLF_OK;
}

clf_status clf__threshold_read_conditions(clf__threshold_search *out, const char *text) {
  out->condition_count = 0;
  const char *at = skip_blanks(text != NULL ? text : "");
  while (*at != '\0') {
    const size_t length = strcspn(at, ",");
    if (out->condition_count == CLF__MAX_CONDITIONS) {
      return clf__fail(CLF_ERROR_ARGUMENT, "require: more than %d conditions", CLF__MAX_CONDITIONS);
    }
    CLF__CHECK(read_condition(&out->conditions[out->condition_count], at, length));
    out->condition_count++;
    at += length + (at[length] == ',');
  }
  return CLF_OK;
}
