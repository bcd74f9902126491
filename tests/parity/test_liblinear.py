"""Model files of LIBLINEAR's own tools (liblinear-train, liblinear-predict), both ways."""

import ctypes as C
import pathlib
import shutil
import subprocess
import sys
import tempfile

import classify as clf
import numpy as np

if not shutil.which("liblinear-train") or not shutil.which("liblinear-predict"):
    print("liblinear-train and liblinear-predict (liblinear-tools) are not installed: skipped")
    sys.exit(77)

folder = tempfile.TemporaryDirectory(prefix="classify-liblinear-")
at = pathlib.Path(folder.name)
rng = np.random.default_rng(1)
CLASSIFIERS, LOGISTIC = range(8), (0, 6, 7)
PRINTED = 1e-6  # probabilities are printed with six digits


def rows(count, classes, features=7, density=1.0, shift=0.0):
    """Clouds of points; labels are integers whose first appearances are in no order."""
    centres = rng.normal(size=(classes, features))
    names = rng.permutation(np.arange(-2, classes - 2)) * 3
    which = np.concatenate([rng.permutation(classes), rng.integers(0, classes, count - classes)])
    x = centres[which] + 0.8 * rng.normal(size=(count, features))
    x[rng.random(x.shape) >= density] = 0
    return (x + shift).astype(np.float32), names[which].astype(np.int32)


def write(path, x, y):
    """As LIBLINEAR reads it, apart from the library's own writer."""
    with open(path, "w") as file:
        for values, label in zip(x, y):
            entries = "".join(f" {j}:{float(v)!r}" for j, v in enumerate(values, 1) if v != 0)
            file.write(f"{label}{entries}\n")


def tool(*arguments):
    subprocess.run([str(a) for a in arguments], check=True, stdout=subprocess.DEVNULL)


def theirs(data, model, probabilities=False):
    """Labels, and probabilities in ascending order of the labels."""
    tool("liblinear-predict", "-q", *(["-b", "1"] if probabilities else []), data, model, at / "out")
    lines = [line.split() for line in (at / "out").read_text().splitlines()]
    if not probabilities:
        return np.array([int(line[0]) for line in lines]), None
    order = np.argsort([int(word) for word in lines[0][1:]])
    return (np.array([int(line[0]) for line in lines[1:]]),
            np.array([[float(word) for word in line[1:]] for line in lines[1:]])[:, order])


def load(path, params=None):
    model = clf.Model()
    clf.call("clf_model_import", C.byref(model.handle), None, "liblinear", str(path), params)
    return model


def export(model, path, params=None):
    clf.call("clf_model_export", model, "liblinear", str(path), params)


def refused(says, function, *arguments):
    try:
        clf.call(function, *arguments)
    except Exception as error:
        assert "CLF_ERROR_UNSUPPORTED" in str(error) and says in str(error), error
    else:
        assert False, f"{function} is not refused"


def labels_of(model, data):
    count = clf.lib.clf_model_classes(model.handle)
    names = [int(clf.lib.clf_model_class_name(model.handle, C.c_int64(k))) for k in range(count)]
    return np.array(names)[model.predict(data)]


def same(model, path, file, data, probabilities, what):
    """Values that are equal, as those of empty rows without a bias, are told apart otherwise."""
    labels, expected = theirs(file, path, probabilities)
    values = np.sort(model.decision_function(data), 1)
    clear = values[:, -1] > values[:, -2]
    assert clear.mean() > 0.5
    assert (labels_of(model, data) == labels)[clear].all(), what
    if probabilities:
        clf.close(model.predict_proba(data), expected, PRINTED, what)


def files_of_liblinear_train__predict_the_same():
    for classes in 2, 3, 5:
        for density in 1.0, 0.05:
            features = 7 if density == 1 else 60
            x, y = rows(150, classes, features, density)
            write(at / "data", x, y)
            for solver in CLASSIFIERS:
                for bias in "-1", "1", "0.25":
                    tool("liblinear-train", "-q", "-s", solver, "-B", bias, at / "data", at / "model")
                    what = f"-s {solver} -B {bias}, {classes} classes, density {density}"
                    model = load(at / "model", f"features={features}")
                    for data in (clf.Dataset(x), clf.Dataset.load("svmlight", at / "data",
                                                                  f"features={features}")):
                        same(model, at / "model", at / "data", data, solver in LOGISTIC, what)
                    export(model, at / "again")
                    same(model, at / "again", at / "data", data, solver in LOGISTIC, "again, " + what)
                    back = clf.Model.load_bytes(model.save_bytes())
                    assert (back.predict(data) == model.predict(data)).all()


def regressions_of_liblinear_train__predict_the_same():
    x, _ = rows(150, 2)
    target = x @ rng.normal(size=x.shape[1]) + 0.3
    write(at / "data", x, target)
    for solver in 11, 12, 13:
        for bias in "-1", "2":
            tool("liblinear-train", "-q", "-s", solver, "-B", bias, at / "data", at / "model")
            model = load(at / "model", "features=7")
            values = model.decision_function(clf.Dataset(x))[:, 0]
            export(model, at / "again")
            for file in at / "model", at / "again":
                tool("liblinear-predict", "-q", at / "data", file, at / "out")
                clf.close(values, np.loadtxt(at / "out"), 1e-5, f"-s {solver} -B {bias}")


def files__have_all_digits():
    """W x + b in f64, from the text of the file, is the decision in f64."""
    x, y = rows(100, 4)
    write(at / "data", x, y)
    for solver in CLASSIFIERS:
        tool("liblinear-train", "-q", "-s", solver, "-B", "1", at / "data", at / "model")
        lines = (at / "model").read_text().split("\nw\n")
        w = np.array([[float(word) for word in line.split()] for line in lines[1].splitlines()])
        label = [int(word) for word in lines[0].split("label")[1].split("\n")[0].split()]
        expected = (np.c_[x.astype(float), np.ones(100)] @ w)[:, np.argsort(label)]
        model = load(at / "model")
        out = np.zeros((100, 4))
        clf.call("clf_model_decision_function_f64", model, clf.Dataset(x),
                 out.ctypes.data_as(C.POINTER(C.c_double)), C.c_int64(out.size))
        clf.close(out, expected, 1e-12, f"-s {solver}")


MODELS = [("logistic", "", 2), ("logistic", "fit_intercept=false", 2),
          ("logistic", "multiclass=one_vs_rest", 4), ("fisher", "", 2), ("ridge", "", 2), ("ridge", "", 4),
          ("perceptron", "", 2), ("perceptron", "", 4), ("svm", "kernel=linear", 2),
          ("svm", "kernel=linear multiclass=one_vs_rest", 4),
          ("svm", "kernel=linear probability=true", 2),
          ("svm", "kernel=linear multiclass=one_vs_rest probability=true", 4)]


def has_probabilities(kind, params):
    return kind in ("logistic", "fisher") or "probability" in params


def fitted(kind, params, data, transforms=()):
    model = clf.Model(kind, params)
    for transform in transforms:
        clf.call("clf_model_add_transform", model, *transform)
    return model.fit(data)


def exported__files_predict_the_same():
    for kind, params, classes in MODELS:
        for transforms in (), [("standardize", None)], [("min_max", "low=-1"), ("standardize", None)]:
            for shift in 0, 1e3:
                x, y = rows(200, classes, shift=shift)
                write(at / "data", x, y)
                data = clf.Dataset(x, y)
                model = fitted(kind, params, data, transforms)
                export(model, at / "model")
                what = f"{kind} {params}, {classes} classes, {transforms}, shift {shift}"
                labels, expected = theirs(at / "data", at / "model", has_probabilities(kind, params))
                assert (labels_of(model, data) == labels).mean() >= 0.995, what  # but for ties in f32
                if expected is not None:
                    clf.close(model.predict_proba(data), expected, 2e-5 if shift else 5e-6, what)
                assert (labels == y).mean() > 0.6, what


def exported__decisions_of_a_softmax_predict_the_same():
    x, y = rows(200, 4)
    write(at / "data", x, y)
    data = clf.Dataset(x, y)
    for kind in "logistic", "fisher":
        model = fitted(kind, "", data)
        refused("softmax", "clf_model_export", model, "liblinear", str(at / "model"), None)
        export(model, at / "model", "probabilities=false")
        same(model, at / "model", at / "data", data, False, kind)


clf.run([value for name, value in list(globals().items()) if "__" in name[1:-2] and callable(value)])
