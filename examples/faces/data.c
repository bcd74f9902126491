#include "data.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/options.h"

enum { MOST_PATH = 4096, MOST_NAME = 64 };
enum { DRAWN_PEOPLE = 12, DRAWN_PICTURES = 11 };

/* "subject" and digits, then a dot. */
static int is_picture(const struct dirent *entry) {
  static const char start[] = "subject";
  const char *digits = entry->d_name + sizeof start - 1;
  const size_t length =
      strncmp(entry->d_name, start, sizeof start - 1) == 0 ? strspn(digits, "0123456789") : 0;
  return length > 0 && digits[length] == '.' && strlen(entry->d_name) < MOST_NAME;
}

static bool make_room(face_set *out, int64_t count) {
  out->pixels = malloc((size_t)count * FACES_PIXELS);
  out->names = calloc((size_t)count, sizeof *out->names);
  out->person = calloc((size_t)count, sizeof *out->person);
  return out->pixels != NULL && out->names != NULL && out->person != NULL;
}

/* A picture of any size as a row. */
static clf_status read_picture(uint8_t *to, clf_context *context, const clf_detector *detector,
                               const char *path) {
  clf_image *whole = NULL;
  clf_box box;
  int64_t found = 0;
  clf_status status = clf_image_load(&whole, context, path, NULL);
  if (status == CLF_OK && detector != NULL) {
    status = clf_detector_run(detector, whole, &box, 1, &found);
  }
  if (status == CLF_OK) {
    status = found > 0 ? picture_of_box(to, whole, &box) : picture_of_image(to, whole);
  }
  clf_image_free(whole);
  return status;
}

static clf_status read_folder(face_set *out, clf_context *context, const clf_detector *detector,
                              const char *folder, struct dirent **found, int count) {
  clf_status status = make_room(out, count) ? CLF_OK : CLF_ERROR_MEMORY;
  for (int i = 0; status == CLF_OK && i < count; i++) {
    char path[MOST_PATH + 2 + sizeof found[i]->d_name];
    snprintf(path, sizeof path, "%s/%s", folder, found[i]->d_name);
    status = read_picture(out->pixels + (size_t)i * FACES_PIXELS, context, detector, path);
    out->names[i] = strdup(found[i]->d_name);
    status = status == CLF_OK && out->names[i] == NULL ? CLF_ERROR_MEMORY : status;
    out->count = i + 1;
  }
  return status;
}

static clf_status draw_all(face_set *out, int64_t seed) {
  out->drawn = true;
  if (!make_room(out, DRAWN_PEOPLE * DRAWN_PICTURES)) {
    return CLF_ERROR_MEMORY;
  }
  for (int i = 0; i < DRAWN_PEOPLE * DRAWN_PICTURES; i++) {
    char name[MOST_NAME];
    const int person = i / DRAWN_PICTURES, picture = i % DRAWN_PICTURES;
    snprintf(name, sizeof name, "subject%02d.drawing%02d", person + 1, picture + 1);
    draw_face(out->pixels + (size_t)i * FACES_PIXELS, (uint64_t)seed, person, picture);
    out->names[i] = strdup(name);
    out->count = i + 1;
    if (out->names[i] == NULL) {
      return CLF_ERROR_MEMORY;
    }
  }
  return CLF_OK;
}

/* Labels are the names up to the dot. */
static clf_status label(face_set *faces) {
  char(*people)[MOST_NAME] = calloc((size_t)faces->count, sizeof *people);
  const char **pointers = calloc((size_t)faces->count, sizeof *pointers);
  clf_tensor *labels = NULL;
  clf_status status = CLF_ERROR_MEMORY;
  if (people != NULL && pointers != NULL) {
    for (int64_t i = 0; i < faces->count; i++) {
      snprintf(people[i], MOST_NAME, "%.*s", (int)strcspn(faces->names[i], "."), faces->names[i]);
      pointers[i] = people[i];
    }
    status = clf_dataset_set_label_names(faces->rows, pointers, faces->count);
  }
  status = status == CLF_OK ? clf_dataset_tensor(faces->rows, "labels", &labels) : status;
  if (status == CLF_OK) {
    faces->people = clf_dataset_classes(faces->rows);
    memcpy(faces->person, clf_tensor_data(labels), (size_t)faces->count * sizeof *faces->person);
  }
  clf_tensor_free(labels);
  free(people);
  free(pointers);
  return status;
}

static clf_status make_rows(face_set *faces, clf_context *context) {
  clf_tensor *x = NULL;
  const int64_t shape[] = {faces->count, FACES_HEIGHT, FACES_WIDTH, 1};
  clf_status status =
      clf_tensor_wrap(&x, context, faces->pixels, CLF_U8, 4, shape, NULL, NULL, NULL);
  status = status == CLF_OK ? clf_tensor_set_scale(x, 1.0 / 255) : status;
  status = status == CLF_OK ? clf_dataset_create(&faces->rows, context, x, NULL) : status;
  clf_tensor_free(x);
  return status == CLF_OK ? label(faces) : status;
}

/* The pictures of a folder in the order of their names; their number, at most 0 where there are
 * none. */
static int list_pictures(struct dirent ***found, char place[MOST_PATH], const char *folder) {
  int count = 0;
  for (int inside = 0; count <= 0 && inside < 2; inside++) {
    snprintf(place, MOST_PATH, "%s%s", folder, inside ? "/yalefaces" : "");
    count = scandir(place, found, is_picture, alphasort);
  }
  return count;
}

int faces_open(face_set *out, clf_context *context, const char *folder,
               const clf_detector *detector, int64_t seed) {
  clf_status status;
  *out = (face_set){0};
  if (folder == NULL) {
    status = draw_all(out, seed);
  } else {
    char place[MOST_PATH];
    struct dirent **found = NULL;
    const int count = list_pictures(&found, place, folder);
    if (count <= 0) {
      complain(
          "no faces in '%s': neither it nor its folder yalefaces has pictures called "
          "subject01.happy and so on; examples/data/fetch.sh yale gets them",
          folder);
      return EXIT_FAILURE;
    }
    status = read_folder(out, context, detector, place, found, count);
    for (int i = 0; i < count; i++) {
      free(found[i]);
    }
    free(found);
  }
  status = status == CLF_OK ? make_rows(out, context) : status;
  if (status < 0) {
    complain("%s", status == CLF_ERROR_MEMORY ? "out of memory" : clf_last_error());
    return EXIT_FAILURE;
  }
  return -1;
}

void faces_close(face_set *faces) {
  for (int64_t i = 0; i < faces->count; i++) {
    free(faces->names[i]);
  }
  clf_dataset_free(faces->rows);
  free(faces->names);
  free(faces->person);
  free(faces->pixels);
}
