/* LIBSVM's lines on a fit. For the pair of classes i < j, alpha are the absolute values of its
 * coefficients: nu is their sum divided by C times the pair's rows, and those at C are bounded.
 * Machines of nu tell the C or the epsilon that it determined instead. The
 * dots stand for the iterations, one for each min(rows, 1000) of them. */
#include <math.h>
#include <stdlib.h>

#include "libsvm/machine.h"

typedef struct printing {
  const svm_machine *machine;
  const svm_training *training;
  const svm_settings *settings;
  clf_tensor *coefficient, *count, *objective, *iterations;
  clf_tensor *implied; /* [pairs] the C or the epsilon that nu determined, or NULL */
  double *rho;         /* [pairs] */
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

static double implied_of(const printing *p, int64_t pair) {
  return ((const double *)clf_tensor_data(p->implied))[pair];
}

/* The upper bound of the coefficients of a class, or of all rows. A nu_svc is scaled, and so are the
 * bounds. */
static double bound_of(const printing *p, int64_t class, int64_t pair) {
  const svm_machine *machine = p->machine;
  return machine->type == SVM_NU_SVC
             ? implied_of(p, pair)
             : svm_bound_of(p->settings, machine->label != NULL ? machine->label[class] : 0);
}

/* Adds what `count` vectors from `first` on have in a line of coefficients. */
static void add_vectors(const printing *p, int64_t line, int64_t first, int64_t count, double bound,
                        pair_sums *sums) {
  const double *c = clf_tensor_data(p->coefficient);
  c += line * clf_tensor_extent(p->coefficient, 1);
  for (int64_t v = first; v < first + count; v++) {
    sums->vectors += c[v] != 0;
    sums->bounded += c[v] != 0 && fabs(c[v]) >= bound;
    sums->alpha += fabs(c[v]);
  }
}

/* Adds what the vectors of class `own` have in its machine against class `other`. */
static void add_class(const printing *p, int64_t own, int64_t other, int64_t pair,
                      pair_sums *sums) {
  const int64_t count = ((const int64_t *)clf_tensor_data(p->count))[own];
  add_vectors(p, other < own ? other : other - 1, first_vector(p, own), count,
              bound_of(p, own, pair), sums);
}

static void print_machine(const printing *p, int64_t pair, int64_t rows, const pair_sums *sums,
                          double nu) {
  const int64_t iterations = ((const int64_t *)clf_tensor_data(p->iterations))[pair];
  for (int64_t dots = iterations / (rows < 1000 ? rows : 1000); dots > 0; dots--) {
    putchar('.');
  }
  printf("*\noptimization finished, #iter = %lld\n", (long long)iterations);
  if (p->implied != NULL) {
    printf("%s = %f\n", p->machine->type == SVM_NU_SVC ? "C" : "epsilon", implied_of(p, pair));
  } else if (nu >= 0) {
    printf("nu = %f\n", nu);
  }
  printf("obj = %f, rho = %f\n", ((const double *)clf_tensor_data(p->objective))[pair],
         p->rho[pair]);
  printf("nSV = %lld, nBSV = %lld\n", (long long)sums->vectors, (long long)sums->bounded);
}

static void print_pair(const printing *p, int64_t i, int64_t j, int64_t pair) {
  const svm_classes *classes = &p->training->classes;
  const int64_t rows = classes->rows[i] + classes->rows[j];
  const double bound = bound_of(p, i, pair);
  pair_sums sums = {0};
  add_class(p, i, j, pair, &sums);
  add_class(p, j, i, pair, &sums);
  print_machine(p, pair, rows, &sums,
                bound == bound_of(p, j, pair) ? sums.alpha / (bound * (double)rows) : -1);
}

/* A machine without classes. */
static void print_single(const printing *p) {
  const int64_t rows = p->training->count;
  const double bound = bound_of(p, 0, 0);
  pair_sums sums = {0};
  add_vectors(p, 0, 0, clf_tensor_extent(p->coefficient, 1), bound, &sums);
  print_machine(p, 0, rows, &sums,
                p->machine->type == SVM_EPSILON_SVR ? sums.alpha / (bound * (double)rows) : -1);
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
  if (status >= 0 && (p->machine->type == SVM_NU_SVC || p->machine->type == SVM_NU_SVR)) {
    status = clf_model_tensor(&p->implied, p->machine->model,
                              p->machine->type == SVM_NU_SVC ? "implied_C" : "implied_epsilon");
  }
  const bool classes = svm_type_has_classes(p->machine->type);
  int64_t pair = 0;
  if (status >= 0 && !classes) {
    print_single(p);
  }
  for (int64_t i = 0; status >= 0 && classes && i < p->machine->classes; i++) {
    for (int64_t j = i + 1; j < p->machine->classes; j++) {
      print_pair(p, i, j, pair++);
    }
  }
  if (status >= 0 && classes) {
    printf("Total nSV = %lld\n", (long long)clf_tensor_extent(p->coefficient, 1));
  }
  for (size_t t = 0; t < sizeof needed / sizeof *needed; t++) {
    clf_tensor_free(*needed[t].tensor);
  }
  clf_tensor_free(p->implied);
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
