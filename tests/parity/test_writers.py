"""Files of datasets that the library writes, as NumPy, SciPy, pandas and the csv module read them."""

import csv
import ctypes as C
import pathlib
import struct
import sys
import tempfile
import zipfile

import classify as clf
import numpy as np

try:
    import pandas
    import scipy.sparse
except ImportError:
    print("pandas or SciPy is not installed: skipped")
    sys.exit(77)

folder = tempfile.TemporaryDirectory(prefix="classify-writers-")
at = pathlib.Path(folder.name)
rng = np.random.default_rng(0)
NAMES = np.array(["iris setosa", "a,b;c", 'say "x"', " blanks ", "two\nlines", "NA", "ünïcode 猫", "#1",
                  "tab\there", "1.5", "a|b"])
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "space": " ", "pipe": "|"}


def data_of(x, y):
    """Labels are numbers, or texts."""
    if y.dtype.kind != "U":
        return clf.Dataset(x, y)
    dataset = clf.Dataset(x)
    names = (C.c_char_p * len(y))(*(name.encode() for name in y))
    clf.call("clf_dataset_set_label_names", dataset, names, C.c_int64(len(y)))
    return dataset


def save(dataset, format, path, params=None):
    clf.call("clf_dataset_save", dataset, format, str(path), params)


def numbers(dtype, shape=(50, 4)):
    """Of all sizes, and the ends of the range."""
    x = (rng.normal(size=shape) * 10.0**rng.integers(-30, 30, shape)).astype(dtype)
    x[0, :4] = np.finfo(dtype).max, np.finfo(dtype).tiny, -0.0, np.finfo(dtype).smallest_subnormal
    return x


def same_bits(found, expected):
    assert found.dtype == expected.dtype and found.shape == expected.shape
    assert found.tobytes() == expected.tobytes()


def csv__is_read_by_pandas_and_csv():
    for dtype in np.float32, np.float64:
        x, y = numbers(dtype), rng.choice(NAMES, 50)
        for word, delimiter in DELIMITERS.items():
            save(data_of(x, y), "csv", at / "x.csv", f"delimiter={word} label='the kind'")
            table = pandas.read_csv(at / "x.csv", sep=delimiter, float_precision="round_trip",
                                    keep_default_na=False)
            assert list(table.columns) == ["f1", "f2", "f3", "f4", "the kind"]
            same_bits(table.iloc[:, :4].to_numpy().astype(dtype), x)
            assert (table["the kind"] == y).all()
            with open(at / "x.csv", newline="", encoding="utf-8") as file:
                rows = list(csv.reader(file, delimiter=delimiter, strict=True))
            assert [row[4] for row in rows[1:]] == list(y)
            again = clf.Dataset.load("csv", at / "x.csv", f"label='the kind' dtype=f{x.itemsize * 8}")
            same_bits(again.tensor("x"), x)
            assert [again.class_names()[k] for k in again.tensor("labels")] == list(y)


def npy__is_read_by_numpy():
    for x in (numbers("f4"), numbers("f8"), rng.integers(0, 256, (5, 4)).astype("u1"),
              rng.normal(size=(6, 2, 3)).astype("f4")):
        save(clf.Dataset(x), "npy", at / "x.npy")
        same_bits(np.load(at / "x.npy"), x)


def npz__is_read_by_numpy():
    x = numbers("f4")
    labels = (rng.integers(-5, 5, 50), rng.choice([0.5, -1e30, 7], 50), rng.choice(NAMES, 50),
              rng.choice([2**60 + 1, 2**60 + 3], 50))
    for y in labels:
        save(data_of(x, y), "npy", at / "x.npz")
        with np.load(at / "x.npz") as archive:
            assert sorted(archive.files) == ["x", "y"]
            same_bits(archive["x"], x)
            assert archive["y"].dtype.kind == y.dtype.kind and (archive["y"] == y).all()
        assert zipfile.ZipFile(at / "x.npz").testzip() is None
    first = (at / "x.npz").read_bytes()
    save(data_of(x, y), "npy", at / "x.npz")
    assert (at / "x.npz").read_bytes() == first, "the bytes depend on the time"


def npz__of_categories_is_read_by_numpy():
    (at / "table.csv").write_text("age,city,label\n31,Bern,a\n,Zürich,b\n45,,a\n7,Bern,b\n")
    table = clf.Dataset.load("csv", at / "table.csv", "missing=keep")
    save(table, "npy", at / "table.npz")
    with np.load(at / "table.npz") as found:
        assert list(found["categories"]) == ["Bern", "Zürich"] and list(found["category_counts"]) == [0, 2]
        assert np.array_equal(found["x"][:, 1], [0, 1, np.nan, 0], equal_nan=True)
        parts = dict(found)
    for wrong in [0, 3], [0.5, 1.5], [-1, 3]:
        parts["category_counts"] = np.array(wrong)
        np.savez(at / "wrong.npz", **parts)
        try:
            clf.Dataset.load("npy", at / "wrong.npz")
        except Exception as refused:
            assert "category_counts: column" in str(refused), refused
        else:
            raise AssertionError(f"read {wrong}")


def npz__is_read_from_a_pipe():
    """By the headers of the members alone, as programs do that cannot seek."""
    x, y = numbers("f4"), rng.integers(0, 3, 50)
    save(data_of(x, y), "npy", at / "x.npz")
    data = (at / "x.npz").read_bytes()
    place, names = 0, []
    while data[place:place + 4] == b"PK\3\4":
        method, crc, packed, size, name, extra = struct.unpack("<8xH4xIIIHH", data[place:place + 30])
        body = place + 30 + name + extra
        names.append(data[place + 30:body - extra].decode())
        assert method == 0 and packed == size
        assert zipfile.crc32(data[body:body + size]) == crc
        place = body + size
    assert names == ["x.npy", "y.npy"]


def npz__of_sparse_rows_is_read_by_scipy():
    x = scipy.sparse.random(60, 90, 0.05, "csr", np.float32, rng)
    y = rng.choice(NAMES, 60)
    data = data_of(x, y)
    save(data, "npy", at / "x.npz")
    found = scipy.sparse.load_npz(at / "x.npz")
    assert (found != x).nnz == 0 and found.shape == x.shape and found.dtype == np.float32
    with np.load(at / "x.npz") as archive:
        assert (archive["y"] == y).all()
    again = clf.Dataset.load("npy", at / "x.npz")
    for name in "row_start", "column", "value", "labels":
        same_bits(again.tensor(name), data.tensor(name))
    save(data, "npy", at / "x.npy", "labels=none")
    same_bits(np.load(at / "x.npy"), x.toarray())
    save(data, "csv", at / "x.csv")
    table = pandas.read_csv(at / "x.csv", float_precision="round_trip", keep_default_na=False)
    same_bits(table.iloc[:, :-1].to_numpy().astype(np.float32), x.toarray())


def idx__is_read_by_its_definition():
    x = rng.integers(0, 256, (7, 3, 4)).astype("u1")
    y = rng.integers(0, 10, 7)
    save(clf.Dataset(x, y, scale=1 / 255), "idx", at / "mnist")
    images = (at / "mnist-images-idx3-ubyte").read_bytes()
    assert images[:4] == b"\0\0\x08\3" and struct.unpack(">III", images[4:16]) == (7, 3, 4)
    assert images[16:] == x.tobytes()
    labels = (at / "mnist-labels-idx1-ubyte").read_bytes()
    assert labels == b"\0\0\x08\1" + struct.pack(">I", 7) + y.astype("u1").tobytes()
    wide = numbers("f8")
    save(clf.Dataset(wide, y=None), "idx", at / "wide-images")
    assert (at / "wide-images").read_bytes()[12:] == wide.astype(">f8").tobytes()


clf.run([value for name, value in list(globals().items()) if "__" in name[1:-2] and callable(value)])
