"""What a rule is: one small function over what was observed, with its clause and its mend."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, IntEnum

from ._observation import Observation, Reading

LONGEST_QUOTE = 60


class Verdict(Enum):
    """What a rule says."""

    GOOD = "good"
    WRONG = "wrong"
    DOUBTFUL = "doubtful"
    NOT_SEEN = "not seen"
    NOTE = "note"


class Needs(IntEnum):
    """How much of an answer a rule needs to say anything."""

    NOTHING = 0
    ANSWER = 1
    STREAM = 2


@dataclass(frozen=True, slots=True)
class Seen:
    """What a rule saw.

    Attributes:
        verdict: what it says to that.
        evidence: what was seen, with values, seconds and bytes.
        mend: what to do, if it is not what the rule says anyway.
    """

    verdict: Verdict
    evidence: str
    mend: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that is checked.

    Attributes:
        name: as it is reported.
        group: where it is reported.
        asks: what is right, in a few words.
        clause: what says so: a section of a standard, or practice.
        mend: what to do about it.
        judge: gives what was seen; None where the rule has nothing to say.
        needs: how much of an answer there must be.
    """

    name: str
    group: str
    asks: str
    clause: str
    mend: str
    judge: Callable[[Observation], Seen | None]
    needs: Needs = Needs.STREAM


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found. `mend` is empty where there is nothing to mend."""

    rule: Rule
    verdict: Verdict
    evidence: str
    mend: str


def good(evidence: str) -> Seen:
    """It is right."""
    return Seen(Verdict.GOOD, evidence)


def wrong(evidence: str, mend: str | None = None) -> Seen:
    """It is a fault."""
    return Seen(Verdict.WRONG, evidence, mend)


def doubtful(evidence: str, mend: str | None = None) -> Seen:
    """It is allowed, or may have another cause, and gives trouble in practice."""
    return Seen(Verdict.DOUBTFUL, evidence, mend)


def not_seen(evidence: str) -> Seen:
    """There was no opportunity."""
    return Seen(Verdict.NOT_SEEN, evidence)


def note(evidence: str) -> Seen:
    """It is neither right nor wrong, and good to know."""
    return Seen(Verdict.NOTE, evidence)


def apply(rules: tuple[Rule, ...], observation: Observation) -> list[Finding]:
    """Return what the rules find, in their order."""
    there_is = _what_there_is(observation.first)
    findings = []
    for rule in rules:
        seen = rule.judge(observation) if rule.needs <= there_is else None
        if seen is not None:
            is_to_mend = seen.verdict in (Verdict.WRONG, Verdict.DOUBTFUL)
            mend = (seen.mend or rule.mend) if is_to_mend else ""
            findings.append(Finding(rule, seen.verdict, seen.evidence, mend))
    return findings


def _what_there_is(first: Reading) -> Needs:
    if first.is_readable:
        return Needs.STREAM
    return Needs.NOTHING if first.answer is None else Needs.ANSWER


def quoted(value: str | bytes) -> str:
    """Quote what a server sent: escaped, and shortened."""
    text = value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value
    return repr(text) if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]!r}..."


def counted(number: int, what: str) -> str:
    """Return `1 event`, `2 events`."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def seconds(value: float) -> str:
    """Return a time for people."""
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.1f} s"


def size(value: int) -> str:
    """Return a number of bytes for people."""
    return counted(value, "byte") if value < 10240 else f"{value / 1024:.0f} KiB"
