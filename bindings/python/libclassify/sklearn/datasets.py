"""SVMlight and LIBSVM files with the functions that scikit-learn has for them.

Files are read and written by the library's format "svmlight". What differs from scikit-learn's:

============================ ====================================================================
``dtype``                    The default is float32, not float64: values are read as float32,
                             whatever dtype the array is to have.
``dump_svmlight_file``       Sparse rows are rounded to float32. The comment holds what was passed
                             and nothing else; lines end without a blank.
indices that do not ascend   The row is sorted, not refused.
``multilabel``, ``query_id`` Refused.
``offset``, ``length``       Refused: files are read whole.
============================ ====================================================================
"""

from __future__ import annotations

import bz2
import contextlib
import os
import tempfile
from typing import IO, Any, Iterator, List, Optional, Tuple, Union

import numpy as np

from .. import errors
from ..dataset import Dataset

__all__ = ["dump_svmlight_file", "load_svmlight_file", "load_svmlight_files"]

File = Union[str, "os.PathLike[str]", int, IO[bytes]]


def load_svmlight_file(
    f: File,
    *,
    n_features: Optional[int] = None,
    dtype: Any = np.float32,
    multilabel: bool = False,
    zero_based: Union[bool, str] = "auto",
    query_id: bool = False,
    offset: int = 0,
    length: int = -1,
) -> Tuple[Any, np.ndarray]:
    """Read rows and labels.

    Parameters
    ----------
    f : path, binary file object or file descriptor
        Plain text, or compressed by gzip or bz2.
    n_features : int, optional
        The columns of ``X``; without it the highest index says. Test files need it.
    dtype : numpy dtype, default float32
        Of ``X``; scikit-learn's default is float64. Values are rounded to float32 first.
    zero_based : bool or "auto"
        Whether indices begin at 0; "auto": where there is an index 0.
    multilabel, query_id, offset, length
        Only the defaults: the library reads whole files with one label in each row.

    Returns
    -------
    X : scipy.sparse.csr_matrix of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,), float64
    """
    pairs = load_svmlight_files(
        [f],
        n_features=n_features,
        dtype=dtype,
        multilabel=multilabel,
        zero_based=zero_based,
        query_id=query_id,
        offset=offset,
        length=length,
    )
    return pairs[0], pairs[1]


def load_svmlight_files(
    files: List[File],
    *,
    n_features: Optional[int] = None,
    dtype: Any = np.float32,
    multilabel: bool = False,
    zero_based: Union[bool, str] = "auto",
    query_id: bool = False,
    offset: int = 0,
    length: int = -1,
) -> List[Any]:
    """Read files that belong together: the same columns, counted from the same index.

    Parameters are those of :func:`load_svmlight_file`.

    Returns
    -------
    list
        ``[X1, y1, X2, y2, …]``
    """
    _refuse(multilabel=multilabel, query_id=query_id, offset=offset, length=length + 1)
    if zero_based not in ("auto", True, False):
        raise errors.ArgumentError(
            f"zero_based is {zero_based!r}; it must be True, False or 'auto'"
        )
    base = {"auto": True, True: True, False: False}[zero_based]
    loaded = [_load(f, base, n_features) for f in files]
    from_one = zero_based == "auto" and all(X.nnz == 0 or X.indices.min() > 0 for X, _ in loaded)
    width = max((int(X.indices.max(initial=-1)) + 1 - from_one for X, _ in loaded), default=1)
    if n_features is not None and n_features < width:
        raise errors.DataError(f"n_features={n_features}, but the files have {width} features")
    width = max(width, 0) if n_features is None else n_features
    out: List[Any] = []
    for X, y in loaded:
        parts = (X.data.astype(dtype), X.indices - np.int32(from_one), X.indptr)
        out += [type(X)(parts, shape=(X.shape[0], width)), y]
    return out


def _refuse(**params: Any) -> None:
    for name, value in params.items():
        if value:
            raise errors.Unsupported(
                f"{name} is not supported: files are read whole, with one label in each row"
            )


def _load(f: File, zero_based: bool, n_features: Optional[int]) -> Tuple[Any, np.ndarray]:
    """Read a file; a column more than there may be, in case that its indices begin at 1."""
    features = None if n_features is None else n_features + 1
    with _path(f) as path:
        data = Dataset.load(
            "svmlight",
            path,
            features=features,
            zero_based=zero_based,
            regression=True,
            precomputed="false",
        )
    return data.X, np.array(data.targets[:, 0])


@contextlib.contextmanager
def _path(f: File) -> Iterator["str | os.PathLike[str]"]:
    """Give a path that the library reads: a temporary file for what has none."""
    if isinstance(f, (str, os.PathLike)) and not os.fspath(f).endswith(".bz2"):
        yield f
        return
    if isinstance(f, (str, os.PathLike)):
        with bz2.open(f) as source:
            content = source.read()
    elif isinstance(f, int):
        with os.fdopen(f, "rb", closefd=False) as source:
            content = source.read()
    elif hasattr(f, "read"):
        content = f.read()
    else:
        raise errors.TypeMismatch(f"{f!r} is no path, file object or file descriptor")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "rows.svmlight")
        with open(path, "wb") as out:
            out.write(content)
        yield path


def dump_svmlight_file(
    X: Any,
    y: Any,
    f: Union[str, "os.PathLike[str]", IO[bytes]],
    *,
    zero_based: bool = True,
    comment: Union[str, bytes, None] = None,
    query_id: Any = None,
    multilabel: bool = False,
) -> None:
    """Write rows and labels.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_samples, n_features)
        Sparse rows are rounded to float32.
    y : array-like of shape (n_samples,) or sparse matrix of shape (n_samples, 1)
        Numbers.
    f : path or binary file object
    zero_based : bool
        Whether indices begin at 0.
    comment : str, or bytes of ASCII, optional
        Written above the rows, with ``#`` before each line.
    query_id, multilabel
        Only the defaults: a row has one label.
    """
    _refuse(query_id=query_id is not None, multilabel=multilabel)
    y = y.toarray()[:, 0] if hasattr(y, "toarray") else np.asarray(y)
    if y.ndim != 1:
        raise errors.ShapeError(f"y must have one dimension, not the shape {list(y.shape)}")
    data = Dataset(X, targets=y)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "rows.svmlight")
        data.save("svmlight", path, zero_based=bool(zero_based))
        with open(path, "rb") as rows:
            content = _header(comment) + rows.read()
    if isinstance(f, (str, os.PathLike)):
        with open(f, "wb") as out:
            out.write(content)
    else:
        f.write(content)


def _header(comment: Union[str, bytes, None]) -> bytes:
    """Return the lines of a comment."""
    if comment is None:
        return b""
    text = comment.decode("ascii") if isinstance(comment, bytes) else comment
    if "\0" in text:
        raise errors.ArgumentError("the comment holds a NUL character")
    return "".join(f"# {line}\n" for line in text.split("\n")).encode()
