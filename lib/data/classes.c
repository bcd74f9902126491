/* The classes of labels. Numbers are stored as ordered keys (label_key.h), which are integers if
 * all labels are, so that one sort and one search work for both. Labels in a small range, the usual
 * case, are counted instead of sorted. */
#include "data/classes.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/math.h"
#include "base/text.h"
#include "data/label_key.h"
#include "data/names.h"
#include "data/text_hash.h"

struct clf__classes {
  clf_context *context;
  clf__arena arena; /* holds the arrays */
  atomic_int_least64_t references;
  int32_t count;
  clf__key_type type; /* of keys */
  bool single;        /* doubles that were f32; their names are those of f32 */
  int64_t *keys;      /* [count] ascending; NULL if the labels are names */
  const char **name;  /* [count] into text; ascending if the labels are names */
  char *text;         /* the names, each followed by a NUL */
  int64_t text_size;
};

static const char entry[] = "classes";

static int compare_names(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static clf_status make(clf__classes **out, clf_context *context, int64_t count, bool numbers) {
  if (count > INT32_MAX) {
    return clf__fail(CLF_ERROR_DATA, "labels: %lld classes are more than %d", (long long)count,
                     INT32_MAX);
  }
  clf__classes *classes = clf__handle_create(context, sizeof *classes);
  if (classes == NULL) {
    return CLF_ERROR_MEMORY;
  }
  atomic_init(&classes->references, 1);
  classes->arena.context = classes->context;
  classes->count = (int32_t)count;
  classes->name = clf__arena_zeroed(&classes->arena, count, sizeof *classes->name);
  if (numbers) {
    classes->keys = clf__arena_array(&classes->arena, count, sizeof *classes->keys);
  }
  if (clf__arena_status(&classes->arena) < 0) {
    clf__classes_release(classes);
    return CLF_ERROR_MEMORY;
  }
  *out = classes;
  return CLF_OK;
}

clf__classes *clf__classes_retain(clf__classes *classes) {
  if (classes != NULL) {
    atomic_fetch_add(&classes->references, 1);
  }
  return classes;
}

void clf__classes_release(clf__classes *classes) {
  if (classes == NULL || atomic_fetch_sub(&classes->references, 1) != 1) {
    return;
  }
  clf__arena_free(&classes->arena);
  clf__handle_free(classes);
}

int32_t clf__classes_count(const clf__classes *classes) {
  return classes != NULL ? classes->count : 0;
}

bool clf__classes_are_numbers(const clf__classes *classes) {
  return classes->keys != NULL;
}

const char *clf__classes_name(const clf__classes *classes, int64_t index) {
  return classes != NULL && index >= 0 && index < classes->count ? classes->name[index] : NULL;
}

/* Writes the text of each number into one block. */
static clf_status name_numbers(clf__classes *classes) {
  enum { NAME_BYTES = sizeof(clf__number_text_result) };
  classes->text = clf__arena_array(&classes->arena, classes->count, NAME_BYTES);
  CLF__CHECK(clf__arena_status(&classes->arena));
  char *to = classes->text;
  for (int32_t i = 0; i < classes->count; i++) {
    const double value = clf__double_of_key(classes->keys[i]);
    if (classes->type == CLF__KEY_INTEGER) {
      snprintf(to, NAME_BYTES, "%lld", (long long)classes->keys[i]);
    } else {
      const clf__number_text_result text =
          classes->single ? clf__number_format_f32((float)value) : clf__number_format(value);
      memcpy(to, text.text, NAME_BYTES);
    }
    classes->name[i] = to;
    to += strlen(to) + 1;
  }
  classes->text_size = to - classes->text;
  return CLF_OK;
}

/* Returns the index of a key among ascending ones, or -1. */
static int32_t find_key(const clf__classes *classes, int64_t key) {
  const int64_t *found =
      bsearch(&key, classes->keys, (size_t)classes->count, sizeof key, clf__key_compare);
  return found != NULL ? (int32_t)(found - classes->keys) : -1;
}

static int32_t find_name(const clf__classes *classes, const char *name) {
  const char **found =
      bsearch(&name, classes->name, (size_t)classes->count, sizeof name, compare_names);
  return found != NULL ? (int32_t)(found - classes->name) : -1;
}

/* Finds the classes of keys between `low` and `low + range` by marking those that occur. */
static clf_status count_keys(clf__classes **out, clf_context *context, const int64_t *keys,
                             int64_t count, int64_t low, int64_t range, int32_t *indices) {
  int32_t *place = clf__alloc_zeroed(context, range + 1, sizeof *place);
  if (place == NULL) {
    return CLF_ERROR_MEMORY;
  }
  for (int64_t i = 0; i < count; i++) {
    place[keys[i] - low] = 1;
  }
  int32_t distinct = 0;
  for (int64_t i = 0; i <= range; i++) {
    place[i] = place[i] != 0 ? distinct++ : -1;
  }
  clf_status status = make(out, context, distinct, true);
  if (status == CLF_OK) {
    for (int64_t i = 0; i < count; i++) {
      indices[i] = place[keys[i] - low];
      (*out)->keys[indices[i]] = keys[i];
    }
  }
  clf__free(place);
  return status;
}

static clf_status sort_keys(clf__classes **out, clf_context *context, const int64_t *keys,
                            int64_t count, int32_t *indices) {
  int64_t *sorted = clf__alloc_array(context, count, sizeof *sorted);
  if (sorted == NULL) {
    return CLF_ERROR_MEMORY;
  }
  memcpy(sorted, keys, (size_t)count * sizeof *sorted);
  qsort(sorted, (size_t)count, sizeof *sorted, clf__key_compare);
  int64_t distinct = 0;
  for (int64_t i = 0; i < count; i++) {
    if (i == 0 || sorted[i] != sorted[distinct - 1]) {
      sorted[distinct++] = sorted[i];
    }
  }
  clf_status status = make(out, context, distinct, true);
  if (status == CLF_OK) {
    memcpy((*out)->keys, sorted, (size_t)distinct * sizeof *sorted);
    for (int64_t i = 0; i < count; i++) {
      indices[i] = find_key(*out, keys[i]);
    }
  }
  clf__free(sorted);
  return status;
}

clf_status clf__classes_of_numbers(clf__classes **out, clf_context *context,
                                   const clf_tensor *labels, int32_t *indices) {
  int64_t count = labels->shape[0];
  int64_t *keys = clf__alloc_array(context, count, sizeof *keys);
  if (keys == NULL) {
    return CLF_ERROR_MEMORY;
  }
  clf__key_type type;
  clf__classes *classes = NULL;
  clf_status status = CLF_OK;
  CLF__TRY(clf__keys_of_labels(labels, keys, &type));
  int64_t low = keys[0];
  int64_t high = keys[0];
  for (int64_t i = 1; i < count; i++) {
    low = clf__min_i64(keys[i], low);
    high = clf__max_i64(keys[i], high);
  }
  uint64_t range = (uint64_t)high - (uint64_t)low;
  if (range < 1024 || range < (uint64_t)count) {
    CLF__TRY(count_keys(&classes, context, keys, count, low, (int64_t)range, indices));
  } else {
    CLF__TRY(sort_keys(&classes, context, keys, count, indices));
  }
  classes->type = type;
  classes->single = type == CLF__KEY_DOUBLE && labels->dtype == CLF_F32;
  CLF__TRY(name_numbers(classes));
  *out = classes;
  classes = NULL;
done:
  clf__classes_release(classes);
  clf__free(keys);
  return status;
}

/* Copies the names, which are distinct and ascending, into one block. */
static clf_status copy_names(clf__classes *classes, const char *const *names) {
  size_t bytes = 0;
  for (int32_t i = 0; i < classes->count; i++) {
    bytes += strlen(names[i]) + 1;
  }
  classes->text = clf__arena_array(&classes->arena, (int64_t)bytes, 1);
  CLF__CHECK(clf__arena_status(&classes->arena));
  char *to = classes->text;
  for (int32_t i = 0; i < classes->count; i++) {
    size_t length = strlen(names[i]) + 1;
    memcpy(to, names[i], length);
    classes->name[i] = to;
    to += length;
  }
  classes->text_size = to - classes->text;
  return CLF_OK;
}

/* Names that occurred lately, so that those of some hundred classes are sorted and looked up a few
 * times, not once a row. */
typedef struct recent_name {
  const char *name; /* NULL for none */
  int32_t index;
} recent_name;
typedef struct recent_names {
  recent_name slots[1 << 10];
} recent_names;

/* Returns the slot of a name; what it holds may be another one. */
static recent_name *recent_slot(recent_names *recent, const char *name) {
  const uint64_t slots = sizeof recent->slots / sizeof *recent->slots;
  return &recent->slots[(clf__text_hash(recent, name, strlen(name)) >> 8) % slots];
}

static bool holds(const recent_name *slot, const char *name) {
  return slot->name != NULL && strcmp(slot->name, name) == 0;
}

clf_status clf__classes_of_names(clf__classes **out, clf_context *context, const char *const *names,
                                 int64_t count, int32_t *indices) {
  recent_names recent = {{{NULL, 0}}};
  const char **sorted = clf__alloc_array(context, count, sizeof *sorted);
  if (sorted == NULL) {
    return CLF_ERROR_MEMORY;
  }
  clf__classes *classes = NULL;
  clf_status status = CLF_OK;
  int64_t kept = 0, distinct = 0;
  for (int64_t i = 0; i < count; i++) {
    recent_name *slot = recent_slot(&recent, names[i]);
    if (!holds(slot, names[i])) {
      slot->name = sorted[kept++] = names[i];
    }
  }
  qsort(sorted, (size_t)kept, sizeof *sorted, compare_names);
  for (int64_t i = 0; i < kept; i++) {
    if (i == 0 || strcmp(sorted[i], sorted[distinct - 1]) != 0) {
      sorted[distinct++] = sorted[i];
    }
  }
  CLF__TRY(make(&classes, context, distinct, false));
  CLF__TRY(copy_names(classes, sorted));
  recent = (recent_names){{{NULL, 0}}};
  for (int64_t i = 0; i < count; i++) {
    recent_name *slot = recent_slot(&recent, names[i]);
    if (!holds(slot, names[i])) {
      *slot = (recent_name){names[i], find_name(classes, names[i])};
    }
    indices[i] = slot->index;
  }
  *out = classes;
  classes = NULL;
done:
  clf__classes_release(classes);
  clf__free(sorted);
  return status;
}

/* Finds a name among numbers; it must be written as the text of the number. */
static int32_t find_text(const clf__classes *numbers, const char *name) {
  int64_t key;
  double value;
  clf__key_type type = CLF__KEY_INTEGER;
  if (!clf__parse_i64(name, &key)) {
    if (!clf__parse_f64(name, &value)) {
      return -1;
    }
    type = CLF__KEY_DOUBLE;
    key = clf__key_of_double(numbers->single ? (double)(float)value : value);
  }
  int32_t index = clf__key_convert(&key, type, numbers->type) ? find_key(numbers, key) : -1;
  return index >= 0 && strcmp(numbers->name[index], name) == 0 ? index : -1;
}

void clf__classes_map(const clf__classes *from, const clf__classes *to, int32_t *map) {
  for (int32_t i = 0; i < from->count; i++) {
    if (to->keys == NULL) {
      map[i] = find_name(to, from->name[i]);
    } else if (from->keys == NULL) {
      map[i] = find_text(to, from->name[i]);
    } else {
      int64_t key = from->keys[i];
      map[i] = clf__key_convert(&key, from->type, to->type) ? find_key(to, key) : -1;
      if (map[i] < 0 && from->single != to->single) { /* 0.1 as f32 differs from 0.1 as f64 */
        map[i] = find_text(to, from->name[i]);
      }
    }
  }
}

/* Saved as one tensor: numbers as i64, f64 or f32, names as the u8 of `text`. */
clf_status clf__classes_save(const clf__classes *classes, clf__store *store) {
  int32_t dtype = classes->keys == NULL              ? CLF_U8
                  : classes->single                  ? CLF_F32
                  : classes->type == CLF__KEY_DOUBLE ? CLF_F64
                                                     : CLF_I64;
  int64_t size = classes->keys == NULL ? classes->text_size : classes->count;
  clf_tensor *tensor = NULL;
  CLF__CHECK(clf__tensor_vector(&tensor, classes->context, dtype, size));
  if (dtype == CLF_U8) {
    memcpy(tensor->data, classes->text, (size_t)size);
  } else if (dtype == CLF_I64) {
    memcpy(tensor->data, classes->keys, (size_t)size * sizeof *classes->keys);
  } else {
    for (int64_t i = 0; i < size; i++) {
      const double value = clf__double_of_key(classes->keys[i]);
      if (classes->single) {
        ((float *)tensor->data)[i] = (float)value;
      } else {
        ((double *)tensor->data)[i] = value;
      }
    }
  }
  clf_status status = clf__store_add_tensor(store, entry, tensor);
  clf_tensor_free(tensor);
  return status;
}

static bool in_order(const int32_t *indices, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    if (indices[i] != i) {
      return false;
    }
  }
  return count > 0;
}

/* Checks saved classes: the entries must be distinct and in order. */
clf_status clf__classes_load(clf__classes **out, clf_context *context, const clf__store *store) {
  const clf_tensor *saved = clf__store_tensor(store, entry);
  if (saved == NULL) {
    return CLF_OK;
  }
  int64_t count = clf_tensor_count(saved);
  clf__classes *classes = NULL;
  clf_status status = CLF_OK;
  clf__arena arena = {.context = context};
  int32_t *indices = clf__arena_array(&arena, count, sizeof *indices);
  const char **names = clf__arena_array(&arena, count, sizeof *names);
  CLF__TRY(clf__arena_status(&arena));
  if (saved->dtype == CLF_U8) {
    count = clf__names_cut(saved->data, count, names, count);
  }
  if (saved->ndim == 1 && count > 0) {
    status = saved->dtype == CLF_U8
                 ? clf__classes_of_names(&classes, context, names, count, indices)
                 : clf__classes_of_numbers(&classes, context, saved, indices);
  }
  if (status == CLF_ERROR_MEMORY) {
    goto done;
  }
  if (classes == NULL || !in_order(indices, count)) {
    status = clf__fail(CLF_ERROR_CORRUPT, "model file: the classes must be distinct and in order");
    goto done;
  }
  *out = classes;
  classes = NULL;
done:
  clf__classes_release(classes);
  clf__arena_free(&arena);
  return status;
}
