"""How much Hypothesis tries, and a way to run all these tests against a copy of the package.

`SSE_CORE_PACKAGE=somelib._vendor.events` names the copy. It then stands in for `sse_core` wherever a
test imports it, and the real `sse_core` cannot be imported by mistake.
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

# No deadline: a shared machine may stop anybody for a second.
settings.register_profile("default", deadline=None)
settings.register_profile("quick", deadline=None, max_examples=15, stateful_step_count=15)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or "default")


class RefuseOriginal(MetaPathFinder):
    """Refuses what the copy does not stand in for."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] == "sse_core":
            raise ImportError(f"{fullname} would come from the original, not from the copy")
        return None


def let_a_copy_stand_in(package: str) -> None:
    # A meta path finder is not asked for what was imported already.
    if "sse_core" in sys.modules:
        raise RuntimeError("sse_core was imported before its copy could stand in for it")
    sys.meta_path.insert(0, RefuseOriginal())
    copy = importlib.import_module(package)
    for module in pkgutil.iter_modules(copy.__path__, prefix=f"{package}."):
        importlib.import_module(module.name)
    for name, loaded in list(sys.modules.items()):
        if name == package or name.startswith(f"{package}."):
            sys.modules["sse_core" + name.removeprefix(package)] = loaded


if os.environ.get("SSE_CORE_PACKAGE"):
    let_a_copy_stand_in(os.environ["SSE_CORE_PACKAGE"])
