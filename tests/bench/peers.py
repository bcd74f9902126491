"""Fit and predict times beside other libraries on MNIST, in turns, in one run, as ratios of medians.

    CLASSIFY_LIBRARY=build/lib/libclassify.so python3 tests/bench/peers.py --data DIR [--rounds N] [--train N]
        [--models svm_rbf,ridge,…] [--peers sklearn,intelex,liblinear,libsvm,torch,torch_compile,onnx]
        [--precisions f32,bf16,int8] [--threads N] [--json FILE]

Needs NumPy and the peers (the newest: a virtual environment will do). The fit of a network is one epoch from its start;
networks are also given single images. Each peer has its fastest setting: float32 where it computes in it, the solver
that is fastest here, all threads, and PyTorch also images channels last, the fused Adam, autocast to bf16 and
torch.compile, whose compilations are not counted. onnx is onnxruntime with the network that this library exports,
which only predicts. This library gets the bytes. Times are the clock's and the processor's (user and system, all
threads, children too), which other work on the machine disturbs less; ratios are of the former, and --cpu prints those
of the latter. A peer that is absent is named and left out.
"""

import argparse
import os
import pathlib
import platform
import sys

import results

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "parity"))
parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
parser.add_argument("--data", default=os.environ.get("CLASSIFY_DATA"))
parser.add_argument("--models", default="ridge,fisher,perceptron,logistic")
parser.add_argument("--peers", default="sklearn", help="of sklearn, intelex, liblinear, libsvm, torch, "
                    "torch_compile, onnx; or none")
parser.add_argument("--precisions", default="f32", help="of networks: f32, bf16, int8")
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--peer-rounds", type=int, default=1, help="rounds in which peers run too")
parser.add_argument("--train", type=int, help="the first N training rows only")
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--cpu", action="store_true", help="ratios of processor seconds")
results.add_option(parser)
options = parser.parse_args()
if options.data is None:
    parser.error("--data names no folder, nor does CLASSIFY_DATA")
results.limit_threads(options.threads)

import classify as clf  # noqa: E402
import numpy as np  # noqa: E402
from peer_lines import LINES, PEERS, Digits, Ours  # noqa: E402

RATIO = "_cpu_seconds" if options.cpu else "_seconds"


def make(kind, line, *rest):
    """The model, or None after a line that says what is missing."""
    try:
        return kind(line, *rest)
    except ImportError as error:
        print(f"  {kind.__name__.lower()} is left out: {error}", flush=True)
        return None


def models_of(line, precision, digits, on):
    """Ours and those peers that know the line in this precision."""
    peers = [peer for peer in options.peers.replace("none", "").split(",") if peer]
    unknown = [peer for peer in peers if peer not in PEERS]
    if unknown:
        parser.error(f"no peer '{unknown[0]}'; there are {', '.join(PEERS)}")
    kinds = {"libclassify": Ours, **{peer: PEERS[peer] for peer in peers if PEERS[peer].knows(line, precision)}}
    made = {name: make(kind, line, precision, digits, on, options.threads) for name, kind in kinds.items()}
    return {name: model for name, model in made.items() if model}


def measure(name, precision, digits, on, kept):
    """A row for each model, ours first."""
    models = models_of(LINES[name], precision, digits, on)
    fits = results.in_turns({key: model.fit for key, model in models.items()}, options.rounds, options.peer_rounds)
    for model in models.values():
        getattr(model, "prepare", lambda: None)()
    uses = results.in_turns({key: model.predict for key, model in models.items()}, options.rounds,
                            options.peer_rounds)
    rows = []
    for key, model in models.items():
        row = {"model": name, "params": LINES[name].params, "precision": precision, "by": key,
               "train_rows": len(digits.labels), "test_rows": len(digits.test_labels), "threads": options.threads,
               "cpu": clf.lib.clf_context_cpu(on.handle).decode()}
        if not getattr(model, "only_predicts", False):
            row.update(results.times("fit", fits[key][0]))
        row.update(results.times("predict", uses[key][0]),
                   test_accuracy=float((uses[key][1] == digits.test_labels).mean()), **model.facts())
        if hasattr(model, "latency"):
            row["one_seconds"] = model.latency()
        rows.append(kept.add(**row))
        print_row(row, rows[0])
    return rows


def print_head():
    print(f"{'model':<19}{'precision':<10}{'by':<15}{'accuracy':>8}{'fit: wall':>11}{'CPU s':>9}{'ratio':>8}"
          f"{'predict: wall':>15}{'CPU s':>9}{'ratio':>8}{'one: us':>9}{'ratio':>8}  objective")


def print_row(row, ours):
    def ratio(key):
        return f"{row[key] / ours[key]:.1f}x" if row is not ours and key in row else ""

    def number(key, form, factor=1):
        return format(factor * row[key], form) if key in row else ""
    print(f"{row['model']:<19}{row['precision']:<10}{row['by']:<15}{row['test_accuracy']:>8.4f}"
          f"{number('fit_seconds', '.3f'):>11}{number('fit_cpu_seconds', '.2f'):>9}{ratio('fit' + RATIO):>8}"
          f"{row['predict_seconds']:>15.4f}{row['predict_cpu_seconds']:>9.3f}{ratio('predict' + RATIO):>8}"
          f"{number('one_seconds', '.1f', 1e6):>9}{ratio('one_seconds'):>8}  {number('objective', '.6g')}", flush=True)


def main():
    names, precisions = options.models.split(","), options.precisions.split(",")
    unknown = [name for name in names if name not in LINES]
    if unknown:
        parser.error(f"no line '{unknown[0]}'; there are {', '.join(LINES)}")
    on, kept = clf.context(f"threads={options.threads}"), results.Results(options.json)
    digits = Digits(options.data, on, options.train)
    print(f"libclassify {clf.lib.clf_version().decode()} "
          f"({clf.lib.clf_context_cpu(on.handle).decode()}), NumPy {np.__version__}, "
          f"{options.threads} threads, {platform.machine()}, "
          f"{len(digits.labels)}/{len(digits.test_labels)} rows; ratios are of "
          f"{'CPU seconds' if options.cpu else 'the clock'}")
    print_head()
    for name in names:
        for precision in precisions if LINES[name].network else ("f32",):
            measure(name, precision, digits, on, kept)


if __name__ == "__main__":
    main()
