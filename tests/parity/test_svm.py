"""Support vector machines against LIBSVM, as scikit-learn wraps it: objectives, predictions, bounds and
optimality conditions over kernels, C, gamma and weights on five small sets."""

import itertools

import classify as clf
import numpy as np

clf.sklearn()
from sklearn import datasets
from sklearn.svm import SVC

TOLERANCE = 1e-3


def scaled(load):
    x, y = load(return_X_y=True)
    return ((x - x.mean(0)) / np.where(x.std(0) > 0, x.std(0), 1)).astype(np.float32), y


def moons():
    x, y = datasets.make_moons(200, noise=0.25, random_state=0)
    return x.astype(np.float32), y


SETS = {"iris": scaled(datasets.load_iris), "wine": scaled(datasets.load_wine),
        "breast_cancer": scaled(datasets.load_breast_cancer),
        "digits": (datasets.load_digits().data.astype(np.float32)[:600] / 16,
                   datasets.load_digits().target[:600]),
        "moons": moons()}
KERNELS = [("linear", {}), ("rbf", {}), ("polynomial", {"coef0": 1.0, "degree": 3}),
           ("sigmoid", {"coef0": -0.5})]


def theirs(kernel, C, gamma, **more):
    name = "poly" if kernel == "polynomial" else kernel
    return SVC(kernel=name, C=C, gamma=gamma, tol=TOLERANCE, cache_size=500,
               decision_function_shape="ovo", **more)


def ours(kernel, C, gamma, params=""):
    return clf.Model("svm", f"kernel={kernel} C={C!r} gamma={gamma} tolerance={TOLERANCE} {params}")


def kernel_matrix(kernel, gamma, x, more):
    x = x.astype(float)
    products = x @ x.T
    if kernel == "linear":
        return products
    if kernel == "rbf":
        squares = np.diag(products)
        return np.exp(-gamma * np.maximum(squares[:, None] + squares - 2 * products, 0))
    if kernel == "polynomial":
        return (gamma * products + more["coef0"]) ** more["degree"]
    return np.tanh(gamma * products + more["coef0"])


def gamma_of(gamma, x, weights=None):
    """scale: by the variance of the rows repeated by their weights."""
    mean = np.average(x.astype(float).mean(1), weights=weights)
    variance = np.average(((x.astype(float) - mean) ** 2).mean(1), weights=weights)
    return {"scale": 1 / (x.shape[1] * variance), "auto": 1 / x.shape[1]}.get(gamma, gamma)


def pairs(classes):
    return list(itertools.combinations(range(classes), 2))


def machine(support, counts, dual, i, j):
    """Rows and b = y alpha of the machine of classes i and j, in LIBSVM's layout."""
    start = np.concatenate([[0], np.cumsum(counts)])
    a, b = slice(start[i], start[i + 1]), slice(start[j], start[j + 1])
    return (np.concatenate([support[a], support[b]]),
            np.concatenate([dual[j - 1, a], dual[i, b]]).astype(float))


def check_machine(K, y, bound, rows, b, rho, i, j, objective, psd, what):
    """Bounds, the sum, the conditions of Karush, Kuhn and Tucker, and the objective, in double."""
    members = np.flatnonzero((y == i) | (y == j))
    sign = np.where(y == i, 1.0, -1.0)
    alpha = np.zeros(len(y))
    alpha[rows] = b * sign[rows]
    assert (alpha >= 0).all() and (alpha <= bound * (1 + 1e-6)).all(), f"{what}: alpha out of bounds"
    assert abs((alpha * sign).sum()) <= 1e-5 * max(alpha.sum(), 1), f"{what}: sum of b"
    F = K @ (alpha * sign)
    error = (sign - F)[members]
    free = bound > 0
    up = (np.where(sign > 0, alpha < bound * (1 - 1e-6), alpha > 0) & free)[members]
    low = (np.where(sign > 0, alpha > 0, alpha < bound * (1 - 1e-6)) & free)[members]
    slack = 2e-5 * max(1, np.abs(F).max())  # kernel values and coefficients are floats
    if up.any() and low.any():
        gap = error[up].max() - error[low].min()
        assert gap <= TOLERANCE + slack, f"{what}: violates the conditions by {gap:.3g}"
        middle = (error[up].max() + error[low].min()) / 2
        assert abs(rho - middle) <= TOLERANCE + slack, f"{what}: intercept {rho}, not {middle}"
    found = 0.5 * (alpha * sign) @ F - alpha.sum()
    if psd:
        assert abs(found - objective) <= 1e-3 * max(abs(objective), 1e-3), \
            f"{what}: objective {found}, not {objective}"
    return found


def compare(name, kernel, C, gamma, more, weights=None, class_weight=None):
    x, y = SETS[name]
    what = f"{name} {kernel} C={C} gamma={gamma} {more} {'weighted' if weights is not None else ''}"
    params = " ".join(f"{k}={v}" for k, v in more.items())
    if class_weight:
        params += " class_weight=balanced"
    number = gamma_of(gamma, x, weights)
    peer = theirs(kernel, C, number, class_weight=class_weight, **more).fit(x.astype(float), y, weights)
    data = clf.Dataset(x, y, weights=None if weights is None else weights.astype(np.float32))
    model = ours(kernel, C, gamma, params).fit(data)
    assert model.outcome() == 0, what
    K = kernel_matrix(kernel, number, x, more)
    classes = y.max() + 1
    bound = np.full(len(y), float(C)) * (1 if weights is None else weights)
    if class_weight:
        totals = np.array([(1 if weights is None else weights[y == k]).sum() if weights is not None
                           else (y == k).sum() for k in range(classes)], float)
        bound = bound * (len(y) / (classes * np.bincount(y)))[y]
    counts, support = model.tensor("support_count"), model.tensor("support")
    for place, (i, j) in enumerate(pairs(classes)):
        peer_dual = np.atleast_2d(peer.dual_coef_)
        if classes == 2:
            peer_dual = -peer_dual
        rows, b = machine(peer.support_, peer.n_support_, peer_dual, i, j)
        objective = 0.5 * b @ K[np.ix_(rows, rows)] @ b - np.abs(b).sum()
        rows, b = machine(support, counts, model.tensor("dual_coef"), i, j)
        found = check_machine(K, y, bound, rows, b, model.tensor("intercept")[place], i, j, objective,
                              kernel != "sigmoid", f"{what} pair {i},{j}")
        told = model.tensor("objective")[place]
        assert abs(told - found) <= 1e-3 * max(abs(found), 1e-3), f"{what}: tells objective {told}, is {found}"
    if kernel != "sigmoid":
        check_predictions(model, peer, data, x, y, what)


def check_predictions(model, peer, data, x, y, what):
    """The class predicted has the most votes of LIBSVM's machines, give or take values near 0."""
    decision = peer.decision_function(x.astype(float)).reshape(len(y), -1)
    if decision.shape[1] == 1:
        decision = -decision
    classes = y.max() + 1
    least, most = np.zeros((len(y), classes)), np.zeros((len(y), classes))
    for place, (i, j) in enumerate(pairs(classes)):
        d = decision[:, place]
        near = 2e-2
        least[:, i] += d > near
        most[:, i] += d > -near
        least[:, j] += d < -near
        most[:, j] += d < near
    found = model.predict(data)
    wrong = most[np.arange(len(y)), found] < least.max(1)
    assert not wrong.any(), f"{what}: {wrong.sum()} predictions differ"


def svm__finds_libsvms_optimum():
    for name in SETS:
        for kernel, more in KERNELS:
            for C in (0.05, 1.0, 50.0):
                for gamma in ("scale", 0.05) if kernel != "linear" else ("scale",):
                    compare(name, kernel, C, gamma, more)


def svm__takes_weights_as_libsvm_does():
    rng = np.random.default_rng(0)
    for name in SETS:
        x, y = SETS[name]
        weights = np.round(rng.uniform(0.25, 4, len(y)) * 4) / 4
        for kernel, more in KERNELS[:3]:
            compare(name, kernel, 1.0, "scale", more, weights)
            compare(name, kernel, 1.0, "scale", more, class_weight="balanced")


def svm__does_not_depend_on_cache_or_threads():
    x, y = SETS["digits"]
    for kernel, params in [("rbf", "gamma=0.05"), ("linear", ""), ("polynomial", "coef0=1 gamma=0.1")]:
        results = []
        for threads, cache in ((1, 200), (2, 200), (2, 0), (1, 0.05), (5, 1)):
            on = clf.context(f"threads={threads}")
            data = clf.Dataset(x, y, on=on.handle)
            model = clf.Model("svm", f"kernel={kernel} {params} cache_mb={cache}", on=on.handle).fit(data)
            results.append([model.tensor(t) for t in ("support", "dual_coef", "intercept")])
        for other in results[1:]:
            for a, b in zip(results[0], other):
                assert np.array_equal(a, b), f"{kernel}: other bits"


def svm__agrees_on_dense_bytes_sparse_and_precomputed():
    from scipy import sparse
    digits = datasets.load_digits()
    bytes_, y = digits.data.astype(np.uint8)[:500], digits.target[:500]
    x = bytes_.astype(np.float32) / 16
    wide = x.astype(float)
    squares = (wide ** 2).sum(1)
    K = np.exp(-0.05 * np.maximum(squares[:, None] + squares - 2 * wide @ wide.T, 0))
    params = "C=2 gamma=0.05 tolerance=1e-5"
    forms = {"dense": (clf.Dataset(x, y), params), "bytes": (clf.Dataset(bytes_, y, scale=1 / 16), params),
             "sparse": (clf.Dataset(sparse.csr_matrix(x), y), params),
             "precomputed": (clf.Dataset(K.astype(np.float32), y), params + " kernel=precomputed")}
    peer = SVC(C=2, gamma=0.05, tol=1e-5).fit(wide, y)
    first = clf.Model("svm", params).fit(forms["dense"][0])
    for name, (data, given) in forms.items():
        model = clf.Model("svm", given).fit(data)
        assert abs(len(model.tensor("support")) - len(peer.support_)) <= 3, name
        assert np.array_equal(model.predict(data), first.predict(forms["dense"][0])), name
        clf.close(model.decision_function(data), first.decision_function(forms["dense"][0]), 2e-3, name)


def svm__transform_gives_the_values_of_all_pairs():
    for name, (x, y) in SETS.items():
        data = clf.Dataset(x, y)
        for kernel, peer in (("rbf", "rbf"), ("polynomial", "poly"), ("linear", "linear")):
            model = clf.Model("svm", f"kernel={kernel} gamma=0.05 coef0=1 tolerance=1e-5").fit(data)
            want = SVC(kernel=peer, gamma=0.05, coef0=1, tol=1e-5, decision_function_shape="ovo").fit(
                x.astype(float), y).decision_function(x.astype(float)).reshape(len(y), -1)
            # Of two classes scikit-learn's values are above 0 for the second.
            clf.close(model.transform(data), -want if y.max() == 1 else want, 1e-3, f"{name} {kernel}")


def svm__one_vs_rest_is_a_machine_a_class():
    x, y = SETS["digits"]
    data = clf.Dataset(x, y)
    model = clf.Model("svm", "multiclass=one_vs_rest gamma=0.05 C=2 tolerance=1e-5").fit(data)
    values = model.decision_function(data)
    assert np.array_equal(model.transform(data), values)
    for k in range(10):
        peer = SVC(C=2, gamma=0.05, tol=1e-5).fit(x.astype(float), y == k)
        clf.close(values[:, k], peer.decision_function(x.astype(float)), 1e-3, f"class {k}")


def svm__probabilities_are_calibrated_and_agree_with_predict():
    for name in SETS:
        x, y = SETS[name]
        data = clf.Dataset(x, y)
        model = clf.Model("svm", "probability=true C=2").fit(data)
        p = model.predict_proba(data)
        clf.close(p.sum(1), np.ones(len(y)), 1e-5, name)
        assert np.array_equal(p.argmax(1), model.predict(data)), name
        peer = SVC(C=2, probability=True, random_state=0).fit(x.astype(float), y)
        q = peer.predict_proba(x.astype(float))
        assert np.abs(p - q).mean() < 0.03, f"{name}: mean difference {np.abs(p - q).mean():.3g}"
        assert np.abs(p - q).max() < 0.25, f"{name}: largest difference {np.abs(p - q).max():.3g}"


clf.run([svm__finds_libsvms_optimum, svm__takes_weights_as_libsvm_does,
         svm__does_not_depend_on_cache_or_threads,
         svm__agrees_on_dense_bytes_sparse_and_precomputed,
         svm__transform_gives_the_values_of_all_pairs, svm__one_vs_rest_is_a_machine_a_class,
         svm__probabilities_are_calibrated_and_agree_with_predict])
