"""OneHotEncoder and OrdinalEncoder."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple

import numpy as np

from .. import errors
from ..dataset import Dataset
from ..transform import Transform
from ._checks import refuse_ranks
from ._columns import coded, missing_of, table_of
from ._compat import ALLOW_MISSING
from ._context import context_of
from ._features import input_names
from ._transformer import OneToOne, Transformer

_POOL = "infrequent_sklearn"  # the name of the rare categories that are pooled


class Encoder(Transformer):
    """What the encoders of categories share.

    The library numbers the groups of each column: categories, the pool of the rare, missing and
    unknown values. Codes of texts are in the order of ``categories_``, as numbers are.
    """

    _sparse = False
    _lacks = {"categories": (("auto",), "categories are those of the fit")}

    def _rows(self, X: Any, y: Any = "no_validation", *, reset: bool, **checks: Any) -> Any:
        checked = super()._rows(X, y, reset=reset, dtype=None, **ALLOW_MISSING, **checks)
        X, *rest = checked if isinstance(checked, tuple) else (checked,)
        X = X.astype(object) if X.dtype.kind == "S" else X
        return (X, *rest) if rest else X

    def _why_not_searched(self, later: List[Any]) -> Optional[str]:
        return "the library's search takes rows of numbers"

    @staticmethod
    def _features_of(transform: Any) -> int:
        raise errors.Unsupported(
            "the file of a transform does not say which kind of values its categories were; load "
            "it as a libclassify.Transform, or pickle the estimator"
        )

    def _rare_params(self) -> Dict[str, Any]:
        limits = {"min_frequency": self.min_frequency, "max_categories": self.max_categories}
        return {name: value for name, value in limits.items() if value is not None}

    def fit(self, X: Any, y: Any = None) -> Any:
        """Find the categories of each column.

        Parameters
        ----------
        X : array-like or data frame of shape (n_samples, n_features)
            Each column of texts or of numbers; None and NaN are missing.
        y
            Ignored.

        Returns
        -------
        self
        """
        transform, data = self._begin(X)
        self.transform_ = transform.fit(data)
        return self

    def _begin(self, X: Any, y: Any = "no_validation") -> Tuple[Transform, Dataset]:
        """Find the categories; return a transform that is not fitted, and the rows to fit it to."""
        refuse_ranks(self, "categories")
        self._refuse_lacking()
        params = self._library_params()
        checked = self._rows(X, y, reset=True)
        X, *rest = checked if isinstance(checked, tuple) else (checked,)
        lacks = missing_of(X)
        rows, self._texts = coded(X, lacks)
        self.categories_ = [_categories(X[:, j], lacks[:, j]) for j in range(X.shape[1])]
        chosen = ",".join(str(j + 1) for j in range(X.shape[1]))
        transform = Transform(self._kind, context=context_of(self), columns=chosen, **params)
        return transform, table_of(rows, self._texts, **self._truth(*rest))

    def _truth(self, *y: Any) -> Dict[str, Any]:
        """Return what a fit learns besides the categories, as arguments of a dataset."""
        return {}

    def _data(self, X: np.ndarray, lacks: np.ndarray) -> Dataset:
        rows, texts = coded(X, lacks)
        for j, names in self._texts.items():  # a column without any value has no names
            if lacks[:, j].all():
                texts[j] = names
        return table_of(rows, texts)

    def _encoded(self, X: np.ndarray, lacks: np.ndarray) -> Any:
        """Return what the library makes of checked rows."""
        try:
            return self.transform_.transform(self._data(X, lacks))
        except errors.DataError as error:
            self._refuse_unknown(X, lacks, error)
            raise

    def _refuse_unknown(self, X: np.ndarray, lacks: np.ndarray, error: errors.DataError) -> None:
        names = getattr(self, "feature_names_in_", range(X.shape[1]))
        for j, categories in enumerate(self.categories_):
            unknown = set(X[~lacks[:, j], j].tolist()) - set(categories.tolist())
            if unknown:
                raise errors.DataError(
                    f"Found unknown categories {sorted(unknown, key=str)} in column {names[j]!r}, "
                    "which the rows of the fit lacked"
                ) from error

    def _groups(self, feature: int) -> np.ndarray:
        """Return the group of each category."""
        start, of = self._statistic("group_start"), self._statistic("group_of")
        groups = of[start[feature] : start[feature + 1]]
        whole = len(groups) == len(self.categories_[feature])
        return groups if whole else np.append(groups, self._special(feature)[1])

    def _special(self, feature: int) -> np.ndarray:
        """Return the groups of rare, missing and unknown values, -1 for none."""
        return self._statistic("group_special").reshape(-1, 3)[feature]

    @property
    def infrequent_categories_(self) -> List[Optional[np.ndarray]]:
        """The rare categories of each column, or None."""
        found: List[Optional[np.ndarray]] = []
        for j, categories in enumerate(self.categories_):
            rare = self._special(j)[0]
            found.append(categories[self._groups(j) == rare] if rare >= 0 else None)
        return found

    def _labels(self, feature: int) -> List[Any]:
        """Return the category of each group; of that of unknown values alone, None."""
        rare = self._special(feature)[0]
        labels: List[Any] = [None] * int(self._statistic("groups")[feature])
        for category, group in zip(self.categories_[feature].tolist(), self._groups(feature)):
            if group >= 0:
                labels[group] = _POOL if group == rare else category
        return labels

    def _joined(self, columns: List[List[Any]]) -> np.ndarray:
        """Return columns of categories as rows of a type that holds them all."""
        out = np.empty((len(columns[0]), len(columns)), object)
        for j, values in enumerate(columns):
            out[:, j] = values
        kinds = [categories.dtype for categories in self.categories_]
        holds = not any(value is None or value == _POOL for values in columns for value in values)
        plain = holds and len({dtype.kind in "US" for dtype in kinds}) == 1
        return out.astype(np.result_type(*kinds)) if plain else out

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        tags.transformer_tags.preserves_dtype = []
        return tags

    def _more_tags(self) -> Any:
        tags = {"allow_nan": True, "X_types": ["categorical"], "preserves_dtype": []}
        return {**super()._more_tags(), **tags}


def _categories(values: np.ndarray, lacks: np.ndarray) -> np.ndarray:
    """Return the different values in order, the missing one last."""
    there = values[~lacks]
    if values.dtype.kind != "O":
        found = np.unique(there)
        return np.append(found, values[lacks][:1])
    return np.array([*sorted(set(there.tolist())), *values[lacks][:1]], object)


class OneHotEncoder(Encoder):
    """Makes a column of 0 and 1 of each category.

    Parameters, defaults and fitted attributes are those of scikit-learn's ``OneHotEncoder``.

    Parameters
    ----------
    categories : "auto"
        Those of the fit.
    drop : "first", "if_binary" or None, default None
        The category without a column.
    sparse_output : bool, default True
    dtype : number type, default float64
    handle_unknown : "error", "ignore" or "infrequent_if_exist", default "error"
        What a category that the fit lacked becomes: refused, 0 everywhere, or as the rare ones.
    min_frequency : int or float, optional
        Rows, or below 1 their share, below which a category is rare; rare ones share a column.
    max_categories : int, optional
        Maximum number of columns of each feature; the least frequent categories share one.
    feature_name_combiner : "concat" or function, default "concat"
        What makes a column's name of a feature's and a category.

    Attributes
    ----------
    categories_ : list of ndarrays
    drop_idx_ : ndarray of shape (n_features,), or None without `drop`
    infrequent_categories_ : list of ndarrays or None
    n_features_in_, feature_names_in_, transform_

    Notes
    -----
    ==============  =================================  ======================================
    parameter       scikit-learn                       here
    ==============  =================================  ======================================
    categories      lists of them                      "auto"
    drop            a category of each feature         "first", "if_binary"
    drop="first"    of a feature with one category     of features with two or more
    handle_unknown  "warn" as well                     no warnings
    missing values  None and NaN are two, may be rare  one category, never rare
    transform_      does not exist                     a missing category's column is the last
    ==============  =================================  ======================================
    """

    _kind = "one_hot"

    def __init__(
        self,
        *,
        categories: Any = "auto",
        drop: Optional[str] = None,
        sparse_output: bool = True,
        dtype: Any = np.float64,
        handle_unknown: str = "error",
        min_frequency: Any = None,
        max_categories: Optional[int] = None,
        feature_name_combiner: Any = "concat",
    ) -> None:
        self.categories = categories
        self.drop = drop
        self.sparse_output = sparse_output
        self.dtype = dtype
        self.handle_unknown = handle_unknown
        self.min_frequency = min_frequency
        self.max_categories = max_categories
        self.feature_name_combiner = feature_name_combiner

    _lacks = {
        **Encoder._lacks,
        "drop": ((None, "first", "if_binary"), "the first category alone is dropped"),
        "handle_unknown": (("error", "ignore", "infrequent_if_exist"), "it does not warn"),
    }

    def _library_params(self) -> Dict[str, Any]:
        rare = self._rare_params()
        pooled = self.handle_unknown == "infrequent_if_exist" and len(rare) > 0
        if pooled and self.drop == "if_binary":
            raise errors.Unsupported(
                'OneHotEncoder has no drop="if_binary" with handle_unknown="infrequent_if_exist" '
                "and rare categories"
            )
        unknown = "error" if self.handle_unknown == "error" else "own" if pooled else "ignore"
        return {
            "drop": {None: "none", "if_binary": "binary"}.get(self.drop, self.drop),
            "sparse": "true" if self.sparse_output else "false",
            "unknown": unknown,
            **rare,
        }

    def _first(self, feature: int) -> int:
        """Return the number of groups without a column, 0 or 1."""
        groups = self._statistic("groups")[feature]
        return int(groups > 1 if self.drop == "first" else self.drop == "if_binary" and groups == 2)

    def _order(self, feature: int) -> List[int]:
        """Return the groups with a column: the pool is the last, and unknown values have none."""
        rare, _, unknown = self._special(feature)
        groups = range(self._first(feature), int(self._statistic("groups")[feature]))
        kept = [group for group in groups if group != rare and group != unknown]
        return kept + [int(rare)] * (rare in groups)

    @property
    def drop_idx_(self) -> Optional[np.ndarray]:
        """The index of each feature's category without a column, None where all have one."""
        if self.drop is None:
            return None
        firsts = [
            int(np.flatnonzero(self._groups(j) == 0)[0]) if self._first(j) else None
            for j in range(self.n_features_in_)
        ]
        return np.array(firsts, object)

    def transform(self, X: Any) -> Any:
        """Return a column of 0 and 1 for each category: a CSR matrix, or an array."""
        X = self._rows(X, reset=False)
        made = self._encoded(X, missing_of(X))
        places: List[int] = []
        before = 0
        for j, groups in enumerate(self._statistic("groups")):
            first = self._first(j)
            places += [before + group - first for group in self._order(j)]
            before += int(groups) - first
        if places != list(range(before)):
            made = made[:, places]
        return made.astype(self.dtype)

    def inverse_transform(self, X: Any) -> np.ndarray:
        """Return the categories of encoded rows; None of an unknown one."""
        columns: List[List[Any]] = []
        end = 0
        rows = np.asarray(X.toarray() if hasattr(X, "toarray") else X)
        width = sum(len(self._order(j)) for j in range(self.n_features_in_))
        if rows.ndim != 2 or rows.shape[1] != width:
            raise errors.ShapeError(f"Shape of the passed X is not correct: it needs {width}")
        for j in range(self.n_features_in_):
            labels, order = self._labels(j), self._order(j)
            block = rows[:, end : end + len(order)]
            end += len(order)
            none = labels[0] if self._first(j) else None
            if none is None and self.handle_unknown == "error" and not block.any(axis=1).all():
                raise ValueError(f"rows of zeros in all columns of feature {j} have no category")
            best = block.argmax(axis=1)
            columns.append([
                labels[order[k]] if row[k] else none for row, k in zip(block, best)
            ])
        return self._joined(columns)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return names such as "city_Bern"."""
        combine = self.feature_name_combiner
        if combine == "concat":
            combine = lambda name, category: f"{name}_{category}"  # noqa: E731
        names = input_names(self, input_features)
        made: List[str] = []
        for j, name in enumerate(names):
            labels = self._labels(j)
            made += [combine(name, labels[group]) for group in self._order(j)]
        return np.array(made, object)


class OrdinalEncoder(OneToOne, Encoder):
    """Makes numbers of categories, from 0 in their order.

    Parameters, defaults and fitted attributes are those of scikit-learn's ``OrdinalEncoder``.

    Parameters
    ----------
    categories : "auto"
        Those of the fit.
    dtype : number type, default float64
    handle_unknown : "error" or "use_encoded_value", default "error"
    unknown_value : int or NaN, optional
        The number of categories that the fit lacked, with "use_encoded_value".
    encoded_missing_value : int or NaN, default NaN
        The number of missing values.
    min_frequency : int or float, optional
        Rows, or below 1 their share, below which a category is rare; rare ones share a number.
    max_categories : int, optional
        Maximum number of numbers of each feature; the least frequent categories share one.

    Attributes
    ----------
    categories_ : list of ndarrays
    infrequent_categories_ : list of ndarrays or None
    n_features_in_, feature_names_in_, transform_

    Notes
    -----
    ==============  =============================  ==================================
    parameter       scikit-learn                   here
    ==============  =============================  ==================================
    categories      lists of them                  "auto"
    X with None     a category with a number       missing, as NaN
    max_categories  counts the missing one before  counts the others
                    1.4
    transform_      does not exist                 NaN for missing and unknown values
    ==============  =============================  ==================================
    """

    _kind = "ordinal"
    _lacks = {
        **Encoder._lacks,
        "handle_unknown": (("error", "use_encoded_value"), "these are the choices"),
    }

    def __init__(
        self,
        *,
        categories: Any = "auto",
        dtype: Any = np.float64,
        handle_unknown: str = "error",
        unknown_value: Any = None,
        encoded_missing_value: Any = np.nan,
        min_frequency: Any = None,
        max_categories: Optional[int] = None,
    ) -> None:
        self.categories = categories
        self.dtype = dtype
        self.handle_unknown = handle_unknown
        self.unknown_value = unknown_value
        self.encoded_missing_value = encoded_missing_value
        self.min_frequency = min_frequency
        self.max_categories = max_categories

    def _library_params(self) -> Dict[str, Any]:
        known = self.handle_unknown == "error"
        if known != (self.unknown_value is None):
            raise errors.TypeMismatch(
                "unknown_value should be a number when handle_unknown is 'use_encoded_value', and "
                f"None otherwise, got {self.unknown_value}."
            )
        unknown = "error" if known else "ignore"
        return {"unknown": unknown, "missing": "ignore", **self._rare_params()}

    def fit(self, X: Any, y: Any = None) -> Any:
        """Number the categories of each column; parameters as of ``OneHotEncoder.fit``."""
        super().fit(X, y)
        used = int(self._statistic("groups").max())
        for name in ("unknown_value", "encoded_missing_value"):
            value = getattr(self, name)
            if value is not None and 0 <= value < used:
                raise errors.ArgumentError(f"{name}={value} is the number of a category")
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return the number of each category."""
        X = self._rows(X, reset=False)
        lacks = missing_of(X)
        codes = np.asarray(self._encoded(X, lacks), np.float64)
        unknown = np.isnan(codes) & ~lacks
        for j, categories in enumerate(self.categories_):
            had = bool(missing_of(categories).any())
            new = lacks[:, j] & (not had)
            if new.any() and self.handle_unknown == "error":
                raise errors.DataError(f"Found unknown categories [nan] in column {j}")
            unknown[:, j] |= new
        codes[lacks] = self.encoded_missing_value
        if unknown.any():
            codes[unknown] = self.unknown_value
        if np.isnan(codes).any() and np.dtype(self.dtype).kind != "f":
            raise errors.ArgumentError(f"{np.dtype(self.dtype)} has no NaN for missing values")
        return codes.astype(self.dtype)

    def inverse_transform(self, X: Any) -> np.ndarray:
        """Return the categories of numbers; None of an unknown one."""
        codes = self._codes(X)
        columns: List[List[Any]] = []
        for j, categories in enumerate(self.categories_):
            labels = self._labels(j)
            lacking = categories[-1] if missing_of(categories)[-1:].any() else None
            columns.append([
                labels[int(code)] if 0 <= code < len(labels)
                else lacking if _same(code, self.encoded_missing_value) else None
                for code in codes[:, j]
            ])
        return self._joined(columns)

    def _codes(self, X: Any) -> np.ndarray:
        codes = np.asarray(X, np.float64)
        if codes.ndim != 2 or codes.shape[1] != self.n_features_in_:
            width = self.n_features_in_
            raise errors.ShapeError(f"Shape of the passed X is not correct: it needs {width}")
        return codes


def _same(one: float, other: float) -> bool:
    return one == other or (one != one and other != other)
