/* Fisher's discriminant, which is divided into files: linear in the features (fisher.c), and in the
 * space of a kernel (fisher_kernel.c). */
#ifndef CLF_MODELS_FISHER_FISHER_H
#define CLF_MODELS_FISHER_FISHER_H

#include "models/decision/decision.h"
#include "models/kernel/kernel.h"
#include "models/linear.h"
#include "ops/linalg/moments.h"

typedef struct clf__fisher_params {
  clf__decision_params decision;
  clf__number shrinkage;
  clf__list priors;
  bool unbiased;
  clf__number components;
  double tolerance;
  clf__kernel_params kernel; /* its kernel is 1 + CLF__KERNEL_…, or the one below */
  double alpha;
  int64_t landmarks;
  int32_t solver;
  double residual;
  int64_t max_iterations;
  int64_t cache_mb;
  int32_t precision;
  bool incremental;
} clf__fisher_params;

enum { CLF__FISHER_LINEAR = 0 }; /* of kernel.kernel */
enum { CLF__FISHER_SHRINKAGE_NONE, CLF__FISHER_SHRINKAGE_AUTO };

/* How the method of wide tables ended (fisher_wide.c). */
typedef enum clf__fisher_end {
  CLF__FISHER_NOT_SOLVED, /* the whole covariance is needed */
  CLF__FISHER_SOLVED,     /* to 10 digits */
  CLF__FISHER_DOUBTFUL    /* the rank of Z is not known: a warning says so */
} clf__fisher_end;

/* The working data of a linear fit; D columns, K classes. */
typedef struct clf__fisher_work {
  clf__arena arena;
  clf_context *context;
  const clf__training *training;
  const clf__fisher_params *params;
  const clf__moments *sums; /* instead of the rows of `training`, or NULL */
  bool varies, separated;   /* with sums: a class has two rows; the classes lie far apart */
  double uncertainty;       /* with sums: of the directions */
  int64_t columns;
  int64_t classes;
  clf__gram gram;         /* scatter becomes the covariance within the classes, then its factor */
  clf__fisher_end end;    /* of the method of wide tables */
  bool wide;              /* the scatter is only its diagonal: see fisher_wide.c */
  double scale;           /* the covariance is this times the scatter, plus the penalty */
  double *penalty;        /* [D] */
  double *total_variance; /* [D] */
  double *deviation;      /* [D] standard deviations within the classes; 0 for constant columns */
  double *offsets;        /* [D, K] m_k - m */
  double *directions;     /* [D, K] S^-1 (m_k - m) */
  double *priors;         /* [K] */
} clf__fisher_work;

enum { CLF__FISHER_MANY_CLASSES = 200 }; /* from which on axes are found by matrix products */

/* With so many classes, and more than features, problems of their size are avoided. */
static inline bool clf__fisher_many_classes(const clf__fisher_work *work) {
  return work->classes >= CLF__FISHER_MANY_CLASSES && work->classes > work->columns;
}

/* Computes gram, with or without the whole scatter. */
clf_status clf__fisher_gram(clf__fisher_work *work);

/* What fisher_wide.c solves: Z are the weighted rows, each minus its class mean, times factors. */
typedef struct clf__fisher_wide {
  clf_context *context;
  clf__centered rows;
  const float *weights;  /* [rows], or NULL */
  double scale;          /* of the weights */
  const double *penalty; /* [D] */
  int64_t outputs;
  const double *right; /* [D, outputs] C */
} clf__fisher_wide;

/* Sets work->wide if the rows, and the parameters, are such that the method may be tried; it needs
 * all rows, and refuses those of several ranks. */
clf_status clf__fisher_choose_wide(clf__fisher_work *work);
/* Computes `solution` [D, outputs] = (Z^T Z + diag(penalty))^+ C. Returns CLF_OK,
 * CLF_ERROR_MEMORY, CLF_ERROR_CANCELLED or CLF_ERROR_NUMERIC. */
clf_status clf__fisher_solve_wide(double *solution, clf__fisher_end *end,
                                  const clf__fisher_wide *problem);

/* Computes the directions, and what depends on them, from gram, offsets and priors; the scatter is
 * destroyed. */
clf_status clf__fisher_solve(clf__fisher_work *work);

/* Adds a linear map of the columns to the state. */
clf_status clf__fisher_store_map(const clf__fisher_work *work, clf__store *state,
                                 const clf__linear_names *names, const clf__linear_solution *map);
/* Adds the projection on the axes, and `explained_ratio`, to the state. */
clf_status clf__fisher_store_axes(const clf__fisher_work *work, clf__store *state);

/* Adds the maps of decisions and projections, `explained_ratio`, `class_means` and `priors` for the
 * columns of training->x to the state. */
clf_status clf__fisher_fit_linear(const clf_model *model, const clf__training *training,
                                  clf__store *state);

/* Adds the support vectors and `coefficients`, and then the results of clf__fisher_fit_linear() on
 * the images of the rows. */
clf_status clf__fisher_fit_kernel(const clf_model *model, const clf__training *training,
                                  clf__store *state);
/* *columns receives the size of the images. */
clf_status clf__fisher_check_kernel(const clf_model *model, int64_t *columns);
/* A linear map of the images of the rows. */
clf_status clf__fisher_map_kernel(const clf_model *model, const clf__rows *x,
                                  const clf__linear_names *names, float *values);

#endif
