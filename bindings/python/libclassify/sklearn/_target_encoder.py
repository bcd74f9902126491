"""TargetEncoder."""

from __future__ import annotations

import numbers
from typing import Any, Dict, List, Optional

import numpy as np

from .. import errors
from ._columns import missing_of
from ._encoders import Encoder
from ._features import input_names
from ._labels import seed_of


class TargetEncoder(Encoder):
    """Makes of a category the mean of the targets of its rows, shrunk towards that of all rows.

    With two classes the targets are 0 and 1, with several each class has a column (Micci-Barreca
    2001). ``fit_transform`` encodes rows by the means of the rows of other folds, so that a model
    that learns from them does not see their own targets; ``transform`` takes the means of all rows.
    Parameters, defaults and fitted attributes are those of scikit-learn's ``TargetEncoder``.

    Parameters
    ----------
    categories : "auto"
        Those of the fit.
    target_type : "auto", "continuous", "binary" or "multiclass", default "auto"
        What `y` is; "auto" takes numbers that are not all whole for continuous.
    smooth : "auto" or float, default "auto"
        Rows that the mean of all rows counts as; "auto" follows from the variances.
    cv : int, default 5
        Number of folds of ``fit_transform``, which classes are spread over evenly.
    shuffle : bool, default True
        Must be True: folds are drawn.
    random_state : int, RandomState or None
        Seed of the folds.

    Attributes
    ----------
    encodings_ : list of ndarrays
        The means of the categories of each feature; with several classes of each feature and class.
    categories_ : list of ndarrays
    target_type_ : str
    target_mean_ : float, or ndarray of shape (n_classes,) with several classes
        What a category that the fit lacked becomes.
    classes_ : ndarray of shape (n_classes,), or None
    n_features_in_, feature_names_in_, transform_

    Notes
    -----
    ==============  ====================  ============================
    parameter       scikit-learn          here
    ==============  ====================  ============================
    categories      lists of them         "auto"
    cv              splitters, too        a number; folds are drawn
    shuffle         True, False           True
    missing values  None and NaN are two  one category
    transform       f64                   values are rounded to f32
    ==============  ====================  ============================
    """

    _kind = "target_mean"
    _names = {"smooth": "smoothing"}
    _lacks = {
        **Encoder._lacks,
        "target_type": (("auto", "continuous", "binary", "multiclass"), "there is no such type"),
        "shuffle": ((True, "deprecated"), "folds are drawn"),
    }

    def __init__(
        self,
        categories: Any = "auto",
        target_type: str = "auto",
        smooth: Any = "auto",
        cv: int = 5,
        shuffle: bool = True,
        random_state: Any = None,
    ) -> None:
        self.categories = categories
        self.target_type = target_type
        self.smooth = smooth
        self.cv = cv
        self.shuffle = shuffle
        self.random_state = random_state

    def _library_params(self) -> Dict[str, Any]:
        if self.cv is not None and not isinstance(self.cv, numbers.Integral):
            raise errors.Unsupported(
                f"TargetEncoder has no cv={self.cv!r}: folds are drawn; give their number"
            )
        state = None if self.random_state == "deprecated" else self.random_state
        return {**super()._library_params(), "folds": self.cv, "seed": seed_of(state)}

    def _truth(self, y: np.ndarray) -> Dict[str, Any]:
        counted = "binary" if len(set(y.tolist())) <= 2 else "multiclass"
        found = "continuous" if y.dtype.kind == "f" and (y % 1 != 0).any() else counted
        self.target_type_ = found if self.target_type == "auto" else self.target_type
        self.classes_: Optional[np.ndarray] = None
        if self.target_type_ == "continuous":
            return {"targets": np.asarray(y, np.float64)}
        if self.target_type_ != counted:
            raise errors.ArgumentError(
                f"target_type={self.target_type!r} does not suit y, which is {counted}"
            )
        self.classes_ = np.unique(y)
        return {"y": y}

    def fit(self, X: Any, y: Any) -> "TargetEncoder":
        """Compute the means of the categories of each column.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)
            Each column of texts or of numbers; None and NaN are missing, which is a category.
        y : array-like of shape (n_samples,)
            Labels or targets.

        Returns
        -------
        self
        """
        transform, data = self._begin(X, y)
        self.transform_ = transform.fit(data)
        return self

    def fit_transform(self, X: Any, y: Any) -> np.ndarray:
        """Fit, and return the rows encoded by the means of other folds; parameters as of `fit`."""
        transform, data = self._begin(X, y)
        made = transform.fit_apply(data).X
        self.transform_ = transform
        return made.astype(np.float64)

    def transform(self, X: Any) -> np.ndarray:
        """Return rows with the means of all rows in place of their categories."""
        X = self._rows(X, reset=False)
        return self._encoded(X, missing_of(X)).astype(np.float64)

    @property
    def encodings_(self) -> List[np.ndarray]:
        """The mean of each category."""
        ends = np.cumsum(self._statistic("groups"))[:-1]
        features = np.split(self._statistic("means"), ends)
        return [mean for j, means in enumerate(features) for mean in means[self._groups(j)].T]

    @property
    def target_mean_(self) -> Any:
        """The mean of the targets of all rows."""
        mean = self._statistic("mean")
        return mean if self.target_type_ == "multiclass" else mean[0]

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the features, with several classes such as "city_yes"."""
        names = input_names(self, input_features)
        if self.target_type_ != "multiclass":
            return names
        return np.array([f"{name}_{label}" for name in names for label in self.classes_], object)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags

    def _more_tags(self) -> Any:
        return {**super()._more_tags(), "requires_y": True}
