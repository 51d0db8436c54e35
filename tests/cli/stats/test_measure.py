"""What is told of a stream is what is measured: with times that are given, and no clock."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sse_core import Comment, Event
from sse_transports.cli.stats._figures import figures
from sse_transports.cli.stats._measure import (
    KEPT_CONNECTIONS,
    KEPT_NAMES,
    LONGEST_NAME,
    OTHERS,
    Measurement,
    is_json,
)


def opened() -> Measurement:
    """Return a measurement of a stream that is open from the first moment on."""
    measured = Measurement()
    measured.requested(0.0)
    measured.answered(0.0)
    return measured


def test_times_of_a_connection_are_counted_from_its_request() -> None:
    measured = Measurement()
    measured.requested(0.0)
    measured.answered(0.5)
    measured.received(10, 0.75)
    measured.item(Event("a"))
    measured.received(20, 1.0)
    measured.item(Event("b"))
    measured.item(Event("c"))
    measured.ended(3.0, "complete")
    measured.stopped(3.0)
    assert (measured.head, measured.first_event) == (0.5, 0.75)
    assert (measured.duration, measured.connected, measured.lost) == (3.0, 2.5, 0.0)
    assert (measured.events, measured.bytes) == (3, 30)
    assert [measured.gaps.percentile(percent) for percent in (50, 100)] == [0.0, 0.25]
    assert measured.silence == 2.0
    assert measured.causes == {"complete": 1}


def test_the_first_stream_is_measured_from_its_own_request_and_not_from_that_of_a_failure() -> None:
    measured = Measurement()
    measured.requested(0.0)
    measured.ended(1.0, "HTTP 503")
    measured.requested(2.0)
    measured.answered(2.25)
    measured.received(1, 3.0)
    measured.item(Event("a"))
    measured.stopped(4.0)
    assert (measured.head, measured.first_event) == (0.25, 1.0)
    assert (measured.opened, measured.failures, measured.causes) == (1, {"HTTP 503": 1}, {"left": 1})
    assert (measured.duration, measured.lost) == (4.0, 0.0)


def test_a_redirect_belongs_to_the_request_that_led_to_it() -> None:
    measured = Measurement()
    measured.requested(0.0)
    measured.requested(0.5)
    measured.answered(0.75)
    measured.stopped(1.0)
    assert measured.head == 0.75
    assert len(measured.connections) == 1


def test_time_between_connections_is_lost_and_no_gap_between_events() -> None:
    measured = Measurement()
    for begin in (0.0, 3.0):
        measured.requested(begin)
        measured.answered(begin)
        for seconds in (0.5, 1.0):
            measured.received(1, begin + seconds)
            measured.item(Event("a"))
        measured.ended(begin + 1.0, "lost")
    measured.stopped(6.0)
    # From 1 to 3, and from 4 to 6.
    assert (measured.lost, measured.connected, measured.duration) == (4.0, 2.0, 6.0)
    assert (measured.gaps.count, measured.gaps.most) == (2, 0.5)
    assert [(each.events, each.bytes, each.cause) for each in measured.connections] == [(2, 2, "lost")] * 2


def test_a_comment_breaks_the_silence_and_is_no_event() -> None:
    measured = opened()
    measured.received(3, 1.0)
    measured.item(Comment("heartbeat"))
    measured.received(3, 2.5)
    measured.stopped(3.0)
    assert (measured.silence, measured.comments, measured.events) == (1.5, 1, 0)
    assert measured.first_event is None


def test_being_told_to_stop_is_no_failure() -> None:
    measured = Measurement()
    measured.requested(0.0)
    measured.ended(1.0, "HTTP 204")
    measured.stopped(1.0)
    assert not measured.failures


def test_ids_count_as_new_where_they_change() -> None:
    measured = Measurement(timed=False)
    for last_event_id in ("", "1", "1", "2", ""):
        measured.item(Event("a", id=last_event_id))
    assert (measured.new_ids, measured.with_id) == (2, 3)


def test_sizes_are_bytes_of_data() -> None:
    measured = Measurement(timed=False)
    measured.item(Event("\N{EURO SIGN}"))
    measured.item(Event(""))
    assert (measured.sizes.least, measured.sizes.most, measured.sizes.total) == (0, 3, 3)


def test_a_retry_value_is_kept_once() -> None:
    measured = Measurement(timed=False)
    for milliseconds in (None, 100, 100, 200, 100, 10**5000):
        measured.retry(milliseconds)
    assert measured.retries == ["100", "200", "1e18 or more"]


@pytest.mark.parametrize("data", ['{"a": 1}', "[]", "1", '"x"', "null", " true\n", "9" * 5000])
def test_json_is_json(data: str) -> None:
    assert is_json(data)


@pytest.mark.parametrize("data", ["", "[DONE]", "{", "NaN", "[Infinity]", "{'a': 1}", "1 2", "[" * 10**5])
def test_what_is_not_json_is_not(data: str) -> None:
    assert not is_json(data)


def test_memory_is_flat_whatever_a_server_makes_up() -> None:
    measured = Measurement()
    for number in range(KEPT_CONNECTIONS + 50):
        measured.requested(number)
        measured.answered(number)
        measured.received(1, number)
        measured.item(Event("a", event=f"{'x' * LONGEST_NAME}{number}"))
        measured.item(Event("a", event=f"{number}"))
        measured.retry(number)
        measured.ended(number, "lost")
    assert (measured.opened, len(measured.connections)) == (KEPT_CONNECTIONS + 50, KEPT_CONNECTIONS)
    assert measured.types["x" * LONGEST_NAME] == KEPT_CONNECTIONS + 50
    assert len(measured.types) == KEPT_NAMES + 1
    assert measured.types[OTHERS] == 51
    assert measured.types.total() == measured.events
    assert len(measured.retries) == KEPT_NAMES


def test_a_clock_that_is_set_back_makes_no_time_negative() -> None:
    measured = Measurement()
    measured.requested(0.0)
    measured.answered(1.0)
    measured.received(1, 2.0)
    measured.item(Event("a"))
    measured.received(1, 1.5)
    measured.item(Event("b"))
    measured.ended(1.0, "lost")
    measured.requested(0.5)
    measured.answered(0.75)
    measured.stopped(3.0)
    assert (measured.connected, measured.lost, measured.gaps.least) == (2.0, 0.0, 0.0)


steps = st.lists(
    st.tuples(
        st.floats(0, 1000),
        st.sampled_from(["requested", "answered", "received", "item", "lost", "complete", "HTTP 503"]),
    )
)


@given(steps)
def test_times_add_up_whatever_happens(steps: list[tuple[float, str]]) -> None:
    measured, now = Measurement(), 0.0
    for seconds, what in steps:
        now += seconds
        match what:
            case "requested":
                measured.requested(now)
            case "answered":
                if not measured.is_connected:
                    measured.answered(now)
            case "received":
                if measured.is_connected:
                    measured.received(1, now)
            case "item":
                if measured.is_connected:
                    measured.item(Event("a"))
            case cause:
                measured.ended(now, cause)
    measured.stopped(now)
    assert measured.duration == pytest.approx(now)
    assert measured.connected + measured.lost <= measured.duration + 1e-6
    assert measured.causes.total() == measured.opened
    if measured.opened:
        first = next(each.opened for each in measured.connections if each.opened is not None)
        assert measured.connected + measured.lost == pytest.approx(measured.duration - first)
        assert sum(measured.events_over_time.columns(10, measured.duration)) == measured.events
    json.dumps(figures(measured, "x"), allow_nan=False)


def test_what_is_not_known_is_null() -> None:
    measured = Measurement(timed=False)
    measured.item(Event("a"))
    measured.stopped(0.0)
    found = figures(measured, "body.sse")
    unknown = {name for name, value in found.items() if value is None}
    assert unknown == {
        *("duration", "connected", "lost", "head", "first_event", "longest_silence"),
        *("events_per_second", "bytes_per_second", "gaps", "connections"),
    }


def test_whole_numbers_stay_whole_and_percentiles_say_how_good_they_are() -> None:
    measured = Measurement(timed=False)
    measured.item(Event("abc"))
    sizes = figures(measured, "x")["sizes"]
    assert json.dumps(sizes) == (
        '{"count": 1, "min": 3, "p50": 3, "p90": 3, "p99": 3, "max": 3, "precision": 0, "total": 3}'
    )
