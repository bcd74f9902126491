"""HTML and SVG as text, with no dependency but NumPy.

A notebook shows a model by these pieces, and ``report()`` makes a page of them. Colors follow the
page that shows them (light or dark), except for the series of a chart, which can be distinguished
with any color vision.
"""

from __future__ import annotations

import html
import math
from typing import Iterable, Mapping, Sequence

import numpy as np

COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")
STYLE = """
.clf { font: 13px/1.5 system-ui, sans-serif; max-width: 60em; }
.clf table { font: inherit; color: inherit; border-collapse: collapse; margin: .5em 0 1em; }
.clf th, .clf td { padding: .15em .7em; text-align: left; vertical-align: top;
                   border-bottom: 1px solid rgba(127,127,127,.25); background: none; }
.clf th { font-weight: 600; }
.clf .number { text-align: right; font-variant-numeric: tabular-nums; }
.clf .default { opacity: .6; }
.clf caption, .clf figcaption { text-align: left; white-space: nowrap; font-weight: 600; padding: .3em 0; }
.clf figure { margin: .5em 0 1em; }
"""
MAX_MATRIX_CLASSES = 30
MAX_CONFUSIONS = 25


def escape(value: object) -> str:
    """The text of a value, safe inside of an element and of an attribute."""
    return html.escape(str(value), quote=True)


def number(value: float) -> str:
    """A number with as many digits as a reader wants; whole numbers have all of theirs."""
    if not math.isfinite(value) or abs(value) < 1e15 and value == int(value):
        return str(value) if not math.isfinite(value) else str(int(value))
    return f"{value:.4g}"


def table(caption: str, rows: Iterable[Sequence[object]], head: Sequence[str] = ()) -> str:
    """A table of rows of cells; a cell that is a number stands at the right."""

    def cell(value: object) -> str:
        if isinstance(value, (int, float, np.number)) and not isinstance(value, bool):
            return f'<td class="number">{number(value)}</td>'
        return f"<td>{escape(value)}</td>"

    lines = [f"<table><caption>{escape(caption)}</caption>"]
    if head:
        lines.append("<tr>" + "".join(f"<th>{escape(name)}</th>" for name in head) + "</tr>")
    lines += ["<tr>" + "".join(map(cell, row)) + "</tr>" for row in rows]
    return "\n".join(lines + ["</table>"])


def parameters(values: Mapping[str, object], defaults: Mapping[str, object]) -> str:
    """A table of parameters in which those that differ from their default stand out."""
    lines = ["<table><caption>Parameters</caption>"]
    for name, value in values.items():
        unchanged = name in defaults and repr(defaults[name]) == repr(value)
        style = ' class="default"' if unchanged else ""
        shown = repr(value)
        shown = shown if len(shown) <= 200 else shown[:197] + "..."
        lines.append(f"<tr{style}><th>{escape(name)}</th><td>{escape(shown)}</td></tr>")
    return "\n".join(lines + ["</table>"])


def ticks(low: float, high: float, count: int = 4) -> list[float]:
    """About ``count`` round numbers between two numbers."""
    span = high - low
    if not span > 0 or not math.isfinite(span):
        return [low]
    power = 10.0 ** math.floor(math.log10(span / count))
    step = next(power * m for m in (1, 2, 2.5, 5, 10) if span / (power * m) <= count)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(i * step, 12) for i in range(first, last + 1)]


def line_chart(caption: str, series: Mapping[str, Sequence[float]], x_label: str = "epoch") -> str:
    """A chart of named series over 1, 2, … as SVG; values that are not finite are gaps."""
    values = {name: np.asarray(y, float).ravel() for name, y in series.items()}
    finite = np.concatenate([y[np.isfinite(y)] for y in values.values()] or [np.zeros(0)])
    if finite.size == 0:
        return ""
    low, high = float(finite.min()), float(finite.max())
    if high - low < 1e-12 * max(abs(low), abs(high), 1e-300):
        low, high = low - 0.5 * (abs(low) or 1), high + 0.5 * (abs(high) or 1)
    longest = max(y.size for y in values.values())
    left, top, width, height = 56, 10, 380, 170

    def place(x: float, y: float) -> tuple[float, float]:
        share = (x - 1) / (longest - 1) if longest > 1 else 0.5
        return left + width * share, top + height * (1 - (y - low) / (high - low))

    parts = _grid(low, high, longest, place, (left, top, width, height), x_label)
    for k, (name, y) in enumerate(values.items()):
        parts += _series(name, y, COLORS[k % len(COLORS)], place, left + 8 + 130 * k, top + height + 52)
    return (f"<figure><figcaption>{escape(caption)}</figcaption>"
            f'<svg role="img" aria-label="{escape(caption)}" width="460" height="245" '
            f'viewBox="0 0 460 245" style="font: 11px system-ui, sans-serif">'
            + "".join(parts) + "</svg></figure>")


def _grid(low, high, longest, place, frame, x_label) -> list[str]:
    left, top, width, height = frame
    parts = []
    for y in ticks(low, high):
        at = place(1, y)[1]
        parts.append(f'<path d="M{left} {at:.1f}h{width}" stroke="currentColor" opacity=".15"/>'
                     f'<text x="{left - 6}" y="{at + 4:.1f}" text-anchor="end" '
                     f'fill="currentColor">{number(y)}</text>')
    for x in sorted({max(1, round(x)) for x in ticks(1, longest)} | {1, longest}):
        at = place(x, low)[0]
        if x in (1, longest) or (left + 30 < at < left + width - 30):
            parts.append(f'<text x="{at:.1f}" y="{top + height + 16}" text-anchor="middle" '
                         f'fill="currentColor">{x}</text>')
    parts.append(f'<path d="M{left} {top}v{height}h{width}" fill="none" stroke="currentColor" '
                 f'opacity=".5"/><text x="{left + width / 2}" y="{top + height + 32}" '
                 f'text-anchor="middle" fill="currentColor">{escape(x_label)}</text>')
    return parts


def _series(name, y, color, place, legend_x, legend_y) -> list[str]:
    path, drawing = [], False
    for i, value in enumerate(y):
        if not math.isfinite(value):
            drawing = False
            continue
        at = place(i + 1, value)
        path.append(f"{'L' if drawing else 'M'}{at[0]:.1f} {at[1]:.1f}")
        drawing = True
    parts = [f'<path d="{"".join(path)}" fill="none" stroke="{color}" stroke-width="1.8"/>']
    if y.size <= 30:
        parts += [f'<circle cx="{place(i + 1, v)[0]:.1f}" cy="{place(i + 1, v)[1]:.1f}" r="2.2" '
                  f'fill="{color}"/>' for i, v in enumerate(y) if math.isfinite(v)]
    parts.append(f'<path d="M{legend_x} {legend_y - 4}h18" stroke="{color}" stroke-width="2.5"/>'
                 f'<text x="{legend_x + 24}" y="{legend_y}" fill="currentColor">{escape(name)}</text>')
    return parts


def confusion_matrix(counts: np.ndarray, names: Sequence[object]) -> str:
    """[classes, classes] counts or sums of weights: rows are the true classes. Of more than
    30 classes, the most frequent confusions are listed instead."""
    counts = np.asarray(counts)
    if len(names) > MAX_MATRIX_CLASSES:
        true, predicted = np.nonzero(counts)
        return confusions(true, predicted, counts[true, predicted], names)
    largest = max(float(counts.max()), 1e-300) if counts.size else 1.0
    lines = ["<table><caption>Confusion matrix (rows: true class, columns: predicted class)</caption>",
             "<tr><th></th>" + "".join(f'<th class="number">{escape(n)}</th>' for n in names) + "</tr>"]
    for i, row in enumerate(counts):
        cells = []
        for j, value in enumerate(row):
            color = "0,114,178" if i == j else "213,94,0"
            share = math.sqrt(float(value) / largest) * 0.75
            cells.append(f'<td class="number" style="background:rgba({color},{share:.3f})">'
                         f"{escape(number(value) if value else '')}</td>")
        lines.append(f"<tr><th>{escape(names[i])}</th>" + "".join(cells) + "</tr>")
    return "\n".join(lines + ["</table>"])


def confusions(true: np.ndarray, predicted: np.ndarray, counts: np.ndarray,
               names: Sequence[object]) -> str:
    """The most frequent pairs of different classes, of all that occur, in the order of the classes."""
    order = np.argsort(np.where(true == predicted, 0, -counts), kind="stable")[:MAX_CONFUSIONS]
    return table("Most frequent confusions",
                 [(names[true[at]], names[predicted[at]], counts[at]) for at in order
                  if true[at] != predicted[at] and counts[at] > 0],
                 ("true class", "predicted class", "rows"))


def block(*parts: str) -> str:
    """What a notebook shows: the parts with their style."""
    return f'<div class="clf"><style>{STYLE}</style>' + "\n".join(filter(None, parts)) + "</div>"


def page(title: str, *parts: str) -> str:
    """A whole page."""
    return ('<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width">'
            f"<title>{escape(title)}</title><style>:root {{ color-scheme: light dark; }} "
            f"body {{ margin: 2em; }}</style></head>\n<body>"
            f"{block(f'<h1>{escape(title)}</h1>', *parts)}</body></html>\n")
