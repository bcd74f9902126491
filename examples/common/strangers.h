/* People whom the model never saw: trained on some, it is asked for others, of whom one picture
 * each is enrolled, and must know strangers for what they are. A picture's place is what
 * clf_model_project() gives, seen from the mean of the training pictures; two pictures are as
 * alike as the cosine of the angle between their places is large, compared with the cosines that
 * each has with the training pictures. */
#ifndef EXAMPLES_STRANGERS_H
#define EXAMPLES_STRANGERS_H

#include "evaluate.h"

enum { ROC_POINTS = 101 };

typedef struct stranger_test {
  double deviation;   /* of the share of pictures that are given to the right person */
  double area;        /* under the curve of pairs of pictures: the same person, or not */
  double equal_error; /* where as many pairs are wrongly parted as wrongly joined, */
  double threshold;   /* the score there, */
  double accepted; /* the share of enrolled people's pictures accepted there, for the right one, */
  double rejected; /* and that of strangers' rejected */
  double joined[ROC_POINTS]; /* share of equal pairs above the threshold where i % of others are */
  double *identified;        /* [splits] share of pictures that are given to the right person */
  struct cast *cast;         /* who is what in one split: for work */
  char params[MAX_PARAMS];
} stranger_test;

/* Fills `row`: its test accuracy is the share of pictures of enrolled people that are given to the
 * right ones. Over the splits of the job; free *out after failures too. */
clf_status strangers_evaluate(stranger_test *out, result *row, const evaluation_job *job,
                              const model_entry *entry);
void strangers_free(stranger_test *test);

/* Writes the members that the JSON has of it besides. */
void strangers_members(json_writer *json, const stranger_test *test, const evaluation_job *job);

#endif
