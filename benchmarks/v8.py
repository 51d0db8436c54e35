"""Run eventsource-parser, the most used parser of JavaScript, in a Node process that answers requests.

The benchmark gives it the same bytes in the same chunks, lets V8 compile it first, and runs its rounds in
turn with those of the Python parsers. npm installs the package on first use.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.compare_events import EventValues

    Ask = Callable[[dict[str, Any]], Any]
    """Sends a request to a Node process, and returns its answer."""

FOLDER = Path(__file__).with_name("node")
PACKAGE = "eventsource-parser"
V8 = f"{PACKAGE} on V8"
WARM_UP_SECONDS = 0.4


@contextmanager
def node_process(script: str) -> Iterator[Ask]:
    """Run a script of the folder `node`, which reads a line of JSON and answers with one, again and again."""
    with subprocess.Popen(
        ["node", script], cwd=FOLDER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        requests, answers = process.stdin, process.stdout

        def ask(request: dict[str, Any]) -> Any:
            requests.write(json.dumps(request) + "\n")
            requests.flush()
            line = answers.readline()
            if not line:
                raise SystemExit(f"the Node process of {script} ended")
            return json.loads(line)

        try:
            yield ask
        finally:
            process.kill()


class NodeParser:
    """The parser in its process. `load` a fixture, then call `round` as often as needed."""

    def __init__(self, ask: Ask, folder: Path, version: str) -> None:
        self.version = version
        self._ask = ask
        self._stream = folder / "stream"
        self._readings = 1

    def load(self, streams: list[list[bytes]]) -> list[EventValues]:
        """Load and warm up these streams, and return the values of their events."""
        self._stream.write_bytes(b"".join(chunk for chunks in streams for chunk in chunks))
        lengths = [[len(chunk) for chunk in chunks] for chunks in streams]
        events = self._ask({"load": str(self._stream), "streams": lengths})["events"]
        self._readings = self._ask({"warm": WARM_UP_SECONDS})["readings"]
        return [(data, event, event_id) for data, event, event_id in events]

    def round(self) -> float:
        """Return the seconds that one reading of the streams took."""
        return float(self._ask({"round": self._readings})["seconds"])


def missing() -> str:
    """Return why the parser cannot run, or "" if it can. Installs the package if only that is missing."""
    wanted = json.loads((FOLDER / "package.json").read_text())["dependencies"][PACKAGE]
    if shutil.which("node") is None:
        return "node is not installed"
    if installed() != wanted:
        if shutil.which("npm") is None:
            return "npm is not installed"
        command = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--silent"]
        done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            return f"npm install failed: {done.stderr.strip()[-200:]}"
    return ""


def installed() -> str | None:
    """Return the installed version of the package, or None."""
    package = FOLDER / "node_modules" / PACKAGE / "package.json"
    return str(json.loads(package.read_text())["version"]) if package.exists() else None


@contextmanager
def node_parser() -> Iterator[NodeParser]:
    """Run the parser's process for the duration of the block."""
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    with tempfile.TemporaryDirectory() as folder, node_process("rounds.mjs") as ask:
        yield NodeParser(ask, Path(folder), f"{installed()} (Node {node.removeprefix('v')})")
