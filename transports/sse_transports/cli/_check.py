"""`sse check`: report what the server of an event stream does right and wrong."""

from __future__ import annotations

import sys
import time

import click

from ._exit_codes import ExitCode
from ._options import TEXT_OR_JSON, RequestOptions, single_request_options, unverified_context
from ._parameters import URL, Seconds
from ._standard_streams import print_error
from ._terminal import console, is_terminal, printable
from .checks._instrumented import InstrumentedTransport
from .checks._observation import Observation
from .checks._observe import Observer, RequestSpec
from .checks._report import MAX_LABEL_WIDTH, as_json, as_text, count, rows, summary
from .checks._rule import Finding, Verdict, apply
from .checks._rules import RULES

ONCE = "--once: only the first request was sent"
UNSAFE = "only the first request was sent: this method is not safe to repeat"


@click.command(short_help="Report what a server does right and wrong.")
@click.argument("url", type=URL())
@single_request_options
@click.option(
    "--for",
    "seconds",
    type=Seconds(),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to watch the stream.",
)
@click.option("--once", is_flag=True, help="Send one request only: skip resuming and compression.")
@TEXT_OR_JSON
@click.option("-v", "--verbose", is_flag=True, help="Print each request before it is sent.")
def check(request: RequestOptions, url: str, seconds: float, once: bool, form: str, verbose: bool) -> int:
    r"""Report what the server of an event stream does right and wrong, and how to fix it.

    Watches the stream, then sends a few short requests: to resume after the last event, after an
    earlier one, and after an unknown one; with the Accept-Encoding of browsers; with Accept: */*. A POST
    is sent once. Exit code 1 if something is wrong.

    \b
    sse check https://example.com/events
    sse check --for 60 -H 'Authorization: Bearer ...' https://example.com/events
    sse check --json '{"stream": true}' https://example.com/chat
    """
    spec = RequestSpec(url, request.method, request.headers, request.content, request.last_event_id)
    seen = Observation(spec.redacted_url, method=request.method.upper(), seconds=seconds, epoch=time.time())
    if seen.method != "GET":
        seen.skip_reason = UNSAFE
    elif once:
        seen.skip_reason = ONCE
    observer = Observer(
        spec,
        InstrumentedTransport(context=unverified_context() if request.insecure else None),
        _print_request if verbose else _ignore,
    )
    interrupted = False
    try:
        observer.observe(seen)
    except KeyboardInterrupt:
        interrupted = True
    findings = apply(RULES, seen)
    _show(seen, findings, form)
    if interrupted:
        return ExitCode.INTERRUPTED
    return _exit_code(seen, findings)


def _exit_code(seen: Observation, findings: list[Finding]) -> ExitCode:
    first = seen.first
    if first.response is not None and first.status not in (200, 204):
        return ExitCode.HTTP_ERROR
    if first.response is not None and first.status == 200 and not first.is_readable:
        return ExitCode.NOT_AN_EVENT_STREAM
    return ExitCode.FOUND_FAULTS if count(findings, Verdict.FAIL) else ExitCode.ENDED


def _show(seen: Observation, findings: list[Finding], form: str) -> None:
    if form == "json":
        # JSON escapes control characters, but only those in ASCII.
        click.echo(as_json(seen, findings, ascii_only=is_terminal(sys.stdout)))
    elif not is_terminal(sys.stdout):
        click.echo(printable(as_text(seen, findings), keep="\n"), nl=False)
    else:
        _show_on_terminal(seen, findings)


def _show_on_terminal(seen: Observation, findings: list[Finding]) -> None:
    # Imported here, because importing rich takes longer than everything else here.
    from rich.text import Text

    out = console()
    indent = MAX_LABEL_WIDTH + 4
    for left, right, style in rows(findings):
        if not right:
            out.print(Text(left, style))
            continue
        text = Text(printable(right), "" if left else "dim")
        lines = text.wrap(out, max(20, out.width - indent))
        for number, line in enumerate(lines):
            line.rstrip()
            margin = Text(f"  {'' if number else left:{MAX_LABEL_WIDTH}}  ", style)
            out.print(margin + line, soft_wrap=True)
    out.print(Text(summary(seen, findings)))


def _print_request(line: str) -> None:
    print_error(printable(line))


def _ignore(_line: str) -> None:
    pass
