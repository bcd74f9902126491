"""classify test: measures, their intervals, requirements. See cli.py.

Figures are compared with scikit-learn's of what the library itself predicts, where Debian's
scikit-learn is there.
"""
import csv
import io
import json
import math
import os
import pty
import random
import re
import signal
import subprocess

from cli import SAMPLE, TOOL, Cli, interrupt_twice, main, package


def independent():
    """NumPy, scikit-learn's measures and the Python package; None where one is missing."""
    found = package()
    try:
        import sklearn.metrics
    except ImportError as error:
        print("not compared with scikit-learn:", error)
        return None
    return found and (found[0], sklearn.metrics, found[1])


INDEPENDENT = independent()


def wilson(right, rows):
    z = 1.959963984540054
    p, shrink = right / rows, 1 + z * z / rows
    half = z * math.sqrt(p * (1 - p) / rows + z * z / (4 * rows * rows))
    return (p + z * z / (2 * rows) - half) / shrink, (p + z * z / (2 * rows) + half) / shrink


class Test(Cli):
    def near(self, name="near.csv", rows=200, seed=1, kinds=("no", "yes"), weights=False):
        """Rows of classes that overlap, so that predictions are wrong now and then."""
        dice = random.Random(seed)
        lines = ["a,b,kind" + (",weight" if weights else "")]
        for i in range(rows):
            k = i % len(kinds)
            values = [f"{dice.gauss(k, 0.8):.3f}", f"{dice.gauss(-k, 1.2):.3f}", kinds[k]]
            lines.append(",".join(values + ([str(dice.randrange(4))] if weights else [])))
        return self.write(name, "\n".join(lines) + "\n")

    def figures(self, *arguments, **options):
        """The rows of --json by (measure, class, predicted)."""
        found = json.loads(self.classify("test", *arguments, "--json", "--quiet", **options))
        return {(row["measure"], row["class"], row["predicted"]): row for row in found}

    def predicted(self, model, name, weights=None):
        """True labels, predicted ones, probabilities and weights of a CSV file, by the Python package."""
        numpy, _, libclassify = INDEPENDENT
        with open(self.folder / name, encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        x = numpy.array([[float(row["a"]), float(row["b"])] for row in rows])
        fitted = libclassify.Model.load(str(self.folder / model))
        truth = numpy.array([row["kind"] for row in rows])
        weight = numpy.array([float(row["weight"]) for row in rows]) if weights else None
        return truth, numpy.asarray(fitted.predict(x)), numpy.asarray(fitted.predict_proba(x)), weight

    def agrees(self, kinds, weights):
        numpy, metrics, _ = INDEPENDENT
        self.near("train.csv", kinds=kinds)
        self.near("test.csv", seed=2, kinds=kinds, weights=weights)
        self.classify("train", "train.csv", "--model", "logistic", "-o", "m.clf", "--quiet")
        given = ["--format", "csv label=kind weight=weight"] if weights else []
        found = self.figures("m.clf", "test.csv", "--resamples", 20, *given)
        truth, predicted, chances, w = self.predicted("m.clf", "test.csv", weights)
        names = sorted(kinds)
        hot = numpy.array([[kind == name for name in names] for kind in truth])
        squares = ((chances - hot) ** 2).sum(1)
        two = len(names) == 2
        averages = {"average": None, "labels": names, "sample_weight": w, "zero_division": 0}
        expected = {
            "accuracy": metrics.accuracy_score(truth, predicted, sample_weight=w),
            "balanced_accuracy": metrics.balanced_accuracy_score(truth, predicted, sample_weight=w),
            "matthews_correlation": metrics.matthews_corrcoef(truth, predicted, sample_weight=w),
            "cohen_kappa": metrics.cohen_kappa_score(truth, predicted, sample_weight=w),
            "log_loss": metrics.log_loss(truth, chances, sample_weight=w),
            "brier_score": numpy.average(squares / 2 if two else squares, weights=w),
            "roc_auc": numpy.mean([metrics.roc_auc_score(hot[:, k], chances[:, k], sample_weight=w)
                                   for k in range(len(names))]),
            "average_precision": numpy.mean(
                [metrics.average_precision_score(hot[:, k], chances[:, k], sample_weight=w)
                 for k in ([1] if two else range(len(names)))]),
        }
        for i, name in enumerate(("precision", "recall", "f1")):
            values = metrics.precision_recall_fscore_support(truth, predicted, **averages)[i]
            expected[name] = values.mean()
            for k, kind in enumerate(names):
                self.assertAlmostEqual(found[name, kind, ""]["value"], values[k], places=9)
        for name, value in expected.items():
            self.assertAlmostEqual(found[name, "", ""]["value"], value, places=6, msg=name)
        counts = metrics.confusion_matrix(truth, predicted, labels=names)
        for i, kind in enumerate(names):
            for j, other in enumerate(names):
                row = found.get(("confusion", kind, other))
                self.assertEqual(row["value"] if row else 0, counts[i, j])

    def test_figures_are_scikit_learns(self):
        if INDEPENDENT is None:
            self.skipTest("no scikit-learn")
        for kinds in (("no", "yes"), ("x", "y", "z")):
            for weights in (False, True):
                with self.subTest(kinds=kinds, weights=weights):
                    self.agrees(kinds, weights)

    def test_calibration_error_and_areas_are_the_librarys(self):
        if INDEPENDENT is None:
            self.skipTest("no scikit-learn")
        _, _, libclassify = INDEPENDENT
        kinds = ("x", "y", "z")
        self.near("train.csv", kinds=kinds)
        self.near("test.csv", seed=2, kinds=kinds, weights=True)
        self.classify("train", "train.csv", "--model", "fisher", "-o", "m.clf", "--quiet")
        found = self.figures("m.clf", "test.csv", "--resamples", 0, "--format", "csv label=kind weight=weight")
        truth, _, chances, w = self.predicted("m.clf", "test.csv", True)
        for name, measure in (("calibration_error", "calibration_error"), ("roc_auc", "roc_auc_score"),
                              ("average_precision", "average_precision_score"), ("log_loss", "log_loss"),
                              ("brier_score", "brier_score_loss")):
            value = getattr(libclassify.metrics, measure)(truth, chances, sample_weight=w)
            self.assertAlmostEqual(found[name, "", ""]["value"], value, places=6, msg=name)
            self.assertIsNone(found[name, "", ""]["low"])

    def test_intervals(self):
        self.near("train.csv", rows=400)
        self.near("test.csv", rows=500, seed=2)
        self.classify("train", "train.csv", "--model", "logistic", "-o", "m.clf", "--quiet")
        found = self.figures("m.clf", "test.csv")
        accuracy = found["accuracy", "", ""]
        right = sum(found.get(("confusion", kind, kind), {"value": 0})["value"] for kind in ("no", "yes"))
        low, high = wilson(right, 500)
        self.assertEqual(accuracy["interval"], "Wilson")
        self.assertAlmostEqual(accuracy["low"], low, places=12)
        self.assertAlmostEqual(accuracy["high"], high, places=12)
        recall = found["recall", "yes", ""]
        self.assertAlmostEqual(recall["low"], wilson(recall["value"] * 250, 250)[0], places=12)
        for name in ("log_loss", "brier_score", "calibration_error", "roc_auc", "average_precision", "f1"):
            row = found[name, "", ""]
            self.assertEqual(row["interval"], "bootstrap")
            self.assertLess(row["low"], row["value"] if name != "calibration_error" else row["high"])
            self.assertGreater(row["high"], row["value"])
        # The bootstrap of a mean is close to its normal interval: that of the accuracy to Wilson's.
        recalls = found["recall", "", ""]
        self.assertAlmostEqual(recalls["high"] - recalls["low"], high - low, delta=0.1 * (high - low))
        again = self.figures("m.clf", "test.csv", "--threads", 1)
        self.assertEqual(found, again)
        other = self.figures("m.clf", "test.csv", "--seed", 7)
        self.assertNotEqual(found["log_loss", "", ""]["low"], other["log_loss", "", ""]["low"])
        self.assertEqual(found["log_loss", "", ""]["value"], other["log_loss", "", ""]["value"])

    def test_weights_are_repeated_rows(self):
        self.near("train.csv")
        self.near("test.csv", seed=2, weights=True)
        lines = (self.folder / "test.csv").read_text().splitlines()
        repeated = [line for line in lines[1:] for _ in range(int(line.split(",")[3]))]
        self.classify("train", "train.csv", "--model", "fisher", "-o", "m.clf", "--quiet")
        found = self.figures("m.clf", "test.csv", "--resamples", 0, "--format", "csv label=kind weight=weight")
        plain = [",".join(line.split(",")[:3]) for line in lines[:1] + repeated]
        self.write("repeated.csv", "\n".join(plain) + "\n")
        other = self.figures("m.clf", "repeated.csv", "--resamples", 0)
        for key, row in found.items():
            if key[0] not in ("rows", "confusion"):
                self.assertAlmostEqual(row["value"], other[key]["value"], places=9, msg=str(key))

    def test_unknown_classes(self):
        self.near("train.csv")
        self.near("test.csv", seed=2, kinds=("no", "yes", "perhaps"), rows=300)
        self.classify("train", "train.csv", "--model", "logistic", "-o", "m.clf", "--quiet")
        said = self.classify("test", "m.clf", "test.csv", "--csv", "--resamples", 0)
        self.assertIn("100 rows are of classes that the model does not know, and count as wrong: perhaps (100)",
                      self.said)
        rows = {tuple(row[:3]): row for row in csv.reader(io.StringIO(said))}
        self.assertEqual(rows["unknown_rows", "perhaps", ""][3], "100")
        right = sum(int(rows["confusion", kind, kind][3]) for kind in ("no", "yes"))
        self.assertAlmostEqual(float(rows["accuracy", "", ""][3]), right / 300, places=12)
        self.assertEqual(rows["rows", "no", ""][3], "100")

    def test_thousands_of_classes(self):
        """The measures of very many scores are those that sorted scores have; the tables are short."""
        dice = random.Random(5)

        def write(name, rows):
            lines = ["a,b,kind,weight"]
            for i in range(rows):
                k = i if rows > 4096 and i < 4096 else dice.randrange(4096)
                values = f"{k % 64 + dice.gauss(0, 0.2):.2f},{k // 64 + dice.gauss(0, 0.2):.2f}"
                lines.append(f"{values},c{k:04},{dice.randrange(1, 4)}")
            self.write(name, "\n".join(lines) + "\n")

        write("train.csv", 8192)
        write("test.csv", 2500)
        columns = "--format", "csv label=kind weight=weight"
        given = "m.clf", "test.csv", *columns
        self.classify("train", "train.csv", "--model", "fisher", "-o", "m.clf", "--quiet", *columns)
        found, sorted_ones = self.figures(*given), self.figures(*given, "--resamples", 1)
        self.assertEqual(found.keys(), sorted_ones.keys())
        for key, row in found.items():
            self.assertAlmostEqual(row["value"], sorted_ones[key]["value"], places=12, msg=key)
        self.assertLess(found["average_precision", "", ""]["value"], 0.999)
        self.assertEqual(found["roc_auc", "", ""]["interval"], "")
        self.assertEqual(found["log_loss", "", ""]["interval"], "bootstrap")

        said = self.classify("test", *given, "--report", "page.html")
        self.assertIn("--resamples 100 draws them", self.said)
        self.assertIn("the 20 of 4096 classes with the most wrong rows; --json and --csv have all:", said)
        self.assertLess(len(said.splitlines()), 60)
        page = (self.folder / "page.html").read_text(encoding="utf-8")
        self.assertIn("The 500 of 4096 classes with the most wrong rows", page)
        self.assertIn("The areas and the calibration error have no intervals", page)

        lines = (self.folder / "test.csv").read_text(encoding="utf-8").splitlines()
        self.write("bad.csv", "\n".join(lines[:-1] + ["nan" + lines[-1][lines[-1].index(","):]]) + "\n")
        self.classify("test", "m.clf", "bad.csv", "--format", columns[1] + " missing=keep", status=1)
        self.assertIn("row 2499, column 0 is NaN", self.said)
        self.assertLess(len(page), 1 << 20)

    def test_pictures_without_probabilities(self):
        self.classify("train", SAMPLE / "t10k", "--model", "ridge", "-o", "digits.clf", "--quiet")
        said = self.classify("test", "digits.clf", SAMPLE / "t10k", "--resamples", 10)
        self.assertIn("ridge on 2000 rows", said)
        self.assertIn("area under ROC", said)
        self.assertNotIn("log loss", said)
        self.assertIn("true \\ predicted", said)
        self.classify("test", "digits.clf", SAMPLE / "t10k", "--require", "log_loss<1", "--resamples", 0, status=2)
        self.assertIn("log_loss<1 is not defined by what the model predicts", self.said)

    def test_regression(self):
        dice = random.Random(3)
        lines = ["a,b,y"]
        for _ in range(200):
            a, b = dice.gauss(0, 1), dice.gauss(0, 1)
            lines.append(f"{a:.4f},{b:.4f},{3 * a - b + 1e6 + dice.gauss(0, 0.5):.4f}")
        self.write("line.csv", "\n".join(lines) + "\n")
        read = ["--format", "csv label=y regression=true"]
        self.classify("train", "line.csv", "--model", "ridge", "-o", "line.clf", "--quiet", *read)
        found = self.figures("line.clf", "line.csv", "--require", "r2=0.9 mean_absolute_error<1")
        self.assertEqual({key[0] for key in found},
                         {"rows", "r2", "mean_absolute_error", "root_mean_squared_error"})
        self.assertAlmostEqual(found["root_mean_squared_error", "", ""]["value"], 0.5, delta=0.1)
        self.assertAlmostEqual(found["mean_absolute_error", "", ""]["value"], 0.5 * math.sqrt(2 / math.pi),
                               delta=0.08)
        self.assertAlmostEqual(found["r2", "", ""]["value"], 1 - 0.25 / 10.25, delta=0.015)
        for row in found.values():
            if row["measure"] != "rows":
                self.assertLess(row["low"], row["value"])
                self.assertGreater(row["high"], row["value"])
        self.classify("test", "line.clf", "line.csv", "--require", "root_mean_squared_error<=0.1", status=4)
        self.assertIn("root_mean_squared_error is", self.said)

    def test_requirements(self):
        self.flowers("train.csv")
        self.flowers("test.csv", seed=5)
        self.classify("train", "train.csv", "--model", "logistic", "-o", "m.clf", "--quiet")
        for text in ("accuracy=0.8", "accuracy>0.8 log_loss<1 brier_score=0.5", "recall.setosa>=0.9",
                     " f1=0.5 precision.virginica=0.5 "):
            self.classify("test", "m.clf", "test.csv", "--resamples", 0, "--quiet", "--require", text)
        for text, message in (("accuracy=1.01", "accuracy is"), ("log_loss<0", "log_loss is"),
                              ("accuracy=0.1 recall.virginica>1", "recall.virginica is")):
            self.classify("test", "m.clf", "test.csv", "--quiet", "--require", text, status=4)
            self.assertIn("classify test: " + message, self.said)
            self.assertIn("; --require asks for ", self.said)
        for text, message in (("accuracy", "'accuracy' is not a requirement"), ("acuracy=1", "did you mean accuracy?"),
                              ("accuracy==0.9", "is not a requirement"), ("accuracy=high", "is not a requirement"),
                              ("=0.9", "is not a requirement"),
                              ("log_loss.setosa<1", "log_loss is not a measure of a class"),
                              ("recall.rose=0.9", "no class 'rose'"), ("accuracy=nan", "is not a requirement")):
            with self.subTest(text):
                self.classify("test", "m.clf", "test.csv", "--quiet", "--resamples", 0, "--require", text, status=2)
                self.assertIn(message, self.said)

    def test_names_are_shown_as_they_are(self):
        kinds = ("a_b", "é, \"c\"", "d" * 70)
        lines = ["x,kind"] + ['%d,"%s"' % (10 * (i % 3) + i % 2, kinds[i % 3].replace('"', '""')) for i in range(60)]
        self.write("names.csv", "\n".join(lines) + "\n")
        self.classify("train", "names.csv", "--model", "fisher", "-o", "m.clf", "--quiet")
        said = self.classify("test", "m.clf", "names.csv", "--quiet", "--resamples", 0).splitlines()
        heading = next(i for i, line in enumerate(said) if line.startswith("true"))
        for kind in kinds:
            self.assertIn(kind, said[heading])
        self.assertEqual({len(line) for line in said[heading:heading + 4]}, {len(said[heading])})
        self.write("cities.csv", "x,kind\n" + "".join(f"{i % 2},{('New York', 'a=b')[i % 2]}\n" for i in range(40)))
        self.classify("train", "cities.csv", "--model", "fisher", "-o", "c.clf", "--quiet")
        self.classify("test", "c.clf", "cities.csv", "--quiet", "--resamples", 0, "--require",
                      "recall.New York>=0.9 accuracy=1 f1.a=b=1")
        self.classify("test", "c.clf", "cities.csv", "--quiet", "--require", "recall.New York>1 f1.a=b>1", status=4)
        self.assertIn("recall.New York is 1; --require asks for more than 1", self.said)
        self.assertIn("f1.a=b is 1; --require asks for more than 1", self.said)
        rows = csv.DictReader(io.StringIO(self.classify("test", "m.clf", "names.csv", "--csv", "--resamples", 0)))
        self.assertEqual({row["class"] for row in rows}, {"", *kinds})

    def test_columns_are_found_by_their_names(self):
        self.flowers("train.csv")
        self.classify("train", "train.csv", "-o", "m.clf", "--quiet")
        expected = self.classify("test", "m.clf", "train.csv", "--csv", "--quiet")
        rows = list(csv.reader(io.StringIO((self.folder / "train.csv").read_text())))
        order = [4, 2, 0, 3, 1]
        self.write("other.csv", "".join(",".join([row[i] for i in order] + ["name" if row is rows[0] else "7"]) + "\n"
                                        for row in rows))
        self.assertEqual(self.classify("test", "m.clf", "other.csv", "--csv", "--quiet"), expected)
        trained = self.classify("train", "train.csv", "--test", "other.csv", "-o", "m.clf", "--csv", "--quiet")
        self.assertEqual(*[trained.splitlines()[1].split(",")[i] for i in (4, 8)])
        self.write("lacks.csv", "sepal_length,petal_length,kind\n1,2,setosa\n")
        self.classify("test", "m.clf", "lacks.csv", status=1)
        self.assertIn("columns=sepal_width: it has no such column", self.said)

    def test_machine_of_one_class(self):
        """Rows whose labels say that they are outliers should be found."""
        self.write("good.csv", "x,y\n" + "".join(f"{i % 7},{i % 5}\n" for i in range(70)))
        self.classify("train", "good.csv", "--format", "csv label=none", "--model", "svm type=one_class nu=0.1", "-o",
                      "one.clf", "--quiet")
        rows = "3,2,{0}\n2,2,{0}\n4,3,{0}\n90,2,{1}\n-50,1,{1}\n4,2,{1}\n"
        named = "--format", "csv label=kind", "--csv", "--resamples", "0"
        for inside, outside, options in ("1", "-1", []), ("fine", "bad", ["--outliers", "other,bad"]):
            self.write("rows.csv", "x,y,kind\n" + rows.format(inside, outside))
            said = self.classify("test", "one.clf", "rows.csv", *named, *options)
            self.assertIn("accuracy,,,0.8333", said)
            self.assertIn("recall,-1,,0.6666", said)
            self.assertIn("confusion,-1,0,1", said)
            self.assertIn("roc_auc", said)
        self.classify("test", "one.clf", "rows.csv", *named, status=1)
        self.assertIn("--outliers says which of the labels, 'bad' or 'fine', are those of outliers", self.said)
        self.classify("test", "one.clf", "rows.csv", *named, "--outliers", "rose", status=1)
        self.assertIn("no row has the label 'rose'", self.said)
        for data in "good.csv", "rows.csv":  # of the latter the model's training names no column of labels
            self.classify("test", "one.clf", data, status=1)
            self.assertIn("the rows have no labels, which say what are outliers: --format 'csv label=NAME' names their column",
                          self.said)

    def test_standard_input(self):
        self.flowers("train.csv")
        self.classify("train", "train.csv", "-o", "m.clf", "--quiet")
        text = (self.folder / self.flowers("test.csv", seed=5)).read_text()
        said = self.classify("test", "m.clf", "-", "--quiet", "--resamples", 0, typed=text)
        self.assertIn("logistic on 150 rows of standard input", said)
        named = self.classify("test", "m.clf", "test.csv", "--quiet", "--resamples", 0)
        self.assertEqual(said.splitlines()[1:], named.splitlines()[1:])

    def test_wrong_input(self):
        self.flowers("train.csv")
        self.classify("train", "train.csv", "-o", "m.clf", "--quiet")
        self.write("other.csv", "a,b,kind\n1,2,setosa\n3,4,virginica\n")
        self.classify("test", "m.clf", status=2)
        self.classify("test", "missing.clf", "train.csv", status=1)
        self.classify("test", "m.clf", "missing.csv", status=1)
        self.classify("test", "m.clf", "other.csv", status=1)
        self.classify("test", "m.clf", "train.csv", "--resamples", "-1", status=2)
        self.classify("test", "m.clf", "train.csv", "--resamples", "9000000000000000000", status=2)
        self.assertIn("it must be 1000000 at most", self.said)
        lines = (self.folder / "train.csv").read_text().splitlines()
        self.write("weightless.csv", "\n".join([lines[0] + ",w"] + [line + ",0" for line in lines[1:]]) + "\n")
        self.classify("test", "m.clf", "weightless.csv", "--format", "csv label=kind weight=w", status=1)
        self.assertIn("the weights of all rows are 0", self.said)

    def test_truncated_model(self):
        self.flowers("train.csv")
        self.classify("train", "train.csv", "-o", "m.clf", "--quiet")
        whole = (self.folder / "m.clf").read_bytes()
        (self.folder / "cut.clf").write_bytes(whole[:len(whole) // 2])
        self.assertEqual(self.classify("test", "cut.clf", "train.csv", status=1), "")
        self.assertRegex(self.said, r"^classify test: cut\.clf: .*truncated.*\n$")

    def test_all_rows_right(self):
        """A class that some draws lack has no interval of F1 either: what draws say is nothing."""
        self.write("far.csv", "x,kind\n" + "".join(f"{100 * (i % 2) + i},{('p', 'q')[i % 2]}\n" for i in range(6)))
        self.classify("train", "far.csv", "--model", "fisher", "-o", "m.clf", "--quiet")
        for seed in range(3):
            found = self.figures("m.clf", "far.csv", "--seed", seed)
            for name, kind in (("f1", ""), ("f1", "p"), ("f1", "q"), ("roc_auc", "")):
                row = found[name, kind, ""]
                self.assertEqual((row["value"], row["low"], row["interval"]), (1, None, ""))
            self.assertAlmostEqual(found["recall", "p", ""]["low"], wilson(3, 3)[0], places=12)

    def interrupted(self, *arguments, at, times=1):
        """Runs `classify test ARGUMENTS` with standard error on a terminal, and interrupts it when the bar has a title.
        Returns the exit status, standard output and standard error."""
        terminal, theirs = pty.openpty()
        with subprocess.Popen([TOOL, "test", *map(str, arguments)], cwd=self.folder, stdout=subprocess.PIPE, stderr=theirs,
                              encoding="utf-8") as run:
            os.close(theirs)
            said, sent = b"", False
            while True:
                try:
                    block = os.read(terminal, 4096)
                except OSError:  # the other end is closed
                    break
                said += block
                if not sent and at in said:
                    sent = True
                    if times == 2:
                        interrupt_twice(run)
                    else:
                        run.send_signal(signal.SIGINT)
                if not block:
                    break
            os.close(terminal)
            out = run.stdout.read()
        return run.returncode, out, said.decode()

    def test_interrupt_ends_the_draws(self):
        self.near(rows=30000)
        self.classify("train", "near.csv", "--model", "fisher", "-o", "m.clf", "--quiet")
        status, out, said = self.interrupted("m.clf", "near.csv", "--resamples", 1000000, at=b"intervals")
        self.assertEqual(status, 3, said)
        done = re.search(r"classify test: ended early: (\d+) of 1000000 draws for the intervals are done\r\n", said)
        self.assertTrue(done, said)
        if int(done[1]) >= 20:  # fewer make no interval
            self.assertIn(f"bootstrap of {done[1]} draws", out)

    def test_second_interrupt_cancels(self):
        self.near(rows=300000)
        self.classify("train", "near.csv", "--model", "fisher", "-o", "m.clf", "--quiet")
        for _ in range(30):  # the first one may have ended the draws before the second
            status, out, said = self.interrupted("m.clf", "near.csv", at=b"intervals", times=2)
            if status != 3:
                break
        self.assertEqual((status, out), (130, ""), said)
        self.assertIn("classify test: interrupted\r\n", said)

    def test_interrupt_of_the_predictions_cancels(self):
        self.near("train.csv")
        self.near(rows=60000, seed=2)
        self.classify("train", "train.csv", "--model", "network layers='dense units=2000; dense units=2000; dense units=2' "
                      "epochs=1", "-o", "m.clf", "--quiet")
        status, out, said = self.interrupted("m.clf", "near.csv", "--threads", 1, at=b"predict ")
        self.assertEqual((status, out), (130, ""), said)
        self.assertIn("classify test: interrupted\r\n", said)

    def test_one_row(self):
        """What one row cannot say is left out, and shares have wide intervals."""
        self.flowers("train.csv")
        self.write("one.csv", "\n".join((self.folder / "train.csv").read_text().splitlines()[:2]) + "\n")
        self.classify("train", "train.csv", "--model", "logistic", "-o", "m.clf", "--quiet")
        found = self.figures("m.clf", "one.csv")
        self.assertEqual(found["accuracy", "", ""]["value"], 1)
        self.assertAlmostEqual(found["accuracy", "", ""]["low"], wilson(1, 1)[0], places=12)
        self.assertNotIn(("roc_auc", "", ""), found)
        self.assertIsNone(found["log_loss", "", ""]["low"])
        self.assertIsNone(found["recall", "virginica", ""]["low"])


main()
