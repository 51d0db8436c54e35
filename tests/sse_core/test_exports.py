"""The package's root is its only public module, and it has every public name."""

from __future__ import annotations

import ast
import inspect
import pickle
from pathlib import Path
from types import ModuleType
from typing import get_args, get_origin

import pytest

import sse_core

FOLDER = Path(sse_core.__file__ or "").parent
SOURCES = sorted(FOLDER.glob("*.py"))


def in_order(name: str) -> tuple[int, str]:
    """Constants, then classes, then the rest, each by name: the order that linters use."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


def test_all_is_sorted_without_duplicates() -> None:
    assert sse_core.__all__ == sorted(set(sse_core.__all__), key=in_order)


def test_all_names_exactly_the_public_names() -> None:
    public = {
        name
        for name, value in vars(sse_core).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    assert public | {"__version__"} == set(sse_core.__all__)


def test_no_module_is_public_but_the_root() -> None:
    assert all(source.stem.startswith("_") for source in SOURCES)


def test_the_package_says_that_it_is_typed() -> None:
    assert (FOLDER / "py.typed").is_file()


def test_the_version_is_a_version() -> None:
    assert all(part.isdecimal() for part in sse_core.__version__.split("."))
    assert isinstance(sse_core.__version__, str)


def public_classes() -> dict[str, str]:
    """Each class of the package without an underscore, and the module it is in."""
    return {
        node.name: source.stem
        for source in SOURCES
        for node in ast.parse(source.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    }


def names_in(annotation: ast.expr | None) -> set[str]:
    return {node.id for node in ast.walk(annotation) if isinstance(node, ast.Name)} if annotation else set()


def names_in_signatures(node: ast.AST) -> set[str]:
    """The names that the annotations of a public class or function use."""
    found: set[str] = set()
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        if node.name.startswith("_") and not node.name.startswith("__"):
            return found
        arguments = node.args
        for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
            found |= names_in(argument.annotation)
        return found | names_in(node.returns)
    if isinstance(node, ast.AnnAssign):
        is_private = isinstance(node.target, ast.Name) and node.target.id.startswith("_")
        return found if is_private else names_in(node.annotation)
    if isinstance(node, ast.ClassDef):
        for child in (*node.bases, *node.body):
            found |= names_in(child) if isinstance(child, ast.expr) else names_in_signatures(child)
    return found


def defined_by(name: str) -> ast.AST | None:
    for source in SOURCES:
        for node in ast.parse(source.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name:
                return node
    return None


# Base classes that callers have no use for.
PRIVATE_BASES = {"Record", "Generic"}


@pytest.mark.parametrize("name", sse_core.__all__)
def test_classes_in_public_signatures_are_public(name: str) -> None:
    definition = defined_by(name)
    named = names_in_signatures(definition) if definition else set()
    assert (named & public_classes().keys()) - PRIVATE_BASES <= set(sse_core.__all__)


def test_names_in_signatures_finds_annotations() -> None:
    connection = defined_by("Connection")
    assert connection
    assert {"RetryPolicy", "Response", "State", "Connect", "Event"} <= names_in_signatures(connection)


@pytest.mark.parametrize("name", sse_core.__all__)
def test_every_public_name_has_a_docstring(name: str) -> None:
    value = getattr(sse_core, name)
    if inspect.isclass(value) or inspect.isfunction(value):
        assert inspect.getdoc(value)


@pytest.mark.parametrize("name", sse_core.__all__)
def test_every_public_object_has_the_package_as_module(name: str) -> None:
    value = getattr(sse_core, name)
    if inspect.isclass(value) or inspect.isfunction(value):
        assert value.__module__ == sse_core.__name__
        assert pickle.loads(pickle.dumps(value)) is value


@pytest.mark.parametrize("kind", [sse_core.Parser, sse_core.Connection, sse_core.Deliver])
def test_generic_classes_keep_their_argument(kind: type) -> None:
    alias = kind[sse_core.Event]  # type: ignore[index]  # generic only to type checkers, by its own class
    assert get_origin(alias) is kind
    assert get_args(alias) == (sse_core.Event,)


def test_a_subscripted_class_makes_plain_objects() -> None:
    parser = sse_core.Parser[sse_core.Event | sse_core.Comment](comments=True)
    assert type(parser) is sse_core.Parser
    assert parser.feed(b": hi\n") == [sse_core.Comment("hi")]
    assert sse_core.Deliver[sse_core.Event]([], sse_core.Read()) == sse_core.Deliver([], sse_core.Read())


@pytest.mark.parametrize("name", ["EventSource", "AsyncEventSource", "UrllibTransport", "FileStore"])
def test_importing_a_client_says_where_it_is(name: str) -> None:
    package = sse_core.__name__
    message = f"{package} has no {name}: EventSource, transports and stores are in sse_transports"
    with pytest.raises(ImportError) as imported:
        exec(f"from sse_core import Event, {name}")
    with pytest.raises(AttributeError) as asked:
        getattr(sse_core, name)
    assert str(imported.value) == str(asked.value) == message


@pytest.mark.parametrize("name", ["EventSource", "no_such_name"])
def test_hasattr_and_getattr_work_for_missing_names(name: str) -> None:
    assert not hasattr(sse_core, name)
    assert getattr(sse_core, name, None) is None
    assert name not in dir(sse_core)


def test_other_missing_names_raise_the_usual_errors() -> None:
    with pytest.raises(ImportError, match="cannot import name 'no_such_name'"):
        exec("from sse_core import no_such_name")
    with pytest.raises(AttributeError, match=f"module '{sse_core.__name__}' has no attribute 'no_such_name'"):
        _ = sse_core.no_such_name  # type: ignore[attr-defined]
