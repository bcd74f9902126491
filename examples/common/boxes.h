/* Finding the objects in pictures, with the people that they show. */
#ifndef EXAMPLES_BOXES_H
#define EXAMPLES_BOXES_H

#include "identify.h"
#include "report/detections.h"
#include "scenes.h"

enum { DIGIT_NAME = 16 };

/* What the class of windows without an object is called, where classes have names: before all
 * others in byte order, so that it is class 0. */
#define BACKGROUND " background"

/* The class of a box as text: of digits, "object" where the network separates one kind from
 * background, or as the boxes that it was trained on name it. `out` holds DIGIT_NAME characters,
 * for digits. */
const char *name_of(const clf_detector *detector, int32_t label, char *out);

/* Replaces the labels of the objects, which are indices into the labels of the list, by the indices
 * of the classes with the same names. Returns -1 to go on, or EXIT_FAILURE after a message on one
 * that the detector has not. */
int scenes_use_classes(scene_list *scenes, const clf_detector *detector);

/* What finds objects in pictures: with the person in each box where `people` is not NULL, and drawn
 * into pictures of a folder where `out` is not NULL. */
typedef struct finder {
  clf_context *context;
  const clf_detector *detector;
  const clf_model *people;
  const char *out;
} finder;

/* The objects found in one picture. */
typedef struct finding {
  clf_image *image;
  clf_box *boxes;
  identities who;
  int64_t count;
  char *drawn; /* path of the picture with boxes, or NULL */
} finding;

/* Finds what is in one of the files; free *out also after failures. */
clf_status find_in(finding *out, const finder *with, const char *const *files, int64_t index);
void finding_free(finding *f);

/* Writes the picture's object: its boxes, or why there are none. */
void write_finding(json_writer *json, const clf_detector *detector, const char *path,
                   const finding *f, clf_status status);

#endif
