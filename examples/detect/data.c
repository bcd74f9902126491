#include "data.h"

#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST_PATH = 4096 };

double random_share(uint64_t *state) {
  uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

int64_t random_below(uint64_t *state, int64_t limit) {
  return (int64_t)(random_share(state) * (double)limit);
}

/* Room for one more element; false when memory runs out. */
static bool make_room(void **block, int64_t *room, int64_t count, size_t element) {
  if (count < *room) {
    return true;
  }
  const int64_t wanted = *room > 0 ? 2 * *room : 64;
  void *larger = realloc(*block, (size_t)wanted * element);
  if (larger == NULL) {
    return false;
  }
  *block = larger;
  *room = wanted;
  return true;
}

clf_status windows_add(window_list *list, const uint8_t *pixels, int32_t label) {
  const size_t size = (size_t)(list->side * list->side);
  int64_t room = list->room;
  void *block = list->pixels, *labels = list->labels;
  if (!make_room(&block, &room, list->count, size)) {
    return CLF_ERROR_MEMORY;
  }
  list->pixels = block;
  if (!make_room(&labels, &list->room, list->count, sizeof *list->labels)) {
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
  if (!make_room(&block, &list->room, list->count, sizeof *list->all)) {
    clf_image_free(image);
    return CLF_ERROR_MEMORY;
  }
  list->all = block;
  scene *added = &list->all[list->count++];
  *added = (scene){.image = image};
  snprintf(added->name, sizeof added->name, "%s", name);
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
  }
}

void scenes_free(scene_list *list) {
  scenes_keep(list, 0);
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

static bool is_folder(const char *path) {
  struct stat found;
  return stat(path, &found) == 0 && S_ISDIR(found.st_mode);
}

bool faces_find(char *path, size_t capacity, const char *data) {
  static const char *const inside[] = {"", "/faces"};
  char probe[MOST_PATH];
  for (size_t i = 0; i < 2; i++) {
    for (size_t part = 0; part < 2; part++) {
      snprintf(path, capacity, "%s%s", data, inside[i]);
      snprintf(probe, sizeof probe, "%s%s/%s", data, inside[i],
               part == 0 ? "train_faces" : "test_scenes");
      if (is_folder(probe)) {
        return true;
      }
    }
  }
  return false;
}

static int is_picture(const struct dirent *entry) {
  return entry->d_name[0] != '.';
}

/* Grey images of a folder in the order of their names. */
static clf_status load_folder(scene_list *list, clf_context *context, const char *folder) {
  struct dirent **names = NULL;
  const int count = scandir(folder, &names, is_picture, alphasort);
  clf_status status = count < 0 ? CLF_ERROR_IO : CLF_OK;
  for (int i = 0; i < count; i++) {
    char path[MOST_PATH];
    clf_image *image = NULL, *grey = NULL;
    snprintf(path, sizeof path, "%s/%s", folder, names[i]->d_name);
    status = status == CLF_OK ? clf_image_load(&image, context, path, NULL) : status;
    status = status == CLF_OK ? clf_image_grey(&grey, image) : status;
    status = status == CLF_OK ? scenes_add(list, grey, names[i]->d_name) : status;
    clf_image_free(image);
    free(names[i]);
  }
  free(names);
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

clf_status faces_windows(window_list *list, clf_context *context, const char *folder,
                         uint64_t *state) {
  char path[MOST_PATH];
  scene_list faces = {0};
  snprintf(path, sizeof path, "%s/train_faces", folder);
  clf_status status = load_folder(&faces, context, path);
  for (int64_t i = 0; status == CLF_OK && i < faces.count; i++) {
    status = add_face(list, faces.all[i].image, state);
  }
  scenes_free(&faces);
  return status;
}

static scene *find_scene(const scene_list *list, const char *name) {
  for (int64_t i = 0; i < list->count; i++) {
    if (strcmp(list->all[i].name, name) == 0) {
      return &list->all[i];
    }
  }
  return NULL;
}

/* "IMAGE x1 y1 x2 y2" a line, pixels counted from 1, the last included. */
static clf_status read_objects(const scene_list *list, const char *folder) {
  char path[MOST_PATH], name[96];
  float x1, y1, x2, y2;
  snprintf(path, sizeof path, "%s/ground_truth_bboxes.txt", folder);
  FILE *in = fopen(path, "r");
  clf_status status = in != NULL ? CLF_OK : CLF_ERROR_IO;
  while (status == CLF_OK && fscanf(in, "%95s %f %f %f %f", name, &x1, &y1, &x2, &y2) == 5) {
    scene *where = find_scene(list, name);
    const clf_box box = {y1 - 1, x1 - 1, y2 - y1 + 1, x2 - x1 + 1, 0, 1};
    status = where != NULL ? scene_add_object(where, &box) : CLF_OK;
  }
  if (in != NULL) {
    fclose(in);
  }
  return status;
}

clf_status faces_scenes(scene_list *list, clf_context *context, const char *folder,
                        const char *part, bool objects) {
  char path[MOST_PATH];
  snprintf(path, sizeof path, "%s/%s", folder, part);
  clf_status status = load_folder(list, context, path);
  return status == CLF_OK && objects ? read_objects(list, folder) : status;
}
