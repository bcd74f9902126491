/* The ranges in which the inputs of a layer are quantized: rows go through the network in f32, and
 * the values that enter each product are counted in bins. A range of 256 steps of size s has an
 * error of s^2 / 12 for values within it, and of the square of the distance for values beyond it.
 * Of ranges that are parts of the whole one, the one with the smallest sum is chosen: a few large
 * values are cut off if that makes the steps of all others finer.
 *
 * Up to ROWS rows are read, evenly spaced, on the calling thread. Counts are integers, so that the
 * ranges do not depend on anything else. Bytes that rows are made of are kept as they are. */
#include "models/network/network_ranges.h"

#include <float.h>
#include <math.h>

#include "base/math.h"
#include "base/progress.h"
#include "ops/nn/sequence.h"

enum {
  ROWS = 1024,
  CHUNK = 16, /* rows that go through the network at a time */
  BINS = 2048,
  PARTS = 128, /* the largest magnitude of a candidate is so many parts of that of the values … */
  MIN_PARTS = 24, /* … and from so many on it is halved while the error falls */
  STEPS = 255
};

typedef struct seen {
  float low, high; /* 0 is between them */
  bool finite;
  int64_t counts[BINS];
} seen;

typedef struct watch {
  const clf__inference *inference;
  const clf__rows *x;
  clf__arena arena;
  seen *steps; /* [step_count] */
  float *values[2], *scratch;
  clf__span *spans;
  bool counting; /* the second time, when the limits are known */
} watch;

static void find_limits(seen *s, const float *x, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    s->low = x[i] < s->low ? x[i] : s->low;
    s->high = x[i] > s->high ? x[i] : s->high;
    s->finite = s->finite && isfinite(x[i]);
  }
}

static void count_values(seen *s, const float *x, int64_t count) {
  const double low = (double)s->low, width = (double)s->high - low;
  const double factor = width > 0 ? BINS / width : 0;
  for (int64_t i = 0; i < count; i++) {
    const int64_t bin = (int64_t)(((double)x[i] - low) * factor);
    s->counts[clf__min_i64(bin, BINS - 1)]++;
  }
}

static clf_status watch_chunk(watch *w, const int64_t *rows, int64_t count) {
  const clf__inference *inference = w->inference;
  float *x = w->values[0], *y = w->values[1];
  clf_status status = clf__progress_check();
  clf__network_gather(w->x, rows, 0, count, x);
  for (int64_t i = 0; status == CLF_OK && i < inference->step_count; i++) {
    const clf__infer_step *step = &inference->steps[i];
    (w->counting ? count_values : find_limits)(&w->steps[i], x, count * step->layer->inputs);
    status = clf__infer_step_run(step, count, x, NULL, y, w->scratch, w->spans);
    float *other = x;
    x = y;
    y = other;
  }
  return status;
}

static clf_status watch_rows(watch *w, bool counting) {
  const int64_t all = clf__min_i64(w->x->rows, ROWS);
  clf_status status = CLF_OK;
  w->counting = counting;
  for (int64_t first = 0; status == CLF_OK && first < all; first += CHUNK) {
    int64_t rows[CHUNK];
    const int64_t count = clf__min_i64(CHUNK, all - first);
    for (int64_t i = 0; i < count; i++) {
      rows[i] = (int64_t)((double)(first + i) * (double)w->x->rows / (double)all);
    }
    status = watch_chunk(w, rows, count);
  }
  return status;
}

double clf__int8_low(clf__int8_range range) {
  return -(double)range.scale * range.zero;
}

double clf__int8_high(clf__int8_range range) {
  return (double)range.scale * (STEPS - range.zero);
}

static double error_of(const seen *s, clf__int8_range range) {
  const double low = clf__int8_low(range), high = clf__int8_high(range);
  const double bin = ((double)s->high - (double)s->low) / BINS;
  const double within = (double)range.scale * (double)range.scale / 12;
  double sum = 0;
  for (int64_t i = 0; i < BINS; i++) {
    const double value = (double)s->low + ((double)i + 0.5) * bin;
    const double beyond = value < low ? low - value : value > high ? value - high : 0;
    sum += (double)s->counts[i] * (beyond > 0 ? beyond * beyond : within);
  }
  return sum;
}

/* Zero is exact, because it is what surrounds images. */
clf__int8_range clf__int8_range_of(double low, double high) {
  const double scale = fmax((high - low) / STEPS, (double)FLT_MIN);
  return (clf__int8_range){(float)scale, (int32_t)lround(-low / scale)};
}

static clf__int8_range choose_range(const seen *s) {
  clf__int8_range best = {1, 0};
  const double low = (double)s->low, high = (double)s->high, largest = fmax(-low, high);
  double least = INFINITY;
  bool falls = false;
  if (!(high > low)) {
    return best;
  }
  for (double parts = PARTS; parts >= MIN_PARTS || falls;
       parts = parts > MIN_PARTS ? parts - 1 : parts / 2) {
    const double limit = parts / PARTS * largest;
    const clf__int8_range range = clf__int8_range_of(fmax(low, -limit), fmin(high, limit));
    const double error = error_of(s, range);
    falls = error < least;
    if (falls) {
      least = error;
      best = range;
    }
  }
  return best;
}

static clf_status allocate(watch *w) {
  const clf__inference *inference = w->inference;
  const int64_t widest = inference->network->widest;
  int64_t scratch = 1;
  for (int64_t i = 0; i < inference->step_count; i++) {
    scratch = clf__max_i64(scratch, inference->steps[i].scratch);
  }
  w->steps = clf__arena_zeroed(&w->arena, inference->step_count, sizeof *w->steps);
  w->values[0] = clf__arena_matrix(&w->arena, CHUNK, widest, sizeof(float));
  w->values[1] = clf__arena_matrix(&w->arena, CHUNK, widest, sizeof(float));
  w->scratch = clf__arena_array(&w->arena, scratch, sizeof(float));
  w->spans = clf__arena_zeroed(&w->arena, CHUNK, sizeof *w->spans);
  CLF__CHECK(clf__arena_status(&w->arena));
  for (int64_t i = 0; i < inference->step_count; i++) {
    w->steps[i].finite = true;
  }
  return CLF_OK;
}

clf_status clf__network_ranges(const clf__inference *inference, const clf__rows *x,
                               clf__int8_range *ranges) {
  watch w = {.inference = inference, .x = x, .arena = {.context = inference->network->context}};
  clf_status status = CLF_OK;
  CLF__TRY(allocate(&w));
  CLF__TRY(watch_rows(&w, false));
  for (int64_t i = 0; i < inference->step_count; i++) {
    if (!w.steps[i].finite) {
      status = clf__fail(CLF_ERROR_NUMERIC,
                         "network: precision=int8: the inputs of %s %lld are not finite on these "
                         "rows",
                         inference->steps[i].layer->kind->base.name,
                         (long long)inference->steps[i].layer->number);
      goto done;
    }
  }
  CLF__TRY(watch_rows(&w, true));
  for (int64_t i = 0; i < inference->step_count; i++) {
    const bool bytes = i == 0 && x->dtype == CLF_U8 && !clf__rows_sparse(x);
    ranges[inference->steps[i].first] =
        bytes ? (clf__int8_range){x->scale, 0} : choose_range(&w.steps[i]);
  }
done:
  clf__arena_free(&w.arena);
  return status;
}
