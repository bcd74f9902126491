"""Perceptrons step by step against scikit-learn's, and networks of any layers."""

import copy
import pickle
import warnings

import numpy as np
import pytest

sklearn = pytest.importorskip("sklearn")

from scipy.sparse import csr_matrix  # noqa: E402
from sklearn import neural_network as theirs  # noqa: E402
from sklearn.datasets import (  # noqa: E402
    load_breast_cancer,
    load_diabetes,
    load_digits,
    load_iris,
)
from sklearn.exceptions import ConvergenceWarning, NotFittedError  # noqa: E402
from sklearn.model_selection import GridSearchCV, cross_val_score  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402

import libclassify as clf  # noqa: E402
from libclassify import errors  # noqa: E402
from libclassify.sklearn import (  # noqa: E402
    MLPClassifier,
    MLPRegressor,
    NetworkClassifier,
    NetworkRegressor,
)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
BATCH = 50  # of which the sets below are multiples: scikit-learn's last, smaller batch differs


def labeled(load):
    X, y = load(return_X_y=True)
    count = len(X) // BATCH * BATCH
    return StandardScaler().fit_transform(X)[:count], y[:count]


def targets(outputs=1):
    X, y = load_diabetes(return_X_y=True)
    X, y = StandardScaler().fit_transform(X)[:400], (y[:400] - y.mean()) / 50
    return X, y if outputs == 1 else np.c_[y, X[:, 0] * X[:, 1]]


def both(mine, other, X, y, **params):
    given = {"random_state": 0, "batch_size": BATCH, "max_iter": 30, **params}
    return mine(**given).fit(X, y), other(**given).fit(X, y)


def compare_weights(mine, other, tolerance):
    """Nearly all weights are the same: adam divides by the size of a gradient, so where one is 0
    but for rounding, its steps have any sign."""
    for found, wanted in zip(mine.coefs_ + mine.intercepts_, other.coefs_ + other.intercepts_):
        assert found.shape == wanted.shape
        assert np.quantile(np.abs(found - wanted), 0.95) <= tolerance


def compare(mine, other, loss=2e-3, weights=2e-3):
    """The trainings are the same, step by step, up to the rounding of f32."""
    assert mine.n_iter_ == other.n_iter_ and mine.t_ == other.t_
    np.testing.assert_allclose(mine.loss_curve_, other.loss_curve_, rtol=loss)
    np.testing.assert_allclose(mine.loss_curve_[:3], other.loss_curve_[:3], rtol=min(loss, 2e-5))
    assert mine.n_layers_ == other.n_layers_ and mine.n_outputs_ == other.n_outputs_
    assert mine.out_activation_ == other.out_activation_
    compare_weights(mine, other, weights)
    if mine.best_loss_ is None:
        assert other.best_loss_ is None
    else:
        assert mine.best_loss_ == pytest.approx(other.best_loss_, rel=loss)


PARAMS = [
    {},
    {"solver": "sgd", "learning_rate_init": 0.05},
    {"solver": "sgd", "momentum": 0.5, "nesterovs_momentum": False, "learning_rate_init": 0.05},
    {"solver": "sgd", "momentum": 0},
    {"activation": "tanh", "hidden_layer_sizes": (20, 10)},
    {"activation": "identity", "hidden_layer_sizes": 7, "beta_1": 0.8, "beta_2": 0.99},
    {"shuffle": False, "solver": "sgd"},
    {"hidden_layer_sizes": ()},
]


@pytest.mark.parametrize("params", PARAMS, ids=str)
@pytest.mark.parametrize("load", [
    load_iris, pytest.param(load_breast_cancer, marks=pytest.mark.slow),
])
def test_a_classifier_takes_the_steps_of_scikit_learn(load, params):
    X, y = labeled(load)
    mine, other = both(MLPClassifier, theirs.MLPClassifier, X, y, **params)
    compare(mine, other)
    np.testing.assert_allclose(mine.predict_proba(X), other.predict_proba(X), atol=2e-3)
    assert mine.predict_proba(X).dtype == np.float64
    assert (mine.predict(X) == other.predict(X)).mean() > 0.99


@pytest.mark.parametrize("alpha", [0.01, 1.0, 10.0])
def test_alpha_is_the_same_penalty(alpha):
    X, y = labeled(load_iris)
    mine, other = both(
        MLPClassifier, theirs.MLPClassifier, X, y, alpha=alpha, solver="sgd",
        learning_rate_init=0.02, batch_size=len(X), activation="logistic",
    )
    compare_weights(mine, other, 2e-5)
    # one step an epoch: the penalty in between is that of the mean of both ends
    np.testing.assert_allclose(mine.loss_curve_, other.loss_curve_, rtol=0.02)


@pytest.mark.parametrize("outputs", [1, 2])
@pytest.mark.parametrize("params", [
    *PARAMS[:2], *(pytest.param(p, marks=pytest.mark.slow) for p in PARAMS[2:5]),
], ids=str)
def test_a_regression_takes_the_steps_of_scikit_learn(outputs, params):
    X, y = targets(outputs)
    if params.get("solver") == "sgd":
        params = {**params, "learning_rate_init": 0.005}
    mine, other = both(MLPRegressor, theirs.MLPRegressor, X, y, **params)
    compare(mine, other)
    found, wanted = mine.predict(X), other.predict(X)
    assert found.shape == wanted.shape == y.shape and found.dtype == np.float64
    np.testing.assert_allclose(found, wanted, atol=1e-2)


def test_early_stopping_holds_out_the_same_rows_and_ends_at_the_same_epoch():
    for mine, other, (X, y) in (
        (MLPClassifier, theirs.MLPClassifier, labeled(load_breast_cancer)),
        (MLPRegressor, theirs.MLPRegressor, targets()),
    ):
        a, b = both(mine, other, X, y, early_stopping=True, max_iter=100,
                    validation_fraction=0.2, n_iter_no_change=4)
        assert a.n_iter_ == b.n_iter_ < 100
        np.testing.assert_allclose(a.validation_scores_, b.validation_scores_, atol=2e-3)
        assert a.best_validation_score_ == pytest.approx(b.best_validation_score_, abs=2e-3)
        compare_weights(a, b, 5e-3)  # those of the best epoch
        assert a.best_loss_ is None
    with pytest.raises(ValueError, match="validation set is too small"):
        MLPRegressor(early_stopping=True).fit(X[:8], np.arange(8))


def test_a_training_ends_when_the_loss_no_longer_falls():
    X, y = labeled(load_breast_cancer)
    mine, other = both(MLPClassifier, theirs.MLPClassifier, X, y, tol=0.01, n_iter_no_change=3,
                       max_iter=200)
    assert mine.n_iter_ == other.n_iter_ < 200
    with pytest.warns(ConvergenceWarning, match=r"Maximum iterations \(2\) reached"):
        MLPClassifier(max_iter=2, random_state=0).fit(X, y)


@pytest.mark.parametrize("schedule", ["adaptive", "invscaling"])
def test_the_rate_falls_as_in_scikit_learn(schedule):
    X, y = labeled(load_iris)
    mine, other = both(
        MLPClassifier, theirs.MLPClassifier, X, y, solver="sgd", learning_rate=schedule,
        learning_rate_init=0.2, momentum=0, max_iter=60, tol=5e-3, n_iter_no_change=2,
    )
    compare(mine, other)
    constant = MLPClassifier(solver="sgd", learning_rate_init=0.2, momentum=0, max_iter=60,
                             tol=5e-3, n_iter_no_change=2, random_state=0, batch_size=BATCH)
    assert constant.fit(X, y).n_iter_ != mine.n_iter_
    if schedule == "invscaling":
        streams = [kind(solver="sgd", learning_rate=schedule, learning_rate_init=0.2, momentum=0,
                        random_state=0, batch_size=BATCH)
                   for kind in (MLPClassifier, theirs.MLPClassifier)]
        for stream in streams:
            for _ in range(4):
                stream.partial_fit(X, y, classes=[0, 1, 2])
        compare_weights(*streams, 1e-5)


def test_sample_weights_weigh_as_in_scikit_learn():
    X, y = labeled(load_iris)
    weights = np.random.default_rng(0).uniform(0.2, 3, len(y))
    mine = MLPClassifier(random_state=0, batch_size=len(y), max_iter=20, alpha=0.1)
    mine.fit(X, y, weights)
    if sklearn.__version__ >= "1.7":
        other = theirs.MLPClassifier(random_state=0, batch_size=len(y), max_iter=20, alpha=0.1)
        other.fit(X, y, weights)
        compare_weights(mine, other, 1e-5)
        np.testing.assert_allclose(mine.loss_curve_, other.loss_curve_, rtol=1e-3)
    plain = MLPClassifier(random_state=0, batch_size=len(y), max_iter=20, alpha=0.1).fit(X, y)
    assert np.abs(plain.coefs_[0] - mine.coefs_[0]).max() > 1e-4
    doubled = MLPClassifier(random_state=0, batch_size=len(y), max_iter=20, alpha=0.2)
    doubled.fit(X, y, np.full(len(y), 2.0))  # twice the loss and twice the penalty: the same
    compare_weights(doubled, plain, 1e-6)


@pytest.mark.parametrize("classify", [True, False])
def test_partial_fits_are_the_steps_of_scikit_learn(classify):
    X, y = labeled(load_iris) if classify else targets()
    kinds = (MLPClassifier, theirs.MLPClassifier) if classify else (
        MLPRegressor, theirs.MLPRegressor)
    mine, other = (kind(random_state=1, batch_size=BATCH) for kind in kinds)
    order = np.random.default_rng(0).permutation(len(y))
    for part in range(4):
        rows = order[part * 50 % 100:part * 50 % 100 + 50]
        for model in (mine, other):
            given = {"classes": np.unique(y)} if classify else {}
            model.partial_fit(X[rows], y[rows], **given)
    compare_weights(mine, other, 1e-4)
    assert mine.t_ == other.t_ == 200 and len(mine.loss_curve_) == 4
    if classify:
        with pytest.raises(ValueError, match="has classes not in"):
            mine.partial_fit(X[:2], [7, 8])
        with pytest.raises(ValueError, match="classes must be passed on the first call"):
            MLPClassifier().partial_fit(X, y)


def test_warm_start_goes_on_from_the_weights_with_a_new_optimizer():
    X, y = labeled(load_iris)
    mine, other = both(MLPClassifier, theirs.MLPClassifier, X, y, warm_start=True, max_iter=5)
    for model in (mine, other):
        model.fit(X, y)
    for model in (mine, other):
        model.set_params(learning_rate_init=0.02, alpha=0.1).fit(X, y)
    assert len(mine.loss_curve_) == len(other.loss_curve_) == 15
    np.testing.assert_allclose(mine.loss_curve_[:10], other.loss_curve_[:10], rtol=1e-4)
    np.testing.assert_allclose(mine.loss_curve_[10:], other.loss_curve_[10:], rtol=1e-2)
    with pytest.raises(ValueError, match="same classes"):
        mine.fit(X, np.where(y == 2, 5, y))


def test_bf16_is_a_precision_of_networks():
    X, y = images()
    layers = ["flatten", ("dense", {"units": 32, "activation": "relu"}), ("dense", {"units": "outputs"})]
    scores, sizes = [], []
    for precision in ("f32", "bf16"):
        network = NetworkClassifier(layers, precision=precision, epochs=30, random_state=0)
        network.fit(X, y)
        scores.append(network.score(X, y))
        sizes.append(len(network.model_.to_bytes()))
    assert min(scores) > 0.9 and abs(scores[0] - scores[1]) < 0.02
    assert sizes[0] - sizes[1] > 4000
    weight = network.model_.tensors["dense_1.weight"]
    assert weight.dtype == np.float32 and not (weight.view(np.uint32) & 0xffff).any()


@pytest.mark.parametrize("precision, share", [("bf16", 2), ("int8", 4)])
def test_perceptrons_have_the_precisions_of_networks(precision, share):
    X, y = labeled(load_digits)
    plain = MLPClassifier((64,), max_iter=15, random_state=0).fit(X, y)
    reduced = MLPClassifier((64,), max_iter=15, random_state=0, precision=precision).fit(X, y)
    assert reduced.score(X, y) > plain.score(X, y) - 0.01 > 0.9
    assert np.quantile(np.abs(reduced.coefs_[0] - plain.coefs_[0]), 0.9) < 0.01
    weights = sum(w.size for w in plain.coefs_)
    saved = len(plain.model_.to_bytes()) - len(reduced.model_.to_bytes())
    assert abs(saved - weights * (4 - 4 / share)) < 2000  # scales, and what was measured
    loaded = MLPClassifier.load(reduced.model_.to_bytes())
    assert loaded.precision == precision
    assert (loaded.predict_proba(X) == reduced.predict_proba(X)).all()


@pytest.mark.parametrize("precision", ["bf16", "int8"])
def test_a_reduced_perceptron_learns_on(precision):
    X, y = labeled(load_digits)
    params = {"random_state": 0, "precision": precision, "learning_rate_init": 0.01}
    stream = MLPClassifier((32,), **params)
    for _ in range(12):
        for part in np.array_split(np.arange(len(X)), 3):
            stream.partial_fit(X[part], y[part], classes=np.unique(y))
    assert stream.score(X, y) > 0.97
    warm = MLPClassifier((32,), warm_start=True, max_iter=3, **params).fit(X, y)
    first = warm.loss_
    assert warm.fit(X, y).loss_ < first
    held = MLPClassifier((32,), early_stopping=True, max_iter=8, **params).fit(X, y)
    slower = MLPClassifier((32,), solver="sgd", learning_rate="invscaling", momentum=0,
                           max_iter=5, **params).fit(X, y)
    regression = MLPRegressor(hidden_layer_sizes=(16,), max_iter=60, **params).fit(*targets())
    assert regression.score(*targets()) > 0.5
    for model in (warm, held, slower, regression):
        assert "product_precision" in model.model_.tensors


def test_sparse_and_f32_rows():
    X, y = load_digits(return_X_y=True)
    X = (X / 16.0)[:1000]
    y = y[:1000]
    given = {"random_state": 0, "max_iter": 5}
    dense = MLPClassifier(**given).fit(X, y)
    sparse = MLPClassifier(**given).fit(csr_matrix(X), y)
    np.testing.assert_allclose(sparse.predict_proba(X), dense.predict_proba(csr_matrix(X)),
                               atol=1e-4)
    single = MLPClassifier(**given).fit(X.astype(np.float32), y)
    assert single.predict_proba(X.astype(np.float32)).dtype == np.float32
    assert single.coefs_[0].dtype == np.float32 and dense.coefs_[0].dtype == np.float64


def test_verbose_prints_the_iterations(capsys):
    X, y = labeled(load_iris)
    MLPClassifier(max_iter=2, verbose=True, early_stopping=True, random_state=0).fit(X, y)
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith("Iteration 1, loss = ")
    assert printed[1].startswith("Validation score: 0.") and len(printed) == 4


@pytest.mark.parametrize("kind, params, message", [
    (MLPClassifier, {"solver": "lbfgs"}, "no solver='lbfgs'"),
    (MLPClassifier, {"solver": "sgd", "learning_rate": "invscaling"}, "set momentum=0"),
    (MLPClassifier, {"learning_rate": "fast"}, "learning_rate is 'fast'"),
    (MLPRegressor, {"loss": "poisson"}, "no loss='poisson'"),
    (MLPClassifier, {"activation": "elu"}, "activation is 'elu'"),
    (MLPClassifier, {"hidden_layer_sizes": (3, 0)}, "must be > 0"),
    (MLPClassifier, {"alpha": -1}, "alpha is -1"),
    (MLPClassifier, {"alpha": "a"}, "alpha is 'a'"),
    (MLPClassifier, {"tol": float("nan")}, "tol is nan"),
    (MLPClassifier, {"max_iter": None}, "max_iter is None"),
    (MLPClassifier, {"batch_size": -3}, "batch_size is -3"),
    (MLPClassifier, {"hidden_layer_sizes": (3.5,)}, "whole numbers"),
    (MLPRegressor, {"validation_fraction": 1}, "validation_fraction is 1"),
    (NetworkClassifier, {"epochs": "many"}, "epochs is 'many'"),
    (MLPClassifier, {"batch_size": "half"}, "batch_size is 'half'"),
    (MLPRegressor, {"precision": "f16"}, "precision is .f16."),
    (NetworkClassifier, {"layers": "dense units=0; dense units=outputs"}, "units"),
    (NetworkClassifier, {"layers": [5]}, "a layer must be"),
    (NetworkClassifier, {"optimizer": 5}, "optimizer must be"),
    (NetworkClassifier, {"optimizer": "speedy"}, "speedy"),
    (NetworkClassifier, {"loss": "l1"}, "l1"),
], ids=str)
def test_what_cannot_be_done_is_refused_with_a_sentence(kind, params, message):
    X, y = labeled(load_iris)
    with pytest.raises((ValueError, TypeError), match=message):
        kind(**params).fit(X, y)


@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor, NetworkClassifier,
                                  NetworkRegressor])
def test_copies_and_pickles_predict_the_same(kind, tmp_path):
    X, y = labeled(load_iris)
    short = {"max_iter": 3} if hasattr(kind(), "max_iter") else {"epochs": 3}
    fitted = kind(random_state=0, **short).fit(X, y)
    for other in (copy.deepcopy(fitted), pickle.loads(pickle.dumps(fitted))):
        np.testing.assert_array_equal(other.predict(X), fitted.predict(X))
    fitted.save(tmp_path / "network.clf")
    loaded = clf.Model.load(tmp_path / "network.clf")
    assert loaded.kind == "network" and loaded.n_features == 4
    np.testing.assert_array_equal(kind.load(tmp_path / "network.clf").predict(X),
                                  fitted.predict(X))


def test_threads_do_not_change_a_bit():
    X, y = labeled(load_breast_cancer)
    one, two = (MLPClassifier(random_state=0, max_iter=5, n_jobs=n).fit(X, y) for n in (1, 2))
    np.testing.assert_array_equal(one.coefs_[0], two.coefs_[0])


def test_they_work_in_pipelines_and_searches():
    X, y = load_iris(return_X_y=True)
    pipeline = make_pipeline(StandardScaler(), MLPClassifier(random_state=0, max_iter=60))
    assert cross_val_score(pipeline, X, y, cv=3).mean() > 0.85
    search = GridSearchCV(
        make_pipeline(StandardScaler(), NetworkClassifier(random_state=0, epochs=20)),
        {"networkclassifier__learning_rate": [1e-6, 0.01]}, cv=3,
    ).fit(X, y)
    assert search.best_params_ == {"networkclassifier__learning_rate": 0.01}


# Networks of any layers


def images():
    X, y = load_digits(return_X_y=True)
    return (X * 15.9375).astype(np.uint8).reshape(-1, 8, 8), y


CONVOLUTION = [
    "conv2d filters=8 kernel=3 activation=relu",
    ("max_pool2d", {"size": 2}),
    "flatten",
    {"kind": "dense", "units": "outputs"},
]


def test_images_of_bytes_are_classified():
    X, y = images()
    network = NetworkClassifier(
        CONVOLUTION, epochs=6, random_state=0, learning_rate=0.01,
        augment={"shift": 1}, input=None,
    ).fit(X[:1400, :, :, None], y[:1400], validation=(X[1400:, :, :, None], y[1400:]))
    assert network.score(X[1400:, :, :, None], y[1400:]) > 0.85
    assert network.row_shape_ == (8, 8, 1) and network.n_features_in_ == 64
    history = network.history_
    assert set(history) >= {"loss", "accuracy", "validation_loss", "validation_accuracy"}
    assert all(len(values) == network.n_iter_ == 6 for values in history.values())
    assert history["loss"][-1] < history["loss"][0] and network.loss_ == history["loss"][-1]
    assert network.score(X[1400:, :, :, None], y[1400:]) == pytest.approx(
        history["validation_accuracy"][-1])
    assert "conv2d" in network.summary()
    with pytest.raises(ValueError, match="was fitted on"):
        network.predict(X[:3, :4, :4, None])


def test_bytes_equal_their_values():
    X, y = images()
    flat = X.reshape(len(X), -1)
    layers = "dense units=16 activation=relu; dense units=outputs"
    given = {"epochs": 2, "random_state": 3}
    of_bytes = NetworkClassifier(layers, **given).fit(flat, y)
    of_values = NetworkClassifier(layers, **given).fit(flat / np.float64(255), y)
    np.testing.assert_allclose(
        of_bytes.predict_proba(flat), of_values.predict_proba(flat / 255.0), atol=1e-4
    )
    np.testing.assert_allclose(of_bytes.hidden_values(flat),
                               of_values.hidden_values(flat / 255.0), atol=1e-3)
    raw = NetworkClassifier(layers, scale=1, **given).fit(flat, y)
    assert np.abs(raw.predict_proba(flat) - of_bytes.predict_proba(flat)).max() > 0.01


def test_sequences_are_classified():
    X, y = images()
    network = NetworkClassifier("gru units=16; dense units=outputs", epochs=4, random_state=0,
                                optimizer=("adam", {"learning_rate": 0.01})).fit(X, y)
    assert network.row_shape_ == (8, 8) and network.score(X, y) > 0.6


def test_an_optimizers_text_is_never_left_out():
    X, y = load_iris(return_X_y=True)
    with pytest.raises(ValueError, match="'learning_rate 0.5 momentum' is no parameter"):
        NetworkClassifier(optimizer="sgd learning_rate 0.5 momentum", epochs=1).fit(X, y)



@pytest.mark.parametrize("optimizer", [
    "sgd momentum=0.9 learning_rate=0.1", ("sgd", {"momentum": 0.9, "learning_rate": 0.1}),
    clf.Optimizer("sgd", momentum=0.9, learning_rate=0.1),
], ids=["text", "pair", "object"])
def test_an_optimizer_is_given_in_three_ways(optimizer):
    X, y = labeled(load_iris)
    expected = NetworkClassifier(optimizer="sgd momentum=0.9", learning_rate=0.1, epochs=3,
                                 random_state=0).fit(X, y)
    found = NetworkClassifier(optimizer=optimizer, epochs=3, random_state=0).fit(X, y)
    np.testing.assert_array_equal(found.predict_proba(X), expected.predict_proba(X))


def test_layers_as_text_and_as_a_list_are_the_same():
    X, y = labeled(load_iris)
    text = "dense units=5 activation=tanh; dropout rate=0.1; dense units=outputs"
    listed = [("dense", {"units": 5, "activation": "tanh"}), "dropout rate=0.1",
              {"kind": "dense", "units": "outputs"}]
    found = [NetworkClassifier(layers, epochs=3, random_state=0).fit(X, y).predict_proba(X)
             for layers in (text, listed)]
    np.testing.assert_array_equal(*found)


def test_labels_of_a_stream_come_in_any_order():
    X, y = labeled(load_iris)
    names = np.array(["setosa", "versicolor", "virginica"])[y]
    network = NetworkClassifier(random_state=0, learning_rate=0.01)
    for epoch in range(60):
        rows = np.random.default_rng(epoch).permutation(len(y))[:40]
        first = np.flatnonzero(y[rows] < 2)
        rows = rows[first] if epoch == 0 else rows
        network.partial_fit(X[rows], names[rows], classes=np.unique(names))
    assert network.n_iter_ == 60 and network.score(X, names) > 0.75
    with pytest.raises(ValueError, match="not in"):
        network.partial_fit(X[:1], ["rose"])


def test_warm_start_appends_to_the_history():
    X, y = labeled(load_iris)
    network = NetworkClassifier(epochs=3, warm_start=True, random_state=0).fit(X, y)
    first = network.history_["loss"].copy()
    network.fit(X, y)
    assert network.n_iter_ == 6
    np.testing.assert_array_equal(network.history_["loss"][:3], first)


def test_class_weights_and_binary_decisions():
    X, y = labeled(load_breast_cancer)
    network = NetworkClassifier(epochs=5, random_state=0, class_weight={0: 10, 1: 0.1}).fit(X, y)
    plain = NetworkClassifier(epochs=5, random_state=0).fit(X, y)
    assert (network.predict(X) == 0).sum() > (plain.predict(X) == 0).sum()
    scores = plain.decision_function(X)
    assert scores.shape == (len(X),)
    np.testing.assert_array_equal(scores > 0, plain.predict(X) == plain.classes_[1])
    odds = np.log(plain.predict_proba(X)[:, 1] / plain.predict_proba(X)[:, 0])
    np.testing.assert_allclose(scores, odds, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("outputs", [1, 2])
def test_a_regression_learns_targets_of_any_unit(outputs):
    X, y = targets(outputs)
    y = 1000 + 5000 * y
    network = NetworkRegressor("dense units=32 activation=tanh; dense units=outputs", epochs=40,
                               random_state=0).fit(X[:300], y[:300],
                                                   validation=(X[300:], y[300:]))
    assert network.predict(X).shape == y.shape
    assert network.score(X[:300], y[:300]) > 0.4
    assert "validation_loss" in network.history_ and "accuracy" not in network.history_
    stream = NetworkRegressor(random_state=0)
    for _ in range(3):
        stream.partial_fit(X, y)
    assert stream.n_iter_ == 3


def test_a_seed_makes_trainings_repeatable():
    X, y = labeled(load_iris)
    a, b, c = (NetworkClassifier(epochs=2, random_state=seed).fit(X, y).predict_proba(X)
               for seed in (1, 1, 2))
    np.testing.assert_array_equal(a, b)
    assert np.abs(a - c).max() > 1e-4


def test_one_class_is_refused():
    X, y = labeled(load_iris)
    for kind in (MLPClassifier, NetworkClassifier):
        with pytest.raises(errors.DataError, match="class"):
            kind().fit(X, np.zeros(len(y)))


def test_a_time_limit_ends_a_training_that_has_no_model_then():
    X, y = labeled(load_iris)
    endless = MLPClassifier(max_iter=10**6, tol=0, n_iter_no_change=10**6, random_state=0)
    with pytest.raises(clf.TimeLimitReached), clf.watch(time_limit=0.3):
        endless.fit(X, y)
    with pytest.raises(NotFittedError):
        endless.predict(X)


def test_a_diverging_training_says_so():
    X, y = targets()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(errors.Diverged, match="not finite"):
            MLPRegressor(solver="sgd", learning_rate_init=1e6, random_state=0).fit(X, y * 1e6)


def test_a_fit_draws_one_seed():
    X, y = labeled(load_iris)
    drawn, alone = np.random.RandomState(0), np.random.RandomState(0)
    network = NetworkClassifier(epochs=1, random_state=drawn).fit(X, y)
    alone.randint(2**31 - 1)
    assert drawn.randint(2**31 - 1) == alone.randint(2**31 - 1)
    network.set_params(warm_start=True).fit(X, y)
    assert drawn.randint(2**31 - 1) == alone.randint(2**31 - 1)


@pytest.mark.parametrize("text", ["sgd learning_rate 0.5 momentum", "sgd learning_rate = 0.5",
                                  "sgd momentum"])
def test_a_text_of_an_optimizer_that_is_malformed_is_refused(text):
    X, y = labeled(load_iris)
    with pytest.raises(errors.ArgumentError, match="name=value"):
        NetworkClassifier(optimizer=text, epochs=1).fit(X, y)


@pytest.mark.parametrize("warm_start", [False, True])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_an_interrupted_fit_leaves_a_perceptron_as_it_was(warm_start, early_stopping):
    X, y = labeled(load_iris)
    model = MLPClassifier(5, max_iter=3, random_state=0, early_stopping=early_stopping,
                          warm_start=warm_start).fit(X, y)
    before, coefs, curve = model.predict_proba(X), model.coefs_, list(model.loss_curve_)
    scores = model.validation_scores_ and list(model.validation_scores_)
    other = np.array(["a", "b"])[(y == y[0]).astype(int)]
    model.set_params(max_iter=10**9, n_iter_no_change=10**9)
    with pytest.raises(clf.TimeLimitReached), clf.watch(time_limit=0.3):
        model.fit(X, y if warm_start else other)
    np.testing.assert_array_equal(model.predict_proba(X), before)
    assert model.loss_curve_ == curve and model.validation_scores_ == scores
    assert model.n_iter_ == 3 and len(model.classes_) == 3
    for now, then in zip(model.coefs_, coefs):
        np.testing.assert_array_equal(now, then)
