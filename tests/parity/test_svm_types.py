"""nu-SVC, epsilon-SVR, nu-SVR and one-class machines against LIBSVM, as scikit-learn wraps it: decision values and
objectives over kernels, nu, epsilon and C, with weights; and LIBSVM's model files of them, both ways."""

import os
import shutil
import subprocess
import tempfile

import classify as clf
import numpy as np

clf.sklearn()
from sklearn import datasets
from sklearn.svm import SVR, NuSVC, NuSVR, OneClassSVM

KERNELS = [("linear", {}), ("rbf", {}), ("poly", {"coef0": 1.0})]


def scaled(load, rows):
    x, y = load(return_X_y=True)
    x, y = x[:rows], y[:rows]
    return ((x - x.mean(0)) / np.where(x.std(0) > 0, x.std(0), 1)).astype(np.float32), y


DIABETES = scaled(datasets.load_diabetes, 250)
DIGITS = scaled(datasets.load_digits, 300)
WEIGHTS = np.random.default_rng(0).integers(1, 4, 300).astype(np.float32)
STRETCH = 77.0  # about the deviation of diabetes' targets


def fit(kernel, more, params, data):
    name = "polynomial" if kernel == "poly" else kernel
    text = " ".join(f"{k}={v}" for k, v in more.items())
    model = clf.Model("svm", f"kernel={name} gamma=0.05 tolerance=1e-4 {text} {params}").fit(data)
    assert model.outcome() == 0, params
    return model


def check(found, expected, tolerance, what):
    worst = np.abs(found - expected).max()
    size = max(1, np.abs(expected).max())
    assert worst <= tolerance * size, f"{what}: off by {worst:.3g} of {size:.3g}"


def kernel_of(kernel, more, x):
    x = x.astype(float)
    if kernel == "linear":
        return x @ x.T
    if kernel == "poly":
        return (0.05 * (x @ x.T) + more["coef0"]) ** 3
    return np.exp(-0.05 * ((x[:, None] - x[None]) ** 2).sum(-1))


def regressions__equal_libsvms():
    x, target = DIABETES[0], (DIABETES[1] - DIABETES[1].mean()) / STRETCH
    for (kernel, more), weights in ((k, w) for k in KERNELS for w in (None, WEIGHTS[:len(x)])):
        for kind, peer in ((f"type=epsilon_svr epsilon={e} C={C}", SVR(epsilon=e, C=C))
                           for e, C in ((0.1, 1.0), (0.0, 0.3), (0.5, 0.1))):
            compare_regression(kernel, more, kind, peer, x, target, weights)
        for kind, peer in ((f"type=nu_svr nu={nu} C={C}", NuSVR(nu=nu, C=C)) for nu, C in ((0.5, 1.0), (0.1, 0.5))):
            compare_regression(kernel, more, kind, peer, x, target, weights)


def compare_regression(kernel, more, kind, peer, x, target, weights):
    what = f"{kind} {kernel} {'weighted' if weights is not None else ''}"
    peer.set_params(kernel=kernel, gamma=0.05, tol=1e-4, **more).fit(x.astype(float), target, weights)
    data = clf.Dataset(x, targets=target, weights=weights)
    model = fit(kernel, more, kind, data)
    check(model.decision_function(data).ravel(), peer.predict(x.astype(float)), 5e-3, what)
    b = np.zeros(len(x))
    b[peer.support_] = peer.dual_coef_[0]
    K = kernel_of(kernel, more, x)
    epsilon = peer.epsilon if isinstance(peer, SVR) else 0
    objective = 0.5 * b @ K @ b - target @ b + epsilon * np.abs(b).sum()
    check(model.tensor("objective"), np.array([objective]), 1e-3, f"{what} objective")


def one_class__equals_libsvms():
    x = (datasets.load_digits().data[:300] / 16).astype(np.float32)  # 0 is not among them
    for (kernel, more), weights in ((k, w) for k in KERNELS for w in (None, WEIGHTS)):
        for nu in 0.05, 0.3, 0.83:
            what = f"one_class nu={nu} {kernel} {'weighted' if weights is not None else ''}"
            peer = OneClassSVM(nu=nu, kernel=kernel, gamma=0.05, tol=1e-4, **more)
            peer.fit(x.astype(float), sample_weight=weights)
            data = clf.Dataset(x, weights=weights)
            model = fit(kernel, more, f"type=one_class nu={nu}", data)
            expected = peer.decision_function(x.astype(float))
            check(model.decision_function(data).ravel(), expected, 2e-3, what)
            clear = np.abs(expected) > 1e-2 * np.abs(expected).max()
            assert ((model.predict(data) == 0) == (expected > 0))[clear].all(), what


def nu_svc__equals_libsvms():
    x, y = DIGITS
    for kernel, more in KERNELS:
        for nu in 0.1, 0.5, 0.8:
            peer = NuSVC(nu=nu, kernel=kernel, gamma=0.05, tol=1e-4, decision_function_shape="ovo", **more)
            peer.fit(x.astype(float), y)
            data = clf.Dataset(x, y)
            model = fit(kernel, more, f"type=nu_svc nu={nu}", data)
            check(model.transform(data), peer.decision_function(x.astype(float)), 2e-2, f"nu_svc nu={nu} {kernel}")


def write_rows(path, x, target):
    with open(path, "w") as file:
        for row, t in zip(x, target):
            file.write(f"{t:.9g} " + " ".join(f"{j + 1}:{v:.9g}" for j, v in enumerate(row)) + "\n")


def files__are_libsvms():
    if shutil.which("svm-train") is None:
        print("svm-train is not installed: skipped")
        return
    x, target = DIABETES[0][:100], DIABETES[1][:100] / STRETCH
    with tempfile.TemporaryDirectory() as folder:
        name = {n: os.path.join(folder, n) for n in ("rows", "model", "ours", "found")}
        write_rows(name["rows"], x, target)
        for svm_type in "2", "3", "4":
            for kernel in "0", "2":
                subprocess.run(["svm-train", "-q", "-s", svm_type, "-t", kernel, name["rows"], name["model"]], check=True)
                subprocess.run(["svm-predict", name["rows"], name["model"], name["found"]], check=True,
                               stdout=subprocess.DEVNULL)
                expected = np.loadtxt(name["found"])
                model = clf.Model()
                clf.call("clf_model_import", clf.C.byref(model.handle), None, "libsvm", name["model"], None)
                check_file(model, x, expected, svm_type)
                clf.call("clf_model_export", model, "libsvm", name["ours"], None)
                subprocess.run(["svm-predict", name["rows"], name["ours"], name["found"]], check=True,
                               stdout=subprocess.DEVNULL)
                check(np.loadtxt(name["found"]), expected, 0 if svm_type == "2" else 1e-5, f"-s {svm_type} -t {kernel}")


def check_file(model, x, expected, svm_type):
    found = model.decision_function(clf.Dataset(x)).ravel()
    if svm_type == "2":
        clear = np.abs(found) > 1e-4
        assert ((found > 0) == (expected > 0))[clear].all()
    else:
        check(found, expected, 1e-5, f"-s {svm_type}")


clf.run([regressions__equal_libsvms, one_class__equals_libsvms, nu_svc__equals_libsvms, files__are_libsvms])
