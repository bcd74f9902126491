/* Average precision of found boxes. The boxes of a label are matched in the order of their scores.
 * True boxes are sorted by label and image, so that each found box is compared only with those that
 * it may match.
 */
#include <stdlib.h>
#include <string.h>

#include "base/border.h"
#include "base/context.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/text.h"
#include "metrics/box.h"

/* A true box, sorted by label and image. */
typedef struct true_place {
  int64_t image, index;
  int32_t label;
  bool found;
} true_place;

typedef struct matching {
  clf__arena arena;
  clf_context *context;
  clf_box_set found, truth;
  clf__box_place *order; /* of the found boxes, by label */
  true_place *places;    /* [truth.count] */
  double overlap;
  double *precision, *recall; /* [found.count] of the current label */
} matching;

static int compare_true(const void *first, const void *second) {
  const true_place *a = first, *b = second;
  if (a->label != b->label) {
    return a->label < b->label ? -1 : 1;
  }
  if (a->image != b->image) {
    return a->image < b->image ? -1 : 1;
  }
  return (a->index > b->index) - (a->index < b->index);
}

/* Returns the first true box that is not before this label and image. */
static int64_t first_place(const matching *m, int32_t label, int64_t image) {
  const true_place sought = {.label = label, .image = image, .index = -1};
  int64_t low = 0, high = m->truth.count;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (compare_true(&m->places[middle], &sought) < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/* Returns whether a found box is right; its true box then counts as found. */
static bool is_right(const matching *m, int64_t index) {
  const clf_box *box = &m->found.boxes[index];
  const int64_t image = m->found.images[index];
  double max = -1;
  true_place *best = NULL;
  for (int64_t i = first_place(m, box->label, image); i < m->truth.count; i++) {
    true_place *place = &m->places[i];
    if (place->label != box->label || place->image != image) {
      break;
    }
    const double overlap = clf__box_overlap(&m->truth.boxes[place->index], box);
    if (overlap > max) {
      max = overlap;
      best = place;
    }
  }
  const bool right = best != NULL && max >= m->overlap && !best->found;
  if (right) {
    best->found = true;
  }
  return right;
}

/* Computes precision and recall after each found box of the label of box `first`. */
static int64_t make_curve(const matching *m, int64_t first, int32_t label, int64_t objects) {
  int64_t points = 0, right = 0;
  for (int64_t i = first; i < m->found.count && m->order[i].label == label; i++) {
    right += is_right(m, m->order[i].index);
    m->precision[points] = (double)right / (double)(points + 1);
    m->recall[points++] = (double)right / (double)objects;
  }
  return points;
}

/* The precision at each recall becomes the best at that recall or a higher one. */
static double area_below(const double *precision, const double *recall, int64_t points) {
  double sum = 0, best = 0;
  for (int64_t i = points - 1; i >= 0; i--) {
    best = precision[i] > best ? precision[i] : best;
    sum += best * (recall[i] - (i > 0 ? recall[i - 1] : 0));
  }
  return sum;
}

/* Returns the average precision of a label; -1 if no true box has it. */
static double label_precision(const matching *m, int32_t label, int64_t *points) {
  int64_t objects = 0, first = 0;
  for (int64_t i = first_place(m, label, INT64_MIN);
       i < m->truth.count && m->places[i].label == label; i++) {
    objects++;
  }
  if (objects == 0) {
    return -1;
  }
  while (first < m->found.count && m->order[first].label < label) {
    first++;
  }
  *points = make_curve(m, first, label, objects);
  return area_below(m->precision, m->recall, *points);
}

/* Checks the arguments and allocates memory; `end` frees it, also after a failure. */
static clf_status begin(matching *m, const clf_box_set *found, const clf_box_set *truth,
                        double overlap) {
  *m = (matching){.overlap = overlap};
  if (!(overlap > 0 && overlap <= 1)) {
    return clf__fail(CLF_ERROR_ARGUMENT,
                     "average precision: overlap is %s; it must be above 0, and 1 at most",
                     clf__number_text(overlap));
  }
  CLF__CHECK(clf__box_set_read(&m->found, "average precision, found", found,
                               CLF__BOX_IMAGES | CLF__BOX_SCORES));
  CLF__CHECK(clf__box_set_read(&m->truth, "average precision, truth", truth, CLF__BOX_IMAGES));
  if (m->truth.count < 1) {
    return clf__fail(CLF_ERROR_ARGUMENT, "average precision: there must be a true box or more");
  }
  m->context = clf__context_retain(NULL);
  if (m->context == NULL) {
    return CLF_ERROR_MEMORY;
  }
  m->arena.context = m->context;
  m->places = clf__arena_array(&m->arena, m->truth.count, sizeof *m->places);
  m->precision = clf__arena_array(&m->arena, m->found.count, sizeof *m->precision);
  m->recall = clf__arena_array(&m->arena, m->found.count, sizeof *m->recall);
  CLF__CHECK(clf__arena_status(&m->arena));
  for (int64_t i = 0; i < m->truth.count; i++) {
    m->places[i] = (true_place){m->truth.images[i], i, m->truth.boxes[i].label, false};
  }
  qsort(m->places, (size_t)m->truth.count, sizeof *m->places, compare_true);
  return clf__sort_boxes(&m->order, m->context, m->found.boxes, m->found.count, true);
}

static void end(matching *m) {
  clf__free(m->order);
  clf__arena_free(&m->arena);
  clf__context_release(m->context);
}

clf_status clf_box_average_precision(const clf_box_set *found, const clf_box_set *truth,
                                     double overlap, int32_t label, double *area, double *precision,
                                     double *recall, int64_t *count) {
  CLF__REQUIRE(found);
  CLF__REQUIRE(truth);
  CLF__REQUIRE(area);
  CLF__ENTER("boxes");
  matching m;
  int64_t points = 0;
  clf_status status;
  CLF__TRY(begin(&m, found, truth, overlap));
  const double result = label_precision(&m, label, &points);
  CLF__TRY(result >= 0 ? CLF_OK
                       : clf__fail(CLF_ERROR_DATA, "average precision: no true box has label %d",
                                   (int)label));
  *area = result;
  if (precision != NULL && points > 0) {
    memcpy(precision, m.precision, (size_t)points * sizeof *precision);
  }
  if (recall != NULL && points > 0) {
    memcpy(recall, m.recall, (size_t)points * sizeof *recall);
  }
  if (count != NULL) {
    *count = points;
  }
done:
  end(&m);
  return status;
}

clf_status clf_box_mean_average_precision(const clf_box_set *found, const clf_box_set *truth,
                                          double overlap, double *mean) {
  CLF__REQUIRE(found);
  CLF__REQUIRE(truth);
  CLF__REQUIRE(mean);
  CLF__ENTER("boxes");
  matching m;
  double sum = 0;
  int64_t occurring = 0, points;
  clf_status status;
  CLF__TRY(begin(&m, found, truth, overlap));
  for (int64_t i = 0; i < m.truth.count; i++) {
    if (i == 0 || m.places[i].label != m.places[i - 1].label) {
      sum += label_precision(&m, m.places[i].label, &points);
      occurring++;
    }
  }
  *mean = sum / (double)occurring;
done:
  end(&m);
  return status;
}
