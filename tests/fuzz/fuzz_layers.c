/* Texts of layers: the first byte says which shape rows have, the rest is the text. A network that
 * is made of it is fitted on some rows and used; a large one may want more memory than there is. */
#include "models.h"

enum { FEATURES = 12, MEMORY = 32 << 20, LONGEST = 1 << 10 };

static void fit_and_use(clf_context *context, const char *input, const char *layers) {
  for (int whole = 0; whole < 2; whole++) {
    clf_model *model = NULL;
    size_t needed = 0;
    clf_dataset *rows = fuzz_rows(context, FEATURES, false, whole == 1);
    FUZZ_CHECK(clf_model_create(&model, context, "network", "epochs=1 batch_size=4") == CLF_OK);
    FUZZ_CHECK(clf_model_set_text(model, "input", input) == CLF_OK);
    clf_status status = clf_model_set_text(model, "layers", layers);
    (void)clf_network_summary(model, NULL, 0, &needed);
    status = status == CLF_OK ? clf_model_fit(model, rows, NULL, NULL) : status;
    FUZZ_CHECK(status != CLF_ERROR_CORRUPT && status != CLF_ERROR_IO);
    if (status >= CLF_OK) {
      int32_t labels[FUZZ_ROWS];
      FUZZ_CHECK(clf_network_summary(model, NULL, 0, &needed) == CLF_OK);
      const clf_status predicted = clf_model_predict(model, rows, labels, FUZZ_ROWS);
      FUZZ_CHECK(predicted == CLF_OK || predicted == CLF_ERROR_MEMORY ||
                 predicted == CLF_ERROR_NUMERIC);
      const uint64_t held = clf_context_memory(context); /* packed weights included */
      FUZZ_CHECK(clf_model_predict(model, rows, labels, FUZZ_ROWS) == predicted);
      FUZZ_CHECK(clf_context_memory(context) == held);
    }
    clf_model_free(model);
    clf_dataset_free(rows);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const inputs[] = {"12", "3,4", "12,1", "2,2,3", "3,4,1", "1,12,1", "auto"};
  char layers[LONGEST + 1], params[64];
  clf_context *context = NULL;
  if (size < 1) {
    return 0;
  }
  const size_t length = size - 1 < LONGEST ? size - 1 : LONGEST;
  memcpy(layers, data + 1, length);
  layers[length] = '\0';
  snprintf(params, sizeof params, "threads=1 memory_limit=%d", (int)MEMORY);
  FUZZ_CHECK(clf_context_create(&context, NULL, params) == CLF_OK);
  fit_and_use(context, inputs[data[0] % 7], layers);
  clf_context_free(context);
  return 0;
}

size_t fuzz_seed(int index, uint8_t *buffer, size_t capacity) {
  static const char *const seeds[] = {
      "\x00"
      "dense units=3",
      "\x04"
      "conv2d filters=2 kernel=2 stride=1 dilation=1 padding=same activation=relu bias=false; "
      "batch_norm momentum=0.1 epsilon=1e-5; max_pool2d size=2 stride=1 padding=same; flatten; "
      "dropout rate=0.5; dense units=3 initializer=he_normal",
      "\x00"
      "embedding vocabulary=6 units=2 mask=true dropout=0.1; lstm units=2 return_sequences=true "
      "bidirectional=true dropout=0.1 recurrent_dropout=0.1 truncate=2 initial_state=learned; "
      "gru units=2; dense units=3",
      "\x01"
      "rnn units=3 return_sequences=true; global_average_pool1d; activation function=tanh; dense "
      "units=3",
      "\x03"
      "average_pool2d size=2 padding=same; conv2d filters=6 kernel=1; global_max_pool2d; dense "
      "units=3",
      "\x02"
      "gru units=2 return_sequences=true; global_max_pool1d; dense units=3",
  };
  static const size_t count = sizeof seeds / sizeof *seeds;
  if (index >= (int)count) {
    return 0;
  }
  const size_t size = 1 + strlen(seeds[index] + 1);
  FUZZ_CHECK(size <= capacity);
  memcpy(buffer, seeds[index], size);
  return size;
}
