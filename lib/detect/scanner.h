/* A fitted image network, prepared to be evaluated at all positions of larger images. */
#ifndef CLF_DETECT_SCANNER_H
#define CLF_DETECT_SCANNER_H

#include "models/network/network.h"

typedef struct clf__scanner {
  clf_context *context;
  int64_t height, width, channels; /* of the window: the network's input */
  int64_t step;                    /* pixels from one position to the next */
  int64_t outputs;                 /* of the network, at each position */
  char *layers;                    /* the network as text, with convolutions and pools only */
  clf__store *weights;             /* of these layers, sharing the model's memory */
} clf__scanner;

/* How layers of an operation (CLF__OPERATION_…) are rewritten for larger images: by a function, or
 * not at all, for the reason in the message. */
typedef struct clf__scan_writer clf__scan_writer;
typedef struct clf__scan_rule {
  clf_status (*write)(clf__scan_writer *writer, const clf__layer *layer);
  const char *refusal;
} clf__scan_rule;

extern const clf__scan_rule clf__scan_rules[CLF__OPERATIONS];

/* Returns CLF_ERROR_UNSUPPORTED, naming what cannot be evaluated this way: another kind of model,
 * transforms before it, rows that are not images, a layer that reads more than its window's part of
 * the image. */
clf_status clf__scanner_create(clf__scanner **out, const clf_model *model);
void clf__scanner_free(clf__scanner *scanner); /* NULL is fine */

/* Makes the network for images with so many vertical and horizontal positions of the window, to be
 * run by clf__network_infer on images [height + (rows - 1) step, width + (columns - 1) step,
 * channels]. Its outputs are [at least rows, clf__scan_width, outputs]. Free it by
 * clf__inference_free.
 */
clf_status clf__scanner_prepare(clf__inference **out, const clf__scanner *scanner, int64_t rows,
                                int64_t columns);
/* Returns the elements that such an image, with so many positions along each axis, has in the
 * network's widest layer. */
clf_status clf__scanner_widest(const clf__scanner *scanner, int64_t places, int64_t *out);
/* Returns the number of horizontal positions in its outputs, `columns` or more. */
int64_t clf__scan_width(const clf__inference *inference);

#endif
