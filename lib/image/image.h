/* The members of an image, and the codecs that read and write it. */
#ifndef CLF_IMAGE_IMAGE_H
#define CLF_IMAGE_IMAGE_H

#include <stdbool.h>

#include <classify/image.h>

#include "base/context.h"
#include "base/kinds.h"
#include "base/memory.h"
#include "base/output.h"
#include "base/status.h"

struct clf_image {
  clf_context *context;
  int64_t height, width, channels;
  uint8_t *pixels; /* [height, width, channels] */
};

/* Makes an image whose pixels are uninitialized; the caller must set all of them. Returns
 * CLF_ERROR_SHAPE or CLF_ERROR_MEMORY. */
clf_status clf__image_create_uninitialized(clf_image **out, clf_context *context, int64_t height,
                                           int64_t width, int64_t channels);

static inline int64_t clf__image_row_bytes(const clf_image *image) {
  return image->width * image->channels;
}
/* Returns after how many rows a codec reports. */
static inline int64_t clf__image_step_rows(const clf_image *image) {
  return 1 + (1 << 16) / clf__image_row_bytes(image);
}

typedef struct clf__image_params {
  int64_t max_pixels;
  int64_t background; /* gray level behind transparent pixels */
} clf__image_params;

/* The bytes of a file that is to be decoded. */
typedef struct clf__image_source {
  const unsigned char *bytes;
  size_t size;
  const char *name; /* for messages */
  const clf__image_params *params;
} clf__image_source;

/* All readers have the same parameters. */
enum { CLF__IMAGE_READ_PARAMS = 2 };
extern const clf__param clf__image_read_params[CLF__IMAGE_READ_PARAMS];
#define CLF__IMAGE_READER(name, help)                                                              \
  {                                                                                                \
    (name), (help), {                                                                              \
      "image", clf__image_read_params, CLF__IMAGE_READ_PARAMS, sizeof(clf__image_params)           \
    }                                                                                              \
  }

/* Images in one file format, a row of the registry in registry.c. */
typedef struct clf__image_reader {
  clf__kind base;
  /* Returns whether the first bytes of a file are of this format. */
  bool (*probe)(const unsigned char *bytes, size_t size);
  /* Trusts nothing in the source. Calls clf__image_check_size() before it makes the image. */
  clf_status (*decode)(clf_image **out, clf_context *context, const clf__image_source *source);
} clf__image_reader;

/* Writes files of one format, a row of the other registry there. */
typedef struct clf__image_writer {
  clf__kind base;
  const char *endings; /* of its files: "pgm|ppm" */
  clf_status (*encode)(const clf_image *image, clf__output *output, const char *ending,
                       const void *params);
} clf__image_writer;

extern const clf__image_reader clf__image_reader_pnm;
extern const clf__image_reader clf__image_reader_png;
extern const clf__image_reader clf__image_reader_jpeg;
extern const clf__image_reader clf__image_reader_gif;

extern const clf__image_writer clf__image_writer_pnm;
extern const clf__image_writer clf__image_writer_png;

extern const clf__registry clf__image_readers, clf__image_writers;
/* Bytes of a file that are enough for every probe, and to recognize other files. */
enum { CLF__IMAGE_HEAD = 256 };

/* Returns CLF_ERROR_FORMAT without pixels, and CLF_ERROR_DATA for more than max_pixels; the message
 * names the file. */
clf_status clf__image_check_size(const clf__image_source *source, int64_t height, int64_t width);
/* Makes the uninitialized image for a source of that size, after clf__image_check_size(). */
clf_status clf__image_begin(clf_image **out, clf_context *context, const clf__image_source *source,
                            int64_t height, int64_t width, int64_t channels);

/* Decodes bytes by the codec that their beginning determines. Returns CLF_ERROR_FORMAT if none
 * recognizes it. */
clf_status clf__image_decode(clf_image **out, clf_context *context,
                             const clf__image_source *source);

/* Reads a file. Returns CLF_ERROR_FORMAT if it is damaged, or if no codec recognizes its first
 * bytes; *known receives whether one does. */
clf_status clf__image_read(clf_image **out, clf_context *context, const char *path,
                           const clf__image_params *params, bool *known);

/* Returns whether the first bytes of the file are those of an image. */
clf_status clf__image_probe(bool *out, const char *path);

extern const clf__kind clf__image_normalize_kind;

#endif
