"""The chat service: replies word by word, by GET for `EventSource` and by POST like the APIs of models.

It drops the connection once in each reply, inside a character, and resumes after Last-Event-ID.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from sse_core import Event, encode, encode_comment

from ._replies import reply_to, tokens

if TYPE_CHECKING:
    from ...testing import Call

TOKEN = "demo-token"  # noqa: S105  # for a server on this machine
DONE = "[DONE]"
PACE = 0.05
"""Seconds between words, slow enough to watch."""
RETRY = 1000
"""The reconnection time in milliseconds."""
ALLOWED = {"/": "GET, HEAD", "/reply": "GET", "/v1/chat/completions": "POST"}
"""The methods of each path."""
MAX_STORED = 1000
"""How many replies by POST are stored so that they can be resumed."""


@dataclass(slots=True)
class Text:
    """The words of a reply, and whether it was once sent completely."""

    words: list[str]
    was_sent: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply to be sent, one event for each word: the event of word number `n` has the ID `n`.

    Attributes:
        text: the words.
        event: returns the event of a word; its argument is the word's index.
        end: the event after the last word.
        first: the index of the first word to send.
        drop_at: the index of the word in which the connection is dropped, or None.
    """

    text: Text
    event: Callable[[int], Event]
    end: Event
    first: int
    drop_at: int | None


class RequestError(Exception):
    """A request that gets an error instead of a reply."""

    def __init__(self, status: HTTPStatus, message: str, *headers: tuple[str, str]) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers


class ChatService:
    """Answers `GET /reply?ask=…` and `POST /v1/chat/completions`, for an `SSEServer`.

    Args:
        pace: seconds between words.
        retry: the reconnection time in milliseconds.
        log: called with each request and its outcome, after the response.
    """

    def __init__(
        self,
        *,
        pace: float = PACE,
        retry: int = RETRY,
        log: Callable[[Call, str], None] = lambda call, outcome: None,
    ) -> None:
        self._pace = pace
        self._retry = retry
        self._log = log
        self._lock = threading.Lock()
        # The replies by POST, by Idempotency-Key and the hash of the question, so that they can be resumed.
        # A question may have 16 MiB, too much to keep a thousand of them.
        self._stored: dict[tuple[str, bytes], Text] = {}

    def answer(self, call: Call) -> None:
        """Answer one request."""
        try:
            reply = self._reply(call)
        except RequestError as error:
            outcome = _send_error(call, error)
        else:
            outcome = self._send(call, reply)
        self._log(call, outcome)

    def _reply(self, call: Call) -> Reply:
        match call.method, path_of(call):
            case "GET", "/reply":
                return self._by_get(call)
            case "POST", "/v1/chat/completions":
                return self._by_post(call)
            case _, path if path in ALLOWED:
                allowed = ALLOWED[path]
                message = f"use {allowed}"
                raise RequestError(HTTPStatus.METHOD_NOT_ALLOWED, message, ("Allow", allowed))
            case _:
                raise RequestError(HTTPStatus.NOT_FOUND, "not found")

    def _by_get(self, call: Call) -> Reply:
        """Return the reply to a request of `EventSource`, which has only a URL and Last-Event-ID."""
        question = parse_qs(call.path.partition("?")[2]).get("ask", [""])[0]
        words = tokens(reply_to(question))
        first = _first(call, len(words))
        return Reply(
            Text(words),
            lambda index: Event(_json({"text": words[index]}), id=str(index + 1)),
            # An EventSource reconnects after every end, so an event marks the last one.
            Event(DONE, event="end", id=str(len(words) + 1)),
            first,
            drop_at=_drop_position(words) if first == 0 else None,
        )

    def _by_post(self, call: Call) -> Reply:
        """Return the reply to a request in the format of the APIs of models.

        A repeated POST asks for a second reply, unless it has the same Idempotency-Key. Without a key, a
        client cannot resume, so the connection is not dropped.
        """
        if call.headers.get("authorization") != f"Bearer {TOKEN}".encode():
            raise RequestError(HTTPStatus.UNAUTHORIZED, "unknown token", ("WWW-Authenticate", "Bearer"))
        model, question = _parse_request(call.body)
        key = call.headers.get("idempotency-key", b"").decode("latin-1")
        text, is_new = self._text(key, question, resumes=bool(call.last_event_id))
        words = text.words
        first = _first(call, len(words))

        def event(index: int) -> Event:
            delta = {"role": "assistant", "content": words[0]} if index == 0 else {"content": words[index]}
            choice = {"index": 0, "delta": delta, "finish_reason": None}
            chunk = {"object": "chat.completion.chunk", "model": model, "choices": [choice]}
            return Event(_json(chunk), id=str(index + 1))

        drop_at = _drop_position(words) if key and is_new else None
        return Reply(text, event, Event(DONE), first, drop_at)

    def _text(self, key: str, question: str, *, resumes: bool) -> tuple[Text, bool]:
        """Return the reply to this request, and whether it is new."""
        hashed = sha256(question.encode("utf-8", "surrogatepass")).digest()
        with self._lock:
            text = self._stored.get((key, hashed))
            if text is not None and (resumes or not text.was_sent):
                return text, False
            if resumes:
                raise RequestError(HTTPStatus.CONFLICT, "no reply to resume with this Idempotency-Key")
            text = Text(tokens(reply_to(question)))
            if key:
                self._stored[key, hashed] = text
                while len(self._stored) > MAX_STORED:
                    del self._stored[next(iter(self._stored))]
            return text, True

    def _send(self, call: Call, reply: Reply) -> str:
        count = len(reply.text.words)
        if reply.first > count:
            # "Clients will reconnect if the connection is closed; a client can be told to stop
            # reconnecting using the HTTP 204 No Content response code."
            call.respond(HTTPStatus.NO_CONTENT, [])
            return "204  nothing more to send"
        sent = reply.first
        try:
            call.respond(200, _EVENT_STREAM)
            call.chunk(f"retry: {self._retry}\n\n".encode() + encode_comment("thinking"))
            for index in range(reply.first, count):
                data = encode(reply.event(index))
                if index == reply.drop_at:
                    # Without the last chunk of the body, the client sees a lost connection.
                    call.chunk(data[: _inside_a_character(data)])
                    return f"200  {_range(reply.first, sent)}, then dropped inside the next"
                call.chunk(data)
                sent = index + 1
                call.wait(self._pace)
            call.chunk(encode(reply.end))
            call.chunk(b"")
        except OSError:
            return f"200  {_range(reply.first, sent)}, then the client disconnected"
        reply.text.was_sent = True
        return f"200  {_range(reply.first, sent)}, to the end"


def path_of(call: Call) -> str:
    """Return the path of a request, without the query."""
    return call.path.partition("?")[0]


def _send_error(call: Call, error: RequestError) -> str:
    """Answer with an error in JSON, in the format of the APIs of models."""
    headers = [("Content-Type", "application/json; charset=utf-8"), *error.headers]
    call.respond(error.status, headers, _json({"error": {"message": error.message}}).encode())
    return f"{error.status:d}  {error.message}"


_EVENT_STREAM = [
    ("Content-Type", "text/event-stream; charset=utf-8"),
    ("Cache-Control", "no-store"),
    # So that nginx forwards each word at once.
    ("X-Accel-Buffering", "no"),
    ("Transfer-Encoding", "chunked"),
]


def _json(value: object) -> str:
    # Not escaped, so that the stream contains characters of several bytes.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _parse_request(body: bytes) -> tuple[str, str]:
    """Return the model and the content of the last message."""
    try:
        request: Any = json.loads(body)
        model, question = request["model"], request["messages"][-1]["content"]
    except (ValueError, LookupError, TypeError):
        model = question = None
    if not isinstance(model, str) or not isinstance(question, str):
        raise RequestError(
            HTTPStatus.BAD_REQUEST,
            'expected JSON with "model" and "messages", the last of which has a "content"',
        )
    return model.encode("utf-8", "replace").decode(), question


def _first(call: Call, count: int) -> int:
    """Return the index of the word after Last-Event-ID. The end event has an ID, too.

    An unknown ID counts as none: an error would stop an EventSource for good.
    """
    given = call.last_event_id
    is_known = given.isascii() and given.isdigit() and len(given) < 10 and int(given) <= count + 1
    return int(given) if is_known else 0


def _drop_position(words: list[str]) -> int:
    """Return the index of a word after the first third, one with a character of several bytes if possible."""
    earliest = len(words) // 3
    return next((index for index in range(earliest, len(words)) if not words[index].isascii()), earliest)


def _inside_a_character(data: bytes) -> int:
    """Return an offset inside the first character of several bytes; half of the data if there is none."""
    return next((index + 1 for index, byte in enumerate(data) if byte >= 0x80), len(data) // 2)


def _range(first: int, sent: int) -> str:
    return f"words {first + 1} to {sent}" if sent > first else "no word"
