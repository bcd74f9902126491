/* Names of the columns that a transform makes, of the names of its inputs, as scikit-learn's
 * get_feature_names_out() has them: what is made of one column has its name, perhaps with an
 * ending, and what depends on several is numbered. Inputs without names are called x0, x1, … */
#include <string.h>

#include "base/border.h"
#include "base/math.h"
#include "transform/columns.h"
#include "transform/transform.h"

enum { MAX_NAMES = 1 << 16 }; /* of columns that are named in datasets */

static void append_input(const clf_transform *transform, int64_t column, clf__text *out) {
  const char *name = clf__names_at(transform->names, column);
  if (name != NULL) {
    clf__text_append_bytes(out, name, strlen(name));
  } else {
    clf__text_append(out, "x%lld", (long long)column);
  }
}

void clf__transform_feature_name(const clf_transform *transform, int64_t feature, clf__text *out) {
  const int64_t *chosen = clf__transform_chosen(transform);
  append_input(transform, chosen != NULL ? chosen[feature] : feature, out);
}

/* Appends the name of a column that the kind makes. */
static void append_made(const clf_transform *transform, int64_t column, clf__text *out) {
  const clf__transform_kind *kind = transform->kind;
  if (kind->name != NULL) {
    kind->name(transform, column, out);
  } else if ((kind->can & CLF__ONE_EACH) != 0) {
    clf__transform_feature_name(transform, column, out);
  } else {
    clf__text_append(out, "%s_%lld", kind->base.name, (long long)column);
  }
}

static int64_t made_by(const clf_transform *transform) {
  const clf__transform_kind *kind = transform->kind;
  return kind->columns != NULL ? kind->columns(transform) : transform->features;
}

static bool all_pass_through_kind(const clf_transform *transform) {
  return clf__transform_chosen(transform) == NULL || (transform->kind->can & CLF__LEAVES_OUT) != 0;
}

int64_t clf__transform_columns(const clf_transform *transform) {
  const int64_t rest =
      all_pass_through_kind(transform) ? 0 : transform->inputs - transform->features;
  return rest + made_by(transform);
}

/* Fills widths [features] with the columns that the kind makes of each chosen one. Returns false if
 * each depends on several. */
static bool find_widths(const clf_transform *transform, int64_t *widths) {
  const clf__transform_kind *kind = transform->kind;
  if (kind->widths != NULL) {
    kind->widths(transform, widths);
    return true;
  }
  for (int64_t k = 0; k < transform->features; k++) {
    widths[k] = 1;
  }
  return (kind->can & CLF__ONE_EACH) != 0;
}

clf_status clf__transform_layout(clf__layout *out, const clf_transform *transform) {
  int64_t *widths = clf__alloc_array(transform->context, transform->features, sizeof *widths);
  if (widths == NULL) {
    return CLF_ERROR_MEMORY;
  }
  const bool each = find_widths(transform, widths);
  const clf_status status = clf__columns_lay_out(
      out, transform->context, transform->inputs, clf__transform_chosen(transform),
      transform->features, each ? widths : NULL, made_by(transform));
  clf__free(widths);
  return status;
}

/* Appends the name of column `column` of the output, by the layout if columns pass through. */
static void append_output(const clf_transform *transform, const clf__layout *layout, int64_t column,
                          clf__text *out) {
  const int64_t place = layout->place != NULL ? layout->place[column] : layout->inputs + column;
  if (place < layout->inputs) {
    append_input(transform, place, out);
  } else {
    append_made(transform, place - layout->inputs, out);
  }
}

static clf_status lay_out(clf__layout *out, const clf_transform *transform) {
  *out = (clf__layout){.inputs = transform->inputs};
  return all_pass_through_kind(transform) ? CLF_OK : clf__transform_layout(out, transform);
}

static clf_status name_output(const clf_transform *transform, int64_t column, clf__text *out) {
  clf__layout layout;
  CLF__CHECK(lay_out(&layout, transform));
  append_output(transform, &layout, column, out);
  clf__free(layout.place);
  return CLF_OK;
}

clf_status clf__transform_name_outputs(clf_transform *transform) {
  const int64_t count = clf__transform_columns(transform);
  if (transform->names == NULL || count > MAX_NAMES) {
    return CLF_OK;
  }
  clf__text text = {.context = transform->context};
  clf__layout layout = {.inputs = 0};
  const char **names = clf__alloc_array(transform->context, count, sizeof *names);
  clf_status status = names == NULL ? CLF_ERROR_MEMORY : CLF_OK;
  CLF__TRY(status);
  CLF__TRY(lay_out(&layout, transform));
  for (int64_t j = 0; j < count; j++) {
    append_output(transform, &layout, j, &text);
    clf__text_append_bytes(&text, "", 1);
  }
  CLF__TRY(text.failed ? CLF_ERROR_MEMORY : CLF_OK);
  clf__names_cut(text.bytes, (int64_t)text.length, names, count);
  status = clf__names_create(&transform->outputs, transform->context, names, count);
done:
  clf__free(layout.place);
  clf__free(names);
  clf__text_free(&text);
  return status;
}

int64_t clf_transform_outputs(const clf_transform *transform) {
  return transform != NULL && transform->state != NULL ? clf__transform_columns(transform) : -1;
}

clf_status clf_transform_output_name(const clf_transform *transform, int64_t index, char *buffer,
                                     size_t capacity, size_t *needed) {
  CLF__REQUIRE(transform);
  CLF__ENTER(transform->kind->base.name);
  CLF__CHECK(clf__transform_require_fit(transform));
  const int64_t count = clf__transform_columns(transform);
  if (index < 0 || index >= count) {
    return clf__fail(CLF_ERROR_ARGUMENT, "%s: column %lld; it must be 0 to %lld",
                     transform->kind->base.name, (long long)index, (long long)(count - 1));
  }
  clf__text text = {.context = transform->context};
  clf_status status = name_output(transform, index, &text);
  if (status == CLF_OK) {
    status = clf__text_copy(&text, buffer, capacity, needed);
  }
  clf__text_free(&text);
  return status;
}
