/* The members of a detector, and an image while it is processed. */
#ifndef CLF_DETECT_DETECTOR_H
#define CLF_DETECT_DETECTOR_H

#include <classify/detect.h>

#include "base/kinds.h"
#include "detect/scanner.h"

typedef struct clf__detector_params {
  double scale_step;
  clf__number stride;
  double threshold;
  double overlap;
  bool across;
  clf__number min_size, max_size;
  clf__number background;
  double pixel_scale;
} clf__detector_params;

extern const clf__kind clf__detector_kind;

struct clf_detector {
  clf_context *context;
  clf_model *model;
  clf__detector_params *params;
  clf__scanner *scanner;
  int64_t stride;     /* pixels of a level from one position to the next */
  int64_t max_places; /* positions of a tile along either axis */
  int32_t background; /* a class, or -1 */
  float min_score;    /* the threshold, as a score */
};

/* The image at one size. It is evaluated in tiles with the same number of positions each. If the
 * stride is finer than the network's step, this is repeated with `shifts` shifts along each axis,
 * each one stride further. */
typedef struct clf__level {
  int64_t height, width; /* of the image */
  double row, column;    /* pixels of the original in the height and width of a pixel */
  uint8_t *pixels;       /* [height, width, channels] */
  clf__inference *inference;
  int64_t tile_rows, tile_columns; /* positions in a tile */
  int64_t down, across;            /* tiles */
  int64_t first_task;
  int64_t rows, columns; /* positions, one stride apart */
  float *score;          /* [rows, columns]; -INFINITY for no object */
  int32_t *label;        /* [rows, columns] */
} clf__level;

typedef struct clf__levels {
  clf__arena arena; /* holds the levels and their arrays */
  const clf_detector *detector;
  int64_t shifts;
  clf__level *all; /* [count] from the largest */
  int64_t count;
  int64_t tasks; /* tiles of all levels and shifts */
} clf__levels;

/* Makes the levels of an image with the right channels, ready to be evaluated; there are none if
 * the image is smaller than the window at every size. `levels` must be freed in any case. */
clf_status clf__levels_create(clf__levels *levels, const clf_detector *detector,
                              const clf_image *image);
void clf__levels_free(clf__levels *levels);
/* Computes the scores and labels of all levels. */
clf_status clf__levels_evaluate(clf__levels *levels);

#endif
