#include "header.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "notes.h"
#include "params.h"
#include "report/text.h"

enum { NAMED = 5 };

/* Names of one list, for a message. */
typedef struct named_list {
  char text[256];
  size_t used, count;
} named_list;

static void add_name(named_list *self, const char *name) {
  if (self->count++ < NAMED && self->used < sizeof self->text) {
    self->used += (size_t)snprintf(self->text + self->used, sizeof self->text - self->used,
                                   "%s'%.40s'", self->count > 1 ? ", " : "", name);
  }
}

static bool is_feature(const service *own, const char *name) {
  for (int64_t j = 0; j < own->features; j++) {
    if (strcmp(clf_model_feature_name(own->model, j), name) == 0) {
      return true;
    }
  }
  return false;
}

static bool had_other_role(const service *own, const char *name) {
  static const char *const roles[] = {"label", "target", "weight", "ignore"};
  const char *trained = notes_get(own->model, NOTE_READER_PARAMS);
  bool found = false;
  for (size_t i = 0; !found && trained != NULL && i < sizeof roles / sizeof *roles; i++) {
    char *list = params_value(trained, roles[i]);
    found = list != NULL && list_has(list, name);
    free(list);
  }
  return found;
}

static bool has_all_features(const service *own, const fields *header, const char *name) {
  named_list missing = {.count = 0};
  for (int64_t j = 0; j < own->features; j++) {
    const char *feature = clf_model_feature_name(own->model, j);
    if (!fields_have(header, feature)) {
      add_name(&missing, feature);
    }
  }
  if (missing.count > 0) {
    complain("%s: its header lacks %zu of the model's %lld features: %s%s", name, missing.count,
             (long long)own->features, missing.text, missing.count > NAMED ? " …" : "");
  }
  return missing.count == 0;
}

/* Notes the columns that are no features; a first one without a name numbers the rows. */
static void note_others(const service *own, const fields *header, const char *name) {
  named_list others = {.count = 0};
  for (size_t i = 0; i < header->count; i++) {
    const char *column = header->texts[i];
    if (!is_feature(own, column) && !had_other_role(own, column) && (i > 0 || *column != '\0')) {
      add_name(&others, column);
    }
  }
  if (others.count > 0) {
    complain("%s: left out, since the model has no such feature%s: %s%s", name,
             others.count == 1 ? "" : "s", others.text, others.count > NAMED ? " …" : "");
  }
}

bool header_suits(const service *own, const fields *header, const char *name, bool quiet) {
  const bool suits = has_all_features(own, header, name);
  if (suits && !quiet) {
    note_others(own, header, name);
  }
  return suits;
}
