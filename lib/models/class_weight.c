/* The parameter class_weight: factors for the rows of each class, which multiply the row weights.
 */
#include <float.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "models/model.h"

static clf_status check_class_weight(const clf_model *model, const clf__training *training,
                                     const clf__list *class_weight) {
  if (training->labels == NULL) {
    return clf__fail(CLF_ERROR_ARGUMENT, "%s: class_weight has no meaning without classes",
                     model->kind->base.name);
  }
  if (class_weight->word < 0 && class_weight->keys == NULL &&
      class_weight->count != training->classes) {
    return clf__fail(
        CLF_ERROR_ARGUMENT, "%s: class_weight has %lld numbers; there are %lld classes",
        model->kind->base.name, (long long)class_weight->count, (long long)training->classes);
  }
  return CLF_OK;
}

static clf_status fail_name(const clf_model *model, const char *name) {
  clf__text list = {.context = model->context};
  enum { SHOWN = 20 };
  const int32_t classes = clf__classes_count(model->classes);
  for (int32_t k = 0; k < classes && k < SHOWN; k++) {
    clf__text_append(&list, "%s%s", k > 0 ? ", " : "", clf__classes_name(model->classes, k));
  }
  const clf_status status =
      list.failed
          ? CLF_ERROR_MEMORY
          : clf__fail(CLF_ERROR_ARGUMENT, "%s: class_weight names '%s'; the classes are %s%s",
                      model->kind->base.name, name, list.bytes, classes > SHOWN ? " …" : "");
  clf__text_free(&list);
  return status;
}

/* Classes that have no weight of their own weigh 1. */
static clf_status set_named_factors(const clf_model *model, const clf__list *class_weight,
                                    int64_t classes, double *factor) {
  const char *name = class_weight->keys;
  for (int64_t k = 0; k < classes; k++) {
    factor[k] = 1;
  }
  for (int64_t i = 0; i < class_weight->count; i++, name += strlen(name) + 1) {
    int64_t k = 0;
    while (k < classes && strcmp(clf__classes_name(model->classes, k), name) != 0) {
      k++;
    }
    if (k == classes) {
      return fail_name(model, name);
    }
    factor[k] = class_weight->values[i];
  }
  return CLF_OK;
}

/* Computes factor [classes], by which row weights are multiplied. With balanced weights all classes
 * have the same total weight, and the total of all rows stays the same. A class without rows does
 * not count. */
static void set_class_factors(const clf__training *training, const clf__list *class_weight,
                              double *factor) {
  double sum = 0, present = 0;
  for (int64_t k = 0; k < training->classes; k++) {
    sum += training->class_rows[k];
    present += training->class_rows[k] > 0;
  }
  for (int64_t k = 0; k < training->classes; k++) {
    const double rows = training->class_rows[k];
    factor[k] = class_weight->word != CLF__CLASS_WEIGHT_BALANCED ? class_weight->values[k]
                : rows > 0                                       ? sum / present / rows
                                                                 : 1;
  }
}

/* Formats the factors as they would be written; if there are many, only those of the first
 * classes. */
static void log_balanced(const clf__training *training, const double *factor) {
  enum { SHOWN = 10 };
  char list[256] = "";
  size_t length = 0;
  for (int64_t k = 0; k < training->classes && k < SHOWN; k++) {
    length += (size_t)snprintf(list + length, sizeof list - length, "%s%s", k > 0 ? "," : "",
                               clf__number_text(factor[k]));
  }
  clf__fit_log(training, "class_weight=balanced is %s%s", list,
               training->classes > SHOWN ? ", …" : "");
}

/* At least two classes must have rows with a weight. The rows of a partial fit may be of any class,
 * but two classes in all must be able to have weight. */
static clf_status check_classes_left(const clf_model *model, const clf__training *training,
                                     const double *factor) {
  int64_t left = 0;
  for (int64_t k = 0; k < training->classes; k++) {
    left += factor[k] > 0 && (training->partial || training->class_rows[k] > 0);
  }
  return left >= 2 ? CLF_OK
                   : clf__fail(CLF_ERROR_DATA,
                               "%s: class_weight leaves %s; rows of two classes must have a weight",
                               model->kind->base.name,
                               left == 0 ? "no row a weight" : "rows of one class only");
}

/* A class whose factor is 0 is as one without rows. */
static void drop_classes(const clf__training *training, const double *factor) {
  for (int64_t k = 0; k < training->classes; k++) {
    training->class_sums[k] = factor[k] * training->class_rows[k];
    training->class_rows[k] = factor[k] > 0 ? training->class_rows[k] : 0;
  }
}

static clf_status multiply_weights(const clf_model *model, const clf__training *training,
                                   const double *factor, float *weights) {
  for (int64_t i = 0; i < training->x->rows; i++) {
    const double own = training->weights != NULL ? (double)training->weights[i] : 1;
    const double product = own * factor[training->labels[i]];
    if (product > (double)FLT_MAX || (product > 0 && (float)product == 0)) {
      return clf__fail(
          CLF_ERROR_DATA,
          "%s: row %lld: its weight times its class's is %s, beyond the range of float",
          model->kind->base.name, (long long)i, clf__number_text(product));
    }
    weights[i] = (float)product;
  }
  return CLF_OK;
}

clf_status clf__effective_weights(const float **out, clf__arena *arena, const clf_model *model,
                                  const clf__training *rows, const clf__training *fit,
                                  const clf__list *class_weight) {
  if (class_weight->word == CLF__CLASS_WEIGHT_NONE) {
    *out = rows->weights;
    return CLF_OK;
  }
  CLF__CHECK(check_class_weight(model, fit, class_weight));
  float *weights = clf__arena_array(arena, rows->x->rows, sizeof *weights);
  double *factor = clf__arena_array(arena, fit->classes, sizeof *factor);
  CLF__CHECK(clf__arena_status(arena));
  if (class_weight->keys != NULL) {
    CLF__CHECK(set_named_factors(model, class_weight, fit->classes, factor));
  } else {
    set_class_factors(fit, class_weight, factor);
  }
  if (class_weight->word == CLF__CLASS_WEIGHT_BALANCED && rows == fit) {
    log_balanced(fit, factor);
  }
  CLF__CHECK(check_classes_left(model, fit, factor));
  drop_classes(fit, factor);
  CLF__CHECK(multiply_weights(model, rows, factor, weights));
  *out = weights;
  return CLF_OK;
}
