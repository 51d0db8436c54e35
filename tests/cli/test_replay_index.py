"""The position after an ID is found in a stream that is read once."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing

import pytest

from sse_core import Event, encode
from sse_transports.cli._replay_index import ResumeIndex, ResumePoint
from sse_transports.testing._call import MAX_HEAD


def find_resume_point(last_event_id: str, chunks: Iterable[bytes]) -> ResumePoint | None:
    with closing(ResumeIndex(chunks)) as index:
        return index.find(last_event_id)


FEED = [Event("a", id="1"), Event("b", id="2"), Event("b2"), Event("c", id="3"), Event("c2")]
BODY = b"".join(encode(event) for event in FEED)


@pytest.mark.parametrize(
    ("last_event_id", "position", "flags"),
    [
        ("1", BODY.index(b"id: 2"), {"has_events": True, "has_ids": True}),
        ("2", BODY.index(b"data: b2"), {"has_events": True, "has_ids": True}),
        ("3", BODY.index(b"data: c2"), {"has_events": True, "has_ids": False}),
    ],
)
def test_resume_point_follows_the_event_with_the_id(
    last_event_id: str, position: int, flags: dict[str, bool]
) -> None:
    for size in (1, 7, 1000):
        chunks = [BODY[at : at + size] for at in range(0, len(BODY), size)]
        assert find_resume_point(last_event_id, chunks) == ResumePoint(position, **flags)


def test_unknown_id_has_no_resume_point() -> None:
    assert find_resume_point("4", [BODY]) is None
    # The event is incomplete: its blank line is missing.
    assert find_resume_point("4", [BODY, b"id: 4\ndata: x\n"]) is None


def test_repeated_id_resumes_after_the_first() -> None:
    twice = b"id: 1\ndata: a\n\nid: 2\ndata: b\n\nid: 1\ndata: c\n\n"
    assert find_resume_point("1", [twice]) == ResumePoint(
        twice.index(b"id: 2"), has_events=True, has_ids=True
    )


def test_id_in_a_block_without_data_counts() -> None:
    body = b"id: 1\n\ndata: a\n\n"
    assert find_resume_point("1", [body]) == ResumePoint(7, has_events=True, has_ids=False)
    assert find_resume_point("1", [b"\xef\xbb\xbf" + body]) == ResumePoint(10, has_events=True, has_ids=False)
    assert find_resume_point("1", [b"data: a\n\nid: 1\ndata: b\n\n: bye\n\n"]) == ResumePoint(
        24, has_events=False, has_ids=False
    )


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        (b"5 ", "5"),
        (b"\t5", "5"),
        ("\xa05\u2028".encode(), "\xa05\u2028"),
        ("日本🎉".encode(), "日本🎉"),
        (b"5\xff", "5\ufffd"),
        (b"'; --", "'; --"),
        (b"x" * MAX_HEAD, "x" * MAX_HEAD),
    ],
    ids=ascii,
)
def test_odd_id_is_found_as_a_request_has_it(written: bytes, sent: str) -> None:
    body = b"id: " + written + b"\ndata: a\n\n"
    assert find_resume_point(sent, [body, b"data: b\n\n"]) == ResumePoint(
        len(body), has_events=True, has_ids=False
    )


def test_two_spellings_of_one_sent_id_are_the_same() -> None:
    body = b"id:5\ndata: a\n\nid: 5 \ndata: b\n\n"
    assert find_resume_point("5", [body]) == ResumePoint(14, has_events=True, has_ids=False)


def test_id_that_no_request_can_have_is_not_kept() -> None:
    assert find_resume_point("x" * (MAX_HEAD + 1), [b"id:" + b"x" * (MAX_HEAD + 1) + b"\n\n"]) is None


def test_cleared_id_counts_as_another() -> None:
    body = b"id: 1\ndata: a\n\nid\ndata: b\n\n"
    assert find_resume_point("1", [body]) == ResumePoint(15, has_events=True, has_ids=True)


def test_each_of_many_ids_is_found_in_one_index() -> None:
    count = 100_000
    chunks = [
        b"".join(b"id: %06d\n\n" % number for number in range(start, start + 1000))
        for start in range(0, count, 1000)
    ]
    with closing(ResumeIndex(chunks)) as index:
        for number in (0, 1, 4321, count - 1):
            point = index.find(f"{number:06}")
            assert point == ResumePoint(12 * (number + 1), has_events=False, has_ids=number < count - 1)
