/* Finds the boxes of objects in an image. */
#include <math.h>
#include <string.h>

#include "base/border.h"
#include "base/math.h"
#include "base/text.h"
#include "detect/detector.h"
#include "image/image.h"
#include "metrics/box.h"

static clf_box box_of(const clf__levels *levels, const clf__level *level, int64_t place) {
  const clf_detector *detector = levels->detector;
  const int64_t stride = detector->stride;
  return (clf_box){
      .top = (float)((double)(place / level->columns * stride) * level->row),
      .left = (float)((double)(place % level->columns * stride) * level->column),
      .height = (float)((double)detector->scanner->height * level->row),
      .width = (float)((double)detector->scanner->width * level->column),
      .score = level->score[place],
      .label = level->label[place],
  };
}

/* Appends the boxes to `out` if it is not NULL; returns how many there are. */
static int64_t collect(const clf__levels *levels, clf_box *out) {
  int64_t count = 0;
  for (int64_t i = 0; i < levels->count; i++) {
    const clf__level *level = &levels->all[i];
    for (int64_t place = 0; place < level->rows * level->columns; place++) {
      if (level->score[place] == -INFINITY) {
        continue;
      }
      if (out != NULL) {
        out[count] = box_of(levels, level, place);
      }
      count++;
    }
  }
  return count;
}

/* Returns the objects found in evaluated levels, without duplicates, by descending score; *out is
 * allocated. */
static clf_status boxes_of(clf_box **out, int64_t *count, const clf__levels *levels) {
  const clf_detector *detector = levels->detector;
  const int64_t found = collect(levels, NULL);
  clf_box *boxes = clf__alloc_array(detector->context, found, sizeof *boxes);
  if (boxes == NULL) {
    return CLF_ERROR_MEMORY;
  }
  collect(levels, boxes);
  clf_status status = clf__suppress_boxes(
      detector->context, boxes, found, detector->params->overlap, !detector->params->across, count);
  if (status < 0) {
    clf__free(boxes);
    return status;
  }
  *out = boxes;
  return CLF_OK;
}

/* Returns the index of a window on an axis of its level; the box has it up to rounding. */
static int64_t window_at(float edge, double pixel, int64_t side, int64_t window) {
  const int64_t at = llround((double)edge / pixel);
  return clf__min_i64(at, side - window);
}

/* Returns the level whose windows are nearest to a box in height. */
static const clf__level *level_of(const clf__levels *levels, const clf_box *box) {
  const double height = (double)levels->detector->scanner->height;
  const clf__level *best = &levels->all[0];
  for (int64_t i = 1; i < levels->count; i++) {
    const clf__level *level = &levels->all[i];
    if (fabs(height * level->row - (double)box->height) <
        fabs(height * best->row - (double)box->height)) {
      best = level;
    }
  }
  return best;
}

/* Returns the pixels [height, width, channels] of the window that produced a box. */
static void window_of(const clf__levels *levels, const clf_box *box, uint8_t *out) {
  const clf__scanner *scanner = levels->detector->scanner;
  const clf__level *level = level_of(levels, box);
  const int64_t top = window_at(box->top, level->row, level->height, scanner->height);
  const int64_t left = window_at(box->left, level->column, level->width, scanner->width);
  const int64_t line = scanner->width * scanner->channels;
  for (int64_t i = 0; i < scanner->height; i++, out += line) {
    memcpy(out, level->pixels + ((top + i) * level->width + left) * scanner->channels,
           (size_t)line);
  }
}

static clf_status repeat_channels(clf_image **out, const clf_image *gray, int64_t channels) {
  clf_image *made = NULL;
  clf_status status =
      clf__image_create_uninitialized(&made, gray->context, gray->height, gray->width, channels);
  for (int64_t i = 0; status == CLF_OK && i < gray->height * gray->width * channels; i++) {
    made->pixels[i] = gray->pixels[i / channels];
  }
  if (status == CLF_OK) {
    *out = made;
  }
  return status;
}

/* *used is the image with the channels of the window: itself, or *made, which the caller frees. */
static clf_status fit_channels(const clf_image **used, clf_image **made, const clf_image *image,
                               int64_t channels) {
  clf_status status = CLF_OK;
  if (image->channels != channels) {
    status =
        channels == 1 ? clf_image_to_gray(made, image) : repeat_channels(made, image, channels);
  }
  *used = *made != NULL ? *made : image;
  return status;
}

/* Computes levels and boxes of an image; the caller frees both, also after a failure. */
static clf_status detect(const clf_detector *detector, const clf_image *image, clf__levels *levels,
                         clf_box **boxes, int64_t *count) {
  const clf_image *used = NULL;
  clf_image *made = NULL;
  clf_status status = fit_channels(&used, &made, image, detector->scanner->channels);
  CLF__TRY(status);
  CLF__TRY(clf__levels_create(levels, detector, used));
  CLF__TRY(clf__levels_evaluate(levels));
  CLF__TRY(boxes_of(boxes, count, levels));
done:
  clf_image_free(made);
  return status;
}

static clf_status check_capacity(int64_t capacity, const void *boxes) {
  return capacity >= 0 && (boxes != NULL || capacity == 0)
             ? CLF_OK
             : clf__fail(
                   CLF_ERROR_ARGUMENT,
                   "detector: capacity of %lld boxes%s; it must be 0 or more, with memory for it",
                   (long long)capacity, boxes == NULL ? " at NULL" : "");
}

clf_status clf_detector_run(const clf_detector *detector, const clf_image *image, clf_box *boxes,
                            int64_t capacity, int64_t *count) {
  CLF__REQUIRE(detector);
  CLF__REQUIRE(image);
  CLF__REQUIRE(count);
  CLF__ENTER("detector");
  clf__levels levels = {0};
  clf_box *found = NULL;
  int64_t total = 0;
  clf_status status = check_capacity(capacity, boxes);
  CLF__TRY(status);
  CLF__TRY(detect(detector, image, &levels, &found, &total));
  const int64_t given = clf__min_i64(total, capacity);
  if (given > 0) {
    memcpy(boxes, found, (size_t)given * sizeof *boxes);
  }
  *count = total;
done:
  clf__free(found);
  clf__levels_free(&levels);
  return status;
}

static bool is_object(const clf_box *box, const clf_box_set *objects, double overlap) {
  for (int64_t i = 0; i < objects->count; i++) {
    if (clf__box_overlap(box, &objects->boxes[i]) > overlap) {
      return true;
    }
  }
  return false;
}

static clf_status check_overlap(double overlap) {
  return overlap >= 0 && overlap <= 1
             ? CLF_OK
             : clf__fail(CLF_ERROR_ARGUMENT, "detector: overlap is %s; it must be 0 to 1",
                         clf__number_text(overlap));
}

clf_status clf_detector_mine_negatives(const clf_detector *detector, const clf_image *scene,
                                       const clf_box_set *objects, double overlap, uint8_t *windows,
                                       clf_box *boxes, int64_t capacity, int64_t *count) {
  CLF__REQUIRE(detector);
  CLF__REQUIRE(scene);
  CLF__REQUIRE(count);
  CLF__ENTER("detector");
  const clf__scanner *scanner = detector->scanner;
  const int64_t size = scanner->height * scanner->width * scanner->channels;
  clf__levels levels = {0};
  clf_box_set apart = {0};
  clf_box *found = NULL;
  int64_t total = 0, wrong = 0;
  clf_status status = CLF_OK;
  CLF__TRY(check_capacity(capacity, windows));
  CLF__TRY(check_overlap(overlap));
  CLF__TRY(clf__box_set_read(&apart, "detector, objects", objects, 0));
  CLF__TRY(detect(detector, scene, &levels, &found, &total));
  for (int64_t i = 0; i < total; i++) {
    if (is_object(&found[i], &apart, overlap)) {
      continue;
    }
    if (wrong < capacity) {
      window_of(&levels, &found[i], windows + wrong * size);
    }
    if (wrong < capacity && boxes != NULL) {
      boxes[wrong] = found[i];
    }
    wrong++;
  }
  *count = wrong;
done:
  clf__free(found);
  clf__levels_free(&levels);
  return status;
}
