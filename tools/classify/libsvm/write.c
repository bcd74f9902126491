/* Writes LIBSVM's model file of a machine that was fitted, with the rows as they were read: all
 * digits, whatever the library subtracted or rounded in its fit. */
#include <stdlib.h>

#include "libsvm/machine.h"

typedef struct writing {
  FILE *out;
  const svm_machine *machine;
  const svm_training *training;
  clf_tensor *coefficient; /* [classes - 1, vectors] f64 */
  clf_tensor *support;     /* [vectors] i64, numbers of rows among those fitted */
  clf_tensor *count;       /* [classes] i64 */
  clf_tensor *calibration; /* [pairs, 2] f64, or NULL; count and this are of classes */
  double *rho;             /* [pairs] */
} writing;

static const char *const kernel_names[] = {"linear", "polynomial", "rbf", "sigmoid", "precomputed"};

static void write_function(FILE *out, const svm_settings *s) {
  fprintf(out, "svm_type %s\nkernel_type %s\n", svm_type_words[s->type], kernel_names[s->kernel]);
  if (s->kernel == SVM_POLYNOMIAL) {
    fprintf(out, "degree %lld\n", (long long)s->degree);
  }
  if (s->kernel == SVM_POLYNOMIAL || s->kernel == SVM_RBF || s->kernel == SVM_SIGMOID) {
    fprintf(out, "gamma %.17g\n", s->gamma);
  }
  if (s->kernel == SVM_POLYNOMIAL || s->kernel == SVM_SIGMOID) {
    fprintf(out, "coef0 %.17g\n", s->coef0);
  }
}

static void write_numbers(const writing *w, const char *key, const double *values, int64_t step) {
  const int64_t classes = w->machine->classes;
  fprintf(w->out, "%s", key);
  for (int64_t i = 0; i < classes * (classes - 1) / 2; i++) {
    fprintf(w->out, " %.17g", values[i * step]);
  }
  putc('\n', w->out);
}

/* Eight digits, as LIBSVM writes them, if they are the number, and all digits otherwise. */
static void write_value(FILE *out, double value) {
  char digits[32];
  snprintf(digits, sizeof digits, "%.8g", value);
  if (strtod(digits, NULL) != value) {
    snprintf(digits, sizeof digits, "%.17g", value);
  }
  fputs(digits, out);
}

static void write_vector(const writing *w, int64_t vector, bool precomputed) {
  const svm_rows *rows = w->training->rows;
  const int64_t vectors = clf_tensor_extent(w->coefficient, 1);
  const int64_t row = w->training->chosen[((const int64_t *)clf_tensor_data(w->support))[vector]];
  const double *c = clf_tensor_data(w->coefficient);
  for (int64_t k = 0; k < w->machine->classes - 1; k++) {
    fprintf(w->out, "%.17g ", c[k * vectors + vector]);
  }
  const int64_t last = precomputed ? rows->start[row] + 1 : rows->start[row + 1];
  for (int64_t e = rows->start[row]; e < last; e++) {
    fprintf(w->out, "%d:", rows->index[e]);
    write_value(w->out, rows->value[e]);
    putc(' ', w->out);
  }
  putc('\n', w->out);
}

/* What a file of a single class has. */
static void write_one(FILE *out, const svm_machine *machine) {
  fprintf(out, "nr_class 1\ntotal_sv 0\nrho\nlabel %d\nnr_sv 0\nSV\n", machine->label[0]);
}

static void write_classes(const writing *w) {
  const svm_machine *machine = w->machine;
  fprintf(w->out, "label");
  for (int64_t k = 0; k < machine->classes; k++) {
    fprintf(w->out, " %d", machine->label[k]);
  }
  putc('\n', w->out);
  if (w->calibration != NULL) {
    const double *calibration = clf_tensor_data(w->calibration);
    write_numbers(w, "probA", calibration, 2);
    write_numbers(w, "probB", calibration + 1, 2);
  }
  fprintf(w->out, "nr_sv");
  for (int64_t k = 0; k < machine->classes; k++) {
    fprintf(w->out, " %lld", (long long)((const int64_t *)clf_tensor_data(w->count))[k]);
  }
  putc('\n', w->out);
}

static void write_all(const writing *w, bool precomputed) {
  const svm_machine *machine = w->machine;
  const int64_t vectors = clf_tensor_extent(w->coefficient, 1);
  fprintf(w->out, "nr_class %lld\ntotal_sv %lld\n", (long long)machine->classes,
          (long long)vectors);
  write_numbers(w, "rho", w->rho, 1);
  if (machine->label != NULL) {
    write_classes(w);
  } else if (machine->calibrated) {
    write_numbers(w, "probA", &machine->sigma, 1);
  }
  fprintf(w->out, "SV\n");
  for (int64_t v = 0; v < vectors; v++) {
    write_vector(w, v, precomputed);
  }
}

clf_status svm_machine_write(FILE *out, const svm_machine *machine, const svm_training *training,
                             const svm_settings *settings) {
  writing w = {.out = out, .machine = machine, .training = training};
  clf_status status = CLF_OK;
  write_function(out, settings);
  if (machine->model == NULL) {
    write_one(out, machine);
    return CLF_OK;
  }
  status = clf_model_tensor(&w.coefficient, machine->model, "dual_coef_f64");
  status = status >= 0 ? clf_model_tensor(&w.support, machine->model, "support") : status;
  status = status >= 0 ? clf_model_tensor(&w.count, machine->model, "support_count") : status;
  status = status >= 0 && machine->calibrated && machine->label != NULL
               ? clf_model_tensor(&w.calibration, machine->model, "calibration")
               : status;
  if (status >= 0) {
    w.rho = calloc((size_t)(machine->classes * (machine->classes - 1) / 2), sizeof *w.rho);
    status = w.rho == NULL ? CLF_ERROR_MEMORY : svm_machine_rho(machine, training, settings, w.rho);
  }
  if (status >= 0) {
    write_all(&w, settings->kernel == SVM_PRECOMPUTED);
  }
  clf_tensor_free(w.coefficient);
  clf_tensor_free(w.support);
  clf_tensor_free(w.count);
  clf_tensor_free(w.calibration);
  free(w.rho);
  return status;
}
