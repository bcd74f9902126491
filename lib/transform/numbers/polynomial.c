/* polynomial: all products of up to `degree` features, in the order of scikit-learn's
 * PolynomialFeatures without its bias column: by degree, then by the indices of the features.
 *
 * The products of degree d are, feature by feature, x[j] times the products of degree d - 1 whose
 * first feature is at least j (for interactions more than j); these form a run at the end of that
 * block. So each product takes one multiplication. f64 rows give f64 products. */
#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/pool.h"
#include "base/progress.h"
#include "base/text.h"
#include "transform/transform.h"

typedef struct polynomial_params {
  clf__transform_params common;
  int64_t degree;
  bool interaction_only;
} polynomial_params;

enum { MAX_DEGREE = 32, TASK_NUMBERS = 1 << 16 };

#define CLF__VALUES polynomial_params
static const clf__param params[] = {
    CLF__INT(degree, "2", 1, MAX_DEGREE, "maximum number of factors in a product"),
    CLF__BOOL(interaction_only, "false", "products of different features only, no powers"),
    CLF__TRANSFORM_PARAMS,
};

/* Returns the number of products: the sum over d of the combinations of d features out of n, with
 * repetition (n + d - 1 over d) or without (n over d). Exact up to 2^53. */
static double count_products(const polynomial_params *values, int64_t features) {
  double total = 0;
  double combinations = 1;
  for (int64_t d = 1; d <= values->degree; d++) {
    double before = (double)(d - 1); /* `features` of a damaged model file may be any number */
    double fresh = (double)features + (values->interaction_only ? -before : before);
    combinations = fresh > 0 ? combinations * fresh / (double)d : 0;
    total += combinations;
  }
  return total;
}

static clf_status check_count(const polynomial_params *values, int64_t features) {
  double count = count_products(values, features);
  if (count > INT32_MAX) {
    return clf__fail(CLF_ERROR_SHAPE,
                     "degree %lld of %lld features gives %s columns; there can be %d: take a lower "
                     "degree or fewer features",
                     (long long)values->degree, (long long)features, clf__number_text(count),
                     INT32_MAX);
  }
  return CLF_OK;
}

static int64_t columns(const clf_transform *transform) {
  return (int64_t)count_products(transform->params, transform->features);
}

/* Returns how many products of so many factors there are of so many features. */
static double combine(const polynomial_params *values, int64_t factors, int64_t features) {
  double combinations = 1;
  for (int64_t d = 1; d <= factors; d++) {
    const double before = (double)(d - 1);
    const double fresh = (double)features + (values->interaction_only ? -before : before);
    combinations = fresh > 0 ? combinations * fresh / (double)d : 0;
  }
  return floor(combinations + 0.5);
}

/* Returns the first feature of product `*index` of so many factors of the features from `first` on,
 * which stand in order of their first features; *index becomes that among the products of the other
 * factors. */
static int64_t first_factor(const polynomial_params *values, int64_t factors, int64_t first,
                            int64_t features, double *index) {
  const double all = combine(values, factors, features - first);
  int64_t low = first, high = features - 1;
  while (low < high) {
    const int64_t middle = low + (high - low + 1) / 2;
    if (all - combine(values, factors, features - middle) <= *index) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  *index -= all - combine(values, factors, features - low);
  return low;
}

/* Appends "a b^2" for a product of a, b and b. */
static void name(const clf_transform *transform, int64_t column, clf__text *out) {
  const polynomial_params *values = transform->params;
  const int64_t features = transform->features;
  double index = (double)column;
  int64_t factors = 1, power = 0, last = -1, first = 0;
  for (; factors < values->degree && index >= combine(values, factors, features); factors++) {
    index -= combine(values, factors, features);
  }
  for (; factors >= 0; factors--) {
    const int64_t next = factors > 0 ? first_factor(values, factors, first, features, &index) : -1;
    if (next == last) {
      power++;
      continue;
    }
    if (power > 1) {
      clf__text_append(out, "^%lld", (long long)power);
    }
    if (next >= 0) {
      clf__text_append(out, last >= 0 ? " " : "");
      clf__transform_feature_name(transform, next, out);
    }
    last = next;
    first = next + values->interaction_only;
    power = 1;
  }
}

static clf_status check_sparse(const clf_dataset *dataset) {
  return clf_dataset_sparse(dataset)
             ? clf__fail(CLF_ERROR_UNSUPPORTED, "sparse rows would become dense")
             : CLF_OK;
}

static clf_status fit(const clf_transform *transform, const clf_dataset *dataset,
                      clf__store *state) {
  (void)state;
  clf_status status = check_sparse(dataset);
  return status < 0 ? status : check_count(transform->params, dataset->features);
}

typedef struct expansion {
  clf__rows x;
  int64_t degree;
  int64_t width;  /* columns of the result */
  int64_t *start; /* [degree, features + 1]: where the products of a degree that begin with a
                   * feature start, and where the degree ends */
  bool interaction_only;
  void *to;       /* [rows, width] f64 from f64 rows, otherwise f32 */
  float *buffers; /* [threads, features] */
} expansion;

static void lay_out(expansion *job) {
  int64_t n = job->x.columns;
  for (int64_t j = 0; j <= n; j++) {
    job->start[j] = j;
  }
  for (int64_t d = 1; d < job->degree; d++) {
    const int64_t *below = job->start + (d - 1) * (n + 1);
    int64_t *start = job->start + d * (n + 1);
    start[0] = below[n];
    for (int64_t j = 0; j < n; j++) {
      start[j + 1] = start[j] + below[n] - below[j + job->interaction_only];
    }
  }
}

/* Computes the products of the features, which `to` has already. */
static void expand_f32(const expansion *job, float *to) {
  int64_t n = job->x.columns;
  for (int64_t d = 1; d < job->degree; d++) {
    const int64_t *below = job->start + (d - 1) * (n + 1);
    float *product = to + below[n];
    for (int64_t j = 0; j < n; j++) {
      const float *end = to + below[n];
      for (const float *factor = to + below[j + job->interaction_only]; factor < end; factor++) {
        *product++ = to[j] * *factor;
      }
    }
  }
}

static void expand_f64(const expansion *job, double *to) {
  int64_t n = job->x.columns;
  for (int64_t d = 1; d < job->degree; d++) {
    const int64_t *below = job->start + (d - 1) * (n + 1);
    double *product = to + below[n];
    for (int64_t j = 0; j < n; j++) {
      const double *end = to + below[n];
      for (const double *factor = to + below[j + job->interaction_only]; factor < end; factor++) {
        *product++ = to[j] * *factor;
      }
    }
  }
}

static void expand_rows(void *argument, clf__range rows) {
  const expansion *job = argument;
  float *buffer = job->buffers + rows.worker * job->x.columns;
  for (int64_t i = rows.first; i < rows.end; i++) {
    if (job->x.dtype == CLF_F64) {
      double *to = (double *)job->to + i * job->width;
      clf__rows_read_f64(&job->x, i, to);
      expand_f64(job, to);
    } else {
      float *to = (float *)job->to + i * job->width;
      memcpy(to, clf__rows_values(&job->x, i, buffer), (size_t)job->x.columns * sizeof *to);
      expand_f32(job, to);
    }
  }
}

static clf_status apply(clf_dataset **out, const clf_transform *transform,
                        const clf_dataset *dataset) {
  const polynomial_params *values = transform->params;
  clf_context *context = dataset->context;
  expansion job = {.x = clf__dataset_rows(dataset),
                   .degree = values->degree,
                   .width = columns(transform),
                   .interaction_only = values->interaction_only};
  clf_tensor *x = NULL;
  clf_status status = CLF_OK;
  clf__arena arena = {.context = context};
  CLF__TRY(check_sparse(dataset));
  CLF__TRY(clf__tensor_create_uninitialized(&x, context, job.x.dtype == CLF_F64 ? CLF_F64 : CLF_F32,
                                            2, (int64_t[]){job.x.rows, job.width}));
  job.start = clf__arena_matrix(&arena, job.degree, job.x.columns + 1, sizeof(int64_t));
  job.buffers =
      clf__arena_matrix(&arena, clf__context_threads(context), job.x.columns, sizeof(float));
  CLF__TRY(clf__arena_status(&arena));
  lay_out(&job);
  job.to = x->data;
  CLF__TRY(clf__progress_rows(
      context, job.x.first_row, job.x.rows, clf__max_i64(TASK_NUMBERS / job.width, 1),
      (double)job.x.rows * (double)job.width * CLF__COST_ELEMENT, expand_rows, &job));
  CLF__TRY(clf__dataset_with_x(out, dataset, x));
  x = NULL;
done:
  clf_tensor_free(x);
  clf__arena_free(&arena);
  return status;
}

static clf_status check(const clf_transform *transform) {
  return check_count(transform->params, transform->features) < 0 ? CLF_ERROR_CORRUPT : CLF_OK;
}

const clf__transform_kind clf__polynomial_kind = {
    .base =
        CLF__KIND("polynomial", "products of features up to a degree", params, polynomial_params),
    .operation = CLF__TRANSFORM_PRODUCTS,
    .can = CLF__CONSTANT,
    .fit = fit,
    .apply = apply,
    .columns = columns,
    .name = name,
    .check = check,
};
