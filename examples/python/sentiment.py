"""Sentiment: learns from reviews whether a text is positive, by its words and by their order.

    python sentiment.py [FOLDER] [--type]

FOLDER has a folder for each label with a text file for each review. Without one, the program makes
reviews in which the order of the words decides. --type classifies the lines of standard input.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np

import libclassify as clf

GOOD = ("good", "moving", "clever", "funny", "warm")
BAD = ("bad", "dull", "silly", "slow", "cold")
THINGS = ("plot", "cast", "music", "ending", "dialog")


def made_reviews(count: int, seed: int) -> tuple[list[str], list[str]]:
    """Texts and labels: "the plot was not good" is negative, though its words are the same as those
    of "not bad, the plot was good"."""
    rng = np.random.default_rng(seed)
    texts, labels = [], []
    for _ in range(count):
        positive = bool(rng.integers(2))
        good, bad, thing = (str(rng.choice(words)) for words in (GOOD, BAD, THINGS))
        first, second = (good, bad) if positive else (bad, good)
        texts.append(f"the {thing} was {first} and not {second} at all")
        labels.append("positive" if positive else "negative")
    return texts, labels


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", nargs="?")
    parser.add_argument("--type", action="store_true")
    options = parser.parse_args()

    if options.folder:
        texts, labels = clf.Documents.load("folder", options.folder), None
    else:
        texts, labels = made_reviews(2000, seed=0)
    models = {
        "words": clf.Model("logistic", C=10).set_vocabulary(
            clf.Vocabulary(texts, encoding="tf_idf", max_words=20000)),
        "their order": clf.Network("embedding units=32; gru units=32; dense units=2",
                                   epochs=5).set_vocabulary(
            clf.Vocabulary(texts, steps=200, max_words=20000)),
    }
    for name, model in models.items():
        train, test = model.vocabulary.encode(texts, labels).split(0.8, seed=0)
        model.fit(train)
        print(f"by {name}: {100 * model.score(test):.2f} % of {len(test)} reviews are right")
    model = models["their order"]
    for line in sys.stdin if options.type else ():
        row = model.vocabulary.encode_text(line)
        probability = model.predict_proba(row)[0].max()
        print(f"{model.predict(row)[0]} ({probability:.2f}): {line.strip()}")


if __name__ == "__main__":
    main()
