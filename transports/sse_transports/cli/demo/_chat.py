"""The chat: replies word by word, by GET for `EventSource` and by POST as chat services do it.

A reply is cut on the way, inside a character, and whoever comes back with Last-Event-ID gets the rest.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from sse_core import Event, encode, encode_comment

from ._replies import pieces, reply_to

if TYPE_CHECKING:
    from ...testing import Call

TOKEN = "demo-token"  # noqa: S105  # for a server on this machine
DONE = "[DONE]"
PACE = 0.05
"""Seconds between words, so that a person can watch."""
RETRY = 1000
"""Milliseconds after which a client is to come back."""
ALLOWED = {"/": "GET, HEAD", "/reply": "GET", "/v1/chat/completions": "POST"}
"""The methods of each path."""
REMEMBERED = 1000
"""How many replies by POST can be resumed; older ones are forgotten."""


@dataclass(slots=True)
class Text:
    """What is said in reply to a request, and whether all of it was sent once."""

    words: list[str]
    was_sent: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply on its way: the event of its word number `n` has the id `n`.

    Attributes:
        text: what is sent, a word an event.
        event: returns the event of a word; its argument is the word's index.
        end: the event behind the last word.
        first: the index of the first word that is asked for.
        cut_at: the index of the word in which the connection is cut, or None.
    """

    text: Text
    event: Callable[[int], Event]
    end: Event
    first: int
    cut_at: int | None


class Refusal(Exception):
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
        retry: milliseconds after which clients are to come back when they were cut.
        tell: called with a request and what became of it, once it is over.
    """

    def __init__(
        self,
        *,
        pace: float = PACE,
        retry: int = RETRY,
        tell: Callable[[Call, str], None] = lambda call, outcome: None,
    ) -> None:
        self._pace = pace
        self._retry = retry
        self._tell = tell
        self._lock = threading.Lock()
        # By Idempotency-Key and question: what was begun, so that it can be gone on with.
        self._begun: dict[tuple[str, str], Text] = {}

    def answer(self, call: Call) -> None:
        """Answer one request."""
        try:
            reply = self._asked_for(call)
        except Refusal as refusal:
            outcome = _refuse(call, refusal)
        else:
            outcome = self._send(call, reply)
        self._tell(call, outcome)

    def _asked_for(self, call: Call) -> Reply:
        match call.method, path_of(call):
            case "GET", "/reply":
                return self._by_get(call)
            case "POST", "/v1/chat/completions":
                return self._by_post(call)
            case _, path if path in ALLOWED:
                allowed = ALLOWED[path]
                message = f"this wants {allowed}"
                raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, message, ("Allow", allowed))
            case _:
                raise Refusal(HTTPStatus.NOT_FOUND, "there is no such thing here")

    def _by_get(self, call: Call) -> Reply:
        """Read a request of `EventSource`: all it can say is the URL, and then Last-Event-ID."""
        question = parse_qs(call.path.partition("?")[2]).get("ask", [""])[0]
        words = pieces(reply_to(question))
        first = _first(call, len(words))
        return Reply(
            Text(words),
            lambda index: Event(_json({"text": words[index]}), id=str(index + 1)),
            # An EventSource takes every end for a cut: that this is none must be said in an event.
            Event(DONE, event="end", id=str(len(words) + 1)),
            first,
            cut_at=_place_of_cut(words) if first == 0 else None,
        )

    def _by_post(self, call: Call) -> Reply:
        """Read a request as chat services get it.

        A POST that is sent twice asks for two replies, unless it says that it is the same: Idempotency-Key
        names it. Who sends none could not go on, so that reply is not cut.
        """
        if call.headers.get("authorization") != f"Bearer {TOKEN}".encode():
            raise Refusal(
                HTTPStatus.UNAUTHORIZED, "this token is not known here", ("WWW-Authenticate", "Bearer")
            )
        model, question = _asked(call.body)
        key = call.headers.get("idempotency-key", b"").decode("latin-1")
        text, is_new = self._text(key, question, resumes=bool(call.last_event_id))
        words = text.words
        first = _first(call, len(words))

        def event(index: int) -> Event:
            delta = {"role": "assistant", "content": words[0]} if index == 0 else {"content": words[index]}
            choice = {"index": 0, "delta": delta, "finish_reason": None}
            chunk = {"object": "chat.completion.chunk", "model": model, "choices": [choice]}
            return Event(_json(chunk), id=str(index + 1))

        cut_at = _place_of_cut(words) if key and is_new else None
        return Reply(text, event, Event(DONE), first, cut_at)

    def _text(self, key: str, question: str, *, resumes: bool) -> tuple[Text, bool]:
        """Return the reply to this request, and whether it is begun only now."""
        with self._lock:
            text = self._begun.get((key, question))
            if text is not None and (resumes or not text.was_sent):
                return text, False
            if resumes:
                raise Refusal(HTTPStatus.CONFLICT, "this was not begun with this Idempotency-Key")
            text = Text(pieces(reply_to(question)))
            if key:
                self._begun[key, question] = text
                while len(self._begun) > REMEMBERED:
                    del self._begun[next(iter(self._begun))]
            return text, True

    def _send(self, call: Call, reply: Reply) -> str:
        count = len(reply.text.words)
        if reply.first > count:
            # "Clients will reconnect if the connection is closed; a client can be told to stop
            # reconnecting using the HTTP 204 No Content response code."
            call.respond(HTTPStatus.NO_CONTENT, [])
            return "204  it has all of it"
        sent = reply.first
        try:
            call.respond(200, _EVENT_STREAM)
            call.chunk(f"retry: {self._retry}\n\n".encode() + encode_comment("thinking"))
            for index in range(reply.first, count):
                data = encode(reply.event(index))
                if index == reply.cut_at:
                    # No chunk that ends the body follows: to the client, the connection is lost.
                    call.chunk(data[: _inside_a_character(data)])
                    return f"200  {_range(reply.first, sent)}, then cut inside the next"
                call.chunk(data)
                sent = index + 1
                call.wait(self._pace)
            call.chunk(encode(reply.end))
            call.chunk(b"")
        except OSError:
            return f"200  {_range(reply.first, sent)}, then the client has gone"
        reply.text.was_sent = True
        return f"200  {_range(reply.first, sent)}, to the end"


def path_of(call: Call) -> str:
    """Return what a request asks for, without the query."""
    return call.path.partition("?")[0]


def _refuse(call: Call, refusal: Refusal) -> str:
    """Answer with an error, as chat services put it into JSON."""
    fields = [("Content-Type", "application/json; charset=utf-8"), *refusal.headers]
    call.respond(refusal.status, fields, _json({"error": {"message": refusal.message}}).encode())
    return f"{refusal.status:d}  {refusal.message}"


_EVENT_STREAM = [
    ("Content-Type", "text/event-stream; charset=utf-8"),
    ("Cache-Control", "no-store"),
    # So that nginx hands on each word when it comes.
    ("X-Accel-Buffering", "no"),
    ("Transfer-Encoding", "chunked"),
]


def _json(value: object) -> str:
    # As it is, so that characters of several bytes go over the wire.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _asked(body: bytes) -> tuple[str, str]:
    """Return the model and the last thing said."""
    try:
        asked: Any = json.loads(body)
        model, question = asked["model"], asked["messages"][-1]["content"]
    except (ValueError, LookupError, TypeError):
        model = question = None
    if not isinstance(model, str) or not isinstance(question, str):
        raise Refusal(
            HTTPStatus.BAD_REQUEST,
            'expected JSON with "model" and "messages", the last of which has a "content"',
        )
    return model.encode("utf-8", "replace").decode(), question


def _first(call: Call, count: int) -> int:
    """Return the index of the word behind Last-Event-ID; the end event has an id, too.

    An ID that was never sent counts as none: an error would end an EventSource for good.
    """
    told = call.last_event_id
    is_known = told.isascii() and told.isdigit() and len(told) < 10 and int(told) <= count + 1
    return int(told) if is_known else 0


def _place_of_cut(words: list[str]) -> int:
    """Return the index of the first word behind a third of them that can be cut inside a character."""
    soonest = len(words) // 3
    return next((index for index in range(soonest, len(words)) if not words[index].isascii()), soonest)


def _inside_a_character(data: bytes) -> int:
    """Return how many bytes end inside the first character of several bytes; if there is none, half."""
    return next((index + 1 for index, byte in enumerate(data) if byte >= 0x80), len(data) // 2)


def _range(first: int, sent: int) -> str:
    return f"words {first + 1} to {sent}" if sent > first else "no word"
