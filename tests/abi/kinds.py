"""Every kind that the catalog lists is named, in quotes, in the header of its area."""
import ctypes
import pathlib
import re
import sys

HEADERS = {
    "context": "context.h", "model": "model.h", "transform": "transform.h",
    "dataset_reader": "dataset.h", "dataset_writer": "dataset.h", "model_reader": "model.h",
    "model_writer": "model.h", "image_writer": "image.h", "layer": "network.h",
    "optimizer": "optimizer.h", "augment": "network.h", "document_reader": "text.h",
    "vocabulary": "text.h", "image": "image.h", "image_reader": "image.h", "detector": "detect.h",
    "search": "selection.h",
    "decision": "decision.h",
    "measure": "metrics.h",
    "network": "network.h",
}


def kinds(lib, area):
    for index in range(lib.clf_kind_count(area.encode())):
        yield lib.clf_kind_name(area.encode(), ctypes.c_int64(index)).decode()


def main(library, paths):
    lib = ctypes.CDLL(library)
    lib.clf_kind_count.restype = ctypes.c_int64
    lib.clf_area_count.restype = ctypes.c_int64
    lib.clf_kind_name.restype = lib.clf_area_name.restype = ctypes.c_char_p
    texts = {pathlib.Path(path).name: pathlib.Path(path).read_text(encoding="utf-8")
             for path in paths}
    areas = re.search(r"@param area(.*?)@return", texts["catalog.h"], re.S)[1]
    areas = re.findall(r'"(\w+)"', areas)
    listed = {lib.clf_area_name(ctypes.c_int64(index)).decode()
              for index in range(lib.clf_area_count())}
    wrong = [f"the library, catalog.h and this test disagree about the area {area}"
             for area in (set(areas) ^ set(HEADERS)) | (listed ^ set(HEADERS))]
    count = 0
    for area, header in HEADERS.items():
        found = list(kinds(lib, area))
        count += len(found)
        if not found:
            wrong.append(f"{area}: no kinds")
        wrong += [f'{header}: the {area} "{kind}" is not named'
                  for kind in found if f'"{kind}"' not in texts[header]]
    print("\n".join(wrong + [f"{count} kinds in {len(areas)} areas"]))
    return 1 if wrong else 0


sys.exit(main(sys.argv[1], sys.argv[2:]))
