"""The kernel perceptron against its definition in NumPy, one row after another in double precision:
the same mistakes, hence the same coefficients."""

import itertools

import classify as clf
import numpy as np

clf.sklearn()
from scipy import sparse
from sklearn import datasets
from sklearn.metrics import pairwise

SETS = [datasets.load_iris, datasets.load_wine, datasets.load_breast_cancer, datasets.load_digits]
KERNELS = {
    "kernel=linear": lambda a: a @ a.T,
    "kernel=polynomial gamma=0.125 coef0=1 degree=3": lambda a: (0.125 * a @ a.T + 1) ** 3,
    "kernel=rbf gamma=0.01": lambda a: pairwise.rbf_kernel(a, a, 0.01),
    "kernel=sigmoid gamma=0.002 coef0=0.5": lambda a: np.tanh(0.002 * a @ a.T + 0.5),
}


def rows_of(load, most=700):
    """Shuffled rows of multiples of 1/8, whose products are exact in floats."""
    x, y = load(return_X_y=True)
    order = np.random.default_rng(3).permutation(len(x))[:most]
    x, y = x[order], y[order]
    x = (x - x.mean(0)) / np.where(x.std(0) > 0, x.std(0), 1)
    return (np.round(x * 8) / 8).astype(np.float32), y


def learn(k, y, epochs, one_vs_rest=False, averaged=True, weights=None, budget=0, useful=False):
    """Coefficients, intercepts and the share of mistakes in each epoch."""
    n, classes = len(y), y.max() + 1
    weights = np.ones(n) if weights is None else weights
    c, u, b, ub = np.zeros((classes, n)), np.zeros((classes, n)), np.zeros(classes), np.zeros(classes)
    seen, shares, held = 0, [], []
    for _ in range(epochs):
        mistakes = decisions = 0
        for i in range(n):
            if weights[i] == 0:
                continue
            z = c @ k[i] + b
            step = np.zeros(classes)
            if one_vs_rest:
                t = np.where(np.arange(classes) == y[i], 1, -1)
                step[t * z <= 0] = t[t * z <= 0]
            else:
                others = z.copy()
                others[y[i]] = -np.inf
                if not z[y[i]] > others.max():
                    step[y[i]], step[others.argmax()] = 1, -1
            mistakes += np.count_nonzero(step) if one_vs_rest else step.any()
            decisions += classes if one_vs_rest else 1
            if step.any():
                if budget and i not in held:
                    if len(held) == budget:
                        lengths = [(c[:, j] ** 2).sum() * k[j, j] for j in held]
                        gone = held.pop(int(np.argmin(lengths)) if useful else 0)
                        u[:, gone] -= seen * c[:, gone]
                        c[:, gone] = 0
                    held.append(i)
                step *= weights[i]
                c[:, i] += step
                u[:, i] += seen * step
                b += step
                ub += seen * step
            seen += 1
        shares.append(mistakes / decisions)
        if mistakes == 0:  # the passes that are left would be the same
            seen += (epochs - len(shares)) * np.count_nonzero(weights)
            break
    if not averaged:
        return c, b, shares
    c, b = c - u / seen, b - ub / seen
    if budget:  # what was dropped is taken over by what is held, so that the values there are the same
        gone = [i for i in range(n) if i not in held]
        own = k[np.ix_(held, held)]
        c[:, held] += np.linalg.lstsq(own, k[np.ix_(held, gone)] @ c[:, gone].T, rcond=1e-12)[0].T
        c[:, gone] = 0
    return c, b, shares


def compare(x, y, k, params, expected, what, weights=None):
    data = clf.Dataset(x, y, weights=weights)
    model = clf.Model("perceptron", f"shuffle=no {params}").fit(data)
    c, b, shares = expected
    found = np.zeros(c.shape)
    found[:, model.tensor("support")] = model.tensor("coefficients")
    clf.close(model.tensor("history_loss"), shares, 1e-12, "mistakes, " + what)
    clf.close(found, c, 1e-6, "coefficients, " + what)
    clf.close(model.tensor("intercept"), b, 1e-6, "intercepts, " + what)
    clf.close(model.decision_function(data), k @ c.T + b, 1e-4, "decisions, " + what)


def perceptron__makes_the_same_mistakes_in_turn():
    for load in SETS:
        x, y = rows_of(load)
        for name, kernel in KERNELS.items():
            k = kernel(x.astype(float))
            for rest in (False, True):
                for averaged in (False, True):
                    multiclass = "one_vs_rest" if rest else "multinomial"
                    params = f"{name} epochs=6 multiclass={multiclass} averaged={averaged}".lower()
                    compare(x, y, k, params, learn(k, y, 6, rest, averaged),
                            f"{load.__name__}, {params}")


def perceptron__weighs_rows():
    for load in SETS[1:]:
        x, y = rows_of(load)
        w = np.random.default_rng(4).integers(0, 4, len(y)).astype(np.float32)
        for name, kernel in KERNELS.items():
            k = kernel(x.astype(float))
            compare(x, y, k, f"{name} epochs=4", learn(k, y, 4, weights=w), name, w)


def perceptron__keeps_to_its_budget():
    for load in SETS:
        x, y = rows_of(load)
        data = clf.Dataset(x, y)
        for name in ("kernel=linear", "kernel=rbf gamma=0.01"):  # cubes cancel in floats
            k = KERNELS[name](x.astype(float))
            for budget, policy, averaged in itertools.product((1, 7, 60), ("oldest", "least_useful"), (True, False)):
                params = f"{name} epochs=3 budget={budget} budget_policy={policy} averaged={str(averaged).lower()}"
                what = f"{load.__name__}, {params}"
                expected = learn(k, y, 3, averaged=averaged, budget=budget, useful=policy != "oldest")
                assert np.count_nonzero(expected[0].any(0)) <= budget
                if not averaged:
                    compare(x, y, k, params, expected, what)
                    continue
                model = clf.Model("perceptron", f"shuffle=no {params}").fit(data)
                clf.close(model.tensor("history_loss"), expected[2], 1e-12, "mistakes, " + what)
                clf.close(model.tensor("intercept"), expected[1], 1e-6, "intercepts, " + what)
                clf.close(model.decision_function(data), k @ expected[0].T + expected[1], 1e-2, "decisions, " + what)


def perceptron__with_a_linear_kernel_is_the_linear_one():
    for load in SETS:
        x, y = rows_of(load)
        data = clf.Dataset(x, y)
        for params in ("epochs=5", "epochs=5 multiclass=one_vs_rest averaged=no"):
            plain = clf.Model("perceptron", params).fit(data)
            model = clf.Model("perceptron", "kernel=linear " + params).fit(data)
            clf.close(model.tensor("history_loss"), plain.tensor("history_loss"), 1e-12, params)
            clf.close(model.decision_function(data), plain.decision_function(data), 1e-5, params)


def perceptron__takes_sparse_bytes_and_precomputed_rows():
    x, y = datasets.load_digits(return_X_y=True)
    x, y = x.astype(np.uint8), y
    dense = clf.Dataset(x, y, scale=1 / 16)
    values = (x / 16).astype(np.float32)
    params = "epochs=4 kernel=rbf gamma=0.5"
    expected = clf.Model("perceptron", params).fit(dense).decision_function(dense)
    k = pairwise.rbf_kernel(values.astype(float), values.astype(float), 0.5).astype(np.float32)
    for rows, own in ((values, params), (sparse.csr_matrix(values), params),
                      (k, "epochs=4 kernel=precomputed")):
        model = clf.Model("perceptron", own).fit(clf.Dataset(rows, y))
        clf.close(model.decision_function(clf.Dataset(rows)), expected, 1e-3, own)
        if rows is not k:
            clf.close(model.decision_function(dense), expected, 1e-3, own)


clf.run([perceptron__makes_the_same_mistakes_in_turn, perceptron__weighs_rows,
         perceptron__keeps_to_its_budget, perceptron__with_a_linear_kernel_is_the_linear_one,
         perceptron__takes_sparse_bytes_and_precomputed_rows])
