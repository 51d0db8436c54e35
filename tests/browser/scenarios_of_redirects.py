"""Where a redirect leads, and where the connection behind it begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sse_transports.testing import Refuse, Step, Steps
from tests.browser.differences import Difference
from tests.browser.scenario import ASKED, ASKED_AGAIN, FIRST, Otherwise, Scenario, behind_the_first
from tests.browser.story import CLOSED, OPEN, RECONNECTING, Answer, event, with_id

A, B = event("a", "1"), event("b", "1")
STREAM: Steps = [b"data: b\n\n"]
OPEN_TO_ALL: Mapping[str, str] = {"Access-Control-Allow-Origin": "*"}
MOST = 20
"""Redirects of one request."""


def _to(location: str, status: int = 302, *more: Step) -> Steps:
    return [status, {"Location": location}, *more]


def _at(place: str) -> str:
    return with_id(place, b"1")


def _followed(status: int) -> Scenario:
    there = _at("there")
    return Scenario(
        name=f"a redirect by {status} is followed with the last event ID, and then",
        answers=[FIRST, _to("there", status), STREAM],
        elsewhere={"there": [STREAM, STREAM]},
        told=behind_the_first(OPEN, B, RECONNECTING, OPEN, B, RECONNECTING, CLOSED),
        asked=(ASKED, ASKED_AGAIN, there, ASKED_AGAIN, ASKED_AGAIN),
        otherwise=Otherwise(
            Difference.REDIRECTED_FOR_GOOD,
            behind_the_first(OPEN, B, RECONNECTING, OPEN, B, RECONNECTING, CLOSED),
            (ASKED, ASKED_AGAIN, there, there, there),
        ),
    )


def _in_vain(name: str, redirect: Steps, *, loops: int = 0) -> Scenario:
    """Return a redirect that we take for the end, and Chromium for a failure that may pass."""
    way = (ASKED, ASKED_AGAIN, *[_at("loop")] * loops)
    return Scenario(
        name=name,
        answers=[FIRST, redirect],
        elsewhere={"loop": [redirect] * loops},
        told=behind_the_first(CLOSED),
        asked=way,
        otherwise=Otherwise(
            Difference.REDIRECTED_IN_VAIN, behind_the_first(RECONNECTING, CLOSED), (*way, ASKED_AGAIN)
        ),
    )


def _ended(name: str, answer: Answer, *, there: Steps | None = None) -> Scenario:
    return Scenario(
        name=name,
        answers=[FIRST, answer],
        elsewhere={"there": [there] if there else []},
        told=behind_the_first(CLOSED),
        asked=(ASKED, ASKED_AGAIN, *([_at("there")] if there else [])),
    )


def _to_the_other(name: str, *headers: Step, theirs: Otherwise) -> Scenario:
    return Scenario(
        name=name,
        answers=[FIRST, _to("{other}/there", 302, *headers)],
        on_the_other={"there": [[*headers, *STREAM]]},
        told=behind_the_first(OPEN, B, RECONNECTING, CLOSED),
        asked=(ASKED, ASKED_AGAIN, "other/there", ASKED_AGAIN),
        otherwise=theirs,
    )


def _chain(length: int) -> Mapping[str, Sequence[Answer]]:
    return {f"step{number}": [_to(f"step{number + 1}")] for number in range(1, length)}


SCENARIOS = (
    *(_followed(status) for status in (301, 302, 303, 307, 308)),
    Scenario(
        name="a redirect at the very first is followed",
        answers=[_to("there")],
        elsewhere={"there": [STREAM]},
        closed_at_event=1,
        told=(OPEN, event("b")),
        asked=(ASKED, "there"),
    ),
    Scenario(
        name="twenty redirects are followed",
        answers=[_to("step1")],
        elsewhere={**_chain(MOST), f"step{MOST}": [STREAM]},
        closed_at_event=1,
        told=(OPEN, event("b")),
        asked=(ASKED, *(f"step{number}" for number in range(1, MOST + 1))),
    ),
    Scenario(
        name="the fragment of a redirect is not asked for",
        answers=[_to("there#part")],
        elsewhere={"there": [STREAM]},
        closed_at_event=1,
        told=(OPEN, event("b")),
        asked=(ASKED, "there"),
    ),
    _ended("a redirect to what is not found ends it", _to("there"), there=[404]),
    _ended("a redirect to the end ends it", _to("there"), there=[204]),
    _ended("a redirect without a location ends it", [302]),
    _ended("300 is no redirect", _to("there", 300)),
    _ended("304 is no redirect", _to("there", 304)),
    _ended("305 is no redirect", _to("there", 305)),
    _ended("a redirect to something else than HTTP ends it", _to("ftp://127.0.0.1/")),
    Scenario(
        name="a redirect to where nobody listens is tried again",
        answers=[FIRST, _to("{nowhere}/"), STREAM],
        told=behind_the_first(RECONNECTING, OPEN, B, RECONNECTING, CLOSED),
        asked=(ASKED, ASKED_AGAIN, ASKED_AGAIN, ASKED_AGAIN),
    ),
    Scenario(
        name="a redirect to what fails is tried again",
        answers=[FIRST, _to("there"), STREAM],
        elsewhere={"there": [[Refuse()]]},
        told=behind_the_first(RECONNECTING, OPEN, B, RECONNECTING, CLOSED),
        asked=(ASKED, ASKED_AGAIN, _at("there"), ASKED_AGAIN, ASKED_AGAIN),
    ),
    _in_vain("a redirect to a URL of data", _to("data:text/event-stream,data: x")),
    _in_vain("a redirect to what is no URL", _to("http://[")),
    _in_vain("more than twenty redirects", _to("loop"), loops=MOST),
    Scenario(
        name="a redirect to an empty location",
        answers=[FIRST, _to(""), STREAM],
        told=behind_the_first(OPEN, B, RECONNECTING, CLOSED),
        asked=(ASKED, ASKED_AGAIN, ASKED_AGAIN, ASKED_AGAIN),
        otherwise=Otherwise(Difference.EMPTY_LOCATION, behind_the_first(CLOSED), (ASKED, ASKED_AGAIN)),
    ),
    _to_the_other(
        "a redirect to another origin, which allows it",
        OPEN_TO_ALL,
        theirs=Otherwise(
            Difference.ID_TO_ANOTHER_ORIGIN,
            behind_the_first(OPEN, B, RECONNECTING, CLOSED),
            # It goes on from there, as behind every redirect.
            (ASKED, ASKED_AGAIN, _at("other/there"), _at("other/there")),
        ),
    ),
    _to_the_other(
        "a redirect to another origin, which does not allow it",
        theirs=Otherwise(
            Difference.ANOTHER_ORIGIN,
            behind_the_first(CLOSED),
            (ASKED, ASKED_AGAIN, _at("other/there")),
        ),
    ),
)
