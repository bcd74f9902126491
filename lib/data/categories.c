#include "data/categories.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/context.h"
#include "base/math.h"
#include "base/utf8_text.h"

struct clf__categories {
  clf_context *context;
  atomic_int_least64_t references;
  int64_t count;
  clf__names **columns; /* [count] owned references, or NULL */
};

clf_status clf__categories_create(clf__categories **out, clf_context *context,
                                  clf__names *const *columns, int64_t count) {
  bool any = false;
  for (int64_t j = 0; j < count; j++) {
    any = any || columns[j] != NULL;
  }
  if (!any) {
    *out = NULL;
    return CLF_OK;
  }
  clf__categories *made = clf__handle_create(context, sizeof *made);
  if (made == NULL) {
    return CLF_ERROR_MEMORY;
  }
  atomic_init(&made->references, 1);
  made->columns = clf__alloc_array(made->context, count, sizeof(clf__names *));
  if (made->columns == NULL) {
    clf__categories_release(made);
    return CLF_ERROR_MEMORY;
  }
  for (int64_t j = 0; j < count; j++) {
    made->columns[j] = clf__names_retain(columns[j]);
  }
  made->count = count;
  *out = made;
  return CLF_OK;
}

clf__categories *clf__categories_retain(clf__categories *categories) {
  if (categories != NULL) {
    atomic_fetch_add(&categories->references, 1);
  }
  return categories;
}

void clf__categories_release(clf__categories *categories) {
  if (categories == NULL || atomic_fetch_sub(&categories->references, 1) != 1) {
    return;
  }
  for (int64_t j = 0; j < categories->count; j++) {
    clf__names_release(categories->columns[j]);
  }
  clf__free(categories->columns);
  clf__handle_free(categories);
}

bool clf__categories_replace(clf__categories *categories, int64_t column, clf__names *names) {
  if (categories == NULL || atomic_load(&categories->references) != 1) {
    return false;
  }
  clf__names_retain(names);
  clf__names_release(categories->columns[column]);
  categories->columns[column] = names;
  return true;
}

clf__names *clf__categories_of(const clf__categories *categories, int64_t column) {
  return categories != NULL && column >= 0 && column < categories->count
             ? categories->columns[column]
             : NULL;
}

int64_t clf__categories_next(const clf__categories *categories, int64_t from) {
  for (int64_t j = from; categories != NULL && j < categories->count; j++) {
    if (categories->columns[j] != NULL) {
      return j;
    }
  }
  return -1;
}

clf_status clf__categories_column(clf__names **out, clf_context *context, const char *const *names,
                                  int64_t count, int64_t *twice) {
  clf__names *made = NULL;
  clf_status status = clf__names_create(&made, context, names, count);
  if (status == CLF_OK) {
    status = clf__names_index(made, twice);
  }
  if (status < 0) {
    clf__names_release(made);
    return status;
  }
  *out = made;
  return CLF_OK;
}

typedef struct entry_names {
  char counts[128], names[128];
} entry_names;

static entry_names entries_of(const char *entry) {
  entry_names out;
  snprintf(out.counts, sizeof out.counts, "%s_counts", entry);
  snprintf(out.names, sizeof out.names, "%s_names", entry);
  return out;
}

static int64_t text_size(const clf__names *names) {
  int64_t size = 0;
  for (int64_t i = 0; i < clf__names_count(names); i++) {
    size += (int64_t)strlen(clf__names_at(names, i)) + 1;
  }
  return size;
}

static clf_status add_vector(clf_tensor **out, const clf__categories *categories, int32_t dtype,
                             int64_t count) {
  return clf__tensor_vector(out, categories->context, dtype, count);
}

clf_status clf__categories_save(const clf__categories *categories, clf__store *store,
                                const char *entry) {
  const entry_names entries = entries_of(entry);
  clf_tensor *counts = NULL, *names = NULL;
  clf_status status = CLF_OK;
  int64_t size = 0;
  for (int64_t j = 0; j < categories->count; j++) {
    size += text_size(categories->columns[j]);
  }
  CLF__TRY(add_vector(&counts, categories, CLF_I64, categories->count));
  CLF__TRY(add_vector(&names, categories, CLF_U8, size));
  char *to = names->data;
  for (int64_t j = 0; j < categories->count; j++) {
    ((int64_t *)counts->data)[j] = clf__names_count(categories->columns[j]);
    for (int64_t i = 0; i < clf__names_count(categories->columns[j]); i++) {
      const char *name = clf__names_at(categories->columns[j], i);
      const size_t bytes = strlen(name) + 1;
      memcpy(to, name, bytes);
      to += bytes;
    }
  }
  CLF__TRY(clf__store_add_tensor(store, entries.counts, counts));
  CLF__TRY(clf__store_add_tensor(store, entries.names, names));
done:
  clf_tensor_free(counts);
  clf_tensor_free(names);
  return status;
}

/* Returns the sum of the counts of columns, or -1 if they cannot be counts of `size` names. */
static int64_t add_counts(const clf_tensor *counts, int64_t columns, int64_t size) {
  int64_t sum = 0;
  if (counts == NULL || counts->dtype != CLF_I64 || counts->ndim != 1 ||
      counts->shape[0] != columns) {
    return -1;
  }
  for (int64_t j = 0; j < columns; j++) {
    const int64_t count = ((const int64_t *)counts->data)[j];
    if (count < 0 || count > size - sum || count > CLF__MAX_CATEGORIES) {
      return -1;
    }
    sum += count;
  }
  return sum;
}

static bool are_names(const clf_tensor *text, const char **names, int64_t count) {
  return text->dtype == CLF_U8 && text->ndim == 1 &&
         clf__names_cut(text->data, text->shape[0], names, count) == count &&
         clf__utf8_check(text->data, (size_t)text->shape[0], NULL) == CLF_OK;
}

/* Makes the dictionaries of all columns, [columns] in the arena. */
static clf_status load_columns(clf__names **columns, clf_context *context, const int64_t *counts,
                               int64_t count, const char *const *names) {
  clf_status status = CLF_OK;
  for (int64_t j = 0; status == CLF_OK && j < count; names += counts[j++]) {
    int64_t twice;
    status = counts[j] == 0
                 ? CLF_OK
                 : clf__categories_column(&columns[j], context, names, counts[j], &twice);
  }
  return status;
}

clf_status clf__categories_load(clf__categories **out, clf_context *context,
                                const clf__store *store, const char *entry, int64_t count) {
  const entry_names entries = entries_of(entry);
  const clf_tensor *counts = clf__store_tensor(store, entries.counts);
  const clf_tensor *text = clf__store_tensor(store, entries.names);
  if (counts == NULL && text == NULL) {
    return CLF_OK;
  }
  const int64_t sum = text != NULL ? add_counts(counts, count, clf_tensor_count(text)) : -1;
  if (sum <= 0) { /* before memory for `count` columns, which only the file vouches for */
    return clf__fail(CLF_ERROR_CORRUPT, "damaged: '%s' are not categories of %lld columns", entry,
                     (long long)count);
  }
  clf__arena arena = {.context = context};
  clf__names **columns = clf__arena_zeroed(&arena, count, sizeof *columns);
  const char **names = clf__arena_array(&arena, sum, sizeof *names);
  clf_status status = clf__arena_status(&arena);
  CLF__TRY(status);
  status = CLF_ERROR_DATA;
  if (are_names(text, names, sum)) {
    status = load_columns(columns, context, counts->data, count, names);
  }
  if (status == CLF_OK) {
    status = clf__categories_create(out, context, columns, count);
  }
  if (status == CLF_ERROR_DATA) {
    status = clf__fail(CLF_ERROR_CORRUPT, "damaged: '%s' are not categories of %lld columns", entry,
                       (long long)count);
  }
done:
  for (int64_t j = 0; columns != NULL && j < count; j++) {
    clf__names_release(columns[j]);
  }
  clf__arena_free(&arena);
  return status;
}
