"""How an epoch of a convolutional network grows with batch, image and channels, beside PyTorch.

    CLASSIFY_LIBRARY=build/lib/libclassify.so python3 tests/bench/growth_networks.py --json FILE
        [--threads N] [--epochs 3] [--peer torch|none]

The network is conv 3x3 - max pool 2 - conv 3x3 - max pool 2 - dense 10, both convolutions with as many
filters; its rows are random bytes, as the time does not depend on them. One of batch, image side and
filters varies, the others stay at 32, 28 and 32. Each number comes from a process of its own, a
fork of one that has loaded the libraries and computed nothing:
processor milliseconds an image of an epoch, the median of some, and the most memory that training
held above what the process held before. plot_growth.py draws the file.
"""

import argparse
import json
import multiprocessing
import pathlib
import statistics
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "parity"))
import classify as clf  # noqa: E402
import numpy as np  # noqa: E402
from peer_lines import timed  # noqa: E402
from peer_networks import TorchTrainer, params  # noqa: E402

AXES = {"batch": (1, 4, 16, 64, 256), "side": (28, 56, 112, 224), "filters": (8, 16, 32, 64, 128)}
BASE = {"batch": 32, "side": 28, "filters": 32}
PIXELS = 512 * 28 * 28  # of an epoch, or of two batches where those are more


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--peer", default="torch", choices=("torch", "none"))
    parser.add_argument("--json")
    return parser.parse_args()


def layers(filters):
    return (f"conv2d filters={filters} kernel=3 padding=same activation=relu; max_pool2d size=2; "
            f"conv2d filters={filters} kernel=3 padding=same activation=relu; max_pool2d size=2; "
            "flatten; dense units=10")


def resident(name):
    """VmHWM or VmRSS of this process, in bytes."""
    lines = pathlib.Path("/proc/self/status").read_text().split("\n")
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


def trainer(program, setting, rows, labels, threads):
    """A function that trains an epoch."""
    if program == "torch":
        import torch
        torch.set_num_threads(threads)
        small = rows[:setting["batch"], :8, :8].copy()
        TorchTrainer(layers(1), small, labels[:len(small)], len(small)).epoch()  # warms up
        return TorchTrainer(layers(setting["filters"]), rows, labels, setting["batch"]).epoch
    on = clf.context(f"threads={threads}")
    model = clf.Model("network", params(layers(setting["filters"]), setting["batch"],
                                        rows.shape[1:]), on=on.handle)
    data = clf.Dataset(rows, labels, scale=1 / 255, on=on.handle)
    return lambda: model.fit(data)


def measure(program, setting, threads, epochs):
    side = setting["side"]
    count = max(PIXELS // side ** 2, 2 * setting["batch"])
    random = np.random.default_rng(0)
    rows = random.integers(0, 256, (count, side, side, 1), np.uint8)
    labels = random.integers(0, 10, count).astype(np.int32)
    epoch = trainer(program, setting, rows, labels, threads)
    pathlib.Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    before = resident("VmRSS")
    times = [timed(epoch)[1] for _ in range(epochs)]
    return {"by": program, **setting, "threads": threads, "images": count,
            "image_cpu_seconds": statistics.median(times) / count,
            "memory_bytes": resident("VmHWM") - before}


def programs(peer):
    """Ours and the peer, loaded, or a word that it is absent."""
    try:
        if peer == "torch":
            import torch  # noqa: F401
            return ("libclassify", "torch")
    except ImportError as error:
        print(f"torch is left out: {error}", flush=True)
    return ("libclassify",)


def main():
    options = arguments()
    present, measured = programs(options.peer), []
    settings = [(axis, {**BASE, axis: value}) for axis, values in AXES.items() for value in values]
    with multiprocessing.get_context("fork").Pool(1, maxtasksperchild=1) as pool:
        for axis, setting in settings:
            for program in present:
                last = pool.apply(measure, (program, setting, options.threads, options.epochs))
                measured.append({"axis": axis, **last})
                print(f"{program:<12} {axis} {setting[axis]:>4}: "
                      f"{1000 * last['image_cpu_seconds']:8.3f} ms an image, "
                      f"{last['memory_bytes'] / 1e6:7.1f} MB", flush=True)
                if options.json:
                    pathlib.Path(options.json).write_text(json.dumps(measured, indent=1) + "\n")


if __name__ == "__main__":
    main()
