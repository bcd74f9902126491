"""The detect program on little: digits made up, a folder of faces, pictures drawn, people told by the
faces program's model, wrong options.

    test_detect.py PROGRAM FACES
"""
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

PROGRAM, FACES = (os.path.abspath(sys.argv.pop(1)) for _ in range(2))


def picture(path, height, width, squares=(), seed=0):
    """Noise as PGM, with bright squares (top, left, side) that have a dark middle."""
    noise = random.Random(seed)
    pixels = bytearray(noise.randrange(80, 120) for _ in range(height * width))
    for top, left, side in squares:
        for i in range(top, top + side):
            for j in range(left, left + side):
                inner = side // 3 <= i - top < 2 * side // 3 and side // 3 <= j - left < 2 * side // 3
                pixels[i * width + j] = 30 if inner else 220
    path.write_bytes(b"P5 %d %d 255\n" % (width, height) + bytes(pixels))


class Detect(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_program(self, *arguments, status=0, program=PROGRAM):
        environment = {k: v for k, v in os.environ.items() if k != "CLASSIFY_DATA"}
        run = subprocess.run([program, *arguments, "--quiet", "--threads", "1"],
                             capture_output=True, text=True, cwd=self.folder, env=environment,
                             timeout=250)
        self.assertEqual(run.returncode, status, run.stderr + run.stdout)
        return run.stdout if status == 0 else run.stderr

    def test_digits_made_up(self):
        said = self.run_program("train", "--save", "d.clf", "--epochs", "1", "--scenes", "8")
        self.assertIn("made up", said)
        self.run_program("evaluate", "--detector", "d.clf", "--scenes", "2", "--json", "e.json",
                         "--report", "e.html")
        result, = json.loads((self.folder / "e.json").read_text())
        self.assertEqual(result["data"], "digit scenes, generated")
        self.assertEqual(result["scenes"], 2)
        self.assertTrue(0 <= result["average_precision"] <= 1)
        mean = sum(result["classes"].values()) / len(result["classes"])
        self.assertAlmostEqual(mean, result["average_precision"], 5)
        self.assertIn("<svg", (self.folder / "e.html").read_text())

    def make_faces(self):
        """Squares stand for faces, 18 of 36 pixels, in a folder "faces" as the data set has it."""
        root = self.folder / "faces"
        for name in ("train_faces", "train_scenes", "test_scenes"):
            (root / name).mkdir(parents=True)
        for i in range(30):
            picture(root / "train_faces" / f"{i}.pgm", 36, 36, [(9, 9, 18)], seed=i)
        for i in range(3):
            picture(root / "train_scenes" / f"{i}.pgm", 90, 80, seed=100 + i)
        picture(root / "test_scenes" / "a.pgm", 90, 120, [(20, 30, 18), (40, 70, 36)], seed=7)
        (root / "ground_truth_bboxes.txt").write_text("a.pgm 22 12 57 47\na.pgm 53 23 124 94\n")

    def test_a_folder_of_faces(self):
        self.make_faces()
        self.run_program("train", "--data", ".", "--save", "f.clf", "--epochs", "4")
        self.run_program("evaluate", "--data", ".", "--detector", "f.clf", "--json", "e.json")
        result, = json.loads((self.folder / "e.json").read_text())
        self.assertEqual((result["objects"], result["scenes"]), (2, 1))
        self.assertGreater(result["average_precision"], 0.9)
        found = json.loads(self.run_program("run", "--detector", "f.clf", "--out", "drawn",
                                            "faces/test_scenes/a.pgm",
                                            "--params", "threshold=0.9"))
        self.assertEqual(found[0]["image"], "faces/test_scenes/a.pgm")
        best = found[0]["boxes"][0]
        self.assertEqual(best["class"], "object")
        self.assertGreater(best["probability"], 0.9)
        self.assertTrue((self.folder / "drawn" / "a.pgm.png").exists())
        self.check_people()

    def check_people(self):
        """One person has a spot to the left of the face, the other to the right."""
        (self.folder / "yalefaces").mkdir()
        for person, spot in ((1, 23), (2, 51)):
            for i in range(4):
                picture(self.folder / "yalefaces" / f"subject{person:02}.{i}", 80, 90,
                        [(24, 30, 18), (30, spot, 5)], seed=10 * person + i)
        self.run_program("--data", ".", "--detector", "f.clf", "--model", "hog_ridge", "--splits",
                         "1", "--save", "people.clf", program=FACES)
        names = [f"yalefaces/subject{person:02}.3" for person in (1, 2)]
        found = json.loads(self.run_program("run", "--detector", "f.clf", "--identify",
                                            "people.clf", *names))
        for image in found:
            self.assertIn(image["boxes"][0]["person"], image["image"])
            self.assertIsInstance(image["boxes"][0]["person_score"], float)
        self.assertIn("4800", self.run_program("run", "--detector", "f.clf", "--identify", "f.clf",
                                               *names, status=1))

    def test_wrong_words(self):
        self.assertIn("train, evaluate or run", self.run_program(status=2))
        self.assertIn("train, evaluate or run", self.run_program("trian", status=2))
        self.assertIn("--save FILE", self.run_program("train", status=2))
        self.assertIn("--detector FILE", self.run_program("evaluate", status=2))
        self.assertIn("images", self.run_program("run", "--detector", "x", status=2))
        self.assertIn("none.clf", self.run_program("run", "--detector", "none.clf", "a.png",
                                                   status=1))
        self.assertIn("--detector", self.run_program("run", "--detectr", "x", status=2))


unittest.main()
