"""Public constants keep their values for ever: header = table below = clf_constant()."""
import ctypes
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
import headers  # noqa: E402

PINNED = {
    "CLF_OK": 0,
    "CLF_NOT_CONVERGED": 1,
    "CLF_ERROR_ARGUMENT": -1,
    "CLF_ERROR_MEMORY": -2,
    "CLF_ERROR_IO": -3,
    "CLF_ERROR_FORMAT": -4,
    "CLF_ERROR_CORRUPT": -5,
    "CLF_ERROR_VERSION": -6,
    "CLF_ERROR_SHAPE": -7,
    "CLF_ERROR_TYPE": -8,
    "CLF_ERROR_DATA": -9,
    "CLF_ERROR_NOT_FITTED": -10,
    "CLF_ERROR_UNSUPPORTED": -11,
    "CLF_ERROR_CANCELLED": -12,
    "CLF_ERROR_NUMERIC": -13,
    "CLF_ERROR_DIVERGED": -14,
    "CLF_ERROR_PEER": -15,
    "CLF_PROGRESS_GO": 0,
    "CLF_PROGRESS_CANCEL": 1,
    "CLF_PROGRESS_STOP": 2,
    "CLF_RANK_LATE": -1000,
    "CLF_LOG_WARNING": 1,
    "CLF_LOG_INFO": 2,
    "CLF_F32": 1,
    "CLF_F64": 2,
    "CLF_U8": 3,
    "CLF_I32": 4,
    "CLF_I64": 5,
    "CLF_BF16": 6,
    "CLF_I8": 7,
    "CLF_MAX_DIMENSIONS": 8,
    "CLF_AVERAGE_MACRO": 1,
    "CLF_AVERAGE_MICRO": 2,
    "CLF_AVERAGE_WEIGHTED": 3,
    "CLF_DISAGREEMENT_EQUAL": 1,
    "CLF_DISAGREEMENT_LINEAR": 2,
    "CLF_DISAGREEMENT_QUADRATIC": 3,
    "CLF_PARAM_I64": 1,
    "CLF_PARAM_F64": 2,
    "CLF_PARAM_BOOL": 3,
    "CLF_PARAM_CHOICE": 4,
    "CLF_PARAM_TEXT": 5,
    "CLF_PARAM_NUMBER": 6,
    "CLF_PARAM_LIST": 7,
    "CLF_PARAM_COUNT": 8,
}


def main(library, paths):
    lib = ctypes.CDLL(library)
    written = headers.constants(paths)
    good = True
    for name in sorted(set(written) | set(PINNED)):
        value = ctypes.c_int64()
        status = lib.clf_constant(name.encode(), ctypes.byref(value))
        exported = value.value if status == 0 else None
        if not written.get(name) == PINNED.get(name) == exported:
            print(f"{name}: header {written.get(name)}, pinned {PINNED.get(name)}, "
                  f"clf_constant() {exported}")
            good = False
    print(f"{len(PINNED)} constants")
    return 0 if good else 1


sys.exit(main(sys.argv[1], sys.argv[2:]))
