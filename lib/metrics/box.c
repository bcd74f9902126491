/* Boxes: overlap and greedy suppression. n boxes, of which k are kept, take O(n log n) operations
 * for sorting and at most n k comparisons. The kept boxes are stored as four arrays, so that the
 * compiler can vectorize comparisons. */
#include "metrics/box.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/border.h"
#include "base/context.h"
#include "base/math.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/structs.h"
#include "base/text.h"

double clf__box_overlap(const clf_box *a, const clf_box *b) {
  const double height = fmin((double)a->top + a->height, (double)b->top + b->height) -
                        fmax((double)a->top, (double)b->top);
  const double width = fmin((double)a->left + a->width, (double)b->left + b->width) -
                       fmax((double)a->left, (double)b->left);
  if (!(height > 0 && width > 0)) {
    return 0;
  }
  const double common = height * width;
  return common / ((double)a->height * a->width + (double)b->height * b->width - common);
}

double clf_box_overlap(const clf_box *a, const clf_box *b) {
  CLF__ENTER("boxes");
  return a != NULL && b != NULL ? clf__box_overlap(a, b) : 0;
}

/* Returns CLF_ERROR_DATA for the first box that is not valid; `what` begins the message. */
static clf_status check_boxes(const char *what, const clf_box *boxes, int64_t count, bool scores) {
  for (int64_t i = 0; i < count; i++) {
    const clf_box *b = &boxes[i];
    if (!(isfinite(b->top) && isfinite(b->left) && isfinite(b->height) && isfinite(b->width) &&
          b->height > 0 && b->width > 0)) {
      return clf__fail(CLF_ERROR_DATA,
                       "%s: box %lld is at (%s, %s) with sides %s x %s; these must be finite, and "
                       "sides more than 0",
                       what, (long long)i, clf__number_format_f32(b->top).text,
                       clf__number_format_f32(b->left).text, clf__number_format_f32(b->height).text,
                       clf__number_format_f32(b->width).text);
    }
    if (scores && isnan(b->score)) {
      return clf__fail(CLF_ERROR_DATA, "%s: the score of box %lld is NaN", what, (long long)i);
    }
  }
  return CLF_OK;
}

clf_status clf__box_set_read(clf_box_set *out, const char *what, const clf_box_set *set,
                             int parts) {
  static const clf__struct about = CLF__STRUCT(clf_box_set, count);
  clf_box_set given = {0};
  if (set != NULL) {
    CLF__CHECK(clf__struct_read(&given, &about, set));
  }
  const bool images = (parts & CLF__BOX_IMAGES) == 0 || given.images != NULL;
  if (given.count < 0 || (given.count > 0 && (given.boxes == NULL || !images))) {
    return clf__fail(CLF_ERROR_ARGUMENT, "%s: %lld boxes%s; there must be 0 or more, with memory",
                     what, (long long)given.count,
                     given.boxes == NULL ? " at NULL"
                     : images            ? ""
                                         : " without images");
  }
  CLF__CHECK(check_boxes(what, given.boxes, given.count, (parts & CLF__BOX_SCORES) != 0));
  *out = given;
  return CLF_OK;
}

static int compare_places(const void *first, const void *second) {
  const clf__box_place *a = first, *b = second;
  if (a->label != b->label) {
    return a->label < b->label ? -1 : 1;
  }
  if (a->score != b->score) {
    return a->score > b->score ? -1 : 1;
  }
  return (a->index > b->index) - (a->index < b->index);
}

clf_status clf__sort_boxes(clf__box_place **out, clf_context *context, const clf_box *boxes,
                           int64_t count, bool labels) {
  clf__box_place *places = clf__alloc_array(context, count, sizeof *places);
  if (places == NULL) {
    return CLF_ERROR_MEMORY;
  }
  for (int64_t i = 0; i < count; i++) {
    places[i] = (clf__box_place){boxes[i].score, labels ? boxes[i].label : 0, i};
  }
  qsort(places, (size_t)count, sizeof *places, compare_places);
  *out = places;
  return CLF_OK;
}

/* Kept boxes of one label. */
typedef struct kept_boxes {
  int64_t count;
  float *top, *left, *bottom, *right; /* [capacity] */
} kept_boxes;

/* Returns whether a box overlaps a kept one by more than the threshold. A filter in floats finds
 * all such overlaps and few others; these are then computed exactly. */
static bool is_double(const kept_boxes *kept, const clf_box *boxes, const clf_box *box,
                      double overlap) {
  enum { BLOCK = 256 };
  const float bottom = box->top + box->height, right = box->left + box->width;
  for (int64_t first = 0; first < kept->count; first += BLOCK) {
    const int64_t end = clf__min_i64(first + BLOCK, kept->count);
    int32_t touching = 0;
    for (int64_t i = first; i < end; i++) {
      touching |= (kept->top[i] <= bottom) & (kept->bottom[i] >= box->top) &
                  (kept->left[i] <= right) & (kept->right[i] >= box->left);
    }
    for (int64_t i = first; touching != 0 && i < end; i++) {
      if (clf__box_overlap(&boxes[i], box) > overlap) {
        return true;
      }
    }
  }
  return false;
}

static void keep_box(kept_boxes *kept, const clf_box *box) {
  const int64_t i = kept->count++;
  kept->top[i] = box->top;
  kept->left[i] = box->left;
  kept->bottom[i] = box->top + box->height;
  kept->right[i] = box->left + box->width;
}

/* `out` [count] receives the kept boxes, label by label. */
static int64_t suppress(const clf_box *boxes, const clf__box_place *places, int64_t count,
                        double overlap, kept_boxes *kept, clf_box *out) {
  int64_t total = 0;
  for (int64_t i = 0; i < count; i++) {
    if (i == 0 || places[i].label != places[i - 1].label) {
      kept->count = 0;
    }
    const clf_box *box = &boxes[places[i].index];
    if (!is_double(kept, out + total - kept->count, box, overlap)) {
      keep_box(kept, box);
      out[total++] = *box;
    }
  }
  return total;
}

/* By descending score; equal ones in the order of `boxes`, which is by label. */
static clf_status order_by_score(clf_context *context, const clf_box *boxes, int64_t count,
                                 clf_box *out) {
  clf__box_place *places = NULL;
  clf_status status = clf__sort_boxes(&places, context, boxes, count, false);
  for (int64_t i = 0; status == CLF_OK && i < count; i++) {
    out[i] = boxes[places[i].index];
  }
  clf__free(places);
  return status;
}

clf_status clf__suppress_boxes(clf_context *context, clf_box *boxes, int64_t count, double overlap,
                               bool labels, int64_t *total) {
  clf__box_place *places = NULL;
  clf__arena arena = {.context = context};
  clf_box *out = clf__arena_array(&arena, count, sizeof *out);
  float *sides = clf__arena_matrix(&arena, 4, count, sizeof *sides);
  clf_status status = CLF_OK;
  CLF__TRY(clf__arena_status(&arena));
  CLF__TRY(clf__sort_boxes(&places, context, boxes, count, labels));
  kept_boxes kept = {0, sides, sides + count, sides + 2 * count, sides + 3 * count};
  const int64_t kept_count = suppress(boxes, places, count, overlap, &kept, out);
  CLF__TRY(order_by_score(context, out, kept_count, boxes));
  *total = kept_count;
done:
  clf__free(places);
  clf__arena_free(&arena);
  return status;
}

clf_status clf_box_suppress(clf_box *boxes, int64_t count, double overlap, int64_t *kept) {
  CLF__REQUIRE(boxes);
  CLF__REQUIRE(kept);
  CLF__ENTER("boxes");
  if (count < 0 || !(overlap >= 0 && overlap <= 1)) {
    return clf__fail(CLF_ERROR_ARGUMENT,
                     "suppression: %lld boxes, overlap %s; these must be 0 or more, and 0 to 1",
                     (long long)count, clf__number_text(overlap));
  }
  CLF__CHECK(check_boxes("suppression", boxes, count, true));
  clf_context *context = clf__context_retain(NULL);
  if (context == NULL) {
    return CLF_ERROR_MEMORY;
  }
  clf_status status = clf__suppress_boxes(context, boxes, count, overlap, true, kept);
  clf__context_release(context);
  return status;
}
