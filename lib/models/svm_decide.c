/* Decision values of support vector machines. Of two classes they are f and -f. Of more, one value
 * a class: against the rest as they are; of pairs the votes, with the sum of the values, brought to
 * less than a third of a vote on either side, to tell equals apart, as scikit-learn does. */
#include <math.h>
#include <string.h>

#include "models/svm.h"

static const int64_t block_room = 1 << 24; /* values held at once */

/* From the sums over each class's vectors [classes, classes - 1] the values of its pairs. */
static void pair_up(const float *sum, int64_t classes, float *f) {
  for (int64_t i = 0; i < classes; i++) {
    for (int64_t j = i + 1; j < classes; j++) {
      *f++ = sum[i * (classes - 1) + j - 1] + sum[j * (classes - 1) + i];
    }
  }
}

static clf_status expand_pairs(const clf_model *model, const clf__rows *x, float *f) {
  const int64_t classes = model->outputs, width = classes * (classes - 1);
  const int64_t *count = clf__state_data(model->state, "support_count");
  int64_t *start = clf__alloc_zeroed(model->context, classes + 1, sizeof *start);
  float *sums = clf__alloc_array(model->context, x->rows * width, sizeof *sums);
  clf_status status = start != NULL && sums != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  for (int64_t k = 0; status == CLF_OK && k < classes; k++) {
    start[k + 1] = start[k] + count[k];
  }
  if (status == CLF_OK) {
    status = clf__support_sums(model, start, classes, clf__state_data(model->state, "dual_coef"),
                               classes - 1, x, sums);
  }
  for (int64_t row = 0; status == CLF_OK && row < x->rows; row++) {
    pair_up(sums + row * width, classes, f + row * (width / 2));
  }
  clf__free(start);
  clf__free(sums);
  return status;
}

clf_status clf__svm_machines(const clf_model *model, const clf__rows *x, float *f) {
  const clf__svm_shape shape = clf__svm_shape_of(model);
  const double *intercept = clf__state_data(model->state, "intercept");
  const int64_t whole[] = {0, clf__support_count(model)};
  clf_status status;
  if (clf__support_function(model).kind == CLF__KERNEL_LINEAR) {
    status = clf__linear(model->context, x, clf__state_data(model->state, "weights"), NULL,
                         shape.problems, f, shape.problems);
  } else if (shape.one_vs_rest) {
    status = clf__support_sums(model, whole, 1, clf__state_data(model->state, "dual_coef"),
                               shape.coefficients, x, f);
  } else {
    status = expand_pairs(model, x, f);
  }
  for (int64_t i = 0; status == CLF_OK && i < x->rows * shape.problems; i++) {
    f[i] = (float)((double)f[i] + intercept[i % shape.problems]);
  }
  return status;
}

/* values [classes] from the values of the pairs; `votes` [classes] is scratch. */
static void aggregate(const float *f, int64_t classes, double *votes, float *values) {
  memset(values, 0, (size_t)classes * sizeof *values);
  memset(votes, 0, (size_t)classes * sizeof *votes);
  for (int64_t i = 0; i < classes; i++) {
    for (int64_t j = i + 1; j < classes; j++, f++) {
      votes[*f > 0 ? i : j] += 1;
      values[i] += *f;
      values[j] -= *f;
    }
  }
  for (int64_t k = 0; k < classes; k++) {
    const double sum = (double)values[k];
    values[k] = (float)(votes[k] + sum / (3 * (fabs(sum) + 1)));
  }
}

static clf_status decide_block(const clf_model *model, const clf__rows *x, float *f, double *votes,
                               float *values) {
  const clf__svm_shape shape = clf__svm_shape_of(model);
  const int64_t classes = model->outputs;
  clf_status status = clf__svm_machines(model, x, f);
  for (int64_t row = 0; status == CLF_OK && row < x->rows; row++, values += classes) {
    const float *own = f + row * shape.problems;
    if (shape.one_vs_rest) {
      memcpy(values, own, (size_t)classes * sizeof *values);
    } else if (classes == 2) {
      values[0] = own[0];
      values[1] = -own[0];
    } else {
      aggregate(own, classes, votes, values);
    }
  }
  return status;
}

clf_status clf__svm_decide(const clf_model *model, const clf__rows *x, float *values) {
  const int64_t classes = model->outputs;
  const clf__svm_shape shape = clf__svm_shape_of(model);
  int64_t block = block_room / (classes * classes);
  block = block < 1 ? 1 : block > x->rows ? x->rows : block;
  float *f = clf__alloc_array(model->context, block * shape.problems, sizeof *f);
  double *votes = clf__alloc_array(model->context, classes, sizeof *votes);
  clf_status status = f != NULL && votes != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  for (int64_t first = 0; status == CLF_OK && first < x->rows; first += block) {
    const clf__rows part =
        clf__rows_range(x, first, x->rows - first < block ? x->rows - first : block);
    status = decide_block(model, &part, f, votes, values + first * classes);
  }
  clf__free(f);
  clf__free(votes);
  return status;
}
