/* Calls that all ranks make together, and what the ranks must agree in. */
#include <stdio.h>
#include <string.h>

#include "base/checksum.h"
#include "base/context.h"
#include "base/context_state.h"
#include "comm/comm_state.h"
#include "comm/shards.h"

/* The mark that contexts with the same ranks share, or NULL. */
static atomic_int_least64_t *mark_of(const clf__comm *comm) {
  return (atomic_int_least64_t *)comm->calls.in_call;
}

/* Sets the mark. */
static clf_status take_ranks(const clf__comm *comm) {
  int_least64_t none = 0;
  return mark_of(comm) == NULL || atomic_compare_exchange_strong(mark_of(comm), &none, 1)
             ? CLF_OK
             : clf__fail(CLF_ERROR_ARGUMENT,
                         "another context with the same ranks is in a call of all ranks; one at a "
                         "time can be");
}

static void leave_ranks(clf__comm *comm) {
  if (mark_of(comm) != NULL) {
    atomic_store(mark_of(comm), 0);
  }
}

clf_status clf__comm_begin(clf__comm_call *call, clf_context *context) {
  const uintptr_t own = clf__comm_thread();
  uintptr_t holder = 0;
  *call = (clf__comm_call){context, false};
  if (clf__comm_ranks(context) == 1) {
    return CLF_OK;
  }
  call->outermost = atomic_compare_exchange_strong(&context->comm->thread, &holder, own);
  if (call->outermost) {
    const clf_status status = take_ranks(context->comm);
    if (status < 0) {
      atomic_store(&context->comm->thread, 0);
      call->outermost = false;
      return status;
    }
    context->comm->over = context->comm->commits = false;
    context->comm->seen = 0;
  }
  return call->outermost || holder == own
             ? CLF_OK
             : clf__fail(CLF_ERROR_ARGUMENT,
                         "another thread is in a call of all ranks with this context; one thread "
                         "at a time can be");
}

clf_status clf__comm_end(clf__comm_call *call, clf_status status) {
  if (!call->outermost) {
    return status;
  }
  clf__comm *comm = call->context->comm;
  if (!comm->over) {
    status = clf__comm_meet(comm, status, "the end of the call", 0);
  }
  atomic_store(&comm->alone, false);
  leave_ranks(comm);
  atomic_store(&comm->thread, 0);
  call->outermost = false;
  return status;
}

void clf__comm_await_commit(clf_context *context) {
  context->comm->commits = true;
}

clf_status clf__comm_commit(const clf_context *context) {
  clf__comm *comm = context->comm;
  if (comm == NULL || atomic_load(&comm->thread) != clf__comm_thread() || !comm->commits) {
    return CLF_OK;
  }
  comm->commits = false;
  CLF__CHECK(clf__comm_meet(comm, CLF_OK, "the results of the call", 0));
  comm->over = true; /* a rank that were lost from now on would be an error with changed outputs */
  return CLF_OK;
}

clf_status clf__comm_refuse(const clf_context *context, const char *what) {
  const int32_t ranks = clf__comm_ranks(context);
  return ranks == 1 ? CLF_OK
                    : clf__fail(CLF_ERROR_UNSUPPORTED,
                                "%s does not take the rows of %d ranks; use a context without a "
                                "communicator, on one process that has all rows",
                                what, (int)ranks);
}

uint64_t clf__comm_hash(uint64_t hash, const void *bytes, size_t size) {
  return clf__checksum(hash, bytes, size);
}

clf_status clf__comm_hash_kind(uint64_t *hash, clf_context *context, const clf__kind *kind,
                               const void *values) {
  const clf__param_table *table = &kind->params;
  size_t needed = 0;
  CLF__CHECK(clf__params_copy_text(table, values, NULL, 0, &needed));
  char *text = clf__alloc(context, needed);
  if (text == NULL) {
    return CLF_ERROR_MEMORY;
  }
  const clf_status status = clf__params_copy_text(table, values, text, needed, NULL);
  *hash = clf__comm_hash(*hash, kind->name, strlen(kind->name) + 1);
  *hash = clf__comm_hash(*hash, text, status == CLF_OK ? needed : 0);
  clf__free(text);
  return status;
}

/* What of the contexts affects results, and which callbacks the ranks call. */
clf_status clf__comm_compare(clf_context *context) {
  clf__comm *comm = context->comm;
  if (comm->compared) {
    return CLF_OK;
  }
  const clf__cpu_target *target = clf__context_target(context);
  const bool tiles = target->tiled != NULL && clf__context_has_tiles(context);
  const int64_t numbers[] = {
      (int64_t)clf__context_seed(context), clf__shards_of(context),      CLF_VERSION_NUMBER,
      comm->calls.all_sum != NULL,         comm->calls.exchange != NULL, tiles};
  uint64_t hash = clf__comm_hash(0, numbers, sizeof numbers);
  hash = clf__comm_hash(hash, target->name, strlen(target->name));
  CLF__CHECK(clf__comm_meet(comm, CLF_OK, "context: seed, shards, cpu, version, callbacks", hash));
  comm->compared = true;
  return CLF_OK;
}

clf_status clf__comm_same(clf_context *context, const char *name, uint64_t number) {
  if (!clf__comm_running(context)) {
    return CLF_OK;
  }
  CLF__CHECK(clf__comm_compare(context));
  return clf__comm_meet(context->comm, CLF_OK, name, number);
}

clf_status clf__comm_agree(clf_context *context, const clf__kind *kind, const void *values) {
  uint64_t hash = 1;
  char place[CLF__WORD_NAME];
  if (!clf__comm_running(context)) {
    return CLF_OK;
  }
  CLF__CHECK(clf__comm_hash_kind(&hash, context, kind, values));
  snprintf(place, sizeof place, "fit of %s", kind->name);
  return clf__comm_same(context, place, hash);
}
