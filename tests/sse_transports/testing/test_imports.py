"""Importing the clients does not import the test kit, and the kit needs no other package."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from sse_transports import testing
from tests.sse_transports.test_extras import without

ROOT = Path(__file__).parents[3]


def modules_imported_by(code: str) -> set[str]:
    """Return the modules that a new interpreter imports for this code."""
    program = f"import sys; before = set(sys.modules)\n{code}\nprint(*set(sys.modules) - before)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


@pytest.mark.parametrize(
    "code",
    [
        "import sse_core",
        "import sse_transports",
        "from sse_transports import AnyioTransport, AsyncEventSource, AiohttpTransport, AsyncHttpx2Transport",
    ],
)
def test_importing_the_clients_does_not_import_the_kit(code: str) -> None:
    loaded = modules_imported_by(code)
    assert not {name for name in loaded if name.startswith(("sse_transports.testing", "sse_core_pytest"))}
    assert not {"pytest", "_pytest", "trustme"} & loaded


def test_the_plugin_imports_nothing_before_a_fixture() -> None:
    loaded = modules_imported_by("import pytest; before = set(sys.modules); import sse_core_pytest")
    assert loaded == {"sse_core_pytest"}


def test_pytest_finds_the_plugin() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["pytest11"]
    found = {point.name: point.value for point in entry_points(group="pytest11")}
    assert declared.items() <= found.items()


def test_the_kit_needs_no_other_package() -> None:
    code = """
from sse_core import Event
from sse_transports import EventSource
from sse_transports.testing import *
transport = ScriptedTransport([[Event("a")], [204]])
print(len(list(EventSource("http://x/", transport=transport))), len(vectors()) > 200)
import sse_transports.testing
for name in ("sse_transports.testing.AsyncScriptedTransport", "SSEServer([], tls=True)"):
    try:
        eval(name)
    except ImportError as error:
        print(error)
"""
    assert without("aiohttp anyio httpx2 trio sniffio trustme pytest", code).splitlines() == [
        "1 True",
        'AsyncScriptedTransport needs anyio: pip install "sse-core[asyncio]"',
        'SSEServer(tls=True) needs trustme: pip install "sse-core[testing]"',
    ]


def test_without_anyio_an_async_server_is_not_started() -> None:
    code = """
import asyncio, threading
from sse_transports.testing import SSEServer
async def main():
    async with SSEServer([]):
        print("entered")
try:
    asyncio.run(main())
except ImportError as error:
    print(error)
print([thread.name for thread in threading.enumerate()])
"""
    assert without("anyio", code).splitlines() == [
        'async with SSEServer needs anyio: pip install "sse-core[asyncio]"',
        "['MainThread']",
    ]


def test_dir_has_exactly_the_public_names() -> None:
    assert all(hasattr(testing, name) for name in testing.__all__)
    assert set(testing.__all__) <= set(dir(testing))
    assert "AsyncScriptedTransport" in dir(testing)
    assert not hasattr(testing, "AsyncSSEServer")
