"""What the networks of any layers share: parameters, rows of any shape, training, records."""

from __future__ import annotations

import re
from typing import Any, Dict, Mapping, Optional, Sequence

import numpy as np

from .. import catalog, errors
from ..context import Context
from ..dataset import Dataset
from ..model import Model
from ..optimizer import Optimizer
from ..progress import watch
from ._base import ModelEstimator, result_type
from ._compat import check_is_fitted
from ._context import context_of

_OUTPUTS = re.compile(r"""\bunits=(["']?)outputs\1(?![^\s;])""")


class Network(ModelEstimator):
    """What NetworkClassifier and NetworkRegressor share."""

    _kind = "network"
    _random = True
    _classifies = False
    _names = {
        name: name
        for name in (
            "epochs", "max_steps", "batch_size", "validation_split", "patience", "clip_norm",
            "averaging", "accumulation", "precision", "shuffle", "augment", "warm_start",
            "checkpoint", "checkpoint_interval",
        )
    }

    def __init__(
        self,
        layers: Any = None,
        *,
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
        warm_start: bool = False,
        checkpoint: Any = None,
        checkpoint_interval: int = 1,
        random_state: Any = None,
        n_jobs: Optional[int] = None,
        verbose: Any = False,
    ) -> None:
        self.layers = layers
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.input = input
        self.scale = scale
        self.augment = augment
        self.validation_split = validation_split
        self.patience = patience
        self.clip_norm = clip_norm
        self.averaging = averaging
        self.accumulation = accumulation
        self.precision = precision
        self.max_steps = max_steps
        self.shuffle = shuffle
        self.warm_start = warm_start
        self.checkpoint = checkpoint
        self.checkpoint_interval = checkpoint_interval
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose

    # Parameters

    def _layers_text(self, outputs: int) -> Optional[str]:
        """Return the layers as the library reads them; `units=outputs` names their number."""
        if self.layers is None:
            return None
        return _OUTPUTS.sub(f"units={outputs}", catalog.layers_text(self.layers))

    def _own_optimizer(self, context: Context) -> Optimizer:
        given = self.optimizer
        if isinstance(given, Optimizer):
            if self.learning_rate is not None:
                raise errors.ArgumentError("give the learning_rate to the Optimizer")
            return given
        if isinstance(given, str):
            kind, _, rest = given.strip().partition(" ")
            params: Dict[str, Any] = dict(catalog.split(rest))
        elif isinstance(given, (tuple, list)) and len(given) == 2:
            kind, params = given[0], dict(given[1])
        else:
            raise errors.TypeMismatch(
                'optimizer must be a text such as "sgd momentum=0.9", a pair ("sgd", '
                f'{{"momentum": 0.9}}) or an Optimizer, not {given!r}'
            )
        if self.learning_rate is not None:
            params["learning_rate"] = self.learning_rate
        elif kind == "adam" and not self._classifies:
            params.setdefault("learning_rate", 0.003)  # the library's default of a regression
        return Optimizer(kind, context=context, **params)

    def _library_params(self) -> Dict[str, Any]:
        params = super()._library_params()
        return {name: _plain(value) for name, value in params.items()}

    @classmethod
    def _params_of(cls, params: Dict[str, Any]) -> Dict[str, Any]:
        shape = params["input"]
        long = not isinstance(shape, str) and len(shape) > 1
        return {
            **super()._params_of(params),
            "layers": params["layers"],
            "input": shape if long else None,
        }

    def _adopt(self, model: Model) -> None:
        super()._adopt(model)
        self.optimizer = optimizer_text(model)
        self.row_shape_ = self.input or (self.n_features_in_,)

    # Rows

    def _rows(self, X: Any, y: Any = "no_validation", *, reset: bool, **checks: Any) -> Any:
        """Check rows; images and sequences of an array of more dimensions become long rows."""
        shape = np.shape(X)[1:] if not hasattr(X, "tocsr") and hasattr(X, "ndim") else ()
        long = len(shape) > 1
        if long and not reset and shape != getattr(self, "row_shape_", shape):
            raise errors.ShapeError(
                f"the rows have the shape {shape}; {type(self).__name__} was fitted on "
                f"{self.row_shape_}"
            )
        if long:
            X = np.ascontiguousarray(X).reshape(len(X), -1)
        rows = super()._rows(X, y, reset=reset, **checks)
        if reset:
            given = None if isinstance(self.input, str) else self.input
            self.row_shape_ = shape if long else tuple(given or (self.n_features_in_,))
        return rows

    def _dataset(self, X: Any, y: Any = None, **given: Any) -> Dataset:
        """Return rows as the library reads them: bytes with a scale, by which it multiplies."""
        scale = None
        if getattr(X, "dtype", None) == np.uint8 and not hasattr(X, "tocsr"):
            scale = 1 / 255 if self.scale == "auto" else float(self.scale)
        return Dataset(X, y, scale=scale, **given)

    # Training

    def _unfitted(self, data: Dataset) -> Model:
        context = context_of(self)  # made once, since it draws the seed
        model = Model(self._kind, context=context, **self._wanted(data))
        return model.set_optimizer(self._own_optimizer(context))

    def _wanted(self, data: Dataset) -> Dict[str, Any]:
        self._refuse_lacking()
        outputs = data.n_classes if self._classifies else data.n_outputs
        return {
            **self._library_params(),
            **self._params_for(data),
            "layers": self._layers_text(outputs),
            "input": list(getattr(self, "row_shape_", None) or self.input or ()) or None,
            "loss": self._loss_name(),
        }

    def _fit_network(self, train: Dataset, validation: Optional[Dataset]) -> None:
        """Train from new weights, or with warm_start from those that there are."""
        if self.warm_start and hasattr(self, "model_"):
            model = self.model_.set_params(**self._wanted(train))
            model.set_optimizer(self._own_optimizer(model.context))
        else:
            model = self._unfitted(train)
        with watch(verbose=self.verbose):
            model.fit(train, validation=validation)
        self.model_ = model

    def _partial_fit_network(self, train: Dataset) -> None:
        model = self.model_ if hasattr(self, "model_") else self._unfitted(train)
        model.partial_fit(train)
        self.model_ = model

    # Fitted attributes

    @property
    def history_(self) -> Mapping[str, np.ndarray]:
        """Records of the epochs: loss, accuracy, validation_loss …, each of shape (n_iter_,)."""
        check_is_fitted(self)
        tensors = self.model_.tensors
        return {
            name[len("history_"):]: np.array(tensors[name])
            for name in tensors
            if name.startswith("history_")
        }

    @property
    def n_iter_(self) -> int:
        """Epochs run."""
        found = self._tensor("history_loss")
        return 0 if found is None else len(found)

    @property
    def loss_(self) -> float:
        """Loss of the last epoch."""
        found = self._tensor("history_loss")
        return float("nan") if found is None else float(found[-1])

    def summary(self) -> str:
        """Return a table of the layers, their shapes, parameters and memory."""
        check_is_fitted(self)
        return self.model_.summary()

    def hidden_values(self, X: Any) -> np.ndarray:
        """Return the input of the last layer with weights, which describes rows of any class.

        Returns
        -------
        ndarray of shape (n_samples, n_hidden)
        """
        X = self._rows(X, reset=False)
        return np.asarray(self.model_.project(self._dataset(X)), result_type(X))


def optimizer_text(model: Model) -> str:
    """Return the optimizer that a network was trained by, as text."""
    return model.tensors["optimizer"].tobytes().decode()


def _plain(value: Any) -> Any:
    return bool(value) if isinstance(value, np.bool_) else value
