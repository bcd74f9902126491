"""What a fitted model has, and what it predicts."""

from __future__ import annotations

import ctypes
from typing import Any, Dict, Iterator, List, Mapping, Optional, Tuple, Union

import numpy as np

from . import _labels, errors
from ._declarations import CONSTANTS
from ._handle import Handle
from ._library import lib, text
from .dataset import Dataset, categories_of, names_of
from .tensor import Tensor


def _sparse_f32(X: Any) -> Any:
    """Return sparse rows of float64 as float32, to which the library would round them.

    It would also look for what that loses, which is for a fit to report.
    """
    if not hasattr(X, "tocsr") or getattr(X, "dtype", None) != np.float64:
        return X
    with np.errstate(over="raise"):
        try:
            return X.astype(np.float32)
        except FloatingPointError:
            return X  # the library says which value is too large


class _NoTensors(errors.NotFitted, KeyError):
    """The model is not fitted, so that there is no tensor of any name."""

    __str__ = Exception.__str__  # not the repr, as of a key


class Tensors(Mapping):
    """The tensors of a fitted model by name: read-only arrays that share its memory."""

    def __init__(self, model: "Fitted") -> None:
        self._model = model

    def __getitem__(self, name: str) -> np.ndarray:
        model = self._model
        try:
            return Tensor._new(model.context, lib.clf_model_tensor, model, name)._array()
        except errors.ArgumentError as error:
            raise KeyError(str(error)) from error
        except errors.NotFitted as error:
            raise _NoTensors(str(error)) from error

    def __iter__(self) -> Iterator[str]:
        index = 0
        while True:
            name = text(self._model.run(lib.clf_model_tensor_name, index))
            if name is None:
                return
            yield name
            index += 1

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}: {a.dtype}{list(a.shape)}" for name, a in self.items())
        return f"<Tensors {shown}>"


class Fitted(Handle):
    """The part of a model that reads: counts, classes, tensors, predictions."""

    _kind: Optional[_labels.Kind] = None  # of the labels that the classes were made of
    _known_classes: Optional[Tuple[Any, np.ndarray]] = None  # with the moment that they are of

    def _data(self, X: Any, y: Any = None, sample_weight: Any = None,
              targets: Any = None) -> Dataset:
        """Return what was passed as a dataset: X itself, if it is one."""
        if isinstance(X, Dataset):
            if y is not None or targets is not None or sample_weight is not None:
                raise errors.ArgumentError(
                    "a Dataset brings its own labels, targets and weights; pass X as an array "
                    "with them, or set them by set_labels() …"
                )
            return X
        return Dataset(X, y, sample_weight=sample_weight, targets=targets, context=self.context)

    @property
    def outcome(self) -> str:
        """How the last fit ended: "converged" or "not converged"."""
        status = self.run(lib.clf_model_outcome)
        return "not converged" if status == CONSTANTS["CLF_NOT_CONVERGED"] else "converged"

    # What a fitted model has

    @property
    def fitted(self) -> bool:
        """Whether the model was fitted."""
        return self.run(lib.clf_model_features) >= 0

    def _count(self, function: Any) -> int:
        count = self.run(function)
        if count < 0:
            self.outcome  # raises NotFitted, with the library's message
        return count

    @property
    def n_features(self) -> int:
        """The number of features of the rows that the model was fitted on."""
        return self._count(lib.clf_model_features)

    @property
    def n_classes(self) -> int:
        """The number of classes; 0 for a regression."""
        return self._count(lib.clf_model_classes)

    @property
    def n_outputs(self) -> int:
        """The number of columns of the decision function."""
        return self._count(lib.clf_model_outputs)

    @property
    def class_names(self) -> List[str]:
        """The names of the classes, by class index."""
        with self.reading():
            return [text(self.run(lib.clf_model_class_name, i)) for i in range(self.n_classes)]

    @property
    def classes(self) -> np.ndarray:
        """The classes, by class index, of the type that the labels had.

        Of a model from a file: int64 where all names are integers, else str.
        """
        return self._classes().copy()

    def _classes(self) -> np.ndarray:
        """Return the classes, which are asked for once after each change."""
        with self.reading():
            moment = (self.gate.changes, self._kind)
            known = self._known_classes
            if known is None or known[0] != moment:
                known = moment, _labels.classes(self.class_names, self._kind)
                self._known_classes = known
            return known[1]

    @property
    def feature_names(self) -> Optional[Tuple[str, ...]]:
        """The names of the features that the model was fitted on, where they had any."""
        with self.reading():
            return names_of(self, lib.clf_model_feature_name, max(self.run(lib.clf_model_features), 0))

    @property
    def categories(self) -> Dict[Union[str, int], Tuple[str, ...]]:
        """The categories of the features that have some, as in `Dataset.categories`.

        Other rows are translated to them by their texts.
        """
        names = self.feature_names
        with self.reading():
            return categories_of(self, max(self.run(lib.clf_model_features), 0), names,
                                 lib.clf_model_category_count, lib.clf_model_category_name)

    @property
    def tensors(self) -> Tensors:
        """The tensors of the fitted model by name, such as "weights" and "intercept"."""
        return Tensors(self)

    # Prediction

    def _rows(self, X: Any) -> Dataset:
        return self._data(_sparse_f32(X))

    def predict(self, X: Any) -> np.ndarray:
        """Predict the label of each row, or the targets of a regression.

        Returns
        -------
        ndarray of shape [rows]
            Of the type that the labels had. Of a regression float64, [rows] or [rows, outputs]. Of
            a one-class machine int32: 0 for rows like those of the fit, -1 for others.
            A row that is none of the classes, as a model with ``reject`` may find, has the label -1
            among integers other than -1, NaN among floats, and else None, in an array of objects.
        """
        with self.reading():
            classes = self._classes()
            if classes.size == 0:
                try:
                    return self.predict_indices(X)
                except errors.Unsupported:
                    pass  # a regression
                values = self.decision_function(X)
                return values[:, 0] if values.shape[1] == 1 else values
            indices = self.predict_indices(X)
            return _labels.with_none(classes, indices)[indices]

    def predict_indices(self, X: Any) -> np.ndarray:
        """Predict the class index of each row, int32 [rows]; -1 for none of the classes."""
        data = self._rows(X)
        out = np.empty(len(data), np.int32)
        self.run(lib.clf_model_predict, data, out.ctypes.data, out.size)
        return out

    def _values(self, function: Any, X: Any, *rest: Any, dtype: Any = np.float64) -> np.ndarray:
        data = self._rows(X)
        with self.reading():
            columns = self._components(data) if rest else self.n_outputs
            out = np.empty((len(data), columns), dtype)
            self.run(function, data, out.ctypes.data, out.size, *rest)
        return out

    def decision_function(self, X: Any) -> np.ndarray:
        """Compute a score for each class, or the outputs of a regression: float64 [rows, outputs].

        Of an svm with two classes the scores are the decision value and its negative.
        """
        return self._values(lib.clf_model_decision_function_f64, X)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Compute the probability of each class, float64 [rows, classes]; each row sums to 1.

        The first maximum of a row is the class that `predict` gives.
        """
        return self._values(lib.clf_model_predict_proba_f64, X)

    def novelty(self, X: Any) -> np.ndarray:
        """Compute how unlike the rows of its classes each row is: float32 [rows].

        Of a model that was fitted with ``reject``, or by `set_reject`. Rows above 1 are rejected.
        """
        data = self._rows(X)
        out = np.empty(len(data), np.float32)
        self.run(lib.clf_model_novelty, data, out.ctypes.data, out.size)
        return out

    def _probabilities(self, X: Any, dtype: Any) -> np.ndarray:
        """Return probabilities of a type, in which they, too, agree with `predict`."""
        if dtype == np.float32:
            return self._values(lib.clf_model_predict_proba, X, dtype=dtype)
        return np.asarray(self.predict_proba(X), dtype)

    def project(self, X: Any) -> np.ndarray:
        """Compute what the model derives from rows before it decides, float64 [rows, components].

        Of fisher the projections on the axes, of an svm the decision values of pairs of classes,
        of a network the hidden values.
        """
        return self._values(lib.clf_model_project_f64, X, None)

    def _components(self, data: Dataset) -> int:
        count = ctypes.c_int64()
        self.run(lib.clf_model_project_f64, data, None, 0, ctypes.byref(count))
        return count.value

    def score(self, X: Any, y: Any = None, *, sample_weight: Any = None,
              targets: Any = None) -> float:
        """Compute the accuracy on labeled rows, or the R² of a regression."""
        data = self._data(X, y, sample_weight, targets)
        out = ctypes.c_double()
        self.run(lib.clf_model_score, data, ctypes.byref(out))
        return out.value
