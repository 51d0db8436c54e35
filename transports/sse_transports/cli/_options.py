"""The options that say what is asked of a server, and how long for; every command that asks takes them."""

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

from sse_core import Comment, ConnectError, Event, Opened, RetryPolicy, SSEError, StateChange

from .. import EventSource, Store, Transport, UrllibTransport
from ._announced import Announced
from ._seconds import Seconds
from ._targets import STDIN

Result = TypeVar("Result")
TIMEOUT = 60.0
"""Seconds for connecting, unless `--timeout` says otherwise."""

Options: TypeAlias = tuple[Callable[[Callable[..., Any]], Callable[..., Any]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestOptions:
    """What the options say, ready for an `EventSource`."""

    method: str
    headers: dict[str, str]
    content: bytes | None
    last_event_id: str
    until: str | None
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

        Unless `--retry` or `--max-attempts` say otherwise, a failure to connect before anything was opened
        is an error at once: the host or port is more likely mistyped than about to appear.

        Args:
            url: http or https.
            store: as in `EventSource`.
            on_state: as in `EventSource`.
            before_reading: called each time nothing more is at hand, before more is waited for.
        """
        opened = False

        def watch(change: StateChange) -> None:
            nonlocal opened
            opened = opened or isinstance(change, Opened)
            if on_state is not None:
                on_state(change)

        def at_once(error: SSEError) -> None:
            if isinstance(error, ConnectError) and not opened and not asked_to_retry:
                raise error

        asked_to_retry = self.retry or self.max_attempts is not None
        transport: Transport = UrllibTransport(context=unverified() if self.insecure else None)
        if before_reading is not None:
            transport = Announced(transport, before_reading)
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
            on_error=at_once,
            on_state=watch,
        )

    def _policy(self) -> RetryPolicy | None:
        if self.retry is False:
            return None
        policy = RetryPolicy(max_attempts=self.max_attempts)
        if not self.retry:
            return policy
        methods = {*policy.allowed_methods, self.method}
        return RetryPolicy(max_attempts=self.max_attempts, allowed_methods=methods)


def request_options(command: Callable[..., Result]) -> Callable[..., Result]:
    """Give a click command these options; its function gets them as one `RequestOptions`, first."""
    return _with(OPTIONS, command)


def one_request_options(command: Callable[..., Result]) -> Callable[..., Result]:
    """Give a click command those of these options that say what is asked, and none of how it goes on."""
    return _with(WHAT_IS_ASKED, command)


def _with(options: Options, command: Callable[..., Result]) -> Callable[..., Result]:
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
            until=until,
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
    help="For people or for programs.",
)
"""In which form a command reports."""

REQUEST = {
    "method",
    "header",
    "data",
    "json",
    "last_event_id",
    "until",
    "retry",
    "max_attempts",
    "timeout",
    "idle_timeout",
    "insecure",
}
"""The names of these options."""

WHAT_IS_ASKED: Options = (
    click.option(
        "-X", "--request", "method", metavar="METHOD", help="The method. [default: GET; POST with a body]"
    ),
    click.option(
        "-H", "--header", multiple=True, metavar="'NAME: VALUE'", help="A header; @FILE reads one a line."
    ),
    click.option(
        "-d", "--data", metavar="TEXT", help="A body, sent as it is; @FILE reads it, @- from stdin."
    ),
    click.option("--json", metavar="JSON", help="A body of JSON, with its content type; @FILE reads it."),
    click.option("--last-event-id", default="", metavar="ID", help="Go on behind this event."),
    click.option("-k", "--insecure", is_flag=True, help="Do not check the server's certificate."),
)

OPTIONS: Options = (
    *WHAT_IS_ASKED,
    click.option("--until", metavar="DATA", help="The data of the event that ends it, such as '[DONE]'."),
    click.option(
        "--retry/--no-retry",
        default=None,
        help="Connect again, whatever the method, or never. [default: for GET, once it was connected]",
    ),
    click.option(
        "--max-attempts",
        type=click.IntRange(min=1),
        metavar="N",
        help="Give up after so many without an event.",
    ),
    click.option(
        "--timeout",
        type=Seconds(),
        default=TIMEOUT,
        show_default=True,
        metavar="SECONDS",
        help="For connecting.",
    ),
    click.option(
        "--idle-timeout", type=Seconds(), metavar="SECONDS", help="Silence that counts as a lost connection."
    ),
)


def refuse_for_files(context: click.Context, target: str, names: Collection[str]) -> None:
    """Refuse options that say what to ask a server, or for how long, where none is asked.

    Args:
        context: the command's.
        target: a file, or `-`.
        names: the options.

    Raises:
        click.UsageError: naming the option.
    """
    for parameter in context.command.params:
        name = parameter.name or ""
        if name in names and context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            what = "standard input" if target == STDIN else target
            raise click.UsageError(f"{parameter.opts[-1]} is for a URL, and {what} is only read")


FROM_STDIN = "@-"


def bytes_of(value: str, what: str) -> bytes:
    """Return an option's value, or what is in the file that it names with an `@`; `@-` is stdin.

    Raises:
        click.UsageError: the file cannot be read.
    """
    if not value.startswith("@"):
        return value.encode("utf-8", "surrogateescape")
    try:
        return sys.stdin.buffer.read() if value == FROM_STDIN else Path(value[1:]).read_bytes()
    except OSError as error:
        raise click.UsageError(f"{what}: cannot read {value[1:]}: {error.strerror or error}") from None


def text_of(value: str, what: str) -> str:
    """Return the same as text.

    Raises:
        click.UsageError: the file cannot be read, or is no UTF-8.
    """
    try:
        return bytes_of(value, what).decode()
    except UnicodeDecodeError:
        named = f"{value[1:]} is" if value.startswith("@") else "that is"
        raise click.UsageError(f"{what}: {named} not UTF-8") from None


def _headers(values: tuple[str, ...]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for value in values:
        for line in _lines(value) if value.startswith("@") else [value]:
            name, colon, content = line.partition(":")
            name = name.strip()
            if not colon or not name:
                # Not the line itself: it may be a secret whose name was forgotten.
                raise click.UsageError("-H: a header is written 'Name: value', with a colon")
            # The last one counts, however its name is written.
            for other in [other for other in headers if other.lower() == name.lower()]:
                del headers[other]
            headers[name] = content.strip()
    return headers


def _lines(value: str) -> list[str]:
    # At LF and nowhere else: a value may have other characters in it that Python takes for line ends.
    return [line for line in text_of(value, "-H").split("\n") if line.strip()]


def _body(data: str | None, json: str | None, headers: dict[str, str]) -> bytes | None:
    if json is None:
        return None if data is None else bytes_of(data, "--data")
    if data is not None:
        raise click.UsageError("give --data or --json, not both")
    text = text_of(json, "--json")
    try:
        # As text: a number of any size is JSON, and NaN is not.
        json_.loads(text, parse_int=str, parse_constant=_no_constant)
    except ValueError as error:
        raise click.UsageError(f"--json: that is no JSON: {error}") from None
    except RecursionError:
        raise click.UsageError("--json: that is nested too deeply") from None
    if not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = "application/json"
    return text.encode()


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def unverified() -> ssl.SSLContext:
    """Return TLS settings that take any certificate."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
