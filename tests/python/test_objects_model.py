"""Models as objects: parameters, fits, predictions, pickles, networks."""

import copy
import pickle

import numpy as np
import pytest

import libclassify as clf


def rows(n=60, features=4, classes=3, seed=0):
    """Rows of classes that a linear model separates."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % classes
    return rng.normal(size=(n, features)) + 3 * np.eye(classes, features)[y], y


def test_parameters_are_given_as_python_values_and_come_back_as_such():
    model = clf.Model("svm", kernel="rbf", C=5, gamma=np.float32(0.5), probability=True,
                      degree=None)
    params = model.params
    assert params["C"] == 5.0 and isinstance(params["C"], float)
    assert params["kernel"] == "rbf" and params["probability"] is True
    assert params["gamma"] == 0.5 and params["degree"] == 3
    assert set(params) == {p.name for p in clf.params("model", "svm")}


@pytest.mark.parametrize("kind", clf.kinds("model"))
def test_a_model_made_of_its_own_params_is_equal(kind):
    model = clf.Model(kind)
    assert clf.Model(kind, **model.params).params == model.params


def test_numbers_keep_every_digit():
    value = 0.1 + 2**-50
    assert clf.Model("svm", C=value).params["C"] == value


@pytest.mark.parametrize("given, message", [
    ({"Cc": 1}, "svm has no parameter 'Cc'; did you mean 'C'?"),
    ({"C": -1}, "svm: C is -1; it must be greater than 0"),
    ({"kernel": "cubic"}, "kernel is 'cubic'"),
    ({"C 1=2 gamma": 1}, "has no parameter"),
    ({"kernel": "rbf\0"}, "NUL"),
    ({"kernel": "linear C=7"}, "kernel is 'linear C=7'"),
])
def test_the_library_refuses_parameters_by_its_own_message(given, message):
    with pytest.raises(clf.ArgumentError) as caught:
        clf.Model("svm", **given)
    assert message in str(caught.value)
    assert caught.value.status == -1


def test_a_value_of_another_type_is_refused():
    with pytest.raises(clf.TypeMismatch):
        clf.Model("svm", C=object())
    with pytest.raises(clf.ArgumentError):
        clf.Model("svm", C=True)


def test_set_params_sets_all_or_none():
    model = clf.Model("svm", C=3, gamma=0.5)
    with pytest.raises(clf.ArgumentError):
        model.set_params(C=4, gamma=-1)
    assert model.params["C"] == 3
    model.set_params(C=4, gamma=None)
    assert model.params["C"] == 4 and model.params["gamma"] == "scale"


def test_a_model_predicts_labels_of_the_kind_that_it_was_fitted_on():
    X, y = rows()
    names = np.array(["blue", "green", "red"])
    model = clf.Model("ridge").fit(X, names[y])
    assert list(model.classes) == ["blue", "green", "red"]
    assert (model.predict(X) == names[y]).mean() == model.score(X, names[y]) > 0.9
    assert model.predict_indices(X).dtype == np.int32


def test_scores_are_float64_and_agree_with_the_labels():
    X, y = rows()
    model = clf.Model("logistic").fit(clf.Dataset(X, y))
    scores, chances = model.decision_function(X), model.predict_proba(X)
    assert scores.dtype == chances.dtype == np.float64
    assert scores.shape == chances.shape == (60, 3)
    assert (scores.argmax(1) == model.predict_indices(X)).all()
    assert np.allclose(chances.sum(1), 1)
    assert model.n_features == 4 and model.n_classes == 3 and model.n_outputs == 3


def test_a_regression_predicts_targets():
    X, _ = rows()
    t = X @ [1.0, 2.0, -1.0, 0.5] + 3
    model = clf.Model("ridge", alpha=1e-9).fit(X, targets=t)
    assert model.predict(X).shape == (60,) and np.allclose(model.predict(X), t, atol=1e-4)
    assert model.score(X, targets=t) > 0.9999
    both = clf.Model("ridge").fit(X, targets=np.column_stack([t, -t]))
    assert both.predict(X).shape == (60, 2)


def test_labels_that_are_no_whole_numbers_name_the_way_to_a_regression():
    X, y = rows()
    with pytest.raises(clf.DataError, match="targets=y"):
        clf.Model("ridge").fit(X, y + 0.5)


def test_tensors_are_read_only_views_that_outlive_the_model():
    X, y = rows()
    model = clf.Model("ridge").fit(X, y)
    weights = model.tensors["weights"]
    before = weights.copy()
    assert not weights.flags.writeable and len(model.tensors) == len(list(model.tensors))
    model.fit(X * 2, y)
    model.close()
    del model
    assert (weights == before).all()
    with pytest.raises(ValueError):
        weights.flags.writeable = True


def test_an_unknown_tensor_is_a_key_error_that_lists_the_known():
    X, y = rows()
    with pytest.raises(KeyError, match="weights"):
        clf.Model("ridge").fit(X, y).tensors["wieghts"]


def test_a_model_that_is_not_fitted_has_no_tensors():
    tensors = clf.Model("svm").tensors
    assert len(tensors) == 0 and "weights" not in tensors and tensors.get("weights", 3) == 3
    with pytest.raises(clf.NotFitted) as known:
        clf.Model("svm").n_features
    with pytest.raises(KeyError) as caught:
        tensors["weights"]
    assert isinstance(caught.value, clf.NotFitted) and caught.value.status == known.value.status
    assert not str(caught.value).startswith(("'", '"'))


def test_a_model_that_is_not_fitted_says_so():
    model = clf.Model("svm")
    assert not model.fitted
    for use in (lambda: model.predict([[1.0]]), lambda: model.classes, lambda: model.n_features,
                lambda: model.to_bytes(), lambda: model.tensors["weights"]):
        with pytest.raises(clf.NotFitted) as caught:
            use()
        assert isinstance(caught.value, (ValueError, AttributeError))


def test_a_failed_fit_leaves_the_model_as_it_was():
    X, y = rows()
    model = clf.Model("ridge").fit(X, y)
    before = model.decision_function(X)
    bad = X.copy()
    bad[7, 2] = np.nan
    with pytest.raises(clf.DataError, match="7.*2"):
        model.fit(bad, y)
    assert (model.decision_function(X) == before).all()


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy,
                                    lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_predict_the_same_bits(copied):
    X, y = rows()
    model = clf.Model("svm", probability=True)
    model.add_transform("standardize")
    model.fit(X, y == 1)
    again = copied(model)
    assert (again.decision_function(X) == model.decision_function(X)).all()
    assert again.predict(X).dtype == bool and again.params == model.params
    assert again.transforms == model.transforms


def test_an_unfitted_model_pickles_with_all_its_parts():
    words = clf.Vocabulary(["good film", "bad film"])
    model = clf.Network("dense units=4 activation=relu; dense units=2", epochs=3)
    model.add_transform("pca", components=2).add_transform("standardize")
    model.set_optimizer(clf.Optimizer("sgd", learning_rate=0.25)).set_vocabulary(words)
    again = pickle.loads(pickle.dumps(model))
    assert type(again) is clf.Network and again.params == model.params
    assert [kind for kind, _ in again.transforms] == ["pca", "standardize"]
    assert again.transforms[0][1]["components"] == 2
    assert again.optimizer.kind == "sgd" and again.optimizer.params["learning_rate"] == 0.25
    assert again.vocabulary.words == words.words


def test_metadata_is_a_mapping_that_goes_where_the_model_goes(tmp_path):
    X, y = rows()
    model = clf.Model("ridge")
    model.metadata["author"] = "Jørgen"
    model.metadata.update(rows="2026", note="a\nb")
    assert dict(pickle.loads(pickle.dumps(model)).metadata) == dict(model.metadata)
    model.fit(X, y)
    expected = {"author": "Jørgen", "rows": "2026", "note": "a\nb"}
    model.save(tmp_path / "m.clf")
    for again in (model, model.clone(), clf.Model.load(tmp_path / "m.clf"), copy.copy(model),
                  pickle.loads(pickle.dumps(model))):
        assert dict(again.metadata) == expected and len(again.metadata) == 3
    assert list(model.metadata) == list(expected) and "author" in model.metadata
    del model.metadata["author"]
    assert dict(model.metadata) == {"rows": "2026", "note": "a\nb"}
    for missing in ("author", "not there"):
        with pytest.raises(KeyError):
            model.metadata[missing]
        with pytest.raises(KeyError):
            del model.metadata[missing]
    with pytest.raises(clf.TypeMismatch):
        model.metadata["author"] = None
    with pytest.raises(clf.ArgumentError, match="ASCII"):
        model.metadata["two words"] = "x"
    assert "2026" in repr(model.metadata)


def test_files_and_bytes_hold_the_model(tmp_path):
    X, y = rows()
    model = clf.Model("svm").fit(X, y)
    model.save(tmp_path / "m.clf")
    for source in (tmp_path / "m.clf", str(tmp_path / "m.clf"), model.to_bytes()):
        again = clf.Model.load(source)
        assert (again.predict(X) == y).mean() == model.score(X, y)
        assert again.classes.dtype == np.int64
    model.export("libsvm", tmp_path / "m.txt")
    there = clf.Model.import_("libsvm", tmp_path / "m.txt")
    assert (there.predict(X) == model.predict(X)).all()
    linear = clf.Model("logistic", multiclass="one_vs_rest").fit(X, y)
    linear.export("liblinear", tmp_path / "m.txt")
    there = clf.Model.import_("liblinear", tmp_path / "m.txt")
    assert there.kind == "logistic"
    assert np.abs(there.predict_proba(X) - linear.predict_proba(X)).max() < 1e-6


def test_a_fit_that_does_not_converge_warns_and_says_so():
    X, y = rows()
    with pytest.warns(clf.ConvergenceWarning, match="logistic"):
        model = clf.Model("logistic", max_iterations=1).fit(X, y)
    assert model.outcome == "not converged"
    assert clf.Model("ridge").fit(X, y).outcome == "converged"


def test_layers_of_a_network_are_text_pairs_or_dicts():
    X, y = rows()
    made = [
        clf.Network("dense units=8 activation=relu; dense units=3", epochs=2),
        clf.Network([("dense", {"units": 8, "activation": "relu"}), ("dense", {"units": 3})],
                    epochs=2),
        clf.Network([{"kind": "dense", "units": 8, "activation": "relu"}, "dense units=3"],
                    epochs=2),
        clf.Model("network", epochs=2).add_layer("dense", units=8, activation="relu")
        .add_layer("dense", units=3),
    ]
    scores = [network.fit(X, y).decision_function(X) for network in made]
    assert all((values == scores[0]).all() for values in scores)
    assert all(type(network) is clf.Network for network in made)
    assert len(made[0].history["loss"]) == 2 and "dense_1" in made[0].summary()
    with pytest.raises(clf.TypeMismatch, match="a layer must be"):
        clf.Network([3])


def test_changes_of_training_images_are_a_dict_and_lists_are_sequences():
    network = clf.Network("flatten; dense units=2", augment={"shift": 2, "flip": 0.5},
                          input=np.array([4, 4, 1]), class_weight=(1, 2.5))
    assert network.params["augment"] == "shift=2 flip=0.5" and network.params["input"] == (4, 4, 1)
    assert network.params["class_weight"] == (1, 2.5)
    with pytest.raises(clf.ArgumentError, match="shfit"):
        clf.Network("dense units=2", augment={"shfit": 2})
    for kind in (3, None):
        with pytest.raises((clf.TypeMismatch, clf.ArgumentError)):
            clf.Model(kind, C=1)


def test_class_weights_by_name():
    X, y = rows()
    names = np.array(["ham", "spam"])[y % 2]
    named = clf.Model("ridge", class_weight={"spam": 5}).fit(X, names)
    numbered = clf.Model("ridge", class_weight=[1, 5]).fit(X, names)
    assert named.params["class_weight"] == {"spam": 5}
    assert np.array_equal(named.decision_function(X), numbered.decision_function(X))
    with pytest.raises(clf.ArgumentError, match="ham, spam"):
        clf.Model("ridge", class_weight={"egg": 5}).fit(X, names)


def test_weights_can_be_set_by_name():
    network = clf.Network("dense units=2", input=2)
    network.set_weight("dense_1.weight", [[1.0, 0.0], [0.0, 1.0]])
    network.set_weight("dense_1.bias", [0.0, 0.0])
    assert list(network.predict([[3.0, 1.0], [1.0, 3.0]])) == [0, 1]


def test_a_network_is_quantized():
    X, y = rows()
    network = clf.Network("dense units=400 activation=relu; dense units=3", epochs=5).fit(X, y)
    before, size = network.predict(X), len(network.to_bytes())
    assert network.quantize(X, y) is network
    assert (network.predict(X) == before).mean() > 0.95
    assert network.tensors["dense_1.weight"].dtype == np.int8 and len(network.to_bytes()) < size
    assert network.params["precision"] == "int8" and "have the same class" in str(network)
    loaded = clf.Model.load(network.to_bytes())
    assert (loaded.decision_function(X) == network.decision_function(X)).all()
    with pytest.raises(clf.Unsupported, match="int8 already"):
        network.quantize(X)


def test_the_head_of_a_network_is_replaced_and_the_others_are_frozen():
    X, y = rows()
    network = clf.Network("dense units=8 activation=tanh; dense units=3", epochs=3).fit(X, y)
    body = network.tensors["dense_1.weight"]
    network.freeze().remove_layer().add_layer("dense", units=2)
    assert network.params["frozen"] == "dense_1"
    network = clf.Model.load(network.to_bytes())
    network.fit(X, np.where(y > 0, "some", "none"))
    assert list(network.classes) == ["none", "some"]
    assert (network.tensors["dense_1.weight"] == body).all()
    network.freeze(["dense_2"]).fit(X, np.where(y > 0, "some", "none"))
    assert (network.tensors["dense_1.weight"] != body).any()
    with pytest.raises(clf.ArgumentError, match="conv2d_1"):
        network.freeze("conv2d_1")


def test_rows_are_none_of_the_classes():
    X, y = rows()
    far = np.vstack([X[:5], X[:5] + 1000])
    names = np.array(["a", "b", "c"])
    model = clf.Model("ridge", reject=0.05).fit(X, y)
    assert list(model.predict(far)[5:]) == [-1] * 5 and model.predict(far).dtype == y.dtype
    assert ((model.novelty(far) > 1) == (model.predict_indices(far) < 0)).all()
    assert model.predictor()(far[9]) == -1
    model = clf.Model("ridge").fit(X, names[y])
    with pytest.raises(clf.Unsupported, match="reject=RATE"):
        model.novelty(X)
    assert model.set_reject(X, names[y], rate=0.1) is model
    assert list(model.predict(far)[5:]) == [None] * 5
    assert model.predictor()(far[9]) is None
    assert model.predict(X[model.novelty(X) <= 1]).dtype.kind == "U"
    signs = clf.Model("ridge", reject=0.05).fit(X, np.where(y > 0, 1, -1))
    assert list(signs.predict(far)[5:]) == [None] * 5


def test_partial_fits_continue():
    X, y = rows()
    data = clf.Dataset(X, y)
    model = clf.Model("perceptron")
    for _ in range(5):
        for batch in data.batches(16):
            assert model.partial_fit(batch) is model
    assert model.score(data) > 0.9


def test_sums_add_up():
    X, y = rows()
    whole = clf.Model("ridge").fit(X, y)
    parts = clf.Model("ridge")
    for at in range(len(X)):
        assert parts.partial_fit(X[at:at + 1], y[at:at + 1]) is parts
    assert np.allclose(parts.decision_function(X), whole.decision_function(X), atol=1e-6)
    half = len(X) // 2
    one = clf.Model("fisher").partial_fit(X[:half], y[:half])
    two = clf.Model("fisher").partial_fit(X[half:], y[half:])
    both = clf.Model("fisher", incremental=True).fit(X, y)
    assert np.allclose(one.merge(two).decision_function(X), both.decision_function(X), atol=1e-6)
    two.partial_fit(X[:5], y[:5]).forget(X[:5], y[:5])
    rest = clf.Model("fisher").fit(X[half:], y[half:])
    assert np.allclose(two.decision_function(X), rest.decision_function(X), atol=1e-6)
    with pytest.raises(clf.Unsupported, match="incremental=true"):
        whole.forget(X[:5], y[:5])


def test_transforms_are_fitted_in_parts():
    X, _ = rows()
    for kind in ("standardize", "min_max", "pca"):
        parts = clf.Transform(kind)
        for first in range(0, len(X), 16):
            parts.partial_fit(X[first:first + 16])
        expected = clf.Transform(kind).fit(X).transform(X)
        assert np.allclose(parts.transform(X), expected, atol=1e-5)


def test_validation_is_scored():
    X, y = rows()
    network = clf.Network("dense units=3", epochs=3).fit(X, y, validation=(X, y))
    assert any(name.startswith("validation") for name in network.history)


def test_a_sequence_reads_step_by_step():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(20, 5, 2)).astype(np.float32)
    y = (X[:, :, 0].sum(1) > 0).astype(int)
    network = clf.Network("gru units=4; dense units=2", epochs=2).fit(X, y)
    sequence = clf.Sequence(network)
    for step in X[0]:
        sequence.feed(step[None])
    assert sequence.steps == 5
    assert np.allclose(sequence.predict_proba(), network.predict_proba(X[:1])[0], atol=1e-6)
    assert sequence.predict() == network.predict(X[:1])[0]
    network.fit(X, y)
    with pytest.raises(clf.ArgumentError, match="began"):
        sequence.feed(X[0])


def test_columns_are_found_by_their_names():
    X, y = rows()
    names = ["a", "b", "c", "d"]
    model = clf.Model("ridge").fit(clf.Dataset(X, y, column_names=names))
    assert model.feature_names == tuple(names)
    assert (model.predict(X) == model.predict(clf.Dataset(X, column_names=names))).all()
    for again in (model, clf.Model.load(model.to_bytes()), pickle.loads(pickle.dumps(model))):
        assert again.feature_names == tuple(names)
        moved = clf.Dataset(X[:, [0, 2, 1, 3, 0]], y, column_names=["a", "c", "b", "d", "more"])
        assert (again.predict(moved) == model.predict(X)).all() and again.score(moved) == model.score(X, y)
        with pytest.raises(clf.DataError, match="the rows lack the column 'b', which it was fitted on"):
            again.predict(clf.Dataset(X, column_names=["a", "c", "x", "d"]))
        with pytest.raises(clf.DataError, match="'b'"):
            again.score(clf.Dataset(X, y, column_names=["a", "c", "x", "d"]))
    assert clf.Model("ridge").feature_names is None and model.clone().feature_names is None
    assert model.fit(X, y).feature_names is None


def test_names_of_columns_come_from_files_and_can_be_chosen(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("id,b,a,kind\n9,1,2,x\n8,3,4,y\n")
    rows = clf.Dataset.load("csv", path, label="kind")
    assert rows.column_names == ("id", "b", "a")
    assert rows[:1].column_names == rows.column_names == copy.copy(rows).column_names
    assert pickle.loads(pickle.dumps(rows)).column_names == rows.column_names
    chosen = clf.Dataset.load("csv", path, label="kind", columns="a,b")
    assert chosen.column_names == ("a", "b") and chosen.X.tolist() == [[2, 1], [4, 3]]
    chosen.column_names = None
    assert chosen.column_names is None
    with pytest.raises(clf.ShapeError, match="3 names for 2 features"):
        chosen.column_names = "abc"


def test_predictions_of_sparse_rows_report_nothing_again():
    """What f32 loses of float64 values is reported by the fit; the decisions are the same."""
    sparse = pytest.importorskip("scipy.sparse")
    lines = []
    context = clf.Context(log=lambda level, line: lines.append(line))
    X = sparse.random(60, 5, 0.9, format="csr", random_state=0)
    X.data = 1e9 + X.data / 64  # apart by less than f32 resolves
    model = clf.Model("perceptron", context=context).fit(X, np.arange(60) % 2)
    assert any("f32" in line for line in lines)
    lines.clear()
    same = model.decision_function(X) == model.decision_function(X.astype(np.float32))
    assert same.all() and lines == []
    X.data[3] = 1e300
    with pytest.raises(clf.DataError, match="too large"):
        model.predict(X)


def test_columns_of_a_pipeline_have_names():
    X = np.array([[1.0, 2.0], [3.0, np.nan], [5.0, 4.0], [1.0, 0.0]])
    model = clf.Model("ridge").add_transform("impute", indicator=True)
    model.add_transform("one_hot", columns="1")
    model.fit(clf.Dataset(X, [0, 1, 1, 0]))
    assert model.columns == ["x0=1", "x0=3", "x0=5", "x1", "x2"]
    transform = clf.Transform("impute", strategy="median", columns="2")
    assert transform.fit_transform(X)[1].tolist() == [3.0, 2.0]
    assert transform.outputs == ["x0", "x1"]


def test_a_model_has_the_categories_of_its_rows():
    data = clf.Dataset([[0, 1.5], [1, 2.5], [0, 0.5], [1, 3.5]], [0, 1, 0, 1],
                       column_names=["city", "age"]).set_categories("city", ["Bern", "Ulm"])
    model = clf.Model("logistic").add_transform("one_hot").fit(data)
    assert model.categories == data.categories == {"city": ("Bern", "Ulm")}
    assert clf.Model("ridge").fit(np.eye(2), [0, 1]).categories == {}
