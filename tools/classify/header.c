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

/* The bytes of the characters of a name that are shown of it. */
static int shown_bytes(const char *name) {
  enum { MAX_SHOWN = 40 };
  size_t shown = 0, length = 1;
  while (name[shown] != '\0' && shown + length <= MAX_SHOWN) {
    length = utf8_length(name + shown);
    length += length == 0; /* a byte that is no UTF-8 */
    shown += shown + length <= MAX_SHOWN ? length : 0;
  }
  return (int)shown;
}

static void add_name(named_list *self, const char *name) {
  if (self->count++ < NAMED && self->used < sizeof self->text) {
    self->used +=
        (size_t)snprintf(self->text + self->used, sizeof self->text - self->used, "%s'%.*s'",
                         self->count > 1 ? ", " : "", shown_bytes(name), name);
  }
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

static bool has_all_features(const service *own, const name_index *header, const char *name) {
  named_list missing = {.count = 0};
  for (int64_t j = 0; j < own->features; j++) {
    const char *feature = clf_model_feature_name(own->model, j);
    if (name_index_find(header, feature, strlen(feature)) < 0) {
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
    if (name_index_find(&own->names, column, strlen(column)) < 0 && !had_other_role(own, column) &&
        (i > 0 || *column != '\0')) {
      add_name(&others, column);
    }
  }
  if (others.count > 0) {
    complain("%s: left out, since the model has no such feature%s: %s%s", name,
             others.count == 1 ? "" : "s", others.text, others.count > NAMED ? " …" : "");
  }
}

int header_check(const service *own, const fields *header, const char *name, bool quiet) {
  name_index columns;
  const bool good = name_index_of_fields(&columns, header);
  const bool suits = good && has_all_features(own, &columns, name);
  if (suits && !quiet) {
    note_others(own, header, name);
  }
  name_index_free(&columns);
  return suits ? -1 : good ? EXIT_FAILURE : tool_fail(CLF_ERROR_MEMORY);
}

bool header_has_names(const service *own, const fields *first) {
  bool found = false;
  for (size_t i = 0; own->named && !found && i < first->count; i++) {
    found = name_index_find(&own->names, first->texts[i], strlen(first->texts[i])) >= 0;
  }
  return found;
}
