#!/usr/bin/env python3
"""Makes the figures and pictures of README.md and docs/performance.md: one script for all of them.

    all.py list                                                        the sections, and what each takes
    all.py run SECTION… --data DIR --results FILE [--build build] [--python VENV/bin/python] [--quick]
    all.py write --results FILE [--docs FOLDER]                        the tables and pictures of what is in FILE

`run` measures sections (`all` are all, in the order of the list) by the scripts and programs of this folder, and keeps
in FILE for each what was measured, when, on which machine, of which commit, by which commands and with which versions of
the peers; a section that is run again replaces itself. DIR has the folders mnist (four IDX files), aclImdb (the Large
Movie Review Dataset) and faces (pictures, at any depth). A section whose data, programs or packages are missing is left
out with a line that says so. --quick tries everything on few rows in some minutes, and the tables say so. The library is
that of the build folder; --python has the peers (the newest, in a virtual environment).

`write` replaces in both pages what is between the lines `<!-- figures: NAME -->` and `<!-- end -->`.
"""

import argparse
import ctypes
import datetime
import json
import os
import pathlib
import platform
import re
import resource
import subprocess
import sys
import tempfile
import time

import plot_growth
import plot_results
from sections import PICTURES, SECTIONS, machine_of, table_of

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = ("README.md", "docs/performance.md")
VERSIONS = """
import importlib.metadata as metadata, sys
for name in sys.argv[1:]:
    try:
        print(name, metadata.version(name))
    except metadata.PackageNotFoundError:
        pass
"""


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0], epilog=__doc__.split("\n\n", 1)[1],
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("list", "run", "write"))
    parser.add_argument("sections", nargs="*", help=f"all, or of {', '.join(SECTIONS)}")
    parser.add_argument("--data", type=pathlib.Path)
    parser.add_argument("--results", type=pathlib.Path)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--docs", type=pathlib.Path, default=ROOT, help="the folder with README.md and docs")
    options = parser.parse_args()
    if options.what != "list" and options.results is None:
        parser.error("--results names no file")
    if options.what == "run" and options.data is None:
        parser.error("--data names no folder")
    chosen = SECTIONS if options.sections == ["all"] else options.sections
    unknown = [name for name in chosen if name not in SECTIONS]
    if unknown or (options.what == "run" and not chosen):
        parser.error(f"no section {unknown or ''}; there are {', '.join(SECTIONS)}")
    options.sections = list(chosen)
    return options


def machine():
    """What the figures depend on."""
    models = re.findall(r"^model name\s*: (.*)$", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
    return {"processor": models[0] if models else platform.machine(), "cores": os.cpu_count(),
            "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
            "system": platform.platform()}


def busy_seconds():
    """Of all processors, and of them those that this script's commands took."""
    words = pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    user, nice, system, _, _, irq, softirq, steal = (int(word) / os.sysconf("SC_CLK_TCK") for word in words)
    own = resource.getrusage(resource.RUSAGE_CHILDREN)
    return user + nice + system + irq + softirq + steal, own.ru_utime + own.ru_stime


def library_of(options, suffix=""):
    return options.build.with_name(options.build.name + suffix) / "lib" / "libclassify.so"


def level_of(options):
    """The kernels that the library selects here."""
    library, context = ctypes.CDLL(str(library_of(options))), ctypes.c_void_p()
    library.clf_context_cpu.restype = ctypes.c_char_p
    library.clf_context_create(ctypes.byref(context), None, None)
    return library.clf_context_cpu(context).decode()


def environment_of(options, suffix):
    paths = [ROOT / "tests" / "parity", ROOT / "tests" / "bench", options.build / "bindings" / "python"]
    return {**os.environ, "CLASSIFY_LIBRARY": str(library_of(options, suffix)),
            "PYTHONPATH": os.pathsep.join(map(str, paths)), "BENCH_CONTEXT": "threads=1",
            "OPENBLAS_NUM_THREADS": "1"}


def missing(section, options):
    """The first thing that the section needs and that is not there."""
    needs = [library_of(options, section.suffix), *(options.data / folder for folder in section.data)]
    words = [word for command in section.commands for word in command]
    needs += [options.build / word.removeprefix("{build}/") for word in words if "tests/bench/" in word]
    return next((path for path in needs if not path.exists()), None)


def commands_of(section, options, folder):
    """(what to run, how a page says it, the file of its rows or None) of each command of the section."""
    for number, command in enumerate(section.commands):
        words = [*command, *(section.quick if options.quick else ())]
        said = [word.replace("{data}", "DIR").replace("{build}", "build") for word in command]
        words = [word.replace("{data}", str(options.data)).replace("{build}", str(options.build)) for word in words]
        if "/" in command[0]:
            yield [str(options.build / words[0]), *words[1:]], ["build/" + said[0], *said[1:]], None
        else:
            rows = folder / f"{number}.json"
            script = pathlib.Path("tests/bench") / words[0]
            yield [options.python, str(ROOT / script), *words[1:], "--json", str(rows)], [
                f"{script.parent}/{said[0]}", *said[1:]], rows


def outcome(command, environment, file, limit):
    """Runs a command: what it printed, if nothing else holds its rows, and a word on how it failed or None."""
    try:
        done = subprocess.run(command, env=environment, cwd=ROOT, text=True, timeout=limit,
                              stdout=None if file else subprocess.PIPE)
    except subprocess.TimeoutExpired:
        return "", f"it took more than {limit} s"
    if not file:
        print(done.stdout, end="", flush=True)
    return done.stdout, f"it ended with {done.returncode}" if done.returncode else None


def measure(name, options):
    """The section as it is kept, or None after a line that says why not."""
    section, began = SECTIONS[name], time.time()
    found, lacks = versions(section, options), missing(section, options)
    if lacks:
        print(f"{name} is left out: {lacks} is not there", flush=True)
        return None
    rows, said, before = [], [], busy_seconds()
    with tempfile.TemporaryDirectory() as folder:
        for command, shown, file in commands_of(section, options, pathlib.Path(folder)):
            said.append(" ".join(shown))
            print(f"{name}: {said[-1]}", flush=True)
            printed, failure = outcome(command, environment_of(options, section.suffix), file,
                                       5 * section.seconds)
            new = json.loads(file.read_text()) if file and file.exists() else []
            new += [] if file else section.parse(printed)
            rows += new
            if failure:
                print(f"{name}: {failure}, and {len(new)} rows of it are kept", flush=True)
    if not rows:
        return None
    busy, own = (after - first for after, first in zip(busy_seconds(), before))
    return {"rows": rows, "commands": said, "seconds": round(time.time() - began, 1),
            "date": datetime.date.today().isoformat(), "quick": options.quick,
            "machine": {**machine(), "level": level_of(options)},
            "other_work": round(max(busy - own, 0) / ((time.time() - began) * os.cpu_count()), 3),
            "commit": subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True,
                                     text=True).stdout.strip(),
            "versions": found}


def versions(section, options):
    """Of the peers that are installed; the others are named."""
    said = subprocess.run([options.python, "-c", VERSIONS, *section.packages], capture_output=True, text=True).stdout
    found = dict(line.split() for line in said.splitlines())
    for name in section.packages:
        if name not in found:
            print(f"  {name} is not installed for {options.python}: it is left out", flush=True)
    return found


def load(path):
    return json.loads(path.read_text()) if path.exists() else {}


def run(options):
    for name in options.sections:
        kept = measure(name, options)
        if kept:
            options.results.write_text(json.dumps({**load(options.results), name: kept}, indent=1) + "\n")
            print(f"{name}: {kept['seconds']:.0f} s", flush=True)


def write(options):
    measured = load(options.results)

    def block(match):
        name = match[1]
        text = machine_of(measured) if name == "machine" else table_of(name, measured)
        return match[0] if text is None else f"<!-- figures: {name} -->\n{text}<!-- end -->"
    for page in PAGES:
        path = options.docs / page
        path.write_text(re.sub(r"<!-- figures: (\w+) -->\n.*?<!-- end -->", block, path.read_text(), flags=re.S))
    for file, sections in PICTURES.items():
        rows = [row for name in sections for row in measured.get(name, {}).get("rows", [])]
        draw = plot_results.picture if file == "results" else plot_growth.picture
        picture = draw(rows, file) if rows else None
        if picture:
            (options.docs / "docs" / "images" / f"{file}.svg").write_text(picture)


def main():
    options = arguments()
    if options.what == "list":
        for name, section in SECTIONS.items():
            print(f"{name:<12}{section.seconds:>5} s  {section.title}")
    elif options.what == "run":
        run(options)
    else:
        write(options)


if __name__ == "__main__":
    main()
