"""Models: creating them by the name of a kind, fitting, predicting, inspecting, saving."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, MutableMapping, Optional, Tuple

from . import catalog, errors
from ._decision import Decision
from ._handle import encode
from ._library import lib, text
from ._warnings import warn
from .context import Context, collected_warnings, context_of
from .dataset import Dataset, Path, Source, file_or_memory, path_bytes
from .progress import was_stopped


class Metadata(MutableMapping):
    """The texts that a model keeps by key; ``model.metadata["author"] = "Ada"`` sets one."""

    def __init__(self, model: "Model") -> None:
        self._model = model

    def __getitem__(self, key: str) -> str:
        with self._model.reading():
            value = text(self._model.run(lib.clf_model_metadata, key))
        if value is None:
            raise KeyError(key)
        return value

    def __setitem__(self, key: str, value: str) -> None:
        # None would remove the key.
        self._model.change(lib.clf_model_set_metadata, key, encode(value, "metadata"))

    def __delitem__(self, key: str) -> None:
        self[key]  # raises KeyError
        self._model.change(lib.clf_model_set_metadata, key, None)

    def __iter__(self) -> Iterator[str]:
        with self._model.reading():
            count, keys = 0, []
            while (key := text(self._model.run(lib.clf_model_metadata_key, count))) is not None:
                keys.append(key)
                count += 1
        return iter(keys)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"<Metadata {dict(self)!r}>"


class Model(Decision):
    """A model of any kind: ridge, fisher, perceptron, logistic, svm, network …

    Parameters
    ----------
    kind : str
        One of ``kinds("model")``.
    context : Context, optional
    **params
        Of the kind; see ``params("model", kind)``. None leaves the default.
    """

    _free = lib.clf_model_free
    _fits = 0  # how often a fit or another change made predictions of before invalid

    def __init__(self, kind: str, *, context: Optional[Context] = None, **params: Any) -> None:
        context = context_of(context)
        self._make(context, lib.clf_model_create, context, kind,
                   catalog.to_text("model", kind, params))
        self._become()

    def _become(self) -> None:
        """Become a Network, if the library says that this is one."""
        from .network import Network

        if type(self) is Model and self.kind == "network":
            self.__class__ = Network
        elif isinstance(self, Network) and self.kind != "network":
            raise errors.TypeMismatch(f"this is a model of kind {self.kind}, no network")

    # Parts

    def add_transform(self, kind: str, **params: Any) -> "Model":
        """Add a transform at the end of the pipeline in front of the model; returns the model."""
        self.change(lib.clf_model_add_transform, kind, catalog.to_text("transform", kind, params))
        self._fits += 1
        return self

    @property
    def transforms(self) -> List[Tuple[str, Dict[str, Any]]]:
        """The kinds and parameters of the transforms in front of the model."""
        found = []
        for line in self._parts("after "):
            kind, _, params = line.partition(" ")
            found.append((kind, catalog.from_text("transform", kind, params)))
        return found

    @property
    def columns(self) -> List[str]:
        """The names of the columns that the transforms make of the features, as "city=Bern"."""
        return [self._text(lib.clf_model_column_name, index)
                for index in range(max(self.run(lib.clf_model_columns), 0))]

    def _parts(self, word: str) -> List[str]:
        """Return the lines of the description that begin with a word, behind the first line."""
        with self.reading():
            first = f"{self.kind} {self._text(lib.clf_model_params)}"
            lines = str(self)[len(first):].splitlines()
        return [line[len(word):] for line in lines if line.startswith(word)]

    def set_optimizer(self, optimizer: Any) -> "Model":
        """Give a network its own optimizer; None is adam with its defaults. Returns the model."""
        self.change(lib.clf_model_set_optimizer, optimizer)
        return self

    @property
    def optimizer(self) -> Any:
        """An :class:`Optimizer` like the network's own; None when it has none."""
        from .optimizer import Optimizer

        with self.reading():
            pointer = self.run(lib.clf_model_optimizer)
            return None if not pointer else Optimizer._like(pointer, self.context)

    def set_vocabulary(self, vocabulary: Any) -> "Model":
        """Keep a vocabulary with the model, to encode texts by; returns the model."""
        self.change(lib.clf_model_set_vocabulary, vocabulary)
        return self

    @property
    def vocabulary(self) -> Any:
        """A copy of the vocabulary that is kept with the model; None when there is none."""
        from .text import Vocabulary

        with self.reading():
            pointer = self.run(lib.clf_model_vocabulary)
            return None if not pointer else Vocabulary._like(pointer, self.context)

    @property
    def metadata(self) -> Metadata:
        """Texts that are kept with the model, by key: a mapping that can be changed.

        They are in the model's file and in its clones, and stay when it is fitted again.
        """
        return Metadata(self)

    # Kind and parameters

    @property
    def kind(self) -> str:
        """The kind, such as "svm"."""
        return text(self.run(lib.clf_model_kind))

    @property
    def params(self) -> Dict[str, Any]:
        """All parameters by name, as Python values."""
        return catalog.from_text("model", self.kind, self._text(lib.clf_model_params))

    def set_params(self, **params: Any) -> "Model":
        """Set parameters, all or none of them; None restores a default. Returns the model.

        A fitted model stays as it is until its next fit.
        """
        kind = self.kind
        known = catalog.named("model", kind)
        wanted = {**self.params, **params}
        # A model that is thrown away checks names and values before any is set.
        with Model._new(self.context, lib.clf_model_create, self.context, kind,
                        catalog.to_text("model", kind, wanted)) as checked:
            values = {name: checked._param_text(name) for name in params if name in known}
        for name, value in values.items():
            self.change(lib.clf_model_set_text, name, value)
        return self

    def _param_text(self, name: str) -> bytes:
        return self._bytes(lib.clf_model_get_text, name)

    # Fitting

    def fit(self, X: Any, y: Any = None, *, sample_weight: Any = None, targets: Any = None,
            optimizer: Any = None, validation: Any = None) -> "Model":
        """Fit the model to labeled rows, or a regression to targets.

        Parameters
        ----------
        X : Dataset, or what one is made of
        y, sample_weight, targets
            As for :class:`Dataset`, if X is not one.
        optimizer : Optimizer, optional
            Of a network.
        validation : Dataset, or tuple (X, y) or (X, targets), optional
            Rows to score.

        Returns
        -------
        Model
            The model itself. After a failure it is as it was.
        """
        train = self._data(X, y, sample_weight, targets)
        self._warn(self._fit(train, optimizer, validation))
        return self

    def _fit(self, train: Dataset, optimizer: Any = None, validation: Any = None) -> Optional[str]:
        """Fit the model; return what to warn of, if the solver did not converge."""
        if validation is not None and not isinstance(validation, Dataset):
            values, truth = validation
            validation = self._data(values, targets=truth) if train.n_outputs else (
                self._data(values, truth)
            )
        with collected_warnings() as lines:
            self.change(lib.clf_model_fit, train, optimizer, validation,
                        changes=() if optimizer is None else (optimizer,))
            return self._fitted(train, lines)

    def partial_fit(self, X: Any, y: Any = None, *, sample_weight: Any = None,
                    targets: Any = None) -> "Model":
        """Continue fitting with more rows; returns the model.

        ridge and fisher become the models of one fit of all rows, which a fit with
        ``incremental=True`` lets them continue from. perceptron and network make one pass.
        """
        train = self._data(X, y, sample_weight, targets)
        first = self._kind is None
        with collected_warnings() as lines:
            self.change(lib.clf_model_partial_fit, train)
            told = None
            if self.kind in self._BY_SUMS:  # which are solved, and may warn, at their next use
                self._fits += 1
                self._kind = train._kind if first else self._kind
            else:
                told = self._fitted(train, lines, keep=not first)
        self._warn(told)
        return self

    _BY_SUMS = ("ridge", "fisher")

    def forget(self, X: Any, y: Any = None, *, sample_weight: Any = None,
               targets: Any = None) -> "Model":
        """Subtract rows that the model has learned by sums (ridge, fisher); returns the model.

        The rows come with their labels or targets and their weights. The model is then as if it
        had never seen them.
        """
        self.change(lib.clf_model_forget, self._data(X, y, sample_weight, targets))
        self._fits += 1
        return self

    def calibrate(self, X: Any, y: Any = None, *, sample_weight: Any = None,
                  **params: Any) -> "Model":
        """Fit probabilities to rows that the model has not seen; returns the model.

        From then on `predict` gives the class with the highest of them. ``calibration="sigmoid"``,
        a parameter of every kind, does the same within a fit, by cross-validation.

        Parameters
        ----------
        X : array-like or Dataset
        y : array-like
            Labels, all of classes of the model.
        sample_weight : array-like, optional
        **params
            ``method``: "sigmoid" (Platt), "temperature" or "isotonic"; see
            ``params("decision", "calibrate")``.
        """
        self.change(lib.clf_model_calibrate, self._data(X, y, sample_weight),
                    catalog.to_text("decision", "calibrate", params))
        self._fits += 1
        return self

    def merge(self, other: "Model") -> "Model":
        """Add what another model has learned from other rows (ridge, fisher); returns the model."""
        self.change(lib.clf_model_merge, other)
        self._fits += 1
        return self

    def set_reject(self, X: Any, y: Any = None, *, sample_weight: Any = None,
                   rate: float = 0.05) -> "Model":
        """Learn from held-out rows which rows are none of the classes; returns the model.

        From then on `predict` has -1, NaN or None for rows whose `novelty` is above 1.

        Parameters
        ----------
        X, y, sample_weight
            Rows that the fit did not see, with labels; as for `fit`.
        rate : float
            The share of such rows that may be rejected.
        """
        held_out = self._data(X, y, sample_weight)
        self.change(lib.clf_model_set_reject, held_out,
                    catalog.to_text("decision", "reject", {"rate": rate}))
        self._fits += 1
        return self

    def _fitted(self, train: Dataset, lines: List[str], keep: bool = False) -> Optional[str]:
        """Take over what the library does not know; return what `_fit` does."""
        stopped = was_stopped()
        self._fits += 1
        if not keep:
            self._kind = train._kind
        if stopped or self.outcome != "not converged":
            return None
        said = [line for line in lines if "converged" in line]
        for line in said:
            lines.remove(line)
        return said[-1] if said else (
            f"{self.kind}: the solver stopped at its iteration limit; raise max_iterations, or "
            "standardize the features"
        )

    @staticmethod
    def _warn(told: Optional[str]) -> None:
        if told is not None:
            warn(told, errors.ConvergenceWarning)

    def predictor(self, callers: int = 1) -> Any:
        """Return a function of one row that predicts in microseconds.

        Parameters
        ----------
        callers : int, default 1
            How many threads predict at the same time without allocating memory.
        """
        from .predictor import Predictor

        return Predictor(self, callers)

    # Files

    def clone(self) -> "Model":
        """Return an unfitted model of the same kind, parameters, transforms and so on."""
        return type(self)._new(self.context, lib.clf_model_clone, self)

    def save(self, path: Path) -> None:
        """Write the fitted model to a file, atomically."""
        self.run(lib.clf_model_save, path_bytes(path))

    def to_bytes(self) -> bytes:
        """Return the fitted model as the bytes that `save` writes."""
        return self._bytes(lib.clf_model_save_memory)

    @classmethod
    def load(cls, source: Source, *, context: Optional[Context] = None) -> "Model":
        """Read a model from a file, or from the bytes of one."""
        context = context_of(context)
        self = cls.__new__(cls)
        function, place = file_or_memory(lib.clf_model_load, lib.clf_model_load_memory, source)
        self._make(context, function, context, *place)
        self._become()
        return self

    @classmethod
    def import_(cls, format: str, path: Path, *, context: Optional[Context] = None,
                **params: Any) -> "Model":
        """Read a model from another program's file, LIBSVM's ("libsvm") or LIBLINEAR's ("liblinear")."""
        context = context_of(context)
        return cls._new(context, lib.clf_model_import, context, format, path_bytes(path),
                        catalog.to_text("model_reader", format, params))

    def export(self, format: str, path: Path, **params: Any) -> None:
        """Write the fitted model to another program's file: "onnx", "libsvm", "liblinear" …, or as "c",
        source code that needs no library; atomically."""
        self.run(lib.clf_model_export, format, path_bytes(path),
                 catalog.to_text("model_writer", format, params))

    def __reduce__(self) -> Any:
        state: Dict[str, Any] = {"class": type(self), "kind": self._kind}
        if self.fitted:
            state["bytes"] = self.to_bytes()
        else:
            state.update(params=(self.kind, self._bytes(lib.clf_model_params)[:-1]),
                         transforms=self.transforms, optimizer=self.optimizer,
                         vocabulary=self.vocabulary, metadata=dict(self.metadata))
        return _restored, (state, self.context)

    def __copy__(self) -> "Model":
        make, arguments = self.__reduce__()
        return make(*arguments)

    def __deepcopy__(self, _memo: Any) -> "Model":
        return self.__copy__()

    def _repr_html_(self) -> str:
        from ._report import notebook

        return notebook(self)

    def __str__(self) -> str:
        return self._text(lib.clf_model_describe)

    def _described(self) -> str:
        changed = {name: value for name, value in self.params.items()
                   if value != getattr(catalog.named("model", self.kind).get(name), "default", None)}
        given = ", ".join([repr(self.kind)] + [f"{k}={v!r}" for k, v in changed.items()])
        return f"Model({given}){'' if self.fitted else ', not fitted'}"


def _restored(state: Dict[str, Any], context: Context) -> Model:
    if "bytes" in state:
        self = state["class"].load(state["bytes"], context=context)
    else:
        kind, params = state["params"]
        self = state["class"]._new(context, lib.clf_model_create, context, kind, params)
        for transform, given in state["transforms"]:
            self.add_transform(transform, **given)
        if state["optimizer"] is not None:
            self.set_optimizer(state["optimizer"])
        if state["vocabulary"] is not None:
            self.set_vocabulary(state["vocabulary"])
        self.metadata.update(state.get("metadata", {}))
    self._kind = state["kind"]
    return self
