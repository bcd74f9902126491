/** @file classify/context.h
 *  A context carries what calls share: threads, seed, allocator, log, progress, memory limit.
 *
 *  Every constructor takes a context. NULL is the default context, which has default parameters; it
 *  is made with the first handle that needs it and freed with the last one. A handle keeps its
 *  context alive, so handles and contexts may be freed in any order.
 *
 *  **Use.** Most programs need one context, for the threads and the log:
 *
 *  @code
 *  clf_context *context = NULL;
 *  clf_status status = clf_context_create(&context, NULL, "threads=4 seed=1 memory_limit=2e9");
 *  if (status < 0) {
 *    fprintf(stderr, "%s\n", clf_last_error());
 *  }
 *  clf_context_free(context); // handles that were made with it may live on
 *  @endcode
 *
 *  **Floating point.** Every call computes in the default floating-point environment (rounding to
 *  nearest, no traps, subnormal numbers kept), whatever the host has set, and restores the host's
 *  when it returns, flags included. Callbacks and the allocator run within calls, so they run in
 *  the default environment too; those of the `_free` functions run in the host's.
 *
 *  **Fork.** A child of fork() may use the library and the handles that it inherits, whatever other
 *  threads were doing with contexts when the process forked. The exception is a handle that another
 *  thread was changing at that moment: the child cannot use it.
 */
#ifndef CLASSIFY_CONTEXT_H
#define CLASSIFY_CONTEXT_H

#include <classify/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Opaque; see the file's head. */
typedef struct clf_context clf_context;

/** The host's allocator. Both functions are called from any thread, at the same time. */
typedef struct clf_allocator {
  uint32_t struct_size; /**< sizeof(clf_allocator), set by the caller */
  /** Returns `size` (> 0) bytes, aligned to `alignment` (a power of two ≤ 64), or NULL. */
  void *(*allocate)(void *user, size_t size, size_t alignment);
  /** Releases what allocate() returned; `pointer` is never NULL. */
  void (*release)(void *user, void *pointer);
  void *user; /**< handed to both */
} clf_allocator;

/** What a long call reports. Members that do not apply are NaN. Later versions may append members.
 *
 *  The stage names the work. A fit reports its kind ("svm", "network" …) and its parts that take
 *  long ("gram", "sums", "cholesky", "eigen"). Predictions and scores report "predict", and
 *  clf_model_project() reports "project". A transform reports its kind ("pca", "hog" …), and
 *  the conversion of a dataset's numbers reports "convert"; their steps are rows. Files report
 *  "read", "inflate", "latin1", "load", "save", or their format. Ranks that exchange sums report
 *  "exchange". One call may report several stages, one after the other.
 */
typedef struct clf_progress {
  const char *stage; /**< such as "logistic"; valid during the callback */
  int64_t step;      /**< steps done, 0…steps */
  int64_t steps;     /**< steps in all (an upper bound for iterative solvers) */
  double loss;       /**< current objective */
  double metric;     /**< current accuracy or score */
  double seconds;    /**< since the call began */
} clf_progress;

/** Reports progress. It is called on the thread that made the long call, about ten times a second
 *  and at each step of a solver, but not before the context's `progress_interval` has passed since
 *  the last report on the thread; a call that ends sooner does not report. Calls that run on
 *  several threads at once report on their own threads, possibly at the same time. Calls that the
 *  callback itself makes report nothing.
 *  @return what the call does next: CLF_PROGRESS_GO, CLF_PROGRESS_CANCEL or CLF_PROGRESS_STOP; any
 *  other value cancels, too. */
typedef int32_t (*clf_progress_callback)(void *user, const clf_progress *progress);

enum {
  CLF_PROGRESS_GO = 0, /**< the call goes on */
  /** Within a second the call returns CLF_ERROR_CANCELLED, with its outputs and handles as they
   *  were. */
  CLF_PROGRESS_CANCEL = 1,
  /** Within a second the call ends with what it has. These calls have something to keep:
   *  - a fit of a network after its first epoch: the weights of the last finished epoch or, with
   *    `patience`, of the best;
   *  - a fit of logistic or of ridge with solver=cg after its first iteration, of a perceptron
   *    after its first epoch, and of an svm with one machine (two classes) after its first step:
   *    what the solver has found;
   *  - a grid search: the scores that are there (see clf_search_create()).
   *  They return CLF_OK, a fit has clf_model_outcome() CLF_NOT_CONVERGED, and the log says what was
   *  kept. What still follows, such as scoring the validation rows, is done. All other calls, and
   *  these before there is something to keep, are cancelled. */
  CLF_PROGRESS_STOP = 2
};

enum {
  CLF_LOG_WARNING = 1, /**< something the host should know, such as a solver not converged */
  /** A choice that the library made. A fit logs its rows, threads and CPU kernels, the values that
   *  it chose for parameters such as `auto`, gamma=scale and class_weight=balanced, and why it
   *  ended early. A reader logs what it guessed about a file, and the parameter that would say
   *  otherwise. Each call logs its choices once; predictions, and fits within cross-validation and
   *  search, log none. */
  CLF_LOG_INFO = 2
};

/** Receives log lines (UTF-8, no newline). May be called from any thread. */
typedef void (*clf_log_callback)(void *user, int32_t level, const char *message);

/* Making contexts */

/** Makes a context.
 *  @param out        receives the context; free it with clf_context_free()
 *  @param allocator  copied; NULL for the C library's
 *  @param params     "name=value …" or NULL for the defaults, described by
 *                    clf_param_describe("context", "context", …):
 *                    - `threads`: how many threads a call may use (default auto: as many as the
 *                      CPUs that this process may use, by affinity and cgroup);
 *                    - `seed` of all random numbers (default 0);
 *                    - `memory_limit` in bytes (default none), at least 1; a call that needs more
 *                      fails with CLF_ERROR_MEMORY;
 *                    - `cpu`: the kernels, auto, generic, avx2, avx512 or amx (default auto: the
 *                      environment variable CLASSIFY_CPU, read here once, or else the best ones
 *                      that this CPU has). With amx, the first call that gains by tiles asks
 *                      the operating system to let the process use them (networks of
 *                      precision=bf16 or int8; products of u8 rows); it then refuses alternate
 *                      signal stacks below some 11 KiB. If it refuses tiles, products are those of
 *                      avx512, which never asks;
 *                    - `progress_interval`: the minimum number of seconds between two progress
 *                      reports of a thread (default 0: solvers report each step). A callback that
 *                      takes long, such as one that waits for an interpreter's lock, needs 0.1.
 *                      A cancellation may come later by as much;
 *                    - `shards`: into how many parts the rows of a fit are cut, which are summed by
 *                      themselves (default auto: 64 with a communicator, classify/comm.h, and 1
 *                      without). The same number gives the same bits on any number of processes.
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_MEMORY, CLF_ERROR_UNSUPPORTED (this CPU has no
 *          such kernels)
 *  Thread class: any thread. @since 0.1
 */
CLF_API clf_status clf_context_create(clf_context **out, const clf_allocator *allocator,
                                      const char *params);

/** Releases the caller's reference. The context is freed when no handle uses it any more. NULL is
 *  fine. Must not be called inside a progress or log callback. @since 0.1 */
CLF_API void clf_context_free(clf_context *context);

/* Callbacks */

/** Sets the callback that receives the progress of calls on this context's handles and that may
 *  cancel them.
 *  @param callback  NULL for none
 *  @param user      passed to the callback
 *  @return CLF_OK, CLF_ERROR_ARGUMENT (context is NULL)
 *  Thread class: no other thread may use the context during the call. @since 0.1 */
CLF_API clf_status clf_context_set_progress(clf_context *context, clf_progress_callback callback,
                                            void *user);

/** Sets the callback that receives log lines.
 *  @param callback  NULL for none
 *  @param user      passed to the callback
 *  @return CLF_OK, CLF_ERROR_ARGUMENT (context is NULL)
 *  Thread class: no other thread may use the context during the call. @since 0.1 */
CLF_API clf_status clf_context_set_log(clf_context *context, clf_log_callback callback, void *user);

/* What a context has */

/** Writes the parameters as text, "name=value …", from which clf_context_create() makes an equal
 *  context.
 *  @param buffer    receives NUL-terminated text when it fits; may be NULL when capacity is 0
 *  @param capacity  bytes of buffer
 *  @param needed    receives the bytes needed, the NUL included; may be NULL
 *  @return CLF_OK, CLF_ERROR_ARGUMENT (also: too small a buffer that is not NULL), CLF_ERROR_MEMORY
 *  @since 0.1 */
CLF_API clf_status clf_context_params(const clf_context *context, char *buffer, size_t capacity,
                                      size_t *needed);

/** Returns how many threads a call on this context may use, the calling one included; 0 for NULL.
 *  @since 0.1 */
CLF_API int32_t clf_context_threads(const clf_context *context);

/** Returns the name of the kernels in use: "generic", "avx2", "avx512" or "avx512_vnni"; "" for
 *  NULL. The string is a constant of the library. @since 0.1 */
CLF_API const char *clf_context_cpu(const clf_context *context);

/** Returns how many bytes are allocated through this context now; 0 for NULL. Freed blocks that a
 *  context without an allocator or memory_limit of its own keeps for its next calls, 8 MB at most,
 *  do not count.
 *  Thread class: any thread. @since 0.1 */
CLF_API size_t clf_context_memory(const clf_context *context);

/** Returns the maximum number of bytes that were ever allocated at once through this context; 0 for
 *  NULL. Thread class: any thread. @since 0.1 */
CLF_API size_t clf_context_memory_peak(const clf_context *context);

#ifdef __cplusplus
}
#endif

#endif
