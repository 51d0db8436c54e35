"""Runs the tests under every other supported Python that is found; `make test` calls it.

The versions come from the classifiers in pyproject.toml. A version that is not on the machine is named
and passed over.
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


def supported_versions() -> list[str]:
    """Return the versions that the project claims to support, such as `3.12`."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    found = (re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", c) for c in project["classifiers"])
    return [match[1] for match in found if match]


def find_python(version: str) -> str | None:
    """Return an interpreter of that version which runs: on the PATH, or under pyenv."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates = [shutil.which(f"python{version}"), *pyenv.glob(f"versions/{version}.*/bin/python")]
    for candidate in candidates:
        # A shim may be on the PATH and lead nowhere.
        if (
            candidate
            and subprocess.run([candidate, "-c", ""], capture_output=True, check=False).returncode == 0
        ):
            return str(candidate)
    return None


def run_tests(version: str, python: str) -> bool:
    """Set up an environment for that Python, once, and run the tests in it."""
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
    # Fewer random examples: what differs between versions is not the parser's arithmetic.
    settings = {**os.environ, "HYPOTHESIS_PROFILE": "quick"}
    # The browser is the same under every Python, and so is what we make of a stream.
    command = [str(inside), "-m", "pytest", "-q", "-n", "4", "tests", "--ignore", "tests/browser"]
    return subprocess.run(command, cwd=ROOT, env=settings, check=False).returncode == 0


def main() -> int:
    """Run them all; return 1 if any failed."""
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    failed = False
    for version in supported_versions():
        if version == here:
            continue
        python = find_python(version)
        if python is None:
            print(f"Python {version}: not found on this machine, passed over")
            continue
        print(f"Python {version}:", flush=True)
        failed |= not run_tests(version, python)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
