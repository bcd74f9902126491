#include "crops.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "params.h"
#include "report/files.h"
#include "report/text.h"

static const double context_share = 1.3; /* side of the part around a box, in sides of the box */

int detector_open(clf_detector **out, const tool *t, const char *path, const char *params) {
  clf_model *network = NULL;
  clf_status status = clf_detector_load(out, t->context, path, params);
  if (status == CLF_ERROR_CORRUPT && clf_model_load(&network, t->context, path) == CLF_OK) {
    status = clf_detector_create(out, network, params);
  }
  clf_model_free(network);
  if (status == CLF_OK) {
    return -1;
  }
  const int failed = tool_fail(status);
  return status == CLF_ERROR_ARGUMENT ? EXIT_USAGE : failed;
}

int crops_open(clf_detector **out, const tool *t, const char *text) {
  const size_t length = access(text, F_OK) == 0 ? strlen(text) : strcspn(text, " ");
  char *path = strndup(text, length);
  const int status =
      path != NULL ? detector_open(out, t, path, text + length) : tool_fail(CLF_ERROR_MEMORY);
  free(path);
  return status;
}

static clf_status crop(clf_image **out, const clf_image *picture, const clf_box *box) {
  const double height = context_share * (double)box->height;
  const double width = context_share * (double)box->width;
  const double top = (double)box->top + ((double)box->height - height) / 2;
  const double left = (double)box->left + ((double)box->width - width) / 2;
  return clf_image_crop(out, picture, llround(top), llround(left), (int64_t)fmax(1, round(height)),
                        (int64_t)fmax(1, round(width)));
}

/* The image as the reader of images makes a row of it. */
static clf_status row_of(clf_dataset **out, const tool *t, const clf_image *image,
                         const char *params) {
  size_t size = 0;
  clf_status status = clf_image_save_memory(image, "pnm", NULL, NULL, 0, &size);
  unsigned char *bytes = status == CLF_OK ? malloc(size) : NULL;
  if (status == CLF_OK && bytes == NULL) {
    status = CLF_ERROR_MEMORY;
  }
  status =
      status == CLF_OK ? clf_image_save_memory(image, "pnm", NULL, bytes, size, &size) : status;
  status = status == CLF_OK
               ? clf_dataset_load_memory(out, t->context, "images", bytes, size, params)
               : status;
  free(bytes);
  return status;
}

clf_status crops_row(clf_dataset **out, const tool *t, const clf_detector *detector,
                     const clf_image *picture, const char *params) {
  clf_box box;
  clf_image *part = NULL;
  int64_t found = 0;
  *out = NULL;
  clf_status status = clf_detector_run(detector, picture, &box, 1, &found);
  if (status == CLF_OK && found > 0) {
    status = crop(&part, picture, &box);
    status = status == CLF_OK ? row_of(out, t, part, params) : status;
  }
  clf_image_free(part);
  return status;
}

/* The rows read so far. */
typedef struct reader {
  const tool *t;
  const clf_detector *detector;
  const char *params, *label;
  unsigned char *pixels; /* [count, size] */
  char **labels;         /* [count] */
  int64_t count, nothing, shape[4];
  double scale; /* of the pixels */
} reader;

static int64_t row_size(const reader *self) {
  return self->shape[1] * self->shape[2] * self->shape[3];
}

/* Appends a row; the first one determines the shape of all. */
static clf_status append(reader *self, const clf_dataset *row) {
  clf_tensor *x = NULL;
  const clf_status status = clf_dataset_tensor(&x, row, "x");
  if (status < 0) {
    return status;
  }
  for (int32_t axis = 1; axis < 4 && self->count == 0; axis++) {
    self->shape[axis] = clf_tensor_extent(x, axis);
  }
  self->scale = clf_tensor_scale(x);
  const size_t size = (size_t)row_size(self), count = (size_t)self->count;
  unsigned char *pixels = realloc(self->pixels, (count + 1) * size);
  self->pixels = pixels != NULL ? pixels : self->pixels;
  char **labels = realloc(self->labels, (count + 1) * sizeof *labels);
  self->labels = labels != NULL ? labels : self->labels;
  char *label = strdup(self->label);
  if (pixels != NULL && labels != NULL && label != NULL) {
    memcpy(pixels + count * size, clf_tensor_data(x), size);
    labels[self->count++] = label;
    label = NULL;
  }
  clf_tensor_free(x);
  free(label);
  return self->count > (int64_t)count ? CLF_OK : CLF_ERROR_MEMORY;
}

static clf_status receive(void *user, clf_image *picture, const char *name) {
  reader *self = user;
  clf_dataset *row = NULL;
  (void)name;
  clf_status status = crops_row(&row, self->t, self->detector, picture, self->params);
  clf_image_free(picture);
  self->nothing += status == CLF_OK && row == NULL;
  status = row != NULL ? append(self, row) : status;
  clf_dataset_free(row);
  return status;
}

static int read_labels(reader *self, const char *path, const name_list *labels) {
  int status = -1;
  for (int64_t i = 0; status < 0 && i < labels->count; i++) {
    char *folder = join_path(path, labels->names[i]);
    name_list files = {0};
    self->label = labels->names[i];
    status =
        folder == NULL ? tool_fail(CLF_ERROR_MEMORY) : folder_list(&files, folder, FOLDER_FILES);
    status = status < 0 ? folder_pictures(self->t->context, folder, &files, receive, self) : status;
    name_list_free(&files);
    free(folder);
  }
  return status;
}

static clf_status make_rows(clf_dataset **out, reader *self) {
  clf_tensor *x = NULL;
  self->shape[0] = self->count;
  clf_status status = clf_tensor_create(&x, self->t->context, CLF_U8, 4, self->shape);
  if (status == CLF_OK) {
    memcpy(clf_tensor_data(x), self->pixels, (size_t)(self->count * row_size(self)));
  }
  status = status == CLF_OK ? clf_tensor_set_scale(x, self->scale) : status;
  status = status == CLF_OK ? clf_dataset_create(out, self->t->context, x, NULL) : status;
  status = status == CLF_OK
               ? clf_dataset_set_label_names(*out, (const char *const *)self->labels, self->count)
               : status;
  clf_tensor_free(x);
  return status;
}

/* The parameters, with the size that pictures get. */
static char *sized(const char *params) {
  char *out = NULL;
  const bool size = params_has(params, "height") || params_has(params, "width");
  const bool channels = params_has(params, "channels");
  return asprintf(&out, "%s%s%s%s", params, *params != '\0' ? " " : "",
                  size ? "" : "height=64 width=64 ", channels ? "" : "channels=1") < 0
             ? NULL
             : out;
}

static bool is_positive(const char *params, const char *name) {
  char *value = params_value(params, name);
  const bool is = value != NULL && strtol(value, NULL, 10) > 0;
  free(value);
  return is;
}

/* What the detector finds has many sizes: "height=0" and "channels=any" would leave them. */
static bool have_one_size(const char *params) {
  return is_positive(params, "height") && is_positive(params, "width") &&
         is_positive(params, "channels");
}

int crops_read(input *out, const tool *t, const clf_detector *detector, const char *path,
               const char *params) {
  name_list labels = {0};
  *out = (input){.path = strdup(path), .reader = strdup("images"), .params = sized(params)};
  reader self = {.t = t, .detector = detector, .params = out->params};
  if (out->path == NULL || out->reader == NULL || out->params == NULL) {
    return tool_fail(CLF_ERROR_MEMORY);
  }
  if (!have_one_size(out->params)) {
    complain(
        "--detector needs images of one size: set height, width, and channels=1 or 3 in --format");
    return EXIT_USAGE;
  }
  int status = folder_list(&labels, path, FOLDER_FOLDERS);
  status = status < 0 ? read_labels(&self, path, &labels) : status;
  if (status < 0 && self.nothing > 0) {
    complain("the detector finds nothing in %" PRId64 " of %" PRId64 " images, which are left out",
             self.nothing, self.nothing + self.count);
  }
  if (status < 0 && self.count == 0) {
    complain("'%s' has no folder for each label with images in which the detector finds something",
             path);
    status = EXIT_FAILURE;
  }
  if (status < 0) {
    const clf_status made = make_rows(&out->rows, &self);
    status = made == CLF_OK ? -1 : tool_fail(made);
  }
  for (int64_t i = 0; i < self.count; i++) {
    free(self.labels[i]);
  }
  free(self.labels);
  free(self.pixels);
  name_list_free(&labels);
  return status;
}
