"""A real MCP server on uvicorn, and the forwarding of a proxy that drops connections."""

from __future__ import annotations

import selectors
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.streamable_http import EventCallback, EventMessage, EventStore
from mcp_types import JSONRPCMessage

from sse_transports.testing import Call
from tests.real_servers.servers_in_threads import uvicorn_server

STEPS = 6

DropAt = Callable[[bytes], int | None]
"""Takes the response so far. Returns after how many bytes the connection is dropped, or None for not yet."""


class Store(EventStore):
    """Keeps all events, so that a client can resume."""

    def __init__(self) -> None:
        self._events: list[tuple[str, JSONRPCMessage | None]] = []

    async def store_event(self, stream_id: str, message: JSONRPCMessage | None) -> str:
        self._events.append((stream_id, message))
        return str(len(self._events))

    async def replay_events_after(self, last_event_id: str, send_callback: EventCallback) -> str | None:
        number = int(last_event_id)
        stream = self._events[number - 1][0]
        for event_id, (stream_id, message) in enumerate(self._events, 1):
            if event_id > number and stream_id == stream and message is not None:
                await send_callback(EventMessage(message, str(event_id)))
        return stream


@contextmanager
def mcp_server(finished: threading.Event) -> Iterator[int]:
    """Run a server with a tool that counts and reports its progress; `finished` is set at its end."""
    server = MCPServer("counting", log_level="CRITICAL")

    @server.tool()
    async def count(context: Context, closes: bool = False) -> str:
        """Count and report the progress; if `closes`, close the stream half-way: the client reconnects."""
        for number in range(1, STEPS + 1):
            await context.report_progress(number, STEPS, f"{number} von {STEPS} \u2028 数")
            if closes and number == STEPS // 2:
                await context.close_sse_stream()
        finished.set()
        return "counted"

    app = server.streamable_http_app(event_store=Store(), retry_interval=20)
    config = uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=1)
    with uvicorn_server(config) as port:
        yield port


def forward(call: Call, port: int, drop_at: DropAt) -> None:
    """Forward a request to the server at `port`, and the response to the client, until `drop_at` stops it."""
    fields = {**call.headers, "connection": b"close"}
    head = [f"{call.method} {call.path} HTTP/1.1".encode()]
    head += [name.encode() + b": " + value for name, value in fields.items()]
    with socket.create_connection(("127.0.0.1", port)) as server:
        server.sendall(b"\r\n".join([*head, b"", call.body]))
        sent = 0
        received = b""
        for data in _read_while_connected(call, server):
            received += data
            end = drop_at(received)
            call.send(received[sent:end])
            if end is not None:
                return
            sent = len(received)


def _read_while_connected(call: Call, server: socket.socket) -> Iterator[bytes]:
    """Yield the bytes of the server, until it ends the response or the client disconnects."""
    with selectors.DefaultSelector() as selector:
        selector.register(call, selectors.EVENT_READ)
        selector.register(server, selectors.EVENT_READ)
        while call not in [key.fileobj for key, _ in selector.select()]:
            data = server.recv(2**16)
            if not data:
                return
            yield data
