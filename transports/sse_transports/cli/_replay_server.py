"""A server that plays a file: a recording, connection by connection, or a raw body, from any event on."""

from __future__ import annotations

import contextlib
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
from ._being_a_server import listening, wait_for
from ._blocks import blocks_of, place_behind
from ._files import PIECE, StreamFile
from ._terminal import is_terminal, printable

ORIGIN = "Access-Control-Allow-Origin"
CORS = (ORIGIN, "*")
"""Lets pages of every origin read the answer."""

ICON = "/favicon.ico"

Headers = tuple[tuple[str, str], ...]


class Played(Protocol):
    """What answers requests: a recording, or a raw body."""

    is_over: threading.Event

    def answer(self, call: Call) -> None:
        """Answer a request."""


def serve_file(file: StreamFile, port: int, *, speed: float, pace: float, once: bool, cors: bool) -> None:
    """Be a server on 127.0.0.1 that plays a file, until it is interrupted.

    Args:
        file: a recording or a raw body.
        port: the port; 0 for any that is free.
        speed: how many times faster than it was, for a recording.
        pace: seconds between the events of a raw body.
        once: whether to end when all was played.
        cors: whether pages of every origin may read it.

    Raises:
        click.UsageError: the port cannot be had.
        OSError: the file cannot be read.
        DamagedFile: it is a damaged recording.
    """
    headers: Headers = (CORS,) if cors else ()
    with contextlib.ExitStack() as stack:
        played: Played
        if file.is_recording:
            played = RecordingPlayer(file.recording(), speed=speed, headers=headers)
        else:
            played = BodyPlayer(stack.enter_context(_on_disk(file)), pace=pace, headers=headers)

        def answer(call: Call) -> None:
            if cors and "access-control-request-method" in call.headers and call.method == "OPTIONS":
                _allow(call)
            elif call.path.partition("?")[0] == ICON:
                # A browser asks for it by itself, and a turn of the recording would be gone.
                call.respond(404, [])
            else:
                played.answer(call)

        # Not strict: a client that talks nonsense, or goes, is no reason to end.
        server = stack.enter_context(listening(SSEServer(answer, port=port, strict=False), port))
        hint = "  (Ctrl-C ends)" if is_terminal(sys.stdout) else ""
        click.echo(f"{server.url}/{hint}")
        wait_for(played.is_over if once else threading.Event())


class RecordingPlayer:
    """Gives each request the next recorded connection, as it was.

    Args:
        recording: what was recorded.
        speed: how many times faster than it was.
        headers: added to each answer, in the place of those it had by these names.

    Raises:
        sse_core.InvalidArgument: it has a connection that no server can play.

    Attributes:
        is_over: set when all connections were played.
    """

    def __init__(self, recording: Recording, *, speed: float, headers: Headers) -> None:
        self._connections = [_with(headers, connection) for connection in recording.connections]
        self._script = Recording(tuple(self._connections)).script(speed=speed)
        for number, steps in enumerate(self._script, 1):
            check_steps(steps, f"connection {number}")
        self._nothing_more: Steps = [204, dict(headers)]
        self._lock = threading.Lock()
        # How many have begun since the beginning, and how many requests are being answered.
        self._begun = 0
        self._open = 0
        self.is_over = threading.Event()

    def answer(self, call: Call) -> None:
        """Play the next connection. Behind the last one, who has an ID gets nothing, and others all again."""
        with self._lock:
            if self._begun == len(self._script):
                if call.last_event_id:
                    _tell(call, "204, there is no more")
                    serve(make_plan(self._nothing_more), call)
                    return
                self._begun = 0
            number = self._begun
            self._begun += 1
            self._open += 1
        status = self._connections[number].status
        what = "no answer" if status is None else str(status)
        _tell(call, f"{what}, connection {number + 1} of {len(self._script)}")
        try:
            serve(make_plan(self._script[number]), call)
        finally:
            with self._lock:
                self._open -= 1
                if self._begun == len(self._script) and not self._open:
                    self.is_over.set()


class BodyPlayer:
    """Gives each request a raw body, or what comes in it behind the request's Last-Event-ID.

    Args:
        path: the file.
        pace: seconds between its events.
        headers: added to each answer.

    Attributes:
        is_over: set when it was played to its end.
    """

    def __init__(self, path: Path, *, pace: float, headers: Headers) -> None:
        self._path = path
        self._pace = pace
        self._headers = headers
        # Before the client knows, and asks again; while the end of it is still to be sent.
        self._all_came = False
        self.is_over = threading.Event()

    def answer(self, call: Call) -> None:
        """Play what is behind the request's Last-Event-ID, or all; 204 where nothing is."""
        with self._path.open("rb") as body:
            position, what = self._place(call.last_event_id, body)
            _tell(call, what)
            if position is None:
                call.respond(204, self._headers)
                return
            body.seek(position)
            fields = [("Content-Type", "text/event-stream"), ("Cache-Control", "no-cache"), *self._headers]
            call.respond(200, [*fields, ("Transfer-Encoding", "chunked")])
            pieces = _pieces(body)
            for number, part in enumerate(blocks_of(pieces) if self._pace else pieces):
                if number:
                    call.wait(self._pace)
                call.chunk(part)
        self._all_came = True
        try:
            call.chunk(b"")
        finally:
            # Also if the client went at the last event, as many do.
            self.is_over.set()

    def _place(self, last_event_id: str, body: BinaryIO) -> tuple[int | None, str]:
        """Return where to begin, None for nowhere, and the words for it."""
        if not last_event_id:
            return 0, "200, all"
        place = place_behind(last_event_id, _pieces(body))
        if place is None:
            if self._all_came:
                return None, "204, there is no more"
            return 0, "200, all, since no event has that ID"
        # Events without IDs behind the last ID come until all was played: they would come for ever.
        if not place.has_events or (self._all_came and not place.has_ids):
            return None, "204, there is no more"
        return place.position, "200, what is behind that"


def _with(headers: Headers, connection: RecordedConnection) -> RecordedConnection:
    names = {name.lower() for name, _ in headers}
    kept = tuple(field for field in connection.headers if field[0].lower() not in names)
    return replace(connection, headers=(*kept, *headers))


def _allow(call: Call) -> None:
    """Answer a page's question whether it may ask (a preflight): whatever it likes."""
    asked = call.headers.get("access-control-request-headers", b"").decode("latin-1")
    method = call.headers["access-control-request-method"].decode("latin-1")
    fields = [CORS, ("Access-Control-Allow-Methods", method)]
    if asked:
        fields.append(("Access-Control-Allow-Headers", asked))
    _tell(call, "204, a page may ask")
    call.respond(204, fields)


def _pieces(body: BinaryIO) -> Iterator[bytes]:
    while piece := body.read(PIECE):
        yield piece


@contextlib.contextmanager
def _on_disk(file: StreamFile) -> Iterator[Path]:
    """Give a raw body as a file that can be read for each request; standard input is kept in one."""
    if file.path is not None and file.path.is_file():
        yield file.path
        return
    with tempfile.NamedTemporaryFile(suffix=".sse") as kept:
        for connection in file:
            for piece in connection:
                kept.write(piece.data)
        kept.flush()
        yield Path(kept.name)


def _tell(call: Call, what: str) -> None:
    line = printable(f"{describe_request(call.method, call.path, call.last_event_id)} -> {what}")
    with contextlib.suppress(OSError):
        click.echo(line, err=True)
