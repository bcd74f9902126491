/* Collective operations among the ranks of a communicator.
 *
 * A word goes before each: the ranks exchange their status and the place where they are (a name and
 * a number that must agree), and only if all are well and at the same place do the bytes follow. So
 * a rank that fails need not know what the others are about to exchange: it meets them in its next
 * word, at the latest that of clf__comm_end(), and the call ends on all ranks.
 *
 * Whatever may fail on one rank, such as an allocation, comes before the word. Collectives are
 * called on the thread of the public call, never in a task of the pool. */
#ifndef CLF_COMM_COMM_H
#define CLF_COMM_COMM_H

#include <stdbool.h>
#include <stdint.h>

#include <classify/comm.h>

#include "base/kinds.h"
#include "base/status.h"

/* Returns how many ranks share the context's calls; 1 without a communicator. */
int32_t clf__comm_ranks(const clf_context *context);
int32_t clf__comm_rank(const clf_context *context);
/* Returns whether several ranks run a call together now. */
bool clf__comm_running(const clf_context *context);

/* A public call that all ranks make, from clf__comm_begin() to clf__comm_end() on one thread. A
 * call within another one is a part of it. Costs nothing with one rank. */
typedef struct clf__comm_call {
  clf_context *context;
  bool outermost;
} clf__comm_call;
/* Returns CLF_ERROR_ARGUMENT if another thread is in a call of all ranks with this context. What
 * may fail on one rank comes after it, so that the others learn of it. */
clf_status clf__comm_begin(clf__comm_call *call, clf_context *context);
/* Must be called once after clf__comm_begin(), whatever that returned, before outputs change.
 * Returns `status`, or CLF_ERROR_PEER if another rank failed. */
clf_status clf__comm_end(clf__comm_call *call, clf_status status);

/* Returns CLF_ERROR_PEER unless the contexts of all ranks agree in what affects results and calls.
 * What the ranks do first together in a call asks for it. */
clf_status clf__comm_compare(clf_context *context);
/* Returns CLF_ERROR_PEER unless all ranks fit this kind with the same parameters, in contexts that
 * agree. Does nothing outside of a call of several ranks. The first of a call's exchanges. */
clf_status clf__comm_agree(clf_context *context, const clf__kind *kind, const void *values);

/* Within a call of all ranks: with `alone`, what the thread and its tasks call from now on, up to
 * clf__comm_end(), is done by each rank for itself, as if there were no others. */
void clf__comm_alone(clf_context *context, bool alone);
/* Where each rank works alone up to the end of a call, clf__comm_commit() comes once before outputs
 * change, if clf__comm_await_commit() has asked for it: it returns CLF_ERROR_PEER if another rank
 * has failed. Otherwise it does nothing. */
void clf__comm_await_commit(clf_context *context);
clf_status clf__comm_commit(const clf_context *context);
/* Returns CLF_ERROR_PEER, in the name of what it is, unless all ranks have the same number, in
 * contexts that agree. Does nothing outside of a call of several ranks. */
clf_status clf__comm_same(clf_context *context, const char *name, uint64_t number);

/* Returns the hash of more bytes, to be compared between ranks; the first `hash` is 0. */
uint64_t clf__comm_hash(uint64_t hash, const void *bytes, size_t size);

/* Adds the name of a kind and its parameters to a hash. */
clf_status clf__comm_hash_kind(uint64_t *hash, clf_context *context, const clf__kind *kind,
                               const void *values);

/* Returns CLF_ERROR_UNSUPPORTED, in the name of what the caller does, with several ranks. For what
 * needs the rows of all ranks and is not distributed. */
clf_status clf__comm_refuse(const clf_context *context, const char *what);

/* `all` receives ranks * bytes bytes. */
clf_status clf__comm_gather(clf_context *context, const char *name, const void *mine, int64_t bytes,
                            void *all);
/* Fills start [ranks + 1]: where the elements of each rank begin among those of all, of which this
 * one has `count`. Together they are at most `most`. */
clf_status clf__comm_gather_starts(clf_context *context, const char *name, int64_t count,
                                   int64_t most, int64_t *start);
/* Gives all ranks the elements of all: rank r has those at start[r] … start[r + 1] - 1 of `all`
 * [start[ranks]], of `size` bytes each, and receives the others. */
clf_status clf__comm_spread(clf_context *context, const char *name, void *all, const int64_t *start,
                            size_t size);
/* Replaces values [count] by their sums over the ranks, which are exact: the values and their sums
 * are integers below 2^53. */
clf_status clf__comm_sum_integers(clf_context *context, const char *name, double *values,
                                  int64_t count);
/* Replaces values [count] by their sums over the ranks, added in f64 in the order of the ranks. How
 * they are rounded depends on the number of ranks. */
clf_status clf__comm_sum(clf_context *context, const char *name, double *values, int64_t count);
clf_status clf__comm_sum_floats(clf_context *context, const char *name, float *values,
                                int64_t count);
/* Replaces `data` by that of rank `root`. */
clf_status clf__comm_broadcast(clf_context *context, const char *name, void *data, int64_t bytes,
                               int32_t root);
/* Returns CLF_ERROR_PEER: what this callback passed on cannot have come from a rank. What other
 * processes say is checked before it is used as a count or a position. */
clf_status clf__comm_garbled(const char *callback);
/* Replaces values [count] by their maxima over the ranks; those of -x are the minima. Returns
 * CLF_ERROR_NUMERIC on all ranks if one of them has a NaN. */
clf_status clf__comm_maxima(clf_context *context, const char *name, double *values, int64_t count);

#endif
