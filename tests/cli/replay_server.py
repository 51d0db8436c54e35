"""`sse replay --serve` as a process, with pipes."""

from __future__ import annotations

import signal
import subprocess
from types import TracebackType
from typing import Self
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from tests.cli.terminal import DEADLINE, SSE, environment


class ReplayServer:
    """A server on a free port, as a context manager; leaving it sends SIGINT, as Ctrl-C does.

    Attributes:
        url: its address.
        code: the exit code, after leaving.
        errors: what it wrote to standard error, after leaving.
    """

    def __init__(self, *arguments: str, stdin: bytes = b"") -> None:
        self._arguments = arguments
        self._stdin = stdin
        self.url = ""
        self.code: int | None = None
        self.errors = ""

    def request(
        self, path: str = "", *, method: str = "GET", headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        """Send a request; return the status, the headers with names in lower case, and the body."""
        request = Request(self.url + path, method=method, headers=headers or {})  # http
        try:
            response = urlopen(request, timeout=DEADLINE)  # http
        except HTTPError as error:
            response = error
        with response:
            fields = {name.lower(): value for name, value in response.headers.items()}
            return response.status, fields, response.read()

    def wait(self) -> None:
        """Wait until the server exits on its own."""
        self._process.wait(DEADLINE)

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [*SSE, "replay", "--serve", "0", *self._arguments],
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(self._stdin)
        self._process.stdin.close()
        self.url = self._process.stdout.readline().decode().strip()
        if not self.url:
            self.__exit__(None, None, None)
            raise AssertionError(f"the server did not start: {self.errors}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._process.send_signal(signal.SIGINT)
        try:
            assert self._process.stderr is not None
            self.errors = self._process.stderr.read().decode()
            self.code = self._process.wait(DEADLINE)
        finally:
            self._process.kill()
            for pipe in (self._process.stdout, self._process.stderr):
                if pipe is not None:
                    pipe.close()
            self._process.wait(DEADLINE)
