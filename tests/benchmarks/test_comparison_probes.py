"""What is asked of clients is answered right: by a client that is as it should be, and by careless ones."""

from __future__ import annotations

import urllib.request
from collections.abc import Callable
from http.client import HTTPException

import pytest

pytest.importorskip("assel", reason="the peers are not installed")

from benchmarks.comparison import parsers_alone, probes, published, tables
from benchmarks.comparison.clients import Client, ours
from benchmarks.comparison.features import answers
from benchmarks.comparison.probes import ENDLESS, PROBES
from benchmarks.ours import OURS
from sse_core import Parser

GOOD = Client(OURS, ours, ("GET", "POST"))

AS_IT_SHOULD_BE = {
    "reconnects": "yes",
    "retry": "yes",
    "type": "yes",
    "post": "yes",
    "unfinished": "an error",
    "at once": "yes",
    "CR": "yes",
    "limit": "32 MiB",
}


def test_all_that_is_asked_is_in_the_table() -> None:
    assert set(PROBES) == set(tables.QUESTIONS)


@pytest.mark.parametrize("question", PROBES)
def test_our_client_does_what_is_asked(question: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # However busy the machine is: nothing here waits for what does not come.
    monkeypatch.setattr(probes, "SILENCE", 30.0)
    assert PROBES[question](GOOD) == AS_IT_SHOULD_BE[question]


def test_what_our_client_does_is_what_is_published() -> None:
    (told,) = (parser for parser in published.read()["parsers"] if parser["name"] == OURS)
    assert told["features"] == AS_IT_SHOULD_BE


def careless(url: str, method: str, heard: Callable[[], None]) -> None:
    """Read all of a body before anything is given, and ask again and again, four times, whatever comes."""
    for _ in range(4):
        try:
            with urllib.request.urlopen(urllib.request.Request(url, method=method)) as response:
                body = response.read()
        except (OSError, HTTPException):
            continue
        for _ in range(body.count(b"\n\n")):
            heard()


@pytest.mark.parametrize(
    ("question", "answer"),
    {
        "reconnects": "no",
        "retry": "no",
        "type": "no",
        "post": "no",
        "unfinished": "asks again",
        "at once": "no",
        "CR": "no",
        "limit": "no",
    }.items(),
)
def test_a_careless_client_is_found_out(question: str, answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # What it does not do, it does not do later either; and so long it takes for nothing.
    monkeypatch.setattr(probes, "SILENCE", 0.3)
    monkeypatch.setattr(probes, "PATIENCE", 0.3)
    monkeypatch.setattr(probes, "RETRY", 60_000)
    assert PROBES[question](Client("careless", careless, ("GET", "POST"))) == answer


def once(url: str, method: str, heard: Callable[[], None]) -> None:
    """Read one answer as it comes, and take its end for the end."""
    with urllib.request.urlopen(urllib.request.Request(url, method=method)) as response:
        while chunk := response.read1(2**16):
            for _ in range(chunk.count(b"data")):
                heard()


@pytest.mark.parametrize(
    ("question", "answer"),
    {"reconnects": "no", "retry": "—", "post": "yes", "unfinished": "half an event"}.items(),
)
def test_a_client_that_reads_once_is_told_from_one_that_reconnects(question: str, answer: str) -> None:
    assert PROBES[question](Client("once", once, ("GET", "POST"))) == answer


def again_after(ending: str) -> Client:
    """Return a client that asks a second time, from the start, after a cut or after an end."""

    def read(url: str, method: str, heard: Callable[[], None]) -> None:
        try:
            once(url, method, heard)
            ended = "end"
        except (OSError, HTTPException):
            ended = "cut"
        if ended == ending:
            once(url, method, heard)

    return Client("again", read, ("GET", "POST"))


@pytest.mark.parametrize("ending", ["cut", "end"])
def test_who_asks_again_without_last_event_id_does_not_resume(ending: str) -> None:
    assert PROBES["reconnects"](again_after(ending)) == "no"


@pytest.mark.parametrize("ending", ["cut", "end"])
def test_a_second_post_is_found_out_after_either_ending(ending: str) -> None:
    assert PROBES["post"](again_after(ending)) == "no"


def test_an_error_after_the_event_does_not_refuse_the_content_type() -> None:
    def late(url: str, method: str, heard: Callable[[], None]) -> None:
        once(url, method, heard)
        raise ValueError("this was HTML")

    assert PROBES["type"](Client("late", late, ("GET",))) == "no"


def test_who_waits_for_the_end_without_chunks_is_at_once_in_chunks_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def buffered(url: str, method: str, heard: Callable[[], None]) -> None:
        with urllib.request.urlopen(url) as response:
            chunk = response.read1() if response.getheader("Transfer-Encoding") else response.read()
            for _ in range(chunk.count(b"data")):
                heard()

    monkeypatch.setattr(probes, "SILENCE", 5.0)
    assert PROBES["at once"](Client("buffered", buffered, ("GET",))) == "in chunks"


def test_a_client_without_post_is_not_asked_about_it() -> None:
    assert PROBES["post"](Client("gets", once, ("GET",))) == "—"


def test_the_largest_event_that_is_read_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "SILENCE", 30.0)

    def small(url: str, method: str, heard: Callable[[], None]) -> None:
        parser = Parser(max_event_size=100_000)
        with urllib.request.urlopen(url) as response:
            while chunk := response.read1(2**16):
                for _ in parser.feed(chunk):
                    heard()

    assert PROBES["limit"](Client("small", small, ("GET",))) == "64 KiB"


def test_a_parser_without_a_client_is_asked_what_can_be_asked() -> None:
    def new(limit: int, *, holds_cr: bool) -> Callable[[], parsers_alone.Feed]:
        def made() -> parsers_alone.Feed:
            parser = Parser(max_event_size=limit)
            return lambda chunk: 0 if holds_cr and chunk.endswith(b"\r") else len(parser.feed(chunk))

        return made

    asked = parsers_alone.python_parser(new(2**20, holds_cr=False))
    assert {question: answer for question, answer in asked.items() if answer != "—"} == {
        "at once": "yes",
        "CR": "yes",
        "limit": "1 MiB",
    }
    asked = parsers_alone.python_parser(new(2 * ENDLESS, holds_cr=True))
    assert (asked["at once"], asked["CR"], asked["limit"]) == ("yes", "no", "no")


def test_a_parser_is_found_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsers_alone, "WORK", 0.1)
    assert answers("assel")["at once"] == "yes"
