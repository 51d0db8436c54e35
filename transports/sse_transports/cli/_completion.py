"""`sse completion`: print the script that completes commands and options in a shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    r"""Print a script that completes `sse` commands and options in SHELL.

    \b
    bash: eval "$(sse completion bash)" in ~/.bashrc
    zsh:  eval "$(sse completion zsh)" in ~/.zshrc
    fish: sse completion fish > ~/.config/fish/completions/sse.fish
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"there is no completion for {shell}")
    click.echo(kind(context.find_root().command, {}, "sse", "_SSE_COMPLETE").source())
