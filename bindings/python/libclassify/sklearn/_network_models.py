"""NetworkClassifier and NetworkRegressor."""

from __future__ import annotations

from typing import Any, Dict, Optional, Sequence

import numpy as np

from .. import errors
from ..dataset import Dataset
from ._base import Classifier, ProbabilityMixin, Regressor, result_type
from ._compat import check_classification_targets
from ._labels import row_weights
from ._network import Network


class NetworkClassifier(Network, ProbabilityMixin, Classifier):
    """A network of any layers, for classification.

    It is trained by gradients of batches of rows (Rumelhart, Hinton and Williams 1986), with adam
    (Kingma and Ba 2015) unless `optimizer` says otherwise. Initial weights are uniform in the wider
    of the ranges of Glorot and Bengio (2010) and LeCun et al. (1998) unless a layer names an
    initializer.

    Parameters
    ----------
    layers : str or list, optional
        ``"dense units=64 activation=relu; dense units=outputs"``, or a list of such texts, of pairs
        ``("dense", {"units": 64})`` or of dicts ``{"kind": "dense", "units": 64}``. The last layer
        has an output for each class, which ``units=outputs`` means. None for a linear network.
    loss : str, default "cross_entropy"
        "cross_entropy", "binary_cross_entropy", "squared_error" or "hinge".
    optimizer : str, pair or Optimizer, default "adam"
        "adam", "sgd learning_rate=0.1 momentum=0.9", ("sgd", {"momentum": 0.9}) or an
        :class:`libclassify.Optimizer`.
    learning_rate : float, optional
        That of the optimizer; None for its default.
    epochs : int or "auto", default "auto"
        "auto" is 10, or 2,000 steps if those are more.
    batch_size : int, default 128
    input : sequence of int, optional
        The shape of a row, such as (28, 28, 1); None for that of the array.
    scale : "auto" or float, default "auto"
        Factor of bytes (u8 rows), "auto" for 1 / 255.
    augment : str or dict, optional
        Random changes of the images of each epoch: ``"shift=2 rotate=10"`` or a dict.
    validation_split : float, default 0.0
        Share of each class to hold out, if a fit is given no validation rows.
    patience : int, default 0
        Epochs without a lower (validation) loss after which to stop, with the best weights.
    clip_norm : float, default 0.0
        Norm of the gradient of all weights together, to which larger gradients are scaled; 0 for no
        limit.
    averaging : float, default 0.0
        Decay of a mean of the weights that is validated and kept instead of the last weights: 0.999
        is the mean over about the last thousand steps. 1 is the plain mean, 0 the last weights.
    accumulation : int, default 1
        Number of batches whose gradients are summed before each step.
    precision : {"f32", "bf16", "int8"}, default "f32"
        Numbers that are multiplied: bf16 rounds them, adds in f32, and halves the weights' bytes;
        int8 trains in f32 and quantizes the weights to a quarter at the end.
    max_steps : int, default 0
        Number of steps after which the training ends, even within an epoch; 0 for no limit.
    shuffle : bool, default True
        Whether each epoch visits the rows in a new order.
    class_weight : dict or "balanced", optional
    warm_start : bool, default False
        Whether a fit of a fitted network starts from its weights.
    checkpoint : str or path, optional
        File to which the state of the training is saved. The same fit continues from it after an
        interruption, and arrives at the same bits; another fit is refused until it is removed.
    checkpoint_interval : int, default 1
        Number of epochs between two checkpoints.
    random_state : int, RandomState or None
    n_jobs : int, optional
        Threads; None uses all that the process may use.
    verbose : bool, default False
    reject : float, default 0.0
        Share of rows of known classes that may be rejected as none of them; see `set_reject`.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    history_ : dict of str to ndarray of shape (n_iter_,)
        loss, accuracy, learning_rate, seconds and, with validation, validation_loss and
        validation_accuracy.
    n_iter_ : int
    loss_ : float
    row_shape_ : tuple
    n_features_in_, feature_names_in_, model_
    """

    _classifies = True
    _names = {**Network._names, "reject": "reject"}

    def __init__(
        self,
        layers: Any = None,
        *,
        loss: str = "cross_entropy",
        optimizer: Any = "adam",
        learning_rate: Optional[float] = None,
        epochs: Any = "auto",
        batch_size: int = 128,
        input: Optional[Sequence[int]] = None,
        scale: Any = "auto",
        augment: Any = None,
        validation_split: float = 0.0,
        patience: int = 0,
        clip_norm: float = 0.0,
        averaging: float = 0.0,
        accumulation: int = 1,
        precision: str = "f32",
        max_steps: int = 0,
        shuffle: bool = True,
        class_weight: Any = None,
        warm_start: bool = False,
        checkpoint: Any = None,
        checkpoint_interval: int = 1,
        random_state: Any = None,
        n_jobs: Optional[int] = None,
        verbose: Any = False,
        reject: float = 0.0,
    ) -> None:
        super().__init__(
            layers=layers,
            optimizer=optimizer,
            learning_rate=learning_rate,
            epochs=epochs,
            batch_size=batch_size,
            input=input,
            scale=scale,
            augment=augment,
            validation_split=validation_split,
            patience=patience,
            clip_norm=clip_norm,
            averaging=averaging,
            accumulation=accumulation,
            precision=precision,
            max_steps=max_steps,
            shuffle=shuffle,
            warm_start=warm_start,
            checkpoint=checkpoint,
            checkpoint_interval=checkpoint_interval,
            random_state=random_state,
            n_jobs=n_jobs,
            verbose=verbose,
        )
        self.loss = loss
        self.class_weight = class_weight
        self.reject = reject

    def _loss_name(self) -> str:
        return self.loss

    @classmethod
    def _params_of(cls, params: Dict[str, Any]) -> Dict[str, Any]:
        return {**super()._params_of(params), "loss": params["loss"]}

    def fit(self, X: Any, y: Any, sample_weight: Any = None,
            validation: Any = None) -> "NetworkClassifier":
        """Train the network.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Or an array of shape (n_samples, height, width), (n_samples, height, width, channels) or
            (n_samples, steps, features). Bytes are multiplied by `scale`.
        y : array-like of shape (n_samples,)
        sample_weight : array-like of shape (n_samples,), optional
        validation : tuple (X, y) or (X, y, sample_weight), optional
            Rows that are scored after each epoch.

        Returns
        -------
        self
        """
        X, y = self._rows(X, y, reset=not (self.warm_start and hasattr(self, "model_")))
        check_classification_targets(y)
        train = self._dataset(X, y, sample_weight=row_weights(sample_weight, X.shape[0]))
        if len(train.classes) < 2:
            raise errors.DataError(
                f"{type(self).__name__} needs rows of two classes; all labels are of one class, "
                f"{train.classes[0]!r}"
            )
        if not (self.warm_start and hasattr(self, "model_")):
            self.classes_ = train.classes
        self._fit_network(train, self._validation(validation))
        return self

    def _validation(self, given: Any) -> Optional[Dataset]:
        if given is None:
            return None
        X, y, *rest = given
        X = self._rows(X, reset=False)
        weights = row_weights(rest[0], X.shape[0]) if rest else None
        return self._dataset(X, self._known_labels(y), sample_weight=weights)

    def _known_labels(self, y: Any) -> np.ndarray:
        """Check that labels are among the classes."""
        y = np.asarray(y).ravel()
        found = np.minimum(np.searchsorted(self.classes_, y), len(self.classes_) - 1)
        if (self.classes_[found] != y).any():
            unknown = np.setdiff1d(y, self.classes_)
            raise errors.DataError(
                f"`y` has classes not in `self.classes_`: {unknown}; the classes are "
                f"{self.classes_}"
            )
        return self.classes_[found]

    def partial_fit(self, X: Any, y: Any, classes: Any = None,
                    sample_weight: Any = None) -> "NetworkClassifier":
        """Run one epoch over these rows, starting from the weights that there are.

        Parameters
        ----------
        X : as in :meth:`fit`
        y : array-like of shape (n_samples,)
        classes : array-like of shape (n_classes,), optional
            All labels that can come, in the first call; None for those of `y`.
        sample_weight : array-like of shape (n_samples,), optional

        Returns
        -------
        self
        """
        first = not hasattr(self, "model_")
        X, y = self._rows(X, y, reset=first)
        check_classification_targets(y)
        if first:
            self.classes_ = np.unique(np.asarray(y if classes is None else classes))
        weights = row_weights(sample_weight, X.shape[0])
        self._partial_fit_network(self._of_all_classes(X, y, weights, first))
        return self

    def _of_all_classes(self, X: Any, y: np.ndarray, weights: Optional[np.ndarray],
                        first: bool) -> Dataset:
        """Return the rows as a dataset, whose classes are all classes if it is the first."""
        missing = np.setdiff1d(self.classes_, y) if first else y[:0]
        count = X.shape[0]
        rows = np.concatenate([np.arange(count), np.zeros(len(missing), np.intp)])
        data = self._dataset(
            X[rows] if len(missing) else X,
            self._known_labels(np.concatenate([y, missing])),
            sample_weight=None if weights is None else weights[rows],
        )
        return data.subset(np.arange(count)) if len(missing) else data

    def _of_second(self, values: np.ndarray) -> np.ndarray:
        return values[..., 1] - values[..., 0]

    def decision_function(self, X: Any) -> np.ndarray:
        """Return the scores of the last layer; with two classes, the second's minus the first's."""
        X = self._rows(X, reset=False)
        values = self.model_.decision_function(self._dataset(X))
        values = self._of_second(values) if len(self.classes_) == 2 else values
        return np.asarray(values, result_type(X))

    def predict(self, X: Any) -> np.ndarray:
        """Return the label of each row, an array of shape (n_samples,)."""
        X = self._rows(X, reset=False)
        return self._labels_of(self.model_.predict_indices(self._dataset(X)))

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of each class, an array of shape (n_samples, n_classes)."""
        X = self._rows(X, reset=False)
        return self.model_._probabilities(self._dataset(X), result_type(X))


class NetworkRegressor(Network, Regressor):
    """A network of any layers, for regression.

    It minimizes half the squared error of the targets after their standardization; predictions,
    losses and scores are in the units of the data.

    Parameters
    ----------
    layers, optimizer, learning_rate, epochs, batch_size, input, scale, augment, validation_split, \
patience, clip_norm, averaging, accumulation, max_steps, shuffle, warm_start, checkpoint, \
checkpoint_interval, random_state, n_jobs, verbose
        As in :class:`NetworkClassifier`; the last layer has an output for each target. With
        ``epochs="auto"`` up to 4,000 steps, as long as predictions of held-out rows improve. The
        default learning rate of adam is 0.003.

    Attributes
    ----------
    history_, n_iter_, loss_, row_shape_, n_features_in_, feature_names_in_, model_
        As in :class:`NetworkClassifier`, without accuracies.
    """

    def _loss_name(self) -> str:
        return "squared_error"

    def fit(self, X: Any, y: Any, sample_weight: Any = None,
            validation: Any = None) -> "NetworkRegressor":
        """Train the network.

        Parameters
        ----------
        X : as in :meth:`NetworkClassifier.fit`
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
        sample_weight : array-like of shape (n_samples,), optional
        validation : tuple (X, y) or (X, y, sample_weight), optional
            Rows that are scored after each epoch.

        Returns
        -------
        self
        """
        train = self._targeted(X, y, sample_weight, reset=True)
        held = None if validation is None else self._targeted(*validation, reset=False)
        self._fit_network(train, held)
        return self

    def _targeted(self, X: Any, y: Any, sample_weight: Any = None, *, reset: bool) -> Dataset:
        X, y = self._rows(X, y, reset=reset, multi_output=True, y_numeric=True)
        self._flat = y.ndim == 1
        weights = row_weights(sample_weight, X.shape[0])
        return self._dataset(X, targets=y, sample_weight=weights)

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> "NetworkRegressor":
        """Run one epoch over these rows, starting from the weights that there are."""
        first = not hasattr(self, "model_")
        self._partial_fit_network(self._targeted(X, y, sample_weight, reset=first))
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the targets of each row, of the dimensions that the fit's had."""
        X = self._rows(X, reset=False)
        values = np.asarray(self.model_.decision_function(self._dataset(X)), result_type(X))
        return values[:, 0] if self._flat else values
