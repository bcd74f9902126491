#!/usr/bin/env python3
"""Draws a session of the command line as an SVG, as a terminal shows it: commands of a page, and what
they print now.

    record.py PAGE HEADING PICTURE.svg

PAGE is a Markdown file. Of the section HEADING it runs the ```console blocks in a folder that has the
page's files ("```csv NAME") and examples/data. `classify` is the one on the PATH.
"""
import html
import os
import pathlib
import pty
import re
import subprocess
import sys
import tempfile

WIDTH, LINE, CHARACTER, LEFT, TOP = 860, 18, 7.83, 18, 52
STYLE = """
text{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#24292f;white-space:pre}
.frame{fill:#f6f8fa;stroke:#d0d7de}
.bar{fill:#eaeef2}
.dot{fill:#c8ced5}
.prompt{fill:#1a7f37;font-weight:600}
.typed{font-weight:600}
.bold{font-weight:700}
.note{fill:#6e7781}
@media(prefers-color-scheme:dark){text{fill:#d7dde3}.frame{fill:#12161b;stroke:#30363d}.bar{fill:#1c2128}
.dot{fill:#3d444d}.prompt{fill:#3fb950}.note{fill:#8b949e}}
"""


def section(page, heading):
    text = pathlib.Path(page).read_text(encoding="utf-8")
    found = re.search(rf"^#+ {re.escape(heading)}$(.*?)(?=^#+ |\Z)", text, re.M | re.S)
    if not found:
        raise SystemExit(f"{page} has no section '{heading}'")
    return text, found[1]


def commands(text):
    for block in re.findall(r"^```console\n(.*?)^```$", text, re.M | re.S):
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            lines = part.split("\n")
            count = 1
            while lines[count - 1].endswith("\\"):
                count += 1
            yield "\n".join(lines[:count])


def run(command, folder):
    """What a terminal shows, with its colors: standard output is one of 120 columns."""
    outer, inner = pty.openpty()
    subprocess.run(["stty", "columns", "120", "-onlcr"], stdin=inner, check=True)
    process = subprocess.Popen(["bash", "-c", command], stdin=subprocess.DEVNULL, stdout=inner, stderr=inner, cwd=folder)
    os.close(inner)
    shown = b""
    while True:
        try:
            block = os.read(outer, 1 << 16)
        except OSError:
            break
        if not block:
            break
        shown += block
    process.wait()
    text = shown.decode("utf-8").replace("\r\n", "\n")
    return re.sub(r"[^\n]*\r\x1b\[K", "", text).rstrip("\n").split("\n")


def spans(line):
    """The line as tspans: bold where the terminal shows it bold, soft for notes."""
    line = re.sub(r"^(classify \w[\w-]*: .*)$", "\x1b[90m\\1\x1b[0m", line)
    out, style = "", ""
    for part in re.split(r"(\x1b\[[0-9;]*m)", line):
        if part.startswith("\x1b["):
            style = {"\x1b[1m": "bold", "\x1b[90m": "note"}.get(part, "")
        elif part:
            out += f'<tspan class="{style}">{html.escape(part)}</tspan>' if style else html.escape(part)
    return out


def draw(lines, path):
    height = TOP + LINE * len(lines) + 12
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
             f'role="img" aria-label="A session of classify in a terminal"><style>{STYLE}</style>',
             f'<rect class="frame" x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="8"/>',
             f'<path class="bar" d="M1 30V9a8 8 0 0 1 8-8H{WIDTH - 9}a8 8 0 0 1 8 8V30z"/>']
    parts += [f'<circle class="dot" cx="{20 + 18 * i}" cy="15" r="5"/>' for i in range(3)]
    for i, line in enumerate(lines):
        parts.append(f'<text x="{LEFT}" y="{TOP + LINE * i}" xml:space="preserve">{line}</text>')
    pathlib.Path(path).write_text("\n".join(parts) + "\n</svg>\n", encoding="utf-8")


def main(page, heading, path):
    text, part = section(page, heading)
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        for name, content in re.findall(r"^```\w+ (\S+)\n(.*?)^```$", text, re.M | re.S):
            (pathlib.Path(folder) / name).write_text(content, encoding="utf-8")
        (pathlib.Path(folder) / "examples").symlink_to(pathlib.Path(__file__).resolve().parents[2] / "examples")
        for command in commands(part):
            for i, line in enumerate(command.split("\n")):
                prompt = "$" if i == 0 else ">"
                lines.append(f'<tspan class="prompt">{prompt}</tspan> <tspan class="typed">{html.escape(line)}</tspan>')
            lines += [spans(line) for line in run(command, folder)] + [""]
    draw(lines[:-1], path)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
