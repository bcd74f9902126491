/* The models of the sentiment program: what each is made of, and how it is trained. */
#ifndef EXAMPLES_SENTIMENT_MODELS_H
#define EXAMPLES_SENTIMENT_MODELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum model_preset { PRESET_EXACT, PRESET_BEST, PRESETS } model_preset;

typedef struct model_recipe {
  const char *vocabulary; /* of clf_vocabulary_create(); a network's without its steps */
  const char *params;     /* of clf_model_create(); of a network those of the embedding, and the
                             layers after it but the last */
  int64_t steps;          /* numbers of a text that a network reads; 0: as the corpus has it */
  const char *training;   /* of a network: parameters of clf_model_create() besides the layers */
  const char *optimizer;  /* of a network: its kind; NULL: not a network */
  const char *optimizer_params;
  int epochs, epochs_synthetic;
  const char *transform; /* of the rows before the model, or NULL */
} model_recipe;

typedef struct model_entry {
  const char *name;
  const char *kind;
  model_recipe recipes[PRESETS]; /* the best one without params: as the exact one */
} model_entry;

enum { MAX_MODELS = 8, MAX_PARAMS = 512 };

typedef struct model_choice {
  const model_entry *entries[MAX_MODELS];
  size_t count;
  model_preset preset;
} model_choice;

/* Takes a model by its name, or "all", and the preset by its. Returns -1 to go on, or the status to
 * exit with after a message on what is wrong. */
int models_choose(model_choice *choice, const char *name, const char *preset);

const model_recipe *models_recipe(const model_entry *entry, model_preset preset);

/* A recipe's parameters as text, for `words` ids of a vocabulary, so many classes and epochs. */
void models_params(char out[MAX_PARAMS], const model_recipe *recipe, int64_t words, int64_t classes,
                   int64_t epochs);

#endif
