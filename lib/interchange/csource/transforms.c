/* Transforms as C source code, with the arithmetic and the rounding of lib/transform: in doubles,
 * rounded to floats unless the rows are doubles and stay so. */
#include <math.h>
#include <stdio.h>

#include "base/text.h"
#include "interchange/csource/csource.h"
#include "models/linear.h"

/* The name of an array of stage `number`. */
typedef struct stage_name {
  char text[32];
} stage_name;

static stage_name name_of(const char *what, int64_t number) {
  stage_name name;
  snprintf(name.text, sizeof name.text, "%s_%lld", what, (long long)number);
  return name;
}

static void warn_of_floats(clf__csource *source, const char *why) {
  if (!source->wide && !source->warned) {
    source->warned = true;
    clf__log(source->model->context, CLF_LOG_WARNING,
             "c: %s; if the rows were f64, the functions must take doubles: input=f64", why);
  }
}

/* Refuses features that are beyond the range of float, and warns if the distance of floats near the
 * center is more than 1e-4 after the factor. */
static clf_status check_floats(clf__csource *source, const clf_transform *stage,
                               const clf__affine *affine) {
  const double unit = 0x1p-24, max = 1e-4;
  bool coarse = false;
  for (int64_t j = 0; j < source->columns && !source->wide; j++) {
    const double center = affine->center != NULL ? affine->center[j] : 0;
    const float factor = (float)affine->factor[j];
    const bool holds = isnormal(factor) || affine->factor[j] == 0;
    if (!holds || !isfinite((float)center)) {
      return clf__fail(CLF_ERROR_UNSUPPORTED,
                       "c: the transform %s multiplies feature %lld by %s: floats do not hold such "
                       "features; set input=f64",
                       stage->kind->base.name, (long long)j, clf__number_text(affine->factor[j]));
    }
    coarse |= fabs(center * affine->factor[j]) * unit > max;
  }
  if (coarse) {
    warn_of_floats(source, "features lie so far from 0 that floats are coarse");
  }
  return CLF_OK;
}

static clf_status write_affine(clf__csource *source, const clf_transform *stage,
                               const clf__affine *affine, int64_t number) {
  const bool wide = source->wide && (affine->f64 || affine->center == NULL);
  const stage_name center = name_of("center", number), factor = name_of("factor", number);
  clf__text *body = &source->body;
  const char *to = NULL;
  CLF__CHECK(check_floats(source, stage, affine));
  CLF__CHECK(clf__csource_local(&to, source, wide, source->columns, true));
  const clf__csource_array factors = clf__csource_vector(CLF_F64, affine->factor, source->columns);
  CLF__CHECK(clf__csource_table(source, factor.text, &factors));
  clf__csource_code(source, body, "  /* %s */\n  for (int j = 0; j < %lld; j++) {\n",
                    stage->kind->base.name, (long long)source->columns);
  clf__csource_code(source, body, "    double value = (double)%s[j];\n", source->values);
  if (affine->center != NULL) {
    const clf__csource_array centers =
        clf__csource_vector(CLF_F64, affine->center, source->columns);
    CLF__CHECK(clf__csource_table(source, center.text, &centers));
    clf__csource_code(source, body, "    value -= @%s[j];\n", center.text);
  }
  clf__csource_code(source, body, "    value = %s + value * @%s[j];\n",
                    clf__csource_f64(affine->shift).text, factor.text);
  if (isfinite(affine->low) && isfinite(affine->high)) {
    const clf__number_text_result low = clf__csource_f64(affine->low);
    const clf__number_text_result high = clf__csource_f64(affine->high);
    clf__csource_code(source, body, "    value = value < %s ? %s : value;\n", low.text, low.text);
    clf__csource_code(source, body, "    value = value > %s ? %s : value;\n", high.text, high.text);
  }
  clf__csource_code(source, body, "    %s[j] = %svalue;\n  }\n", to, wide ? "" : "(float)");
  clf__csource_becomes(source, to, wide, source->columns);
  return CLF_OK;
}

static clf_status add_affine(clf__csource *source, const clf_transform *stage, int64_t number) {
  double *center = clf__alloc_matrix(source->model->context, 2, stage->inputs, sizeof *center);
  clf__affine affine;
  if (center == NULL) {
    return CLF_ERROR_MEMORY;
  }
  clf_status status = clf__transform_affine(stage, center, center + stage->inputs, &affine);
  if (status < 0) {
    status = clf__fail_within(status, "c");
  } else if (source->wide && clf__transform_chosen(stage) != NULL && affine.center != NULL &&
             !affine.f64) {
    status = clf__fail(CLF_ERROR_UNSUPPORTED,
                       "c: the transform %s makes f32 of some columns, and others stay f64: set "
                       "precision=f64, or input=f32",
                       stage->kind->base.name);
  } else {
    status = write_affine(source, stage, &affine, number);
  }
  clf__free(center);
  return status;
}

/* Writes V [components, features], divided by the deviations of whitening, as the transform applies
 * it: in f64 if its rows stay f64, otherwise in f32. */
static clf_status write_directions(clf__csource *source, const clf_transform *stage,
                                   const char *name, bool wide) {
  const clf_tensor *components =
      clf__store_tensor(stage->state, wide ? "components_f64" : "components");
  const double *variance = clf__store_tensor(stage->state, "variance")->data;
  const int64_t rows = components->shape[0], columns = components->shape[1];
  const size_t size = wide ? sizeof(double) : sizeof(float);
  void *values = clf__alloc_matrix(source->model->context, rows, columns, size);
  int64_t whiten = 0;
  clf_status status = values == NULL ? CLF_ERROR_MEMORY : CLF_OK;
  CLF__TRY(status);
  CLF__TRY(clf__params_get_i64(&stage->kind->base.params, stage->params, "whiten", &whiten));
  for (int64_t i = 0; i < rows * columns; i++) {
    const double factor = whiten ? 1 / sqrt(variance[i / columns]) : 1;
    const double value = factor * clf__tensor_value(components, i);
    if (wide) {
      ((double *)values)[i] = value;
    } else {
      ((float *)values)[i] = (float)value;
    }
  }
  const clf__csource_array array =
      clf__csource_matrix(wide ? CLF_F64 : CLF_F32, values, rows, columns);
  status = clf__csource_table(source, name, &array);
done:
  clf__free(values);
  return status;
}

static clf_status add_projection(clf__csource *source, const clf_transform *stage, int64_t number) {
  const bool wide = source->wide && clf__store_tensor(stage->state, "components_f64") != NULL;
  const int64_t count = clf__transform_columns(stage), columns = source->columns;
  const stage_name mean = name_of("mean", number), components = name_of("components", number);
  const clf__csource_array means =
      clf__csource_vector(CLF_F64, clf__store_tensor(stage->state, "mean")->data, columns);
  const char *centered = NULL, *to = NULL;
  CLF__CHECK(clf__csource_local(&centered, source, wide, columns, true));
  CLF__CHECK(clf__csource_table(source, mean.text, &means));
  CLF__CHECK(write_directions(source, stage, components.text, wide));
  clf__csource_code(source, &source->body,
                    "  /* %s */\n"
                    "  for (int j = 0; j < %lld; j++) {\n"
                    "    %s[j] = %s((double)%s[j] - @%s[j]);\n"
                    "  }\n",
                    stage->kind->base.name, (long long)columns, centered, wide ? "" : "(float)",
                    source->values, mean.text);
  clf__csource_becomes(source, centered, wide, columns);
  CLF__CHECK(clf__csource_local(&to, source, wide, count, false));
  clf__csource_product(source, components.text, NULL, count, to, wide);
  clf__csource_becomes(source, to, wide, count);
  return CLF_OK;
}

/* The products of a degree are each feature times the products of the degree before whose first
 * feature is not before it (lib/transform/numbers/polynomial.c). The array @first [degrees,
 * features + 1] has where the products of a degree that begin with a feature start, and where the
 * degree ends. */
static clf_status write_products(clf__csource *source, int64_t degree, int64_t after,
                                 const char *name) {
  const int64_t n = source->columns;
  int64_t *first = clf__alloc_matrix(source->model->context, degree, n + 1, sizeof *first);
  if (first == NULL) {
    return CLF_ERROR_MEMORY;
  }
  for (int64_t j = 0; j <= n; j++) {
    first[j] = j;
  }
  for (int64_t d = 1; d < degree; d++) {
    const int64_t *below = first + (d - 1) * (n + 1);
    first[d * (n + 1)] = below[n];
    for (int64_t j = 0; j < n; j++) {
      first[d * (n + 1) + j + 1] = first[d * (n + 1) + j] + below[n] - below[j + after];
    }
  }
  const clf__csource_array array = clf__csource_matrix(CLF_I64, first, degree, n + 1);
  const clf_status status = clf__csource_table(source, name, &array);
  clf__free(first);
  return status;
}

static clf_status add_products(clf__csource *source, const clf_transform *stage, int64_t number) {
  const clf__param_table *table = &stage->kind->base.params;
  const int64_t n = source->columns, count = clf__transform_columns(stage);
  const stage_name first = name_of("first", number);
  int64_t degree = 0, after = 0;
  const char *to = NULL;
  CLF__CHECK(clf__params_get_i64(table, stage->params, "degree", &degree));
  CLF__CHECK(clf__params_get_i64(table, stage->params, "interaction_only", &after));
  CLF__CHECK(clf__csource_local(&to, source, source->wide, count, false));
  CLF__CHECK(write_products(source, degree, after, first.text));
  clf__csource_code(source, &source->body,
                    "  /* %s */\n"
                    "  for (int j = 0; j < %lld; j++) {\n"
                    "    %s[j] = %s[j];\n"
                    "  }\n",
                    stage->kind->base.name, (long long)n, to, source->values);
  clf__csource_code(
      source, &source->body,
      "  for (int degree = 1, next = %lld; degree < %lld; degree++) {\n"
      "    for (int j = 0; j < %lld; j++) {\n"
      "      for (int i = @%s[degree - 1][j + %lld]; i < @%s[degree - 1][%lld]; i++) {\n"
      "        %s[next++] = %s[j] * %s[i];\n"
      "      }\n"
      "    }\n"
      "  }\n",
      (long long)n, (long long)degree, (long long)n, first.text, (long long)after, first.text,
      (long long)n, to, to, to);
  clf__csource_becomes(source, to, source->wide, count);
  return CLF_OK;
}

/* Writes the chosen columns of the stage as the array @name; all are listed, too. */
static clf_status write_chosen(clf__csource *source, const clf_transform *stage, const char *name) {
  const int64_t *chosen = clf__transform_chosen(stage);
  int64_t *list = clf__alloc_array(source->model->context, stage->features, sizeof *list);
  if (list == NULL) {
    return CLF_ERROR_MEMORY;
  }
  for (int64_t k = 0; k < stage->features; k++) {
    list[k] = chosen != NULL ? chosen[k] : k;
  }
  const clf__csource_array array = clf__csource_matrix(CLF_I64, list, 1, stage->features);
  const clf_status status = clf__csource_table(source, name, &array);
  clf__free(list);
  return status;
}

static clf_status add_choice(clf__csource *source, const clf_transform *stage, int64_t number) {
  const stage_name chosen = name_of("chosen", number);
  const char *to = NULL;
  CLF__CHECK(clf__csource_local(&to, source, source->wide, stage->features, false));
  CLF__CHECK(write_chosen(source, stage, chosen.text));
  clf__csource_code(source, &source->body,
                    "  /* %s */\n"
                    "  for (int j = 0; j < %lld; j++) {\n"
                    "    %s[j] = %s[@%s[0][j]];\n"
                    "  }\n",
                    stage->kind->base.name, (long long)stage->features, to, source->values,
                    chosen.text);
  clf__csource_becomes(source, to, source->wide, stage->features);
  return CLF_OK;
}

static clf_status add_fill(clf__csource *source, const clf_transform *stage, int64_t number) {
  const stage_name chosen = name_of("chosen", number), fill = name_of("fill", number);
  const clf_tensor *value = clf__store_tensor(stage->state, "value");
  const int64_t columns = source->columns;
  const char *to = NULL;
  if (clf__transform_columns(stage) != columns) {
    return clf__fail(CLF_ERROR_UNSUPPORTED,
                     "c: the columns that %s adds are not written: set indicator=false",
                     stage->kind->base.name);
  }
  const clf__csource_array values = clf__csource_vector(CLF_F64, value->data, stage->features);
  CLF__CHECK(clf__csource_local(&to, source, source->wide, columns, true));
  CLF__CHECK(write_chosen(source, stage, chosen.text));
  CLF__CHECK(clf__csource_table(source, fill.text, &values));
  clf__csource_code(source, &source->body,
                    "  /* %s */\n"
                    "  for (int j = 0; j < %lld; j++) {\n"
                    "    %s[j] = %s[j];\n"
                    "  }\n"
                    "  for (int k = 0; k < %lld; k++) {\n"
                    "    const int j = @%s[0][k];\n"
                    "    %s[j] = %s[j] != %s[j] ? %s@%s[k] : %s[j]; /* NaN differs from itself */\n"
                    "  }\n",
                    stage->kind->base.name, (long long)columns, to, source->values,
                    (long long)stage->features, chosen.text, to, to, to,
                    source->wide ? "" : "(float)", fill.text, to);
  clf__csource_becomes(source, to, source->wide, columns);
  return CLF_OK;
}

typedef clf_status add_stage(clf__csource *source, const clf_transform *stage, int64_t number);

static add_stage *const rules[CLF__TRANSFORMS] = {
    [CLF__TRANSFORM_AFFINE] = add_affine,     [CLF__TRANSFORM_PROJECTION] = add_projection,
    [CLF__TRANSFORM_PRODUCTS] = add_products, [CLF__TRANSFORM_CHOICE] = add_choice,
    [CLF__TRANSFORM_FILL] = add_fill,
};

/* Returns whether the rule of a stage writes it where it reads some of the columns only. */
static bool writes_some(const clf_transform *stage) {
  return stage->kind->affine != NULL || stage->kind->operation == CLF__TRANSFORM_CHOICE ||
         stage->kind->operation == CLF__TRANSFORM_FILL;
}

clf_status clf__csource_transforms(clf__csource *source) {
  const clf_model *model = source->model;
  clf_status status = CLF_OK;
  for (int64_t i = 0; i < model->stage_count && status == CLF_OK; i++) {
    const clf_transform *stage = model->stages[i];
    const bool whole = writes_some(stage) || clf__transform_chosen(stage) == NULL;
    add_stage *add = whole ? rules[stage->kind->operation] : NULL;
    status =
        add != NULL
            ? add(source, stage, i + 1)
            : clf__fail(CLF_ERROR_UNSUPPORTED,
                        "c: the transform %s%s is not written; fit on rows that are transformed "
                        "already",
                        stage->kind->base.name, whole ? "" : " of some columns");
  }
  return status;
}

clf_status clf__csource_model_rows(clf__csource *source) {
  const clf_tensor *center = clf__store_tensor(source->model->state, "center");
  const bool precise = clf__linear_precise(source->model), wide = source->wide && precise;
  const char *to = NULL;
  if (center != NULL || precise) {
    warn_of_floats(source, "the model needs more digits of its rows than floats have");
  }
  if (center == NULL && wide == source->wide) {
    return CLF_OK;
  }
  CLF__CHECK(clf__csource_local(&to, source, wide, source->columns, true));
  clf__csource_code(source, &source->body,
                    "  for (int j = 0; j < %lld; j++) {\n    %s[j] = %s((double)%s[j]",
                    (long long)source->columns, to, wide ? "" : "(float)", source->values);
  if (center != NULL) {
    const clf__csource_array centers = clf__csource_vector(CLF_F64, center->data, source->columns);
    CLF__CHECK(clf__csource_table(source, "center", &centers));
    clf__csource_code(source, &source->body, " - @center[j]");
  }
  clf__csource_code(source, &source->body, ");\n  }\n");
  clf__csource_becomes(source, to, wide, source->columns);
  return CLF_OK;
}
