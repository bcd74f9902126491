"""classify inspect: models of all parts, and data whatever is in them. See cli.py."""
import csv
import io
import json
import math
import os
import pty
import statistics
import subprocess

from cli import SAMPLE, TOOL, Cli, main, package

BAD = """id,weight,length,color,note,constant,kind
1,150,7.1,red,a,5,apple
2,120,19.5,yellow,b,5,banana
3,,7.3,red,7,5,apple
4,131,20.2,yellow,8,5,banana
5,161,NA,"green, dark",9,5,apple
6,118,18.7,yellow,10,5,banana
6,118,18.7,yellow,10,5,banana
"""


class Inspect(Cli):
    def found(self, *arguments, **options):
        result, = json.loads(self.classify("inspect", *arguments, "--json", **options))
        return result

    def columns(self, result, key="name"):
        return {column[key]: column for column in result["columns"]}

    def has(self, result, *problems):
        for problem in problems:
            self.assertTrue(any(problem in line for line in result["problems"]), f"{problem}: {result['problems']}")

    def test_a_good_table(self):
        data = self.flowers()
        result = self.found(data)
        self.assertEqual((result["rows"], result["problems"]), (150, []))
        self.assertEqual(result["format"], "csv delimiter=comma header=true")
        self.assertEqual([c["rows"] for c in result["classes"]], [50, 50, 50])
        lines = list(csv.DictReader(io.StringIO((self.folder / data).read_text())))
        for name, column in self.columns(result).items():
            if name == "kind":
                self.assertEqual((column["role"], column["type"], column["distinct"]), ("label", "text", 3))
                continue
            values = [float(line[name]) for line in lines]
            self.assertEqual((column["role"], column["type"], column["missing"]), ("feature", "number", 0))
            self.assertEqual(column["distinct"], len(set(values)))
            for key, expected in (("min", min(values)), ("max", max(values)), ("mean", statistics.fmean(values)),
                                  ("deviation", statistics.pstdev(values))):
                self.assertAlmostEqual(column[key], expected, delta=1e-5 * (1 + abs(expected)))
        self.assertEqual(self.said, "")
        shown = self.classify("inspect", data)
        self.assertIn("problems        none", shown)

    def test_texts_and_missing_values_are_described(self):
        self.write("bad.csv", BAD)
        result = self.found("bad.csv")
        columns = self.columns(result)
        self.assertEqual({name: c["type"] for name, c in columns.items()},
                         {"id": "integer", "weight": "integer", "length": "number", "color": "text", "note": "mixed",
                          "constant": "integer", "kind": "text"})
        self.assertEqual({name: c["missing"] for name, c in columns.items() if c["missing"]}, {"weight": 1, "length": 1})
        self.assertEqual(columns["color"]["values"], "yellow 4, red 2, green, dark 1")
        self.assertEqual((columns["note"]["texts"], columns["note"]["distinct"], columns["note"]["max"]), (2, 6, 10))
        self.assertAlmostEqual(columns["weight"]["mean"], (150 + 120 + 131 + 161 + 118 + 118) / 6, places=3)
        self.has(result, "column 4 (color) holds texts", "column 5 (note) holds numbers and texts",
                 "column 2 (weight) lacks a value in 1 of 7 rows", "column 6 (constant) is constant",
                 "1 of 7 rows repeat another row", "class 'apple' has 3 rows")
        self.assertFalse(any("row_numbers" in line for line in result["problems"]))
        table = list(csv.DictReader(io.StringIO(self.classify("inspect", "bad.csv", "--csv"))))
        self.assertEqual([row["name"] for row in table], list(columns))
        self.assertEqual(result, {**self.found("-", typed=BAD), "data": "bad.csv"})

    def test_columns_that_are_taken_as_categories(self):
        """Their texts are described, not their codes."""
        self.write("zips.csv", "zip,x,kind\n03011,1,a\n,2,b\n3011,3,a\n03011,4,b\n")
        zips = self.columns(self.found("zips.csv", "--format", "csv categories=zip"))["zip"]
        self.assertEqual((zips["type"], zips["missing"], zips["distinct"], zips["texts"], zips["values"], zips["mean"]),
                         ("text", 1, 2, 3, "03011 2, 3011 1", None))

    def test_names_that_are_numbers_of_other_columns(self):
        self.write("a.csv", "0,1,2,label\nred,5,x,a\nblue,6,y,b\nred,7,x,a\nred,8,z,b\n")
        columns = self.columns(self.found("a.csv"))
        self.assertEqual([columns[name]["values"] for name in ("0", "2")], ["red 3, blue 1", "x 2, y 1, z 1"])

    def test_rows_that_differ_in_texts_alone_do_not_repeat(self):
        self.write("a.csv", "a,word,kind\n1,x,p\n1,y,p\n2,x,q\n2,x,q\n")
        self.has(self.found("a.csv"), "1 of 4 rows repeat")

    def test_tables_of_texts_alone_and_without_names(self):
        self.write("names.csv", "ann,bonn\nbob,rome\neve,rome\n")
        result = self.found("names.csv", "--format", "csv header=false")
        self.assertEqual([(c["column"], c["name"], c["type"]) for c in result["columns"]],
                         [(1, "", "text"), (2, "", "text")])
        self.has(result, "no feature has only numbers")

    def test_files_with_comments(self):
        self.write("notes.csv", "# made by hand\nx;y;word;kind\n1,5;2;u;a\n3;NA;;b\n4;u;v;b\n")
        result = self.found("notes.csv")
        self.assertEqual({name: (c["type"], c["missing"], c["texts"]) for name, c in self.columns(result).items()},
                         {"x": ("number", 0, 0), "y": ("mixed", 1, 1), "word": ("text", 1, 2), "kind": ("text", 0, 3)})
        self.assertEqual([(c["class"], c["rows"]) for c in result["classes"]], [("a", 1), ("b", 2)])
        self.assertIsNone(self.columns(result)["word"]["distinct"])

    def test_roles(self):
        self.write("bad.csv", BAD)
        result = self.found("bad.csv", "--format", "csv label=color ignore=id,5 weight=weight")
        self.assertEqual([c["role"] for c in result["columns"]],
                         ["left out", "weight", "feature", "label", "left out", "feature", "feature"])
        self.assertEqual([c["class"] for c in result["classes"]], ["green, dark", "red", "yellow"])
        result = self.found("bad.csv", "--format", "csv columns='length,weight' label=-1")
        self.assertEqual([c["role"] for c in result["columns"]],
                         ["left out", "feature", "feature", "left out", "left out", "left out", "label"])
        self.assertNotIn("classes", self.found("bad.csv", "--format", "csv label=none"))
        self.classify("inspect", "bad.csv", "--format", "csv label=colour", status=2)
        self.assertIn("label=colour: it has no such column", self.said)

    def test_numbers_of_rows_are_no_feature(self):
        rows = [f"{i},{math.sin(i):.3f},{'ab'[i % 2]}" for i in range(1, 31)]
        self.write("numbered.csv", "\n".join(["x,y", *(f"{row}" for row in rows)]) + "\n")  # as R writes them
        result = self.found("numbered.csv")
        self.assertIn("row_numbers=true", result["format"])
        self.assertEqual([(c["column"], c["name"]) for c in result["columns"]], [(2, "x"), (3, "y")])
        self.write("id.csv", "\n".join(["id,x,y", *rows]) + "\n")
        self.has(self.found("id.csv"), "column 1 (id) numbers the rows")

    def test_scales_and_labels(self):
        lines = [f"{1e9 + i},{i % 7},{1e6 * math.sin(i)},{i / 3}" for i in range(60)]
        self.write("scales.csv", "far,near,wide,target\n" + "\n".join(lines) + "\n")
        result = self.found("scales.csv")
        self.has(result, "column 1 (far) lies far from 0", "the scales differ", "have 60 different values in 60 rows")
        self.assertAlmostEqual(self.columns(result)["far"]["mean"], 1e9 + 29.5, places=2)
        self.assertEqual(self.columns(result)["far"]["distinct"], 60)
        self.assertEqual(self.found("scales.csv", "--format", "csv regression=true")["columns"][3]["role"], "target")
        self.write("unequal.csv", "x,kind\n" + "".join(f"{i},{'rare' if i < 6 else 'usual'}\n" for i in range(200)))
        self.has(self.found("unequal.csv"), "the classes are unequal, 194 rows and 6")

    def test_classes_that_are_numbers_are_in_their_order(self):
        self.write("digits.csv", "x,digit\n" + "".join(f"{i},{(9, 10, -1)[i % 3]}\n" for i in range(30)))
        result = self.found("digits.csv")
        self.assertEqual([(c["class"], c["rows"]) for c in result["classes"]], [("-1", 10), ("9", 10), ("10", 10)])

    def test_standard_input_has_its_name(self):
        """Not that of the copy that is made of it."""
        self.classify("inspect", "-", typed="a,b\n1,2\n1\n", status=1)
        self.assertEqual(self.said.split(":")[1], " standard input line 3")

    def test_sparse_rows(self):
        self.write("rows.svm", "1 1:0.5 3:2\n-1 2:1e4\n1 1:1 7:5\n1 1:1 7:5\n")
        result = self.found("rows.svm")
        self.assertEqual((result["rows"], result["features"], result["entries"], result["storage"]), (4, 7, 7, "sparse"))
        self.assertEqual(result["density"], 0.25)
        columns = self.columns(result, "column")
        self.assertEqual((columns[1]["zeros"], columns[1]["mean"], columns[2]["max"]), (1, 0.625, 10000))
        self.assertAlmostEqual(columns[7]["deviation"], 2.5)
        self.has(result, "3 of 7 columns are constant", "1 of 4 rows repeat", "the scales differ")

    def test_sparse_rows_of_a_billion_columns(self):
        self.write("wide.svm", "1 1:0.5 1000000000:2\n0 5:1\n")
        result = self.found("wide.svm")
        self.assertEqual((result["features"], result["max_entry"], result["entries"]), (10**9, 2, 3))

    def test_digits(self):
        result = self.found(SAMPLE / "t10k")
        self.assertEqual((result["rows"], result["row_shape"], result["min"], result["max"]), (2000, "28x28", 0, 1))
        self.assertEqual(sum(c["rows"] for c in result["classes"]), 2000)
        self.assertNotIn("columns", result)

    def test_arrays(self):
        found = package()
        if found is None:
            return
        np, _ = found
        np.savez(self.folder / "a.npz", x=np.array([[1e9, 1, np.nan], [1e9 + 1, 2, np.inf], [1e9, 1, 4]]), y=[1, 0, 1])
        result = self.found("a.npz")
        self.assertEqual([c["missing"] for c in result["columns"]], [0, 0, 1])
        self.assertEqual(result["columns"][0]["max"], 1000000001)
        self.has(result, "1 values are NaN and 1 are infinite", "1 columns lie far from 0")

    def test_pictures(self):
        for kind, shade in (("cat", 10), ("dog", 200)):
            for i in range(3):
                width = 4 + (kind == "cat") * i
                path = self.folder / "pictures" / kind / f"{i}.pgm"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(f"P5 {width} 4 255\n".encode() + bytes([shade + i]) * 4 * width)
        self.write("pictures/dog/notes.txt", "no picture")
        result = self.found("pictures")
        self.assertEqual(result["sizes"], [{"height": 4, "width": 4 + i, "channels": 1, "images": 4 if i == 0 else 1}
                                           for i in range(3)])
        self.assertEqual([(c["class"], c["rows"]) for c in result["classes"]], [("cat", 3), ("dog", 3)])
        self.has(result, "different sizes")
        self.assertIn("1 of 4 files", self.said)
        self.assertEqual(self.found("pictures/cat/2.pgm")["sizes"][0]["width"], 6)

    def test_texts(self):
        self.write("texts.csv", 'good film,pos\n"bad, long and cold film",neg\ngood film,pos\n,neg\nfine,pos\n')
        result = self.found("texts.csv")
        self.assertEqual((result["texts"], result["different_words"]), (5, 7))
        self.assertEqual(result["lengths"][0], {"length_in": "words", "min": 0, "median": 2, "mean": 2, "max": 5})
        self.has(result, "1 of 5 texts are empty", "1 of 5 texts repeat")
        self.assertEqual([(c["class"], c["rows"]) for c in result["classes"]], [("neg", 2), ("pos", 3)])

    def test_a_model(self):
        data = self.flowers()
        self.classify("train", data, "--model", "svm C=5", "--transform", "standardize", "--transform",
                      "pca components=2", "--holdout", "0.2", "-o", "flowers.clf", "--quiet")
        result = self.found("flowers.clf")
        self.assertEqual((result["kind"], result["features"], result["classes"]), ("model", 4, 3))
        self.assertTrue(result["model"].startswith("svm ") and "C=5" in result["model"])
        self.assertEqual([line.split()[0] for line in result["transforms"]], ["standardize", "pca"])
        self.assertEqual(result["feature_names"], ["sepal_length", "sepal_width", "petal_length", "petal_width"])
        self.assertEqual(result["class_names"], ["setosa", "versicolor", "virginica"])
        self.assertEqual(result["bytes"], (self.folder / "flowers.clf").stat().st_size)
        notes = {note["key"]: note["value"] for note in result["metadata"]}
        self.assertIn("--transform 'pca components=2'", notes["classify.command"])
        self.assertEqual((notes["classify.rows"], notes["classify.reader"]), ("120", "csv"))
        self.assertIn("support_vectors", {tensor["tensor"] for tensor in result["tensors"]})
        shown = self.classify("inspect", "flowers.clf")
        self.assertIn("sepal_length, sepal_width", shown)
        self.assertIn("classify.checksum", shown)
        facts = dict(csv.reader(io.StringIO(self.classify("inspect", "flowers.clf", "--csv"))))
        self.assertEqual((facts["kind"], facts["features"]), ("model", "4"))

    def test_models_of_libsvm(self):
        self.write("rows.svm", "".join(f"{i % 2} 1:{i % 2}.{i} 2:1\n" for i in range(9)))
        self.classify("svm-train", "rows.svm", "rows.model")
        result = self.found("rows.model")
        self.assertEqual((result["format"], result["model"].split()[0], result["classes"]), ("libsvm", "svm", 2))

    def test_networks_and_vocabularies_in_models(self):
        self.reviews()
        self.classify("train", "reviews.pos", "reviews.neg", "-o", "reviews.clf", "--quiet")
        result = self.found("reviews.clf")
        self.assertRegex(result["vocabulary"], "^encoding=tf_idf ")
        self.assertEqual((result["words"], result["documents"]), (result["features"], 80))
        data = self.flowers()
        self.classify("train", data, "--model", "network epochs=2 layers='dense units=5 activation=relu; dense units=3'",
                      "--optimizer", "sgd learning_rate=0.1", "-o", "network.clf", "--quiet")
        result = self.found("network.clf")
        self.assertIn("dense", result["layers"])
        self.assertTrue(result["optimizer"].startswith("sgd learning_rate=0.1"))
        self.assertEqual(result["iterations"], 2)
        self.assertNotIn("precision", result)
        self.classify("train", data, "--model", "network epochs=2 precision=int8", "-o", "int8.clf", "--quiet")
        self.assertRegex(self.found("int8.clf")["precision"],
                         r"^int8, on 150 rows: .* of them have the same class; accuracy 0\.\d+, 0\.\d+ in f32$")

    def test_files_of_parts(self):
        found = package()
        if found is None:
            return
        np, clf = found
        rows = np.random.default_rng(0).normal(size=(20, 3))
        clf.Transform("min_max").fit(rows).save(self.folder / "transform.clf")
        clf.Vocabulary(["a good film", "a bad film"]).save(self.folder / "vocabulary.clf")
        windows = np.zeros((20, 8, 8, 1), np.uint8)
        windows[::2] = 255
        network = clf.Network("flatten; dense units=2", epochs=1).fit(windows, np.arange(20) % 2)
        clf.Detector(network, stride=2).save(self.folder / "detector.clf")
        self.assertTrue(self.found("transform.clf")["transform"].startswith("min_max "))
        self.assertEqual(self.found("vocabulary.clf")["kind"], "vocabulary")
        result = self.found("detector.clf")
        self.assertEqual((result["kind"], result["model"].split()[0]), ("detector", "network"))
        self.assertIn("stride=2", result["detector"])

    def test_wrong_files(self):
        self.flowers()
        self.classify("train", "flowers.csv", "-o", "flowers.clf", "--quiet")
        whole = (self.folder / "flowers.clf").read_bytes()
        (self.folder / "cut.clf").write_bytes(whole[:300])
        self.write("empty.csv", "")
        self.write("ragged.csv", "a,b,kind\n1,2,x\n3,4,5,y\n")
        for data, message in (("cut.clf", "truncated"), ("nothing.csv", "No such file"), ("empty.csv", "is empty"),
                              ("ragged.csv", "ragged.csv line 3: it has 4 fields")):
            with self.subTest(data):
                self.assertEqual(self.classify("inspect", data, status=1), "")
                self.assertIn(message, self.said)
        self.classify("inspect", "flowers.clf", "--format", "csv", status=2)
        self.assertIn("is a model; --format is for data", self.said)
        self.classify("inspect", status=2)

    def test_colors(self):
        """A terminal sees headings in bold, unless NO_COLOR is set and not empty."""
        self.flowers()
        for value, colored in ((None, True), ("", True), ("1", False)):
            with self.subTest(value):
                environment = {name: text for name, text in os.environ.items() if name != "NO_COLOR"}
                terminal, theirs = pty.openpty()
                with subprocess.Popen([TOOL, "inspect", "flowers.csv"], cwd=self.folder, stdout=theirs,
                                      env={**environment, **({} if value is None else {"NO_COLOR": value})}):
                    os.close(theirs)
                    shown = b""
                    try:
                        while block := os.read(terminal, 4096):
                            shown += block
                    except OSError:  # the other end is closed
                        pass
                    os.close(terminal)
                self.assertIn(b"sepal_length", shown)
                self.assertEqual(b"\033[" in shown, colored, shown)

    def test_people_see_the_first_columns_of_wide_tables(self):
        names = [f"c{i}" for i in range(60)]
        self.write("wide.csv", ",".join(names + ["kind"]) + "\n" + "".join(
            ",".join(str((i * j) % 11) for j in range(60)) + f",{'ab'[i % 2]}\n" for i in range(20)))
        shown = self.classify("inspect", "wide.csv")
        self.assertIn("… 21 more; --all shows them", shown)
        self.assertIn("c59", self.classify("inspect", "wide.csv", "--all"))
        self.assertEqual(len(self.found("wide.csv")["columns"]), 61)


main()
