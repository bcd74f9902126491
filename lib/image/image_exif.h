/* Which way up a photograph is. */
#ifndef CLF_IMAGE_IMAGE_EXIF_H
#define CLF_IMAGE_IMAGE_EXIF_H

#include "image/image.h"

/* The orientation, 1 to 8, that the EXIF data in a JPEG file's bytes tell; 1 where they do not. */
int clf__exif_orientation(const unsigned char *bytes, size_t size);

/* Puts the image upright, given its orientation; *image becomes another one. CLF_ERROR_MEMORY. */
clf_status clf__image_orient(clf_image **image, int orientation);

#endif
