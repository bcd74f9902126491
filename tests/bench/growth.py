"""How fit, prediction and memory of svm kernel=rbf grow with the training rows, beside LIBSVM.

    CLASSIFY_LIBRARY=build/lib/libclassify.so python3 tests/bench/growth.py --data DIR --json FILE
        [--rows 2000,4000,…] [--peer-rows 16000] [--test 2000] [--threads N]

Each number comes from a process of its own, on the first rows of MNIST: processor seconds of fit
and of predicting, and the most memory that the process ever held: the interpreter, the data in the form
that the program takes, and its work. The peer is scikit-learn's SVC, which is LIBSVM, with the same
200 MB for kernel values; it is run up to --peer-rows. plot_growth.py draws the file.
"""

import argparse
import json
import pathlib
import resource
import subprocess
import sys

ROWS = "2000,4000,8000,16000,32000,60000"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", required=True)
    parser.add_argument("--rows", default=ROWS)
    parser.add_argument("--peer-rows", type=int, default=16000, help="most rows of the peer")
    parser.add_argument("--test", type=int, default=2000, help="rows to predict")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json")
    parser.add_argument("--child", nargs=2, metavar=("PROGRAM", "ROWS"), help=argparse.SUPPRESS)
    return parser.parse_args()


def child(options, program, rows):
    """Fits and predicts once, in this process, and prints what that took."""
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "parity"))
    import classify as clf
    from peer_lines import LINES, PEERS, Digits, Ours, timed
    folder = pathlib.Path(options.data)
    folder = folder / "mnist" if (folder / "mnist").is_dir() else folder
    on = clf.context(f"threads={options.threads}")
    digits = Digits(folder, on, rows, options.test)
    model = {"libclassify": Ours, **PEERS}[program](LINES["svm_rbf"], digits, on, options.threads)
    fit, fit_cpu, _ = timed(model.fit)
    predict, predict_cpu, labels = timed(model.predict)
    peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"by": program, "rows": rows, "fit_seconds": fit, "fit_cpu_seconds": fit_cpu,
                      "predict_seconds": predict, "predict_cpu_seconds": predict_cpu,
                      "memory_bytes": peak, "test_rows": options.test,
                      "threads": options.threads,
                      "cpu": clf.lib.clf_context_cpu(on.handle).decode(),
                      "test_accuracy": float((labels == digits.test_labels).mean())}))


def main():
    options = arguments()
    if options.child:
        return child(options, options.child[0], int(options.child[1]))
    measured = []
    for rows in map(int, options.rows.split(",")):
        for program in ("libclassify", "sklearn"):
            if program == "sklearn" and rows > options.peer_rows:
                continue
            command = [sys.executable, __file__, "--data", options.data, "--threads",
                       str(options.threads), "--test", str(options.test), "--child", program]
            said = subprocess.run([*command, str(rows)], check=True, capture_output=True, text=True)
            measured.append(json.loads(said.stdout))
            last = measured[-1]
            print(f"{program:<12}{rows:>7} rows: fit {last['fit_cpu_seconds']:8.2f} s, predict "
                  f"{last['predict_cpu_seconds']:7.3f} s, {last['memory_bytes'] / 1e6:6.0f} MB",
                  flush=True)
            if options.json:
                pathlib.Path(options.json).write_text(json.dumps(measured, indent=1) + "\n")


if __name__ == "__main__":
    main()
