/* People whom the model never saw: trained on some, it is asked for others, of whom one picture
 * each is enrolled, and must know strangers for what they are. A picture's place is what
 * clf_model_transform() gives, seen from the mean of the training pictures; two pictures are as
 * alike as the cosine of the angle between their places is large. */
#ifndef EXAMPLES_FACES_STRANGERS_H
#define EXAMPLES_FACES_STRANGERS_H

#include "evaluate.h"

enum { ROC_POINTS = 101 };

typedef struct stranger_test {
  result summary; /* its test accuracy: pictures of enrolled people, given to the right ones */
  double deviation;
  double area;        /* under the curve of pairs of pictures: the same person, or not */
  double equal_error; /* where as many pairs are wrongly parted as wrongly joined, */
  double threshold;   /* the cosine there, */
  double accepted; /* the share of enrolled people's pictures accepted there, for the right one, */
  double rejected; /* and that of strangers' rejected */
  double joined[ROC_POINTS]; /* share of equal pairs above the threshold where i % of others are */
  char *more;
  char params[MAX_PARAMS], optimizer[MAX_PARAMS];
} stranger_test;

/* Over the splits of the job, whose protocol does not matter. CLF_ERROR_CANCELLED where Ctrl-C was
 * pressed. *out is to be freed after failures too. */
clf_status strangers_evaluate(stranger_test *out, const evaluation_job *job,
                              const model_entry *entry);
void strangers_free(stranger_test *test);

#endif
