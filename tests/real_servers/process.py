"""A server in its own process, which can be killed: uvicorn with the feed, without state about clients.

Run as a script with a port, and "hold" or "release": whether the feed is held before its end.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FEED = "/feed/process"

ROOT = Path(__file__).parents[2]


class Server:
    """A server process that can be started again and again on the same port."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *, held: bool) -> None:
        """Start it, and return at once: clients retry until it is ready."""
        command = [sys.executable, "-m", __spec__.name, str(self._port), "hold" if held else "release"]
        self._process = subprocess.Popen(command, cwd=ROOT)

    def kill(self) -> None:
        """Kill it, if it runs."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()


@contextmanager
def server_process(port: int) -> Iterator[Server]:
    """Provide a server that is not started yet, and is killed at the end."""
    server = Server(port)
    try:
        yield server
    finally:
        server.kill()


def main() -> None:
    import uvicorn

    from tests.real_servers.holds import hold
    from tests.real_servers.ports import shared_socket
    from tests.real_servers.starlette_app import starlette_app

    with hold("process") as point, shared_socket(int(sys.argv[1])) as listener:
        if sys.argv[2] == "release":
            point.release()
        config = uvicorn.Config(starlette_app(), log_level="warning", lifespan="off")
        uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
