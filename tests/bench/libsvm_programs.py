"""svm-train, svm-predict and svm-scale next to LIBSVM's own programs: seconds, and whether they agree.

    tests/bench/libsvm_programs.py --tool build/tools/classify/classify [--theirs /usr/bin]
        [--mnist FOLDER] [--imdb aclImdb.tar.gz] [--rows N] [--texts N] [--runs N] [--json FILE]

Both programs run in turns on the same files. The table has the least processor seconds of all threads
and the least wall seconds of the runs, how far the objectives of the pairs differ, relative to
LIBSVM's, and how many predictions of the test rows are the same. --mnist is a folder with the IDX
files of MNIST (.gz or not), of which --rows training rows and 2,000 test rows are taken; --imdb the
Large Movie Review Dataset, of which --texts training texts become tf-idf rows, and as many test texts.
Without them, only rows like LIBSVM's heart_scale are measured.
"""

import argparse
import collections
import gzip
import json
import math
import os
import pathlib
import random
import re
import resource
import struct
import subprocess
import tarfile
import tempfile
import time

parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
parser.add_argument("--tool", required=True)
parser.add_argument("--theirs", default="/usr/bin")
parser.add_argument("--mnist")
parser.add_argument("--imdb")
parser.add_argument("--rows", type=int, default=10000)
parser.add_argument("--texts", type=int, default=4000)
parser.add_argument("--runs", type=int, default=3)
parser.add_argument("--json")
options = parser.parse_args()


def entries(values):
    return "".join(f" {j + 1}:{value:.6g}" for j, value in enumerate(values) if value)


def write(path, rows):
    with open(path, "w") as out:
        out.writelines(row + "\n" for row in rows)


def make_heart(folder):
    rng = random.Random(7)
    for name, count in (("heart", 270), ("heart.t", 200)):
        rows = []
        for _ in range(count):
            y = rng.choice((1, -1))
            rows.append(f"{y:+d}" + entries([max(-1, min(1, rng.gauss(0.4 * y * (j % 3 == 0), 0.6)))
                                             for j in range(13)]))
        write(folder / name, rows)


def read_idx(name):
    path = pathlib.Path(options.mnist) / name
    data = path.read_bytes() if path.exists() else gzip.decompress(path.with_name(name + ".gz").read_bytes())
    sizes = struct.unpack(f">{data[3]}I", data[4:4 + 4 * data[3]])
    return sizes, data[4 + 4 * data[3]:]


def make_mnist(folder):
    for name, part, count in (("mnist", "train", options.rows), ("mnist.t", "t10k", 2000)):
        sizes, images = read_idx(f"{part}-images-idx3-ubyte")
        labels = read_idx(f"{part}-labels-idx1-ubyte")[1]
        size = sizes[1] * sizes[2]
        write(folder / name, (str(labels[i]) + entries([b / 255 for b in images[size * i:size * (i + 1)]])
                              for i in range(min(count, sizes[0]))))


def words_of(text):
    return re.findall(r"[a-z]+", text.lower())


def make_texts(folder):
    """tf-idf rows of length 1; the weights are those of the training texts."""
    texts = {"train": [], "test": []}
    with tarfile.open(options.imdb) as archive:
        taken = collections.Counter()
        for member in archive:
            found = re.match(r".*?/?(train|test)/(pos|neg)/[^/]*\.txt$", member.name)
            if found and taken[found.groups()] < options.texts // 2:
                taken[found.groups()] += 1
                text = archive.extractfile(member).read().decode()
                texts[found[1]].append(("+1" if found[2] == "pos" else "-1",
                                        collections.Counter(words_of(text))))
    documents = collections.Counter(word for _, words in texts["train"] for word in words)
    index = {word: j + 1 for j, word in enumerate(sorted(w for w, n in documents.items() if n > 1))}
    idf = {word: math.log(len(texts["train"]) / documents[word]) + 1 for word in index}
    for name, part in (("texts", "train"), ("texts.t", "test")):
        rows = []
        for label, words in texts[part]:
            values = {index[w]: n * idf[w] for w, n in words.items() if w in index}
            norm = math.sqrt(sum(v * v for v in values.values())) or 1
            rows.append(label + "".join(f" {j}:{values[j] / norm:.6g}" for j in sorted(values)))
        random.Random(1).shuffle(rows)
        write(folder / name, rows)


def run(command, folder, out):
    """Processor seconds, wall seconds and standard output of a command."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    with open(folder / out, "w") as output:
        subprocess.run(command, cwd=folder, check=True, stdout=output, stderr=subprocess.DEVNULL)
    wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, wall, (folder / out).read_text()


def objectives(text):
    return [float(x) for x in re.findall(r"obj = ([^,]*),", text)]


def agreement(ours, theirs, folder):
    """What the two printed or wrote, compared in a few words."""
    if objectives(theirs):
        own = objectives(ours)
        others = objectives(theirs)[-len(own):]  # before them are those of LIBSVM's fits of probabilities
        worst = max(abs(a - b) / max(abs(b), 1e-9) for a, b in zip(own, others))
        return f"objectives within {worst:.0e}"
    if (folder / "ours.out").exists() and theirs.startswith("Accuracy"):
        pair = [(folder / f"{who}.out").read_text().split() for who in ("ours", "theirs")]
        same = sum(a == b for a, b in zip(*pair))
        return f"{same} of {len(pair[1])} predictions the same"
    return "the same bytes" if ours == theirs else "other bytes"


CASES = [  # data, title, command with WHO for the program's own files
    ("heart", "270 x 13, rbf", "svm-train heart WHO.model"),
    ("heart", "270 x 13, 10-fold cross-validation", "svm-train -v 10 heart"),
    ("heart", "200 rows", "svm-predict heart.t theirs.model WHO.out"),
    ("mnist", "{rows} x 784, rbf", "svm-train -c 5 -g 0.02 mnist WHO.model"),
    ("mnist", "2,000 rows", "svm-predict mnist.t theirs.model WHO.out"),
    ("mnist", "{rows} x 784, linear", "svm-train -t 0 -c 0.125 mnist WHO.model"),
    ("mnist", "{rows} x 784, polynomial", "svm-train -t 1 -g 0.02 -r 1 mnist WHO.model"),
    ("mnist", "{rows} x 784", "svm-scale -l 0 mnist"),
    ("texts", "{texts} texts, linear", "svm-train -t 0 texts WHO.model"),
    ("texts", "{texts} texts", "svm-predict texts.t theirs.model WHO.out"),
    ("texts", "{texts} texts, rbf", "svm-train -g 0.5 -c 2 texts WHO.model"),
    ("texts", "{texts} texts, rbf, probabilities", "svm-train -g 0.5 -c 2 -b 1 texts WHO.model"),
    ("texts", "{texts} texts", "svm-scale -l 0 texts"),
]


def measure(folder, command):
    """The least seconds of both in turns, and what they printed."""
    name, *arguments = command.split()
    programs = {"theirs": [f"{options.theirs}/{name}"], "ours": [os.path.abspath(options.tool), name]}
    best, printed = {}, {}
    for _ in range(options.runs):
        for who, program in programs.items():
            cpu, wall, printed[who] = run(program + [a.replace("WHO", who) for a in arguments], folder, f"{who}.log")
            old = best.get(who, (math.inf, math.inf))
            best[who] = (min(cpu, old[0]), min(wall, old[1]))
    return best, agreement(printed["ours"], printed["theirs"], folder)


def main():
    made = {"heart": make_heart, "mnist": make_mnist if options.mnist else None,
            "texts": make_texts if options.imdb else None}
    results = []
    print("| program | data | LIBSVM cpu s | cpu s | ratio | LIBSVM wall s | wall s | |\n|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for data, make in made.items():
            if make is None:
                continue
            make(folder)
            for _, title, command in (case for case in CASES if case[0] == data):
                best, agreed = measure(folder, command)
                title = title.format(rows=f"{options.rows:,}", texts=f"{options.texts:,}")
                (cpu, wall), (own_cpu, own_wall) = best["theirs"], best["ours"]
                results.append({"command": command, "data": title, "libsvm_cpu": cpu, "cpu": own_cpu,
                                "libsvm_wall": wall, "wall": own_wall, "agreement": agreed})
                words = " ".join(w for w in command.split()[:-1] if w not in (data, f"{data}.t", "theirs.model"))
                print(f"| `{words}` | {title} | {cpu:.2f} | {own_cpu:.2f} | {cpu / max(own_cpu, 1e-3):.1f} | "
                      f"{wall:.2f} | {own_wall:.2f} | {agreed} |", flush=True)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
