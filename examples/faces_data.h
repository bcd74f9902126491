/* The pictures of the faces program: of a folder, or drawn.
 *
 * What a model of this program takes, and what must be handed to one that it has saved: grey
 * pictures FACES_HEIGHT high and FACES_WIDTH wide, bytes with the scale 1/255, of a head, the hair
 * and the shoulders. The face from the eyebrows to the chin, as detectors frame it, is a square of
 * about 20 pixels whose middle lies 24 rows and 42 columns from the picture's corner. So a box of
 * side s becomes the part of its image that is 3 s high and 4 s wide, 0.7 s of it above the box
 * and 1.6 s to its left, made grey and resized (clf_image_crop, clf_image_grey, clf_image_resize).
 * Nothing else is done to it. */
#ifndef EXAMPLES_FACES_DATA_H
#define EXAMPLES_FACES_DATA_H

#include <classify.h>
#include <stdbool.h>

enum { FACES_HEIGHT = 60, FACES_WIDTH = 80 };

typedef struct face_set {
  clf_dataset *rows; /* u8 [pictures, FACES_HEIGHT, FACES_WIDTH, 1], labelled by person */
  uint8_t *pixels;   /* the same */
  char **names;      /* [pictures] as the files are called */
  int32_t *person;   /* [pictures] */
  int64_t count, people;
  bool drawn; /* made up, no photographs */
} face_set;

/* Reads the pictures "subject01.happy" … of FOLDER or of its folder yalefaces; without a folder
 * (NULL) draws faces. Returns -1 to go on, or the status to exit with after a message. */
int faces_open(face_set *out, clf_context *context, const char *folder, int64_t seed);
void faces_close(face_set *faces);

/* Draws one of `count` pictures of a person: face and lighting follow from the three numbers. */
void draw_face(uint8_t pixels[FACES_HEIGHT * FACES_WIDTH], uint64_t seed, int person, int picture);

#endif
