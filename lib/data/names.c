#include "data/names.h"

#include <stdatomic.h>
#include <string.h>

#include "base/border.h"
#include "base/utf8_text.h"
#include "data/dataset.h"
#include "data/text_hash.h"

struct clf__names {
  clf_context *context;
  clf__arena arena; /* holds the arrays */
  atomic_int_least64_t references;
  int64_t count;
  const char **name; /* [count] into text */
  char *text;        /* the names, each followed by a NUL */
  int64_t text_size;
  int32_t *slots;     /* [slot_count] indices of names by their hash, -1 for none; NULL without */
  int64_t slot_count; /* a power of 2, at least twice the count */
};

clf_status clf__names_create(clf__names **out, clf_context *context, const char *const *names,
                             int64_t count) {
  int64_t size = 0;
  for (int64_t i = 0; i < count; i++) {
    size += (int64_t)strlen(names[i]) + 1;
  }
  clf__names *made = clf__handle_create(context, sizeof *made);
  if (made == NULL) {
    return CLF_ERROR_MEMORY;
  }
  atomic_init(&made->references, 1);
  made->arena.context = made->context;
  made->name = clf__arena_array(&made->arena, count, sizeof *made->name);
  made->text = clf__arena_array(&made->arena, size, 1);
  if (clf__arena_status(&made->arena) < 0) {
    clf__names_release(made);
    return CLF_ERROR_MEMORY;
  }
  made->count = count;
  made->text_size = size;
  char *to = made->text;
  for (int64_t i = 0; i < count; i++) {
    const size_t bytes = strlen(names[i]) + 1;
    memcpy(to, names[i], bytes);
    made->name[i] = to;
    to += bytes;
  }
  *out = made;
  return CLF_OK;
}

clf__names *clf__names_retain(clf__names *names) {
  if (names != NULL) {
    atomic_fetch_add(&names->references, 1);
  }
  return names;
}

void clf__names_release(clf__names *names) {
  if (names == NULL || atomic_fetch_sub(&names->references, 1) != 1) {
    return;
  }
  clf__arena_free(&names->arena);
  clf__handle_free(names);
}

int64_t clf__names_count(const clf__names *names) {
  return names != NULL ? names->count : 0;
}

const char *clf__names_at(const clf__names *names, int64_t index) {
  return names != NULL && index >= 0 && index < names->count ? names->name[index] : NULL;
}

int64_t clf__names_difference(const clf__names *one, const clf__names *other) {
  if (one == NULL || other == NULL || one == other) {
    return -1;
  }
  for (int64_t i = 0; i < one->count && i < other->count; i++) {
    if (strcmp(one->name[i], other->name[i]) != 0) {
      return i;
    }
  }
  return one->count == other->count ? -1 : one->count < other->count ? one->count : other->count;
}

/* Returns the slot of a name, or the free one where it belongs. */
static int64_t slot_of(const clf__names *names, const char *name) {
  const int64_t mask = names->slot_count - 1;
  int64_t slot = (int64_t)(clf__text_hash(names, name, strlen(name)) >> 8) & mask;
  while (names->slots[slot] >= 0 && strcmp(names->name[names->slots[slot]], name) != 0) {
    slot = (slot + 1) & mask;
  }
  return slot;
}

clf_status clf__names_index(clf__names *names, int64_t *twice) {
  int64_t count = 4;
  while (count < 2 * names->count) {
    count *= 2;
  }
  *twice = -1;
  names->slots = clf__arena_array(&names->arena, count, sizeof *names->slots);
  CLF__CHECK(clf__arena_status(&names->arena));
  memset(names->slots, 0xFF, (size_t)count * sizeof *names->slots);
  names->slot_count = count;
  for (int64_t i = 0; i < names->count; i++) {
    int32_t *slot = &names->slots[slot_of(names, names->name[i])];
    if (*slot >= 0) {
      *twice = i;
      return clf__fail(CLF_ERROR_DATA, "the name %lld occurs twice", (long long)i);
    }
    *slot = (int32_t)i;
  }
  return CLF_OK;
}

int64_t clf__names_find(const clf__names *names, const char *name) {
  if (names != NULL && names->slots != NULL) {
    return names->slots[slot_of(names, name)];
  }
  for (int64_t i = 0; names != NULL && i < names->count; i++) {
    if (strcmp(names->name[i], name) == 0) {
      return i;
    }
  }
  return -1;
}

clf_status clf__names_save(const clf__names *names, clf__store *store, const char *entry) {
  clf_tensor *tensor = NULL;
  CLF__CHECK(clf__tensor_vector(&tensor, names->context, CLF_U8, names->text_size));
  memcpy(tensor->data, names->text, (size_t)names->text_size);
  const clf_status status = clf__store_add_tensor(store, entry, tensor);
  clf_tensor_free(tensor);
  return status;
}

int64_t clf__names_cut(const char *bytes, int64_t size, const char **names, int64_t capacity) {
  if (size == 0 || bytes[size - 1] != '\0') {
    return 0;
  }
  int64_t count = 0;
  for (int64_t at = 0; at < size; at += (int64_t)strlen(bytes + at) + 1) {
    if (count == capacity) {
      return 0;
    }
    names[count++] = bytes + at;
  }
  return count;
}

clf_status clf__names_load(clf__names **out, clf_context *context, const clf__store *store,
                           const char *entry, int64_t count) {
  const clf_tensor *saved = clf__store_tensor(store, entry);
  if (saved == NULL && clf__store_text(store, entry) == NULL) {
    return CLF_OK;
  }
  const int64_t size = saved != NULL ? clf_tensor_count(saved) : 0;
  const bool fits = size >= count && saved->dtype == CLF_U8 && saved->ndim == 1;
  const char **names = fits ? clf__alloc_array(context, count, sizeof *names) : NULL;
  if (fits && names == NULL) {
    return CLF_ERROR_MEMORY;
  }
  clf_status status;
  if (!fits || clf__names_cut(saved->data, size, names, count) != count ||
      clf__utf8_check(saved->data, (size_t)size, NULL) < 0) {
    status =
        clf__fail(CLF_ERROR_CORRUPT, "model file: '%s' is not %lld names", entry, (long long)count);
  } else {
    status = clf__names_create(out, context, names, count);
  }
  clf__free(names);
  return status;
}

clf_status clf_dataset_set_column_names(clf_dataset *dataset, const char *const *names,
                                        int64_t count) {
  CLF__REQUIRE(dataset);
  CLF__ENTER("dataset");
  clf__names *made = NULL;
  if (names != NULL) {
    if (count != dataset->features) {
      return clf__fail(CLF_ERROR_SHAPE, "columns: %lld names for %lld features", (long long)count,
                       (long long)dataset->features);
    }
    CLF__CHECK(clf__utf8_check_names(names, count, "columns: the name of column"));
    CLF__CHECK(clf__names_create(&made, dataset->context, names, count));
  }
  clf__names_release(dataset->names);
  dataset->names = made;
  return CLF_OK;
}

const char *clf_dataset_column_name(const clf_dataset *dataset, int64_t index) {
  return dataset != NULL ? clf__names_at(dataset->names, index) : NULL;
}
