"""The thread that reads feeds into buffers, from which batches are taken."""

from __future__ import annotations

import json
import logging
import threading
import traceback
from collections.abc import Iterator
from contextlib import closing

import pytest

from pyspark_sse._feeds import FeedError, Feeds
from pyspark_sse._options import Options
from sse_core import Event
from sse_transports import Position
from sse_transports.testing import Call, Cut, History, SSEServer, Stall, Step
from tests.sse_transports.waiting import DEADLINE, eventually

HISTORY = [Event(f"data {number}", id=str(number)) for number in range(1, 101)]
SHORT = 0.05
"""Seconds in which nothing can arrive, because the server sends nothing."""


@pytest.fixture
def server() -> Iterator[SSEServer]:
    def answer(call: Call) -> list[Step]:
        match call.path:
            case "/ends":
                return [History()] if call.last_event_id != "100" else [204]
            case "/drops":
                start = int(call.last_event_id or 0)
                return [*HISTORY[start : start + 40], Cut() if start < 80 else Stall()]
            case "/silent":
                return [b":\n", Stall()]
            case "/refused":
                return [401]
            case _:
                return [History(), Stall()]

    with SSEServer(answer, history=HISTORY) as server:
        yield server


def feeds_of(
    server: SSEServer, *names: str, positions: dict[str, Position] | None = None, **more: str
) -> closing[Feeds]:
    urls = {name: f"{server.url.rstrip('/')}/{name}" for name in names}
    options = Options({"feeds": json.dumps(urls), "retry.initialDelay": "0.1", **more})
    at = positions or dict.fromkeys(names, Position())
    return closing(Feeds(options, at, ignore_end=options["onFeedEnd"] == "ignore"))


def take_all(feeds: Feeds, count: int, limit: int | None = None) -> dict[str, list[Event]]:
    """Take until there are so many events; return those of each feed."""
    received: dict[str, list[Event]] = {}
    while sum(map(len, received.values())) < count:
        for taken in feeds.take(limit, DEADLINE):
            received.setdefault(taken.feed, []).extend(taken.events)
    return received


def buffered(feeds: Feeds) -> dict[str, int]:
    return {feed.name: len(feed.events) for feed in feeds._feeds}


def test_events_of_all_feeds_are_taken_in_order(server: SSEServer) -> None:
    with feeds_of(server, "a", "b") as feeds:
        assert take_all(feeds, 200) == {"a": HISTORY, "b": HISTORY}
        end = Position().after(HISTORY)
        assert feeds.positions == {"a": end, "b": end}
        assert feeds.take(None, SHORT) == []
        assert not feeds.finished


def test_what_is_taken_knows_its_place_and_time(server: SSEServer) -> None:
    start = Position().after(HISTORY[:30])
    with feeds_of(server, "a", positions={"a": start}) as feeds:
        eventually(lambda: buffered(feeds) == {"a": 70}, "all events have arrived")
        (taken,) = feeds.take(2, DEADLINE)
        assert (taken.start, taken.events) == (start, HISTORY[30:32])
        (taken,) = feeds.take(None, DEADLINE)
        assert (taken.start.count, taken.events) == (32, HISTORY[32:])
        assert len(taken.times) == 68
        assert sorted(taken.times) == taken.times


def test_a_dropped_connection_is_resumed(server: SSEServer) -> None:
    with feeds_of(server, "drops") as feeds:
        assert take_all(feeds, 100) == {"drops": HISTORY}


def test_a_limit_is_shared_equally_and_what_is_left_goes_to_the_others(server: SSEServer) -> None:
    positions = {"a": Position(), "b": Position(), "few": Position().after(HISTORY[:95])}
    with feeds_of(server, *positions, positions=positions) as feeds:
        eventually(lambda: buffered(feeds) == {"a": 100, "b": 100, "few": 5}, "all events have arrived")
        counts = {taken.feed: len(taken.events) for taken in feeds.take(45, DEADLINE)}
        assert counts == {"few": 5, "a": 20, "b": 20}


def test_a_full_buffer_is_not_filled_further(server: SSEServer) -> None:
    many = b"".join(b"id: %d\ndata: %s\n\n" % (number, b"x" * 1000) for number in range(20_000))
    written = threading.Event()

    def answer(call: Call) -> None:
        call.respond(body=many)
        written.set()
        call.wait_until_gone()

    with SSEServer(answer) as fast, feeds_of(fast, "a", maxBufferedEvents="100") as feeds:
        eventually(lambda: buffered(feeds)["a"] >= 100, "the buffer is full")
        # 20 MB do not fit into the buffers of the sockets.
        assert not written.wait(SHORT)
        assert buffered(feeds)["a"] < 2000
        events = take_all(feeds, 20_000)["a"]
        assert [event.id for event in events] == [str(number) for number in range(20_000)]


def test_an_error_names_the_feed_and_comes_after_its_events(server: SSEServer) -> None:
    expected = pytest.raises(FeedError, match=r"^feed 'refused': HTTPStatusError: .*401")
    with feeds_of(server, "a", "ends", "refused") as feeds, expected:
        take_all(feeds, 1000)


def test_the_end_of_a_feed_is_an_error_after_its_events(server: SSEServer) -> None:
    with feeds_of(server, "ends", "silent") as feeds:
        assert take_all(feeds, 100) == {"ends": HISTORY}
        with pytest.raises(FeedError, match=r"^feed 'ends': has ended; .* set onFeedEnd to ignore$"):
            feeds.take(None, DEADLINE)


def test_the_end_of_a_feed_can_be_ignored(server: SSEServer) -> None:
    with feeds_of(server, "ends", "a", onFeedEnd="ignore") as feeds:
        assert take_all(feeds, 200) == {"ends": HISTORY, "a": HISTORY}
        assert feeds.take(None, SHORT) == []
        assert not feeds.finished
    with feeds_of(server, "ends", onFeedEnd="ignore", until="data 3") as feeds:
        assert take_all(feeds, 2) == {"ends": HISTORY[:2]}
        eventually(lambda: feeds.finished, "the feed has ended")
        assert feeds.take(None, DEADLINE) == []


def test_a_secret_that_is_not_set_is_an_error_of_its_feed() -> None:
    options = Options({"url": "env:NO_SUCH_URL"})
    expected = pytest.raises(
        FeedError, match=r"^feed 'default': InvalidArgument: .* NO_SUCH_URL is not set on"
    )
    with closing(Feeds(options, {"default": Position()}, ignore_end=False)) as feeds, expected:
        feeds.take(None, DEADLINE)


def test_a_refusal_that_quotes_the_url_shows_no_secret() -> None:
    def refuse(call: Call) -> None:
        call.respond(403, body=f"no access to {call.path}".encode())

    with SSEServer(refuse) as refusing:
        options = Options({"url": f"{refusing.url}?token=hush"})
        with closing(Feeds(options, {"default": Position()}, ignore_end=False)) as feeds:
            with pytest.raises(FeedError, match="no access to") as raised:
                feeds.take(None, DEADLINE)
            assert "hush" not in "".join(traceback.format_exception(raised.value))


def test_an_argument_that_a_source_refuses_is_an_error_of_its_feed() -> None:
    options = Options({"url": "http://localhost/", "header.x": "a\nb"})
    expected = pytest.raises(FeedError, match=r"^feed 'default': InvalidArgument: headers\['x'\]: holds a LF")
    with closing(Feeds(options, {"default": Position()}, ignore_end=False)) as feeds, expected:
        feeds.take(None, DEADLINE)


def test_waiting_until_all_are_open_ends_also_at_an_error(server: SSEServer) -> None:
    with feeds_of(server, "silent", "refused") as feeds:
        feeds.wait_until_open(DEADLINE)
        assert [(feed.opened, feed.done) for feed in feeds._feeds] == [(True, False), (False, True)]


NO_ID = "feed 'a' has events without an ID"
REPEATED = "feed 'a' has the same ID on several events"


@pytest.mark.parametrize(
    ("ids", "start", "warning"),
    [
        (["", ""], "", NO_ID),
        (["1", ""], "", REPEATED),
        (["1", "2", "1"], "", REPEATED),
        # The server sends the last event again.
        (["0", "1"], "0", REPEATED),
        (["1", "2"], "0", None),
    ],
)
def test_ids_that_do_not_tell_events_apart_are_one_warning(
    ids: list[str], start: str, warning: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "pyspark_sse")
    # An empty ID stands for none: the event has that of the event before it.
    body = "".join(f"id: {name}\ndata\n\n" if name else "data\n\n" for name in ids).encode()
    with (
        SSEServer([[body, body if warning else b":\n", Stall()]]) as server,
        feeds_of(server, "a", positions={"a": Position(start)}) as feeds,
    ):
        take_all(feeds, len(ids) * (2 if warning else 1))
    messages = [record.getMessage() for record in caplog.records if record.name == "pyspark_sse"]
    assert [message.partition(":")[0] for message in messages] == ([warning] if warning else [])
