"""classify list: the catalog for people and for machines. See cli.py."""
import csv
import io
import json
import pathlib
import re

from cli import Cli, main

HEADERS = pathlib.Path(__file__).resolve().parents[2] / "include" / "classify"


class List(Cli):
    def rows(self, *arguments):
        return json.loads(self.classify("list", *arguments, "--json"))

    def test_areas_and_kinds(self):
        rows = self.rows()
        models = [row["name"] for row in rows if row["area"] == "model"]
        header = (HEADERS / "model.h").read_text(encoding="utf-8")
        self.assertGreaterEqual(len(models), 6)
        self.assertEqual([name for name in models if f'"{name}"' not in header], [])
        self.assertEqual(self.rows("model"), self.rows("models"))
        said = self.classify("list")
        for row in rows:
            self.assertRegex(said, rf"(?s)\b{row['area']}\b.*\b{row['name']}\b")
            self.assertIn(row["name"], self.classify("list", row["area"]))

    def test_parameters(self):
        by_name = {row["parameter"]: row for row in self.rows("model", "svm")}
        self.assertEqual((by_name["C"]["type"], by_name["C"]["default"], by_name["C"]["minimum"],
                          by_name["C"]["exclusive"], by_name["C"]["maximum"]), ("number", "1", 0, 1, 1e30))
        self.assertEqual(by_name["kernel"]["words"], "linear|polynomial|rbf|sigmoid|precomputed")
        self.assertEqual(by_name["degree"]["type"], "integer")
        self.assertEqual((by_name["gamma"]["type"], by_name["gamma"]["words"]), ("number or word", "scale|auto"))
        said = self.classify("list", "svm")
        self.assertTrue(said.startswith("model svm: "))
        for name, row in by_name.items():
            self.assertIn(f"\n  {name}={row['default']} ", said)
            self.assertIn(" ".join(row["help"].split()), " ".join(said.split()))
        self.assertIn("(number above 0 to 1e+30)", said)
        self.assertEqual([line for line in said.splitlines()[1:] if len(line) > 80], [])

    def test_all_is_each(self):
        everything = self.rows("--all")
        each = [row for kind in self.rows() if kind["parameters"] > 0
                for row in self.rows(kind["area"], kind["name"])]
        self.assertEqual(everything, each)
        self.assertEqual(len(everything), sum(kind["parameters"] for kind in self.rows()))
        table = list(csv.DictReader(io.StringIO(self.classify("list", "--all", "--csv"))))
        self.assertEqual([row["help"] for row in table], [row["help"] for row in everything])

    def test_names_that_stand_alone(self):
        self.assertEqual(self.rows("vocabulary"), self.rows("vocabulary", "vocabulary"))
        self.assertEqual({row["area"] for row in self.rows("csv")},
                         {row["area"] for row in self.rows() if row["name"] == "csv" and row["parameters"]})
        self.assertEqual({row["area"] for row in self.rows("formats")},
                         {row["area"] for row in self.rows() if re.search("_(reader|writer)$", row["area"])})

    def test_unknown_names(self):
        for arguments, message in ((["modle"], "did you mean model?"), (["modle", "svm"], "did you mean model?"),
                                   (["standardise"], "did you mean standardize?"),
                                   (["model", "smv"], "no model 'smv'; did you mean svm?"),
                                   (["transform", "svm"], "no transform 'svm'; there are standardize, "),
                                   (["xyzzy"], "no area or name 'xyzzy'; classify list has them"),
                                   (["model", "svm", "C"], "--help explains it")):
            with self.subTest(arguments):
                self.assertEqual(self.classify("list", *arguments, status=2), "")
                self.assertIn(message, self.said)


main()
