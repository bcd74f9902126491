"""What scikit-learn's users hand to estimators: frames of every dtype, labels of every kind, weights,
memory that is read-only, strided or swapped, sparse formats; and the same answer for each as for the
plain array. test_sklearn_ecosystem.py has what the estimators are put into.
"""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

sklearn = pytest.importorskip("sklearn")
pd = pytest.importorskip("pandas")

from sklearn import compose, pipeline  # noqa: E402
from sklearn.base import clone  # noqa: E402

from libclassify.sklearn import datasets  # noqa: E402
from libclassify.sklearn import (  # noqa: E402
    PCA, SVC, LinearDiscriminantAnalysis, LogisticRegression, MinMaxScaler, MLPClassifier,
    PolynomialFeatures, Ridge, RidgeClassifier, StandardScaler)
from test_sklearn_ecosystem import (  # noqa: E402
    CLASSIFIERS, NET, PREDICTORS, REGRESSORS, TRANSFORMERS, VERSION, WITH_PROBABILITIES, answers, each,
    fitted, name, rows)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
NAMES = ["a[0]", 'b"{,:}', "größe", "d e"]  # JSON, quotes, other letters, spaces


def frame(X, columns=NAMES):
    return pd.DataFrame(X, columns=columns)


# --- frames -------------------------------------------------------------------------------------


@each(PREDICTORS + TRANSFORMERS)
def test_a_frame_answers_as_its_array_and_keeps_its_names(estimator):
    X, y = rows()
    own = fitted(estimator, frame(X), pd.Series(y, index=np.arange(120)[::-1]))
    assert_array_equal(own.feature_names_in_, NAMES)
    assert_array_equal(answers(own, frame(X)), answers(fitted(estimator, X, y), X))


@each(PREDICTORS + TRANSFORMERS)
def test_names_are_those_of_columns_that_are_all_strings(estimator):
    X, y = rows()
    own = fitted(estimator, frame(X), y)
    own.fit(frame(X, range(4)), y)
    assert not hasattr(own, "feature_names_in_")
    own.fit(frame(X), y).fit(X, y)
    assert not hasattr(own, "feature_names_in_")


@each([Ridge(), SVC(), StandardScaler()])
def test_columns_in_another_order_are_refused(estimator):
    X, y = rows()
    own = fitted(estimator, frame(X), y)
    with pytest.raises(ValueError, match="(?i)feature names"):
        answers(own, frame(X)[NAMES[::-1]])
    with pytest.warns(UserWarning, match="(?i)feature names"):
        answers(own, X)


@pytest.mark.parametrize("dtype", ["Int64", "Float64", "Int8", "UInt16", "boolean", "bool", "uint8",
                                   "float16", "int64", "category", "object"])
@each([LogisticRegression(), StandardScaler(), Ridge()])
def test_columns_of_every_dtype(estimator, dtype):
    X, y = rows()
    X = (X > 0.3).astype(int)
    column = pd.DataFrame(X, columns=NAMES).astype(dtype)
    expected = answers(fitted(estimator, X.astype(float), y), X.astype(float))
    assert_allclose(answers(fitted(estimator, column, y), column), expected, rtol=1e-12)


@each([LogisticRegression(), Ridge(), SVC()])
def test_missing_values_of_pandas_are_refused_and_named(estimator):
    X, y = rows()
    missing = frame(X).astype("Float64")
    missing.iloc[3, 1] = pd.NA
    with pytest.raises(ValueError, match="(?i)nan|missing"):
        fitted(estimator, missing, y)


@each([LogisticRegression(), Ridge()])
def test_words_in_a_column_are_refused(estimator):
    X, y = rows()
    words = frame(X).astype(object)
    words.iloc[0, 0] = "blue"
    with pytest.raises(ValueError, match="blue"):
        fitted(estimator, words, y)


def test_columns_of_sparse_dtype_answer_as_dense_ones():
    X, y = rows()
    X = np.where(X > 1, X, 0)
    column = frame(X).astype(pd.SparseDtype(float, 0.0))
    assert_allclose(fitted(Ridge(), column, y).predict(column), fitted(Ridge(), X, y).predict(X),
                    rtol=1e-5)  # sparse rows are f32


@pytest.mark.parametrize("container", ["pandas", "polars"])
@each(TRANSFORMERS)
def test_set_output_names_the_columns(estimator, container):
    if container == "polars" and VERSION < (1, 4):
        pytest.skip("scikit-learn makes polars frames since 1.4")
    pytest.importorskip(container)
    X, _ = rows()
    own = clone(estimator).set_output(transform=container)
    out = own.fit_transform(frame(X))
    assert type(out).__module__.startswith(container)
    assert list(out.columns) == list(own.get_feature_names_out())
    assert_array_equal(out.to_numpy(), clone(estimator).fit_transform(X))


def test_feature_names_of_each_transform():
    X, _ = rows()
    table = frame(X, list("abcd"))
    assert list(StandardScaler().fit(table).get_feature_names_out()) == list("abcd")
    assert list(MinMaxScaler().fit(X).get_feature_names_out()) == ["x0", "x1", "x2", "x3"]
    assert list(PCA(2).fit(table).get_feature_names_out()) == ["pca0", "pca1"]
    names = PolynomialFeatures(2).fit(table).get_feature_names_out()
    assert list(names[:6]) == ["1", "a", "b", "c", "d", "a^2"]
    with pytest.raises(ValueError):
        StandardScaler().fit(table).get_feature_names_out(list("abcx"))


def test_a_column_transformer_takes_columns_by_name():
    X, y = rows()
    steps = pipeline.make_pipeline(
        compose.make_column_transformer((StandardScaler(), ["a", "c"]), (MinMaxScaler(), ["b"]),
                                        remainder="drop"), LogisticRegression())
    table = frame(X, list("abcd")).assign(word="x")
    assert steps.fit(table, y).score(table, y) > 0.5
    assert list(steps[0].get_feature_names_out()) == [
        "standardscaler__a", "standardscaler__c", "minmaxscaler__b"]


def test_polars_frames_answer_as_arrays():
    pl = pytest.importorskip("polars")
    X, y = rows()
    table = pl.DataFrame({n: X[:, i] for i, n in enumerate(NAMES)})
    own = SVC().fit(table, pl.Series(y))
    assert_array_equal(own.decision_function(table), SVC().fit(X, y).decision_function(X))


# --- labels -------------------------------------------------------------------------------------


LABELS = {
    "strings": np.array(["no", "yes", "perhaps"]),
    "objects": np.array(["no", "yes", "perhaps"], dtype=object),
    "gaps": np.array([10, 35, 20]),
    "negative": np.array([-1, 1, 0]),
    "large": np.array([2**53 + 1, 2**53 + 3, 5]),
    "floats": np.array([0.0, 2.0, 1.0]),
    "bytes": np.array([3, 1, 2], dtype=np.int8),
    "unsigned": np.array([3, 255, 2], dtype=np.uint8),
    "numbers as strings": np.array(["10", "9", "1"]),
    "odd strings": np.array(["", "a b,c=\"d\"", "naïve\n"]),
}


@each(CLASSIFIERS)
@pytest.mark.parametrize("kind", LABELS)
def test_labels_come_back_as_they_went_in(estimator, kind):
    X, y = rows()
    labels = LABELS[kind][y]
    own = fitted(estimator, X, labels)
    assert_array_equal(own.classes_, np.unique(labels))
    assert own.classes_.dtype == np.unique(labels).dtype
    predicted = own.predict(X)
    assert predicted.dtype == labels.dtype
    assert own.score(X, labels) > 0.5


@each(CLASSIFIERS)
def test_two_labels_of_each_kind(estimator):
    X, y = rows(classes=2)
    expected = fitted(estimator, X, y)
    for labels in (y.astype(bool), 2 * y - 1, np.array(["a", "b"])[y], y.astype(float)):
        own = fitted(estimator, X, labels)
        assert_array_equal(own.predict(X), own.classes_[expected.predict(X)])
        assert_array_equal(answers(own, X), answers(expected, X))


@each([LogisticRegression(), SVC()])
@pytest.mark.parametrize("dtype", ["category", "string", "Int64", "boolean"])
def test_labels_of_pandas_dtypes(estimator, dtype):
    X, y = rows(classes=2)
    if dtype == "Int64" and VERSION < (1, 3):
        pytest.skip("scikit-learn's own unique() refuses it")
    labels = pd.Series(y).astype(dtype) if dtype != "string" else pd.Series(
        np.array(["a", "b"])[y]).astype(dtype)
    own = fitted(estimator, X, labels)
    assert (own.predict(X) == labels.to_numpy()).mean() > 0.7


@each(CLASSIFIERS)
def test_one_class_fits_or_is_refused_with_a_sentence(estimator):
    X, y = rows()
    try:
        own = fitted(estimator, X, np.full(120, "only"))
    except ValueError as error:
        assert "class" in str(error)
    else:
        assert set(own.predict(X)) == {"only"}


@each(CLASSIFIERS)
def test_targets_with_fractions_and_missing_labels_are_refused(estimator):
    X, y = rows()
    with pytest.raises(ValueError, match="(?i)label|continuous|class"):
        fitted(estimator, X, X[:, 0])
    with pytest.raises(ValueError, match="(?i)nan|missing|unknown"):
        fitted(estimator, X, np.where(y == 1, np.nan, y))


# --- weights ------------------------------------------------------------------------------------


# Iterative fits of the same objective end within their tolerance of each other.
WEIGHTED = [RidgeClassifier(), LogisticRegression(), SVC(), Ridge()]


@each(WEIGHTED)
def test_rows_of_weight_zero_are_as_good_as_absent(estimator):
    X, y = rows()
    weights = np.where(np.arange(120) % 3, 1.0, 0.0)
    own = clone(estimator).fit(X, y, sample_weight=weights)
    less = clone(estimator).fit(X[weights > 0], y[weights > 0])
    assert_allclose(answers(own, X), answers(less, X), rtol=1e-3, atol=1e-3)


@each(WEIGHTED)
def test_weights_may_be_a_series_a_list_or_integers(estimator):
    X, y = rows()
    weights = 1 + np.arange(120) % 3
    expected = answers(clone(estimator).fit(X, y, sample_weight=weights.astype(float)), X)
    for kind in (list(weights), pd.Series(weights, index=range(120, 0, -1)), weights, weights[None][0]):
        assert_array_equal(answers(clone(estimator).fit(X, y, sample_weight=kind), X), expected)


@each(WEIGHTED)
def test_weights_of_another_length_or_not_finite_are_refused(estimator):
    X, y = rows()
    for weights in (np.ones(119), np.full(120, np.nan), np.full(120, np.inf), np.ones((120, 2))):
        with pytest.raises(ValueError):
            clone(estimator).fit(X, y, sample_weight=weights)


@each([LogisticRegression(), SVC(gamma=0.1), RidgeClassifier()])
def test_class_weights_by_label_are_the_weights_of_rows(estimator):
    X, y = rows()
    labels = np.array(["a", "b", "c"])[y]
    own = clone(estimator).set_params(class_weight={"a": 3.0, "c": 0.5}).fit(X, labels)
    weights = np.array([3.0, 1.0, 0.5])[y]
    expected = clone(estimator).fit(X, labels, sample_weight=weights)
    assert_allclose(answers(own, X), answers(expected, X), rtol=1e-3, atol=1e-3)
    balanced = clone(estimator).set_params(class_weight="balanced").fit(X[:100], labels[:100])
    counts = np.bincount(y[:100])
    expected = clone(estimator).fit(X[:100], labels[:100],
                                    sample_weight=(100 / (3 * counts))[y[:100]])
    assert_allclose(answers(balanced, X), answers(expected, X), rtol=1e-3, atol=1e-3)


# --- memory -------------------------------------------------------------------------------------


def memory_forms(X):
    """The same values as memory can hold them."""
    read_only = X.copy()
    read_only.flags.writeable = False
    wide = np.zeros((len(X), 2 * X.shape[1]))
    wide[:, ::2] = X
    shifted = np.frombuffer(b"x" + X.tobytes(), np.uint8)[1:].view()
    return {
        "read-only": read_only, "Fortran": np.asfortranarray(X), "strided": wide[:, ::2],
        "reversed": np.ascontiguousarray(X[::-1])[::-1], "swapped": X.astype(">f8"),
        "unaligned": np.ndarray(X.shape, X.dtype, shifted.data), "list": X.tolist(),
        "broadcast rows": np.broadcast_to(X, (1, *X.shape))[0],
    }


@each(PREDICTORS + TRANSFORMERS)
def test_every_form_of_memory_gives_the_same_bits(estimator):
    X, y = rows()
    expected = answers(fitted(estimator, X, y), X)
    for form, same in memory_forms(X).items():
        assert_array_equal(answers(fitted(estimator, same, y), same), expected, err_msg=form)


@each(PREDICTORS + TRANSFORMERS)
def test_rows_and_labels_are_left_as_they_were(estimator):
    X, y = rows()
    X_before, y_before = X.copy(), y.copy()
    answers(fitted(estimator, X, y), X)
    assert_array_equal(X, X_before)
    assert_array_equal(y, y_before)


@each(PREDICTORS + TRANSFORMERS)
def test_what_is_returned_belongs_to_the_caller(estimator):
    X, y = rows()
    own = fitted(estimator, X, y)
    first = answers(own, X)
    expected = first.copy()
    first[...] = 0
    assert_array_equal(answers(own, X), expected)


@each(PREDICTORS)
def test_one_row_is_answered_as_among_all(estimator):
    X, y = rows()
    own = fitted(estimator, X, y)
    alone = np.concatenate([answers(own, X[i:i + 1]) for i in range(0, 120, 17)])
    assert_allclose(alone, answers(own, X)[::17], rtol=1e-6, atol=1e-9)


SPARSE = [Ridge(), RidgeClassifier(), LogisticRegression(), SVC(),
          MLPClassifier(**NET)]


@each(SPARSE)
def test_sparse_formats_answer_alike_and_one_row_as_all(estimator):
    X, y = rows()
    X = np.where(X > 0.5, X, 0)
    expected = answers(fitted(estimator, sparse.csr_matrix(X), y), sparse.csr_matrix(X))
    unsorted = sparse.csr_matrix(X)
    for start, end in zip(unsorted.indptr[:-1], unsorted.indptr[1:]):
        unsorted.indices[start:end] = unsorted.indices[start:end][::-1].copy()
        unsorted.data[start:end] = unsorted.data[start:end][::-1].copy()
    unsorted.has_sorted_indices = False
    wide = sparse.csr_matrix(X)
    wide.indptr, wide.indices = wide.indptr.astype(np.int64), wide.indices.astype(np.int64)
    forms = [sparse.csc_matrix(X), sparse.coo_matrix(X), unsorted, wide, sparse.lil_matrix(X)]
    if hasattr(sparse, "csr_array") and VERSION >= (1, 4):
        forms.append(sparse.csr_array(X))
    for form in forms:
        assert_allclose(answers(fitted(estimator, form, y), form), expected, rtol=1e-9, atol=1e-9)
    own = fitted(estimator, sparse.csr_matrix(X), y)
    assert_allclose(answers(own, sparse.csr_matrix(X)[5]), expected[5:6], rtol=1e-6, atol=1e-9)


# --- what must be refused -----------------------------------------------------------------------


@each(PREDICTORS)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite_are_refused(estimator, value):
    X, y = rows()
    own = fitted(estimator, X, y)
    X[7, 2] = value
    for call in (lambda: fitted(estimator, X, y), lambda: own.predict(X)):
        with pytest.raises(ValueError, match="(?i)nan|inf"):
            call()


@each(REGRESSORS)
def test_targets_that_are_not_finite_are_refused(estimator):
    X, y = rows()
    with pytest.raises(ValueError, match="(?i)nan|inf"):
        fitted(estimator, X, np.where(y == 0, np.inf, 1.0))


@each(PREDICTORS + TRANSFORMERS)
def test_shapes_that_do_not_fit_are_refused(estimator):
    X, y = rows()
    own = fitted(estimator, X, y)
    with pytest.raises(ValueError, match="3 features"):
        answers(own, X[:, :3])
    for bad in (X[0], X[None], np.empty((0, 4)), np.empty((120, 0))):
        with pytest.raises(ValueError):
            fitted(estimator, bad, y)
    if estimator in PREDICTORS:
        with pytest.raises(ValueError):
            fitted(estimator, X, y[:-1])


@each(WITH_PROBABILITIES + [LinearDiscriminantAnalysis()])
def test_probabilities_are_probabilities(estimator):
    X, y = rows()
    own = fitted(estimator, X, y)
    far = np.concatenate([X, 1e6 * X])
    probabilities = own.predict_proba(far)
    assert probabilities.dtype == np.float64
    assert (probabilities >= 0).all()
    assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)
    assert_array_equal(own.classes_[probabilities[:120].argmax(axis=1)], own.predict(X))
    with np.errstate(divide="ignore"):
        assert_allclose(own.predict_log_proba(X), np.log(probabilities[:120]), rtol=1e-5, atol=1e-6)


@each(PREDICTORS)
def test_an_estimator_that_is_not_fitted_says_so(estimator):
    from sklearn.exceptions import NotFittedError

    with pytest.raises(NotFittedError, match=name(estimator)):
        clone(estimator).predict(np.zeros((2, 2)))


@pytest.mark.parametrize("seed", [0, np.int64(3), np.random.RandomState(4), None])
def test_seeds_of_every_kind(seed):
    X, y = rows()
    own = MLPClassifier(hidden_layer_sizes=(4,), max_iter=3, random_state=seed).fit(X, y)
    if isinstance(seed, (int, np.integer)):
        assert_array_equal(answers(own, X), answers(fitted(own, X, y), X))


# Files


def test_svmlight_files_differ_as_the_table_says(tmp_path):
    path = tmp_path / "rows.svm"
    path.write_text("1 2:0.1 1:3\n-1 1:0.5\n")
    X, y = datasets.load_svmlight_file(path)
    assert X.dtype == np.float32 and y.tolist() == [1, -1]
    assert X.toarray().tolist() == [[3, np.float32(0.1)], [0.5, 0]]
    wide, _ = datasets.load_svmlight_file(path, dtype=np.float64, zero_based=True)
    assert wide.dtype == np.float64 and wide.shape == (2, 3) and wide[0, 2] == np.float32(0.1)
    table = datasets.__doc__
    for given in ({"multilabel": True}, {"query_id": True}, {"offset": 1}, {"length": 3}):
        assert f"``{next(iter(given))}``" in table
        with pytest.raises(NotImplementedError, match=next(iter(given))):
            datasets.load_svmlight_file(path, **given)
    assert "float32, not float64" in table


@pytest.mark.parametrize("wrong", ["yes", 2, None, [True]])
def test_the_base_of_indices_is_refused_by_a_sentence(tmp_path, wrong):
    path = tmp_path / "rows.svm"
    path.write_text("1 1:0.1\n")
    with pytest.raises(ValueError, match="zero_based is .*; it must be True, False or 'auto'"):
        datasets.load_svmlight_file(path, zero_based=wrong)


def test_comments_are_texts_or_bytes_of_ascii(tmp_path):
    path = tmp_path / "rows.svm"
    for comment in ("größe\nzwei", b"two\nlines"):
        datasets.dump_svmlight_file([[1.0]], [1], path, comment=comment)
        lines = (comment if isinstance(comment, str) else comment.decode()).split("\n")
        assert path.read_text(encoding="utf-8").splitlines()[:2] == [f"# {line}" for line in lines]
    with pytest.raises(UnicodeDecodeError):
        datasets.dump_svmlight_file([[1.0]], [1], path, comment="größe".encode())
    assert "str, or bytes of ASCII" in datasets.dump_svmlight_file.__doc__
