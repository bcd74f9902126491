/* Metadata: texts of the caller that go where the model goes. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "models/model.h"
#include "support.h"

enum { ROWS = 30, COLUMNS = 2, CLASSES = 2 };

static float x[ROWS * COLUMNS];
static int32_t y[ROWS];

static clf_dataset *make_rows(void) {
  fill_clouds(x, y, ROWS, COLUMNS, CLASSES);
  return dataset_of(NULL, x, CLF_F32, ROWS, COLUMNS, y);
}

static void check_texts(const clf_model *model) {
  ck_assert_str_eq(clf_model_metadata(model, "author"), "J\xC3\xB8rgen");
  ck_assert_str_eq(clf_model_metadata(model, "note"), "first line\nsecond line");
  ck_assert_str_eq(clf_model_metadata(model, "empty"), "");
  ck_assert_str_eq(clf_model_metadata_key(model, 0), "author");
  ck_assert_str_eq(clf_model_metadata_key(model, 1), "note");
  ck_assert_str_eq(clf_model_metadata_key(model, 2), "empty");
  ck_assert_ptr_null(clf_model_metadata_key(model, 3));
  ck_assert_ptr_null(clf_model_metadata_key(model, -1));
  ck_assert_ptr_null(clf_model_metadata(model, "Author"));
}

static void set_texts(clf_model *model) {
  ck_clf_ok(clf_model_set_metadata(model, "author", "J\xC3\xB8rgen"));
  ck_clf_ok(clf_model_set_metadata(model, "note", "first line\nsecond line"));
  ck_clf_ok(clf_model_set_metadata(model, "empty", ""));
}

TEST(metadata__is_kept_by_fits_files_and_clones) {
  clf_dataset *rows = make_rows();
  clf_model *model = NULL, *clone = NULL, *loaded = NULL;
  size_t size = 0;
  ck_clf_ok(clf_model_create(&model, NULL, "ridge", NULL));
  set_texts(model);
  check_texts(model);
  ck_clf_ok(clf_model_clone(&clone, model));
  check_texts(clone);
  ck_clf_ok(clf_model_fit(model, rows, NULL, NULL));
  ck_clf_ok(clf_model_fit(model, rows, NULL, NULL));
  check_texts(model);
  ck_clf_ok(clf_model_add_transform(clone, "standardize", NULL));
  ck_clf_ok(clf_model_fit(clone, rows, NULL, NULL));
  check_texts(clone);
  ck_clf_ok(clf_model_save_memory(model, NULL, 0, &size));
  void *bytes = malloc(size);
  ck_clf_ok(clf_model_save_memory(model, bytes, size, &size));
  ck_clf_ok(clf_model_load_memory(&loaded, NULL, bytes, size));
  check_texts(loaded);
  free(bytes);
  clf_model_free(loaded);
  clf_model_free(clone);
  clf_model_free(model);
  clf_dataset_free(rows);
}

TEST(metadata__of_the_best_model_of_a_search_is_that_of_the_searched) {
  clf_dataset *rows = make_rows();
  clf_model *model = NULL, *best = NULL;
  clf_search *search = NULL;
  ck_clf_ok(clf_model_create(&model, NULL, "ridge", NULL));
  set_texts(model);
  ck_clf_ok(clf_search_create(&search, model, rows, 2, 1, "alpha=1|2", NULL));
  ck_clf_ok(clf_search_model(&best, search));
  check_texts(best);
  clf_model_free(best);
  clf_search_free(search);
  clf_model_free(model);
  clf_dataset_free(rows);
}

TEST(metadata__is_replaced_in_its_place_and_removed) {
  clf_model *model = NULL;
  ck_clf_ok(clf_model_create(&model, NULL, "ridge", NULL));
  ck_assert_ptr_null(clf_model_metadata_key(model, 0));
  ck_assert_ptr_null(clf_model_metadata(model, "author"));
  set_texts(model);
  ck_clf_ok(clf_model_set_metadata(model, "note", "another"));
  ck_assert_str_eq(clf_model_metadata_key(model, 1), "note");
  ck_assert_str_eq(clf_model_metadata(model, "note"), "another");
  /* A text of the model itself may be the new one. */
  ck_clf_ok(clf_model_set_metadata(model, "note", clf_model_metadata(model, "author")));
  ck_assert_str_eq(clf_model_metadata(model, "note"), "J\xC3\xB8rgen");
  ck_clf_ok(clf_model_set_metadata(model, "author", NULL));
  ck_clf_ok(clf_model_set_metadata(model, "author", NULL));
  ck_assert_str_eq(clf_model_metadata_key(model, 0), "note");
  ck_assert_str_eq(clf_model_metadata_key(model, 1), "empty");
  ck_assert_ptr_null(clf_model_metadata_key(model, 2));
  ck_clf_ok(clf_model_set_metadata(model, clf_model_metadata_key(model, 0), NULL));
  ck_clf_ok(clf_model_set_metadata(model, "empty", NULL));
  ck_assert_ptr_null(clf_model_metadata_key(model, 0));
  clf_model_free(model);
}

TEST(metadata__refuses_keys_and_values_that_files_cannot_hold) {
  char longest[202];
  clf_model *model = NULL;
  ck_clf_ok(clf_model_create(&model, NULL, "ridge", NULL));
  memset(longest, 'k', sizeof longest);
  longest[200] = '\0';
  ck_clf_ok(clf_model_set_metadata(model, longest, "value"));
  ck_assert_str_eq(clf_model_metadata(model, longest), "value");
  longest[200] = 'k';
  longest[201] = '\0';
  const char *const keys[] = {"", "two words", "tab\t", "caf\xC3\xA9", longest};
  for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
    ck_clf_fails(clf_model_set_metadata(model, keys[i], "value"), CLF_ERROR_ARGUMENT);
    ck_clf_says("1 to 200 printable ASCII characters");
    ck_assert_ptr_null(clf_model_metadata(model, keys[i]));
  }
  ck_clf_ok(clf_model_set_metadata(model, "place", "before"));
  ck_clf_fails(clf_model_set_metadata(model, "place", "caf\xE9"), CLF_ERROR_DATA);
  ck_clf_says("metadata 'place'");
  ck_assert_str_eq(clf_model_metadata(model, "place"), "before");
  ck_clf_fails(clf_model_set_metadata(model, NULL, "value"), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_model_set_metadata(NULL, "key", "value"), CLF_ERROR_ARGUMENT);
  ck_assert_ptr_null(clf_model_metadata(NULL, "key"));
  ck_assert_ptr_null(clf_model_metadata(model, NULL));
  ck_assert_ptr_null(clf_model_metadata_key(NULL, 0));
  clf_model_free(model);
}

TEST(metadata__holds_a_thousand_keys) {
  clf_dataset *rows = make_rows();
  clf_model *model = fitted(NULL, "ridge", NULL, rows), *loaded = NULL;
  char key[32];
  size_t size = 0;
  for (int i = 0; i < 1000; i++) {
    snprintf(key, sizeof key, "key%d", i);
    ck_clf_ok(clf_model_set_metadata(model, key, key));
  }
  ck_clf_fails(clf_model_set_metadata(model, "more", "value"), CLF_ERROR_ARGUMENT);
  ck_clf_says("1000");
  ck_clf_ok(clf_model_set_metadata(model, "key7", "changed"));
  ck_clf_ok(clf_model_save_memory(model, NULL, 0, &size));
  void *bytes = malloc(size);
  ck_clf_ok(clf_model_save_memory(model, bytes, size, &size));
  ck_clf_ok(clf_model_load_memory(&loaded, NULL, bytes, size));
  ck_assert_str_eq(clf_model_metadata(loaded, "key999"), "key999");
  ck_assert_str_eq(clf_model_metadata(loaded, "key7"), "changed");
  ck_assert_str_eq(clf_model_metadata_key(loaded, 7), "key7");
  free(bytes);
  clf_model_free(loaded);
  clf_model_free(model);
  clf_dataset_free(rows);
}

/* Reads a model file of the entries of `model` and one more. */
static clf_status read_with(const clf_model *model, const char *name, const char *text,
                            const clf_tensor *tensor) {
  clf__store *store = NULL;
  void *made = NULL;
  ck_clf_ok(clf__store_create(&store, model->context));
  ck_clf_ok(clf__model_object.write(model, store));
  ck_clf_ok(text != NULL ? clf__store_add_text(store, name, text)
                         : clf__store_add_tensor(store, name, tensor));
  const clf_status status = clf__model_object.read(&made, NULL, store);
  clf_model_free(made);
  clf__store_free(store);
  return status;
}

TEST(metadata__that_could_not_be_set_is_not_loaded) {
  clf_dataset *rows = make_rows();
  clf_model *model = fitted(NULL, "ridge", NULL, rows);
  char key[240];
  clf_tensor *tensor = NULL;
  ck_clf_ok(clf_model_tensor(&tensor, model, "weights"));
  memset(key, 'k', sizeof key);
  memcpy(key, "metadata.", 9);
  key[sizeof key - 1] = '\0';
  ck_clf_ok(read_with(model, "metadata.key", "value", NULL));
  ck_clf_fails(read_with(model, "metadata.key", "caf\xE9", NULL), CLF_ERROR_CORRUPT);
  ck_clf_says("metadata.key");
  ck_clf_fails(read_with(model, "metadata.", "value", NULL), CLF_ERROR_CORRUPT);
  ck_clf_fails(read_with(model, "metadata.key", NULL, tensor), CLF_ERROR_CORRUPT);
  ck_clf_fails(read_with(model, key, "value", NULL), CLF_ERROR_CORRUPT);
  for (int i = 0; i < 1000; i++) {
    snprintf(key, sizeof key, "key%d", i);
    ck_clf_ok(clf_model_set_metadata(model, key, key));
  }
  ck_clf_fails(read_with(model, "metadata.more", "value", NULL), CLF_ERROR_CORRUPT);
  clf_tensor_free(tensor);
  clf_model_free(model);
  clf_dataset_free(rows);
}

SUITE("metadata")
