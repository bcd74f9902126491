"""--report of train, test and validate: the pages say what the tool prints, and are whole. See cli.py."""
import html
import json
import os
import random
import re
from html.parser import HTMLParser

from cli import SAMPLE, Cli, main


class Tags(HTMLParser):
    """Checks that all elements are closed, in the order in which they were opened."""

    def __init__(self):
        super().__init__()
        self.open, self.counts = [], {}

    def handle_starttag(self, tag, attributes):
        self.counts[tag] = self.counts.get(tag, 0) + 1
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.counts[tag] = self.counts.get(tag, 0) + 1

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, f"</{tag}> closes another element"


class Reports(Cli):
    def page(self, name="report.html"):
        """The text of a page, which is whole, needs nothing else and has the facts of the run."""
        text = (self.folder / name).read_text(encoding="utf-8")
        tags = Tags()
        tags.feed(text)
        self.assertEqual(tags.open, [])
        self.assertTrue(text.startswith("<!DOCTYPE html>") and text.endswith("</html>\n"))
        body = re.sub(r"base64,[^\"]*", "", text.split("</style>")[1])
        self.assertIsNone(re.search(r"(?<![a-z])(nan|inf)(?![a-z])", body))
        self.assertIsNone(re.search(r"<script|https?://|<link", text))
        facts = {key: html.unescape(value) for key, value in re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", text)}
        for fact in ("Command", "Data", "Machine", "Kernels", "Threads", "Seed", "Date", "libclassify"):
            self.assertTrue(facts.get(fact), fact)
        return text, facts, tags.counts

    def headings(self, text):
        return re.findall(r"<h2>(.*?)</h2>", text)

    def measures(self, text):
        return {html.unescape(name): float(value) for name, value in
                re.findall(r'<tr><th scope="row">([^<]*)</th><td class="main">([-0-9.]+)</td><td>', text)}

    def test_test(self):
        self.flowers("train.csv")
        self.flowers("test.csv", seed=4)
        self.classify("train", "train.csv", "--model", "logistic", "-o", "m.clf", "--quiet")
        said = self.classify("test", "m.clf", "test.csv", "--json", "--quiet", "--report", "report.html")
        found = {(row["measure"], row["class"], row["predicted"]): row for row in json.loads(said)}
        text, facts, counts = self.page()
        self.assertEqual((facts["Model"], facts["Data"]), ("m.clf", "test.csv"))
        self.assertEqual(facts["Command"], "classify test m.clf test.csv --json --quiet --report report.html")
        self.assertEqual(self.headings(text), ["Measures", "Classes", "Reliability", "ROC curves",
                                               "Precision and recall", "Model"])
        shown = self.measures(text)
        for title, name in (("accuracy", "accuracy"), ("log loss", "log_loss"), ("Brier score", "brier_score"),
                            ("calibration error", "calibration_error"), ("area under ROC", "roc_auc"),
                            ("average precision", "average_precision")):
            self.assertAlmostEqual(shown[title], found[name, "", ""]["value"], delta=6e-5)
        self.assertIn(f"<b>{100 * found['accuracy', '', '']['value']:.2f}&nbsp;%</b> of 150 rows", text)
        cells = re.findall(r"<td[^>]*>(\d+)</td>", text.split('class="confusion')[1].split("</table>")[0])
        kinds = ("setosa", "versicolor", "virginica")
        expected = [found.get(("confusion", a, b), {"value": 0})["value"] for a in kinds for b in kinds]
        self.assertEqual([int(cell) for cell in cells], expected)
        self.assertEqual(counts["figure"], 1 + 2 * 3 + 3)  # reliability, two curves and weights of each class
        self.assertGreaterEqual(counts["circle"], 1)

    def test_curves_have_the_area_of_the_measures(self):
        """The area below the drawn line, by trapezoids, is the area under the ROC curve."""
        dice = random.Random(1)
        for name in ("train.csv", "test.csv"):
            lines = ["a,kind"] + [f"{dice.gauss(i % 2, 1):.3f},{('no', 'yes')[i % 2]}" for i in range(400)]
            self.write(name, "\n".join(lines) + "\n")
        self.classify("train", "train.csv", "--model", "fisher", "-o", "m.clf", "--quiet")
        self.classify("test", "m.clf", "test.csv", "--quiet", "--resamples", 0, "--report", "report.html")
        text, _, counts = self.page()
        self.assertEqual(counts["figure"], 1 + 2 + 1)  # of two classes, the second is the positive one
        roc = text.split("<h2>ROC curves")[1].split("</section>")[0]
        points = [tuple(map(float, pair.split(","))) for pair in
                  re.search(r'polyline[^>]*points="([^"]*)"', roc).group(1).split()]
        area = sum((x2 - x1) * (312 - (y1 + y2) / 2) for (x1, y1), (x2, y2) in zip(points, points[1:])) / 300**2
        self.assertAlmostEqual(area, self.measures(text)["area under ROC"], delta=0.004)
        self.assertIn("average precision of yes", self.measures(text))

    def test_model_sections(self):
        """Of pictures: the mistakes, and what each kind has to show."""
        for model, sections in (("ridge", ["Weights", "Most confidently wrong"]),
                                ("svm", ["Support vectors", "Most confidently wrong"]),
                                ("network layers='flatten; dense units=10' epochs=2",
                                 ["Learning curves", "Layers", "Most confidently wrong"])):
            with self.subTest(model):
                self.classify("train", SAMPLE / "t10k", "--model", model, "--holdout", 0.2, "-o", "m.clf", "--quiet",
                              "--report", "report.html")
                text, facts, counts = self.page()
                self.assertIn("400 rows not trained on are predicted right", text)
                self.assertEqual((facts["Model"], facts["Rows trained on"]), ("m.clf", "1600"))
                found = re.findall(r"<h3>(.*?)</h3>", text)
                for section in sections:
                    self.assertIn(section, found)
                self.assertGreater(counts["img"], 5)

    def test_train_without_test_rows(self):
        data = self.flowers()
        self.classify("train", data, "--model", "fisher", "-o", "m.clf", "--quiet", "--report", "report.html")
        text, _, _ = self.page()
        self.assertIn("150 rows of the training itself are predicted right", text)
        self.assertIn("<h3>Discriminant axes</h3>", text)

    def test_train_requirements(self):
        data = self.flowers()
        more = ["-o", "m.clf", "--quiet", "--holdout", 0.3]
        self.classify("train", data, "--require", "accuracy=0.7", *more)
        self.classify("train", data, "--require", "accuracy>1", *more, status=4)
        self.assertIn("--require asks for more than 1", self.said)
        self.assertTrue((self.folder / "m.clf").exists())
        self.classify("train", data, "--require", "accuracy=0.7", "-o", "n.clf", status=2)
        self.assertIn("--require asks for rows to test the model on", self.said)
        self.assertFalse((self.folder / "n.clf").exists())

    def test_validate(self):
        data = self.flowers()
        said = self.classify("validate", data, "--folds", 4, "--json", "--quiet", "--report", "report.html")
        text, facts, counts = self.page()
        self.assertEqual(self.headings(text)[0], "Folds")
        folds = text.split("<h2>Folds")[1].split("</section>")[0]
        shown = re.findall(r'<td class="main">([0-9.]+)&nbsp;%', folds)
        expected = [f"{100 * row['accuracy']:.2f}" for row in json.loads(said)[:4]]
        self.assertEqual(shown, expected)
        self.assertEqual(facts["Folds"], "4 of 4")
        self.assertIn("of 150 rows, each by a model of the other folds, are predicted right", text)
        self.assertNotIn("Deviation", folds)

    def test_tune(self):
        data = self.flowers()
        said = self.classify("tune", data, "--search", "C=0.1|1|10", "--json", "--quiet", "-o", "m.clf", "--report",
                             "report.html")
        text, facts, _ = self.page()
        self.assertEqual(self.headings(text), ["Combinations", "Model"])
        shown = re.findall(r'<th scope="row">(C=[0-9.]+)</th><td class="main">([0-9.]+)&nbsp;%', text)
        self.assertEqual(shown, [(row["parameters"], f"{100 * row['accuracy']:.2f}") for row in json.loads(said)])
        self.assertEqual(text.count('<tr class="best">'), 1)
        self.assertEqual(facts["Search"], "C=0.1|1|10")
        self.assertNotIn(">Time<", text)
        self.assertIn("petal_length", self.features(text)["setosa"])

    def test_auto(self):
        data = self.flowers(rows=60)
        said = self.classify("auto", data, "--time", "2s", "-o", "m.clf", "--json", "--quiet", "--report", "report.html")
        text, _, _ = self.page()
        self.assertEqual(self.headings(text), ["Models", "Model"])
        self.assertEqual(len(re.findall('<td class="main">', text)), len(json.loads(said)))
        self.assertNotIn("Most confidently wrong", text)  # of rows that the model was fitted to

    def test_regression(self):
        dice = random.Random(3)
        lines = ["a,y"] + [f"{a:.3f},{1e6 + a + dice.gauss(0, 0.1):.3f}" for a in (dice.gauss(0, 1) for _ in range(90))]
        self.write("line.csv", "\n".join(lines) + "\n")
        for verb in (["train", "line.csv", "-o", "m.clf"], ["validate", "line.csv"]):
            self.classify(*verb, "--model", "ridge", "--format", "csv label=y regression=true", "--quiet",
                          "--report", "report.html")
            text, _, counts = self.page()
            self.assertIn("R² is <b>0.9", text)
            self.assertGreaterEqual(counts["circle"], 90)
            self.assertEqual(set(self.measures(text)), {"R²", "mean absolute error", "root mean squared error"})

    def test_names_are_escaped_and_unknown_classes_named(self):
        kinds = ("<b>&", 'a "quoted"', "other")
        lines = ["x,kind"] + ['%d,"%s"' % (10 * (i % 2) + i % 5, kinds[i % 2].replace('"', '""')) for i in range(60)]
        self.write("train.csv", "\n".join(lines) + "\n")
        self.write("test.csv", "\n".join(lines + ["5,other"] * 3) + "\n")
        self.classify("train", "train.csv", "--model", "logistic", "-o", "m.clf", "--quiet")
        self.classify("test", "m.clf", "test.csv", "--quiet", "--report", "report.html")
        text, _, _ = self.page()
        self.assertIn("&lt;b&gt;&amp;", text)
        self.assertIn("a &quot;quoted&quot;", text)
        self.assertIn("3 rows are of classes that the model does not know, and count as wrong: other (3).", text)

    def features(self, text):
        """Weights by class and feature, of the lists of the page."""
        part = text.split("<h3>Weights</h3>")[1].split("</section>")[0]
        return {title: {html.unescape(name): float(value) for name, value in
                        re.findall(r'<th scope="row">(.*?)</th>.*?<td>([-0-9.e+]+)</td></tr>', rows)}
                for title, rows in re.findall(r"<figcaption>(.*?)</figcaption>(.*?)</figure>", part, re.S)}

    def test_weights_of_columns_and_words(self):
        data = self.flowers()
        arguments = ["--holdout", 0.2, "-o", "m.clf", "--quiet", "--report", "report.html"]
        self.classify("train", data, "--transform", "standardize", *arguments)
        found = self.features(self.page()[0])
        self.assertEqual(set(found), {"setosa", "versicolor", "virginica"})
        self.assertLess(found["setosa"]["petal_length"], 0)
        self.assertEqual(next(iter(found["virginica"])), "petal_length")
        # What a polynomial or a projection weighs are no columns of the rows.
        self.classify("train", data, "--transform", "pca components=4", *arguments)
        self.assertNotIn("<h3>Weights</h3>", self.page()[0])
        self.reviews(60)
        self.classify("train", "reviews.pos", "reviews.neg", *arguments)
        words = {name: weight for rows in self.features(self.page()[0]).values() for name, weight in rows.items()}
        self.assertGreater(words["clever"] * words["warm"], 0)
        self.assertLess(words["clever"] * words["stupid"], 0)

    def test_one_class_of_the_test_rows(self):
        """Areas are not defined, and there are no curves."""
        self.flowers("train.csv")
        lines = (self.folder / "train.csv").read_text().splitlines()
        self.write("test.csv", "\n".join(lines[:1] + [line for line in lines if line.endswith("setosa")]) + "\n")
        self.classify("train", "train.csv", "--model", "logistic", "-o", "m.clf", "--quiet")
        self.classify("test", "m.clf", "test.csv", "--quiet", "--report", "report.html")
        text, _, _ = self.page()
        self.assertNotIn("ROC curves", self.headings(text))
        self.assertNotIn("area under ROC", self.measures(text))

    def test_failures_leave_nothing(self):
        data = self.flowers()
        self.classify("validate", data, "--report", "no/such/folder/x.html", status=1)
        self.assertIn("cannot write no/such/folder/x.html", self.said)
        self.assertNotIn("guessed", self.said)  # before the work
        self.write("report.html", "the old one")
        self.classify("test", "missing.clf", data, "--report", "report.html", status=1)
        self.assertEqual((self.folder / "report.html").read_text(), "the old one")
        self.assertEqual(sorted(os.listdir(self.folder)), ["flowers.csv", "report.html"])


main()
