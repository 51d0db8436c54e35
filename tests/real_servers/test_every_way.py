"""Every client against servers that others wrote: sse-starlette under uvicorn, aiohttp's, and nginx."""

from __future__ import annotations

import pytest

from sse_core import Comment, Event, HTTPStatusError, Response
from tests.real_servers import feeds
from tests.real_servers.holds import Hold
from tests.real_servers.ways import QUICK, WAYS_THROUGH_NGINX, Reader


def test_a_stream_is_resumed_after_each_end_until_there_is_no_more(reader: Reader) -> None:
    opened: list[Response] = []
    events = reader.read("/numbers", retry=QUICK, on_open=opened.append)
    assert [(event.id, event.event, event.data) for event in events if isinstance(event, Event)] == [
        (str(number), "number", f"é€🎉\n{number}") for number in range(1, feeds.LAST_NUMBER + 1)
    ]
    assert len(opened) == 3


def test_pings_are_comments_and_keep_the_stream_alive(reader: Reader) -> None:
    comments: list[str] = []

    def enough(item: Event | Comment) -> bool:
        if isinstance(item, Comment):
            comments.append(item.text)
        return len(comments) == 4

    first, *_ = reader.read("/pings", comments=True, enough=enough)
    assert first == Event("first")
    assert all("ping" in comment for comment in comments)


def test_pings_are_not_yielded_unless_asked_for(reader: Reader) -> None:
    assert reader.read("/pings", enough=lambda _: True) == [Event("first")]


def test_a_chat_is_streamed_to_its_end(reader: Reader) -> None:
    question = {"model": "echo", "content": "never 日本 again"}
    events = reader.read("/chat", method="POST", json=question, until="[DONE]")
    assert events == [Event("never"), Event("日本"), Event("again")]


def test_a_chat_that_fails_says_why(reader: Reader) -> None:
    with pytest.raises(HTTPStatusError) as caught:
        reader.read("/chat", method="POST", json={"model": "other"}, until="[DONE]")
    assert (caught.value.status, caught.value.body) == (404, feeds.NO_SUCH_MODEL.encode())


def test_an_event_arrives_while_the_server_still_holds_the_stream(reader: Reader, held: Hold) -> None:
    def at_each(item: Event | Comment) -> bool:
        if item == Event("before"):
            # What comes next is written only after this.
            held.until_held()
            held.let_go()
        return False

    events = reader.read(f"/held/{held.name}", until="[DONE]", enough=at_each)
    assert events == [Event("before"), Event("after")]
    assert held.left == 0


def test_the_server_notices_a_client_that_leaves(reader: Reader, held: Hold) -> None:
    def at_first(_item: Event | Comment) -> bool:
        held.until_held()
        return True

    assert reader.read(f"/held/{held.name}", enough=at_first) == [Event("before")]
    held.until_left()


@pytest.mark.parametrize("reader", WAYS_THROUGH_NGINX, ids=str, indirect=True)
def test_the_protocol_is_the_one_that_was_asked_for(reader: Reader) -> None:
    opened: list[Response] = []
    reader.read("/numbers", on_open=opened.append)
    spoken = "HTTP/2.0" if reader.way.server.http2 else "HTTP/1.1"
    assert [response.header("X-Protocol") for response in opened] == [spoken]
