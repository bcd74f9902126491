/* A fixed crew of threads that claim tasks from one atomic counter, the caller among them.
 *
 * One call at a time has the crew: it puts its process id into `owner`; a call that finds it taken
 * runs by itself. A worker joins a job only while the job is open, so the caller waits for those at
 * work, not for those still waking up. Waiting starts with spinning, because kernels call in quick
 * succession, and to sleep and be woken takes longer than what lies between two of them.
 *
 * A job has as many workers as its work pays for. On an AMD EPYC (Zen 4, 2 cores, virtual; measured
 * by bench_small pool) to wake a sleeper takes its caller 2.6 us, and 24 us pass until it works: a
 * loop of 40 us takes 41 us, one of 100 us takes 74 us. A worker that spins joins within 1 us: a
 * loop of 20 us takes 11 us. So work of less than WARM_WORK runs on the calling thread, work of
 * less than COLD_WORK with those that spin, and more of it wakes a sleeper for each COLD_WORK.
 *
 * After fork() the child has the parent's memory but not its threads, and perhaps a lock held by
 * one of them. So all that threads share lies in the crew, which remembers its process; the child
 * drops the parent's crew untouched, takes over an `owner` that is not itself, and starts anew. */
#include "base/pool.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "base/context.h"
#include "base/math.h"
#include "base/memory.h"

enum { SPINS = 2000 }; /* some 0.1 ms */

/* Nanoseconds. */
static const double WARM_WORK = 10e3, COLD_WORK = 60e3;

typedef struct clf__crew clf__crew;

typedef struct member {
  clf__crew *crew;
  pthread_t thread;
  int32_t worker;
} member;

struct clf__crew {
  clf__pool *pool;
  pid_t process;
  int32_t size; /* members that were started */
  member *members;
  pthread_mutex_t lock;
  pthread_cond_t wake; /* a job, or the end */
  pthread_cond_t left; /* nobody is at work */
  atomic_uint round;   /* counts jobs */
  atomic_int at_work;
  bool open; /* the job may be joined */
  bool ending;
  clf__task task;
  void *argument;
  int64_t count;
  atomic_int_least64_t next; /* task to claim */
};

struct clf__pool {
  clf_context *context;
  int32_t threads;
  _Atomic(pid_t) owner; /* process whose call has the crew; 0 for none */
  clf__crew *crew;      /* belongs to the owner */
  atomic_int spinning;  /* workers that need no waking */
  bool always;          /* all work wakes all workers, so that tests see them at it */
};

static _Thread_local bool in_task;

bool clf__in_task(void) {
  return in_task;
}

static void relax(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static void work_on(clf__crew *crew, int32_t worker) {
  int64_t index;
  in_task = true;
  while ((index = atomic_fetch_add(&crew->next, 1)) < crew->count) {
    crew->task(crew->argument, index, worker);
  }
  in_task = false;
}

/* Waits for a round after `seen` and joins its job; false at the end. */
static bool join_round(clf__crew *crew, unsigned *seen) {
  atomic_fetch_add(&crew->pool->spinning, 1);
  for (int i = 0; i < SPINS && atomic_load(&crew->round) == *seen; i++) {
    relax();
  }
  atomic_fetch_sub(&crew->pool->spinning, 1);
  pthread_mutex_lock(&crew->lock);
  while (!crew->ending && (!crew->open || atomic_load(&crew->round) == *seen)) {
    pthread_cond_wait(&crew->wake, &crew->lock);
  }
  *seen = atomic_load(&crew->round);
  bool ending = crew->ending;
  if (!ending) {
    atomic_fetch_add(&crew->at_work, 1);
  }
  pthread_mutex_unlock(&crew->lock);
  return !ending;
}

static void *worker_main(void *argument) {
  const member *self = argument;
  clf__crew *crew = self->crew;
  unsigned seen = 0;
  while (join_round(crew, &seen)) {
    work_on(crew, self->worker);
    pthread_mutex_lock(&crew->lock);
    if (atomic_fetch_sub(&crew->at_work, 1) == 1) {
      pthread_cond_signal(&crew->left);
    }
    pthread_mutex_unlock(&crew->lock);
  }
  return NULL;
}

/* Workers take no signals, but those that their own faults raise. */
static void block_signals(sigset_t *before) {
  static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS};
  sigset_t all;
  sigfillset(&all);
  for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
    sigdelset(&all, faults[i]);
  }
  pthread_sigmask(SIG_BLOCK, &all, before);
}

static void start_members(clf__crew *crew, int32_t wanted) {
  sigset_t before;
  block_signals(&before);
  while (crew->size < wanted) {
    member *next = &crew->members[crew->size];
    next->crew = crew;
    next->worker = crew->size + 1;
    if (pthread_create(&next->thread, NULL, worker_main, next) != 0) {
      break;
    }
    crew->size++;
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static clf__crew *create_crew(clf__pool *pool) {
  clf__crew *crew = clf__alloc_zeroed(pool->context, 1, sizeof *crew);
  if (crew == NULL) {
    return NULL;
  }
  crew->members = clf__alloc_zeroed(pool->context, pool->threads, sizeof *crew->members);
  if (crew->members == NULL) {
    clf__free(crew);
    return NULL;
  }
  pthread_condattr_t monotonic;
  crew->pool = pool;
  crew->process = getpid();
  atomic_store(&pool->spinning, 0); /* a parent's spin on in the parent */
  pthread_mutex_init(&crew->lock, NULL);
  pthread_cond_init(&crew->wake, NULL);
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(&crew->left, &monotonic);
  pthread_condattr_destroy(&monotonic);
  start_members(crew, pool->threads - 1);
  return crew;
}

static void end_members(clf__crew *crew) {
  pthread_mutex_lock(&crew->lock);
  crew->ending = true;
  atomic_fetch_add(&crew->round, 1);
  pthread_cond_broadcast(&crew->wake);
  pthread_mutex_unlock(&crew->lock);
  for (int32_t i = 0; i < crew->size; i++) {
    pthread_join(crew->members[i].thread, NULL);
  }
  pthread_cond_destroy(&crew->left);
  pthread_cond_destroy(&crew->wake);
  pthread_mutex_destroy(&crew->lock);
}

static void free_crew(clf__crew *crew, pid_t process) {
  if (crew == NULL) {
    return;
  }
  if (crew->process == process) {
    end_members(crew);
  }
  clf__free(crew->members);
  clf__free(crew);
}

/* The crew of this process, started when there is none; NULL without memory. */
static clf__crew *own_crew(clf__pool *pool, pid_t process) {
  if (pool->crew == NULL || pool->crew->process != process) {
    free_crew(pool->crew, process);
    pool->crew = create_crew(pool);
  }
  return pool->crew;
}

/* Those that the work pays for beside the workers that need no waking. */
static void wake_sleepers(clf__crew *crew, double work) {
  double wanted = crew->pool->always ? crew->size : work / COLD_WORK;
  if (wanted >= crew->size) {
    pthread_cond_broadcast(&crew->wake);
    return;
  }
  for (wanted -= atomic_load(&crew->pool->spinning); wanted >= 1; wanted--) {
    pthread_cond_signal(&crew->wake);
  }
}

static void open_job(clf__crew *crew, int64_t count, double work, clf__task task, void *argument) {
  pthread_mutex_lock(&crew->lock);
  crew->task = task;
  crew->argument = argument;
  crew->count = count;
  atomic_store(&crew->next, 0);
  crew->open = true;
  atomic_fetch_add(&crew->round, 1);
  wake_sleepers(crew, work);
  pthread_mutex_unlock(&crew->lock);
}

/* Until a worker leaves, or 0.1 s: the host's callback is asked that often. */
static void wait_a_while(clf__crew *crew) {
  enum { NANOSECONDS = 100 * 1000 * 1000, SECOND = 1000 * 1000 * 1000 };
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_nsec += NANOSECONDS;
  until.tv_sec += until.tv_nsec / SECOND;
  until.tv_nsec %= SECOND;
  pthread_cond_timedwait(&crew->left, &crew->lock, &until);
}

static void close_job(clf__crew *crew) {
  pthread_mutex_lock(&crew->lock);
  crew->open = false;
  pthread_mutex_unlock(&crew->lock);
  for (int i = 0; i < SPINS && atomic_load(&crew->at_work) > 0; i++) {
    relax();
  }
  if (atomic_load(&crew->at_work) > 0) {
    pthread_mutex_lock(&crew->lock);
    while (atomic_load(&crew->at_work) > 0) {
      wait_a_while(crew);
      pthread_mutex_unlock(&crew->lock);
      clf__progress_poll();
      pthread_mutex_lock(&crew->lock);
    }
    pthread_mutex_unlock(&crew->lock);
  }
}

static void run_alone(int64_t count, clf__task task, void *argument) {
  bool before = in_task;
  in_task = true;
  for (int64_t index = 0; index < count; index++) {
    task(argument, index, 0);
  }
  in_task = before;
}

void clf__alone(clf__task task, void *argument) {
  run_alone(1, task, argument);
}

/* Sets *process, which takes a system call. */
static bool claim(clf__pool *pool, pid_t *process) {
  pid_t owner = atomic_load(&pool->owner);
  *process = getpid();
  return owner != *process && atomic_compare_exchange_strong(&pool->owner, &owner, *process);
}

static bool pays(const clf__pool *pool, double work) {
  return work >= COLD_WORK || pool->always ||
         (work >= WARM_WORK && atomic_load(&pool->spinning) > 0);
}

int32_t clf__workers(const clf_context *context, double work) {
  const clf__pool *pool = clf__context_pool(context);
  return in_task || (work < WARM_WORK && !pool->always) ? 1 : pool->threads;
}

void clf__parallel(clf_context *context, int64_t count, double work, clf__task task,
                   void *argument) {
  clf__pool *pool = clf__context_pool(context);
  pid_t process;
  if (count <= 0) {
    return;
  }
  if (count == 1) {
    task(argument, 0, 0); /* not as a task, so that it may use the pool itself */
  } else if (in_task || pool->threads < 2 || !pays(pool, work) || !claim(pool, &process)) {
    run_alone(count, task, argument);
  } else {
    clf__crew *crew = own_crew(pool, process);
    if (crew == NULL || crew->size == 0) {
      run_alone(count, task, argument);
    } else {
      open_job(crew, count, work, task, argument);
      work_on(crew, 0);
      close_job(crew);
    }
    atomic_store(&pool->owner, 0);
  }
}

typedef struct ranges {
  int64_t total, grain;
  clf__range_task task;
  void *argument;
} ranges;

static void range_task(void *argument, int64_t index, int32_t worker) {
  const ranges *r = argument;
  const int64_t first = index * r->grain;
  r->task(r->argument, first, clf__min_i64(first + r->grain, r->total), worker);
}

void clf__parallel_ranges(clf_context *context, int64_t total, int64_t grain, double work,
                          clf__range_task task, void *argument) {
  ranges r = {total, grain, task, argument};
  clf__parallel(context, clf__ceil_div(total, grain), work, range_task, &r);
}

clf__pool *clf__pool_create(clf_context *context, int32_t threads) {
  clf__pool *pool = clf__alloc_zeroed(context, 1, sizeof *pool);
  if (pool != NULL) {
    pool->context = context;
    const char *wake = getenv("CLASSIFY_WAKE");
    pool->threads = threads;
    pool->always = wake != NULL && strcmp(wake, "always") == 0;
  }
  return pool;
}

void clf__pool_free(clf__pool *pool) {
  if (pool != NULL) {
    free_crew(pool->crew, getpid());
    clf__free(pool);
  }
}
