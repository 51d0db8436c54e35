"""Runs the tests of what can differ between Python versions under each other supported Python.

`make test` calls it. The versions come from the classifiers in pyproject.toml. A version that is not on the
machine is named and skipped.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]

TESTS = ["tests/sse_core", "tests/sse_transports", "tests/real_servers", "tests/cli"]
"""The library and its command. The tests of the pages, the benchmarks, the SDKs that embed the parser and the
browser call the same library, and what they add to it does not depend on the Python version."""

ONCE = [
    # Compares two copies of the same files: no Python version can make a difference there.
    "tests/sse_core/test_vendored.py",
    # These compute from bytes that have arrived. The commands that use them are tested under each Python.
    "tests/cli/checks",
    "tests/cli/demo",
]
"""Tests in these directories that one Python is enough for."""


def supported_versions() -> list[str]:
    """Return the versions that the project claims to support, such as `3.12`."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    found = (re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", c) for c in project["classifiers"])
    return [match[1] for match in found if match]


def find_python(version: str) -> str | None:
    """Return a working interpreter of that version, on the PATH or under pyenv."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates = [shutil.which(f"python{version}"), *pyenv.glob(f"versions/{version}.*/bin/python")]
    for candidate in candidates:
        # pyenv's shims are on the PATH also for versions that are not installed; those fail.
        if (
            candidate
            and subprocess.run([candidate, "-c", ""], capture_output=True, check=False).returncode == 0
        ):
            return str(candidate)
    return None


def run_tests(version: str, python: str) -> bool:
    """Run the tests in an environment for that Python, which is set up the first time."""
    environment = ROOT / ".venv" / f"python{version}"
    inside = environment / "bin" / "python"
    ready = environment / ".ready"
    pyproject = ROOT / "pyproject.toml"
    if not ready.exists() or ready.stat().st_mtime < pyproject.stat().st_mtime:
        pip = [str(inside), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([python, "-m", "venv", str(environment)], check=True)
        subprocess.run([*pip, "--upgrade", "pip>=25.1"], check=True)
        subprocess.run([*pip, "--editable", ".", "--group", "tests"], cwd=ROOT, check=True)
        ready.touch()
    # Few random examples: the rules that they try do not depend on the Python version.
    settings = {**os.environ, "HYPOTHESIS_PROFILE": "quick"}
    ignored = [f"--ignore={path}" for path in ONCE]
    command = [str(inside), "-m", "pytest", "-q", "-n", "4", *TESTS, *ignored]
    return subprocess.run(command, cwd=ROOT, env=settings, check=False).returncode == 0


def main() -> int:
    """Run the tests under each version; return 1 if any failed."""
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    failed = False
    for version in supported_versions():
        if version == here:
            continue
        python = find_python(version)
        if python is None:
            # tests/pyodide runs the tests of the core under the newest version anyway.
            print(f"Python {version}: not found on this machine, skipped")
            continue
        print(f"Python {version}:", flush=True)
        failed |= not run_tests(version, python)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
