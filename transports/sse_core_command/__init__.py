"""The program `sse`: `sse_transports.cli`, and a Ctrl-C that ends it quietly from the start.

A package of its own, because to import any part of `sse_transports` is to import all of it first, and that is
where an impatient Ctrl-C falls.
"""

INTERRUPTED = 130
"""The exit code that a shell expects of Ctrl-C."""


def main() -> int:
    """Run the command, and return its exit code."""
    try:
        from sse_transports.cli import main as run

        return run()
    except KeyboardInterrupt:
        return INTERRUPTED
