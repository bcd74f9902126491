/** @file classify/model.h
 *  Models: creating them by name, fitting, predicting, inspecting, saving and loading.
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
 *  Another kind of model needs only another kind and parameter string. clf_model_add_transform()
 *  puts transforms such as "standardize" in front of the model; they are fitted, applied and saved
 *  with it.
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

/** Makes an unfitted model of the same kind, parameters, optimizer, transforms, vocabulary and
 *  metadata, but without a network's `checkpoint`, which belongs to the handle on which it is set.
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_MEMORY @since 0.1 */
CLF_API clf_status clf_model_clone(clf_model **out, const clf_model *model);

/* Parts of a model: transforms, vocabulary, optimizer */

/** Adds a transform (see transform.h) at the end of the model's pipeline: fit() fits it on the
 *  training rows, every prediction applies it, and it is saved with the model. A fitted model
 *  becomes unfitted.
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_MEMORY @since 0.1 */
CLF_API clf_status clf_model_add_transform(clf_model *model, const char *transform,
                                           const char *params);

/** Keeps a vocabulary with the model. It is saved, loaded and cloned with the model, so that texts
 *  can be encoded for its predictions. The model shares the words, and the caller may free the
 *  vocabulary.
 *  @param vocabulary  a vocabulary that was built; NULL removes the model's vocabulary
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_NOT_FITTED (it has no words yet), CLF_ERROR_MEMORY
 *  @since 0.1 */
CLF_API clf_status clf_model_set_vocabulary(clf_model *model, const clf_vocabulary *vocabulary);

/** Returns the vocabulary kept with the model, to encode texts by; NULL when there is none.
 *  The model owns it; it lives until the model is freed or gets another one. @since 0.1 */
CLF_API const clf_vocabulary *clf_model_vocabulary(const clf_model *model);

/** Gives a network its own optimizer. It is used by fits that are passed no optimizer, by
 *  cross-validation and grid search, and by clones of the model. It is described and saved with the
 *  model.
 *  @param optimizer  its kind and parameters are copied; with NULL, fits use adam with its defaults
 *                    again
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_UNSUPPORTED (a kind with a solver of its own),
 *          CLF_ERROR_MEMORY; after a failure the model keeps the optimizer that it had @since
 *          0.1 */
CLF_API clf_status clf_model_set_optimizer(clf_model *model, const clf_optimizer *optimizer);

/** Returns the model's own optimizer; NULL when there is none. The model owns it; it
 *  lives until the model is freed or gets another one. @since 0.1 */
CLF_API const clf_optimizer *clf_model_optimizer(const clf_model *model);

/* Metadata */

/** Keeps a text with the model under a key: where its data came from, by which command it was made,
 *  its version … It is saved, loaded and cloned with the model, stays through further fits, and
 *  clf_model_export() writes it to ONNX files as "metadata.KEY". The library does not read it.
 *  @param key    1 to 200 printable ASCII characters without blanks, such as "author". Begin it
 *                with the name of your program if others may add to the model, as the keys of the
 *                command line tool begin with "classify."
 *  @param value  NUL-terminated UTF-8, copied; NULL removes the key
 *  @return CLF_OK (also: there was no such key to remove), CLF_ERROR_ARGUMENT (a key that is not
 *          valid, more than 1,000 keys), CLF_ERROR_DATA (a value that is not UTF-8: the byte is in
 *          the message), CLF_ERROR_MEMORY; after a failure nothing is changed @since 0.1 */
CLF_API clf_status clf_model_set_metadata(clf_model *model, const char *key, const char *value);

/** Returns the text that clf_model_set_metadata() kept under the key; NULL when there is none. The
 *  model owns it; it lives until the model's metadata changes or the model is freed. @since 0.1 */
CLF_API const char *clf_model_metadata(const clf_model *model, const char *key);

/** Returns a key of the model's metadata, in the order in which they were added; NULL beyond the
 *  end. It lives as long as the texts. @since 0.1 */
CLF_API const char *clf_model_metadata_key(const clf_model *model, int64_t index);

/* Kind and parameters */

/** Returns the model's kind, such as "ridge"; NULL for NULL. The string is a constant of the
 *  library. @since 0.1 */
CLF_API const char *clf_model_kind(const clf_model *model);

/** Sets a parameter. A fitted model stays as it is until its next fit. Texts with their own grammar
 *  (`layers`, `augment`) are checked here, as in clf_model_create(); whether the layers fit the
 *  shape of the rows is checked by the fit.
 *  @param name  see clf_param_describe("model", kind, …)
 *  @return CLF_OK, CLF_ERROR_ARGUMENT (unknown name, value out of bounds, a text that is not of its
 *          grammar: the message names layer, parameter and value; nothing is changed then),
 *          CLF_ERROR_TYPE, CLF_ERROR_MEMORY
 *  @since 0.1 */
CLF_API clf_status clf_model_set_i64(clf_model *model, const char *name, int64_t value);
/** Sets a parameter that takes a number. @return as clf_model_set_i64() @since 0.1 */
CLF_API clf_status clf_model_set_f64(clf_model *model, const char *name, double value);
/** Sets a parameter of any type from text, as it is written in a parameter string.
 *  @return as clf_model_set_i64() @since 0.1 */
CLF_API clf_status clf_model_set_text(clf_model *model, const char *name, const char *value);

/** Reads a parameter that is an integer, a truth value (0 or 1) or a choice (the index of its
 *  word).
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_TYPE (also: the parameter is an integer or a word,
 *          and holds a word now) @since 0.1 */
CLF_API clf_status clf_model_get_i64(const clf_model *model, const char *name, int64_t *value);
/** Reads a parameter that is a number. @return as clf_model_get_i64() @since 0.1 */
CLF_API clf_status clf_model_get_f64(const clf_model *model, const char *name, double *value);
/** Reads any parameter as text.
 *  @param buffer    receives NUL-terminated text when it fits; may be NULL when capacity is 0
 *  @param capacity  bytes of buffer
 *  @param needed    receives the bytes needed, the NUL included; may be NULL
 *  @return CLF_OK, CLF_ERROR_ARGUMENT (also: a buffer that is too small and not NULL),
 *          CLF_ERROR_MEMORY @since 0.1 */
CLF_API clf_status clf_model_get_text(const clf_model *model, const char *name, char *buffer,
                                      size_t capacity, size_t *needed);

/** Writes all parameters as text, "name=value …", from which clf_model_create() makes an equal
 *  model of the kind. Transforms, optimizer and vocabulary are handles with parameters of their
 *  own.
 *  @param buffer    receives NUL-terminated text when it fits; may be NULL when capacity is 0
 *  @param capacity  bytes of buffer
 *  @param needed    receives the bytes needed, the NUL included; may be NULL
 *  @return CLF_OK, CLF_ERROR_ARGUMENT (also: a buffer that is too small and not NULL),
 *          CLF_ERROR_MEMORY @since 0.1 */
CLF_API clf_status clf_model_params(const clf_model *model, char *buffer, size_t capacity,
                                    size_t *needed);

/* Fitting */

/** Fits the model to labeled rows, or a regression to targets. The parameter `type` of an svm
 *  determines what it learns from; a one-class machine does not need labels, and does not use them.
 *
 *  A model that is fitted already is fitted from scratch, which the log reports; if the call fails,
 *  the model stays as it was. With the parameter `warm_start=true`, a fitted logistic model or
 *  network begins at its weights instead, and an svm at its dual variables if rows and kernel are
 *  the same; each keeps its classes and its fitted transforms. The result of logistic and svm is
 *  then the same, mostly in fewer iterations; the new epochs of a network are appended to its
 *  history.
 *  @param train       rows with labels, or with targets for a regression (ridge, network, svm of
 *                     type=epsilon_svr or nu_svr); NULL for one of several ranks without rows
 *  @param optimizer   the optimizer of a network. It starts without its state of earlier steps,
 *                     even with warm_start=true. NULL uses the network's own (see
 *                     clf_model_set_optimizer()), or adam with its defaults (learning_rate=0.003
 *                     for a regression). Must be NULL for kinds that have a solver
 *  @param validation  rows to score, or NULL. Of several ranks each may have a part of them, or
 *                     NULL, and all are scored. The score after the fit is the tensor
 *                     "validation_score"; a network also adds loss and score after each epoch to
 *                     its history. Losses in the history are means weighted by row weights and
 *                     `class_weight`; accuracies are what clf_model_score() returns, without
 *                     `class_weight`
 *  @return CLF_OK (see clf_model_outcome() for a solver that stopped early), CLF_ERROR_ARGUMENT,
 *          CLF_ERROR_DATA (NaN or Inf, fewer than two classes, all weights 0: the place is in the
 *          message), CLF_ERROR_SHAPE (also: a warm start with other layers), CLF_ERROR_UNSUPPORTED
 *          (the kind does not support row weights, sparse rows, regression or an optimizer),
 *          CLF_ERROR_NUMERIC, CLF_ERROR_CANCELLED, CLF_ERROR_DIVERGED (the network then has the
 *          weights of its last good epoch), CLF_ERROR_MEMORY, CLF_ERROR_PEER
 *  @since 0.1 */
CLF_API clf_status clf_model_fit(clf_model *model, const clf_dataset *train,
                                 clf_optimizer *optimizer, const clf_dataset *validation);

/** Continues fitting with more rows (ridge, fisher, perceptron, network).
 *
 *  ridge (solver=cholesky, or auto up to 4,096 features) and fisher (kernel=none) keep sums over
 *  the rows: features^2 numbers of f64. The result is that of one fit of all rows, in whatever
 *  order and in however many calls they come: of bytes to the bit, otherwise to about 1e-10.
 *  Batches may have a single row, and classes that earlier ones lacked are added. Few rows change
 *  the sums at once, and the model is computed from them when it is next used. If rounding errors
 *  of the sums matter, as they do for nearly dependent features without regularization, the log
 *  says so, and clf_model_outcome() is CLF_NOT_CONVERGED. A fit with incremental=true keeps the
 *  sums, too. They are saved with the model. The last transform of a pipeline may be standardize or
 *  min_max, which more rows change together with the sums; others that depend on the rows of their
 *  fit must be applied to the dataset instead.
 *
 *  For the other kinds, the first call, or a fit before it, fixes the classes and the features, so
 *  pass a dataset that has all classes, or batches of such a dataset. Transforms must have been
 *  fitted by a fit, and stay as they are.
 *
 *  For a network, each call is one epoch over these rows, of at most `max_steps` steps. It uses the
 *  optimizer of the last clf_model_fit() (a fit with epochs=0 is enough to choose one), or else the
 *  network's own optimizer, or adam. The log reports a network's own optimizer that differs from
 *  that of the last fit.
 *
 *  The following state of a network continues from call to call: that of the optimizer, the
 *  averaged weights, running statistics, the learning rate's schedule (over `epochs` calls) and the
 *  history. N calls with the same rows give the same bits as one fit of N epochs without
 *  `patience`. Calls also continue from a fit with warm_start=true, unless that fit may have
 *  restored the weights of an earlier epoch, as `patience` does and as a regression that ends early
 *  does. A network that was loaded from a file has only its weights, and its optimizer restarts.
 *
 *  Row weights, and the counts for class_weight=balanced, are those of the rows of the call. If two
 *  calls in a row have the same rows, batch_norm measures its statistics at the end of the second,
 *  as a fit does; otherwise it uses the running ones. A `checkpoint` is neither read nor written.
 *  @return as clf_model_fit(), CLF_ERROR_DATA (also: a row of a class that the model lacks),
 *          CLF_ERROR_SHAPE (also: layers that do not fit the weights), CLF_ERROR_UNSUPPORTED (also:
 *          a kind without partial fits; transforms that are not fitted; a model that keeps no
 *          sums).
 *          The model is unchanged after any failure, CLF_ERROR_DIVERGED included @since 0.1 */
CLF_API clf_status clf_model_partial_fit(clf_model *model, const clf_dataset *train);

/** Subtracts rows from a model that keeps sums (ridge, fisher; see clf_model_partial_fit()), which
 *  then is as if it had never seen them: of bytes to the bit, otherwise within the rounding errors
 *  of the sums. A class that loses all its rows remains, without weight.
 *  @param data  rows that the model has learned, with their labels or targets, and their weights
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_NOT_FITTED, CLF_ERROR_DATA (NaN or Inf; more rows
 *          of a class than were learned; rows that were not; too few rows or classes left for a
 *          fit), CLF_ERROR_SHAPE, CLF_ERROR_UNSUPPORTED (a model without sums), CLF_ERROR_NUMERIC,
 *          CLF_ERROR_MEMORY, CLF_ERROR_CANCELLED. The model is unchanged after any failure
 *  @since 0.1 */
CLF_API clf_status clf_model_forget(clf_model *model, const clf_dataset *data);

/** Adds what another model has learned from other rows: the result is the model of all rows, as
 *  clf_model_partial_fit() of the other's rows would make it. Both keep sums (ridge, fisher), and
 *  have the same kind, parameters, transforms and features. Classes are matched by name.
 *  @param into   receives the sum
 *  @param other  is not changed; it may be of another context
 *  @return CLF_OK, CLF_ERROR_ARGUMENT (also: models that differ), CLF_ERROR_NOT_FITTED,
 *          CLF_ERROR_SHAPE (other features), CLF_ERROR_DATA (numbers and names as classes),
 *          CLF_ERROR_UNSUPPORTED (a model without sums), CLF_ERROR_NUMERIC, CLF_ERROR_MEMORY,
 *          CLF_ERROR_CANCELLED. `into` is unchanged after any failure @since 0.1 */
CLF_API clf_status clf_model_merge(clf_model *into, const clf_model *other);

/** Returns how the last fit ended.
 *  @return CLF_OK, CLF_NOT_CONVERGED (iteration limit reached, or stopped), CLF_ERROR_NOT_FITTED,
 *          CLF_ERROR_ARGUMENT @since 0.1 */
CLF_API clf_status clf_model_outcome(const clf_model *model);

/* What a fitted model has */

/** Returns the number of features of the rows that the model was fitted on; -1 when not fitted.
 *  @since 0.1 */
CLF_API int64_t clf_model_features(const clf_model *model);
/** Returns the number of classes; 0 for regression, -1 when not fitted. @since 0.1 */
CLF_API int64_t clf_model_classes(const clf_model *model);
/** Returns the number of columns of the decision function: the number of classes, or of regression
 *  outputs; -1 when not fitted. @since 0.1 */
CLF_API int64_t clf_model_outputs(const clf_model *model);
/** Returns the name of a class, as in the training dataset; NULL when there is none. The name lives
 *  until the next fit. @since 0.1 */
CLF_API const char *clf_model_class_name(const clf_model *model, int64_t index);

/** Returns the name of a feature, as in the training dataset; NULL when it has none. The name lives
 *  until the next fit. @since 0.1 */
CLF_API const char *clf_model_feature_name(const clf_model *model, int64_t index);

/** Returns the number of columns that the transforms of the pipeline make of the features: those
 *  that the model itself learns from; -1 when not fitted. @since 0.1 */
CLF_API int64_t clf_model_columns(const clf_model *model);

/** Writes the name of a column that the pipeline makes, such as "city=Bern", as
 *  clf_transform_output_name() of its last transform does; without transforms the name of the
 *  feature. Features without a name are called x0, x1, …
 *  @param index     0 … clf_model_columns() - 1
 *  @param buffer    receives NUL-terminated text when it fits; may be NULL when capacity is 0
 *  @param capacity  bytes of buffer
 *  @param needed    receives the bytes needed, the NUL included; may be NULL
 *  @return CLF_OK, CLF_ERROR_ARGUMENT (also: too small a buffer that is not NULL),
 *          CLF_ERROR_NOT_FITTED, CLF_ERROR_MEMORY
 *  @since 0.1 */
CLF_API clf_status clf_model_column_name(const clf_model *model, int64_t index, char *buffer,
                                         size_t capacity, size_t *needed);

/** Returns the number of categories that a feature had in the training dataset; 0 for a feature of
 *  numbers, -1 for NULL, for a feature that there is not, and before a fit. @since 0.1 */
CLF_API int64_t clf_model_category_count(const clf_model *model, int64_t feature);
/** Returns the name of a category of a feature, as in the training dataset; NULL when there is
 *  none. The name lives until the next fit. @since 0.1 */
CLF_API const char *clf_model_category_name(const clf_model *model, int64_t feature, int64_t index);

/* Prediction */

/** Predicts class indices: the first maximum of what clf_model_predict_proba() computes or, for a
 *  model without probabilities, of the decision function. Costs and thresholds that are set
 *  (decision.h) come first. A model with `reject` predicts -1 for a row that is unlike those of all
 *  classes. A one-class machine (svm with type=one_class) predicts 0 for rows like those of its
 *  fit, whose decision value is positive, and -1 for all others.
 *  @param data      dense or sparse, with the features fitted on; labels are ignored. If both these
 *                   rows and those of the fit have names of columns, columns are found by name:
 *                   their order is free, others are left out, and the log names them. Otherwise
 *                   the columns are those of the fit in their order. Categories are matched by
 *                   their texts. To classify new values repeatedly, wrap one buffer, make one
 *                   dataset of it, and refill the buffer before each call.
 *  @param labels    [rows] receives 0 … classes - 1, or -1; of a one-class machine 0 or -1
 *  @param capacity  elements of labels, ≥ rows
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_NOT_FITTED, CLF_ERROR_SHAPE, CLF_ERROR_DATA (a row
 *          whose result is not finite; columns of the fit that the rows lack, which the message
 *          names; categories in place of numbers, or the other way round), CLF_ERROR_UNSUPPORTED
 *          (a regression), CLF_ERROR_MEMORY, CLF_ERROR_CANCELLED; `labels` is written only if all
 *          rows succeed @since 0.1 */
CLF_API clf_status clf_model_predict(const clf_model *model, const clf_dataset *data,
                                     int32_t *labels, int64_t capacity);

/** Computes the decision function: one score for each class, or the regression outputs, or the
 *  value of a one-class machine.
 *
 *  The scores of an svm with two classes are the decision value and its negative. With more classes
 *  in pairs, a score is the number of votes plus a fraction below 1 that grows with the sum of the
 *  decision values; clf_model_project() computes the values of the pairs themselves. With
 *  probability=true the scores are log-odds.
 *  @param values    [rows, outputs] receives the scores, row after row
 *  @param capacity  elements of values, ≥ rows × outputs
 *  @return as clf_model_predict() @since 0.1 */
CLF_API clf_status clf_model_decision_function(const clf_model *model, const clf_dataset *data,
                                               float *values, int64_t capacity);

/** Computes the decision function in f64.
 *
 *  - A model that consists of linear maps (ridge, logistic, and fisher and perceptron without a
 *    kernel) computes it in f64 from the rows as they are, f64 rows included, and from
 *    `weights_f64`. This takes some three times as long as f32.
 *  - An svm without probability=true computes kernel values in f32, multiplies them by
 *    `dual_coef_f64` and sums the products in f64. With a linear kernel it uses `weights_f64`.
 *  - All other models, and those that earlier versions saved without these tensors, compute in f32,
 *    and the results are widened.
 *  @param values    [rows, outputs] receives the scores, row after row
 *  @param capacity  elements of values, ≥ rows × outputs
 *  @return as clf_model_predict() @since 0.1 */
CLF_API clf_status clf_model_decision_function_f64(const clf_model *model, const clf_dataset *data,
                                                   double *values, int64_t capacity);

/** Computes class probabilities (fisher, logistic, networks fitted with the loss cross_entropy or
 *  binary_cross_entropy, and every classifier that is calibrated, such as an svm with
 *  probability=true; see decision.h).
 *  @param probabilities  [rows, classes] receives them; each row sums to 1
 *  @param capacity       elements of probabilities, ≥ rows × classes
 *  @return as clf_model_predict(); CLF_ERROR_UNSUPPORTED where the model has none @since 0.1 */
CLF_API clf_status clf_model_predict_proba(const clf_model *model, const clf_dataset *data,
                                           float *probabilities, int64_t capacity);

/** Computes class probabilities in f64, from the decision function in f64 where that of
 *  clf_model_decision_function_f64() is computed in f64; otherwise they are widened.
 *  @param probabilities  [rows, classes] receives them; each row sums to 1
 *  @param capacity       elements of probabilities, ≥ rows × classes
 *  @return as clf_model_predict_proba() @since 0.1 */
CLF_API clf_status clf_model_predict_proba_f64(const clf_model *model, const clf_dataset *data,
                                               double *probabilities, int64_t capacity);

/** Computes what a model derives from rows before it decides:
 *  - fisher: the projections of the rows onto the discriminant axes;
 *  - svm: the decision values of the pairs of classes (0, 1), (0, 2) … (1, 2) …, positive for the
 *    first class of a pair; with multiclass=one_vs_rest those of each class against the rest;
 *  - network: the hidden values, which are the input of its last layer with weights, without
 *    dropout.
 *
 *  The projections and the hidden values also describe rows of classes that the training rows
 *  lacked.
 *  @param values      [rows, components] receives the projections
 *  @param capacity    elements of values, ≥ rows × components
 *  @param components  receives the number of axes, machines or hidden values; may be NULL. With
 *                     values NULL and capacity 0 the call only writes this number.
 *  @return as clf_model_predict(); CLF_ERROR_UNSUPPORTED where the model has none @since 0.1 */
CLF_API clf_status clf_model_project(const clf_model *model, const clf_dataset *data, float *values,
                                     int64_t capacity, int64_t *components);

/** Computes what clf_model_project() computes, in f64 where clf_model_decision_function_f64() is
 *  computed in f64; otherwise the results are widened.
 *  @param values      [rows, components] receives the projections
 *  @param capacity    elements of values, ≥ rows × components
 *  @param components  receives the number of axes, machines or hidden values; may be NULL. With
 *                     values NULL and capacity 0 the call only writes this number.
 *  @return as clf_model_project() @since 0.1 */
CLF_API clf_status clf_model_project_f64(const clf_model *model, const clf_dataset *data,
                                         double *values, int64_t capacity, int64_t *components);

/** Computes the accuracy on labeled rows, or the coefficient of determination R² of a regression
 *  (its mean over the outputs). Both are weighted when the dataset has weights. Rows of classes
 *  that the model does not know count as wrong. For a one-class machine the rows of a class named
 *  "-1" are outliers and all others are not; the score is the share that it classifies so. With a
 *  communicator all ranks make this call, NULL if they have no rows; all rows have one score.
 *  @return as clf_model_predict(); CLF_ERROR_ARGUMENT (the dataset has no labels or targets),
 *          CLF_ERROR_DATA (its weights are all 0), CLF_ERROR_PEER
 *  @since 0.1 */
CLF_API clf_status clf_model_score(const clf_model *model, const clf_dataset *data, double *score);

/** Reserves memory for predictions of few rows, such as those of one request. From then on, calls
 *  of clf_model_predict(), clf_model_decision_function(), clf_model_predict_proba(),
 *  clf_model_project() and their likes, which take a `const clf_model *` and at most as many rows
 *  as the sample, run on the calling thread alone. They allocate nothing, take no lock, wait for no
 *  other thread, and are not reported to the progress callback. The results are the same.
 *
 *  As many threads as there are `callers` can do so at once; calls beyond those, and calls with
 *  more rows, work as without a reserve. Each caller has memory of its own, as large as the
 *  predictions of the sample need it, which clf_context_memory() counts. If other rows need more,
 *  such as sparse rows with more entries, it grows after the first such call.
 *
 *  The reserve belongs to the handle: it stays through later fits, whose first prediction may
 *  allocate, and is neither saved nor cloned. A further call replaces it.
 *  @param sample   1 to 1,024 rows like those to be predicted, as many as one call has at most;
 *                  they are predicted to measure the memory
 *  @param callers  1 to 1,024 threads that predict at the same time
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_NOT_FITTED, CLF_ERROR_MEMORY, and as
 *          clf_model_predict() for the sample. After a failure an existing reserve stays @since 0.1
 */
CLF_API clf_status clf_model_reserve(clf_model *model, const clf_dataset *sample, int32_t callers);

/* Inspection */

/** Returns the name of a tensor of the fitted model ("weights", "intercept", …); NULL beyond the
 *  end or when not fitted. It lives until the next fit. @since 0.1 */
CLF_API const char *clf_model_tensor_name(const clf_model *model, int64_t index);

/** Returns a tensor of the fitted model, read-only. Among them are:
 *  - `weights` [outputs, features] and `intercept` [outputs], f32, of linear models;
 *  - `weights_f64` and `intercept_f64`, the same in f64. Models that an earlier version saved may
 *    lack them;
 *  - `precision` i64 [1], of linear models: 64 if results in f32, too, are computed from
 *    `weights_f64` and `intercept_f64`, because products in f32 would lose digits; otherwise
 *    32;
 *  - `center` [columns], f64, of models that were fitted on rows far from 0: it is subtracted from
 *    every row;
 *  - `history_loss` [epochs] of iterative models;
 *  - `iterations` i64 [1], of models that were fitted in iterations or epochs, how many there were;
 *    [machines] for the svm;
 *  - `class_means` [classes, columns] and `priors` [classes], f64, of fisher: the means of the
 *    classes after the transforms (with a kernel, those of the images of the rows);
 *    `explained_ratio` [components], the share of each axis in what separates the classes;
 *  - `target_center` and `target_scale` [outputs], f64, of networks that were fitted on targets: a
 *    prediction is center + scale × the output of the last layer.
 *  @param out  receives a new handle on the model's memory, valid even after the model's next fit;
 *              free it with clf_tensor_free()
 *  @return CLF_OK, CLF_ERROR_ARGUMENT (no such name; the message lists them), CLF_ERROR_NOT_FITTED,
 *          CLF_ERROR_MEMORY @since 0.1 */
CLF_API clf_status clf_model_tensor(clf_tensor **out, const clf_model *model, const char *name);

/** Describes the model in a few lines of text: kind, parameters, classes, tensors, size.
 *  Buffer as in clf_model_get_text().
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_MEMORY @since 0.1 */
CLF_API clf_status clf_model_describe(const clf_model *model, char *buffer, size_t capacity,
                                      size_t *needed);

/* Files */

/** Saves a fitted model atomically: the path always holds either the old file or the complete new
 *  one.
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
 *  @param format  "libsvm": machines of all types, which become a model of kind "svm" with the
 *                 same decision values (and probabilities of classes, where the file has them).
 *                 "liblinear": the logistic regressions become models of kind "logistic", with the
 *                 same probabilities, and the support vector machines linear ones of kind "svm".
 *                 See clf_kind_name("model_reader", …). A file compressed by gzip is read, too.
 *  @param path    the file
 *  @param params  "name=value …" of the format, or NULL: "features=N" if rows to predict have more
 *                 features than the file, or than occur in support vectors of LIBSVM, whose
 *                 "zero_based=true" says that indices start at 0
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_IO, CLF_ERROR_FORMAT (the message names line and
 *          column), CLF_ERROR_UNSUPPORTED (a file of another kind of model, such as a regression),
 *          CLF_ERROR_MEMORY, CLF_ERROR_CANCELLED @since 0.1 */
CLF_API clf_status clf_model_import(clf_model **out, clf_context *context, const char *format,
                                    const char *path, const char *params);

/** Writes a fitted model to another program's file, atomically.
 *  @param format  "libsvm": svm-predict then gives the same decision values. The model must be an
 *                 svm of pairs (multiclass=one_vs_one) without transforms, and its class names
 *                 integers of 32 bits. A tensor `center` (of rows far from 0) is added to the
 *                 vectors in f64 or, with a linear kernel, folded into rho.
 *                 "liblinear": predict then gives the same labels, and probabilities where the
 *                 model has them. The model must be linear: ridge, fisher, perceptron, logistic, or
 *                 an svm with a linear kernel of two classes or with multiclass=one_vs_rest; class
 *                 names as for libsvm. The transforms may be standardize, min_max, robust and
 *                 log_count_ratio, which are folded into the weights in f64, as is a `center`.
 *                 Models of several classes whose probabilities are a softmax are refused, unless
 *                 "probabilities=false" writes their decisions alone.
 *                 "onnx" (operator set 13): a network of any of the library's layers, or a ridge,
 *                 fisher, perceptron or logistic model without a kernel; the transforms may be
 *                 standardize, min_max, robust and log_count_ratio.
 *                 The input "input" is f32 [N, features…], scaled as the model sees it. The
 *                 outputs are "scores" f32 [N, outputs], the decision function's values, and
 *                 "probabilities" if clf_model_predict_proba() computes them. The metadata entries
 *                 "class_0" … are the class names, "feature_0" … the names of the features, and
 *                 "metadata.KEY" … the model's metadata.
 *                 "c": one file of C99 that needs no library (but <math.h> for exp and log) and no
 *                 memory but the stack: NAME_predict(const float *x) returns the class of a row,
 *                 NAME_decision(const float *x, double *scores) computes the decision function,
 *                 and NAME_probabilities(const float *x, double *p) the probabilities, if the
 *                 model has them; NAME_class_names are the classes, and NAME_feature_names the
 *                 features if they have names. "name=NAME" (model) begins all names; "input=f64"
 *                 takes rows of double. It writes every ridge, fisher, perceptron, logistic and svm
 *                 model, networks of all layers but those of sequences, and the transforms
 *                 standardize, min_max, log_count_ratio, polynomial, pca, robust, select, and
 *                 impute of numbers without an indicator. No format expresses costs, thresholds
 *                 and priors, which are refused, or rejecting and prediction sets, which are left
 *                 out.
 *  @param path    the file
 *  @param params  "name=value …" of the format, or NULL; clf_param_describe("model_writer", …)
 *                 lists them
 *  @return CLF_OK, CLF_ERROR_ARGUMENT, CLF_ERROR_NOT_FITTED, CLF_ERROR_UNSUPPORTED (something that
 *          the format cannot express: the message names it), CLF_ERROR_IO, CLF_ERROR_MEMORY @since
 *          0.1 */
CLF_API clf_status clf_model_export(const clf_model *model, const char *format, const char *path,
                                    const char *params);

/** Loads a model from memory, which may be freed afterwards. @return as clf_model_load()
 *  @since 0.1 */
CLF_API clf_status clf_model_load_memory(clf_model **out, clf_context *context, const void *bytes,
                                         size_t size);

#ifdef __cplusplus
}
#endif

#endif
