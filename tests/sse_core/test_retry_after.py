"""Retry-After: seconds or a date; a server may also send anything else."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sse_core import Connection, HTTPStatusError, Response
from tests.sse_core.driving import URL, answer, connected, refused

# Sun, 06 Nov 1994 08:49:37 GMT: the example date of RFC 9110, 5.6.7.
EXAMPLE_DATE = 784_111_777


def seconds_from(response: Response, epoch: float = 0.0) -> float | None:
    connection = Connection(URL)
    connected(connection)
    error = refused(connection, response, epoch=epoch).cause
    assert isinstance(error, HTTPStatusError)
    return error.retry_after


def seconds_of(value: str, epoch: float = 0.0) -> float | None:
    return seconds_from(answer(503, Retry_After=value), epoch)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("5", 5.0),
        ("007", 7.0),
        (" 120\t", 120.0),
        ("86400", 86400.0),
        ("9" * 5000, float(10**18)),
        ("0" * 5000 + "3", 3.0),
    ],
)
def test_seconds_are_understood(value: str, seconds: float) -> None:
    assert seconds_of(value) == seconds


@pytest.mark.parametrize(
    "date",
    [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        # A date in HTTP is always GMT.
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 +0500",
        "  Sun, 06 Nov 1994 08:49:37 GMT  ",
    ],
)
def test_a_date_in_each_form_is_compared_to_the_time(date: str) -> None:
    assert seconds_of(date, EXAMPLE_DATE - 90.5) == 90.5
    assert seconds_of(date, EXAMPLE_DATE) == 0.0


def test_a_date_in_the_past_asks_for_no_wait() -> None:
    assert seconds_of("Sun, 06 Nov 1994 08:49:37 GMT", EXAMPLE_DATE + 1e9) == 0.0


@pytest.mark.parametrize(
    "value",
    [
        "", " ", "soon", "-5", "+5", "5.0", "5,0", "1_000", "5s", "0x10", "1e3", "½", "²", "٣", "\uff15",
        "5 5", "NaN", "inf", "GMT", ",", "Sun,", "Sun, 06 Nov", "06 Foo 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 aa:bb:cc GMT", "Sun, 06 Nov 99999999999999999999 08:49:37 GMT",
        "Sun, 06 Nov 99999 08:49:37 GMT",
    ],
)  # fmt: skip
def test_an_invalid_value_is_ignored(value: str) -> None:
    assert seconds_of(value, EXAMPLE_DATE) is None


def test_a_missing_field_asks_for_nothing() -> None:
    assert seconds_from(answer(503)) is None


def test_of_several_fields_the_last_counts() -> None:
    assert seconds_from(Response(503, [("Retry-After", "5"), ("RETRY-AFTER", "6")])) == 6.0


_date_words = st.sampled_from(
    [
        "Sun", "Mon,", "06", "31", "0", "Nov", "Feb", "1994", "94", "9999", "08:49:37", "24:60:61", "1:2",
        "1.2", "GMT", "UTC", "+0100", "-0000", "99999999999", "06-Nov-94", ",", ":", "-", "+", "(", ")",
    ]
)  # fmt: skip
_like_dates = st.tuples(st.lists(_date_words, max_size=9), st.sampled_from(["", " "])).map(
    lambda drawn: drawn[1].join(drawn[0])
)


@given(st.one_of(st.text(), _like_dates), st.floats(0, 1e11))
@example("Sun, 06 Nov 0 08:49:37 GMT", 0.0)
@example("Sun, 31 Feb 1994 24:60:61 GMT", 0.0)
def test_any_text_gives_no_negative_wait(value: str, epoch: float) -> None:
    seconds = seconds_of(value, epoch)
    assert seconds is None or 0 <= seconds < float("inf")
