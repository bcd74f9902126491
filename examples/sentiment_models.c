#include "sentiment_models.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/options.h"

static const char *const preset_names[PRESETS] = {"exact", "best"};

#define IDS "encoding=sequence max_words=10000"
#define RECURRENT(cell) "dropout rate=0.2; " cell " units=32; dense units=1"
#define AVERAGE "global_average_pool1d; dense units=16 activation=relu; dense units=1"
#define BAG(ngrams) "encoding=tf_idf ngrams=" ngrams " min_count=2 sublinear=true"

/* Its alpha is 0.99, as PyTorch's; with Keras's 0.9 the held-out accuracy falls by as much as a
 * tenth from one epoch to the next. */
#define RMSPROP "rmsprop", "learning_rate=0.001"

/* A new model is a line here. */
static const model_entry models[] = {
    {"lstm", "network", {{IDS, RECURRENT("lstm"), 50, RMSPROP, 5, 20, NULL}}},
    {"gru", "network", {{IDS, RECURRENT("gru"), 50, RMSPROP, 5, 20, NULL}}},
    {"average", "network", {{IDS, AVERAGE, 50, RMSPROP, 5, 20, NULL}}},
    {"bag_of_words",
     "logistic",
     {{BAG("1,2"), "C=30", 0, NULL, NULL, 0, 0, NULL},
      {BAG("1,2,3"), "C=30", 0, NULL, NULL, 0, 0, "log_count_ratio"}}},
};

enum { MODELS = sizeof models / sizeof *models };

const model_recipe *models_recipe(const model_entry *entry, model_preset preset) {
  return &entry->recipes[entry->recipes[preset].params != NULL ? preset : PRESET_EXACT];
}

void models_params(char out[MOST_PARAMS], const model_recipe *recipe, int64_t words,
                   int64_t epochs) {
  if (recipe->units == 0) {
    snprintf(out, MOST_PARAMS, "%s", recipe->params);
    return;
  }
  snprintf(out, MOST_PARAMS,
           "epochs=%" PRId64
           " loss=binary_cross_entropy batch_size=128 validation_split=0.2 "
           "layers='embedding vocabulary=%" PRId64 " units=%" PRId64 "; %s'",
           epochs, words, recipe->units, recipe->params);
}

static int choose_preset(model_choice *choice, const char *name) {
  for (int i = 0; i < PRESETS; i++) {
    if (strcmp(preset_names[i], name) == 0) {
      choice->preset = (model_preset)i;
      return -1;
    }
  }
  return options_reject("preset", name, preset_names, PRESETS, NULL);
}

int models_choose(model_choice *choice, const char *name, const char *preset) {
  const char *names[MODELS + 1] = {"all"};
  int status = choose_preset(choice, preset);
  for (size_t i = 0; i < MODELS; i++) {
    names[i + 1] = models[i].name;
    if (strcmp(name, "all") == 0 || strcmp(name, models[i].name) == 0) {
      choice->entries[choice->count++] = &models[i];
    }
  }
  if (status < 0 && choice->count == 0) {
    status = options_reject("model", name, names, MODELS + 1, NULL);
  }
  return status;
}
