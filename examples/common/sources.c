#include "sources.h"

#include <stdlib.h>
#include <string.h>

#include "data.h"
#include "report/session.h"
#include "report/text.h"
#include "truth.h"

enum { TRAINING_SCENES = 1500, TEST_SCENES = 150 };

/* The folder with the folders of faces, `data` or its folder faces; false where there is none. */
static bool faces_find(char *path, size_t capacity, const char *data) {
  static const char *const inside[] = {"", "/faces"};
  static const char *const parts[] = {"train_faces", "train_scenes", "test_scenes"};
  for (size_t i = 0; i < 6; i++) {
    snprintf(path, capacity, "%s%s", data, inside[i / 3]);
    char *part = join_path(path, parts[i % 3]);
    const bool found = part != NULL && is_folder(part);
    free(part);
    if (found) {
      return true;
    }
  }
  return false;
}

int source_find(scene_source *out, const char *folder, const char *boxes) {
  const char *inside = mnist_place(folder);
  *out = (scene_source){.kind = SOURCE_OBJECTS, .boxes = boxes};
  snprintf(out->folder, sizeof out->folder, "%s", folder);
  if (boxes != NULL && !is_folder(folder)) {
    complain("'%s' is no folder; with --boxes, --data is a folder of pictures", folder);
    return EXIT_FAILURE;
  }
  if (boxes != NULL) {
    return -1;
  }
  if (faces_find(out->folder, sizeof out->folder, folder)) {
    out->kind = SOURCE_FACES;
    return -1;
  }
  if (inside == NULL) {
    complain(
        "no faces and no MNIST in '%s': it has neither train_faces, train_scenes and "
        "test_scenes nor train-images-idx3-ubyte.gz, and no folder faces or mnist that has; "
        "examples/data/fetch.sh gets them, and --boxes names the objects in any pictures",
        folder);
    return EXIT_FAILURE;
  }
  out->kind = SOURCE_DIGITS;
  snprintf(out->folder, sizeof out->folder, "%s%s", folder, inside);
  return -1;
}

const char *source_name(const scene_source *source) {
  static const char *const names[SOURCES] = {"faces", "digits in synthetic scenes", "objects"};
  return names[source->kind];
}

/* Cuts each object out twice, a little off center, as a square window. */
static int add_objects(window_list *windows, const scene_list *scenes, uint64_t *state) {
  clf_status status = CLF_OK;
  for (int64_t i = 0; i < scenes->count; i++) {
    const scene *s = &scenes->all[i];
    for (int64_t j = 0; status == CLF_OK && j < 2 * s->count; j++) {
      clf_box box = s->objects[j / 2];
      const float side = box.height > box.width ? box.height : box.width;
      box.top += (box.height - side) / 2 + (float)(side * 0.1 * (random_share(state) - 0.5));
      box.left += (box.width - side) / 2 + (float)(side * 0.1 * (random_share(state) - 0.5));
      box.height = box.width = side;
      status = windows_add_box(windows, s->image, &box, box.label);
    }
  }
  return status == CLF_OK ? -1 : report_failure(status);
}

/* The pictures of the folder, with the objects of the file. */
static int read_objects(const scene_source *source, clf_context *context, scene_list *scenes) {
  const int status = image_scenes(scenes, context, source->folder, "", "pictures");
  return status < 0 ? truth_read(scenes, source->boxes) : status;
}

int source_training(const scene_source *source, clf_context *context, window_list *windows,
                    scene_list *scenes, int64_t count, uint64_t *state) {
  int status = -1;
  windows->side = source->kind == SOURCE_FACES ? 36 : 28;
  if (source->kind == SOURCE_FACES) {
    status = faces_windows(windows, context, source->folder, state);
    return status < 0 ? image_scenes(scenes, context, source->folder, "train_scenes",
                                     "pictures without faces")
                      : status;
  }
  if (source->kind == SOURCE_DIGITS) {
    status = digits_scenes(scenes, context, source->folder, "train",
                           count > 0 ? count : TRAINING_SCENES, state);
  } else {
    status = read_objects(source, context, scenes);
  }
  return status < 0 ? add_objects(windows, scenes, state) : status;
}

/* The scenes of faces, with the objects of the file in their folder. */
static int read_faces(const scene_source *source, clf_context *context, scene_list *scenes) {
  char *path = join_path(source->folder, "ground_truth_bboxes.txt");
  int status = path != NULL ? image_scenes(scenes, context, source->folder, "test_scenes",
                                           "the pictures to test on")
                            : report_failure(CLF_ERROR_MEMORY);
  status = status < 0 ? truth_read(scenes, path) : status;
  free(path);
  return status;
}

int source_tests(const scene_source *source, clf_context *context, scene_list *scenes,
                 int64_t count, uint64_t *state) {
  switch (source->kind) {
  case SOURCE_FACES:
    return read_faces(source, context, scenes);
  case SOURCE_DIGITS:
    return digits_scenes(scenes, context, source->folder, "t10k", count > 0 ? count : TEST_SCENES,
                         state);
  default:
    return read_objects(source, context, scenes);
  }
}
