"""Estimators for tables, with missing values and categories, against scikit-learn's."""

import pickle

import numpy as np
import pytest

sklearn = pytest.importorskip("sklearn")
import scipy.sparse as sp  # noqa: E402
from sklearn import feature_extraction, impute, preprocessing  # noqa: E402

import libclassify as clf  # noqa: E402
from libclassify.sklearn import (  # noqa: E402
    FeatureHasher,
    LogisticRegression,
    OneHotEncoder,
    OrdinalEncoder,
    QuantileTransformer,
    RobustScaler,
    SimpleImputer,
    TargetEncoder,
)

random = np.random.RandomState(0)
X = random.randn(101, 4) * [1, 5, 1e3, 1e-3] + [0, 3, 1e6, 0]
LACKING = np.where(random.rand(101, 4) < 0.2, np.nan, np.round(X * [2, 1, 1e-2, 2e3]))
TEXTS = np.array([["a", None], ["b", "x"], ["a", "x"], [None, "y"]], object)


@pytest.mark.parametrize("params", [
    {}, {"with_centering": False}, {"with_scaling": False}, {"unit_variance": True},
    {"quantile_range": (10, 80)},
], ids=str)
def test_robust_scaler_is_theirs(params):
    ours = RobustScaler(**params).fit(X)
    theirs = preprocessing.RobustScaler(**params).fit(X)
    for name in ("center_", "scale_"):
        expected = getattr(theirs, name)
        if expected is None:
            assert getattr(ours, name) is None
        else:
            np.testing.assert_allclose(getattr(ours, name), expected, rtol=1e-12)
    np.testing.assert_allclose(ours.transform(X), theirs.transform(X), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(ours.inverse_transform(ours.transform(X)), X, rtol=1e-12, atol=1e-14)
    assert ours.transform(X.astype(np.float32)).dtype == np.float32


def test_robust_scaler_of_constant_and_of_sparse_features():
    rows = np.c_[np.full(5, 3.0), np.arange(5.0)]
    np.testing.assert_array_equal(RobustScaler().fit(rows).scale_, [1, 2])
    sparse = sp.csr_matrix(np.round(np.abs(X[:, :2])))
    ours = RobustScaler(with_centering=False).fit(sparse)
    theirs = preprocessing.RobustScaler(with_centering=False).fit(sparse)
    np.testing.assert_allclose(ours.transform(sparse).toarray(), theirs.transform(sparse).toarray())
    with pytest.raises(ValueError, match="with_centering=False"):
        RobustScaler().fit(sparse)


def test_robust_scaler_refuses_quantiles_that_cannot_be():
    for wrong in ((75, 25), (-1, 50), (50, 101)):
        with pytest.raises(ValueError, match="Invalid quantile range"):
            RobustScaler(quantile_range=wrong).fit(X)
    with pytest.raises(ValueError, match="unit_variance"):
        RobustScaler(quantile_range=(0, 50), unit_variance=True).fit(X)


@pytest.mark.parametrize("strategy", ["mean", "median", "most_frequent", "constant"])
@pytest.mark.parametrize("indicator", [False, True])
def test_simple_imputer_is_theirs(strategy, indicator):
    params = {"strategy": strategy, "add_indicator": indicator}
    ours = SimpleImputer(**params).fit(LACKING)
    theirs = impute.SimpleImputer(**params).fit(LACKING)
    np.testing.assert_allclose(ours.statistics_, theirs.statistics_.astype(float), rtol=1e-12)
    np.testing.assert_allclose(ours.transform(LACKING), theirs.transform(LACKING), rtol=1e-12)
    assert list(ours.get_feature_names_out()) == list(theirs.get_feature_names_out())
    again = pickle.loads(pickle.dumps(ours))
    np.testing.assert_array_equal(again.transform(LACKING), ours.transform(LACKING))
    assert ours.transform(LACKING.astype(np.float32)).dtype == np.float32


@pytest.mark.parametrize("params", [
    {"strategy": "most_frequent"}, {"strategy": "constant"},
    {"strategy": "constant", "fill_value": "z z"},
], ids=str)
def test_simple_imputer_of_texts_is_theirs(params):
    ours = SimpleImputer(missing_values=None, **params).fit(TEXTS)
    theirs = impute.SimpleImputer(missing_values=None, **params).fit(TEXTS)
    assert list(ours.statistics_) == list(theirs.statistics_)
    np.testing.assert_array_equal(ours.transform(TEXTS), theirs.transform(TEXTS))
    new = np.array([["new", None]], object)
    np.testing.assert_array_equal(ours.transform(new), theirs.transform(new))


def test_simple_imputer_of_other_missing_values():
    counts = random.randint(-1, 4, (30, 3))
    for strategy in ("mean", "most_frequent"):
        ours = SimpleImputer(missing_values=-1, strategy=strategy)
        theirs = impute.SimpleImputer(missing_values=-1, strategy=strategy)
        found, expected = ours.fit_transform(counts), theirs.fit_transform(counts)
        np.testing.assert_allclose(found, expected, rtol=1e-14)
        assert found.dtype == expected.dtype
    with pytest.raises(ValueError, match="NaN"):
        SimpleImputer(missing_values=-1).fit(LACKING)


@pytest.mark.parametrize("indicator", [False, True])
@pytest.mark.filterwarnings("ignore:Skipping features")
def test_simple_imputer_of_a_column_without_values(indicator):
    rows = np.c_[LACKING[:, :2], np.full(len(X), np.nan)]
    ours = SimpleImputer(add_indicator=indicator).fit(rows)
    theirs = impute.SimpleImputer(add_indicator=indicator).fit(rows)
    np.testing.assert_allclose(ours.statistics_, theirs.statistics_, rtol=1e-12)
    np.testing.assert_allclose(ours.transform(rows), theirs.transform(rows), rtol=1e-12)
    assert list(ours.get_feature_names_out()) == list(theirs.get_feature_names_out())
    kept = SimpleImputer(keep_empty_features=True).fit_transform(rows)
    np.testing.assert_array_equal(kept[:, 2], np.zeros(len(rows)))


def test_simple_imputer_refuses_what_it_lacks():
    with pytest.raises(clf.Unsupported, match="strategy"):
        SimpleImputer(strategy="mode").fit(LACKING)
    with pytest.raises(ValueError, match="is no number"):
        SimpleImputer(strategy="constant", fill_value="x").fit(LACKING)
    with pytest.raises(ValueError):
        SimpleImputer().fit(TEXTS)
    with pytest.raises(TypeError, match="each a number"):
        SimpleImputer(strategy="most_frequent").fit(np.array([["a"], [1]], object))
    with pytest.raises(TypeError, match="holds texts"):
        model = SimpleImputer(strategy="most_frequent").fit(np.array([[1.0], [None]], object))
        model.transform(np.array([["a"], [None]], object))


def categories(count=300):
    """Rows of texts of five and of two values, and of numbers."""
    rows = np.empty((count, 3), object)
    rows[:, 0] = random.choice(list("baced"), count, p=[0.4, 0.3, 0.2, 0.07, 0.03])
    rows[:, 1] = random.choice(["y", "x"], count)
    rows[:, 2] = random.choice([3, 1, 2], count)
    return rows


TABLE = categories()
WITHOUT_SOME = TABLE.copy()
WITHOUT_SOME[::7, 1] = None
OF_NAN = TABLE.copy()
OF_NAN[::7, 1] = np.nan
NUMBERS = random.randint(0, 4, (100, 3))
NAN = NUMBERS.astype(float)
NAN[0, 0] = np.nan
ROWS = {"table": TABLE, "missing": WITHOUT_SOME, "objects": OF_NAN,
        "texts": TABLE[:, :2].astype(str), "numbers": NUMBERS, "nan": NAN}
NEW = np.array([["new", "x", 7], ["a", "z", 1]], object)


@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize("params", [
    {}, {"drop": "first"}, {"drop": "if_binary"}, {"sparse_output": False, "dtype": np.int8},
    {"handle_unknown": "ignore"}, {"handle_unknown": "infrequent_if_exist"},
], ids=str)
def test_one_hot_encoder_is_theirs(rows, params):
    rows = ROWS[rows]
    ours, theirs = OneHotEncoder(**params).fit(rows), preprocessing.OneHotEncoder(**params).fit(rows)
    for found, expected in zip(ours.categories_, theirs.categories_):
        assert found.dtype == expected.dtype and str(list(found)) == str(list(expected))
    found, expected = ours.transform(rows), theirs.transform(rows)
    assert sp.issparse(found) == sp.issparse(expected) and found.dtype == expected.dtype
    dense, wanted = (x.toarray() if sp.issparse(x) else x for x in (found, expected))
    np.testing.assert_array_equal(dense, wanted)
    assert list(ours.get_feature_names_out()) == list(theirs.get_feature_names_out())
    assert str(ours.drop_idx_) == str(theirs.drop_idx_)
    back = ours.inverse_transform(found)
    assert str(back.tolist()) == str(theirs.inverse_transform(expected).tolist())
    again = pickle.loads(pickle.dumps(ours)).transform(rows)
    np.testing.assert_array_equal(again.toarray() if sp.issparse(again) else again, dense)


@pytest.mark.parametrize("params", [
    {"min_frequency": 40}, {"min_frequency": 0.1}, {"max_categories": 4},
    {"min_frequency": 40, "handle_unknown": "infrequent_if_exist"},
    {"max_categories": 4, "handle_unknown": "infrequent_if_exist"},
    {"min_frequency": 40, "handle_unknown": "ignore"}, {"min_frequency": 40, "drop": "first"},
], ids=str)
def test_one_hot_encoder_pools_rare_categories_as_theirs(params):
    ours = OneHotEncoder(**params).fit(TABLE)
    theirs = preprocessing.OneHotEncoder(**params).fit(TABLE)
    assert str(ours.infrequent_categories_) == str(theirs.infrequent_categories_)
    assert list(ours.get_feature_names_out()) == list(theirs.get_feature_names_out())
    for rows in (TABLE, NEW if "handle_unknown" in params else TABLE):
        found, expected = ours.transform(rows), theirs.transform(rows)
        np.testing.assert_array_equal(found.toarray(), expected.toarray())
        back = ours.inverse_transform(found)
        assert str(back.tolist()) == str(theirs.inverse_transform(expected).tolist())
    lacking = OneHotEncoder(min_frequency=40).fit(WITHOUT_SOME)
    assert list(lacking.get_feature_names_out()[-7:]) == [
        "x0_infrequent_sklearn", "x1_x", "x1_y", "x1_None", "x2_1", "x2_2", "x2_3"]


@pytest.mark.parametrize("rows", [name for name in ROWS if name != "missing"])  # None is NaN here
@pytest.mark.parametrize("params", [
    {}, {"handle_unknown": "use_encoded_value", "unknown_value": -1},
    {"handle_unknown": "use_encoded_value", "unknown_value": np.nan, "encoded_missing_value": -2},
], ids=str)
def test_ordinal_encoder_is_theirs(rows, params):
    rows = ROWS[rows]
    ours = OrdinalEncoder(**params).fit(rows)
    theirs = preprocessing.OrdinalEncoder(**params).fit(rows)
    found, expected = ours.transform(rows), theirs.transform(rows)
    np.testing.assert_array_equal(found, expected)
    back = theirs.inverse_transform(expected.copy())
    assert str(ours.inverse_transform(found).tolist()) == str(back.tolist())
    if rows is TABLE and params:
        np.testing.assert_array_equal(ours.transform(NEW), theirs.transform(NEW))


def test_ordinal_encoder_takes_none_as_nan():
    found = OrdinalEncoder().fit(OF_NAN).transform(WITHOUT_SOME)
    np.testing.assert_array_equal(found, OrdinalEncoder().fit_transform(OF_NAN))
    assert np.isnan(found[::7, 1]).all() and np.isnan(found).sum() == len(found[::7])


def test_ordinal_encoder_pools_rare_categories():
    ours = OrdinalEncoder(min_frequency=40).fit(TABLE)
    assert ours.infrequent_categories_[0].tolist() == ["d", "e"]
    first = TABLE[:, 0].astype(str)
    expected = np.select([first == "a", first == "b", first == "c"], [0, 1, 2], 3)
    np.testing.assert_array_equal(ours.transform(TABLE)[:, 0], expected)
    assert set(ours.inverse_transform(ours.transform(TABLE))[:, 0]) == {
        "a", "b", "c", "infrequent_sklearn"}


@pytest.mark.parametrize("kind", [OneHotEncoder, OrdinalEncoder])
def test_encoders_refuse_what_they_cannot_encode(kind):
    model = kind().fit(TABLE)
    with pytest.raises(ValueError, match=r"unknown categories \['new'\] in column 0"):
        model.transform(NEW)
    with pytest.raises(ValueError):
        model.transform(np.array([["a", None, 1]], object))
    with pytest.raises(TypeError, match="each a number"):
        kind().fit(np.array([["a"], [1]], object))
    with pytest.raises(clf.Unsupported, match="categories"):
        kind(categories=[["a"]]).fit(TABLE)
    with pytest.raises(clf.Unsupported, match="handle_unknown"):
        kind(handle_unknown="guess").fit(TABLE)
    with pytest.raises(clf.Unsupported, match="Transform"):
        kind.from_transform(model.transform_)
    with pytest.raises(ValueError, match="Shape of the passed"):
        model.inverse_transform(np.zeros((1, 99)))


def test_ordinal_encoder_refuses_numbers_that_are_taken():
    with pytest.raises(ValueError, match="number of a category"):
        OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=1).fit(TABLE)
    with pytest.raises(TypeError, match="unknown_value"):
        OrdinalEncoder(unknown_value=-1).fit(TABLE)
    with pytest.raises(ValueError, match="no NaN"):
        OrdinalEncoder(dtype=np.int32).fit_transform(WITHOUT_SOME)


def test_one_hot_encoder_refuses_zeros_that_are_no_category():
    model = OneHotEncoder().fit(TABLE)
    with pytest.raises(ValueError, match="no category"):
        model.inverse_transform(np.zeros((1, 10)))


def test_encoders_take_frames_in_pipelines():
    pandas = pytest.importorskip("pandas")
    from sklearn.compose import make_column_transformer
    from sklearn.pipeline import make_pipeline

    frame = pandas.DataFrame({"city": TABLE[:, 0].copy(), "age": X[:100, 0].tolist() * 3})
    frame.loc[::9, "city"] = np.nan
    frame.loc[::5, "age"] = np.nan
    y = np.where(frame["city"].isin(["a", "c"]), "yes", "no")
    names = OneHotEncoder().fit(frame[["city"]]).get_feature_names_out()
    assert list(names) == ["city_a", "city_b", "city_c", "city_d", "city_e", "city_nan"]
    steps = make_column_transformer(
        (make_pipeline(SimpleImputer(), RobustScaler()), ["age"]), (OneHotEncoder(), ["city"]))
    assert make_pipeline(steps, LogisticRegression()).fit(frame, y).score(frame, y) == 1
    assert OrdinalEncoder().fit(frame[["city"]].astype("category")).categories_[0][0] == "a"


@pytest.mark.parametrize("output", ["uniform", "normal"])
@pytest.mark.parametrize("count", [20, 1000])
@pytest.mark.filterwarnings("ignore:n_quantiles")
def test_quantile_transformer_is_theirs(output, count):
    params = {"n_quantiles": count, "output_distribution": output}
    ours = QuantileTransformer(**params).fit(X)
    theirs = preprocessing.QuantileTransformer(**params).fit(X)
    assert ours.n_quantiles_ == theirs.n_quantiles_ == min(count, len(X))
    np.testing.assert_allclose(ours.references_, theirs.references_, atol=1e-15)
    np.testing.assert_allclose(ours.quantiles_, theirs.quantiles_, rtol=1e-10)
    found = ours.transform(X)
    np.testing.assert_allclose(found, theirs.transform(X), atol=1e-6)
    np.testing.assert_allclose(ours.inverse_transform(found), X, rtol=1e-5, atol=1e-8)
    beyond = X * 3 - 1
    np.testing.assert_allclose(ours.transform(beyond), theirs.transform(beyond), atol=1e-6)
    assert ours.transform(X.astype(np.float32)).dtype == np.float32
    loaded = QuantileTransformer.load(ours.transform_.to_bytes())
    np.testing.assert_array_equal(loaded.transform(X), found)
    assert loaded.n_features_in_ == 4 and loaded.output_distribution == output


TARGETS = {
    "binary": np.where(random.rand(300) < 0.3, "q", "p"), "truth": random.rand(300) < 0.5,
    "multiclass": random.choice(list("uvw"), 300), "whole": random.randint(0, 3, 300) * 1.0,
    "continuous": random.randn(300) * 100 + 1e4,
}


@pytest.mark.parametrize("rows", ["table", "missing", "objects", "texts"])
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("smooth", ["auto", 0.0, 10.5])
def test_target_encoder_is_theirs(rows, target, smooth):
    if not hasattr(preprocessing, "TargetEncoder"):
        pytest.skip("scikit-learn has it from 1.3 on")
    rows, y = ROWS[rows], TARGETS[target]
    ours = TargetEncoder(smooth=smooth).fit(rows, y)
    theirs = preprocessing.TargetEncoder(smooth=smooth).fit(rows, y)
    assert len(ours.encodings_) == len(theirs.encodings_)
    for found, expected in zip(ours.encodings_, theirs.encodings_):
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(ours.target_mean_, theirs.target_mean_, rtol=1e-12)
    assert np.ndim(ours.target_mean_) == np.ndim(theirs.target_mean_)
    assert ours.target_type_ == theirs.target_type_
    assert str(ours.classes_) == str(theirs.classes_)
    assert list(ours.get_feature_names_out()) == list(theirs.get_feature_names_out())
    new = np.vstack([rows.astype(object), NEW[:, : rows.shape[1]]])
    np.testing.assert_allclose(ours.transform(new), theirs.transform(new), rtol=1e-6, atol=1e-14)
    again = pickle.loads(pickle.dumps(ours))
    np.testing.assert_array_equal(again.transform(new), ours.transform(new))


@pytest.mark.parametrize("target", TARGETS)
def test_target_encoder_takes_means_of_other_folds(target):
    y = TARGETS[target]
    kinds = np.unique(y) if target in ("multiclass", "whole") else np.unique(y)[-1:]
    truth = y[:, None] if target == "continuous" else np.float64(y[:, None] == kinds)
    model = TargetEncoder(cv=300, smooth=0.0)  # each row by all others, if rows have no strata
    if target == "continuous":
        same = TABLE[:, :1] == TABLE[:, :1].T
        others = (same @ truth - truth) / (same.sum(1, keepdims=True) - 1)
        np.testing.assert_allclose(model.fit_transform(TABLE[:, :1], y), others, rtol=1e-6)
    alone = np.arange(300.0)[:, None]  # a category for each row, so each gets a mean of all others
    model = TargetEncoder(cv=3, random_state=0)
    found = model.fit_transform(alone, y)
    assert found.dtype == np.float64 and found.shape == truth.shape
    assert len(np.unique(found, axis=0)) <= 3
    np.testing.assert_allclose(found.mean(0), truth.mean(0), rtol=1e-6)
    np.testing.assert_allclose(model.transform(alone), truth, rtol=1e-6)
    assert (TargetEncoder(cv=3, random_state=0).fit_transform(TABLE, y)
            == TargetEncoder(cv=3, random_state=0).fit_transform(TABLE, y)).all()
    assert (TargetEncoder(cv=3, random_state=1).fit_transform(TABLE, y)
            != TargetEncoder(cv=3, random_state=0).fit_transform(TABLE, y)).any()


def test_target_encoder_in_a_pipeline():
    from sklearn.pipeline import make_pipeline

    y = TARGETS["binary"]
    cities = random.choice(300, 300).astype(str)[:, None]  # which say nothing about y
    steps = make_pipeline(TargetEncoder(random_state=0), LogisticRegression()).fit(cities, y)
    encoded = steps[0].transform(cities)
    leaking = LogisticRegression().fit(encoded, y)
    assert leaking.score(encoded, y) > 0.8 and leaking.coef_[0, 0] > 2 > abs(steps[1].coef_[0, 0])


def test_target_encoder_refuses_what_it_lacks():
    y = TARGETS["multiclass"]
    for wrong in ({"cv": "folds"}, {"shuffle": False}, {"target_type": "text"},
                  {"categories": [["a"]]}):
        with pytest.raises(clf.Unsupported, match=next(iter(wrong))):
            TargetEncoder(**wrong).fit(TABLE, y)
    with pytest.raises(ValueError, match="target_type='binary'"):
        TargetEncoder(target_type="binary").fit(TABLE, y)
    with pytest.raises(ValueError):
        TargetEncoder(target_type="continuous").fit(TABLE, y)
    with pytest.raises(ValueError):
        TargetEncoder().fit(TABLE, None)
    numbers = TargetEncoder(target_type="continuous").fit(TABLE, TARGETS["whole"])
    assert numbers.classes_ is None
    fitted = TargetEncoder().fit(TABLE, y)
    before = fitted.transform(TABLE)
    with pytest.raises(ValueError):
        fitted.fit_transform(TABLE, y[:-1])
    np.testing.assert_array_equal(fitted.transform(TABLE), before)


SAMPLES = {
    "dict": [{"dog": 1, "cat": 2, "mouse": 4, "where": "here"}, {"dog": 2, "run": -5, "": 3}, {},
             {"run": 0, "Bär": 1.5, "where": "there"}],
    "pair": [[("a", 1), ("b", 2), ("a", 3)], [(b"a", 2), ("b", "c")], [("b", True)]],
    "string": [["a", "b", "a"], ("c", "x y"), [], ["b", "a"]],
}


@pytest.mark.parametrize("kind", SAMPLES)
@pytest.mark.parametrize("signs", [False, True])
def test_feature_hasher_has_their_products(kind, signs):
    params = {"input_type": kind, "alternate_sign": signs}
    rows = SAMPLES[kind]
    found = FeatureHasher(**params).transform(iter(rows))
    expected = feature_extraction.FeatureHasher(**params).transform(rows)
    assert found.shape == expected.shape and found.dtype == expected.dtype
    np.testing.assert_array_equal((found @ found.T).toarray(), (expected @ expected.T).toarray())
    if not signs:
        np.testing.assert_array_equal(found.sum(axis=1), expected.sum(axis=1))
    few = FeatureHasher(n_features=3, dtype=np.float32, **params).fit_transform(rows)
    assert few.shape == (len(rows), 3) and few.dtype == np.float32
    if not signs:
        np.testing.assert_allclose(few.sum(axis=1), expected.sum(axis=1))


def test_feature_hasher_is_the_transform_of_the_library():
    names = np.array([f"name {i}" for i in range(500)])
    hashed = FeatureHasher(n_features=64, input_type="string").fit_transform(names[:, None])
    table = clf.Dataset(np.arange(500.0)[:, None], column_names=["name"])
    table.set_categories(0, list(names))
    expected = clf.Transform("hash", size=64).fit_transform(table)
    np.testing.assert_array_equal(hashed.toarray(), expected)
    assert -60 < hashed.sum() < 60 and (abs(hashed).sum(axis=0) > 0).all()
    assert list(FeatureHasher(n_features=2).get_feature_names_out()) == [
        "featurehasher0", "featurehasher1"]
    again = pickle.loads(pickle.dumps(FeatureHasher(n_features=64, input_type="string")))
    assert (again.transform(names[:, None]) != hashed).nnz == 0


def test_feature_hasher_takes_frames():
    pandas = pytest.importorskip("pandas")
    from sklearn.compose import make_column_transformer
    from sklearn.pipeline import make_pipeline

    frame = pandas.DataFrame({"city": ["Bern", None, "Ulm", "Bern"], "age": [3, 4, np.nan, 1.5]})
    rows = [{"city": "Bern", "age": 3}, {"age": 4}, {"city": "Ulm"}, {"city": "Bern", "age": 1.5}]
    hasher = FeatureHasher(n_features=1000)
    assert (hasher.transform(frame) != hasher.transform(rows)).nnz == 0
    steps = make_column_transformer((hasher, ["city"]), (SimpleImputer(), ["age"]))
    y = ["in", "out", "out", "in"]
    assert make_pipeline(steps, LogisticRegression(C=100)).fit(frame, y).score(frame, y) == 1


def test_feature_hasher_refuses_what_it_cannot_hash():
    hasher = FeatureHasher()
    for wrong in ([], ["text"], [{"a": None}], [{"a": np.nan}], [{"a": np.inf}]):
        with pytest.raises(ValueError):
            hasher.transform(wrong)
    with pytest.raises(TypeError, match="must be strings"):
        hasher.transform([{1: 2}])
    for wrong in ({"n_features": 0}, {"input_type": "text"}):
        with pytest.raises(ValueError):
            FeatureHasher(**wrong).fit()
    assert FeatureHasher(n_features=5).transform([{}]).nnz == 0


def mixed(count, seed=0):
    """A frame of texts, categories, numbers and truth values with missing ones, and labels."""
    pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(seed)
    frame = pandas.DataFrame({
        "city": rng.choice(["Bern", "Ulm", "Graz", "Rom"], count).astype(object),
        "age": rng.normal(40, 10, count),
        "job": pandas.Categorical(rng.choice(["cook", "smith"], count)),
        "street": rng.integers(200, size=count).astype(str).astype(object),
        "fare": rng.gamma(2, size=count),
        "member": rng.random(count) < 0.5,
    })
    score = 2.0 * frame["city"].isin(["Bern", "Rom"]) + 0.05 * frame["age"] + (frame["job"] == "cook")
    score += 0.02 * (frame["street"].astype(int) % 100) + frame["member"] + 0.3 * frame["fare"]
    y = np.where(score + rng.normal(0, 0.5, count) > 6, "yes", "no")
    frame.loc[rng.random(count) < 0.1, "city"] = None
    frame.loc[rng.random(count) < 0.15, "age"] = np.nan
    return frame, y


def column_pipeline(of, encoder):
    """Steps by column, all but scikit-learn's ColumnTransformer and make_pipeline from `of`."""
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import make_pipeline

    steps = ColumnTransformer([
        ("numbers", make_pipeline(of.SimpleImputer(strategy="median", add_indicator=True),
                                  of.StandardScaler()), ["age", "fare"]),
        ("names", of.OneHotEncoder(handle_unknown="ignore"), ["city", "job"]),
        ("streets", encoder, ["street"]),
    ], remainder="passthrough")
    return make_pipeline(steps, of.LogisticRegression(max_iter=5000))


class Theirs:
    """scikit-learn's estimators of the same names."""

    SimpleImputer, OneHotEncoder = impute.SimpleImputer, preprocessing.OneHotEncoder
    StandardScaler = preprocessing.StandardScaler
    LogisticRegression = sklearn.linear_model.LogisticRegression


def test_a_mixed_frame_in_columns_of_scikit_learn():
    import libclassify.sklearn as ours

    train, y = mixed(2000)
    test, truth = mixed(2000, seed=1)
    model = column_pipeline(ours, OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=-1)).fit(train, y)
    theirs = column_pipeline(Theirs, preprocessing.OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=-1)).fit(train, y)
    assert abs(model.score(test, truth) - theirs.score(test, truth)) <= 0.005
    names = list(model[0].get_feature_names_out())
    assert names == list(theirs[0].get_feature_names_out()) and len(names) == 12
    by_street = column_pipeline(ours, TargetEncoder(random_state=0)).fit(train, y)
    assert by_street.score(test, truth) > model.score(test, truth) - 0.005
    by_hash = column_pipeline(ours, FeatureHasher(n_features=512)).fit(train, y)
    for fitted in (model, by_street, by_hash):
        found = fitted.predict_proba(test)
        again = pickle.loads(pickle.dumps(fitted))
        np.testing.assert_array_equal(again.predict_proba(test), found)
        np.testing.assert_array_equal(fitted.predict_proba(test[test.columns[::-1]]), found)
        np.testing.assert_array_equal(fitted.predict_proba(test.assign(more=1)), found)
        with pytest.raises((KeyError, ValueError), match="city"):
            fitted.predict(test.drop(columns="city"))
        strange = test.assign(city="Oslo", street="nowhere")
        assert fitted.predict_proba(strange).shape == (2000, 2)
        if fitted is model:  # all cities that it does not know are one
            other = test.assign(city="Lima", street="elsewhere")
            np.testing.assert_array_equal(
                fitted.predict_proba(strange), fitted.predict_proba(other))
    with pytest.raises(ValueError, match=r"unknown categories \['nowhere'\] in column 'street'"):
        column_pipeline(ours, OrdinalEncoder()).fit(train, y).predict(strange)


def test_a_mixed_frame_in_columns_of_a_model():
    train, y = mixed(2000)
    test, truth = mixed(2000, seed=1)

    def made(**one_hot):
        model = clf.Model("logistic")
        model.add_transform("impute", columns="age", strategy="median", indicator=True)
        model.add_transform("target_mean", columns="street")
        model.add_transform("one_hot", columns="city,job", **one_hot)
        return model.add_transform("standardize", columns="age,fare,street").fit(train, y)

    model = made(unknown="ignore")
    theirs = column_pipeline(Theirs, preprocessing.OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=-1)).fit(train, y)
    assert model.score(test, truth) > theirs.score(test, truth) - 0.005
    assert {"city=Bern", "city=(missing)", "job=smith", "fare", "member"} <= set(model.columns)
    found = model.predict_proba(test)
    for again in (pickle.loads(pickle.dumps(model)), clf.Model.load(model.to_bytes())):
        np.testing.assert_array_equal(again.predict_proba(test), found)
        np.testing.assert_array_equal(again.predict_proba(test[test.columns[::-1]]), found)
        np.testing.assert_array_equal(again.predict_proba(test.assign(more="x")), found)
        np.testing.assert_array_equal(again.predict_proba(test.iloc[:1]), found[:1])
    for wrong, message in ((test.drop(columns="city"), "lack the column 'city'"),
                           (test.assign(age="old"), "column 'age' holds categories"),
                           (test.assign(city=3.0), "column 'city' holds numbers")):
        with pytest.raises(ValueError, match=message):
            model.predict(wrong)
    strange, other = (test.assign(city=city, street=city) for city in ("Oslo", "Lima"))
    np.testing.assert_array_equal(model.predict_proba(strange), model.predict_proba(other))
    with pytest.raises(ValueError, match="'Oslo' in column 'city'"):
        made(unknown="error").predict(strange)
