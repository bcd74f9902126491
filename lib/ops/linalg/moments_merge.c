/* Moments in other units and about other references, and of several models together. */
#include <math.h>

#include "base/memory.h"
#include "ops/linalg/moments_parts.h"

/* The reference moves if the squared mean about it is so many times the variance: until then, sums
 * of squares lose two digits. */
static const double max_drift = 100;

/* Moves the reference by about shift [columns], in units of z. */
static void move_reference(clf__moments *m, double *shift) {
  const int64_t n = m->columns;
  const double weight = clf__moments_weight(m);
  for (int64_t j = 0; j < n; j++) {
    const double moved = m->reference[j] + m->unit * shift[j];
    shift[j] = (moved - m->reference[j]) / m->unit;
    m->reference[j] = moved;
  }
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = m->full ? i : n; j < n; j++) {
      if (shift[i] != 0 || shift[j] != 0) {
        m->products[i * n + j] -=
            shift[i] * m->sum[j] + m->sum[i] * shift[j] - weight * shift[i] * shift[j];
      }
    }
    if (!m->full) {
      m->products[i] -= 2 * shift[i] * m->sum[i] - weight * shift[i] * shift[i];
    }
  }
  for (int64_t j = 0; j < n; j++) {
    for (int64_t k = 0; k < m->outputs; k++) {
      m->cross[k * n + j] -= shift[j] * (m->classes ? m->weight[k] : m->target[k]);
    }
    m->sum[j] -= weight * shift[j];
    *clf__moments_square(m, j) = fmax(*clf__moments_square(m, j), 0);
  }
}

double clf__moments_drift(const clf__moments *m, int64_t j, double weight, double sum,
                          double square) {
  const double mean = sum / weight, variance = square / weight - mean * mean;
  const bool resolved = fabs(m->unit * mean) > 1e-12 * fabs(m->reference[j]);
  return resolved && mean * mean > max_drift * fmax(variance, 0) ? mean : 0;
}

clf_status clf__moments_follow_drift(clf__moments *m) {
  const double weight = clf__moments_weight(m);
  bool any = false;
  if (m->fixed || !(weight > 0)) {
    return CLF_OK;
  }
  double *shift = clf__alloc_array(m->context, m->columns, sizeof *shift);
  if (shift == NULL) {
    return CLF_ERROR_MEMORY;
  }
  for (int64_t j = 0; j < m->columns; j++) {
    shift[j] = clf__moments_drift(m, j, weight, m->sum[j], *clf__moments_square(m, j));
    any = any || shift[j] != 0;
  }
  if (any) {
    m->integers = false;
    move_reference(m, shift);
  }
  clf__free(shift);
  return CLF_OK;
}

/* Multiplies the columns of z by factor [columns]. */
static void scale_columns(clf__moments *m, const double *factor) {
  const int64_t n = m->columns;
  for (int64_t i = 0; i < n; i++) {
    m->sum[i] *= factor[i];
    m->peak[i] *= factor[i] * factor[i];
    for (int64_t k = 0; k < m->outputs; k++) {
      m->cross[k * n + i] *= factor[i];
    }
    for (int64_t j = m->full ? i : n; j < n; j++) {
      m->products[i * n + j] *= factor[i] * factor[j];
    }
    m->products[i] *= m->full ? 1 : factor[i] * factor[i];
  }
}

clf_status clf__moments_map(clf__moments *m, const double *factor, const double *shift) {
  double *back = m->fixed ? clf__alloc_array(m->context, m->columns, sizeof *back) : NULL;
  if (m->fixed && back == NULL) {
    return CLF_ERROR_MEMORY;
  }
  scale_columns(m, factor);
  m->integers = false;
  for (int64_t j = 0; j < m->columns; j++) {
    const double low = factor[j] * m->minimum[j] + shift[j];
    const double high = factor[j] * m->maximum[j] + shift[j];
    m->reference[j] = factor[j] * m->reference[j] + shift[j];
    m->minimum[j] = fmin(low, high);
    m->maximum[j] = fmax(low, high);
  }
  for (int64_t j = 0; j < m->columns && m->fixed; j++) {
    back[j] = -m->reference[j] / m->unit;
  }
  if (m->fixed) {
    move_reference(m, back);
  }
  clf__free(back);
  return CLF_OK;
}

/* Expresses copies of moments in the unit and about the references of others. */
static clf_status align(clf__moments *m, const clf__moments *to) {
  const int64_t n = m->columns;
  const double weight = clf__moments_weight(m), ratio = m->unit / to->unit;
  double *shift = clf__alloc_array(m->context, n, sizeof *shift);
  if (shift == NULL) {
    return CLF_ERROR_MEMORY;
  }
  for (int64_t j = 0; j < n; j++) {
    shift[j] = ratio;
  }
  if (ratio != 1) {
    scale_columns(m, shift);
    m->unit = to->unit;
  }
  for (int64_t j = 0; j < n; j++) {
    shift[j] = (to->reference[j] - m->reference[j]) / m->unit;
  }
  move_reference(m, shift);
  for (int64_t k = 0; !m->classes && k < m->outputs; k++) {
    const double moved = to->target_reference[k] - m->target_reference[k];
    for (int64_t j = 0; j < n; j++) {
      m->cross[k * n + j] -= moved * m->sum[j];
    }
    m->target[k] -= weight * moved;
  }
  clf__free(shift);
  return CLF_OK;
}

clf_status clf__moments_merge(clf__moments *m, const clf__moments *other, const int32_t *map) {
  clf__moments *same = NULL;
  clf_status status = CLF_OK;
  CLF__TRY(clf__moments_clone(&same, other, NULL, other->outputs));
  CLF__TRY(align(same, m));
  m->integers = m->integers && other->integers && other->unit == m->unit;
  clf__moments_combine(m, same, map, 1);
  CLF__TRY(clf__moments_check(m));
  CLF__TRY(m->integers ? CLF_OK : clf__moments_follow_drift(m));
done:
  clf__moments_free(same);
  return status;
}
