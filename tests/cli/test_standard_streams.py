"""The pipe on standard output is broken before the command starts."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import pytest

from sse_transports.cli._standard_streams import on_broken_pipe


class ImmediateThread:
    """A thread that has finished before `start` returns: the earliest moment at which it can interrupt."""

    def __init__(self, target: Callable[[], object], **_: object) -> None:
        self.start = target


def test_pipe_broken_before_the_start_is_not_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as output, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", output)
        patch.setattr("sse_transports.cli._standard_streams.threading.Thread", ImmediateThread)
        with pytest.raises(BrokenPipeError), on_broken_pipe(stop):
            pass
