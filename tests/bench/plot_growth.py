#!/usr/bin/env python3
"""Draws what growth.py measured as an SVG, light and dark: a panel for each axis, both of its scales logarithmic.

    plot_growth.py GROWTH.json PICTURE.svg
"""
import html
import json
import math
import sys

from plot_results import PEERS, STYLE, text

WIDTH, HEIGHT, PANEL, GAP, LEFT, TOP, BELOW, ACROSS = 960, 190, 236, 68, 60, 84, 44, 3
LINES = """
.line{fill:none;stroke-width:2}.ours-line{stroke:#2471cc}.peer-line{stroke:#d95f02}.intelex-line{stroke:#7b3fa0}
.liblinear-line{stroke:#2f8a4c}.torch-line{stroke:#c2255c}
@media(prefers-color-scheme:dark){.ours-line{stroke:#5296e8}.peer-line{stroke:#f08232}.intelex-line{stroke:#b98ad6}
.liblinear-line{stroke:#69b87f}.torch-line{stroke:#f06595}}
"""
# The title of each axis, what its seconds are divided by, and the unit and its factor.
FIT, IMAGE, WORD = ("s", 1), ("ms an image", 1e3), ("µs a word", 1e6)
AXES = {
    "logistic_rows": ("logistic: rows of 28 numbers", FIT), "svm_rows": ("linear svm: rows of 28 numbers", FIT),
    "rbf_rows": ("svm rbf: rows of 28 numbers", FIT), "logistic_features": ("logistic: features of 2,000 rows", FIT),
    "logistic_columns": ("logistic: columns of 20,000 sparse rows", FIT),
    "logistic_classes": ("logistic: classes of 20,000 rows", FIT),
    "batch": ("images of a batch", IMAGE), "side": ("side of the image", IMAGE), "filters": ("filters", IMAGE),
    "steps": ("steps of a row", WORD), "units": ("units", WORD), "vocabulary": ("words known", WORD),
}
CAPTIONS = {
    "growth": "time of a fit by rows, features and classes",
    "growth-memory": "memory that a fit holds by rows, features and classes",
    "growth-networks": "two 3×3 convolutions with pooling and a dense layer, trained by adam",
    "growth-sequences": "embedding of 50, lstm and a dense unit, batches of 128, trained by rmsprop",
}


class Scale:
    """From numbers to places, by their logarithms."""

    def __init__(self, values, first, last, decades):
        low, high = math.log10(min(values)), math.log10(max(values))
        self.low = math.floor(low) if decades else low
        self.high = max(math.ceil(high), self.low + 1) if decades else high
        self.first, self.last = first, last

    def at(self, value):
        share = (math.log10(value) - self.low) / (self.high - self.low)
        return self.first + share * (self.last - self.first)

    def decades(self):
        """At most five."""
        step = 1 + (self.high - math.floor(self.low)) // 5
        return [10.0 ** exponent for exponent in range(math.floor(self.low), self.high + 1, step)]


def short(number):
    for factor, letter in ((1e6, "M"), (1e3, "k")):
        if number >= factor and number % (factor / 10) == 0:
            return f"{number / factor:.3g}{letter}"
    return f"{number:,g}"


def style_of(by):
    """Of the circle, and of the line."""
    return ("ours", "ours") if by == "libclassify" else (f"peer {by}", "peer" if by == "sklearn" else by)


def panel(rows, value, title, left, top):
    """A panel of rows' value(row) along their axis."""
    bottom = top + HEIGHT
    xs = Scale([row["value"] for row in rows], left, left + PANEL, False)
    ys = Scale([value(row) for row in rows], bottom, top, True)
    parts = [text(left - 4, top - 20, title, "soft")]
    for tick in ys.decades():
        y = ys.at(tick)
        parts += [f'<line x1="{left}" x2="{left + PANEL}" y1="{y:.1f}" y2="{y:.1f}"/>',
                  text(left - 10, y + 4, short(tick), "soft right")]
    for count in sorted({row["value"] for row in rows}):
        parts.append(text(xs.at(count), bottom + 20, short(count), "soft middle"))
    for by in dict.fromkeys(row["by"] for row in reversed(rows)):
        circles, line = style_of(by)
        points = [(xs.at(row["value"]), ys.at(value(row)), row) for row in rows if row["by"] == by]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in points)
        parts.append(f'<polyline class="line {line}-line" points="{path}"/>')
        parts += [f'<circle class="{circles}" cx="{x:.1f}" cy="{y:.1f}" r="4.5"><title>{name_of(by)}, '
                  f'{row["value"]:,}: {value(row):.3g}</title></circle>' for x, y, row in points]
    return parts


def name_of(by):
    return PEERS.get(by, by)


def panels_of(rows, keys=("fit_seconds", "memory_bytes")):
    """(rows, value, title) of each panel: times first, then memory, in the order of the axes."""
    axes = [axis for axis in AXES if len({row["value"] for row in rows if row["axis"] == axis}) > 1]
    for key in keys:
        for axis in axes:
            name, (unit, factor) = AXES[axis]
            chosen = [row for row in rows if row["axis"] == axis and row[key] > 0]
            if key == "fit_seconds":
                yield chosen, lambda row, f=factor: f * row["fit_seconds"] / row["count"], f"{name}, {unit}"
            else:
                yield chosen, lambda row: row["memory_bytes"] / 1e6, f"{name}, MB"


def draw(panels, caption):
    rows = [row for on, _, _ in panels for row in on]
    step = HEIGHT + 2 * BELOW + 6
    lines = -(-len(panels) // ACROSS)
    height = TOP + step * (lines - 1) + HEIGHT + 72
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
             f'width="{WIDTH}" height="{height}" role="img" aria-label="{html.escape(caption)}">',
             f"<style>{STYLE}{LINES}</style>"]
    for index, given in enumerate(panels):
        parts += panel(*given, LEFT + index % ACROSS * (PANEL + GAP), TOP + index // ACROSS * step)
    x = LEFT
    for by in dict.fromkeys(row["by"] for row in rows):
        parts += [f'<circle class="{style_of(by)[0]}" cx="{x}" cy="24" r="5"/>', text(x + 12, 28, name_of(by), "soft")]
        x += 40 + 6.5 * len(name_of(by))
    parts += [text(LEFT - 4, height - 14, caption, "soft"), "</svg>", ""]
    return "\n".join(parts)


def picture(rows, name):
    """Of rows of growth.py; None where no axis has two values."""
    threads = f"{rows[0]['threads']} thread{'s' if rows[0]['threads'] > 1 else ''}"
    alone = {"growth": ("fit_seconds",), "growth-memory": ("memory_bytes",)}
    panels = list(panels_of(rows, alone[name])) if name in alone else list(panels_of(rows))
    return draw(panels, f"{CAPTIONS[name]}, {threads}") if panels else None


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[1]) as file:
        measured = json.load(file)
    with open(sys.argv[2], "w") as file:
        file.write(draw(list(panels_of(measured)), ", ".join(dict.fromkeys(row["axis"] for row in measured))))
