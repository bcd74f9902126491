"""Texts, names and images as rows of features: CountVectorizer, TfidfVectorizer, FeatureHasher, HOG.

The vectorizers have the parameters, the defaults and the results of scikit-learn's. Words are
found as `token_pattern` or the user's functions say; the library counts them, and their n-grams, on
all threads.
"""

from __future__ import annotations

from typing import Any, Dict, Iterable, Optional, Sequence

import numpy as np

from .. import errors
from .._warnings import warn
from ..dataset import Dataset
from ..transform import Transform
from ._analyzer import DEFAULT_PATTERN
from ._base import result_type
from ._checks import refuse_ranks
from ._compat import NotFittedError, check_is_fitted
from ._context import context_of
from ._count_vectorizer import CountVectorizer
from ._feature_hasher import FeatureHasher
from ._transformer import Transformer

__all__ = ["HOG", "CountVectorizer", "FeatureHasher", "TfidfVectorizer"]


class TfidfVectorizer(CountVectorizer):
    """Documents as rows of word counts, weighted by how rare the words are.

    A value is ``tf * idf``, where tf is the count (or 1 + ln of it) and idf of a term is ``ln((1 +
    n) / (1 + df)) + 1`` for n documents, df of which have the term; each row is then scaled to norm
    1 (Spärck Jones 1972; Salton and Buckley 1988). Results equal those of scikit-learn's
    TfidfVectorizer, column for column.

    Parameters
    ----------
    input, encoding, decode_error, strip_accents, lowercase, preprocessor, tokenizer, analyzer, \
stop_words, token_pattern, ngram_range, max_df, min_df, max_features, vocabulary, binary, n_jobs
        As in :class:`CountVectorizer`.
    dtype : dtype, default numpy.float64
    norm : "l1", "l2" or None, default "l2"
    use_idf : bool, default True
    smooth_idf : bool, default True
        Whether n and df count one more document, which has every term: the two 1 in the formula.
    sublinear_tf : bool, default False
        Whether tf is 1 + ln of the count.

    Attributes
    ----------
    vocabulary_, fixed_vocabulary_
        As in :class:`CountVectorizer`.
    idf_ : ndarray of shape (n_features,)
        With `use_idf`.

    Notes
    -----
    See the table of :class:`CountVectorizer`.
    """

    def __init__(
        self,
        *,
        input: str = "content",
        encoding: str = "utf-8",
        decode_error: str = "strict",
        strip_accents: Any = None,
        lowercase: bool = True,
        preprocessor: Any = None,
        tokenizer: Any = None,
        analyzer: Any = "word",
        stop_words: Any = None,
        token_pattern: Optional[str] = DEFAULT_PATTERN,
        ngram_range: Sequence[int] = (1, 1),
        max_df: Any = 1.0,
        min_df: Any = 1,
        max_features: Optional[int] = None,
        vocabulary: Any = None,
        binary: bool = False,
        dtype: Any = np.float64,
        norm: Optional[str] = "l2",
        use_idf: bool = True,
        smooth_idf: bool = True,
        sublinear_tf: bool = False,
        n_jobs: Optional[int] = None,
    ) -> None:
        super().__init__(
            input=input,
            encoding=encoding,
            decode_error=decode_error,
            strip_accents=strip_accents,
            lowercase=lowercase,
            preprocessor=preprocessor,
            tokenizer=tokenizer,
            analyzer=analyzer,
            stop_words=stop_words,
            token_pattern=token_pattern,
            ngram_range=ngram_range,
            max_df=max_df,
            min_df=min_df,
            max_features=max_features,
            vocabulary=vocabulary,
            binary=binary,
            dtype=dtype,
            n_jobs=n_jobs,
        )
        self.norm = norm
        self.use_idf = use_idf
        self.smooth_idf = smooth_idf
        self.sublinear_tf = sublinear_tf

    def fit(self, raw_documents: Iterable, y: Any = None) -> "TfidfVectorizer":
        """Learn the terms and their idf."""
        self._learn_idf(self._checked_counts(raw_documents))
        return self

    def fit_transform(self, raw_documents: Iterable, y: Any = None) -> Any:
        """Learn the terms and their idf, and return the weighted rows.

        Returns
        -------
        scipy.sparse CSR of shape (documents, terms)
        """
        counts = self._checked_counts(raw_documents)
        self._learn_idf(counts)
        return self._weighted(counts)

    def transform(self, raw_documents: Iterable) -> Any:
        """Return the weighted rows of documents: CSR of shape (documents, terms)."""
        if self.use_idf and not hasattr(self, "_idf"):
            raise NotFittedError("The TF-IDF vectorizer is not fitted")
        return self._weighted(super().transform(raw_documents))

    def _checked_counts(self, raw_documents: Iterable) -> Any:
        if self.norm not in ("l1", "l2", None):
            raise errors.ArgumentError(f"norm is {self.norm!r}; it is 'l1', 'l2' or None")
        if np.dtype(self.dtype).kind != "f":
            warn(
                f"Only floating-point 'dtype' should be used. {self.dtype} 'dtype' will be "
                "converted to np.float64.",
                UserWarning,
            )
        return super().fit_transform(raw_documents)

    def _weight_type(self) -> np.dtype:
        dtype = np.dtype(self.dtype)
        return dtype if dtype.kind == "f" else np.dtype(np.float64)

    def _learn_idf(self, counts: Any) -> None:
        if not self.use_idf:
            self.__dict__.pop("_idf", None)
        else:
            refuse_ranks(self, "documents")
            more = int(self.smooth_idf)
            found = np.bincount(counts.indices, minlength=counts.shape[1]) + more
            with np.errstate(divide="ignore"):
                idf = np.log((counts.shape[0] + more) / found) + 1
            self._idf = idf.astype(self._weight_type())

    def _weighted(self, counts: Any) -> Any:
        rows = counts.astype(self._weight_type())
        if self.sublinear_tf:
            rows.data = np.log(rows.data) + 1
        if self.use_idf:
            rows.data = rows.data * self._idf[rows.indices]
        if self.norm is not None:
            _normalize(rows, self.norm)
        return rows

    @property
    def idf_(self) -> np.ndarray:
        """The weight of each term."""
        if not hasattr(self, "_idf"):
            raise NotFittedError("idf vector is not fitted")
        return self._idf

    @idf_.setter
    def idf_(self, value: Any) -> None:
        if not self.use_idf:
            raise ValueError("`idf_` cannot be set when `user_idf=False`.")
        self._check_vocabulary()
        value = np.asarray(value, self._weight_type())
        if value.shape != (len(self.vocabulary_),):
            raise ValueError(
                f"idf length = {value.size} must be equal to vocabulary size = "
                f"{len(self.vocabulary_)}"
            )
        self._idf = value


def _normalize(rows: Any, norm: str) -> None:
    """Scale rows to the norm 1, in place; rows without entries stay."""
    lengths = np.diff(rows.indptr)
    row = np.repeat(np.arange(rows.shape[0]), lengths)
    values = np.abs(rows.data) if norm == "l1" else np.square(rows.data)
    sums = np.bincount(row, values, minlength=rows.shape[0])
    sums = sums if norm == "l1" else np.sqrt(sums)
    rows.data = rows.data / np.where(sums > 0, sums, 1).astype(rows.dtype)[row]


class HOG(Transformer):
    """Histograms of oriented gradients of gray images (Dalal and Triggs 2005).

    Parameters
    ----------
    cell : int, default 8
        Pixels along a side of a cell.
    bins : int, default 9
        Directions of a histogram.
    block : int, default 2
        Cells along a side of a block, which is normalized.
    gamma : float, default 0.5
        Exponent of the pixels before the gradients; 1 leaves them unchanged.
    clip : float, default 0.2
        Maximum of a value relative to the norm of its block.
    signs : bool, default False
        Whether opposite directions differ.
    input : pair of int, optional
        Height and width of the images, where rows are long; None for those of the array.
    n_jobs : int, optional
        Threads; None uses all that the process may use.

    Attributes
    ----------
    row_shape_ : tuple
        Height and width of the images.
    n_features_in_, transform_
    """

    _kind = "hog"
    _sparse = False
    _names = {name: name for name in ("cell", "bins", "block", "gamma", "clip", "signs")}

    def __init__(
        self,
        *,
        cell: int = 8,
        bins: int = 9,
        block: int = 2,
        gamma: float = 0.5,
        clip: float = 0.2,
        signs: bool = False,
        input: Optional[Sequence[int]] = None,
        n_jobs: Optional[int] = None,
    ) -> None:
        self.cell = cell
        self.bins = bins
        self.block = block
        self.gamma = gamma
        self.clip = clip
        self.signs = signs
        self.input = input
        self.n_jobs = n_jobs

    def _library_params(self) -> Dict[str, Any]:
        shape = None if self.input is None else list(self.input)
        return {**super()._library_params(), "input": shape}

    @classmethod
    def _params_of(cls, params: Dict[str, Any]) -> Dict[str, Any]:
        if isinstance(params["input"], str):
            raise errors.Unsupported(
                "the file does not hold the height and width of the images, which a HOG needs"
            )
        return {**super()._params_of(params), "input": params["input"][:2]}

    @classmethod
    def from_transform(cls, transform: Transform) -> "HOG":
        """Make an estimator of a fitted transform of the library, without a copy."""
        self = super().from_transform(transform)
        self.row_shape_ = tuple(self.input)
        return self

    @staticmethod
    def _features_of(transform: Transform) -> int:
        height, width = transform.params["input"][:2]
        return height * width

    def fit(self, X: Any, y: Any = None) -> "HOG":
        """Learn the size of the images.

        Parameters
        ----------
        X : array of shape (n_samples, height, width), (n_samples, height, width, 1), or
            (n_samples, height * width) with `input`
        y
            Ignored.
        """
        rows, shape = self._images(X)
        rows = self._rows(rows, reset=True)
        params = {**self._library_params(), "input": list(shape)}
        transform = Transform(self._kind, context=context_of(self), **params)
        transform.fit(Dataset(rows))
        self.row_shape_, self.transform_ = shape, transform
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return the histograms of images: an array of shape (n_samples, n_features)."""
        check_is_fitted(self)
        rows, shape = self._images(X)
        if shape != self.row_shape_:
            raise errors.ShapeError(
                f"the images have {shape} pixels; HOG was fitted on {self.row_shape_}"
            )
        rows = self._rows(rows, reset=False)
        return np.asarray(self.transform_.transform(Dataset(rows)), result_type(rows))

    def _images(self, X: Any) -> Any:
        """Return images as long rows, and their height and width."""
        X = np.asarray(X)
        shape = tuple(X.shape[1:3]) if X.ndim > 2 else tuple(self.input or ())
        if len(shape) != 2 or X.ndim > 4 or (X.ndim == 4 and X.shape[3] != 1):
            raise errors.ShapeError(
                "HOG takes gray images of shape (n_samples, height, width), or rows with input="
                f"(height, width); the array has the shape {X.shape}"
            )
        return np.ascontiguousarray(X).reshape(len(X), -1), shape

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names hog0, hog1 …"""
        check_is_fitted(self)
        blank = np.zeros((1, self.n_features_in_), np.float32)
        width = self.transform_.apply(Dataset(blank)).n_features
        return np.array([f"hog{i}" for i in range(width)], object)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array, tags.input_tags.three_d_array = False, True
        return tags

    def _more_tags(self) -> Any:
        return {**super()._more_tags(), "X_types": ["3darray"]}
