/* The models of the faces program: what each is made of, and how it is trained. */
#ifndef EXAMPLES_FACES_MODELS_H
#define EXAMPLES_FACES_MODELS_H

#include <classify.h>
#include <stdbool.h>
#include <stddef.h>

enum { MAX_TRANSFORMS = 2 };

typedef struct transform_recipe {
  const char *kind, *params; /* NULL: no more */
} transform_recipe;

typedef struct model_entry {
  const char *name;
  const char *kind, *params; /* of clf_model_create() */
  transform_recipe transforms[MAX_TRANSFORMS];
  const char *optimizer, *optimizer_params; /* of a network, else NULL */
  bool projects; /* clf_model_transform() projects pictures of any person */
} model_entry;

enum { MAX_MODELS = 8, MAX_PARAMS = 1024 };

typedef struct model_choice {
  const model_entry *entries[MAX_MODELS];
  size_t count;
} model_choice;

/* Takes a model by its name, or "all". Returns -1 to go on, or the status to exit with after a
 * message on what is wrong. */
int models_choose(model_choice *choice, const char *name);

/* Makes and fits the model of a recipe for so many people. */
clf_status models_fit(clf_model **out, clf_context *context, const model_entry *entry,
                      const clf_dataset *train);

/* The whole recipe as text. */
void models_params(char out[MAX_PARAMS], const model_entry *entry, int64_t people);
void models_optimizer(char out[MAX_PARAMS], const model_entry *entry);

#endif
