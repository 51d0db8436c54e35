"""The last event ID across events and connections."""

from __future__ import annotations

from tests.sse_transports.answers import hang_up, no_content, sized_stream, stream
from tests.sse_transports.scenario import Scenario


def sends_back(name: str, body: bytes, sent: bytes | None, *events: tuple[str, str]) -> Scenario:
    """Make a scenario of one stream and the Last-Event-ID that the next request must have."""
    return Scenario(
        name=name,
        answers=(stream(body), no_content),
        events=events,
        last_event_ids=(None, sent),
    )


IDS = (
    sends_back(
        "an ID stays with the events after it", b"id: 1\ndata: a\n\ndata: b\n\n", b"1", ("a", "1"), ("b", "1")
    ),
    sends_back(
        "an ID outside ASCII is sent back as UTF-8", "id: €\ndata: a\n\n".encode(), "€".encode(), ("a", "€")
    ),
    sends_back(
        "an ID outside ISO-8859-1 and the BMP is sent back",
        "id: 日本🎉\ndata: a\n\n".encode(),
        "日本🎉".encode(),
        ("a", "日本🎉"),
    ),
    sends_back(
        "an ID with NUL is ignored", b"id: 1\ndata: a\n\nid: 2\x00\ndata: b\n\n", b"1", ("a", "1"), ("b", "1")
    ),
    sends_back(
        "an ID that was cleared is not sent",
        b"id: 1\ndata: a\n\nid\ndata: b\n\n",
        None,
        ("a", "1"),
        ("b", ""),
    ),
    sends_back("an ID without data counts", b"id: 1\ndata: a\n\nid: 2\n\n", b"2", ("a", "1")),
    sends_back(
        "an ID without its blank line does not count",
        b"id: 1\ndata: a\n\nid: 2\ndata: b\n",
        b"1",
        ("a", "1"),
    ),
    sends_back(
        "an ID of 8,000 bytes is sent back",
        b"id: " + b"x" * 8000 + b"\ndata: a\n\n",
        b"x" * 8000,
        ("a", "x" * 8000),
    ),
    sends_back("without an ID, no header is sent", b"data: a\n\n", None, ("a", "")),
    *(
        sends_back(f"{what} {each!r} is {how}", f"id: {each}\ndata: a\n\n".encode(), sent, ("a", each))
        for what, how, each, sent in (
            ("the ID with blanks", "sent without them", "5 ", b"5"),
            ("the ID with blanks", "sent without them", "\t5", b"5"),
            ("the ID with blanks", "sent without them", " 5 \t", b"5"),
            *(("the blank ID", "not sent", each, None) for each in (" ", "\t \t")),
            *(
                ("the ID with a control character", "not sent", each, None)
                for each in ("\x01", "5\x01", "5\x0b", "5\x1f6", "5\x7f", "\x1b[2J")
            ),
            *(
                ("the ID", "sent back", each, each.encode())
                for each in ("5 6", "5\t6", "\xa05\xa0", "\x855", "5\x85", "5\u2028", ",;='\"", "%0d%0a")
            ),
        )
    ),
    Scenario(
        name="an ID that cannot be sent does not stop a feed",
        answers=(
            *(stream(b"id: %d\x01\ndata: %d\n\n" % (number, number)) for number in range(3)),
            no_content,
        ),
        events=(("0", "0\x01"), ("1", "1\x01"), ("2", "2\x01")),
        last_event_ids=(None,) * 4,
    ),
    Scenario(
        name="the caller's ID is sent without blanks at its ends",
        answers=(stream(b"data: a\n\n"), no_content),
        options={"last_event_id": "7 "},
        events=(("a", "7 "),),
        last_event_ids=(b"7", b"7"),
    ),
    Scenario(
        name="an earlier ID is sent until the stream sets another",
        answers=(hang_up, stream(b"data: a\n\n"), stream(b"id: 8\ndata: b\n\n"), no_content),
        options={"last_event_id": "7 €"},
        events=(("a", "7 €"), ("b", "8")),
        last_event_ids=("7 €".encode(), "7 €".encode(), "7 €".encode(), b"8"),
    ),
    Scenario(
        name="the caller's own Last-Event-ID header wins, until the stream sets an ID",
        answers=(stream(b"data: a\n\n"), stream(b"id: 8\ndata: b\n\n"), no_content),
        options={"headers": {"last-event-id": "mine"}},
        events=(("a", ""), ("b", "8")),
        last_event_ids=(b"mine", b"mine", b"8"),
    ),
    Scenario(
        name="an ID that was cleared stays cleared on later connections",
        answers=(
            stream(b"id: 1\ndata: a\n\n"),
            sized_stream(b"id\ndata: b\n\n", 100),
            hang_up,
            no_content,
        ),
        events=(("a", "1"), ("b", "")),
        last_event_ids=(None, b"1", None, None),
    ),
)
