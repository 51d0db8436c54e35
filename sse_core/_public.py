"""Where public names live, as far as anybody is told: in the package, and not in a file of it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def publish(package: str, namespace: Mapping[str, object]) -> None:
    """Make the package the module of its public objects: tracebacks, pickles and documents then name it.

    A pickle so outlives it when a class moves to another file. What belongs elsewhere, such as a union
    of types, is left as it is.
    """
    for name, each in namespace.items():
        if not name.startswith("_") and getattr(each, "__module__", "").startswith(f"{package}._"):
            each.__module__ = package
