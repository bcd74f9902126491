"""Networks on movie reviews beside PyTorch, in turns, in one run, as ratios of medians.

    CLASSIFY_LIBRARY=build/lib/libclassify.so python3 tests/bench/sentiment.py [--data aclImdb]
        [--models lstm,gru,average] [--peers torch,torch_flush,torch_bf16] [--steps N] [--units N] [--rows N]
        [--threads N] [--rounds N] [--json FILE]

A round is one epoch of batches of 128 from the start. With --data the rows are the training reviews
of that folder, as this library encodes them, padding left out; without it they are random ids of
full length, which is what growth with --steps, --units and --vocabulary is measured on. Then come
the time of one review, and of one word of a stream. Seconds are told by the clock and as the
processor's (all threads), which other work on the machine disturbs less; ratios are of the former.
Gradients that fade over hundreds of steps become numbers below the normal floats, with which PyTorch
takes several times as long; the line torch_flush is PyTorch told to take those as 0, and torch_bf16
that with autocast to bfloat16, to be compared with --precision bf16 of this library.
Needs NumPy; without PyTorch its columns are left out, with a line that says so.
"""

import argparse
import pathlib
import statistics
import sys
import time

import results

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "parity"))
parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
parser.add_argument("--data", help="folder with train/neg and train/pos")
parser.add_argument("--models", default="lstm,gru,average")
parser.add_argument("--rows", type=int, default=20000)
parser.add_argument("--steps", type=int, default=256)
parser.add_argument("--units", type=int, default=32)
parser.add_argument("--vocabulary", type=int, default=10000)
parser.add_argument("--dropout", type=float, default=0.2)
parser.add_argument("--precision", default="f32", help="of libclassify: f32 or bf16")
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--peer-rounds", type=int, default=1)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--peers", default="torch,torch_flush", help="of torch, torch_flush, torch_bf16")
results.add_option(parser)
options = parser.parse_args()
results.limit_threads(options.threads)

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
                       f"batch_size={BATCH} precision={options.precision}")
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
    name, flush, autocast = "torch", False, False

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
            with torch.autocast("cpu", torch.bfloat16, enabled=self.autocast):
                outputs = self.model(self.ids[rows])
            loss(outputs.float(), self.labels[rows]).backward()
            optimizer.step()

    def latency(self):
        self.model.eval()
        with torch.no_grad():
            return seconds(lambda: self.model(self.ids[:1]), 20), None


class TorchFlush(Torch):
    name, flush = "torch_flush", True


class TorchBf16(TorchFlush):
    name, autocast = "torch_bf16", True


def seconds(function, rounds):
    """The median of some calls, by the clock."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        function()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def measure(name, ids, labels, on, kept):
    peers = (Torch, TorchFlush, TorchBf16)
    kinds = (Ours, *(kind for kind in peers if torch and kind.name in options.peers.split(",")))
    runs = {kind.name: kind(name, ids, labels, on) for kind in kinds}
    found = results.in_turns({key: run.epoch for key, run in runs.items()}, options.rounds, options.peer_rounds)
    rows = []
    for key, run in runs.items():
        review, word = run.latency()
        rows.append(kept.add(model=name, by=key, rows=len(ids), steps=options.steps, threads=options.threads,
                             **results.times("epoch", found[key][0]), one_seconds=review,
                             **({"word_seconds": word} if word else {})))
    return rows


def main():
    on = clf.context(f"threads={options.threads}")
    ids, labels = reviews(on) if options.data else random_rows()
    print(f"{len(ids)} rows of {options.steps} steps, {options.threads} threads, "
          f"{(ids > 0).mean():.2f} of the steps are words; "
          f"torch {torch.__version__ if torch else 'absent'}")
    print(f"{'model':<10}{'by':<13}{'epoch: wall':>12}{'CPU s':>8}{'ratio':>8}{'a review':>12}"
          f"{'a word':>12}")
    kept = results.Results(options.json)
    for name in options.models.split(","):
        rows = measure(name, ids, labels, on, kept)
        for row in rows:
            ratio = f"{row['epoch_seconds'] / rows[0]['epoch_seconds']:.1f}x"
            word = f"{1e6 * row['word_seconds']:.2f} us" if "word_seconds" in row else ""
            print(f"{name:<10}{row['by']:<13}{row['epoch_seconds']:>12.3f}{row['epoch_cpu_seconds']:>8.2f}{ratio:>8}"
                  f"{1000 * row['one_seconds']:>9.3f} ms{word:>12}", flush=True)


if __name__ == "__main__":
    main()
