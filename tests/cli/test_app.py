"""The command as a whole: help, versions, wrong usage, and shells that complete it."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sse_core import __version__
from sse_transports.cli._exit_codes import ExitCode
from tests.cli.terminal import SSE, Terminal, environment, sse

ROOT = Path(__file__).parents[2]


def test_the_version_is_told() -> None:
    assert sse("--version").output == f"sse {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["tial", "x"], "no command 'tial'; there are "),
        (["completion", "tcsh"], "'tcsh' is not one of"),
        (["completion"], "Missing argument"),
        (["--frobnicate"], "No such option"),
        (["tail", "-X"], "requires an argument. (see sse tail --help)"),
        (["tail", ""], "the name is empty"),
        (["tail", "--json", "NaN", "http://x"], "NaN is no number"),
        (["tail", "--json", "[" * 50_000, "http://x"], "nested too deeply"),
        (["tail", "--json", "\udcff", "http://x"], "--json: that is not UTF-8"),
        (["tail", "--timeout", "nan", "http://x"], "nan is no number of seconds"),
        (["stats", "--for", "nan", "http://x"], "nan is no number of seconds"),
        (["check", "--for", "nan", "http://x"], "nan is no number of seconds"),
        (["check", "--for", "inf", "http://x"], "inf is not in the range"),
        (["replay", "-", "--pace", "nan"], "nan is no number of seconds"),
        (["demo", "--pace", "nan"], "nan is no number of seconds"),
        (["tail", "--state", "/dev/null", "http://x"], "/dev/null is no plain file"),
        (["tail", "--state", "/no/folder", "http://x"], "cannot write /no/folder: No such file"),
    ],
)
def test_wrong_usage_is_told_in_one_line_that_names_it(arguments: list[str], told: str) -> None:
    run = sse(*arguments)
    assert run.code == ExitCode.USAGE
    assert run.output == ""
    assert told in run.errors
    assert run.errors.count("\n") == 1
    assert "--help)" in run.errors


def test_examples_in_a_help_text_stand_in_lines_of_their_own() -> None:
    assert '\n  zsh:  eval "$(sse completion zsh)" in ~/.zshrc\n' in sse("completion", "--help").output


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_of_the_shell(shell: str) -> None:
    run = sse("completion", shell)
    assert run.code == ExitCode.ENDED
    assert f"_SSE_COMPLETE={shell}_complete" in run.output


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        ("sse comp", "plain,completion\n"),
        ("sse tail fee", "file,fee\n"),
        ("sse replay fee", "file,fee\n"),
        ("sse tail --sel", "plain,--select\n"),
        ("sse record http://x fee", "file,fee\n"),
    ],
)
def test_bash_completes_commands_options_and_files(words: str, completed: str) -> None:
    # What the script runs when Tab is pressed.
    place = str(words.count(" "))
    asked = {"_SSE_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": place}
    script = "import sys; from sse_transports.cli import main; sys.argv[0] = 'sse'; sys.exit(main())"
    run = subprocess.run(
        [sys.executable, "-c", script], env=environment(asked), capture_output=True, check=True, text=True
    )
    assert run.stdout == completed


def test_what_is_told_in_a_terminal_is_told_there() -> None:
    with Terminal("completion", "tcsh") as terminal:
        assert terminal.finish() == ExitCode.USAGE
    assert "see sse completion --help" in " ".join(terminal.text.split())


def test_without_click_the_extra_is_named() -> None:
    program = (
        "import sys; sys.modules['click'] = None; from sse_transports.cli import main; sys.exit(main([]))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False, text=True)
    assert run.returncode == ExitCode.USAGE
    assert run.stderr == 'sse needs click: pip install "sse-core[cli]"\n'


def test_it_is_a_program_and_a_module() -> None:
    assert SSE[1:] == ["-m", "sse_transports"]
    run = subprocess.run(["sse", "--version"], capture_output=True, check=True, text=True, env=with_scripts())
    assert run.stdout == sse("--version").output


def with_scripts() -> dict[str, str]:
    env = environment()
    return {**env, "PATH": f"{sys.prefix}/bin:{env['PATH']}"}


def redirected(redirection: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", f'"$@" {redirection}', "sh", *SSE, *arguments],
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        text=True,
    )


@pytest.mark.parametrize(
    "arguments",
    [["tail", "-"], ["stats", "-"], ["replay", "-"], ["record", "http://127.0.0.1:1/", "-"], ["--version"]],
)
def test_a_closed_output_is_told(arguments: list[str]) -> None:
    run = redirected(">&-", *arguments)
    assert (run.returncode, run.stderr) == (ExitCode.USAGE, "sse: standard output is closed\n")


@pytest.mark.parametrize(
    "arguments",
    [["tail", "-"], ["stats", "-"], ["tail", "-d", "@-", "http://x"], ["check", "-H@-", "http://x"]],
)
def test_a_closed_input_is_told(arguments: list[str]) -> None:
    run = redirected("<&-", *arguments)
    assert run.returncode == ExitCode.USAGE
    assert "standard input is closed" in run.stderr
    assert run.stderr.count("\n") == 1


def test_nothing_is_amiss_where_nobody_hears_of_trouble() -> None:
    run = redirected("2>&-", "tail", "nothing")
    assert (run.returncode, run.stdout) == (ExitCode.USAGE, "")


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["tail", "--help"]])
def test_a_help_that_cannot_be_written_ends_like_all_else(arguments: list[str]) -> None:
    with open_pipe_without_reader() as pipe:
        run = subprocess.run(
            [*SSE, *arguments], env=environment(), stdout=pipe, stderr=subprocess.PIPE, check=False
        )
    assert (run.returncode, run.stderr) == (ExitCode.CLOSED_PIPE, b"")


@contextmanager
def open_pipe_without_reader() -> Iterator[int]:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        yield writer
    finally:
        os.close(writer)


def test_without_a_command_the_help_is_told_as_it_is() -> None:
    run = sse()
    assert run.code == ExitCode.USAGE
    assert run.output == ""
    assert run.errors.startswith("Usage: sse ")
    assert "\n  tail " in run.errors


def test_command_runs_before_it_imports_anything() -> None:
    program = (
        "import sys; before = set(sys.modules); import sse_transports.cli; print(*set(sys.modules) - before)"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert set(run.stdout.split()) == {"sse_transports", "sse_transports.cli"}


def test_ctrl_c_while_the_command_is_being_imported_is_quiet() -> None:
    program = (
        "import sys\n"
        "class Interrupting:\n"
        "    def find_spec(name, path=None, target=None):\n"
        "        if name == sys.argv[1]: raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupting)\n"
        "from sse_transports.cli import main\n"
        "sys.exit(main())\n"
    )
    for module in ("sse_transports._extras", "sse_core", "click", "sse_transports.cli._app"):
        run = subprocess.run([sys.executable, "-c", program, module], capture_output=True, check=False)
        assert (run.returncode, run.stderr) == (ExitCode.INTERRUPTED, b""), module
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert declared == {"sse": "sse_transports.cli:main"}


def test_ctrl_c_before_a_command_runs_is_quiet() -> None:
    program = (
        "import sys, sse_transports.cli._app as app\n"
        "def interrupted(name): raise KeyboardInterrupt\n"
        "app.importlib.import_module = interrupted\n"
        "from sse_transports.cli import main\n"
        "sys.exit(main(['tail', '-']))\n"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False, text=True)
    assert (run.returncode, run.stderr) == (ExitCode.INTERRUPTED, "")
