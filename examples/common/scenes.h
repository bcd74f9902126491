/* Windows to train on, and scenes with objects in them: of faces from a folder, or synthetic ones
 * of digits. */
#ifndef EXAMPLES_SCENES_H
#define EXAMPLES_SCENES_H

#include <classify.h>
#include <stdbool.h>
#include <stdio.h>

#include "report/files.h"

/* Gray windows [count, side, side]; label 0 is the background. */
typedef struct window_list {
  int64_t side, count, capacity;
  uint8_t *pixels;
  int32_t *labels;
} window_list;

clf_status windows_add(window_list *list, const uint8_t *pixels, int32_t label);
void windows_free(window_list *list);

typedef struct scene {
  clf_image *image;
  char *name;
  clf_box *objects;
  int64_t count;
} scene;

typedef struct scene_list {
  name_list labels; /* what objects are called: label k is names[k - 1]; none for digits */
  scene *all;
  int64_t count, capacity;
} scene_list;

/* Takes ownership of the image, also where it fails. */
clf_status scenes_add(scene_list *list, clf_image *image, const char *name);
clf_status scene_add_object(scene *to, const clf_box *object);
/* Keeps the first ones. */
void scenes_keep(scene_list *list, int64_t count);
void scenes_free(scene_list *list);

/* Numbers of a seed. */
double random_share(uint64_t *state); /* [0, 1) */
int64_t random_below(uint64_t *state, int64_t limit);

/* Adds the part of an image that a box covers, resized to the window. */
clf_status windows_add_box(window_list *list, const clf_image *image, const clf_box *box,
                           int32_t label);
/* The window with its contrast changed at random. */
void change_contrast(uint8_t *pixels, int64_t count, uint64_t *state);

/* The functions below return -1 to go on, or an exit status after a message. */

/* The faces of FOLDER/train_faces, each three times: as it is, with other contrast, and blurred as
 * small faces are. */
int faces_windows(window_list *list, clf_context *context, const char *folder, uint64_t *state);
/* The images of FOLDER/PART, a folder which holds `content`, as scenes without objects. */
int image_scenes(scene_list *list, clf_context *context, const char *folder, const char *part,
                 const char *content);

/* Makes scenes of 3 to 6 digits of MNIST on textured backgrounds, with scribbles that are not
 * digits. The digits are those of "train" or "t10k" in the folder. */
int digits_scenes(scene_list *list, clf_context *context, const char *folder, const char *part,
                  int64_t count, uint64_t *state);

#endif
