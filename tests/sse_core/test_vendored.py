"""The folder, copied into another package under another name, works as it is."""

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

# What runs in the subprocess. `sse_core` cannot be imported there, neither by us nor by the copy.
EMBEDDING = f"""
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
    """A folder for `sys.path` in which a library has the package among its own."""
    target = tmp_path.joinpath(*PACKAGE.split("."))
    shutil.copytree(
        Path(sse_core.__file__ or "").parent, target, ignore=shutil.ignore_patterns("__pycache__")
    )
    for parent in (target.parent, target.parent.parent):
        (parent / "__init__.py").write_text("", encoding="utf-8")
    return tmp_path


def test_a_library_can_use_its_copy_where_the_original_cannot_be_imported(site: Path) -> None:
    command = [sys.executable, "-I", "-W", "error", "-c", EMBEDDING, str(site)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("works\n", "", 0)


def test_the_copy_is_what_is_tested_where_one_stands_in() -> None:
    name = os.environ.get("SSE_CORE_PACKAGE") or "sse_core"
    for alias, module in list(sys.modules.items()):
        if alias == "sse_core" or alias.startswith("sse_core."):
            assert module.__name__ == name + alias.removeprefix("sse_core")


@pytest.mark.skipif("SSE_CORE_PACKAGE" in os.environ, reason="a copy is under test already")
def test_a_copy_passes_the_tests_of_the_original(site: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short", str(TESTS)]
    # Not the ones that measure: what a copy weighs and costs is what the original does.
    command += [f"--ignore={TESTS / f'test_parser_{what}.py'}" for what in ("growth", "memory")]
    environment = {
        **os.environ,
        "SSE_CORE_PACKAGE": PACKAGE,
        "HYPOTHESIS_PROFILE": "quick",
        "PYTEST_ADDOPTS": "",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(site),
    }
    root = TESTS.parents[1]
    done = subprocess.run(
        command, cwd=root, env=environment, capture_output=True, text=True, timeout=110, check=False
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]
    assert " passed" in done.stdout
