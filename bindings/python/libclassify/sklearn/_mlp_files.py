"""The parameters of a multi-layer perceptron, from the file of a network."""

from __future__ import annotations

from typing import Any

from .. import catalog, errors
from ..model import Model
from ._network import optimizer_text

ACTIVATIONS = {"identity": "linear", "logistic": "sigmoid", "tanh": "tanh", "relu": "relu"}


def activation_of(estimator: Any, model: Model) -> str:
    """Return the activation of the hidden layers, which have to be dense, with one for all."""
    layers, found = model.params["layers"] or "dense", []
    for layer in layers.split(";"):
        kind, _, rest = layer.strip().partition(" ")
        given = catalog.from_text("layer", kind, rest).get("activation")
        default = catalog.named("layer", "dense")["activation"].default
        found.append((given or default) if kind == "dense" else kind)
    words = {theirs: ours for ours, theirs in ACTIVATIONS.items()}
    hidden = set(found[:-1]) or {ACTIVATIONS[estimator.activation]}
    if len(hidden) > 1 or not hidden <= words.keys() or found[-1] != "linear":
        raise errors.TypeMismatch(
            f"a network of the layers {layers!r} is not a {type(estimator).__name__}, which has "
            f"dense layers with one activation; load it as a {general_kind(estimator)}"
        )
    return words[hidden.pop()]


def general_kind(estimator: Any) -> str:
    """Return the name of the estimator that takes any network."""
    return "NetworkClassifier" if estimator._classifies else "NetworkRegressor"


def adopt_optimizer(estimator: Any, model: Model) -> float:
    """Set the parameters of the optimizer that trained a network; return its learning rate."""
    kind, _, rest = optimizer_text(model).partition(" ")
    if kind not in ("adam", "sgd"):
        raise errors.TypeMismatch(
            f"{kind} trained the network, which {type(estimator).__name__} does not have; load it "
            f"as a {general_kind(estimator)}"
        )
    params = catalog.from_text("optimizer", kind, rest)
    estimator.solver = kind
    estimator.learning_rate_init = params["learning_rate"]
    if kind == "adam":
        estimator.beta_1, estimator.beta_2 = params["beta1"], params["beta2"]
        estimator.epsilon = params["epsilon"]
    else:
        estimator.momentum = params["momentum"]
        estimator.nesterovs_momentum = params["nesterov"] or estimator.momentum == 0
    return params["learning_rate"]
