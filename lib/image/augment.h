/* Random changes of images, so that a learner sees each image in a different form in every
 * epoch. */
#ifndef CLF_IMAGE_AUGMENT_H
#define CLF_IMAGE_AUGMENT_H

#include "base/context.h"
#include "base/kinds.h"

extern const clf__kind clf__augment_image;

typedef struct clf__augment clf__augment;

/* Returns CLF_OK if a text has the grammar, or CLF_ERROR_ARGUMENT. NULL is no text. */
clf_status clf__augment_check(clf_context *context, const char *text);
/* For rows of that shape, [height, width] or [height, width, channels], from "name=value …"; *out
 * is NULL if there is no text. Returns CLF_ERROR_SHAPE for rows that are not images. */
clf_status clf__augment_create(clf__augment **out, clf_context *context, const char *text,
                               int32_t dimensions, const int64_t *shape);
void clf__augment_free(clf__augment *augment); /* NULL is fine */

/* Changes a row in place. Seed and row determine the random numbers; `worker` is the pool's. */
void clf__augment_row(const clf__augment *augment, int32_t worker, uint64_t seed, int64_t row,
                      float *values);

#endif
