#include "detections.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

clf_status find_boxes(clf_box **out, int64_t *count, const clf_detector *detector,
                      const clf_image *image) {
  clf_box *boxes = NULL;
  int64_t capacity = 0, found = 256;
  clf_status status = CLF_OK;
  while (status == CLF_OK && capacity < found) { /* twice where there are more than at first */
    free(boxes);
    capacity = found;
    boxes = malloc((size_t)capacity * sizeof *boxes);
    status = boxes == NULL ? CLF_ERROR_MEMORY
                           : clf_detector_run(detector, image, boxes, capacity, &found);
  }
  if (status < 0 || found == 0) {
    free(boxes);
    boxes = NULL;
  }
  if (status == CLF_OK) {
    *out = boxes;
    *count = found;
  }
  return status;
}

double box_probability(const clf_box *box) {
  return 1 / (1 + exp(-(double)box->score));
}

void write_box_members(json_writer *json, const clf_box *box, const char *name) {
  json_text(json, "class", name);
  json_number(json, "score", "%.4f", (double)box->score);
  json_number(json, "probability", "%.6f", box_probability(box));
  json_number(json, "top", "%.1f", (double)box->top);
  json_number(json, "left", "%.1f", (double)box->left);
  json_number(json, "height", "%.1f", (double)box->height);
  json_number(json, "width", "%.1f", (double)box->width);
}

/* A frame's pixels, two deep, where they are within the picture. */
static void draw_frame(uint8_t *pixels, int64_t height, int64_t width, const clf_box *box,
                       const uint8_t *color) {
  const int64_t top = lroundf(box->top), left = lroundf(box->left);
  const int64_t bottom = lroundf(box->top + box->height), right = lroundf(box->left + box->width);
  for (int64_t i = top < 0 ? 0 : top; i < bottom && i < height; i++) {
    for (int64_t j = left < 0 ? 0 : left; j < right && j < width; j++) {
      if (i < top + 2 || i >= bottom - 2 || j < left + 2 || j >= right - 2) {
        memcpy(pixels + (i * width + j) * 3, color, 3);
      }
    }
  }
}

static clf_status draw_boxes(clf_image **out, clf_context *context, const clf_image *image,
                             const clf_box *boxes, int64_t count) {
  static const uint8_t colors[][3] = {{255, 210, 0},   {64, 220, 90},   {255, 80, 70},
                                      {70, 160, 255},  {240, 120, 255}, {0, 220, 220},
                                      {255, 150, 30},  {170, 255, 60},  {160, 120, 255},
                                      {255, 120, 160}, {120, 255, 190}};
  enum { COLORS = sizeof colors / sizeof colors[0] };
  const int64_t height = clf_image_height(image), width = clf_image_width(image);
  const int64_t channels = clf_image_channels(image);
  const uint8_t *from = clf_image_pixels(image);
  uint8_t *pixels = malloc((size_t)(height * width) * 3);
  if (pixels == NULL) {
    return CLF_ERROR_MEMORY;
  }
  for (int64_t i = 0; i < height * width * 3; i++) {
    pixels[i] = channels == 3 ? from[i] : from[i / 3];
  }
  for (int64_t i = count - 1; i >= 0; i--) { /* the surest lies on top */
    draw_frame(pixels, height, width, &boxes[i], colors[(boxes[i].label + 10) % COLORS]);
  }
  clf_status status = clf_image_create(out, context, height, width, 3, pixels, 0);
  free(pixels);
  return status;
}

clf_status draw_into_folder(char **out, const char *folder, clf_context *context,
                            const clf_image *image, const char *name, int64_t number,
                            const clf_box *boxes, int64_t count) {
  clf_image *drawn = NULL;
  const char *base = strrchr(name, '/') != NULL ? strrchr(name, '/') + 1 : name;
  const size_t size = strlen(folder) + strlen(base) + 48;
  char before[32] = "";
  char *path = malloc(size);
  if (path == NULL) {
    return CLF_ERROR_MEMORY;
  }
  if (number > 0) {
    snprintf(before, sizeof before, "%" PRId64 "-", number);
  }
  snprintf(path, size, "%s/%s%s.boxes.png", folder, before, base);
  clf_status status = draw_boxes(&drawn, context, image, boxes, count);
  status = status == CLF_OK ? clf_image_save(drawn, path, NULL) : status;
  clf_image_free(drawn);
  *out = path;
  return status;
}

int64_t picture_number(const char *const *files, int64_t index) {
  const char *slash = strrchr(files[index], '/');
  const char *name = slash != NULL ? slash + 1 : files[index];
  for (int64_t i = 0; i < index; i++) {
    const char *other = strrchr(files[i], '/');
    if (strcmp(other != NULL ? other + 1 : files[i], name) == 0) {
      return index + 1;
    }
  }
  return 0;
}
