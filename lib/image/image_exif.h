/* The orientation of photographs. */
#ifndef CLF_IMAGE_IMAGE_EXIF_H
#define CLF_IMAGE_IMAGE_EXIF_H

#include "image/image.h"

/* Returns the orientation, 1 to 8, in the EXIF data of a JPEG file's bytes; 1 if there is none. */
int clf__exif_orientation(const unsigned char *bytes, size_t size);

/* Rotates and flips the image upright, given its orientation; *image is replaced. Returns
 * CLF_ERROR_MEMORY. */
clf_status clf__image_orient(clf_image **image, int orientation);

#endif
