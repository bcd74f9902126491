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


clf.run([value for name, value in list(globals().items()) if "__" in name[1:-2] and callable(value)])
