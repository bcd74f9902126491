/* Collectives on bytes and numbers. Numbers are exchanged a block at a time, so that the memory for
 * them does not grow with their count. */
#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/context_state.h"
#include "base/math.h"
#include "comm/comm_state.h"

enum { BLOCK_VALUES = 1 << 17 /* of all ranks together */ };

clf_status clf__comm_gather(clf_context *context, const char *name, const void *mine, int64_t bytes,
                            void *all) {
  clf__comm *comm = context->comm;
  CLF__CHECK(clf__comm_meet(comm, CLF_OK, name, (uint64_t)bytes));
  CLF__CHECK(clf__comm_called(comm, comm->calls.all_gather(comm->calls.user, mine, bytes, all),
                              "all_gather"));
  clf__comm_seen(comm, all, (size_t)(bytes * comm->calls.ranks));
  const char *own = (const char *)all + comm->calls.rank * bytes;
  return memcmp(own, mine, (size_t)bytes) == 0 ? CLF_OK : clf__comm_garbled("all_gather");
}

clf_status clf__comm_gather_starts(clf_context *context, const char *name, int64_t count,
                                   int64_t most, int64_t *start) {
  const int32_t ranks = context->comm->calls.ranks;
  start[0] = 0;
  CLF__CHECK(clf__comm_gather(context, name, &count, (int64_t)sizeof count, start + 1));
  for (int32_t rank = 0; rank < ranks; rank++) {
    if (start[rank + 1] < 0 || start[rank + 1] > most - start[rank]) {
      return clf__comm_garbled("all_gather");
    }
    start[rank + 1] += start[rank];
  }
  return CLF_OK;
}

/* By one message of each rank, of the `most` elements that one of them has. */
static clf_status spread_padded(clf_context *context, const char *name, char *all,
                                const int64_t *start, int64_t size, int64_t most) {
  const int32_t ranks = context->comm->calls.ranks, own = context->comm->calls.rank;
  const int64_t bytes = most * size;
  clf__arena arena = {.context = context};
  char *mine = clf__arena_zeroed(&arena, bytes, 1),
       *padded = clf__arena_matrix(&arena, ranks, bytes, 1);
  clf_status status = CLF_OK;
  CLF__TRY(clf__arena_status(&arena));
  memcpy(mine, all + start[own] * size, (size_t)((start[own + 1] - start[own]) * size));
  CLF__TRY(clf__comm_gather(context, name, mine, bytes, padded));
  for (int32_t r = 0; r < ranks; r++) {
    memcpy(all + start[r] * size, padded + r * bytes, (size_t)((start[r + 1] - start[r]) * size));
  }
done:
  clf__arena_free(&arena);
  return status;
}

clf_status clf__comm_spread(clf_context *context, const char *name, void *all, const int64_t *start,
                            size_t size) {
  enum { FEW_BYTES = 1 << 20 }; /* which take less time than messages of each rank to all */
  clf__comm *comm = context->comm;
  const int32_t ranks = comm->calls.ranks;
  int64_t most = 0;
  for (int32_t rank = 0; rank < ranks; rank++) {
    most = clf__max_i64(most, start[rank + 1] - start[rank]);
  }
  if (most > 0 && (double)most * (double)ranks * (double)size <= FEW_BYTES) {
    return spread_padded(context, name, all, start, (int64_t)size, most);
  }
  CLF__CHECK(clf__comm_meet(comm, CLF_OK, name,
                            clf__comm_hash(size, start, ((size_t)ranks + 1) * sizeof *start)));
  for (int32_t rank = 0; rank < ranks; rank++) {
    const int64_t count = start[rank + 1] - start[rank];
    if (count > 0) {
      CLF__CHECK(clf__comm_called(comm,
                                  comm->calls.broadcast(comm->calls.user,
                                                        (char *)all + start[rank] * (int64_t)size,
                                                        count * (int64_t)size, rank),
                                  "broadcast"));
    }
  }
  clf__comm_seen(comm, all, (size_t)start[ranks] * size);
  return CLF_OK;
}

/* Combines values [count] with those of all ranks, by adding or by the maximum. */
static void combine(double *values, const double *all, int64_t count, int32_t ranks, bool adds) {
  for (int64_t i = 0; i < count; i++) {
    double result = all[i];
    for (int32_t rank = 1; rank < ranks; rank++) {
      const double other = all[rank * count + i];
      result = adds || isnan(other) || isnan(result) ? result + other : fmax(result, other);
    }
    values[i] = result;
  }
}

static clf_status reduce(clf_context *context, const char *name, double *values, int64_t count,
                         bool adds) {
  clf__comm *comm = context->comm;
  const int32_t ranks = comm->calls.ranks;
  const int64_t block = clf__clamp_i64(BLOCK_VALUES / ranks, 1, count);
  clf_status status = CLF_OK;
  double *all = clf__alloc_matrix(context, ranks, block, sizeof *all);
  CLF__TRY(all != NULL ? CLF_OK : CLF_ERROR_MEMORY);
  CLF__TRY(clf__comm_meet(comm, CLF_OK, name, (uint64_t)count));
  for (int64_t first = 0; first < count; first += block) {
    const int64_t here = clf__min_i64(block, count - first);
    CLF__TRY(clf__comm_called(comm,
                              comm->calls.all_gather(comm->calls.user, values + first,
                                                     here * (int64_t)sizeof *values, all),
                              "all_gather"));
    combine(values + first, all, here, ranks, adds);
    clf__comm_seen(comm, values + first, (size_t)here * sizeof *values);
  }
done:
  clf__free(all);
  return status;
}

clf_status clf__comm_sum_integers(clf_context *context, const char *name, double *values,
                                  int64_t count) {
  clf__comm *comm = context->comm;
  if (comm->calls.all_sum == NULL) {
    return reduce(context, name, values, count, true);
  }
  CLF__CHECK(clf__comm_meet(comm, CLF_OK, name, (uint64_t)count));
  CLF__CHECK(
      clf__comm_called(comm, comm->calls.all_sum(comm->calls.user, values, count), "all_sum"));
  clf__comm_seen(comm, values, (size_t)count * sizeof *values);
  return CLF_OK;
}

/* fmax() passes over a NaN, which all ranks must notice alike. */
clf_status clf__comm_maxima(clf_context *context, const char *name, double *values, int64_t count) {
  CLF__CHECK(reduce(context, name, values, count, false));
  for (int64_t i = 0; i < count; i++) {
    if (isnan(values[i])) {
      return clf__fail(CLF_ERROR_NUMERIC, "%s: a rank has a value that is not a number", name);
    }
  }
  return CLF_OK;
}

clf_status clf__comm_sum(clf_context *context, const char *name, double *values, int64_t count) {
  return reduce(context, name, values, count, true);
}

clf_status clf__comm_broadcast(clf_context *context, const char *name, void *data, int64_t bytes,
                               int32_t root) {
  clf__comm *comm = context->comm;
  CLF__CHECK(clf__comm_meet(comm, CLF_OK, name, (uint64_t)bytes));
  CLF__CHECK(clf__comm_called(comm, comm->calls.broadcast(comm->calls.user, data, bytes, root),
                              "broadcast"));
  clf__comm_seen(comm, data, (size_t)bytes);
  return CLF_OK;
}
