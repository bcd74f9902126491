"""Times of images beside Pillow: those of a folder read, and random ones resized; in turns, as
processor milliseconds on one thread, the least of some rounds. Says by how many levels the results
differ.

    CLASSIFY_LIBRARY=build/lib/libclassify.so python3 tests/bench/images.py [--data DIR] [--rounds N]
        [--cpu auto|generic|avx2|avx512] [--json FILE]
"""

import argparse
import pathlib
import sys

import results

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "parity"))
import classify as clf
import numpy as np
from PIL import Image, ImageOps

parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
parser.add_argument("--data", help="a folder whose files, at any depth, are read")
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--cpu", default="auto")
results.add_option(parser)
options = parser.parse_args()
kept = results.Results(options.json)
on = clf.context(f"threads=1 cpu={options.cpu}")


def milliseconds(function):
    _, cpu, result = results.timed(function)
    return 1000 * cpu, result


def keep(work, best):
    for by, value in zip(("libclassify", "pillow"), best):
        kept.add(work=work, by=by, threads=1, work_cpu_seconds=value / 1000)


def read_by_pillow(path):
    image = Image.open(path)
    image.load()
    return image


def read_folder(folder):
    """Every file once a round; files that one of the two refuses are named."""
    for kind in sorted({path.parent for path in folder.rglob("*") if path.is_file()}):
        files = [path for path in sorted(kind.iterdir()) if path.is_file()]
        best, worst, read = [np.inf, np.inf], 0, 0
        for _ in range(options.rounds):
            spent, worst, read = [0, 0], 0, 0
            for path in files:
                try:
                    ours, image = milliseconds(lambda: clf.Image.load(path, on=on))
                    theirs, other = milliseconds(lambda: read_by_pillow(path))
                except (clf.Error, OSError) as error:
                    print(error)
                    continue
                pixels = image.pixels().astype(int)
                other = ImageOps.exif_transpose(other).convert("L" if pixels.ndim == 2 else "RGB")
                worst, read = max(worst, abs(pixels - np.asarray(other)).max()), read + 1
                spent = [spent[0] + ours, spent[1] + theirs]
            best = [min(pair) for pair in zip(best, spent)]
        if read:
            keep(f"read {kind.name} (mean of {read})", [value / read for value in best])
            print(f"read  {kind.name}: {read} of {len(files)} files, {best[0] / read:.3f} ms each, "
                  f"Pillow {best[1] / read:.3f}, {worst} levels apart", flush=True)


def resize(shape, to, repeats):
    pixels = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    image, other = clf.Image(pixels, on), Image.fromarray(pixels)
    best, made = [np.inf, np.inf], [None, None]
    for _ in range(options.rounds):
        for side, function in enumerate((
                lambda: image.made("resize", clf.i64(to[0]), clf.i64(to[1])),
                lambda: other.resize(to[::-1], Image.BILINEAR))):
            spent, made[side] = milliseconds(lambda: [function() for _ in range(repeats)][-1])
            best[side] = min(best[side], spent / repeats)
    apart = abs(made[0].pixels().astype(int) - np.asarray(made[1])).max()
    keep(f"resize {'×'.join(map(str, shape))} to {to[0]}×{to[1]}", best)
    print(f"resize {'x'.join(map(str, shape))} to {to[0]}x{to[1]}: {best[0]:.3f} ms, "
          f"Pillow {best[1]:.3f}, {apart} levels apart", flush=True)


for case in (((480, 640), (400, 533), 100), ((480, 640), (100, 133), 200),
             ((480, 640, 3), (400, 533), 30), ((243, 320), (60, 80), 300),
             ((2000, 3000, 3), (480, 720), 3)):
    resize(*case)
if options.data:
    read_folder(pathlib.Path(options.data))
