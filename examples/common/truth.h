/* Where the objects of scenes are, from a text file. */
#ifndef EXAMPLES_TRUTH_H
#define EXAMPLES_TRUTH_H

#include "scenes.h"

/* Reads a line an object, "NAME x1 y1 x2 y2" or "NAME x1 y1 x2 y2 LABEL", in pixels counted from 1,
 * the last included. If the last word is no number, it is the label. The four numbers before it are
 * the box. The rest is the name, which may contain blanks and commas, and may be quoted as in CSV.
 * Commas may separate the other words. A line that is none of this is refused. Boxes in pictures
 * that are not in the list are left out with one message that counts them. The list holds the
 * labels in byte order. The label of an object is the position of its name in the list, counted
 * from 1; its name is "" if the file has none. Returns -1 to go on, or an exit status after a
 * message. */
int truth_read(scene_list *list, const char *path);

#endif
