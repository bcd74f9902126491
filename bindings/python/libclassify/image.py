"""Images: reading them from files, making new ones from them, writing them."""

from __future__ import annotations

import ctypes
from typing import Any, Optional, Tuple

import numpy as np

from . import catalog, errors
from ._handle import Handle
from ._library import lib
from .context import Context, context_of
from .dataset import Path, Source, file_or_memory, path_bytes



class _Owner(ctypes.c_void_p):
    """The C image. It is freed with the last reference, an image's or that of an array of pixels."""

    context: Context

    def __del__(self) -> None:
        if self.value is not None:
            lib.clf_image_free(self)


class _Pixels:
    """Lends an image's bytes to NumPy, and keeps their owner alive."""

    def __init__(self, owner: _Owner, address: int, shape: Tuple[int, ...]) -> None:
        self.owner = owner
        self.__array_interface__ = {
            "version": 3, "typestr": "|u1", "shape": shape, "data": (address, True),
        }


class Image(Handle):
    """Bytes [height, width, channels], gray (1 channel) or red, green, blue (3). It never changes.

    Parameters
    ----------
    pixels : array_like of uint8, [height, width], [height, width, 1] or [height, width, 3]
        Copied.
    context : Context, optional
    """

    _free = lib.clf_image_free

    def __init__(self, pixels: Any, *, context: Optional[Context] = None) -> None:
        context = context_of(context)
        array = np.asarray(pixels)
        if array.dtype != np.uint8:
            raise errors.TypeMismatch(
                f"pixels are of dtype {array.dtype}; they must be uint8, 0 to 255"
            )
        if array.ndim not in (2, 3):
            raise errors.ShapeError(
                f"pixels have shape {list(array.shape)}; it must be [height, width] or "
                "[height, width, channels]"
            )
        array = np.ascontiguousarray(array)
        height, width, channels = (*array.shape, 1)[:3]
        self._make(context, lib.clf_image_create, context, height, width, channels,
                   array.ctypes.data, 0)

    @classmethod
    def load(cls, source: Source, *, context: Optional[Context] = None, **params: Any) -> "Image":
        """Read an image from a file, or from the bytes of one; the content decides the format.

        Parameters
        ----------
        source : str, path-like or bytes
        **params
            `max_pixels`, `background`; see ``params("image_reader", "pnm")``.
        """
        context = context_of(context)
        given = catalog.to_text("image_reader", "pnm", params)
        function, place = file_or_memory(lib.clf_image_load, lib.clf_image_load_memory, source)
        return cls._new(context, function, context, *place, given)

    def save(self, path: Path, **params: Any) -> None:
        """Write the image to a file whose name ends in .pgm, .ppm, .pnm or .png, atomically."""
        self.run(lib.clf_image_save, path_bytes(path),
                 catalog.to_text("image_writer", "png", params))

    def to_bytes(self, format: str = "pnm", **params: Any) -> bytes:
        """Return the image as the bytes of a file; ``kinds("image_writer")`` has the formats."""
        return self._bytes(lib.clf_image_save_memory, format,
                           catalog.to_text("image_writer", format, params))

    # What an image has

    @property
    def height(self) -> int:
        """The number of rows."""
        return self.run(lib.clf_image_height)

    @property
    def width(self) -> int:
        """The number of pixels in a row."""
        return self.run(lib.clf_image_width)

    @property
    def channels(self) -> int:
        """1 for gray, 3 for red, green and blue."""
        return self.run(lib.clf_image_channels)

    @property
    def shape(self) -> Tuple[int, int, int]:
        """Height, width and channels."""
        return self.height, self.width, self.channels

    @property
    def pixels(self) -> np.ndarray:
        """The bytes [height, width, channels], read-only; they share the image's memory."""
        owner = self._out  # first: whoever closes the image now does not free what it has
        return np.asarray(_Pixels(owner, self.run(lib.clf_image_pixels), self.shape))

    def __array__(self, dtype: Any = None, copy: Optional[bool] = None) -> np.ndarray:
        pixels = self.pixels[:, :, 0] if self.channels == 1 else self.pixels
        return pixels.astype(dtype or np.uint8, copy=bool(copy))

    def _prepare(self, context: Context, keeps: Any = None) -> Any:
        super()._prepare(context, keeps)
        self._out = _Owner()
        self._out.context = context
        return ctypes.byref(self._out)

    def _release(self) -> None:
        self._out = None

    # New images

    def _derived(self, function: Any, *arguments: Any) -> "Image":
        return Image._new(self.context, function, self, *arguments)

    def to_gray(self) -> "Image":
        """Return a gray image: the luma of ITU-R BT.601."""
        return self._derived(lib.clf_image_to_gray)

    def resize(self, height: int, width: int) -> "Image":
        """Return an image of another size, by linear interpolation, filtered where it shrinks."""
        return self._derived(lib.clf_image_resize, height, width)

    def crop(self, top: int, left: int, height: int, width: int) -> "Image":
        """Return a part, which may reach beyond the image: the edge repeats there."""
        return self._derived(lib.clf_image_crop, top, left, height, width)

    def equalize(self) -> "Image":
        """Return an image whose levels are about equally frequent in each channel."""
        return self._derived(lib.clf_image_equalize)

    def tan_triggs(self, **params: Any) -> "Image":
        """Return a gray image without the effects of illumination, by Tan and Triggs (2010).

        ``params("image", "tan_triggs")`` describes the parameters.
        """
        return self._derived(lib.clf_image_tan_triggs,
                             catalog.to_text("image", "tan_triggs", params))

    def __reduce__(self) -> Any:
        return _restored, (np.array(self.pixels), self.context)

    def _repr_png_(self) -> Optional[bytes]:
        return self.to_bytes("png") if "png" in catalog.kinds("image_writer") else None

    def _described(self) -> str:
        return f"<Image {self.height} x {self.width}, {'gray' if self.channels == 1 else 'color'}>"


def _restored(pixels: np.ndarray, context: Context) -> Image:
    return Image(pixels, context=context)


def image_of(value: Any, context: Context) -> Image:
    """Return an image as it is, and pixels as an image."""
    return value if isinstance(value, Image) else Image(value, context=context)
