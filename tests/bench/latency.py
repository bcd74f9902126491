"""Percentiles of predictions of single rows, beside scikit-learn, LIBSVM and onnxruntime.

    PYTHONPATH=build/bindings/python CLASSIFY_LIBRARY=build/lib/libclassify.so \\
        python3 tests/bench/latency.py --data DIR [--program build/tests/bench/bench_latency] [--train 10000]
        [--models logistic,svm_rbf,…] [--calls 3000] [--threads 1,8] [--keep FOLDER] [--json FILE]

--data has the four files of MNIST. Each model learns the first --train digits. Ours and its peers then classify the
test digits one by one, in turns of 100 rows: ours by Model.predictor(), which reserves the memory (clf_model_reserve()),
onnxruntime by the exported file of the same network, scikit-learn by an estimator with the same parameters, and LIBSVM
(the package libsvm-official) by svm_predict() on rows that were converted before. With --threads 8 as many threads of
Python classify at once, each its own rows. Prints microseconds at 50, 99 and 99.9 %, and the ratio of the medians.
--program measures the same models from C, where threads do not wait for Python's lock, without and with a reserve, and
counts allocations. --keep has fitted models of an earlier run, ours and the peers', or receives them: with it a run takes
a minute. A peer that is not installed is left out.
"""

import argparse
import os
import pathlib
import pickle
import subprocess
import tempfile
import threading
import time

import results

results.limit_threads(1)

import libclassify as clf  # noqa: E402
import numpy as np  # noqa: E402
from sections import NAMES  # noqa: E402

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
    "perceptron": lambda: clf.Model("perceptron", epochs=5),
    "svm_linear": lambda: clf.Model("svm", kernel="linear", C=0.1),
    "svm_rbf": lambda: clf.Model("svm", kernel="rbf", C=5, gamma=0.02),
    "svm_rbf_proba": lambda: clf.Model("svm", kernel="rbf", C=5, gamma=0.02, probability=True),
    "kernel_fisher": lambda: clf.Model("fisher", kernel="rbf", gamma=0.02),
    "kernel_perceptron": lambda: clf.Model("perceptron", kernel="rbf", gamma=0.02, epochs=5),
    "mlp": lambda: clf.Network(MLP, epochs=2),
    "lenet5": lambda: clf.Network(LENET5, epochs=1),
    "cnn": lambda: clf.Network(CNN, epochs=1),
    "lstm": lambda: clf.Network("lstm units=64; dense units=10", epochs=1, input=[28, 28]),
}


def kept(path, make, load, save):
    """What an earlier run kept in a file, or what is made now, and kept."""
    if not path.exists():
        made = make()
        save(made, path)
        return made
    return load(path)


def fitted_peer(name, x, y):
    """The same classifier of scikit-learn, or None."""
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.linear_model import LogisticRegression, Perceptron, RidgeClassifier
    from sklearn.svm import SVC

    peers = {
        "ridge": RidgeClassifier(),
        "logistic": LogisticRegression(max_iter=50),
        "fisher": LinearDiscriminantAnalysis(),
        "perceptron": Perceptron(max_iter=5, tol=None),
        "svm_linear": SVC(kernel="linear", C=0.1),
        "svm_rbf": SVC(C=5, gamma=0.02),
    }
    return peers[name].fit(x, y) if name in peers else None


def unpickled(path):
    with open(path, "rb") as file:
        return pickle.load(file)


def pickled(peer, path):
    with open(path, "wb") as file:
        pickle.dump(peer, file)


def sklearn_call(name, x, y, folder):
    peer = kept(folder / f"{name}.pickle", lambda: fitted_peer(name, x, y), unpickled, pickled)
    return None if peer is None else lambda row: peer.predict(row.reshape(1, -1))


def libsvm_call(name, x, y, rows, folder):
    """A call of LIBSVM's own library on the nodes of a row, or None where it is not installed."""
    options = {"svm_linear": "-t 0 -c 0.1 -q", "svm_rbf": "-t 2 -c 5 -g 0.02 -q"}.get(name)
    try:
        from libsvm import svm, svmutil
    except ImportError:
        return None
    if options is None:
        return None
    model = kept(folder / f"{name}.libsvm", lambda: svmutil.svm_train(y.astype(float), x.astype(float), options),
                 lambda path: svmutil.svm_load_model(str(path)), lambda made, path: svmutil.svm_save_model(str(path), made))
    nodes = {row.tobytes(): svm.gen_svm_nodearray(row.astype(float))[0] for row in rows}
    return lambda row: svm.libsvm.svm_predict(model, nodes[row.tobytes()])


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


def classify(call, rows, first, taken):
    """Seconds of 100 calls, after two that are not counted: the peer before used the caches."""
    for i in range(first - 2, first + 100):
        row = rows[i % len(rows)]
        began = time.perf_counter()
        call(row)
        if i >= first:
            taken.append(time.perf_counter() - began)


def times(calls, rows, count, threads):
    """Seconds of each call of each function, in turns; each thread makes `count` of them."""
    taken = {name: [] for name in calls}
    for first in range(0, count, 100):
        for name, call in calls.items():
            parts = [[] for _ in range(threads)]
            workers = [threading.Thread(target=classify, args=(call, rows, first + 1000 * t, parts[t]))
                       for t in range(1, threads)]
            for worker in workers:
                worker.start()
            classify(call, rows, first, parts[0])
            for worker in workers:
                worker.join()
            taken[name].extend(sum(parts, []))
    return taken


def line(name, threads, who, taken, best, keep):
    micros = 1e6 * np.percentile(taken, [50, 99, 99.9])
    ratio = f"{np.median(taken) / best:8.2f}"
    print(f"{name:18s} {threads} {NAMES[who]:14s}" + "".join(f"{m:10.1f}" for m in micros) + ratio, flush=True)
    keep.add(model=name, by=who, threads=threads, one_seconds=micros[0] / 1e6, slow_seconds=micros[1] / 1e6,
             slowest_seconds=micros[2] / 1e6)


def measure(name, model, x, y, rows, folder, options, keep):
    """Ours and its peers, on each number of threads."""
    calls = {"libclassify": model.predictor().predict}
    if isinstance(model, clf.Network):
        calls["onnx"] = onnx_call(model, folder / f"{name}.onnx", (28, 28))
    else:
        calls["sklearn"] = sklearn_call(name, x, y, folder)
        calls["libsvm"] = libsvm_call(name, x, y, rows, folder)
    calls = {who: call for who, call in calls.items() if call is not None}
    for threads in map(int, options.threads.split(",")):
        taken = times(calls, rows, options.calls // threads, threads)
        for who, values in taken.items():
            line(name, threads, who, values, np.median(taken["libclassify"]), keep)


def measure_program(program, rows, files, keep):
    """What bench_latency prints; of models in a reserve, as rows."""
    process = subprocess.Popen([program, rows, *files], stdout=subprocess.PIPE, text=True)
    for said in process.stdout:
        print(said, end="", flush=True)
        words = said.split()
        if "reserved" in words:
            half, slow, slowest = (float(word) / 1e6 for word in words[3:6])
            keep.add(model=words[0].removesuffix(".clf"), by="C", threads=int(words[1]), one_seconds=half,
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
    parser.add_argument("--threads", default="1,8")
    parser.add_argument("--keep")
    results.add_option(parser)
    options = parser.parse_args()
    keep = results.Results(options.json)
    train = clf.Dataset.load("idx", options.data + "/train")[: options.train]
    test = clf.Dataset.load("idx", options.data + "/t10k")
    x, y = train.tensor("x").reshape(len(train), -1).astype(np.float32) / 255, train.tensor("labels")
    rows = test.tensor("x")[:2000].reshape(2000, -1).astype(np.float32) / 255
    print(f"{'model':18s} T {'by':14s}{'50 % us':>10s}{'99 %':>10s}{'99.9 %':>10s}   ratio")
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(options.keep or temporary)
        os.makedirs(folder, exist_ok=True)
        files = []
        for name in options.models.split(","):
            files.append(folder / f"{name}.clf")
            model = kept(files[-1], lambda: MODELS[name]().fit(train), clf.Model.load, lambda made, path: made.save(path))
            measure(name, model, x, y, rows, folder, options, keep)
        if options.program:
            measure_program(options.program, options.data + "/t10k", files, keep)


if __name__ == "__main__":
    main()
