/* Boxes that a detector finds: all of a picture, as JSON, drawn into pictures. */
#ifndef REPORT_DETECTIONS_H
#define REPORT_DETECTIONS_H

#include <classify/detect.h>

#include "json.h"

/* The probability of a box's class. */
double box_probability(const clf_box *box);

/* Writes the members of a box's object; its class is called `name`. */
void write_box_members(json_writer *json, const clf_box *box, const char *name);

/* All boxes of an image, by decreasing score: an array to be freed, NULL where there are none. */
clf_status find_boxes(clf_box **out, int64_t *count, const clf_detector *detector,
                      const clf_image *image);

/* Draws an image in colors with a frame around each box, a color a class, into
 * FOLDER/NAME.boxes.png for DIR/NAME, which never is the picture itself; where `number` is not 0,
 * it stands before NAME. *out receives the path, to be freed also after failures. */
clf_status draw_into_folder(char **out, const char *folder, clf_context *context,
                            const clf_image *image, const char *name, int64_t number,
                            const clf_box *boxes, int64_t count);

/* The place of a file among the pictures where an earlier one is called the same in another folder,
 * else 0. */
int64_t picture_number(const char *const *files, int64_t index);

#endif
