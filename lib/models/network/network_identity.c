/* Texts that identify a training: its layers, optimizer, seed and rows, and all parameters except
 * its duration and the path of its checkpoint. A checkpoint with the same texts belongs to the same
 * training. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/checksum.h"
#include "base/math.h"
#include "base/text.h"
#include "models/network/network_trainer.h"

static const char kind[] = "network_checkpoint";

/* Computes a checksum of the labels or targets and of some rows, which is enough to recognize other
 * data. */
clf_status clf__training_checksum(uint64_t *out, const clf__trainer *t) {
  enum { ROWS = 64 };
  const clf__training *from = t->training;
  const int64_t rows = t->all_rows, step = rows / ROWS + 1;
  uint64_t sum = CLF__CHECKSUM_FIRST;
  if (from->labels != NULL) {
    sum = clf__checksum(sum, from->labels, (size_t)rows * sizeof *from->labels);
  } else {
    sum = clf__checksum(sum, from->targets, (size_t)(rows * from->outputs) * sizeof *from->targets);
  }
  if (from->weights != NULL) {
    sum = clf__checksum(sum, from->weights, (size_t)rows * sizeof *from->weights);
  }
  CLF__CHECK(clf__trainer_checksum_rows(t, step, &sum));
  *out = sum;
  return CLF_OK;
}

/* Describes weights, target units and epochs of the fit that the training continues from. */
static uint64_t hash_start(const clf__trainer *t) {
  uint64_t sum = clf__checksum(CLF__CHECKSUM_FIRST, &t->earlier, sizeof t->earlier);
  if (t->regression) {
    const size_t size = (size_t)t->network->outputs * sizeof(double);
    sum = clf__checksum(clf__checksum(sum, t->units.center, size), t->units.scale, size);
  }
  for (int64_t i = 0; i < t->network->layer_count; i++) {
    const clf__layer *layer = t->network->layers[i];
    const int64_t first = t->network->first_weight[i], kept = t->kept_weights - first;
    for (int64_t j = 0; j < clf__min_i64(kept, layer->weight_count); j++) {
      const size_t count = (size_t)clf__shape_count(&layer->weights[j].shape);
      sum = clf__checksum(sum, t->before_weights[first + j], count * sizeof(float));
    }
  }
  return sum;
}

/* Parameters that may change while a training continues; for "layers" and "patience" the identity
 * has the values that were derived from them. */
static bool is_left_out(const char *name) {
  static const char *const names[] = {"epochs",     "checkpoint", "checkpoint_interval",
                                      "warm_start", "layers",     "patience"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (strcmp(name, names[i]) == 0) {
      return true;
    }
  }
  return false;
}

static clf_status describe_params(clf_context *context, const void *params, clf__store *store) {
  const clf__param_table *table = &clf__network_kind.base.params;
  clf_status status = CLF_OK;
  clf__text text = {.context = context};
  for (int64_t i = 0; status == CLF_OK && i < table->count; i++) {
    const char *name = clf__param_name(&table->params[i]);
    if (is_left_out(name)) {
      continue;
    }
    text.length = 0;
    clf__text_append(&text, "%s", "");
    clf__param_append(&text, &table->params[i], params);
    status = text.failed ? CLF_ERROR_MEMORY : clf__store_add_text(store, name, text.bytes);
  }
  clf__text_free(&text);
  return status;
}

static clf_status describe_number(clf__store *store, const char *name, int64_t value) {
  char text[32];
  snprintf(text, sizeof text, "%lld", (long long)value);
  return clf__store_add_text(store, name, text);
}

clf_status clf__training_describe(const clf__trainer *t, clf__store *store) {
  char data[32], seed[32], start[32] = "drawn";
  clf_status status = CLF_OK;
  clf__text optimizer = {.context = t->context};
  uint64_t checksum = 0;
  clf__optimizer_append(&optimizer, t->optimizer);
  CLF__TRY(clf__training_checksum(&checksum, t));
  snprintf(data, sizeof data, "%016" PRIx64, checksum);
  if (t->before != NULL) {
    snprintf(start, sizeof start, "%016" PRIx64, hash_start(t));
  }
  snprintf(seed, sizeof seed, "%" PRIu64, t->seed);
  CLF__TRY(optimizer.failed ? CLF_ERROR_MEMORY : CLF_OK);
  CLF__TRY(clf__store_add_text(store, "kind", kind));
  CLF__TRY(clf__store_add_text(store, "layers", t->layers));
  CLF__TRY(clf__store_add_text(store, "row_shape", clf__shape_name(&t->network->input).text));
  CLF__TRY(clf__store_add_text(store, "optimizer", optimizer.bytes));
  CLF__TRY(clf__store_add_text(store, "seed", seed));
  CLF__TRY(clf__store_add_text(store, "first_weights", start));
  CLF__TRY(describe_params(t->context, t->params, store));
  CLF__TRY(describe_number(store, "patience", t->patience));
  CLF__TRY(describe_number(store, "classes", t->training->classes));
  CLF__TRY(describe_number(store, "outputs", t->training->outputs));
  CLF__TRY(describe_number(store, "rows", t->all_rows));
  CLF__TRY(describe_number(store, "validation_rows", t->validation.count));
  if (t->regression) {
    CLF__TRY(clf__store_add_text(store, "targets", "centered and scaled"));
  }
  CLF__TRY(clf__store_add_text(store, "data_checksum", data));
done:
  clf__text_free(&optimizer);
  return status;
}

/* The parameters with their defaults. A file that an earlier version wrote lacks some, and is of a
 * training with these values. */
static clf_status describe_defaults(clf__store **out, clf_context *context) {
  const clf__param_table *table = &clf__network_kind.base.params;
  void *params = NULL;
  clf_status status = CLF_OK;
  CLF__TRY(clf__store_create(out, context));
  CLF__TRY(clf__params_create(&params, context, table, NULL));
  status = describe_params(context, params, *out);
done:
  clf__params_free(table, params);
  return status;
}

clf_status clf__training_compare(clf_context *context, const clf__store *own,
                                 const clf__store *file) {
  clf__store *defaults = NULL;
  clf_status status = describe_defaults(&defaults, context);
  for (int64_t i = 0; status == CLF_OK && i < clf__store_count(own); i++) {
    const char *name = clf__store_name(own, i);
    const char *here = clf__store_text(own, name), *there = clf__store_text(file, name);
    there = there != NULL ? there : clf__store_text(defaults, name);
    if (there != NULL && strcmp(here, there) == 0) {
      continue;
    }
    status = i == 0
                 ? clf__fail(CLF_ERROR_ARGUMENT, "it is no checkpoint of a network's training")
                 : clf__fail(CLF_ERROR_ARGUMENT,
                             "it is of another training: its %s is '%s', this one's '%s'; remove "
                             "the file to start again",
                             name, there != NULL ? there : "unknown", here);
  }
  clf__store_free(defaults);
  return status;
}
