"""Names that need a package besides the standard library: they are imported when they are asked for."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager

EXTRAS = {
    "AiohttpTransport": ("_aiohttp", "asyncio"),
    "AsyncEventSource": ("_async_event_source", "asyncio"),
    "AsyncHttpx2Transport": ("_httpx2", "httpx2"),
    "Httpx2Transport": ("_httpx2", "httpx2"),
}
"""Name to its module, and to the extra that installs what it needs."""

PACKAGES = ("aiohttp", "anyio", "httpx2")


def load(name: str) -> object:
    """Return what `sse_transports` has under this name.

    Raises:
        ImportError: it needs a package that is not installed; says what to install.
    """
    module, extra = EXTRAS[name]
    with needs(name, *PACKAGES, extra=extra):
        return getattr(importlib.import_module(f"{__package__}.{module}"), name)


@contextmanager
def needs(what: str, *packages: str, extra: str) -> Iterator[None]:
    """Say what to install, if one of these packages is missing inside."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in packages:
            raise
        hint = f'{what} needs {error.name}: pip install "sse-core[{extra}]"'
        raise ModuleNotFoundError(hint, name=error.name) from error
