"""classify validate: folds, their mean and deviation, requirements. See cli.py."""
import csv
import io
import json
import random
import re
import signal
import statistics
import subprocess
import time

from cli import SAMPLE, TOOL, Cli, interrupt_twice, main, package


class Validate(Cli):
    def folds(self, *arguments, **options):
        """The folds, the means and the deviations of --json."""
        found = json.loads(self.classify("validate", *arguments, "--json", "--quiet", **options))
        self.assertEqual([row["fold"] for row in found[-2:]], ["mean", "deviation"])
        self.assertEqual([row["fold"] for row in found[:-2]], [str(i + 1) for i in range(len(found) - 2)])
        return found[:-2], found[-2], found[-1]

    def test_table(self):
        data = self.flowers()
        folds, mean, deviation = self.folds(data, "--model", "logistic", "--transform", "standardize")
        self.assertEqual(([fold["rows"] for fold in folds], mean["rows"]), ([30] * 5, 150))
        for name in ("accuracy", "f1", "log_loss", "brier_score", "roc_auc", "average_precision", "fit_seconds"):
            values = [fold[name] for fold in folds]
            self.assertAlmostEqual(mean[name], statistics.fmean(values), places=12)
            self.assertAlmostEqual(deviation[name], statistics.pstdev(values), places=12)
        self.assertGreater(mean["accuracy"], 0.9)
        self.assertEqual({fold["outcome"] for fold in folds}, {"converged"})

    def test_transforms_of_a_table_are_guessed(self):
        """As those of train: by every verb that fits models."""
        self.write("people.csv", "age,city,buys\n" + "".join(
            f"{20 + i if i % 5 else ''},{'Bern' if i % 2 else 'Genf'},{'yes' if i % 2 else 'no'}\n" for i in range(40)))
        data = ["people.csv", "--format", "csv missing=keep"]
        guessed = "guessed --transform 'one_hot unknown=ignore' --transform impute\n"
        self.classify("validate", *data, "--model", "ridge", "--require", "accuracy=1")
        self.assertIn(guessed, self.said)
        found = json.loads(self.classify("tune", *data, "--search", "C=1|10", "--json", "-o", "best.clf"))
        self.assertIn(guessed, self.said)
        self.assertEqual([row["accuracy"] for row in found], [1, 1])
        self.classify("test", "best.clf", "people.csv", "--quiet", "--require", "accuracy=1")
        found = json.loads(self.classify("auto", *data, "--time", "0.3s", "--json", "-o", "auto.clf"))
        self.assertIn(guessed, self.said)
        self.assertEqual(found[0]["accuracy"], 1)
        self.assertTrue(all(row["transforms"].startswith("one_hot unknown=ignore; impute") for row in found))
        self.classify("test", "auto.clf", "people.csv", "--quiet", "--require", "accuracy=1")

    def test_folds_are_the_librarys(self):
        found = package()
        if found is None:
            self.skipTest("no NumPy")
        numpy, libclassify = found
        data = self.flowers()
        with open(self.folder / data, encoding="utf-8") as file:
            rows = list(csv.reader(file))[1:]
        x = numpy.array([[float(v) for v in row[:4]] for row in rows], numpy.float32)
        dataset = libclassify.Dataset(x, [row[4] for row in rows])
        for kind in ("ridge", "svm"):
            for seed in (0, 9):
                folds, _, _ = self.folds(data, "--model", kind, "--folds", 7, "--seed", seed)
                expected = libclassify.cross_validate(libclassify.Model(kind), dataset, folds=7, seed=seed)
                self.assertEqual([fold["accuracy"] for fold in folds], list(expected))

    def test_texts_have_the_vocabulary_of_the_other_folds(self):
        dice = random.Random(5)
        for i in range(120):
            label, words = (("pos", "good warm clever fine"), ("neg", "bad cold dull stupid"))[i % 2]
            text = " ".join(dice.choice(words.split()) for _ in range(5))
            self.write(f"texts/{label}/{i}.txt", f"{text} own{i}\n")
        folds, mean, _ = self.folds("texts", "--folds", 4)
        self.assertEqual([fold["rows"] for fold in folds], [30] * 4)
        self.assertGreater(mean["accuracy"], 0.9)
        self.classify("validate", "texts", "--folds", 4)
        sizes = [int(size) for size in re.findall(r"logistic: 90 rows of (\d+) columns", self.said)]
        self.assertEqual(len(sizes), 4, self.said)
        # Each text has a word of its own: a vocabulary that had seen the fold would have it, too.
        whole = int(self.classify("train", "texts", "-o", "m.clf", "--csv").splitlines()[1].split(",")[2])
        for size in sizes:
            self.assertLess(size, whole - 29)

    def test_pictures_and_csv(self):
        said = self.classify("validate", SAMPLE / "t10k", "--model", "ridge", "--folds", 2, "--csv", "--quiet")
        rows = list(csv.DictReader(io.StringIO(said)))
        self.assertEqual([row["fold"] for row in rows], ["1", "2", "mean", "deviation"])
        self.assertGreater(float(rows[2]["accuracy"]), 0.7)
        self.assertNotIn("log_loss", rows[0])

    def test_regression(self):
        dice = random.Random(3)
        lines = ["a,b,y"]
        for _ in range(200):
            a, b = dice.gauss(0, 1), dice.gauss(0, 1)
            lines.append(f"{a:.4f},{b:.4f},{3 * a - b + dice.gauss(0, 0.5):.4f}")
        self.write("line.csv", "\n".join(lines) + "\n")
        folds, mean, _ = self.folds("line.csv", "--model", "ridge", "--format", "csv label=y regression=true",
                                    "--require", "r2=0.9")
        self.assertAlmostEqual(mean["root_mean_squared_error"], 0.5, delta=0.1)
        self.assertEqual({"fold", "rows", "r2", "mean_absolute_error", "root_mean_squared_error", "fit_seconds",
                          "outcome"}, set(folds[0]))

    def test_requirements(self):
        data = self.flowers()
        self.classify("validate", data, "--quiet", "--require", "accuracy=0.8 recall.setosa=0.9 log_loss<1")
        self.classify("validate", data, "--quiet", "--require", "accuracy>1", status=4)
        self.assertRegex(self.said, "classify validate: accuracy is [01][.0-9]*; --require asks for more than 1")
        self.classify("validate", data, "--quiet", "--require", "auc=1", status=2)

    def test_wrong_usage(self):
        data = self.flowers(rows=9)
        for arguments, message in ((["--folds", 1], "--folds"), (["--folds", 10], "there are only 9 rows"),
                                   (["--model", "smv"], "did you mean 'svm'?")):
            self.classify("validate", data, *arguments, status=2)
            self.assertIn(message, self.said)

    def test_not_converged(self):
        self.flowers()
        said = self.classify("validate", "flowers.csv", "--model", "logistic max_iterations=1", "--quiet", status=3)
        self.assertIn("not converged", said)

    def long_run(self, folds, epochs):
        """A network, of which 10,000 epochs take half a minute."""
        return ["validate", str(SAMPLE / "t10k"), "--model",
                f"network layers='flatten; dense units=32; dense units=10' epochs={epochs}", "--folds", str(folds)]

    def test_time_keeps_the_folds_that_are_done(self):
        began = time.monotonic()
        said = self.classify(*self.long_run(folds=1000, epochs=20), "--time", "3s", "--csv", "--quiet", status=3)
        self.assertLess(time.monotonic() - began, 30)
        done = len(said.splitlines()) - 3
        self.assertGreaterEqual(done, 1)
        self.assertIn(f"ended early: {done} of 1000 folds are done", self.said)

    def test_interrupt_keeps_the_folds_that_are_done(self):
        run = subprocess.Popen([TOOL, *self.long_run(folds=50, epochs=200), "--csv", "--report", "report.html"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               encoding="utf-8", cwd=self.folder)
        seen = 0
        for line in run.stderr:  # the third fold begins after two are done
            seen += "network: " in line and " rows of " in line
            if seen == 3:
                break
        run.send_signal(signal.SIGINT)
        said, errors = run.communicate(timeout=60)
        self.assertEqual(run.returncode, 3, errors)
        done = int(re.search(r"ended early: (\d+) of 50 folds are done", errors)[1])
        self.assertTrue(2 <= done < 50, done)  # the third may have ended before the signal came
        self.assertEqual([row["fold"] for row in csv.DictReader(io.StringIO(said))],
                         [*map(str, range(1, done + 1)), "mean", "deviation"])
        page = (self.folder / "report.html").read_text(encoding="utf-8")
        self.assertIn(f"<dt>Folds</dt><dd>{done} of 50</dd>", page)
        self.assertIn("bootstrap of 1000 draws", page)

    def test_second_interrupt_cancels(self):
        model = "network layers='flatten; dense units=1000; dense units=1000; dense units=10' batch_size=1000 epochs=1"
        for _ in range(30):  # the first one may have ended the fit before the second
            with subprocess.Popen([TOOL, "validate", str(SAMPLE / "t10k"), "--model", model, "--folds", "50"],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
                                  cwd=self.folder) as run:
                seen = 0
                for line in run.stderr:
                    seen += "network: " in line and " rows of " in line
                    if seen == 3:
                        break
                interrupt_twice(run)
                said, errors = run.communicate(timeout=60)
            if run.returncode != 3:
                break
        self.assertEqual((run.returncode, said), (130, ""), errors)
        self.assertIn("classify validate: interrupted\n", errors)
        self.assertNotIn("ended early", errors)


main()
