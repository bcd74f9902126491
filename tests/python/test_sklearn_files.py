"""Estimators from files: the parameters that a file holds, and what it does not hold."""

import numpy as np
import pytest

pytestmark = pytest.mark.slow  # many; .ci/run has them all

sklearn = pytest.importorskip("sklearn")
from sklearn import datasets  # noqa: E402
from sklearn.base import clone  # noqa: E402
from sklearn.metrics import log_loss  # noqa: E402

import libclassify as clf  # noqa: E402
from libclassify import errors  # noqa: E402
from libclassify.sklearn import (  # noqa: E402
    HOG,
    PCA,
    SVC,
    FisherDiscriminant,
    KernelFisherDiscriminant,
    LogisticRegression,
    MinMaxScaler,
    MLPClassifier,
    NetworkClassifier,
    Perceptron,
    RidgeClassifier,
    StandardScaler,
)

X, Y = datasets.load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])


@pytest.mark.parametrize("estimator, names", [
    (KernelFisherDiscriminant(kernel="poly", degree=2, priors=[0.2, 0.3, 0.5], n_components=1),
     "kernel degree priors n_components"),
    (FisherDiscriminant(shrinkage=0.25, priors=[0.2, 0.3, 0.5], n_components=1, tol=1e-3),
     "shrinkage priors n_components tol"),
    (FisherDiscriminant(), "shrinkage priors n_components tol"),
    (LogisticRegression(C=2, tol=1e-3, max_iter=50, multi_class="ovr"),
     "C tol max_iter multi_class"),
    (RidgeClassifier(2, tol=1e-9, max_iter=50, class_weight="balanced"),
     "alpha tol max_iter class_weight"),
    (SVC(C=np.inf, kernel="poly", max_iter=10**6, probability=True),
     "C kernel max_iter probability"),
    (SVC(max_iter=-1, class_weight="balanced"), "C kernel max_iter"),
    (Perceptron(multi_class="multinomial", eta0=0.5, shuffle=False), "multi_class eta0 shuffle"),
    (Perceptron(kernel="rbf", gamma=0.5, budget=9, max_iter=3), "kernel gamma budget"),
    (MLPClassifier((7, 5), "tanh", max_iter=2, beta_1=0.8, learning_rate_init=0.01,
                   batch_size=30),
     "hidden_layer_sizes activation solver beta_1 learning_rate_init batch_size"),
    (MLPClassifier(3, "logistic", max_iter=2, solver="sgd", momentum=0.5,
                   nesterovs_momentum=False),
     "activation solver momentum nesterovs_momentum"),
    (NetworkClassifier("dense units=6 activation=tanh; dense units=3", loss="hinge", epochs=2,
                       batch_size=20, clip_norm=1.0), "layers loss epochs batch_size clip_norm"),
], ids=str)
def test_a_file_sets_the_parameters_that_it_holds(estimator, names):
    model = clone(estimator).set_params(**(
        {"random_state": 0} if "random_state" in estimator.get_params() else {})).fit(X, Y)
    loaded = type(estimator).load(model.model_.to_bytes())
    for name in names.split():
        found, given = getattr(loaded, name), getattr(estimator, name)
        assert found == pytest.approx(given) if isinstance(given, float) else found == given, name
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    if hasattr(loaded, "n_iter_") and not isinstance(loaded, MLPClassifier):
        np.testing.assert_array_equal(loaded.n_iter_, model.n_iter_)
    clone(loaded).fit(X, Y)


def test_weights_of_classes_are_loaded_for_the_classes():
    weights = dict(zip(NAMES.tolist(), (1.0, 2.0, 3.0)))
    for kind in (SVC, LogisticRegression, RidgeClassifier, Perceptron, NetworkClassifier):
        model = kind(class_weight=weights).fit(X, NAMES[Y])
        assert kind.load(model.model_.to_bytes()).class_weight == weights
    loaded = SVC.load(SVC(class_weight=weights).fit(X, NAMES[Y]).model_.to_bytes())
    np.testing.assert_array_equal(loaded.class_weight_, [1, 2, 3])
    assert not hasattr(loaded, "shape_fit_")  # which no file holds


def test_a_network_is_loaded_with_its_optimizer():
    model = NetworkClassifier(optimizer="sgd momentum=0.5", epochs=2, random_state=0).fit(X, Y)
    loaded = NetworkClassifier.load(model.model_.to_bytes()).set_params(random_state=0)
    assert loaded.optimizer.startswith("sgd ") and loaded.row_shape_ == (4,)
    np.testing.assert_array_equal(clone(loaded).fit(X, Y).decision_function(X),
                                  model.decision_function(X))


@pytest.mark.parametrize("kind, model", [
    (FisherDiscriminant, lambda: KernelFisherDiscriminant()),
    (KernelFisherDiscriminant, lambda: FisherDiscriminant()),
    (MLPClassifier, lambda: NetworkClassifier(loss="hinge", epochs=1)),
    (MLPClassifier, lambda: NetworkClassifier(
        "dense units=3 activation=relu; dense units=3 activation=tanh; dense units=3", epochs=1)),
    (MLPClassifier, lambda: NetworkClassifier(
        "dense units=3 activation=relu; dropout; dense units=3", epochs=1)),
])
def test_a_model_of_another_form_is_refused(kind, model):
    with pytest.raises(clf.TypeMismatch, match="load it as a"):
        kind.load(model().fit(X, Y).model_.to_bytes())


def test_a_loaded_perceptron_goes_on():
    model = MLPClassifier(5, "tanh", max_iter=20, learning_rate_init=0.01, random_state=0)
    model.fit(X, Y)
    loaded = MLPClassifier.load(model.model_.to_bytes())
    before = log_loss(Y, loaded.predict_proba(X))
    for _ in range(30):
        loaded.partial_fit(X, Y)
    assert len(loaded.loss_curve_) == 30 and loaded.t_ == 30 * len(X)
    assert log_loss(Y, loaded.predict_proba(X)) < 0.9 * before
    warm = MLPClassifier.load(model.model_.to_bytes()).set_params(warm_start=True, max_iter=30)
    assert log_loss(Y, warm.fit(X, Y).predict_proba(X)) < 0.9 * before


def test_what_depends_on_the_number_of_rows_is_not_made_up():
    scaler = StandardScaler.load(StandardScaler().fit(X).transform_.to_bytes())
    with pytest.raises(errors.Unsupported, match="the number of rows"):
        scaler.partial_fit(X)
    pca = PCA.load(PCA(2).fit(X).transform_.to_bytes())
    assert pca.n_components == 2
    with pytest.raises(AttributeError, match="the number of rows"):
        pca.singular_values_
    ranges = MinMaxScaler.load(MinMaxScaler().fit(X).transform_.to_bytes()).partial_fit(X + 1)
    np.testing.assert_array_equal(ranges.data_max_, X.max(axis=0) + 1)
    assert not hasattr(ranges, "n_samples_seen_")


def test_histograms_of_gradients_are_loaded_with_the_size_of_the_images():
    images = np.random.RandomState(0).rand(5, 16, 8)
    fitted = HOG(cell=4, signs=True).fit(images)
    loaded = HOG.load(fitted.transform_.to_bytes())
    assert (loaded.cell, loaded.signs, loaded.input) == (4, True, (16, 8))
    assert loaded.n_features_in_ == 128
    np.testing.assert_array_equal(loaded.transform(images), fitted.transform(images))
