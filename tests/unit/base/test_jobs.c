/* Tasks that may fail: which failure is returned, with which message, and when they end. */
#include <math.h>
#include <pthread.h>
#include <unistd.h>

#include "base/border.h"
#include "base/jobs.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/status.h"
#include "support.h"

enum { TOTAL = 1000, GRAIN = 7, RANGES = (TOTAL + GRAIN - 1) / GRAIN };

typedef struct work {
  clf_context *context;
  bool fails[RANGES];
  clf_status status; /* of the ranges that fail */
  atomic_int_least64_t covered;
  atomic_int begun;
} work;

/* A failing range of a low index lasts, so that higher ones fail before it does. */
static clf_status do_range(void *argument, clf__range range) {
  work *own = argument;
  ck_assert_int_eq(range.first, range.index * GRAIN);
  ck_assert_int_eq(range.end, range.index + 1 < RANGES ? range.first + GRAIN : TOTAL);
  atomic_fetch_add(&own->begun, 1);
  if (!own->fails[range.index]) {
    atomic_fetch_add(&own->covered, range.end - range.first);
    return CLF_OK;
  }
  usleep(range.index < RANGES / 2 ? 20000 : 0);
  return clf__fail(own->status, "range %d of %d", (int)range.index, (int)RANGES);
}

static clf_status run(work *own, int how) {
  const double long_work = CLF__WORK_LONG;
  const clf__progress progress = clf__progress_begin(own->context, "jobs", TOTAL);
  switch (how) {
  case 0:
    return clf__jobs_ranges(own->context, TOTAL, GRAIN, long_work, do_range, own);
  case 1:
    return clf__jobs_rows(own->context, 0, TOTAL, GRAIN, long_work, do_range, own);
  default:
    return clf__jobs_run(&progress, NULL, TOTAL, GRAIN, long_work, do_range, own);
  }
}

enum { WAYS = 3 };
static const char *const threads[] = {"threads=1", "threads=4"};

TEST(jobs__cover_everything_once) {
  for (int t = 0; t < 2; t++) {
    clf_context *context = context_with(threads[t]);
    for (int how = 0; how < WAYS; how++) {
      work own = {.context = context};
      ck_clf_ok(run(&own, how));
      ck_assert_int_eq(own.covered, TOTAL);
      ck_assert_int_eq(own.begun, RANGES);
    }
    clf_context_free(context);
  }
}

TEST(jobs__return_the_failure_of_the_lowest_range) {
  static const int lows[] = {0, 1, 5, RANGES / 2, RANGES - 1};
  for (int t = 0; t < 2; t++) {
    clf_context *context = context_with(threads[t]);
    for (int how = 0; how < WAYS; how++) {
      for (size_t i = 0; i < sizeof lows / sizeof lows[0]; i++) {
        work own = {.context = context, .status = CLF_ERROR_DATA};
        char message[64];
        for (int k = lows[i]; k < RANGES; k++) {
          own.fails[k] = true;
        }
        snprintf(message, sizeof message, "range %d of %d", lows[i], (int)RANGES);
        ck_clf_fails(run(&own, how), CLF_ERROR_DATA);
        ck_assert_str_eq(clf_last_error(), message);
        ck_assert_int_eq(own.covered, (int64_t)lows[i] * GRAIN);
      }
    }
    clf_context_free(context);
  }
}

/* A single thread runs no range after one that failed. */
TEST(jobs__after_a_failed_one_are_left_out) {
  work own = {.context = context_with("threads=1"), .status = CLF_ERROR_DATA};
  own.fails[3] = true;
  for (int how = 0; how < WAYS; how++) {
    own.begun = 0;
    ck_clf_fails(run(&own, how), CLF_ERROR_DATA);
    ck_assert_int_eq(own.begun, 4);
  }
  clf_context_free(own.context);
}

static clf_status allocate_much(void *argument, clf__range range) {
  clf_context *context = argument;
  if (range.index < 2) {
    return CLF_OK;
  }
  void *block = clf__alloc(context, (size_t)(range.index + 1) << 20);
  clf__free(block);
  return block != NULL ? CLF_OK : CLF_ERROR_MEMORY;
}

/* The message says which allocation was refused, and a call around the jobs names itself. */
TEST(memory__that_a_job_lacks_is_reported_by_the_caller) {
  for (int t = 0; t < 2; t++) {
    char params[64];
    snprintf(params, sizeof params, "%s memory_limit=524288", threads[t]);
    clf_context *context = context_with(params);
    const char *subject = clf__subject_begin("subject");
    ck_clf_fails(clf__jobs_ranges(context, 8, 1, CLF__WORK_LONG, allocate_much, context),
                 CLF_ERROR_MEMORY);
    ck_clf_says("3145728 more bytes");
    clf__subject_end(subject);
    ck_clf_says("subject: ");
    ck_clf_says("3145728 more bytes");
    clf_context_free(context);
  }
}

/* Of a failing job the caller hears on its own thread, also from within another loop. */
static clf_status run_inner(void *argument, clf__range range) {
  work *own = argument;
  work inner = {.context = own->context, .status = CLF_ERROR_SHAPE};
  inner.fails[RANGES - 1 - range.index] = true;
  return run(&inner, 0);
}

TEST(jobs__in_jobs_hand_their_failure_on) {
  char message[64];
  snprintf(message, sizeof message, "range %d of %d", RANGES - 1, (int)RANGES);
  for (int t = 0; t < 2; t++) {
    work own = {.context = context_with(threads[t])};
    ck_clf_fails(clf__jobs_ranges(own.context, 4, 1, CLF__WORK_LONG, run_inner, &own),
                 CLF_ERROR_SHAPE);
    ck_assert_str_eq(clf_last_error(), message);
    clf_context_free(own.context);
  }
}

typedef struct millisecond_jobs {
  int calls;
  atomic_int done;
} millisecond_jobs;

/* The host is asked before the first job, too. */
static int32_t stop_once_one_is_done(void *user, const clf_progress *progress) {
  millisecond_jobs *own = user;
  ck_assert_str_eq(progress->stage, "jobs");
  ck_assert_int_eq(progress->steps, TOTAL);
  ck_assert_int_lt(progress->step, TOTAL);
  own->calls++;
  return atomic_load(&own->done) > 0;
}

static clf_status take_a_millisecond(void *argument, clf__range range) {
  millisecond_jobs *own = argument;
  (void)range;
  usleep(1000);
  atomic_fetch_add(&own->done, 1);
  return CLF_OK;
}

TEST(jobs__are_cancelled_by_the_callback) {
  for (int t = 0; t < 2; t++) {
    clf_context *context = context_with(threads[t]);
    millisecond_jobs own = {0};
    ck_clf_ok(clf_context_set_progress(context, stop_once_one_is_done, &own));
    const clf__progress progress = clf__progress_begin(context, "jobs", TOTAL);
    ck_clf_fails(clf__jobs_run(&progress, NULL, TOTAL, 1, CLF__WORK_LONG, take_a_millisecond, &own),
                 CLF_ERROR_CANCELLED);
    ck_clf_says("jobs: cancelled at step ");
    ck_assert_int_ge(own.calls, 2);
    ck_assert_int_lt(own.done, TOTAL);
    clf_context_free(context);
  }
}

SUITE("jobs")
