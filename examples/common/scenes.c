#include "scenes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/session.h"
#include "report/text.h"

double random_share(uint64_t *state) {
  uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

int64_t random_below(uint64_t *state, int64_t limit) {
  return (int64_t)(random_share(state) * (double)limit);
}

/* Reserves capacity for one more element; returns false if memory runs out. */
static bool reserve(void **block, int64_t *capacity, int64_t count, size_t element) {
  if (count < *capacity) {
    return true;
  }
  const int64_t wanted = *capacity > 0 ? 2 * *capacity : 64;
  void *larger = realloc(*block, (size_t)wanted * element);
  if (larger == NULL) {
    return false;
  }
  *block = larger;
  *capacity = wanted;
  return true;
}

clf_status windows_add(window_list *list, const uint8_t *pixels, int32_t label) {
  const size_t size = (size_t)(list->side * list->side);
  int64_t capacity = list->capacity;
  void *block = list->pixels, *labels = list->labels;
  if (!reserve(&block, &capacity, list->count, size)) {
    return CLF_ERROR_MEMORY;
  }
  list->pixels = block;
  if (!reserve(&labels, &list->capacity, list->count, sizeof *list->labels)) {
    return CLF_ERROR_MEMORY;
  }
  list->labels = labels;
  memcpy(list->pixels + (size_t)list->count * size, pixels, size);
  list->labels[list->count++] = label;
  return CLF_OK;
}

void windows_free(window_list *list) {
  free(list->pixels);
  free(list->labels);
  *list = (window_list){0};
}

clf_status scenes_add(scene_list *list, clf_image *image, const char *name) {
  void *block = list->all;
  if (!reserve(&block, &list->capacity, list->count, sizeof *list->all)) {
    clf_image_free(image);
    return CLF_ERROR_MEMORY;
  }
  list->all = block;
  char *kept = strdup(name);
  if (kept == NULL) {
    clf_image_free(image);
    return CLF_ERROR_MEMORY;
  }
  list->all[list->count++] = (scene){.image = image, .name = kept};
  return CLF_OK;
}

clf_status scene_add_object(scene *to, const clf_box *object) {
  clf_box *larger = realloc(to->objects, (size_t)(to->count + 1) * sizeof *larger);
  if (larger == NULL) {
    return CLF_ERROR_MEMORY;
  }
  to->objects = larger;
  to->objects[to->count++] = *object;
  return CLF_OK;
}

void scenes_keep(scene_list *list, int64_t count) {
  while (list->count > count) {
    list->count--;
    clf_image_free(list->all[list->count].image);
    free(list->all[list->count].objects);
    free(list->all[list->count].name);
  }
}

void scenes_free(scene_list *list) {
  scenes_keep(list, 0);
  name_list_free(&list->labels);
  free(list->all);
  *list = (scene_list){0};
}

clf_status windows_add_box(window_list *list, const clf_image *image, const clf_box *box,
                           int32_t label) {
  clf_image *part = NULL, *window = NULL;
  clf_status status =
      clf_image_crop(&part, image, lroundf(box->top), lroundf(box->left),
                     (int64_t)fmaxf(1, roundf(box->height)), (int64_t)fmaxf(1, roundf(box->width)));
  if (status == CLF_OK) {
    status = clf_image_resize(&window, part, list->side, list->side);
  }
  if (status == CLF_OK) {
    status = windows_add(list, clf_image_pixels(window), label);
  }
  clf_image_free(part);
  clf_image_free(window);
  return status;
}

void change_contrast(uint8_t *pixels, int64_t count, uint64_t *state) {
  const double factor = exp(random_share(state) - 0.5), add = 76 * (random_share(state) - 0.5);
  double mean = 0;
  for (int64_t i = 0; i < count; i++) {
    mean += pixels[i] / (double)count;
  }
  for (int64_t i = 0; i < count; i++) {
    const double value = (pixels[i] - mean) * factor + mean + add;
    pixels[i] = (uint8_t)lround(fmin(255, fmax(0, value)));
  }
}

/* Reads the pictures of FOLDER/PART. */
static int read_part(clf_context *context, const char *folder, const char *part,
                     const char *content, picture_receiver receive, void *user) {
  char *path = join_path(folder, part);
  name_list files = {0};
  int status = path == NULL ? report_failure(CLF_ERROR_MEMORY) : -1;
  if (status < 0 && !is_folder(path)) {
    complain("'%s' has no folder %s, of %s; examples/data/README.md says how to get the data",
             folder, part, content);
    status = EXIT_FAILURE;
  }
  status = status < 0 ? folder_list(&files, path, FOLDER_FILES) : status;
  if (status < 0 && files.count == 0) {
    complain("'%s' is empty; it must hold %s", path, content);
    status = EXIT_FAILURE;
  }
  status = status < 0 ? folder_pictures(context, path, &files, receive, user) : status;
  name_list_free(&files);
  free(path);
  return status;
}

/* The face as one of `side` pixels would be, enlarged. */
static clf_status blur_face(clf_image **out, const clf_image *face, int64_t side, int64_t window) {
  clf_image *small = NULL;
  clf_status status = clf_image_resize(&small, face, side, side);
  if (status == CLF_OK) {
    status = clf_image_resize(out, small, window, window);
  }
  clf_image_free(small);
  return status;
}

static clf_status add_face(window_list *list, const clf_image *face, uint64_t *state) {
  const clf_box all = {0, 0, (float)clf_image_height(face), (float)clf_image_width(face), 0, 1};
  const int64_t size = list->side * list->side;
  clf_image *blurred = NULL;
  clf_status status = CLF_OK;
  for (int copy = 0; status == CLF_OK && copy < 2; copy++) {
    status = windows_add_box(list, face, &all, 1);
    if (status == CLF_OK && copy > 0) {
      change_contrast(list->pixels + (list->count - 1) * size, size, state);
    }
  }
  if (status == CLF_OK) {
    status = blur_face(&blurred, face, 14 + random_below(state, 16), list->side);
  }
  if (status == CLF_OK) {
    status = windows_add(list, clf_image_pixels(blurred), 1);
  }
  clf_image_free(blurred);
  return status;
}

typedef struct face_reader {
  window_list *list;
  uint64_t *state;
} face_reader;

static clf_status receive_face(void *user, clf_image *image, const char *name) {
  const face_reader *self = user;
  clf_image *gray = NULL;
  (void)name;
  clf_status status = clf_image_to_gray(&gray, image);
  status = status == CLF_OK ? add_face(self->list, gray, self->state) : status;
  clf_image_free(gray);
  clf_image_free(image);
  return status;
}

int faces_windows(window_list *list, clf_context *context, const char *folder, uint64_t *state) {
  face_reader reader = {list, state};
  return read_part(context, folder, "train_faces", "pictures of one face each", receive_face,
                   &reader);
}

static clf_status receive_scene(void *user, clf_image *image, const char *name) {
  clf_image *gray = NULL;
  clf_status status = clf_image_to_gray(&gray, image);
  clf_image_free(image);
  return status == CLF_OK ? scenes_add(user, gray, name) : status;
}

int image_scenes(scene_list *list, clf_context *context, const char *folder, const char *part,
                 const char *content) {
  return read_part(context, folder, part, content, receive_scene, list);
}
