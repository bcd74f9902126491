/* Boxes that a detector finds: with their classes' names, drawn into pictures, as JSON. */
#ifndef EXAMPLES_DETECT_BOXES_H
#define EXAMPLES_DETECT_BOXES_H

#include "data.h"
#include "identify.h"

enum { DIGIT_NAME = 16 };

/* The class of a box as text: "object" where the network separates one kind from background. */
typedef struct class_names {
  const clf_model *model;
  bool digits; /* class k + 1 is digit k */
} class_names;

class_names names_of(const clf_detector *detector);
/* `out` holds DIGIT_NAME characters; it is used for digits. */
const char *name_of(const class_names *names, int32_t label, char *out);

/* All boxes of an image, by decreasing score: an array to be freed, NULL where there are none. */
clf_status find_boxes(clf_box **out, int64_t *count, const clf_detector *detector,
                      const clf_image *image);

/* The picture in colors with a frame around each box, a color a class. */
clf_status draw_boxes(clf_image **out, clf_context *context, const clf_image *image,
                      const clf_box *boxes, int64_t count);

/* Writes boxes as JSON, with whom they show where `who` is not NULL. */
void write_boxes(FILE *out, const class_names *names, const clf_box *boxes, const identities *who,
                 int64_t count);

#endif
