/* Class weights by the names of classes: as the same numbers in the order of the classes. */
#include <string.h>

#include "support.h"

enum { ROWS = 40, COLUMNS = 3 };
static const char *const NAMES[] = {"ham", "very \"bad\": it", "spam"};

static clf_dataset *named_rows(void) {
  static float x[ROWS * COLUMNS];
  const char *names[ROWS];
  uint64_t state = 3;
  for (int i = 0; i < ROWS; i++) {
    names[i] = NAMES[i % 3];
    for (int j = 0; j < COLUMNS; j++) {
      x[i * COLUMNS + j] = (float)(random_normal(&state) + (j == i % 3 ? 1 : 0));
    }
  }
  clf_dataset *rows = dataset_of(NULL, x, CLF_F32, ROWS, COLUMNS, NULL);
  ck_clf_ok(clf_dataset_set_label_names(rows, names, ROWS));
  return rows;
}

static void decide(clf_model *model, const clf_dataset *rows, float *values) {
  ck_clf_ok(clf_model_decision_function(model, rows, values, ROWS * 3));
}

TEST(class_weight__by_name_is_that_of_the_class) {
  static const char *const pairs[][2] = {
      {"class_weight='spam:5,ham:0.25'", "class_weight=0.25,5,1"},
      {"class_weight='very \"bad\": it:3'", "class_weight=1,1,3"},
  };
  clf_dataset *rows = named_rows();
  for (int i = 0; i < 2; i++) {
    float expected[ROWS * 3], found[ROWS * 3];
    char params[1000];
    clf_model *by_number = fitted(NULL, "ridge", pairs[i][1], rows);
    clf_model *by_name = fitted(NULL, "ridge", pairs[i][0], rows), *again = NULL;
    decide(by_number, rows, expected);
    decide(by_name, rows, found);
    ck_assert_mem_eq(found, expected, sizeof found);
    /* Its text makes an equal model, and so does its file. */
    ck_clf_ok(clf_model_params(by_name, params, sizeof params, NULL));
    clf_model *same = fitted(NULL, "ridge", params, rows);
    decide(same, rows, found);
    ck_assert_mem_eq(found, expected, sizeof found);
    char file[20000];
    size_t size = 0;
    ck_clf_ok(clf_model_save_memory(by_name, file, sizeof file, &size));
    ck_clf_ok(clf_model_load_memory(&again, NULL, file, size));
    ck_clf_ok(clf_model_fit(again, rows, NULL, NULL));
    decide(again, rows, found);
    ck_assert_mem_eq(found, expected, sizeof found);
    clf_model_free(again);
    clf_model_free(same);
    clf_model_free(by_name);
    clf_model_free(by_number);
  }
  clf_dataset_free(rows);
}

TEST(class_weight__of_an_unknown_class_is_refused) {
  clf_dataset *rows = named_rows();
  clf_model *model = NULL;
  ck_clf_ok(clf_model_create(&model, NULL, "logistic", "class_weight=spam:5,egg:2"));
  ck_clf_fails(clf_model_fit(model, rows, NULL, NULL), CLF_ERROR_ARGUMENT);
  ck_clf_says("'egg'");
  ck_clf_says("ham, spam, very \"bad\": it");
  clf_model_free(model);
  clf_dataset_free(rows);
}

TEST(class_weight__refuses_what_is_neither) {
  static const char *const wrong[] = {"spam:",   ":5",       "spam:x", "spam:5,3",
                                      "spam:-1", "3,spam:5", "a:1,"};
  clf_model *model = NULL;
  ck_clf_ok(clf_model_create(&model, NULL, "svm", "class_weight=ham:2"));
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    char text[100];
    ck_clf_fails(clf_model_set_text(model, "class_weight", wrong[i]), CLF_ERROR_ARGUMENT);
    ck_clf_ok(clf_model_get_text(model, "class_weight", text, sizeof text, NULL));
    ck_assert_str_eq(text, "ham:2");
  }
  clf_model_free(model);
}

SUITE("class_weight")
