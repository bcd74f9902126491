/* Statistics of targets, and whether floats can represent them. A model predicts floats, so
 * differences of 1 between targets near 1e9 are lost in the predictions, however well they were
 * learned. */
#include "models/targets.h"

#include <float.h>
#include <math.h>

#include "base/text.h"

static double weight_of(const clf__target_column *c, int64_t row) {
  return c->weights != NULL ? (double)c->weights[row] : 1;
}

static int64_t row_of(const clf__target_column *c, int64_t i) {
  return c->rows != NULL ? c->rows[i] : i;
}

/* Sums differences from the first target, so that the mean of equal targets is exact. */
double clf__target_mean(const clf__target_column *column) {
  const double first = column->targets[row_of(column, 0) * column->stride];
  double sum = 0, total = 0;
  for (int64_t i = 0; i < column->count; i++) {
    const int64_t row = row_of(column, i);
    sum += weight_of(column, row) * (column->targets[row * column->stride] - first);
    total += weight_of(column, row);
  }
  return first + sum / total;
}

/* Differences are divided by the largest, so that no square overflows or underflows a double. */
double clf__target_spread(const clf__target_column *column, double center) {
  double largest = 0, sum = 0, total = 0;
  for (int64_t i = 0; i < column->count; i++) {
    const int64_t row = row_of(column, i);
    largest = fmax(largest, fabs(column->targets[row * column->stride] - center));
  }
  for (int64_t i = 0; largest > 0 && i < column->count; i++) {
    const int64_t row = row_of(column, i);
    const double part = (column->targets[row * column->stride] - center) / largest;
    sum += weight_of(column, row) * part * part;
    total += weight_of(column, row);
  }
  return largest > 0 ? largest * sqrt(sum / total) : 0;
}

static void warn_of_floats(const clf_model *model, const clf__target_column *column,
                           int64_t output) {
  const double mean = clf__target_mean(column), spread = clf__target_spread(column, mean);
  const double step = (double)(nextafterf((float)fabs(mean), INFINITY) - (float)fabs(mean));
  if (spread > 0 && spread < 4 * step) {
    clf__log(model->context, CLF_LOG_WARNING,
             "%s: predictions are floats, which near %s are %s apart; the targets of output %lld "
             "deviate by %s: subtract a constant from them, or scale them",
             model->kind->base.name, clf__number_format(mean).text, clf__number_format(step).text,
             (long long)output, clf__number_format(spread).text);
  }
}

static clf_status check_range(const clf_model *model, const clf__training *rows) {
  const int64_t outputs = rows->outputs, count = rows->x->rows * outputs;
  for (int64_t i = 0; i < count; i++) {
    if (fabs(rows->targets[i]) > (double)FLT_MAX) {
      return clf__fail(CLF_ERROR_DATA,
                       "%s: the target of row %lld, output %lld is %s; predictions are floats, up "
                       "to 3.4e38",
                       model->kind->base.name, (long long)(i / outputs), (long long)(i % outputs),
                       clf__number_format(rows->targets[i]).text);
    }
  }
  return CLF_OK;
}

clf_status clf__targets_check(const clf_model *model, const clf__training *training) {
  const int64_t outputs = training->outputs;
  clf_status status = check_range(model, training);
  if (status == CLF_OK && training->validation != NULL) {
    status = check_range(model, training->validation);
    status = status < 0 ? clf__fail_within(status, "validation") : CLF_OK;
  }
  for (int64_t k = 0; status == CLF_OK && training->x->rows > 0 && k < outputs; k++) {
    const clf__target_column column = {training->targets + k, outputs, NULL, training->x->rows,
                                       training->weights};
    warn_of_floats(model, &column, k);
  }
  return status;
}
