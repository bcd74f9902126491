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
 *  clf_mpi_communicator_timed() waits a limited time for each rank.
 *  A program that communicates by the same MPI communicator while the library does should pass a
 *  duplicate (MPI_Comm_dup()).
 */
#ifndef CLASSIFY_MPI_H
#define CLASSIFY_MPI_H

#include <mpi.h>
#include <stdlib.h>
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

/** Ranks that wait a limited time for each other; filled by clf_mpi_communicator_timed(). */
typedef struct clf_mpi_timed {
  MPI_Comm comm;  /**< whose processes are the ranks */
  double timeout; /**< in seconds */
} clf_mpi_timed;

/** Bytes of timed ranks that are copied at a time: of a message, or of what is gathered. */
#define CLF_MPI_TIMED_PART ((int64_t)1 << 24)

/* Waits for requests [count], of which number i is of rank owner[i]. Returns 0, an error of MPI, or
 * CLF_RANK_LATE - r. */
static inline int32_t clf_mpi_wait(const clf_mpi_timed *own, int count, MPI_Request *requests,
                                   const int *owner) {
  const double end = MPI_Wtime() + own->timeout;
  for (;;) {
    int done = 0, late = -1;
    for (int i = 0; i < count; i++) {
      const int result = MPI_Test(&requests[i], &done, MPI_STATUS_IGNORE);
      if (result != MPI_SUCCESS) {
        return result;
      }
      late = late < 0 && !done ? owner[i] : late;
    }
    if (late < 0) {
      return 0;
    }
    if (MPI_Wtime() > end) {
      return CLF_RANK_LATE - late;
    }
  }
}

/** What is copied for an exchange with each rank. Messages that were not received in time may still
 *  arrive: their memory is then never freed. */
typedef struct clf_mpi_copies {
  MPI_Request *requests; /**< [2 ranks] */
  int *owner;            /**< [2 ranks] the rank of each request */
  char *bytes;           /**< of this rank, then of each if they are gathered */
  int ranks;             /**< how many there are */
  int rank;              /**< of this process */
  int count;             /**< of requests */
} clf_mpi_copies;

static inline void clf_mpi_close(clf_mpi_copies *copies) {
  free(copies->requests);
  free(copies->owner);
  free(copies->bytes);
}

/* Makes memory for `bytes` bytes of this rank and, if they are gathered, of each. */
static inline int32_t clf_mpi_open(clf_mpi_copies *copies, const clf_mpi_timed *own, int64_t bytes,
                                   int gathers) {
  int result = MPI_Comm_rank(own->comm, &copies->rank);
  result = result == MPI_SUCCESS ? MPI_Comm_size(own->comm, &copies->ranks) : result;
  if (result != MPI_SUCCESS) {
    return result;
  }
  const size_t ranks = (size_t)copies->ranks;
  copies->count = 0;
  copies->requests = (MPI_Request *)malloc(2 * ranks * sizeof *copies->requests);
  copies->owner = (int *)malloc(2 * ranks * sizeof *copies->owner);
  copies->bytes = (char *)malloc((gathers ? ranks + 1 : 1) * (size_t)bytes + 1);
  if (copies->requests && copies->owner && copies->bytes) {
    return 0;
  }
  clf_mpi_close(copies);
  return MPI_ERR_NO_MEM;
}

/* Begins to send (`sends`) bytes to a rank, or to receive them from it. */
static inline int32_t clf_mpi_begin(clf_mpi_copies *copies, const clf_mpi_timed *own, void *bytes,
                                    int64_t count, int rank, int sends) {
  MPI_Request *request = &copies->requests[copies->count];
  copies->owner[copies->count] = rank;
  const int result = sends ? MPI_Isend(bytes, (int)count, MPI_BYTE, rank, 1, own->comm, request)
                           : MPI_Irecv(bytes, (int)count, MPI_BYTE, rank, 1, own->comm, request);
  copies->count += result == MPI_SUCCESS;
  return result;
}

/* Gathers `count` bytes of each rank; those of rank r go to all + r * step. */
static inline int32_t clf_mpi_gather_part(const clf_mpi_timed *own, const char *mine, int64_t count,
                                          char *all, int64_t step) {
  clf_mpi_copies copies = {NULL, NULL, NULL, 0, 0, 0};
  int32_t result = clf_mpi_open(&copies, own, count, 1);
  if (result != 0) {
    return result;
  }
  memcpy(copies.bytes, mine, (size_t)count);
  for (int rank = 0; rank < copies.ranks && result == 0; rank++) {
    if (rank != copies.rank) {
      result = clf_mpi_begin(&copies, own, copies.bytes + (rank + 1) * count, count, rank, 0);
      result = result == 0 ? clf_mpi_begin(&copies, own, copies.bytes, count, rank, 1) : result;
    }
  }
  result = result == 0 ? clf_mpi_wait(own, copies.count, copies.requests, copies.owner) : result;
  for (int rank = 0; rank < copies.ranks && result == 0; rank++) {
    const char *from = rank == copies.rank ? mine : copies.bytes + (rank + 1) * count;
    memcpy(all + rank * step, from, (size_t)count);
  }
  if (result == 0 || copies.count == 0) {
    clf_mpi_close(&copies);
  }
  return result;
}

static inline int32_t clf_mpi_timed_gather(void *user, const void *mine, int64_t bytes, void *all) {
  const clf_mpi_timed *own = (const clf_mpi_timed *)user;
  int ranks;
  int32_t result = MPI_Comm_size(own->comm, &ranks);
  if (result != MPI_SUCCESS) {
    return result;
  }
  const int64_t part = CLF_MPI_TIMED_PART / ranks + 1;
  for (int64_t at = 0; at < bytes && result == 0; at += part) {
    const int64_t count = bytes - at < part ? bytes - at : part;
    result = clf_mpi_gather_part(own, (const char *)mine + at, count, (char *)all + at, bytes);
  }
  return result;
}

static inline int32_t clf_mpi_timed_part(const clf_mpi_timed *own, char *data, int64_t count,
                                         int32_t root) {
  clf_mpi_copies copies = {NULL, NULL, NULL, 0, 0, 0};
  int32_t result = clf_mpi_open(&copies, own, count, 0);
  if (result != 0) {
    return result;
  }
  if (copies.rank == root) {
    memcpy(copies.bytes, data, (size_t)count);
  }
  for (int rank = 0; rank < copies.ranks && result == 0; rank++) {
    if (rank != root && (rank == copies.rank || copies.rank == root)) {
      result = clf_mpi_begin(&copies, own, copies.bytes, count, copies.rank == root ? rank : root,
                             copies.rank == root);
    }
  }
  result = result == 0 ? clf_mpi_wait(own, copies.count, copies.requests, copies.owner) : result;
  if (result == 0 && copies.rank != root) {
    memcpy(data, copies.bytes, (size_t)count);
  }
  if (result == 0 || copies.count == 0) {
    clf_mpi_close(&copies);
  }
  return result;
}

static inline int32_t clf_mpi_timed_broadcast(void *user, void *data, int64_t bytes, int32_t root) {
  int32_t result = 0;
  for (int64_t at = 0; at < bytes && result == 0; at += CLF_MPI_TIMED_PART) {
    const int64_t rest = bytes - at;
    const int64_t count = rest < CLF_MPI_TIMED_PART ? rest : CLF_MPI_TIMED_PART;
    result = clf_mpi_timed_part((const clf_mpi_timed *)user, (char *)data + at, count, root);
  }
  return result;
}

/** Does what clf_mpi_communicator() does for ranks that wait a limited time for each other. A call
 *  of the library that waits longer returns CLF_ERROR_PEER, and its message names the rank. The
 *  process should then end by MPI_Abort(): MPI_Finalize() may wait for that rank. A rank may
 *  compute for long between two exchanges, such as a machine of `svm`: `timeout` must be longer.
 *  Ranks wait actively.
 *  @param comm     must outlive the use of the communicator, and is used for nothing else meanwhile
 *  @param timeout  in seconds, above 0
 *  @param keep     filled; must outlive the use of the communicator
 *  @param out      its `struct_size` is set, too
 *  @return CLF_OK, CLF_ERROR_ARGUMENT (timeout), CLF_ERROR_PEER (MPI reports an error)
 *  @since 0.1 */
static inline clf_status clf_mpi_communicator_timed(MPI_Comm comm, double timeout,
                                                    clf_mpi_timed *keep, clf_communicator *out) {
  if (!(timeout > 0)) {
    return CLF_ERROR_ARGUMENT;
  }
  const clf_status status = clf_mpi_communicator(comm, out);
  if (status != CLF_OK) {
    return status;
  }
  keep->comm = comm;
  keep->timeout = timeout;
  out->user = keep;
  out->all_gather = clf_mpi_timed_gather;
  out->broadcast = clf_mpi_timed_broadcast;
  out->all_sum = NULL;
  out->exchange = NULL;
  return CLF_OK;
}

#ifdef __cplusplus
}
#endif

#endif
