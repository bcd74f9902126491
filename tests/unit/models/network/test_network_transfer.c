/* Fine-tuning: frozen layers, and layers that replace others of a fitted network. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <classify/network.h>

#include "failing_allocator.h"
#include "store/store.h"

enum { ROWS = 96, COLUMNS = 6, CLASSES = 3, HIDDEN = 7, MOST = 1 << 16 };

typedef struct sample {
  float x[ROWS * COLUMNS];
  int32_t y[ROWS]; /* 0, 1, 2 */
  int32_t z[ROWS]; /* other classes of the same rows: 30, 31, 32, 33 */
  double t[ROWS];
} sample;

/* Class 0 of the first labels is two classes of the others. */
static void fill(sample *s) {
  double mean = 0;
  int count = 0;
  fill_clouds(s->x, s->y, ROWS, COLUMNS, CLASSES);
  for (int i = 0; i < ROWS; i++) {
    mean += s->y[i] == 0 ? (double)s->x[i * COLUMNS] : 0;
    count += s->y[i] == 0;
  }
  for (int i = 0; i < ROWS; i++) {
    const double x = (double)s->x[i * COLUMNS];
    s->z[i] = 30 + (s->y[i] > 0 ? s->y[i] : 3 * (x > mean / count));
    s->t[i] = 100 + 5 * x;
  }
}

static clf_dataset *labeled(clf_context *context, const sample *s, const int32_t *labels) {
  return dataset_of(context, s->x, CLF_F32, ROWS, COLUMNS, labels);
}

static clf_model *created(clf_context *context, const char *params) {
  clf_model *model = NULL;
  ck_clf_ok(clf_model_create(&model, context, "network", params));
  return model;
}

static size_t saved(const clf_model *model, unsigned char *bytes) {
  size_t size = 0;
  ck_clf_ok(clf_model_save_memory(model, bytes, MOST, &size));
  return size;
}

static clf_model *through_a_file(clf_context *context, const clf_model *model) {
  static unsigned char bytes[MOST];
  clf_model *loaded = NULL;
  ck_clf_ok(clf_model_load_memory(&loaded, context, bytes, saved(model, bytes)));
  return loaded;
}

static void ck_same(const clf_model *a, const clf_model *b) {
  static unsigned char first[MOST], second[MOST];
  const size_t size = saved(a, first);
  ck_assert_uint_eq(size, saved(b, second));
  ck_assert_mem_eq(first, second, size);
}

static bool same_tensor(const clf_model *a, const clf_model *b, const char *name) {
  clf_tensor *first = NULL, *second = NULL;
  ck_clf_ok(clf_model_tensor(&first, a, name));
  ck_clf_ok(clf_model_tensor(&second, b, name));
  const int64_t count = clf_tensor_count(first);
  ck_assert_int_eq(count, clf_tensor_count(second));
  const bool same =
      memcmp(clf_tensor_data(first), clf_tensor_data(second), (size_t)count * sizeof(float)) == 0;
  clf_tensor_free(first);
  clf_tensor_free(second);
  return same;
}

static int64_t epochs_of(const clf_model *model) {
  clf_tensor *losses = NULL;
  ck_clf_ok(clf_model_tensor(&losses, model, "history_loss"));
  const int64_t count = clf_tensor_count(losses);
  clf_tensor_free(losses);
  return count;
}

static void ck_text(const clf_model *model, const char *param, const char *expected) {
  char text[256] = "";
  ck_clf_ok(clf_model_get_text(model, param, text, sizeof text, NULL));
  ck_assert_str_eq(text, expected);
}

static void copy_weight(clf_model *to, const char *name, const clf_model *from, const char *other) {
  clf_tensor *tensor = NULL;
  ck_clf_ok(clf_model_tensor(&tensor, from, other));
  ck_clf_ok(clf_network_set_weight(to, name, tensor));
  clf_tensor_free(tensor);
}

/* What the frozen layers compute are the rows of a network of the others, which begins with their
 * weights: the same steps then give the same head. */
static void ck_head_as_by_itself(const char *layers, const char *head, const char *frozen,
                                 const char *name, const char *threads) {
  static const char training[] = "epochs=3 batch_size=16 shuffle=false warm_start=true";
  sample s;
  float hidden[ROWS * HIDDEN];
  char params[512], weight[64], bias[64];
  clf_context *context = NULL;
  fill(&s);
  ck_clf_ok(clf_context_create(&context, NULL, threads));
  clf_dataset *data = labeled(context, &s, s.y);
  snprintf(params, sizeof params, "layers='%s; %s' %s", layers, head, training);
  clf_model *model = fitted(context, "network", params, data);
  ck_clf_ok(clf_model_project(model, data, hidden, ROWS * HIDDEN, NULL));
  clf_dataset *rows = dataset_of(context, hidden, CLF_F32, ROWS, HIDDEN, s.y);
  snprintf(params, sizeof params, "layers='%s' input=%d %s", head, HIDDEN, training);
  clf_model *alone = created(context, params);
  snprintf(weight, sizeof weight, "%s.weight", name);
  snprintf(bias, sizeof bias, "%s.bias", name);
  copy_weight(alone, "dense_1.weight", model, weight);
  copy_weight(alone, "dense_1.bias", model, bias);
  ck_clf_ok(clf_network_freeze(model, frozen));
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  ck_clf_ok(clf_model_fit(alone, rows, NULL, NULL));
  clf_tensor *a = NULL, *b = NULL;
  ck_clf_ok(clf_model_tensor(&a, model, weight));
  ck_clf_ok(clf_model_tensor(&b, alone, "dense_1.weight"));
  for (int i = 0; i < HIDDEN * CLASSES; i++) {
    ck_assert_double_eq_tol((double)((const float *)clf_tensor_data(a))[i],
                            (double)((const float *)clf_tensor_data(b))[i], 2e-6);
  }
  clf_tensor_free(a);
  clf_tensor_free(b);
  clf_model_free(model);
  clf_model_free(alone);
  clf_dataset_free(data);
  clf_dataset_free(rows);
  clf_context_free(context);
}

TEST(frozen__the_others_learn_as_a_network_of_their_own) {
  static const char *const threads[] = {"threads=1", "threads=3"};
  for (int i = 0; i < 2; i++) {
    ck_head_as_by_itself("dense units=5 activation=relu; dense units=7 activation=tanh",
                         "dense units=3", "dense_1,dense_2", "dense_3", threads[i]);
    ck_head_as_by_itself("dense units=7; batch_norm; activation function=relu", "dense units=3",
                         "dense_1 batch_norm", "dense_2", threads[i]);
  }
}

/* Frozen layers keep their bits, statistics of batch_norm included; the others change. */
TEST(frozen__layers_keep_their_bits) {
  static const char *const names[] = {"dense_1.weight",
                                      "dense_1.bias",
                                      "batch_norm_1.weight",
                                      "batch_norm_1.bias",
                                      "batch_norm_1.running_mean",
                                      "batch_norm_1.running_var",
                                      "dense_2.weight",
                                      "dense_2.bias",
                                      "dense_3.weight",
                                      "dense_3.bias"};
  static const struct {
    const char *frozen;
    int first, end; /* of the names that stay */
  } cases[] = {{"dense_1", 0, 2},
               {"dense_1,batch_norm_1", 0, 6},
               {"batch_norm", 2, 6},
               {"dense_2", 6, 8},
               {"dense_3", 8, 10},
               {" dense_2 , dense_3 ", 6, 10},
               {"dense_1 dense_2 batch_norm_1", 0, 8}};
  sample s;
  fill(&s);
  clf_dataset *data = labeled(NULL, &s, s.y);
  clf_model *before = fitted(NULL, "network",
                             "layers='dense units=5; batch_norm; activation function=relu; dense "
                             "units=4; dense units=3' epochs=2 batch_size=16 averaging=0.9",
                             data);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    clf_model *model = through_a_file(NULL, before);
    ck_clf_ok(clf_network_freeze(model, cases[i].frozen));
    ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
    ck_clf_ok(clf_model_partial_fit(model, data));
    for (int n = 0; n < (int)(sizeof names / sizeof *names); n++) {
      const bool stays = n >= cases[i].first && n < cases[i].end;
      ck_assert_msg(same_tensor(model, before, names[n]) == stays, "frozen=%s: %s", cases[i].frozen,
                    names[n]);
    }
    ck_assert_int_eq(epochs_of(model), 5);
    clf_model_free(model);
  }
  clf_model_free(before);
  clf_dataset_free(data);
}

/* Layers of each other kind, frozen below and between trained ones. */
TEST(frozen__layers_of_all_kinds_keep_their_bits) {
  static const struct {
    const char *params, *frozen, *stays, *changes;
  } cases[] = {
      {"layers='conv2d filters=2 kernel=2 padding=same; max_pool2d size=2; flatten; dense units=4; "
       "dense "
       "units=3' input=3,2,1",
       "conv2d", "conv2d_1.weight", "dense_1.weight"},
      {"layers='dense units=6; dense units=3' input=6", "dense_2", "dense_2.weight",
       "dense_1.weight"},
      {"layers='conv2d filters=2 kernel=2; conv2d filters=3 kernel=2 padding=same; flatten; dense "
       "units=3' input=3,2,1",
       "conv2d_2", "conv2d_2.weight", "conv2d_1.weight"},
      {"layers='lstm units=3 return_sequences=true; gru units=4; dense units=3' input=3,2", "gru_1",
       "gru_1.weight", "lstm_1.weight"},
      {"layers='lstm units=3 return_sequences=true; gru units=4; dense units=3' input=3,2", "lstm",
       "lstm_1.weight", "gru_1.weight"},
  };
  sample s;
  fill(&s);
  clf_dataset *data = labeled(NULL, &s, s.y);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    clf_model *before = created(NULL, cases[i].params);
    ck_clf_ok(clf_model_set_i64(before, "epochs", 1));
    ck_clf_ok(clf_model_fit(before, data, NULL, NULL));
    clf_model *model = through_a_file(NULL, before);
    ck_clf_ok(clf_network_freeze(model, cases[i].frozen));
    ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
    ck_assert_msg(same_tensor(model, before, cases[i].stays), "%s", cases[i].stays);
    ck_assert_msg(!same_tensor(model, before, cases[i].changes), "%s", cases[i].changes);
    clf_model_free(before);
    clf_model_free(model);
  }
  clf_dataset_free(data);
}

/* The weights of the layers that stay are those of the fitted network, and the new one begins as in
 * a network that was never fitted. */
TEST(remove_layer__keeps_the_weights_of_the_others) {
  sample s;
  int32_t before[ROWS], after[ROWS];
  double score = 0;
  fill(&s);
  clf_dataset *data = labeled(NULL, &s, s.y), *other = labeled(NULL, &s, s.z);
  clf_model *model =
      fitted(NULL, "network",
             "layers='dense units=7 activation=tanh; dense units=3' epochs=20 batch_size=8", data);
  clf_model *first = through_a_file(NULL, model);
  clf_model *fresh =
      fitted(NULL, "network",
             "layers='dense units=7 activation=tanh; dense units=4' epochs=0 batch_size=8", other);
  ck_clf_ok(clf_model_predict(model, data, before, ROWS));
  ck_clf_ok(clf_network_freeze(model, "all"));
  ck_text(model, "frozen", "dense_1,dense_2");
  ck_clf_ok(clf_network_remove_layer(model));
  ck_text(model, "layers", "dense units=7 activation=tanh");
  ck_text(model, "frozen", "dense_1");
  ck_clf_ok(clf_network_add_layer(model, "dense", "units=4"));
  ck_clf_ok(clf_model_predict(model, data, after, ROWS));
  ck_assert_mem_eq(before, after, sizeof before);
  ck_assert_int_eq(clf_model_classes(model), CLASSES);
  ck_clf_ok(clf_model_set_i64(model, "epochs", 0));
  ck_clf_ok(clf_model_fit(model, other, NULL, NULL));
  ck_assert(same_tensor(model, first, "dense_1.weight"));
  ck_assert(same_tensor(model, fresh, "dense_2.weight"));
  ck_assert_int_eq(clf_model_classes(model), 4);
  ck_assert_str_eq(clf_model_class_name(model, 3), "33");
  ck_clf_ok(clf_model_set_i64(model, "epochs", 60));
  ck_clf_ok(clf_model_fit(model, other, NULL, NULL));
  ck_assert_int_eq(epochs_of(model), 60);
  ck_assert(same_tensor(model, first, "dense_1.weight"));
  ck_clf_ok(clf_model_score(model, other, &score));
  ck_assert_double_gt(score, 0.7);
  clf_model_free(model);
  clf_model_free(first);
  clf_model_free(fresh);
  clf_dataset_free(data);
  clf_dataset_free(other);
}

/* Through a file, by fit or by partial_fit, the same bits follow. The history begins again. */
TEST(remove_layer__is_saved_with_the_model) {
  sample s;
  fill(&s);
  clf_dataset *data = labeled(NULL, &s, s.y), *other = labeled(NULL, &s, s.z);
  clf_model *model = fitted(
      NULL, "network",
      "layers='dense units=7 activation=tanh; dropout rate=0.1; dense units=3;' epochs=3", data);
  ck_clf_ok(clf_network_freeze(model, "dense_1"));
  ck_clf_ok(clf_network_remove_layer(model));
  ck_clf_ok(clf_network_remove_layer(model));
  ck_text(model, "layers", "dense units=7 activation=tanh");
  clf_model *loaded = through_a_file(NULL, model);
  ck_same(model, loaded);
  clf_model *pair[] = {model, loaded};
  for (int i = 0; i < 2; i++) {
    ck_clf_ok(clf_network_add_layer(pair[i], "dense", "units=4"));
    ck_clf_ok(clf_model_partial_fit(pair[i], other));
    ck_assert_int_eq(epochs_of(pair[i]), 1);
    ck_clf_ok(clf_model_fit(pair[i], other, NULL, NULL)); /* goes on by the frozen layers */
    ck_assert_int_eq(epochs_of(pair[i]), 4);
  }
  ck_same(model, loaded);
  clf_model_free(model);
  clf_model_free(loaded);
  clf_dataset_free(data);
  clf_dataset_free(other);
}

/* The number of layers to go on from, changed in a file with valid checksums. */
TEST(remove_layer__refuses_hostile_files) {
  static unsigned char bytes[MOST], altered[MOST];
  static const int64_t kept[] = {0, 1, 2, -1, INT64_MAX};
  sample s;
  clf_context *context = context_with("threads=1");
  fill(&s);
  clf_dataset *data = labeled(context, &s, s.y);
  clf_model *model =
      fitted(context, "network", "layers='dense units=4; dense units=3' epochs=1", data);
  ck_clf_ok(clf_network_remove_layer(model));
  const size_t size = saved(model, bytes);
  for (int i = 0; i < 5; i++) {
    size_t needed = 0;
    clf__store *store = NULL;
    clf_model *loaded = NULL;
    ck_clf_ok(clf__store_read_memory(&store, context, bytes, size));
    *(int64_t *)clf__store_tensor(store, "state.kept_layers")->data = kept[i];
    ck_clf_ok(clf__store_write_memory(store, altered, MOST, &needed));
    ck_assert_int_eq(clf_model_load_memory(&loaded, context, altered, needed),
                     kept[i] == 0 || kept[i] == 1 ? CLF_OK : CLF_ERROR_CORRUPT);
    clf_model_free(loaded);
    clf__store_free(store);
  }
  clf_model_free(model);
  clf_dataset_free(data);
  clf_context_free(context);
}

static clf_dataset *with_targets(clf_context *context, const sample *s) {
  const int64_t shape[] = {ROWS};
  clf_tensor *targets = NULL;
  clf_dataset *data = dataset_of(context, s->x, CLF_F32, ROWS, COLUMNS, NULL);
  ck_clf_ok(clf_tensor_create(&targets, context, CLF_F64, 1, shape));
  memcpy(clf_tensor_data(targets), s->t, sizeof s->t);
  ck_clf_ok(clf_dataset_set_targets(data, targets));
  clf_tensor_free(targets);
  return data;
}

/* Its targets are 100 and above: their units are those of the new rows. */
TEST(remove_layer__lets_a_classifier_become_a_regression) {
  sample s;
  double score = 0;
  fill(&s);
  clf_dataset *data = labeled(NULL, &s, s.y), *targets = with_targets(NULL, &s);
  clf_model *model = fitted(
      NULL, "network", "layers='dense units=7 activation=tanh; dense units=3' epochs=10", data);
  ck_clf_ok(clf_network_remove_layer(model));
  ck_clf_ok(clf_network_add_layer(model, "dense", "units=1"));
  ck_clf_ok(clf_model_set_text(model, "loss", "squared_error"));
  ck_clf_ok(clf_model_set_i64(model, "epochs", 200));
  ck_clf_ok(clf_model_fit(model, targets, NULL, NULL));
  ck_assert_int_eq(clf_model_classes(model), 0);
  ck_clf_ok(clf_model_score(model, targets, &score));
  ck_assert_double_gt(score, 0.9);
  clf_model_free(model);
  clf_dataset_free(data);
  clf_dataset_free(targets);
}

/* Classes of the same number are new ones, too; without a removed layer they are refused. */
TEST(remove_layer__makes_place_for_as_many_other_classes) {
  sample s;
  int32_t shifted[ROWS];
  fill(&s);
  for (int i = 0; i < ROWS; i++) {
    shifted[i] = s.y[i] + 5;
  }
  clf_dataset *data = labeled(NULL, &s, s.y), *other = labeled(NULL, &s, shifted);
  clf_model *model = fitted(NULL, "network", "epochs=3 warm_start=true", data);
  ck_clf_fails(clf_model_fit(model, other, NULL, NULL), CLF_ERROR_DATA);
  ck_clf_ok(clf_network_remove_layer(model));
  ck_text(model, "layers", "flatten");
  ck_clf_ok(clf_network_add_layer(model, "dense", "units=3"));
  ck_clf_ok(clf_model_fit(model, other, NULL, other));
  ck_assert_str_eq(clf_model_class_name(model, 0), "5");
  clf_model_free(model);
  clf_dataset_free(data);
  clf_dataset_free(other);
}

/* A training of frozen layers that is interrupted ends with the same bits; of others its file is
 * refused. */
TEST(frozen__a_checkpoint_belongs_to_the_frozen_layers) {
  static const char path[] = "transfer_checkpoint.clf";
  sample s;
  fill(&s);
  clf_dataset *data = labeled(NULL, &s, s.y), *other = labeled(NULL, &s, s.z);
  clf_model *model =
      fitted(NULL, "network",
             "layers='dense units=7 activation=tanh; dense units=3' epochs=3 batch_size=16", data);
  ck_clf_ok(clf_network_freeze(model, "dense_1"));
  ck_clf_ok(clf_network_remove_layer(model));
  ck_clf_ok(clf_network_add_layer(model, "dense", "units=4"));
  clf_model *again = through_a_file(NULL, model), *whole = through_a_file(NULL, model);
  clf_model *free = through_a_file(NULL, model);
  ck_clf_ok(clf_model_set_i64(whole, "epochs", 5));
  ck_clf_ok(clf_model_fit(whole, other, NULL, NULL));
  remove(path);
  ck_clf_ok(clf_model_set_text(model, "checkpoint", path));
  ck_clf_ok(clf_model_fit(model, other, NULL, NULL));
  ck_clf_ok(clf_model_set_text(free, "checkpoint", path));
  ck_clf_ok(clf_network_freeze(free, NULL));
  ck_clf_fails(clf_model_fit(free, other, NULL, NULL), CLF_ERROR_ARGUMENT);
  ck_clf_says("its frozen is 'dense_1', this one's ''");
  ck_clf_ok(clf_model_set_text(again, "checkpoint", path));
  ck_clf_ok(clf_model_set_i64(again, "epochs", 5));
  ck_clf_ok(clf_model_fit(again, other, NULL, NULL));
  ck_same(again, whole);
  remove(path);
  clf_model_free(model);
  clf_model_free(again);
  clf_model_free(whole);
  clf_model_free(free);
  clf_dataset_free(data);
  clf_dataset_free(other);
}

/* The optimizer's moments belong to the layers that it trained: after other layers were frozen, it
 * begins as for a loaded model. */
TEST(frozen__the_optimizer_begins_again) {
  sample s;
  fill(&s);
  clf_dataset *data = labeled(NULL, &s, s.y);
  clf_model *model =
      fitted(NULL, "network",
             "layers='dense units=6; dense units=6; dense units=3' epochs=2 batch_size=16", data);
  for (int i = 0; i < 2; i++) {
    ck_clf_ok(clf_model_partial_fit(model, data));
    ck_clf_ok(clf_network_freeze(model, i == 0 ? "dense_1" : "dense_2"));
    clf_model *loaded = through_a_file(NULL, model);
    ck_clf_ok(clf_model_partial_fit(model, data));
    ck_clf_ok(clf_model_partial_fit(loaded, data));
    ck_same(model, loaded);
    ck_clf_ok(clf_model_partial_fit(model, data)); /* the same layers: the moments stay */
    clf_model_free(loaded);
    loaded = through_a_file(NULL, model);
    ck_clf_ok(clf_model_partial_fit(loaded, data));
    ck_clf_ok(clf_model_partial_fit(model, data));
    ck_assert(!same_tensor(model, loaded, "dense_3.weight"));
    clf_model_free(loaded);
  }
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST(summary__counts_the_trained_parameters) {
  char table[1024];
  clf_model *model = created(NULL, "layers='dense units=5; batch_norm; dense units=3' input=6");
  ck_clf_ok(clf_network_summary(model, table, sizeof table, NULL));
  ck_assert_ptr_nonnull(strstr(table, "parameters: 73, of which 63 are trained"));
  ck_clf_ok(clf_network_freeze(model, "dense_1"));
  ck_clf_ok(clf_network_summary(model, table, sizeof table, NULL));
  ck_assert_ptr_nonnull(strstr(table, "parameters: 73, of which 28 are trained"));
  clf_model_free(model);
}

static void note_log(void *user, int32_t level, const char *message) {
  if (level == CLF_LOG_WARNING) {
    strncat(user, message, 900 - strlen(user));
  }
}

TEST(frozen__refuses_and_says_what_makes_little_sense) {
  sample s;
  char log[1024] = "";
  clf_context *context = NULL;
  clf_model *ridge = NULL, *clone = NULL;
  fill(&s);
  ck_clf_ok(clf_context_create(&context, NULL, NULL));
  ck_clf_ok(clf_context_set_log(context, note_log, log));
  clf_dataset *data = labeled(context, &s, s.y);
  clf_model *model = created(context, "layers='dense units=5; dense units=3' epochs=1");
  ck_clf_fails(clf_network_freeze(model, "dense_4"), CLF_ERROR_ARGUMENT);
  ck_clf_says("network: frozen: there is no layer 'dense_4'");
  ck_clf_says("dense_1");
  ck_clf_ok(clf_network_freeze(model, "all"));
  ck_clf_fails(clf_model_fit(model, data, NULL, NULL), CLF_ERROR_ARGUMENT);
  ck_clf_says("leaves no layer with weights to train");
  ck_clf_ok(clf_network_freeze(model, "dense_1"));
  ck_assert_str_eq(log, "");
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  ck_assert_ptr_nonnull(strstr(log, "these layers keep their random initial weights"));
  log[0] = '\0';
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  ck_assert_str_eq(log, "");
  ck_clf_ok(clf_model_clone(&clone, model));
  ck_text(clone, "frozen", "dense_1");
  ck_clf_ok(clf_model_set_text(model, "frozen", "conv2d_1"));
  ck_clf_fails(clf_model_fit(model, data, NULL, NULL), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_network_remove_layer(model), CLF_ERROR_ARGUMENT);
  ck_clf_ok(clf_network_freeze(model, ""));
  ck_text(model, "frozen", "");
  ck_clf_ok(clf_network_remove_layer(model));
  ck_clf_ok(clf_network_add_layer(model, "dense", "units=4"));
  ck_clf_fails(clf_model_fit(model, data, NULL, NULL), CLF_ERROR_SHAPE);
  ck_clf_ok(clf_model_set_text(model, "layers", "dense units=9; dense units=3"));
  ck_clf_fails(clf_model_fit(model, data, NULL, NULL), CLF_ERROR_SHAPE);
  ck_clf_says("dense_1.weight [6x9] was dense_1.weight [6x5]");
  ck_clf_ok(clf_model_create(&ridge, context, "ridge", NULL));
  ck_clf_fails(clf_network_freeze(ridge, "all"), CLF_ERROR_UNSUPPORTED);
  ck_clf_fails(clf_network_remove_layer(ridge), CLF_ERROR_UNSUPPORTED);
  clf_model *empty = created(context, NULL);
  ck_clf_fails(clf_network_remove_layer(empty), CLF_ERROR_ARGUMENT);
  ck_clf_says("layers: there are none");
  ck_clf_fails(clf_network_freeze(empty, "all"), CLF_ERROR_ARGUMENT);
  clf_model_free(empty);
  clf_model_free(ridge);
  clf_model_free(clone);
  clf_model_free(model);
  clf_dataset_free(data);
  clf_context_free(context);
}

static clf_status whole_life(clf_context *context, const void *unused) {
  sample s;
  clf_tensor *x = NULL, *y = NULL, *z = NULL;
  clf_dataset *data = NULL, *other = NULL;
  clf_model *model = NULL;
  clf_status status;
  (void)unused;
  fill(&s);
  TRY(clf_tensor_wrap(&x, context, s.x, CLF_F32, 2, (int64_t[]){ROWS, COLUMNS}, NULL));
  TRY(clf_tensor_wrap(&y, context, s.y, CLF_I32, 1, (int64_t[]){ROWS}, NULL));
  TRY(clf_tensor_wrap(&z, context, s.z, CLF_I32, 1, (int64_t[]){ROWS}, NULL));
  TRY(clf_dataset_create(&data, context, x, y));
  TRY(clf_dataset_create(&other, context, x, z));
  TRY(clf_model_create(&model, context, "network",
                       "layers='batch_norm; dense units=4; dense units=3; dense units=3' epochs=1 "
                       "batch_size=50"));
  TRY(clf_model_fit(model, data, NULL, NULL));
  TRY(clf_network_freeze(model, "batch_norm,dense_2"));
  TRY(clf_network_remove_layer(model));
  TRY(clf_network_add_layer(model, "dense", "units=4"));
  TRY(clf_model_fit(model, other, NULL, NULL));
  TRY(clf_model_partial_fit(model, other));
done:
  clf_model_free(model);
  clf_dataset_free(data);
  clf_dataset_free(other);
  clf_tensor_free(x);
  clf_tensor_free(y);
  clf_tensor_free(z);
  return status;
}

TEST(transfer__every_allocation_may_fail) {
  check_every_allocation("threads=1", whole_life, NULL);
}

SUITE("network_transfer")
