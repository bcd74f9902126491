"""The library from Python with nothing but ctypes: data, fit, predict, save, load, messages."""
import array
import ctypes
import os
import random
import sys
import tempfile
import unittest

CLF_F32, CLF_I32 = 1, 4
OK, ARGUMENT, IO, CORRUPT, CANCELLED = 0, -1, -3, -5, -12
ROWS, FEATURES, CLASSES = 300, 4, 3

lib = ctypes.CDLL(os.environ["CLASSIFY_LIBRARY"])
for name in ("clf_last_error", "clf_status_name", "clf_version", "clf_kind_name",
             "clf_model_class_name", "clf_vocabulary_word"):
    getattr(lib, name).restype = ctypes.c_char_p
for name in ("clf_kind_count", "clf_param_count", "clf_model_classes"):
    getattr(lib, name).restype = ctypes.c_int64
for name in ("clf_kind_name", "clf_model_class_name", "clf_vocabulary_word"):
    getattr(lib, name).argtypes = [ctypes.c_char_p if name == "clf_kind_name" else ctypes.c_void_p,
                                   ctypes.c_int64]
for name in ("height", "width", "channels"):
    getattr(lib, f"clf_image_{name}").argtypes = [ctypes.c_void_p]
    getattr(lib, f"clf_image_{name}").restype = ctypes.c_int64
lib.clf_image_pixels.argtypes, lib.clf_image_pixels.restype = [ctypes.c_void_p], ctypes.c_void_p
lib.clf_tensor_data.restype = ctypes.c_void_p
lib.clf_tensor_data.argtypes = [ctypes.c_void_p]
for name in ("tensor", "dataset", "model", "context", "documents", "vocabulary", "image"):
    free = getattr(lib, f"clf_{name}_free")
    free.argtypes, free.restype = [ctypes.c_void_p], None

RELEASE = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
PROGRESS = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p)


def message():
    return lib.clf_last_error().decode()


def check(status):
    if status != OK:
        raise AssertionError(f"{lib.clf_status_name(status).decode()}: {message()}")


def make(function, *arguments):
    """Calls a constructor and returns its handle."""
    handle = ctypes.c_void_p()
    check(function(ctypes.byref(handle), *arguments))
    return handle


def wrap(values, dtype, shape, release=None):
    sizes = (ctypes.c_int64 * len(shape))(*shape)
    address = ctypes.c_void_p(values.buffer_info()[0])
    tensor = make(lib.clf_tensor_wrap, None, address, dtype, len(shape), sizes, None)
    if release is not None:
        check(lib.clf_tensor_set_release(tensor, release, None))
    return tensor


def points():
    """Three clouds of points, far apart, and their classes."""
    numbers = random.Random(7)
    labels = array.array("i", (row % CLASSES for row in range(ROWS)))
    values = array.array("f", (numbers.gauss(8.0 if column == label else 0.0, 1.0)
                               for label in labels for column in range(FEATURES)))
    return values, labels


class Ctypes(unittest.TestCase):
    def setUp(self):
        self.values, self.labels = points()
        x = wrap(self.values, CLF_F32, [ROWS, FEATURES])
        y = wrap(self.labels, CLF_I32, [ROWS])
        self.data = make(lib.clf_dataset_create, None, x, y)
        lib.clf_tensor_free(x)
        lib.clf_tensor_free(y)
        self.addCleanup(lib.clf_dataset_free, self.data)

    def model(self, kind, params=None, context=None):
        model = make(lib.clf_model_create, context, kind, params)
        self.addCleanup(lib.clf_model_free, model)
        return model

    def predict(self, model):
        out = (ctypes.c_int32 * ROWS)()
        check(lib.clf_model_predict(model, self.data, out, ctypes.c_int64(ROWS)))
        return list(out)

    def test_version_has_three_numbers(self):
        self.assertRegex(lib.clf_version().decode(), r"^\d+\.\d+\.\d+$")

    def test_every_kind_of_model_learns_the_points(self):
        kinds = [lib.clf_kind_name(b"model", index)
                 for index in range(lib.clf_kind_count(b"model"))]
        self.assertIn(b"ridge", kinds)
        for kind in kinds:
            with self.subTest(kind=kind):
                model = self.model(kind)
                check(lib.clf_model_fit(model, self.data, None, None))
                self.assertEqual(lib.clf_model_classes(model), CLASSES)
                self.assertEqual(lib.clf_model_class_name(model, 2), b"2")
                right = sum(a == b for a, b in zip(self.predict(model), self.labels))
                self.assertGreaterEqual(right, 0.98 * ROWS)

    def test_saved_models_predict_the_same(self):
        model = self.model(b"logistic", b"C=10")
        check(lib.clf_model_fit(model, self.data, None, None))
        before = self.predict(model)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "points.clf").encode()
            check(lib.clf_model_save(model, path))
            from_path = make(lib.clf_model_load, None, path)
        self.addCleanup(lib.clf_model_free, from_path)
        self.assertEqual(self.predict(from_path), before)

        size = ctypes.c_size_t()
        check(lib.clf_model_save_memory(model, None, ctypes.c_size_t(0), ctypes.byref(size)))
        buffer = ctypes.create_string_buffer(size.value)
        check(lib.clf_model_save_memory(model, buffer, size, ctypes.byref(size)))
        from_memory = make(lib.clf_model_load_memory, None, buffer, size)
        self.addCleanup(lib.clf_model_free, from_memory)
        self.assertEqual(self.predict(from_memory), before)

    def test_probabilities_sum_to_one(self):
        model = self.model(b"fisher")
        check(lib.clf_model_fit(model, self.data, None, None))
        out = (ctypes.c_float * (ROWS * CLASSES))()
        check(lib.clf_model_predict_proba(model, self.data, out, ctypes.c_int64(len(out))))
        for row in range(ROWS):
            self.assertAlmostEqual(sum(out[row * CLASSES:(row + 1) * CLASSES]), 1.0, places=5)

    def test_messages_name_what_is_wrong(self):
        handle = ctypes.c_void_p()
        out = ctypes.byref(handle)
        self.assertEqual(lib.clf_model_create(out, None, b"rigde", None), ARGUMENT)
        self.assertRegex(message(), "rigde.*ridge")
        self.assertEqual(lib.clf_model_create(out, None, b"ridge", b"alhpa=1"), ARGUMENT)
        self.assertRegex(message(), "alhpa.*alpha")
        self.assertEqual(lib.clf_model_create(out, None, b"ridge", b"alpha=-1"), ARGUMENT)
        self.assertRegex(message(), "alpha.*-1")
        self.assertEqual(lib.clf_model_create(None, None, b"ridge", None), ARGUMENT)
        self.assertEqual(lib.clf_model_load(out, None, b"/nonexistent/model.clf"), IO)
        self.assertIn("/nonexistent/model.clf", message())
        rubbish = b"not a model at all, though long enough to hold a header" * 4
        self.assertEqual(lib.clf_model_load_memory(out, None, rubbish, ctypes.c_size_t(len(rubbish))), CORRUPT)
        self.assertIsNone(handle.value)

    def test_texts_become_rows(self):
        texts = ["A good film", "bad film, bad"]
        array_of = (ctypes.c_char_p * len(texts))(*(text.encode() for text in texts))
        documents = make(lib.clf_documents_create, None, array_of, None, ctypes.c_int64(len(texts)))
        self.addCleanup(lib.clf_documents_free, documents)
        words = make(lib.clf_vocabulary_create, None, b"steps=4 padding=after")
        self.addCleanup(lib.clf_vocabulary_free, words)
        check(lib.clf_vocabulary_build(words, documents))
        self.assertEqual([lib.clf_vocabulary_word(words, index) for index in range(7)],
                         [b"<padding>", b"<start>", b"<unknown>", b"bad", b"film", b"a", b"good"])
        rows = make(lib.clf_vocabulary_encode, words, documents)
        self.addCleanup(lib.clf_dataset_free, rows)
        tensor = ctypes.c_void_p()
        check(lib.clf_dataset_tensor(ctypes.byref(tensor), rows, b"x"))
        self.addCleanup(lib.clf_tensor_free, tensor)
        numbers = ctypes.cast(lib.clf_tensor_data(tensor), ctypes.POINTER(ctypes.c_float))
        self.assertEqual(numbers[:8], [1, 5, 6, 4, 1, 3, 4, 3])

    def test_images_are_read_and_made(self):
        file = b"P5 2 2 255\n" + bytes([0, 10, 20, 30])
        image = make(lib.clf_image_load_memory, None, file, ctypes.c_size_t(len(file)), None)
        self.addCleanup(lib.clf_image_free, image)
        small = make(lib.clf_image_resize, image, ctypes.c_int64(1), ctypes.c_int64(2))
        self.addCleanup(lib.clf_image_free, small)
        self.assertEqual([lib.clf_image_height(small), lib.clf_image_width(small),
                          lib.clf_image_channels(small)], [1, 2, 1])
        self.assertEqual(ctypes.string_at(lib.clf_image_pixels(small), 2), bytes([10, 20]))

    def test_wrapped_memory_is_released_once(self):
        released = []
        callback = RELEASE(released.append)
        x = wrap(self.values, CLF_F32, [ROWS, FEATURES], callback)
        data = make(lib.clf_dataset_create, None, x, None)
        lib.clf_tensor_free(x)
        self.assertEqual(len(released), 0)
        lib.clf_dataset_free(data)
        self.assertEqual(len(released), 1)

    def test_progress_callback_cancels_a_fit(self):
        context = make(lib.clf_context_create, None, b"threads=1")
        self.addCleanup(lib.clf_context_free, context)
        calls = []
        callback = PROGRESS(lambda user, progress: calls.append(1) or 1)
        check(lib.clf_context_set_progress(context, callback, None))
        model = self.model(b"perceptron", b"epochs=1000", context)
        self.assertEqual(lib.clf_model_fit(model, self.data, None, None), CANCELLED)
        self.assertTrue(calls)
        check(lib.clf_context_set_progress(context, ctypes.cast(None, PROGRESS), None))


if __name__ == "__main__":
    unittest.main(verbosity=2)
