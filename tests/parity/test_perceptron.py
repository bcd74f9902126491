"""The one-vs-rest perceptron against scikit-learn's, which takes the same steps in double precision."""

import classify as clf
import numpy as np

clf.sklearn()
from sklearn import datasets
from sklearn.linear_model import Perceptron, SGDClassifier

SETS = [datasets.load_iris, datasets.load_wine, datasets.load_breast_cancer, datasets.load_digits]


def exact(load):
    """Features as small multiples of 1/8, so that both precisions take the same decisions."""
    x, y = load(return_X_y=True)
    x = (x - x.mean(0)) / np.where(x.std(0) > 0, x.std(0), 1)
    return (np.round(x * 8) / 8).astype(np.float32), y


def compare(x, y, params, classifier, what, weights=None):
    classifier.fit(x.astype(float), y,
                   sample_weight=None if weights is None else weights.astype(float))
    data = clf.Dataset(x, y, weights=weights)
    model = clf.Model("perceptron", f"shuffle=no multiclass=one_vs_rest {params}").fit(data)
    coefficients, intercepts = classifier.coef_, classifier.intercept_
    if len(coefficients) == 1:
        coefficients = np.vstack([-coefficients, coefficients])
        intercepts = np.hstack([-intercepts, intercepts])
    clf.close(model.tensor("weights"), coefficients, 1e-5, "weights, " + what)
    clf.close(model.tensor("intercept"), intercepts, 1e-5, "intercept, " + what)
    clf.close(model.decision_function(data), x.astype(float) @ coefficients.T + intercepts, 1e-5,
              "decision, " + what)


def perceptron__takes_the_steps_of_perceptron():
    for load in SETS:
        x, y = exact(load)
        for epochs in (1, 5):
            for rate in (1, 0.25):
                compare(x, y, f"averaged=no epochs={epochs} learning_rate={rate}",
                        Perceptron(max_iter=epochs, tol=None, shuffle=False, eta0=rate),
                        f"{load.__name__}, {epochs} epochs")


def perceptron__takes_weights_as_perceptron_does():
    rng = np.random.default_rng(0)
    for load in SETS:
        x, y = exact(load)
        weights = rng.integers(1, 4, len(y)).astype(np.float32)
        compare(x, y, "averaged=no epochs=3", Perceptron(max_iter=3, tol=None, shuffle=False),
                load.__name__, weights)


def perceptron__averages_as_stochastic_gradient_descent_does():
    for load in SETS:
        x, y = exact(load)
        compare(x, y, "epochs=4",
                SGDClassifier(loss="perceptron", penalty=None, learning_rate="constant", eta0=1,
                              max_iter=4, tol=None, shuffle=False, average=True), load.__name__)


clf.run([perceptron__takes_the_steps_of_perceptron, perceptron__takes_weights_as_perceptron_does,
         perceptron__averages_as_stochastic_gradient_descent_does])
