"""`sse demo` and `make demo`: the terminal demo and the server of the chat page."""

from __future__ import annotations

import os
import re
import shlex
import socket
import subprocess
import sys
import tomllib
import urllib.request
from pathlib import Path

import pytest

from sse_transports.cli._demo import demo
from sse_transports.cli._exit_codes import ExitCode
from sse_transports.cli.demo._compare_transports import EXTRAS
from tests.cli.terminal import SSE, Terminal, environment, sse

ROOT = Path(__file__).parents[2]


def test_demo_streams_a_reply_and_loses_no_events() -> None:
    run = sse("demo")

    assert run.errors == ""
    assert run.code == ExitCode.ENDED
    assert "Nothing is lost, nothing comes twice. 没有丢失。 ✓" in run.output
    assert run.output.count("inside an event") == 5
    assert "\nall received the same events, complete and in order\n" in run.output
    assert re.search(r"^ +lost│( +5){6}$", run.output, re.MULTILINE)
    assert re.search(
        r"^events sent 150, received 150, lost 0, duplicated 0, reconnects 5$", run.output, re.MULTILINE
    )


def test_make_demo_installs_what_the_demo_shows_and_no_more(tmp_path: Path) -> None:
    run = subprocess.run(
        ["make", "--dry-run", "--no-print-directory", f"VENV={tmp_path}", "demo"],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        check=True,
        text=True,
    )
    assert run.stdout.rstrip().endswith("-m sse_transports demo")
    assert "--group" not in run.stdout
    (extras,) = re.findall(r'install .*--editable "\.\[(.*)\]"', run.stdout)
    installed = {package for extra in extras.split(",") for package in packages_of(extra)}
    shown = {package for extra in ("asyncio", "trio") for package in EXTRAS[extra][0]}
    assert installed == shown | {"click", "rich"}


def packages_of(extra: str) -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [re.split(r"\W", requirement)[0] for requirement in project["optional-dependencies"][extra]]


def test_demo_works_on_an_ascii_terminal() -> None:
    run = sse("demo", "--pace", "0", env={"PYTHONIOENCODING": "ascii"})
    assert run.code == ExitCode.ENDED
    assert run.output.isascii()


@pytest.mark.parametrize(
    ("missing", "extras", "columns"),
    [
        (["anyio"], "asyncio,trio,aiohttp,httpx2", 1),
        (["trio"], "trio", 5),
        (["aiohttp", "httpx2"], "aiohttp,httpx2", 3),
    ],
)
def test_missing_transports_are_named_and_omitted(missing: list[str], extras: str, columns: int) -> None:
    program = (
        f"import sys; sys.modules.update(dict.fromkeys({missing!r}));"
        "from sse_transports.cli import main; sys.exit(main(['demo', '--pace', '0']))"
    )
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        env=environment(),
        capture_output=True,
        check=False,
        encoding="utf-8",
    )
    assert run.stderr == ""
    assert run.returncode == ExitCode.ENDED
    assert f'not installed, and so not shown: pip install "sse-core[{extras}]"\n' in run.stdout
    assert re.search(r"^ +lost│" + " +5" * columns + "$", run.stdout, re.MULTILINE)


@pytest.mark.parametrize("output", [r"A server-sent event", r"^  1\.\d\d s│", r"^ +\d\.\d s│ [1-9]"])
def test_ctrl_c_ends_each_part_quietly(output: str) -> None:
    with Terminal("demo") as terminal:
        terminal.wait(lambda: re.search(output, terminal.text, re.MULTILINE) is not None, output)
        terminal.interrupt()
        assert terminal.finish() == ExitCode.INTERRUPTED
    assert "Traceback" not in terminal.text
    assert "Error" not in terminal.text


def test_closed_pipe_ends_the_command_quietly() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [*SSE, "demo"]
    try:
        run = subprocess.run(
            command, stdout=writer, stderr=subprocess.PIPE, env=environment(), check=False, timeout=30
        )
    finally:
        os.close(writer)
    assert run.returncode == ExitCode.BROKEN_PIPE
    assert run.stderr == b""


def test_chat_page_is_served_until_ctrl_c() -> None:
    with Terminal("demo", "--serve", "0", "--pace", "0", columns=250) as terminal:
        url = url_of(terminal)
        page = read(f"{url}/")
        assert page.startswith(b"<!doctype html>")
        terminal.until("GET  /  200  the page\n")
        with pytest.raises(OSError, match="404"):
            read(f"{url}/nothing")
        terminal.until("GET  /nothing  404  not found\n")
        before = terminal.text
        terminal.interrupt()
        assert terminal.finish() == ExitCode.INTERRUPTED
    assert terminal.text.removeprefix(before) in ("", "^C")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address_of(url)).close()


def test_shown_command_lines_are_complete() -> None:
    with Terminal("demo", "--serve", "0", columns=400) as terminal:
        url = url_of(terminal)
        terminal.interrupt()
        terminal.finish()
    by_get, by_post = [shlex.split(line) for line in terminal.text.splitlines() if line.startswith("sse ")]
    assert by_get[:2] == by_post[:2] == ["sse", "tail"]
    assert by_get[-1].startswith(f"{url}/reply?ask=")
    assert by_post[-1] == f"{url}/v1/chat/completions"
    assert "Authorization: Bearer demo-token" in by_post


def test_control_characters_of_a_request_are_escaped() -> None:
    with Terminal("demo", "--serve", "0", columns=250) as terminal:
        url = url_of(terminal)
        with socket.create_connection(address_of(url)) as client:
            client.sendall(b"GET /\x1b]0;x\x07 HTTP/1.1\r\n\r\n")
            terminal.until("GET  /\\x1b]0;x\\x07  404")


def test_server_survives_a_closed_standard_error() -> None:
    command = [sys.executable, "-m", "sse_transports", "demo", "--serve", "0"]
    with subprocess.Popen(
        command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        url = re.findall(r"http://127.0.0.1:\d+", process.stdout.readline())[0]
        process.stderr.close()
        for _ in range(3):
            assert read(f"{url}/").startswith(b"<!doctype html>")
        process.kill()


def test_port_in_use_is_reported_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        run = sse("demo", "--serve", str(port))
    assert run.code == ExitCode.USAGE
    assert run.output == ""
    assert run.errors == (
        f"sse demo: port {port}: Address already in use; --serve 0 takes a free one (see sse demo --help)\n"
    )


@pytest.mark.parametrize("port", ["65536", "http"])
def test_invalid_port_is_reported_in_one_line(port: str) -> None:
    run = sse("demo", "--serve", port)
    assert run.code == ExitCode.USAGE
    assert "'--serve'" in run.errors
    assert run.errors.count("\n") == 1


def test_default_port_is_8000() -> None:
    assert demo.make_context("demo", ["--serve"]).params["port"] == 8000
    assert demo.make_context("demo", ["--serve", "81"]).params["port"] == 81
    assert demo.make_context("demo", []).params["port"] is None


def url_of(terminal: Terminal) -> str:
    terminal.until("/v1/chat/completions\n")
    found = re.search(r"http://127.0.0.1:\d+", terminal.text)
    assert found is not None
    return found[0]


def address_of(url: str) -> tuple[str, int]:
    host, _, port = url.removeprefix("http://").partition(":")
    return host, int(port)


def read(url: str) -> bytes:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url) as response:
        body: bytes = response.read()
    return body
