"""Every public name lives in its package, and is found there by who sees it in a traceback or a pickle."""

from __future__ import annotations

import importlib
import inspect
import pickle

import pytest

import sse_transports
import sse_transports.testing
from sse_transports import _extras

PUBLIC = [
    *(("sse_transports", name) for name in (*sse_transports.__all__, *_extras.EXTRAS)),
    *(
        ("sse_transports.testing", name)
        for name in (*sse_transports.testing.__all__, "AsyncScriptedTransport")
    ),
]


@pytest.mark.parametrize(("package", "name"), PUBLIC, ids=[".".join(each) for each in PUBLIC])
def test_every_public_object_says_that_it_lives_in_its_package(package: str, name: str) -> None:
    value = getattr(importlib.import_module(package), name)
    if inspect.isclass(value) or inspect.isfunction(value):
        assert value.__module__ == package
        assert pickle.loads(pickle.dumps(value)) is value
        assert inspect.getdoc(value)


@pytest.mark.parametrize("package", [sse_transports, sse_transports.testing], ids=lambda each: each.__name__)
def test_dir_lists_every_public_name(package: object) -> None:
    names = {name for module, name in PUBLIC if module == getattr(package, "__name__", "")}
    assert names <= set(dir(package))
