"""Asking a server: one request that is watched, and after a GET a few that are short."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sse_core import (
    Connect,
    Connection,
    Parser,
    Read,
    ReadBody,
    ReadError,
    Request,
    Response,
    SSEError,
    TransportError,
)

from ..._log import without_secrets
from ._observation import Ending, Hop, Observation, Reading
from ._rule import seconds
from ._wire import NotingExchange, NotingTransport

PROBE_SECONDS = 5.0
"""How long each further request may take, at most."""
PLENTY = 4 * 2**20
PLENTY_OF_LINES = 50_000
"""Bytes of a body, and lines, after which enough was seen: a flood is not to be drunk up."""
OVERLAP = 5
"""Events that are to come again, at most."""
NO_SUCH_ID = "sse-check-no-such-event"
BROWSER_CODINGS = "gzip, deflate"
"""Browsers ask for br and zstd too, which nothing here could undo."""

Enough = Callable[[Reading], bool]


@dataclass(frozen=True, slots=True)
class Question:
    """What each request of a check is: as an `EventSource` would send it."""

    url: str
    method: str
    headers: Mapping[str, str]
    content: bytes | None
    last_event_id: str

    @property
    def shown_url(self) -> str:
        """The URL without a password and a query, for reports that others may read."""
        return without_secrets(Connection(self.url, method=self.method, content=self.content).url)


class Observer:
    """Makes the requests of a check.

    Args:
        question: what is asked.
        transport: what carries it.
        tell: is told each request before it is sent, in words.
    """

    def __init__(
        self, question: Question, transport: NotingTransport, tell: Callable[[str], object] = lambda _: None
    ) -> None:
        self._question = question
        self._transport = transport
        self._tell = tell
        # One among the headers, which would win over ours, is what is asked first, and no more then.
        own = {name: value for name, value in question.headers.items() if name.lower() != "last-event-id"}
        given = [value for name, value in question.headers.items() if name not in own]
        self._own = own
        self._asked = question.last_event_id or "".join(given)

    def observe(self, seen: Observation) -> None:
        """Fill in what is observed, bit by bit: whoever interrupts this has what there is by then.

        Raises:
            sse_core.TransportError: there was no connection.
            sse_core.InvalidArgument: the request cannot be sent as it is.
        """
        seen.first.last_event_id = self._asked
        self._read(seen.first, f"watched for {seen.seconds:g} s", seen.seconds)
        if seen.first.ending is Ending.FAILED and seen.first.error is not None:
            raise seen.first.error
        if seen.first.is_readable and not seen.alone:
            # Each is noted when it is complete: an interrupted one would look like a fault.
            limit = min(seen.seconds, PROBE_SECONDS)
            self._come_back(seen, limit)
            self._ask_otherwise(seen, limit)

    def _come_back(self, seen: Observation, limit: float) -> None:
        """Ask again behind the last event, an earlier one, and one that never was."""
        stream = seen.first.stream
        ids = [block.own_id for block in stream.event_blocks if block.own_id]
        last = stream.last_event_id
        if ids or seen.first.ending is Ending.ENDED:
            what = f"behind the last event, {last!r}" if last else "after the end"
            seen.resumed = self._read(Reading(last_event_id=last), what, limit, _events(1))
        older = ids[max(0, len(ids) - 1 - OVERLAP)] if len(ids) > 1 else ""
        if older and ids.count(older) == 1:
            enough = _events(min(OVERLAP, len(ids) - 1))
            what = f"behind an earlier event, {older!r}"
            seen.overlapping = self._read(Reading(last_event_id=older), what, limit, enough)
        if ids:
            reading = Reading(last_event_id=NO_SUCH_ID)
            what = "behind an event that never was"
            seen.unknown = self._read(reading, what, min(limit, 1.0), _some_bytes)

    def _ask_otherwise(self, seen: Observation, limit: float) -> None:
        """Ask again as browsers do, which take compressed streams, and as those do who take anything."""
        own = {name.lower() for name in self._question.headers}
        if "accept-encoding" not in own:
            headers = {"Accept-Encoding": BROWSER_CODINGS}
            what = f"with Accept-Encoding: {BROWSER_CODINGS}"
            reading = Reading(last_event_id=self._asked)
            seen.compressed = self._read(reading, what, limit, _plain_or_an_event(), headers)
        if "accept" not in own:
            reading = Reading(last_event_id=self._asked)
            seen.any_type = self._read(reading, "with Accept: */*", limit, _head, {"Accept": "*/*"})

    def _read(
        self,
        reading: Reading,
        what: str,
        limit: float,
        enough: Enough | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reading:
        """Make one request, and read until there is enough, or the time is over."""
        reading.purpose = what
        self._tell(f"{self._question.method} {self._question.shown_url}, {what}")
        visit = _Visit(reading, limit, enough)
        connection = Connection(
            self._question.url,
            method=self._question.method,
            content=self._question.content,
            last_event_id=reading.last_event_id,
            retry=None,
        )
        request: Request | None = connection.connect({**self._own, **(headers or {})}).request
        while request is not None:
            exchange = self._transport.exchange(request, timeout=max(0.001, visit.left))
            try:
                response = visit.open(exchange, request)
                if response is not None:
                    self._tell(f"  {response.status} after {seconds(reading.head_at or 0.0)}")
                step = connection.respond(response) if response is not None else None
                reading.is_stream = isinstance(step, Read)
                if reading.is_stream:
                    visit.read(exchange)
                elif isinstance(step, ReadBody):
                    visit.read_refusal(exchange)
            finally:
                exchange.close()
                visit.leave()
            request = step.request if isinstance(step, Connect) else None
        return reading


class _Visit:
    """One request under way, with its clock."""

    def __init__(self, reading: Reading, limit: float, enough: Enough | None) -> None:
        self._reading = reading
        self._enough = enough
        self._begin = time.monotonic()
        self._deadline = self._begin + limit

    @property
    def left(self) -> float:
        return self._deadline - time.monotonic()

    def leave(self) -> None:
        """Note when it ended."""
        self._reading.ended_at = time.monotonic() - self._begin

    def open(self, exchange: NotingExchange, request: Request) -> Response | None:
        """Return the head; None if there is none."""
        reading = self._reading
        try:
            response = exchange.open()
        except TransportError as error:
            reading.error = error
            answered = exchange.expired and exchange.connected_at is not None
            reading.ending = Ending.UNANSWERED if answered else Ending.FAILED
            return None
        finally:
            if exchange.connected_at is not None:
                reading.connected = exchange.connected_at - self._begin
        reading.hops.append(Hop(request, response))
        reading.head_at = time.monotonic() - self._begin
        reading.version = exchange.version
        reading.certificate_ends = exchange.certificate_ends
        return response

    def read_refusal(self, exchange: NotingExchange) -> None:
        """Read the start of a body that is no stream: it often says why."""
        with contextlib.suppress(SSEError):
            self._reading.said = exchange.read(max(0.001, min(self.left, 1.0)))

    def read(self, exchange: NotingExchange) -> None:
        """Read the body."""
        reading = self._reading
        received = lines = 0
        try:
            while (
                not self._is_enough()
                and received < PLENTY
                and lines < PLENTY_OF_LINES
                and (left := self.left) > 0
            ):
                data = exchange.read(left)
                if not data:
                    reading.ending = Ending.ENDED
                    return
                reading.pieces.append((time.monotonic() - self._begin, data))
                received += len(data)
                lines += data.count(b"\n") or data.count(b"\r")
        except SSEError as error:
            # That nothing came while there was time is how most readings end.
            if isinstance(error, ReadError):
                reading.ending = Ending.BROKEN
                reading.error = error
            elif not isinstance(error, TransportError):
                # A coding that nothing here can undo; the rule for it sees the header.
                reading.error = error

    def _is_enough(self) -> bool:
        return self._enough is not None and self._enough(self._reading)


def _events(count: int) -> Enough:
    """Return what tells whether so many events came."""
    parser = Parser()
    came = looked_at = 0

    def enough(reading: Reading) -> bool:
        nonlocal came, looked_at
        for _, data in reading.pieces[looked_at:]:
            came += len(parser.feed(data))
        looked_at = len(reading.pieces)
        return came >= count

    return enough


def _some_bytes(reading: Reading) -> bool:
    return bool(reading.pieces)


def _head(_reading: Reading) -> bool:
    return True


def _plain_or_an_event() -> Enough:
    """Return what tells whether nothing is compressed, or an event came all the same."""
    event = _events(1)
    return lambda reading: reading.header("Content-Encoding") is None or event(reading)
