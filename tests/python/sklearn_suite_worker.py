"""Runs one file of scikit-learn's own installed tests with other estimators in place of theirs.

    sklearn_suite_worker.py PACKAGE MODULE OUT [EXPRESSION]

PACKAGE holds the estimators (`libclassify.sklearn`), or is `control`: empty subclasses of
scikit-learn's own, with which every test must pass that passes without this file. MODULE is a test
module of scikit-learn (`sklearn.svm.tests.test_svm`), run by pytest; EXPRESSION is pytest's -k.

Every public class or function of PACKAGE whose name scikit-learn has in its module of the same name
replaces it there, before the test module is imported and after everything else of scikit-learn was,
so that only the tests see it; while the test module is imported, also in the private modules that
it may import from. Of a parametrized test some cases are run, and those that match a rule
of `not_run` in sklearn_suite.json are not. OUT gets a line of JSON for each test that begins and for each that
ends; a test that began and did not end stopped the process.
"""

import functools
import importlib
import inspect
import json
import pkgutil
import re
import signal
import sys
import tempfile
import types
import zlib
from pathlib import Path

import pytest

CASES = 8  # of a parametrized test, chosen by the checksum of their names
TEST_SECONDS = 30  # of processor time
# Modules of scikit-learn that one module of ours has in one file.
SUBMODULES = {"feature_extraction": ["text"]}


def import_everything():
    """Imports all of scikit-learn but its tests, so that it has bound its own names."""
    import sklearn

    for module in pkgutil.walk_packages(sklearn.__path__, "sklearn."):
        parts = module.name.split(".")
        if not {"tests", "conftest", "_build_utils", "externals", "experimental"} & set(parts):
            try:
                importlib.import_module(module.name)
            except ImportError:  # of something optional
                pass


def public_names(module):
    """The public classes and functions that a module offers."""
    names = getattr(module, "__all__", None) or [n for n in vars(module) if n[0] != "_"]
    return {n: getattr(module, n) for n in names if inspect.isroutine(getattr(module, n, None))
            or inspect.isclass(getattr(module, n, None))}


def package_modules(package):
    """(module of scikit-learn, names of ours that may replace its own) of a package."""
    ours = importlib.import_module(package)
    for info in pkgutil.iter_modules(ours.__path__):
        if info.name.startswith("_"):
            continue
        names = public_names(importlib.import_module(f"{package}.{info.name}"))
        for theirs in [info.name, *(f"{info.name}.{s}" for s in SUBMODULES.get(info.name, []))]:
            try:
                yield importlib.import_module(f"sklearn.{theirs}"), names
            except ImportError:
                pass  # a module that scikit-learn does not have


CONTROL = {
    "linear_model": ["Ridge", "RidgeClassifier", "LogisticRegression", "Perceptron"],
    "svm": ["SVC"],
    "discriminant_analysis": ["LinearDiscriminantAnalysis"],
    "neural_network": ["MLPClassifier", "MLPRegressor"],
    "preprocessing": ["StandardScaler", "MinMaxScaler", "PolynomialFeatures"],
    "decomposition": ["PCA"],
    "feature_extraction.text": ["CountVectorizer", "TfidfVectorizer"],
    "datasets": ["load_svmlight_file", "load_svmlight_files", "dump_svmlight_file"],
}


def control_modules():
    """The same for the control: subclasses of scikit-learn's classes, and its functions wrapped."""
    home = sys.modules["control"] = types.ModuleType("control")
    for name, members in CONTROL.items():
        module = importlib.import_module(f"sklearn.{name}")
        for member in members:
            own = getattr(module, member)
            other = functools.wraps(own)(lambda *a, own=own, **k: own(*a, **k))
            if inspect.isclass(own):
                other = type(member, (own,), {"__module__": "control", "__doc__": own.__doc__})
            setattr(home, member, other)
        yield module, {member: getattr(home, member) for member in members}


def takes_all_of(ours, theirs):
    """Whether ours has all parameters of theirs. Of one that scikit-learn has renamed since, its older
    versions pass the old name, some of them when a test module is imported."""
    return (not inspect.isclass(ours) or set(inspect.signature(theirs).parameters)
            <= set(inspect.signature(ours).parameters))


class Recorder:
    """A plugin of pytest: replaces, samples, and writes what became of each test."""

    def __init__(self, package, rules, out):
        self.rules = rules
        self.out = out
        self.used = False
        self.private = []  # (module, name, what is there of scikit-learn's)
        replaced = set()
        for theirs, names in control_modules() if package == "control" else package_modules(package):
            for name, other in names.items():
                if hasattr(theirs, name) and takes_all_of(other, getattr(theirs, name)):
                    self.replace(theirs, name, self.watch(other))
                    replaced.add(other)
        self.classes = tuple(c for c in replaced if inspect.isclass(c))
        self.write(replaced=sorted(c.__name__ for c in replaced))

    def write(self, **line):
        print(json.dumps(line), file=self.out, flush=True)

    def replace(self, public, name, other):
        """Replaces what a public module of scikit-learn has by a name, for now wherever it is."""
        own = getattr(public, name)
        for path, module in list(sys.modules.items()):
            if path.startswith("sklearn.") and vars(module).get(name) is own:
                self.private += [(module, name, own)] if module is not public else []
                setattr(module, name, other)

    def pytest_collection_finish(self):
        for module, name, own in self.private:
            setattr(module, name, own)

    def watch(self, other):
        """Notes when an instance is made or the function is called."""
        if not inspect.isclass(other):
            @functools.wraps(other)
            def called(*args, **kwargs):
                self.used = True
                return other(*args, **kwargs)
            return called

        def made(cls, *args, **kwargs):
            self.used = True
            return object.__new__(cls)
        other.__new__ = made
        return other

    def not_run(self, test):
        """Whether a rule leaves a test out, which is then written down."""
        reasons = [rule["reason"] for rule in self.rules if re.search(rule["tests"], test)]
        if reasons:
            self.write(ends=test, outcome="skipped", used=False, reason=reasons[0])
        return bool(reasons)

    def pytest_collectreport(self, report):
        if report.failed:
            self.write(begins="the import of the file")
            self.write(ends="the import of the file", outcome="failed", used=True,
                       error=str(report.longrepr)[-600:])

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config, items):
        functions, kept = {}, set()
        for item in items:
            if self.not_run(test_name(item)):
                continue
            functions.setdefault(item.nodeid.partition("[")[0], []).append(item)
        for cases in functions.values():
            cases.sort(key=lambda item: (zlib.crc32(test_name(item).encode()), item.nodeid))
            kept.update(cases[:CASES])
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = [item for item in items if item in kept]

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item):
        values = getattr(item, "callspec", None)
        self.used = values is not None and any(
            isinstance(value, self.classes) for value in values.params.values())
        self.result = {}
        self.write(begins=test_name(item))
        signal.setitimer(signal.ITIMER_PROF, TEST_SECONDS)
        yield
        signal.setitimer(signal.ITIMER_PROF, 0)
        self.write(ends=test_name(item), used=self.used, **self.result)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item, call):
        report = (yield).get_result()
        if report.when == "call" or report.outcome != "passed":
            self.result = {"outcome": report.outcome}
        if report.outcome == "failed":
            error = call.excinfo
            text = str(error.value) if error.value is not None else ""
            self.result["error"] = f"{error.type.__name__}: {text}"[:600]


def test_name(item):
    """file::function[case], wherever scikit-learn is installed."""
    return f"{item.path.name}::{item.nodeid.partition('::')[2]}"


def too_slow(*_):
    raise TimeoutError(f"the test took more than {TEST_SECONDS} s of processor time")


def main():
    package, module, path, *expression = sys.argv[1:]
    signal.signal(signal.SIGPROF, too_slow)
    rules = json.loads((Path(__file__).parent / "sklearn_suite.json").read_text())["not_run"]
    import_everything()
    with open(path, "w") as out, tempfile.TemporaryDirectory() as folder:
        recorder = Recorder(package, rules, out)
        file = importlib.util.find_spec(module).origin
        options = ["-q", "-q", "--tb=no", "--no-header", "--no-summary", "-p", "no:cacheprovider",
                   "-W", "ignore::DeprecationWarning", "-c", "/dev/null", "--rootdir", folder]
        if expression:
            options += ["-k", expression[0]]
        status = pytest.main([*options, file], plugins=[recorder])
        recorder.write(status=int(status))


if __name__ == "__main__":
    main()
