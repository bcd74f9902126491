"""The detect program on little: digits in synthetic scenes, a folder of faces, pictures drawn, people
recognized by the faces program's model, wrong files and options.

    test_detect.py PROGRAM FACES
"""
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import unittest

from report_checks import check_help, check_report, check_usage

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


def area(curve):
    """Under a precision-recall curve made monotone."""
    total, best, right = 0, 0, curve[-1][0]
    for recall, precision in reversed(curve):
        total += (right - recall) * best
        best, right = max(best, precision), recall
    return total + right * best


class Detect(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_both(self, *arguments, status=0, program=PROGRAM):
        environment = {k: v for k, v in os.environ.items() if k != "CLASSIFY_DATA"}
        run = subprocess.run([program, *arguments, "--quiet"], capture_output=True, text=True,
                             errors="surrogateescape", cwd=self.folder, env=environment, timeout=250)
        self.assertEqual(run.returncode, status, run.stderr + run.stdout)
        return run.stdout, run.stderr

    def run_program(self, *arguments, status=0, program=PROGRAM):
        return self.run_both(*arguments, "--threads", "1", status=status,
                             program=program)[0 if status == 0 else 1]

    def test_digits_in_synthetic_scenes(self):
        said = self.run_program("train", "--save", "d.clf", "--epochs", "1", "--scenes", "8")
        self.assertIn("synthetic", said)
        self.run_program("evaluate", "--detector", "d.clf", "--scenes", "2", "--json", "e.json",
                         "--report", "e.html", "--seed", "3")
        result, = json.loads((self.folder / "e.json").read_text())
        self.assertEqual(result["data"], "digit scenes, generated")
        self.assertEqual(result["scenes"], 2)
        self.assertTrue(0 <= result["average_precision"] <= 1)
        mean = sum(result["classes"].values()) / len(result["classes"])
        self.assertAlmostEqual(mean, result["average_precision"], 5)
        self.assertEqual(list(result["curves"]), list(result["classes"]))
        self.assertEqual(result["curve"], next(iter(result["curves"].values())))
        for name, curve in result["curves"].items():
            self.assertAlmostEqual(area(curve), result["classes"][name], delta=0.01)
        page = (self.folder / "e.html").read_text()
        check_report(self, page, [result])
        self.assertEqual(len(re.findall(r"<figcaption>class \d: average precision", page)),
                         len(result["classes"]))
        scenes = re.findall(r'<figure>\n<svg viewBox="0 0 240 200".*?</figure>', page, re.S)
        self.assertEqual(len(scenes), 2)
        for scene in scenes:
            found, objects, wrong = map(int, re.search(
                r"<small>(\d+) of (\d+) found, (\d+) wrong", scene).groups())
            kinds = re.findall(r'<rect class="(\w+)"', scene)
            self.assertEqual([kinds.count(kind) for kind in ("right", "missed", "wrong")],
                             [found, objects - found, wrong])
            self.assertIn('href="data:image/png;base64,iVBOR', scene)
        self.assertIn("conv2d_1", page)

    def test_any_objects_by_a_file_of_boxes(self):
        """Dark-middled squares and plain bars, called by names that sort and quote badly."""
        root = self.folder / "my pictures"
        root.mkdir()
        lines = []
        for i in range(8):
            name = f"street {i}, \"north\".pgm"
            picture(root / name, 90, 120, [(10 + i, 20, 30)], seed=i)
            data = bytearray((root / name).read_bytes())
            at = len(data) - 90 * 120
            for y in range(45, 75):
                for x in range(80, 110):
                    data[at + y * 120 + x] = 20 if (x - 80) // 5 % 2 else 240
            (root / name).write_bytes(bytes(data))
            quoted = name.replace('"', '""')
            lines += [f'"{quoted}",21,{11 + i},50,{40 + i},square', f'"{quoted}" 81 46 110 75 Zebra']
        boxes = self.folder / "boxes.txt"
        boxes.write_text("\n".join(lines) + "\n")
        arguments = "--data", "my pictures", "--boxes", "boxes.txt"
        said = self.run_program("train", *arguments, "--save", "d.clf", "--epochs", "6")
        self.assertIn("objects: 32 windows, 8 scenes", said)
        said = self.run_program("evaluate", *arguments, "--detector", "d.clf", "--json", "e.json",
                                "--report", "e.html")
        result, = json.loads((self.folder / "e.json").read_text())
        self.assertEqual(sorted(result["classes"]), ["Zebra", "square"])
        self.assertEqual((result["objects"], result["scenes"]), (16, 8))
        self.assertGreater(result["average_precision"], 0.9)
        self.assertIn("class Zebra: average precision", (self.folder / "e.html").read_text())
        found, = json.loads(self.run_program("run", "--detector", "d.clf", "--params",
                                             "threshold=0.9", "my pictures/street 3, \"north\".pgm"))
        self.assertEqual({box["class"] for box in found["boxes"]}, {"Zebra", "square"})
        boxes.write_text(lines[0].replace("square", "car") + "\n")
        self.assertIn("the detector finds nothing that is called 'car'",
                      self.run_program("evaluate", *arguments, "--detector", "d.clf", status=1))
        self.assertIn("'nowhere' is no folder", self.run_program(
            "train", "--data", "nowhere", "--boxes", "boxes.txt", "--save", "x.clf", status=1))
        (self.folder / "empty").mkdir()
        self.assertIn("'empty/' is empty", self.run_program(
            "train", "--data", "empty", "--boxes", "boxes.txt", "--save", "x.clf", status=1))
        self.assertIn("cannot read 'none.txt'", self.run_program(
            "train", "--data", "my pictures", "--boxes", "none.txt", "--save", "x.clf", status=1))

    def make_faces(self):
        """Squares stand for faces, 18 of 36 pixels, in a folder "faces" as the data set has it."""
        root = self.folder / "faces"
        for name in ("train_faces", "train_scenes", "test_scenes"):
            (root / name).mkdir(parents=True)
        for i in range(30):
            picture(root / "train_faces" / f"{i}.pgm", 36, 36, [(9, 9, 18)], seed=i)
        for i in range(3):
            picture(root / "train_scenes" / f"{i}.pgm", 90, 80, seed=100 + i)
        picture(root / "test_scenes" / "a, b 1.pgm", 90, 120, [(20, 30, 18), (40, 70, 36)], seed=7)
        picture(root / "test_scenes" / "none.pgm", 90, 80, seed=8)
        self.truth('"a, b 1.pgm",22,12,57,47\na, b 1.pgm 53 23 124 94\r\n\n')

    def truth(self, text):
        (self.folder / "faces" / "ground_truth_bboxes.txt").write_text(text)

    def test_a_folder_of_faces(self):
        self.make_faces()
        self.run_program("train", "--data", ".", "--save", "f.clf", "--epochs", "4")
        self.run_program("evaluate", "--data", ".", "--detector", "f.clf", "--json", "e.json",
                         "--report", "e.html", "--params", "threshold=0.9")
        result, = json.loads((self.folder / "e.json").read_text())
        self.assertEqual((result["objects"], result["scenes"]), (2, 2))
        self.assertGreater(result["average_precision"], 0.9)
        page = (self.folder / "e.html").read_text()
        self.assertIn('aria-label="a, b 1.pgm"', page)
        self.assertEqual(page.count('<rect class="right"'), 2)
        self.assertIn("threshold=0.9", page)
        found = json.loads(self.run_program("run", "--detector", "f.clf", "--out", "drawn",
                                            "faces/test_scenes/a, b 1.pgm",
                                            "--params", "threshold=0.9"))
        self.assertEqual(found[0]["image"], "faces/test_scenes/a, b 1.pgm")
        best = found[0]["boxes"][0]
        self.assertEqual(best["class"], "object")
        self.assertGreater(best["probability"], 0.9)
        self.assertEqual(found[0]["drawn"], "drawn/a, b 1.pgm.boxes.png")
        self.assertTrue((self.folder / found[0]["drawn"]).exists())
        self.check_every_picture_is_answered()
        self.check_ctrl_c_ends_the_array()
        self.check_truth()
        self.check_people()

    def check_every_picture_is_answered(self):
        """One that is missing or damaged, or not called in UTF-8, does not keep the others from being
        read; pictures of one name stay apart, and none is written over."""
        (self.folder / "x").mkdir()
        for name in (b"p.png", b"x/p.png", b'\xff".png'):
            picture(pathlib.Path(os.fsdecode(os.fsencode(self.folder) + b"/" + name)), 60, 60,
                    [(9, 9, 18)])
        (self.folder / "text.png").write_text("no picture")
        names = ["p.png", "missing.png", "x/p.png", "text.png", os.fsdecode(b'\xff".png')]
        before = (self.folder / "p.png").read_bytes()
        said, complaints = self.run_both("run", "--detector", "f.clf", "--out", ".", *names, status=1)
        found = json.loads(said)
        self.assertEqual([entry["image"] for entry in found], [*names[:4], '\ufffd".png'])
        self.assertEqual(["error" in entry for entry in found], [False, True, False, True, False])
        self.assertEqual(["boxes" in entry for entry in found], [True, False, True, False, True])
        self.assertIn("missing.png", found[1]["error"])
        self.assertEqual(len(complaints.splitlines()), 2)
        self.assertEqual((self.folder / "p.png").read_bytes(), before)
        self.assertEqual(len({entry.get("drawn", entry["image"]) for entry in found}), 5)
        self.run_program("run", "--detector", "f.clf", "--json", "r.json", "missing.png", status=1)
        entry, = json.loads((self.folder / "r.json").read_text())
        self.assertEqual(list(entry), ["image", "error"])
        self.run_program("run", "--detector", "nothing", "--json", "r.json", "p.png", status=1)
        self.assertEqual(json.loads((self.folder / "r.json").read_text()), [])

    def check_ctrl_c_ends_the_array(self):
        """Results come as they are found, and what was found before Ctrl-C is whole."""
        names = ["faces/test_scenes/a, b 1.pgm"] + ["x/large.pgm"] * 200
        picture(self.folder / "x" / "large.pgm", 500, 600)
        process = subprocess.Popen([PROGRAM, "run", "--detector", "f.clf", "--threads", "1", *names],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   cwd=self.folder)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        first = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        rest, complaints = process.stdout.read(), process.stderr.read()
        self.assertEqual(process.wait(timeout=60), 130, complaints)
        self.assertEqual(complaints, "detect: interrupted\n")
        found = json.loads(first + rest)
        self.assertEqual(found[0]["image"], names[0])
        self.assertLess(len(found), len(names))

    def check_truth(self):
        """Boxes of pictures that are missing are counted, lines that are no box are refused."""
        arguments = "evaluate", "--data", ".", "--detector", "f.clf"
        self.truth("gone.pgm 1 2 3 4\na, b 1.pgm 22 12 57 47\ngone too.pgm 1 2 3 4\n")
        self.assertIn("2 of 3 boxes are left out: they are in pictures that are not among the scenes, "
                      "such as 'gone.pgm'", self.run_both(*arguments)[1])
        for line in ("a, b 1.pgm 1 2 x 4", "1 2 3 4", "a, b 1.pgm 9 2 3 4", "a, b 1.pgm 1 2 3 inf",
                     "image,x1,y1,x2,y2", "a"):
            self.truth(f"a, b 1.pgm 22 12 57 47\n{line}\n")
            self.assertIn("ground_truth_bboxes.txt', line 2: not NAME x1 y1 x2 y2",
                          self.run_program(*arguments, status=1), line)
        self.truth("b 1.pgm 1 2 3 4\n")
        self.assertIn("no box in any of the scenes", self.run_program(*arguments, status=1))
        (self.folder / "faces" / "ground_truth_bboxes.txt").unlink()
        self.assertIn("cannot read './faces/ground_truth_bboxes.txt'",
                      self.run_program(*arguments, status=1))

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

    def test_missing_data_are_named(self):
        arguments = "train", "--data", ".", "--save", "f.clf"
        says = self.run_program(*arguments, status=1)
        self.assertIn("no faces and no MNIST in '.'", says)
        self.assertIn("fetch.sh", says)
        scenes = self.folder / "faces" / "train_scenes"
        self.make_faces()
        for path in scenes.iterdir():
            path.unlink()
        self.assertIn("'./faces/train_scenes' is empty", self.run_program(*arguments, status=1))
        (scenes / "README").write_text("no picture")
        self.assertIn("no pictures in './faces/train_scenes': ./faces/train_scenes/README",
                      self.run_program(*arguments, status=1))
        picture(scenes / "a.pgm", 9, 9)  # smaller than a window
        self.assertIn("1 of 2 files in './faces/train_scenes' are left out",
                      self.run_both(*arguments, "--epochs", "1")[1])
        for part in ("train_scenes", "train_faces"):
            (self.folder / "faces" / part).rename(self.folder / f"no {part}")
            self.assertIn(f"'./faces' has no folder {part}", self.run_program(*arguments, status=1))
            self.assertIn("examples/data/README.md", self.run_program(*arguments, status=1))

    def test_wrong_words(self):
        self.assertIn("train, evaluate or run", self.run_program(status=2))
        self.assertIn("did you mean train?", self.run_program("trian", status=2))
        self.assertIn("there are train, evaluate and run", self.run_program("classify", status=2))
        self.assertIn("--save FILE", self.run_program("train", status=2))
        self.assertIn("takes no images", self.run_program("train", "a.png", "--save", "f", status=2))
        self.assertIn("--detector FILE", self.run_program("evaluate", status=2))
        self.assertIn("images", self.run_program("run", "--detector", "x", status=2))
        self.assertIn("none.clf", self.run_program("run", "--detector", "none.clf", "a.png",
                                                   status=1))
        self.assertIn("--detector", self.run_program("run", "--detectr", "x", status=2))
        self.assertIn("no-such-folder/f.clf", self.run_program(
            "train", "--save", "no-such-folder/f.clf", status=1))
        self.assertIn("it is a folder", self.run_program("train", "--save", "/", status=1))

    def test_options(self):
        check_help(self, PROGRAM, "detect train --save FILE", "NAME x1 y1 x2 y2 LABEL", "the digits that come with the program")
        check_usage(self, self.run_program, (["train", "--epochs", "0", "--save", "f"], "--epochs"))


unittest.main()
