/* Where the objects of scenes are, from a text file. */
#ifndef EXAMPLES_TRUTH_H
#define EXAMPLES_TRUTH_H

#include "scenes.h"

/* Reads a line an object, "NAME x1 y1 x2 y2" or "NAME x1 y1 x2 y2 LABEL", in pixels counted from 1, the
 * last included. A last word that is no number is the label; the four numbers before it are the box,
 * and all before them is the name, which may have blanks and commas, and may be quoted as in CSV;
 * commas may stand between the others. A line that is none of this is refused. Boxes in pictures that
 * are not in the list are left out with one message that counts them. The labels go to the list in
 * byte order; an object's label is the place of its name there, from 1 up ("" where the file has
 * none). Returns -1 to go on, or the status to exit with after a message. */
int truth_read(scene_list *list, const char *path);

#endif
