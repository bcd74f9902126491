#include "tell.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/progress.h"
#include "common/results.h"

class_names names_of(const clf_detector *detector) {
  const clf_model *model = clf_detector_model(detector);
  return (class_names){model, clf_model_classes(model) == 11};
}

const char *name_of(const class_names *names, int32_t label, char *out) {
  if (names->digits) {
    snprintf(out, 32, "%d", (int)label - 1);
  } else if (clf_model_classes(names->model) == 2) {
    snprintf(out, 32, "object");
  } else {
    snprintf(out, 32, "%s", clf_model_class_name(names->model, label));
  }
  return out;
}

/* A frame's pixels, two deep, where they are within the picture. */
static void draw_frame(uint8_t *pixels, int64_t height, int64_t width, const clf_box *box,
                       const uint8_t *colour) {
  const int64_t top = lroundf(box->top), left = lroundf(box->left);
  const int64_t bottom = lroundf(box->top + box->height), right = lroundf(box->left + box->width);
  for (int64_t i = top < 0 ? 0 : top; i < bottom && i < height; i++) {
    for (int64_t j = left < 0 ? 0 : left; j < right && j < width; j++) {
      if (i < top + 2 || i >= bottom - 2 || j < left + 2 || j >= right - 2) {
        memcpy(pixels + (i * width + j) * 3, colour, 3);
      }
    }
  }
}

clf_status draw_boxes(clf_image **out, clf_context *context, const clf_image *image,
                      const clf_box *boxes, int64_t count) {
  static const uint8_t colours[][3] = {{255, 210, 0},   {64, 220, 90},   {255, 80, 70},
                                       {70, 160, 255},  {240, 120, 255}, {0, 220, 220},
                                       {255, 150, 30},  {170, 255, 60},  {160, 120, 255},
                                       {255, 120, 160}, {120, 255, 190}};
  enum { COLOURS = sizeof colours / sizeof colours[0] };
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
    draw_frame(pixels, height, width, &boxes[i], colours[(boxes[i].label + 10) % COLOURS]);
  }
  clf_status status = clf_image_create(out, context, height, width, 3, pixels, 0);
  free(pixels);
  return status;
}

void write_boxes(FILE *out, const class_names *names, const clf_box *boxes, const identities *who,
                 int64_t count) {
  char name[32];
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

/* Boxes of all scenes, with the number of each one's scene. */
typedef struct box_list {
  clf_box *boxes;
  int64_t *images;
  int64_t count;
} box_list;

static clf_status append(box_list *list, const clf_box *boxes, int64_t count, int64_t image) {
  const size_t wanted = (size_t)(list->count + count) + 1;
  clf_box *larger = realloc(list->boxes, wanted * sizeof *larger);
  list->boxes = larger != NULL ? larger : list->boxes;
  int64_t *images = realloc(list->images, wanted * sizeof *images);
  list->images = images != NULL ? images : list->images;
  if (larger == NULL || images == NULL) {
    return CLF_ERROR_MEMORY;
  }
  for (int64_t i = 0; i < count; i++) {
    list->boxes[list->count] = boxes[i];
    list->images[list->count++] = image;
  }
  return CLF_OK;
}

static void free_boxes(box_list *list) {
  free(list->boxes);
  free(list->images);
}

static clf_status find_all(evaluation *out, box_list *found, box_list *truth,
                           const clf_detector *detector, const scene_list *scenes) {
  enum { MOST_BOXES = 20000 };
  clf_box *boxes = malloc(MOST_BOXES * sizeof *boxes);
  clf_status status = boxes != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  for (int64_t i = 0; status == CLF_OK && i < scenes->count; i++) {
    const scene *s = &scenes->all[i];
    int64_t count = 0;
    const double began = seconds_now();
    status = clf_detector_run(detector, s->image, boxes, MOST_BOXES, &count);
    out->seconds += seconds_now() - began;
    out->megapixels += (double)(clf_image_height(s->image) * clf_image_width(s->image)) / 1e6;
    count = count < MOST_BOXES ? count : MOST_BOXES;
    status = status == CLF_OK ? append(found, boxes, count, i) : status;
    status = status == CLF_OK ? append(truth, s->objects, s->count, i) : status;
  }
  free(boxes);
  return status;
}

/* Areas of all classes that occur, and the first one's curve. */
static clf_status measure(evaluation *out, const box_list *found, const box_list *truth,
                          int64_t classes) {
  clf_status status = clf_box_mean_average_precision(found->boxes, found->images, found->count,
                                                     truth->boxes, truth->images, truth->count,
                                                     out->overlap, &out->average_precision);
  for (int32_t label = 0; status == CLF_OK && label < classes && out->class_count < 16; label++) {
    const bool first = out->class_count == 0;
    const clf_status one = clf_box_average_precision(
        found->boxes, found->images, found->count, truth->boxes, truth->images, truth->count,
        out->overlap, label, &out->of_class[out->class_count], first ? out->precision : NULL,
        first ? out->recall : NULL, first ? &out->points : NULL);
    if (one == CLF_OK) {
      out->labels[out->class_count++] = label;
    } else if (one != CLF_ERROR_DATA) { /* no object of this class */
      status = one;
    }
  }
  return status;
}

clf_status evaluate(evaluation *out, const clf_detector *detector, const scene_list *scenes,
                    double overlap) {
  box_list found = {0}, truth = {0};
  *out = (evaluation){.scenes = scenes->count, .overlap = overlap};
  clf_status status = find_all(out, &found, &truth, detector, scenes);
  out->objects = truth.count;
  out->found = found.count;
  out->precision = malloc((size_t)(found.count + 1) * sizeof *out->precision);
  out->recall = malloc((size_t)(found.count + 1) * sizeof *out->recall);
  if (out->precision == NULL || out->recall == NULL) {
    status = CLF_ERROR_MEMORY;
  }
  if (status == CLF_OK) {
    status = measure(out, &found, &truth, clf_model_classes(clf_detector_model(detector)));
  }
  free_boxes(&found);
  free_boxes(&truth);
  return status;
}

void evaluation_free(evaluation *e) {
  free(e->precision);
  free(e->recall);
  *e = (evaluation){0};
}

/* Points of the curve that are worth writing: where the recall has grown by a two-hundredth. */
static int64_t next_point(const evaluation *e, int64_t i) {
  const double from = e->recall[i];
  for (i++; i + 1 < e->points && e->recall[i] < from + 0.005; i++) {
  }
  return i;
}

void write_evaluation(FILE *out, const evaluation *e, const class_names *names, const char *data,
                      const char *detector, int32_t threads) {
  char name[32];
  fputs("[{\"data\": ", out);
  write_json_text(out, data);
  fputs(", \"detector\": ", out);
  write_json_text(out, detector);
  fprintf(out,
          ", \"threads\": %d, \"scenes\": %" PRId64 ", \"megapixels\": %.3f, \"objects\": %" PRId64
          ", \"found\": %" PRId64
          ", \"seconds\": %.4f,\n  \"overlap\": %g, "
          "\"average_precision\": %.6f,\n  \"classes\": {",
          (int)threads, e->scenes, e->megapixels, e->objects, e->found, e->seconds, e->overlap,
          e->average_precision);
  for (int64_t i = 0; i < e->class_count; i++) {
    fputs(i > 0 ? ", " : "", out);
    write_json_text(out, name_of(names, e->labels[i], name));
    fprintf(out, ": %.6f", e->of_class[i]);
  }
  fputs("},\n  \"curve\": [", out);
  for (int64_t i = 0; i < e->points; i = next_point(e, i)) {
    fprintf(out, "%s[%.4f, %.4f]", i > 0 ? ", " : "", e->recall[i], e->precision[i]);
  }
  fputs("]}]\n", out);
}

void write_curve(FILE *out, const evaluation *e) {
  enum { LEFT = 44, TOP = 12, WIDTH = 400, HEIGHT = 300 };
  fprintf(out,
          "<svg class=\"curve\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"precision by "
          "recall\">\n",
          LEFT + WIDTH + 16, TOP + HEIGHT + 44);
  for (int i = 0; i <= 5; i++) {
    const double y = TOP + HEIGHT * (1 - i / 5.0), x = LEFT + WIDTH * (i / 5.0);
    fprintf(out,
            "<line x1=\"%d\" x2=\"%d\" y1=\"%.0f\" y2=\"%.0f\"/><text class=\"end\" x=\"%d\" "
            "y=\"%.0f\">%.1f</text><text x=\"%.0f\" y=\"%d\">%.1f</text>\n",
            LEFT, LEFT + WIDTH, y, y, LEFT - 8, y, i / 5.0, x, TOP + HEIGHT + 14, i / 5.0);
  }
  fprintf(out,
          "<text x=\"%d\" y=\"%d\">share of objects found (recall); height: share of finds that "
          "are right</text>\n<polyline class=\"training\" points=\"",
          LEFT + WIDTH / 2, TOP + HEIGHT + 36);
  for (int64_t i = 0; i < e->points; i = next_point(e, i)) {
    fprintf(out, "%s%.1f,%.1f", i > 0 ? " " : "", LEFT + WIDTH * e->recall[i],
            TOP + HEIGHT * (1 - e->precision[i]));
  }
  fputs("\"/>\n</svg>\n", out);
}
