"""What all estimators share: parameters, names of features, labels of any kind, pickles, files."""

import copy
import io
import pickle
import subprocess
import sys
import warnings

import numpy as np
import pytest

sklearn = pytest.importorskip("sklearn")
from sklearn import datasets  # noqa: E402
from sklearn.base import clone, is_classifier, is_regressor  # noqa: E402
from sklearn.exceptions import DataConversionWarning, NotFittedError  # noqa: E402
from sklearn.model_selection import GridSearchCV, cross_val_score  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402

import libclassify as clf  # noqa: E402
from libclassify.sklearn import (  # noqa: E402
    PCA,
    FisherDiscriminant,
    KernelFisherDiscriminant,
    LogisticRegression,
    MinMaxScaler,
    Perceptron,
    PolynomialFeatures,
    Ridge,
    RidgeClassifier,
    RobustScaler,
    SimpleImputer,
    StandardScaler,
)
from libclassify.sklearn._portable import InconsistentVersionWarning  # noqa: E402

X, Y = datasets.load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])
CLASSIFIERS = [
    RidgeClassifier(),
    LogisticRegression(),
    Perceptron(),
    FisherDiscriminant(),
    KernelFisherDiscriminant(),
    Perceptron(kernel="rbf", max_iter=5),
]
TRANSFORMS = [
    StandardScaler(), MinMaxScaler(), RobustScaler(), SimpleImputer(), PolynomialFeatures(), PCA(2)
]
ALL = [*CLASSIFIERS, Ridge(), *TRANSFORMS]


def output(estimator, rows=X):
    """What a fitted estimator says of rows."""
    if hasattr(estimator, "decision_function"):
        return estimator.decision_function(rows)
    return estimator.predict(rows) if hasattr(estimator, "predict") else estimator.transform(rows)


def fitted(estimator):
    return clone(estimator).fit(X, Y)


@pytest.mark.parametrize("estimator", ALL, ids=str)
def test_pickles_and_copies_say_the_same(estimator):
    model = fitted(estimator)
    expected = output(model)
    for other in (pickle.loads(pickle.dumps(model)), copy.copy(model), copy.deepcopy(model)):
        np.testing.assert_array_equal(output(other), expected)
    unfitted = pickle.loads(pickle.dumps(clone(estimator)))
    assert str(unfitted.get_params()) == str(estimator.get_params())  # NaN is not equal to itself
    with pytest.raises(NotFittedError):
        output(unfitted)


@pytest.mark.slow
@pytest.mark.parametrize("estimator", [LogisticRegression(), PCA(2)], ids=str)
def test_joblib_and_other_processes(estimator, tmp_path):
    joblib = pytest.importorskip("joblib")
    model = fitted(estimator)
    path = tmp_path / "model.joblib"
    joblib.dump(model, path)
    np.testing.assert_array_equal(output(joblib.load(path)), output(model))
    rows = tmp_path / "rows.npy"
    np.save(rows, X)
    script = (
        "import joblib, numpy, sys; m = joblib.load(sys.argv[1]); x = numpy.load(sys.argv[2]); "
        "sys.stdout.buffer.write(numpy.ascontiguousarray("
        "m.decision_function(x) if hasattr(m, 'decision_function') else m.transform(x)).tobytes())"
    )
    found = subprocess.run(
        [sys.executable, "-c", script, str(path), str(rows)], check=True, capture_output=True
    ).stdout
    assert found == np.ascontiguousarray(output(model)).tobytes()


def test_a_pickle_of_another_version_warns():
    model = fitted(Ridge())
    state = model.__getstate__()
    assert state["_libclassify_version"] == clf.__version__
    with pytest.warns(InconsistentVersionWarning, match="0.0.1"):
        Ridge().__setstate__({**state, "_libclassify_version": "0.0.1"})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pickle.loads(pickle.dumps(model))


@pytest.mark.parametrize("estimator", [*CLASSIFIERS, Ridge()], ids=str)
def test_a_model_is_saved_and_loaded(estimator, tmp_path):
    y = Y.astype(float) if isinstance(estimator, Ridge) else NAMES[Y]
    model = clone(estimator).fit(X, y)
    path = tmp_path / "model.clf"
    model.save(path)
    loaded = type(estimator).load(path)
    np.testing.assert_array_equal(output(loaded), output(model))
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    assert loaded.n_features_in_ == 4
    if is_classifier(estimator):
        np.testing.assert_array_equal(loaded.classes_, NAMES)
    np.testing.assert_array_equal(output(type(estimator).load(path.read_bytes())), output(model))
    with pytest.raises(clf.TypeMismatch, match="is not a|is a"):
        (RidgeClassifier if isinstance(estimator, Ridge) else Ridge).load(path)


def test_loading_reads_the_parameters_back(tmp_path):
    model = KernelFisherDiscriminant(kernel="poly", degree=2, alpha=0.5, gamma=0.25).fit(X, Y)
    model.save(tmp_path / "model.clf")
    loaded = KernelFisherDiscriminant.load(tmp_path / "model.clf")
    assert (loaded.kernel, loaded.degree, loaded.alpha, loaded.gamma) == ("poly", 2, 0.5, 0.25)


def test_a_model_of_the_object_layer_becomes_an_estimator():
    model = clf.Model("logistic", C=3).fit(X, NAMES[Y])
    estimator = LogisticRegression.from_model(model)
    assert estimator.C == 3 and estimator.model_ is model
    np.testing.assert_array_equal(estimator.predict(X), model.predict(X))
    assert estimator.coef_.shape == (3, 4)
    model = clf.Model("ridge").add_transform("standardize").fit(X, NAMES[Y])
    with_transform = RidgeClassifier.from_model(model)
    np.testing.assert_array_equal(with_transform.predict(X), model.predict(X))


@pytest.mark.parametrize(
    "estimator",
    [StandardScaler(), MinMaxScaler(), RobustScaler(), SimpleImputer(), PCA(2)],
    ids=str,
)
def test_a_transform_is_saved_and_loaded(estimator, tmp_path):
    model = fitted(estimator)
    model.save(tmp_path / "transform.clf")
    loaded = type(estimator).load(tmp_path / "transform.clf")
    assert loaded.n_features_in_ == 4
    if not isinstance(estimator, PCA):
        np.testing.assert_array_equal(loaded.transform(X), model.transform(X))
    found = np.abs(clf.Transform.load(tmp_path / "transform.clf").transform(X))
    np.testing.assert_allclose(found, np.abs(model.transform(X)), atol=1e-12)
    with pytest.raises(clf.TypeMismatch, match="is not a"):
        (MinMaxScaler if isinstance(estimator, StandardScaler) else StandardScaler).load(
            tmp_path / "transform.clf"
        )


def test_onnx(tmp_path):
    model = fitted(LogisticRegression())
    model.to_onnx(tmp_path / "model.onnx")
    runtime = pytest.importorskip("onnxruntime")
    session = runtime.InferenceSession(str(tmp_path / "model.onnx"))
    found = session.run(["probabilities"], {"input": X.astype(np.float32)})[0]
    np.testing.assert_allclose(found, model.predict_proba(X), atol=1e-5)


def test_c_source(tmp_path):
    model = fitted(LogisticRegression())
    model.to_c(tmp_path / "model.c", name="flowers")
    source = (tmp_path / "model.c").read_text(encoding="ascii")
    for declared in ("int flowers_predict(const float *x);",
                     "void flowers_probabilities(const float *x, double *p);"):
        assert declared in source
    assert f"{model.coef_[0, 0]:.5g}"[:5] in source
    with pytest.raises(ValueError, match="name='1st' cannot begin names in C"):
        model.to_c(tmp_path / "other.c", name="1st")
    assert not (tmp_path / "other.c").exists()


LABELS = {
    "integers": np.array([-3, 5, 70])[Y],
    "unsigned": Y.astype(np.uint8),
    "booleans": Y > 0,
    "whole floats": Y * 2.0,
    "texts": NAMES[Y],
    "objects": NAMES[Y].astype(object),
    "accents": np.array(["été", "hiver", "à"])[Y],
}


@pytest.mark.parametrize("kind", list(LABELS))
def test_labels_of_any_kind_come_back(kind):
    y = LABELS[kind]
    model = FisherDiscriminant().fit(X, y)
    assert model.classes_.dtype.kind == y.dtype.kind
    np.testing.assert_array_equal(model.classes_, np.unique(y))
    found = model.predict(X)
    assert found.dtype.kind == y.dtype.kind and model.score(X, y) > 0.95
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(X), found)


def test_a_column_of_labels_warns():
    with pytest.warns(DataConversionWarning):
        FisherDiscriminant().fit(X, Y[:, None])


def test_names_of_features():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=["a", "b", "c", "d"])
    for estimator in (Ridge(), FisherDiscriminant(), StandardScaler(), PCA(2)):
        model = clone(estimator).fit(frame, Y)
        assert list(model.feature_names_in_) == ["a", "b", "c", "d"]
        with pytest.raises(ValueError, match="feature names should match"):
            output(model, frame[["b", "a", "c", "d"]])
        with pytest.warns(UserWarning, match="valid feature names"):
            output(model, X)
    scaler = StandardScaler().fit(frame).set_output(transform="pandas")
    assert list(scaler.transform(frame).columns) == ["a", "b", "c", "d"]
    reduced = PCA(2).set_output(transform="pandas").fit_transform(frame)
    assert list(reduced.columns) == ["pca0", "pca1"]
    axes = FisherDiscriminant().set_output(transform="pandas").fit(frame, Y).transform(frame)
    assert list(axes.columns) == ["fisherdiscriminant0", "fisherdiscriminant1"]


def test_searches_and_pipelines():
    pipe = make_pipeline(StandardScaler(), PCA(3), LogisticRegression())
    assert cross_val_score(pipe, X, Y).mean() > 0.93
    search = GridSearchCV(pipe, {"logisticregression__C": [0.01, 1.0]}, n_jobs=1)
    assert search.fit(X, NAMES[Y]).best_score_ > 0.93
    assert is_regressor(Ridge()) and is_classifier(LogisticRegression())


@pytest.mark.parametrize("jobs", [1, 2, -1, None])
def test_any_number_of_threads_gives_the_same_bits(jobs):
    one = LogisticRegression(n_jobs=1).fit(X, Y)
    np.testing.assert_array_equal(LogisticRegression(n_jobs=jobs).fit(X, Y).coef_, one.coef_)
    with pytest.raises(ValueError, match="n_jobs == 0"):
        LogisticRegression(n_jobs=0).fit(X, Y)


def test_seeds():
    def coefficients(state):
        return Perceptron(random_state=state, max_iter=2, tol=None).fit(X, Y).coef_

    np.testing.assert_array_equal(coefficients(3), coefficients(3))
    assert (coefficients(3) != coefficients(4)).any()
    first, second = np.random.RandomState(7), np.random.RandomState(7)
    np.testing.assert_array_equal(coefficients(first), coefficients(second))
    np.random.seed(1)
    found = coefficients(None)
    np.random.seed(1)
    np.testing.assert_array_equal(coefficients(None), found)
    with pytest.raises(ValueError, match="seed"):
        coefficients("seven")


BAD_WEIGHTS = [
    (np.ones(3), "expected"),
    (np.ones((150, 2)), "1D"),
    (np.full(150, np.nan), "NaN"),
    (-np.ones(150), "Negative"),
    (np.zeros(150), "non-zero"),
]


@pytest.mark.parametrize(("weights", "words"), BAD_WEIGHTS, ids=lambda value: str(value)[:12])
def test_row_weights_are_checked(weights, words):
    for estimator in (Ridge(), FisherDiscriminant(), StandardScaler()):
        with pytest.raises(ValueError, match=words):
            estimator.fit(X, Y, sample_weight=weights)


def test_a_failed_refit_keeps_the_model():
    model = fitted(RidgeClassifier())
    before = model.decision_function(X)
    with pytest.raises(ValueError):
        model.set_params(alpha=-1.0).fit(X, Y)
    np.testing.assert_array_equal(model.decision_function(X), before)


WITHOUT = r"""
import sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name == "sklearn" or name.startswith("sklearn.") or name.split(".")[0] == "scipy":
            raise ImportError("blocked: " + name)
sys.meta_path.insert(0, Blocker())
import copy, pickle, warnings
import numpy as np
import libclassify.sklearn as ours
from libclassify.sklearn import _compat, _standin
assert not _compat.HAS_SKLEARN and "sklearn" not in sys.modules
rng = np.random.RandomState(0)
X = rng.randn(60, 4) + np.repeat([[0], [2], [4]], 20, axis=0)
y = np.repeat(["a", "b", "c"], 20)
for make in (ours.RidgeClassifier, ours.LogisticRegression, ours.Perceptron,
             ours.FisherDiscriminant, ours.KernelFisherDiscriminant):
    model = make()
    try:
        model.predict(X)
        raise SystemExit("not refused")
    except _compat.NotFittedError:
        pass
    assert model.fit(X, y) is model and model.score(X, y) > 0.6, make
    assert pickle.loads(pickle.dumps(model)).predict(X).tolist() == model.predict(X).tolist()
    assert copy.deepcopy(model).n_features_in_ == 4
    for wrong, words in ((X[:, :3], "expecting 4 features"), (X[0], "Reshape your data"),
                         (np.full((2, 4), np.nan), "NaN")):
        try:
            model.predict(wrong)
            raise SystemExit("not refused: " + words)
        except ValueError as error:
            assert words in str(error), error
target = X @ [1.0, 2, 3, 4]
ridge = ours.Ridge(alpha=1e-3).fit(X, target)
assert ridge.score(X, target) > 0.999
assert ridge.score(X, target, sample_weight=np.arange(60)) > 0.999
assert repr(ridge) == "Ridge(alpha=0.001)" and repr(ours.Ridge()) == "Ridge()"
again = _standin.clone(ridge)
assert again.get_params() == ridge.get_params() and not hasattr(again, "model_")
assert again.set_params(alpha=2.0).alpha == 2.0
try:
    again.set_params(beta=1)
    raise SystemExit("not refused")
except ValueError as error:
    assert "Invalid parameter 'beta'" in str(error)
for make in (ours.StandardScaler, ours.MinMaxScaler, ours.RobustScaler, ours.SimpleImputer,
             lambda: ours.OneHotEncoder(sparse_output=False), ours.OrdinalEncoder, ours.PCA, ours.PolynomialFeatures):
    transform = make()
    rows = transform.fit_transform(X)
    assert rows.shape[0] == 60 and len(transform.get_feature_names_out()) == rows.shape[1]
np.testing.assert_allclose(
    (model := ours.StandardScaler().fit(X)).inverse_transform(model.transform(X)), X)
for wrong, words in ((X.astype(complex), "Complex"), (np.empty((0, 4)), "minimum of 1"),
                     (np.empty((4, 0)), "0 feature")):
    try:
        ours.FisherDiscriminant().fit(wrong, y[:len(wrong)])
        raise SystemExit("not refused: " + words)
    except ValueError as error:
        assert words in str(error), error
for labels, words in ((None, "requires y"), (y[:3], "inconsistent"),
                      (rng.randn(60), "Unknown label type"), (np.ones((60, 2)), "1d array")):
    try:
        ours.FisherDiscriminant().fit(X, labels)
        raise SystemExit("not refused: " + words)
    except ValueError as error:
        assert words in str(error), error
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    ours.FisherDiscriminant().fit(X, y[:, None])
assert any("column-vector" in str(w.message) for w in caught)
print("ok")
"""


@pytest.mark.slow
def test_without_scikit_learn():
    found = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True)
    assert found.returncode == 0 and found.stdout == "ok\n", found.stderr


def test_html_shows_the_parameters():
    assert "RidgeClassifier" in RidgeClassifier(alpha=3.0)._repr_html_()
    assert "alpha" in str(RidgeClassifier(alpha=3.0))


@pytest.mark.slow
def test_importing_the_estimators_is_lazy():
    script = (
        "import sys, libclassify.sklearn as s; assert 'sklearn' not in sys.modules; "
        "assert 'Ridge' in dir(s); s.Ridge; assert 'sklearn' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
    with pytest.raises(AttributeError, match="no attribute 'Lasso'"):
        import libclassify.sklearn as s

        s.Lasso


def test_a_buffer_of_a_pickle_holds_the_model_once():
    """The bytes of the file are the fit; no coefficient is kept beside it."""
    model = fitted(LogisticRegression())
    assert "coef_" not in vars(model) and "intercept_" not in vars(model)
    buffer = io.BytesIO()
    pickle.dump(model, buffer)
    assert len(buffer.getvalue()) < len(model.model_.to_bytes()) + 2000


@pytest.mark.parametrize("estimator", [LogisticRegression(), FisherDiscriminant(), StandardScaler()],
                         ids=str)
def test_a_fit_that_fails_leaves_an_estimator_as_it_was(estimator):
    model = fitted(estimator)
    before = output(model)
    for rows, labels in ((X[:, :2] * np.inf, Y), (X[:, :3], Y[:-1]), (X[:, :3], np.zeros(len(Y)))):
        if isinstance(estimator, StandardScaler) and np.isfinite(rows).all():
            rows = rows[:0]
        with pytest.raises(ValueError):
            model.fit(rows, labels)
        assert model.n_features_in_ == 4
        np.testing.assert_array_equal(output(model), before)


class Bare:
    """An object with DLPack's protocol alone."""

    def __init__(self, array):
        self.array = array

    def __dlpack__(self, **asked):
        return self.array.__dlpack__(**asked)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


def test_rows_may_have_the_protocol_of_dlpack_or_arrow_alone():
    model = fitted(Ridge())
    np.testing.assert_array_equal(Ridge().fit(Bare(X), Y).predict(Bare(X)), model.predict(X))
    pa = pytest.importorskip("pyarrow")
    batch = pa.RecordBatch.from_arrays([pa.array(column) for column in X.T], names=list("abcd"))
    bare = type("Table", (), {"__arrow_c_array__": lambda self, schema=None: (
        batch.__arrow_c_array__(schema))})()
    np.testing.assert_array_equal(Ridge().fit(bare, Y).predict(bare), model.predict(X))
