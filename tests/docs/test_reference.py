"""The reference has all public names, and no others."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

import sse_core
import sse_transports
from tests.docs.blocks import ROOT

API = ROOT / "docs" / "reference" / "api"
LAZY = {
    "sse_transports": set(sse_transports._LAZY_NAMES),
    "sse_transports.testing": {"AsyncScriptedTransport"},
}
PAGES = {
    "sse_core": API / "sse_core.md",
    "sse_transports": API / "sse_transports.md",
    "sse_transports.testing": API / "testing.md",
    "sse_core_pytest": API / "sse_core_pytest.md",
}


def public_names(package: str) -> set[str]:
    module = importlib.import_module(package)
    names = set(getattr(module, "__all__", ())) - {"__version__"}
    return names | LAZY.get(package, set())


def documented(page: Path) -> list[str]:
    return re.findall(r"^\.\. (?:auto\w+|py:\w+):: (\w+)$", page.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("package", PAGES)
def test_the_reference_has_each_public_name_once(package: str) -> None:
    names = documented(PAGES[package])
    assert sorted(names) == sorted(set(names))
    assert set(names) == public_names(package)


def test_the_page_of_errors_has_every_error() -> None:
    page = (ROOT / "docs" / "reference" / "errors.md").read_text(encoding="utf-8")
    errors = {
        name
        for name in sse_core.__all__
        if isinstance(value := getattr(sse_core, name), type) and issubclass(value, sse_core.SSEError)
    }
    assert {name for name in errors if f"`{name}`" not in page} == set()
