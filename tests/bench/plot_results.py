#!/usr/bin/env python3
"""Draws accuracy and fit time of each model as an SVG, light and dark.

    plot_results.py RESULTS.json PICTURE.svg [CAPTION]

RESULTS.json comes from `mnist --json`, or from peers.py: then the peers are drawn as well, and the last column is the
time of the fastest of them divided by ours. Times are the clock's. CAPTION says what was measured.
"""
import html
import json
import math
import sys

WIDTH, TOP, ROW, BOTTOM = 720, 62, 36, 62
ACCURACY, AXIS_LEFT, AXIS_RIGHT = 230, 260, 620
PEERS = {"sklearn": "scikit-learn", "intelex": "scikit-learn-intelex", "liblinear": "LIBLINEAR", "libsvm": "LIBSVM",
         "torch": "PyTorch", "torch_compile": "PyTorch, compiled"}
STYLE = """
text{font:14px system-ui,sans-serif;fill:#16191d}
.soft{fill:#59626e;font-size:12px}
.model{font-weight:600}
.right{text-anchor:end}
.middle{text-anchor:middle}
line{stroke:#dfe3e8}
.span{stroke:#9aa8b8;stroke-width:2}
.ours{fill:#2471cc}
.peer{fill:#fff;stroke:#d95f02;stroke-width:2}
.intelex{stroke:#7b3fa0}.libsvm,.liblinear{stroke:#2f8a4c}.torch,.torch_compile{stroke:#c2255c}
@media(prefers-color-scheme:dark){text{fill:#e8eaed}.soft{fill:#a2abb6}line{stroke:#333a43}
.span{stroke:#5d6a78}.ours{fill:#5296e8}.peer{fill:#14171b;stroke:#f08232}
.intelex{stroke:#b98ad6}.libsvm,.liblinear{stroke:#69b87f}.torch,.torch_compile{stroke:#f06595}}
"""


def seconds(value):
    if value < 0.9995:
        return f"{1000 * value:.0f} ms"
    return f"{value:.3g} s" if value < 100 else f"{value:,.0f} s"


class Axis:
    """A logarithmic time axis of whole decades."""

    def __init__(self, times):
        self.low = math.floor(math.log10(min(times)))
        self.high = max(math.ceil(math.log10(max(times))), self.low + 1)

    def at(self, time):
        share = (math.log10(time) - self.low) / (self.high - self.low)
        return AXIS_LEFT + share * (AXIS_RIGHT - AXIS_LEFT)

    def ticks(self):
        return [10.0 ** exponent for exponent in range(self.low, self.high + 1)]


def text(x, y, content, classes):
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{classes}">{html.escape(content)}</text>'


def grouped(rows):
    """(our row, the rows of peers that fitted) of each model in f32."""
    rows = [row for row in rows if row.get("precision", "f32") == "f32" and "fit_seconds" in row]
    peers = {}
    for row in rows:
        if row.get("by", "libclassify") != "libclassify":
            peers.setdefault(row["model"], []).append(row)
    return [(row, peers.get(row["model"], [])) for row in rows if row.get("by", "libclassify") == "libclassify"]


def circle(axis, time, y, classes, title):
    return (f'<circle class="{classes}" cx="{axis.at(time):.1f}" cy="{y}" '
            f'r="{6.5 if classes == "ours" else 5.5}"><title>{html.escape(title)} '
            f'{seconds(time)}</title></circle>')


def draw_row(row, peers, axis, y, compared):
    ours, times = row["fit_seconds"], [peer["fit_seconds"] for peer in peers]
    parts = [text(16, y + 5, row["model"], "model"),
             text(ACCURACY, y + 5, f"{100 * row['test_accuracy']:.2f} %", "right")]
    if peers:
        parts.append(f'<line class="span" x1="{axis.at(min(ours, *times)):.1f}" '
                     f'x2="{axis.at(max(ours, *times)):.1f}" y1="{y}" y2="{y}"/>')
    parts += [circle(axis, peer["fit_seconds"], y, f"peer {peer['by']}", PEERS[peer["by"]]) for peer in peers]
    ratio = min(times) / ours if peers else 0
    last = f"{ratio:.{0 if ratio >= 9.5 else 1}f} ×" if peers else "" if compared else seconds(ours)
    return parts + [circle(axis, ours, y, "ours", "libclassify"), text(WIDTH - 16, y + 5, last, "right")]


def legend(names):
    """Our circle and those of the peers, in a line above the axis."""
    parts, x = [], AXIS_LEFT if len(names) < 3 else ACCURACY - 150
    for classes, name in [("ours", "libclassify"), *((f"peer {name}", PEERS[name]) for name in names)]:
        parts += [f'<circle class="{classes}" cx="{x + 6}" cy="20" r="5"/>',
                  text(x + 16, 24, name, "soft")]
        x += 34 + 6.5 * len(name)
    return parts


def draw(rows, caption):
    models = grouped(rows)
    peers = [peer for _, beside in models for peer in beside]
    names = list(dict.fromkeys(peer["by"] for peer in peers))
    axis = Axis([row["fit_seconds"] for row in [*(row for row, _ in models), *peers]])
    bottom = TOP + ROW * len(models)
    height = bottom + BOTTOM
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
             f'width="{WIDTH}" height="{height}" role="img" aria-label="{html.escape(caption)}">',
             f"<style>{STYLE}</style>",
             text(16, 44, "model", "soft"), text(ACCURACY, 44, "accuracy", "soft right"),
             text(AXIS_LEFT, 44, "time to fit", "soft"),
             text(WIDTH - 16, 44, "faster than the best" if names else "", "soft right")]
    for tick in axis.ticks():
        x = axis.at(tick)
        parts += [f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 10}" y2="{bottom - 8}"/>',
                  text(x, bottom + 8, seconds(tick), "soft middle")]
    for index, (row, beside) in enumerate(models):
        parts += draw_row(row, beside, axis, TOP + ROW * index + 8, bool(names))
    parts += legend(names) if names else []
    parts += [text(16, height - 14, caption, "soft"), "</svg>", ""]
    return "\n".join(parts)


def picture(rows, name):
    """Of rows of peers.py; None without any."""
    return draw(rows, default_caption(rows)) if grouped(rows) else None


def default_caption(rows):
    row = rows[0]
    if "train_rows" not in row:
        return "MNIST"
    networks = "; networks: one epoch" if any("one_seconds" in row for row in rows) else ""
    return (f"MNIST, {row['train_rows']:,} training and {row['test_rows']:,} test images, "
            f"{row['threads']} thread{'s' if row['threads'] > 1 else ''}, {row['cpu']}{networks}")


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    with open(sys.argv[1]) as file:
        results = json.load(file)
    with open(sys.argv[2], "w") as file:
        file.write(draw(results, sys.argv[3] if len(sys.argv) == 4 else default_caption(results)))
