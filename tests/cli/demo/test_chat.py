"""The chat's endpoints, as any client sees them: whole replies over a cut, and clear refusals."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sse_core import Event, HTTPStatusError, IncompleteStream, RetryPolicy
from sse_transports import EventSource
from sse_transports.cli.demo import _chat
from sse_transports.cli.demo._chat import DONE, TOKEN
from sse_transports.cli.demo._chat_server import chat_server
from sse_transports.cli.demo._replies import OTHERWISE, REPLIES, pieces, reply_to
from sse_transports.testing import SSEServer
from tests.sse_transports.waiting import eventually

QUESTIONS = {
    "What is SSE?": "没有丢失",
    "What if it breaks?": "🚇",
    "EventSource or fetch?": "📮",
    "Emoji, 你好?": "这条连接",
    "WebSocket?": "telephone",
    "How old are you?": "“How old are you?”",
}
"""Each with words that only the reply to it has."""


def quick_server(tell: Callable[[str], None] = lambda line: None) -> SSEServer:
    return chat_server(0, pace=0, retry=1, tell=tell)


def by_get(url: str, question: str, **options: Any) -> EventSource[Event]:
    escaped = "".join(f"%{byte:02x}" for byte in question.encode())
    return EventSource(f"{url}/reply?ask={escaped}", until=DONE, **options)


def by_post(
    url: str, question: str, *, key: str = "", token: str = TOKEN, **options: Any
) -> EventSource[Event]:
    headers = {"Authorization": f"Bearer {token}", **({"Idempotency-Key": key} if key else {})}
    body = {"model": "demo", "stream": True, "messages": [{"role": "user", "content": question}]}
    url = f"{url}/v1/chat/completions"
    return EventSource(url, method="POST", headers=headers, json=body, until=DONE, **options)


def text_by_get(source: EventSource[Event]) -> str:
    with source:
        return "".join(event.json()["text"] for event in source)


def text_by_post(source: EventSource[Event]) -> str:
    with source:
        return "".join(event.json()["choices"][0]["delta"]["content"] for event in source)


def read_to_the_cut(source: EventSource[Event]) -> None:
    with source, pytest.raises(IncompleteStream):
        list(source)


def test_each_reply_can_be_had() -> None:
    assert len({reply_to(question) for question in QUESTIONS}) == len(QUESTIONS) == len(REPLIES) + 1
    assert all(words in reply_to(question) for question, words in QUESTIONS.items())


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_reply_by_get_is_whole_over_a_cut(question: str) -> None:
    with quick_server() as server:
        assert text_by_get(by_get(server.url, question)) == reply_to(question)
    first, second = server.calls
    assert first.last_event_id == ""
    assert 0 < int(second.last_event_id) < len(pieces(reply_to(question)))


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_reply_by_post_is_whole_over_a_cut(question: str) -> None:
    with quick_server() as server:
        retry = RetryPolicy(allowed_methods={"GET", "POST"})
        assert text_by_post(by_post(server.url, question, key="1", retry=retry)) == reply_to(question)
    first, second = server.calls
    assert (first.last_event_id, first.body) == ("", second.body)
    assert 0 < int(second.last_event_id) < len(pieces(reply_to(question)))


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_cut_is_inside_a_character(question: str) -> None:
    with (
        quick_server() as server,
        closing(http.client.HTTPConnection("127.0.0.1", server.port)) as connection,
    ):
        connection.request("GET", "/reply?ask=" + "".join(f"%{byte:02x}" for byte in question.encode()))
        with pytest.raises(http.client.IncompleteRead) as cut:
            connection.getresponse().read()
    with pytest.raises(UnicodeDecodeError, match="unexpected end of data"):
        cut.value.partial.decode()


def test_a_post_that_could_not_be_resumed_is_not_cut() -> None:
    with quick_server() as server:
        assert text_by_post(by_post(server.url, "What is SSE?")) == reply_to("What is SSE?")
    assert len(server.calls) == 1


def test_a_key_names_the_reply_that_is_gone_on_with() -> None:
    with quick_server() as server:
        read_to_the_cut(by_post(server.url, "What is SSE?", key="a", retry=None))
        rest = text_by_post(by_post(server.url, "What is SSE?", key="a", last_event_id="3"))
        with pytest.raises(HTTPStatusError, match="409"):
            text_by_post(by_post(server.url, "WebSocket?", key="a", last_event_id="3"))
    assert rest == "".join(pieces(reply_to("What is SSE?"))[3:])


def test_what_is_sent_again_before_anything_came_is_not_cut_again() -> None:
    with quick_server() as server:
        read_to_the_cut(by_post(server.url, "WebSocket?", key="a", retry=None))
        assert text_by_post(by_post(server.url, "WebSocket?", key="a", retry=None)) == reply_to("WebSocket?")
        # And a command line that is run once more shows the same story.
        read_to_the_cut(by_post(server.url, "WebSocket?", key="a", retry=None))


def test_replies_that_were_begun_long_ago_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_chat, "REMEMBERED", 2)
    with quick_server() as server:
        for key in "abc":
            with by_post(server.url, "What is SSE?", key=key) as source:
                next(iter(source))
        assert text_by_post(by_post(server.url, "What is SSE?", key="b", last_event_id="55"))
        with pytest.raises(HTTPStatusError) as refused:
            text_by_post(by_post(server.url, "What is SSE?", key="a", last_event_id="55"))
    assert refused.value.status == 409


def test_who_has_seen_the_end_is_told_to_stop() -> None:
    with quick_server() as server:
        count = len(pieces(reply_to("What is SSE?")))
        assert text_by_get(by_get(server.url, "What is SSE?", last_event_id=str(count + 1))) == ""
        # Without the end, it is only the end that is missing.
        assert text_by_get(by_get(server.url, "What is SSE?", last_event_id=str(count))) == ""
    assert len(server.calls) == 2


@pytest.mark.parametrize(
    ("options", "status", "told"),
    [
        ({"token": "wrong"}, 401, "this token is not known here"),
        ({"key": "never-seen", "last_event_id": "3"}, 409, "this was not begun with this Idempotency-Key"),
        ({"last_event_id": "3"}, 409, "this was not begun with this Idempotency-Key"),
    ],
)
def test_a_post_that_is_refused_says_why(options: dict[str, str], status: int, told: str) -> None:
    with quick_server() as server, pytest.raises(HTTPStatusError) as refused:
        text_by_post(by_post(server.url, "What is SSE?", **options))
    assert refused.value.status == status
    assert json.loads(refused.value.body) == {"error": {"message": told}}


@pytest.mark.parametrize("last_event_id", ["59", "0", "-1", "x", "1e1", "٣", "9" * 5000])
def test_an_id_that_was_never_sent_counts_as_none(last_event_id: str) -> None:
    with quick_server() as server:
        source = by_get(server.url, "What is SSE?", last_event_id=last_event_id)
        assert text_by_get(source) == reply_to("What is SSE?")


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("HEAD", "/", 200, None),
        ("POST", "/", 405, "GET, HEAD"),
        ("POST", "/reply", 405, "GET"),
        ("GET", "/v1/chat/completions", 405, "POST"),
        ("GET", "/favicon.ico", 404, None),
    ],
)
def test_another_method_is_told_which_it_should_be(
    method: str, path: str, status: int, allow: str | None
) -> None:
    with (
        quick_server() as server,
        closing(http.client.HTTPConnection("127.0.0.1", server.port)) as connection,
    ):
        connection.request(method, path)
        response = connection.getresponse()
        assert (response.status, response.getheader("Allow")) == (status, allow)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff", b"[]", b"{}", b'{"model": 1, "messages": []}', b'{"model": "m", "messages": [7]}'],
)
def test_a_body_that_asks_nothing_is_refused(body: bytes) -> None:
    with quick_server() as server:
        url = f"{server.url}/v1/chat/completions"
        headers = {"Authorization": f"Bearer {TOKEN}"}
        source = EventSource(url, method="POST", headers=headers, content=body)
        with source, pytest.raises(HTTPStatusError) as refused:
            list(source)
    assert refused.value.status == 400


def test_a_lone_surrogate_in_a_question_breaks_nothing() -> None:
    body = '{"model": "\\ud800", "messages": [{"content": "\\ud800"}]}'
    with quick_server() as server:
        url = f"{server.url}/v1/chat/completions"
        headers = {"Authorization": f"Bearer {TOKEN}"}
        with EventSource(url, method="POST", headers=headers, content=body, until=DONE) as source:
            assert "".join(event.json()["choices"][0]["delta"]["content"] for event in source) == reply_to(
                "?"
            )


def test_that_the_client_has_gone_is_seen_at_once() -> None:
    lines: list[str] = []
    # An hour between words: what is seen before the second one, is seen at once.
    with chat_server(0, pace=3600, tell=lines.append) as server:
        with by_get(server.url, "What is SSE?") as source:
            next(iter(source))
        eventually(lambda: bool(lines), "a line about the request")
    assert lines == ["GET  /reply  200  words 1 to 1, then the client has gone"]


def test_a_server_that_is_left_does_not_wait_for_its_replies() -> None:
    with chat_server(0, pace=3600) as server, socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(b"GET /reply HTTP/1.1\r\n\r\n")
        assert client.recv(1)
        server.stop()
        while client.recv(2**16):
            pass


def test_each_request_gets_a_line() -> None:
    lines: list[str] = []
    with quick_server(lines.append) as server:
        text_by_get(by_get(server.url, "What is SSE?"))
        eventually(lambda: len(lines) == 2, "two lines")
    assert lines == [
        "GET  /reply  200  words 1 to 27, then cut inside the next",
        "GET  /reply  200  words 28 to 57, to the end (Last-Event-ID 27)",
    ]


@given(st.text())
def test_the_pieces_of_a_text_are_the_text(text: str) -> None:
    assert "".join(pieces(text)) == text
    assert all(pieces(text))


@given(st.text())
def test_to_the_same_question_the_reply_is_the_same_and_of_bounded_length(question: str) -> None:
    assert reply_to(question) == reply_to(question)
    assert reply_to(question) in dict(REPLIES).values() or len(reply_to(question)) < len(OTHERWISE) + 90
