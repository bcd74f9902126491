#include "boxes.h"

#include <stdio.h>
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

static void write_boxes(json_writer *json, const clf_detector *detector, const clf_box *boxes,
                        const identities *who, int64_t count) {
  char name[DIGIT_NAME];
  json_open(json, "boxes", '[');
  for (int64_t i = 0; i < count; i++) {
    json_open(json, NULL, '{');
    write_box_members(json, &boxes[i], name_of(detector, boxes[i].label, name));
    if (who->people != NULL) {
      json_text(json, "person", clf_model_class_name(who->people, who->person[i]));
      json_number(json, "person_score", "%.4f", (double)who->score[i]);
    }
    json_close(json, '}');
  }
  json_close(json, ']');
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
                              picture_number(files, index), out->boxes, out->count);
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
