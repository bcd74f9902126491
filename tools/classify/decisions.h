/* What the options of `calibrate` set on a model beyond probabilities: thresholds, costs, priors,
 * prediction sets, and which rows are none of the classes, in this order. */
#ifndef CLASSIFY_DECISIONS_H
#define CLASSIFY_DECISIONS_H

#include "input.h"
#include "tool.h"

typedef struct decisions {
  const char *threshold; /* parameters of clf_model_tune_threshold(), or NULL */
  const char *costs;     /* a CSV file, or NULL */
  const char *priors;    /* "NAME=SHARE,…", or "estimate"; or NULL */
  const char *conform;   /* parameters of clf_model_conform(), or NULL */
  const char *reject;    /* share of known rows that may be rejected, or NULL */
} decisions;

bool decisions_any(const decisions *which);

/* Sets them by the rows. Returns -1 to go on, or the status to exit with after a message. */
int decisions_set(const decisions *which, clf_model *model, const input *in, const tool *t);

/* The options of a verb, whose decisions are the member `which` of its settings. */
#define DECISION_OPTIONS(which)                                                                    \
  {"priors",                                                                                       \
   "SHARES",                                                                                       \
   "other shares of the classes than in the training data, such as 'ill=0.01,well=0.99', or "      \
   "'estimate' to estimate them from DATA",                                                        \
   OPTION_TEXT,                                                                                    \
   0,                                                                                              \
   &(which).priors},                                                                               \
      {"threshold",                                                                                \
       "PARAMS",                                                                                   \
       "choose the probability from which a class is predicted, such as 'metric=precision "        \
       "require=recall>=0.9 class=ill'",                                                           \
       OPTION_TEXT,                                                                                \
       0,                                                                                          \
       &(which).threshold},                                                                        \
      {"costs",                                                                                    \
       "FILE",                                                                                     \
       "a CSV file of what mistakes cost, whose header names the predicted classes and whose "     \
       "first column the true ones: the class of the lowest expected cost is predicted",           \
       OPTION_TEXT,                                                                                \
       0,                                                                                          \
       &(which).costs},                                                                            \
      {"reject",                                                                                   \
       "RATE",                                                                                     \
       "reject rows that are unlike those of the classes, with this share of false alarms, such "  \
       "as 0.05; 0 ends it",                                                                       \
       OPTION_TEXT,                                                                                \
       0,                                                                                          \
       &(which).reject},                                                                           \
  {                                                                                                \
    "conform", "PARAMS",                                                                           \
        "prepare prediction sets, such as 'method=aps by_class=true', or intervals of a "          \
        "regression: predict --set prints them",                                                   \
        OPTION_TEXT, 0, &(which).conform                                                           \
  }

#endif
