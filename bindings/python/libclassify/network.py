"""Networks: models made of layers in sequence."""

from __future__ import annotations

from typing import Any, Dict, Optional, Sequence, Union

import numpy as np

from . import catalog
from ._library import lib
from .context import Context
from .model import Model
from .tensor import Tensor


class Network(Model):
    """A network of layers.

    Parameters
    ----------
    layers : str or list, optional
        "dense units=256 activation=relu; dense units=10"; or a list of layers, each a text, a pair
        such as ("dense", {"units": 10}), or a dict such as {"kind": "dense", "units": 10}.
    context : Context, optional
    **params
        See ``params("model", "network")``.
    """

    def __init__(self, layers: Any = None, *, context: Optional[Context] = None,
                 **params: Any) -> None:
        super().__init__("network", context=context, layers=layers, **params)

    @property
    def layers(self) -> str:
        """The layers as text."""
        return self.params["layers"] or ""

    @layers.setter
    def layers(self, layers: Any) -> None:
        self.set_params(layers=layers)

    def add_layer(self, kind: str, **params: Any) -> "Network":
        """Add a layer at the end; ``kinds("layer")`` lists them. Returns the network."""
        self.change(lib.clf_network_add_layer, kind, catalog.to_text("layer", kind, params))
        return self

    def remove_layer(self) -> "Network":
        """Remove the last layer. Returns the network.

        The weights of the others stay: the next fit of a fitted network continues from them, with
        new weights in the layers that are added in its place, and may be on other classes.
        """
        self.change(lib.clf_network_remove_layer)
        self._fits += 1
        return self

    def freeze(self, layers: Union[str, Sequence[str], None] = "all") -> "Network":
        """Leave these layers as they are in the fits that follow. Returns the network.

        Parameters
        ----------
        layers : str or list of str, optional
            Names as in `summary()`, or kinds, such as ["conv2d", "dense_1"]; "all" for all that
            there are now (those added later are trained); None or "" for none.
        """
        names = layers if layers is None or isinstance(layers, str) else ",".join(layers)
        self.change(lib.clf_network_freeze, names)
        return self

    def summary(self) -> str:
        """Return a table of the layers: shapes, numbers of parameters, memory."""
        return self._text(lib.clf_network_summary)

    def set_weight(self, name: str, values: Any) -> "Network":
        """Set a layer's weight by its name in `tensors`; the first makes the network a fitted one.

        Parameters
        ----------
        name : str
            Such as "dense_1.weight".
        values : array_like
            Of the weight's shape; copied.
        """
        self.change(lib.clf_network_set_weight, name, Tensor(values, context=self.context))
        self._fits += 1
        return self

    def quantize(self, X: Any, y: Any = None, *, targets: Any = None,
                 precision: str = "int8") -> "Network":
        """Reduce the weights of the fitted network to bytes. Returns the network.

        `str()` then says what it costs on these rows, and `params["precision"]` is set.

        Parameters
        ----------
        X : Dataset, or what one is made of
            Such as the rows of the fit: layers of int8 take the ranges of their inputs from them.
        y, targets
            As for :class:`Dataset`, if X is not one; with labels `str()` has accuracies.
        precision : str
            "int8" or "bf16".
        """
        self.change(lib.clf_network_quantize, self._data(X, y, targets=targets),
                    catalog.to_text("network", "quantize", {"precision": precision}))
        return self

    @property
    def history(self) -> Dict[str, np.ndarray]:
        """What each epoch measured, by name: "loss", and with a validation its loss and score."""
        prefix = "history_"
        return {name[len(prefix):]: values for name, values in self.tensors.items()
                if name.startswith(prefix)}
