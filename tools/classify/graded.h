/* What a model answers for rows whose labels or targets are known. */
#ifndef CLASSIFY_GRADED_H
#define CLASSIFY_GRADED_H

#include "answers.h"
#include "tool.h"

/* A class of the data that the model does not know. */
typedef struct unknown_class {
  const char *name; /* lives as long as the data */
  int64_t rows;
} unknown_class;

typedef struct graded {
  answers said; /* of all rows */
  int64_t rows;
  int64_t classes;    /* of the model; 0 of a regression */
  int64_t outputs;    /* columns of `said.values` */
  const char **names; /* [classes] live as long as the model */
  float *scores;      /* [rows, classes] where there are very many: `said.values` is then NULL */
  float *chances;     /* [rows, classes] the probabilities as the measures of the library take them;
                         NULL where the model has none, and `scores` where those are */
  int32_t *truth;     /* [rows] indices of the model's classes, -1 of unknown ones; or NULL */
  double *targets;    /* [rows, outputs] of a regression, or NULL */
  float *weights;     /* [rows] 1 where the data has none */
  bool weighted;      /* whether it has any */
  int64_t rejected_rows; /* that the model says are none of its classes: label -1 */
  int64_t unknown_rows, unknown_count;
  unknown_class *unknown; /* [unknown_count] */
} graded;

/* Predicts all rows; they and the model outlive the answers. Those of a machine of one class are of
 * two, "0" and "-1": its decision value and the opposite are their scores, and rows are of the second
 * whose labels are among `outliers`, separated by commas; NULL for "-1". Returns -1 to go on, or the status to
 * exit with after a message: also where the data lack what the model was fitted to, labels or
 * targets. Free it in any case. */
int graded_create(graded *out, const clf_model *model, const clf_dataset *data,
                  const char *outliers);
void graded_free(graded *g);

/* Joins the answers of several models of the same classes and outputs, as those of the folds of one
 * dataset are, and frees each part as soon as it is copied; model is that of the first part. Free it
 * and the parts in any case. */
clf_status graded_join(graded *out, graded *parts, int64_t count);

/* The probability, or else the decision value, of a class. */
static inline double graded_score(const graded *g, int64_t row, int64_t class) {
  const int64_t at = row * g->outputs + class;
  return g->scores != NULL ? (double)g->scores[at] : g->said.values[at];
}

/* Adds pairs of true and predicted class of the rows that have both to counts [classes, classes]. */
void graded_confusion(const graded *g, int64_t *counts);

/* Finds the classes with the most wrong rows, the first of equal ones first, of at least `count`
 * classes; out [count]. False where memory runs out. */
bool graded_worst(const graded *g, int64_t *out, int64_t count);

/* How many rows of a class were predicted as another or the same one. */
typedef struct confused {
  int64_t truth, predicted, count;
} confused;

/* Lists the pairs that occur, at most one for each row, in the order of the classes; to be freed.
 * NULL where memory runs out. */
confused *graded_pairs(const graded *g, int64_t *count);

#endif
