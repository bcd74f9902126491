"""CONTRIBUTING.md's walks name every place that a new kind must stand in, and nothing that is not there.

Each registry of the library has a walk (a section `## Add ...` that names its file), and a file that
names all kinds of a registry is named in that walk; so has the list of the command line tool's verbs. Two walks are followed in a copy of the sources:
a layer and a file format, of the steps' files and no others, compile and do their work.

walks.py ROOT SHARED_LIBRARY STATIC_LIBRARY -lz ... -- COMPILER...
"""
import ctypes
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

FOLDERS = ["include", "lib", "tests", "examples", "tools", "bindings", "docs"]
SUFFIXES = {".c", ".h", ".py", ".md", ".build", ".inc"}
REGISTRY = re.compile(r'^const clf__registry (\w+) = \{"(\w+)"', re.M)
MIN_KINDS = 3   # what names two may well speak of something else
MIN_PLACES = 8  # fewer mean that the search no longer finds them

LAYER_TEST = """
  static const float x[] = {0, 1, 2, 3, 5, 4, 7, 6};
  static const int32_t y[] = {0, 0, 1, 1};
  const int64_t shape[] = {4, 2};
  clf_tensor *rows = NULL, *labels = NULL;
  clf_dataset *data = NULL;
  clf_model *model = NULL;
  bool good = clf_tensor_create(&rows, NULL, CLF_F32, 2, shape) == CLF_OK &&
              clf_tensor_create(&labels, NULL, CLF_I32, 1, shape) == CLF_OK;
  memcpy(clf_tensor_data(rows), x, sizeof x);
  memcpy(clf_tensor_data(labels), y, sizeof y);
  return good && clf_dataset_create(&data, NULL, rows, labels) == CLF_OK &&
         clf_model_create(&model, NULL, "network", "epochs=2 layers='scratch; dense units=2'") == CLF_OK &&
         clf_model_fit(model, data, NULL, NULL) >= CLF_OK;
"""
FORMAT = """#include <string.h>

#include "base/status.h"
#include "data/dataset.h"

static clf_status parse(clf_dataset **out, clf_context *context, clf__bytes *bytes, const char *name,
                        const void *params) {
  clf_tensor *row = NULL;
  clf_status status;
  (void)name, (void)params;
  CLF__TRY(clf_tensor_create(&row, context, CLF_U8, 2, (int64_t[]){1, (int64_t)bytes->size}));
  memcpy(clf_tensor_data(row), bytes->data, bytes->size);
  CLF__TRY(clf_dataset_create(out, context, row, NULL));
done:
  clf_tensor_free(row);
  return status;
}

const clf__dataset_reader clf__dataset_reader_scratch = {
    .base = CLF__KIND_PLAIN("scratch", "the bytes of a file as one row"),
    .parse = parse,
};
"""
FORMAT_TEST = """
  clf_dataset *data = NULL;
  return clf_dataset_load(&data, NULL, "scratch", __FILE__, NULL) == CLF_OK &&
         clf_dataset_rows(data) == 1 && clf_dataset_features(data) > 100;
"""
PROGRAM = """#include <classify.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool works(void) {%s}

int main(void) {
  bool listed = false;
  for (int64_t i = 0; i < clf_kind_count("%s"); i++) {
    listed = listed || strcmp(clf_kind_name("%s", i), "scratch") == 0;
  }
  const bool good = listed && works();
  if (!good) {
    printf("%%s: %%s\\n", listed ? "listed" : "not listed", clf_last_error());
  }
  return good ? 0 : 1;
}
"""


def walks(root):
    """The sections that add something, by their titles."""
    parts = re.split(r"^## (.*)\n", (root / "CONTRIBUTING.md").read_text(), flags=re.M)
    return {title: text for title, text in zip(parts[1::2], parts[2::2]) if title.startswith("Add ")}


def registries(root):
    for path in sorted((root / "lib").rglob("*.c")):
        for name, area in REGISTRY.findall(path.read_text()):
            yield area, str(path.relative_to(root))


def verbs(root):
    """The file that lists the verbs of the command line tool, and the verbs of one file each."""
    file = "tools/classify/verbs.c"
    return file, [name for name in re.findall(r"&verb_(\w+),", (root / file).read_text())
                  if (root / f"tools/classify/{name}.c").is_file()]


def walk_of(file, sections):
    found = [title for title, text in sections.items() if f"`{file}`" in text]
    return found[0] if len(found) == 1 else None


def kinds_of(library, area):
    return [library.clf_kind_name(area.encode(), ctypes.c_int64(i)).decode()
            for i in range(library.clf_kind_count(area.encode()))]


def texts(root):
    files = [path for folder in FOLDERS for path in (root / folder).rglob("*")
             if path.suffix in SUFFIXES and "__pycache__" not in path.parts]
    return {str(path.relative_to(root)): path.read_text() for path in sorted(files) + [root / "README.md"]}


def places(files, kinds):
    """The files that name all kinds, also as parts of identifiers (clf__dense_kind), and a kind of one
    letter in quotes."""
    names = [re.compile(rf"(?<![^\W_]){kind}(?![^\W_])" if len(kind) > 1 else f"[\"']{kind}[\"']")
             for kind in kinds]
    return [file for file, text in files.items() if all(name.search(text) for name in names)]


def missing_places(root, library):
    sections, files, count = walks(root), texts(root), 0
    lists = [(file, kinds_of(library, area)) for area, file in registries(root)] + [verbs(root)]
    for file, kinds in lists:
        title = walk_of(file, sections)
        if title is None:
            yield f"no walk, or more than one, names {file}, which lists {', '.join(kinds)}"
            continue
        found = places(files, kinds) if len(kinds) >= MIN_KINDS else []
        count += len(found)
        for place in found:
            if f"`{place}`" not in sections[title]:
                yield f'"{title}" does not name {place}, which names all of {", ".join(kinds)}'
    if count < MIN_PLACES:
        yield f"only {count} files name all kinds of a registry"


def missing_names(root):
    """Symbols that the page names and no source has; paths.py looks for its files."""
    known = "\n".join(texts(root).values())
    page = (root / "CONTRIBUTING.md").read_text()
    return [f"CONTRIBUTING.md names {name}, which is not there"
            for name in sorted(set(re.findall(r"`((?:clf_|CLF_)\w+)(?:\(\))?`", page)))
            if "NAME" not in name and not re.search(rf"\b{name}\b", known)]


def edit(path, after, line):
    """Puts a line after the first one that has a text."""
    lines = path.read_text().splitlines(keepends=True)
    at = next(i for i, old in enumerate(lines) if after in old)
    path.write_text("".join(lines[:at + 1] + [line + "\n"] + lines[at + 1:]))


def add_layer(copy):
    source = (copy / "lib/layers/flatten.c").read_text()
    (copy / "lib/layers/scratch.c").write_text(source.replace("flatten", "scratch"))
    edit(copy / "lib/layers/layer.h", "clf__flatten_kind", "extern const clf__layer_kind clf__scratch_kind;")
    edit(copy / "lib/layers/registry.c", "clf__flatten_kind", "    &clf__scratch_kind.base,")
    edit(copy / "lib/layers/meson.build", "'flatten.c'", "  'scratch.c',")
    return "lib/layers/registry.c", ["lib/layers/scratch.c", "lib/layers/registry.c"], LAYER_TEST


def add_format(copy):
    (copy / "lib/data/formats/scratch.c").write_text(FORMAT)
    edit(copy / "lib/data/dataset.h", "clf__dataset_reader_idx;", "extern const clf__dataset_reader clf__dataset_reader_scratch;")
    edit(copy / "lib/data/formats/registry.c", "*const kinds[]", "    &clf__dataset_reader_scratch.base,")
    edit(copy / "lib/data/formats/meson.build", "'lines.c'", "  'scratch.c',")
    return ("lib/data/formats/registry.c",
            ["lib/data/formats/scratch.c", "lib/data/formats/registry.c"], FORMAT_TEST)


def follow(root, add, static_library, link, compiler):
    """Follows a walk in a copy; the objects stand before those of the library that they replace."""
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder)
        for name in "lib", "include":
            shutil.copytree(root / name, copy / name)
        file, sources, body = add(copy)
        area = next(area for area, path in registries(root) if path == file)  # that of the readers
        (copy / "program.c").write_text(PROGRAM % (body, area, area))
        command = compiler + ["-std=c11", "-D_GNU_SOURCE", "-DCLASSIFY_STATIC", "-Wall", "-Wextra", "-Werror",
                              "-Ilib", "-Iinclude", "program.c", *sources, static_library, *link,
                              "-pthread", "-lm", "-o", "program"]
        for step in command, ["./program"]:
            done = subprocess.run(step, cwd=copy, capture_output=True, text=True)
            if "cannot find -l" in done.stderr:
                print("zlib or a codec is built by a subproject: skipped")
                sys.exit(77)
            if done.returncode != 0:
                return [f"{add.__name__}: {done.stdout}{done.stderr}"]
    return []


def main(root, shared_library, static_library, *rest):
    root = pathlib.Path(root)
    static_library = str(pathlib.Path(static_library).resolve())
    link, compiler = list(rest[:rest.index("--")]), list(rest[rest.index("--") + 1:])
    library = ctypes.CDLL(shared_library)
    library.clf_kind_count.restype = ctypes.c_int64
    library.clf_kind_name.restype = ctypes.c_char_p
    faults = missing_names(root) + list(missing_places(root, library))
    for add in add_layer, add_format:
        faults += follow(root, add, static_library, link, compiler)
    print("\n".join(faults))
    return 1 if faults else 0


sys.exit(main(*sys.argv[1:]))
