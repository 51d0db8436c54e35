"""`assert_events` shows the fields of two streams where they differ."""

from __future__ import annotations

import difflib

import pytest

from sse_core import Comment, Event
from sse_transports.testing import assert_events

Items = list[Event | Comment]
NUMBERS: Items = [Event(f"reading {number}", id=str(number)) for number in range(1, 9)]


def difference(actual: Items, expected: Items) -> list[str]:
    with pytest.raises(AssertionError) as caught:
        assert_events(actual, expected)
    return str(caught.value).split("\n")


def test_equal_streams_pass() -> None:
    assert_events([], [])
    assert_events((Event(data) for data in "ab"), [Event("a"), Event("b")])
    assert_events([Comment("a"), *NUMBERS], [Comment("a"), *NUMBERS])


def test_differing_fields_are_shown_with_context() -> None:
    other = [*NUMBERS[:4], Event("reading five", "reading", "5", 10), *NUMBERS[5:]]
    assert difference(other, NUMBERS) == [
        "the streams differ from event 5 on (8 events expected -, 8 received +):",
        "  … 9 equal lines",
        "    id: 4",
        "    data: reading 4",
        "",
        "  + event: reading",
        "    id: 5",
        "  + retry: 10",
        "  - data: reading 5",
        "  ?               ^",
        "  + data: reading five",
        "  ?               ^^^^",
        "",
        "    id: 6",
        "    data: reading 6",
        "  … 7 equal lines",
    ]


def test_missing_events_are_shown() -> None:
    assert difference(NUMBERS[:3], NUMBERS[:5]) == [
        "the streams differ from event 4 on (5 events expected -, 3 received +):",
        "  … 6 equal lines",
        "    id: 3",
        "    data: reading 3",
        "",
        "  - id: 4",
        "  - data: reading 4",
        "  -",
        "  - id: 5",
        "  - data: reading 5",
        "  -",
    ]
    assert difference([], NUMBERS[:1])[0] == (
        "the streams differ from event 1 on (1 event expected -, 0 received +):"
    )


def test_invisible_characters_are_escaped() -> None:
    assert difference([Event("a\nb\0\u2028€")], [Event("a\nb")])[1:4] == [
        "    data: a",
        "  - data: b",
        "  + data: b\\x00\\u2028€",
    ]


def test_a_comment_differs_from_an_event() -> None:
    assert difference([Comment("a")], [Event("a")])[1:3] == ["  - data: a", "  + : a"]


def test_a_long_line_is_shown_only_where_it_differs() -> None:
    long = "abc " * 500
    shown = difference([Event(f"{long}1{long}")], [Event(f"{long}2{long}")])
    assert len(shown) < 20
    assert all(len(line) < 100 for line in shown)
    assert sum(line.startswith("  -") for line in shown) == 1


def test_a_backslash_differs_from_an_escape() -> None:
    assert difference([Event("a\\x00")], [Event("a\x00")])[1:3] == [
        "  - data: a\\x00",
        "  + data: a\\\\x00",
    ]


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        (
            [Event(f"one {number}") for number in range(2000)],
            [Event(f"two {number}") for number in range(2000)],
        ),
        ([Event("tick")] * 5000, [Event("tock")] * 5000),
        ([], [Event(f"reading {number}") for number in range(50_000)]),
    ],
)
def test_a_long_difference_is_truncated(
    actual: Items, expected: Items, monkeypatch: pytest.MonkeyPatch
) -> None:
    # It takes cubic time and must not be called here.
    monkeypatch.delattr(difflib, "ndiff")
    shown = difference(actual, expected)
    assert len(shown) == 1 + 200 + 1
    assert shown[1].startswith("  - data: ")
    assert shown[-1] == "  … and so on"


def test_one_missing_event_of_a_long_stream_is_found() -> None:
    numbers: Items = [Event(f"reading {number}") for number in range(5000)]
    other = [*numbers[:10], *numbers[11:]]
    assert [line for line in difference(other, numbers) if line[:3] in ("  -", "  +")] == [
        "  - data: reading 10",
        "  -",
    ]
    changed = [Event("reading x") if event == numbers[4000] else event for event in other]
    assert difference(changed, numbers)[-1] == "  … and so on"
