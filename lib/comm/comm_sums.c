/* Sums of the ranks' numbers in the order of the ranks, for methods whose results depend on their
 * number.
 *
 * Of f32 numbers, each rank receives a range from all ranks, adds it in f64, and passes on the
 * rounded result: a rank sends and receives 4 bytes of each number twice, however many ranks there
 * are. */
#include <string.h>

#include "base/context_state.h"
#include "base/math.h"
#include "comm/comm_state.h"

enum { BLOCK_FLOATS = 1 << 18 /* of all ranks together, where ranks cannot exchange */ };

/* out [count] = the sums of parts [ranks, count], which are `step` apart. */
static void add_parts(float *out, const float *parts, int32_t ranks, int64_t step, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    double sum = 0;
    for (int32_t rank = 0; rank < ranks; rank++) {
      sum += (double)parts[rank * step + i];
    }
    out[i] = (float)sum;
  }
}

static clf_status gather_floats(clf__comm *comm, float *values, int64_t count, int64_t block,
                                float *all) {
  for (int64_t first = 0; first < count; first += block) {
    const int64_t here = clf__min_i64(block, count - first);
    const int64_t bytes = here * (int64_t)sizeof *values;
    CLF__CHECK(clf__comm_called(
        comm, comm->calls.all_gather(comm->calls.user, values + first, bytes, all), "all_gather"));
    add_parts(values + first, all, comm->calls.ranks, here, here);
  }
  return CLF_OK;
}

/* What goes to each rank, and what comes from it. */
typedef struct mail {
  const void **out;
  void **in;
  int64_t *out_bytes, *in_bytes;
  float *received, *gathered; /* [ranks, width] */
  float *own;                 /* [width] */
} mail;

static clf_status exchange_floats(clf__comm *comm, float *values, int64_t count, int64_t width,
                                  const mail *m) {
  const int32_t ranks = comm->calls.ranks;
  const int64_t value = (int64_t)sizeof *values;
  const int64_t mine = clf__clamp_i64(count - comm->calls.rank * width, 0, width);
  for (int32_t rank = 0; rank < ranks; rank++) {
    m->out[rank] = values + clf__min_i64(rank * width, count);
    m->out_bytes[rank] = clf__clamp_i64(count - rank * width, 0, width) * value;
    m->in[rank] = m->received + rank * width;
    m->in_bytes[rank] = mine * value;
  }
  CLF__CHECK(clf__comm_called(
      comm, comm->calls.exchange(comm->calls.user, m->out, m->out_bytes, m->in, m->in_bytes),
      "exchange"));
  add_parts(m->own, m->received, ranks, width, mine);
  CLF__CHECK(clf__comm_called(
      comm, comm->calls.all_gather(comm->calls.user, m->own, width * value, m->gathered),
      "all_gather"));
  memcpy(values, m->gathered, (size_t)count * sizeof *values);
  return CLF_OK;
}

clf_status clf__comm_sum_floats(clf_context *context, const char *name, float *values,
                                int64_t count) {
  clf__comm *comm = context->comm;
  const int32_t ranks = comm->calls.ranks;
  const bool exchanges = comm->calls.exchange != NULL;
  const int64_t width =
      exchanges ? clf__ceil_div(count, ranks) : clf__clamp_i64(BLOCK_FLOATS / ranks, 1, count);
  clf__arena arena = {.context = context};
  clf_status status = CLF_OK;
  mail m = {.out = clf__arena_array(&arena, ranks, sizeof *m.out),
            .in = clf__arena_array(&arena, ranks, sizeof *m.in),
            .out_bytes = clf__arena_array(&arena, ranks, sizeof *m.out_bytes),
            .in_bytes = clf__arena_array(&arena, ranks, sizeof *m.in_bytes),
            .received = clf__arena_matrix(&arena, ranks, width, sizeof *m.received),
            .gathered = clf__arena_matrix(&arena, ranks, width, sizeof *m.gathered),
            .own = clf__arena_zeroed(&arena, width, sizeof *m.own)};
  CLF__TRY(clf__arena_status(&arena));
  CLF__TRY(clf__comm_meet(comm, CLF_OK, name, (uint64_t)count));
  status = exchanges ? exchange_floats(comm, values, count, width, &m)
                     : gather_floats(comm, values, count, width, m.gathered);
  clf__comm_seen(comm, values, (size_t)count * sizeof *values);
done:
  clf__arena_free(&arena);
  return status;
}
