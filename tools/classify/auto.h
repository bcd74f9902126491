/* The verdicts of classify auto, and how they are printed. */
#ifndef CLASSIFY_AUTO_H
#define CLASSIFY_AUTO_H

#include "judge.h"

typedef struct verdicts {
  verdict **of; /* [count], in the order in which they were judged */
  size_t count;
} verdicts;

/* A run of the verb. */
typedef struct search {
  input in;
  recipe needed; /* of it the transforms that the rows need in front of those of candidates */
  unsigned data;
  double deadline;      /* by seconds_now(), to end the whole; 0: none */
  verdicts first, last; /* of all candidates, and of the best of them again */
  double lag;           /* by which the best of the first round may be exceeded in the last one */
  bool interrupted;     /* Ctrl-C ended the judging */
  clf_model *model;     /* the result */
} search;

/* Returns those that have a score, the best first, in an array to be freed; NULL where memory runs
 * out. */
verdict **verdicts_sorted(const verdicts *all, size_t *count);

/* Whether a candidate has a verdict that is final: a score, or a refusal. */
bool verdicts_have(const verdicts *all, const candidate *which);

/* Prints those that have a score, the best first: of the last round, then those that were judged in
 * the first one only. States on standard error which have none, and why, and writes the report.
 * Returns -1 to go on, or the status to exit with after a message. */
int search_print(const search *self, const tool *t, const verdict *chosen);

#endif
