"""Multi-layer perceptrons with scikit-learn's parameters, on the library's networks.

The initial weights, the splits and the orders of the rows are drawn from `random_state` as
scikit-learn draws them, and each epoch is one partial fit of the library, so the trainings of both
with the same `random_state` take the same steps up to rounding. The objective of a step is

    (sum_i w_i loss_i + alpha / 2 |W|²) / sum_i w_i     over the rows of a batch,

which the library has as weight decay: alpha / (rows of a batch * mean weight).

With precision="bf16" every epoch multiplies in bf16, from f32 weights that the network keeps. With
"int8" a fit trains in f32 and quantizes its weights at the end, and a partial fit quantizes them
with the ranges of all rows that the network has seen.
"""

from __future__ import annotations

import numbers
from typing import Any, Dict, List, Optional, Tuple

import numpy as np

from .. import errors
from .._warnings import warn
from ..dataset import Dataset
from ..model import Model
from ..network import Network
from ..optimizer import Optimizer
from ..progress import was_stopped
from ._base import ModelEstimator, result_type
from ._checks import check_numbers
from ._compat import ConvergenceWarning
from ._context import context_of
from ._mlp_files import ACTIVATIONS, activation_of, adopt_optimizer


PRECISIONS = ("f32", "bf16", "int8")


def random_state_of(random_state: Any) -> np.random.RandomState:
    """Return the generator that scikit-learn would use."""
    if random_state is None or random_state is np.random:
        return np.random.mtrand._rand
    if isinstance(random_state, numbers.Integral):
        return np.random.RandomState(random_state)
    if isinstance(random_state, np.random.RandomState):
        return random_state
    raise ValueError(f"{random_state!r} cannot be used to seed a numpy.random.RandomState instance")


class Rows:
    """Rows with labels or targets and weights, of which batches and parts are made."""

    def __init__(self, X: Any, y: np.ndarray, weights: Optional[np.ndarray]) -> None:
        self.X, self.y, self.weights = X, y, weights

    def __len__(self) -> int:
        return self.X.shape[0]

    def take(self, rows: np.ndarray) -> "Rows":
        """Return these rows, in this order."""
        return Rows(
            self.X[rows], self.y[rows], None if self.weights is None else self.weights[rows]
        )

    def dataset(self, classify: bool) -> Dataset:
        """Return the rows as the library reads them."""
        named = {"y": self.y} if classify else {"targets": self.y}
        return Dataset(self.X, sample_weight=self.weights, **named)


class MultilayerPerceptron(ModelEstimator):
    """What MLPClassifier and MLPRegressor share."""

    _kind = "network"
    _lacks = {
        "solver": (("adam", "sgd"), "networks are trained by steps on batches"),
    }
    _classifies = False
    _searchable = False  # a fit is many partial fits
    _dtype = np.dtype(np.float64)  # of the rows of the fit

    # Parameters

    def _check_params(self) -> None:
        self._refuse_lacking()
        if self.learning_rate not in ("constant", "invscaling", "adaptive"):
            raise errors.ArgumentError(
                f"learning_rate is {self.learning_rate!r}; it is 'constant', 'invscaling' or "
                "'adaptive'"
            )
        if self._schedule() == "invscaling" and self.momentum > 0:
            raise errors.Unsupported(
                f"{type(self).__name__} has no learning_rate='invscaling' with momentum: the "
                "momentum of the library's optimizers does not outlive their rate; set momentum=0"
            )
        if self.activation not in ACTIVATIONS:
            raise errors.ArgumentError(
                f"activation is {self.activation!r}; it is one of {sorted(ACTIVATIONS)}"
            )
        if self.precision not in PRECISIONS:
            raise errors.ArgumentError(
                f"precision is {self.precision!r}; it is one of {list(PRECISIONS)}"
            )
        check_numbers(
            self, alpha=0, tol=0, max_iter=1, n_iter_no_change=1, learning_rate_init=0, power_t=0,
            momentum=0, validation_fraction=0, beta_1=0, beta_2=0, epsilon=0,
        )
        if self.validation_fraction >= 1:
            raise errors.ArgumentError(
                f"validation_fraction is {self.validation_fraction!r}; it has to be 0 or more, and "
                "below 1"
            )

    def _hidden(self) -> List[int]:
        sizes = self.hidden_layer_sizes
        sizes = [sizes] if isinstance(sizes, numbers.Real) else list(sizes)
        if any(not isinstance(size, numbers.Integral) for size in sizes):
            raise errors.ArgumentError(
                f"hidden_layer_sizes is {self.hidden_layer_sizes!r}; it has to be whole numbers"
            )
        if any(size <= 0 for size in sizes):
            raise errors.ArgumentError(f"hidden_layer_sizes must be > 0, got {sizes}.")
        return [int(size) for size in sizes]

    def _rows_of_batch(self, rows: int) -> int:
        if isinstance(self.batch_size, str):
            if self.batch_size != "auto":
                raise errors.ArgumentError(
                    f"batch_size is {self.batch_size!r}; it is 'auto' or a number of rows"
                )
            return min(200, rows)
        check_numbers(self, batch_size=1)
        if self.batch_size > rows:
            warn(
                "Got `batch_size` less than 1 or larger than sample size. It is going to be "
                "clipped",
            )
        return min(int(self.batch_size), rows)

    def _schedule(self) -> str:
        return self.learning_rate if self.solver == "sgd" else "constant"

    def _optimizer(self) -> Optimizer:
        shared = {
            "learning_rate": self._rate,
            "weight_decay": self._decay,
            "context": context_of(self),
        }
        if self.solver == "adam":
            return Optimizer(
                "adam", beta1=self.beta_1, beta2=self.beta_2, epsilon=self.epsilon, **shared
            )
        nesterov = bool(self.nesterovs_momentum) and self.momentum > 0
        return Optimizer("sgd", momentum=self.momentum, nesterov=nesterov, **shared)

    # The network

    def _layers(self, outputs: int) -> List[Tuple[str, Dict[str, Any]]]:
        hidden = {"activation": ACTIVATIONS[self.activation]}
        return [("dense", {"units": size, **hidden}) for size in self._hidden()] + [
            ("dense", {"units": outputs})
        ]

    def _loss_name(self) -> str:
        raise NotImplementedError

    def _initial_model(self, features: int, random: np.random.RandomState) -> Model:
        """Make the network, with weights that are drawn as scikit-learn draws them."""
        model = Network(
            self._layers(self.n_outputs_),
            input=[features],
            loss=self._loss_name(),
            context=context_of(self),
        )
        sizes = [features, *self._hidden(), self.n_outputs_]
        for number, (inputs, units) in enumerate(zip(sizes, sizes[1:]), 1):
            factor = 2.0 if self.activation == "logistic" else 6.0
            bound = np.sqrt(factor / (inputs + units))
            weight = random.uniform(-bound, bound, (inputs, units))
            model.set_weight(f"dense_{number}.weight", weight)
            model.set_weight(f"dense_{number}.bias", random.uniform(-bound, bound, units))
        return model

    def _begin(self, features: int, random: np.random.RandomState) -> None:
        self.model_ = self._initial_model(features, random)
        self.n_layers_ = len(self._hidden()) + 2
        self._count_from_0()

    def _keep_what_there_is(self, once: bool) -> None:
        """Continue on copies, so that an interrupted fit leaves the estimator as it was."""
        self.loss_curve_ = list(self.loss_curve_)
        if self.validation_scores_ is not None:
            self.validation_scores_ = list(self.validation_scores_)
        if not once:  # one epoch fails as a whole
            self.model_ = copy_of(self.model_)

    def _count_from_0(self) -> None:
        self.n_iter_, self.t_ = 0, 0
        self.loss_curve_: List[float] = []
        self._no_improvement_count = 0
        self.validation_scores_: Optional[List[float]] = [] if self.early_stopping else None
        self.best_validation_score_ = -np.inf if self.early_stopping else None
        self.best_loss_ = None if self.early_stopping else np.inf

    # The training

    def _train(self, rows: Rows, *, first: bool, once: bool) -> None:
        """Run the epochs of a fit, or the one of a partial fit."""
        if self.early_stopping and once:
            raise errors.ArgumentError("partial_fit does not support early_stopping=True")
        random = random_state_of(self.random_state)
        self._dtype = result_type(rows.X)
        if first:
            self._begin(rows.X.shape[1], random)
        else:
            self._keep_what_there_is(once)
        held = None
        if self.early_stopping:
            rows, held = self._hold_out(rows, random)
        batch = self._rows_of_batch(len(rows))
        mean_weight = 1.0 if rows.weights is None else float(rows.weights.mean())
        self._decay = self.alpha / (batch * mean_weight)
        self._any_row = Rows(rows.X[:1], rows.y[:1], None).dataset(self._classifies)
        try:
            self._train_rows(rows, held, batch, mean_weight, random, first, once)
        finally:
            del self._any_row

    def _train_rows(self, rows: Rows, held: Optional[Rows], batch: int, mean_weight: float,
                    random: np.random.RandomState, first: bool, once: bool) -> None:
        self.model_.set_params(batch_size=batch, shuffle=False, epochs=0, warm_start=True)
        if first or not once:
            self._restart(self.learning_rate_init)
        penalty = 0.5 * self.alpha * -(-len(rows) // batch) / (len(rows) * mean_weight)
        validation = None if held is None else held.dataset(self._classifies)
        best = self._epochs(rows, validation, penalty, random, once)
        if best is not None:
            self.model_ = best
        self._reduce(rows)

    def _restart(self, rate: float) -> None:
        """Continue from the weights with a new optimizer, by a fit of no epochs."""
        self._rate = rate
        self.model_.set_params(precision="f32")  # no rows to quantize by, and nothing to round
        self.model_.fit(self._any_row, optimizer=self._optimizer())

    def _reduce(self, rows: Rows) -> None:
        """Quantize the weights, if the last epoch or a new optimizer left them in f32."""
        if self.precision != "f32" and "product_precision" not in self.model_.tensors:
            self.model_.quantize(rows.dataset(self._classifies), precision=self.precision)

    def _ends(self) -> bool:
        """Set the rate of the next epoch; return whether the training ends instead."""
        if self._schedule() == "invscaling":
            self._restart(self.learning_rate_init / (self.t_ + 1) ** self.power_t)
        if self._no_improvement_count <= self.n_iter_no_change:
            return False
        if self._schedule() != "adaptive" or self._rate <= 1e-6:
            return True
        self._restart(self._rate / 5)
        self._no_improvement_count = 0
        return False

    def _epochs(self, rows: Rows, validation: Optional[Dataset], penalty: float,
                random: np.random.RandomState, once: bool) -> Optional[Model]:
        """Run epochs until the loss or the score no longer improves; return the best model."""
        best, self.n_iter_ = None, 0
        order = np.arange(len(rows))
        data = None if self.shuffle else rows.dataset(self._classifies)
        squares = self._squares()
        precision = "f32" if self.precision == "int8" and not once else self.precision
        while True:
            if self.shuffle:
                order = order[random.permutation(len(order))]
                data = rows.take(order).dataset(self._classifies)
            self.model_.set_params(precision=precision)
            try:
                self.model_.partial_fit(data)
            except errors.Cancelled:
                if self.n_iter_ > 0 and was_stopped():
                    return best
                raise
            before, squares = squares, self._squares()
            loss = self._reported(float(self._tensor("history_loss")[-1]))
            self.loss_ = loss + penalty * (before + squares) / 2
            self.loss_curve_.append(self.loss_)
            self.n_iter_ += 1
            self.t_ += len(rows)
            if self.verbose:
                print(f"Iteration {self.n_iter_}, loss = {self.loss_:.8f}")
            if self._count_improvement(validation):
                best = copy_of(self.model_) if validation is not None else None
            if self._ends() or once:
                return best
            if self.n_iter_ >= self.max_iter:
                self._warn_of_limit()
                return best

    def _reported(self, loss: float) -> float:
        return loss

    def _warn_of_limit(self) -> None:
        warn(
            f"Stochastic Optimizer: Maximum iterations ({self.max_iter}) reached and the "
            "optimization hasn't converged yet.",
            ConvergenceWarning,
        )

    def _count_improvement(self, validation: Optional[Dataset]) -> bool:
        """Count the epochs without an improvement by `tol`; return whether this one is the best."""
        if validation is None:
            loss = self.loss_curve_[-1]
            worse = loss > self.best_loss_ - self.tol
            self._no_improvement_count = self._no_improvement_count + 1 if worse else 0
            better = loss < self.best_loss_
            self.best_loss_ = min(loss, self.best_loss_)
            return better
        score = float(self.model_.score(validation))
        self.validation_scores_.append(score)
        if self.verbose:
            print(f"Validation score: {score:f}")
        worse = score < self.best_validation_score_ + self.tol
        self._no_improvement_count = self._no_improvement_count + 1 if worse else 0
        better = score > self.best_validation_score_
        self.best_validation_score_ = max(score, self.best_validation_score_)
        return better

    def _hold_out(self, rows: Rows, random: np.random.RandomState) -> Tuple[Rows, Rows]:
        """Split rows for validation off, as scikit-learn does."""
        numbers_ = np.arange(len(rows))
        binary = self._classifies and self.n_outputs_ == 1
        strata = rows.y.astype(bool)[:, np.newaxis] if binary else None
        train, held = split_rows(numbers_, self.validation_fraction, strata, random)
        if len(held) < 2:
            raise errors.DataError(
                "The validation set is too small. Increase 'validation_fraction' or the size of "
                "your dataset."
            )
        return rows.take(train), rows.take(held)

    def _squares(self) -> float:
        """Return the sum of the squares of all weights, without biases."""
        weights = self._weights("weight", np.float32)
        return sum(float(np.einsum("ij,ij", w, w, dtype=np.float64)) for w in weights)

    # Fitted attributes

    def _adopt(self, model: Model) -> None:
        super()._adopt(model)
        self.activation = activation_of(self, model)
        self.n_layers_ = 1 + sum(name.endswith(".weight") for name in model.tensors)
        self.n_outputs_ = self.intercepts_[-1].size
        self.hidden_layer_sizes = tuple(bias.size for bias in self.intercepts_[:-1])
        if model.params["loss"] != self._loss_name():
            raise errors.TypeMismatch(
                f"a network with loss={model.params['loss']!r} is not a {type(self).__name__}, "
                f"which has {self._loss_name()!r}; load it as a NetworkClassifier"
            )
        binary = "logistic" if self.n_outputs_ == 1 else "softmax"
        self.out_activation_ = binary if self._classifies else "identity"
        self.batch_size = "auto" if model.params["batch_size"] == 200 else (
            model.params["batch_size"]
        )
        self.precision = model.params["precision"]
        self._rate = adopt_optimizer(self, model)
        self._count_from_0()

    def _weights(self, part: str, dtype: Any) -> List[np.ndarray]:
        tensors = self.model_.tensors
        names = [f"dense_{number}.{part}" for number in range(1, self.n_layers_)]
        scales = [tensors.get(f"{name}_scale", np.float32(1)) for name in names]
        return [np.asarray(tensors[name] * scale, dtype) for name, scale in zip(names, scales)]

    @property
    def coefs_(self) -> List[np.ndarray]:
        """Weights of each layer, [inputs, units]."""
        return self._weights("weight", self._dtype)

    @property
    def intercepts_(self) -> List[np.ndarray]:
        """Biases of each layer, [units]."""
        return self._weights("bias", self._dtype)


def copy_of(model: Model) -> Model:
    """Return a network with the same weights, as it is saved: without the optimizer's state."""
    return Model.load(model.to_bytes(), context=model.context)


def split_rows(rows: np.ndarray, share: float, strata: Optional[np.ndarray],
               random: np.random.RandomState) -> Tuple[np.ndarray, np.ndarray]:
    """Split off a share of the rows; with strata, the same share of each value."""
    try:
        from sklearn.model_selection import train_test_split
    except ImportError:
        order = random.permutation(rows)
        if strata is not None:  # alternating between the strata, so that every prefix has all
            places = np.empty(len(rows), np.float64)
            for value in np.unique(strata):
                own = np.flatnonzero(strata[order] == value)
                places[own] = (np.arange(len(own)) + 0.5) / len(own)
            order = order[np.argsort(places, kind="stable")]
        count = int(np.ceil(share * len(rows)))
        return order[count:], order[:count]
    train, held = train_test_split(rows, test_size=share, stratify=strata, random_state=random)
    return train, held
