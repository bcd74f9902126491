"""classify auto: its pick, on each kind of data; time limits, Ctrl-C. See cli.py."""
import json
import random
import signal
import subprocess
import time

from cli import SAMPLE, TOOL, Cli, main, package


class Auto(Cli):
    def rings(self, rows=300):
        """Two rings, which no linear model can tell from each other."""
        dice = random.Random(5)
        lines = ["x,y,ring"]
        for i in range(rows):
            x, y = dice.gauss(0, 1), dice.gauss(0, 1)
            length = (x * x + y * y) ** 0.5 / (1 + i % 2 + dice.gauss(0, 0.1))
            lines.append(f"{x / length:.4f},{y / length:.4f},{'inner' if i % 2 == 0 else 'outer'}")
        return self.write("rings.csv", "\n".join(lines) + "\n")

    def auto(self, data, *arguments, score="accuracy", in_time=True):
        """Returns the rows of the table and the one that is kept, the best unless its fit would not be in time."""
        rows = json.loads(self.classify("auto", data, *arguments, "-o", "best.clf", "--json"))
        kept = [row for row in rows if row["kept"] == "yes"]
        self.assertEqual(len(kept), 1)
        most = max(row["rows"] for row in rows)
        complete = max(row["fits"] for row in rows if row["rows"] == most)
        judged = [row[score] for row in rows if row["rows"] == most and row["fits"] == complete]
        if in_time:
            self.assertEqual(kept[0][score], max(judged))
        self.assertEqual(judged, sorted(judged, reverse=True))
        return rows, kept[0]

    def test_linear_and_round(self):
        rows, kept = self.auto(self.flowers(rows=90))
        self.assertGreater(kept["accuracy"], 0.9)
        self.assertGreater(len(rows), 15)
        kinds = {row["model"].split()[0] for row in rows}
        self.assertEqual(kinds, {"ridge", "fisher", "logistic", "svm", "network"})
        self.assertNotIn("left out", self.said)
        result = json.loads(self.classify("test", "best.clf", "flowers.csv", "--json"))
        self.assertGreater(next(row["value"] for row in result if row["measure"] == "accuracy"), 0.9)
        rows, kept = self.auto(self.rings(rows=150))
        self.assertGreater(kept["accuracy"], 0.95)
        self.assertLess(next(row["accuracy"] for row in rows if row["model"].startswith("fisher shr")), 0.7)

    def test_the_kept_model_is_that_of_the_table(self):
        found = package()
        if found is None:
            return
        _, clf = found
        _, kept = self.auto(self.flowers(rows=60))
        model = clf.Model.load(self.folder / "best.clf")
        self.assertEqual(model.kind, kept["model"].split()[0])
        self.assertEqual(float(model.metadata["classify.validated_score"]), round(kept["accuracy"], 6))
        self.assertTrue(model.metadata["classify.command"].startswith("classify auto flowers.csv"))
        self.assertEqual(model.metadata["classify.rows"], "60")

    def test_same_seed_same_table(self):
        data = self.flowers(rows=45)
        tables = []
        for threads in ("1", "2"):
            rows, _ = self.auto(data, "--threads", threads)
            tables.append([(row["model"], row["accuracy"], row["fits"]) for row in rows])
        self.assertEqual(tables[0], tables[1])

    def test_texts(self):
        self.reviews()
        rows = json.loads(self.classify("auto", "reviews.pos", "reviews.neg", "-o", "best.clf", "--json"))
        self.assertEqual(rows[0]["accuracy"], 1)
        self.assertEqual(len({row["vocabulary"] for row in rows}), 3)
        self.classify("test", "best.clf", "reviews.pos", "reviews.neg", status=2)  # test takes one word
        self.classify("test", "best.clf", "reviews")

    def test_regression_and_sparse_rows(self):
        dice = random.Random(2)
        points = [(dice.uniform(-2, 2), dice.uniform(-2, 2)) for _ in range(200)]
        self.write("saddle.csv", "x,y,z\n" + "".join(f"{x},{y},{x * y + 1}\n" for x, y in points))
        _, kept = self.auto("saddle.csv", "--format", "csv regression=true", score="r2")
        self.assertIn("polynomial", kept["transforms"])
        self.assertGreater(kept["r2"], 0.999)
        self.write("rows.svm", "".join(f"{i % 2} {1 + i % 2}:1 9:{i % 7}\n" for i in range(80)))
        _, kept = self.auto("rows.svm")
        self.assertEqual(kept["accuracy"], 1)

    def test_time_leaves_a_result(self):
        began = time.monotonic()
        rows, kept = self.auto(SAMPLE / "train", "--time", "4s", in_time=False)
        self.assertLess(time.monotonic() - began, 60)
        self.assertGreater(kept["accuracy"], 0.7)
        self.assertIn("for lack of time: ", self.said)
        self.classify("test", "best.clf", SAMPLE / "t10k")

    def test_time_keeps_a_model_as_good_as_the_best(self):
        rows, kept = self.auto(SAMPLE / "t10k", "--time", "4s", in_time=False)
        self.assertGreater(kept["accuracy"], max(row["accuracy"] for row in rows) - 0.03)

    def test_interrupt_of_the_last_fit(self):
        """One Ctrl-C ends the judging; that which follows keeps the fit so far, if it has anything to keep."""
        run = subprocess.Popen([TOOL, "auto", str(SAMPLE / "train"), "--json", "-o", "best.clf"], cwd=self.folder,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")
        for line in run.stderr:
            if line.startswith("svm kernel=linear C=1 after hog"):  # of a round that is not yet over
                run.send_signal(signal.SIGINT)
            if line.startswith("fitting to all rows"):
                break
        time.sleep(0.1)
        run.send_signal(signal.SIGINT)
        said, errors = run.communicate(timeout=60)
        self.assertIn(run.returncode, (3, 130), errors)
        self.assertEqual((self.folder / "best.clf").exists(), run.returncode == 3)
        self.assertNotIn("lack of time", errors)
        if run.returncode == 3:
            self.assertIn("left out because of Ctrl-C: ", errors)
            self.assertEqual(sum(row["kept"] == "yes" for row in json.loads(said)), 1)
        else:
            self.assertEqual(errors.splitlines()[-1], "classify auto: interrupted")

    def test_interrupt_keeps_the_best_so_far(self):
        run = subprocess.Popen([TOOL, "auto", str(SAMPLE / "train"), "--json", "-o", "best.clf"], cwd=self.folder,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")
        for line in run.stderr:
            if line.startswith("fisher: "):  # judged, after others
                break
        run.send_signal(signal.SIGINT)
        said, errors = run.communicate(timeout=60)
        self.assertEqual(run.returncode, 3, errors)
        self.assertEqual(sum(row["kept"] == "yes" for row in json.loads(said)), 1)
        self.assertTrue((self.folder / "best.clf").exists())
        self.assertNotIn("lack of time", errors)

    def test_wrong_data(self):
        self.flowers()
        self.write("one.csv", "a,b,kind\n" + "1,2,x\n2,3,x\n" * 10)
        for arguments, status, message in ((["flowers.csv"], 2, "-o MODEL says where"),
                                           (["missing.csv", "-o", "x"], 1, "No such file"),
                                           (["one.csv", "-o", "x"], 1, "one class only"),
                                           (["flowers.csv", "-o", "no/such/x"], 1, "cannot write")):
            with self.subTest(arguments):
                self.classify("auto", *arguments, status=status)
                self.assertIn(message, self.said.splitlines()[-1])
                self.assertFalse((self.folder / "x").exists())


main()
