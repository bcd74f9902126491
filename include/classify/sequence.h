/** @file classify/sequence.h
 *  Sequences step by step: a fitted recurrent network reads a stream as it arrives and can predict
 *  after any step.
 *
 *  **Use.** Feed the steps as they come, and predict after any of them:
 *
 *  @code
 *  clf_model *network = NULL;
 *  clf_sequence *sequence = NULL;
 *  const float steps[3] = {1, 17, 5}; // the start and the ids of two words
 *  float probabilities[2];
 *  if (clf_model_load(&network, NULL, "reviews.clf") < 0 ||
 *      clf_sequence_create(&sequence, network) < 0 ||
 *      clf_sequence_feed(sequence, steps, 3) < 0 ||
 *      clf_sequence_predict_proba(sequence, probabilities, 2) < 0) {
 *    fprintf(stderr, "%s\n", clf_last_error());
 *  }
 *  clf_sequence_free(sequence);
 *  clf_model_free(network);
 *  @endcode
 *
 *  Thread class of the file: one thread at a time on a sequence; any number of sequences, each in a
 *  thread of its own, on one model.
 */
#ifndef CLASSIFY_SEQUENCE_H
#define CLASSIFY_SEQUENCE_H

#include <classify/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The state of a network after the steps that it has read. Opaque. */
typedef struct clf_sequence clf_sequence;

/** Begins a sequence. After n steps its predictions are those of the model for a row of these n
 *  steps. The number of steps need not be that of the training rows.
 *  @param out    receives the sequence; free it with clf_sequence_free()
 *  @param model  a fitted network whose recurrent layers read forward only, without transforms. It
 *                must outlive the sequence and not be fitted meanwhile
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_NOT_FITTED, CLF_ERROR_UNSUPPORTED (not a network,
 *          or the message names the layer that needs the whole sequence), CLF_ERROR_MEMORY
 *  @since 0.1 */
CLF_API clf_status clf_sequence_create(clf_sequence **out, const clf_model *model);

/** Frees the handle. NULL is fine. @since 0.1 */
CLF_API void clf_sequence_free(clf_sequence *sequence);

/** Forgets all steps, so that the next one is the first of a new sequence.
 *  @return CLF_OK, CLF_ERROR_ARGUMENT @since 0.1 */
CLF_API clf_status clf_sequence_reset(clf_sequence *sequence);

/** Reads steps. After a failure the sequence is as it was after the last good step.
 *
 *  If the network begins with an embedding, a step is one number, the id of a token. With
 *  mask=true, the embedding's default, ids of 0 are padding, as in rows: those before the first
 *  other id are not steps, and those after the last one do not change the outputs. So rows of
 *  clf_vocabulary_encode() may be fed as they are, padded at either end. A stream that is fed word
 *  by word, as clf_vocabulary_tokenize() returns the words, must look like the training rows: if
 *  the vocabulary has `start` (its default), feed the id 1 once at the beginning of the sequence.
 *  @param steps  [count, features of a step]
 *  @param count  number of steps
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_DATA (NaN, Inf, or an id that the embedding does
 *          not have), CLF_ERROR_MEMORY, CLF_ERROR_CANCELLED @since 0.1 */
CLF_API clf_status clf_sequence_feed(clf_sequence *sequence, const float *steps, int64_t count);

/** Returns the number of features of a step, which is 1 for ids of tokens; -1 for NULL.
 *  @since 0.1 */
CLF_API int64_t clf_sequence_features(const clf_sequence *sequence);

/** Returns how many steps were read since the beginning or the last reset; padding before the first
 *  id does not count. -1 for NULL. @since 0.1 */
CLF_API int64_t clf_sequence_steps(const clf_sequence *sequence);

/** Computes the decision function of the steps so far.
 *  @param values    [outputs of the model] receives the scores
 *  @param capacity  elements of values
 *  @return CLF_OK, CLF_ERROR_ARGUMENT (also before the first step, padding aside) @since 0.1 */
CLF_API clf_status clf_sequence_decision_function(const clf_sequence *sequence, float *values,
                                                  int64_t capacity);

/** Computes the probabilities of the classes after the steps so far.
 *  @param probabilities  [classes of the model] receives them
 *  @param capacity       elements of probabilities
 *  @return CLF_OK, CLF_ERROR_ARGUMENT (also before the first step), CLF_ERROR_UNSUPPORTED (the
 *          network was fitted with a loss that has none) @since 0.1 */
CLF_API clf_status clf_sequence_predict_proba(const clf_sequence *sequence, float *probabilities,
                                              int64_t capacity);

#ifdef __cplusplus
}
#endif

#endif
