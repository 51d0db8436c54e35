"""Clients for Server-Sent Events: the I/O around `sse_core`.

- `EventSource`: the blocking client, over `UrllibTransport` or any `Transport`.
- `AsyncEventSource`: its twin for asyncio and trio, over any `AsyncTransport`.
- `AnyioTransport`: its default, on sockets of its own.
- `AiohttpTransport`, `AsyncHttpx2Transport`, `Httpx2Transport`: other HTTP clients, also the caller's own.
- `FileStore`: keeps the last event ID over restarts.
- `replay_events`, `Position`: read the same events again, exactly, or raise `DataLoss`.
- `Clock`, `SystemClock`: the source of time and randomness.
- `testing`: for tests; not imported by this.

Every protocol decision is made in `sse_core`; a transport only carries bytes.

Importing this package imports nothing else: the module of each name is imported when the name is first used
(PEP 562). So a program imports only the HTTP library that it uses, and the command `sse` can handle Ctrl-C
from its first import on.
"""

# Not from `typing`, which takes longer to import than all of this.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._aiohttp import AiohttpTransport as AiohttpTransport
    from ._anyio import AnyioTransport as AnyioTransport
    from ._async_event_source import AsyncEventSource as AsyncEventSource
    from ._clock import Clock, SystemClock
    from ._event_source import EventSource
    from ._httpx2 import AsyncHttpx2Transport as AsyncHttpx2Transport
    from ._httpx2 import Httpx2Transport as Httpx2Transport
    from ._interface import AsyncExchange, AsyncTransport, Exchange, Transport
    from ._replay import DataLoss, Position, areplay_events, replay_events
    from ._stores import FileStore, Store
    from ._urllib import UrllibTransport

# Without the names that need a package: `from sse_transports import *` is to work everywhere.
__all__ = [
    "AsyncExchange",
    "AsyncTransport",
    "Clock",
    "DataLoss",
    "EventSource",
    "Exchange",
    "FileStore",
    "Position",
    "Store",
    "SystemClock",
    "Transport",
    "UrllibTransport",
    "areplay_events",
    "replay_events",
]

# Name to its module, and to the extra that installs what the module imports.
_LAZY_NAMES = {
    "AiohttpTransport": ("_aiohttp", "aiohttp"),
    "AnyioTransport": ("_anyio", "asyncio"),
    "AsyncEventSource": ("_async_event_source", "asyncio"),
    "AsyncExchange": ("_interface", ""),
    "AsyncHttpx2Transport": ("_httpx2", "httpx2"),
    "AsyncTransport": ("_interface", ""),
    "Clock": ("_clock", ""),
    "DataLoss": ("_replay", ""),
    "EventSource": ("_event_source", ""),
    "Exchange": ("_interface", ""),
    "FileStore": ("_stores", ""),
    "Httpx2Transport": ("_httpx2", "httpx2"),
    "Position": ("_replay", ""),
    "Store": ("_stores", ""),
    "SystemClock": ("_clock", ""),
    "Transport": ("_interface", ""),
    "UrllibTransport": ("_urllib", ""),
    "areplay_events": ("_replay", ""),
    "replay_events": ("_replay", ""),
}


def __getattr__(name: str) -> object:
    if name not in _LAZY_NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import sys
    from importlib import import_module

    from sse_core._values import publish

    from ._extras import require

    module, extra = _LAZY_NAMES[name]
    with require(name, "aiohttp", "anyio", "httptools", "httpx2", extra=extra):
        import_module(f"{__name__}.{module}")
    # Also the names of the modules that this one has imported: they may reach the caller in other ways.
    for other, (module, _) in _LAZY_NAMES.items():
        value = getattr(sys.modules.get(f"{__name__}.{module}"), other, None)
        if value is not None:
            globals()[other] = value
    publish(__name__, globals())
    return globals()[name]


def __dir__() -> list[str]:
    # Without the names whose packages may be missing: `help` and `inspect.getmembers` get all of these.
    return sorted({*globals(), *__all__} - {"TYPE_CHECKING"})
