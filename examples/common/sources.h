/* Where the scenes of the detect program come from. */
#ifndef EXAMPLES_SOURCES_H
#define EXAMPLES_SOURCES_H

#include "scenes.h"

typedef enum source_kind {
  SOURCE_FACES,   /* folders of faces, of pictures without them, and of scenes to test on */
  SOURCE_DIGITS,  /* digits of MNIST on grounds that the program makes */
  SOURCE_OBJECTS, /* any folder of pictures, with a file of boxes */
  SOURCES
} source_kind;

typedef struct scene_source {
  source_kind kind;
  char folder[4096];
  const char *boxes; /* file of SOURCE_OBJECTS */
} scene_source;

/* Finds out what a folder holds; with a file of boxes, the objects in its pictures. The functions
 * here return -1 to go on, or an exit status after a message. */
int source_find(scene_source *out, const char *folder, const char *boxes);

/* What it holds, for people. */
const char *source_name(const scene_source *source);

/* Windows with objects, and the scenes that give those without. `count` is the number of scenes that are
 * made of digits (0: the usual one), `state` the state of random numbers. */
int source_training(const scene_source *source, clf_context *context, window_list *windows,
                    scene_list *scenes, int64_t count, uint64_t *state);

/* Scenes to test on, with their objects. */
int source_tests(const scene_source *source, clf_context *context, scene_list *scenes,
                 int64_t count, uint64_t *state);

#endif
