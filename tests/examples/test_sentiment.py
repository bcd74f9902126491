"""The sentiment program: synthetic reviews, folders of files, lines typed, wrong options.

    test_sentiment.py PROGRAM
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

PROGRAM = os.path.abspath(sys.argv.pop(1))
GOOD = "a fine warm film with a clever plot and a cast to remember"
BAD = "a dull cold film with a stupid plot and a cast to forget"


class Sentiment(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_program(self, *arguments, typed="", status=0):
        environment = {k: v for k, v in os.environ.items() if k != "CLASSIFY_DATA"}
        run = subprocess.run([PROGRAM, *arguments, "--quiet"], input=typed, capture_output=True,
                             text=True, cwd=self.folder, env=environment, timeout=250)
        self.assertEqual(run.returncode, status, run.stderr + run.stdout)
        return run.stdout if status == 0 else run.stderr

    def reviews(self, **counts):
        """A folder of reviews, so many of each kind: train_pos=3, …"""
        for name, count in counts.items():
            place = self.folder / "aclImdb" / pathlib.Path(*name.split("_"))
            place.mkdir(parents=True)
            for i in range(count):
                text = GOOD if name.endswith("pos") else BAD
                (place / f"{i}_7.txt").write_text(f"{text} <br />number {i}")
        return str(self.folder)

    def test_order_decides_about_synthetic_reviews(self):
        said = self.run_program("--model", "gru", "--json", "r.json", "--report", "r.html",
                                typed="the plot was not, in my opinion, good\n")
        self.assertIn("synthetic reviews", said)
        result, = json.loads((self.folder / "r.json").read_text())
        self.assertEqual(result["model"], "gru")
        self.assertEqual(result["data"], "synthetic")
        self.assertGreater(result["test_accuracy"], 0.97)
        self.assertEqual(len(result["history"]["validation_loss"]), result["epochs"])
        self.assertIn("<svg", (self.folder / "r.html").read_text())
        bars = [line.split() for line in said.splitlines() if line.startswith("  negative")]
        self.assertEqual(len(bars), 2)  # of the test set, and the line typed
        self.assertGreater(float(bars[1][1]), 90)
        self.assertIn("moved by", said)

    def test_a_bag_of_words_does_not_know_the_order(self):
        self.run_program("--model", "bag_of_words", "--json", "r.json")
        result, = json.loads((self.folder / "r.json").read_text())
        self.assertLess(result["test_accuracy"], 0.7)

    def test_reads_folders(self):
        data = self.reviews(train_pos=20, train_neg=20, test_pos=3, test_neg=3)
        said = self.run_program("--data", data, "--model", "bag_of_words", "--save", "m.clf",
                                typed="a clever film\na stupid film\n  <br />\nqqq\n"
                                + 90000 * "a clever film " + "\n")
        self.assertIn("40 to train on, 6 to test", said)
        self.assertIn("no words in it", said)
        self.assertIn("moved by none of its words", said)
        self.assertIn("too long to be read again", said)
        self.assertIn("100.00 %", said)
        self.assertGreater((self.folder / "m.clf").stat().st_size, 100)

    def test_says_what_is_wrong(self):
        self.assertIn("did you mean lstm?",
                      self.run_program("--model", "lstn", status=2))
        self.assertIn("did you mean exact?",
                      self.run_program("--preset", "exakt", status=2))
        self.assertIn("no reviews in 'nowhere'", self.run_program("--data", "nowhere", status=1))
        for name in "train_pos", "train_neg", "test_pos", "test_neg":
            self.reviews(**{name: 0})
        self.assertIn("is empty", self.run_program("--data", str(self.folder), status=1))
        shutil.rmtree(self.folder / "aclImdb")
        data = self.reviews(train_pos=2, train_neg=2, test_pos=1)
        self.assertIn("neg", self.run_program("--data", data, status=1))


if __name__ == "__main__":
    unittest.main()
