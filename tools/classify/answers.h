/* What a model says of rows: labels with probabilities or scores, or the values of a regression. */
#ifndef CLASSIFY_ANSWERS_H
#define CLASSIFY_ANSWERS_H

#include <classify/decision.h>
#include <stdbool.h>

/* What is wanted besides the labels. */
typedef enum answer_kind { ANSWER_SCORES, ANSWER_PROBABILITIES, ANSWER_LABELS } answer_kind;

typedef struct answer_wish {
  answer_kind kind;
  double coverage; /* of the classes, or the interval, that hold the truth; 0 for neither */
  bool novelty;
} answer_wish;

typedef struct answers {
  const clf_model *model;
  int64_t rows, outputs; /* how many there is memory for */
  int64_t filled;        /* rows that are answered */
  int32_t *labels;       /* [rows] class indices, -1: none of them; NULL of a regression */
  double *values;        /* [rows, outputs]; NULL where labels are enough */
  bool probabilities;    /* that is what the values are, instead of scores */
  bool one_class;        /* labels are 0 and -1, and have no names */
  double coverage;       /* of the sets or intervals; 0 for none */
  uint8_t *sets;         /* [rows, outputs] whether a class is in the set, or NULL */
  float *bounds;         /* [rows, outputs, 2] of a regression, or NULL */
  float *novelty;        /* [rows], or NULL */
} answers;

/* Whether a fitted model has probabilities. */
bool model_has_probabilities(const clf_model *model);

/* Whether a model can answer so: it has probabilities, prediction sets, a novelty. Otherwise the
 * library's message says why not. */
bool model_can_answer(const clf_model *model, const answer_wish *wish);

/* Whether a model, fitted or not, is of one class: its rows need no labels. It answers 0 for rows
 * like those of its fit, where its decision value is positive, and -1 for others. */
bool model_learns_one_class(const clf_model *model);

/* The same for all that is wished, with a message of what makes the model able to. */
bool answers_offered(const clf_model *model, const answer_wish *wish);

/* Allocates memory for the answers to `rows` rows; free them also after a failure. */
clf_status answers_create(answers *out, const clf_model *model, const answer_wish *wish,
                          int64_t rows);
void answers_free(answers *a);

/* Answers the rows of a dataset, which become the next of the answers. */
clf_status answers_add(answers *a, const clf_dataset *data);

/* Finds the first row at or behind `first` that the model refuses, where it has refused some; the
 * library's message is then on that row alone, as row 0. */
int64_t answers_refused(const clf_model *model, const answer_wish *wish, const clf_dataset *rows,
                        int64_t first);

#endif
