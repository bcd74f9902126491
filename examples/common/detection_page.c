/* Precision and recall of each class, and scenes with what was found and missed drawn into them:
 * those with the most mistakes first, then others, spread evenly over the rest. Pictures are small
 * PNG files, boxes are drawn over them as SVG. */
#include "detection_page.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "report/page.h"
#include "report/pictures.h"
#include "report/progress.h"
#include "report/share_curve.h"

enum { WORST = 6, OTHERS = 6, MAX_WIDTH = 480 /* of a picture */ };

/* What the detector does at its own threshold, on all scenes. */
typedef struct totals {
  int64_t boxes, right, missed;
} totals;

static totals count_matches(const detect_story *story) {
  totals t = {0};
  for (int64_t i = 0; i < story->scenes->count; i++) {
    t.boxes += story->matches[i].count;
    t.right += story->matches[i].count - story->matches[i].wrong;
    t.missed += story->matches[i].missed;
  }
  return t;
}

static void write_head(FILE *out, const detect_story *story) {
  const detection_result *e = story->result;
  const totals t = count_matches(story);
  char scenes[32], objects[32], time[96];
  snprintf(scenes, sizeof scenes, "%" PRId64, e->scenes);
  snprintf(objects, sizeof objects, "%" PRId64, e->objects);
  snprintf(time, sizeof time, "%.2f s for %.2f megapixels", e->seconds, e->megapixels);
  page_begin(out, story->title);
  fprintf(out,
          "<p class=\"lead\">Average precision %.4f. By its own threshold the detector finds "
          "%" PRId64 " of %" PRId64 " objects, and %" PRId64 " of its %" PRId64
          " boxes are wrong.</p>\n",
          e->average_precision, t.right, e->objects, t.boxes - t.right, t.boxes);
  const fact own[] = {
      {"Scenes", scenes},
      {"Objects", objects},
      {"Detection", time},
      {"Detector", story->file},
      {"Parameters", story->params != NULL ? story->params : "as in the file"},
  };
  page_facts(out, story->run, own, sizeof own / sizeof *own);
}

static void write_precision(FILE *out, const detection_result *e, const clf_detector *detector) {
  char name[DIGIT_NAME], title[512];
  fprintf(
      out,
      "<section>\n<h2>Precision and recall</h2>\n<p class=\"note\">Recall: the share of the "
      "objects that are found. Precision: the share of the boxes that are right. A box is right "
      "where it overlaps an object of its class by at least %g (intersection over union) and "
      "no box of a higher score has found that object. Each curve goes from the highest score "
      "to the lowest; the average precision is the area under it.</p>\n<div class=\"shares\">\n",
      e->overlap);
  for (int64_t i = 0; i < e->classes; i++) {
    const class_curve *c = &e->curves[i];
    snprintf(title, sizeof title, "%s%s%s average precision %.4f", e->classes > 1 ? "class " : "",
             e->classes > 1 ? name_of(detector, c->label, name) : "", e->classes > 1 ? ":" : "",
             c->area);
    page_share_curve(out, &(const share_curve){.title = title,
                                               .x_axis = "recall",
                                               .y_axis = "precision",
                                               .x = c->recall,
                                               .y = c->precision,
                                               .points = c->points});
  }
  fputs("</div>\n</section>\n", out);
}

/* A box over the picture, and what it is. */
static void write_box(FILE *out, const clf_box *box, const char *kind, const char *text) {
  fprintf(out, "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"><title>",
          kind, (double)box->left, (double)box->top, (double)box->width, (double)box->height);
  html_text(out, text);
  fputs("</title></rect>", out);
}

static void write_name(FILE *out, const clf_box *box, int64_t size, const char *name) {
  fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" font-size=\"%" PRId64 "\">", (double)box->left + 2,
          (double)box->top + (double)size, size);
  html_text(out, name);
  fputs("</text>", out);
}

static void write_boxes_over(FILE *out, const scene *s, const scene_match *match,
                             const clf_detector *detector) {
  char name[DIGIT_NAME], text[512];
  const int64_t size = clf_image_width(s->image) / 20;
  for (int64_t i = 0; i < s->count; i++) {
    if (!match->found[i]) {
      snprintf(text, sizeof text, "missed: %s", name_of(detector, s->objects[i].label, name));
      write_box(out, &s->objects[i], "missed", text);
    }
  }
  for (int64_t i = match->count - 1; i >= 0; i--) { /* the surest lies on top */
    const clf_box *box = &match->boxes[i];
    snprintf(text, sizeof text, "%s: %s, probability %.3f", match->right[i] ? "right" : "wrong",
             name_of(detector, box->label, name), box_probability(box));
    write_box(out, box, match->right[i] ? "right" : "wrong", text);
    if (clf_model_classes(clf_detector_model(detector)) > 2) {
      write_name(out, box, size, name_of(detector, box->label, name));
    }
  }
}

/* The picture, smaller where it is wide. */
static clf_status write_picture(FILE *out, const clf_image *image) {
  const int64_t height = clf_image_height(image), width = clf_image_width(image);
  const double factor = width > MAX_WIDTH ? (double)MAX_WIDTH / (double)width : 1;
  const int64_t rows = (int64_t)fmax(1, round(factor * (double)height));
  clf_image *small = NULL;
  clf_status status = clf_image_resize(&small, image, rows, (int64_t)round(factor * (double)width));
  if (status == CLF_OK) {
    fprintf(out,
            "<image width=\"%" PRId64 "\" height=\"%" PRId64
            "\" preserveAspectRatio=\"none\" href=\"",
            width, height);
    picture_gray(out, clf_image_pixels(small), rows, clf_image_width(small), NULL);
    fputs("\"/>\n", out);
  }
  clf_image_free(small);
  return status;
}

static clf_status write_scene(FILE *out, const scene *s, const scene_match *match,
                              const clf_detector *detector) {
  fprintf(out, "<figure>\n<svg viewBox=\"0 0 %" PRId64 " %" PRId64 "\" role=\"img\" aria-label=\"",
          clf_image_width(s->image), clf_image_height(s->image));
  html_text(out, s->name);
  fputs("\">\n", out);
  const clf_status status = write_picture(out, s->image);
  write_boxes_over(out, s, match, detector);
  fputs("\n</svg>\n<figcaption>", out);
  html_text(out, s->name);
  fprintf(out,
          "<small>%" PRId64 " of %" PRId64 " found, %" PRId64
          " wrong</small></figcaption>\n"
          "</figure>\n",
          s->count - match->missed, s->count, match->wrong);
  return status;
}

typedef struct ranked {
  int64_t scene, mistakes;
} ranked;

static int by_mistakes(const void *a, const void *b) {
  const ranked *first = a, *second = b;
  return first->mistakes != second->mistakes
             ? (first->mistakes < second->mistakes ? 1 : -1)
             : (first->scene > second->scene) - (first->scene < second->scene);
}

/* Sorts the scenes, those with the most mistakes first; returns NULL without memory. */
static ranked *rank_scenes(const detect_story *story) {
  const int64_t count = story->scenes->count;
  ranked *order = malloc((size_t)(count + 1) * sizeof *order);
  for (int64_t i = 0; order != NULL && i < count; i++) {
    order[i] = (ranked){i, story->matches[i].wrong + story->matches[i].missed};
  }
  if (order != NULL) {
    qsort(order, (size_t)count, sizeof *order, by_mistakes);
  }
  return order;
}

/* `shown` scenes of the list, spread over it evenly. */
static clf_status write_scenes(FILE *out, const detect_story *story, const clf_detector *detector,
                               const char *title, const ranked *list, int64_t count,
                               int64_t shown) {
  clf_status status = CLF_OK;
  shown = shown < count ? shown : count;
  if (shown > 0) {
    fprintf(out, "<h3>%s</h3>\n<div class=\"scenes\">\n", title);
    for (int64_t i = 0; status == CLF_OK && i < shown; i++) {
      const int64_t k = list[i * count / shown].scene;
      status = write_scene(out, &story->scenes->all[k], &story->matches[k], detector);
    }
    fputs("</div>\n", out);
  }
  return status;
}

static clf_status write_gallery(FILE *out, const detect_story *story,
                                const clf_detector *detector) {
  const int64_t count = story->scenes->count, worst = count < WORST ? count : WORST;
  ranked *order = rank_scenes(story);
  if (order == NULL) {
    return CLF_ERROR_MEMORY;
  }
  fputs(
      "<section>\n<h2>Scenes</h2>\n<p class=\"note\">What the detector finds by its own threshold; "
      "hover over a box for its class and probability.</p>\n<p class=\"legend boxes\"><span "
      "class=\"right\">found</span><span class=\"wrong\">wrong box</span><span "
      "class=\"missed\">missed</span></p>\n",
      out);
  clf_status status = write_scenes(out, story, detector, "Most mistakes", order, worst, worst);
  if (status == CLF_OK) {
    status = write_scenes(out, story, detector, "Others", order + worst, count - worst, OTHERS);
  }
  fputs("</section>\n", out);
  free(order);
  return status;
}

static clf_status write_page(FILE *out, const detect_story *story) {
  write_head(out, story);
  write_precision(out, story->result, story->detector);
  clf_status status = write_gallery(out, story, story->detector);
  fputs("<section>\n<h2>Network</h2>\n", out);
  status = status == CLF_OK ? page_layers(out, clf_detector_model(story->detector)) : status;
  fputs("</section>\n", out);
  page_end(out);
  return status;
}

/* What the detector finds in each scene. */
static clf_status match_scenes(detect_story *story, const char *folder, clf_context *context) {
  clf_status status = CLF_OK;
  for (int64_t i = 0; status == CLF_OK && i < story->scenes->count; i++) {
    const scene *s = &story->scenes->all[i];
    scene_match *match = &story->matches[i];
    char *path = NULL;
    status = progress_interrupted()
                 ? CLF_ERROR_CANCELLED
                 : match_scene(match, story->detector, s, story->result->overlap);
    if (status == CLF_OK && folder != NULL) {
      status = draw_into_folder(&path, folder, context, s->image, s->name, 0, match->boxes,
                                match->count);
    }
    free(path);
  }
  return status;
}

clf_status detection_show(FILE *out, detect_story *story, const char *folder,
                          clf_context *context) {
  story->matches = calloc((size_t)story->scenes->count + 1, sizeof *story->matches);
  clf_status status = story->matches != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  status = status == CLF_OK ? match_scenes(story, folder, context) : status;
  if (status == CLF_OK && out != NULL) {
    status = write_page(out, story);
  }
  for (int64_t i = 0; story->matches != NULL && i < story->scenes->count; i++) {
    match_free(&story->matches[i]);
  }
  free(story->matches);
  story->matches = NULL;
  return status;
}
