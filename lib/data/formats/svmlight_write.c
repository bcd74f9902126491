/* Writes SVMlight and LIBSVM text, one row in each line: the label, then the entries with their
 * indices. Labels are the class names if all of them are numbers, otherwise the class indices. */
#include <math.h>

#include "base/context.h"
#include "base/progress.h"
#include "data/dataset.h"
#include "data/formats/sparse_text.h"
#include "data/formats/write_labels.h"

typedef struct writer_params {
  bool zero_based;
} writer_params;

#define CLF__VALUES writer_params
static const clf__param params[] = {
    CLF__BOOL(zero_based, "false", "indices begin at 0 instead of 1"),
};

enum { PIECE = 1 << 16 };
static const int64_t entries_a_step = 1 << 20;

static clf_status check_written(const clf_dataset *dataset) {
  CLF__CHECK(clf__write_unweighted(dataset, "svmlight"));
  return clf_dataset_outputs(dataset) <= 1
             ? CLF_OK
             : clf__fail(CLF_ERROR_UNSUPPORTED,
                         "svmlight: a row has one target; the dataset has %lld",
                         (long long)clf_dataset_outputs(dataset));
}

static void append_label(clf__text *text, const clf_dataset *dataset, bool named, int64_t row) {
  if (dataset->targets != NULL) {
    clf__text_append_number(text, clf__dataset_targets(dataset)[row], false);
  } else if (dataset->labels == NULL) {
    clf__text_append(text, "0");
  } else if (named) {
    clf__text_append(text, "%s",
                     clf_dataset_class_name(dataset, clf__dataset_labels(dataset)[row]));
  } else {
    clf__text_append(text, "%d", clf__dataset_labels(dataset)[row]);
  }
}

static clf_status write(const clf_dataset *dataset, clf__output *output, const void *values) {
  const writer_params *chosen = values;
  clf_status status = CLF_OK;
  CLF__CHECK(check_written(dataset));
  clf__text text = {.context = dataset->context};
  clf__byte_texts texts;
  const clf__rows x = clf__dataset_rows(dataset);
  const bool named = clf__label_form_of(dataset) != CLF__LABEL_NAME;
  const clf__progress progress = clf__progress_begin(dataset->context, "svmlight", x.rows);
  const int64_t step = 1 + entries_a_step / (1 + clf_dataset_nonzeros(dataset) / (1 + x.rows));
  clf__byte_texts_fill(&texts, &x);
  clf__label_log_names(dataset, "svmlight");
  for (int64_t row = 0; row < x.rows; row++) {
    if (row % step == 0 && row > 0) {
      CLF__TRY(clf__progress_step(&progress, row, NAN, NAN));
    }
    append_label(&text, dataset, named, row);
    clf__append_row(&text, &x, row, chosen->zero_based ? 0 : 1, &texts);
    clf__text_append_bytes(&text, "\n", 1);
    CLF__TRY(clf__output_text(output, &text, PIECE));
  }
  CLF__TRY(clf__output_text(output, &text, 0));
done:
  clf__text_free(&text);
  return status;
}

const clf__dataset_writer clf__dataset_writer_svmlight = {
    .base = CLF__KIND("svmlight", "SVMlight and LIBSVM text, of dense and sparse rows", params,
                      writer_params),
    .write = write,
};
