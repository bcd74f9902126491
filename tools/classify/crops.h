/* What a detector finds in pictures: the part around its surest box, by which models of faces and
 * of other objects are trained, and predict. */
#ifndef CLASSIFY_CROPS_H
#define CLASSIFY_CROPS_H

#include "input.h"

/* Reads a detector, or any network that can be one; `params` are in place of those of the file, or
 * NULL. Returns -1 to go on, or the status to exit with after a message. */
int detector_open(clf_detector **out, const tool *t, const char *path, const char *params);

/* The same of a text as --detector has it: a path, or a path, a blank and parameters. */
int crops_open(clf_detector **out, const tool *t, const char *text);

/* Reads the pictures of a folder's folders, one for each label, by a detector. Pictures in which it
 * finds nothing, and files that are no pictures, are left out and counted in a message. `params`
 * are those of the format "images"; without height and width pictures are 64 by 64, and gray.
 * Returns as crops_open(); free the input in both cases. */
int crops_read(input *out, const tool *t, const clf_detector *detector, const char *path,
               const char *params);

/* Makes a row of a picture by the parameters of crops_read(); *out is NULL where the detector finds
 * nothing. */
clf_status crops_row(clf_dataset **out, const tool *t, const clf_detector *detector,
                     const clf_image *picture, const char *params);

#endif
