/* What a model is made of, as the options of the command line say it. */
#ifndef CLASSIFY_RECIPE_H
#define CLASSIFY_RECIPE_H

#include "tool.h"

typedef struct recipe {
  const char *model;       /* kind and parameters: "svm kernel=rbf C=5" */
  option_texts transforms; /* kind and parameters each, in the order in which they are applied */
  const char *optimizer;   /* of a network: kind and parameters; NULL: the library's choice */
  const char *vocabulary;  /* parameters; NULL: by the model */
} recipe;

/* The rows of a verb's option table that fill a recipe. */
#define RECIPE_OPTIONS(member)                                                                     \
  {"model",                                                                                        \
   "TEXT",                                                                                         \
   "kind of model and its parameters, such as 'svm kernel=rbf C=5' (default: logistic); classify " \
   "list model",                                                                                   \
   OPTION_TEXT,                                                                                    \
   0,                                                                                              \
   &(member).model},                                                                               \
      {"transform",                                                                                \
       "TEXT",                                                                                     \
       "transform in front of the model, such as standardize or 'pca components=50'; may be "      \
       "given "                                                                                    \
       "several times; classify list transform",                                                   \
       OPTION_TEXTS,                                                                               \
       0,                                                                                          \
       &(member).transforms},                                                                      \
      {"optimizer",                                                                                \
       "TEXT",                                                                                     \
       "optimizer of a network, such as 'adam learning_rate=0.001'; classify list optimizer",      \
       OPTION_TEXT,                                                                                \
       0,                                                                                          \
       &(member).optimizer},                                                                       \
  {                                                                                                \
    "vocabulary", "TEXT",                                                                          \
        "how texts become rows, such as 'encoding=tf_idf ngrams=1,2'; classify list "              \
        "vocabulary",                                                                              \
        OPTION_TEXT, 0, &(member).vocabulary                                                       \
  }

/* Makes the unfitted model. Returns -1 to go on, or the status to exit with after a message. */
int recipe_make(clf_model **out, const tool *t, const recipe *r);

/* The kind of model and its parameters: those given, or else the default. */
const char *recipe_model(const recipe *r);

/* The parameters of the vocabulary: those given, or else tf-idf of words and pairs, and sequences
 * for a network. */
const char *recipe_vocabulary(const recipe *r);

#endif
