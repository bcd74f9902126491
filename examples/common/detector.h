/* Training a detector in rounds: windows with objects and windows without, then also those that
 * the detector takes for objects in the scenes. */
#ifndef EXAMPLES_DETECTOR_H
#define EXAMPLES_DETECTOR_H

#include "boxes.h"
#include "report/progress.h"
#include "sources.h"

typedef struct recipe {
  const char *augment;
  const char *detector; /* its parameters but threshold and overlap */
  int64_t epochs;       /* of a round; the last has twice as many */
  int64_t rounds;       /* of mining */
  int64_t scenes;       /* to mine in, at most; 0: all */
  int64_t random;       /* windows without objects at first, and at most 10 for each with one */
  int64_t mined;        /* windows that a round adds, at most */
  double threshold;     /* probability from which a wrong box is mined */
  double apart;         /* overlap with an object up to which a window is one without it */
  double smallest;      /* side of the smallest windows drawn */
} recipe;

extern const recipe detector_recipes[SOURCES];

/* `windows` has those of objects, and receives the others. */
clf_status train_detector(clf_detector **out, clf_context *context, const recipe *how,
                          window_list *windows, const scene_list *scenes, uint64_t *state,
                          progress_display *progress);

#endif
