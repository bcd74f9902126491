/* A picture as the models of the faces program take it: gray, FACES_HEIGHT high and FACES_WIDTH
 * wide, bytes with the scale 1/255. */
#ifndef EXAMPLES_FACE_PICTURE_H
#define EXAMPLES_FACE_PICTURE_H

#include <classify.h>

enum { FACES_HEIGHT = 60, FACES_WIDTH = 80, FACES_PIXELS = FACES_HEIGHT * FACES_WIDTH };

/* The whole image, whatever its size. */
clf_status picture_of_image(uint8_t out[FACES_PIXELS], const clf_image *image);

/* What lies around a detector's box of side s: 1.2 s high and 1.6 s wide, about the box's middle.
 */
clf_status picture_of_box(uint8_t out[FACES_PIXELS], const clf_image *image, const clf_box *box);

#endif
