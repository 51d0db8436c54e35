"""Hypothesis profiles, and a way to run these tests against a vendored copy of the package.

With `SSE_CORE_PACKAGE=somelib._vendor.events` in the environment, every import of `sse_core` in a test gives
that copy, and the original cannot be imported by mistake.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
from importlib.abc import MetaPathFinder
from typing import TYPE_CHECKING

from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

# No deadline: a busy machine may pause a test for a second.
settings.register_profile("default", deadline=None)
settings.register_profile("quick", deadline=None, max_examples=15, stateful_step_count=15)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or "default")


class RefuseOriginal(MetaPathFinder):
    """Raises for each import that would load a module of the original."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] == "sse_core":
            raise ImportError(f"{fullname} would come from the original, not from the copy")
        return None


def replace_by_copy(package: str) -> None:
    """Make `sse_core` and its modules in `sys.modules` those of the copy."""
    # Python does not call a meta path finder for a module that was imported already.
    if "sse_core" in sys.modules:
        raise RuntimeError("sse_core was imported before it could be replaced by its copy")
    sys.meta_path.insert(0, RefuseOriginal())
    copy = importlib.import_module(package)
    for module in pkgutil.iter_modules(copy.__path__, prefix=f"{package}."):
        importlib.import_module(module.name)
    for name, loaded in list(sys.modules.items()):
        if name == package or name.startswith(f"{package}."):
            sys.modules["sse_core" + name.removeprefix(package)] = loaded


if os.environ.get("SSE_CORE_PACKAGE"):
    replace_by_copy(os.environ["SSE_CORE_PACKAGE"])
