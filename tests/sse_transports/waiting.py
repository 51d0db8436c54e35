"""Waiting for a state instead of for a time. A deadline only matters to a test that fails."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

DEADLINE = 10.0
"""Seconds in which any state that a test waits for is reached, on a machine that does other things too."""


def eventually(condition: Callable[[], bool], what: str) -> None:
    """Return as soon as `condition` holds."""
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, f"not within {DEADLINE:g} seconds: {what}"
        time.sleep(0.001)


def until_set(event: threading.Event, what: str) -> None:
    """Return as soon as `event` is set."""
    assert event.wait(DEADLINE), f"not within {DEADLINE:g} seconds: {what}"


def is_blocked_in(thread: threading.Thread, *functions: Callable[..., object]) -> bool:
    """Return whether a thread is inside each of these functions, and waits there for something."""
    place = _place(thread)
    inside = {frame.f_code for frame, _ in place}
    if not all(function.__code__ in inside for function in functions):
        return False
    # It may have gone on, or only wait for its turn to run Python: a little later it must still be there.
    asleep = _sleeps(thread)
    time.sleep(0.005)
    return asleep and _sleeps(thread) and _place(thread) == place


def _place(thread: threading.Thread) -> list[tuple[FrameType, int]]:
    """Each function it is in, and how far it has come there."""
    place = []
    frame = sys._current_frames().get(thread.ident or 0)
    while frame is not None:
        place.append((frame, frame.f_lasti))
        frame = frame.f_back
    return place


def _sleeps(thread: threading.Thread) -> bool:
    # While this file is read, the interpreter is free: a thread that only waits for its turn is awake.
    state = Path(f"/proc/self/task/{thread.native_id}/stat")
    try:
        return state.read_text().rpartition(")")[2].split()[0] == "S"
    except FileNotFoundError:
        # On systems that do not tell: close enough.
        return True
