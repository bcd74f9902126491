/* The text of LIBLINEAR's model files. The numbers after the header may be broken into lines in any
 * way, as for LIBLINEAR itself. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/text.h"
#include "interchange/liblinear/liblinear.h"

enum { SOLVER_TYPE, NR_CLASS, LABEL, NR_FEATURE, BIAS, RHO };

static const clf__header_kind header_kind = {"LIBLINEAR",
                                             "solver_type|nr_class|label|nr_feature|bias|rho", "w"};

typedef struct reader {
  clf__header header;
  clf_context *context;
  clf__liblinear *file;
  int64_t features; /* of the file; the model may have more */
  double bias;      /* below 0: none */
} reader;

static clf_status read_solver(reader *self) {
  return clf__header_word(&self->header, SOLVER_TYPE, CLF__LIBLINEAR_SOLVERS, &self->file->solver);
}

static clf_status read_sizes(reader *self) {
  double classes = 0, features = 0;
  const bool classifies = clf__liblinear_classifies(self->file->solver);
  CLF__CHECK(
      clf__header_number(&self->header, NR_CLASS, 2, classifies ? INT32_MAX : 2, true, &classes));
  CLF__CHECK(clf__header_number(&self->header, NR_FEATURE, 1, INT32_MAX, true, &features));
  CLF__CHECK(
      clf__header_number(&self->header, BIAS, -DBL_MAX, (double)FLT_MAX, false, &self->bias));
  self->file->classes = classifies ? (int64_t)classes : 0;
  self->file->machines = clf__liblinear_machines(self->file->solver, self->file->classes);
  self->file->biased = self->bias >= 0;
  self->file->bias = fmax(self->bias, 0);
  self->features = (int64_t)features;
  return CLF_OK;
}

static clf_status fail_labels(const reader *self) {
  clf__fail(CLF_ERROR_FORMAT, "a model of this solver_type has no labels");
  return clf__header_fail_at(&self->header, self->header.fields[LABEL].begin, CLF_ERROR_FORMAT);
}

static clf_status read_labels(reader *self) {
  clf__liblinear *file = self->file;
  int64_t *labels = NULL;
  if (!clf__liblinear_classifies(file->solver)) {
    return clf__header_has(&self->header, LABEL) ? fail_labels(self) : CLF_OK;
  }
  CLF__CHECK(clf__header_list(&self->header, LABEL, file->classes, NULL, &labels));
  CLF__CHECK(clf__tensor_vector(&file->labels, self->context, CLF_I64, file->classes));
  memcpy(file->labels->data, labels, (size_t)file->classes * sizeof *labels);
  return CLF_OK;
}

static clf_status set_columns(reader *self, const clf__liblinear_params *params) {
  const bool given = params->features.word < 0;
  self->file->columns = given ? (int64_t)params->features.value : self->features;
  if (self->file->columns >= self->features) {
    return CLF_OK;
  }
  clf__fail(CLF_ERROR_FORMAT, "the model has %lld features, more than features=%lld",
            (long long)self->features, (long long)self->file->columns);
  return clf__header_fail_at(&self->header, self->header.fields[NR_FEATURE].begin,
                             CLF_ERROR_FORMAT);
}

/* Returns the number of weights that the file must have; -1 if its text is too short for them. */
static int64_t count_weights(const reader *self) {
  const int64_t lines = self->features + self->file->biased;
  const int64_t most = (self->header.lines.end - self->header.after + 1) / 2;
  return lines <= most / self->file->machines ? lines * self->file->machines : -1;
}

static clf_status fail_count(const reader *self, int64_t found) {
  return clf__fail(CLF_ERROR_FORMAT,
                   "%s: it has %lld weights; %lld features%s have one in each of "
                   "%lld machines",
                   self->header.lines.name, (long long)found, (long long)self->features,
                   self->file->biased ? " and the bias" : "", (long long)self->file->machines);
}

static clf_status fail_short(const reader *self) {
  return clf__fail(CLF_ERROR_FORMAT,
                   "%s: its text is too short for the weights of %lld features in %lld machines",
                   self->header.lines.name, (long long)self->features,
                   (long long)self->file->machines);
}

static clf_status allocate(reader *self) {
  clf__liblinear *file = self->file;
  file->weights = clf__arena_zeroed(&file->arena, clf__count(file->machines, file->columns),
                                    sizeof *file->weights);
  file->intercept = clf__arena_zeroed(&file->arena, file->machines, sizeof *file->intercept);
  return clf__arena_status(&file->arena);
}

/* Stores weight number `index`, counted line by line. */
static void store(const reader *self, int64_t index, double value) {
  const clf__liblinear *file = self->file;
  const int64_t feature = index / file->machines, machine = index % file->machines;
  if (feature < self->features) {
    file->weights[machine * file->columns + feature] = value;
  } else {
    file->intercept[machine] = value * self->bias;
  }
}

static clf_status read_weights(reader *self) {
  const clf__lines *lines = &self->header.lines;
  clf__lines_watch watch = clf__lines_watch_of(lines, self->context, "liblinear");
  const int64_t count = count_weights(self);
  int64_t index = 0;
  CLF__CHECK(count < 0 ? fail_short(self) : allocate(self));
  for (const char *at = self->header.after, *next; at < lines->end; at = next) {
    const char *end = clf__header_line_end(&self->header, at, &next);
    CLF__CHECK(clf__lines_step(lines, &watch, at));
    for (at = clf__header_skip_blanks(at, end); at < end; index++) {
      double value = 0;
      if (index == count) {
        return clf__header_fail_word(&self->header, at, end,
                                     "expected: the file has all of its weights");
      }
      CLF__CHECK(clf__header_read_single(&self->header, &at, end, &value));
      store(self, index, value);
    }
  }
  return index == count ? CLF_OK : fail_count(self, index);
}

/* Rows are like those of the fit where w x > rho. */
static clf_status subtract_rho(const reader *self) {
  double rho = 0;
  if (self->file->solver == CLF__LIBLINEAR_ONECLASS_SVM) {
    CLF__CHECK(
        clf__header_number(&self->header, RHO, (double)-FLT_MAX, (double)FLT_MAX, false, &rho));
    *self->file->intercept -= rho;
  }
  return CLF_OK;
}

/* An intercept is the product of two numbers of the file. */
static clf_status check_intercept(const reader *self) {
  for (int64_t k = 0; k < self->file->machines; k++) {
    if (!isfinite((float)self->file->intercept[k])) {
      return clf__fail(CLF_ERROR_FORMAT,
                       "%s: bias times its weight, %s, is beyond the range of float",
                       self->header.lines.name, clf__number_text(self->file->intercept[k]));
    }
  }
  return CLF_OK;
}

clf_status clf__liblinear_parse(clf__liblinear *out, clf_context *context, const clf__bytes *bytes,
                                const char *name, const clf__liblinear_params *params) {
  reader self = {.context = context, .file = out};
  clf_status status;
  out->arena.context = context;
  CLF__TRY(clf__header_read(&self.header, &out->arena, bytes, name, &header_kind));
  CLF__TRY(read_solver(&self));
  CLF__TRY(read_sizes(&self));
  CLF__TRY(read_labels(&self));
  CLF__TRY(set_columns(&self, params));
  CLF__TRY(read_weights(&self));
  CLF__TRY(subtract_rho(&self));
  CLF__TRY(check_intercept(&self));
done:
  return status;
}

void clf__liblinear_free(clf__liblinear *file) {
  clf_tensor_free(file->labels);
  clf__arena_free(&file->arena);
  *file = (clf__liblinear){.classes = 0};
}
