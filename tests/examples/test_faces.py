"""The faces program: drawn faces, folders of pictures, splits, what it saves, wrong options.

    test_faces.py PROGRAM
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

from report_checks import check_help, check_report, check_usage

PROGRAM = os.path.abspath(sys.argv.pop(1))
CONTRACT = {"model", "params", "train_rows", "test_rows", "fit_seconds", "predict_seconds",
            "train_accuracy", "test_accuracy", "outcome", "threads", "seed", "cpu", "data", "version",
            "protocol", "test_accuracy_deviation", "splits"}


class Faces(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_program(self, *arguments, status=0, stream=None):
        environment = {k: v for k, v in os.environ.items() if k != "CLASSIFY_DATA"}
        run = subprocess.run([PROGRAM, *arguments, "--quiet"], capture_output=True, text=True,
                             cwd=self.folder, env=environment, timeout=250)
        self.assertEqual(run.returncode, status, run.stderr + run.stdout)
        return getattr(run, stream or ("stdout" if status == 0 else "stderr"))

    def results(self, *arguments):
        self.run_program(*arguments, "--json", "r.json")
        return json.loads((self.folder / "r.json").read_text())

    def pictures(self, people, each, size=(30, 40)):
        """A folder of pictures: people differ by a bar's place, pictures by their brightness."""
        place = self.folder / "data" / "yalefaces"
        place.mkdir(parents=True)
        height, width = size
        for person in range(people):
            for picture in range(each):
                light = 100 + 15 * picture
                row = bytes(light if x // 4 == 2 * person + 1 else 20 for x in range(width))
                name = f"subject{person + 1:02}.number{picture}"
                (place / name).write_bytes(b"P5 %d %d 255\n" % (width, height) + row * height)
        return str(self.folder / "data")

    def test_drawn_faces(self):
        result, = self.results("--model", "hog_fisher", "--protocol", "five", "--splits", "2")
        self.assertEqual(set(result), CONTRACT)
        self.assertEqual((result["data"], result["protocol"]), ("drawn", "five"))
        self.assertGreater(result["test_accuracy"], 0.85)
        self.assertEqual((result["train_rows"], result["test_rows"]), (60, 72))

    def test_splits_are_written_and_do_not_change(self):
        data = self.pictures(4, 6)
        arguments = "--data", data, "--model", "hog_ridge", "--splits", "4", "--seed", "7"
        first, = self.results(*arguments)
        again, = self.results(*arguments, "--threads", "1")
        self.assertEqual(first["splits"], again["splits"])
        self.assertEqual([split["seed"] for split in first["splits"]], [7, 8, 9, 10])
        accuracies = [split["test_accuracy"] for split in first["splits"]]
        mean = sum(accuracies) / 4
        self.assertAlmostEqual(first["test_accuracy"], mean, 5)
        variance = sum((a - mean) ** 2 for a in accuracies) / 4
        self.assertAlmostEqual(first["test_accuracy_deviation"], variance ** 0.5, 5)
        for split in first["splits"]:  # 20 % of 6 pictures is 1
            self.assertEqual(sorted(name.split(".")[0] for name in split["train"]),
                             [f"subject{person:02}" for person in range(1, 5)])
        self.assertGreater(len({tuple(split["train"]) for split in first["splits"]}), 1)

    def test_leaves_each_picture_out_once(self):
        data = self.pictures(3, 4)
        results = self.results("--data", data, "--protocol", "leave-one-out")
        self.assertNotIn("cnn", [result["model"] for result in results])
        self.assertEqual(len(results), 5)
        result = results[-1]
        self.assertEqual(len({name for split in result["splits"] for name in split["test"]}), 12)
        self.assertEqual(result["test_accuracy"], 1)

    def test_strangers(self):
        result, = self.results("--model", "hog_fisher", "--protocol", "strangers", "--splits", "3",
                               "--report", "r.html")
        self.assertEqual(set(result), CONTRACT | {"roc_auc", "equal_error_rate", "threshold",
                                                  "accepted", "rejected"})
        self.assertGreater(result["test_accuracy"], 0.7)  # of 3 people drawn, 1/3 by chance
        self.assertGreater(result["roc_auc"], 0.85)
        for split in result["splits"]:
            people = (split["train"] + split["strangers"] +
                      [picture.split(".")[0] for picture in split["enrolled"]])
            self.assertEqual(sorted(people), [f"subject{i:02}" for i in range(1, 13)])
        page = (self.folder / "r.html").read_text()
        self.assertIn("ROC curve of hog_fisher", page)
        self.assertIn("show nobody", page)

    def test_report_has_pictures_and_confusions(self):
        rows = self.results("--model", "svm", "--splits", "1", "--report", "r.html")
        page = (self.folder / "r.html").read_text()
        check_report(self, page, rows)
        self.assertGreater(page.count("<img"), 12)
        self.assertIn('class="confusion"', page)
        self.assertIn("Most often mistaken", page)

    def test_folders_of_people(self):
        """A folder a person, whatever it and the pictures are called."""
        people = ["Anna", 'B. "Bob", Jr.', "x" * 100]
        for person, name in enumerate(people):
            (self.folder / "people" / name).mkdir(parents=True)
            for i in range(5):
                row = bytes(100 + 15 * i if x // 4 == 2 * person + 1 else 20 for x in range(40))
                path = self.folder / "people" / name / f"{'y' * 80} {i}.pgm"
                path.write_bytes(b"P5 40 30 255\n" + row * 30)
        (self.folder / "people" / "Anna" / "notes.txt").write_text("no picture")
        said, complaints = (self.run_program(
            "--data", "people", "--model", "hog_ridge", "--splits", "2", "--json", "r.json",
            "--report", "r.html", "--save", "p.clf", stream=stream) for stream in ("stdout", "stderr"))
        self.assertIn("15 pictures of 3 people", said)
        self.assertIn("1 of 6 files in 'people/Anna' are left out", complaints)
        result, = json.loads((self.folder / "r.json").read_text())
        self.assertEqual(result["test_accuracy"], 1)
        self.assertEqual(sorted(name.split("/")[0] for name in result["splits"][0]["train"]),
                         sorted(people))
        page = (self.folder / "r.html").read_text()
        self.assertIn('B. &quot;Bob&quot;, Jr.', page)
        self.assertIn(f">{'x' * 100}</li>", page)
        self.assertIn(f'alt="Anna/{"y" * 80} 0.pgm"', page)

    def test_folders_that_are_missing_or_empty(self):
        (self.folder / "people" / "Anna").mkdir(parents=True)
        (self.folder / "people" / "Bob").mkdir()
        (self.folder / "empty").mkdir()
        self.assertIn("no faces in 'empty'", self.run_program("--data", "empty", status=1))
        self.assertIn("no pictures in 'people/Anna'", self.run_program("--data", "people", status=1))
        self.assertIn("'nowhere'", self.run_program("--data", "nowhere", status=1))
        for option in ("--json", "--report", "--save"):
            self.assertIn("nowhere/file: No such file or directory",
                          self.run_program(option, "nowhere/file", status=1))

    def test_options(self):
        check_help(self, PROGRAM, "folder of folders, one a person", "subjectNN.WHAT",
                   "else faces that the program draws")
        check_usage(self, self.run_program, (["--model", "x"], "there are all, cnn, fisher"),
                    (["--splits", "0"], "--splits takes a whole number from 1 up"))

    def test_saves_the_best_model(self):
        said = self.run_program("--model", "hog_ridge", "--splits", "1", "--save", "people.clf")
        self.assertIn("people.clf", said)
        self.assertIn(b"subject12", (self.folder / "people.clf").read_bytes())

    def test_network_learns(self):
        result, = self.results("--data", self.pictures(3, 5, (60, 80)), "--model", "cnn",
                               "--splits", "1")
        self.assertLessEqual({"optimizer", "epochs", "history"}, set(result))
        self.assertEqual(result["test_accuracy"], 1)

    def test_says_what_is_wrong(self):
        self.assertIn("did you mean fisher?", self.run_program("--model", "fishr", status=2))
        self.assertIn("left out", self.run_program("--model", "svm", "--protocol", "strangers",
                                                   "--splits", "1", status=1, stream="stdout"))
        self.assertIn("leave-one-out and strangers",
                      self.run_program("--protocol", "ten", status=2))
        self.assertIn("'nowhere'", self.run_program("--data", "nowhere", status=1))
        self.assertIn("no faces in '.'", self.run_program("--data", ".", status=1))
        self.assertIn("nowhere/p.clf", self.run_program("--save", "nowhere/p.clf", status=1))
        data = self.pictures(2, 2)
        broken = self.folder / "data" / "yalefaces" / "subject01.broken"
        broken.write_bytes(b"P5 40 30 255\n")
        says = self.run_program("--data", data, "--model", "hog_ridge", "--splits", "1",
                                stream="stderr")
        self.assertIn("1 of 5 files", says)
        self.assertIn("subject01.broken", says)
        (broken.parent / "Readme.txt").write_text("not a picture")
        self.assertIn("1 of 6 files in '", self.run_program("--data", data, "--model", "hog_ridge",
                                                            "--splits", "1", stream="stderr"))
        for path in broken.parent.glob("*.number1"):
            path.unlink()
        self.assertIn("two pictures of one of them", self.run_program("--data", data, status=1))


if __name__ == "__main__":
    unittest.main()
