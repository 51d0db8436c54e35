"""The SDKs of OpenAI and Anthropic read with our parser what they read with their own, and more."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import anthropic
import openai
import pytest

from sdk_decoder import Decoder
from sse_core import Comment, Event, IncompleteStream
from sse_core_pytest import MakeServer
from sse_transports.testing import Cut, Step
from tests.embedding import model_sdks
from tests.embedding.model_sdks import Ask, Outcome, asks, asks_async, complete, message
from tests.embedding.replies import (
    STRANGE,
    anthropic_event,
    anthropic_reply,
    anthropic_tool_call,
    as_bytes,
    openai_chunk,
    openai_reply,
    openai_tool_call,
    written,
)


class SDK(NamedTuple):
    """One SDK, blocking or async: with its own decoder, and with ours."""

    stock: Ask
    ours: Ask


OPENAI = {
    "openai": SDK(
        *(asks(make, openai.DefaultHttpxClient, complete) for make in (openai.OpenAI, model_sdks.OpenAI))
    ),
    "async openai": SDK(
        *(
            asks_async(make, openai.DefaultAsyncHttpxClient, complete)
            for make in (openai.AsyncOpenAI, model_sdks.AsyncOpenAI)
        )
    ),
}
ANTHROPIC = {
    "anthropic": SDK(
        *(
            asks(make, anthropic.DefaultHttpxClient, message)
            for make in (anthropic.Anthropic, model_sdks.Anthropic)
        )
    ),
    "async anthropic": SDK(
        *(
            asks_async(make, anthropic.DefaultAsyncHttpxClient, message)
            for make in (anthropic.AsyncAnthropic, model_sdks.AsyncAnthropic)
        )
    ),
}
every_openai = pytest.mark.parametrize("sdk", OPENAI.values(), ids=OPENAI.keys())
every_anthropic = pytest.mark.parametrize("sdk", ANTHROPIC.values(), ids=ANTHROPIC.keys())

Server = MakeServer


def both(sse_server: Server, sdk: SDK, steps: list[Step]) -> tuple[Outcome, Outcome]:
    """Return what comes of the same stream with our decoder, and with the SDK's."""
    server = sse_server([steps, steps])
    return sdk.ours(server.url), sdk.stock(server.url)


def openai_text(outcome: Outcome) -> str:
    return "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in outcome.chunks)


def anthropic_text(outcome: Outcome) -> str:
    return "".join(chunk["delta"].get("text", "") for chunk in outcome.chunks if "delta" in chunk)


OPENAI_REPLY = openai_reply("Hel", "lo ", STRANGE)
ANTHROPIC_REPLY = anthropic_reply("Hel", "lo ", STRANGE)


# What both read: the outcome is the same, chunk by chunk.


def ways_to_send(reply: list[Event], ping: Event | Comment) -> dict[str, list[Step]]:
    """Return the same reply as servers, proxies and networks may send it."""
    data = as_bytes(reply)
    crlf = data.replace(b"\n", b"\r\n")
    beats: list[Step] = [Comment("keepalive"), *(step for event in reply for step in (event, ping, b":\n\n"))]
    return {
        "an event in each piece": list(reply),
        "heartbeats between": beats,
        "all at once": [data],
        "byte by byte": [data[place : place + 1] for place in range(len(data))],
        "in sevens": [data[place : place + 7] for place in range(0, len(data), 7)],
        "with CRLF": [crlf],
        "with CRLF, in sevens": [crlf[place : place + 7] for place in range(0, len(crlf), 7)],
        "with CR": [data.replace(b"\n", b"\r")],
    }


OPENAI_WAYS = ways_to_send(OPENAI_REPLY, Comment("ping"))
ANTHROPIC_WAYS = ways_to_send(ANTHROPIC_REPLY, anthropic_event("ping"))


@every_openai
@pytest.mark.parametrize("steps", OPENAI_WAYS.values(), ids=OPENAI_WAYS.keys())
def test_a_chat_completion_is_the_same(sse_server: Server, sdk: SDK, steps: list[Step]) -> None:
    ours, stock = both(sse_server, sdk, steps)

    assert ours.error is None
    assert openai_text(ours) == "Hello " + STRANGE
    assert ours == stock


@every_anthropic
@pytest.mark.parametrize("steps", ANTHROPIC_WAYS.values(), ids=ANTHROPIC_WAYS.keys())
def test_a_message_is_the_same(sse_server: Server, sdk: SDK, steps: list[Step]) -> None:
    ours, stock = both(sse_server, sdk, steps)

    assert ours.error is None
    assert anthropic_text(ours) == "Hello " + STRANGE
    assert ours == stock


PIECES = ['{"city": "Z', 'ürich", "days"', ": 3}"]


@every_openai
def test_a_tool_call_of_openai_is_the_same(sse_server: Server, sdk: SDK) -> None:
    ours, stock = both(sse_server, sdk, [*openai_tool_call("weather", *PIECES)])

    calls = [call for chunk in ours.chunks for call in chunk["choices"][0]["delta"].get("tool_calls", ())]
    assert calls[0]["function"]["name"] == "weather"
    arguments = "".join(call["function"]["arguments"] for call in calls)
    assert json.loads(arguments) == {"city": "Zürich", "days": 3}
    assert ours == stock


@every_anthropic
def test_a_tool_call_of_anthropic_is_the_same(sse_server: Server, sdk: SDK) -> None:
    ours, stock = both(sse_server, sdk, [*anthropic_tool_call("weather", *PIECES)])

    pieces = [chunk["delta"].get("partial_json", "") for chunk in ours.chunks if "delta" in chunk]
    assert json.loads("".join(pieces)) == {"city": "Zürich", "days": 3}
    assert ours == stock


@every_openai
def test_an_error_in_a_stream_of_openai_is_the_same(sse_server: Server, sdk: SDK) -> None:
    error = Event(written({"error": {"message": "overloaded", "type": "server_error"}}))
    ours, stock = both(sse_server, sdk, [*OPENAI_REPLY[:2], error])

    assert isinstance(ours.error, openai.APIError)
    assert str(ours.error) == "overloaded"
    assert openai_text(ours) == "Hel"
    assert ours == stock


@every_anthropic
def test_an_error_in_a_stream_of_anthropic_is_the_same(sse_server: Server, sdk: SDK) -> None:
    error = anthropic_event("error", error={"type": "overloaded_error", "message": "Overloaded"})
    ours, stock = both(sse_server, sdk, [*ANTHROPIC_REPLY[:3], error])

    assert isinstance(ours.error, anthropic.APIStatusError)
    assert "overloaded_error" in str(ours.error)
    assert anthropic_text(ours) == "Hel"
    assert ours == stock


@every_openai
def test_a_broken_connection_stays_an_error_of_the_sdk(sse_server: Server, sdk: SDK) -> None:
    ours, stock = both(sse_server, sdk, [*OPENAI_REPLY[:2], Cut()])

    assert isinstance(ours.error, openai.APIConnectionError)
    assert openai_text(ours) == "Hel"
    assert ours == stock


@every_anthropic
def test_an_event_without_a_type_is_passed_over_as_before(sse_server: Server, sdk: SDK) -> None:
    steps: list[Step] = [Event('{"type": "none of theirs"}'), *ANTHROPIC_REPLY]
    ours, stock = both(sse_server, sdk, steps)

    assert anthropic_text(ours) == "Hello " + STRANGE
    assert ours == stock


def test_a_copied_client_keeps_the_decoder() -> None:
    with model_sdks.OpenAI(base_url="http://none.test", api_key="none") as client:
        assert isinstance(client.with_options(timeout=1)._make_sse_decoder(), Decoder)


# Where theirs is wrong. If one of these fails because the stock SDK has learnt it, good: strike it out.


@every_openai
def test_a_byte_order_mark_costs_the_stock_openai_sdk_the_first_chunk(sse_server: Server, sdk: SDK) -> None:
    reply = [openai_chunk({"content": "first "}), *OPENAI_REPLY]
    ours, stock = both(sse_server, sdk, [b"\xef\xbb\xbf" + as_bytes(reply)])

    assert openai_text(ours) == "first Hello " + STRANGE
    assert openai_text(stock) == "Hello " + STRANGE


@every_anthropic
def test_a_byte_order_mark_costs_the_stock_anthropic_sdk_the_start(sse_server: Server, sdk: SDK) -> None:
    ours, stock = both(sse_server, sdk, [b"\xef\xbb\xbf" + as_bytes(ANTHROPIC_REPLY)])

    assert ours.chunks[0]["type"] == "message_start"
    assert stock.chunks == ours.chunks[1:]


def with_a_bad_byte(reply: list[Event]) -> list[Step]:
    return [as_bytes(reply).replace(b"lo ", b"lo\xff")]


@every_openai
def test_a_bad_byte_ends_the_stock_openai_sdk(sse_server: Server, sdk: SDK) -> None:
    ours, stock = both(sse_server, sdk, with_a_bad_byte(OPENAI_REPLY))

    assert openai_text(ours) == "Hello\ufffd" + STRANGE
    assert isinstance(stock.error, UnicodeDecodeError)


@every_anthropic
def test_a_bad_byte_ends_the_stock_anthropic_sdk(sse_server: Server, sdk: SDK) -> None:
    ours, stock = both(sse_server, sdk, with_a_bad_byte(ANTHROPIC_REPLY))

    assert anthropic_text(ours) == "Hello\ufffd" + STRANGE
    assert isinstance(stock.error, UnicodeDecodeError)


NO_EVENTS: dict[str, list[Step]] = {
    "a heartbeat after an id": [b"id: 1\n" + as_bytes(OPENAI_REPLY[:1]), Comment("ping")],
    "an id alone": [b"id: 1\n\n"],
    "a retry alone": [b"retry: 3000\n\n"],
    "a type alone": [b"event: ping\n\n"],
}


@every_openai
@pytest.mark.parametrize("steps", NO_EVENTS.values(), ids=NO_EVENTS.keys())
def test_what_is_no_event_ends_the_stock_openai_sdk(sse_server: Server, sdk: SDK, steps: list[Step]) -> None:
    ours, stock = both(sse_server, sdk, [*steps, *OPENAI_REPLY])

    assert ours.error is None
    assert openai_text(ours) == "Hello " + STRANGE
    assert isinstance(stock.error, json.JSONDecodeError)


@every_anthropic
@pytest.mark.parametrize("nothing", [b"id: 1\n\n:ping\n\n", b"retry: 3000\n\n", b"event: message_stop\n\n"])
def test_what_is_no_event_is_passed_over_by_both(sse_server: Server, sdk: SDK, nothing: bytes) -> None:
    ours, stock = both(sse_server, sdk, [nothing, *ANTHROPIC_REPLY, nothing])

    assert anthropic_text(ours) == "Hello " + STRANGE
    assert ours == stock


@pytest.mark.parametrize(
    ("sdk", "reply"),
    [
        *((sdk, OPENAI_REPLY) for sdk in OPENAI.values()),
        *((sdk, ANTHROPIC_REPLY) for sdk in ANTHROPIC.values()),
    ],
    ids=[*OPENAI, *ANTHROPIC],
)
def test_a_reply_that_ends_inside_an_event_looks_whole_to_the_stock_sdk(
    sse_server: Server, sdk: SDK, reply: list[Any]
) -> None:
    data = as_bytes(reply[:3])
    ours, stock = both(sse_server, sdk, [data[:-1]])

    assert isinstance(ours.error, IncompleteStream)
    assert stock.error is None
    assert ours.chunks == stock.chunks
    assert len(ours.chunks) == 2
