"""The example SDK, `docs/examples/chat_sdk`: what its users, and those who copy it, can rely on."""

from __future__ import annotations

import json
import threading
import time
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import anyio
import pytest

import chat_sdk
import sse_core._connection
from chat_sdk import AsyncChat, Chat, Finished, Part, ServiceError, Started, Text
from chat_sdk import client as client_module
from chat_sdk.reply_connection import RETRY
from sse_core import (
    Comment,
    ConnectError,
    ContentTypeError,
    Event,
    HTTPStatusError,
    RetriesExhausted,
    RetryPolicy,
)
from sse_core_pytest import MakeServer
from sse_transports.testing import HALF_CHARACTER, Call, Cut, Drip, History, Refuse, Stall, Step, Steps
from tests.embedding.chat_clients import CLIENTS, QUICK, ReadReplies
from tests.sse_transports.waiting import eventually, until_set

# httpx2 leaves a generator to the garbage collector when a stream is closed early, and trio warns of that.
pytestmark = pytest.mark.filterwarnings("ignore:Async generator 'httpcore2:ResourceWarning")

every_client = pytest.mark.parametrize("read_replies", CLIENTS.values(), ids=CLIENTS.keys())

REPLY = [
    Event('{"reply": "r1"}', "started", id="1"),
    Event('{"text": "Because"}', "text", id="2"),
    Event('{"text": " it costs 3 €"}', "text", id="3"),
    Event('{"text": "."}', "text", id="4"),
    Event('{"tokens": 7}', "finished", id="5"),
    Event("[DONE]", id="6"),
]
PARTS: list[Part] = [
    Started("r1"),
    Text("Because"),
    Text(" it costs 3 €"),
    Text("."),
    Finished(7),
]


@every_client
def test_reply_has_typed_parts(sse_server: MakeServer, read_replies: ReadReplies) -> None:
    server = sse_server([REPLY])

    replies = read_replies(server.url)

    assert replies.error is None
    assert replies.parts == PARTS
    (call,) = server.calls
    assert (call.method, call.path) == ("POST", "/v1/replies")
    assert json.loads(call.body) == {"prompt": "Why?"}
    assert call.headers["accept"] == b"text/event-stream"
    assert call.headers["accept-encoding"] == b"identity"
    assert call.headers["authorization"] == b"Bearer token 1"


@every_client
def test_unknown_types_and_fields_are_ignored(sse_server: MakeServer, read_replies: ReadReplies) -> None:
    unknown: list[Step] = [
        Comment("thinking"),
        Event("{}", "mood"),
        Event('{"text": "a", "mood": 1}', "text"),
    ]
    server = sse_server([[*unknown, Event("[DONE]")]])

    assert read_replies(server.url).parts == [Text("a")]


# The token.


def only_for(token: str, call: Call, steps: Steps) -> Steps:
    return steps if call.headers["authorization"] == f"Bearer {token}".encode() else [401]


@every_client
def test_rejected_token_is_renewed_once_and_kept(sse_server: MakeServer, read_replies: ReadReplies) -> None:
    server = sse_server(lambda call: only_for("token 2", call, REPLY))

    replies = read_replies(server.url, times=2)

    assert replies.error is None
    assert replies.parts == PARTS * 2
    assert replies.tokens == 2
    assert len(server.calls) == 3


@every_client
def test_token_is_not_renewed_again_after_503(sse_server: MakeServer, read_replies: ReadReplies) -> None:
    server = sse_server([[401], [503], REPLY])

    replies = read_replies(server.url)

    assert replies.parts == PARTS
    assert replies.tokens == 2


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_tasks_share_a_new_token(sse_server: MakeServer, backend: str) -> None:
    server = sse_server(lambda call: only_for("token 2", call, REPLY))
    fetched = count(1)

    async def fetch_token() -> str:
        await anyio.wait_all_tasks_blocked()
        return f"token {next(fetched)}"

    async def main() -> None:
        all_parts: list[list[Part]] = []

        async def read(client: AsyncChat) -> None:
            async with client.ask("Why?") as reply:
                all_parts.append([part async for part in reply])

        async with AsyncChat(server.url, fetch_token) as client, anyio.create_task_group() as tasks:
            for _ in range(3):
                tasks.start_soon(read, client)
        assert all_parts == [PARTS] * 3

    anyio.run(main, backend=backend)

    assert next(fetched) == 3


@every_client
def test_second_rejected_token_is_an_error(sse_server: MakeServer, read_replies: ReadReplies) -> None:
    server = sse_server([[401], [401, {"Content-Type": "application/json"}, b'{"error": "revoked"}']])

    replies = read_replies(server.url)

    assert isinstance(replies.error, HTTPStatusError)
    assert (replies.error.status, replies.error.body) == (401, b'{"error": "revoked"}')
    assert replies.tokens == 2


@every_client
def test_token_that_expires_within_a_reply_is_renewed(
    sse_server: MakeServer, read_replies: ReadReplies
) -> None:
    script: list[Steps] = [[401], [*REPLY[:2], Cut()], [401], [*REPLY[2:3], Cut()], [401], REPLY[3:]]
    server = sse_server(script)

    replies = read_replies(server.url)

    assert replies.error is None
    assert replies.parts == PARTS
    assert [call.headers["authorization"].decode() for call in server.calls] == [
        "Bearer token 1",
        "Bearer token 2",
        "Bearer token 2",
        "Bearer token 3",
        "Bearer token 3",
        "Bearer token 4",
    ]


@every_client
def test_redirect_to_another_origin_hides_token_and_id(
    sse_server: MakeServer, read_replies: ReadReplies
) -> None:
    other = sse_server([REPLY[2:]])
    server = sse_server([[*REPLY[:2], Cut()], [307, {"Location": f"{other.url}/elsewhere"}]])

    assert read_replies(server.url).parts == PARTS
    (call,) = other.calls
    assert (call.method, call.path) == ("POST", "/elsewhere")
    assert "authorization" not in call.headers
    assert call.last_event_id == ""


# Dropped connections.

ENDINGS: dict[str, tuple[Steps, str]] = {
    "between events": ([*REPLY[:2], Cut()], "2"),
    "inside an event": ([*REPLY[:2], b'id: 3\nevent: text\ndata: {"te', Cut()], "2"),
    "inside a character": (
        [*REPLY[:2], b'id: 3\nevent: text\ndata: {"text": "3 ' + HALF_CHARACTER, Cut()],
        "2",
    ),
    "before the blank line": ([*REPLY[:2], b"id: 3\nevent: text\ndata: {}\n", Cut()], "2"),
    "before anything": ([Cut()], ""),
    "clean end": (REPLY[:4], "4"),
    "before a response": ([Refuse()], ""),
    "503": ([503], ""),
}


@every_client
@pytest.mark.parametrize(("steps", "last_event_id"), ENDINGS.values(), ids=ENDINGS.keys())
def test_dropped_reply_resumes_after_its_last_event(
    sse_server: MakeServer, read_replies: ReadReplies, steps: Steps, last_event_id: str
) -> None:
    server = sse_server([steps, [History()]], history=REPLY)

    replies = read_replies(server.url)

    assert replies.error is None
    assert replies.parts == PARTS
    first, second = server.calls
    assert (first.last_event_id, second.last_event_id) == ("", last_event_id)
    assert first.body == second.body
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]


@every_client
def test_id_may_have_any_characters(sse_server: MakeServer, read_replies: ReadReplies) -> None:
    server = sse_server([[Event('{"text": "a"}', "text", id="3 €"), Cut()], [Event("[DONE]")]])

    assert read_replies(server.url).error is None
    assert server.calls[1].last_event_id == "3 €"


@every_client
def test_two_replies_have_two_idempotency_keys(sse_server: MakeServer, read_replies: ReadReplies) -> None:
    server = sse_server([REPLY, REPLY])

    read_replies(server.url, times=2)

    first, second = server.calls
    assert first.headers["idempotency-key"] != second.headers["idempotency-key"]


# Errors.


@every_client
def test_error_event_ends_the_reply_without_retry(sse_server: MakeServer, read_replies: ReadReplies) -> None:
    error = Event('{"code": "overloaded", "message": "try later"}', "error")
    server = sse_server([[*REPLY[:2], error, Stall()]])

    replies = read_replies(server.url)

    assert replies.parts == PARTS[:2]
    assert isinstance(replies.error, ServiceError)
    assert (replies.error.code, str(replies.error)) == ("overloaded", "try later")
    eventually(lambda: server.open_connections == 0, "the connection is closed")


@every_client
def test_error_response_is_raised_with_its_body(sse_server: MakeServer, read_replies: ReadReplies) -> None:
    wrong_type: Steps = [{"Content-Type": "text/html"}, b"<h1>Sign in</h1>"]
    server = sse_server([[400, b"no prompt"], wrong_type, [400, b"no pro", Cut()]])

    errors = [read_replies(server.url).error for _ in range(3)]

    assert isinstance(errors[0], HTTPStatusError)
    assert errors[0].body == b"no prompt"
    assert isinstance(errors[1], ContentTypeError)
    assert errors[1].body == b"<h1>Sign in</h1>"
    assert isinstance(errors[2], HTTPStatusError)


@every_client
@pytest.mark.timeout(200)
def test_endless_error_body_is_truncated_in_time(
    sse_server: MakeServer, read_replies: ReadReplies, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A private constant, because there is no option for it and its real value of seconds would slow the test.
    monkeypatch.setattr(sse_core._connection, "ERROR_BODY_SECONDS", 0.05)
    # The whole body would take more than a minute.
    server = sse_server([[404, Drip(b"x" * 10_000, 0.01)]])

    error = read_replies(server.url).error

    assert isinstance(error, HTTPStatusError)
    assert 0 < len(error.body) < 10_000


@every_client
def test_attempts_without_an_event_are_limited(sse_server: MakeServer, read_replies: ReadReplies) -> None:
    server = sse_server([[*REPLY[:1], Cut()], [503], [503], [Refuse()]])

    replies = read_replies(server.url)

    assert replies.parts == PARTS[:1]
    assert isinstance(replies.error, RetriesExhausted)
    cause = replies.error.__cause__
    assert isinstance(cause, ConnectError)
    assert cause.__cause__ is not None


# Leaving.


@every_client
def test_leaving_a_reply_leaves_no_connection_open(sse_server: MakeServer, read_replies: ReadReplies) -> None:
    server = sse_server([[*REPLY[:3], Stall()]])

    replies = read_replies(server.url, max_parts=2)

    assert replies.error is None
    assert replies.parts == PARTS[:2]
    eventually(lambda: server.open_connections == 0, "the connection is closed")


def test_leaving_closes_the_connection_immediately(sse_server: MakeServer) -> None:
    server = sse_server([[*REPLY[:3], Stall()]])

    with Chat(server.url, lambda: "token") as client:
        with client.ask("Why?") as reply:
            assert next(reply) == PARTS[0]
        eventually(lambda: server.open_connections == 0, "the connection is closed")


def test_no_connection_is_open_during_a_wait(sse_server: MakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server = sse_server([[503, b"x" * 2**16, Stall()], REPLY])

    def wait(_seconds: float) -> None:
        eventually(lambda: server.open_connections == 0, "the connection is closed")

    monkeypatch.setattr(client_module, "time", SimpleNamespace(sleep=wait, monotonic=time.monotonic))

    with Chat(server.url, lambda: "token") as client, client.ask("Why?") as reply:
        assert list(reply) == PARTS


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("where", ["reading", "connecting", "waiting"])
def test_cancelled_task_leaves_no_connection_open(sse_server: MakeServer, backend: str, where: str) -> None:
    reached = threading.Event()

    def answer(call: Call) -> Steps | None:
        if where == "connecting":
            reached.set()
            call.wait_until_gone()
        elif where == "waiting":
            # The body is longer than the part that an error keeps, so the client has to close the connection.
            return [503, {"Retry-After": "1000"}, b"x" * 2**16, Stall()]
        return [*REPLY[:1], Stall()]

    server = sse_server(answer)
    parts: list[Part] = []

    async def fetch_token() -> str:
        return "token"

    async def read() -> None:
        patient = RetryPolicy(allowed_methods={"GET", "POST"}, max_delay=1000)
        async with AsyncChat(server.url, fetch_token, retry=patient) as client, client.ask("Why?") as reply:
            async for part in reply:
                parts.append(part)
                reached.set()

    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(read)
            if where == "waiting":
                # The response has arrived, and its connection was closed before the wait.
                await anyio.to_thread.run_sync(
                    eventually, lambda: bool(server.calls) and server.open_connections == 0, "the wait begins"
                )
            else:
                await anyio.to_thread.run_sync(until_set, reached, "the state to be cancelled in")
            tasks.cancel_scope.cancel()

    anyio.run(main, backend=backend)

    eventually(lambda: server.open_connections == 0, "the connection is closed")
    assert parts == (PARTS[:1] if where == "reading" else [])
    assert len(server.calls) == 1


def test_files_of_the_example_are_short() -> None:
    folder = Path(chat_sdk.__file__).parent
    assert [file.name for file in folder.glob("*.py") if len(file.read_text().splitlines()) >= 120] == []


def test_policy_of_the_example_repeats_a_post() -> None:
    assert "POST" in RETRY.allowed_methods
    assert "POST" in QUICK.allowed_methods
