"""Faces: learns to recognize people from few pictures of each.

    python faces.py [FOLDER] [PICTURE ...]

FOLDER has a folder for each person with pictures of the person's face. Without one, the program
draws the faces of imaginary people. Each PICTURE is then named by the person it shows.
"""

from __future__ import annotations

import argparse

import numpy as np

import libclassify as clf

SIDE = 64


def draw_face(person: int, rng: np.random.Generator) -> np.ndarray:
    """[64, 64] uint8: a face whose measures are the person's, moved and lit at random."""
    own = np.random.default_rng(person)
    width, height, eyes, nose, mouth = own.uniform((18, 22, 7, 4, 5), (24, 29, 12, 10, 12))
    dx, dy = rng.uniform(-2, 2, 2)
    y, x = np.mgrid[:SIDE, :SIDE]
    x, y = x - 31.5 - dx, y - 31.5 - dy
    face = np.where((x / width) ** 2 + (y / height) ** 2 < 1, 170.0, 60.0)
    for side in (-1, 1):
        face[(x - side * eyes) ** 2 / 3 + (y + 8) ** 2 < 5] = 40
    face[(np.abs(x) < 2) & (np.abs(y - nose / 2) < nose / 2)] = 120
    face[(np.abs(x) < mouth) & (np.abs(y - 15 - rng.uniform(-1, 1)) < 2)] = 60
    light = 1 + rng.uniform(-0.4, 0.4) * x / SIDE
    return np.clip(face * light + rng.normal(0, 12, face.shape), 0, 255).astype(np.uint8)


def drawn_people(people: int = 15, pictures: int = 12) -> clf.Dataset:
    rng = np.random.default_rng(0)
    names = np.repeat([f"person {k}" for k in range(people)], pictures)
    faces = [draw_face(k, rng) for k in range(people) for _ in range(pictures)]
    return clf.Dataset(np.array(faces)[..., None], names, scale=1 / 255)


def load_people(folder: str) -> clf.Dataset:
    return clf.Dataset.load("images", folder, height=SIDE, width=SIDE, channels=1)


def row_of(path: str) -> clf.Dataset:
    """A picture file as one row, as the model's rows are."""
    pixels = clf.Image.load(path).to_gray().resize(SIDE, SIDE)
    return clf.Dataset(np.asarray(pixels).reshape(1, SIDE, SIDE, 1), scale=1 / 255)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", nargs="?")
    parser.add_argument("pictures", nargs="*")
    options = parser.parse_args()

    faces = load_people(options.folder) if options.folder else drawn_people()
    train, test = faces.split(0.5, seed=0)
    model = clf.Model("fisher", shrinkage="0.1")
    model.add_transform("hog", cell=8, block=3).add_transform("pca")
    model.fit(train)
    print(f"{100 * model.score(test):.1f} % of {len(test)} pictures of {model.n_classes} people "
          f"are recognized, after learning from {len(train)}")
    for path in options.pictures:
        probabilities = model.predict_proba(row_of(path))[0]
        print(f"{path}: {model.classes[probabilities.argmax()]} ({probabilities.max():.2f})")


if __name__ == "__main__":
    main()
