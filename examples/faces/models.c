#include "models.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/options.h"

#define CNN                                                                                        \
  "layers='conv2d filters=32 kernel=5 padding=same activation=relu; max_pool2d size=2; "           \
  "conv2d filters=64 kernel=5 padding=same activation=relu; max_pool2d size=2; flatten; "          \
  "dense units=1024 activation=relu; dropout rate=0.4; dense units=%" PRId64 "'"
#define HOG                                                                                        \
  { "hog", "cell=8 block=3" }
#define COMPONENTS                                                                                 \
  { "pca", "" }

/* A new model is a line here. A network's parameters have a "%" for the number of people. */
static const model_entry models[] = {
    {"cnn",
     "network",
     "epochs=60 batch_size=15 augment='shift=5 rotate=6 scale=0.1 fill=edge' " CNN,
     {{NULL, NULL}},
     "adamw",
     "learning_rate=0.001 weight_decay=0.01 schedule=cosine factor=0.01",
     true},
    {"fisher", "fisher", "shrinkage=0.1", {COMPONENTS}, NULL, NULL, true},
    {"kernel_fisher",
     "fisher",
     "kernel=rbf gamma=0.0003 alpha=0.0001",
     {{NULL, NULL}},
     NULL,
     NULL,
     true},
    {"svm", "svm", "kernel=linear C=1", {{NULL, NULL}}, NULL, NULL, false},
    {"hog_fisher", "fisher", "shrinkage=0.1", {HOG, COMPONENTS}, NULL, NULL, true},
    {"hog_ridge", "ridge", "alpha=1", {HOG, COMPONENTS}, NULL, NULL, false},
};

enum { MODELS = sizeof models / sizeof *models };

int models_choose(model_choice *choice, const char *name) {
  const char *names[MODELS + 1] = {"all"};
  for (size_t i = 0; i < MODELS; i++) {
    names[i + 1] = models[i].name;
    if (strcmp(name, "all") == 0 || strcmp(name, models[i].name) == 0) {
      choice->entries[choice->count++] = &models[i];
    }
  }
  if (choice->count == 0) {
    return options_reject("model", name, names, MODELS + 1, NULL);
  }
  return -1;
}

static void create_params(char out[MAX_PARAMS], const model_entry *entry, int64_t people) {
  const char *place = strstr(entry->params, "%" PRId64);
  if (place == NULL) {
    snprintf(out, MAX_PARAMS, "%s", entry->params);
    return;
  }
  snprintf(out, MAX_PARAMS, "%.*s%" PRId64 "%s", (int)(place - entry->params), entry->params,
           people, place + strlen("%" PRId64));
}

void models_params(char out[MAX_PARAMS], const model_entry *entry, int64_t people) {
  char params[MAX_PARAMS];
  size_t length = 0;
  out[0] = '\0';
  for (int i = 0; i < MAX_TRANSFORMS && entry->transforms[i].kind != NULL; i++) {
    length += (size_t)snprintf(
        out + length, MAX_PARAMS - length, "%s%s%s, then ", entry->transforms[i].kind,
        entry->transforms[i].params[0] != '\0' ? " " : "", entry->transforms[i].params);
  }
  create_params(params, entry, people);
  snprintf(out + length, MAX_PARAMS - length, "%s%s%s", length > 0 ? entry->kind : "",
           length > 0 ? " " : "", params);
}

void models_optimizer(char out[MAX_PARAMS], const model_entry *entry) {
  snprintf(out, MAX_PARAMS, "%s %s", entry->optimizer, entry->optimizer_params);
}

clf_status models_fit(clf_model **out, clf_context *context, const model_entry *entry,
                      const clf_dataset *train) {
  char params[MAX_PARAMS];
  clf_model *model = NULL;
  clf_optimizer *optimizer = NULL;
  create_params(params, entry, clf_dataset_classes(train));
  clf_status status = clf_model_create(&model, context, entry->kind, params);
  for (int i = 0; status == CLF_OK && i < MAX_TRANSFORMS && entry->transforms[i].kind != NULL;
       i++) {
    status = clf_model_add(model, entry->transforms[i].kind, entry->transforms[i].params);
  }
  if (status == CLF_OK && entry->optimizer != NULL) {
    status = clf_optimizer_create(&optimizer, context, entry->optimizer, entry->optimizer_params);
  }
  status = status == CLF_OK ? clf_model_fit(model, train, optimizer, NULL) : status;
  clf_optimizer_free(optimizer);
  if (status < 0) {
    clf_model_free(model);
    return status;
  }
  *out = model;
  return CLF_OK;
}
