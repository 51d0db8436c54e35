"""The core passes its tests on Pyodide: CPython as WebAssembly in Node, newer than that of many machines.

npm installs Pyodide in `build/pyodide` the first time. Tests that need Hypothesis (which has a C extension),
processes or a quiet machine are left out.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

PYODIDE_VERSION = "314.0.7"
"""Its first number is the version of Python without the dot."""

FOLDER = ROOT / "build" / "pyodide"

PACKAGE = FOLDER / "node_modules" / "pyodide"

IMPOSSIBLE = re.compile(r"\bhypothesis\b|\bsubprocess\b|\bstrategies\b")
"""In the source of a test that cannot run there."""

UNFIT = [
    f"test_{name}.py"
    for name in (
        "parser_growth",
        "parser_large_events",
        "parser_memory",
        "random_streams",
        "recorded_streams",
    )
]
"""Tests that measure time or memory, or that read long streams, which takes long there."""

OTHER_TESTS = [
    "tests/pyodide/test_scripted_source.py",
    "tests/sse_transports/testing/test_assert_events.py",
    "tests/sse_transports/testing/test_check_parser.py",
    "tests/sse_transports/testing/test_scripts.py",
]

TIMEOUT = 500
"""Seconds, to stop a run that hangs. On a quiet machine it takes 20."""


def why_missing() -> str:
    """Return why Pyodide cannot run, or "" if it can. Installs it if only that is missing."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        return "Node and npm are not installed"
    installed = PACKAGE / "package.json"
    if installed.exists() and f'"version": "{PYODIDE_VERSION}"' in installed.read_text(encoding="utf-8"):
        return ""
    FOLDER.mkdir(parents=True, exist_ok=True)
    command = ["npm", "install", "--no-save", "--no-audit", "--no-fund", "--silent", "--prefix", str(FOLDER)]
    done = subprocess.run(
        [*command, f"pyodide@{PYODIDE_VERSION}"], capture_output=True, text=True, check=False, timeout=TIMEOUT
    )
    return f"npm cannot install Pyodide: {done.stderr.strip()[-200:]}" if done.returncode else ""


def runnable_tests() -> list[str]:
    core = [
        f"tests/sse_core/{path.name}"
        for path in sorted((ROOT / "tests" / "sse_core").glob("test_*.py"))
        if path.name not in UNFIT and not IMPOSSIBLE.search(path.read_text(encoding="utf-8"))
    ]
    return [*core, *OTHER_TESTS]


def test_core_passes_its_tests() -> None:
    reason = why_missing()
    if reason:
        pytest.skip(reason)
    tests = runnable_tests()
    assert "tests/sse_core/test_conformance.py" in tests
    node = ["node", str(Path(__file__).with_name("run_pytest.mjs"))]
    mounted = [str(PACKAGE / "pyodide.mjs"), str(ROOT), str(Path(pytest.__file__).parents[1])]
    # Not this project's options: they configure plugins that are not loaded. The conftest needs Hypothesis.
    options = ["-q", "-W", "error", "-c", "/dev/null", "--rootdir", "/repository", "--noconftest"]
    options += ["-p", "no:cacheprovider", "--import-mode=importlib"]
    done = subprocess.run(
        [*node, *mounted, *options, *tests], capture_output=True, text=True, check=False, timeout=TIMEOUT
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]
    passed = re.search(r"^(\d+) passed", done.stdout, re.MULTILINE)
    assert passed is not None
    assert int(passed[1]) > 4000
    assert f"Python {newest_supported_version()}." in done.stdout


def newest_supported_version() -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    minors = [
        int(found[1])
        for found in map(
            re.compile(r"Programming Language :: Python :: 3\.(\d+)").fullmatch, project["classifiers"]
        )
        if found
    ]
    return f"3.{max(minors)}"
