"""Send the requests of a check: one that is read for some time, and after a GET a few short ones."""

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

from ..._driver import without_secrets
from .._units import seconds_text
from ._instrumented import InstrumentedExchange, InstrumentedTransport
from ._observation import Ending, Hop, Observation, Reading

PROBE_SECONDS = 5.0
"""The longest time that each further request may take."""
MAX_BYTES = 4 * 2**20
MAX_LINES = 50_000
"""Bytes of a body, and lines, after which the reading stops: enough to judge a flood of events."""
MAX_OVERLAP = 5
"""How many events, at most, a request with an earlier Last-Event-ID expects again."""
UNKNOWN_ID = "sse-check-no-such-event"
BROWSER_ENCODINGS = "gzip, deflate"
"""Browsers send br and zstd too, which cannot be decompressed here."""

StopWhen = Callable[[Reading], bool]


@dataclass(frozen=True, slots=True)
class RequestSpec:
    """What all requests of a check have in common, as an `EventSource` would send it."""

    url: str
    method: str
    headers: Mapping[str, str]
    content: bytes | None
    last_event_id: str

    @property
    def redacted_url(self) -> str:
        """The URL without a password and query, for reports that are shared."""
        return without_secrets(Connection(self.url, method=self.method, content=self.content).url)


class Observer:
    """Sends the requests of a check.

    Args:
        spec: what to request.
        transport: the transport that sends it.
        log: called with a line of text before each request and after each response.
    """

    def __init__(
        self,
        spec: RequestSpec,
        transport: InstrumentedTransport,
        log: Callable[[str], object] = lambda _: None,
    ) -> None:
        self._spec = spec
        self._transport = transport
        self._log = log
        # A Last-Event-ID among the caller's headers would override that of each probe: it is taken
        # out, and used as the ID of the first request.
        self._headers = {
            name: value for name, value in spec.headers.items() if name.lower() != "last-event-id"
        }
        given = [value for name, value in spec.headers.items() if name not in self._headers]
        self._first_id = spec.last_event_id or "".join(given)

    def observe(self, observed: Observation) -> None:
        """Fill in the observation step by step, so that an interrupted check keeps what it has.

        Raises:
            sse_core.TransportError: there was no connection.
            sse_core.InvalidArgument: the request cannot be sent as it is.
        """
        observed.first.last_event_id = self._first_id
        self._request(observed.first, f"watched for {observed.seconds:g} s", observed.seconds)
        if observed.first.ending is Ending.FAILED and observed.first.error is not None:
            raise observed.first.error
        if observed.first.is_readable and not observed.skip_reason:
            # Each reading is assigned when it is complete: an interrupted one would look like a fault.
            limit = min(observed.seconds, PROBE_SECONDS)
            self._probe_resume(observed, limit)
            self._probe_headers(observed, limit)

    def _probe_resume(self, observed: Observation, limit: float) -> None:
        """Resume after the last event, after an earlier one, and after one that never existed."""
        stream = observed.first.stream
        ids = [block.own_id for block in stream.event_blocks if block.own_id]
        last = stream.last_event_id
        if ids or observed.first.ending is Ending.ENDED:
            purpose = f"after the last event, {last!r}" if last else "after the end"
            observed.resumed = self._request(Reading(last_event_id=last), purpose, limit, _after_events(1))
        older = ids[max(0, len(ids) - 1 - MAX_OVERLAP)] if len(ids) > 1 else ""
        if older and ids.count(older) == 1:
            stop = _after_events(min(MAX_OVERLAP, len(ids) - 1))
            purpose = f"after an earlier event, {older!r}"
            observed.resumed_earlier = self._request(Reading(last_event_id=older), purpose, limit, stop)
        if ids:
            reading = Reading(last_event_id=UNKNOWN_ID)
            purpose = "after an event that never existed"
            observed.unknown_id = self._request(reading, purpose, min(limit, 1.0), _after_first_bytes)

    def _probe_headers(self, observed: Observation, limit: float) -> None:
        """Request a compressed stream, as browsers do, and then any content type."""
        given = {name.lower() for name in self._spec.headers}
        if "accept-encoding" not in given:
            headers = {"Accept-Encoding": BROWSER_ENCODINGS}
            purpose = f"with Accept-Encoding: {BROWSER_ENCODINGS}"
            reading = Reading(last_event_id=self._first_id)
            observed.compressed = self._request(reading, purpose, limit, _uncompressed_or_event(), headers)
        if "accept" not in given:
            reading = Reading(last_event_id=self._first_id)
            observed.any_type = self._request(
                reading, "with Accept: */*", limit, _after_headers, {"Accept": "*/*"}
            )

    def _request(
        self,
        reading: Reading,
        purpose: str,
        limit: float,
        stop_when: StopWhen | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reading:
        """Send one request, follow its redirects, and read until `stop_when` or the time limit."""
        reading.purpose = purpose
        self._log(f"{self._spec.method} {self._spec.redacted_url}, {purpose}")
        timed = _TimedReading(reading, limit, stop_when)
        connection = Connection(
            self._spec.url,
            method=self._spec.method,
            content=self._spec.content,
            last_event_id=reading.last_event_id,
            retry=None,
        )
        request: Request | None = connection.connect({**self._headers, **(headers or {})}).request
        while request is not None:
            exchange = self._transport.exchange(request, timeout=max(0.001, timed.remaining))
            try:
                response = timed.open(exchange, request)
                if response is not None:
                    self._log(f"  {response.status} after {seconds_text(reading.headers_at or 0.0)}")
                step = connection.respond(response) if response is not None else None
                reading.is_stream = isinstance(step, Read)
                if reading.is_stream:
                    timed.read(exchange)
                elif isinstance(step, ReadBody):
                    timed.read_body_start(exchange)
            finally:
                exchange.close()
                timed.finish()
            request = step.request if isinstance(step, Connect) else None
        return reading


class _TimedReading:
    """Fills a `Reading` from exchanges, with times counted from its own creation."""

    def __init__(self, reading: Reading, limit: float, stop_when: StopWhen | None) -> None:
        self._reading = reading
        self._stop_when = stop_when
        self._begin = time.monotonic()
        self._deadline = self._begin + limit

    @property
    def remaining(self) -> float:
        return self._deadline - time.monotonic()

    def finish(self) -> None:
        """Record when the reading ended."""
        self._reading.ended_at = time.monotonic() - self._begin

    def open(self, exchange: InstrumentedExchange, request: Request) -> Response | None:
        """Return the response headers; None if there are none."""
        reading = self._reading
        try:
            response = exchange.open()
        except TransportError as error:
            reading.error = error
            timed_out = exchange.expired and exchange.connected_at is not None
            reading.ending = Ending.NO_RESPONSE if timed_out else Ending.FAILED
            return None
        finally:
            if exchange.connected_at is not None:
                reading.connected = exchange.connected_at - self._begin
        reading.hops.append(Hop(request, response))
        reading.headers_at = time.monotonic() - self._begin
        reading.version = exchange.version
        reading.certificate_expires = exchange.certificate_expires
        return response

    def read_body_start(self, exchange: InstrumentedExchange) -> None:
        """Read the start of a body that is not an event stream: it often explains why."""
        with contextlib.suppress(SSEError):
            self._reading.body_start = exchange.read(max(0.001, min(self.remaining, 1.0)))

    def read(self, exchange: InstrumentedExchange) -> None:
        """Read the body."""
        reading = self._reading
        received = lines = 0
        try:
            while (
                not self._is_enough()
                and received < MAX_BYTES
                and lines < MAX_LINES
                and (remaining := self.remaining) > 0
            ):
                data = exchange.read(remaining)
                if not data:
                    reading.ending = Ending.ENDED
                    return
                reading.chunks.append((time.monotonic() - self._begin, data))
                received += len(data)
                lines += data.count(b"\n") or data.count(b"\r")
        except SSEError as error:
            # Any other TransportError is the timeout, which is how most readings end.
            if isinstance(error, ReadError):
                reading.ending = Ending.DROPPED
                reading.error = error
            elif not isinstance(error, TransportError):
                # An encoding that cannot be decompressed here; its rule looks at the header.
                reading.error = error

    def _is_enough(self) -> bool:
        return self._stop_when is not None and self._stop_when(self._reading)


def _after_events(count: int) -> StopWhen:
    """Stop once so many events came."""
    parser = Parser()
    events = parsed = 0

    def stop_when(reading: Reading) -> bool:
        nonlocal events, parsed
        for _, data in reading.chunks[parsed:]:
            events += len(parser.feed(data))
        parsed = len(reading.chunks)
        return events >= count

    return stop_when


def _after_first_bytes(reading: Reading) -> bool:
    return bool(reading.chunks)


def _after_headers(_reading: Reading) -> bool:
    return True


def _uncompressed_or_event() -> StopWhen:
    """Stop at once if the response is not compressed, otherwise after its first event."""
    has_event = _after_events(1)
    return lambda reading: reading.header("Content-Encoding") is None or has_event(reading)
