/* Tests whether kernel values as floats, which have 24 binary digits, distinguish rows. */
#include <math.h>
#include <string.h>

#include "base/progress.h"
#include "base/text.h"
#include "models/kernel/kernel.h"
#include "transform/numbers/statistics.h"

/* Reads every n-th row, enough to represent all. From sparse rows it reads only the entries. */
typedef struct row_sample {
  const clf__training *training;
  int64_t step;
  double *row;           /* [count] elements of the row that was read */
  const int32_t *column; /* [count] for sparse rows: the columns; NULL for all columns */
  int64_t count;
  double *first, *mean; /* [columns] */
} row_sample;

static int64_t column_of(const row_sample *s, int64_t k) {
  return s->column != NULL ? s->column[k] : k;
}

static void read_row(row_sample *s, int64_t i) {
  const clf__rows *x = s->training->x;
  if (!clf__rows_sparse(x)) {
    s->count = x->columns;
    clf__rows_read_f64(x, i, s->row);
    return;
  }
  s->column = x->column + x->row_start[i];
  s->count = x->row_start[i + 1] - x->row_start[i];
  for (int64_t k = 0; k < s->count; k++) {
    s->row[k] = (double)x->value[x->row_start[i] + k];
  }
}

/* Reads the next row whose weight is not 0, from `i` on. Returns -1 after the last, or if the call
 * is cancelled.
 */
static int64_t next_row(row_sample *s, int64_t i) {
  const float *weights = s->training->weights;
  while (i < s->training->x->rows && weights != NULL && weights[i] == 0) {
    i += s->step;
  }
  if (i >= s->training->x->rows || clf__progress_check() < 0) {
    return -1;
  }
  read_row(s, i);
  return i;
}

/* Computes the mean, and returns whether the rows differ. A row equals the first one if all its
 * elements agree and it has as many nonzero elements. */
static bool average_rows(row_sample *s) {
  const int64_t columns = s->training->x->columns;
  int64_t rows = 0, expected = 0;
  bool differ = false;
  for (int64_t i = next_row(s, 0); i >= 0; i = next_row(s, i + s->step)) {
    int64_t found = 0;
    for (int64_t k = 0; k < s->count; k++) {
      const int64_t j = column_of(s, k);
      s->first[j] = rows == 0 ? s->row[k] : s->first[j];
      differ = differ || s->row[k] != s->first[j];
      found += s->row[k] != 0;
      s->mean[j] += s->row[k];
    }
    expected = rows++ == 0 ? found : expected;
    differ = differ || found != expected;
  }
  for (int64_t j = 0; j < columns && rows > 0; j++) {
    s->mean[j] /= (double)rows;
  }
  return differ;
}

/* Returns K(x, z) from x.z. */
static double value_of(const clf__kernel_function *f, double product) {
  return f->kind == CLF__KERNEL_LINEAR ? product : pow(f->gamma * product + f->coef0, f->degree);
}

/* Returns the mean squared distance of the rows from the image of their mean, relative to their
 * mean squared length: the relative differences of kernel values. */
static double spread_of(const clf__kernel_function *f, row_sample *s) {
  const int64_t columns = s->training->x->columns;
  double spread = 0, lengths = 0, center = 0;
  for (int64_t j = 0; j < columns; j++) {
    center += s->mean[j] * s->mean[j];
  }
  for (int64_t i = next_row(s, 0); i >= 0; i = next_row(s, i + s->step)) {
    double own = 0, across = 0;
    for (int64_t k = 0; k < s->count; k++) {
      own += s->row[k] * s->row[k];
      across += s->row[k] * s->mean[column_of(s, k)];
    }
    lengths += value_of(f, own);
    spread += value_of(f, own) - 2 * value_of(f, across) + value_of(f, center);
  }
  return lengths > 0 ? spread / lengths : 1;
}

static clf_status judge_spread(clf_context *context, double spread) {
  const double lost = 0x1p-18, poor = 0x1p-10;
  if (spread < lost) {
    return clf__fail(CLF_ERROR_NUMERIC,
                     "the rows' kernel values differ by %s of what they are, which floats do not "
                     "hold; subtract the features' means (transform: standardize), raise gamma or "
                     "lower coef0",
                     clf__number_text(fmax(spread, 0)));
  }
  if (spread < poor) {
    clf__log(context, CLF_LOG_WARNING,
             "the rows' kernel values differ by %s of what they are, which leaves few of the "
             "digits that floats have; subtract the features' means (transform: standardize), "
             "raise gamma or lower coef0",
             clf__number_text(spread));
  }
  return CLF_OK;
}

/* Kernel values are floats of 24 binary digits. If rows lie far from 0 and close together, the
 * first digits of all values are equal, and only the last ones distinguish rows. */
static clf_status check_values(clf_context *context, const clf__kernel_function *function,
                               const clf__training *training) {
  enum { MAX_ROWS = 1000 };
  const int64_t columns = training->x->columns;
  row_sample s = {.training = training, .step = training->x->rows / MAX_ROWS + 1};
  clf__arena arena = {.context = context};
  s.row = clf__arena_array(&arena, columns, sizeof *s.row);
  s.first = clf__arena_zeroed(&arena, columns, sizeof *s.first);
  s.mean = clf__arena_zeroed(&arena, columns, sizeof *s.mean);
  clf_status status = CLF_OK;
  CLF__TRY(clf__arena_status(&arena));
  if (average_rows(&s)) {
    const double spread = spread_of(function, &s);
    CLF__TRY(clf__progress_check());
    status = judge_spread(context, spread);
  }
done:
  clf__arena_free(&arena);
  return status;
}

/* Returns the weighted mean of the squared lengths of sparse rows. */
static double mean_square(const clf__training *training) {
  const clf__rows *x = training->x;
  double sum = 0, total = 0;
  for (int64_t i = 0; i < x->rows && clf__progress_check() == CLF_OK; i++) {
    const double weight = training->weights != NULL ? (double)training->weights[i] : 1;
    total += weight;
    for (int64_t e = x->row_start[i]; e < x->row_start[i + 1]; e++) {
      sum += weight * (double)x->value[e] * (double)x->value[e];
    }
  }
  return sum / total;
}

static bool rows_differ(const clf__training *training) {
  const clf__rows *x = training->x;
  int64_t first = -1;
  for (int64_t i = 0; i < x->rows && clf__progress_check() == CLF_OK; i++) {
    if (training->weights != NULL && training->weights[i] == 0) {
      continue;
    }
    first = first < 0 ? i : first;
    const int64_t a = x->row_start[first], b = x->row_start[i];
    const size_t entries = (size_t)(x->row_start[i + 1] - b);
    if (x->row_start[first + 1] - a != x->row_start[i + 1] - b ||
        memcmp(x->column + a, x->column + b, entries * sizeof *x->column) != 0 ||
        memcmp(x->value + a, x->value + b, entries * sizeof *x->value) != 0) {
      return true;
    }
  }
  return false;
}

/* No mean is subtracted from sparse rows, and squared distances are float sums of squared lengths
 * and products. Such a sum is smaller than its terms, by the ratio of the mean squared distance of
 * the rows from their mean to their mean squared length. */
static clf_status check_distances(clf_context *context, const clf__training *training) {
  const double lost = 0x1p-18, poor = 0x1p-10;
  const clf__rows *x = training->x;
  double *means = clf__alloc_array(context, x->columns, sizeof *means);
  clf_status status = means != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  CLF__TRY(status);
  CLF__TRY(clf__column_means(context, x, training->weights, means));
  double center = 0, length = mean_square(training);
  CLF__TRY(clf__progress_check());
  for (int64_t j = 0; j < x->columns; j++) {
    center += means[j] * means[j];
  }
  const double spread = length > 0 ? fmax(1 - center / length, 0) : 1;
  const char *const remedy =
      "give the rows dense, whose mean is subtracted, or leave out features "
      "that are nearly the same in all rows";
  if (spread < lost && rows_differ(training)) {
    status = clf__fail(CLF_ERROR_NUMERIC,
                       "the sparse rows' squared distances are %s of their squared lengths, which "
                       "floats do not hold; %s",
                       clf__number_text(spread), remedy);
  } else if (spread < poor && rows_differ(training)) {
    clf__log(context, CLF_LOG_WARNING,
             "the sparse rows' squared distances are %s of their squared lengths, which leaves few "
             "of the digits that floats have; %s",
             clf__number_text(spread), remedy);
  }
  status = status < 0 ? status : clf__progress_check();
done:
  clf__free(means);
  return status;
}

clf_status clf__kernel_check_digits(clf_context *context, const clf__kernel_function *function,
                                    const clf__training *training) {
  switch (function->kind) {
  case CLF__KERNEL_LINEAR:
  case CLF__KERNEL_POLYNOMIAL:
    return check_values(context, function, training);
  case CLF__KERNEL_RBF:
    return clf__rows_sparse(training->x) ? check_distances(context, training) : CLF_OK;
  default:
    return CLF_OK;
  }
}
