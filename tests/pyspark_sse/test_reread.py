"""A batch that is asked for again after a crash: exactly its events, or an error that names the feed."""

from __future__ import annotations

import json
import logging

import pytest

from pyspark_sse._feeds import FeedError
from pyspark_sse._options import Options
from pyspark_sse._reread import reread
from sse_core import Event
from sse_transports import Position
from sse_transports.testing import Call, Cut, History, SSEServer, Stall, Step

HISTORY = [Event(f"data {number}", id=str(number)) for number in range(1, 101)]
START = Position().after(HISTORY[:10])
END = START.after(HISTORY[10:90])


def options_of(server: SSEServer, *names: str, **more: str) -> Options:
    urls = {name: f"{server.url.rstrip('/')}/{name}" for name in names}
    return Options({"feeds": json.dumps(urls), **more})


def replayed(call: Call) -> list[Step]:
    return [History(), Stall()] if call.path == "/a" else [History()]


def test_the_events_of_each_feed_come_again() -> None:
    with SSEServer(replayed, history=HISTORY) as server:
        options = options_of(server, "a", "b", "idle")
        start = {"a": START, "idle": END}
        takings = reread(options, start, {"a": END, "b": START, "idle": END})
        assert sorted(call.path for call in server.calls) == ["/a", "/b"]
    events = {taken.feed: (taken.start, taken.events) for taken in takings}
    assert events == {"a": (START, HISTORY[10:90]), "b": (Position(), HISTORY[:10]), "idle": (END, [])}
    assert [len(taken.times) for taken in takings] == [80, 10, 0]


TRIMMED = [*HISTORY[:10], *HISTORY[20:]]


def test_events_that_are_gone_are_an_error_of_the_feed() -> None:
    with (
        SSEServer([[*TRIMMED[10:], Stall()]]) as server,
        pytest.raises(FeedError, match=r"^feed 'a': DataLoss: 80 events .* set failOnDataLoss to false$"),
    ):
        reread(options_of(server, "a"), {"a": START}, {"a": END})


def test_too_few_events_are_an_error_after_the_replay_timeout() -> None:
    with SSEServer([[*HISTORY[10:50], Stall()]]) as server:
        options = options_of(server, "a", replayTimeout="3")
        with pytest.raises(FeedError, match=r"^feed 'a': DataLoss: .* the server sends only 40"):
            reread(options, {"a": START}, {"a": END})


def test_without_fail_on_data_loss_what_is_left_is_returned(caplog: pytest.LogCaptureFixture) -> None:
    with SSEServer([[*TRIMMED[10:], Stall()]]) as server:
        options = options_of(server, "a", failOnDataLoss="false")
        (taken,) = reread(options, {"a": START}, {"a": END})
    # Nothing after the end, because that comes in the next batch.
    assert taken.events == HISTORY[20:90]
    assert "feed 'a': DataLoss: " in caplog.text


def test_a_refusal_is_an_error_of_the_feed() -> None:
    expected = pytest.raises(FeedError, match=r"^feed 'a': HTTPStatusError: .*401")
    with SSEServer([[401]]) as server, expected:
        reread(options_of(server, "a", failOnDataLoss="false"), {"a": START}, {"a": END})


def test_a_feed_that_cannot_be_reached_is_no_data_loss() -> None:
    def answer(call: Call) -> list[Step]:
        return [*HISTORY[10:50], Cut()] if call.number == 0 else [503]

    with SSEServer(answer) as server:
        options = options_of(
            server, "a", replayTimeout="3", failOnDataLoss="false", **{"retry.initialDelay": "0.1"}
        )
        with pytest.raises(FeedError, match=r"^feed 'a': was not connected when replayTimeout had passed$"):
            reread(options, {"a": START}, {"a": END})


def test_a_feed_that_is_no_longer_named_is_an_error() -> None:
    with pytest.raises(FeedError, match=r"^feed 'a': .*the options do not name it"):
        reread(Options({"url": "http://localhost/"}), {"a": START}, {"a": END})


def test_events_without_ids_are_skipped_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "pyspark_sse")
    end = Position().after([Event("x"), Event("y")])
    (taken,) = reread(Options({"url": "http://localhost/"}), {}, {"default": end})
    assert taken.events == []
    assert "feed 'default': 2 events without IDs cannot be read again" in caplog.text
