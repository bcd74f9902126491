/** @file classify/optimizer.h
 *  Optimizers: how networks turn gradients into steps.
 *
 *  **Use.** An optimizer is passed to clf_model_fit(), or kept with a network by
 *  clf_model_set_optimizer():
 *
 *  @code
 *  clf_optimizer *sgd = NULL;
 *  clf_status status =
 *      clf_optimizer_create(&sgd, NULL, "sgd", "learning_rate=0.05 momentum=0.9 schedule=cosine");
 *  if (status < 0) {
 *    fprintf(stderr, "%s\n", clf_last_error());
 *  }
 *  clf_optimizer_free(sgd);
 *  @endcode
 *
 *  Thread class of the file: one thread at a time on an optimizer.
 */
#ifndef CLASSIFY_OPTIMIZER_H
#define CLASSIFY_OPTIMIZER_H

#include <classify/context.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A rule for steps, its parameters, and its state for each weight. */
typedef struct clf_optimizer clf_optimizer;

/** Creates an optimizer.
 *  @param out      receives the handle; free it with clf_optimizer_free()
 *  @param context  NULL for the default context
 *  @param kind     "sgd", "adam", "adamw", "rmsprop" or "adagrad"; see
 *                  clf_kind_name("optimizer", …)
 *  @param params   "name=value …", such as "learning_rate=0.01 momentum=0.9 schedule=cosine"; NULL
 *                  for the defaults. See clf_param_describe("optimizer", kind, …)
 *  @return CLF_OK, CLF_ERROR_ARGUMENT (the message names what there is), CLF_ERROR_MEMORY
 *  @since 0.1 */
CLF_API clf_status clf_optimizer_create(clf_optimizer **out, clf_context *context, const char *kind,
                                        const char *params);

/** Frees an optimizer; NULL is fine. @since 0.1 */
CLF_API void clf_optimizer_free(clf_optimizer *optimizer);

/** Returns the kind of the optimizer, such as "adam"; NULL for NULL. The string is a constant of
 *  the library. @since 0.1 */
CLF_API const char *clf_optimizer_kind(const clf_optimizer *optimizer);

/** Writes the parameters as text, "name=value …", from which clf_optimizer_create() makes an equal
 *  optimizer of its kind, which has taken no step.
 *  @param buffer    receives NUL-terminated text when it fits; may be NULL when capacity is 0
 *  @param capacity  bytes of buffer
 *  @param needed    receives the bytes needed, the NUL included; may be NULL
 *  @return CLF_OK, CLF_ERROR_ARGUMENT (also: too small a buffer that is not NULL), CLF_ERROR_MEMORY
 *  @since 0.1 */
CLF_API clf_status clf_optimizer_params(const clf_optimizer *optimizer, char *buffer,
                                        size_t capacity, size_t *needed);

#ifdef __cplusplus
}
#endif

#endif
