"""NumPy reads our tensors through DLPack, and we read NumPy's, without a copy either way."""
import ctypes as C
import gc
import os
import sys

try:
    import numpy as np
except ImportError:
    print("NumPy is not installed: skipped")
    sys.exit(77)
if not hasattr(np, "from_dlpack"):
    print("this NumPy has no from_dlpack: skipped")
    sys.exit(77)

lib = C.CDLL(os.environ["CLASSIFY_LIBRARY"])
lib.clf_last_error.restype = C.c_char_p
lib.clf_tensor_data.restype = C.c_void_p
lib.clf_context_memory.restype = C.c_size_t
for name in ("clf_tensor_extent", "clf_tensor_stride"):
    getattr(lib, name).restype = C.c_int64

DESTRUCTOR = C.CFUNCTYPE(None, C.c_void_p)
api = C.pythonapi
api.PyCapsule_New.restype = C.py_object
api.PyCapsule_New.argtypes = [C.c_void_p, C.c_char_p, DESTRUCTOR]
api.PyCapsule_GetPointer.restype = C.c_void_p
api.PyCapsule_GetPointer.argtypes = [C.py_object, C.c_char_p]
api.PyCapsule_SetName.argtypes = [C.py_object, C.c_char_p]

DTYPES = {"float32": 1, "float64": 2, "uint8": 3, "int32": 4, "int64": 5}


def ok(status):
    assert status >= 0, lib.clf_last_error().decode()


class Tensor:
    """One of our tensors, with the two methods that consumers of DLPack call."""

    def __init__(self, handle):
        self.handle = handle

    def __del__(self):
        lib.clf_tensor_free(self.handle)

    def __dlpack_device__(self):
        return (1, 0)

    def __dlpack__(self, **ignored):
        managed = C.c_void_p()
        ok(lib.clf_tensor_to_dlpack(C.byref(managed), self.handle))
        return api.PyCapsule_New(managed, b"dltensor", DESTRUCTOR())


def create(context, dtype, shape):
    handle = C.c_void_p()
    ok(lib.clf_tensor_create(C.byref(handle), context, C.c_int32(DTYPES[dtype]),
                             C.c_int32(len(shape)), (C.c_int64 * len(shape))(*shape)))
    return Tensor(handle)


def numpy_reads_ours(context):
    for dtype in DTYPES:
        tensor = create(context, dtype, (3, 4))
        size = np.dtype(dtype).itemsize
        memory = (C.c_char * (12 * size)).from_address(lib.clf_tensor_data(tensor.handle))
        np.frombuffer(memory, dtype)[:] = np.arange(12)
        array = np.from_dlpack(tensor)
        assert array.dtype == dtype and array.shape == (3, 4), (array.dtype, array.shape)
        assert array.__array_interface__["data"][0] == lib.clf_tensor_data(tensor.handle)
        del tensor
        gc.collect()
        assert np.array_equal(array, np.arange(12).reshape(3, 4)), array


def numpy_reads_our_views(context):
    tensor = create(context, "int64", (4, 5))
    array = np.from_dlpack(tensor)
    memory = (C.c_int64 * 20).from_address(lib.clf_tensor_data(tensor.handle))
    memory[:] = range(20)
    turned, view = C.c_void_p(), C.c_void_p()
    ok(lib.clf_tensor_permute(C.byref(turned), tensor.handle, (C.c_int32 * 2)(1, 0)))
    turned = Tensor(turned)
    ok(lib.clf_tensor_slice(C.byref(view), turned.handle, C.c_int32(0), C.c_int64(4), C.c_int64(3),
                            C.c_int64(-2)))
    assert np.array_equal(np.from_dlpack(Tensor(view)), array.T[::-2]), "a strided view"


def take(context, array):
    """NumPy's capsule as a tensor, which from now on owns what the capsule held."""
    capsule = array.__dlpack__()
    managed = api.PyCapsule_GetPointer(capsule, b"dltensor")
    handle = C.c_void_p()
    ok(lib.clf_tensor_from_dlpack(C.byref(handle), context, C.c_void_p(managed)))
    api.PyCapsule_SetName(capsule, b"used_dltensor")
    return Tensor(handle)


def we_read_numpys(context):
    for dtype in DTYPES:
        array = np.arange(24, dtype=dtype).reshape(2, 3, 4)[:, ::-1, 1:3]
        references = sys.getrefcount(array)
        tensor = take(context, array)
        assert lib.clf_tensor_dtype(tensor.handle) == DTYPES[dtype]
        for axis in range(3):
            assert lib.clf_tensor_extent(tensor.handle, axis) == array.shape[axis]
            stride = lib.clf_tensor_stride(tensor.handle, axis)
            assert stride == array.strides[axis] // array.itemsize
        assert lib.clf_tensor_data(tensor.handle) == array.__array_interface__["data"][0]
        assert sys.getrefcount(array) > references
        assert np.array_equal(np.from_dlpack(tensor), array)
        del tensor
        gc.collect()
        assert sys.getrefcount(array) == references, "the array is not given back"


def types_we_do_not_have_are_refused(context):
    for dtype in ("float16", "int16", "uint32", "complex64"):
        capsule = np.zeros(3, dtype).__dlpack__()
        managed = api.PyCapsule_GetPointer(capsule, b"dltensor")
        handle = C.c_void_p()
        status = lib.clf_tensor_from_dlpack(C.byref(handle), context, C.c_void_p(managed))
        assert status == -8 and not handle, (dtype, status)


def main():
    context = C.c_void_p()
    ok(lib.clf_context_create(C.byref(context), None, b"threads=1"))
    before = lib.clf_context_memory(context)
    for test in (numpy_reads_ours, numpy_reads_our_views, we_read_numpys,
                 types_we_do_not_have_are_refused):
        test(context)
        gc.collect()
        assert lib.clf_context_memory(context) == before, f"{test.__name__} leaves memory behind"
        print("ok", test.__name__)
    lib.clf_context_free(context)


main()
