/* The weights of a linear model by the names of its features: words, or columns. Shown are those
 * that weigh most; a weight is that of the feature as the model sees it, after its transforms. */
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "model_parts.h"
#include "page.h"
#include "text.h"

enum { SHOWN = 12, MAX_LISTS = 20 };

/* A line of a description that names a transform which keeps the features what they are. */
static bool keeps_features(const char *line) {
  static const char *const kinds[] = {"standardize", "min_max", "log_count_ratio"};
  const char *kind = line + strlen("after ");
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    if (strncmp(kind, kinds[i], strlen(kinds[i])) == 0) {
      return true;
    }
  }
  return false;
}

/* Whether each column that the model weighs is a feature of the rows; also false without memory. */
static bool are_features(const clf_model *model) {
  size_t needed = 0;
  if (clf_model_describe(model, NULL, 0, &needed) < 0) {
    return false;
  }
  char *text = malloc(needed);
  bool kept = text != NULL && clf_model_describe(model, text, needed, NULL) == CLF_OK;
  for (const char *line = text; kept && line != NULL;) {
    kept = strncmp(line, "after ", 6) != 0 || keeps_features(line);
    line = strchr(line, '\n');
    line = line != NULL ? line + 1 : NULL;
  }
  free(text);
  return kept;
}

static const char *name_of(const clf_model *model, int64_t feature) {
  const clf_vocabulary *words = clf_model_vocabulary(model);
  return words != NULL ? clf_vocabulary_word(words, feature)
                       : clf_model_feature_name(model, feature);
}

/* Puts a feature where it belongs among those that weigh most so far; returns how many there
 * are. */
static int place(int64_t *most, int count, const float *weights, int64_t feature) {
  int at = count < SHOWN ? count : SHOWN - 1;
  if (count == SHOWN && fabsf(weights[feature]) <= fabsf(weights[most[at]])) {
    return count;
  }
  for (; at > 0 && fabsf(weights[most[at - 1]]) < fabsf(weights[feature]); at--) {
    most[at] = most[at - 1];
  }
  most[at] = feature;
  return count < SHOWN ? count + 1 : SHOWN;
}

static void write_list(FILE *out, const clf_model *model, const float *weights, int64_t features,
                       const char *title) {
  int64_t most[SHOWN];
  int count = 0;
  for (int64_t j = 0; j < features; j++) {
    count = weights[j] != 0 ? place(most, count, weights, j) : count;
  }
  fputs("<figure>\n<figcaption>", out);
  html_text(out, title);
  fputs("</figcaption>\n<table class=\"weights\">\n", out);
  for (int i = 0; i < count; i++) {
    const double weight = (double)weights[most[i]];
    const double width = 50 * fabs(weight / (double)weights[most[0]]);
    fputs("<tr><th scope=\"row\">", out);
    html_text(out, name_of(model, most[i]));
    fprintf(out,
            "</th><td class=\"range\"><div><i%s style=\"left:%.1f%%;width:%.1f%%\"></i></div></td>"
            "<td>%.3g</td></tr>\n",
            weight < 0 ? " class=\"against\"" : "", weight < 0 ? 50 - width : 50, width, weight);
  }
  fputs("</table>\n</figure>\n", out);
}

static bool have_names(const clf_model *model, int64_t features) {
  for (int64_t j = 0; j < features; j++) {
    if (name_of(model, j) == NULL) {
      return false;
    }
  }
  return true;
}

/* Of two classes, the second one's: what its score has more than the other's. */
static void write_lists(FILE *out, const clf_model *model, float *weights, int64_t outputs,
                        int64_t features) {
  const int64_t classes = clf_model_classes(model), first = classes == 2 && outputs == 2 ? 1 : 0;
  for (int64_t j = 0; first == 1 && j < features; j++) {
    weights[features + j] -= weights[j];
  }
  fputs(
      "<h3>Weights</h3>\n<p class=\"note\">The features with the largest weights. A larger value "
      "of a blue feature is evidence for the class, or raises the predicted value; that of an "
      "orange one is evidence against it, or lowers the value.</p>\n<div class=\"shares\">\n",
      out);
  for (int64_t k = first; k < outputs && k < MAX_LISTS; k++) {
    char title[32];
    snprintf(title, sizeof title, "Output %" PRId64, k + 1);
    write_list(out, model, weights + k * features, features,
               outputs == classes ? clf_model_class_name(model, k) : title);
  }
  fputs("</div>\n", out);
}

clf_status page_features(FILE *out, const clf_model *model) {
  const int64_t features = clf_model_features(model);
  clf_tensor *weights = NULL, *values = NULL;
  clf_status status = CLF_OK;
  if (clf_model_tensor(&weights, model, "weights") < 0 || clf_tensor_ndim(weights) != 2 ||
      clf_tensor_extent(weights, 1) != features || !have_names(model, features) ||
      !are_features(model)) {
    goto done;
  }
  status = clf_tensor_copy(&values, weights, CLF_F32);
  if (status < 0) {
    goto done;
  }
  write_lists(out, model, clf_tensor_data(values), clf_tensor_extent(weights, 0), features);
done:
  clf_tensor_free(values);
  clf_tensor_free(weights);
  return status;
}
