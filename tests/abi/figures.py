"""What tests/bench/all.py writes has its place: each section a pair of marks in docs/performance.md or README.md, each
command a script that keeps rows or a program that is built, each picture a file that is installed; and tables say who
was measured, and by what ratio."""
import importlib
import pathlib
import re
import sys


def faults(root):
    sys.path.insert(0, str(root / "tests" / "bench"))
    sections = importlib.import_module("sections")
    marks = [name for page in ("README.md", "docs/performance.md")
             for name in re.findall(r"^<!-- figures: (\w+) -->\n(?:(?!<!-- figures).)*?<!-- end -->$",
                                    (root / page).read_text(encoding="utf-8"), re.M | re.S)]
    yield from (f"no page has the marks of section '{name}'" for name in sections.SECTIONS if name not in marks)
    yield from (f"mark '{name}' is no section" for name in marks if name not in {*sections.SECTIONS, "machine"})
    programs = (root / "tests" / "bench" / "meson.build").read_text()
    for name, section in sections.SECTIONS.items():
        for command in section.commands:
            script = root / "tests" / "bench" / command[0]
            if "/" in command[0]:
                if f"'{pathlib.Path(command[0]).name}'" not in programs or section.parse is None:
                    yield f"{name}: {command[0]} is not built, or nothing reads what it prints"
            elif "results.add_option(" not in script.read_text(encoding="utf-8"):
                yield f"{name}: {command[0]} keeps no rows"
    installed = (root / "docs" / "meson.build").read_text()
    for name in sections.PICTURES:
        if not (root / "docs" / "images" / f"{name}.svg").exists() or f"'{name}.svg'" not in installed:
            yield f"{name}.svg is not there, or not installed"
    rows = [{"model": "ridge", "by": "libclassify", "fit_seconds": 0.073, "test_accuracy": 0.86},
            {"model": "ridge", "by": "sklearn", "fit_seconds": 0.34, "test_accuracy": 0.86},
            {"model": "other", "by": "libclassify", "fit_seconds": 120.0, "test_accuracy": 0.5}]
    table = sections.comparison({"model": ""}, {"fit_seconds": "fit"}, (("test_accuracy", "accuracy", sections.share),))
    right = ("| | accuracy | libclassify | scikit-learn |\n| --- | --: | --: | --: |\n"
             "| ridge | 86.00 % | 73.0 ms | 340 ms (4.7×) |\n| other | 50.00 % | 120 s | |\n")
    if table(rows) != right:
        yield f"a table of three rows is\n{table(rows)}"


if __name__ == "__main__":
    found = list(faults(pathlib.Path(sys.argv[1])))
    print("\n".join(found) or "all sections and pictures have their places")
    sys.exit(bool(found))
