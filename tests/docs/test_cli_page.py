"""The examples of the page about the `sse` command, as a reader would see them in a terminal.

A block of ```console has lines `$ command`, each with what it writes beneath it. The blocks of a section
run in order, in one folder and against one server, which stands in the page as `http://localhost:8000`. In
what is expected, `...` stands for anything within a line, or for any lines if it is all of one; a number with
a decimal point stands for any such number, and any number does before ms or s; several spaces are as good
as one; and `^C` is pressed when what stands before it has been written.
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
"""A recording that examples read; it lies in the folder where they run."""

PICTURE = PAGE.parent / "images" / "stats.svg"

SERVER = "localhost:8000"

TIME = re.compile(r"\d+\.\d+|\d+(?= (?:ms|s)\b)")

OVERWRITTEN = re.compile(r"[^\n]*\r")
"""What stood in a line that changes, before it changed."""

CTRL_C = "^C"


def sections_of(page: str) -> dict[str, list[str]]:
    """Return the blocks of each section that has some."""
    sections = {}
    for section in re.split(r"^## ", page, flags=re.MULTILINE)[1:]:
        title, _, rest = section.partition("\n")
        blocks = re.findall(r"^```console\n(.*?)^```$", rest, re.MULTILINE | re.DOTALL)
        if blocks:
            sections[title] = blocks
    return sections


def examples_of(block: str) -> Iterator[tuple[str, str]]:
    """Return each command of a block, lines that are continued joined, and what is expected of it."""
    assert block.startswith("$ "), block
    for example in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        found = re.fullmatch(r"((?:[^\n]*\\\n)*[^\n]*)\n(.*)", example, re.DOTALL)
        assert found is not None
        yield re.sub(r"\\\n\s*", "", found[1]), found[2]


def pattern_of(expected: str) -> re.Pattern[str]:
    """Return what an output must match to be what the page says."""
    pattern = ""
    for line in plain(expected).splitlines(keepends=True):
        if line == "...\n":
            pattern += r"(?:.*\n)*"
        else:
            pattern += r".*".join(map(re.escape, line.split("...")))
    return re.compile(pattern)


def plain(text: str) -> str:
    """Return the text with what differs between runs alike in all of them."""
    return re.sub(r" +", " ", TIME.sub("0.0", text))


def run(command: str, expected: str, address: str, folder: Path) -> None:
    """Run one example, and compare."""
    env = environment()
    scripts = {"PATH": f"{Path(sys.executable).parent}:{env['PATH']}"}
    shell = ["sh", "-c", command.replace(SERVER, address)]
    with Terminal(program=shell, columns=110, env=scripts, folder=folder) as terminal:

        def written() -> str:
            text = plain(OVERWRITTEN.sub("", terminal.text.replace(address, SERVER)))
            # In the page, a last line that was not ended looks like one that was.
            return f"{text}\n" if text and not text.endswith("\n") else text

        if CTRL_C in expected:
            before = pattern_of(expected.partition(CTRL_C)[0])
            terminal.wait(lambda: before.match(written()) is not None, "what stands before ^C")
            terminal.interrupt()
        terminal.finish()
    assert pattern_of(expected).fullmatch(written()), f"$ {command}\n{written()}\n--- expected:\n{expected}"


SECTIONS = sections_of(PAGE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("section", SECTIONS)
def test_what_the_page_shows_is_what_the_commands_write(section: str, tmp_path: Path) -> None:
    shutil.copy(FEED, tmp_path)
    # Not strict: an example may well show what becomes of a mistake.
    with SSEServer(answer, strict=False) as server:
        for block in SECTIONS[section]:
            for command, expected in examples_of(block):
                run(command, expected, f"127.0.0.1:{server.port}", tmp_path)


def test_a_served_recording_tells_each_request_as_the_page_says(tmp_path: Path) -> None:
    page = PAGE.read_text(encoding="utf-8")
    # Not a block of its section: somebody else has to ask meanwhile.
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
    written = terminal.text.replace(f":{found[1]}/", ":8000/").replace(CTRL_C, "").rstrip("\n")
    assert pattern_of(expected).fullmatch(plain(f"{written}\n")), terminal.text


def test_the_picture_is_the_one_that_its_command_draws(tmp_path: Path) -> None:
    drawn = tmp_path / "stats.svg"
    assert sse("stats", str(FEED), "--svg", str(drawn)).code == 0
    assert drawn.read_text(encoding="utf-8") == PICTURE.read_text(encoding="utf-8")


def test_the_server_has_every_stream_that_the_examples_ask_for() -> None:
    asked = {
        path for blocks in SECTIONS.values() for path in re.findall(rf"{SERVER}(/[\w/.-]*)", "".join(blocks))
    }
    assert asked - {"/missing"} <= set(PAGES)


@pytest.mark.parametrize(
    ("expected", "written", "alike"),
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
def test_what_is_written_is_compared_as_the_page_says(expected: str, written: str, alike: bool) -> None:
    assert bool(pattern_of(expected).fullmatch(plain(written))) is alike


def test_a_command_may_go_on_in_the_next_line() -> None:
    block = "$ sse tail \\\n    URL\nout\n$ sse\n"
    assert list(examples_of(block)) == [("sse tail URL", "out\n"), ("sse", "")]
