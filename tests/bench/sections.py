"""The sections of all.py: what is run for each, and the tables that the pages show of it."""

import dataclasses
import re


@dataclasses.dataclass
class Section:
    title: str
    seconds: int  # on a quiet machine of two cores
    commands: tuple  # of words: a script of this folder, which has --json, or a program below the build folder
    quick: tuple = ()  # more words of each command, to try it
    data: tuple = ()  # folders
    packages: tuple = ()  # peers whose versions count
    table: object = None  # a function of the rows
    parse: object = None  # the rows in what a program printed
    suffix: str = ""  # of the build folder with the library


NAMES = {"libclassify": "libclassify", "sklearn": "scikit-learn", "intelex": "scikit-learn-intelex",
         "liblinear": "LIBLINEAR", "libsvm": "LIBSVM", "torch": "PyTorch", "torch_compile": "PyTorch, compiled",
         "torch_flush": "PyTorch", "onnx": "onnxruntime", "pillow": "Pillow", "liblinear -s 1": "LIBLINEAR -s 1",
         "liblinear -s 2": "LIBLINEAR -s 2", "liblinear -s 3": "LIBLINEAR -s 3", "openblas": "OpenBLAS"}


# How numbers are written


def seconds(value):
    """Two or three digits, with the unit that suits them."""
    for factor, unit in ((1, "s"), (1e3, "ms"), (1e6, "µs")):
        if factor * value >= 0.9995 or unit == "µs":
            scaled = factor * value
            return f"{scaled:,.0f} {unit}" if scaled >= 99.5 else f"{scaled:.{2 if scaled < 9.95 else 1}f} {unit}"


def ratio(value):
    return f"{value:.{2 if value < 0.995 else 1}f}×" if value < 9.95 else f"{value:,.0f}×"


def count(value):
    return f"{value:,}" if isinstance(value, int) else f"{value:g}" if isinstance(value, float) else str(value)


def lines(head, body, right=1):
    """A Markdown table; columns from `right` on are numbers."""
    rule = ["---" if i < right else "--:" for i in range(len(head))]
    return "".join("|" + "".join(f" {cell} |" if cell else " |" for cell in row) + "\n" for row in (head, rule, *body))


def first(rows, by, /, **setting):
    return next((row for row in rows if row["by"] == by and all(row.get(k) == v for k, v in setting.items())), None)


def programs(rows):
    return [by for by in dict.fromkeys(row["by"] for row in rows) if by != "libclassify"]


def comparison(keys, measures, extra=()):
    """A table with a line for each setting of `keys` (name: title), and for each of `measures` (name: title) a column of
    ours and one of each program that has it, with its ratio to ours; `extra` are columns of ours before them."""
    def table(rows):
        settings = list(dict.fromkeys(tuple(row.get(key) for key in keys) for row in rows))
        columns = [(key, by) for key in measures for by in ("libclassify", *programs(rows))
                   if any(row["by"] == by and key in row for row in rows)]
        head = [*keys.values(), *(title for _, title, _ in extra)]
        head += [f"{measures[key]}, {NAMES.get(by, by)}" if by != "libclassify" or len(measures) > 1 else NAMES[by]
                 for key, by in columns]
        if len(measures) == 1:
            head = [word.removeprefix(f"{next(iter(measures.values()))}, ") for word in head]
        body = []
        for setting in settings:
            where = dict(zip(keys, setting))
            ours = first(rows, "libclassify", **where) or {}
            line = [count(value) for value in setting]
            line += [form(ours[key]) if key in ours else "" for key, _, form in extra]
            for key, by in columns:
                row = first(rows, by, **where) or {}
                cell = seconds(row[key]) if key in row else ""
                if cell and by != "libclassify" and key in ours:
                    cell += f" ({ratio(row[key] / ours[key])})"
                line.append(cell)
            body.append(line)
        return lines(head, body, len(keys))
    return table


def share(value):
    return f"{100 * value:.2f} %"


def megabytes(value):
    return f"{value / 1e6:,.2f} MB" if value < 1e7 else f"{value / 1e6:,.0f} MB"


def networks_table(rows):
    """Of PyTorch the better of its two ways, for each measure."""
    measures = {"fit_seconds": "an epoch", "predict_seconds": "predict 10,000", "one_seconds": "one image"}
    merged = [row for row in rows if row["by"] != "torch_compile"]
    for place, row in enumerate(merged):
        other = row["by"] == "torch" and first(rows, "torch_compile", model=row["model"], precision=row["precision"])
        if other:
            merged[place] = {**row, **{key: min(row[key], other.get(key, row[key])) for key in measures}}
    return comparison({"model": "", "precision": ""}, measures)(merged)


def precision_table(rows):
    """A line for each network, and accuracy and bytes of each precision."""
    kinds = list(dict.fromkeys(row["precision"] for row in rows))
    head = ["", *(f"accuracy, {kind}" for kind in kinds), *(f"file, {kind}" for kind in kinds)]
    body = []
    for model in dict.fromkeys(row["model"] for row in rows):
        found = [first(rows, "libclassify", model=model, precision=kind) for kind in kinds]
        body.append([model, *(f"{100 * row['test_accuracy']:.2f} ± {100 * row['test_accuracy_deviation']:.2f} %"
                              for row in found), *(megabytes(row["file_bytes"]) for row in found)])
    return lines(head, body)


def text_table(rows):
    steps = [row for row in rows if "step" in row]
    body = [[row["step"], seconds(row["step_seconds"]), seconds(row["step_cpu_seconds"]),
             megabytes(row["memory_bytes"])] for row in steps[:8]]
    models = [row for row in rows if "model" in row]
    return (lines(["step", "wall", "processor", "memory"], body) + "\n" +
            comparison({"columns": "columns", "model": "model", "C": "C"}, {"fit_seconds": "fit"},
                       (("test_accuracy", "accuracy", share), ("memory_bytes", "memory", megabytes)))(models))


def sparse_table(rows):
    """A line for each set and loss: the times of all values of C, of ours and of each peer, and by how much a peer's
    objective is higher than ours where that is more than a thousandth."""
    keys = [(row["set"], *row["model"].partition(" C=")[::2]) for row in rows]
    body = []
    for name, kind in dict.fromkeys(key[:2] for key in keys):
        on = [row for row, key in zip(rows, keys) if key[:2] == (name, kind)]
        own = [row["fit_seconds"] for row in on if row["by"] == "libclassify"]
        said = []
        for by in programs(on):
            theirs = [row["fit_seconds"] for row in on if row["by"] == by]
            ratios = " / ".join(ratio(other / mine) for mine, other in zip(own, theirs))
            excess = max(row.get("objective_excess", 0) for row in on if row["by"] == by)
            higher = (f", objective {1 + excess:.0f} times ours" if excess > 1 else
                      f", objective {100 * excess:.2g} % higher" if excess > 1e-3 else "")
            said.append(f"{NAMES.get(by, by)}: {' / '.join(map(seconds, theirs))} ({ratios}{higher})")
        Cs = [C for C in dict.fromkeys(key[2] for key in keys if key[:2] == (name, kind)) if C]
        body.append([name, kind, " / ".join(Cs), " / ".join(map(seconds, own)), "; ".join(said)])
    return lines(["rows", "loss", "C", "libclassify", "peers"], body, 3)


def latency_table(rows):
    """A line for each model: 50 % and 99.9 % of ours and of the peer through Python, and of ours from C."""
    def both(row):
        return f"{seconds(row['one_seconds'])}, {seconds(row['slowest_seconds'])}" if row else ""
    body = []
    for model in dict.fromkeys(row["model"] for row in rows):
        on = [row for row in rows if row["model"] == model]
        ours = first(on, "libclassify")
        peer = next((row for row in on if row["by"] in ("sklearn", "onnx")), None)
        beside = f"{both(peer)} ({ratio(peer['one_seconds'] / ours['one_seconds'])})" if peer else ""
        body.append([model, both(ours), beside, *(both(first(on, "C", threads=threads)) for threads in (1, 8))])
    return lines(["50 %, 99.9 %", "from Python", "scikit-learn, onnxruntime", "from C", "from C, 8 threads"], body)


def small_table(rows):
    """A line for each fit: on one thread and two, and that of the peer."""
    body = []
    for one in (row for row in rows if row["by"] == "libclassify" and row["threads"] == 1):
        setting = {key: one[key] for key in ("model", "rows", "columns")}
        two, peer = first(rows, "libclassify", threads=2, **setting), first(rows, "sklearn", **setting)
        beside = peer and f"{seconds(peer['fit_seconds'])} ({ratio(peer['fit_seconds'] / one['fit_seconds'])})"
        body.append([one["model"], f"{one['rows']} × {one['columns']}", seconds(one["fit_seconds"]),
                     f"{seconds(two['fit_seconds'])} ({two['fit_seconds'] / one['fit_seconds']:.2f})", beside or ""])
    return lines(["fit", "rows × columns", "1 thread", "2 threads", "scikit-learn"], body, 2)


def serial_table(rows):
    """A paragraph: the share of each fit."""
    return ", ".join(f"`{row['model']}` {100 * row['serial_share']:.1f} %" for row in rows) + ".\n"


def linalg_rows(printed):
    for n, work, mine, other in re.findall(r"n +(\d+)  (.+?) +([\d.]+) s  OpenBLAS +([\d.]+) s", printed):
        for by, taken in (("libclassify", mine), ("openblas", other)):
            yield {"work": work, "n": int(n), "by": by, "threads": 1, "work_seconds": float(taken)}


def linalg_table(rows):
    """A column for each size."""
    sizes = list(dict.fromkeys(row["n"] for row in rows))
    body = []
    for work in dict.fromkeys(row["work"] for row in rows if "transposed" not in row["work"]):
        line = [work]
        for n in sizes:
            mine, other = (first(rows, by, work=work, n=n)["work_seconds"] for by in ("libclassify", "openblas"))
            line.append(f"{seconds(mine)} / {seconds(other)} ({ratio(other / mine)})")
        body.append(line)
    return lines(["libclassify / OpenBLAS", *(f"{n:,}" for n in sizes)], body)


CONV = r"conv (\dx\d, +\d+ to +\d+ of \d+x\d+)  (.+?) +([\d.]+) ms, +[\d.]+ GFLOP/s, +(\d+)% of peak"


def conv_rows(printed):
    for layer, work, taken, peak in re.findall(CONV, printed):
        yield {"layer": re.sub(" +", " ", layer), "work": work, "by": "libclassify", "threads": 1,
               "work_seconds": float(taken) / 1e3, "share_of_peak": int(peak) / 100}


def conv_table(rows):
    """The layers of the network for MNIST; PyTorch's times are the better ones of channels first and last."""
    layers = {"5x5, 1 to 32 of 28x28": ("forward", "gradient of weights"),
              "5x5, 32 to 64 of 14x14": ("forward", "both gradients", "forward, one image")}
    body = []
    for row in (row for row in rows if row["by"] == "libclassify" and row["work"] in layers.get(row["layer"], ())):
        theirs = [other["work_seconds"] for other in rows if other["by"] == "torch" and
                  (other["layer"], other["work"]) == (row["layer"], row["work"])]
        beside = f"{seconds(min(theirs))} ({ratio(min(theirs) / row['work_seconds'])})" if theirs else ""
        if beside:
            body.append([row["layer"].replace("x", "×"), row["work"], seconds(row["work_seconds"]),
                         f"{100 * row['share_of_peak']:.0f} %", beside])
    return lines(["layer", "", "libclassify", "of peak", "PyTorch"], body, 2)


def tables_table(rows):
    """A column for each transform."""
    rows = [row for row in rows if "work_cpu_seconds" in row]
    ours = [row for row in rows if row["by"] == "libclassify"]
    theirs = [first(rows, "sklearn", transform=row["transform"]) for row in ours]
    return lines(["", *(row["transform"] for row in ours)], [
        ["libclassify", *(seconds(row["work_cpu_seconds"]) for row in ours)],
        ["scikit-learn", *(f"{seconds(row['work_cpu_seconds'])} "
                           f"({ratio(row['work_cpu_seconds'] / mine['work_cpu_seconds'])})"
                           for mine, row in zip(ours, theirs))]])


def growth_table(rows):
    """A line for each axis: the last value that ours and some peer reached, and those of peers that end earlier."""
    body = []
    for axis in dict.fromkeys(row["axis"] for row in rows):
        on = [row for row in rows if row["axis"] == axis]
        ours = {row["value"]: row for row in on if row["by"] == "libclassify"}
        last = {row["by"]: row for row in on if row["by"] != "libclassify" and row["value"] in ours}
        if not last:
            continue
        value, said = max(row["value"] for row in last.values()), []
        for by, row in last.items():
            where = "" if row["value"] == value else f" at {count(row['value'])}"
            said.append(f"{NAMES[by]} {seconds(row['fit_seconds'])} "
                        f"({ratio(row['fit_seconds'] / ours[row['value']]['fit_seconds'])}{where})")
        body.append([axis.replace("_", ", "), count(value), seconds(ours[value]["fit_seconds"]), "; ".join(said)])
    return lines(["axis", "value", "libclassify", "peers"], body, 3)


MODELS = {"model": ""}
PEERS = ("peers.py", "--data", "{data}", "--threads", "2")
QUICK = ("--threads", "1", "--rounds", "1")
LEARN = ("scikit-learn", "scikit-learn-intelex")
SECTIONS = {
    "mnist": Section("Linear models on MNIST", 60, (
        (*PEERS, "--rounds", "5", "--models", "ridge,fisher,perceptron,logistic", "--peers", "sklearn,intelex"),),
        (*QUICK, "--train", "1000"), ("mnist",), LEARN,
        comparison(MODELS, {"fit_seconds": "fit", "predict_seconds": "predict 10,000"},
                   (("test_accuracy", "accuracy", share),))),
    "kernel": Section("Kernel methods and the linear machine on MNIST", 200, (
        (*PEERS, "--rounds", "3", "--models", "svm_rbf", "--peers", "intelex"),
        (*PEERS, "--rounds", "3", "--models", "svm_poly,svm_linear", "--peers", "liblinear"),
        (*PEERS, "--rounds", "1", "--models", "kernel_perceptron,kernel_fisher", "--peers", "none")),
        (*QUICK, "--train", "500"), ("mnist",), LEARN,
        comparison(MODELS, {"fit_seconds": "fit", "predict_seconds": "predict 10,000"},
                   (("test_accuracy", "accuracy", share),))),
    "networks": Section("Networks on MNIST", 240, (
        (*PEERS, "--rounds", "5", "--peer-rounds", "2", "--models", "mlp_cross_entropy,lenet5", "--precisions", "f32,bf16,int8",
         "--peers", "torch,torch_compile,onnx"),
        (*PEERS, "--rounds", "3", "--models", "cnn", "--train", "12000", "--precisions", "f32,bf16,int8",
         "--peers", "torch,torch_compile,onnx")),
        (*QUICK, "--train", "400", "--peers", "torch,onnx"), ("mnist",), ("torch", "onnxruntime"),
        networks_table),
    "sequences": Section("Networks on movie reviews", 60, (
        ("sentiment.py", "--data", "{data}/aclImdb", "--rows", "4000", "--rounds", "3", "--threads", "2", "--peers",
         "torch_flush"),), (*QUICK, "--rows", "256", "--models", "lstm"), ("aclImdb",), ("torch",),
        comparison(MODELS, {"epoch_seconds": "an epoch", "one_seconds": "one review",
                            "word_seconds": "a word of a stream"})),
    "text": Section("Texts and linear models of them", 60, (
        ("imdb.py", "--data", "{data}/aclImdb", "--peers", "linearsvc,lbfgs"),
        ("imdb.py", "--data", "{data}/aclImdb", "--vocabulary", "encoding=tf_idf", "--peers", "linearsvc,lbfgs")),
        (), ("aclImdb",), ("scikit-learn",), text_table),
    "sparse": Section("Linear models on sparse rows and on few columns", 180, (
        ("sparse_linear.py", "--C", "0.1,1,10", "--rows", "15000", "--runs", "3"),),
        ("--runs", "1", "--sets", "ridge"), (), ("scikit-learn",),
        sparse_table),
    "latency": Section("Single rows of MNIST", 120, (
        ("latency.py", "--data", "{data}/mnist", "--program", "{build}/tests/bench/bench_latency"),),
        ("--train", "500", "--calls", "300"), ("mnist",), ("scikit-learn", "onnxruntime"),
        latency_table),
    "small": Section("Small fits on one thread and two", 20, (("small.py", "--rows", "200", "--columns", "30"),),
                     ("--rounds", "1", "--rows", "50", "--columns", "4"), (), ("scikit-learn",), small_table),
    "serial": Section("Serial shares of fits, with a library that perf can read (serial.py says how to build it)", 120,
                      (("serial.py",),), ("--seconds", "0.5"), (), (), serial_table, suffix="-perf"),
    "growth": Section("How linear models grow", 150, (
        ("growth.py", "--limit", "5", "--axes", "logistic_rows,svm_rows,logistic_features,logistic_columns,"
         "logistic_classes"),), ("--threads", "1", "--limit", "0.01"), (), LEARN, growth_table),
    "growth_rbf": Section("How kernel machines grow", 120, (("growth.py", "--limit", "10", "--axes", "rbf_rows"),),
                          ("--threads", "1", "--limit", "0.01"), (), LEARN, growth_table),
    "growth_networks": Section("How networks for images grow", 90, (
        ("growth.py", "--limit", "10", "--axes", "batch,side,filters"),), ("--threads", "1", "--limit", "0.01"), (), ("torch",),
        growth_table),
    "growth_sequences": Section("How recurrent networks grow", 120, (
        ("growth.py", "--limit", "10", "--axes", "steps,units,vocabulary"),), ("--threads", "1", "--limit", "0.01"), (), ("torch",),
        growth_table),
    "types": Section("Support vector machines of every type", 90, (
        ("svm_types.py", "--data", "{data}/mnist"),
        ("svm_types.py", "--data", "{data}/mnist", "--rows", "20000", "--peer-rows", "0", "--types",
         "c_svc,epsilon_svr,one_class")), ("--rows", "500"), ("mnist",), ("scikit-learn",),
        comparison({"type": "type", "rows": "rows"}, {"fit_seconds": "fit"})),
    "l1": Section("L1 penalties and elastic nets", 60, (
        ("l1.py", "{data}/mnist", "--rows", "10000", "--model", "logistic,svm", "--tol", "1e-2,1e-4", "--path", "0",
         "--runs", "1"),), ("--rows", "300", "--C", "1"), ("mnist",), ("scikit-learn",),
        comparison({"model": "model", "C": "C", "tolerance": "tolerance"}, {"fit_cpu_seconds": "fit"})),
    "linalg": Section("Linear algebra in f64 beside OpenBLAS", 30, (
        ("tests/bench/bench_linalg", "784"), ("tests/bench/bench_linalg", "2048")), table=linalg_table,
        parse=linalg_rows),
    "conv": Section("Convolutions", 40, (("tests/bench/bench_ops", "115", "conv"), ("conv_torch.py", "1")), (), (), ("torch",),
                    conv_table, conv_rows),
    "images": Section("Images beside Pillow", 40, (("images.py", "--data", "{data}/faces"),), ("--rounds", "1"), ("faces",),
                      ("pillow",), comparison({"work": "work"}, {"work_cpu_seconds": "work"})),
    "tables": Section("Transforms of tables", 30, (("tables.py",),), ("20000",), (), ("scikit-learn",), tables_table),
    "precision": Section("Accuracy of networks in each precision", 300, (
        ("precision.py", "--data", "{data}/mnist", "--threads", "2"),), ("--train", "600", "--seeds", "1"), ("mnist",), (),
        precision_table),
}

# Which sections a picture in docs/images draws.
PICTURES = {"results": ("mnist", "kernel"), "growth": ("growth", "growth_rbf"), "growth-memory": ("growth", "growth_rbf"),
            "growth-networks": ("growth_networks",),
            "growth-sequences": ("growth_sequences",)}


def machine_name(kept):
    machine = kept["machine"]
    return f"{machine['processor']}, {machine['cores']} cores, {machine['level']} kernels"


def most(values):
    return max(set(values), key=values.count)


def machine_of(measured):
    """The machine, day and versions of most sections."""
    kept = list(measured.values())
    if not kept:
        return None
    versions = {name: number for one in kept for name, number in one["versions"].items()}
    said = ", ".join(f"{name} {number}" for name, number in sorted(versions.items()))
    return (f"Machine: {most([machine_name(one) for one in kept])}, "
            f"{most([round(one['machine']['memory_bytes'] / 2 ** 30) for one in kept])} GB. "
            f"Date: {most([one['date'] for one in kept])}. Peers: {said}.\n")


def differs(kept, measured):
    """What of a section is not as in most of them."""
    others = list(measured.values())
    name, date = machine_name(kept), kept["date"]
    said = [name] if name != most([machine_name(one) for one in others]) else []
    said += [date] if date != most([one["date"] for one in others]) else []
    said += [f"other work took {100 * kept['other_work']:.0f} % of the processors"] if kept["other_work"] > 0.05 else []
    return said + (["tried on few rows only"] if kept["quick"] else [])


def table_of(name, measured):
    """What a page shows of a section: its commands, what differs from most sections, and its table."""
    if name not in measured:
        return None
    kept = measured[name]
    said = " and ".join(f"`{command}`" for command in kept["commands"])
    note = differs(kept, measured)
    said += f" ({'; '.join(note)})" if note else ""
    return f"{said}:\n\n{SECTIONS[name].table(kept['rows'])}"
