"""Networks in each precision: accuracy over seeds, seconds of an epoch and of predicting, bytes of the file.

    PYTHONPATH=build/bindings/python CLASSIFY_LIBRARY=build/lib/libclassify.so \\
        python3 tests/bench/precision.py --data DIR [--networks mlp,lenet5,cnn,lstm,gru] [--seeds 3]
            [--epochs N] [--train N] [--threads 1] [--json FILE]

DIR has MNIST as IDX files. The recurrent networks read its images as 28 steps of 28 pixels. All precisions
of a seed are trained on the same rows in the same order. Seconds are the processor's; those of predicting
the test rows are the lowest of five.
"""
import argparse
import os

import libclassify as clf
import numpy as np
import results

PRECISIONS = ("f32", "bf16", "int8")
DENSE = "dense units=256 activation=relu; dense units=256 activation=relu; dense units=10"
CONV = "conv2d filters={} kernel=5 padding=same activation=relu; max_pool2d size=2"
# Layers, the shape of a row, and epochs.
NETWORKS = {
    "mlp": ("flatten; " + DENSE, (28, 28, 1), 5),
    "lenet5": ("conv2d filters=6 kernel=5 activation=tanh; average_pool2d size=2; conv2d filters=16 kernel=5 "
               "activation=tanh; average_pool2d size=2; flatten; dense units=120 activation=tanh; "
               "dense units=84 activation=tanh; dense units=10", (28, 28, 1), 3),
    "cnn": (f"{CONV.format(32)}; {CONV.format(64)}; flatten; dense units=1024 activation=relu; "
            "dropout rate=0.4; dense units=10", (28, 28, 1), 2),
    "lstm": ("lstm units=64; dense units=10", (28, 28), 3),
    "gru": ("gru units=64; dense units=10", (28, 28), 3),
}


def measured(precision, name, train, test, seed, options):
    """Accuracy, seconds of an epoch and of predicting the test rows, and bytes of the file."""
    layers, shape, epochs = NETWORKS[name]
    epochs = options.epochs or epochs
    context = clf.Context(seed=seed, threads=options.threads)
    network = clf.Network(layers, precision=precision, epochs=epochs, input=shape, context=context)
    _, fit, _ = results.timed(lambda: network.fit(train))
    predict = min(results.timed(lambda: network.predict(test))[1] for _ in range(5))
    return network.score(test), fit / epochs, predict, len(network.to_bytes())


def compare(name, train, test, options, kept):
    for precision in PRECISIONS:
        rows = np.array([measured(precision, name, train, test, seed, options) for seed in range(options.seeds)])
        accuracy, epoch, predict, size = rows.mean(axis=0)
        kept.add(model=name, precision=precision, by="libclassify", train_rows=len(train), seeds=options.seeds,
                 threads=options.threads, test_accuracy=accuracy, test_accuracy_deviation=rows[:, 0].std(),
                 epoch_cpu_seconds=epoch, predict_cpu_seconds=predict, file_bytes=size)
        print(f"{name:7} {precision:5} accuracy {100 * accuracy:.3f} % ± {100 * rows[:, 0].std():.3f}  "
              f"epoch {epoch:.2f} s  predict {1000 * predict:.1f} ms  file {size / 1e6:.2f} MB", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", required=True)
    parser.add_argument("--networks", default=",".join(NETWORKS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=0)
    parser.add_argument("--train", type=int, default=60000)
    parser.add_argument("--threads", type=int, default=1)
    results.add_option(parser)
    options = parser.parse_args()
    kept = results.Results(options.json)
    train, test = (clf.Dataset.load("idx", os.path.join(options.data, part)) for part in ("train", "t10k"))
    for name in options.networks.split(","):
        compare(name, train[:options.train], test, options, kept)


main()
