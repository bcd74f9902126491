"""Rows far from 0 against scikit-learn and NumPy in f64, as f64 and as f32 rows."""

import classify as clf
import numpy as np
from classify import Dataset, Model, Transform

clf.sklearn()
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC

IRIS, KINDS = load_iris(return_X_y=True)
LABELS = KINDS.astype(np.int32)


def moved(offset, dtype):
    """Iris about `offset`, and the rows that are left of it near 0 by this type, exactly."""
    x = (IRIS + offset).astype(dtype)
    return x, x.astype(np.float64) - offset


def models_do_not_mind_where_0_is():
    for offset in 1e5, 1e7:
        for dtype in np.float64, np.float32:
            x, near = moved(offset, dtype)
            far, reference = Dataset(x, LABELS), Dataset(near.astype(np.float32), LABELS)
            for kind, params in ("ridge", None), ("fisher", None), ("logistic", None), ("svm", None), \
                    ("svm", "kernel=linear"), ("fisher", "kernel=rbf"):
                found = Model(kind, params).fit(far)
                expected = Model(kind, params).fit(reference)
                values, target = found.decision_function(far), expected.decision_function(reference)
                scale = np.abs(target).max()
                error = np.abs(values - target).max() / scale
                what = f"{kind} {params} at {offset:g} in {dtype.__name__}"
                assert error < 2e-3, f"{what}: {error}"  # the solvers' tolerances
                assert abs(found.score(far) - expected.score(reference)) <= 0.0067, what
            assert Model("perceptron").fit(far).score(far) > 0.9


def gamma_scale_is_that_of_all_values():
    """var(X) over all values, the columns' different places included."""
    x = IRIS + np.array([1e6, 2e6, 3e6, -1e6]) * 1e-3
    found = Model("svm", "gamma=scale C=1e6 tolerance=1e-6").fit(Dataset(x + 1e5, LABELS))
    expected = SVC(C=1e6, tol=1e-6).fit(x + 1e5, KINDS)
    clf.close(found.tensor("kernel_gamma"), [expected._gamma], 1e-6, "gamma")


def transforms_work_in_f64():
    random = np.random.default_rng(1)
    for offset in 0, 1e5, 1e7, 1e9:
        x = random.normal(size=(300, 5)) @ random.normal(size=(5, 5)) + offset
        data = Dataset(x)
        for kind, reference in ("standardize", StandardScaler()), ("min_max", MinMaxScaler()):
            found = Transform(kind).fit(data).apply(data).tensor("x")
            assert found.dtype == np.float32
            clf.close(found, reference.fit_transform(x), 2e-6, f"{kind} at {offset:g}")
        centered = x - x.mean(0)
        reference = PCA().fit(centered)
        for solver in "gram", "covariance":
            found = Transform("pca", f"solver={solver} components=3").fit(data).apply(data).tensor("x")
            expected = centered @ reference.components_[:3].T
            signs = np.sign((found * expected).sum(0))
            clf.close(found * signs, expected, 2e-5 * np.abs(expected).max(), f"pca {solver} at {offset:g}")


def products_of_f64_rows_stay_f64():
    x = 1.7e9 + np.arange(40.0)[:, None] * np.array([1, 3])
    found = Transform("polynomial", "degree=2").fit(Dataset(x)).apply(Dataset(x)).tensor("x")
    expected = np.stack([x[:, 0], x[:, 1], x[:, 0] ** 2, x[:, 0] * x[:, 1], x[:, 1] ** 2], 1)
    assert found.dtype == np.float64 and (found == expected).all()


if __name__ == "__main__":
    clf.run([models_do_not_mind_where_0_is, gamma_scale_is_that_of_all_values,
             transforms_work_in_f64, products_of_f64_rows_stay_f64])
