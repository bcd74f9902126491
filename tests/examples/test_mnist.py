"""examples/mnist from outside: results, files it writes, what it says when something is wrong."""
import base64
import ctypes
import gzip
import html.parser
import json
import math
import os
import pathlib
import pty
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree
import zlib

from report_checks import check_help, check_report, check_usage

PROGRAM, ROOT = sys.argv.pop(1), pathlib.Path(sys.argv.pop(1))
SAMPLE = ROOT / "examples" / "data"
LEVELS = 62  # of the report's grey pictures, above 0
VOID = {"meta", "img", "br"}


def run(*arguments, status=0, **environment):
    """Runs the program, checks its exit status, and returns what it printed and said."""
    env = {name: value for name, value in os.environ.items() if name != "CLASSIFY_DATA"}
    result = subprocess.run([PROGRAM, *map(str, arguments)], env={**env, **environment},
                            capture_output=True, text=True, timeout=900)
    if result.returncode != status:
        raise AssertionError(f"exit status {result.returncode}, not {status}: {result.stderr}")
    return result.stdout, result.stderr


class Page(html.parser.HTMLParser):
    """Checks that elements nest, and gathers what the tests look at."""

    def __init__(self, text):
        super().__init__()
        self.open, self.images, self.tags, self.text = [], [], [], []
        self.feed(text)
        self.close()
        assert not self.open, f"not closed: {self.open}"

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag == "img":
            self.images.append(dict(attributes))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, f"</{tag}> at {self.getpos()}"

    def handle_data(self, data):
        self.text.append(data)


def decode_png(address):
    """Indices of the palette, row after row, and the image's size."""
    data = base64.b64decode(address.removeprefix("data:image/png;base64,"), validate=True)
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, at = {}, 8
    while at < len(data):
        length, = struct.unpack(">I", data[at:at + 4])
        kind, body = data[at + 4:at + 8], data[at + 8:at + 8 + length]
        assert struct.unpack(">I", data[at + 8 + length:at + 12 + length])[0] == zlib.crc32(kind + body)
        chunks[kind] = body
        at += 12 + length
    width, height = struct.unpack(">II", chunks[b"IHDR"][:8])
    lines = zlib.decompress(chunks[b"IDAT"])
    assert len(lines) == height * (width + 1)
    rows = [lines[i * (width + 1) + 1:(i + 1) * (width + 1)] for i in range(height)]
    return b"".join(rows), width, height


class Results(unittest.TestCase):
    """One run of every model on a part of the sample, and what it wrote."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.table, cls.said = run("--train", 1200, "--validation", 200, "--threads", 2, "--seed", 3,
                                  "--json", cls.folder / "r.json",
                                  "--report", cls.folder / "r.html", "--save", cls.folder / "models")
        cls.results = json.loads((cls.folder / "r.json").read_text())
        cls.html = (cls.folder / "r.html").read_text()
        cls.page = Page(cls.html)

    def test_every_model_is_there_and_learnt(self):
        listed = run("--models", "list")[0].split("\n")
        names = [line.split()[0] for line in listed if line]
        self.assertEqual([row["model"] for row in self.results], names)
        for row in self.results:
            with self.subTest(model=row["model"]):
                self.assertEqual((row["train_rows"], row["test_rows"]), (1000, 2000))
                self.assertGreater(row["test_accuracy"], 0.6)
                self.assertGreaterEqual(row["train_accuracy"], row["test_accuracy"] - 0.05)
                self.assertGreater(row["fit_seconds"], 0)
                self.assertGreater(row["predict_seconds"], 0)
                self.assertEqual((row["threads"], row["seed"]), (2, 3))
                self.assertIn(row["outcome"], ("CLF_OK", "CLF_NOT_CONVERGED"))
                self.assertEqual(row["data"], str(SAMPLE))
                self.assertIn(f"{row['model']}: fitting 1000 rows", self.said)
                self.assertRegex(self.table, rf"{row['model']} .*{100 * row['test_accuracy']:.2f} %")

    def test_fields_are_those_of_the_documentation(self):
        text = (ROOT / "docs" / "json.md").read_text()
        parts = re.split("^Networks add|^The arrays of|^`sentiment` adds", text, flags=re.M)
        every, networks, arrays = (re.findall(r"^\| `(\w+)` \|", part, re.M) for part in parts[:3])
        for row in self.results:
            more = networks if "history" in row else []
            self.assertEqual(sorted(row), sorted(every + more))
            self.assertEqual(sorted(row.get("history", arrays)), sorted(arrays))

    def test_networks_tell_their_training(self):
        networks = [row for row in self.results if "history" in row]
        self.assertEqual([row["model"] for row in networks],
                         ["mlp_cross_entropy", "mlp_squared_error", "lenet5", "cnn"])
        for row in networks:
            with self.subTest(model=row["model"]):
                history = row["history"]
                self.assertIn(f"epochs={row['epochs']} ", row["params"])
                self.assertRegex(row["optimizer"], r"^adamw? \S+=")
                self.assertAlmostEqual(row["seconds_per_epoch"] * row["epochs"],
                                       sum(history["seconds"]), 3)
                self.assertLess(sum(history["seconds"]), row["fit_seconds"])
                for name, values in history.items():
                    self.assertEqual(len(values), row["epochs"], name)
                    self.assertGreaterEqual(min(values), 0)
                for name in ("accuracy", "validation_accuracy"):
                    self.assertLessEqual(max(history[name]), 1)
                    self.assertGreater(history[name][-1], 0.6)
                self.assertLess(history["loss"][-1], history["loss"][0])

    @unittest.skipUnless("CLASSIFY_LIBRARY" in os.environ, "the library does not load into Python")
    def test_models_are_saved_and_load(self):
        lib = ctypes.CDLL(os.environ["CLASSIFY_LIBRARY"])
        lib.clf_model_free.argtypes = [ctypes.c_void_p]
        for row in self.results:
            path = self.folder / "models" / (row["model"] + ".clf")
            model = ctypes.c_void_p()
            self.assertEqual(lib.clf_model_load(ctypes.byref(model), None, bytes(path)), 0)
            lib.clf_model_free(model)

    def test_report_stands_alone(self):
        for tag, attributes in self.page.tags:
            self.assertNotIn(tag, ("script", "link", "iframe", "object"))
            for name in ("src", "href", "srcset", "background"):
                self.assertRegex(attributes.get(name, "data:"), "^data:")
        self.assertNotRegex(self.html, r"url\(|@import|https?:")

    def test_report_says_how_it_was_made(self):
        check_report(self, self.html, self.results)

    def test_report_is_accessible(self):
        for attributes in self.page.images:
            self.assertTrue(attributes["alt"])
            side = "5" if attributes["alt"].startswith("Filter") else "28"
            self.assertEqual((attributes["width"], attributes["height"]), (side, side))
        for tag, attributes in self.page.tags:
            if tag == "th":
                self.assertIn(attributes.get("scope"), ("row", "col"))
        self.assertEqual(sum(tag == "h1" for tag, _ in self.page.tags), 1)
        self.assertIn(("html", {"lang": "en"}), self.page.tags)

    def test_report_has_each_model_and_opens_the_best(self):
        text = "".join(self.page.text)
        for row in self.results:
            self.assertIn(f"{100 * row['test_accuracy']:.2f}\xa0%", text)
        details = [attributes for tag, attributes in self.page.tags if tag == "details"]
        best = max(self.results, key=lambda row: row["test_accuracy"])
        self.assertEqual([i for i, attributes in enumerate(details) if "open" in attributes],
                         [self.results.index(best)])
        self.assertEqual(len(details), len(self.results))

    def test_report_shows_the_images_of_the_file(self):
        images = gzip.decompress((SAMPLE / "t10k-images-idx3-ubyte.gz").read_bytes())[16:]
        labels = gzip.decompress((SAMPLE / "t10k-labels-idx1-ubyte.gz").read_bytes())[8:]
        shown = 0
        for attributes in self.page.images:
            pixels, width, height = decode_png(attributes["src"])
            self.assertEqual((str(width), str(height)), (attributes["width"], attributes["height"]))
            found = re.fullmatch(r"Test image (\d+): a (\d)", attributes["alt"])
            if found:
                row, digit = map(int, found.groups())
                self.assertEqual(labels[row], digit)
                image = images[row * 784:(row + 1) * 784]
                self.assertLessEqual(max(abs(a - b * LEVELS / 255) for a, b in zip(pixels, image)),
                                     0.51)
                shown += 1
        self.assertGreater(shown, 20)

    def section(self, model):
        """The part of the page about a model."""
        return re.search(rf"<summary><b>{model}</b>.*?</details>", self.html, re.S).group()

    def test_report_shows_support_vectors(self):
        labels = gzip.decompress((SAMPLE / "train-labels-idx1-ubyte.gz").read_bytes())[8:]
        for row in self.results:
            shown = re.findall(r'alt="Support vector, training image (\d+): a (\d)"',
                               self.section(row["model"]))
            if not row["model"].startswith("svm"):
                self.assertEqual(shown, [], row["model"])
                continue
            self.assertEqual([digit for _, digit in shown], [d for d in "0123456789" for _ in range(6)])
            self.assertEqual(len({index for index, _ in shown}), 60)
            self.assertLess(max(int(index) for index, _ in shown), row["train_rows"])

    def test_report_shows_discriminant_axes(self):
        for row in self.results:
            drawn = re.findall(r'<svg class="axes".*?</svg>', self.section(row["model"]), re.S)
            self.assertEqual(len(drawn), row["model"] in ("fisher", "kernel_fisher"), row["model"])
            for text in drawn:
                tree = xml.etree.ElementTree.fromstring(text)
                self.assertEqual(len(tree.findall("circle")), 1500)
                self.assertEqual([name.text for name in tree.findall("text")], list("0123456789"))
                across = sorted(float(dot.get("cx")) for dot in tree.findall("circle"))
                self.assertGreater(across[1125] - across[375], 40)  # not pressed together by outliers
                for dot in tree.findall("circle"):
                    self.assertTrue(0 < float(dot.get("cx")) < 720 and 0 < float(dot.get("cy")) < 480)

    def test_report_tells_the_layers(self):
        for row in self.results:
            told = re.findall(r"<pre>(.*?)</pre>", self.section(row["model"]), re.S)
            self.assertEqual(len(told), "history" in row, row["model"])
            for text in told:
                self.assertEqual(len(re.findall(r"(?:conv2d|dense|pool2d|dropout|flatten)", text)),
                                 len(row["params"].split(";")))

    def test_report_shows_learning_curves(self):
        for row in self.results:
            drawn = [xml.etree.ElementTree.fromstring(text) for text in
                     re.findall(r'<svg class="curve".*?</svg>', self.section(row["model"]), re.S)]
            self.assertEqual(len(drawn), 2 if "history" in row else 0, row["model"])
            for tree, name, wrong in zip(drawn, ("loss", "accuracy"), (False, True)):
                for line, prefix in (("training", ""), ("validation", "validation_")):
                    values = row["history"][prefix + name]
                    values = [100 - 100 * value if wrong else value for value in values]
                    self.check_line(tree, line, values)

    def check_line(self, tree, line, values):
        """The places are those of the values, by the labels beside the axis."""
        points, = [element.get("points") for element in tree.findall("polyline")
                   if element.get("class") == line]
        points = [tuple(map(float, point.split(","))) for point in points.split()]
        self.assertEqual(len(points), len(values))
        labels = [(float(text.get("y")), math.log(float(text.text)))
                  for text in tree.findall("text") if text.get("class") == "end"]
        (low_y, low), (high_y, high) = labels[0], labels[-1]
        self.assertGreater(len(labels), 1)
        for (x, y), value in zip(points, values):
            at = max(math.log(value), low) if value > 0 else low
            self.assertAlmostEqual(y, low_y + (at - low) / (high - low) * (high_y - low_y), delta=0.2)
        self.assertEqual([x for x, _ in points], sorted({x for x, _ in points}))

    @unittest.skipUnless("CLASSIFY_LIBRARY" in os.environ, "the library does not load into Python")
    def test_report_shows_filters(self):
        for model, count in (("lenet5", 6), ("cnn", 32), ("mlp_cross_entropy", 0)):
            shown = [attributes for attributes in Page(self.section_page(model)).images
                     if attributes["alt"].startswith("Filter")]
            self.assertEqual([image["alt"] for image in shown],
                             [f"Filter {i + 1}" for i in range(count)])
            for i, image in enumerate(shown):
                weights = self.filter_weights(model, count)[i::count]
                pixels, width, height = decode_png(image["src"])
                self.assertEqual((width, height), (5, 5))
                most = max(map(abs, weights))
                for pixel, weight in zip(pixels, weights, strict=True):
                    self.assertAlmostEqual(pixel, (weight / most + 1) * LEVELS / 2, delta=0.51)

    def section_page(self, model):
        return "<details>" + self.section(model)

    def filter_weights(self, model, count):
        """The first convolution's weights, filters last, from the saved model."""
        lib = ctypes.CDLL(os.environ["CLASSIFY_LIBRARY"])
        lib.clf_tensor_data.restype = ctypes.c_void_p
        loaded, weights = ctypes.c_void_p(), ctypes.c_void_p()
        path = self.folder / "models" / (model + ".clf")
        self.assertEqual(lib.clf_model_load(ctypes.byref(loaded), None, bytes(path)), 0)
        self.assertEqual(lib.clf_model_tensor(ctypes.byref(weights), loaded, b"conv2d_1.weight"), 0)
        data = ctypes.cast(lib.clf_tensor_data(weights), ctypes.POINTER(ctypes.c_float))
        values = data[:25 * count]
        lib.clf_tensor_free(weights)
        lib.clf_model_free(loaded)
        return values

    def draw(self, results):
        """The texts and titles of the picture of results."""
        (self.folder / "drawn.json").write_text(json.dumps(results))
        picture = self.folder / "r.svg"
        subprocess.run([sys.executable, ROOT / "tests" / "bench" / "plot_results.py",
                        self.folder / "drawn.json", picture], check=True)
        self.assertLess(picture.stat().st_size, 20000)
        tree = xml.etree.ElementTree.parse(picture)
        return [[element.text for element in tree.iter("{http://www.w3.org/2000/svg}" + tag)]
                for tag in ("text", "title")]

    def test_results_can_be_drawn(self):
        texts, _ = self.draw(self.results)
        for row in self.results:
            self.assertIn(row["model"], texts)
            self.assertIn(f"{100 * row['test_accuracy']:.2f} %", texts)

    def test_results_can_be_drawn_beside_peers(self):
        rows = [{**row, "by": by, "fit_seconds": seconds} for row in self.results
                for by, seconds in (("libclassify", 2.0), ("sklearn", 50.0), ("torch", 7.0))]
        texts, titles = self.draw(rows)
        self.assertEqual(texts.count("3.5 ×"), len(self.results))
        self.assertIn("scikit-learn", texts)
        self.assertEqual(titles.count("scikit-learn 50 s"), len(self.results))
        self.assertEqual(titles.count("PyTorch 7 s"), len(self.results))
        self.assertEqual(titles.count("libclassify 2 s"), len(self.results))

    def test_confusion_matrices_add_up(self):
        cells = re.findall(r"<table class=\"confusion\">.*?</table>", self.html, re.S)
        for row, table in zip(self.results, cells, strict=True):
            counts = [int(cell) for cell in re.findall(r"<td[^>]*>(\d+)</td>", table)]
            self.assertEqual(sum(counts), 2000)
            self.assertEqual(sum(counts[::11]), round(2000 * row["test_accuracy"]))


class Options(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def one(self, *arguments, **more):
        """A short run of one model."""
        return run("--models", "ridge", "--train", 300, "--test", 200, *arguments, **more)

    def wrong(self, *arguments, status, says):
        printed, said = run(*arguments, status=status)
        self.assertRegex(said, says)
        self.assertEqual(said.count("\n"), 1, said)
        self.assertTrue(said.startswith("mnist: "))

    def test_help_and_version(self):
        check_help(self, PROGRAM, "--report FILE", "a sample of 12,000 images that comes with the program")
        check_usage(self, lambda *arguments, status: run(*arguments, status=status)[1])
        self.assertRegex(run("--version")[0], r"^mnist, libclassify \d+\.\d+\.\d+\n$")

    def test_wrong_options_are_named(self):
        for arguments, says in (
                (["--modles=all"], "no option '--modles=all'; did you mean --models"),
                (["rows"], "no option 'rows'"),
                (["--models", "rigde"], "no model 'rigde'; did you mean ridge"),
                (["--models", "ridge,"], "no model ''"),
                (["--models", "zebra"], "no model 'zebra'; --models list shows them"),
                (["--preset", "exakt"], "no preset 'exakt'; did you mean exact"),
                (["--preset", "slow"], "no preset 'slow'; there are exact and best"),
                (["--train", "300", "--validation", "300"],
                 "--validation 300 leaves none of 300 rows to train on"),
                (["--train", "0"], "--train takes a whole number from 1 up, not '0'"),
                (["--test", "9x"], "--test takes a whole number from 1 up, not '9x'"),
                (["--seed", "-1"], "--seed takes a whole number from 0 up, not '-1'"),
                (["--train", "9" * 30], "--train takes a whole number"),
                (["--json"], "--json needs a value: FILE"),
                (["--json="], "--json is empty"),
                (["--quiet=1"], "--quiet takes no value")):
            with self.subTest(arguments=arguments):
                self.wrong(*arguments, status=2, says=says)

    def test_too_many_threads_are_the_library_s_word(self):
        self.wrong("--threads", "100000", status=2, says="threads is 100000")

    def test_missing_data_are_named(self):
        self.wrong("--data", self.folder, status=1, says=f"no MNIST in '{self.folder}'.*fetch.sh")

    def test_damaged_data_are_named(self):
        for name in ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz",
                     "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"):
            with self.subTest(file=name):
                shutil.copytree(SAMPLE, self.folder / "data", dirs_exist_ok=True)
                path = self.folder / "data" / name
                path.write_bytes(path.read_bytes()[:500])
                self.wrong("--data", self.folder / "data", status=1, says=re.escape(str(path)))
                path.unlink()
                self.wrong("--data", self.folder / "data", status=1, says=name.split("-")[0])

    def test_files_that_cannot_be_written_are_named(self):
        missing = self.folder / "missing" / "file"
        for option in ("--json", "--report", "--save"):
            with self.subTest(option=option):
                printed, said = self.one(option, missing, status=1)
                self.assertIn(f"{missing}: No such file or directory", said)
                self.assertEqual(printed, "")

    def test_a_full_disk_behind_standard_output_is_told(self):
        with open("/dev/full", "w") as full:
            for arguments in (["--models", "ridge", "--train", "300", "--test", "200", "--quiet"], ["--help"]):
                result = subprocess.run([PROGRAM, *arguments], stdout=full, stderr=subprocess.PIPE,
                                        text=True)
                self.assertEqual((result.returncode, result.stderr), (
                    1, "mnist: cannot write to standard output: No space left on device\n"))

    def test_a_full_disk_is_told(self):
        for option in ("--json", "--report"):
            said = self.one(option, "/dev/full", "--quiet", status=1)[1]
            self.assertEqual(said, "mnist: cannot write /dev/full: No space left on device\n")

    def test_quiet_says_nothing(self):
        printed, said = self.one("--quiet")
        self.assertEqual(said, "")
        self.assertEqual(len(printed.splitlines()), 2)

    def test_data_folder_by_environment_plain_and_in_a_folder_mnist(self):
        folder = self.folder / "mnist"
        folder.mkdir()
        for path in SAMPLE.glob("*.gz"):
            (folder / path.stem).write_bytes(gzip.decompress(path.read_bytes()))
        path = self.folder / "r.json"
        self.one("--json", path, CLASSIFY_DATA=str(self.folder))
        row, = json.loads(path.read_text())
        self.assertEqual((row["train_rows"], row["test_rows"], row["data"]),
                         (300, 200, str(self.folder)))

    def test_presets_differ(self):
        listed = [run("--models", "list", "--preset", preset)[0] for preset in ("exact", "best")]
        self.assertNotEqual(*listed)
        self.assertEqual(run("--models", "list")[0], listed[1])
        self.assertRegex(listed[0], r"cnn .* batch_size=100 .* with sgd learning_rate=0.001\n")
        path = self.folder / "r.json"
        run("--models", "mlp_cross_entropy,ridge", "--preset", "exact", "--train", 300, "--test", 200,
            "--json", path)
        network, other = json.loads(path.read_text())
        self.assertEqual(network["optimizer"], "adam")
        self.assertEqual(sorted(network["history"]), ["accuracy", "learning_rate", "loss", "seconds"])
        self.assertNotIn("history", other)

    def test_same_seed_same_results(self):
        seen = []
        for seed in (1, 1, 2):
            path = self.folder / "r.json"
            run("--models", "perceptron,ridge,perceptron", "--train", 300, "--test", 200, "--seed",
                seed, "--json", path)
            rows = json.loads(path.read_text())
            self.assertEqual([row["model"] for row in rows], ["perceptron", "ridge"])
            seen.append([row["train_accuracy"] for row in rows]
                        + [row["test_accuracy"] for row in rows])
        self.assertEqual(seen[0], seen[1])
        self.assertNotEqual(seen[0], seen[2])


class OwnData(unittest.TestCase):
    """--format: any data set that the library reads."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def pictures(self, classes, each=10):
        """A folder a class: a bar's place says which, its brightness differs."""
        for number, name in enumerate(classes):
            (self.folder / "data" / name).mkdir(parents=True)
            for i in range(each):
                row = bytes(120 + 10 * i if x // 3 == 2 * number else 20 for x in range(24))
                path = self.folder / "data" / name / f"{i} ü.pgm"
                path.write_bytes(b"P5 24 24 255\n" + row * 24)
        return self.folder / "data"

    def test_folders_of_pictures(self):
        names = ['a "b" <i>', "c, d & e", "x" * 60]
        data = self.pictures(names)
        run("--format", "images", "--data", data, "--models", "ridge,svm_linear,fisher", "--json",
            self.folder / "r.json", "--report", self.folder / "r.html", "--save", self.folder / "m")
        rows = json.loads((self.folder / "r.json").read_text())
        self.assertEqual([(row["train_rows"], row["test_rows"]) for row in rows], [(24, 6)] * 3)
        self.assertEqual([row["test_accuracy"] for row in rows], [1] * 3)
        self.assertEqual(rows[0]["data"], str(data))
        html = (self.folder / "r.html").read_text()
        check_report(self, html, rows)
        text = "".join(Page(html).text)
        for name in names:
            self.assertIn(name, text)
        self.assertIn(b"c, d & e", (self.folder / "m" / "ridge.clf").read_bytes())

    def test_a_table_and_another_to_test_on(self):
        lines = [f"{i % 7},{i % 5},{'many' if i % 7 > 3 else 'few'}" for i in range(70)]
        (self.folder / "t.csv").write_text("a,b,kind\n" + "\n".join(lines) + "\n")
        (self.folder / "u.csv").write_text("a,b,kind\n" + "\n".join(lines[:21]) + "\n")
        arguments = "--format", "csv", "--data", self.folder / "t.csv", "--params", "label=kind"
        run(*arguments, "--models", "logistic,mlp_cross_entropy", "--test-data", self.folder / "u.csv",
            "--json", self.folder / "r.json", "--report", self.folder / "r.html")
        rows = json.loads((self.folder / "r.json").read_text())
        self.assertEqual([(row["train_rows"], row["test_rows"]) for row in rows], [(70, 21)] * 2)
        self.assertIn("dense units=2 ", rows[1]["params"])
        self.assertNotIn("<img", (self.folder / "r.html").read_text())
        said = run(*arguments, "--models", "lenet5", status=1)[1]
        self.assertIn("mnist: lenet5: conv2d 1: its input is", said)
        (self.folder / "u.csv").write_text("a,b,kind\n1,2,some\n3,4,few\n")
        said = run(*arguments, "--test-data", self.folder / "u.csv", status=1)[1]
        self.assertIn("the test data have not the same classes", said)

    def test_idx_files_of_any_name(self):
        for kind, name in (("images-idx3", "letters-images-idx3"), ("labels-idx1", "letters-labels-idx1")):
            shutil.copy(SAMPLE / f"t10k-{kind}-ubyte.gz", self.folder / f"{name}-ubyte.gz")
        run("--format", "idx", "--data", self.folder / "letters-images-idx3-ubyte.gz", "--models",
            "ridge", "--json", self.folder / "r.json")
        row, = json.loads((self.folder / "r.json").read_text())
        self.assertEqual((row["train_rows"], row["test_rows"]), (1600, 400))

    def test_what_is_wrong_is_named(self):
        (self.folder / "empty").mkdir()
        for arguments, status, says in (
                (["--format", "images", "--data", self.folder / "nowhere"], 1, "nowhere"),
                (["--format", "images", "--data", self.folder / "empty"], 1, "empty"),
                (["--format", "csvv", "--data", self.folder], 1, "csvv"),
                (["--params", "label=kind"], 2, "--params and --test-data belong to --format"),
                (["--test-data", "x"], 2, "belong to --format")):
            with self.subTest(arguments=arguments):
                printed, said = run(*arguments, status=status)
                self.assertIn(says, said)
                self.assertEqual((printed, said.count("\n")), ("", 1))


class Interrupt(unittest.TestCase):
    def test_ctrl_c_ends_with_what_was_done(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "r.json"
            process = subprocess.Popen([PROGRAM, "--models", "ridge,lenet5,fisher", "--json", path],
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            self.addCleanup(process.stdout.close)
            self.addCleanup(process.stderr.close)
            for line in process.stderr:
                if line.startswith("lenet5"):  # which takes many seconds
                    break
            process.send_signal(signal.SIGINT)
            said = process.stderr.read()
            self.assertEqual(process.wait(timeout=60), 130)
            self.assertRegex(said, r"^mnist: interrupted; [12] of 3 models done\n$")
            self.assertEqual(json.loads(path.read_text())[0]["model"], "ridge")

    def test_a_terminal_shows_a_bar(self):
        child, terminal = pty.fork()
        if child == 0:
            os.environ["CLASSIFY_CPU"] = "generic"
            os.execv(PROGRAM, [PROGRAM, "--models", "logistic", "--threads", "1"])
        said, pressed = b"", False
        try:
            while True:
                said += os.read(terminal, 4096)
                if not pressed and said.count(b" left") > 2:
                    os.write(terminal, b"\x03")
                    pressed = True
        except OSError:  # the other end is closed
            pass
        os.close(terminal)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        self.assertEqual(status, 130, said)
        self.assertRegex(said, rb"\rlogistic +\[#*\.*\] +\d+ %  up to \d+:\d\d left\x1b\[K")
        self.assertIn(b"\r\x1b[K", said)
        self.assertNotIn(b"fitting", said)


if __name__ == "__main__":
    unittest.main()
