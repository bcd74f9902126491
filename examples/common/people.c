#include "people.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/files.h"
#include "report/session.h"
#include "report/text.h"

enum { DRAWN_PEOPLE = 12, DRAWN_PICTURES = 11 };

/* "subject" and digits, then a dot. */
static bool is_yale(const char *name) {
  static const char start[] = "subject";
  const char *digits = name + sizeof start - 1;
  const size_t length =
      strncmp(name, start, sizeof start - 1) == 0 ? strspn(digits, "0123456789") : 0;
  return length > 0 && digits[length] == '.';
}

/* Capacity for so many pictures more. */
static bool reserve(face_set *out, int64_t count) {
  const size_t wanted = (size_t)(out->count + count);
  uint8_t *pixels = realloc(out->pixels, wanted * FACES_PIXELS);
  out->pixels = pixels != NULL ? pixels : out->pixels;
  char **names = realloc(out->names, wanted * sizeof *names);
  out->names = names != NULL ? names : out->names;
  return pixels != NULL && names != NULL;
}

typedef struct face_reader {
  face_set *faces;
  const clf_detector *detector; /* or NULL */
  const char *person;           /* the pictures' folder, or NULL */
} face_reader;

/* A picture of any size as a row: what lies around the surest box, or the whole. */
static clf_status read_picture(uint8_t *to, const clf_detector *detector, const clf_image *whole) {
  clf_box box;
  int64_t found = 0;
  clf_status status =
      detector != NULL ? clf_detector_run(detector, whole, &box, 1, &found) : CLF_OK;
  if (status == CLF_OK) {
    status = found > 0 ? picture_of_box(to, whole, &box) : picture_of_image(to, whole);
  }
  return status;
}

static clf_status receive_picture(void *user, clf_image *image, const char *name) {
  const face_reader *self = user;
  face_set *faces = self->faces;
  char *kept = self->person != NULL ? join_path(self->person, name) : strdup(name);
  clf_status status = CLF_ERROR_MEMORY;
  if (kept != NULL) {
    status =
        read_picture(faces->pixels + (size_t)faces->count * FACES_PIXELS, self->detector, image);
  }
  clf_image_free(image);
  if (status < 0) {
    free(kept);
    return status;
  }
  faces->names[faces->count++] = kept;
  return CLF_OK;
}

/* Reads the pictures of a folder. */
static int read_pictures(face_reader *self, clf_context *context, const char *folder,
                         const name_list *files) {
  if (!reserve(self->faces, files->count + 1)) {
    return report_failure(CLF_ERROR_MEMORY);
  }
  return folder_pictures(context, folder, files, receive_picture, self);
}

/* Reads the pictures of the people's folders. */
static int read_people(face_reader *self, clf_context *context, const char *folder,
                       const name_list *people) {
  int status = -1;
  for (int64_t i = 0; status < 0 && i < people->count; i++) {
    char *path = join_path(folder, people->names[i]);
    name_list files = {0};
    self->person = people->names[i];
    status =
        path == NULL ? report_failure(CLF_ERROR_MEMORY) : folder_list(&files, path, FOLDER_FILES);
    status = status < 0 ? read_pictures(self, context, path, &files) : status;
    name_list_free(&files);
    free(path);
  }
  return status;
}

/* The files that are called as the Yale faces are; where there are some, a message counts the
 * others.
 */
static int list_yale(name_list *out, const char *folder) {
  name_list files = {0};
  int status = is_folder(folder) ? folder_list(&files, folder, FOLDER_FILES) : -1;
  const int64_t all = files.count;
  *out = (name_list){.names = files.names};
  for (int64_t i = 0; i < all; i++) {
    if (is_yale(files.names[i])) {
      out->names[out->count++] = files.names[i];
    } else {
      free(files.names[i]);
    }
  }
  if (out->count > 0 && out->count < all) {
    complain("%" PRId64 " of %" PRId64
             " files in '%s' are left out: they are not called "
             "subjectNN.WHAT",
             all - out->count, all, folder);
  }
  return status;
}

/* The Yale faces of the folder or of its folder yalefaces, or else the folders of people. */
static int read_folder(face_reader *self, clf_context *context, const char *folder) {
  char *inside = join_path(folder, "yalefaces");
  name_list files = {0}, people = {0};
  const char *place = folder;
  int status = inside == NULL ? report_failure(CLF_ERROR_MEMORY) : list_yale(&files, folder);
  if (status < 0 && files.count == 0) {
    name_list_free(&files);
    place = inside;
    status = list_yale(&files, inside);
  }
  if (status < 0 && files.count > 0) {
    status = read_pictures(self, context, place, &files);
  } else if (status < 0) {
    status = folder_list(&people, folder, FOLDER_FOLDERS);
    if (status < 0 && people.count == 0) {
      complain(
          "no faces in '%s': it has no folder for each person with pictures of them, and "
          "neither it nor its folder yalefaces has pictures called subject01.happy and so on; "
          "examples/data/fetch.sh yale gets those",
          folder);
      status = EXIT_FAILURE;
    }
    status = status < 0 ? read_people(self, context, folder, &people) : status;
  }
  name_list_free(&people);
  name_list_free(&files);
  free(inside);
  return status;
}

static clf_status draw_all(face_set *out, int64_t seed) {
  out->drawn = true;
  if (!reserve(out, DRAWN_PEOPLE * DRAWN_PICTURES)) {
    return CLF_ERROR_MEMORY;
  }
  for (int i = 0; i < DRAWN_PEOPLE * DRAWN_PICTURES; i++) {
    char name[64];
    const int person = i / DRAWN_PICTURES, picture = i % DRAWN_PICTURES;
    snprintf(name, sizeof name, "subject%02d.drawing%02d", person + 1, picture + 1);
    draw_face(out->pixels + (size_t)i * FACES_PIXELS, (uint64_t)seed, person, picture);
    out->names[i] = strdup(name);
    if (out->names[i] == NULL) {
      return CLF_ERROR_MEMORY;
    }
    out->count = i + 1;
  }
  return CLF_OK;
}

size_t person_length(const char *name) {
  return strcspn(name, strchr(name, '/') != NULL ? "/" : ".");
}

static clf_status label(face_set *faces) {
  char **people = calloc((size_t)faces->count, sizeof *people);
  clf_tensor *labels = NULL;
  clf_status status = people != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  for (int64_t i = 0; status == CLF_OK && i < faces->count; i++) {
    people[i] = strndup(faces->names[i], person_length(faces->names[i]));
    status = people[i] != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  }
  if (status == CLF_OK) {
    status = clf_dataset_set_label_names(faces->rows, (const char *const *)people, faces->count);
  }
  status = status == CLF_OK ? clf_dataset_tensor(&labels, faces->rows, "labels") : status;
  if (status == CLF_OK) {
    faces->people = clf_dataset_classes(faces->rows);
    faces->person = malloc((size_t)faces->count * sizeof *faces->person);
    status = faces->person != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  }
  if (status == CLF_OK) {
    memcpy(faces->person, clf_tensor_data(labels), (size_t)faces->count * sizeof *faces->person);
  }
  clf_tensor_free(labels);
  for (int64_t i = 0; people != NULL && i < faces->count; i++) {
    free(people[i]);
  }
  free(people);
  return status;
}

static clf_status make_rows(face_set *faces, clf_context *context) {
  clf_tensor *x = NULL;
  const int64_t shape[] = {faces->count, FACES_HEIGHT, FACES_WIDTH, 1};
  clf_status status = clf_tensor_wrap(&x, context, faces->pixels, CLF_U8, 4, shape, NULL);
  status = status == CLF_OK ? clf_tensor_set_scale(x, 1.0 / 255) : status;
  status = status == CLF_OK ? clf_dataset_create(&faces->rows, context, x, NULL) : status;
  clf_tensor_free(x);
  return status == CLF_OK ? label(faces) : status;
}

/* Every person is learned from one picture and more, and tested on others. */
static int check_people(const face_set *faces) {
  enum { MIN_PEOPLE = 2 };
  if (faces->people < MIN_PEOPLE || faces->count == faces->people) {
    complain("%" PRId64 " pictures of %" PRId64
             " people: at least %d people are needed, and two "
             "pictures of one of them",
             faces->count, faces->people, MIN_PEOPLE);
    return EXIT_FAILURE;
  }
  return -1;
}

int faces_open(face_set *out, clf_context *context, const char *folder,
               const clf_detector *detector, int64_t seed) {
  face_reader reader = {.faces = out, .detector = detector};
  int status = -1;
  *out = (face_set){0};
  if (folder != NULL) {
    status = read_folder(&reader, context, folder);
  } else if (draw_all(out, seed) < 0) {
    status = report_failure(CLF_ERROR_MEMORY);
  }
  const clf_status made = status < 0 ? make_rows(out, context) : CLF_OK;
  status = made < 0 ? report_failure(made) : status;
  return status < 0 ? check_people(out) : status;
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
