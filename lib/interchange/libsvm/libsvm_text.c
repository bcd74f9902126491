/* What the header of LIBSVM's model files means; after its line "SV" the vectors begin. */
#include "interchange/libsvm/libsvm_text.h"

#include <math.h>
#include <string.h>

#include "base/text.h"

enum { MAX_DEGREE = 64 };

static const clf__header_kind header_kind = {"LIBSVM", CLF__LIBSVM_KEYS, "SV"};

static clf_status read_function(const clf__libsvm_reader *self) {
  clf__kernel_function *function = &self->file->function;
  int32_t kind = 0;
  double degree = 3;
  CLF__CHECK(clf__header_word(&self->header, CLF__LIBSVM_KERNEL_TYPE, CLF__KERNEL_WORDS, &kind));
  *function = (clf__kernel_function){.kind = kind};
  const bool polynomial = kind == CLF__KERNEL_POLYNOMIAL;
  if (polynomial) {
    CLF__CHECK(clf__header_number(&self->header, CLF__LIBSVM_DEGREE, 1, MAX_DEGREE, true, &degree));
  }
  if (polynomial || kind == CLF__KERNEL_RBF || kind == CLF__KERNEL_SIGMOID) {
    CLF__CHECK(clf__header_number(&self->header, CLF__LIBSVM_GAMMA, 0, CLF__KERNEL_MAX_GAMMA, false,
                                  &function->gamma));
  }
  if (polynomial || kind == CLF__KERNEL_SIGMOID) {
    CLF__CHECK(
        clf__header_number(&self->header, CLF__LIBSVM_COEF0, -1e30, 1e30, false, &function->coef0));
  }
  function->degree = (int32_t)degree;
  return CLF_OK;
}

static clf_status check_counts(const clf__libsvm_reader *self) {
  const clf__libsvm *file = self->file;
  int64_t left = file->vectors;
  for (int64_t k = 0; k < file->classes && left >= 0; k++) {
    left = file->count[k] < 0 || file->count[k] > left ? -1 : left - file->count[k];
  }
  if (left == 0) {
    return CLF_OK;
  }
  clf__fail(CLF_ERROR_FORMAT, "the classes' support vectors are not total_sv, %lld",
            (long long)file->vectors);
  return clf__header_fail_at(&self->header, self->header.fields[CLF__LIBSVM_NR_SV].begin,
                             CLF_ERROR_FORMAT);
}

static clf_status read_labels(const clf__libsvm_reader *self) {
  clf__libsvm *file = self->file;
  int64_t *labels = NULL;
  CLF__CHECK(clf__header_list(&self->header, CLF__LIBSVM_LABEL, file->classes, NULL, &labels));
  CLF__CHECK(clf__header_list(&self->header, CLF__LIBSVM_NR_SV, file->classes, NULL, &file->count));
  CLF__CHECK(check_counts(self));
  CLF__CHECK(clf__tensor_vector(&file->labels, self->context, CLF_I64, file->classes));
  memcpy(file->labels->data, labels, (size_t)file->classes * sizeof *labels);
  return CLF_OK;
}

static clf_status refuse_labels(const clf__libsvm_reader *self) {
  static const int32_t keys[] = {CLF__LIBSVM_LABEL, CLF__LIBSVM_NR_SV};
  for (int i = 0; i < 2; i++) {
    if (clf__header_has(&self->header, keys[i])) {
      clf__fail(CLF_ERROR_FORMAT, "labels are for classes, and the svm_type has none");
      return clf__header_fail_at(&self->header, self->header.fields[keys[i]].begin,
                                 CLF_ERROR_FORMAT);
    }
  }
  return CLF_OK;
}

static clf_status read_machines(const clf__libsvm_reader *self) {
  clf__libsvm *file = self->file;
  const bool labeled = clf__svm_type_has_classes(file->type);
  double classes = 0, vectors = 0;
  CLF__CHECK(clf__header_number(&self->header, CLF__LIBSVM_NR_CLASS, 2, INT32_MAX, true, &classes));
  CLF__CHECK(clf__header_number(&self->header, CLF__LIBSVM_TOTAL_SV, labeled ? 1 : 0, INT32_MAX,
                                true, &vectors));
  file->classes = labeled ? (int64_t)classes : 0;
  file->vectors = (int64_t)vectors;
  file->pairs = labeled ? file->classes * (file->classes - 1) / 2 : 1;
  file->lines = labeled ? file->classes - 1 : 1;
  CLF__CHECK(labeled ? read_labels(self) : refuse_labels(self));
  CLF__CHECK(clf__header_list(&self->header, CLF__LIBSVM_RHO, file->pairs, &file->rho, NULL));
  if (clf__header_has(&self->header, CLF__LIBSVM_PROBABILITY_A) ||
      clf__header_has(&self->header, CLF__LIBSVM_PROBABILITY_B)) {
    CLF__CHECK(clf__header_list(&self->header, CLF__LIBSVM_PROBABILITY_A, file->pairs,
                                &file->calibration_a, NULL));
    CLF__CHECK(labeled ? clf__header_list(&self->header, CLF__LIBSVM_PROBABILITY_B, file->pairs,
                                          &file->calibration_b, NULL)
                       : CLF_OK);
  }
  return CLF_OK;
}

clf_status clf__libsvm_parse(clf__libsvm *out, clf_context *context, const clf__bytes *bytes,
                             const char *name, const clf__libsvm_params *params) {
  clf__libsvm_reader self = {.context = context, .file = out, .params = params};
  clf_status status;
  out->arena.context = context;
  CLF__TRY(clf__header_read(&self.header, &out->arena, bytes, name, &header_kind));
  CLF__TRY(clf__header_word(&self.header, CLF__LIBSVM_SVM_TYPE, CLF__SVM_TYPE_WORDS, &out->type));
  CLF__TRY(read_function(&self));
  CLF__TRY(read_machines(&self));
  CLF__TRY(clf__libsvm_read_vectors(&self));
done:
  return status;
}

void clf__libsvm_free(clf__libsvm *file) {
  clf_tensor_free(file->labels);
  clf__arena_free(&file->arena);
  *file = (clf__libsvm){.classes = 0};
}
