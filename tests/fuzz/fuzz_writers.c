/* Datasets of any CSV text, written as CSV and read again: the same rows, labels and names. And
 * written as the other formats of one file, which must be possible or refused. */
#include <math.h>

#include "base/output.h"
#include "reader.h"

/* The bytes that a writer makes; NULL if it refuses the dataset. */
static char *written(size_t *size, const clf_dataset *dataset, const clf__dataset_writer *writer) {
  void *params = NULL;
  char *bytes = NULL;
  *size = 0;
  FUZZ_CHECK(clf__params_create(&params, dataset->context, &writer->base.params, NULL) == CLF_OK);
  for (int pass = 0; pass < 2; pass++) {
    clf__output output = {.descriptor = -1};
    FUZZ_CHECK(clf__output_memory(&output, dataset->context, "file", bytes, *size, size) == CLF_OK);
    const clf_status status = writer->write(dataset, &output, params);
    FUZZ_CHECK(pass == 0 || status == CLF_OK);
    if (status < 0) {
      FUZZ_CHECK(status == CLF_ERROR_UNSUPPORTED || status == CLF_ERROR_ARGUMENT ||
                 status == CLF_ERROR_MEMORY);
      clf__output_close(&output);
      break;
    }
    FUZZ_CHECK(clf__output_commit(&output) == CLF_OK);
    if (pass == 0) {
      bytes = malloc(*size + 1);
      FUZZ_CHECK(bytes != NULL);
    }
  }
  clf__params_free(&writer->base.params, params);
  return bytes;
}

static bool all_numbers(const clf_dataset *dataset) {
  bool all = true;
  for (int64_t k = 0; k < clf_dataset_classes(dataset); k++) {
    double value;
    all = all && clf__parse_f64(clf_dataset_class_name(dataset, k), &value);
  }
  return all;
}

/* Codes of categories also count those of rows that were skipped: what they stand for is the same. */
static void compare_rows(const clf_dataset *one, const clf_dataset *other) {
  const clf__rows x = clf__dataset_rows(one), y = clf__dataset_rows(other);
  for (int64_t i = 0; i < one->rows; i++) {
    for (int64_t j = 0; j < one->features; j++) {
      const double a = clf__rows_element(&x, i, j), b = clf__rows_element(&y, i, j);
      const bool categories = clf_dataset_category_count(one, j) > 0;
      FUZZ_CHECK(categories == (clf_dataset_category_count(other, j) > 0));
      FUZZ_CHECK(categories ? strcmp(clf_dataset_category_name(one, j, (int64_t)a),
                                     clf_dataset_category_name(other, j, (int64_t)b)) == 0
                            : memcmp(&a, &b, sizeof a) == 0);
    }
  }
}

/* Names of digits become numbers, so only other names stay the same texts. */
static void compare(const clf_dataset *one, const clf_dataset *other) {
  FUZZ_CHECK(one->rows == other->rows && one->features == other->features);
  FUZZ_CHECK(clf_tensor_dtype(one->x) == clf_tensor_dtype(other->x));
  compare_rows(one, other);
  FUZZ_CHECK((one->labels != NULL) == (other->labels != NULL));
  for (int64_t i = 0; one->labels != NULL && !all_numbers(one) && i < one->rows; i++) {
    FUZZ_CHECK(strcmp(clf_dataset_class_name(one, clf__dataset_labels(one)[i]),
                      clf_dataset_class_name(other, clf__dataset_labels(other)[i])) == 0);
  }
  for (int64_t j = 0; clf_dataset_column_name(one, 0) != NULL && j < one->features; j++) {
    FUZZ_CHECK(strcmp(clf_dataset_column_name(one, j), clf_dataset_column_name(other, j)) == 0);
  }
}

static clf_status parse(clf_dataset **out, clf_context *context, const void *data, size_t size,
                        const char *text) {
  void *values = NULL;
  const clf__dataset_reader *format = &clf__dataset_reader_csv;
  clf__bytes bytes = {data, size, CLF__BYTES_BORROWED};
  FUZZ_CHECK(clf__params_create(&values, context, &format->base.params, text) == CLF_OK);
  const clf_status status = format->parse(out, context, &bytes, "file", values);
  clf__bytes_release(&bytes);
  clf__params_free(&format->base.params, values);
  return status;
}

static void write_again(const clf_dataset *dataset) {
  size_t size;
  char params[160];
  clf_dataset *again = NULL;
  char *text = written(&size, dataset, &clf__dataset_writer_csv);
  if (text == NULL) {
    return;
  }
  snprintf(params, sizeof params,
           "header=true delimiter=comma decimal=point comment=none row_numbers=false dtype=%s %s",
           clf_tensor_dtype(dataset->x) == CLF_F64 ? "f64" : "f32",
           dataset->labels == NULL ? "label=none" : "");
  const clf_status status = parse(&again, dataset->context, text, size, params);
  FUZZ_CHECK(status == CLF_OK || status == CLF_ERROR_MEMORY);
  if (status == CLF_OK) {
    compare(dataset, again);
  }
  clf_dataset_free(again);
  free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const params[] = {NULL, "label=none missing=skip",
                                       "missing=skip label=1 header=false missing_values=x"};
  clf_context *context = NULL;
  FUZZ_CHECK(clf_context_create(&context, NULL, "threads=1 memory_limit=64000000") == CLF_OK);
  for (size_t i = 0; i < sizeof params / sizeof params[0]; i++) {
    clf_dataset *dataset = NULL;
    const uint64_t held = clf_context_memory(context);
    if (parse(&dataset, context, data, size, params[i]) == CLF_OK) {
      const clf__rows x = clf__dataset_rows(dataset);
      if (clf__rows_check_finite(context, &x) == CLF_OK) {
        size_t count;
        write_again(dataset);
        free(written(&count, dataset, &clf__dataset_writer_svmlight));
      }
    }
    clf_dataset_free(dataset);
    FUZZ_CHECK(clf_context_memory(context) == held);
  }
  clf_context_free(context);
  return 0;
}

size_t fuzz_seed(int index, uint8_t *buffer, size_t capacity) {
  static const char *const seeds[] = {
      "a,b,c,label\n1,2,3,x\n-4.5e1,.5,6,y\n",
      "\xEF\xBB\xBF\"a\";\"b\"\r\n\"1\"; 2 \r\n\r\n3;\"x \"\"y\"\"\"\r\n",
      "\"a,\"\t\" b\"\t#c\n1\t2\t\"a\rb\"\n4\t3\t\",;|\"\n5\t1e-45\t\"\t\"\n",
      "\"1\",\"2\",\"3\"\n1700000001.5,2,\"NA\"\n1700000002.25,3,\"#\"\n",
      "x|y\n-0|01\n3.4028235e38|1.0\n1e-300|1\n",
      "\xE7\x8C\xAB,label\n0.1,\xC3\xA9\n0.30000001192092896,\xEF\xBB\xBFq\n",
  };
  const size_t count = sizeof seeds / sizeof seeds[0];
  return (size_t)index < count ? fuzz_copy(buffer, capacity, seeds[index], strlen(seeds[index]))
                               : 0;
}
