"""Where warnings of estimators point to, and that threads lose none of them."""

import re
import threading
import warnings

import numpy as np
import pytest

sklearn = pytest.importorskip("sklearn")
import scipy.sparse as sp  # noqa: E402
from sklearn import datasets  # noqa: E402
from sklearn.exceptions import ConvergenceWarning  # noqa: E402

import libclassify as clf  # noqa: E402
from libclassify.sklearn import (  # noqa: E402
    SVC,
    CountVectorizer,
    FisherDiscriminant,
    GridSearch,
    LogisticRegression,
    MLPClassifier,
    Perceptron,
    Ridge,
    TfidfVectorizer,
)

X, Y = datasets.load_iris(return_X_y=True)
TEXTS = ["one two", "two three"]
WIDE = sp.random(40, 5000, 0.05, random_state=0, format="csr")


@pytest.mark.parametrize("call, message", [
    (lambda: LogisticRegression(max_iter=1).fit(X, Y), "iteration limit"),
    (lambda: LogisticRegression(penalty=None, C=2).fit(X, Y), "ignore the C"),
    (lambda: SVC(max_iter=1).fit(X, Y), "iteration limit"),
    (lambda: SVC(max_iter=1).fit(X, Y, np.ones(len(Y))), "iteration limit"),
    (lambda: Ridge(1e-9, max_iter=1).fit(WIDE, WIDE[:, 0].toarray().ravel()), "iteration limit"),
    (lambda: Perceptron(max_iter=2, tol=-1).fit(X, Y), "increase max_iter"),
    (lambda: MLPClassifier(3, max_iter=1).fit(X, Y), "Maximum iterations"),
    (lambda: MLPClassifier(3, max_iter=1, batch_size=999).fit(X, Y), "clipped"),
    (lambda: FisherDiscriminant(priors=[1, 1, 1]).fit(X, Y), "do not sum to 1"),
    (lambda: GridSearch(SVC(max_iter=1), {"C": [1]}, cv=2).fit(X, Y), "iteration limit"),
    (lambda: CountVectorizer(tokenizer=str.split).fit(TEXTS), "'token_pattern'"),
    (lambda: CountVectorizer(tokenizer=str.split).fit_transform(TEXTS), "'token_pattern'"),
    (lambda: CountVectorizer(stop_words=["don't"]).fit(TEXTS), "inconsistent"),
    (lambda: CountVectorizer(vocabulary=["A"]).fit(TEXTS), "Upper case"),
    (lambda: TfidfVectorizer(dtype=int).fit(TEXTS), "floating-point"),
    (lambda: clf.Model("logistic", max_iterations=1).fit(X, Y), "iteration limit|converged"),
])
def test_a_warning_points_to_the_line_of_the_call(call, message):
    with pytest.warns(match=message) as told:
        call()
    with_message = [w for w in told if re.search(message, str(w.message))]
    assert {w.filename for w in with_message} == {__file__}
    assert {w.lineno for w in with_message} == {call.__code__.co_firstlineno}


def test_threads_lose_no_warning():
    def fit():
        for _ in range(25):
            LogisticRegression(max_iter=1, n_jobs=1).fit(X, Y)

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        before = list(warnings.filters)
        threads = [threading.Thread(target=fit) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert list(warnings.filters) == before
    assert sum(w.category is ConvergenceWarning for w in told) == 100
