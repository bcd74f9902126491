/* What a detector found: drawn into pictures, as JSON, measured against what is there. */
#ifndef EXAMPLES_DETECT_TELL_H
#define EXAMPLES_DETECT_TELL_H

#include "data.h"
#include "identify.h"

/* The class of a box as text: the object's kind where the network tells one kind from background.
 */
typedef struct class_names {
  const clf_model *model;
  bool digits; /* class k + 1 is digit k */
} class_names;

class_names names_of(const clf_detector *detector);
/* `out` holds 32 characters. */
const char *name_of(const class_names *names, int32_t label, char *out);

/* The picture in colours with a frame around each box, a colour a class. */
clf_status draw_boxes(clf_image **out, clf_context *context, const clf_image *image,
                      const clf_box *boxes, int64_t count);

/* With whom they show, where `who` is not NULL. */
void write_boxes(FILE *out, const class_names *names, const clf_box *boxes, const identities *who,
                 int64_t count);

/* What is found in scenes, beside the truth. */
typedef struct evaluation {
  int64_t scenes, objects, found;
  double megapixels, seconds;
  double overlap;           /* that a find must have with the object */
  double average_precision; /* the mean over classes */
  int64_t class_count;
  int32_t labels[16];
  double of_class[16];
  double *precision, *recall; /* [points] of the first class */
  int64_t points;
} evaluation;

clf_status evaluate(evaluation *out, const clf_detector *detector, const scene_list *scenes,
                    double overlap);
void evaluation_free(evaluation *e);
void write_evaluation(FILE *out, const evaluation *e, const class_names *names, const char *data,
                      const char *detector, int32_t threads);
/* Precision by recall as an SVG picture. */
void write_curve(FILE *out, const evaluation *e);

#endif
