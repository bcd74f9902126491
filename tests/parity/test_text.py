"""Vocabularies against scikit-learn's CountVectorizer and TfidfVectorizer, damaged UTF-8 against
Python's decoder, words against its normalization and case folding, references against its html."""

import html
import random
import unicodedata
from html.entities import name2codepoint

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
    counts = [clf.lib.clf_vocabulary_frequency(vocabulary.handle, clf.i64(i))
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


UNICODE = "14.0.0"  # of the library's tables
CODES = [c for c in range(0x80, 0x110000) if not 0xD800 <= c < 0xE000]


def folded(text):
    """What canonically and caselessly equal texts have in common (The Unicode Standard, D145)."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).casefold())


def words_of(texts, params):
    """The words of each text."""
    documents = clf.Documents([text.encode() for text in texts])
    vocabulary = clf.Vocabulary("start=false padding=after " + params, documents)
    words = [word.decode() if isinstance(word, bytes) else word for word in vocabulary.words()]
    rows = vocabulary.encode(documents).tensor("x").astype(int)
    return [[words[number] for number in row if number > 0] for row in rows]


def check_words(texts, expected, params):
    for text, found, wanted in zip(texts, words_of(texts, params), expected):
        assert found == [wanted], f"{ascii(text)}: {ascii(found)}, not {ascii(wanted)}"


def test_words_are_normal_and_folded():
    """Every letter and digit, by itself and decomposed, and every mark behind a letter."""
    letters = [chr(c) for c in CODES if unicodedata.category(chr(c))[0] in "LN"]
    marks = [chr(c) for c in CODES if unicodedata.category(chr(c))[0] == "M"
             and not unicodedata.name(chr(c)).startswith("VARIATION SELECTOR")]
    texts = letters + ["a" + mark for mark in marks] + ["\u1100" + mark for mark in marks]
    for form in (str, lambda text: unicodedata.normalize("NFD", text)):
        made = [form(text) for text in texts]
        check_words(made, [folded(text) for text in texts], "unspaced=runs")
        check_words(made, [unicodedata.normalize("NFC", text) for text in texts],
                    "unspaced=runs lowercase=false")


def test_long_words_are_normal_and_folded():
    """Letters and marks in any order, those that compose or change places more often than others."""
    chance = random.Random(4)
    assigned = [chr(c) for c in CODES if unicodedata.category(chr(c))[0] in "LM"
                and not 0xFE00 <= c < 0xFE10 and not 0xE0100 <= c < 0xE01F0]
    often = [c for c in assigned if unicodedata.combining(c)
             or unicodedata.normalize("NFD", c) != c or len(c.casefold()) > 1]
    often += [chr(c) for c in (*range(0x1100, 0x1113), *range(0x1161, 0x1176), *range(0x11A8, 0x11C3))]
    texts = ["a" + "".join(chance.choice(chance.choice((often, assigned, "aeiouAEIOU\u0301\u0323\u0345")))
                           for _ in range(chance.randrange(12))) for _ in range(50000)]
    check_words(texts, [folded(text) for text in texts], "unspaced=runs")
    check_words(texts, [unicodedata.normalize("NFC", text) for text in texts],
                "unspaced=runs lowercase=false")


def test_references_are_those_of_html():
    texts = [f"a&{name};b" for name in name2codepoint]
    codes = [*range(0x3000), *range(0xD000, 0x11000), 0x10FFFF, 0x110000, 10**30]
    texts += [f"a&#{c};b&#x{c:x};c&#X{c:X};" for c in codes
              if html.unescape(f"&#{c};") != ""]  # which it drops are no letters
    plain = [html.unescape(text) for text in texts]
    assert words_of(texts, "entities=true emoji=true") == words_of(plain, "emoji=true strip_tags=false")


def test_lines_are_those_of_python():
    """Line ends, blank lines, bytes that are not UTF-8; labels at any place of a line."""
    chance = random.Random(6)
    pieces = [b"a", b" ", b"film", b"\t", b"\n", b"\n", b"\r\n", b"\r", b"\xff", b"\xe2\x82", "\u00e9".encode(), b","]
    for trial in range(400):
        data = b"".join(chance.choices(pieces, k=chance.randrange(1, 60)))
        if b"\n" not in data:
            data += b"\n"
        lines = data.split(b"\n")
        lines = [line[:-1] if line.endswith(b"\r") else line for line in (lines[:-1] if lines[-1] == b"" else lines)]
        expected = [line.decode("utf-8", "replace").encode() for line in lines]
        documents = clf.Documents.read("lines", data)
        assert [documents[i] for i in range(len(documents))] == expected, data
        labels = [f"__label__{chance.randrange(3)}".encode() for _ in lines]
        # A label in front of the line, or behind its last word.
        front = [chance.random() < 0.5 for _ in lines]
        marked = b"\n".join(label + b" " + line if first else line.rstrip(b" \t\r\v\f") + b" " + label
                            for label, line, first in zip(labels, lines, front)) + b"\n"
        documents = clf.Documents.read("fasttext", marked)
        found = [documents[i].split() for i in range(len(documents))]
        assert found == [text.split() for text in expected], marked


unicode_tests = [test_words_are_normal_and_folded, test_long_words_are_normal_and_folded]
if unicodedata.unidata_version != UNICODE:
    print(f"Python has Unicode {unicodedata.unidata_version}, the tables {UNICODE}: two tests left out")
    unicode_tests = []
clf.run([*unicode_tests, test_references_are_those_of_html, test_counts, test_tf_idf, test_words_are_ranked_by_frequency,
         test_damaged_utf8_is_replaced_as_python_does, test_lines_are_those_of_python])
