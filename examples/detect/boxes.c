#include "boxes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/results.h"

class_names names_of(const clf_detector *detector) {
  const clf_model *model = clf_detector_model(detector);
  return (class_names){model, clf_model_classes(model) == 11};
}

const char *name_of(const class_names *names, int32_t label, char *out) {
  if (names->digits) {
    snprintf(out, DIGIT_NAME, "%d", (int)label - 1);
    return out;
  }
  return clf_model_classes(names->model) == 2 ? "object"
                                              : clf_model_class_name(names->model, label);
}

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

clf_status draw_boxes(clf_image **out, clf_context *context, const clf_image *image,
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

void write_boxes(FILE *out, const class_names *names, const clf_box *boxes, const identities *who,
                 int64_t count) {
  char name[DIGIT_NAME];
  fputs("[", out);
  for (int64_t i = 0; i < count; i++) {
    const clf_box *b = &boxes[i];
    fprintf(out, "%s\n    {\"class\": ", i > 0 ? "," : "");
    write_json_text(out, name_of(names, b->label, name));
    fprintf(out,
            ", \"score\": %.4f, \"probability\": %.6f, \"top\": %.1f, \"left\": %.1f, \"height\": "
            "%.1f, \"width\": %.1f",
            (double)b->score, 1 / (1 + exp(-(double)b->score)), (double)b->top, (double)b->left,
            (double)b->height, (double)b->width);
    if (who != NULL) {
      fputs(", \"person\": ", out);
      write_json_text(out, clf_model_class_name(who->people, who->person[i]));
      fprintf(out, ", \"person_score\": %.4f", (double)who->score[i]);
    }
    fputs("}", out);
  }
  fputs("]", out);
}
