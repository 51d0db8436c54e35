"""A small SDK for a chat service, to copy from: how a library embeds `sse_core` in an HTTP client of its own.

- `parts`: what a reply is made of, as types.
- `asking`: one question to the service, without I/O: `sse_core.Connection`, dressed for it.
- `client`, `async_client`: the I/O. A loop takes the steps that the connection returns.
"""

from .async_client import AsyncChat
from .client import Chat
from .parts import Finished, Part, ServiceError, Started, Text

__all__ = ["AsyncChat", "Chat", "Finished", "Part", "ServiceError", "Started", "Text"]
