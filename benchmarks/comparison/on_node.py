"""eventsource-parser, JavaScript's most used, in a process of Node that reads when asked."""

from __future__ import annotations

import base64
import json
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from benchmarks import v8
from benchmarks.comparison.said import Heard, Peer, Said, Shows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Ask = Callable[[dict[str, Any]], Any]


@contextmanager
def asked() -> Iterator[Ask]:
    """Run the process, and give what asks it."""
    with subprocess.Popen(
        ["node", "vectors.mjs"], cwd=v8.FOLDER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        questions, answers = process.stdin, process.stdout

        def ask(request: dict[str, Any]) -> Any:
            questions.write(json.dumps(request) + "\n")
            questions.flush()
            line = answers.readline()
            if not line:
                raise SystemExit("the Node process of the comparison ended")
            return json.loads(line)

        try:
            yield ask
        finally:
            process.kill()


def in_base64(chunks: Sequence[bytes]) -> list[str]:
    """Return the chunks as the process takes them."""
    return [base64.b64encode(chunk).decode() for chunk in chunks]


@contextmanager
def on_node() -> Iterator[Callable[[Sequence[bytes], str], Heard]]:
    """Read with the parser, each stream with a new one."""
    with asked() as ask:

        def read(chunks: Sequence[bytes], last_event_id: str) -> Heard:
            heard = ask({"chunks": in_base64(chunks)})
            events = [Said(event, data, last) for event, data, last in heard["events"]]
            retry = heard["retry"]
            return Heard(events, heard["last"], None if retry is None else float(retry))

        yield read


def node_parsers() -> list[Peer]:
    """Return it, or nothing where there is no Node."""
    reason = v8.missing()
    if reason:
        print(f"{v8.PACKAGE} is not compared: {reason}")
        return []
    version = v8.installed()
    assert version is not None
    shows = Shows(last_id=True, retry="stream")
    return [Peer(v8.PACKAGE, version, shows, on_node)]
