/* Fits a machine with LIBSVM's parameters and order of classes. The model's own classes are the
 * numbers 0, 1, … of that order, so its pairs, signs and coefficients are those of LIBSVM. */
#include <classify.h>
#include <stdlib.h>
#include <string.h>

#include "libsvm/machine.h"

const char *const svm_type_words[SVM_TYPES] = {"c_svc", "nu_svc", "one_class", "epsilon_svr",
                                               "nu_svr"};

static int64_t find_class(const svm_classes *classes, int32_t label) {
  int64_t k = 0;
  while (k < classes->count && classes->label[k] != label) {
    k++;
  }
  return k;
}

static bool reserve_class(svm_classes *classes, int64_t *capacity) {
  if (classes->count < *capacity) {
    return true;
  }
  *capacity = *capacity > 0 ? 2 * *capacity : 16;
  int32_t *label = realloc(classes->label, (size_t)*capacity * sizeof *label);
  classes->label = label != NULL ? label : classes->label;
  int64_t *rows = realloc(classes->rows, (size_t)*capacity * sizeof *rows);
  classes->rows = rows != NULL ? rows : classes->rows;
  return label != NULL && rows != NULL;
}

/* Of the labels -1 and 1, 1 is the first class. */
static void order_signs(svm_classes *classes, int64_t count) {
  if (classes->count != 2 || classes->label[0] != -1 || classes->label[1] != 1) {
    return;
  }
  const int64_t rows = classes->rows[0];
  classes->label[0] = 1;
  classes->label[1] = -1;
  classes->rows[0] = classes->rows[1];
  classes->rows[1] = rows;
  for (int64_t i = 0; i < count; i++) {
    classes->of[i] = 1 - classes->of[i];
  }
}

bool svm_classes_find(svm_classes *out, const svm_rows *rows, const int64_t *chosen,
                      int64_t count) {
  int64_t capacity = 0;
  svm_classes_free(out);
  out->of = malloc((size_t)count * sizeof *out->of);
  for (int64_t i = 0; out->of != NULL && i < count; i++) {
    const int32_t label = (int32_t)rows->label[chosen[i]];
    int64_t k =
        i > 0 && out->label[out->of[i - 1]] == label ? out->of[i - 1] : find_class(out, label);
    if (k == out->count) {
      if (!reserve_class(out, &capacity)) {
        return false;
      }
      out->label[k] = label;
      out->rows[k] = 0;
      out->count++;
    }
    out->rows[k]++;
    out->of[i] = (int32_t)k;
  }
  order_signs(out, count);
  return out->of != NULL;
}

void svm_classes_free(svm_classes *classes) {
  free(classes->label);
  free(classes->rows);
  free(classes->of);
  *classes = (svm_classes){.count = 0};
}

/* The value that a row has for an index, 0 where it has none. */
static double value_at(const svm_rows *rows, int64_t row, int64_t index) {
  int64_t low = rows->start[row], high = rows->start[row + 1];
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (rows->index[middle] < index) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < rows->start[row + 1] && rows->index[low] == index ? rows->value[low] : 0;
}

/* Kernel values of some rows with those that are fitted, whose serial numbers are at index 0. */
static clf_status make_kernel(clf_dataset **out, const svm_training *t, const int64_t *chosen,
                              int64_t count) {
  const int64_t shape[] = {count, t->count};
  clf_tensor *x = NULL;
  clf_status status = clf_tensor_create(&x, t->context, CLF_F64, 2, shape);
  if (status >= 0) {
    double *values = clf_tensor_data(x);
    for (int64_t i = 0; i < count; i++) {
      for (int64_t j = 0; j < t->count; j++) {
        const int64_t serial = (int64_t)value_at(t->rows, t->chosen[j], 0);
        *values++ = value_at(t->rows, chosen[i], serial);
      }
    }
    status = clf_dataset_create(out, t->context, x, NULL);
  }
  clf_tensor_free(x);
  return status;
}

clf_status svm_training_rows(clf_dataset **out, const svm_training *training, const int64_t *chosen,
                             int64_t count) {
  return training->whole == NULL ? make_kernel(out, training, chosen, count)
                                 : clf_dataset_subset(out, training->whole, chosen, count);
}

/* The factor of C for a class: the product of its options -wi. */
static double weight_of(const svm_settings *settings, int32_t label) {
  double weight = 1;
  for (int i = 0; i < settings->weights; i++) {
    weight *= settings->weight_label[i] == label ? settings->weight[i] : 1;
  }
  return weight;
}

double svm_bound_of(const svm_settings *settings, int32_t label) {
  if (settings->type != SVM_C_SVC) {
    return svm_type_is_regression(settings->type) ? settings->C : 1;
  }
  return settings->C * (double)(float)weight_of(settings, label);
}

static clf_status set_weights(clf_dataset *data, const svm_training *t,
                              const svm_settings *settings) {
  clf_tensor *weights = NULL;
  clf_status status = clf_tensor_create(&weights, t->context, CLF_F32, 1, &t->count);
  if (status >= 0) {
    float *weight = clf_tensor_data(weights);
    for (int64_t i = 0; i < t->count; i++) {
      weight[i] = (float)weight_of(settings, t->classes.label[t->classes.of[i]]);
    }
    status = clf_dataset_set_weights(data, weights);
  }
  clf_tensor_free(weights);
  return status;
}

static clf_status set_labels(clf_dataset *data, const svm_training *t) {
  clf_tensor *labels = NULL;
  clf_status status =
      clf_tensor_wrap(&labels, t->context, t->classes.of, CLF_I32, 1, &t->count, NULL);
  status = status >= 0 ? clf_dataset_set_labels(data, labels) : status;
  clf_tensor_free(labels);
  return status;
}

/* The labels of the file as the numbers that they are. */
static clf_status set_targets(clf_dataset *data, const svm_training *t) {
  clf_tensor *targets = NULL;
  clf_status status = clf_tensor_create(&targets, t->context, CLF_F64, 1, &t->count);
  if (status >= 0) {
    double *values = clf_tensor_data(targets);
    for (int64_t i = 0; i < t->count; i++) {
      values[i] = t->rows->label[t->chosen[i]];
    }
    status = clf_dataset_set_targets(data, targets);
  }
  clf_tensor_free(targets);
  return status;
}

/* Adds what the machine is to learn of the rows. */
static clf_status set_wanted(clf_dataset *data, const svm_training *t,
                             const svm_settings *settings) {
  if (!svm_type_has_classes(settings->type)) {
    return svm_type_is_regression(settings->type) ? set_targets(data, t) : CLF_OK;
  }
  const clf_status status = set_labels(data, t);
  return status >= 0 && settings->weights > 0 && settings->type == SVM_C_SVC
             ? set_weights(data, t, settings)
             : status;
}

static clf_status create_model(clf_model **out, clf_context *context,
                               const svm_settings *settings) {
  static const char *const kernels[] = {"linear", "polynomial", "rbf", "sigmoid", "precomputed"};
  const struct {
    const char *name;
    double value;
  } numbers[] = {{"gamma", settings->gamma},
                 {"coef0", settings->coef0},
                 {"C", settings->C},
                 {"nu", settings->nu},
                 {"epsilon", settings->epsilon},
                 {"tolerance", settings->tolerance < 1 ? settings->tolerance : 1},
                 {"cache_mb", settings->cache_mb}};
  clf_status status = clf_model_create(out, context, "svm", NULL);
  status = status >= 0 ? clf_model_set_text(*out, "kernel", kernels[settings->kernel]) : status;
  status = status >= 0 ? clf_model_set_text(*out, "type", svm_type_words[settings->type]) : status;
  status = status >= 0 && settings->kernel == SVM_POLYNOMIAL
               ? clf_model_set_i64(*out, "degree", settings->degree)
               : status;
  status = status >= 0 && svm_type_has_classes(settings->type)
               ? clf_model_set_i64(*out, "probability", settings->probability)
               : status;
  for (size_t i = 0; status >= 0 && i < sizeof numbers / sizeof *numbers; i++) {
    status = clf_model_set_f64(*out, numbers[i].name, numbers[i].value);
  }
  return status;
}

/* Takes over the classes' labels, in their order. */
static bool keep_classes(svm_machine *out, const svm_classes *classes) {
  out->classes = classes->count;
  out->label = calloc((size_t)classes->count, sizeof *out->label);
  out->place = calloc((size_t)classes->count, sizeof *out->place);
  for (int64_t k = 0; out->label != NULL && out->place != NULL && k < classes->count; k++) {
    out->label[k] = classes->label[k];
    out->place[k] = k;
  }
  return out->label != NULL && out->place != NULL;
}

clf_status svm_machine_fit(svm_machine *out, svm_training *training, const svm_settings *settings) {
  clf_dataset *data = NULL;
  clf_status status = CLF_ERROR_MEMORY;
  *out = (svm_machine){.type = settings->type,
                       .classes = 2,
                       .calibrated = settings->probability,
                       .sigma = settings->sigma};
  if (svm_type_has_classes(settings->type) &&
      (!svm_classes_find(&training->classes, training->rows, training->chosen, training->count) ||
       !keep_classes(out, &training->classes))) {
    return status;
  }
  if (out->classes < 2) {
    out->calibrated = false;
    return CLF_OK;
  }
  status = svm_training_rows(&data, training, training->chosen, training->count);
  status = status >= 0 ? set_wanted(data, training, settings) : status;
  status = status >= 0 ? create_model(&out->model, training->context, settings) : status;
  status = status >= 0 ? clf_model_fit(out->model, data, NULL, NULL) : status;
  clf_dataset_free(data);
  return status;
}

/* The decision values of a row of zeros. */
static clf_status decide_zero(const svm_machine *machine, clf_context *context, double *values,
                              int64_t pairs) {
  const int64_t shape[] = {1, clf_model_features(machine->model)};
  clf_tensor *x = NULL;
  clf_dataset *zero = NULL;
  clf_status status = clf_tensor_create(&x, context, CLF_F32, 2, shape);
  status = status >= 0 ? clf_dataset_create(&zero, context, x, NULL) : status;
  status = status >= 0 ? clf_model_project_f64(machine->model, zero, values, pairs, NULL) : status;
  clf_dataset_free(zero);
  clf_tensor_free(x);
  return status;
}

/* Rho is the negative intercept. A model with a linear kernel may have subtracted a center from the
 * rows; then it is the negative decision value of a row of zeros. */
clf_status svm_machine_rho(const svm_machine *machine, const svm_training *training,
                           const svm_settings *settings, double *rho) {
  const int64_t pairs = machine->classes * (machine->classes - 1) / 2;
  clf_tensor *intercept = NULL;
  clf_status status = clf_model_tensor(&intercept, machine->model, "intercept");
  if (status >= 0 && settings->kernel == SVM_LINEAR) {
    status = decide_zero(machine, training->context, rho, pairs);
  } else if (status >= 0) {
    memcpy(rho, clf_tensor_data(intercept), (size_t)pairs * sizeof *rho);
  }
  for (int64_t i = 0; status >= 0 && i < pairs; i++) {
    rho[i] = 0 - rho[i]; /* never -0 */
  }
  clf_tensor_free(intercept);
  return status;
}
