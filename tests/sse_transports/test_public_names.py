"""Tracebacks and pickles name public objects by their package, not by a private module."""

from __future__ import annotations

import importlib
import inspect
import pickle

import pytest

import sse_transports
import sse_transports.testing

NEED_A_PACKAGE = (
    *("AiohttpTransport", "AnyioTransport", "AsyncEventSource", "AsyncHttpx2Transport", "Httpx2Transport"),
)
"""Public names that `from sse_transports import *` leaves out."""

PUBLIC = [
    *(("sse_transports", name) for name in (*sse_transports.__all__, *NEED_A_PACKAGE)),
    *(
        ("sse_transports.testing", name)
        for name in (*sse_transports.testing.__all__, "AsyncScriptedTransport")
    ),
]


@pytest.mark.parametrize(("package", "name"), PUBLIC, ids=[".".join(each) for each in PUBLIC])
def test_public_objects_name_their_package_as_module(package: str, name: str) -> None:
    value = getattr(importlib.import_module(package), name)
    if inspect.isclass(value) or inspect.isfunction(value):
        assert value.__module__ == package
        assert pickle.loads(pickle.dumps(value)) is value
        assert inspect.getdoc(value)


@pytest.mark.parametrize("package", [sse_transports, sse_transports.testing], ids=lambda each: each.__name__)
def test_dir_lists_every_public_name(package: object) -> None:
    names = {name for module, name in PUBLIC if module == getattr(package, "__name__", "")}
    assert names <= set(dir(package))
