"""Text: documents, and vocabularies that make rows of them."""

from __future__ import annotations

import ctypes
import os
from typing import Any, Dict, Iterable, Iterator, List, NamedTuple, Optional, Union

import numpy as np

from . import _arrays, catalog, errors
from ._handle import Handle, encode
from ._library import bytes_of, lib, text
from .context import Context, context_of
from .dataset import Dataset, Path, Source, file_or_memory, path_bytes

# Its texts have sizes and may hold NUL characters.
_text_at = lib.clf_documents_text


class Documents(Handle):
    """Texts, with labels where a reader found them: a sequence of str.

    Parameters
    ----------
    texts : iterable of str or bytes
        One document each; bytes that are not UTF-8 are replaced by U+FFFD and counted.
    context : Context, optional
    """

    _free = lib.clf_documents_free
    _from_files = False

    def __init__(self, texts: Iterable[Union[str, bytes]], *,
                 context: Optional[Context] = None) -> None:
        if isinstance(texts, (str, bytes)):
            raise errors.TypeMismatch("documents are a list of texts; this is a single text")
        context = context_of(context)
        data = [_encoded(value, row) for row, value in enumerate(texts)]
        count = len(data)
        self._make(context, lib.clf_documents_create, context,
                   (ctypes.c_char_p * max(count, 1))(*data),
                   (ctypes.c_size_t * max(count, 1))(*map(len, data)), count)

    @classmethod
    def load(cls, format: str, source: Source, *, context: Optional[Context] = None,
             **params: Any) -> "Documents":
        """Read documents with their labels from files, or from the bytes of a file.

        Parameters
        ----------
        format : str
            One of ``kinds("document_reader")``: "folder", "csv", "lines", "fasttext".
        source : str, path-like or bytes
            A folder, a file, or with "lines" what the names of the files begin with; bytes of all
            formats but "folder".
        **params
            See ``params("document_reader", format)``.
        """
        context = context_of(context)
        function, place = file_or_memory(
            lib.clf_documents_load, lib.clf_documents_load_memory, source)
        self = cls._new(context, function, context, format, *place,
                        catalog.to_text("document_reader", format, params))
        self._from_files = True
        return self

    def __len__(self) -> int:
        return self.run(lib.clf_documents_count)

    def __getitem__(self, index: int) -> str:
        size = ctypes.c_size_t()
        count = len(self)
        at = self.run(_text_at, index + count if index < 0 else index, ctypes.byref(size))
        if at is None:
            raise IndexError(f"there is no document {index}: there are {count}")
        return ctypes.string_at(at, size.value).decode()

    def __iter__(self) -> Iterator[str]:
        return (self[i] for i in range(len(self)))

    @property
    def names(self) -> List[Optional[str]]:
        """Where each document comes from, such as "pos/127_9.txt"; None where it has no name."""
        found = [self.run(lib.clf_documents_name, i) for i in range(len(self))]
        return [None if name is None else os.fsdecode(name) for name in found]

    @property
    def guesses(self) -> str:
        """What the csv reader guessed about the file, as parameters that read others as it; "" for none."""
        return text(self.run(lib.clf_documents_guesses)) or ""

    @property
    def replaced(self) -> int:
        """How often U+FFFD replaced bytes that were not UTF-8, in all documents."""
        return self.run(lib.clf_documents_replaced)

    def __reduce__(self) -> Any:
        if self._from_files:
            raise errors.Unsupported(
                "documents that were read from files have labels that a copy would lose: load them "
                "again, or copy the encoded rows"
            )
        return _documents, (list(self), self.context)

    def _described(self) -> str:
        return f"<Documents {len(self)}>"


def _documents(texts: List[str], context: Context) -> Documents:
    return Documents(texts, context=context)


def _encoded(value: Any, row: int) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")  # the library replaces and counts them
    what = "missing" if _arrays.missing(value) else f"of type {type(value).__name__}"
    raise errors.TypeMismatch(f"document {row} is {what}; documents are str or bytes")


class Tokens(NamedTuple):
    """The words of a text.

    Attributes
    ----------
    ids : ndarray of int32
        The number of each word; that of unknown words (2), or -1, for words not in the vocabulary.
    begin, end : ndarray of int64
        Where each word begins and ends: text[begin:end].
    """

    ids: np.ndarray
    begin: np.ndarray
    end: np.ndarray


class Vocabulary(Handle):
    """The words, or n-grams, of documents, and how rows are made of them.

    Parameters
    ----------
    documents : Documents or iterable of str, optional
        The vocabulary is built from these.
    context : Context, optional
    **params
        See ``params("vocabulary")``, such as encoding="tf_idf", ngrams=(1, 2).
    """

    _free = lib.clf_vocabulary_free

    def __init__(self, documents: Any = None, *, context: Optional[Context] = None,
                 **params: Any) -> None:
        context = context_of(context)
        self._make(context, lib.clf_vocabulary_create, context,
                   catalog.to_text("vocabulary", "vocabulary", params))
        if documents is not None:
            self.build(documents)

    @classmethod
    def _like(cls, pointer: int, context: Context) -> "Vocabulary":
        """Return a copy of a vocabulary that a model owns."""
        return cls.load(bytes_of(lib.clf_vocabulary_save_memory, pointer), context=context)

    def build(self, documents: Any) -> "Vocabulary":
        """Collect the words of documents, in place of those before; returns the vocabulary."""
        self.change(lib.clf_vocabulary_build, self._texts(documents))
        return self

    def _texts(self, documents: Any) -> Documents:
        if isinstance(documents, Documents):
            return documents
        return Documents(documents, context=self.context)

    def encode(self, documents: Any, y: Any = None) -> Dataset:
        """Return a dataset with one row for each document.

        Parameters
        ----------
        documents : Documents or iterable of str
        y : array_like, optional
            Labels, in place of those that a reader found.
        """
        rows = Dataset._new(self.context, lib.clf_vocabulary_encode, self, self._texts(documents),
                            keeps={})
        return rows if y is None else rows.set_labels(y)

    def encode_text(self, value: Union[str, bytes]) -> Dataset:
        """Return a dataset of one row, without a label, from one text."""
        data = _encoded(value, 0)
        return Dataset._new(self.context, lib.clf_vocabulary_encode_text, self, data, len(data),
                            keeps={})

    def tokenize(self, value: Union[str, bytes]) -> Tokens:
        """Split a text into words, their numbers and places.

        The places count the characters of a str, and the bytes of bytes.
        """
        data = _encoded(value, 0)
        count = ctypes.c_int64()
        self.run(lib.clf_vocabulary_tokenize, data, len(data), None, None, None, 0,
                 ctypes.byref(count))
        ids = np.empty(count.value, np.int32)
        spans = np.empty((2, count.value), np.uintp)
        self.run(lib.clf_vocabulary_tokenize, data, len(data), ids.ctypes.data,
                 spans[0].ctypes.data, spans[1].ctypes.data, count.value, None)
        places = spans.astype(np.int64)
        if isinstance(value, str):
            first = (np.frombuffer(data, np.uint8) & 0xC0) != 0x80  # bytes that begin a character
            places = np.concatenate([[0], np.cumsum(first)])[places]
        return Tokens(ids, places[0], places[1])

    # What a vocabulary has

    @property
    def params(self) -> Dict[str, Any]:
        """The parameters by name, as Python values."""
        return catalog.from_text("vocabulary", "vocabulary", self._text(lib.clf_vocabulary_params))

    @property
    def built(self) -> bool:
        """Whether the vocabulary has words."""
        return self.run(lib.clf_vocabulary_count) >= 0

    def __len__(self) -> int:
        return max(self.run(lib.clf_vocabulary_count), 0)

    def __bool__(self) -> bool:
        return True

    @property
    def words(self) -> List[str]:
        """The entries by their numbers, reserved ones included."""
        with self.reading():
            word, pointer = lib.clf_vocabulary_word, self.pointer
            return [word(pointer, i).decode() for i in range(len(self))]

    def find(self, word: str) -> int:
        """Return the number of a word or n-gram; -1 when the vocabulary lacks it."""
        try:
            return self.run(lib.clf_vocabulary_find, encode(word, "a word"))
        except errors.ArgumentError:
            return -1  # no entry holds what cannot be written as UTF-8 text

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and self.find(word) >= 0

    def frequency(self, word: Union[str, int]) -> int:
        """Return how often a word, or the entry of a number, occurred where it was built from."""
        return self._counted(lib.clf_vocabulary_frequency, word)

    def document_frequency(self, word: Union[str, int]) -> int:
        """Return in how many documents a word, or the entry of a number, occurred."""
        return self._counted(lib.clf_vocabulary_document_frequency, word)

    def _counted(self, function: Any, word: Union[str, int]) -> int:
        count = self.run(function, self.find(word) if isinstance(word, str) else int(word))
        if count < 0:
            raise KeyError(word)
        return count

    @property
    def n_documents(self) -> int:
        """The number of documents that the vocabulary was built from; 0 before it is built."""
        return max(self.run(lib.clf_vocabulary_document_count), 0)

    # Files

    def save(self, path: Path) -> None:
        """Write the vocabulary to a file, atomically."""
        self.run(lib.clf_vocabulary_save, path_bytes(path))

    def to_bytes(self) -> bytes:
        """Return the vocabulary as the bytes that `save` writes."""
        return self._bytes(lib.clf_vocabulary_save_memory)

    @classmethod
    def load(cls, source: Source, *, context: Optional[Context] = None) -> "Vocabulary":
        """Read a vocabulary from a file of its own or of a model that has one, or from bytes."""
        context = context_of(context)
        function, place = file_or_memory(
            lib.clf_vocabulary_load, lib.clf_vocabulary_load_memory, source)
        return cls._new(context, function, context, *place)

    def __reduce__(self) -> Any:
        state = self.to_bytes() if self.built else self._bytes(lib.clf_vocabulary_params)[:-1]
        return _vocabulary, (self.built, state, self.context)

    def _described(self) -> str:
        return f"<Vocabulary {f'{len(self)} entries' if self.built else 'without words'}>"


def _vocabulary(built: bool, state: bytes, context: Context) -> Vocabulary:
    if built:
        return Vocabulary.load(state, context=context)
    return Vocabulary._new(context, lib.clf_vocabulary_create, context, state)
