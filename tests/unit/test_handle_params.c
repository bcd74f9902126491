/* Every handle that takes parameters gives them back as text, from which an equal one is made: of
 * each kind in the catalog, with each parameter at its default and at other values. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "failing_allocator.h"
#include "support.h"

enum { CAPACITY = 1 << 12 };

static clf_model *windows; /* a network for detectors */

static void setup(void) {
  static float pixels[4 * 36];
  static const int32_t labels[] = {0, 1, 0, 1};
  clf_dataset *rows = dataset_of(NULL, pixels, CLF_F32, 4, 36, labels);
  ck_clf_ok(clf_model_create(&windows, NULL, "network",
                             "input=6,6,1 epochs=1 layers='flatten; dense units=2'"));
  ck_clf_ok(clf_model_fit(windows, rows, NULL, NULL));
  clf_dataset_free(rows);
}

static void teardown(void) {
  clf_model_free(windows);
}

/* An area of handles: how one is made, asked and freed. */
typedef struct area {
  const char *name;
  clf_status (*make)(void **out, clf_context *context, const char *kind, const char *params);
  clf_status (*params)(const void *handle, char *buffer, size_t capacity, size_t *needed);
  void (*free)(void *handle);
} area;

#define AREA(thing, create)                                                                        \
  static clf_status make_##thing(void **out, clf_context *context, const char *kind,               \
                                 const char *params) {                                             \
    clf_##thing *made = NULL;                                                                      \
    (void)context, (void)kind;                                                                     \
    const clf_status status = create;                                                              \
    *out = made;                                                                                   \
    return status;                                                                                 \
  }                                                                                                \
  static clf_status params_of_##thing(const void *handle, char *buffer, size_t capacity,           \
                                      size_t *needed) {                                            \
    return clf_##thing##_params(handle, buffer, capacity, needed);                                 \
  }                                                                                                \
  static void free_##thing(void *handle) {                                                         \
    clf_##thing##_free(handle);                                                                    \
  }
AREA(context, clf_context_create(&made, NULL, params))
AREA(model, clf_model_create(&made, context, kind, params))
AREA(optimizer, clf_optimizer_create(&made, context, kind, params))
AREA(transform, clf_transform_create(&made, context, kind, params))
AREA(vocabulary, clf_vocabulary_create(&made, context, params))
AREA(detector, clf_detector_create(&made, windows, params))

#define ROW(thing)                                                                                 \
  { #thing, make_##thing, params_of_##thing, free_##thing }
static const area areas[] = {ROW(context),   ROW(model),      ROW(optimizer),
                             ROW(transform), ROW(vocabulary), ROW(detector)};
enum { AREAS = sizeof areas / sizeof *areas };

/* What a handle with these parameters gives back, and that its equal gives the same; false where
 * they are refused, as a grammar of its own may do. */
static bool round_trip(char text[CAPACITY], const area *in, const char *kind, const char *params) {
  char again[CAPACITY];
  void *handle = NULL, *equal = NULL;
  size_t needed = 0;
  if (in->make(&handle, NULL, kind, params) < 0) {
    ck_assert_ptr_null(handle);
    return false;
  }
  ck_clf_ok(in->params(handle, text, CAPACITY, &needed));
  ck_assert_uint_eq(needed, strlen(text) + 1);
  ck_clf_ok(in->make(&equal, NULL, kind, text));
  ck_clf_ok(in->params(equal, again, CAPACITY, NULL));
  ck_assert_str_eq(text, again);
  in->free(handle);
  in->free(equal);
  return true;
}

/* A value is given back as it was written. */
static void check_value(const area *in, const char *kind, const char *name, const char *value) {
  char text[CAPACITY], written[256];
  snprintf(written, sizeof written, "%s=%s", name, value);
  if (round_trip(text, in, kind, written)) {
    const char *found = strstr(text, written);
    ck_assert_msg(found != NULL && (found == text || found[-1] == ' '), "%s %s: '%s' is not in: %s",
                  in->name, kind, written, text);
  }
}

static void check_param(const area *in, const char *kind, const clf_param_info *info) {
  size_t length = 0;
  for (const char *word = info->words; *word != '\0'; word += length + (word[length] == '|')) {
    char value[64];
    length = strcspn(word, "|");
    snprintf(value, sizeof value, "%.*s", (int)length, word);
    check_value(in, kind, info->name, value);
  }
  if (info->type == CLF_PARAM_BOOL) {
    check_value(in, kind, info->name, "true");
    check_value(in, kind, info->name, "false");
  } else if (info->type == CLF_PARAM_TEXT) {
    check_value(in, kind, info->name, "\"two words\"");
    check_value(in, kind, info->name, "'\"quoted\"'");
    check_value(in, kind, info->name, "\"it's \"\"both\"\"\"");
  } else if (info->type != CLF_PARAM_CHOICE && isfinite(info->maximum)) {
    check_value(in, kind, info->name, clf__number_text(fmin(info->maximum, 1000)));
  }
}

TEST(every_kind__is_made_again_from_its_parameters) {
  for (int a = 0; a < AREAS; a++) {
    const area *in = &areas[a];
    const int64_t kinds = clf_kind_count(in->name);
    ck_assert_int_gt(kinds, 0);
    for (int64_t i = 0; i < kinds; i++) {
      const char *kind = clf_kind_name(in->name, i);
      char text[CAPACITY];
      ck_assert(round_trip(text, in, kind, NULL));
      for (int64_t p = 0; p < clf_param_count(in->name, kind); p++) {
        clf_param_info info = {.struct_size = sizeof info};
        ck_clf_ok(clf_param_describe(in->name, kind, p, &info));
        check_param(in, kind, &info);
      }
    }
  }
}

TEST(params__are_those_that_were_given) {
  char text[CAPACITY];
  ck_assert(round_trip(text, &areas[0], "context", "threads=3 seed=7"));
  ck_assert_str_eq(text,
                   "threads=3 seed=7 memory_limit=none cpu=auto progress_interval=0 "
                   "shards=auto");
  ck_assert(round_trip(text, &areas[3], "min_max", "low=-1"));
  ck_assert_str_eq(text, "low=-1 high=1 clip=false precision=f32");
}

TEST(params__follow_what_is_set_later) {
  clf_model *model = NULL;
  char text[CAPACITY];
  ck_clf_ok(clf_model_create(&model, NULL, "ridge", NULL));
  ck_clf_ok(clf_model_set_f64(model, "alpha", 0.1));
  ck_clf_ok(clf_model_params(model, text, sizeof text, NULL));
  ck_assert_ptr_nonnull(strstr(text, "alpha=0.1 "));
  clf_model_free(model);
}

TEST(params__keep_the_convention_of_buffers) {
  for (int a = 0; a < AREAS; a++) {
    const area *in = &areas[a];
    void *handle = NULL;
    size_t needed = 0;
    char text[CAPACITY] = "untouched";
    ck_clf_ok(in->make(&handle, NULL, clf_kind_name(in->name, 0), NULL));
    ck_clf_ok(in->params(handle, NULL, 0, &needed));
    ck_clf_fails(in->params(handle, text, needed - 1, NULL), CLF_ERROR_ARGUMENT);
    ck_assert_str_eq(text, "untouched");
    ck_clf_ok(in->params(handle, text, needed, NULL));
    ck_clf_fails(in->params(NULL, text, sizeof text, NULL), CLF_ERROR_ARGUMENT);
    in->free(handle);
  }
}

static clf_status make_and_ask(clf_context *context, const void *argument) {
  const area *in = argument;
  void *handle = NULL;
  char text[CAPACITY];
  clf_status status = in->make(&handle, context, clf_kind_name(in->name, 0), NULL);
  if (status == CLF_OK) {
    status = in->params(handle, text, sizeof text, NULL);
    in->free(handle);
  }
  return status;
}

/* The handles that are made with a context. */
TEST_LOOP(params__may_be_refused_memory, 1, 5) {
  check_every_allocation("threads=1", make_and_ask, &areas[_i]);
}

TEST(params__of_a_context_take_no_memory) {
  clf_context *frugal = NULL;
  char text[100];
  size_t needed = 0;
  ck_clf_ok(clf_context_create(&frugal, NULL, "threads=2 memory_limit=1"));
  ck_clf_ok(clf_context_params(frugal, NULL, 0, &needed));
  ck_clf_ok(clf_context_params(frugal, text, needed, NULL));
  ck_assert_str_eq(text,
                   "threads=2 seed=0 memory_limit=1 cpu=auto progress_interval=0 shards=auto");
  ck_assert_uint_eq(needed, strlen(text) + 1);
  text[0] = 'x';
  ck_clf_fails(clf_context_params(frugal, text, needed - 1, NULL), CLF_ERROR_ARGUMENT);
  ck_assert_int_eq(text[0], 'x');
  clf_context_free(frugal);
}

SUITE("handle_params", .setup = setup, .teardown = teardown)
