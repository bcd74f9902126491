"""The five programs of a page: what they print, and what they say when something is wrong.

    test_hello.py ROOT CLASSIFY IMAGES NETWORK PIECES TEXT
"""
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(sys.argv.pop(1))
PROGRAMS = {os.path.basename(path): os.path.abspath(path) for path in (sys.argv.pop(1) for _ in range(5))}


def picture(path, kind, seed, side=40):
    """A bright disc or square on dark ground, somewhere, as PGM."""
    rng = random.Random(seed)
    middle, across, radius = rng.uniform(15, 25), rng.uniform(15, 25), rng.uniform(8, 12)
    pixels = bytearray()
    for y in range(side):
        for x in range(side):
            far = (abs(y - middle), abs(x - across))
            inside = far[0] ** 2 + far[1] ** 2 < radius ** 2 if kind == "disc" else max(far) < radius
            pixels.append(round((200 if inside else 60) + rng.uniform(-20, 20)))
    path.write_bytes(b"P5 %d %d 255\n" % (side, side) + bytes(pixels))


class Hello(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_program(self, name, *arguments, status=0):
        run = subprocess.run([PROGRAMS[name], *map(str, arguments)], capture_output=True, text=True,
                             cwd=self.folder, timeout=60)
        self.assertEqual(run.returncode, status, run.stderr)
        self.assertEqual(run.stderr if status == 0 else run.stdout, "")
        return run.stdout if status == 0 else run.stderr

    def test_classify_reads_digits(self):
        lines = self.run_program("classify", ROOT / "examples" / "data").splitlines()
        self.assertRegex(lines[0], r"^9\d\.\d % of 2000 test digits are right; "
                                   r"the first ten are read as( \d){10}$")
        self.assertEqual(lines[1:], ["The model is saved in digits.clf."])
        self.assertGreater((self.folder / "digits.clf").stat().st_size, 7840 * 4)

    def test_classify_names_what_is_missing(self):
        said = self.run_program("classify", self.folder / "nowhere", status=1)
        self.assertIn("nowhere/train", said)
        self.assertEqual(said.count("\n"), 1)

    def test_network_draws_two_spirals(self):
        first, *drawn = self.run_program("network").splitlines()
        self.assertEqual(first, "100.0 % of 400 points are right")
        self.assertEqual([len(line) for line in drawn], [41] * 21)
        self.assertEqual({cell for line in drawn for cell in line}, {"#", "."})
        u, v = 1.0, 0.0
        for i in range(400):  # the points themselves, where they are not between two cells
            radius = (1 if i % 2 == 0 else -1) * (0.1 + 0.9 * i / 400)
            u, v = 0.99974688 * u - 0.0224981 * v, 0.0224981 * u + 0.99974688 * v
            if i % 20 < 2:
                row, column = round((radius * v + 1) * 10), round((radius * u + 1) * 20)
                self.assertEqual(drawn[row][column], ".#"[i % 2], (i, row, column))

    def test_pieces_are_one_file_of_rows(self):
        self.assertEqual(self.run_program("pieces"), "20000 rows, accuracy 1.000\n")
        self.assertGreater((self.folder / "all.rows").stat().st_size, 20000 * 28 * 4)

    def test_text_gives_a_probability_to_each_class(self):
        for text, best in ((None, "weather"), ("the bill was charged twice", "money"),
                           ("a penalty for our team", "sport")):
            lines = self.run_program("text", *([text] if text else [])).splitlines()
            self.assertEqual(lines[0], f'"{text or "rain and wind in the mountains"}"')
            shares = {line.split()[2]: float(line.split()[0]) for line in lines[1:]}
            self.assertEqual(list(shares), ["money", "sport", "weather"])
            self.assertAlmostEqual(sum(shares.values()), 100, delta=0.2)
            self.assertEqual(max(shares, key=shares.get), best)

    def test_images_sorts_pictures(self):
        for kind in ("disc", "a square"):
            (self.folder / "shapes" / kind).mkdir(parents=True)
            for i in range(16):
                picture(self.folder / "shapes" / kind / f"{i}.pgm", kind, f"{kind} {i}")
            picture(self.folder / f"new {kind}.pgm", kind, kind)
        (self.folder / "shapes" / "disc" / "notes.txt").write_text("no picture")
        lines = self.run_program("images", "shapes", "new disc.pgm", "new a square.pgm").splitlines()
        self.assertRegex(lines[0], r"^(100\.0|\d\d\.\d) % of 8 test pictures are right$")
        self.assertEqual(lines[1:], ["new disc.pgm: disc", "new a square.pgm: a square"])
        self.assertIn("nothing.pgm", subprocess.run(
            [PROGRAMS["images"], "shapes", "nothing.pgm"], capture_output=True, text=True,
            cwd=self.folder).stderr)
        self.assertIn("nowhere", self.run_program("images", "nowhere", status=1))
        self.assertIn("FOLDER/CLASS/FILE", self.run_program("images", status=2))


unittest.main()
