"""The package reaches everything of the C interface, and its names are documented."""

import inspect
import pathlib
import re
import sys
import typing

import pytest

import libclassify as clf
from libclassify import _declarations, _library

PACKAGE = pathlib.Path(_library.__file__).parent

# Functions that the object layer leaves to others, each with the reason.
ELSEWHERE = {
    "clf_constant": "constants() describes all of them",
    "clf_status_name": "the class of an exception names its status",
    "clf_version_number": "__version__ is the same as text",
    "clf_model_set_i64": "clf_model_set_text sets a parameter of any type",
    "clf_model_set_f64": "clf_model_set_text sets a parameter of any type",
    "clf_model_get_i64": "clf_model_params reads all parameters",
    "clf_model_get_f64": "clf_model_params reads all parameters",
    "clf_model_decision_function": "results are float64",
    "clf_model_project": "results are float64",
    "clf_detector_model": "Detector.model reads the network of the detector's bytes",
    "clf_tensor_set_release": "Python references keep borrowed memory alive",
    "clf_tensor_to_dlpack": "NumPy makes the capsules of arrays that share a tensor's memory",
}


def used():
    """Names of C functions in the sources of the package, generated ones aside."""
    sources = [path.read_text() for path in PACKAGE.rglob("*.py") if path.name != "_declarations.py"]
    return set(re.findall(r"\bclf_\w+", "\n".join(sources)))


@pytest.mark.parametrize("name", sorted(_declarations.FUNCTIONS))
def test_every_public_function_is_used_or_named_with_a_reason(name):
    assert (name in used()) != (name in ELSEWHERE)


def test_the_reasons_are_of_functions_that_there_are():
    assert set(ELSEWHERE) <= set(_declarations.FUNCTIONS)


def test_every_function_of_the_declarations_is_in_the_library():
    for name in _declarations.FUNCTIONS:
        assert callable(getattr(_library.lib, name))


def public():
    """Public classes and functions of the package, with their public members."""
    modules = [clf.catalog, clf.dask, clf.detect, clf.distributed, clf.errors, clf.metrics]
    objects = [(name, getattr(clf, name)) for name in clf.__all__]
    objects += [(f"{module.__name__}.{name}", thing) for module in modules
                for name, thing in vars(module).items()
                if not name.startswith("_") and inspect.getmodule(thing) is module]
    for name, thing in objects:
        if inspect.isclass(thing) or inspect.isfunction(thing):
            yield name, thing
        if inspect.isclass(thing):
            for member, value in vars(thing).items():
                if not member.startswith("_") and (callable(value) or isinstance(
                        value, (property, classmethod, staticmethod))):
                    yield f"{name}.{member}", value


MEMBERS = dict(public())


@pytest.mark.parametrize("name", sorted(MEMBERS))
def test_public_names_are_documented_and_annotated(name):
    thing = MEMBERS[name]
    if name.endswith((".closed", ".context")) or "NamedTuple" in str(type(thing)):
        return
    assert inspect.getdoc(thing), f"{name} has no docstring"
    function = thing.fget if isinstance(thing, property) else inspect.unwrap(
        getattr(thing, "__func__", thing))
    if inspect.isclass(function):
        function = function.__init__
        if not inspect.isfunction(function):
            return
    parameters = list(inspect.signature(function).parameters.values())
    for parameter in parameters:
        assert parameter.name in ("self", "cls") or parameter.annotation is not parameter.empty, (
            f"{name}: {parameter.name} has no annotation")


@pytest.mark.skipif(sys.version_info < (3, 10), reason="types are joined by | there")
def test_annotations_are_types_that_there_are():
    for name, thing in MEMBERS.items():
        if inspect.isfunction(thing) and "." not in name:
            typing.get_type_hints(thing)


def test_the_catalog_is_the_librarys():
    assert {"ridge", "network"} <= set(clf.kinds("model")) and "pca" in clf.kinds("transform")
    for area in clf.areas():
        for kind in clf.kinds(area):
            assert clf.catalog.help(area, kind)
            for param in clf.params(area, kind):
                assert param.name and param.help and param.minimum <= param.maximum
                assert isinstance(param.default, {
                    "int": int, "float": float, "bool": bool, "choice": str, "str": str,
                    "float or word": (float, str), "int or word": (int, str),
                    "list or word": (tuple, str),
                }[param.type]) or param.default is None
    with pytest.raises(clf.ArgumentError, match="there is no area"):
        clf.kinds("modle")
    with pytest.raises(clf.ArgumentError, match="svm"):
        clf.params("model", "swm")


def test_constants_are_those_of_the_headers():
    assert clf.constants() == _declarations.CONSTANTS


def test_a_text_survives_the_grammar():
    from libclassify.catalog import quote, split

    for value in ("", "a b", 'say "no"', "it's", "it's \"both\"", "tab\tnew\nline", "a=b;c", "ü"):
        assert split(f"name={quote(value)} other=1") == [("name", value), ("other", "1")]
        vocabulary = clf.Model("network", checkpoint=value).params["checkpoint"]
        assert vocabulary == (value or None)


@pytest.mark.parametrize("text, rest", [
    ("learning_rate 0.5 momentum", "learning_rate 0.5 momentum"),
    ("learning_rate=0.5 momentum", "momentum"),
    ('name="a"b', "b"),
    ("=3", "=3"),
])
def test_a_text_that_is_no_list_of_parameters_is_refused(text, rest):
    from libclassify.catalog import split

    with pytest.raises(clf.ArgumentError, match=f"'{rest}' is no parameter; write name=value"):
        split(text)
    assert split("  a=1\n b= ") == [("a", "1"), ("b", "")]


def test_versions_are_shown(capsys):
    clf.show_versions()
    shown = capsys.readouterr().out
    assert clf.__version__ in shown and "kernels" in shown and "numpy" in shown
