#!/usr/bin/env python3
"""Draws what growth.py, growth_networks.py or growth_sequences.py measured as an SVG, light and dark: panels with both
axes logarithmic.

    plot_growth.py GROWTH.json PICTURE.svg
"""
import html
import json
import math
import sys

from plot_results import STYLE, text

WIDTH, HEIGHT, PANEL, GAP, LEFT, TOP, BELOW = 960, 190, 236, 68, 60, 78, 44
LINES = ".line{fill:none;stroke-width:2}.ours-line{stroke:#2471cc}.peer-line{stroke:#d95f02}\n"
DARK = "@media(prefers-color-scheme:dark){.ours-line{stroke:#5296e8}.peer-line{stroke:#f08232}}\n"
NAMES = {"libclassify": ("ours", "libclassify"), "sklearn": ("peer", "LIBSVM (scikit-learn's SVC)"),
         "torch": ("peer", "PyTorch")}


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
        return [10.0 ** exponent for exponent in range(math.floor(self.low), self.high + 1)]


def panel(rows, by_what, key, title, factor, left, top):
    """A panel of rows' `key` against their `by_what`."""
    bottom = top + HEIGHT
    xs = Scale([row[by_what] for row in rows], left, left + PANEL, False)
    ys = Scale([row[key] * factor for row in rows], bottom, top, True)
    parts = [text(left - 4, top - 20, title, "soft")]
    for tick in ys.decades():
        y = ys.at(tick)
        parts += [f'<line x1="{left}" x2="{left + PANEL}" y1="{y:.1f}" y2="{y:.1f}"/>',
                  text(left - 10, y + 4, f"{tick:g}", "soft right")]
    for count in sorted({row[by_what] for row in rows}):
        label = f"{count / 1000:g}k" if count >= 1000 and count % 500 == 0 else f"{count:,}"
        parts.append(text(xs.at(count), bottom + 20, label, "soft middle"))
    for by, (style, name) in NAMES.items():
        points = [(xs.at(row[by_what]), ys.at(row[key] * factor), row) for row in rows
                  if row["by"] == by]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in points)
        parts += [f'<polyline class="line {style}-line" points="{path}"/>'] if points else []
        parts += [f'<circle class="{style}" cx="{x:.1f}" cy="{y:.1f}" r="4.5"><title>{name}, '
                  f'{row[by_what]:,}: {row[key] * factor:.3g}</title></circle>'
                  for x, y, row in points]
    return parts


def threads_of(row):
    return f"{row['threads']} thread{'s' if row['threads'] > 1 else ''}"


def machine_panels(rows):
    """Of growth.py: rows of panels, and the caption."""
    first = rows[0]
    panels = [(rows, "rows", key, title, factor) for key, title, factor in (
        ("fit_cpu_seconds", "fit, CPU seconds", 1),
        ("predict_cpu_seconds", f"predict {first['test_rows']:,} rows, CPU seconds", 1),
        ("memory_bytes", "peak memory of the process, MB", 1e-6))]
    return [panels], ("training rows; svm kernel=rbf C=5 gamma=0.02 on the first rows of MNIST, "
                      f"{threads_of(first)}, {first['cpu']} kernels")


def network_panels(rows):
    """Of growth_networks.py, likewise."""
    return (axis_panels(rows, {"batch": "rows of a step", "side": "side of the image",
                               "filters": "filters"}, "image_cpu_seconds", "CPU ms an image", 1e3),
            "two 3x3 convolutions with pooling and a dense layer, trained by adam, "
            + threads_of(rows[0]))


def sequence_panels(rows):
    """Of growth_sequences.py, likewise."""
    return (axis_panels(rows, {"steps": "steps of a row", "units": "units",
                               "vocabulary": "words known"}, "word_cpu_seconds", "CPU µs a word",
                        1e6),
            f"embedding of 50, {rows[0]['cell']} and a dense unit, batches of 128, trained by "
            f"rmsprop, {threads_of(rows[0])}")


def axis_panels(rows, axes, time, what, factor):
    """A row of panels for the time, and one for the memory."""
    chosen = {axis: [row for row in rows if row["axis"] == axis] for axis in axes}
    return [[(chosen[axis], axis, key, f"{title} by {name}", scale) for axis, name in axes.items()]
            for key, title, scale in ((time, what, factor), ("memory_bytes", "MB", 1e-6))]


def draw(rows):
    panels_of = (sequence_panels if "word_cpu_seconds" in rows[0] else
                 network_panels if "axis" in rows[0] else machine_panels)
    lines, caption = panels_of(rows)
    step = HEIGHT + 2 * BELOW + 10
    height = TOP + step * (len(lines) - 1) + HEIGHT + 72
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
             f'width="{WIDTH}" height="{height}" role="img" aria-label="{html.escape(caption)}">',
             f"<style>{STYLE}{LINES}{DARK}</style>"]
    for line, panels in enumerate(lines):
        for index, given in enumerate(panels):
            parts += panel(*given, LEFT + index * (PANEL + GAP), TOP + line * step)
    present = {NAMES[row["by"]]: None for row in rows}
    for x, (style, name) in zip((LEFT, LEFT + 120), present):
        parts += [f'<circle class="{style}" cx="{x}" cy="24" r="5"/>', text(x + 12, 28, name, "soft")]
    parts += [text(LEFT - 4, height - 14, caption, "soft"), "</svg>", ""]
    return "\n".join(parts)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[1]) as file:
        measured = json.load(file)
    with open(sys.argv[2], "w") as file:
        file.write(draw(measured))
