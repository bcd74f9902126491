"""A public function that returns a status or a computed number begins with CLF__ENTER, after its
CLF__REQUIREs: the host's floating-point environment and the subject of a refused allocation are
settled there (lib/base/border.h), for every function that is still to come as well."""
import pathlib
import re
import sys

STORED = {"clf_tensor_scale", "clf_search_mean", "clf_search_deviation",
          "clf_search_score"}  # numbers as they lie there


def definition(name, texts):
    """Return type and body of the function."""
    pattern = re.compile(rf"^(\w[\w *]*?)\b{name}\([^;{{]*?\) \{{\n(.*?)^\}}", re.M | re.S)
    for text in texts:
        found = pattern.search(text)
        if found:
            return found.group(1).strip(), found.group(2)
    return None, ""


def main(library):
    library = pathlib.Path(library)
    names = re.findall(r"^\s+(clf_\w+);", (library / "classify.map").read_text(encoding="utf-8"),
                       re.M)
    texts = [path.read_text(encoding="utf-8") for path in sorted(library.rglob("*.c"))]
    wrong, entered = [], 0
    for name in names:
        kind, body = definition(name, texts)
        if kind is None:
            wrong.append(f"{name}: no definition found")
        elif kind in ("clf_status", "double", "float") and name not in STORED:
            entered += 1
            if not re.match(r"(?:  CLF__REQUIRE\(\w+\);\n)*  CLF__ENTER(?:_PREDICTION)?\(.+\);\n", body):
                wrong.append(f"{name}: it does not begin with CLF__ENTER")
    print("\n".join(wrong + [f"{entered} of {len(names)} functions"]))
    return 1 if wrong or entered < 100 else 0


sys.exit(main(sys.argv[1]))
