"""Ridge and Fisher against scikit-learn on its own small data sets."""

import classify as clf
import numpy as np

clf.sklearn()
from scipy import sparse
from sklearn import datasets
from sklearn.covariance import ledoit_wolf_shrinkage
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import Ridge, RidgeClassifier

SETS = [datasets.load_iris, datasets.load_wine, datasets.load_breast_cancer, datasets.load_digits]


def standardized(load):
    x, y = load(return_X_y=True)
    deviation = x.std(0)
    return ((x - x.mean(0)) / np.where(deviation > 0, deviation, 1)).astype(np.float32), y


def two_sided(coefficients):
    """scikit-learn keeps one row for two classes; we keep one a class."""
    coefficients = np.atleast_2d(coefficients)
    return np.vstack([-coefficients, coefficients]) if len(coefficients) == 1 else coefficients


def compare_ridge(x, y, params, reference, weights=None, what=""):
    reference.fit(np.asarray(x.todense()) if sparse.issparse(x) else x.astype(float), y,
                  sample_weight=weights)
    model = clf.Model("ridge", params).fit(clf.Dataset(x, y, weights=weights))
    clf.close(model.tensor("weights"), two_sided(reference.coef_), 1e-4, "weights " + what)
    intercept = two_sided(np.reshape(reference.intercept_, (-1, 1)))
    clf.close(model.tensor("intercept"), intercept[:, 0], 1e-4, "intercept " + what)


def ridge__has_the_weights_of_ridge_classifier():
    for load in SETS:
        x, y = standardized(load)
        for alpha in (0.1, 1.0, 30.0):
            compare_ridge(x, y, f"alpha={alpha}", RidgeClassifier(alpha=alpha), what=load.__name__)


def ridge__takes_weights_as_ridge_classifier_does():
    rng = np.random.default_rng(0)
    for load in SETS:
        x, y = standardized(load)
        weights = rng.random(len(y)).astype(np.float32)
        weights[::7] = 0
        compare_ridge(x, y, None, RidgeClassifier(), weights, load.__name__)
        compare_ridge(x, y, "class_weight=balanced", RidgeClassifier(class_weight="balanced"),
                      what=load.__name__)


def ridge__sparse_and_raw_rows_agree_with_ridge_classifier():
    x, y = datasets.load_digits(return_X_y=True)
    rows = sparse.csr_matrix(x.astype(np.float32))
    compare_ridge(rows, y, None, RidgeClassifier(), what="sparse digits")
    x, y = datasets.load_breast_cancer(return_X_y=True)
    compare_ridge(x.astype(np.float32), y, "alpha=1", RidgeClassifier(solver="svd"),
                  what="raw breast cancer")


def ridge__more_features_than_rows():
    x, y = standardized(datasets.load_digits)
    compare_ridge(x[:40], y[:40], None, RidgeClassifier(), what="40 digits")


def ridge__regression_agrees():
    x, y = datasets.load_diabetes(return_X_y=True)
    targets = np.stack([y, -2 * y + 1], 1)
    data = clf.Dataset(x.astype(np.float32), targets=targets)
    model = clf.Model("ridge", "alpha=0.5").fit(data)
    reference = Ridge(alpha=0.5).fit(x, targets)
    clf.close(model.tensor("weights"), reference.coef_, 1e-4, "weights")
    clf.close([model.score(data)], [reference.score(x, targets)], 1e-5, "score")


def ridge__cg_on_many_sparse_features_agrees():
    rng = np.random.default_rng(1)
    x = sparse.random(400, 6000, 0.01, "csr", np.float32, rng)
    y = rng.integers(0, 3, 400)
    model = clf.Model("ridge", "tolerance=1e-7").fit(clf.Dataset(x, y))
    reference = RidgeClassifier(solver="cholesky").fit(np.asarray(x.todense(), float), y)
    clf.close(model.tensor("weights"), reference.coef_, 1e-4, "weights")


def log_likelihood_ratio(probabilities):
    p = np.clip(probabilities, 1e-12, 1)
    return np.log(p / p.max(1, keepdims=True))


def compare_fisher(x, y, params, reference, tolerance=2e-4, what=""):
    data = clf.Dataset(x, y)
    model = clf.Model("fisher", params).fit(data)
    reference.fit(np.asarray(x, float), y)
    clf.close(model.predict_proba(data), reference.predict_proba(x), tolerance, what)


def posteriors(x, y, priors=None, weights=None, amount=0.0):
    """Of Gaussians with one covariance, whose divisor is the sum of the weights."""
    x = np.asarray(x, float)
    w = np.ones(len(y)) if weights is None else np.asarray(weights, float)
    classes = np.unique(y)
    means = np.array([np.average(x[y == k], 0, w[y == k]) for k in classes])
    share = np.array([w[y == k].sum() for k in classes]) / w.sum()
    about = x - means[np.searchsorted(classes, y)]
    covariance = (w[:, None] * about).T @ about / w.sum()
    covariance = (1 - amount) * covariance + amount * np.eye(x.shape[1]) * np.diag(covariance).mean()
    solved = np.linalg.solve(covariance, means.T).T
    decisions = x @ solved.T - (solved * means).sum(1) / 2
    decisions += np.log(share if priors is None else priors)
    p = np.exp(decisions - decisions.max(1, keepdims=True))
    return p / p.sum(1, keepdims=True)


def nearly_equal_rows(difference):
    """Twice the same 60 rows, but for `difference`, with 2,000 features and three classes."""
    rng = np.random.default_rng(3)
    y = (np.arange(120) % 60 % 3).astype(np.int32)
    x = rng.normal(size=(120, 2000)) + 0.3 * rng.normal(size=(3, 2000))[y]
    x[60:] = x[:60] + difference * rng.normal(size=(60, 2000))
    return x.astype(np.float32), y


def labels_of_pseudoinverse(x, y, rows):
    """Fisher's decisions by the singular values of the rows in f64."""
    x = x.astype(float)
    means, mean = np.array([x[y == k].mean(0) for k in range(3)]), x.mean(0)
    z = (x - means[y]) / np.sqrt(len(x))
    deviation = np.sqrt((z ** 2).sum(0))
    _, singular, v = np.linalg.svd(z / deviation, full_matrices=False)
    v, singular = v[singular > 1e-9 * singular[0]], singular[singular > 1e-9 * singular[0]]
    w = v.T @ (v @ ((means - mean) / deviation).T / singular[:, None] ** 2) / deviation[:, None]
    return ((rows - mean) @ w - ((means - mean) * w.T).sum(1) / 2 + np.log(np.bincount(y) / len(y))).argmax(1)


def fisher__nearly_equal_rows_are_decided_as_by_the_pseudoinverse():
    """Unless it is uncertain along how many directions the rows vary: then the fit says so."""
    rows = np.random.default_rng(4).normal(size=(300, 2000)).astype(np.float32)
    for difference in (1e-3, 1e-4, 1e-5, 3e-6, 1e-6, 3e-7, 0):
        x, y = nearly_equal_rows(difference)
        model = clf.Model("fisher").fit(clf.Dataset(x, y))
        labels = np.asarray(model.predict(clf.Dataset(rows)))
        assert (labels == labels_of_pseudoinverse(x, y, rows)).mean() > 0.99, difference
        assert (model.outcome() != 0) == (0 < difference < 3e-6), difference


def fisher__has_the_probabilities_of_lda():
    """solver=lsqr has the divisor rows in every version of scikit-learn, and svd from 1.9 on."""
    for load in SETS[:3]:
        x, y = standardized(load)
        compare_fisher(x, y, None, LinearDiscriminantAnalysis(solver="lsqr"), what=load.__name__)
        compare_fisher(x, y, "shrinkage=0.2",
                       LinearDiscriminantAnalysis(solver="lsqr", shrinkage=0.2),
                       what=load.__name__)


def fisher__takes_priors_and_weights():
    rng = np.random.default_rng(3)
    for load in SETS[:3]:
        x, y = standardized(load)
        k = y.max() + 1
        priors = np.arange(1, k + 1) / (k * (k + 1) / 2)
        text = "priors=" + ",".join(map(str, priors))
        weights = rng.random(len(y)).astype(np.float32)
        weights[::9] = 0
        for params, chosen, w, amount in ((text, priors, None, 0), ("", None, weights, 0),
                                          (text + " shrinkage=0.3", priors, weights, 0.3)):
            data = clf.Dataset(x, y, weights=w)
            found = clf.Model("fisher", params).fit(data).predict_proba(data)
            clf.close(found, posteriors(x, y, chosen, w, amount), 2e-4, load.__name__ + params)


def fisher__predicts_as_lda_on_constant_pixels():
    x, y = datasets.load_digits(return_X_y=True)
    data = clf.Dataset(x.astype(np.float32), y)
    model = clf.Model("fisher").fit(data)
    reference = LinearDiscriminantAnalysis().fit(x, y)
    agree = (model.predict(data) == reference.predict(x)).mean()
    assert agree > 0.998, agree


def fisher__transform_is_that_of_lda_up_to_sign():
    for load in SETS[:3]:
        x, y = standardized(load)
        data = clf.Dataset(x, y)
        ours = clf.Model("fisher").fit(data).transform(data)
        reference = LinearDiscriminantAnalysis(solver="eigen").fit(x.astype(float), y)
        theirs = reference.transform(x)[:, :ours.shape[1]]
        theirs -= theirs.mean(0)
        theirs *= np.sign((ours * theirs).sum(0))
        clf.close(ours, theirs, 1e-3, load.__name__)


def fisher__auto_shrinks_correlations_as_ledoit_and_wolf_and_variances_by_their_fourth_moments():
    x, y = standardized(datasets.load_wine)
    x64 = x.astype(float)
    means = np.array([x64[y == k].mean(0) for k in range(3)])
    z = x64 - means[y]
    within, total = (z ** 2).mean(0), x64.var(0)
    worth = len(y) * within ** 2 / ((z ** 4).mean(0) - within ** 2)
    variances = (worth * within + 0.5 * total) / (worth + 0.5)
    covariance = z.T @ z / len(y)
    np.fill_diagonal(covariance, variances)
    scaled = z / np.sqrt(variances)
    r = covariance / np.sqrt(np.outer(variances, variances))
    p, norm = len(r), (r ** 2).sum()
    delta, beta = (norm - p) / p, (((scaled ** 2).sum(1) ** 2).mean() - norm) / (p * len(y))
    amount = min(beta, delta) / delta
    assert abs(amount - ledoit_wolf_shrinkage(z / z.std(0), assume_centered=True)) < 0.02
    covariance = (1 - amount) * covariance + amount * np.diag(variances)
    solved = np.linalg.solve(covariance, means.T).T
    decisions = x64 @ solved.T - (solved * means).sum(1) / 2 + np.log(np.bincount(y) / len(y))
    expected = np.exp(decisions - decisions.max(1, keepdims=True))
    expected /= expected.sum(1, keepdims=True)
    data = clf.Dataset(x, y)
    found = clf.Model("fisher", "shrinkage=auto").fit(data).predict_proba(data)
    clf.close(found, expected, 1e-5, "probabilities")


def log_loss(p, y):
    return -np.log(np.clip(p[np.arange(len(y)), y], 1e-15, 1)).mean()


def fisher__auto_is_not_sure_of_what_was_constant_within_classes():
    """A feature that is the class in training, but for a row, is wrong for some of those to come."""
    for seed in range(4):
        rng = np.random.default_rng(seed)
        y = rng.integers(0, 2, 200)
        for wrong_before, wrong_then in ((0, 0.02), (0, 0.1), (1, 0.02)):
            flag = y.astype(float)
            flag[:wrong_before] = 1 - flag[:wrong_before]
            x = np.c_[rng.normal(size=(200, 5)) + 0.7 * y[:, None], flag]
            new = np.c_[rng.normal(size=(200, 5)) + 0.7 * y[:, None],
                        np.where(rng.random(200) < wrong_then, 1 - y, y)]
            for unit in (1, 1e6):
                scales = np.r_[np.ones(5), unit]
                model = clf.Model("fisher", "shrinkage=auto")
                model.fit(clf.Dataset((x * scales).astype(np.float32), y))
                found = model.predict_proba(clf.Dataset((new * scales).astype(np.float32)))
                reference = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto").fit(x, y)
                theirs = log_loss(reference.predict_proba(new), y)
                ours = log_loss(found, y)
                assert ours < theirs + 0.05, (seed, wrong_before, wrong_then, ours, theirs)


def fisher__repeated_rows_and_weights_are_the_same():
    x, y = standardized(datasets.load_wine)
    counts = np.random.default_rng(2).integers(0, 4, len(y))
    data = clf.Dataset(x, y)
    for params in ("", "shrinkage=0.1", "shrinkage=auto", "priors=1,2,3"):
        a = clf.Model("fisher", params).fit(
            clf.Dataset(np.repeat(x, counts, 0), np.repeat(y, counts)))
        b = clf.Model("fisher", params).fit(
            clf.Dataset(x, y, weights=counts.astype(np.float32)))
        clf.close(a.decision_function(data), b.decision_function(data), 1e-6, params)


def conditioned(rows, columns, smallest, kind, seed=7):
    """Rows of singular values 1 … smallest, and targets of which every direction has its part."""
    rng = np.random.default_rng(seed)
    u = np.linalg.qr(rng.normal(size=(rows, columns)))[0]
    v = np.linalg.qr(rng.normal(size=(columns, columns)))[0]
    x = (u * np.geomspace(1, smallest, columns) @ v.T * np.sqrt(rows)).astype(np.float32)
    y = u @ rng.normal(size=columns) * np.sqrt(rows) + 0.1 * rng.normal(size=rows)
    weights = rng.uniform(0.5, 2, rows).astype(np.float32) if kind == "weighted" else None
    return (sparse.csr_matrix(x) if kind == "sparse" else x), x.astype(float), y, weights


def least_squares(x, y, weights, alpha):
    """By numpy.linalg.lstsq on [X; sqrt(alpha) I], centred."""
    w = np.ones(len(x)) if weights is None else weights.astype(float)
    z = (x - np.average(x, 0, w)) * np.sqrt(w)[:, None]
    t = (y - np.average(y, 0, w)) * np.sqrt(w)
    z = np.vstack([z, np.sqrt(alpha) * np.eye(x.shape[1])])
    return np.linalg.lstsq(z, np.append(t, np.zeros(x.shape[1])), rcond=None)[0]


def ridge__is_f64_least_squares_on_any_conditioning():
    # 600 x 200 and 2000 x 150 are products in f32, the others small.
    for rows, columns in ((300, 100), (600, 200), (2000, 150)):
        for kind in ("dense", "weighted", "sparse"):
            for smallest in (1, 1e-3, 1e-5, 1e-8):
                for alpha in (0, 1e-10, 1e-3):
                    rows_, x, y, weights = conditioned(rows, columns, smallest, kind)
                    data = clf.Dataset(rows_, targets=y[:, None], weights=weights)
                    found = clf.Model("ridge", f"alpha={alpha}").fit(data).tensor("weights")[0]
                    expected = least_squares(x, y, weights, alpha)
                    clf.close(found / np.abs(expected).max(), expected / np.abs(expected).max(),
                              1e-5, f"{rows} {columns} {kind} {smallest} {alpha}")


def ridge__of_dependent_features_has_minimum_norm():
    rng = np.random.default_rng(3)
    for rows, columns, rank in ((40, 300, 300), (500, 60, 40), (900, 250, 200)):
        x = rng.integers(-9, 9, (rows, rank)) @ rng.integers(-2, 3, (rank, columns))
        x = x.astype(np.float32)
        y = rng.normal(size=rows)
        found = clf.Model("ridge", "alpha=0").fit(clf.Dataset(x, targets=y[:, None]))
        expected = least_squares(x.astype(float), y, None, 0)
        clf.close(found.tensor("weights")[0] / np.abs(expected).max(),
                  expected / np.abs(expected).max(), 1e-5, f"{rows} {columns} {rank}")


def ridge__cubic_features_of_diabetes_agree():
    from sklearn.preprocessing import PolynomialFeatures
    x, y = datasets.load_diabetes(return_X_y=True)
    cubic = PolynomialFeatures(3, include_bias=False).fit_transform(x)
    cubic = ((cubic - cubic.mean(0)) / cubic.std(0)).astype(np.float32)
    for columns in (194, 195, 285):
        data = clf.Dataset(cubic[:, :columns], targets=y[:, None])
        w = least_squares(cubic[:, :columns].astype(float), y, None, 1e-6)
        fitted = (cubic[:, :columns] - cubic[:, :columns].mean(0, dtype=float)) @ w + y.mean()
        score = 1 - ((fitted - y) ** 2).sum() / ((y - y.mean()) ** 2).sum()
        clf.close([clf.Model("ridge", "alpha=1e-6").fit(data).score(data)], [score], 1e-6, "R2")


def fisher__of_nearly_collinear_descriptors_is_that_of_f64():
    rng = np.random.default_rng(5)
    x = rng.normal(size=(528, 60)) @ rng.normal(size=(60, 337)) * 10 ** rng.uniform(-3, 3, 337)
    x = (x + 1e-4 * rng.normal(size=x.shape) + 10 ** rng.uniform(0, 3, 337)).astype(np.float32)
    z = (x - x.mean(0, dtype=float)) / x.std(0, dtype=float)
    y = (z[:, :8] @ rng.normal(size=8) + 2 * rng.normal(size=528) > 0).astype(np.int32)
    data = clf.Dataset(x, y)
    model = clf.Model("fisher").fit(data)
    assert (model.tensor("weights") != 0).all()
    within = np.vstack([z[y == k] - z[y == k].mean(0) for k in (0, 1)]) / np.sqrt(len(z))
    r = np.linalg.qr(within, "r")
    means = z[y == 1].mean(0) - z[y == 0].mean(0)
    expected = z @ np.linalg.solve(r, np.linalg.solve(r.T, means))
    found = model.decision_function(data) @ [-1, 1]
    # The condition, 1e8, enters squared.
    assert np.corrcoef(found, expected)[0, 1] > 0.99
    assert (model.predict(data) == y).mean() > 0.96


clf.run([value for name, value in list(globals().items()) if "__" in name[1:-2] and callable(value)])
