/* Parameters that a network cannot use are refused when they are set: texts with a grammar of their
 * own, and losses that do not fit the last layer. */
#include <stdio.h>
#include <string.h>

#include "clouds.h"
#include "failing_allocator.h"

enum { COLUMNS = CLOUD_COLUMNS, CLASSES = CLOUD_CLASSES };

/* Texts with a grammar of their own: what is wrong, and what the message names. */
static const struct {
  const char *name, *value, *says[3];
} wrong_texts[] = {
    {"layers", "dense units=3; ;", {"layers", "layer 2", "empty"}},
    {"layers", "dense; dens units=3", {"layers", "layer 2", "did you mean 'dense'"}},
    {"layers", " dense unit=3 ", {"layer 1 'dense unit=3'", "units", "dense"}},
    {"layers", "dense units=3; dense units=x", {"layer 2 'dense units=x'", "units is 'x'", ""}},
    {"layers", "dropout rate=1.5", {"layer 1", "rate is 1.5", ""}},
    {"augment", "shift=a", {"augment", "shift is 'a'", ""}},
    {"augment", "shif=1", {"augment", "did you mean 'shift'", ""}},
    {"input", "28.5,28", {"input", "28.5", "integers"}},
    {"input", "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1", {"input", "16 sizes", ""}},
};

/* They are refused where they are set, by every way to set them, which changes nothing. */
TEST_LOOP(network__texts_are_checked_when_they_are_set, 0,
          (int)(sizeof wrong_texts / sizeof wrong_texts[0])) {
  const char *name = wrong_texts[_i].name, *value = wrong_texts[_i].value;
  char params[256], held[64];
  clf_model *model = NULL, *none = NULL;
  clf_search *search = NULL;
  clouds c;
  clf_dataset *data = cloud_data(NULL, &c);
  ck_clf_ok(clf_model_create(&model, NULL, "network",
                             "epochs=1 input=6 layers='dense units=3' augment='shift=1'"));
  snprintf(params, sizeof params, "%s='%s'", name, value);
  for (int way = 0; way < 4; way++) {
    clf_status status = way == 0   ? clf_model_create(&none, NULL, "network", params)
                        : way == 1 ? clf_model_set_text(model, name, value)
                        : way == 2 ? clf_search_create(&search, model, data, 3, 1, params, NULL)
                                   : clf_network_add_layer(model, "dense", "units=y");
    ck_assert_int_eq(status, CLF_ERROR_ARGUMENT);
    ck_assert_ptr_null(none);
    for (int i = 0; way < 3 && i < 3; i++) {
      ck_clf_says(wrong_texts[_i].says[i] != NULL ? wrong_texts[_i].says[i] : "");
    }
  }
  ck_clf_says("units is 'y'");
  ck_clf_ok(clf_model_get_text(model, "layers", held, sizeof held, NULL));
  ck_assert_str_eq(held, "dense units=3");
  ck_clf_ok(clf_model_get_text(model, "augment", held, sizeof held, NULL));
  ck_assert_str_eq(held, "shift=1");
  ck_clf_ok(clf_model_get_text(model, "input", held, sizeof held, NULL));
  ck_assert_str_eq(held, "6");
  clf_model_free(model);
  clf_dataset_free(data);
}

/* What the log says of a fit; NULL for a fit that is refused, whose message says it. */
static const struct {
  const char *params, *warns, *says;
} ends[] = {
    {"loss=hinge layers='dense units=3 activation=softmax'", NULL, "1 apart"},
    {"loss=hinge layers='dense units=3 activation=sigmoid'", NULL, "sigmoid"},
    {"loss=hinge layers='dense units=3 activation=sigmoid; flatten'", NULL, "sigmoid"},
    {"loss=hinge layers='dense units=3; activation function=softmax'", NULL, "softmax"},
    {"loss=cross_entropy layers='dense units=3 activation=relu'", "relu", NULL},
    {"loss=binary_cross_entropy layers='dense units=3 activation=tanh'", "tanh", NULL},
    {"loss=hinge layers='dense units=3 activation=relu'", "relu", NULL},
    {"loss=hinge layers='dense units=3 activation=tanh'", "", NULL},
    {"loss=hinge layers='dense units=3 activation=leaky_relu'", "", NULL},
    {"loss=squared_error layers='dense units=3 activation=relu'", "", NULL},
    {"loss=squared_error layers='dense units=3 activation=softmax'", "", NULL},
    {"loss=cross_entropy layers='dense units=3'", "", NULL},
};

static void keep_warning(void *user, int32_t level, const char *message) {
  char *kept = user;
  if (level == CLF_LOG_WARNING) {
    strcat(kept, message);
  }
}

TEST_LOOP(network__end_and_loss_must_make_sense, 0, (int)(sizeof ends / sizeof ends[0])) {
  clouds c;
  char kept[1024] = "", params[256];
  clf_context *context = NULL;
  clf_model *model = NULL;
  ck_clf_ok(clf_context_create(&context, NULL, NULL));
  ck_clf_ok(clf_context_set_log(context, keep_warning, kept));
  clf_dataset *data = cloud_data(context, &c);
  snprintf(params, sizeof params, "epochs=1 %s", ends[_i].params);
  ck_clf_ok(clf_model_create(&model, context, "network", params));
  const clf_status status = clf_model_fit(model, data, NULL, NULL);
  if (ends[_i].warns == NULL) {
    ck_assert_int_eq(status, CLF_ERROR_ARGUMENT);
    ck_clf_says(ends[_i].says);
    ck_assert_str_eq(kept, "");
  } else {
    ck_clf_ok(status);
    const char *found = strstr(kept, ends[_i].warns);
    ck_assert_msg(found != NULL && (kept[0] != '\0') == (ends[_i].warns[0] != '\0'), "%s", kept);
  }
  clf_model_free(model);
  clf_dataset_free(data);
  clf_context_free(context);
}

/* A network with outputs of 0 to 1 cannot reach targets of -2 to 3. */
TEST(network__targets_out_of_reach_are_told) {
  static const char *const functions[] = {"linear", "relu", "tanh", "sigmoid", "softmax"};
  float x[8];
  double y[16];
  const int64_t rows = 8;
  for (int i = 0; i < 8; i++) {
    x[i] = (float)i;
    y[2 * i] = y[2 * i + 1] = i % 6 - 2;
  }
  for (size_t f = 0; f < sizeof functions / sizeof functions[0]; f++) {
    char kept[1024] = "", params[256];
    clf_context *context = NULL;
    clf_tensor *features = NULL, *targets = NULL;
    clf_dataset *data = NULL;
    clf_model *model = NULL;
    ck_clf_ok(clf_context_create(&context, NULL, NULL));
    ck_clf_ok(clf_context_set_log(context, keep_warning, kept));
    ck_clf_ok(clf_tensor_wrap(&features, context, x, CLF_F32, 2, (int64_t[]){rows, 1}, NULL));
    ck_clf_ok(clf_tensor_wrap(&targets, context, y, CLF_F64, 2, (int64_t[]){rows, 2}, NULL));
    ck_clf_ok(clf_dataset_create(&data, context, features, NULL));
    ck_clf_ok(clf_dataset_set_targets(data, targets));
    snprintf(params, sizeof params,
             "epochs=1 loss=squared_error layers='dense units=2 activation=%s'", functions[f]);
    ck_clf_ok(clf_model_create(&model, context, "network", params));
    ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
    if (f == 0) {
      ck_assert_str_eq(kept, "");
    } else {
      ck_assert_msg(strstr(kept, functions[f]) != NULL && strstr(kept, "-2 to 3") != NULL, "%s",
                    kept);
    }
    clf_model_free(model);
    clf_dataset_free(data);
    clf_tensor_free(features);
    clf_tensor_free(targets);
    clf_context_free(context);
  }
}

/* Every allocation of setting texts may be refused; the model keeps what it has. */
TEST(network__setting_a_text_survives_refused_allocations) {
  bool all = false;
  for (int64_t refuse = 1; !all; refuse++) {
    failing_allocator from = {.refuse = refuse};
    clf_context *context = failing_context("threads=1", &from);
    clf_model *model = NULL;
    clf_status status = CLF_OK;
    char held[64] = "flatten";
    if (context == NULL) {
      continue;
    }
    TRY(clf_model_create(&model, context, "network", "layers=flatten augment='shift=1'"));
    TRY(clf_model_set_text(model, "layers", "dense units=3; dense units=2"));
    TRY(clf_model_set_i64(model, "batch_size", 7));
    TRY(clf_network_add_layer(model, "dense", "units=1"));
    all = true;
  done:
    if (!all) {
      ck_assert_int_eq(status, CLF_ERROR_MEMORY);
      check_refused_memory();
    }
    from.refuse = 0;
    if (model != NULL) {
      ck_clf_ok(clf_model_get_text(model, "layers", held, sizeof held, NULL));
      ck_assert(strncmp(held, "flatten", 7) == 0 || strncmp(held, "dense units=3; dense", 20) == 0);
    }
    clf_model_free(model);
    clf_context_free(context);
    ck_assert_int_eq(atomic_load(&from.held), 0);
  }
}

SUITE("network_params")
