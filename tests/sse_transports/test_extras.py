"""A name whose package is not installed says what to install; all other names work without it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import httpx
import httpx2
import pytest

from sse_core import InvalidArgument
from sse_transports import AiohttpTransport, AsyncHttpx2Transport, Httpx2Transport
from sse_transports._extras import require


def without(packages: str, code: str) -> str:
    """Run code in an interpreter that lacks these packages; return what it printed."""
    # Not None in sys.modules, which prevents an import too, but with another message.
    missing = (
        "import sys, importlib.abc\n"
        "class Missing(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.split('.')[0] in {packages.split()!r}:\n"
        "            raise ModuleNotFoundError(f'No module named {name!r}', name=name)\n"
        "sys.meta_path.insert(0, Missing())\n"
    )
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", missing + code],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


PRINT_ERROR = """
try:
    {code}
except ImportError as error:
    print(type(error).__name__, error.name, error)
"""


@pytest.mark.parametrize(
    ("missing", "name", "command"),
    [
        ("anyio", "AsyncEventSource", 'pip install "sse-core[asyncio]"'),
        ("anyio", "AnyioTransport", 'pip install "sse-core[asyncio]"'),
        ("httptools", "AnyioTransport", 'pip install "sse-core[asyncio]"'),
        ("anyio", "AiohttpTransport", 'pip install "sse-core[aiohttp]"'),
        ("aiohttp", "AiohttpTransport", 'pip install "sse-core[aiohttp]"'),
        ("httpx2", "Httpx2Transport", 'pip install "sse-core[httpx2]"'),
        ("httpx2", "AsyncHttpx2Transport", 'pip install "sse-core[httpx2]"'),
    ],
)
def test_missing_package_error_says_what_to_install(missing: str, name: str, command: str) -> None:
    output = without(missing, PRINT_ERROR.format(code=f"from sse_transports import {name}"))
    assert output == f"ModuleNotFoundError {missing} {name} needs {missing}: {command}\n"


@pytest.mark.parametrize(
    ("backend", "missing", "command"),
    [
        ("asyncio", "httptools", 'pip install "sse-core[asyncio]"'),
        ("trio", "httptools", 'pip install "sse-core[trio]"'),
    ],
)
def test_async_source_says_which_extra_to_install(backend: str, missing: str, command: str) -> None:
    code = f"""
import anyio
from sse_transports import AsyncEventSource
async def main():
    async with AsyncEventSource("http://127.0.0.1:9/") as source:
        pass
try:
    anyio.run(main, backend={backend!r})
except ImportError as error:
    print(error)
"""
    assert without(missing, code) == f"AsyncEventSource on {backend} needs {missing}: {command}\n"


def test_blocking_client_and_star_import_need_no_package() -> None:
    code = """
from sse_transports import *
from sse_transports.testing import SSEServer
with SSEServer(lambda call: call.respond(body=b"data: a\\n\\n")) as server:
    with EventSource(server.url, retry=None) as source:
        print([event.data for event in source], "AsyncEventSource" in globals())
"""
    assert without("aiohttp anyio httptools httpx2 trio sniffio", code) == "['a'] False\n"


def test_help_and_inspection_need_no_package() -> None:
    code = """
import inspect, pydoc, sse_transports
names = {name for name, _ in inspect.getmembers(sse_transports)}
assert set(sse_transports.__all__) <= names
assert "EventSource" in pydoc.render_doc(sse_transports)
print("ok")
"""
    assert without("aiohttp anyio httptools httpx2 trio", code) == "ok\n"


def test_importing_the_package_imports_nothing_else() -> None:
    code = """
before = set(sys.modules)
import sse_transports
print(sorted(set(sys.modules) - before))
"""
    assert without("none", code) == "['sse_transports']\n"


def test_blocking_client_imports_no_other_http_library() -> None:
    code = """
from sse_transports import *
print(sorted({"aiohttp", "anyio", "httpx2", "trio", "asyncio"} & set(sys.modules)))
"""
    assert without("none", code) == "[]\n"


def test_public_class_reached_indirectly_names_its_package() -> None:
    code = """
from sse_transports import EventSource
from sse_transports._clock import SystemClock
print(EventSource.__module__, SystemClock.__module__)
"""
    assert without("none", code) == "sse_transports sse_transports\n"


def test_unknown_name_raises_attribute_error() -> None:
    code = """
import sse_transports
print(hasattr(sse_transports, "CurlTransport"))
"""
    assert without("none", code) == "False\n"


def test_other_import_errors_are_raised_unchanged() -> None:
    def broken() -> None:
        with require("AiohttpTransport", "aiohttp", extra="asyncio"):
            raise ModuleNotFoundError("No module named 'multidict'", name="multidict")

    with pytest.raises(ModuleNotFoundError, match=r"^No module named 'multidict'$"):
        broken()


@pytest.mark.parametrize(
    ("make", "make_client", "message"),
    [
        (
            Httpx2Transport,
            httpx.Client,
            "httpx.Client: the client is of httpx; this transport needs httpx2, which is another package",
        ),
        (
            AsyncHttpx2Transport,
            httpx2.Client,
            "AsyncClient, not httpx2.Client; for that, use Httpx2Transport, with EventSource",
        ),
        (
            AiohttpTransport,
            httpx2.AsyncClient,
            "httpx2.AsyncClient; for that, use AsyncHttpx2Transport, with AsyncEventSource",
        ),
        (Httpx2Transport, object, "client: expected httpx2.Client, not object"),
    ],
)
def test_wrong_client_error_says_what_it_needs(
    make: Callable[[Any], object], make_client: Callable[[], Any], message: str
) -> None:
    with pytest.raises(InvalidArgument) as caught:
        make(make_client())
    assert str(caught.value).endswith(message)


def test_class_instead_of_a_client_is_named() -> None:
    with pytest.raises(InvalidArgument, match="not the class Client; pass an instance"):
        Httpx2Transport(httpx2.Client)  # type: ignore[arg-type]
