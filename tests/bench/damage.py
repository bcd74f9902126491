"""How many damaged pictures are read all the same: files of a folder, and what Pillow makes of them
in other formats, each damaged in one of some ways. Of what is read, says how many pictures have
more than 1 % of their pixels at other levels. Checks that the files are read at all, as Pillow
reads them.

    CLASSIFY_LIBRARY=build/lib/libclassify.so python3 tests/bench/damage.py --data DIR
        [--files 99] [--seed 0] [--formats jpeg,progressive,gif,png,pnm]
"""

import argparse
import io
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "parity"))
import classify as clf
import numpy as np
from PIL import Image

parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
parser.add_argument("--data", required=True, help="a folder, at any depth, of pictures")
parser.add_argument("--files", type=int, default=99, help="as many of them")
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--formats", default="jpeg,progressive,gif,png,pnm")
options = parser.parse_args()
rng = np.random.default_rng(options.seed)


def noise(count):
    return rng.integers(0, 256, count).astype(np.uint8).tobytes()


def replaced(data, other):
    at = int(rng.integers(2, len(data) - 2))
    return data[:at] + bytes([data[at] ^ int(rng.integers(1, 256))]) + data[at + 1:]


def flipped(data, other):
    at = int(rng.integers(2, len(data) - 2))
    return data[:at] + bytes([data[at] ^ 1 << int(rng.integers(8))]) + data[at + 1:]


def overwritten(data, other):
    at, count = int(rng.integers(2, len(data) - 2)), int(rng.integers(2, 65))
    return (data[:at] + noise(count) + data[at + count:])[:len(data)]


def removed(data, other):
    at, count = int(rng.integers(2, len(data) - 2)), int(rng.integers(1, 65))
    return data[:at] + data[at + count:]


def inserted(data, other):
    at = int(rng.integers(2, len(data) - 2))
    return data[:at] + noise(int(rng.integers(1, 65))) + data[at:]


def zeroed(data, other):
    at, count = int(rng.integers(2, len(data) - 2)), int(rng.integers(16, 513))
    return (data[:at] + bytes(count) + data[at + count:])[:len(data)]


def half(data):
    return len(data) // 2


DAMAGE = {
    "one byte changed": replaced,
    "one bit changed": flipped,
    "2 to 64 bytes overwritten": overwritten,
    "1 to 64 bytes removed": removed,
    "1 to 64 bytes put in": inserted,
    "16 to 512 bytes zeroed": zeroed,
    "second half zeroed": lambda data, other: data[:half(data)] + bytes(len(data) - half(data)),
    "second half zeroed but for the last 2 bytes":
        lambda data, other: data[:half(data)] + bytes(len(data) - half(data) - 2) + data[-2:],
    "second half left out": lambda data, other: data[:half(data)],
    "second half left out but for the last 2 bytes":
        lambda data, other: data[:half(data)] + data[-2:],
    "second half of another file": lambda data, other: data[:half(data)] + other[half(other):],
    "second half becomes another file": lambda data, other: data[:half(data)] + other,
}


def saved(image, kind, **how):
    out = io.BytesIO()
    image.save(out, kind, **how)
    return out.getvalue()


def files_of(kind):
    """The bytes of so many files, of the format or made so, spread over the folder."""
    paths = [path for path in sorted(pathlib.Path(options.data).rglob("*")) if path.is_file()]
    found = []
    for path in paths:
        try:
            with Image.open(path) as image:
                image.load()
                found.append((path, image.format.lower(), image.convert(
                    "L" if image.mode == "L" else "RGB")))
        except OSError:
            continue
    found = [found[i * len(found) // options.files] for i in range(options.files)] \
        if len(found) > options.files else found
    save = {"jpeg": {"quality": 85}, "progressive": {"quality": 85, "progressive": True}}
    for path, stored, image in found:
        if stored == kind:
            yield path.read_bytes()
        elif kind == "gif":
            yield saved(image if image.mode == "L" else image.quantize(255), "GIF")
        else:
            name = {"progressive": "JPEG", "pnm": "PPM"}.get(kind, kind.upper())
            yield saved(image, name, **save.get(kind, {}))


def wrong_share(data, right):
    """The share of pixels that differ; None when the data are refused."""
    try:
        pixels = clf.Image.load_bytes(data).pixels().astype(int)
    except clf.Error:
        return None
    if pixels.shape[:2] != right.shape[:2]:
        return 1.0
    pixels, right = (x if x.ndim == 3 else x[:, :, None] for x in (pixels, right.astype(int)))
    return float((pixels != right).any(2).mean())


for kind in options.formats.split(","):
    files = list(files_of(kind))
    rights = [clf.Image.load_bytes(data).pixels() for data in files]
    for right, data in zip(rights, files):
        mode = "L" if right.ndim == 2 else "RGB"
        assert np.array_equal(right, np.asarray(Image.open(io.BytesIO(data)).convert(mode)))
    print(f"{kind}: {len(files)} files of {sum(map(len, files)) // len(files)} bytes", flush=True)
    for name, damage in DAMAGE.items():
        shares = []
        for i, (data, right) in enumerate(zip(files, rights)):
            damaged = damage(data, files[(i + 1) % len(files)])
            shares.append(0.0 if damaged == data else wrong_share(damaged, right))
        read = [share for share in shares if share is not None]
        wrong = [share for share in read if share > 0.01]
        print(f"  {name:46} {len(read):3} read, {len(wrong):3} with more than 1 % wrong pixels"
              + (f", {100 * np.mean(wrong):.0f} % on average" if wrong else ""), flush=True)
