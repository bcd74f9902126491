"""Exported ONNX files, run by onnxruntime and by OpenCV, against our own answers on the same rows;
onnx.checker looks at the files. Each is left out, with a line that says so, where it is missing.
"""

import ctypes
import itertools
import os
import sys
import tempfile

import classify as clf
import numpy as np

try:
    import onnx
except ImportError:
    onnx = None
try:
    import onnxruntime
except ImportError:
    onnxruntime = None
try:
    import cv2
except ImportError:
    cv2 = None

ROWS = 13
TOLERANCE = 1e-5  # of the largest value: f32 sums of up to some hundred products


def data(shape, classes, seed=1, ids=0):
    """Random rows with labels that depend on them; with `ids` they are numbers of so many words, with
    padding at both ends, and one row is nothing but padding."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(max(40, 6 * classes), *shape)).astype(np.float32)
    if ids:
        x = random.integers(0, ids, x.shape).astype(np.float32)
        for row in x:
            row[:random.integers(0, 3)] = 0
            row[len(row) - random.integers(0, 4):] = 0
        x[5] = 0
    scores = x.reshape(len(x), -1) @ random.normal(size=(int(np.prod(shape)), classes))
    y = scores.argmax(axis=1).astype(np.int32)
    y[:classes] = np.arange(classes)
    return x, y


def export(model, folder):
    path = os.path.join(folder, "model.onnx")
    clf.call("clf_model_export", model, "onnx", path, None)
    return path


def by_onnxruntime(path, x):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    assert [i.name for i in session.get_inputs()] == ["input"]
    names = [o.name for o in session.get_outputs()]
    return dict(zip(names, session.run(None, {"input": x})))


def by_opencv(path, x, names):
    """Rows of one or three axes: cv2 takes an array of three axes for one image with channels."""
    net = cv2.dnn.readNetFromONNX(path)
    net.setInput(x)
    return dict(zip(names, net.forward(names)))


def check(kind, params, shape, classes=3, add=(), probabilities=True, opencv=True, ids=0,
          tolerance=TOLERANCE):
    """Fits, exports, and compares scores and probabilities."""
    x, y = data(shape, classes, ids=ids)
    model = clf.Model(kind, params)
    for transform in add:
        model.add(*transform)
    model.fit(clf.Dataset(x, y))
    rows = data(shape, classes, seed=2, ids=ids)[0][:ROWS]
    expected = {"scores": model.decision_function(clf.Dataset(rows))}
    if probabilities:
        expected["probabilities"] = model.predict_proba(clf.Dataset(rows))
    what = f"{kind} {params} {shape} {classes}"
    with tempfile.TemporaryDirectory() as folder:
        path = export(model, folder)
        found = {}
        if onnx:
            file = onnx.load(path)
            onnx.checker.check_model(file, full_check=True)
            names = {p.key: p.value for p in file.metadata_props}
            assert names == {f"class_{k}": str(k) for k in range(classes)}, names
            sizes = [d.dim_param or d.dim_value
                     for d in file.graph.input[0].type.tensor_type.shape.dim]
            assert sizes == ["N", *shape], sizes
        if onnxruntime:
            found["onnxruntime"] = by_onnxruntime(path, rows)
            single = by_onnxruntime(path, rows[:1])
            clf.close(single["scores"], expected["scores"][:1], tolerance, what + " one row")
        if cv2 and opencv and len(shape) != 2:
            found["OpenCV"] = by_opencv(path, rows, list(expected))
    for name, values in found.items():
        assert values.keys() == expected.keys(), f"{what}: {name} gives {list(values)}"
        for key in expected:
            clf.close(values[key], expected[key], tolerance, f"{what}: {key} by {name}")


def network(layers, shape, classes=3, params="", **more):
    check("network", f"epochs=2 batch_size=16 layers='{layers}' {params}", shape, classes, **more)


ACTIVATIONS = ["linear", "relu", "leaky_relu", "sigmoid", "tanh", "softmax"]


def dense_layers_with_every_activation():
    for f in ACTIVATIONS:
        network(f"dense units=7 activation={f}; dense units=3", (5,))
        network(f"dense units=7 bias=false; activation function={f}; dense units=3 bias=false", (5,))


def layers_of_bytes():
    """A value between two bytes may become the other one: a step of 1/255 of a range of inputs."""
    more = {"params": "precision=int8", "tolerance": 0.01, "opencv": False}
    for f in "relu", "tanh":
        network(f"dense units=7 activation={f}; dense units=3", (5,), **more)
        network(f"dense units=70 activation={f} bias=false; dense units=3", (300,), **more)
    network("conv2d filters=5 kernel=3 padding=same stride=2; batch_norm; activation function=relu; "
            "conv2d filters=3 kernel=2 dilation=2 bias=false; flatten; dense units=3", (9, 8, 2), **more)
    network("conv2d filters=4 kernel=3 activation=relu; max_pool2d size=2; flatten; dense units=3",
            (8, 8), **more)
    network("lstm units=4; dense units=3", (5, 3), **more)


def convolutions_with_every_option():
    for kernel in 1, 2, 3, 5:
        for stride in 1, 2, 3:
            for padding in "same", "valid":
                network(f"conv2d filters=4 kernel={kernel} stride={stride} padding={padding}; "
                        "flatten; dense units=3", (9, 7, 2))
    for dilation in 2, 3:
        for padding in "same", "valid":
            for stride in 1, 2:
                network(f"conv2d filters=3 kernel=3 dilation={dilation} padding={padding} "
                        f"stride={stride} bias=false; flatten; dense units=3", (11, 8, 3))
    for f in ACTIVATIONS:
        network(f"conv2d filters=5 activation={f}; flatten; dense units=3", (6, 5, 2))


def pooling_of_every_size():
    for kind in "max_pool2d", "average_pool2d":
        for size, stride in (2, 2), (3, 2), (2, 3), (1, 2), (4, 1):
            for padding in "valid", "same":
                network(f"conv2d filters=3 kernel=1; {kind} size={size} stride={stride} "
                        f"padding={padding}; flatten; dense units=3", (9, 10, 2))
        network(f"{kind} size=2; flatten; dense units=3", (5, 5, 3))
        network(f"conv2d filters=4; global_{kind}; dense units=3", (7, 6, 2))
        network(f"global_{kind}; dense units=3", (7, 6))


def batch_normalisation_of_rows_and_images():
    network("dense units=6; batch_norm; activation function=relu; dense units=3", (5,))
    network("batch_norm epsilon=0.01; flatten; dense units=3", (4, 6, 3))
    network("batch_norm; flatten; dense units=3", (4, 6))
    network("conv2d filters=4; batch_norm; activation; conv2d filters=3; flatten; dense units=3",
            (8, 7, 1))


def grey_images_and_layers_before_them():
    network("conv2d filters=4; flatten; dense units=3", (7, 6))
    network("activation function=tanh; dropout rate=0.2; max_pool2d; flatten; dense units=3", (7, 6))
    network("conv2d filters=4; conv2d filters=3 kernel=4; flatten", (6, 6))
    network("conv2d filters=4; conv2d filters=3 kernel=4", (6, 6))
    network("conv2d filters=2; dropout; activation function=softmax; flatten; dense units=3", (6, 6))


def a_deeper_network():
    network("conv2d filters=8 kernel=5 padding=same activation=relu; max_pool2d; "
            "conv2d filters=12 kernel=3 stride=2 padding=same; batch_norm; activation; "
            "average_pool2d; flatten; dense units=20 activation=tanh; dropout rate=0.4; "
            "dense units=10", (28, 28, 1), 10)


def every_loss():
    network("dense units=3", (4,), params="loss=binary_cross_entropy")
    network("dense units=2", (4,), 2, params="loss=binary_cross_entropy")
    network("dense units=1", (4,), 2, params="loss=binary_cross_entropy")
    network("dense units=1", (4,), 2, params="loss=hinge", probabilities=False)
    network("dense units=3", (4,), params="loss=hinge", probabilities=False)
    network("dense units=3 activation=sigmoid", (4,), params="loss=squared_error",
            probabilities=False)
    network("dense units=2", (4,), 2)


def linear_models():
    for classes in 2, 5:
        check("ridge", "", (6,), classes, probabilities=False)
        check("fisher", "", (6,), classes)
        check("perceptron", "", (6,), classes, probabilities=False)
        check("logistic", "", (6,), classes)
        check("logistic", "multiclass=one_vs_rest", (6,), classes)


def calibrated_models():
    for classes in 2, 5:
        for kind in "ridge", "perceptron", "logistic":
            check(kind, "calibration=sigmoid", (6,), classes)
            check(kind, "calibration=temperature", (6,), classes)
    network("dense units=3", (4,), params="calibration=temperature")


def close_to_onnxruntime(model, rows, what, dtype=np.float32):
    expected = model.decision_function(clf.Dataset(rows))
    if not onnxruntime:
        return
    with tempfile.TemporaryDirectory() as folder:
        path = export(model, folder)
        if onnx:
            onnx.checker.check_model(onnx.load(path), full_check=True)
        found = by_onnxruntime(path, rows.astype(dtype))
        clf.close(found["scores"], expected, TOLERANCE, what)
        if "probabilities" in found:
            clf.close(found["probabilities"], model.predict_proba(clf.Dataset(rows)), TOLERANCE, what)


def linear_models_whose_products_cancel():
    """The classes lie along the difference of two columns that are nearly the same."""
    random = np.random.default_rng(3)
    hidden, x = random.normal(size=200), random.normal(size=(200, 4))
    x[:, 1] = x[:, 0] + 1e-3 * hidden
    x = x.astype(np.float32)
    y = (hidden > 0).astype(np.int32) + (hidden > 1)
    for kind, params in ("ridge", "alpha=1e-6"), ("fisher", ""), ("logistic", "C=1e6"):
        model = clf.Model(kind, params).fit(clf.Dataset(x, y))
        assert model.tensor("precision") == 64
        assert model.score(clf.Dataset(x, y)) > 0.75
        close_to_onnxruntime(model, x, f"{kind} whose products cancel", np.float64)


def regressions_in_the_units_of_their_targets():
    x, _ = data((4,), 2)
    for targets in (300 + 70 * x[:, :1], np.stack([1e-20 * x[:, 0], 1e9 + 1e6 * x[:, 1]], 1)):
        outputs = targets.shape[1]
        model = clf.Model("network", "loss=squared_error epochs=30 layers='dense units=7 "
                          f"activation=tanh; dense units={outputs}'")
        rows = clf.Dataset(x, targets=targets.astype(np.float64))
        model.fit(rows)
        if onnxruntime is None:
            continue
        with tempfile.TemporaryDirectory() as folder:
            scores = by_onnxruntime(export(model, folder), x)["scores"]
        found = model.decision_function(rows)
        for k in range(outputs):  # each in its own unit
            clf.close(scores[:, k], found[:, k], TOLERANCE, f"output {k}")


def linear_models_of_rows_far_from_0():
    """Where the model subtracts a center, its file takes f64 rows and subtracts it, too."""
    x, y = data((5,), 3)
    for offset, dtype in (1e5, np.float32), (1e9, np.float64):
        rows = (x + offset).astype(dtype)
        for kind in "ridge", "fisher", "logistic", "perceptron":
            model = clf.Model(kind).fit(clf.Dataset(rows, y))
            names = [clf.lib.clf_model_tensor_name(model.handle, clf.i64(i)) for i in range(20)]
            wide = b"center" in names or model.tensor("precision") == 64
            takes = np.float64 if wide else np.float32
            close_to_onnxruntime(model, rows, f"{kind} of rows at {offset:g}", takes)


def transforms_that_change_each_feature():
    check("logistic", "", (6,), add=[("standardize", None)])
    check("logistic", "", (6,), add=[("standardize", "mean=false"), ("min_max", "low=-1 high=3")])
    # OpenCV 4.6 knows no Clip with its bounds as inputs.
    check("logistic", "", (6,), add=[("min_max", "clip=true")], opencv=False)
    check("network", "epochs=2 input=4,5,2 layers='conv2d filters=3; flatten; dense units=3'",
          (4, 5, 2), add=[("standardize", None)])
    check("logistic", "", (6,), add=[("log_count_ratio", None)])  # features without zeros: factors of 0


TABLE_STAGES = [
    [("impute", None), ("one_hot", None)],
    [("impute", "indicator=true columns=age,city"), ("one_hot", "columns=city,zip"), ("standardize", "columns=age,fare")],
    [("select", "columns=fare,age"), ("impute", "strategy=median indicator=true")],
    [("impute", "columns=age"), ("one_hot", "min_frequency=20 unknown=own drop=first"), ("log", "columns=fare")],
    [("impute", "columns=age"), ("ordinal", "unknown=ignore missing=ignore"), ("impute", None), ("log", "signs=true")],
    [("impute", "columns=age"), ("target_mean", None)],
    # Later stages replace or leave out what earlier ones refuse.
    [("one_hot", "columns=city"), ("impute", None)],
    [("one_hot", "columns=city missing=ignore drop=first"), ("impute", "indicator=true")],
    [("impute", "columns=age"), ("ordinal", "columns=city missing=ignore"), ("impute", None)],
    [("log", "columns=fare"), ("impute", None), ("ordinal", "columns=fare unknown=own"), ("one_hot", "columns=city")],
    [("log", "columns=fare"), ("select", "columns=age,zip"), ("impute", None)],
    [("impute", "columns=age"), ("ordinal", "columns=city missing=own unknown=ignore")],
    [("ordinal", "columns=zip,city"), ("select", "columns=age"), ("impute", None)],
    [("impute", "columns=age"), ("one_hot", "columns=city,zip unknown=ignore max_categories=2"), ("standardize", "columns=fare")],
]


def transforms_of_tables():
    """Missing values, categories by their codes; what the library refuses has scores of NaN."""
    random = np.random.default_rng(6)
    text = "age,city,zip,fare,label\n"
    for i in range(300):
        age = "" if random.random() < 0.1 else f"{random.normal(40, 10):.2f}"
        city = random.choice(["Bern", "Chur", "Aarau", ""])
        label = "a" if (city == "Bern") ^ (random.random() < 0.2) else "b"
        text += f"{age},{city},{random.integers(3)},{abs(random.normal()):.4f},{label}\n"
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "table.csv")
        with open(path, "w") as file:
            file.write(text)
        table = clf.Dataset.load("csv", path, "missing=keep")
        rows = table.tensor("x").astype(np.float32)
        network = ("network", "epochs=2 layers='dense units=4 activation=relu; dense units=2'")
        for kind, stages in itertools.product([("logistic", None), network], TABLE_STAGES):
            model = clf.Model(*kind)
            for stage in stages:
                model.add(*stage)
            model.fit(table)
            file = export(model, folder)
            if onnx:
                onnx.checker.check_model(onnx.load(file), full_check=True)
                names = {p.key: p.value for p in onnx.load(file).metadata_props}
                assert names["category_1_0"] in ("Bern", "Chur", "Aarau"), names
            if onnxruntime:
                found = by_onnxruntime(file, rows)["scores"]
                clf.close(found, model.decision_function(table), TOLERANCE, str(stages))
                strange = np.concatenate([rows[:20], np.repeat(rows[:8], 4, axis=0)])
                strange[20::4, 1] = 9  # a city that the fit lacked
                strange[21::4, 3] = -1
                strange[22::4, 2] = 7
                strange[23::4, 3] = np.inf
                strange[24, 0] = -np.inf
                count = clf.lib.clf_dataset_category_count(table.handle, clf.i64(1))
                cities = [clf.lib.clf_dataset_category_name(table.handle, clf.i64(1), clf.i64(k)) for k in range(count)]
                cities += [b"other%d" % k for k in range(count, 10)]
                same_refusals(model, file, strange, {1: cities}, str(stages))


def same_refusals(model, file, rows, categories, what):
    """Where the library refuses a row, its scores are NaN, and otherwise they are the same."""
    found = by_onnxruntime(file, rows)["scores"]
    for row, scores in zip(rows, found):
        data = clf.Dataset(row[None])
        for column, names in categories.items():
            texts = (ctypes.c_char_p * len(names))(*names)
            clf.call("clf_dataset_set_categories", data, clf.i64(column), texts, clf.i64(len(names)))
        try:
            expected = model.decision_function(data)
        except clf.Error as error:
            assert "categories when" not in str(error), error
            assert np.isnan(scores).all(), f"{what}: {row} has the scores {scores}"
        else:
            clf.close(scores[None], expected, TOLERANCE, f"{what}: {row}")


def many_categories():
    """Files grow with the number of categories, not with its square."""
    random = np.random.default_rng(7)
    x = np.stack([np.arange(12000) % 6000, random.integers(0, 3, 12000)], axis=1).astype(np.float32)
    y = (x[:, 0] % 2).astype(np.int32)
    for stage in ("one_hot", "columns=1,2 unknown=ignore"), ("ordinal", "columns=1 unknown=ignore missing=error"):
        model = clf.Model("logistic", "max_iterations=20").add(*stage).fit(clf.Dataset(x, y))
        with tempfile.TemporaryDirectory() as folder:
            file = export(model, folder)
            assert os.path.getsize(file) < 1 << 20, os.path.getsize(file)
            if onnxruntime:
                strange = [[0, 0], [5999, 2], [6000, 1], [17.5, 1], [4, np.nan], [np.nan, 0]]
                same_refusals(model, file, np.array(strange, np.float32), {}, str(stage))


def transforms_of_rows_far_from_0():
    """The center of f32 and what it leaves: to 1e-5 of the decisions at an offset of 1e5."""
    random = np.random.default_rng(5)
    near = random.normal(size=(200, 4))
    y = (near[:, 0] + near[:, 1] > 0).astype(np.int32)
    for dtype in np.float32, np.float64:
        x = (near + 1e5 + 0.3).astype(dtype)
        for transform in "standardize", "min_max":
            model = clf.Model("logistic").add(transform).fit(clf.Dataset(x, y))
            rows = x.astype(np.float32)  # what the file takes
            expected = model.decision_function(clf.Dataset(rows))
            if onnxruntime:
                with tempfile.TemporaryDirectory() as folder:
                    found = by_onnxruntime(export(model, folder), rows)["scores"]
                error = np.abs(found - expected).max() / np.abs(expected).max()
                assert error < 1e-5, f"{transform} of {dtype.__name__}: {error}"


def sequences_of_features():
    for cell in "rnn", "lstm", "gru":
        for more in "", "bidirectional=true", "bidirectional=true initial_state=learned":
            check("network", f"epochs=2 layers='{cell} units=5 {more}; dense units=3'",
                  (6, 4), opencv=False)
            check("network", f"epochs=2 layers='{cell} units=5 {more} "
                  "return_sequences=true; gru units=3; dense units=3'", (6, 4), opencv=False)
        check("network", f"epochs=2 layers='{cell} units=5 return_sequences=true; "
              "batch_norm; flatten; dense units=3'", (6, 4), opencv=False)
    for pool in "average", "max":
        check("network", f"epochs=2 layers='global_{pool}_pool1d; dense units=3'", (6, 4),
              opencv=False)


def sequences_of_words_with_padding():
    words = "epochs=2 layers='embedding vocabulary=9 units=4 {}; dropout rate=0.1; {}; dense units=3'"
    ends = ["global_average_pool1d", "global_max_pool1d"]
    for cell in "rnn", "lstm", "gru":
        for more in "initial_state=learned", "bidirectional=true":
            ends += [f"{cell} units=5 {more}",
                     f"{cell} units=5 {more} return_sequences=true; lstm units=4",
                     f"{cell} units=5 {more} return_sequences=true; global_max_pool1d"]
    for end in ends:
        for mask in "mask=true", "mask=false":
            check("network", words.format(mask, end), (7,), opencv=False, ids=9)


def random_networks():
    random = np.random.default_rng(7)
    for _ in range(30):
        height, width, channels = (int(v) for v in random.integers(6, 14, 3))
        layers = []
        for _ in range(random.integers(1, 4)):
            layers.append(str(random.choice([
                f"conv2d filters={random.integers(1, 9)} kernel={random.integers(1, 4)} "
                f"stride={random.integers(1, 3)} padding=same "
                f"activation={random.choice(ACTIVATIONS)} dilation={random.integers(1, 3)}",
                f"max_pool2d size={random.integers(1, 3)}",
                f"average_pool2d size={random.integers(1, 3)} stride=1",
                f"max_pool2d size={random.integers(2, 4)} stride=2 padding=same",
                "batch_norm", "dropout rate=0.1",
                f"activation function={random.choice(ACTIVATIONS)}"])))
        network("; ".join(layers) + "; flatten; dense units=3", (height, width, channels % 4 + 1))


def refused(kind, params, shape, says, add=()):
    x, y = data(shape, 3)
    model = clf.Model(kind, params)
    for transform in add:
        model.add(*transform)
    model.fit(clf.Dataset(x, y))
    with tempfile.TemporaryDirectory() as folder:
        try:
            export(model, folder)
        except clf.Error as error:
            assert says in str(error), error
            assert os.listdir(folder) == [], os.listdir(folder)
            return
    raise AssertionError(f"{kind} {params} is written")


def what_has_no_place_is_refused():
    refused("svm", "", (4,), "svm")
    refused("ridge", "calibration=isotonic", (4,), "isotonic")
    refused("fisher", "kernel=rbf", (4,), "kernel")
    refused("perceptron", "kernel=rbf", (4,), "kernel")
    refused("ridge", "", (4,), "polynomial", [("polynomial", None)])


if __name__ == "__main__":
    for name, module in ("onnx", onnx), ("onnxruntime", onnxruntime), ("OpenCV", cv2):
        print(name, module.__version__ if module else "is not installed: left out")
    if not (onnxruntime or cv2):
        print("neither onnxruntime nor OpenCV is installed: skipped")
        sys.exit(77)
    clf.run([dense_layers_with_every_activation, layers_of_bytes, convolutions_with_every_option,
             pooling_of_every_size, batch_normalisation_of_rows_and_images,
             grey_images_and_layers_before_them, a_deeper_network, every_loss, linear_models,
             calibrated_models,
             regressions_in_the_units_of_their_targets,
             linear_models_whose_products_cancel, linear_models_of_rows_far_from_0,
             transforms_that_change_each_feature, transforms_of_tables, many_categories, transforms_of_rows_far_from_0,
             sequences_of_features,
             sequences_of_words_with_padding, random_networks, what_has_no_place_is_refused])
