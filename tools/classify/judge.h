/* Compares candidates on held-out rows: each is fitted to some rows and scored on others, the same
 * for all of them. */
#ifndef CLASSIFY_JUDGE_H
#define CLASSIFY_JUDGE_H

#include "candidates.h"
#include "examples.h"

/* How the rows are divided: into folds, several times in another way, or once. */
typedef struct jury {
  const input *in;
  const option_texts *stages; /* transforms that the rows need */
  int64_t folds, repeats;     /* 0 folds: a share is held out once */
  double share;
  /* The parts of the last vocabulary, of folds * repeats or one. */
  const char *vocabulary;
  struct part {
    clf_dataset *train, *test;
  } * parts;
  int64_t count;
  double part_seconds; /* that it took to make one */
} jury;

enum {
  JUDGED,
  DROPPED,  /* after some parts, since it was worse than another on them */
  LEFT_OUT, /* for lack of time */
  REFUSED   /* by the library */
};

typedef struct verdict {
  const candidate *of;
  candidate_recipe as; /* its texts refer to itself */
  int state;
  double *scores; /* [jury.count] of the parts, `done` of them */
  int64_t done;
  int64_t train_rows;
  double mean, deviation;
  double seconds;     /* of all fits and scores */
  double fit_seconds; /* of a fit, and of making its rows */
  bool ended;         /* the only fit was ended by the time, with what it had */
  bool final;         /* it is to be judged again */
  char message[256];  /* of the refusal */
} verdict;

/* Judges a candidate until `deadline` (by seconds_now(); 0: without limit), or until it is
 * certainly worse than `best` (NULL for none). Returns -1 to go on, whatever the verdict, or the
 * status to exit with after a message. Free the verdict in both cases. */
int judge(verdict *out, jury *self, tool *t, const candidate *which, const verdict *best,
          double deadline);

/* The seconds that a fit to so many rows would take. */
double verdict_seconds(const verdict *self, int64_t rows);

void verdict_free(verdict *self);
void jury_free(jury *self);

#endif
