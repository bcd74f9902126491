/* A fixed team of worker threads. They, and the caller, claim tasks from one atomic counter.
 *
 * Only one call at a time uses the team: it writes its process id to `owner`. A call that finds the
 * team in use runs all tasks itself. A worker joins a job only while the job is open, so the caller
 * waits only for workers that have joined, not for those that are still waking up. A waiting thread
 * spins at first, because kernels run in quick succession, and sleeping and waking take longer than
 * the gaps between them.
 *
 * The number of workers depends on the amount of work. On an AMD EPYC (Zen 4, 2 cores, virtual;
 * measured by bench_small pool), waking a sleeping worker takes the caller 2.6 us, and the worker
 * begins 24 us later: a loop of 40 us then takes 41 us, and one of 100 us takes 74 us. A spinning
 * worker joins within 1 us: a loop of 20 us takes 11 us. What the other core has written is read
 * at some 10 ns for each line of the cache, which the caller pays after the loop: 10 us for 64 KB.
 * So work of less than WARM_WORK runs on the calling thread, work of less than COLD_WORK uses only
 * spinning workers, and more work wakes one sleeping worker for each COLD_WORK, but no more than
 * there are tasks for. Many loops that would use a spinning worker are worth waking one: it is
 * woken when those that ran without it come to MISSED_WORK, so that waking costs little of them
 * even if each would find it asleep again.
 *
 * On a host with other busy threads, a worker may lose its core in the middle of a task, and the
 * caller waits until it is given one again, some milliseconds later. After a wait that was longer
 * than the loop, a growing number of loops that are shorter than such a wait runs on the calling
 * thread alone; each loop without a wait halves that number.
 *
 * After fork() the child has the parent's memory but not its threads, and perhaps a lock that one
 * of them held. So all shared state is in the team, which remembers its process. The child abandons
 * the parent's team without touching it, takes over an `owner` of another process, and starts a
 * team of its own. */
#include "base/pool.h"

#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "base/context_state.h"
#include "base/math.h"
#include "base/memory.h"
#include "base/workspace.h"

enum { SPINS = 2000 }; /* about 0.1 ms */

/* Nanoseconds. */
static const double WARM_WORK = 20e3, COLD_WORK = 150e3, LONG_WORK = 3e6, STALL = 1e6;
enum { MIN_ALONE = 4, MAX_ALONE = 256 }; /* loops after a wait */
static const int64_t MISSED_WORK = 300000;

typedef struct clf__team clf__team;

typedef struct team_worker {
  clf__team *team;
  pthread_t thread;
  int32_t number;
} team_worker;

struct clf__team {
  clf__pool *pool;
  pid_t process;
  int32_t size; /* workers that were started */
  team_worker *workers;
  pthread_mutex_t lock;
  pthread_cond_t wake; /* signaled for a job, or for the end */
  pthread_cond_t left; /* signaled when no worker is at work */
  atomic_uint round;   /* counts jobs */
  atomic_int at_work;
  bool open; /* workers may join the job */
  bool ending;
  clf__task task;
  void *argument;
  int64_t count;
  atomic_int_least64_t next; /* task to claim */
};

struct clf__pool {
  clf_context *context;
  int32_t threads;
  void (*idle)(void);
  _Atomic(pid_t) owner;        /* process whose call uses the team; 0 for none */
  clf__team *team;             /* belongs to the owner */
  atomic_int spinning;         /* workers that spin, and need no waking */
  bool always;                 /* wake all workers for any work, for tests */
  atomic_int alone;            /* loops that run on the calling thread from now on */
  int penalty;                 /* how many they were after the last wait; belongs to the owner */
  atomic_int_least64_t missed; /* ns of loops that a spinning worker would have shared */
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

static void work_on(clf__team *team, int32_t worker) {
  int64_t index;
  in_task = true;
  while ((index = atomic_fetch_add(&team->next, 1)) < team->count) {
    team->task(team->argument, index, worker);
  }
  in_task = false;
}

static void spin_for_round(clf__team *team, unsigned seen) {
  atomic_fetch_add(&team->pool->spinning, 1);
  for (int i = 0; i < SPINS && atomic_load(&team->round) == seen; i++) {
    relax();
  }
  atomic_fetch_sub(&team->pool->spinning, 1);
}

/* Waits for a round after `seen` and joins its job; returns false at the end. A worker that wakes
 * up too late for a job spins for the next one, which often follows soon. */
static bool join_round(clf__team *team, unsigned *seen) {
  bool joined = false, ending = false;
  while (!joined && !ending) {
    spin_for_round(team, *seen);
    pthread_mutex_lock(&team->lock);
    while (atomic_load(&team->round) == *seen) {
      pthread_cond_wait(&team->wake, &team->lock);
    }
    *seen = atomic_load(&team->round);
    ending = team->ending;
    joined = team->open && !ending;
    atomic_fetch_add(&team->at_work, joined);
    pthread_mutex_unlock(&team->lock);
  }
  return joined;
}

static void *worker_main(void *argument) {
  const team_worker *self = argument;
  clf__team *team = self->team;
  unsigned seen = 0;
  while (join_round(team, &seen)) {
    work_on(team, self->number);
    pthread_mutex_lock(&team->lock);
    if (atomic_fetch_sub(&team->at_work, 1) == 1) {
      pthread_cond_signal(&team->left);
    }
    pthread_mutex_unlock(&team->lock);
  }
  return NULL;
}

/* Workers block all signals except those that their own faults raise. */
static void block_signals(sigset_t *before) {
  static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS};
  sigset_t all;
  sigfillset(&all);
  for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
    sigdelset(&all, faults[i]);
  }
  pthread_sigmask(SIG_BLOCK, &all, before);
}

static void start_workers(clf__team *team, int32_t wanted) {
  sigset_t before;
  block_signals(&before);
  while (team->size < wanted) {
    team_worker *next = &team->workers[team->size];
    next->team = team;
    next->number = team->size + 1;
    if (pthread_create(&next->thread, NULL, worker_main, next) != 0) {
      break;
    }
    team->size++;
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static clf__team *create_team(clf__pool *pool) {
  clf__team *team = clf__alloc_zeroed(pool->context, 1, sizeof *team);
  if (team == NULL) {
    return NULL;
  }
  team->workers = clf__alloc_zeroed(pool->context, pool->threads, sizeof *team->workers);
  if (team->workers == NULL) {
    clf__free(team);
    return NULL;
  }
  pthread_condattr_t monotonic;
  team->pool = pool;
  team->process = getpid();
  atomic_store(&pool->spinning, 0); /* those that spin do so in the parent */
  pthread_mutex_init(&team->lock, NULL);
  pthread_cond_init(&team->wake, NULL);
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(&team->left, &monotonic);
  pthread_condattr_destroy(&monotonic);
  start_workers(team, pool->threads - 1);
  return team;
}

static void end_workers(clf__team *team) {
  pthread_mutex_lock(&team->lock);
  team->ending = true;
  atomic_fetch_add(&team->round, 1);
  pthread_cond_broadcast(&team->wake);
  pthread_mutex_unlock(&team->lock);
  for (int32_t i = 0; i < team->size; i++) {
    pthread_join(team->workers[i].thread, NULL);
  }
  pthread_cond_destroy(&team->left);
  pthread_cond_destroy(&team->wake);
  pthread_mutex_destroy(&team->lock);
}

static void free_team(clf__team *team, pid_t process) {
  if (team == NULL) {
    return;
  }
  if (team->process == process) {
    end_workers(team);
  }
  clf__free(team->workers);
  clf__free(team);
}

/* Returns the team of this process, and starts it if there is none; NULL if memory runs out. */
static clf__team *own_team(clf__pool *pool, pid_t process) {
  if (pool->team == NULL || pool->team->process != process) {
    free_team(pool->team, process);
    clf__workspace *paused = clf__workspace_pause(); /* the team outlives the call */
    pool->team = create_team(pool);
    clf__workspace_resume(paused);
  }
  return pool->team;
}

/* Wakes as many sleeping workers as the work pays for, in addition to those that spin. The lock is
 * not held, so that no worker wakes up only to wait for it. */
static void wake_sleepers(clf__team *team, int64_t count, double work) {
  clf__pool *pool = team->pool;
  const int64_t paid = pool->always ? team->size : (int64_t)fmin(work / COLD_WORK, team->size);
  const int64_t missed = atomic_exchange(&pool->missed, 0);
  const int64_t wanted = clf__min_i64(count - 1, paid > 0 ? paid : missed >= MISSED_WORK);
  const int64_t asleep = wanted - atomic_load(&pool->spinning);
  if (wanted == team->size && asleep > 0) {
    pthread_cond_broadcast(&team->wake);
  }
  for (int64_t i = 0; wanted < team->size && i < asleep; i++) {
    pthread_cond_signal(&team->wake);
  }
  atomic_fetch_add(&pool->context->woken, clf__max_i64(asleep, 0));
}

static void open_job(clf__team *team, int64_t count, double work, clf__task task, void *argument) {
  pthread_mutex_lock(&team->lock);
  team->task = task;
  team->argument = argument;
  team->count = count;
  atomic_store(&team->next, 0);
  team->open = true;
  atomic_fetch_add(&team->round, 1);
  pthread_mutex_unlock(&team->lock);
  wake_sleepers(team, count, work);
}

/* Waits until a worker leaves, or for 0.1 s, since the host's callback is asked that often. */
static void wait_a_while(clf__team *team) {
  enum { NANOSECONDS = 100 * 1000 * 1000, SECOND = 1000 * 1000 * 1000 };
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_nsec += NANOSECONDS;
  until.tv_sec += until.tv_nsec / SECOND;
  until.tv_nsec %= SECOND;
  pthread_cond_timedwait(&team->left, &team->lock, &until);
}

static double nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return 1e9 * (double)now.tv_sec + (double)now.tv_nsec;
}

/* Waits for the workers without spinning. Returns the nanoseconds that it took. */
static double wait_for_workers(clf__team *team) {
  const double began = nanoseconds();
  pthread_mutex_lock(&team->lock);
  while (atomic_load(&team->at_work) > 0) {
    wait_a_while(team);
    pthread_mutex_unlock(&team->lock);
    team->pool->idle();
    pthread_mutex_lock(&team->lock);
  }
  pthread_mutex_unlock(&team->lock);
  return nanoseconds() - began;
}

static void close_job(clf__team *team, double work) {
  clf__pool *pool = team->pool;
  double waited = 0;
  pthread_mutex_lock(&team->lock);
  team->open = false;
  pthread_mutex_unlock(&team->lock);
  for (int i = 0; i < SPINS && atomic_load(&team->at_work) > 0; i++) {
    relax();
  }
  if (atomic_load(&team->at_work) > 0) {
    waited = wait_for_workers(team);
  }
  if (work < LONG_WORK && waited > STALL + 2 * work) {
    pool->penalty = (int)clf__clamp_i64(2 * pool->penalty, MIN_ALONE, MAX_ALONE);
    atomic_store(&pool->alone, pool->penalty);
  } else {
    pool->penalty /= 2;
  }
}

bool clf__alone_begin(void) {
  const bool before = in_task;
  in_task = true;
  return before;
}

void clf__alone_end(bool before) {
  in_task = before;
}

/* Not inlined: profiles count it as what other threads could share (tests/bench/serial.py). */
static __attribute__((noinline)) void run_alone(int64_t count, clf__task task, void *argument) {
  const bool before = clf__alone_begin();
  for (int64_t index = 0; index < count; index++) {
    task(argument, index, 0);
  }
  clf__alone_end(before);
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

/* Returns whether other workers should take part, and counts what they miss. */
static bool pays(clf__pool *pool, double work) {
  if (work < WARM_WORK || pool->always) {
    return pool->always;
  }
  if (work < LONG_WORK && atomic_load(&pool->alone) > 0) {
    atomic_fetch_sub(&pool->alone, 1);
    return false;
  }
  if (work >= COLD_WORK) {
    return true;
  }
  return atomic_load(&pool->spinning) > 0 ||
         atomic_fetch_add(&pool->missed, (int64_t)work) >= MISSED_WORK;
}

int32_t clf__workers(const clf_context *context, double work) {
  const clf__pool *pool = context->pool;
  return in_task || (work < WARM_WORK && !pool->always) ? 1 : pool->threads;
}

void clf__parallel(clf_context *context, int64_t count, double work, clf__task task,
                   void *argument) {
  clf__pool *pool = context->pool;
  pid_t process;
  if (count <= 0) {
    return;
  }
  if (count == 1) {
    task(argument, 0, 0); /* not run as a task, so that it may use the pool itself */
  } else if (in_task || pool->threads < 2 || !pays(pool, work) || !claim(pool, &process)) {
    run_alone(count, task, argument);
  } else {
    clf__team *team = own_team(pool, process);
    if (team == NULL || team->size == 0) {
      run_alone(count, task, argument);
    } else {
      open_job(team, count, work, task, argument);
      work_on(team, 0);
      close_job(team, work);
    }
    atomic_store(&pool->owner, 0);
  }
}

clf__pool *clf__pool_create(clf_context *context, int32_t threads, void (*idle)(void)) {
  clf__pool *pool = clf__alloc_zeroed(context, 1, sizeof *pool);
  if (pool != NULL) {
    pool->context = context;
    const char *wake = getenv("CLASSIFY_WAKE");
    pool->threads = threads;
    pool->idle = idle;
    pool->always = wake != NULL && strcmp(wake, "always") == 0;
  }
  return pool;
}

void clf__pool_free(clf__pool *pool) {
  if (pool != NULL) {
    free_team(pool->team, getpid());
    clf__free(pool);
  }
}
