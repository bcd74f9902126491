#!/usr/bin/env python3
"""What fits by several processes exchange, and a model of the time on many machines.

    distributed.py --program build/tests/bench/bench_ranks [--json FILE] [--picture FILE.svg]
    distributed.py --read FILE.json [--picture FILE.svg]

Each method is fitted by 1, 2, 4 and 8 processes of one thread, whose processor seconds outside of exchanges and bytes
are counted by a communicator around MPI's (bench_ranks.c). The model of P machines:

    seconds = S + W rows / P + collectives (latency log2 P) + bytes / bandwidth

With the machines of pairs of classes the largest share, of 45 machines for example, is in place of 1 / P.
S is what every process does, whatever its share of the rows, and W what they divide: a line through the seconds at 1, 4
and 8 ranks, of the rank with the least, since on a busy machine others have cache misses of foreign programs. What 2
ranks do is predicted by it, and compared. The bytes of a rank are (a + b P) (P - 1) / P: what is divided among ranks,
and what goes to all. For more rows, W grows with them, or as Growth says, and of networks so does all that a step exchanges.
"""
import argparse
import json
import math
import pathlib
import shutil
import subprocess
import sys
import typing

from plot_growth import Scale, short
from plot_results import STYLE, text
from results import Results, add_option

RANKS = (1, 2, 4, 8)
LATENCY, BANDWIDTH = 30e-6, 1.25e9  # seconds of a message; bytes a second of 10 Gbit/s


class Growth(typing.NamedTuple):
    """For how many rows the time is predicted, and the powers of the rows with which it grows."""

    rows: int = 10_000_000
    work: float = 1  # what is divided
    steps: float = 0  # what every process does, and exchanges
    parts: int = 0  # that cannot be divided further; 0: rows


BY_STEPS = Growth(steps=1)
MACHINES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000)
DENSE = "epochs=1 batch_size=4096 layers='dense units=128 activation=relu; dense units=10'"
CONV = ("epochs=1 batch_size=1024 input=28,28,1 layers='conv2d filters=16 kernel=3 activation=relu; max_pool2d size=2; "
        "flatten; dense units=10'")
# Method: model, parameters, storage, rows, columns, classes, and how it grows. The powers of divide=rows are measured
# (docs/scale.md).
METHODS = {
    "ridge": ("ridge", "", "bytes", 10_000, 784, 10, Growth()),
    "fisher": ("fisher", "", "bytes", 10_000, 784, 10, Growth()),
    "logistic": ("logistic", "", "bytes", 20_000, 784, 10, Growth()),
    "logistic, sparse": ("logistic", "", "sparse", 10_000, 50_000, 2, Growth()),
    "network, dense": ("network", DENSE, "bytes", 20_480, 784, 10, BY_STEPS),
    "network, convolution": ("network", CONV, "bytes", 4_096, 784, 10, BY_STEPS),
    "svm, machines": ("svm", "C=5", "bytes", 4_000, 784, 10, Growth(1_000_000, 2, 1, 45)),
    "svm, rows": ("svm", "divide=rows", "dense", 20_000, 28, 2, Growth(1_000_000, 2, 1.2)),
}
LINES = """
.line{fill:none;stroke:#2471cc;stroke-width:2}.ideal{fill:none;stroke:#999;stroke-width:1.5;stroke-dasharray:4 4}
@media(prefers-color-scheme:dark){.line{stroke:#5296e8}.ideal{stroke:#777}}
"""
WIDTH, HEIGHT, PANEL, GAP, LEFT, TOP, BELOW, ACROSS = 960, 160, 236, 68, 60, 60, 44, 3


def run(program, ranks, method):
    mpirun = shutil.which("mpirun") or sys.exit("there is no mpirun")
    options = ["--oversubscribe", "--allow-run-as-root"]
    version = subprocess.run([mpirun, "--version"], capture_output=True, text=True).stdout
    command = [mpirun, *(options if "Open MPI" in version else []), "-n", str(ranks), program,
               *map(str, METHODS[method][:6])]
    done = subprocess.run(command, capture_output=True, text=True)
    return json.loads(done.stdout) if done.returncode == 0 else sys.exit(done.stderr)


def line(points):
    """(a, b) of the least squares a + b x."""
    n, xs, ys = len(points), [x for x, _ in points], [y for _, y in points]
    mean_x, mean_y = sum(xs) / n, sum(ys) / n
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x in xs)
    return mean_y - slope * mean_x, slope


class Model:
    """Of one method's rows, by their number of ranks."""

    def __init__(self, rows, growth):
        self.rows, self.growth = {row["ranks"]: row for row in rows}, growth
        most = "work_seconds" if growth.parts else "least_work_seconds"  # of unequal parts
        self.repeated, self.divided = line([(self.share(p), row[most]) for p, row in self.rows.items() if p != 2])
        if self.repeated < 0:
            self.repeated, self.divided = 0, self.rows[1]["least_work_seconds"]
        # In units of (P - 1) / P: what is divided among the ranks, and what each passes on to all.
        self.bytes = line([(p, row["bytes"] * p / (p - 1)) for p, row in self.rows.items() if p > 1])
        self.collectives = line([(p, row["collectives"]) for p, row in self.rows.items() if p > 1])

    def share(self, machines):
        """The largest of the parts."""
        parts = self.growth.parts
        return math.ceil(parts / machines) / parts if parts else 1 / machines

    def work(self, machines, more=1):
        """Processor seconds of each."""
        divided = self.divided * more ** self.growth.work * self.share(machines)
        return self.repeated * more ** self.growth.steps + divided

    def seconds(self, machines):
        more = self.growth.rows / self.rows[1]["rows"]
        steps = more ** self.growth.steps
        exchange = 0
        if machines > 1:
            sent = max(self.bytes[0] + self.bytes[1] * machines, 0) * (machines - 1) / machines
            messages = (self.collectives[0] + self.collectives[1] * machines) * math.ceil(math.log2(machines))
            exchange = steps * (messages * LATENCY + sent / BANDWIDTH)
        return self.work(machines, more) + exchange


def table(models):
    lines = ["| | rows | collectives | MB a rank sends at 2, 4, 8 | seconds a rank works at 1, 2, 4, 8 | predicted at 2 | "
             "times faster on 8, 64, 1,000 machines | of rows |", "|---|---|---|---|---|---|---|---|"]
    for method, model in models.items():
        rows = model.rows
        sent = ", ".join(f"{rows[p]['bytes'] / 1e6:.3g}" for p in RANKS if p > 1)
        work = ", ".join(f"{rows[p]['least_work_seconds']:.3g}" for p in RANKS)
        alone = model.seconds(1)
        faster = ", ".join(f"{alone / model.seconds(p):.3g}" for p in (8, 64, 1000))
        lines.append(f"| {method} | {rows[1]['rows']:,} | {rows[max(rows)]['collectives']:,.0f} | {sent} | {work} | "
                     f"{model.work(2):.3g} | {faster} | {model.growth.rows:,} |")
    return "\n".join(lines)


def panel(title, model, left, top):
    seconds = [model.seconds(p) for p in MACHINES]
    xs = Scale(MACHINES, left, left + PANEL, False)
    ys = Scale([*seconds, seconds[0] / MACHINES[-1]], top + HEIGHT, top, True)
    parts = [text(left - 4, top - 12, f"{title}, s", "soft")]
    for tick in ys.decades():
        y = ys.at(tick)
        parts += [f'<line x1="{left}" x2="{left + PANEL}" y1="{y:.1f}" y2="{y:.1f}"/>',
                  text(left - 10, y + 4, short(tick), "soft right")]
    parts += [text(xs.at(p), top + HEIGHT + 20, short(p), "soft middle") for p in (1, 8, 64, 1000)]
    for name, values in (("ideal", [seconds[0] / p for p in MACHINES]), ("line", seconds)):
        path = " ".join(f"{xs.at(p):.1f},{ys.at(value):.1f}" for p, value in zip(MACHINES, values))
        parts.append(f'<polyline class="{name}" points="{path}"/>')
    return parts


def picture(models):
    step, lines = HEIGHT + BELOW + 30, -(-len(models) // ACROSS)
    height = TOP + step * lines + 20
    caption = ("seconds of a fit of 10,000,000 rows (svm: 1,000,000) by machines of one thread and 10 Gbit/s, by the model; "
               "dashed: divided evenly")
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
             f'height="{height}" role="img" aria-label="{caption}">', f"<style>{STYLE}{LINES}</style>"]
    for index, (title, model) in enumerate(models.items()):
        parts += panel(title, model, LEFT + index % ACROSS * (PANEL + GAP), TOP + index // ACROSS * step)
    return "\n".join([*parts, text(LEFT - 4, height - 14, caption, "soft"), "</svg>", ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", help="bench_ranks, built by ninja")
    parser.add_argument("--read", help="a file that --json wrote")
    parser.add_argument("--picture", type=pathlib.Path)
    parser.add_argument("--methods", default=",".join(name.replace(", ", "/") for name in METHODS))
    parser.add_argument("--rounds", type=int, default=3, help="of which the one with the least work counts")
    add_option(parser)
    options = parser.parse_args()
    results = Results(options.json)
    if options.read:
        results.rows = json.loads(pathlib.Path(options.read).read_text())
    else:
        for method in (name.replace("/", ", ") for name in options.methods.split(",")):
            for ranks in RANKS:
                runs = [run(options.program, ranks, method) for _ in range(options.rounds)]
                results.add(method=method, by="libclassify", **min(runs, key=lambda row: row["least_work_seconds"]))
    names = dict.fromkeys(row["method"] for row in results.rows)
    models = {name: Model([row for row in results.rows if row["method"] == name], METHODS[name][6]) for name in names}
    print(table(models))
    if options.picture:
        options.picture.write_text(picture(models))


if __name__ == "__main__":
    main()
