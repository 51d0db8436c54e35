"""The Makefile says what it is about to install with apt-get, and installs that before anything slow."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAKE = shutil.which("make") or "make"


def make(*arguments: str, path: Path | None = None) -> str:
    """Return what make prints, with the programs of one directory only if it is given."""
    run = subprocess.run(
        [MAKE, "--no-print-directory", *arguments],
        cwd=ROOT,
        env=None if path is None else {"PATH": str(path)},
        capture_output=True,
        check=True,
        text=True,
    )
    return run.stdout


def test_missing_program_is_named_before_apt_get_runs(tmp_path: Path) -> None:
    for name in ("id", "sudo", "apt-get"):
        program = tmp_path / name
        # `id -u` prints 1000: an account that needs sudo.
        does = "echo 1000" if name == "id" else f'echo "{name} $*"'
        program.write_text(f"#!/bin/sh\n{does}\n")
        program.chmod(0o755)

    lines = make("graphviz", path=tmp_path).splitlines()

    assert lines[0] == "the drawing program of the site: not found, so apt-get now installs graphviz as root"
    assert lines[1].startswith("sudo apt-get update")


@pytest.mark.parametrize("target", ["test", "docs"])
def test_programs_are_installed_before_python_packages(target: str, tmp_path: Path) -> None:
    recipe = make("--dry-run", f"VENV={tmp_path}", target)
    assert "apt-get now installs" in recipe
    assert recipe.rindex("apt-get now installs") < recipe.index("pip install")
