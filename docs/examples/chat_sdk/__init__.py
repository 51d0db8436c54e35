"""A small SDK for a chat service, to copy from: how a library embeds `sse_core` in its own HTTP client.

- `parts`: the parts of a reply, as types.
- `reply_connection`: the request for one reply, without I/O; a `sse_core.Connection` set up for this service.
- `client`, `async_client`: the I/O, a loop that does the steps which the connection returns.
"""

from .async_client import AsyncChat
from .client import Chat
from .parts import Finished, Part, ServiceError, Started, Text

__all__ = ["AsyncChat", "Chat", "Finished", "Part", "ServiceError", "Started", "Text"]
