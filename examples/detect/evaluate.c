#include "evaluate.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/progress.h"

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

static clf_status find_all(evaluation *out, box_list *found, box_list *truth,
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
static clf_status add_curve(evaluation *out, const box_list *found, const box_list *truth,
                            int32_t label) {
  class_curve *c = &out->curves[out->classes];
  *c = (class_curve){.label = label,
                     .precision = malloc((size_t)(found->count + 1) * sizeof(double)),
                     .recall = malloc((size_t)(found->count + 1) * sizeof(double))};
  clf_status status = c->precision != NULL && c->recall != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  if (status == CLF_OK) {
    status = clf_box_average_precision(found->boxes, found->images, found->count, truth->boxes,
                                       truth->images, truth->count, out->overlap, label, &c->area,
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

static clf_status measure(evaluation *out, const box_list *found, const box_list *truth,
                          int64_t classes) {
  clf_status status = clf_box_mean_average_precision(found->boxes, found->images, found->count,
                                                     truth->boxes, truth->images, truth->count,
                                                     out->overlap, &out->average_precision);
  out->curves = calloc((size_t)classes, sizeof *out->curves);
  status = status == CLF_OK && out->curves == NULL ? CLF_ERROR_MEMORY : status;
  for (int32_t label = 0; status == CLF_OK && label < classes; label++) {
    status = add_curve(out, found, truth, label);
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
  if (status == CLF_OK) {
    status = measure(out, &found, &truth, clf_model_classes(clf_detector_model(detector)));
  }
  free_list(&found);
  free_list(&truth);
  return status;
}

void evaluation_free(evaluation *e) {
  for (int64_t i = 0; i < e->classes; i++) {
    free(e->curves[i].precision);
    free(e->curves[i].recall);
  }
  free(e->curves);
  *e = (evaluation){0};
}

/* The next point that is worth writing: where the recall has grown by a two-hundredth. */
static int64_t next_point(const class_curve *c, int64_t i) {
  const double from = c->recall[i];
  for (i++; i + 1 < c->points && c->recall[i] < from + 0.005; i++) {
  }
  return i;
}

static void write_curve(FILE *out, const class_curve *c) {
  fputs("[", out);
  for (int64_t i = 0; i < c->points; i = next_point(c, i)) {
    fprintf(out, "%s[%.4f, %.4f]", i > 0 ? ", " : "", c->recall[i], c->precision[i]);
  }
  fputs("]", out);
}

static void write_classes(FILE *out, const evaluation *e, const class_names *names) {
  char name[DIGIT_NAME];
  fputs(",\n  \"classes\": {", out);
  for (int64_t i = 0; i < e->classes; i++) {
    fputs(i > 0 ? ", " : "", out);
    write_json_text(out, name_of(names, e->curves[i].label, name));
    fprintf(out, ": %.6f", e->curves[i].area);
  }
  fputs("},\n  \"curves\": {", out);
  for (int64_t i = 0; i < e->classes; i++) {
    fputs(i > 0 ? ",\n    " : "", out);
    write_json_text(out, name_of(names, e->curves[i].label, name));
    fputs(": ", out);
    write_curve(out, &e->curves[i]);
  }
  fputs("},\n  \"curve\": ", out);
  if (e->classes > 0) {
    write_curve(out, &e->curves[0]);
  } else {
    fputs("[]", out);
  }
}

void write_evaluation(FILE *out, const evaluation *e, const class_names *names,
                      const run_facts *run, const char *detector) {
  fputs("[{\"data\": ", out);
  write_json_text(out, run->data);
  fputs(", \"detector\": ", out);
  write_json_text(out, detector);
  fprintf(out, ", \"threads\": %" PRId32 ", \"seed\": %" PRId64 ", \"cpu\": ", run->threads,
          run->seed);
  write_json_text(out, run->cpu);
  fprintf(out,
          ", \"version\": \"%s\",\n  \"scenes\": %" PRId64
          ", \"megapixels\": %.3f, \"objects\": %" PRId64 ", \"found\": %" PRId64
          ", \"seconds\": %.4f,\n  \"overlap\": %g, \"average_precision\": %.6f",
          clf_version(), e->scenes, e->megapixels, e->objects, e->found, e->seconds, e->overlap,
          e->average_precision);
  write_classes(out, e, names);
  fputs("}]\n", out);
}

/* The object of the box's class that overlaps it most, by at least `overlap`; -1 for none. */
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
