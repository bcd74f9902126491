#include "name_index.h"

#include <stdlib.h>
#include <string.h>

static int compare_names(const void *a, const void *b) {
  const numbered_name *one = a, *other = b;
  return strcmp(one->name, other->name);
}

static bool begin(name_index *out, size_t count) {
  *out = (name_index){calloc(count + 1, sizeof *out->names), count};
  return out->names != NULL;
}

static void sort(name_index *self) {
  qsort(self->names, self->count, sizeof *self->names, compare_names);
}

bool name_index_of_model(name_index *out, const clf_model *model) {
  const int64_t count = clf_model_features(model);
  if (!begin(out, (size_t)count)) {
    return false;
  }
  for (int64_t j = 0; j < count; j++) {
    out->names[j] = (numbered_name){clf_model_feature_name(model, j), j};
  }
  sort(out);
  return true;
}

bool name_index_of_fields(name_index *out, const fields *f) {
  if (!begin(out, f->count)) {
    return false;
  }
  for (size_t i = 0; i < f->count; i++) {
    out->names[i] = (numbered_name){f->texts[i], (int64_t)i};
  }
  sort(out);
  return true;
}

void name_index_free(name_index *self) {
  free(self->names);
  *self = (name_index){0};
}

typedef struct sought {
  const char *begin;
  size_t size;
} sought;

static int compare_sought(const void *key, const void *element) {
  const sought *wanted = key;
  const char *name = ((const numbered_name *)element)->name;
  const int order = strncmp(wanted->begin, name, wanted->size);
  return order != 0 ? order : -(name[wanted->size] != '\0');
}

int64_t name_index_find(const name_index *self, const char *name, size_t size) {
  const sought wanted = {name, size};
  const numbered_name *found =
      bsearch(&wanted, self->names, self->count, sizeof *self->names, compare_sought);
  return found != NULL ? found->number : -1;
}
