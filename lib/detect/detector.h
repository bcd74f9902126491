/* A detector's inside, and an image on its way through one. */
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
  int64_t stride;     /* pixels of a level from place to place */
  int64_t max_places; /* places of a tile on either side */
  int32_t background; /* a class, or -1 */
  float min_score;    /* the threshold, as a score */
};

/* The image at one size: evaluated in tiles, each of the same number of places. Where the stride is
 * finer than the network's step, in `shifts` runs on either axis, each a stride further. */
typedef struct clf__level {
  int64_t height, width; /* of the image */
  double row, column;    /* pixels of the original that a pixel is high and wide */
  uint8_t *pixels;       /* [height, width, channels] */
  clf__inference *inference;
  int64_t tile_rows, tile_columns; /* places of a tile */
  int64_t down, across;            /* tiles */
  int64_t first_task;
  int64_t rows, columns; /* places, a stride apart */
  float *score;          /* [rows, columns]; -INFINITY for nothing */
  int32_t *label;        /* [rows, columns] */
} clf__level;

typedef struct clf__levels {
  const clf_detector *detector;
  int64_t shifts;
  clf__level *all; /* [count] from the largest */
  int64_t count;
  int64_t tasks; /* tiles of all levels and shifts */
} clf__levels;

/* Levels of an image with its channels, ready to be evaluated; none for one smaller than the window
 * at every size. `levels` is freed in any case. */
clf_status clf__levels_create(clf__levels *levels, const clf_detector *detector,
                              const clf_image *image);
void clf__levels_free(clf__levels *levels);
/* Sets the scores and labels of all levels. */
clf_status clf__levels_evaluate(clf__levels *levels);
/* What is found in evaluated levels, doubles suppressed, by falling score; *out is allocated. */
clf_status clf__levels_boxes(clf_box **out, int64_t *count, const clf__levels *levels);
/* The pixels [height, width, channels] of the window that gave a box. */
void clf__levels_window(const clf__levels *levels, const clf_box *box, uint8_t *out);

#endif
