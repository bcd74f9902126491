"""The pages about Python: their programs run and print what the pages say, and the table of what
differs from scikit-learn is that of the estimators' docstrings.

    test_docs.py --write    writes the table into docs/python.md
"""

import contextlib
import importlib
import inspect
import io
import pathlib
import re
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = ("README.md", "docs/python.md")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
TABLE = re.compile(r"<!-- differences -->\n.*?<!-- end of differences -->\n", re.S)


def blocks(page):
    """The programs of a page with what each prints, or None."""
    found = BLOCK.findall((ROOT / page).read_text(encoding="utf-8"))
    following = found[1:] + [("", "")]
    return [(text, after if kind == "text" else None)
            for (language, text), (kind, after) in zip(found, following) if language == "python"]


@pytest.mark.parametrize("page", PAGES)
def test_programs_print_what_the_page_says(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    programs = blocks(page)
    assert programs
    names = {}
    for text, expected in programs:
        for module in re.findall(r"^(?:import|from) (sklearn|pandas|scipy)", text, re.M):
            pytest.importorskip(module)
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(text, page, "exec"), names)
        assert expected is None or printed.getvalue() == expected, text


def rows_of(docstring):
    """The rows of the table "parameter, scikit-learn, here" in a docstring."""
    lines = inspect.cleandoc(docstring).splitlines()
    rules = [i for i, line in enumerate(lines) if re.fullmatch(r"=+(\s+=+){2}", line)]
    if len(rules) != 3:
        return []
    ends = [match.span() for match in re.finditer("=+", lines[rules[0]])]
    cells = [[line[a:b].strip() for a, b in ends[:-1]] + [line[ends[-1][0]:].strip()]
             for line in lines[rules[1] + 1:rules[2]] if line]
    rows = []
    for row in cells:
        if row[0]:
            rows.append(row)
        else:  # continues the row before
            rows[-1] = [" ".join(filter(None, pair)) for pair in zip(rows[-1], row)]
    return rows


def table():
    estimators = importlib.import_module("libclassify.sklearn")
    lines = ["<!-- differences -->", "| estimator | parameter | scikit-learn | here |", "|---|---|---|---|"]
    for name in sorted(estimators._MODULE_OF):
        rows = rows_of(getattr(estimators, name).__doc__)
        lines += [f"| `{name if i == 0 else ''}` | ".replace("``", "") + " | ".join(
            cell.replace("|", "\\|") for cell in row) + " |" for i, row in enumerate(rows)]
    return "\n".join([*lines, "<!-- end of differences -->", ""])


def test_differences_are_those_of_the_docstrings():
    page = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    assert TABLE.search(page).group() == table(), "renew it: test_docs.py --write"


if __name__ == "__main__" and sys.argv[1:] == ["--write"]:
    path = ROOT / "docs" / "python.md"
    path.write_text(TABLE.sub(lambda _: table(), path.read_text(encoding="utf-8")), encoding="utf-8")
