"""Scenarios: redirects, and the URL of the next reconnect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sse_transports.testing import Refuse, Step, Steps
from tests.browser.differences import Difference
from tests.browser.recorded_run import CLOSED, OPEN, RECONNECTING, ServerResponse, event, with_id
from tests.browser.scenario import FIRST, REQUEST, RESUME, ChromiumOutcome, Scenario, after_first

A, B = event("a", "1"), event("b", "1")
STREAM: Steps = [b"data: b\n\n"]
ALLOW_ANY_ORIGIN: Mapping[str, str] = {"Access-Control-Allow-Origin": "*"}
MAX_REDIRECTS = 20
"""How many redirects of one request are followed."""


def _to(location: str, status: int = 302, *steps: Step) -> Steps:
    return [status, {"Location": location}, *steps]


def _resume(path: str) -> str:
    return with_id(path, b"1")


def _followed(status: int) -> Scenario:
    there = _resume("there")
    return Scenario(
        name=f"a {status} redirect is followed with the last event ID",
        responses=[FIRST, _to("there", status), STREAM],
        other_paths={"there": [STREAM, STREAM]},
        log=after_first(OPEN, B, RECONNECTING, OPEN, B, RECONNECTING, CLOSED),
        requests=(REQUEST, RESUME, there, RESUME, RESUME),
        chromium=ChromiumOutcome(
            Difference.RECONNECT_AFTER_REDIRECT,
            after_first(OPEN, B, RECONNECTING, OPEN, B, RECONNECTING, CLOSED),
            (REQUEST, RESUME, there, there, there),
        ),
    )


def _failed_redirect(name: str, redirect: Steps, *, loops: int = 0) -> Scenario:
    """Return a scenario in which we raise an error, and Chromium retries."""
    path = (REQUEST, RESUME, *[_resume("loop")] * loops)
    return Scenario(
        name=name,
        responses=[FIRST, redirect],
        other_paths={"loop": [redirect] * loops},
        log=after_first(CLOSED),
        requests=path,
        chromium=ChromiumOutcome(
            Difference.FAILED_REDIRECT, after_first(RECONNECTING, CLOSED), (*path, RESUME)
        ),
    )


def _ended(name: str, response: ServerResponse, *, there: Steps | None = None) -> Scenario:
    return Scenario(
        name=name,
        responses=[FIRST, response],
        other_paths={"there": [there] if there else []},
        log=after_first(CLOSED),
        requests=(REQUEST, RESUME, *([_resume("there")] if there else [])),
    )


def _to_other_origin(name: str, *headers: Step, chromium: ChromiumOutcome) -> Scenario:
    return Scenario(
        name=name,
        responses=[FIRST, _to("{other}/there", 302, *headers)],
        other_origin={"there": [[*headers, *STREAM]]},
        log=after_first(OPEN, B, RECONNECTING, CLOSED),
        requests=(REQUEST, RESUME, "other/there", RESUME),
        chromium=chromium,
    )


def _chain(length: int) -> Mapping[str, Sequence[ServerResponse]]:
    return {f"step{number}": [_to(f"step{number + 1}")] for number in range(1, length)}


SCENARIOS = (
    *(_followed(status) for status in (301, 302, 303, 307, 308)),
    Scenario(
        name="a redirect of the first request is followed",
        responses=[_to("there")],
        other_paths={"there": [STREAM]},
        close_at_event=1,
        log=(OPEN, event("b")),
        requests=(REQUEST, "there"),
    ),
    Scenario(
        name="twenty redirects are followed",
        responses=[_to("step1")],
        other_paths={**_chain(MAX_REDIRECTS), f"step{MAX_REDIRECTS}": [STREAM]},
        close_at_event=1,
        log=(OPEN, event("b")),
        requests=(REQUEST, *(f"step{number}" for number in range(1, MAX_REDIRECTS + 1))),
    ),
    Scenario(
        name="the fragment of a redirect is not sent",
        responses=[_to("there#part")],
        other_paths={"there": [STREAM]},
        close_at_event=1,
        log=(OPEN, event("b")),
        requests=(REQUEST, "there"),
    ),
    _ended("a redirect to 404 ends the source", _to("there"), there=[404]),
    _ended("a redirect to 204 ends the source", _to("there"), there=[204]),
    _ended("a redirect without a Location ends the source", [302]),
    _ended("300 is not a redirect", _to("there", 300)),
    _ended("304 is not a redirect", _to("there", 304)),
    _ended("305 is not a redirect", _to("there", 305)),
    _ended("a redirect to another scheme than http ends the source", _to("ftp://127.0.0.1/")),
    Scenario(
        name="a redirect to a refused connection is retried",
        responses=[FIRST, _to("{nowhere}/"), STREAM],
        log=after_first(RECONNECTING, OPEN, B, RECONNECTING, CLOSED),
        requests=(REQUEST, RESUME, RESUME, RESUME),
    ),
    Scenario(
        name="a redirect to a reset connection is retried",
        responses=[FIRST, _to("there"), STREAM],
        other_paths={"there": [[Refuse()]]},
        log=after_first(RECONNECTING, OPEN, B, RECONNECTING, CLOSED),
        requests=(REQUEST, RESUME, _resume("there"), RESUME, RESUME),
    ),
    _failed_redirect("a redirect to a data: URL", _to("data:text/event-stream,data: x")),
    _failed_redirect("a redirect to an invalid URL", _to("http://[")),
    _failed_redirect("more than twenty redirects", _to("loop"), loops=MAX_REDIRECTS),
    Scenario(
        name="a redirect to an empty location",
        responses=[FIRST, _to(""), STREAM],
        log=after_first(OPEN, B, RECONNECTING, CLOSED),
        requests=(REQUEST, RESUME, RESUME, RESUME),
        chromium=ChromiumOutcome(Difference.EMPTY_LOCATION, after_first(CLOSED), (REQUEST, RESUME)),
    ),
    _to_other_origin(
        "a redirect to another origin that allows it",
        ALLOW_ANY_ORIGIN,
        chromium=ChromiumOutcome(
            Difference.ID_TO_ANOTHER_ORIGIN,
            after_first(OPEN, B, RECONNECTING, CLOSED),
            # It reconnects to the target, as after every redirect.
            (REQUEST, RESUME, _resume("other/there"), _resume("other/there")),
        ),
    ),
    _to_other_origin(
        "a redirect to another origin that does not allow it",
        chromium=ChromiumOutcome(
            Difference.ANOTHER_ORIGIN,
            after_first(CLOSED),
            (REQUEST, RESUME, _resume("other/there")),
        ),
    ),
)
