/* Progress and cancelling, across the pool's tasks too. */
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/context.h"
#include "base/pool.h"
#include "base/progress.h"
#include "support.h"

/* What a callback was called with, and the number of the call from which on it cancels. */
typedef struct host {
  pthread_t thread;
  int64_t calls;
  int64_t stop_at; /* call number; 0 for never */
  clf_progress last;
} host;

static int32_t watch(void *user, const clf_progress *progress) {
  host *own = user;
  ck_assert(pthread_equal(own->thread, pthread_self()));
  own->calls++;
  own->last = *progress;
  return own->stop_at > 0 && own->calls >= own->stop_at;
}

static clf_context *make_context(const char *params, host *own) {
  clf_context *context = NULL;
  *own = (host){.thread = pthread_self(), .stop_at = own->stop_at};
  ck_assert_int_eq(clf_context_create(&context, NULL, params), CLF_OK);
  ck_assert_int_eq(clf_context_set_progress(context, watch, own), CLF_OK);
  return context;
}

TEST(step__reports_what_it_is_given) {
  host own = {0};
  clf_context *context = make_context("threads=2", &own);
  clf__progress progress = clf__progress_begin(context, "stage", 7);
  ck_assert_int_eq(clf__progress_step(&progress, 3, 0.5, NAN), CLF_OK);
  ck_assert_int_eq(own.calls, 1);
  ck_assert_str_eq(own.last.stage, "stage");
  ck_assert_int_eq(own.last.step, 3);
  ck_assert_int_eq(own.last.steps, 7);
  ck_assert_double_eq(own.last.loss, 0.5);
  ck_assert_double_nan(own.last.metric);
  ck_assert(own.last.seconds >= 0 && own.last.seconds < 60);
  clf_context_free(context);
}

TEST(step__is_cancelled_by_the_callback_until_the_next_call_begins) {
  host own = {.stop_at = 2};
  clf_context *context = make_context("threads=2", &own);
  clf__progress progress = clf__progress_begin(context, "stage", 7);
  ck_assert_int_eq(clf__progress_step(&progress, 0, NAN, NAN), CLF_OK);
  ck_assert_int_eq(clf__progress_step(&progress, 1, NAN, NAN), CLF_ERROR_CANCELLED);
  ck_assert_str_eq(clf_last_error(), "stage: cancelled at step 1 of 7");
  own.stop_at = 0;
  progress = clf__progress_begin(context, "stage", 7);
  ck_assert_int_eq(clf__progress_step(&progress, 0, NAN, NAN), CLF_OK);
  clf_context_free(context);
}

TEST(steps__are_reported_no_sooner_than_the_interval) {
  enum { STEPS = 1000 };
  host own = {0};
  clf_context *context = make_context("threads=1 progress_interval=0.05", &own);
  const clf__progress progress = clf__progress_begin(context, "stage", STEPS);
  const double began = clf__seconds();
  for (int64_t step = 0; step < STEPS; step++) {
    ck_clf_ok(clf__progress_step(&progress, step, NAN, NAN));
  }
  ck_assert_double_le((double)own.calls, 1 + (clf__seconds() - began) / 0.05);
  const int64_t calls = own.calls;
  nanosleep(&(struct timespec){.tv_nsec = 60 * 1000 * 1000}, NULL);
  ck_clf_ok(clf__progress_step(&progress, STEPS, NAN, NAN));
  ck_assert_int_eq(own.calls, calls + 1);
  ck_assert_int_eq(own.last.step, STEPS);
  clf_context_free(context);
}

/* Two tasks, one a thread: that of the caller, or the other, steps until it is cancelled. */
typedef struct two_tasks {
  clf_context *context;
  pthread_t caller;
  bool caller_lasts;
  atomic_int begun;
  atomic_bool cancelled;
  atomic_int_least64_t done;
} two_tasks;

/* Or until ten seconds have passed. */
static bool step_until_cancelled(clf_context *context) {
  clf__progress inner = clf__progress_begin(context, "inner", 1000);
  for (int64_t step = 0; step < 10000; step++) {
    if (clf__progress_step(&inner, step, NAN, NAN) == CLF_ERROR_CANCELLED) {
      return true;
    }
    usleep(1000);
  }
  return false;
}

static void run_one_of_two(void *argument, clf__range range) {
  two_tasks *tasks = argument;
  (void)range;
  atomic_fetch_add(&tasks->begun, 1);
  while (atomic_load(&tasks->begun) < 2) {
    usleep(1000);
  }
  bool caller = pthread_equal(tasks->caller, pthread_self()) != 0;
  if (caller == tasks->caller_lasts) {
    atomic_store(&tasks->cancelled, step_until_cancelled(tasks->context));
  } else {
    atomic_fetch_add(&tasks->done, 1);
  }
}

static void check_cancel(bool caller_lasts) {
  host own = {.stop_at = 3};
  clf_context *context = make_context("threads=2", &own);
  two_tasks tasks = {.context = context, .caller_lasts = caller_lasts, .caller = pthread_self()};
  clf__progress progress = clf__progress_begin(context, "outer", 3);
  ck_clf_fails(
      clf__progress_parallel(&progress, &tasks.done, 2, 1, CLF__WORK_LONG, run_one_of_two, &tasks),
      CLF_ERROR_CANCELLED);
  ck_assert(atomic_load(&tasks.cancelled));
  ck_assert_int_eq(own.calls, 3);
  ck_assert_str_eq(own.last.stage, "outer");
  ck_assert_int_eq(own.last.step, 1);
  ck_assert_int_eq(own.last.steps, 3);
  ck_clf_says("outer: cancelled at step 1 of 3");
  clf_context_free(context);
}

TEST(parallel__is_cancelled_while_the_caller_works) {
  check_cancel(true);
}

TEST(parallel__is_cancelled_while_the_caller_waits) {
  check_cancel(false);
}

static void count_up(void *argument, clf__range range) {
  (void)range;
  atomic_fetch_add((atomic_int_least64_t *)argument, 1);
}

TEST(parallel__without_a_callback_runs_all) {
  clf_context *context = NULL;
  atomic_int_least64_t done = 0;
  ck_assert_int_eq(clf_context_create(&context, NULL, "threads=2"), CLF_OK);
  clf__progress progress = clf__progress_begin(context, "outer", 40);
  ck_clf_ok(clf__progress_parallel(&progress, &done, 40, 1, CLF__WORK_LONG, count_up, &done));
  ck_assert_int_eq(done, 40);
  ck_assert_int_eq(clf__progress_step(&progress, 40, NAN, NAN), CLF_OK);
  clf_context_free(context);
}

static void take_a_millisecond(void *argument, clf__range range) {
  (void)range;
  usleep(1000);
  atomic_fetch_add((atomic_int_least64_t *)argument, 1);
}

TEST(call__leaves_tasks_out_once_it_is_cancelled) {
  enum { TASKS = 4000 };
  host own = {.stop_at = 2};
  clf_context *context = make_context("threads=2", &own);
  atomic_int_least64_t done = 0;
  clf__call call;
  clf__call_begin(&call, context, "call", 7);
  ck_clf_fails(clf__progress_ranges(context, TASKS, 1, CLF__WORK_LONG, take_a_millisecond, &done),
               CLF_ERROR_CANCELLED);
  ck_assert_int_gt(done, 0);
  ck_assert_int_lt(done, TASKS);
  const int64_t before = done;
  ck_clf_fails(clf__progress_ranges(context, 1, 1, CLF__WORK_LONG, take_a_millisecond, &done),
               CLF_ERROR_CANCELLED);
  ck_clf_fails(clf__progress_check(), CLF_ERROR_CANCELLED);
  ck_assert_int_eq(done, before);
  ck_clf_fails(clf__call_end(&call, CLF_OK), CLF_ERROR_CANCELLED);
  ck_clf_says("call: cancelled at step 0 of 7");
  ck_assert_int_eq(own.calls, 2);
  ck_clf_ok(clf__progress_ranges(context, 1, 1, CLF__WORK_LONG, take_a_millisecond,
                                 &done)); /* of no call */
  clf_context_free(context);
}

/* A part that cancels by itself, such as the Gram matrix in a transform's fit, cancels the call. */
TEST(call__is_cancelled_by_its_parts) {
  host own = {.stop_at = 1};
  clf_context *context = make_context("threads=2", &own);
  clf__call call;
  clf__call_begin(&call, context, "call", 7);
  const clf__progress part = clf__progress_begin(context, "part", 3);
  ck_clf_fails(clf__progress_step(&part, 1, NAN, NAN), CLF_ERROR_CANCELLED);
  ck_assert_str_eq(own.last.stage, "part");
  ck_clf_fails(clf__progress_check(), CLF_ERROR_CANCELLED);
  ck_clf_fails(clf__call_end(&call, CLF_OK), CLF_ERROR_CANCELLED);
  ck_assert_int_eq(own.calls, 1);
  clf_context_free(context);
}

TEST(rows__are_reported_as_their_tasks_end) {
  host own = {0};
  clf_context *context = make_context("threads=2", &own);
  atomic_int_least64_t done = 0;
  clf__call call;
  clf__call_begin(&call, context, "call", 5000);
  ck_clf_ok(clf__call_next(&call, 1000));
  ck_clf_ok(clf__progress_rows(context, 1000, 4000, 4, CLF__WORK_LONG, take_a_millisecond, &done));
  ck_assert_int_eq(done, 1000);
  ck_assert_int_gt(own.calls, 1);
  ck_assert_str_eq(own.last.stage, "call");
  ck_assert(own.last.step > 1000 && own.last.step <= 5000);
  const int64_t before = own.last.step;
  ck_clf_ok(clf__progress_rows(context, 1000, 4000, 14, CLF__WORK_LONG, take_a_millisecond, &done));
  ck_assert_int_ge(own.last.step, before); /* a second loop over the same rows */
  ck_clf_ok(clf__call_end(&call, CLF_OK));
  clf_context_free(context);
}

static int32_t call_on(void *user, const clf_progress *progress) {
  host *own = user;
  atomic_int_least64_t done = 0;
  clf__call call;
  own->calls++;
  own->last = *progress;
  clf_context *context = (clf_context *)(uintptr_t)own->stop_at;
  clf__call_begin(&call, context, "inner", 1);
  ck_clf_ok(clf__progress_ranges(context, 300, 1, CLF__WORK_LONG, take_a_millisecond, &done));
  const clf__progress step = clf__progress_begin(context, "inner", 1);
  ck_clf_ok(clf__progress_step(&step, 0, NAN, NAN));
  ck_clf_ok(clf__call_end(&call, CLF_OK));
  return 0;
}

TEST(callback__may_call_and_is_not_asked_about_that) {
  host own = {0};
  clf_context *context = make_context("threads=2", &own);
  atomic_int_least64_t done = 0;
  clf__call call;
  own.stop_at = (int64_t)(uintptr_t)context; /* for the callback */
  ck_clf_ok(clf_context_set_progress(context, call_on, &own));
  clf__call_begin(&call, context, "outer", 1);
  ck_clf_ok(clf__progress_ranges(context, 300, 1, CLF__WORK_LONG, take_a_millisecond, &done));
  ck_clf_ok(clf__call_end(&call, CLF_OK));
  ck_assert_int_gt(own.calls, 0);
  ck_assert_int_lt(own.calls, 20);
  ck_assert_str_eq(own.last.stage, "outer");
  clf_context_free(context);
}

/* The conversion of a dataset's numbers is a part of the call that it is made in, and ends with it.
 */
TEST(conversion__is_left_out_once_the_call_is_cancelled) {
  enum { ROWS = 1000, COLUMNS = 100 };
  static int32_t values[ROWS * COLUMNS];
  for (int k = 0; k < 2; k++) {
    host own = {.stop_at = 1 - k}; /* 0: never */
    clf_context *context = make_context("threads=2", &own);
    const uint64_t held = clf_context_memory(context);
    atomic_int_least64_t done = 0;
    clf_tensor *x = NULL;
    clf_dataset *made = NULL;
    clf__call call;
    ck_clf_ok(clf_tensor_wrap(&x, context, values, CLF_I32, 2, (int64_t[]){ROWS, COLUMNS}, NULL));
    clf__call_begin(&call, context, "call", 1);
    (void)clf__progress_ranges(context, 300, 1, CLF__WORK_LONG, take_a_millisecond, &done);
    const clf_status status = clf_dataset_create(&made, context, x, NULL);
    ck_assert_int_eq(status, k == 0 ? CLF_ERROR_CANCELLED : CLF_OK);
    ck_assert((made == NULL) == (k == 0));
    ck_assert_int_eq(clf__call_end(&call, CLF_OK), status);
    ck_assert_int_gt(own.calls, 0);
    clf_dataset_free(made);
    clf_tensor_free(x);
    ck_assert(clf_context_memory(context) <= held + 65536); /* the pool's threads */
    clf_context_free(context);
  }
}

SUITE("progress")
