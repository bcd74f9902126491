"""From documents to words as scikit-learn finds them, and words as the library counts them.

The library counts words that are runs of letters and digits, in texts where blanks separate them.
scikit-learn finds words by a regular expression or a function of the user, so a word may be any
text. An `Alphabet` therefore gives the library a stand-in for every word that is not a run of
ASCII letters and digits: a letter that no such word has, and a number.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Mapping, Set
from typing import Any, Callable, Dict, Iterable, List, Optional

from .._warnings import warn

DEFAULT_PATTERN = r"(?u)\b\w\w+\b"
MAX_NGRAM = 5  # the library's; longer n-grams are joined here
MAX_WORD = 200  # characters of a word that needs no stand-in
MAX_LIBRARY_BYTES = 255  # of a word; the library cuts longer ones
_MARK = "\u10d0"  # a Georgian letter, with which the stand-ins begin
_PLAIN = re.compile(r"[0-9A-Za-z]{1,%d}" % MAX_WORD)
_SEPARATORS = str.maketrans({"'": " "})  # the library's words may have an apostrophe inside


class Alphabet:
    """A one-to-one map between words of any text and words that the library finds whole.

    Attributes
    ----------
    unusual : dict of str to str
        The stand-ins of the words that are not runs of ASCII letters and digits.
    """

    def __init__(self) -> None:
        self.unusual: Dict[str, str] = {}

    def encode(self, words: Iterable[str], learn: bool) -> str:
        """Return the words as one text. Unknown unusual words become one that nothing else is."""
        known, plain = self.unusual, _PLAIN.fullmatch
        out = []
        for word in words:
            if plain(word):
                out.append(word)
                continue
            found = known.get(word)
            if found is None:
                found = _MARK
                if learn:
                    found = known[word] = f"{_MARK}{len(known)}"
            out.append(found)
        return " ".join(out)

    def decoder(self) -> Callable[[str], str]:
        """Return the function from an entry of the library's vocabulary to scikit-learn's term."""
        if not self.unusual:
            return str
        words = {found: word for word, found in self.unusual.items()}

        def decode(entry: str) -> str:
            if _MARK not in entry:
                return entry
            return " ".join(words.get(part, part) for part in entry.split(" "))

        return decode


def strip_accents_unicode(text: str) -> str:
    """Return the text in NFKD without combining marks."""
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKD", text)
    return "".join(c for c in text if not unicodedata.combining(c))


def strip_accents_ascii(text: str) -> str:
    """Return the text in NFKD without the characters that are not ASCII."""
    return unicodedata.normalize("NFKD", text).encode("ASCII", "ignore").decode("ASCII")


def _preprocess(text: str, strip: Optional[Callable[[str], str]], lowercase: bool) -> str:
    if lowercase:
        text = text.lower()
    return text if strip is None else strip(text)


def preprocessor(strip_accents: Any, lowercase: bool) -> Callable[[str], str]:
    """Return the function that changes a text before its words are found."""
    strips = {None: None, "ascii": strip_accents_ascii, "unicode": strip_accents_unicode}
    strip = strip_accents if callable(strip_accents) else None
    if strip is None:
        if strip_accents not in strips:
            raise ValueError(
                f"strip_accents is {strip_accents!r}; it is None, 'ascii', 'unicode' or a function"
            )
        strip = strips[strip_accents]
    return functools.partial(_preprocess, strip=strip, lowercase=lowercase)


def tokenizer(pattern: str) -> Callable[[str], List[str]]:
    """Return the function from a text to its words: the matches of a regular expression."""
    compiled = re.compile(pattern)
    if compiled.groups > 1:
        raise ValueError(
            "More than 1 capturing group in token pattern. Only a single group should be captured."
        )
    return compiled.findall


def word_ngrams(words: List[str], low: int, high: int) -> List[str]:
    """Return all n-grams of low to high words, each with blanks between its words."""
    if high == 1:
        return list(words)
    out = list(words) if low == 1 else []
    for n in range(max(low, 2), min(high, len(words)) + 1):
        out.extend(" ".join(words[i : i + n]) for i in range(len(words) - n + 1))
    return out


_BLANKS = re.compile(r"\s\s+")


def char_ngrams(text: str, low: int, high: int) -> List[str]:
    """Return all n-grams of low to high characters; runs of white space count as one blank."""
    text = _BLANKS.sub(" ", text)
    out = list(text) if low == 1 else []
    for n in range(max(low, 2), min(high, len(text)) + 1):
        out.extend(text[i : i + n] for i in range(len(text) - n + 1))
    return out


def char_ngrams_of_words(text: str, low: int, high: int) -> List[str]:
    """Return the n-grams of characters inside of words, which are padded by a blank at each end.

    A word that is shorter than n counts as one n-gram, once.
    """
    out = []
    for word in _BLANKS.sub(" ", text).split():
        word = f" {word} "
        for n in range(low, high + 1):
            out.append(word[:n])
            out.extend(word[i : i + n] for i in range(1, len(word) - n + 1))
            if len(word) <= n:
                break
    return out


def is_simple(text: str) -> bool:
    """Whether the library finds the words of DEFAULT_PATTERN, and besides words of one letter."""
    return text.isascii() and "_" not in text


def simple_text(text: str) -> str:
    """Return a text for which is_simple() holds as the library reads it."""
    return text.translate(_SEPARATORS)


class Analysis:
    """What a fit found out about the parameters, and how documents become texts of the library."""

    def __init__(self, owner: Any) -> None:
        low, high = (1, 1) if owner.ngram_range is None else owner.ngram_range
        self.decode, self.analyze = owner.decode, owner.build_analyzer()
        self.words_by_pattern = (
            owner.analyzer == "word"
            and owner.tokenizer is None
            and owner.token_pattern == DEFAULT_PATTERN
            and high <= MAX_NGRAM
        )
        self.library_ngrams = self.words_by_pattern and high > 1
        self.ngrams = list(range(low, high + 1)) if self.library_ngrams else [1]
        self.stop_words = owner.get_stop_words() or frozenset()
        self.simple = self.words_by_pattern and high == 1
        self.preprocess = owner.build_preprocessor()
        self.tokenize = owner.build_tokenizer() if self.words_by_pattern else None

    def text(self, document: Any, alphabet: Alphabet, learn: bool) -> str:
        """Return a document as the library reads it."""
        if not self.words_by_pattern:
            return alphabet.encode(self.analyze(document), learn)
        text = self.preprocess(self.decode(document))
        if self.simple and is_simple(text):
            return simple_text(text)
        words = self.tokenize(text)
        if self.stop_words:
            words = [word for word in words if word not in self.stop_words]
        if is_simple(text) and len(max(words, key=len, default="")) <= MAX_WORD:
            return " ".join(words)
        return alphabet.encode(words, learn)

    def without_long_words(self, text: str, alphabet: Alphabet) -> str:
        """Return a text of the library with stand-ins for the words that it would cut."""
        if not text.isascii():  # all its unusual words have stand-ins
            return text
        words = [word for word in self.tokenize(text) if word not in self.stop_words]
        return alphabet.encode(words, learn=True)

    def term(self, term: str, alphabet: Alphabet) -> str:
        """Return a term of a given vocabulary as the library reads it."""
        words = term.split(" ") if self.library_ngrams else [term]
        return alphabet.encode(words, learn=True)

    def keeps(self, entry: str) -> bool:
        """Whether an entry of the library is a term: it also counts letters and stop words."""
        return not self.simple or (len(entry) > 1 and entry not in self.stop_words)


def given_terms(vocabulary) -> Dict[str, int]:
    """Return a given vocabulary as the column of each term."""
    if isinstance(vocabulary, Mapping):
        terms = dict(vocabulary)
        if len(set(terms.values())) != len(terms):
            raise ValueError("Vocabulary contains repeated indices.")
        for column in range(len(terms)):
            if column not in set(terms.values()):
                raise ValueError(
                    f"Vocabulary of size {len(terms)} doesn't contain index {column}."
                )
    else:
        listed = sorted(vocabulary) if isinstance(vocabulary, Set) else list(vocabulary)
        terms = {}
        for column, term in enumerate(listed):
            if terms.setdefault(term, column) != column:
                raise ValueError(f"Duplicate term in vocabulary: {term!r}")
    if not terms:
        raise ValueError("empty vocabulary passed to fit")
    return terms


def warn_of_unused(owner: Any) -> None:
    """Warn of parameters that have no effect because of others."""
    analyzer, unused = owner.analyzer, []
    if owner.tokenizer is not None and owner.token_pattern is not None:
        unused.append(("token_pattern", "'tokenizer' is not None"))
    if callable(analyzer) and owner.preprocessor is not None:
        unused.append(("preprocessor", "'analyzer' is callable"))
    if callable(analyzer) and owner.ngram_range is not None and tuple(owner.ngram_range) != (1, 1):
        unused.append(("ngram_range", "'analyzer' is callable"))
    if callable(analyzer) or analyzer != "word":
        given = (
            ("stop_words", owner.stop_words is not None),
            ("token_pattern", owner.token_pattern not in (None, DEFAULT_PATTERN)),
            ("tokenizer", owner.tokenizer is not None),
        )
        unused += [(name, "'analyzer' != 'word'") for name, there in given if there]
    for name, why in unused:
        warn(f"The parameter '{name}' will not be used since {why}'")
