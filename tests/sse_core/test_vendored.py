"""Vendoring: the package works unchanged as a copy in another library, under another name."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import sse_core

PACKAGE = "somelib._vendor.events"
TESTS = Path(__file__).parent

NOT_REPEATED = [
    f"test_{name}.py"
    for name in (
        # Parsing cannot depend on the name of the package. Imports, pickles, messages and types can.
        *("conformance", "parser_frames", "parser_large_events", "parser_properties", "random_streams"),
        *("parser_growth", "parser_memory", "recorded_streams", "connection_machine"),
        "vendored",
    )
]
"""Tests that cannot fail for a copy if they pass for the original."""

TIMEOUT = 300
"""Seconds, to stop a subprocess that hangs. The slower of the two takes 10 on a quiet machine."""

# The program of the first test. It makes every import of `sse_core` fail, also one by the copy.
PROGRAM = f"""
import sys

class RefuseOriginal:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "sse_core":
            raise ImportError(name)

sys.meta_path.insert(0, RefuseOriginal())
sys.path.insert(0, sys.argv[1])

from {PACKAGE} import Connect, Connection, Deliver, Event, Read, Response, RetryPolicy, Stop, Wait
from {PACKAGE} import Parser, parse

assert [event.data for event in parse([b"data: a\\n\\nda", b"ta: b\\n\\n"])] == ["a", "b"]
assert Parser().feed(b"id: 1\\ndata: c\\n\\n") == [Event("c", id="1")]

connection = Connection("https://user:password@example.com/", until="[DONE]", retry=RetryPolicy(jitter=0))
head = Response(200, [("Content-Type", "text/event-stream")])
assert isinstance(connection.connect(), Connect)
assert connection.respond(head) == Read()
assert connection.receive(b"id: 7\\ndata: a\\n\\n") == Deliver([Event("a", id="7")], Read())
connection.end()
assert connection.decide(monotonic=1.0, random=0.5) == Wait(1.0)
assert connection.connect().request.header("Last-Event-ID") == "7"
connection.respond(Response(503, [("Retry-After", "Sun, 06 Nov 1994 08:49:37 GMT")]))
connection.refuse(b"busy", epoch=784111777 - 9)
assert connection.decide(monotonic=3.0, random=0.5) == Wait(9.0)
connection.connect()
connection.respond(head)
assert connection.receive(b"data: [DONE]\\n\\n") == Deliver([], Stop(None))

try:
    import sse_core
except ImportError:
    pass
else:
    raise AssertionError("the original could be imported")
assert not [name for name in sys.modules if name.partition(".")[0] == "sse_core"]
assert type(connection).__module__ == "{PACKAGE}"
print("works")
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Return a directory for `sys.path` with a library that contains the copy."""
    target = tmp_path.joinpath(*PACKAGE.split("."))
    shutil.copytree(
        Path(sse_core.__file__ or "").parent, target, ignore=shutil.ignore_patterns("__pycache__")
    )
    for parent in (target.parent, target.parent.parent):
        (parent / "__init__.py").write_text("", encoding="utf-8")
    return tmp_path


def test_a_copy_works_without_the_original(site: Path) -> None:
    command = [sys.executable, "-I", "-W", "error", "-c", PROGRAM, str(site)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("works\n", "", 0)


def test_a_copy_passes_the_tests_of_the_original(site: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short", str(TESTS)]
    command += [f"--ignore={TESTS / file}" for file in NOT_REPEATED]
    environment = {
        **os.environ,
        "SSE_CORE_PACKAGE": PACKAGE,
        "HYPOTHESIS_PROFILE": "quick",
        "PYTEST_ADDOPTS": "",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(site),
    }
    done = subprocess.run(
        command,
        cwd=TESTS.parents[1],
        env=environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]
    assert " passed" in done.stdout
