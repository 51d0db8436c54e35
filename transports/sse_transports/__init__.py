"""Clients for Server-Sent Events: the I/O around `sse_core`.

- `EventSource`: the blocking client, over `UrllibTransport` or any `Transport`.
- `AsyncEventSource`: its twin for asyncio and trio, over any `AsyncTransport`.
- `AiohttpTransport`, `AsyncHttpx2Transport`, `Httpx2Transport`: other HTTP clients, also the caller's own.
- `FileStore`: keeps the last event ID over restarts.
- `Clock`, `SystemClock`: where sources take time and chance from.
- `testing`: for tests; not imported by this.

Every protocol decision is made in `sse_core`; a transport only carries bytes. Importing this imports no
HTTP library: what needs one is imported when it is asked for.
"""

from typing import TYPE_CHECKING

from sse_core._values import publish as _publish

from . import _extras
from ._clock import Clock, SystemClock
from ._event_source import EventSource
from ._interface import AsyncExchange, AsyncTransport, Exchange, Transport
from ._stores import FileStore, Store
from ._urllib import UrllibTransport

if TYPE_CHECKING:
    from ._aiohttp import AiohttpTransport as AiohttpTransport
    from ._async_event_source import AsyncEventSource as AsyncEventSource
    from ._httpx2 import AsyncHttpx2Transport as AsyncHttpx2Transport
    from ._httpx2 import Httpx2Transport as Httpx2Transport

# Without the names that need more than the standard library: `import *` is to work everywhere.
__all__ = [
    "AsyncExchange",
    "AsyncTransport",
    "Clock",
    "EventSource",
    "Exchange",
    "FileStore",
    "Store",
    "SystemClock",
    "Transport",
    "UrllibTransport",
]

_publish(__name__, vars())


def __getattr__(name: str) -> object:
    if name not in _extras.EXTRAS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = _extras.load(name)
    _publish(__name__, {name: value})
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_extras.EXTRAS})
