"""Networks on movie reviews beside PyTorch, in turns, in one run, as ratios of medians.

    CLASSIFY_LIBRARY=build/lib/libclassify.so python3 tests/bench/sentiment.py [--data aclImdb]
        [--models lstm,gru,average] [--steps N] [--units N] [--rows N] [--threads N] [--rounds N]
        [--json FILE]

A round is one epoch of batches of 128 from the start. With --data the rows are the training reviews
of that folder, as this library encodes them, padding left out; without it they are random ids of
full length, which is what growth with --steps, --units and --vocabulary is measured on. Then come
the time of one review, and of one word of a stream. Seconds are told by the clock and as the
processor's (all threads), which other work on the machine disturbs less; ratios are of the latter.
Gradients that fade over hundreds of steps become numbers below the normal floats, with which PyTorch
takes several times as long; the line torch-flush is PyTorch told to take those as 0.
Needs NumPy; without PyTorch its columns are left out, with a line that says so.
"""

import argparse
import json
import os
import pathlib
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "parity"))
parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
parser.add_argument("--data", help="folder with train/neg and train/pos")
parser.add_argument("--models", default="lstm,gru,average")
parser.add_argument("--rows", type=int, default=20000)
parser.add_argument("--steps", type=int, default=256)
parser.add_argument("--units", type=int, default=32)
parser.add_argument("--vocabulary", type=int, default=10000)
parser.add_argument("--dropout", type=float, default=0.2)
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--peer-rounds", type=int, default=1)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--json")
options = parser.parse_args()
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = str(options.threads)

import classify as clf  # noqa: E402
import numpy as np  # noqa: E402

try:
    import torch
    torch.set_num_threads(options.threads)
except ImportError:
    torch = None
    print("PyTorch is not installed: its columns are left out")

BATCH, WIDTH = 128, 50


def random_rows():
    generator = np.random.default_rng(0)
    ids = generator.integers(1, options.vocabulary, (options.rows, options.steps))
    return ids.astype(np.float32), generator.integers(0, 2, options.rows).astype(np.int32)


def reviews(on):
    """The library's own rows: floats with padding before, and labels."""
    C, documents = clf.C, clf.Handle("clf_documents_free")
    vocabulary, rows = clf.Handle("clf_vocabulary_free"), clf.Dataset()
    folder = str(pathlib.Path(options.data) / "train")
    clf.call("clf_documents_load", C.byref(documents.handle), on.handle, "folder", folder,
             "folders=neg,pos")
    clf.call("clf_vocabulary_create", C.byref(vocabulary.handle), on.handle,
             f"max_words={options.vocabulary} steps={options.steps}")
    clf.call("clf_vocabulary_build", vocabulary, documents)
    clf.call("clf_vocabulary_encode", C.byref(rows.handle), vocabulary, documents)
    order = np.random.default_rng(0).permutation(rows.rows)[:options.rows]
    return (np.ascontiguousarray(rows.tensor("x")[order]),
            np.ascontiguousarray(rows.tensor("labels")[order]))


def layers_of(name):
    drop = f"dropout rate={options.dropout}; " if options.dropout > 0 else ""
    head = f"embedding vocabulary={options.vocabulary} units={WIDTH}; "
    if name == "average":
        return head + "global_average_pool1d; dense units=16 activation=relu; dense units=1"
    return head + drop + f"{name} units={options.units}; dense units=1"


class Ours:
    name = "libclassify"

    def __init__(self, model, ids, labels, on):
        self.params = (f"layers='{layers_of(model)}' loss=binary_cross_entropy epochs=1 "
                       f"batch_size={BATCH}")
        self.ids, self.on, self.data = ids, on, clf.Dataset(ids, labels, on=on.handle)

    def epoch(self):
        self.model = clf.Model("network", self.params, on=self.on.handle)
        optimizer = clf.Handle("clf_optimizer_free")
        clf.call("clf_optimizer_create", clf.C.byref(optimizer.handle), self.on.handle, "rmsprop",
                 "learning_rate=0.001")
        clf.call("clf_model_fit", self.model, self.data, optimizer, None)

    def latency(self):
        """Seconds of one review, and of one word of a stream."""
        one = clf.Dataset(np.ascontiguousarray(self.ids[:1]), on=self.on.handle)
        stream = clf.Handle("clf_sequence_free")
        clf.call("clf_sequence_create", clf.C.byref(stream.handle), self.model)
        words = np.ascontiguousarray(self.ids[:8][self.ids[:8] > 0])
        def feed():
            clf.call("clf_sequence_feed", stream, clf.ptr(words.ctypes.data), clf.i64(words.size))
        return (seconds(lambda: self.model.predict(one), 20), seconds(feed, 3) / words.size)


class Torch:
    name, flush = "torch", False

    def __init__(self, model, ids, labels, on):
        self.kind, self.lengths = model, (ids > 0).sum(1)
        self.ids = torch.from_numpy(ids.astype(np.int64))
        self.labels = torch.from_numpy(labels.astype(np.float32))

    def net(self):
        kind = self.kind

        class Net(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.embedding = torch.nn.Embedding(options.vocabulary, WIDTH, padding_idx=0)
                self.dropout = torch.nn.Dropout(options.dropout)
                if kind == "average":
                    self.head = torch.nn.Sequential(torch.nn.Linear(WIDTH, 16), torch.nn.ReLU(),
                                                    torch.nn.Linear(16, 1))
                else:
                    cell = torch.nn.LSTM if kind == "lstm" else torch.nn.GRU
                    self.cell = cell(WIDTH, options.units, batch_first=True)
                    self.head = torch.nn.Linear(options.units, 1)

            def forward(self, ids):
                x = self.embedding(ids)
                if kind == "average":
                    return self.head(x.mean(1))[:, 0]
                return self.head(self.cell(self.dropout(x))[0][:, -1])[:, 0]
        return Net()

    def epoch(self):
        torch.set_flush_denormal(self.flush)
        self.model = self.net()
        optimizer = torch.optim.RMSprop(self.model.parameters(), lr=0.001)
        loss = torch.nn.BCEWithLogitsLoss()
        for rows in torch.randperm(len(self.ids)).split(BATCH):
            optimizer.zero_grad()
            loss(self.model(self.ids[rows]), self.labels[rows]).backward()
            optimizer.step()

    def latency(self):
        self.model.eval()
        with torch.no_grad():
            return seconds(lambda: self.model(self.ids[:1]), 20), None


class TorchFlush(Torch):
    name, flush = "torch-flush", True


def seconds(function, rounds):
    """The median of some calls, by the clock."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        function()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def timed(function):
    began, cpu = time.perf_counter(), time.process_time()
    function()
    return time.perf_counter() - began, time.process_time() - cpu


def measure(name, ids, labels, on):
    kinds = (Ours, Torch, TorchFlush) if torch and options.peer_rounds > 0 else (Ours,)
    runs = [kind(name, ids, labels, on) for kind in kinds]
    times = {run.name: [] for run in runs}
    for i in range(options.rounds):
        for run in runs:
            if run.name == "libclassify" or i < options.peer_rounds:
                times[run.name].append(timed(run.epoch))
    rows = []
    for run in runs:
        wall, cpu = (statistics.median(pair[i] for pair in times[run.name]) for i in range(2))
        review, word = run.latency()
        rows.append({"model": name, "name": run.name, "seconds_per_epoch": wall,
                     "cpu_seconds_per_epoch": cpu, "review_seconds": review,
                     "word_seconds": word})
    for row in rows[1:]:
        row["ratio"] = row["cpu_seconds_per_epoch"] / rows[0]["cpu_seconds_per_epoch"]
    return rows


def main():
    on = clf.context(f"threads={options.threads}")
    ids, labels = reviews(on) if options.data else random_rows()
    print(f"{len(ids)} rows of {options.steps} steps, {options.threads} threads, "
          f"{(ids > 0).mean():.2f} of the steps are words; "
          f"torch {torch.__version__ if torch else 'absent'}")
    print(f"{'model':<10}{'by':<13}{'epoch: wall':>12}{'CPU s':>8}{'ratio':>8}{'a review':>12}"
          f"{'a word':>12}")
    everything = []
    for name in options.models.split(","):
        for row in measure(name, ids, labels, on):
            everything.append(row)
            ratio = f"{row['ratio']:.1f}x" if "ratio" in row else ""
            word = f"{1e6 * row['word_seconds']:.2f} us" if row["word_seconds"] else ""
            print(f"{name:<10}{row['name']:<13}{row['seconds_per_epoch']:>12.3f}"
                  f"{row['cpu_seconds_per_epoch']:>8.2f}{ratio:>8}"
                  f"{1000 * row['review_seconds']:>9.3f} ms{word:>12}", flush=True)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(everything, indent=1) + "\n")


if __name__ == "__main__":
    main()
