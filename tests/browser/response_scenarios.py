"""Scenarios: the status and the content type of a response."""

from __future__ import annotations

from collections.abc import Mapping

from sse_transports.testing import Call, Step
from tests.browser.differences import Difference
from tests.browser.recorded_run import CLOSED, OPEN, event
from tests.browser.scenario import FIRST, REQUEST, RESUME, ChromiumOutcome, Scenario, after_first

REFUSED_STATUSES = (
    *(201, 202, 203, 204, 205, 206),
    *(300, 304, 305, 306),
    *(400, 401, 403, 404, 405, 408, 410, 418, 425, 429),
    *(500, 501, 502, 503, 504, 505),
    *(599, 600, 999),
)
WITHOUT_A_BODY = (204, 205, 304)
STREAM: Mapping[str, str] = {"Content-Type": "text/event-stream"}

ACCEPTED_TYPES = (
    ("TEXT/EVENT-STREAM",),
    ("text/event-stream;charset=utf-8",),
    ("text/event-stream; charset=UTF-8",),
    ('text/event-stream; charset="utf-8"',),
    ("text/event-stream; charset=",),
    ("text/event-stream; a=b; charset=utf-8",),
    ("text/event-stream; charset=utf-8; charset=latin1",),
    ('text/event-stream; a="b, text/html"',),
    ("text/event-stream;",),
    ("text/event-stream ; charset=utf-8",),
    (" \ttext/event-stream  ",),
    ("text/event-stream, text/event-stream",),
    ("text/html, text/event-stream",),
    ("text/event-stream, nonsense",),
    ("text/event-stream, */*",),
    ("text/event-stream,",),
    (",text/event-stream",),
    ("text/event-stream", "text/event-stream"),
    ("text/html", "text/event-stream"),
    ("text/event-stream", "nonsense"),
    ("text/event-stream", "*/*"),
    ("text/event-stream", ""),
)
REFUSED_TYPES = (
    ("",),
    ("nonsense",),
    ("*/*",),
    ("text/plain",),
    ("text/html",),
    ("application/json",),
    ("text/x-event-stream",),
    ("text/event-streams",),
    ("text /event-stream",),
    ("text/event-stream\x0b",),
    ("text/event-stream\xa0",),
    ("text/event-stream, text/html",),
    ("text/event-stream; a=b, text/html",),
    ("text/event-stream", "text/html"),
)
OTHER_CHARSETS = (
    ("text/event-stream; charset=utf8",),
    ("text/event-stream; charset=iso-8859-1",),
    ("text/event-stream; charset=utf-16",),
    ("text/event-stream; charset=latin1; charset=utf-8",),
    ("text/event-stream; charset=latin1", "text/event-stream"),
    ("text/event-stream", "text/event-stream; charset=latin1"),
)
TYPES_WITH_SUFFIX = (
    ("text/event-stream utf-8",),
    ("text/event-stream(utf-8)",),
)


def _status(status: int, *steps: Step) -> Scenario:
    body = () if status in WITHOUT_A_BODY else (STREAM, b"data: x\n\n")
    names = " and ".join(
        [str(status), *(name for step in steps if isinstance(step, Mapping) for name in step)]
    )
    return Scenario(
        name=f"a response with {names} ends the source",
        responses=[FIRST, [status, *steps, *body]],
        log=after_first(CLOSED),
        requests=(REQUEST, RESUME),
    )


def _type(
    values: tuple[str, ...], *, is_stream: bool = True, difference: Difference | None = None
) -> Scenario:
    accepted, refused = (OPEN, event("x")), (CLOSED,)
    chromium = (
        ChromiumOutcome(difference, refused if is_stream else accepted, (REQUEST,)) if difference else None
    )
    return Scenario(
        name=f"{' and '.join(map(repr, values))} is {'accepted' if is_stream else 'refused'}",
        responses=[[*({"Content-Type": value} for value in values), b"data: x\n\n"]],
        close_at_event=1,
        log=accepted if is_stream else refused,
        requests=(REQUEST,),
        chromium=chromium,
    )


def _without_a_type(call: Call) -> None:
    call.respond(200, [], b"data: x\n\n")


SCENARIOS = (
    *(_status(status) for status in REFUSED_STATUSES),
    _status(429, {"Retry-After": "0"}),
    _status(503, {"Retry-After": "0"}),
    *(_type(values) for values in ACCEPTED_TYPES),
    *(_type(values, is_stream=False) for values in REFUSED_TYPES),
    *(_type(values, difference=Difference.CHARSET) for values in OTHER_CHARSETS),
    *(_type(values, is_stream=False, difference=Difference.TYPE_WITH_SUFFIX) for values in TYPES_WITH_SUFFIX),
    Scenario(
        name="a response without a content type is refused",
        responses=[_without_a_type],
        log=(CLOSED,),
        requests=(REQUEST,),
    ),
    Scenario(
        name="a stream with Content-Disposition: attachment is accepted",
        responses=[[{"Content-Disposition": "attachment; filename=x"}, b"data: x\n\n"]],
        close_at_event=1,
        log=(OPEN, event("x")),
        requests=(REQUEST,),
    ),
)
