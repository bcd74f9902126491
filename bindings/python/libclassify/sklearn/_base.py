"""The bases of all estimators: parameters, fits, predictions, tags and files, once for all.

An estimator of the library names its kind, its parameters and what it lacks::

    class Ridge(LinearModel, Regressor):
        _kind = "ridge"
        _names = {"alpha": "alpha", "tol": "tolerance"}
        _lacks = {"positive": ((False,), "coefficients have either sign")}

``model_`` holds the fitted model of the library, from which all fitted attributes are computed. It
is pickled as the bytes of its file, so an estimator can be sent to other processes and versions.
"""

from __future__ import annotations

import functools
import os
from typing import Any, Callable, Dict, Optional, Tuple, Type, TypeVar

import numpy as np

from .. import distributed, errors
from .._arrays import rows
from .._arrow import has_arrow
from .._labels import with_none
from .._warnings import warn
from ..dataset import Dataset
from ..model import Model
from ..progress import watch
from ._callbacks import CallbackSupportMixin, followed
from ._checks import refuse_ranks
from ._compat import (
    BaseEstimator,
    ClassifierMixin,
    ConvergenceWarning,
    RegressorMixin,
    check_classification_targets,
    check_is_fitted,
    validate_data,
)
from ._context import context_of
from ._decision import DecisionMixin, IntervalMixin
from ._labels import class_weight_of, class_weights, row_weights
from ._portable import PortableState
from ._repr import FittedHTML

Self = TypeVar("Self", bound="Estimator")

_DTYPES = (np.float64, np.float32, np.uint8)


def result_type(X: Any) -> np.dtype:
    """Return the type of results: f32 for f32 rows, f64 for all others."""
    return np.dtype(np.float32 if X.dtype == np.float32 else np.float64)


def whole(fit: Callable[..., Any]) -> Callable[..., Any]:
    """Return a fit that leaves the estimator as it was where it fails or is interrupted."""

    @functools.wraps(fit)
    def fit_whole(self: Any, *args: Any, **named: Any) -> Any:
        before = dict(vars(self))
        try:
            with distributed.telling():
                if fit.__name__ == "partial_fit":
                    refuse_ranks(self, "rows of several partial fits")
                return fit(self, *args, **named)
        except BaseException:
            vars(self).clear()
            vars(self).update(before)
            raise

    return fit_whole


class Estimator(FittedHTML, CallbackSupportMixin, PortableState, BaseEstimator):
    """What all estimators share; see the module's head."""

    _kind = ""  # the library's kind of model or transform
    _names: Dict[str, str] = {}  # parameters with the library's name for the same thing
    _lacks: Dict[str, Tuple[Tuple[Any, ...], str]] = {}  # name: (accepted values, what is lacking)
    _random = False  # whether random_state has an effect
    _sparse = True  # whether rows may be sparse
    _least_rows = 1  # rows that a fit needs
    _dtype = np.dtype(np.float64)  # of coefficients: f32 after a fit to f32 rows

    def __init_subclass__(cls, **arguments: Any) -> None:
        for name in ("fit", "partial_fit", "fit_transform"):
            if name in vars(cls):
                setattr(cls, name, whole(vars(cls)[name]))
        if "fit" in vars(cls):
            cls.fit = followed(cls.fit)
        super().__init_subclass__(**arguments)

    def _library_params(self) -> Dict[str, Any]:
        """Return the library's parameters; None leaves one at its default."""
        return {theirs: getattr(self, ours) for ours, theirs in self._names.items()}

    @classmethod
    def _params_of(cls, params: Dict[str, Any]) -> Dict[str, Any]:
        """Return the parameters of an estimator whose model or transform has these."""
        return {ours: params[theirs] for ours, theirs in cls._names.items()}

    def _refuse_lacking(self) -> None:
        for name, (accepted, reason) in self._lacks.items():
            value = getattr(self, name)
            plain = value is None or isinstance(value, (str, bool, int, float))
            if not (plain and value in accepted):
                raise errors.Unsupported(
                    f"{type(self).__name__} has no {name}={value!r}: {reason}; "
                    f"leave it at {accepted[0]!r}"
                )

    def _accepts_sparse(self) -> bool:
        return self._sparse

    def _rows(self, X: Any, y: Any = "no_validation", *, reset: bool, **checks: Any) -> Any:
        """Check rows, and labels or targets with them; return what the library can read."""
        if not reset:
            check_is_fitted(self)
        if not hasattr(X, "__array__") and (hasattr(X, "__dlpack__") or has_arrow(X)):
            X = rows(X).array  # scikit-learn does not read these protocols
        checked = validate_data(
            self,
            X,
            y,
            reset=reset,
            accept_sparse="csr" if self._accepts_sparse() else False,
            ensure_min_samples=self._least_rows if reset else 1,
            **{"dtype": _DTYPES, **checks},
        )
        if reset:
            self._dtype = result_type(checked[0] if isinstance(checked, tuple) else checked)
        return checked

    def _handle(self) -> Any:
        """Return the library's object that holds the fit."""
        return self.model_

    def _more_tags(self) -> Dict[str, Any]:
        return {}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = self._accepts_sparse()
        return tags

    def save(self, path: "str | os.PathLike[str]") -> None:
        """Save the fitted model as a file that every program with libclassify can load."""
        check_is_fitted(self)
        self._handle().save(path)


class ModelEstimator(Estimator):
    """Classifiers and regressions, which have a model of the library."""

    _searchable = True  # whether a fit is one fit of the library, as its cross-validation makes it

    def _params_for(self, data: Dataset) -> Dict[str, Any]:
        """Return the library's parameters that depend on the rows of the fit."""
        return {}

    def _unfitted(self, data: Dataset) -> Model:
        """Return the model of the library that a fit to these rows is about to fit."""
        self._refuse_lacking()
        given = {**self._library_params(), **self._params_for(data)}
        return Model(self._kind, context=context_of(self), **given)

    def _fit_model(self, data: Dataset) -> None:
        model = self._unfitted(data)
        with watch(verbose=getattr(self, "verbose", 0)):
            told = model._fit(data)  # the warning here names the estimator's parameters
        self.model_ = model
        if told is not None:
            warn(
                f"{type(self).__name__} stopped at its iteration limit before it converged; "
                "increase max_iter, or scale the data",
                ConvergenceWarning,
            )

    @classmethod
    def load(cls: Type[Self], path: "str | os.PathLike[str] | bytes") -> Self:
        """Load a model from a file or bytes, whichever program saved it.

        Parameters are set to those of the model; what its file does not hold is at its default.
        """
        return cls.from_model(Model.load(path))

    @classmethod
    def from_model(cls: Type[Self], model: Model) -> Self:
        """Make an estimator of a fitted model of the library, without a copy."""
        if model.kind != cls._kind:
            raise errors.TypeMismatch(
                f"a model of kind {model.kind!r} is not a {cls.__name__}, whose kind is "
                f"{cls._kind!r}"
            )
        self = cls(**cls._params_of(model.params))
        self._adopt(model)
        return self

    def _adopt(self, model: Model) -> None:
        self.model_ = model
        self.n_features_in_ = model.n_features

    def to_onnx(self, path: "str | os.PathLike[str]", **params: Any) -> None:
        """Write the fitted model as an ONNX file."""
        check_is_fitted(self)
        self.model_.export("onnx", path, **params)

    def to_c(self, path: "str | os.PathLike[str]", **params: Any) -> None:
        """Write the fitted model as C source code that needs no library; ``name`` begins all names."""
        check_is_fitted(self)
        self.model_.export("c", path, **params)

    def _tensor(self, *names: str) -> Optional[np.ndarray]:
        """Return the first of the fitted model's tensors that is there."""
        tensors = self.model_.tensors
        return next((tensors[name] for name in names if name in tensors), None)


class Classifier(DecisionMixin, ClassifierMixin, ModelEstimator):
    """Base of the classifiers: labels of any kind in, the same labels out."""

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """Fit the model.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            f32, f64 and u8 rows are read without a copy.
        y : array-like of shape (n_samples,)
            Labels: numbers, texts, truth values.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the rows; 2 counts as the row twice.

        Returns
        -------
        self
        """
        X, y = self._rows(X, y, reset=True)
        check_classification_targets(y)
        weights = row_weights(sample_weight, X.shape[0])
        data = Dataset(X, y, sample_weight=weights)
        alone = distributed.active() is None  # other ranks may have other classes
        if alone and len(data.classes) < 2:
            raise errors.DataError(
                f"{type(self).__name__} needs rows of two classes; all labels are of one class, "
                f"{data.classes[0]!r}"
            )
        self.classes_ = data.classes
        self._fit_labeled(data)
        if not alone:
            self.classes_ = self.model_.classes
        self._describe(X, y, weights)
        return self

    def _describe(self, X: Any, y: np.ndarray, weights: Optional[np.ndarray]) -> None:
        """Set fitted attributes that the model does not hold."""

    def _params_for(self, data: Dataset) -> Dict[str, Any]:
        if not hasattr(self, "class_weight"):
            return {}
        return {"class_weight": class_weights(self.class_weight, data.classes)}

    def _fit_labeled(self, data: Dataset) -> None:
        """Fit to labeled rows; ``classes_`` is set already."""
        self._fit_model(data)

    def _adopt(self, model: Model) -> None:
        super()._adopt(model)
        if model.classes is None or len(model.classes) == 0:
            raise errors.TypeMismatch(f"the model is a regression, not a {type(self).__name__}")
        self.classes_ = model.classes
        if hasattr(self, "class_weight"):
            self.class_weight = class_weight_of(model)

    def _of_second(self, values: np.ndarray) -> np.ndarray:
        """Return the value for the second of two classes, from values [..., 2]."""
        return values[..., 1]

    def decision_function(self, X: Any) -> np.ndarray:
        """Return the score of each class, or with two classes that of ``classes_[1]``.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or (n_samples,) with two classes
        """
        X = self._rows(X, reset=False)
        values = self.model_.decision_function(X)
        values = self._of_second(values) if len(self.classes_) == 2 else values
        return np.asarray(values, result_type(X))

    def predict(self, X: Any) -> np.ndarray:
        """Return the label of each row, an array of shape (n_samples,)."""
        X = self._rows(X, reset=False)
        return self._labels_of(self.model_.predict_indices(X))

    def _labels_of(self, indices: np.ndarray) -> np.ndarray:
        """Return labels by class index; what `Model.predict` gives for a rejected row, of -1."""
        return with_none(self.classes_, indices)[indices]

    def _is_calibrated(self) -> bool:
        return hasattr(self, "model_") and self._tensor(*CALIBRATIONS) is not None

    def calibrate(self, X: Any, y: Any, sample_weight: Any = None, *,
                  method: str = "sigmoid") -> Any:
        """Fit probabilities to rows that the fit has not seen.

        Estimators of every kind then have ``predict_proba``, and ``predict`` gives the class with
        the highest probability. A new fit drops them.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
            Labels, all of ``classes_``.
        sample_weight : array-like of shape (n_samples,), optional
        method : {"sigmoid", "temperature", "isotonic"}, default "sigmoid"
            As in scikit-learn's ``CalibratedClassifierCV``.

        Returns
        -------
        self
        """
        self.model_.calibrate(self._held_out(X, y, sample_weight), method=method)
        return self

    def _probabilities(self, X: Any) -> np.ndarray:
        X = self._rows(X, reset=False)
        return self.model_._probabilities(X, result_type(X))

    def _require_calibration(self, name: str) -> None:
        """Raise an AttributeError, as for a method that is not there, without probabilities."""
        if not self._is_calibrated():
            raise AttributeError(
                f"{type(self).__name__} has {name} after calibrate() on rows that are held out"
            )

    @property
    def predict_proba(self) -> Callable[[Any], np.ndarray]:
        """Return the probability of each class, an array of shape (n_samples, n_classes)."""
        self._require_calibration("predict_proba")
        return self._probabilities

    @property
    def predict_log_proba(self) -> Callable[[Any], np.ndarray]:
        """Return the logarithms of the probabilities."""
        self._require_calibration("predict_log_proba")
        return lambda X: _logarithms(self._probabilities(X))


CALIBRATIONS = ("calibration", "decision_sigmoid", "decision_temperature", "decision_isotonic_x")


def _logarithms(values: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.log(values)


class ProbabilityMixin:
    """Class probabilities without a calibration, of scores that are log-odds up to a constant of
    the row."""

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of each class, an array of shape (n_samples, n_classes)."""
        return self._probabilities(X)

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Return the logarithms of the probabilities."""
        return _logarithms(self.predict_proba(X))


class Regressor(IntervalMixin, RegressorMixin, ModelEstimator):
    """Base of the regressions, with one target or several."""

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """Fit the model.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            f32, f64 and u8 rows are read without a copy.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Targets.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the rows; 2 counts as the row twice.

        Returns
        -------
        self
        """
        X, y = self._rows(X, y, reset=True, multi_output=True, y_numeric=True)
        weights = row_weights(sample_weight, X.shape[0])
        self._fit_model(Dataset(X, targets=y, sample_weight=weights))
        self._flat = y.ndim == 1
        return self

    def _adopt(self, model: Model) -> None:
        super()._adopt(model)
        if model.classes is not None and len(model.classes) > 0:
            raise errors.TypeMismatch(f"the model is a classifier, not a {type(self).__name__}")
        self._flat = model.n_outputs == 1

    def predict(self, X: Any) -> np.ndarray:
        """Return the targets of each row, of the dimensions that the fit's had."""
        X = self._rows(X, reset=False)
        values = np.asarray(self.model_.decision_function(X), result_type(X))
        return values[:, 0] if self._flat else values

    def _more_tags(self) -> Dict[str, Any]:
        return {"multioutput": True}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
