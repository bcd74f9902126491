"""Missing values replaced by one of their column."""

from __future__ import annotations

from numbers import Real
from typing import Any, Dict, List, Optional

import numpy as np

from .. import distributed, errors
from ..transform import Transform
from ._checks import refuse_ranks
from ._columns import coded, missing_of, table_of
from ._compat import ALLOW_MISSING
from ._context import context_of
from ._features import input_names
from ._transformer import Transformer

__all__ = ["SimpleImputer"]


class SimpleImputer(Transformer):
    """Replaces missing values by the mean, the median or the most frequent value of the column.

    Columns of texts take their most frequent text, or a constant. Parameters, defaults and fitted
    attributes are those of scikit-learn's ``SimpleImputer``.

    Parameters
    ----------
    missing_values : number, str or None, default NaN
        What stands for a missing value; None and NaN are both missing for either.
    strategy : "mean", "median", "most_frequent" or "constant", default "mean"
        The last two take texts.
    fill_value : number or str, optional
        The constant; None is 0 for numbers and "missing_value" for texts.
    copy : bool, default True
        No effect: rows are never changed.
    add_indicator : bool, default False
        Whether a column of 0 and 1 is added for each that lacked values in the fit.
    keep_empty_features : bool, default False
        Whether columns without any value are kept, as 0 or the constant.

    Attributes
    ----------
    statistics_ : ndarray of shape (n_features,)
        What replaces missing values; NaN of a column without any, which is left out.
    n_features_in_, feature_names_in_, transform_

    Notes
    -----
    =================  =============================  =======================================
    parameter          scikit-learn                   here
    =================  =============================  =======================================
    strategy           a function, too                the four by name
    columns of texts   may be mixed with numbers      each of texts or of numbers
    columns without    kept by "constant" before 1.8  left out unless keep_empty_features
    sparse X           offered                        refused
    indicator_         a MissingIndicator             does not exist
    inverse_transform  with add_indicator             not offered
    transform_         does not exist                 puts indicators beside their columns
    =================  =============================  =======================================
    """

    _kind = "impute"
    _names = {"strategy": "strategy", "add_indicator": "indicator"}
    _lacks = {
        "strategy": (
            ("mean", "median", "most_frequent", "constant"),
            "the library computes these four",
        )
    }
    _sparse = False
    _empty: Optional[np.ndarray] = None  # columns without any value in the fit
    _texts: Dict[int, List[str]] = {}  # of columns, what their codes stand for

    def __init__(
        self,
        *,
        missing_values: Any = np.nan,
        strategy: str = "mean",
        fill_value: Any = None,
        copy: bool = True,
        add_indicator: bool = False,
        keep_empty_features: bool = False,
    ) -> None:
        self.missing_values = missing_values
        self.strategy = strategy
        self.fill_value = fill_value
        self.copy = copy
        self.add_indicator = add_indicator
        self.keep_empty_features = keep_empty_features

    @classmethod
    def _params_of(cls, params: Dict[str, Any]) -> Dict[str, Any]:
        value = params["value"]
        fill_value = None if value is None else float(value)
        return {**super()._params_of(params), "fill_value": fill_value}

    def _library_params(self) -> Dict[str, Any]:
        return {"strategy": self.strategy, "indicator": bool(self.add_indicator)}

    def _why_not_searched(self, later: List[Any]) -> Optional[str]:
        return "the library keeps columns without values, and puts indicators elsewhere"

    def _is_plain(self) -> bool:
        """Whether NaN and None are what is missing."""
        value = self.missing_values
        return bool(missing_of(np.array([value], object))[0])

    def _rows(self, X: Any, y: Any = "no_validation", *, reset: bool, **checks: Any) -> Any:
        if self._is_plain():
            checks.update(ALLOW_MISSING)
        self._refuse_lacking()
        return super()._rows(X, y, reset=reset, dtype=self._dtypes(), **checks)

    def _dtypes(self) -> Any:
        return (np.float64, np.float32) if self.strategy in ("mean", "median") else None

    def _lacking(self, X: np.ndarray) -> np.ndarray:
        return missing_of(X) if self._is_plain() else np.asarray(X == self.missing_values, bool)

    def _constant(self, texts: bool) -> Any:
        if self.fill_value is None:
            return "missing_value" if texts else 0
        if not isinstance(self.fill_value, str if texts else Real):
            raise errors.ArgumentError(
                f"fill_value={self.fill_value!r} is no {'text' if texts else 'number'}, as the "
                "columns of X"
            )
        return self.fill_value

    def fit(self, X: Any, y: Any = None) -> Any:
        """Determine what replaces the missing values of each column.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y
            Ignored.

        Returns
        -------
        self
        """
        X = self._rows(X, reset=True)
        lacks = self._lacking(X)
        rows, texts = coded(X, lacks)
        if texts:
            refuse_ranks(self, "texts")
        empty = distributed.total((~lacks).sum(axis=0)) == 0  # on all ranks
        rows[:, empty] = 0
        params = self._library_params()
        if self.strategy == "constant":
            fill = self._constant(bool(texts))
            params["value"] = str(fill)
            for j in np.flatnonzero(empty) if texts else []:
                texts[j] = [fill]
            for names in texts.values():
                names += [] if fill in names else [fill]
        transform = Transform("impute", context=context_of(self), **params)
        self.transform_ = transform.fit(table_of(rows, texts))
        self._empty, self._texts = empty, texts
        return self

    @staticmethod
    def _features_of(transform: Any) -> int:
        return len(transform.tensor("value"))

    def _left_out(self) -> np.ndarray:
        none = self._empty is None or self.keep_empty_features
        return np.zeros(self.n_features_in_, bool) if none else self._empty

    @property
    def statistics_(self) -> np.ndarray:
        """What replaces missing values; NaN of a column that is left out."""
        values = self._statistic("value")
        values[self._left_out()] = np.nan
        if not self._texts:
            return values
        found = values.astype(object)
        for j, names in self._texts.items():
            found[j] = names[int(values[j])] if values[j] == values[j] else np.nan
        return found

    def _marked(self) -> np.ndarray:
        """Return the features that have an indicator."""
        marked = self._statistic("indicator") != 0
        if self.add_indicator and self._empty is not None:
            marked |= self._empty
        return np.flatnonzero(marked)

    def transform(self, X: Any) -> np.ndarray:
        """Return the rows without missing values, and behind them the indicators if any."""
        X = self._rows(X, reset=False)
        lacks, values = self._lacking(X), self.statistics_
        out = X.astype(object) if X.dtype.kind in "OUS" else X.copy()
        for j in np.flatnonzero(lacks.any(axis=0)):
            there = out[~lacks[:, j], j]
            texts = len(there) > 0 and isinstance(there[0], str)
            if texts and j not in self._texts and not self._left_out()[j]:
                raise errors.TypeMismatch(f"column {j} was fitted on numbers, and holds texts")
            out[lacks[:, j], j] = values[j]
        out = out[:, ~self._left_out()]
        marked = self._marked()
        return np.hstack([out, lacks[:, marked].astype(out.dtype)]) if len(marked) else out

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the columns that are kept, and "missingindicator_" with a name."""
        names = input_names(self, input_features)
        marks = [f"missingindicator_{names[j]}" for j in self._marked()]
        return np.array([*names[~self._left_out()], *marks], object)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self._is_plain()
        tags.input_tags.string = self._dtypes() is None
        tags.input_tags.categorical = self._dtypes() is None
        return tags

    def _more_tags(self) -> Any:
        return {**super()._more_tags(), "allow_nan": self._is_plain()}
