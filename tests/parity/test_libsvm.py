"""Model and data files of LIBSVM's own tools (svm-train, svm-predict), both ways."""

import ctypes as C
import pathlib
import shutil
import subprocess
import sys
import tempfile

import classify as clf
import numpy as np

if not shutil.which("svm-train") or not shutil.which("svm-predict"):
    print("svm-train and svm-predict (libsvm-tools) are not installed: skipped")
    sys.exit(77)

folder = tempfile.TemporaryDirectory(prefix="classify-libsvm-")
at = pathlib.Path(folder.name)
rng = np.random.default_rng(1)

KERNELS = {"linear": "-t 0", "polynomial": "-t 1 -d 3 -g 0.5 -r 1", "rbf": "-t 2 -g 0.3",
           "sigmoid": "-t 3 -g 0.05 -r -0.2"}


def rows(count, classes, features=7, density=1.0):
    """Clouds of points; labels are integers whose first appearances are in no order."""
    centres = rng.normal(size=(classes, features))
    names = rng.permutation(np.arange(-2, classes - 2)) * 3
    which = np.concatenate([rng.permutation(classes), rng.integers(0, classes, count - classes)])
    x = centres[which] + 0.8 * rng.normal(size=(count, features))
    x[rng.random(x.shape) >= density] = 0
    return x.astype(np.float32), names[which].astype(np.int32)


def write(path, x, y, precomputed=False):
    """As LIBSVM reads it, apart from the library's own writer."""
    with open(path, "w") as file:
        for number, (values, label) in enumerate(zip(x, y), 1):
            first = f" 0:{number}" if precomputed else ""
            entries = "".join(f" {j}:{v!s}" for j, v in enumerate(values, 1) if v != 0)
            file.write(f"{label}{first}{entries}\n")


def tool(*arguments):
    subprocess.run([str(a) for a in arguments], check=True, stdout=subprocess.DEVNULL)


def svm_predict(data, model, options=()):
    tool("svm-predict", "-q", *options, data, model, at / "out")
    lines = (at / "out").read_text().split("\n")[:-1]
    return [line.split() for line in lines]


def load(path, params=None):
    model = clf.Model()
    clf.call("clf_model_import", C.byref(model.handle), None, "libsvm", str(path), params)
    return model


def export(model, path):
    clf.call("clf_model_export", model, "libsvm", str(path), None)


def pair_values(path, x):
    """Decision values [rows, pairs] in f64 by the text of a model file, with its labels, and the
    size of the terms that they are the sums of."""
    header, vectors = {}, []
    lines = iter(open(path))
    for line in lines:
        key, *values = line.split()
        if key == "SV":
            break
        header[key] = values
    number = lambda key: float(header[key][0]) if key in header else 0.0
    classes = int(header["nr_class"][0])
    coefficients = []
    for line in lines:
        words = line.split()
        coefficients.append([float(w) for w in words[:classes - 1]])
        vector = np.zeros(max(x.shape[1] + 1, 1000))
        for word in words[classes - 1:]:
            index, value = word.split(":")
            vector[int(index)] = float(value)
        vectors.append(vector)
    z, c = np.array(vectors), np.array(coefficients)
    x = x.astype(float)
    kind = header["kernel_type"][0]
    if kind == "precomputed":
        kernel = x[:, z[:, 0].astype(int) - 1]
    else:
        z = z[:, 1:x.shape[1] + 1]
        dots = x @ z.T
        if kind == "rbf":
            distance = (x**2).sum(1)[:, None] + (z**2).sum(1) - 2 * dots
            kernel = np.exp(-number("gamma") * distance)
        elif kind == "polynomial":
            kernel = (number("gamma") * dots + number("coef0"))**number("degree")
        else:
            kernel = {"linear": dots,
                      "sigmoid": np.tanh(number("gamma") * dots + number("coef0"))}[kind]
    start = np.concatenate([[0], np.cumsum([int(n) for n in header["nr_sv"]])])
    values, size = [], 1.0
    for i in range(classes):
        for j in range(i + 1, classes):
            a, b = slice(start[i], start[i + 1]), slice(start[j], start[j + 1])
            terms = np.hstack([kernel[:, a] * c[a, j - 1], kernel[:, b] * c[b, i]])
            size = max(size, np.abs(terms).sum(1).max())
            values.append(terms.sum(1) - float(header["rho"][len(values)]))
    return np.array(values).T, [int(label) for label in header["label"]], size


def names_of(model):
    count = clf.lib.clf_model_classes(model.handle)
    return [int(clf.lib.clf_model_class_name(model.handle, C.c_int64(k))) for k in range(count)]


def votes_and_sums(values, labels):
    """What the library's decision values of more than two classes are made of, by class name."""
    votes = {label: np.zeros(len(values)) for label in labels}
    sums = {label: np.zeros(len(values)) for label in labels}
    pairs = [(a, b) for i, a in enumerate(labels) for b in labels[i + 1:]]
    for (a, b), f in zip(pairs, values.T):
        votes[a] += f > 0
        votes[b] += f <= 0
        sums[a] += np.clip(f, -1, 1)
        sums[b] -= np.clip(f, -1, 1)
    return votes, sums


def same_decisions(model, path, data, x, what):
    """To 1e-6 of the terms that a value is the sum of, and predictions but for ties."""
    values, labels, size = pair_values(path, x)
    found = model.decision_function(data).astype(float)
    names = names_of(model)
    assert names == sorted(labels)
    if len(labels) == 2:
        sign = 1 if labels[0] == names[0] else -1
        difference = np.abs(found[:, 0] - sign * values[:, 0]).max()
        assert difference <= 1e-6 * size, f"{what}: {difference:.3g} of {size:.3g}"
        clear = np.abs(values[:, 0]) > 1e-6 * size
    else:
        votes, sums = votes_and_sums(values, labels)
        clear = (np.abs(values) > 1e-6 * size).all(1)
        assert clear.mean() > 0.9
        for k, name in enumerate(names):
            expected = votes[name] + sums[name] / (2 * len(names))
            difference = np.abs(found[:, k] - expected)[clear].max()
            assert difference <= 1e-6 * size * len(names), f"{what}: {difference:.3g} of {size:.3g}"
    return clear, names


def same_predictions(model, path, file, data, x, what):
    clear, names = same_decisions(model, path, data, x, what)
    theirs = np.array([int(float(words[0])) for words in svm_predict(file, path)])
    ours = np.array(names)[model.predict(data)]
    votes = model.decision_function(data)
    best = np.sort(np.rint(votes), 1)[:, ::-1] if len(names) > 2 else None
    clear &= True if best is None else best[:, 0] > best[:, 1]  # equal votes are told apart otherwise
    assert clear.mean() > 0.8
    assert (theirs == ours)[clear].all(), f"{what}: {(theirs != ours)[clear].sum()} differ"


def files_of_svm_train__predict_the_same():
    for classes in 2, 3, 5:
        for density in 1.0, 0.05:
            features = 7 if density == 1 else 60
            x, y = rows(120, classes, features, density)
            write(at / "data", x, y)
            for kernel, options in KERNELS.items():
                for kind in "-s 0", "-s 1 -n 0.2":
                    tool("svm-train", "-q", *kind.split(), *options.split(), at / "data",
                         at / "model")
                    model = load(at / "model", f"features={features}")
                    what = f"{kernel}, {classes} classes, {kind}, density {density}"
                    same_predictions(model, at / "model", at / "data", clf.Dataset(x), x, what)
                    sparse = clf.Dataset.load("svmlight", at / "data", f"features={features}")
                    same_predictions(model, at / "model", at / "data", sparse, x, what)
                    assert model.score(sparse) == (np.array(names_of(model))[model.predict(sparse)]
                                                   == y).mean()
                    again = clf.Model.load_bytes(model.save_bytes())
                    assert (again.predict(sparse) == model.predict(sparse)).all()


def precomputed_files__predict_the_same():
    x, y = rows(60, 3)
    kernel = ((x.astype(float) @ x.T + 1)**2).astype(np.float32)
    write(at / "data", kernel, y, precomputed=True)
    tool("svm-train", "-q", "-t", "4", at / "data", at / "model")
    model = load(at / "model", "features=60")
    same_predictions(model, at / "model", at / "data", clf.Dataset(kernel), kernel, "precomputed")
    export(model, at / "ours")
    same_predictions(model, at / "ours", at / "data", clf.Dataset(kernel), kernel, "back")


def exported__files_predict_the_same():
    for classes in 2, 4:
        x, y = rows(150, classes)
        write(at / "data", x, y)
        for kernel in KERNELS:
            params = f"kernel={kernel} gamma=0.2 coef0=0.5 degree=2 C=2"
            data = clf.Dataset(x, y)
            model = clf.Model("svm", params).fit(data)
            export(model, at / "ours")
            same_predictions(model, at / "ours", at / "data", data, x, kernel)
            back = load(at / "ours", "features=7")
            clf.close(back.decision_function(data), model.decision_function(data), 2e-6, kernel)
            export(back, at / "again")
            ours, again = (sorted(open(at / name)) for name in ("ours", "again"))
            assert ours == again, f"{kernel}: what was read is not written as it was"


def exported__rows_far_from_0_predict_the_same():
    """Iris about 1,000 (f32) and 1e8 (f64): such a model subtracts a center, and its file has it in
    the vectors or in rho."""
    from sklearn.datasets import load_iris
    iris = load_iris()
    y = iris.target.astype(np.int32)
    for dtype, shift in (np.float32, 1e3), (np.float64, 1e3), (np.float64, 1e8):
        for which in y >= 0, y > 0:
            x = (iris.data[which] + shift).astype(dtype)
            write(at / "data", x.astype(float), y[which])  # all digits of f32, too
            data = clf.Dataset(x, y[which])
            for params in "kernel=rbf gamma=0.3", "kernel=rbf gamma=0.3 probability=true", "kernel=linear":
                model = clf.Model("svm", params).fit(data)
                assert np.abs(model.tensor("center") - shift).max() < 10
                export(model, at / "ours")
                probability = ["-b", "1"] if "probability" in params else []
                lines = svm_predict(at / "data", at / "ours", probability)
                what = f"{params}, {dtype.__name__}, {shift:g}, {sum(which)} rows"
                theirs = np.array([int(float(words[0])) for words in lines[bool(probability):]])
                ours = np.array(names_of(model))[model.predict(data)]
                assert (theirs == ours).all(), f"{what}: {(theirs != ours).sum()} differ"
                if probability:
                    found = np.array([[float(w) for w in words[1:]] for words in lines[1:]])
                    tolerance = 2e-5 if found.shape[1] == 2 else 0.005
                    clf.close(model.predict_proba(data), found, tolerance, what)
                if "rbf" in params:
                    back = load(at / "ours")
                    assert np.abs(back.tensor("center") - shift).max() < 10
                    clf.close(back.decision_function(data), model.decision_function(data), 1e-5, what)
                assert (theirs == y[which]).mean() > 0.93, what


def exported__bytes_and_sparse_rows_predict_the_same():
    import scipy.sparse
    x, y = rows(100, 3, 20, 0.2)
    pixels = rng.integers(0, 256, x.shape).astype(np.uint8)
    pixels[x == 0] = 0
    for data, values in ((clf.Dataset(pixels, y, scale=1 / 255), pixels / np.float32(255)),
                         (clf.Dataset(scipy.sparse.csr_matrix(x), y), x)):
        model = clf.Model("svm", "C=5").fit(data)
        export(model, at / "ours")
        write(at / "data", values.astype(np.float32), y)
        same_predictions(model, at / "ours", at / "data", data, values.astype(np.float32), "rows")


def calibrations__are_read():
    for classes in 2, 4:
        x, y = rows(200, classes)
        write(at / "data", x, y)
        tool("svm-train", "-q", "-b", "1", at / "data", at / "model")
        model = load(at / "model", "features=7")
        data = clf.Dataset(x)
        values, labels, size = pair_values(at / "model", x)
        header = dict((line.split()[0], line.split()[1:]) for line in open(at / "model")
                      if line[:4] in ("prob", "labe"))
        a = np.array(header["probA"], float)
        b = np.array(header["probB"], float)
        pairs = [(p, q) for i, p in enumerate(labels) for q in labels[i + 1:]]
        names = names_of(model)
        ours = [(p, q) for i, p in enumerate(names) for q in names[i + 1:]]
        for k, (p, q) in enumerate(pairs):
            swapped = (p, q) not in ours
            found = model.tensor("calibration")[ours.index((q, p) if swapped else (p, q))]
            assert found[0] == a[k] and found[1] == (-b[k] if swapped else b[k])
        export(model, at / "ours")
        theirs, back = (svm_predict(at / "data", at / name, ["-b", "1"])
                        for name in ("model", "ours"))
        table = {}
        for name, lines in ("model", theirs), ("ours", back):
            order = [int(word) for word in lines[0][1:]]
            values = np.array([[float(w) for w in line[1:]] for line in lines[1:]])
            table[name] = values[:, np.argsort(order)]
        # Of more than two classes LIBSVM couples probabilities by steps that end at 0.005 / classes.
        tolerance = 2e-5 if classes == 2 else 0.005
        clf.close(table["ours"], table["model"], tolerance, "exported probabilities")
        clf.close(model.predict_proba(data), table["model"], tolerance, "probabilities")


def saved__datasets_are_read_by_svm_train():
    x, y = rows(80, 3, 12, 0.4)
    data = clf.Dataset(x, y)
    clf.call("clf_dataset_save", data, "svmlight", str(at / "saved"), None)
    again = clf.Dataset.load("svmlight", at / "saved", "features=12")
    starts, columns, values = (again.tensor(n) for n in ("row_start", "column", "value"))
    dense = np.zeros_like(x)
    for i in range(len(x)):
        entries = slice(starts[i], starts[i + 1])
        dense[i, columns[entries]] = values[entries]
    assert (dense == x).all() and again.class_names() == data.class_names()
    assert (again.tensor("labels") == data.tensor("labels")).all()
    write(at / "data", x, y)
    for name in "saved", "data":
        tool("svm-train", "-q", at / name, at / (name + ".model"))
    assert open(at / "saved.model").read() == open(at / "data.model").read()


def data__of_precomputed_kernels_is_what_the_tools_take():
    """-t 4: the same decisions from a file of kernel values, read by both."""
    for classes in 2, 3:
        x, y = rows(60, classes)
        test, _ = rows(25, classes)
        kernel = np.exp(-0.3 * ((x[:, None] - x) ** 2).sum(2)).astype(np.float32)
        other = np.exp(-0.3 * ((test[:, None] - x) ** 2).sum(2)).astype(np.float32)
        write(at / "kernel", kernel, y, precomputed=True)
        write(at / "test", other, np.zeros(25, int), precomputed=True)
        tool("svm-train", "-q", "-t", "4", "-c", "2", "-e", "1e-5", at / "kernel", at / "model")
        expected = [int(line[0]) for line in svm_predict(at / "test", at / "model")]
        train = clf.Dataset.load("svmlight", at / "kernel")
        assert np.array_equal(train.tensor("x"), kernel.astype(float))
        model = clf.Model("svm", "kernel=precomputed C=2 tolerance=1e-5").fit(train)
        found = model.predict(clf.Dataset.load("svmlight", at / "test", "precomputed=true"))
        names = [int(name) for name in train.class_names()]
        assert [names[k] for k in found] == expected


clf.run([files_of_svm_train__predict_the_same, precomputed_files__predict_the_same,
         exported__files_predict_the_same, exported__rows_far_from_0_predict_the_same,
         exported__bytes_and_sparse_rows_predict_the_same,
         calibrations__are_read, saved__datasets_are_read_by_svm_train])
