#include "models.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/options.h"

static const char *const preset_names[PRESETS] = {"exact", "best"};

#define IDS(words) "encoding=sequence max_words=" words
#define RECURRENT(cell) "units=50; dropout rate=0.2; " cell " units=32"
#define AVERAGE "units=50; global_average_pool1d; dense units=16 activation=relu"
#define BOTH_WAYS                                                                                  \
  "units=64 dropout=0.4; dropout rate=0.5; lstm units=64 bidirectional=true "                      \
  "return_sequences=true dropout=0.2; global_average_pool1d; dropout rate=0.5"
#define BAG(ngrams) "encoding=tf_idf ngrams=" ngrams " min_count=2 sublinear=true"

/* Weights swing from step to step, and by the small batch at an epoch's end held-out accuracy may
 * fall by a tenth; their mean over the last hundred steps or so does not. */
#define EXACT                                                                                      \
  .training = "validation_split=0.2 averaging=0.99", .optimizer = "rmsprop",                       \
  .optimizer_params = "learning_rate=0.001 alpha=0.9", .epochs = 5, .epochs_synthetic = 32

/* A new model is a line here. */
static const model_entry models[] = {
    {"lstm",
     "network",
     {{.vocabulary = IDS("10000"), .params = RECURRENT("lstm"), EXACT},
      {.vocabulary = IDS("100000") " ngrams=1,2",
       .params = BOTH_WAYS,
       .steps = 1000,
       .training = "validation_split=0.05 averaging=0.99",
       .optimizer = "rmsprop",
       .optimizer_params = "learning_rate=0.002 alpha=0.9 schedule=cosine factor=0.02",
       .epochs = 4}}},
    {"gru", "network", {{.vocabulary = IDS("10000"), .params = RECURRENT("gru"), EXACT}}},
    {"average", "network", {{.vocabulary = IDS("10000"), .params = AVERAGE, EXACT}}},
    {"bag_of_words",
     "logistic",
     {{.vocabulary = BAG("1,2"), .params = "C=30"},
      {.vocabulary = BAG("1,2,3"), .params = "C=30", .transform = "log_count_ratio"}}},
};

enum { MODELS = sizeof models / sizeof *models };

const model_recipe *models_recipe(const model_entry *entry, model_preset preset) {
  return &entry->recipes[entry->recipes[preset].params != NULL ? preset : PRESET_EXACT];
}

void models_params(char out[MAX_PARAMS], const model_recipe *recipe, int64_t words, int64_t classes,
                   int64_t epochs) {
  const bool two = classes == 2;
  if (recipe->optimizer == NULL) {
    snprintf(out, MAX_PARAMS, "%s", recipe->params);
    return;
  }
  snprintf(out, MAX_PARAMS,
           "epochs=%" PRId64 " loss=%s batch_size=128 %s layers='embedding vocabulary=%" PRId64
           " %s; dense units=%" PRId64 "'",
           epochs, two ? "binary_cross_entropy" : "cross_entropy", recipe->training, words,
           recipe->params, two ? 1 : classes);
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
