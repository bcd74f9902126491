#include "models.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/text.h"

static const char *const preset_names[PRESETS] = {"exact", "best"};

static int choose_preset(model_choice *choice, const char *name) {
  const size_t preset = name != NULL ? find_name(name, preset_names, PRESETS) : PRESET_BEST;
  choice->preset = (model_preset)preset;
  return preset < PRESETS ? -1 : reject_name("preset", name, preset_names, PRESETS, NULL);
}

/* Adds an entry, once. */
static void add_entry(model_choice *choice, const model_entry *entry) {
  for (size_t i = 0; i < choice->count; i++) {
    if (choice->entries[i] == entry) {
      return;
    }
  }
  choice->entries[choice->count++] = entry;
}

/* Adds the model of that name, or all. */
static int choose_model(model_choice *choice, const model_table *table, const char *name) {
  const char *names[MAX_MODELS + 1] = {"all"};
  for (size_t i = 0; i < table->count; i++) {
    names[i + 1] = table->entries[i].name;
  }
  const size_t found = find_name(name, names, table->count + 1);
  if (found > table->count) {
    return reject_name("model", name, names, table->count + 1, table->otherwise);
  }
  for (size_t i = 0; i < table->count; i++) {
    if (found == 0 || found == i + 1) {
      add_entry(choice, &table->entries[i]);
    }
  }
  return -1;
}

int models_choose(model_choice *choice, const model_table *table, const char *list,
                  const char *preset) {
  int status = choose_preset(choice, preset);
  for (bool more = true; status < 0 && more;) {
    char name[32];
    const size_t length = strcspn(list, ",");
    snprintf(name, sizeof name, "%.*s", (int)length, list);
    status = choose_model(choice, table, name);
    more = list[length] != '\0';
    list += length + more;
  }
  return status;
}

const model_recipe *models_recipe(const model_entry *entry, model_preset preset) {
  return &entry->recipes[entry->recipes[preset].params != NULL ? preset : PRESET_EXACT];
}

/* What stands for a name in braces. */
static void expand_name(char *out, size_t capacity, const char *name, size_t length,
                        const model_sizes *sizes) {
  const bool two = sizes->classes == 2;
  const struct {
    const char *name;
    int64_t number;
  } numbers[] = {{"epochs", sizes->epochs},
                 {"classes", sizes->classes},
                 {"words", sizes->words},
                 {"outputs", two ? 1 : sizes->classes}};
  snprintf(out, capacity, "%s", two ? "binary_cross_entropy" : "cross_entropy"); /* for loss */
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    if (strlen(numbers[i].name) == length && strncmp(numbers[i].name, name, length) == 0) {
      snprintf(out, capacity, "%" PRId64, numbers[i].number);
    }
  }
}

/* Copies a text with what stands for its names. */
static void expand(char *out, size_t capacity, const char *text, const model_sizes *sizes) {
  size_t length = 0;
  while (*text != '\0' && length + 1 < capacity) {
    if (*text == '{') {
      const size_t name = strcspn(++text, "}");
      expand_name(out + length, capacity - length, text, name, sizes);
      length += strlen(out + length);
      text += name + 1;
    } else {
      out[length++] = *text++;
    }
  }
  out[length] = '\0';
}

void models_params(char out[MAX_PARAMS], const model_recipe *recipe, const model_sizes *sizes) {
  expand(out, MAX_PARAMS, recipe->params, sizes);
}

void models_pipeline(char out[MAX_PARAMS], const model_entry *entry, const model_recipe *recipe,
                     const model_sizes *sizes) {
  size_t length = 0;
  for (int i = 0; recipe->transforms[i] != NULL; i++) {
    length +=
        (size_t)snprintf(out + length, MAX_PARAMS - length, "%s, then ", recipe->transforms[i]);
  }
  if (length > 0) {
    length += (size_t)snprintf(out + length, MAX_PARAMS - length, "%s ", entry->kind);
  }
  expand(out + length, MAX_PARAMS - length, recipe->params, sizes);
}

/* A kind and its parameters, apart. */
typedef struct kind_text {
  char kind[32];
  const char *params; /* or NULL */
} kind_text;

static kind_text split_kind(const char *text) {
  kind_text parts;
  const size_t length = strcspn(text, " ");
  snprintf(parts.kind, sizeof parts.kind, "%.*s", (int)length, text);
  parts.params = text[length] != '\0' ? text + length + 1 : NULL;
  return parts;
}

static clf_status create(clf_model **model, clf_optimizer **optimizer, clf_context *context,
                         const model_entry *entry, const model_recipe *recipe, const char *params) {
  clf_status status = clf_model_create(model, context, entry->kind, params);
  for (int i = 0; status == CLF_OK && recipe->transforms[i] != NULL; i++) {
    const kind_text transform = split_kind(recipe->transforms[i]);
    status = clf_model_add_transform(*model, transform.kind, transform.params);
  }
  if (status == CLF_OK && recipe->optimizer != NULL) {
    const kind_text parts = split_kind(recipe->optimizer);
    status = clf_optimizer_create(optimizer, context, parts.kind, parts.params);
  }
  return status;
}

clf_status models_fit(clf_model **out, result *row, clf_context *context, const model_entry *entry,
                      const model_recipe *recipe, const char *params, const clf_dataset *train,
                      const clf_dataset *validation) {
  clf_model *model = NULL;
  clf_optimizer *optimizer = NULL;
  clf_status status = create(&model, &optimizer, context, entry, recipe, params);
  const double start = seconds_now();
  if (status == CLF_OK) {
    status = clf_model_fit(model, train, optimizer, recipe->optimizer != NULL ? validation : NULL);
  }
  row->fit_seconds = seconds_now() - start;
  row->params = params;
  row->optimizer = recipe->optimizer;
  row->train_rows = clf_dataset_rows(train);
  row->outcome = status == CLF_OK ? clf_model_outcome(model) : status;
  status = status == CLF_OK ? history_read(&row->history, model) : status;
  clf_optimizer_free(optimizer);
  if (status < 0) {
    clf_model_free(model);
    return status;
  }
  *out = model;
  return CLF_OK;
}

clf_status models_test(int32_t **predicted, result *row, const clf_model *model,
                       const clf_dataset *train, const clf_dataset *test) {
  row->test_rows = clf_dataset_rows(test);
  int32_t *labels = malloc((size_t)row->test_rows * sizeof *labels);
  clf_status status = labels != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  const double start = seconds_now();
  status = status == CLF_OK ? clf_model_predict(model, test, labels, row->test_rows) : status;
  row->predict_seconds = seconds_now() - start;
  status = status == CLF_OK ? clf_model_score(model, test, &row->test_accuracy) : status;
  status = status == CLF_OK ? clf_model_score(model, train, &row->train_accuracy) : status;
  if (status < 0) {
    free(labels);
    return status;
  }
  *predicted = labels;
  return CLF_OK;
}

/* Runs a model; the result is added when all of it worked. */
static clf_status run_model(model_run *run, const model_entry *entry, model_runner runner,
                            void *self) {
  result *row = &run->results[run->count];
  *row = (result){.model = entry->name};
  progress_title(&run->session.progress, entry->name);
  const clf_status status = progress_interrupted() ? CLF_ERROR_CANCELLED : runner(self, entry, row);
  progress_clear(&run->session.progress);
  run->count += status == CLF_OK;
  return status;
}

int models_run(model_run *run, model_filter left_out, model_runner runner, void *self) {
  const model_choice *chosen = &run->chosen;
  size_t failed = 0, skipped = 0;
  for (size_t i = 0; i < chosen->count; i++) {
    const model_entry *entry = chosen->entries[i];
    const char *reason = left_out != NULL ? left_out(self, entry) : NULL;
    if (reason != NULL) {
      printf("%-14s left out: %s\n", entry->name, reason);
      skipped++;
      continue;
    }
    const clf_status status = run_model(run, entry, runner, self);
    if (status == CLF_ERROR_CANCELLED && progress_interrupted()) {
      complain("interrupted; %zu of %zu models done", run->count, chosen->count);
      return EXIT_INTERRUPTED;
    }
    if (status < 0) {
      complain("%s: %s", entry->name, clf_last_error());
      failed++;
    }
  }
  return failed > 0 || skipped == chosen->count ? EXIT_FAILURE : EXIT_SUCCESS;
}

int models_write(model_run *run, const char *data, result_members more, page_writer page,
                 const void *self, int exit_status) {
  const run_facts facts = session_facts(&run->session, &run->shared, data);
  if (run->session.json != NULL) {
    results_write_json(run->session.json, &facts, run->results, run->count, more, self);
  }
  if (run->session.report != NULL && run->count > 0) {
    const clf_status status = page(run->session.report, self, &facts);
    exit_status = status < 0 ? report_failure(status) : exit_status;
  }
  return session_close_outputs(&run->session, &run->shared, exit_status);
}
