/* Pipelines of models that are fitted in parts. Stages that do not depend on the rows of their fit
 * stay as they are. The last one may be a transform of each feature by itself, y = s + (x - c) f,
 * that is fitted in parts, too. More rows then change it to y' = s' + (x - c') f', so
 *
 *   y' = (f' / f) y + s' + (c - c' - s / f) f',
 *
 * and the sums of earlier rows are changed by the same map: the result is that of one fit of all
 * rows. */
#include <math.h>

#include "models/fit_checks.h"
#include "models/sums_parts.h"

static bool is_constant(const clf_transform *stage) {
  return (stage->kind->can & CLF__CONSTANT) != 0;
}

/* Returns whether more rows may change a stage. */
static bool is_updatable(const clf_transform *stage) {
  return stage->kind->partial_fit != NULL && stage->kind->affine != NULL;
}

clf_status clf__sums_check_stages(const clf_model *model, bool changes) {
  for (int64_t i = 0; i < model->stage_count; i++) {
    const clf_transform *stage = model->stages[i];
    const bool last = i == model->stage_count - 1;
    if (!is_constant(stage) && !(changes && last && is_updatable(stage))) {
      return clf__fail(
          CLF_ERROR_UNSUPPORTED,
          "%s: %s depends on the rows of its fit, %s: apply it to the dataset instead, "
          "or fit the pipeline to all rows at once, without incremental=true",
          model->kind->base.name, stage->kind->base.name,
          !changes              ? "and cannot forget any"
          : is_updatable(stage) ? "and is not the last transform, so that others would "
                                  "change with it"
                                : "and is not changed by more of them exactly");
    }
  }
  return CLF_OK;
}

/* What a stage does to each feature. */
typedef struct stage_map {
  clf__affine affine;
  double *center, *factor;
} stage_map;

static clf_status read_map(stage_map *out, clf__arena *arena, const clf_transform *stage) {
  out->center = clf__arena_zeroed(arena, stage->inputs, sizeof(double));
  out->factor = clf__arena_array(arena, stage->inputs, sizeof(double));
  CLF__CHECK(clf__arena_status(arena));
  CLF__CHECK(clf__transform_affine(stage, out->center, out->factor, &out->affine));
  for (int64_t j = 0; j < stage->inputs && out->affine.center == NULL; j++) {
    out->center[j] = 0;
  }
  return !isfinite(out->affine.low) && !isfinite(out->affine.high)
             ? CLF_OK
             : clf__fail(CLF_ERROR_UNSUPPORTED,
                         "%s: clip=true hides how far earlier rows were beyond the range",
                         stage->kind->base.name);
}

/* Fits the last stage, and refuses one whose map more rows could not change. */
static clf_status begin_last(clf__arena *arena, clf_transform *stage, const clf_dataset *rows) {
  stage_map map;
  CLF__CHECK(clf_transform_partial_fit(stage, rows));
  return read_map(&map, arena, stage);
}

/* Adds the rows to the last stage, which has been fitted before. */
static clf_status update_last(clf__sums_stages *out, clf__arena *arena, clf_transform *stage,
                              const clf_dataset *rows) {
  const int64_t n = stage->inputs;
  stage_map old, new;
  CLF__CHECK(read_map(&old, arena, stage));
  CLF__CHECK(clf_transform_partial_fit(stage, rows));
  CLF__CHECK(read_map(&new, arena, stage));
  out->factor = clf__arena_array(arena, n, sizeof(double));
  out->shift = clf__arena_array(arena, n, sizeof(double));
  CLF__CHECK(clf__arena_status(arena));
  for (int64_t j = 0; j < n; j++) {
    const double moved = old.center[j] - new.center[j] - old.affine.shift / old.factor[j];
    out->factor[j] = new.factor[j] / old.factor[j];
    out->shift[j] = new.affine.shift + moved *new.factor[j];
  }
  return CLF_OK;
}

clf_status clf__sums_run_stages(clf__sums_stages *out, clf__arena *arena, const clf_model *model,
                                bool begins, const clf_dataset *train) {
  const int64_t last = model->stage_count - 1;
  const bool updates = last >= 0 && is_updatable(model->stages[last]);
  clf_transform **stages = NULL;
  clf_dataset *before = NULL;
  const clf_dataset *rows = train;
  clf_status status = CLF_OK;
  CLF__TRY(clf__stages_clone(&stages, model, 0));
  if (!updates) {
    CLF__TRY(clf__stages_run(&out->data, &out->made, stages, last + 1, true, train));
  } else {
    CLF__TRY(clf__stages_run(&rows, &before, stages, last, true, train));
    if (!begins) {
      clf_transform_free(stages[last]);
      stages[last] = NULL;
      CLF__TRY(clf__transform_copy(&stages[last], model->stages[last]));
    }
    CLF__TRY(begins ? begin_last(arena, stages[last], rows)
                    : update_last(out, arena, stages[last], rows));
    CLF__TRY(clf_transform_apply(&out->made, stages[last], rows));
    out->data = out->made;
  }
  out->stages = stages;
  stages = NULL;
done:
  clf_dataset_free(before);
  clf__stages_free(stages, stages != NULL ? model->stage_count : 0);
  return status;
}
