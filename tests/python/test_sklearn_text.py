"""CountVectorizer and TfidfVectorizer against scikit-learn's, matrix for matrix; HOG."""

import io
import os
import pathlib
import pickle
import random
import tarfile

import numpy as np
import pytest

sklearn = pytest.importorskip("sklearn")

from sklearn.compose import ColumnTransformer  # noqa: E402
from sklearn.feature_extraction import text as theirs  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.model_selection import GridSearchCV  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402

import libclassify as clf  # noqa: E402
from libclassify import errors  # noqa: E402
from libclassify.sklearn import HOG, CountVectorizer, TfidfVectorizer  # noqa: E402

REVIEWS = pathlib.Path(os.environ.get("CLASSIFY_DATA", "no folder")) / "aclImdb.tar.gz"
WORDS = (
    "the a Movie was GOOD bad isn't don\u2019t caf\u00e9 \u00dcber \u041c\u0418\u0420 \u03b1\u03b2 "
    "1994 x2 snake_case semi-colon o''clock 'quoted' <b>bold</b> rock'n'roll I \u4f60\u597d "
    "\u0e44\u0e17\u0e22 \u00bd x\u00b2 e\u0301te \u200bzero \uff21\uff22\uff23 \u10d01 \u10d0 "
    "Stra\u00dfe \u0130stanbul"
).split()
ODD = ["", "   ", "x" * 300 + " " + "x" * 301 + " y", "_ __ ___", "a b c"]


def texts(count=200, seed=0):
    chance = random.Random(seed)
    made = []
    for _ in range(count):
        words = chance.choices(WORDS, weights=range(len(WORDS), 0, -1), k=chance.randrange(30))
        made.append(" ".join(word + chance.choice(["", "", ",", ".", "!", "<br />", "\n"])
                             for word in words))
    return made + ODD


CONFIGURATIONS = [
    {},
    {"lowercase": False},
    {"ngram_range": (1, 2)},
    {"ngram_range": (2, 3)},
    {"ngram_range": (1, 6), "min_df": 2},
    {"min_df": 3},
    {"min_df": 0.01, "max_df": 0.5},
    {"max_features": 9},
    {"max_features": 30, "ngram_range": (1, 2)},
    {"stop_words": "english"},
    {"stop_words": ["the", "movie", "good"], "ngram_range": (1, 2)},
    {"binary": True},
    {"strip_accents": "unicode"},
    {"strip_accents": "ascii"},
    {"token_pattern": r"\w+"},
    {"token_pattern": r"[^ ]+ [^ ]+", "ngram_range": (1, 2)},
    {"token_pattern": r"(\w)\w+"},
    {"analyzer": "char", "ngram_range": (1, 3)},
    {"analyzer": "char_wb", "ngram_range": (3, 4)},
    {"analyzer": str.split},
    {"tokenizer": str.split, "token_pattern": None},
    {"preprocessor": str.upper},
    {"vocabulary": ["movie", "was good", "xx", "don"]},
    {"vocabulary": {"movie": 1, "was good": 0, "the": 2}, "ngram_range": (1, 2)},
    {"dtype": np.float32},
]


def same(mine, other, train, test):
    """The vocabularies and all values are the same."""
    for found, wanted in (
        (mine.fit_transform(train), other.fit_transform(train)),
        (mine.transform(test), other.transform(test)),
        (mine.fit(train).transform(test), other.transform(test)),
    ):
        assert found.shape == wanted.shape and found.dtype == wanted.dtype
        np.testing.assert_array_equal(found.indptr, wanted.indptr)
        wanted.sort_indices()
        np.testing.assert_array_equal(found.indices, wanted.indices)
        np.testing.assert_allclose(found.data, wanted.data, rtol=1e-14 if found.dtype != np.float32
                                   else 1e-6)
    assert mine.vocabulary_ == other.vocabulary_
    names = mine.get_feature_names_out()
    np.testing.assert_array_equal(names, other.get_feature_names_out())
    assert names.dtype == object
    restored = pickle.loads(pickle.dumps(mine))
    assert (restored.transform(test) != mine.transform(test)).nnz == 0


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("params", CONFIGURATIONS, ids=str)
def test_counts_are_those_of_scikit_learn(params):
    same(CountVectorizer(**params), theirs.CountVectorizer(**params), texts(), texts(seed=1))


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("params", [
    {},
    {"norm": "l1"},
    {"norm": None},
    {"sublinear_tf": True, "ngram_range": (1, 2)},
    {"smooth_idf": False},
    {"use_idf": False},
    {"binary": True, "min_df": 2},
    {"stop_words": "english", "max_features": 20},
    {"dtype": np.float32},
], ids=str)
def test_weights_are_those_of_scikit_learn(params):
    mine, other = TfidfVectorizer(**params), theirs.TfidfVectorizer(**params)
    same(mine, other, texts(), texts(seed=1))
    if params.get("use_idf", True):
        np.testing.assert_allclose(mine.idf_, other.idf_, rtol=1e-6)


@pytest.mark.slow
@pytest.mark.skipif(not REVIEWS.exists(), reason="CLASSIFY_DATA has no aclImdb.tar.gz")
@pytest.mark.parametrize("params", [
    {}, {"ngram_range": (1, 2), "min_df": 2}, {"stop_words": "english", "max_features": 1000},
    {"max_df": 0.3, "min_df": 0.01, "sublinear_tf": True}, {"lowercase": False, "norm": "l1"},
    {"strip_accents": "unicode", "ngram_range": (2, 2), "max_features": 5000},
], ids=str)
def test_reviews_give_the_matrix_of_scikit_learn(params):
    found = reviews(600)
    same(TfidfVectorizer(**params), theirs.TfidfVectorizer(**params), found[:400], found[400:])


def reviews(count):
    made = []
    with tarfile.open(REVIEWS) as archive:
        for member in archive:
            if member.isfile() and "/train/" in member.name and member.name.endswith(".txt"):
                made.append(archive.extractfile(member).read().decode())
                if len(made) == count:
                    break
    return made


def test_documents_are_read_from_files_names_and_bytes(tmp_path):
    (tmp_path / "one.txt").write_bytes("na\u00efve idea".encode("latin-1"))
    by_name = CountVectorizer(input="filename", encoding="latin-1").fit([tmp_path / "one.txt"])
    assert sorted(by_name.vocabulary_) == ["idea", "na\u00efve"]
    by_file = CountVectorizer(input="file").fit([io.BytesIO(b"two words"), io.BytesIO(b"two")])
    assert sorted(by_file.vocabulary_) == ["two", "words"]
    long = CountVectorizer(input="file").fit(io.BytesIO(b"z" * n + b" y_y") for n in (3, 300, 301))
    assert sorted(long.vocabulary_) == ["y_y", "zzz", "z" * 300, "z" * 301]
    with pytest.raises(UnicodeDecodeError):
        CountVectorizer().fit([b"\xff\xfe"])
    assert CountVectorizer(decode_error="ignore").fit([b"\xffgood"]).vocabulary_ == {"good": 0}


def test_terms_come_back_from_rows():
    vectorizer = CountVectorizer().fit(["red green", "blue red red"])
    found = vectorizer.inverse_transform(vectorizer.transform(["red red", "blue green", "none"]))
    assert [sorted(terms) for terms in found] == [["red"], ["blue", "green"], []]


@pytest.mark.parametrize("params, documents, message", [
    ({}, "a text", "string object received"),
    ({}, ["a", "b c"], "empty vocabulary"),
    ({"stop_words": ["only"]}, ["only only"], "empty vocabulary"),
    ({"ngram_range": (2, 1)}, ["some words"], "lower boundary larger"),
    ({"min_df": 2, "max_df": 1}, ["some words"], "max_df corresponds to < documents than min_df"),
    ({"min_df": 2}, ["some", "words"], "no terms remain"),
    ({"stop_words": "klingon"}, ["some words"], "not a built-in stop list"),
    ({"analyzer": "sound"}, ["some words"], "not a valid tokenization scheme"),
    ({"strip_accents": "all"}, ["some words"], "strip_accents"),
    ({"token_pattern": r"(\w)(\w)"}, ["some words"], "More than 1 capturing group"),
    ({"vocabulary": []}, ["some words"], "empty vocabulary"),
    ({"vocabulary": ["one", "one"]}, ["some words"], "Duplicate term"),
    ({"vocabulary": {"one": 0, "two": 2}}, ["some words"], "doesn't contain index 1"),
    ({"vocabulary": {"one": 0, "two": 0}}, ["some words"], "repeated indices"),
    ({"max_features": 0}, ["some words"], "max_features"),
    ({"min_df": "few"}, ["some words"], "min_df is 'few'"),
    ({"input": "disk"}, ["some words"], "input"),
    ({}, [np.nan], "np.nan is an invalid document"),
], ids=str)
def test_what_cannot_be_done_is_refused_with_a_sentence(params, documents, message):
    with pytest.raises(ValueError, match=message):
        CountVectorizer(**params).fit(documents)


def test_an_unfitted_vectorizer_says_so():
    for kind in (CountVectorizer, TfidfVectorizer):
        with pytest.raises(sklearn.exceptions.NotFittedError):
            kind().transform(["a text"])
    fixed = CountVectorizer(vocabulary=["text"])  # needs no fit
    assert fixed.transform(["a text, a text"]).toarray().tolist() == [[2]]
    assert CountVectorizer(vocabulary=["text"]).get_feature_names_out().tolist() == ["text"]


def test_an_idf_can_be_set():
    vectorizer = TfidfVectorizer(vocabulary=["good", "bad"], norm=None)
    vectorizer.idf_ = [2.0, 3.0]
    assert vectorizer.transform(["bad good bad"]).toarray().tolist() == [[2.0, 6.0]]
    with pytest.raises(ValueError, match="idf length = 3"):
        vectorizer.idf_ = [1, 2, 3]


def test_threads_do_not_change_the_vocabulary():
    one, two = (CountVectorizer(n_jobs=n, ngram_range=(1, 2)).fit(texts()) for n in (1, 2))
    assert one.vocabulary_ == two.vocabulary_


def test_it_works_in_pipelines_searches_and_column_transformers():
    documents = [f"{'good' if i % 2 else 'bad'} movie {i % 5}" for i in range(60)]
    labels = [i % 2 for i in range(60)]
    search = GridSearchCV(
        make_pipeline(TfidfVectorizer(), LogisticRegression()),
        {"tfidfvectorizer__ngram_range": [(1, 1), (1, 2)]}, cv=3,
    ).fit(documents, labels)
    assert search.best_score_ == 1
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"text": documents, "stars": labels})
    columns = ColumnTransformer([("words", CountVectorizer(), "text"),
                                 ("rest", "passthrough", ["stars"])])
    assert columns.fit_transform(frame).shape == (60, 4)


# HOG


def test_hog_is_the_transform_of_the_library():
    images = np.random.default_rng(0).integers(0, 255, (5, 32, 24)).astype(np.uint8)
    hog = HOG(cell=8, bins=6)
    found = hog.fit_transform(images)
    library = clf.Transform("hog", cell=8, bins=6, input=[32, 24])
    wanted = library.fit(images.reshape(5, -1)).transform(images.reshape(5, -1))
    np.testing.assert_array_equal(found, wanted)
    assert hog.row_shape_ == (32, 24) and len(hog.get_feature_names_out()) == found.shape[1]
    flat = HOG(cell=8, bins=6, input=(32, 24)).fit_transform(images.reshape(5, -1))
    np.testing.assert_array_equal(flat, found)
    np.testing.assert_array_equal(hog.transform(images[:, :, :, None]), found)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(hog)).transform(images), found)
    with pytest.raises(errors.ShapeError, match="gray images"):
        HOG().fit(images.reshape(5, -1))
    with pytest.raises(errors.ShapeError, match="was fitted on"):
        hog.transform(images[:, :16])


@pytest.mark.parametrize("kind", [CountVectorizer, TfidfVectorizer])
def test_a_fit_that_fails_leaves_the_vectorizer_as_it_was(kind):
    texts = ["red green blue", "green blue", "blue"]
    vectorizer = kind().fit(texts)
    names, before = list(vectorizer.get_feature_names_out()), vectorizer.transform(texts).toarray()
    for failing in ({"min_df": 3}, {"stop_words": ["a", "b", "c"]}):
        with pytest.raises(ValueError):
            vectorizer.set_params(**failing).fit(["a b", "b c", "c a"])
        vectorizer.set_params(min_df=1, stop_words=None)
        assert list(vectorizer.get_feature_names_out()) == names
        np.testing.assert_array_equal(vectorizer.transform(texts).toarray(), before)
