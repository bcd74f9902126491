"""The rules of sklearn_suite.py: what counts as passed, failed and not applicable, when it fails, and
that docs/python.md shows what is written down. The runs themselves are steps of the CI."""

import re

import pytest

import sklearn_suite as suite

DATA = {
    "not_run": [{"tests": "RidgeCV", "reason": "another estimator"}],
    "not_applicable": [{"error": "^Unsupported: ", "reason": "refused"}],
    "failures": [{"tests": r"test_a\.py::test_rounded", "error": "tolerance", "reason": "f32"}],
    "results": {"1.0": {"files": {"test_a.py": {"passed": 1}}, "reasons": {}}},
}


@pytest.mark.parametrize("outcome, expected", [
    (("passed", True, ""), ("passed", None)),
    (("passed", False, ""), ("not applicable", suite.OTHERS)),
    (("failed", False, "ValueError: x"), ("not applicable", suite.OTHERS)),
    (("skipped", True, suite.SKIPPED), ("not applicable", suite.SKIPPED)),
    (("failed", True, "Unsupported: no solver"), ("not applicable", "refused")),
    (("failed", True, "AssertionError: the tolerance 1e-7"), ("failed", "f32")),
    (("failed", True, "AssertionError: another"), ("failed", None)),
])
def test_each_test_is_of_one_kind(outcome, expected):
    assert suite.sort("test_a.py::test_rounded[1]", outcome, DATA) == expected


def status(tests, version="1.0", expression=None):
    found = {"test_a.py": tests}
    files, _, _ = suite.summarize(found, DATA)
    return suite.report(found, files, DATA, version, expression)


def test_an_unexplained_failure_and_a_fallen_number_fail(capsys):
    good = {"test_a.py::test_x": ("passed", True, "")}
    assert status(good) == 0
    assert status({**good, "test_a.py::test_y": ("failed", True, "KeyError: 3")}) == 1
    assert "KeyError: 3" in capsys.readouterr().out
    assert status({"test_a.py::test_x": ("passed", False, "")}) == 1
    assert "fewer than the 1 written down" in capsys.readouterr().out
    assert status({"test_a.py::test_x": ("failed", True, "KeyError: 3")}, version="2.0") == 0
    assert "only reported" in capsys.readouterr().out


def test_a_rule_whose_tests_all_pass_is_reported(capsys):
    assert status({"test_a.py::test_rounded[1]": ("passed", True, "")}) == 0
    assert "no longer fails" in capsys.readouterr().out


def test_a_test_without_an_end_has_stopped_the_process():
    lines = [{"begins": "test_a.py::test_x"}]
    found = suite.outcomes(lines, "Segmentation fault", -11)
    assert found["test_a.py::test_x"] == ("failed", True, "Stopped: exit status -11")
    assert "Segmentation" in found["the run of the file"][2]
    lines += [{"ends": "test_a.py::test_x", "outcome": "passed", "used": True}, {"status": 0}]
    assert suite.outcomes(lines, "", 0) == {"test_a.py::test_x": ("passed", True, suite.SKIPPED)}


def test_every_rule_is_a_pattern_with_a_reason_of_a_line():
    data = suite.read_data()
    for rule in data["not_run"] + data["not_applicable"] + data["failures"]:
        assert set(rule) <= {"tests", "error", "version", "reason"} and len(rule) > 1
        assert 0 < len(rule["reason"]) < 140 and "\n" not in rule["reason"]
        for part in ("tests", "error"):
            re.compile(rule.get(part, ""))


def test_the_page_shows_what_is_written_down():
    assert suite.BEGIN + suite.table(suite.read_data()) + suite.END in suite.PAGE.read_text()
