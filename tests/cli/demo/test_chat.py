"""The endpoints of the chat: complete replies despite a lost connection, and clear errors."""

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
from sse_transports.cli.demo._replies import DEFAULT_REPLY, REPLIES, reply_to, tokens
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
"""Questions with words that only their reply has."""


def quick_server(log: Callable[[str], None] = lambda line: None) -> SSEServer:
    return chat_server(0, pace=0, retry=1, log=log)


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


def read_until_dropped(source: EventSource[Event]) -> None:
    with source, pytest.raises(IncompleteStream):
        list(source)


def test_each_reply_has_a_question() -> None:
    assert len({reply_to(question) for question in QUESTIONS}) == len(QUESTIONS) == len(REPLIES) + 1
    assert all(words in reply_to(question) for question, words in QUESTIONS.items())


@pytest.mark.parametrize("question", QUESTIONS)
def test_reply_by_get_is_complete_after_a_reconnect(question: str) -> None:
    with quick_server() as server:
        assert text_by_get(by_get(server.url, question)) == reply_to(question)
    first, second = server.calls
    assert first.last_event_id == ""
    assert 0 < int(second.last_event_id) < len(tokens(reply_to(question)))


@pytest.mark.parametrize("question", QUESTIONS)
def test_reply_by_post_is_complete_after_a_reconnect(question: str) -> None:
    with quick_server() as server:
        retry = RetryPolicy(allowed_methods={"GET", "POST"})
        assert text_by_post(by_post(server.url, question, key="1", retry=retry)) == reply_to(question)
    first, second = server.calls
    assert (first.last_event_id, first.body) == ("", second.body)
    assert 0 < int(second.last_event_id) < len(tokens(reply_to(question)))


@pytest.mark.parametrize("question", QUESTIONS)
def test_connection_is_dropped_inside_a_character(question: str) -> None:
    with (
        quick_server() as server,
        closing(http.client.HTTPConnection("127.0.0.1", server.port)) as connection,
    ):
        connection.request("GET", "/reply?ask=" + "".join(f"%{byte:02x}" for byte in question.encode()))
        with pytest.raises(http.client.IncompleteRead) as dropped:
            connection.getresponse().read()
    with pytest.raises(UnicodeDecodeError, match="unexpected end of data"):
        dropped.value.partial.decode()


def test_post_without_a_key_is_not_dropped() -> None:
    with quick_server() as server:
        assert text_by_post(by_post(server.url, "What is SSE?")) == reply_to("What is SSE?")
    assert len(server.calls) == 1


def test_idempotency_key_selects_the_reply_to_resume() -> None:
    with quick_server() as server:
        read_until_dropped(by_post(server.url, "What is SSE?", key="a", retry=None))
        rest = text_by_post(by_post(server.url, "What is SSE?", key="a", last_event_id="3"))
        with pytest.raises(HTTPStatusError, match="409"):
            text_by_post(by_post(server.url, "WebSocket?", key="a", last_event_id="3"))
    assert rest == "".join(tokens(reply_to("What is SSE?"))[3:])


def test_repeated_post_is_not_dropped_again() -> None:
    with quick_server() as server:
        read_until_dropped(by_post(server.url, "WebSocket?", key="a", retry=None))
        assert text_by_post(by_post(server.url, "WebSocket?", key="a", retry=None)) == reply_to("WebSocket?")
        # After a complete reply, the same command line starts from the beginning.
        read_until_dropped(by_post(server.url, "WebSocket?", key="a", retry=None))


def test_oldest_stored_replies_are_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_chat, "MAX_STORED", 2)
    with quick_server() as server:
        for key in "abc":
            with by_post(server.url, "What is SSE?", key=key) as source:
                next(iter(source))
        assert text_by_post(by_post(server.url, "What is SSE?", key="b", last_event_id="55"))
        with pytest.raises(HTTPStatusError) as refused:
            text_by_post(by_post(server.url, "What is SSE?", key="a", last_event_id="55"))
    assert refused.value.status == 409


def test_client_that_has_everything_gets_204() -> None:
    with quick_server() as server:
        count = len(tokens(reply_to("What is SSE?")))
        assert text_by_get(by_get(server.url, "What is SSE?", last_event_id=str(count + 1))) == ""
        # The last word was received, but not the end event.
        assert text_by_get(by_get(server.url, "What is SSE?", last_event_id=str(count))) == ""
    assert len(server.calls) == 2


@pytest.mark.parametrize(
    ("options", "status", "message"),
    [
        ({"token": "wrong"}, 401, "unknown token"),
        ({"key": "never-seen", "last_event_id": "3"}, 409, "no reply to resume with this Idempotency-Key"),
        ({"last_event_id": "3"}, 409, "no reply to resume with this Idempotency-Key"),
    ],
)
def test_refused_post_has_an_error_message(options: dict[str, str], status: int, message: str) -> None:
    with quick_server() as server, pytest.raises(HTTPStatusError) as refused:
        text_by_post(by_post(server.url, "What is SSE?", **options))
    assert refused.value.status == status
    assert json.loads(refused.value.body) == {"error": {"message": message}}


@pytest.mark.parametrize("last_event_id", ["59", "0", "-1", "x", "1e1", "٣", "9" * 5000])
def test_unknown_id_counts_as_none(last_event_id: str) -> None:
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
def test_wrong_method_gets_405_with_allow(method: str, path: str, status: int, allow: str | None) -> None:
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
def test_invalid_body_is_refused(body: bytes) -> None:
    with quick_server() as server:
        url = f"{server.url}/v1/chat/completions"
        headers = {"Authorization": f"Bearer {TOKEN}"}
        source = EventSource(url, method="POST", headers=headers, content=body)
        with source, pytest.raises(HTTPStatusError) as refused:
            list(source)
    assert refused.value.status == 400


def test_lone_surrogate_in_a_question_is_harmless() -> None:
    body = '{"model": "\\ud800", "messages": [{"content": "\\ud800"}]}'
    with quick_server() as server:
        url = f"{server.url}/v1/chat/completions"
        headers = {"Authorization": f"Bearer {TOKEN}"}
        with EventSource(url, method="POST", headers=headers, content=body, until=DONE) as source:
            assert "".join(event.json()["choices"][0]["delta"]["content"] for event in source) == reply_to(
                "?"
            )


def test_disconnected_client_is_noticed_at_once() -> None:
    lines: list[str] = []
    # With an hour between words, the server cannot notice it by sending the second one.
    with chat_server(0, pace=3600, log=lines.append) as server:
        with by_get(server.url, "What is SSE?") as source:
            next(iter(source))
        eventually(lambda: bool(lines), "a line about the request")
    assert lines == ["GET  /reply  200  words 1 to 1, then the client disconnected"]


def test_stopping_server_does_not_wait_for_its_replies() -> None:
    with chat_server(0, pace=3600) as server, socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(b"GET /reply HTTP/1.1\r\n\r\n")
        assert client.recv(1)
        server.stop()
        while client.recv(2**16):
            pass


def test_each_request_is_logged() -> None:
    lines: list[str] = []
    with quick_server(lines.append) as server:
        text_by_get(by_get(server.url, "What is SSE?"))
        eventually(lambda: len(lines) == 2, "two lines")
    assert lines == [
        "GET  /reply  200  words 1 to 27, then dropped inside the next",
        "GET  /reply  200  words 28 to 57, to the end (Last-Event-ID 27)",
    ]


@given(st.text())
def test_tokens_of_a_text_join_to_the_text(text: str) -> None:
    assert "".join(tokens(text)) == text
    assert all(tokens(text))


@given(st.text())
def test_replies_are_deterministic_and_bounded(question: str) -> None:
    assert reply_to(question) == reply_to(question)
    assert reply_to(question) in dict(REPLIES).values() or len(reply_to(question)) < len(DEFAULT_REPLY) + 90
