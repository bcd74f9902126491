/** @file classify/status.h
 *  Status codes and the message of the last error.
 *
 *  Every function that can fail returns a clf_status. A negative value is an error: the function's
 *  outputs are then untouched, and clf_last_error() says what was wrong and what would be right.
 *
 *  **Use.** A negative status is an error; the message is the calling thread's own:
 *
 *  @code
 *  clf_status status = CLF_ERROR_ARGUMENT; // what a call returned
 *  if (status < 0) {
 *    fprintf(stderr, "%s: %s\n", clf_status_name(status), clf_last_error());
 *  }
 *  @endcode
 */
#ifndef CLASSIFY_STATUS_H
#define CLASSIFY_STATUS_H

#include <stddef.h>
#include <stdint.h>

#include <classify/version.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Result of a call: CLF_OK, or one of the negative values below. The values never change. */
typedef int32_t clf_status;

enum {
  CLF_OK = 0,
  /** A solver stopped at its iteration limit, or because the progress callback asked it to; the
   *  model is usable. See clf_model_outcome(). */
  CLF_NOT_CONVERGED = 1,
  CLF_ERROR_ARGUMENT = -1,     /**< NULL, an unknown name, a value out of its bounds */
  CLF_ERROR_MEMORY = -2,       /**< allocation refused, by the system or by the memory limit */
  CLF_ERROR_IO = -3,           /**< a file cannot be opened, read or written */
  CLF_ERROR_FORMAT = -4,       /**< a data file that is not what its format demands */
  CLF_ERROR_CORRUPT = -5,      /**< a model file that fails its checks */
  CLF_ERROR_VERSION = -6,      /**< a model file of a later format version */
  CLF_ERROR_SHAPE = -7,        /**< sizes that do not fit each other, or overflow */
  CLF_ERROR_TYPE = -8,         /**< an element type that the call does not take */
  CLF_ERROR_DATA = -9,         /**< values that cannot be used: NaN, Inf, one class only */
  CLF_ERROR_NOT_FITTED = -10,  /**< the model has not been fitted yet */
  CLF_ERROR_UNSUPPORTED = -11, /**< this kind of object does not offer the operation */
  CLF_ERROR_CANCELLED = -12,   /**< the progress callback ended the call */
  CLF_ERROR_NUMERIC = -13,     /**< a computation broke down (a singular system) */
  CLF_ERROR_DIVERGED = -14,    /**< training diverged */
  CLF_ERROR_PEER = -15         /**< another rank failed, or the communicator (classify/comm.h) */
};

/** Returns the message of the calling thread's last error.
 *  @return NUL-terminated UTF-8, at most 511 bytes; "" before the first error. Owned by the
 *          library, valid until this thread's next failing call. Never NULL. A success leaves the
 *          message as it was.
 *  Thread class: any thread; each thread has its own message.
 *  @since 0.1
 */
CLF_API const char *clf_last_error(void);

/** Returns the name of a status, such as "CLF_ERROR_SHAPE"; "unknown status" for other values.
 *  The string is a constant of the library. Thread class: any thread. @since 0.1 */
CLF_API const char *clf_status_name(clf_status status);

#ifdef __cplusplus
}
#endif

#endif
