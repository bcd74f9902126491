/* Streams: after every step what the model gives for the row of the steps so far. */
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "failing_allocator.h"

enum { ROWS = 60, STEPS = 12, WORDS = 9 };

static clf_context *context;
static float ids[ROWS * STEPS];
static int32_t labels[ROWS];
static clf_dataset *data;

/* The label is whether a 3 comes before the last 4. */
static void begin(void) {
  uint64_t state = 2;
  for (int i = 0; i < ROWS; i++) {
    bool seen = false;
    labels[i] = 0;
    for (int t = 0; t < STEPS; t++) {
      const int id = 1 + (int)(random_unit(&state) * (WORDS - 1));
      ids[i * STEPS + t] = (float)id;
      seen = seen || id == 3;
      labels[i] = labels[i] || (seen && id == 4);
    }
  }
  ck_clf_ok(clf_context_create(&context, NULL, "threads=2 seed=1"));
  data = dataset_of(context, ids, CLF_F32, ROWS, STEPS, labels);
}

static void end(void) {
  clf_dataset_free(data);
  clf_context_free(context);
}

static const char *const networks[] = {
    "epochs=2 layers='embedding vocabulary=9 units=5; lstm units=7; dense' "
    "loss=binary_cross_entropy",
    "epochs=2 layers='embedding vocabulary=9 units=5; dropout rate=0.1; gru units=6 "
    "return_sequences=true; "
    "rnn units=4; dense units=2'",
    "epochs=2 layers='embedding vocabulary=9 units=5; lstm units=6 initial_state=learned "
    "return_sequences=true; gru units=4 initial_state=learned; dense units=2'",
    "epochs=2 layers='embedding vocabulary=9 units=5 mask=false; global_average_pool1d; dense "
    "units=3 "
    "activation=tanh; dense units=2'",
    "epochs=2 layers='embedding vocabulary=9 units=5; global_max_pool1d; dense units=2'",
};

TEST_LOOP(sequence__is_the_row_so_far, 0, 5) {
  clf_model *model = fitted(context, "network", networks[_i], data);
  clf_sequence *sequence = NULL;
  ck_clf_ok(clf_sequence_create(&sequence, model));
  ck_assert_int_eq(clf_sequence_features(sequence), 1);
  for (int row = 0; row < 5; row++) {
    ck_clf_ok(clf_sequence_reset(sequence));
    for (int t = 0; t < STEPS; t++) {
      float padded[STEPS] = {0}, score[2], probability[2], now[2], chance[2];
      memcpy(padded, ids + row * STEPS, (size_t)(t + 1) * sizeof *padded);
      clf_dataset *one = dataset_of(context, padded, CLF_F32, 1, STEPS, NULL);
      ck_clf_ok(clf_sequence_feed(sequence, ids + row * STEPS + t, 1));
      ck_assert_int_eq(clf_sequence_steps(sequence), t + 1);
      ck_clf_ok(clf_sequence_decision_function(sequence, now, 2));
      ck_clf_ok(clf_sequence_predict_proba(sequence, chance, 2));
      ck_clf_ok(clf_model_decision_function(model, one, score, 2));
      ck_clf_ok(clf_model_predict_proba(model, one, probability, 2));
      for (int k = 0; k < 2 && (t == STEPS - 1 || strstr(networks[_i], "mask=false") == NULL);
           k++) {
        ck_assert_double_eq_tol((double)now[k], (double)score[k], 1e-5);
        ck_assert_double_eq_tol((double)chance[k], (double)probability[k], 1e-5);
      }
      clf_dataset_free(one);
    }
  }
  clf_sequence_free(sequence);
  clf_model_free(model);
}

/* Fed as they are, rows with padding before, behind and between their ids give what the model gives
 * for them; before the first id there is nothing to give. */
TEST_LOOP(sequence__takes_padding_as_rows_do, 0, 5) {
  static const float rows[][STEPS] = {
      {0, 0, 0, 0, 0, 0, 0, 0, 3, 1, 4, 2}, {3, 1, 4, 2, 0, 0, 0, 0, 0, 0, 0, 0},
      {0, 0, 5, 0, 0, 3, 4, 0, 7, 0, 0, 0}, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8},
      {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2},
  };
  const bool masks = strstr(networks[_i], "mask=false") == NULL;
  clf_model *model = fitted(context, "network", networks[_i], data);
  clf_sequence *sequence = NULL;
  ck_clf_ok(clf_sequence_create(&sequence, model));
  for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
    float score[2], now[2];
    clf_dataset *one = dataset_of(context, rows[row], CLF_F32, 1, STEPS, NULL);
    ck_clf_ok(clf_sequence_reset(sequence));
    for (int t = 0; t < STEPS; t++) {
      const bool nothing = masks && clf_sequence_steps(sequence) == 0 && rows[row][t] == 0;
      ck_clf_ok(clf_sequence_feed(sequence, &rows[row][t], 1));
      ck_assert_int_eq(clf_sequence_decision_function(sequence, now, 2),
                       nothing ? CLF_ERROR_ARGUMENT : CLF_OK);
    }
    ck_clf_ok(clf_model_decision_function(model, one, score, 2));
    for (int k = 0; k < 2; k++) {
      ck_assert_double_eq_tol((double)now[k], (double)score[k], 1e-5);
    }
    clf_dataset_free(one);
  }
  clf_sequence_free(sequence);
  clf_model_free(model);
}

/* A text word by word, behind the vocabulary's start, is the text as a row, padded at either end;
 * without the start it is not. */
TEST_LOOP(sequence__of_words_begins_with_their_start, 0, 3) {
  static const char *const texts[] = {"good film", "a bad film, not good", "bad", "good good good"};
  static const char *const params[] = {"steps=12", "steps=12 padding=after",
                                       "steps=12 start=false"};
  static const int32_t classes[] = {1, 0, 0, 1};
  clf_documents *documents = NULL;
  clf_vocabulary *vocabulary = NULL;
  clf_dataset *rows = NULL;
  clf_tensor *x = NULL;
  clf_sequence *sequence = NULL;
  ck_clf_ok(clf_documents_create(&documents, context, texts, NULL, 4));
  ck_clf_ok(clf_vocabulary_create(&vocabulary, context, params[_i]));
  ck_clf_ok(clf_vocabulary_build(vocabulary, documents));
  ck_assert_int_eq(clf_vocabulary_count(vocabulary), WORDS - 1);
  ck_clf_ok(clf_vocabulary_encode(&rows, vocabulary, documents));
  ck_clf_ok(clf_dataset_tensor(&x, rows, "x"));
  clf_dataset *labelled = dataset_of(context, clf_tensor_data(x), CLF_F32, 4, STEPS, classes);
  clf_model *model = fitted(context, "network", networks[2], labelled);
  float expected[8], found[2], start = 1;
  ck_clf_ok(clf_model_decision_function(model, labelled, expected, 8));
  ck_clf_ok(clf_sequence_create(&sequence, model));
  for (int row = 0; row < 4; row++) {
    for (int begins = 0; begins < 2; begins++) {
      int32_t words[STEPS];
      int64_t count = 0;
      ck_clf_ok(clf_sequence_reset(sequence));
      ck_clf_ok(clf_sequence_feed(sequence, &start, begins));
      ck_clf_ok(clf_vocabulary_tokenize(vocabulary, texts[row], strlen(texts[row]), words, NULL,
                                        NULL, STEPS, &count));
      for (int64_t i = 0; i < count; i++) {
        ck_clf_ok(clf_sequence_feed(sequence, &(float){(float)words[i]}, 1));
      }
      ck_clf_ok(clf_sequence_decision_function(sequence, found, 2));
      const double apart = fabs((double)found[0] - (double)expected[2 * row]);
      ck_assert_msg((apart < 1e-5) == (begins == (_i < 2)), "row %d, start %d: %g apart", row,
                    begins, apart);
    }
  }
  clf_sequence_free(sequence);
  clf_model_free(model);
  clf_dataset_free(labelled);
  clf_tensor_free(x);
  clf_dataset_free(rows);
  clf_vocabulary_free(vocabulary);
  clf_documents_free(documents);
}

/* Steps of several features, of a sequence longer than those of the training. */
TEST(sequence__reads_features) {
  enum { FEATURES = 3, LONG = 40 };
  static float x[ROWS * STEPS * FEATURES], values[2];
  uint64_t state = 8;
  for (int i = 0; i < ROWS * STEPS * FEATURES; i++) {
    x[i] = (float)random_normal(&state);
  }
  clf_dataset *rows = dataset_of(context, x, CLF_F32, ROWS, STEPS * FEATURES, labels);
  clf_model *model =
      fitted(context, "network", "epochs=2 input=12,3 layers='lstm units=4; dense units=2'", rows);
  clf_sequence *sequence = NULL;
  ck_clf_ok(clf_sequence_create(&sequence, model));
  ck_assert_int_eq(clf_sequence_features(sequence), FEATURES);
  ck_clf_ok(clf_sequence_feed(sequence, x, LONG));
  ck_assert_int_eq(clf_sequence_steps(sequence), LONG);
  ck_clf_ok(clf_sequence_decision_function(sequence, values, 2));
  ck_assert(isfinite(values[0]) && values[0] != values[1]);
  clf_sequence_free(sequence);
  clf_model_free(model);
  clf_dataset_free(rows);
}

TEST(sequence__says_why_not) {
  static const char *const whole[] = {
      "epochs=2 layers='embedding vocabulary=9 units=5; gru units=4 bidirectional=true; dense "
      "units=2'",
      "epochs=2 layers='embedding vocabulary=9 units=5; lstm units=4 return_sequences=true; "
      "flatten; dense "
      "units=2'",
      "epochs=2 layers='dense units=2'"};
  static const char *const says[] = {"gru 1 needs the whole", "dense 1 needs the whole",
                                     "dense 1 needs the whole"};
  clf_sequence *sequence = NULL;
  for (int i = 0; i < 3; i++) {
    clf_model *model = fitted(context, "network", whole[i], data);
    ck_clf_fails(clf_sequence_create(&sequence, model), CLF_ERROR_UNSUPPORTED);
    ck_clf_says(says[i]);
    clf_model_free(model);
  }
  clf_model *ridge = fitted(context, "ridge", NULL, data);
  ck_clf_fails(clf_sequence_create(&sequence, ridge), CLF_ERROR_UNSUPPORTED);
  clf_model_free(ridge);
  clf_model *fresh = NULL;
  ck_clf_ok(clf_model_create(&fresh, context, "network", networks[0]));
  ck_clf_fails(clf_sequence_create(&sequence, fresh), CLF_ERROR_NOT_FITTED);
  clf_model_free(fresh);
  ck_assert_ptr_null(sequence);
}

TEST(sequence__stays_as_it_was_after_a_failure) {
  const float good[] = {3, 1, 4}, bad[] = {5, 9}, nan[] = {NAN};
  float before[2], after[2];
  clf_model *model = fitted(context, "network", networks[0], data);
  clf_sequence *sequence = NULL;
  ck_clf_ok(clf_sequence_create(&sequence, model));
  ck_clf_fails(clf_sequence_decision_function(sequence, before, 2), CLF_ERROR_ARGUMENT);
  ck_clf_says("no step yet");
  ck_clf_ok(clf_sequence_feed(sequence, good, 3));
  ck_clf_fails(clf_sequence_feed(sequence, nan, 1), CLF_ERROR_DATA);
  ck_clf_fails(clf_sequence_feed(sequence, bad, 2), CLF_ERROR_DATA);
  ck_clf_says("from 0 to 8");
  ck_assert_int_eq(clf_sequence_steps(sequence), 4);
  ck_clf_ok(clf_sequence_decision_function(sequence, before, 2));
  ck_clf_ok(clf_sequence_reset(sequence));
  ck_clf_ok(clf_sequence_feed(sequence, good, 3));
  ck_clf_ok(clf_sequence_feed(sequence, bad, 1));
  ck_clf_ok(clf_sequence_decision_function(sequence, after, 2));
  ck_assert_mem_eq(before, after, sizeof before);
  ck_clf_fails(clf_sequence_feed(sequence, good, -1), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_sequence_feed(sequence, NULL, 1), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_sequence_decision_function(sequence, after, 1), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_sequence_predict_proba(sequence, NULL, 2), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_sequence_feed(NULL, good, 1), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_sequence_reset(NULL), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_sequence_create(NULL, model), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_sequence_create(&sequence, NULL), CLF_ERROR_ARGUMENT);
  ck_assert_int_eq(clf_sequence_steps(NULL), -1);
  ck_assert_int_eq(clf_sequence_features(NULL), -1);
  clf_sequence_free(sequence);
  clf_sequence_free(NULL);
  clf_model_free(model);
}

/* A life of a model that reads words, from its rows to a stream. */
static clf_status whole_life(clf_context *own, const void *unused) {
  clf_tensor *rows = NULL, *numbers = NULL;
  clf_dataset *words = NULL;
  clf_model *model = NULL;
  clf_sequence *sequence = NULL;
  float values[2];
  clf_status status;
  (void)unused;
  TRY(clf_tensor_wrap(&rows, own, ids, CLF_F32, 2, (int64_t[]){ROWS, STEPS}, NULL));
  TRY(clf_tensor_wrap(&numbers, own, labels, CLF_I32, 1, (int64_t[]){ROWS}, NULL));
  TRY(clf_dataset_create(&words, own, rows, numbers));
  TRY(clf_model_create(&model, own, "network",
                       "epochs=1 validation_split=0.2 layers='embedding vocabulary=9 units=2; lstm "
                       "units=3 bidirectional=true return_sequences=true; global_max_pool1d; dense "
                       "units=2'"));
  TRY(clf_model_fit(model, words, NULL, NULL));
  TRY(clf_model_set_text(model, "layers",
                         "embedding vocabulary=9 units=2; gru units=3 initial_state=learned "
                         "return_sequences=true; rnn units=2; dense units=2"));
  TRY(clf_model_fit(model, words, NULL, NULL));
  TRY(clf_sequence_create(&sequence, model));
  TRY(clf_sequence_feed(sequence, ids, 3));
  TRY(clf_sequence_predict_proba(sequence, values, 2));
done:
  clf_sequence_free(sequence);
  clf_model_free(model);
  clf_dataset_free(words);
  clf_tensor_free(rows);
  clf_tensor_free(numbers);
  return status;
}

TEST(sequence__every_allocation_may_fail) {
  check_every_allocation("threads=1", whole_life, NULL);
}

typedef struct reader {
  const clf_model *model;
  int row;
  float scores[2];
  bool good;
} reader;

static void *read_row(void *argument) {
  reader *own = argument;
  clf_sequence *sequence = NULL;
  own->good = clf_sequence_create(&sequence, own->model) == CLF_OK;
  for (int round = 0; own->good && round < 5; round++) {
    own->good = clf_sequence_reset(sequence) == CLF_OK &&
                clf_sequence_feed(sequence, ids + own->row * STEPS, STEPS) == CLF_OK &&
                clf_sequence_decision_function(sequence, own->scores, 2) == CLF_OK;
  }
  clf_sequence_free(sequence);
  return NULL;
}

/* One model, a sequence in each thread, and rows predicted meanwhile. */
TEST(sequence__reads_in_many_threads) {
  enum { THREADS = 8 };
  static float expected[ROWS * 2], again[ROWS * 2];
  pthread_t threads[THREADS];
  reader readers[THREADS];
  clf_model *model = fitted(context, "network", networks[2], data);
  ck_clf_ok(clf_model_decision_function(model, data, expected, ROWS * 2));
  for (int i = 0; i < THREADS; i++) {
    readers[i] = (reader){.model = model, .row = i};
    ck_assert_int_eq(pthread_create(&threads[i], NULL, read_row, &readers[i]), 0);
  }
  ck_clf_ok(clf_model_decision_function(model, data, again, ROWS * 2));
  ck_assert_mem_eq(expected, again, sizeof expected);
  for (int i = 0; i < THREADS; i++) {
    ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    ck_assert(readers[i].good);
    for (int k = 0; k < 2; k++) {
      ck_assert_double_eq_tol((double)readers[i].scores[k], (double)expected[2 * i + k], 1e-5);
    }
  }
  clf_model_free(model);
}

SUITE("sequence", .setup = begin, .teardown = end)
