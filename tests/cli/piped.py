"""A command with pipes for its output and errors, that is still running."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tests.cli.terminal import SSE, environment


@contextmanager
def piped(*arguments: str, before: Sequence[str] = ()) -> Iterator[subprocess.Popen[bytes]]:
    """Run `sse`; whatever becomes of the test, it does not outlive it.

    Args:
        arguments: what stands behind `sse`.
        before: a command that runs it.
    """
    with subprocess.Popen(
        [*before, *SSE, *arguments],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            yield process
        finally:
            process.kill()
