"""classify train: tables, texts and pictures; wrong input. See cli.py."""
import json
import os
import signal
import subprocess
import time

from cli import SAMPLE, TOOL, Cli, main, wait_until_it_has_worked


class Train(Cli):
    def test_table(self):
        data = self.flowers()
        said = self.classify("train", data, "--model", "svm C=5", "--transform", "standardize", "--holdout", "0.2",
                             "-o", "flowers.clf", "--json")
        result, = json.loads(said)
        self.assertEqual((result["model"], result["rows"], result["test_rows"]), ("svm", 120, 30))
        self.assertGreater(result["test_accuracy"], 0.85)
        self.assertIn("guessed delimiter=comma header=true label=5 (kind)", self.said)
        self.assertTrue((self.folder / "flowers.clf").exists())

    def test_continue(self):
        self.flowers()
        lines = (self.folder / "flowers.csv").read_text().splitlines()
        for name, part in (("early", lines[1:91]), ("late", lines[91:])):
            self.write(f"{name}.csv", "\n".join(lines[:1] + part) + "\n")
        ridge = ("--model", "ridge incremental=true", "--quiet", "-o")
        self.classify("train", "early.csv", *ridge, "early.clf")
        self.classify("train", "flowers.csv", *ridge, "whole.clf")
        said = self.classify("train", "late.csv", "--continue", "early.clf", "-o", "both.clf", "--json")
        self.assertEqual(json.loads(said)[0]["classes"], 3)
        self.assertEqual(*(self.classify("predict", model, "flowers.csv") for model in ("both.clf", "whole.clf")))
        self.classify("train", "late.csv", "--continue", "early.clf", "--model", "svm", "-o", "x.clf", status=2)
        self.classify("train", "late.csv", "--model", "ridge", "--quiet", "-o", "plain.clf")
        self.classify("train", "late.csv", "--continue", "plain.clf", "-o", "x.clf", status=1)
        self.assertIn("incremental=true", self.said)

    def test_pictures(self):
        said = self.classify("train", SAMPLE / "t10k", "--model", "ridge", "-o", "digits.clf", "--csv", "--quiet")
        self.assertEqual(said.splitlines()[0].split(",")[:4], ["model", "rows", "features", "classes"])
        self.assertEqual(said.splitlines()[1].split(",")[:4], ["ridge", "2000", "784", "10"])
        self.assertEqual(self.said, "")

    def test_standard_input(self):
        self.flowers()
        text = (self.folder / "flowers.csv").read_text()
        self.classify("train", "flowers.csv", "-o", "file.clf", "--quiet")
        self.classify("train", "-", "-o", "pipe.clf", "--quiet", typed=text)
        self.assertEqual(*(self.classify("predict", model, "flowers.csv") for model in ("file.clf", "pipe.clf")))
        sums = [next(line for line in self.classify("inspect", model).splitlines() if "checksum" in line)
                for model in ("file.clf", "pipe.clf")]
        self.assertEqual(*sums)
        self.assertIn("accuracy", self.classify("test", "pipe.clf", "-", typed=text))
        self.reviews()
        labeled = "".join(f"__label__{label} {line}\n" for label in ("pos", "neg")
                          for line in (self.folder / f"reviews.{label}").read_text().splitlines())
        self.classify("train", "-", "-o", "reviews.clf", "--quiet", typed=labeled)
        self.assertEqual(self.classify("predict", "reviews.clf", typed="good\nbad\n"), "pos\nneg\n")
        for text, message in (("", "standard input is empty"),
                              ("a,b\n1,2\n1,2,3\n", "standard input line 3: it has 3 fields")):
            self.classify("train", "-", "-o", "x.clf", typed=text, status=1)
            self.assertIn(message, self.said)

    def test_texts(self):
        self.reviews()
        self.write("reviews.csv", "text,label\n" + "".join(
            f'"{line}",{label}\n' for label in ("pos", "neg")
            for line in (self.folder / f"reviews.{label}").read_text().splitlines()))
        for label in ("pos", "neg"):
            for i, line in enumerate((self.folder / f"reviews.{label}").read_text().splitlines()):
                self.write(f"reviews.folder/{label}/{i}.txt", line)
        for data in (["reviews.csv"], ["reviews.pos", "reviews.neg"], ["reviews.folder"]):
            with self.subTest(data):
                result, = json.loads(self.classify("train", *data, "-o", "reviews.clf", "--holdout", "0.25", "--json"))
                self.assertEqual((result["rows"], result["test_rows"], result["classes"]), (60, 20, 2))
                self.assertEqual(result["test_accuracy"], 1)
        said = self.classify("train", "reviews.pos", "reviews.neg", "-o", "lstm.clf", "--json", "--model",
                             "network layers='embedding units=8; gru units=8; dense units=1' "
                             "loss=binary_cross_entropy epochs=3", "--vocabulary", "encoding=sequence steps=12")
        self.assertEqual(json.loads(said)[0]["rows"], 80)
        self.classify("train", "reviews.pos", "other.neg", "-o", "x", status=2)
        self.assertIn("NAME.LABEL", self.said)

    def test_regression(self):
        self.write("line.csv", "x,y\n" + "".join(f"{i},{2 * i + 1}\n" for i in range(20)))
        result, = json.loads(self.classify("train", "line.csv", "--format", "csv regression=true", "--model",
                                           "ridge alpha=1e-9", "-o", "line.clf", "--test", "line.csv", "--json"))
        self.assertEqual(result["classes"], 0)
        self.assertGreater(result["test_r2"], 0.999999)

    def test_support_vector_machines_of_targets_and_of_one_class(self):
        self.write("line.csv", "x,y\n" + "".join(f"{i},{2 * i + 1}\n" for i in range(20)))
        result, = json.loads(self.classify("train", "line.csv", "--format", "csv regression=true", "--model",
                                           "svm type=epsilon_svr kernel=linear C=100", "-o", "line.clf", "--json"))
        self.assertGreater(result["train_r2"], 0.999)
        result, = json.loads(self.classify("train", "line.csv", "--format", "csv label=none", "--model",
                                           "svm type=one_class nu=0.1", "-o", "one.clf", "--json"))
        self.assertEqual((result["classes"], result["train_accuracy"]), (0, None))
        self.assertLessEqual(self.classify("predict", "one.clf", "line.csv").split().count("-1"), 12)

    def test_scales_that_differ(self):
        """A model that minds them says by which transforms they are the same; pixels have one scale."""
        self.write("rows.csv", "age,income,city,k\n" + "".join(
            f"{20 + i % 50},{1000 * (i * i % 97)},{('Bern', 'Genf')[i % 2]},{'ab'[i % 2]}\n" for i in range(100)))
        self.classify("train", "rows.csv", "--model", "svm", "-o", "m.clf")
        self.assertIn("(city) to ", self.said)
        self.assertIn("; --transform 'one_hot unknown=ignore' --transform standardize gives them one scale\n", self.said)
        self.classify("train", "rows.csv", "--model", "ridge", "-o", "m.clf")
        self.assertNotIn("standardize", self.said)
        self.classify("validate", "rows.csv", "--model", "svm", "--transform", "one_hot")
        self.assertNotIn("standardize", self.said)
        self.write("pixels.csv", "a,b,k\n" + "".join(f"{i % 256},{i % 2},{'ab'[i % 2]}\n" for i in range(300)))
        self.classify("train", "pixels.csv", "--model", "svm", "-o", "m.clf")
        self.assertNotIn("standardize", self.said)

    def test_sparse(self):
        self.write("rows.svm", "".join(f"{i % 2} {1 + i % 2}:1 9:{i}\n" for i in range(40)))
        self.write("few.svm", "1 2:1\n0 1:1\n")  # features and base of the indices are those of the training rows
        result, = json.loads(self.classify("train", "rows.svm", "--test", "few.svm", "-o", "rows.clf", "--json",
                                           "--model", "svm kernel=linear"))
        self.assertEqual((result["features"], result["test_accuracy"]), (9, 1))

    def test_not_converged(self):
        data = self.flowers()
        self.classify("train", data, "--model", "logistic max_iterations=1", "-o", "flowers.clf", status=3)
        self.assertTrue((self.folder / "flowers.clf").exists())

    def start_long(self, *options):
        """A training of many epochs, some of which are done."""
        process = subprocess.Popen([TOOL, "train", SAMPLE / "t10k", "--model", "network epochs=100000 "
                                    "layers='flatten; dense units=20 activation=relu; dense units=10'", "-o", "long.clf",
                                    *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
                                   cwd=self.folder)
        for line in process.stderr:
            if "network: 2000 rows" in line:
                break
        wait_until_it_has_worked(process, 0.5)
        return process

    def finish(self, process, status):
        """Ends within seconds; returns what it printed and said."""
        printed, said = process.communicate(timeout=30)
        self.assertEqual(process.returncode, status, said)
        return printed, said

    def test_time_limit(self):
        printed, _ = self.finish(self.start_long("--time", "2s", "--json"), 3)
        self.assertEqual(json.loads(printed)[0]["outcome"], "not converged")
        self.classify("test", "long.clf", SAMPLE / "t10k", "--require", "accuracy>0.5")

    def test_interrupts(self):
        process = self.start_long()
        process.send_signal(signal.SIGINT)  # once: the best so far is kept
        printed, _ = self.finish(process, 3)
        self.assertIn("not converged", printed)
        self.assertTrue((self.folder / "long.clf").exists())
        (self.folder / "long.clf").unlink()
        self.write("rows.csv", "".join(f"{i},{i * i % 1009},{i % 2}\n" for i in range(30000)))
        process = subprocess.Popen([TOOL, "train", "rows.csv", "--model", "svm C=1e6 gamma=100 tolerance=1e-9 "
                                    "class_weight=balanced multiclass=one_vs_rest", "-o", "long.clf"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", cwd=self.folder)
        for line in process.stderr:
            if "svm: 30000 rows" in line:
                break
        process.send_signal(signal.SIGINT)
        time.sleep(0.05)
        process.send_signal(signal.SIGINT)  # twice: nothing is
        if process.wait(30) == 130:
            self.assertEqual(os.listdir(self.folder), ["rows.csv"])
        else:  # the first one was enough
            self.assertEqual(process.returncode, 3)
        process.communicate()

    def test_wrong_usage(self):
        self.flowers()
        for arguments, message in ((["trian"], "no verb 'trian'; did you mean train?"),
                                   (["train", "--modle", "svm"], "no option '--modle'; did you mean --model?"),
                                   (["train"], "--help explains it"),
                                   (["train", "flowers.csv"], "-o MODEL says where to save the model"),
                                   (["train", "flowers.csv", "-o"], "-o needs a value: FILE"),
                                   (["train", "flowers.csv", "-o", "x", "--model", "smv"], "did you mean 'svm'?"),
                                   (["train", "flowers.csv", "-o", "x", "--model", "svm C=-1"], "C"),
                                   (["train", "flowers.csv", "-o", "x", "--holdout", "2"], "a share above 0"),
                                   (["train", "flowers.csv", "-o", "x", "--format", "cvs"], "no format 'cvs'"),
                                   (["train", "flowers.csv", "-o", "x", "--time", "soon"], "a time above 0")):
            with self.subTest(arguments):
                self.classify(*arguments, status=2)
                self.assertIn(message, self.said)
                self.assertEqual(len(self.said.splitlines()), 1)
                self.assertFalse((self.folder / "x").exists())

    def test_wrong_data(self):
        self.flowers()
        self.write("empty.csv", "")
        self.write("broken.csv", "a,b,kind\n1,2,x\n3,four,y\n")
        for data, message in (("missing.csv", "No such file"), ("empty.csv", "is empty"),
                              ("broken.csv", "broken.csv line 3, column 2 (b): 'four' is not a number")):
            with self.subTest(data):
                self.classify("train", data, "-o", "x", status=1)
                self.assertIn(message, self.said)
                self.assertFalse((self.folder / "x").exists())
        self.classify("train", "flowers.csv", "-o", "no/such/folder/x", status=1)
        self.assertIn("cannot write no/such/folder/x", self.said)


main()
