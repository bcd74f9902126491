/* A setting of a model by name: of its own parameters ("C"), of its optimizer
 * ("optimizer.learning_rate"), or of one of its transforms ("pca.components"; "pca_2.components"
 * for the second of several of a kind). Each has only one name, so that a grid cannot set the same
 * thing twice. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "selection/selection.h"

static const char optimizer_name[] = "optimizer";

/* "pca", or "pca_2". */
typedef struct stage_name {
  char text[64];
} stage_name;

static stage_name name_of_stage(const clf_model *model, int64_t index) {
  const clf__transform_kind *kind = model->stages[index]->kind;
  int64_t number = 0, all = 0;
  stage_name name;
  for (int64_t i = 0; i < model->stage_count; i++) {
    all += model->stages[i]->kind == kind;
    number += model->stages[i]->kind == kind && i <= index;
  }
  if (all > 1) {
    snprintf(name.text, sizeof name.text, "%s_%lld", kind->base.name, (long long)number);
  } else {
    snprintf(name.text, sizeof name.text, "%s", kind->base.name);
  }
  return name;
}

static bool has_optimizer(const clf_model *model) {
  return (model->kind->can & CLF__CAN_STEP) != 0;
}

/* Lists the parts of the model; for several transforms of one kind it explains the numbering. */
static clf_status fail_part(const clf_model *model, const char *setting, const char *part) {
  char list[256] = "";
  size_t length = 0;
  bool several = false;
  for (int64_t i = has_optimizer(model) ? -1 : 0; i < model->stage_count; i++) {
    const stage_name name = i >= 0 ? name_of_stage(model, i) : (stage_name){"optimizer"};
    const int added =
        snprintf(list + length, sizeof list - length, "%s%s", length > 0 ? ", " : "", name.text);
    length = added > 0 && length + (size_t)added < sizeof list ? length + (size_t)added : length;
    several = several || (i >= 0 && strcmp(model->stages[i]->kind->base.name, part) == 0);
  }
  if (several) {
    return clf__fail(CLF_ERROR_ARGUMENT, "'%s': there are several '%s'; name one of: %s", setting,
                     part, list);
  }
  return clf__fail(CLF_ERROR_ARGUMENT, "'%s': %s has no part '%s'%s%s", setting,
                   model->kind->base.name, part,
                   length > 0 ? "; it has: " : ", no transforms and no optimizer", list);
}

/* A part of a model: its optimizer or one of its transforms. */
typedef struct part {
  const clf__param_table *table;
  void *values;
} part;

static clf_status find_optimizer(part *out, clf_model *model, bool regression) {
  if (model->optimizer == NULL) {
    CLF__CHECK(clf__optimizer_default(&model->optimizer, model->context, regression));
  }
  *out = (part){&model->optimizer->kind->base.params, model->optimizer->params};
  return CLF_OK;
}

/* Finds the part that the setting names before its dot. */
static clf_status find_part(part *out, clf_model *model, bool regression, const char *setting,
                            const char *dot) {
  char name[64];
  snprintf(name, sizeof name, "%.*s", (int)(dot - setting < 63 ? dot - setting : 63), setting);
  if (has_optimizer(model) && strcmp(name, optimizer_name) == 0) {
    return find_optimizer(out, model, regression);
  }
  for (int64_t i = 0; i < model->stage_count; i++) {
    if (strcmp(name, name_of_stage(model, i).text) == 0) {
      *out = (part){&model->stages[i]->kind->base.params, model->stages[i]->params};
      return CLF_OK;
    }
  }
  return fail_part(model, setting, name);
}

clf_status clf__setting_apply(clf_model *model, bool regression, const char *name,
                              const char *value) {
  const char *dot = strchr(name, '.');
  part found;
  if (dot == NULL) {
    return clf_model_set_text(model, name, value);
  }
  CLF__CHECK(find_part(&found, model, regression, name, dot));
  return clf__params_set_text(model->context, found.table, found.values, dot + 1, value);
}

clf_status clf__setting_type(clf_model *model, const char *name, int32_t *type) {
  const char *dot = strchr(name, '.');
  part found = {&model->kind->base.params, model->params};
  if (dot != NULL) {
    CLF__CHECK(find_part(&found, model, false, name, dot));
  }
  return clf__params_type(found.table, dot != NULL ? dot + 1 : name, type);
}

clf_status clf__settings_apply(clf_model *model, bool regression, const char *text) {
  clf_status status = CLF_OK;
  char *name = NULL, *value = NULL;
  do {
    clf__free(name);
    clf__free(value);
    name = value = NULL;
    CLF__TRY(clf__params_next(model->context, &text, &name, &value));
    if (name != NULL) {
      CLF__TRY(clf__setting_apply(model, regression, name, value));
    }
  } while (name != NULL);
done:
  clf__free(name);
  clf__free(value);
  return status;
}
