/* Fisher discriminant: the projection that maximizes the scatter of the class means relative to the
 * scatter within the classes (Fisher 1936, Rao 1948), and classification by Gaussians with a shared
 * covariance S and priors p_k:
 *
 *   decision_k(x) = ln p_k + (m_k - m)^T S^-1 (x - m) - (m_k - m)^T S^-1 (m_k - m) / 2
 *
 * The softmax of the decisions are the class probabilities. The Gram engine computes the scatter
 * within the classes and the class sums about the mean m. fisher_solve.c solves for the directions
 * S^-1 (m_k - m) as accurately as f64 rows allow; among several solutions it finds the one of
 * minimum norm. The K-1 axes come from a K x K eigenproblem, so S is the only matrix of the size of
 * the features that is factorized, and only once. */
#include <float.h>
#include <math.h>

#include "base/math.h"
#include "comm/shards.h"
#include "models/fisher/fisher.h"
#include "models/linear.h"
#include "models/sums.h"
#include "ops/ops.h"

typedef clf__fisher_params fisher_params;

#define CLF__VALUES fisher_params
static const clf__param params[] = {
    CLF__REAL_OR(shrinkage, "none|auto", "none", 0, 1,
                 "part of the covariance replaced by its mean variance; auto: by its own diagonal"),
    CLF__LIST(priors, "data", "data", CLF__ABOVE(0), DBL_MAX,
              "prior of each class, scaled to sum to 1; data: its share of the rows"),
    CLF__BOOL(unbiased, "false",
              "divide the scatter by the weights' sum minus the number of classes"),
    CLF__INT_OR(components, "auto", "auto", 1, 1e9, "number of axes; auto: at most classes - 1"),
    CLF__REAL(tolerance, "0", 0, 1,
              "share of unexplained variance up to which features are left out; 0: f64's limit"),
    CLF__CHOICE(kernel.kernel, "none|" CLF__KERNEL_WORDS, "none",
                "kernel in whose space the axes are; none: linear in the features"),
    CLF__KERNEL_PARAMS,
    CLF__REAL(alpha, "0.1", CLF__ABOVE(0), 1e30, "kernel: regularization, added to its diagonal"),
    CLF__INT(landmarks, "5000", 0, 1e9, "kernel: maximum number of rows for the axes; 0: all"),
    CLF__CHOICE(solver, "auto|cholesky|cg", "auto",
                "kernel, for all rows: cholesky is exact; cg suits many rows"),
    CLF__REAL(residual, "1e-4", CLF__ABOVE(0), 1, "kernel: relative residual at which cg stops"),
    CLF__INT(max_iterations, "200", 1, 1e9, "kernel: maximum number of iterations of cg"),
    CLF__INT(cache_mb, "4096", 1, 1e9, "cg: megabytes of the kernel matrix, if need be in 16 bits"),
    CLF__PRECISION("products of the rows in f32, or in f64"),
    CLF__DECISION_PARAMS,
    CLF__INCREMENTAL,
};

static clf_status allocate(clf__fisher_work *work) {
  clf_context *context = work->context;
  work->arena.context = context;
  work->total_variance = clf__arena_array(&work->arena, work->columns, sizeof(double));
  work->deviation = clf__arena_array(&work->arena, work->columns, sizeof(double));
  work->penalty = clf__arena_array(&work->arena, work->columns, sizeof(double));
  work->offsets = clf__arena_matrix(&work->arena, work->columns, work->classes, sizeof(double));
  work->directions = clf__arena_matrix(&work->arena, work->columns, work->classes, sizeof(double));
  work->priors = clf__arena_array(&work->arena, work->classes, sizeof(double));
  return clf__arena_status(&work->arena);
}

static void release(clf__fisher_work *work) {
  clf__gram_free(&work->gram);
  clf__arena_free(&work->arena);
}

static clf_status set_priors(clf__fisher_work *work) {
  const clf__list *given = &work->params->priors;
  if (given->word < 0 && given->count != work->classes) {
    return clf__fail(CLF_ERROR_ARGUMENT, "fisher: priors has %lld numbers; there are %lld classes",
                     (long long)given->count, (long long)work->classes);
  }
  double sum = 0;
  for (int64_t k = 0; k < work->classes; k++) {
    work->priors[k] = given->word < 0 ? given->values[k] : work->gram.class_weight[k];
    sum += work->priors[k];
  }
  for (int64_t k = 0; k < work->classes; k++) {
    work->priors[k] /= sum;
    if (given->word < 0) { /* the probabilities are of these shares */
      work->training->class_sums[k] = work->gram.class_weight[k] > 0 ? work->priors[k] : 0;
    }
  }
  return CLF_OK;
}

/* Adds what the Gaussians are made of: `class_means` f64 [K, D], the overall mean for classes
 * without rows, and `priors` f64 [K]. */
static clf_status store_gaussians(const clf__fisher_work *work, clf__store *state) {
  const int64_t d = work->columns, classes = work->classes;
  const double *center = work->training->center;
  CLF__CHECK(clf__state_tensor(work->context, state, "class_means", CLF_F64, classes, d));
  CLF__CHECK(clf__state_tensor(work->context, state, "priors", CLF_F64, classes, -1));
  double *means = clf__state_data(state, "class_means"), *priors = clf__state_data(state, "priors");
  for (int64_t k = 0; k < classes; k++) {
    priors[k] = work->priors[k];
    for (int64_t j = 0; j < d; j++) {
      means[k * d + j] =
          work->gram.mean[j] + work->offsets[j * classes + k] + (center != NULL ? center[j] : 0);
    }
  }
  return CLF_OK;
}

/* Computes the class means relative to the overall mean; 0 for classes without rows. */
static void set_offsets(clf__fisher_work *work) {
  for (int64_t j = 0; j < work->columns; j++) {
    for (int64_t k = 0; k < work->classes; k++) {
      double weight = work->gram.class_weight[k];
      double sum = work->gram.cross[k * work->columns + j];
      work->offsets[j * work->classes + k] = weight > 0 ? sum / weight : 0;
    }
  }
}

static clf_status count_rows(void *argument, int64_t first, int64_t rows, double *count) {
  const float *weights = ((const clf__training *)argument)->weights;
  for (int64_t i = first; i < first + rows; i++) {
    *count += weights == NULL || weights[i] > 0;
  }
  return CLF_OK;
}

/* One row for each class does not define any variation within the classes. */
static clf_status check_rows(const clf__training *training) {
  clf__training own = *training;
  double counted = 0;
  int64_t classes = 0;
  const clf__shard_sum sum = {.name = "rows of classes",
                              .of = training->x->shards,
                              .rows = training->x->rows,
                              .integers = true,
                              .add = count_rows,
                              .argument = &own};
  CLF__CHECK(clf__shards_sum(&sum, &counted, 1));
  for (int64_t k = 0; k < training->classes; k++) {
    classes += training->class_rows[k] > 0;
  }
  return counted > (double)classes
             ? CLF_OK
             : clf__fail(CLF_ERROR_DATA,
                         "fisher: %lld rows of %lld classes leave nothing that varies within a "
                         "class; a class needs two rows or more",
                         (long long)counted, (long long)classes);
}

clf_status clf__fisher_store_map(const clf__fisher_work *work, clf__store *state,
                                 const clf__linear_names *names, const clf__linear_solution *map) {
  return work->sums != NULL
             ? clf__linear_store_sums(work->context, state, names, map, work->sums)
             : clf__linear_store(work->context, state, names, map, work->training->x);
}

/* Classes without rows get a bias below all others, so that they are never predicted. */
static clf_status store_classifier(clf__fisher_work *work, clf__store *state) {
  const int64_t d = work->columns, classes = work->classes;
  double *bias = clf__alloc_array(work->context, classes, sizeof *bias);
  if (bias == NULL) {
    return CLF_ERROR_MEMORY;
  }
  for (int64_t k = 0; k < classes; k++) {
    double at_mean = 0, at_origin = 0;
    for (int64_t j = 0; j < d; j++) {
      const double w = work->directions[j * classes + k];
      at_mean += w * work->offsets[j * classes + k];
      at_origin += w * work->gram.mean[j];
    }
    const double prior = work->priors[k];
    const bool known = prior > 0 && work->gram.class_weight[k] > 0;
    bias[k] = known ? log(prior) - at_mean / 2 - at_origin : -1e30;
  }
  const clf__linear_solution solution = {work->directions, bias, 1, classes, classes, d};
  const clf_status status = clf__fisher_store_map(work, state, &clf__decision_names, &solution);
  clf__free(bias);
  return status;
}

clf_status clf__fisher_gram(clf__fisher_work *work) {
  const clf__training *training = work->training;
  const clf__gram_input input = {.x = training->x,
                                 .weights = training->weights,
                                 .labels = training->labels,
                                 .outputs = training->classes,
                                 .centered = true,
                                 .within = true,
                                 .f64 = work->params->precision == CLF__PRECISION_F64,
                                 .diagonal = work->wide};
  if (work->sums != NULL) {
    return clf__moments_gram(&work->gram, work->context, work->sums, true, true, &work->separated);
  }
  CLF__CHECK(check_rows(training));
  return clf__gram_create(&work->gram, work->context, &input);
}

static clf_status fit_work(clf__fisher_work *work, clf__store *state) {
  clf_status status = CLF_OK;
  CLF__TRY(clf__fisher_choose_wide(work));
  CLF__TRY(clf__fisher_gram(work));
  CLF__TRY(allocate(work));
  CLF__TRY(set_priors(work));
  set_offsets(work);
  CLF__TRY(store_gaussians(work, state));
  CLF__TRY(clf__fisher_solve(work));
  CLF__TRY(store_classifier(work, state));
  CLF__TRY(clf__fisher_store_axes(work, state));
  status = work->sums != NULL
               ? clf__sums_judge(work->training, work->separated ? 1 : work->uncertainty)
           : work->end == CLF__FISHER_DOUBTFUL ? CLF_NOT_CONVERGED
                                               : CLF_OK;
done:
  release(work);
  return status;
}

clf_status clf__fisher_fit_linear(const clf_model *model, const clf__training *training,
                                  clf__store *state) {
  clf__fisher_work work = {.context = model->context,
                           .training = training,
                           .params = model->params,
                           .columns = training->x->columns,
                           .classes = training->classes};
  return fit_work(&work, state);
}

static int64_t min_rows(const clf_model *model, int64_t classes) {
  (void)model;
  return classes + 1;
}

/* As long as no class has two rows, nothing varies within the classes, and the decisions are those
 * of the priors alone. */
static clf_status fit_sums(const clf_model *model, const clf__training *training,
                           const clf__moments *sums, clf__store *state) {
  clf__fisher_work work = {.context = model->context,
                           .training = training,
                           .params = model->params,
                           .columns = training->x->columns,
                           .classes = training->classes,
                           .sums = sums};
  for (int64_t k = 0; k < sums->groups; k++) {
    work.varies = work.varies || sums->rows[k] > 1;
  }
  if (!work.varies) {
    clf__fit_log(training, "no class has two rows yet: the decisions are those of the priors");
  }
  return fit_work(&work, state);
}

static clf_status fit(const clf_model *model, const clf__training *training, clf__store *state) {
  const fisher_params *p = model->params;
  return p->kernel.kernel == CLF__FISHER_LINEAR ? clf__fisher_fit_linear(model, training, state)
                                                : clf__fisher_fit_kernel(model, training, state);
}

/* Models that an earlier version saved lack these tensors. */
static clf_status check_gaussians(const clf_model *model, int64_t columns) {
  if (clf__store_tensor(model->state, "class_means") == NULL &&
      clf__store_tensor(model->state, "priors") == NULL) {
    return CLF_OK;
  }
  CLF__CHECK(clf__check_tensor(model, "class_means", CLF_F64, model->outputs, columns));
  return clf__check_tensor(model, "priors", CLF_F64, model->outputs, -1);
}

static clf_status check(const clf_model *model) {
  int64_t columns = model->columns;
  if (clf__support_there(model->state)) {
    CLF__CHECK(clf__fisher_check_kernel(model, &columns));
  }
  CLF__CHECK(clf__linear_check_map(model, &clf__decision_names, model->outputs, columns));
  CLF__CHECK(clf__linear_check_map(model, &clf__projection_names, -1, columns));
  return check_gaussians(model, columns);
}

static clf_status check_params(clf_context *context, const void *own) {
  const fisher_params *p = own;
  (void)context;
  if (p->precision == CLF__PRECISION_F64 && p->kernel.kernel != CLF__FISHER_LINEAR) {
    return clf__fail(CLF_ERROR_ARGUMENT,
                     "fisher: precision=f64 is for kernel=linear; the values of other kernels are "
                     "f32");
  }
  return !p->unbiased || p->shrinkage.word != CLF__FISHER_SHRINKAGE_AUTO
             ? CLF_OK
             : clf__fail(CLF_ERROR_ARGUMENT,
                         "fisher: shrinkage=auto estimates variances of its own; set "
                         "unbiased=false, or shrinkage to a number");
}

static int64_t components(const clf_model *model) {
  return clf__store_tensor(model->state, "projection")->shape[0];
}

static clf_status map_rows(const clf_model *model, const clf__linear_names *names,
                           const clf__rows *x, float *values) {
  return clf__support_there(model->state) ? clf__fisher_map_kernel(model, x, names, values)
                                          : clf__linear_apply(model, names, x, values);
}

static clf_status decide(const clf_model *model, const clf__rows *x, float *values) {
  return map_rows(model, &clf__decision_names, x, values);
}

static clf_status transform(const clf_model *model, const clf__rows *x, float *values) {
  return map_rows(model, &clf__projection_names, x, values);
}

static clf_status transform_f64(const clf_model *model, const clf__rows *x, double *values) {
  return clf__linear_apply_f64(model, &clf__projection_names, x, values);
}

static int32_t link_of(const clf_model *model) {
  (void)model;
  return CLF__LINK_SOFTMAX;
}

static bool movable(const clf_model *model) {
  const int32_t kernel = ((const fisher_params *)model->params)->kernel.kernel;
  return kernel == CLF__FISHER_LINEAR || clf__kernel_movable(kernel - 1);
}

static bool is_linear(const clf_model *model) {
  const fisher_params *p = model->params;
  return p->kernel.kernel == CLF__FISHER_LINEAR;
}

/* Of a kernel without landmarks, the system of all rows is not divided. */
static bool is_divided(const clf_model *model) {
  return is_linear(model) || ((const fisher_params *)model->params)->landmarks > 0;
}

static bool has_whole_rows(const clf_model *model) {
  return !is_linear(model);
}

static bool keeps_sums(const clf_model *model) {
  return ((const fisher_params *)model->params)->incremental;
}

static clf_status check_sums(const clf_model *model) {
  const fisher_params *p = model->params;
  if (!is_linear(model)) {
    return clf__fail(CLF_ERROR_UNSUPPORTED,
                     "fisher: with a kernel all rows are needed at once; kernel=none keeps sums");
  }
  return p->shrinkage.word != CLF__FISHER_SHRINKAGE_AUTO
             ? CLF_OK
             : clf__fail(CLF_ERROR_UNSUPPORTED,
                         "fisher: shrinkage=auto needs fourth powers of all rows at once; set "
                         "shrinkage to none or to a number");
}

static bool is_centered(const clf_model *model) {
  (void)model;
  return true;
}

static const clf__sums_kind sums_kind = {.kept = keeps_sums,
                                         .check = check_sums,
                                         .centered = is_centered,
                                         .min_rows = min_rows,
                                         .solve = fit_sums};

const clf__model_kind clf__fisher_kind = {
    .base = CLF__KIND(
        "fisher",
        "Fisher discriminant: axes that separate the classes, Gaussians of one covariance", params,
        fisher_params),
    .decision = CLF__DECISION_LINEAR,
    .maps_sums = true,
    .can = CLF__CAN_WEIGH | CLF__CAN_SPARSE,
    .check_params = check_params,
    .movable = movable,
    .fit = fit,
    .sums = &sums_kind,
    .reads_f64 = is_linear,
    .sums_first = is_linear,
    .divided = is_divided,
    .whole_rows = has_whole_rows,
    .check = check,
    .prepare = clf__support_prepare,
    .free_prepared = clf__support_free_prepared,
    .decide = decide,
    .probabilities = clf__link_probabilities,
    .link = link_of,
    .components = components,
    .transform = transform,
    .decide_f64 = clf__linear_decide_f64,
    .probabilities_f64 = clf__link_probabilities_f64,
    .transform_f64 = transform_f64,
};
