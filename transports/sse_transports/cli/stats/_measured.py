"""What `sse stats` measures: the stream of a server as it comes, or a file."""

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
from ..._interface import Exchange, Transport
from ..._log import without_secrets
from .._files import FileConnection, StreamFile
from .._options import RequestOptions
from ._measure import COMPLETE, LEFT, TOLD_TO_STOP, Measurement

REDIRECTS = frozenset({301, 302, 303, 307, 308})

NO_STREAM = "not an event stream"


class Watch:
    """Measures the stream of a server.

    Args:
        request: what is asked.
        url: of whom.
        seconds: how long to measure, from the first request on; None for as long as it lasts.
        events: how many events to wait for; None likewise.
        clock: what tells the time.

    Attributes:
        measurement: what is known so far; complete when `run` has returned or raised.
        name: the URL without what may be secret in it, as it may be shown around.
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
        self._is_over = False
        self._source = request.source(url, on_state=self._changed)
        self.name = without_secrets(self._source.url)
        # As a recording does it: nothing else sees the bytes, and the moment they come.
        transport = self._source._transport  # noqa: SLF001  # of this package
        self._source._transport = _Watched(transport, self)  # noqa: SLF001

    @property
    def elapsed(self) -> float:
        """Seconds since the beginning."""
        return self._clock.monotonic() - self._begun

    def run(self) -> None:
        """Measure until the stream ends, or enough is measured.

        Raises:
            SSEError: what ended it; or there was no stream in the time to measure.
            KeyboardInterrupt: Ctrl-C.
        """
        source, measurement = self._source, self.measurement
        end = None if self._seconds is None else Timer(self._seconds, self._leave)
        self._begun = self._clock.monotonic()
        try:
            with source:
                if end is not None:
                    end.daemon = True
                    end.start()
                for item in source:
                    measurement.item(item)
                    self._look_at_retry()
                    if measurement.events == self._events:
                        self._leave()
                if not self._is_over:
                    # Told to stop by the server, or at the end that was asked for.
                    over = COMPLETE if measurement.is_connected else TOLD_TO_STOP
                    measurement.ended(self.elapsed, over)
        finally:
            if end is not None:
                end.cancel()
            measurement.stopped(self.elapsed)
        if self._is_over and not measurement.opened:
            failed = ", ".join(measurement.failures) or "no answer"
            raise ConnectError(f"no event stream within {self._seconds:g} seconds: {failed}")

    def received(self, data: bytes) -> None:
        """Bytes came, on a connection that may be none of an event stream."""
        if self.measurement.is_connected:
            self.measurement.received(len(data), self.elapsed)

    def _leave(self) -> None:
        self._is_over = True
        self._source.close()

    def _look_at_retry(self) -> None:
        self.measurement.retry(self._source.reconnection_time)

    def _changed(self, change: StateChange) -> None:
        self._look_at_retry()
        match change:
            case Connecting():
                self.measurement.requested(self.elapsed)
            case Opened():
                self.measurement.answered(self.elapsed)
            case Disconnected():
                self.measurement.dropped(change.pending)
                self.measurement.ended(self.elapsed, _cause_of(change.cause))
            case _:
                pass


class _Watched:
    """A transport whose exchanges are watched. See `Transport`."""

    def __init__(self, transport: Transport, watch: Watch) -> None:
        self._transport = transport
        self._watch = watch

    def exchange(self, request: Request, *, timeout: float | None) -> _WatchedExchange:
        return _WatchedExchange(self._transport.exchange(request, timeout=timeout), self._watch)

    def close(self) -> None:
        self._transport.close()


class _WatchedExchange:
    """An exchange that tells when bytes came. See `Exchange`."""

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
    """Measure what is in a file, up to the end of it.

    Args:
        file: entered already.
        measurement: what is told of it; `timed` if it is a recording.

    Raises:
        EventTooLarge: what came before that was measured.
        OSError: likewise.
    """
    reading = _FileReading(measurement)
    try:
        for connection in file:
            reading.read(connection)
    finally:
        reading.stop()


class _FileReading:
    """Tells a measurement what a file says, connection by connection."""

    def __init__(self, measurement: Measurement) -> None:
        self._measurement = measurement
        self._parser = Parser(comments=True)
        self._first: datetime | None = None
        self._elapsed = 0.0

    def read(self, connection: FileConnection) -> None:
        """Take one connection."""
        head, measurement = connection.head, self._measurement
        self._parser.reset()
        if head is None:
            for piece in connection:
                self._received(piece.data, None)
            return
        self._elapsed = max(self._elapsed, self._date(head.time))
        measurement.requested(self._elapsed)
        answered = self._elapsed = self._elapsed + head.seconds
        if connection.is_stream:
            measurement.answered(answered)
        for piece in connection:
            self._elapsed = answered + (piece.seconds or 0.0)
            if connection.is_stream:
                self._received(piece.data, self._elapsed)
        if connection.end is not None:
            self._elapsed = answered + connection.end.seconds
            measurement.dropped(self._parser.close())
            if head.status not in REDIRECTS:
                measurement.ended(self._elapsed, _end_of(connection))

    def stop(self) -> None:
        """There is no more."""
        self._measurement.dropped(self._parser.close())
        self._measurement.stopped(self._elapsed)

    def _date(self, time: str) -> float:
        """Return when that was, in seconds behind the first date; 0 if it is no date."""
        try:
            date = datetime.fromisoformat(time)
        except ValueError:
            return 0.0
        date = date if date.tzinfo else date.replace(tzinfo=UTC)
        self._first = self._first or date
        return (date - self._first).total_seconds()

    def _received(self, data: bytes, seconds: float | None) -> None:
        measurement = self._measurement
        measurement.received(len(data), seconds)
        try:
            items = self._parser.feed(data)
        except EventTooLarge as error:
            for item in error.events:
                measurement.item(item)
            raise
        for item in items:
            measurement.item(item)
        measurement.retry(self._parser.retry)


def _end_of(connection: FileConnection) -> str:
    head, end = connection.head, connection.end
    if connection.is_stream or head is None or head.status is None:
        return LEFT if end is None else end.end
    return NO_STREAM if head.status == 200 else f"HTTP {head.status}"


def _cause_of(error: BaseException | None) -> str:
    """Return in the words of a recording how a connection ended."""
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
            # It ended properly, but before its end.
            return COMPLETE
        case _:
            return "lost"
