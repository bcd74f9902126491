#!/usr/bin/env python3
"""Draws what growth.py measured as an SVG, light and dark: three panels, both axes logarithmic.

    plot_growth.py GROWTH.json PICTURE.svg
"""
import html
import json
import math
import sys

from plot_results import STYLE, text

WIDTH, HEIGHT, TOP, BOTTOM, PANEL, GAP, LEFT = 960, 340, 78, 268, 236, 68, 60
LINES = ".line{fill:none;stroke-width:2}.ours-line{stroke:#2471cc}.peer-line{stroke:#d95f02}\n"
DARK = "@media(prefers-color-scheme:dark){.ours-line{stroke:#5296e8}.peer-line{stroke:#f08232}}\n"
PANELS = (("fit_cpu_seconds", "fit, CPU seconds", 1), ("predict_cpu_seconds", None, 1),
          ("memory_bytes", "most memory of the process, MB", 1e-6))
NAMES = {"libclassify": ("ours", "libclassify"), "sklearn": ("peer", "LIBSVM (scikit-learn's SVC)")}


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


def panel(rows, key, title, factor, left):
    xs = Scale([row["rows"] for row in rows], left, left + PANEL, False)
    ys = Scale([row[key] * factor for row in rows], BOTTOM, TOP, True)
    parts = [text(left - 4, TOP - 20, title, "soft")]
    for tick in ys.decades():
        y = ys.at(tick)
        parts += [f'<line x1="{left}" x2="{left + PANEL}" y1="{y:.1f}" y2="{y:.1f}"/>',
                  text(left - 10, y + 4, f"{tick:g}", "soft right")]
    for count in sorted({row["rows"] for row in rows}):
        label = f"{count / 1000:g}k"
        parts.append(text(xs.at(count), BOTTOM + 20, label, "soft middle"))
    for by, (style, name) in NAMES.items():
        points = [(xs.at(row["rows"]), ys.at(row[key] * factor), row) for row in rows
                  if row["by"] == by]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in points)
        parts.append(f'<polyline class="line {style}-line" points="{path}"/>')
        parts += [f'<circle class="{style}" cx="{x:.1f}" cy="{y:.1f}" r="4.5"><title>{name}, '
                  f'{row["rows"]:,} rows: {row[key] * factor:.3g}</title></circle>'
                  for x, y, row in points]
    return parts


def draw(rows):
    first = rows[0]
    caption = (f"svm kernel=rbf C=5 gamma=0.02 on the first rows of MNIST, {first['threads']} "
               f"thread{'s' if first['threads'] > 1 else ''}, {first['cpu']} kernels")
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
             f'width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="{html.escape(caption)}">',
             f"<style>{STYLE}{LINES}{DARK}</style>"]
    for index, (key, title, factor) in enumerate(PANELS):
        title = title or f"predict {first['test_rows']:,} rows, CPU seconds"
        parts += panel(rows, key, title, factor, LEFT + index * (PANEL + GAP))
    for x, (style, name) in zip((LEFT, LEFT + 120), NAMES.values()):
        parts += [f'<circle class="{style}" cx="{x}" cy="24" r="5"/>', text(x + 12, 28, name, "soft")]
    parts += [text(LEFT - 4, HEIGHT - 14, "training rows; " + caption, "soft"), "</svg>", ""]
    return "\n".join(parts)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[1]) as file:
        measured = json.load(file)
    with open(sys.argv[2], "w") as file:
        file.write(draw(measured))
