/* The HTML page of `detect evaluate`. */
#ifndef EXAMPLES_DETECTION_PAGE_H
#define EXAMPLES_DETECTION_PAGE_H

#include "detection.h"

typedef struct detect_story {
  const char *title;
  const detection_result *result;
  const run_facts *run;
  const char *file, *params; /* of the detector; params as given on the command line, or NULL */
  clf_detector *detector;
  const scene_list *scenes;
  scene_match *matches; /* [scenes] by the detector's own threshold; of detection_show() */
} detect_story;

/* Runs the detector with its own threshold on all scenes. It draws the objects found into pictures
 * in a folder if `folder` is not NULL, and writes the page if `out` is not NULL. */
clf_status detection_show(FILE *out, detect_story *story, const char *folder, clf_context *context);

#endif
