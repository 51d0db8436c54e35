"""The terminal demo: a chat reply streams in, and a feed loses its connection but no events.

It takes ten seconds. The servers run on this machine.
"""

from __future__ import annotations

import io
import sys

from sse_core import Event

from ... import EventSource
from ...testing import SSEServer
from ._chat import DONE, TOKEN, ChatService
from ._compare_transports import compare_transports
from ._feed import FEED_LENGTH, INTERRUPTIONS, FeedService, feed_data, is_end
from ._replies import reply_to
from ._state_log import StateLog

QUESTION = "What is SSE?"


def run_terminal_demo(pace: float) -> bool:
    """Run all demonstrations; return whether no event was lost or duplicated.

    Args:
        pace: seconds between events.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal without these characters shows question marks.
        sys.stdout.reconfigure(errors="replace")
    print("A chat reply, by POST with a bearer token, as it streams in:\n")
    # Reading words takes longer than seeing dots.
    with SSEServer(ChatService(pace=2 * pace).answer) as server:
        complete_reply = chat(server.url) == reply_to(QUESTION)
    print(
        f"\nA feed of events with IDs, whose connection is lost {INTERRUPTIONS} times in the middle of one:\n"
    )
    with SSEServer(FeedService(pace).answer) as server:
        complete_feed = feed(server.url)
    print("\nThe same feed with every transport; each loses its connection at the same events:\n")
    equal = compare_transports(pace)
    print("\nall received the same events, complete and in order" if equal else "\nthe results differ")
    return complete_reply and complete_feed and equal


def chat(url: str) -> str:
    """Request a chat completion and print it as it streams in; return the complete text."""
    reply = ""
    with EventSource(
        f"{url}/v1/chat/completions",
        method="POST",
        headers={"Authorization": f"Bearer {TOKEN}"},
        json={"model": "demo", "stream": True, "messages": [{"role": "user", "content": QUESTION}]},
        until=DONE,
    ) as source:
        for event in source:
            delta = event.json()["choices"][0]["delta"]["content"]
            reply += delta
            print(delta, end="", flush=True)
    print()
    return reply


def feed(url: str) -> bool:
    """Read the feed and print its state changes; return whether every event came exactly once."""
    log = StateLog()
    received: list[Event] = []
    with EventSource(f"{url}/feed", until=is_end, on_state=log.on_state) as source:
        for event in source:
            received.append(event)
            log.on_event()
    log.end()
    sent = list(range(1, FEED_LENGTH + 1))
    numbers = [int(event.id) for event in received]
    lost = len(set(sent) - set(numbers))
    duplicated = len(numbers) - len(set(numbers))
    reconnects = log.connections - 1
    print(
        f"\nevents sent {len(sent)}, received {len(numbers)}, lost {lost}, duplicated {duplicated},"
        f" reconnects {reconnects}"
    )
    complete = [event.data for event in received] == [feed_data(number) for number in sent]
    return complete and numbers == sent and reconnects == log.incomplete == INTERRUPTIONS
