#include "models.h"

#include <classify.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/options.h"

static const char *const preset_names[PRESETS] = {"exact", "best"};

#define MLP(first, between, last)                                                                  \
  "layers='flatten; " first "dense units=256 activation=relu; " between                            \
  "dense units=256 activation=relu; " between "dense units=10 activation=" last "'"
#define DROPOUT(rate) "dropout rate=" rate "; "
#define LENET5                                                                                     \
  "layers='conv2d filters=6 kernel=5 activation=tanh; average_pool2d size=2; "                     \
  "conv2d filters=16 kernel=5 activation=tanh; average_pool2d size=2; flatten; "                   \
  "dense units=120 activation=tanh; dense units=84 activation=tanh; dense units=10'"
#define CNN(relu)                                                                                  \
  "batch_size=100 layers='conv2d filters=32 kernel=5 padding=same " relu                           \
  "max_pool2d size=2; "                                                                            \
  "conv2d filters=64 kernel=5 padding=same " relu                                                  \
  "max_pool2d size=2; flatten; "                                                                   \
  "dense units=1024 " relu "dropout rate=0.4; dense units=10'"
#define RELU "activation=relu; "
#define HE_RELU "initializer=he_uniform " RELU /* for steps as small as those of plain sgd */
#define MOVED "augment='shift=1 rotate=8 scale=0.08' "
#define DECAY "schedule=cosine factor=0.01"

/* A new model is a line here. */
static const model_entry models[] = {
    {"ridge", "ridge", {{.params = "alpha=1"}}},
    {"fisher", "fisher", {{.params = "shrinkage=none"}}},
    {"perceptron", "perceptron", {{.params = "epochs=10 averaged=true"}}},
    {"logistic", "logistic", {{.params = "C=1"}}},
    {"svm_linear", "svm", {{.params = "kernel=linear C=1"}}},
    {"svm_poly", "svm", {{.params = "kernel=polynomial degree=4 gamma=0.01 coef0=1 C=1"}}},
    {"svm_rbf", "svm", {{.params = "kernel=rbf C=5 gamma=0.02"}}},
    {"svm_sigmoid", "svm", {{.params = "kernel=sigmoid gamma=0.01 coef0=-2 C=100"}}},
    {"kernel_fisher",
     "fisher",
     {{.params = "kernel=rbf gamma=0.02 alpha=0.1 landmarks=0 residual=0.05"}}},
    {"kernel_perceptron", "perceptron", {{.params = "kernel=rbf gamma=0.02"}}},
    {"mlp_cross_entropy",
     "network",
     {{MLP("", "", "linear"), "adam", NULL, 10, 10},
      {MLP(DROPOUT("0.2"), DROPOUT("0.2"), "linear"), "adamw",
       "learning_rate=0.002 weight_decay=0.02 " DECAY, 30, 20}}},
    {"mlp_squared_error",
     "network",
     {{"loss=squared_error " MLP("", "", "sigmoid"), "adam", NULL, 10, 10},
      {"loss=squared_error " MLP(DROPOUT("0.1"), DROPOUT("0.2"), "sigmoid"), "adam",
       "learning_rate=0.002 " DECAY, 30, 20}}},
    {"lenet5",
     "network",
     {{LENET5, "adam", NULL, 10, 10},
      {MOVED LENET5, "adam", "learning_rate=0.003 " DECAY, 20, 15}}},
    {"cnn",
     "network",
     {{"max_steps=20000 " CNN(HE_RELU), "sgd", "learning_rate=0.001", 34, 34},
      {MOVED CNN(RELU), "adam", DECAY, 8, 3}}},
};

enum { MODELS = sizeof models / sizeof *models };

const model_recipe *models_recipe(const model_entry *entry, model_preset preset) {
  return &entry->recipes[entry->recipes[preset].params != NULL ? preset : PRESET_EXACT];
}

void models_params(char out[MAX_PARAMS], const model_recipe *recipe, int64_t rows) {
  enum { FEW = 30000 };
  if (recipe->epochs == 0) {
    snprintf(out, MAX_PARAMS, "%s", recipe->params);
    return;
  }
  snprintf(out, MAX_PARAMS, "epochs=%d %s", rows < FEW ? recipe->epochs_few : recipe->epochs,
           recipe->params);
}

void models_optimizer(char out[MAX_PARAMS], const model_recipe *recipe) {
  const char *params = recipe->optimizer_params;
  snprintf(out, MAX_PARAMS, "%s%s%s", recipe->optimizer != NULL ? recipe->optimizer : "",
           params != NULL ? " " : "", params != NULL ? params : "");
}

static int list_models(model_preset preset) {
  enum { FULL = 60000 };
  for (size_t i = 0; i < MODELS; i++) {
    const model_recipe *recipe = models_recipe(&models[i], preset);
    char params[MAX_PARAMS], optimizer[MAX_PARAMS];
    models_params(params, recipe, FULL);
    models_optimizer(optimizer, recipe);
    printf("%-18s %-10s %s%s%s\n", models[i].name, models[i].kind, params,
           optimizer[0] != '\0' ? " with " : "", optimizer);
  }
  return EXIT_SUCCESS;
}

/* Adds the model of that name, once. */
static int choose_model(model_choice *choice, const char *name) {
  const char *names[MODELS];
  for (size_t i = 0; i < choice->count; i++) {
    if (strcmp(choice->entries[i]->name, name) == 0) {
      return -1;
    }
  }
  for (size_t i = 0; i < MODELS; i++) {
    names[i] = models[i].name;
    if (strcmp(names[i], name) == 0) {
      choice->entries[choice->count++] = &models[i];
      return -1;
    }
  }
  return options_reject("model", name, names, MODELS, "--models list shows them");
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

int models_choose(model_choice *choice, const char *list, const char *preset) {
  int status = choose_preset(choice, preset);
  if (status >= 0) {
    return status;
  }
  if (strcmp(list, "list") == 0) {
    return list_models(choice->preset);
  }
  if (strcmp(list, "all") == 0) {
    for (size_t i = 0; i < MODELS; i++) {
      choice->entries[choice->count++] = &models[i];
    }
    return -1;
  }
  for (;;) {
    char name[32];
    size_t length = strcspn(list, ",");
    snprintf(name, sizeof name, "%.*s", (int)length, list);
    status = choose_model(choice, name);
    if (status >= 0 || list[length] == '\0') {
      return status;
    }
    list += length + 1;
  }
}
