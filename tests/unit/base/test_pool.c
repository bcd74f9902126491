#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/context.h"
#include "base/context_state.h"
#include "base/pool.h"
#include "support.h"

enum { TASKS = 1000 };

typedef struct tally {
  clf_context *context;
  atomic_int done[TASKS];
  atomic_int strays; /* worker out of range, or not in a task */
  atomic_int workers[64];
} tally;

static void count_task(void *argument, int64_t index, int32_t worker) {
  tally *counts = argument;
  atomic_fetch_add(&counts->done[index], 1);
  bool stray = worker < 0 || worker >= clf__context_threads(counts->context) || !clf__in_task();
  atomic_fetch_add(&counts->strays, stray);
  atomic_fetch_add(&counts->workers[worker & 63], 1);
}

static void assert_each_once(tally *counts, int64_t count) {
  for (int64_t i = 0; i < TASKS; i++) {
    ck_assert_int_eq(atomic_load(&counts->done[i]), i < count);
  }
  ck_assert_int_eq(atomic_load(&counts->strays), 0);
}

static void run_and_check(clf_context *context, int64_t count) {
  tally counts = {.context = context};
  clf__parallel(context, count, CLF__WORK_LONG, count_task, &counts);
  assert_each_once(&counts, count);
}

TEST(parallel__runs_every_task_once) {
  static const char *const params[] = {"threads=1", "threads=2", "threads=16"};
  for (int i = 0; i < 3; i++) {
    clf_context *context = context_with(params[i]);
    for (int round = 0; round < 200; round++) {
      run_and_check(context, 2 + round * 4);
    }
    run_and_check(context, TASKS);
    ck_assert(!clf__in_task());
    clf_context_free(context);
  }
}

/* Ranges begin at multiples of the grain, and only the last is shorter. */
enum { GRAIN = 7 };

static void count_range(void *argument, clf__range range) {
  tally *counts = argument;
  bool stray = range.first % GRAIN != 0 || range.end <= range.first ||
               range.end - range.first > GRAIN || range.worker < 0;
  atomic_fetch_add(&counts->strays, stray);
  atomic_fetch_add(&counts->workers[0], 1);
  for (int64_t i = range.first; i < range.end; i++) {
    atomic_fetch_add(&counts->done[i], 1);
  }
}

TEST(parallel_ranges__cover_everything_once) {
  clf_context *context = context_with("threads=4");
  for (int64_t total = 0; total <= TASKS; total += total < 3 * GRAIN ? 1 : 41) {
    tally counts = {.context = context};
    clf__parallel_ranges(context, total, GRAIN, CLF__WORK_LONG, count_range, &counts);
    assert_each_once(&counts, total);
    ck_assert_int_eq(atomic_load(&counts.workers[0]), (total + GRAIN - 1) / GRAIN);
  }
  clf_context_free(context);
}

static void mark_task(void *argument, int64_t index, int32_t worker) {
  int *mark = argument;
  *mark = index == 0 && worker == 0 && !clf__in_task() ? 1 : -1;
}

TEST(no_task_or_one__is_called_directly) {
  clf_context *context = context_with("threads=4");
  uint64_t held = clf_context_memory(context);
  int mark = 0;
  clf__parallel(context, 0, CLF__WORK_LONG, mark_task, &mark);
  ck_assert_int_eq(mark, 0);
  clf__parallel(context, 1, CLF__WORK_LONG, mark_task, &mark);
  ck_assert_int_eq(mark, 1);
  ck_assert_uint_eq(clf_context_memory(context), held); /* no thread was started for it */
  clf_context_free(context);
}

static void meet_task(void *argument, int64_t index, int32_t worker) {
  (void)index;
  (void)worker;
  pthread_barrier_wait(argument);
}

/* Four tasks that wait for each other end only when four threads run them. */
TEST(tasks__run_at_the_same_time) {
  clf_context *context = context_with("threads=4");
  pthread_barrier_t barrier;
  pthread_barrier_init(&barrier, NULL, 4);
  for (int round = 0; round < 50; round++) {
    clf__parallel(context, 4, CLF__WORK_LONG, meet_task, &barrier);
  }
  pthread_barrier_destroy(&barrier);
  clf_context_free(context);
}

static void nesting_task(void *argument, int64_t index, int32_t worker) {
  tally *counts = argument;
  tally inner = {.context = counts->context};
  clf__parallel(counts->context, 10, CLF__WORK_LONG, count_task, &inner);
  atomic_fetch_add(&counts->strays, atomic_load(&inner.workers[0]) != 10);
  count_task(argument, index, worker);
}

TEST(nested_call__runs_on_its_caller_as_worker_0) {
  clf_context *context = context_with("threads=4");
  tally counts = {.context = context};
  clf__parallel(context, 100, CLF__WORK_LONG, nesting_task, &counts);
  assert_each_once(&counts, 100);
  clf_context_free(context);
}

static void *call_often(void *argument) {
  for (int round = 0; round < 100; round++) {
    tally counts = {.context = argument};
    clf__parallel(argument, 50, CLF__WORK_LONG, count_task, &counts);
    for (int i = 0; i < 50; i++) {
      if (atomic_load(&counts.done[i]) != 1) {
        return argument;
      }
    }
  }
  return NULL;
}

TEST(one_context__serves_16_threads_at_once) {
  clf_context *context = context_with("threads=4");
  pthread_t threads[16];
  for (int i = 0; i < 16; i++) {
    ck_assert_int_eq(pthread_create(&threads[i], NULL, call_often, context), 0);
  }
  for (int i = 0; i < 16; i++) {
    void *failed;
    pthread_join(threads[i], &failed);
    ck_assert_ptr_null(failed);
  }
  clf_context_free(context);
}

#if FORK_WITH_THREADS
/* Returns the exit status of a child that runs `act` on the context. */
static int in_child(void (*act)(clf_context *), clf_context *context) {
  int status;
  pid_t child = fork();
  ck_assert_int_ge(child, 0);
  if (child == 0) {
    alarm(20);
    act(context);
    _exit(0);
  }
  ck_assert_int_eq(waitpid(child, &status, 0), child);
  return status;
}

static void use_in_child(clf_context *context) {
  pthread_barrier_t barrier;
  pthread_barrier_init(&barrier, NULL, 4);
  clf__parallel(context, 4, CLF__WORK_LONG, meet_task, &barrier);
  if (in_child(clf_context_free, context) != 0) {
    _exit(1);
  }
  clf_context_free(context);
}

TEST(forked_child__starts_its_own_threads) {
  clf_context *context = context_with("threads=4");
  run_and_check(context, 100);
  for (int i = 0; i < 20; i++) {
    ck_assert_int_eq(in_child(use_in_child, context), 0);
  }
  run_and_check(context, 100);
  clf_context_free(context);
}

static void *call_until_told(void *argument) {
  tally *counts = argument;
  while (atomic_load(&counts->strays) == 0) {
    clf__parallel(counts->context, 8, CLF__WORK_LONG, count_task, counts);
  }
  return NULL;
}

/* The pool is at work, its lock perhaps held, when the process forks. */
TEST(fork_during_a_call__leaves_the_child_a_working_pool) {
  clf_context *context = context_with("threads=4");
  tally counts = {.context = context};
  pthread_t caller;
  ck_assert_int_eq(pthread_create(&caller, NULL, call_until_told, &counts), 0);
  for (int i = 0; i < 50; i++) {
    ck_assert_int_eq(in_child(use_in_child, context), 0);
  }
  atomic_store(&counts.strays, 1);
  pthread_join(caller, NULL);
  clf_context_free(context);
}

static void without_threads(clf_context *context) {
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_NPROC, &none);
  if (setuid(65534) != 0) {
    _exit(0);
  }
  tally counts = {.context = context};
  clf__parallel(context, 100, CLF__WORK_LONG, count_task, &counts);
  for (int i = 0; i < 100; i++) {
    if (atomic_load(&counts.done[i]) != 1) {
      _exit(1);
    }
  }
  if (atomic_load(&counts.workers[0]) != 100) {
    _exit(2);
  }
}

TEST(threads_that_cannot_be_started__are_done_without) {
  clf_context *context = context_with("threads=4");
  ck_assert_int_eq(in_child(without_threads, context), 0);
  clf_context_free(context);
}
#endif

static atomic_int signalled_in_worker;

static void on_signal(int number) {
  (void)number;
  atomic_fetch_add(&signalled_in_worker, clf__in_task());
}

static void signal_task(void *argument, int64_t index, int32_t worker) {
  meet_task(argument, index, worker);
  if (worker != 0) {
    kill(getpid(), SIGUSR1);
  }
}

/* The caller blocks the signal too, so a worker that did not would have to take it. */
TEST(workers__take_no_signals) {
  clf_context *context = context_with("threads=4");
  struct sigaction action = {.sa_handler = on_signal};
  sigset_t set;
  sigaction(SIGUSR1, &action, NULL);
  run_and_check(context, 10);
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &set, NULL);
  pthread_barrier_t barrier;
  pthread_barrier_init(&barrier, NULL, 4);
  for (int round = 0; round < 100; round++) {
    clf__parallel(context, 4, CLF__WORK_LONG, signal_task, &barrier);
  }
  pthread_barrier_destroy(&barrier);
  ck_assert_int_eq(atomic_load(&signalled_in_worker), 0);
  clf_context_free(context);
  sigpending(&set);
  ck_assert(sigismember(&set, SIGUSR1));
  action.sa_handler = SIG_IGN;
  sigaction(SIGUSR1, &action, NULL);
}

static int64_t threads_of_process(void) {
  DIR *folder = opendir("/proc/self/task");
  int64_t count = 0;
  ck_assert_ptr_nonnull(folder);
  for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
    count += entry->d_name[0] != '.';
  }
  closedir(folder);
  return count;
}

/* Work that does not pay for waking a thread starts none. */
TEST(small_work__stays_on_its_thread) {
  unsetenv("CLASSIFY_WAKE");
  const int64_t before = threads_of_process(); /* a sanitizer may have one of its own */
  clf_context *context = context_with("threads=4");
  tally counts = {.context = context};
  for (int round = 0; round < 10; round++) {
    clf__parallel(context, TASKS, 1000, count_task, &counts);
  }
  ck_assert_int_eq(atomic_load(&counts.workers[0]), 10 * TASKS);
  ck_assert_int_eq(atomic_load(&counts.strays), 0);
  ck_assert_int_eq(threads_of_process(), before);
  ck_assert_int_eq(clf__workers(context, 1000), 1);
  ck_assert_int_eq(clf__workers(context, CLF__WORK_LONG), 4);
  clf__parallel(context, TASKS, CLF__WORK_LONG, count_task, &counts);
  ck_assert_int_ge(threads_of_process(), before + 3);
  clf_context_free(context);
}

/* Fits of few rows, and their predictions, are such work, whatever the kind. */
static const char *const few_rows[][2] = {
    {"ridge", ""},
    {"fisher", ""},
    {"fisher", "shrinkage=auto"},
    {"perceptron", ""},
    {"logistic", ""},
    {"logistic", "penalty=l1"},
    {"svm", "kernel=linear"},
    {"svm", "kernel=rbf"},
    {"perceptron", "kernel=rbf"},
    {"fisher", "kernel=rbf"},
    {"network", "epochs=2 layers='dense units=8 activation=tanh; dense units=3'"},
};

TEST_LOOP(fits_of_few_rows__start_no_thread, 0, (int)(sizeof few_rows / sizeof few_rows[0])) {
  enum { ROWS = 50, COLUMNS = 4 };
  float x[ROWS * COLUMNS];
  int32_t y[ROWS], labels[ROWS];
  unsetenv("CLASSIFY_WAKE");
  fill_clouds(x, y, ROWS, COLUMNS, 3);
  const int64_t before = threads_of_process();
  clf_context *context = context_with("threads=4");
  clf_dataset *data = dataset_of(context, x, CLF_F32, ROWS, COLUMNS, y);
  clf_model *model = NULL;
  ck_clf_ok(clf_model_create(&model, context, few_rows[_i][0], few_rows[_i][1]));
  ck_clf_ok(clf_model_add_transform(model, "standardize", NULL));
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  ck_clf_ok(clf_model_predict(model, data, labels, ROWS));
  ck_assert_int_eq(threads_of_process(), before);
  clf_model_free(model);
  clf_dataset_free(data);
  clf_context_free(context);
}

/* Returns the sum of the numbers of this process's threads, which changes if one ends or starts. */
static int64_t thread_numbers(void) {
  DIR *folder = opendir("/proc/self/task");
  int64_t sum = 0;
  ck_assert_ptr_nonnull(folder);
  for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
    sum += strtoll(entry->d_name, NULL, 10);
  }
  closedir(folder);
  return sum;
}

/* Threads that were started once stay, and fits of few rows leave them asleep. */
TEST(a_thousand_small_fits__start_and_wake_no_thread) {
  enum { ROWS = 50, COLUMNS = 4, FITS = 1000 };
  float x[ROWS * COLUMNS];
  int32_t y[ROWS];
  unsetenv("CLASSIFY_WAKE");
  fill_clouds(x, y, ROWS, COLUMNS, 3);
  clf_context *context = context_with("threads=4");
  run_and_check(context, 100);
  const int64_t woken = atomic_load(&context->woken), threads = thread_numbers();
  clf_dataset *data = dataset_of(context, x, CLF_F32, ROWS, COLUMNS, y);
  for (int i = 0; i < FITS; i++) {
    clf_model *model = NULL;
    ck_clf_ok(clf_model_create(&model, context, few_rows[i % 2][0], few_rows[i % 2][1]));
    ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
    clf_model_free(model);
  }
  ck_assert_int_eq(atomic_load(&context->woken), woken);
  for (int i = 0; i < 100; i++) {
    run_and_check(context, 100);
  }
  ck_assert_int_eq(thread_numbers(), threads);
  clf_dataset_free(data);
  clf_context_free(context);
}

TEST(sleeping_threads__are_woken_for_as_many_tasks_as_there_are) {
  unsetenv("CLASSIFY_WAKE");
  clf_context *context = context_with("threads=4");
  run_and_check(context, 100);
  usleep(20000); /* long enough for all to sleep */
  const int64_t before = atomic_load(&context->woken);
  run_and_check(context, 2);
  ck_assert_int_le(atomic_load(&context->woken) - before, 1);
  clf_context_free(context);
}

/* One loop of 60 us does not pay for waking a thread, but many of them do. */
static int64_t woken_by_small_loops(void) {
  clf_context *context = context_with("threads=2");
  tally counts = {.context = context};
  for (int i = 0; i < 5; i++) {
    clf__parallel(context, 10, 60e3, count_task, &counts);
  }
  ck_assert_int_eq(atomic_load(&context->woken), 0);
  for (int i = 0; i < 5; i++) {
    clf__parallel(context, 10, 60e3, count_task, &counts);
  }
  for (int i = 0; i < 10; i++) {
    ck_assert_int_eq(atomic_load(&counts.done[i]), 10);
  }
  const int64_t woken = atomic_load(&context->woken);
  clf_context_free(context);
  return woken;
}

TEST(loops_that_are_too_small__together_pay_for_a_thread) {
  int64_t woken = 0;
  unsetenv("CLASSIFY_WAKE");
  for (int i = 0; i < 100 && woken == 0; i++) { /* a thread that began at once is not woken */
    woken = woken_by_small_loops();
  }
  ck_assert_int_eq(woken, 1);
}

static atomic_bool caller_waits;

static void note_wait(void) {
  atomic_store(&caller_waits, true);
}

/* The worker is away in the middle of its task until the caller has waited for long, as on a host
 * that gives its core to another process. */
static void away_task(void *argument, int64_t index, int32_t worker) {
  meet_task(argument, index, worker);
  while (worker != 0 && !atomic_load(&caller_waits)) {
    usleep(1000);
  }
}

TEST(short_loops__run_alone_after_a_long_wait_for_a_thread) {
  unsetenv("CLASSIFY_WAKE");
  clf_context *context = context_with("threads=2");
  clf__pool_free(context->pool);
  context->pool = clf__pool_create(context, 2, note_wait);
  pthread_barrier_t barrier;
  pthread_barrier_init(&barrier, NULL, 2);
  clf__parallel(context, 2, 200e3, away_task, &barrier);
  for (int i = 0; i < 4; i++) {
    tally counts = {.context = context};
    clf__parallel(context, TASKS, 200e3, count_task, &counts);
    assert_each_once(&counts, TASKS);
    ck_assert_int_eq(atomic_load(&counts.workers[0]), TASKS);
  }
  clf__parallel(context, 2, 200e3, meet_task, &barrier); /* both threads again */
  pthread_barrier_destroy(&barrier);
  clf_context_free(context);
}

SUITE("pool")
