"""CountVectorizer: documents as rows of word counts."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from numbers import Integral
from typing import Any, Callable, Dict, List, Optional, Sequence

import numpy as np

from .._warnings import warn
from ..errors import DataError, Unsupported
from ..text import Documents, Vocabulary
from ._analyzer import (
    DEFAULT_PATTERN,
    MAX_LIBRARY_BYTES,
    Alphabet,
    Analysis,
    char_ngrams,
    char_ngrams_of_words,
    given_terms,
    preprocessor,
    tokenizer,
    warn_of_unused,
    word_ngrams,
)
from ._checks import check_numbers, refuse_ranks
from ._compat import BaseEstimator, NotFittedError
from ._portable import PortableState
from ._context import context_of

_EMPTY = "empty vocabulary; perhaps the documents only contain stop words"


class CountVectorizer(PortableState, BaseEstimator):
    """Documents as rows of word counts.

    Results equal those of scikit-learn's CountVectorizer, column for column.

    Parameters
    ----------
    input, encoding, decode_error, strip_accents, lowercase, preprocessor, tokenizer, stop_words, \
token_pattern, ngram_range, analyzer, max_df, min_df, max_features, vocabulary, binary, dtype
        As scikit-learn's, with the same defaults.
    n_jobs : int or None, default=None
        Threads that count; None for all that the process may use.

    Attributes
    ----------
    vocabulary_ : dict
        The column of each term.
    fixed_vocabulary_ : bool
        Whether the vocabulary was given.

    Notes
    -----
    ===================  =================================  ====================================
    parameter            scikit-learn                       here
    ===================  =================================  ====================================
    stop_words           "english" is a list of its own     the same list, if scikit-learn is
                                                            installed
    set after a fit      some are used at once              all by the next fit
    stop_words_          kept before 1.7                    not kept
    ===================  =================================  ====================================
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
        stop_words: Any = None,
        token_pattern: Optional[str] = DEFAULT_PATTERN,
        ngram_range: Optional[Sequence[int]] = (1, 1),
        analyzer: Any = "word",
        max_df: Any = 1.0,
        min_df: Any = 1,
        max_features: Optional[int] = None,
        vocabulary: Any = None,
        binary: bool = False,
        dtype: Any = np.int64,
        n_jobs: Optional[int] = None,
    ) -> None:
        self.input = input
        self.encoding = encoding
        self.decode_error = decode_error
        self.strip_accents = strip_accents
        self.lowercase = lowercase
        self.preprocessor = preprocessor
        self.tokenizer = tokenizer
        self.stop_words = stop_words
        self.token_pattern = token_pattern
        self.ngram_range = ngram_range
        self.analyzer = analyzer
        self.max_df = max_df
        self.min_df = min_df
        self.max_features = max_features
        self.vocabulary = vocabulary
        self.binary = binary
        self.dtype = dtype
        self.n_jobs = n_jobs

    _random = False

    # How words are found

    def decode(self, doc: Any) -> str:
        """Return a document as text: the contents of a file, or decoded bytes."""
        if self.input == "filename":
            with open(doc, "rb") as file:
                doc = file.read()
        elif self.input == "file":
            doc = doc.read()
        if isinstance(doc, bytes):
            doc = doc.decode(self.encoding, self.decode_error)
        if isinstance(doc, float) and doc != doc:
            raise ValueError("np.nan is an invalid document, expected byte or unicode string.")
        return doc

    def build_preprocessor(self) -> Callable[[str], str]:
        """Return the function that changes a text before its words are found."""
        if self.preprocessor is not None:
            return self.preprocessor
        return preprocessor(self.strip_accents, self.lowercase)

    def build_tokenizer(self) -> Callable[[str], List[str]]:
        """Return the function from a text to the list of its words."""
        return self.tokenizer if self.tokenizer is not None else tokenizer(self.token_pattern)

    def get_stop_words(self) -> Optional[frozenset]:
        """Return the words that are left out; None for none."""
        words = self.stop_words
        if words is None:
            return None
        if isinstance(words, str):
            if words != "english":
                raise ValueError(f"not a built-in stop list: {words}")
            try:
                from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS
            except ImportError:
                raise Unsupported(
                    "stop_words='english' is scikit-learn's list, which is not installed: "
                    "pass a list of words"
                ) from None
            return ENGLISH_STOP_WORDS
        return frozenset(words)

    def build_analyzer(self) -> Callable[[Any], List[str]]:
        """Return the function from a document to the list of its terms."""
        if callable(self.analyzer):
            return functools.partial(_analyze, [self.decode, self.analyzer])
        low, high = self.ngram_range
        prepare = self.build_preprocessor()
        if self.analyzer in ("char", "char_wb"):
            split = char_ngrams if self.analyzer == "char" else char_ngrams_of_words
            return functools.partial(
                _analyze, [self.decode, prepare, functools.partial(split, low=low, high=high)]
            )
        if self.analyzer != "word":
            raise ValueError(
                f"{self.analyzer} is not a valid tokenization scheme/analyzer: it is 'word', "
                "'char', 'char_wb' or a function"
            )
        tokenize, stop = self.build_tokenizer(), self.get_stop_words() or frozenset()
        if stop:
            _warn_of_stop_words(stop, prepare, tokenize)
        return functools.partial(
            _analyze,
            [self.decode, prepare, tokenize, functools.partial(_without, stop),
             functools.partial(word_ngrams, low=low, high=high)],
        )

    # Fitting

    def fit(self, raw_documents: Iterable, y: Any = None) -> "CountVectorizer":
        """Learn the terms of documents (an iterable of texts, bytes, files or names)."""
        self.fit_transform(raw_documents)
        return self

    def fit_transform(self, raw_documents: Iterable, y: Any = None) -> Any:
        """Learn the terms, and return their counts.

        Returns
        -------
        scipy.sparse CSR of shape (documents, terms)
        """
        self._check_documents(raw_documents)
        self._check_params()
        warn_of_unused(self)
        if self.vocabulary is not None:
            self._fix_vocabulary()
            return self._count(raw_documents)
        refuse_ranks(self, "documents")
        analysis, alphabet = Analysis(self), Alphabet()
        texts = [analysis.text(document, alphabet, True) for document in raw_documents]
        if not any(texts):
            raise ValueError(_EMPTY)
        words = self._build(analysis, texts)
        if analysis.simple and any(len(w.encode()) >= MAX_LIBRARY_BYTES for w in words.words):
            analysis.simple = False
            texts = [analysis.without_long_words(text, alphabet) for text in texts]
            words = self._build(analysis, texts)
        return self._select(analysis, alphabet, words, texts)

    def _build(self, analysis: Analysis, texts: List[str]) -> Vocabulary:
        """Return the library's vocabulary of texts."""
        vocabulary = Vocabulary(
            encoding="count",
            lowercase=False,
            strip_tags=False,
            ngrams=analysis.ngrams,
            context=context_of(self),
        )
        try:
            vocabulary.build(Documents(texts, context=context_of(self)))
        except DataError:
            raise ValueError(_EMPTY) from None
        return vocabulary

    def _select(self, analysis: Analysis, alphabet: Alphabet, words: Vocabulary,
                texts: List[str]) -> Any:
        """Choose the terms among the words, and return the matrix of their counts."""
        entries = words.words
        decode = alphabet.decoder()
        terms = [decode(entry) for entry in entries]
        kept = [i for i, entry in enumerate(entries) if analysis.keeps(entry)]
        if not kept:
            raise ValueError(_EMPTY)
        kept.sort(key=terms.__getitem__)
        counts = self._counts(texts, words, _inverse(kept, len(entries)), len(kept))
        chosen = self._limit(counts)
        kept = [kept[i] for i in chosen]
        self._analysis, self._alphabet, self.fixed_vocabulary_ = analysis, alphabet, False
        self._words, self._columns = words, _inverse(kept, len(entries))
        self.vocabulary_ = {terms[entry]: column for column, entry in enumerate(kept)}
        return counts[:, chosen] if len(chosen) < counts.shape[1] else counts

    def _limit(self, counts: Any) -> np.ndarray:
        """Return the columns that min_df, max_df and max_features leave."""
        rows = counts.shape[0]
        high, low = (
            limit if isinstance(limit, Integral) else limit * rows
            for limit in (self.max_df, self.min_df)
        )
        if high < low:
            raise ValueError("max_df corresponds to < documents than min_df")
        documents = np.bincount(counts.indices, minlength=counts.shape[1])
        chosen = np.flatnonzero((documents <= high) & (documents >= low))
        if self.max_features is not None and len(chosen) > self.max_features:
            totals = np.asarray(counts.sum(axis=0)).ravel()[chosen]
            chosen = np.sort(chosen[(-totals).argsort()[: self.max_features]])
        if len(chosen) == 0:
            raise ValueError("After pruning, no terms remain. Try a lower min_df or a higher max_df.")
        return chosen

    def _fix_vocabulary(self) -> None:
        """Make the library's vocabulary of the terms that were given."""
        terms = given_terms(self.vocabulary)
        analysis, alphabet = Analysis(self), Alphabet()
        if self.lowercase and any(character.isupper() for term in terms for character in term):
            warn(
                "Upper case characters found in vocabulary while 'lowercase' is True. These "
                "entries will not be matched with any documents",
            )
        analysis.simple = False
        texts = [analysis.term(term, alphabet) for term in terms]
        words, decode = self._build(analysis, texts), alphabet.decoder()
        columns = np.array([terms.get(decode(entry), -1) for entry in words.words], np.int64)
        self._words, self._columns = words, columns
        self._analysis, self._alphabet, self.fixed_vocabulary_ = analysis, alphabet, True
        self.vocabulary_ = terms

    # Rows

    def transform(self, raw_documents: Iterable) -> Any:
        """Return the counts of the terms in documents: CSR of shape (documents, terms)."""
        self._check_documents(raw_documents)
        self._check_vocabulary()
        return self._count(raw_documents)

    def _count(self, raw_documents: Iterable) -> Any:
        analysis, alphabet = self._analysis, self._alphabet
        texts = [analysis.text(document, alphabet, False) for document in raw_documents]
        return self._counts(texts, self._words, self._columns, len(self.vocabulary_))

    def _counts(self, texts: List[str], words: Vocabulary, places: np.ndarray,
                columns: int) -> Any:
        """Return the counts of words as CSR: each in the column at its place, ascending."""
        from scipy.sparse import csr_matrix

        if not texts:
            return csr_matrix((0, columns), dtype=self.dtype)
        rows = words.encode(Documents(texts, context=context_of(self)))
        start, entry, value = (rows.tensor(name) for name in ("row_start", "column", "value"))
        column = places[entry]
        kept = column >= 0
        start = np.concatenate([[0], np.cumsum(kept)])[start]
        value = np.ones(len(value)) if self.binary else value
        index = np.int32 if max(start[-1], columns) < 2**31 else np.int64
        counts = csr_matrix(
            (value[kept].astype(self.dtype), column[kept].astype(index), start.astype(index)),
            shape=(len(texts), columns),
        )
        counts.sort_indices()
        return counts

    def inverse_transform(self, X: Any) -> List[np.ndarray]:
        """Return the terms of each row whose values are not 0."""
        from scipy.sparse import csr_matrix

        self._check_vocabulary()
        rows, names = csr_matrix(X), self.get_feature_names_out()
        rows.sort_indices()
        return [
            names[rows.indices[a:b][rows.data[a:b] != 0]].astype(str)
            for a, b in zip(rows.indptr[:-1], rows.indptr[1:])
        ]

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the terms in the order of the columns."""
        self._check_vocabulary()
        names = sorted(self.vocabulary_, key=self.vocabulary_.__getitem__)
        return np.asarray(names, dtype=object)

    # Checks

    @staticmethod
    def _check_documents(raw_documents: Any) -> None:
        if isinstance(raw_documents, str):
            raise ValueError("Iterable over raw text documents expected, string object received.")

    def _check_params(self) -> None:
        low, high = (1, 1) if self.ngram_range is None else self.ngram_range
        if low > high:
            raise ValueError(
                f"Invalid value for ngram_range={self.ngram_range} lower boundary larger than "
                "the upper boundary."
            )
        check_numbers(self, min_df=0, max_df=0)
        if self.max_features is not None:
            check_numbers(self, max_features=1)
        if self.input not in ("content", "file", "filename"):
            raise ValueError(f"input is {self.input!r}; it is 'content', 'file' or 'filename'")

    def _check_vocabulary(self) -> None:
        if not hasattr(self, "vocabulary_"):
            if self.vocabulary is None:
                self.fixed_vocabulary_ = False
                raise NotFittedError("Vocabulary not fitted or provided")
            self._fix_vocabulary()
        if len(self.vocabulary_) == 0:
            raise ValueError("Vocabulary is empty")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags

    def _more_tags(self) -> Dict[str, Any]:
        return {"X_types": ["string"]}


def _analyze(steps: List[Callable], document: Any) -> Any:
    for step in steps:
        document = step(document)
    return document


def _without(stop: frozenset, words: List[str]) -> List[str]:
    return [word for word in words if word not in stop] if stop else words


def _warn_of_stop_words(stop: frozenset, prepare: Callable, tokenize: Callable) -> None:
    """Warn of stop words that are never found, because their own words are not stop words."""
    found = {token for word in stop for token in tokenize(prepare(word))}
    missing = sorted(found - stop)
    if missing:
        warn(
            "Your stop_words may be inconsistent with your preprocessing. Tokenizing the stop "
            f"words generated tokens {missing} not in stop_words.",
            UserWarning,
        )


def _inverse(kept: List[int], count: int) -> np.ndarray:
    """Return the place of each number 0 … count - 1 in `kept`; -1 for those that it lacks."""
    places = np.full(count, -1, np.int64)
    places[kept] = np.arange(len(kept))
    return places
