"""Learning in parts: what a partial fit of one row of 784 features takes, how far 10,000 of them are
from one fit, what forgetting and merging leave, and what warm starts save. Run by hand, with
PYTHONPATH and CLASSIFY_LIBRARY as tests/python/meson.build sets them; numbers of rows may be given:
incremental.py [ROWS]."""
import ctypes
import sys
import time

import numpy as np
import sklearn.datasets

import libclassify as clf
from libclassify._library import lib


def rows(count, columns, classes, dtype, seed=0):
    """Rows like digits: classes that differ, and columns that are nearly constant."""
    rng = np.random.default_rng(seed)
    centers = rng.random((classes, columns)) * (rng.random(columns) < 0.8)
    y = rng.integers(0, classes, count)
    x = np.clip(centers[y] + 0.3 * rng.normal(size=(count, columns)) * (centers.max(0) > 0), 0, 1)
    return (np.round(255 * x).astype(np.uint8) if dtype == np.uint8 else x.astype(dtype)), y


def single_rows(X, y):
    """Datasets of a row each, which are made before the clock starts."""
    return [clf.Dataset(X[i:i + 1], y[i:i + 1]) for i in range(len(X))]


def seconds_each(model, datasets):
    """Processor seconds of clf_model_partial_fit() alone."""
    call = lib.clf_model_partial_fit
    own, handles = model._as_parameter_, [data._as_parameter_ for data in datasets]
    start = time.process_time()
    for handle in handles:
        if call(own, handle) < 0:
            raise SystemExit("a partial fit failed")
    return (time.process_time() - start) / len(handles)


def distance(one, other, X):
    a, b = one.decision_function(X), other.decision_function(X)
    return np.abs(a - b).max() / np.abs(a).max()


def one_row_at_a_time(count):
    for dtype in (np.uint8, np.float32, np.float64):
        X, y = rows(2000 + count, 784, 10, dtype)
        for kind, params in (("ridge", {"alpha": 1.0}), ("ridge", {"alpha": 1e-6}), ("fisher", {})):
            model = clf.Model(kind, **params).partial_fit(X[:2000], y[:2000])
            single = single_rows(X[2000:], y[2000:])
            each = seconds_each(model, single)
            start = time.process_time()
            model.predict(X[:1])
            solve = time.process_time() - start
            whole = clf.Model(kind, incremental=True, **params).fit(X, y)
            plain = clf.Model(kind, **params).fit(X, y)
            print(f"{kind:6} {params} {np.dtype(dtype).name:7}: {1e3 * each:.3f} ms a row, "
                  f"{1e3 * solve:.0f} ms at the next prediction; {count} rows one by one differ from "
                  f"one fit of the sums by {distance(whole, model, X[:2000]):.1e}, "
                  f"of the rows by {distance(plain, model, X[:2000]):.1e}")


def forget_and_merge():
    X, y = rows(8000, 784, 10, np.float32)
    for kind in ("ridge", "fisher"):
        model = clf.Model(kind, incremental=True).fit(X, y)
        start = time.process_time()
        model.forget(X[6000:], y[6000:])
        model.predict(X[:1])
        seconds = time.process_time() - start
        never = clf.Model(kind).fit(X[:6000], y[:6000])
        one = clf.Model(kind).partial_fit(X[:4000], y[:4000])
        two = clf.Model(kind).partial_fit(X[4000:], y[4000:])
        both = clf.Model(kind).fit(X, y)
        print(f"{kind:6}: forgetting 2,000 of 8,000 rows takes {1e3 * seconds:.0f} ms and differs from "
              f"a fit without them by {distance(never, model, X):.1e}; two models merged from the fit "
              f"of both by {distance(both, one.merge(two), X):.1e}")


def warm_starts():
    X, y = rows(8000, 100, 10, np.float32)
    cold = clf.Model("logistic", C=2.0)
    warm = clf.Model("logistic", C=1.0, warm_start=True).fit(X, y)
    warm.set_params(C=2.0)
    for name, model in (("cold", cold), ("warm", warm)):
        start = time.process_time()
        model.fit(X, y)
        print(f"logistic, {name}: {int(model.tensors['iterations'][0])} iterations, "
              f"{1e3 * (time.process_time() - start):.0f} ms")
    print(f"they differ by {distance(cold, warm, X):.1e}")


def machines():
    X, y = sklearn.datasets.load_digits(return_X_y=True)
    X = (X / 16).astype(np.float32)
    for first, then in ((dict(C=1.0), dict(C=2.0)), (dict(C=2.0), dict(C=1.0)),
                        (dict(C=10.0), dict(C=20.0)), (dict(C=100.0), dict(C=200.0)),
                        (dict(tolerance=1e-3), dict(tolerance=1e-5))):
        for multiclass in ("one_vs_one", "one_vs_rest"):
            cold = clf.Model("svm", gamma=0.02, multiclass=multiclass, **then)
            warm = clf.Model("svm", gamma=0.02, multiclass=multiclass, warm_start=True, **first)
            warm.fit(X, y).set_params(**then)
            found = []
            for model in (cold, warm):
                start = time.process_time()
                model.fit(X, y)
                found.append(f"{model.tensors['iterations'].sum()} steps, "
                             f"{1e3 * (time.process_time() - start):.0f} ms")
            gap = warm.tensors["objective"] / cold.tensors["objective"] - 1
            print(f"svm, {multiclass}, {first} to {then}: cold {found[0]}; warm {found[1]}; "
                  f"objectives differ by {np.abs(gap).max():.1e}")


if __name__ == "__main__":
    assert ctypes.sizeof(ctypes.c_void_p) == 8
    one_row_at_a_time(int(sys.argv[1]) if len(sys.argv) > 1 else 10000)
    forget_and_merge()
    warm_starts()
    machines()
