/* Moments as named tensors of a file. A checksum cannot vouch for sums that somebody wrote: they
 * are checked to be sums of squares of some rows, as far as two columns at a time show. What
 * remains is for the solvers, which leave out directions of negative squares as rounding errors. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/status.h"
#include "ops/linalg/moments_parts.h"

enum { MEMBERS = 12, FLAGS = 3, MAX_NAME = 64 };

typedef struct member {
  const char *name;
  double **values;
  int64_t rows, columns; /* a vector if there are no columns */
} member;

/* Fills members [MEMBERS] and returns their number; those without elements are left out. */
static int64_t list_members(clf__moments *m, member *list) {
  const int64_t n = m->columns, targets = m->classes ? 0 : m->outputs;
  const member all[MEMBERS] = {
      {"rows", &m->rows, m->groups, 0},
      {"weight", &m->weight, m->groups, 0},
      {"target", &m->target, targets, 0},
      {"target_reference", &m->target_reference, targets, 0},
      {"reference", &m->reference, n, 0},
      {"sum", &m->sum, n, 0},
      {"cross", &m->cross, m->outputs, n},
      {"peak", &m->peak, n, 0},
      {"minimum", &m->minimum, n, 0},
      {"maximum", &m->maximum, n, 0},
      {"products", &m->products, n, m->full ? n : 0},
  };
  int64_t count = 0;
  for (int64_t i = 0; i < MEMBERS; i++) {
    if (all[i].rows > 0) {
      list[count++] = all[i];
    }
  }
  return count;
}

typedef struct entry_name {
  char text[MAX_NAME];
} entry_name;

static entry_name named(const char *prefix, const char *name) {
  entry_name entry;
  snprintf(entry.text, sizeof entry.text, "%s%s", prefix, name);
  return entry;
}

static clf_status save_values(clf__store *store, clf_context *context, const char *name,
                              const double *values, int64_t rows, int64_t columns) {
  clf_tensor *tensor = NULL;
  clf_status status = columns > 0 ? clf__tensor_matrix(&tensor, context, CLF_F64, rows, columns)
                                  : clf__tensor_vector(&tensor, context, CLF_F64, rows);
  if (status == CLF_OK) {
    memcpy(tensor->data, values, (size_t)(columns > 0 ? rows * columns : rows) * sizeof *values);
    status = clf__store_add_tensor(store, name, tensor);
  }
  clf_tensor_free(tensor);
  return status;
}

clf_status clf__moments_save(const clf__moments *moments, clf__store *store, const char *prefix) {
  clf__moments m = *moments; /* whose pointers are read only */
  member list[MEMBERS];
  const int64_t count = list_members(&m, list);
  const double flags[FLAGS] = {m.unit, m.integers, m.fixed};
  CLF__CHECK(save_values(store, m.context, named(prefix, "unit").text, flags, FLAGS, 0));
  for (int64_t i = 0; i < count; i++) {
    CLF__CHECK(save_values(store, m.context, named(prefix, list[i].name).text, *list[i].values,
                           list[i].rows, list[i].columns));
  }
  return CLF_OK;
}

static clf_status damaged(const char *what) {
  return clf__fail(CLF_ERROR_CORRUPT, "damaged: %s", what);
}

/* Returns the finite numbers of a tensor; NULL if it is missing, or of another shape. */
static const double *find_values(const clf__store *store, const char *name, int64_t rows,
                                 int64_t columns) {
  const clf_tensor *tensor = clf__store_tensor(store, name);
  const bool right = tensor != NULL && tensor->dtype == CLF_F64 &&
                     tensor->ndim == (columns > 0 ? 2 : 1) && tensor->shape[0] == rows &&
                     (columns == 0 || tensor->shape[1] == columns);
  for (int64_t i = 0; right && i < clf_tensor_count(tensor); i++) {
    if (!isfinite(((const double *)tensor->data)[i])) {
      return NULL;
    }
  }
  return right ? tensor->data : NULL;
}

/* Sums of rows obey the inequality of Cauchy and Schwarz, apart from rounding. */
static bool exceeds(double product, double square, double other, double slack) {
  return fabs(product) > sqrt(fmax(square, 0)) * sqrt(fmax(other, 0)) * (1 + 1e-6) + slack;
}

static clf_status check_columns(const clf__moments *m) {
  const double weight = clf__moments_weight(m);
  for (int64_t i = 0; i < m->columns; i++) {
    const double square = *clf__moments_square(m, i), peak = m->peak[i];
    if (square < -1e-9 * peak || peak < square || m->minimum[i] > m->maximum[i]) {
      return damaged("a sum of squares is negative, or a minimum above its maximum");
    }
    if (exceeds(m->sum[i], square, weight, 1e-6 * sqrt(peak * weight))) {
      return damaged("a sum is larger than its squares allow");
    }
    for (int64_t j = m->full ? i + 1 : m->columns; j < m->columns; j++) {
      if (exceeds(m->products[i * m->columns + j], square, *clf__moments_square(m, j),
                  1e-6 * sqrt(peak * m->peak[j]))) {
        return damaged("a sum of products is larger than its squares allow");
      }
    }
  }
  return CLF_OK;
}

static clf_status check_sums(const clf__moments *m) {
  const double max_rows = 0x1p53; /* of all groups: their sum is exact */
  double rows = 0;
  for (int64_t g = 0; g < m->groups; g++) {
    if (m->rows[g] < 0 || m->rows[g] > max_rows || m->rows[g] != rint(m->rows[g]) ||
        m->weight[g] < 0) {
      return damaged("a number of rows or a weight is negative");
    }
    rows += m->rows[g];
  }
  const double weight = clf__moments_weight(m);
  if (rows > max_rows || !isfinite(weight)) {
    return damaged("more rows, or more weight, than sums can have");
  }
  return rows > 0 && weight > 0 ? check_columns(m) : damaged("sums of no rows");
}

clf_status clf__moments_load(clf__moments **out, clf_context *context, const clf__store *store,
                             const char *prefix, int64_t columns, int64_t outputs, bool classes,
                             bool full) {
  const char *const unit = "unit";
  clf__moments *m = NULL;
  member list[MEMBERS];
  clf_status status = CLF_OK;
  if (clf__store_tensor(store, named(prefix, unit).text) == NULL &&
      clf__store_tensor(store, named(prefix, "rows").text) == NULL) {
    return CLF_OK;
  }
  const double *flags = find_values(store, named(prefix, unit).text, FLAGS, 0);
  if (flags == NULL || !(flags[0] > 0)) {
    return damaged("the unit of the sums is not valid");
  }
  if (full && find_values(store, named(prefix, "products").text, columns, columns) == NULL) {
    return damaged("the sums of products are missing or not valid");
  }
  CLF__TRY(clf__moments_create(&m, context, columns, outputs, classes, full, flags[2] != 0));
  m->unit = flags[0];
  m->integers = flags[1] != 0;
  const int64_t count = list_members(m, list);
  for (int64_t i = 0; i < count; i++) {
    const int64_t size = list[i].columns > 0 ? list[i].rows * list[i].columns : list[i].rows;
    const double *from =
        find_values(store, named(prefix, list[i].name).text, list[i].rows, list[i].columns);
    CLF__TRY(from != NULL ? CLF_OK : damaged("sums are missing or not valid"));
    memcpy(*list[i].values, from, (size_t)size * sizeof *from);
  }
  CLF__TRY(check_sums(m));
  *out = m;
  m = NULL;
done:
  clf__moments_free(m);
  return status;
}
