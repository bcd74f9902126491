"""Detection: objects in images, their boxes, and measures of detections.

Boxes are NumPy records of the type `BOX`: top, left, height, width in pixels, score and label.
"""

from __future__ import annotations

import ctypes
from typing import Any, Dict, NamedTuple, Optional, Tuple

import numpy as np

from . import catalog, errors
from ._declarations import STRUCTS
from ._handle import Handle, integer
from ._library import check, lib
from .context import Context, context_of
from .dataset import Path, Source, file_or_memory, path_bytes
from .image import image_of
from .model import Model

BOX = np.dtype(STRUCTS["clf_box"])
_BoxSet = STRUCTS["clf_box_set"]


def boxes(values: Any) -> np.ndarray:
    """Return boxes as an array of the type `BOX`.

    Parameters
    ----------
    values : array_like
        An array of `BOX`, one box, or [n, 4 … 6] numbers: top, left, height, width and, where
        given, score (else 0) and label (else 0).
    """
    array = np.asarray(values)
    if array.dtype == BOX:
        return np.ascontiguousarray(np.atleast_1d(array))
    if array.size == 0:
        return np.zeros(0, BOX)
    array = np.atleast_2d(np.asarray(values, np.float64))
    if array.ndim != 2 or not 4 <= array.shape[1] <= 6:
        raise errors.ShapeError(
            f"boxes have shape {list(array.shape)}; it must be [boxes, 4 to 6]: top, left, height, "
            "width, score, label"
        )
    found = np.zeros(len(array), BOX)
    for name, values_of in zip(BOX.names, array.T):
        found[name] = values_of
    return found


def _set(values: Any, images: Any = None) -> Tuple[Any, Tuple[np.ndarray, np.ndarray]]:
    """Return a clf_box_set, and the arrays that it refers to."""
    found = boxes(values)
    numbers = np.zeros(len(found), np.int64) if images is None else (
        np.ascontiguousarray(images, np.int64)
    )
    if numbers.shape != found.shape:
        raise errors.ShapeError(f"{numbers.size} image numbers for {len(found)} boxes")
    made = _BoxSet()
    made.struct_size = ctypes.sizeof(_BoxSet)
    made.boxes = found.ctypes.data if len(found) else None
    made.images = numbers.ctypes.data if len(found) else None
    made.count = len(found)
    return made, (found, numbers)


def overlap(a: Any, b: Any) -> float:
    """Return the intersection over union of two boxes, 0 to 1."""
    first, second = boxes(a), boxes(b)
    if len(first) != 1 or len(second) != 1:
        raise errors.ShapeError("overlap is of one box and another")
    return lib.clf_box_overlap(first.ctypes.data, second.ctypes.data)


def suppress(values: Any, overlap: float = 0.3) -> np.ndarray:
    """Return the boxes that greedy non-maximum suppression keeps, best first.

    Parameters
    ----------
    values : array_like of boxes
    overlap : float
        A box that a better one of its label overlaps by more is left out.
    """
    found = boxes(values).copy()
    kept = ctypes.c_int64()
    check(lib.clf_box_suppress(found.ctypes.data, len(found), float(overlap), ctypes.byref(kept)))
    return found[: kept.value]


class Precision(NamedTuple):
    """The average precision of one label, and its curve: a point for each box that was found."""

    area: float
    precision: np.ndarray
    recall: np.ndarray


def average_precision(found: Any, truth: Any, *, found_images: Any = None,
                      truth_images: Any = None, overlap: float = 0.5,
                      label: int = 0) -> Precision:
    """Compute the average precision of the boxes of one label (PASCAL VOC, all points).

    Parameters
    ----------
    found, truth : array_like of boxes
    found_images, truth_images : array_like of int, optional
        The number of the image that each box is in; all in one image without them.
    overlap : float
        Above 0, at most 1: by how much a box must overlap the true one.
    label : int
        Class index; boxes of others are left out.
    """
    first, kept_first = _set(found, found_images)
    second, kept_second = _set(truth, truth_images)
    precision, recall = np.empty(first.count), np.empty(first.count)
    area, count = ctypes.c_double(), ctypes.c_int64()
    check(lib.clf_box_average_precision(
        ctypes.byref(first), ctypes.byref(second), float(overlap),
        integer(label, ctypes.c_int32, "label"), ctypes.byref(area),
        precision.ctypes.data, recall.ctypes.data, ctypes.byref(count)
    ))
    del kept_first, kept_second
    return Precision(area.value, precision[: count.value], recall[: count.value])


def mean_average_precision(found: Any, truth: Any, *, found_images: Any = None,
                           truth_images: Any = None, overlap: float = 0.5) -> float:
    """Compute the mean of the average precisions of the labels that occur in truth."""
    first, kept_first = _set(found, found_images)
    second, kept_second = _set(truth, truth_images)
    mean = ctypes.c_double()
    check(lib.clf_box_mean_average_precision(
        ctypes.byref(first), ctypes.byref(second), float(overlap), ctypes.byref(mean)
    ))
    del kept_first, kept_second
    return mean.value


class Detector(Handle):
    """Finds objects in images by a network that was fitted on windows of one size.

    Parameters
    ----------
    network : Network
        Fitted; it is copied.
    **params
        See ``params("detector")``.
    """

    _free = lib.clf_detector_free
    _kind: Any = None

    def __init__(self, network: Model, **params: Any) -> None:
        self._kind = network._kind
        self._make(network.context, lib.clf_detector_create, network,
                   catalog.to_text("detector", "detector", params))

    def run_on(self, image: Any, limit: Optional[int] = None) -> np.ndarray:
        """Find objects in an image.

        Parameters
        ----------
        image : Image, or array_like of uint8 [height, width] or [height, width, channels]
        limit : int, optional
            At most so many boxes, the best.

        Returns
        -------
        ndarray of BOX
            In descending order of scores, which are log-odds of a class against all others;
            labels are class indices.
        """
        image = image_of(image, self.context)
        count = ctypes.c_int64()
        found = np.empty(256 if limit is None else limit, BOX)
        self.run(lib.clf_detector_run, image, found.ctypes.data if len(found) else None,
                 len(found), ctypes.byref(count))
        if limit is None and count.value > len(found):
            return self.run_on(image, count.value)
        return found[: min(count.value, len(found))].copy()

    __call__ = run_on

    def mine_negatives(self, scene: Any, objects: Any = (), overlap: float = 0.3,
                       limit: int = 256) -> Tuple[np.ndarray, np.ndarray]:
        """Find windows of a scene that are taken for objects and are none.

        Parameters
        ----------
        scene : Image or array_like
        objects : array_like of boxes
            What is there.
        overlap : float
            Boxes that overlap one of the objects by more are left out.
        limit : int
            At most so many windows, the worst mistakes.

        Returns
        -------
        windows : ndarray of uint8, [n, height, width, channels]
        boxes : ndarray of BOX, [n]
        """
        scene = image_of(scene, self.context)
        height, width, channels = self._window()
        windows = np.empty((limit, height, width, channels), np.uint8)
        found, count = np.empty(limit, BOX), ctypes.c_int64()
        there, kept = _set(objects)
        self.run(lib.clf_detector_mine_negatives, scene, ctypes.byref(there), float(overlap),
                 windows.ctypes.data, found.ctypes.data, limit, ctypes.byref(count))
        del kept
        n = min(count.value, limit)
        return windows[:n].copy(), found[:n].copy()

    def _window(self) -> Tuple[int, ...]:
        size = self.model.params["input"]
        return (*size, 1)[:3]

    @property
    def model(self) -> Model:
        """A copy of the network, for the names of its classes or its summary."""
        network = Model.load(self.to_bytes(), context=self.context)
        network._kind = self._kind
        return network

    @property
    def params(self) -> Dict[str, Any]:
        """The parameters by name, as Python values."""
        return catalog.from_text("detector", "detector", self._text(lib.clf_detector_params))

    # Files

    def save(self, path: Path) -> None:
        """Write network and parameters to one file, atomically."""
        self.run(lib.clf_detector_save, path_bytes(path))

    def to_bytes(self) -> bytes:
        """Return the detector as the bytes that `save` writes."""
        return self._bytes(lib.clf_detector_save_memory)

    @classmethod
    def load(cls, source: Source, *, context: Optional[Context] = None,
             **params: Any) -> "Detector":
        """Read a detector from a file or bytes; parameters replace those of the file."""
        context = context_of(context)
        given = catalog.to_text("detector", "detector", params)
        function, place = file_or_memory(
            lib.clf_detector_load, lib.clf_detector_load_memory, source)
        return cls._new(context, function, context, *place, given)

    def __reduce__(self) -> Any:
        return _restored, (self.to_bytes(), self._kind, self.context)

    def _described(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self.params.items())
        return f"<Detector {given}>"


def _restored(data: bytes, kind: Any, context: Context) -> Detector:
    self = Detector.load(data, context=context)
    self._kind = kind
    return self
