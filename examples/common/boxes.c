#include "boxes.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/text.h"

static bool is_named(const clf_model *model) {
  return strcmp(clf_model_class_name(model, 0), BACKGROUND) == 0;
}

const char *name_of(const clf_detector *detector, int32_t label, char *out) {
  const clf_model *model = clf_detector_model(detector);
  if (!is_named(model) && clf_model_classes(model) == 11) {
    snprintf(out, DIGIT_NAME, "%d", (int)label - 1);
    return out;
  }
  return is_named(model) ? clf_model_class_name(model, label) : "object";
}

/* The detector's class of that name; 0 where it has none. */
static int32_t class_of(const clf_model *model, const char *name) {
  if (!is_named(model)) {
    return *name == '\0';
  }
  int32_t k = (int32_t)clf_model_classes(model) - 1;
  while (k > 0 && strcmp(clf_model_class_name(model, k), name) != 0) {
    k--;
  }
  return k;
}

int scenes_use_classes(scene_list *scenes, const clf_detector *detector) {
  for (int64_t i = 0; scenes->labels.count > 0 && i < scenes->count; i++) {
    for (int64_t j = 0; j < scenes->all[i].count; j++) {
      clf_box *object = &scenes->all[i].objects[j];
      const char *name = scenes->labels.names[object->label - 1];
      object->label = class_of(clf_detector_model(detector), name);
      if (object->label == 0) {
        complain("the detector finds nothing that is called '%s'", name);
        return EXIT_FAILURE;
      }
    }
  }
  return -1;
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

static void write_boxes(json_writer *json, const clf_detector *detector, const clf_box *boxes,
                        const identities *who, int64_t count) {
  char name[DIGIT_NAME];
  json_open(json, "boxes", '[');
  for (int64_t i = 0; i < count; i++) {
    const clf_box *b = &boxes[i];
    json_open(json, NULL, '{');
    json_text(json, "class", name_of(detector, b->label, name));
    json_number(json, "score", "%.4f", (double)b->score);
    json_number(json, "probability", "%.6f", 1 / (1 + exp(-(double)b->score)));
    json_number(json, "top", "%.1f", (double)b->top);
    json_number(json, "left", "%.1f", (double)b->left);
    json_number(json, "height", "%.1f", (double)b->height);
    json_number(json, "width", "%.1f", (double)b->width);
    if (who->people != NULL) {
      json_text(json, "person", clf_model_class_name(who->people, who->person[i]));
      json_number(json, "person_score", "%.4f", (double)who->score[i]);
    }
    json_close(json, '}');
  }
  json_close(json, ']');
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

/* Its place among the files where an earlier one is called the same, else 0. */
static int64_t number_of(const char *const *files, int64_t index) {
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

clf_status find_in(finding *out, const finder *with, const char *const *files, int64_t index) {
  const char *path = files[index];
  clf_status status = clf_image_load(&out->image, with->context, path, NULL);
  if (status == CLF_OK) {
    status = find_boxes(&out->boxes, &out->count, with->detector, out->image);
  }
  if (status == CLF_OK && with->people != NULL) {
    status = identify(&out->who, with->context, with->people, out->image, out->boxes, out->count);
  }
  if (status == CLF_OK && with->out != NULL) {
    status = draw_into_folder(&out->drawn, with->out, with->context, out->image, path,
                              number_of(files, index), out->boxes, out->count);
  }
  return status;
}

void finding_free(finding *f) {
  clf_image_free(f->image);
  identities_free(&f->who);
  free(f->boxes);
  free(f->drawn);
}

void write_finding(json_writer *json, const clf_detector *detector, const char *path,
                   const finding *f, clf_status status) {
  json_open(json, NULL, '{');
  json_text(json, "image", path);
  if (status < 0) {
    json_text(json, "error", status == CLF_ERROR_MEMORY ? "out of memory" : clf_last_error());
  } else {
    write_boxes(json, detector, f->boxes, &f->who, f->count);
    if (f->drawn != NULL) {
      json_text(json, "drawn", f->drawn);
    }
  }
  json_close(json, '}');
}
