# SPDX-License-Identifier: Apache-2.0
"""Time against the number of links on the host."""

from __future__ import annotations

import contextlib
import math
import statistics
from typing import Callable, Dict, Iterator, List, Sequence, Tuple

from benchmarks.figure import Figure, ratio
from benchmarks.links import Links

EDITS = 20
MADE = 3
"""Links are made so often; to remove a thousand takes the kernel longer than to make them."""


def at(many: int, turns: int) -> Iterator[Figure]:
    """The figures of a host with many links, each against something in the same run."""
    with contextlib.closing(Links(many)) as links:
        made, by_tc = [], []
        for _ in range(MADE):
            made.append(links.make())
            links.clear()
            by_tc.append(links.make_by_tc())
            links.clear()
        yield ratio(f"{many} links from nothing : tc -batch", made, by_tc, 1.2)
        links.make()
        links.audit()
        audits, dumps, starts, edits = [], [], [], []
        for _ in range(turns):
            audits.append(links.audit())
            dumps.append(links.dump())
            starts.append(links.start_again())
        yield ratio(f"audit of {many} with nothing to do : raw dump", audits, dumps, 1.5)
        yield ratio(f"restart of an agent with {many} links : audit", starts, audits, 2.0)
        yield from _messages(links, many)
        edits = [statistics.median(links.edit() for _ in range(EDITS)) for _ in range(turns)]
    with contextlib.closing(Links(1)) as links:
        links.make()
        links.edit()
        alone = [statistics.median(links.edit() for _ in range(EDITS)) for _ in range(turns)]
    yield ratio(f"edit of one port among {many} links : among 1", edits, alone, 2.0)
    yield Figure(f"edit of one port among {many} links", [e * 1e3 for e in edits], "ms")


def _messages(links: Links, many: int) -> Iterator[Figure]:
    links.edit()
    sender = links.sender
    sender.messages = sender.sends = 0
    links.edit()
    yield Figure(f"messages of an edit among {many} links", [sender.messages], "messages", 1)
    yield Figure(f"sends of an edit among {many} links", [sender.sends], "sends", 1)
    # The edit back needs less room, which the next look gives back.
    links.audit()
    links.start_again()
    yield Figure(f"messages of a restart with {many} links", [links.sender.messages], "messages", 0)


WAYS: Dict[str, Callable[[Links], float]] = {
    "making": Links.make,
    "audit": Links.audit,
    "restart": Links.start_again,
    "edit": Links.edit,
}


def growth(counts: Sequence[int], turns: int) -> Iterator[Figure]:
    """How time grows: seconds at each count, and the exponent of the fitted power of the count."""
    found: Dict[str, List[Tuple[int, float]]] = {way: [] for way in WAYS}
    for count in counts:
        with contextlib.closing(Links(count)) as links:
            for way, measure in WAYS.items():
                times = [measure(links) for _ in range(1 if way == "making" else turns)]
                found[way].append((count, statistics.median(times)))
                yield Figure(f"{way} at {count} links", [t * 1e3 for t in times], "ms")
    for way, points in found.items():
        yield Figure(f"exponent of {way}, {counts[0]} to {counts[-1]} links", [_slope(points)], "")


def _slope(points: Sequence[Tuple[int, float]]) -> float:
    """Least squares in logarithms."""
    xs, ys = [math.log(n) for n, _ in points], [math.log(t) for _, t in points]
    x, y = statistics.mean(xs), statistics.mean(ys)
    return sum((a - x) * (b - y) for a, b in zip(xs, ys)) / sum((a - x) ** 2 for a in xs)
