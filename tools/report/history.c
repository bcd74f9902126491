#include "history.h"

#include <classify.h>
#include <stdio.h>
#include <string.h>

const char *const history_names[HISTORY_SERIES] = {
    "loss", "accuracy", "validation_loss", "validation_accuracy", "learning_rate", "seconds",
};

clf_status history_read(history *out, const clf_model *model) {
  *out = (history){0};
  if (strcmp(clf_model_kind(model), "network") != 0) {
    return CLF_OK;
  }
  for (int i = 0; i < HISTORY_SERIES; i++) {
    char name[64];
    snprintf(name, sizeof name, "history_%s", history_names[i]);
    clf_status status = clf_model_tensor(&out->tensors[i], model, name);
    if (status == CLF_ERROR_ARGUMENT) {
      continue; /* not recorded */
    }
    if (status < 0) {
      history_free(out);
      return status;
    }
    out->series[i] = clf_tensor_data(out->tensors[i]);
    out->epochs = clf_tensor_count(out->tensors[i]);
  }
  return CLF_OK;
}

void history_free(history *h) {
  for (int i = 0; i < HISTORY_SERIES; i++) {
    clf_tensor_free(h->tensors[i]);
  }
  *h = (history){0};
}

static void print_number(FILE *out, const double *series, int64_t epoch, double factor,
                         const char *format) {
  if (series != NULL) {
    fprintf(out, format, factor * series[epoch]);
  } else {
    fprintf(out, "%12s ", "");
  }
}

void history_print(FILE *out, const history *h) {
  if (h->epochs == 0) {
    return;
  }
  fprintf(out, "%8s %12s %12s %12s %12s\n", "epoch", "loss", "validation", "accuracy",
          "validation");
  for (int64_t i = 0; i < h->epochs; i++) {
    fprintf(out, "%8d ", (int)i + 1);
    print_number(out, h->series[HISTORY_LOSS], i, 1, "%12.4f ");
    print_number(out, h->series[HISTORY_VALIDATION_LOSS], i, 1, "%12.4f ");
    print_number(out, h->series[HISTORY_ACCURACY], i, 100, "%10.2f %% ");
    print_number(out, h->series[HISTORY_VALIDATION_ACCURACY], i, 100, "%10.2f %% ");
    fputc('\n', out);
  }
}
