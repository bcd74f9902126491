"""classify tune: grids, time limits, Ctrl-C; wrong input. See cli.py."""
import csv
import io
import json
import random
import signal
import subprocess
import time

from cli import TOOL, Cli, main, package, wait_until_it_has_worked

GRID = "C=0.01|1|100 gamma=0.01|0.1"


class Tune(Cli):
    def noise(self, rows=4000, columns=20):
        """Rows on which support vector machines take long."""
        dice = random.Random(3)
        lines = [",".join([f"{dice.gauss(0, 1):.3f}" for _ in range(columns)] + [dice.choice("abc")])
                 for _ in range(rows)]
        return self.write("noise.csv", "\n".join(lines) + "\n")

    def test_combinations_best_first(self):
        data = self.flowers()
        rows = json.loads(self.classify("tune", data, "--model", "svm", "--transform", "standardize", "--search", GRID,
                                        "-o", "best.clf", "--json"))
        self.assertEqual(len(rows), 6)
        self.assertEqual(len({row["parameters"] for row in rows}), 6)
        scores = [row["accuracy"] for row in rows]
        self.assertEqual(scores, sorted(scores, reverse=True))
        self.assertGreater(scores[0], 0.9)
        printed = list(csv.reader(io.StringIO(self.classify("tune", data, "--model", "svm", "--transform", "standardize",
                                                            "--search", GRID, "--csv", "--quiet"))))
        self.assertEqual(printed[0], ["parameters", "accuracy", "deviation"])
        self.assertEqual([line[0] for line in printed[1:]], [row["parameters"] for row in rows])
        self.assertEqual(self.said, "")

    def test_scores_and_the_kept_model_are_those_of_the_library(self):
        found = package()
        if found is None:
            return
        _, clf = found
        rows = json.loads(self.classify("tune", self.flowers(), "--model", "svm", "--search", GRID, "--folds", "4",
                                        "--seed", "7", "-o", "best.clf", "--json", "--quiet"))
        data = clf.Dataset.load("csv", self.folder / "flowers.csv")
        context = clf.Context(seed=7)
        search = clf.grid_search(clf.Model("svm", context=context), GRID, data, folds=4, seed=7)
        expected = {tuple(combination.params.values()): combination.mean for combination in search}
        got = {tuple(float(part.split("=")[1]) for part in row["parameters"].split()): row["accuracy"] for row in rows}
        self.assertEqual(got, expected)
        kept = clf.Model.load(self.folder / "best.clf")
        self.assertEqual({name: kept.params[name] for name in search.best_params}, search.best_params)
        self.assertEqual(float(kept.metadata["classify.validated_score"]), round(search.best_score, 6))
        again = search.model().fit(data)
        self.assertEqual(kept.decision_function(data).tobytes(), again.decision_function(data).tobytes())

    def test_parameters_of_transforms_optimizers_and_texts(self):
        data = self.flowers()
        rows = json.loads(self.classify("tune", data, "--model", "network epochs=2", "--transform", "pca", "--optimizer",
                                        "sgd", "--search", "pca.components=1|2 optimizer.learning_rate=0.1|0.01",
                                        "--json"))
        self.assertEqual(len(rows), 4)
        self.reviews()
        rows = json.loads(self.classify("tune", "reviews.pos", "reviews.neg", "--search", "C=1|10", "-o", "texts.clf",
                                        "--json"))
        self.assertEqual([row["accuracy"] for row in rows], [1, 1])
        self.classify("test", "texts.clf", "reviews")

    def test_random_and_halving(self):
        data = self.flowers()
        rows = json.loads(self.classify("tune", data, "--model", "ridge", "--search", "alpha=log:0.01..100", "--method",
                                        "random trials=5", "--folds", "3", "--json"))
        self.assertEqual(len({row["parameters"] for row in rows}), 5)
        rows = json.loads(self.classify("tune", data, "--model", "ridge", "--search", "alpha=0.1|1|10|100", "--method",
                                        "halving factor=2 min_rows=20", "--folds", "2", "-o", "best.clf", "--json"))
        self.assertEqual([row["rows"] for row in rows], sorted((row["rows"] for row in rows), reverse=True))
        self.assertLess(rows[-1]["rows"], rows[0]["rows"])
        self.classify("tune", data, "--model", "ridge", "--search", "alpha=log:1..2", status=2)
        self.assertIn("method=random", self.said)

    def test_regression(self):
        self.write("line.csv", "x,y\n" + "".join(f"{i},{2 * i + 1}\n" for i in range(30)))
        rows = json.loads(self.classify("tune", "line.csv", "--format", "csv regression=true", "--model", "ridge",
                                        "--search", "alpha=1000000|0.000001", "--json"))
        self.assertEqual(rows[0]["parameters"], "alpha=0.000001")
        self.assertGreater(rows[0]["r2"], 0.9999)

    def test_time_is_kept(self):
        data = self.noise()
        began = time.monotonic()
        said = self.classify("tune", data, "--model", "logistic tolerance=0 max_iterations=200", "--search",
                             "C=" + "|".join(str(0.001 * 1.05**i) for i in range(400)), "--time", "0.3s", "--json")
        self.assertLess(time.monotonic() - began, 30)
        rows = json.loads(said)
        self.assertEqual(len(rows), 400)
        scored = [row["accuracy"] is not None for row in rows]
        self.assertTrue(scored[0])
        self.assertEqual(scored, sorted(scored, reverse=True))  # those without a score last
        self.assertIn("combinations have scores", self.said)
        self.classify("tune", data, "--model", "network epochs=100000 layers='dense units=16 activation=relu; dense units=3'",
                      "--search", "batch_size=16|32", "--time", "0.001s", "-o", "x", status=1)
        self.assertIn("the time ended before a combination was scored", self.said)
        self.assertFalse((self.folder / "x").exists())

    def test_interrupt_keeps_the_best_so_far(self):
        data = self.noise()
        run = subprocess.Popen([TOOL, "tune", data, "--model", "logistic tolerance=0 max_iterations=500", "--search",
                                "C=" + "|".join(str(0.001 * 1.01**i) for i in range(2000)), "--json", "-o", "best.clf"],
                               cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        wait_until_it_has_worked(run, 1)
        run.send_signal(signal.SIGINT)
        said, errors = run.communicate(timeout=60)
        self.assertEqual(run.returncode, 3, errors)
        self.assertIsNotNone(json.loads(said)[0]["accuracy"])
        self.assertTrue((self.folder / "best.clf").exists())

    def test_interrupt_of_the_last_fit(self):
        """The first Ctrl-C keeps the fit so far; a second leaves nothing, unless the first has ended the fit."""
        data = self.noise(rows=1000)
        model = "network epochs=4000 layers='dense units=16 activation=relu; dense units=3'"
        for presses, statuses in ((1, (3,)), (2, (3, 130))):
            with self.subTest(presses):
                (self.folder / "best.clf").unlink(missing_ok=True)
                run = subprocess.Popen([TOOL, "tune", data, "--model", model, "--search", "batch_size=32", "--folds",
                                        "2", "-o", "best.clf"], cwd=self.folder, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, encoding="utf-8")
                while not run.stderr.readline().startswith("fitting to all rows"):
                    self.assertIsNone(run.poll())
                wait_until_it_has_worked(run, 0.1)
                for _ in range(presses):
                    run.send_signal(signal.SIGINT)
                    time.sleep(0.0001)
                errors = run.communicate(timeout=60)[1]
                self.assertIn(run.returncode, statuses, errors)
                self.assertEqual((self.folder / "best.clf").exists(), run.returncode == 3)
                if run.returncode == 130:
                    self.assertEqual(errors.splitlines()[-1], "classify tune: interrupted")

    def test_wrong_usage(self):
        self.flowers()
        for arguments, status, message in (
                (["flowers.csv"], 2, "--search says which values to try"),
                (["flowers.csv", "--search", "D=1", "--model", "svm"], 2, "D"),
                (["flowers.csv", "--search", "C=1|-1", "--model", "svm"], 2, "C"),
                (["flowers.csv", "--search", "C=1", "--folds", "1"], 2, "--folds"),
                (["flowers.csv", "--search", "C=1", "--folds", "1000"], 2, "folds is 1000"),
                (["missing.csv", "--search", "C=1"], 1, "No such file"),
                (["flowers.csv", "--search", "C=1", "-o", "no/such/x"], 1, "cannot write")):
            with self.subTest(arguments):
                self.classify("tune", *arguments, status=status)
                self.assertIn(message, self.said.splitlines()[-1])


main()
