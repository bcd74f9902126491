/* Where the objects of test scenes are, from a text file. */
#ifndef EXAMPLES_DETECT_TRUTH_H
#define EXAMPLES_DETECT_TRUTH_H

#include "data.h"

/* Reads FOLDER/ground_truth_bboxes.txt: a line an object, "NAME x1 y1 x2 y2", in pixels counted
 * from 1, the last included. The last four numbers of a line are the box and all before them is the
 * name, which may have blanks and commas, and may be quoted as in CSV; commas may stand between the
 * numbers. A line that is none of this is refused. Boxes in pictures that are not in the list are
 * left out with one message that counts them. Returns -1 to go on, or the status to exit with after
 * a message. */
int truth_read(scene_list *list, const char *folder);

#endif
