"""Every kind of data goes through train, test and predict, from files and from standard input. See cli.py."""
import gzip
import json
import os
import resource
import struct
import subprocess
import zlib

from cli import TOOL, Cli, main


def png(pixels, height, width):
    """A gray PNG."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + bytes(pixels[i * width:(i + 1) * width]) for i in range(height))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def stripes(upright, shift):
    """A picture of 8 x 8 pixels with stripes, upright or level."""
    return [255 if ((i % 8 if upright else i // 8) + shift) % 4 < 2 else 10 * (shift % 5) for i in range(64)]


class Inputs(Cli):
    def both_ways(self, data, model="logistic", options=(), predicted=None):
        """Trains on data, tests on them, predicts them from the file and from standard input."""
        self.classify("train", data, "--model", model, "-o", "m.clf", "--quiet", *options)
        result = json.loads(self.classify("test", "m.clf", data, "--json", "--quiet"))
        accuracy = result["accuracy"] if isinstance(result, dict) else next(
            row["value"] for row in result if row["measure"] == "accuracy")
        self.assertGreater(accuracy, 0.9)
        labels = self.classify("predict", "m.clf", data, "--quiet").splitlines()
        self.assertGreater(len(set(labels)), 1)
        path = self.folder / (predicted or data)
        if path.is_file():
            run = subprocess.run([TOOL, "predict", "m.clf", "-", "--quiet"], input=path.read_bytes(),
                                 capture_output=True, cwd=self.folder, timeout=60)
            self.assertEqual(run.returncode, 0, run.stderr)
            self.assertEqual(run.stdout.decode().splitlines(), labels)
        return labels

    def table(self):
        return [(i % 7, 3 * (i % 2) + i % 3 * 0.1, "even" if i % 2 == 0 else "odd") for i in range(60)]

    def test_csv(self):
        for name, header, delimiter in (("a.csv", "size,weight,kind", ","), ("b.csv", None, ";"), ("c.tsv", "size\tweight\tkind", "\t")):
            with self.subTest(name):
                lines = [header] if header else []
                lines += [delimiter.join(map(str, row)) for row in self.table()]
                self.write(name, "\n".join(lines) + "\n")
                self.assertEqual(self.both_ways(name)[:2], ["even", "odd"])
        (self.folder / "d.csv.gz").write_bytes(gzip.compress((self.folder / "a.csv").read_bytes()))
        self.both_ways("d.csv.gz")

    def test_csv_without_its_label_or_in_another_order(self):
        self.write("a.csv", "size,weight,kind\n" + "".join(f"{a},{b},{k}\n" for a, b, k in self.table()))
        labels = self.both_ways("a.csv")
        self.write("b.csv", "weight,color,size\n" + "".join(f"{b},7,{a}\n" for a, b, _ in self.table()))
        self.assertEqual(self.classify("predict", "m.clf", "b.csv", "--quiet").splitlines(), labels)
        self.write("c.csv", "".join(f"{a},{b}\n" for a, b, _ in self.table()))
        self.write("d.csv", "weight,color\n" + "".join(f"{b},7\n" for _, b, _ in self.table()))
        self.classify("predict", "m.clf", "d.csv", "--quiet", status=1)
        self.assertIn("size", self.said)

    def test_input_is_never_replaced_by_output(self):
        text = "a,kind\n" + "".join(f"{i},{'xy'[i % 2]}\n" for i in range(20))
        self.write("a.csv", text)
        (self.folder / "link.csv").symlink_to("a.csv")
        self.classify("train", "a.csv", "-o", "m.clf", "--quiet")
        for words in (("train", "a.csv", "-o", "a.csv"), ("train", "a.csv", "-o", "x.clf", "--report", "./a.csv"),
                      ("auto", "a.csv", "-o", "link.csv"), ("predict", "m.clf", "a.csv", "-o", "a.csv"),
                      ("predict", "m.clf", "a.csv", "-o", "m.clf")):
            self.classify(*words, status=2)
            self.assertIn("would be replaced", self.said)
        self.assertEqual((self.folder / "a.csv").read_text(), text)
        self.classify("predict", "m.clf", "a.csv")

    def test_texts_behind_their_labels(self):
        self.reviews()
        texts = {k: (self.folder / f"reviews.{k}").read_text().splitlines() for k in ("pos", "neg")}
        lines = [(k, texts[k][i]) for i in range(40) for k in ("pos", "neg")]
        tables = {"a.tsv": "".join(f"{k}\t{t}\n" for k, t in lines),
                  "b.csv": "v1,v2\n" + "".join(f'{k},"{t}, so"\n' for k, t in lines),
                  "c.csv": "pos,fine\n" + "".join(f"{k},{t}\n" for k, t in lines[1:])}
        for name, text in tables.items():
            with self.subTest(name):
                self.write(name, text)
                self.assertEqual(self.both_ways(name), [k for k, _ in lines])
                result, = json.loads(self.classify("train", name, "-o", "m.clf", "--json"))
                self.assertEqual((result["rows"], result["classes"]), (80, 2))
                self.assertIn("guessed header=true text=v2 label=v1\n" if name == "b.csv" else
                              f"{name}: guessed text=2 label=1\n", self.said)
        self.classify("train", "a.tsv", "--format", "csv delimiter=tab", "-o", "m.clf")
        self.assertIn("text=2 label=1", self.said)

    def test_model_and_report_beside_texts_of_their_name(self):
        self.reviews()
        words = ("train", "reviews", "-o", "reviews.clf", "--report", "reviews.html", "--json")
        first, second = json.loads(self.classify(*words)), json.loads(self.classify(*words))
        self.assertIn("guessed labels='neg,pos'", self.said)
        self.assertEqual([run[0]["classes"] for run in (first, second)], [2, 2])
        self.assertEqual(self.classify("predict", "reviews.clf", typed="good\nbad\n"), "pos\nneg\n")
        self.classify("test", "reviews.clf", "reviews", "--quiet", "--require", "accuracy=1")

    def test_texts_in_a_table_of_more_columns(self):
        self.reviews()
        self.write("a.csv", "id,review,label\n" + "".join(
            f"{7 * i},{t},{k}\n" for k in ("pos", "neg")
            for i, t in enumerate((self.folder / f"reviews.{k}").read_text().splitlines())))
        self.classify("train", "a.csv", "-o", "m.clf", status=1)
        self.assertIn("text=NAME in --format", self.said)
        self.classify("train", "a.csv", "--format", "csv text=review", "-o", "m.clf")
        self.assertEqual(self.classify("predict", "m.clf", typed="good\nbad\n"), "pos\nneg\n")
        self.classify("train", "a.csv", "-o", "/dev/full", status=1)
        self.assertEqual(self.said, "classify train: cannot write /dev/full: it is a pipe or a device\n")

    def test_labels_that_are_no_classes(self):
        self.write("a.csv", "a,price\n" + "".join(f"{i * i},{i * 0.5}\n" for i in range(12)))
        self.write("b.csv", "a,price\n" + "".join(f"{i % 9},{i % 30 + 0.5}\n" for i in range(90)))
        self.write("c.csv", "a,kind\n" + "".join(f"{i % 9},{i % 30}\n" for i in range(150)))
        self.write("d.csv", "a,kind\n" + "".join(f"{i % 9},{i % 30}\n" for i in range(90)))
        for verb in (("train", "-o", "m.clf"), ("validate", "--folds", "2")):
            for name, warned in (("a.csv", True), ("b.csv", True), ("c.csv", False), ("d.csv", True)):
                self.classify(verb[0], name, "--model", "ridge", "--quiet", *verb[1:])
                self.assertEqual("different values" in self.said, warned, self.said)
        self.classify("train", "a.csv", "--model", "ridge", "--format", "csv regression=true", "--quiet", "-o", "m.clf")
        self.assertEqual(self.said, "")

    def test_files_that_may_not_grow_and_full_disks(self):
        self.flowers(rows=3000)
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (10000, 10000))
        self.classify("convert", "flowers.csv", "large.csv", "--quiet", status=1, preexec_fn=limit)
        self.assertIn("File too large", self.said)
        self.assertEqual(os.listdir(self.folder), ["flowers.csv"])
        for words in ("--help", "--version", "list"):
            with open("/dev/full", "w") as full:
                run = subprocess.run([TOOL, words], stdout=full, stderr=subprocess.PIPE, timeout=60)
            self.assertEqual(run.returncode, 1)
            self.assertIn(b"cannot write to standard output", run.stderr)

    def test_another_delimiter(self):
        self.flowers()
        self.classify("train", "flowers.csv", "-o", "m.clf", "--quiet")
        self.classify("predict", "m.clf", typed="5;3.4;1.5;0.2\n", status=1)
        self.assertIn("its first row has 1 column by delimiter=comma", self.said)

    def test_nothing_on_standard_input(self):
        for words in (("inspect", "-"), ("convert", "-", "x.npz"), ("train", "-", "-o", "x.clf"), ("validate", "-")):
            self.classify(*words, status=1)
            self.assertEqual(self.said, f"classify {words[0]}: standard input is empty\n")

    def test_many_columns(self):
        self.write("wide.csv", ",".join(f"c{j}" for j in range(30000)) + ",kind\n" + "".join(
            ",".join(str((i * j) % 10) for j in range(30000)) + f",{'ab'[i % 2]}\n" for i in range(4)))
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        self.classify("train", "wide.csv", "--model", "ridge", "-o", "m.clf", "--quiet")
        self.assertLess(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before, 2)  # linear in the columns
        self.assertEqual(self.classify("predict", "m.clf", "wide.csv"), "a\nb\na\nb\n")
        self.classify("train", "wide.csv", "-o", "m.clf", "--memory", "100K", "--quiet", status=1)
        self.assertIn("--memory allows more", self.said)

    def test_svmlight(self):
        self.write("a.svm", "".join(f"{1 if k == 'odd' else -1} 1:{a} 2:{b}\n" for a, b, k in self.table()))
        self.assertEqual(self.both_ways("a.svm")[:2], ["-1", "1"])

    def test_npz(self):
        try:
            import numpy
        except ImportError:
            self.skipTest("NumPy is not installed")
        numpy.savez(self.folder / "a.npz", x=numpy.array([row[:2] for row in self.table()]),
                    y=numpy.array([row[2] for row in self.table()]))
        self.assertEqual(self.both_ways("a.npz")[:2], ["even", "odd"])

    def test_pictures(self):
        for i in range(20):
            for kind in ("level", "upright"):
                path = self.folder / "pictures" / kind / f"{i}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(png(stripes(kind == "upright", i), 8, 8))
        self.both_ways("pictures", "svm C=5")
        said = self.classify("predict", "m.clf", "pictures/upright/3.png", "pictures/level/4.png", "--quiet")
        self.assertEqual([line.split()[-1] for line in said.splitlines()], ["upright", "level"])
        (self.folder / "large.png").write_bytes(png([v for v in range(144)], 12, 12))
        self.classify("predict", "m.clf", "large.png", "--quiet")  # resized, as the training pictures would be

    def test_texts(self):
        self.reviews()
        texts = {label: (self.folder / f"reviews.{label}").read_text().splitlines() for label in ("pos", "neg")}
        self.write("t.csv", "text,label\n" + "".join(f'"{t}, so",{k}\n' for k in texts for t in texts[k]))
        self.write("t.fasttext", "".join(f"__label__{k} {t}\n" for k in texts for t in texts[k]))
        for k in texts:
            for i, t in enumerate(texts[k]):
                self.write(f"folder/{k}/{i}.txt", t)
        for k in texts:
            self.write(f"odd*[1].{k}", "\n".join(texts[k]) + "\n")
        for data in ("t.csv", "t.fasttext", "folder", "reviews", "odd*[1]"):
            with self.subTest(data):
                self.classify("train", data, "-o", "m.clf", "--quiet")
                typed = "a clever warm film\na dull cold film\n"
                self.assertEqual(self.classify("predict", "m.clf", typed=typed).splitlines(), ["pos", "neg"])
                self.classify("test", "m.clf", data, "--quiet", "--require", "accuracy>=0.9")


main()
