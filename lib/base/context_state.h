/* What a context is, for the files of base/ that do a part of its work. */
#ifndef CLF_BASE_CONTEXT_STATE_H
#define CLF_BASE_CONTEXT_STATE_H

#include <stdatomic.h>
#include <stdint.h>

#include <classify/context.h>

#include "base/account.h"
#include "base/param_rows.h"

struct clf__cpu_target;
struct clf__pool;
struct clf__comm;

typedef struct clf__context_params {
  clf__number threads;
  int64_t seed;
  clf__number memory_limit;
  int32_t cpu;
  double progress_interval; /* seconds */
  clf__number shards;
} clf__context_params;

enum { CLF__TILES_UNKNOWN, CLF__TILES_ALLOWED, CLF__TILES_REFUSED };

struct clf_context {
  atomic_int_least64_t references;
  clf__account account;
  clf__context_params params; /* own no memory */
  int32_t threads;
  uint64_t seed;
  const struct clf__cpu_target *target;
  atomic_int tiles; /* whether the process may use them; CLF__TILES_UNKNOWN until asked */
  clf_progress_callback progress;
  void *progress_user;
  clf_log_callback log;
  void *log_user;
  struct clf__pool *pool;
  atomic_int_least64_t woken; /* sleeping threads that its loops woke so far, for tests */
  struct clf__comm *comm;     /* a block of memory that the context frees; or NULL */
};

#endif
