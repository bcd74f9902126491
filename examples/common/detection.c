#include "detection.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/progress.h"

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

static void free_list(box_list *list) {
  free(list->boxes);
  free(list->images);
}

static clf_box_set set_of(const box_list *list) {
  return (clf_box_set){sizeof(clf_box_set), list->boxes, list->images, list->count};
}

static clf_status find_all(detection_result *out, box_list *found, box_list *truth,
                           const clf_detector *detector, const scene_list *scenes) {
  clf_status status = append(found, NULL, 0, 0);
  for (int64_t i = 0; status == CLF_OK && i < scenes->count; i++) {
    const scene *s = &scenes->all[i];
    clf_box *boxes = NULL;
    int64_t count = 0;
    const double began = seconds_now();
    status = progress_interrupted() ? CLF_ERROR_CANCELLED
                                    : find_boxes(&boxes, &count, detector, s->image);
    out->seconds += seconds_now() - began;
    out->megapixels += (double)(clf_image_height(s->image) * clf_image_width(s->image)) / 1e6;
    status = status == CLF_OK ? append(found, boxes, count, i) : status;
    status = status == CLF_OK ? append(truth, s->objects, s->count, i) : status;
    free(boxes);
  }
  return status;
}

/* The curve of a class; none where no object is of it. */
static clf_status add_curve(detection_result *out, const box_list *found, const box_list *truth,
                            int32_t label) {
  class_curve *c = &out->curves[out->classes];
  *c = (class_curve){.label = label,
                     .precision = malloc((size_t)(found->count + 1) * sizeof(double)),
                     .recall = malloc((size_t)(found->count + 1) * sizeof(double))};
  clf_status status = c->precision != NULL && c->recall != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  if (status == CLF_OK) {
    const clf_box_set found_set = set_of(found), truth_set = set_of(truth);
    status = clf_box_average_precision(&found_set, &truth_set, out->overlap, label, &c->area,
                                       c->precision, c->recall, &c->points);
  }
  if (status == CLF_OK) {
    out->classes++;
    return CLF_OK;
  }
  free(c->precision);
  free(c->recall);
  return status == CLF_ERROR_DATA ? CLF_OK : status;
}

static clf_status measure(detection_result *out, const box_list *found, const box_list *truth,
                          int64_t classes) {
  const clf_box_set found_set = set_of(found), truth_set = set_of(truth);
  clf_status status =
      clf_box_mean_average_precision(&found_set, &truth_set, out->overlap, &out->average_precision);
  out->curves = calloc((size_t)classes, sizeof *out->curves);
  status = status == CLF_OK && out->curves == NULL ? CLF_ERROR_MEMORY : status;
  for (int32_t label = 0; status == CLF_OK && label < classes; label++) {
    status = add_curve(out, found, truth, label);
  }
  return status;
}

clf_status detection_evaluate(detection_result *out, const clf_detector *detector,
                              const scene_list *scenes, double overlap) {
  box_list found = {0}, truth = {0};
  *out = (detection_result){.scenes = scenes->count, .overlap = overlap};
  clf_status status = find_all(out, &found, &truth, detector, scenes);
  out->objects = truth.count;
  out->found = found.count;
  if (status == CLF_OK) {
    status = measure(out, &found, &truth, clf_model_classes(clf_detector_model(detector)));
  }
  free_list(&found);
  free_list(&truth);
  return status;
}

void detection_free(detection_result *e) {
  for (int64_t i = 0; i < e->classes; i++) {
    free(e->curves[i].precision);
    free(e->curves[i].recall);
  }
  free(e->curves);
  *e = (detection_result){0};
}

/* The next point that is worth writing: where the recall has grown by a two-hundredth. */
static int64_t next_point(const class_curve *c, int64_t i) {
  const double from = c->recall[i];
  for (i++; i + 1 < c->points && c->recall[i] < from + 0.005; i++) {
  }
  return i;
}

static void write_curve(json_writer *json, const char *name, const class_curve *c) {
  json_open(json, name, '[');
  for (int64_t i = 0; c != NULL && i < c->points; i = next_point(c, i)) {
    json_numbers(json, NULL, "%.4f", (const double[]){c->recall[i], c->precision[i]}, 2);
  }
  json_close(json, ']');
}

void detection_write(FILE *out, const detection_result *e, const clf_detector *detector,
                     const run_facts *run, const char *file) {
  char name[DIGIT_NAME];
  json_writer json = json_begin(out);
  json_open(&json, NULL, '[');
  json_open(&json, NULL, '{');
  json_text(&json, "detector", file);
  write_facts(&json, run);
  json_int64(&json, "scenes", e->scenes);
  json_number(&json, "megapixels", "%.3f", e->megapixels);
  json_int64(&json, "objects", e->objects);
  json_int64(&json, "found", e->found);
  json_number(&json, "seconds", "%.4f", e->seconds);
  json_number(&json, "overlap", "%g", e->overlap);
  json_number(&json, "average_precision", "%.6f", e->average_precision);
  json_open(&json, "classes", '{');
  for (int64_t i = 0; i < e->classes; i++) {
    json_number(&json, name_of(detector, e->curves[i].label, name), "%.6f", e->curves[i].area);
  }
  json_close(&json, '}');
  json_open(&json, "curves", '{');
  for (int64_t i = 0; i < e->classes; i++) {
    write_curve(&json, name_of(detector, e->curves[i].label, name), &e->curves[i]);
  }
  json_close(&json, '}');
  write_curve(&json, "curve", e->classes > 0 ? &e->curves[0] : NULL);
  json_close(&json, '}');
  json_close(&json, ']');
}

/* Returns the object of the class of the box with the largest overlap, which is at least `overlap`;
 * -1 if there is none. */
static int64_t nearest_object(const clf_box *box, const scene *s, double overlap) {
  int64_t nearest = -1;
  double highest = -1;
  for (int64_t i = 0; i < s->count; i++) {
    const double with = clf_box_overlap(box, &s->objects[i]);
    if (s->objects[i].label == box->label && with >= overlap && with > highest) {
      highest = with;
      nearest = i;
    }
  }
  return nearest;
}

clf_status match_scene(scene_match *out, const clf_detector *detector, const scene *s,
                       double overlap) {
  *out = (scene_match){.missed = s->count};
  clf_status status = find_boxes(&out->boxes, &out->count, detector, s->image);
  out->right = calloc((size_t)out->count + 1, sizeof *out->right);
  out->found = calloc((size_t)s->count + 1, sizeof *out->found);
  if (status == CLF_OK && (out->right == NULL || out->found == NULL)) {
    status = CLF_ERROR_MEMORY;
  }
  for (int64_t i = 0; status == CLF_OK && i < out->count; i++) {
    const int64_t object = nearest_object(&out->boxes[i], s, overlap);
    out->right[i] = object >= 0 && !out->found[object];
    if (out->right[i]) {
      out->found[object] = true;
    }
    out->missed -= out->right[i];
    out->wrong += !out->right[i];
  }
  return status;
}

void match_free(scene_match *match) {
  free(match->boxes);
  free(match->right);
  free(match->found);
  *match = (scene_match){0};
}
