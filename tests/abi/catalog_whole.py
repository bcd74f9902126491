"""The catalog is whole: from its functions alone, areas, kinds, parameters and constants are written
down as JSON, as a binding or a page of documentation needs them."""
import ctypes
import json
import math
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
import headers  # noqa: E402
from catalog import catalog, load  # noqa: E402

I64, F64, BOOL, CHOICE, TEXT, NUMBER, LIST, COUNT = range(1, 9)


def faults_of_param(param):
    words = param["words"].split("|") if param["words"] else []
    if not param["help"] or "\n" in param["help"]:
        yield "has not one line of help"
    if param["type"] not in range(I64, COUNT + 1):
        yield f"has the type {param['type']}"
    if (param["type"] == CHOICE) != (bool(words) and param["type"] < NUMBER):
        yield f"is of type {param['type']} and has the words {words}"
    if param["type"] == CHOICE and param["default_value"] not in words:
        yield f"has a default that is none of its words: {param['default_value']}"
    if param["type"] == BOOL and param["default_value"] not in ("true", "false"):
        yield f"has the default {param['default_value']}"
    if param["type"] in (I64, F64) or param["type"] == NUMBER and param["default_value"] not in words:
        value = float(param["default_value"])
        if not param["minimum"] <= value <= param["maximum"]:
            yield f"has a default out of its bounds: {value}"


def faults(found, paths):
    for area, members in found["areas"].items():
        if not members:
            yield f"{area} has no kinds"
        for kind, about in members.items():
            if not about["help"]:
                yield f"{area} {kind} has no help"
            names = [param["name"] for param in about["params"]]
            if len(set(names)) < len(names):
                yield f"{area} {kind} has a parameter twice"
            for param in about["params"]:
                for fault in faults_of_param(param):
                    yield f"{area} {kind}: {param['name']} {fault}"
    written = headers.constants(paths)
    listed = {item["name"]: item["value"] for item in found["constants"]}
    if listed != written or len(listed) < len(found["constants"]):
        yield f"constants that differ from those of the headers: {set(listed.items()) ^ set(written.items())}"
    values = {}
    for item in found["constants"]:
        other = values.setdefault((item["group"], item["value"]), item["name"])
        if other != item["name"]:
            yield f"{other} and {item['name']} of {item['group']} are one value"


def main(library, paths):
    lib = load(library)
    found = catalog(lib)
    wrong = list(faults(found, paths))
    if lib.clf_area_name(ctypes.c_int64(lib.clf_area_count())) is not None:
        wrong.append("there is an area behind the last one")
    numbers = [param[bound] for members in found["areas"].values() for kind in members.values()
               for param in kind["params"] for bound in ("minimum", "maximum")]
    text = json.dumps(found)
    if json.loads(text) != found or any(math.isnan(number) for number in numbers):
        wrong.append("it does not come back from JSON")
    print("\n".join(wrong + [f"{len(found['areas'])} areas, {len(numbers) // 2} parameters, "
                             f"{len(found['constants'])} constants"]))
    return 1 if wrong or len(numbers) < 200 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
