"""Transforms, splits and folds against scikit-learn on the same rows."""

import ctypes as C

import classify as clf
import numpy as np
from classify import Dataset, Transform, call, close, f64, i64

clf.sklearn()
from sklearn.decomposition import PCA
from sklearn.model_selection import StratifiedKFold, train_test_split
from sklearn.naive_bayes import ComplementNB, MultinomialNB
from sklearn.preprocessing import MinMaxScaler, PolynomialFeatures, StandardScaler

random = np.random.default_rng(3)


def rows(count=500, features=7):
    """Columns of very different sizes, one constant, one far from 0."""
    x = random.normal(size=(count, features)) * 10.0 ** np.arange(-3, features - 3)
    x[:, 3] = 0.1
    x[:, 4] += 1e6
    return x.astype(np.float32)


def sparse_rows(count=400, features=9):
    import scipy.sparse
    x = random.random((count, features)) * (random.random((count, features)) < 0.3)
    x[:, 5] = 0
    x[:, 6] = 0.1
    return scipy.sparse.csr_matrix(x.astype(np.float32))


def dense(data):
    """A sparse dataset as an array."""
    import scipy.sparse
    start = data.tensor("row_start")
    shape = (len(start) - 1, clf.lib.clf_dataset_features(data.handle))
    parts = data.tensor("value"), data.tensor("column"), start
    return scipy.sparse.csr_matrix(parts, shape=shape).toarray()


def columns_close(found, expected, tolerance, what):
    """Column by column, for they are of very different sizes."""
    assert found.shape == expected.shape, f"{what}: {found.shape}, not {expected.shape}"
    for j in range(expected.shape[1]):
        close(found[:, j], expected[:, j], tolerance, f"{what}, column {j}")


def standardize__as_standard_scaler():
    train, test = rows(), rows(100)
    for mean in (True, False):
        for deviation in (True, False):
            scaler = StandardScaler(with_mean=mean, with_std=deviation).fit(train.astype(float))
            ours = Transform("standardize", f"mean={mean} deviation={deviation}".lower())
            found = ours.fit(Dataset(train)).apply(Dataset(test)).tensor("x")
            columns_close(found, scaler.transform(test.astype(float)), 1e-6, "standardize")


def standardize__with_weights():
    train, weights = rows(), random.random(500).astype(np.float32)
    weights[::7] = 0
    scaler = StandardScaler().fit(train.astype(float), sample_weight=weights.astype(float))
    found = Transform("standardize").fit(Dataset(train, weights=weights)).apply(Dataset(train))
    found, expected = found.tensor("x"), scaler.transform(train.astype(float))
    assert np.all(found[:, 3] == 0)  # the constant column, in which scikit-learn leaves rounding
    expected[:, 3] = 0
    columns_close(found, expected, 1e-6, "weighted standardize")


def standardize__of_pixels():
    pixels = random.integers(0, 256, (300, 20), np.uint8)
    expected = StandardScaler().fit_transform(pixels / 255)
    data = Dataset(pixels, scale=1 / 255)
    columns_close(Transform("standardize").fit(data).apply(data).tensor("x"), expected, 1e-6, "u8")


def standardize__of_sparse_rows():
    x = sparse_rows()
    expected = StandardScaler(with_mean=False).fit_transform(x.astype(float)).toarray()
    data = Dataset(x)
    found = dense(Transform("standardize", "mean=false").fit(data).apply(data))
    columns_close(found, expected, 1e-6, "sparse standardize")


def log_count_ratio__as_naive_bayes():
    """The classes' shares are those of MultinomialNB, the others' those of ComplementNB."""
    x = sparse_rows()
    weights = random.random(x.shape[0]).astype(np.float32)
    for classes, alpha in (2, 1.0), (4, 0.25):
        y = np.arange(x.shape[0]) % classes
        present = x.copy()
        present.data = (present.data != 0).astype(float)
        for given in (None, weights):
            own = MultinomialNB(alpha=alpha).fit(present, y, given).feature_log_prob_
            others = -ComplementNB(alpha=alpha).fit(present, y, given).feature_log_prob_
            factor = np.abs(own - others).max(0)
            if classes == 2:
                close(factor, np.abs(own[0] - own[1]), 1e-12, "two classes")
            data = Dataset(x, y.astype(np.int32), weights=given)
            found = dense(Transform("log_count_ratio", f"alpha={alpha}").fit(data).apply(data))
            columns_close(found, x.toarray() * factor, 1e-6, f"{classes} classes")
            full = Dataset(x.toarray(), y.astype(np.int32), weights=given)
            found = Transform("log_count_ratio", f"alpha={alpha}").fit(full).apply(full).tensor("x")
            columns_close(found, x.toarray() * factor, 1e-6, f"{classes} classes, dense")


def min_max__as_min_max_scaler():
    train, test = rows(), rows(100) * 2
    for low, high, clip in ((0, 1, False), (-1, 2.5, False), (0.25, 0.5, True)):
        scaler = MinMaxScaler((low, high), clip=clip).fit(train.astype(float))
        ours = Transform("min_max", f"low={low} high={high} clip={clip}".lower())
        found = ours.fit(Dataset(train)).apply(Dataset(test)).tensor("x")
        columns_close(found, scaler.transform(test.astype(float)), 1e-6, f"min_max {low} {high}")


def min_max__of_sparse_rows_is_that_of_dense_ones():
    x = sparse_rows()
    x.data = np.abs(x.data)
    x[0, 6] = 0
    x.eliminate_zeros()
    data = Dataset(x)
    found = dense(Transform("min_max", "high=3").fit(data).apply(data))
    columns_close(found, MinMaxScaler((0, 3)).fit_transform(x.toarray()), 1e-6, "sparse min_max")


def polynomial__as_polynomial_features():
    x = random.normal(size=(50, 5)).astype(np.float32)
    data = Dataset(x)
    for degree in range(1, 6):
        for interaction in (True, False):
            theirs = PolynomialFeatures(degree, interaction_only=interaction, include_bias=False)
            ours = Transform("polynomial", f"degree={degree} interaction_only={interaction}".lower())
            found = ours.fit(data).apply(data).tensor("x")
            columns_close(found, theirs.fit_transform(x.astype(float)), 1e-6, f"degree {degree}")


def pca__as_pca():
    x = random.normal(size=(60, 90)) @ np.diag(0.9 ** np.arange(90)) + 5
    test = random.normal(size=(11, 90)).astype(np.float32)
    for count, features, solver in ((60, 90, "auto"), (60, 30, "auto"), (60, 30, "gram")):
        train = x[:count, :features].astype(np.float32)
        for kept, whiten in ((7, False), (7, True), (29, False)):
            theirs = PCA(kept, whiten=whiten, svd_solver="full").fit(train.astype(float))
            ours = Transform("pca", f"components={kept} whiten={whiten} solver={solver}".lower())
            found = ours.fit(Dataset(train)).apply(Dataset(test[:, :features])).tensor("x")
            expected = theirs.transform(test[:, :features].astype(float))
            axes = theirs.components_  # theirs have another sign, and n - 1 in the variance
            expected *= np.sign(axes[np.arange(kept), np.abs(axes).argmax(1)])
            if whiten:
                expected *= np.sqrt(count / (count - 1))
            columns_close(found, expected, 1e-4, f"pca {features} {solver} {kept} {whiten}")


def pca__keeps_the_share_of_variance_that_pca_does():
    x = (random.normal(size=(80, 40)) @ np.diag(0.8 ** np.arange(40))).astype(np.float32)
    for share in (0.5, 0.9, 0.99):
        ours = Transform("pca", f"variance={share}").fit(Dataset(x))
        theirs = PCA(share, svd_solver="full").fit(x.astype(float))
        found = ours.apply(Dataset(x)).tensor("x").shape[1]
        assert found == theirs.n_components_, (share, found, theirs.n_components_)


def hog(image, cell, bins, block, turn):
    """Histograms of oriented gradients, pixel by pixel."""
    height, width = image.shape
    padded = np.pad(np.sqrt(image), 1, mode="edge")
    dx, dy = padded[1:-1, 2:] - padded[1:-1, :-2], padded[2:, 1:-1] - padded[:-2, 1:-1]
    length, place = np.hypot(dx, dy), np.arctan2(dy, dx) % turn / turn * bins
    cells = np.zeros((height // cell, width // cell, bins))
    for i in range(height):
        for j in range(width):
            for y in range(cells.shape[0]):
                down = 1 - abs((i + 0.5) / cell - (y + 0.5))
                for x in range(cells.shape[1]):
                    share = max(down, 0) * max(1 - abs((j + 0.5) / cell - (x + 0.5)), 0)
                    for b in range(bins):
                        away = abs(place[i, j] - b)
                        near = max(1 - min(away, bins - away), 0)
                        cells[y, x, b] += share * near * length[i, j]
    blocks = []
    for y in range(cells.shape[0] - block + 1):
        for x in range(cells.shape[1] - block + 1):
            values = cells[y:y + block, x:x + block].ravel()
            values = np.minimum(values / np.linalg.norm(values), 0.2)
            blocks.append(values / np.linalg.norm(values))
    return np.concatenate(blocks)


def hog__pixel_by_pixel():
    images = random.random((2, 20, 26)).astype(np.float32)
    for cell, bins, block, signs in ((6, 9, 2, False), (5, 8, 3, True)):
        turn = 2 * np.pi if signs else np.pi
        expected = np.array([hog(image.astype(float), cell, bins, block, turn) for image in images])
        ours = Transform("hog", f"cell={cell} bins={bins} block={block} signs={signs}".lower())
        found = ours.fit(Dataset(images)).apply(Dataset(images)).tensor("x")
        close(found, expected, 1e-5, f"hog of cells of {cell}")


def labels(count=601, classes=13):
    return random.integers(0, classes, count) ** 2 % classes


def counts(data, classes):
    return np.bincount(data.tensor("labels"), minlength=classes)


def fold__sizes_as_stratified_k_fold():
    y = labels()
    x = np.arange(len(y), dtype=np.float32)[:, None]
    data, classes = Dataset(x, y), len(np.unique(y))
    for folds in (2, 3, 10):
        theirs = StratifiedKFold(folds).split(x, y)
        expected = np.array([np.bincount(np.unique(y, return_inverse=True)[1][test],
                                         minlength=classes) for _, test in theirs])
        found = []
        for fold in range(folds):
            train, test = Dataset(), Dataset()
            call("clf_dataset_fold", C.byref(train.handle), C.byref(test.handle), data, i64(folds),
                 i64(fold), C.c_uint64(1))
            assert train.rows + test.rows == len(y)
            found.append(counts(test, classes))
        assert np.array_equal(np.sort(found, axis=0), np.sort(expected, axis=0)), folds


def split__sizes_as_train_test_split():
    y = labels()
    x = np.arange(len(y), dtype=np.float32)[:, None]
    data, classes = Dataset(x, y), len(np.unique(y))
    indices = data.tensor("labels")
    for fraction in (0.5, 0.75, 0.9):
        size = int(fraction * len(y) + 0.5)
        expected, _ = train_test_split(indices, train_size=size, stratify=indices)
        first, second = Dataset(), Dataset()
        call("clf_dataset_split", C.byref(first.handle), C.byref(second.handle), data,
             f64(fraction), C.c_uint64(1))
        assert first.rows == size
        # Equal remainders are broken by chance there: one row a class may differ.
        difference = counts(first, classes) - np.bincount(expected, minlength=classes)
        assert np.abs(difference).max() <= 1, (fraction, difference)


clf.run([
    standardize__as_standard_scaler, standardize__with_weights, standardize__of_pixels,
    standardize__of_sparse_rows, log_count_ratio__as_naive_bayes, min_max__as_min_max_scaler,
    min_max__of_sparse_rows_is_that_of_dense_ones, polynomial__as_polynomial_features,
    pca__as_pca, pca__keeps_the_share_of_variance_that_pca_does,
    hog__pixel_by_pixel,
    fold__sizes_as_stratified_k_fold, split__sizes_as_train_test_split,
])
