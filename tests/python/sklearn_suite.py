#!/usr/bin/env python3
"""Runs scikit-learn's own tests with the estimators of libclassify.sklearn in place of theirs.

    sklearn_suite.py [--list] [-k EXPRESSION] [FILE…]   run and compare with what is written down
    sklearn_suite.py --update                           run and write down what came out
    sklearn_suite.py --table                            write what is written down into docs/python.md
    sklearn_suite.py --control [FILE…]                  run with scikit-learn's own estimators

The test modules are those of the scikit-learn that this Python imports; nothing of them is copied.
FILE is a name of FILES below. Of each parametrized test, eight cases are run, always the same ones.
A test counts as

- passed: it made one of our estimators, and passed;
- not applicable: scikit-learn skips it here, or it makes none of our estimators (tests of private
  functions and of other estimators in the same file; slow ones are not run by a rule of `not_run`
  in sklearn_suite.json), or a rule of `not_applicable` there matches its failure: it needs what the
  library does not have by design;
- failed: any other. A rule of `failures` in the same file says why, in a line.

A rule matches by regular expressions: `tests` on the name of the test, `error` on `Type: message`;
with a `version`, only where scikit-learn's begins with it.
The exit status is 1 when a failure matches no rule, or when fewer tests of a file pass than
`results` says, for a version of scikit-learn that `results` has; 77 when its tests are not installed.
"""

import argparse
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import tempfile
from importlib import util
from pathlib import Path

FILES = {
    "test_ridge.py": "sklearn.linear_model.tests.test_ridge",
    "test_logistic.py": "sklearn.linear_model.tests.test_logistic",
    "test_perceptron.py": "sklearn.linear_model.tests.test_perceptron",
    "test_svm.py": "sklearn.svm.tests.test_svm",
    "test_sparse.py": "sklearn.svm.tests.test_sparse",
    "test_discriminant_analysis.py": "sklearn.tests.test_discriminant_analysis",
    "test_mlp.py": "sklearn.neural_network.tests.test_mlp",
    "test_pca.py": "sklearn.decomposition.tests.test_pca",
    "test_text.py": "sklearn.feature_extraction.tests.test_text",
    "test_svmlight_format.py": "sklearn.datasets.tests.test_svmlight_format",
    "test_data.py": "sklearn.preprocessing.tests.test_data",
    "test_polynomial.py": "sklearn.preprocessing.tests.test_polynomial",
}
KINDS = ("passed", "failed", "not applicable")
SKIPPED = "scikit-learn skips it here"
OTHERS = "it uses none of our estimators"
SECONDS = 300  # for one file
HERE = Path(__file__).resolve().parent
DATA = HERE / "sklearn_suite.json"
PAGE = HERE.parents[1] / "docs" / "python.md"
BEGIN, END = "<!-- scikit-learn's tests -->\n", "<!-- end of scikit-learn's tests -->\n"


def read_data(version=None):
    """What is in sklearn_suite.json; of the failures the rules for a version, if one is given."""
    data = json.loads(DATA.read_text(encoding="utf-8"))
    if version is not None:
        data["failures"] = [rule for rule in data["failures"]
                            if version.startswith(rule.get("version", ""))]
    return data


def run_file(package, file, expression):
    """The lines that the worker writes about one file, and its output."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        out.touch()
        command = [sys.executable, str(HERE / "sklearn_suite_worker.py"), package, FILES[file],
                   str(out), *([expression] if expression else [])]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        try:
            done = subprocess.run(command, cwd=folder, env=environment, timeout=SECONDS, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            output, status = done.stdout, done.returncode
        except subprocess.TimeoutExpired as error:
            output, status = f"{error.output}", f"none after {SECONDS} s"
        return [json.loads(line) for line in out.read_text().splitlines()], output, status


def outcomes(lines, output, status):
    """{test: (outcome, whether it used ours, error)}; a test without an end stopped the process."""
    found = {}
    for line in lines:
        if "begins" in line:
            found[line["begins"]] = ("failed", True, f"Stopped: exit status {status}")
        elif "ends" in line:
            found[line["ends"]] = (line["outcome"], line["used"],
                                   line.get("error") or line.get("reason", SKIPPED))
    if not found or lines[-1].get("status") not in (0, 1):
        found["the run of the file"] = ("failed", True, f"Stopped: {output[-400:]}")
    return found


def first_match(rules, test, error):
    for rule in rules:
        if re.search(rule.get("tests", ""), test) and re.search(rule.get("error", ""), error, re.S):
            return rule["reason"]
    return None


def sort(test, outcome, data):
    """(kind, reason) of a test; the reason of an unexplained failure is None."""
    result, used, error = outcome
    if result == "skipped":
        return "not applicable", error
    if not used:
        return "not applicable", OTHERS
    if result == "passed":
        return "passed", None
    reason = first_match(data["not_applicable"], test, error)
    if reason:
        return "not applicable", reason
    return "failed", first_match(data["failures"], test, error)


def run(package, files, expression=None):
    """{file: {test: outcome}}, the files side by side."""
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        runs = {file: pool.submit(run_file, package, file, expression) for file in files}
        return {file: outcomes(*future.result()) for file, future in runs.items()}


def summarize(found, data):
    """{file: counts} and {reason: number of tests}, and the failures without a reason."""
    files, reasons, unexplained = {}, {}, []
    for file, tests in found.items():
        counts = files[file] = dict.fromkeys(KINDS, 0)
        for test, outcome in tests.items():
            kind, reason = sort(test, outcome, data)
            counts[kind] += 1
            if reason:
                reasons[reason] = reasons.get(reason, 0) + 1
            elif kind == "failed":
                unexplained.append((test, outcome[2]))
    return files, dict(sorted(reasons.items())), unexplained


def stale_rules(found, data):
    """Rules for failures none of whose tests fails any more."""
    tests = {test: outcome for file in found.values() for test, outcome in file.items()}
    for rule in data["failures"]:
        named = {t: o for t, o in tests.items() if "tests" in rule and re.search(rule["tests"], t)}
        if named and all(outcome[0] != "failed" for outcome in named.values()):
            yield f"no longer fails: {rule['tests']} ({rule['reason']})"


def fallen(files, data, version):
    """Files of which fewer tests pass than are written down."""
    for file, counts in files.items():
        least = data["results"].get(version, {}).get("files", {}).get(file, {}).get("passed", 0)
        if counts["passed"] < least:
            yield f"{file}: {counts['passed']} tests pass, fewer than the {least} written down"


def print_failures(found, data):
    for tests in found.values():
        for test, outcome in tests.items():
            kind, reason = sort(test, outcome, data)
            if outcome[0] == "failed":
                print(f"{kind}: {test}\n    {outcome[2]}\n    {reason}")


def control(files, expression):
    """Every test must pass or be skipped with scikit-learn's own estimators."""
    found = run("control", files, expression)
    failed = [(t, o[2]) for tests in found.values() for t, o in tests.items() if o[0] == "failed"]
    passed = sum(o[0] == "passed" for tests in found.values() for o in tests.values())
    for test, error in failed:
        print(f"FAILED {test}\n    {error}")
    print(f"{passed} passed, {len(failed)} failed with scikit-learn's own estimators")
    return 1 if failed or not passed else 0


def table(data):
    """The text between BEGIN and END in docs/python.md."""
    versions = sorted(data["results"], key=lambda v: [int(n) for n in v.split(".")])
    lines = ["| scikit-learn's file | " + " | ".join(
        f"{v}: pass | fail | not applicable" for v in versions) + " |",
        "|---" + "|--:|--:|--:" * len(versions) + "|"]
    for file in [*FILES, "together"]:
        cells = []
        for version in versions:
            counts = data["results"][version]["files"]
            cells += [sum(counts[f].get(kind, 0) for f in (FILES if file == "together" else [file]))
                      for kind in KINDS]
        name = file if file == "together" else f"`{FILES[file]}`"
        lines.append(f"| {name} | " + " | ".join(map(str, cells)) + " |")
    for title, rules in (("Why tests fail:", data["failures"]),
                         ("Why tests are not applicable:", [
                             {"reason": SKIPPED}, {"reason": OTHERS}, *data["not_run"],
                             *data["not_applicable"]])):
        lines += ["", title, ""]
        for reason in dict.fromkeys(rule["reason"] for rule in rules):
            counts = [data["results"][v]["reasons"].get(reason, 0) for v in versions]
            if any(counts):
                lines.append(f"- {reason} ({', '.join(map(str, counts))})")
    return "\n".join(lines) + "\n"


def write_table(data):
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(before + BEGIN + table(data) + END + after, encoding="utf-8")


def update(files, reasons, version):
    """Writes down what came out."""
    data = read_data()
    data["results"][version] = {"files": files, "reasons": reasons}
    DATA.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def report(found, files, data, version, expression):
    """Prints what came out; returns the exit status."""
    _, _, unexplained = summarize(found, data)
    known = version in data["results"]
    problems = [f"unexplained failure: {test}\n    {error}" for test, error in unexplained]
    problems += [] if expression else fallen(files, data, version)
    for line in [*stale_rules(found, data), *problems]:
        print(line)
    for file, counts in files.items():
        print(f"{file:32}", ", ".join(f"{counts[kind]} {kind}" for kind in KINDS))
    if not known:
        print(f"nothing is written down for scikit-learn {version}: all of this is only reported")
    total = {kind: sum(counts[kind] for counts in files.values()) for kind in KINDS}
    print(f"scikit-learn {version}: " + ", ".join(f"{total[kind]} {kind}" for kind in KINDS)
          + f", {len(unexplained)} of the failures unexplained")
    return 1 if problems and known else 0


def missing():
    """What is not installed, or None."""
    for name in ("sklearn", "pytest"):
        if util.find_spec(name) is None:
            return f"{name} is not installed"
    absent = [module for module in FILES.values() if util.find_spec(module) is None]
    return f"scikit-learn's tests are not installed ({absent[0]})" if absent else None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for option in ("--control", "--table", "--update", "--list"):
        parser.add_argument(option, action="store_true")
    parser.add_argument("-k", dest="expression")
    parser.add_argument("--package", default="libclassify.sklearn")
    parser.add_argument("files", nargs="*", metavar="FILE", choices=[*FILES, []])
    options = parser.parse_args()
    if options.table:
        write_table(read_data())
        return 0
    if missing():
        print(f"skipped: {missing()}")
        return 77
    chosen = options.files or list(FILES)
    if options.control:
        return control(chosen, options.expression)
    import sklearn

    version = sklearn.__version__
    data = read_data(version)
    found = run(options.package, chosen, options.expression)
    files, reasons, _ = summarize(found, data)
    if options.list:
        print_failures(found, data)
    if options.update:
        update(files, reasons, version)
    return report(found, files, data, version, options.expression)


if __name__ == "__main__":
    sys.exit(main())
