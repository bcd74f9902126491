/* What a file is that no codec reads. */
#ifndef CLF_IMAGE_IMAGE_OTHER_H
#define CLF_IMAGE_IMAGE_OTHER_H

#include <stddef.h>

/* Describes the first bytes of a file, such as "a BMP image"; `size` is at most that of the
 * file. */
const char *clf__image_other(const unsigned char *bytes, size_t size);

#endif
