"""The kernel Fisher discriminant against its definition in NumPy: a dense solve in double precision
of the regularised system, then scikit-learn's linear discriminant on the rows' images."""

import classify as clf
import numpy as np

clf.sklearn()
from scipy import sparse
from sklearn import datasets
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import pairwise

SETS = [datasets.load_iris, datasets.load_wine, datasets.load_breast_cancer, datasets.load_digits]
KERNELS = {
    "linear": lambda a, b: a @ b.T,
    "rbf": lambda a, b: pairwise.rbf_kernel(a, b, 0.05),
    "polynomial": lambda a, b: (0.05 * a @ b.T + 1) ** 3,
    "sigmoid": lambda a, b: np.tanh(0.002 * a @ b.T - 0.1),
}
PARAMS = {"linear": "", "rbf": "gamma=0.05", "polynomial": "gamma=0.05 coef0=1 degree=3",
          "sigmoid": "gamma=0.002 coef0=-0.1"}


def rows_of(load, most=400):
    x, y = load(return_X_y=True)
    order = np.random.default_rng(1).permutation(len(x))[:most]
    x, y = x[order], y[order]
    x = (x - x.mean(0)) / np.where(x.std(0) > 0, x.std(0), 1)
    return x.astype(np.float32), y


def responses(y, w):
    """An orthonormal basis, weighted, of what is constant in each class and orthogonal to 1."""
    t = (y[:, None] == np.unique(y)).astype(float)
    t -= w @ t / w.sum()
    u, _, _ = np.linalg.svd(np.sqrt(w)[:, None] * t, full_matrices=False)
    return u[:, :-1] / np.sqrt(w)[:, None] * np.sqrt(w.sum())


def solve(k, y, w, alpha):
    """(K + alpha / W) a + b = t, sum a = 0, as one bordered system."""
    n, t = len(y), responses(y, w)
    system = np.ones((n + 1, n + 1))
    system[:n, :n] = k + alpha * np.diag(1 / w)
    system[n, n] = 0
    return np.linalg.solve(system, np.vstack([t, np.zeros(t.shape[1])]))[:n]


def solve_landmarks(k_nm, k_mm, y, w, alpha):
    """The minimum of |W^1/2 (K_nm a + b - t)|^2 + alpha a' K_mm a by an orthogonal decomposition."""
    t = responses(y, w)
    root = np.sqrt(w)[:, None]
    values, vectors = np.linalg.eigh(k_mm)
    penalty = np.sqrt(np.maximum(alpha * values, 0))[:, None] * vectors.T
    a = np.block([[root * k_nm, root], [penalty, np.zeros((len(k_mm), 1))]])
    return np.linalg.lstsq(a, np.vstack([root * t, np.zeros((len(k_mm), t.shape[1]))]),
                           rcond=1e-13)[0][:-1]


def classify(images, y, new, w=None):
    """Gaussians with one covariance (divisor: sum of the weights) on the images."""
    w = np.ones(len(y)) if w is None else w
    classes = np.unique(y)
    mean = np.array([np.average(images[y == c], 0, w[y == c]) for c in classes])
    prior = np.array([w[y == c].sum() for c in classes]) / w.sum()
    about = images - mean[np.searchsorted(classes, y)]
    covariance = (w[:, None] * about).T @ about / w.sum()
    to = np.linalg.solve(covariance, mean.T).T
    return new @ to.T + np.log(prior) - (mean * to).sum(1) / 2


def compare(model, data, expected, tolerance, what):
    """Decisions up to a constant of the row."""
    found = model.decision_function(data)
    clf.close(found - found.mean(1, keepdims=True),
              expected - expected.mean(1, keepdims=True), tolerance, what)


def fisher__solves_the_dense_system():
    for load in SETS:
        x, y = rows_of(load)
        data = clf.Dataset(x, y)
        for name, kernel in KERNELS.items():
            for alpha in (0.1, 1, 10):
                k = kernel(x.astype(float), x.astype(float))
                values = np.linalg.eigvalsh(k)
                if values[0] < -alpha / 2 or values[-1] > 1e5 * alpha:
                    continue  # not definite, or beyond floats
                images = k @ solve(k, y, np.ones(len(y)), alpha)
                expected = classify(images, y, images)
                for solver in ("cholesky", "cg residual=1e-6"):
                    model = clf.Model("fisher", f"kernel={name} {PARAMS[name]} alpha={alpha} "
                                                f"landmarks=0 solver={solver}").fit(data)
                    what = f"{load.__name__}, {name}, alpha {alpha}, {solver}"
                    compare(model, data, expected, 5e-3 if alpha > 0.1 else 1e-2, what)
                    lda = LinearDiscriminantAnalysis(solver="svd").fit(images, y)
                    differ = (model.predict(data) != lda.predict(images)).mean()
                    assert differ <= 0.005, f"{what}: {differ} of the labels differ"


def fisher__solves_for_landmarks():
    for load in SETS:
        x, y = rows_of(load)
        data = clf.Dataset(x, y)
        for name, kernel in KERNELS.items():
            if name == "sigmoid":
                continue  # lstsq above needs a penalty that is not negative
            model = clf.Model("fisher", f"kernel={name} {PARAMS[name]} alpha=0.5 landmarks=60")
            model.fit(data)
            z = model.tensor("support")
            assert len(z) == 60 and (np.diff(z) > 0).all()
            share = np.unique(y[z], return_counts=True)[1] / 60
            assert np.abs(share - np.unique(y, return_counts=True)[1] / len(y)).max() < 0.03
            k = kernel(x.astype(float), x[z].astype(float))
            a = solve_landmarks(k, k[z], y, np.ones(len(y)), 0.5)
            compare(model, data, classify(k @ a, y, k @ a), 5e-3, f"{load.__name__}, {name}")


def fisher__weighs_rows():
    x, y = rows_of(datasets.load_wine)
    rng = np.random.default_rng(2)
    w = rng.integers(0, 4, len(y)).astype(np.float32)
    data, kept = clf.Dataset(x, y, weights=w), w > 0
    repeated = np.repeat(np.arange(len(y)), w.astype(int))
    k = KERNELS["rbf"](x.astype(float), x.astype(float))
    for solver in ("landmarks=0 solver=cholesky", "landmarks=0 solver=cg residual=1e-6",
                   "landmarks=50"):
        model = clf.Model("fisher", f"kernel=rbf gamma=0.05 alpha=0.5 {solver}").fit(data)
        z = model.tensor("support")
        assert (w[z] > 0).all()
        # Weights are what repeating a row means, but for the divisor of the covariance.
        own = np.ones(len(repeated))
        if "landmarks=0" in solver:
            a = solve(k[np.ix_(kept, kept)], y[kept], w[kept].astype(float), 0.5)
        else:
            a = solve_landmarks(k[np.ix_(repeated, z)], k[np.ix_(z, z)], y[repeated], own, 0.5)
        images = k[:, z] @ a
        compare(model, data, classify(images[kept], y[kept], images, w[kept]), 5e-3, solver)


def fisher__with_a_linear_kernel_is_the_linear_discriminant():
    for load in (datasets.load_iris, datasets.load_wine):
        x, y = rows_of(load)
        data = clf.Dataset(x, y)
        plain = clf.Model("fisher").fit(data)
        for solver in ("landmarks=0", "landmarks=100"):
            model = clf.Model("fisher", f"kernel=linear alpha=0.001 {solver}").fit(data)
            compare(model, data, plain.decision_function(data).astype(float), 1e-2, solver)
            found, expected = model.transform(data), plain.transform(data)
            sign = np.sign((found * expected).sum(0))
            clf.close(found * sign, expected, 1e-2, "axes, " + solver)


def fisher__takes_sparse_and_precomputed_rows():
    x, y = rows_of(datasets.load_digits)
    x = np.where(x > 0, x, 0).astype(np.float32)
    new = x[:50]
    dense, thin = clf.Dataset(x, y), clf.Dataset(sparse.csr_matrix(x), y)
    for params in ("landmarks=0", "landmarks=100", "landmarks=0 solver=cg"):
        params = "kernel=rbf gamma=0.02 alpha=0.5 " + params
        model, other = clf.Model("fisher", params).fit(dense), clf.Model("fisher", params).fit(thin)
        expected = model.decision_function(clf.Dataset(new))
        for fitted in (model, other):
            for rows in (new, sparse.csr_matrix(new)):
                clf.close(fitted.decision_function(clf.Dataset(rows)), expected, 1e-3, params)
        k = pairwise.rbf_kernel(x.astype(float), x.astype(float), 0.02).astype(np.float32)
        given = clf.Model("fisher", params.replace("rbf", "precomputed")).fit(clf.Dataset(k, y))
        clf.close(given.decision_function(clf.Dataset(k[:50])), expected, 1e-3, "given " + params)


def gamma__is_that_of_scikit_learn():
    for load in SETS:
        x, y = rows_of(load)
        bytes_of = (np.abs(x) * 20).astype(np.uint8)
        for rows, made in ((x, x), (x + 1000, x + 1000), (bytes_of, bytes_of / 255),
                           (sparse.csr_matrix(np.maximum(x, 0)), np.maximum(x, 0))):
            scale = 1 / 255 if rows is bytes_of else 1
            model = clf.Model("fisher", "kernel=rbf").fit(clf.Dataset(rows, y, scale=scale))
            expected = 1 / (x.shape[1] * np.asarray(made, float).var())
            clf.close(model.tensor("kernel_gamma"), [expected], 1e-6, load.__name__)
            weights = np.random.default_rng(4).integers(0, 4, len(y))
            model.fit(clf.Dataset(rows, y, scale=scale, weights=weights.astype(np.float32)))
            made = np.repeat(made, weights, 0)
            expected = 1 / (x.shape[1] * np.asarray(made, float).var())
            clf.close(model.tensor("kernel_gamma"), [expected], 1e-6, load.__name__ + " weighted")
    same = clf.Model("fisher", "kernel=rbf").fit(clf.Dataset(np.ones((4, 2)), [0, 1, 0, 1]))
    assert same.tensor("kernel_gamma") == 1


clf.run([fisher__solves_the_dense_system, fisher__solves_for_landmarks, fisher__weighs_rows,
         fisher__with_a_linear_kernel_is_the_linear_discriminant,
         fisher__takes_sparse_and_precomputed_rows, gamma__is_that_of_scikit_learn])
