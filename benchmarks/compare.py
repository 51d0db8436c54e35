"""Ours beside the others: the standard's vectors through every parser, and what clients do. `make compare`.

Every vector of `sse_transports.testing.vectors()` is read as it is cut in its file, whole, and byte by byte,
by each parser through what its documentation shows; `comparison/judgement.py` says what counts. Every answer
in the second table comes from a client that was run against a server that breaks.

    compare.py [--peer NAME]

With a name, each vector that it gets wrong is shown, and each that turns on what it does not show. A full run
writes its findings to `results/`.
"""

from __future__ import annotations

import argparse
import logging
import warnings

from benchmarks.comparison import published, tables
from benchmarks.comparison.conformance import all_parsers, conformance
from benchmarks.comparison.features import all_answers
from benchmarks.comparison.judgement import Outcome


def explain(name: str) -> None:
    """Print each vector that is not right, with its clause, and what came instead."""
    peers = {peer.name: peer for peer in all_parsers()}
    if name not in peers:
        raise SystemExit(f"no peer {name!r}; there are {', '.join(peers)}")
    row = conformance(peers[name])
    for group, verdicts in row.verdicts.items():
        for vector, verdict in verdicts:
            if verdict.outcome is Outcome.RIGHT:
                continue
            print(f"{group}: {vector.name}")
            print(f"    {vector.sentence} {vector.clause}")
            print(f"    {_short(repr(vector.stream))}")
            print(f"    {verdict.outcome.value}: {_short(verdict.why)}")
    counts = ", ".join(f"{row.count(outcome)} {outcome.value}" for outcome in Outcome)
    print(f"\n{name} {row.peer.version}: {counts}")


def _short(text: str) -> str:
    return text if len(text) <= 300 else f"{text[:300]}…"


def main() -> None:
    """Compare, print, write."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--peer", default="")
    chosen = arguments.parse_args()
    # They log and warn of what the vectors do to them.
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    if chosen.peer:
        explain(chosen.peer)
        return
    found = published.record([conformance(peer) for peer in all_parsers()], all_answers())
    print(*tables.conformance(found), "", *tables.features(found), sep="\n")
    missing = published.ALL - {parser["name"] for parser in found["parsers"]}
    if missing:
        print(f"\nnot written, as some did not take part: {', '.join(sorted(missing))}")
    else:
        published.write(found)
        print(f"\nwritten: {published.PATH.name}")


if __name__ == "__main__":
    main()
