"""Models as C source code, compiled as C99 without a warning, against our own predictions on the same
rows: every label, and scores and probabilities up to the rounding of floats."""

import ctypes as C
import itertools
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import classify as clf
import numpy as np

COMPILER = os.environ.get("CC", "").split() or [shutil.which("cc") or shutil.which("gcc") or "clang"]
if not shutil.which(COMPILER[-1]):
    print("no C compiler is installed: skipped")
    sys.exit(77)

WARNINGS = ["-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror", "-Wconversion", "-Wshadow",
            "-Wdouble-promotion", "-Wstrict-prototypes", "-Wmissing-prototypes", "-Wundef"]
DATA = pathlib.Path(__file__).resolve().parents[2] / "examples" / "data"
TOLERANCE = 1e-5  # of the largest value: the library sums in f32
# The coefficients of a kernel Fisher discriminant cancel: f32 sums of them lose a digit more.
CANCELLING = 3e-4


class Compiled:
    """The functions of a model's source code."""

    def __init__(self, model, folder, params="name=own"):
        path = os.path.join(folder, "model.c")
        clf.call("clf_model_export", model, "c", path, params)
        self.source = pathlib.Path(path).read_text(encoding="ascii")
        library = os.path.join(folder, "model.so")
        needs_math = "math.h" in self.source
        subprocess.run([*COMPILER, *WARNINGS, "-O1", "-shared", "-fPIC", "-o", library, path]
                       + (["-lm"] if needs_math else ["-nodefaultlibs", "-Wl,-z,defs"]), check=True)
        self.lib = C.CDLL(library)
        self.dtype = np.float64 if "input=f64" in params else np.float32
        self.outputs = model.outputs if hasattr(model, "outputs") else \
            clf.lib.clf_model_outputs(model.handle)

    def values(self, function, x):
        x = np.ascontiguousarray(x.reshape(len(x), -1), self.dtype)
        out = np.full((len(x), self.outputs), np.nan)
        for row, values in zip(x, out):
            getattr(self.lib, f"own_{function}")(C.c_void_p(row.ctypes.data),
                                                 C.c_void_p(values.ctypes.data))
        return out

    def predict(self, x):
        x = np.ascontiguousarray(x.reshape(len(x), -1), self.dtype)
        return np.array([self.lib.own_predict(C.c_void_p(row.ctypes.data)) for row in x])

    def class_names(self):
        return [name.decode() for name in (C.c_char_p * self.outputs).in_dll(self.lib, "own_class_names")]


def data(columns, classes, rows=200, seed=1, dtype=np.float32):
    """Overlapping clouds."""
    random = np.random.default_rng(seed)
    y = (np.arange(rows) % classes).astype(np.int32)
    centers = np.random.default_rng(99).normal(size=(classes, columns))
    return (centers[y] + random.normal(size=(rows, columns))).astype(dtype), y


def differing(labels, expected, scores, tolerance=TOLERANCE):
    """Rows of another label whose two best scores differ by more than rounding."""
    two = np.sort(scores, axis=1)[:, -2:] if scores.shape[1] > 1 else np.hstack([0 * scores, np.abs(scores)])
    near = two[:, 1] - two[:, 0] < tolerance * np.abs(scores).max()
    return np.flatnonzero((labels != expected) & ~near)


def compare(model, rows, what, params="name=own", given=None, tolerance=TOLERANCE):
    """All labels, scores and probabilities of the rows; `given` are those of the dataset as passed to
    the functions."""
    given = rows if given is None else given
    dataset = rows if isinstance(rows, clf.Dataset) else clf.Dataset(rows)
    with tempfile.TemporaryDirectory() as folder:
        own = Compiled(model, folder, params)
        expected = model.decision_function(dataset)
        scores = own.values("decision", given)
        clf.close(scores, expected, tolerance, what)
        if "own_predict" not in own.source:
            return own
        labels = own.predict(given)
        assert len(differing(labels, model.predict(dataset), expected, tolerance)) == 0, what
        try:
            probabilities = model.predict_proba(dataset)
        except clf.Error:
            assert "own_probabilities" not in own.source, what
            return own
        clf.close(own.values("probabilities", given), probabilities, tolerance, what)
        return own


def check(kind, params="", columns=6, classes=3, add=(), sparse=False, seed=1, tolerance=TOLERANCE):
    x, y = data(columns, classes, seed=seed)
    rows = data(columns, classes, 60, seed=2)[0]
    if sparse:
        import scipy.sparse
        x[np.abs(x) < 0.7] = 0
        rows[np.abs(rows) < 0.7] = 0
        train, test = (clf.Dataset(scipy.sparse.csr_matrix(m), l) for m, l in ((x, y), (rows, None)))
    else:
        train, test = clf.Dataset(x, y), clf.Dataset(rows)
    model = clf.Model(kind, params)
    for transform in add:
        model.add(*transform)
    model.fit(train)
    return compare(model, test, f"{kind} {params} {add}", given=rows, tolerance=tolerance)


def linear_models():
    for classes in 2, 5:
        for kind in "ridge", "fisher", "perceptron", "logistic":
            own = check(kind, "", classes=classes)
            assert own.class_names() == [str(k) for k in range(classes)]
        check("logistic", "multiclass=one_vs_rest", classes=classes)
        check("ridge", sparse=True, classes=classes)


def calibrated_models():
    for i, method in enumerate(("sigmoid", "temperature", "isotonic")):
        for j, (kind, params) in enumerate((
                ("ridge", ""), ("svm", "kernel=rbf"), ("svm", "kernel=linear"), ("logistic", ""),
                ("network", "epochs=3 layers='dense units=4; dense units=3'"))):
            classes = 2 + (i + j) % 2
            params = params.replace("units=3", f"units={classes}")
            check(kind, f"{params} calibration={method}", classes=classes)


def a_class_without_weight():
    x, y = data(6, 4)
    weights = np.where(y == 1, 0, 1).astype(np.float32)
    for kind, params in ("ridge", ""), ("logistic", ""), ("ridge", "calibration=sigmoid"):
        compare(clf.Model(kind, params).fit(clf.Dataset(x, y, weights)), data(6, 4, 60, seed=2)[0], kind)


def transforms():
    kinds = [("logistic", ""), ("svm", "kernel=rbf"), ("network", "epochs=3 layers='dense units=3'")]
    for i, add in enumerate(([("standardize", None)], [("min_max", "low=-1 high=3 clip=true")],
                [("standardize", "mean=false"), ("min_max", None)],
                [("polynomial", "degree=3")], [("polynomial", "degree=2 interaction_only=true")],
                [("polynomial", "degree=1")], [("pca", "components=3")], [("pca", "whiten=true")],
                [("standardize", None), ("polynomial", None), ("pca", "components=9")],
                [("robust", None), ("select", "columns=6,1,3")],
                [("standardize", "columns=2,5"), ("impute", "columns=1,2 strategy=median")])):
        for kind, params in kinds if i == 0 else [kinds[i % 3]]:  # each is code before the model's
            check(kind, params, add=add)
    check("ridge", add=[("polynomial", "degree=2 interaction_only=true")], columns=1)
    x, y = data(6, 3)
    x = np.abs(x)
    model = clf.Model("logistic").add("log_count_ratio").fit(clf.Dataset(x, y))
    compare(model, x, "log_count_ratio")
    x[::3, 1] = np.nan
    model = clf.Model("logistic").add("impute", "columns=2").fit(clf.Dataset(x, y))
    compare(model, x, "impute")


KERNELS = ["linear", "polynomial degree=4 coef0=1", "rbf", "sigmoid coef0=0.1 gamma=0.05"]


def kernels():
    for i, kernel in enumerate(KERNELS):
        for classes in 2, 4:
            sparse = (i + classes // 2) % 2 == 0
            check("svm", f"kernel={kernel}", classes=classes, sparse=sparse)
            check("svm", f"kernel={kernel} multiclass=one_vs_rest", classes=classes, sparse=not sparse)
        check("perceptron", f"kernel={kernel}", classes=2 + 2 * (i % 2))
        check("fisher", f"kernel={kernel}", classes=4 - 2 * (i % 2), tolerance=CANCELLING)
        check("fisher", f"kernel={kernel} landmarks=20", classes=2 + 2 * (i % 2), sparse=True, tolerance=CANCELLING)


def machines_of_other_types():
    x, y = data(6, 3)
    rows = data(6, 3, 60, seed=2)[0]
    for kernel in KERNELS[0], KERNELS[2]:
        check("svm", f"kernel={kernel} type=nu_svc nu=0.4")
        check("svm", f"kernel={kernel} type=one_class nu=0.3", sparse=True)
        assert set(check("svm", f"kernel={kernel} type=one_class nu=0.5").predict(rows)) <= {0, -1}
        for kind in "epsilon_svr", "nu_svr":
            model = clf.Model("svm", f"kernel={kernel} type={kind}").fit(clf.Dataset(x, targets=x[:, :2] ** 2))
            compare(model, rows, kind)


def sums_are_in_doubles():
    """With a linear kernel, by NumPy in f64 from the tensors of the model."""
    x, y = data(6, 3)
    model = clf.Model("fisher", "kernel=linear").fit(clf.Dataset(x, y))
    tensor = {name: model.tensor(name).astype(float) for name in
              ("coefficients", "support_vectors", "weights", "intercept")}
    images = x.astype(float) @ tensor["support_vectors"].T @ tensor["coefficients"].T
    expected = images @ tensor["weights"].T + tensor["intercept"]
    with tempfile.TemporaryDirectory() as folder:
        found = Compiled(model, folder).values("decision", x)
        clf.close(found, expected, 1e-6, "kernel Fisher discriminant")  # images are floats


def precomputed_kernels():
    x, y = data(5, 3)
    rows = data(5, 3, 50, seed=3)[0]
    for kind in "svm", "perceptron", "fisher":
        model = clf.Model(kind, "kernel=precomputed").fit(clf.Dataset(x @ x.T, y))
        compare(model, rows @ x.T, f"{kind} of a precomputed kernel", tolerance=CANCELLING)


def probabilities_of_machines():
    for classes in 2, 3, 5:
        more = ("", " multiclass=one_vs_rest")
        for i, kernel in enumerate(("kernel=rbf", "kernel=linear")):
            check("svm", kernel + more[(i + classes) % 2] + " probability=true", classes=classes)


def classes_without_rows():
    """Weights of 0 leave a class without support vectors."""
    x, y = data(4, 4)
    for absent in (2,), (0, 3):
        weights = np.where(np.isin(y, absent), 0, 1).astype(np.float32)
        for i, params in enumerate(("", "multiclass=one_vs_rest", "probability=true",
                                    "probability=true multiclass=one_vs_rest")):
            kernel = ("linear", "rbf")[(i + len(absent)) % 2]
            model = clf.Model("svm", f"kernel={kernel} {params}").fit(clf.Dataset(x, y, weights))
            with tempfile.TemporaryDirectory() as folder:
                own = Compiled(model, folder)
                found, expected = own.predict(x), model.predict(clf.Dataset(x))
                scores = model.decision_function(clf.Dataset(x))
                assert len(differing(found, expected, scores)) == 0, params
                clf.close(own.values("decision", x)[:, [k for k in range(4) if k not in absent]],
                          scores[:, [k for k in range(4) if k not in absent]], TOLERANCE, params)


ACTIVATIONS = ["linear", "relu", "leaky_relu", "sigmoid", "tanh", "softmax"]


def networks():
    for f in ACTIVATIONS:
        for layers in (f"dense units=7 activation={f}; dense units=3",
                       f"dense units=7 bias=false; activation function={f}; dense units=3 bias=false",
                       f"activation function={f}; batch_norm; dense units=5 activation={f}; "
                       f"batch_norm; dropout; dense units=9 activation={f}; dense units=3"):
            check("network", f"epochs=3 batch_size=16 layers='{layers}'")
    for params, units, classes in (("loss=binary_cross_entropy", 3, 3), ("loss=hinge", 3, 3),
                                   ("loss=binary_cross_entropy", 1, 2), ("loss=hinge", 1, 2)):
        check("network", f"epochs=3 {params} layers='dense units={units}'", classes=classes)
    check("network", "epochs=2 input=4,6 layers='activation function=softmax; batch_norm; flatten; "
          "dense units=3'", columns=24)


def layers_of_images():
    """Convolutions and pooling with every option, as tests/parity/test_onnx.py has them."""
    networks = []
    for kernel, stride, padding in ((1, 1, "valid"), (2, 2, "same"), (3, 1, "same"), (3, 2, "valid"), (5, 3, "same")):
        networks.append(((9, 7, 2), f"conv2d filters=4 kernel={kernel} stride={stride} padding={padding}; flatten"))
    for dilation, stride, padding in ((2, 1, "same"), (3, 1, "valid"), (2, 2, "same")):
        networks.append(((11, 8, 3), f"conv2d filters=3 kernel=3 dilation={dilation} padding={padding} "
                         f"stride={stride} bias=false; flatten"))
    for f in "relu", "tanh", "softmax":
        networks.append(((6, 5, 2), f"conv2d filters=5 activation={f}; flatten"))
    for kind in "max_pool2d", "average_pool2d":
        for size, stride, padding in ((2, 2, "valid"), (3, 2, "same"), (2, 3, "valid"), (4, 1, "same")):
            networks.append(((9, 10, 2), f"conv2d filters=3 kernel=1; {kind} size={size} stride={stride} "
                             f"padding={padding}; flatten"))
        networks.append(((7, 6, 2), f"conv2d filters=4; global_{kind}"))
        networks.append(((7, 6), f"global_{kind}"))
    networks.append(((7, 6), "activation function=tanh; dropout rate=0.2; max_pool2d; flatten"))
    networks.append(((8, 7, 1), "conv2d filters=4; batch_norm; activation; conv2d filters=3; flatten"))
    networks.append(((4, 6, 3), "batch_norm epsilon=0.01; flatten"))
    networks.append(((28, 28, 1), "conv2d filters=8 kernel=5 padding=same activation=relu; max_pool2d; conv2d "
                     "filters=12 kernel=3 stride=2 padding=same; batch_norm; activation; average_pool2d; flatten; "
                     "dense units=20 activation=tanh; dropout rate=0.4"))
    for shape, layers in networks:
        size = ",".join(map(str, shape))
        check("network", f"epochs=2 batch_size=16 input={size} layers='{layers}; dense units=3'",
              columns=int(np.prod(shape)))


def regressions():
    x, _ = data(4, 2)
    for targets in 300 + 70 * x[:, :1], np.stack([1e-20 * x[:, 0], 1e9 + 1e6 * x[:, 1]], 1):
        outputs = targets.shape[1]
        layers = f"dense units=7 activation=tanh; dense units={outputs}"
        for kind, params in ("ridge", ""), \
                ("network", f"loss=squared_error epochs=20 layers='{layers}'"):
            rows = clf.Dataset(x, targets=targets.astype(np.float64))
            model = clf.Model(kind, params).fit(rows)
            with tempfile.TemporaryDirectory() as folder:
                own = Compiled(model, folder)
                found, expected = own.values("decision", x), model.decision_function(rows)
                assert "predict" not in own.source and "CLASSES" not in own.source
                for k in range(outputs):  # each in its own unit
                    clf.close(found[:, k], expected[:, k], TOLERANCE, f"{kind}, output {k}")


def rows_far_from_0():
    """Floats keep the digits of f32 rows; f64 rows need input=f64."""
    x, y = data(5, 3, dtype=np.float64)
    adds = [("standardize", None), ("min_max", "precision=f64"), ("pca", "precision=f64")]
    turn = itertools.cycle(adds)
    for offset, dtype in (1e5, np.float32), (1e9, np.float64):
        rows = (x + offset).astype(dtype)
        params = "name=own input=f64" if dtype == np.float64 else "name=own"
        for kind, more in (("ridge", ""), ("fisher", ""), ("logistic", ""), ("perceptron", ""),
                           ("svm", "kernel=rbf"), ("svm", "kernel=linear"),
                           ("network", "epochs=3 layers='dense units=3'")):
            if kind != "network" or dtype == np.float32:
                model = clf.Model(kind, more).fit(clf.Dataset(rows, y))
                compare(model, rows, f"{kind} at {offset:g}", params)
            for add in adds if kind == "ridge" else [next(turn)]:
                model = clf.Model(kind, more).add(*add).fit(clf.Dataset(rows, y))
                compare(model, rows, f"{kind} {add} at {offset:g}", params)
    model = clf.Model("ridge").add("standardize", "precision=f64").add("polynomial").fit(
        clf.Dataset(x + 1e9, y))
    compare(model, x + 1e9, "polynomial of f64", "name=own input=f64")


def products_that_cancel():
    random = np.random.default_rng(3)
    hidden, x = random.normal(size=200), random.normal(size=(200, 4))
    x[:, 1] = x[:, 0] + 1e-3 * hidden
    y = (hidden > 0).astype(np.int32) + (hidden > 1)
    for dtype in np.float32, np.float64:
        rows = x.astype(dtype)
        for kind, params in ("ridge", "alpha=1e-6"), ("fisher", ""), ("logistic", "C=1e6"):
            model = clf.Model(kind, params).fit(clf.Dataset(rows, y))
            assert model.tensor("precision") == 64
            compare(model, rows, f"{kind} whose products cancel",
                    "name=own" + (" input=f64" if dtype == np.float64 else ""))


def digits():
    """All rows of the test set that the repository has, as bytes with a scale, as in training."""
    train, test = (clf.Dataset.load("idx", DATA / f"{part}-images-idx3-ubyte.gz",
                                    f"labels={DATA / part}-labels-idx1-ubyte.gz")
                   for part in ("train", "t10k"))
    x, y = train.tensor("x").reshape(train.rows, -1), train.tensor("labels")
    pixels = test.tensor("x").reshape(test.rows, -1)
    given = pixels.astype(np.float32) * np.float32(1 / 255)
    rows = clf.Dataset(pixels, scale=1 / 255)
    part = slice(0, 1500)
    for kind, params, add in (
            ("ridge", "alpha=100", []), ("logistic", "", [("standardize", None)]), ("svm", "kernel=linear", []),
            ("svm", "kernel=rbf C=5", [("pca", "components=30")]),
            ("perceptron", "kernel=polynomial", []),
            ("network", "epochs=3 layers='dense units=60 activation=relu; dense units=10'", []),
            ("network", "epochs=15 input=28,28,1 layers='conv2d filters=8 kernel=5 stride=2 activation=relu; "
             "max_pool2d; batch_norm; flatten; dense units=10'", [])):
        model = clf.Model(kind, params)
        for transform in add:
            model.add(*transform)
        model.fit(clf.Dataset(x[part], y[part], scale=1 / 255))
        with tempfile.TemporaryDirectory() as folder:
            own = Compiled(model, folder)
            found, expected = own.predict(given), model.predict(rows)
            others = differing(found, expected, model.decision_function(rows))
            print(f"{kind} {params} {add}: {len(own.source)} bytes, {np.sum(found != expected)} of "
                  f"{len(found)} labels differ")
            assert len(others) == 0, (kind, params, others)
            assert np.mean(found == test.tensor("labels")) > 0.8


def sources_are_plain():
    """ASCII, the names of the classes whatever they hold, a prefix, and no global but the declared."""
    x, y = data(3, 3)
    names = ['a "quoted" \\ name', "??/ trigraph\n\t", "Zoë 漢字"]
    dataset = clf.Dataset(x, y)
    assert dataset.class_names() == ["0", "1", "2"]
    named = clf.Dataset()
    rows = clf.tensor(x)
    labels = [names[k].encode() for k in y]
    clf.call("clf_dataset_create", C.byref(named.handle), None, rows, None)
    clf.call("clf_dataset_set_label_names", named, (C.c_char_p * len(labels))(*labels),
             clf.i64(len(labels)))
    model = clf.Model("logistic").add("standardize").fit(named)
    with tempfile.TemporaryDirectory() as folder:
        own = Compiled(model, folder)
        assert own.class_names() == sorted(names, key=str.encode)
        exported = subprocess.run(["nm", "-D", "--defined-only", os.path.join(folder, "model.so")],
                                  check=True, capture_output=True, text=True).stdout
        globals_ = {line.split()[-1] for line in exported.splitlines()}
        assert {g for g in globals_ if not g.startswith("_")} == {
            "own_predict", "own_decision", "own_probabilities", "own_class_names"}, globals_
        statics = re.findall(r"^static \w[\w ]*?\b(\w+)[\[(]", own.source, re.M)
        assert statics and all(name.startswith("own_") for name in statics), statics
        # Two models in one program.
        other = os.path.join(folder, "other.c")
        clf.call("clf_model_export", model, "c", other, "name=other_1")
        both = os.path.join(folder, "both.c")
        pathlib.Path(both).write_text('#include "model.c"\n#include "other.c"\nint main(void) {\n'
                                      "  const float x[own_FEATURES] = {0};\n"
                                      "  return own_predict(x) != other_1_predict(x);\n}\n")
        program = os.path.join(folder, "both")
        subprocess.run([*COMPILER, *WARNINGS, "-o", program, both, "-lm"], check=True)
        subprocess.run([program], check=True)


clf.run([linear_models, calibrated_models, a_class_without_weight, transforms, kernels, machines_of_other_types, sums_are_in_doubles, precomputed_kernels,
         probabilities_of_machines, classes_without_rows, networks, layers_of_images, regressions, rows_far_from_0,
         products_that_cancel, digits, sources_are_plain])
