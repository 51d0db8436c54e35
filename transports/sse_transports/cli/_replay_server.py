"""A server that plays a file: a recording connection by connection, or a raw body from any event on."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, Protocol

import click

from ..testing._call import Call
from ..testing._plan import check_steps, make_plan
from ..testing._play_on_socket import serve
from ..testing._recording import RecordedConnection, Recording
from ..testing._requests import describe_request
from ..testing._script import Steps
from ..testing._server import SSEServer
from ._blocks import split_blocks
from ._files import CHUNK_SIZE, StreamFile
from ._replay_host import is_local
from ._replay_index import ResumeIndex, ResumePoint
from ._serve import running, wait_until_set
from ._standard_streams import print_error
from ._terminal import is_terminal, printable

CORS = ("Access-Control-Allow-Origin", "*")
"""The header that lets pages of every origin read the response."""

FAVICON = "/favicon.ico"

NOTHING_LEFT = "204, nothing left to play"

Headers = tuple[tuple[str, str], ...]


class Player(Protocol):
    """Answers requests from a recording or a raw body."""

    is_over: threading.Event

    def answer(self, call: Call) -> None:
        """Answer a request."""


def serve_file(file: StreamFile, port: int, *, speed: float, pace: float, once: bool, cors: bool) -> None:
    """Play a file from a server on 127.0.0.1 until Ctrl-C.

    Args:
        file: a recording or a raw body.
        port: the port; 0 for any free one.
        speed: how many times faster than recorded, for a recording.
        pace: seconds between the events of a raw body.
        once: whether to end when everything was played.
        cors: whether pages of every origin may read it.

    Raises:
        click.UsageError: the port cannot be used.
        OSError: the file cannot be read.
        DamagedFile: it is a damaged recording.
    """
    headers: Headers = (CORS,) if cors else ()
    with contextlib.ExitStack() as stack:
        player: Player
        if file.is_recording:
            player = RecordingPlayer(file.recording(), speed=speed, headers=headers)
        else:
            player = BodyPlayer(stack.enter_context(_on_disk(file)), pace=pace, headers=headers)
            stack.callback(player.close)

        def answer(call: Call) -> None:
            host = call.headers.get("host", b"").decode("latin-1")
            # Programs may send none; browsers always do.
            if host and not is_local(host):
                _refuse_host(call, host)
            elif cors and "access-control-request-method" in call.headers and call.method == "OPTIONS":
                _answer_preflight(call)
            elif call.path.partition("?")[0] == FAVICON:
                # Browsers request this on their own; it must not use up a recorded connection.
                call.respond(404, [])
            else:
                player.answer(call)

        # Not strict: a client that disconnects or sends an invalid request must not end the server.
        server = stack.enter_context(running(SSEServer(answer, port=port, strict=False), port))
        hint = "  (Ctrl-C ends)" if is_terminal(sys.stdout) else ""
        click.echo(f"{server.url}/{hint}")
        wait_until_set(player.is_over if once else threading.Event())


class RecordingPlayer:
    """Answers each request with the next recorded connection.

    Args:
        recording: the recording.
        speed: how many times faster than recorded.
        headers: added to each response, in place of recorded headers with these names.

    Raises:
        sse_core.InvalidArgument: it has a connection that no server can play.

    Attributes:
        is_over: set when all connections were played.
    """

    def __init__(self, recording: Recording, *, speed: float, headers: Headers) -> None:
        self._connections = [_with_headers(headers, connection) for connection in recording.connections]
        self._script = Recording(tuple(self._connections)).script(speed=speed)
        for number, steps in enumerate(self._script, 1):
            check_steps(steps, f"connection {number}")
        self._no_content: Steps = [204, dict(headers)]
        # Guards the two counters; requests are answered in threads.
        self._lock = threading.Lock()
        # The connections played or being played in this pass, and those being played now.
        self._started = 0
        self._active = 0
        self.is_over = threading.Event()

    def answer(self, call: Call) -> None:
        """Play the next connection. After the last one: 204 for a request with an ID, else start again."""
        with self._lock:
            if self._started == len(self._script):
                if call.last_event_id:
                    _log(call, NOTHING_LEFT)
                    serve(make_plan(self._no_content), call)
                    return
                self._started = 0
            index = self._started
            self._started += 1
            self._active += 1
        status = self._connections[index].status
        outcome = "no response" if status is None else str(status)
        _log(call, f"{outcome}, connection {index + 1} of {len(self._script)}")
        try:
            serve(make_plan(self._script[index]), call)
        finally:
            with self._lock:
                self._active -= 1
                if self._started == len(self._script) and not self._active:
                    self.is_over.set()


class BodyPlayer:
    """Answers each request with a raw body, resumed after the request's Last-Event-ID.

    Args:
        path: the file.
        pace: seconds between its events.
        headers: added to each response.

    Attributes:
        is_over: set when it was played to its end.
    """

    def __init__(self, path: Path, *, pace: float, headers: Headers) -> None:
        self._path = path
        self._pace = pace
        self._headers = headers
        # Set before the last chunk is sent: a client may reconnect as soon as it has that.
        self._was_played = False
        self.is_over = threading.Event()
        # Guards the index. It is made for the first request with an ID, and again if the file has changed.
        self._lock = threading.Lock()
        self._index: ResumeIndex | None = None
        self._indexed = (0, 0, 0)

    def close(self) -> None:
        """Delete the index."""
        with self._lock:
            if self._index is not None:
                self._index.close()
                self._index = None

    def answer(self, call: Call) -> None:
        """Play the events after the request's Last-Event-ID, or all; 204 if there are none."""
        with self._path.open("rb") as body:
            position, outcome = self._resume(call.last_event_id, body)
            _log(call, outcome)
            if position is None:
                call.respond(204, self._headers)
                return
            body.seek(position)
            fields = [("Content-Type", "text/event-stream"), ("Cache-Control", "no-cache"), *self._headers]
            call.respond(200, [*fields, ("Transfer-Encoding", "chunked")])
            chunks = _chunks(body)
            for number, part in enumerate(split_blocks(chunks) if self._pace else chunks):
                if number:
                    call.wait(self._pace)
                call.chunk(part)
        self._was_played = True
        try:
            call.chunk(b"")
        finally:
            # Also if the client disconnected after the last event, as many do.
            self.is_over.set()

    def _resume(self, last_event_id: str, body: BinaryIO) -> tuple[int | None, str]:
        """Return the position to play from, None for a 204, and the outcome for the log."""
        if not last_event_id:
            return 0, "200, all"
        point = self._find(last_event_id, body)
        if point is None:
            if self._was_played:
                return None, NOTHING_LEFT
            return 0, "200, all, since no event has that ID"
        # Events without an ID after the last ID are sent until the body was played to its end once. Without
        # this rule, a client would get them again on each reconnect.
        if not point.has_events or (self._was_played and not point.has_ids):
            return None, NOTHING_LEFT
        return point.position, "200, the events after that"

    def _find(self, last_event_id: str, body: BinaryIO) -> ResumePoint | None:
        with self._lock:
            status = os.fstat(body.fileno())
            state = (status.st_ino, status.st_size, status.st_mtime_ns)
            if self._index is None or state != self._indexed:
                if self._index is not None:
                    self._index.close()
                self._index = ResumeIndex(_chunks(body))
                self._indexed = state
            return self._index.find(last_event_id)


def _with_headers(headers: Headers, connection: RecordedConnection) -> RecordedConnection:
    names = {name.lower() for name, _ in headers}
    kept = tuple(field for field in connection.headers if field[0].lower() not in names)
    return replace(connection, headers=(*kept, *headers))


def _refuse_host(call: Call, host: str) -> None:
    """Refuse a request for another name, which may be that of a web page; a recording may be private."""
    _log(call, f"421, Host {host!r} is not this machine")
    reason = (
        f"This server answers requests for localhost and 127.0.0.1 only, not for {host!r}: a web page could "
        "give its own name this address to read the recording (DNS rebinding).\n"
    )
    fields = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(reason.encode())))]
    call.respond(421, fields, reason.encode())


def _answer_preflight(call: Call) -> None:
    """Answer a CORS preflight request: allow any method and headers."""
    names = call.headers.get("access-control-request-headers", b"").decode("latin-1")
    method = call.headers["access-control-request-method"].decode("latin-1")
    fields = [CORS, ("Access-Control-Allow-Methods", method)]
    if names:
        fields.append(("Access-Control-Allow-Headers", names))
    _log(call, "204, CORS preflight")
    call.respond(204, fields)


def _chunks(body: BinaryIO) -> Iterator[bytes]:
    while chunk := body.read(CHUNK_SIZE):
        yield chunk


@contextlib.contextmanager
def _on_disk(file: StreamFile) -> Iterator[Path]:
    """Yield a file with the raw body that can be read for each request; copy standard input to one."""
    if file.path is not None and file.path.is_file():
        yield file.path
        return
    with tempfile.NamedTemporaryFile(suffix=".sse") as copy:
        for connection in file:
            for chunk in connection:
                copy.write(chunk.data)
        copy.flush()
        yield Path(copy.name)


def _log(call: Call, outcome: str) -> None:
    print_error(printable(f"{describe_request(call.method, call.path, call.last_event_id)} -> {outcome}"))
