"""Runs JavaScript of the pages in Node, with the npm packages that they compare with."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

FOLDER = Path(__file__).with_name("node")
PACKAGES = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))["dependencies"]
MODULES = FOLDER / "node_modules"


def require_node() -> str:
    """Return the path of Node, with the packages installed; skip the test if they cannot be."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node.js is not installed")
    if not _is_installed():
        if shutil.which("npm") is None:
            pytest.skip("npm is not installed")
        _install()
    return node


def run_javascript(
    text: str, folder: Path, environment: dict[str, str], port: int | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a module in a folder, with the server at this port in place of the hosts of `example.com`."""
    node = require_node()
    link = folder / "node_modules"
    if not link.exists():
        link.symlink_to(MODULES)
    file = folder / "example.mjs"
    file.write_text(text, encoding="utf-8")
    preloaded = ["hosts.mjs"]
    if "@microsoft/fetch-event-source" in text:
        preloaded.append("browser.mjs")
    return subprocess.run(
        [node, *(f"--import={FOLDER / name}" for name in preloaded), str(file)],
        cwd=folder,
        env={**environment, "EXAMPLE_PORT": str(port or "")},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=300,
    )


def _is_installed() -> bool:
    return all(_installed(name) == version for name, version in PACKAGES.items())


def _installed(name: str) -> str | None:
    package = MODULES / name / "package.json"
    return str(json.loads(package.read_text(encoding="utf-8"))["version"]) if package.exists() else None


def _install() -> None:
    """Install the packages in a new folder, and move it: another process may do the same."""
    with tempfile.TemporaryDirectory(dir=FOLDER, prefix="node_modules.") as folder:
        shutil.copy(FOLDER / "package.json", folder)
        command = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--silent"]
        done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", check=False)
        if done.returncode != 0:
            pytest.skip(f"npm install failed: {done.stderr.strip()[-200:]}")
        shutil.rmtree(MODULES, ignore_errors=True)
        try:
            os.rename(Path(folder) / "node_modules", MODULES)  # noqa: PTH104  # fails if it exists, as is meant
        except OSError:
            if not _is_installed():
                raise
