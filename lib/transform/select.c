/* select: keeps the chosen columns, in the order in which they are listed, as they are: numbers of
 * any type, missing values and categories. */
#include "transform/transform.h"

typedef struct select_params {
  clf__transform_params common;
} select_params;

#define CLF__VALUES select_params
static const clf__param params[] = {
    CLF__TRANSFORM_PARAMS,
};

static clf_status fit(const clf_transform *transform, const clf_dataset *dataset,
                      clf__store *state) {
  (void)transform;
  (void)dataset;
  (void)state;
  return CLF_OK;
}

/* The rows have been chosen already. */
static clf_status apply(clf_dataset **out, const clf_transform *transform,
                        const clf_dataset *dataset) {
  clf_tensor *part = NULL;
  clf_status status = CLF_OK;
  (void)transform;
  if (clf_dataset_sparse(dataset)) {
    const int64_t *start = dataset->row_start->data;
    CLF__CHECK(
        clf_tensor_slice(&part, dataset->value, 0, start[0], start[dataset->rows] - start[0], 1));
    status = clf__dataset_with_value(out, dataset, part);
  } else {
    CLF__CHECK(clf__tensor_share(&part, dataset->x));
    status = clf__dataset_with_x(out, dataset, part);
  }
  if (status < 0) {
    clf_tensor_free(part);
  }
  return status;
}

static int64_t category(const clf_transform *transform, int64_t column) {
  (void)transform;
  return column;
}

static clf_status check(const clf_transform *transform) {
  (void)transform;
  return CLF_OK;
}

const clf__transform_kind clf__select_kind = {
    .base = CLF__KIND("select", "some of the columns, as they are", params, select_params),
    .operation = CLF__TRANSFORM_CHOICE,
    .can = CLF__TAKES_MISSING | CLF__TAKES_CATEGORIES | CLF__ONE_EACH | CLF__LEAVES_OUT |
           CLF__CONSTANT,
    .fit = fit,
    .apply = apply,
    .category = category,
    .check = check,
};
