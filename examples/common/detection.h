/* What a detector finds in scenes, compared with the objects that are there. */
#ifndef EXAMPLES_DETECTION_H
#define EXAMPLES_DETECTION_H

#include "boxes.h"
#include "report/results.h"

/* The precision-recall curve of a class that occurs, and the area under it. */
typedef struct class_curve {
  int32_t label;
  double area;
  double *precision, *recall; /* [points], by decreasing score */
  int64_t points;
} class_curve;

typedef struct detection_result {
  int64_t scenes, objects, found;
  double megapixels, seconds;
  double overlap;           /* that a box must have with the object */
  double average_precision; /* the mean over classes */
  class_curve *curves;      /* [classes] */
  int64_t classes;
} detection_result;

/* The threshold of the detector should be low, so that the curves are complete. Free the evaluation
 * also after a failure. */
clf_status detection_evaluate(detection_result *out, const clf_detector *detector,
                              const scene_list *scenes, double overlap);
void detection_free(detection_result *e);

/* Writes the evaluation as a JSON array of one object. */
void detection_write(FILE *out, const detection_result *e, const clf_detector *detector,
                     const run_facts *run, const char *file);

/* The boxes of a scene, each right or not, and which of its objects are found. */
typedef struct scene_match {
  clf_box *boxes; /* [count] by decreasing score */
  bool *right;    /* [count] */
  bool *found;    /* [objects of the scene] */
  int64_t count, wrong, missed;
} scene_match;

/* Runs a detector on a scene and matches its boxes: by decreasing score, a box is right where the
 * object of its class that it overlaps most does so by at least `overlap` and was not found before.
 * Free the match also after a failure. */
clf_status match_scene(scene_match *out, const clf_detector *detector, const scene *s,
                       double overlap);
void match_free(scene_match *match);

#endif
