"""The probes find the right answers, for this library's client and for clients with known faults."""

from __future__ import annotations

import urllib.request
from collections.abc import Callable
from http.client import HTTPException

import pytest

pytest.importorskip("assel", reason="the peers are not installed")

from benchmarks.comparison import parser_features, probes, published, tables
from benchmarks.comparison.clients import Client, read_this_library
from benchmarks.comparison.features import features_of
from benchmarks.comparison.probes import ENDLESS_LINE, PROBES
from benchmarks.this_library import THIS_LIBRARY
from sse_core import Parser

THIS_CLIENT = Client(THIS_LIBRARY, read_this_library, ("GET", "POST"))

EXPECTED = {
    "reconnects": "yes",
    "retry": "yes",
    "type": "yes",
    "post": "yes",
    "incomplete event": "an error",
    "immediate": "yes",
    "CR": "yes",
    "limit": "32 MiB",
}


def test_every_probe_has_a_column() -> None:
    assert set(PROBES) == set(tables.QUESTIONS)


@pytest.mark.parametrize("question", PROBES)
def test_this_client_has_every_feature(question: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Long, for a busy machine: this client returns every event, so that no probe waits in vain.
    monkeypatch.setattr(probes, "EVENT_TIMEOUT", 30.0)
    assert PROBES[question](THIS_CLIENT) == EXPECTED[question]


def test_published_features_are_those_of_this_client() -> None:
    (parser,) = (parser for parser in published.read()["parsers"] if parser["name"] == THIS_LIBRARY)
    assert parser["features"] == EXPECTED


def careless(url: str, method: str, on_event: Callable[[], None]) -> None:
    """Read the whole body before returning an event, and send four requests whatever happens."""
    for _ in range(4):
        try:
            with urllib.request.urlopen(urllib.request.Request(url, method=method)) as response:
                body = response.read()
        except (OSError, HTTPException):
            continue
        for _ in range(body.count(b"\n\n")):
            on_event()


@pytest.mark.parametrize(
    ("question", "answer"),
    {
        "reconnects": "no",
        "retry": "no",
        "type": "no",
        "post": "no",
        "incomplete event": "reconnects",
        "immediate": "no",
        "CR": "no",
        "limit": "no",
    }.items(),
)
def test_careless_client_fails_every_probe(
    question: str, answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Short, because each probe waits in vain for something that this client never does.
    monkeypatch.setattr(probes, "EVENT_TIMEOUT", 0.3)
    monkeypatch.setattr(probes, "PROBE_TIMEOUT", 0.3)
    monkeypatch.setattr(probes, "RETRY_MS", 60_000)
    assert PROBES[question](Client("careless", careless, ("GET", "POST"))) == answer


def once(url: str, method: str, on_event: Callable[[], None]) -> None:
    """Read one response as it comes, and never reconnect."""
    with urllib.request.urlopen(urllib.request.Request(url, method=method)) as response:
        while chunk := response.read1(2**16):
            for _ in range(chunk.count(b"data")):
                on_event()


@pytest.mark.parametrize(
    ("question", "answer"),
    {"reconnects": "no", "retry": "—", "post": "yes", "incomplete event": "a partial event"}.items(),
)
def test_client_that_never_reconnects(question: str, answer: str) -> None:
    assert PROBES[question](Client("once", once, ("GET", "POST"))) == answer


def reconnects_after(ending: str) -> Client:
    """Return a client that sends the same request again, after a lost connection or after a clean end."""

    def read(url: str, method: str, on_event: Callable[[], None]) -> None:
        try:
            once(url, method, on_event)
            ended = "clean end"
        except (OSError, HTTPException):
            ended = "lost connection"
        if ended == ending:
            once(url, method, on_event)

    return Client("reconnects", read, ("GET", "POST"))


@pytest.mark.parametrize("ending", ["lost connection", "clean end"])
def test_reconnect_without_last_event_id_is_no_resume(ending: str) -> None:
    assert PROBES["reconnects"](reconnects_after(ending)) == "no"


@pytest.mark.parametrize("ending", ["lost connection", "clean end"])
def test_second_post_is_found_after_either_ending(ending: str) -> None:
    assert PROBES["post"](reconnects_after(ending)) == "no"


def test_late_error_does_not_refuse_content_type() -> None:
    def late(url: str, method: str, on_event: Callable[[], None]) -> None:
        once(url, method, on_event)
        raise ValueError("this was HTML")

    assert PROBES["type"](Client("late", late, ("GET",))) == "no"


def test_client_immediate_only_if_chunked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def buffered(url: str, method: str, on_event: Callable[[], None]) -> None:
        with urllib.request.urlopen(url) as response:
            chunk = response.read1() if response.getheader("Transfer-Encoding") else response.read()
            for _ in range(chunk.count(b"data")):
                on_event()

    monkeypatch.setattr(probes, "EVENT_TIMEOUT", 5.0)
    assert PROBES["immediate"](Client("buffered", buffered, ("GET",))) == "if chunked"


def test_client_without_post_has_no_answer() -> None:
    assert PROBES["post"](Client("gets", once, ("GET",))) == "—"


def test_limit_is_the_largest_event_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "EVENT_TIMEOUT", 30.0)

    def small(url: str, method: str, on_event: Callable[[], None]) -> None:
        parser = Parser(max_event_size=100_000)
        with urllib.request.urlopen(url) as response:
            while chunk := response.read1(2**16):
                for _ in parser.feed(chunk):
                    on_event()

    assert PROBES["limit"](Client("small", small, ("GET",))) == "64 KiB"


def test_features_of_parser_without_client() -> None:
    def new(limit: int, *, holds_cr: bool) -> Callable[[], parser_features.Feed]:
        def made() -> parser_features.Feed:
            parser = Parser(max_event_size=limit)
            return lambda chunk: 0 if holds_cr and chunk.endswith(b"\r") else len(parser.feed(chunk))

        return made

    answers = parser_features.python_parser(new(2**20, holds_cr=False))
    assert {question: answer for question, answer in answers.items() if answer != "—"} == {
        "immediate": "yes",
        "CR": "yes",
        "limit": "1 MiB",
    }
    answers = parser_features.python_parser(new(2 * ENDLESS_LINE, holds_cr=True))
    assert (answers["immediate"], answers["CR"], answers["limit"]) == ("yes", "no", "no")


def test_parser_is_found_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parser_features, "CPU_TIME_LIMIT", 0.1)
    assert features_of("assel")["immediate"] == "yes"
