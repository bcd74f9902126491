/* Models from LIBSVM's files. LIBSVM orders classes by their first occurrence in training, we order
 * them by number. So vectors are sorted again by class, and if two classes change their order,
 * their machine changes its sign. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/math.h"
#include "base/text.h"
#include "interchange/libsvm/libsvm.h"
#include "models/kind_rows.h"

enum { DENSE_SHARE = 8 /* one entry in so many: treated as dense */ };
/* The weights of linear machines may take many more bytes than their file. Beyond these limits the
 * file must be large itself. */
static const int64_t max_weight_bytes = 1 << 26, weight_bytes_ratio = 16;

#define CLF__VALUES clf__libsvm_params
static const clf__param params[] = {
    CLF__INT_OR(features, "auto", "auto", 1, INT32_MAX, "number of features; auto: highest index"),
    CLF__CHOICE(zero_based, "auto|true|false", "auto", "indices begin at 0; auto: if one is 0"),
};

typedef struct importing {
  clf__arena arena;
  clf_model *model;
  const clf__libsvm *file;
  int64_t bytes;    /* of the file */
  int32_t *place;   /* [classes] index of the file's classes among ours */
  int64_t *vectors; /* [vectors] the file's vectors in our order */
  int64_t *home;    /* [vectors] their classes in the file */
  clf__rows x;      /* the file's vectors */
  clf__kind_rows rows;
} importing;

static clf_status add_classes(importing *i) {
  const clf__libsvm *file = i->file;
  i->place = clf__arena_array(&i->arena, file->classes, sizeof *i->place);
  CLF__CHECK(clf__arena_status(&i->arena));
  CLF__CHECK(
      clf__classes_of_numbers(&i->model->classes, i->model->context, file->labels, i->place));
  return clf__classes_count(i->model->classes) == file->classes
             ? CLF_OK
             : clf__fail(CLF_ERROR_FORMAT, "a label occurs twice");
}

/* Vectors without classes stay in their order. */
static clf_status keep_order(importing *i) {
  const clf__libsvm *file = i->file;
  CLF__CHECK(
      clf__state_tensor(i->model->context, i->model->state, "support_count", CLF_I64, 1, -1));
  *(int64_t *)clf__state_data(i->model->state, "support_count") = file->vectors;
  i->vectors = clf__arena_array(&i->arena, file->vectors, sizeof *i->vectors);
  CLF__CHECK(clf__arena_status(&i->arena));
  for (int64_t v = 0; v < file->vectors; v++) {
    i->vectors[v] = v;
  }
  return CLF_OK;
}

/* Fills vectors[] and home[], and our count of each class. */
static clf_status order_vectors(importing *i) {
  const clf__libsvm *file = i->file;
  if (file->labels == NULL) {
    return keep_order(i);
  }
  CLF__CHECK(clf__state_tensor(i->model->context, i->model->state, "support_count", CLF_I64,
                               file->classes, -1));
  int64_t *start = clf__arena_zeroed(&i->arena, file->classes + 1, sizeof *start);
  i->vectors = clf__arena_array(&i->arena, file->vectors, sizeof *i->vectors);
  i->home = clf__arena_array(&i->arena, file->vectors, sizeof *i->home);
  CLF__CHECK(clf__arena_status(&i->arena));
  int64_t *count = clf__state_data(i->model->state, "support_count");
  for (int64_t c = 0; c < file->classes; c++) {
    count[i->place[c]] = file->count[c];
  }
  for (int64_t k = 0; k < file->classes; k++) {
    start[k + 1] = start[k] + count[k];
  }
  for (int64_t c = 0, vector = 0; c < file->classes; c++) {
    for (int64_t left = file->count[c]; left > 0; left--, vector++) {
      i->home[start[i->place[c]]] = c;
      i->vectors[start[i->place[c]]++] = vector;
    }
  }
  return CLF_OK;
}

static clf_status make_sparse(importing *i) {
  const clf__libsvm *file = i->file;
  const int64_t entries = file->row_start[file->vectors];
  float *values = clf__arena_array(&i->arena, entries, sizeof *values);
  CLF__CHECK(clf__arena_status(&i->arena));
  for (int64_t e = 0; e < entries; e++) {
    values[e] = (float)file->value[e];
  }
  i->x = (clf__rows){.rows = file->vectors,
                     .columns = file->columns,
                     .dtype = CLF_F32,
                     .scale = 1,
                     .row_start = file->row_start,
                     .column = file->column,
                     .value = values};
  return CLF_OK;
}

/* Shifts the vectors by a center, if the kernel allows it and they lie far from 0. */
static clf_status make_dense(importing *i, int64_t size) {
  const clf__libsvm *file = i->file;
  double *values = clf__arena_zeroed(&i->arena, size, sizeof *values);
  CLF__CHECK(clf__arena_status(&i->arena));
  for (int64_t row = 0; row < file->vectors; row++) {
    for (int64_t e = file->row_start[row]; e < file->row_start[row + 1]; e++) {
      values[row * file->columns + file->column[e]] = file->value[e];
    }
  }
  const clf__rows x = {.rows = file->vectors,
                       .columns = file->columns,
                       .dtype = CLF_F64,
                       .scale = 1,
                       .stride = file->columns,
                       .data = values};
  const clf_status status = clf__kind_rows_fit(&i->rows, i->model, &x, NULL, NULL);
  i->x = i->rows.x;
  return status;
}

static clf_status choose_storage(importing *i) {
  const clf__libsvm *file = i->file;
  const int64_t entries = file->row_start[file->vectors];
  int64_t size;
  return !clf__mul_i64(file->vectors, file->columns, &size) || size / DENSE_SHARE > entries
             ? make_sparse(i)
             : make_dense(i, size);
}

/* A precomputed kernel keeps the numbers of training rows. */
static clf_status store_vectors(importing *i) {
  const clf__libsvm *file = i->file;
  clf_context *context = i->model->context;
  clf__store *state = i->model->state;
  const float *center = NULL;
  CLF__CHECK(order_vectors(i));
  if (file->support != NULL) {
    for (int64_t v = 0; v < file->vectors; v++) {
      i->vectors[v] = file->support[i->vectors[v]];
    }
    i->x = (clf__rows){.rows = file->columns, .columns = file->columns, .dtype = CLF_F32};
  } else {
    CLF__CHECK(choose_storage(i));
    CLF__CHECK(clf__kernel_center(&center, &i->arena, &file->function, &i->x));
  }
  return clf__support_store(context, state, &file->function, &i->x, i->vectors, file->vectors,
                            center);
}

/* Returns -1 if two of the file's classes change their order. */
static double sign_of(const importing *i, int64_t c, int64_t d) {
  return (c < d) == (i->place[c] < i->place[d]) ? 1 : -1;
}

/* Returns the row of a class's coefficients in its machine against another class. */
static int64_t row_against(int64_t own, int64_t other) {
  return other < own ? other : other - 1;
}

/* The vectors of a class are consecutive in the file, so they are found by counting. */
static clf_status store_coefficients(importing *i) {
  const clf__libsvm *file = i->file;
  const int64_t count = file->vectors;
  CLF__CHECK(clf__state_tensor(i->model->context, i->model->state, "dual_coef", CLF_F32,
                               file->lines, count));
  CLF__CHECK(clf__state_tensor(i->model->context, i->model->state, "dual_coef_f64", CLF_F64,
                               file->lines, count));
  float *c = clf__state_data(i->model->state, "dual_coef");
  double *precise = clf__state_data(i->model->state, "dual_coef_f64");
  for (int64_t v = 0; file->labels == NULL && v < count; v++) {
    precise[v] = file->coefficients[v];
    c[v] = (float)precise[v];
  }
  if (file->labels == NULL) {
    return CLF_OK;
  }
  int64_t *next = clf__arena_zeroed(&i->arena, file->classes, sizeof *next);
  CLF__CHECK(clf__arena_status(&i->arena));
  for (int64_t k = 1; k < file->classes; k++) {
    next[k] = next[k - 1] + file->count[k - 1];
  }
  for (int64_t v = 0; v < count; v++) {
    const int64_t own = i->home[v], from = next[own]++;
    for (int64_t other = 0; other < file->classes; other++) {
      if (other != own) {
        const int64_t at = row_against(i->place[own], i->place[other]) * count + v;
        precise[at] =
            sign_of(i, own, other) * file->coefficients[row_against(own, other) * count + from];
        c[at] = (float)precise[at];
      }
    }
  }
  return CLF_OK;
}

/* The type and, of a machine without classes, its intercept and the distribution of its errors. */
static clf_status store_type(importing *i) {
  const clf__libsvm *file = i->file;
  clf_context *context = i->model->context;
  clf__store *state = i->model->state;
  CLF__CHECK(clf__state_tensor(context, state, "intercept", CLF_F64, file->pairs, -1));
  if (file->type != CLF__SVM_C_SVC) {
    CLF__CHECK(clf__state_tensor(context, state, "type", CLF_I32, 1, -1));
    *(int32_t *)clf__state_data(state, "type") = file->type;
  }
  if (file->labels == NULL) {
    *(double *)clf__state_data(state, "intercept") = -file->rho[0];
  }
  if (clf__svm_type_is_regression(file->type) && file->calibration_a != NULL) {
    CLF__CHECK(clf__state_tensor(context, state, "laplace_scale", CLF_F64, 1, -1));
    *(double *)clf__state_data(state, "laplace_scale") = file->calibration_a[0];
  }
  return CLF_OK;
}

static clf_status store_machines(importing *i) {
  const clf__libsvm *file = i->file;
  clf_context *context = i->model->context;
  clf__store *state = i->model->state;
  const bool calibrated = file->calibration_a != NULL && file->labels != NULL;
  CLF__CHECK(store_type(i));
  if (calibrated) {
    CLF__CHECK(clf__state_tensor(context, state, "calibration", CLF_F64, file->pairs, 2));
  }
  double *intercept = clf__state_data(state, "intercept");
  double *calibration = calibrated ? clf__state_data(state, "calibration") : NULL;
  for (int64_t c = 0, pair = 0; c < file->classes; c++) {
    for (int64_t d = c + 1; d < file->classes; d++, pair++) {
      const int64_t k = i->place[c], l = i->place[d];
      const int64_t at = clf__libsvm_pair(clf__min_i64(k, l), clf__max_i64(k, l), file->classes);
      intercept[at] = -sign_of(i, c, d) * file->rho[pair];
      if (calibrated) { /* 1 - 1 / (1 + exp(A f + B)) = 1 / (1 + exp(A (-f) - B)) */
        calibration[2 * at] = file->calibration_a[pair];
        calibration[2 * at + 1] = sign_of(i, c, d) * file->calibration_b[pair];
      }
    }
  }
  return CLF_OK;
}

/* w += a (t - c) for a vector t of the file. */
static void add_vector(const clf__libsvm *file, int64_t vector, double a, const double *center,
                       double *w) {
  int64_t e = file->row_start[vector];
  const int64_t end = file->row_start[vector + 1];
  for (int64_t j = 0; center != NULL && j < file->columns; j++) {
    const bool there = e < end && file->column[e] == j;
    w[j] += a * ((there ? file->value[e] : 0) - center[j]);
    e += there;
  }
  for (; e < end; e++) {
    w[file->column[e]] += a * file->value[e];
  }
}

static double add_all(const importing *i, const double *center, double *w) {
  const double *c = clf__state_data(i->model->state, "dual_coef_f64");
  double sum = 0;
  for (int64_t v = 0; v < i->file->vectors; v++) {
    add_vector(i->file, i->vectors[v], c[v], center, w);
    sum += c[v];
  }
  return sum;
}

/* Adds the vectors of class `own`, times their coefficients against `other`. Returns the sum of the
 * coefficients. */
static double add_vectors(const importing *i, int64_t first, int64_t own, int64_t other,
                          const double *center, double *w) {
  const clf__libsvm *file = i->file;
  const int64_t *count = clf__state_data(i->model->state, "support_count");
  const double *c = clf__state_data(i->model->state, "dual_coef_f64");
  double sum = 0;
  for (int64_t v = first; v < first + count[own]; v++) {
    const double a = c[row_against(own, other) * file->vectors + v];
    add_vector(file, i->vectors[v], a, center, w);
    sum += a;
  }
  return sum;
}

static clf_status check_weights(const importing *i, int64_t *size) {
  const int64_t max = max_weight_bytes + weight_bytes_ratio * i->bytes;
  if (!clf__mul_i64(i->file->pairs, i->file->columns, size) || *size > max / 4) {
    return clf__fail(CLF_ERROR_FORMAT,
                     "%lld linear machines of %lld features are out of proportion to a file of "
                     "%lld bytes",
                     (long long)i->file->pairs, (long long)i->file->columns, (long long)i->bytes);
  }
  return CLF_OK;
}

/* Far from 0, with a center c, f(x) = sum a x't - rho is w'(x - c) + (w'c - rho), where the weights
 * w = sum a t are sum a (t - c) + c sum a, without products of large numbers that cancel. */
static void move_intercept(const double *center, int64_t columns, double sum, double *w,
                           double *intercept) {
  for (int64_t j = 0; center != NULL && j < columns; j++) {
    w[j] += sum * center[j];
    *intercept += w[j] * center[j];
  }
}

static clf_status store_weights(importing *i) {
  const clf__libsvm *file = i->file;
  clf_context *context = i->model->context;
  clf__store *state = i->model->state;
  const clf_tensor *moved = clf__store_tensor(state, "center");
  const double *center = moved != NULL ? moved->data : NULL;
  const int64_t columns = file->columns;
  int64_t size;
  CLF__CHECK(check_weights(i, &size));
  CLF__CHECK(clf__state_tensor(context, state, "weights", CLF_F32, file->pairs, columns));
  CLF__CHECK(clf__state_tensor(context, state, "weights_f64", CLF_F64, file->pairs, columns));
  int64_t *start = clf__arena_zeroed(&i->arena, file->classes + 1, sizeof *start);
  CLF__CHECK(clf__arena_status(&i->arena));
  const int64_t *count = clf__state_data(state, "support_count");
  float *weights = clf__state_data(state, "weights");
  double *precise = clf__state_data(state, "weights_f64"), *w = precise;
  double *intercept = clf__state_data(state, "intercept");
  memset(precise, 0, (size_t)size * sizeof *precise);
  if (file->labels == NULL) {
    move_intercept(center, columns, add_all(i, center, w), w, intercept);
  }
  for (int64_t k = 0; k < file->classes; k++) {
    start[k + 1] = start[k] + count[k];
  }
  for (int64_t k = 0; k < file->classes; k++) {
    for (int64_t l = k + 1; l < file->classes; l++, w += columns, intercept++) {
      const double sum =
          add_vectors(i, start[k], k, l, center, w) + add_vectors(i, start[l], l, k, center, w);
      move_intercept(center, columns, sum, w, intercept);
    }
  }
  for (int64_t j = 0; j < size; j++) {
    weights[j] = (float)precise[j];
  }
  return CLF_OK;
}

static clf_status fill(importing *i) {
  clf_model *model = i->model;
  clf_status status;
  CLF__TRY(clf__store_create(&model->state, model->context));
  model->features = model->columns = i->file->columns;
  model->outputs = i->file->labels != NULL ? i->file->classes : 1;
  CLF__TRY(i->file->labels != NULL ? add_classes(i) : CLF_OK);
  CLF__TRY(store_vectors(i));
  CLF__TRY(store_coefficients(i));
  CLF__TRY(store_machines(i));
  if (i->file->function.kind == CLF__KERNEL_LINEAR) {
    CLF__TRY(store_weights(i));
    clf__model_log_far(model->context, "libsvm", clf__state_data(model->state, "intercept"),
                       i->file->pairs);
  }
  model->outcome = CLF_OK;
  CLF__TRY(model->kind->check(model));
  CLF__TRY(clf__state_check_finite(model));
  CLF__TRY(clf__model_prepare(model));
done:
  clf__arena_free(&i->arena);
  clf__kind_rows_free(&i->rows);
  return status;
}

/* Makes an svm with the file's parameters; C is not among them. */
static clf_status create_model(clf_model **out, clf_context *context, const clf__libsvm *file) {
  static const char *const kernels[] = {"linear", "polynomial", "rbf", "sigmoid", "precomputed"};
  clf__text text = {.context = context};
  static const char *const types[] = {"c_svc", "nu_svc", "one_class", "epsilon_svr", "nu_svr"};
  clf__text_append(&text, "kernel=%s type=%s", kernels[file->function.kind], types[file->type]);
  if (file->function.kind != CLF__KERNEL_LINEAR && file->support == NULL) {
    clf__text_append(&text, " gamma=%s", clf__number_text(file->function.gamma));
    clf__text_append(&text, " degree=%d", (int)file->function.degree);
    clf__text_append(&text, " coef0=%s", clf__number_text(file->function.coef0));
  }
  if (file->calibration_a != NULL && file->labels != NULL) {
    clf__text_append(&text, " probability=true");
  }
  clf_status status = text.failed
                          ? CLF_ERROR_MEMORY
                          : clf_model_create(out, context, clf__svm_kind.base.name, text.bytes);
  clf__text_free(&text);
  return status;
}

static clf_status import(clf_model **out, clf_context *context, const clf__bytes *bytes,
                         const char *name, const void *values) {
  clf__libsvm file = {.classes = 0};
  importing i = {.arena = {.context = context}, .file = &file, .bytes = (int64_t)bytes->size};
  clf_status status;
  CLF__TRY(clf__libsvm_parse(&file, context, bytes, name, values));
  CLF__TRY(create_model(&i.model, context, &file));
  status = fill(&i);
  if (status < 0) {
    status = clf__fail_within(status == CLF_ERROR_MEMORY ? status : CLF_ERROR_FORMAT, "%s", name);
    goto done;
  }
  *out = i.model;
  i.model = NULL;
done:
  clf_model_free(i.model);
  clf__libsvm_free(&file);
  return status;
}

const clf__model_reader clf__model_reader_libsvm = {
    .base = CLF__KIND("libsvm", "LIBSVM's own model files", params, clf__libsvm_params),
    .import = import,
};
