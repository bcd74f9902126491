#!/usr/bin/env python3
"""Draws accuracy and fit time of each model as an SVG, light and dark.

    plot_results.py RESULTS.json PICTURE.svg [CAPTION]

RESULTS.json comes from `mnist --json`, or from peers.py, whose peers are then drawn beside.
"""
import html
import json
import math
import sys

WIDTH, TOP, ROW, BOTTOM = 720, 62, 36, 62
AXIS_LEFT, AXIS_RIGHT = 228, 620
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
@media(prefers-color-scheme:dark){text{fill:#e8eaed}.soft{fill:#a2abb6}line{stroke:#333a43}
.span{stroke:#5d6a78}.ours{fill:#5296e8}.peer{fill:#14171b;stroke:#f08232}}
"""


def seconds(value):
    if value < 0.9995:
        return f"{1000 * value:.0f} ms"
    return f"{value:.3g} s"


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


def draw_row(row, axis, y):
    ours, peer = row["fit_seconds"], row.get("peer_fit_seconds")
    parts = [text(16, y + 5, row["model"], "model"),
             text(196, y + 5, f"{100 * row['test_accuracy']:.2f} %", "right")]
    if peer:
        parts += [f'<line class="span" x1="{axis.at(ours):.1f}" x2="{axis.at(peer):.1f}" '
                  f'y1="{y}" y2="{y}"/>',
                  f'<circle class="peer" cx="{axis.at(peer):.1f}" cy="{y}" r="5.5">'
                  f'<title>{seconds(peer)}</title></circle>']
    parts += [f'<circle class="ours" cx="{axis.at(ours):.1f}" cy="{y}" r="6.5">'
              f'<title>{seconds(ours)}</title></circle>',
              text(WIDTH - 16, y + 5, f"{peer / ours:.0f} ×" if peer else seconds(ours), "right")]
    return parts


def draw(rows, caption):
    peers = any("peer_fit_seconds" in row for row in rows)
    axis = Axis([row["fit_seconds"] for row in rows]
                + [row["peer_fit_seconds"] for row in rows if "peer_fit_seconds" in row])
    bottom = TOP + ROW * len(rows)
    height = bottom + BOTTOM
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
             f'width="{WIDTH}" height="{height}" role="img" aria-label="{html.escape(caption)}">',
             f"<style>{STYLE}</style>",
             text(16, 36, "model", "soft"), text(196, 36, "accuracy", "soft right"),
             text(AXIS_LEFT, 36, "time to fit", "soft"),
             text(WIDTH - 16, 36, "times faster" if peers else "", "soft right")]
    for tick in axis.ticks():
        x = axis.at(tick)
        parts += [f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 14}" y2="{bottom - 8}"/>',
                  text(x, bottom + 8, seconds(tick), "soft middle")]
    for index, row in enumerate(rows):
        parts += draw_row(row, axis, TOP + ROW * index + 8)
    if peers:
        parts += [f'<circle class="ours" cx="{AXIS_LEFT + 96}" cy="32" r="5"/>',
                  text(AXIS_LEFT + 106, 36, "libclassify", "soft"),
                  f'<circle class="peer" cx="{AXIS_LEFT + 186}" cy="32" r="4.5"/>',
                  text(AXIS_LEFT + 196, 36, "scikit-learn", "soft")]
    parts += [text(16, height - 14, caption, "soft"), "</svg>", ""]
    return "\n".join(parts)


def default_caption(rows):
    row = rows[0]
    if "train_rows" not in row:
        return "MNIST"
    return (f"MNIST, {row['train_rows']:,} training and {row['test_rows']:,} test images, "
            f"{row['threads']} threads, {row['cpu']}")


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    with open(sys.argv[1]) as file:
        results = json.load(file)
    picture = draw(results, sys.argv[3] if len(sys.argv) == 4 else default_caption(results))
    with open(sys.argv[2], "w") as file:
        file.write(picture)
