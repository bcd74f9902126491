"""Neural networks: multi-layer perceptrons, and networks of any layers."""

from __future__ import annotations

from typing import Any, Optional

import numpy as np

from .. import errors
from ..dataset import Dataset
from ._base import Classifier, ProbabilityMixin, Regressor
from ._compat import check_classification_targets
from ._labels import row_weights
from ._mlp import MultilayerPerceptron, Rows
from ._network_models import NetworkClassifier, NetworkRegressor

__all__ = ["MLPClassifier", "MLPRegressor", "NetworkClassifier", "NetworkRegressor"]


class MLPClassifier(MultilayerPerceptron, ProbabilityMixin, Classifier):
    """The multi-layer perceptron for classification.

    It minimizes the cross-entropy with an L2 penalty, as scikit-learn's ``MLPClassifier`` does, and
    with the same `random_state` it takes the same steps up to rounding. Parameters, defaults and
    fitted attributes are those of scikit-learn. Gradients are found by backpropagation (Rumelhart,
    Hinton and Williams 1986), the initial weights are those of Glorot and Bengio (2010), and "adam"
    is the method of Kingma and Ba (2015).

    Parameters
    ----------
    hidden_layer_sizes : sequence of int, default (100,)
    activation : "identity", "logistic", "tanh" or "relu", default "relu"
    solver : "adam" or "sgd", default "adam"
    alpha : float, default 1e-4
        Weight of the L2 penalty.
    batch_size : int or "auto", default "auto"
        "auto" is min(200, n_samples).
    learning_rate : "constant", "invscaling" or "adaptive", default "constant"
        Of sgd: "invscaling" divides the rate by (rows learned)^power_t, "adaptive" by 5 where the
        training would end.
    learning_rate_init : float, default 1e-3
    power_t : float, default 0.5
    max_fun : int
        Of a solver that is refused.
    max_iter : int, default 200
        Limit of the epochs.
    shuffle : bool, default True
    random_state : int, RandomState or None
    tol : float, default 1e-4
    verbose : bool, default False
    warm_start : bool, default False
    momentum : float, default 0.9
    nesterovs_momentum : bool, default True
    early_stopping : bool, default False
    validation_fraction : float, default 0.1
    beta_1, beta_2, epsilon : float, default 0.9, 0.999, 1e-8
    n_iter_no_change : int, default 10
    precision : "f32", "bf16" or "int8", default "f32"
        Numbers that are multiplied. "bf16" rounds them in the training, too, and halves the bytes
        of the weights; "int8" trains in f32 and quantizes the weights to a quarter.
    n_jobs : int, optional
        Threads; None uses all that the process may use.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    loss_, best_loss_ : float
    loss_curve_ : list of shape (n_iter_,)
    validation_scores_, best_validation_score_
        With `early_stopping`, else None.
    coefs_ : list of ndarray of shape (inputs, units)
    intercepts_ : list of ndarray of shape (units,)
    n_iter_, t_ : int
        Epochs of the last fit, and rows learned in all.
    n_layers_, n_outputs_ : int
    out_activation_ : str
        "softmax", or "logistic" with two classes.
    n_features_in_, feature_names_in_, model_

    Notes
    -----
    ===================  =================================  ====================================
    parameter            scikit-learn                       here
    ===================  =================================  ====================================
    solver               adam, sgd, lbfgs                   adam, sgd
    "adaptive"           keeps the velocity at a new rate   momentum begins again
    "invscaling"         with any momentum                  with momentum=0
    batch_size           the last batch's penalty is        each batch has the same weight
                         divided by its own rows            decay
    sample_weight        divided by the batch's sum         by its rows times the mean weight
    epsilon              added to the root of the mean of   added after that mean is corrected
                         squared gradients                  for its start at 0
    precision            the type of the rows               f32, bf16 or int8; losses and
                                                            penalties in f64
    a new rate           keeps the weights                  rounds those of bf16
    y                    several labels of a row, too       one label for each row
    a pickle             keeps the optimizer's state        partial_fit starts it again
    ===================  =================================  ====================================
    """

    _classifies = True

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        activation: str = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: Any = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: int = 10,
        max_fun: int = 15000,
        precision: str = "f32",
        n_jobs: Optional[int] = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.max_fun = max_fun
        self.precision = precision
        self.n_jobs = n_jobs

    def _loss_name(self) -> str:
        return "cross_entropy" if self.n_outputs_ > 1 else "binary_cross_entropy"

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "MLPClassifier":
        """Train the network.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
        sample_weight : array-like of shape (n_samples,), optional

        Returns
        -------
        self
        """
        self._check_params()
        goes_on = self.warm_start and hasattr(self, "model_")
        before = self.classes_ if goes_on else None
        X, y = self._rows(X, y, reset=not goes_on)
        check_classification_targets(y)
        weights = row_weights(sample_weight, X.shape[0])
        labeled = Dataset(X, y)
        self._set_classes(labeled.classes, before)
        self._train(Rows(X, labeled.labels, weights), first=not goes_on, once=False)
        return self

    def _set_classes(self, classes: np.ndarray, before: Optional[np.ndarray]) -> None:
        if before is not None and not np.array_equal(before, classes):
            raise errors.DataError(
                "warm_start can only be used where `y` has the same classes as in the previous "
                f"call to fit. Previously got {before}, `y` has {classes}"
            )
        if len(classes) < 2:
            raise errors.DataError(
                f"{type(self).__name__} needs rows of two classes; all labels are of one class, "
                f"{classes[0]!r}"
            )
        self.classes_ = classes
        self._set_outputs()

    def partial_fit(self, X: Any, y: Any, classes: Any = None,
                    sample_weight: Any = None) -> "MLPClassifier":
        """Run one epoch over these rows, starting from the weights that there are.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
        classes : array-like of shape (n_classes,)
            All labels that can come; needed in the first call only.
        sample_weight : array-like of shape (n_samples,), optional

        Returns
        -------
        self
        """
        self._check_params()
        first = not hasattr(self, "model_")
        X, y = self._rows(X, y, reset=first)
        check_classification_targets(y)
        self._check_classes(classes, first)
        found = np.searchsorted(self.classes_, y)
        indices = np.minimum(found, len(self.classes_) - 1).astype(np.int32)
        if (self.classes_[indices] != y).any():
            raise errors.DataError(
                "`y` has classes not in `self.classes_`. `self.classes_` has "
                f"{self.classes_}. 'y' has {np.unique(y)}."
            )
        self._set_outputs()
        weights = row_weights(sample_weight, X.shape[0])
        self._train(Rows(X, indices, weights), first=first, once=True)
        return self

    def _check_classes(self, classes: Any, first: bool) -> None:
        given = None if classes is None else np.unique(np.asarray(classes))
        if first and given is None:
            raise errors.ArgumentError(
                "classes must be passed on the first call to partial_fit."
            )
        if not first and given is not None and not np.array_equal(given, self.classes_):
            raise errors.ArgumentError(
                f"`classes={classes!r}` is not the same as on last call to partial_fit, was: "
                f"{self.classes_!r}"
            )
        if first:
            self.classes_ = given

    def _set_outputs(self) -> None:
        self.n_outputs_ = 1 if len(self.classes_) == 2 else len(self.classes_)
        self.out_activation_ = "logistic" if self.n_outputs_ == 1 else "softmax"


class MLPRegressor(MultilayerPerceptron, Regressor):
    """The multi-layer perceptron for regression.

    It minimizes half the squared error with an L2 penalty, in the units of the targets, as
    scikit-learn's ``MLPRegressor`` does, and with the same `random_state` it takes the same steps
    up to rounding. (``NetworkRegressor`` scales the targets itself, which learns faster.)

    Parameters
    ----------
    loss : "squared_error", default "squared_error"
    hidden_layer_sizes, activation, solver, alpha, batch_size, learning_rate, learning_rate_init, \
power_t, max_iter, shuffle, random_state, tol, verbose, warm_start, momentum, nesterovs_momentum, \
early_stopping, validation_fraction, beta_1, beta_2, epsilon, n_iter_no_change, max_fun, precision, \
n_jobs
        As in :class:`MLPClassifier`.

    Attributes
    ----------
    loss_, best_loss_, loss_curve_, validation_scores_, best_validation_score_, coefs_, \
intercepts_, n_iter_, t_, n_layers_, n_outputs_, n_features_in_, feature_names_in_, model_
        As in :class:`MLPClassifier`; validation scores are R².
    out_activation_ : str
        "identity".

    Notes
    -----
    ===================  =================================  ====================================
    parameter            scikit-learn                       here
    ===================  =================================  ====================================
    loss                 squared_error, poisson             squared_error
    the others           as of MLPClassifier                as of MLPClassifier
    ===================  =================================  ====================================
    """

    _lacks = {
        **MultilayerPerceptron._lacks,
        "loss": (("squared_error",), "networks have no exponential at their end"),
    }

    def __init__(
        self,
        loss: str = "squared_error",
        hidden_layer_sizes: Any = (100,),
        activation: str = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: Any = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: int = 10,
        max_fun: int = 15000,
        precision: str = "f32",
        n_jobs: Optional[int] = None,
    ) -> None:
        self.loss = loss
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.max_fun = max_fun
        self.precision = precision
        self.n_jobs = n_jobs

    def _loss_name(self) -> str:
        return "squared_error"

    def _initial_model(self, features: int, random: np.random.RandomState) -> Any:
        model = super()._initial_model(features, random)
        model.set_weight("target_center", np.zeros(self.n_outputs_))
        model.set_weight("target_scale", np.ones(self.n_outputs_))
        return model

    def _reported(self, loss: float) -> float:
        return loss / self.n_outputs_  # scikit-learn's is the mean over the outputs

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "MLPRegressor":
        """Train the network.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
        sample_weight : array-like of shape (n_samples,), optional

        Returns
        -------
        self
        """
        goes_on = self.warm_start and hasattr(self, "model_")
        return self._learn(X, y, sample_weight, first=not goes_on, once=False)

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> "MLPRegressor":
        """Run one epoch over these rows, starting from the weights that there are."""
        first = not hasattr(self, "model_")
        return self._learn(X, y, sample_weight, first=first, once=True)

    def _learn(self, X: Any, y: Any, sample_weight: Any, *, first: bool,
               once: bool) -> "MLPRegressor":
        self._check_params()
        X, y = self._rows(X, y, reset=first, multi_output=True, y_numeric=True)
        self._flat = y.ndim == 1
        self.n_outputs_ = 1 if self._flat else y.shape[1]
        self.out_activation_ = "identity"
        weights = row_weights(sample_weight, X.shape[0])
        self._train(Rows(X, y, weights), first=first, once=once)
        return self
