"""The lines of peers.py: models of this library, and what other libraries call the same.

A peer is a class with a name and, for a line that it knows, a model of its own: fit(), predict(),
of networks latency(), and, of support vector machines, their number of vectors and the dual objective.
"""

import dataclasses
import gzip
import importlib
import pathlib
import shutil
import subprocess
import tempfile

import classify as clf
import numpy as np
from peer_networks import NETWORKS, Onnx, Torch, TorchCompile, latency, params


@dataclasses.dataclass
class Line:
    kind: str
    params: str
    linear: tuple = None  # scikit-learn's module, class and arguments
    kernel: dict = None  # of SVC
    network: tuple = None  # layers, rows of a step


SVM = {
    "svm_linear": {"kernel": "linear", "C": 1.0},
    "svm_poly": {"kernel": "poly", "degree": 4, "gamma": 0.01, "coef0": 1.0, "C": 1.0},
    "svm_rbf": {"kernel": "rbf", "gamma": 0.02, "C": 5.0},
    "svm_sigmoid": {"kernel": "sigmoid", "gamma": 0.01, "coef0": -2.0, "C": 100.0},
}


def svm_line(kernel):
    words = {**kernel, "kernel": {"poly": "polynomial"}.get(kernel["kernel"], kernel["kernel"])}
    return Line("svm", " ".join(f"{key}={value:g}" if key != "kernel" else f"{key}={value}"
                                for key, value in words.items()), kernel=kernel)


LINES = {
    "ridge": Line("ridge", "alpha=1", ("linear_model", "RidgeClassifier", {"alpha": 1, "solver": "cholesky"})),
    "fisher": Line("fisher", "", ("discriminant_analysis", "LinearDiscriminantAnalysis", {"solver": "lsqr"})),
    "perceptron": Line("perceptron", "epochs=10 averaged=true",
                       ("linear_model", "Perceptron", {"max_iter": 10, "tol": None})),
    "logistic": Line("logistic", "C=1",
                     ("linear_model", "LogisticRegression", {"C": 1, "max_iter": 1000})),
    **{name: svm_line(kernel) for name, kernel in SVM.items()},
    "kernel_perceptron": Line("perceptron", "kernel=rbf gamma=0.02"),
    "kernel_fisher": Line("fisher", "kernel=rbf gamma=0.02 alpha=0.1 landmarks=0 residual=0.05"),
    **{name: Line("network", params(*network), network=network)
       for name, network in NETWORKS.items()},
}


class Digits:
    """MNIST, in bytes and as datasets of this library; its first rows where a number is given."""

    def __init__(self, folder, on, rows=None, test_rows=None):
        folder = pathlib.Path(folder)
        folder = folder / "mnist" if (folder / "mnist").is_dir() else folder
        self.train, self.labels = (part[:rows].copy() for part in load(folder, "train"))
        self.test, self.test_labels = (part[:test_rows].copy() for part in load(folder, "t10k"))
        self.ours = [clf.Dataset(x, y, scale=1 / 255, on=on.handle)
                     for x, y in ((self.train, self.labels), (self.test, self.test_labels))]

    def numbers(self, dtype):
        """The pixels in [0, 1], training and test rows."""
        return tuple((x / 255).astype(dtype, copy=False) for x in (self.train, self.test))


def load(folder, part):
    def idx(name):
        raw = gzip.open(pathlib.Path(folder) / (name + ".gz")).read()
        return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(
            np.frombuffer(raw, ">i4", raw[3], 4))
    images = idx(part + "-images-idx3-ubyte")
    return images.reshape(len(images), -1), idx(part + "-labels-idx1-ubyte")


def kernel_values(kernel, x, z):
    products = x @ z.T
    if kernel["kernel"] == "rbf":
        squares = (x * x).sum(1)[:, None] + (z * z).sum(1) - 2 * products
        return np.exp(-kernel["gamma"] * squares)
    if kernel["kernel"] == "linear":
        return products
    scaled = kernel["gamma"] * products + kernel["coef0"]
    return np.tanh(scaled) if kernel["kernel"] == "sigmoid" else scaled ** kernel["degree"]


def dual_objective(kernel, vectors, counts, coefficients):
    """Sum over the pairs of classes of 1/2 b'Kb - sum |b|, from LIBSVM's layout of coefficients."""
    start, total = np.concatenate([[0], np.cumsum(counts)]), 0.0
    for i in range(len(counts)):
        for j in range(i + 1, len(counts)):
            first, second = slice(start[i], start[i + 1]), slice(start[j], start[j + 1])
            b = np.concatenate([coefficients[j - 1, first], coefficients[i, second]]).astype(float)
            x = np.concatenate([vectors[first], vectors[second]])[b != 0].astype(float)
            b = b[b != 0]
            total += b @ kernel_values(kernel, x, x) @ b / 2 - np.abs(b).sum()
    return total


def logistic_objective(digits, weights, intercept):
    """With C = 1, in float64."""
    x, weights = digits.numbers(np.float64)[0], np.asarray(weights, float)
    z = x @ weights.T + np.asarray(intercept, float)
    z -= z.max(1, keepdims=True)
    losses = np.log(np.exp(z).sum(1)) - z[np.arange(len(z)), digits.labels]
    return float(losses.sum() + (weights ** 2).sum() / 2)


class Ours:
    def __init__(self, line, precision, digits, on, threads):
        words = line.params + (f" precision={precision}" if line.network else "")
        self.model = clf.Model(line.kind, words or None, on=on.handle)
        self.digits = digits
        self.logistic = line.kind == "logistic"
        if line.network:
            one = clf.Dataset(digits.test[:1].copy(), scale=1 / 255, on=on.handle)
            self.latency = lambda: latency(lambda: self.model.predict(one))

    def fit(self):
        self.model.fit(self.digits.ours[0])

    def predict(self):
        return self.model.predict(self.digits.ours[1])

    def weights(self):
        return self.model.tensor("weights")

    def facts(self):
        outcome = {"outcome": clf.lib.clf_status_name(self.model.outcome()).decode()}
        if self.logistic:
            return {**outcome, "iterations": len(self.model.tensor("history_loss")),
                    "objective": logistic_objective(self.digits, self.model.tensor("weights"),
                                                    self.model.tensor("intercept"))}
        return {**outcome, **self.sized("support_vectors", "support", len),
                **self.sized("objective", "objective", lambda values: float(values.sum()))}

    def sized(self, key, tensor, of):
        try:
            return {key: of(self.model.tensor(tensor))}
        except clf.Error:
            return {}


class Sklearn:
    """scikit-learn on float32; its SVC is LIBSVM, which computes in float64."""
    package = "sklearn"

    def __init__(self, line, precision, digits, on, threads):
        importlib.import_module(self.package)
        self.line, self.digits = line, digits
        self.model = self.make(line)
        if line.kind == "perceptron":
            self.model.set_params(n_jobs=threads)
        self.x, self.x_test = digits.numbers(np.float64 if line.kernel and self.package == "sklearn" else np.float32)

    @staticmethod
    def knows(line, precision):
        return line.linear or line.kernel

    def make(self, line):
        module, name, arguments = line.linear or ("svm", "SVC", line.kernel)
        return getattr(importlib.import_module(f"{self.package}.{module}"), name)(**arguments)

    def fit(self):
        self.model.fit(self.x, self.digits.labels)

    def predict(self):
        return self.model.predict(self.x_test)

    def weights(self):
        return self.model.coef_

    def facts(self):
        if self.line.kind == "logistic":
            return {"iterations": int(np.max(self.model.n_iter_)),
                    "objective": logistic_objective(self.digits, self.model.coef_,
                                                    self.model.intercept_)}
        if not self.line.kernel:
            return {}
        return {"support_vectors": len(self.model.support_),
                "objective": float(dual_objective(
                    self.line.kernel, self.x[self.model.support_], self.model.n_support_,
                    np.asarray(self.model.dual_coef_)))}


class Intelex(Sklearn):
    """scikit-learn-intelex, which is oneDAL's, for what it has."""
    package = "sklearnex"

    @staticmethod
    def knows(line, precision):
        return line.kernel or line.kind in ("ridge", "logistic")

    def __init__(self, line, precision, digits, on, threads):
        import daal4py
        daal4py.daalinit(nthreads=threads)
        super().__init__(line, precision, digits, on, threads)

    def make(self, line):
        if line.kind == "ridge":
            return RidgeOfTargets(**line.linear[2])
        return super().make(line)


class RidgeOfTargets:
    """A RidgeClassifier of scikit-learn-intelex, which has the regression only."""

    def __init__(self, alpha, solver):
        from sklearnex.linear_model import Ridge
        self.ridge = Ridge(alpha=alpha)

    def fit(self, x, labels):
        self.ridge.fit(x, np.where(labels[:, None] == np.arange(10), 1, -1).astype(x.dtype))

    def predict(self, x):
        return self.ridge.predict(x).argmax(1)


class Liblinear(Sklearn):
    """LIBLINEAR (scikit-learn's) for the linear machine: each class against the rest, by the squared hinge."""

    @staticmethod
    def knows(line, precision):
        return line.kernel and line.kernel["kernel"] == "linear"

    def make(self, line):
        from sklearn.svm import LinearSVC
        return LinearSVC(C=line.kernel["C"], dual=False)

    def facts(self):
        return {}


class Libsvm:
    """LIBSVM's own programs: the times are those of the processes, reading and writing included."""
    types = {"linear": 0, "poly": 1, "rbf": 2, "sigmoid": 3}
    letters = {"C": "-c", "gamma": "-g", "coef0": "-r", "degree": "-d"}

    @staticmethod
    def knows(line, precision):
        return line.kernel

    def __init__(self, line, precision, digits, on, threads):
        if shutil.which("svm-train") is None:
            raise ImportError("svm-train is not in the path")
        self.folder = tempfile.TemporaryDirectory()
        self.kernel = line.kernel
        for name, data in zip(("train", "test"), digits.ours):
            clf.call("clf_dataset_save", data, "svmlight", f"{self.folder.name}/{name}", None)

    def run(self, *command):
        return subprocess.run(command, cwd=self.folder.name, check=True, capture_output=True,
                              text=True).stdout

    def fit(self):
        flags = ["-t", str(self.types[self.kernel["kernel"]]), "-m", "200"]
        for key, letter in self.letters.items():
            flags += [letter, repr(self.kernel[key])] if key in self.kernel else []
        self.said = self.run("svm-train", *flags, "train", "model")

    def predict(self):
        self.run("svm-predict", "test", "model", "answers")
        return np.loadtxt(f"{self.folder.name}/answers", dtype=int)

    def facts(self):
        objectives = [float(line.split()[2].rstrip(",")) for line in self.said.split("\n")
                      if line.startswith("obj = ")]
        total = [line.split()[-1] for line in self.said.split("\n") if line.startswith("Total nSV")]
        return {"support_vectors": int(total[0]), "objective": sum(objectives)}


PEERS = {"sklearn": Sklearn, "intelex": Intelex, "liblinear": Liblinear, "libsvm": Libsvm, "torch": Torch,
         "torch_compile": TorchCompile, "onnx": Onnx}
