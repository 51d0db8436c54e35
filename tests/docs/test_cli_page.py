"""The examples of `docs/cli.md`, run in a terminal.

A ```console block has lines `$ command`, each followed by its output. The blocks of a section run in order,
in one folder and against one server, which the page calls `http://localhost:8000`. In the expected output:

- `...` matches any text within a line, or any number of lines if it is a line of its own;
- a number with a decimal point matches any such number, and a number before ms or s matches any number;
- several spaces match one space;
- `^C` is pressed as soon as the output before it has appeared.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sse_transports.testing import SSEServer
from tests.cli.terminal import Terminal, environment, sse
from tests.docs.page_server import PAGES, answer

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"

FEED = PAGE.with_name("feed.jsonl")
"""A recording that examples read. It is copied into the folder where they run."""

PICTURE = PAGE.parent / "images" / "stats.svg"

SERVER = "localhost:8000"

TIME = re.compile(r"\d+\.\d+|\d+(?= (?:ms|s)\b)")

OVERWRITTEN = re.compile(r"[^\n]*\r")
"""Text that a carriage return overwrites, in a line that shows progress."""

CTRL_C = "^C"


def sections_of(page: str) -> dict[str, list[str]]:
    """Return the console blocks of each section that has any."""
    sections = {}
    for section in re.split(r"^## ", page, flags=re.MULTILINE)[1:]:
        title, _, rest = section.partition("\n")
        blocks = re.findall(r"^```console\n(.*?)^```$", rest, re.MULTILINE | re.DOTALL)
        if blocks:
            sections[title] = blocks
    return sections


def examples_of(block: str) -> Iterator[tuple[str, str]]:
    """Yield each command of a block, with continued lines joined, and its expected output."""
    assert block.startswith("$ "), block
    for example in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        found = re.fullmatch(r"((?:[^\n]*\\\n)*[^\n]*)\n(.*)", example, re.DOTALL)
        assert found is not None
        yield re.sub(r"\\\n\s*", "", found[1]), found[2]


def pattern_of(expected: str) -> re.Pattern[str]:
    """Return the pattern that an output must match."""
    pattern = ""
    for line in normalized(expected).splitlines(keepends=True):
        if line == "...\n":
            pattern += r"(?:.*\n)*"
        else:
            pattern += r".*".join(map(re.escape, line.split("...")))
    return re.compile(pattern)


def normalized(text: str) -> str:
    """Return the text with the same times and spaces in every run."""
    return re.sub(r" +", " ", TIME.sub("0.0", text))


def run(command: str, expected: str, address: str, folder: Path) -> None:
    """Run one example, and compare its output."""
    env = environment()
    scripts = {"PATH": f"{Path(sys.executable).parent}:{env['PATH']}"}
    shell = ["sh", "-c", command.replace(SERVER, address)]
    with Terminal(program=shell, columns=110, env=scripts, folder=folder) as terminal:

        def output() -> str:
            text = normalized(OVERWRITTEN.sub("", terminal.text.replace(address, SERVER)))
            # The page cannot show whether the last line ends with a newline, so add a missing one.
            return f"{text}\n" if text and not text.endswith("\n") else text

        if CTRL_C in expected:
            before = pattern_of(expected.partition(CTRL_C)[0])
            terminal.wait(lambda: before.match(output()) is not None, "the output before ^C")
            terminal.interrupt()
        terminal.finish()
    assert pattern_of(expected).fullmatch(output()), f"$ {command}\n{output()}\n--- expected:\n{expected}"


SECTIONS = sections_of(PAGE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("section", SECTIONS)
def test_commands_print_the_output_of_the_page(section: str, tmp_path: Path) -> None:
    shutil.copy(FEED, tmp_path)
    # Not strict: some examples send bad requests on purpose.
    with SSEServer(answer, strict=False) as server:
        for block in SECTIONS[section]:
            for command, expected in examples_of(block):
                run(command, expected, f"127.0.0.1:{server.port}", tmp_path)


def test_replay_serve_prints_each_request(tmp_path: Path) -> None:
    page = PAGE.read_text(encoding="utf-8")
    # A `text` block, not `console`: another client has to send requests while this command runs.
    (block,) = re.findall(r"^```text\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    ((command, expected),) = examples_of(block)
    recording = tmp_path / "prices.jsonl"
    with SSEServer(answer) as server:
        assert sse("record", f"{server.url}/prices", str(recording)).code == 0
    shell = ["sh", "-c", command.replace("--serve 8000", "--serve 0")]
    env = {"PATH": f"{Path(sys.executable).parent}:{environment()['PATH']}"}
    with Terminal(program=shell, columns=110, env=env, folder=tmp_path) as terminal:
        terminal.until("(Ctrl-C ends)\n")
        found = re.match(r"http://127\.0\.0\.1:(\d+)/", terminal.text)
        assert found is not None
        assert sse("tail", f"{found[0]}prices").code == 0
        terminal.until("3 of 3\n")
        terminal.interrupt()
        terminal.finish()
    output = terminal.text.replace(f":{found[1]}/", ":8000/").replace(CTRL_C, "").rstrip("\n")
    assert pattern_of(expected).fullmatch(normalized(f"{output}\n")), terminal.text


def test_the_picture_is_up_to_date(tmp_path: Path) -> None:
    drawn = tmp_path / "stats.svg"
    assert sse("stats", str(FEED), "--svg", str(drawn)).code == 0
    assert drawn.read_text(encoding="utf-8") == PICTURE.read_text(encoding="utf-8")


def test_the_server_has_every_stream_of_the_examples() -> None:
    requested = {
        path for blocks in SECTIONS.values() for path in re.findall(rf"{SERVER}(/[\w/.-]*)", "".join(blocks))
    }
    assert requested - {"/missing"} <= set(PAGES)


@pytest.mark.parametrize(
    ("expected", "output", "matches"),
    [
        ("in 0.12 s\n", "in 3.4 s\n", True),
        ("in 12 ms\n", "in  3 ms\n", True),
        ("12 events\n", "13 events\n", False),
        ("a ... c\n", "a b c\n", True),
        ("a ... c\n", "a b\nc\n", False),
        ("a\n...\nc\n", "a\nb\nb\nc\n", True),
        ("a\n...\nc\n", "a\nc\n", True),
        ("a\n", "a\nb\n", False),
        ("(.*)\n", "a\n", False),
    ],
)
def test_outputs_are_compared_by_pattern(expected: str, output: str, matches: bool) -> None:
    assert bool(pattern_of(expected).fullmatch(normalized(output))) is matches


def test_continued_lines_are_one_command() -> None:
    block = "$ sse tail \\\n    URL\nout\n$ sse\n"
    assert list(examples_of(block)) == [("sse tail URL", "out\n"), ("sse", "")]
