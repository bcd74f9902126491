#!/usr/bin/env python3
"""Draws the stratified MNIST sample of this folder from the four files of the full set.

    make_sample.py FOLDER_OF_THE_FULL_SET [OUTPUT_FOLDER]

The rows of a class are ranked by the SHA-256 of "seed split index", and the first ones are taken:
a seeded draw that any language and version repeats. They keep their original order. Each class
gets its share of the original split, rounded by largest remainder.
"""
import gzip
import hashlib
import pathlib
import struct
import sys

SEED = "libclassify-1"
IMAGES, LABELS = 0x803, 0x801
PIXELS = 28 * 28


def read(path, magic, header):
    data = gzip.decompress(path.read_bytes())
    if struct.unpack(">I", data[:4])[0] != magic:
        sys.exit(f"{path}: not an IDX file of this kind")
    return data[header:]


def write(path, header, data):
    path.write_bytes(gzip.compress(struct.pack(f">{len(header)}I", *header) + data, 9, mtime=0))


def shares(labels, rows):
    """How many rows each class gets."""
    exact = {label: labels.count(label) * rows / len(labels) for label in set(labels)}
    counts = {label: int(share) for label, share in exact.items()}
    by_remainder = sorted(exact, key=lambda label: (counts[label] - exact[label], label))
    for label in by_remainder[:rows - sum(counts.values())]:
        counts[label] += 1
    return counts


def draw(labels, split, rows):
    """The chosen row indices, ascending."""
    chosen = []
    for label, count in shares(labels, rows).items():
        members = [row for row, own in enumerate(labels) if own == label]
        members.sort(key=lambda row: hashlib.sha256(f"{SEED} {split} {row}".encode()).digest())
        chosen += members[:count]
    return sorted(chosen)


def main(source, target):
    for split, rows in (("train", 10000), ("t10k", 2000)):
        image_file, label_file = f"{split}-images-idx3-ubyte.gz", f"{split}-labels-idx1-ubyte.gz"
        images = read(source / image_file, IMAGES, 16)
        labels = read(source / label_file, LABELS, 8)
        chosen = draw(labels, split, rows)
        write(target / image_file, (IMAGES, rows, 28, 28),
              b"".join(images[row * PIXELS:(row + 1) * PIXELS] for row in chosen))
        write(target / label_file, (LABELS, rows), bytes(labels[row] for row in chosen))


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    here = pathlib.Path(__file__).resolve().parent
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]) if len(sys.argv) == 3 else here)
