/** @file classify/mpi.h
 *  A clf_communicator of an MPI communicator. This header is not part of `classify.h`, because it
 *  needs `mpi.h`, and the library does not: it works with any implementation of MPI.
 *
 *  @code{.c}
 *  clf_communicator ranks = {sizeof ranks};
 *  MPI_Init(&argc, &argv);
 *  clf_context_create(&context, NULL, NULL);
 *  if (clf_mpi_communicator(MPI_COMM_WORLD, &ranks) == CLF_OK) {
 *    clf_context_set_communicator(context, &ranks);
 *  }
 *  @endcode
 *
 *  MPI has no time-outs, and by default ends all processes when one ends without MPI_Finalize().
 *  A program that communicates by the same MPI communicator while the library does should pass a
 *  duplicate (MPI_Comm_dup()).
 */
#ifndef CLASSIFY_MPI_H
#define CLASSIFY_MPI_H

#include <mpi.h>
#include <string.h>

#include <classify/comm.h>

#ifdef __cplusplus
extern "C" {
#endif

/** MPI counts by int; more bytes are sent in parts of this size. */
#define CLF_MPI_PART ((int64_t)1 << 30)

static inline MPI_Comm clf_mpi_of(void *user) {
  MPI_Comm comm;
  memcpy(&comm, &user, sizeof comm);
  return comm;
}

/* Returns how many of `bytes` bytes part `first` … has; 0 beyond the end. */
static inline int clf_mpi_part(int64_t bytes, int64_t first) {
  const int64_t rest = bytes - first;
  return rest <= 0 ? 0 : (int)(rest < CLF_MPI_PART ? rest : CLF_MPI_PART);
}

static inline int32_t clf_mpi_broadcast(void *user, void *data, int64_t bytes, int32_t root) {
  int result = MPI_SUCCESS;
  for (int64_t at = 0; at < bytes && result == MPI_SUCCESS; at += CLF_MPI_PART) {
    result =
        MPI_Bcast((char *)data + at, clf_mpi_part(bytes, at), MPI_BYTE, root, clf_mpi_of(user));
  }
  return result;
}

static inline int32_t clf_mpi_all_gather(void *user, const void *mine, int64_t bytes, void *all) {
  const MPI_Comm comm = clf_mpi_of(user);
  if (bytes <= CLF_MPI_PART) {
    return MPI_Allgather((void *)mine, (int)bytes, MPI_BYTE, all, (int)bytes, MPI_BYTE, comm);
  }
  int rank, ranks, result = MPI_Comm_rank(comm, &rank);
  if (result != MPI_SUCCESS || (result = MPI_Comm_size(comm, &ranks)) != MPI_SUCCESS) {
    return result;
  }
  memcpy((char *)all + rank * bytes, mine, (size_t)bytes);
  for (int root = 0; root < ranks && result == MPI_SUCCESS; root++) {
    result = clf_mpi_broadcast(user, (char *)all + root * bytes, bytes, root);
  }
  return result;
}

static inline int32_t clf_mpi_all_sum(void *user, double *values, int64_t count) {
  const int64_t part = CLF_MPI_PART / (int64_t)sizeof(double);
  int result = MPI_SUCCESS;
  for (int64_t at = 0; at < count && result == MPI_SUCCESS; at += part) {
    result = MPI_Allreduce(MPI_IN_PLACE, values + at, (int)(count - at < part ? count - at : part),
                           MPI_DOUBLE, MPI_SUM, clf_mpi_of(user));
  }
  return result;
}

/* Step s sends to the rank s places on, and receives from the one s places back. */
static inline int32_t clf_mpi_exchange(void *user, const void *const *out, const int64_t *out_bytes,
                                       void *const *in, const int64_t *in_bytes) {
  const MPI_Comm comm = clf_mpi_of(user);
  int rank, ranks, result = MPI_Comm_rank(comm, &rank);
  if (result != MPI_SUCCESS || (result = MPI_Comm_size(comm, &ranks)) != MPI_SUCCESS) {
    return result;
  }
  for (int step = 0; step < ranks; step++) {
    const int to = (rank + step) % ranks, from = (rank - step + ranks) % ranks;
    for (int64_t at = 0; at < out_bytes[to] || at < in_bytes[from]; at += CLF_MPI_PART) {
      const int sent = clf_mpi_part(out_bytes[to], at);
      const int received = clf_mpi_part(in_bytes[from], at);
      result = MPI_Sendrecv(sent > 0 ? (char *)out[to] + at : NULL, sent, MPI_BYTE,
                            sent > 0 ? to : MPI_PROC_NULL, 0,
                            received > 0 ? (char *)in[from] + at : NULL, received, MPI_BYTE,
                            received > 0 ? from : MPI_PROC_NULL, 0, comm, MPI_STATUS_IGNORE);
      if (result != MPI_SUCCESS) {
        return result;
      }
    }
  }
  return result;
}

/** Fills a communicator whose ranks are those of `comm`.
 *  @param comm  must outlive the use of the communicator; MPI_Init() comes before
 *  @param out   its `struct_size` is set, too
 *  @return CLF_OK, CLF_ERROR_PEER (MPI reports an error)
 *  @since 0.1 */
static inline clf_status clf_mpi_communicator(MPI_Comm comm, clf_communicator *out) {
  int rank, ranks;
  if (MPI_Comm_rank(comm, &rank) != MPI_SUCCESS || MPI_Comm_size(comm, &ranks) != MPI_SUCCESS) {
    return CLF_ERROR_PEER;
  }
  memset(out, 0, sizeof *out);
  out->struct_size = sizeof *out;
  out->rank = rank;
  out->ranks = ranks;
  memcpy(&out->user, &comm, sizeof comm);
  out->all_gather = clf_mpi_all_gather;
  out->broadcast = clf_mpi_broadcast;
  out->all_sum = clf_mpi_all_sum;
  out->exchange = clf_mpi_exchange;
  return CLF_OK;
}

#ifdef __cplusplus
}
#endif

#endif
