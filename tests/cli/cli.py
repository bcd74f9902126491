"""What the tests of the command line tool share: running it in an empty folder, and small data.

    test_NAME.py PROGRAM
"""
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time
import unittest

TOOL = os.path.abspath(sys.argv.pop(1))
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # which nohup ignores, and programs inherit
SAMPLE = pathlib.Path(__file__).resolve().parents[2] / "examples" / "data"


class Cli(unittest.TestCase):
    """Runs the tool in a folder of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def classify(self, *arguments, typed="", status=0, **options):
        """Runs `classify ARGUMENTS`; checks the exit status; returns standard output. What it said on
        standard error is in self.said."""
        run = subprocess.run([TOOL, *map(str, arguments)], input=typed, capture_output=True,
                             encoding="utf-8", cwd=self.folder, timeout=120, **options)
        self.said = run.stderr
        self.assertEqual(run.returncode, status, run.stderr + run.stdout)
        return run.stdout

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return name

    def flowers(self, name="flowers.csv", rows=150, header=True, seed=0):
        """Three kinds of flowers by four measures, far enough apart to be told from each other."""
        dice = random.Random(seed)
        lines = ["sepal_length,sepal_width,petal_length,petal_width,kind"] if header else []
        for i in range(rows):
            kind = i % 3
            centers = ((5.0, 3.4, 1.5, 0.2), (5.9, 2.8, 4.3, 1.3), (6.6, 3.0, 5.6, 2.0))[kind]
            values = [f"{dice.gauss(center, 0.25):.2f}" for center in centers]
            lines.append(",".join(values + [("setosa", "versicolor", "virginica")[kind]]))
        return self.write(name, "\n".join(lines) + "\n")

    def reviews(self, rows=40):
        """Two files of a text a line, reviews.pos and reviews.neg."""
        for label, words in (("pos", "good warm clever fine"), ("neg", "bad cold dull stupid")):
            dice = random.Random(label)
            texts = [" ".join(dice.choice(words.split()) for _ in range(5)) + f" film {i}" for i in range(rows)]
            self.write(f"reviews.{label}", "\n".join(texts) + "\n")


def interrupt_twice(run):
    """Sends SIGINT, and again as soon as the first has arrived: two that wait at once are one."""
    run.send_signal(signal.SIGINT)
    try:
        while True:
            with open(f"/proc/{run.pid}/status", encoding="utf-8") as file:
                waiting = next(line for line in file if line.startswith("ShdPnd:"))
            if int(waiting.split()[1], 16) & 1 << (signal.SIGINT - 1) == 0:
                break
    except (OSError, StopIteration):  # another system
        time.sleep(0.005)
    run.send_signal(signal.SIGINT)


def wait_until_it_has_worked(run, seconds):
    """Waits until a process has taken so many seconds of the processor from now on, has ended, or has waited for a
    minute, as one does whose output nobody reads."""
    def worked():
        with open(f"/proc/{run.pid}/stat", encoding="utf-8") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    try:
        end, patience = worked() + seconds, time.monotonic() + 60
        while run.poll() is None and worked() < end and time.monotonic() < patience:
            time.sleep(0.01)
    except OSError:  # another system
        time.sleep(seconds)


def package():
    """NumPy, and the Python package on the library of the build; None where NumPy is missing."""
    build = pathlib.Path(TOOL).parents[2]
    libraries = sorted((build / "lib").glob("libclassify.so.*.*.*"))
    if libraries:
        os.environ.setdefault("CLASSIFY_LIBRARY", str(libraries[0]))
    sys.path.insert(0, str(build / "bindings" / "python"))
    try:
        import numpy
        import libclassify
    except (ImportError, OSError) as error:
        print("not compared with the Python package:", error)
        return None
    return numpy, libclassify


def main():
    unittest.main(verbosity=2)
