"""What a notebook shows of an estimator: scikit-learn's diagram, and below it what was fitted."""

from __future__ import annotations

from typing import Any, Callable, Dict

from .. import _report


class FittedHTML:
    """Adds facts of the fit and its learning curve to scikit-learn's HTML. Goes before
    BaseEstimator, whose display setting ("diagram" or "text") holds for both."""

    @property
    def _repr_html_(self) -> Callable[[], str]:
        theirs = getattr(super(), "_repr_html_", None)
        if theirs is None and hasattr(super(), "_repr_mimebundle_"):
            raise AttributeError("scikit-learn displays text")
        return lambda: _report.notebook(self) if theirs is None else theirs() + _report.fitted(self)

    def _repr_mimebundle_(self, **options: Any) -> Dict[str, str]:
        """Return what a notebook can show, by its type."""
        bundle = {"text/plain": repr(self)}
        html = getattr(self, "_repr_html_", None)
        return bundle if html is None else {**bundle, "text/html": html()}
