"""The transforms of tables against scikit-learn's encoders on the same rows: categories, missing
values, and pipelines of groups of columns."""

import ctypes as C

import classify as clf
import numpy as np
from classify import Dataset, Model, Transform, call, close, i64, lib

clf.sklearn()
from sklearn import preprocessing
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    OneHotEncoder, OrdinalEncoder, QuantileTransformer, RobustScaler, StandardScaler)

random = np.random.default_rng(5)
PORTS = np.array(["Southampton", "Cherbourg", "Queenstown"])
CLASSES = np.array(["first", "second", "third"])


def table(columns, y=None):
    """A dataset of columns: those of texts become categories, None and NaN are missing."""
    x = np.empty((len(columns[0]), len(columns)), np.float32)
    names = {}
    for j, column in enumerate(columns):
        if column.dtype == object:
            found = list(dict.fromkeys(value for value in column if value is not None))
            codes = {name: code for code, name in enumerate(found)}
            x[:, j] = [np.nan if value is None else codes[value] for value in column]
            names[j] = found
        else:
            x[:, j] = column
    data = Dataset(x, y)
    for j, found in names.items():
        texts = (C.c_char_p * len(found))(*[name.encode() for name in found])
        call("clf_dataset_set_categories", data, i64(j), texts, i64(len(found)))
    return data


def fit_and_apply(kind, params, train, rows):
    out = Transform(kind, params).fit(train).apply(rows)
    if not lib.clf_dataset_sparse(out.handle):
        return out.tensor("x")
    import scipy.sparse
    start = out.tensor("row_start")
    shape = (len(start) - 1, lib.clf_dataset_features(out.handle))
    return scipy.sparse.csr_matrix(
        (out.tensor("value"), out.tensor("column"), start), shape=shape).toarray()


def texts(count=600):
    words = np.array(["b", "a", "c", "dd", "e", "f"], object)
    one = random.choice(words, count, p=[0.4, 0.3, 0.15, 0.1, 0.03, 0.02])
    return one, random.choice(np.array(["x", "y"], object), count)


def one_hot_and_ordinal__as_scikit_learns():
    columns = texts()
    train, rows = table(columns), np.stack(columns, 1)
    for params, options in [
        (None, {}),
        ("min_frequency=30", {"min_frequency": 30}),
        ("min_frequency=0.08", {"min_frequency": 0.08}),
        ("max_categories=3", {"max_categories": 3}),
        ("drop=first", {"drop": "first"}),
        ("drop=binary sparse=true", {"drop": "if_binary"}),
    ]:
        expected = OneHotEncoder(**options).fit_transform(rows).toarray()
        close(fit_and_apply("one_hot", params, train, train), expected, 0, f"one_hot {params}")
    close(fit_and_apply("ordinal", None, train, train), OrdinalEncoder().fit_transform(rows), 0,
          "ordinal")


def impute_robust_and_quantile__as_scikit_learns():
    x = random.normal(size=(300, 4)).astype(np.float32)
    x[:, 1] = np.round(x[:, 1] * 2)
    data = Dataset(x)
    close(fit_and_apply("robust", None, data, data), RobustScaler().fit_transform(x), 1e-6, "robust")
    for count in (50, 300):
        for output in ("uniform", "normal"):
            expected = QuantileTransformer(n_quantiles=count, output_distribution=output,
                                           subsample=10**6).fit_transform(x.astype(float))
            found = fit_and_apply("quantile", f"quantiles={count} output={output}", data, data)
            # theirs interpolates at ties where rounding puts the quantile of a share between two
            close(found, expected, 1e-6 if count == 50 else 0.1, f"quantile {count} {output}")
    x[random.random(x.shape) < 0.2] = np.nan
    data = Dataset(x)
    for strategy in ("mean", "median", "most_frequent"):
        expected = SimpleImputer(strategy=strategy).fit_transform(x.astype(float))
        close(fit_and_apply("impute", f"strategy={strategy}", data, data), expected, 1e-6, strategy)


def target_mean__as_scikit_learns():
    if not hasattr(preprocessing, "TargetEncoder"):
        return  # before 1.3
    columns = texts()
    rows = np.stack(columns, 1)
    for classes, kind in ((2, "binary"), (3, "multiclass")):
        y = random.integers(0, classes, len(rows)).astype(np.int32)
        train = table(columns, y)
        for smooth in ("auto", 5.0):
            theirs = preprocessing.TargetEncoder(smooth=smooth, target_type=kind).fit(rows, y)
            found = fit_and_apply("target_mean", f"smoothing={smooth}", train, train)
            close(found, theirs.transform(rows), 1e-6, f"target_mean {kind} {smooth}")


def passengers(count):
    """Like those of the Titanic: ages and fares, some missing, ports and classes."""
    level = random.choice(3, count, p=[0.25, 0.2, 0.55])
    port = random.choice(3, count, p=[0.7, 0.2, 0.1])
    age = np.clip(random.normal(30 - 4 * level, 13, count), 1, 80)
    fare = np.exp(random.normal(4 - level, 0.7, count))
    chance = 1 / (1 + np.exp(-(1.8 - level - (age - 30) / 25 + 0.6 * (port == 1))))
    y = (random.random(count) < chance).astype(np.int32)
    age[random.random(count) < 0.2] = np.nan
    port = PORTS.astype(object)[port]
    port[random.random(count) < 0.02] = None
    return [age.astype(np.float32), fare.astype(np.float32), port, CLASSES.astype(object)[level]], y


def pipelines__are_as_accurate_as_column_transformers():
    (train, y), (test, truth) = passengers(3000), passengers(3000)
    model = Model("logistic", "C=1")
    for kind, params in [("impute", "columns=1,2 strategy=median"), ("log", "columns=2"),
                         ("standardize", "columns=1,2"), ("one_hot", "columns=3,4")]:
        call("clf_model_add_transform", model, kind, params)
    call("clf_model_fit", model, table(train, y), None, None)
    found = np.empty(len(truth), np.int32)
    call("clf_model_predict", model, table(test), C.c_void_p(found.ctypes.data), i64(len(truth)))
    theirs = make_pipeline(
        ColumnTransformer([
            ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), [0, 1]),
            ("categories", OneHotEncoder(), [2, 3]),
        ]), LogisticRegression())
    theirs.fit(objects(train), y)
    expected = theirs.predict(objects(test))
    ours, other = np.mean(found == truth), np.mean(expected == truth)
    assert abs(ours - other) < 0.005, f"{ours} against {other}"


def objects(columns):
    rows = np.empty((len(columns[0]), len(columns)), object)
    for j, column in enumerate(columns):
        rows[:, j] = np.log1p(column) if j == 1 else column
    return rows


if __name__ == "__main__":
    clf.run([one_hot_and_ordinal__as_scikit_learns, impute_robust_and_quantile__as_scikit_learns,
             target_mean__as_scikit_learns, pipelines__are_as_accurate_as_column_transformers])
