/* What the suites of the data readers share: reading from memory, files in a folder of their own,
 * and the damage that every reader must survive. */
#ifndef TESTS_UNIT_READER_H
#define TESTS_UNIT_READER_H

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/status.h"
#include "contexts.h"
#include "data/dataset.h"
#include "failing_allocator.h"
#include "files.h"
#include "log.h"

/* Reads a format from a block of exactly `size` bytes. */
static inline clf_status read_bytes(clf_dataset **out, clf_context *own,
                                    const clf__dataset_reader *format, const void *data,
                                    size_t size, const char *params) {
  void *values = NULL;
  clf_status status = clf__params_create(&values, own, &format->base.params, params);
  char *block = status == CLF_OK ? clf__alloc(own, size) : NULL;
  if (block == NULL) {
    clf__params_free(&format->base.params, values);
    return status < 0 ? status : CLF_ERROR_MEMORY;
  }
  memcpy(block, data, size);
  clf__bytes bytes = {(const unsigned char *)block, size, CLF__BYTES_BLOCK};
  status = format->parse(out, own, &bytes, "file", values);
  clf__bytes_release(&bytes);
  clf__params_free(&format->base.params, values);
  return status;
}

/* Suites of one format of text define READER before they include this file. */
#ifdef READER
static inline clf_dataset *read_text(const char *text, const char *params) {
  clf_dataset *dataset = NULL;
  forget_log();
  ck_clf_ok(read_bytes(&dataset, context, &READER, text, strlen(text), params));
  return dataset;
}
#endif

/* The first `count` elements of a dataset's tensor, as f64. */
static inline void assert_values(const clf_dataset *dataset, const char *name,
                                 const double *expected, int64_t count) {
  clf_tensor *tensor = NULL;
  ck_clf_ok(clf_dataset_tensor(&tensor, dataset, name));
  ck_assert_int_eq(clf_tensor_count(tensor), count);
  for (int64_t i = 0; i < count; i++) {
    double value = clf__tensor_value(tensor, i);
    ck_assert_msg(value == expected[i] || (value != value && expected[i] != expected[i]),
                  "%s[%lld] is %.17g, not %.17g", name, (long long)i, value, expected[i]);
  }
  clf_tensor_free(tensor);
}
#define ck_values(dataset, name, ...)                                                              \
  assert_values(dataset, name, (const double[]){__VA_ARGS__},                                      \
                (int64_t)(sizeof(double[]){__VA_ARGS__} / sizeof(double)))

/* Hostile input: it must be refused with this status and a message that has these words. */
typedef struct hostile {
  const char *input;
  size_t size; /* 0: up to the NUL */
  const char *params;
  clf_status status;
  const char *says;
} hostile;

static inline void assert_refused(clf_context *own, const clf__dataset_reader *format,
                                  const hostile *bad) {
  clf_dataset *dataset = NULL;
  size_t size = bad->size > 0 ? bad->size : strlen(bad->input);
  clf_status status = read_bytes(&dataset, own, format, bad->input, size, bad->params);
  ck_assert_msg(status == bad->status && strstr(clf_last_error(), bad->says) != NULL,
                "'%s': %s: %s; expected '%s'", bad->input, clf_status_name(status),
                clf_last_error(), bad->says);
  ck_assert_ptr_null(dataset);
}

/* Whatever the bytes are: a dataset or a message, and no memory lost. */
static inline void survive(clf_context *own, const clf__dataset_reader *format, const void *data,
                           size_t size, const char *params) {
  clf_dataset *dataset = NULL;
  uint64_t held = clf_context_memory(own);
  clf_status status = read_bytes(&dataset, own, format, data, size, params);
  ck_assert_int_eq(status == CLF_OK, dataset != NULL);
  clf_dataset_free(dataset);
  ck_assert_uint_eq(clf_context_memory(own), held);
}

/* Of the values of a byte, which are tried: all, a third where memory is checked, and few where
 * threads are, or the processor is emulated; others of the next byte. */
enum { VALUE_STEP = ADDRESS_SANITIZER ? 3 : SLOW ? 17 : 1 };

/* Every truncation, and every other value of every byte. */
static inline void survive_damage(clf_context *own, const clf__dataset_reader *format,
                                  const void *data, size_t size, const char *params) {
  unsigned char *copy = malloc(size);
  ck_assert_ptr_nonnull(copy);
  memcpy(copy, data, size);
  for (size_t length = 0; length <= size; length++) {
    survive(own, format, copy, length, params);
  }
  for (size_t i = 0; i < size; i++) {
    for (int change = 1 + (int)(i % VALUE_STEP); change < 256; change += VALUE_STEP) {
      copy[i] = (unsigned char)(((const unsigned char *)data)[i] + change);
      survive(own, format, copy, size, params);
    }
    copy[i] = ((const unsigned char *)data)[i];
  }
  free(copy);
}

typedef struct reading {
  const clf__dataset_reader *format;
  const void *data;
  size_t size;
  const char *params;
} reading;

static inline clf_status read_and_free(clf_context *own, const void *argument) {
  const reading *r = (const reading *)argument;
  clf_dataset *dataset = NULL;
  clf_status status = read_bytes(&dataset, own, r->format, r->data, r->size, r->params);
  ck_assert_int_eq(status == CLF_OK, dataset != NULL);
  clf_dataset_free(dataset);
  return status < 0 ? clf__fail_within(status, "reading") : status;
}

/* Each allocation in turn fails: no memory, and no leak. */
static inline void survive_refusals(const clf__dataset_reader *format, const void *data,
                                    size_t size, const char *params) {
  const reading r = {format, data, size, params};
  ck_assert_int_eq(check_every_allocation("threads=1", read_and_free, &r).tolerated, 0);
}

/* Fixtures of suites that read files. They collect the log. */
static inline void open_reader(void) {
  open_context();
  ck_clf_ok(clf_context_set_log(context, listen, NULL));
  make_folder();
}

static inline void close_reader(void) {
  remove_folder();
  close_context();
}

#endif
