"""The SDKs of OpenAI and Anthropic read at least as much with this library's parser as with their own."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import anthropic
import openai
import pytest

from sdk_decoder import Decoder
from sse_core import Comment, Event, IncompleteStream
from sse_core_pytest import MakeServer
from sse_transports.testing import Cut, Step
from tests.embedding import model_sdks
from tests.embedding.model_sdks import (
    Outcome,
    ReadReply,
    async_reader,
    blocking_reader,
    request_completion,
    request_message,
)
from tests.embedding.replies import (
    SPECIAL_CHARACTERS,
    anthropic_event,
    anthropic_reply,
    anthropic_tool_call,
    as_bytes,
    openai_chunk,
    openai_reply,
    openai_tool_call,
    to_json,
)


class SDK(NamedTuple):
    """One SDK, blocking or async: with its own decoder, and with this library's."""

    stock: ReadReply
    patched: ReadReply


def make_sdk(
    make_reader: Callable[[Any, Any, Any], ReadReply],
    http_client: Any,
    request: Any,
    stock: Any,
    patched: Any,
) -> SDK:
    """Return the readers of an SDK's own client and of the one with this library's decoder."""
    return SDK(
        make_reader(stock, http_client, request),
        make_reader(patched, http_client, request),
    )


OPENAI = {
    "openai": make_sdk(
        blocking_reader,
        openai.DefaultHttpxClient,
        request_completion,
        openai.OpenAI,
        model_sdks.OpenAI,
    ),
    "async openai": make_sdk(
        async_reader,
        openai.DefaultAsyncHttpxClient,
        request_completion,
        openai.AsyncOpenAI,
        model_sdks.AsyncOpenAI,
    ),
}
ANTHROPIC = {
    "anthropic": make_sdk(
        blocking_reader,
        anthropic.DefaultHttpxClient,
        request_message,
        anthropic.Anthropic,
        model_sdks.Anthropic,
    ),
    "async anthropic": make_sdk(
        async_reader,
        anthropic.DefaultAsyncHttpxClient,
        request_message,
        anthropic.AsyncAnthropic,
        model_sdks.AsyncAnthropic,
    ),
}
every_openai = pytest.mark.parametrize("sdk", OPENAI.values(), ids=OPENAI.keys())
every_anthropic = pytest.mark.parametrize("sdk", ANTHROPIC.values(), ids=ANTHROPIC.keys())


def read_both(sse_server: MakeServer, sdk: SDK, steps: list[Step]) -> tuple[Outcome, Outcome]:
    """Return the outcomes of the same stream with this library's decoder, and with the SDK's."""
    server = sse_server([steps, steps])
    return sdk.patched(server.url), sdk.stock(server.url)


def openai_text(outcome: Outcome) -> str:
    return "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in outcome.chunks)


def anthropic_text(outcome: Outcome) -> str:
    return "".join(chunk["delta"].get("text", "") for chunk in outcome.chunks if "delta" in chunk)


OPENAI_REPLY = openai_reply("Hel", "lo ", SPECIAL_CHARACTERS)
ANTHROPIC_REPLY = anthropic_reply("Hel", "lo ", SPECIAL_CHARACTERS)


# Streams with the same outcome, chunk by chunk.


def ways_to_send(reply: list[Event], ping: Event | Comment) -> dict[str, list[Step]]:
    """Return the steps in which servers, proxies and networks may send the same reply."""
    data = as_bytes(reply)
    crlf = data.replace(b"\n", b"\r\n")
    heartbeats: list[Step] = [
        Comment("keepalive"),
        *(step for event in reply for step in (event, ping, b":\n\n")),
    ]
    return {
        "one event per chunk": list(reply),
        "heartbeats between": heartbeats,
        "all at once": [data],
        "byte by byte": [data[start : start + 1] for start in range(len(data))],
        "7-byte chunks": [data[start : start + 7] for start in range(0, len(data), 7)],
        "CRLF": [crlf],
        "CRLF, 7-byte chunks": [crlf[start : start + 7] for start in range(0, len(crlf), 7)],
        "CR": [data.replace(b"\n", b"\r")],
    }


OPENAI_WAYS = ways_to_send(OPENAI_REPLY, Comment("ping"))
ANTHROPIC_WAYS = ways_to_send(ANTHROPIC_REPLY, anthropic_event("ping"))


@every_openai
@pytest.mark.parametrize("steps", OPENAI_WAYS.values(), ids=OPENAI_WAYS.keys())
def test_chat_completion_is_the_same(sse_server: MakeServer, sdk: SDK, steps: list[Step]) -> None:
    patched, stock = read_both(sse_server, sdk, steps)

    assert patched.error is None
    assert openai_text(patched) == "Hello " + SPECIAL_CHARACTERS
    assert patched == stock


@every_anthropic
@pytest.mark.parametrize("steps", ANTHROPIC_WAYS.values(), ids=ANTHROPIC_WAYS.keys())
def test_message_is_the_same(sse_server: MakeServer, sdk: SDK, steps: list[Step]) -> None:
    patched, stock = read_both(sse_server, sdk, steps)

    assert patched.error is None
    assert anthropic_text(patched) == "Hello " + SPECIAL_CHARACTERS
    assert patched == stock


PIECES = ['{"city": "Z', 'ürich", "days"', ": 3}"]


@every_openai
def test_openai_tool_call_is_the_same(sse_server: MakeServer, sdk: SDK) -> None:
    patched, stock = read_both(sse_server, sdk, [*openai_tool_call("weather", *PIECES)])

    calls = [call for chunk in patched.chunks for call in chunk["choices"][0]["delta"].get("tool_calls", ())]
    assert calls[0]["function"]["name"] == "weather"
    arguments = "".join(call["function"]["arguments"] for call in calls)
    assert json.loads(arguments) == {"city": "Zürich", "days": 3}
    assert patched == stock


@every_anthropic
def test_anthropic_tool_call_is_the_same(sse_server: MakeServer, sdk: SDK) -> None:
    patched, stock = read_both(sse_server, sdk, [*anthropic_tool_call("weather", *PIECES)])

    pieces = [chunk["delta"].get("partial_json", "") for chunk in patched.chunks if "delta" in chunk]
    assert json.loads("".join(pieces)) == {"city": "Zürich", "days": 3}
    assert patched == stock


@every_openai
def test_openai_error_in_the_stream_is_the_same(sse_server: MakeServer, sdk: SDK) -> None:
    error = Event(to_json({"error": {"message": "overloaded", "type": "server_error"}}))
    patched, stock = read_both(sse_server, sdk, [*OPENAI_REPLY[:2], error])

    assert isinstance(patched.error, openai.APIError)
    assert str(patched.error) == "overloaded"
    assert openai_text(patched) == "Hel"
    assert patched == stock


@every_anthropic
def test_anthropic_error_in_the_stream_is_the_same(sse_server: MakeServer, sdk: SDK) -> None:
    error = anthropic_event("error", error={"type": "overloaded_error", "message": "Overloaded"})
    patched, stock = read_both(sse_server, sdk, [*ANTHROPIC_REPLY[:3], error])

    assert isinstance(patched.error, anthropic.APIStatusError)
    assert "overloaded_error" in str(patched.error)
    assert anthropic_text(patched) == "Hel"
    assert patched == stock


@every_openai
def test_lost_connection_is_an_error_of_the_sdk(sse_server: MakeServer, sdk: SDK) -> None:
    patched, stock = read_both(sse_server, sdk, [*OPENAI_REPLY[:2], Cut()])

    assert isinstance(patched.error, openai.APIConnectionError)
    assert openai_text(patched) == "Hel"
    assert patched == stock


@every_anthropic
def test_event_without_a_type_is_ignored_by_both(sse_server: MakeServer, sdk: SDK) -> None:
    steps: list[Step] = [Event('{"type": "unknown"}'), *ANTHROPIC_REPLY]
    patched, stock = read_both(sse_server, sdk, steps)

    assert anthropic_text(patched) == "Hello " + SPECIAL_CHARACTERS
    assert patched == stock


def test_copied_client_keeps_the_decoder() -> None:
    # Private, because the SDKs have no public way to replace the decoder. The example overrides this method.
    with model_sdks.OpenAI(base_url="http://none.test", api_key="none") as client:
        assert isinstance(client.with_options(timeout=1)._make_sse_decoder(), Decoder)


# Streams that the stock SDKs read wrong. If a test fails because an SDK was fixed, delete that test.


@every_openai
def test_stock_openai_loses_the_first_chunk_after_a_bom(sse_server: MakeServer, sdk: SDK) -> None:
    reply = [openai_chunk({"content": "first "}), *OPENAI_REPLY]
    patched, stock = read_both(sse_server, sdk, [b"\xef\xbb\xbf" + as_bytes(reply)])

    assert openai_text(patched) == "first Hello " + SPECIAL_CHARACTERS
    assert openai_text(stock) == "Hello " + SPECIAL_CHARACTERS


@every_anthropic
def test_stock_anthropic_loses_the_start_after_a_bom(sse_server: MakeServer, sdk: SDK) -> None:
    patched, stock = read_both(sse_server, sdk, [b"\xef\xbb\xbf" + as_bytes(ANTHROPIC_REPLY)])

    assert patched.chunks[0]["type"] == "message_start"
    assert stock.chunks == patched.chunks[1:]


def with_invalid_utf_8(reply: list[Event]) -> list[Step]:
    return [as_bytes(reply).replace(b"lo ", b"lo\xff")]


@every_openai
def test_stock_openai_fails_on_invalid_utf_8(sse_server: MakeServer, sdk: SDK) -> None:
    patched, stock = read_both(sse_server, sdk, with_invalid_utf_8(OPENAI_REPLY))

    assert openai_text(patched) == "Hello\ufffd" + SPECIAL_CHARACTERS
    assert isinstance(stock.error, UnicodeDecodeError)


@every_anthropic
def test_stock_anthropic_fails_on_invalid_utf_8(sse_server: MakeServer, sdk: SDK) -> None:
    patched, stock = read_both(sse_server, sdk, with_invalid_utf_8(ANTHROPIC_REPLY))

    assert anthropic_text(patched) == "Hello\ufffd" + SPECIAL_CHARACTERS
    assert isinstance(stock.error, UnicodeDecodeError)


WITHOUT_DATA: dict[str, list[Step]] = {
    "heartbeat after an id": [b"id: 1\n" + as_bytes(OPENAI_REPLY[:1]), Comment("ping")],
    "only an id": [b"id: 1\n\n"],
    "only a retry": [b"retry: 3000\n\n"],
    "only a type": [b"event: ping\n\n"],
}


@every_openai
@pytest.mark.parametrize("steps", WITHOUT_DATA.values(), ids=WITHOUT_DATA.keys())
def test_stock_openai_fails_on_blocks_without_data(
    sse_server: MakeServer, sdk: SDK, steps: list[Step]
) -> None:
    patched, stock = read_both(sse_server, sdk, [*steps, *OPENAI_REPLY])

    assert patched.error is None
    assert openai_text(patched) == "Hello " + SPECIAL_CHARACTERS
    assert isinstance(stock.error, json.JSONDecodeError)


@every_anthropic
@pytest.mark.parametrize("block", [b"id: 1\n\n:ping\n\n", b"retry: 3000\n\n", b"event: message_stop\n\n"])
def test_blocks_without_data_are_ignored_by_anthropic(sse_server: MakeServer, sdk: SDK, block: bytes) -> None:
    patched, stock = read_both(sse_server, sdk, [block, *ANTHROPIC_REPLY, block])

    assert anthropic_text(patched) == "Hello " + SPECIAL_CHARACTERS
    assert patched == stock


@pytest.mark.parametrize(
    ("sdk", "reply"),
    [
        *((sdk, OPENAI_REPLY) for sdk in OPENAI.values()),
        *((sdk, ANTHROPIC_REPLY) for sdk in ANTHROPIC.values()),
    ],
    ids=[*OPENAI, *ANTHROPIC],
)
def test_stock_sdk_ignores_an_end_inside_an_event(sse_server: MakeServer, sdk: SDK, reply: list[Any]) -> None:
    data = as_bytes(reply[:3])
    patched, stock = read_both(sse_server, sdk, [data[:-1]])

    assert isinstance(patched.error, IncompleteStream)
    assert stock.error is None
    assert patched.chunks == stock.chunks
    assert len(patched.chunks) == 2
