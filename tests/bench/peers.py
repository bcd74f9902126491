"""Fit and predict times beside other libraries on MNIST, in turns, in one run, as ratios of medians.

    CLASSIFY_LIBRARY=build/lib/libclassify.so python3 tests/bench/peers.py --data DIR [--rounds N]
        [--models svm_rbf,ridge,…] [--peers sklearn,intelex,libsvm,torch,onnx] [--threads N] [--json FILE]

Needs NumPy and the peers (the newest: a virtual environment will do). The fit of a network is one
epoch from its start; networks also tell the time of predicting one image. onnx is onnxruntime with
the network that this library exports, which only predicts. Peers get pixels as
floats, scaled to [0, 1]; this library gets the bytes. Each time is told twice: by the clock, and as
the processor's (user and system, all threads, children too), which other work on the machine
disturbs less. Ratios are of processor seconds. A peer that is absent is named and left out.
"""

import argparse
import json
import os
import pathlib
import platform
import statistics
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "parity"))
parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
parser.add_argument("--data", default=os.environ.get("CLASSIFY_DATA"))
parser.add_argument("--models", default="ridge,fisher,perceptron,logistic")
parser.add_argument("--peers", default="sklearn", help="of sklearn, intelex, libsvm, torch, onnx; or none")
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--peer-rounds", type=int, default=1, help="rounds in which peers run too")
parser.add_argument("--train", type=int, help="the first N training rows only")
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--json")
options = parser.parse_args()
if options.data is None:
    parser.error("--data names no folder, nor does CLASSIFY_DATA")
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = str(options.threads)

import classify as clf  # noqa: E402
import numpy as np  # noqa: E402
from peer_lines import LINES, PEERS, Digits, Ours, timed  # noqa: E402

TIMES = ("fit_seconds", "fit_cpu_seconds", "predict_seconds", "predict_cpu_seconds")


def run(model, digits):
    """Fits and predicts once; the times and the accuracy."""
    fit, fit_cpu, _ = timed(model.fit)
    predict, predict_cpu, labels = timed(model.predict)
    one = {"latency_seconds": model.latency()} if hasattr(model, "latency") else {}
    times = dict(zip(TIMES, (fit, fit_cpu, predict, predict_cpu)))
    if getattr(model, "only_predicts", False):
        del times["fit_seconds"], times["fit_cpu_seconds"]
    return dict(times, **one,
                test_accuracy=float((labels == digits.test_labels).mean()))


def make(kind, line, *rest):
    """The model, or None after a line that says what is missing."""
    try:
        return kind(line, *rest)
    except ImportError as error:
        print(f"  {kind.__name__.lower()} is left out: {error}", flush=True)
        return None


def summary(name, runs, model):
    medians = {key: statistics.median(run[key] for run in runs)
               for key in (*TIMES, "latency_seconds") if key in runs[0]}
    return {"name": name, "rounds": len(runs), "test_accuracy": runs[0]["test_accuracy"], **medians,
            **model.facts()}


def compare(peer, ours):
    """A peer's row with the ratios of its processor time and of its wall time to ours."""
    for step in ("fit", "predict"):
        for kind in ("", "_cpu"):
            key = f"{step}{kind}_seconds"
            if key not in peer:
                continue
            peer[f"{step}{kind}_ratio"] = peer[key] / ours[key]
    if "latency_seconds" in ours:
        peer["latency_ratio"] = peer["latency_seconds"] / ours["latency_seconds"]
    return peer


def measure(name, digits, on):
    line = LINES[name]
    arguments = (line, digits, on, options.threads)
    models = {"libclassify": make(Ours, *arguments)}
    for peer in filter(None, options.peers.replace("none", "").split(",")):
        if peer not in PEERS:
            parser.error(f"no peer '{peer}'; there are {', '.join(PEERS)}")
        model = make(PEERS[peer], *arguments) if PEERS[peer].knows(line) else None
        models.update({peer: model} if model else {})
    runs = {key: [] for key in models}
    for i in range(options.rounds):
        for key, model in models.items():
            if key == "libclassify" or i < options.peer_rounds:
                runs[key].append(run(model, digits))
                print(f"  {name}, {key}, round {i + 1} of {options.rounds}", file=sys.stderr,
                      flush=True)
    rows = {key: summary(key, runs[key], model) for key, model in models.items()}
    ours = rows.pop("libclassify")
    if name == "ridge" and "sklearn" in models:
        theirs = models["sklearn"].weights()
        rows["sklearn"]["weights_relative_difference"] = float(
            np.abs(models["libclassify"].weights() - theirs).max() / np.abs(theirs).max())
    versions = {key: model.version for key, model in models.items() if key != "libclassify"}
    return {"model": name, "params": line.params, "train_rows": len(digits.labels),
            "test_rows": len(digits.test_labels), "threads": options.threads,
            "cpu": clf.lib.clf_context_cpu(on.handle).decode(), **ours,
            "peers": [{**compare(row, ours), "version": versions[row["name"]]}
                      for row in rows.values()]}


def print_head():
    print(f"{'model':<19}{'by':<13}{'accuracy':>8}{'fit: wall':>11}{'CPU s':>9}{'ratio':>8}"
          f"{'predict: wall':>15}{'CPU s':>9}{'ratio':>8}{'vectors':>9}  objective")


def print_row(first, row):
    ratios = [f"{row[key]:.1f}x" if key in row else "" for key in
              ("fit_cpu_ratio", "predict_cpu_ratio")]
    objective = f"{row['objective']:.6g}" if row.get("objective") is not None else ""
    one = ""
    if "latency_seconds" in row:
        one = f"one image {1000 * row['latency_seconds']:.3f} ms"
        one += f", {row['latency_ratio']:.1f}x" if "latency_ratio" in row else ""
    fit = ["", ""]
    if "fit_seconds" in row:
        fit = [f"{row['fit_seconds']:.3f}", f"{row['fit_cpu_seconds']:.2f}"]
    print(f"{first:<19}{row['name']:<13}{row['test_accuracy']:>8.4f}{fit[0]:>11}"
          f"{fit[1]:>9}{ratios[0]:>8}{row['predict_seconds']:>15.4f}"
          f"{row['predict_cpu_seconds']:>9.3f}{ratios[1]:>8}{row.get('support_vectors', ''):>9}"
          f"  {objective}{one}", flush=True)


def main():
    unknown = [name for name in options.models.split(",") if name not in LINES]
    if unknown:
        parser.error(f"no line '{unknown[0]}'; there are {', '.join(LINES)}")
    folder = pathlib.Path(options.data)
    folder = folder / "mnist" if (folder / "mnist").is_dir() else folder
    on = clf.context(f"threads={options.threads}")
    digits = Digits(folder, on, options.train)
    print(f"libclassify {clf.lib.clf_version().decode()} "
          f"({clf.lib.clf_context_cpu(on.handle).decode()}), NumPy {np.__version__}, "
          f"{options.threads} threads, {platform.machine()}, "
          f"{len(digits.labels)}/{len(digits.test_labels)} rows; ratios are of CPU seconds")
    print_head()
    rows = []
    for name in options.models.split(","):
        rows.append(measure(name, digits, on))
        print_row(name, rows[-1])
        for peer in rows[-1]["peers"]:
            print_row("", peer)
        if options.json:
            pathlib.Path(options.json).write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
