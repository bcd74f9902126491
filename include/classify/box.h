/** @file classify/box.h
 *  Boxes around objects in images: overlap, non-maximum suppression, and measures of detections.
 *
 *  A box covers [left, left + width) x [top, top + height) in pixels; its sides are finite and more
 *  than 0. Functions that return a status refuse other boxes, and scores that are NaN, by
 *  CLF_ERROR_DATA. Thread class of the file: any thread.
 *
 *  **Use.** Keep one of several boxes around the same object:
 *
 *  @code
 *  clf_box boxes[2] = {{.top = 10, .left = 10, .height = 20, .width = 20, .score = 2},
 *                      {.top = 11, .left = 10, .height = 20, .width = 20, .score = 1}};
 *  int64_t kept = 0;
 *  if (clf_box_suppress(boxes, 2, 0.3, &kept) >= 0) {
 *    printf("%lld of 2 are kept\n", (long long)kept); // the second overlaps the first
 *  }
 *  @endcode
 */
#ifndef CLASSIFY_BOX_H
#define CLASSIFY_BOX_H

#include <classify/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** An object in an image. The layout never changes. */
typedef struct clf_box {
  float top;     /**< its first row */
  float left;    /**< its first column */
  float height;  /**< in pixels */
  float width;   /**< in pixels */
  float score;   /**< how sure it is: higher is surer */
  int32_t label; /**< class index */
} clf_box;

/** Boxes in several images. */
typedef struct clf_box_set {
  uint32_t struct_size;  /**< sizeof(clf_box_set), set by the caller */
  const clf_box *boxes;  /**< [count]; NULL when count is 0 */
  const int64_t *images; /**< [count] number of the image that each box is in, of any value */
  int64_t count;         /**< 0 or more */
} clf_box_set;

/** Returns the intersection over union of two boxes, 0 to 1. Labels and scores do not matter.
 *  @return the ratio; 0 for NULL @since 0.1 */
CLF_API double clf_box_overlap(const clf_box *a, const clf_box *b);

/** Suppresses duplicates by greedy non-maximum suppression. Boxes are visited in descending order
 *  of their scores; a box is kept unless a box of its label that is already kept overlaps it by
 *  more than `overlap`. Boxes with equal scores are visited in the order of the array.
 *  @param boxes    [count] receives the kept boxes first, in descending order of their scores; the
 *                  rest is unspecified
 *  @param overlap  intersection over union, 0 to 1
 *  @param kept     receives how many are kept
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_DATA, CLF_ERROR_MEMORY @since 0.1 */
CLF_API clf_status clf_box_suppress(clf_box *boxes, int64_t count, double overlap, int64_t *kept);

/** Computes the average precision of found boxes of one label: the area under the precision-recall
 *  curve made monotone, all points counted (as in PASCAL VOC since 2010). Found boxes are visited
 *  in descending order of their scores. A found box is right when the true box in its image that it
 *  overlaps most is overlapped by at least `overlap` and was not found before; otherwise it is
 *  wrong. Everingham, Van Gool, Williams, Winn and Zisserman, "The Pascal Visual Object Classes
 *  (VOC) challenge" (IJCV 2010), section 4.2, and its development kit of 2010.
 *  @param found      what was found
 *  @param truth      the objects that there are, one or more; their scores are not read
 *  @param overlap    above 0, at most 1
 *  @param label      boxes of other labels are left out; at least one of truth has it
 *  @param area       receives the area, 0 to 1
 *  @param precision, recall  [found->count] receive the curve as it is, a point for each found box
 *                            of the label, or NULL
 *  @param count      receives the number of points, or NULL
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_DATA, CLF_ERROR_UNSUPPORTED (a set with members
 *          of a later version), CLF_ERROR_MEMORY @since 0.1 */
CLF_API clf_status clf_box_average_precision(const clf_box_set *found, const clf_box_set *truth,
                                             double overlap, int32_t label, double *area,
                                             double *precision, double *recall, int64_t *count);

/** Computes the mean of clf_box_average_precision() over the labels that occur in truth.
 *  @return as clf_box_average_precision() @since 0.1 */
CLF_API clf_status clf_box_mean_average_precision(const clf_box_set *found,
                                                  const clf_box_set *truth, double overlap,
                                                  double *mean);

#ifdef __cplusplus
}
#endif

#endif
