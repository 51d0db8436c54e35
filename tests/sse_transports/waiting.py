"""Waits for a state, not for a time. The deadline matters only to a test that fails."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

DEADLINE = 100.0
"""Seconds within which any state that a test waits for is reached, even on a busy machine."""


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
    """Return whether a thread is inside each of these functions, and blocked there."""
    stack = _stack(thread)
    inside = {frame.f_code for frame, _ in stack}
    if not all(function.__code__ in inside for function in functions):
        return False
    # It may be about to continue, or waiting for the GIL, so check again that it is still at the same place.
    asleep = _is_asleep(thread)
    time.sleep(0.005)
    return asleep and _is_asleep(thread) and _stack(thread) == stack


def _stack(thread: threading.Thread) -> list[tuple[FrameType, int]]:
    """Return each frame of the thread, and the instruction it is at."""
    stack = []
    frame = sys._current_frames().get(thread.ident or 0)
    while frame is not None:
        stack.append((frame, frame.f_lasti))
        frame = frame.f_back
    return stack


def _is_asleep(thread: threading.Thread) -> bool:
    # Reading a file releases the GIL: a thread that only waited for that is running meanwhile.
    state = Path(f"/proc/self/task/{thread.native_id}/stat")
    try:
        return state.read_text().rpartition(")")[2].split()[0] == "S"
    except FileNotFoundError:
        # Systems without /proc: assume that it is.
        return True
