"""One version: that of the build, of the header's macros, and of the loaded library."""
import ctypes
import pathlib
import re
import sys


def main(library, header, built):
    text = pathlib.Path(header).read_text(encoding="utf-8")
    macros = [int(re.search(rf"#define CLF_VERSION_{part} (\d+)", text)[1])
              for part in ("MAJOR", "MINOR", "PATCH")]
    major, minor, patch = macros
    assert minor < 100 and patch < 100, "a part of 100 or more would run into the one before it"
    lib = ctypes.CDLL(library)
    lib.clf_version.restype = ctypes.c_char_p
    loaded, number = lib.clf_version().decode(), lib.clf_version_number()
    print(f"built {built}, headers {macros}, loaded {loaded}, {number}")
    return 0 if (built == loaded == ".".join(map(str, macros))
                 and number == major * 10000 + minor * 100 + patch) else 1


sys.exit(main(*sys.argv[1:]))
