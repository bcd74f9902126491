"""Where the library is found, and how its functions are declared and called."""
import ast
import ctypes
import os
import pathlib
import subprocess
import sys

import pytest

import libclassify
from libclassify import _declarations, _library, errors
from libclassify._library import bytes_of, check, lib, text


def run(code, **environment):
    """Runs Python code in a process of its own, by the same package."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                          env={**os.environ, **environment})


def handle(function, *arguments):
    out = ctypes.c_void_p()
    check(function(ctypes.byref(out), *arguments))
    return out


def test_every_function_is_declared_with_its_text():
    for name in dir(lib):
        function = getattr(lib, name)
        assert function.restype == _declarations.FUNCTIONS[name][0]
        assert name in function.__doc__ and len(function.__doc__) > len(name) + 20


def test_the_stub_has_the_same_functions_and_constants():
    stub = ast.parse(pathlib.Path(_declarations.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    functions = next(node for node in stub.body if isinstance(node, ast.ClassDef) and node.name == "Functions")
    written = {node.name: len(node.args.args) - 1 for node in functions.body if isinstance(node, ast.FunctionDef)}
    assert written == {name: len(kinds) for name, (_, kinds) in _declarations.FUNCTIONS.items()}
    names = {node.target.id for node in stub.body if isinstance(node, ast.AnnAssign)}
    assert names >= set(_declarations.CONSTANTS) | set(_declarations.CALLBACKS)


def test_functions_are_declared_on_first_use():
    printed = run("import libclassify._library as l; print(sum(n.startswith('clf_') for n in vars(l.lib)))").stdout
    assert int(printed) < 20


def test_a_name_that_is_no_function_is_refused():
    with pytest.raises(AttributeError, match="clf_nothing"):
        lib.clf_nothing()


def test_arguments_of_a_wrong_type_or_number_are_refused():
    with pytest.raises(ctypes.ArgumentError):
        lib.clf_kind_count(3.5)
    with pytest.raises(TypeError):
        lib.clf_model_fit(None)


@pytest.mark.parametrize("path", ["/nonexistent/libclassify.so", "libm.so.6"])
def test_what_is_not_the_library_is_an_import_error(path):
    failed = run("import libclassify", CLASSIFY_LIBRARY=path)
    assert failed.returncode == 1
    last = failed.stderr.strip().splitlines()[-1]
    assert last.startswith("ImportError") and path in last and "CLASSIFY_LIBRARY" in last


@pytest.mark.parametrize("wanted", ["0.2.0", "0.1.99", "1.0.0"])
def test_a_library_of_another_series_or_older_is_refused(monkeypatch, wanted):
    monkeypatch.setattr(_declarations, "VERSION", wanted)
    with pytest.raises(ImportError, match=f"{text(lib.clf_version())}.*{wanted}"):
        _library._load(_library.path())


@pytest.mark.parametrize("found, wanted, fits", [
    ("0.1.0", "0.1.0", True), ("0.1.2", "0.1.0", True), ("0.1.0", "0.1.1", False),
    ("0.2.0", "0.1.0", False), ("1.0.0", "0.9.0", False), ("1.3.0", "1.2.5", True),
    ("1.2.0", "1.3.0", False), ("2.0.0", "1.0.0", False), ("1.10.0", "1.9.0", True)])
def test_versions_fit_by_semantic_versioning(found, wanted, fits):
    assert _library._fits(found, wanted) is fits


def test_the_variable_names_the_library():
    printed = run("import libclassify._library as l; print(l.path())", CLASSIFY_LIBRARY=_library.path())
    assert printed.stdout.strip() == _library.path(), printed.stderr


def test_a_failure_is_raised_with_its_message_and_status():
    with pytest.raises(errors.Error, match="rigde.*ridge") as raised:
        handle(lib.clf_model_create, None, b"rigde", None)
    assert raised.value.status == _declarations.CLF_ERROR_ARGUMENT


@pytest.mark.parametrize("status", [_declarations.CLF_OK, _declarations.CLF_NOT_CONVERGED])
def test_a_status_that_is_no_failure_is_returned(status):
    assert check(status) == status


def test_texts_and_bytes_come_from_buffers_of_the_right_size():
    model = handle(lib.clf_model_create, None, b"ridge", b"alpha=0.25")
    try:
        assert bytes_of(lib.clf_model_params, model).endswith(b"\0")
        assert b"alpha=0.25" in bytes_of(lib.clf_model_params, model)
        with pytest.raises(errors.Error) as raised:
            bytes_of(lib.clf_model_save_memory, model)
        assert raised.value.status == _declarations.CLF_ERROR_NOT_FITTED
    finally:
        lib.clf_model_free(model)


def test_a_text_that_holds_nul_is_read_whole():
    data = b"a\0b \xc3\xa9"
    texts = (ctypes.c_char_p * 1)(data)
    sizes = (ctypes.c_size_t * 1)(len(data))
    documents = handle(lib.clf_documents_create, None, texts, sizes, 1)
    size = ctypes.c_size_t()
    address = lib.clf_documents_text(documents, 0, ctypes.byref(size))
    assert ctypes.string_at(address, size.value) == data
    lib.clf_documents_free(documents)


def test_text_is_never_a_failure():
    assert text(None) is None
    assert text("é".encode()) == "é"
    assert text(b"\xff") == "\ufffd"


def test_structs_and_callbacks_are_those_of_the_library():
    info = _declarations.clf_param_info(struct_size=ctypes.sizeof(_declarations.clf_param_info))
    check(lib.clf_param_describe(b"model", b"ridge", 0, ctypes.byref(info)))
    assert info.name == b"alpha" and info.type == _declarations.CLF_PARAM_F64
    lines = []
    log = _declarations.clf_log_callback(lambda user, level, message: lines.append((level, message)))
    context = handle(lib.clf_context_create, None, b"threads=1")
    check(lib.clf_context_set_log(context, log, None))
    check(lib.clf_context_set_log(context, None, None))
    lib.clf_context_free(context)
    assert lines == []


def test_plots_and_estimators_are_attributes_that_are_imported_when_used():
    printed = run("import sys, libclassify as clf; print('libclassify.plots' in sys.modules); "
                  "print(clf.plots.plot_boxes.__name__, clf.sklearn.SVC.__name__); "
                  "print({'plots', 'sklearn'} <= set(dir(clf)), hasattr(clf, 'nothing'))")
    assert printed.stdout == "False\nplot_boxes SVC\nTrue False\n", printed.stderr


def imported_for_type_checkers(package):
    """The names that a module's `if TYPE_CHECKING` imports, each with its module."""
    source = pathlib.Path(package.__file__).read_text(encoding="utf-8")
    block = next(node for node in ast.parse(source).body
                 if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING")
    return {name.name: node.module for node in block.body for name in node.names}


def test_type_checkers_see_what_is_imported_when_used():
    assert imported_for_type_checkers(libclassify) == dict.fromkeys(libclassify._LATER)
    modules = dict.fromkeys(libclassify.sklearn._MODULES)
    assert imported_for_type_checkers(libclassify.sklearn) == {**libclassify.sklearn._MODULE_OF, **modules}


def test_import_loads_numpy_and_nothing_heavier():
    heavy = ["scipy", "sklearn", "pandas", "polars", "pyarrow", "matplotlib", "tqdm", "torch"]
    printed = run(f"import sys, libclassify; print([n for n in {heavy} if n in sys.modules])")
    assert printed.stdout.strip() == "[]", printed.stderr
