"""Every code block of every page is run: as a test, as a program, or as data."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.blocks import BLOCKS, Block
from tests.docs.javascript import run_javascript
from tests.docs.programs import Hosts, missing_packages, run_block, run_python
from tests.docs.service import answer

# Expected output, and API pages.
NOT_RUN = re.compile(r"text|\{eval-rst\}")
LANGUAGES = {"python", "console", "json", "jsonl", "toml", "javascript"}


def of(language: str) -> list[Block]:
    return [block for block in BLOCKS if block.language == language and not block.is_copy]


PROGRAMS = [block for block in of("python") if not block.is_test]


def loops_of(block: Block) -> tuple[str, ...]:
    """Return the event loops to run a program on: both, if it uses one and does not name it."""
    if not re.search(r"\bawait\b|^async (?:for|with)\b", block.text, re.MULTILINE) or re.search(
        r"aiohttp|asyncio|fastapi|starlette|django", block.text
    ):
        return ("asyncio",)
    return ("trio",) if "import trio" in block.text else ("asyncio", "trio")


RUNS = [(block, loop) for block in PROGRAMS for loop in loops_of(block)]
TESTS = [block for block in of("python") if block.is_test]
every = pytest.mark.parametrize


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosts]:
    with Hosts(tmp_path_factory.mktemp("hosts"), answer) as hosts:
        yield hosts


def test_every_block_has_a_language_that_is_run() -> None:
    assert [
        f"{block}: {block.language}"
        for block in BLOCKS
        if block.language not in LANGUAGES and not NOT_RUN.fullmatch(block.language)
    ] == []


def test_rst_directives_contain_no_code() -> None:
    code = re.compile(r"\.\. (?:code|code-block|sourcecode|doctest|parsed-literal)::|::$", re.MULTILINE)
    rst = [block for block in BLOCKS if block.language == "{eval-rst}"]
    assert [str(block) for block in rst if code.search(block.text)] == []


@every(("block", "loop"), RUNS, ids=str)
def test_a_program_prints_the_output_of_the_page(
    block: Block, loop: str, hosts: Hosts, tmp_path: Path
) -> None:
    if missing := missing_packages(block):
        pytest.skip(f"not installed under this Python: {', '.join(missing)}")
    done = run_block(block, tmp_path, hosts, loop)
    assert done.returncode == 0, done.stdout + done.stderr
    if block.prints is not None:
        assert done.stdout == block.prints


@every("page", sorted({block.page for block in TESTS}))
def test_the_tests_of_a_page_pass(page: str, hosts: Hosts, tmp_path: Path) -> None:
    tests = [block for block in TESTS if block.page == page and not missing_packages(block)]
    if not tests:
        pytest.skip("packages of the page are not installed")
    for block in tests:
        text = f"{block.given}\n{block.text}" if block.given else block.text
        (tmp_path / f"test_line_{block.line}.py").write_text(text, encoding="utf-8")
    arguments = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    done = run_python(arguments, tmp_path, hosts.environment())
    passed = sum(block.tests for block in tests)
    assert f"{passed} passed" in done.stdout, done.stdout + done.stderr


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
def test_javascript_prints_the_output_of_the_page(block: Block, hosts: Hosts, tmp_path: Path) -> None:
    done = run_javascript(block.text, tmp_path, hosts.environment(), hosts.server.port)
    assert done.returncode == 0, done.stderr
    assert done.stdout == block.prints


@every("block", of("python"), ids=str)
def test_an_example_is_short(block: Block) -> None:
    # The guide to testing promises short tests; a transport or a session needs more lines.
    max_lines = 19 if block.page == "docs/how-to/test-your-code.md" else 40
    assert block.text.count("\n") <= max_lines
