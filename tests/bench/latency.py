"""Percentiles of predictions of single rows, beside scikit-learn, LIBSVM (scikit-learn's) and onnxruntime.

    PYTHONPATH=build/bindings/python CLASSIFY_LIBRARY=build/lib/libclassify.so \\
        python3 tests/bench/latency.py --data DIR [--program build/tests/bench/bench_latency] [--train 10000]
        [--models logistic,svm_rbf,…] [--calls 3000] [--json FILE]

--data has the four files of MNIST. Each model learns the first --train digits. Ours and its peer then classify the
test digits one by one, in turns of 100 rows, from Python, on one thread: ours by Model.predictor(), onnxruntime by the
exported file of the same network, scikit-learn by an estimator with the same parameters. Prints microseconds at 50, 99
and 99.9 %, and the ratio of the medians. --program measures the same models from C, also from 8 threads.
"""

import argparse
import pathlib
import subprocess
import tempfile
import time

import libclassify as clf
import numpy as np
import results

CNN = ("conv2d filters=32 kernel=3 activation=relu; conv2d filters=64 kernel=3 activation=relu; max_pool2d size=2; "
       "flatten; dense units=128 activation=relu; dense units=10")
LENET5 = ("conv2d filters=6 kernel=5 padding=same activation=relu; max_pool2d size=2; "
          "conv2d filters=16 kernel=5 activation=relu; max_pool2d size=2; flatten; "
          "dense units=120 activation=relu; dense units=84 activation=relu; dense units=10")
MLP = "flatten; dense units=500 activation=relu; dense units=300 activation=relu; dense units=10"
MODELS = {
    "ridge": lambda: clf.Model("ridge"),
    "logistic": lambda: clf.Model("logistic", max_iterations=200),
    "fisher": lambda: clf.Model("fisher"),
    "svm_linear": lambda: clf.Model("svm", kernel="linear", C=0.1),
    "svm_rbf": lambda: clf.Model("svm", kernel="rbf", C=5, gamma=0.02),
    "svm_rbf_proba": lambda: clf.Model("svm", kernel="rbf", C=5, gamma=0.02, probability=True),
    "kernel_fisher": lambda: clf.Model("fisher", kernel="rbf", gamma=0.02),
    "mlp": lambda: clf.Network(MLP, epochs=2),
    "lenet5": lambda: clf.Network(LENET5, epochs=1),
    "cnn": lambda: clf.Network(CNN, epochs=1),
}


def fitted_peer(name, x, y):
    """The same classifier of scikit-learn, or None."""
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.linear_model import LogisticRegression, RidgeClassifier
    from sklearn.svm import SVC

    peers = {
        "ridge": RidgeClassifier(),
        "logistic": LogisticRegression(max_iter=50),
        "fisher": LinearDiscriminantAnalysis(),
        "svm_linear": SVC(kernel="linear", C=0.1),
        "svm_rbf": SVC(C=5, gamma=0.02),
    }
    return peers[name].fit(x, y) if name in peers else None


def onnx_call(model, path, shape):
    """A call of onnxruntime on the exported file, or None where it is not installed."""
    try:
        import onnxruntime
    except ImportError:
        return None
    model.export("onnx", str(path))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    rank = len(session.get_inputs()[0].shape)
    return lambda row: session.run(None, {name: row.reshape((1, *shape) if rank > 2 else (1, -1))})


def times(calls, rows, count):
    """Seconds of each of `count` calls of each function, in turns."""
    taken = {name: [] for name in calls}
    for first in range(0, count, 100):
        for name, call in calls.items():
            for i in range(first, first + 100):
                row = rows[i % len(rows)]
                began = time.perf_counter()
                call(row)
                taken[name].append(time.perf_counter() - began)
    return taken


def line(name, who, taken, best, kept):
    micros = 1e6 * np.percentile(taken, [50, 99, 99.9])
    kept.add(model=name, by={"scikit-learn": "sklearn", "onnxruntime": "onnx"}.get(who, who), threads=1,
             one_seconds=micros[0] / 1e6, slow_seconds=micros[1] / 1e6, slowest_seconds=micros[2] / 1e6)
    ratio = f"{np.median(taken) / best:8.2f}"
    print(f"{name:14s} {who:14s}" + "".join(f"{m:10.1f}" for m in micros) + ratio, flush=True)


def measure(name, model, train, rows, folder, count, kept):
    x = train.tensor("x").reshape(len(train), -1).astype(np.float32) / 255
    predict = model.predictor().predict
    calls = {"libclassify": predict}
    peer = fitted_peer(name, x, train.tensor("labels"))
    if peer is not None:
        calls["scikit-learn"] = lambda row: peer.predict(row.reshape(1, -1))
    elif isinstance(model, clf.Network):
        call = onnx_call(model, folder / f"{name}.onnx", (28, 28))
        if call is not None:
            calls["onnxruntime"] = call
    taken = times(calls, rows, count)
    for who, values in taken.items():
        line(name, who, values, np.median(taken["libclassify"]), kept)


def measure_program(program, rows, files, kept):
    """What bench_latency prints; of models in a reserve, as rows."""
    process = subprocess.Popen([program, rows, *files], stdout=subprocess.PIPE, text=True)
    for said in process.stdout:
        print(said, end="", flush=True)
        words = said.split()
        if "reserved" in words:
            half, slow, slowest = (float(word) / 1e6 for word in words[3:6])
            kept.add(model=words[0].removesuffix(".clf"), by="C", threads=int(words[1]), one_seconds=half,
                     slow_seconds=slow, slowest_seconds=slowest)
    if process.wait() != 0:
        raise SystemExit(f"{program} ended with {process.returncode}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", required=True)
    parser.add_argument("--program")
    parser.add_argument("--train", type=int, default=10000)
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--calls", type=int, default=3000)
    results.add_option(parser)
    options = parser.parse_args()
    kept = results.Results(options.json)
    train = clf.Dataset.load("idx", options.data + "/train")[: options.train]
    test = clf.Dataset.load("idx", options.data + "/t10k")
    rows = test.tensor("x").reshape(len(test), -1).astype(np.float32) / 255
    print(f"{'model':14s} {'by':14s}{'50 % us':>10s}{'99 %':>10s}{'99.9 %':>10s}   ratio")
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        files = []
        for name in options.models.split(","):
            model = MODELS[name]().fit(train)
            files.append(folder / f"{name}.clf")
            model.save(files[-1])
            measure(name, model, train, rows, folder, options.calls, kept)
        if options.program:
            measure_program(options.program, options.data + "/t10k", files, kept)


if __name__ == "__main__":
    main()
