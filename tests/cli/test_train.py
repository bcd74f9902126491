"""classify train: tables, texts and pictures; wrong input. See cli.py."""
import json

from cli import SAMPLE, Cli, main


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

    def test_pictures(self):
        said = self.classify("train", SAMPLE / "t10k", "--model", "ridge", "-o", "digits.clf", "--csv", "--quiet")
        self.assertEqual(said.splitlines()[0].split(",")[:4], ["model", "rows", "features", "classes"])
        self.assertEqual(said.splitlines()[1].split(",")[:4], ["ridge", "2000", "784", "10"])
        self.assertEqual(self.said, "")

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
                self.assertEqual(len(self.said.replace("\n", " ").split("classify train: ")) > 2, False, self.said)
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
