/* Networks of random layers that fit each other: trained, evaluated, written and read again. A
 * loaded network gives the bits that the fitted one gave. */
#include "dice.h"
#include "models.h"

enum { FEATURES = 24, MOST_LAYERS = 8, LONGEST = 2048 };

static void append(char *to, const char *text) {
  strncat(to, text, LONGEST - strlen(to) - 1);
}

static void append_number(char *to, const char *name, int64_t value) {
  char text[64];
  snprintf(text, sizeof text, " %s=%lld", name, (long long)value);
  append(to, text);
}

static void append_choice(char *to, const char *name, const char *words, dice *from) {
  char text[64], word[32];
  roll_word(word, sizeof word, from, words);
  snprintf(text, sizeof text, " %s=%s", name, word);
  append(to, text);
}

#define ACTIVATIONS "linear|relu|leaky_relu|tanh|sigmoid|softmax"

/* Appends a layer for inputs of so many axes; returns the number of axes of its outputs. */
static int append_image_layer(char *to, dice *from) {
  switch (roll(from, 6)) {
  case 0:
  case 1:
    append(to, "conv2d");
    append_number(to, "filters", 1 + roll(from, 9));
    append_number(to, "kernel", 1 + roll(from, 5));
    append_number(to, "stride", 1 + roll(from, 3));
    append_number(to, "dilation", 1 + roll(from, 5));
    append_choice(to, "padding", "same|valid|same", from);
    append_choice(to, "activation", ACTIVATIONS, from);
    append_choice(to, "bias", "true|false", from);
    return 3;
  case 2:
    append(to, "max_pool2d");
    break;
  case 3:
    append(to, "average_pool2d");
    break;
  case 4:
    append(to, roll(from, 2) == 0 ? "global_max_pool2d" : "global_average_pool2d");
    return 1;
  default:
    append(to, "flatten");
    return 1;
  }
  append_number(to, "size", 1 + roll(from, 4));
  append_number(to, "stride", 1 + roll(from, 4));
  append_choice(to, "padding", "same|valid", from);
  return 3;
}

static int append_sequence_layer(char *to, dice *from) {
  static const char *const kinds[] = {"rnn", "lstm", "gru", "global_average_pool1d",
                                      "global_max_pool1d"};
  const int64_t kind = roll(from, 5);
  append(to, kinds[kind]);
  if (kind >= 3) {
    return 1;
  }
  const bool all = roll(from, 2) == 0;
  append_number(to, "units", 1 + roll(from, 5));
  append(to, all ? " return_sequences=true" : "");
  append_choice(to, "bidirectional", "true|false", from);
  append_choice(to, "initial_state", "zeros|learned", from);
  append_choice(to, "dropout", "0|0.4", from);
  append_choice(to, "recurrent_dropout", "0|0.4", from);
  append_number(to, "truncate", roll(from, 5));
  return all ? 2 : 1;
}

static int append_layer(char *to, int axes, dice *from) {
  append(to, to[0] != '\0' ? "; " : "");
  switch (roll(from, 6)) {
  case 0:
    append(to, "batch_norm");
    return axes;
  case 1:
    append(to, "activation");
    append_choice(to, "function", ACTIVATIONS, from);
    return axes;
  case 2:
    append(to, "dropout");
    append_choice(to, "rate", "0|0.5", from);
    return axes;
  default:
    break;
  }
  if (axes == 3) {
    return append_image_layer(to, from);
  }
  if (axes == 2) {
    return append_sequence_layer(to, from);
  }
  append(to, "dense");
  append_number(to, "units", 1 + roll(from, 20));
  append_choice(to, "activation", ACTIVATIONS, from);
  append_choice(to, "bias", "true|false", from);
  return 1;
}

static void check_loaded(const clf_model *model, clf_context *context, const clf_dataset *rows) {
  float before[FUZZ_ROWS * 3], after[FUZZ_ROWS * 3];
  clf_model *loaded = NULL;
  size_t size = 0;
  FUZZ_CHECK(clf_model_save_memory(model, NULL, 0, &size) == CLF_OK);
  uint8_t *bytes = malloc(size);
  FUZZ_CHECK(bytes != NULL && clf_model_save_memory(model, bytes, size, &size) == CLF_OK);
  FUZZ_CHECK(clf_model_load_memory(&loaded, context, bytes, size) == CLF_OK);
  const clf_status one = clf_model_decision_function(model, rows, before, FUZZ_ROWS * 3);
  FUZZ_CHECK(one == clf_model_decision_function(loaded, rows, after, FUZZ_ROWS * 3));
  FUZZ_CHECK(one < 0 || memcmp(before, after, sizeof before) == 0);
  free(bytes);
  clf_model_free(loaded);
}

static void fit_and_use(clf_context *context, const char *input, const char *layers, bool whole) {
  clf_model *model = NULL;
  clf_dataset *rows = fuzz_rows(context, FEATURES, false, whole);
  FUZZ_CHECK(clf_model_create(&model, context, "network", "epochs=1 batch_size=4") == CLF_OK);
  FUZZ_CHECK(clf_model_set_text(model, "input", input) == CLF_OK);
  clf_status status = clf_model_set_text(model, "layers", layers);
  status = status == CLF_OK ? clf_model_fit(model, rows, NULL, NULL) : status;
  FUZZ_CHECK(status >= CLF_OK || status == CLF_ERROR_SHAPE || status == CLF_ERROR_DIVERGED ||
             status == CLF_ERROR_ARGUMENT || status == CLF_ERROR_NUMERIC);
  if (status >= CLF_OK) {
    check_loaded(model, context, rows);
    fuzz_use(model, context);
    fuzz_fine(clf_model_partial_fit(model, rows));
    fuzz_predict(model, rows);
  }
  clf_model_free(model);
  clf_dataset_free(rows);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const struct {
    const char *input, *first;
    int axes;
  } begins[] = {{"24", "", 1},    {"6,4", "", 2},    {"4,6,1", "", 3},
                {"4,3,2", "", 3}, {"1,24,1", "", 3}, {"24", "embedding vocabulary=5 units=3", 2}};
  enum { BEGINS = sizeof begins / sizeof *begins };
  char layers[LONGEST] = "";
  dice from = {data, size};
  const int64_t begin = roll(&from, BEGINS);
  clf_context *context = fuzz_context();
  int axes = begins[begin].axes;
  append(layers, begins[begin].first);
  for (int i = 0; i < MOST_LAYERS && from.left > 0; i++) {
    axes = append_layer(layers, axes, &from);
  }
  append(layers, layers[0] != '\0' ? "; " : "");
  append(layers, axes > 1 ? "flatten; dense units=3" : "dense units=3");
  fit_and_use(context, begins[begin].input, layers, begins[begin].first[0] != '\0');
  clf_context_free(context);
  return 0;
}

size_t fuzz_seed(int index, uint8_t *buffer, size_t capacity) {
  enum { SEEDS = 24 };
  return index < SEEDS ? dice_seed(buffer, capacity, index, 48) : 0;
}
