"""`sse demo`: show what event streams are for, in a terminal or on a web page."""

from __future__ import annotations

import threading

import click

from ._exit_codes import ExitCode
from ._parameters import Seconds
from ._serve import running, wait_until_set
from ._standard_streams import print_error


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
    help="Time between two events. [default: 0.012; 0.05 on the page]",
)
@click.pass_context
def demo(context: click.Context, port: int | None, pace: float | None) -> None:
    r"""Show what event streams do: a chat reply, and a feed that loses connections but no events.

    With --serve, open the page at the printed address: a chat whose replies are interrupted and resumed,
    with the code that does it. Ctrl-C ends it. Nothing leaves this machine.

    \b
    sse demo
    sse demo --serve
    """
    # Imported here, because `sse --help` needs neither a server nor every transport.
    if port is None:
        from .demo import _feed
        from .demo._terminal_demo import run_terminal_demo

        if not run_terminal_demo(_feed.PACE if pace is None else pace):
            click.echo("sse demo: events were lost or repeated", err=True)
            context.exit(ExitCode.FOUND_FAULTS)
    else:
        _serve(port, pace)


def _serve(port: int, pace: float | None) -> None:
    from .demo._chat import PACE
    from .demo._chat_server import chat_server, tail_commands

    server = chat_server(port, pace=PACE if pace is None else pace, log=print_error)
    with running(server, port):
        by_get, by_post = tail_commands(server.url)
        print(f"The chat is at {server.url}/ until you press Ctrl-C. In another terminal:\n")
        print(f"{by_get}\n\n{by_post}\n", flush=True)
        wait_until_set(threading.Event())
