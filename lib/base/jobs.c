/* A message belongs to the thread that set it, so the lowest failure is kept, with its message, for
 * the calling thread. It does not depend on the threads, because a range is left out only if a
 * lower one has failed. */
#include "base/jobs.h"

#include <math.h>

#include "base/progress.h"
#include "base/status.h"

typedef struct jobs {
  clf__job job;
  void *argument;
  atomic_int_least64_t *done;  /* counts the completed parts, or NULL */
  atomic_int_least64_t failed; /* lowest range that failed, or INT64_MAX */
  pthread_mutex_t lock;        /* of `failure` */
  clf__failure failure;        /* the failure of that range */
} jobs;

static void begin(jobs *own, clf__job job, void *argument) {
  own->job = job;
  own->argument = argument;
  own->done = NULL;
  atomic_init(&own->failed, INT64_MAX);
  own->lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
}

static void keep_failure(jobs *own, int64_t index, clf_status status) {
  pthread_mutex_lock(&own->lock);
  if (index < atomic_load(&own->failed)) {
    clf__failure_keep(&own->failure, status);
    atomic_store(&own->failed, index);
  }
  pthread_mutex_unlock(&own->lock);
}

static void run_job(void *argument, clf__range range) {
  jobs *own = argument;
  if (atomic_load(&own->failed) < range.index) {
    return;
  }
  clf_status status = clf__progress_check();
  if (status == CLF_OK) {
    status = own->job(own->argument, range);
  }
  if (status < 0) {
    keep_failure(own, range.index, status);
  }
  if (own->done != NULL) {
    atomic_fetch_add(own->done, range.end - range.first);
  }
}

/* `status` is the status of the loop: CLF_OK, or CLF_ERROR_CANCELLED. */
static clf_status end(const jobs *own, clf_status status) {
  const bool failed = status == CLF_OK && atomic_load(&own->failed) < INT64_MAX;
  return failed ? clf__failure_raise(&own->failure) : status;
}

clf_status clf__jobs_ranges(clf_context *context, int64_t total, int64_t grain, double work,
                            clf__job job, void *argument) {
  jobs own;
  begin(&own, job, argument);
  return end(&own, clf__progress_ranges(context, total, grain, work, run_job, &own));
}

clf_status clf__jobs_rows(clf_context *context, int64_t first, int64_t rows, int64_t grain,
                          double work, clf__job job, void *argument) {
  jobs own;
  begin(&own, job, argument);
  return end(&own, clf__progress_rows(context, first, rows, grain, work, run_job, &own));
}

clf_status clf__jobs_run(const clf__progress *progress, atomic_int_least64_t *done, int64_t total,
                         int64_t grain, double work, clf__job job, void *argument) {
  jobs own;
  atomic_int_least64_t counted;
  begin(&own, job, argument);
  if (done == NULL) {
    CLF__CHECK(clf__progress_step(progress, 0, NAN, NAN));
    atomic_init(&counted, 0);
    own.done = done = &counted;
  }
  return end(&own, clf__progress_parallel(progress, done, total, grain, work, run_job, &own));
}

typedef struct single {
  clf__job job;
  void *argument;
  int64_t total;
  clf_status status;
} single;

static void run_single(void *argument, int64_t index, int32_t worker) {
  single *own = argument;
  own->status = own->job(own->argument, (clf__range){index, 0, own->total, worker});
}

clf_status clf__jobs_alone(int64_t total, clf__job job, void *argument) {
  single own = {job, argument, total, CLF_OK};
  clf__alone(run_single, &own);
  return own.status;
}
