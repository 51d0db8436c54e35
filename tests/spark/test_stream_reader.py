"""A streaming query without a JVM: its batches, its offsets, and what comes again after a crash."""

from __future__ import annotations

import datetime
import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from sse_core import Event, InvalidArgument, encode
from sse_transports.testing import Answer, Call, Cut, History, SSEServer, Stall, Step
from tests.spark.as_spark_calls import Query

HISTORY = [Event(f"data {number}", id=f"id-{number}") for number in range(1, 501)]


def follow(call: Call) -> list[Step]:
    return [History(), Stall()]


def dropping(call: Call) -> list[Step]:
    ids = [event.id for event in HISTORY]
    start = ids.index(call.last_event_id) + 1 if call.last_event_id else 0
    return [*HISTORY[start : start + 60], Cut() if start + 60 < len(HISTORY) else Stall()]


@contextmanager
def query(answer: Answer, *names: str, available_now: bool = False, **more: str) -> Iterator[Query]:
    with SSEServer(answer, history=HISTORY) as server:
        feeds = {name: f"{server.url.rstrip('/')}/{name}" for name in names or "a"}
        options = {"feeds": json.dumps(feeds), "retry.initialDelay": "0.1", **more}
        running = Query({name.lower(): value for name, value in options.items()}, available_now=available_now)
        try:
            yield running
        finally:
            running.stop()


def rows_of(running: Query, feed: str = "a") -> list[tuple[int, str, str]]:
    return [(row["seq"], row["id"], row["data"]) for row in running.rows if row["feed"] == feed]


EXPECTED = [(number, event.id, event.data) for number, event in enumerate(HISTORY, 1)]


def test_each_event_is_a_row() -> None:
    before = datetime.datetime.now(datetime.UTC)
    with query(follow) as running:
        running.run(len(HISTORY))
    row = running.rows[6]
    received = row.pop("received_at")
    assert row == {"feed": "a", "seq": 7, "id": "id-7", "event": "message", "data": "data 7"}
    assert before <= received <= datetime.datetime.now(datetime.UTC)
    assert rows_of(running) == EXPECTED


def test_batches_of_two_feeds_over_dropped_connections() -> None:
    with query(dropping, "a", "b", maxOffsetsPerTrigger="70") as running:
        running.run(2 * len(HISTORY))
    assert rows_of(running, "a") == rows_of(running, "b") == EXPECTED
    assert len(running.offsets) > 2 * len(HISTORY) // 70
    assert running.offsets[-1]["feeds"]["a"]["seq"] == len(HISTORY)


def test_without_events_the_offset_stays() -> None:
    with query(lambda _: [b":\n", Stall()], maxSecondsPerTrigger="0.05") as running:
        assert not running.log()
        assert len(running.offsets) == 1


@pytest.mark.parametrize(
    "order", [("logged", "written", "read"), ("written", "read", "logged"), ("read", "logged", "written")]
)
def test_crashes_at_any_point_lose_and_double_nothing(order: tuple[str, ...]) -> None:
    crashes = itertools.cycle([*order, "none"])
    with query(dropping, "a", "b", maxOffsetsPerTrigger="90") as running:
        while len(running.rows) < 2 * len(HISTORY):
            if not running.log():
                continue
            crash = next(crashes)
            if crash == "read":
                # Before its offset was logged.
                running.offsets.pop()
            elif crash != "logged":
                running.write()
            if crash != "none":
                running.stop()
                running.start()
    assert rows_of(running, "a") == rows_of(running, "b") == EXPECTED


def restarted(running: Query) -> None:
    """Read a batch of events, then lose it before it is written, and start again."""
    while not running.log():
        pass
    running.stop()
    running.start()


def served(change: Callable[[list[Event]], list[Event]]) -> Answer:
    """Return a server that sends ten events, but changed ones to who asks for them again."""

    def answer(call: Call) -> list[Step]:
        events = HISTORY[10:20]
        # In one chunk, so that the first batch has all of them.
        return [b"".join(map(encode, events if call.number == 0 else change(events))), Stall()]

    return answer


CHANGES: dict[str, Callable[[list[Event]], list[Event]]] = {
    "trimmed": lambda events: [*events[3:], *HISTORY[20:23]],
    "missing": lambda events: [*events[:4], *events[5:], HISTORY[20]],
    "doubled": lambda events: [*events[:4], *events[3:]],
    "swapped": lambda events: [events[1], events[0], *events[2:]],
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_batch_that_cannot_be_read_again_fails(change: str) -> None:
    start = json.dumps({"a": HISTORY[9].id})
    with query(served(CHANGES[change]), startingOffsets=start, maxSecondsPerTrigger="3") as running:
        with pytest.raises(RuntimeError, match=r"feed 'a': DataLoss: .* set failOnDataLoss to false"):
            restarted(running)
        # It fails again and again, until the option is set: then reading goes on with what there is.
        running.options["failondataloss"] = "false"
        running.start()
        assert running.committed == 1


def test_events_without_ids_are_lost_with_the_batch() -> None:
    with query(lambda _: [b"data: x\n\ndata: y\n\n", Stall()]) as running:
        restarted(running)
        assert running.rows == []
        assert running.committed == 1


def test_a_stream_starts_after_the_given_ids() -> None:
    with query(follow, "a", "b", startingOffsets='{"b": "id-490"}') as running:
        running.run(510)
    assert [event_id for _, event_id, _ in rows_of(running, "b")] == [event.id for event in HISTORY[490:]]
    # `seq` counts what this query has read.
    assert rows_of(running, "b")[0][0] == 1


def test_a_feed_can_be_added_removed_and_named_again() -> None:
    with query(follow, "a") as running:
        running.run(500)
        both = running.options["feeds"]
        url = json.loads(both)["a"]
        running.stop()
        running.options["feeds"] = json.dumps({"b": url})
        running.start()
        running.run(1000)
        assert set(running.offsets[-1]["feeds"]) == {"a", "b"}
        running.stop()
        running.options["feeds"] = both
        running.options["maxsecondspertrigger"] = "0.05"
        running.start()
        assert not running.log()
    assert rows_of(running, "a") == rows_of(running, "b") == EXPECTED


def test_the_first_batch_of_an_added_feed_is_read_again_from_its_start() -> None:
    with query(follow, "a", maxSecondsPerTrigger="1") as running:
        running.run(500)
        running.stop()
        url = json.loads(running.options["feeds"])["a"]
        running.options["feeds"] = json.dumps({"a": url, "b": url})
        running.options["startingoffsets"] = json.dumps({"b": "id-490"})
        running.start()
        restarted(running)
        running.run(510)
    assert [event_id for _, event_id, _ in rows_of(running, "b")] == [event.id for event in HISTORY[490:]]


def test_what_spark_did_not_use_is_read_again() -> None:
    with query(follow, maxOffsetsPerTrigger="10") as running:
        assert running.log()
        running.offsets.pop()
        assert running.log()
        running._reader.cache = running._reader.cache[-1:]
        running.write()
        assert rows_of(running) == EXPECTED[: len(running.rows)]


@pytest.mark.parametrize("end", [[History(), Stall()], [History()]], ids=["silence", "the end of the feed"])
def test_available_now_ends_when_all_was_read(end: list[Step]) -> None:
    def answer(call: Call) -> list[Step]:
        return [204] if call.last_event_id == HISTORY[-1].id else end

    with query(
        answer, "a", "b", available_now=True, maxOffsetsPerTrigger="300", maxSecondsPerTrigger="2"
    ) as running:
        while running.log():
            running.write()
    assert rows_of(running, "a") == rows_of(running, "b") == EXPECTED


def test_available_now_ends_after_its_time_while_events_come() -> None:
    def endless(call: Call) -> None:
        call.respond(body=b"")
        for number in itertools.count(1):
            call.send(b"id: %d\ndata\n\n" % number)

    with query(endless, available_now=True, maxSeconds="1") as running:
        while running.log():
            running.write()
    assert len(running.rows) > 1


def test_limits_of_a_batch_are_refused_in_a_stream() -> None:
    with pytest.raises(InvalidArgument, match="maxEvents: is for"), query(follow, maxEvents="5"):
        pass
    with query(follow, maxSeconds="5") as running, pytest.raises(InvalidArgument, match="maxSeconds: is for"):
        running.log()


def test_no_secret_is_in_an_offset(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def checked(call: Call) -> list[Step]:
        seen.append((call.path, call.headers.get("authorization")))
        return follow(call)

    with SSEServer(checked, history=HISTORY) as server:
        monkeypatch.setenv("FEED_URL", f"{server.url}?token=hush")
        monkeypatch.setenv("FEED_AUTH", "Bearer hush")
        running = Query({"url": "env:FEED_URL", "header.authorization": "env:FEED_AUTH"})
        restarted(running)
        running.run(500)
        running.stop()
    assert {(path.endswith("?token=hush"), token) for path, token in seen} == {(True, b"Bearer hush")}
    assert "hush" not in json.dumps(running.offsets)
    assert [row["id"] for row in running.rows] == [event.id for event in HISTORY]
