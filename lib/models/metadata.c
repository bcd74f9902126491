/* Metadata of a model: texts of the caller by key, which files keep as the entries "metadata.KEY".
 * They are a store of texts under these names. A change makes a new store and replaces the old one,
 * so that a failure changes nothing. */
#include <string.h>

#include "base/border.h"
#include "base/utf8_text.h"
#include "models/model.h"

static const char prefix[] = "metadata.";
enum { PREFIX_BYTES = sizeof prefix - 1, MAX_KEY_BYTES = 200, MAX_KEYS = 1000 };

/* The name of a key's entry. */
typedef struct entry_name {
  char text[PREFIX_BYTES + MAX_KEY_BYTES + 1];
} entry_name;

static bool key_valid(const char *key) {
  const size_t length = strlen(key);
  for (size_t i = 0; i < length; i++) {
    if (key[i] <= ' ' || key[i] > '~') {
      return false;
    }
  }
  return length > 0 && length <= MAX_KEY_BYTES;
}

static entry_name name_of(const char *key) {
  entry_name name;
  memcpy(name.text, prefix, PREFIX_BYTES);
  memcpy(name.text + PREFIX_BYTES, key, strlen(key) + 1);
  return name;
}

static int64_t count_of(const clf_model *model) {
  return model->metadata != NULL ? clf__store_count(model->metadata) : 0;
}

/* Copies all entries. The entry `name` gets the text `value` in its place or, if it is new, at the
 * end; it is left out if `value` is NULL. A `name` of NULL changes nothing. */
static clf_status copy_with(clf__store **out, clf_context *context, const clf__store *from,
                            const char *name, const char *value) {
  clf__store *made = NULL;
  clf_status status = CLF_OK;
  CLF__TRY(clf__store_create(&made, context));
  for (int64_t i = 0; from != NULL && i < clf__store_count(from); i++) {
    const char *entry = clf__store_name(from, i);
    const bool changed = name != NULL && strcmp(entry, name) == 0;
    const char *text = changed ? value : clf__store_text(from, entry);
    CLF__TRY(text != NULL ? clf__store_add_text(made, entry, text) : CLF_OK);
  }
  if (value != NULL && clf__store_text(made, name) == NULL) {
    CLF__TRY(clf__store_add_text(made, name, value));
  }
  *out = made;
  made = NULL;
done:
  clf__store_free(made);
  return status;
}

static clf_status check_value(const char *key, const char *value) {
  const clf_status status = clf__utf8_check(value, strlen(value), NULL);
  return status < 0 ? clf__fail_within(status, "metadata '%s'", key) : CLF_OK;
}

clf_status clf_model_set_metadata(clf_model *model, const char *key, const char *value) {
  CLF__REQUIRE(model);
  CLF__REQUIRE(key);
  CLF__ENTER(model->kind->base.name);
  if (!key_valid(key)) {
    return clf__fail(CLF_ERROR_ARGUMENT,
                     "a key of metadata must be 1 to %d printable ASCII characters without blanks",
                     MAX_KEY_BYTES);
  }
  CLF__CHECK(value != NULL ? check_value(key, value) : CLF_OK);
  const entry_name name = name_of(key);
  const bool there = clf_model_metadata(model, key) != NULL;
  if (value != NULL && !there && count_of(model) >= MAX_KEYS) {
    return clf__fail(CLF_ERROR_ARGUMENT, "metadata '%s' is more than the %d that a model may have",
                     key, MAX_KEYS);
  }
  if (value == NULL && !there) {
    return CLF_OK;
  }
  clf__store *changed = NULL;
  CLF__CHECK(copy_with(&changed, model->context, model->metadata, name.text, value));
  clf__store_free(model->metadata);
  model->metadata = changed;
  return CLF_OK;
}

const char *clf_model_metadata(const clf_model *model, const char *key) {
  if (model == NULL || key == NULL || model->metadata == NULL || !key_valid(key)) {
    return NULL;
  }
  return clf__store_text(model->metadata, name_of(key).text);
}

const char *clf_model_metadata_key(const clf_model *model, int64_t index) {
  const bool there = model != NULL && index >= 0 && index < count_of(model);
  return there ? clf__store_name(model->metadata, index) + PREFIX_BYTES : NULL;
}

clf_status clf__metadata_clone(clf__store **out, const clf_model *model) {
  return model->metadata != NULL ? copy_with(out, model->context, model->metadata, NULL, NULL)
                                 : CLF_OK;
}

clf_status clf__metadata_save(const clf_model *model, clf__store *store) {
  for (int64_t i = 0; i < count_of(model); i++) {
    const char *name = clf__store_name(model->metadata, i);
    CLF__CHECK(clf__store_add_text(store, name, clf__store_text(model->metadata, name)));
  }
  return CLF_OK;
}

/* Refuses what clf_model_set_metadata() would refuse. */
static clf_status add_loaded(clf_model *model, const char *name, const char *value) {
  const char *key = name + PREFIX_BYTES;
  if (value == NULL || !key_valid(key) || check_value(key, value) < 0 ||
      count_of(model) >= MAX_KEYS) {
    return clf__fail(CLF_ERROR_CORRUPT, "model file: '%s' is no text, or beyond %d such entries",
                     name, MAX_KEYS);
  }
  CLF__CHECK(model->metadata == NULL ? clf__store_create(&model->metadata, model->context)
                                     : CLF_OK);
  return clf__store_add_text(model->metadata, name, value);
}

clf_status clf__metadata_load(clf_model *model, const clf__store *store) {
  for (int64_t i = 0; i < clf__store_count(store); i++) {
    const char *name = clf__store_name(store, i);
    if (strncmp(name, prefix, PREFIX_BYTES) == 0) {
      CLF__CHECK(add_loaded(model, name, clf__store_text(store, name)));
    }
  }
  return CLF_OK;
}
