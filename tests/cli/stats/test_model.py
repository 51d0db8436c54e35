"""A measurement reflects the calls that describe a stream, with given times and no clock."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sse_core import Comment, Event
from sse_transports.cli.stats._figures import figures
from sse_transports.cli.stats._model import (
    MAX_CONNECTIONS,
    MAX_NAME_LENGTH,
    MAX_NAMES,
    OTHER_TYPES,
    Measurement,
    is_json,
)


def opened() -> Measurement:
    """Return a measurement of a stream that opened at time 0."""
    measurement = Measurement()
    measurement.on_request(0.0)
    measurement.on_open(0.0)
    return measurement


def test_times_of_a_connection_begin_with_its_request() -> None:
    measurement = Measurement()
    measurement.on_request(0.0)
    measurement.on_open(0.5)
    measurement.on_bytes(10, 0.75)
    measurement.on_item(Event("a"))
    measurement.on_bytes(20, 1.0)
    measurement.on_item(Event("b"))
    measurement.on_item(Event("c"))
    measurement.on_end(3.0, "complete")
    measurement.on_stop(3.0)
    assert (measurement.response_headers, measurement.first_event) == (0.5, 0.75)
    assert (measurement.duration, measurement.connected, measurement.disconnected) == (3.0, 2.5, 0.0)
    assert (measurement.events, measurement.bytes) == (3, 30)
    assert [measurement.intervals.percentile(percent) for percent in (50, 100)] == [0.0, 0.25]
    assert measurement.longest_silence == 2.0
    assert measurement.causes == {"complete": 1}


def test_first_stream_is_timed_from_its_own_request() -> None:
    measurement = Measurement()
    measurement.on_request(0.0)
    measurement.on_end(1.0, "HTTP 503")
    measurement.on_request(2.0)
    measurement.on_open(2.25)
    measurement.on_bytes(1, 3.0)
    measurement.on_item(Event("a"))
    measurement.on_stop(4.0)
    assert (measurement.response_headers, measurement.first_event) == (0.25, 1.0)
    assert (measurement.opened, measurement.failures, measurement.causes) == (1, {"HTTP 503": 1}, {"left": 1})
    assert (measurement.duration, measurement.disconnected) == (4.0, 0.0)


def test_redirect_belongs_to_the_request_before() -> None:
    measurement = Measurement()
    measurement.on_request(0.0)
    measurement.on_request(0.5)
    measurement.on_open(0.75)
    measurement.on_stop(1.0)
    assert measurement.response_headers == 0.75
    assert len(measurement.connections) == 1


def test_time_between_connections_is_not_an_interval() -> None:
    measurement = Measurement()
    for begin in (0.0, 3.0):
        measurement.on_request(begin)
        measurement.on_open(begin)
        for seconds in (0.5, 1.0):
            measurement.on_bytes(1, begin + seconds)
            measurement.on_item(Event("a"))
        measurement.on_end(begin + 1.0, "lost")
    measurement.on_stop(6.0)
    # Disconnected from 1 to 3 and from 4 to 6.
    assert (measurement.disconnected, measurement.connected, measurement.duration) == (4.0, 2.0, 6.0)
    assert (measurement.intervals.count, measurement.intervals.maximum) == (2, 0.5)
    assert [(each.events, each.bytes, each.cause) for each in measurement.connections] == [(2, 2, "lost")] * 2


def test_comment_ends_a_silence_but_is_not_an_event() -> None:
    measurement = opened()
    measurement.on_bytes(3, 1.0)
    measurement.on_item(Comment("heartbeat"))
    measurement.on_bytes(3, 2.5)
    measurement.on_stop(3.0)
    assert (measurement.longest_silence, measurement.comments, measurement.events) == (1.5, 1, 0)
    assert measurement.first_event is None


def test_http_204_is_not_a_failure() -> None:
    measurement = Measurement()
    measurement.on_request(0.0)
    measurement.on_end(1.0, "HTTP 204")
    measurement.on_stop(1.0)
    assert not measurement.failures


def test_ids_count_as_new_when_they_change() -> None:
    measurement = Measurement(timed=False)
    for last_event_id in ("", "1", "1", "2", ""):
        measurement.on_item(Event("a", id=last_event_id))
    assert (measurement.new_ids, measurement.with_id) == (2, 3)


def test_sizes_are_bytes_of_data() -> None:
    measurement = Measurement(timed=False)
    measurement.on_item(Event("\N{EURO SIGN}"))
    measurement.on_item(Event(""))
    assert (measurement.sizes.minimum, measurement.sizes.maximum, measurement.sizes.total) == (0, 3, 3)


def test_each_retry_value_is_stored_once() -> None:
    measurement = Measurement(timed=False)
    for milliseconds in (None, 100, 100, 200, 100, 10**5000):
        measurement.on_retry(milliseconds)
    assert measurement.retry_values == ["100", "200", "1e18 or more"]


@pytest.mark.parametrize("data", ['{"a": 1}', "[]", "1", '"x"', "null", " true\n", "9" * 5000])
def test_json_is_recognized(data: str) -> None:
    assert is_json(data)


@pytest.mark.parametrize("data", ["", "[DONE]", "{", "NaN", "[Infinity]", "{'a': 1}", "1 2", "[" * 10**5])
def test_other_data_is_not_json(data: str) -> None:
    assert not is_json(data)


def test_memory_is_bounded_for_any_server() -> None:
    measurement = Measurement()
    for number in range(MAX_CONNECTIONS + 50):
        measurement.on_request(number)
        measurement.on_open(number)
        measurement.on_bytes(1, number)
        measurement.on_item(Event("a", event=f"{'x' * MAX_NAME_LENGTH}{number}"))
        measurement.on_item(Event("a", event=f"{number}"))
        measurement.on_retry(number)
        measurement.on_end(number, "lost")
    assert (measurement.opened, len(measurement.connections)) == (MAX_CONNECTIONS + 50, MAX_CONNECTIONS)
    assert measurement.types["x" * MAX_NAME_LENGTH] == MAX_CONNECTIONS + 50
    assert len(measurement.types) == MAX_NAMES + 1
    assert measurement.types[OTHER_TYPES] == 51
    assert measurement.types.total() == measurement.events
    assert len(measurement.retry_values) == MAX_NAMES


def test_clock_set_back_makes_no_negative_times() -> None:
    measurement = Measurement()
    measurement.on_request(0.0)
    measurement.on_open(1.0)
    measurement.on_bytes(1, 2.0)
    measurement.on_item(Event("a"))
    measurement.on_bytes(1, 1.5)
    measurement.on_item(Event("b"))
    measurement.on_end(1.0, "lost")
    measurement.on_request(0.5)
    measurement.on_open(0.75)
    measurement.on_stop(3.0)
    assert (measurement.connected, measurement.disconnected, measurement.intervals.minimum) == (2.0, 0.0, 0.0)


steps = st.lists(
    st.tuples(
        st.floats(0, 1000),
        st.sampled_from(["requested", "answered", "received", "item", "lost", "complete", "HTTP 503"]),
    )
)


@given(steps)
def test_times_add_up_for_any_sequence(steps: list[tuple[float, str]]) -> None:
    measurement, now = Measurement(), 0.0
    for seconds, step in steps:
        now += seconds
        match step:
            case "requested":
                measurement.on_request(now)
            case "answered":
                if not measurement.is_connected:
                    measurement.on_open(now)
            case "received":
                if measurement.is_connected:
                    measurement.on_bytes(1, now)
            case "item":
                if measurement.is_connected:
                    measurement.on_item(Event("a"))
            case cause:
                measurement.on_end(now, cause)
    measurement.on_stop(now)
    assert measurement.duration == pytest.approx(now)
    assert measurement.connected + measurement.disconnected <= measurement.duration + 1e-6
    assert measurement.causes.total() == measurement.opened
    if measurement.opened:
        first = next(each.opened for each in measurement.connections if each.opened is not None)
        assert measurement.connected + measurement.disconnected == pytest.approx(measurement.duration - first)
        assert sum(measurement.events_over_time.columns(10, measurement.duration)) == measurement.events
    json.dumps(figures(measurement, "x"), allow_nan=False)


def test_unknown_figures_are_null() -> None:
    measurement = Measurement(timed=False)
    measurement.on_item(Event("a"))
    measurement.on_stop(0.0)
    result = figures(measurement, "body.sse")
    unknown = {name for name, value in result.items() if value is None}
    assert unknown == {
        *("duration", "connected", "disconnected", "response_headers", "first_event", "longest_silence"),
        *("events_per_second", "bytes_per_second", "intervals", "connections"),
    }


def test_json_keeps_whole_numbers_and_has_a_precision() -> None:
    measurement = Measurement(timed=False)
    measurement.on_item(Event("abc"))
    sizes = figures(measurement, "x")["sizes"]
    assert json.dumps(sizes) == (
        '{"count": 1, "min": 3, "p50": 3, "p90": 3, "p99": 3, "max": 3, "precision": 0, "total": 3}'
    )
