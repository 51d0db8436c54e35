"""Run one example as a program: `run_block.py FILE GIVEN PORT LOOP`.

Hosts of `example.com` resolve to this machine; nothing else is changed. An example may use `await` at the top
level, as in the asyncio REPL.
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import inspect
import socket
import sys
from pathlib import Path
from types import CodeType
from typing import Any

real_getaddrinfo = socket.getaddrinfo
real_connect = socket.socket.connect


def resolve_example_hosts_to(port: int) -> None:
    """Make every host of `example.com` resolve to this machine and port."""

    def connect(self: socket.socket, address: Any) -> None:
        # anyio connects to the port of the URL, not to that of the resolved address.
        redirected = address in {("127.0.0.1", 80), ("127.0.0.1", 443)}
        real_connect(self, ("127.0.0.1", port) if redirected else address)

    def getaddrinfo(host: Any, service: Any, *arguments: Any, **keywords: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if isinstance(name, str) and name.endswith(".example.com"):
            host, service = "127.0.0.1", port
        return real_getaddrinfo(host, service, *arguments, **keywords)

    vars(socket)["getaddrinfo"] = getaddrinfo
    setattr(socket.socket, "connect", connect)  # noqa: B010  # mypy refuses an assignment


def run_without_loop(programs: list[CodeType]) -> None:
    """Run an example that starts its own event loop."""
    names: dict[str, Any] = {"__name__": "__main__"}
    for program in programs:
        eval(program, names)


async def run(programs: list[CodeType]) -> None:
    """Run the setup code and then the example, with the same global names. Both may use `await`."""
    names: dict[str, Any] = {"__name__": "__main__"}
    for program in programs:
        result = eval(program, names)
        if inspect.isawaitable(result):
            await result
    task = names.get("task")
    if isinstance(task, asyncio.Task):
        # The event loop of a notebook goes on after a cell.
        with contextlib.suppress(asyncio.CancelledError):
            await task


def main(file: str, given: str, port: str, loop: str) -> None:
    """Run the example in FILE, after the setup code GIVEN, on the event loop LOOP."""
    resolve_example_hosts_to(int(port))
    text = Path(file).read_text(encoding="utf-8")
    programs = [
        compile(source, name, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        for source, name in ((given, "given"), (text, file))
    ]
    if "asyncio.run(" in text:
        run_without_loop(programs)
    elif loop == "trio":
        import trio

        trio.run(run, programs)
    else:
        asyncio.run(run(programs))


if __name__ == "__main__":
    main(*sys.argv[1:])
