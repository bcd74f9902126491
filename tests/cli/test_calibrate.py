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


if __name__ == "__main__":
    main()
