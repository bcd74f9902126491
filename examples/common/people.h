/* Pictures of people: of a folder, or drawn. */
#ifndef EXAMPLES_PEOPLE_H
#define EXAMPLES_PEOPLE_H

#include <stdbool.h>

#include "face_picture.h"

typedef struct face_set {
  clf_dataset *rows; /* u8 [pictures, FACES_HEIGHT, FACES_WIDTH, 1], labelled by person */
  uint8_t *pixels;   /* the same */
  char **names;      /* [pictures] PERSON.WHAT, as the files are called, or PERSON/FILE */
  int32_t *person;   /* [pictures] */
  int64_t count, people;
  bool drawn; /* made up, no photographs */
} face_set;

/* Reads the pictures of FOLDER's folders, one a person, or those called subjectNN.WHAT of FOLDER or
 * its folder yalefaces; without a folder (NULL) draws faces. Of each picture it takes what lies
 * around the detector's surest box, where there is one, or the whole; without a detector (NULL) the
 * whole. Returns -1 to go on, or an exit status after a message. */
int faces_open(face_set *out, clf_context *context, const char *folder,
               const clf_detector *detector, int64_t seed);
void faces_close(face_set *faces);

/* How many characters of a picture's name are the person's. */
size_t person_length(const char *name);

/* Draws one of `count` pictures of a person: face and lighting follow from the three numbers. */
void draw_face(uint8_t pixels[FACES_PIXELS], uint64_t seed, int person, int picture);

#endif
