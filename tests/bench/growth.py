"""How fits grow with rows, features, classes, filters, units and steps, beside other libraries.

    CLASSIFY_LIBRARY=build/lib/libclassify.so python3 tests/bench/growth.py --json FILE
        [--axes logistic_rows,svm_rows,…] [--limit 20] [--threads 2] [--peers 1]

Each number comes from a process of its own: the seconds of the fastest of up to three fits (by the clock and of the
processor), and the most memory that they held above what the process held before. A program is taken up its axis
until a fit takes longer than --limit seconds. Rows are made like those of HIGGS (28 numbers, two classes that overlap),
words of sequences and pixels are random, as the time does not depend on them. What a fit of networks trains is one
epoch, and its seconds are told for an image or a word of it. Peers have their fastest setting: float32, Newton's method
on few features and lbfgs on many (with a tolerance by which its objective is within 0.1 % of ours), PyTorch with images channels last, the fused Adam,
and numbers below the normal floats taken as 0. plot_growth.py draws the file; --list prints the axes.
"""

import argparse
import json
import pathlib
import subprocess
import sys

import results

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "parity"))
STEPS = {"batch": 32, "side": 28, "filters": 32, "steps": 256, "units": 32, "vocabulary": 10000}
# What varies, and who is measured on it.
AXES = {
    "logistic_rows": ((1000, 4000, 16000, 64000, 250000, 1000000), ("sklearn", "intelex")),
    "svm_rows": ((1000, 4000, 16000, 64000, 250000, 1000000), ("liblinear",)),
    "rbf_rows": ((2000, 6000, 20000, 60000, 200000), ("sklearn", "intelex")),
    "logistic_features": ((100, 500, 2500, 10000, 50000), ("sklearn",)),
    "logistic_columns": ((10000, 100000, 1000000, 10000000), ("sklearn", "liblinear")),
    "logistic_classes": ((10, 30, 100, 300, 1000), ("sklearn",)),
    "batch": ((1, 4, 16, 64, 256), ("torch",)),
    "side": ((28, 56, 112, 224), ("torch",)),
    "filters": ((8, 16, 32, 64, 128), ("torch",)),
    "steps": ((64, 256, 1024, 4096), ("torch",)),
    "units": ((32, 64, 128, 256, 512), ("torch",)),
    "vocabulary": ((1000, 10000, 100000), ("torch",)),
}
IMAGES, BATCH, BATCHES, WIDTH = 512 * 28 * 28, 128, 4, 50


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--axes", default=",".join(AXES))
    parser.add_argument("--limit", type=float, default=20, help="seconds of the last fit on an axis")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--peers", type=int, default=1)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--child", nargs=3, metavar=("AXIS", "VALUE", "PROGRAM"), help=argparse.SUPPRESS)
    results.add_option(parser)
    return parser.parse_args()


# Rows


def higgs(rows):
    """21 numbers with long tails and signs, 7 that are functions of them; classes that no plane separates."""
    import numpy as np
    random = np.random.default_rng(2)
    low = random.normal(0, 1, (rows, 21)).astype(np.float32)
    low[:, ::3] = np.exp(0.6 * low[:, ::3])
    pairs = low[:, :7] * low[:, 7:14]
    high = np.sqrt(np.abs(pairs)) * np.sign(pairs) + 0.3 * low[:, 14:]
    x = np.hstack([low, high.astype(np.float32)])
    score = x @ random.normal(0, 0.3, 28) + 0.7 * low[:, 0] * low[:, 1] - 0.5 * low[:, 2] ** 2
    noisy = score + random.logistic(0, 1.5, rows)
    return x, (noisy > np.median(noisy)).astype(np.int32)


def clusters(rows, columns, classes, apart):
    import numpy as np
    random = np.random.default_rng(0)
    labels = random.integers(0, classes, rows).astype(np.int32)
    x = random.standard_normal((rows, columns), np.float32)
    for k in range(classes):
        x[labels == k] += apart * random.standard_normal(columns, np.float32)
    return x, labels


def words(rows, columns, entries=30):
    """Rows of words by Zipf's law; a hidden weight of each decides the class."""
    import numpy as np
    from scipy import sparse
    random = np.random.default_rng(0)
    index = (columns ** random.random((rows, entries))).astype(np.int64) - 1
    start = np.arange(0, rows * entries + 1, entries)
    x = sparse.csr_matrix((np.full(rows * entries, entries ** -0.5, np.float32), index.ravel(), start),
                          shape=(rows, columns))
    x.sum_duplicates()
    score = x @ random.normal(0, 1, columns)
    return x, (score + random.logistic(0, 0.3, rows) > 0).astype(np.int32)


def rows_of(axis, value):
    if axis.endswith("_rows"):
        return higgs(value)
    if axis == "logistic_features":
        return clusters(2000, value, 2, 4 * value ** -0.5)
    if axis == "logistic_columns":
        return words(20000, value)
    return clusters(20000, 100, value, 0.5)


# Fits of models, as functions


def our_model(axis, x, y, threads):
    import classify as clf
    on = clf.context(f"threads={threads}")
    params = {"svm_rows": "kernel=linear", "rbf_rows": "kernel=rbf C=1 gamma=0.05"}
    data = clf.Dataset(x, y, on=on.handle)
    model = clf.Model("svm" if axis in params else "logistic", params.get(axis), on=on.handle)
    model.keeps = on, data
    return lambda: model.fit(data)


def peer_model(program, axis, x, y, threads):
    import warnings
    warnings.simplefilter("ignore")
    if program == "intelex":
        import daal4py
        from sklearnex.linear_model import LogisticRegression
        from sklearnex.svm import SVC
        daal4py.daalinit(nthreads=threads)
    else:
        from sklearn.linear_model import LogisticRegression
        from sklearn.svm import SVC, LinearSVC
    if axis == "rbf_rows":
        model = SVC(C=1, gamma=0.05)
    elif axis == "svm_rows":
        model = LinearSVC(loss="hinge", max_iter=100000)
    elif program == "liblinear":
        model = LogisticRegression(solver="liblinear")
    else:
        newton = program == "sklearn" and axis == "logistic_rows"
        model = (LogisticRegression(solver="newton-cholesky") if newton else
                 LogisticRegression(max_iter=1000, tol=1e-5))
    return lambda: model.fit(x, y)


def model_fit(program, axis, value, threads):
    x, y = rows_of(axis, value)
    if program == "libclassify":
        return our_model(axis, x, y, threads), 1
    return peer_model(program, axis, x, y, threads), 1


# Epochs of networks


def conv_layers(filters):
    return (f"conv2d filters={filters} kernel=3 padding=same activation=relu; max_pool2d size=2; "
            f"conv2d filters={filters} kernel=3 padding=same activation=relu; max_pool2d size=2; "
            "flatten; dense units=10")


def image_fit(program, setting, threads):
    import numpy as np
    from peer_networks import TorchTrainer, params
    side, batch = setting["side"], setting["batch"]
    count = max(IMAGES // side ** 2, 2 * batch)
    random = np.random.default_rng(0)
    rows = random.integers(0, 256, (count, side, side, 1), np.uint8)
    labels = random.integers(0, 10, count).astype(np.int32)
    layers = conv_layers(setting["filters"])
    if program == "torch":
        import torch
        torch.set_num_threads(threads)
        small = rows[:batch, :8, :8].copy()
        TorchTrainer(conv_layers(1), small, labels[:len(small)], len(small)).epoch()  # loads
        return TorchTrainer(layers, rows, labels, batch).epoch, count
    import classify as clf
    on = clf.context(f"threads={threads}")
    model = clf.Model("network", params(layers, batch, rows.shape[1:]), on=on.handle)
    data = clf.Dataset(rows, labels, scale=1 / 255, on=on.handle)
    return lambda: model.fit(data), count


def torch_sequences(setting, ids, labels, threads):
    import numpy as np
    import torch
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = torch.nn.Embedding(setting["vocabulary"], WIDTH)
            self.cell = torch.nn.LSTM(WIDTH, setting["units"], batch_first=True)
            self.head = torch.nn.Linear(setting["units"], 1)

        def forward(self, x):
            return self.head(self.cell(self.embedding(x))[0][:, -1])[:, 0]

    net, loss = Net(), torch.nn.BCEWithLogitsLoss()
    optimizer = torch.optim.RMSprop(net.parameters(), lr=0.001)
    ids, labels = torch.from_numpy(ids.astype(np.int64)), torch.from_numpy(labels.astype(np.float32))

    def epoch(steps=None):
        for first in range(0, len(ids), BATCH):
            rows = slice(first, first + BATCH)
            optimizer.zero_grad()
            loss(net(ids[rows, :steps]), labels[rows]).backward()
            optimizer.step()
    epoch(4)  # loads
    return epoch


def our_sequences(setting, ids, labels, threads):
    import classify as clf
    on = clf.context(f"threads={threads}")
    layers = (f"embedding vocabulary={setting['vocabulary']} units={WIDTH}; lstm units={setting['units']}; "
              "dense units=1")
    model = clf.Model("network", f"layers='{layers}' loss=binary_cross_entropy epochs=1 "
                                 f"batch_size={BATCH}", on=on.handle)
    data, rmsprop = clf.Dataset(ids, labels, on=on.handle), clf.Handle("clf_optimizer_free")
    clf.call("clf_optimizer_create", clf.C.byref(rmsprop.handle), on.handle, "rmsprop", "learning_rate=0.001")
    return lambda: clf.call("clf_model_fit", model, data, rmsprop, None)


def sequence_fit(program, setting, threads):
    import numpy as np
    count, random = BATCH * BATCHES, np.random.default_rng(0)
    ids = random.integers(1, setting["vocabulary"], (count, setting["steps"])).astype(np.float32)
    labels = (np.arange(count) % 2).astype(np.int32)
    make = torch_sequences if program == "torch" else our_sequences
    return make(setting, ids, labels, threads), ids.size


# The process of one number, and that of all


def child(axis, value, program, threads, limit):
    if axis in STEPS:
        of = image_fit if axis in ("batch", "side", "filters") else sequence_fit
        fit, count = of(program, {**STEPS, axis: value}, threads)
    else:
        fit, count = model_fit(program, axis, value, threads)

    def fits():
        found = [results.timed(fit)[:2]]
        while len(found) < 3 and sum(wall for wall, _ in found) < limit / 4:
            found.append(results.timed(fit)[:2])
        return found
    found, held = results.peak_memory(fits)
    wall, cpu = (min(part) for part in zip(*found))
    print(json.dumps({"axis": axis, "value": value, "by": program, "threads": threads, "count": count,
                      "fit_seconds": wall, "fit_cpu_seconds": cpu, "memory_bytes": held}))


def measured(axis, value, program, options):
    """The row, or None after a line that says why there is none."""
    command = [sys.executable, __file__, "--threads", str(options.threads), "--limit", str(options.limit), "--child",
               axis, str(value), program]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60 + 5 * options.limit)
    except subprocess.TimeoutExpired:
        print(f"{axis:<18}{value:>9} {program:<12} not within {60 + 5 * options.limit:g} s", flush=True)
        return None
    if done.returncode != 0:
        print(f"{axis:<18}{value:>9} {program:<12} left out: {done.stderr.strip().splitlines()[-1:]}", flush=True)
        return None
    return json.loads(done.stdout.splitlines()[-1])


def main():
    options, over = arguments(), set()
    if options.child:
        axis, value, program = options.child
        results.limit_threads(options.threads)
        return child(axis, int(value), program, options.threads, options.limit)
    kept = results.Results(options.json)
    for axis in options.axes.split(","):
        values, peers = AXES[axis]
        if options.list:
            print(f"{axis:<18}{', '.join(map(str, values))}; {', '.join(peers)}")
            continue
        for value in values:
            for program in ("libclassify", *peers * (options.peers > 0)):
                if (axis, program) in over:
                    continue
                row = measured(axis, value, program, options)
                if row is None or row["fit_seconds"] > options.limit:
                    over.add((axis, program))
                if row:
                    kept.add(**row)
                    print(f"{axis:<18}{value:>9} {program:<12}{row['fit_seconds']:>9.3f} s"
                          f"{row['fit_cpu_seconds']:>9.3f} s CPU{row['memory_bytes'] / 1e6:>9.0f} MB", flush=True)


if __name__ == "__main__":
    main()
