/* What came out of a protocol on pictures of people: as an HTML page, and as members of the JSON. */
#ifndef EXAMPLES_FACES_PAGE_H
#define EXAMPLES_FACES_PAGE_H

#include "evaluate.h"
#include "strangers.h"

/* The outcome of a protocol: for each result of the run an element of `done`, or of `tests` with
 * PROTOCOL_STRANGERS. */
typedef struct faces_story {
  const model_run *run;
  const evaluation_job *job;
  const evaluation *done;
  const stranger_test *tests;
} faces_story;

/* Both take a faces_story as `self`. */
clf_status faces_page(FILE *out, const void *self, const run_facts *facts);
void faces_members(json_writer *json, const void *self, size_t index);

#endif
