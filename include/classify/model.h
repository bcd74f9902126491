/** @file classify/model.h
 *  Models: create by name, fit, predict, inspect, save, load.
 *
 *  **Use.** A model is created by the name of its kind and its parameters, fitted, scored, saved:
 *
 *  @code
 *  clf_dataset *train = NULL, *test = NULL;
 *  clf_model *svm = NULL;
 *  double accuracy = 0;
 *  if (clf_dataset_load(&train, NULL, "idx", "mnist/train", NULL) < 0 ||
 *      clf_dataset_load(&test, NULL, "idx", "mnist/t10k", NULL) < 0 ||
 *      clf_model_create(&svm, NULL, "svm", "kernel=rbf C=5 gamma=0.02") < 0 ||
 *      clf_model_fit(svm, train, NULL, NULL) < 0 || clf_model_score(svm, test, &accuracy) < 0 ||
 *      clf_model_save(svm, "digits.clf") < 0) {
 *    fprintf(stderr, "%s\n", clf_last_error());
 *  }
 *  printf("accuracy %.4f\n", accuracy);
 *  clf_model_free(svm);
 *  clf_dataset_free(test);
 *  clf_dataset_free(train);
 *  @endcode
 *
 *  Another kind differs in the two texts only. clf_model_add() puts transforms before the model,
 *  such as "standardize"; they are fitted, applied and saved with it.
 *
 *  Thread class of the file: calls that take a `const clf_model *` may run in any number of threads
 *  at once on one model; the others need the model to themselves.
 */
#ifndef CLASSIFY_MODEL_H
#define CLASSIFY_MODEL_H

#include <classify/dataset.h>
#include <classify/optimizer.h>
#include <classify/text.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Opaque; see the file's head. */
typedef struct clf_model clf_model;

/* Making models */

/** Makes a model, not fitted yet.
 *  @param out     receives the model; free it with clf_model_free()
 *  @param kind    "ridge", "fisher", "perceptron", "logistic", "svm" or "network"; see
 *                 clf_kind_name("model", …)
 *  @param params  "name=value …" such as "C=0.5 max_iterations=50", or NULL for the defaults
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_MEMORY @since 0.1 */
CLF_API clf_status clf_model_create(clf_model **out, clf_context *context, const char *kind,
                                    const char *params);

/** Frees the handle. NULL is fine. @since 0.1 */
CLF_API void clf_model_free(clf_model *model);

/** Makes an unfitted model of the same kind, parameters, optimizer, transforms and vocabulary, but
 *  without a network's `checkpoint`, a path that belongs to the one handle it is set on.
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_MEMORY @since 0.1 */
CLF_API clf_status clf_model_clone(clf_model **out, const clf_model *model);

/* Parts of a model: transforms, vocabulary, optimizer */

/** Adds a transform (see transform.h) at the end of the model's pipeline: fit() fits it on the
 *  training rows, every prediction applies it, and it is saved with the model. A fitted model
 *  becomes unfitted.
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_MEMORY @since 0.1 */
CLF_API clf_status clf_model_add(clf_model *model, const char *transform, const char *params);

/** Keeps a vocabulary with the model, so that it is saved, loaded and cloned with it and texts can
 *  be encoded for its predictions. The words are shared, not copied; the vocabulary may be freed.
 *  @param vocabulary  that was built; NULL for none
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_NOT_FITTED (it has no words yet), CLF_ERROR_MEMORY
 *  @since 0.1 */
CLF_API clf_status clf_model_set_vocabulary(clf_model *model, const clf_vocabulary *vocabulary);

/** Returns the vocabulary kept with the model, to encode texts by; NULL when there is none. It is
 *  the model's, and lives until the model is freed or given another. @since 0.1 */
CLF_API const clf_vocabulary *clf_model_vocabulary(const clf_model *model);

/** Gives a network an optimizer of its own: fits that are handed none take it, and so do those of
 *  cross-validation and grid search, and of clones. It is described and saved with the model.
 *  @param optimizer  whose kind and parameters are copied; NULL for none, so that fits take adam
 *                    with its defaults again
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_UNSUPPORTED (a kind with a solver of its own),
 *          CLF_ERROR_MEMORY; the model keeps what it had after a failure @since 0.1 */
CLF_API clf_status clf_model_set_optimizer(clf_model *model, const clf_optimizer *optimizer);

/** Returns the model's own optimizer; NULL when there is none. It is the model's, and lives until
 *  the model is freed or given another. @since 0.1 */
CLF_API const clf_optimizer *clf_model_optimizer(const clf_model *model);

/* Kind and parameters */

/** Returns the model's kind, such as "ridge"; NULL for NULL. @since 0.1 */
CLF_API const char *clf_model_kind(const clf_model *model);

/** Sets a parameter. What is already fitted stays as it is until the next fit. Texts with a grammar
 *  of their own (`layers`, `augment`) are checked here, as in clf_model_create(); whether the
 *  shapes of layers fit the rows is known at the fit.
 *  @param name  see clf_param_describe("model", kind, …)
 *  @return CLF_OK, CLF_ERROR_ARGUMENT (unknown name, value out of bounds, a text that is not of its
 *          grammar: the message names layer, parameter and value; nothing is changed then),
 *          CLF_ERROR_TYPE, CLF_ERROR_MEMORY
 *  @since 0.1 */
CLF_API clf_status clf_model_set_i64(clf_model *model, const char *name, int64_t value);
/** As clf_model_set_i64(). @since 0.1 */
CLF_API clf_status clf_model_set_f64(clf_model *model, const char *name, double value);
/** As clf_model_set_i64(); takes every type of parameter, as written in a parameter string.
 *  @since 0.1 */
CLF_API clf_status clf_model_set_text(clf_model *model, const char *name, const char *value);

/** Reads an integer, truth value (0 or 1) or choice (its place among the words).
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_TYPE (also: "an integer or a word" that holds a
 *          word now) @since 0.1 */
CLF_API clf_status clf_model_get_i64(const clf_model *model, const char *name, int64_t *value);
/** Reads a number. @return as clf_model_get_i64() @since 0.1 */
CLF_API clf_status clf_model_get_f64(const clf_model *model, const char *name, double *value);
/** Reads any parameter as text.
 *  @param buffer    receives NUL-terminated text when it fits; may be NULL when capacity is 0
 *  @param capacity  bytes of buffer
 *  @param needed    receives the bytes needed, the NUL included; may be NULL
 *  @return CLF_OK, CLF_ERROR_ARGUMENT (also: too small a buffer that is not NULL) @since 0.1 */
CLF_API clf_status clf_model_get_text(const clf_model *model, const char *name, char *buffer,
                                      size_t capacity, size_t *needed);

/* Fitting */

/** Fits the model. One that is already fitted is replaced, and stays as it was if this fails. With
 *  `warm_start=true` a fitted network goes on from its weights instead: with its classes, its
 *  transforms as they were fitted, and its history, which grows. Without, the log says that what it
 *  has learned is dropped.
 *  @param train       rows with labels, or with targets for models that do regression (ridge)
 *  @param optimizer   for a network; it begins without a memory of earlier steps, also with
 *                     warm_start. NULL for the network's own (see clf_model_set_optimizer()) or
 *                     else adam with its defaults (in a regression with learning_rate=0.003), and
 *                     for kinds with a solver
 *  @param validation  scored after the fit into the tensor "validation_score", and after each
 *                     epoch of a network into its history; NULL for none. Losses of the history are
 *                     means by the rows' weights times `class_weight`, accuracies are scores as
 *                     clf_model_score() gives them, without `class_weight`
 *  @return CLF_OK (see clf_model_outcome() for a solver that stopped early), CLF_ERROR_ARGUMENT,
 *          CLF_ERROR_DATA (NaN or Inf, fewer than two classes, all weights 0: the place is in the
 *          message), CLF_ERROR_SHAPE (also: a network that goes on with other layers),
 *          CLF_ERROR_UNSUPPORTED (weights, sparse rows, regression or an optimizer that this kind
 *          does not take), CLF_ERROR_NUMERIC, CLF_ERROR_CANCELLED, CLF_ERROR_DIVERGED (the model
 *          then has the weights of a network's last good epoch), CLF_ERROR_MEMORY
 *  @since 0.1 */
CLF_API clf_status clf_model_fit(clf_model *model, const clf_dataset *train,
                                 clf_optimizer *optimizer, const clf_dataset *validation);

/** Goes on fitting with more rows (perceptron, network). The first call, or a fit before it, fixes
 *  the classes and features: use a dataset, or batches of one, that knows all classes. Transforms
 *  stay as a fit before has fitted them.
 *
 *  A network takes one epoch a call, of `max_steps` at most, on these rows: by the optimizer of the
 *  last clf_model_fit() (one with epochs=0 is enough to name it), else by its own
 *  (clf_model_set_optimizer()) or adam. The log says where its own is another than that of the last
 *  fit. From call to call go on: what the optimizer remembers, averages, running statistics, the
 *  learning rate's schedule (for `epochs` in all) and the history. N calls with the same rows are a
 *  fit of N epochs, to the bit, without `patience`. A fit leaves what they go on from with
 *  warm_start=true, unless it may have kept the weights of an epoch before the last, as `patience`
 *  does and a regression that ends by itself. A loaded network has its weights alone, and its
 *  optimizer restarts. Row weights, and the rows that class_weight=balanced counts, are those of
 *  the call. Statistics of batch_norm are measured at the end of a call, as at that of a fit, where
 *  the call before it had the same rows; else they are the running ones. A `checkpoint` is neither
 *  read nor written.
 *  @return as clf_model_fit(), CLF_ERROR_DATA (also: a row of a class that the first rows lacked),
 *          CLF_ERROR_SHAPE (also: layers that do not fit the weights), CLF_ERROR_UNSUPPORTED (also:
 *          a kind without such a step; transforms that no fit has fitted). The model is unchanged
 *          after any failure, CLF_ERROR_DIVERGED included @since 0.1 */
CLF_API clf_status clf_model_partial_fit(clf_model *model, const clf_dataset *rows);

/** Returns how the last fit ended.
 *  @return CLF_OK, CLF_NOT_CONVERGED (iteration limit reached), CLF_ERROR_NOT_FITTED,
 *          CLF_ERROR_ARGUMENT @since 0.1 */
CLF_API clf_status clf_model_outcome(const clf_model *model);

/* What a fitted model has */

/** Returns the number of features the fitted model takes; -1 when not fitted. @since 0.1 */
CLF_API int64_t clf_model_features(const clf_model *model);
/** Returns the number of classes; 0 for regression, -1 when not fitted. @since 0.1 */
CLF_API int64_t clf_model_classes(const clf_model *model);
/** Columns of the decision function: classes, or regression outputs; -1 when not fitted.
 *  @since 0.1 */
CLF_API int64_t clf_model_outputs(const clf_model *model);
/** Name of a class, as in the training dataset; NULL when there is none. Lives until the next fit.
 *  @since 0.1 */
CLF_API const char *clf_model_class_name(const clf_model *model, int64_t index);

/* Prediction */

/** Predicts class indices: the argmax of the decision function.
 *  @param rows      dense or sparse, with the features fitted on; labels are ignored. To classify
 *                   new values again and again, wrap one buffer, make one dataset of it, and refill
 *                   it.
 *  @param labels    [rows] receives 0 … classes - 1
 *  @param capacity  elements of labels, ≥ rows
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_NOT_FITTED, CLF_ERROR_SHAPE, CLF_ERROR_DATA (a row
 *          whose result is not finite), CLF_ERROR_UNSUPPORTED (a regression), CLF_ERROR_MEMORY,
 *          CLF_ERROR_CANCELLED; `labels` is written when all rows are good @since 0.1 */
CLF_API clf_status clf_model_predict(const clf_model *model, const clf_dataset *rows,
                                     int32_t *labels, int64_t capacity);

/** The decision function: one score a class, or the regression outputs. Of an svm: for two classes
 *  the machine's value, with both signs; for pairs of more the votes, with less than a vote of the
 *  values' sum (the pairs' own values: clf_model_transform()); with probability=true the log-odds.
 *  @param values    [rows, outputs] receives the scores, row after row
 *  @param capacity  elements of values, ≥ rows × outputs
 *  @return as clf_model_predict() @since 0.1 */
CLF_API clf_status clf_model_decision_function(const clf_model *model, const clf_dataset *rows,
                                               float *values, int64_t capacity);

/** Computes class probabilities (fisher, logistic, svm with probability=true, and networks fitted
 *  with the loss cross_entropy or binary_cross_entropy).
 *  @param probabilities  [rows, classes] receives them; each row sums to 1
 *  @param capacity       elements of probabilities, ≥ rows × classes
 *  @return as clf_model_predict(); CLF_ERROR_UNSUPPORTED where the model has none @since 0.1 */
CLF_API clf_status clf_model_predict_proba(const clf_model *model, const clf_dataset *rows,
                                           float *probabilities, int64_t capacity);

/** Computes the projections of rows to the discriminant axes (fisher); the decision values of pairs
 *  of classes (0, 1), (0, 2) … (1, 2) …, which are above 0 for the first class of the two, or of
 *  each class with multiclass=one_vs_rest (svm); or the hidden values of a network, which are the
 *  input of its last layer with weights, without dropout. Such values are also useful for rows of
 *  classes that were not in the training rows.
 *  @param values      [rows, components] receives the projections
 *  @param capacity    elements of values, ≥ rows × components
 *  @param components  receives the number of axes, machines or hidden values; may be NULL. With
 *                     values NULL and capacity 0 the call only writes this number.
 *  @return as clf_model_predict(); CLF_ERROR_UNSUPPORTED where the model has none @since 0.1 */
CLF_API clf_status clf_model_transform(const clf_model *model, const clf_dataset *rows,
                                       float *values, int64_t capacity, int64_t *components);

/** Accuracy on labelled rows, or the coefficient of determination R² of a regression (mean over
 *  outputs); weighted when the dataset has weights. Rows of classes the model does not know count
 *  as wrong.
 *  @return as clf_model_predict(); CLF_ERROR_ARGUMENT (the dataset has no labels or targets),
 *          CLF_ERROR_DATA (its weights are all 0)
 *  @since 0.1 */
CLF_API clf_status clf_model_score(const clf_model *model, const clf_dataset *data, double *score);

/* Inspection */

/** Names of the fitted model's tensors ("weights", "intercept", …); NULL beyond the end or when not
 *  fitted. @since 0.1 */
CLF_API const char *clf_model_tensor_name(const clf_model *model, int64_t index);

/** A tensor of the fitted model, read-only. Linear models have `weights` [outputs, features] and
 *  `intercept` [outputs], f32; where the weights' products cancel, so that f32 is not enough, also
 *  `weights_f64` and `intercept_f64`, by which they decide. Models that were fitted on rows far
 *  from 0 have `center` [columns] f64, which is subtracted from every row. Iterative ones have
 *  `history_loss` [epochs]. Networks that were fitted on targets have `target_center` and
 *  `target_scale` [outputs] f64: predictions are center + scale × the last layer's outputs.
 *  @param out  receives a new handle on the model's memory, valid even after the model's next fit;
 *              free it with clf_tensor_free()
 *  @return CLF_OK, CLF_ERROR_ARGUMENT (no such name; the message lists them), CLF_ERROR_NOT_FITTED,
 *          CLF_ERROR_MEMORY @since 0.1 */
CLF_API clf_status clf_model_tensor(const clf_model *model, const char *name, clf_tensor **out);

/** Describes the model in a few lines of text: kind, parameters, classes, tensors, size.
 *  Buffer as in clf_model_get_text(). @since 0.1 */
CLF_API clf_status clf_model_describe(const clf_model *model, char *buffer, size_t capacity,
                                      size_t *needed);

/* Files */

/** Saves a fitted model, atomically: the path holds the old file or the whole new one.
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_NOT_FITTED, CLF_ERROR_IO, CLF_ERROR_MEMORY,
 *          CLF_ERROR_CANCELLED @since 0.1 */
CLF_API clf_status clf_model_save(const clf_model *model, const char *path);

/** Saves a fitted model to memory.
 *  @param buffer    receives the bytes when they fit; may be NULL when capacity is 0
 *  @param capacity  bytes of buffer
 *  @param size      receives the bytes needed
 *  @return CLF_OK, CLF_ERROR_ARGUMENT (also: too small a buffer that is not NULL),
 *          CLF_ERROR_NOT_FITTED, CLF_ERROR_MEMORY @since 0.1 */
CLF_API clf_status clf_model_save_memory(const clf_model *model, void *buffer, size_t capacity,
                                         size_t *size);

/** Loads a model. The format is described in docs/model-format.md.
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_IO, CLF_ERROR_CORRUPT, CLF_ERROR_VERSION,
 *          CLF_ERROR_UNSUPPORTED (a kind that this version does not know), CLF_ERROR_MEMORY,
 *          CLF_ERROR_CANCELLED @since 0.1 */
CLF_API clf_status clf_model_load(clf_model **out, clf_context *context, const char *path);

/** Reads a model from another program's file.
 *  @param format  "libsvm": C-SVC and nu-SVC, which become a model of kind "svm" with the same
 *                 decision values (and probabilities, where the file has them). See
 *                 clf_kind_name("model_format", …). Also read in its gzip'd form.
 *  @param path    the file
 *  @param params  "name=value …" of the format, or NULL: "features=N" where the rows to come have
 *                 more features than the support vectors' entries tell, "zero_based=true"
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_IO, CLF_ERROR_FORMAT (the message names line and
 *          column), CLF_ERROR_UNSUPPORTED (a file of another kind of model, such as a regression),
 *          CLF_ERROR_MEMORY, CLF_ERROR_CANCELLED @since 0.1 */
CLF_API clf_status clf_model_import(clf_model **out, clf_context *context, const char *format,
                                    const char *path, const char *params);

/** Writes a fitted model to another program's file, atomically.
 *  @param format  "libsvm": svm-predict then gives the same decision values. The model must be an
 *                 svm of pairs (multiclass=one_vs_one) without transforms, and its class names
 *                 integers of 32 bits. A tensor `center` (of rows far from 0) is folded in f64 into
 *                 the vectors or, of a linear kernel, into rho.
 *                 "onnx" (operator set 13): a network of dense, conv2d, pooling, batch_norm,
 *                 activation, dropout and flatten layers, or a ridge, fisher, perceptron or
 *                 logistic model without a kernel; of transforms, standardize and min_max. Its
 *                 input "input" is f32 [N, features…], scaled as the model sees them; its outputs
 *                 are "scores" f32 [N, outputs], the decision function's values, and
 *                 "probabilities" where clf_model_predict_proba() gives them. Metadata "class_0" …
 *                 are the class names.
 *  @param path    the file
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_NOT_FITTED, CLF_ERROR_UNSUPPORTED (what the file
 *          has no place for: the message names it), CLF_ERROR_IO, CLF_ERROR_MEMORY @since 0.1 */
CLF_API clf_status clf_model_export(const clf_model *model, const char *format, const char *path);

/** Loads a model from memory, which is not needed afterwards. @return as clf_model_load()
 *  @since 0.1 */
CLF_API clf_status clf_model_load_memory(clf_model **out, clf_context *context, const void *bytes,
                                         size_t size);

#ifdef __cplusplus
}
#endif

#endif
