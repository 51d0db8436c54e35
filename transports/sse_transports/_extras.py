"""The error for a package that is not installed: it says which extra to install."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def require(what: str, *packages: str, extra: str) -> Iterator[None]:
    """Say what to install if one of these packages is missing when the `with` block imports it."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in packages:
            raise
        hint = f'{what} needs {error.name}: pip install "sse-core[{extra}]"'
        raise ModuleNotFoundError(hint, name=error.name) from error
