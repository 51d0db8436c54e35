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


def test_version_is_printed() -> None:
    assert sse("--version").output == f"sse {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["tial", "x"], "no command 'tial'; there are "),
        (["completion", "tcsh"], "'tcsh' is not one of"),
        (["completion"], "Missing argument"),
        (["--frobnicate"], "No such option"),
        (["tail", "-X"], "requires an argument. (see sse tail --help)"),
        (["tail", ""], "the name is empty"),
        (["tail", "--json", "NaN", "http://x"], "NaN is not a number in JSON"),
        (["tail", "--json", "[" * 50_000, "http://x"], "nested too deeply"),
        (["tail", "--json", "\udcff", "http://x"], "--json: the value is not UTF-8"),
        (["tail", "--timeout", "nan", "http://x"], "nan is not a number of seconds"),
        (["stats", "--for", "nan", "http://x"], "nan is not a number of seconds"),
        (["check", "--for", "nan", "http://x"], "nan is not a number of seconds"),
        (["check", "--for", "inf", "http://x"], "inf is not in the range"),
        (["replay", "-", "--pace", "nan"], "nan is not a number of seconds"),
        (["demo", "--pace", "nan"], "nan is not a number of seconds"),
        (["tail", "--state", "/dev/null", "http://x"], "/dev/null is not a regular file"),
        (["tail", "--state", "/no/folder", "http://x"], "cannot write /no/folder: No such file"),
    ],
)
def test_wrong_usage_is_one_line_that_names_it(arguments: list[str], message: str) -> None:
    run = sse(*arguments)
    assert run.code == ExitCode.USAGE
    assert run.output == ""
    assert message in run.errors
    assert run.errors.count("\n") == 1
    assert "--help)" in run.errors


def test_help_keeps_the_lines_of_examples() -> None:
    assert '\n  zsh:  eval "$(sse completion zsh)" in ~/.zshrc\n' in sse("completion", "--help").output


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_for_the_shell(shell: str) -> None:
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
    # What the completion script runs when Tab is pressed.
    index = str(words.count(" "))
    request = {"_SSE_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": index}
    script = "import sys; from sse_transports.cli import main; sys.argv[0] = 'sse'; sys.exit(main())"
    run = subprocess.run(
        [sys.executable, "-c", script], env=environment(request), capture_output=True, check=True, text=True
    )
    assert run.stdout == completed


def test_wrong_usage_is_printed_on_a_terminal() -> None:
    with Terminal("completion", "tcsh") as terminal:
        assert terminal.finish() == ExitCode.USAGE
    assert "see sse completion --help" in " ".join(terminal.text.split())


def test_missing_click_names_the_extra() -> None:
    program = (
        "import sys; sys.modules['click'] = None; from sse_transports.cli import main; sys.exit(main([]))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False, text=True)
    assert run.returncode == ExitCode.USAGE
    assert run.stderr == 'sse needs click: pip install "sse-core[cli]"\n'


def test_program_and_module_print_the_same_version() -> None:
    assert SSE[1:] == ["-m", "sse_transports"]
    run = subprocess.run(["sse", "--version"], capture_output=True, check=True, text=True, env=with_scripts())
    assert run.stdout == sse("--version").output


def with_scripts() -> dict[str, str]:
    env = environment()
    return {**env, "PATH": f"{sys.prefix}/bin:{env['PATH']}"}


def run_redirected(redirection: str, *arguments: str) -> subprocess.CompletedProcess[str]:
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
def test_closed_stdout_is_an_error(arguments: list[str]) -> None:
    run = run_redirected(">&-", *arguments)
    assert run.returncode == ExitCode.USAGE
    # A command may first warn that its input is empty.
    assert run.stderr.splitlines()[-1] == "sse: standard output is closed"


@pytest.mark.parametrize(
    "arguments",
    [["tail", "-"], ["stats", "-"], ["tail", "-d", "@-", "http://x"], ["check", "-H@-", "http://x"]],
)
def test_closed_stdin_is_an_error(arguments: list[str]) -> None:
    run = run_redirected("<&-", *arguments)
    assert run.returncode == ExitCode.USAGE
    assert "standard input is closed" in run.stderr
    assert run.stderr.count("\n") == 1


def test_closed_stderr_changes_no_exit_code() -> None:
    run = run_redirected("2>&-", "tail", "nothing")
    assert (run.returncode, run.stdout) == (ExitCode.USAGE, "")


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["tail", "--help"]])
def test_help_into_a_broken_pipe_exits_quietly(arguments: list[str]) -> None:
    with pipe_without_reader() as pipe:
        run = subprocess.run(
            [*SSE, *arguments], env=environment(), stdout=pipe, stderr=subprocess.PIPE, check=False
        )
    assert (run.returncode, run.stderr) == (ExitCode.BROKEN_PIPE, b"")


@contextmanager
def pipe_without_reader() -> Iterator[int]:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        yield writer
    finally:
        os.close(writer)


def test_no_command_prints_the_help() -> None:
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


def test_ctrl_c_during_imports_is_quiet() -> None:
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
