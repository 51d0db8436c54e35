"""`sse` as a running process, with pipes for standard output and standard error."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tests.cli.terminal import SSE, environment


@contextmanager
def piped(*arguments: str, before: Sequence[str] = ()) -> Iterator[subprocess.Popen[bytes]]:
    """Start `sse`; leaving the context manager kills it.

    Args:
        arguments: the arguments of `sse`.
        before: a command that starts it, such as `nohup`.
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
