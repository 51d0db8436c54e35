"""Notices that whoever reads the output has gone, also while there is nothing to write."""

from __future__ import annotations

import contextlib
import os
import select
import stat
import sys
import threading
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def watched(leave: Callable[[], object]) -> Iterator[None]:
    """Call `leave` when the pipe on standard output has lost its reader, and raise that at the end.

    Otherwise a quiet stream behind `sse tail URL | head -1` would be kept open until its next event.
    Where the system cannot tell, the next event does.

    Raises:
        BrokenPipeError: the reader has gone.
    """
    lock = threading.Lock()
    gone = over = False

    def watch() -> None:
        nonlocal gone
        poll = select.poll()
        # No event is asked for: what is reported all the same is that the other end is closed.
        poll.register(sys.stdout.fileno(), 0)
        poll.poll()
        with lock:
            gone = True
            if not over:
                # What is written in leaving, such as the end of a recording, has no reader either.
                with contextlib.suppress(OSError):
                    leave()

    is_pipe = hasattr(select, "poll") and stat.S_ISFIFO(os.fstat(sys.stdout.fileno()).st_mode)
    try:
        if is_pipe:
            # It may have gone already, and `leave` make itself heard before this returns.
            threading.Thread(target=watch, name="reader of the output", daemon=True).start()
        yield
        with lock:
            over = True
    except KeyboardInterrupt:
        # Perhaps this is how `leave` made itself heard.
        if not gone:
            raise
    if gone:
        raise BrokenPipeError
