"""Fill a `Measurement` from the stream of a server or from a file."""

from __future__ import annotations

from datetime import UTC, datetime
from threading import Timer

from sse_core import (
    ConnectError,
    Connecting,
    ContentEncodingError,
    ContentTypeError,
    Disconnected,
    EventTooLarge,
    HTTPStatusError,
    IdleTimeout,
    IncompleteStream,
    Opened,
    Parser,
    Request,
    StateChange,
)

from ..._clock import SYSTEM_CLOCK, Clock
from ..._driver import without_secrets
from ..._interface import Exchange, Transport
from .._files import FileConnection, StreamFile
from .._options import RequestOptions
from ._model import COMPLETE, NO_CONTENT, STOPPED, Measurement

REDIRECTS = frozenset({301, 302, 303, 307, 308})

NO_STREAM = "not an event stream"


class Watch:
    """Measures the stream of a server.

    Args:
        request: the options of the request.
        url: the URL of the stream.
        seconds: how long to measure, from the first request on; None without a limit.
        events: after how many events to stop; None without a limit.
        clock: the clock.

    Attributes:
        measurement: the measurement so far; complete when `run` has returned or raised.
        name: the URL without a password and query, for output that is shared.
    """

    def __init__(
        self,
        request: RequestOptions,
        url: str,
        *,
        seconds: float | None = None,
        events: int | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self.measurement = Measurement()
        self._seconds = seconds
        self._events = events
        self._clock = clock
        self._begun = clock.monotonic()
        self._stopped = False
        self._source = request.source(url, on_state=self._changed)
        self.name = without_secrets(self._source.url)
        # Only a transport sees the bytes and when they come; recordings wrap it in the same way.
        transport = self._source._transport  # noqa: SLF001  # of this package
        self._source._transport = _WatchedTransport(transport, self)  # noqa: SLF001

    @property
    def elapsed(self) -> float:
        """Seconds since the measurement began."""
        return self._clock.monotonic() - self._begun

    def run(self) -> None:
        """Measure until the stream ends or a limit is reached.

        Raises:
            SSEError: the stream failed, or there was no stream within the time limit.
            KeyboardInterrupt: Ctrl-C.
        """
        source, measurement = self._source, self.measurement
        timer = None if self._seconds is None else Timer(self._seconds, self._stop)
        self._begun = self._clock.monotonic()
        try:
            with source:
                if timer is not None:
                    timer.daemon = True
                    timer.start()
                for item in source:
                    measurement.on_item(item)
                    self._update_retry()
                    if measurement.events == self._events:
                        self._stop()
                if not self._stopped:
                    # The stream ended by its `until` event, or the server answered 204.
                    cause = COMPLETE if measurement.is_connected else NO_CONTENT
                    measurement.on_end(self.elapsed, cause)
        finally:
            if timer is not None:
                timer.cancel()
            measurement.on_stop(self.elapsed)
        if self._stopped and not measurement.opened:
            reason = ", ".join(measurement.failures) or "no response"
            raise ConnectError(f"no event stream within {self._seconds:g} seconds: {reason}")

    def received(self, data: bytes) -> None:
        """Count bytes that came, unless they belong to a response that is not an event stream."""
        if self.measurement.is_connected:
            self.measurement.on_bytes(len(data), self.elapsed)

    def _stop(self) -> None:
        self._stopped = True
        self._source.close()

    def _update_retry(self) -> None:
        self.measurement.on_retry(self._source.reconnection_time)

    def _changed(self, change: StateChange) -> None:
        self._update_retry()
        match change:
            case Connecting():
                self.measurement.on_request(self.elapsed)
            case Opened():
                self.measurement.on_open(self.elapsed)
            case Disconnected():
                self.measurement.on_incomplete(change.pending)
                self.measurement.on_end(self.elapsed, _cause(change.cause))
            case _:
                pass


class _WatchedTransport:
    """A transport whose exchanges report the bytes they read. See `Transport`."""

    def __init__(self, transport: Transport, watch: Watch) -> None:
        self._transport = transport
        self._watch = watch

    def exchange(self, request: Request, *, timeout: float | None) -> _WatchedExchange:
        return _WatchedExchange(self._transport.exchange(request, timeout=timeout), self._watch)

    def close(self) -> None:
        self._transport.close()


class _WatchedExchange:
    """An exchange that reports the bytes it reads. See `Exchange`."""

    def __init__(self, exchange: Exchange, watch: Watch) -> None:
        self._exchange = exchange
        self._watch = watch
        self.open = exchange.open
        self.close = exchange.close

    def read(self, timeout: float | None) -> bytes:
        data = self._exchange.read(timeout)
        if data:
            self._watch.received(data)
        return data


def measure_file(file: StreamFile, measurement: Measurement) -> None:
    """Measure the contents of a file, up to its end. After an error, what came before is measured.

    Args:
        file: an opened file.
        measurement: the measurement to fill; `timed` if the file is a recording.

    Raises:
        EventTooLarge: an event is too large.
        OSError: the file cannot be read.
    """
    reading = _FileReading(measurement)
    try:
        for connection in file:
            reading.read(connection)
    finally:
        reading.stop()


class _FileReading:
    """Fills a measurement from a file, one connection after another."""

    def __init__(self, measurement: Measurement) -> None:
        self._measurement = measurement
        self._parser = Parser(comments=True)
        self._first: datetime | None = None
        self._elapsed = 0.0

    def read(self, connection: FileConnection) -> None:
        """Read one connection."""
        head, measurement = connection.head, self._measurement
        self._parser.reset()
        if head is None:
            for chunk in connection:
                self._received(chunk.data, None)
            return
        self._elapsed = max(self._elapsed, self._seconds_since_first(head.time))
        measurement.on_request(self._elapsed)
        opened = self._elapsed = self._elapsed + head.seconds
        if connection.is_stream:
            measurement.on_open(opened)
        for chunk in connection:
            self._elapsed = opened + (chunk.seconds or 0.0)
            if connection.is_stream:
                self._received(chunk.data, self._elapsed)
        if connection.end is not None:
            self._elapsed = opened + connection.end.seconds
            measurement.on_incomplete(self._parser.close())
            if head.status not in REDIRECTS:
                measurement.on_end(self._elapsed, _recorded_cause(connection))

    def stop(self) -> None:
        """End the measurement at the end of the file."""
        self._measurement.on_incomplete(self._parser.close())
        self._measurement.on_stop(self._elapsed)

    def _seconds_since_first(self, time: str) -> float:
        """Return the seconds from the first date of the file to this one; 0 if it is not a date."""
        try:
            date = datetime.fromisoformat(time)
        except ValueError:
            return 0.0
        date = date if date.tzinfo else date.replace(tzinfo=UTC)
        self._first = self._first or date
        return (date - self._first).total_seconds()

    def _received(self, data: bytes, seconds: float | None) -> None:
        measurement = self._measurement
        measurement.on_bytes(len(data), seconds)
        try:
            items = self._parser.feed(data)
        except EventTooLarge as error:
            for item in error.events:
                measurement.on_item(item)
            raise
        for item in items:
            measurement.on_item(item)
        measurement.on_retry(self._parser.retry)


def _recorded_cause(connection: FileConnection) -> str:
    head, end = connection.head, connection.end
    if connection.is_stream or head is None or head.status is None:
        return STOPPED if end is None else end.end
    return NO_STREAM if head.status == 200 else f"HTTP {head.status}"


def _cause(error: BaseException | None) -> str:
    """Return how a connection ended, as the value that a recording would have."""
    match error:
        case None:
            return COMPLETE
        case HTTPStatusError():
            return f"HTTP {error.status}"
        case ContentTypeError() | ContentEncodingError():
            return NO_STREAM
        case IdleTimeout():
            return "silent"
        case ConnectError():
            return "refused"
        case EventTooLarge():
            return "event too large"
        case IncompleteStream() if error.__cause__ is None:
            # A clean end of the response, only earlier than its `until` event.
            return COMPLETE
        case _:
            return "lost"
