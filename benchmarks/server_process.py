"""Run a server in a separate process, so that its time and memory do not count as the client's."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def run_server(script: str, *arguments: object) -> Iterator[str]:
    """Run a script of this folder that prints its port, and yield its URL."""
    command = [sys.executable, str(Path(__file__).with_name(script)), *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            port = server.stdout.readline().strip()
            if not port:
                raise SystemExit(f"{script} did not start")
            yield f"http://127.0.0.1:{port}/"
        finally:
            server.kill()
