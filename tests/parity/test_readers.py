"""Files written by NumPy, scikit-learn, gzip and csv, read back by the library."""

import csv
import gzip
import io
import pathlib
import struct
import tempfile
import zipfile

import classify as clf
import numpy as np

folder = tempfile.TemporaryDirectory(prefix="classify-readers-")
at = pathlib.Path(folder.name)
rng = np.random.default_rng(0)
DTYPES = ["f2", "f4", "f8", "u1", "i1", "i2", "i4", "i8", "u2", "u4", "b1"]


def array(dtype, shape=(5, 3)):
    if dtype.startswith("f"):
        return rng.normal(size=shape).astype(dtype)
    return rng.integers(0, 2 if dtype == "b1" else 100, shape).astype(dtype)


def same(dataset, x, y=None):
    found = dataset.tensor("x")
    assert found.shape == x.shape, f"{found.shape}, not {x.shape}"
    assert np.array_equal(found.astype(np.float32), x.astype(np.float32))
    if y is not None:
        names, labels = np.unique(y, return_inverse=True)
        assert np.array_equal(dataset.tensor("labels"), labels)
        assert [float(name) for name in dataset.class_names()] == list(map(float, names))


def npy__reads_what_numpy_saves():
    for dtype in DTYPES:
        for order in "<", ">":
            for layout in "C", "F":
                for shape in (5, 3), (4, 2, 3), (1, 1), (2, 2, 1, 2):
                    x = np.asarray(array(dtype, shape).astype(order + dtype), order=layout)
                    np.save(at / "x.npy", x)
                    for options in "map=true", "map=false":
                        same(clf.Dataset.load("npy", at / "x.npy", options), x)
                    with gzip.open(at / "x.npy.gz", "wb") as file:
                        np.save(file, x)
                    same(clf.Dataset.load("npy", at / "x.npy.gz"), x)


def npy__reads_all_header_versions():
    x = array("f4")
    for version in (1, 0), (2, 0), (3, 0):
        with open(at / "x.npy", "wb") as file:
            np.lib.format.write_array(file, x, version)
        same(clf.Dataset.load("npy", at / "x.npy"), x)


def npy__reads_labels_beside():
    x, y = array("f8", (40, 3)), rng.integers(-3, 4, 40)
    np.save(at / "x.npy", x)
    for labels in y, y.astype("i1"), y.astype(">f8"), y.reshape(-1, 1), y.astype("f4"):
        np.save(at / "y.npy", labels)
        same(clf.Dataset.load("npy", at / "x.npy", f"labels={at}/y.npy"), x, y)
    targets = array("f8", (40, 2))
    np.save(at / "y.npy", np.asfortranarray(targets))
    dataset = clf.Dataset.load("npy", at / "x.npy", f"labels={at}/y.npy regression=true")
    assert np.array_equal(dataset.tensor("targets"), targets)


def npy__reads_every_half():
    """All 65536 of them, to the bit; NaN as NaN."""
    x = np.arange(1 << 16, dtype=np.uint16).view(np.float16).reshape(256, 256)
    for order in "<", ">":
        np.save(at / "x.npy", x.astype(order + "f2"))
        found = clf.Dataset.load("npy", at / "x.npy").tensor("x")
        expected = x.astype(np.float32)
        assert np.array_equal(found, expected, equal_nan=True)
        assert np.array_equal(np.signbit(found), np.signbit(expected))


def npy__reads_integers_exactly_or_as_f64():
    """Features are f32 where that holds them all, else f64; labels keep 64 bits."""
    for dtype in "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8":
        info = np.iinfo(dtype)
        x = np.array([[info.min, info.max], [0, info.max // 3]], dtype)
        y = np.array([info.min, min(info.max, 2 ** 63 - 1)], dtype)
        np.savez(at / "d.npz", x=x, y=y)
        dataset = clf.Dataset.load("npy", at / "d.npz")
        assert np.array_equal(dataset.tensor("x").astype("f8"), x.astype("f8"))
        assert [int(name) for name in dataset.class_names()] == list(map(int, y))


def npy__reads_texts_as_labels():
    texts = ["äöü", "", "日本", "a b", "\N{GRINNING FACE}", "x" * 40]
    y = np.array(texts)[rng.integers(0, len(texts), 60)]
    x = array("f4", (60, 2))
    for labels in (y, y.reshape(-1, 1), y.astype(">U40"), np.char.encode(y, "utf-8"),
                   np.asfortranarray(y.reshape(-1, 1))):
        np.savez_compressed(at / "d.npz", x=x, y=labels)
        np.save(at / "x.npy", x)
        np.save(at / "y.npy", labels)
        for dataset in (clf.Dataset.load("npy", at / "d.npz"),
                        clf.Dataset.load("npy", at / "x.npy", f"labels={at}/y.npy")):
            assert list(np.array(dataset.class_names())[dataset.tensor("labels")]) == list(y)
            assert dataset.class_names() == sorted(set(y), key=str.encode)
    refused("npy", at / "x.npy", "is no UTF-8", np.char.encode(np.array(["ä"] * 60), "latin-1"))


def refused(kind, path, says, labels=None):
    params = None
    if labels is not None:
        np.save(at / "refused.npy", labels)
        params = f"labels={at}/refused.npy"
    try:
        clf.Dataset.load(kind, path, params)
    except clf.Error as error:
        assert says in str(error), error
    else:
        raise AssertionError(f"{says}: not refused")


def npy__says_what_is_not_read():
    import pickle
    for x, says in ((np.array([[1, None]], object), "Python objects, which are pickled"),
                    (np.array([[1j]]), "complex"),
                    (np.array([["2026-11-29"]], "M8[D]"), "dates"),
                    (np.zeros((2, 1), [("a", "f4"), ("b", "i4")]), "structured array"),
                    (np.zeros((2, 1), "V8"), "records"),
                    (np.zeros((2, 1), np.longdouble), "long doubles"),
                    (np.array([["a"]]), "rows of features are numbers"),
                    (np.float32(1), "single element")):
        np.save(at / "x.npy", x)
        refused("npy", at / "x.npy", says)
    (at / "x.npy").write_bytes(pickle.dumps(np.zeros((2, 2))))
    refused("npy", at / "x.npy", "pickle")
    np.save(at / "x.npy", np.zeros((2, 2)))
    refused("npy", at / "x.npy", "Python objects", np.array(["a", "b"], object))


def npz__reads_what_scipy_saves():
    clf.sklearn()
    from scipy import sparse
    for dtype in "f4", "f8", "f2", "i4", "i8", "u1", "b1":
        dense = array(dtype, (30, 9)) * (rng.random((30, 9)) < 0.3).astype(dtype)
        dense[:, 4] = dense[7] = 0
        rows, columns = dense.nonzero()
        order = rng.permutation(len(rows))
        unsorted = sparse.csr_matrix(dense if dtype != "f2" else dense.astype("f4"))
        for i in range(30):
            part = slice(unsorted.indptr[i], unsorted.indptr[i + 1])
            unsorted.indices[part] = unsorted.indices[part][::-1]
            unsorted.data[part] = unsorted.data[part][::-1]
        matrices = [unsorted]
        for name in "csr", "csc", "coo":
            made = sparse.coo_matrix((dense[rows, columns][order], (rows[order], columns[order])),
                                     dense.shape)
            matrices.append(made.asformat(name) if dtype != "f2" else made)
        for matrix in matrices:
            for compressed in True, False:
                sparse.save_npz(at / "d.npz", matrix, compressed)
                dataset = clf.Dataset.load("npy", at / "d.npz")
                found = sparse.csr_matrix((dataset.tensor("value"), dataset.tensor("column"),
                                           dataset.tensor("row_start")), dense.shape)
                assert np.array_equal(found.toarray(), dense.astype(np.float32))


def npz__adds_entries_of_one_place_as_scipy_does():
    clf.sklearn()
    from scipy import sparse
    rows, columns = rng.integers(0, 5, 60), rng.integers(0, 4, 60)
    matrix = sparse.coo_matrix((rng.integers(1, 9, 60).astype("f4"), (rows, columns)), (5, 4))
    sparse.save_npz(at / "d.npz", matrix)
    dataset = clf.Dataset.load("npy", at / "d.npz")
    found = sparse.csr_matrix((dataset.tensor("value"), dataset.tensor("column"),
                               dataset.tensor("row_start")), (5, 4))
    assert np.array_equal(found.toarray(), matrix.toarray())
    for name in "bsr", "dia":
        sparse.save_npz(at / "d.npz", matrix.asformat(name))
        refused("npy", at / "d.npz", f"of the format '{name}'; csr, csc and coo are read")


def npy__asks_the_host_and_can_be_cancelled():
    import ctypes as C
    clf.sklearn()
    from scipy import sparse

    class Progress(C.Structure):
        _fields_ = [("stage", C.c_char_p)]

    stages, stop = [], [False]

    def listen(user, state):
        stages.append(state.contents.stage.decode())
        return int(stop[0])

    callback = C.CFUNCTYPE(C.c_int32, C.c_void_p, C.POINTER(Progress))(listen)
    on = clf.context()
    clf.call("clf_context_set_progress", on, callback, None)
    np.save(at / "x.npy", np.zeros((3 << 20, 2), "f2"))
    places = np.arange(3 << 20)[::-1]
    sparse.save_npz(at / "d.npz", sparse.coo_matrix((np.ones(3 << 20), (places % 50, places))),
                    compressed=False)
    for path, stage in (at / "x.npy", "decode"), (at / "d.npz", "sparse"):
        stages.clear()
        stop[0] = False
        clf.Dataset.load("npy", path, on=on)
        assert stage in stages, stages
        stop[0] = True
        try:
            clf.Dataset.load("npy", path, on=on)
        except clf.Error as error:
            assert "CANCELLED" in str(error), error
        else:
            raise AssertionError("not cancelled")


def npz__reads_what_numpy_saves():
    x, y = array("f4", (300, 20)), rng.integers(0, 5, 300)
    for save in np.savez, np.savez_compressed:
        save(at / "d.npz", x, y)
        same(clf.Dataset.load("npy", at / "d.npz"), x, y)
        save(at / "d.npz", z=y, x=x, y=y)
        same(clf.Dataset.load("npy", at / "d.npz"), x, y)
        save(at / "d.npz", x_train=x, y_train=y, x_test=x[:7], y_test=y[:7])
        same(clf.Dataset.load("npy", at / "d.npz", "x=x_test y=y_test"), x[:7], y[:7])


def npz__reads_what_zipfile_streams():
    """An archive written to a pipe has its sizes behind the members, not before them."""
    class Pipe(io.RawIOBase):
        def __init__(self):
            self.data = b""

        def writable(self):
            return True

        def write(self, data):
            self.data += bytes(data)
            return len(data)

    x = array("u1", (50, 50))
    pipe, content = Pipe(), io.BytesIO()
    np.save(content, x)
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", content.getvalue())
        archive.comment = b"streamed"
    (at / "d.npz").write_bytes(pipe.data)
    same(clf.Dataset.load("npy", at / "d.npz"), x)


def idx__reads_every_type():
    types = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
    y = rng.integers(0, 3, 6).astype("u1")
    (at / "t-labels-idx1-ubyte").write_bytes(struct.pack(">HBBI", 0, 8, 1, 6) + y.tobytes())
    for code, dtype in types.items():
        for shape in (6, 4), (6, 2, 3), (6, 2, 2, 1):
            x = array(dtype[-2:], shape).astype(dtype)
            data = struct.pack(f">HBB{len(shape)}I", 0, code, len(shape), *shape) + x.tobytes()
            (at / "t-images-idx3-ubyte").write_bytes(data)
            same(clf.Dataset.load("idx", at / "t"), x, y)
            (at / "x.gz").write_bytes(gzip.compress(data))
            same(clf.Dataset.load("idx", at / "x.gz", "map=false"), x)


def csv__reads_what_csv_writes():
    x = rng.normal(size=(200, 6)) * 10.0 ** rng.integers(-30, 30, (200, 6))
    names = ["plain", "with, comma", 'with "quotes"', "with\nbreak", " with blanks ", "ä"]
    y = rng.integers(0, len(names), 200)
    for delimiter in ",", ";", "\t":
        for quoting in csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC:
            for ends in "\n", "\r\n":
                with open(at / "d.csv", "w", newline="", encoding="utf-8") as file:
                    writer = csv.writer(file, delimiter=delimiter, quoting=quoting,
                                        lineterminator=ends)
                    writer.writerow([f"f{i}" for i in range(6)] + ["label"])
                    writer.writerows([*map(float, row), names[k]] for row, k in zip(x, y))
                dataset = clf.Dataset.load("csv", at / "d.csv")
                assert np.array_equal(dataset.tensor("x"), x.astype(np.float32))
                found = np.array(dataset.class_names())[dataset.tensor("labels")]
                stripped = [names[k].strip() if quoting == csv.QUOTE_MINIMAL else names[k]
                            for k in y]
                assert list(found) == stripped


def csv__reads_what_savetxt_writes():
    x = rng.normal(size=(100, 4))
    y = rng.integers(0, 4, 100)
    table = np.column_stack([x, y])
    for form in "%.18e", "%.6g", "%r":
        np.savetxt(at / "d.csv.gz", table, fmt=form, delimiter=",")
        expected = np.loadtxt(at / "d.csv.gz", delimiter=",")
        same(clf.Dataset.load("csv", at / "d.csv.gz"), expected[:, :4], y)
    np.savetxt(at / "d.txt", table)
    same(clf.Dataset.load("csv", at / "d.txt", "delimiter=space"), x, y)


def csv__keeps_doubles_of_targets():
    values = rng.normal(size=500) * 10.0 ** rng.integers(-35, 35, 500)
    texts = [form % value for value in values for form in ("%.17g", "%.6f", "%.3e", "%.15g")]
    numbers = [float(text) for text in texts]
    (at / "d.csv").write_text("".join(f"1,{text}\n" for text in texts))
    dataset = clf.Dataset.load("csv", at / "d.csv", "regression=true")
    assert np.array_equal(dataset.tensor("targets")[:, 0], numbers)


def svmlight__reads_what_sklearn_dumps():
    clf.sklearn()
    from scipy import sparse
    from sklearn.datasets import dump_svmlight_file, load_svmlight_file
    x = sparse.random(200, 50, 0.1, "csr", np.float64, random_state=1)
    y = rng.integers(-1, 3, 200)
    for zero_based in True, False:
        for query in None, np.repeat(np.arange(20), 10):
            dump_svmlight_file(x, y, str(at / "d.svm"), zero_based=zero_based, query_id=query,
                               comment="two\nlines")
            options = f"features=50 zero_based={'true' if zero_based else 'false'}"
            dataset = clf.Dataset.load("svmlight", at / "d.svm", options)
            expected, labels = load_svmlight_file(str(at / "d.svm"), n_features=50,
                                                  zero_based=zero_based)
            found = sparse.csr_matrix((dataset.tensor("value"), dataset.tensor("column"),
                                       dataset.tensor("row_start")), (200, 50))
            assert np.array_equal(found.toarray(), expected.toarray().astype(np.float32))
            assert np.array_equal(np.unique(labels)[dataset.tensor("labels")], labels)
    dump_svmlight_file(x, rng.normal(size=200), str(at / "d.svm"))
    dataset = clf.Dataset.load("svmlight", at / "d.svm", "regression=true")
    assert np.array_equal(dataset.tensor("targets")[:, 0], load_svmlight_file(str(at / "d.svm"))[1])


def fields__read_what_csv_writes():
    """A row as lines name=value is the row of a CSV file with these fields."""
    names, values = ["a", "b=c", 'd "e"', "f"], ["-1.5e3", "two\nlines, x", "1999-12-31", ""]
    quoted = ['"' + text.replace('"', '""') + '"' for text in names + values]
    lines = "".join(f"{name}={value}\n" for name, value in zip(quoted[:4], quoted[4:]))
    table = io.StringIO()
    csv.writer(table, lineterminator="\n").writerows([names, values])
    (at / "row.txt").write_text(lines)
    (at / "row.csv").write_text(table.getvalue())
    row = clf.Dataset.load("fields", at / "row.txt").tensor("x")
    expected = clf.Dataset.load("csv", at / "row.csv", "label=none header=true missing=keep").tensor("x")
    assert np.array_equal(row, expected, equal_nan=True)
    assert np.array_equal(row, [[-1500, 0, 10956, np.nan]], equal_nan=True)


clf.run([value for name, value in list(globals().items()) if "__" in name[1:-2] and callable(value)])
