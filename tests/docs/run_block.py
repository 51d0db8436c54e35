"""Runs one example as a program: `run_block.py FILE GIVEN PORT LOOP`.

The names of `example.com` are looked up on this machine; nothing else is changed. An example may await, as
in the asyncio REPL.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import socket
import sys
from pathlib import Path
from types import CodeType
from typing import Any

RESOLVE = socket.getaddrinfo


def look_up(port: int) -> None:
    """Let every host of `example.com` be this machine, and its HTTPS the port."""

    def getaddrinfo(host: Any, service: Any, *arguments: Any, **keywords: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if isinstance(name, str) and name.endswith(".example.com"):
            host, service = "127.0.0.1", port
        return RESOLVE(host, service, *arguments, **keywords)

    vars(socket)["getaddrinfo"] = getaddrinfo


async def run(programs: list[CodeType]) -> None:
    """Run what an example is given and then the example, which finds it; both may await."""
    names: dict[str, Any] = {"__name__": "__main__"}
    for program in programs:
        result = eval(program, names)
        if inspect.isawaitable(result):
            await result


def main(file: str, given: str, port: str, loop: str) -> None:
    """Run it."""
    look_up(int(port))
    text = Path(file).read_text(encoding="utf-8")
    programs = [
        compile(source, name, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        for source, name in ((given, "given"), (text, file))
    ]
    if loop == "trio":
        import trio

        trio.run(run, programs)
    else:
        asyncio.run(run(programs))


if __name__ == "__main__":
    main(*sys.argv[1:])
