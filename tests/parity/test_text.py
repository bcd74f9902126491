"""Vocabularies against scikit-learn's CountVectorizer and TfidfVectorizer, and damaged UTF-8 against
Python's decoder."""

import random

import classify as clf
import numpy as np

clf.sklearn()
from scipy.sparse import csr_matrix  # noqa: E402
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer  # noqa: E402

# What a word is, where no marks, joiners or characters that stand alone occur.
PATTERN = r"[^\W_]+(?:['\u2019][^\W_]+)*"
WORDS = ("the a Movie was GOOD bad isn't don\u2019t caf\u00e9 \u00dcber \u041c\u0418\u0420 \u03b1\u03b2 1994 x2 "
         "snake_case semi-colon o''clock 'quoted' <b>bold</b> rock'n'roll").split()


def texts(count=300, seed=0):
    chance = random.Random(seed)
    made = []
    for _ in range(count):
        words = chance.choices(WORDS, weights=range(len(WORDS), 0, -1), k=chance.randrange(40))
        made.append(" ".join(word + chance.choice(["", "", ",", ".", "!", "<br />"])
                             for word in words))
    return made


def prepared(document):
    """What the library does before it looks for words."""
    for tag in ("<b>", "</b>", "<br />"):
        document = document.replace(tag, " ")
    return document.lower().replace("\u2019", "'")


def rows(dataset, columns):
    return csr_matrix((dataset.tensor("value"), dataset.tensor("column"),
                       dataset.tensor("row_start")), (dataset.rows, columns))


def compare(kind, params, ours):
    train, test = texts(), texts(seed=1)
    theirs = kind(token_pattern=PATTERN, preprocessor=prepared, **params)
    expected = [theirs.fit_transform(train), theirs.transform(test)]
    documents = clf.Documents(train)
    vocabulary = clf.Vocabulary(ours, documents)
    words = vocabulary.words()
    assert sorted(words) == sorted(theirs.vocabulary_), "other words"
    order = [theirs.vocabulary_[word] for word in words]
    for made, wanted in zip((documents, clf.Documents(test)), expected):
        found = rows(vocabulary.encode(made), len(words))
        clf.close(found.toarray(), wanted.toarray()[:, order], 1e-6, ours)


def test_counts():
    compare(CountVectorizer, {}, "encoding=count")
    compare(CountVectorizer, {"binary": True}, "encoding=binary")
    compare(CountVectorizer, {"ngram_range": (1, 3)}, "encoding=count ngrams=1,2,3")
    compare(CountVectorizer, {"ngram_range": (2, 2)}, "encoding=count ngrams=2")
    compare(CountVectorizer, {"max_features": 9}, "encoding=count max_words=9")


def test_tf_idf():
    compare(TfidfVectorizer, {}, "encoding=tf_idf")
    compare(TfidfVectorizer, {"ngram_range": (1, 2), "sublinear_tf": True},
            "encoding=tf_idf ngrams=1,2 sublinear=true")
    compare(TfidfVectorizer, {"smooth_idf": False, "norm": None},
            "encoding=tf_idf smooth_idf=false norm=none")


def test_words_are_ranked_by_frequency():
    train = texts()
    vocabulary = clf.Vocabulary("encoding=count", clf.Documents(train))
    counter = CountVectorizer(token_pattern=PATTERN, preprocessor=prepared)
    totals = np.asarray(counter.fit_transform(train).sum(0)).ravel()
    expected = sorted(counter.vocabulary_, key=lambda word: (-totals[counter.vocabulary_[word]],
                                                             word.encode()))
    assert vocabulary.words() == expected
    counts = [clf.lib.clf_vocabulary_count(vocabulary.handle, clf.i64(i))
              for i in range(len(expected))]
    assert counts == [totals[counter.vocabulary_[word]] for word in expected]


def test_damaged_utf8_is_replaced_as_python_does():
    chance = random.Random(3)
    good = "a\u00e4\u20ac\U0001f600 z".encode()
    made = []
    for _ in range(2000):
        damaged = bytearray(good * 2)
        for _ in range(chance.randrange(6)):
            damaged[chance.randrange(len(damaged))] = chance.choice([
                0x00, 0x41, 0x80, 0xBF, 0xC0, 0xC3, 0xE0, 0xED, 0xEF, 0xF0, 0xF4, 0xF5, 0xFF])
        made.append(bytes(damaged[:chance.randrange(len(damaged) + 1)]))
    documents = clf.Documents(made)
    replaced = 0
    for i, bytes_ in enumerate(made):
        text = bytes_.decode("utf-8", "replace")
        replaced += text.count("\ufffd")
        assert documents[i] == text.encode(), bytes_
    assert clf.lib.clf_documents_replaced(documents.handle) == replaced


clf.run([test_counts, test_tf_idf, test_words_are_ranked_by_frequency,
         test_damaged_utf8_is_replaced_as_python_does])
