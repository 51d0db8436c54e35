"""What needs a package that is not installed says which, and what to install; the rest works without."""

from __future__ import annotations

import subprocess
import sys

import pytest

from sse_transports import _extras


def without(packages: str, code: str) -> str:
    """Run code in an interpreter that lacks these packages; return what it printed."""
    # None in sys.modules is what an import of a package that is not installed looks like, but for its words.
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


TELL = """
try:
    {code}
except ImportError as error:
    print(type(error).__name__, error.name, error)
"""


@pytest.mark.parametrize(
    ("missing", "name", "command"),
    [
        ("anyio", "AsyncEventSource", 'pip install "sse-core[asyncio]"'),
        ("anyio", "AiohttpTransport", 'pip install "sse-core[asyncio]"'),
        ("aiohttp", "AiohttpTransport", 'pip install "sse-core[asyncio]"'),
        ("httpx2", "Httpx2Transport", 'pip install "sse-core[httpx2]"'),
        ("httpx2", "AsyncHttpx2Transport", 'pip install "sse-core[httpx2]"'),
    ],
)
def test_without_its_package_a_name_says_what_to_install(missing: str, name: str, command: str) -> None:
    said = without(missing, TELL.format(code=f"from sse_transports import {name}"))
    assert said == f"ModuleNotFoundError {missing} {name} needs {missing}: {command}\n"


@pytest.mark.parametrize(
    ("backend", "missing", "command"),
    [
        ("asyncio", "aiohttp", 'pip install "sse-core[asyncio]"'),
        ("trio", "httpx2", 'pip install "sse-core[trio]"'),
    ],
)
def test_without_the_event_loops_client_the_async_source_says_what_to_install(
    backend: str, missing: str, command: str
) -> None:
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


def test_without_any_of_them_the_blocking_client_works_and_a_star_import_too() -> None:
    code = """
from sse_transports import *
from sse_transports.testing import SSEServer
with SSEServer(lambda call: call.respond(body=b"data: a\\n\\n")) as server:
    with EventSource(server.url, retry=None) as source:
        print([event.data for event in source], "AsyncEventSource" in globals())
"""
    assert without("aiohttp anyio httpx2 trio sniffio", code) == "['a'] False\n"


def test_importing_the_package_imports_no_http_library() -> None:
    code = """
import sys, sse_transports
print(sorted({"aiohttp", "anyio", "httpx2", "trio", "asyncio"} & set(sys.modules)))
print(sorted(set(sse_transports._extras.EXTRAS) - set(dir(sse_transports))))
"""
    assert without("none", code) == "[]\n[]\n"


def test_a_name_that_does_not_exist_is_an_attribute_error() -> None:
    code = """
import sse_transports
print(hasattr(sse_transports, "CurlTransport"))
"""
    assert without("none", code) == "False\n"


def test_an_import_that_fails_for_another_reason_is_not_explained_away() -> None:
    def broken() -> None:
        with _extras.needs("AiohttpTransport", "aiohttp", extra="asyncio"):
            raise ModuleNotFoundError("No module named 'multidict'", name="multidict")

    with pytest.raises(ModuleNotFoundError, match=r"^No module named 'multidict'$"):
        broken()
