"""`sse demo`: what this is for, shown in a terminal or on a page."""

from __future__ import annotations

import threading

import click

from ._being_a_server import listening, wait_for
from ._exit_codes import ExitCode
from ._seconds import Seconds
from ._terminal import tell


@click.command()
@click.option(
    "--serve",
    "port",
    is_flag=False,
    flag_value=8000,
    type=click.IntRange(0, 65535),
    metavar="[PORT]",
    help="Serve the chat page on this machine; 8000 without a number, 0 for any free port.",
)
@click.option(
    "--pace",
    type=Seconds(most=60, zero=True),
    metavar="SECONDS",
    help="Between two events. [default: 0.012; 0.05 on the page]",
)
@click.pass_context
def demo(context: click.Context, port: int | None, pace: float | None) -> None:
    r"""Show what event streams do: a chat reply, and a feed that is cut and loses nothing.

    With --serve, open the page that it names: a chat whose replies are cut on the way and resumed, with
    the code that does it. Ctrl-C ends it. Nothing leaves this machine.

    \b
    sse demo
    sse demo --serve
    """
    # Not above: `sse --help` need not wait for a server and for every transport.
    if port is None:
        from .demo import _feed
        from .demo._terminal_demo import run_terminal_demo

        if not run_terminal_demo(_feed.PACE if pace is None else pace):
            click.echo("sse demo: this is not as it should be", err=True)
            context.exit(ExitCode.FOUND_FAULTS)
    else:
        _serve(port, pace)


def _serve(port: int, pace: float | None) -> None:
    from .demo._chat import PACE
    from .demo._chat_server import chat_server, tail_commands

    server = chat_server(port, pace=PACE if pace is None else pace, log=tell)
    with listening(server, port):
        by_get, by_post = tail_commands(server.url)
        print(f"The chat is at {server.url}/ until you press Ctrl-C. In another terminal:\n")
        print(f"{by_get}\n\n{by_post}\n", flush=True)
        wait_for(threading.Event())
