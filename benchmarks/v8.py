"""The fastest parser elsewhere, eventsource-parser on Node, as a process that reads a round when asked.

It is given the same bytes in the same chunks, warms up until V8 has compiled it, and its rounds alternate
with those of the Python parsers. npm installs it when it is first needed.
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
    from collections.abc import Iterator

    from benchmarks.answers import Said

FOLDER = Path(__file__).with_name("node")
PACKAGE = "eventsource-parser"
V8 = f"{PACKAGE} on V8"
WARM_UP_SECONDS = 0.4


class NodeParser:
    """The parser in its process. `load` a fixture, then ask for a `round` as often as needed."""

    def __init__(self, process: subprocess.Popen[str], folder: Path, version: str) -> None:
        self.version = version
        self._process = process
        self._stream = folder / "stream"
        self._readings = 1

    def _ask(self, request: dict[str, Any]) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("the benchmark's Node process ended")
        return json.loads(line)

    def load(self, streams: list[list[bytes]]) -> list[Said]:
        """Take these streams, and return what their events say."""
        self._stream.write_bytes(b"".join(chunk for chunks in streams for chunk in chunks))
        lengths = [[len(chunk) for chunk in chunks] for chunks in streams]
        said = self._ask({"load": str(self._stream), "streams": lengths})["said"]
        self._readings = self._ask({"warm": WARM_UP_SECONDS})["times"]
        return [(data, event, event_id) for data, event, event_id in said]

    def round(self) -> float:
        """Return the seconds that one reading of the streams took."""
        return float(self._ask({"round": self._readings})["seconds"])


def missing() -> str:
    """Return why it cannot be measured, or nothing if it can; install it if that is all that is missing."""
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
    """Return the version that is installed here, if one is."""
    package = FOLDER / "node_modules" / PACKAGE / "package.json"
    return str(json.loads(package.read_text())["version"]) if package.exists() else None


@contextmanager
def node_parser() -> Iterator[NodeParser]:
    """Run the process while it is needed."""
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(
            ["node", "rounds.mjs"], cwd=FOLDER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process,
    ):
        try:
            yield NodeParser(process, Path(folder), f"{installed()} (Node {node.removeprefix('v')})")
        finally:
            process.kill()
