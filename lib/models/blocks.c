/* A prediction sends its rows through the pipeline and the kind in blocks of equal size, each of a
 * few million numbers: small compared with the data, but large enough that the cost of a call does
 * not matter. If nothing is computed from the rows, there is one block. The sizes depend on the
 * shapes alone, and so do the results. */
#include "models/blocks.h"

#include <math.h>

#include "base/math.h"
#include "base/progress.h"
#include "models/kind_rows.h"
#include "models/linear.h"

enum {
  BLOCK_VALUES = 1 << 22, /* approximate numbers that exist for a block */
  SPARSE_SHARE = 4        /* a sparse entry counts as this part of a dense one */
};

/* Returns how many numbers the widest stage of the pipeline, or the last one, makes from a row.
 * Sparse rows stay sparse if features are changed one by one. */
static double pipeline_width(const clf_model *model, const clf_dataset *rows) {
  const clf__rows x = clf__dataset_rows(rows);
  const double entries = (double)clf__rows_entries(&x) / (double)x.rows;
  double width = clf__rows_sparse(&x) ? entries / SPARSE_SHARE : entries, widest = 0;
  for (int64_t i = 0; i < model->stage_count; i++) {
    if (model->stages[i]->kind->affine == NULL) {
      width = (double)clf__transform_columns(model->stages[i]);
    }
    widest = fmax(widest, width);
  }
  const bool centered = model->linear.center != NULL;
  width = centered ? (double)model->columns : width;
  return centered || x.dtype == CLF_F64 ? fmax(widest, width) : widest;
}

int64_t clf__block_rows(const clf_model *model, const clf_dataset *rows, int64_t width) {
  if (rows->rows == 1) {
    return 1;
  }
  const double widest = fmax((double)width, pipeline_width(model, rows));
  const double max = widest > 0 ? BLOCK_VALUES / widest : (double)rows->rows;
  if (max >= (double)rows->rows) {
    return rows->rows;
  }
  const int64_t blocks = max > 1 ? (int64_t)((double)rows->rows / max) + 1 : rows->rows;
  return clf__ceil_div(rows->rows, blocks);
}

bool clf__model_takes_missing(const clf_model *model) {
  for (int64_t i = 0; i < model->stage_count; i++) {
    if ((model->stages[i]->kind->can & CLF__TAKES_MISSING) != 0) {
      return true;
    }
  }
  return false;
}

/* A linear map of NaN or Inf is not finite, so its results are searched alone. What a clipped
 * feature, a sigmoid, a maximum or a vote makes of Inf is finite: rows are searched before those.
 * Transforms keep NaN as NaN, unless they replace missing values. */
static clf_status check_rows(const clf_model *model, const clf_dataset *rows, bool missing) {
  if (model->stage_count == 0 && clf__linear_has_f64(model)) {
    return CLF_OK;
  }
  const clf__rows x = clf__dataset_rows(rows);
  const clf_status status = missing ? clf__rows_check_infinite(model->context, &x)
                                    : clf__rows_check_finite(model->context, &x);
  return status < 0 ? clf__fail_within(status, "%s", model->kind->base.name) : CLF_OK;
}

static clf_status use_rows(const clf_model *model, const clf_dataset *rows, bool wide,
                           clf__block_use use, void *argument, int64_t first) {
  const clf_dataset *data = NULL;
  clf_dataset *made = NULL;
  clf__kind_rows kind = {.center = NULL};
  clf_status status = CLF_OK;
  const bool missing = clf__model_takes_missing(model);
  CLF__TRY(check_rows(model, rows, missing));
  CLF__TRY(clf__model_pipeline(model, rows, &data, &made));
  CLF__TRY(missing ? check_rows(model, data, false) : CLF_OK);
  CLF__TRY(clf__dataset_check_numbers(data, model->kind->base.name));
  const clf__rows x = clf__dataset_rows(data);
  CLF__TRY(clf__kind_rows_decide(&kind, model, &x, wide));
  CLF__TRY(use(argument, &kind.x, first));
done:
  clf__kind_rows_free(&kind);
  clf_dataset_free(made);
  return status;
}

static clf_status use_block(const clf_model *model, const clf__match *match,
                            const clf_dataset *block, bool wide, clf__block_use use, void *argument,
                            int64_t first) {
  const clf_dataset *rows = NULL;
  clf_dataset *matched = NULL;
  CLF__CHECK(clf__match_rows(&rows, &matched, match, block));
  const clf_status status = use_rows(model, rows, wide, use, argument, first);
  clf_dataset_free(matched);
  return status;
}

clf_status clf__for_blocks(const clf_model *model, const clf_dataset *rows, int64_t block,
                           const char *stage, bool wide, clf__block_use use, void *argument) {
  const clf__fit_columns fitted = clf__model_fit_columns(model);
  clf__match match;
  clf__call call;
  clf_status status = CLF_OK;
  clf__call_begin(&call, model->context, stage, rows->rows);
  CLF__TRY(clf__match_begin(&match, &fitted, rows));
  for (int64_t first = 0; first < rows->rows; first += block) {
    const int64_t count = clf__min_i64(rows->rows - first, block);
    clf__dataset_block part;
    const clf_dataset *data =
        count < rows->rows ? clf__dataset_block_of(&part, rows, first, count) : rows;
    CLF__TRY(clf__call_next(&call, first));
    CLF__TRY(use_block(model, &match, data, wide, use, argument, first));
  }
done:
  clf__match_end(&match);
  return clf__call_end(&call, status);
}
