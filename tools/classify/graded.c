#include "graded.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "params.h"
#include "report/text.h"

/* A class of the model by its name. */
typedef struct named {
  const char *name;
  int32_t index;
} named;

static int compare_names(const void *first, const void *second) {
  return strcmp(((const named *)first)->name, ((const named *)second)->name);
}

static void *allocate(int64_t count, size_t size) {
  return calloc(count > 0 ? (size_t)count : 1, size);
}

/* Finds the model's index of each class of the data; -1 where it has none. */
static bool map_classes(const graded *g, const clf_dataset *data, int32_t *map, int64_t count) {
  named *of_model = allocate(g->classes, sizeof *of_model);
  for (int64_t k = 0; of_model != NULL && k < g->classes; k++) {
    of_model[k] = (named){g->names[k], (int32_t)k};
  }
  if (of_model != NULL) {
    qsort(of_model, (size_t)g->classes, sizeof *of_model, compare_names);
  }
  for (int64_t k = 0; of_model != NULL && k < count; k++) {
    const named sought = {clf_dataset_class_name(data, k), 0};
    const named *found =
        bsearch(&sought, of_model, (size_t)g->classes, sizeof *of_model, compare_names);
    map[k] = found != NULL ? found->index : -1;
  }
  free(of_model);
  return of_model != NULL;
}

/* Lists the classes of the data that the model does not know, and have rows. */
static bool list_unknown(graded *g, const clf_dataset *data, const int32_t *labels,
                         const int32_t *map, int64_t count) {
  int64_t *rows = allocate(count, sizeof *rows);
  g->unknown = allocate(count, sizeof *g->unknown);
  const bool fits = rows != NULL && g->unknown != NULL;
  for (int64_t i = 0; fits && i < g->rows; i++) {
    rows[labels[i]]++;
  }
  for (int64_t k = 0; fits && k < count; k++) {
    if (map[k] < 0 && rows[k] > 0) {
      g->unknown[g->unknown_count++] = (unknown_class){clf_dataset_class_name(data, k), rows[k]};
      g->unknown_rows += rows[k];
    }
  }
  free(rows);
  return fits;
}

static bool list_names(graded *g) {
  g->names = allocate(g->classes, sizeof *g->names);
  for (int64_t k = 0; g->names != NULL && k < g->classes; k++) {
    g->names[k] = clf_model_class_name(g->said.model, k);
  }
  return g->names != NULL;
}

static clf_status read_truth(graded *g, const clf_dataset *data) {
  const int64_t count = clf_dataset_classes(data);
  clf_tensor *tensor = NULL;
  int32_t *map = allocate(count, sizeof *map);
  g->truth = allocate(g->rows, sizeof *g->truth);
  clf_status status = clf_dataset_tensor(&tensor, data, "labels");
  if (status == CLF_OK) {
    const int32_t *labels = clf_tensor_data(tensor);
    status = map != NULL && g->truth != NULL && list_names(g) && map_classes(g, data, map, count) &&
                     list_unknown(g, data, labels, map, count)
                 ? CLF_OK
                 : CLF_ERROR_MEMORY;
    for (int64_t i = 0; status == CLF_OK && i < g->rows; i++) {
      g->truth[i] = map[labels[i]];
    }
  }
  clf_tensor_free(tensor);
  free(map);
  return status;
}

static clf_status read_targets(graded *g, const clf_dataset *data) {
  clf_tensor *tensor = NULL;
  clf_status status = clf_dataset_tensor(&tensor, data, "targets");
  g->targets = allocate(g->rows * g->outputs, sizeof *g->targets);
  if (status == CLF_OK && g->targets == NULL) {
    status = CLF_ERROR_MEMORY;
  }
  if (status == CLF_OK) {
    memcpy(g->targets, clf_tensor_data(tensor),
           (size_t)(g->rows * g->outputs) * sizeof *g->targets);
  }
  clf_tensor_free(tensor);
  return status;
}

static clf_status read_weights(graded *g, const clf_dataset *data) {
  clf_tensor *tensor = NULL;
  clf_status status = clf_dataset_tensor(&tensor, data, "weights");
  g->weighted = status == CLF_OK;
  g->weights = allocate(g->rows, sizeof *g->weights);
  if (status != CLF_OK && status != CLF_ERROR_UNSUPPORTED) {
    return status;
  }
  if (g->weights == NULL) {
    clf_tensor_free(tensor);
    return CLF_ERROR_MEMORY;
  }
  const float *weights = g->weighted ? clf_tensor_data(tensor) : NULL;
  for (int64_t i = 0; i < g->rows; i++) {
    g->weights[i] = weights != NULL ? weights[i] : 1;
  }
  clf_tensor_free(tensor);
  return CLF_OK;
}

/* The labels of a machine of one class: 1 for outliers, else 0. */
static clf_status read_outliers(graded *g, const clf_dataset *data, const char *outliers) {
  static const char *const names[] = {"0", "-1"};
  clf_tensor *tensor = NULL;
  g->truth = allocate(g->rows, sizeof *g->truth);
  g->names = allocate(2, sizeof *g->names);
  clf_status status = clf_dataset_tensor(&tensor, data, "labels");
  if (status == CLF_OK && (g->truth == NULL || g->names == NULL)) {
    status = CLF_ERROR_MEMORY;
  }
  const int32_t *labels = status == CLF_OK ? clf_tensor_data(tensor) : NULL;
  for (int64_t i = 0; status == CLF_OK && i < g->rows; i++) {
    g->truth[i] = list_has(outliers, clf_dataset_class_name(data, labels[i])) ? 1 : 0;
  }
  if (status == CLF_OK) {
    memcpy(g->names, names, sizeof names);
  }
  clf_tensor_free(tensor);
  return status;
}

/* Makes room for scores of both classes of a machine of one class. */
static clf_status widen(answers *a) {
  if (!a->one_class) {
    return CLF_OK;
  }
  free(a->values);
  a->outputs = 2;
  a->values = allocate(2 * a->rows, sizeof *a->values);
  return a->values != NULL ? CLF_OK : CLF_ERROR_MEMORY;
}

/* Makes classes of the answers of a machine of one class. */
static void separate(answers *a) {
  for (int64_t i = a->rows; i-- > 0;) {
    const double value = a->values[i];
    a->values[2 * i] = value;
    a->values[2 * i + 1] = -value;
    a->labels[i] = a->labels[i] < 0 ? 1 : 0;
  }
}

/* Of more values than these, and of more classes, only f32 are kept. */
enum { MANY_VALUES = 10000000, MANY_CLASSES = 100, BLOCK_VALUES = 2000000 };

static bool are_many(const graded *g) {
  return g->classes > MANY_CLASSES && g->rows > MANY_VALUES / g->classes;
}

/* Answers rows from `first` on, as many as the block has memory for. */
static clf_status answer_block(graded *g, answers *block, const clf_dataset *data, int64_t first,
                               int64_t *indices) {
  const int64_t left = g->rows - first, rows = left < block->rows ? left : block->rows;
  clf_dataset *part = NULL;
  for (int64_t i = 0; i < rows; i++) {
    indices[i] = first + i;
  }
  block->filled = 0;
  clf_status status = clf_dataset_subset(&part, data, indices, rows);
  status = status == CLF_OK ? answers_add(block, part) : status;
  if (status == CLF_OK) {
    float *to = g->scores + first * g->outputs;
    for (int64_t i = 0; i < rows * g->outputs; i++) {
      to[i] = (float)block->values[i];
    }
    memcpy(g->said.labels + first, block->labels, (size_t)rows * sizeof *block->labels);
  }
  clf_dataset_free(part);
  return status;
}

/* Answers many values in blocks of rows. */
static clf_status answer_many(graded *g, const clf_model *model, const clf_dataset *data,
                              answer_wish wish) {
  const int64_t rows = g->outputs < BLOCK_VALUES ? BLOCK_VALUES / g->outputs : 1;
  answers block = {0};
  int64_t *indices = allocate(rows, sizeof *indices);
  clf_status status = answers_create(&block, model, &wish, rows);
  wish.kind = ANSWER_LABELS;
  status = status == CLF_OK ? answers_create(&g->said, model, &wish, g->rows) : status;
  g->said.probabilities = block.probabilities;
  g->scores = allocate(g->rows * g->outputs, sizeof *g->scores);
  if (indices == NULL || g->scores == NULL) {
    status = status == CLF_OK ? CLF_ERROR_MEMORY : status;
  }
  for (int64_t i = 0; status == CLF_OK && i < g->rows; i += rows) {
    status = answer_block(g, &block, data, i, indices);
  }
  if (status == CLF_ERROR_DATA) { /* the message is to name a row of all, not of a block */
    const clf_status again = clf_model_predict(model, data, g->said.labels, g->rows);
    status = again < 0 ? again : status;
  }
  answers_free(&block);
  free(indices);
  return status;
}

static clf_status answer(graded *g, const clf_model *model, const clf_dataset *data) {
  const answer_wish wish = {.kind = model_has_probabilities(model) ? ANSWER_PROBABILITIES
                                                                   : ANSWER_SCORES};
  if (are_many(g)) {
    return answer_many(g, model, data, wish);
  }
  clf_status status = answers_create(&g->said, model, &wish, g->rows);
  status = status == CLF_OK ? widen(&g->said) : status;
  status = status == CLF_OK ? answers_add(&g->said, data) : status;
  if (status == CLF_OK && g->said.one_class) {
    separate(&g->said);
  }
  return status;
}

static bool round_chances(graded *g) {
  const int64_t count = g->rows * g->classes;
  if (!g->said.probabilities || g->scores != NULL) {
    g->chances = g->said.probabilities ? g->scores : NULL;
    return true;
  }
  g->chances = allocate(count, sizeof *g->chances);
  for (int64_t i = 0; g->chances != NULL && i < count; i++) {
    g->chances[i] = (float)g->said.values[i];
  }
  return g->chances != NULL;
}

/* Finds out whether the labels say which rows are outliers. One label of all rows need not. */
static bool has_outliers(const clf_dataset *data, const char *outliers) {
  const int64_t classes = clf_dataset_classes(data);
  bool found = false;
  for (int64_t k = 0; k < classes; k++) {
    found = found || list_has(outliers != NULL ? outliers : "-1", clf_dataset_class_name(data, k));
  }
  if (classes == 0) {
    complain(
        "the rows have no labels, which say what are outliers: --format 'csv label=NAME' names "
        "their column");
  } else if (!found && outliers != NULL) {
    complain("--outliers: no row has the label '%s'", outliers);
  } else if (!found && classes > 1) {
    complain(
        "no row has the label -1: --outliers says which of the labels, '%s' or '%s'%s, are those "
        "of outliers",
        clf_dataset_class_name(data, 0), clf_dataset_class_name(data, 1), classes > 2 ? " …" : "");
    return false;
  }
  return classes > 0 && (found || outliers == NULL);
}

/* Finds what the data lack before the rows are predicted. */
static bool has_truth(const clf_model *model, const clf_dataset *data, const char *outliers) {
  if (model_learns_one_class(model)) {
    return has_outliers(data, outliers);
  }
  if (outliers != NULL) {
    complain("--outliers is for machines of one class, 'svm type=one_class'");
    return false;
  }
  const int64_t outputs = clf_model_outputs(model), targets = clf_dataset_outputs(data);
  if (clf_model_classes(model) > 0 && clf_dataset_classes(data) == 0) {
    complain("the rows have no labels to compare with what the %s predicts", clf_model_kind(model));
    return false;
  }
  if (clf_model_classes(model) == 0 && targets != outputs) {
    complain("the %s predicts %" PRId64 " numbers a row, and the rows have %" PRId64 " targets",
             clf_model_kind(model), outputs, targets);
    return false;
  }
  return true;
}

static bool weighs(const graded *g) {
  for (int64_t i = 0; i < g->rows; i++) {
    if (g->weights[i] > 0) {
      return true;
    }
  }
  return false;
}

static clf_status read_known(graded *g, const clf_dataset *data, const char *outliers) {
  return g->said.one_class ? read_outliers(g, data, outliers != NULL ? outliers : "-1")
         : g->classes > 0  ? read_truth(g, data)
                           : read_targets(g, data);
}

int graded_create(graded *out, const clf_model *model, const clf_dataset *data,
                  const char *outliers) {
  const bool one_class = model_learns_one_class(model);
  *out = (graded){.rows = clf_dataset_rows(data),
                  .classes = one_class ? 2 : clf_model_classes(model),
                  .outputs = one_class ? 2 : clf_model_outputs(model)};
  if (!has_truth(model, data, outliers)) {
    return EXIT_FAILURE;
  }
  clf_status status = answer(out, model, data);
  status = status == CLF_OK && !round_chances(out) ? CLF_ERROR_MEMORY : status;
  status = status == CLF_OK ? read_weights(out, data) : status;
  status = status == CLF_OK ? read_known(out, data, outliers) : status;
  for (int64_t i = 0; status == CLF_OK && out->classes > 0 && i < out->rows; i++) {
    out->rejected_rows += out->said.labels[i] < 0;
  }
  if (status == CLF_OK && !weighs(out)) {
    complain("the weights of all rows are 0");
    return EXIT_FAILURE;
  }
  return status == CLF_OK ? -1 : tool_fail(status);
}

void graded_free(graded *g) {
  answers_free(&g->said);
  free(g->names);
  free(g->chances != g->scores ? g->chances : NULL);
  free(g->scores);
  free(g->truth);
  free(g->targets);
  free(g->weights);
  free(g->unknown);
  *g = (graded){.rows = 0};
}

/* Each part may have few values or many. */
static void copy_scores(graded *out, const graded *part, int64_t row) {
  for (int64_t i = 0; i < part->rows; i++) {
    for (int64_t k = 0; k < part->classes; k++) {
      out->scores[(row + i) * out->classes + k] = (float)graded_score(part, i, k);
    }
  }
}

/* Moves what the parts have, behind each other. */
static clf_status join(graded *out, graded *parts, int64_t count) {
  const bool classes = out->classes > 0;
  out->names = allocate(out->classes, sizeof *out->names);
  out->weights = allocate(out->rows, sizeof *out->weights);
  out->truth = classes ? allocate(out->rows, sizeof *out->truth) : NULL;
  out->targets = classes ? NULL : allocate(out->rows * out->outputs, sizeof *out->targets);
  if (out->names == NULL || out->weights == NULL || (classes ? !out->truth : !out->targets)) {
    return CLF_ERROR_MEMORY;
  }
  if (classes) {
    memcpy(out->names, parts[0].names, (size_t)out->classes * sizeof *out->names);
  }
  for (int64_t i = 0, row = 0; i < count; i++) {
    graded *part = &parts[i];
    const size_t rows = (size_t)part->rows, values = rows * (size_t)part->outputs;
    if (out->scores != NULL) {
      copy_scores(out, part, row);
    } else {
      memcpy(out->said.values + row * out->outputs, part->said.values, values * sizeof(double));
    }
    memcpy(out->weights + row, part->weights, rows * sizeof *out->weights);
    if (classes) {
      memcpy(out->said.labels + row, part->said.labels, rows * sizeof *out->said.labels);
      memcpy(out->truth + row, part->truth, rows * sizeof *out->truth);
    } else {
      memcpy(out->targets + row * out->outputs, part->targets, values * sizeof *out->targets);
    }
    row += part->rows;
    graded_free(part);
  }
  return round_chances(out) ? CLF_OK : CLF_ERROR_MEMORY;
}

clf_status graded_join(graded *out, graded *parts, int64_t count) {
  const graded *first = &parts[0];
  *out =
      (graded){.classes = first->classes, .outputs = first->outputs, .weighted = first->weighted};
  for (int64_t i = 0; i < count; i++) {
    out->rows += parts[i].rows;
    out->rejected_rows += parts[i].rejected_rows;
  }
  const bool many = are_many(out);
  const answer_wish wish = {.kind = many                        ? ANSWER_LABELS
                                    : first->said.probabilities ? ANSWER_PROBABILITIES
                                                                : ANSWER_SCORES};
  clf_status status = answers_create(&out->said, first->said.model, &wish, out->rows);
  out->said.probabilities = first->said.probabilities;
  out->scores = many ? allocate(out->rows * out->outputs, sizeof *out->scores) : NULL;
  status = status == CLF_OK && many && out->scores == NULL ? CLF_ERROR_MEMORY : status;
  status = status == CLF_OK ? widen(&out->said) : status;
  return status == CLF_OK ? join(out, parts, count) : status;
}
