"""What each value of the option `python` installs, by meson's plans: python_files.py FOLDER, with VALUE.json."""
import json
import pathlib
import sys


def installed(path):
    """(what, where) of all that a build installs, and the tags of what goes to Python's folders."""
    plan = json.loads(path.read_text())
    entries = [entry for group in plan.values() for entry in group.items()]
    python = {pathlib.Path(file).name: about for file, about in entries if about["destination"].startswith("{py_")}
    others = {pathlib.Path(file).name for file, about in entries} - set(python)
    return python, others


def main(folder):
    plans = {value: installed(pathlib.Path(folder) / f"{value}.json")
             for value in ("build", "install", "wheel", "none")}
    package = {"_declarations.py", "_declarations.pyi", "libclassify"}
    assert not plans["build"][0] and not plans["none"][0]
    assert plans["build"][1] == plans["none"][1] == plans["install"][1]
    assert {"classify.h", "classify.pc", "api.json"} <= plans["build"][1]
    assert set(plans["install"][0]) == package
    assert set(plans["wheel"][0]) == package | {"libclassify.so"} and not plans["wheel"][1]
    for value, scheme in ("install", "{py_purelib}"), ("wheel", "{py_platlib}"):
        for name, about in plans[value][0].items():
            assert about["destination"].startswith(f"{scheme}/libclassify"), about
            assert about["tag"] == ("runtime" if name.endswith(".so") else "python-runtime"), about


main(sys.argv[1])
