#!/usr/bin/env python3
"""How good is what `classify auto` picks?

    auto.py PROGRAM [--data DIR] [--time 60] [--references 3] [NAME …]

Each data set is given to `classify auto --time`, and then, with other seeds and without a limit of time, to
`classify auto` again, whose table has the cross-validated accuracy of every model on other folds: the reference. Prints
the pick's accuracy and that of the best single model there, in percent, and the time taken. Data sets that this machine
lacks are named and left out. They come from scikit-learn, from R's packages datasets, MASS, mlbench and kernlab (Debian:
r-base-core, r-cran-mass, r-cran-mlbench, r-cran-kernlab), from examples/data, and from the folder --data: MNIST's four
files in mnist/, yalefaces.tar.gz and aclImdb.tar.gz.
"""
import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]

# By package and data set, the column of the labels, and columns to leave out.
R_TABLES = {
    "sonar": ("mlbench", "Sonar", "Class", []),
    "ionosphere": ("mlbench", "Ionosphere", "Class", []),
    "pima": ("mlbench", "PimaIndiansDiabetes", "diabetes", []),
    "vehicle": ("mlbench", "Vehicle", "Class", []),
    "glass": ("mlbench", "Glass", "Type", []),
    "vowel": ("mlbench", "Vowel", "Class", []),
    "house_votes": ("mlbench", "HouseVotes84", "Class", []),
    "satellite": ("mlbench", "Satellite", "classes", []),
    "letters": ("mlbench", "LetterRecognition", "lettr", []),
    "crabs": ("MASS", "crabs", "sp", ["index"]),
    "spam": ("kernlab", "spam", "type", []),
    "musk": ("kernlab", "musk", "Class", []),
}
SKLEARN_TABLES = ["iris", "wine", "breast_cancer", "digits"]
OTHERS = ["mnist_sample", "mnist", "yale_faces", "imdb"]


class Missing(Exception):
    """The data set is not on this machine."""


def r_table(name, folder):
    """Columns of classes become one of 0 and 1 for each class; rows with missing values are left out."""
    package, data, label, dropped = R_TABLES[name]
    script = f"""
        suppressMessages(library({package})); data({data}, package="{package}")
        d <- na.omit({data}); d <- d[, !(names(d) %in% c({", ".join(f'"{d}"' for d in dropped)}))]
        x <- d[, names(d) != "{label}"]
        x <- x[, sapply(x, function(v) length(unique(v)) > 1)]
        x <- as.data.frame(model.matrix(~ . - 1, data=x)); names(x) <- paste0("f", seq_along(x))
        write.csv(cbind(x, label=paste0("c", d${label})), "{folder / name}.csv", row.names=FALSE)"""
    if shutil.which("Rscript") is None:
        raise Missing("no Rscript")
    run = subprocess.run(["Rscript", "-e", script], capture_output=True, text=True)
    if run.returncode != 0:
        raise Missing(run.stderr.strip().splitlines()[-1])
    return folder / f"{name}.csv"


def sklearn_table(name, folder):
    try:
        from sklearn import datasets
    except ImportError as error:
        raise Missing(error)
    data = getattr(datasets, f"load_{name}")()
    with open(folder / f"{name}.csv", "w") as out:
        print(",".join([f"f{i}" for i in range(data.data.shape[1])] + ["label"]), file=out)
        for row, label in zip(data.data, data.target):
            print(",".join([repr(float(value)) for value in row] + [f"c{label}"]), file=out)
    return folder / f"{name}.csv"


def unpack(archive, folder):
    if not archive.exists():
        raise Missing(f"no {archive}")
    with tarfile.open(archive) as tar:
        tar.extractall(folder)


def other(name, folder, data):
    if name == "mnist_sample":
        return ROOT / "examples" / "data" / "train"
    if name == "mnist":
        if not (data / "mnist" / "train-images-idx3-ubyte.gz").exists():
            raise Missing(f"no {data / 'mnist'}")
        return data / "mnist" / "train"
    if name == "imdb":
        unpack(data / "aclImdb.tar.gz", folder)
        return folder / "aclImdb" / "train"
    unpack(data / "yalefaces.tar.gz", folder)
    for picture in sorted((folder / "yalefaces").glob("subject*.*")):
        subject, expression = picture.name.split(".", 1)
        (folder / "yale" / subject).mkdir(parents=True, exist_ok=True)
        picture.rename(folder / "yale" / subject / f"{expression}.gif")
    return folder / "yale"


def path_of(name, folder, data):
    if name in R_TABLES:
        return r_table(name, folder)
    return sklearn_table(name, folder) if name in SKLEARN_TABLES else other(name, folder, data)


def name_of(row):
    return " after ".join(filter(None, [row["model"], row["transforms"], row.get("vocabulary")]))


def auto(program, path, folder, *options):
    """The table, and the seconds that the program took."""
    began = time.monotonic()
    format_of = ["--format", "images height=60 width=80 channels=1"] if path.name == "yale" else []
    run = subprocess.run([program, "auto", path, "-o", folder / "model.clf", "--json", *format_of, *options],
                         capture_output=True, text=True)
    if run.returncode not in (0, 3):
        raise RuntimeError(f"{path}: {run.stderr}")
    return json.loads(run.stdout), time.monotonic() - began


def reference(program, path, folder, count):
    """The mean accuracy of each model over several searches on other folds, where it was judged to the end."""
    scores = {}
    for seed in range(101, 101 + count):
        table, _ = auto(program, path, folder, "--seed", str(seed))
        for row in table:
            if row["rows"] == max(other["rows"] for other in table):
                scores.setdefault(name_of(row), []).append((row["accuracy"], row["fits"]))
    most = max(fits for found in scores.values() for _, fits in found)
    means = {name: sum(score for score, _ in found) / len(found) for name, found in scores.items()}
    complete = {name for name, found in scores.items()
                if len(found) == count and all(fits == most for _, fits in found)}
    return means, max(complete, key=means.get)


def compare(program, name, path, folder, options):
    table, seconds = auto(program, path, folder, "--time", f"{options.time}s")
    pick = name_of(next(row for row in table if row["kept"]))
    means, best = reference(program, path, folder, options.references)
    own = means.get(pick, float("nan"))
    print(f"| {name} | {seconds:.1f} | {pick[:60]} | {100 * own:.2f} | {best[:60]} | {100 * means[best]:.2f} | "
          f"{100 * (means[best] - own):.2f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--data", type=pathlib.Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--time", type=float, default=60)
    parser.add_argument("--references", type=int, default=3)
    options = parser.parse_args()
    every = SKLEARN_TABLES + list(R_TABLES) + OTHERS
    print("| data | seconds | pick | its accuracy % | best model | its accuracy % | behind |\n|---|---|---|---|---|---|---|")
    for name in options.names or every:
        if name not in every:
            sys.exit(f"no data set {name}; there are {', '.join(every)}")
        with tempfile.TemporaryDirectory() as folder:
            try:
                path = path_of(name, pathlib.Path(folder), options.data)
            except Missing as reason:
                print(f"{name}: left out: {reason}", flush=True)
                continue
            compare(pathlib.Path(options.program).resolve(), name, path, pathlib.Path(folder), options)


main()
