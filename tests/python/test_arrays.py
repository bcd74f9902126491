"""What users pass as numbers, rows and labels: nothing is copied in vain, nothing lost in silence."""

import copy
import decimal
import fractions
import pickle

import numpy as np
import pytest

import libclassify as clf

VALUES = np.arange(12.0).reshape(4, 3)


def address(array):
    return array.__array_interface__["data"][0]


def same(X, expected=VALUES):
    """The features are these values, whatever they were passed as."""
    return np.array_equal(np.asarray(clf.Dataset(X).X, float), expected, equal_nan=True)


# No copies


@pytest.mark.parametrize("dtype", ["f4", "f8", "u1"])
def test_contiguous_rows_are_not_copied(dtype):
    array = VALUES.astype(dtype)
    data = clf.Dataset(array)
    assert address(data.X) == address(array) and data.X.dtype == array.dtype
    assert address(data.subset(slice(1, 3)).X) == address(array[1:])
    images = np.zeros((4, 2, 3, 1), dtype)
    assert address(clf.Dataset(images).X) == address(images)


def test_read_only_rows_are_not_copied():
    array = VALUES.copy()
    array.flags.writeable = False
    assert address(clf.Dataset(array).X) == address(array)


@pytest.mark.parametrize("dtype", ["f4", "f8", "u1", "i4", "i8"])
def test_tensors_are_views_of_any_stride(dtype):
    array = VALUES.astype(dtype)
    for view in (array, array.T, array[::-1], array[:, ::2], array[::2, 1:], array[0]):
        tensor = clf.Tensor(view)
        assert address(tensor.numpy()) == address(view)
        assert np.array_equal(tensor.numpy(), view) and tensor.shape == view.shape


def test_int32_labels_are_read_in_place_without_a_conversion(monkeypatch):
    y = np.array([5, 7, 5, 7], np.int32)
    seen = []
    wrap = clf.Tensor._of.__func__
    monkeypatch.setattr(clf.Tensor, "_of", classmethod(
        lambda cls, array, *rest: seen.append(array) or wrap(cls, array, *rest)))
    data = clf.Dataset(VALUES, y)
    assert address(seen[1]) == address(y) and seen[1].dtype == np.int32
    assert list(data.labels) == [0, 1, 0, 1] and list(data.y) == [5, 7, 5, 7]


def test_sparse_float32_values_are_not_copied():
    sparse = pytest.importorskip("scipy.sparse")
    matrix = sparse.csr_matrix(VALUES.astype(np.float32))
    assert address(clf.Dataset(matrix).tensor("value")) == address(matrix.data)


# Every dtype and order


@pytest.mark.parametrize("dtype", [
    "?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", "g", ">f4", ">f8",
    ">i2", ">i4", ">i8", ">u8", "<f4", "q", "l", "longlong",
])
@pytest.mark.parametrize("order", ["C", "F", "reversed", "strided"])
def test_rows_of_any_dtype_and_order_keep_their_values(dtype, order):
    array = (VALUES % 2 if dtype == "?" else VALUES).astype(dtype)
    expected = array.astype(float)
    if order == "F":
        array = np.asfortranarray(array)
    elif order == "reversed":
        array, expected = array[::-1, ::-1], expected[::-1, ::-1]
    elif order == "strided":
        array, expected = np.repeat(array, 2, 1)[:, ::2], expected
    assert same(array, expected)


def test_fortran_order_float64_keeps_every_digit():
    array = np.asfortranarray(VALUES + 1e-13)
    assert clf.Dataset(array).X.dtype == np.float64
    assert (clf.Dataset(array).X == array).all()


def test_unaligned_and_packed_fields_are_read_right():
    packed = np.zeros(5, [("flag", "u1"), ("x", "<f8"), ("k", "<i4")])
    packed["x"], packed["k"] = np.arange(5) + 0.5, np.arange(5)
    assert same(packed["x"][:, None], packed["x"][:, None])
    assert same(packed["k"][:, None], packed["k"][:, None])
    assert list(clf.Tensor(packed["x"]).numpy()) == list(packed["x"])


@pytest.mark.parametrize("value", [2**53 + 1, 2**62 + 1, -(2**53) - 1])
def test_large_integers_become_the_nearest_float64(value):
    X = np.array([[value], [1]])
    assert clf.Dataset(X).X.dtype == np.float64
    assert (clf.Dataset(X).X == X.astype(np.float64)).all()
    assert (clf.Dataset([[value], [1]]).X == X.astype(np.float64)).all()


def test_unsigned_integers_beyond_int64_become_float64():
    X = np.array([[2**63], [1]], np.uint64)
    assert (clf.Dataset(X).X == X.astype(np.float64)).all()


def test_lists_tuples_and_python_numbers():
    assert same([[0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10, 11]])
    assert same([(0.0, 1, True + 1), (3, 4, 5), [6, 7, 8], (9, 10, 11)])
    assert same([list(map(decimal.Decimal, row)) for row in VALUES.astype(int).tolist()])
    assert same([list(map(fractions.Fraction, row)) for row in VALUES.astype(int).tolist()])
    assert same(np.array(VALUES, object)) and same(np.matrix(VALUES))


def test_none_in_objects_is_missing_and_named_by_the_fit():
    X = np.array([[0.0, 1.0], [2.0, None], [3.0, 4.0]], object)
    assert np.isnan(clf.Dataset(X).X[1, 1])
    with pytest.raises(clf.DataError, match="row 1.*1"):
        clf.Model("ridge").fit(X, [0, 1, 0])


def test_masked_values_are_missing():
    X = np.ma.masked_array(VALUES, VALUES == 5)
    expected = np.where(VALUES == 5, np.nan, VALUES)
    assert same(X, expected)
    assert same(np.ma.masked_array(VALUES.astype(int), VALUES == 5), expected)
    unmasked = np.ma.masked_array(VALUES)
    assert address(clf.Dataset(unmasked).X) == address(unmasked.data)


@pytest.mark.parametrize("X, message", [
    (np.array([[1 + 2j]]), "complex"),
    (np.array([["2020-01-01"]], "M8[D]"), "dates"),
    (np.array([[3]], "m8[s]"), "durations"),
    (np.array([["a", "b"]]), "texts"),
    (np.array([[b"a"]]), "texts"),
    (np.zeros((2, 2), [("a", float)]), "records"),
    (np.array([[1.0, "x"]], object), "row 0, column 1 holds 'x'"),
    (np.array([["1.5"]], object), "row 0, column 0 holds '1.5'"),
    (np.array([[1j]], object), "complex"),
    (np.array([[{}]], object), "dict"),
])
def test_what_is_no_number_is_refused_by_a_sentence(X, message):
    with pytest.raises(clf.TypeMismatch, match=message):
        clf.Dataset(X)


def test_shapes_are_refused_by_sentences():
    with pytest.raises(clf.ShapeError, match=r"X.reshape\(-1, 1\)"):
        clf.Dataset([1.0, 2.0])
    with pytest.raises(clf.ShapeError, match="single number"):
        clf.Dataset(3.0)
    with pytest.raises(clf.ShapeError, match="row 1 has 1 values, row 0 has 2"):
        clf.Dataset([[1, 2], [3]])
    with pytest.raises(clf.ShapeError, match="row 1 has one number"):
        clf.Dataset([[1, 2], 3])
    with pytest.raises(clf.ArgumentError, match="ndim is 9"):
        clf.Dataset(np.zeros((2,) * 9))


def test_no_rows_and_no_features():
    empty = np.zeros((0, 3))
    try:
        assert clf.Dataset(empty).shape == (0, 3)
    except clf.Error as error:
        assert "row" in str(error)
    with pytest.raises(clf.Error):
        clf.Model("ridge").fit(empty, [])


def test_a_number_beyond_float64_is_refused():
    with pytest.raises(clf.DataError, match="row 0, column 0"):
        clf.Dataset(np.array([[10**400]], object))


# Labels


@pytest.mark.parametrize("y, classes", [
    (np.array([3, -1, 3, 7]), [-1, 3, 7]),
    (np.array([3, 1, 3, 7], np.uint8), [1, 3, 7]),
    (np.array([3, 1, 3, 7], ">i4"), [1, 3, 7]),
    (np.array([1.0, -2.0, 1.0, 10.0]), [-2.0, 1.0, 10.0]),
    (np.array([True, False, True, True]), [False, True]),
    (np.array(["b", "a", "ü", "a"]), ["a", "b", "ü"]),
    (np.array([b"b", b"a", b"b", b"a"]), [b"a", b"b"]),
    (np.array(["b", "a", "b", "a"], object), ["a", "b"]),
    (np.array([10, 9, 10, 9], object), [9, 10]),
    (np.array([True, False, True, True], object), [False, True]),
    (["b", "a", "b", "a"], ["a", "b"]),
    ([2, 1, 2, 1], [1, 2]),
    ([9007199254740993, 9007199254740992, 9007199254740993, 9007199254740992],
     [9007199254740992, 9007199254740993]),
    (np.array([3, 1, 3, 7])[::-1], [1, 3, 7]),
])
def test_labels_come_back_as_they_were(y, classes):
    data = clf.Dataset(VALUES, y)
    assert list(data.classes) == classes and list(data.y) == list(y)
    if isinstance(y, np.ndarray):
        assert data.y.dtype.kind == y.dtype.kind and type(data.y[0]) is type(np.asarray(y)[0])
        assert data.y.dtype == y.dtype or y.dtype.kind in "US"
    model = clf.Model("ridge", alpha=1e-6).fit(data)
    assert model.predict(VALUES).dtype == data.y.dtype


@pytest.mark.parametrize("y, error, message", [
    ([0, 1, None, 1], clf.DataError, "row 2 has no label"),
    ([0, 1, np.nan, 1], clf.DataError, "row 2 has no label"),
    ([0, 1, 0.5, 1], clf.DataError, "row 2 has the label 0.5"),
    ([0, 1, np.inf, 1], clf.DataError, "row 2 has the label inf"),
    ([0, "a", 1, 1], clf.TypeMismatch, "mixes labels"),
    ([[0, 1], [1, 0]], clf.ShapeError, r"\[2, 2\]"),
    (np.zeros((4, 1)), clf.ShapeError, r"y\[:, 0\]"),
    ([1j, 0, 0, 0], clf.TypeMismatch, "complex"),
    ([2**70, 0, 0, 0], clf.DataError, "int64"),
    (np.array([2**63 + 5, 0, 0, 0], np.uint64), clf.DataError, "int64"),
    (["a", "b\0c", "a", "a"], clf.DataError, "row 1 holds a NUL"),
    (["a", "\ud800", "a", "a"], clf.DataError, "row 1 is not valid Unicode"),
    (np.array(["2020"] * 4, "M8[Y]"), clf.TypeMismatch, "astype"),
    ([object(), 0, 0, 0], clf.TypeMismatch, "row 0 has a label of type object"),
    ([0, 1, 0], clf.ShapeError, "3"),
    (np.ma.masked_array([0, 1, 0, 1], [0, 0, 1, 0]), clf.DataError, "row 2"),
])
def test_labels_that_are_none_are_refused_with_their_row(y, error, message):
    with pytest.raises(error, match=message):
        clf.Dataset(VALUES, y)


def test_weights_and_targets_of_any_dtype():
    data = clf.Dataset(VALUES, [0, 1, 0, 1], sample_weight=np.array([1, 2, 3, 4], ">i2"))
    assert list(data.sample_weight) == [1, 2, 3, 4]
    data.set_weights(None)
    assert data.sample_weight is None
    targets = clf.Dataset(VALUES, targets=np.arange(8)[::2])
    assert targets.targets.shape == (4, 1) and targets.targets[:, 0].tolist() == [0, 2, 4, 6]
    for bad in ([1, 2, 3], [1, 2, 3, -1], [1, 2, 3, np.nan], [[1], [2], [3], [4]]):
        with pytest.raises(clf.Error):
            clf.Dataset(VALUES, [0, 1, 0, 1], sample_weight=bad)
    with pytest.raises(clf.ArgumentError, match="not both"):
        clf.Dataset(VALUES, [0, 1, 0, 1], targets=[1, 2, 3, 4])


# SciPy


@pytest.mark.parametrize("form", ["csr", "csc", "coo", "lil", "dok", "bsr"])
@pytest.mark.parametrize("dtype", ["f4", "f8", "i4", "u2", "?"])
def test_sparse_matrices_of_every_form(form, dtype):
    sparse = pytest.importorskip("scipy.sparse")
    dense = ((VALUES % 3) * (VALUES > 4)).astype(dtype)
    for made in (sparse.csr_matrix, sparse.csr_array):
        data = clf.Dataset(made(dense).asformat(form))
        assert data.sparse and (data.X.toarray() == dense).all()


def test_sparse_entries_that_occur_twice_are_summed_in_a_copy():
    sparse = pytest.importorskip("scipy.sparse")
    matrix = sparse.csr_matrix(([1.0, 2.0, 4.0], [1, 1, 0], [0, 3, 3]), shape=(2, 3))
    assert (clf.Dataset(matrix).X.toarray() == [[4, 3, 0], [0, 0, 0]]).all()
    assert matrix.nnz == 3
    with pytest.raises(clf.TypeMismatch, match="complex"):
        clf.Dataset(sparse.csr_matrix([[1j]]))


# pandas


def test_frames_of_pandas_keep_names_and_values():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(VALUES, columns=["a", "b", "c"])
    data = clf.Dataset(frame, frame["a"].astype(int))
    assert data.column_names == ("a", "b", "c") and same(frame)
    mixed = frame.astype({"a": "int8", "b": "float32", "c": bool})
    assert same(mixed, mixed.to_numpy(dtype=float))
    assert same(frame.iloc[::-1, ::-1], VALUES[::-1, ::-1])
    assert clf.Dataset(pd.DataFrame(VALUES)).column_names is None


def test_nullable_values_of_pandas_are_missing():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"a": pd.array([1, None, 3], "Int64"),
                          "b": pd.array([1.5, 2.5, None], "Float32"),
                          "c": pd.array([True, None, False], "boolean")})
    nan = np.nan
    assert same(frame, [[1, 1.5, 1], [nan, 2.5, nan], [3, nan, 0]])
    whole = pd.DataFrame({"a": pd.array([2**53 + 1, 1], "Int64")})
    assert same(whole, [[float(2**53 + 1)], [1.0]])
    with pytest.raises(clf.DataError, match="row"):
        clf.Model("ridge").fit(frame, [0, 1, 0])
    with pytest.raises(clf.DataError, match="row 1 has no label"):
        clf.Dataset(VALUES[:3], frame["a"])


@pytest.mark.parametrize("values, message", [
    (["x", 2], "column 'bad' holds texts and 2, a int"),
    ("complex", "column 'bad' holds complex"),
    ("period", "column 'bad' holds periods"),
    ("delta", "column 'bad' holds periods or durations"),
])
def test_columns_of_pandas_that_are_no_numbers_are_named(values, message):
    pd = pytest.importorskip("pandas")
    column = {
        "delta": lambda: pd.to_timedelta([1, 2], unit="D"),
        "complex": lambda: np.array([1j, 2]),
        "period": lambda: pd.period_range("2020", periods=2, freq="D"),
    }.get(values if isinstance(values, str) else "", lambda: values)()
    with pytest.raises(clf.TypeMismatch, match=message):
        clf.Dataset(pd.DataFrame({"good": [1.0, 2.0], "bad": column}))


def test_texts_categories_and_dates_of_pandas():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({
        "age": pd.array([31, None, 45], "Int64"),
        "city": ["Bern", None, "Thun"],
        "zip": pd.array(["03011", pd.NA, "03600"], "string"),
        "kind": pd.Categorical(["b", "a", None], categories=["a", "b", "c"]),
        "size": pd.Categorical([2, 1, 2]),
        "when": pd.to_datetime(["1970-01-02 12:00", None, "1969-12-31 00:00"]),
        "zone": pd.to_datetime(["1970-01-02 01:00", "1970-01-01 01:00", None]).tz_localize("Europe/Berlin"),
    })
    data = clf.Dataset(frame, [0, 1, 0])
    assert data.categories == {"city": ("Bern", "Thun"), "zip": ("03011", "03600"), "kind": ("a", "b", "c"),
                               "size": ("1", "2")}
    nan = np.nan
    expected = [[31, 0, 0, 1, 1, 1.5, 1], [nan, nan, nan, 0, 0, nan, 0], [45, 1, 1, nan, 1, -1, nan]]
    assert np.array_equal(data.X, expected, equal_nan=True)
    for again in (data[:2], pickle.loads(pickle.dumps(data)), copy.copy(data)):
        assert again.categories == data.categories
    with pytest.raises(clf.DataError, match="column 'city' holds categories: one_hot"):
        clf.Model("ridge").fit(data)
    model = clf.Model("ridge")
    model.add_transform("impute", columns="age,when,zone")
    model.add_transform("one_hot")
    assert model.fit(data).categories == data.categories
    data.set_categories("size", None).set_categories(0, None)
    assert "size" not in data.categories
    with pytest.raises(clf.ArgumentError, match="'none'"):
        data.set_categories("none", ["a"])


def test_texts_and_dates_of_arrow():
    polars = pytest.importorskip("polars")
    from datetime import date, datetime
    frame = polars.DataFrame({
        "city": ["Bern", None, "Thun"],
        "kind": polars.Series(["b", "a", "b"], dtype=polars.Categorical),
        "day": [date(1970, 1, 2), None, date(1969, 12, 31)],
        "time": [datetime(1970, 1, 2, 12), datetime(1970, 1, 1), None],
        "x": [1.5, 2.5, None],
    })
    data = clf.Dataset(frame)
    nan = np.nan
    assert data.categories == {"city": ("Bern", "Thun"), "kind": ("b", "a")}
    expected = [[0, 0, 1, 1.5, 1.5], [nan, 1, nan, 0, 2.5], [1, 0, -1, nan, nan]]
    assert np.array_equal(data.X, expected, equal_nan=True)


def test_categories_of_pandas_are_labels():
    pd = pytest.importorskip("pandas")
    y = pd.Series(["b", "a", "b", "a"], dtype="category")
    assert list(clf.Dataset(VALUES, y).classes) == ["a", "b"]
    assert list(clf.Dataset(VALUES, pd.Series([7, 3, 7, 3], dtype="category")).classes) == [3, 7]
    assert list(clf.Dataset(VALUES, pd.Series(["b", "a", "b", "a"], dtype="string")).y) == list("baba")
    with pytest.raises(clf.DataError, match="row 1"):
        clf.Dataset(VALUES, pd.Series(["b", None, "b", "a"], dtype="category"))


def test_a_series_of_pandas_is_no_table_but_a_target():
    pd = pytest.importorskip("pandas")
    with pytest.raises(clf.ShapeError, match="to_frame"):
        clf.Dataset(pd.Series([1.0, 2.0]))
    data = clf.Dataset(VALUES, targets=pd.Series([1, 2, 3, 4], dtype="Int64"),
                       sample_weight=pd.Series([1.0, 2, 3, 4], index=[4, 3, 2, 1]))
    assert data.targets[:, 0].tolist() == [1, 2, 3, 4] and list(data.sample_weight) == [1, 2, 3, 4]
    with pytest.raises(clf.DataError):
        clf.Dataset(VALUES, targets=pd.Series([1, None, 3, 4], dtype="Int64"))


def test_sparse_frames_of_pandas_stay_sparse():
    pd = pytest.importorskip("pandas")
    sparse = pytest.importorskip("scipy.sparse")
    frame = pd.DataFrame.sparse.from_spmatrix(sparse.csr_matrix(VALUES), columns=list("abc"))
    data = clf.Dataset(frame)
    assert data.sparse and (data.X.toarray() == VALUES).all() and data.column_names == tuple("abc")


# polars and Arrow


def test_frames_of_polars():
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame({"a": [1, None, 3], "b": [0.5, 1.5, 2.5], "c": [True, False, None]})
    nan = np.nan
    assert same(frame, [[1, 0.5, 1], [nan, 1.5, 0], [3, 2.5, nan]])
    assert clf.Dataset(frame).column_names == ("a", "b", "c")
    assert same(pl.concat([frame, frame], rechunk=False)[2:5],
                [[3, 2.5, nan], [1, 0.5, 1], [nan, 1.5, 0]])
    y = pl.Series(["x", "y", "x"])
    assert list(clf.Dataset(frame, y).y) == ["x", "y", "x"]
    assert list(clf.Dataset(frame, y.cast(pl.Categorical)).classes) == ["x", "y"]
    for column, categories, codes in ((pl.Series(["x", "y", None]), {"d": ("x", "y")}, [0, 1, nan]),
                                      (y.cast(pl.Categorical), {"d": ("x", "y")}, [0, 1, 0]),
                                      (pl.Series([1, 2, 3]).cast(pl.Date), {}, [1, 2, 3])):
        data = clf.Dataset(frame.with_columns(column.alias("d")))
        assert data.categories == categories
        assert np.array_equal(data.X[:, 3], codes, equal_nan=True)
    assert clf.Dataset(frame, targets=pl.Series([1.0, 2.0, 3.0])).n_outputs == 1


def test_arrow_tables_with_nulls_offsets_and_several_batches():
    pa = pytest.importorskip("pyarrow")
    kinds = [pa.int8(), pa.uint16(), pa.int64(), pa.float32(), pa.float64(), pa.uint64()]
    table = pa.table({str(kind): pa.array([1, None, 3, 4], kind) for kind in kinds})
    table = table.append_column("flag", pa.array([True, None, False, True]))
    expected = np.array(table.to_pandas().astype(float))
    assert same(table, expected) and same(table.slice(1, 2), expected[1:3])
    assert same(pa.concat_tables([table.slice(1), table.slice(0, 3)]),
                np.vstack([expected[1:], expected[:3]]))
    batch = pa.record_batch(table.columns and [c.combine_chunks() for c in table.columns],
                            names=table.column_names)
    assert same(batch, expected) and same(batch.slice(2), expected[2:])
    assert clf.Dataset(table).column_names == tuple(table.column_names)
    assert same(table.slice(0, 0), expected[:0]) if _takes_no_rows() else True


def _takes_no_rows():
    try:
        return clf.Dataset(np.zeros((0, 3))) is not None
    except clf.Error:
        return False


def test_texts_categories_and_dates_of_arrow():
    pa = pytest.importorskip("pyarrow")
    import datetime

    data = clf.Dataset(pa.table({
        "text": pa.array(["a", None, "b"]),
        "kind": pa.array(["x", "y", "x"]).dictionary_encode(),
        "day": pa.array([datetime.date(1970, 1, 2), datetime.date(1969, 12, 31), None]),
    }))
    assert data.categories == {"text": ("a", "b"), "kind": ("x", "y")}
    nan = np.nan
    assert np.array_equal(data.X, [[0, 0, 1], [nan, 1, -1], [1, 0, nan]], equal_nan=True)


@pytest.mark.parametrize("kind, message", [("decimal", "decimal"), ("list", "Arrow format")])
def test_columns_of_arrow_that_are_no_numbers_are_named(kind, message):
    pa = pytest.importorskip("pyarrow")
    column = {
        "decimal": lambda: pa.array([decimal.Decimal("1.5")] * 2),
        "list": lambda: pa.array([[1], [2]]),
    }[kind]()
    with pytest.raises(clf.TypeMismatch, match="'bad'.*" + message):
        clf.Dataset(pa.table({"good": [1, 2], "bad": column}))


def bare(source, name):
    return type("Bare", (), {name: lambda self, **_: getattr(source, name)()})()


def test_objects_with_nothing_but_arrows_protocol():
    pa = pytest.importorskip("pyarrow")
    batch = pa.record_batch([pa.array([1, 2]), pa.array([0.5, None])], names=["a", "b"])
    assert same(bare(batch, "__arrow_c_array__"), [[1, 0.5], [2, np.nan]])
    assert same(bare(batch, "__arrow_c_stream__"), [[1, 0.5], [2, np.nan]])
    words = pa.array(["b", "ä", "b", "ä"])
    for y in (words, words.dictionary_encode(), words.cast(pa.large_string())):
        assert list(clf.Dataset(VALUES, bare(y, "__arrow_c_array__")).y) == ["b", "ä", "b", "ä"]
    numbers = pa.array([4, 3, 4, 3], pa.int16())
    assert list(clf.Dataset(VALUES, bare(numbers, "__arrow_c_array__")).classes) == [3, 4]
    with pytest.raises(clf.DataError, match="row 1"):
        clf.Dataset(VALUES, bare(pa.array(["a", None, "a", "b"]), "__arrow_c_array__"))
    with pytest.raises(clf.ShapeError, match="one column"):
        clf.Dataset(bare(numbers, "__arrow_c_array__"))


# DLPack


def test_dlpack_in_and_out():
    array = VALUES.astype(np.float32)
    tensor = clf.Tensor.from_dlpack(array)
    assert address(tensor.numpy()) == address(array)
    owned = clf.Tensor.zeros((2, 3), np.int64)
    out = np.from_dlpack(owned)
    assert address(out) == address(owned.numpy())
    owned.numpy()[:] = 7
    owned.close()
    assert (out == 7).all()
    copied = np.from_dlpack(tensor)
    assert address(copied) != address(array) and (copied == array).all()
    with pytest.raises(BufferError, match="copy"):
        tensor.__dlpack__(copy=False)


def test_a_scaled_tensor_is_exchanged_by_its_values():
    tensor = clf.Tensor(np.array([0, 255], np.uint8), scale=1 / 255)
    assert np.asarray(tensor).tolist() == [0, 1] and np.from_dlpack(tensor).tolist() == [0, 1]
    assert tensor.numpy().tolist() == [0, 255] and tensor.scale == 1 / 255


def test_a_capsule_is_consumed_once_and_freed_if_never():
    context = clf.Context()
    tensor = clf.Tensor.zeros((10, 10), context=context)
    used = context.memory
    capsule = tensor.__dlpack__()
    assert context.memory > used
    del capsule
    assert context.memory == used
    capsule = tensor.__dlpack__()
    again = clf.Tensor.from_dlpack(capsule)
    with pytest.raises(clf.ArgumentError, match="consumed"):
        clf.Tensor.from_dlpack(capsule)
    del capsule, again
    assert context.memory == used


@pytest.mark.parametrize("dtype", [np.float32, "V2"])
def test_a_capsule_may_die_while_an_exception_is_raised(dtype):
    context = clf.Context()
    tensor = clf.Tensor.zeros((10, 10), dtype, context=context)
    used = context.memory
    with pytest.raises(ZeroDivisionError):
        [tensor.__dlpack__(), 1 / 0]
    assert context.memory == used


def test_bfloat16_is_exchanged_as_itself():
    context = clf.Context()
    tensor = clf.Tensor(np.float32([[1, -2.5], [3, 0]]), context=context).copy("V2")
    used = context.memory
    with pytest.raises((BufferError, RuntimeError), match="dtype|data type"):
        np.from_dlpack(tensor)  # lacks it, and drops the capsule
    assert context.memory == used
    for exchanged in (clf.Tensor.from_dlpack(tensor), clf.Tensor.from_dlpack(tensor.T)):
        assert exchanged.dtype == "V2"
        assert np.array(exchanged).sum() == 1.5
    for again in (pickle.loads(pickle.dumps(tensor)), copy.copy(tensor), copy.deepcopy(tensor)):
        assert again.dtype == "V2" and np.array_equal(again, tensor)
    empty = clf.Tensor.zeros((0, 3), context=context)
    assert np.from_dlpack(empty).shape == (0, 3)


def test_what_dlpack_cannot_bring_is_refused():
    with pytest.raises(clf.TypeMismatch):
        clf.Tensor.from_dlpack(np.zeros(3, np.int16))
    with pytest.raises(clf.TypeMismatch, match="no __dlpack__"):
        clf.Tensor.from_dlpack([1, 2])


@pytest.mark.slow
def test_tensors_of_torch():
    torch = pytest.importorskip("torch")
    values = torch.arange(12, dtype=torch.float64).reshape(4, 3)
    assert same(values) and same(values.T.contiguous().T)
    assert address(clf.Dataset(values).X) == values.data_ptr()
    assert same(torch.arange(12).reshape(4, 3))
    with pytest.raises(clf.Error):
        clf.Dataset(values.to(torch.bfloat16))
    owned = clf.Tensor.zeros((2, 2))
    torch.from_dlpack(owned)[0, 0] = 5
    assert owned.numpy()[0, 0] == 5


# Tensors


def test_views_and_copies_of_tensors():
    tensor = clf.Tensor(VALUES)
    assert np.array_equal(tensor.T.numpy(), VALUES.T)
    assert np.array_equal(tensor.slice(0, 3, 2, -2).numpy(), VALUES[3::-2])
    assert tensor.reshape(2, -1).shape == (2, 6) and tensor.reshape((12,)).shape == (12,)
    assert tensor.copy(np.int32).dtype == np.int32 and tensor.size == 12 and len(tensor) == 4
    assert clf.Tensor(np.float64(3)).shape == () and clf.Tensor(np.zeros((0, 2))).numpy().shape == (0, 2)
    with pytest.raises(clf.DataError):
        clf.Tensor([300.0]).copy(np.uint8)
    with pytest.raises(clf.TypeMismatch, match="float16"):
        clf.Tensor.zeros(3, np.float16)
    with pytest.raises(TypeError):
        len(clf.Tensor(np.float64(3)))
    with pytest.raises(clf.ArgumentError):
        tensor.permute(0)


def test_an_array_of_a_closed_tensor_stays():
    tensor = clf.Tensor.zeros((1000,))
    array = tensor.numpy()
    tensor.close()
    array[:] = 3
    assert array.sum() == 3000
    with pytest.raises(clf.ArgumentError, match="closed"):
        tensor.shape
