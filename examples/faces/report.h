/* The HTML page of the faces program. */
#ifndef EXAMPLES_FACES_REPORT_H
#define EXAMPLES_FACES_REPORT_H

#include "evaluate.h"
#include "strangers.h"

/* What was done under a protocol: `done` [count], or `tests` [count] with PROTOCOL_STRANGERS. */
typedef struct faces_story {
  const run_facts *run;
  face_protocol protocol;
  const face_set *faces;
  const result *results;
  const evaluation *done;
  const stranger_test *tests;
  size_t count;
  int64_t splits;
} faces_story;

/* The page; nothing where no model was done. */
void faces_report(FILE *out, const faces_story *story);

#endif
