/* Checks whether a JPEG file is complete: jpeg_check.c reads the segments, jpeg_scans.c checks the
 * scans, and jpeg_blocks.c walks over their blocks. */
#ifndef CLF_IMAGE_JPEG_CHECK_H
#define CLF_IMAGE_JPEG_CHECK_H

#include "image/image.h"
#include "image/jpeg_blocks.h"

enum { CLF__JPEG_MAX_SCANS = 128, CLF__JPEG_COMPONENTS = 4, CLF__JPEG_UNSEEN = -1 };

/* Returns CLF_ERROR_FORMAT for damaged segments or blocks, with the position in the message;
 * CLF_ERROR_MEMORY or CLF_ERROR_CANCELLED. It also returns CLF_OK, with `*whole` false, for files
 * that only a decoder can judge: those with arithmetic codes, without Huffman tables, and variants
 * that are not supported. */
clf_status clf__jpeg_check(bool *whole, clf_context *context, const clf__image_source *source);

typedef struct clf__jpeg_component {
  uint8_t id, across, down, quantizer;
  int64_t width, height; /* in blocks, of a scan of this component alone */
  int8_t low[64];        /* lowest bit received of each coefficient, or CLF__JPEG_UNSEEN */
  clf__jpeg_part part;
} clf__jpeg_component;

typedef struct clf__jpeg_checker {
  clf__arena *arena; /* holds the arrays and this struct */
  const clf__image_source *source;
  size_t at;     /* the current position */
  bool left_out; /* only a decoder can continue */
  bool progressive;
  int64_t width, height; /* in units of interleaved components */
  int components;        /* 0 before the frame's segment */
  int scans;
  clf__jpeg_component part[CLF__JPEG_COMPONENTS];
  uint16_t quantizers[4][64]; /* in zigzag order; 0 if there is none */
  clf__jpeg_table *tables;    /* [8] four tables of DC codes, four of AC codes */
  bool defined[8];
  int64_t restart; /* units in an interval; 0: the whole scan */
  uint8_t *bytes;  /* [size + CLF__JPEG_SLACK] an interval without stuffed bytes */
  clf__jpeg_scan scan;
} clf__jpeg_checker;

/* Reads the content of a segment byte by byte; 0 beyond its end. */
typedef struct clf__jpeg_segment {
  const uint8_t *bytes;
  size_t size, at;
} clf__jpeg_segment;

static inline int clf__jpeg_byte(clf__jpeg_segment *from) {
  return from->at++ < from->size ? from->bytes[from->at - 1] : 0;
}

/* Returns CLF_ERROR_FORMAT: "NAME: jpeg: WHAT before byte N". */
clf_status clf__jpeg_fail(const clf__jpeg_checker *self, const char *what);
/* Returns whether a segment was read exactly to its end. */
clf_status clf__jpeg_close(const clf__jpeg_checker *self, const clf__jpeg_segment *from);
/* Checks a scan from its segment to the end of its data. */
clf_status clf__jpeg_check_scan(clf__jpeg_checker *self, clf__jpeg_segment *from);

#endif
