/* The HTML page of `detect evaluate`. */
#ifndef EXAMPLES_DETECT_REPORT_H
#define EXAMPLES_DETECT_REPORT_H

#include "evaluate.h"

typedef struct detect_story {
  const char *title;
  const evaluation *result;
  const run_facts *run;
  const char *file, *params; /* of the detector; params as given on the command line, or NULL */
  const clf_detector *detector;
  const scene_list *scenes;
  const scene_match *matches; /* [scenes] by the detector's own threshold */
} detect_story;

clf_status detect_report(FILE *out, const detect_story *story);

#endif
