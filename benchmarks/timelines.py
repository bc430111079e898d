# SPDX-License-Identifier: Apache-2.0
"""How late steps of timelines are in the kernel, and what they cost an agent."""

from __future__ import annotations

import contextlib
import statistics
import time
from typing import Iterator, List, Tuple

from benchmarks.figure import Figure
from benchmarks.links import LINK, Links
from networking_netem.domain.link import Link
from networking_netem.domain.timeline import Timeline, TimelineStep
from networking_netem.reconcile.worker import Worker

EVERY_MS = 100
MOST_LATE_MS = {1: 10.0, 100: 15.0, 1000: 50.0}
"""The bound for 99 of 100 moments, by the number of ports that step together."""

_STEPS = (
    TimelineStep(0, (("delay_us", 20_000), ("rate_kbps", 10_000))),
    TimelineStep(EVERY_MS, (("delay_us", 60_000), ("loss_ppm", 10_000), ("rate_kbps", 5_000))),
)


def figures(counts: Tuple[int, ...], moments: int) -> Iterator[Figure]:
    """The lateness of steps of so many ports at once, ten times a second, in both directions."""
    for count in counts:
        late_ms, share = _late_ms(count, moments)
        name = f"{count} ports stepping together, late"
        yield Figure(f"{name}: 99 of 100", [_of_100(late_ms, 99)], "ms", MOST_LATE_MS.get(count))
        yield Figure(name, late_ms, "ms")
        yield Figure(f"{count} ports at 10 steps/s: agent's processor", [100 * share], "%")


def _late_ms(count: int, moments: int) -> Tuple[List[float], float]:
    """How late each moment was, and the share of a processor that the process took."""
    with contextlib.closing(Links(count)) as links:
        links.make()
        worker = Worker(links.reconciler, audit_interval_s=3600.0)
        start_ms = int(time.time() * 1000) + 2000 + 5 * count
        # Odd, so that its last step is not what the other rules say.
        timeline = Timeline(_STEPS, 2 * EVERY_MS, moments // 2, start_at_ms=start_ms)
        worker.start()
        links.want(
            Link(LINK.egress, LINK.ingress, egress_timeline=timeline, ingress_timeline=timeline)
        )
        worker.wake()
        _sleep_until(start_ms - 50)
        began = time.process_time()
        _sleep_until(start_ms + (moments - 1) * EVERY_MS)
        share = (time.process_time() - began) / (moments * EVERY_MS / 1000)
        late_ms, _ = links.reconciler.lateness.take()
        return late_ms, share


def _sleep_until(at_ms: int) -> None:
    time.sleep(max(at_ms / 1000 - time.time(), 0.0))


def _of_100(late_ms: List[float], share: int) -> float:
    return statistics.quantiles(late_ms, n=100)[share - 1]
