/* The models of an example program, as a table: what each is made of, how it is trained, and running
 * those that are asked for. */
#ifndef EXAMPLES_MODELS_H
#define EXAMPLES_MODELS_H

#include <classify.h>

#include "report/results.h"
#include "report/session.h"

/* How a model is trained: by the settings that are common for it, or by those that do best. */
typedef enum model_preset { PRESET_EXACT, PRESET_BEST, PRESETS } model_preset;

/* Texts may hold {epochs}, {classes}, {words} (of the vocabulary), {outputs} (of the last layer for
 * so many classes) and {loss} (for so many outputs). */
typedef struct model_recipe {
  const char *params;        /* of clf_model_create() */
  const char *optimizer;     /* of a network: kind and parameters; NULL for others */
  int epochs;                /* of a network: passes over the rows */
  int epochs_few;            /* the same for few rows, where each pass takes less time */
  const char *transforms[3]; /* before the model: kind and parameters each; NULL: no more */
  const char *vocabulary;    /* of a model of texts: of clf_vocabulary_create() */
  int64_t steps;             /* of a network of texts: words that it reads; 0: the usual number */
} model_recipe;

typedef struct model_entry {
  const char *name, *kind;
  model_recipe recipes[PRESETS]; /* the best one without params: as the exact one */
} model_entry;

enum { MAX_MODELS = 32, MAX_PARAMS = 1024 };

/* What stands for the names in a recipe's texts. */
typedef struct model_sizes {
  int64_t epochs, classes, words;
} model_sizes;

typedef struct model_table {
  const model_entry *entries; /* [count] */
  size_t count;
  const char *otherwise; /* what a message on a wrong name says; NULL: all names */
} model_table;

/* What was asked for. */
typedef struct model_choice {
  const model_entry *entries[MAX_MODELS];
  size_t count;
  model_preset preset;
} model_choice;

/* Chooses the models of a comma list ("all" for all of them), each once, and the preset by its name
 * (NULL: the best). Returns -1 to go on, or EXIT_USAGE after a message on what is wrong. */
int models_choose(model_choice *choice, const model_table *table, const char *list,
                  const char *preset);

const model_recipe *models_recipe(const model_entry *entry, model_preset preset);

/* The recipe's parameters as text. */
void models_params(char out[MAX_PARAMS], const model_recipe *recipe, const model_sizes *sizes);

/* The same with the transforms before the model: "hog cell=8, then fisher shrinkage=0.1". */
void models_pipeline(char out[MAX_PARAMS], const model_entry *entry, const model_recipe *recipe,
                     const model_sizes *sizes);

/* Makes and fits a model; `validation` is NULL or what networks are tested on after each epoch.
 * Fills what `row` says of a fit, and points it to `params`. */
clf_status models_fit(clf_model **out, result *row, clf_context *context, const model_entry *entry,
                      const model_recipe *recipe, const char *params, const clf_dataset *train,
                      const clf_dataset *validation);

/* Predicts the test rows, [rows] to be freed, and fills what `row` says of that. */
clf_status models_test(int32_t **predicted, result *row, const clf_model *model,
                       const clf_dataset *train, const clf_dataset *test);

/* A run of a program: its models and what came out. */
typedef struct model_run {
  shared_options shared;
  session session;
  model_choice chosen;
  result results[MAX_MODELS];
  size_t count; /* of results */
} model_run;

/* Runs a model and fills a result; `self` is the program's own struct. */
typedef clf_status (*model_runner)(void *self, const model_entry *entry, result *row);

/* Returns why a model is left out, or NULL where it is not. */
typedef const char *(*model_filter)(const void *self, const model_entry *entry);

/* Runs the chosen models, but for those that the filter leaves out (NULL: none), and keeps the results
 * of those that worked; one that fails does not keep the others from running. Returns the status to
 * exit with, after messages: EXIT_FAILURE also where all are left out. */
int models_run(model_run *run, model_filter left_out, model_runner runner, void *self);

/* Writes the page of a run that has results. */
typedef clf_status (*page_writer)(FILE *out, const void *self, const run_facts *facts);

/* Writes the JSON and the page that are asked for; `more` may be NULL. Returns the status to exit
 * with: the given one, or EXIT_FAILURE after a message. */
int models_write(model_run *run, const char *data, result_members more, page_writer page,
                 const void *self, int exit_status);

#endif
