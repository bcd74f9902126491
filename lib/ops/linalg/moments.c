/* Sums over rows as objects: made, copied and added. */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "ops/linalg/moments_parts.h"

clf_status clf__moments_create(clf__moments **out, clf_context *context, int64_t columns,
                               int64_t outputs, bool classes, bool full, bool fixed) {
  clf__moments *m = clf__alloc_zeroed(context, 1, sizeof *m);
  if (m == NULL) {
    return CLF_ERROR_MEMORY;
  }
  *m = (clf__moments){.context = context,
                      .arena = {.context = context},
                      .columns = columns,
                      .outputs = outputs,
                      .groups = classes ? outputs : 1,
                      .classes = classes,
                      .full = full,
                      .fixed = fixed,
                      .integers = true};
  const int64_t targets = classes ? 0 : outputs;
  m->reference = clf__arena_zeroed(&m->arena, columns, sizeof(double));
  m->target_reference = clf__arena_zeroed(&m->arena, targets, sizeof(double));
  m->target = clf__arena_zeroed(&m->arena, targets, sizeof(double));
  m->rows = clf__arena_zeroed(&m->arena, m->groups, sizeof(double));
  m->weight = clf__arena_zeroed(&m->arena, m->groups, sizeof(double));
  m->sum = clf__arena_zeroed(&m->arena, columns, sizeof(double));
  m->cross = clf__arena_zeroed(&m->arena, clf__count(outputs, columns), sizeof(double));
  m->peak = clf__arena_zeroed(&m->arena, columns, sizeof(double));
  m->minimum = clf__arena_array(&m->arena, columns, sizeof(double));
  m->maximum = clf__arena_array(&m->arena, columns, sizeof(double));
  if (clf__arena_status(&m->arena) == CLF_OK) {
    m->products = clf__alloc_zeroed(context, clf__moments_products(m), sizeof(double));
  }
  if (m->products == NULL) {
    clf__moments_free(m);
    return clf__fail_within(CLF_ERROR_MEMORY, "sums of products of %lld columns",
                            (long long)columns);
  }
  for (int64_t j = 0; j < columns; j++) {
    m->minimum[j] = INFINITY;
    m->maximum[j] = -INFINITY;
  }
  *out = m;
  return CLF_OK;
}

void clf__moments_free(clf__moments *m) {
  if (m != NULL) {
    clf__free(m->products);
    clf__arena_free(&m->arena);
    clf__free(m);
  }
}

static void copy(double *to, const double *from, int64_t count) {
  if (count > 0) {
    memcpy(to, from, (size_t)count * sizeof *to);
  }
}

/* to += sign from. */
static void add(double *to, const double *from, int64_t count, double sign) {
  for (int64_t i = 0; i < count; i++) {
    to[i] += sign * from[i];
  }
}

void clf__moments_copy_origin(clf__moments *to, const clf__moments *from) {
  to->unit = from->unit;
  to->integers = from->integers;
  copy(to->reference, from->reference, to->columns);
  copy(to->target_reference, from->target_reference, to->classes ? 0 : to->outputs);
}

/* Adds sums about the same reference and in the same unit. */
void clf__moments_combine(clf__moments *m, const clf__moments *other, const int32_t *map,
                          double sign) {
  const int64_t n = m->columns;
  for (int64_t g = 0; g < other->groups; g++) {
    const int64_t to = map != NULL ? map[g] : g;
    m->rows[to] += sign * other->rows[g];
    m->weight[to] += sign * other->weight[g];
  }
  for (int64_t k = 0; k < other->outputs; k++) {
    add(m->cross + (map != NULL ? map[k] : k) * n, other->cross + k * n, n, sign);
  }
  add(m->target, other->target, m->classes ? 0 : m->outputs, sign);
  add(m->sum, other->sum, n, sign);
  add(m->products, other->products, clf__moments_products(m), sign);
  for (int64_t j = 0; j < n; j++) {
    m->peak[j] = fmax(fmax(m->peak[j], *clf__moments_square(m, j)), other->peak[j]);
    if (sign > 0) {
      m->minimum[j] = fmin(m->minimum[j], other->minimum[j]);
      m->maximum[j] = fmax(m->maximum[j], other->maximum[j]);
    }
  }
}

clf_status clf__moments_clone(clf__moments **out, const clf__moments *m, const int32_t *map,
                              int64_t outputs) {
  clf__moments *made = NULL;
  CLF__CHECK(
      clf__moments_create(&made, m->context, m->columns, outputs, m->classes, m->full, m->fixed));
  clf__moments_copy_origin(made, m);
  clf__moments_combine(made, m, map, 1);
  *out = made;
  return CLF_OK;
}

double clf__moments_weight(const clf__moments *m) {
  double sum = 0;
  for (int64_t g = 0; g < m->groups; g++) {
    sum += m->weight[g];
  }
  return sum;
}

int64_t clf__moments_rows(const clf__moments *m) {
  double sum = 0;
  for (int64_t g = 0; g < m->groups; g++) {
    sum += m->rows[g];
  }
  return (int64_t)sum;
}

void clf__moments_columns(const clf__moments *m, double *mean, double *variance) {
  const double weight = clf__moments_weight(m);
  for (int64_t j = 0; j < m->columns; j++) {
    const double z = m->sum[j] / weight, square = *clf__moments_square(m, j) / weight - z * z;
    const bool constant = m->minimum[j] == m->maximum[j];
    mean[j] = constant ? m->minimum[j] : m->reference[j] + m->unit * z;
    if (variance != NULL) {
      variance[j] = constant || square < 0 ? 0 : square * m->unit * m->unit;
    }
  }
}

int64_t clf__moments_negative(const clf__moments *m) {
  for (int64_t j = 0; j < m->columns; j++) {
    if (*clf__moments_square(m, j) < -1e-9 * m->peak[j]) {
      return j;
    }
  }
  return -1;
}

double clf__moments_form(const clf__moments *m, const double *v) {
  double sum = 0;
  for (int64_t i = 0; i < m->columns; i++) {
    const double *row = m->products + i * m->columns;
    double right = 0;
    for (int64_t j = i + 1; j < m->columns && v[i] != 0; j++) {
      right += row[j] * v[j];
    }
    sum += v[i] * (row[i] * v[i] + 2 * right);
  }
  return sum;
}
