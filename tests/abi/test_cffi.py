"""The library from Python by cffi, with the declarations that are installed for it."""
import os
import pathlib
import sys
import unittest

try:
    import cffi
except ImportError:
    print("cffi is not installed")
    sys.exit(77)

ffi = cffi.FFI()
ffi.cdef(pathlib.Path(os.environ["CLASSIFY_CDEF"]).read_text(encoding="utf-8"))
lib = ffi.dlopen(os.environ["CLASSIFY_LIBRARY"])


def make(kind, free, function, *arguments):
    out = ffi.new(f"{kind} **")
    if function(out, *arguments) != lib.CLF_OK:
        raise AssertionError(ffi.string(lib.clf_last_error()))
    return ffi.gc(out[0], free)


def tensor(values, kind, dtype, shape):
    memory = ffi.new(f"{kind}[]", values)
    made = make("clf_tensor", lib.clf_tensor_free, lib.clf_tensor_wrap, ffi.NULL, memory, dtype,
                len(shape), ffi.new("int64_t[]", shape), ffi.NULL)
    return made, memory


class Cffi(unittest.TestCase):
    def test_every_function_can_be_called(self):
        functions = [name for name in dir(lib) if name.startswith("clf_")]
        self.assertGreater(len(functions), 150)
        for name in functions:
            self.assertTrue(ffi.typeof(getattr(lib, name)).kind == "function", name)

    def test_a_model_is_fitted_and_predicts(self):
        x, _memory = tensor([0, 0, 0, 1, 5, 5, 5, 6], "float", lib.CLF_F32, [4, 2])
        y, _labels = tensor([0, 0, 1, 1], "int32_t", lib.CLF_I32, [4])
        data = make("clf_dataset", lib.clf_dataset_free, lib.clf_dataset_create, ffi.NULL, x, y)
        model = make("clf_model", lib.clf_model_free, lib.clf_model_create, ffi.NULL, b"ridge", b"alpha=0.1")
        self.assertEqual(lib.clf_model_fit(model, data, ffi.NULL, ffi.NULL), lib.CLF_OK)
        predicted = ffi.new("int32_t[4]")
        self.assertEqual(lib.clf_model_predict(model, data, predicted, 4), lib.CLF_OK)
        self.assertEqual(list(predicted), [0, 0, 1, 1])

    def test_structs_are_filled(self):
        info = ffi.new("clf_param_info *", {"struct_size": ffi.sizeof("clf_param_info")})
        self.assertEqual(lib.clf_param_describe(b"model", b"ridge", 0, info), lib.CLF_OK)
        self.assertEqual(ffi.string(info.name), b"alpha")
        self.assertEqual(info.type, lib.CLF_PARAM_F64)

    def test_callbacks_are_called(self):
        lines = []

        @ffi.callback("clf_log_callback")
        def log(_user, level, message):
            lines.append((level, ffi.string(message)))

        context = make("clf_context", lib.clf_context_free, lib.clf_context_create, ffi.NULL, b"threads=1")
        self.assertEqual(lib.clf_context_set_log(context, log, ffi.NULL), lib.CLF_OK)
        x, _memory = tensor([0, 1, 2, 3], "float", lib.CLF_F32, [4, 1])
        y, _labels = tensor([0, 0, 1, 1], "int32_t", lib.CLF_I32, [4])
        data = make("clf_dataset", lib.clf_dataset_free, lib.clf_dataset_create, context, x, y)
        model = make("clf_model", lib.clf_model_free, lib.clf_model_create, context, b"logistic", ffi.NULL)
        self.assertEqual(lib.clf_model_fit(model, data, ffi.NULL, ffi.NULL), lib.CLF_OK)
        self.assertTrue(lines)
        self.assertEqual({level for level, _ in lines} - {lib.CLF_LOG_INFO, lib.CLF_LOG_WARNING}, set())


if __name__ == "__main__":
    unittest.main(verbosity=2)
