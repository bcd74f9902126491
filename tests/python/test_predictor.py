"""Predictors of single rows: the same as the model, fast, in any number of threads."""

import copy
import gc
import os
import pickle
import threading
import time

import numpy as np
import pytest

import libclassify as clf

SLOW = float(os.environ.get("CK_TIMEOUT_MULTIPLIER", "1"))


def data(rows=300, columns=12, classes=3, seed=0):
    r = np.random.default_rng(seed)
    centers = r.standard_normal((classes, columns)) * 3
    y = r.integers(0, classes, rows)
    return centers[y] + r.standard_normal((rows, columns)), y


MODELS = [
    ("ridge", {}),
    ("fisher", {}),
    ("fisher", {"kernel": "rbf"}),
    ("perceptron", {}),
    ("perceptron", {"kernel": "rbf"}),
    ("logistic", {}),
    ("svm", {"kernel": "linear"}),
    ("svm", {"kernel": "rbf", "probability": True}),
    ("network", {"layers": "dense units=16; activation; dense units=3", "epochs": 5}),
]


@pytest.fixture(scope="module", params=MODELS, ids=lambda m: m[0] + str(m[1].get("kernel", "")))
def fitted(request):
    kind, params = request.param
    X, y = data()
    model = clf.Model(kind, **params).add_transform("standardize").fit(X, np.array(list("abc"))[y])
    return model, X


def test_it_computes_what_the_model_does(fitted):
    model, X = fitted
    predictor = model.predictor()
    labels = model.predict(X[:40])
    scores = model.decision_function(X[:40])
    for i in range(40):
        assert predictor.predict(X[i]) == labels[i]
        assert predictor(X[i].tolist()) == labels[i]
        assert predictor(tuple(X[i])) == labels[i]
        alone = model.decision_function(X[i:i + 1])[0]
        assert np.array_equal(predictor.decision_function(X[i]), alone)
        np.testing.assert_allclose(alone, scores[i], rtol=1e-4, atol=1e-5)
    assert type(predictor(X[0])) is type(labels[0])


def test_probabilities_are_the_models_or_refused(fitted):
    model, X = fitted
    predictor = model.predictor()
    try:
        expected = model.predict_proba(X[:1])[0]
    except clf.Unsupported as error:
        with pytest.raises(clf.Unsupported, match=str(error)[:20]):
            predictor.predict_proba(X[0])
    else:
        found = predictor.predict_proba(X[0])
        assert np.array_equal(found, expected) and found.dtype == np.float64
        assert found.sum() == pytest.approx(1)


def test_results_stay_when_the_next_row_comes(fitted):
    model, X = fitted
    predictor = model.predictor()
    first = predictor.decision_function(X[0])
    kept = first.copy()
    predictor.decision_function(X[1])
    assert np.array_equal(first, kept)


def test_rows_of_any_kind_are_taken(fitted):
    model, X = fitted
    predictor = model.predictor()
    row = np.round(X[3])
    expected = predictor.decision_function(row)
    for other in (row.astype(np.float32), row.astype(np.int64), row.astype(np.int8), row[None, :],
                  row.astype(object), row[::-1][::-1], row.astype(">f8"), row.reshape(3, 4),
                  [int(v) for v in row], [np.float32(v) for v in row], memoryview(row)):
        assert np.array_equal(predictor.decision_function(other), expected)
    pandas = pytest.importorskip("pandas")
    assert np.array_equal(predictor.decision_function(pandas.Series(row)), expected)


def test_what_is_no_row_is_refused_with_a_sentence(fitted):
    model, X = fitted
    predictor = model.predictor()
    before = predictor(X[0])
    for wrong, kind, message in (
        (X[0, :5], clf.ShapeError, "5 values; the model was fitted on 12"),
        (X[:2], clf.ShapeError, "24 values"),
        (X[0, :1], clf.ShapeError, "1 values"),
        (3.0, clf.ShapeError, "1 values"),
        ([], clf.ShapeError, "0 values"),
        (list(X[0]) + [1.0], clf.ShapeError, "13 values"),
        (["a"] * 12, clf.TypeMismatch, "row"),
        (X[0] * 1j, clf.TypeMismatch, "complex"),
        ([None] * 12, clf.DataError, "NaN"),
        ([float("nan")] * 12, clf.DataError, "NaN"),
        ([float("inf")] + [0.0] * 11, clf.DataError, "infinite"),
    ):
        with pytest.raises(kind, match=message):
            predictor(wrong)
    sparse = pytest.importorskip("scipy.sparse")
    with pytest.raises(clf.TypeMismatch, match="dense"):
        predictor(sparse.csr_matrix(X[:1]))
    assert predictor(X[0]) == before


def test_labels_are_of_the_type_that_they_had():
    X, y = data()
    for labels in (y, y.astype(float), y > 1, np.array(["x", "y", "z"])[y]):
        model = clf.Model("ridge").fit(X, labels)
        found, expected = model.predictor()(X[0]), model.predict(X[:1])[0]
        assert found == expected and type(found) is type(expected)


def test_a_regression_gives_numbers():
    X, y = data()
    one = clf.Model("ridge").fit(X, targets=X[:, 0] * 2)
    assert type(one.predictor()(X[0])) is float
    assert one.predictor()(X[0]) == one.predict(X[:1])[0]
    two = clf.Model("ridge").fit(X, targets=X[:, :2] * 2)
    assert np.array_equal(two.predictor()(X[0]), two.predict(X[:1])[0])


def test_rows_far_from_zero_keep_their_digits():
    """A buffer of f32 would round 1e7 + 0.1 away."""
    X, y = data()
    model = clf.Model("ridge").fit(X + 1e7, y)
    assert [model.predictor()(row) for row in X + 1e7] == list(model.predict(X + 1e7))


def test_an_unfitted_model_has_no_predictor():
    with pytest.raises(clf.NotFitted):
        clf.Model("ridge").predictor()


def test_it_keeps_the_model_of_its_moment():
    X, y = data()
    model = clf.Model("ridge").fit(X, y)
    predictor = model.predictor()
    expected = [predictor(row) for row in X]
    model.fit(X[:, :5], (y + 1) % 3)
    assert [predictor(row) for row in X] == expected
    model.close()
    assert [predictor(row) for row in X] == expected


def test_it_is_copied_and_pickled():
    X, y = data()
    predictor = clf.Model("logistic").fit(X, y).predictor()
    for other in (copy.copy(predictor), copy.deepcopy(predictor),
                  pickle.loads(pickle.dumps(predictor))):
        assert np.array_equal(other.decision_function(X[0]), predictor.decision_function(X[0]))


def test_threads_share_one(fitted):
    model, X = fitted
    predictor = model.predictor()
    expected = [predictor.decision_function(row) for row in X[:50]]
    wrong, start = [], threading.Barrier(16)

    def work():
        start.wait()
        for _ in range(20):
            for row, scores in zip(X, expected):
                if not np.array_equal(predictor.decision_function(row), scores):
                    wrong.append(row)

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_the_buffers_of_threads_end_with_them():
    X, y = data()
    context = clf.Context()
    predictor = clf.Model("ridge", context=context).fit(X, y).predictor()
    predictor(X[0])
    gc.collect()
    before = context.memory

    def work():
        predictor(X[0])

    for _ in range(50):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    gc.collect()
    assert context.memory == before


def test_a_row_takes_microseconds():
    """Linear models of 64 features, in less than 10 us; 3 us on an idle machine."""
    X, y = data(500, 64, 10)
    model = clf.Model("ridge").fit(X, y)
    predictor, row = model.predictor(), X[0].tolist()
    for call in (predictor.predict, predictor.decision_function):
        best = min(_seconds(call, row) for _ in range(50))
        assert best < 10e-6 * SLOW


def _seconds(call, row, times=200):
    began = time.thread_time()  # in which other programs do not count
    for _ in range(times):
        call(row)
    return (time.thread_time() - began) / times
