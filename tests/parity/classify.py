"""libclassify through ctypes and NumPy, as thin as the tests need it.

The library is the one that CLASSIFY_LIBRARY names. Every function is called by its C name through
`lib`; a negative status becomes an Error that carries it.
"""

import ctypes as C
import os
import sys

try:
    import numpy as np
except ImportError:
    print("NumPy is not installed: skipped")
    sys.exit(77)

i32, i64, f64, size, ptr, text = (
    C.c_int32, C.c_int64, C.c_double, C.c_size_t, C.c_void_p, C.c_char_p)
DTYPES = {"float32": 1, "float64": 2, "uint8": 3, "int32": 4, "int64": 5}
NUMPY = {value: np.dtype(key) for key, value in DTYPES.items()}

lib = C.CDLL(os.environ["CLASSIFY_LIBRARY"])
for name in ("clf_last_error", "clf_version", "clf_status_name", "clf_context_cpu",
             "clf_dataset_class_name", "clf_model_class_name", "clf_model_kind",
             "clf_model_tensor_name", "clf_vocabulary_word", "clf_documents_name", "clf_kind_name", "clf_kind_help", "clf_search_combination",
             "clf_dataset_category_name"):
    getattr(lib, name).restype = text
for name in ("clf_tensor_extent", "clf_tensor_stride", "clf_tensor_count", "clf_dataset_rows",
             "clf_dataset_features", "clf_dataset_classes", "clf_dataset_outputs",
             "clf_dataset_nonzeros", "clf_model_features", "clf_model_classes",
             "clf_model_outputs", "clf_kind_count", "clf_param_count", "clf_search_count",
             "clf_search_best", "clf_documents_count", "clf_documents_replaced",
             "clf_image_height", "clf_image_width", "clf_image_channels",
             "clf_vocabulary_count", "clf_vocabulary_find", "clf_vocabulary_frequency",
             "clf_dataset_category_count"):
    getattr(lib, name).restype = i64
for name in ("clf_search_mean", "clf_search_deviation", "clf_tensor_scale"):
    getattr(lib, name).restype = f64
lib.clf_tensor_data.restype = lib.clf_image_pixels.restype = ptr


class Error(Exception):
    def __init__(self, status):
        super().__init__(f"{lib.clf_status_name(status).decode()}: {lib.clf_last_error().decode()}")
        self.status = status


def call(function, *arguments):
    """Calls a function that returns a status; arguments are ctypes values, bytes, str or handles."""
    converted = [a.encode() if isinstance(a, str) else a.handle if isinstance(a, Handle) else a
                 for a in arguments]
    status = getattr(lib, function)(*converted)
    if status < 0:
        raise Error(status)
    return status


class Handle:
    """An opaque handle, freed with the object."""

    def __init__(self, free):
        self.handle = ptr()
        self.free = free

    def __del__(self):
        if getattr(self, "handle", None):
            getattr(lib, self.free)(self.handle)


def context(params=None):
    handle = Handle("clf_context_free")
    call("clf_context_create", C.byref(handle.handle), None, params)
    return handle


def tensor(array, scale=1.0, on=None):
    """Wraps an array without a copy; the array must live as long as what is made of the tensor."""
    array = np.asarray(array)
    handle = Handle("clf_tensor_free")
    shape = (i64 * max(array.ndim, 1))(*array.shape)
    strides = (i64 * max(array.ndim, 1))(*(s // array.itemsize for s in array.strides))
    call("clf_tensor_wrap", C.byref(handle.handle), on, ptr(array.ctypes.data),
         i32(DTYPES[array.dtype.name]), i32(array.ndim), shape, strides)
    if scale != 1.0:
        call("clf_tensor_set_scale", handle, f64(scale))
    handle.array = array
    return handle


def numpy(handle):
    """A copy of a tensor as an array (its scale is not applied)."""
    ndim = lib.clf_tensor_ndim(handle.handle)
    shape = [lib.clf_tensor_extent(handle.handle, i32(i)) for i in range(ndim)]
    dtype = NUMPY[lib.clf_tensor_dtype(handle.handle)]
    data = lib.clf_tensor_data(handle.handle)
    if data is None:
        return np.zeros(shape, dtype)
    strides = [lib.clf_tensor_stride(handle.handle, i32(i)) * dtype.itemsize for i in range(ndim)]
    span = sum((n - 1) * s for n, s in zip(shape, strides)) + dtype.itemsize
    memory = (C.c_char * span).from_address(data)
    return np.ndarray(shape, dtype, memory, strides=strides).copy()


class Dataset(Handle):
    """Dense rows (an array) or sparse ones (a scipy.sparse matrix), kept alive with the handle."""

    def __init__(self, x=None, y=None, weights=None, targets=None, scale=1.0, on=None):
        super().__init__("clf_dataset_free")
        if x is None:
            return
        labels = None if y is None else tensor(np.ascontiguousarray(y), on=on)
        if hasattr(x, "tocsr"):
            x = x.tocsr()
            parts = [tensor(x.indptr.astype(np.int64), on=on),
                     tensor(x.indices.astype(np.int32), on=on), tensor(x.data, on=on)]
            call("clf_dataset_create_sparse", C.byref(self.handle), on, i64(x.shape[1]), *parts,
                 labels)
            self.kept = parts + [labels]
        else:
            rows = tensor(x, scale, on)
            call("clf_dataset_create", C.byref(self.handle), on, rows, labels)
            self.kept = [rows, labels]
        if weights is not None:
            call("clf_dataset_set_weights", self, tensor(np.ascontiguousarray(weights), on=on))
        if targets is not None:
            call("clf_dataset_set_targets", self, tensor(np.ascontiguousarray(targets), on=on))

    @classmethod
    def load(cls, kind, path, params=None, on=None):
        self = cls()
        call("clf_dataset_load", C.byref(self.handle), on, kind, str(path), params)
        return self

    @property
    def rows(self):
        return lib.clf_dataset_rows(self.handle)

    def tensor(self, name):
        out = Handle("clf_tensor_free")
        call("clf_dataset_tensor", C.byref(out.handle), self, name)
        return numpy(out)

    def class_names(self):
        count = lib.clf_dataset_classes(self.handle)
        return [lib.clf_dataset_class_name(self.handle, i64(k)).decode() for k in range(count)]


class Image(Handle):
    def __init__(self, pixels=None, on=None):
        super().__init__("clf_image_free")
        if pixels is not None:
            pixels = np.ascontiguousarray(pixels, np.uint8)
            shape = pixels.shape if pixels.ndim == 3 else (*pixels.shape, 1)
            call("clf_image_create", C.byref(self.handle), on, *map(i64, shape),
                 ptr(pixels.ctypes.data), i64(0))

    @classmethod
    def load(cls, path, params=None, on=None):
        self = cls()
        call("clf_image_load", C.byref(self.handle), on, str(path), params)
        return self

    @classmethod
    def load_bytes(cls, data, params=None, on=None):
        self = cls()
        call("clf_image_load_memory", C.byref(self.handle), on, data, size(len(data)), params)
        return self

    def made(self, function, *arguments):
        """What clf_image_<function> makes of it."""
        out = Image()
        call(f"clf_image_{function}", C.byref(out.handle), self, *arguments)
        return out

    def pixels(self):
        """[height, width], or [height, width, 3] of colours."""
        shape = [getattr(lib, f"clf_image_{side}")(self.handle)
                 for side in ("height", "width", "channels")]
        data = C.string_at(lib.clf_image_pixels(self.handle), int(np.prod(shape)))
        pixels = np.frombuffer(data, np.uint8).reshape(shape)
        return pixels[:, :, 0] if shape[2] == 1 else pixels


class Documents(Handle):
    """Texts, str or bytes."""

    def __init__(self, texts=None, on=None):
        super().__init__("clf_documents_free")
        if texts is not None:
            texts = [t if isinstance(t, bytes) else t.encode() for t in texts]
            call("clf_documents_create", C.byref(self.handle), on,
                 (text * len(texts))(*texts), (size * len(texts))(*map(len, texts)),
                 i64(len(texts)))

    @classmethod
    def load(cls, kind, path, params=None, on=None):
        self = cls()
        call("clf_documents_load", C.byref(self.handle), on, kind, str(path), params)
        return self

    @classmethod
    def read(cls, kind, data, params=None, on=None):
        self = cls()
        call("clf_documents_load_memory", C.byref(self.handle), on, kind, data, size(len(data)), params)
        return self

    def __len__(self):
        return lib.clf_documents_count(self.handle)

    def __getitem__(self, index):
        length = size()
        lib.clf_documents_text.restype = ptr
        start = lib.clf_documents_text(self.handle, i64(index), C.byref(length))
        if start is None:
            raise IndexError(index)
        return C.string_at(start, length.value)


class Vocabulary(Handle):
    def __init__(self, params=None, documents=None, on=None):
        super().__init__("clf_vocabulary_free")
        call("clf_vocabulary_create", C.byref(self.handle), on, params)
        if documents is not None:
            call("clf_vocabulary_build", self, documents)

    def encode(self, documents):
        out = Dataset()
        call("clf_vocabulary_encode", C.byref(out.handle), self, documents)
        return out

    def words(self):
        return [lib.clf_vocabulary_word(self.handle, i64(i)).decode()
                for i in range(lib.clf_vocabulary_count(self.handle))]


class Transform(Handle):
    def __init__(self, kind, params=None):
        super().__init__("clf_transform_free")
        call("clf_transform_create", C.byref(self.handle), None, kind, params)

    def fit(self, data):
        call("clf_transform_fit", self, data)
        return self

    def apply(self, data):
        out = Dataset()
        call("clf_transform_apply", C.byref(out.handle), self, data)
        return out


class Model(Handle):
    def __init__(self, kind=None, params=None, on=None):
        super().__init__("clf_model_free")
        if kind is not None:
            call("clf_model_create", C.byref(self.handle), on, kind, params)

    def add(self, transform, params=None):
        call("clf_model_add_transform", self, transform, params)
        return self

    def fit(self, data, validation=None):
        call("clf_model_fit", self, data, None, validation)
        return self

    def predict(self, data):
        out = np.empty(data.rows, np.int32)
        call("clf_model_predict", self, data, ptr(out.ctypes.data), i64(out.size))
        return out

    def _values(self, function, data):
        out = np.empty((data.rows, lib.clf_model_outputs(self.handle)), np.float32)
        call(function, self, data, ptr(out.ctypes.data), i64(out.size))
        return out

    def decision_function(self, data):
        return self._values("clf_model_decision_function", data)

    def predict_proba(self, data):
        return self._values("clf_model_predict_proba", data)

    def transform(self, data):
        count = i64()
        call("clf_model_project", self, data, None, i64(0), C.byref(count))
        out = np.empty((data.rows, count.value), np.float32)
        call("clf_model_project", self, data, ptr(out.ctypes.data), i64(out.size), None)
        return out

    def score(self, data):
        out = f64()
        call("clf_model_score", self, data, C.byref(out))
        return out.value

    def tensor(self, name):
        out = Handle("clf_tensor_free")
        call("clf_model_tensor", C.byref(out.handle), self, name)
        return numpy(out)

    def outcome(self):
        return call("clf_model_outcome", self)

    def save_bytes(self):
        needed = size()
        call("clf_model_save_memory", self, None, size(0), C.byref(needed))
        buffer = C.create_string_buffer(needed.value)
        call("clf_model_save_memory", self, buffer, needed, C.byref(needed))
        return buffer.raw

    @classmethod
    def load_bytes(cls, data, on=None):
        self = cls()
        call("clf_model_load_memory", C.byref(self.handle), on, data, size(len(data)))
        return self


def sklearn():
    """scikit-learn, or the test is skipped."""
    try:
        import sklearn
    except ImportError:
        print("scikit-learn is not installed: skipped")
        sys.exit(77)
    return sklearn


def close(found, expected, tolerance, what):
    """The largest difference, relative to the largest expected value, is within the tolerance."""
    found, expected = np.asarray(found, float), np.asarray(expected, float)
    assert found.shape == expected.shape, f"{what}: shape {found.shape}, not {expected.shape}"
    scale = np.abs(expected).max() or 1.0
    difference = np.abs(found - expected).max() / scale
    assert difference <= tolerance, f"{what}: differs by {difference:.3g}, more than {tolerance:.3g}"


def run(functions):
    """Runs the test functions of a file, reporting each."""
    failed = 0
    for function in functions:
        try:
            function()
            print("ok    ", function.__name__)
        except Exception as error:  # every kind of failure is reported by name
            failed += 1
            print("FAILED", function.__name__, "-", type(error).__name__, error)
    sys.exit(1 if failed else 0)
