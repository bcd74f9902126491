"""The sentiment program: synthetic reviews, folders of files, lines typed, wrong options.

    test_sentiment.py PROGRAM
"""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from report_checks import check_help, check_report, check_usage

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
        self.complaints = run.stderr
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
        page = (self.folder / "r.html").read_text()
        check_report(self, page, [result])
        for part in ("<svg", 'class="confusion"', "Vocabulary: encoding=sequence"):
            self.assertIn(part, page)
        bars = [line.split() for line in said.splitlines() if line.startswith("  negative")]
        self.assertEqual(len(bars), 2)  # of the test set, and the line typed
        self.assertGreater(float(bars[1][1]), 90)
        self.assertIn("words that change the probability of negative:", said)

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
        self.assertIn("no single word changes the result", said)
        self.assertIn("too long to be read again", said)
        self.assertIn("100.00 %", said)
        self.assertGreater((self.folder / "m.clf").stat().st_size, 100)

    def texts(self, labels):
        """Three texts a label to train on and one to test, whose words are the label's number."""
        for part, count in (("train", 3), ("test", 1)):
            for number, label in enumerate(labels):
                place = self.folder / "data" / part / label
                place.mkdir(parents=True)
                for i in range(count):
                    words = f"word{number} thing{number} is here again{number} "
                    (place / f"{i}.txt").write_text(words * 8)

    def test_any_labels(self):
        """Three of them, with blanks and quotation marks; a bag of words and a network."""
        labels = ["one label", 'say "two"', "three, or more"]
        self.texts(labels)
        said = self.run_program("--data", "data", "--model", "all", "--preset", "exact", "--epochs",
                                "60", "--json", "r.json", "--report", "r.html", typed="word2 is here\n")
        rows = json.loads((self.folder / "r.json").read_text())
        self.assertEqual([row["test_rows"] for row in rows], [3] * 4)
        self.assertEqual(rows[-1]["test_accuracy"], 1)
        self.assertIn("dense units=3", rows[0]["params"])
        self.assertIn("loss=cross_entropy", rows[0]["params"])
        self.assertEqual(rows[-1]["vocabulary"], "encoding=tf_idf ngrams=1,2 min_count=2 sublinear=true")
        page = (self.folder / "r.html").read_text()
        check_report(self, page, rows)
        self.assertIn('say &quot;two&quot;', page)
        for label in labels:
            self.assertIn(label, said)

    def test_folders_without_parts_are_split(self):
        """The second, seventh … text of each label is for the test."""
        labels = ['say "two"', "a, b", "ü <i>"]
        for number, label in enumerate(labels):
            (self.folder / "own" / label).mkdir(parents=True)
            for i in range(10):
                (self.folder / "own" / label / f"{i} é.txt").write_text(
                    f"word{number} thing{number} again{number} " * (i + 1))
        said = self.run_program("--data", "own", "--model", "bag_of_words", "--json", "r.json",
                                "--report", "r.html", typed="thing1\n")
        self.assertIn("24 to train on, 6 to test", said)
        result, = json.loads((self.folder / "r.json").read_text())
        self.assertEqual((result["train_rows"], result["test_rows"]), (24, 6))
        self.assertEqual(result["test_accuracy"], 1)
        page = (self.folder / "r.html").read_text()
        for escaped in ('say &quot;two&quot;', "ü &lt;i&gt;"):
            self.assertIn(f'<th scope="row">{escaped}</th>', page)
        (self.folder / "empty").mkdir()
        self.assertIn("no texts in 'empty'", self.run_program("--data", "empty", status=1))
        (self.folder / "own" / "nothing").mkdir()
        self.assertIn("own/nothing", self.run_program("--data", "own", status=1))
        (self.folder / "own" / "nothing").rmdir()
        self.assertIn("nowhere/r.json", self.run_program("--data", "own", "--json", "nowhere/r.json",
                                                         status=1))

    def test_ctrl_c_ends_the_reading_of_lines(self):
        self.texts(["a", "b"])
        process = subprocess.Popen([PROGRAM, "--data", "data", "--model", "bag_of_words"],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, cwd=self.folder)
        for stream in process.stdin, process.stdout, process.stderr:
            self.addCleanup(stream.close)
        for line in process.stdout:
            if line.startswith("Now bag_of_words classifies"):
                break
        status = pathlib.Path(f"/proc/{process.pid}/status")
        while "S (sleeping)" not in status.read_text():  # it waits for a line
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=60), 130)
        self.assertEqual(process.stderr.read(), "sentiment: interrupted\n")

    def test_a_label_of_one_part_is_left_out(self):
        self.texts(["a", "b b", "c"])
        shutil.rmtree(self.folder / "data" / "test" / "c")
        said = self.run_program("--data", "data", "--model", "bag_of_words")
        self.assertIn("6 to train on, 2 to test", said)
        self.assertIn("'data/train' has a folder 'c' and 'data/test' has none: it is left out",
                      self.complaints)
        (self.folder / "data" / "test" / "d").mkdir()
        (self.folder / "data" / "test" / "b b").rename(self.folder / "data" / "test" / "b, b")
        says = self.run_program("--data", "data", status=1)
        self.assertIn("at least 2 folders each, called the same", says)
        (self.folder / "data" / "train" / "b b").rename(self.folder / "data" / "train" / "b, b")
        self.assertIn("'b, b' has a comma", self.run_program("--data", "data", status=1))

    def test_options(self):
        check_help(self, PROGRAM, "a folder of text files for each label", "else synthetic reviews")
        check_usage(self, self.run_program, (["--model", "x"], "there are all, lstm, gru"),
                    (["--epochs", "x"], "--epochs takes a whole number from 1 up"),
                    (["--preset", "x"], "there are exact and best"),
                    (["--threads", "9999999"], "threads is 9999999"))
        self.assertIn("nowhere/m.clf", self.run_program("--save", "nowhere/m.clf", status=1))

    def test_says_what_is_wrong(self):
        self.assertIn("did you mean lstm?",
                      self.run_program("--model", "lstn", status=2))
        self.assertIn("did you mean exact?",
                      self.run_program("--preset", "exakt", status=2))
        self.assertIn("no texts in 'nowhere'", self.run_program("--data", "nowhere", status=1))
        for name in "train_pos", "train_neg", "test_pos", "test_neg":
            self.reviews(**{name: 0})
        self.assertIn("is empty", self.run_program("--data", str(self.folder), status=1))
        shutil.rmtree(self.folder / "aclImdb")
        data = self.reviews(train_pos=2, train_neg=2, test_pos=1)
        self.assertIn("neg", self.run_program("--data", data, status=1))


if __name__ == "__main__":
    unittest.main()
