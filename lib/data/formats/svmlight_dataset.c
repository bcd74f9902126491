/* Makes datasets from what svmlight.c has read: sparse rows, or the dense rows of a precomputed
 * kernel. What the file does not state is guessed here; the log reports each guess with the
 * parameter that has the same effect. */
#include "base/context.h"
#include "data/formats/svmlight.h"
#include "data/label_key.h"

clf_status clf__svmlight_fail_at(const clf__svmlight *self, const char *at, clf_status status) {
  return clf__fail_within(status, "%s line %lld, column %lld", self->lines.name,
                          (long long)clf__line_number(&self->lines, at),
                          (long long)clf__line_column(&self->lines, at));
}

/* Returns the index that the first feature has in the file. */
static clf_status find_base(const clf__svmlight *self, int32_t *base) {
  int32_t zero_based = self->params->zero_based;
  if (zero_based == CLF__SVMLIGHT_FALSE && self->zero_at != NULL) {
    clf__fail(CLF_ERROR_DATA, "the index is 0, and zero_based=false says that they begin at 1");
    return clf__svmlight_fail_at(self, self->zero_at, CLF_ERROR_DATA);
  }
  *base = zero_based == CLF__SVMLIGHT_TRUE || self->zero_at != NULL ? 0 : 1;
  return CLF_OK;
}

static clf_status find_features(const clf__svmlight *self, int32_t base, int64_t *features) {
  int64_t needed = (int64_t)self->highest + 1 - base;
  if (self->params->features.word >= 0) {
    *features = needed;
    return self->highest >= 0 ? CLF_OK
                              : clf__fail(CLF_ERROR_DATA,
                                          "%s: no row has an entry; say how many features there "
                                          "are by features=N",
                                          self->lines.name);
  }
  *features = (int64_t)self->params->features.value;
  if (needed <= *features) {
    return CLF_OK;
  }
  clf__fail(CLF_ERROR_DATA, "the index %d is beyond features=%lld (the first is %d)", self->highest,
            (long long)*features, base);
  return clf__svmlight_fail_at(self, self->highest_at, CLF_ERROR_DATA);
}

/* Returns whether index 0 is each row's number; a single row is not enough to tell. */
static bool is_numbered(const clf__svmlight *self) {
  return self->rows > 1 && self->serials_in_order == self->rows;
}

/* Serial numbers are certainly those of LIBSVM's precomputed kernels (svm-train -t 4) if there is
 * also a value for each row. */
static bool is_precomputed(const clf__svmlight *self) {
  const clf__svmlight_params *p = self->params;
  const bool whole = is_numbered(self) && self->highest == self->rows;
  return p->precomputed == CLF__SVMLIGHT_TRUE ||
         (p->precomputed == CLF__SVMLIGHT_AUTO && whole && p->zero_based == CLF__SVMLIGHT_AUTO);
}

static void log_guesses(const clf__svmlight *self, clf_context *context, int32_t base,
                        bool precomputed) {
  const clf__svmlight_params *p = self->params;
  const char *name = self->lines.name;
  if (self->queries > 0) {
    clf__log(context, CLF_LOG_WARNING, "%s: the qid of %lld rows is left out: no model uses it",
             name, (long long)self->queries);
  }
  if (precomputed && p->precomputed == CLF__SVMLIGHT_AUTO) {
    clf__log(context, CLF_LOG_INFO,
             "%s: rows are a precomputed kernel's, and their serial numbers left out; "
             "precomputed=false reads index 0 as a feature",
             name);
  } else if (!precomputed && p->precomputed == CLF__SVMLIGHT_AUTO && is_numbered(self) &&
             p->zero_based == CLF__SVMLIGHT_AUTO) {
    clf__log(context, CLF_LOG_WARNING,
             "%s: index 0 is each row's number, as in files of precomputed kernels, and is read as "
             "a feature; precomputed=true reads kernel values, precomputed=false a feature",
             name);
  } else if (p->zero_based == CLF__SVMLIGHT_AUTO && self->highest >= 0) {
    clf__log(context, CLF_LOG_INFO,
             "%s: indices are taken to begin at %d, as there is %s 0; zero_based=true says where "
             "they begin at 0",
             name, base, base == 0 ? "a" : "no");
  }
  if (p->features.word >= 0) {
    clf__log(context, CLF_LOG_INFO,
             "%s: the highest index, %d, is taken for the last feature; features=N says how many "
             "there are",
             name, self->highest);
  }
}

/* Shrinks the arrays to what was read, with indices from 0. */
static clf_status cut(clf__svmlight *self, int32_t base) {
  for (int64_t i = 0; i < self->entries; i++) {
    ((int32_t *)self->column->data)[i] -= base;
  }
  CLF__CHECK(clf__tensor_cut(&self->row_start, self->rows + 1));
  CLF__CHECK(clf__tensor_cut(&self->column, self->entries));
  CLF__CHECK(clf__tensor_cut(&self->value, self->entries));
  return clf__tensor_cut(&self->labels, self->rows);
}

static clf_status set_labels(clf_dataset *dataset, const clf__svmlight *self) {
  if (self->params->regression) {
    return clf_dataset_set_targets(dataset, self->labels);
  }
  if (self->labels->dtype == CLF_I64 || self->rounded_at == NULL) {
    clf__log_fractions(dataset->context, self->labels, self->lines.name);
    return clf_dataset_set_labels(dataset, self->labels);
  }
  clf__fail(CLF_ERROR_DATA,
            "the label has more digits than f64 holds, which is how labels are read where not all "
            "are integers of 64 bits");
  return clf__svmlight_fail_at(self, self->rounded_at, CLF_ERROR_DATA);
}

static clf_status make_sparse(clf_dataset **out, clf__svmlight *self, clf_context *context,
                              int64_t features) {
  clf_status status;
  CLF__TRY(clf__dataset_blank(out, context));
  clf_dataset *dataset = *out;
  dataset->rows = self->rows;
  dataset->features = features;
  CLF__TRY(clf__tensor_share(&dataset->row_start, self->row_start));
  CLF__TRY(clf__tensor_share(&dataset->column, self->column));
  CLF__TRY(clf__round_to_f32(&dataset->value, context, self->value));
  CLF__TRY(clf__sparse_report(dataset, self->column, self->value, self->lines.name));
done:
  return status < 0 ? clf__fail_within(status, "%s", self->lines.name) : CLF_OK;
}

/* Each row has a serial number, followed by values for most indices. LIBSVM requires all of them;
 * others leave out zeros. So the size of the file bounds the memory. */
static clf_status check_kernel(const clf__svmlight *self, int64_t columns) {
  enum { SHARE = 16 };
  if (self->serials < self->rows) {
    return clf__fail(CLF_ERROR_DATA,
                     "%s: %lld of %lld rows have no index 0, the serial number of a precomputed "
                     "kernel's row",
                     self->lines.name, (long long)(self->rows - self->serials),
                     (long long)self->rows);
  }
  if (columns < 1) {
    return clf__fail(CLF_ERROR_DATA, "%s: there is no kernel value next to the serial numbers",
                     self->lines.name);
  }
  if ((double)self->rows * (double)columns > SHARE * (double)self->entries) {
    return clf__fail(CLF_ERROR_DATA,
                     "%s: %lld values are too few for a precomputed kernel of %lld rows and %lld "
                     "columns",
                     self->lines.name, (long long)(self->entries - self->rows),
                     (long long)self->rows, (long long)columns);
  }
  return CLF_OK;
}

/* Makes the dense values of the kernel; missing ones are 0. Serial numbers are in column -1. */
static clf_status make_kernel(clf_dataset **out, const clf__svmlight *self, clf_context *context,
                              int64_t columns) {
  const int64_t *start = self->row_start->data;
  const int32_t *column = self->column->data;
  const double *value = self->value->data;
  clf_tensor *x = NULL;
  clf_status status;
  CLF__TRY(check_kernel(self, columns));
  CLF__TRY(clf__tensor_matrix(&x, context, CLF_F64, self->rows, columns));
  for (int64_t i = 0; i < self->rows; i++) {
    double *row = (double *)x->data + i * columns;
    for (int64_t e = start[i]; e < start[i + 1]; e++) {
      if (column[e] >= 0) {
        row[column[e]] = value[e];
      }
    }
  }
  status = clf_dataset_create(out, context, x, NULL);
done:
  clf_tensor_free(x);
  return status;
}

/* Keeps what was guessed, as parameters. */
static clf_status keep_guesses(clf_dataset *dataset, const clf__svmlight *self, int32_t base,
                               bool precomputed) {
  const clf__svmlight_params *p = self->params;
  clf__text guesses = {.context = dataset->context};
  if (p->precomputed == CLF__SVMLIGHT_AUTO) {
    clf__text_append(&guesses, "precomputed=%s", precomputed ? "true" : "false");
  }
  if (p->zero_based == CLF__SVMLIGHT_AUTO && !precomputed) {
    clf__text_append(&guesses, "%szero_based=%s", guesses.length > 0 ? " " : "",
                     base == 0 ? "true" : "false");
  }
  if (p->features.word >= 0) {
    clf__text_append(&guesses, "%sfeatures=%lld", guesses.length > 0 ? " " : "",
                     (long long)dataset->features);
  }
  dataset->guesses = guesses.bytes;
  return guesses.failed ? CLF_ERROR_MEMORY : CLF_OK;
}

clf_status clf__svmlight_dataset(clf_dataset **out, clf__svmlight *self, clf_context *context) {
  const bool precomputed = is_precomputed(self);
  clf_dataset *dataset = NULL;
  int64_t features = 0;
  int32_t base = 1;
  clf_status status = CLF_OK;
  if (!precomputed) {
    CLF__TRY(find_base(self, &base));
  }
  CLF__TRY(find_features(self, base, &features));
  log_guesses(self, context, base, precomputed);
  CLF__TRY(cut(self, base));
  CLF__TRY(precomputed ? make_kernel(&dataset, self, context, features)
                       : make_sparse(&dataset, self, context, features));
  CLF__TRY(set_labels(dataset, self));
  CLF__TRY(keep_guesses(dataset, self, base, precomputed));
  *out = dataset;
  dataset = NULL;
done:
  clf_dataset_free(dataset);
  return status;
}
