"""Whoever reads the output has gone."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import pytest

from sse_transports.cli._reader_gone import watched


class Hasty:
    """A thread that has done its work before it is known to have begun."""

    def __init__(self, target: Callable[[], object], **_: object) -> None:
        self.start = target


def test_a_reader_who_went_before_anything_began_is_no_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    def leave() -> None:
        raise KeyboardInterrupt

    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as output, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", output)
        patch.setattr("sse_transports.cli._reader_gone.threading.Thread", Hasty)
        with pytest.raises(BrokenPipeError), watched(leave):
            pass
