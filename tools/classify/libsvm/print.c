/* LIBSVM's lines on a fit. For the pair of classes i < j, alpha are the absolute values of its
 * coefficients: nu is their sum divided by C times the pair's rows, and those at C are bounded. The
 * dots stand for the iterations, one for each min(rows, 1000) of them. */
#include <math.h>
#include <stdlib.h>

#include "libsvm/machine.h"

typedef struct printing {
  const svm_machine *machine;
  const svm_training *training;
  const svm_settings *settings;
  clf_tensor *coefficient, *count, *objective, *iterations;
  double *rho; /* [pairs] */
} printing;

typedef struct pair_sums {
  int64_t vectors, bounded;
  double alpha;
} pair_sums;

static int64_t first_vector(const printing *p, int64_t class) {
  const int64_t *count = clf_tensor_data(p->count);
  int64_t first = 0;
  for (int64_t k = 0; k < class; k++) {
    first += count[k];
  }
  return first;
}

/* Adds what the vectors of class `own` have in its machine against class `other`. */
static void add_vectors(const printing *p, int64_t own, int64_t other, pair_sums *sums) {
  const int64_t first = first_vector(p, own), line = other < own ? other : other - 1;
  const int64_t last = first + ((const int64_t *)clf_tensor_data(p->count))[own];
  const double *c = clf_tensor_data(p->coefficient);
  const double bound = svm_bound_of(p->settings, p->machine->label[own]);
  c += line * clf_tensor_extent(p->coefficient, 1);
  for (int64_t v = first; v < last; v++) {
    sums->vectors += c[v] != 0;
    sums->bounded += fabs(c[v]) >= bound;
    sums->alpha += fabs(c[v]);
  }
}

static void print_pair(const printing *p, int64_t i, int64_t j, int64_t pair) {
  const svm_classes *classes = &p->training->classes;
  const int64_t rows = classes->rows[i] + classes->rows[j];
  const int64_t iterations = ((const int64_t *)clf_tensor_data(p->iterations))[pair];
  const double bound = svm_bound_of(p->settings, p->machine->label[i]);
  pair_sums sums = {0};
  add_vectors(p, i, j, &sums);
  add_vectors(p, j, i, &sums);
  for (int64_t dots = iterations / (rows < 1000 ? rows : 1000); dots > 0; dots--) {
    putchar('.');
  }
  printf("*\noptimization finished, #iter = %lld\n", (long long)iterations);
  if (bound == svm_bound_of(p->settings, p->machine->label[j])) {
    printf("nu = %f\n", sums.alpha / (bound * (double)rows));
  }
  printf("obj = %f, rho = %f\n", ((const double *)clf_tensor_data(p->objective))[pair],
         p->rho[pair]);
  printf("nSV = %lld, nBSV = %lld\n", (long long)sums.vectors, (long long)sums.bounded);
}

static clf_status print_pairs(printing *p) {
  const struct {
    const char *name;
    clf_tensor **tensor;
  } needed[] = {{"dual_coef_f64", &p->coefficient},
                {"support_count", &p->count},
                {"objective", &p->objective},
                {"iterations", &p->iterations}};
  clf_status status = CLF_OK;
  for (size_t t = 0; status >= 0 && t < sizeof needed / sizeof *needed; t++) {
    status = clf_model_tensor(needed[t].tensor, p->machine->model, needed[t].name);
  }
  int64_t pair = 0;
  for (int64_t i = 0; status >= 0 && i < p->machine->classes; i++) {
    for (int64_t j = i + 1; j < p->machine->classes; j++) {
      print_pair(p, i, j, pair++);
    }
  }
  if (status >= 0) {
    printf("Total nSV = %lld\n", (long long)clf_tensor_extent(p->coefficient, 1));
  }
  for (size_t t = 0; t < sizeof needed / sizeof *needed; t++) {
    clf_tensor_free(*needed[t].tensor);
  }
  return status;
}

clf_status svm_machine_print(const svm_machine *machine, const svm_training *training,
                             const svm_settings *settings) {
  const int64_t pairs = machine->classes * (machine->classes - 1) / 2;
  printing p = {.machine = machine, .training = training, .settings = settings};
  clf_status status = CLF_OK;
  if (machine->model == NULL) {
    printf("WARNING: training data in only one class. See README for details.\nTotal nSV = 0\n");
  } else {
    p.rho = calloc((size_t)pairs, sizeof *p.rho);
    status = p.rho == NULL ? CLF_ERROR_MEMORY : svm_machine_rho(machine, training, settings, p.rho);
    status = status >= 0 ? print_pairs(&p) : status;
    free(p.rho);
  }
  fflush(stdout);
  return status;
}
