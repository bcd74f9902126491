"""classify convert: every pair of formats there and back, standard input and output, what is refused.
See cli.py."""
import gzip
import itertools
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import time

from cli import SAMPLE, TOOL, Cli, main

# How each format is written and read again; without classes that have names, all of them hold the same.
DATA = {
    "csv": ("rows.csv", []),
    "tsv": ("rows.tsv", []),
    "svmlight": ("rows.svm", ["--from", "svmlight features=4"]),
    "npy": ("rows.npz", []),
    "rows": ("rows.rows", []),
    "idx": ("rows.idx", []),
}
MODELS = {"clf": "model.clf", "libsvm": "model.libsvm", "liblinear": "model.liblinear"}


class Convert(Cli):
    def numbers(self, rows=40, width=4):
        """Numbers with all digits of f32 and classes that are numbers, in the library's own spelling."""
        dice = random.Random(1)
        lines = [",".join([f"f{j + 1}" for j in range(width)] + ["label"])]
        for i in range(rows):
            lines.append(",".join([repr(dice.choice((0, 1, -2.5, 0.1, 33554430, 1e-05, dice.randrange(9) / 8)))
                                   for _ in range(width)] + [str(7 * (i % 3) - 7)]))
        self.write("given.csv", "\n".join(lines) + "\n")
        self.classify("convert", "given.csv", "rows.csv")
        return self.read("rows.csv")

    def has_unnamed_file(self, process):
        """Whether it has a file open in the folder that has no name, or a temporary one."""
        names = []
        for link in pathlib.Path(f"/proc/{process}/fd").iterdir():
            try:
                names.append(os.readlink(link))
            except OSError:
                pass
        return any(name.startswith(str(self.folder)) and (name.endswith(" (deleted)") or "/.classify-" in name)
                   for name in names)

    def read(self, name):
        return (self.folder / name).read_text(encoding="utf-8")

    def test_data_round_trip(self):
        """csv to svmlight, npz, idx and back to csv: the same text at the end."""
        first = self.numbers()
        self.classify("convert", "rows.csv", "a.svm")
        self.classify("convert", "a.svm", "b.npz", "--from", "svmlight features=4")
        self.classify("convert", "b.npz", "c.idx")
        self.classify("convert", "c.idx", "d.csv")
        self.assertEqual(self.read("d.csv"), first)
        self.assertGreater(len(set(first.split("\n"))), 30)

    def test_each_pair(self):
        first = self.numbers()
        for source, _ in DATA.values():
            self.classify("convert", "rows.csv", f"in-{source}")
        for (one, (source, reading)), (other, (result, again)) in itertools.permutations(DATA.items(), 2):
            with self.subTest(one=one, other=other):
                self.classify("convert", f"in-{source}", f"{one}-{result}", *reading)
                self.assertEqual(self.classify("convert", f"{one}-{result}", "-", "--to", "csv", *again), first)

    def test_names_of_classes_and_columns(self):
        self.write("given.csv", 'kind,long name,"a ""b"", c"\n"New York, NY",1.5,2\nNA,3,4\n"NA",5,6\n')
        self.classify("convert", "given.csv", "rows.npz", "--from", "csv label=kind missing_values=none")
        self.assertIn("npy has no place for the names of the columns", self.said)
        self.classify("convert", "rows.npz", "-", "--to", "csv label=kind", "--quiet")
        self.assertEqual(self.said, "")
        again = self.classify("convert", "given.csv", "-", "--to", "tsv", "--from",
                              "csv label=kind missing_values=none")
        self.assertEqual(again, 'long name\t"a ""b"", c"\tkind\n1.5\t2\t"New York, NY"\n3\t4\t"NA"\n5\t6\t"NA"\n')
        self.classify("convert", "rows.npz", "rows.svm")
        self.assertIn("the file has the indices of the classes: 0 is NA, 1 is New York, NY", self.said)

    def test_pictures(self):
        """The MNIST sample: bytes stay bytes in IDX; in CSV a row is 784 numbers."""
        self.classify("convert", SAMPLE / "t10k", "digits.npz", "--to", "npy dtype=u8")
        self.assertIn("scale=0.003921569 reads them so", self.said)
        self.classify("convert", "digits.npz", "digits", "--to", "idx", "--from", "npy scale=0.00392156862745098")
        for part in ("images-idx3", "labels-idx1"):
            for ending, opened in (("", open), (".gz", gzip.open)):
                path = SAMPLE / f"t10k-{part}-ubyte{ending}"
                if path.exists():
                    with opened(path, "rb") as file:
                        self.assertEqual((self.folder / f"digits-{part}-ubyte").read_bytes(), file.read())
        self.classify("convert", "digits", "digits.csv")
        self.assertIn("csv has no place for the shape of the rows", self.said)
        with open(self.folder / "digits.csv", encoding="utf-8") as file:
            self.assertEqual(len(file.readline().split(",")), 785)

    def test_weights(self):
        self.write("given.csv", "a,b,w,y\n1,2,0.5,x\n3,4,1,y\n")
        reading = ["--from", "csv weight=w"]
        said = self.classify("convert", "given.csv", "-", "--to", "csv", *reading)
        self.assertEqual(said, "a,b,w,y\n1,2,0.5,x\n3,4,1,y\n")
        for format in ("svmlight", "npz", "idx"):
            self.classify("convert", "given.csv", "out", "--to", format, *reading, status=1)
            self.assertIn("there is no place for weights", self.said)
        self.assertEqual(os.listdir(self.folder), ["given.csv"])

    def test_targets(self):
        self.write("given.csv", "a,b,y\n1,2,0.5\n3,4,1e-30\n")
        self.classify("convert", "given.csv", "rows.npz", "--from", "csv regression=true")
        self.assertIn("regression=true reads the targets", self.said)
        self.assertEqual(self.classify("convert", "rows.npz", "-", "--to", "csv label=y", "--from",
                                       "npy regression=true"), "f1,f2,y\n1,2,0.5\n3,4,1e-30\n")

    def test_standard_input_and_output(self):
        first = self.numbers()
        self.assertEqual(self.classify("convert", "-", "-", "--to", "csv", typed=first), first)
        run = subprocess.run(f"'{TOOL}' convert - - --to npz | gzip | '{TOOL}' convert - - --to csv", shell=True,
                             input=first, capture_output=True, encoding="utf-8", cwd=self.folder)
        self.assertEqual(run.stdout, first, run.stderr)
        self.classify("convert", "rows.csv", "-", "--to", "idx", status=2)
        self.assertIn("not written to a stream", self.said)
        self.classify("convert", "rows.csv", "-", status=2)
        self.assertIn("--to does: idx, csv, svmlight, npy or rows", self.said)
        run = subprocess.run(f"'{TOOL}' convert <(cat rows.csv) >(cat >out.csv) --to csv; wait $!; sleep 0.2; "
                             f"cat rows.csv | '{TOOL}' convert /dev/stdin /dev/stdout --to csv", shell=True,
                             executable=shutil.which("bash"), capture_output=True, encoding="utf-8", cwd=self.folder)
        self.assertEqual((run.stdout, self.read("out.csv")), (first, first), run.stderr)
        os.remove(self.folder / "out.csv")
        self.classify("convert", "-", "out.csv", status=1)
        self.assertIn("is empty", self.said)
        temporary = self.folder / ("temporary" * 20)
        self.classify("convert", "-", "-", "--to", "csv", typed=first, status=1,
                      env={**os.environ, "TMPDIR": str(temporary)})
        self.assertIn("cannot make a temporary folder: No such file", self.said)
        temporary.mkdir()
        self.classify("convert", "-", "-", "--to", "csv", typed=first, env={**os.environ, "TMPDIR": str(temporary)})
        self.classify("convert", "-", "-", "--to", "csv", typed="a,b\n1\n", status=1,
                      env={**os.environ, "TMPDIR": str(temporary)})
        self.assertIn("convert: standard input line 2", self.said)
        self.classify("convert", "-", "-", "--to", "csv", typed="a,b,c\n1,2,x\n3,4,y\n", env={**os.environ, "TMPDIR": str(temporary)})
        self.assertIn("convert: standard input: guessed", self.said)
        self.assertNotIn(str(temporary), self.said)
        self.assertEqual(os.listdir(temporary), [])
        with open("/dev/full", "w") as full:
            run = subprocess.run([TOOL, "convert", "rows.csv", "-", "--to", "csv"], stdout=full, stderr=subprocess.PIPE,
                                 encoding="utf-8", cwd=self.folder)
        self.assertEqual(run.returncode, 1)
        self.assertIn("standard output", run.stderr)

    def train(self, *arguments):
        """Three clouds of points that overlap, whose classes are integers."""
        dice = random.Random(2)
        lines = ["a,b,c,d,y"]
        for i in range(90):
            lines.append(",".join([f"{dice.gauss((i % 3) * (j % 2), 1):.3f}" for j in range(4)] + [str(i % 3 * 7 - 7)]))
        self.write("points.csv", "\n".join(lines) + "\n")
        self.classify("train", "points.csv", "-o", "model.clf", *arguments)

    def assert_same(self, model, other):
        """All measures, probabilities included, on all rows."""
        found, expected = (json.loads(self.classify("test", name, "points.csv", "--json")) for name in (model, other))
        self.assertEqual(len(found), len(expected))
        for one, two in zip(found, expected):
            self.assertEqual((one["measure"], one["class"]), (two["measure"], two["class"]))
            self.assertAlmostEqual(one["value"], two["value"], places=6)

    def test_models_there_and_back(self):
        for params, others in (("kernel=rbf probability=true", ["libsvm"]),
                               ("kernel=linear", ["libsvm"]),
                               ("kernel=linear multiclass=one_vs_rest", ["liblinear"])):
            self.train("--model", "svm " + params)
            for other in others:
                with self.subTest(params=params, other=other):
                    self.classify("convert", "model.clf", MODELS[other])
                    self.assertIn("they are left out", self.said)
                    self.classify("convert", MODELS[other], "back.clf", "--from", other + " features=4")
                    self.assert_same("back.clf", "model.clf")
                    self.classify("convert", "back.clf", "again", "--to", other)
                    self.classify("convert", "again", "last.clf")
                    self.classify("convert", "last.clf", "last", "--to", other)
                    self.assertEqual(self.read("last"), self.read("again"))
        self.train("--model", "logistic multiclass=one_vs_rest", "--transform", "standardize")
        self.classify("convert", "model.clf", "model.liblinear")
        self.assertTrue(self.read("model.liblinear").startswith("solver_type L2R_LR\nnr_class 3\nlabel -7 0 7\n"))
        self.classify("convert", "model.liblinear", "back.clf")
        self.assert_same("model.liblinear", "model.clf")  # files of other programs are tested as they are
        (self.folder / "model.gz").write_bytes(gzip.compress((self.folder / "model.liblinear").read_bytes()))
        self.assert_same("model.gz", "model.clf")
        self.assertEqual(self.classify("predict", "model.liblinear", "points.csv"),
                         self.classify("predict", "model.clf", "points.csv"))
        self.assert_same("back.clf", "model.clf")

    def test_models_for_other_programs(self):
        self.train("--model", "ridge")
        self.classify("convert", "model.clf", "model.onnx")
        self.assertNotIn("left out", self.said)  # ONNX keeps what the model remembers
        self.assertIn(b"classify.command", (self.folder / "model.onnx").read_bytes())
        self.classify("convert", "model.clf", "model.c", "--to", "c name=fruit")
        self.assertIn("fruit_predict(", self.read("model.c"))
        self.assertIn("c has no place for the model's metadata", self.said)
        self.assertNotIn("names of the features", self.said)
        self.assertIn("fruit_feature_names", self.read("model.c"))
        self.assertEqual(self.classify("convert", "model.clf", "-", "--to", "c name=fruit"), self.read("model.c"))
        if shutil.which("cc"):
            subprocess.run(["cc", "-std=c99", "-Werror", "-Wall", "-c", "model.c"], cwd=self.folder, check=True)
        piped = subprocess.run([TOOL, "convert", "-", "-", "--to", "clf"], capture_output=True, cwd=self.folder,
                               input=(self.folder / "model.clf").read_bytes())
        self.assertEqual(piped.stdout, (self.folder / "model.clf").read_bytes())

    def test_models_of_texts(self):
        self.reviews()
        self.classify("train", "reviews.pos", "reviews.neg", "-o", "reviews.clf", "--model", "ridge")
        self.classify("convert", "reviews.clf", "reviews.onnx", status=1)
        self.assertIn("reads texts by its vocabulary, which onnx has no place for", self.said)
        self.assertFalse((self.folder / "reviews.onnx").exists())
        self.classify("convert", "reviews.clf", "reviews.onnx", "--without-vocabulary")
        self.classify("convert", "reviews.clf", "copy.clf")
        self.assertEqual((self.folder / "copy.clf").read_bytes(), (self.folder / "reviews.clf").read_bytes())
        self.classify("convert", "reviews.pos", "x.csv", status=1)

    def test_wrong_words(self):
        self.numbers()
        self.train("--model", "ridge")
        for arguments, status, says in (
                (["rows.csv", "out", "--to", "cvs"], 2, "no format of data 'cvs'; did you mean csv?"),
                (["rows.csv", "out", "--to", "onnx"], 2, "'onnx' is a format of models, and the input holds data"),
                (["model.clf", "out", "--to", "csv"], 2, "'csv' is a format of data, and the input holds a model"),
                (["rows.csv", "out"], 2, "the name 'out' does not say in which format to write data"),
                (["model.clf", "x.model"], 2, "--to does: clf, libsvm, liblinear, onnx or c"),
                (["rows.csv", "rows.csv.gz"], 2, "pipe it through gzip"),
                (["rows.csv", "out.csv", "--to", "csv delimeter=tab"], 2, "did you mean 'delimiter'?"),
                (["rows.csv", "out.csv", "--from", "cvs"], 2, "there is no format 'cvs'"),
                (["rows.csv", "out.csv", "--from", "csv lable=1"], 2, "did you mean 'label'?"),
                (["model.clf", "out.clf", "--to", "clf C=1"], 2, "clf has no parameters"),
                (["model.clf", "out.libsvm"], 1, "libsvm: its files hold models of kind svm; this is ridge"),
                (["missing.csv", "out.csv"], 1, "cannot read 'missing.csv'"),
                (["rows.csv", "missing/out.csv"], 1, "missing/out.csv"),
                (["rows.csv"], 2, "it takes IN OUT"),
        ):
            with self.subTest(arguments):
                self.classify("convert", *arguments, status=status)
                self.assertIn(says, self.said)
        self.assertEqual(sorted(os.listdir(self.folder)), ["given.csv", "model.clf", "points.csv", "rows.csv"])

    def test_interrupt(self):
        """Ctrl-C while a file of many rows is read or written: 130, and nothing is left behind."""
        with open(self.folder / "long.csv", "w") as file:
            file.write("a,b,c,d,label\n" + "0.123456,1.5,2.25,3.125,1\n0.5,0.25,0.125,1,2\n" * 1000000)
        temporary = self.folder / "temporary"
        temporary.mkdir()
        silent, keep_open = os.pipe()  # nothing is typed
        with open(self.folder / "long.csv") as typed:
            for source in (typed, silent):
                for attempt in range(30):  # the rows may have been written before the signal came
                    typed.seek(0)
                    with subprocess.Popen([TOOL, "convert", "-", "-", "--to", "csv"], stdin=source, encoding="utf-8",
                                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                          env={**os.environ, "TMPDIR": str(temporary)}) as run:
                        while run.poll() is None and not os.listdir(temporary):
                            time.sleep(0.01)
                        time.sleep(0.2 / 2**attempt)
                        run.send_signal(signal.SIGINT)
                        said = run.communicate(timeout=60)[1]
                    if run.returncode != 0:
                        break
                self.assertEqual(run.returncode, 130, said)
                self.assertIn("interrupted", said)
                self.assertEqual(os.listdir(temporary), [])
        os.close(silent)
        os.close(keep_open)

    def test_signals_while_the_library_writes(self):
        """They cancel the call: the old file stays, and nothing is left beside it."""
        with open(self.folder / "long.csv", "w") as file:
            file.write("a,b,c,d,label\n" + "0.123456,1.5,2.25,3.125,1\n0.5,0.25,0.125,1,2\n" * 500000)
        for number, times in ((signal.SIGINT, 1), (signal.SIGTERM, 1), (signal.SIGHUP, 1), (signal.SIGINT, 3)):
            with self.subTest(number=number, times=times):
                for _ in range(30):  # the file may have been written before the signal came
                    self.write("out.csv", "old")
                    with subprocess.Popen([TOOL, "convert", "long.csv", "out.csv", "--threads", "1"], cwd=self.folder,
                                          encoding="utf-8", stderr=subprocess.PIPE) as run:
                        while run.poll() is None and not self.has_unnamed_file(run.pid):
                            time.sleep(0.002)
                        for _ in range(times):
                            run.send_signal(number)
                            time.sleep(0.002)
                        said = run.communicate(timeout=60)[1]
                    if run.returncode != 0:
                        break
                self.assertEqual(self.read("out.csv"), "old")
                if times == 1:
                    self.assertEqual(run.returncode, 130 if number == signal.SIGINT else -number, said)
                    self.assertEqual(list(self.folder.glob(".classify-*")), [])
                else:  # the third ends it at once, if the first has not yet
                    self.assertIn(run.returncode, (130, -signal.SIGINT), said)
        self.classify("convert", "long.csv", "out.csv", "--quiet")

    def test_a_failure_leaves_the_old_file(self):
        self.numbers()
        self.write("out.csv", "old")
        self.write("bad.csv", "a,b\n1,x\n2,\n")
        self.classify("convert", "bad.csv", "out.csv", status=1)
        self.assertEqual(self.read("out.csv"), "old")
        self.classify("convert", "rows.csv", "rows.csv", "--to", "csv delimiter=semicolon")  # onto itself
        self.assertIn(";label\n", self.read("rows.csv"))


main()
