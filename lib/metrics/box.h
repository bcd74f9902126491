/* What the measures of boxes share. */
#ifndef CLF_METRICS_BOX_H
#define CLF_METRICS_BOX_H

#include <stdbool.h>

#include <classify/box.h>
#include <classify/context.h>

/* Computes clf_box_overlap() of two boxes that are not NULL. */
double clf__box_overlap(const clf_box *a, const clf_box *b);

/* Which members of a set are read, in addition to its boxes. */
enum { CLF__BOX_IMAGES = 1, CLF__BOX_SCORES = 2 };
/* Checks the caller's boxes, and returns the caller's set; an empty one for NULL. */
clf_status clf__box_set_read(clf_box_set *out, const char *what, const clf_box_set *set, int parts);

/* The sort key of a box: label, descending score, original order. */
typedef struct clf__box_place {
  float score;
  int32_t label; /* 0 if labels do not matter */
  int64_t index;
} clf__box_place;

/* *out [count] is allocated. */
clf_status clf__sort_boxes(clf__box_place **out, clf_context *context, const clf_box *boxes,
                           int64_t count, bool labels);

/* Does what clf_box_suppress() does, for valid boxes; without `labels` as if all had the same
 * label. */
clf_status clf__suppress_boxes(clf_context *context, clf_box *boxes, int64_t count, double overlap,
                               bool labels, int64_t *kept);

#endif
