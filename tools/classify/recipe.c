#include "recipe.h"

#include <stdlib.h>
#include <string.h>

#include "params.h"
#include "report/text.h"

const char *recipe_model(const recipe *r) {
  return r->model != NULL ? r->model : "logistic";
}

const char *recipe_vocabulary(const recipe *r) {
  char kind[KIND_BYTES];
  params_split(kind, recipe_model(r));
  return r->vocabulary != NULL          ? r->vocabulary
         : strcmp(kind, "network") == 0 ? "encoding=sequence max_words=10000 steps=256"
                                        : "encoding=tf_idf ngrams=1,2";
}

static clf_status add_optimizer(clf_model *model, const tool *t, const char *text) {
  char kind[KIND_BYTES];
  const char *params = params_split(kind, text);
  clf_optimizer *optimizer = NULL;
  clf_status status = clf_optimizer_create(&optimizer, t->context, kind, params);
  status = status == CLF_OK ? clf_model_set_optimizer(model, optimizer) : status;
  clf_optimizer_free(optimizer);
  return status;
}

int recipe_make(clf_model **out, const tool *t, const recipe *r) {
  char kind[KIND_BYTES];
  clf_model *model = NULL;
  const char *params = params_split(kind, recipe_model(r));
  clf_status status = clf_model_create(&model, t->context, kind, params);
  for (size_t i = 0; status == CLF_OK && i < r->transforms.count; i++) {
    params = params_split(kind, r->transforms.texts[i]);
    status = clf_model_add_transform(model, kind, params);
  }
  if (status == CLF_OK && r->optimizer != NULL) {
    status = add_optimizer(model, t, r->optimizer);
  }
  if (status < 0) {
    const int failed = tool_fail(status);
    clf_model_free(model);
    return status == CLF_ERROR_MEMORY ? failed : EXIT_USAGE;
  }
  *out = model;
  return -1;
}
