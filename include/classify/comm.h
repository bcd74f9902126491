/** @file classify/comm.h
 *  Training on the rows of several processes.
 *
 *  Each process (a rank) calls the same functions in the same order, on datasets of its own rows,
 *  and gets the same model. A clf_communicator says how the ranks exchange bytes; the host fills it
 *  in, or `classify/mpi.h` does so from an MPI communicator. A context without one behaves as if
 *  this header did not exist.
 *
 *  **Use.** Every rank reads its part of the rows, and makes a dataset of them:
 *
 *  @code
 *  int64_t first = 0, count = 0;
 *  clf_status status = clf_shard_range(NULL, 1000000, 2, 4, &first, &count); // rank 2 of 4
 *  if (status == CLF_OK) {
 *    printf("rows %lld to %lld\n", (long long)first, (long long)(first + count - 1));
 *  }
 *  @endcode
 *
 *  With the communicator set on the context, clf_model_fit() then fits the rows of all ranks, and
 *  one rank saves the model.
 *
 *  **What is distributed.** Fits of the models and transforms that docs/scale.md lists, and
 *  clf_model_score(); cross-validation and searches, for which all ranks have the same rows. A fit
 *  of a model that the ranks cannot divide, such as one with calibration, gives every rank the rows
 *  of all; each makes the whole fit, and the log warns of it. The functions of classify/decision.h
 *  that learn from held-out rows gather them likewise; a rank may pass NULL if it has none of them.
 *  What else needs the rows of all ranks returns CLF_ERROR_UNSUPPORTED on a context of several
 *  ranks. Predictions, and applying transforms, concern a rank's own rows and exchange nothing.
 *
 *  **The same bits.** The rows of all ranks, in the order of the ranks, are cut into shards (the
 *  context's parameter `shards`), whose sums are added in one order. If each rank has the rows that
 *  clf_shard_range() gives it, results have the same bits for any number of ranks, one included.
 *  With other parts they may differ in the last bits, and the log says so. Machines of `svm` with
 *  `divide=machines` have the same bits with any parts. Trainings of networks agree with those of
 *  one rank as far as rounding goes, since the rows of a batch pass the layers in parts.
 *
 *  **Failure.** When a call fails on one rank, it ends on all: the others return CLF_ERROR_PEER,
 *  with the number of that rank and its message, and all outputs stay untouched. This includes
 *  cancelling, for which CLF_PROGRESS_STOP counts here, and ranks that call different functions or
 *  with different parameters. A callback that fails ends the call, and the communicator is not used
 *  again, because ranks may be out of step; set it again after all of them have noticed.
 */
#ifndef CLASSIFY_COMM_H
#define CLASSIFY_COMM_H

#include <classify/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A callback returns CLF_RANK_LATE - r if rank r did not come in time; the message then says so.
 *  @since 0.1 */
enum { CLF_RANK_LATE = -1000 };

/** How the ranks exchange bytes of host memory. All ranks call the same callbacks in the same order
 *  with sizes that match. The callbacks return 0, or anything else if they fail. They are called on
 *  the thread that called the library, one at a time. One that waits for a rank that does not come
 *  should fail after a time of the host's choice, and may say for which one (CLF_RANK_LATE). */
typedef struct clf_communicator {
  uint32_t struct_size; /**< sizeof(clf_communicator), set by the caller */
  int32_t rank;         /**< of this process, 0 … ranks - 1 */
  int32_t ranks;        /**< number of processes, at least 1 */
  void *user;           /**< passed to the callbacks */
  /** Copies the `bytes` bytes of each rank to all ranks: `all` receives ranks * bytes bytes in the
   *  order of the ranks. */
  int32_t (*all_gather)(void *user, const void *mine, int64_t bytes, void *all);
  /** Copies the `bytes` bytes at `data` of rank `root` to `data` of all others. */
  int32_t (*broadcast)(void *user, void *data, int64_t bytes, int32_t root);
  /** Replaces values [count] by their sums over all ranks. It is used for integers only, so the
   *  order of addition is free. NULL: made of all_gather. */
  int32_t (*all_sum)(void *user, double *values, int64_t count);
  /** Sends out_bytes[r] bytes at out[r] to rank r, and receives in_bytes[r] bytes from it at in[r],
   *  for all r, its own rank included. NULL: made of all_gather. */
  int32_t (*exchange)(void *user, const void *const *out, const int64_t *out_bytes, void *const *in,
                      const int64_t *in_bytes);
  /** A number of the host that all contexts of this process with the same ranks share, 0 at first
   *  and outliving them. It is 1 while one of them is in a call of all ranks; that of another one
   *  then returns CLF_ERROR_ARGUMENT and exchanges nothing. NULL if there is one context. */
  int64_t *in_call;
} clf_communicator;

/** Sets the communicator of a context, through which fits on its handles include the rows of all
 *  ranks. The ranks' contexts must have the same `seed`, `shards` and CPU kernels, with tiles or
 *  without, and the same of the two callbacks that may be NULL, which the first call checks.
 *  @param communicator  copied; what `user` points to must outlive the context, or the next call of
 *                       this function. NULL for none.
 *  @return CLF_OK, CLF_ERROR_ARGUMENT (also within a call of all ranks), CLF_ERROR_MEMORY
 *  Thread class: no other thread may use the context during the call. With a communicator, one
 *  thread at a time may make calls that include all ranks: while one is in such a call, that of
 *  another thread returns CLF_ERROR_ARGUMENT and exchanges nothing. That of another context with
 *  the same ranks is noticed by the member `in_call`. @since 0.1 */
CLF_API clf_status clf_context_set_communicator(clf_context *context,
                                                const clf_communicator *communicator);

/** Computes which rows a rank should have, so that ranks have whole shards and nearly equal parts.
 *  With more ranks than shards, some have none: clf_model_fit() and others take NULL for that.
 *  @param context  for its parameter `shards`, of which auto is 64; NULL for 64
 *  @param rows     of all ranks
 *  @param rank     0 … ranks - 1
 *  @param first    receives the index of the first row
 *  @param count    receives the number of rows
 *  @return CLF_OK, CLF_ERROR_ARGUMENT
 *  Thread class: any thread. @since 0.1 */
CLF_API clf_status clf_shard_range(const clf_context *context, int64_t rows, int32_t rank,
                                   int32_t ranks, int64_t *first, int64_t *count);

/** Puts the rows of all ranks together on every rank, in the order of the ranks. Measures of
 *  classify/metrics.h that are computed from labels, predictions and scores of all rows then have
 *  the bits of one process. All ranks make this call. Without a communicator it makes a copy.
 *
 *  @code
 *  const int32_t found[] = {1, 0}; // predictions of this rank
 *  const int64_t shape[] = {2};
 *  clf_tensor *mine = NULL, *all = NULL;
 *  if (clf_tensor_wrap(&mine, NULL, found, CLF_I32, 1, shape, NULL) == CLF_OK &&
 *      clf_gather_rows(&all, NULL, mine) == CLF_OK) {
 *    printf("%lld rows\n", (long long)clf_tensor_extent(all, 0)); // of clf_tensor_data(all)
 *  }
 *  clf_tensor_free(all);
 *  clf_tensor_free(mine);
 *  @endcode
 *
 *  @param out   receives a new tensor [rows of all ranks, ...], to be freed
 *  @param context  whose communicator is used; NULL for the process's own context
 *  @param mine  [rows of this rank, ...], C-contiguous, of the same type, scale and further extents
 *               on all ranks; a rank may have no rows
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_MEMORY, CLF_ERROR_PEER
 *  Thread class: one thread at a time for each context. @since 0.1 */
CLF_API clf_status clf_gather_rows(clf_tensor **out, clf_context *context, const clf_tensor *mine);

#ifdef __cplusplus
}
#endif

#endif
