"""Failures: an exception for each status, nothing lost, nothing left behind."""

import copy
import errno
import gc
import pickle
import tracemalloc

import numpy as np
import pytest

import libclassify as clf
from libclassify import errors

BUILT_IN = {
    -1: ValueError, -2: MemoryError, -3: OSError, -4: ValueError, -5: ValueError, -6: ValueError,
    -7: ValueError, -8: TypeError, -9: ValueError, -10: AttributeError, -11: NotImplementedError,
    -12: Exception, -13: ArithmeticError, -14: ArithmeticError,
}


def statuses():
    return {name: value for name, value in clf.constants().items() if name.startswith("CLF_ERROR_")}


def test_every_status_of_the_library_has_a_class():
    assert {value for value in statuses().values()} == set(errors.CLASSES)


@pytest.mark.parametrize("status", sorted(BUILT_IN))
def test_an_exception_is_what_python_expects_and_keeps_the_message(status):
    error = errors.of_status(status, "rows: 3 of 4")
    assert isinstance(error, clf.Error) and isinstance(error, BUILT_IN[status])
    assert error.status == status and str(error) == "rows: 3 of 4"
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(again) is type(error) and again.status == status and str(again) == str(error)
    assert type(type(error).__new__(type(error))) is type(error)  # as Dask loads it from another process


def test_a_later_status_is_an_error_with_its_number():
    error = errors.of_status(-99, "later")
    assert type(error) is clf.Error and error.status == -99
    assert pickle.loads(pickle.dumps(error)).status == -99


X = np.random.default_rng(0).normal(size=(30, 4))
Y = np.arange(30) % 3
NAN = np.where(np.arange(120).reshape(30, 4) == 41, np.nan, X)


class Setting:
    """A context of its own, and objects of it that the failing calls use."""

    def __init__(self, tmp_path):
        self.context = clf.Context(threads=1)
        self.data = clf.Dataset(X, Y, context=self.context)
        self.model = clf.Model("ridge", context=self.context).fit(self.data)
        self.words = clf.Vocabulary(["a b", "b c"], context=self.context)
        self.network = clf.Network("dense units=3", epochs=1, context=self.context).fit(self.data)
        self.corrupt = bytearray(self.model.to_bytes())
        self.corrupt[len(self.corrupt) // 2] ^= 1
        self.version = tmp_path / "version.clf"
        self.bad_csv = tmp_path / "bad.csv"
        self.bad_csv.write_text("a,b\n1,2\n3\n")
        self.path = tmp_path


def call_that_cancels(s):
    context = clf.Context(progress=lambda report: True, threads=1, progress_interval=0)
    big = np.random.default_rng(1).normal(size=(2000, 30))
    clf.Model("network", layers="dense units=64; dense units=2", epochs=1000, context=context).fit(
        big, (big[:, 0] > 0).astype(int))


FAILING = {
    "argument": (-1, lambda s: clf.Model("svm", C=-1, context=s.context)),
    "unknown name": (-1, lambda s: clf.Model("svm", Cc=1, context=s.context)),
    "memory": (-2, lambda s: clf.Dataset(X, Y, context=clf.Context(memory_limit=200))),
    "io": (-3, lambda s: clf.Model.load(s.path / "none.clf", context=s.context)),
    "format": (-4, lambda s: clf.Dataset.load("csv", s.bad_csv, context=s.context)),
    "corrupt": (-5, lambda s: clf.Model.load(s.corrupt, context=s.context)),
    "shape": (-7, lambda s: s.model.predict(X[:, :2])),
    "one dimension": (-7, lambda s: clf.Dataset(X[0], context=s.context)),
    "type": (-8, lambda s: clf.Tensor.from_dlpack(np.zeros(3, np.int16), context=s.context)),
    "text": (-8, lambda s: clf.Dataset([["a"]], context=s.context)),
    "data": (-9, lambda s: clf.Model("ridge", context=s.context).fit(NAN, Y)),
    "labels": (-9, lambda s: clf.Dataset(X, [0.5] * 30, context=s.context)),
    "data of a fitted model": (-9, lambda s: s.model.fit(NAN, Y)),
    "not fitted": (-10, lambda s: clf.Model("svm", context=s.context).predict(X)),
    "not built": (-10, lambda s: clf.Vocabulary(context=s.context).encode(["a"])),
    "unsupported": (-11, lambda s: s.model.predict_proba(X)),
    "another's weights": (-7, lambda s: s.network.set_weight("dense_1.weight", X)),
    "subset": (-1, lambda s: s.data.subset([99])),
    "labels of another length": (-7, lambda s: s.data.set_labels([1, 2])),
    "image": (-7, lambda s: clf.Image(np.zeros((2, 2, 5), np.uint8), context=s.context)),
    "params": (-1, lambda s: s.model.set_params(alpha=-1)),
    "save": (-3, lambda s: s.model.save(s.path / "no" / "folder.clf")),
    "grid": (-1, lambda s: clf.grid_search(s.model, {"alphaa": [1]}, s.data)),
    "closed": (-1, lambda s: closed(s).predict(X)),
    "export": (-11, lambda s: s.model.export("libsvm", s.path / "x")),
}


def closed(s):
    model = clf.Model("ridge", context=s.context)
    model.close()
    return model


@pytest.mark.slow
@pytest.mark.parametrize("name", FAILING)
def test_1000_failing_calls_leave_nothing_behind(name, tmp_path):
    status, call = FAILING[name]
    s = Setting(tmp_path)

    def fail(times):
        for _ in range(times):
            try:
                call(s)
            except clf.Error as error:
                assert error.status == status and str(error), name
            else:
                pytest.fail("the call did not fail")

    fail(20)
    gc.collect()
    memory = s.context.memory
    tracemalloc.start()
    fail(20)
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    fail(1000)
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert s.context.memory == memory
    assert grown < 20000, f"{grown} bytes in 1000 calls"


@pytest.mark.parametrize("name", FAILING)
def test_a_failing_call_raises_its_status(name, tmp_path):
    status, call = FAILING[name]
    with pytest.raises(clf.Error) as caught:
        call(Setting(tmp_path))
    assert caught.value.status == status and str(caught.value)


def test_every_status_but_a_few_is_raised_by_a_call_above():
    raised = {status for status, _ in FAILING.values()}
    # A later version's file, a cancelled call, what numbers rarely do, and other processes have their own tests.
    assert set(errors.CLASSES) - raised == {-6, -12, -13, -14, -15}


def test_cancelled_calls_leave_nothing_behind():
    gc.collect()
    for _ in range(20):
        with pytest.raises(clf.Cancelled):
            call_that_cancels(None)


def test_outputs_are_whole_or_not_there(tmp_path):
    model = clf.Model("ridge").fit(X, Y)
    path = tmp_path / "m.txt"
    path.write_text("before")
    with pytest.raises(clf.Unsupported):
        model.export("libsvm", path)
    assert path.read_text() == "before"
    data = clf.Dataset(X, Y)
    with pytest.raises(clf.ShapeError):
        data.set_labels(["a", "b"])
    assert list(data.classes) == [0, 1, 2] and (data.y == Y).all()
    vocabulary = clf.Vocabulary(["a b"])
    with pytest.raises(clf.Error):
        vocabulary.build(["..."])
    assert vocabulary.words[-2:] == ["a", "b"]


@pytest.mark.parametrize("call", [
    clf.Model.load, clf.Transform.load, clf.Image.load, clf.Detector.load, clf.Vocabulary.load,
    *(lambda path, format=format: clf.Dataset.load(format, path)
      for format in clf.kinds("dataset_reader")),
    lambda path: clf.Model("ridge").fit(X, Y).save(path / "model.clf"),
], ids=lambda call: getattr(call, "__qualname__", None))
def test_a_path_that_leads_nowhere_is_file_not_found(call, tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere") as caught:
        call(tmp_path / "nowhere")
    for error in (caught.value, pickle.loads(pickle.dumps(caught.value))):
        assert type(error) is errors.FileNotFound and error.status == -3
        assert error.errno == errno.ENOENT and "nowhere" in str(error)


def test_other_failures_of_files_are_not_file_not_found(tmp_path):
    with pytest.raises(OSError, match="directory") as caught:
        clf.Model.load(tmp_path)
    assert type(caught.value) is errors.IOError
    refused = errors.of_status(-3, "cannot open 'x': Permission denied")
    assert isinstance(refused, PermissionError) and refused.errno == errno.EACCES
    assert type(errors.of_status(-4, "'x': No such file or directory")) is clf.FormatError


def test_a_path_is_text_or_a_path(tmp_path):
    for bad in (3, None, object()):
        with pytest.raises(clf.TypeMismatch, match="path"):
            clf.Dataset.load("csv", bad)
    with pytest.raises(clf.ArgumentError, match="NUL"):
        clf.Model.load("a\0b")
    name = tmp_path / "ümläut\udcff.csv"
    try:
        name.write_bytes(b"a,b,label\n1,2,x\n3,4,y\n")
    except (OSError, UnicodeError):
        pytest.skip("the file system has no such names")
    assert len(clf.Dataset.load("csv", name)) == 2
