"""Datasets, transforms, optimizers, texts, images, boxes, metrics and searches as objects."""

import copy
import pickle
import re
import sys

import numpy as np
import pytest

import libclassify as clf
from libclassify import detect, metrics
from libclassify._library import lib

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4)) + 3 * np.eye(3, 4)[np.arange(60) % 3]
Y = np.array(["blue", "green", "red"])[np.arange(60) % 3]


def pickled(thing):
    return pickle.loads(pickle.dumps(thing))


# Datasets


def test_a_dataset_of_bytes():
    text = b"a,b,kind\n1,2,x\n3,4,y\n"
    for source in (text, bytearray(text), memoryview(text)):
        data = clf.Dataset.load("csv", source, label="kind")
        assert data.X.tolist() == [[1, 2], [3, 4]] and list(data.y) == ["x", "y"]
    pixels = np.arange(6, dtype=np.uint8).reshape(2, 3)
    image = clf.Dataset.load("images", clf.Image(pixels).to_bytes(), scale=1)
    assert image.X.tolist() == [pixels[..., None].tolist()]
    with pytest.raises(clf.FormatError, match="data in memory line 2"):
        clf.Dataset.load("csv", b"1,2\n1,x,2\n")
    with pytest.raises(clf.ArgumentError, match="labels=a names a file"):
        clf.Dataset.load("npy", b"x", labels="a")


def test_documents_of_lines(tmp_path):
    (tmp_path / "films.pos").write_text("good\nfine\n")
    (tmp_path / "films.neg").write_text("bad\n")
    films = clf.Documents.load("lines", tmp_path / "films")
    assert list(films) == ["bad", "good", "fine"]
    assert list(clf.Vocabulary(encoding="count").build(films).encode(films).y) == [
        "neg", "pos", "pos"]
    assert list(clf.Documents.load("lines", b"one\r\n\ntwo")) == ["one", "", "two"]
    assert list(clf.Documents.load("fasttext", b"__label__a x y\n__label__b z\n")) == ["x y", "z"]
    with pytest.raises(clf.DataError, match="line 2: it has no label"):
        clf.Documents.load("fasttext", b"__label__a x\ny\n")
    with pytest.raises(clf.Unsupported, match="clf_documents_create"):
        clf.Documents.load("folder", b"x")


def test_what_a_dataset_has():
    data = clf.Dataset(X, Y, sample_weight=np.arange(60), column_names=list("abcd"))
    assert len(data) == data.n_rows == 60 and data.shape == (60, 4) and data.n_classes == 3
    assert data.nonzeros == 240 and not data.sparse and data.n_outputs == 0
    assert data.targets is None and data.column_names == tuple("abcd")
    assert (data.y == Y).all() and (data.sample_weight == np.arange(60)).all()
    assert "60 rows of 4 features" in repr(data)
    with pytest.raises(clf.ShapeError, match="3 names for 4"):
        data.column_names = "abc"
    with pytest.raises(clf.ArgumentError):
        data.tensor("z")


def test_parts_of_a_dataset():
    data = clf.Dataset(X, Y)
    assert (data[5:10].X == X[5:10]).all() and (data[[3, 3, -1]].X == X[[3, 3, -1]]).all()
    assert (data[data.labels == 1].y == "green").all() and len(data[7]) == 1
    first, second = data.split(0.75, seed=1)
    assert len(first) == 45 and len(second) == 15 and first.n_classes == 3
    rows = np.vstack([first.X, second.X])
    assert (np.unique(rows, axis=0) == np.unique(X, axis=0)).all()
    tests = [test for _, test in data.folds(4, seed=2)]
    assert [len(test) for test in tests] == [15, 15, 15, 15] or sum(map(len, tests)) == 60
    for bad, error in (([60], clf.ArgumentError), ([-61], clf.ArgumentError),
                       ([0.5], clf.TypeMismatch), (np.ones(3, bool), clf.ShapeError)):
        with pytest.raises(error):
            data[bad]


def test_batches_are_datasets_of_their_own():
    data = clf.Dataset(X, Y)
    batches = data.batches(16, seed=4)
    first = list(batches)
    assert [len(batch) for batch in first] == [16, 16, 16, 12]
    rows = np.vstack([batch.X for batch in first])
    assert (np.sort(rows, axis=0) == np.sort(X, axis=0)).all() and not (rows == X).all()
    assert all(batch.n_classes == 3 for batch in first)
    second = np.vstack([batch.X for batch in batches])
    assert not (second == rows).all()
    again = np.vstack([batch.X for batch in clf.Batches(data, 16, seed=4)])
    assert (again == rows).all()
    with pytest.raises(clf.ArgumentError, match="batch_size"):
        data.batches(0)


def test_each_loop_over_batches_begins_an_epoch():
    batches, whole = (clf.Dataset(X, Y).batches(16, seed=4) for _ in range(2))
    for _ in range(3):
        expected = [batch.X for batch in whole]
        assert (next(iter(batches)).X == expected[0]).all()
    assert [(a.X == b.X).all() for a, b in zip(batches, whole)] == 4 * [True]
    assert len(list(batches)) == 4


@pytest.mark.parametrize("kind", ["dense", "Series", "frame", "arrow"])
def test_wrong_weights_are_called_so(kind):
    weights = np.array(["heavy"] * 60, object)
    if kind == "arrow":
        pa = pytest.importorskip("pyarrow")
        weights = pa.chunked_array([pa.array([True, False] * 30, pa.bool_())])
        weights = _ArrowOnly(weights.cast(pa.string()))
    elif kind != "dense":
        pd = pytest.importorskip("pandas")
        weights = pd.Series(weights) if kind == "Series" else pd.DataFrame({"w": weights})
    with pytest.raises(clf.Error, match="sample_weight") as caught:
        clf.Dataset(X, Y, sample_weight=weights)
    assert "targets" not in str(caught.value)


class _ArrowOnly:
    def __init__(self, values):
        self.values = values

    def __arrow_c_stream__(self, requested_schema=None):
        return self.values.__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize("copied", [copy.copy, pickled])
def test_copies_of_datasets(copied):
    scaled = clf.Dataset(np.arange(24, dtype=np.uint8).reshape(6, 4), [3, 5, 3, 5, 3, 5],
                         scale=1 / 255, sample_weight=np.arange(6))
    again = copied(scaled)
    assert again.X.dtype == np.uint8 and again.scale == 1 / 255 and (again.X == scaled.X).all()
    assert (again.y == scaled.y).all() and (again.sample_weight == scaled.sample_weight).all()
    targets = copied(clf.Dataset(X, targets=X[:, :2], column_names=list("abcd")))
    assert (targets.targets == X[:, :2]).all() and targets.column_names == tuple("abcd")
    sparse = pytest.importorskip("scipy.sparse")
    rows = copied(clf.Dataset(sparse.csr_matrix(X * (X > 1)), Y))
    assert rows.sparse and (rows.X.toarray() == np.float32(X * (X > 1))).all()


def test_files_of_datasets(tmp_path):
    pytest.importorskip("scipy.sparse")
    path = tmp_path / "d.csv"
    path.write_text("a,b,label\n1,2,x\n3,4,y\n")
    data = clf.Dataset.load("csv", path, label="label")
    assert (data.X == [[1, 2], [3, 4]]).all() and list(data.y) == ["x", "y"]
    clf.Dataset(X, np.arange(60) % 3).save("svmlight", tmp_path / "d.svm")
    again = clf.Dataset.load("svmlight", tmp_path / "d.svm", features=4)
    assert np.array_equal(again.X.toarray(), X.astype(np.float32))
    with pytest.raises(clf.ArgumentError, match="has no parameter"):
        clf.Dataset.load("csv", path, lable="label")


def test_formats_that_are_written(tmp_path):
    names = np.array(["cat", "a,b", "NA"])[np.arange(60) % 3]
    for format, path, params in ("csv", "d.csv", {"dtype": "f64"}), ("npy", "d.npz", {}):
        clf.Dataset(X, names).save(format, tmp_path / path)
        again = clf.Dataset.load(format, tmp_path / path, **params)
        assert np.array_equal(again.X, X) and list(again.y) == list(names)
    assert np.array_equal(np.load(tmp_path / "d.npz")["y"], names)
    clf.Dataset(X, np.arange(60) % 3).save("idx", tmp_path / "train", dtype="f32")
    again = clf.Dataset.load("idx", tmp_path / "train")
    assert np.array_equal(again.X, X.astype(np.float32)) and list(again.y[:3]) == [0, 1, 2]
    assert set(clf.catalog.kinds("dataset_writer")) >= {"csv", "idx", "npy", "rows", "svmlight"}
    with pytest.raises(clf.Unsupported, match="weights"):
        clf.Dataset(X, names, sample_weight=np.ones(60)).save("npy", tmp_path / "w.npz")


def test_a_file_is_written_piece_by_piece(tmp_path):
    names = np.array(["cat", "dog", "bird", "ant"])[np.arange(60) * 7 % 4]
    with clf.DatasetWriter(tmp_path / "d.rows") as writer:
        writer.append(X[:10], names[:10]).append(clf.Dataset(X[10:], names[10:]))
        assert not (tmp_path / "d.rows").exists()
    data = clf.Dataset.load("rows", tmp_path / "d.rows")
    assert np.array_equal(data.X, X) and list(data.y) == list(names)
    with pytest.raises(KeyError):
        with clf.DatasetWriter(tmp_path / "other.rows", dtype="f32") as writer:
            writer.append(X, sample_weight=np.ones(60))
            raise KeyError
    assert [path.name for path in tmp_path.iterdir()] == ["d.rows"]
    with clf.DatasetWriter(tmp_path / "other.rows") as writer:
        writer.append(X)
        with pytest.raises(clf.ShapeError):
            writer.append(X[:, :2])
    assert len(clf.Dataset.load("rows", tmp_path / "other.rows")) == 60
    with pytest.raises(clf.DataError):
        with clf.DatasetWriter(tmp_path / "none.rows"):
            pass


# Transforms and optimizers


def test_transforms():
    transform = clf.Transform("standardize")
    assert not transform.fitted
    Z = transform.fit_transform(X)
    assert np.allclose(Z.mean(0), 0, atol=1e-6) and np.allclose(Z.std(0), 1, atol=1e-6)
    assert np.allclose(transform.tensor("mean"), X.mean(0)) and transform.kind == "standardize"
    data = transform.apply(clf.Dataset(X, Y, sample_weight=np.ones(60)))
    assert (data.y == Y).all() and (data.sample_weight == 1).all()
    with pytest.raises(clf.ShapeError):
        transform.transform(X[:, :2])
    with pytest.raises(clf.NotFitted):
        clf.Transform("pca").transform(X)


@pytest.mark.parametrize("kind", clf.kinds("transform"))
def test_the_tensors_of_transforms_are_documented(kind):
    encodes = kind in ("one_hot", "ordinal", "target_mean", "hash")
    params = {"hog": {"input": [16, 16]}, "pca": {"precision": "f64"}}.get(
        kind, {"columns": "1"} if encodes else {})
    rows = np.abs(np.random.default_rng(0).normal(size=(20, 256)))
    transform = clf.Transform(kind, **params).fit(rows, np.arange(20) % 2)
    with pytest.raises(clf.ArgumentError) as caught:
        transform.tensor("nothing")
    listed = set(re.findall(r"[a-z_0-9]+", str(caught.value).rpartition(":")[2]))
    text = re.search(rf" {kind}: ((.|\n)*?)\.\n", clf.Transform.tensor.__doc__)
    documented = re.findall('"([a-z_0-9]+)"', text[1].replace('"f64"', "")) if text else []
    for name in documented:
        assert transform.tensor(name).size
    assert set(documented or ["none"]) == ((listed - {"columns"} or {"none"}) if encodes else listed)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, pickled])
def test_copies_of_transforms(copied, tmp_path):
    pca = clf.Transform("pca", components=2)
    assert copied(pca).params == pca.params and not copied(pca).fitted
    Z = pca.fit_transform(X)
    assert (copied(pca).transform(X) == Z).all() and copied(pca).params["components"] == 2
    pca.save(tmp_path / "t.clf")
    assert (clf.Transform.load(tmp_path / "t.clf").transform(X) == Z).all()


def test_optimizers():
    optimizer = clf.Optimizer("sgd", learning_rate=0.05, momentum=0.9, schedule="cosine")
    assert optimizer.params["momentum"] == 0.9 and pickled(optimizer).params == optimizer.params
    network = clf.Network("dense units=3", epochs=2).fit(X, Y, optimizer=optimizer)
    assert network.optimizer is None and network.set_optimizer(optimizer).optimizer.kind == "sgd"
    with pytest.raises(clf.Unsupported):
        clf.Model("svm").set_optimizer(optimizer)


# Text

TEXTS = ["a good film", "a bad film", "good good, really good", "bad; really bad"]


def test_documents():
    documents = clf.Documents(["a\0b", b"\xff", "ü"])
    assert list(documents) == ["a\0b", "\ufffd", "ü"] and documents.replaced == 1
    assert documents[-1] == "ü" and documents.names == [None] * 3
    assert list(pickled(documents)) == list(documents)
    with pytest.raises(IndexError):
        documents[3]
    for bad, message in (("a text", "single text"), (["a", None], "document 1 is missing"),
                         ([3], "document 0 is of type int")):
        with pytest.raises(clf.TypeMismatch, match=message):
            clf.Documents(bad)


def test_guesses(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("x,y,kind\n1,2,a b\n3,4,b c\n")
    rows = clf.Dataset.load("csv", path)
    assert rows.guesses == "delimiter=comma header=true label=\"kind\""
    assert clf.Dataset([[1.0]]).guesses == ""
    texts = clf.Documents.load("csv", path)
    assert texts.guesses == "delimiter=comma header=true text=\"y\" label=\"kind\""


def test_documents_of_files(tmp_path):
    for label in ("neg", "pos"):
        (tmp_path / label).mkdir()
        (tmp_path / label / "1.txt").write_text(f"{label} word")
    documents = clf.Documents.load("folder", tmp_path)
    assert documents.names == ["neg/1.txt", "pos/1.txt"] and documents[1] == "pos word"
    rows = clf.Vocabulary(documents, encoding="count").encode(documents)
    assert list(rows.y) == ["neg", "pos"]


def test_vocabularies():
    pytest.importorskip("scipy.sparse")
    words = clf.Vocabulary(TEXTS, encoding="count", ngrams=(1, 2))
    assert words.params["ngrams"] == (1, 2) and "good" in words and "film good" not in words
    assert words.frequency("good") == 4 and words.words[words.find("good")] == "good"
    rows = words.encode(TEXTS, [1, 0, 1, 0])
    assert rows.sparse and rows.X[2, words.find("good")] == 3 and list(rows.y) == [1, 0, 1, 0]
    assert words.document_frequency("good") == 2 and words.n_documents == 4
    assert words.encode_text("good").shape == (1, len(words))
    with pytest.raises(KeyError):
        words.frequency("none")
    with pytest.raises(clf.NotFitted):
        clf.Vocabulary().encode(TEXTS)


def test_the_places_of_words_count_characters_of_str_and_bytes_of_bytes():
    words = clf.Vocabulary(["größe good 🙂"], encoding="count", emoji=True)
    for text in ("  Größe, 🙂 good x", "ü" * 3 + " good"):
        tokens = words.tokenize(text)
        pieces = [text[a:b] for a, b in zip(tokens.begin, tokens.end)]
        assert "good" in pieces and [words.find(p.casefold()) for p in pieces] == list(tokens.ids)
        data = text.encode()
        tokens = words.tokenize(data)
        assert [data[a:b].decode() for a, b in zip(tokens.begin, tokens.end)] == pieces
    assert len(words.tokenize("").ids) == 0


@pytest.mark.parametrize("copied", [copy.copy, pickled])
def test_copies_of_vocabularies(copied, tmp_path):
    words = clf.Vocabulary(TEXTS, max_words=6)
    assert copied(words).words == words.words and copied(words).params == words.params
    assert copied(clf.Vocabulary(max_words=6)).params["max_words"] == 6
    words.save(tmp_path / "v.clf")
    assert clf.Vocabulary.load(tmp_path / "v.clf").words == words.words
    model = clf.Model("ridge").set_vocabulary(words)
    model.fit(words.encode(TEXTS, [1, 0, 1, 0]))
    assert clf.Vocabulary.load(model.to_bytes()).words == model.vocabulary.words == words.words
    assert model.set_vocabulary(None).vocabulary is None


# Images and detection

PIXELS = RNG.integers(0, 256, (12, 16, 3)).astype(np.uint8)


def test_images(tmp_path):
    image = clf.Image(PIXELS)
    assert image.shape == (12, 16, 3) and (image.pixels == PIXELS).all()
    assert not image.pixels.flags.writeable and (np.asarray(image) == PIXELS).all()
    assert image.to_gray().shape == (12, 16, 1) and np.asarray(image.to_gray()).shape == (12, 16)
    assert image.resize(6, 8).shape == (6, 8, 3) and image.equalize().shape == image.shape
    assert (image.crop(2, 3, 4, 5).pixels == PIXELS[2:6, 3:8]).all()
    assert image.tan_triggs(gamma=0.5).channels == 1
    for name in ("i.ppm", "i.pnm") + (("i.png",) if "png" in clf.kinds("image_writer") else ()):
        image.save(tmp_path / name)
        assert (clf.Image.load(tmp_path / name).pixels == PIXELS).all()
    assert (clf.Image.load(image.to_bytes("pnm")).pixels == PIXELS).all()
    assert (pickled(image).pixels == PIXELS).all()
    strided = PIXELS[::2, ::-1]
    assert (clf.Image(strided).pixels == strided).all()


def test_every_array_of_pixels_keeps_them_alive():
    """Another thread may ask for the pixels in the middle of this one's question."""
    context = clf.Context(threads=1)
    before, others = context.memory, []

    class Interrupted(clf.Image):
        def run(self, function, *arguments, **changes):
            if function is lib.clf_image_pixels and not others:
                others.append(None)
                others[0] = self.pixels
            return super().run(function, *arguments, **changes)

    image = Interrupted(np.full((100, 100), 7, np.uint8), context=context)
    held = context.memory
    assert (image.pixels == 7).all()
    for end in (image.close, lambda: None):
        end()
        assert context.memory == held and (others[0] == 7).all()
    del image, end
    assert context.memory == held
    others.clear()
    assert context.memory == before


def test_pixels_outlive_a_closed_image():
    context = clf.Context(threads=1)
    image = clf.Image(PIXELS, context=context)
    pixels = image.pixels
    image.close()
    assert (pixels == PIXELS).all() and image.closed
    used = context.memory
    del pixels
    assert context.memory < used


@pytest.mark.parametrize("bad, error", [
    (PIXELS.astype(float), clf.TypeMismatch), (PIXELS[0, 0], clf.ShapeError),
    (np.zeros((2, 2, 4), np.uint8), clf.ShapeError), (np.zeros((0, 2), np.uint8), clf.ShapeError),
])
def test_pixels_that_are_none(bad, error):
    with pytest.raises(error):
        clf.Image(bad)


def detector():
    windows = RNG.integers(0, 100, (80, 8, 8, 1)).astype(np.uint8)
    windows[::2, 2:6, 2:6] = 255
    network = clf.Network("conv2d filters=4 kernel=3 activation=relu; flatten; dense units=2",
                          epochs=30, input=(8, 8, 1))
    network.fit(clf.Dataset(windows, np.array(["none", "square"])[(np.arange(80) + 1) % 2],
                            scale=1 / 255))
    return clf.Detector(network)


def test_a_detector_finds_and_survives_copies(tmp_path):
    finder = detector()
    scene = RNG.integers(0, 100, (40, 50)).astype(np.uint8)
    scene[12:16, 22:26] = 255
    found = finder(scene)
    assert found.dtype == detect.BOX and len(found) == len(finder(scene, limit=10**4))
    assert (np.diff(found["score"]) <= 0).all() and len(finder(scene, limit=1)) <= 1
    assert list(finder.model.classes) == ["none", "square"]
    windows, boxes = finder.mine_negatives(scene, [[12, 22, 4, 4]], overlap=0.1)
    assert windows.shape[1:] == (8, 8, 1) and len(windows) == len(boxes)
    finder.save(tmp_path / "d.clf")
    for again in (pickled(finder), clf.Detector.load(tmp_path / "d.clf"),
                  clf.Detector.load(finder.to_bytes())):
        assert (again(scene) == found).all() and again.params == finder.params


def test_boxes():
    assert detect.overlap([0, 0, 10, 10], [5, 0, 10, 10]) == pytest.approx(1 / 3)
    kept = detect.suppress([[0, 0, 10, 10, 1], [1, 0, 10, 10, 2], [50, 0, 10, 10, 0]])
    assert kept["score"].tolist() == [2, 0] and len(detect.suppress([])) == 0
    truth, found = [[0, 0, 10, 10], [20, 0, 10, 10]], [[0, 0, 10, 10, 2], [90, 0, 10, 10, 1]]
    curve = detect.average_precision(found, truth)
    assert curve.area == 0.5 and curve.precision.tolist() == [1, 0.5]
    assert curve.recall.tolist() == [0.5, 0.5]
    assert detect.mean_average_precision(found, truth) == 0.5
    elsewhere = detect.mean_average_precision(found, truth, found_images=[1, 1], truth_images=[0, 0])
    assert elsewhere == 0
    with pytest.raises(clf.ShapeError):
        detect.suppress([[1, 2, 3]])
    with pytest.raises(clf.DataError):
        detect.overlap([0, 0, 0, 10], [0, 0, 1, 1]) or detect.suppress([[0, 0, 0, 10]])


# Metrics

CLASSES = [0, 1, 2]


@pytest.mark.parametrize("names", [None, ["x", "y", "z"], [b"x", b"y", b"z"], [-5, 0, 7]])
def test_metrics_are_scikit_learns(names):
    sk = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(3)
    a, b = rng.integers(0, 3, 200), rng.integers(0, 3, 200)
    chances = rng.dirichlet([1, 1, 1], 200)
    if names is not None:
        a, b = np.array(names)[a], np.array(names)[b]
    if names is not None and isinstance(names[0], bytes):
        sa, sb = a.astype(str), b.astype(str)
    else:
        sa, sb = a, b
    weights = rng.integers(0, 5, 200)
    assert metrics.accuracy_score(a, b) == pytest.approx(sk.accuracy_score(sa, sb))
    assert metrics.accuracy_score(a, b, sample_weight=weights) == pytest.approx(
        sk.accuracy_score(sa, sb, sample_weight=weights))
    assert (metrics.confusion_matrix(a, b) == sk.confusion_matrix(sa, sb)).all()
    for average in (None, "macro", "micro", "weighted"):
        ours = metrics.precision_recall_fscore_support(a, b, average=average)
        theirs = sk.precision_recall_fscore_support(sa, sb, average=average, zero_division=0)
        for one, other in zip(ours, theirs):
            assert one is other is None or np.allclose(one, other)
    assert metrics.f1_score(a, b, average="macro") == pytest.approx(
        sk.f1_score(sa, sb, average="macro"))
    assert metrics.precision_score(a, b, average="micro") == metrics.recall_score(
        a, b, average="micro")
    assert metrics.log_loss(a, chances) == pytest.approx(sk.log_loss(sa, chances), rel=1e-6)
    assert metrics.roc_auc_score(a, chances) == pytest.approx(
        sk.roc_auc_score(sa, chances, multi_class="ovr"))
    assert metrics.log_loss(a, chances, sample_weight=weights) == pytest.approx(
        sk.log_loss(sa, chances, sample_weight=weights), rel=1e-6)


@pytest.mark.parametrize("weighted", [False, True])
def test_measures_of_agreement_are_scikit_learns(weighted):
    sk = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(3)
    a = np.array(["x", "y", "z"])[rng.integers(0, 3, 200)]
    b = np.where(rng.random(200) < 0.6, a, np.array(["x", "y", "z"])[rng.integers(0, 3, 200)])
    scores = rng.random((200, 3)).astype(np.float32)
    given = {"sample_weight": rng.integers(0, 5, 200)} if weighted else {}
    for name, arguments in (("balanced_accuracy_score", {}), ("matthews_corrcoef", {}),
                            ("balanced_accuracy_score", {"adjusted": True}),
                            ("cohen_kappa_score", {}), ("cohen_kappa_score", {"weights": "linear"}),
                            ("cohen_kappa_score", {"weights": "quadratic"}),
                            ("confusion_matrix", {}), ("precision_recall_fscore_support", {}),
                            ("f1_score", {"average": "macro"})):
        ours, theirs = (getattr(module, name)(a, b, **arguments, **given)
                        for module in (metrics, sk))
        assert np.allclose(ours, theirs, rtol=0, atol=1e-12), name
    assert metrics.top_k_accuracy_score(a, scores, k=2, **given) == pytest.approx(
        sk.top_k_accuracy_score(a, scores, k=2, **given), abs=1e-12)


def test_bootstrap_interval():
    true, predicted = np.arange(400) % 2, np.where(np.arange(400) < 100, 0, np.arange(400) % 2)
    low, high = metrics.bootstrap_interval(metrics.accuracy_score, true, predicted, draws=200)
    half = 1.96 * np.sqrt(0.875 * 0.125 / 400)
    assert low == pytest.approx(0.875 - half, abs=0.01)
    assert high == pytest.approx(0.875 + half, abs=0.01)
    assert (low, high) == metrics.bootstrap_interval(metrics.accuracy_score, true, predicted,
                                                     draws=200)
    with pytest.raises(ZeroDivisionError):
        metrics.bootstrap_interval(lambda *_, **__: 1 / 0, true, predicted)
    with pytest.raises(clf.ArgumentError, match="coverage"):
        metrics.bootstrap_interval(metrics.accuracy_score, true, predicted, coverage=2)


@pytest.mark.parametrize("weighted", [False, True])
def test_measures_of_two_classes_are_scikit_learns(weighted):
    sk = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(3)
    true, scores = rng.integers(0, 2, 300), rng.random(300).round(2)
    given = {"sample_weight": rng.integers(0, 5, 300)} if weighted else {}
    for name in ("log_loss", "brier_score_loss", "roc_auc_score", "average_precision_score"):
        ours, theirs = (getattr(module, name)(true, np.clip(scores, 0.01, 0.99), **given)
                        for module in (metrics, sk))
        assert ours == pytest.approx(theirs, rel=1e-6), name
    names = np.where(true == 1, "yes", "no")
    assert metrics.average_precision_score(names, scores, **given) == pytest.approx(
        sk.average_precision_score(true, scores, **given))


def test_the_brier_score_of_several_classes():
    true, values = ["b", "a", "c"], np.array([[0.25, 0.5, 0.25], [1, 0, 0], [0.5, 0.5, 0]])
    whole = ((0.0625 + 0.25 + 0.0625) + 0 + 1.5) / 3
    assert metrics.brier_score_loss(true, values) == pytest.approx(whole)
    assert metrics.brier_score_loss(true, values, scale_by_half=True) == pytest.approx(whole / 2)
    assert metrics.brier_score_loss([0, 1], [0.25, 0.5]) == pytest.approx((0.0625 + 0.25) / 2)
    assert metrics.brier_score_loss([0, 1], [0.25, 0.5], scale_by_half=False) == pytest.approx(
        0.0625 + 0.25)


def test_calibration_is_the_distance_of_confidence_and_accuracy():
    true, values = list("xyzy"), [[0.5, 0.25, 0.25], [0.125, 0.25, 0.625], [0, 0, 1], [0, 0.75, 0.25]]
    assert metrics.calibration_error(true, values, n_bins=1) == pytest.approx(0.125 / 4)
    assert metrics.calibration_error(true, values, n_bins=4) == pytest.approx(0.875 / 4)
    curve = metrics.confidence_curve(true, values, n_bins=4)
    assert curve.share.tolist() == [0.25, 0.5, 0.25]
    assert curve.confidence.tolist() == [0.5, 0.6875, 1]
    assert curve.accuracy.tolist() == [1, 0.5, 1]
    assert metrics.calibration_error(true, values, sample_weight=[0, 0, 1, 0]) == 0


def test_the_area_tells_scores_of_float64_apart():
    scores = 1 + np.arange(6) * 1e-12
    assert metrics.roc_auc_score([0, 0, 0, 1, 1, 1], scores) == 1
    assert metrics.roc_auc_score([0, 1], [0.5, 0.5]) == 0.5
    for ends in ([-np.inf, 0], [0, np.inf]):
        assert metrics.roc_auc_score([0, 1], ends) == 1


@pytest.mark.slow
def test_the_area_tells_any_number_of_scores_apart():
    scores = 1 + np.arange(2**24 + 4) * 2.0**-40
    assert (np.diff(metrics._ranks(scores)) > 0).all()


@pytest.mark.parametrize("true, predicted, positive", [
    ([0, 1, 1, 0, 1, 1], [0, 1, 0, 1, 1, 1], 1),
    ([0, 1, 1, 0, 1, 1], [0, 1, 0, 1, 1, 1], 0),
    (["no", "yes", "yes", "no"], ["no", "no", "yes", "yes"], "yes"),
    ([True, False, True], [True, True, False], 1),
    ([0, 0], [0, 0], 1),
    ([1, 1], [1, 1], 1),
])
def test_scores_of_the_positive_class_are_scikit_learns(true, predicted, positive):
    sk = pytest.importorskip("sklearn.metrics")
    for name in ("precision_score", "recall_score", "f1_score"):
        given = {} if positive == 1 else {"pos_label": positive}
        ours = getattr(metrics, name)(true, predicted, **given)
        assert ours == pytest.approx(
            getattr(sk, name)(true, predicted, zero_division=0, **given))
    ours = metrics.precision_recall_fscore_support(true, predicted, average="binary",
                                                   pos_label=positive)
    assert ours.support is None and ours.fscore == metrics.f1_score(
        true, predicted, pos_label=positive)


@pytest.mark.parametrize("true, predicted, words", [
    (["a", "b", "c"], ["a", "b", "c"], "two classes, not of 3"),
    (["a", "b"], ["a", "b"], r"pos_label=1 is none of the classes \['a', 'b'\]"),
    ([0, 2], [0, 2], r"pos_label=1 is none of the classes \[0, 2\]"),
])
def test_the_positive_class_is_never_guessed(true, predicted, words):
    for score in (metrics.precision_score, metrics.recall_score, metrics.f1_score):
        with pytest.raises(ValueError, match=words):
            score(true, predicted)


@pytest.mark.parametrize("true, predicted", [
    ([1, 2], ["1", "2"]), (["a"], [b"a"]), ([None, "a"], ["None", "a"]), ([1, "a"], ["1", "a"]),
    (np.array(["nan", None], object), ["nan", "None"]),
])
def test_labels_of_several_kinds_are_not_compared(true, predicted):
    for measure in (metrics.accuracy_score, metrics.confusion_matrix, metrics.f1_score):
        for pair in ((true, predicted), (predicted, true)):
            with pytest.raises((clf.TypeMismatch, clf.DataError)):
                measure(*pair)
    assert metrics.accuracy_score(np.array([1, 0], object), [True, False]) == 1
    with pytest.raises(clf.TypeMismatch, match="y_true has numbers and labels has texts"):
        metrics.log_loss([1, 2], [[0.5, 0.5]] * 2, labels=["1", "2"])


def test_labels_of_a_confusion_matrix():
    matrix = metrics.confusion_matrix(list("aab"), list("abb"), labels=["b", "a"])
    assert matrix.tolist() == [[1, 0], [1, 1]]
    assert metrics.confusion_matrix(list("aac"), list("abb"), labels=["a", "b"]).tolist() == [
        [1, 1], [0, 0]]
    assert metrics.confusion_matrix(list("aab"), list("acb"), labels=["a", "b"]).tolist() == [
        [1, 0], [0, 1]]


@pytest.mark.parametrize("call, error", [
    (lambda: metrics.accuracy_score([0, 1], [0]), clf.ShapeError),
    (lambda: metrics.accuracy_score([], []), clf.ArgumentError),
    (lambda: metrics.accuracy_score([0, np.nan], [0, 1]), clf.DataError),
    (lambda: metrics.accuracy_score([[0]], [[0]]), clf.ShapeError),
    (lambda: metrics.accuracy_score([0], [0], sample_weight=[-1]), clf.DataError),
    (lambda: metrics.accuracy_score([0], [0], sample_weight=[1, 2]), clf.ShapeError),
    (lambda: metrics.f1_score([0], [0], average="all"), clf.ArgumentError),
    (lambda: metrics.log_loss([0, 1], [[0.5, 0.5, 0]] * 2), clf.ShapeError),
    (lambda: metrics.log_loss([0, 3], [[0.5, 0.5]] * 2, labels=[0, 1]), clf.DataError),
    (lambda: metrics.log_loss([0, 1], [[np.nan, 0.5]] * 2), clf.DataError),
    (lambda: metrics.roc_auc_score([0, 0], [0.1, 0.2]), clf.ShapeError),
    (lambda: metrics.roc_auc_score([0, 1], [np.nan, 0.2]), clf.DataError),
    (lambda: metrics.roc_auc_score([0, 1], [0.1]), clf.ShapeError),
    (lambda: metrics.log_loss([0, 1], [0.5, 0.5], sample_weight=[1]), clf.ShapeError),
    (lambda: metrics.roc_auc_score([0, 1], [0.5, 0.5], sample_weight=[0, 0]), clf.DataError),
    (lambda: metrics.brier_score_loss([0, 1], [0.5, 1.5]), clf.DataError),
    (lambda: metrics.brier_score_loss([0, 1], [0.5, 0.5], scale_by_half="half"), clf.ArgumentError),
    (lambda: metrics.calibration_error([0, 1], [0.5, 0.5], n_bins=0), clf.ArgumentError),
    (lambda: metrics.cohen_kappa_score([0, 1], [0, 1], weights="cubic"), clf.ArgumentError),
    (lambda: metrics.confusion_matrix([0, 1], [0, 1], sample_weight=[1, -1]), clf.DataError),
    (lambda: metrics.top_k_accuracy_score([0, 1], [[0.5, 0.5]] * 2, k=0), clf.ArgumentError),
    (lambda: metrics.calibration_error([0, 1], [0.5, 0.5], n_bins=1.5), TypeError),
    (lambda: metrics.average_precision_score([0, 1], [np.nan, 0.2]), clf.DataError),
])
def test_metrics_refuse_by_sentences(call, error):
    with pytest.raises(error):
        call()


# Selection


def test_cross_validation_is_stratified_and_repeatable():
    model = clf.Model("svm")
    scores = clf.cross_validate(model, X, Y, folds=4, seed=1)
    assert scores.shape == (4,) and scores.min() > 0.7 and not model.fitted
    assert (scores == clf.cross_validate(model, clf.Dataset(X, Y), folds=4, seed=1)).all()
    data = clf.Dataset(X, Y)
    by_hand = [clf.Model("svm").fit(train).score(test) for train, test in data.folds(4, seed=1)]
    assert np.allclose(scores, by_hand)
    for folds in (-1, 0, 1, 61):
        with pytest.raises(clf.ArgumentError):
            clf.cross_validate(model, X, Y, folds=folds)


def test_a_grid_search_has_typed_parameters():
    model = clf.Model("svm")
    model.add_transform("pca")
    search = clf.grid_search(model, {"C": [0.5, 10], "gamma": ["scale", 0.25],
                                     "pca.components": (2, 3)}, X, Y, folds=3)
    assert len(search) == 8 and len(list(search)) == 8
    assert search[0].params == {"C": 0.5, "gamma": "scale", "pca.components": 2}
    assert search.best_score == max(c.mean for c in search) == search[search.best].mean
    best = search.model()
    assert best.params["C"] == search.best_params["C"]
    assert best.transforms[0][1]["components"] == search.best_params["pca.components"]
    assert best.fit(X, Y).score(X, Y) > 0.8
    same = clf.grid_search(model, "C=0.5|10 gamma=scale|0.25 pca.components=2|3", X, Y, folds=3)
    assert [c for c in same] == [c for c in search]
    with pytest.raises(IndexError):
        search[8]


def test_random_and_halving_searches():
    model = clf.Model("ridge")
    found = clf.random_search(model, {"alpha": "log:0.01..100"}, X, Y, folds=3, trials=5,
                              refit=True)
    assert len(found) == 5
    assert all(0.01 <= c.params["alpha"] <= 100 and c.rows == len(X) for c in found)
    assert np.isclose(np.mean(found[2].scores), found[2].mean)
    best = clf.Model("ridge", **found.best_params).fit(X, Y)
    assert np.array_equal(found.model().decision_function(X), best.decision_function(X))
    results = found.dataset()
    assert results.column_names[:4] == ("alpha", "mean", "deviation", "rows")
    assert np.array_equal(results.X[:, 1], [c.mean for c in found])
    halved = clf.halving_search(model, {"alpha": [0.1, 1, 10, 100]}, X, Y, folds=2, factor=2,
                                min_rows=20)
    assert halved[halved.best].rows == len(X) and min(c.rows for c in halved) < len(X)
    with pytest.raises(clf.ArgumentError, match="method=random"):
        clf.grid_search(model, {"alpha": "log:1..2"}, X, Y)
    with pytest.raises(clf.Error, match="time_limit"):
        network = clf.Network("dense units=3", epochs=1000000)
        clf.grid_search(network, {"epochs": 1000000}, X, Y, time_limit=0.1)


def test_a_grid_of_a_network_searches_its_optimizer():
    network = clf.Network("dense units=3", epochs=2)
    search = clf.grid_search(network, {"optimizer.learning_rate": [0.1, 0.01], "epochs": 2,
                                       "layers": ["dense units=3", "dense units=4; dense units=3"]},
                             X, Y, folds=2)
    assert {c.params["optimizer.learning_rate"] for c in search} == {0.1, 0.01}
    assert type(search.model()) is clf.Network
    for grid, error in (({"C": []}, clf.ArgumentError), (3, clf.TypeMismatch),
                        ({"learning_rat": [1]}, clf.ArgumentError)):
        with pytest.raises(error):
            clf.grid_search(network, grid, X, Y)


# Numbers that ctypes would cut off or not take


def test_integers_of_any_kind_are_taken_and_none_is_cut_off():
    data = clf.Dataset(X, Y)
    assert len(data.split(0.5, seed=np.int64(3))[0]) == 30
    assert len(data.split(np.float32(0.5), seed=2**64 - 1)[0]) == 30
    assert clf.Image(PIXELS).resize(np.int32(3), True).shape == (3, 1, 3)
    for call in (lambda: data.split(0.5, seed=-1), lambda: data.split(0.5, seed=2**64),
                 lambda: clf.Image(PIXELS).resize(2**64 + 3, 3), lambda: data.batches(2**70),
                 lambda: clf.Tensor.zeros((2**64 + 2,)), lambda: clf.Tensor(X).reshape(2**64 + 240),
                 lambda: clf.Tensor(X).permute(2**32, 1),
                 lambda: detect.average_precision([], [[0, 0, 1, 1]], label=2**32)):
        with pytest.raises(clf.ArgumentError, match="it must be"):
            call()
    for call in (lambda: data.split(0.5, seed=1.5), lambda: clf.Image(PIXELS).resize(3.0, 3),
                 lambda: data.batches("3"), lambda: data.fold(None, 0),
                 lambda: clf.Tensor.zeros((2.0,)), lambda: data.split("half")):
        with pytest.raises((clf.TypeMismatch, ValueError)):
            call()
    assert data.split(0.5, seed=True)


def test_documents_of_files_are_not_copied_without_their_labels(tmp_path):
    (tmp_path / "a.txt").write_text("word")
    documents = clf.Documents.load("folder", tmp_path)
    for copied in (copy.copy, pickled):
        with pytest.raises(clf.Unsupported, match="labels"):
            copied(documents)


def test_a_regression_is_validated_by_targets():
    network = clf.Network("dense units=1", epochs=2, loss="squared_error")
    network.fit(X, targets=X[:, 0], validation=(X, X[:, 0]))
    assert any(name.startswith("validation") for name in network.history)


def test_what_the_library_does_not_save_is_neither_copied_nor_pickled():
    data = clf.Dataset(X, Y)
    search = clf.grid_search(clf.Model("ridge"), {"alpha": [1]}, data, folds=2)
    recurrent = clf.Network("rnn units=2; dense units=2", epochs=1)
    recurrent.fit(np.zeros((4, 3, 1)) + np.arange(4)[:, None, None], [0, 1, 0, 1])
    for thing in (search, data.batches(5), clf.Sequence(recurrent)):
        for copied in (copy.copy, copy.deepcopy, pickled):
            with pytest.raises(TypeError, match="cannot be copied or pickled"):
                copied(thing)


@pytest.mark.parametrize("thing", [
    lambda: clf.Dataset(X, Y), lambda: clf.Image(PIXELS), lambda: clf.Tensor(X),
    lambda: clf.Optimizer("adam"), lambda: clf.Context(threads=1), detector,
    lambda: clf.Documents(["a"]), lambda: clf.Vocabulary(["a"]), lambda: clf.Transform("pca"),
])
def test_copies_are_objects_of_their_own(thing):
    first = thing()
    for copied in (copy.copy, copy.deepcopy, pickled):
        second = copied(first)
        assert type(second) is type(first) and repr(second) == repr(first)
        if not isinstance(first, clf.Context):
            assert second is not first and second.pointer != first.pointer
            second.close()
    assert repr(first)


def test_subclasses_stay_what_they_are():
    network = clf.Network("dense units=3", epochs=1).fit(X, Y)
    assert type(pickled(network)) is type(copy.copy(network)) is clf.Network
    assert type(clf.Model.load(network.to_bytes())) is clf.Network
    with pytest.raises(clf.TypeMismatch, match="no network"):
        clf.Network.load(clf.Model("ridge").fit(X, Y).to_bytes())


def test_names_of_features_are_texts():
    with pytest.raises(clf.TypeMismatch, match="column's name must be a str"):
        clf.Dataset(X, column_names=[1, 2, 3, 4])


def test_without_scipy_the_parts_of_sparse_rows_are_there(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.sparse", None)
    rows = clf.Vocabulary(TEXTS, encoding="count").encode(TEXTS)
    with pytest.raises(ImportError, match="row_start"):
        rows.X
    assert len(rows.tensor("row_start")) == 5 and rows.tensor("value").dtype == np.float32


def test_a_dataset_is_an_array_of_its_values():
    assert (np.asarray(clf.Dataset(X, Y)) == X).all()
    scaled = clf.Dataset(np.array([[0, 255]], np.uint8), scale=1 / 255)
    assert np.asarray(scaled).tolist() == [[0, 1]] and scaled.X.tolist() == [[0, 255]]
    with pytest.raises(clf.TypeMismatch, match="already"):
        clf.Dataset(scaled)
    sparse = pytest.importorskip("scipy.sparse")
    with pytest.raises(clf.Unsupported, match="CSR"):
        np.asarray(clf.Dataset(sparse.eye(3, format="csr")))
