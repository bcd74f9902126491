"""How an epoch of a recurrent network grows with steps, units and words, beside PyTorch.

    CLASSIFY_LIBRARY=build/lib/libclassify.so python3 tests/bench/growth_sequences.py --json FILE
        [--threads N] [--epochs 3] [--peer torch|none] [--cell lstm|gru]

The network is embedding 50 - cell - dense 1, trained by rmsprop on 4 batches of 128 rows of random
words, as the time does not depend on them. One of the steps of a row, the units and the vocabulary
varies, the others stay at 256, 32 and 10,000. PyTorch takes numbers below the normal floats as 0, which
is its faster way here by far. What is measured, growth_epochs.py says; plot_growth.py draws the file.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "parity"))
import classify as clf  # noqa: E402
import numpy as np  # noqa: E402
from growth_epochs import grow, parser_of  # noqa: E402

AXES = {"steps": (64, 256, 1024, 4096), "units": (32, 64, 128, 256, 512),
        "vocabulary": (1000, 10000, 100000)}
BASE = {"steps": 256, "units": 32, "vocabulary": 10000}
BATCH, BATCHES, WIDTH = 128, 4, 50


def torch_trainer(setting, ids, labels, threads):
    import torch

    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            kind = torch.nn.LSTM if setting["cell"] == "lstm" else torch.nn.GRU
            self.embedding = torch.nn.Embedding(setting["vocabulary"], WIDTH)
            self.cell = kind(WIDTH, setting["units"], batch_first=True)
            self.head = torch.nn.Linear(setting["units"], 1)

        def forward(self, x):
            return self.head(self.cell(self.embedding(x))[0][:, -1])[:, 0]

    net = Net()
    optimizer = torch.optim.RMSprop(net.parameters(), lr=0.001)
    loss = torch.nn.BCEWithLogitsLoss()

    def epoch(steps=None):
        for first in range(0, len(ids), BATCH):
            rows = slice(first, first + BATCH)
            optimizer.zero_grad()
            loss(net(ids_there[rows, :steps]), labels_there[rows]).backward()
            optimizer.step()

    ids_there = torch.from_numpy(ids.astype(np.int64))
    labels_there = torch.from_numpy(labels.astype(np.float32))
    epoch(4)  # warms up
    return epoch


def our_trainer(setting, ids, labels, threads):
    on = clf.context(f"threads={threads}")
    layers = (f"embedding vocabulary={setting['vocabulary']} units={WIDTH}; "
              f"{setting['cell']} units={setting['units']}; dense units=1")
    model = clf.Model("network", f"layers='{layers}' loss=binary_cross_entropy epochs=1 "
                                 f"batch_size={BATCH}", on=on.handle)
    data = clf.Dataset(ids, labels, on=on.handle)
    rmsprop = clf.Handle("clf_optimizer_free")
    clf.call("clf_optimizer_create", clf.C.byref(rmsprop.handle), on.handle, "rmsprop",
             "learning_rate=0.001")
    return lambda: clf.call("clf_model_fit", model, data, rmsprop, None)


def trainer(program, setting, threads):
    count = BATCH * BATCHES
    random = np.random.default_rng(0)
    ids = random.integers(1, setting["vocabulary"], (count, setting["steps"])).astype(np.float32)
    labels = (np.arange(count) % 2).astype(np.int32)
    make = torch_trainer if program == "torch" else our_trainer
    return make(setting, ids, labels, threads), ids.size


def main():
    parser = parser_of(__doc__)
    parser.add_argument("--cell", default="lstm", choices=("lstm", "gru"))
    options = parser.parse_args()
    grow(options, AXES, {**BASE, "cell": options.cell}, "word", trainer)


if __name__ == "__main__":
    main()
