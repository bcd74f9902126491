/* Transforms as handles, in files of their own and in those of models. */
#include "transform/transform.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/border.h"
#include "base/text.h"
#include "store/object.h"

static const char columns_entry[] = "columns", names_entry[] = "input_names",
                  categories_entry[] = "input_categories";

clf_status clf_transform_create(clf_transform **out, clf_context *context, const char *kind,
                                const char *params) {
  CLF__REQUIRE(out);
  CLF__REQUIRE(kind);
  CLF__ENTER(kind);
  const clf__transform_kind *found = clf__kind_find(&clf__transform_kinds, kind);
  if (found == NULL) {
    return CLF_ERROR_ARGUMENT;
  }
  clf_transform *transform = clf__handle_create(context, sizeof *transform);
  if (transform == NULL) {
    return CLF_ERROR_MEMORY;
  }
  transform->kind = found;
  transform->inputs = transform->features = -1;
  clf_status status =
      clf__params_create(&transform->params, transform->context, &found->base.params, params);
  if (status < 0) {
    clf_transform_free(transform);
    return status;
  }
  *out = transform;
  return CLF_OK;
}

void clf__transform_drop_fit(clf_transform *transform) {
  clf__store_free(transform->state);
  clf__names_release(transform->names);
  clf__categories_release(transform->categories);
  clf__names_release(transform->outputs);
  transform->state = NULL;
  transform->names = transform->outputs = NULL;
  transform->categories = NULL;
  transform->chosen = NULL;
  transform->inputs = transform->features = -1;
}

void clf_transform_free(clf_transform *transform) {
  if (transform == NULL) {
    return;
  }
  clf__transform_drop_fit(transform);
  clf__params_free(&transform->kind->base.params, transform->params);
  clf__handle_free(transform);
}

clf_status clf__transform_clone(clf_transform **out, const clf_transform *transform) {
  clf_transform *clone = NULL;
  void *params = NULL;
  clf_status status =
      clf_transform_create(&clone, transform->context, transform->kind->base.name, NULL);
  if (status == CLF_OK) {
    status = clf__params_copy(&params, transform->context, &transform->kind->base.params,
                              transform->params);
  }
  if (status < 0) {
    clf_transform_free(clone);
    return status;
  }
  clf__params_free(&clone->kind->base.params, clone->params);
  clone->params = params;
  *out = clone;
  return CLF_OK;
}

clf_status clf__transform_require_fit(const clf_transform *transform) {
  return transform->state != NULL
             ? CLF_OK
             : clf__fail(CLF_ERROR_NOT_FITTED, "%s: the transform is not fitted yet",
                         transform->kind->base.name);
}

clf_status clf_transform_tensor(clf_tensor **out, const clf_transform *transform,
                                const char *name) {
  CLF__REQUIRE(transform);
  CLF__REQUIRE(name);
  CLF__REQUIRE(out);
  CLF__ENTER(transform->kind->base.name);
  CLF__CHECK(clf__transform_require_fit(transform));
  return clf__store_share(out, transform->state, transform->kind->base.name, name);
}

const int64_t *clf__transform_chosen(const clf_transform *transform) {
  return transform->chosen;
}

clf__names *clf__transform_categories(const clf_transform *transform, int64_t feature) {
  const int64_t *chosen = clf__transform_chosen(transform);
  return clf__categories_of(transform->categories, chosen != NULL ? chosen[feature] : feature);
}

const double *clf__transform_vector(const clf_transform *transform, const char *name) {
  const clf_tensor *tensor = clf__store_tensor(transform->state, name);
  bool sound = tensor != NULL && tensor->dtype == CLF_F64 && tensor->ndim == 1 &&
               tensor->shape[0] == transform->features;
  for (int64_t j = 0; sound && j < transform->features; j++) {
    sound = isfinite(((const double *)tensor->data)[j]);
  }
  if (!sound) {
    clf__fail(CLF_ERROR_CORRUPT, "damaged: '%s' of %s is missing or not valid", name,
              transform->kind->base.name);
    return NULL;
  }
  return tensor->data;
}

const char *clf_transform_kind(const clf_transform *transform) {
  return transform != NULL ? transform->kind->base.name : NULL;
}

clf_status clf_transform_params(const clf_transform *transform, char *buffer, size_t capacity,
                                size_t *needed) {
  CLF__REQUIRE(transform);
  CLF__ENTER(transform->kind->base.name);
  return clf__params_copy_text(&transform->kind->base.params, transform->params, buffer, capacity,
                               needed);
}

/* Makes "<prefix><name>"; a name that is too long is cut, and the store refuses it. */
typedef struct entry_name {
  char text[512];
} entry_name;

/* Of a file, so that products of a few sizes can be counted. */
static const int64_t MAX_FEATURES = INT64_C(1) << 31;

static entry_name prefixed(const char *prefix, const char *name) {
  entry_name entry;
  snprintf(entry.text, sizeof entry.text, "%s%s", prefix, name);
  return entry;
}

clf_status clf__transform_save(const clf_transform *transform, clf__store *store,
                               const char *prefix) {
  clf__text params = {.context = transform->context};
  clf__params_format(&transform->kind->base.params, transform->params, &params);
  clf_status status = params.failed ? CLF_ERROR_MEMORY : CLF_OK;
  if (status < 0) {
    goto done;
  }
  CLF__TRY(clf__store_add_text(store, prefixed(prefix, "kind").text, transform->kind->base.name));
  CLF__TRY(clf__store_add_text(store, prefixed(prefix, "params").text,
                               params.bytes != NULL ? params.bytes : ""));
  char features[32];
  snprintf(features, sizeof features, "%lld", (long long)transform->inputs);
  CLF__TRY(clf__store_add_text(store, prefixed(prefix, "features").text, features));
  for (int64_t i = 0; i < clf__store_count(transform->state); i++) {
    const char *name = clf__store_name(transform->state, i);
    CLF__TRY(clf__store_add_tensor(store, prefixed(prefix, name).text,
                                   clf__store_tensor(transform->state, name)));
  }
done:
  clf__text_free(&params);
  return status;
}

static int compare_columns(const void *one, const void *other) {
  const int64_t a = *(const int64_t *)one, b = *(const int64_t *)other;
  return (a > b) - (a < b);
}

static clf_status load_state(clf_transform *transform, const clf__store *store,
                             const char *prefix) {
  size_t length = strlen(prefix);
  clf_status status = clf__store_create(&transform->state, transform->context);
  for (int64_t i = 0; status == CLF_OK && i < clf__store_count(store); i++) {
    const char *name = clf__store_name(store, i);
    const clf_tensor *tensor = clf__store_tensor(store, name);
    if (tensor != NULL && strncmp(name, prefix, length) == 0) {
      status = clf__store_add_tensor(transform->state, name + length, tensor);
    }
  }
  return status;
}

/* The chosen columns of a file, if it has any, are different columns of the rows. */
static clf_status load_columns(clf_transform *transform) {
  const clf_tensor *columns = clf__store_tensor(transform->state, columns_entry);
  if (columns == NULL) {
    return CLF_OK;
  }
  const int64_t count = columns->ndim == 1 ? columns->shape[0] : 0;
  bool sound = columns->dtype == CLF_I64 && count > 0 && count <= transform->inputs;
  int64_t *sorted = clf__alloc_array(transform->context, sound ? count : 0, sizeof *sorted);
  if (sorted == NULL) {
    return CLF_ERROR_MEMORY;
  }
  if (sound) {
    memcpy(sorted, columns->data, (size_t)count * sizeof *sorted);
    qsort(sorted, (size_t)count, sizeof *sorted, compare_columns);
  }
  for (int64_t k = 0; sound && k < count; k++) {
    sound = sorted[k] > (k > 0 ? sorted[k - 1] : -1) && sorted[k] < transform->inputs;
  }
  clf__free(sorted);
  transform->features = count;
  transform->chosen = columns->data;
  return sound ? CLF_OK
               : clf__fail(CLF_ERROR_CORRUPT, "damaged: the chosen columns of %s are not valid",
                           transform->kind->base.name);
}

static clf_status load_fit(clf_transform *transform, const clf__store *store, const char *prefix) {
  CLF__CHECK(load_state(transform, store, prefix));
  CLF__CHECK(load_columns(transform));
  CLF__CHECK(clf__names_load(&transform->names, transform->context, store,
                             prefixed(prefix, names_entry).text, transform->inputs));
  CLF__CHECK(clf__categories_load(&transform->categories, transform->context, store,
                                  prefixed(prefix, categories_entry).text, transform->inputs));
  CLF__CHECK(transform->kind->check(transform));
  return clf__transform_name_outputs(transform);
}

clf_status clf__transform_load(clf_transform **out, clf_context *context, const clf__store *store,
                               const char *prefix) {
  const char *kind = clf__store_text(store, prefixed(prefix, "kind").text);
  const char *params = clf__store_text(store, prefixed(prefix, "params").text);
  const char *features = clf__store_text(store, prefixed(prefix, "features").text);
  int64_t count = 0;
  if (kind == NULL || params == NULL || features == NULL || !clf__parse_i64(features, &count) ||
      count < 1 || count > MAX_FEATURES) {
    return clf__fail(CLF_ERROR_CORRUPT, "damaged: the transform '%s' is not complete", prefix);
  }
  if (clf__kind_named(&clf__transform_kinds, kind) == NULL) {
    return clf__fail(CLF_ERROR_UNSUPPORTED, "this version has no transform '%s'", kind);
  }
  clf_transform *transform = NULL;
  clf_status status = clf_transform_create(&transform, context, kind, params);
  if (status == CLF_ERROR_ARGUMENT) {
    status = clf__fail_within(CLF_ERROR_CORRUPT, "damaged");
  }
  if (status < 0) {
    return status;
  }
  transform->inputs = transform->features = count;
  status = load_fit(transform, store, prefix);
  if (status < 0) {
    clf_transform_free(transform);
    return status;
  }
  *out = transform;
  return CLF_OK;
}

/* A file of its own: the same entries, and the version of their meaning. */
static const char own_prefix[] = "transform.", version_entry[] = "transform.version",
                  version[] = "1";

static clf_status write(const void *object, clf__store *store) {
  CLF__CHECK(clf__store_add_text(store, version_entry, version));
  return clf__transform_save(object, store, own_prefix);
}

static clf_status read(void **out, clf_context *context, const clf__store *store) {
  const char *found = clf__store_text(store, version_entry);
  clf_transform *made = NULL;
  if (found == NULL) {
    return clf__fail(CLF_ERROR_CORRUPT, "there is no transform in it: '%s' is missing",
                     version_entry);
  }
  if (strcmp(found, version) != 0) {
    return clf__fail(CLF_ERROR_VERSION, "its transform is of a version that is not known here");
  }
  CLF__CHECK(clf__transform_load(&made, context, store, own_prefix));
  *out = made;
  return CLF_OK;
}

static const clf__object_kind object_kind = {write, read};

clf_status clf_transform_save(const clf_transform *transform, const char *path) {
  CLF__REQUIRE(transform);
  CLF__REQUIRE(path);
  CLF__ENTER(transform->kind->base.name);
  CLF__CHECK(clf__transform_require_fit(transform));
  return clf__object_save(&object_kind, transform, transform->context, path);
}

clf_status clf_transform_save_memory(const clf_transform *transform, void *buffer, size_t capacity,
                                     size_t *size) {
  CLF__REQUIRE(transform);
  CLF__REQUIRE(size);
  CLF__ENTER(transform->kind->base.name);
  CLF__CHECK(clf__transform_require_fit(transform));
  return clf__object_save_memory(&object_kind, transform, transform->context, buffer, capacity,
                                 size);
}

clf_status clf_transform_load(clf_transform **out, clf_context *context, const char *path) {
  CLF__REQUIRE(out);
  CLF__REQUIRE(path);
  CLF__ENTER("transform");
  void *loaded = NULL;
  CLF__CHECK(clf__object_load(&object_kind, &loaded, context, path));
  *out = loaded;
  return CLF_OK;
}

clf_status clf_transform_load_memory(clf_transform **out, clf_context *context, const void *bytes,
                                     size_t size) {
  CLF__REQUIRE(out);
  CLF__REQUIRE(bytes);
  CLF__ENTER("transform");
  void *loaded = NULL;
  CLF__CHECK(clf__object_load_memory(&object_kind, &loaded, context, bytes, size));
  *out = loaded;
  return CLF_OK;
}
