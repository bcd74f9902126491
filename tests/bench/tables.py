"""Tables of mixed columns: the accuracy of pipelines beside scikit-learn's ColumnTransformer on the
same rows and folds, and the time and the memory of the transforms of tables.

    CLASSIFY_LIBRARY=build/lib/libclassify.so tests/bench/tables.py [rows] [--json FILE]

Tables: a made one like the Titanic's passengers, and those that scikit-learn ships, of which some
values are taken away and some columns are cut into categories.
"""

import argparse
import ctypes as C
import pathlib
import resource
import sys

import numpy as np
import results

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "parity"))
import classify as clf
from classify import Dataset, Model, Transform, call, i64, lib

from sklearn import datasets
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    OneHotEncoder, OrdinalEncoder, QuantileTransformer, RobustScaler, StandardScaler, TargetEncoder)

random = np.random.default_rng(1)
FOLDS = 5


def table(columns, y=None):
    """A dataset of columns; those of texts become categories, None and NaN are missing."""
    x = np.empty((len(columns[0]), len(columns)), np.float32)
    names = {}
    for j, column in enumerate(columns):
        if column.dtype == object:
            found = sorted({value for value in column if value is not None})
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


def passengers(count=10000):
    level, port = random.choice(3, count, p=[0.25, 0.2, 0.55]), random.choice(3, count)
    age = np.clip(random.normal(30 - 4 * level, 13, count), 1, 80)
    fare = np.exp(random.normal(4 - level, 0.7, count))
    cabin = random.integers(0, 120, count)
    deck = random.normal(0, 1, 120)
    chance = 1 / (1 + np.exp(-(1.5 - level - (age - 30) / 25 + 0.6 * (port == 1) + deck[cabin])))
    y = (random.random(count) < chance).astype(np.int32)
    age[random.random(count) < 0.2] = np.nan
    texts = [np.array([f"{prefix}{v}" for v in values], object)
             for prefix, values in (("port", port), ("class", level), ("cabin", cabin))]
    texts[0][random.random(count) < 0.02] = None
    return "passengers", [age, fare, *texts], y


def shipped(load):
    data = load()
    columns = []
    for j in range(data.data.shape[1]):
        column = data.data[:, j].astype(float)
        column[random.random(len(column)) < 0.1] = np.nan
        if j % 3 == 0:
            edges = np.nanquantile(column, [0.2, 0.4, 0.6, 0.8])
            column = np.array([None if np.isnan(v) else f"level {np.searchsorted(edges, v)}"
                               for v in column], object)
        columns.append(column)
    return load.__name__[5:], columns, data.target.astype(np.int32)


def ours(columns, y, encoder, train, test):
    numbers = ",".join(str(j + 1) for j, c in enumerate(columns) if c.dtype != object)
    model = Model("logistic", "C=1")
    for kind, params in [("impute", f"columns={numbers} strategy=median"),
                         ("standardize", f"columns={numbers}"), encoder]:
        call("clf_model_add_transform", model, kind, params)
    call("clf_model_fit", model, table([c[train] for c in columns], y[train]), None, None)
    found = np.empty(len(test), np.int32)
    rows = table([c[test] for c in columns])
    call("clf_model_predict", model, rows, C.c_void_p(found.ctypes.data), i64(len(test)))
    return np.mean(found == y[test])


def theirs(columns, y, encoder, train, test):
    numbers = [j for j, c in enumerate(columns) if c.dtype != object]
    texts = [j for j, c in enumerate(columns) if c.dtype == object]
    rows = np.empty((len(y), len(columns)), object)
    for j, column in enumerate(columns):
        rows[:, j] = column
    model = make_pipeline(ColumnTransformer([
        ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
        ("texts", encoder, texts)]), LogisticRegression(max_iter=1000))
    return np.mean(model.fit(rows[train], y[train]).predict(rows[test]) == y[test])


def accuracies(kept):
    print(f"{'table':16}{'encoder':14}{'ours':>8}{'theirs':>8}")
    encoders = [
        (("one_hot", "unknown=ignore"), OneHotEncoder(handle_unknown="ignore")),
        (("one_hot", "unknown=own min_frequency=20"),
         OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=20)),
        (("target_mean", None), TargetEncoder()),
    ]
    tables = [passengers(), shipped(datasets.load_breast_cancer), shipped(datasets.load_wine)]
    for name, columns, y in tables:
        for own, other in encoders:
            scores = []
            for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=2).split(y, y):
                scores.append((ours(columns, y, own, train, test),
                               theirs(columns, y, other, train, test)))
            mine, peer = np.mean(scores, 0)
            for by, accuracy in (("libclassify", mine), ("sklearn", peer)):
                kept.add(table=name, transform=" ".join(filter(None, own)), by=by, test_accuracy=accuracy)
            print(f"{name:16}{own[0]:14}{mine:8.4f}{peer:8.4f}")


def seconds(run):
    return results.timed(run)[1]


def speeds(count, kept):
    codes = random.integers(0, 1000, count).astype(np.float32)
    y = (random.random(count) < 0.5).astype(np.int32)
    numbers = random.normal(size=(count, 4)).astype(np.float32)
    column, data, labelled = codes[:, None], Dataset(numbers), Dataset(codes[:, None], y)

    def own(kind, params, rows):
        out = Dataset()
        call("clf_transform_fit_apply", C.byref(out.handle), Transform(kind, params), rows)
        return out

    print(f"\n{count} rows, processor seconds of fit and transform\n{'':14}{'ours':>8}{'theirs':>8}")
    for name, mine, peer in [
        ("one_hot", lambda: own("one_hot", "columns=1", labelled),
         lambda: OneHotEncoder().fit_transform(column)),
        ("ordinal", lambda: own("ordinal", "columns=1", labelled),
         lambda: OrdinalEncoder().fit_transform(column)),
        ("target_mean", lambda: own("target_mean", "columns=1", labelled),
         lambda: TargetEncoder().fit_transform(column, y)),
        ("impute", lambda: own("impute", "strategy=median", data),
         lambda: SimpleImputer(strategy="median").fit_transform(numbers)),
        ("robust", lambda: own("robust", None, data), lambda: RobustScaler().fit_transform(numbers)),
        ("quantile", lambda: own("quantile", None, data),
         lambda: QuantileTransformer(subsample=None).fit_transform(numbers)),
    ]:
        taken = {"libclassify": seconds(mine), "sklearn": seconds(peer)}
        for by, value in taken.items():
            kept.add(transform=name, rows=count, by=by, threads=1, work_cpu_seconds=value)
        print(f"{name:14}" + "".join(f"{value:8.3f}" for value in taken.values()))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    made = own("one_hot", "columns=1", labelled)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"one_hot of 1,000 categories: sparse {lib.clf_dataset_sparse(made.handle)}, "
          f"{lib.clf_dataset_nonzeros(made.handle)} entries, {(after - before) / 1024:.0f} MB more")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("rows", nargs="?", type=int, default=1000000)
    results.add_option(parser)
    options = parser.parse_args()
    found = results.Results(options.json)
    accuracies(found)
    speeds(options.rows, found)
