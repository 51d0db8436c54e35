"""The package's root is its only public name, and it is whole."""

from __future__ import annotations

import ast
import inspect
import pickle
from pathlib import Path
from types import ModuleType

import pytest

import sse_core

FOLDER = Path(sse_core.__file__ or "").parent
SOURCES = sorted(FOLDER.glob("*.py"))


def in_order(name: str) -> tuple[int, str]:
    """Constants, then classes, then the rest, each by name: as linters sort it."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


def test_all_is_sorted_and_without_doubles() -> None:
    assert sse_core.__all__ == sorted(set(sse_core.__all__), key=in_order)


def test_all_names_just_what_the_package_holds() -> None:
    held = {
        name
        for name, value in vars(sse_core).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    assert held | {"__version__"} == set(sse_core.__all__)


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


# Bases that a caller needs no name for: how a record is made, and a stand-in for `typing.Generic`.
INNER_BASES = {"FrameReader", "Record", "Generic"}


@pytest.mark.parametrize("name", sse_core.__all__)
def test_every_class_that_a_public_signature_names_is_public_too(name: str) -> None:
    definition = defined_by(name)
    named = names_in_signatures(definition) if definition else set()
    assert (named & public_classes().keys()) - INNER_BASES <= set(sse_core.__all__)


def test_signatures_are_really_looked_at() -> None:
    connection = defined_by("Connection")
    assert connection
    assert {"RetryPolicy", "Response", "State", "Connect", "Event"} <= names_in_signatures(connection)


@pytest.mark.parametrize("name", sse_core.__all__)
def test_every_public_name_says_what_it_is(name: str) -> None:
    value = getattr(sse_core, name)
    if inspect.isclass(value) or inspect.isfunction(value):
        assert inspect.getdoc(value)


@pytest.mark.parametrize("name", sse_core.__all__)
def test_every_public_object_says_that_it_lives_in_the_package(name: str) -> None:
    value = getattr(sse_core, name)
    if inspect.isclass(value) or inspect.isfunction(value):
        assert value.__module__ == sse_core.__name__
        assert pickle.loads(pickle.dumps(value)) is value
