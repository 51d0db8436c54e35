"""A whole client of Server-Sent Events, except for the I/O: `Connection`.

It joins the other parts: `_handshake` makes requests and classifies responses, `_parser` reads the stream,
`_retry` decides whether and when to reconnect, and the table in `_state` says which call is legal when.

Use it with an HTTP client and a clock of your own. Each call reports one thing that happened (a response
arrived, bytes arrived, the connection was lost), changes the state once, and returns the step to take next.
A driver is the loop that takes these steps:

    step = connection.connect()
    while True:
        match step:
            case Connect(request):
                close_connection()
                try:
                    response = send(request)
                except OSError as error:
                    step = connection.fail(error)
                else:
                    step = connection.respond(response)
            case Read():
                try:
                    data = read()
                except OSError as error:
                    step = connection.fail(error)
                else:
                    step = connection.receive(data) if data else connection.end()
            case Deliver(events):
                yield from events
                step = step.then
            case ReadBody(limit, timeout):
                step = connection.refuse(read_body(limit, timeout), epoch=time())
            case Decide():
                close_connection()
                step = connection.decide(monotonic=monotonic(), random=random())
            case Wait(delay):
                sleep(delay)
                step = connection.connect()
            case Pause():
                wait_until_resumed()
                step = connection.connect()
            case Stop(error):
                close_connection()
                if error is not None:
                    raise error
                return

What it promises:

- Time and randomness are arguments. The same calls always return the same steps.
- A call that raises `InvalidArgument` or `IllegalState` has changed nothing.
- `connect`, `pause` and `close` are legal at any moment until it is closed, whatever the driver is doing.
  They return the step that takes the place of the current one.
- No more than one unfinished event is held, and none while there is no connection.
"""

from __future__ import annotations

from ._changes import Closed, Connecting, Disconnected, Opened, Paused, StateChange, Waiting
from ._checks import LARGEST_FLOAT, check_at_end, check_number
from ._errors import (
    MAX_REDIRECTS,
    ConnectError,
    EventTooLarge,
    HTTPStatusError,
    IllegalState,
    IncompleteStream,
    InvalidArgument,
    ReadError,
    RedirectError,
    ResponseError,
    RetriesExhausted,
    SSEError,
    TransportError,
    redirect_text,
)
from ._events import DEFAULT_TYPE, Comment, Event
from ._handshake import (
    EVENT_STREAM,
    ORIGIN_HEADERS,
    Handshake,
    Request,
    ResponseKind,
    classify_response,
    response_error,
)
from ._parser import DEFAULT_MAX_EVENT_SIZE, Parser
from ._retry import RetryPolicy
from ._state import READY_STATES, TRANSITIONS, ReadyState, Signal, State
from ._values import Generic, Item, Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any, Literal, Unpack, overload

    from ._handshake import Response
    from ._parser import Options as ParserOptions
    from ._url import Params

    # The base of the option types of both event sources, which add theirs.
    class Options(ParserOptions, total=False):
        """The types of the keyword arguments of `Connection`, except for `comments`."""

        method: str
        params: Params | None
        json: object
        content: bytes | str | None
        retry: RetryPolicy | None
        until: str | Callable[[Event], bool] | None
        at_end: Literal["raise", "drop", "dispatch"] | None
        accept: Iterable[str | None]
        sensitive_headers: Iterable[str]


# How a call works:
#
# 1. It checks its arguments and the state. Up to here it may raise, and nothing has changed.
# 2. It moves to the next state, by one lookup in the table.
# 3. It changes what it has to: counters, the parser, the current request.
# 4. It notes a `StateChange`, if a caller may want to know, and returns the step.
#
# What has which lifetime:
#
# - Of one attempt: `_request`, `_response`, `_redirects`, `_events_before_attempt` and the parser's
#   unfinished event. `connect` begins these anew.
# - From the first failure to the next event: `_attempts_without_event`, `_backoff_exponent` and
#   `_failing_since`. `_reset_backoff` resets them; `_take_back_progress` restores them.
# - Of the whole event source: the last event ID and the reconnection time, which the parser keeps through
#   `reset`, the totals of bytes and events, and whatever `__init__` was given.
#
# There is no lock. One thread makes the calls, or the owner has a lock.


# Steps. Each is a class of its own, so that `match` takes it apart and type checkers see a missing case.


class Connect(Record):
    """Drop the connection, if there is one; send `request`; call `respond` with the response, or `fail`.

    Do not follow redirects: `respond` returns where they lead.

    Attributes:
        request: the request to send, as it is.
    """

    __slots__ = __match_args__ = ("request",)
    request: Request

    def __init__(self, request: Request) -> None:
        self._set(locals())


class Read(Record):
    """Read the next bytes and call `receive`; at the end of the body call `end`; on an error `fail`."""

    __slots__ = __match_args__ = ()


class ReadBody(Record):
    """Read the start of a body that is not an event stream, and call `refuse` with it.

    The response is the error already. If its body breaks or takes too long, pass on what was read.

    Attributes:
        limit: bytes; read no more.
        timeout: seconds for all of them.
    """

    __slots__ = __match_args__ = ("limit", "timeout")
    limit: int
    timeout: float

    def __init__(self, limit: int, timeout: float) -> None:
        self._set(locals())


class Decide(Record):
    """Drop the connection, show `cause` to the caller, and call `decide`.

    Attributes:
        cause: why the connection ended; None for a clean end.
    """

    __slots__ = __match_args__ = ("cause",)
    cause: SSEError | None

    def __init__(self, cause: SSEError | None) -> None:
        self._set(locals())


class Wait(Record):
    """Wait, then call `connect`.

    Attributes:
        delay: seconds.
    """

    __slots__ = __match_args__ = ("delay",)
    delay: float

    def __init__(self, delay: float) -> None:
        self._set(locals())


class Pause(Record):
    """Drop the connection and wait until the caller resumes; then call `connect`."""

    __slots__ = __match_args__ = ()


class Stop(Record):
    """Drop the connection; it has ended for good. Raise `error` if there is one.

    Attributes:
        error: what to raise; None for a good end.
    """

    __slots__ = __match_args__ = ("error",)
    error: BaseException | None

    def __init__(self, error: BaseException | None) -> None:
        self._set(locals())


class Deliver(Generic[Item], Record):
    """What `receive` returns, and `end` at times: hand on `events` in order, then take the step `then`.

    Attributes:
        events: what the bytes, or their end, completed; often none.
        then: the next step.
    """

    __slots__ = __match_args__ = ("events", "then")
    events: list[Item]
    then: Read | Decide | Stop

    def __init__(self, events: list[Item], then: Read | Decide | Stop) -> None:
        # As `_set` does it, without its loop and its look-ups: one of these is made for every chunk.
        _set_events(self, events)
        _set_then(self, then)


# The descriptors of the two fields set them although the class refuses it.
_set_events = vars(Deliver)["events"].__set__
_set_then = vars(Deliver)["then"].__set__


class Attempt(Record):
    """What is known when the request of an attempt is made: see `Connection.next_request`.

    Attributes:
        number: 1 for the first attempt of this event source. Redirects do not count.
        last_event_id: the last event ID received.
        last_event: the last event received, or None.
        last_response: the response of the last stream that was opened, or None. Its `url` is where the
            stream was found, after redirects.
        cause: why the attempt before this one ended; None for a clean end, for the first attempt, and if the
            caller wants another connection.
    """

    __slots__ = __match_args__ = ("number", "last_event_id", "last_event", "last_response", "cause")
    number: int
    last_event_id: str
    last_event: Event | None
    last_response: Response | None
    cause: SSEError | None

    def __init__(
        self,
        number: int,
        last_event_id: str = "",
        last_event: Event | None = None,
        last_response: Response | None = None,
        cause: SSEError | None = None,
    ) -> None:
        self._set(locals())


# The body of an error response: enough for the explanation of any API.
ERROR_BODY_LIMIT = 64 * 2**10

# Seconds for reading it: some servers respond 503 and never end the body.
ERROR_BODY_SECONDS = 5.0

# One object for all: it has no fields, and follows nearly every chunk.
READ = Read()

# Looked up for every chunk: under Python 3.11, a member of an enum takes ten times as long.
OPEN = State.OPEN

# What `retry=None` means: no request is sent again, unless the caller decides so, and then without a limit.
NO_RETRIES = RetryPolicy(allowed_methods=())


Step = Connect | Read | Deliver[Item] | ReadBody | Decide | Wait | Pause | Stop
"""Every step that a driver meets: a `match` over these is complete.

For type checkers `Step` delivers events, and `"Step[Event | Comment]"`, in quotes, comments too.
"""


class Connection(Generic[Item]):
    """One event source, over all its connections, without any I/O.

    A call in a state that does not allow it raises `IllegalState` and changes nothing; `TRANSITIONS` is
    the table of what is allowed.

    Args:
        url: http or https. `user:password@` in it becomes an Authorization header.
        method: the HTTP method. The retry policy decides by it whether the request may be sent again.
        params: added to the query of the URL, encoded as httpx does: a mapping of names to texts, numbers,
            bools, None or lists of these, or pairs.
        json: a body, written as JSON. Not for GET and HEAD.
        content: a body, as bytes or str, instead of `json`.
        last_event_id: where to resume, from an earlier run; None and `""` begin anew.
        retry: what to do at ends and failures; None never reconnects.
        max_event_size: bytes, as in `Parser`.
        until: the `data` of the event that ends the stream, or a function that returns whether an
            event ends it. That event is not delivered. At a clean end, an event whose blank line is
            missing counts too.
        at_end: what to do with an event that is not finished at a clean end. "raise" drops it and ends with
            `IncompleteStream`, "drop" drops it as if nothing were missing, "dispatch" delivers it. None
            drops it, and raises if the stream will not be resumed.
        accept: the content types that count as an event stream, which Accept asks for too. None among them
            is a missing Content-Type.
        comments: whether comments are delivered too.
        default_type: the type of an event that names none, as in `Parser`.
        sensitive_headers: names of further headers that are not sent to another origin after a redirect.
            Authorization, Proxy-Authorization, Cookie, Last-Event-ID and the usual names of keys never
            are: X-Api-Key, Api-Key, ApiKey, X-Auth-Token, X-Access-Token, X-Goog-Api-Key,
            X-Amz-Security-Token, Ocp-Apim-Subscription-Key, Private-Token.

    Raises:
        InvalidArgument: naming the argument.

    WHATWG HTML 9.2.3.
    """

    if TYPE_CHECKING:
        # The one thing that a plain signature cannot express: `comments` decides what is delivered.
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
        params: Params | None = None,
        json: object = None,
        content: bytes | str | None = None,
        last_event_id: str | None = None,
        retry: RetryPolicy | None = RetryPolicy(),  # noqa: B008  # frozen
        max_event_size: int = DEFAULT_MAX_EVENT_SIZE,
        until: str | Callable[[Event], bool] | None = None,
        at_end: Literal["raise", "drop", "dispatch"] | None = None,
        accept: Iterable[str | None] = (EVENT_STREAM,),
        comments: bool = False,
        default_type: str = DEFAULT_TYPE,
        sensitive_headers: Iterable[str] = (),
    ) -> None:
        if retry is not None and not isinstance(retry, RetryPolicy):
            raise _no_policy(retry)
        if at_end is not None:
            check_at_end(at_end)
        if until is not None and not isinstance(until, str) and not callable(until):
            raise InvalidArgument("until", f"expected str or a function, not {type(until).__name__}")

        # What every attempt asks for.
        self._handshake = Handshake(url, method, json, content, sensitive_headers, params, accept)

        # What is delivered, and which event is the last. `_parser` keeps the last event ID and the
        # reconnection time over all connections.
        self._parser: Parser[Any] = Parser(
            last_event_id=last_event_id,
            max_event_size=max_event_size,
            comments=comments,
            default_type=default_type,
        )
        self._until = until
        self._until_text = until if isinstance(until, str) else None
        # Some items are no events, or a function has to be called with each event.
        self._looks_at_each = comments or callable(until)
        self._at_end = at_end

        # When to reconnect.
        self._policy = NO_RETRIES if retry is None else retry
        self._state = State.NEW
        # Why it was closed; None before that, and if it ended well.
        self._error: BaseException | None = None
        # What `changes` returns next.
        self._changes: list[StateChange] = []

        # How many attempts there were. The request of the next one as it is without the caller's changes, if
        # it was asked for, and the one that the caller has made of it; None for no change.
        self._attempts = 0
        self._own_request: Request | None = None
        self._prepared: Request | None = None

        # Of the last stream that was opened; None before the first. And the last event received.
        self._stream_response: Response | None = None
        self._last_event: Event | None = None

        # The current attempt, or the last one: its request after redirects, its response if there is one,
        # the (status, URL) of each redirect that it followed, and how many events came before it.
        self._request = self._first_request = Request(self._handshake.method, self._handshake.url)
        self._response: Response | None = None
        self._redirects: list[tuple[int, str]] = []
        self._events_before_attempt = 0
        # In state DECIDING: what the decision is about. None for a clean end.
        self._cause: SSEError | None = None

        # For the retry policy, all counted since the last event: attempts that ended without an event,
        # waits (the exponent of the backoff), and the monotonic time of the first failure.
        self._attempts_without_event = self._backoff_exponent = 0
        self._failing_since: float | None = None
        # The same three when the current attempt began; and where the last stream ended inside an event: the
        # number of events before it, and what `IncompleteStream` says of it. None if it did not.
        self._before_attempt: tuple[int, int, float | None] = (0, 0, None)
        self._unfinished_end: tuple[int, int, str, str] | None = None

        # Over all connections.
        self._bytes_received = self._events_received = 0

    def __repr__(self) -> str:
        # Without the query, which may contain a secret.
        url = self.url.partition("?")[0]
        return f"<Connection {self._handshake.method} {url} {self._state.value}>"

    # What can be asked at any time.

    @property
    def state(self) -> State:
        """The current state; `TRANSITIONS` has all states and what leads from one to another."""
        return self._state

    @property
    def ready_state(self) -> ReadyState:
        """`readyState` as in a browser: CONNECTING (also while waiting or paused), OPEN or CLOSED."""
        return READY_STATES[self._state]

    @property
    def url(self) -> str:
        """The URL of the last request, after redirects."""
        return self._request.url

    @property
    def response(self) -> Response | None:
        """The status and headers of the last stream that was opened; None before the first."""
        return self._stream_response

    @property
    def last_event_id(self) -> str:
        """The last event ID received, after which the next connection asks to resume.

        It can be set, for the next connection: `""` or None begins anew.
        """
        return self._parser.last_event_id

    @last_event_id.setter
    def last_event_id(self, value: str | None) -> None:
        self._parser.last_event_id = value

    @property
    def bytes_received(self) -> int:
        """Bytes of event streams so far, over all connections."""
        return self._bytes_received

    @property
    def events_received(self) -> int:
        """Events so far, over all connections."""
        return self._events_received

    @property
    def reconnection_time(self) -> int | None:
        """The server's last `retry` value in milliseconds, or None. It survives reconnects."""
        return self._parser.retry

    @property
    def error(self) -> BaseException | None:
        """The error that it ended with, once closed; None if it ended well or has not ended."""
        return self._error

    def changes(self) -> list[StateChange]:
        """Return what happened since the last call of this, in order."""
        # The driver takes these after each step. There is no callback: it would run in the middle of a call,
        # and could call the connection again.
        changes, self._changes = self._changes, []
        return changes

    # Connecting: the request, redirects, and what the response means.

    @property
    def attempt(self) -> Attempt:
        """What is known about the next attempt, to make its request."""
        cause = self._cause if self._state in {State.DECIDING, State.WAITING} else None
        return Attempt(self._attempts + 1, self.last_event_id, self._last_event, self._stream_response, cause)

    @property
    def can_reconnect(self) -> bool:
        """Whether another attempt may follow with some method; False after an error that is final."""
        policy = self._policy
        may_repeat = bool(policy.allowed_methods)
        reconnects = may_repeat if policy.reconnect_on_close is None else policy.reconnect_on_close
        return self._state is not State.DECIDING or self._reconnects_after(
            self._cause, may_repeat, reconnects
        )

    def next_request(self, headers: Mapping[str, str] | None = None) -> Request:
        """Return the request that the next attempt would send, for a caller who wants to send another one.

        Change it with `Request.replace`, and pass the result to `decide`, or to `connect` if there is nothing
        to decide.

        Args:
            headers: as for `connect`.

        Raises:
            InvalidArgument: a header that cannot be sent.
        """
        self._own_request = self._handshake.request(self._fields(headers), self.last_event_id)
        return self._own_request

    def connect(self, headers: Mapping[str, str] | None = None, *, request: Request | None = None) -> Connect:
        """Begin a connection: the first, the next after a wait or a pause, or a new one at once.

        Args:
            headers: the caller's header fields for this attempt; they win over the defaults. Only a
                Last-Event-ID is ignored once the stream has set an ID. The mapping is not changed.
            request: made from `next_request`, to send instead of it; None takes the one that `decide` got,
                if it got one. To another origin than that of `url`, it is sent without Authorization and
                other sensitive headers that it has from there.

        Returns:
            `Connect`.

        Raises:
            InvalidArgument: a header or a request that cannot be sent. Nothing has changed then.
            IllegalState: it is closed.
        """
        self._check_legal(Signal.CONNECT)
        prepared = self._prepared if request is None else self._checked(request)
        if prepared is None:
            request = self.next_request(headers)
        else:
            request = self._handshake.with_headers(prepared, self._fields(headers))
        # From here on nothing raises.
        self._state = self._next_state(Signal.CONNECT)
        self._attempts += 1
        self._own_request = self._prepared = None
        self._events_before_attempt = self._events_received
        self._redirects = []
        self._before_attempt = (self._attempts_without_event, self._backoff_exponent, self._failing_since)
        # The rest of an unfinished event will not come on another connection.
        self._parser.reset()
        # The standard "reestablishes the connection" with the request as the last redirect left it. We
        # don't, because a server may have moved on since (RFC 9110, 15.4.3 and 15.4.8), and a target that
        # is gone would be requested for ever. A caller who wants that passes a `request`.
        self._first_request = request
        return self._send(request)

    def _fields(self, headers: Mapping[str, str] | None) -> dict[str, str]:
        """Return the caller's header fields that count.

        Raises:
            InvalidArgument: not a mapping.
        """
        if headers is not None and not hasattr(headers, "items"):
            raise InvalidArgument("headers", f"expected a mapping, not {type(headers).__name__}")
        # The caller's Last-Event-ID says where to begin. Sent again later, it would take the stream back
        # to there. The name may be anything here: `Handshake` checks it.
        return {
            name: value
            for name, value in (headers or {}).items()
            if not (self._parser.id_was_set and isinstance(name, str) and name.lower() == "last-event-id")
        }

    def _checked(self, request: object) -> Request:
        """Return a request that the caller has made from `next_request`, as it can be sent.

        Raises:
            InvalidArgument: it cannot be.
        """
        if not isinstance(request, Request):
            raise InvalidArgument("request", f"expected a Request, not {type(request).__name__}")
        own = self._own_request or self.next_request()
        found_at = "" if self._stream_response is None else self._stream_response.url
        return self._handshake.prepared(request, own, found_at)

    def respond(self, response: Response) -> Read | Connect | ReadBody | Stop:
        """Report the status and headers of a response.

        Returns:
            `Read` for an event stream, `Connect` for a redirect, `Stop` for 204, `ReadBody` for
            anything else.
        """
        self._check_legal(Signal.ACCEPT)
        self._response = response
        kind = classify_response(response, self._handshake.accept)
        # A redirect that is not followed, because it is one too many or leads nowhere, is an error like any
        # other: its body is read too.
        if kind is ResponseKind.REDIRECT and len(self._redirects) < MAX_REDIRECTS:
            request = self._handshake.redirect(self._request, response)
            if request is not None:
                self._state = self._next_state(Signal.REDIRECT)
                self._redirects.append((response.status, self.url))
                return self._send(request)
        if kind is ResponseKind.EVENT_STREAM:
            self._state = self._next_state(Signal.ACCEPT)
            self._stream_response = response
            self._note(Opened)
            return READ
        # The server's way to say that the stream is over. It is not an error.
        if kind is ResponseKind.NO_CONTENT:
            return self._stop(None)
        # An error, whose body most often explains it. It is noted once the body is known.
        self._state = self._next_state(Signal.REFUSE)
        return ReadBody(ERROR_BODY_LIMIT, ERROR_BODY_SECONDS)

    def refuse(self, body: bytes, *, epoch: float) -> Decide:
        """Report the start of a body that is not an event stream; it becomes part of the error.

        Args:
            body: as much as was read; what exceeds the `limit` of `ReadBody` is dropped.
            epoch: the time in seconds since 1970, UTC; a date in Retry-After is compared to it.

        Returns:
            `Decide`.
        """
        if self._state is not State.REFUSED or self._response is None:
            raise self._illegal("refuse")
        return self._disconnect(
            Signal.FAIL, self._response_error(self._response, body[:ERROR_BODY_LIMIT], epoch)
        )

    # The stream: bytes, its end, or a failure.

    def receive(self, data: bytes) -> Deliver[Item]:
        """Report bytes of the stream.

        Returns:
            `Deliver`, whose `then` is `Read`, or `Stop` after the last event (`until`), or `Decide`
            if an event was too large. Events that were complete before that are delivered.
        """
        received = self.receive_events(data)
        return Deliver(received, READ) if isinstance(received, list) else received

    def receive_events(self, data: bytes) -> list[Item] | Deliver[Item]:
        """Report bytes of the stream, as `receive` does, for a driver that reads on at once.

        Saves the `Deliver` of most reads, which takes half as long as parsing an event.

        Returns:
            A list of events, if the next step is `Read` and `last_event_id` is that of the last of them;
            an empty one may have changed it. In any other case a `Deliver`, as always with comments or with a
            function as `until`.
        """
        # Called for every chunk: this check costs less than a lookup in the table, and means the same.
        if self._state is not OPEN:
            raise self._illegal(Signal.RECEIVE.value)
        parser = self._parser
        try:
            events = parser.feed(data)
        except EventTooLarge as error:
            return self._deliver_before_error(data, error)
        self._bytes_received += len(data)
        if self._looks_at_each:
            return self._deliver_up_to_last(events)
        if self._until_text is not None:
            for event in events:
                if event.data == self._until_text:
                    return self._deliver_up_to_last(events)
        if events:
            last: Event = events[-1]
            self._last_event = last
            self._events_received += len(events)
            if self._failing_since is not None:
                self._reset_backoff()
            # The same object, unless a block of an ID alone followed the last event.
            if last.id is not parser._last_event_id:  # noqa: SLF001  # a property would take as long as all this
                return Deliver(events, READ)
        return events

    def _deliver_before_error(self, data: bytes, error: EventTooLarge) -> Deliver[Item]:
        """Deliver the events that came before one that is too large, and end the connection."""
        self._bytes_received += len(data)
        events: list[Any] = list(error.events)
        # Without its events: they are delivered, and a caller must not find them a second time.
        too_large = EventTooLarge(error.limit)
        last: Stop | None = None
        if self._until is not None:
            events, last = _split_at_last(events, self._until)
        self._count(events)
        # The events before the last one are delivered even if one that is too large followed it.
        then = self._disconnect(Signal.FAIL, too_large) if last is None else self._stop(last.error)
        return Deliver(events, then)

    def _deliver_up_to_last(self, events: list[Item]) -> Deliver[Item]:
        """Deliver events, of which one may be the last one (`until`), and some may be comments."""
        last: Stop | None = None
        if self._until is not None:
            events, last = _split_at_last(events, self._until)
        self._count(events)
        return Deliver(events, READ if last is None else self._stop(last.error))

    def end(self) -> Decide | Deliver[Item] | Stop:
        """Report that the response's body ended cleanly.

        Returns:
            `Decide`. Its cause is `IncompleteStream` if the stream will not be resumed although
            something is missing: the rest of an event, or the event that `until` names. `Stop` if that
            event has arrived, but for its blank line. `Deliver`, whose `then` is `Decide`, for an event
            that is not finished if `at_end` is "dispatch".
        """
        self._check_legal(Signal.END)
        # Only if it is equal. A function could take the start of an event for the whole, or raise on it.
        if isinstance(self._until, str):
            event = self._parser.pending_event
            if event is not None and event.data == self._until:
                # As `until` leaves a stream whose last event has its blank line.
                self._parser.finish()
                return self._stop(None)
        if self._at_end == "dispatch":
            events: list[Item] = self._parser.finish()
            if events:
                self._count(events)
                return Deliver(events, self._disconnect(Signal.END, None))
        return self._disconnect(Signal.END, None)

    def fail(self, error: Exception) -> Decide:
        """Report that no response arrived, that the connection was lost, or that it cannot be used.

        Args:
            error: what the HTTP client raised. While connecting it becomes the cause of a
                `ConnectError`, while reading a stream of a `ReadError`; an `SSEError` that fits the
                moment is taken as it is. While reading the body of an error response, that response
                is the error and `error` its cause.

        Returns:
            `Decide`. Its cause is `IncompleteStream`, caused by the `ReadError`, if the stream will
            not be resumed.

        Raises:
            InvalidArgument: `error` is not an `Exception`. Nothing has changed then.
        """
        self._check_legal(Signal.FAIL)
        if not isinstance(error, Exception):
            raise InvalidArgument("error", f"expected an Exception, not {type(error).__name__}")
        if self._state is State.REFUSED and self._response is not None:
            # Without a clock here: a date in Retry-After is compared to the Date of the response.
            return self._disconnect(
                Signal.FAIL, _caused(self._response_error(self._response, b"", None), error)
            )
        # A client may raise a ReadError while connecting, for instance when the peer resets the connection
        # before it responds. Such an error is wrapped, as a foreign one is.
        kind, other = (ReadError, ConnectError) if self._state is State.OPEN else (ConnectError, ReadError)
        if not isinstance(error, SSEError) or isinstance(error, other):
            error = _caused(kind(str(error) or type(error).__name__), error)
        if isinstance(error, ResponseError):
            self._add_redirects(error)
        elif isinstance(error, ConnectError) and self._redirects:
            # The error names the host that a redirect led to, which the caller does not know.
            text = redirect_text(
                tuple(self._redirects), self._first_request.method, self._withheld(), self.url
            )
            error = _caused(ConnectError(f"{error.args[0]}{text}", error.final), error)
        return self._disconnect(Signal.FAIL, error)

    # After an end or a failure.

    def decide(
        self, *, monotonic: float, random: float, delay: float | None = None, request: Request | None = None
    ) -> Wait | Stop:
        """Decide what follows the end of a connection.

        Args:
            monotonic: seconds, of a clock that never goes back (`time.monotonic`).
            random: a number from 0 up to 1, for the jitter.
            delay: seconds; the caller's own decision to try again after them, whatever the error
                and whatever the policy says. Only the policy's `max_attempts` and `max_elapsed`
                still hold: otherwise a caller who always decides so would never stop. None lets the
                policy decide.
            request: what to send next, made from `next_request`. The policy decides by its method: after a
                POST whose stream was lost, a GET may follow.

        Returns:
            `Wait` or `Stop`.

        Raises:
            InvalidArgument: a number that is negative or not finite, or a request that cannot be sent.
                Nothing has changed then.
        """
        self._check_legal(Signal.WAIT)
        check_number("monotonic", monotonic, -LARGEST_FLOAT)
        check_number("random", random, 0)
        if delay is not None:
            check_number("delay", delay, 0)
        prepared = None if request is None else self._checked(request)
        method = self._handshake.method if prepared is None else prepared.method
        cause = self._cause
        # An error that is final is raised as it is, not as `RetriesExhausted`: no attempt would have helped.
        if delay is None and not self._reconnects_after(cause, *self._allowed(method)):
            return self._stop(cause)
        # An attempt that brought an event is not a failed one, however it ended.
        self._attempts_without_event = 0 if self._events_of_attempt() else self._attempts_without_event + 1
        # The time limit begins at the first failure, not when the stream was opened: a stream that sent only
        # heartbeats for hours has not been failing for hours.
        if self._failing_since is None:
            self._failing_since = monotonic
        if delay is None:
            retry_after = cause.retry_after if isinstance(cause, HTTPStatusError) else None
            delay = self._policy.delay(
                self._backoff_exponent, random=random, retry=self.reconnection_time, retry_after=retry_after
            )
        elapsed = monotonic - self._failing_since
        # A wait that would end after the time limit is not begun.
        if not self._policy.allows(attempts=self._attempts_without_event, elapsed=elapsed + delay):
            if cause is None and self._unfinished_end is not None:
                # What the server leaves out is why no attempt helped.
                cause = IncompleteStream(*self._unfinished_end[1:])
            last = () if cause is None else (str(cause),)
            return self._stop(_caused(RetriesExhausted(self._attempts_without_event, elapsed, *last), cause))
        self._state = self._next_state(Signal.WAIT)
        self._backoff_exponent += 1
        self._prepared = prepared
        self._note(Waiting, cause, delay)
        return Wait(delay)

    def pause(self) -> Pause:
        """Have no connection until the next `connect`.

        An unfinished event is dropped. The server sends it again to a client that resumes.

        Returns:
            `Pause`.
        """
        # A second pause is harmless, and not a change.
        was_paused = self._state is State.PAUSED
        self._state = self._next_state(Signal.PAUSE)
        self._parser.close()
        if not was_paused:
            self._note(Paused)
        return Pause()

    def close(self, error: BaseException | None = None) -> Stop:
        """End it for good. Calling this again changes nothing.

        Args:
            error: why, if it is a failure (a hook that raised, a response that was rejected).

        Returns:
            `Stop`, with the error that it ended with.
        """
        if self._state is State.CLOSED:
            return Stop(self._error)
        return self._stop(error)

    def _allowed(self, method: str) -> tuple[bool, bool]:
        """Return whether a request may be sent with this method after a failure, and after a clean end.

        Sending a request again repeats what it does on the server, so only allowed methods are sent again,
        unless the caller decides otherwise.
        """
        may_repeat = method in self._policy.allowed_methods
        on_close = self._policy.reconnect_on_close
        return may_repeat, may_repeat if on_close is None else on_close

    def _reconnects_after(self, cause: SSEError | None, may_repeat: bool, reconnects_on_close: bool) -> bool:
        """Return whether the policy reconnects: the table "Ends and reconnection", one row per branch."""
        if isinstance(cause, IncompleteStream):
            # Lost, or a clean end, which is final only if the caller wants that.
            if cause.__cause__ is not None:
                return may_repeat
            return reconnects_on_close and not (cause.pending and self._at_end == "raise")
        if cause is None:
            return reconnects_on_close
        if isinstance(cause, TransportError):
            return may_repeat and not (isinstance(cause, ConnectError) and cause.final)
        # A redirect that cannot be followed will not be followed next time, whatever its status.
        if isinstance(cause, HTTPStatusError) and not isinstance(cause, RedirectError):
            is_temporary = cause.status in self._policy.statuses
            return may_repeat and is_temporary and cause.max_retry_after is None
        # A wrong content type, an unknown content encoding, or an event that is too large: another attempt
        # would meet the same.
        return False

    # Shared by the calls above.

    def _count(self, items: list[Any]) -> None:
        # Comments are among the items only if they were asked for.
        events = [item for item in items if isinstance(item, Event)] if self._looks_at_each else items
        if events:
            self._last_event = events[-1]
            self._events_received += len(events)
            if self._failing_since is not None:
                self._reset_backoff()

    def _reset_backoff(self) -> None:
        # Only an event counts as progress. A server that accepts connections and drops them at once
        # must meet growing waits, and the limit of attempts.
        self._attempts_without_event = self._backoff_exponent = 0
        self._failing_since = None

    def _events_of_attempt(self) -> int:
        return self._events_received - self._events_before_attempt

    # For the first request of an attempt, and for each redirect.
    def _send(self, request: Request) -> Connect:
        self._request = request
        self._response = None
        self._note(Connecting)
        return Connect(request)

    def _disconnect(self, signal: Signal, cause: SSEError | None) -> Decide:
        was_open = self._state is State.OPEN
        self._state = self._next_state(signal)
        # "Once the end of the file is reached, any pending data must be discarded." Not in silence, though:
        # a stream that will not be resumed is incomplete if it was lost, or if something of it is missing.
        text = self._parser.pending_text
        dropped = self._parser.close()
        if cause is None:
            if self._is_incomplete(dropped):
                cause = self._incomplete(dropped, text)
        elif was_open and isinstance(cause, ReadError) and not self._allowed(self._first_request.method)[0]:
            cause = _caused(self._incomplete(dropped, text), cause)
        if was_open:
            self._take_back_progress(dropped, text)
        self._cause = cause
        self._note(Disconnected, cause, dropped=dropped)
        return Decide(cause)

    def _is_incomplete(self, dropped: int) -> bool:
        """Return whether something is missing at a clean end, of which so many bytes were dropped."""
        if dropped and self._at_end in {None, "raise"}:
            return True
        return self._until is not None and not self._allowed(self._first_request.method)[1]

    def _incomplete(self, dropped: int, text: str) -> IncompleteStream:
        until = "" if callable(self._until) else self._until
        return IncompleteStream(dropped, self.last_event_id, text, until)

    def _take_back_progress(self, dropped: int, text: str) -> None:
        """Count an attempt without progress, if it ended inside the same event as the one before it.

        A server that leaves out the last blank line, and does not know where to resume, sends the same
        events each time. Without this it would be asked for them for ever.
        """
        end = (self._events_of_attempt(), dropped, self.last_event_id, text) if dropped else None
        if end is not None and end == self._unfinished_end:
            self._events_before_attempt = self._events_received
            self._attempts_without_event, self._backoff_exponent, self._failing_since = self._before_attempt
        self._unfinished_end = end

    def _response_error(self, response: Response, body: bytes, epoch: float | None) -> ResponseError:
        kind = classify_response(response, self._handshake.accept)
        error = response_error(kind, response, body, self.url, epoch)
        retried = self._allowed(self._first_request.method)[0] and error.status in self._policy.statuses
        if retried and (error.retry_after or 0) > self._policy.longest_retry_after:
            error.max_retry_after = self._policy.longest_retry_after
        self._add_redirects(error)
        return error

    def _add_redirects(self, error: ResponseError) -> None:
        """Set what led to the response, so that the message names it."""
        error.method, error.redirects = self._first_request.method, tuple(self._redirects)
        error.withheld = self._withheld()

    def _withheld(self) -> frozenset[str]:
        # Another Host was sent in place of the first one.
        withheld = self._request.withheld - ORIGIN_HEADERS
        return frozenset(name for name, _ in self._first_request.headers if name.lower() in withheld)

    def _stop(self, error: BaseException | None) -> Stop:
        self._state = self._next_state(Signal.CLOSE)
        self._parser.close()
        self._error = error
        self._note(Closed, error)
        return Stop(error)

    def _note(
        self,
        kind: type[StateChange],
        cause: BaseException | None = None,
        delay: float | None = None,
        dropped: int = 0,
    ) -> None:
        attempt = self._attempts_without_event + 1
        totals = (self._parser.last_event_id, self._bytes_received, self._events_received)
        self._changes.append(kind(self._request.url, attempt, cause, delay, dropped, *totals))

    # The state is only changed by a line `self._state = self._next_state(signal)`. A call that can still
    # raise starts with `_check_legal`, and changes the state at its end.

    def _check_legal(self, signal: Signal) -> None:
        """Raise `IllegalState` if `signal` leads nowhere from the current state."""
        self._next_state(signal)

    def _next_state(self, signal: Signal) -> State:
        """Return the state that `signal` leads to, or raise `IllegalState`."""
        following = TRANSITIONS[self._state].get(signal)
        if following is None:
            raise self._illegal(signal.value)
        return following

    def _illegal(self, call: str) -> SSEError:
        # If it was closed by an error, that explains why the call came too late.
        return _caused(IllegalState(f"cannot {call} in state {self._state.value}"), self._error)


def _no_policy(retry: object) -> InvalidArgument:
    # Other libraries take a number of attempts.
    attempts = f"(max_attempts={retry})" if type(retry) is int and retry > 0 else ""
    return InvalidArgument("retry", f"expected RetryPolicy{attempts} or None, not {type(retry).__name__}")


def _caused(error: SSEError, cause: BaseException | None) -> SSEError:
    error.__cause__ = cause
    return error


# A function of its own, and called only if there is an `until`: most streams have none.
def _split_at_last(
    events: list[Item], until: str | Callable[[Event], bool]
) -> tuple[list[Item], Stop | None]:
    """Return the events before the one that ends the stream, and how it ends if that one was found.

    If `until` raises, its error ends the stream too: after the events before, which must not be lost.
    """
    for index, event in enumerate(events):
        if isinstance(event, Event):
            try:
                is_last = event.data == until if isinstance(until, str) else until(event)
            except Exception as error:  # noqa: BLE001  # raised by the driver, after the events before
                return events[:index], Stop(error)
            if is_last:
                return events[:index], Stop(_error_if_awaitable(is_last))
    return events, None


def _error_if_awaitable(is_last: object) -> InvalidArgument | None:
    """Return an error if `until` is an async function: what it returns is always true, and never awaited."""
    if not hasattr(is_last, "__await__"):
        return None
    # A coroutine that is closed does not warn that it was never awaited.
    if hasattr(is_last, "close"):
        is_last.close()
    return InvalidArgument("until", "expected a function that returns bool, not something to await")
