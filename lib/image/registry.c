/* The codecs of images. A new codec is a file with its clf__image_reader, or clf__image_writer, and
 * a line here. */
#include "image/image.h"

static const clf__kind *const kinds[] = {
    &clf__image_reader_pnm.base,
    &clf__image_reader_gif.base,
#ifdef CLASSIFY_PNG
    &clf__image_reader_png.base,
#endif
#ifdef CLASSIFY_JPEG
    &clf__image_reader_jpeg.base,
#endif
    NULL,
};

const clf__registry clf__image_readers = {"image_reader", "format of images", kinds};

static const clf__kind *const writers[] = {
    &clf__image_writer_pnm.base,
#ifdef CLASSIFY_PNG
    &clf__image_writer_png.base,
#endif
    NULL,
};

const clf__registry clf__image_writers = {"image_writer", "format of images", writers};
