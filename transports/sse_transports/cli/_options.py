"""The options of every command that sends requests: the request itself, retries and timeouts."""

from __future__ import annotations

import functools
import json as json_
import ssl
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeAlias, TypeVar

import click
from click.core import ParameterSource

from sse_core import Comment, ConnectError, Event, HTTPStatusError, Opened, RetryPolicy, SSEError, StateChange

from .. import EventSource, Store, Transport, UrllibTransport
from ._flushing_transport import FlushingTransport
from ._parameters import STDIN, Seconds

Result = TypeVar("Result")
REFUSED_BODY = (400, 415, 422)
"""Statuses by which servers refuse a body of the wrong type."""

TIMEOUT = 60.0
"""The default of `--timeout`, in seconds."""

Until: TypeAlias = str | Callable[[Event], bool]
"""The data of the event that ends a stream, or a function that returns whether an event is that event."""

Options: TypeAlias = tuple[Callable[[Callable[..., Any]], Callable[..., Any]], ...]
"""Decorators that each add an option to a click command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestOptions:
    """The values of the options, ready for an `EventSource`."""

    method: str
    headers: dict[str, str]
    content: bytes | None
    last_event_id: str
    until: Until | None
    retry: bool | None
    max_attempts: int | None
    timeout: float
    idle_timeout: float | None
    insecure: bool

    def source(
        self,
        url: str,
        *,
        store: Store | None = None,
        on_state: Callable[[StateChange], object] | None = None,
        before_reading: Callable[[], object] | None = None,
    ) -> EventSource[Event | Comment]:
        """Return a source for `url` that yields comments too, and is not connected yet.

        If the first connection cannot be made, it raises at once, unless `--retry` or `--max-attempts` is
        given: the host or port is probably mistyped.

        Args:
            url: http or https.
            store: as in `EventSource`.
            on_state: as in `EventSource`.
            before_reading: called before each read that may block: all events received so far were yielded.
        """
        opened = False

        def note_opened(change: StateChange) -> None:
            nonlocal opened
            opened = opened or isinstance(change, Opened)
            if on_state is not None:
                on_state(change)

        def on_error(error: SSEError) -> None:
            if (
                isinstance(error, HTTPStatusError)
                and error.status in REFUSED_BODY
                and self._is_untyped_json()
            ):
                error.add_note("the body is JSON: --json instead of -d sends it as application/json")
            if isinstance(error, ConnectError) and not opened and not retry_requested:
                raise error

        retry_requested = self.retry or self.max_attempts is not None
        transport: Transport = UrllibTransport(context=unverified_context() if self.insecure else None)
        if before_reading is not None:
            transport = FlushingTransport(transport, before_reading)
        return EventSource(
            url,
            method=self.method,
            headers=self.headers,
            content=self.content,
            last_event_id=self.last_event_id,
            retry=self._policy(),
            until=self.until,
            timeout=self.timeout,
            idle_timeout=self.idle_timeout,
            comments=True,
            store=store,
            transport=transport,
            on_error=on_error,
            on_state=note_opened,
        )

    def _is_untyped_json(self) -> bool:
        return not _has_content_type(self.headers) and _is_json_object(self.content)

    def _policy(self) -> RetryPolicy | None:
        if self.retry is False:
            return None
        policy = RetryPolicy(max_attempts=self.max_attempts)
        if not self.retry:
            return policy
        methods = {*policy.allowed_methods, self.method}
        return RetryPolicy(max_attempts=self.max_attempts, allowed_methods=methods)


def request_options(command: Callable[..., Result]) -> Callable[..., Result]:
    """Add these options to a click command; its function gets one `RequestOptions` as first argument."""
    return _add(OPTIONS, command)


def single_request_options(command: Callable[..., Result]) -> Callable[..., Result]:
    """Add only the options that describe one request, without those for retries and timeouts."""
    return _add(SINGLE_REQUEST_OPTIONS, command)


def _add(options: Options, command: Callable[..., Result]) -> Callable[..., Result]:
    @functools.wraps(command)
    def with_options(
        *arguments: object,
        method: str | None,
        header: tuple[str, ...],
        data: str | None,
        json: str | None,
        last_event_id: str,
        insecure: bool,
        until: str | None = None,
        until_event: str | None = None,
        retry: bool | None = None,
        max_attempts: int | None = None,
        timeout: float = TIMEOUT,
        idle_timeout: float | None = None,
        **keywords: object,
    ) -> Result:
        if retry is False and max_attempts is not None:
            raise click.UsageError("give --no-retry or --max-attempts, not both")
        if sum(value == FROM_STDIN for value in (*header, data, json)) > 1:
            raise click.UsageError(f"give {FROM_STDIN} once: standard input can be read only once")
        headers = _headers(header)
        content = _body(data, json, headers)
        request = RequestOptions(
            method=method or ("GET" if content is None else "POST"),
            headers=headers,
            content=content,
            last_event_id=last_event_id,
            until=_until(until, until_event),
            retry=retry,
            max_attempts=max_attempts,
            timeout=timeout,
            idle_timeout=idle_timeout,
            insecure=insecure,
        )
        return command(request, *arguments, **keywords)

    wrapped: Callable[..., Result] = with_options
    for option in reversed(options):
        wrapped = option(wrapped)
    return wrapped


TEXT_OR_JSON = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="text for people, json for programs.",
)
"""The form of a report."""

REQUEST_OPTIONS = {
    "method",
    "header",
    "data",
    "json",
    "last_event_id",
    "until",
    "until_event",
    "retry",
    "max_attempts",
    "timeout",
    "idle_timeout",
    "insecure",
}
"""The names of the parameters that these options set."""

SINGLE_REQUEST_OPTIONS: Options = (
    click.option(
        "-X", "--request", "method", metavar="METHOD", help="The method. [default: GET; POST with a body]"
    ),
    click.option(
        "-H", "--header", multiple=True, metavar="'NAME: VALUE'", help="A header; @FILE reads one per line."
    ),
    click.option(
        "-d", "--data", metavar="TEXT", help="A body, sent unchanged; @FILE reads it, @- reads stdin."
    ),
    click.option("--json", metavar="JSON", help="A JSON body, sent as application/json; @FILE reads it."),
    click.option("--last-event-id", default="", metavar="ID", help="Resume after this event."),
    click.option("-k", "--insecure", is_flag=True, help="Do not check the server's certificate."),
)

OPTIONS: Options = (
    *SINGLE_REQUEST_OPTIONS,
    click.option("--until", metavar="DATA", help="Stop at the event with this data, such as '[DONE]'."),
    click.option("--until-event", metavar="TYPE", help="Stop at the event of this type, such as done."),
    click.option(
        "--retry/--no-retry",
        default=None,
        help="Reconnect, whatever the method, or never. [default: GET only, after a first connection]",
    ),
    click.option(
        "--max-attempts",
        type=click.IntRange(min=1),
        metavar="N",
        help="Give up after N attempts without an event.",
    ),
    click.option(
        "--timeout",
        type=Seconds(),
        default=TIMEOUT,
        show_default=True,
        metavar="SECONDS",
        help="Timeout for connecting.",
    ),
    click.option(
        "--idle-timeout",
        type=Seconds(),
        metavar="SECONDS",
        help="Drop the connection after so long without a byte.",
    ),
)


def refuse_for_files(context: click.Context, target: str, names: Collection[str]) -> None:
    """Refuse options that make no sense when a file is read, such as those of a request.

    Args:
        context: the context of the command.
        target: a file, or `-`.
        names: the parameters to refuse.

    Raises:
        click.UsageError: names the option.
    """
    for parameter in context.command.params:
        name = parameter.name or ""
        if name in names and context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            what = "standard input" if target == STDIN else "a file"
            raise click.UsageError(f"{parameter.opts[-1]} is for a URL; {target} is {what}")


FROM_STDIN = "@-"


def _value_bytes(value: str, option: str) -> bytes:
    """Return an option's value, or for `@FILE` the content of the file; `@-` is standard input.

    Args:
        value: the value of the option.
        option: its name, for the error.

    Raises:
        click.UsageError: the file cannot be read.
    """
    if not value.startswith("@"):
        return value.encode("utf-8", "surrogateescape")
    try:
        return sys.stdin.buffer.read() if value == FROM_STDIN else Path(value[1:]).read_bytes()
    except OSError as error:
        raise click.UsageError(f"{option}: cannot read {value[1:]}: {error.strerror or error}") from None


def _value_text(value: str, option: str) -> str:
    """Return the same as `_value_bytes`, as text.

    Raises:
        click.UsageError: the file cannot be read, or is not UTF-8.
    """
    try:
        return _value_bytes(value, option).decode()
    except UnicodeDecodeError:
        source = value[1:] if value.startswith("@") else "the value"
        raise click.UsageError(f"{option}: {source} is not UTF-8") from None


def _until(data: str | None, event_type: str | None) -> Until | None:
    if event_type is None:
        return data
    return lambda event: event.event == event_type or event.data == data


def _headers(values: tuple[str, ...]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for value in values:
        for line in _lines(value) if value.startswith("@") else [value]:
            name, colon, content = line.partition(":")
            name = name.strip()
            if not colon or not name:
                # Do not quote the line: it may be a secret without a name.
                raise click.UsageError("-H: write a header as 'Name: value', with a colon")
            # The last header of a name wins; names are case-insensitive.
            for other in [other for other in headers if other.lower() == name.lower()]:
                del headers[other]
            headers[name] = content.strip()
    return headers


def _lines(value: str) -> list[str]:
    # Not splitlines(), which also splits at other characters that a value may contain.
    return [line for line in _value_text(value, "-H").split("\n") if line.strip()]


def _body(data: str | None, json: str | None, headers: dict[str, str]) -> bytes | None:
    if json is None:
        return None if data is None else _value_bytes(data, "--data")
    if data is not None:
        raise click.UsageError("give --data or --json, not both")
    text = _value_text(json, "--json")
    try:
        # Numbers stay text: JSON has no limit for them, and Python has. NaN is not JSON.
        json_.loads(text, parse_int=str, parse_constant=_refuse_constant)
    except ValueError as error:
        raise click.UsageError(f"--json: not JSON: {error}") from None
    except RecursionError:
        raise click.UsageError("--json: nested too deeply") from None
    if not _has_content_type(headers):
        headers["Content-Type"] = "application/json"
    return text.encode()


def _has_content_type(headers: dict[str, str]) -> bool:
    return any(name.lower() == "content-type" for name in headers)


def _is_json_object(body: bytes | None) -> bool:
    try:
        return isinstance(json_.loads(body or b""), dict)
    except (ValueError, RecursionError):
        return False


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number in JSON")


def unverified_context() -> ssl.SSLContext:
    """Return TLS settings that accept any certificate."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
