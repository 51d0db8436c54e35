"""No I/O, no clock, no randomness, no environment, and no import but a few standard modules."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import sse_core

if TYPE_CHECKING:
    from collections.abc import Iterator

# Another name and folder if the tests run against a copy of the package.
PACKAGE = sse_core.__name__
FOLDER = Path(sse_core.__file__ or "").parent
ROOT = FOLDER.parents[PACKAGE.count(".")]
SOURCES = sorted(FOLDER.glob("**/*.py"))
every_source = pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)

IMPORTED_AT_ONCE = {"__future__", "enum", "types"}
IMPORTED_WHEN_FIRST_USED = {"binascii", "calendar", "email.utils", "json", "sys", "urllib.parse"}
IMPORTED_FOR_TYPE_CHECKERS = {"collections.abc", "typing", "typing_extensions"}

# Modules that the import must not load: I/O, clocks, randomness, and anything that costs milliseconds.
FORBIDDEN_MODULES = {
    "asyncio", "dataclasses", "datetime", "email", "http", "inspect", "io", "json", "logging", "os", "random",
    "pathlib", "re", "secrets", "select", "socket", "ssl", "subprocess", "threading", "time", "typing",
    "urllib", "uuid", "warnings",
}  # fmt: skip
FORBIDDEN_BUILTINS = {
    "__import__",
    "breakpoint",
    "compile",
    "eval",
    "exec",
    "globals",
    "input",
    "open",
    "print",
}
FORBIDDEN_ATTRIBUTES = {"environ", "getenv", "perf_counter", "monotonic", "urandom"}


def tree_of(source: Path) -> ast.Module:
    return ast.parse(source.read_text(encoding="utf-8"), source.name)


def is_for_type_checkers(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def imports_of(node: ast.AST, place: str) -> Iterator[tuple[str, str]]:
    """Each imported module and where: at once, when first used, or for type checkers only."""
    if isinstance(node, ast.Import):
        yield from ((alias.name, place) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield "." * node.level + (node.module or ""), place
    elif isinstance(node, ast.If) and is_for_type_checkers(node):
        for statement in node.body:
            yield from imports_of(statement, "for type checkers")
        for statement in node.orelse:
            yield from imports_of(statement, place)
    else:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            place = "when first used"
        for child in ast.iter_child_nodes(node):
            yield from imports_of(child, place)


def test_the_sources_are_found() -> None:
    assert {"__init__", "_connection", "_parser"} <= {source.stem for source in SOURCES}


@every_source
def test_modules_import_only_allowed_modules_and_siblings(source: Path) -> None:
    allowed = {
        "at once": IMPORTED_AT_ONCE,
        "when first used": IMPORTED_WHEN_FIRST_USED,
        "for type checkers": IMPORTED_FOR_TYPE_CHECKERS,
    }
    siblings = {f".{other.stem}" for other in SOURCES}
    for module, place in imports_of(tree_of(source), "at once"):
        # A sibling by its full name could not be copied into another package.
        assert module in allowed[place] | siblings, f"{source.name} imports {module} {place}"


@every_source
def test_modules_define_type_checking_themselves(source: Path) -> None:
    """Importing `typing` for that one name would double what importing the package costs."""
    tree = tree_of(source)
    if any(is_for_type_checkers(node) for node in ast.walk(tree)):
        assert any(ast.unparse(node) == "TYPE_CHECKING = False" for node in tree.body)


@every_source
def test_modules_use_no_io_and_no_environment(source: Path) -> None:
    for node in ast.walk(tree_of(source)):
        if isinstance(node, ast.Name):
            assert node.id not in FORBIDDEN_BUILTINS, f"{source.name}, line {node.lineno}"
        elif isinstance(node, ast.Attribute):
            assert node.attr not in FORBIDDEN_ATTRIBUTES, f"{source.name}, line {node.lineno}"


@every_source
def test_modules_keep_no_mutable_state(source: Path) -> None:
    """Two connections must not share state through a variable of a module."""
    assert not [node for node in ast.walk(tree_of(source)) if isinstance(node, (ast.Global, ast.Nonlocal))]


def loaded_by(statement: str) -> set[str]:
    """Return the modules that a new interpreter loads for a statement, without site-packages."""
    script = (
        "import sys; before = set(sys.modules); sys.path.insert(0, sys.argv[1])\n"
        f"{statement}\n"
        "print(*(set(sys.modules) - before), sep='\\n')"
    )
    command = [sys.executable, "-I", "-S", "-c", script, str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert not done.stderr
    return set(done.stdout.split())


def of_the_package(module: str) -> bool:
    # Also the parent packages, if it is a vendored copy.
    return module.startswith(f"{PACKAGE}.") or f"{PACKAGE}.".startswith(f"{module}.")


def test_the_import_loads_only_few_standard_modules() -> None:
    loaded = {module for module in loaded_by(f"import {PACKAGE}") if not of_the_package(module)}
    roots = {module.partition(".")[0] for module in loaded}
    assert roots <= sys.stdlib_module_names
    assert not roots & FORBIDDEN_MODULES
    assert len(roots) < 20


def test_the_import_loads_every_module_of_the_package() -> None:
    """Otherwise the test above could miss what a module imports."""
    loaded = {module for module in loaded_by(f"import {PACKAGE}") if module.startswith(f"{PACKAGE}.")}
    assert loaded == {f"{PACKAGE}.{source.stem}" for source in SOURCES if source.stem != "__init__"}


def test_parsing_loads_no_further_module() -> None:
    parsing = f"list({PACKAGE}.parse([b'id: 1\\nretry: 5\\ndata: \\xff\\r', b'\\n\\r\\n']))"
    assert loaded_by(f"import {PACKAGE}; {parsing}") == loaded_by(f"import {PACKAGE}")
