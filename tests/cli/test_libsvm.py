"""svm-train, svm-predict and svm-scale next to LIBSVM's own programs: the same lines, files and
predictions on the same data; and what they say when something is wrong."""
import gzip
import itertools
import math
import os
import pathlib
import random
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from cli import SAMPLE, TOOL, main, wait_until_it_has_worked

PROGRAMS = ("svm-train", "svm-predict", "svm-scale")
# Programs of Debian's libsvm-tools; its svm-train rounds option values to float, so the tests take
# values that are floats.
THEIRS = {name: shutil.which(name) for name in PROGRAMS}
INSTALLED = all(THEIRS.values())


def write(path, rows):
    path.write_text("".join(row + "\n" for row in rows))


def entries(values):
    """Those of [value of index 1, value of index 2 ...] that are not 0."""
    return "".join(f" {j + 1}:{value:.6g}" for j, value in enumerate(values) if value)


def heart(rng, count):
    """Rows of the form of LIBSVM's heart_scale: 13 features in [-1, 1], two labels."""
    for i in range(count):
        y = rng.choice((1, -1))
        yield f"{y:+d}" + entries([max(-1, min(1, rng.gauss(0.4 * y * (j % 3 == 0), 0.6)))
                                   for j in range(13)])


def digits(part, count):
    """Rows of the MNIST sample, with bytes as numbers in [0, 1]."""
    images = gzip.decompress((SAMPLE / f"{part}-images-idx3-ubyte.gz").read_bytes())[16:]
    labels = gzip.decompress((SAMPLE / f"{part}-labels-idx1-ubyte.gz").read_bytes())[8:]
    for i in range(count):
        yield str(labels[i]) + entries([b / 255 for b in images[784 * i:784 * (i + 1)]])


def texts(rng, count, words=4000):
    """Rows of few among many words, as texts have them; three labels, of which 30 comes first."""
    weights = [1 / (j + 5) for j in range(words)]
    for i in range(count):
        y = (30, -2, 7)[i % 3]
        chosen = set(rng.choices(range(words), weights, k=30))
        chosen |= {(y * 7 + 11 * k) % words for k in range(60) if rng.random() < 0.1}
        norm = math.sqrt(sum(1 / (1 + weights[j]) ** 2 for j in chosen))
        yield str(y) + "".join(f" {j + 1}:{1 / (1 + weights[j]) / norm:.6g}" for j in sorted(chosen))


def kernel_rows(rows, chosen, columns):
    """Rows of a precomputed linear kernel with rows 0 to columns - 1."""
    split = [row.split() for row in rows]
    x = [dict((int(i), float(v)) for i, v in (e.split(":") for e in row[1:])) for row in split]
    for i in chosen:
        values = (sum(v * x[j].get(k, 0) for k, v in x[i].items()) for j in range(columns))
        yield split[i][0] + f" 0:{i + 1}" + "".join(f" {j + 1}:{v:.9g}" for j, v in enumerate(values))


class Programs(unittest.TestCase):
    """A folder with the programs by their own names, and with data."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.ours = {name: str(cls.folder / "bin" / name) for name in PROGRAMS}
        (cls.folder / "bin").mkdir()
        for path in cls.ours.values():
            os.symlink(TOOL, path)
        rng = random.Random(7)
        rows = list(heart(rng, 270))
        write(cls.folder / "heart", rows)
        write(cls.folder / "heart.t", heart(rng, 200))
        write(cls.folder / "kernel", kernel_rows(rows, range(200), 200))
        write(cls.folder / "kernel.t", kernel_rows(rows, range(200, 270), 200))
        write(cls.folder / "digits", digits("train", 500))
        write(cls.folder / "digits.t", digits("t10k", 150))
        write(cls.folder / "texts", texts(rng, 240))
        write(cls.folder / "texts.t", texts(rng, 90))

    def run_program(self, *command, status=0, **options):
        result = subprocess.run(command, cwd=self.folder, capture_output=True, text=True,
                                timeout=120, **options)
        self.assertEqual(result.returncode, status, f"{command}: {result.stderr}")
        return result.stdout, result.stderr

    def run_ours(self, name, *arguments, **options):
        return self.run_program(self.ours[name], *map(str, arguments), **options)

    def run_theirs(self, name, *arguments, **options):
        return self.run_program(THEIRS[name], *map(str, arguments), **options)

    def read(self, name):
        return (self.folder / name).read_text()

    def save(self, name, text):
        (self.folder / name).write_text(text)
        return name

    def leftovers(self):
        return [path.name for path in self.folder.iterdir() if path.name.startswith(".classify")]


NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]\d+)?")
KERNELS = {"0": "", "1": "-g 0.25 -r 1", "2": "", "3": "-g 0.00390625"}


@unittest.skipUnless(INSTALLED, "needs svm-train, svm-predict and svm-scale of libsvm-tools")
class NextToLibsvm(Programs):

    def check_lines(self, ours, theirs, case):
        """The same lines; of numbers, iterations differ, and the others agree as the tolerance of
        the solvers lets them."""
        ours, theirs = ([line for line in text.split("\n") if not re.fullmatch(r"[.*]+", line)]
                        for text in (ours, theirs))
        self.assertEqual([NUMBER.sub("#", line) for line in ours],
                         [NUMBER.sub("#", line) for line in theirs], case)
        for own, other in zip(ours, theirs):
            a, b = ([float(x) for x in NUMBER.findall(line)] for line in (own, other))
            if own.startswith("obj"):
                self.assertAlmostEqual(a[0], b[0], delta=1e-3 * abs(b[0]) + 1e-6, msg=case)
                self.assertAlmostEqual(a[1], b[1], delta=1e-2 * (1 + abs(b[1])), msg=case)
            elif own.startswith("nu"):
                self.assertAlmostEqual(a[0], b[0], delta=2e-3, msg=case)
            elif "nSV" in own:
                for x, y in zip(a, b):
                    self.assertAlmostEqual(x, y, delta=3 + 0.02 * y, msg=case)
            elif "#iter" not in own:
                self.assertEqual(a, b, case)

    def check_case(self, data, options):
        case = f"{data} {options}"
        ours = self.run_ours("svm-train", *options.split(), data, "ours.model")
        theirs = self.run_theirs("svm-train", *options.split(), data, "theirs.model")
        self.check_lines(ours[0], theirs[0], case)
        self.assertEqual(ours[1], theirs[1], case)
        self.assertTrue(re.search(r"^\.*\*$", ours[0], re.M), "no line of dots")
        predicted = set()
        for run, model in itertools.product((self.run_ours, self.run_theirs),
                                            ("ours.model", "theirs.model")):
            said = run("svm-predict", f"{data}.t", model, "out")
            predicted.add(said + (self.read("out"),))
        self.assertEqual(len(predicted), 1, f"{case}: predictions differ")

    def test_lines_models_and_predictions(self):
        for data in ("heart", "digits", "texts"):
            for kernel, options in KERNELS.items():
                with self.subTest(data=data, kernel=kernel):
                    self.check_case(data, f"-t {kernel} {options}")

    def test_options(self):
        for options in ("-c 8 -g 0.5", "-c 4 -w1 2 -w-1 0.5", "-w1 2 -w1 2 -e 0.0001", "-h 0 -m 1",
                        "-w5 3", "-t 1 -d 2 -r 0.5", "-g 0"):
            with self.subTest(options=options):
                self.check_case("heart", options)
        self.check_case("kernel", "-t 4 -c 2")

    def test_models_have_the_same_form(self):
        for kernel, options in (("2", "-b 1"), ("1", ""), ("3", "-g 0.125"), ("0", ""), ("4", "")):
            data = "kernel" if kernel == "4" else "heart"
            texts = []
            for run in (self.run_ours, self.run_theirs):
                run("svm-train", "-q", "-t", kernel, *options.split(), data, "model")
                head, vectors = self.read("model").split("SV\n")
                texts.append(([line.split()[0] for line in head.split("\n") if line],
                              re.search("label.*", head).group(),
                              re.findall(r"(?:gamma|coef0|degree|kernel_type) .*", head),
                              {line.split(" ", 1)[1] for line in vectors.split("\n") if line}))
            self.assertEqual(texts[0][:3], texts[1][:3])
            # Some of the vectors at the edge of being one may differ.
            self.assertLessEqual(len(texts[0][3] ^ texts[1][3]), 5)

    def test_cross_validation(self):
        for data, options in (("heart", "-v 5"), ("heart", "-v 7 -t 0 -c 4"), ("digits", "-v 3"),
                              ("texts", "-v 4 -t 0"), ("kernel", "-v 3 -t 4"),
                              ("small", "-v 30"), ("small", "-v 20")):
            self.save("small", "".join(self.read("heart").splitlines(True)[:20]))
            ours = self.run_ours("svm-train", *options.split(), data)
            theirs = self.run_theirs("svm-train", *options.split(), data)
            self.check_lines(ours[0], theirs[0], f"{data} {options}")
            self.assertEqual(ours[1], theirs[1])

    def test_probabilities(self):
        """Probabilities differ from LIBSVM's, which draws folds to fit them. Of one model, those of
        two classes agree; for more classes LIBSVM stops its iteration early."""
        for data, tolerance in (("heart", 1e-4), ("texts", 0.05)):
            self.run_theirs("svm-train", "-b", 1, "-q", data, "theirs.model")
            self.run_ours("svm-train", "-b", 1, "-q", data, "ours.model")
            for model in ("theirs.model", "ours.model"):
                files = []
                for run in (self.run_ours, self.run_theirs):
                    said = run("svm-predict", "-b", 1, f"{data}.t", model, "out")
                    lines = self.read("out").split("\n")
                    files.append((said, lines[0], [line.split() for line in lines[1:] if line]))
                (said, head, own), (their_said, their_head, others) = files
                self.assertEqual(head, their_head)
                self.assertEqual(len(own), len(others))
                for a, b in zip(own, others):
                    for x, y in zip(a[1:], b[1:]):
                        self.assertAlmostEqual(float(x), float(y), delta=tolerance)
                same = sum(a[0] == b[0] for a, b in zip(own, others))
                self.assertGreaterEqual(same, len(own) - 2)
            said = [run("svm-predict", f"{data}.t", "ours.model", "out")
                    for run in (self.run_ours, self.run_theirs)]
            self.assertEqual(said[0], said[1])
            self.assertIn("but disabled in prediction", said[0][0])

    def test_scaled_files(self):
        rng = random.Random(3)
        write(self.folder / "wide", (str(rng.choice((1, 2, -3.5))) + "".join(
            f" {j}:{rng.gauss(0, 10 ** rng.randint(-4, 4)):.7g}"
            for j in sorted(rng.sample(range(1, 60), 8))) for _ in range(150)))
        self.save("odd", "1e10 1:1e300 2:-1e-5 \n+3\t1:4   2:1\r\n2 1:7 90:0\n-0 3:0x10")
        self.save("zero", "1 0:2 1:1\n-1 0:3\n1 2:2\n")
        for data in ("heart", "texts", "wide", "odd", "zero"):
            for options in ("", "-l 0", "-l 0 -u 1 -y 0 1", "-l -3 -u 7.125", "-y -1 1 -u 8"):
                with self.subTest(data=data, options=options):
                    ours, theirs = (run("svm-scale", *options.split(), "-s", "range", data) +
                                    (self.read("range"),)
                                    for run in (self.run_ours, self.run_theirs))
                    self.assertEqual(ours, theirs)
                    for other in (data, "wide", "odd"):
                        self.assertEqual(self.run_ours("svm-scale", "-r", "range", other),
                                         self.run_theirs("svm-scale", "-r", "range", other))

    def test_rows_of_any_label(self):
        """Labels are cut to integers, as LIBSVM does, and indices may begin at 0."""
        self.save("fractions", "1.5 1:1\n-2.5 1:2\n1.5 1:-1\n1234567 1:3\n")
        self.save("zero", "1 0:2 1:1\n-1 0:3\n1 2:2\n")
        self.save("one", "1 1:1\n1 1:2\n")
        for data in ("fractions", "zero", "one"):
            shutil.copy(self.folder / data, self.folder / f"{data}.t")
            if data != "one":
                self.check_case(data, "")
        said = []
        for run in (self.run_ours, self.run_theirs):
            said.append((run("svm-train", "one", "model"), self.read("model"),
                         run("svm-predict", "heart", "model", "out"), self.read("out")))
        self.assertEqual(said[0], said[1])

    def test_rows_with_more_features_than_the_model(self):
        """In an rbf kernel the other features count, too."""
        self.save("narrow", "1 1:1\n-1 1:-1\n1 1:0.5\n-1 1:-0.75\n")
        self.save("narrow.t", "1 1:0.9\n1\n-1 1:-2 7:3\n1 1:0.5 900:-1\n")
        self.check_case("narrow", "")
        self.check_case("narrow", "-t 0")

    def test_other_types(self):
        """Lines and files as LIBSVM's, and of either model the same predictions by either program."""
        near = {"obj": 1e-3, "nu": 2e-3, "epsilon": 2e-3, "C": 2e-3, "Mean": 1e-3, "Squared": 1e-3, "z": 5e-3}
        for options in ("-s 1 -n 0.3", "-s 2 -n 0.3 -g 0.1", "-s 3 -p 0.2", "-s 3 -t 0 -c 0.1", "-s 4 -n 0.4",
                        "-s 3 -b 1"):
            with self.subTest(options=options):
                ours, theirs = ([line for line in run("svm-train", "-e", 1e-5, *options.split(), "heart", model)[0].split("\n")
                                 if line and not re.fullmatch(r"[.*]+", line) and "#iter" not in line]
                                for run, model in ((self.run_ours, "ours.model"), (self.run_theirs, "theirs.model")))
                self.assertEqual([NUMBER.sub("#", line) for line in ours], [NUMBER.sub("#", line) for line in theirs])
                for own, other in zip(ours, theirs):
                    a, b = ([float(x) for x in NUMBER.findall(line)] for line in (own, other))
                    close = near.get(re.match(r"\w*", own).group())
                    if close:
                        self.assertAlmostEqual(a[0], b[0], delta=close * (abs(b[0]) + 1), msg=own)
                forms = [re.sub(r" .*", "", self.read(f"{who}.model").split("\nSV")[0]) for who in ("ours", "theirs")]
                self.assertEqual(*forms)
                self.check_predictions(options)

    def check_predictions(self, options):
        for model in ("ours.model", "theirs.model"):
            said, found = [], []
            for run in (self.run_ours, self.run_theirs):
                said.append(run("svm-predict", *(["-b", 1] if "-b" in options else []), "heart.t", model, "out")[0])
                found.append([float(line) for line in self.read("out").split("\n") if line])
            worst = max(abs(a - b) for a, b in zip(*found))
            if "-s 1" in options or "-s 2" in options:
                self.assertEqual((worst, said[0]), (0, said[1]))
            else:
                self.assertLess(worst, 1e-4, options)
                self.assertEqual(*(NUMBER.sub("#", text) for text in said))

    def test_cross_validation_of_other_types(self):
        for options in ("-s 1 -n 0.3", "-s 2 -n 0.3 -g 0.1", "-s 3", "-s 4"):
            said = [run("svm-train", "-q", "-e", 1e-5, "-v", 3, *options.split(), "heart")[0]
                    for run in (self.run_ours, self.run_theirs)]
            self.assertEqual(*(NUMBER.sub("#", text) for text in said))
            for a, b in zip(*(NUMBER.findall(text) for text in said)):
                self.assertAlmostEqual(float(a), float(b), delta=0.02 * abs(float(b)))

    def test_empty_test_file(self):
        self.run_theirs("svm-train", "-q", "heart", "model")
        self.save("empty", "")
        said = [run("svm-predict", "empty", "model", "out") + (self.read("out"),)
                for run in (self.run_ours, self.run_theirs)]
        self.assertEqual(said[0], said[1])

    def test_messages_that_scripts_look_for(self):
        self.run_theirs("svm-train", "-q", "heart", "model")
        for arguments in (("svm-train", "missing"), ("svm-train", "-x", "heart"),
                          ("svm-train", "-s", 9, "heart"), ("svm-train", "-c", -1, "heart"),
                          ("svm-train", "-t", 7, "heart"), ("svm-train", "-e", 0, "heart"),
                          ("svm-train", "-g", -1, "heart"), ("svm-train", "-m", 0, "heart"),
                          ("svm-train", "-t", 4, "heart"),
                          ("svm-predict", "missing", "model", "out"),
                          ("svm-predict", "heart", "missing", "out"),
                          ("svm-predict", "-b", 1, "heart", "model", "out"),
                          ("svm-predict", "heart"), ("svm-scale", "missing"),
                          ("svm-scale", "-l", 2, "heart"), ("svm-scale", "-s", "a", "-r", "b", "heart"),
                          ("svm-scale", "-r", "missing", "heart"), ("svm-train",)):
            with self.subTest(arguments=arguments):
                ours = self.run_ours(*arguments, status=1)
                theirs = self.run_theirs(*arguments, status=1)
                self.assertEqual(ours[0].split("\n")[0], theirs[0].split("\n")[0])
                self.assertTrue(ours[1].startswith(theirs[1].rstrip("\n")), (ours[1], theirs[1]))

    @unittest.skipUnless(shutil.which("svm-grid"), "needs svm-grid of libsvm-tools")
    def test_grid_search_script_reads_ours(self):
        said = [self.run_program("svm-grid", "-log2c", "-1,3,2", "-log2g", "-4,0,2", "-v", "3",
                                 "-svmtrain", programs["svm-train"], "-gnuplot", "null", "heart")
                for programs in (self.ours, THEIRS)]
        self.assertEqual(sorted(said[0][0].split("\n")), sorted(said[1][0].split("\n")))


class Alone(Programs):
    """What can be known without LIBSVM."""

    def test_two_rows_have_a_closed_form(self):
        """x = 1 and x = -1, linear: alpha = 1/2 each, f(x) = x."""
        self.save("two", "+1 1:1\n-1 1:-1\n")
        said = self.run_ours("svm-train", "-t", 0, "two")[0]
        self.assertIn("nu = 0.500000\nobj = -0.500000, rho = 0.000000\nnSV = 2, nBSV = 0\n"
                      "Total nSV = 2\n", said)
        self.assertEqual(self.read("two.model"),
                         "svm_type c_svc\nkernel_type linear\nnr_class 2\ntotal_sv 2\nrho 0\n"
                         "label 1 -1\nnr_sv 1 1\nSV\n0.5 1:1 \n-0.5 1:-1 \n")

    def test_a_tie_is_for_the_class_that_came_first(self):
        """With no pair that prefers either, each of three classes has a vote."""
        self.save("model", "svm_type c_svc\nkernel_type linear\nnr_class 3\ntotal_sv 3\n"
                           "rho -1 1 -3\nlabel 9 4 6\nnr_sv 1 1 1\nSV\n0 0 1:1\n0 0 1:1\n0 0 1:1\n")
        self.save("row", "4 1:1\n")
        self.run_ours("svm-predict", "row", "model", "out")
        self.assertEqual(self.read("out"), "9\n")

    def test_features_far_from_zero_keep_their_digits(self):
        """A feature at 1e7: the model file is for the rows as they are."""
        rng = random.Random(1)
        rows = []
        for i in range(60):
            y = rng.choice((1, -1))
            rows.append((y, 1e7 + y + rng.gauss(0, 0.3), rng.gauss(0, 1)))
        write(self.folder / "far", (f"{y} 1:{a!r} 2:{b!r}" for y, a, b in rows))
        write(self.folder / "near", (f"{y} 1:{a - 1e7!r} 2:{b!r}" for y, a, b in rows))
        for kernel in (0, 2):
            objective = {}
            for data in ("far", "near"):
                said = self.run_ours("svm-train", "-t", kernel, "-g", 0.5, data, "model")[0]
                objective[data] = float(re.search("obj = ([^,]*)", said)[1])
                self.assertAlmostEqual(float(re.search("rho = (.*)", said)[1]),
                                       float(re.search("rho (.*)", self.read("model"))[1]), places=5)
                runs = [self.run_ours] + [self.run_theirs] * INSTALLED
                for run in runs:
                    out, error = run("svm-predict", data, "model", "out")
                    self.assertEqual(error, "")
                    self.assertGreater(float(re.search("Accuracy = ([^%]*)", out)[1]), 95)
            self.assertAlmostEqual(objective["far"], objective["near"],
                                   delta=1e-3 * abs(objective["near"]))

    def test_standard_input_and_output(self):
        self.run_ours("svm-train", "-q", "heart", "model")
        self.run_ours("svm-predict", "-q", "heart.t", "model", "out")
        piped = self.run_ours("svm-predict", "-q", "-", "model", "-", input=self.read("heart.t"))
        self.assertEqual(piped[0], self.read("out"))
        piped = self.run_ours("svm-predict", "-q", "/dev/stdin", "model", "/dev/stdout",
                              input=self.read("heart.t"))
        self.assertEqual(piped[0], self.read("out"))
        self.assertEqual(self.run_ours("svm-scale", "-", input=self.read("heart")),
                         self.run_ours("svm-scale", "heart"))

    def test_standard_output_in_a_file(self):
        """/dev/stdout is then a file, which the shell's descriptor goes on to refer to."""
        self.run_ours("svm-train", "-q", "heart", "model")
        self.run_ours("svm-predict", "-q", "heart.t", "model", "out")
        with open(self.folder / "all", "w") as out:
            subprocess.run([self.ours["svm-predict"], "heart.t", "model", "/dev/stdout"], stdout=out,
                           cwd=self.folder, check=True)
        self.assertRegex(self.read("all"), f"^{self.read('out')}Accuracy = .*\n$")

    def test_as_a_verb(self):
        self.run_program(TOOL, "svm-train", "-q", "heart", "verb.model")
        self.run_ours("svm-train", "-q", "heart", "name.model")
        self.assertEqual(self.read("verb.model"), self.read("name.model"))

    def test_wrong_words(self):
        self.run_ours("svm-train", "-q", "heart", "model")
        for word, said in (("svm-train -c abc heart", "-c takes a number, not 'abc'"),
                           ("svm-train -c 1x heart", "not '1x'"), ("svm-train -g nan heart", "'nan'"),
                           ("svm-train -t 2.5 heart", "'2.5'"), ("svm-train -b 2 heart", "0 to 1"),
                           ("svm-train -v 1 heart", "from 2"), ("svm-train -w1", "-w takes a number"),
                           ("svm-train -wx 2 heart", "'x'"), ("svm-train -c", "needs a value"),
                           ("svm-train -s 5 heart", "unknown svm type"),
                           ("svm-train -s 1 -n 2 heart", "nu <= 0 or nu > 1"),
                           ("svm-train -s 3 -p -1 heart", "p < 0"),
                           ("svm-train -s 2 -b 1 heart", "not supported yet"),
                           ("svm-train -s 1 -n 1 heart", "is infeasible for classes of these sizes"),
                           ("svm-predict -b", "needs a value"), ("svm-scale -l 1,5 heart", "'1,5'"),
                           ("svm-scale -y 0 heart", "-y takes a number")):
            with self.subTest(word=word):
                name, *arguments = word.split()
                out, error = self.run_ours(name, *arguments, status=1)
                self.assertIn(said, error)
                self.assertEqual(len(error.strip().split("\n")), 1, error)

    def test_wrong_files(self):
        self.run_ours("svm-train", "-q", "heart", "model")
        model = self.read("model")
        for text, said in (("1 1:a\n", "line 1: '1:a'"), ("1 1:1\nx 1:1\n", "line 2: 'x'"),
                           ("1 1:1\n\n1 1:2\n", "line 2: ''"), ("1 2:1 1:1\n", "line 1: '1:1'"),
                           ("1 1:1 1:1\n", "line 1: '1:1'"), ("1 -1:1\n", "line 1: '-1:1'"),
                           ("1 1:nan\n", "'1:nan'"), ("1 1:inf\n", "'1:inf'"), ("1 1:1e999\n", "1e999"),
                           ("nan 1:1\n", "'nan'"), ("1 9999999999:1\n", "9999999999"),
                           ("1 1:1 2\n", "'2'"), ("1 1:1,2:1\n", "'1:1,2:1'"), ("1 :1\n", "':1'"),
                           ("1 1:1\0 2:1\n", "byte 0")):
            self.save("wrong", text)
            for name, *more in (("svm-train", "wrong", "made"), ("svm-predict", "wrong", "model", "made"),
                                ("svm-scale", "-s", "made", "wrong")):
                with self.subTest(text=text, name=name):
                    out, error = self.run_ours(name, *more, status=1)
                    self.assertIn("Wrong input format at line", error)
                    self.assertIn(said, error)
                    self.assertEqual(error.count("\n"), 1, error)
                    self.assertFalse((self.folder / "made").exists())
        self.save("empty", "")
        self.assertIn("empty", self.run_ours("svm-train", "empty", status=1)[1])
        for text in ("", "x\n", "y\n0 1\n", "x\n-1 1\n1 0\n", "x\n-1 1\n2 0 1\n1 0 1\n", "heart\n"):
            self.save("range", text)
            out, error = self.run_ours("svm-scale", "-r", "range", "heart", status=1)
            self.assertEqual((out, error.count("\n")), ("", 1), error)
        for text in ("", "1 1:1\n", model[:len(model) // 2], model.replace("nr_class 2", "nr_class 3"),
                     model.replace("c_svc", "epsilon_svr"), model.replace("label 1 -1", "label 1 1"),
                     model.replace("label 1 -1\n", ""), model.replace("nr_class 2", "nr_class 1")):
            self.save("wrong", text)
            out, error = self.run_ours("svm-predict", "heart", "wrong", "made", status=1)
            self.assertEqual((out, error.count("\n")), ("", 1), error)
            self.assertFalse((self.folder / "made").exists())
        self.assertEqual(self.leftovers(), [])

    def test_wrong_kernel_rows(self):
        for text in ("1 1:1\n-1 0:2 1:1\n", "1 0:0 1:1 2:1\n-1 0:2 1:1 2:1\n",
                     "1 0:1 1:1 2:1\n-1 0:3 1:1 2:1\n"):
            self.save("wrong", text)
            self.assertIn("sample_serial_number",
                          self.run_ours("svm-train", "-t", 4, "wrong", status=1)[1])

    def test_outputs_that_cannot_be_written(self):
        self.run_ours("svm-train", "-q", "heart", "model")
        for command in (("svm-train", "-q", "heart", "/dev/full"),
                        ("svm-train", "heart", "missing/model"), ("svm-train", "heart", "."),
                        ("svm-predict", "heart", "model", "/dev/full"),
                        ("svm-predict", "heart", "model", "missing/out"),
                        ("svm-scale", "-s", "/dev/full", "heart"),
                        ("svm-scale", "-s", "missing/range", "heart")):
            with self.subTest(command=command):
                error = self.run_ours(*command, status=1)[1]
                self.assertIn("cannot write", error)
                self.assertEqual(error.count("\n"), 1, error)
        with open("/dev/full", "w") as full:
            for command in (("svm-scale", "heart"), ("svm-train", "heart", "unseen")):
                result = subprocess.run([self.ours[command[0]], *command[1:]], cwd=self.folder,
                                        stdout=full, stderr=subprocess.PIPE, text=True)
                self.assertEqual(result.returncode, 1)
                self.assertIn("cannot write to standard output", result.stderr)

    def test_a_full_disk_leaves_the_old_file(self):
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

        self.run_ours("svm-train", "-q", "heart", "model")
        for command in (("svm-train", "-q", "heart", "kept"),
                        ("svm-predict", "-b", 1, "heart.t", "probable", "kept")):
            self.run_ours("svm-train", "-q", "-b", 1, "heart", "probable")
            self.save("kept", "old")
            error = self.run_ours(*command, status=1, preexec_fn=limit)[1]
            self.assertIn("File too large", error)
            self.assertEqual(self.read("kept"), "old")
        self.assertEqual(self.leftovers(), [])

    def test_permissions_and_links_stay(self):
        self.save("real", "")
        (self.folder / "real").chmod(0o640)
        os.symlink("real", self.folder / "link")
        self.run_ours("svm-train", "-q", "heart", "link")
        self.assertTrue((self.folder / "link").is_symlink())
        self.assertIn("svm_type", self.read("real"))
        self.assertEqual((self.folder / "real").stat().st_mode & 0o777, 0o640)

    def interrupt(self, process):
        process.send_signal(signal.SIGINT)
        begun = time.monotonic()
        error = process.communicate(timeout=60)[1]
        self.assertEqual(process.returncode, -signal.SIGINT, error)
        self.assertLess(time.monotonic() - begun, 10)

    def test_interrupt(self):
        rng = random.Random(2)
        write(self.folder / "slow", (str(rng.choice((1, 2))) + entries([rng.gauss(0, 1) for _ in range(8)])
                                     for _ in range(4000)))
        self.save("kept", "old")
        for options in ((), ("-v", "5")):
            process = subprocess.Popen([self.ours["svm-train"], "-q", "-c", "1e6", "-g", "0.01",
                                        "-e", "1e-7", *options, "slow", *(() if options else ("kept",))],
                                       cwd=self.folder, stderr=subprocess.PIPE, text=True)
            wait_until_it_has_worked(process, 1)
            self.interrupt(process)
        self.run_ours("svm-train", "-q", "heart", "model")
        for name, *more in (("svm-predict", "-", "model", "kept"), ("svm-scale", "-s", "kept", "-")):
            process = subprocess.Popen([self.ours[name], *more], cwd=self.folder, text=True,
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE)
            process.stdin.write("1 1:1\n")
            process.stdin.flush()
            time.sleep(0.5)
            self.interrupt(process)
        self.assertEqual(self.read("kept"), "old")
        self.assertEqual(self.leftovers(), [])


class Reported(Programs):
    """What LIBSVM's users ran into with its programs."""

    def test_values_that_are_no_numbers(self):
        """svm-scale stopped at the first such value of a row and took the rest for 0."""
        self.save("dots", "1 1:0.01 2:0.32 3:-0.12 4:. 5:0.023\n-1 1:2 8.-0.02\n")
        self.assertIn("line 1: '4:.'", self.run_ours("svm-scale", "dots", status=1)[1])

    def test_a_tolerance_beyond_the_maximum_is_said(self):
        self.save("two", "1 1:1\n-1 1:-1\n")
        self.assertIn("WARNING: eps above 1 is taken as 1", self.run_ours("svm-train", "-e", 2, "-q", "two", "model")[1])

    def test_probabilities_of_two_rows(self):
        """With a row for each class, its folds had the classes reversed: 0 % were right."""
        self.save("two", "1 1:1\n-1 1:-1\n")
        self.run_ours("svm-train", "-t", 0, "-b", 1, "-q", "two", "model")
        self.run_ours("svm-predict", "-b", 1, "two", "model", "out")
        rows = [line.split() for line in self.read("out").split("\n")[1:3]]
        self.assertGreaterEqual(float(rows[0][1]), 0.499)
        self.assertGreaterEqual(float(rows[1][2]), 0.499)

    def test_indices_from_zero(self):
        """The same file was read with and without a feature 0 by different programs."""
        self.save("zero", "".join(re.sub(r"(\d+):", lambda m: f"{int(m[1]) - 1}:", line)
                                  for line in self.read("heart").splitlines(True)))
        said = [self.run_ours("svm-train", "-g", 0.125, data, f"{data}.model")[0]
                for data in ("heart", "zero")]
        self.assertEqual(said[0], said[1])
        said = [self.run_ours("svm-predict", data, f"{data}.model", "out")[0] + self.read("out")
                for data in ("heart", "zero")]
        self.assertEqual(said[0], said[1])

    def test_a_cost_at_which_the_solver_does_not_end(self):
        """Rows that cannot be separated, with C = 1e9: bounded, and a warning says so."""
        rng = random.Random(4)
        write(self.folder / "mixed", (str(rng.choice((1, 2))) + entries([rng.randint(0, 3) * 100])
                                      for _ in range(60)))
        begun = time.monotonic()
        error = self.run_ours("svm-train", "-t", 0, "-c", 1e9, "mixed", "model")[1]
        self.assertLess(time.monotonic() - begun, 60)
        if error:
            self.assertIn("WARNING: reaching max number of iterations", error)

    def test_where_the_model_is(self):
        """Without a name, it is in the current folder, whatever folder the rows are in."""
        (self.folder / "rows").mkdir()
        shutil.copy(self.folder / "heart", self.folder / "rows" / "some")
        self.run_ours("svm-train", "-q", "rows/some")
        self.assertTrue((self.folder / "some.model").exists())

    def test_options_behind_the_files(self):
        """They were taken for the model's name, or ignored."""
        self.assertIn("Usage", self.run_ours("svm-train", "heart", "-c", 10, status=1)[0])
        self.assertFalse((self.folder / "-c").exists())


if __name__ == "__main__":
    if not INSTALLED:
        print("libsvm-tools is not installed: nothing is compared with LIBSVM's programs")
    main()
