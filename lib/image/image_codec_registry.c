/* The codecs of images. A new codec is a file with its clf__image_codec, or clf__image_writer, and
 * a line here. */
#include "image/image.h"

static const clf__kind *const kinds[] = {
    &clf__image_pnm.base,
    &clf__image_gif.base,
#ifdef CLASSIFY_PNG
    &clf__image_png.base,
#endif
#ifdef CLASSIFY_JPEG
    &clf__image_jpeg.base,
#endif
    NULL,
};

const clf__registry clf__image_codecs = {"codec", "codec", kinds};

static const clf__kind *const writers[] = {
    &clf__pnm_writer.base,
#ifdef CLASSIFY_PNG
    &clf__png_writer.base,
#endif
    NULL,
};

const clf__registry clf__image_writers = {"image_writer", "format of images", writers};
