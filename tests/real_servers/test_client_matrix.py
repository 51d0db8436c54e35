"""Every client with real servers: sse-starlette on uvicorn, aiohttp.web, and nginx."""

from __future__ import annotations

import pytest

from sse_core import Comment, Event, HTTPStatusError, Response
from tests.real_servers import feeds
from tests.real_servers.client_matrix import NGINX_COMBINATIONS, QUICK, Reader
from tests.real_servers.holds import Hold


def test_stream_is_resumed_after_each_end_until_204(reader: Reader) -> None:
    opened: list[Response] = []
    events = reader.read("/numbers", retry=QUICK, on_open=opened.append)
    assert [(event.id, event.event, event.data) for event in events if isinstance(event, Event)] == [
        (str(number), "number", f"é€🎉\n{number}") for number in range(1, feeds.LAST_NUMBER + 1)
    ]
    assert len(opened) == 3


def test_pings_are_yielded_as_comments(reader: Reader) -> None:
    comments: list[str] = []

    def at_fourth_comment(item: Event | Comment) -> bool:
        if isinstance(item, Comment):
            comments.append(item.text)
        return len(comments) == 4

    first, *_ = reader.read("/pings", comments=True, stop_at=at_fourth_comment)
    assert first == Event("first")
    assert all("ping" in comment for comment in comments)


def test_pings_are_not_yielded_by_default(reader: Reader) -> None:
    assert reader.read("/pings", stop_at=lambda _: True) == [Event("first")]


def test_chat_is_streamed_to_its_end(reader: Reader) -> None:
    question = {"model": "echo", "content": "never 日本 again"}
    events = reader.read("/chat", method="POST", json=question, until="[DONE]")
    assert events == [Event("never"), Event("日本"), Event("again")]


def test_failed_chat_raises_with_the_body(reader: Reader) -> None:
    with pytest.raises(HTTPStatusError) as caught:
        reader.read("/chat", method="POST", json={"model": "other"}, until="[DONE]")
    assert (caught.value.status, caught.value.body) == (404, feeds.NO_SUCH_MODEL.encode())


def test_event_arrives_while_the_stream_is_held(reader: Reader, held: Hold) -> None:
    def at_each(item: Event | Comment) -> bool:
        if item == Event("before"):
            # The server sends the next event only after this.
            held.until_held()
            held.release()
        return False

    events = reader.read(f"/held/{held.name}", until="[DONE]", stop_at=at_each)
    assert events == [Event("before"), Event("after")]
    assert held.left == 0


def test_server_notices_a_client_that_leaves(reader: Reader, held: Hold) -> None:
    def at_first(_item: Event | Comment) -> bool:
        held.until_held()
        return True

    assert reader.read(f"/held/{held.name}", stop_at=at_first) == [Event("before")]
    held.until_left()


@pytest.mark.parametrize("reader", NGINX_COMBINATIONS, ids=str, indirect=True)
def test_requested_protocol_is_used(reader: Reader) -> None:
    opened: list[Response] = []
    reader.read("/numbers", on_open=opened.append)
    expected = "HTTP/2.0" if reader.combination.server.http2 else "HTTP/1.1"
    assert [response.header("X-Protocol") for response in opened] == [expected]
