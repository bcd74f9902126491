/* The section of a model on the HTML page: what it was made of, how often it is right, and what its
 * kind and its rows allow to be shown. */
#include "model_page.h"

#include <string.h>

#include "curves.h"
#include "history.h"
#include "model_parts.h"
#include "page.h"
#include "pictures.h"

/* Whether rows of this shape are gray images that fit into the page. */
static bool are_pictures(const clf_tensor *x) {
  const int32_t axes = clf_tensor_ndim(x);
  const bool gray = axes == 3 || (axes == 4 && clf_tensor_extent(x, 3) == 1);
  return gray && clf_tensor_extent(x, 1) * clf_tensor_extent(x, 2) <= MAX_PIXELS;
}

/* Whether most pixels of the first images are 0; false also where memory runs out. */
static bool are_ink(const clf_tensor *images) {
  enum { ENOUGH = 100 };
  const int64_t rows = clf_tensor_extent(images, 0);
  clf_tensor *first = NULL, *values = NULL;
  int64_t zeros = 0, count = 0;
  if (clf_tensor_slice(&first, images, 0, 0, rows < ENOUGH ? rows : ENOUGH, 1) == CLF_OK &&
      clf_tensor_copy(&values, first, CLF_F32) == CLF_OK) {
    const float *pixels = clf_tensor_data(values);
    count = clf_tensor_count(values);
    for (int64_t i = 0; i < count; i++) {
      zeros += pixels[i] == 0;
    }
  }
  clf_tensor_free(values);
  clf_tensor_free(first);
  return 2 * zeros > count;
}

void pictures_begin(FILE *out, const test_view *view) {
  fprintf(out, "<ul class=\"pictures%s\">\n", view->ink ? " ink" : "");
}

void pictures_write(FILE *out, const test_view *view, const float *values, const char *text) {
  (view->ink ? picture_ink : picture_values)(out, values, view->height, view->width, text);
}

/* Its images are to be freed. */
static test_view open_view(const clf_model *model, const clf_dataset *test, const int32_t *truth,
                           const int32_t *predicted) {
  test_view view = {.rows = clf_dataset_rows(test),
                    .classes = clf_model_classes(model),
                    .labels = truth,
                    .predicted = predicted};
  if (clf_dataset_tensor(&view.images, test, "x") == CLF_OK && are_pictures(view.images)) {
    view.height = clf_tensor_extent(view.images, 1);
    view.width = clf_tensor_extent(view.images, 2);
    view.ink = are_ink(view.images);
  } else {
    clf_tensor_free(view.images);
    view.images = NULL;
  }
  for (int64_t k = 0; k < view.classes && k < MAX_CLASSES; k++) {
    view.names[k] = clf_model_class_name(model, k);
  }
  return view;
}

/* Confusions, and what each class has of them; not for more classes than fit into the page. */
static clf_status write_tables(FILE *out, const test_view *view) {
  double found[MAX_CLASSES * MAX_CLASSES];
  int64_t counts[MAX_CLASSES * MAX_CLASSES];
  clf_status status =
      clf_confusion_matrix(view->labels, view->predicted, NULL, view->rows, view->classes, found);
  if (status == CLF_OK) {
    for (int64_t i = 0; i < view->classes * view->classes; i++) {
      counts[i] = (int64_t)found[i];
    }
    fputs("<div class=\"tables\">\n", out);
    page_confusion(out, counts, view->names, view->classes);
    page_classes(out, counts, view->names, view->classes);
    fputs("</div>\n", out);
  }
  return status;
}

static clf_status write_kind(FILE *out, const test_view *view, const clf_model *model,
                             const clf_dataset *test) {
  const bool few = view->classes > 0 && view->classes <= MAX_CLASSES;
  history trained;
  clf_status status = history_read(&trained, model);
  if (status == CLF_OK) {
    page_curves(out, &trained);
  }
  history_free(&trained);
  status = status == CLF_OK ? page_layers(out, model) : status;
  status = status == CLF_OK ? page_filters(out, model) : status;
  status = status == CLF_OK && few ? page_mistakes(out, view, model, test) : status;
  status = status == CLF_OK && few ? page_weights(out, view, model) : status;
  status = status == CLF_OK ? page_features(out, model) : status;
  status = status == CLF_OK && few ? page_axes(out, view, model, test) : status;
  return status == CLF_OK && few ? page_support_vectors(out, view, model) : status;
}

clf_status page_model_kind(FILE *out, const clf_model *model, const clf_dataset *test,
                           const int32_t *truth, const int32_t *predicted) {
  test_view view = open_view(model, test, truth, predicted);
  const clf_status status = write_kind(out, &view, model, test);
  clf_tensor_free(view.images);
  return status;
}

clf_status page_model(FILE *out, const result *row, const clf_model *model, const clf_dataset *test,
                      const int32_t *predicted) {
  clf_tensor *labels = NULL;
  clf_status status = clf_dataset_tensor(&labels, test, "labels");
  if (status == CLF_OK) {
    test_view view = open_view(model, test, clf_tensor_data(labels), predicted);
    page_recipe(out, row);
    status = view.classes <= MAX_CLASSES ? write_tables(out, &view) : CLF_OK;
    status = status == CLF_OK ? write_kind(out, &view, model, test) : status;
    clf_tensor_free(view.images);
  }
  clf_tensor_free(labels);
  return status;
}
