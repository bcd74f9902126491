/* The models of the mnist program: what each is made of, and how it is trained. */
#ifndef EXAMPLES_MNIST_MODELS_H
#define EXAMPLES_MNIST_MODELS_H

#include <stddef.h>
#include <stdint.h>

/* How a model is trained: by the settings that are common for it, or by those that do best. */
typedef enum model_preset { PRESET_EXACT, PRESET_BEST, PRESETS } model_preset;

typedef struct model_recipe {
  const char *params;    /* of clf_model_create(), but for a network's epochs */
  const char *optimizer; /* of a network: its kind, and its parameters or NULL */
  const char *optimizer_params;
  int epochs;     /* of a network: passes over the rows */
  int epochs_few; /* the same on a sample of the data, where time counts for more */
} model_recipe;

typedef struct model_entry {
  const char *name;
  const char *kind;
  model_recipe recipes[PRESETS]; /* the best one without params: as the exact one */
} model_entry;

enum { MAX_MODELS = 32, MAX_PARAMS = 768 };

/* What was asked for. */
typedef struct model_choice {
  const model_entry *entries[MAX_MODELS];
  size_t count;
  model_preset preset;
} model_choice;

/* Takes the models of a comma list ("all" for all of them), each once, and the preset by its name.
 * Returns -1 to go on, or the status to exit with: 0 after "list" has shown the models, EXIT_USAGE
 * after a message on what is wrong. */
int models_choose(model_choice *choice, const char *list, const char *preset);

const model_recipe *models_recipe(const model_entry *entry, model_preset preset);

/* The recipe as text for that many training rows: the model's parameters, and the optimizer with
 * its own, "" where there is none. */
void models_params(char out[MAX_PARAMS], const model_recipe *recipe, int64_t rows);
void models_optimizer(char out[MAX_PARAMS], const model_recipe *recipe);

#endif
