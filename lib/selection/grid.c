/* Grids of parameter values as text: parsing, checking, and the combinations as text. A value that
 * is drawn from a range has four digits, which is finer than any search. */
#include "selection/grid.h"

#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/text.h"
#include "selection/selection.h"

void clf__grid_free(clf__grid *grid) {
  for (int64_t i = 0; i < grid->count; i++) {
    clf__free(grid->axes[i].name);
    clf__free(grid->axes[i].values);
  }
  clf__free(grid->axes);
}

static const char *value_at(const clf__axis *axis, int64_t index) {
  const char *value = axis->values;
  for (; index > 0; index--) {
    value += strlen(value) + 1;
  }
  return value;
}

/* Divides "a|b|c" into its values. */
static void cut_values(clf__axis *axis) {
  axis->count = 1;
  for (char *at = axis->values; *at != '\0'; at++) {
    if (*at == '|') {
      *at = '\0';
      axis->count++;
    }
  }
}

static clf_status fail_range(const clf__axis *axis) {
  return clf__fail(CLF_ERROR_ARGUMENT,
                   "grid: %s=%s: a range is log:LOW..HIGH or linear:LOW..HIGH, with LOW below HIGH "
                   "and, for log, above 0",
                   axis->name, axis->values);
}

/* Reads "log:low..high" or "linear:low..high"; leaves the axis alone if it is neither. */
static clf_status read_range(clf__axis *axis) {
  const bool log = strncmp(axis->values, "log:", 4) == 0;
  const bool linear = strncmp(axis->values, "linear:", 7) == 0;
  if (!log && !linear) {
    return CLF_OK;
  }
  const char *begin = axis->values + (log ? 4 : 7), *end = begin + strlen(begin);
  const char *middle = strstr(begin, "..");
  if (middle == NULL || clf__read_f64(begin, middle, &axis->low) != middle ||
      clf__read_f64(middle + 2, end, &axis->high) != end ||
      !(isfinite(axis->low) && isfinite(axis->high) && axis->low < axis->high) ||
      (log && !(axis->low > 0)) || !isfinite(axis->high - axis->low)) {
    return fail_range(axis);
  }
  axis->log = log;
  axis->count = 0;
  return CLF_OK;
}

static void count_combinations(clf__grid *grid, const clf__axis *added) {
  if (grid->combinations == CLF__ENDLESS || added->count == 0 ||
      added->count > CLF__MAX_COMBINATIONS / grid->combinations) {
    grid->combinations = CLF__ENDLESS;
  } else {
    grid->combinations *= added->count;
  }
}

/* Adds an axis to the grid, which takes ownership of name and values on success. */
static clf_status add_axis(clf__grid *grid, clf_context *context, char *name, char *values) {
  clf__axis added = {.name = name, .values = values};
  cut_values(&added);
  CLF__CHECK(added.count == 1 ? read_range(&added) : CLF_OK);
  for (int64_t i = 0; i < grid->count; i++) {
    if (strcmp(grid->axes[i].name, name) == 0) {
      return clf__fail(CLF_ERROR_ARGUMENT,
                       "grid: '%s' occurs twice; separate its values by '|' instead", name);
    }
  }
  clf__axis *axes = clf__resize_array(context, grid->axes, grid->count + 1, sizeof *axes);
  if (axes == NULL) {
    return CLF_ERROR_MEMORY;
  }
  count_combinations(grid, &added);
  grid->axes = axes;
  grid->axes[grid->count++] = added;
  return CLF_OK;
}

static clf_status add_axes(clf__grid *out, clf_context *context, const char *text) {
  for (;;) {
    char *name = NULL;
    char *values = NULL;
    clf_status status = clf__params_next(context, &text, &name, &values);
    if (status < 0 || name == NULL) {
      return status;
    }
    status = add_axis(out, context, name, values);
    if (status < 0) {
      clf__free(name);
      clf__free(values);
      return status;
    }
  }
}

/* Allocates a value of a range as text. */
static void append_number(clf__text *text, const clf__axis *axis, double value) {
  if (axis->integer) {
    clf__text_append(text, "%lld", (long long)value);
  } else {
    clf__text_append(text, "%s", clf__number_text(value));
  }
}

static clf_status try_number(clf_model *trial, const clf__axis *axis, double value) {
  clf__text text = {.context = trial->context};
  append_number(&text, axis, value);
  clf_status status =
      text.failed ? CLF_ERROR_MEMORY : clf__setting_apply(trial, false, axis->name, text.bytes);
  clf__text_free(&text);
  return status;
}

/* A range is of whole numbers if the parameter takes nothing else. */
static clf_status check_range(clf_model *trial, clf__axis *axis) {
  int32_t type = 0;
  CLF__CHECK(clf__setting_type(trial, axis->name, &type));
  if (type == CLF_PARAM_BOOL || type == CLF_PARAM_CHOICE || type == CLF_PARAM_TEXT) {
    return clf__fail(CLF_ERROR_ARGUMENT, "grid: '%s' takes no numbers; list its values",
                     axis->name);
  }
  if (type == CLF_PARAM_I64 || type == CLF_PARAM_COUNT) {
    axis->integer = true;
    if (axis->low != floor(axis->low) || axis->high != floor(axis->high) ||
        fabs(axis->low) > 1e15 || fabs(axis->high) > 1e15) {
      return clf__fail(CLF_ERROR_ARGUMENT, "grid: '%s' takes whole numbers, and so must its range",
                       axis->name);
    }
  }
  CLF__CHECK(try_number(trial, axis, axis->low));
  return try_number(trial, axis, axis->high);
}

static clf_status check_axis(clf_model *trial, clf__axis *axis) {
  const char *unshared = trial->kind->unshared;
  if (unshared != NULL && strcmp(axis->name, unshared) == 0) {
    return clf__fail(CLF_ERROR_ARGUMENT,
                     "grid: '%s' is of one training alone; the folds would share it", axis->name);
  }
  if (axis->count == 0) {
    return check_range(trial, axis);
  }
  for (int64_t k = 0; k < axis->count; k++) {
    CLF__CHECK(clf__setting_apply(trial, false, axis->name, value_at(axis, k)));
  }
  return CLF_OK;
}

clf_status clf__grid_parse(clf__grid *out, const clf_model *model, const char *text) {
  clf_model *trial = NULL;
  clf_status status = CLF_OK;
  *out = (clf__grid){NULL, 0, 1};
  CLF__TRY(add_axes(out, model->context, text));
  CLF__TRY(clf_model_clone(&trial, model));
  for (int64_t i = 0; i < out->count; i++) {
    CLF__TRY(check_axis(trial, &out->axes[i]));
  }
done:
  clf_model_free(trial);
  return status;
}

static void append_name(clf__text *text, const clf__grid *grid, int64_t index) {
  clf__text_append(text, "%s%s=", index > 0 ? " " : "", grid->axes[index].name);
}

static void append_value(clf__text *text, const char *value) {
  if (strpbrk(value, " \t\r\n\"'") != NULL) {
    clf__params_quote(text, value);
  } else {
    clf__text_append(text, "%s", value);
  }
}

static char *take_text(clf__text *text, clf_context *context) {
  char *copy = text->failed ? NULL : clf__copy_bytes(context, text->bytes, text->length);
  clf__text_free(text);
  return copy;
}

char *clf__grid_combination(const clf__grid *grid, clf_context *context, int64_t index) {
  clf__text text = {.context = context};
  int64_t stride = grid->combinations;
  clf__text_append(&text, "%s", "");
  for (int64_t i = 0; i < grid->count; i++) {
    const clf__axis *axis = &grid->axes[i];
    stride /= axis->count;
    append_name(&text, grid, i);
    append_value(&text, value_at(axis, index / stride % axis->count));
  }
  return take_text(&text, context);
}

static double with_four_digits(double value) {
  const double exponent = value != 0 ? floor(log10(fabs(value))) - 3 : 0;
  const double scale = pow(10, fabs(exponent));
  const double rounded = exponent > 0 ? round(value / scale) * scale : round(value * scale) / scale;
  return isfinite(rounded) ? rounded : value;
}

/* Draws uniformly from the range or from its logarithms; whole numbers with their share of the
 * range. */
static double draw_number(const clf__axis *axis, clf__random *random) {
  const double u = clf__random_uniform(random), half = axis->integer ? 0.5 : 0;
  const double low = axis->log ? log(axis->low - half) : axis->low - half;
  const double high = axis->log ? log(axis->high + half) : axis->high + half;
  double value = low + u * (high - low);
  value = axis->log ? exp(value) : value;
  value = axis->integer ? floor(value + 0.5) : with_four_digits(value);
  return value < axis->low ? axis->low : value > axis->high ? axis->high : value;
}

char *clf__grid_draw(const clf__grid *grid, clf_context *context, clf__random *random) {
  clf__text text = {.context = context};
  clf__text_append(&text, "%s", "");
  for (int64_t i = 0; i < grid->count; i++) {
    const clf__axis *axis = &grid->axes[i];
    append_name(&text, grid, i);
    if (axis->count > 0) {
      append_value(&text, value_at(axis, clf__random_below(random, axis->count)));
    } else {
      append_number(&text, axis, draw_number(axis, random));
    }
  }
  return take_text(&text, context);
}
