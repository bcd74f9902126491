/* Whose face a box holds, by a model that the faces program has saved, trained on what the same
 * detector found. */
#ifndef EXAMPLES_IDENTIFY_H
#define EXAMPLES_IDENTIFY_H

#include <classify.h>

typedef struct identities {
  const clf_model *people;
  int32_t *person; /* [boxes], a class of the model */
  float *score;    /* [boxes], its value of the decision function */
} identities;

/* Fills `out` for `count` boxes of an image; free it with identities_free(), also after a failure.
 */
clf_status identify(identities *out, clf_context *context, const clf_model *people,
                    const clf_image *image, const clf_box *boxes, int64_t count);
void identities_free(identities *found);

#endif
