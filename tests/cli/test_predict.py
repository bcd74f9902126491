"""classify predict: rows, texts and pictures; files, pipes and terminals; what is wrong. See cli.py."""
import gzip
import json
import os
import pty
import resource
import signal
import subprocess
import time

from cli import SAMPLE, TOOL, Cli, main, package

FRUIT = [(150, 7.1, "apple"), (120, 19.5, "banana"), (141, 7.3, "apple"), (131, 20.2, "banana"),
         (161, 6.9, "apple"), (118, 18.7, "banana"), (155, 7.5, "apple"), (125, 19.9, "banana")]
LABELS = [row[2] for row in FRUIT]


class Predict(Cli):
    def fruit(self, header=True, model="logistic", **options):
        """A model of two named features; returns its name."""
        head = "weight,length,kind\n" if header else ""
        self.write("fruit.csv", head + "".join(f"{a},{b},{c}\n" for a, b, c in FRUIT))
        self.classify("train", "fruit.csv", "--model", model, "--transform", "standardize", "-o", "fruit.clf",
                      "--quiet", **options)
        return "fruit.clf"

    def answers(self, model, text, *options, **more):
        return self.classify("predict", model, *options, typed=text, **more).split("\n")[:-1]

    def test_rows_of_every_layout(self):
        model = self.fruit()
        rows = {
            "as the training data": "weight,length,kind\n" + "".join(f"{a},{b},{c}\n" for a, b, c in FRUIT),
            "without labels": "weight,length\n" + "".join(f"{a},{b}\n" for a, b, _ in FRUIT),
            "another order, other columns": "color,length,weight\n" + "".join(f"red,{b},{a}\n" for a, b, _ in FRUIT),
            "no header": "".join(f"{a},{b}\n" for a, b, _ in FRUIT),
            "no header, labels": "".join(f"{a},{b},{c}\n" for a, b, c in FRUIT),
            "no header, labels first": "".join(f"{c},{a},{b}\n" for a, b, c in FRUIT),
            "no end of line": "\n".join(f"{a},{b}" for a, b, _ in FRUIT),
            "blank lines": "\n\n".join(f"{a},{b}" for a, b, _ in FRUIT) + "\n\n",
            "line ends of Windows": "weight,length\r\n" + "".join(f"{a},{b}\r\n" for a, b, _ in FRUIT),
            "line ends of old computers": "weight,length\r" + "".join(f"{a},{b}\r" for a, b, _ in FRUIT),
            "byte order mark": "\ufeffweight,length\n" + "".join(f"{a},{b}\n" for a, b, _ in FRUIT),
            "comments": "# fruit, \"open\n# weighed\nweight,length\n" + "".join(f"{a},{b}\n" for a, b, _ in FRUIT),
            "quotes": "\"weight\",\"length\",\"note\"\n" + "".join(f"\"{a}\",{b},\"a\n\"\"b\"\"\"\n" for a, b, _ in FRUIT),
        }
        for name, text in rows.items():
            with self.subTest(name):
                self.assertEqual(self.answers(model, text), LABELS)
                self.assertEqual(self.answers(model, text, "-"), LABELS)
                self.write("rows.csv", text)
                self.assertEqual(self.answers(model, "", "rows.csv"), LABELS)
                other = {"another order, other columns": "color", "quotes": "note"}.get(name)
                self.assertEqual(self.said, f"classify predict: rows.csv: left out, since the model has no such "
                                            f"feature: '{other}'\n" if other else "")

    def people(self):
        """A model of a table with texts, codes, dates and missing values."""
        rows = [f"{20 + i if i % 5 else ''},{'Bern' if i % 2 else 'Genf'},{'03011' if i % 3 else '01201'},"
                f"{'x' if i % 4 else ''},2020-01-{i % 28 + 1:02},{'yes' if i % 2 else 'no'}" for i in range(60)]
        self.write("people.csv", "age,city,zip,kind,since,buys\n" + "\n".join(rows) + "\n")
        self.classify("train", "people.csv", "-o", "people.clf", "--format", "csv missing=keep categories=city,zip,kind",
                      "--transform", "one_hot unknown=ignore", "--transform", "impute", "--transform", "standardize",
                      "--quiet")
        return "people.clf"

    def test_a_file_of_rows(self):
        model = self.fruit()
        self.classify("convert", "fruit.csv", "fruit.rows", "--quiet")
        self.assertEqual(self.classify("predict", model, "fruit.rows").split(), [kind for _, _, kind in FRUIT])

    def test_tables_with_texts(self):
        model = self.people()
        texts = {
            "in order": "age,city,zip,kind,since\n31,Bern,03011,x,2020-01-02\n,Genf,01201,,2020-01-03\n",
            "in another order, more": "since,zip,more,city,kind,age\n2020-01-02,03011,1,Bern,x,31\n"
                                      "2020-01-03,01201,2,Genf,,\n",
            "without a header": "31,Bern,03011,x,2020-01-02\n,Genf,01201,,2020-01-03\n",
            "unknown categories": "age,city,zip,kind,since\n31,Bern,99999,x,2020-01-02\n,Genf,1201,y,2020-01-03\n",
        }
        for name, text in texts.items():
            with self.subTest(name):
                self.assertEqual(self.answers(model, text), ["yes", "no"])
        self.classify("predict", model, typed="age,zip,kind,since\n31,03011,x,2020-01-02\n", status=1)
        self.assertIn("city", self.said)
        self.classify("test", model, "people.csv", "--quiet", "--require", "accuracy=1")

    def test_transforms_of_a_table_are_guessed(self):
        self.people()
        self.classify("train", "people.csv", "-o", "people.clf", "--format", "csv missing=keep")
        self.assertIn("categories=city,kind\n", self.said)
        self.assertIn("guessed --transform 'one_hot unknown=ignore' --transform impute\n", self.said)
        self.classify("test", "people.clf", "people.csv", "--quiet", "--require", "accuracy=1")

    def test_row_of_words(self):
        model = self.people()
        words = ["zip=03011", "city=Bern", "age=31", "kind=", "since=2020-01-02"]
        self.assertEqual(self.classify("predict", model, "--row", *words), "yes\n")
        words[1] = 'city=Genf "West", x'
        self.assertIn("\t", self.classify("predict", model, "--row", *words, "--probabilities"))
        for wrong, status, message in ((["city"], 2, "'city' is not NAME=VALUE"), (["=x"], 2, "not NAME=VALUE"),
                                       ([], 2, "no NAME=VALUE"), (words[:3], 2, "'kind=' is missing"),
                                       (words + words[:1], 2, "'zip=' is given more than once"),
                                       (words[:2] + words[3:] + ["age=old"], 1, "--row: 'age=old': 'old' is not a number\n"),
                                       (words[:2] + words[3:] + ["age=x; y"], 1, "'age=x; y': 'x; y' is not a number\n"),
                                       (words[:2] + words[3:] + ["age=1e400"], 1, "'age=1e400': '1e400' is not a finite 64-bit "
                                                                                  "number\n"),
                                       (["city=a\nb"] + words[2:] + ["zip=", "age=x"], 2, "'age=' is given more than once"),
                                       (["city=a\nb"] + words[3:] + ["zip=", "age=x"], 1, "'age=x': 'x' is not a number\n")):
            with self.subTest(wrong):
                self.classify("predict", model, "--row", *wrong, status=status)
                self.assertIn(message, self.said)

        self.assertEqual(self.classify("predict", model, "--row", *words, "more=1"), "no\n")
        self.assertIn("'more=1' is left out", self.said)
        model = self.fruit()
        self.classify("predict", model, "--row", "weight=", "length=3", status=1)
        self.assertIn("'weight=' is a missing value, which the model refuses", self.said)
        self.classify("predict", model, "--row", "length=NA", "weight=3", status=1)
        self.assertIn("'length=NA' is a missing value, which the model refuses", self.said)
        self.classify("predict", model, "--row", "length=1e300", "weight=3", status=1)
        self.assertIn("--row: 'length=1e300': logistic: the value in row 0, column 1", self.said)

    def test_row_is_read_as_the_training_data(self):
        """Missing values, decimal marks, thousands and dates; of --row and of serve, on lines with a header and without."""
        rows = [f"{-99 if i % 7 == 0 else 20 + i % 9};1.{i:03},{i % 10};{i % 12 + 1:02}/03/2020;"
                f"{('Bern', 'Genf', 'NA')[i % 3]};{'yes' if i * i % 5 < 2 else 'no'}" for i in range(60)]
        self.write("t.csv", "age;size;day;city;buys\n" + "\n".join(rows) + "\n")
        self.classify("train", "t.csv", "-o", "t.clf", "--quiet", "--format",
                      "csv missing=keep missing_values=-99,NA thousands=point dates=dmy decimal=comma",
                      "--transform", "one_hot unknown=ignore", "--transform", "impute", "--transform", "standardize")
        probabilities = {}
        for age, city, day in (("-99", "NA", "05/03/2020"), ("", "", "05/03/2020"), ("-99,0", "NA", "05/03/2020"),
                               ("25", "Bern", "05/03/2020"), ("25,0", " Bern", "05/03/2020"), ("25", "NA", "05/03/2020")):
            with self.subTest(age=age, city=city):
                values = f"{age};1.004,3;{day};{city}"
                right = json.loads(self.classify("predict", "t.clf", "--json", "--probabilities",
                                                 typed="age;size;day;city\n" + values.replace(" Bern", '" Bern"') + "\n"))[0]
                words = [f"{name}={value}" for name, value in zip(("age", "size", "day", "city"), values.split(";"))]
                found = json.loads(self.classify("predict", "t.clf", "--json", "--probabilities", "--row", *reversed(words)))[0]
                self.assertEqual(found, right)
                probabilities[age, city] = right["probabilities"]["yes"]
                if "," not in age:
                    row = values.replace(";", ",").replace("1.004,3", '"1.004,3"').replace(" Bern", '" Bern"')
                    for typed in ("age,size,day,city\n" + row + "\n", row + "\n")[:2 if city else 1]:
                        self.assertEqual(json.loads(self.classify("serve", "t.clf", typed=typed)), right)
        self.assertNotEqual(probabilities["-99", "NA"], probabilities["25", "Bern"])
        self.assertNotEqual(probabilities["25,0", " Bern"], probabilities["25", "Bern"])  # the blank is part of the name
        self.classify("predict", "t.clf", "--row", "age=1", "size=1.5", "day=05/03/2020", "city=", status=1)
        self.assertIn("'size=1.5': '1.5' is not a number\n", self.said)

    def test_row_of_a_category_that_reads_as_missing(self):
        """In quotes it was one in the training data, and here it needs none."""
        self.write("n.csv", "country,y\n" + '"NA",a\nDE,b\n' * 20)
        self.classify("train", "n.csv", "-o", "n.clf", "--quiet", "--format", "csv missing=keep")
        self.assertEqual(self.classify("predict", "n.clf", "--row", "country=NA"), "a\n")
        self.assertEqual(self.classify("predict", "n.clf", "--row", "country=DE"), "b\n")

    def test_row_of_names_with_equals_signs(self):
        """The longest name that fits is meant."""
        self.write("e.csv", "a,a=b,a=b=c,=d,k\n" + "".join(f"{i * 7 % 5},{i * 3 % 17},{i * 5 % 13},{i % 11},{i % 2}\n"
                                                        for i in range(40)))
        self.classify("train", "e.csv", "-o", "e.clf", "--quiet", "--model", "ridge alpha=1")
        right = self.classify("predict", "e.clf", "--scores", typed="a,a=b,a=b=c,=d\n1,2,3,4\n")
        words = ["a=1", "a=b=2", "a=b=c=3", "=d=4"]
        self.assertEqual(self.classify("predict", "e.clf", "--scores", "--row", *words), right)
        self.assertEqual(self.classify("predict", "e.clf", "--scores", "--row", *words[::-1]), right)
        self.classify("predict", "e.clf", "--row", "a=b=c=3", "a=b=2", "a=b=1", "=d=4", status=2)
        self.assertIn("'a=' is missing", self.said)
        self.classify("predict", "e.clf", "--row", *words[:2], "a=b=c=x", "=d=4", status=1)
        self.assertIn("'a=b=c=x': 'x' is not a number\n", self.said)

    def test_row_of_many_words(self):
        """They are looked up: each one at each feature would take minutes."""
        names = [f"c{i}" for i in range(20000)]
        self.write("wide.csv", ",".join(names) + ",k\n" + "".join(",".join(str(i * j % 7) for i in range(len(names))) +
                                                                 f",{j % 2}\n" for j in range(6)))
        self.classify("train", "wide.csv", "-o", "wide.clf", "--quiet", "--model", "ridge")
        words = [f"{name}={i % 7}" for i, name in enumerate(names)]
        began = time.monotonic()
        self.assertEqual(self.classify("predict", "wide.clf", "--row", *reversed(words)), "1\n")
        self.classify("predict", "wide.clf", "--row", *words[:-1], words[-1] + "x", status=1)
        self.assertIn("c19999", self.said)
        others = [f"other{i}" for i in range(len(names))]
        self.assertEqual(self.classify("predict", "wide.clf", typed=",".join(names[::-1] + others) + "\n" +
                                       ",".join(str(i % 7) for i in range(len(names)))[::-1] + ",0" * len(others) + "\n"), "1\n")
        self.assertIn("'other0', 'other1', 'other2', 'other3', 'other4' …", self.said)
        row = ",".join(str(i % 7) for i in range(len(names))) + "\n"
        self.assertEqual(self.classify("serve", "wide.clf", typed=row * 20).count('"label": "1"'), 20)
        self.assertLess(time.monotonic() - began, 20)

    def test_names_are_cut_between_characters(self):
        self.fruit()
        for name in "é" * 60, "x" + "é" * 60, "中" * 60:
            self.answers("fruit.clf", f"{name},weight,length\n1,150,7\n")
            self.assertIn("feature: '" + name[:13], self.said)
            self.assertNotIn("\\x", self.said)
            self.assertLess(len(self.said), 130)

    def test_machine_of_one_class(self):
        """Labels 0 and -1, and the decision value by its name."""
        self.write("good.csv", "x,y\n" + "".join(f"{i % 7},{i % 5}\n" for i in range(70)))
        self.classify("train", "good.csv", "--format", "csv label=none", "--model", "svm type=one_class nu=0.1", "-o",
                      "one.clf", "--quiet")
        rows = "x,y\n3,2\n90,2\n"
        self.assertEqual(self.answers("one.clf", rows), ["0", "-1"])
        lines = self.answers("one.clf", rows, "--csv")
        self.assertEqual([line.split(",")[0] for line in lines], ["label", "0", "-1"])
        inside, outside = json.loads(self.classify("predict", "one.clf", "--json", typed=rows))
        self.assertEqual((inside["label"], outside["label"]), (0, -1))
        self.assertGreater(inside["value"], 0)
        self.assertEqual(lines[1], f"0,{inside['value']}")
        self.assertEqual(self.answers("one.clf", rows, "--scores")[0], "label\tvalue")
        for option in "--probabilities", "--novelty":
            self.classify("predict", "one.clf", option, typed=rows, status=1)
            self.assertIn(f"{option}: a machine of one class has none", self.said)
        self.classify("calibrate", "one.clf", "good.csv", "-o", "x.clf", status=1)
        self.assertIn("it has no classes to decide between", self.said)

    def test_names_that_a_terminal_would_obey(self):
        """They are escaped for people, and as they are for machines and in a pipe."""
        self.write("a.csv", 'x,y\n' + '0,"a\033[31m"\n9,"b\u009b31m"\n' * 10)
        self.classify("train", "a.csv", "--model", "fisher", "-o", "a.clf", "--format", "csv label=y", "--quiet")
        self.assertEqual(self.answers("a.clf", "0\n9\n"), ["a\033[31m", "b\u009b31m"])
        self.assertIn("b\\x9b31m", self.classify("test", "a.clf", "a.csv", "--quiet"))
        self.assertIn("a\\x1b[31m, b\\x9b31m", self.classify("inspect", "a.clf"))
        self.classify("predict", "a.clf", "\033]0;x", status=1)
        self.assertNotIn("\033", self.said)
        main_end, end = pty.openpty()
        subprocess.run([TOOL, "predict", "a.clf", "--quiet"], input=b"0\n9\n", stdout=end, cwd=self.folder, timeout=60,
                       check=True)
        os.close(end)
        self.assertEqual(os.read(main_end, 1000), b"a\\x1b[31m\r\nb\\x9b31m\r\n")
        os.close(main_end)

    def test_rows_that_are_none_of_the_classes(self):
        model = self.fruit(model="logistic reject=0.1 calibration_folds=2")
        rows = "weight,length\n152,7.2\n9000,-300\n"
        self.assertEqual(self.answers(model, rows), ["apple", "none of these"])
        self.assertEqual(self.answers(model, rows, "--csv")[2].split(",")[0], "none of these")
        found = json.loads(self.classify("predict", model, "--json", typed=rows))
        self.assertEqual([one["label"] for one in found], ["apple", None])
        lines = [line.split(",") for line in self.answers(model, rows, "--csv", "--novelty")]
        self.assertEqual(lines[0], ["label", "novelty"])
        self.assertLess(float(lines[1][1]), 1)
        self.assertGreater(float(lines[2][1]), 1)
        self.assertIn('"novelty": ', self.classify("predict", model, "--json", "--novelty", typed=rows))
        self.write("known.csv", "weight,length,kind\n152,7.2,apple\n9000,-300,apple\n119,18.9,banana\n")
        said = self.classify("test", model, "known.csv", "--csv", "--resamples", "0")
        self.assertIn("rejected_rows,,,1", said)
        self.assertIn("accuracy,,,0.6666", said)
        self.assertIn("1 of 3 rows are none of the classes to the model", self.said)

    def test_trained_without_a_header(self):
        model = self.fruit(header=False)
        plain = "".join(f"{a},{b}\n" for a, b, _ in FRUIT)
        for text in (plain, "x,y\n" + plain, "".join(f"{a},{b},{c}\n" for a, b, c in FRUIT),
                     "".join(f"{a},{b},\n" for a, b, _ in FRUIT),
                     "label,x,y\n" + "".join(f"{c},{a},{b}\n" for a, b, c in FRUIT)):
            self.assertEqual(self.answers(model, text), LABELS)

    def test_format(self):
        model = self.fruit()
        text = "".join(f"{c};{a};{b}\n" for a, b, c in FRUIT)
        self.assertEqual(self.answers(model, text, "--format", "csv label=1 delimiter=semicolon header=false"), LABELS)
        text = "".join(f"{b};{a}\n" for a, b, _ in FRUIT)
        self.assertEqual(self.answers(model, text, "--format", "csv columns=2,1 label=none delimiter=semicolon"),
                         LABELS)

    def test_probabilities_and_scores(self):
        model = self.fruit()
        text = "150,7\n120,20\n"
        lines = self.answers(model, text, "--probabilities")
        self.assertEqual(lines[0], "label\tapple\tbanana")
        shown = [float(value) for value in lines[1].split("\t")[1:]]
        self.assertAlmostEqual(sum(shown), 1, places=5)
        rows = json.loads(self.classify("predict", model, "--probabilities", "--json", typed=text))
        self.assertEqual([row["label"] for row in rows], ["apple", "banana"])
        self.assertAlmostEqual(sum(rows[1]["probabilities"].values()), 1, places=12)
        self.assertAlmostEqual(rows[0]["probabilities"]["apple"], shown[0], places=5)
        head, first, second = self.answers(model, text, "--probabilities", "--csv")
        self.assertEqual(head, "label,apple,banana")
        self.assertEqual([float(value) for value in second.split(",")[1:]], list(rows[1]["probabilities"].values()))
        rows = json.loads(self.classify("predict", model, "--scores", "--json", typed=text))
        self.assertGreater(rows[0]["scores"]["apple"], rows[0]["scores"]["banana"])
        self.assertEqual(json.loads(self.classify("predict", model, "--json", typed=text)),
                         [{"label": "apple"}, {"label": "banana"}])
        self.assertEqual(self.answers(model, text, "--csv"), ["label", "apple", "banana"])
        self.classify("predict", model, "--scores", "--probabilities", status=2, typed=text)
        self.fruit(model="svm")
        self.classify("predict", model, "--probabilities", status=1, typed=text)
        self.assertIn("--probabilities: the model has none: classify calibrate", self.said)

    def test_names_are_escaped(self):
        self.write("a.csv", "x,y\n" + '0,"a, b"\n9,"c""d"\n' * 10)
        self.classify("train", "a.csv", "--model", "fisher", "-o", "a.clf", "--format", "csv label=y", "--quiet")
        self.assertEqual(self.answers("a.clf", "0\n9\n", "--csv"), ["label", '"a, b"', '"c""d"'])
        self.assertEqual(self.answers("a.clf", "0\n", "--csv", "--scores")[0], 'label,"a, b","c""d"')
        self.assertEqual(json.loads(self.classify("predict", "a.clf", "--json", typed="9\n")), [{"label": 'c"d'}])
        self.assertEqual(self.answers("a.clf", "0\n9\n"), ["a, b", 'c"d'])

    def test_regression(self):
        self.write("line.csv", "x,y\n" + "".join(f"{i},{2 * i + 1}\n" for i in range(20)))
        self.classify("train", "line.csv", "--format", "csv regression=true label=y", "--model", "ridge alpha=1e-9",
                      "-o", "line.clf", "--quiet")
        for text in ("x\n1.5\n100\n", "1.5\n100\n", "y,x\n0,1.5\n0,100\n"):
            values = [float(value) for value in self.answers("line.clf", text)]
            for value, right in zip(values, (4, 201)):
                self.assertAlmostEqual(value, right, places=3)
        self.assertAlmostEqual(json.loads(self.classify("predict", "line.clf", "--json", typed="1.5\n"))[0]["value"], 4,
                               places=4)
        self.assertEqual(self.answers("line.clf", "1\n", "--csv")[0], "value")

    def test_sparse(self):
        self.write("rows.svm", "".join(f"{i % 2} {1 + i % 2}:1 9:{i}\n" for i in range(40)))
        self.classify("train", "rows.svm", "--model", "svm kernel=linear", "-o", "rows.clf", "--quiet")
        self.assertEqual(self.answers("rows.clf", "0 2:1 # comment\n\n# another\n0 1:1\n"), ["1", "0"])
        self.assertEqual(self.answers("rows.clf", "# only comments\n"), [])
        self.answers("rows.clf", "0 1:1\n\n0 10:1\n", status=1)
        self.assertIn("standard input line 3", self.said)

    def test_texts(self):
        self.reviews()
        self.classify("train", "reviews.pos", "reviews.neg", "-o", "reviews.clf", "--quiet")
        lines = "good warm film\n\nbad dull film\n"
        answers = self.answers("reviews.clf", lines)
        self.assertEqual((len(answers), answers[0], answers[2]), (3, "pos", "neg"))
        self.write("lines.txt", lines)
        self.assertEqual(self.answers("reviews.clf", "", "lines.txt"), answers)
        self.assertEqual(self.answers("reviews.clf", "__label__pos bad cold\n__label__neg clever warm\n"),
                         ["neg", "pos"])
        with subprocess.Popen([TOOL, "predict", "reviews.clf"], cwd=self.folder, stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as run:  # a block of blank lines is no text among labels
            for text, answer in ((b"__label__pos bad cold\n", b"neg\n"), (b"\n \n__label__neg clever warm\n", b"pos\n")):
                run.stdin.write(text)
                run.stdin.flush()
                self.assertEqual(run.stdout.readline(), answer)
            self.assertEqual(run.communicate(b"\n"), (b"", None))
        self.write("texts/a.txt", "good\nclever")
        self.write("texts/b.txt", "stupid\ndull")
        self.assertEqual(self.answers("reviews.clf", "", "texts"), ["a.txt\tpos", "b.txt\tneg"])
        self.classify("predict", "reviews.clf", "--format", "fasttext", typed="__label__a x\ny z\n", status=1)
        self.assertIn("standard input line 2: it has no label", self.said)

    def test_tables_of_texts(self):
        self.reviews()
        self.write("reviews.csv", "review,sentiment\n" + "".join(
            f'"{line}",{label}\n' for label in ("pos", "neg")
            for line in (self.folder / f"reviews.{label}").read_text().splitlines()))
        self.classify("train", "reviews.csv", "-o", "reviews.clf", "--quiet")
        table = 'sentiment,review\n?,"good, warm\nfilm"\n?,"bad ""dull"" film"\n'
        self.assertEqual(self.answers("reviews.clf", table), ["pos", "neg"])
        self.write("table.csv", table)
        self.assertEqual(self.answers("reviews.clf", "", "table.csv"), ["pos", "neg"])
        self.assertEqual(self.answers("reviews.clf", "good, warm\nbad\n"), ["pos", "neg"])  # lines, not a table
        self.assertEqual(self.said, "")
        self.write("other.csv", "weight,length\n1,2\n")
        self.answers("reviews.clf", "", "other.csv")
        self.assertIn("'other.csv' has no column 'review' of texts: each of its lines is read as a text", self.said)

    def test_pictures(self):
        for label, level in (("dark", 20), ("light", 220)):
            for i in range(6):
                path = self.folder / "train" / label
                path.mkdir(parents=True, exist_ok=True)
                (path / f"{i}.pgm").write_bytes(b"P5 4 3 255\n" + bytes((level + i + j) % 256 for j in range(12)))
        self.classify("train", "train", "--model", "ridge", "-o", "light.clf", "--quiet")
        (self.folder / "a b.pgm").write_bytes(b"P5 4 3 255\n" + bytes([230] * 12))
        (self.folder / "large.ppm").write_bytes(b"P6 8 6 255\n" + bytes([10] * 144))
        (self.folder / "cut.pgm").write_bytes(b"P5 4 3 255\n")
        self.assertEqual(self.answers("light.clf", "", "a b.pgm", "large.ppm"), ["a b.pgm\tlight", "large.ppm\tdark"])
        self.assertEqual(json.loads(self.classify("predict", "light.clf", "large.ppm", "--json")),
                         [{"file": "large.ppm", "label": "dark"}])
        self.assertEqual(self.answers("light.clf", "", "--csv", "large.ppm"), ["file,label", "large.ppm,dark"])
        self.assertEqual(self.answers("light.clf", "", "cut.pgm", "missing.pgm", "large.ppm", status=1)[-1:],
                         ["large.ppm\tdark"])
        self.assertIn("cut.pgm", self.said)
        self.assertEqual(len(self.answers("light.clf", "", "train")), 12)
        run = subprocess.run([TOOL, "predict", "light.clf"], cwd=self.folder, capture_output=True,
                             input=(self.folder / "a b.pgm").read_bytes())
        self.assertEqual(run.stdout, b"light\n", run.stderr)

    def test_idx(self):
        self.classify("train", SAMPLE / "t10k", "--model", "ridge", "-o", "digits.clf", "--quiet")
        whole = self.answers("digits.clf", "", SAMPLE / "t10k")
        images, = SAMPLE.glob("t10k-images*")
        self.assertEqual(self.answers("digits.clf", "", images), whole)
        run = subprocess.run([TOOL, "predict", "digits.clf"], cwd=self.folder, capture_output=True,
                             input=images.read_bytes())
        self.assertEqual(run.stdout.decode().split("\n")[:-1], whole, run.stderr)
        self.assertEqual(len(whole), 2000)
        self.reviews()
        self.classify("train", "reviews.pos", "reviews.neg", "-o", "reviews.clf", "--quiet")
        self.classify("predict", "reviews.clf", images, status=1)
        self.assertIn(f"{images}: bytes count as 1/255 each", self.said)

    def test_gzip(self):
        model = self.fruit()
        text = "".join(f"{a},{b}\n" for a, b, _ in FRUIT).encode()
        packed = gzip.compress(text[:40]) + gzip.compress(text[40:])
        run = subprocess.run([TOOL, "predict", model], cwd=self.folder, capture_output=True, input=packed)
        self.assertEqual(run.stdout.decode().split("\n")[:-1], LABELS, run.stderr)
        for bad in (packed[:-9], packed[:30] + b"x" + packed[31:]):
            run = subprocess.run([TOOL, "predict", model], cwd=self.folder, capture_output=True, input=bad)
            self.assertEqual(run.returncode, 1)
            self.assertIn(b"the gzip data", run.stderr)

    def test_nothing(self):
        model = self.fruit()
        for text in ("", "\n\n", "weight,length\n"):
            with self.subTest(text):
                self.assertEqual(self.answers(model, text), [])
                self.assertIn("standard input has no rows", self.said)
                self.assertEqual("names of the columns" in self.said, "weight" in text)
                self.assertEqual(json.loads(self.classify("predict", model, "--json", typed=text)), [])
                self.assertEqual(self.answers(model, text, "--csv", "--quiet"), ["label"])
                self.assertEqual(self.said, "")

    def test_what_is_wrong_has_its_line(self):
        model = self.fruit()
        rows = "150,7\n" * 200000
        for bad, message in (("1\n", "it has 1 fields"), ("1,2,3\n", "fields"), ("1,x\n", "'x' is not a number"),
                             ("1,\n", "the value is missing"), ("1,\"2\n", "never closed")):
            for before in ("", rows):
                for head in ("", "weight,length\n", "weight,note,length\n"):
                    text = head + (before.replace(",", ",\"a\nb\",") if "note" in head else before)
                    bad_row = bad.replace(",", ",n,", 1) if "note" in head else bad
                    if text.count("\n") == 0 and "fields" in message:
                        continue
                    line = text.count("\n") + (2 if head and not before and "fields" in message else 1)
                    good = "150,7\n" if head and not before and "fields" in message else ""
                    good = good.replace(",", ",n,") if "note" in head else good
                    if bad == "1,2,3\n" and "note" in head:
                        bad_row = "1,n,2,3\n"
                    with self.subTest(bad=bad, head=head, rows=len(before)):
                        self.classify("predict", model, typed=text + good + bad_row + "150,7\n", status=1)
                        self.assertIn(f"standard input line {line}", self.said)
                        self.assertIn(message, self.said)

    def test_what_is_wrong_in_a_later_block_has_its_line(self):
        model = self.fruit()
        for head, bad, message in ((b"", b"1\n", "it has 1 fields; the first line has 2"),
                                   (b"", b"1,2,3\n", "it has 3 fields; the first line has 2"),
                                   (b"# one\n\n", b"1\n", "it has 1 fields; the first line has 2"),
                                   (b"weight,length\n", b"1\n", "it has 1 fields; the first line has 2"),
                                   (b"", b"1,x\n", "'x' is not a number")):
            with self.subTest(head=head, bad=bad):
                with subprocess.Popen([TOOL, "predict", model], cwd=self.folder, stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
                    run.stdin.write(head)
                    for row, label in ((b"150,7\n", b"apple\n"), (b"\n", b""), (b"120,20\n", b"banana\n")):
                        run.stdin.write(row)
                        run.stdin.flush()
                        self.assertEqual(run.stdout.readline() if label else b"", label)
                    run.stdin.write(bad)
                    _, said = run.communicate(timeout=60)
                    self.assertEqual(run.returncode, 1)
                    self.assertIn(f"standard input line {head.count(10) + 4}", said.decode())
                    self.assertIn(message, said.decode())

    def test_rows_that_the_model_refuses_have_their_line(self):
        self.fruit()
        self.classify("train", "fruit.csv", "--format", "csv missing=nan label=kind", "-o", "nan.clf", "--quiet")
        for head in ("", "weight,length\n", "# fruit\n\n"):
            for before in (0, 1, 5, 200000):
                with self.subTest(head=head, before=before):
                    text = head + "150,7\n" * before + "\n120,\n" + "150,7\n" * 3
                    self.classify("predict", "nan.clf", typed=text, status=1)
                    self.assertIn(f"standard input line {head.count(chr(10)) + before + 2}: ", self.said)
                    self.assertIn("is NaN", self.said)

    def test_other_wrong_input(self):
        model = self.fruit()
        self.write("bad.clf", "no model")
        for arguments, text, message in (
                ([model, "missing.csv"], "", "missing.csv"),
                (["missing.clf"], "", "missing.clf"),
                (["bad.clf"], "", "bad.clf"),
                ([model, model], "", "is a model, not data"),
                ([model], "weight,width\n1,2\n", "its header lacks 1 of the model's 2 features: 'length'"),
                ([model], "1,2,3,4\n", "its first row has 4 columns by delimiter=comma, and the model has 2 features"),
                ([model], "height,width\n1,2\n", "weight"),
                ([model, "-o", "no/folder/x"], "1,2\n", "no/folder")):
            with self.subTest(arguments):
                self.classify("predict", *arguments, typed=text, status=1)
                self.assertIn(message, self.said)
        self.classify("predict", model, "--format", "cvs", typed="1,2\n", status=2)
        self.classify("predict", status=2)

    def test_output_file(self):
        model = self.fruit()
        self.write("out", "old")
        self.assertEqual(self.classify("predict", model, "fruit.csv", "-o", "out"), "")
        self.assertEqual((self.folder / "out").read_text().split("\n")[:-1], LABELS)
        self.classify("predict", model, "-o", "out", typed="150,7\n" * 100000 + "x,y\n", status=1)
        self.assertEqual((self.folder / "out").read_text().split("\n")[:-1], LABELS)
        self.assertEqual(sorted(os.listdir(self.folder)), ["fruit.clf", "fruit.csv", "out"])

    def test_a_pipe_gets_its_answers_at_once(self):
        model = self.fruit()
        for options, head in (((), b""), ((), b"length,weight\n"), (("--csv",), b"")):
            with self.subTest(options=options, head=head):
                with subprocess.Popen([TOOL, "predict", model, *options], cwd=self.folder, stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE) as run:
                    run.stdin.write(head)
                    run.stdin.flush()
                    if options:
                        run.stdin.write(b"150,7\n")
                        run.stdin.flush()
                        self.assertEqual(run.stdout.readline(), b"label\n")
                        self.assertEqual(run.stdout.readline(), b"apple\n")
                    for a, b, label in FRUIT:
                        row = (a, b) if not head else (b, a)
                        run.stdin.write(b"%g,%g\n" % row)
                        run.stdin.flush()
                        self.assertEqual(run.stdout.readline().decode(), label + "\n")
                    run.stdin.close()
                    self.assertEqual(run.stdout.read(), b"")

    def test_blocks_are_the_whole(self):
        """The answers do not depend on where the input is cut."""
        model = self.fruit()
        rows = [f"{a},\"a\n{i}\"\"\",{b}\n" for i in range(3000) for a, b, _ in FRUIT]
        text = ("weight,note,length\n" + "".join(rows)).encode()
        with subprocess.Popen([TOOL, "predict", model, "--quiet"], cwd=self.folder, stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as run:
            reader, writer = os.pipe()
            if os.fork() == 0:
                for at in range(0, len(text), 997):
                    run.stdin.write(text[at:at + 997])
                    run.stdin.flush()
                os._exit(0)
            run.stdin.close()
            os.close(reader)
            os.close(writer)
            self.assertEqual(run.stdout.read().decode().split("\n")[:-1], LABELS * 3000)
            os.wait()

    def test_other_files_of_the_library_are_named(self):
        found = package()
        if found is None:
            self.skipTest("no NumPy")
        numpy, libclassify = found
        self.fruit()
        libclassify.Transform("min_max").fit(numpy.eye(3)).save(self.folder / "t.clf")
        libclassify.Vocabulary(["a good film", "a bad film"]).save(self.folder / "v.clf")
        for name, what in (("t.clf", "a transform"), ("v.clf", "a vocabulary")):
            for words in (["predict", name, "fruit.csv"], ["test", name, "fruit.csv"], ["serve", name],
                          ["convert", name, "model.libsvm"]):
                with self.subTest(words):
                    self.assertEqual(self.classify(*words, status=1), "")
                    self.assertEqual(self.said, f"classify {words[0]}: {name} is {what}, not a model\n")

    def test_truncated_model(self):
        model = self.fruit()
        whole = (self.folder / model).read_bytes()
        (self.folder / "cut.clf").write_bytes(whole[:len(whole) // 2])
        self.assertEqual(self.classify("predict", "cut.clf", "fruit.csv", status=1), "")
        self.assertRegex(self.said, r"^classify predict: cut\.clf: .*truncated.*\n$")

    def test_closed_pipe(self):
        model = self.fruit()
        run = subprocess.run(f"yes 150,7 | '{TOOL}' predict {model} | head -n 3", shell=True, cwd=self.folder,
                             capture_output=True, timeout=60)
        self.assertEqual((run.stdout, run.stderr), (b"apple\n" * 3, b""))

    def test_full_disk(self):
        model = self.fruit()
        with open("/dev/full", "w") as full:
            run = subprocess.run(f"yes 150,7 | head -n 10000000 | '{TOOL}' predict {model}", shell=True,
                                 cwd=self.folder, stdout=full, stderr=subprocess.PIPE, timeout=60)
        self.assertEqual(run.returncode, 1)
        self.assertEqual(run.stderr, b"classify predict: cannot write to standard output: No space left on device\n")
        self.classify("predict", model, "-o", "/dev/full", typed="150,7\n", status=1)
        self.assertIn("cannot write /dev/full", self.said)

    def test_interrupt(self):
        model = self.fruit()
        with subprocess.Popen([TOOL, "predict", model], cwd=self.folder, stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
            run.stdin.write(b"150,7\n")
            run.stdin.flush()
            self.assertEqual(run.stdout.readline(), b"apple\n")
            run.send_signal(signal.SIGINT)
            began = time.monotonic()
            self.assertEqual(run.wait(), 130)
            self.assertLess(time.monotonic() - began, 5)
            run.stdin.close()

    def test_signals_that_end_it_leave_no_file(self):
        model = self.fruit()
        for number in signal.SIGTERM, signal.SIGHUP, signal.SIGINT:
            with subprocess.Popen([TOOL, "predict", model, "-o", "out.csv"], cwd=self.folder, stdin=subprocess.PIPE,
                                  stderr=subprocess.PIPE) as run:
                while not list(self.folder.glob(".classify-*")):
                    time.sleep(0.01)
                run.send_signal(number)
                self.assertEqual(run.wait(), 130 if number == signal.SIGINT else -number)
                run.stdin.close()
            self.assertEqual(list(self.folder.glob(".classify-*")), [])
            self.assertFalse((self.folder / "out.csv").exists())

    def test_memory_is_constant(self):
        model = self.fruit()
        run = subprocess.run(f"yes 150,7 | head -n 2000000 | '{TOOL}' predict {model} | tail -n 1", shell=True,
                             cwd=self.folder, capture_output=True, timeout=100)
        self.assertEqual(run.stdout, b"apple\n", run.stderr)
        self.assertLess(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, 64 << 10)


class Hostile(Cli):
    """Input that is not what its first bytes, its header or its model say."""

    def numbers(self):
        self.write("rows.csv", "".join(f"{i},{i * i % 7},{'ab'[i % 2]}\n" for i in range(20)))
        self.classify("train", "rows.csv", "-o", "rows.clf", "--quiet")

    def test_text_behind_a_closing_quote(self):
        self.write("rows.svm", "".join(f"{i % 2} 1:{i} 2:{i % 3}\n" for i in range(20)))
        self.classify("svm-train", "-q", "rows.svm", "plain.model")
        for words in (4, 400):
            typed = " ".join('"a"b' for _ in range(words)) + "\n"
            self.classify("predict", "plain.model", typed=typed)  # its only line is a header

    def test_parameters_without_blanks_in_a_model(self):
        found = package()
        if found is None:
            return
        _, clf = found
        self.numbers()
        model = clf.Model.load(self.folder / "rows.clf")
        model.metadata["classify.reader_params"] = "".join(f"a{i}='x'" for i in range(2000))
        model.save(self.folder / "hostile.clf")
        self.classify("predict", "hostile.clf", typed="1,2\n", status=1)

    def test_compressed_bytes_that_come_one_by_one(self):
        self.numbers()
        packed = gzip.compress(b"1,2\n3,4\n" * 1000)
        run = subprocess.Popen([TOOL, "predict", "rows.clf", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               cwd=self.folder)
        for part in (packed[:1], packed[1:2], packed[2:30], packed[30:]):
            run.stdin.write(part)
            run.stdin.flush()
            time.sleep(0.05)
        said, _ = run.communicate(timeout=60)
        self.assertEqual((run.returncode, len(said.splitlines())), (0, 2000))

    def test_format_of_a_table_of_texts(self):
        self.write("t.csv", "review,mood\n" + "".join(f"{w} film,{k}\n" for w, k in (("good", "pos"), ("bad", "neg")) * 9))
        self.classify("train", "t.csv", "--format", "csv text=review label=mood", "-o", "t.clf", "--quiet")
        for options in ((), ("--format", "csv label=mood"), ("--format", "csv text=review label=mood"),
                        ("--format", "csv text=1 label=2 header=true")):
            with self.subTest(options):
                said = self.classify("predict", "t.clf", "t.csv", "--quiet", *options)
                self.assertEqual(said.splitlines(), ["pos", "neg"] * 9)

    def test_rows_of_truth_values_are_no_header(self):
        self.write("b.csv", "".join(f"{'True' if i % 2 else 'False'},False,{'ab'[i % 2]}\n" for i in range(20)))
        self.classify("train", "b.csv", "--format", "csv header=false", "-o", "b.clf", "--quiet")
        self.assertEqual(self.classify("predict", "b.clf", "b.csv").splitlines(), ["a", "b"] * 10)

    def test_the_line_by_which_excel_names_the_delimiter(self):
        self.numbers()
        rows = "".join(f"{i};{i * i % 7}\n" for i in range(20))
        expected = self.classify("predict", "rows.clf", typed=rows.replace(";", ","))
        self.assertEqual(len(expected.splitlines()), 20)
        self.write("excel.csv", "sep=;\n" + rows)
        self.assertEqual(self.classify("predict", "rows.clf", "excel.csv", "--format", "csv label=none"), expected)

    def test_rows_numbered_by_r(self):
        self.write("r.txt", "x y kind\n" + "".join(f"{i} {i} {i * i % 7} {'ab'[i % 2]}\n" for i in range(20)))
        self.classify("train", "r.txt", "-o", "r.clf", "--quiet")
        self.assertEqual(len(self.classify("predict", "r.clf", "r.txt").splitlines()), 20)


if __name__ == "__main__":
    main()
