/* Transforms as ONNX nodes. Those that change each feature by itself subtract, multiply and clip
 * the rows as they are. Others read the chosen columns; what they make is laid out with the columns
 * that pass through, as lib/transform/run.c does. The input has codes where the rows of the fit had
 * categories; the names of these are in the metadata.
 *
 * A file cannot refuse a row. Where the library does, such as for a category that the fit lacked,
 * the scores become NaN: beside the values, which later stages may replace or leave out, graphs
 * with such transforms have a number for each row, 0 or NaN, that is added to the scores. */
#include "interchange/onnx/transforms.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "interchange/onnx/codes.h"
#include "models/blocks.h"
#include "transform/columns.h"

clf__value_name clf__graph_stage_name(const char *what, int64_t number) {
  clf__value_name name;
  snprintf(name.text, sizeof name.text, "transform_%lld_%s", (long long)number, what);
  return name;
}

/* The rounding error of the center as f32 is added after the factor: shift [features] is
 * affine->shift - (center - f32(center)) factor. Returns whether that differs from affine->shift
 * enough to affect decisions. */
static bool fold_rest(const clf__affine *affine, bool wide, double *shift, int64_t features) {
  bool differs = false;
  for (int64_t j = 0; j < features; j++) {
    const double center = affine->center != NULL ? affine->center[j] : 0;
    const double rest = wide ? 0 : (center - (double)(float)center) * affine->factor[j];
    shift[j] = affine->shift - rest;
    differs |= fabs(rest) > 1e-7;
  }
  return differs;
}

static void add_affine(clf__graph *graph, const clf__affine *affine, double *shift,
                       int64_t features, int64_t number) {
  const clf__shape one = {1, {1}}, scalar = {0, {0}};
  clf__value_name name;
  if (affine->center != NULL) {
    snprintf(name.text, sizeof name.text, "transform_%lld_center", (long long)number);
    clf__graph_elementwise(graph, "Sub", name.text, affine->center, &graph->shape);
  }
  snprintf(name.text, sizeof name.text, "transform_%lld_factor", (long long)number);
  clf__graph_elementwise(graph, "Mul", name.text, affine->factor, &graph->shape);
  snprintf(name.text, sizeof name.text, "transform_%lld_shift", (long long)number);
  if (fold_rest(affine, graph->wide, shift, features)) {
    clf__graph_elementwise(graph, "Add", name.text, shift, &graph->shape);
  } else if (affine->shift != 0) {
    clf__graph_elementwise(graph, "Add", name.text, &affine->shift, &one);
  }
  if (isfinite((float)affine->low) && isfinite((float)affine->high)) {
    clf__node_begin(graph, "Clip");
    snprintf(name.text, sizeof name.text, "transform_%lld_low", (long long)number);
    clf__node_f64(graph, name.text, &affine->low, &scalar);
    snprintf(name.text, sizeof name.text, "transform_%lld_high", (long long)number);
    clf__node_f64(graph, name.text, &affine->high, &scalar);
    clf__node_end(graph, NULL);
  }
}

/* Returns whether f32 rows can represent features that are transformed this way. */
static clf_status check_affine(const clf__graph *graph, const clf__affine *affine,
                               const clf_transform *stage) {
  for (int64_t j = 0; j < stage->inputs && !graph->wide; j++) {
    const float factor = (float)affine->factor[j];
    const bool holds = isnormal(factor) || affine->factor[j] == 0;
    if (!holds || (affine->center != NULL && !isfinite((float)affine->center[j]))) {
      return clf__fail(CLF_ERROR_UNSUPPORTED,
                       "onnx: the transform %s multiplies feature %lld by %s: f32 rows, which the "
                       "file takes, do not hold such features; fit on scaled rows",
                       stage->kind->base.name, (long long)j, clf__number_text(affine->factor[j]));
    }
  }
  return CLF_OK;
}

static clf_status add_affine_stage(clf__graph *graph, const clf_transform *stage, int64_t number) {
  const int64_t features = stage->inputs;
  double *center = clf__alloc_matrix(graph->context, 3, features, sizeof *center);
  if (center == NULL) {
    return CLF_ERROR_MEMORY;
  }
  clf__affine affine;
  clf_status status = clf__transform_affine(stage, center, center + features, &affine);
  status = status < 0 ? clf__fail_within(status, "onnx") : check_affine(graph, &affine, stage);
  if (status == CLF_OK) {
    add_affine(graph, &affine, center + 2 * features, features, number);
  }
  clf__free(center);
  return status;
}

/* The columns of a value, and behind them those of the current one. */
static void join(clf__graph *graph, const clf__value_name *before) {
  const clf__value_name behind = graph->value;
  clf__node_open(graph, "Concat");
  clf__node_input(graph, before->text);
  clf__node_input(graph, behind.text);
  clf__node_integer(graph, "axis", 1);
  clf__node_end(graph, NULL);
}

static clf_status add_choice(clf__graph *graph, const clf_transform *stage, int64_t number) {
  (void)graph, (void)stage, (void)number; /* the columns have been chosen */
  return CLF_OK;
}

/* Puts each mark of a missing value behind its column. */
static clf_status add_marks(clf__graph *graph, const clf_transform *stage, int64_t number,
                            const clf__value_name *missing) {
  const uint8_t *indicator = clf__store_tensor(stage->state, "indicator")->data;
  const clf__value_name filled = graph->value;
  int64_t *columns = clf__alloc_matrix(graph->context, 2, stage->features, sizeof *columns);
  int64_t count = 0;
  if (columns == NULL) {
    return CLF_ERROR_MEMORY;
  }
  for (int64_t j = 0; j < stage->features; j++) {
    columns[count++] = j;
    if (indicator[j]) {
      columns[count++] = stage->features + j;
    }
  }
  if (count > stage->features) {
    graph->value = *missing;
    clf__graph_cast(graph);
    join(graph, &filled);
    clf__graph_gather(graph, clf__graph_stage_name("marks", number).text, columns, count);
  }
  clf__free(columns);
  return CLF_OK;
}

static clf_status add_fill(clf__graph *graph, const clf_transform *stage, int64_t number) {
  const double *value = clf__store_tensor(stage->state, "value")->data;
  const clf__value_name rows = graph->value;
  clf__node_begin(graph, "IsNaN");
  clf__node_end(graph, NULL);
  const clf__value_name missing = graph->value;
  clf__node_begin(graph, "Where");
  clf__node_f64(graph, clf__graph_stage_name("fill", number).text, value,
                &(clf__shape){1, {stage->features}});
  clf__node_input(graph, rows.text);
  clf__node_end(graph, NULL);
  return add_marks(graph, stage, number, &missing);
}

/* In doubles, whose 1 + x has the digits of a small x. Without signs, numbers below 0 are
 * refused. */
static clf_status add_log(clf__graph *graph, const clf_transform *stage, int64_t number) {
  const clf__shape scalar = {0, {0}};
  const double one = 1, zero = 0;
  const bool wide = graph->wide;
  int64_t signs = 0;
  CLF__CHECK(clf__params_get_i64(&stage->kind->base.params, stage->params, "signs", &signs));
  const clf__value_name narrow = graph->value;
  if (!signs) {
    clf__graph_elementwise(graph, "Less", clf__graph_stage_name("zero", number).text, &zero,
                           &scalar);
    clf__graph_cast(graph);
    CLF__CHECK(
        clf__graph_refuse(graph, clf__graph_stage_name("below", number).text, stage->features));
  }
  graph->value = narrow;
  clf__graph_widen(graph, true);
  const clf__value_name rows = graph->value;
  clf__node_begin(graph, "Abs");
  clf__node_end(graph, NULL);
  clf__graph_elementwise(graph, "Add", clf__graph_stage_name("one", number).text, &one, &scalar);
  clf__node_begin(graph, "Log");
  clf__node_end(graph, NULL);
  if (signs) {
    const clf__value_name logarithm = graph->value;
    graph->value = rows;
    clf__node_begin(graph, "Sign");
    clf__node_end(graph, NULL);
    clf__graph_combine(graph, "Mul", &logarithm);
  }
  clf__graph_widen(graph, wide);
  return CLF_OK;
}

typedef clf_status add_stage(clf__graph *graph, const clf_transform *stage, int64_t number);

static add_stage *const rules[CLF__TRANSFORMS] = {
    [CLF__TRANSFORM_CHOICE] = add_choice,
    [CLF__TRANSFORM_FILL] = add_fill,
    [CLF__TRANSFORM_LOG] = add_log,
    [CLF__TRANSFORM_CODES] = clf__graph_codes,
    [CLF__TRANSFORM_MARKS] = clf__graph_marks,
};

/* Applies a rule to the chosen columns, and lays out what it makes with the others. */
static clf_status add_chosen(clf__graph *graph, const clf_transform *stage, int64_t number) {
  const int64_t *chosen = clf__transform_chosen(stage);
  const clf__value_name before = graph->value;
  clf__layout layout = {.place = NULL};
  clf_status status = CLF_OK;
  if (chosen != NULL) {
    clf__graph_gather(graph, clf__graph_stage_name("chosen", number).text, chosen, stage->features);
  }
  CLF__TRY(rules[stage->kind->operation](graph, stage, number));
  if (chosen != NULL && (stage->kind->can & CLF__LEAVES_OUT) == 0) {
    CLF__TRY(clf__transform_layout(&layout, stage));
    join(graph, &before);
    clf__graph_gather(graph, clf__graph_stage_name("layout", number).text, layout.place,
                      layout.count);
  }
done:
  clf__free(layout.place);
  return status;
}

bool clf__graph_changes_columns(const clf_model *model) {
  bool changes = false;
  for (int64_t i = 0; i < model->stage_count; i++) {
    changes = changes || model->stages[i]->kind->affine == NULL;
  }
  return changes;
}

/* Refuses rows whose numbers are not finite or, if NaN is a missing value, are infinite. */
static clf_status refuse_infinite(clf__graph *graph, bool missing, const char *zero_name,
                                  const char *sum_name) {
  const double zero = 0;
  const clf__value_name rows = graph->value;
  if (missing) {
    clf__node_begin(graph, "IsInf");
    clf__node_end(graph, NULL);
    clf__graph_cast(graph);
  } else { /* 0 times what is not finite is NaN */
    clf__graph_elementwise(graph, "Mul", zero_name, &zero, &(clf__shape){0, {0}});
  }
  const clf_status status = clf__graph_refuse(graph, sum_name, graph->shape.size[0]);
  graph->value = rows;
  return status;
}

static clf_status add_stages(clf__graph *graph, const clf_model *model) {
  clf_status status = CLF_OK;
  for (int64_t i = 0; i < model->stage_count && status == CLF_OK; i++) {
    const clf_transform *stage = model->stages[i];
    if (stage->kind->affine == NULL && rules[stage->kind->operation] == NULL) {
      return clf__fail(CLF_ERROR_UNSUPPORTED,
                       "onnx: the transform %s is not written; fit on rows that are transformed "
                       "already",
                       stage->kind->base.name);
    }
    status = stage->kind->affine != NULL ? add_affine_stage(graph, stage, i + 1)
                                         : add_chosen(graph, stage, i + 1);
  }
  return status;
}

clf_status clf__graph_transforms(clf__graph *graph, const clf_model *model) {
  const bool missing = clf__model_takes_missing(model);
  if (!clf__graph_changes_columns(model)) {
    return add_stages(graph, model);
  }
  CLF__CHECK(refuse_infinite(graph, missing, "read_zero", "read_sum"));
  CLF__CHECK(add_stages(graph, model));
  graph->shape = (clf__shape){1, {model->columns}};
  return missing ? refuse_infinite(graph, false, "made_zero", "made_sum") : CLF_OK;
}
