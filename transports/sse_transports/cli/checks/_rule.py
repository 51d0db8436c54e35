"""A rule: one small function over an observation, with the clause it checks and the fix it suggests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, IntEnum

from ._observation import Observation, Reading

MAX_QUOTE = 60
"""Characters of a quoted value before it is shortened."""


class Verdict(Enum):
    """The outcome of a rule.

    - PASS: the server does this right.
    - FAIL: a standard or a promise of the server is broken, or clients are harmed.
    - WARN: allowed, or perhaps caused by something else, but it causes trouble in practice.
    - SKIP: there was nothing to judge.
    - INFO: neither right nor wrong, but useful to know.
    """

    PASS = "pass"  # noqa: S105  # not a password
    FAIL = "fail"
    WARN = "warn"
    SKIP = "skip"
    INFO = "info"


class Needs(IntEnum):
    """How much of a response a rule needs. Ordered: a stream is a response too."""

    NOTHING = 0
    RESPONSE = 1
    STREAM = 2


@dataclass(frozen=True, slots=True)
class Result:
    """What the function of a rule returns.

    Attributes:
        verdict: the outcome.
        evidence: what was observed, with values, times and sizes.
        fix: what to do, if that differs from the rule's own fix.
    """

    verdict: Verdict
    evidence: str
    fix: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that is checked.

    Attributes:
        name: the name in reports.
        group: the heading under which it is reported.
        requirement: what is right, in a few words.
        clause: the section of a standard that requires it, or "practice".
        fix: what to do if the requirement is not met.
        judge: returns the result, or None if the rule does not apply.
        needs: how much of a response there must be.
    """

    name: str
    group: str
    requirement: str
    clause: str
    fix: str
    judge: Callable[[Observation], Result | None]
    needs: Needs = Needs.STREAM


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of a rule in a report. `fix` is empty unless the verdict is FAIL or WARN."""

    rule: Rule
    verdict: Verdict
    evidence: str
    fix: str


def passed(evidence: str) -> Result:
    """Return a result with the verdict PASS."""
    return Result(Verdict.PASS, evidence)


def failed(evidence: str, fix: str | None = None) -> Result:
    """Return a result with the verdict FAIL."""
    return Result(Verdict.FAIL, evidence, fix)


def warning(evidence: str, fix: str | None = None) -> Result:
    """Return a result with the verdict WARN."""
    return Result(Verdict.WARN, evidence, fix)


def skipped(evidence: str) -> Result:
    """Return a result with the verdict SKIP."""
    return Result(Verdict.SKIP, evidence)


def info(evidence: str) -> Result:
    """Return a result with the verdict INFO."""
    return Result(Verdict.INFO, evidence)


def apply(rules: tuple[Rule, ...], observed: Observation) -> list[Finding]:
    """Return the findings of the rules that apply, in the order of the rules."""
    available = _available(observed.first)
    findings = []
    for rule in rules:
        result = rule.judge(observed) if rule.needs <= available else None
        if result is not None:
            needs_fix = result.verdict in (Verdict.FAIL, Verdict.WARN)
            fix = (result.fix or rule.fix) if needs_fix else ""
            findings.append(Finding(rule, result.verdict, result.evidence, fix))
    return findings


def _available(first: Reading) -> Needs:
    if first.is_readable:
        return Needs.STREAM
    return Needs.NOTHING if first.response is None else Needs.RESPONSE


def quoted(value: str | bytes) -> str:
    """Quote a value that the server sent: escaped and shortened."""
    text = value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value
    return repr(text) if len(text) <= MAX_QUOTE else f"{text[:MAX_QUOTE]!r}..."
