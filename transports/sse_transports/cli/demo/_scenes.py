"""What this library is for, in ten seconds: a chat reply streams in; a feed breaks and nothing is lost.

The server is on this machine; nothing leaves it.
"""

from __future__ import annotations

import io
import sys

from sse_core import Event

from ... import EventSource
from ...testing import SSEServer
from ._chat import DONE, TOKEN, ChatService
from ._feed import CUTS, FEED_LENGTH, FeedService, feed_data, is_end
from ._replies import reply_to
from ._side_by_side import side_by_side
from ._timeline import Timeline

QUESTION = "What is SSE?"


def show_scenes(pace: float) -> bool:
    """Show all scenes; return whether nothing was lost or doubled.

    Args:
        pace: seconds between events.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal that has no such characters shows question marks.
        sys.stdout.reconfigure(errors="replace")
    print("A chat reply, by POST with a bearer token, as it streams in:\n")
    # A word is read more slowly than a dot.
    with SSEServer(ChatService(pace=2 * pace).answer) as server:
        whole_reply = chat(server.url) == reply_to(QUESTION)
    print(f"\nA feed of events with ids, cut {CUTS} times in the middle of one:\n")
    with SSEServer(FeedService(pace).answer) as server:
        whole_feed = feed(server.url)
    print("\nThe same feed through every transport, each with a server that cuts it in the same places:\n")
    alike = side_by_side(pace)
    print("\nall received the same events, whole and in order" if alike else "\nthey differ")
    return whole_reply and whole_feed and alike


def chat(url: str) -> str:
    """Ask for a chat completion and print it as it streams in; return the whole of it."""
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
    """Read the feed through all its cuts, with a timeline; return whether all of it came, once."""
    timeline = Timeline()
    received: list[Event] = []
    with EventSource(f"{url}/feed", until=is_end, on_state=timeline.show) as source:
        for event in source:
            received.append(event)
            timeline.dot()
    timeline.end()
    sent = list(range(1, FEED_LENGTH + 1))
    numbers = [int(event.id) for event in received]
    lost = len(set(sent) - set(numbers))
    duplicated = len(numbers) - len(set(numbers))
    reconnects = timeline.connections - 1
    print(
        f"\nevents sent {len(sent)}, received {len(numbers)}, lost {lost}, duplicated {duplicated},"
        f" reconnects {reconnects}"
    )
    whole = [event.data for event in received] == [feed_data(number) for number in sent]
    return whole and numbers == sent and reconnects == timeline.cuts == CUTS
