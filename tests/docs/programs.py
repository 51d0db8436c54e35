"""Runs the code of the pages in processes of their own, with a server for the hosts of `example.com`."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import ssl
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Self

import trustme

from sse_transports.testing import SSEServer
from tests.docs.blocks import ROOT, Block
from tests.docs.service import FEED

if TYPE_CHECKING:
    from sse_transports.testing import Answer

RUNNER = Path(__file__).with_name("run_block.py")


OPTIONAL = {
    # The migration guides replace them. They are installed together with the benchmarks.
    *("aiohttp_sse_client2", "httpx", "httpx_sse", "ld_eventsource", "requests", "sseclient"),
    # Guides show how to use this library with them.
    *("IPython", "django", "fastapi", "flask", "tenacity"),
    # `make spark` runs these examples.
    *("confluent_kafka", "pyspark"),
}
"""Packages of examples that an environment may lack."""


class Hosts:
    """A server for the hosts of `example.com`, and a certificate authority that clients trust."""

    def __init__(self, folder: Path, answer: Answer) -> None:
        authority = trustme.CA()
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("api.example.com", "stream.example.com").configure_cert(context)
        self.bundle = folder / "authority.pem"
        authority.cert_pem.write_to_path(self.bundle)
        self.server = SSEServer(answer, history=FEED, context=context, strict=False)

    def __enter__(self) -> Self:
        self.server.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self.server.__exit__(None, None, None)

    def environment(self) -> dict[str, str]:
        """Return the environment of a program that trusts the authority and uses no proxy."""
        plain = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        bundle = str(self.bundle)
        # The guides tell readers to copy the files in `docs/examples`.
        folders = [".", *(str(ROOT / name) for name in (".", "transports", "docs/examples"))]
        return {
            **plain,
            "SSL_CERT_FILE": bundle,
            "REQUESTS_CA_BUNDLE": bundle,
            "NODE_EXTRA_CA_CERTS": bundle,
            "PYTHONPATH": os.pathsep.join(folders),
        }


def run_python(
    arguments: list[str], folder: Path, environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run Python in a folder with copies of the guides' data files."""
    for data_file in (ROOT / "docs" / "how-to").glob("*.jsonl"):
        shutil.copy(data_file, folder)
    return subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=300,
    )


def run_block(block: Block, folder: Path, hosts: Hosts, loop: str) -> subprocess.CompletedProcess[str]:
    """Run a block as a program."""
    file = folder / "example.py"
    for name, content in (*block.files, (file.name, block.text)):
        (folder / name).write_text(content, encoding="utf-8")
    given = textwrap.dedent(block.given).strip()
    arguments = [str(RUNNER), str(file), given, str(hosts.server.port), loop]
    return run_python(arguments, folder, hosts.environment())


def missing_packages(block: Block) -> set[str]:
    """Return the optional packages that a block imports and that are not installed."""
    imported = set(re.findall(r"^(?:import|from) (\w+)", f"{block.given}\n{block.text}", re.MULTILINE))
    return {name for name in imported & OPTIONAL if importlib.util.find_spec(name) is None}
