"""Compare with other parsers and clients: conformance to the standard, and features. `make compare`.

For the first table, each parser reads every vector of `sse_transports.testing.vectors()` in the chunks of its
file, whole, and byte by byte; `comparison/scoring.py` scores the result. For the second table, each client
reads from a faulty server.

    compare.py [--peer NAME]

With a name, it shows each vector that this parser gets wrong, or that is about a value which the parser does
not show. A full run writes its findings to `results/`.
"""

from __future__ import annotations

import argparse
import logging
import warnings

from benchmarks.comparison import published, tables
from benchmarks.comparison.conformance import all_parsers, conformance
from benchmarks.comparison.features import all_features
from benchmarks.comparison.scoring import Outcome


def explain(name: str) -> None:
    """Print each vector that is not right, with its sentence of the standard, and the reason."""
    peers = {peer.name: peer for peer in all_parsers()}
    if name not in peers:
        raise SystemExit(f"no parser {name!r}; choose one of {', '.join(peers)}")
    row = conformance(peers[name])
    for group, scores in row.scores.items():
        for vector, score in scores:
            if score.outcome is Outcome.RIGHT:
                continue
            print(f"{group}: {vector.name}")
            print(f"    {vector.sentence} {vector.clause}")
            print(f"    {_short(repr(vector.stream))}")
            print(f"    {score.outcome.value}: {_short(score.why)}")
    counts = ", ".join(f"{row.count(outcome)} {outcome.value}" for outcome in Outcome)
    print(f"\n{name} {row.peer.version}: {counts}")


def _short(text: str) -> str:
    return text if len(text) <= 300 else f"{text[:300]}…"


def main() -> None:
    """Compare, print, and write the results of a full run."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--peer", default="")
    options = arguments.parse_args()
    # Many parsers log or warn about malformed streams.
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    if options.peer:
        explain(options.peer)
        return
    found = published.record([conformance(peer) for peer in all_parsers()], all_features())
    print(*tables.conformance(found), "", *tables.features(found), sep="\n")
    missing = published.ALL - {parser["name"] for parser in found["parsers"]}
    if missing:
        print(f"\nnot written, because these are missing: {', '.join(sorted(missing))}")
    else:
        published.write(found)
        print(f"\nwritten: {published.PATH.name}")


if __name__ == "__main__":
    main()
