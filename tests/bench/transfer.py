"""Fine-tuning on MNIST: LeNet-5 learns the digits 0 to 4, then 5 to 9 from few rows of each.

    PYTHONPATH=build/bindings/python CLASSIFY_LIBRARY=build/lib/libclassify.so \\
        python3 tests/bench/transfer.py --data DIR [--rows 50] [--seeds 5] [--train N]

Prints for each seed the accuracy on the test rows of 5 to 9: the same network trained on the few rows
alone; its head trained with all other layers frozen; the dense layers trained and the convolutions
frozen; all layers tuned. Then what a step costs of the processor, with frozen layers and without.
"""
import argparse
import os
import time

import libclassify as clf
import numpy as np

HEAD = {"units": 5}
BODY = ("conv2d filters=6 kernel=5 activation=tanh; average_pool2d size=2; "
        "conv2d filters=16 kernel=5 activation=tanh; average_pool2d size=2; flatten; "
        "dense units=120 activation=tanh; dense units=84 activation=tanh")
WAYS = {"head alone": "all", "dense layers": "conv2d", "all layers": None}


def rows_of(x, y, digits, rng, count=None):
    """Rows of these digits; at most `count` of each, drawn."""
    chosen = [rng.permutation(np.flatnonzero(y == d))[:count] for d in digits]
    chosen = np.sort(np.concatenate(chosen))
    return x[chosen], y[chosen]


def few_fit(network, few, epochs=60):
    network.set_params(epochs=epochs, batch_size=25)
    return network.fit(*few, optimizer=clf.Optimizer("adam", learning_rate=0.002))


def tuned(saved, frozen, few, context):
    network = clf.Model.load(saved, context=context)
    network.remove_layer().add_layer("dense", **HEAD)
    network.freeze(None if frozen is None else "conv2d" if frozen == "conv2d" else
                   ["conv2d", "dense_1", "dense_2"])
    return few_fit(network, few)


def step_cost(saved, frozen, few, context, epochs=40):
    """Processor seconds of an epoch of the few rows."""
    network = clf.Model.load(saved, context=context)
    network.remove_layer().add_layer("dense", **HEAD)
    network.freeze(frozen)
    network.set_params(epochs=epochs)
    began = time.process_time()
    network.fit(*few)
    return (time.process_time() - began) / epochs


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", default=os.environ.get("CLASSIFY_DATA"), required="CLASSIFY_DATA" not in os.environ)
    parser.add_argument("--rows", type=int, default=50, help="of each new digit")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--train", type=int, default=60000, help="the first N training rows only")
    options = parser.parse_args()
    whole = {part: clf.Dataset.load("idx", os.path.join(options.data, part)) for part in ("train", "t10k")}
    (x, y), (test_x, test_y) = ((data.tensor("x"), data.labels) for data in whole.values())
    x, y = x[:options.train], y[:options.train]
    every = []
    for seed in range(options.seeds):
        rng = np.random.default_rng(seed)
        context = clf.Context(seed=seed)
        few = rows_of(x, y, range(5, 10), rng, options.rows)
        test = rows_of(test_x, test_y, range(5, 10), rng)
        body = clf.Network(BODY + "; dense units=5", epochs=3, context=context)
        saved = body.fit(*rows_of(x, y, range(5), rng)).to_bytes()
        scores = {"from scratch": few_fit(clf.Network(BODY + "; dense units=5", context=context), few).score(*test)}
        for name, frozen in WAYS.items():
            scores[name] = tuned(saved, frozen, few, context).score(*test)
        every.append(scores)
        print(f"seed {seed}: " + ", ".join(f"{name} {score:.4f}" for name, score in scores.items()), flush=True)
    print("mean: " + ", ".join(f"{name} {np.mean([s[name] for s in every]):.4f}" for name in every[0]))
    one = clf.Context(threads=1)
    costs = {name: step_cost(saved, frozen, few, one) for name, frozen in
             (("none", None), ("conv2d", "conv2d"), ("all but the head", ["conv2d", "dense_1", "dense_2"]))}
    print("an epoch of %d rows, frozen: " % len(few[0]) +
          ", ".join(f"{name} {1000 * cost:.2f} ms" for name, cost in costs.items()))


main()
