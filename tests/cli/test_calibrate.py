"""classify calibrate: probabilities of models that had none, measured, saved, refused. See cli.py."""
import json
import os

from cli import Cli, main


class Calibrate(Cli):
    def trained(self, model="ridge"):
        self.flowers()
        self.flowers("held_out.csv", seed=1)
        self.flowers("new.csv", seed=2)
        self.classify("train", "flowers.csv", "--model", model, "-o", "model.clf")

    def test_every_method(self):
        """Probabilities are there, good, and agree with the labels."""
        self.trained()
        for method in None, "sigmoid", "temperature", "isotonic":
            more = ["--method", method] if method else []
            told = json.loads(self.classify("calibrate", "model.clf", "held_out.csv", "-o", "own.clf", "--json",
                                            *more))[0]
            self.assertEqual(told["rows"], 150)
            self.assertIsNone(told["log_loss_before"])
            self.assertLess(told["log_loss"], 0.5)
            measured = self.classify("test", "own.clf", "new.csv", "--resamples", "0")
            self.assertIn("log loss", measured)
            said = self.classify("inspect", "own.clf")
            self.assertIn(f"decision_{method or 'sigmoid'}", said)
        self.assertIn("log loss", self.classify("calibrate", "own.clf", "held_out.csv", "-o", "again.clf"))

    def test_within_training(self):
        self.flowers()
        self.classify("train", "flowers.csv", "--model", "perceptron calibration=isotonic", "-o", "model.clf")
        self.assertIn("Brier score", self.classify("test", "model.clf", "flowers.csv", "--resamples", "0"))

    def test_refusals(self):
        """What is missing or wrong is said, and no file is left."""
        self.trained()
        self.classify("calibrate", "model.clf", "held_out.csv", status=2)
        self.assertIn("-o MODEL", self.said)
        self.classify("calibrate", "model.clf", "held_out.csv", "-o", "own.clf", "--method", "platt", status=2)
        self.write("one.csv", "sepal_length,sepal_width,petal_length,petal_width,kind\n"
                   + "5,3,1,1,setosa\n" * 5)
        self.classify("calibrate", "model.clf", "one.csv", "-o", "own.clf", status=1)
        self.assertIn("two classes", self.said)
        self.write("other.csv", "sepal_length,sepal_width,petal_length,petal_width,kind\n"
                   "5,3,1,1,setosa\n5,3,1,1,rose\n")
        self.classify("calibrate", "model.clf", "other.csv", "-o", "own.clf", status=1)
        self.assertIn("rose", self.said)
        self.classify("calibrate", "missing.clf", "held_out.csv", "-o", "own.clf", status=1)
        self.assertFalse(os.path.exists(self.folder / "own.clf"))


    def test_decisions(self):
        """Costs, thresholds, priors and prediction sets are set, saved and used."""
        self.trained("logistic")
        calibrate = ["calibrate", "model.clf", "held_out.csv", "-o", "own.clf", "--quiet"]
        plain = self.classify("predict", "model.clf", "new.csv").split()
        kinds = sorted(set(plain))
        self.write("costs.csv", "true," + ",".join(kinds) + "\n" + "".join(
            f"{a}," + ",".join("0" if a == b else "1000" if b != kinds[0] else "1" for b in kinds) + "\n"
            for a in reversed(kinds)))
        self.classify(*calibrate, "--costs", "costs.csv")
        self.assertGreater(self.classify("predict", "own.clf", "new.csv").split().count(kinds[0]), plain.count(kinds[0]))
        self.classify(*calibrate, "--priors", ",".join(f"{kind}={i}" for i, kind in enumerate(kinds)))
        self.assertNotIn(kinds[0], self.classify("predict", "own.clf", "new.csv").split())
        self.classify(*calibrate, "--priors", "estimate", "--threshold",
                      f"metric=precision require=recall>=0.9 class={kinds[1]}", "--method", "temperature")
        self.assertIn("decision_thresholds", self.classify("inspect", "own.clf"))
        self.assertIn("rejected rows", self.classify(*calibrate, "--reject", "0.1"))
        self.assertIn("none of these", self.classify("predict", "own.clf", "new.csv"))
        self.classify("calibrate", "own.clf", "held_out.csv", "--reject", "0", "-o", "all.clf")
        self.assertNotIn("none of these", self.classify("predict", "all.clf", "new.csv"))
        self.classify(*calibrate, "--conform", "method=lac by_class=true")
        rows = json.loads(self.classify("predict", "own.clf", "new.csv", "--set", "0.9", "--json"))
        hits = sum(row["label"] in row["set"] for row in rows)
        self.assertGreater(hits, 0.8 * len(rows))
        lines = self.classify("predict", "own.clf", "new.csv", "--set", "0.9", "--csv").split("\n")
        self.assertEqual(lines[0], "label,set")
        self.assertEqual(lines[1], f'{rows[0]["label"]},"{"|".join(rows[0]["set"])}"')

    def test_decisions_that_are_refused(self):
        self.trained("logistic")
        kinds = sorted(set(self.classify("predict", "model.clf", "new.csv").split()))
        refused = [(["--costs", "costs.csv", "--threshold", "metric=f1"], "exclude each other", 2),
                   (["--priors", "rose=1"], "the model has no class 'rose'", 2),
                   (["--priors", f"{kinds[0]}=1"], f"the share of '{kinds[1]}' is missing", 2),
                   (["--priors", "a"], "'a' is not a class and its share", 2),
                   (["--threshold", "require=recall>=2"], "is not reached", 1),
                   (["--reject", "1.5"], "a share of the rows", 2),
                   (["--conform", "method=best"], "method", 1)]
        for options, said, status in refused:
            self.classify("calibrate", "model.clf", "held_out.csv", "-o", "own.clf", *options, status=status)
            self.assertIn(said, self.said)
            self.assertFalse((self.folder / "own.clf").exists())
        self.classify("predict", "model.clf", "new.csv", "--set", "0.9", status=1)
        self.assertIn("classify calibrate MODEL HELD_OUT --conform", self.said)


if __name__ == "__main__":
    main()
