"""What an answer's status and content type mean."""

from __future__ import annotations

from collections.abc import Mapping

from sse_transports.testing import Call, Step
from tests.browser.differences import Difference
from tests.browser.scenario import ASKED, ASKED_AGAIN, FIRST, Otherwise, Scenario, behind_the_first
from tests.browser.story import CLOSED, OPEN, event

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
NO_TYPES = (
    ("text/event-stream utf-8",),
    ("text/event-stream(utf-8)",),
)


def _status(status: int, *more: Step) -> Scenario:
    body = () if status in WITHOUT_A_BODY else (STREAM, b"data: x\n\n")
    names = " and ".join(
        [str(status), *(name for step in more if isinstance(step, Mapping) for name in step)]
    )
    return Scenario(
        name=f"an answer with {names} ends it",
        answers=[FIRST, [status, *more, *body]],
        told=behind_the_first(CLOSED),
        asked=(ASKED, ASKED_AGAIN),
    )


def _type(values: tuple[str, ...], *, ours: bool = True, otherwise: Difference | None = None) -> Scenario:
    accepted, refused = (OPEN, event("x")), (CLOSED,)
    theirs = Otherwise(otherwise, refused if ours else accepted, (ASKED,)) if otherwise else None
    return Scenario(
        name=f"the content type {' and '.join(map(repr, values))} is {'a' if ours else 'no'} stream's",
        answers=[[*({"Content-Type": value} for value in values), b"data: x\n\n"]],
        closed_at_event=1,
        told=accepted if ours else refused,
        asked=(ASKED,),
        otherwise=theirs,
    )


def _without_a_type(call: Call) -> None:
    call.respond(200, [], b"data: x\n\n")


SCENARIOS = (
    *(_status(status) for status in REFUSED_STATUSES),
    _status(429, {"Retry-After": "0"}),
    _status(503, {"Retry-After": "0"}),
    *(_type(values) for values in ACCEPTED_TYPES),
    *(_type(values, ours=False) for values in REFUSED_TYPES),
    *(_type(values, otherwise=Difference.CHARSET) for values in OTHER_CHARSETS),
    *(_type(values, ours=False, otherwise=Difference.TYPE_WITH_MORE) for values in NO_TYPES),
    Scenario(
        name="an answer without a content type is no stream",
        answers=[_without_a_type],
        told=(CLOSED,),
        asked=(ASKED,),
    ),
    Scenario(
        name="a stream that is to be saved as a file is one all the same",
        answers=[[{"Content-Disposition": "attachment; filename=x"}, b"data: x\n\n"]],
        closed_at_event=1,
        told=(OPEN, event("x")),
        asked=(ASKED,),
    ),
)
