"""How an epoch of a convolutional network grows with batch, image and channels, beside PyTorch.

    CLASSIFY_LIBRARY=build/lib/libclassify.so python3 tests/bench/growth_networks.py --json FILE
        [--threads N] [--epochs 3] [--peer torch|none]

The network is conv 3x3 - max pool 2 - conv 3x3 - max pool 2 - dense 10, both convolutions with as many
filters; its rows are random bytes, as the time does not depend on them. One of batch, image side and
filters varies, the others stay at 32, 28 and 32. What is measured, growth_epochs.py says; plot_growth.py
draws the file.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "parity"))
import classify as clf  # noqa: E402
import numpy as np  # noqa: E402
from growth_epochs import grow, parser_of  # noqa: E402
from peer_networks import TorchTrainer, params  # noqa: E402

AXES = {"batch": (1, 4, 16, 64, 256), "side": (28, 56, 112, 224), "filters": (8, 16, 32, 64, 128)}
BASE = {"batch": 32, "side": 28, "filters": 32}
PIXELS = 512 * 28 * 28  # of an epoch, or of two batches where those are more


def layers(filters):
    return (f"conv2d filters={filters} kernel=3 padding=same activation=relu; max_pool2d size=2; "
            f"conv2d filters={filters} kernel=3 padding=same activation=relu; max_pool2d size=2; "
            "flatten; dense units=10")


def torch_trainer(setting, rows, labels, threads):
    import torch
    torch.set_num_threads(threads)
    small = rows[:setting["batch"], :8, :8].copy()
    TorchTrainer(layers(1), small, labels[:len(small)], len(small)).epoch()  # warms up
    return TorchTrainer(layers(setting["filters"]), rows, labels, setting["batch"]).epoch


def our_trainer(setting, rows, labels, threads):
    on = clf.context(f"threads={threads}")
    model = clf.Model("network", params(layers(setting["filters"]), setting["batch"],
                                        rows.shape[1:]), on=on.handle)
    data = clf.Dataset(rows, labels, scale=1 / 255, on=on.handle)
    return lambda: model.fit(data)


def trainer(program, setting, threads):
    side = setting["side"]
    count = max(PIXELS // side ** 2, 2 * setting["batch"])
    random = np.random.default_rng(0)
    rows = random.integers(0, 256, (count, side, side, 1), np.uint8)
    labels = random.integers(0, 10, count).astype(np.int32)
    make = torch_trainer if program == "torch" else our_trainer
    return make(setting, rows, labels, threads), count


if __name__ == "__main__":
    grow(parser_of(__doc__).parse_args(), AXES, BASE, "image", trainer)
