"""The client without I/O: parser, handshake, retry policy and transition table, joined.

Whoever has an HTTP client and a clock can drive it. Each call changes the state once and returns the
step to take next (see `_steps`); a driver is the loop that takes steps:

    step = connection.connect()
    while True:
        match step:
            case Connect(request):         step = connection.respond(<send it>)    # or fail(error)
            case Read():                   step = connection.receive(<read>)       # or end(), or fail(error)
            case Deliver(events):          <hand them on>; step = step.then
            case ReadBody(limit, timeout): step = connection.refuse(<read>, epoch=time())
            case Decide(cause):            step = connection.decide(monotonic=monotonic(), random=random())
            case Wait(delay):              <wait>; step = connection.connect()
            case Pause():                  <until it is to go on>; step = connection.connect()
            case Stop(error):              <close; raise error>; break

Time and chance come in as arguments: the same calls always give the same steps.
"""

from __future__ import annotations

from ._changes import Closed, Connecting, Disconnected, Opened, Paused, Waiting
from ._checks import check_number
from ._errors import (
    ConnectError,
    ContentTypeError,
    EventTooLarge,
    HTTPStatusError,
    IllegalState,
    IncompleteStream,
    InvalidArgument,
    ReadError,
    RedirectError,
    RetriesExhausted,
    SSEError,
    TransportError,
)
from ._events import Event
from ._handshake import (
    MAX_REDIRECTS,
    Request,
    Verdict,
    check_method,
    judge,
    make_body,
    make_headers,
    redirect,
    retry_after,
)
from ._parser import DEFAULT_MAX_EVENT_SIZE, Parser
from ._retry import RetryPolicy
from ._state import READY_STATES, TRANSITIONS, Signal, State
from ._steps import Connect, Decide, Deliver, Pause, Read, ReadBody, Stop, Wait
from ._typing import Generic, Item
from ._url import split_credentials

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any, Literal, TypedDict, TypeVar, Unpack, overload

    from ._changes import StateChange
    from ._errors import ResponseError
    from ._events import Comment
    from ._handshake import Response
    from ._state import ReadyState

    Failure = TypeVar("Failure", bound=SSEError)

    class Options(TypedDict, total=False):
        """The keyword arguments of `Connection`, but for `comments`, in types."""

        method: str
        json: object
        content: bytes | str | None
        last_event_id: str
        retry: RetryPolicy | None
        max_event_size: int
        until: str | Callable[[Event], bool] | None
        sensitive_headers: Iterable[str]


ERROR_BODY_LIMIT = 64 * 2**10
"""Bytes of an error's body that are kept: enough for any API's explanation."""

ERROR_BODY_SECONDS = 5.0
"""How long an error's body is waited for: some servers answer 503 and never end."""

READ = Read()
UNLIMITED = RetryPolicy()
"""Where there is no policy, a caller's own decision to try again meets no limit."""


class Connection(Generic[Item]):
    """One event source, over all its connections, without any I/O.

    Args:
        url: http or https. `user:password@` in it becomes an Authorization header.
        method: the HTTP method. Whether it is safe decides what may be sent again.
        json: a body, written as JSON. Not for GET and HEAD.
        content: a body, as bytes or str, instead of `json`.
        last_event_id: where to begin, from an earlier run.
        retry: what to do at ends and failures; None never reconnects.
        max_event_size: bytes, as in `Parser`.
        until: the `data` of the event that ends the stream, or a function that tells it. That event
            is not delivered.
        comments: whether comments are delivered too.
        sensitive_headers: names of further headers that a redirect to another origin must not get.

    Raises:
        InvalidArgument: naming the argument.

    WHATWG HTML 9.2.3.
    """

    if TYPE_CHECKING:
        # The one thing that a plain signature cannot tell: `comments` decides what is delivered.
        @overload
        def __init__(
            self: Connection[Event], url: str, *, comments: Literal[False] = ..., **options: Unpack[Options]
        ) -> None: ...
        @overload
        def __init__(
            self: Connection[Event | Comment], url: str, *, comments: bool, **options: Unpack[Options]
        ) -> None: ...

    def __init__(
        self,
        url: str,
        *,
        method: str = "GET",
        json: object = None,
        content: bytes | str | None = None,
        last_event_id: str = "",
        retry: RetryPolicy | None = RetryPolicy(),  # noqa: B008  # frozen
        max_event_size: int = DEFAULT_MAX_EVENT_SIZE,
        until: str | Callable[[Event], bool] | None = None,
        comments: bool = False,
        sensitive_headers: Iterable[str] = (),
    ) -> None:
        if retry is not None and not isinstance(retry, RetryPolicy):
            raise InvalidArgument("retry", f"expected RetryPolicy or None, not {type(retry).__name__}")
        if until is not None and not isinstance(until, str) and not callable(until):
            raise InvalidArgument("until", f"expected str or a function, not {type(until).__name__}")
        self._url, self._credentials = split_credentials(url)
        self._method = check_method(method)
        self._body, self._content_type = make_body(self._method, json, content)
        self._policy = retry or UNLIMITED
        self._until = until
        self._comments = comments
        self._secret = frozenset(name.lower() for name in _names(sensitive_headers))
        self._parser: Parser[Any] = Parser(
            last_event_id=last_event_id, max_event_size=max_event_size, comments=comments
        )
        # Sent again, the request may do its work again, unless it is safe or the policy says so.
        self._repeatable = retry is not None and self._method in retry.allowed_methods
        self._reconnects_on_close = self._repeatable
        if retry is not None and retry.reconnect_on_close is not None:
            self._reconnects_on_close = retry.reconnect_on_close

        self._state = State.NEW
        self._error: BaseException | None = None
        self._changes: list[StateChange] = []
        self._request = Request(self._method, self._url)
        self._response: Response | None = None
        self._redirects = 0
        self._cause: SSEError | None = None
        # Connections in a row without an event; waits in a row; when that began.
        self._barren = 0
        self._waits = 0
        self._trouble_since: float | None = None
        self._progress = False
        self._bytes_received = 0
        self._events_received = 0

    def __repr__(self) -> str:
        # Not the query, which may hold a secret.
        url = self.url.partition("?")[0]
        return f"<Connection {self._method} {url} {self._state.value}>"

    @property
    def state(self) -> State:
        """Where it stands; all states and what leads from one to another are in `TRANSITIONS`."""
        return self._state

    @property
    def ready_state(self) -> ReadyState:
        """`readyState` as a browser has it: CONNECTING (also while waiting or paused), OPEN or CLOSED."""
        return READY_STATES[self._state]

    @property
    def url(self) -> str:
        """The URL asked last, after redirects."""
        return self._request.url

    @property
    def last_event_id(self) -> str:
        """The last event ID of all that was received, behind which the next connection asks to go on."""
        return self._parser.last_event_id

    @property
    def reconnection_time(self) -> int | None:
        """The server's last `retry` value in milliseconds, or None. It survives reconnects."""
        return self._parser.retry

    @property
    def error(self) -> BaseException | None:
        """The error it ended with, once closed; None if it ended well or has not ended."""
        return self._error

    def changes(self) -> list[StateChange]:
        """Return what happened since the last call of this, in order."""
        changes, self._changes = self._changes, []
        return changes

    def connect(self, headers: Mapping[str, str] | None = None) -> Connect:
        """Begin a connection: the first, the next after a wait or a pause, or a new one at once.

        Args:
            headers: the caller's header fields for this attempt; they win over our own, except that
                a Last-Event-ID gives way once the stream has set an ID itself. Not changed.

        Returns:
            `Connect`.

        Raises:
            InvalidArgument: a header that cannot be sent. Nothing has changed then.
            IllegalState: it is closed.
        """
        self._check(Signal.CONNECT)
        if headers is not None and not hasattr(headers, "items"):
            raise InvalidArgument("headers", f"expected a mapping, not {type(headers).__name__}")
        own = {
            name: value
            for name, value in (headers or {}).items()
            if not (self._parser.id_was_set and isinstance(name, str) and name.lower() == "last-event-id")
        }
        fields = make_headers(own, self._content_type, self._credentials, self.last_event_id)
        self._move(Signal.CONNECT)
        self._progress = False
        self._redirects = 0
        self._parser.reset()
        # The standard "reestablishes the connection" with the request as the last redirect left it. We
        # don't, because a server may have moved on since (RFC 9110, 15.4.3 and 15.4.8), and a place that
        # is gone would be asked for ever.
        return self._send(Request(self._method, self._url, fields, self._body))

    def respond(self, response: Response) -> Read | Connect | ReadBody | Stop:
        """The head of a response arrived.

        Returns:
            `Read` for an event stream, `Connect` for a redirect, `Stop` for 204, `ReadBody` for
            anything else.
        """
        self._check(Signal.ACCEPT)
        self._response = response
        verdict = judge(response)
        if verdict is Verdict.REDIRECTED and self._redirects < MAX_REDIRECTS:
            target = redirect(self._request, response, self._secret)
            if target is not None:
                self._move(Signal.REDIRECT)
                self._redirects += 1
                return self._send(target)
        if verdict is Verdict.ACCEPTED:
            self._move(Signal.ACCEPT)
            self._note(Opened)
            return READ
        if verdict is Verdict.NO_CONTENT:
            return self._stop(None)
        self._move(Signal.REFUSE)
        return ReadBody(ERROR_BODY_LIMIT, ERROR_BODY_SECONDS)

    def refuse(self, body: bytes, *, epoch: float) -> Decide:
        """The start of a body that is no event stream was read; it becomes part of the error.

        Args:
            body: as much of it as there was; what is above the `limit` of `ReadBody` is cut off.
            epoch: the time in seconds since 1970, UTC, to which a date in Retry-After is compared.

        Returns:
            `Decide`.
        """
        if self._state is not State.REFUSED or self._response is None:
            raise self._illegal("refuse")
        return self._fail(self._refusal(self._response, body, epoch))

    def receive(self, data: bytes) -> Deliver[Item]:
        """Bytes of the stream arrived.

        Returns:
            `Deliver`, whose `then` is `Read`, or `Stop` at `until`, or `Decide` if an event was too
            large. Events that were complete before that are in it.
        """
        if self._state is not State.OPEN:
            # Refused; where it is allowed, it leads nowhere else.
            self._move(Signal.RECEIVE)
        too_large = None
        try:
            events = self._parser.feed(data)
        except EventTooLarge as error:
            events = list(error.events)
            # Without its events: they are delivered, and must not be found a second time.
            too_large = EventTooLarge(error.limit)
        self._bytes_received += len(data)
        last: Stop | None = None
        if self._until is not None:
            events, last = _up_to_the_last(events, self._until)
        if events:
            self._count(events)
        then: Read | Decide | Stop = READ
        if last is not None:
            then = self._stop(last.error)
        elif too_large is not None:
            then = self._fail(too_large)
        return Deliver(events, then)

    def end(self) -> Decide:
        """The response's body ended properly.

        Returns:
            `Decide`. Its cause is `IncompleteStream` if something is missing that no further
            connection will bring.
        """
        self._move(Signal.END)
        dropped = self._parser.close()
        cause = None
        if not self._reconnects_on_close and (dropped or self._until is not None):
            cause = IncompleteStream(dropped, self.last_event_id)
        return self._decide_about(cause, dropped)

    def fail(self, error: Exception) -> Decide:
        """No response arrived, the stream broke, or it cannot be used.

        Args:
            error: what the HTTP client raised. While connecting it becomes the cause of a
                `ConnectError`, while a stream is read that of a `ReadError`; an `SSEError` that says
                as much is taken as it is. While the body of an answer that is no stream is read, the
                answer is the error, and this is its cause.

        Returns:
            `Decide`. Its cause is `IncompleteStream`, caused by the `ReadError`, if the stream will
            not be resumed.

        Raises:
            InvalidArgument: what is no `Exception`. Nothing has changed then.
        """
        self._check(Signal.FAIL)
        if not isinstance(error, Exception):
            raise InvalidArgument("error", f"expected an Exception, not {type(error).__name__}")
        if self._state is State.REFUSED and self._response is not None:
            return self._fail(_caused(self._refusal(self._response, b"", None), error))
        kind, other = (ReadError, ConnectError) if self._state is State.OPEN else (ConnectError, ReadError)
        if not isinstance(error, SSEError) or isinstance(error, other):
            error = _caused(kind(str(error) or type(error).__name__), error)
        return self._fail(error)

    def decide(self, *, monotonic: float, random: float, delay: float | None = None) -> Wait | Stop:
        """Settle what follows the end of a connection.

        Args:
            monotonic: seconds, of a clock that never goes back (`time.monotonic`).
            random: a number from 0 up to 1, for the jitter.
            delay: seconds; the caller's own decision to try again after them, whatever the error
                and whatever the policy says. Its `max_attempts` and `max_elapsed` hold all the same,
                as all that ends a caller who always decides so. None lets the policy decide.

        Returns:
            `Wait` or `Stop`.

        Raises:
            InvalidArgument: a `delay` that is negative or not finite. Nothing has changed then.
        """
        self._check(Signal.WAIT)
        if delay is not None:
            check_number("delay", delay, 0)
        cause = self._cause
        if delay is None and not self._goes_on_after(cause):
            return self._stop(cause)
        self._barren = 0 if self._progress else self._barren + 1
        if self._trouble_since is None:
            self._trouble_since = monotonic
        policy = self._policy
        if delay is None:
            asked = cause.retry_after if isinstance(cause, HTTPStatusError) else None
            delay = policy.delay(self._waits, random=random, retry=self.reconnection_time, retry_after=asked)
        elapsed = monotonic - self._trouble_since
        if not policy.allows(attempts=self._barren, elapsed=elapsed + delay):
            exhausted = RetriesExhausted(self._barren, elapsed)
            if cause is not None:
                exhausted = RetriesExhausted(self._barren, elapsed, str(cause))
            exhausted.__cause__ = cause
            return self._stop(exhausted)
        self._move(Signal.WAIT)
        self._waits += 1
        self._note(Waiting, cause=cause, delay=delay)
        return Wait(delay)

    def pause(self) -> Pause:
        """Have no connection until the next `connect`. An unfinished event is dropped: it will be sent again.

        Returns:
            `Pause`.
        """
        was_paused = self._state is State.PAUSED
        self._move(Signal.PAUSE)
        self._parser.close()
        if not was_paused:
            self._note(Paused)
        return Pause()

    def close(self, error: BaseException | None = None) -> Stop:
        """End it for good. Calling this again changes nothing.

        Args:
            error: why, if it is a failure (a hook that raised, a response that was rejected).

        Returns:
            `Stop`, with the error it ended with.
        """
        if self._state is State.CLOSED:
            return Stop(self._error)
        return self._stop(error)

    # What the policy says.

    def _goes_on_after(self, cause: SSEError | None) -> bool:
        """The table "Ends and reconnection", a row a line."""
        if cause is None:
            return self._reconnects_on_close
        if isinstance(cause, TransportError):
            return self._repeatable
        if isinstance(cause, HTTPStatusError) and not isinstance(cause, RedirectError):
            return self._repeatable and cause.status in self._policy.statuses
        return False

    # What every call is made of.

    def _count(self, events: list[Item]) -> None:
        received = len(events)
        if self._comments:
            received = sum(isinstance(event, Event) for event in events)
        if received:
            self._events_received += received
            # Only an event is progress: a server that accepts and drops at once must meet growing
            # waits and the limit.
            self._progress = True
            self._barren = self._waits = 0
            self._trouble_since = None

    def _send(self, request: Request) -> Connect:
        self._request = request
        self._response = None
        self._note(Connecting)
        return Connect(request)

    def _refusal(self, response: Response, body: bytes, epoch: float | None) -> ResponseError:
        kinds = {Verdict.WRONG_TYPE: ContentTypeError, Verdict.REDIRECTED: RedirectError}
        kind = kinds.get(judge(response), HTTPStatusError)
        wanted = retry_after(response, epoch)
        return kind(response.status, response.headers, body[:ERROR_BODY_LIMIT], self.url, wanted)

    def _fail(self, error: SSEError) -> Decide:
        in_stream = self._state is State.OPEN
        self._move(Signal.FAIL)
        dropped = self._parser.close()
        if in_stream and isinstance(error, ReadError) and not self._repeatable:
            error = _caused(IncompleteStream(dropped, self.last_event_id), error)
        return self._decide_about(error, dropped)

    def _decide_about(self, cause: SSEError | None, dropped: int) -> Decide:
        self._cause = cause
        self._note(Disconnected, cause=cause, pending=dropped)
        return Decide(cause)

    def _stop(self, error: BaseException | None) -> Stop:
        self._move(Signal.CLOSE)
        self._parser.close()
        self._error = error
        self._note(Closed, cause=error)
        return Stop(error)

    def _note(
        self,
        kind: type[StateChange],
        *,
        cause: BaseException | None = None,
        delay: float | None = None,
        pending: int = 0,
    ) -> None:
        change = kind(
            url=self.url,
            attempt=self._barren + 1,
            cause=cause,
            delay=delay,
            pending=pending,
            last_event_id=self.last_event_id,
            bytes_received=self._bytes_received,
            events_received=self._events_received,
        )
        self._changes.append(change)

    def _check(self, signal: Signal) -> None:
        if signal not in TRANSITIONS[self._state]:
            raise self._illegal(signal.value)

    def _move(self, signal: Signal) -> None:
        following = TRANSITIONS[self._state].get(signal)
        if following is None:
            raise self._illegal(signal.value)
        self._state = following

    def _illegal(self, call: str) -> IllegalState:
        error = IllegalState(f"cannot {call} in state {self._state.value}")
        error.__cause__ = self._error
        return error


def _caused(error: Failure, cause: Exception) -> Failure:
    error.__cause__ = cause
    return error


def _up_to_the_last(
    events: list[Item], until: str | Callable[[Event], bool]
) -> tuple[list[Item], Stop | None]:
    """Return the events before the one that ends the stream, and the stop if it was among them."""
    for index, event in enumerate(events):
        if isinstance(event, Event):
            try:
                is_last = event.data == until if isinstance(until, str) else until(event)
            except Exception as error:  # noqa: BLE001  # surfaces after the events before it
                return events[:index], Stop(error)
            if is_last:
                return events[:index], Stop(_not_awaited(is_last))
    return events, None


def _not_awaited(is_last: object) -> InvalidArgument | None:
    """Return an error if `until` was answered with something to await: nobody does, and all of it is true."""
    if not hasattr(is_last, "__await__"):
        return None
    # A coroutine that is closed does not warn that it was never awaited.
    close = getattr(is_last, "close", None)
    if close is not None:
        close()
    return InvalidArgument("until", "expected a function that returns bool, not something to await")


def _names(sensitive_headers: Iterable[str]) -> list[str]:
    """Return the names, or refuse what is no collection of them; one str would be taken for its letters."""
    try:
        names = list(sensitive_headers)
    except TypeError:
        names = []
        readable = False
    else:
        readable = not isinstance(sensitive_headers, str) and all(isinstance(name, str) for name in names)
    if not readable:
        raise InvalidArgument("sensitive_headers", f"expected names of headers, not {sensitive_headers!r}")
    return names
