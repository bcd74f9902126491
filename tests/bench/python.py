"""The Python package beside scikit-learn: size, import, single rows, fits and predictions.

    tests/bench/python.py [--python VENV/bin/python] [--wheel FILE] [--mnist FOLDER] [--imdb FOLDER]
        [--parts import,rows,digits,mnist,imdb] [--only NAME,…] [--runs N] [--json FILE]

--python names the Python that measures, which needs the package (by its installation, or by
PYTHONPATH and CLASSIFY_LIBRARY of a build folder), NumPy and scikit-learn. Both libraries fit and
predict in turns in one process; the table has the least processor seconds of all threads, and the
least seconds. BLAS and OpenMP have one thread, unless OPENBLAS_NUM_THREADS and OMP_NUM_THREADS say
otherwise: on a busy machine their threads wait by spinning, which counted as more than 40 times the
work of a fit of scikit-learn's. --mnist is a folder with the IDX files of MNIST (.gz or not), of which the first
10,000 training rows are fitted; --imdb that of the Large Movie Review Dataset, of which --texts are
read.
"""

import argparse
import gzip
import importlib
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

PAIRS = {  # name: (our module, their module, arguments of both)
    "StandardScaler": ("preprocessing", "preprocessing", {}),
    "MinMaxScaler": ("preprocessing", "preprocessing", {}),
    "PCA": ("decomposition", "decomposition", {"n_components": 20}),
    "RidgeClassifier": ("linear_model", "linear_model", {}),
    "LinearDiscriminantAnalysis": ("discriminant_analysis", "discriminant_analysis", {}),
    "Perceptron": ("linear_model", "linear_model", {}),
    "LogisticRegression": ("linear_model", "linear_model", {"max_iter": 200}),
    "LinearSVC": ("svm", "svm", {}),
    "SVC": ("svm", "svm", {}),
    "SVC linear": ("svm", "svm", {"kernel": "linear"}),
    "SVR": ("svm", "svm", {}),
    "MLPClassifier": ("neural_network", "neural_network", {"max_iter": 10, "random_state": 0}),
}
ON_TEXTS = ("RidgeClassifier", "Perceptron", "LogisticRegression", "LinearSVC")
VECTORIZERS = {"CountVectorizer": {}, "TfidfVectorizer": {"sublinear_tf": True}}

parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
parser.add_argument("--python", default=sys.executable)
parser.add_argument("--wheel")
parser.add_argument("--mnist")
parser.add_argument("--imdb")
parser.add_argument("--texts", type=int, default=4000)
parser.add_argument("--parts", default="import,rows,digits,mnist,imdb")
parser.add_argument("--only", help="estimators to measure")
parser.add_argument("--runs", type=int, default=3)
parser.add_argument("--json")
parser.add_argument("--measure", help=argparse.SUPPRESS)  # the part that this process measures
options = parser.parse_args()


# The process that measures


def in_turns(*works):
    """Return (least processor seconds, least seconds, last result) of each work."""
    best = [[float("inf"), float("inf"), None] for _ in works]
    for _ in range(options.runs):
        for one, work in zip(best, works):
            cpu, began = time.process_time(), time.perf_counter()
            one[2] = work()
            one[0] = min(one[0], time.process_time() - cpu)
            one[1] = min(one[1], time.perf_counter() - began)
    return best


def wanted(name):
    return options.only is None or name in options.only.split(",")


def both(name):
    """Return our class and theirs; None for what there is not."""
    ours, theirs, arguments = PAIRS[name]
    kind = name.split()[0]
    found = []
    for package, module in (("libclassify.sklearn", ours), ("sklearn", theirs)):
        try:
            found.append(getattr(importlib.import_module(f"{package}.{module}"), kind, None))
        except ImportError:
            found.append(None)
    return (*found, arguments)


def compare(name, data, train, test, labels, test_labels):
    """Fit and predict in turns; yield the row of the table."""
    ours, theirs, arguments = both(name)
    if ours is None or theirs is None:
        return
    made = [kind(**arguments) for kind in (ours, theirs)]
    fits = in_turns(*(lambda e=e: e.fit(train, labels) for e in made))
    use = "predict" if hasattr(made[0], "predict") else "transform"
    uses = in_turns(*(lambda e=e: getattr(e, use)(test) for e in made))
    row = {"estimator": name, "data": data, "rows": train.shape[0], "features": train.shape[1],
           "fit": [fit[:2] for fit in fits], use: [one[:2] for one in uses]}
    if use == "predict":
        row["score"] = [e.score(test, test_labels) for e in made]
    yield row


def measure_arrays(data, train, test, labels, test_labels, names):
    import warnings

    warnings.simplefilter("ignore")
    for name in names:
        if wanted(name):
            yield from compare(name, data, train, test, labels, test_labels)


def measure_digits():
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    yield from measure_arrays("digits", x[:1200], x[1200:], y[:1200], y[1200:], PAIRS)


def measure_mnist():
    import numpy as np

    def read(name, offset):
        path = pathlib.Path(options.mnist) / name
        plain = path.exists()
        data = path.read_bytes() if plain else gzip.open(f"{path}.gz").read()
        return np.frombuffer(data, np.uint8, offset=offset)

    x = read("train-images-idx3-ubyte", 16).reshape(-1, 784)[:10000] / 255.0
    t = read("t10k-images-idx3-ubyte", 16).reshape(-1, 784)[:2000] / 255.0
    y, u = read("train-labels-idx1-ubyte", 8)[:10000], read("t10k-labels-idx1-ubyte", 8)[:2000]
    yield from measure_arrays("MNIST", x, t, y.astype(int), u.astype(int), PAIRS)


def read_texts(part):
    texts, labels = [], []
    for label, folder in enumerate(("neg", "pos")):
        files = sorted((pathlib.Path(options.imdb) / part / folder).glob("*.txt"))
        for file in files[:options.texts // 2]:
            texts.append(file.read_text())
            labels.append(label)
    return texts, labels


def measure_imdb():
    import numpy as np

    (texts, y), (others, z) = read_texts("train"), read_texts("test")
    rows = None
    for name, arguments in VECTORIZERS.items():
        PAIRS[name] = ("feature_extraction", "feature_extraction.text", arguments)
        ours, theirs, _ = both(name)
        if ours is None or not wanted(name):
            continue
        made = [ours(**arguments), theirs(**arguments)]
        fits = in_turns(*(lambda v=v: v.fit_transform(texts) for v in made))
        uses = in_turns(*(lambda v=v: v.transform(others) for v in made))
        yield {"estimator": name, "data": "IMDB", "rows": len(texts),
               "features": fits[1][2].shape[1], "fit": [fit[:2] for fit in fits],
               "transform": [use[:2] for use in uses]}
        rows = fits[1][2], uses[1][2]
    if rows is None:  # ours has no vectorizer
        from sklearn.feature_extraction.text import TfidfVectorizer

        vectorizer = TfidfVectorizer(sublinear_tf=True)
        rows = vectorizer.fit_transform(texts), vectorizer.transform(others)
    yield from measure_arrays("IMDB", *rows, np.array(y), np.array(z), ON_TEXTS)


def measure_rows():
    """Single rows of digits: microseconds of the median call, and of the slowest in a hundred."""
    import numpy as np
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    row, listed = x[5:6], x[5].tolist()
    for name in PAIRS:
        ours, theirs, arguments = both(name)
        if ours is None or theirs is None or not wanted(name) or not hasattr(ours, "predict"):
            continue
        made = [kind(**arguments).fit(x, y) for kind in (ours, theirs)]
        predictor = made[0].model_.predictor() if hasattr(made[0], "model_") else None
        calls = {"their predict": lambda: made[1].predict(row),
                 "our predict": lambda: made[0].predict(row)}
        if predictor is not None:
            calls["Model.predict"] = lambda: made[0].model_.predict(row)
            calls["predictor, list"] = lambda: predictor(listed)
            calls["predictor, array"] = lambda: predictor(row[0])
        found = {}
        for what, call in calls.items():
            times = []
            for _ in range(2000):
                began = time.perf_counter_ns()
                call()
                times.append(time.perf_counter_ns() - began)
            found[what] = (np.percentile(times[100:], [50, 99]) / 1e3).tolist()
        yield {"estimator": name, "microseconds": found}


def measure():
    """Print what this process measures, a line of JSON each."""
    for row in globals()[f"measure_{options.measure}"]():
        print(json.dumps(row), flush=True)


# The process that tells


def processor_seconds(code, folder):
    """Return what a new Python takes to run the code, whose compiled modules are in a folder."""
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": folder}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([options.python, "-c", code], check=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def tell_import():
    """Processor seconds of imports beyond those of NumPy; the least of ten, in turns."""
    codes = ["import numpy", "import numpy, libclassify", "import sklearn",
             "import libclassify.sklearn.linear_model", "import sklearn.linear_model"]
    least = dict.fromkeys(codes, float("inf"))
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(10):
            for code in codes:
                least[code] = min(least[code], processor_seconds(code, folder))
    numpy = least["import numpy"]
    print("\nImports, milliseconds of the processor\n")
    for code, seconds in least.items():
        beyond = "" if code == "import numpy" else f"   {1e3 * (seconds - numpy):+6.0f}"
        print(f"  {code:42} {1e3 * seconds:6.0f}{beyond}")
    return least


def rows_of(part):
    """Run the process that measures a part; yield its rows as they come."""
    command = [options.python, os.path.abspath(__file__), *sys.argv[1:], "--measure", part]
    environment = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", **os.environ}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        for line in process.stdout:
            yield json.loads(line)
    if process.returncode != 0:
        sys.exit(f"{part}: the process that measures ended with {process.returncode}")


def tell_rows():
    print("\nOne row of digits, microseconds: median and 99th percentile\n")
    found = []
    for row in rows_of("rows"):
        found.append(row)
        values = row["microseconds"]
        if len(found) == 1:
            print(" " * 28 + "".join(f"{what:>20}" for what in values))
        print(f"  {row['estimator']:26}"
              + "".join(f"{median:12.1f} {slow:7.1f}" for median, slow in values.values()))
    return found


def tell_fits(part):
    print(f"\n{part}: processor seconds of ours and theirs, their ratio (seconds in brackets)\n")
    print(f"  {'':26}{'fit':^46}{'predict or transform':^46}{'score':^15}")
    found = []
    for row in rows_of(part):
        found.append(row)
        line = f"  {row['estimator']:26}"
        for use in ("fit", "predict" if "predict" in row else "transform"):
            (cpu, wall), (their_cpu, their_wall) = row[use]
            line += f"{cpu:9.4f} {their_cpu:9.4f} {their_cpu / max(cpu, 1e-9):7.1f}"
            line += f"  ({wall:.4f}, {their_wall:.4f})"
        if "score" in row:
            line += "  {:.4f} {:.4f}".format(*row["score"])
        print(line, flush=True)
    return found


def main():
    report = {}
    parts = options.parts.split(",")
    if options.wheel:
        report["wheel"] = os.path.getsize(options.wheel)
        print(f"{os.path.basename(options.wheel)}: {report['wheel'] / 1e6:.2f} MB")
    if "import" in parts:
        report["import"] = tell_import()
    if "rows" in parts:
        report["rows"] = tell_rows()
    for part in ("digits", "mnist", "imdb"):
        if part in parts and (part == "digits" or getattr(options, part)):
            report[part] = tell_fits(part)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(report, indent=1))


if options.measure:
    measure()
else:
    main()
