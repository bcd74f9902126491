"""A scikit-learn pipeline and search of libclassify's estimators, on scikit-learn's own digits.

    python pipeline.py [--jobs N]
"""

from __future__ import annotations

import argparse
import pickle

from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import Pipeline

from libclassify.sklearn import PCA, SVC, StandardScaler


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()

    X, y = load_digits(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0, stratify=y)
    pipeline = Pipeline([("scale", StandardScaler()), ("pca", PCA()), ("svm", SVC())])
    search = GridSearchCV(pipeline, {"pca__n_components": [20, 40],
                                     "svm__C": [1, 10], "svm__gamma": [0.01, 0.03]},
                          n_jobs=options.jobs)
    search.fit(X_train, y_train)
    print(f"best of {len(search.cv_results_['params'])} settings: {search.best_params_}")
    print(f"cross-validation {100 * search.best_score_:.2f} %, "
          f"test {100 * search.score(X_test, y_test):.2f} %")
    again = pickle.loads(pickle.dumps(search.best_estimator_))
    assert (again.predict(X_test) == search.predict(X_test)).all()
    print("the pickled pipeline predicts the same")


if __name__ == "__main__":
    main()
