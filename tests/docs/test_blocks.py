"""Every code block of every page is run: as a test, as a program, or as data."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import ssl
import subprocess
import sys
import textwrap
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from sse_transports.testing import SSEServer
from tests.docs.blocks import BLOCKS, ROOT, Block
from tests.docs.service import FEED, answer

# Expected output, lists of pages, API pages, and examples that are tested elsewhere.
NOT_RUN = re.compile(r"text|\{toctree\}|\{eval-rst\}|\{literalinclude\} \.\./examples/[\w/]+\.py")
# The site computes these directives: they are empty in the page. Others, as `{code-block}`, could hide code.
COMPUTED = re.compile(r"\{[\w-]+\}")
# Packages of the migration guides, installed together with the benchmarks, and those of `make spark`.
PEERS = {
    "aiohttp_sse_client2",
    "confluent_kafka",
    "httpx",
    "httpx_sse",
    "ld_eventsource",
    "pyspark",
    "requests",
    "sseclient",
}
LANGUAGES = {"python", "console", "json", "jsonl", "toml", "javascript"}


def of(language: str) -> list[Block]:
    return [block for block in BLOCKS if block.language == language]


PROGRAMS = [block for block in of("python") if not block.is_test]
RUNS = [
    (block, loop)
    for block in PROGRAMS
    for loop in ("asyncio", "trio")
    # A program with a top-level await runs on both; one that needs asyncio, or no event loop, runs once.
    if loop == "asyncio" or ("await" in block.text and not re.search(r"aiohttp|asyncio", block.text))
]
TESTS = [block for block in of("python") if block.is_test]
every = pytest.mark.parametrize


class Hosts:
    """A server for the hosts of `example.com`, and a certificate authority that clients trust."""

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("api.example.com", "stream.example.com").configure_cert(context)
        self._bundle = folder / "authority.pem"
        authority.cert_pem.write_to_path(self._bundle)
        self.server = SSEServer(answer, history=FEED, context=context, strict=False)

    def environment(self) -> dict[str, str]:
        plain = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        bundle = str(self._bundle)
        # The guides tell readers to copy these files.
        path = os.pathsep.join([".", str(ROOT / "docs" / "examples")])
        return {**plain, "SSL_CERT_FILE": bundle, "REQUESTS_CA_BUNDLE": bundle, "PYTHONPATH": path}


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosts]:
    hosts = Hosts(tmp_path_factory.mktemp("hosts"))
    with hosts.server:
        yield hosts


def run(arguments: list[str], folder: Path, env: dict[str, str]) -> str:
    """Run Python in a folder with copies of the guides' data files; return its output."""
    for data_file in (ROOT / "docs" / "how-to").glob("*.jsonl"):
        shutil.copy(data_file, folder)
    done = subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        cwd=folder,
        env=env,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def missing_peers(block: Block) -> set[str]:
    imported = set(re.findall(r"^(?:import|from) (\w+)", block.text, re.MULTILINE))
    return {name for name in imported & PEERS if importlib.util.find_spec(name) is None}


def test_every_block_has_a_language_that_is_run() -> None:
    assert [
        f"{block}: {block.language}"
        for block in BLOCKS
        if block.language not in LANGUAGES
        and not NOT_RUN.fullmatch(block.language)
        and not (COMPUTED.fullmatch(block.language) and block.text == "")
    ] == []


def test_rst_directives_contain_no_code() -> None:
    code = re.compile(r"\.\. (?:code|code-block|sourcecode|doctest|parsed-literal)::|::$", re.MULTILINE)
    rst = [block for block in BLOCKS if block.language == "{eval-rst}"]
    assert [str(block) for block in rst if code.search(block.text)] == []


@every(("block", "loop"), RUNS, ids=str)
def test_a_program_prints_the_output_of_the_page(
    block: Block, loop: str, hosts: Hosts, tmp_path: Path
) -> None:
    if missing := missing_peers(block):
        pytest.skip(f"not installed under this Python: {', '.join(missing)}")
    for name, content in (*block.files, ("example.py", block.text)):
        (tmp_path / name).write_text(content, encoding="utf-8")
    file = tmp_path / "example.py"
    runner = str(Path(__file__).with_name("run_block.py"))
    given = textwrap.dedent(block.given).strip()
    printed = run([runner, str(file), given, str(hosts.server.port), loop], tmp_path, hosts.environment())
    if block.prints is not None:
        assert printed == block.prints


@every("page", sorted({block.page for block in TESTS}))
def test_the_tests_of_a_page_pass(page: str, hosts: Hosts, tmp_path: Path) -> None:
    tests = [block for block in TESTS if block.page == page]
    for block in tests:
        text = f"{block.given}\n{block.text}" if block.given else block.text
        (tmp_path / f"test_line_{block.line}.py").write_text(text, encoding="utf-8")
    printed = run(
        ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"], tmp_path, hosts.environment()
    )
    assert f"{len(tests)} passed" in printed


@every("block", [*of("json"), *of("jsonl"), *of("toml")], ids=str)
def test_data_is_valid_in_its_language(block: Block) -> None:
    match block.language:
        case "toml":
            assert tomllib.loads(block.text)
        case "json" if "\n{" not in block.text:
            assert json.loads(block.text) is not None
        case _:
            assert all(json.loads(line) is not None for line in block.text.splitlines())


@every("block", of("javascript"), ids=str)
def test_javascript_has_valid_syntax(block: Block, tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node.js is not installed")
    file = tmp_path / "example.mjs"
    file.write_text(block.text, encoding="utf-8")
    subprocess.run([node, "--check", str(file)], check=True, capture_output=True)


@every("block", of("python"), ids=str)
def test_an_example_is_short(block: Block) -> None:
    # The guide to testing promises short tests; a transport or a session needs more lines.
    max_lines = 19 if block.page == "docs/how-to/test-your-code.md" else 40
    assert block.text.count("\n") <= max_lines
