/* The communicator of a context, the words of the ranks, and the calls that they make together. */
#include "comm/comm.h"

#include <stdio.h>
#include <string.h>

#include "base/border.h"
#include "base/context.h"
#include "base/context_state.h"
#include "base/pool.h"
#include "base/structs.h"
#include "comm/comm_state.h"

enum { MAX_RANKS = 1 << 20 };

uintptr_t clf__comm_thread(void) {
  static _Thread_local char own;
  return (uintptr_t)&own;
}

/* Returns whether there are no other ranks for this thread: there is no communicator, or its call
 * of all ranks runs what each does by itself, here or in tasks. */
static bool is_alone(const clf_context *context) {
  const clf__comm *comm = context->comm;
  return comm == NULL || (atomic_load(&comm->alone) &&
                          (clf__in_task() || atomic_load(&comm->thread) == clf__comm_thread()));
}

int32_t clf__comm_ranks(const clf_context *context) {
  return is_alone(context) ? 1 : context->comm->calls.ranks;
}

int32_t clf__comm_rank(const clf_context *context) {
  return is_alone(context) ? 0 : context->comm->calls.rank;
}

bool clf__comm_running(const clf_context *context) {
  return !is_alone(context) && atomic_load(&context->comm->thread) != 0;
}

void clf__comm_alone(clf_context *context, bool alone) {
  if (context->comm != NULL) {
    atomic_store(&context->comm->alone, alone);
  }
}

static clf_status read_communicator(clf_communicator *out, const clf_communicator *given) {
  static const clf__struct about = CLF__STRUCT(clf_communicator, exchange);
  CLF__CHECK(clf__struct_read(out, &about, given));
  if (out->ranks < 1 || out->ranks > MAX_RANKS || out->rank < 0 || out->rank >= out->ranks) {
    return clf__fail(CLF_ERROR_ARGUMENT,
                     "communicator: rank %d of %d ranks; ranks must be 1 … %d, and rank 0 … ranks "
                     "- 1",
                     (int)out->rank, (int)out->ranks, (int)MAX_RANKS);
  }
  return out->all_gather != NULL && out->broadcast != NULL
             ? CLF_OK
             : clf__fail(CLF_ERROR_ARGUMENT,
                         "communicator: both all_gather and broadcast are needed");
}

clf_status clf_context_set_communicator(clf_context *context,
                                        const clf_communicator *communicator) {
  CLF__REQUIRE(context);
  CLF__ENTER("communicator");
  if (context->comm != NULL && atomic_load(&context->comm->thread) != 0) {
    return clf__fail(CLF_ERROR_ARGUMENT, "communicator: it is in use by a call of all ranks");
  }
  clf__comm *comm = NULL;
  if (communicator != NULL) {
    clf_communicator calls;
    CLF__CHECK(read_communicator(&calls, communicator));
    comm = clf__alloc_zeroed(context, 1, sizeof *comm + (size_t)calls.ranks * sizeof *comm->words);
    if (comm == NULL) {
      return CLF_ERROR_MEMORY;
    }
    comm->calls = calls;
    atomic_init(&comm->thread, 0);
    atomic_init(&comm->alone, false);
  }
  clf__free(context->comm);
  context->comm = comm;
  return CLF_OK;
}

clf_status clf__comm_called(clf__comm *comm, int32_t result, const char *callback) {
  if (result == 0) {
    return CLF_OK;
  }
  comm->broken = comm->over = true;
  if (result <= CLF_RANK_LATE && result > CLF_RANK_LATE - comm->calls.ranks) {
    return clf__fail(CLF_ERROR_PEER, "rank %d has not come to %s in time",
                     (int)(CLF_RANK_LATE - result), callback);
  }
  return clf__fail(CLF_ERROR_PEER, "the communicator's %s returned %d", callback, (int)result);
}

clf_status clf__comm_garbled(const char *callback) {
  return clf__fail(CLF_ERROR_PEER, "the communicator's %s passed on other bytes", callback);
}

/* All ranks know that rank `failed` was the first to fail; its message goes to the others. */
static clf_status raise_failure(clf__comm *comm, clf_status own, int32_t failed) {
  clf__failure failure;
  char message[CLF__MESSAGE_BYTES];
  comm->over = true;
  clf__failure_keep(&failure, own);
  memcpy(message, failure.message, sizeof message);
  const int32_t result =
      comm->calls.broadcast(comm->calls.user, message, (int64_t)sizeof message, failed);
  if (own < 0) {
    comm->broken = comm->broken || result != 0;
    return clf__failure_raise(&failure);
  }
  CLF__CHECK(clf__comm_called(comm, result, "broadcast"));
  message[sizeof message - 1] = '\0';
  return clf__fail(CLF_ERROR_PEER, "rank %d: %s", (int)failed, message);
}

/* FNV-1a by words of 8 bytes, folded so that their high bits count, in four sums side by side: a
 * multiplication waits for the one before. */
void clf__comm_seen(clf__comm *comm, const void *bytes, size_t size) {
  enum { SUMS = 4 };
  const char *from = bytes;
  uint64_t sum[SUMS] = {comm->seen, 1, 2, 3}, word[SUMS];
  for (size_t at = 0; at < size; at += sizeof word) {
    const size_t left = size - at;
    if (left < sizeof word) {
      memset(word, 0, sizeof word);
      memcpy(word, from + at, left);
    } else {
      memcpy(word, from + at, sizeof word);
    }
    for (int i = 0; i < SUMS; i++) {
      sum[i] = (sum[i] ^ word[i]) * UINT64_C(1099511628211);
      sum[i] ^= sum[i] >> 32;
    }
  }
  for (int i = 1; i < SUMS; i++) {
    sum[0] = (sum[0] ^ sum[i]) * UINT64_C(1099511628211);
  }
  comm->seen = sum[0] ^ sum[0] >> 32;
}

/* All ranks see the same words, so they all return the same. */
static clf_status raise_difference(clf__comm *comm, int32_t other) {
  const clf__comm_word *first = &comm->words[0], *second = &comm->words[other];
  const int length = CLF__WORD_NAME - 1;
  comm->over = true;
  if (first->seen != second->seen) {
    return clf__fail(CLF_ERROR_PEER,
                     "the communicator has passed on other bytes to rank 0 than to rank %d before "
                     "'%.*s'",
                     (int)other, length, first->name);
  }
  if (strncmp(first->name, second->name, CLF__WORD_NAME) == 0) {
    return clf__fail(CLF_ERROR_PEER,
                     "ranks 0 and %d differ in '%.*s': parameters and sizes must be the same on "
                     "all ranks",
                     (int)other, length, first->name);
  }
  return clf__fail(CLF_ERROR_PEER,
                   "rank 0 is in '%.*s' and rank %d in '%.*s': all ranks must call the same "
                   "functions in the same order",
                   length, first->name, (int)other, length, second->name);
}

clf_status clf__comm_meet(clf__comm *comm, clf_status status, const char *name, uint64_t agrees) {
  if (comm->over) { /* the others have ended the call, or will in the word that failed */
    return status < 0 ? status : clf__fail(CLF_ERROR_PEER, "the call of all ranks has ended");
  }
  if (comm->broken) {
    return status < 0 ? status
                      : clf__fail(CLF_ERROR_PEER,
                                  "the communicator has failed before; set it "
                                  "again when all ranks are in step");
  }
  clf__failure failure;
  clf__failure_keep(&failure, status);
  comm->mine = (clf__comm_word){.agrees = agrees, .status = status, .seen = (uint32_t)comm->seen};
  snprintf(comm->mine.name, sizeof comm->mine.name, "%s", name);
  const int32_t result = comm->calls.all_gather(comm->calls.user, &comm->mine,
                                                (int64_t)sizeof comm->mine, comm->words);
  if (result != 0) {
    const clf_status called = clf__comm_called(comm, result, "all_gather");
    return status < 0 ? clf__failure_raise(&failure) : called;
  }
  for (int32_t rank = 0; rank < comm->calls.ranks; rank++) {
    if (comm->words[rank].status < 0) {
      return raise_failure(comm, status, rank);
    }
  }
  for (int32_t rank = 1; rank < comm->calls.ranks; rank++) {
    if (comm->words[rank].agrees != comm->words[0].agrees ||
        comm->words[rank].seen != comm->words[0].seen ||
        strncmp(comm->words[rank].name, comm->words[0].name, CLF__WORD_NAME) != 0) {
      return raise_difference(comm, rank);
    }
  }
  return status;
}
