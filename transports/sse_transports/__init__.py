"""Clients for Server-Sent Events: the I/O around `sse_core`.

- `EventSource`: the blocking client, over `UrllibTransport` or any `Transport`.
- `FileStore`: keeps the last event ID over restarts.

Every protocol decision is made in `sse_core`; a transport only carries bytes.
"""

from ._event_source import EventSource
from ._interface import Exchange, Transport
from ._stores import FileStore, Store
from ._urllib import UrllibTransport

__all__ = ["EventSource", "Exchange", "FileStore", "Store", "Transport", "UrllibTransport"]
