/* Transforms as ONNX nodes. Those that change each feature by itself subtract, multiply and clip
 * the rows as they are. Others read the chosen columns; what they make is laid out with the columns
 * that pass through, as lib/transform/run.c does. The input has codes where the rows of the fit had
 * categories; the names of these are in the metadata.
 *
 * A file cannot refuse a row. What the library refuses, such as a category that the fit lacked,
 * becomes NaN, and so do the scores. */
#include "interchange/onnx/transforms.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "transform/categories/grouping.h"
#include "transform/columns.h"

static clf__value_name named(const char *what, int64_t number) {
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

/* Columns of the current value, in this order. */
static void gather(clf__graph *graph, const char *name, const int64_t *columns, int64_t count) {
  clf__node_begin(graph, "Gather");
  clf__node_i64(graph, name, columns, count);
  clf__node_integer(graph, "axis", 1);
  clf__node_end(graph, NULL);
  graph->shape = (clf__shape){1, {count}};
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
    gather(graph, named("marks", number).text, columns, count);
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
  clf__node_f64(graph, named("fill", number).text, value, &(clf__shape){1, {stage->features}});
  clf__node_input(graph, rows.text);
  clf__node_end(graph, NULL);
  return add_marks(graph, stage, number, &missing);
}

/* Adds the current value to another one. */
static void add_value(clf__graph *graph, const char *operator, const clf__value_name * other) {
  clf__node_begin(graph, operator);
  clf__node_input(graph, other->text);
  clf__node_end(graph, NULL);
}

/* In doubles, whose 1 + x has the digits of a small x. Without signs, the square root makes NaN of
 * numbers below 0, and otherwise 0 times it is added. */
static clf_status add_log(clf__graph *graph, const clf_transform *stage, int64_t number) {
  const clf__shape scalar = {0, {0}};
  const double one = 1, zero = 0;
  const bool wide = graph->wide;
  int64_t signs = 0;
  CLF__CHECK(clf__params_get_i64(&stage->kind->base.params, stage->params, "signs", &signs));
  clf__graph_widen(graph, true);
  const clf__value_name rows = graph->value;
  clf__node_begin(graph, "Abs");
  clf__node_end(graph, NULL);
  clf__graph_elementwise(graph, "Add", named("one", number).text, &one, &scalar);
  clf__node_begin(graph, "Log");
  clf__node_end(graph, NULL);
  const clf__value_name logarithm = graph->value;
  graph->value = rows;
  clf__node_begin(graph, signs ? "Sign" : "Sqrt");
  clf__node_end(graph, NULL);
  if (!signs) {
    clf__graph_elementwise(graph, "Mul", named("zero", number).text, &zero, &scalar);
  }
  add_value(graph, signs ? "Mul" : "Add", &logarithm);
  clf__graph_widen(graph, wide);
  return CLF_OK;
}

/* What a value of a feature becomes is linear in its marks: s_e is 1 if the value is that of entry
 * e, a category of the fit or a missing value. One that is neither has the code u, so that
 *
 *   y = u + sum_e s_e (c_e - u).
 *
 * The same sum of 1 for codes, and 0 for what is refused, is the divisor of a 0 that is added. */
typedef struct coding {
  int64_t levels, entries, columns;
  int64_t *feature; /* [levels] */
  double *value;    /* [levels] */
  double *code;     /* [entries, columns] */
  double *offset;   /* [columns] u */
  double *known;    /* [entries, columns] */
  double *base;     /* [columns] */
  bool refuses;
} coding;

/* Writes the code of a value to columns `to`, with NaN as 0, and whether it is known. */
static void write_code(coding *c, const clf_transform *stage, int64_t feature, double value,
                       double *to, double *known, int64_t width) {
  stage->kind->code(stage, feature, value, to);
  for (int64_t k = 0; k < width; k++) {
    known[k] = !isnan(to[k]);
    c->refuses |= isnan(to[k]);
    to[k] = isnan(to[k]) ? 0 : to[k];
  }
}

static void subtract(double *from, const double *other, int64_t count) {
  for (int64_t k = 0; k < count; k++) {
    from[k] -= other[k];
  }
}

static void write_codes(coding *c, const clf_transform *stage, const int64_t *widths) {
  for (int64_t j = 0, entry = 0, at = 0; j < stage->features; at += widths[j++]) {
    const clf__grouping g = clf__grouping_of(stage, j);
    write_code(c, stage, j, INFINITY, c->offset + at, c->base + at, widths[j]);
    for (int64_t i = 0; i <= g.count; i++) {
      const bool missing = i == g.count;
      const int64_t row = (missing ? c->levels + j : entry) * c->columns + at;
      write_code(c, stage, j, missing ? (double)NAN : g.value[i], c->code + row, c->known + row,
                 widths[j]);
      subtract(c->code + row, c->offset + at, widths[j]);
      subtract(c->known + row, c->base + at, widths[j]);
      if (!missing) {
        c->feature[entry] = j;
        c->value[entry++] = g.value[i];
      }
    }
  }
}

static clf_status make_coding(coding *c, clf__arena *arena, const clf_transform *stage) {
  const int64_t features = stage->features;
  int64_t *widths = clf__arena_array(arena, features, sizeof *widths);
  CLF__CHECK(clf__arena_status(arena));
  for (int64_t j = 0; j < features; j++) {
    widths[j] = 1;
    c->levels += clf__grouping_of(stage, j).count;
  }
  if (stage->kind->widths != NULL) {
    stage->kind->widths(stage, widths);
  }
  for (int64_t j = 0; j < features; j++) {
    c->columns += widths[j];
  }
  c->entries = c->levels + features;
  c->feature = clf__arena_array(arena, c->levels, sizeof *c->feature);
  c->value = clf__arena_array(arena, c->levels, sizeof *c->value);
  c->offset = clf__arena_zeroed(arena, c->columns, sizeof *c->offset);
  c->base = clf__arena_zeroed(arena, c->columns, sizeof *c->base);
  c->code = clf__arena_zeroed(arena, clf__count(c->entries, c->columns), sizeof *c->code);
  c->known = clf__arena_zeroed(arena, clf__count(c->entries, c->columns), sizeof *c->known);
  CLF__CHECK(clf__arena_status(arena));
  write_codes(c, stage, widths);
  return CLF_OK;
}

static clf_status check_levels(const clf__graph *graph, const coding *c,
                               const clf_transform *stage) {
  for (int64_t i = 0; i < c->levels && !graph->wide; i++) {
    if ((double)(float)c->value[i] != c->value[i]) {
      return clf__fail(CLF_ERROR_UNSUPPORTED,
                       "onnx: %s takes %s as a category, which f32 rows do not hold",
                       stage->kind->base.name, clf__number_text(c->value[i]));
    }
  }
  return CLF_OK;
}

/* The marks of the entries: of the levels, then of missing values. */
static void add_entries(clf__graph *graph, const coding *c, int64_t number) {
  const clf__value_name rows = graph->value;
  clf__node_begin(graph, "IsNaN");
  clf__node_end(graph, NULL);
  clf__graph_cast(graph);
  const clf__value_name missing = graph->value;
  if (c->levels == 0) {
    return;
  }
  graph->value = rows;
  gather(graph, named("features", number).text, c->feature, c->levels);
  clf__graph_elementwise(graph, "Equal", named("categories", number).text, c->value,
                         &(clf__shape){1, {c->levels}});
  clf__graph_cast(graph);
  const clf__value_name marks = graph->value;
  graph->value = missing;
  join(graph, &marks);
}

static void add_sum(clf__graph *graph, const coding *c, const char *matrix, const double *factors,
                    const char *vector, const double *offset) {
  clf__node_begin(graph, "Gemm");
  clf__node_f64(graph, matrix, factors, &(clf__shape){2, {c->entries, c->columns}});
  clf__node_f64(graph, vector, offset, &(clf__shape){1, {c->columns}});
  clf__node_end(graph, NULL);
}

static clf_status add_codes(clf__graph *graph, const clf_transform *stage, int64_t number) {
  clf__arena arena = {.context = graph->context};
  coding c = {.levels = 0};
  clf_status status = make_coding(&c, &arena, stage);
  CLF__TRY(status);
  CLF__TRY(check_levels(graph, &c, stage));
  add_entries(graph, &c, number);
  const clf__value_name entries = graph->value;
  add_sum(graph, &c, named("codes", number).text, c.code, named("unknown", number).text, c.offset);
  if (c.refuses) {
    const clf__value_name codes = graph->value;
    graph->value = entries;
    add_sum(graph, &c, named("known", number).text, c.known, named("base", number).text, c.base);
    const clf__value_name known = graph->value;
    graph->value = codes;
    add_value(graph, "Mul", &known); /* 0 where it is refused */
    add_value(graph, "Div", &known);
  }
  graph->shape = (clf__shape){1, {c.columns}};
done:
  clf__arena_free(&arena);
  return status;
}

typedef clf_status add_stage(clf__graph *graph, const clf_transform *stage, int64_t number);

static add_stage *const rules[CLF__TRANSFORMS] = {
    [CLF__TRANSFORM_CHOICE] = add_choice,
    [CLF__TRANSFORM_FILL] = add_fill,
    [CLF__TRANSFORM_LOG] = add_log,
    [CLF__TRANSFORM_CODES] = add_codes,
};

/* Applies a rule to the chosen columns, and lays out what it makes with the others. */
static clf_status add_chosen(clf__graph *graph, const clf_transform *stage, int64_t number) {
  const int64_t *chosen = clf__transform_chosen(stage);
  const clf__value_name before = graph->value;
  clf__layout layout = {.place = NULL};
  clf_status status = CLF_OK;
  if (chosen != NULL) {
    gather(graph, named("chosen", number).text, chosen, stage->features);
  }
  CLF__TRY(rules[stage->kind->operation](graph, stage, number));
  if (chosen != NULL && (stage->kind->can & CLF__LEAVES_OUT) == 0) {
    CLF__TRY(clf__transform_layout(&layout, stage));
    join(graph, &before);
    gather(graph, named("layout", number).text, layout.place, layout.count);
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

clf_status clf__graph_transforms(clf__graph *graph, const clf_model *model) {
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
