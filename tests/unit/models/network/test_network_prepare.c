/* When a loaded network packs its weights, and the memory that this takes. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "failing_allocator.h"

/* Weights are packed when they are asked for, and then once; normalisations are folded into copies.
 */
TEST(loading__takes_the_memory_of_the_weights) {
  enum { SIDE = 600 };
  const size_t weights = sizeof(float) * SIDE * SIDE;
  static float row[2 * SIDE];
  static const int32_t labels[] = {0, 1};
  clf_context *context = NULL;
  clf_model *model = NULL, *loaded = NULL;
  float values[4];
  size_t size = 0;
  clf_dataset *data = dataset_of(NULL, row, CLF_F32, 2, SIDE, labels);
  ck_clf_ok(clf_model_create(&model, NULL, "network", "epochs=0"));
  ck_clf_ok(clf_model_set_text(model, "layers", "dense units=600 activation=relu; dense units=2"));
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  ck_clf_ok(clf_model_save_memory(model, NULL, 0, &size));
  unsigned char *bytes = malloc(size);
  ck_clf_ok(clf_model_save_memory(model, bytes, size, &size));
  ck_clf_ok(clf_context_create(&context, NULL, "threads=1"));
  ck_clf_ok(clf_model_load_memory(&loaded, context, bytes, size));
  ck_assert_uint_lt(clf_context_memory_peak(context), size + size / 10);
  ck_clf_ok(clf_model_decision_function(loaded, data, values, 4));
  const uint64_t held = clf_context_memory(context);
  ck_assert_uint_gt(held, 2 * weights);
  ck_assert_uint_lt(clf_context_memory_peak(context), 2 * weights + weights / 2);
  ck_clf_ok(clf_model_decision_function(loaded, data, values, 4));
  ck_assert_uint_eq(clf_context_memory(context), held);
  clf_model_free(loaded);
  clf_model_free(model);
  clf_dataset_free(data);
  clf_context_free(context);
  free(bytes);
}

typedef struct first_call {
  pthread_barrier_t *start;
  const clf_model *model;
  const clf_dataset *data;
  float values[4];
  clf_status status;
} first_call;

static void *call_first(void *argument) {
  first_call *own = argument;
  pthread_barrier_wait(own->start);
  own->status = clf_model_decision_function(own->model, own->data, own->values, 4);
  return NULL;
}

/* The peak of `threads` calls that come at the same time, the first ones of a loaded network. */
static uint64_t peak_of_first_calls(const char *params, const void *bytes, size_t size,
                                    const clf_dataset *data, int threads) {
  enum { MOST = 8 };
  pthread_t thread[MOST];
  pthread_barrier_t start;
  first_call calls[MOST];
  clf_context *context = NULL;
  clf_model *model = NULL;
  ck_clf_ok(clf_context_create(&context, NULL, params));
  ck_clf_ok(clf_model_load_memory(&model, context, bytes, size));
  ck_assert_int_eq(pthread_barrier_init(&start, NULL, (unsigned)threads), 0);
  for (int i = 0; i < threads; i++) {
    calls[i] = (first_call){.start = &start, .model = model, .data = data};
    ck_assert_int_eq(pthread_create(&thread[i], NULL, call_first, &calls[i]), 0);
  }
  for (int i = 0; i < threads; i++) {
    ck_assert_int_eq(pthread_join(thread[i], NULL), 0);
    ck_assert_int_eq(calls[i].status, CLF_OK);
    ck_assert_mem_eq(calls[i].values, calls[0].values, sizeof calls[0].values);
  }
  const uint64_t peak = clf_context_memory_peak(context);
  pthread_barrier_destroy(&start);
  clf_model_free(model);
  clf_context_free(context);
  return peak;
}

/* A refused packing is that call's failure alone: with more memory the next call succeeds. */
static void check_tries_again(const void *bytes, size_t size, const clf_dataset *data) {
  clf_context *context = NULL;
  clf_model *model = NULL;
  failing_allocator from = {0};
  float values[4];
  context = failing_context("threads=1", &from);
  ck_assert_ptr_nonnull(context);
  ck_clf_ok(clf_model_load_memory(&model, context, bytes, size));
  for (int64_t refuse = 1; refuse <= 3; refuse++) {
    from.refuse = atomic_load(&from.asked) + refuse;
    ck_clf_fails(clf_model_decision_function(model, data, values, 4), CLF_ERROR_MEMORY);
  }
  from.refuse = 0;
  ck_clf_ok(clf_model_decision_function(model, data, values, 4));
  clf_model_free(model);
  clf_context_free(context);
}

/* One of eight packs for all of them: they need the memory of one. */
TEST(first_calls__at_the_same_time_pack_once) {
  enum { SIDE = 2000, ROUNDS = 5 };
  static float row[2 * SIDE];
  static const int32_t labels[] = {0, 1};
  clf_model *model = NULL;
  char params[64];
  size_t size = 0;
  clf_dataset *data = dataset_of(NULL, row, CLF_F32, 2, SIDE, labels);
  ck_clf_ok(clf_model_create(&model, NULL, "network", "epochs=0"));
  ck_clf_ok(clf_model_set_text(model, "layers", "dense units=2000 activation=relu; dense units=2"));
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  ck_clf_ok(clf_model_save_memory(model, NULL, 0, &size));
  unsigned char *bytes = malloc(size);
  ck_clf_ok(clf_model_save_memory(model, bytes, size, &size));
  const uint64_t alone = peak_of_first_calls("threads=1", bytes, size, data, 1);
  ck_assert_uint_lt(alone, 3 * sizeof(float) * SIDE * SIDE);
  snprintf(params, sizeof params, "threads=1 memory_limit=%llu",
           (unsigned long long)alone + (1 << 20));
  for (int i = 0; i < ROUNDS; i++) {
    peak_of_first_calls(params, bytes, size, data, 8);
  }
  check_tries_again(bytes, size, data);
  clf_model_free(model);
  clf_dataset_free(data);
  free(bytes);
}

SUITE("network_prepare")
