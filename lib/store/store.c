/* The list of entries, and their order by name. Names are found by bisection, because the names in
 * a hostile file could collide in a hash table. */
#include "store/store.h"

#include <string.h>

#include "base/text.h"
#include "store/format.h"

const unsigned char clf__magic[8] = {0x89, 'C', 'L', 'F', '\r', '\n', 0x1A, '\n'};

clf_status clf__store_create(clf__store **out, clf_context *context) {
  clf__store *store = clf__handle_create(context, sizeof *store);
  if (store == NULL) {
    return CLF_ERROR_MEMORY;
  }
  *out = store;
  return CLF_OK;
}

static void free_entry(clf__entry *entry) {
  clf__free(entry->name);
  clf__free(entry->text);
  clf_tensor_free(entry->tensor);
}

void clf__store_free(clf__store *store) {
  if (store == NULL) {
    return;
  }
  for (int64_t i = 0; i < store->count; i++) {
    free_entry(&store->entries[i]);
  }
  clf__free(store->entries);
  clf__free(store->by_name);
  clf__handle_free(store);
}

void clf__store_swap(clf__store *one, clf__store *two) {
  const clf__store entries = *one;
  *one = *two;
  *two = entries;
}

/* Returns the first position in the order by name whose entry is not before `name`. */
static int64_t place_of(const clf__store *store, const char *name) {
  int64_t first = 0, end = store->count;
  while (first < end) {
    const int64_t middle = first + (end - first) / 2;
    if (strcmp(store->entries[store->by_name[middle]].name, name) < 0) {
      first = middle + 1;
    } else {
      end = middle;
    }
  }
  return first;
}

static const clf__entry *find(const clf__store *store, const char *name) {
  const int64_t place = place_of(store, name);
  const clf__entry *entry = place < store->count ? &store->entries[store->by_name[place]] : NULL;
  return entry != NULL && strcmp(entry->name, name) == 0 ? entry : NULL;
}

bool clf__name_valid(const char *name, size_t length) {
  for (size_t i = 0; i < length; i++) {
    if (name[i] <= ' ' || name[i] > '~') {
      return false;
    }
  }
  return length > 0 && length <= CLF__MAX_NAME_BYTES;
}

static clf_status check_name(const clf__store *store, const char *name) {
  if (!clf__name_valid(name, strlen(name))) {
    return clf__fail(CLF_ERROR_ARGUMENT,
                     "an entry's name must be 1 to %d printable ASCII characters without blanks",
                     CLF__MAX_NAME_BYTES);
  }
  if (find(store, name) != NULL) {
    return clf__fail(CLF_ERROR_ARGUMENT, "there is an entry '%s' already", name);
  }
  if (store->count == CLF__MAX_ENTRIES) {
    return clf__fail(CLF_ERROR_ARGUMENT, "entry '%s' is more than the %d that there may be", name,
                     CLF__MAX_ENTRIES);
  }
  return CLF_OK;
}

static clf_status reserve(clf__store *store) {
  if (store->count < store->capacity) {
    return CLF_OK;
  }
  int64_t capacity = store->capacity > 0 ? 2 * store->capacity : 16;
  clf__entry *entries =
      clf__resize_array(store->context, store->entries, capacity, sizeof *entries);
  if (entries == NULL) {
    return CLF_ERROR_MEMORY;
  }
  store->entries = entries;
  int32_t *by_name = clf__resize_array(store->context, store->by_name, capacity, sizeof *by_name);
  if (by_name == NULL) {
    return CLF_ERROR_MEMORY;
  }
  store->by_name = by_name;
  store->capacity = capacity;
  return CLF_OK;
}

clf_status clf__store_add_entry(clf__store *store, clf__entry *entry) {
  clf_status status = check_name(store, entry->name);
  if (status == CLF_OK) {
    status = reserve(store);
  }
  if (status < 0) {
    free_entry(entry);
    return status;
  }
  const int64_t place = place_of(store, entry->name);
  memmove(store->by_name + place + 1, store->by_name + place,
          (size_t)(store->count - place) * sizeof *store->by_name);
  store->by_name[place] = (int32_t)store->count;
  store->entries[store->count++] = *entry;
  return CLF_OK;
}

clf_status clf__store_add_text(clf__store *store, const char *name, const char *text) {
  clf__entry entry = {.name = clf__copy_text(store->context, name),
                      .text = clf__copy_text(store->context, text)};
  if (entry.name == NULL || entry.text == NULL) {
    free_entry(&entry);
    return CLF_ERROR_MEMORY;
  }
  return clf__store_add_entry(store, &entry);
}

clf_status clf__store_add_tensor(clf__store *store, const char *name, const clf_tensor *tensor) {
  clf__entry entry = {.name = clf__copy_text(store->context, name)};
  if (entry.name == NULL) {
    return CLF_ERROR_MEMORY;
  }
  clf_status status = clf__tensor_contiguous(tensor)
                          ? clf__tensor_share(&entry.tensor, tensor)
                          : clf_tensor_copy(&entry.tensor, tensor, tensor->dtype);
  if (status < 0) {
    free_entry(&entry);
    return status;
  }
  return clf__store_add_entry(store, &entry);
}

clf_status clf__store_replace_tensor(clf__store *store, const char *name,
                                     const clf_tensor *tensor) {
  clf__entry *entry = &store->entries[store->by_name[place_of(store, name)]];
  clf_tensor *shared = NULL;
  CLF__CHECK(clf__tensor_share(&shared, tensor));
  clf_tensor_free(entry->tensor);
  entry->tensor = shared;
  return CLF_OK;
}

const char *clf__store_text(const clf__store *store, const char *name) {
  const clf__entry *entry = find(store, name);
  return entry != NULL ? entry->text : NULL;
}

const clf_tensor *clf__store_tensor(const clf__store *store, const char *name) {
  const clf__entry *entry = find(store, name);
  return entry != NULL ? entry->tensor : NULL;
}

clf_status clf__store_share(clf_tensor **out, const clf__store *store, const char *owner,
                            const char *name) {
  const clf_tensor *tensor = clf__store_tensor(store, name);
  if (tensor != NULL) {
    return clf__tensor_share(out, tensor);
  }
  clf__text names = {.context = store->context};
  for (int64_t i = 0; i < clf__store_count(store); i++) {
    clf__text_append(&names, "%s%s", i > 0 ? ", " : "", clf__store_name(store, i));
  }
  clf_status status = clf__fail(CLF_ERROR_ARGUMENT, "%s has no tensor '%s'; it has: %s", owner,
                                name, names.bytes != NULL ? names.bytes : "none");
  clf__text_free(&names);
  return status;
}

int64_t clf__store_count(const clf__store *store) {
  return store->count;
}

const char *clf__store_name(const clf__store *store, int64_t index) {
  return store->entries[index].name;
}

void clf__copy_swapped(void *to, const void *from, size_t count, size_t element_bytes) {
  unsigned char *out = to;
  const unsigned char *in = from;
  for (size_t i = 0; i < count; i++) {
    unsigned char element[8];
    memcpy(element, in + i * element_bytes, element_bytes);
    for (size_t j = 0; j < element_bytes; j++) {
      out[i * element_bytes + j] = element[element_bytes - 1 - j];
    }
  }
}
